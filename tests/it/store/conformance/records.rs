//! Records, versions, scans.

use kommutator::store::batch::Batch;
use kommutator::store::port::{Direction, Partition, Refusal, SCAN_LIMIT, Scan};

use crate::store::harness::{EngineUnderTest, HOME, batch, commit, insert, items, key, message, refusal};

pub(crate) async fn a_record_reads_back_as_it_was_put<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let every_byte: Vec<u8> = (0..=255).collect();
    let megabyte: Vec<u8> = (0..1_048_576_u32).map(|n| n.to_le_bytes()[1] ^ n.to_le_bytes()[0]).collect();
    for (group, item, value) in [
        (&b"group"[..], &b"item"[..], &b"value"[..]),
        (b"", b"", b"nothing but a value"),
        (b"empty value", b"", b""),
        (&every_byte, &every_byte, &every_byte),
        (b"\0", b"\xff", b"\0\xff\r\n"),
        (b"{tag}", b"a:b", b"}"),
        (b"large", b"\xff\xff", &megabyte),
        (&[0xff; 512], &[0; 512], b"the longest key"),
    ] {
        let key = key(group, item);
        assert_eq!(message(engine, &key).await, None);
        insert(engine, key.clone(), value.to_vec(), Vec::new()).await;
        let record = message(engine, &key).await.unwrap();
        assert_eq!((&record.key, record.version), (&key, 1));
        assert!(record.value == value, "the value of {key:?} came back changed");
    }
}

pub(crate) async fn versions_count_changes<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let key = key("g", "i");
    let conflict = Refusal::Conflict { table: "message", key: key.clone() };
    let put = |seen, value: &str| {
        let mut batch = Batch::new();
        batch.put("message", key.clone(), seen, value.as_bytes().to_vec(), Vec::new(), Vec::new());
        batch
    };
    let delete = |seen| {
        let mut batch = Batch::new();
        batch.delete("message", key.clone(), seen, Vec::new());
        batch
    };
    assert_eq!(refusal(engine, put(Some(1), "not there")).await, conflict);
    assert_eq!(refusal(engine, delete(1)).await, conflict);
    commit(engine, put(None, "one")).await;
    assert_eq!(refusal(engine, put(None, "again")).await, conflict);
    commit(engine, put(Some(1), "two")).await;
    assert_eq!(refusal(engine, put(Some(1), "late")).await, conflict);
    assert_eq!(refusal(engine, delete(1)).await, conflict);
    let record = message(engine, &key).await.unwrap();
    assert_eq!((record.version, &record.value[..]), (2, &b"two"[..]));
    commit(engine, put(Some(2), "three")).await;
    assert_eq!(message(engine, &key).await.unwrap().version, 3);
    commit(engine, delete(3)).await;
    assert_eq!(message(engine, &key).await, None);
    commit(engine, put(None, "anew")).await;
    assert_eq!(message(engine, &key).await.unwrap().version, 1);
}

pub(crate) async fn get_answers_in_the_order_asked<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    for item in ["a", "b", "c"] {
        insert(engine, key("g", item), item.as_bytes().to_vec(), Vec::new()).await;
    }
    let asked = [key("g", "c"), key("g", "missing"), key("g", "a"), key("other", "a"), key("g", "c")];
    let found = engine.get(HOME, "message", &asked).await.unwrap();
    let values: Vec<Option<&[u8]>> = found.iter().map(|record| record.as_ref().map(|record| &record.value[..])).collect();
    assert_eq!(values, [Some(&b"c"[..]), None, Some(b"a"), None, Some(b"c")]);
    assert!(engine.get(HOME, "message", &[]).await.unwrap().is_empty());
}

pub(crate) async fn tables_and_partitions_are_apart<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let key = key("g", "i");
    for (partition, table) in
        [(Partition::GLOBAL, "message"), (Partition(1), "message"), (Partition(1), "conversation"), (Partition(u32::MAX), "message")]
    {
        let mut batch = Batch::new();
        batch.put(table, key.clone(), None, format!("{table} {partition:?}"), Vec::new(), Vec::new());
        engine.commit(partition, batch).await.unwrap();
    }
    for (partition, table) in
        [(Partition::GLOBAL, "message"), (Partition(1), "message"), (Partition(1), "conversation"), (Partition(u32::MAX), "message")]
    {
        let found = engine.scan(partition, table, b"g", Scan::first(10)).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].value, format!("{table} {partition:?}"));
    }
    assert!(engine.scan(Partition::GLOBAL, "conversation", b"g", Scan::first(10)).await.unwrap().is_empty());
    assert!(engine.scan(Partition(2), "message", b"g", Scan::first(10)).await.unwrap().is_empty());
}

pub(crate) async fn a_scan_gives_one_group_in_order_of_bytes<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let mut sorted: Vec<&[u8]> =
        vec![b"", b"\0", b"\0\0", b"\0\xff", b"\x01", b"a", b"a\0", b"aa", b"b", b"\x7f", b"\x80", b"\xff", b"\xff\0", b"\xff\xff"];
    for at in [5, 0, 13, 7, 2, 9, 1, 12, 3, 8, 4, 11, 6, 10] {
        insert(engine, key("g", sorted[at]), "v", Vec::new()).await;
        insert(engine, key("g\0", sorted[at]), "v", Vec::new()).await;
    }
    sorted.sort_unstable();
    assert_eq!(items(engine, "g", Scan::first(100)).await, sorted);
    sorted.reverse();
    assert_eq!(items(engine, "g", Scan::last(100)).await, sorted);
    assert_eq!(items(engine, "g", Scan::last(3)).await, sorted[..3]);
    assert!(items(engine, "", Scan::first(100)).await.is_empty());
}

pub(crate) async fn scan_bounds_are_exclusive<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    for item in ["", "b", "d", "f", "h"] {
        insert(engine, key("g", item), "v", Vec::new()).await;
    }
    let all = ["", "b", "d", "f", "h"];
    let bounds = [None, Some(""), Some("a"), Some("b"), Some("c"), Some("f"), Some("h"), Some("i")];
    for above in bounds {
        for below in bounds {
            for direction in [Direction::Ascending, Direction::Descending] {
                for limit in [0, 1, 2, 100] {
                    let mut expected: Vec<&str> = all
                        .iter()
                        .copied()
                        .filter(|item| above.is_none_or(|above| *item > above) && below.is_none_or(|below| *item < below))
                        .collect();
                    if direction == Direction::Descending {
                        expected.reverse();
                    }
                    expected.truncate(limit);
                    let scan = Scan { above: above.map(|b| b.as_bytes().to_vec()), below: below.map(|b| b.as_bytes().to_vec()), direction, limit };
                    let found = items(engine, "g", scan.clone()).await;
                    assert_eq!(found, expected.iter().map(|item| item.as_bytes().to_vec()).collect::<Vec<_>>(), "{scan:?}");
                }
            }
        }
    }
}

pub(crate) async fn scans_are_cut_to_the_limit<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    for part in 0..11_u32 {
        let mut batch = Batch::new();
        for number in 0..1_000_u32 {
            batch.put("message", key("g", (part * 1_000 + number).to_be_bytes()), None, "v", Vec::new(), Vec::new());
        }
        commit(engine, batch).await;
    }
    let found = items(engine, "g", Scan::first(usize::MAX)).await;
    assert_eq!(found.len(), SCAN_LIMIT);
    assert_eq!(found.last().unwrap(), &9_999_u32.to_be_bytes());
    let rest = items(engine, "g", Scan::first(usize::MAX).above(found.last().unwrap().clone())).await;
    assert_eq!(rest.len(), 1_000);
}

pub(crate) async fn committed_records_survive_a_restart<E: EngineUnderTest>() {
    let mut test = E::fresh().await;
    insert(test.engine(), key("g", "i"), "v", Vec::new()).await;
    test.restart().await;
    let record = message(test.engine(), &key("g", "i")).await.unwrap();
    assert_eq!((record.version, &record.value[..]), (1, &b"v"[..]));
    insert(test.engine(), key("g", "j"), "w", Vec::new()).await;
    test.restart().await;
    assert_eq!(items(test.engine(), "g", Scan::first(10)).await, [b"i", b"j"]);
}

pub(crate) async fn expect_alone_is_a_condition<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    insert(engine, key("g", "there"), "v", Vec::new()).await;
    let expecting = |item: &str, version| {
        let mut batch = batch();
        batch.expect("message", key("g", item), version);
        batch
    };
    commit(engine, expecting("there", Some(1))).await;
    commit(engine, expecting("absent", None)).await;
    for (item, version) in [("there", None), ("there", Some(2)), ("absent", Some(1))] {
        let refused = refusal(engine, expecting(item, version)).await;
        assert_eq!(refused, Refusal::Conflict { table: "message", key: key("g", item) });
    }
}
