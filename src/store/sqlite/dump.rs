//! Dumping a partition in parts.
//!
//! A part goes section by section, each in the order of its keys, and ends after so many items or bytes; the opaque place says
//! after which row the next part goes on.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row, ToSql, params};
use serde::{Deserialize, Serialize};

use super::reads::Reading;
use super::schema::{NAME_BITS, space};
use crate::model::time::Time;
use crate::store::port::{DumpItem, Partition, StoreError};

/// The most items of one part.
const ITEMS: usize = 1_000;
/// A part ends with the item that reaches so many bytes.
const BYTES: usize = 4 * 1024 * 1024;

/// What a partition holds, in the order of a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Section {
    Records,
    Indexes,
    /// Each stream is followed by its entries.
    Streams,
    Counters,
    Once,
    Timers,
    Owners,
}

const SECTIONS: [Section; 7] =
    [Section::Records, Section::Indexes, Section::Streams, Section::Counters, Section::Once, Section::Timers, Section::Owners];

/// Where a dump goes on: in this section, after the row with these keys. What a section does not need is left empty.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
    section: Section,
    number: i64,
    keys: [Vec<u8>; 4],
    text: String,
}

impl Place {
    fn start_of(section: Section) -> Self {
        Self { section, number: -1, keys: [Vec::new(), Vec::new(), Vec::new(), Vec::new()], text: String::new() }
    }

    fn after(section: Section, number: i64, keys: [Vec<u8>; 4]) -> Self {
        Self { section, number, keys, text: String::new() }
    }
}

/// What [`Engine::dump`](crate::store::port::Engine::dump) gives.
type ItemsAndPlace = (Vec<DumpItem>, Option<Vec<u8>>);

/// A part of a dump that grows.
struct Part {
    items: Vec<DumpItem>,
    bytes: usize,
    /// After the item that was added last.
    place: Place,
}

impl Part {
    fn is_full(&self) -> bool {
        self.items.len() >= ITEMS || self.bytes >= BYTES
    }

    fn push(&mut self, item: DumpItem, bytes: usize, place: Place) {
        self.items.push(item);
        self.bytes = self.bytes.saturating_add(bytes).saturating_add(64);
        self.place = place;
    }
}

impl Reading<'_> {
    /// See [`Engine::dump`](crate::store::port::Engine::dump).
    pub(super) fn dump(&mut self, partition: Partition, place: Option<Vec<u8>>, now: Time) -> rusqlite::Result<Result<ItemsAndPlace, StoreError>> {
        let place = match place {
            None => Place::start_of(Section::Records),
            Some(text) => match serde_json::from_slice::<Place>(&text) {
                Ok(place) => place,
                Err(_) => return Ok(Err(StoreError::Invalid("this is no place of this engine's dump".to_owned()))),
            },
        };
        let first = place.section;
        let mut part = Part { items: Vec::new(), bytes: 0, place };
        self.at_one_moment(|reading| {
            for section in SECTIONS.into_iter().skip_while(|section| *section != first) {
                if section != part.place.section {
                    part.place = Place::start_of(section);
                }
                reading.section(partition, section, now, &mut part)?;
                if part.is_full() {
                    break;
                }
            }
            Ok(())
        })?;
        if !part.is_full() {
            return Ok(Ok((part.items, None)));
        }
        let place = serde_json::to_vec(&part.place).map_err(|error| StoreError::Invalid(error.to_string()));
        Ok(place.map(|place| (part.items, Some(place))))
    }

    /// Goes on in one section until the part is full or the section ends.
    fn section(&self, partition: Partition, section: Section, now: Time, part: &mut Part) -> rusqlite::Result<()> {
        let from = part.place.clone();
        let [first, second, third, fourth] = &from.keys;
        let beyond = space(partition).saturating_add(1 << NAME_BITS);
        let start = from.number.max(space(partition).saturating_sub(1));
        // Before the first row there is no key yet; an empty key may be one, so "from the start" is a number, below every blob.
        let begun = from.number >= 0;
        let bound = |key: &'_ Vec<u8>| if begun { Value::Blob(key.clone()) } else { Value::Integer(0) };
        match section {
            Section::Records => self.rows(
                part,
                "SELECT n.tbl, r.grp, r.item, r.version, r.value, r.space FROM record r JOIN name n ON n.id = r.space & 65535
                 WHERE (r.space, r.grp, r.item) > (?1, ?2, ?3) AND r.space < ?4 ORDER BY r.space, r.grp, r.item",
                params![start, first, second, beyond],
                |row| {
                    let (group, item, value): (Vec<u8>, Vec<u8>, Vec<u8>) = (row.get(1)?, row.get(2)?, row.get(4)?);
                    let place = Place::after(section, row.get(5)?, [group.clone(), item.clone(), Vec::new(), Vec::new()]);
                    let bytes = value.len();
                    Ok((DumpItem::Record { table: row.get(0)?, group, item, version: row.get(3)?, value }, bytes, place))
                },
            ),
            Section::Indexes => self.rows(
                part,
                "SELECT n.tbl, n.idx, n.uniq, e.grp, e.sort, e.rgrp, e.ritem, e.space FROM entry e JOIN name n ON n.id = e.space & 65535
                 WHERE (e.space, e.grp, e.sort, e.rgrp, e.ritem) > (?1, ?2, ?3, ?4, ?5) AND e.space < ?6
                 ORDER BY e.space, e.grp, e.sort, e.rgrp, e.ritem",
                params![start, first, second, third, fourth, beyond],
                |row| {
                    let keys: [Vec<u8>; 4] = [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
                    let place = Place::after(section, row.get(7)?, keys.clone());
                    let [group, sort, record_group, record_item] = keys;
                    let (table, index, unique) = (row.get(0)?, row.get(1)?, row.get(2)?);
                    Ok((DumpItem::Index { table, index, unique, group, sort, record_group, record_item }, 0, place))
                },
            ),
            Section::Streams => self.streams(partition, &from, part),
            Section::Counters => self.rows(
                part,
                "SELECT grp, item, value FROM counter WHERE part = ?1 AND (grp, item) > (?2, ?3) ORDER BY grp, item",
                params![partition.0, bound(first), bound(second)],
                |row| {
                    let (group, item): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
                    let place = Place::after(section, 0, [group.clone(), item.clone(), Vec::new(), Vec::new()]);
                    Ok((DumpItem::Counter { group, item, value: row.get(2)? }, 0, place))
                },
            ),
            Section::Once => self.rows(
                part,
                "SELECT key, answer, expires FROM once WHERE part = ?1 AND key > ?2 AND expires > ?3 ORDER BY key",
                params![partition.0, bound(first), now.0],
                |row| {
                    let (key, answer): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
                    let place = Place::after(section, 0, [key.clone(), Vec::new(), Vec::new(), Vec::new()]);
                    let bytes = answer.len();
                    Ok((DumpItem::Once { key, answer, left_ms: Time(row.get(2)?).since(now) }, bytes, place))
                },
            ),
            Section::Timers => self.rows(
                part,
                "SELECT id, due, value FROM timer WHERE part = ?1 AND id > ?2 ORDER BY id",
                params![partition.0, bound(first)],
                |row| {
                    let (id, value): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(2)?);
                    let place = Place::after(section, 0, [id.clone(), Vec::new(), Vec::new(), Vec::new()]);
                    let bytes = value.len();
                    Ok((DumpItem::Timer { id, due_ms: row.get(1)?, value }, bytes, place))
                },
            ),
            Section::Owners => {
                self.rows(part, "SELECT name, token FROM owner WHERE part = ?1 AND name > ?2 ORDER BY name", params![partition.0, from.text], |row| {
                    let owner: String = row.get(0)?;
                    let place = Place { text: owner.clone(), ..Place::start_of(section) };
                    Ok((DumpItem::Owner { owner, token: row.get(1)? }, 0, place))
                })
            }
        }
    }

    /// Adds rows until the part is full.
    fn rows(
        &self, part: &mut Part, sql: &str, bounds: &[&dyn ToSql], read: impl Fn(&Row<'_>) -> rusqlite::Result<(DumpItem, usize, Place)>,
    ) -> rusqlite::Result<()> {
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query(bounds)?;
        while !part.is_full()
            && let Some(row) = rows.next()?
        {
            let (item, bytes, place) = read(row)?;
            part.push(item, bytes, place);
        }
        Ok(())
    }

    /// Each stream by name, followed by its entries. The place holds the stream's name and the last entry given of it; −1: not
    /// even its state.
    fn streams(&self, partition: Partition, from: &Place, part: &mut Part) -> rusqlite::Result<()> {
        let mut here = self.connection.prepare_cached("SELECT id FROM stream WHERE part = ?1 AND name = ?2")?;
        let mut next = self.connection.prepare_cached(
            "SELECT s.id, s.name, s.trimmed, max(s.last, coalesce((SELECT max(number) FROM log WHERE stream = s.id), 0))
             FROM stream s WHERE s.part = ?1 AND s.name > ?2 ORDER BY s.name LIMIT 1",
        )?;
        let mut name = from.text.clone();
        if from.number >= 0 {
            let id = here.query_row(params![partition.0, name], |row| row.get(0))?;
            self.entries(id, &name, from.number, part)?;
        }
        while !part.is_full() {
            let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?));
            let Some((id, stream, trimmed, last)) = next.query_row(params![partition.0, name], read).optional()? else {
                return Ok(());
            };
            name = stream;
            let place = Place { text: name.clone(), number: 0, ..Place::start_of(Section::Streams) };
            part.push(DumpItem::Stream { stream: name.clone(), trimmed, last }, 0, place);
            self.entries(id, &name, 0, part)?;
        }
        Ok(())
    }

    fn entries(&self, id: i64, name: &str, after: i64, part: &mut Part) -> rusqlite::Result<()> {
        self.rows(part, "SELECT number, value FROM log WHERE stream = ?1 AND number > ?2 ORDER BY number", params![id, after], |row| {
            let place = Place { text: name.to_owned(), number: row.get(0)?, ..Place::start_of(Section::Streams) };
            let value: Vec<u8> = row.get(1)?;
            let bytes = value.len();
            Ok((DumpItem::Entry { stream: name.to_owned(), number: row.get(0)?, value }, bytes, place))
        })
    }
}
