//! The Redis engine: the same port over one Redis server (7.0 or newer), for installations of several nodes.
//!
//! A batch is one call of one script, so it is whole or not at all; many callers' batches travel in one pipeline. Streams are
//! Redis Streams that number themselves; the number of a removed newest entry is kept beside them, so that an empty stream can
//! be deleted and its numbers are never used twice. Nothing expires but once keys: an outage of Redis moves no ownership.
//!
//! * [`keys`]: the layout: names of keys, bytes that sort
//! * [`script`]: a batch as a call of `lua/commit.lua`, and its answer
//! * [`commit`]: the committers: queue, pipelines, lost answers
//! * [`link`]: connections, and what a Redis error means
//! * [`reads`], [`owners`]: everything that is asked
//! * [`wakes`]: wakes and signals over pub/sub
//! * [`dump`], [`load`]: the portable dump
//! * [`start`]: what is looked at before the first batch, and what `doctor` says
//!
//! All keys a batch touches are handed to its script and carry their partition's hash tag; scans through an index also touch
//! the records it points to, which carry the same tag.

mod commit;
mod dump;
mod keys;
mod link;
mod load;
mod owners;
mod reads;
mod script;
mod start;
mod wakes;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use deadpool_redis::{Manager, Pool, Runtime};
use redis::{Cmd, Script};
use tokio::sync::{broadcast, watch};

use self::commit::{Committer, WORKERS};
use self::keys::Space;
use self::link::{Ask, CONNECT_LIMIT, Link, connection_config, store_error};
use self::owners::Listing;
use self::wakes::Listeners;
use super::batch::{Batch, Effect, check_owner};
use super::port::{
    CommitError, Committed, DumpItem, Engine, EngineCounts, IndexPosition, Nodes, Ownership, Partition, RawRecord, RecordKey, Refusal, Scan,
    StoreError, StreamName, StreamPage, Timer,
};
use crate::model::ids::NodeId;
use crate::model::time::Time;

/// The most bytes of one signal.
const SIGNAL_BYTES: usize = 4 * 1024;

/// The engine over one Redis server.
pub struct RedisEngine {
    prefix: String,
    database: i64,
    sha: String,
    link: Link,
    committer: Committer,
    listeners: Arc<Listeners>,
    /// The listening task ends when this is dropped.
    listening: Mutex<Option<watch::Sender<()>>>,
    /// The list of the partition that is being dumped.
    plan: Mutex<Option<(Partition, Arc<Vec<dump::Unit>>)>>,
    closed: AtomicBool,
    committed: AtomicU64,
    fenced: AtomicU64,
    reads: AtomicU64,
}

impl RedisEngine {
    /// Connects to the server at `url` (`redis://…`, `unix://…`) and looks whether it is fit to keep data. `prefix` begins every key,
    /// so that several installations can share a server.
    ///
    /// # Errors
    /// [`StoreError::Unfit`]: the address or the prefix is wrong, the server is too old or would throw data away;
    /// [`StoreError::TooNew`]: written by a newer program; [`StoreError::Unavailable`]: it does not answer.
    pub async fn open(url: &str, prefix: Option<&str>) -> Result<Arc<Self>, StoreError> {
        let prefix = prefix.unwrap_or_default();
        if prefix.len() > 64 || !prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)) {
            return Err(StoreError::Unfit("a redis prefix is at most 64 letters, digits and -_.:".to_owned()));
        }
        // The address may hold a password, so it is not repeated.
        let unfit = |_| StoreError::Unfit("the redis address cannot be read: redis://[[user]:password@]host[:port][/database]".to_owned());
        let client = redis::Client::open(url).map_err(unfit)?;
        let database = client.get_connection_info().redis_settings().db();
        let pool = Manager::new_with_config(client.get_connection_info().clone(), connection_config())
            .map_err(|error| store_error(&error, false))
            .and_then(|manager| {
                let pool = Pool::builder(manager).max_size(WORKERS + 1).runtime(Runtime::Tokio1);
                let pool = pool.create_timeout(Some(CONNECT_LIMIT)).recycle_timeout(Some(CONNECT_LIMIT)).wait_timeout(Some(CONNECT_LIMIT));
                pool.build().map_err(|error| StoreError::Unavailable(format!("redis: {error}")))
            })?;
        let link = Link::open(client.clone()).await.map_err(|error| store_error(&error, false))?;
        start::check(&link, prefix).await?;

        let mut origin = [0; 16];
        rand::fill(&mut origin);
        let listeners = Arc::new(Listeners::new(prefix, database, origin));
        let (listening, open) = watch::channel(());
        tokio::spawn(wakes::listen(client, Arc::clone(&listeners), open));
        let committer = Committer::start(pool, Space::new(prefix, Partition::GLOBAL).partitions());
        Ok(Arc::new(Self {
            prefix: prefix.to_owned(),
            database,
            sha: Script::new(script::COMMIT).get_hash().to_owned(),
            link,
            committer,
            listeners,
            listening: Mutex::new(Some(listening)),
            plan: Mutex::new(None),
            closed: AtomicBool::new(false),
            committed: AtomicU64::new(0),
            fenced: AtomicU64::new(0),
            reads: AtomicU64::new(0),
        }))
    }

    /// What an operator should change about this server, a sentence each; for `doctor`.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn advice(&self) -> Result<Vec<String>, StoreError> {
        start::advice(self.open_link()?).await
    }

    /// The server's clock, and the nodes that were silent for less; the caller does not become one.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn nodes(&self, silence_ms: i64) -> Result<Nodes, StoreError> {
        owners::alive(self.open_link()?, &self.space(Partition::GLOBAL), silence_ms).await
    }

    /// Writes a key that is gone a second later: whether the server takes writes.
    ///
    /// # Errors
    /// What keeps it from being written.
    pub async fn try_write(&self) -> Result<(), StoreError> {
        start::try_write(self.open_link()?, &self.prefix).await
    }

    /// The server's version.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn version(&self) -> Result<String, StoreError> {
        start::version(self.open_link()?).await
    }

    fn space(&self, partition: Partition) -> Space {
        Space::new(&self.prefix, partition)
    }

    fn listing(&self, partition: Partition) -> Listing {
        Listing { list: self.space(Partition::GLOBAL).partitions(), partition }
    }

    fn open_link(&self) -> Result<&Link, StoreError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Unavailable("redis: closed".to_owned()));
        }
        Ok(&self.link)
    }

    /// What a read needs; counts it.
    fn reading(&self, partition: Partition) -> Result<(&Link, Space), StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        Ok((self.open_link()?, self.space(partition)))
    }

    fn wake(&self, partition: Partition, batch: &Batch, committed: &Committed) {
        let streams = batch.effects.iter().filter_map(|effect| match effect {
            Effect::Append { stream, .. } => Some(stream),
            _ => None,
        });
        for (stream, number) in streams.zip(&committed.numbers) {
            self.listeners.wake(partition, stream, *number);
        }
    }

    /// The sorted list of what the partition holds; made at the beginning of a dump and kept until its end.
    async fn plan(&self, link: &Link, partition: Partition, begins: bool) -> Result<Arc<Vec<dump::Unit>>, StoreError> {
        if !begins {
            let plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((of, plan)) = plan.as_ref()
                && *of == partition
            {
                return Ok(Arc::clone(plan));
            }
        }
        let plan = Arc::new(dump::plan(link, &self.space(partition)).await?);
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = Some((partition, Arc::clone(&plan)));
        Ok(plan)
    }
}

#[async_trait]
impl Engine for RedisEngine {
    fn name(&self) -> &'static str {
        "redis"
    }

    async fn commit(&self, partition: Partition, batch: Batch) -> Result<Committed, CommitError> {
        batch.check()?;
        let cmd = script::call(&self.sha, &self.space(partition), self.database, &batch);
        let bytes = cmd.args_iter().map(|argument| if let redis::Arg::Simple(bytes) = argument { bytes.len() } else { 0 }).sum();
        let value = self.committer.send(partition, cmd, bytes).await?;
        let answer = script::answer(value, &batch);
        match &answer {
            Ok(committed) => {
                self.committed.fetch_add(1, Ordering::Relaxed);
                self.wake(partition, &batch, committed);
            }
            Err(CommitError::Refused(Refusal::Fenced { .. })) => {
                self.fenced.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
        answer
    }

    async fn get(&self, partition: Partition, table: &'static str, keys: &[RecordKey]) -> Result<Vec<Option<RawRecord>>, StoreError> {
        let (link, space) = self.reading(partition)?;
        reads::get(link, &space, table, keys).await
    }

    async fn scan(&self, partition: Partition, table: &'static str, group: &[u8], scan: Scan<Vec<u8>>) -> Result<Vec<RawRecord>, StoreError> {
        let (link, space) = self.reading(partition)?;
        reads::scan(link, &space, table, group, scan).await
    }

    async fn scan_index(
        &self, partition: Partition, table: &'static str, index: &'static str, group: &[u8], scan: Scan<IndexPosition>,
    ) -> Result<Vec<(IndexPosition, RawRecord)>, StoreError> {
        let (link, space) = self.reading(partition)?;
        reads::scan_index(link, &space, table, index, group, scan).await
    }

    async fn get_unique(
        &self, partition: Partition, table: &'static str, index: &'static str, group: &[u8], sort: &[u8],
    ) -> Result<Option<RawRecord>, StoreError> {
        let (link, space) = self.reading(partition)?;
        reads::get_unique(link, &space, table, index, group, sort).await
    }

    async fn count_index(&self, partition: Partition, table: &'static str, index: &'static str, group: &[u8]) -> Result<u64, StoreError> {
        let (link, space) = self.reading(partition)?;
        reads::count_index(link, &space, table, index, group).await
    }

    async fn read(&self, partition: Partition, stream: &StreamName, after: u64, limit: usize) -> Result<StreamPage, StoreError> {
        let (link, space) = self.reading(partition)?;
        reads::read(link, &space, stream, after, limit).await
    }

    async fn counters(&self, partition: Partition, group: &[u8]) -> Result<Vec<(Vec<u8>, i64)>, StoreError> {
        let (link, space) = self.reading(partition)?;
        reads::counters(link, &space, group).await
    }

    async fn answer(&self, partition: Partition, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let (link, space) = self.reading(partition)?;
        reads::answer(link, &space, key).await
    }

    async fn due(&self, partition: Partition, now: Time, limit: usize) -> Result<Vec<Timer>, StoreError> {
        let (link, space) = self.reading(partition)?;
        reads::due(link, &space, now, limit).await
    }

    async fn next_due(&self, partition: Partition) -> Result<Option<Time>, StoreError> {
        let (link, space) = self.reading(partition)?;
        reads::next_due(link, &space).await
    }

    async fn owner(&self, partition: Partition, owner: &str) -> Result<Option<Ownership>, StoreError> {
        let (link, space) = self.reading(partition)?;
        owners::owner(link, &space, owner).await
    }

    async fn claim(&self, partition: Partition, owner: &str, node: NodeId, seen: Option<Ownership>) -> Result<Option<Ownership>, StoreError> {
        check_owner(owner)?;
        owners::claim(self.open_link()?, &self.space(partition), &self.listing(partition), owner, node, seen).await
    }

    async fn heartbeat(&self, node: NodeId, silence_ms: i64) -> Result<Nodes, StoreError> {
        owners::heartbeat(self.open_link()?, &self.space(Partition::GLOBAL), node, silence_ms).await
    }

    async fn leave(&self, node: NodeId) -> Result<(), StoreError> {
        owners::leave(self.open_link()?, &self.space(Partition::GLOBAL), node).await
    }

    fn watch(&self, partition: Partition, stream: &StreamName) -> watch::Receiver<u64> {
        self.listeners.watch(partition, stream)
    }

    async fn signal(&self, partition: Partition, signal: Bytes) -> Result<(), StoreError> {
        if signal.len() > SIGNAL_BYTES {
            return Err(StoreError::Invalid(format!("a signal of {} bytes, more than {SIGNAL_BYTES}", signal.len())));
        }
        let link = self.open_link()?;
        let message = self.listeners.signal(partition, signal);
        let mut cmd = Cmd::new();
        cmd.arg("PUBLISH").arg(self.space(partition).signal_channel(self.database)).arg(message);
        link.ask::<i64>(Ask::Command(&cmd)).await.map(|_| ())
    }

    fn signals(&self, partition: Partition) -> broadcast::Receiver<Bytes> {
        self.listeners.signals(partition)
    }

    async fn partitions(&self) -> Result<Vec<Partition>, StoreError> {
        let (link, space) = self.reading(Partition::GLOBAL)?;
        let mut cmd = Cmd::new();
        cmd.arg("SMEMBERS").arg(space.partitions());
        let mut partitions: Vec<u32> = link.ask(Ask::Command(&cmd)).await?;
        partitions.sort_unstable();
        Ok(partitions.into_iter().map(Partition).collect())
    }

    async fn dump(&self, partition: Partition, place: Option<Vec<u8>>) -> Result<(Vec<DumpItem>, Option<Vec<u8>>), StoreError> {
        let link = self.open_link()?;
        let plan = self.plan(link, partition, place.is_none()).await?;
        let part = dump::part(link, &self.space(partition), &plan, place.as_deref()).await?;
        if part.1.is_none() {
            *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Ok(part)
    }

    async fn load(&self, partition: Partition, items: Vec<DumpItem>) -> Result<(), StoreError> {
        load::load(self.open_link()?, &self.space(partition), &self.listing(partition), items).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.open_link()?.ask::<String>(Ask::Command(Cmd::new().arg("PING"))).await.map(|_| ())
    }

    fn counts(&self) -> EngineCounts {
        EngineCounts {
            committed: self.committed.load(Ordering::Relaxed),
            fenced: self.fenced.load(Ordering::Relaxed),
            reads: self.reads.load(Ordering::Relaxed),
        }
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.committer.close().await;
        drop(self.listening.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
