//! The whole product in a thread of its own on a free port, over a fresh store, and clients of it: HTTP and sockets.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use kommutator::app::{self, open_house};
use kommutator::channel::contract::{
    CallContext, Channel, ChannelEvent, HookAnswer, OutgoingPiece, RawHook, Routed, SendError, SentPiece, Unreadable,
};
use kommutator::channel::registry::Channels;
use kommutator::channel::site_widget::settings::Appearance;
use kommutator::config::{Config, Options};
use kommutator::gateway::administration::Actor;
use kommutator::gateway::administration::access::hash;
use kommutator::gateway::administration::channels::{create_widget, widget_settings};
use kommutator::gateway::administration::people::create_workspace;
use kommutator::gateway::house::House;
use kommutator::gateway::supervisor::Reconcile;
use kommutator::model::connection::{ChannelAccount, ChannelKind, Health, HealthState, ProviderLogin};
use kommutator::model::conversation::Conversation;
use kommutator::model::ids::{AccountId, LoginId, SessionId, TokenId, UserId, WorkspaceId};
use kommutator::model::people::{ApiToken, Credential, Holder, Member, User};
use kommutator::model::protocol::{Can, Role};
use kommutator::model::time::{RealWorld, Time, World};
use kommutator::store::batch::Batch;
use kommutator::store::port::Scan;
use kommutator::web::edge::Edge;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message as Frame, http::HeaderValue};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::redis_server::RedisServer;

/// The real world with a clock that can be put forward.
pub(crate) struct MovedWorld(AtomicI64);

impl MovedWorld {
    /// Puts the clock forward.
    pub(crate) fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl World for MovedWorld {
    fn now(&self) -> Time {
        RealWorld.now().plus_ms(self.0.load(Ordering::SeqCst))
    }

    fn random(&self, into: &mut [u8]) {
        RealWorld.random(into);
    }
}

/// The origin of the shop whose pages hold the widgets.
pub(crate) const SHOP: &str = "https://shop.example";
/// Nothing in these tests takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// A key for installations that do not make their own.
const KEY: &str = "1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A channel with hooks: each line of a body is `key|part`, `challenge` is answered.
struct Lines;

#[async_trait::async_trait]
impl Channel for Lines {
    fn provider(&self) -> &'static str {
        "lines"
    }

    fn kinds(&self) -> &'static [ChannelKind] {
        &[]
    }

    fn route(&self, hook: &RawHook, _: &ProviderLogin) -> Result<Routed, Unreadable> {
        if let Some(challenge) = hook.query.strip_prefix("challenge=") {
            return Ok(Routed { parts: Vec::new(), answer: HookAnswer { status: 202, body: challenge.to_owned() } });
        }
        let text = std::str::from_utf8(&hook.body).map_err(|error| Unreadable(error.to_string()))?;
        assert!(text != "panic", "a channel that panics");
        let part = |line: &str| line.split_once('|').map(|(key, part)| (key.to_owned(), part.to_owned().into()));
        let parts = text.lines().map(part).collect::<Option<Vec<_>>>().ok_or_else(|| Unreadable("a line without |".to_owned()))?;
        Ok(Routed { parts, answer: HookAnswer { status: 200, body: "taken".to_owned() } })
    }

    fn parse(&self, part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
        Err(Unreadable(format!("{} bytes of nothing", part.len())))
    }

    fn can(&self, _: &ChannelAccount, _: &Conversation, _: Time) -> Can {
        unreachable!("this channel has no conversations")
    }

    async fn send(&self, _: &CallContext, _: &OutgoingPiece) -> Result<SentPiece, SendError> {
        unreachable!("this channel has no conversations")
    }
}

/// The running product.
pub(crate) struct App {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    pub(crate) edge: Arc<Edge>,
    /// Its clock.
    pub(crate) world: Arc<MovedWorld>,
    http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
    _redis: Option<RedisServer>,
}

impl App {
    /// Over a fresh SQLite folder.
    pub(crate) async fn sqlite() -> Self {
        Self::start(None, false, &[]).await
    }

    /// The same with these settings.
    pub(crate) async fn sqlite_with(settings: &[(&str, &str)]) -> Self {
        Self::start(None, false, settings).await
    }

    /// Over a fresh Redis, with these settings.
    pub(crate) async fn redis_with(settings: &[(&str, &str)]) -> Self {
        Self::start(Some(RedisServer::start()), false, settings).await
    }

    /// Over a fresh SQLite folder, with limits on.
    pub(crate) async fn limited() -> Self {
        Self::start(None, true, &[]).await
    }

    /// Over a fresh Redis.
    pub(crate) async fn redis() -> Self {
        Self::start(Some(RedisServer::start()), false, &[]).await
    }

    async fn start(redis: Option<RedisServer>, limits: bool, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut variables = vec![
            ("KOMMUTATOR_DATA".to_owned(), folder.path().display().to_string()),
            ("KOMMUTATOR_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("KOMMUTATOR_LIMITS".to_owned(), if limits { "on" } else { "off" }.to_owned()),
            ("KOMMUTATOR_WORKERS".to_owned(), "1".to_owned()),
        ];
        if let Some(redis) = &redis {
            variables.extend([("KOMMUTATOR_REDIS".to_owned(), redis.url()), ("KOMMUTATOR_KEY".to_owned(), KEY.to_owned())]);
        }
        variables.extend(settings.iter().map(|(name, value)| (format!("KOMMUTATOR_{name}"), (*value).to_owned())));
        let mut config = Config::read(&Options::default(), variables).unwrap();
        if let Some(mail) = &mut config.mail {
            mail.patience = Duration::from_millis(500);
        }
        let world = Arc::new(MovedWorld(AtomicI64::new(0)));
        let given = Arc::clone(&world);
        let (started, is_started) = oneshot::channel();
        let (stop, is_stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix::System::new().block_on(async move {
                let mut channels = Channels::all();
                channels.add(Arc::new(Lines));
                let house = open_house(&config, channels, given).await.unwrap();
                let listener = TcpListener::bind(config.listen).unwrap();
                let running = app::start(&config, house, listener, None).unwrap();
                assert!(started.send((running.address, Arc::clone(&running.edge))).is_ok());
                // A dropped sender is the end too.
                running.serve_until(async { is_stopped.await.unwrap_or(()) }).await.unwrap();
            });
        });
        let (address, edge) = is_started.await.unwrap();
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        let app =
            Self { url: format!("http://{address}"), edge, world, http, stop: Some(stop), thread: Some(thread), _folder: folder, _redis: redis };
        app.until_ready().await;
        app
    }

    async fn until_ready(&self) {
        assert_eq!(self.nobody().get("/readyz").await.status, 200);
    }

    /// What the actors are given.
    pub(crate) fn house(&self) -> &Arc<House> {
        &self.edge.house
    }

    /// Its time.
    pub(crate) fn world_now(&self) -> Time {
        self.world.now()
    }

    /// A client without a login.
    pub(crate) fn nobody(&self) -> Client {
        Client { http: self.http.clone(), url: self.url.clone(), token: None, origin: None }
    }

    /// A client with a session or token.
    pub(crate) fn client(&self, secret: &str) -> Client {
        Client { token: Some(secret.to_owned()), ..self.nobody() }
    }

    /// A workspace of its own.
    pub(crate) async fn workspace(&self, name: &str) -> WorkspaceId {
        create_workspace(self.house(), name).await.unwrap().id
    }

    /// A member, without the costly work of hashing a password: one that fits none.
    pub(crate) async fn member(&self, workspace: WorkspaceId, role: Role, channels: Option<Vec<AccountId>>) -> UserId {
        let world = &self.house().world;
        let (id, now) = (UserId(world.id()), world.now());
        let email = format!("{id}@shop.example");
        let user = User {
            id,
            number: 1,
            email: email.clone(),
            name: format!("{role:?}"),
            password: "none".to_owned(),
            locale: "ru".to_owned(),
            created_at: now,
            workspaces: vec![workspace],
            phone: String::new(),
            notify_email: String::new(),
            time_zone: String::new(),
            second_factor: None,
            enrolment: None,
        };
        let member = Member { user: id, name: user.name.clone(), email, role, channels, created_at: now, removed_at: None };
        let mut batch = Batch::new();
        batch.insert(&user).unwrap();
        self.house().store.global().commit(batch).await.unwrap();
        let mut batch = Batch::new();
        batch.insert(&member).unwrap();
        self.house().store.workspace(workspace).commit(batch).await.unwrap();
        id
    }

    /// A new session of a member.
    pub(crate) async fn session(&self, workspace: WorkspaceId, user: UserId) -> String {
        let holder = Holder::Session { id: SessionId(self.house().world.id()), user };
        self.credential(workspace, holder).await
    }

    async fn credential(&self, workspace: WorkspaceId, holder: Holder) -> String {
        let world = &self.house().world;
        let secret = world.secret::<32>();
        let credential = Credential::new(hash(&secret), workspace, holder, world.now(), None);
        let mut batch = Batch::new();
        batch.insert(&credential).unwrap();
        self.house().store.global().commit(batch).await.unwrap();
        secret
    }

    /// An API token: its id and its secret.
    pub(crate) async fn token(&self, workspace: WorkspaceId, made_by: UserId, role: Role, channels: Option<Vec<AccountId>>) -> (TokenId, String) {
        let world = &self.house().world;
        let id = TokenId(world.id());
        let secret = self.credential(workspace, Holder::Token { id }).await;
        let token = ApiToken {
            id,
            name: format!("token {role:?}"),
            hash: hash(&secret),
            role,
            channels,
            created_by: made_by,
            created_at: world.now(),
            revoked_at: None,
        };
        let mut batch = Batch::new();
        batch.insert(&token).unwrap();
        self.house().store.workspace(workspace).commit(batch).await.unwrap();
        (id, secret)
    }

    /// A site widget and its key.
    pub(crate) async fn widget(&self, workspace: WorkspaceId, name: &str) -> (ChannelAccount, String) {
        let actor = Actor::command_line();
        let account = create_widget(self.house(), workspace, &actor, name, &[SHOP.to_owned()], Appearance::default()).await.unwrap();
        self.edge.gateway.do_send(Reconcile);
        let key = widget_settings(&account).unwrap().key;
        (account, key)
    }

    /// A login of the channel with hooks, named by the provider as `key`.
    pub(crate) async fn lines(&self, workspace: WorkspaceId, key: &str) -> LoginId {
        let now = self.house().world.now();
        let login = ProviderLogin {
            id: LoginId(self.house().world.id()),
            provider: "lines".to_owned(),
            app: None,
            external_key: key.to_owned(),
            sealed: String::new(),
            base_url: None,
            facts: std::collections::BTreeMap::new(),
            health: HealthState { status: Health::Connected, reason: None, since: now },
            created_at: now,
            removed_at: None,
        };
        let mut batch = Batch::new();
        batch.insert(&login).unwrap();
        self.house().store.workspace(workspace).commit(batch).await.unwrap();
        self.edge.gateway.do_send(Reconcile);
        login.id
    }

    /// A manager's socket, not yet let in.
    pub(crate) async fn manager_socket(&self) -> Socket {
        Socket::open(&format!("{}/ws/manager", self.url.replacen("http", "ws", 1)), None).await
    }

    /// A manager's socket that was let in.
    pub(crate) async fn manager(&self, secret: &str) -> Socket {
        let mut socket = self.manager_socket().await;
        socket.say(json!({ "type": "hello", "token": secret })).await;
        assert_eq!(socket.next().await["type"], "ready");
        socket
    }

    /// A visitor's socket on a page of the shop, not yet let in.
    pub(crate) async fn visitor_socket(&self, widget: &str) -> Socket {
        Socket::open(&format!("{}/ws/visitor?widget={widget}", self.url.replacen("http", "ws", 1)), Some(SHOP)).await
    }

    /// A visitor that was let in, and its token.
    pub(crate) async fn visitor(&self, widget: &str) -> (Socket, String) {
        let mut socket = self.visitor_socket(widget).await;
        socket.say(json!({ "type": "hello", "identity": { "name": "Анна Посетитель" } })).await;
        let ready = socket.next().await;
        let token = ready["visitor_token"].as_str().unwrap_or_else(|| panic!("{ready}")).to_owned();
        (socket, token)
    }

    /// The codes of what lies in quarantine, oldest first.
    pub(crate) async fn quarantined(&self, workspace: WorkspaceId) -> Vec<kommutator::store::records::Quarantine> {
        let found = self.house().store.workspace(workspace).scan(&[], Scan::first(1_000)).await.unwrap();
        found.into_iter().map(|stored: kommutator::store::table::Stored<_>| stored.record).collect()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the product panicked");
        }
    }
}

/// A client over HTTP.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
    origin: Option<String>,
}

/// What a request was answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    /// Status and code: `404 unknown_user`; a success is only its status.
    pub(crate) fn short(&self) -> String {
        match self.body["code"].as_str().filter(|_| self.status >= 400) {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }
}

/// A body.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    None,
    Json(Value),
    Bytes(Vec<u8>),
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        if value.is_null() { Self::None } else { Self::Json(value) }
    }
}

impl Client {
    /// From a page of this origin.
    pub(crate) fn on_page_of(&self, origin: &str) -> Self {
        Self { origin: Some(origin.to_owned()), ..self.clone() }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(origin) = &self.origin {
            request = request.header("origin", origin);
        }
        request = match body.into() {
            Body::None => request,
            Body::Json(json) => request.json(&json),
            Body::Bytes(bytes) => request.body(bytes),
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Answer { status, text, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask("PATCH", path, body).await
    }
}

/// A socket's client.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>);

impl Socket {
    async fn open(url: &str, origin: Option<&str>) -> Self {
        let mut request = url.into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", HeaderValue::from_str(origin).unwrap());
        }
        Self(tokio::time::timeout(PATIENCE, connect_async(request)).await.unwrap().unwrap().0)
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.0.send(Frame::text(frame.to_string())).await.unwrap();
    }

    /// The next frame; an end is `{"closed": code}`.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("no frame came");
            match frame {
                Some(Ok(Frame::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Frame::Close(reason))) => return json!({ "closed": reason.map(|reason| u16::from(reason.code)) }),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return json!({ "closed": null }),
            }
        }
    }

    /// Frames up to and including the first that fits.
    pub(crate) async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            let (found, ended) = (fits(&frame), frame.get("closed").is_some());
            frames.push(frame);
            if found {
                return frames;
            }
            assert!(!ended, "it never came: {frames:?}");
        }
    }
}

/// A test of each flow: on SQLite each with a product of its own, on Redis one after the other in one.
macro_rules! on_both_engines {
    ($($flow:ident),* $(,)?) => {
        $(mod $flow {
            #[tokio::test]
            async fn on_sqlite() {
                super::flows::$flow(&crate::support::app::App::sqlite().await).await;
            }
        })*

        #[tokio::test]
        async fn all_on_redis() {
            let app = $crate::support::app::App::redis().await;
            $(flows::$flow(&app).await;)*
        }
    };
}
pub(crate) use on_both_engines;
