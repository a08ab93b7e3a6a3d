//! Loading dumped items into an empty partition.

use rusqlite::{Connection, ErrorCode, Statement, params};
use tokio::sync::oneshot;

use super::batch::Tables;
use super::writer::Job;
use crate::model::ids::NodeId;
use crate::model::time::Time;
use crate::store::batch::{KEY_BYTES, STREAM_NAME_BYTES};
use crate::store::port::{DumpItem, Ownership, Partition, StoreError};

/// Loads a part of a dump, whole or not at all.
pub(super) struct LoadJob {
    pub(super) partition: Partition,
    pub(super) items: Vec<DumpItem>,
    pub(super) reply: oneshot::Sender<Result<(), StoreError>>,
    pub(super) refused: Option<StoreError>,
}

impl Job for LoadJob {
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn weight(&self) -> usize {
        self.items.len()
    }

    fn perform(&mut self, tables: &mut Tables<'_>, now: Time) -> rusqlite::Result<usize> {
        if let Some(wrong) = self.items.iter().find_map(wrong_item) {
            self.refused = Some(StoreError::Invalid(wrong));
            return Ok(0);
        }
        // An item that does not fit undoes this part only, not its neighbours in the group.
        tables.load.savepoint.execute([])?;
        for item in &self.items {
            let wrong = match tables.load_item(self.partition, item, now) {
                Ok(None) => continue,
                Ok(Some(wrong)) => wrong,
                Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == ErrorCode::ConstraintViolation => {
                    "an item comes twice, or the partition is not empty".to_owned()
                }
                Err(error) => return Err(error),
            };
            self.refused = Some(StoreError::Invalid(wrong));
            tables.load.back.execute([])?;
            tables.forget();
            break;
        }
        tables.load.release.execute([])?;
        Ok(0)
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) {
        let outcome = outcome.and(self.refused.map_or(Ok(()), Err));
        // Who went away meanwhile finds the store not empty and begins anew.
        let _ = self.reply.send(outcome);
    }
}

/// The statements of loading that nothing else uses: they refuse what is already there.
pub(super) struct Load<'c> {
    savepoint: Statement<'c>,
    back: Statement<'c>,
    release: Statement<'c>,
    record: Statement<'c>,
    entry: Statement<'c>,
    counter: Statement<'c>,
    once: Statement<'c>,
    timer: Statement<'c>,
}

impl<'c> Load<'c> {
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        let prepare = |sql| connection.prepare(sql);
        Ok(Self {
            savepoint: prepare("SAVEPOINT load")?,
            back: prepare("ROLLBACK TO load")?,
            release: prepare("RELEASE load")?,
            record: prepare("INSERT INTO record (space, grp, item, version, value) VALUES (?1, ?2, ?3, ?4, ?5)")?,
            entry: prepare("INSERT INTO entry (space, grp, sort, rgrp, ritem) VALUES (?1, ?2, ?3, ?4, ?5)")?,
            counter: prepare("INSERT INTO counter (part, grp, item, value) VALUES (?1, ?2, ?3, ?4)")?,
            once: prepare("INSERT INTO once (part, key, expires, answer) VALUES (?1, ?2, ?3, ?4)")?,
            timer: prepare("INSERT INTO timer (part, id, due, value) VALUES (?1, ?2, ?3, ?4)")?,
        })
    }
}

impl Tables<'_> {
    /// Writes one item; what is wrong with it, in words.
    fn load_item(&mut self, partition: Partition, item: &DumpItem, now: Time) -> rusqlite::Result<Option<String>> {
        match item {
            DumpItem::Record { table, group, item, version, value } => {
                let space = self.names.find_or_make_text(table, "", false)?.space(partition);
                self.load.record.execute(params![space, group, item, version, value])?;
            }
            DumpItem::Index { table, index, unique, group, sort, record_group, record_item } => {
                let name = self.names.find_or_make_text(table, index, *unique)?;
                if name.unique != *unique {
                    return Ok(Some(format!("the index {index} of {table} is unique and is not")));
                }
                self.load.entry.execute(params![name.space(partition), group, sort, record_group, record_item])?;
            }
            DumpItem::Stream { stream, trimmed, last } => self.streams.load(partition, stream, *trimmed, *last)?,
            DumpItem::Entry { stream, number, value } => {
                if !self.streams.load_entry(partition, stream, *number, value)? {
                    return Ok(Some(format!("entry {number} is outside of its stream")));
                }
            }
            DumpItem::Counter { group, item, value } => {
                self.load.counter.execute(params![partition.0, group, item, value])?;
            }
            DumpItem::Once { key, answer, left_ms } => {
                self.load.once.execute(params![partition.0, key, now.plus_ms(*left_ms).0, answer])?;
            }
            DumpItem::Timer { id, due_ms, value } => {
                self.load.timer.execute(params![partition.0, id, due_ms, value])?;
            }
            // The node ran elsewhere: nobody owns it now, but the token goes on.
            DumpItem::Owner { owner, token } => self.set_owner(partition, owner, Ownership { node: NodeId(0), token: *token })?,
        }
        Ok(None)
    }
}

/// What is wrong with an item by itself: a dump comes from outside.
fn wrong_item(item: &DumpItem) -> Option<String> {
    let (names, keys, numbers): (Vec<&str>, Vec<&[u8]>, Vec<u64>) = match item {
        DumpItem::Record { table, group, item, version, .. } => (vec![table], vec![group, item], vec![*version]),
        DumpItem::Index { table, index, group, sort, record_group, record_item, .. } => {
            (vec![table, index], vec![group, sort, record_group, record_item], vec![])
        }
        DumpItem::Stream { stream, trimmed, last } if trimmed <= last => (vec![stream], vec![], vec![*last]),
        DumpItem::Stream { .. } => return Some("a stream is trimmed beyond its end".to_owned()),
        DumpItem::Entry { stream, number, .. } => (vec![stream], vec![], vec![*number]),
        DumpItem::Counter { group, item, .. } => (vec![], vec![group, item], vec![]),
        DumpItem::Once { key, .. } => (vec![], vec![key], vec![]),
        DumpItem::Timer { id, .. } => (vec![], vec![id], vec![]),
        DumpItem::Owner { owner, token } => (vec![], vec![owner.as_bytes()], vec![*token]),
    };
    if names.iter().any(|name| name.is_empty() || name.len() > STREAM_NAME_BYTES || !name.is_ascii()) {
        return Some("a name that is none".to_owned());
    }
    if keys.iter().any(|key| key.len() > KEY_BYTES) {
        return Some(format!("a key longer than {KEY_BYTES} bytes"));
    }
    if numbers.iter().any(|number| i64::try_from(*number).is_err()) {
        return Some("a number too large".to_owned());
    }
    None
}
