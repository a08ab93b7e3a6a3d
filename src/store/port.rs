//! The port that both engines implement, in raw bytes. Domain code never sees it: it holds a
//! [`PartitionStore`](super::handle::PartitionStore).
//!
//! A *partition* is a workspace, or the installation itself ([`Partition::GLOBAL`]). A batch stays in one partition.
//! Inside a partition live:
//!
//! * **records**: table × group × item → version, bytes. Scanned in the order of `item` within one group.
//! * **index entries**: table × index × group × sort → record key. A unique index holds one record per group × sort.
//! * **streams**: numbered entries from 1; numbers are never used twice, not even after all entries are gone.
//! * **counters**, **once keys** (with a first answer and a lifetime), **timers** by due time, **owners** with a
//!   fencing token.
//!
//! `conformance` in the tests says the same in code and runs on both engines.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{broadcast, watch};

use super::batch::Batch;
use crate::model::ids::{NodeId, WorkspaceId};
use crate::model::time::Time;

/// A part of the store that a batch never leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition(pub u32);

impl Partition {
    /// People, logins of people, tokens, widget keys, hook endpoints.
    pub const GLOBAL: Self = Self(0);
}

impl From<WorkspaceId> for Partition {
    fn from(id: WorkspaceId) -> Self {
        Self(id.0)
    }
}

/// Where a record lies in its table. At most 512 bytes each part.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey {
    /// Records of one group are scanned together; empty where a table has one group.
    pub group: Vec<u8>,
    /// The place within the group; the order of a scan.
    pub item: Vec<u8>,
}

/// One row an index holds for a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexEntry {
    /// The index's name, unique within its table; lower-case letters and `_`.
    pub index: &'static str,
    /// Whether group × sort may belong to one record only.
    pub unique: bool,
    /// Entries of one group are scanned together.
    pub group: Vec<u8>,
    /// The order of a scan; equal sorts are ordered by record group, then item.
    pub sort: Vec<u8>,
}

/// A stored record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    /// Its key.
    pub key: RecordKey,
    /// 1 when inserted, one more with every change.
    pub version: u64,
    /// What was put.
    pub value: Bytes,
}

/// A place in an index, to go on from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexPosition {
    /// The entry's sort.
    pub sort: Vec<u8>,
    /// The record it points to.
    pub key: RecordKey,
}

/// Which way a scan goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From small to large.
    Ascending,
    /// From large to small.
    Descending,
}

/// A bounded scan. Both bounds are exclusive and mean bytes, whichever way the scan goes.
#[derive(Debug, Clone)]
pub struct Scan<P> {
    /// Only what is larger.
    pub above: Option<P>,
    /// Only what is smaller.
    pub below: Option<P>,
    /// Which way.
    pub direction: Direction,
    /// At most this many; engines cut it to [`SCAN_LIMIT`].
    pub limit: usize,
}

/// The most rows one scan, and the most entries one read of a stream, gives.
pub const SCAN_LIMIT: usize = 10_000;

impl<P> Scan<P> {
    /// The first `limit` from the small end.
    #[must_use]
    pub fn first(limit: usize) -> Self {
        Self { above: None, below: None, direction: Direction::Ascending, limit }
    }

    /// The first `limit` from the large end.
    #[must_use]
    pub fn last(limit: usize) -> Self {
        Self { above: None, below: None, direction: Direction::Descending, limit }
    }

    /// Only what is larger than this.
    #[must_use]
    pub fn above(mut self, place: P) -> Self {
        self.above = Some(place);
        self
    }

    /// Only what is smaller than this.
    #[must_use]
    pub fn below(mut self, place: P) -> Self {
        self.below = Some(place);
        self
    }
}

/// A stream's name within its partition; made by [`records::streams`](super::records::streams). At most 64 bytes of ASCII.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName(pub String);

impl fmt::Debug for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamState {
    /// Entries up to and including this number were trimmed; 0 = none. Single entries removed by a take do not count.
    pub trimmed: u64,
    /// The newest number ever given; 0 = nothing was ever appended.
    pub last: u64,
}

/// A part of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamPage {
    /// Number and bytes, ascending.
    pub entries: Vec<(u64, Bytes)>,
    /// The stream's state as of the same moment.
    pub state: StreamState,
}

/// A timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Its name; setting a timer of the same name moves it.
    pub id: Vec<u8>,
    /// When it is due, by the clock of whoever set it.
    pub due: Time,
    /// What to do then.
    pub value: Bytes,
}

/// Who owns something, and the token its writes must carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ownership {
    /// The owning process.
    pub node: NodeId,
    /// Rises by one with every claim; never falls.
    pub token: u64,
}

/// What a heartbeat tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nodes {
    /// The store's own clock.
    pub now: Time,
    /// The processes that were silent for less than `silence_ms`, this one included.
    pub alive: Vec<NodeId>,
    /// Whether this process itself has beaten for that long without such a silence. Only then may it judge others dead:
    /// after an outage of the store everybody's heartbeat is old.
    pub steady: bool,
}

/// The answer of a committed batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committed {
    /// The number each `append` of the batch got, in the batch's order.
    pub numbers: Vec<u64>,
}

/// Why a batch was refused. Nothing of it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody else owns it by now.
    Fenced {
        /// The owner's name.
        owner: String,
    },
    /// The once key was used before; the first answer.
    Seen {
        /// What the first batch left as its answer.
        answer: Bytes,
    },
    /// The work entry is gone: it was done.
    Gone {
        /// The stream.
        stream: StreamName,
        /// The entry.
        number: u64,
    },
    /// The timer fired or was moved meanwhile.
    TimerGone,
    /// The record is there though it should not be, is absent though it should be there, or has another version.
    Conflict {
        /// The record's table.
        table: &'static str,
        /// The record.
        key: RecordKey,
    },
    /// A unique index has that entry for another record.
    NotUnique {
        /// The index's table.
        table: &'static str,
        /// The index.
        index: &'static str,
        /// The record that has it.
        holder: RecordKey,
    },
}

/// What can go wrong with the store itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Not reachable, too slow, or shutting down. Nothing was written by this call. Try again.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// The connection broke after the batch was sent: it may have been committed. Try the same batch again: its
    /// conditions make that safe.
    #[error("the store's answer was lost: {0}")]
    Unclear(String),
    /// No room left. Nothing was written by this call.
    #[error("the store is full: {0}")]
    Full(String),
    /// The store takes no writes. Nothing was written by this call.
    #[error("the store is read-only: {0}")]
    ReadOnly(String),
    /// What lies there cannot be read.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(String),
    /// The store, or a record, was written by a newer version of the product.
    #[error("the data was written by a newer version: {0}")]
    TooNew(String),
    /// The store's server or folder is not fit to keep data as it is set up. The operator must change it; the words say what.
    #[error("the store cannot be used: {0}")]
    Unfit(String),
    /// The call itself is wrong: too large, no condition, a key too long. A mistake in the program.
    #[error("the batch cannot be committed: {0}")]
    Invalid(String),
}

/// Why a batch was not committed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A condition failed.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One thing of a partition, for the portable dump. Written as one line of JSON each.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum DumpItem {
    /// A record with its index entries.
    Record {
        /// The table.
        table: String,
        /// The key's group.
        #[serde(with = "super::key::base64")]
        group: Vec<u8>,
        /// The key's item.
        #[serde(with = "super::key::base64")]
        item: Vec<u8>,
        /// The version.
        version: u64,
        /// The bytes.
        #[serde(with = "super::key::base64")]
        value: Vec<u8>,
    },
    /// An index entry.
    Index {
        /// The table.
        table: String,
        /// The index.
        index: String,
        /// Whether it is unique.
        unique: bool,
        /// The entry's group.
        #[serde(with = "super::key::base64")]
        group: Vec<u8>,
        /// The entry's sort.
        #[serde(with = "super::key::base64")]
        sort: Vec<u8>,
        /// The record's group.
        #[serde(with = "super::key::base64")]
        record_group: Vec<u8>,
        /// The record's item.
        #[serde(with = "super::key::base64")]
        record_item: Vec<u8>,
    },
    /// A stream's state; comes before its entries.
    Stream {
        /// The stream.
        stream: String,
        /// See [`StreamState`].
        trimmed: u64,
        /// See [`StreamState`].
        last: u64,
    },
    /// An entry of a stream.
    Entry {
        /// The stream.
        stream: String,
        /// Its number.
        number: u64,
        /// Its bytes.
        #[serde(with = "super::key::base64")]
        value: Vec<u8>,
    },
    /// A counter.
    Counter {
        /// The counter's group.
        #[serde(with = "super::key::base64")]
        group: Vec<u8>,
        /// The counter's item.
        #[serde(with = "super::key::base64")]
        item: Vec<u8>,
        /// Its value.
        value: i64,
    },
    /// A once key that still lives.
    Once {
        /// The key.
        #[serde(with = "super::key::base64")]
        key: Vec<u8>,
        /// The first answer.
        #[serde(with = "super::key::base64")]
        answer: Vec<u8>,
        /// Milliseconds it has left.
        left_ms: i64,
    },
    /// A timer.
    Timer {
        /// Its name.
        #[serde(with = "super::key::base64")]
        id: Vec<u8>,
        /// When it is due, milliseconds since 1970.
        due_ms: i64,
        /// What to do.
        #[serde(with = "super::key::base64")]
        value: Vec<u8>,
    },
    /// An owner's token: kept so that tokens never fall; the node is not. Loaded, it belongs to node 0, which is nobody.
    Owner {
        /// The owner's name.
        owner: String,
        /// The token.
        token: u64,
    },
}

/// What an engine counts about itself, for `/metrics` and for the tests that bound reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EngineCounts {
    /// Batches committed.
    pub committed: u64,
    /// Batches refused because of a fence.
    pub fenced: u64,
    /// Read calls (get, scan, read, …) answered.
    pub reads: u64,
}

/// The port. Every call has a time limit inside the engine (5 s) and ends in [`StoreError::Unavailable`] past it
/// (a commit in [`StoreError::Unclear`] once it was sent).
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// Which engine, for logs and `doctor`: `sqlite` or `redis`.
    fn name(&self) -> &'static str;

    /// Commits a batch: atomic, and durable when this returns. Batches of many callers are grouped; a refused one
    /// does not disturb its neighbours. Streams that grew wake their watchers after that.
    async fn commit(&self, partition: Partition, batch: Batch) -> Result<Committed, CommitError>;

    /// Reads records by key, in the order asked; `None` where there is none. At most [`SCAN_LIMIT`] keys.
    async fn get(&self, partition: Partition, table: &'static str, keys: &[RecordKey]) -> Result<Vec<Option<RawRecord>>, StoreError>;

    /// Records of one group, in order of item.
    async fn scan(&self, partition: Partition, table: &'static str, group: &[u8], scan: Scan<Vec<u8>>) -> Result<Vec<RawRecord>, StoreError>;

    /// Records an index group points to, in order of sort, each with its place in the index (not for unique indexes: they have no order).
    async fn scan_index(
        &self, partition: Partition, table: &'static str, index: &'static str, group: &[u8], scan: Scan<IndexPosition>,
    ) -> Result<Vec<(IndexPosition, RawRecord)>, StoreError>;

    /// The record a unique index holds at group × sort.
    async fn get_unique(
        &self, partition: Partition, table: &'static str, index: &'static str, group: &[u8], sort: &[u8],
    ) -> Result<Option<RawRecord>, StoreError>;

    /// How many entries an index group has (not for unique indexes).
    async fn count_index(&self, partition: Partition, table: &'static str, index: &'static str, group: &[u8]) -> Result<u64, StoreError>;

    /// Entries of a stream after a number, ascending, with the stream's state of the same moment.
    async fn read(&self, partition: Partition, stream: &StreamName, after: u64, limit: usize) -> Result<StreamPage, StoreError>;

    /// The counters of a group: item and value, in order of item. One that came back to 0 is still there.
    async fn counters(&self, partition: Partition, group: &[u8]) -> Result<Vec<(Vec<u8>, i64)>, StoreError>;

    /// The first answer of a once key that still lives.
    async fn answer(&self, partition: Partition, key: &[u8]) -> Result<Option<Bytes>, StoreError>;

    /// Timers due at `now` or earlier, earliest first; those of one moment in order of name.
    async fn due(&self, partition: Partition, now: Time, limit: usize) -> Result<Vec<Timer>, StoreError>;

    /// When the earliest timer is due.
    async fn next_due(&self, partition: Partition) -> Result<Option<Time>, StoreError>;

    /// Who owns `owner`; `None` if nobody ever did.
    async fn owner(&self, partition: Partition, owner: &str) -> Result<Option<Ownership>, StoreError>;

    /// Makes `node` the owner if the ownership still is what the caller saw (`seen`). `None` as an answer: it is not. The token
    /// rises with every claim, also of one's own: that fences off what one's dead actor left running.
    async fn claim(&self, partition: Partition, owner: &str, node: NodeId, seen: Option<Ownership>) -> Result<Option<Ownership>, StoreError>;

    /// Says that this process lives, and tells who else does: who was silent for `silence_ms` is dead. The caller beats at least four times
    /// in it.
    async fn heartbeat(&self, node: NodeId, silence_ms: i64) -> Result<Nodes, StoreError>;

    /// Takes this process off the list at once, so that what it owns may be claimed without waiting for its silence.
    async fn leave(&self, node: NodeId) -> Result<(), StoreError>;

    /// A receiver that changes when the stream may have grown (or after a lost connection: then always). The value is
    /// the newest number heard of and only a hint; what counts is what [`read`](Engine::read) gives.
    fn watch(&self, partition: Partition, stream: &StreamName) -> watch::Receiver<u64>;

    /// Sends a signal to every process that listens to this partition, this one included. Best effort, never stored,
    /// at most 4 KiB.
    async fn signal(&self, partition: Partition, signal: Bytes) -> Result<(), StoreError>;

    /// Signals of a partition from now on. A receiver that lags loses the oldest.
    fn signals(&self, partition: Partition) -> broadcast::Receiver<Bytes>;

    /// Every partition that holds anything.
    async fn partitions(&self) -> Result<Vec<Partition>, StoreError>;

    /// A part of a partition's dump: items after the opaque place, at most about 1,000, and the next place (`None` at
    /// the end). Consistent only while nobody writes: the caller stops the actors first.
    async fn dump(&self, partition: Partition, place: Option<Vec<u8>>) -> Result<(Vec<DumpItem>, Option<Vec<u8>>), StoreError>;

    /// Writes dumped items into an empty partition, as they are; a part is loaded whole or, if an item cannot be one, refused
    /// whole ([`StoreError::Invalid`]).
    async fn load(&self, partition: Partition, items: Vec<DumpItem>) -> Result<(), StoreError>;

    /// Whether the store answers, for `/readyz`.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Whether it can ever write again. False: what writes has died, and the process is to end so that it is started anew.
    fn is_alive(&self) -> bool {
        true
    }

    /// What the engine counted since its start.
    fn counts(&self) -> EngineCounts;

    /// Finishes what was accepted and closes. Later calls end in [`StoreError::Unavailable`].
    async fn close(&self);
}
