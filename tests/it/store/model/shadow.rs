//! The trivially correct store: a few maps, and how they compare with an engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use kommutator::model::time::Time;
use kommutator::store::batch::{Batch, Condition, Effect};
use kommutator::store::port::{
    Committed, Direction, Engine, IndexEntry, IndexPosition, Ownership, RecordKey, Refusal, Scan, StreamName, StreamState, Timer,
};

use super::{OWNERS, PARTS, STREAMS, Step, TABLES};
use crate::store::harness::{HOME, entry, stream, unique};

struct StoredRecord {
    version: u64,
    value: Bytes,
    indexes: BTreeSet<(bool, &'static str, Vec<u8>, Vec<u8>)>,
}

#[derive(Default)]
struct ModelStream {
    state: StreamState,
    entries: BTreeMap<u64, Bytes>,
}

/// The trivially correct store.
#[derive(Default)]
pub(super) struct Model {
    records: BTreeMap<(&'static str, RecordKey), StoredRecord>,
    streams: BTreeMap<StreamName, ModelStream>,
    counters: BTreeMap<Vec<u8>, i64>,
    once: BTreeMap<Vec<u8>, Bytes>,
    timers: BTreeMap<Vec<u8>, (Time, Bytes)>,
    pub(super) owners: BTreeMap<String, Ownership>,
}

fn place(number: u8) -> (&'static str, RecordKey) {
    let table = TABLES[usize::from(number) % 2];
    (table, RecordKey { group: PARTS[usize::from(number / 4) % 2].to_vec(), item: PARTS[usize::from(number / 2) % 4].to_vec() })
}

/// The index entries that these bits stand for.
fn indexes(bits: u8) -> Vec<IndexEntry> {
    let part = |shift: u8| PARTS[usize::from((bits >> shift) & 3)];
    let mut entries = vec![entry("by_time", "all", part(0))];
    if bits & 0b1000_0000 != 0 {
        entries.push(entry("by_name", part(2), part(0)));
    }
    if bits & 0b0100_0000 != 0 {
        entries.push(unique("by_id", part(2), part(4)));
    }
    entries
}

fn tuple(entry: &IndexEntry) -> (bool, &'static str, Vec<u8>, Vec<u8>) {
    (entry.unique, entry.index, entry.group.clone(), entry.sort.clone())
}

impl Model {
    /// Makes a batch of steps; what would be invalid in itself is left out.
    pub(super) fn batch(&self, steps: &[Step], number: usize) -> Batch {
        let mut batch = Batch::new();
        batch.once(format!("batch {number}").into_bytes(), 600_000, "");
        let mut written = BTreeSet::new();
        let mut once = BTreeSet::new();
        for step in steps {
            match step {
                Step::Write { record, gone, stale, value, indexes: bits } => {
                    let (table, key) = place(*record);
                    if !written.insert((table, key.clone())) {
                        continue;
                    }
                    let old = self.records.get(&(table, key.clone()));
                    let version = old.map(|old| old.version);
                    let seen = if *stale { Some(version.unwrap_or(0) + 3) } else { version };
                    let before = old.map(|old| old.indexes.clone()).unwrap_or_default();
                    let entries = |set: BTreeSet<(bool, &'static str, Vec<u8>, Vec<u8>)>| {
                        set.into_iter().map(|(unique, index, group, sort)| IndexEntry { index, unique, group, sort }).collect::<Vec<_>>()
                    };
                    match seen {
                        Some(seen) if *gone => batch.delete(table, key, seen, entries(before)),
                        _ => {
                            let after: BTreeSet<_> = indexes(*bits).iter().map(tuple).collect();
                            let (added, removed) = (&after - &before, &before - &after);
                            batch.put(table, key, seen, vec![*value; usize::from(*value)], entries(added), entries(removed));
                        }
                    }
                }
                Step::Expect { record, stale } => {
                    let (table, key) = place(*record);
                    let version = self.records.get(&(table, key.clone())).map(|old| old.version);
                    batch.expect(table, key, if *stale { Some(version.unwrap_or(0) + 1) } else { version });
                }
                Step::Once { key } if once.insert(*key) => batch.once(vec![*key], 600_000, vec![*key; 3]),
                Step::Once { .. } => {}
                Step::Take { stream: name, number } => batch.take(&stream(STREAMS[usize::from(*name)]), u64::from(*number)),
                Step::Fence { owner, stale } => {
                    let token = self.owners.get(OWNERS[usize::from(*owner)]).map_or(1, |owner| owner.token);
                    batch.fence(OWNERS[usize::from(*owner)], if *stale { token - 1 } else { token });
                }
                Step::TakeTimer { id, stale } => {
                    let due = self.timers.get(&vec![*id]).map_or(Time(0), |(due, _)| *due);
                    batch.take_timer(&[*id], if *stale { due.plus_ms(1) } else { due });
                }
                Step::Append { stream: name, value } => batch.append(&stream(STREAMS[usize::from(*name)]), vec![*value; usize::from(*value)]),
                Step::Trim { stream: name, through } => batch.trim(&stream(STREAMS[usize::from(*name)]), u64::from(*through)),
                Step::Increment { item, by } => batch.increment(b"day".to_vec(), vec![*item], i64::from(*by)),
                Step::Forget => batch.forget(b"day".to_vec()),
                Step::SetTimer { id, due } => batch.set_timer(&[*id], Time(i64::from(*due)), vec![*id, *due]),
                Step::ClearTimer { id } => batch.clear_timer(&[*id]),
            }
        }
        batch
    }

    fn refusal(&self, batch: &Batch) -> Option<Refusal> {
        for condition in &batch.conditions {
            let refused = match condition {
                Condition::Fence { owner, token } => {
                    (self.owners.get(owner).map(|owner| owner.token) != Some(*token)).then(|| Refusal::Fenced { owner: owner.clone() })
                }
                Condition::Once { key, .. } => self.once.get(key).map(|answer| Refusal::Seen { answer: answer.clone() }),
                Condition::Take { stream, number } => {
                    let there = self.streams.get(stream).is_some_and(|stream| stream.entries.contains_key(number));
                    (!there).then(|| Refusal::Gone { stream: stream.clone(), number: *number })
                }
                Condition::TakeTimer { id, due } => (self.timers.get(id).map(|(due, _)| due) != Some(due)).then_some(Refusal::TimerGone),
                Condition::Expect { table, key, version } => (self.records.get(&(*table, key.clone())).map(|record| record.version) != *version)
                    .then(|| Refusal::Conflict { table, key: key.clone() }),
            };
            if refused.is_some() {
                return refused;
            }
        }
        // Unique entries: who holds each once the batch has let go of what it lets go of, and has claimed what came before.
        let mut holders = BTreeMap::new();
        for ((table, key), record) in &self.records {
            for (is_unique, index, group, sort) in &record.indexes {
                if *is_unique {
                    holders.insert((*table, *index, group.clone(), sort.clone()), key.clone());
                }
            }
        }
        for effect in &batch.effects {
            if let Effect::Put { table, key, removed, .. } | Effect::Delete { table, key, removed } = effect {
                for entry in removed {
                    let place = (*table, entry.index, entry.group.clone(), entry.sort.clone());
                    if holders.get(&place) == Some(key) {
                        holders.remove(&place);
                    }
                }
            }
        }
        for effect in &batch.effects {
            let Effect::Put { table, key, added, .. } = effect else { continue };
            for entry in added.iter().filter(|entry| entry.unique) {
                let place = (*table, entry.index, entry.group.clone(), entry.sort.clone());
                let holder = holders.entry(place).or_insert_with(|| key.clone());
                if holder != key {
                    return Some(Refusal::NotUnique { table, index: entry.index, holder: holder.clone() });
                }
            }
        }
        None
    }

    pub(super) fn commit(&mut self, batch: &Batch) -> Result<Committed, Refusal> {
        if let Some(refusal) = self.refusal(batch) {
            return Err(refusal);
        }
        for condition in &batch.conditions {
            match condition {
                Condition::Once { key, answer, .. } => drop(self.once.insert(key.clone(), answer.clone())),
                Condition::Take { stream, number } => drop(self.streams.entry(stream.clone()).or_default().entries.remove(number)),
                Condition::TakeTimer { id, .. } => drop(self.timers.remove(id)),
                Condition::Fence { .. } | Condition::Expect { .. } => {}
            }
        }
        let mut numbers = Vec::new();
        for effect in &batch.effects {
            match effect {
                Effect::Put { table, key, version, value, added, removed } => {
                    let record = self.records.entry((*table, key.clone())).or_insert_with(|| StoredRecord {
                        version: 0,
                        value: Bytes::new(),
                        indexes: BTreeSet::new(),
                    });
                    record.version = *version;
                    record.value = value.clone();
                    for entry in removed {
                        record.indexes.remove(&tuple(entry));
                    }
                    record.indexes.extend(added.iter().map(tuple));
                }
                Effect::Delete { table, key, .. } => drop(self.records.remove(&(*table, key.clone()))),
                Effect::Append { stream, value } => {
                    let stream = self.streams.entry(stream.clone()).or_default();
                    stream.state.last += 1;
                    stream.entries.insert(stream.state.last, value.clone());
                    numbers.push(stream.state.last);
                }
                Effect::Trim { stream, through } => {
                    if let Some(stream) = self.streams.get_mut(stream) {
                        stream.state.trimmed = stream.state.trimmed.max((*through).min(stream.state.last));
                        stream.entries.retain(|number, _| *number > stream.state.trimmed);
                    }
                }
                Effect::Increment { item, by, .. } => *self.counters.entry(item.clone()).or_default() += by,
                Effect::Forget { .. } => self.counters.clear(),
                Effect::SetTimer { id, due, value } => drop(self.timers.insert(id.clone(), (*due, value.clone()))),
                Effect::ClearTimer { id } => drop(self.timers.remove(id)),
            }
        }
        Ok(Committed { numbers })
    }

    fn index_places(&self, table: &str, index: &str, group: &[u8]) -> Vec<IndexPosition> {
        let mut places = Vec::new();
        for ((its_table, key), record) in &self.records {
            for (_, its_index, its_group, sort) in &record.indexes {
                if *its_table == table && *its_index == index && its_group == group {
                    places.push(IndexPosition { sort: sort.clone(), key: key.clone() });
                }
            }
        }
        places.sort();
        places
    }

    pub(super) async fn compare_scans(&self, engine: &Arc<dyn Engine>, scan: &Scan<Vec<u8>>) {
        for table in TABLES {
            for group in PARTS {
                let of_group = self.records.iter().filter(|((its_table, key), _)| *its_table == table && key.group == group);
                let expected = within(of_group.map(|((_, key), record)| (key.item.clone(), (record.version, record.value.clone()))), scan);
                let found = engine.scan(HOME, table, group, scan.clone()).await.unwrap();
                let found: Vec<_> = found.into_iter().map(|record| (record.key.item, (record.version, record.value))).collect();
                assert_eq!(found, expected, "{table} {group:?} {scan:?}");
            }
            for (index, group) in [("by_time", &b"all"[..]), ("by_name", b""), ("by_name", b"a"), ("by_name", b"a\0")] {
                let bound = |sort: &Option<Vec<u8>>| {
                    sort.clone().map(|sort| IndexPosition { sort, key: RecordKey { group: b"a".to_vec(), item: Vec::new() } })
                };
                let scan = Scan { above: bound(&scan.above), below: bound(&scan.below), direction: scan.direction, limit: scan.limit };
                let expected = within(self.index_places(table, index, group).into_iter().map(|place| (place, ())), &scan);
                let found = engine.scan_index(HOME, table, index, group, scan.clone()).await.unwrap();
                for (place, record) in &found {
                    assert_eq!(record.value, self.records[&(table, place.key.clone())].value);
                }
                let found: Vec<_> = found.into_iter().map(|(place, _)| (place, ())).collect();
                assert_eq!(found, expected, "{table} {index} {group:?} {scan:?}");
                let count = engine.count_index(HOME, table, index, group).await.unwrap();
                assert_eq!(usize::try_from(count).unwrap(), self.index_places(table, index, group).len());
            }
        }
    }

    pub(super) async fn compare(&self, engine: &Arc<dyn Engine>) {
        self.compare_scans(engine, &Scan::first(100)).await;
        for table in TABLES {
            let keys: Vec<_> = (0..16).map(|number| place(number).1).collect();
            for (key, found) in keys.iter().zip(engine.get(HOME, table, &keys).await.unwrap()) {
                let expected = self.records.get(&(table, key.clone()));
                assert_eq!(found.map(|record| (record.version, record.value)), expected.map(|record| (record.version, record.value.clone())));
            }
            for group in PARTS {
                for sort in PARTS {
                    let expected = self.index_places(table, "by_id", group).into_iter().find(|place| place.sort == sort);
                    let found = engine.get_unique(HOME, table, "by_id", group, sort).await.unwrap();
                    assert_eq!(found.map(|record| record.key), expected.map(|place| place.key));
                }
            }
        }
        for name in STREAMS {
            let expected = self.streams.get(&stream(name));
            let page = engine.read(HOME, &stream(name), 2, 100).await.unwrap();
            assert_eq!(page.state, expected.map(|stream| stream.state).unwrap_or_default());
            let entries: Option<Vec<_>> = expected.map(|stream| stream.entries.range(3..).map(|(number, value)| (*number, value.clone())).collect());
            assert_eq!(page.entries, entries.unwrap_or_default());
        }
        let counters: Vec<_> = self.counters.iter().map(|(item, value)| (item.clone(), *value)).collect();
        assert_eq!(engine.counters(HOME, b"day").await.unwrap(), counters);
        for key in 0..20_u8 {
            assert_eq!(engine.answer(HOME, &[key]).await.unwrap().as_ref(), self.once.get(&vec![key]));
        }
        let mut timers: Vec<_> = self.timers.iter().map(|(id, (due, value))| Timer { id: id.clone(), due: *due, value: value.clone() }).collect();
        timers.sort_by(|one, other| (one.due, &one.id).cmp(&(other.due, &other.id)));
        assert_eq!(engine.next_due(HOME).await.unwrap(), timers.first().map(|timer| timer.due));
        timers.retain(|timer| timer.due <= Time(3));
        assert_eq!(engine.due(HOME, Time(3), 100).await.unwrap(), timers);
        for owner in OWNERS {
            assert_eq!(engine.owner(HOME, owner).await.unwrap().as_ref(), self.owners.get(owner));
        }
    }
}

/// What a scan of these gives.
fn within<P: Ord, T>(all: impl Iterator<Item = (P, T)>, scan: &Scan<P>) -> Vec<(P, T)> {
    let mut found: Vec<_> = all
        .filter(|(place, _)| scan.above.as_ref().is_none_or(|above| place > above) && scan.below.as_ref().is_none_or(|below| place < below))
        .collect();
    if scan.direction == Direction::Descending {
        found.reverse();
    }
    found.truncate(scan.limit);
    found
}
