//! Tables and indexes of the product as small numbers. A name once given is never changed, so both sides cache it.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Statement, params};

use super::schema::{NAME_BITS, space};
use crate::store::port::Partition;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    id: u16,
    /// Whether it is a unique index.
    pub(super) unique: bool,
}

impl Name {
    /// The space of this table or index in a partition.
    pub(super) fn space(self, partition: Partition) -> i64 {
        space(partition) | i64::from(self.id)
    }
}

/// The names a connection knows.
pub(super) struct Names<'c> {
    known: HashMap<(&'static str, &'static str), Name>,
    select: Statement<'c>,
}

impl<'c> Names<'c> {
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self { known: HashMap::new(), select: connection.prepare("SELECT id, uniq FROM name WHERE tbl = ?1 AND idx = ?2")? })
    }

    /// The name of a table (`index` empty) or index; `None` if nothing was ever written under it.
    pub(super) fn find(&mut self, table: &'static str, index: &'static str) -> rusqlite::Result<Option<Name>> {
        if let Some(name) = self.known.get(&(table, index)) {
            return Ok(Some(*name));
        }
        let found = self.find_text(table, index)?;
        if let Some(name) = found {
            self.known.insert((table, index), name);
        }
        Ok(found)
    }

    /// The same for names that come from a dump; not cached.
    pub(super) fn find_text(&mut self, table: &str, index: &str) -> rusqlite::Result<Option<Name>> {
        self.select.query_row(params![table, index], |row| Ok(Name { id: row.get(0)?, unique: row.get(1)? })).optional()
    }

    /// Forgets what a transaction that was rolled back may have named.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}

/// The writer's names: new ones are given here.
pub(super) struct NewNames<'c> {
    names: Names<'c>,
    insert: Statement<'c>,
}

impl<'c> NewNames<'c> {
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        let insert = connection.prepare("INSERT INTO name (id, tbl, idx, uniq) SELECT coalesce(max(id), 0) + 1, ?1, ?2, ?3 FROM name")?;
        Ok(Self { names: Names::new(connection)?, insert })
    }

    /// See [`Names::find`].
    pub(super) fn find(&mut self, table: &'static str, index: &'static str) -> rusqlite::Result<Option<Name>> {
        self.names.find(table, index)
    }

    /// The name, made if it is new.
    pub(super) fn find_or_make(&mut self, table: &'static str, index: &'static str, unique: bool) -> rusqlite::Result<Name> {
        if let Some(name) = self.names.find(table, index)? {
            return Ok(name);
        }
        self.insert.execute(params![table, index, unique])?;
        self.names.find(table, index)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    /// The same for names that come from a dump.
    pub(super) fn find_or_make_text(&mut self, table: &str, index: &str, unique: bool) -> rusqlite::Result<Name> {
        if let Some(name) = self.names.find_text(table, index)? {
            return Ok(name);
        }
        self.insert.execute(params![table, index, unique])?;
        self.names.find_text(table, index)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    /// See [`Names::forget`].
    pub(super) fn forget(&mut self) {
        self.names.forget();
    }
}

/// The partition a space belongs to.
pub(super) fn partition_of(space: i64) -> Option<Partition> {
    u32::try_from(space >> NAME_BITS).ok().map(Partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_of_partitions_lie_apart() {
        let last = Name { id: u16::MAX, unique: false };
        for partition in [0, 1, 7, u32::MAX - 1] {
            assert!(last.space(Partition(partition)) < space(Partition(partition + 1)));
            assert_eq!(partition_of(last.space(Partition(partition))), Some(Partition(partition)));
        }
        assert_eq!(partition_of(last.space(Partition(u32::MAX))), Some(Partition(u32::MAX)));
    }
}
