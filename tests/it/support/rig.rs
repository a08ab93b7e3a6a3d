//! The whole product with probe logins, over either engine, that can be started again on its data.

use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kommutator::app::{self, open_house};
use kommutator::channel::contract::RawHook;
use kommutator::channel::probe::settings::ProbeRepeats;
use kommutator::channel::registry::Channels;
use kommutator::config::{Config, Options};
use kommutator::gateway::administration::Actor;
use kommutator::gateway::administration::access::Caller;
use kommutator::gateway::administration::people::create_workspace;
use kommutator::gateway::administration::probe::{MadeProbe, create_probe};
use kommutator::gateway::commands::{Answer, Command, CommandError, ask};
use kommutator::gateway::faults;
use kommutator::gateway::house::House;
use kommutator::gateway::intake;
use kommutator::gateway::supervisor::{Reconcile, back_off_ms};
use kommutator::model::conversation::Conversation;
use kommutator::model::ids::{AccountId, ConversationId, MessageId, WorkspaceId};
use kommutator::model::message::{Message, Origin};
use kommutator::model::people::Access;
use kommutator::model::protocol::{Author, AuthorKind, Role, SendFrame, SendStatus};
use kommutator::model::time::{RealWorld, Time, World};
use kommutator::store::handle::PartitionStore;
use kommutator::store::key::Key;
use kommutator::store::port::{Scan, StreamName};
use kommutator::store::records::{Quarantine, WorkAttempts, streams};
use kommutator::web::edge::Edge;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::fake_provider::FakeProvider;
use super::redis_server::RedisServer;

/// Nothing in these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(40);
const KEY: &str = "1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Looks again and again until there is something to see.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let limit = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < limit, "it did not come: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The real world with a clock that can be put forward.
#[derive(Default)]
pub(crate) struct AheadWorld(AtomicI64);

impl AheadWorld {
    pub(crate) fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl World for AheadWorld {
    fn now(&self) -> Time {
        RealWorld.now().plus_ms(self.0.load(Ordering::SeqCst))
    }

    fn random(&self, into: &mut [u8]) {
        RealWorld.random(into);
    }
}

/// Which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Sqlite,
    Redis,
}

struct Life {
    edge: Arc<Edge>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// The product, its provider and one workspace with one probe login.
pub(crate) struct Rig {
    pub(crate) provider: FakeProvider,
    pub(crate) world: Arc<AheadWorld>,
    pub(crate) workspace: WorkspaceId,
    pub(crate) probe: MadeProbe,
    config: Config,
    life: Option<Life>,
    _folder: tempfile::TempDir,
    _redis: Option<RedisServer>,
}

async fn live(config: &Config, world: Arc<AheadWorld>) -> Life {
    let (started, is_started) = oneshot::channel();
    let (stop, is_stopped) = oneshot::channel();
    let config = config.clone();
    let thread = std::thread::spawn(move || {
        actix::System::new().block_on(async move {
            let house = open_house(&config, Channels::all(), world).await.unwrap();
            let listener = TcpListener::bind(config.listen).unwrap();
            let running = app::start(&config, house, listener, None).unwrap();
            assert!(started.send(Arc::clone(&running.edge)).is_ok());
            running.serve_until(async { is_stopped.await.unwrap_or(()) }).await.unwrap();
        });
    });
    Life { edge: is_started.await.unwrap(), stop, thread }
}

impl Rig {
    pub(crate) async fn start(on: On, repeats: ProbeRepeats) -> Self {
        // The fakes bear more than the CRMs they stand for; that the pace is kept is shown by the soak.
        faults::quick_calls(20);
        let folder = tempfile::tempdir().unwrap();
        let redis = (on == On::Redis).then(RedisServer::start);
        let mut variables = vec![
            ("KOMMUTATOR_DATA".to_owned(), folder.path().display().to_string()),
            // Known before anybody listens there: others are told where our files are.
            ("KOMMUTATOR_LISTEN".to_owned(), TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()),
            ("KOMMUTATOR_LIMITS".to_owned(), "off".to_owned()),
            ("KOMMUTATOR_WORKERS".to_owned(), "2".to_owned()),
            // The fakes stand beside it.
            ("KOMMUTATOR_OUTSIDE_PRIVATE".to_owned(), "on".to_owned()),
        ];
        if let Some(redis) = &redis {
            variables.extend([("KOMMUTATOR_REDIS".to_owned(), redis.url()), ("KOMMUTATOR_KEY".to_owned(), KEY.to_owned())]);
        }
        let mut config = Config::read(&Options::default(), variables).unwrap();
        // Who starts again need not wait long until it may judge its former self dead.
        config.lease = Duration::from_millis(900);
        let world = Arc::new(AheadWorld::default());
        let life = live(&config, Arc::clone(&world)).await;
        let house = &life.edge.house;
        let provider = FakeProvider::start(repeats == ProbeRepeats::Keyed);
        let workspace = create_workspace(house, "Магазин").await.unwrap().id;
        let probe = create_probe(house, workspace, &Actor::command_line(), &provider.url, repeats).await.unwrap();
        let rig = Self { provider, world, workspace, probe, config, life: Some(life), _folder: folder, _redis: redis };
        rig.reconcile();
        rig.awake(&rig.probe).await;
        rig
    }

    /// One more login of the same provider.
    pub(crate) async fn another(&self, repeats: ProbeRepeats) -> MadeProbe {
        let probe = create_probe(self.house(), self.workspace, &Actor::command_line(), &self.provider.url, repeats).await.unwrap();
        self.reconcile();
        self.awake(&probe).await;
        probe
    }

    /// Its actor runs.
    pub(crate) async fn awake(&self, probe: &MadeProbe) {
        until("an actor for the login", || async { self.house().directory.find(self.workspace, probe.login) }).await;
    }

    /// The Gateway looks now, not at its next beat.
    pub(crate) fn reconcile(&self) {
        self.life.as_ref().unwrap().edge.gateway.do_send(Reconcile);
    }

    /// The pause the operator is shown before a login's actor starts again.
    pub(crate) fn back_off(&self, probe: &MadeProbe) -> Option<u64> {
        let shown = self.life.as_ref().unwrap().edge.metrics.as_ref().unwrap().render();
        let name = format!("kommutator_channel_back_off_ms{{login=\"{}\"}} ", probe.login);
        shown.lines().find_map(|line| line.strip_prefix(&name)).map(|value| value.parse().unwrap())
    }

    /// A login's actor panicked so often in a row; its pause is over at once by the clock.
    pub(crate) async fn panicked(&self, probe: &MadeProbe, in_a_row: u32) {
        let pause = back_off_ms(in_a_row);
        until(&format!("a pause of {pause} ms"), || async { (self.back_off(probe) == Some(pause)).then_some(()) }).await;
        self.world.advance_ms(pause.try_into().unwrap());
        self.reconcile();
    }

    /// What is counted of the begins of a stream's entries.
    pub(crate) async fn begun(&self, stream: &StreamName) -> Vec<WorkAttempts> {
        let found = self.store().scan::<WorkAttempts>(&WorkAttempts::group(stream), Scan::first(1_000)).await.unwrap();
        found.into_iter().map(|stored| stored.record).collect()
    }

    /// Ends the process's actors and server and starts them again on the same data.
    pub(crate) async fn restart(&mut self) {
        self.restart_later(0).await;
    }

    /// The same, so much later by the clock: nothing is under way when it is put forward.
    pub(crate) async fn restart_later(&mut self, ms: i64) {
        self.end();
        self.world.advance_ms(ms);
        self.life = Some(live(&self.config, Arc::clone(&self.world)).await);
        self.awake(&self.probe).await;
    }

    fn end(&mut self) {
        if let Some(Life { edge, stop, thread }) = self.life.take() {
            drop((edge, stop));
            assert!(thread.join().is_ok() || std::thread::panicking(), "the product ended badly");
        }
    }

    pub(crate) fn house(&self) -> &Arc<House> {
        &self.life.as_ref().unwrap().edge.house
    }

    pub(crate) fn store(&self) -> PartitionStore {
        self.house().store.workspace(self.workspace)
    }

    /// What the provider sends to the login's hook, until it is taken.
    pub(crate) async fn hook(&self, events: Value) {
        self.hook_of(&self.probe, events).await;
    }

    pub(crate) async fn hook_of(&self, probe: &MadeProbe, events: Value) {
        let hook = RawHook { body: events.to_string().into(), ..RawHook::default() };
        let answer = intake::take(self.house(), probe.login, &probe.hook, &hook).await.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "taken"));
    }

    /// Everything that came in was handled.
    pub(crate) async fn handled(&self) {
        self.handled_of(&self.probe).await;
    }

    pub(crate) async fn handled_of(&self, probe: &MadeProbe) {
        let stream = streams::mailbox(probe.login);
        until("an empty mailbox", || async { self.store().read(&stream, 0, 1).await.unwrap().entries.is_empty().then_some(()) }).await;
    }

    /// Everything that was to be sent is settled.
    pub(crate) async fn settled(&self) {
        for stream in [streams::outbox(self.probe.login), streams::bulk(self.probe.login)] {
            until("an empty outbox", || async { self.store().read(&stream, 0, 1).await.unwrap().entries.is_empty().then_some(()) }).await;
        }
    }

    pub(crate) async fn find(&self, account: AccountId, chat: &str) -> Option<Conversation> {
        let (group, sort) = (Key::new().number(account.0).done(), Key::new().text(chat).done());
        let found = self.store().get_unique::<Conversation>(Conversation::BY_PROVIDER_KEY, &group, &sort).await.unwrap();
        found.map(|found| found.record)
    }

    /// A chat of the account `one`.
    pub(crate) async fn chat(&self, chat: &str) -> Conversation {
        until(chat, || self.find(self.probe.one, chat)).await
    }

    pub(crate) async fn conversation(&self, id: ConversationId) -> Conversation {
        self.store().get::<Conversation>(Conversation::at(id)).await.unwrap().unwrap().record
    }

    pub(crate) async fn messages(&self, id: ConversationId) -> Vec<Message> {
        let found = self.store().scan::<Message>(&Message::group(id), Scan::first(1_000)).await.unwrap();
        found.into_iter().map(|stored| stored.record).collect()
    }

    pub(crate) async fn texts(&self, id: ConversationId) -> Vec<String> {
        self.messages(id).await.iter().map(Message::text).collect()
    }

    pub(crate) async fn message(&self, id: MessageId) -> Message {
        self.store().get::<Message>(Message::at(id)).await.unwrap().unwrap().record
    }

    /// The message, once it stands so.
    pub(crate) async fn stands(&self, id: MessageId, status: SendStatus) -> Message {
        until(&format!("{status:?}"), || async { Some(self.message(id).await).filter(|message| message.state.status == status) }).await
    }

    pub(crate) async fn quarantined(&self) -> Vec<Quarantine> {
        let found = self.store().scan::<Quarantine>(&[], Scan::first(1_000)).await.unwrap();
        found.into_iter().map(|stored| stored.record).collect()
    }

    /// The owner of the workspace.
    pub(crate) fn caller(&self) -> Caller {
        Caller {
            workspace: self.workspace,
            workspace_name: String::new(),
            epoch: String::new(),
            id: "owner".to_owned(),
            user: None,
            session: None,
            name: "Мария".to_owned(),
            email: String::new(),
            locale: "ru".to_owned(),
            access: Access::new(Role::Owner, None),
        }
    }

    pub(crate) fn author() -> Author {
        Author { kind: AuthorKind::Manager, id: "owner".to_owned(), name: "Мария".to_owned() }
    }

    /// Asks as a client does: what may be tried again is.
    pub(crate) async fn ask(&self, probe: &MadeProbe, command: Command) -> Result<Answer, CommandError> {
        until("an answer", || async {
            match ask(self.house(), self.workspace, probe.login, command.clone()).await {
                Err(CommandError::TryAgain(_) | CommandError::Fenced) => None,
                answer => Some(answer),
            }
        })
        .await
    }

    /// A manager writes.
    pub(crate) async fn send(&self, conversation: ConversationId, text: &str) -> Message {
        self.send_of(&self.probe, conversation, text, &format!("c-{}", self.house().world.secret::<8>())).await
    }

    pub(crate) async fn send_of(&self, probe: &MadeProbe, conversation: ConversationId, text: &str, client_id: &str) -> Message {
        self.send_as(probe, conversation, text, client_id, Origin::Manager).await
    }

    /// A mailing takes the bulk lane.
    pub(crate) async fn send_as(&self, probe: &MadeProbe, conversation: ConversationId, text: &str, client_id: &str, origin: Origin) -> Message {
        let frame = SendFrame::new(client_id, conversation, text);
        let command = Command::Send { frame, author: Self::author(), origin, at: self.house().world.now() };
        match self.ask(probe, command).await {
            Ok(Answer::Message { message, .. }) => *message,
            other => panic!("{text} was not accepted: {other:?}"),
        }
    }

    /// A manager writes to an address of the account `one`; whether the key was seen before.
    pub(crate) async fn write_first(&self, address: &str, text: &str, client_id: &str) -> (Message, bool) {
        let command = Command::WriteFirst {
            account: self.probe.one,
            address: address.to_owned(),
            client_id: client_id.to_owned(),
            text: text.to_owned(),
            author: Self::author(),
            origin: Origin::Manager,
            at: self.house().world.now(),
        };
        match self.ask(&self.probe, command).await {
            Ok(Answer::Message { message, duplicate }) => (*message, duplicate),
            other => panic!("{text} was not accepted: {other:?}"),
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.end();
    }
}

/// A customer's message in a private chat of the account `one`; the person is named as the chat.
pub(crate) fn said(chat: &str, id: &str, text: &str) -> Value {
    said_to("one", chat, id, text)
}

/// The same in an account.
pub(crate) fn said_to(account: &str, chat: &str, id: &str, text: &str) -> Value {
    let at = RealWorld.now().0;
    json!({ "account": account, "chat": chat, "id": id, "at": at, "event": "message", "from": { "id": chat, "name": format!("Клиент {chat}") }, "text": text })
}

/// Something told of a message in a chat of the account `one`.
pub(crate) fn told(chat: &str, id: &str, event: &str, more: Value) -> Value {
    let mut told = json!({ "account": "one", "chat": chat, "id": id, "at": RealWorld.now().0, "event": event });
    told.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    told
}
