//! Floods, half-open sockets, a store that is gone, two owners, a clock that goes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use kommutator::app;
use kommutator::channel::registry::Channels;
use kommutator::config::{Config, Options};
use kommutator::demo;
use kommutator::model::time::{SharedWorld, TestWorld, Time};
use kommutator::{
    channel::probe::settings::ProbeRepeats, gateway::administration::access::hash, model::connection::ProviderLogin, model::ids::NodeId,
    model::people::Credential, store::batch::Batch, store::handle::Store, store::redis::RedisEngine,
};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::Seen;
use crate::support::client::{Client, Happened, Role, id_of, whole_log};
use crate::support::client::{Socket, open};
use crate::support::ledger::Ledger;
use crate::support::node::{Node, Plan, http, until};
use crate::support::redis_server::RedisServer;
use crate::support::rig::{On, Rig, said};

pub(super) fn visitor(node: &Node, nonce: &str) -> Client {
    Client::new(Role::Visitor { widget: node.printed.widget_key.clone(), nonce: nonce.to_owned() }, vec![node.url()])
}

/// Goes on until every frame is answered; the codes of refusals met on the way, with how often.
pub(super) async fn settle(client: &mut Client, ledger: &Ledger, name: &str) -> BTreeMap<String, usize> {
    let mut codes = BTreeMap::new();
    let until = std::time::Instant::now() + Duration::from_secs(90);
    while client.waiting() > 0 {
        match client.turn(Duration::from_millis(200)).await {
            Happened::Accepted(accepted) => ledger.note(name, accepted),
            Happened::Error(error) => *codes.entry(error["code"].as_str().unwrap().to_owned()).or_default() += 1,
            _ => {}
        }
        assert!(std::time::Instant::now() < until, "{} frames are not answered; {codes:?}", client.waiting());
    }
    codes
}

/// More frames at once than a socket may say.
pub(super) async fn flood() -> Option<Seen> {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(&folder.path().join("data")).with("--limits", "on");
    let node = tokio::task::block_in_place(|| Node::start(&plan));
    let (mut client, ledger) = (visitor(&node, "floodvisitor00001"), Ledger::new());
    client.turn(Duration::from_secs(10)).await;
    for at in 0..120 {
        client.send(&format!("f{at}"), None, "много", &[], false).await;
    }
    let codes = settle(&mut client, &ledger, "visitor").await;
    assert!(codes.values().sum::<usize>() >= 20, "{codes:?}");
    let log = whole_log(&node.url(), &node.printed.token).await;
    assert_eq!(ledger.compare(&log).0, 120, "none is refused for good");
    Seen::over(codes.into_keys(), &ledger, &log)
}

/// A node whose times are fifty times as short: 60 s of silence become 1.2 s, a beat half a second.
fn hurried(mut plan: Plan) -> Node {
    plan.under = vec!["env".into(), "KOMMUTATOR_PATIENCE=50".into()];
    tokio::task::block_in_place(|| {
        let mut started = Node::start(&plan);
        // `env` becomes the product: there is nothing between.
        started.plan.under.clear();
        started
    })
}

/// A manager's bare socket, let in.
async fn let_in(node: &Node) -> Socket {
    let mut socket = open(&format!("{}/ws/manager", node.url().replacen("http", "ws", 1)), None).await.unwrap();
    let hello = json!({"type": "hello", "token": node.printed.token}).to_string();
    futures_util::SinkExt::send(&mut socket, Message::text(hello)).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().is_text());
    socket
}

/// The code a socket ends with.
async fn ends_with(mut socket: Socket) -> Option<String> {
    let end = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(frame))) => break frame.map(|frame| u16::from(frame.code).to_string()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break None,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), end).await.expect("the socket is left open")
}

/// Rights are taken by a process whose signal nobody hears.
pub(super) async fn rights_taken_unheard() -> Option<Seen> {
    let folder = tempfile::tempdir().unwrap();
    let redis = RedisServer::start();
    let node = hurried(Plan::new(&folder.path().join("data")).redis(&redis.url()).with("--lease-seconds", "3"));
    let socket = let_in(&node).await;
    let (mut talking, ledger) = (visitor(&node, "rightsvisitor0001"), Ledger::new());
    talking.send("r0", None, "пока можно", &[], false).await;
    settle(&mut talking, &ledger, "visitor").await;
    let log = whole_log(&node.url(), &node.printed.token).await;
    let store = Store::new(RedisEngine::open(&redis.url(), None).await.unwrap()).global();
    let held = store.get::<Credential>(Credential::at(&hash(&node.printed.token))).await.unwrap().unwrap();
    let mut batch = Batch::new();
    batch.remove(&held);
    store.commit(batch).await.unwrap();
    Seen::over(ends_with(socket).await, &ledger, &log)
}

/// A socket that answers no ping, beside one that does.
pub(super) async fn half_open() -> Option<Seen> {
    let folder = tempfile::tempdir().unwrap();
    let node = hurried(Plan::new(&folder.path().join("data")));
    let silent = let_in(&node).await;
    let (mut talking, ledger) = (visitor(&node, "halfopenvisitor01"), Ledger::new());
    talking.send("h0", None, "на связи", &[], false).await;
    settle(&mut talking, &ledger, "visitor").await;
    // The silent one reads nothing, so it answers no ping; the other does.
    until("the silent socket is closed", Duration::from_secs(30), async || {
        talking.turn(Duration::from_millis(50)).await;
        (node.metric("kommutator_sockets").await <= 1.0).then_some(())
    })
    .await;
    let code = ends_with(silent).await;
    assert!(talking.closes.is_empty(), "who answers stays: {:?}", talking.closes);
    Seen::over(code, &ledger, &whole_log(&node.url(), &node.printed.token).await)
}

/// Redis is killed under open sockets, and started again.
pub(super) async fn redis_gone() -> Option<Seen> {
    let folder = tempfile::tempdir().unwrap();
    let mut redis = RedisServer::start();
    let plan = Plan::new(&folder.path().join("data")).redis(&redis.url()).with("--limits", "off").with("--lease-seconds", "3");
    let mut node = tokio::task::block_in_place(|| Node::start(&plan));
    let (mut client, ledger) = (visitor(&node, "redisgonevisitor1"), Ledger::new());
    let mut manager = Client::new(Role::Manager { token: node.printed.token.clone() }, vec![node.url()]);
    manager.turn(Duration::from_secs(10)).await;
    client.send("g0", None, "до", &[], false).await;
    settle(&mut client, &ledger, "visitor").await;
    // The socket follows its conversation by now.
    until("the visitor is shown its message", Duration::from_secs(20), async || {
        client.turn(Duration::from_millis(20)).await;
        (!client.shown.is_empty()).then_some(())
    })
    .await;
    tokio::task::block_in_place(|| redis.kill());
    client.send("g1", None, "во время", &[], false).await;
    let answer = loop {
        match client.turn(Duration::from_secs(30)).await {
            Happened::Error(error) => break error,
            Happened::Accepted(accepted) => panic!("{accepted:?} while the store is gone"),
            _ => {}
        }
    };
    assert_eq!(answer["client_id"], "g1", "{answer}");
    let ready = async || http().get(format!("{}/readyz", node.url())).send().await.unwrap().status().as_u16();
    assert_eq!(ready().await, 503);
    assert_eq!(http().get(format!("{}/healthz", node.url())).send().await.unwrap().status(), 200);
    tokio::task::block_in_place(|| redis.restart());
    let mut codes = settle(&mut client, &ledger, "visitor").await;
    *codes.entry(answer["code"].as_str().unwrap().to_owned()).or_default() += 1;
    until("ready again", Duration::from_secs(30), async || (ready().await == 200).then_some(())).await;
    let log = whole_log(&node.url(), &node.printed.token).await;
    assert_eq!(ledger.compare(&log).0, 2);
    // The manager's socket stayed and is shown what was written meanwhile.
    until("the manager is shown all", Duration::from_secs(30), async || {
        manager.turn(Duration::from_millis(50)).await;
        log.values().flatten().all(|message| manager.shown.contains_key(&id_of(message))).then_some(())
    })
    .await;
    assert!(manager.closes.is_empty() && manager.wrong.is_empty() && node.runs());
    Seen::over(codes.into_keys(), &ledger, &log)
}

/// Somebody else claims the login while its actor believes that it owns it.
pub(super) async fn two_owners() -> Option<Seen> {
    let rig = Rig::start(On::Sqlite, ProbeRepeats::SendTwice).await;
    rig.hook(json!([said("chat", "1", "до")])).await;
    rig.handled().await;
    let owner = ProviderLogin::owner_name(rig.probe.login);
    let store = rig.store();
    let mine = store.owner(&owner).await.unwrap();
    let other = store.claim(&owner, NodeId(1), mine).await.unwrap().unwrap();
    assert_eq!(other.token, mine.unwrap().token + 1);
    // The actor's late commit is refused; nobody else lives, so the login comes back to this node, with a token of its own.
    rig.hook(json!([said("chat", "2", "после")])).await;
    rig.handled().await;
    let now = store.owner(&owner).await.unwrap().unwrap();
    assert!(now.token > other.token && now.node == mine.unwrap().node);
    let refused = rig.house().store.engine().counts().fenced;
    let texts = rig.texts(rig.chat("chat").await.id).await;
    assert_eq!(texts, ["до", "после"]);
    Some(Seen { answer: if refused > 0 { "fenced".to_owned() } else { String::new() }, accepted: 2, stands: texts.len() })
}

/// The clock goes forward, back by an hour and by ten days; order, cursors and ids hold.
pub(super) async fn clock_back() -> Option<Seen> {
    let apart = || std::thread::spawn(|| actix::System::new().block_on(clock_goes_back())).join().unwrap();
    tokio::task::spawn_blocking(apart).await.unwrap()
}

async fn clock_goes_back() -> Option<Seen> {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        data: Some(folder.path().join("data").to_str().unwrap().to_owned()),
        listen: Some("127.0.0.1:0".to_owned()),
        limits: Some("off".to_owned()),
        workers: Some("1".to_owned()),
        ..Options::default()
    };
    let mut config = Config::read(&options, []).unwrap();
    let clock = Arc::new(TestWorld::new(Time(1_790_000_000_000), 7));
    let world: SharedWorld = clock.clone();
    let house = app::open_house(&config, Channels::all(), world).await.unwrap();
    let listener = std::net::TcpListener::bind(config.listen).unwrap();
    config.public_url = format!("http://{}", listener.local_addr().unwrap());
    let prepared = demo::prepare(&house, &config.public_url).await.unwrap();
    let printed = demo::printed(&house, &prepared, &config.public_url).await.unwrap();
    let running = app::start(&config, house, listener, None).unwrap();
    let serving = actix::spawn(running.serve_until(std::future::pending()));
    let places = vec![config.public_url.clone()];
    let mut client = Client::new(Role::Visitor { widget: printed.widget_key.clone(), nonce: "clockvisitor00001".to_owned() }, places.clone());
    let mut manager = Client::new(Role::Manager { token: printed.token.clone() }, places);
    let ledger = Ledger::new();
    manager.turn(Duration::from_secs(10)).await;
    // Forward, an hour back, a little on, ten days back, on again.
    for (round, step) in [0, -3_600_000, 5, -864_000_000, 60_000].into_iter().enumerate() {
        clock.advance_ms(step);
        for at in 0..5 {
            client.send(&format!("c{round}-{at}"), None, "время", &[], false).await;
        }
        settle(&mut client, &ledger, "visitor").await;
        // A connection lost while the clock stands elsewhere resumes all the same.
        client.drop_connection();
        manager.drop_connection();
        let last = client.conversation.clone().unwrap();
        until("everybody is shown the log", Duration::from_secs(20), async || {
            client.turn(Duration::from_millis(20)).await;
            manager.turn(Duration::from_millis(20)).await;
            let goal = (round + 1) * 5;
            let inbound = |client: &Client| client.shown.values().filter(|message| message["direction"] == "inbound").count();
            (inbound(&client) == goal && inbound(&manager) == goal).then_some(())
        })
        .await;
        manager.send(&format!("m{round}"), Some(&last), "note to self", &[], false).await;
        settle(&mut manager, &ledger, "manager").await;
        let read = http().post(format!("{}/api/v1/conversations/{last}/messages", config.public_url));
        let replayed = read.bearer_auth(&printed.token).json(&json!({"client_id": format!("m{round}"), "text": "again"})).send().await.unwrap();
        assert_eq!(replayed.json::<serde_json::Value>().await.unwrap()["duplicate"], true);
    }
    assert!(client.resumes >= 4 && manager.resumes >= 4);
    let log = whole_log(&config.public_url, &printed.token).await;
    serving.abort();
    let resets = (client.resets + manager.resets > 0).then(|| "reset".to_owned());
    Seen::over(resets, &ledger, &log)
}
