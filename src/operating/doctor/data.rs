//! The store, the key, the clock, workspaces, owners, channels.

use std::sync::Arc;

use super::Report;
use crate::channel::registry::Channels;
use crate::config::{Config, EngineChoice};
use crate::model::connection::{ChannelAccount, Health, ProviderLogin};
use crate::model::people::{Member, Workspace};
use crate::model::protocol::Role;
use crate::model::time::{Time, World};
use crate::operating::check_key;
use crate::store::handle::Store;
use crate::store::port::{Engine, Scan, StoreError};
use crate::store::records::{Installation, Quarantine};
use crate::store::redis::RedisEngine;
use crate::store::sqlite::SqliteEngine;

const STORE: &str = "store";
const CLOCK: &str = "clock";
/// From so much difference between two clocks on, in ms, there is a warning.
const CLOCK_MS: i64 = 1_000;

/// The store as far as it can be looked at.
struct Open {
    engine: Arc<dyn Engine>,
    /// The store's own clock, where it has one.
    clock: Option<Time>,
}

pub(super) async fn examine(report: &mut Report, config: &Config, world: &dyn World, server_is_ready: bool) {
    let opened = match &config.engine {
        EngineChoice::Sqlite => sqlite(report, config, server_is_ready),
        EngineChoice::Redis(url) => redis(report, config, url.expose()).await,
    };
    let open = match opened {
        Ok(Some(open)) => open,
        Ok(None) => return,
        Err(error) => return report.error(STORE, error),
    };
    let looked = inside(report, config, world, &open).await;
    open.engine.close().await;
    if let Err(error) = looked {
        report.error(STORE, error);
    }
}

fn sqlite(report: &mut Report, config: &Config, server_is_ready: bool) -> Result<Option<Open>, StoreError> {
    if !SqliteEngine::is_in(&config.data) {
        report.warning(STORE, format!("there is none in {} yet: the first start makes it", config.data.display()));
        return Ok(None);
    }
    let version = SqliteEngine::version_in(&config.data)?;
    if SqliteEngine::is_owned(&config.data)? {
        if server_is_ready {
            report.ok(STORE, format!("SQLite, schema {version}; a server owns it and is ready: it is read beside the server"));
        } else {
            report.warning(
                STORE,
                format!(
                    "SQLite, schema {version}; a process owns it, but no ready server answers on {}: it is read beside that process",
                    config.listen
                ),
            );
        }
    } else {
        SqliteEngine::try_write_in(&config.data)?;
        report.ok(STORE, format!("SQLite, schema {version}; nobody serves it; it can be written"));
    }
    Ok(Some(Open { engine: SqliteEngine::open_beside(&config.data)?, clock: None }))
}

async fn redis(report: &mut Report, config: &Config, url: &str) -> Result<Option<Open>, StoreError> {
    let engine = RedisEngine::open(url, None).await?;
    engine.try_write().await?;
    let nodes = engine.nodes(i64::try_from(config.lease.as_millis()).unwrap_or(i64::MAX)).await?;
    report.ok(STORE, format!("Redis {}; it takes writes; {} node(s) serve it", engine.version().await?, nodes.alive.len()));
    for advice in engine.advice().await? {
        report.warning(STORE, advice);
    }
    Ok(Some(Open { engine, clock: Some(nodes.now) }))
}

async fn inside(report: &mut Report, config: &Config, world: &dyn World, open: &Open) -> Result<(), StoreError> {
    let store = Store::new(Arc::clone(&open.engine));
    let Some(installation) = store.global().get::<Installation>(Installation::at()).await? else {
        report.warning(STORE, "it is empty: the first start prepares it");
        return Ok(());
    };
    match check_key(config, world, &installation.record) {
        Ok(keyring) => report.ok("key", format!("it fits the store ({} key(s))", keyring.numbers().len())),
        Err(error) => report.error("key", error),
    }
    clock(report, world.now(), open.clock, installation.record.created_at);
    let workspaces = store.global().scan::<Workspace>(&[], Scan::first(10_000)).await?;
    if workspaces.is_empty() {
        report.warning("workspaces", "there is none: make one with `kommutator admin create-owner`");
    }
    for workspace in workspaces {
        people_and_channels(report, &store, &workspace.record).await?;
    }
    Ok(())
}

/// The machine's clock against the store's, or against what the store says of itself.
fn clock(report: &mut Report, now: Time, store: Option<Time>, made: Time) {
    if now < made {
        return report.error(CLOCK, format!("it says {now}, but the store was made at {made}: set the clock"));
    }
    match store.map(|store| now.since(store)) {
        Some(difference) if difference.abs() > CLOCK_MS => {
            report.warning(CLOCK, format!("it differs from the store's by {difference} ms: let both follow the same time server"));
        }
        Some(difference) => report.ok(CLOCK, format!("it differs from the store's by {difference} ms")),
        None => report.ok(CLOCK, format!("{now}, after the store was made")),
    }
}

async fn people_and_channels(report: &mut Report, store: &Store, workspace: &Workspace) -> Result<(), StoreError> {
    let what = format!("workspace {}", workspace.id);
    let store = store.workspace(workspace.id);
    let members = store.scan::<Member>(&[], Scan::first(10_000)).await?;
    let members: Vec<_> = members.iter().map(|stored| &stored.record).filter(|member| member.removed_at.is_none()).collect();
    let owners = members.iter().filter(|member| member.role == Role::Owner).count();
    let words = format!("«{}»: {} member(s), {owners} owner(s)", workspace.name, members.len());
    if owners == 0 {
        report.error(&what, format!("{words}: make one with `kommutator admin create-owner`"));
    } else {
        report.ok(&what, words);
    }
    let logins = store.scan::<ProviderLogin>(&[], Scan::first(10_000)).await?;
    let accounts = store.scan::<ChannelAccount>(&[], Scan::first(10_000)).await?;
    let channels = Channels::all();
    for account in accounts.iter().map(|stored| &stored.record).filter(|account| account.removed_at.is_none()) {
        let words = format!("{} «{}»", account.kind.as_str(), account.name);
        let login = logins.iter().map(|stored| &stored.record).find(|login| login.id == account.login);
        let Some(login) = login else {
            report.error("channel", format!("{words} has no login: remove it and connect it anew"));
            continue;
        };
        let why = login.health.reason.as_ref().map(|reason| format!(" ({})", reason.code)).unwrap_or_default();
        if channels.get(&login.provider).is_none() {
            report.error("channel", format!("{words}: this program knows no channel {}: use a newer version", login.provider));
        } else if !account.active {
            report.ok("channel", format!("{words} is switched off"));
        } else {
            match login.health.status {
                Health::Connected => report.ok("channel", format!("{words} is connected")),
                Health::Degraded => report.warning("channel", format!("{words} has trouble{why} since {}", login.health.since)),
                Health::AccessLost => report.error("channel", format!("{words} lost its access{why} since {}: connect it anew", login.health.since)),
                Health::NotConnected => report.warning("channel", format!("{words} is not connected yet")),
            }
        }
    }
    let quarantine = store.scan::<Quarantine>(&[], Scan::first(1_000)).await?;
    let waiting = quarantine.iter().filter(|stored| stored.record.replayed_at.is_none()).count();
    if waiting > 0 {
        report.warning(&what, format!("{waiting} unreadable thing(s) in quarantine: look at them in the messenger's settings"));
    }
    Ok(())
}
