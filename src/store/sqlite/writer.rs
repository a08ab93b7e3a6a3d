//! The one thread that writes. Whatever is queued goes into one transaction with one sync at its end; every caller gets its
//! own answer after that. If a write itself fails (disk full, I/O), the whole transaction is rolled back and everybody in it
//! is told; the next group starts afresh, so a disk that was freed needs no restart.

use std::fs::File;
use std::path::PathBuf;
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::batch::Tables;
use super::error::{commit_error, or_read_only, store_error};
use super::sweep::Sweep;
use crate::model::time::{RealWorld, Time, World};
use crate::store::port::StoreError;

/// The most jobs in one transaction.
const GROUP: usize = 512;
/// The most work in one transaction, in conditions and effects: a group of large batches must not keep the small ones waiting.
const GROUP_WEIGHT: usize = 8_192;
/// The most jobs that wait. A caller beyond that waits for a place, within its time limit.
const QUEUE: usize = 1_024;

/// Something the writer does within a group.
pub(super) trait Job: Send {
    /// Whether nobody waits for the answer any more; then it is not begun.
    fn is_abandoned(&self) -> bool;

    /// How much it is, in rows.
    fn weight(&self) -> usize;

    /// Does it in the open transaction. An error rolls back the whole group. The answer counts the once keys it wrote.
    fn perform(&mut self, tables: &mut Tables<'_>, now: Time) -> rusqlite::Result<usize>;

    /// Tells the caller, after the commit, or with what made it fail.
    fn finish(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// What is sent to the writer.
pub(super) enum Message {
    Job(Box<dyn Job>),
    /// Finish what was accepted and end.
    Close,
}

/// Starts the thread. It owns the connection and, so that nobody else opens the folder before it has ended, the lock, a file called `mark`.
pub(super) fn start(connection: Connection, lock: File, mark: PathBuf) -> Result<(mpsc::Sender<Message>, JoinHandle<()>), StoreError> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
    let run = move || {
        let _lock = lock;
        match Writer::new(&connection, mark) {
            Ok(writer) => {
                // The opener waits for this word; it cannot be gone.
                let _ = ready.send(Ok(()));
                writer.run(receiver);
            }
            Err(error) => {
                let _ = ready.send(Err(store_error(&error)));
            }
        }
        drop(connection);
    };
    let thread = std::thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(run)
        .map_err(|error| StoreError::Unavailable(format!("no thread for the writer: {error}")))?;
    is_ready.recv().map_err(|_| StoreError::Unavailable("the writer ended at once".to_owned()))??;
    Ok((sender, thread))
}

struct Writer<'c> {
    connection: &'c Connection,
    tables: Tables<'c>,
    sweep: Sweep<'c>,
    begin: rusqlite::Statement<'c>,
    commit: rusqlite::Statement<'c>,
    rollback: rusqlite::Statement<'c>,
    fold: rusqlite::Statement<'c>,
    mark: PathBuf,
}

impl<'c> Writer<'c> {
    fn new(connection: &'c Connection, mark: PathBuf) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            tables: Tables::new(connection)?,
            sweep: Sweep::new(connection)?,
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            rollback: connection.prepare("ROLLBACK")?,
            fold: connection.prepare("PRAGMA wal_checkpoint(PASSIVE)")?,
            mark,
        })
    }

    fn run(mut self, mut receiver: mpsc::Receiver<Message>) {
        while let Some(message) = receiver.blocking_recv() {
            match message {
                Message::Job(first) => self.group(first, &mut receiver),
                // What is in the queue by now was accepted: it is still done.
                Message::Close => receiver.close(),
            }
        }
    }

    fn group(&mut self, first: Box<dyn Job>, receiver: &mut mpsc::Receiver<Message>) {
        let mut group = Vec::new();
        let outcome = self.transaction(first, receiver, &mut group).map_err(|error| or_read_only(error, &self.mark));
        if let Err(error) = &outcome {
            tracing::warn!(%error, batches = group.len(), "a group was not committed");
            if matches!(error, StoreError::Full(_)) {
                self.make_room();
            }
        }
        for job in group {
            job.finish(outcome.clone());
        }
    }

    fn transaction(&mut self, first: Box<dyn Job>, receiver: &mut mpsc::Receiver<Message>, group: &mut Vec<Box<dyn Job>>) -> Result<(), StoreError> {
        if let Err(error) = self.begin.execute([]) {
            group.push(first);
            return Err(store_error(&error));
        }
        if let Err(error) = self.perform(first, receiver, group) {
            self.undo();
            return Err(store_error(&error));
        }
        if let Err(error) = self.commit.execute([]) {
            self.undo();
            return Err(commit_error(&error));
        }
        Ok(())
    }

    /// Performs the first job and whatever else is queued by now.
    fn perform(&mut self, first: Box<dyn Job>, receiver: &mut mpsc::Receiver<Message>, group: &mut Vec<Box<dyn Job>>) -> rusqlite::Result<()> {
        let now = RealWorld.now();
        let mut once_keys = 0_usize;
        let mut weight = 0_usize;
        let mut next = Some(first);
        while let Some(mut job) = next.take() {
            if !job.is_abandoned() {
                weight = weight.saturating_add(job.weight());
                let performed = job.perform(&mut self.tables, now);
                group.push(job);
                once_keys = once_keys.saturating_add(performed?);
            }
            if group.len() < GROUP && weight < GROUP_WEIGHT {
                match receiver.try_recv() {
                    Ok(Message::Job(job)) => next = Some(job),
                    Ok(Message::Close) => receiver.close(),
                    Err(_) => {}
                }
            }
        }
        self.sweep.step(once_keys, now)
    }

    /// The log may be what fills the disk: folded into the file, its room is used again.
    fn make_room(&mut self) {
        if let Err(error) = self.fold.query_row([], |_| Ok(())) {
            tracing::warn!(%error, "the log cannot be folded into the file");
        }
    }

    /// Rolls back, unless SQLite already did, and forgets what was learnt from rows that are gone.
    fn undo(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.rollback.execute([])
        {
            tracing::error!(%error, "a failed group could not be rolled back");
        }
        self.tables.forget();
        self.sweep.forget();
    }
}
