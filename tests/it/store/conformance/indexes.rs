//! Index scans and unique indexes.

use kommutator::store::batch::Batch;
use kommutator::store::port::{Direction, Refusal, Scan};

use crate::store::harness::{EngineUnderTest, HOME, commit, entry, insert, key, message, places, position, refusal, unique};

pub(crate) async fn an_index_gives_records_in_order_of_sort<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    for (item, sort) in [("a", &b"\xff"[..]), ("b", b""), ("c", b"\0\xff"), ("d", b"\0"), ("e", b"m")] {
        insert(engine, key("g", item), item.as_bytes().to_vec(), vec![entry("by_time", "all", sort), entry("by_name", item, "")]).await;
    }
    let found = engine.scan_index(HOME, "message", "by_time", b"all", Scan::first(100)).await.unwrap();
    let values: Vec<&[u8]> = found.iter().map(|(_, record)| &record.value[..]).collect();
    assert_eq!(values, [b"b", b"d", b"c", b"e", b"a"]);
    let newest = engine.scan_index(HOME, "message", "by_time", b"all", Scan::last(2)).await.unwrap();
    let values: Vec<&[u8]> = newest.iter().map(|(_, record)| &record.value[..]).collect();
    assert_eq!(values, [b"a", b"e"]);
    assert_eq!(places(engine, "by_name", "c", Scan::first(9)).await, [position("", key("g", "c"))]);
    assert!(places(engine, "by_name", "nobody", Scan::first(9)).await.is_empty());
    assert!(places(engine, "no_such_index", "all", Scan::first(9)).await.is_empty());
    assert!(engine.scan_index(HOME, "conversation", "by_time", b"all", Scan::first(9)).await.unwrap().is_empty());
}

pub(crate) async fn equal_sorts_are_ordered_by_record_key<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    // Joined without care, these groups and items would sort otherwise than group by group.
    let mut keys =
        vec![key("a", "z"), key("a\0", "a"), key("", "zz"), key("ab", ""), key("a", ""), key([0xff], [0]), key("a\x01", "b"), key("a", "\0")];
    for key in &keys {
        insert(engine, key.clone(), "v", vec![entry("by_time", "all", "same")]).await;
    }
    keys.sort();
    let mut expected: Vec<_> = keys.into_iter().map(|key| position("same", key)).collect();
    assert_eq!(places(engine, "by_time", "all", Scan::first(100)).await, expected);
    expected.reverse();
    assert_eq!(places(engine, "by_time", "all", Scan::last(100)).await, expected);
}

pub(crate) async fn index_scans_go_on_from_a_place<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let mut all = Vec::new();
    for sort in ["1", "2", "2", "2", "3", "", "\0"] {
        let key = key(format!("g{}", all.len() % 2), format!("i{}", all.len()));
        insert(engine, key.clone(), "v", vec![entry("by_time", "all", sort)]).await;
        all.push(position(sort, key));
    }
    all.sort();
    let mut bounds: Vec<_> = all.iter().cloned().map(Some).collect();
    bounds.extend([None, Some(position("2", key("", ""))), Some(position("9", key("", "")))]);
    for above in &bounds {
        for below in &bounds {
            for direction in [Direction::Ascending, Direction::Descending] {
                for limit in [0, 2, 100] {
                    let within = |place: &&_| above.as_ref().is_none_or(|above| *place > above) && below.as_ref().is_none_or(|below| *place < below);
                    let mut expected: Vec<_> = all.iter().filter(within).cloned().collect();
                    if direction == Direction::Descending {
                        expected.reverse();
                    }
                    expected.truncate(limit);
                    let scan = Scan { above: above.clone(), below: below.clone(), direction, limit };
                    assert_eq!(places(engine, "by_time", "all", scan.clone()).await, expected, "{scan:?}");
                }
            }
        }
    }
}

pub(crate) async fn index_entries_follow_updates_and_deletes<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let key = key("g", "i");
    insert(engine, key.clone(), "one", vec![entry("by_time", "all", "1"), entry("by_name", "ann", "x"), unique("by_id", "", "id1")]).await;
    let mut update = Batch::new();
    update.put(
        "message",
        key.clone(),
        Some(1),
        "two",
        vec![entry("by_time", "all", "2"), unique("by_id", "", "id2")],
        vec![entry("by_time", "all", "1"), unique("by_id", "", "id1")],
    );
    commit(engine, update).await;
    let found = engine.scan_index(HOME, "message", "by_time", b"all", Scan::first(9)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].0, &found[0].1.value[..], found[0].1.version), (&position("2", key.clone()), &b"two"[..], 2));
    assert_eq!(places(engine, "by_name", "ann", Scan::first(9)).await, [position("x", key.clone())]);
    assert_eq!(engine.get_unique(HOME, "message", "by_id", b"", b"id1").await.unwrap(), None);
    assert_eq!(engine.get_unique(HOME, "message", "by_id", b"", b"id2").await.unwrap().unwrap().value, "two");
    let mut delete = Batch::new();
    delete.delete("message", key, 2, vec![entry("by_time", "all", "2"), entry("by_name", "ann", "x"), unique("by_id", "", "id2")]);
    commit(engine, delete).await;
    assert!(places(engine, "by_time", "all", Scan::first(9)).await.is_empty());
    assert!(places(engine, "by_name", "ann", Scan::first(9)).await.is_empty());
    assert_eq!(engine.get_unique(HOME, "message", "by_id", b"", b"id2").await.unwrap(), None);
}

pub(crate) async fn parts_of_keys_do_not_run_into_each_other<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let parts = [(&b"a"[..], &b"bc"[..]), (b"ab", b"c"), (b"abc", b""), (b"", b"abc"), (b"a\0", b"b"), (b"a", b"\0b"), (b":", b":"), (b"::", b"")];
    for (first, second) in parts {
        insert(engine, key(first, second), "v", vec![entry("by_time", first, second), unique("by_id", first, second)]).await;
    }
    for (first, second) in parts {
        assert_eq!(places(engine, "by_time", first, Scan::first(9)).await.iter().filter(|place| place.sort == second).count(), 1);
        let held = engine.get_unique(HOME, "message", "by_id", first, second).await.unwrap().unwrap();
        assert_eq!(held.key, key(first, second));
        assert_eq!(message(engine, &key(first, second)).await.unwrap().key, key(first, second));
    }
    assert_eq!(places(engine, "by_time", "a", Scan::first(9)).await.len(), 2);
}

pub(crate) async fn index_groups_are_counted<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let count = async |group: &str| engine.count_index(HOME, "message", "by_time", group.as_bytes()).await.unwrap();
    assert_eq!(count("open").await, 0);
    for item in ["a", "b", "c"] {
        insert(engine, key("g", item), "v", vec![entry("by_time", "open", item)]).await;
    }
    insert(engine, key("g", "d"), "v", vec![entry("by_time", "closed", "d")]).await;
    assert_eq!((count("open").await, count("closed").await), (3, 1));
    let mut close = Batch::new();
    close.put("message", key("g", "a"), Some(1), "v", vec![entry("by_time", "closed", "a")], vec![entry("by_time", "open", "a")]);
    close.delete("message", key("g", "d"), 1, vec![entry("by_time", "closed", "d")]);
    commit(engine, close).await;
    assert_eq!((count("open").await, count("closed").await), (2, 1));
}

pub(crate) async fn a_unique_entry_has_one_holder<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    assert_eq!(engine.get_unique(HOME, "message", "by_id", b"acc", b"id").await.unwrap(), None);
    insert(engine, key("g", "first"), "v", vec![unique("by_id", "acc", "id")]).await;
    let mut second = Batch::new();
    second.put("message", key("g", "second"), None, "w", vec![unique("by_id", "acc", "id")], Vec::new());
    let refused = refusal(engine, second).await;
    assert_eq!(refused, Refusal::NotUnique { table: "message", index: "by_id", holder: key("g", "first") });
    assert_eq!(message(engine, &key("g", "second")).await, None);
    let held = engine.get_unique(HOME, "message", "by_id", b"acc", b"id").await.unwrap().unwrap();
    assert_eq!((held.key, held.version, &held.value[..]), (key("g", "first"), 1, &b"v"[..]));
    // Another group, another sort, another index, another table: each is free.
    for (item, index) in [("b", unique("by_id", "other", "id")), ("c", unique("by_id", "acc", "di")), ("d", unique("by_client", "acc", "id"))] {
        insert(engine, key("g", item), "v", vec![index]).await;
    }
    let mut elsewhere = Batch::new();
    elsewhere.put("conversation", key("g", "e"), None, "v", vec![unique("by_id", "acc", "id")], Vec::new());
    commit(engine, elsewhere).await;
}

pub(crate) async fn a_unique_entry_moves_within_one_batch<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let held = || vec![unique("by_id", "acc", "id")];
    insert(engine, key("g", "a"), "v", held()).await;
    insert(engine, key("g", "b"), "v", Vec::new()).await;
    let holder = async || engine.get_unique(HOME, "message", "by_id", b"acc", b"id").await.unwrap().map(|record| record.key);
    // The one that lets go is written first …
    let mut moved = Batch::new();
    moved.put("message", key("g", "a"), Some(1), "v", Vec::new(), held());
    moved.put("message", key("g", "b"), Some(1), "v", held(), Vec::new());
    commit(engine, moved).await;
    assert_eq!(holder().await, Some(key("g", "b")));
    // … or last …
    let mut back = Batch::new();
    back.put("message", key("g", "a"), Some(2), "v", held(), Vec::new());
    back.put("message", key("g", "b"), Some(2), "v", Vec::new(), held());
    commit(engine, back).await;
    assert_eq!(holder().await, Some(key("g", "a")));
    // … or is deleted.
    let mut inherit = Batch::new();
    inherit.put("message", key("g", "new"), None, "v", held(), Vec::new());
    inherit.delete("message", key("g", "a"), 3, held());
    commit(engine, inherit).await;
    assert_eq!(holder().await, Some(key("g", "new")));
    // Somebody else's letting go of something else frees nothing.
    let mut wrong = Batch::new();
    wrong.put("message", key("g", "b"), Some(3), "v", held(), vec![unique("by_id", "acc", "else")]);
    assert_eq!(refusal(engine, wrong).await, Refusal::NotUnique { table: "message", index: "by_id", holder: key("g", "new") });
    let mut not_its_own = Batch::new();
    not_its_own.put("message", key("g", "b"), Some(3), "v", held(), held());
    assert_eq!(refusal(engine, not_its_own).await, Refusal::NotUnique { table: "message", index: "by_id", holder: key("g", "new") });
}

pub(crate) async fn a_unique_entry_is_free_after_its_holder_went<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    insert(engine, key("g", "a"), "v", vec![unique("by_id", "", "id")]).await;
    let mut delete = Batch::new();
    delete.delete("message", key("g", "a"), 1, vec![unique("by_id", "", "id")]);
    commit(engine, delete).await;
    insert(engine, key("g", "b"), "v", vec![unique("by_id", "", "id")]).await;
    assert_eq!(engine.get_unique(HOME, "message", "by_id", b"", b"id").await.unwrap().unwrap().key, key("g", "b"));
}

pub(crate) async fn two_new_records_cannot_claim_one_entry<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let mut both = Batch::new();
    both.put("message", key("g", "a"), None, "v", vec![unique("by_id", "", "id")], Vec::new());
    both.put("message", key("g", "b"), None, "v", vec![unique("by_id", "", "id")], Vec::new());
    assert_eq!(refusal(engine, both).await, Refusal::NotUnique { table: "message", index: "by_id", holder: key("g", "a") });
    assert_eq!(message(engine, &key("g", "a")).await, None);
    assert_eq!(engine.get_unique(HOME, "message", "by_id", b"", b"id").await.unwrap(), None);
    // Also where the entry is let go of in the same batch: it can go to one only.
    insert(engine, key("g", "holder"), "v", vec![unique("by_id", "", "id")]).await;
    let mut heirs = Batch::new();
    heirs.delete("message", key("g", "holder"), 1, vec![unique("by_id", "", "id")]);
    heirs.put("message", key("g", "a"), None, "v", vec![unique("by_id", "", "id")], Vec::new());
    heirs.put("message", key("g", "b"), None, "v", vec![unique("by_id", "", "id")], Vec::new());
    assert_eq!(refusal(engine, heirs).await, Refusal::NotUnique { table: "message", index: "by_id", holder: key("g", "a") });
    assert!(message(engine, &key("g", "holder")).await.is_some());
}

pub(crate) async fn a_record_may_add_its_own_unique_entry_again<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    insert(engine, key("g", "a"), "v", vec![unique("by_id", "", "id"), entry("by_time", "all", "1")]).await;
    let mut again = Batch::new();
    again.put("message", key("g", "a"), Some(1), "w", vec![unique("by_id", "", "id"), entry("by_time", "all", "1")], Vec::new());
    commit(engine, again).await;
    assert_eq!(engine.get_unique(HOME, "message", "by_id", b"", b"id").await.unwrap().unwrap().version, 2);
    assert_eq!(places(engine, "by_time", "all", Scan::first(9)).await.len(), 1);
    assert_eq!(engine.count_index(HOME, "message", "by_time", b"all").await.unwrap(), 1);
}

pub(crate) async fn unique_indexes_are_checked_after_the_conditions<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    insert(engine, key("g", "a"), "v", vec![unique("by_id", "", "id"), unique("by_client", "", "c")]).await;
    let mut both = Batch::new();
    both.put("message", key("g", "b"), None, "v", vec![unique("by_client", "", "c"), unique("by_id", "", "id")], Vec::new());
    both.expect("message", key("g", "a"), Some(9));
    assert_eq!(refusal(engine, both).await, Refusal::Conflict { table: "message", key: key("g", "a") });
    // Of two entries that are not free the first is named.
    let mut entries = Batch::new();
    entries.put("message", key("g", "b"), None, "v", vec![unique("by_client", "", "c"), unique("by_id", "", "id")], Vec::new());
    assert_eq!(refusal(engine, entries).await, Refusal::NotUnique { table: "message", index: "by_client", holder: key("g", "a") });
}
