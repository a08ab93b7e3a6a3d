//! Batches that are wrong in themselves are refused before anything happens, and the largest right ones go through.

use kommutator::model::ids::NodeId;
use kommutator::model::time::Time;
use kommutator::store::batch::{BATCH_BYTES, BATCH_LIMIT, Batch};
use kommutator::store::port::{CommitError, RecordKey, Scan, StoreError};

use crate::store::harness::{EngineUnderTest, HOME, batch, commit, entry, items, key, stream, unique};

async fn assert_invalid<E: EngineUnderTest>(test: &E, wrong: Batch, what: &str) {
    let answer = test.engine().commit(HOME, wrong).await;
    assert!(matches!(answer, Err(CommitError::Store(StoreError::Invalid(_)))), "{what}: {answer:?}");
}

pub(crate) async fn a_batch_without_a_condition_is_invalid<E: EngineUnderTest>() {
    let test = E::fresh().await;
    assert_invalid(&test, Batch::new(), "empty").await;
    let mut effects_only = Batch::new();
    effects_only.append(&stream("feed"), "v");
    assert_invalid(&test, effects_only, "no condition").await;
    let mut fenced_only = Batch::new();
    fenced_only.fence("login", 1);
    fenced_only.append(&stream("feed"), "v");
    assert_invalid(&test, fenced_only, "a fence makes no repeat safe").await;
    assert!(test.engine().partitions().await.unwrap().is_empty());
}

pub(crate) async fn a_batch_too_large_is_invalid<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let mut effects = batch();
    let mut conditions = batch();
    for number in 0..=BATCH_LIMIT {
        effects.append(&stream("feed"), "v");
        conditions.expect("message", key("g", number.to_be_bytes()), None);
    }
    assert_invalid(&test, effects, "too many effects").await;
    assert_invalid(&test, conditions, "too many conditions").await;
    let mut bytes = batch();
    bytes.append(&stream("feed"), vec![0; BATCH_BYTES / 2]);
    bytes.put("message", key("g", "i"), None, vec![0; BATCH_BYTES / 2], Vec::new(), Vec::new());
    bytes.set_timer(b"t", Time(1), "x");
    assert_invalid(&test, bytes, "too many bytes").await;
    let mut answer = Batch::new();
    answer.once(b"k".to_vec(), 1_000, vec![0; BATCH_BYTES + 1]);
    assert_invalid(&test, answer, "too large an answer").await;
    assert!(test.engine().partitions().await.unwrap().is_empty());
}

pub(crate) async fn keys_too_long_are_invalid<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let long = vec![b'a'; 513];
    let wrong_key = |key: RecordKey| {
        let mut batch = batch();
        batch.put("message", key, None, "v", Vec::new(), Vec::new());
        batch
    };
    assert_invalid(&test, wrong_key(key(&long, "")), "group").await;
    assert_invalid(&test, wrong_key(key("", &long)), "item").await;
    for index in [entry("by_time", &long, ""), entry("by_time", "", &long), unique("by_id", &long, ""), unique("by_id", "", &long)] {
        let mut added = batch();
        added.put("message", key("g", "i"), None, "v", vec![index.clone()], Vec::new());
        assert_invalid(&test, added, "added index entry").await;
        let mut removed = batch();
        removed.delete("message", key("g", "i"), 1, vec![index]);
        assert_invalid(&test, removed, "removed index entry").await;
    }
    let mut expected = Batch::new();
    expected.expect("message", key(&long, ""), None);
    assert_invalid(&test, expected, "expected key").await;
    let mut once = Batch::new();
    once.once(long.clone(), 1_000, "");
    assert_invalid(&test, once, "once key").await;
    for lifetime in [0, -1] {
        let mut once = Batch::new();
        once.once(b"k".to_vec(), lifetime, "");
        assert_invalid(&test, once, "a lifetime that is none").await;
    }
    for name in ["", &"s".repeat(65), "имя"] {
        let mut append = batch();
        append.append(&stream(name), "v");
        assert_invalid(&test, append, "stream's name").await;
        let mut take = Batch::new();
        take.take(&stream(name), 1);
        assert_invalid(&test, take, "stream's name").await;
        let mut trim = batch();
        trim.trim(&stream(name), 1);
        assert_invalid(&test, trim, "stream's name").await;
    }
    let mut counter = batch();
    counter.increment(long.clone(), Vec::new(), 1);
    assert_invalid(&test, counter, "counter's group").await;
    let mut step = batch();
    step.increment(b"g".to_vec(), b"i".to_vec(), i64::MAX);
    assert_invalid(&test, step, "a step that could overflow").await;
    for name in ["", &"n".repeat(513)] {
        let mut fenced = batch();
        fenced.fence(name, 1);
        assert_invalid(&test, fenced, "an owner's name").await;
        let claimed = test.engine().claim(HOME, name, NodeId(1), None).await;
        assert!(matches!(claimed, Err(StoreError::Invalid(_))), "{claimed:?}");
    }
    let mut timer = batch();
    timer.set_timer(&long, Time(1), "");
    assert_invalid(&test, timer, "timer's name").await;
    assert!(test.engine().partitions().await.unwrap().is_empty());
}

pub(crate) async fn writing_one_thing_twice_in_a_batch_is_invalid<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let mut record = Batch::new();
    record.put("message", key("g", "i"), None, "v", Vec::new(), Vec::new());
    record.put("message", key("g", "i"), None, "w", Vec::new(), Vec::new());
    assert_invalid(&test, record, "one record put twice").await;
    let mut gone = Batch::new();
    gone.put("message", key("g", "i"), Some(1), "v", Vec::new(), Vec::new());
    gone.delete("message", key("g", "i"), 1, Vec::new());
    assert_invalid(&test, gone, "one record put and deleted").await;
    let mut once = Batch::new();
    once.once(b"k".to_vec(), 1_000, "a");
    once.once(b"k".to_vec(), 1_000, "b");
    assert_invalid(&test, once, "one once key twice").await;
    // Two tables may have the same key.
    let mut apart = Batch::new();
    apart.put("message", key("g", "i"), None, "v", Vec::new(), Vec::new());
    apart.put("conversation", key("g", "i"), None, "v", Vec::new(), Vec::new());
    commit(test.engine(), apart).await;
}

pub(crate) async fn the_largest_batches_are_committed<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let mut many = Batch::new();
    for number in 0..BATCH_LIMIT {
        many.put("message", key("g", number.to_be_bytes()), None, "v", vec![entry("by_time", "all", number.to_be_bytes())], Vec::new());
    }
    commit(test.engine(), many).await;
    assert_eq!(items(test.engine(), "g", Scan::first(5_000)).await.len(), BATCH_LIMIT);
    let mut bytes = Batch::new();
    bytes.put("message", key("h", ""), None, vec![7; BATCH_BYTES], vec![entry("by_time", "large", vec![0xff; 512])], Vec::new());
    commit(test.engine(), bytes).await;
    let found = test.engine().scan(HOME, "message", b"h", Scan::first(1)).await.unwrap();
    assert!(found[0].value.len() == BATCH_BYTES && found[0].value.iter().all(|byte| *byte == 7));
}
