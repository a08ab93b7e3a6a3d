//! Places where tests break the process on purpose. In a release build they are nothing at all.

use crate::store::batch::Batch;
use crate::store::handle::PartitionStore;
#[cfg(feature = "faults")]
use crate::store::port::StoreError;
use crate::store::port::{CommitError, Committed};

/// A place tests may panic or stop at, by name. See the `faults` feature.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn point(_name: &str) {}

/// A place tests may panic or stop at, by name.
#[cfg(feature = "faults")]
pub fn point(name: &str) {
    armed::hit(name);
}

/// Commits. Tests may make it fail: refused, so that nothing is written, or unanswered after it was.
///
/// # Errors
/// As [`PartitionStore::commit`].
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub async fn commit(_name: &str, store: &PartitionStore, batch: Batch) -> Result<Committed, CommitError> {
    store.commit(batch).await
}

/// Commits. Armed by `KOMMUTATOR_FAILS=NAME/refused:20,NAME/unanswered:30`, one in so many commits is refused before anything is written,
/// or succeeds and its answer is lost.
///
/// # Errors
/// As [`PartitionStore::commit`].
#[cfg(feature = "faults")]
pub async fn commit(name: &str, store: &PartitionStore, batch: Batch) -> Result<Committed, CommitError> {
    if armed::fails(&format!("{name}/refused")) {
        return Err(StoreError::Unavailable("injected".to_owned()).into());
    }
    let committed = store.commit(batch).await?;
    if armed::fails(&format!("{name}/unanswered")) {
        return Err(StoreError::Unclear("injected".to_owned()).into());
    }
    Ok(committed)
}

/// A time that tests may shorten. Here it is what it is.
#[cfg(not(feature = "faults"))]
#[inline(always)]
#[must_use]
pub fn patience(real: std::time::Duration) -> std::time::Duration {
    real
}

/// A time that tests may shorten: `KOMMUTATOR_PATIENCE=20` makes it twenty times as short.
#[cfg(feature = "faults")]
#[must_use]
pub fn patience(real: std::time::Duration) -> std::time::Duration {
    let times: u32 = std::env::var("KOMMUTATOR_PATIENCE").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    real.checked_div(times).unwrap_or(real)
}

/// The gap between two calls of a CRM, which tests of one process may shorten.
#[cfg(not(feature = "faults"))]
#[inline(always)]
#[must_use]
pub fn pace(real: std::time::Duration) -> std::time::Duration {
    real
}

/// How many times as short the gaps of this process are.
#[cfg(feature = "faults")]
static QUICK: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);

/// From now on the gaps of this process are so many times as short.
#[cfg(feature = "faults")]
pub fn quick_calls(times: u32) {
    QUICK.store(times.max(1), std::sync::atomic::Ordering::Relaxed);
}

/// The gap between two calls of a CRM, which tests of one process may shorten.
#[cfg(feature = "faults")]
#[must_use]
pub fn pace(real: std::time::Duration) -> std::time::Duration {
    patience(real).checked_div(QUICK.load(std::sync::atomic::Ordering::Relaxed)).unwrap_or(real)
}

/// The same place, told apart by whom it is passed for: tests arm `name` or `name/who`.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn point_for(_name: &str, _who: impl std::fmt::Display) {}

/// The same place, told apart by whom it is passed for: tests arm `name` or `name/who`.
#[cfg(feature = "faults")]
pub fn point_for(name: &str, who: impl std::fmt::Display) {
    armed::hit(name);
    armed::hit(&format!("{name}/{who}"));
}

#[cfg(feature = "faults")]
pub use armed::{arm, hits, panics_left};

#[cfg(feature = "faults")]
mod armed {
    use std::collections::HashMap;
    use std::sync::{LazyLock, Mutex, PoisonError};

    #[derive(Default)]
    struct Point {
        panics_left: u32,
        hits: u64,
    }

    static POINTS: LazyLock<Mutex<HashMap<String, Point>>> = LazyLock::new(|| {
        // A child process is armed by its environment: `KOMMUTATOR_FAULTS=name:times,name:times`.
        let mut points = HashMap::new();
        for part in std::env::var("KOMMUTATOR_FAULTS").unwrap_or_default().split(',') {
            if let Some((name, times)) = part.split_once(':') {
                points.insert(name.to_owned(), Point { panics_left: times.parse().unwrap_or(0), hits: 0 });
            }
        }
        Mutex::new(points)
    });

    /// How often what fails now and then was asked, and one in how many fails.
    static FAILS: LazyLock<Mutex<HashMap<String, (u64, u64)>>> = LazyLock::new(|| {
        let text = std::env::var("KOMMUTATOR_FAILS").unwrap_or_default();
        let read = |part: &str| part.split_once(':').map(|(name, of)| (name.to_owned(), (0, of.parse().unwrap_or(0))));
        Mutex::new(text.split(',').filter_map(read).collect())
    });

    /// Whether this time it fails: spread evenly, the same in every run.
    pub(super) fn fails(name: &str) -> bool {
        let mut fails = FAILS.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((asked, of)) = fails.get_mut(name) else { return false };
        *asked = asked.saturating_add(1);
        let mut mixed = asked.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        *of > 0 && (mixed >> 32) % *of == 0
    }

    /// The next so many hits of a point panic.
    pub fn arm(name: &str, times: u32) {
        let mut points = POINTS.lock().unwrap_or_else(PoisonError::into_inner);
        points.entry(name.to_owned()).or_default().panics_left = times;
    }

    /// How often a point was hit.
    #[must_use]
    pub fn hits(name: &str) -> u64 {
        POINTS.lock().unwrap_or_else(PoisonError::into_inner).get(name).map_or(0, |point| point.hits)
    }

    /// How many hits of a point will still panic.
    #[must_use]
    pub fn panics_left(name: &str) -> u32 {
        POINTS.lock().unwrap_or_else(PoisonError::into_inner).get(name).map_or(0, |point| point.panics_left)
    }

    #[expect(clippy::panic, reason = "this is what it is for")]
    pub(super) fn hit(name: &str) {
        let panics = {
            let mut points = POINTS.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(point) = points.get_mut(name) else { return };
            point.hits = point.hits.saturating_add(1);
            let panics = point.panics_left > 0;
            point.panics_left = point.panics_left.saturating_sub(1);
            panics
        };
        if panics {
            panic!("injected at {name}");
        }
    }
}
