//! The embedded engine: one SQLite file in the data folder, one process.
//!
//! * `schema`: the tables, and how older ones become these
//! * `names`: tables and indexes of the product as small numbers
//! * `writer`: the one thread that writes, in groups; `jobs`: what it is asked to do
//! * `batch`: one batch in the writer's transaction; `streams`: where each stream stands; `sweep`: expired once keys
//! * `readers`: the threads that read; `reads`: what they read
//! * `dump`, `load`: a partition through the port
//! * `backup`: a copy of the live store; `beside`: what may be done while another process owns the folder
//! * `error`: SQLite's errors in the words of the port

mod backup;
mod batch;
mod beside;
mod dump;
mod error;
mod jobs;
mod load;
mod names;
mod readers;
mod reads;
mod schema;
mod streams;
mod sweep;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use self::error::{file_error, store_error};
use self::jobs::{ClaimJob, CommitJob, Counts};
use self::load::LoadJob;
use self::reads::Reading;
use self::writer::Job;
use super::batch::{Batch, check_owner};
use super::port::{
    CommitError, Committed, DumpItem, Engine, EngineCounts, IndexPosition, Nodes, Ownership, Partition, RawRecord, RecordKey, SCAN_LIMIT, Scan,
    StoreError, StreamName, StreamPage, Timer,
};
use super::wake::Wakes;
use crate::model::ids::NodeId;
use crate::model::time::{RealWorld, Time, World};

/// The store's file in the data folder.
pub const FILE: &str = "kommutator.sqlite3";
/// The file whose lock says that a process owns the data folder.
pub const LOCK: &str = "kommutator.lock";

/// How long the folder's lock is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(1);
/// How long a call may take.
const LIMIT: Duration = Duration::from_secs(5);
/// The most bytes of a signal.
const SIGNAL_BYTES: usize = 4_096;
/// How many signals a slow listener may lag behind.
const SIGNALS: usize = 1_024;

/// The embedded engine.
pub struct SqliteEngine {
    file: PathBuf,
    limit: Duration,
    writer: mpsc::Sender<writer::Message>,
    readers: mpsc::Sender<readers::Message>,
    threads: Mutex<Threads>,
    closed: AtomicBool,
    wakes: Arc<Wakes>,
    counts: Arc<Counts>,
    signals: Mutex<HashMap<Partition, broadcast::Sender<Bytes>>>,
}

/// What is waited for when closing.
#[derive(Default)]
struct Threads {
    readers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
}

impl SqliteEngine {
    /// Opens the store of a data folder, or makes a new one in it. The folder must exist.
    ///
    /// To restore a backup made by [`backup`](Self::backup), copy it as `kommutator.sqlite3` into an empty folder and open that:
    /// beside files of another store (`-wal`, `-shm`) it would be mixed with them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: no such folder, or another process owns it. [`StoreError::ReadOnly`]: it cannot be written.
    /// [`StoreError::TooNew`], [`StoreError::Corrupt`]: what lies there.
    pub fn open(folder: &Path) -> Result<Arc<Self>, StoreError> {
        Self::open_with_limit(folder, LIMIT)
    }

    fn open_with_limit(folder: &Path, limit: Duration) -> Result<Arc<Self>, StoreError> {
        if !folder.is_dir() {
            return Err(StoreError::Unavailable(format!("there is no data folder {}", folder.display())));
        }
        let lock = lock(folder)?;
        let file = folder.join(FILE);
        let connection = schema::open(&file)?;
        let (writer, writer_thread) = writer::start(connection, lock, folder.join(LOCK))?;
        let (readers, reader_threads) = readers::start(&file)?;
        // After a power cut the folder must still name the files.
        backup::sync_folder(folder)?;
        Ok(Arc::new(Self {
            file,
            limit,
            writer,
            readers,
            threads: Mutex::new(Threads { readers: reader_threads, writer: Some(writer_thread) }),
            closed: AtomicBool::new(false),
            wakes: Arc::default(),
            counts: Arc::default(),
            signals: Mutex::default(),
        }))
    }

    /// Copies the live store as of one moment into a new file, while writers go on. See [`open`](Self::open) for the way back.
    ///
    /// # Errors
    /// [`StoreError::Invalid`]: the file exists already. Else what keeps it from being written.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.check_open()?;
        let (from, to) = (self.file.clone(), to.to_owned());
        let copied = tokio::task::spawn_blocking(move || backup::copy(&from, &to)).await;
        copied.map_err(|error| StoreError::Unavailable(format!("the copy ended: {error}")))?
    }

    fn check_open(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }

    /// Reads in one of the readers.
    async fn reading<T: Send + 'static>(&self, read: impl FnOnce(&mut Reading<'_>) -> rusqlite::Result<T> + Send + 'static) -> Result<T, StoreError> {
        self.check_open()?;
        let (reply, answer) = oneshot::channel();
        let read: readers::Read = Box::new(move |reading| {
            // Who waited too long in the queue is gone: nothing is read for nobody.
            if !reply.is_closed() {
                let _ = reply.send(read(reading));
            }
        });
        let asked = async {
            self.readers.send(readers::Message::Read(read)).await.map_err(|_| closed())?;
            answer.await.map_err(|_| closed())?.map_err(|error| store_error(&error))
        };
        let found = tokio::time::timeout(self.limit, asked).await.map_err(|_| StoreError::Unavailable("a read took too long".to_owned()))??;
        self.counts.reads.fetch_add(1, Ordering::Relaxed);
        Ok(found)
    }

    /// Hands a job to the writer and waits for its answer.
    async fn writing<T>(&self, job: impl Job + 'static, answer: oneshot::Receiver<T>) -> Result<T, StoreError> {
        self.check_open()?;
        let slow = |_| StoreError::Unavailable("the writer has no place in its queue".to_owned());
        let deadline = tokio::time::Instant::now() + self.limit;
        tokio::time::timeout_at(deadline, self.writer.send(writer::Message::Job(Box::new(job)))).await.map_err(slow)?.map_err(|_| closed())?;
        match tokio::time::timeout_at(deadline, answer).await {
            Ok(answer) => answer.map_err(|_| StoreError::Unclear("the writer ended".to_owned())),
            // If it was not begun yet it never will be, but whether it was is not known here.
            Err(_) => Err(StoreError::Unclear("the commit took too long".to_owned())),
        }
    }

    fn signal_sender(&self, partition: Partition) -> broadcast::Sender<Bytes> {
        let mut signals = self.signals.lock().unwrap_or_else(PoisonError::into_inner);
        signals.entry(partition).or_insert_with(|| broadcast::channel(SIGNALS).0).clone()
    }
}

/// Waits for the end of threads; whether any ended by a panic.
async fn ended_badly(threads: Vec<JoinHandle<()>>) -> bool {
    let joined = tokio::task::spawn_blocking(move || threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count()).await;
    !matches!(joined, Ok(0))
}

fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let fails = |error: &std::io::Error| file_error(&path.display().to_string(), error);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(|error| fails(&error))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // Who ends may hold it for a moment yet; so may a child that was just forked, until it becomes another program.
            Err(TryLockError::WouldBlock) if began.elapsed() < LOCK_WAIT => std::thread::sleep(LOCK_WAIT / 20),
            Err(TryLockError::WouldBlock) => {
                let what = format!("the data folder {} is in use by another process of this program", folder.display());
                return Err(StoreError::Unavailable(what));
            }
            Err(TryLockError::Error(error)) => return Err(fails(&error)),
        }
    }
}

#[async_trait]
impl Engine for SqliteEngine {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    async fn commit(&self, partition: Partition, batch: Batch) -> Result<Committed, CommitError> {
        batch.check()?;
        let (reply, answer) = oneshot::channel();
        let (wakes, counts) = (Arc::clone(&self.wakes), Arc::clone(&self.counts));
        self.writing(CommitJob { partition, batch, wakes, counts, reply, done: None }, answer).await?
    }

    async fn get(&self, partition: Partition, table: &'static str, keys: &[RecordKey]) -> Result<Vec<Option<RawRecord>>, StoreError> {
        if keys.len() > SCAN_LIMIT {
            return Err(StoreError::Invalid(format!("{} keys at once, more than {SCAN_LIMIT}", keys.len())));
        }
        let keys = keys.to_vec();
        self.reading(move |reading| reading.get(partition, table, keys)).await
    }

    async fn scan(&self, partition: Partition, table: &'static str, group: &[u8], scan: Scan<Vec<u8>>) -> Result<Vec<RawRecord>, StoreError> {
        let group = group.to_vec();
        self.reading(move |reading| reading.scan(partition, table, &group, &scan)).await
    }

    async fn scan_index(
        &self, partition: Partition, table: &'static str, index: &'static str, group: &[u8], scan: Scan<IndexPosition>,
    ) -> Result<Vec<(IndexPosition, RawRecord)>, StoreError> {
        let group = group.to_vec();
        self.reading(move |reading| reading.scan_index(partition, table, index, &group, &scan)).await
    }

    async fn get_unique(
        &self, partition: Partition, table: &'static str, index: &'static str, group: &[u8], sort: &[u8],
    ) -> Result<Option<RawRecord>, StoreError> {
        let (group, sort) = (group.to_vec(), sort.to_vec());
        self.reading(move |reading| reading.get_unique(partition, table, index, &group, &sort)).await
    }

    async fn count_index(&self, partition: Partition, table: &'static str, index: &'static str, group: &[u8]) -> Result<u64, StoreError> {
        let group = group.to_vec();
        self.reading(move |reading| reading.count_index(partition, table, index, &group)).await
    }

    async fn read(&self, partition: Partition, stream: &StreamName, after: u64, limit: usize) -> Result<StreamPage, StoreError> {
        let stream = stream.clone();
        self.reading(move |reading| reading.read(partition, &stream.0, after, limit)).await
    }

    async fn counters(&self, partition: Partition, group: &[u8]) -> Result<Vec<(Vec<u8>, i64)>, StoreError> {
        let group = group.to_vec();
        self.reading(move |reading| reading.counters(partition, &group)).await
    }

    async fn answer(&self, partition: Partition, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let key = key.to_vec();
        self.reading(move |reading| reading.answer(partition, &key, RealWorld.now())).await
    }

    async fn due(&self, partition: Partition, now: Time, limit: usize) -> Result<Vec<Timer>, StoreError> {
        self.reading(move |reading| reading.due(partition, now, limit)).await
    }

    async fn next_due(&self, partition: Partition) -> Result<Option<Time>, StoreError> {
        self.reading(move |reading| reading.next_due(partition)).await
    }

    async fn owner(&self, partition: Partition, owner: &str) -> Result<Option<Ownership>, StoreError> {
        let owner = owner.to_owned();
        self.reading(move |reading| reading.owner(partition, &owner)).await
    }

    async fn claim(&self, partition: Partition, owner: &str, node: NodeId, seen: Option<Ownership>) -> Result<Option<Ownership>, StoreError> {
        check_owner(owner)?;
        let (reply, answer) = oneshot::channel();
        self.writing(ClaimJob { partition, owner: owner.to_owned(), node, seen, reply, claimed: None }, answer).await?
    }

    /// One process owns the folder: it is alone, and steady at once.
    async fn heartbeat(&self, node: NodeId, _silence_ms: i64) -> Result<Nodes, StoreError> {
        self.check_open()?;
        Ok(Nodes { now: RealWorld.now(), alive: vec![node], steady: true })
    }

    async fn leave(&self, _node: NodeId) -> Result<(), StoreError> {
        self.check_open()
    }

    fn watch(&self, partition: Partition, stream: &StreamName) -> watch::Receiver<u64> {
        self.wakes.watch(partition, stream)
    }

    async fn signal(&self, partition: Partition, signal: Bytes) -> Result<(), StoreError> {
        self.check_open()?;
        if signal.len() > SIGNAL_BYTES {
            return Err(StoreError::Invalid(format!("a signal of {} bytes, more than {SIGNAL_BYTES}", signal.len())));
        }
        let mut signals = self.signals.lock().unwrap_or_else(PoisonError::into_inner);
        if signals.get(&partition).is_some_and(|sender| sender.send(signal).is_err()) {
            // Nobody listens any more.
            signals.remove(&partition);
        }
        Ok(())
    }

    fn signals(&self, partition: Partition) -> broadcast::Receiver<Bytes> {
        self.signal_sender(partition).subscribe()
    }

    async fn partitions(&self) -> Result<Vec<Partition>, StoreError> {
        self.reading(|reading| reading.partitions()).await
    }

    async fn dump(&self, partition: Partition, place: Option<Vec<u8>>) -> Result<(Vec<DumpItem>, Option<Vec<u8>>), StoreError> {
        self.reading(move |reading| reading.dump(partition, place, RealWorld.now())).await?
    }

    async fn load(&self, partition: Partition, items: Vec<DumpItem>) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.writing(LoadJob { partition, items, reply, refused: None }, answer).await?
    }

    async fn ping(&self) -> Result<(), StoreError> {
        if self.writer.is_closed() {
            return Err(closed());
        }
        self.reading(|reading| reading.connection.query_row("SELECT 1", [], |_| Ok(()))).await?;
        let mark = self.file.with_file_name(LOCK);
        match tokio::task::spawn_blocking(move || (error::takes_no_writes(&mark), mark)).await {
            Ok((true, mark)) => Err(StoreError::ReadOnly(format!("the file system of {} takes no writes", mark.display()))),
            Ok((false, _)) => Ok(()),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    fn is_alive(&self) -> bool {
        // The thread holds the queue's other end until it ends, in order or by a panic.
        !self.writer.is_closed()
    }

    fn counts(&self) -> EngineCounts {
        self.counts.read()
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        // Readers first, to their end: the last connection to close must be the writer's, which then folds the log into the file. A
        // send that fails finds the threads ended, which is what was wanted.
        for _ in &threads.readers {
            let _ = self.readers.send(readers::Message::Close).await;
        }
        let readers_ended_badly = ended_badly(threads.readers).await;
        let _ = self.writer.send(writer::Message::Close).await;
        if ended_badly(threads.writer.into_iter().collect()).await || readers_ended_badly {
            tracing::error!("a thread of the store ended badly");
        }
    }
}
