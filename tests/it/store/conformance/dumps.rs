//! Dump and load.

use std::collections::HashSet;
use std::sync::Arc;

use kommutator::model::ids::NodeId;
use kommutator::model::time::Time;
use kommutator::store::batch::Batch;
use kommutator::store::port::{DumpItem, Engine, Ownership, Partition, Refusal};

use crate::store::harness::{EngineUnderTest, HOME, append, batch, commit, entry, everything, insert, key, refusal, stream, unique};
use crate::store::sample;

pub(crate) async fn partitions_are_listed<E: EngineUnderTest>() {
    let mut test = E::fresh().await;
    assert!(test.engine().partitions().await.unwrap().is_empty());
    // Whatever a partition holds, it is listed; a record, an entry, a counter, a once key, a timer, an owner.
    for (number, fill) in (0_u32..).zip([
        (|batch| batch.put("message", key("", ""), None, "", Vec::new(), Vec::new())) as fn(&mut Batch),
        |batch| batch.append(&stream("feed"), ""),
        |batch| batch.increment(Vec::new(), Vec::new(), 1),
        |_| {},
        |batch| batch.set_timer(b"", Time(1), ""),
    ]) {
        let mut batch = batch();
        fill(&mut batch);
        test.engine().commit(Partition(number * 1_000), batch).await.unwrap();
    }
    test.engine().claim(Partition(u32::MAX), "login", NodeId(1), None).await.unwrap().unwrap();
    let mut listed = test.engine().partitions().await.unwrap();
    listed.sort();
    assert_eq!(listed, [0, 1_000, 2_000, 3_000, 4_000, u32::MAX].map(Partition));
    test.restart().await;
    let mut listed = test.engine().partitions().await.unwrap();
    listed.sort();
    assert_eq!(listed, [0, 1_000, 2_000, 3_000, 4_000, u32::MAX].map(Partition));
}

/// Copies every partition through the port.
pub(crate) async fn copy(from: &Arc<dyn Engine>, to: &Arc<dyn Engine>) {
    for partition in from.partitions().await.unwrap() {
        let mut place = None;
        loop {
            let (items, next) = from.dump(partition, place).await.unwrap();
            to.load(partition, items).await.unwrap();
            place = next;
            if place.is_none() {
                break;
            }
        }
    }
}

/// What one engine dumps another loads and answers every read as the first does. Also used across engines.
pub(crate) async fn a_dump_loads_elsewhere<From: EngineUnderTest, To: EngineUnderTest>() {
    let from = From::fresh().await;
    sample::fill(from.engine()).await;
    let mut to = To::fresh().await;
    copy(from.engine(), to.engine()).await;
    let answers = sample::answers(from.engine()).await;
    assert_eq!(sample::answers(to.engine()).await, answers);
    for partition in sample::PARTITIONS {
        assert_eq!(everything(to.engine(), partition).await, everything(from.engine(), partition).await);
    }
    to.restart().await;
    assert_eq!(sample::answers(to.engine()).await, answers);
}

pub(crate) async fn a_dump_loads_into_an_empty_store<E: EngineUnderTest>() {
    a_dump_loads_elsewhere::<E, E>().await;
}

pub(crate) async fn a_loaded_store_goes_on<E: EngineUnderTest>() {
    let from = E::fresh().await;
    let engine = from.engine();
    insert(engine, key("g", "a"), "v", vec![unique("by_id", "", "a"), entry("by_time", "all", "1")]).await;
    append(engine, "trimmed", &["a", "b"]).await;
    append(engine, "taken", &["a", "b"]).await;
    let mut gone = Batch::new();
    gone.take(&stream("taken"), 2);
    gone.trim(&stream("trimmed"), 2);
    gone.once(b"k".to_vec(), 600_000, "first");
    commit(engine, gone).await;
    let ann = engine.claim(HOME, "login", NodeId(1), None).await.unwrap();
    let bob = engine.claim(HOME, "login", NodeId(2), ann).await.unwrap().unwrap();
    assert_eq!(bob.token, 2);

    let to = E::fresh().await;
    copy(engine, to.engine()).await;
    let engine = to.engine();
    assert_eq!(append(engine, "trimmed", &["c"]).await, [3]);
    assert_eq!(append(engine, "taken", &["c"]).await, [3]);
    let mut second = batch();
    second.put("message", key("g", "b"), None, "v", vec![unique("by_id", "", "a")], Vec::new());
    assert_eq!(refusal(engine, second).await, Refusal::NotUnique { table: "message", index: "by_id", holder: key("g", "a") });
    let mut seen = Batch::new();
    seen.once(b"k".to_vec(), 600_000, "second");
    assert_eq!(refusal(engine, seen).await, Refusal::Seen { answer: "first".into() });
    let mut update = Batch::new();
    update.put("message", key("g", "a"), Some(1), "w", vec![entry("by_time", "all", "2")], vec![entry("by_time", "all", "1")]);
    commit(engine, update).await;
    assert_eq!(engine.count_index(HOME, "message", "by_time", b"all").await.unwrap(), 1);
    // The token is kept, the node is not: it ran elsewhere. Node 0 is nobody and never alive.
    let nobody = Ownership { node: NodeId(0), token: 2 };
    assert_eq!(engine.owner(HOME, "login").await.unwrap(), Some(nobody));
    let mine = engine.claim(HOME, "login", NodeId(3), Some(nobody)).await.unwrap().unwrap();
    assert_eq!(mine, Ownership { node: NodeId(3), token: 3 });
}

pub(crate) async fn dumps_of_many_items_come_in_parts<E: EngineUnderTest>() {
    let test = E::fresh().await;
    for part in 0..3_u32 {
        let mut records = batch();
        for number in 0..900_u32 {
            let item = (part * 900 + number).to_be_bytes();
            records.put("message", key("g", item), None, vec![1; 200], vec![entry("by_time", "all", item)], Vec::new());
        }
        commit(test.engine(), records).await;
        let mut stream_entries = batch();
        for number in 0..1_500_u32 {
            stream_entries.append(&stream(&format!("log:{}", number % 700)), "v");
            stream_entries.increment(b"day".to_vec(), (part * 1_500 + number).to_be_bytes().to_vec(), 1);
        }
        commit_halves(&test, stream_entries).await;
    }
    let mut large = batch();
    large.put("message", key("large", ""), None, vec![2; 4_000_000], Vec::new(), Vec::new());
    large.append(&stream("large"), vec![3; 4_000_000]);
    commit(test.engine(), large).await;

    let mut place = None;
    let mut parts = 0;
    let mut seen = HashSet::new();
    let mut streams = HashSet::new();
    let mut kinds = [0_u32; 3];
    loop {
        let (items, next) = test.engine().dump(HOME, place).await.unwrap();
        assert!(items.len() <= 2_000, "{} items in one part", items.len());
        for item in items {
            match &item {
                DumpItem::Record { .. } => kinds[0] += 1,
                DumpItem::Index { .. } => kinds[1] += 1,
                DumpItem::Stream { stream, .. } => assert!(streams.insert(stream.clone())),
                DumpItem::Entry { stream, .. } => {
                    kinds[2] += 1;
                    assert!(streams.contains(stream), "a stream's state comes before its entries");
                }
                _ => {}
            }
            assert!(seen.insert(serde_json::to_vec(&item).unwrap()), "an item came twice");
        }
        parts += 1;
        place = next;
        if place.is_none() {
            break;
        }
    }
    assert_eq!(kinds, [2_701, 2_700, 4_501]);
    assert_eq!(streams.len(), 701);
    assert!(parts > 5, "{parts} parts");
    let to = E::fresh().await;
    copy(test.engine(), to.engine()).await;
    assert_eq!(everything(to.engine(), HOME).await, everything(test.engine(), HOME).await);
}

/// Commits a batch of more effects than one may hold in two.
async fn commit_halves<E: EngineUnderTest>(test: &E, whole: Batch) {
    let mut halves = [batch(), batch()];
    let middle = whole.effects.len() / 2;
    for (at, effect) in whole.effects.into_iter().enumerate() {
        halves[usize::from(at >= middle)].effects.push(effect);
    }
    for half in halves {
        commit(test.engine(), half).await;
    }
}
