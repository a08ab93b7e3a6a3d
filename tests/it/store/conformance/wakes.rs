//! Watching, signals, counting, closing.

use std::sync::Arc;

use bytes::Bytes;
use kommutator::model::ids::NodeId;
use kommutator::model::time::Time;
use kommutator::store::batch::Batch;
use kommutator::store::port::{CommitError, Partition, Scan, StoreError};

use crate::store::harness::{EngineUnderTest, HOME, append, batch, entries, key, refusal, soon, stream};

pub(crate) async fn a_commit_wakes_the_watchers<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let second = test.second().await.unwrap_or_else(|| Arc::clone(test.engine()));
    let mut watchers = [test.engine().watch(HOME, &stream("feed")), test.engine().watch(HOME, &stream("feed")), second.watch(HOME, &stream("feed"))];
    for round in 1..=3_u64 {
        for watcher in &mut watchers {
            watcher.mark_unchanged();
        }
        append(test.engine(), "feed", &["v"]).await;
        for watcher in &mut watchers {
            // The value is a hint; who is woken reads. A wake may be early or doubled, never missing.
            soon(async {
                while u64::try_from(entries(&second, "feed").await.len()).unwrap() < round || *watcher.borrow_and_update() < round {
                    watcher.changed().await.unwrap();
                }
            })
            .await;
        }
    }
    // A refused batch wakes nobody, another stream's growth neither.
    let quiet = test.engine().watch(HOME, &stream("other"));
    let mut refused = Batch::new();
    refused.expect("message", key("g", "i"), Some(1));
    refused.append(&stream("other"), "v");
    refusal(test.engine(), refused).await;
    append(test.engine(), "feed", &["v"]).await;
    soon(watchers[0].changed()).await.unwrap();
    assert_eq!(*quiet.borrow(), 0);
}

pub(crate) async fn signals_reach_who_listens<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let second = test.second().await.unwrap_or_else(|| Arc::clone(test.engine()));
    let mut here = test.engine().signals(HOME);
    let mut there = second.signals(HOME);
    let mut elsewhere = test.engine().signals(Partition(1));
    let large = Bytes::from(vec![0xff; 4_096]);
    // A listener on another node may need a moment until it hears: repeated until the first one arrives.
    let mut heard = false;
    soon(async {
        while !heard {
            test.engine().signal(HOME, Bytes::from_static(b"typing \0")).await.unwrap();
            heard = tokio::time::timeout(std::time::Duration::from_millis(200), there.recv()).await.is_ok_and(|got| got.unwrap() == "typing \0");
        }
    })
    .await;
    assert_eq!(soon(here.recv()).await.unwrap(), "typing \0");
    second.signal(HOME, large.clone()).await.unwrap();
    second.signal(Partition(1), Bytes::from_static(b"mine")).await.unwrap();
    soon(async { while here.recv().await.unwrap() != large {} }).await;
    soon(async { while there.recv().await.unwrap() != large {} }).await;
    assert_eq!(soon(elsewhere.recv()).await.unwrap(), "mine");
    // Signals are never stored.
    assert!(test.engine().partitions().await.unwrap().is_empty());
}

pub(crate) async fn a_signal_too_large_is_invalid<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let answer = test.engine().signal(HOME, Bytes::from(vec![0; 4_097])).await;
    assert!(matches!(answer, Err(StoreError::Invalid(_))), "{answer:?}");
}

pub(crate) async fn engines_count<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let before = engine.counts();
    append(engine, "feed", &["v"]).await;
    let mut fenced = batch();
    fenced.fence("login", 1);
    refusal(engine, fenced).await;
    let mut refused = Batch::new();
    refused.expect("message", key("g", "i"), Some(1));
    refusal(engine, refused).await;
    engine.get(HOME, "message", &[key("g", "i")]).await.unwrap();
    engine.scan(HOME, "message", b"g", Scan::first(1)).await.unwrap();
    engine.read(HOME, &stream("feed"), 0, 1).await.unwrap();
    let after = engine.counts();
    assert_eq!((after.committed - before.committed, after.fenced - before.fenced, after.reads - before.reads), (1, 1, 3));
    assert!(["sqlite", "redis"].contains(&engine.name()));
    engine.ping().await.unwrap();
}

pub(crate) async fn a_closed_engine_is_unavailable<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    // What was accepted before is finished.
    let mut accepted = Vec::new();
    for _ in 0..20 {
        let engine = Arc::clone(engine);
        let mut one = batch();
        one.append(&stream("feed"), "v");
        accepted.push(tokio::spawn(async move { engine.commit(HOME, one).await }));
    }
    for one in accepted {
        one.await.unwrap().unwrap();
    }
    engine.close().await;
    let committed = engine.commit(HOME, batch()).await;
    assert!(matches!(committed, Err(CommitError::Store(StoreError::Unavailable(_)))), "{committed:?}");
    let closed = |answer: Result<(), StoreError>| assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    closed(engine.get(HOME, "message", &[key("g", "i")]).await.map(drop));
    closed(engine.read(HOME, &stream("feed"), 0, 1).await.map(drop));
    closed(engine.due(HOME, Time(0), 1).await.map(drop));
    closed(engine.claim(HOME, "login", NodeId(1), None).await.map(drop));
    closed(engine.heartbeat(NodeId(1), 1_000).await.map(drop));
    closed(engine.ping().await);
    closed(engine.signal(HOME, Bytes::from_static(b"v")).await);
    // Closing twice is harmless.
    engine.close().await;
}
