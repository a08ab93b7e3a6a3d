//! Reads. What must be of one moment (a scan and its values, a stream and its state) is one script.

use std::collections::HashMap;
use std::sync::LazyLock;

use bytes::Bytes;
use redis::{Cmd, Pipeline, Script, ScriptInvocation, Value, from_redis_value};

use super::keys::{Space, member, moment, read_holder, read_member, read_moment};
use super::link::{Ask, Link};
use crate::model::time::Time;
use crate::store::port::{Direction, IndexPosition, RawRecord, RecordKey, SCAN_LIMIT, Scan, StoreError, StreamName, StreamPage, StreamState, Timer};

static SCAN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/scan.lua")));
static SCAN_INDEX: LazyLock<Script> = LazyLock::new(|| Script::new(concat!(include_str!("lua/split.lua"), include_str!("lua/scan_index.lua"))));
static UNIQUE: LazyLock<Script> = LazyLock::new(|| Script::new(concat!(include_str!("lua/split.lua"), include_str!("lua/unique.lua"))));
static READ: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/read.lua")));
static DUE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/due.lua")));

pub(super) fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("redis: {what}"))
}

/// Members of a sorted set beside the values that belong to them; `None` where there is none.
pub(super) type Pairs = (Vec<Vec<u8>>, Vec<Option<Vec<u8>>>);

/// A record from its key and its field: the version, then the bytes.
pub(super) fn record(key: RecordKey, field: Vec<u8>) -> Result<RawRecord, StoreError> {
    let (version, _) = field.split_first_chunk::<8>().ok_or_else(|| corrupt("a record without a version"))?;
    let version = u64::from_be_bytes(*version);
    Ok(RawRecord { key, version, value: Bytes::from(field).slice(8..) })
}

pub(super) async fn get(link: &Link, space: &Space, table: &str, keys: &[RecordKey]) -> Result<Vec<Option<RawRecord>>, StoreError> {
    if keys.len() > SCAN_LIMIT {
        return Err(StoreError::Invalid(format!("{} keys, more than {SCAN_LIMIT}", keys.len())));
    }
    let mut groups: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (at, key) in keys.iter().enumerate() {
        groups.entry(&key.group).or_default().push(at);
    }
    let groups: Vec<(&[u8], Vec<usize>)> = groups.into_iter().collect();
    let mut pipeline = Pipeline::with_capacity(groups.len());
    for (group, places) in &groups {
        pipeline.cmd("HMGET").arg(space.records(table, group));
        for key in places.iter().filter_map(|at| keys.get(*at)) {
            pipeline.arg(&key.item);
        }
    }
    let answers: Vec<Vec<Option<Vec<u8>>>> = if groups.is_empty() { Vec::new() } else { link.ask(Ask::Pipeline(&pipeline)).await? };
    let mut records: Vec<Option<RawRecord>> = vec![None; keys.len()];
    for ((_, places), fields) in groups.iter().zip(answers) {
        for (at, field) in places.iter().zip(fields) {
            if let (Some(field), Some(key), Some(place)) = (field, keys.get(*at), records.get_mut(*at)) {
                *place = Some(record(key.clone(), field)?);
            }
        }
    }
    Ok(records)
}

/// Where a scan begins and ends, in the order Redis wants them, and how many.
fn range(call: &mut ScriptInvocation<'_>, scan_above: Option<Vec<u8>>, scan_below: Option<Vec<u8>>, direction: Direction, limit: usize) {
    let edge = |bound: Option<Vec<u8>>, open: &[u8]| match bound {
        Some(bound) => [b"(", bound.as_slice()].concat(),
        None => open.to_vec(),
    };
    let (low, high) = (edge(scan_above, b"-"), edge(scan_below, b"+"));
    match direction {
        Direction::Ascending => call.arg(low).arg(high),
        Direction::Descending => call.arg(high).arg(low),
    };
    call.arg(limit.min(SCAN_LIMIT));
}

/// One group's items and their fields, as [`scan`] reads them.
pub(super) async fn scan_raw(link: &Link, space: &Space, table: &str, group: &[u8], scan: Scan<Vec<u8>>) -> Result<Pairs, StoreError> {
    let mut call = SCAN.prepare_invoke();
    call.key(space.order(table, group)).key(space.records(table, group));
    range(&mut call, scan.above, scan.below, scan.direction, scan.limit);
    if scan.direction == Direction::Descending {
        call.arg("REV");
    }
    link.ask(Ask::Script(&call)).await
}

pub(super) async fn scan(link: &Link, space: &Space, table: &str, group: &[u8], scan: Scan<Vec<u8>>) -> Result<Vec<RawRecord>, StoreError> {
    let (items, fields) = scan_raw(link, space, table, group, scan).await?;
    let found = items.into_iter().zip(fields).map(|(item, field)| {
        let field = field.ok_or_else(|| corrupt("an item without a record"))?;
        record(RecordKey { group: group.to_vec(), item }, field)
    });
    found.collect()
}

pub(super) async fn scan_index(
    link: &Link, space: &Space, table: &str, index: &str, group: &[u8], scan: Scan<IndexPosition>,
) -> Result<Vec<(IndexPosition, RawRecord)>, StoreError> {
    let place = |position: IndexPosition| member(&position.sort, &position.key);
    let mut call = SCAN_INDEX.prepare_invoke();
    call.key(space.index(table, index, group));
    range(&mut call, scan.above.map(place), scan.below.map(place), scan.direction, scan.limit);
    call.arg(space.records(table, b""));
    if scan.direction == Direction::Descending {
        call.arg("REV");
    }
    let (members, fields): Pairs = link.ask(Ask::Script(&call)).await?;
    let found = members.into_iter().zip(fields).map(|(member, field)| {
        let position = read_member(&member).ok_or_else(|| corrupt("an index entry"))?;
        let field = field.ok_or_else(|| corrupt("an index entry without a record"))?;
        let record = record(position.key.clone(), field)?;
        Ok((position, record))
    });
    found.collect()
}

pub(super) async fn get_unique(
    link: &Link, space: &Space, table: &str, index: &str, group: &[u8], sort: &[u8],
) -> Result<Option<RawRecord>, StoreError> {
    let mut call = UNIQUE.prepare_invoke();
    call.key(space.unique(table, index)).arg(super::keys::pair(group, sort)).arg(space.records(table, b""));
    let found: Option<(Vec<u8>, Option<Vec<u8>>)> = link.ask(Ask::Script(&call)).await?;
    let Some((holder, field)) = found else { return Ok(None) };
    let key = read_holder(&holder).ok_or_else(|| corrupt("a unique entry"))?;
    record(key, field.ok_or_else(|| corrupt("a unique entry without a record"))?).map(Some)
}

pub(super) async fn count_index(link: &Link, space: &Space, table: &str, index: &str, group: &[u8]) -> Result<u64, StoreError> {
    let mut cmd = Cmd::new();
    cmd.arg("ZCARD").arg(space.index(table, index, group));
    link.ask(Ask::Command(&cmd)).await
}

pub(super) async fn read(link: &Link, space: &Space, stream: &StreamName, after: u64, limit: usize) -> Result<StreamPage, StoreError> {
    let mut call = READ.prepare_invoke();
    call.key(space.heads()).key(space.trimmed()).key(space.stream(&stream.0));
    call.arg(&stream.0).arg(format!("(0-{after}")).arg(limit.min(SCAN_LIMIT));
    let (newest, left, trimmed, entries): (Option<u64>, Option<u64>, Option<u64>, Value) = link.ask(Ask::Script(&call)).await?;
    let state = StreamState { trimmed: trimmed.unwrap_or(0), last: newest.max(left).unwrap_or(0) };
    Ok(StreamPage { entries: read_entries(entries)?, state })
}

/// What XRANGE answers: `[[0-number, ["v", bytes]], …]`.
fn read_entries(value: Value) -> Result<Vec<(u64, Bytes)>, StoreError> {
    let entries = match value {
        Value::Nil => Vec::new(),
        value => from_redis_value::<Vec<(Vec<u8>, (Vec<u8>, Vec<u8>))>>(value).map_err(|_| corrupt("a stream's entries"))?,
    };
    let read = |(id, (_, value)): (Vec<u8>, (Vec<u8>, Vec<u8>))| {
        let number = std::str::from_utf8(&id).ok().and_then(|id| id.strip_prefix("0-")).and_then(|number| number.parse().ok());
        Ok((number.ok_or_else(|| corrupt("an entry's number"))?, Bytes::from(value)))
    };
    entries.into_iter().map(read).collect()
}

pub(super) async fn counters(link: &Link, space: &Space, group: &[u8]) -> Result<Vec<(Vec<u8>, i64)>, StoreError> {
    let mut cmd = Cmd::new();
    cmd.arg("HGETALL").arg(space.counters(group));
    let mut counters: Vec<(Vec<u8>, i64)> = link.ask(Ask::Command(&cmd)).await?;
    counters.sort_unstable();
    Ok(counters)
}

pub(super) async fn answer(link: &Link, space: &Space, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
    let mut cmd = Cmd::new();
    cmd.arg("GET").arg(space.once(key));
    let found: Option<Vec<u8>> = link.ask(Ask::Command(&cmd)).await?;
    Ok(found.map(Bytes::from))
}

pub(super) async fn due(link: &Link, space: &Space, now: Time, limit: usize) -> Result<Vec<Timer>, StoreError> {
    let mut call = DUE.prepare_invoke();
    call.key(space.due()).key(space.timers());
    match now.0.checked_add(1) {
        Some(next) => call.arg([b"(", moment(Time(next)).as_slice()].concat()),
        None => call.arg("+"),
    };
    call.arg(limit.min(SCAN_LIMIT));
    let (members, fields): Pairs = link.ask(Ask::Script(&call)).await?;
    let timers = members.into_iter().zip(fields).map(|(member, field)| {
        let (due, id) = read_moment(&member).ok_or_else(|| corrupt("a timer"))?;
        let field = field.filter(|field| field.len() >= 8).ok_or_else(|| corrupt("a timer without its value"))?;
        Ok(Timer { id: id.to_vec(), due, value: Bytes::from(field).slice(8..) })
    });
    timers.collect()
}

pub(super) async fn next_due(link: &Link, space: &Space) -> Result<Option<Time>, StoreError> {
    let mut cmd = Cmd::new();
    cmd.arg("ZRANGE").arg(space.due()).arg(0).arg(0);
    let first: Vec<Vec<u8>> = link.ask(Ask::Command(&cmd)).await?;
    let read = |member: &Vec<u8>| read_moment(member).map(|(due, _)| due).ok_or_else(|| corrupt("a timer"));
    first.first().map(read).transpose()
}
