//! Counts how often a work entry was begun. An entry that may have been begun before (by a process that died, an actor that panicked) is
//! counted before it is begun again, and handled alone, so that its neighbours are not blamed for it.

use std::collections::BTreeSet;

use super::mailbox::{PAGE, commit};
use crate::gateway::commands::CommandError;
use crate::gateway::conversation::desk::Desk;
use crate::model::ids::ConversationId;
use crate::model::reason::Reason;
use crate::store::batch::Batch;
use crate::store::port::{Scan, StoreError, StreamName};
use crate::store::records::WorkAttempts;

/// After so many begins an entry goes to quarantine.
const BEGINS: u32 = 3;

/// By which name the words of a panic are kept for an entry.
pub(super) fn name(stream: &StreamName, number: u64) -> String {
    format!("{}#{number}", stream.0)
}

/// Entries that may have been begun before.
pub(super) struct Suspects {
    numbers: BTreeSet<u64>,
    /// Whether counts may lie in the store of entries that are gone.
    unswept: bool,
}

impl Suspects {
    /// What an earlier life of the actor can have begun: no more than the first page.
    pub(super) async fn at_start(desk: &Desk, stream: &StreamName) -> Result<Self, StoreError> {
        let page = desk.store.read(stream, 0, PAGE).await?;
        Ok(Self { numbers: page.entries.into_iter().map(|(number, _)| number).collect(), unswept: true })
    }

    pub(super) fn is(&self, number: u64) -> bool {
        self.numbers.contains(&number)
    }

    pub(super) fn first(&self) -> Option<u64> {
        self.numbers.first().copied()
    }

    /// Begun in this life, and it did not end well. What the store failed at is not the entry's fault.
    pub(super) fn doubt(&mut self, desk: &Desk, number: u64, error: &CommandError, from: Option<ConversationId>) {
        if !matches!(error, CommandError::TryAgain(code) if !code.starts_with("store_")) {
            return;
        }
        self.numbers.insert(number);
        self.unswept = true;
        if let Some(words) = from.and_then(|id| desk.house.panics.take(id)) {
            let words: Box<dyn std::any::Any + Send> = Box::new(words);
            desk.house.panics.note(name(&crate::store::records::streams::mailbox(desk.login), number), words.as_ref());
        }
    }

    /// Everything before a number is done: its counts are of no use any more.
    pub(super) async fn none_before(&mut self, desk: &Desk, stream: &StreamName, first: u64) -> Result<(), CommandError> {
        self.numbers = self.numbers.split_off(&first);
        if !self.unswept || !self.numbers.is_empty() {
            return Ok(());
        }
        let old = desk.store.scan::<WorkAttempts>(&WorkAttempts::group(stream), Scan::first(1_000)).await?;
        if !old.is_empty() {
            let mut batch = Batch::new();
            batch.fence(&desk.owner, desk.token);
            for old in &old {
                batch.remove(old);
            }
            commit(desk, batch).await?;
        }
        self.unswept = old.len() == 1_000;
        Ok(())
    }
}

/// Counts a begin before it happens. `Some`: it was begun too often.
pub(super) async fn count(desk: &Desk, suspects: &Suspects, stream: &StreamName, number: u64) -> Result<Option<Reason>, CommandError> {
    debug_assert!(suspects.is(number), "what was never begun is not counted");
    let old = desk.store.get::<WorkAttempts>(WorkAttempts::at(stream, number)).await?;
    let begun = old.as_ref().map_or(1, |old| old.record.begun);
    let said = desk.house.panics.take(name(stream, number)).or_else(|| old.as_ref().and_then(|old| old.record.said.clone()));
    if begun >= BEGINS {
        let reason = Reason::new("attempts_exhausted").with("begun", begun);
        return Ok(Some(match &said {
            Some(words) => reason.said(words),
            None => reason,
        }));
    }
    let new = WorkAttempts { stream: stream.0.clone(), number, begun: begun.saturating_add(1), said };
    let mut batch = Batch::new();
    batch.fence(&desk.owner, desk.token);
    match &old {
        Some(old) => batch.update(old, &new)?,
        None => batch.insert(&new)?,
    }
    commit(desk, batch).await?;
    Ok(None)
}
