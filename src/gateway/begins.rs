//! Counts how often a work entry was begun, and gives up what cannot be handled.
//!
//! An entry that may have been begun before (by a process that died, by an actor that panicked) is counted durably before it is begun again.
//! After the third begin it is given up: an entry of the mailbox goes to quarantine, a message of the outbox gets its end.
//!
//! Only the guilty are counted where they are known: a panic is kept under the name of the entry that was being handled. Where a whole
//! process died nobody knows which entry it was, and all that it may have begun are suspect.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};

use bytes::Bytes;
use futures_util::FutureExt;

use super::commands::CommandError;
use super::entries;
use super::tenure::{Owned, Tenure};
use crate::model::ids::QuarantineId;
use crate::model::reason::Reason;
use crate::store::port::{Scan, StreamName};
use crate::store::records::{Quarantine, WorkAttempts};
use crate::store::table::Stored;

/// After so many begins an entry is given up.
pub(in crate::gateway) const BEGINS: u32 = 3;
/// The most of a payload that is kept in quarantine: more than any entry has, so that each can be replayed whole.
const PAYLOAD_KEPT: usize = 2 * 1024 * 1024;
/// The most counts looked at in one go.
const COUNTS: usize = 1_000;

/// By which name it is kept that an actor was ended by an entry whose name is known.
pub(in crate::gateway) fn ended(owned: Owned) -> String {
    format!("end of {owned}")
}

/// Handles an entry. Should that panic, the words are kept under the entry's name; the actor ends by it, as by any panic.
pub(in crate::gateway) async fn watched<T>(tenure: &Tenure, stream: &StreamName, number: u64, handling: impl Future<Output = T>) -> T {
    match AssertUnwindSafe(handling).catch_unwind().await {
        Ok(done) => done,
        Err(panic) => {
            tenure.house.panics.note(entries::name(stream, number), panic.as_ref());
            tenure.house.panics.note(ended(tenure.owned), panic.as_ref());
            resume_unwind(panic)
        }
    }
}

/// Entries that may have been begun before.
pub(in crate::gateway) struct Suspects {
    stream: StreamName,
    /// Each with whether it was counted since it became suspect.
    numbers: BTreeMap<u64, bool>,
    /// Those that an earlier process counted already: should they bring down this one too, none shall be under way beside them.
    grave: BTreeSet<u64>,
}

impl Suspects {
    /// What an earlier life of the actor can have begun: no more than the first page, and only the guilty if they are known.
    pub(in crate::gateway) async fn at_start(tenure: &Tenure, stream: &StreamName, page: usize) -> Result<Self, CommandError> {
        let there: BTreeSet<u64> = tenure.store.read(stream, 0, page).await?.entries.into_iter().map(|(number, _)| number).collect();
        let counts = tenure.store.scan::<WorkAttempts>(&WorkAttempts::group(stream), Scan::first(COUNTS)).await?;
        let (counts, done): (Vec<_>, Vec<_>) = counts.into_iter().partition(|count| there.contains(&count.record.number));
        remove(tenure, &done).await?;
        let guilty = |number: &u64| !tenure.blamed || tenure.house.panics.knows(entries::name(stream, *number));
        let numbers: BTreeMap<u64, bool> = there.into_iter().filter(guilty).map(|number| (number, false)).collect();
        let grave = counts.iter().map(|count| count.record.number).filter(|number| numbers.contains_key(number)).collect();
        Ok(Self { stream: stream.clone(), numbers, grave })
    }

    pub(in crate::gateway) fn is(&self, number: u64) -> bool {
        self.numbers.contains_key(&number)
    }

    pub(in crate::gateway) fn is_grave(&self, number: u64) -> bool {
        self.grave.contains(&number)
    }

    pub(in crate::gateway) fn first(&self) -> Option<u64> {
        self.numbers.keys().next().copied()
    }

    /// Begun in this life, and it did not end well. What the store failed at, or another entry's panic, is not its fault.
    pub(in crate::gateway) fn doubt(&mut self, tenure: &Tenure, number: u64, error: &CommandError) {
        let CommandError::TryAgain(code) = error else { return };
        let others = code == "actor_restarts" && !tenure.house.panics.knows(entries::name(&self.stream, number));
        if !code.starts_with("store_") && !others {
            self.numbers.insert(number, false);
        }
    }

    /// Counts the begin of a suspect before it happens. `Some`: it was begun too often.
    pub(in crate::gateway) async fn count(&mut self, tenure: &Tenure, number: u64) -> Result<Option<Reason>, CommandError> {
        let Some(counted) = self.numbers.get_mut(&number).filter(|counted| !**counted) else { return Ok(None) };
        let exhausted = count(tenure, &self.stream, number).await?;
        *counted = exhausted.is_none();
        Ok(exhausted)
    }

    /// Its handling came to a good end, though it may stay to be begun again: then it starts afresh.
    pub(in crate::gateway) async fn clear(&mut self, tenure: &Tenure, number: u64) -> Result<(), CommandError> {
        self.grave.remove(&number);
        if self.numbers.remove(&number).is_none() {
            return Ok(());
        }
        forget(tenure, &self.stream, number).await
    }

    /// Everything before a number is done.
    pub(in crate::gateway) fn none_before(&mut self, first: u64) {
        self.numbers = self.numbers.split_off(&first);
    }
}

/// Forgets how often an entry was begun.
pub(in crate::gateway) async fn forget(tenure: &Tenure, stream: &StreamName, number: u64) -> Result<(), CommandError> {
    match tenure.store.get::<WorkAttempts>(WorkAttempts::at(stream, number)).await? {
        Some(old) => remove(tenure, &[old]).await,
        None => Ok(()),
    }
}

async fn remove(tenure: &Tenure, counts: &[Stored<WorkAttempts>]) -> Result<(), CommandError> {
    if counts.is_empty() {
        return Ok(());
    }
    let mut batch = tenure.batch();
    for count in counts {
        batch.remove(count);
    }
    tenure.commit(batch).await
}

/// Counts one more begin of an entry before it happens. `Some`: it was begun too often.
pub(in crate::gateway) async fn count(tenure: &Tenure, stream: &StreamName, number: u64) -> Result<Option<Reason>, CommandError> {
    let old = tenure.store.get::<WorkAttempts>(WorkAttempts::at(stream, number)).await?;
    let begun = old.as_ref().map_or(1, |old| old.record.begun);
    let said = tenure.house.panics.take(entries::name(stream, number)).or_else(|| old.as_ref().and_then(|old| old.record.said.clone()));
    if begun >= BEGINS {
        let reason = Reason::new("attempts_exhausted").with("begun", begun);
        return Ok(Some(match &said {
            Some(words) => reason.said(words),
            None => reason,
        }));
    }
    let new = WorkAttempts { stream: stream.0.clone(), number, begun: begun.saturating_add(1), said };
    let mut batch = tenure.batch();
    match &old {
        Some(old) => batch.update(old, &new)?,
        None => batch.insert(&new)?,
    }
    tenure.commit(batch).await?;
    Ok(None)
}

/// Moves an entry to quarantine: kept, shown, and can be replayed.
pub(in crate::gateway) async fn quarantine(
    tenure: &Tenure, stream: &StreamName, number: u64, bytes: &Bytes, reason: Reason,
) -> Result<(), CommandError> {
    let kept = bytes.get(..PAYLOAD_KEPT.min(bytes.len())).unwrap_or_default();
    let record = Quarantine {
        id: QuarantineId(tenure.house.world.id()),
        at: tenure.house.world.now(),
        login: match tenure.owned {
            Owned::Login(id) => Some(id),
            Owned::Connection(_) => None,
        },
        connection: match tenure.owned {
            Owned::Login(_) => None,
            Owned::Connection(id) => Some(id),
        },
        provider: tenure.folder.to_owned(),
        reason,
        payload: data_encoding::BASE64.encode(kept),
        stream: Some(stream.0.clone()).filter(|name| *name != tenure.owned.mailbox().0),
        replayed_at: None,
    };
    tracing::warn!(owned = %tenure.owned, stream = stream.0, number, code = record.reason.code, "a work entry goes to quarantine");
    metrics::counter!("kommutator_quarantined_total").increment(1);
    let mut batch = tenure.batch();
    batch.take(stream, number);
    batch.insert(&record)?;
    tenure.commit(batch).await
}
