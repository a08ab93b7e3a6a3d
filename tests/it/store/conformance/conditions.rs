//! Once keys, what is checked first, what a refused batch leaves, and its neighbours.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use kommutator::model::ids::NodeId;
use kommutator::model::time::Time;
use kommutator::store::batch::Batch;
use kommutator::store::port::{CommitError, Partition, Refusal, Scan};

use crate::store::harness::{
    EngineUnderTest, HOME, append, batch, commit, entries, entry, everything, insert, items, key, refusal, soon, stream, unique,
};

fn once(once_key: impl AsRef<[u8]>, lifetime_ms: i64, answer: impl Into<Bytes>) -> Batch {
    let mut batch = Batch::new();
    batch.once(once_key.as_ref().to_vec(), lifetime_ms, answer);
    batch
}

pub(crate) async fn a_once_key_gives_back_the_first_answer<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    for (once_key, answer) in [(&b"k"[..], &b"first"[..]), (b"", b""), (b"\0\xff", b"\xff\0"), (&[0xff; 512], b"long")] {
        assert_eq!(engine.answer(HOME, once_key).await.unwrap(), None);
        commit(engine, once(once_key, 60_000, answer.to_vec())).await;
        assert_eq!(refusal(engine, once(once_key, 60_000, "second")).await, Refusal::Seen { answer: answer.to_vec().into() });
        assert_eq!(engine.answer(HOME, once_key).await.unwrap().unwrap(), answer);
    }
    // Another partition knows nothing of it.
    engine.commit(Partition(1), once("k", 60_000, "elsewhere")).await.unwrap();
    assert_eq!(engine.answer(HOME, b"k").await.unwrap().unwrap(), "first");
}

pub(crate) async fn a_once_key_is_free_after_its_lifetime<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    commit(engine, once("short", 30, "first")).await;
    commit(engine, once("long", 600_000, "first")).await;
    soon(async { while engine.answer(HOME, b"short").await.unwrap().is_some() {} }).await;
    // What the store answers and what it commits follow the same clock.
    commit(engine, once("short", 600_000, "second")).await;
    assert_eq!(engine.answer(HOME, b"short").await.unwrap().unwrap(), "second");
    assert_eq!(refusal(engine, once("short", 60_000, "third")).await, Refusal::Seen { answer: "second".into() });
    assert_eq!(refusal(engine, once("long", 60_000, "third")).await, Refusal::Seen { answer: "first".into() });
    // Trying alone also ends: a refused try does not lengthen the life of the key.
    commit(engine, once("tried", 50, "first")).await;
    soon(async {
        while let Err(error) = engine.commit(HOME, once("tried", 600_000, "second")).await {
            assert_eq!(error, CommitError::Refused(Refusal::Seen { answer: "first".into() }));
        }
    })
    .await;
}

pub(crate) async fn once_keys_survive_a_restart<E: EngineUnderTest>() {
    let mut test = E::fresh().await;
    commit(test.engine(), once("k", 600_000, "first")).await;
    test.restart().await;
    assert_eq!(test.engine().answer(HOME, b"k").await.unwrap().unwrap(), "first");
    assert_eq!(refusal(test.engine(), once("k", 600_000, "second")).await, Refusal::Seen { answer: "first".into() });
}

pub(crate) async fn the_first_condition_that_fails_is_named<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    commit(engine, once("used", 600_000, "answer")).await;
    engine.claim(HOME, "login", NodeId(1), None).await.unwrap().unwrap();
    insert(engine, key("g", "there"), "v", Vec::new()).await;
    // One failing condition of each kind; put in every rotation, the first of them is the one that is named.
    type Add = fn(&mut Batch);
    let kinds: [(Add, Refusal); 5] = [
        (|batch| batch.fence("login", 9), Refusal::Fenced { owner: "login".to_owned() }),
        (|batch| batch.once(b"used".to_vec(), 1_000, ""), Refusal::Seen { answer: "answer".into() }),
        (|batch| batch.take(&stream("mailbox"), 3), Refusal::Gone { stream: stream("mailbox"), number: 3 }),
        (|batch| batch.take_timer(b"t", Time(5)), Refusal::TimerGone),
        (|batch| batch.expect("message", key("g", "there"), None), Refusal::Conflict { table: "message", key: key("g", "there") }),
    ];
    for first in 0..kinds.len() {
        let mut failing = Batch::new();
        failing.fence("login", 1);
        failing.once(format!("fresh {first}").into_bytes(), 600_000, "");
        failing.expect("message", key("g", "there"), Some(1));
        for at in 0..kinds.len() {
            kinds[(first + at) % kinds.len()].0(&mut failing);
        }
        failing.append(&stream("feed"), "never");
        assert_eq!(refusal(engine, failing).await, kinds[first].1);
        assert_eq!(engine.answer(HOME, format!("fresh {first}").as_bytes()).await.unwrap(), None);
    }
    assert!(entries(engine, "feed").await.is_empty());
}

pub(crate) async fn a_refused_batch_leaves_nothing<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    insert(engine, key("g", "a"), "v", vec![entry("by_time", "all", "1"), unique("by_id", "", "a")]).await;
    insert(engine, key("g", "b"), "v", vec![unique("by_id", "", "b")]).await;
    append(engine, "mailbox", &["x", "y"]).await;
    let mut before = batch();
    before.increment(b"day".to_vec(), b"in".to_vec(), 5);
    before.set_timer(b"t", Time(50), "timer");
    before.set_timer(b"u", Time(60), "timer");
    commit(engine, before).await;
    let stood = everything(engine, HOME).await;

    let everything_at_once = || {
        let mut batch = Batch::new();
        batch.once(b"fresh".to_vec(), 600_000, "answer");
        batch.take(&stream("mailbox"), 1);
        batch.take_timer(b"t", Time(50));
        batch.put("message", key("g", "a"), Some(1), "w", vec![entry("by_time", "all", "2")], vec![entry("by_time", "all", "1")]);
        batch.put("message", key("g", "c"), None, "w", vec![unique("by_id", "", "c")], Vec::new());
        batch.append(&stream("mailbox"), "z");
        batch.append(&stream("feed"), "z");
        batch.trim(&stream("mailbox"), 9);
        batch.increment(b"day".to_vec(), b"in".to_vec(), 1);
        batch.set_timer(b"u", Time(70), "moved");
        batch.set_timer(b"new", Time(70), "new");
        batch.clear_timer(b"u");
        batch
    };
    let mut conflict = everything_at_once();
    conflict.expect("message", key("g", "nowhere"), Some(1));
    assert_eq!(refusal(engine, conflict).await, Refusal::Conflict { table: "message", key: key("g", "nowhere") });
    assert_eq!(everything(engine, HOME).await, stood);
    // The unique check comes last; what was done before it must not stay either.
    let mut taken = everything_at_once();
    taken.put("message", key("g", "d"), None, "w", vec![unique("by_id", "", "b")], Vec::new());
    assert_eq!(refusal(engine, taken).await, Refusal::NotUnique { table: "message", index: "by_id", holder: key("g", "b") });
    assert_eq!(everything(engine, HOME).await, stood);
    // And the same without the failing part goes through, whole.
    assert_eq!(commit(engine, everything_at_once()).await.numbers, [3, 1]);
    assert_ne!(everything(engine, HOME).await, stood);
}

pub(crate) async fn refused_batches_do_not_disturb_their_neighbours<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    insert(engine, key("g", "there"), "v", Vec::new()).await;
    let commits = (0..300_u32).map(|number| {
        let engine = Arc::clone(engine);
        tokio::spawn(async move {
            let mut batch = Batch::new();
            batch.put("message", key("h", number.to_be_bytes()), None, "v", vec![entry("by_time", "all", "1")], Vec::new());
            batch.append(&stream("feed"), number.to_string());
            batch.increment(b"day".to_vec(), b"in".to_vec(), 1);
            if number % 3 == 0 {
                batch.expect("message", key("g", "there"), None);
            }
            (number, engine.commit(HOME, batch).await)
        })
    });
    let mut given = Vec::new();
    for done in join_all(commits).await {
        let (number, answer) = done.unwrap();
        if number % 3 == 0 {
            assert_eq!(answer, Err(CommitError::Refused(Refusal::Conflict { table: "message", key: key("g", "there") })));
        } else {
            given.push((answer.unwrap().numbers[0], number.to_string()));
        }
    }
    given.sort();
    assert_eq!(given.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (1..=200).collect::<Vec<u64>>());
    assert_eq!(entries(engine, "feed").await, given);
    assert_eq!(items(engine, "h", Scan::first(1_000)).await.len(), 200);
    assert_eq!(engine.count_index(HOME, "message", "by_time", b"all").await.unwrap(), 200);
    assert_eq!(engine.counters(HOME, b"day").await.unwrap(), [(b"in".to_vec(), 200)]);
}

pub(crate) async fn of_many_at_once_one_wins<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    append(engine, "mailbox", &["work"]).await;
    let mut timer = batch();
    timer.set_timer(b"t", Time(5), "");
    commit(engine, timer).await;
    for kind in 0..5_u32 {
        let commits = (0..40_u32).map(|number| {
            let engine = Arc::clone(engine);
            tokio::spawn(async move {
                let mut batch = Batch::new();
                match kind {
                    0 => batch.put("message", key("g", "new"), None, number.to_string(), Vec::new(), Vec::new()),
                    1 => batch.once(b"k".to_vec(), 600_000, number.to_string()),
                    2 => batch.take(&stream("mailbox"), 1),
                    3 => batch.take_timer(b"t", Time(5)),
                    _ => batch.put("message", key("h", number.to_be_bytes()), None, "", vec![unique("by_id", "", "one")], Vec::new()),
                }
                batch.append(&stream(&format!("feed {kind}")), number.to_string());
                engine.commit(HOME, batch).await
            })
        });
        let answers: Vec<_> = join_all(commits).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "kind {kind}: {answers:?}");
        assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(CommitError::Refused(_)))).count(), 39, "kind {kind}: {answers:?}");
        assert_eq!(entries(engine, &format!("feed {kind}")).await.len(), 1);
    }
}
