//! An engine under test, and small words for writing tests about it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use kommutator::store::batch::Batch;
use kommutator::store::port::{
    CommitError, Committed, DumpItem, Engine, IndexEntry, IndexPosition, Partition, RawRecord, RecordKey, Refusal, Scan, StreamName,
};

/// One engine on its own fresh data.
#[async_trait]
pub(crate) trait EngineUnderTest: Sized + Send + Sync + 'static {
    /// Opens the engine on an empty store of its own.
    async fn fresh() -> Self;

    /// The open engine.
    fn engine(&self) -> &Arc<dyn Engine>;

    /// Closes the engine, restarts whatever server it stands on, and opens it again on the same data.
    async fn restart(&mut self);

    /// The same store as a second process sees it; `None` where one process owns it.
    async fn second(&self) -> Option<Arc<dyn Engine>>;
}

/// The partition most tests live in.
pub(crate) const HOME: Partition = Partition(7);

/// A record's key.
pub(crate) fn key(group: impl AsRef<[u8]>, item: impl AsRef<[u8]>) -> RecordKey {
    RecordKey { group: group.as_ref().to_vec(), item: item.as_ref().to_vec() }
}

/// A plain index entry.
pub(crate) fn entry(index: &'static str, group: impl AsRef<[u8]>, sort: impl AsRef<[u8]>) -> IndexEntry {
    IndexEntry { index, unique: false, group: group.as_ref().to_vec(), sort: sort.as_ref().to_vec() }
}

/// An entry of a unique index.
pub(crate) fn unique(index: &'static str, group: impl AsRef<[u8]>, sort: impl AsRef<[u8]>) -> IndexEntry {
    IndexEntry { unique: true, ..entry(index, group, sort) }
}

/// A place in an index.
pub(crate) fn position(sort: impl AsRef<[u8]>, key: RecordKey) -> IndexPosition {
    IndexPosition { sort: sort.as_ref().to_vec(), key }
}

/// A stream's name.
pub(crate) fn stream(name: &str) -> StreamName {
    StreamName(name.to_owned())
}

/// A batch with a condition of its own that always holds: a once key nobody else uses.
pub(crate) fn batch() -> Batch {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut batch = Batch::new();
    batch.once(format!("batch {}", NEXT.fetch_add(1, Ordering::Relaxed)).into_bytes(), 600_000, Bytes::new());
    batch
}

/// Commits what must be committed.
pub(crate) async fn commit(engine: &Arc<dyn Engine>, batch: Batch) -> Committed {
    engine.commit(HOME, batch).await.unwrap()
}

/// Commits what must be refused.
pub(crate) async fn refusal(engine: &Arc<dyn Engine>, batch: Batch) -> Refusal {
    match engine.commit(HOME, batch).await {
        Err(CommitError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// Inserts a record of the table `message`.
pub(crate) async fn insert(engine: &Arc<dyn Engine>, key: RecordKey, value: impl Into<Bytes>, indexes: Vec<IndexEntry>) {
    let mut batch = Batch::new();
    batch.put("message", key, None, value, indexes, Vec::new());
    commit(engine, batch).await;
}

/// Appends to a stream.
pub(crate) async fn append(engine: &Arc<dyn Engine>, name: &str, values: &[&str]) -> Vec<u64> {
    let mut batch = batch();
    for value in values {
        batch.append(&stream(name), value.as_bytes().to_vec());
    }
    commit(engine, batch).await.numbers
}

/// Reads one record of the table `message`.
pub(crate) async fn message(engine: &Arc<dyn Engine>, key: &RecordKey) -> Option<RawRecord> {
    engine.get(HOME, "message", std::slice::from_ref(key)).await.unwrap().pop().unwrap()
}

/// What a scan of the table `message` finds: the items.
pub(crate) async fn items(engine: &Arc<dyn Engine>, group: impl AsRef<[u8]>, scan: Scan<Vec<u8>>) -> Vec<Vec<u8>> {
    let found = engine.scan(HOME, "message", group.as_ref(), scan).await.unwrap();
    found.into_iter().map(|record| record.key.item).collect()
}

/// What an index scan of the table `message` finds: the places.
pub(crate) async fn places(engine: &Arc<dyn Engine>, index: &'static str, group: impl AsRef<[u8]>, scan: Scan<IndexPosition>) -> Vec<IndexPosition> {
    let found = engine.scan_index(HOME, "message", index, group.as_ref(), scan).await.unwrap();
    for (place, record) in &found {
        assert_eq!(place.key, record.key, "an index place names the record it comes with");
    }
    found.into_iter().map(|(place, _)| place).collect()
}

/// Numbers and texts of a stream.
pub(crate) async fn entries(engine: &Arc<dyn Engine>, name: &str) -> Vec<(u64, String)> {
    let page = engine.read(HOME, &stream(name), 0, 1_000).await.unwrap();
    page.entries.into_iter().map(|(number, value)| (number, String::from_utf8(value.to_vec()).unwrap())).collect()
}

/// Waits for what must come soon.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("it did not come within ten seconds")
}

/// Everything a partition holds, read through the dump, in an order that does not depend on the engine.
/// What no dump keeps (an owner's node, the time a once key has left) is blanked.
pub(crate) async fn everything(engine: &Arc<dyn Engine>, partition: Partition) -> Vec<String> {
    let mut lines = Vec::new();
    let mut place = None;
    loop {
        let (items, next) = engine.dump(partition, place).await.unwrap();
        for mut item in items {
            if let DumpItem::Once { left_ms, .. } = &mut item {
                assert!(*left_ms > 0, "a dump holds only keys that live");
                *left_ms = 0;
            }
            lines.push(serde_json::to_string(&item).unwrap());
        }
        place = next;
        if place.is_none() {
            break;
        }
    }
    lines.sort();
    lines
}
