//! A batch as one call of `commit.lua`, and the script's answer as the port's.

use std::collections::HashMap;

use bytes::Bytes;
use redis::{Cmd, Value};

use super::keys::{Space, holder, member, moment, pair, read_holder};
use crate::store::batch::{Batch, Condition, Effect};
use crate::store::port::{CommitError, Committed, IndexEntry, RecordKey, Refusal, StoreError};

/// The script's text.
pub(super) const COMMIT: &str = include_str!("lua/commit.lua");

/// The longest lifetime Redis is given: a hundred years, so that its own sums can't overflow in the middle of a batch.
pub(super) const LONGEST_MS: i64 = 100 * 366 * 24 * 3_600_000;

/// The letters, keys and arguments of one call, in the order the script reads them.
#[derive(Default)]
struct Parts {
    letters: Vec<u8>,
    keys: Vec<Vec<u8>>,
    arguments: Vec<Vec<u8>>,
}

impl Parts {
    fn step<const K: usize, const A: usize>(&mut self, letter: u8, keys: [Vec<u8>; K], arguments: [Vec<u8>; A]) {
        self.letters.push(letter);
        self.keys.extend(keys);
        self.arguments.extend(arguments);
    }
}

/// A place in a unique index: table, index, group, sort.
type Place<'a> = (&'static str, &'static str, &'a [u8], &'a [u8]);

/// What check number `n` of a call stood for, to name a refusal.
enum Check<'a> {
    Condition(&'a Condition),
    Unique(&'static str, &'a IndexEntry),
}

/// The checks in the script's order: the conditions, then the unique entries the effects add.
fn checks(batch: &Batch) -> impl Iterator<Item = Check<'_>> {
    batch.conditions.iter().map(Check::Condition).chain(unique_entries(batch).map(|(table, _, entry)| Check::Unique(table, entry)))
}

fn unique_entries(batch: &Batch) -> impl Iterator<Item = (&'static str, &RecordKey, &IndexEntry)> {
    batch.effects.iter().flat_map(|effect| match effect {
        Effect::Put { table, key, added, .. } => added.iter().filter(|entry| entry.unique).map(|entry| (*table, key, entry)).collect(),
        _ => Vec::new(),
    })
}

/// The unique entries the batch lets go of, and whose they were.
fn released(batch: &Batch) -> HashMap<Place<'_>, Vec<&RecordKey>> {
    let mut released: HashMap<Place<'_>, Vec<&RecordKey>> = HashMap::new();
    for effect in &batch.effects {
        if let Effect::Put { table, key, removed, .. } | Effect::Delete { table, key, removed } = effect {
            for entry in removed.iter().filter(|entry| entry.unique) {
                released.entry((*table, entry.index, &entry.group, &entry.sort)).or_default().push(key);
            }
        }
    }
    released
}

/// Builds the call. `database` is part of the wake channel's name.
pub(super) fn call(sha: &str, space: &Space, database: i64, batch: &Batch) -> Cmd {
    let mut first = Parts::default();
    let only_once = batch.conditions.iter().filter(|condition| matches!(condition, Condition::Once { .. })).count() == 1;
    for condition in &batch.conditions {
        check(condition, only_once, space, &mut first);
    }
    let released = released(batch);
    let mut given: HashMap<Place<'_>, &RecordKey> = HashMap::new();
    for (table, key, entry) in unique_entries(batch) {
        let place = (table, entry.index, entry.group.as_slice(), entry.sort.as_slice());
        let space_key = space.unique(table, entry.index);
        let first_heir = *given.entry(place).or_insert(key);
        if first_heir != key {
            first.step(b'N', [space_key], [holder(first_heir)]);
            continue;
        }
        first.step(b'U', [space_key], [pair(&entry.group, &entry.sort), holder(key)]);
        // An entry is also free for the one who takes it over in the same batch.
        let before = released.get(&place).map_or(&[][..], Vec::as_slice);
        first.arguments.push(before.len().to_string().into_bytes());
        first.arguments.extend(before.iter().map(|key| holder(key)));
    }

    let mut then = Parts::default();
    if !only_once {
        for condition in &batch.conditions {
            if let Condition::Once { key, lifetime_ms, answer } = condition {
                then.step(b'w', [space.once(key)], [lifetime(*lifetime_ms), answer.to_vec()]);
            }
        }
    }
    for done in &batch.effects {
        effect(done, space, &mut then);
    }
    let keys = first.keys.len() + then.keys.len() + 1;
    let arguments = first.arguments.len() + then.arguments.len() + 3;
    let bytes: usize = first.keys.iter().chain(&then.keys).chain(&first.arguments).chain(&then.arguments).map(Vec::len).sum();
    let mut cmd = Cmd::with_capacity(keys + arguments + 3, bytes + 128);
    cmd.arg("EVALSHA").arg(sha).arg(keys).arg(space.heads());
    for key in first.keys.iter().chain(&then.keys) {
        cmd.arg(key.as_slice());
    }
    cmd.arg(first.letters.as_slice()).arg(then.letters.as_slice()).arg(space.wake_channel(database));
    for argument in first.arguments.iter().chain(&then.arguments) {
        cmd.arg(argument.as_slice());
    }
    cmd
}

fn lifetime(ms: i64) -> Vec<u8> {
    ms.min(LONGEST_MS).to_string().into_bytes()
}

fn check(condition: &Condition, only_once: bool, space: &Space, parts: &mut Parts) {
    match condition {
        Condition::Fence { owner, token } => parts.step(b'F', [space.owners()], [owner.clone().into_bytes(), token.to_be_bytes().to_vec()]),
        Condition::Once { key, lifetime_ms, answer } if only_once => {
            parts.step(b'O', [space.once(key)], [lifetime(*lifetime_ms), answer.to_vec()]);
        }
        Condition::Once { key, .. } => parts.step(b'o', [space.once(key)], []),
        Condition::Take { stream, number } => {
            parts.step(b'T', [space.stream(&stream.0)], [entry_id(*number), stream.0.clone().into_bytes()]);
        }
        Condition::TakeTimer { id, due } => parts.step(b't', [space.timers(), space.due()], [id.clone(), moment(*due).to_vec()]),
        Condition::Expect { table, key, version: None } => parts.step(b'A', [space.records(table, &key.group)], [key.item.clone()]),
        Condition::Expect { table, key, version: Some(version) } => {
            parts.step(b'V', [space.records(table, &key.group)], [key.item.clone(), version.to_be_bytes().to_vec()]);
        }
    }
}

fn effect(effect: &Effect, space: &Space, parts: &mut Parts) {
    match effect {
        Effect::Put { table, key, version, value, added, removed } => {
            let record = record_value(*version, value);
            parts.step(b'P', [space.records(table, &key.group), space.order(table, &key.group)], [key.item.clone(), record]);
            entries(table, key, added, removed, space, parts);
        }
        Effect::Delete { table, key, removed } => {
            parts.step(b'D', [space.records(table, &key.group), space.order(table, &key.group)], [key.item.clone()]);
            entries(table, key, &[], removed, space, parts);
        }
        Effect::Append { stream, value } => parts.step(b'A', [space.stream(&stream.0)], [stream.0.clone().into_bytes(), value.to_vec()]),
        Effect::Trim { stream, through } => {
            let arguments = [stream.0.clone().into_bytes(), through.to_string().into_bytes()];
            parts.step(b'M', [space.stream(&stream.0), space.trimmed()], arguments);
        }
        Effect::Increment { group, item, by } => parts.step(b'C', [space.counters(group)], [item.clone(), by.to_string().into_bytes()]),
        Effect::Forget { group } => parts.step(b'F', [space.counters(group)], []),
        Effect::SetTimer { id, due, value } => {
            parts.step(b'S', [space.timers(), space.due()], [id.clone(), moment(*due).to_vec(), value.to_vec()]);
        }
        Effect::ClearTimer { id } => parts.step(b'X', [space.timers(), space.due()], [id.clone()]),
    }
}

fn entries(table: &str, key: &RecordKey, added: &[IndexEntry], removed: &[IndexEntry], space: &Space, parts: &mut Parts) {
    for entry in removed {
        if entry.unique {
            parts.step(b'v', [space.unique(table, entry.index)], [pair(&entry.group, &entry.sort), holder(key)]);
        } else {
            parts.step(b'j', [space.index(table, entry.index, &entry.group)], [member(&entry.sort, key)]);
        }
    }
    for entry in added {
        if entry.unique {
            parts.step(b'u', [space.unique(table, entry.index)], [pair(&entry.group, &entry.sort), holder(key)]);
        } else {
            parts.step(b'i', [space.index(table, entry.index, &entry.group)], [member(&entry.sort, key)]);
        }
    }
}

/// An entry's id in its stream.
pub(super) fn entry_id(number: u64) -> Vec<u8> {
    format!("0-{number}").into_bytes()
}

/// A record as its field: the version, then the bytes.
pub(super) fn record_value(version: u64, value: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(8 + value.len());
    record.extend_from_slice(&version.to_be_bytes());
    record.extend_from_slice(value);
    record
}

/// Reads the script's answer: numbers, or a refusal.
pub(super) fn answer(value: Value, batch: &Batch) -> Result<Committed, CommitError> {
    let strange = || CommitError::Store(StoreError::Corrupt("redis: an answer of another kind".to_owned()));
    let Value::Array(parts) = value else { return Err(strange()) };
    if let [Value::BulkString(mark), Value::Int(at), found @ ..] = parts.as_slice()
        && mark == b"!"
    {
        let at = usize::try_from(*at).ok().and_then(|at| at.checked_sub(1)).ok_or_else(strange)?;
        let found = match found {
            [Value::BulkString(bytes), ..] => bytes.as_slice(),
            _ => &[],
        };
        return Err(refusal(checks(batch).nth(at), found).map_or_else(strange, CommitError::Refused));
    }
    let mut numbers = Vec::with_capacity(parts.len());
    for part in parts {
        let Value::Int(number) = part else { return Err(strange()) };
        numbers.push(u64::try_from(number).map_err(|_| strange())?);
    }
    Ok(Committed { numbers })
}

fn refusal(check: Option<Check<'_>>, found: &[u8]) -> Option<Refusal> {
    Some(match check? {
        Check::Condition(Condition::Fence { owner, .. }) => Refusal::Fenced { owner: owner.clone() },
        Check::Condition(Condition::Once { .. }) => Refusal::Seen { answer: Bytes::copy_from_slice(found) },
        Check::Condition(Condition::Take { stream, number }) => Refusal::Gone { stream: stream.clone(), number: *number },
        Check::Condition(Condition::TakeTimer { .. }) => Refusal::TimerGone,
        Check::Condition(Condition::Expect { table, key, .. }) => Refusal::Conflict { table, key: key.clone() },
        Check::Unique(table, entry) => Refusal::NotUnique { table, index: entry.index, holder: read_holder(found)? },
    })
}
