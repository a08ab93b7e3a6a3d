//! The writer's view of streams: where each stands.
//!
//! An append writes one row and nothing else: the newest number is the newest row's. Only when a row goes that is newer than
//! what the stream's own row remembers, the newest number is written there first. So numbers are never used twice, and a log
//! that only grows costs one insert per entry.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Statement, params};

use crate::store::port::{Partition, StreamName};

/// The most heads that are remembered; then all are forgotten and read again as needed.
const REMEMBERED: usize = 20_000;

#[derive(Debug, Clone, Copy)]
struct Head {
    id: i64,
    trimmed: i64,
    /// The newest number given.
    last: i64,
    /// What the stream's row says of it.
    kept: i64,
}

/// All statements about streams, and the heads that were met.
pub(super) struct Streams<'c> {
    heads: HashMap<u32, HashMap<String, Head>>,
    remembered: usize,
    select: Statement<'c>,
    newest: Statement<'c>,
    create: Statement<'c>,
    keep: Statement<'c>,
    append: Statement<'c>,
    exists: Statement<'c>,
    remove: Statement<'c>,
    trim: Statement<'c>,
}

impl<'c> Streams<'c> {
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            heads: HashMap::new(),
            remembered: 0,
            select: connection.prepare("SELECT id, trimmed, last FROM stream WHERE part = ?1 AND name = ?2")?,
            newest: connection.prepare("SELECT max(number) FROM log WHERE stream = ?1")?,
            create: connection.prepare("INSERT INTO stream (part, name, trimmed, last) VALUES (?1, ?2, ?3, ?4) RETURNING id")?,
            keep: connection.prepare("UPDATE stream SET trimmed = ?2, last = ?3 WHERE id = ?1")?,
            append: connection.prepare("INSERT INTO log (stream, number, value) VALUES (?1, ?2, ?3)")?,
            exists: connection.prepare("SELECT 1 FROM log WHERE stream = ?1 AND number = ?2")?,
            remove: connection.prepare("DELETE FROM log WHERE stream = ?1 AND number = ?2")?,
            trim: connection.prepare("DELETE FROM log WHERE stream = ?1 AND number <= ?2")?,
        })
    }

    /// Whether the entry is there.
    pub(super) fn holds(&mut self, partition: Partition, stream: &StreamName, number: u64) -> rusqlite::Result<bool> {
        let Ok(number) = i64::try_from(number) else { return Ok(false) };
        let Some(head) = self.head(partition, &stream.0)? else { return Ok(false) };
        self.exists.exists(params![head.id, number])
    }

    /// Removes one entry that is there.
    pub(super) fn remove(&mut self, partition: Partition, stream: &StreamName, number: u64) -> rusqlite::Result<()> {
        let Ok(number) = i64::try_from(number) else { return Ok(()) };
        let Some(mut head) = self.head(partition, &stream.0)? else { return Ok(()) };
        if number > head.kept {
            head.kept = head.last;
            self.keep.execute(params![head.id, head.trimmed, head.kept])?;
            self.remember(partition, &stream.0, head);
        }
        self.remove.execute(params![head.id, number])?;
        Ok(())
    }

    /// Appends an entry; its number.
    pub(super) fn append(&mut self, partition: Partition, stream: &StreamName, value: &[u8]) -> rusqlite::Result<u64> {
        let mut head = match self.head(partition, &stream.0)? {
            Some(head) => head,
            None => self.create(partition, &stream.0, 0, 0)?,
        };
        head.last = head.last.checked_add(1).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, head.last))?;
        self.append.execute(params![head.id, head.last, value])?;
        self.remember(partition, &stream.0, head);
        Ok(u64::try_from(head.last).unwrap_or(0))
    }

    /// Removes entries up to and including a number.
    pub(super) fn trim(&mut self, partition: Partition, stream: &StreamName, through: u64) -> rusqlite::Result<()> {
        let Some(mut head) = self.head(partition, &stream.0)? else { return Ok(()) };
        let through = i64::try_from(through).unwrap_or(i64::MAX).min(head.last);
        if through <= head.trimmed {
            return Ok(());
        }
        head.trimmed = through;
        head.kept = head.last;
        self.keep.execute(params![head.id, head.trimmed, head.kept])?;
        self.trim.execute(params![head.id, through])?;
        self.remember(partition, &stream.0, head);
        Ok(())
    }

    /// Makes a stream of a dump.
    pub(super) fn load(&mut self, partition: Partition, stream: &str, trimmed: u64, last: u64) -> rusqlite::Result<()> {
        let fit = |number: u64| i64::try_from(number).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()));
        self.create(partition, stream, fit(trimmed)?, fit(last)?)?;
        Ok(())
    }

    /// Puts an entry of a dump into its stream; `false` if there is no such stream or the number cannot be one of it.
    pub(super) fn load_entry(&mut self, partition: Partition, stream: &str, number: u64, value: &[u8]) -> rusqlite::Result<bool> {
        let Some(head) = self.head(partition, stream)? else { return Ok(false) };
        let Ok(number) = i64::try_from(number) else { return Ok(false) };
        if number <= head.trimmed || number > head.last {
            return Ok(false);
        }
        self.append.execute(params![head.id, number, value])?;
        Ok(true)
    }

    /// Forgets what a transaction that was rolled back may have changed.
    pub(super) fn forget(&mut self) {
        self.heads.clear();
        self.remembered = 0;
    }

    fn head(&mut self, partition: Partition, stream: &str) -> rusqlite::Result<Option<Head>> {
        if let Some(head) = self.heads.get(&partition.0).and_then(|heads| heads.get(stream)) {
            return Ok(Some(*head));
        }
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let Some((id, trimmed, kept)) = self.select.query_row(params![partition.0, stream], read).optional()? else { return Ok(None) };
        let newest: Option<i64> = self.newest.query_row([id], |row| row.get(0))?;
        let head = Head { id, trimmed, last: newest.unwrap_or(0).max(kept), kept };
        self.remember(partition, stream, head);
        Ok(Some(head))
    }

    fn create(&mut self, partition: Partition, stream: &str, trimmed: i64, last: i64) -> rusqlite::Result<Head> {
        let id = self.create.query_row(params![partition.0, stream, trimmed, last], |row| row.get(0))?;
        let head = Head { id, trimmed, last, kept: last };
        self.remember(partition, stream, head);
        Ok(head)
    }

    fn remember(&mut self, partition: Partition, stream: &str, head: Head) {
        if let Some(known) = self.heads.get_mut(&partition.0).and_then(|heads| heads.get_mut(stream)) {
            *known = head;
            return;
        }
        if self.remembered >= REMEMBERED {
            self.forget();
        }
        self.remembered = self.remembered.saturating_add(1);
        self.heads.entry(partition.0).or_default().insert(stream.to_owned(), head);
    }
}
