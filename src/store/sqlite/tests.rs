//! What only this engine promises: the folder's lock, schema versions, full disks, time limits, backups, sweeping.

use std::future::{Future, poll_fn};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use rusqlite::Connection;
use tempfile::TempDir;

use super::batch::Tables;
use super::writer::Job;
use super::{FILE, SqliteEngine};
use crate::model::ids::NodeId;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Engine, Partition, RecordKey, Scan, StoreError, StreamName};

const HOME: Partition = Partition(7);

fn feed() -> StreamName {
    StreamName("feed".to_owned())
}

/// A batch that puts a new record and appends to the feed.
fn batch(item: u32, value: Vec<u8>) -> Batch {
    let mut batch = Batch::new();
    batch.put("message", RecordKey { group: b"g".to_vec(), item: item.to_be_bytes().to_vec() }, None, value, Vec::new(), Vec::new());
    batch.append(&feed(), item.to_string());
    batch
}

async fn items(engine: &SqliteEngine) -> usize {
    engine.scan(HOME, "message", b"g", Scan::first(10_000)).await.unwrap().len()
}

/// Runs SQL in the writer, outside of any group's promise.
struct Pragma {
    sql: &'static str,
    done: Sender<()>,
}

impl Job for Pragma {
    fn is_abandoned(&self) -> bool {
        false
    }
    fn weight(&self) -> usize {
        usize::MAX
    }
    fn perform(&mut self, tables: &mut Tables<'_>, _: Time) -> rusqlite::Result<usize> {
        tables.connection.query_row(self.sql, [], |_| Ok(())).or_else(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => Ok(()),
            other => Err(other),
        })?;
        Ok(0)
    }
    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) {
        assert_eq!(outcome, Ok(()));
        self.done.send(()).unwrap();
    }
}

async fn pragma(engine: &SqliteEngine, sql: &'static str) {
    let (done, is_done) = channel();
    assert!(engine.writer.send(super::writer::Message::Job(Box::new(Pragma { sql, done }))).await.is_ok());
    tokio::task::spawn_blocking(move || is_done.recv().unwrap()).await.unwrap();
}

/// Keeps the writer busy until it is told to go on.
struct Busy {
    begun: Sender<()>,
    go_on: Receiver<()>,
}

impl Job for Busy {
    fn is_abandoned(&self) -> bool {
        false
    }
    fn weight(&self) -> usize {
        usize::MAX
    }
    fn perform(&mut self, _: &mut Tables<'_>, _: Time) -> rusqlite::Result<usize> {
        self.begun.send(()).unwrap();
        self.go_on.recv().unwrap();
        Ok(0)
    }
    fn finish(self: Box<Self>, _: Result<(), StoreError>) {}
}

async fn busy(engine: &SqliteEngine) -> Sender<()> {
    let (begun, has_begun) = channel();
    let (go, go_on) = channel();
    assert!(engine.writer.send(super::writer::Message::Job(Box::new(Busy { begun, go_on }))).await.is_ok());
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
    go
}

#[tokio::test]
async fn a_writer_that_panicked_is_told_of() {
    let folder = TempDir::new().unwrap();
    let engine = SqliteEngine::open(folder.path()).unwrap();
    assert!(engine.is_alive());
    // It waits for a word from a sender that is gone.
    drop(busy(&engine).await);
    engine.writer.closed().await;
    assert!(!engine.is_alive());
    let refused = engine.commit(HOME, batch(1, Vec::new())).await.unwrap_err();
    assert!(matches!(&refused, CommitError::Store(StoreError::Unavailable(_) | StoreError::Unclear(_))), "{refused}");
}

fn opened(folder: &Path) -> Result<(), StoreError> {
    SqliteEngine::open(folder).map(drop)
}

#[tokio::test]
async fn one_process_owns_the_folder() {
    let folder = TempDir::new().unwrap();
    let first = SqliteEngine::open(folder.path()).unwrap();
    let refused = opened(folder.path()).unwrap_err();
    assert!(matches!(&refused, StoreError::Unavailable(what) if what.contains("in use by another process")), "{refused}");
    assert_eq!(refused.to_string().lines().count(), 1);
    first.commit(HOME, batch(1, Vec::new())).await.unwrap();
    first.close().await;
    let second = SqliteEngine::open(folder.path()).unwrap();
    assert_eq!(items(&second).await, 1);
    second.close().await;
}

#[test]
fn folders_that_are_none_are_named() {
    let folder = TempDir::new().unwrap();
    for missing in [folder.path().join("missing"), folder.path().join("missing").join("deeper")] {
        let error = opened(&missing).unwrap_err();
        assert!(matches!(&error, StoreError::Unavailable(what) if what.contains("missing")), "{error}");
        assert!(!missing.exists());
    }
    let file = folder.path().join("file");
    std::fs::write(&file, "text").unwrap();
    assert!(matches!(opened(&file), Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_newer_schema_and_foreign_files_are_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(FILE);
    SqliteEngine::open(folder.path()).unwrap().close().await;
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let error = opened(folder.path()).unwrap_err();
    assert!(matches!(&error, StoreError::TooNew(what) if what.contains("999")), "{error}");
    assert_eq!(error.to_string().lines().count(), 1);

    std::fs::remove_file(&file).unwrap();
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE somebody_elses (id INTEGER)").unwrap();
    assert!(matches!(opened(folder.path()), Err(StoreError::Corrupt(_))));
    std::fs::write(&file, vec![b'x'; 8_192]).unwrap();
    assert!(matches!(opened(folder.path()), Err(StoreError::Corrupt(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_goes_on_when_freed() {
    let folder = TempDir::new().unwrap();
    let engine = SqliteEngine::open(folder.path()).unwrap();
    engine.commit(HOME, batch(0, Vec::new())).await.unwrap();
    pragma(&engine, "PRAGMA max_page_count = 100").await;
    // One that has no room takes those before it in its group with it, and leaves nothing.
    let go = busy(&engine).await;
    let mut group = Box::pin(join_all((1..=10).map(|item| engine.commit(HOME, batch(item, vec![1; if item == 10 { 1_000_000 } else { 10 }])))));
    // Polled once, all ten are in the queue, in this order.
    assert!(poll_fn(|context| Poll::Ready(group.as_mut().poll(context).is_pending())).await);
    go.send(()).unwrap();
    for answer in group.await {
        assert!(matches!(answer, Err(CommitError::Store(StoreError::Full(_)))), "{answer:?}");
    }
    assert_eq!(items(&engine).await, 1);
    engine.commit(HOME, batch(20, vec![1; 10])).await.unwrap();
    pragma(&engine, "PRAGMA max_page_count = 1000000").await;
    for item in 1..=10 {
        // Numbers given in the group that failed were given to nobody.
        assert_eq!(engine.commit(HOME, batch(item, vec![1; 500_000])).await.unwrap().numbers, [u64::from(item) + 2]);
    }
    assert_eq!(items(&engine).await, 12);
    engine.close().await;
}

#[tokio::test]
async fn a_store_that_takes_no_writes_says_so() {
    let folder = TempDir::new().unwrap();
    let engine = SqliteEngine::open(folder.path()).unwrap();
    engine.commit(HOME, batch(0, Vec::new())).await.unwrap();
    pragma(&engine, "PRAGMA query_only = ON").await;
    let answer = engine.commit(HOME, batch(1, Vec::new())).await;
    assert!(matches!(answer, Err(CommitError::Store(StoreError::ReadOnly(_)))), "{answer:?}");
    assert!(matches!(engine.claim(HOME, "login", NodeId(1), None).await, Err(StoreError::ReadOnly(_))));
    assert_eq!(items(&engine).await, 1);
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_takes_too_long_ends_and_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let engine = SqliteEngine::open_with_limit(folder.path(), Duration::from_millis(50)).unwrap();
    engine.commit(HOME, batch(0, Vec::new())).await.unwrap();
    let go = busy(&engine).await;
    let answer = engine.commit(HOME, batch(1, Vec::new())).await;
    assert!(matches!(answer, Err(CommitError::Store(StoreError::Unclear(_)))), "{answer:?}");
    // The queue is bounded: who finds no place in it is told, and reads go on meanwhile.
    let waiting: Vec<_> = (0..1_200)
        .map(|item| {
            let engine = Arc::clone(&engine);
            tokio::spawn(async move { engine.commit(HOME, batch(item + 2, Vec::new())).await })
        })
        .collect();
    let mut unavailable = 0;
    for waiting in waiting {
        match waiting.await.unwrap() {
            Err(CommitError::Store(StoreError::Unclear(_))) => {}
            Err(CommitError::Store(StoreError::Unavailable(_))) => unavailable += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(unavailable >= 100, "{unavailable}");
    assert_eq!(items(&engine).await, 1);
    go.send(()).unwrap();
    // Nobody waited for them any more when their turn came: none was begun.
    while engine.writer.capacity() < engine.writer.max_capacity() {
        tokio::task::yield_now().await;
    }
    assert_eq!(items(&engine).await, 1);
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_one_moment_of_the_live_store() {
    let folder = TempDir::new().unwrap();
    let engine = SqliteEngine::open(folder.path()).unwrap();
    for item in 0..200 {
        engine.commit(HOME, batch(item, vec![7; 5_000])).await.unwrap();
    }
    let writing = {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move {
            for item in 200..600 {
                engine.commit(HOME, batch(item, vec![7; 5_000])).await.unwrap();
            }
        })
    };
    let restored = TempDir::new().unwrap();
    let to = restored.path().join(FILE);
    engine.backup(&to).await.unwrap();
    let again = engine.backup(&to).await;
    assert!(matches!(again, Err(StoreError::Invalid(_))), "{again:?}");
    assert_eq!(std::fs::read_dir(restored.path()).unwrap().count(), 1);
    let nowhere = engine.backup(&restored.path().join("nowhere").join("file")).await;
    assert!(nowhere.is_err());
    writing.await.unwrap();
    assert_eq!(items(&engine).await, 600);
    engine.close().await;

    let copy = SqliteEngine::open(restored.path()).unwrap();
    let page = copy.read(HOME, &feed(), 0, 10_000).await.unwrap();
    assert!(page.entries.len() >= 200);
    assert_eq!(page.entries.len(), items(&copy).await);
    let next = copy.commit(HOME, batch(9_999, Vec::new())).await.unwrap();
    assert_eq!(next.numbers, [page.state.last + 1]);
    copy.close().await;
}

#[tokio::test]
async fn what_is_committed_is_in_the_files() {
    let folder = TempDir::new().unwrap();
    let engine = SqliteEngine::open(folder.path()).unwrap();
    for item in 0..50 {
        engine.commit(HOME, batch(item, vec![7; 100])).await.unwrap();
    }
    // As a killed process leaves them: not closed, the log not folded in.
    let killed = TempDir::new().unwrap();
    for name in [FILE.to_owned(), format!("{FILE}-wal")] {
        std::fs::copy(folder.path().join(&name), killed.path().join(&name)).unwrap();
    }
    let found = SqliteEngine::open(killed.path()).unwrap();
    assert_eq!(items(&found).await, 50);
    assert_eq!(found.read(HOME, &feed(), 0, 100).await.unwrap().entries.len(), 50);
    found.close().await;
    engine.close().await;
}

#[tokio::test]
async fn expired_once_keys_are_swept_in_small_portions() {
    let folder = TempDir::new().unwrap();
    let engine = SqliteEngine::open(folder.path()).unwrap();
    let once = |key: u64, lifetime| {
        let mut batch = Batch::new();
        // Spread as hashes are.
        batch.once(key.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes().to_vec(), lifetime, "answer");
        batch
    };
    let mut short = Batch::new();
    for key in 0..1_000 {
        short.join(once(key, 1));
    }
    engine.commit(HOME, short).await.unwrap();
    for key in 1_000..1_100 {
        engine.commit(HOME, once(key, 600_000)).await.unwrap();
    }
    // Each commit of one key looked at three: the first hundred commits can have removed 300 of them, and did not remove all.
    let reader = Connection::open(folder.path().join(FILE)).unwrap();
    let kept = || reader.query_row("SELECT count(*) FROM once", [], |row| row.get::<_, u32>(0)).unwrap();
    let after_some = kept();
    assert!((700..=1_000).contains(&after_some), "{after_some}");
    for key in 1_100..1_600 {
        engine.commit(HOME, once(key, 600_000)).await.unwrap();
    }
    assert_eq!(kept(), 600);
    engine.close().await;
}
