//! Streams: numbers, reading, trimming, taking.

use kommutator::store::port::{Refusal, SCAN_LIMIT, StreamPage, StreamState};

use crate::store::harness::{EngineUnderTest, HOME, append, batch, commit, entries, refusal, stream};

async fn state<E: EngineUnderTest>(test: &E, name: &str) -> (u64, u64) {
    let state = test.engine().read(HOME, &stream(name), 0, 1).await.unwrap().state;
    (state.trimmed, state.last)
}

async fn take<E: EngineUnderTest>(test: &E, name: &str, number: u64) {
    let mut batch = kommutator::store::batch::Batch::new();
    batch.take(&stream(name), number);
    commit(test.engine(), batch).await;
}

async fn trim<E: EngineUnderTest>(test: &E, name: &str, through: u64) {
    let mut batch = batch();
    batch.trim(&stream(name), through);
    commit(test.engine(), batch).await;
}

pub(crate) async fn numbers_start_at_one_and_follow_the_batch<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let mut first = batch();
    for (name, value) in [("feed", "a"), ("log:1", "b"), ("feed", "c"), ("feed", "d"), ("log:2", "e")] {
        first.append(&stream(name), value);
    }
    assert_eq!(first.appends(), 5);
    assert_eq!(commit(engine, first).await.numbers, [1, 1, 2, 3, 1]);
    assert_eq!(append(engine, "feed", &["f", "g"]).await, [4, 5]);
    assert_eq!(commit(engine, batch()).await.numbers, [0_u64; 0]);
    let expected: Vec<(u64, String)> = ["a", "c", "d", "f", "g"].into_iter().zip(1..).map(|(value, number)| (number, value.to_owned())).collect();
    assert_eq!(entries(engine, "feed").await, expected);
    assert_eq!(state(&test, "feed").await, (0, 5));
    assert_eq!(entries(engine, "log:2").await, [(1, "e".to_owned())]);
}

pub(crate) async fn reading_goes_on_after_a_number<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    append(engine, "feed", &["a", "b", "c", "d", "e"]).await;
    let whole = StreamState { trimmed: 0, last: 5 };
    for (after, limit, expected) in [
        (0, 2, vec![1, 2]),
        (2, 2, vec![3, 4]),
        (4, 2, vec![5]),
        (5, 2, vec![]),
        (900, 2, vec![]),
        (u64::MAX, 2, vec![]),
        (0, 0, vec![]),
        (1, 100, vec![2, 3, 4, 5]),
    ] {
        let page = engine.read(HOME, &stream("feed"), after, limit).await.unwrap();
        assert_eq!(page.entries.iter().map(|(number, _)| *number).collect::<Vec<_>>(), expected, "after {after}, at most {limit}");
        assert_eq!(page.state, whole);
    }
}

pub(crate) async fn an_unknown_stream_is_empty<E: EngineUnderTest>() {
    let test = E::fresh().await;
    assert_eq!(test.engine().read(HOME, &stream("nowhere"), 0, 10).await.unwrap(), StreamPage::default());
    trim(&test, "nowhere", 5).await;
    assert_eq!(state(&test, "nowhere").await, (0, 0));
    assert_eq!(append(test.engine(), "nowhere", &["a"]).await, [1]);
}

pub(crate) async fn trimming_removes_from_the_front<E: EngineUnderTest>() {
    let test = E::fresh().await;
    append(test.engine(), "feed", &["a", "b", "c", "d", "e"]).await;
    trim(&test, "feed", 2).await;
    assert_eq!(state(&test, "feed").await, (2, 5));
    assert_eq!(entries(test.engine(), "feed").await.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [3, 4, 5]);
    // Less than what is trimmed changes nothing, 0 neither.
    trim(&test, "feed", 1).await;
    trim(&test, "feed", 0).await;
    assert_eq!(state(&test, "feed").await, (2, 5));
    // A number not given yet is not trimmed in advance.
    trim(&test, "feed", 1_000).await;
    assert_eq!(state(&test, "feed").await, (5, 5));
    assert!(entries(test.engine(), "feed").await.is_empty());
    assert_eq!(append(test.engine(), "feed", &["f"]).await, [6]);
    assert_eq!(entries(test.engine(), "feed").await, [(6, "f".to_owned())]);
    assert_eq!(state(&test, "feed").await, (5, 6));
}

pub(crate) async fn numbers_are_never_used_twice<E: EngineUnderTest>() {
    let mut test = E::fresh().await;
    assert_eq!(append(test.engine(), "trimmed", &["a", "b"]).await, [1, 2]);
    assert_eq!(append(test.engine(), "taken", &["a", "b"]).await, [1, 2]);
    assert_eq!(append(test.engine(), "last", &["a", "b", "c"]).await, [1, 2, 3]);
    trim(&test, "trimmed", 2).await;
    take(&test, "taken", 2).await;
    take(&test, "taken", 1).await;
    take(&test, "last", 3).await;
    test.restart().await;
    assert_eq!(state(&test, "trimmed").await, (2, 2));
    assert_eq!(state(&test, "taken").await, (0, 2));
    assert_eq!(state(&test, "last").await, (0, 3));
    for name in ["trimmed", "taken", "last"] {
        let next = if name == "last" { 4 } else { 3 };
        assert_eq!(append(test.engine(), name, &["c"]).await, [next]);
        take(&test, name, next).await;
        assert_eq!(append(test.engine(), name, &["d", "e"]).await, [next + 1, next + 2]);
    }
    test.restart().await;
    assert_eq!(append(test.engine(), "trimmed", &["f"]).await, [6]);
    assert_eq!(append(test.engine(), "last", &["f"]).await, [7]);
}

pub(crate) async fn taking_removes_one_entry<E: EngineUnderTest>() {
    let test = E::fresh().await;
    append(test.engine(), "mailbox", &["a", "b", "c"]).await;
    take(&test, "mailbox", 2).await;
    assert_eq!(entries(test.engine(), "mailbox").await, [(1, "a".to_owned()), (3, "c".to_owned())]);
    assert_eq!(state(&test, "mailbox").await, (0, 3));
    take(&test, "mailbox", 1).await;
    // A single entry that was taken is not trimming, not even at the front.
    assert_eq!(state(&test, "mailbox").await, (0, 3));
    let page = test.engine().read(HOME, &stream("mailbox"), 0, 1).await.unwrap();
    assert_eq!(page.entries, [(3, "c".into())]);
}

pub(crate) async fn what_is_gone_cannot_be_taken<E: EngineUnderTest>() {
    let mut test = E::fresh().await;
    append(test.engine(), "mailbox", &["a", "b", "c"]).await;
    take(&test, "mailbox", 2).await;
    trim(&test, "mailbox", 1).await;
    test.restart().await;
    for (name, number) in [("mailbox", 2), ("mailbox", 1), ("mailbox", 4), ("mailbox", 0), ("mailbox", u64::MAX), ("nowhere", 1)] {
        let mut batch = batch();
        batch.take(&stream(name), number);
        batch.append(&stream("effects"), "never");
        assert_eq!(refusal(test.engine(), batch).await, Refusal::Gone { stream: stream(name), number });
    }
    assert_eq!(state(&test, "effects").await, (0, 0));
    assert_eq!(entries(test.engine(), "mailbox").await, [(3, "c".to_owned())]);
}

pub(crate) async fn effects_on_a_stream_happen_in_order<E: EngineUnderTest>() {
    let test = E::fresh().await;
    append(test.engine(), "work", &["a", "b"]).await;
    // The taken entry is gone first, then the effects follow in their order.
    let mut busy = batch();
    busy.take(&stream("work"), 2);
    busy.append(&stream("work"), "c");
    busy.trim(&stream("work"), 3);
    busy.append(&stream("work"), "d");
    assert_eq!(commit(test.engine(), busy).await.numbers, [3, 4]);
    assert_eq!(entries(test.engine(), "work").await, [(4, "d".to_owned())]);
    assert_eq!(state(&test, "work").await, (3, 4));
}

pub(crate) async fn reads_are_cut_to_the_limit<E: EngineUnderTest>() {
    let test = E::fresh().await;
    for _ in 0..6 {
        let mut batch = batch();
        for _ in 0..2_000 {
            batch.append(&stream("feed"), "v");
        }
        commit(test.engine(), batch).await;
    }
    let page = test.engine().read(HOME, &stream("feed"), 0, usize::MAX).await.unwrap();
    assert_eq!(page.entries.len(), SCAN_LIMIT);
    assert_eq!(page.state.last, 12_000);
    let rest = test.engine().read(HOME, &stream("feed"), 10_000, usize::MAX).await.unwrap();
    assert_eq!(rest.entries.len(), 2_000);
}

pub(crate) async fn entries_hold_any_bytes<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let values = [Vec::new(), (0..=255).collect::<Vec<u8>>(), vec![0xff; 1_048_576], b"\r\n*1\r\n$4\r\n".to_vec()];
    let mut batch = batch();
    for value in &values {
        batch.append(&stream("feed"), value.clone());
    }
    commit(test.engine(), batch).await;
    let page = test.engine().read(HOME, &stream("feed"), 0, 10).await.unwrap();
    assert!(page.entries.iter().map(|(_, value)| &value[..]).eq(values.iter().map(|value| &value[..])));
}
