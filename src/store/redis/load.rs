//! Writes dumped items back. A part may be written twice (its answer was lost): every write sets what is so.

use std::collections::HashMap;
use std::sync::LazyLock;

use redis::{Cmd, Pipeline, Script};

use super::keys::{Space, holder, member, moment, pair};
use super::link::{Ask, Link};
use super::owners::{self, Listing};
use super::script::{LONGEST_MS, record_value};
use crate::model::ids::NodeId;
use crate::model::time::Time;
use crate::store::batch::{KEY_BYTES, STREAM_NAME_BYTES};
use crate::store::port::{DumpItem, Ownership, RecordKey, StoreError};

const LOAD_ENTRY_TEXT: &str = include_str!("lua/load_entry.lua");
static LOAD_ENTRY: LazyLock<Script> = LazyLock::new(|| Script::new(LOAD_ENTRY_TEXT));

/// How many commands travel together.
const CHUNK: usize = 500;
/// About how many bytes travel together.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

pub(super) async fn load(link: &Link, space: &Space, listing: &Listing, items: Vec<DumpItem>) -> Result<(), StoreError> {
    if let Some(wrong) = items.iter().find_map(wrong) {
        return Err(StoreError::Invalid(wrong));
    }
    if let Some(wrong) = outside(link, space, &items).await? {
        return Err(StoreError::Invalid(wrong));
    }
    listing.add(link).await?;
    let mut script = Cmd::new();
    script.arg("SCRIPT").arg("LOAD").arg(LOAD_ENTRY_TEXT);
    link.ask::<String>(Ask::Command(&script)).await?;
    let mut pipeline = Pipeline::new();
    let mut bytes = 0;
    for item in items {
        bytes += write(item, space, &mut pipeline);
        if pipeline.len() >= CHUNK || bytes >= CHUNK_BYTES {
            send(link, &mut pipeline).await?;
            bytes = 0;
        }
    }
    send(link, &mut pipeline).await
}

async fn send(link: &Link, pipeline: &mut Pipeline) -> Result<(), StoreError> {
    if pipeline.is_empty() {
        return Ok(());
    }
    link.tell::<()>(Ask::Pipeline(pipeline)).await?;
    pipeline.clear();
    Ok(())
}

/// Adds the commands that write one item; about how many bytes they carry.
fn write(item: DumpItem, space: &Space, pipeline: &mut Pipeline) -> usize {
    match item {
        DumpItem::Record { table, group, item, version, value } => {
            pipeline.cmd("HSET").arg(space.records(&table, &group)).arg(&item).arg(record_value(version, &value));
            pipeline.cmd("ZADD").arg(space.order(&table, &group)).arg(0).arg(&item);
            value.len()
        }
        DumpItem::Index { table, index, unique, group, sort, record_group, record_item } => {
            let key = RecordKey { group: record_group, item: record_item };
            if unique {
                pipeline.cmd("HSET").arg(space.unique(&table, &index)).arg(pair(&group, &sort)).arg(holder(&key));
            } else {
                pipeline.cmd("ZADD").arg(space.index(&table, &index, &group)).arg(0).arg(member(&sort, &key));
            }
            sort.len()
        }
        DumpItem::Stream { stream, trimmed, last } => {
            pipeline.cmd("HSET").arg(space.heads()).arg(&stream).arg(last);
            if trimmed > 0 {
                pipeline.cmd("HSET").arg(space.trimmed()).arg(&stream).arg(trimmed);
            }
            stream.len()
        }
        DumpItem::Entry { stream, number, value } => {
            pipeline.cmd("EVALSHA").arg(LOAD_ENTRY.get_hash()).arg(2).arg(space.stream(&stream)).arg(space.heads());
            pipeline.arg(&stream).arg(number).arg(&value);
            value.len()
        }
        DumpItem::Counter { group, item, value } => {
            pipeline.cmd("HSET").arg(space.counters(&group)).arg(&item).arg(value);
            item.len()
        }
        DumpItem::Once { key, answer, left_ms } => {
            pipeline.cmd("SET").arg(space.once(&key)).arg(&answer).arg("PX").arg(left_ms.clamp(1, LONGEST_MS));
            answer.len()
        }
        DumpItem::Timer { id, due_ms, value } => {
            let due = moment(Time(due_ms));
            pipeline.cmd("HSET").arg(space.timers()).arg(&id).arg([&due, value.as_slice()].concat());
            pipeline.cmd("ZADD").arg(space.due()).arg(0).arg([&due, id.as_slice()].concat());
            value.len()
        }
        DumpItem::Owner { owner, token } => {
            pipeline.cmd("HSET").arg(space.owners()).arg(&owner).arg(&owners::write(Ownership { node: NodeId(0), token })[..]);
            owner.len()
        }
    }
}

/// An entry beyond its stream's end. The stream came in this part, or in one before: then its heads hold it.
async fn outside(link: &Link, space: &Space, items: &[DumpItem]) -> Result<Option<String>, StoreError> {
    let mut ends: HashMap<&str, u64> = HashMap::new();
    let mut before: Vec<&str> = Vec::new();
    for item in items {
        match item {
            DumpItem::Stream { stream, last, .. } => drop(ends.insert(stream, *last)),
            DumpItem::Entry { stream, .. } if !ends.contains_key(stream.as_str()) && !before.contains(&stream.as_str()) => before.push(stream),
            _ => {}
        }
    }
    if !before.is_empty() {
        let mut cmd = Cmd::new();
        cmd.arg("HMGET").arg(space.heads()).arg(&before);
        let found: Vec<Option<u64>> = link.ask(Ask::Command(&cmd)).await?;
        ends.extend(before.into_iter().zip(found).map(|(stream, last)| (stream, last.unwrap_or(0))));
    }
    let beyond = items.iter().find_map(|item| match item {
        DumpItem::Entry { stream, number, .. } if *number == 0 || ends.get(stream.as_str()).is_none_or(|last| number > last) => Some(number),
        _ => None,
    });
    Ok(beyond.map(|number| format!("entry {number} is outside of its stream")))
}

/// The largest number a script counts exactly.
const LARGEST: u64 = 1 << 53;

/// What is wrong with an item by itself: a dump comes from outside.
fn wrong(item: &DumpItem) -> Option<String> {
    let (names, parts, numbers): (Vec<&str>, Vec<&[u8]>, Vec<u64>) = match item {
        DumpItem::Record { table, group, item, .. } => (vec![table], vec![group, item], Vec::new()),
        DumpItem::Index { table, index, group, sort, record_group, record_item, .. } => {
            (vec![table, index], vec![group, sort, record_group, record_item], Vec::new())
        }
        DumpItem::Stream { trimmed, last, .. } if trimmed > last => return Some("a stream is trimmed beyond its end".to_owned()),
        DumpItem::Stream { stream, last, .. } => (vec![stream], Vec::new(), vec![*last]),
        DumpItem::Entry { stream, number, .. } => (vec![stream], Vec::new(), vec![*number]),
        DumpItem::Counter { group, item, .. } => (Vec::new(), vec![group, item], Vec::new()),
        DumpItem::Once { key, .. } => (Vec::new(), vec![key], Vec::new()),
        DumpItem::Timer { id, .. } => (Vec::new(), vec![id], Vec::new()),
        DumpItem::Owner { owner, .. } => (Vec::new(), vec![owner.as_bytes()], Vec::new()),
    };
    // A colon ends a table's or an index's name within a key; streams come last in theirs and may have one.
    let spoils = |name: &str| name.contains(':') && !matches!(item, DumpItem::Stream { .. } | DumpItem::Entry { .. });
    if names.iter().any(|name| name.is_empty() || name.len() > STREAM_NAME_BYTES || !name.is_ascii() || spoils(name)) {
        return Some("a name that is none".to_owned());
    }
    if parts.iter().any(|part| part.len() > KEY_BYTES) {
        return Some(format!("a key longer than {KEY_BYTES} bytes"));
    }
    numbers.iter().any(|number| *number > LARGEST).then(|| "a number too large".to_owned())
}
