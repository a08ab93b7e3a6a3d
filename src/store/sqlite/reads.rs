//! What a reader reads.
//!
//! A scan without a bound is bound by what no key can be: below every blob lies any number, above every key lie 513 bytes
//! 0xff. So each scan is one statement per direction, and a seek in one B-tree.

use bytes::Bytes;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, Statement, ToSql, params};

use super::names::{Names, partition_of};
use super::schema::NAME_BITS;
use crate::model::ids::NodeId;
use crate::model::time::Time;
use crate::store::batch::KEY_BYTES;
use crate::store::port::{Direction, IndexPosition, Ownership, Partition, RawRecord, RecordKey, SCAN_LIMIT, Scan, StreamPage, StreamState, Timer};

const BEYOND_EVERY_KEY: [u8; KEY_BYTES + 1] = [0xff; KEY_BYTES + 1];

/// A bound of a scan.
enum Bound<'b> {
    At(&'b [u8]),
    BeforeAll,
    AfterAll,
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::At(bytes) => ValueRef::Blob(bytes),
            Self::BeforeAll => ValueRef::Integer(0),
            Self::AfterAll => ValueRef::Blob(&BEYOND_EVERY_KEY),
        }))
    }
}

/// A scan's statement in both directions.
struct BothWays<'c> {
    ascending: Statement<'c>,
    descending: Statement<'c>,
}

impl<'c> BothWays<'c> {
    /// `sql` with `{way}` for the direction.
    fn new(connection: &'c Connection, sql: &str) -> rusqlite::Result<Self> {
        Ok(Self { ascending: connection.prepare(&sql.replace("{way}", "ASC"))?, descending: connection.prepare(&sql.replace("{way}", "DESC"))? })
    }

    fn of(&mut self, direction: Direction) -> &mut Statement<'c> {
        match direction {
            Direction::Ascending => &mut self.ascending,
            Direction::Descending => &mut self.descending,
        }
    }
}

/// Every statement a reader uses, prepared once.
pub(super) struct Reading<'c> {
    pub(super) connection: &'c Connection,
    names: Names<'c>,
    begin: Statement<'c>,
    commit: Statement<'c>,
    get: Statement<'c>,
    scan: BothWays<'c>,
    scan_index: BothWays<'c>,
    get_unique: Statement<'c>,
    count_index: Statement<'c>,
    stream: Statement<'c>,
    newest: Statement<'c>,
    log: Statement<'c>,
    counters: Statement<'c>,
    answer: Statement<'c>,
    due: Statement<'c>,
    next_due: Statement<'c>,
    owner: Statement<'c>,
}

impl<'c> Reading<'c> {
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        let prepare = |sql| connection.prepare(sql);
        Ok(Self {
            connection,
            names: Names::new(connection)?,
            begin: prepare("BEGIN")?,
            commit: prepare("COMMIT")?,
            get: prepare("SELECT version, value FROM record WHERE space = ?1 AND grp = ?2 AND item = ?3")?,
            scan: BothWays::new(
                connection,
                "SELECT item, version, value FROM record WHERE space = ?1 AND grp = ?2 AND item > ?3 AND item < ?4 ORDER BY item {way} LIMIT ?5",
            )?,
            scan_index: BothWays::new(
                connection,
                "SELECT e.sort, e.rgrp, e.ritem, r.version, r.value FROM entry e CROSS JOIN record r
                 ON r.space = ?2 AND r.grp = e.rgrp AND r.item = e.ritem
                 WHERE e.space = ?1 AND e.grp = ?3 AND (e.sort, e.rgrp, e.ritem) > (?4, ?5, ?6) AND (e.sort, e.rgrp, e.ritem) < (?7, ?8, ?9)
                 ORDER BY e.sort {way}, e.rgrp {way}, e.ritem {way} LIMIT ?10",
            )?,
            get_unique: prepare(
                "SELECT e.rgrp, e.ritem, r.version, r.value FROM entry e CROSS JOIN record r
                 ON r.space = ?2 AND r.grp = e.rgrp AND r.item = e.ritem WHERE e.space = ?1 AND e.grp = ?3 AND e.sort = ?4 LIMIT 1",
            )?,
            count_index: prepare("SELECT count(*) FROM entry WHERE space = ?1 AND grp = ?2")?,
            stream: prepare("SELECT id, trimmed, last FROM stream WHERE part = ?1 AND name = ?2")?,
            newest: prepare("SELECT max(number) FROM log WHERE stream = ?1")?,
            log: prepare("SELECT number, value FROM log WHERE stream = ?1 AND number > ?2 ORDER BY number LIMIT ?3")?,
            counters: prepare("SELECT item, value FROM counter WHERE part = ?1 AND grp = ?2 ORDER BY item")?,
            answer: prepare("SELECT answer FROM once WHERE part = ?1 AND key = ?2 AND expires > ?3")?,
            due: prepare("SELECT id, due, value FROM timer WHERE part = ?1 AND due <= ?2 ORDER BY due, id LIMIT ?3")?,
            next_due: prepare("SELECT min(due) FROM timer WHERE part = ?1")?,
            owner: prepare("SELECT node, token FROM owner WHERE part = ?1 AND name = ?2")?,
        })
    }

    /// Several statements over one moment of the store.
    pub(super) fn at_one_moment<T>(&mut self, read: impl FnOnce(&mut Self) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        self.begin.execute([])?;
        let found = read(self);
        // It wrote nothing, so whether it ends well or not changes nothing but the next begin.
        self.commit.execute([])?;
        found
    }

    pub(super) fn get(&mut self, partition: Partition, table: &'static str, keys: Vec<RecordKey>) -> rusqlite::Result<Vec<Option<RawRecord>>> {
        let Some(name) = self.names.find(table, "")? else { return Ok(vec![None; keys.len()]) };
        let space = name.space(partition);
        keys.into_iter()
            .map(|key| {
                let read = |row: &Row<'_>| Ok((row.get(0)?, bytes(row, 1)?));
                let found = self.get.query_row(params![space, key.group, key.item], read).optional()?;
                Ok(found.map(|(version, value)| RawRecord { key, version, value }))
            })
            .collect()
    }

    pub(super) fn scan(&mut self, partition: Partition, table: &'static str, group: &[u8], scan: &Scan<Vec<u8>>) -> rusqlite::Result<Vec<RawRecord>> {
        let Some(name) = self.names.find(table, "")? else { return Ok(Vec::new()) };
        let above = scan.above.as_deref().map_or(Bound::BeforeAll, Bound::At);
        let below = scan.below.as_deref().map_or(Bound::AfterAll, Bound::At);
        let read = |row: &Row<'_>| {
            Ok(RawRecord { key: RecordKey { group: group.to_vec(), item: row.get(0)? }, version: row.get(1)?, value: bytes(row, 2)? })
        };
        let rows = params![name.space(partition), group, above, below, limit(scan.limit)];
        self.scan.of(scan.direction).query_map(rows, read)?.collect()
    }

    pub(super) fn scan_index(
        &mut self, partition: Partition, table: &'static str, index: &'static str, group: &[u8], scan: &Scan<IndexPosition>,
    ) -> rusqlite::Result<Vec<(IndexPosition, RawRecord)>> {
        let (Some(name), Some(records)) = (self.names.find(table, index)?, self.names.find(table, "")?) else { return Ok(Vec::new()) };
        let [above_sort, above_group, above_item] = match &scan.above {
            Some(place) => [Bound::At(&place.sort), Bound::At(&place.key.group), Bound::At(&place.key.item)],
            None => [Bound::BeforeAll, Bound::BeforeAll, Bound::BeforeAll],
        };
        let [below_sort, below_group, below_item] = match &scan.below {
            Some(place) => [Bound::At(&place.sort), Bound::At(&place.key.group), Bound::At(&place.key.item)],
            None => [Bound::AfterAll, Bound::AfterAll, Bound::AfterAll],
        };
        let read = |row: &Row<'_>| {
            let key = RecordKey { group: row.get(1)?, item: row.get(2)? };
            Ok((IndexPosition { sort: row.get(0)?, key: key.clone() }, RawRecord { key, version: row.get(3)?, value: bytes(row, 4)? }))
        };
        let rows = params![
            name.space(partition),
            records.space(partition),
            group,
            above_sort,
            above_group,
            above_item,
            below_sort,
            below_group,
            below_item,
            limit(scan.limit)
        ];
        self.scan_index.of(scan.direction).query_map(rows, read)?.collect()
    }

    pub(super) fn get_unique(
        &mut self, partition: Partition, table: &'static str, index: &'static str, group: &[u8], sort: &[u8],
    ) -> rusqlite::Result<Option<RawRecord>> {
        let (Some(name), Some(records)) = (self.names.find(table, index)?, self.names.find(table, "")?) else { return Ok(None) };
        let read =
            |row: &Row<'_>| Ok(RawRecord { key: RecordKey { group: row.get(0)?, item: row.get(1)? }, version: row.get(2)?, value: bytes(row, 3)? });
        self.get_unique.query_row(params![name.space(partition), records.space(partition), group, sort], read).optional()
    }

    pub(super) fn count_index(&mut self, partition: Partition, table: &'static str, index: &'static str, group: &[u8]) -> rusqlite::Result<u64> {
        let Some(name) = self.names.find(table, index)? else { return Ok(0) };
        self.count_index.query_row(params![name.space(partition), group], |row| row.get(0))
    }

    pub(super) fn read(&mut self, partition: Partition, stream: &str, after: u64, most: usize) -> rusqlite::Result<StreamPage> {
        self.at_one_moment(|reading| {
            let head = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, StreamState { trimmed: row.get(1)?, last: row.get(2)? }));
            let Some((id, mut state)) = reading.stream.query_row(params![partition.0, stream], head).optional()? else {
                return Ok(StreamPage::default());
            };
            let newest: Option<u64> = reading.newest.query_row([id], |row| row.get(0))?;
            state.last = state.last.max(newest.unwrap_or(0));
            let after = i64::try_from(after).unwrap_or(i64::MAX);
            let entries = reading.log.query_map(params![id, after, limit(most)], |row| Ok((row.get(0)?, bytes(row, 1)?)))?;
            Ok(StreamPage { entries: entries.collect::<rusqlite::Result<_>>()?, state })
        })
    }

    pub(super) fn counters(&mut self, partition: Partition, group: &[u8]) -> rusqlite::Result<Vec<(Vec<u8>, i64)>> {
        self.counters.query_map(params![partition.0, group], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    pub(super) fn answer(&mut self, partition: Partition, key: &[u8], now: Time) -> rusqlite::Result<Option<Bytes>> {
        self.answer.query_row(params![partition.0, key, now.0], |row| bytes(row, 0)).optional()
    }

    pub(super) fn due(&mut self, partition: Partition, now: Time, most: usize) -> rusqlite::Result<Vec<Timer>> {
        let read = |row: &Row<'_>| Ok(Timer { id: row.get(0)?, due: Time(row.get(1)?), value: bytes(row, 2)? });
        self.due.query_map(params![partition.0, now.0, limit(most)], read)?.collect()
    }

    pub(super) fn next_due(&mut self, partition: Partition) -> rusqlite::Result<Option<Time>> {
        let due: Option<i64> = self.next_due.query_row([partition.0], |row| row.get(0))?;
        Ok(due.map(Time))
    }

    pub(super) fn owner(&mut self, partition: Partition, owner: &str) -> rusqlite::Result<Option<Ownership>> {
        let read = |row: &Row<'_>| Ok(Ownership { node: NodeId(row.get::<_, i64>(0)?.cast_unsigned()), token: row.get(1)? });
        self.owner.query_row(params![partition.0, owner], read).optional()
    }

    /// Every partition that holds anything: hops from one to the next in each table.
    pub(super) fn partitions(&mut self) -> rusqlite::Result<Vec<Partition>> {
        let mut found = std::collections::BTreeSet::new();
        for (table, column, bits) in [
            ("record", "space", NAME_BITS),
            ("entry", "space", NAME_BITS),
            ("stream", "part", 0),
            ("once", "part", 0),
            ("counter", "part", 0),
            ("timer", "part", 0),
            ("owner", "part", 0),
        ] {
            let mut next = self.connection.prepare(&format!("SELECT min({column}) FROM {table} WHERE {column} >= ?1"))?;
            let mut from = Some(0_i64);
            while let Some(at) = from {
                let met: Option<i64> = next.query_row([at], |row| row.get(0))?;
                let partition = met.map(|met| met >> bits);
                found.extend(partition.and_then(|partition| partition_of(partition << NAME_BITS)));
                from = partition.map(|partition| partition.saturating_add(1) << bits);
            }
        }
        Ok(found.into_iter().collect())
    }
}

/// The limit of a scan as SQLite takes it.
fn limit(limit: usize) -> i64 {
    i64::try_from(limit.min(SCAN_LIMIT)).unwrap_or(0)
}

fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Bytes> {
    Ok(Bytes::from(row.get::<_, Vec<u8>>(column)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_read_is_a_search_in_order() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = super::super::schema::open(&folder.path().join("file")).unwrap();
        let reading = Reading::new(&connection).unwrap();
        let statements = [
            &reading.get,
            &reading.scan.ascending,
            &reading.scan.descending,
            &reading.scan_index.ascending,
            &reading.scan_index.descending,
            &reading.get_unique,
            &reading.count_index,
            &reading.stream,
            &reading.newest,
            &reading.log,
            &reading.counters,
            &reading.answer,
            &reading.due,
            &reading.next_due,
            &reading.owner,
        ];
        for statement in statements {
            let sql = statement.expanded_sql().unwrap();
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let plan: Vec<String> = explain.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
            assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{sql}: {plan:?}");
        }
    }
}
