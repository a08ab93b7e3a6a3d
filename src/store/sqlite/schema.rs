//! The tables, and how older ones become these.
//!
//! Everything is small and clustered: tables and indexes of the product are numbers (`name`), joined with the partition into
//! one integer (`space`), and each row lies in one B-tree only, in the order in which it is scanned.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::store_error;
use crate::store::port::{Partition, StoreError};

/// Marks the file as ours: "KMTR".
const APPLICATION_ID: i32 = 0x4b4d_5452;

/// One script per step of the schema; their number is the schema's version. A script that was released is never changed.
const STEPS: &[&str] = &["
CREATE TABLE name (
    id INTEGER PRIMARY KEY,
    tbl TEXT NOT NULL,
    idx TEXT NOT NULL,           -- empty: the table itself
    uniq INTEGER NOT NULL,
    UNIQUE (tbl, idx)
) STRICT;
CREATE TABLE record (
    space INTEGER NOT NULL,      -- partition << 16 | name of the table
    grp BLOB NOT NULL,
    item BLOB NOT NULL,
    version INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (space, grp, item)
) STRICT, WITHOUT ROWID;
CREATE TABLE entry (
    space INTEGER NOT NULL,      -- partition << 16 | name of the index
    grp BLOB NOT NULL,
    sort BLOB NOT NULL,
    rgrp BLOB NOT NULL,
    ritem BLOB NOT NULL,
    PRIMARY KEY (space, grp, sort, rgrp, ritem)
) STRICT, WITHOUT ROWID;
CREATE TABLE stream (
    id INTEGER PRIMARY KEY,
    part INTEGER NOT NULL,
    name TEXT NOT NULL,
    trimmed INTEGER NOT NULL,
    last INTEGER NOT NULL,       -- at least the largest number that was given and is gone; the newest entry may be larger
    UNIQUE (part, name)
) STRICT;
CREATE TABLE log (
    stream INTEGER NOT NULL,
    number INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (stream, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE once (
    part INTEGER NOT NULL,
    key BLOB NOT NULL,
    expires INTEGER NOT NULL,
    answer BLOB NOT NULL,
    PRIMARY KEY (part, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE counter (
    part INTEGER NOT NULL,
    grp BLOB NOT NULL,
    item BLOB NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (part, grp, item)
) STRICT, WITHOUT ROWID;
CREATE TABLE timer (
    part INTEGER NOT NULL,
    id BLOB NOT NULL,
    due INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (part, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (part, due, id);
CREATE TABLE owner (
    part INTEGER NOT NULL,
    name TEXT NOT NULL,
    node INTEGER NOT NULL,
    token INTEGER NOT NULL,
    PRIMARY KEY (part, name)
) STRICT, WITHOUT ROWID;
"];

/// How many bits of a space are the name's.
pub(super) const NAME_BITS: u32 = 16;

/// The first space of a partition; a name's space is this plus the name's number.
pub(super) fn space(partition: Partition) -> i64 {
    i64::from(partition.0) << NAME_BITS
}

/// Opens one connection with what holds for each of them.
pub(super) fn connect(file: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let open = || {
        let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(connection)
    };
    open().map_err(|error| store_error(&error))
}

/// Opens the writing connection and brings the schema up to date. The caller holds the folder's lock.
pub(super) fn open(file: &Path) -> Result<Connection, StoreError> {
    let mut connection = connect(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    let fails = |error: rusqlite::Error| store_error(&error);
    let steps = match steps_done(&connection, file)? {
        Some(steps) => steps,
        None => {
            connection.pragma_update(None, "journal_mode", "WAL").map_err(fails)?;
            connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(fails)?;
            0
        }
    };
    // A backup was written by the online copy and may have lost the mode.
    connection.pragma_update(None, "journal_mode", "WAL").map_err(fails)?;
    connection.pragma_update(None, "cache_size", -32_000).map_err(fails)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4_000).map_err(fails)?;
    // After a long read held the log back it is cut again.
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024).map_err(fails)?;
    migrate(&mut connection, steps).map_err(fails)?;
    Ok(connection)
}

/// How many steps of the schema a store has behind it; `None`: the file is empty.
///
/// # Errors
/// It is no store of ours, or a newer one.
fn steps_done(connection: &Connection, file: &Path) -> Result<Option<usize>, StoreError> {
    let found = version(connection).map_err(|error| store_error(&error))?;
    if found.application == 0 && found.version == 0 && found.tables == 0 {
        return Ok(None);
    }
    if found.application != APPLICATION_ID {
        return Err(StoreError::Corrupt(format!("{} is no store of this program", file.display())));
    }
    let steps = usize::try_from(found.version).map_err(|_| StoreError::Corrupt(format!("schema version {}", found.version)))?;
    if steps > STEPS.len() {
        return Err(StoreError::TooNew(format!("{} has schema version {steps}, this program knows up to {}", file.display(), STEPS.len())));
    }
    Ok(Some(steps))
}

/// The schema's version of a store that is only to be read.
///
/// # Errors
/// It is no store of ours, or of another version than this program reads.
pub(super) fn readable_version(file: &Path) -> Result<usize, StoreError> {
    let connection = connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    match steps_done(&connection, file)? {
        Some(steps) if steps == STEPS.len() => Ok(steps),
        Some(steps) => {
            Err(StoreError::Unfit(format!("{} has the older schema version {steps}: the next start brings it up to date", file.display())))
        }
        None => Err(StoreError::Corrupt(format!("{} is empty", file.display()))),
    }
}

fn migrate(connection: &mut Connection, done: usize) -> rusqlite::Result<()> {
    for (step, script) in (1_i32..).zip(STEPS).skip(done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(script)?;
        transaction.pragma_update(None, "user_version", step)?;
        transaction.commit()?;
    }
    Ok(())
}

struct Found {
    application: i32,
    version: i32,
    tables: u32,
}

fn version(connection: &Connection) -> rusqlite::Result<Found> {
    Ok(Found {
        application: connection.pragma_query_value(None, "application_id", |row| row.get(0))?,
        version: connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
        tables: connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?,
    })
}
