//! Two nodes over one Redis: the visitor on one, the manager on the other. Signals cross; the owner of the logins dies, is stopped
//! and woken, or ends gracefully, while answers are on their way to providers and webhooks come in at either node; nothing is lost or
//! doubled, and nobody has to load anew.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kommutator::store::redis::RedisEngine;
use serde_json::{Value, json};

use crate::support::client::{Accepted, Client, Happened, Role, id_of, whole_log};
use crate::support::fake_provider::Act;
use crate::support::ledger::Ledger;
use crate::support::node::{Dice, Node, Plan, full, http, report, seed, until};
use crate::support::provider_side::{Chat, Cut, Login, Posts, REPEATS, Sends, compare};
use crate::support::recount::recount;
use crate::support::redis_server::RedisServer;

/// The shortest lease the configuration takes.
const LEASE: Duration = Duration::from_secs(3);
/// Service is back within the lease; a debug build on a busy test machine is given time for its own work too.
fn in_time() -> Duration {
    if full() { LEASE } else { LEASE + Duration::from_secs(5) }
}

/// Chats of each login.
const CHATS: usize = 2;
/// Webhooks of each chat that come in while the owner is away.
const WEBHOOKS: usize = 10;

struct Cluster {
    redis: RedisServer,
    nodes: [Node; 2],
    logins: Vec<Arc<Login>>,
    _folder: tempfile::TempDir,
}

async fn cluster() -> Cluster {
    let (folder, redis) = (tempfile::tempdir().unwrap(), RedisServer::start());
    let start = |name: &str| {
        let plan = Plan::new(&folder.path().join(name)).redis(&redis.url()).with("--limits", "off").with("--lease-seconds", "3");
        tokio::task::block_in_place(|| Node::start(&plan))
    };
    // One after the other: the first makes the workspace and owns all logins.
    let one = start("one");
    let mut logins = Vec::new();
    for repeats in REPEATS {
        logins.push(Login::make(&one, repeats).await);
    }
    let all = logins.len() as f64 + 1.0;
    until("every login has its actor", Duration::from_secs(30), async || (one.metric("kommutator_channel_actors").await >= all).then_some(())).await;
    let nodes = [one, start("two")];
    Cluster { redis, nodes, logins, _folder: folder }
}

impl Cluster {
    fn visitor(&self, at: usize, name: &str) -> Client {
        let places = [at, 1 - at].map(|at| self.nodes[at].url());
        Client::new(Role::Visitor { widget: self.nodes[0].printed.widget_key.clone(), nonce: format!("twonodes{name:0>12}") }, places.to_vec())
    }

    fn manager(&self, at: usize) -> Client {
        let places = [at, 1 - at].map(|at| self.nodes[at].url());
        Client::new(Role::Manager { token: self.nodes[0].printed.token.clone() }, places.to_vec())
    }

    /// The node that runs the login's actor.
    async fn owner(&self) -> usize {
        until("a node owns the login", Duration::from_secs(30), async || {
            for (at, node) in self.nodes.iter().enumerate() {
                if node.metric("kommutator_channel_actors").await > 0.0 {
                    return Some(at);
                }
            }
            None
        })
        .await
    }

    /// The log, once nothing waits to be sent.
    async fn settled(&self, at: usize) -> Log {
        until("everything is settled", Duration::from_secs(60), async || {
            let log = whole_log(&self.nodes[at].url(), &self.nodes[0].printed.token).await;
            log.values().flatten().all(|message| message["state"]["status"] != "queued").then_some(log)
        })
        .await
    }

    /// Chats of every login, and their conversations.
    async fn chats(&self, dice: &mut Dice, posts: &Posts) -> (Vec<Chat>, Vec<String>) {
        let mut chats: Vec<Chat> =
            self.logins.iter().flat_map(|login| (0..CHATS).map(|at| Chat::new(login, format!("{}{at}", login.repeats)))).collect();
        let mut conversations = Vec::new();
        for chat in &mut chats {
            chat.goes_on(&http(), &self.nodes.each_ref().map(Node::url), dice, posts).await;
            let word = format!("слово {} 0", chat.name);
            let found = until("the chat's conversation", Duration::from_secs(30), async || {
                let log = whole_log(&self.nodes[0].url(), &self.nodes[0].printed.token).await;
                log.into_iter().find(|(_, messages)| messages[0]["text"] == word).map(|(id, _)| id)
            });
            conversations.push(found.await);
        }
        (chats, conversations)
    }

    /// Webhooks of these chats, at either node.
    fn hooks(&self, mut chats: Vec<Chat>, mut dice: Dice, posts: &Arc<Posts>) -> tokio::task::JoinHandle<Vec<Chat>> {
        let (places, posts) = (self.nodes.each_ref().map(Node::url), Arc::clone(posts));
        tokio::spawn(async move {
            let client = http();
            for _ in 0..WEBHOOKS {
                for chat in &mut chats {
                    chat.goes_on(&client, &places, &mut dice, &posts).await;
                }
            }
            chats
        })
    }

    /// The manager answers in every conversation; when this returns each answer is held by its provider: its call is under way.
    async fn hold(&self, manager: &mut Client, ledger: &Ledger, writer: &str, conversations: &[String]) {
        for login in &self.logins {
            login.fake.close();
            login.fake.always(Some(Act::Gate));
        }
        for (at, conversation) in conversations.iter().enumerate() {
            let key = format!("{writer}-held{at}");
            manager.send(&key, Some(conversation), &format!("слово {key}"), &[], false).await;
        }
        wait_for(manager, "every answer is on its way", |_, happened| {
            if let Happened::Accepted(accepted) = happened {
                ledger.note(writer, accepted);
            }
            self.logins.iter().all(|login| login.fake.under_way() >= CHATS).then_some(())
        })
        .await;
    }

    /// From now on the providers answer at once. Whom they had kept waiting hears nothing of it.
    fn let_go(&self) {
        for login in &self.logins {
            login.fake.always(None);
            login.fake.open();
        }
    }

    /// One more answer in every conversation.
    async fn answer(manager: &mut Client, ledger: &Ledger, writer: &str, word: &str, conversations: &[String]) {
        for (at, conversation) in conversations.iter().enumerate() {
            let key = format!("{writer}-{word}{at}");
            manager.send(&key, Some(conversation), &format!("слово {key}"), &[], false).await;
        }
        wait_for(manager, word, |manager, happened| {
            if let Happened::Accepted(accepted) = happened {
                ledger.note(writer, accepted);
            }
            (manager.waiting() == 0).then_some(())
        })
        .await;
    }

    /// Nothing waits to be sent, and the client was shown the whole log as it stands.
    async fn shown_all(&self, client: &mut Client, at: usize) {
        let stands = |message: &Value| [&message["state"]["status"], &message["text"]].map(Value::to_string);
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let log = self.settled(at).await;
            while !matches!(client.turn(Duration::from_millis(100)).await, Happened::Quiet) {}
            let missing: Vec<&Value> =
                log.values().flatten().filter(|message| client.shown.get(&id_of(message)).map(stands) != Some(stands(message))).collect();
            if missing.is_empty() {
                break;
            }
            assert!(Instant::now() < end, "not shown as they stand: {missing:?}");
        }
        assert!(client.wrong.is_empty(), "{:?}", client.wrong);
    }

    async fn finish(self, ledger: &Ledger, survivor: usize, chats: &[Chat], cuts: &[Cut]) -> (usize, usize, Sends) {
        let log = self.settled(survivor).await;
        let (accepted, repeated) = ledger.compare(&log);
        let sends = compare(&log, chats, cuts);
        let cut = CHATS * cuts.len();
        assert_eq!((sends.unknown, sends.sent), (cut, sends.messages - cut), "unknown are those that were cut where repeats go twice: {sends:?}");
        let Self { redis, nodes, .. } = self;
        tokio::task::block_in_place(|| drop(nodes));
        let engine: Arc<dyn kommutator::store::port::Engine> = RedisEngine::open(&redis.url(), None).await.unwrap();
        let counted = recount(&engine).await;
        engine.close().await;
        assert_eq!((counted.work, counted.quarantined), (0, 0), "work left, quarantined");
        (accepted, repeated, sends)
    }
}

/// Messages by conversation.
type Log = std::collections::BTreeMap<String, Vec<Value>>;

/// Goes on until something happens that is looked for.
async fn wait_for<T>(client: &mut Client, what: &str, mut wanted: impl FnMut(&mut Client, Happened) -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let happened = client.turn(Duration::from_millis(100)).await;
        if let Some(found) = wanted(client, happened) {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
    }
}

/// Sends and waits until it is accepted.
async fn send(client: &mut Client, ledger: &Ledger, writer: &str, key: &str, conversation: Option<&str>) -> Accepted {
    client.send(key, conversation, &format!("слово {key}"), &[], false).await;
    wait_for(client, key, |_, happened| {
        let Happened::Accepted(accepted) = happened else { return None };
        ledger.note(writer, accepted.clone());
        (accepted.client_id == key).then_some(accepted)
    })
    .await
}

async fn shown(client: &mut Client, id: &str) {
    wait_for(client, id, |client, _| client.shown.contains_key(id).then_some(())).await;
}

async fn ready(client: &mut Client) -> bool {
    wait_for(client, "ready", |_, happened| match happened {
        Happened::Ready { resumed } => Some(resumed),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_two_nodes_signals_and_a_killed_owner() {
    let mut cluster = cluster().await;
    let (ledger, posts, mut dice) = (Ledger::new(), Arc::<Posts>::default(), Dice::new(seed()));
    let (mut chats, conversations) = cluster.chats(&mut dice, &posts).await;
    let (mut measured, mut cuts) = (Vec::new(), Vec::new());
    let rounds = if full() { 10 } else { 1 };
    let mut number = 0;
    for round in 0..rounds {
        let owner = cluster.owner().await;
        let other = 1 - owner;
        let (mut visitor, mut manager) = (cluster.visitor(owner, &format!("r{round}")), cluster.manager(other));
        ready(&mut manager).await;
        ready(&mut visitor).await;
        let writer = format!("visitor{round}");
        let first = send(&mut visitor, &ledger, &writer, &format!("v{number}"), None).await;
        shown(&mut manager, &first.id).await;
        let conversation = first.conversation.clone();
        let answer = send(&mut manager, &ledger, &format!("manager{round}"), &format!("m{number}"), Some(&conversation)).await;
        shown(&mut visitor, &answer.id).await;
        // Typing crosses both ways.
        visitor.say(&json!({"type": "typing"})).await;
        let typing = |_: &mut Client, happened: Happened| match happened {
            Happened::Typing(frame) => Some(frame),
            _ => None,
        };
        let seen: Value = wait_for(&mut manager, "typing", typing).await;
        assert_eq!((&seen["conversation"], &seen["who"]["kind"]), (&json!(conversation), &json!("customer")));
        manager.say(&json!({"type": "typing", "conversation": conversation})).await;
        let seen: Value = wait_for(&mut visitor, "typing", typing).await;
        assert_eq!(seen["who"]["kind"], "manager");
        // The owner dies with calls under way. The visitor was on it, the manager was not.
        let to_providers = format!("manager{round}");
        cluster.hold(&mut manager, &ledger, &to_providers, &conversations).await;
        let hooks = cluster.hooks(chats, Dice::new(seed() ^ round), &posts);
        let killed = Instant::now();
        tokio::task::block_in_place(|| cluster.nodes[owner].kill());
        cluster.let_go();
        number += 1;
        let (names, keys) = ([writer.clone(), format!("manager{round}")], [format!("v{number}"), format!("m{number}")]);
        let (one, two) = tokio::join!(
            send(&mut visitor, &ledger, &names[0], &keys[0], None),
            send(&mut manager, &ledger, &names[1], &keys[1], Some(&conversation))
        );
        let back = killed.elapsed();
        measured.push(back);
        cuts.push((killed, Instant::now()));
        shown(&mut manager, &one.id).await;
        shown(&mut visitor, &two.id).await;
        assert!(back < in_time(), "service is back after {back:.1?}\n{}", cluster.nodes[other].log());
        assert_eq!((visitor.resumes, visitor.resets, manager.resets), (1, 0, 0), "nobody loads anew");
        assert!(visitor.wrong.is_empty() && manager.wrong.is_empty());
        // The chats whose answers were cut go on.
        chats = hooks.await.unwrap();
        Cluster::answer(&mut manager, &ledger, &to_providers, "later", &conversations).await;
        cluster.shown_all(&mut manager, other).await;
        let plan = cluster.nodes[owner].plan.clone();
        cluster.nodes[owner] = tokio::task::block_in_place(|| Node::start(&plan));
        number += 1;
    }
    let survivor = cluster.owner().await;
    let (accepted, repeated, sends) = cluster.finish(&ledger, survivor, &chats, &cuts).await;
    let most = measured.iter().max().unwrap();
    report(
        "soak_two_nodes",
        "Two nodes over one Redis with a lease of 3 s. The node that owns the logins is killed (SIGKILL) while visitor and manager write, answers are on their way to three counting fake providers (one sends a repeat twice, one drops it, one can be asked) and webhooks come in at either node; all go on by themselves.",
        &[
            ("kills of the owner", rounds.to_string()),
            ("messages accepted, answers that were repeated ones", format!("{accepted}, {repeated}")),
            ("lost, doubled, loaded anew", "0, 0, 0".to_owned()),
            ("webhooks taken", posts.taken.load(std::sync::atomic::Ordering::SeqCst).to_string()),
            ("messages sent out; sent, unknown", format!("{}; {}, {}", sends.messages, sends.sent, sends.unknown)),
            ("calls at the providers, cut by a kill, messages they have", format!("{}, {}, {}", sends.calls, sends.cut, sends.taken)),
            ("from the kill until both were served, most", format!("{most:.1?}")),
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_two_nodes_a_stopped_owner_is_fenced() {
    let cluster = cluster().await;
    let (ledger, posts, mut dice) = (Ledger::new(), Arc::<Posts>::default(), Dice::new(seed()));
    let (chats, conversations) = cluster.chats(&mut dice, &posts).await;
    let owner = cluster.owner().await;
    let other = 1 - owner;
    // The same visitor twice: one tab stays with the stopped node, the other goes to the living one.
    let (mut stays, mut visitor) = (cluster.visitor(owner, "stopped"), cluster.visitor(other, "stopped"));
    stays.patience = Duration::from_secs(600);
    ready(&mut stays).await;
    ready(&mut visitor).await;
    send(&mut stays, &ledger, "visitor", "v0", None).await;
    let mut manager = cluster.manager(other);
    ready(&mut manager).await;
    // Calls under way, and a frame that reaches the stopped node: it has all of it in hand when it wakes.
    cluster.hold(&mut manager, &ledger, "manager", &conversations).await;
    let stopped = Instant::now();
    cluster.nodes[owner].signal("STOP");
    cluster.let_go();
    let hooks = cluster.hooks(chats, dice, &posts);
    stays.send("v1", None, "слово v1", &[], false).await;
    for number in 1..=20 {
        visitor.send(&format!("v{number}"), None, &format!("слово v{number}"), &[], false).await;
    }
    // The other node takes over within the lease and answers all of it.
    let mut accepted = 0;
    wait_for(&mut visitor, "the other node takes over", |_, happened| {
        if let Happened::Accepted(one) = happened {
            ledger.note("visitor", one);
            accepted += 1;
        }
        (accepted == 20).then_some(())
    })
    .await;
    let back = stopped.elapsed();
    assert!(back < in_time(), "service is back after {back:.1?}\n{}", cluster.nodes[other].log());
    Cluster::answer(&mut manager, &ledger, "manager", "asleep", &conversations).await;
    let cut = (stopped, Instant::now());
    // Still asleep for the rest of three leases, then it wakes with the unfinished work.
    tokio::time::sleep((LEASE * 3).saturating_sub(stopped.elapsed())).await;
    cluster.nodes[owner].signal("CONT");
    // Its clients' sockets and the providers' answers are read again. For each login the late commit is refused, and its actor ends by it.
    let all = cluster.logins.len() as f64 + 1.0;
    until("the late commits are refused", Duration::from_secs(30), async || {
        (cluster.nodes[owner].metric("kommutator_fenced_total").await >= all).then_some(())
    })
    .await;
    let fenced = cluster.nodes[owner].metric("kommutator_store_fenced_total").await;
    assert!(fenced >= all, "{fenced} late commits are counted");
    // The frame in hand is answered as the first of its key was.
    let late = wait_for(&mut stays, "the late answer", |_, happened| match happened {
        Happened::Accepted(accepted) => Some(accepted),
        _ => None,
    })
    .await;
    assert!(late.duplicate && late.client_id == "v1");
    ledger.note("visitor", Accepted { retried: true, ..late });
    let last = send(&mut visitor, &ledger, "visitor", "v21", None).await;
    shown(&mut manager, &last.id).await;
    let chats = hooks.await.unwrap();
    Cluster::answer(&mut manager, &ledger, "manager", "later", &conversations).await;
    cluster.shown_all(&mut manager, owner).await;
    assert_eq!((visitor.resets, manager.resets), (0, 0));
    let (accepted, repeated, sends) = cluster.finish(&ledger, other, &chats, &[cut]).await;
    println!(
        "a stopped owner: {accepted} accepted, {repeated} answers were repeated ones, {fenced} late commits refused, service back after {back:.1?}; {sends:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_two_nodes_a_node_that_ends_sends_its_sockets_over() {
    let mut cluster = cluster().await;
    let ledger = Ledger::new();
    let owner = cluster.owner().await;
    let other = 1 - owner;
    let (mut visitor, mut manager) = (cluster.visitor(owner, "graceful"), cluster.manager(owner));
    ready(&mut visitor).await;
    ready(&mut manager).await;
    let first = send(&mut visitor, &ledger, "visitor", "v0", None).await;
    shown(&mut manager, &first.id).await;
    let told = Instant::now();
    cluster.nodes[owner].signal("TERM");
    for client in [&mut visitor, &mut manager] {
        let code = wait_for(client, "the close", |_, happened| match happened {
            Happened::Closed(code) => Some(code),
            _ => None,
        })
        .await;
        assert_eq!(code, Some(4001));
        assert!(ready(client).await, "resumed");
        assert_eq!(client.place(), cluster.nodes[other].url());
    }
    let moved = told.elapsed();
    let next = send(&mut visitor, &ledger, "visitor", "v1", None).await;
    let served = told.elapsed();
    shown(&mut manager, &next.id).await;
    assert!(tokio::task::block_in_place(|| cluster.nodes[owner].ended(Duration::from_secs(40))));
    let last = send(&mut visitor, &ledger, "visitor", "v2", None).await;
    shown(&mut manager, &last.id).await;
    let log = whole_log(&cluster.nodes[other].url(), &cluster.nodes[0].printed.token).await;
    assert_eq!(log.values().flatten().map(id_of).collect::<Vec<_>>(), [first.id, next.id, last.id]);
    assert!(moved < Duration::from_secs(10), "{moved:?}");
    println!("a node that ends: both sockets on the other node after {moved:.1?}, the next message accepted after {served:.1?}");
}
