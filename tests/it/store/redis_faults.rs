//! What a Redis server can do to us: be unfit, full, read-only, forgetful, frozen, killed; and what must hold then.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kommutator::model::ids::NodeId;
use kommutator::model::time::Time;
use kommutator::store::batch::Batch;
use kommutator::store::port::{CommitError, DumpItem, Engine, Partition, Refusal, Scan, StoreError};
use kommutator::store::redis::RedisEngine;

use super::harness::{HOME, append, batch, commit, entries, entry, everything, key, soon, stream};
use crate::support::redis_server::RedisServer;

/// A client of the server beside the engine.
async fn client(server: &RedisServer) -> redis::aio::MultiplexedConnection {
    redis::Client::open(server.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

async fn tell(server: &RedisServer, words: &str) -> redis::Value {
    let mut cmd = redis::Cmd::new();
    for word in words.split(' ') {
        cmd.arg(word);
    }
    cmd.query_async(&mut client(server).await).await.unwrap()
}

async fn open(server: &RedisServer) -> Arc<dyn Engine> {
    RedisEngine::open(&server.url(), None).await.unwrap()
}

async fn opening(server: &RedisServer) -> StoreError {
    RedisEngine::open(&server.url(), None).await.map(drop).unwrap_err()
}

fn store_error<T: std::fmt::Debug>(answer: Result<T, CommitError>) -> StoreError {
    match answer {
        Err(CommitError::Store(error)) => error,
        other => panic!("the store did not fail: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unfit_server_is_refused() {
    let mut server = RedisServer::start();
    open(&server).await.close().await;
    tell(&server, "CONFIG SET maxmemory-policy allkeys-lru").await;
    let StoreError::Unfit(words) = opening(&server).await else { panic!("an evicting server was taken") };
    assert!(words.contains("noeviction") && !words.contains('\n'), "{words}");
    tell(&server, "CONFIG SET maxmemory-policy noeviction").await;

    tell(&server, "SET {g}:format 2").await;
    assert!(matches!(opening(&server).await, StoreError::TooNew(_)));
    tell(&server, "SET {g}:format nonsense").await;
    assert!(matches!(opening(&server).await, StoreError::Corrupt(_)));
    tell(&server, "SET {g}:format 1").await;
    open(&server).await.close().await;

    let wrong = RedisEngine::open("http://user:secret@nowhere", None).await.map(drop).unwrap_err();
    assert!(matches!(&wrong, StoreError::Unfit(words) if !words.contains("secret")), "{wrong}");
    let wrong = RedisEngine::open(&server.url(), Some("{tag}")).await.map(drop).unwrap_err();
    assert!(matches!(wrong, StoreError::Unfit(_)));
    server.kill();
    assert!(matches!(opening(&server).await, StoreError::Unavailable(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn advice_names_what_can_be_lost() {
    let server = RedisServer::start();
    let engine = RedisEngine::open(&server.url(), None).await.unwrap();
    tell(&server, "CONFIG SET maxmemory 1gb").await;
    assert_eq!(engine.advice().await.unwrap(), [""; 0]);
    tell(&server, "CONFIG SET appendfsync everysec").await;
    let advice = engine.advice().await.unwrap();
    assert!(advice.len() == 1 && advice[0].contains("everysec"), "{advice:?}");
    tell(&server, "CONFIG SET appendonly no").await;
    tell(&server, "CONFIG SET maxmemory 0").await;
    let advice = engine.advice().await.unwrap();
    assert!(advice.len() == 2 && advice[0].contains("appendonly") && advice[1].contains("maxmemory"), "{advice:?}");
}

/// Batches whose first write, second write, every kind of write would meet the limit.
fn shapes() -> Vec<Batch> {
    let mut shapes = Vec::new();
    let mut once_first = batch();
    once_first.take(&stream("mailbox"), 1);
    once_first.append(&stream("feed"), "v");
    once_first.increment(b"day".to_vec(), b"in".to_vec(), 1);
    shapes.push(once_first);
    let mut count_first = Batch::new();
    count_first.expect("message", key("g", "nothing"), None);
    count_first.increment(b"day".to_vec(), b"in".to_vec(), 1);
    count_first.append(&stream("feed"), "v");
    shapes.push(count_first);
    let mut take_first = Batch::new();
    take_first.take(&stream("mailbox"), 1);
    take_first.append(&stream("feed"), "v");
    take_first.put("message", key("g", "new"), None, vec![1; 1_000], vec![entry("by_time", "all", "1")], Vec::new());
    take_first.set_timer(b"t", Time(9), "v");
    take_first.increment(b"day".to_vec(), b"in".to_vec(), 1);
    shapes.push(take_first);
    let mut put_first = Batch::new();
    put_first.put("message", key("h", "new"), None, vec![1; 1_000], vec![entry("by_time", "all", "1")], Vec::new());
    put_first.append(&stream("feed"), "v");
    shapes.push(put_first);
    shapes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_commits_a_batch_whole_or_not_at_all() {
    let server = RedisServer::start();
    let engine = open(&server).await;
    append(&engine, "mailbox", &["work"]).await;
    let mut refused = 0;
    for shape in shapes() {
        let before = everything(&engine, HOME).await;
        tell(&server, "CONFIG SET maxmemory 1").await;
        let answer = engine.commit(HOME, shape.clone()).await;
        let after = everything(&engine, HOME).await;
        if answer.is_err() {
            refused += 1;
            assert!(matches!(store_error(answer), StoreError::Full(_)));
            assert_eq!(after, before);
        }
        tell(&server, "CONFIG SET maxmemory 0").await;
        // Committed or not: with room the same batch leaves exactly what a batch that met no limit leaves.
        let fresh = RedisServer::start();
        let twin = open(&fresh).await;
        append(&twin, "mailbox", &["work"]).await;
        let _ = engine.commit(HOME, shape.clone()).await;
        twin.commit(HOME, shape).await.unwrap();
        let only_here = |lines: Vec<String>| lines.into_iter().filter(|line| !line.contains("\"once\"")).collect::<Vec<_>>();
        assert_eq!(only_here(everything(&engine, HOME).await), only_here(everything(&twin, HOME).await));
        tell(&server, "FLUSHALL").await;
        append(&engine, "mailbox", &["work"]).await;
    }
    assert!(refused >= 3, "{refused} refused");
    // A full store can still be read.
    tell(&server, "CONFIG SET maxmemory 1").await;
    engine.ping().await.unwrap();
    assert_eq!(entries(&engine, "mailbox").await.len(), 1);
    let counter = DumpItem::Counter { group: Vec::new(), item: Vec::new(), value: 1 };
    assert!(matches!(engine.load(HOME, vec![counter]).await, Err(StoreError::Full(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_takes_no_writes() {
    let server = RedisServer::start();
    let engine = open(&server).await;
    append(&engine, "feed", &["a"]).await;
    tell(&server, "REPLICAOF 127.0.0.1 1").await;
    assert!(matches!(store_error(engine.commit(HOME, batch()).await), StoreError::ReadOnly(_)));
    assert!(matches!(engine.claim(HOME, "login", NodeId(1), None).await, Err(StoreError::ReadOnly(_))));
    assert_eq!(entries(&engine, "feed").await.len(), 1);
    tell(&server, "REPLICAOF NO ONE").await;
    assert_eq!(append(&engine, "feed", &["b"]).await, [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgotten_scripts_are_loaded_again() {
    let server = RedisServer::start();
    let engine = open(&server).await;
    append(&engine, "feed", &["a"]).await;
    tell(&server, "SCRIPT FLUSH SYNC").await;
    let commits = (0..50).map(|_| async { append(&engine, "feed", &["v"]).await });
    let numbers: HashSet<u64> = join_all(commits).await.into_iter().flatten().collect();
    assert_eq!(numbers.len(), 50);
    tell(&server, "SCRIPT FLUSH SYNC").await;
    assert_eq!(engine.scan(HOME, "message", b"g", Scan::first(1)).await.unwrap(), []);
    engine.heartbeat(NodeId(1), 1_000).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_is_unavailable_in_time() {
    let mut server = RedisServer::start();
    let engine = open(&server).await;
    append(&engine, "feed", &["a"]).await;
    let mut watcher = engine.watch(HOME, &stream("feed"));
    server.kill();
    let started = Instant::now();
    let feed = stream("feed");
    let (committed, read, pinged) = tokio::join!(engine.commit(HOME, batch()), engine.read(HOME, &feed, 0, 1), engine.ping());
    assert!(matches!(store_error(committed), StoreError::Unavailable(_) | StoreError::Unclear(_)));
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert!(matches!(pinged, Err(StoreError::Unavailable(_))), "{pinged:?}");
    // The connection is known to be dead by now: nothing is sent.
    assert!(matches!(store_error(engine.commit(HOME, batch()).await), StoreError::Unavailable(_)));
    assert!(matches!(engine.claim(HOME, "login", NodeId(1), None).await, Err(StoreError::Unavailable(_))));
    assert!(started.elapsed() < Duration::from_secs(11), "{:?}", started.elapsed());
    server.restart();
    soon(async { while engine.ping().await.is_err() {} }).await;
    append(&engine, "feed", &["b"]).await;
    soon(async {
        while *watcher.borrow_and_update() < 2 {
            watcher.changed().await.unwrap()
        }
    })
    .await;
    assert_eq!(entries(&engine, "feed").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_leaves_a_sent_commit_unclear() {
    let server = RedisServer::start();
    let engine = open(&server).await;
    append(&engine, "feed", &["a"]).await;
    let mut unclear = Batch::new();
    unclear.once(b"k".to_vec(), 600_000, "first");
    unclear.append(&stream("feed"), "b");
    // The server takes what is sent and answers nobody's writes.
    tell(&server, "CLIENT PAUSE 60000 WRITE").await;
    let started = Instant::now();
    assert!(matches!(store_error(engine.commit(HOME, unclear.clone()).await), StoreError::Unclear(_)));
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    tell(&server, "CLIENT UNPAUSE").await;
    // Whichever of the two came first, it happened once.
    match engine.commit(HOME, unclear).await {
        Ok(_) | Err(CommitError::Refused(Refusal::Seen { .. })) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(entries(&engine, "feed").await.len(), 2);
}

/// Commits until it is certain, as callers do: an unclear or failed commit is tried again with the same conditions.
async fn surely(engine: &Arc<dyn Engine>, partition: Partition, batch: &Batch) {
    loop {
        match engine.commit(partition, batch.clone()).await {
            Ok(_) | Err(CommitError::Refused(Refusal::Seen { .. })) => return,
            Err(CommitError::Store(StoreError::Unavailable(_) | StoreError::Unclear(_))) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_connections_and_servers_die_under_load() {
    const WRITERS: u64 = 16;
    let mut server = RedisServer::start();
    let engine = open(&server).await;
    let stop = Arc::new(AtomicBool::new(false));
    let accepted = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (engine, stop, accepted) = (Arc::clone(&engine), Arc::clone(&stop), Arc::clone(&accepted));
            tokio::spawn(async move {
                let mut number = 0_u64;
                while !stop.load(Ordering::SeqCst) {
                    number += 1;
                    let mut batch = Batch::new();
                    batch.once([writer.to_be_bytes(), number.to_be_bytes()].concat(), 600_000, "ok");
                    batch.append(&stream("feed"), format!("{writer} {number}"));
                    batch.append(&stream(&format!("log:{writer}")), number.to_string());
                    batch.increment(b"day".to_vec(), b"in".to_vec(), 1);
                    surely(&engine, Partition(u32::try_from(writer % 2).unwrap() + 1), &batch).await;
                    accepted.fetch_add(1, Ordering::SeqCst);
                }
                number
            })
        })
        .collect();
    let more = async |by: u64| {
        let goal = accepted.load(Ordering::SeqCst) + by;
        tokio::time::timeout(Duration::from_secs(30), async {
            while accepted.load(Ordering::SeqCst) < goal {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("the writers go on");
    };
    for _ in 0..3 {
        more(200).await;
        tell(&server, "CLIENT KILL TYPE normal SKIPME yes").await;
        more(200).await;
        tell(&server, "SCRIPT FLUSH ASYNC").await;
        more(200).await;
        tokio::task::block_in_place(|| server.restart());
    }
    more(200).await;
    stop.store(true, Ordering::SeqCst);
    let numbers: Vec<u64> = join_all(writers).await.into_iter().map(Result::unwrap).collect();
    for partition in [Partition(1), Partition(2)] {
        let mut expected: Vec<String> = Vec::new();
        for (writer, number) in (0..WRITERS).zip(&numbers).filter(|(writer, _)| writer % 2 + 1 == u64::from(partition.0)) {
            expected.extend((1..=*number).map(|number| format!("{writer} {number}")));
        }
        let mut found = Vec::new();
        let mut last = 0;
        loop {
            let page = engine.read(partition, &stream("feed"), last, 1_000).await.unwrap();
            let Some((newest, _)) = page.entries.last() else { break };
            last = *newest;
            found.extend(page.entries.iter().map(|(_, value)| String::from_utf8(value.to_vec()).unwrap()));
        }
        // Every writer's own order is the stream's order.
        for (writer, number) in (0..WRITERS).zip(&numbers).filter(|(writer, _)| writer % 2 + 1 == u64::from(partition.0)) {
            let beginning = format!("{writer} ");
            let own: Vec<&String> = found.iter().filter(|line| line.starts_with(&beginning)).collect();
            let wanted: Vec<String> = (1..=*number).map(|number| format!("{writer} {number}")).collect();
            assert!(own.iter().copied().eq(wanted.iter()), "writer {writer}");
        }
        assert_eq!(last, u64::try_from(expected.len()).unwrap(), "numbers have no gaps");
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        let counted = engine.counters(partition, b"day").await.unwrap();
        assert_eq!(counted, [(b"in".to_vec(), i64::try_from(expected.len()).unwrap())]);
    }
    let mut partitions = engine.partitions().await.unwrap();
    partitions.sort();
    assert_eq!(partitions, [Partition(1), Partition(2)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_without_entries_take_no_room() {
    let server = RedisServer::start();
    let engine = open(&server).await;
    append(&engine, "taken", &["a", "b"]).await;
    append(&engine, "trimmed", &["a", "b"]).await;
    let mut done = Batch::new();
    done.take(&stream("taken"), 1);
    done.take(&stream("taken"), 2);
    done.trim(&stream("trimmed"), 2);
    commit(&engine, done).await;
    for name in ["taken", "trimmed"] {
        assert_eq!(tell(&server, &format!("EXISTS {{w7}}:s:{name}")).await, redis::Value::Int(0));
        assert_eq!(append(&engine, name, &["c"]).await, [3]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_of_a_lease_makes_a_node_unsteady() {
    let server = RedisServer::start();
    let engine = open(&server).await;
    let steady = async |lease_ms: i64| engine.heartbeat(NodeId(1), lease_ms).await.unwrap().steady;
    soon(async { while !steady(100).await {} }).await;
    // With a lease of a millisecond, two beats in turn are a gap; from there the lease begins anew.
    soon(async { while steady(1).await {} }).await;
    assert!(!steady(60_000).await);
    soon(async { while !steady(100).await {} }).await;
    // A beat later than now was written before the server's clock went back: it counts as one of now, not for ever.
    let mut future = redis::cmd("HSET");
    future.arg("{g}:nodes").arg(9).arg("99999999999999 1");
    future.exec_async(&mut client(&server).await).await.unwrap();
    let beat = async |lease_ms: i64| engine.heartbeat(NodeId(1), lease_ms).await.unwrap().alive;
    assert_eq!(beat(100).await, [NodeId(1), NodeId(9)]);
    soon(async { while beat(100).await.len() > 1 {} }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prefixes_and_databases_are_apart() {
    let server = RedisServer::start();
    let one = open(&server).await;
    let two: Arc<dyn Engine> = RedisEngine::open(&server.url(), Some("two:")).await.unwrap();
    let three: Arc<dyn Engine> = RedisEngine::open(&format!("{}3", server.url()), None).await.unwrap();
    let mut signals = [two.signals(HOME), three.signals(HOME), one.signals(HOME)];
    append(&one, "feed", &["a"]).await;
    for other in [&two, &three] {
        assert!(entries(other, "feed").await.is_empty());
        assert!(other.partitions().await.unwrap().is_empty());
        assert!(everything(other, HOME).await.is_empty());
    }
    // Channels are shared by a server's databases, so they carry the database's number.
    one.signal(HOME, "mine".into()).await.unwrap();
    two.signal(HOME, "two".into()).await.unwrap();
    three.signal(HOME, "three".into()).await.unwrap();
    for (receiver, expected) in signals.iter_mut().zip(["two", "three", "mine"]) {
        assert_eq!(soon(receiver.recv()).await.unwrap(), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_is_woken_also_after_the_server_came_back() {
    let mut server = RedisServer::start();
    let (one, two) = (open(&server).await, open(&server).await);
    let mut watcher = two.watch(HOME, &stream("feed"));
    for round in 1..=3_usize {
        append(&one, "feed", &["v"]).await;
        soon(async {
            while entries(&two, "feed").await.len() < round {
                watcher.changed().await.unwrap();
            }
        })
        .await;
        tokio::task::block_in_place(|| server.restart());
        soon(async { while one.ping().await.is_err() || two.ping().await.is_err() {} }).await;
    }
}
