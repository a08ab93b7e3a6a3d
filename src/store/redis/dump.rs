//! The dump: a partition's keys are listed once and sorted, then read one after the other.
//!
//! A place names a key and how far it was read, so a dump can go on in another process: the list is made again there.

use std::collections::BTreeSet;

use redis::{Cmd, FromRedisValue, Pipeline};

use super::keys::{Space, read_holder, read_member, read_moment, unpair};
use super::link::{Ask, Link};
use super::owners;
use super::reads::{corrupt, read, record, scan_raw};
use crate::store::port::{DumpItem, RecordKey, Scan, StoreError, StreamName};

/// About how many items, and at most about how many bytes, one part has.
const PART_ITEMS: usize = 1_000;
const PART_BYTES: usize = 4 * 1024 * 1024;
/// How many rows are asked for at once.
const STEP: usize = 200;

/// What is read in one go, in the order of a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Records = 0,
    Index,
    Unique,
    Stream,
    Counters,
    Once,
    Timers,
    Owners,
}

const KINDS: [Kind; 8] = [Kind::Records, Kind::Index, Kind::Unique, Kind::Stream, Kind::Counters, Kind::Once, Kind::Timers, Kind::Owners];

/// One key of a partition, or one stream: its kind and its name without the partition's beginning.
pub(super) type Unit = (Kind, Vec<u8>);

/// Lists what a partition holds, sorted.
pub(super) async fn plan(link: &Link, space: &Space) -> Result<Vec<Unit>, StoreError> {
    let mut units = BTreeSet::new();
    let pattern: Vec<u8> = [space.base(), b"*"].concat();
    let mut cursor: u64 = 0;
    loop {
        let mut cmd = Cmd::new();
        cmd.arg("SCAN").arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(1_000);
        let (next, keys): (u64, Vec<Vec<u8>>) = link.ask(Ask::Command(&cmd)).await?;
        units.extend(keys.iter().filter_map(|key| unit(key.strip_prefix(space.base())?)));
        cursor = next;
        if cursor == 0 {
            break;
        }
    }
    let mut heads = 0;
    loop {
        let (next, pairs): (u64, Vec<(Vec<u8>, u64)>) = hash_part(link, space.heads(), heads).await?;
        units.extend(pairs.into_iter().map(|(stream, _)| (Kind::Stream, stream)));
        heads = next;
        if heads == 0 {
            break;
        }
    }
    Ok(units.into_iter().collect())
}

fn unit(key: &[u8]) -> Option<Unit> {
    Some(match key {
        [b'r', b':', name @ ..] => (Kind::Records, name.to_vec()),
        [b'i', b':', name @ ..] => (Kind::Index, name.to_vec()),
        [b'u', b':', name @ ..] => (Kind::Unique, name.to_vec()),
        // A stream has entries, or a head, or both.
        [b's', b':', name @ ..] => (Kind::Stream, name.to_vec()),
        [b'c', b':', name @ ..] => (Kind::Counters, name.to_vec()),
        [b'x', b':', name @ ..] => (Kind::Once, name.to_vec()),
        b"timers" => (Kind::Timers, Vec::new()),
        b"owners" => (Kind::Owners, Vec::new()),
        // Order, due, heads and trimmed follow from the others.
        _ => return None,
    })
}

/// Writes a place: the unit, and how far it was read (`None`: to its end).
fn write_place((kind, name): &Unit, inner: Option<&[u8]>) -> Vec<u8> {
    let mut place = vec![*kind as u8];
    place.extend_from_slice(&u32::try_from(name.len()).unwrap_or(u32::MAX).to_be_bytes());
    place.extend_from_slice(name);
    if let Some(inner) = inner {
        place.push(1);
        place.extend_from_slice(inner);
    }
    place
}

fn read_place(place: &[u8]) -> Option<(Unit, Option<Vec<u8>>)> {
    let (kind, rest) = place.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (name, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let kind = KINDS.into_iter().find(|known| *known as u8 == *kind)?;
    let inner = match rest {
        [1, inner @ ..] => Some(inner.to_vec()),
        _ => None,
    };
    Some(((kind, name.to_vec()), inner))
}

/// One part of a dump, over a [`plan`].
pub(super) async fn part(link: &Link, space: &Space, plan: &[Unit], place: Option<&[u8]>) -> Result<(Vec<DumpItem>, Option<Vec<u8>>), StoreError> {
    let (mut at, mut inner) = match place {
        None => (0, None),
        Some(place) => {
            let (unit, inner) = read_place(place).ok_or_else(|| StoreError::Invalid("not a place of a dump".to_owned()))?;
            match (plan.binary_search(&unit), &inner) {
                (Ok(at), Some(_)) => (at, inner),
                (Ok(at), None) => (at + 1, None),
                (Err(at), _) => (at, None),
            }
        }
    };
    let mut items = Vec::new();
    let mut bytes = 0;
    while let Some(unit) = plan.get(at) {
        let (more, next) = match unit {
            (Kind::Once, _) => {
                let several: Vec<&[u8]> =
                    plan.iter().skip(at).take(STEP).take_while(|(kind, _)| *kind == Kind::Once).map(|(_, name)| name.as_slice()).collect();
                at += several.len() - 1;
                (once(link, space, &several).await?, None)
            }
            (kind, name) => rows(link, space, *kind, name, inner).await?,
        };
        bytes += more.iter().map(weight).sum::<usize>();
        items.extend(more);
        let done = plan.get(at).map(|unit| write_place(unit, next.as_deref()));
        if next.is_none() {
            at += 1;
        }
        inner = next;
        if (items.len() >= PART_ITEMS || bytes >= PART_BYTES) && at < plan.len() {
            return Ok((items, done));
        }
    }
    Ok((items, None))
}

fn weight(item: &DumpItem) -> usize {
    match item {
        DumpItem::Record { value, .. } | DumpItem::Entry { value, .. } | DumpItem::Timer { value, .. } => value.len(),
        _ => 64,
    }
}

/// Fields of a hash and their values.
type Fields = Vec<(Vec<u8>, Vec<u8>)>;
type Rows = (Vec<DumpItem>, Option<Vec<u8>>);

/// The next rows of a unit, and how far they reach if there may be more.
async fn rows(link: &Link, space: &Space, kind: Kind, name: &[u8], inner: Option<Vec<u8>>) -> Result<Rows, StoreError> {
    match kind {
        Kind::Records => records(link, space, name, inner).await,
        Kind::Index => index(link, space, name, inner).await,
        Kind::Unique => unique(link, space, name, cursor(inner)?).await,
        Kind::Stream => stream(link, space, name, inner).await,
        Kind::Counters => {
            let (next, pairs): (u64, Vec<(Vec<u8>, i64)>) = hash_part(link, space.counters(name), cursor(inner)?).await?;
            let items = pairs.into_iter().map(|(item, value)| DumpItem::Counter { group: name.to_vec(), item, value }).collect();
            Ok((items, write_cursor(next)))
        }
        Kind::Timers => timers(link, space, inner).await,
        Kind::Owners => {
            let (next, pairs): (u64, Vec<(String, Vec<u8>)>) = hash_part(link, space.owners(), cursor(inner)?).await?;
            let read = |(owner, owned): (String, Vec<u8>)| Ok(DumpItem::Owner { owner, token: owners::read(&owned)?.token });
            Ok((pairs.into_iter().map(read).collect::<Result<_, StoreError>>()?, write_cursor(next)))
        }
        Kind::Once => Ok((Vec::new(), None)),
    }
}

async fn hash_part<T: FromRedisValue>(link: &Link, key: Vec<u8>, cursor: u64) -> Result<T, StoreError> {
    let mut cmd = Cmd::new();
    cmd.arg("HSCAN").arg(key).arg(cursor).arg("COUNT").arg(STEP);
    link.ask(Ask::Command(&cmd)).await
}

fn cursor(inner: Option<Vec<u8>>) -> Result<u64, StoreError> {
    let Some(inner) = inner else { return Ok(0) };
    let bytes: [u8; 8] = inner.try_into().map_err(|_| StoreError::Invalid("not a place of a dump".to_owned()))?;
    Ok(u64::from_be_bytes(bytes))
}

fn write_cursor(next: u64) -> Option<Vec<u8>> {
    (next != 0).then(|| next.to_be_bytes().to_vec())
}

/// Table and the rest of a name.
fn table(name: &[u8]) -> Result<(String, &[u8]), StoreError> {
    let colon = name.iter().position(|byte| *byte == b':').ok_or_else(|| corrupt("a key without a group"))?;
    let (table, group) = name.split_at(colon);
    let table = String::from_utf8(table.to_vec()).map_err(|_| corrupt("a table's name"))?;
    Ok((table, group.get(1..).unwrap_or_default()))
}

async fn records(link: &Link, space: &Space, name: &[u8], above: Option<Vec<u8>>) -> Result<Rows, StoreError> {
    let (table, group) = table(name)?;
    let scan = Scan { above, ..Scan::first(STEP) };
    let (items, fields) = scan_raw(link, space, &table, group, scan).await?;
    let next = (items.len() == STEP).then(|| items.last().cloned()).flatten();
    let mut found = Vec::with_capacity(items.len());
    for (item, field) in items.into_iter().zip(fields) {
        let key = RecordKey { group: group.to_vec(), item };
        let raw = record(key, field.ok_or_else(|| corrupt("an item without a record"))?)?;
        let RecordKey { group, item } = raw.key;
        found.push(DumpItem::Record { table: table.clone(), group, item, version: raw.version, value: raw.value.to_vec() });
    }
    Ok((found, next))
}

/// Members of a sorted set after one of them.
async fn members(link: &Link, key: Vec<u8>, above: Option<Vec<u8>>) -> Result<Vec<Vec<u8>>, StoreError> {
    let from = above.map_or_else(|| b"-".to_vec(), |above| [b"(", above.as_slice()].concat());
    let mut cmd = Cmd::new();
    cmd.arg("ZRANGE").arg(key).arg(from).arg("+").arg("BYLEX").arg("LIMIT").arg(0).arg(STEP);
    link.ask(Ask::Command(&cmd)).await
}

async fn index(link: &Link, space: &Space, name: &[u8], above: Option<Vec<u8>>) -> Result<Rows, StoreError> {
    let (table_name, rest) = table(name)?;
    let (index, group) = table(rest)?;
    let members = members(link, space.index(&table_name, &index, group), above).await?;
    let next = (members.len() == STEP).then(|| members.last().cloned()).flatten();
    let read = |member: Vec<u8>| {
        let position = read_member(&member).ok_or_else(|| corrupt("an index entry"))?;
        Ok(entry(&table_name, &index, false, group.to_vec(), position.sort, position.key))
    };
    Ok((members.into_iter().map(read).collect::<Result<_, StoreError>>()?, next))
}

async fn unique(link: &Link, space: &Space, name: &[u8], cursor: u64) -> Result<Rows, StoreError> {
    let (table_name, index) = table(name)?;
    let index = String::from_utf8(index.to_vec()).map_err(|_| corrupt("an index's name"))?;
    let (next, pairs): (u64, Fields) = hash_part(link, space.unique(&table_name, &index), cursor).await?;
    let read = |(place, holder): (Vec<u8>, Vec<u8>)| {
        let (group, sort) = unpair(&place).ok_or_else(|| corrupt("a unique entry"))?;
        let key = read_holder(&holder).ok_or_else(|| corrupt("a unique entry"))?;
        Ok(entry(&table_name, &index, true, group, sort, key))
    };
    Ok((pairs.into_iter().map(read).collect::<Result<_, StoreError>>()?, write_cursor(next)))
}

fn entry(table: &str, index: &str, unique: bool, group: Vec<u8>, sort: Vec<u8>, key: RecordKey) -> DumpItem {
    let RecordKey { group: record_group, item: record_item } = key;
    DumpItem::Index { table: table.to_owned(), index: index.to_owned(), unique, group, sort, record_group, record_item }
}

async fn stream(link: &Link, space: &Space, name: &[u8], inner: Option<Vec<u8>>) -> Result<Rows, StoreError> {
    let stream = String::from_utf8(name.to_vec()).map_err(|_| corrupt("a stream's name"))?;
    let begins = inner.is_none();
    let page = read(link, space, &StreamName(stream.clone()), cursor(inner)?, STEP).await?;
    let next = (page.entries.len() == STEP).then(|| page.entries.last().map(|(number, _)| number.to_be_bytes().to_vec())).flatten();
    let mut items = Vec::with_capacity(page.entries.len() + 1);
    if begins {
        items.push(DumpItem::Stream { stream: stream.clone(), trimmed: page.state.trimmed, last: page.state.last });
    }
    items.extend(page.entries.into_iter().map(|(number, value)| DumpItem::Entry { stream: stream.clone(), number, value: value.to_vec() }));
    Ok((items, next))
}

async fn once(link: &Link, space: &Space, keys: &[&[u8]]) -> Result<Vec<DumpItem>, StoreError> {
    let mut pipeline = Pipeline::with_capacity(keys.len() * 2);
    for key in keys {
        pipeline.cmd("GET").arg(space.once(key)).cmd("PTTL").arg(space.once(key));
    }
    let answers: Vec<(Option<Vec<u8>>, i64)> = link.ask(Ask::Pipeline(&pipeline)).await?;
    let live = keys.iter().zip(answers).filter_map(|(key, (answer, left_ms))| {
        // What expired meanwhile is gone; without a lifetime nothing is ever written.
        answer.filter(|_| left_ms > 0).map(|answer| DumpItem::Once { key: key.to_vec(), answer, left_ms })
    });
    Ok(live.collect())
}

async fn timers(link: &Link, space: &Space, above: Option<Vec<u8>>) -> Result<Rows, StoreError> {
    let members = members(link, space.due(), above).await?;
    if members.is_empty() {
        return Ok((Vec::new(), None));
    }
    let next = (members.len() == STEP).then(|| members.last().cloned()).flatten();
    let mut cmd = Cmd::new();
    cmd.arg("HMGET").arg(space.timers());
    let mut timers = Vec::with_capacity(members.len());
    for member in &members {
        let (due, id) = read_moment(member).ok_or_else(|| corrupt("a timer"))?;
        cmd.arg(id);
        timers.push((due, id.to_vec()));
    }
    let fields: Vec<Option<Vec<u8>>> = link.ask(Ask::Command(&cmd)).await?;
    let items = timers.into_iter().zip(fields).map(|((due, id), field)| {
        let field = field.ok_or_else(|| corrupt("a timer without its value"))?;
        let value = field.get(8..).ok_or_else(|| corrupt("a timer without its due time"))?.to_vec();
        Ok(DumpItem::Timer { id, due_ms: due.0, value })
    });
    Ok((items.collect::<Result<_, StoreError>>()?, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_back() {
        let unit = (Kind::Stream, b"log:\0a".to_vec());
        for inner in [None, Some(Vec::new()), Some(vec![1, 0, 255])] {
            assert_eq!(read_place(&write_place(&unit, inner.as_deref())), Some((unit.clone(), inner)));
        }
        assert_eq!(read_place(b"\x09\0\0\0\0"), None);
        assert_eq!(read_place(b"\0\0\0\0\x05a"), None);
    }
}
