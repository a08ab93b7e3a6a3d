//! The wiring: configuration → store, actors, server. Above every floor; `main.rs` and the tests start the product through it.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use actix_web::dev::{Server, ServerHandle};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{OnceCell, broadcast};

use crate::channel::registry::Channels;
use crate::config::{Config, EngineChoice, FilesChoice};
use crate::crm::registry::Crms;
use crate::gateway::house::{Accounts, Directory, House, SPACE_KEPT_MS};
use crate::gateway::hub::{CloseAll, Hub};
use crate::gateway::inbox::Inboxes;
use crate::gateway::intake::DOOR_KEPT_MS;
use crate::gateway::kept::Kept;
use crate::gateway::panics::Panics;
use crate::gateway::searcher::Searcher;
use crate::gateway::supervisor::{Gateway, Shutdown};
use crate::mail::Mail;
use crate::model::ids::NodeId;
use crate::model::protocol::close;
use crate::model::time::{SharedWorld, World};
use crate::outside::Outside;
use crate::store::batch::Batch;
use crate::store::files::FileStore;
use crate::store::handle::Store;
use crate::store::port::{CommitError, Engine, Refusal, StoreError};
use crate::store::records::Installation;
use crate::store::redis::RedisEngine;
use crate::store::search::SearchIndex;
use crate::store::secrets::Keyring;
use crate::store::sqlite::SqliteEngine;
use crate::web::edge::{Edge, EdgeSettings};
use crate::web::server::serve;

/// How long open requests are waited for at the end.
const DRAIN: Duration = Duration::from_secs(10);
/// So many customers who write are remembered for whoever shows it.
const WRITING: usize = 1_024;

/// Why the product did not start: one line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError(error.to_string())
}

/// Opens the store that is configured.
///
/// # Errors
/// One line for the operator.
pub async fn open_engine(config: &Config) -> Result<Arc<dyn Engine>, StartError> {
    match &config.engine {
        EngineChoice::Sqlite => {
            std::fs::create_dir_all(&config.data)
                .map_err(|error| StartError(format!("the data folder {} cannot be made: {error}", config.data.display())))?;
            let engine: Arc<dyn Engine> = SqliteEngine::open(&config.data).map_err(|error| match error {
                StoreError::ReadOnly(_) => {
                    StartError(format!("{error}: mount {} so that it can be written, by the user this runs as", config.data.display()))
                }
                error => failed(error),
            })?;
            Ok(engine)
        }
        EngineChoice::Redis(url) => {
            let engine: Arc<dyn Engine> = RedisEngine::open(url.expose(), None).await.map_err(failed)?;
            Ok(engine)
        }
    }
}

/// Opens store, keys and files: what every command stands on.
///
/// # Errors
/// One line for the operator.
pub async fn open_house(config: &Config, channels: Channels, world: SharedWorld) -> Result<House, StartError> {
    let engine = open_engine(config).await?;
    house_over(engine, config, channels, world).await
}

/// The same over a store that is open already.
///
/// # Errors
/// One line for the operator.
pub async fn house_over(engine: Arc<dyn Engine>, config: &Config, channels: Channels, world: SharedWorld) -> Result<House, StartError> {
    let _ = rustls::crypto::ring::default_provider().install_default(); // an error means that it is installed already
    let store = Store::new(engine);
    let keyring = open_keyring(config, &store, world.as_ref()).await?;
    let files = match &config.files {
        FilesChoice::Folder => FileStore::local(&config.data.join("files")).map_err(failed)?,
        FilesChoice::S3(settings) => FileStore::s3(settings).map_err(failed)?,
    };
    // On Redis nothing else has needed the folder yet.
    std::fs::create_dir_all(&config.data)
        .map_err(|error| StartError(format!("the data folder {} cannot be made: {error}", config.data.display())))?;
    let search = SearchIndex::open(&config.data.join("search.sqlite3")).map_err(failed)?;
    match files.remove_half_uploads().await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed uploads that were cut off"),
        Err(error) => tracing::warn!(%error, "uploads that were cut off could not be removed"),
    }
    Ok(House {
        node: NodeId(world.id()),
        lease_ms: i64::try_from(config.lease.as_millis()).unwrap_or(10_000),
        store,
        world,
        channels,
        crms: Crms::all(),
        files,
        keyring,
        max_file_bytes: config.max_file_bytes,
        directory: Directory::default(),
        accounts: Accounts::default(),
        hooks: Kept::new(DOOR_KEPT_MS),
        crm_hooks: Kept::new(DOOR_KEPT_MS),
        inboxes: Inboxes::default(),
        panics: Panics::default(),
        search: Searcher::new(search),
        mail: config.mail.as_ref().map(Mail::new).transpose().map_err(StartError)?,
        webhooks: crate::gateway::webhooks::Senders::default(),
        outside: Arc::new(Outside::new(config.outside_private)),
        writing: broadcast::Sender::new(WRITING),
        spaces: Kept::new(SPACE_KEPT_MS),
        push_key: OnceCell::new(),
        public_url: config.public_url.clone(),
    })
}

/// The keys, checked against the value the store keeps. On an empty store they are made and the value is written.
async fn open_keyring(config: &Config, store: &Store, world: &dyn World) -> Result<Keyring, StartError> {
    let known = store.global().get::<Installation>(Installation::at()).await.map_err(failed)?;
    let keyring = Keyring::open(config.key.clone(), config.may_make_key && known.is_none(), world).map_err(failed)?;
    if let Some(known) = known {
        keyring.verify_check(&known.record.key_check).map_err(failed)?;
        return Ok(keyring);
    }
    let mut batch = Batch::new();
    let installation =
        Installation { key_check: keyring.check_value(world), created_at: world.now(), setup: Vec::new(), founder: None, push_key: None };
    batch.insert(&installation).map_err(failed)?;
    match store.global().commit(batch).await {
        Ok(_) => Ok(keyring),
        // Another node was quicker: then its value must fit our keys.
        Err(CommitError::Refused(Refusal::Conflict { .. })) => {
            let known = store.global().get::<Installation>(Installation::at()).await.map_err(failed)?;
            let known = known.ok_or_else(|| failed(StoreError::Unavailable("the store changes".to_owned())))?;
            keyring.verify_check(&known.record.key_check).map_err(failed)?;
            Ok(keyring)
        }
        Err(error) => Err(failed(error)),
    }
}

/// The running product.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// What routes are given.
    pub edge: Arc<Edge>,
    handle: ServerHandle,
    server: Option<Server>,
    arbiters: Vec<Arbiter>,
}

/// Starts actors and server on a bound listener. Must be called in an actix system.
///
/// # Errors
/// One line for the operator.
pub fn start(config: &Config, house: House, listener: TcpListener, demo_widget: Option<String>) -> Result<Running, StartError> {
    let house = Arc::new(house);
    // The actors of logins on threads of their own; the Gateway and the Hub on one more.
    let arbiters: Vec<Arbiter> = (0..config.workers.clamp(1, 4)).map(|_| Arbiter::new()).collect();
    let head = Arbiter::new();
    let handles = arbiters.iter().map(Arbiter::handle).collect();
    let gateway = Gateway::start_in_arbiter(&head.handle(), {
        let house = Arc::clone(&house);
        move |_| Gateway::new(house, handles)
    });
    let hub = Hub::start_in_arbiter(&head.handle(), {
        let house = Arc::clone(&house);
        move |_| Hub::new(house)
    });
    let settings = EdgeSettings {
        public_url: Some(config.public_url.clone()),
        secure_cookies: config.public_url.starts_with("https://"),
        limits: config.rate_limits,
        trusted_proxies: config.trusted_proxies.clone(),
        demo_widget,
    };
    let edge = Arc::new(Edge::new(house, hub, gateway, settings, recorder()));
    let (server, handle, address) = serve(Arc::clone(&edge), listener, config.workers).map_err(failed)?;
    let mut arbiters = arbiters;
    arbiters.push(head);
    Ok(Running { address, edge, handle, server: Some(server), arbiters })
}

/// One recorder of metrics per process.
fn recorder() -> Option<PrometheusHandle> {
    static RECORDER: std::sync::OnceLock<Option<PrometheusHandle>> = std::sync::OnceLock::new();
    RECORDER.get_or_init(|| PrometheusBuilder::new().install_recorder().ok()).clone()
}

impl Running {
    /// Serves until told to end, or until one of the actors that cannot be replaced has died.
    ///
    /// # Errors
    /// The server failed, or the Hub, the Gateway or the store's writer died.
    pub async fn serve_until(mut self, end: impl Future<Output = ()>) -> Result<(), StartError> {
        let Some(server) = self.server.take() else { return Ok(()) };
        // It must go on while it is being stopped: a server that is dropped cuts every connection at once.
        let mut server = actix::spawn(server);
        let (hub, gateway) = (self.edge.hub.clone(), self.edge.gateway.clone());
        let died = async {
            let store = self.edge.house.store.engine();
            while hub.connected() && gateway.connected() && store.is_alive() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        let result = tokio::select! {
            result = &mut server => result.map_err(failed).and_then(|result| result.map_err(failed)),
            () = end => {
                tracing::info!("going down: sockets are told to come back elsewhere");
                Ok(())
            }
            () = died => Err(StartError("the hub, the gateway or the store's writer died; the process ends so that it is started anew".to_owned())),
        };
        self.stop().await;
        result
    }

    /// Ends: sockets are told to come back elsewhere, open requests are answered, actors end, what this node owns is given up.
    pub async fn stop(self) {
        self.edge.hub.do_send(CloseAll(close::GOING_DOWN));
        self.edge.ending.send_replace(true);
        if tokio::time::timeout(DRAIN, self.handle.stop(true)).await.is_err() {
            tracing::warn!("requests were still open; they are cut");
        }
        if self.edge.gateway.send(Shutdown).await.is_err() {
            tracing::warn!("the gateway had ended already");
        }
        self.edge.house.store.engine().close().await;
        for arbiter in self.arbiters {
            arbiter.stop();
        }
    }
}

/// Hears SIGTERM and SIGINT from now on; what is given back ends with the first of them. Called before anybody is told that the process
/// serves: who is told so may end it at once.
pub fn told_to_end() -> impl Future<Output = ()> {
    let heard = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        match heard {
            (Ok(mut terminate), Ok(mut interrupt)) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "signals cannot be heard; end the process by force");
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Writes the check value anew, after a rotation.
///
/// # Errors
/// One line for the operator.
pub async fn write_key_check(house: &House) -> Result<(), StartError> {
    let change =
        |old: &Installation| Ok::<_, CommitError>(Installation { key_check: house.keyring.check_value(house.world.as_ref()), ..old.clone() });
    house.store.global().change(Installation::at(), change, |_, _| Ok(())).await.map_err(failed)?;
    Ok(())
}
