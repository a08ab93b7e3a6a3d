//! Names of keys, and bytes that a sorted set orders as the port wants them.
//!
//! Every key begins with its partition's hash tag, so that Redis Cluster keeps a partition together:
//!
//! | Key | Type | What |
//! |---|---|---|
//! | `r:<table>:<group>` | hash | item → version (8 bytes), value |
//! | `o:<table>:<group>` | sorted set | the items of that group, in byte order |
//! | `i:<table>:<index>:<group>` | sorted set | escaped sort, escaped record group, record item |
//! | `u:<table>:<index>` | hash | escaped group, sort → holder (escaped record group, record item) |
//! | `s:<stream>` | stream | `0-<number>`, field `v`; absent while it has no entries |
//! | `heads` | hash | stream → its newest number, once that entry was removed |
//! | `trimmed` | hash | stream → the last number trimmed |
//! | `c:<group>` | hash | counter → value |
//! | `x:<key>` | string with a lifetime | a once key's first answer |
//! | `timers` | hash | timer → due (8 bytes), value |
//! | `due` | sorted set | due (8 bytes), timer |
//! | `owners` | hash | owner → node (8 bytes), token (8 bytes) |
//!
//! The global partition also has `format`, `partitions` (a set) and `nodes` (a hash).

use crate::model::time::Time;
use crate::store::port::{IndexPosition, Partition, RecordKey};

/// Forms the keys of one partition.
#[derive(Debug, Clone)]
pub(super) struct Space {
    base: Vec<u8>,
}

impl Space {
    /// The partition's keys under the installation's prefix.
    pub(super) fn new(prefix: &str, partition: Partition) -> Self {
        let base = match partition {
            Partition::GLOBAL => format!("{prefix}{{g}}:"),
            Partition(number) => format!("{prefix}{{w{number}}}:"),
        };
        Self { base: base.into_bytes() }
    }

    /// What every key of the partition begins with.
    pub(super) fn base(&self) -> &[u8] {
        &self.base
    }

    fn join(&self, parts: &[&[u8]]) -> Vec<u8> {
        let length = self.base.len() + parts.iter().map(|part| part.len()).sum::<usize>();
        let mut key = Vec::with_capacity(length);
        key.extend_from_slice(&self.base);
        for part in parts {
            key.extend_from_slice(part);
        }
        key
    }

    pub(super) fn records(&self, table: &str, group: &[u8]) -> Vec<u8> {
        self.join(&[b"r:", table.as_bytes(), b":", group])
    }

    pub(super) fn order(&self, table: &str, group: &[u8]) -> Vec<u8> {
        self.join(&[b"o:", table.as_bytes(), b":", group])
    }

    pub(super) fn index(&self, table: &str, index: &str, group: &[u8]) -> Vec<u8> {
        self.join(&[b"i:", table.as_bytes(), b":", index.as_bytes(), b":", group])
    }

    pub(super) fn unique(&self, table: &str, index: &str) -> Vec<u8> {
        self.join(&[b"u:", table.as_bytes(), b":", index.as_bytes()])
    }

    pub(super) fn stream(&self, name: &str) -> Vec<u8> {
        self.join(&[b"s:", name.as_bytes()])
    }

    pub(super) fn counters(&self, group: &[u8]) -> Vec<u8> {
        self.join(&[b"c:", group])
    }

    pub(super) fn once(&self, key: &[u8]) -> Vec<u8> {
        self.join(&[b"x:", key])
    }

    pub(super) fn heads(&self) -> Vec<u8> {
        self.join(&[b"heads"])
    }

    pub(super) fn trimmed(&self) -> Vec<u8> {
        self.join(&[b"trimmed"])
    }

    pub(super) fn timers(&self) -> Vec<u8> {
        self.join(&[b"timers"])
    }

    pub(super) fn due(&self) -> Vec<u8> {
        self.join(&[b"due"])
    }

    pub(super) fn owners(&self) -> Vec<u8> {
        self.join(&[b"owners"])
    }

    /// The store's format; only in the global partition.
    pub(super) fn format(&self) -> Vec<u8> {
        self.join(&[b"format"])
    }

    /// Every partition that was ever written to; only in the global partition.
    pub(super) fn partitions(&self) -> Vec<u8> {
        self.join(&[b"partitions"])
    }

    /// Heartbeats; only in the global partition.
    pub(super) fn nodes(&self) -> Vec<u8> {
        self.join(&[b"nodes"])
    }

    /// The channel of the partition's wakes. Channels, unlike keys, are shared by a server's databases.
    pub(super) fn wake_channel(&self, database: i64) -> String {
        format!("{}wake@{database}", String::from_utf8_lossy(&self.base))
    }

    /// The channel of the partition's signals.
    pub(super) fn signal_channel(&self, database: i64) -> String {
        format!("{}signal@{database}", String::from_utf8_lossy(&self.base))
    }
}

/// Appends a part so that parts compare one after the other: a zero byte becomes `00 ff`, the end is `00 00`.
fn escape(part: &[u8], into: &mut Vec<u8>) {
    for byte in part {
        into.push(*byte);
        if *byte == 0 {
            into.push(0xff);
        }
    }
    into.extend_from_slice(&[0, 0]);
}

/// The first escaped part, and what follows it.
fn unescape(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut part = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        match rest {
            [0, 0, after @ ..] => return Some((part, after)),
            [0, 0xff, after @ ..] => {
                part.push(0);
                rest = after;
            }
            [0, ..] | [] => return None,
            [byte, after @ ..] => {
                part.push(*byte);
                rest = after;
            }
        }
    }
}

/// Two parts as one, ordered by the first, then the second.
pub(super) fn pair(first: &[u8], second: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(first.len() + second.len() + 4);
    escape(first, &mut bytes);
    bytes.extend_from_slice(second);
    bytes
}

/// Takes a [`pair`] apart.
pub(super) fn unpair(bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (first, second) = unescape(bytes)?;
    Some((first, second.to_vec()))
}

/// A record's key as the value of a unique entry.
pub(super) fn holder(key: &RecordKey) -> Vec<u8> {
    pair(&key.group, &key.item)
}

/// Takes a [`holder`] apart.
pub(super) fn read_holder(bytes: &[u8]) -> Option<RecordKey> {
    unpair(bytes).map(|(group, item)| RecordKey { group, item })
}

/// An index entry as a member of its sorted set.
pub(super) fn member(sort: &[u8], key: &RecordKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(sort.len() + key.group.len() + key.item.len() + 8);
    escape(sort, &mut bytes);
    escape(&key.group, &mut bytes);
    bytes.extend_from_slice(&key.item);
    bytes
}

/// Takes a [`member`] apart.
pub(super) fn read_member(bytes: &[u8]) -> Option<IndexPosition> {
    let (sort, rest) = unescape(bytes)?;
    let (group, item) = unescape(rest)?;
    Some(IndexPosition { sort, key: RecordKey { group, item: item.to_vec() } })
}

/// A moment as 8 bytes that sort as it does, also before 1970.
pub(super) fn moment(time: Time) -> [u8; 8] {
    (time.0.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

/// Takes the [`moment`] off the beginning.
pub(super) fn read_moment(bytes: &[u8]) -> Option<(Time, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<8>()?;
    Some((Time((u64::from_be_bytes(*head) ^ (1 << 63)).cast_signed()), rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// Few letters, so that prefixes, zero bytes and 0xff meet often.
    fn part() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(0xff), any::<u8>()], 0..6)
    }

    fn position() -> impl Strategy<Value = IndexPosition> {
        (part(), part(), part()).prop_map(|(sort, group, item)| IndexPosition { sort, key: RecordKey { group, item } })
    }

    proptest! {
        #[test]
        fn members_sort_as_positions_do_and_read_back(one in position(), two in position()) {
            let (a, b) = (member(&one.sort, &one.key), member(&two.sort, &two.key));
            prop_assert_eq!(a.cmp(&b), one.cmp(&two));
            prop_assert_eq!(read_member(&a).unwrap(), one);
        }

        #[test]
        fn moments_sort_and_read_back(one: i64, two: i64) {
            prop_assert_eq!(moment(Time(one)).cmp(&moment(Time(two))), one.cmp(&two));
            prop_assert_eq!(read_moment(&moment(Time(one))).unwrap().0, Time(one));
        }
    }
}
