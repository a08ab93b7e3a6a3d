//! What the writer is asked to do: commit a batch, claim an ownership, load a dump.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::oneshot;

use super::batch::{Done, NotApplied, Tables};
use super::writer::Job;
use crate::model::ids::NodeId;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Committed, EngineCounts, Ownership, Partition, Refusal, StoreError};
use crate::store::wake::Wakes;

/// What the engine counts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    committed: AtomicU64,
    fenced: AtomicU64,
    pub(super) reads: AtomicU64,
}

impl Counts {
    pub(super) fn read(&self) -> EngineCounts {
        EngineCounts {
            committed: self.committed.load(Ordering::Relaxed),
            fenced: self.fenced.load(Ordering::Relaxed),
            reads: self.reads.load(Ordering::Relaxed),
        }
    }
}

/// Commits a batch and wakes the watchers of what grew.
pub(super) struct CommitJob {
    pub(super) partition: Partition,
    pub(super) batch: Batch,
    pub(super) wakes: Arc<Wakes>,
    pub(super) counts: Arc<Counts>,
    pub(super) reply: oneshot::Sender<Result<Committed, CommitError>>,
    pub(super) done: Option<Result<Done, NotApplied>>,
}

impl Job for CommitJob {
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn weight(&self) -> usize {
        self.batch.conditions.len().saturating_add(self.batch.effects.len())
    }

    fn perform(&mut self, tables: &mut Tables<'_>, now: Time) -> rusqlite::Result<usize> {
        let done = tables.apply(self.partition, &self.batch, now)?;
        let once_keys = done.as_ref().map_or(0, |done| done.once_keys);
        self.done = Some(done);
        Ok(once_keys)
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) {
        let answer = match (outcome, self.done) {
            (Err(error), _) => Err(CommitError::Store(error)),
            (Ok(()), Some(Ok(done))) => {
                self.counts.committed.fetch_add(1, Ordering::Relaxed);
                for (at, (stream, number)) in done.grown.iter().zip(&done.numbers).enumerate() {
                    // Of several appends to one stream in a row only the newest number is told.
                    if done.grown.get(at.saturating_add(1)) != Some(stream) {
                        self.wakes.wake(self.partition, stream, *number);
                    }
                }
                Ok(Committed { numbers: done.numbers })
            }
            (Ok(()), Some(Err(NotApplied::Refused(refusal)))) => {
                if matches!(refusal, Refusal::Fenced { .. }) {
                    self.counts.fenced.fetch_add(1, Ordering::Relaxed);
                }
                Err(CommitError::Refused(refusal))
            }
            (Ok(()), Some(Err(NotApplied::Invalid(error)))) => Err(CommitError::Store(error)),
            (Ok(()), None) => Err(CommitError::Store(StoreError::Unavailable("the batch was not begun".to_owned()))),
        };
        // Who went away meanwhile reads the outcome from the store.
        let _ = self.reply.send(answer);
    }
}

/// Changes an owner if it still is what was seen.
pub(super) struct ClaimJob {
    pub(super) partition: Partition,
    pub(super) owner: String,
    pub(super) node: NodeId,
    pub(super) seen: Option<Ownership>,
    pub(super) reply: oneshot::Sender<Result<Option<Ownership>, StoreError>>,
    pub(super) claimed: Option<Ownership>,
}

impl Job for ClaimJob {
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn weight(&self) -> usize {
        1
    }

    fn perform(&mut self, tables: &mut Tables<'_>, _: Time) -> rusqlite::Result<usize> {
        if tables.ownership(self.partition, &self.owner)? == self.seen {
            let token = self.seen.map_or(0, |seen| seen.token).saturating_add(1);
            let ownership = Ownership { node: self.node, token };
            tables.set_owner(self.partition, &self.owner, ownership)?;
            self.claimed = Some(ownership);
        }
        Ok(0)
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) {
        // Who went away meanwhile reads the owner from the store.
        let _ = self.reply.send(outcome.map(|()| self.claimed));
    }
}
