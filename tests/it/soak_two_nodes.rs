//! Two nodes over one Redis: the visitor on one, the manager on the other. Signals cross; the owner of the login dies, is stopped
//! and woken, or ends gracefully; nothing is lost or doubled, and nobody has to load anew.

use std::time::{Duration, Instant};

use kommutator::store::redis::RedisEngine;
use serde_json::{Value, json};

use crate::support::client::{Accepted, Client, Happened, Role, id_of, whole_log};
use crate::support::ledger::Ledger;
use crate::support::node::{Node, Plan, full, report, until};
use crate::support::recount::recount;
use crate::support::redis_server::RedisServer;

/// The shortest lease the configuration takes.
const LEASE: Duration = Duration::from_secs(3);

struct Cluster {
    redis: RedisServer,
    nodes: [Node; 2],
    _folder: tempfile::TempDir,
}

fn cluster() -> Cluster {
    let (folder, redis) = (tempfile::tempdir().unwrap(), RedisServer::start());
    let plan = |name: &str| Plan::new(&folder.path().join(name)).redis(&redis.url()).with("--limits", "off").with("--lease-seconds", "3");
    // One after the other: the first makes the workspace and owns the login.
    let nodes = ["one", "two"].map(|name| Node::start(&plan(name)));
    Cluster { redis, nodes, _folder: folder }
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

    async fn finish(self, ledger: &Ledger, survivor: usize) -> (usize, usize) {
        let log = whole_log(&self.nodes[survivor].url(), &self.nodes[0].printed.token).await;
        let counted = ledger.compare(&log);
        let Self { redis, nodes, .. } = self;
        tokio::task::block_in_place(|| drop(nodes));
        let engine: std::sync::Arc<dyn kommutator::store::port::Engine> = RedisEngine::open(&redis.url(), None).await.unwrap();
        recount(&engine).await;
        engine.close().await;
        counted
    }
}

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
    let accepted = wait_for(client, key, |_, happened| match happened {
        Happened::Accepted(accepted) if accepted.client_id == key => Some(accepted),
        _ => None,
    })
    .await;
    ledger.note(writer, accepted.clone());
    accepted
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
    let mut cluster = tokio::task::block_in_place(cluster);
    let ledger = Ledger::new();
    let mut measured = Vec::new();
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
        // The owner dies. The visitor was on it, the manager was not.
        let killed = Instant::now();
        tokio::task::block_in_place(|| cluster.nodes[owner].kill());
        number += 1;
        let (names, keys) = ([writer.clone(), format!("manager{round}")], [format!("v{number}"), format!("m{number}")]);
        let (one, two) = tokio::join!(
            send(&mut visitor, &ledger, &names[0], &keys[0], None),
            send(&mut manager, &ledger, &names[1], &keys[1], Some(&conversation))
        );
        let back = killed.elapsed();
        measured.push(back);
        shown(&mut manager, &one.id).await;
        shown(&mut visitor, &two.id).await;
        assert!(back < LEASE * 2 + Duration::from_secs(12), "service is back after {back:.1?}\n{}", cluster.nodes[other].log());
        assert_eq!((visitor.resumes, visitor.resets, manager.resets), (1, 0, 0), "nobody loads anew");
        assert!(visitor.wrong.is_empty() && manager.wrong.is_empty());
        let plan = cluster.nodes[owner].plan.clone();
        cluster.nodes[owner] = tokio::task::block_in_place(|| Node::start(&plan));
        number += 1;
    }
    let survivor = cluster.owner().await;
    let (accepted, repeated) = cluster.finish(&ledger, survivor).await;
    let most = measured.iter().max().unwrap();
    report(
        "soak_two_nodes",
        "Two nodes over one Redis with a lease of 3 s. The node that owns the login is killed (SIGKILL) while visitor and manager write; both go on by themselves.",
        &[
            ("kills of the owner", rounds.to_string()),
            ("messages accepted, answers that were repeated ones", format!("{accepted}, {repeated}")),
            ("lost, doubled, loaded anew", "0, 0, 0".to_owned()),
            ("from the kill until both were served, most", format!("{most:.1?}")),
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_two_nodes_a_stopped_owner_is_fenced() {
    let cluster = tokio::task::block_in_place(cluster);
    let ledger = Ledger::new();
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
    // A frame that reaches the stopped node: it has it in hand when it wakes.
    cluster.nodes[owner].signal("STOP");
    stays.send("v1", None, "слово v1", &[], false).await;
    for number in 1..=20 {
        visitor.send(&format!("v{number}"), None, &format!("слово v{number}"), &[], false).await;
    }
    // The other node takes over within the lease and answers all of it.
    let stopped = Instant::now();
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
    // Still asleep for the rest of three leases, then it wakes with the unfinished work.
    tokio::time::sleep((LEASE * 3).saturating_sub(stopped.elapsed())).await;
    cluster.nodes[owner].signal("CONT");
    // Its clients' sockets are read again: what they said meanwhile is handled.
    let fenced = until("the late commit is refused", Duration::from_secs(30), async || {
        let fenced = cluster.nodes[owner].metric("kommutator_store_fenced_total").await;
        (fenced > 0.0).then_some(fenced)
    })
    .await;
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
    assert_eq!((visitor.resets, manager.resets), (0, 0));
    let (accepted, repeated) = cluster.finish(&ledger, other).await;
    println!(
        "a stopped owner: {accepted} accepted, {repeated} answers were repeated ones, {fenced} late commits refused, service back after {back:.1?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_two_nodes_a_node_that_ends_sends_its_sockets_over() {
    let mut cluster = tokio::task::block_in_place(cluster);
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
