//! A small store with something of everything in it, and the answers to every read of it as lines of text: what a copy,
//! a later version of the product or another engine must answer as well.

use std::fmt::Write;
use std::sync::Arc;

use kommutator::model::ids::NodeId;
use kommutator::model::time::Time;
use kommutator::store::batch::Batch;
use kommutator::store::port::{Engine, Partition, Scan};

use super::harness::{entry, key, stream, unique};

/// The partitions of the sample.
pub(crate) const PARTITIONS: [Partition; 3] = [Partition::GLOBAL, Partition(1), Partition(77_777)];

const GROUPS: [&[u8]; 4] = [b"", b"g", b"\0\xff", b"h"];
const ITEMS: [&[u8]; 5] = [b"", b"a", b"\0", b"\xff\xff", b"z"];
const STREAMS: [&str; 4] = ["feed", "log:1", "mailbox", "gone"];
/// A hundred years: the kept samples hold keys that still live when somebody reads them.
const LONG_MS: i64 = 100 * 365 * 86_400_000;

/// Fills an empty store.
pub(crate) async fn fill(engine: &Arc<dyn Engine>) {
    for partition in PARTITIONS {
        for (round, group) in (0_u8..).zip(GROUPS) {
            let mut batch = Batch::new();
            for (number, item) in (0_u8..).zip(ITEMS) {
                let value = format!("{{\"v\":1,\"in\":{},\"group\":{round},\"item\":{number}}}", partition.0);
                let indexes = vec![
                    entry("by_time", [round % 2], [number % 2]),
                    entry("by_name", group, item),
                    unique("by_id", "account", [round, number, 0, 255]),
                ];
                batch.put("message", key(group, item), None, value, indexes, Vec::new());
            }
            batch.put("conversation", key(group, ""), None, vec![round; 40 * usize::from(round)], vec![entry("by_time", "all", "")], Vec::new());
            batch.once([b"once ", group].concat(), LONG_MS, group.to_vec());
            batch.increment(b"day".to_vec(), group.to_vec(), i64::from(round) - 2);
            batch.set_timer(&[b"timer ", group].concat(), Time(1_800_000_000_000 + i64::from(round / 2)), group.to_vec());
            for name in STREAMS {
                batch.append(&stream(name), format!("{name} {round}"));
                batch.append(&stream(name), vec![round; 4 * usize::from(round)]);
            }
            engine.commit(partition, batch).await.unwrap();
        }
        let mut changes = Batch::new();
        changes.put("message", key("g", "a"), Some(1), "changed", vec![entry("by_time", [9], "")], vec![entry("by_time", [1], [1])]);
        changes.delete(
            "message",
            key("g", "z"),
            1,
            vec![entry("by_time", [1], [0]), entry("by_name", "g", "z"), unique("by_id", "account", [1, 4, 0, 255])],
        );
        changes.take(&stream("mailbox"), 3);
        changes.take(&stream("mailbox"), 8);
        changes.trim(&stream("log:1"), 5);
        changes.trim(&stream("gone"), 8);
        changes.clear_timer(b"timer h");
        engine.commit(partition, changes).await.unwrap();
        let first = engine.claim(partition, "login:1", NodeId(1), None).await.unwrap();
        engine.claim(partition, "login:1", NodeId(2), first).await.unwrap().unwrap();
        engine.claim(partition, "connection:1", NodeId(1), None).await.unwrap().unwrap();
    }
}

/// What the store answers to every read, one line each.
pub(crate) async fn answers(engine: &Arc<dyn Engine>) -> String {
    let mut lines = String::new();
    let mut partitions = engine.partitions().await.unwrap();
    partitions.sort();
    writeln!(lines, "{partitions:?}").unwrap();
    for partition in partitions {
        for group in GROUPS {
            let keys: Vec<_> = ITEMS.iter().map(|item| key(group, item)).collect();
            for record in engine.get(partition, "message", &keys).await.unwrap() {
                writeln!(lines, "get {record:?}").unwrap();
            }
            for scan in [Scan::first(100), Scan::last(2), Scan::first(100).above(b"".to_vec()).below(b"\xff\xff".to_vec())] {
                for table in ["message", "conversation", "nothing"] {
                    let found = engine.scan(partition, table, group, scan.clone()).await.unwrap();
                    writeln!(lines, "scan {table} {found:?}").unwrap();
                }
            }
            let named = engine.scan_index(partition, "message", "by_name", group, Scan::last(100)).await.unwrap();
            writeln!(lines, "by_name {named:?}").unwrap();
            writeln!(lines, "once {:?}", engine.answer(partition, &[b"once ", group].concat()).await.unwrap()).unwrap();
        }
        for group in [0, 1, 9] {
            let found = engine.scan_index(partition, "message", "by_time", &[group], Scan::first(100)).await.unwrap();
            let count = engine.count_index(partition, "message", "by_time", &[group]).await.unwrap();
            writeln!(lines, "by_time {count} {found:?}").unwrap();
        }
        for (round, number) in [(0, 0), (1, 4), (3, 2)] {
            let held = engine.get_unique(partition, "message", "by_id", b"account", &[round, number, 0, 255]).await.unwrap();
            writeln!(lines, "by_id {held:?}").unwrap();
        }
        for name in STREAMS {
            for after in [0, 4] {
                writeln!(lines, "read {name} {:?}", engine.read(partition, &stream(name), after, 5).await.unwrap()).unwrap();
            }
        }
        writeln!(lines, "counters {:?}", engine.counters(partition, b"day").await.unwrap()).unwrap();
        let due = engine.due(partition, Time(1_800_000_000_001), 100).await.unwrap();
        writeln!(lines, "due {due:?} next {:?}", engine.next_due(partition).await.unwrap()).unwrap();
        for owner in ["login:1", "connection:1", "nobody"] {
            let token = engine.owner(partition, owner).await.unwrap().map(|owned| owned.token);
            writeln!(lines, "owner {owner} {token:?}").unwrap();
        }
    }
    lines
}
