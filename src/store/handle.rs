//! The handle of one partition: the only way domain code reaches a record. Who holds the handle of a workspace cannot
//! form the key of another's.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{broadcast, watch};

use super::batch::Batch;
use super::port::{
    CommitError, Committed, Engine, IndexPosition, Ownership, Partition, RecordKey, Refusal, Scan, StoreError, StreamName, StreamPage, Timer,
};
use super::table::{Record, Stored, decode, encode, entries_without};
use crate::model::ids::{NodeId, WorkspaceId};
use crate::model::time::Time;

/// The store as a whole; hands out handles of partitions.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
}

impl Store {
    /// Over an engine.
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine }
    }

    /// The handle of a workspace.
    #[must_use]
    pub fn workspace(&self, id: WorkspaceId) -> PartitionStore {
        PartitionStore { engine: Arc::clone(&self.engine), partition: id.into() }
    }

    /// The handle of what belongs to the installation itself.
    #[must_use]
    pub fn global(&self) -> PartitionStore {
        PartitionStore { engine: Arc::clone(&self.engine), partition: Partition::GLOBAL }
    }

    /// The engine, for what concerns the whole store: heartbeats, dumps, `doctor`.
    #[must_use]
    pub fn engine(&self) -> &Arc<dyn Engine> {
        &self.engine
    }
}

/// The handle of one partition.
#[derive(Clone)]
pub struct PartitionStore {
    engine: Arc<dyn Engine>,
    partition: Partition,
}

impl PartitionStore {
    /// Which partition, for logs.
    #[must_use]
    pub fn partition(&self) -> Partition {
        self.partition
    }

    /// Commits a batch, see [`Engine::commit`]. After a lost answer ([`StoreError::Unclear`]) the caller reads again and decides anew: the
    /// conditions see to it that the same effect is not had twice.
    ///
    /// # Errors
    /// The refusal, or the store's failure.
    pub async fn commit(&self, batch: Batch) -> Result<Committed, CommitError> {
        self.engine.commit(self.partition, batch).await
    }

    /// Reads a record.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn get<R: Record>(&self, key: RecordKey) -> Result<Option<Stored<R>>, StoreError> {
        let found = self.engine.get(self.partition, R::TABLE, &[key]).await?;
        found.into_iter().next().flatten().map(|raw| decode(&raw)).transpose()
    }

    /// Reads several records, in the order asked.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn get_many<R: Record>(&self, keys: &[RecordKey]) -> Result<Vec<Option<Stored<R>>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.engine.get(self.partition, R::TABLE, keys).await?;
        found.into_iter().map(|raw| raw.map(|raw| decode(&raw)).transpose()).collect()
    }

    /// Records of one group in order.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn scan<R: Record>(&self, group: &[u8], scan: Scan<Vec<u8>>) -> Result<Vec<Stored<R>>, StoreError> {
        self.engine.scan(self.partition, R::TABLE, group, scan).await?.iter().map(decode).collect()
    }

    /// Records an index group points to, in order, each with its place.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn scan_index<R: Record>(
        &self, index: &'static str, group: &[u8], scan: Scan<IndexPosition>,
    ) -> Result<Vec<(IndexPosition, Stored<R>)>, StoreError> {
        let found = self.engine.scan_index(self.partition, R::TABLE, index, group, scan).await?;
        found.into_iter().map(|(position, raw)| Ok((position, decode(&raw)?))).collect()
    }

    /// The record a unique index holds.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn get_unique<R: Record>(&self, index: &'static str, group: &[u8], sort: &[u8]) -> Result<Option<Stored<R>>, StoreError> {
        self.engine.get_unique(self.partition, R::TABLE, index, group, sort).await?.map(|raw| decode(&raw)).transpose()
    }

    /// How many entries an index group has.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn count_index<R: Record>(&self, index: &'static str, group: &[u8]) -> Result<u64, StoreError> {
        self.engine.count_index(self.partition, R::TABLE, index, group).await
    }

    /// Entries of a stream after a number.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn read(&self, stream: &StreamName, after: u64, limit: usize) -> Result<StreamPage, StoreError> {
        self.engine.read(self.partition, stream, after, limit).await
    }

    /// See [`Engine::counters`].
    ///
    /// # Errors
    /// The store's failure.
    pub async fn counters(&self, group: &[u8]) -> Result<Vec<(Vec<u8>, i64)>, StoreError> {
        self.engine.counters(self.partition, group).await
    }

    /// See [`Engine::answer`].
    ///
    /// # Errors
    /// The store's failure.
    pub async fn answer(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.engine.answer(self.partition, key).await
    }

    /// See [`Engine::due`].
    ///
    /// # Errors
    /// The store's failure.
    pub async fn due(&self, now: Time, limit: usize) -> Result<Vec<Timer>, StoreError> {
        self.engine.due(self.partition, now, limit).await
    }

    /// See [`Engine::owner`].
    ///
    /// # Errors
    /// The store's failure.
    pub async fn owner(&self, owner: &str) -> Result<Option<Ownership>, StoreError> {
        self.engine.owner(self.partition, owner).await
    }

    /// See [`Engine::claim`].
    ///
    /// # Errors
    /// The store's failure.
    pub async fn claim(&self, owner: &str, node: NodeId, seen: Option<Ownership>) -> Result<Option<Ownership>, StoreError> {
        self.engine.claim(self.partition, owner, node, seen).await
    }

    /// See [`Engine::watch`].
    #[must_use]
    pub fn watch(&self, stream: &StreamName) -> watch::Receiver<u64> {
        self.engine.watch(self.partition, stream)
    }

    /// See [`Engine::signal`].
    ///
    /// # Errors
    /// The store's failure.
    pub async fn signal(&self, signal: Bytes) -> Result<(), StoreError> {
        self.engine.signal(self.partition, signal).await
    }

    /// See [`Engine::signals`].
    #[must_use]
    pub fn signals(&self) -> broadcast::Receiver<Bytes> {
        self.engine.signals(self.partition)
    }

    /// Reads a record of the workspace, lets `change` make the next one and writes it with `expect(version)`; a conflict is
    /// read again and tried again, at most ten times. `also` adds what must be in the same commit.
    ///
    /// # Errors
    /// What `change` says, or the store's failure. `Ok(None)`: there is no such record.
    pub async fn change<R: Record, E: From<CommitError>>(
        &self, key: RecordKey, mut change: impl FnMut(&R) -> Result<R, E>, mut also: impl FnMut(&R, &mut Batch) -> Result<(), StoreError>,
    ) -> Result<Option<Stored<R>>, E> {
        for _ in 0..10 {
            let Some(old) = self.get::<R>(key.clone()).await.map_err(CommitError::from)? else { return Ok(None) };
            let new = change(&old.record)?;
            let mut batch = Batch::new();
            batch.update(&old, &new).map_err(CommitError::from)?;
            also(&new, &mut batch).map_err(CommitError::from)?;
            match self.commit(batch).await {
                Ok(_) => return Ok(Some(Stored { version: old.version.saturating_add(1), record: new })),
                Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(CommitError::from(StoreError::Unavailable(format!("{} changes too fast", R::TABLE))).into())
    }
}

impl Batch {
    /// Inserts a typed record that must not exist yet.
    ///
    /// # Errors
    /// [`StoreError::Invalid`].
    pub fn insert<R: Record>(&mut self, record: &R) -> Result<(), StoreError> {
        self.put(R::TABLE, record.key(), None, encode(record)?, record.indexes(), Vec::new());
        Ok(())
    }

    /// Replaces a typed record that was read; indexes follow.
    ///
    /// # Errors
    /// [`StoreError::Invalid`]: also if the new record lies elsewhere.
    pub fn update<R: Record>(&mut self, old: &Stored<R>, new: &R) -> Result<(), StoreError> {
        if old.record.key() != new.key() {
            return Err(StoreError::Invalid(format!("an update of {} moves its key", R::TABLE)));
        }
        let (before, after) = (old.record.indexes(), new.indexes());
        let (added, removed) = (entries_without(&after, &before), entries_without(&before, &after));
        self.put(R::TABLE, new.key(), Some(old.version), encode(new)?, added, removed);
        Ok(())
    }

    /// Removes a typed record that was read, with its index entries.
    pub fn remove<R: Record>(&mut self, old: &Stored<R>) {
        self.delete(R::TABLE, old.record.key(), old.version, old.record.indexes());
    }
}
