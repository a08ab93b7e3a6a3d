//! A batch: conditions, then effects; committed whole or refused whole.

use bytes::Bytes;

use super::port::{IndexEntry, RecordKey, StoreError, StreamName};
use crate::model::time::Time;

/// Checked before the first write, in their order; the first that fails refuses the batch and is named. Unique indexes are
/// checked after them, in the order of the effects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The owner's token still is this one.
    Fence {
        /// The owner's name.
        owner: String,
        /// The token the writer holds.
        token: u64,
    },
    /// The key was not used within its lifetime; using it stores the answer.
    Once {
        /// The key, at most 512 bytes.
        key: Vec<u8>,
        /// How long it is remembered, by the store's clock.
        lifetime_ms: i64,
        /// What a later batch with the same key gets back.
        answer: Bytes,
    },
    /// The work entry is still there; the batch removes it.
    Take {
        /// The stream it lies in.
        stream: StreamName,
        /// Its number.
        number: u64,
    },
    /// The timer still stands at this moment; the batch removes it.
    TakeTimer {
        /// Its name.
        id: Vec<u8>,
        /// The moment it was seen with.
        due: Time,
    },
    /// The record has this version; `None`: there is none.
    Expect {
        /// The table.
        table: &'static str,
        /// The record.
        key: RecordKey,
        /// Its version.
        version: Option<u64>,
    },
}

/// Written in order, once all conditions hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Puts a record at `version`. A batch that puts a record expects `version - 1` of it (absent for 1): [`Batch::put`]
    /// adds both. `added` and `removed` are index entries; those of unique indexes are checked with the conditions.
    Put {
        /// The table.
        table: &'static str,
        /// The record.
        key: RecordKey,
        /// The version it gets.
        version: u64,
        /// The bytes.
        value: Bytes,
        /// Index entries it did not have before.
        added: Vec<IndexEntry>,
        /// Index entries it has no longer.
        removed: Vec<IndexEntry>,
    },
    /// Deletes a record and its index entries.
    Delete {
        /// The table.
        table: &'static str,
        /// The record.
        key: RecordKey,
        /// All its index entries.
        removed: Vec<IndexEntry>,
    },
    /// Appends to a stream; its number comes back in [`Committed::numbers`](super::port::Committed::numbers).
    Append {
        /// The stream.
        stream: StreamName,
        /// The bytes.
        value: Bytes,
    },
    /// Removes entries up to and including a number; numbers not given yet are not trimmed in advance.
    Trim {
        /// The stream.
        stream: StreamName,
        /// The last number that goes.
        through: u64,
    },
    /// Adds to a counter.
    Increment {
        /// Counters of one group are read together.
        group: Vec<u8>,
        /// Which of them.
        item: Vec<u8>,
        /// How much, also negative.
        by: i64,
    },
    /// Takes a whole group of counters off; nothing happens if there is none.
    Forget {
        /// The group.
        group: Vec<u8>,
    },
    /// Sets or moves a timer.
    SetTimer {
        /// Its name.
        id: Vec<u8>,
        /// When it is due.
        due: Time,
        /// What to do then.
        value: Bytes,
    },
    /// Clears a timer; nothing happens if there is none.
    ClearTimer {
        /// Its name.
        id: Vec<u8>,
    },
}

/// The most effects and conditions a batch may hold, each.
pub const BATCH_LIMIT: usize = 2_000;
/// The most bytes the values of a batch may add up to.
pub const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Conditions and effects, in the order they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// The conditions.
    pub conditions: Vec<Condition>,
    /// The effects.
    pub effects: Vec<Effect>,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only while this token is the owner's.
    pub fn fence(&mut self, owner: &str, token: u64) {
        self.conditions.push(Condition::Fence { owner: owner.to_owned(), token });
    }

    /// Only the first time this key is used.
    pub fn once(&mut self, key: Vec<u8>, lifetime_ms: i64, answer: impl Into<Bytes>) {
        self.conditions.push(Condition::Once { key, lifetime_ms, answer: answer.into() });
    }

    /// Only while the work entry is there; removes it.
    pub fn take(&mut self, stream: &StreamName, number: u64) {
        self.conditions.push(Condition::Take { stream: stream.clone(), number });
    }

    /// Only while the timer stands; removes it.
    pub fn take_timer(&mut self, id: &[u8], due: Time) {
        self.conditions.push(Condition::TakeTimer { id: id.to_vec(), due });
    }

    /// Only while the record has this version (`None`: is absent).
    pub fn expect(&mut self, table: &'static str, key: RecordKey, version: Option<u64>) {
        self.conditions.push(Condition::Expect { table, key, version });
    }

    /// Puts a record over the version that was read (`None`: it is new).
    pub fn put(
        &mut self, table: &'static str, key: RecordKey, seen: Option<u64>, value: impl Into<Bytes>, added: Vec<IndexEntry>, removed: Vec<IndexEntry>,
    ) {
        self.expect(table, key.clone(), seen);
        let version = seen.unwrap_or(0).saturating_add(1);
        self.effects.push(Effect::Put { table, key, version, value: value.into(), added, removed });
    }

    /// Deletes a record of the version that was read.
    pub fn delete(&mut self, table: &'static str, key: RecordKey, seen: u64, removed: Vec<IndexEntry>) {
        self.expect(table, key.clone(), Some(seen));
        self.effects.push(Effect::Delete { table, key, removed });
    }

    /// Appends to a stream.
    pub fn append(&mut self, stream: &StreamName, value: impl Into<Bytes>) {
        self.effects.push(Effect::Append { stream: stream.clone(), value: value.into() });
    }

    /// Removes entries of a stream up to and including a number.
    pub fn trim(&mut self, stream: &StreamName, through: u64) {
        self.effects.push(Effect::Trim { stream: stream.clone(), through });
    }

    /// Adds to a counter.
    pub fn increment(&mut self, group: Vec<u8>, item: Vec<u8>, by: i64) {
        self.effects.push(Effect::Increment { group, item, by });
    }

    /// Takes a whole group of counters off.
    pub fn forget(&mut self, group: Vec<u8>) {
        self.effects.push(Effect::Forget { group });
    }

    /// Sets or moves a timer.
    pub fn set_timer(&mut self, id: &[u8], due: Time, value: impl Into<Bytes>) {
        self.effects.push(Effect::SetTimer { id: id.to_vec(), due, value: value.into() });
    }

    /// Clears a timer.
    pub fn clear_timer(&mut self, id: &[u8]) {
        self.effects.push(Effect::ClearTimer { id: id.to_vec() });
    }

    /// Adds another batch's conditions and effects after this one's.
    pub fn join(&mut self, other: Self) {
        self.conditions.extend(other.conditions);
        self.effects.extend(other.effects);
    }

    /// How many appends the batch holds: where in [`Committed::numbers`](super::port::Committed::numbers) the next one's number will be.
    #[must_use]
    pub fn appends(&self) -> usize {
        self.effects.iter().filter(|effect| matches!(effect, Effect::Append { .. })).count()
    }

    /// What every engine checks first: bounds, and that a lost answer can be tried again safely.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] with what is wrong.
    pub fn check(&self) -> Result<(), StoreError> {
        let invalid = |what: String| Err(StoreError::Invalid(what));
        if self.conditions.len() > BATCH_LIMIT || self.effects.len() > BATCH_LIMIT {
            return invalid(format!("more than {BATCH_LIMIT} conditions or effects"));
        }
        if !self.conditions.iter().any(|condition| !matches!(condition, Condition::Fence { .. })) {
            return invalid("no `once`, `take` or `expect`: a lost answer could not be tried again".to_owned());
        }
        for condition in &self.conditions {
            condition.check()?;
        }
        for effect in &self.effects {
            effect.check()?;
        }
        let answers = self.conditions.iter().map(|condition| match condition {
            Condition::Once { answer, .. } => answer.len(),
            Condition::Fence { .. } | Condition::Take { .. } | Condition::TakeTimer { .. } | Condition::Expect { .. } => 0,
        });
        let values = self.effects.iter().map(|effect| match effect {
            Effect::Put { value, .. } | Effect::Append { value, .. } | Effect::SetTimer { value, .. } => value.len(),
            Effect::Delete { .. } | Effect::Trim { .. } | Effect::Increment { .. } | Effect::Forget { .. } | Effect::ClearTimer { .. } => 0,
        });
        let bytes = answers.chain(values).fold(0, usize::saturating_add);
        if bytes > BATCH_BYTES {
            return invalid(format!("{bytes} bytes, more than {BATCH_BYTES}"));
        }
        // Conditions are checked before the first write, so a second write of one thing would silently undo the first.
        if let Some((table, key)) = twice(self.effects.iter().filter_map(Effect::record)) {
            return invalid(format!("one record of `{table}` is written twice: {key:?}"));
        }
        let once_keys = self.conditions.iter().filter_map(|condition| match condition {
            Condition::Once { key, .. } => Some(key),
            Condition::Fence { .. } | Condition::Take { .. } | Condition::TakeTimer { .. } | Condition::Expect { .. } => None,
        });
        if let Some(key) = twice(once_keys) {
            return invalid(format!("one once key is used twice: {key:?}"));
        }
        Ok(())
    }
}

/// The most bytes a part of a key may have.
pub const KEY_BYTES: usize = 512;
/// The most bytes a stream's name may have.
pub const STREAM_NAME_BYTES: usize = 64;
/// The most one increment may add: so many steps do not overflow a counter in the life of any store.
pub const INCREMENT_LIMIT: u64 = 1_000_000_000_000;

impl Condition {
    fn check(&self) -> Result<(), StoreError> {
        match self {
            Self::Fence { owner, .. } => check_owner(owner),
            Self::Once { key, lifetime_ms, .. } if *lifetime_ms > 0 => check_part("a once key", key),
            Self::Once { lifetime_ms, .. } => Err(StoreError::Invalid(format!("a once key that lives {lifetime_ms} ms"))),
            Self::Take { stream, .. } => check_stream(stream),
            Self::TakeTimer { id, .. } => check_part("a timer's name", id),
            Self::Expect { key, .. } => check_key(key),
        }
    }
}

impl Effect {
    fn check(&self) -> Result<(), StoreError> {
        match self {
            Self::Put { key, added, removed, .. } => {
                check_key(key)?;
                added.iter().chain(removed).try_for_each(check_entry)
            }
            Self::Delete { key, removed, .. } => {
                check_key(key)?;
                removed.iter().try_for_each(check_entry)
            }
            Self::Append { stream, .. } | Self::Trim { stream, .. } => check_stream(stream),
            Self::Increment { group, item, by } => {
                if by.unsigned_abs() > INCREMENT_LIMIT {
                    return Err(StoreError::Invalid(format!("an increment by {by}")));
                }
                check_part("a counter's group", group)?;
                check_part("a counter's item", item)
            }
            Self::Forget { group } => check_part("a counter's group", group),
            Self::SetTimer { id, .. } | Self::ClearTimer { id } => check_part("a timer's name", id),
        }
    }

    /// The record it writes.
    fn record(&self) -> Option<(&'static str, &RecordKey)> {
        match self {
            Self::Put { table, key, .. } | Self::Delete { table, key, .. } => Some((table, key)),
            Self::Append { .. }
            | Self::Trim { .. }
            | Self::Increment { .. }
            | Self::Forget { .. }
            | Self::SetTimer { .. }
            | Self::ClearTimer { .. } => None,
        }
    }
}

/// What every engine checks first when something is claimed: the owner's name.
///
/// # Errors
/// [`StoreError::Invalid`] with what is wrong.
pub fn check_owner(owner: &str) -> Result<(), StoreError> {
    if owner.is_empty() {
        return Err(StoreError::Invalid("an owner's name that is empty".to_owned()));
    }
    check_part("an owner's name", owner.as_bytes())
}

fn check_part(what: &str, bytes: &[u8]) -> Result<(), StoreError> {
    if bytes.len() > KEY_BYTES {
        return Err(StoreError::Invalid(format!("{what} of {} bytes, more than {KEY_BYTES}", bytes.len())));
    }
    Ok(())
}

fn check_key(key: &RecordKey) -> Result<(), StoreError> {
    check_part("a record's group", &key.group)?;
    check_part("a record's item", &key.item)
}

fn check_entry(entry: &IndexEntry) -> Result<(), StoreError> {
    check_part("an index entry's group", &entry.group)?;
    check_part("an index entry's sort", &entry.sort)
}

fn check_stream(stream: &StreamName) -> Result<(), StoreError> {
    if stream.0.is_empty() || stream.0.len() > STREAM_NAME_BYTES || !stream.0.is_ascii() {
        return Err(StoreError::Invalid(format!("a stream's name of {} bytes that is not 1 to {STREAM_NAME_BYTES} of ASCII", stream.0.len())));
    }
    Ok(())
}

/// The first that comes twice.
fn twice<T: Eq + std::hash::Hash + Copy>(things: impl Iterator<Item = T> + Clone) -> Option<T> {
    // Nearly every batch is small: comparing pairs costs less than hashing.
    if things.clone().nth(8).is_none() {
        let mut rest = things;
        while let Some(thing) = rest.next() {
            if rest.clone().any(|other| other == thing) {
                return Some(thing);
            }
        }
        return None;
    }
    let mut seen = std::collections::HashSet::new();
    things.into_iter().find(|thing| !seen.insert(*thing))
}
