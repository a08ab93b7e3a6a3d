//! Timers and counters.

use bytes::Bytes;
use kommutator::model::time::Time;
use kommutator::store::batch::Batch;
use kommutator::store::port::{Partition, Refusal, Timer};

use crate::store::harness::{EngineUnderTest, HOME, batch, commit, refusal};

fn timer(id: impl AsRef<[u8]>, due: i64, value: impl Into<Bytes>) -> Timer {
    Timer { id: id.as_ref().to_vec(), due: Time(due), value: value.into() }
}

async fn set<E: EngineUnderTest>(test: &E, timers: &[Timer]) {
    let mut batch = batch();
    for timer in timers {
        batch.set_timer(&timer.id, timer.due, timer.value.clone());
    }
    commit(test.engine(), batch).await;
}

async fn due<E: EngineUnderTest>(test: &E, now: i64, limit: usize) -> Vec<Timer> {
    test.engine().due(HOME, Time(now), limit).await.unwrap()
}

pub(crate) async fn timers_are_set_moved_and_cleared<E: EngineUnderTest>() {
    let mut test = E::fresh().await;
    assert_eq!(test.engine().next_due(HOME).await.unwrap(), None);
    set(&test, &[timer("snooze", 1_000, "one"), timer("expiry", 2_000, "two")]).await;
    assert_eq!(test.engine().next_due(HOME).await.unwrap(), Some(Time(1_000)));
    assert_eq!(test.engine().next_due(Partition(1)).await.unwrap(), None);
    // Moved, with what is to be done then.
    set(&test, &[timer("snooze", 3_000, "later")]).await;
    assert_eq!(test.engine().next_due(HOME).await.unwrap(), Some(Time(2_000)));
    test.restart().await;
    assert_eq!(due(&test, 9_000, 10).await, [timer("expiry", 2_000, "two"), timer("snooze", 3_000, "later")]);
    let mut clear = batch();
    clear.clear_timer(b"expiry");
    clear.clear_timer(b"never was");
    commit(test.engine(), clear).await;
    assert_eq!(due(&test, 9_000, 10).await, [timer("snooze", 3_000, "later")]);
    assert_eq!(test.engine().next_due(HOME).await.unwrap(), Some(Time(3_000)));
    let mut clear = batch();
    clear.clear_timer(b"snooze");
    commit(test.engine(), clear).await;
    assert_eq!(test.engine().next_due(HOME).await.unwrap(), None);
}

pub(crate) async fn a_timer_is_taken_once<E: EngineUnderTest>() {
    let test = E::fresh().await;
    set(&test, &[timer("t", 1_000, "v")]).await;
    let take = |due| {
        let mut batch = Batch::new();
        batch.take_timer(b"t", Time(due));
        batch
    };
    assert_eq!(refusal(test.engine(), take(999)).await, Refusal::TimerGone);
    set(&test, &[timer("t", 2_000, "v")]).await;
    assert_eq!(refusal(test.engine(), take(1_000)).await, Refusal::TimerGone);
    commit(test.engine(), take(2_000)).await;
    assert_eq!(refusal(test.engine(), take(2_000)).await, Refusal::TimerGone);
    assert!(due(&test, i64::from(u32::MAX), 10).await.is_empty());
}

pub(crate) async fn a_taken_timer_can_be_set_again_in_its_batch<E: EngineUnderTest>() {
    let test = E::fresh().await;
    set(&test, &[timer("daily", 1_000, "v")]).await;
    let mut again = Batch::new();
    again.take_timer(b"daily", Time(1_000));
    again.set_timer(b"daily", Time(2_000), "w");
    commit(test.engine(), again).await;
    assert_eq!(due(&test, 9_000, 10).await, [timer("daily", 2_000, "w")]);
    let mut twice = batch();
    twice.set_timer(b"daily", Time(3_000), "x");
    twice.clear_timer(b"daily");
    twice.set_timer(b"daily", Time(4_000), "y");
    commit(test.engine(), twice).await;
    assert_eq!(due(&test, 9_000, 10).await, [timer("daily", 4_000, "y")]);
}

pub(crate) async fn due_timers_come_earliest_first<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let now = 1_800_000_000_000;
    let timers = [
        timer("b", now, "at the moment"),
        timer("a", now + 1, "not yet"),
        timer("c", now - 5, "earlier"),
        timer(b"\xff\0", now - 1, "any bytes \0"),
        timer("", now - 1, ""),
        timer("z", 0, "long ago"),
    ];
    set(&test, &timers).await;
    // Those of one moment are ordered by name.
    let expected = [&timers[5], &timers[2], &timers[4], &timers[3], &timers[0]];
    assert!(due(&test, now, 100).await.iter().eq(expected));
    assert!(due(&test, now, 2).await.iter().eq(expected[..2].iter().copied()));
    assert!(due(&test, now, 0).await.is_empty());
    assert_eq!(due(&test, -1, 100).await, []);
}

pub(crate) async fn counters_add_up<E: EngineUnderTest>() {
    let mut test = E::fresh().await;
    assert_eq!(test.engine().counters(HOME, b"day").await.unwrap(), []);
    for (group, item, by) in [
        ("day", "in", 1),
        ("day", "in", 41),
        ("day", "out", -7),
        ("other", "in", 1_000_000_000_000),
        ("day", "", 3),
        ("day", "zero", 5),
        ("day", "zero", -5),
    ] {
        let mut batch = batch();
        batch.increment(group.into(), item.into(), by);
        batch.increment(group.into(), item.into(), 0);
        commit(test.engine(), batch).await;
    }
    test.restart().await;
    // In order of item.
    let day = test.engine().counters(HOME, b"day").await.unwrap();
    assert_eq!(day, [(b"".to_vec(), 3), (b"in".to_vec(), 42), (b"out".to_vec(), -7), (b"zero".to_vec(), 0)]);
    assert_eq!(test.engine().counters(HOME, b"other").await.unwrap(), [(b"in".to_vec(), 1_000_000_000_000)]);
    assert_eq!(test.engine().counters(Partition(1), b"day").await.unwrap(), []);
    // A group is taken off whole, and only that one; what comes after counts from nothing.
    for group in ["day", "never"] {
        let mut batch = batch();
        batch.forget(group.into());
        commit(test.engine(), batch).await;
    }
    test.restart().await;
    assert_eq!(test.engine().counters(HOME, b"day").await.unwrap(), []);
    assert_eq!(test.engine().counters(HOME, b"other").await.unwrap().len(), 1);
    let mut batch = batch();
    batch.increment("day".into(), "in".into(), 2);
    commit(test.engine(), batch).await;
    assert_eq!(test.engine().counters(HOME, b"day").await.unwrap(), [(b"in".to_vec(), 2)]);
}
