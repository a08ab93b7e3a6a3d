//! One batch in the writer's transaction: all conditions first, then the effects. A refused batch has written nothing, so it
//! needs no savepoint and its neighbours in the transaction stay as they are.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Statement, params};

use super::load::Load;
use super::names::NewNames;
use super::streams::Streams;
use crate::model::ids::NodeId;
use crate::model::time::Time;
use crate::store::batch::{Batch, Condition, Effect};
use crate::store::port::{IndexEntry, Ownership, Partition, RecordKey, Refusal, StoreError, StreamName};

/// Every statement the writer uses, prepared once.
pub(super) struct Tables<'c> {
    #[cfg(test)]
    pub(super) connection: &'c Connection,
    pub(super) names: NewNames<'c>,
    pub(super) streams: Streams<'c>,
    pub(super) load: Load<'c>,
    version: Statement<'c>,
    insert_record: Statement<'c>,
    update_record: Statement<'c>,
    delete_record: Statement<'c>,
    holder: Statement<'c>,
    insert_entry: Statement<'c>,
    delete_entry: Statement<'c>,
    seen: Statement<'c>,
    insert_once: Statement<'c>,
    increment: Statement<'c>,
    forget: Statement<'c>,
    due: Statement<'c>,
    set_timer: Statement<'c>,
    clear_timer: Statement<'c>,
    owner: Statement<'c>,
    set_owner: Statement<'c>,
    /// Who owns what was asked for: nobody else writes it.
    owners: HashMap<Partition, HashMap<String, Ownership>>,
}

/// What a batch did.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// The number of each append.
    pub(super) numbers: Vec<u64>,
    /// The streams that grew, in the order of the appends.
    pub(super) grown: Vec<StreamName>,
    /// How many once keys were written.
    pub(super) once_keys: usize,
}

/// Why a batch was not applied though the store works.
#[derive(Debug)]
pub(super) enum NotApplied {
    Refused(Refusal),
    Invalid(StoreError),
}

/// A unique entry: table, index, group, sort.
type Place<'b> = (&'static str, &'static str, &'b [u8], &'b [u8]);

impl<'c> Tables<'c> {
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        let prepare = |sql| connection.prepare(sql);
        Ok(Self {
            #[cfg(test)]
            connection,
            names: NewNames::new(connection)?,
            streams: Streams::new(connection)?,
            load: Load::new(connection)?,
            version: prepare("SELECT version FROM record WHERE space = ?1 AND grp = ?2 AND item = ?3")?,
            insert_record: prepare("INSERT OR REPLACE INTO record (space, grp, item, version, value) VALUES (?1, ?2, ?3, ?4, ?5)")?,
            update_record: prepare("UPDATE record SET version = ?4, value = ?5 WHERE space = ?1 AND grp = ?2 AND item = ?3")?,
            delete_record: prepare("DELETE FROM record WHERE space = ?1 AND grp = ?2 AND item = ?3")?,
            holder: prepare("SELECT rgrp, ritem FROM entry WHERE space = ?1 AND grp = ?2 AND sort = ?3 LIMIT 1")?,
            insert_entry: prepare("INSERT OR IGNORE INTO entry (space, grp, sort, rgrp, ritem) VALUES (?1, ?2, ?3, ?4, ?5)")?,
            delete_entry: prepare("DELETE FROM entry WHERE space = ?1 AND grp = ?2 AND sort = ?3 AND rgrp = ?4 AND ritem = ?5")?,
            seen: prepare("SELECT expires, answer FROM once WHERE part = ?1 AND key = ?2")?,
            insert_once: prepare("INSERT OR REPLACE INTO once (part, key, expires, answer) VALUES (?1, ?2, ?3, ?4)")?,
            increment: prepare(
                "INSERT INTO counter (part, grp, item, value) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET value = value + excluded.value",
            )?,
            forget: prepare("DELETE FROM counter WHERE part = ?1 AND grp = ?2")?,
            due: prepare("SELECT due FROM timer WHERE part = ?1 AND id = ?2")?,
            set_timer: prepare("INSERT OR REPLACE INTO timer (part, id, due, value) VALUES (?1, ?2, ?3, ?4)")?,
            clear_timer: prepare("DELETE FROM timer WHERE part = ?1 AND id = ?2")?,
            owner: prepare("SELECT node, token FROM owner WHERE part = ?1 AND name = ?2")?,
            set_owner: prepare("INSERT OR REPLACE INTO owner (part, name, node, token) VALUES (?1, ?2, ?3, ?4)")?,
            owners: HashMap::new(),
        })
    }

    /// Applies a batch or says why not. An error leaves the transaction to be rolled back.
    pub(super) fn apply(&mut self, partition: Partition, batch: &Batch, now: Time) -> rusqlite::Result<Result<Done, NotApplied>> {
        for condition in &batch.conditions {
            if let Some(refusal) = self.refusal(partition, condition, now)? {
                return Ok(Err(NotApplied::Refused(refusal)));
            }
        }
        if let Some(not_applied) = self.unique_refusal(partition, &batch.effects)? {
            return Ok(Err(not_applied));
        }
        let mut done = Done::default();
        for condition in &batch.conditions {
            self.settle(partition, condition, now, &mut done)?;
        }
        for effect in &batch.effects {
            self.write(partition, effect, &mut done)?;
        }
        Ok(Ok(done))
    }

    /// Who owns something.
    pub(super) fn ownership(&mut self, partition: Partition, owner: &str) -> rusqlite::Result<Option<Ownership>> {
        if let Some(known) = self.owners.get(&partition).and_then(|owners| owners.get(owner)) {
            return Ok(Some(*known));
        }
        let read = |row: &rusqlite::Row<'_>| Ok(Ownership { node: NodeId(row.get::<_, i64>(0)?.cast_unsigned()), token: row.get(1)? });
        let found = self.owner.query_row(params![partition.0, owner], read).optional()?;
        if let Some(found) = found {
            self.owners.entry(partition).or_default().insert(owner.to_owned(), found);
        }
        Ok(found)
    }

    /// Makes somebody the owner.
    pub(super) fn set_owner(&mut self, partition: Partition, owner: &str, ownership: Ownership) -> rusqlite::Result<()> {
        self.set_owner.execute(params![partition.0, owner, ownership.node.0.cast_signed(), ownership.token])?;
        self.owners.entry(partition).or_default().insert(owner.to_owned(), ownership);
        Ok(())
    }

    /// Forgets what a transaction that was rolled back may have changed.
    pub(super) fn forget(&mut self) {
        self.names.forget();
        self.streams.forget();
        self.owners.clear();
    }

    fn refusal(&mut self, partition: Partition, condition: &Condition, now: Time) -> rusqlite::Result<Option<Refusal>> {
        Ok(match condition {
            Condition::Fence { owner, token } => {
                let held = self.ownership(partition, owner)?.is_some_and(|ownership| ownership.token == *token);
                (!held).then(|| Refusal::Fenced { owner: owner.clone() })
            }
            Condition::Once { key, .. } => {
                let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?));
                let seen = self.seen.query_row(params![partition.0, key], read).optional()?;
                seen.filter(|(expires, _)| *expires > now.0).map(|(_, answer)| Refusal::Seen { answer: Bytes::from(answer) })
            }
            Condition::Take { stream, number } => {
                let gone = !self.streams.holds(partition, stream, *number)?;
                gone.then(|| Refusal::Gone { stream: stream.clone(), number: *number })
            }
            Condition::TakeTimer { id, due } => {
                let stands: Option<i64> = self.due.query_row(params![partition.0, id], |row| row.get(0)).optional()?;
                (stands != Some(due.0)).then_some(Refusal::TimerGone)
            }
            Condition::Expect { table, key, version } => {
                let found: Option<u64> = match self.names.find(table, "")? {
                    Some(name) => self.version.query_row(params![name.space(partition), key.group, key.item], |row| row.get(0)).optional()?,
                    None => None,
                };
                (found != *version).then(|| Refusal::Conflict { table, key: key.clone() })
            }
        })
    }

    /// The first unique entry that is another's. What the batch itself lets go of is free, what it claims is taken.
    fn unique_refusal(&mut self, partition: Partition, effects: &[Effect]) -> rusqlite::Result<Option<NotApplied>> {
        // Both are made only where they are needed: most batches claim one entry that is free.
        let mut claimed: HashMap<Place<'_>, &RecordKey> = HashMap::new();
        let mut released: Option<HashSet<(Place<'_>, &RecordKey)>> = None;
        for effect in effects {
            let Effect::Put { table, key, added, .. } = effect else { continue };
            for entry in added {
                let name = self.names.find_or_make(table, entry.index, entry.unique)?;
                if name.unique != entry.unique {
                    let what = format!("the index {} of {table} changes whether it is unique", entry.index);
                    return Ok(Some(NotApplied::Invalid(StoreError::Invalid(what))));
                }
                if !entry.unique {
                    continue;
                }
                let place = (*table, entry.index, entry.group.as_slice(), entry.sort.as_slice());
                let read = |row: &rusqlite::Row<'_>| Ok(RecordKey { group: row.get(0)?, item: row.get(1)? });
                let held = self.holder.query_row(params![name.space(partition), entry.group, entry.sort], read).optional()?;
                if let Some(holder) = held.filter(|holder| holder != key) {
                    let released = released.get_or_insert_with(|| releases(effects));
                    if !released.contains(&(place, &holder)) {
                        return Ok(Some(NotApplied::Refused(Refusal::NotUnique { table, index: entry.index, holder })));
                    }
                }
                if let Some(first) = claimed.insert(place, key).filter(|first| *first != key) {
                    let holder = first.clone();
                    return Ok(Some(NotApplied::Refused(Refusal::NotUnique { table, index: entry.index, holder })));
                }
            }
        }
        Ok(None)
    }

    /// What a condition that held leaves behind.
    fn settle(&mut self, partition: Partition, condition: &Condition, now: Time, done: &mut Done) -> rusqlite::Result<()> {
        match condition {
            Condition::Once { key, lifetime_ms, answer } => {
                done.once_keys = done.once_keys.saturating_add(1);
                self.insert_once.execute(params![partition.0, key, now.plus_ms(*lifetime_ms).0, &answer[..]])?;
            }
            Condition::Take { stream, number } => self.streams.remove(partition, stream, *number)?,
            Condition::TakeTimer { id, .. } => {
                self.clear_timer.execute(params![partition.0, id])?;
            }
            Condition::Fence { .. } | Condition::Expect { .. } => {}
        }
        Ok(())
    }

    fn write(&mut self, partition: Partition, effect: &Effect, done: &mut Done) -> rusqlite::Result<()> {
        match effect {
            Effect::Put { table, key, version, value, added, removed } => {
                let space = self.names.find_or_make(table, "", false)?.space(partition);
                let row = params![space, key.group, key.item, version, &value[..]];
                if *version == 1 || self.update_record.execute(row)? == 0 {
                    self.insert_record.execute(row)?;
                }
                self.remove_entries(partition, table, key, removed)?;
                for entry in added {
                    let space = self.names.find_or_make(table, entry.index, entry.unique)?.space(partition);
                    self.insert_entry.execute(params![space, entry.group, entry.sort, key.group, key.item])?;
                }
            }
            Effect::Delete { table, key, removed } => {
                let space = self.names.find_or_make(table, "", false)?.space(partition);
                self.delete_record.execute(params![space, key.group, key.item])?;
                self.remove_entries(partition, table, key, removed)?;
            }
            Effect::Append { stream, value } => {
                done.numbers.push(self.streams.append(partition, stream, value)?);
                done.grown.push(stream.clone());
            }
            Effect::Trim { stream, through } => self.streams.trim(partition, stream, *through)?,
            Effect::Increment { group, item, by } => {
                self.increment.execute(params![partition.0, group, item, by])?;
            }
            Effect::Forget { group } => {
                self.forget.execute(params![partition.0, group])?;
            }
            Effect::SetTimer { id, due, value } => {
                self.set_timer.execute(params![partition.0, id, due.0, &value[..]])?;
            }
            Effect::ClearTimer { id } => {
                self.clear_timer.execute(params![partition.0, id])?;
            }
        }
        Ok(())
    }

    fn remove_entries(&mut self, partition: Partition, table: &'static str, key: &RecordKey, removed: &[IndexEntry]) -> rusqlite::Result<()> {
        for entry in removed {
            let space = self.names.find_or_make(table, entry.index, entry.unique)?.space(partition);
            self.delete_entry.execute(params![space, entry.group, entry.sort, key.group, key.item])?;
        }
        Ok(())
    }
}

/// Every unique entry the batch lets go of, and the record that does.
fn releases(effects: &[Effect]) -> HashSet<(Place<'_>, &RecordKey)> {
    let mut released = HashSet::new();
    for effect in effects {
        if let Effect::Put { table, key, removed, .. } | Effect::Delete { table, key, removed } = effect {
            for entry in removed.iter().filter(|entry| entry.unique) {
                released.insert(((*table, entry.index, entry.group.as_slice(), entry.sort.as_slice()), key));
            }
        }
    }
    released
}
