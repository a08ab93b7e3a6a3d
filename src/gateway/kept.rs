//! What was read a moment ago and may be believed for a while, so that the same is not read for every request.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use crate::model::time::Time;

/// The most values kept; past it the memory starts empty again, which only costs reads.
const MOST: usize = 10_000;

/// Values by key, each believed for the same time after it was read.
pub struct Kept<K, V> {
    for_ms: i64,
    values: RwLock<HashMap<K, (Time, Arc<V>)>>,
}

impl<K: Hash + Eq, V> Kept<K, V> {
    /// Empty.
    #[must_use]
    pub fn new(for_ms: i64) -> Self {
        Self { for_ms, values: RwLock::default() }
    }

    /// The value, if it was read not long ago. A clock that went back makes it old.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q, now: Time) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
    {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        values.get(key).filter(|(read_at, _)| (0..self.for_ms).contains(&now.since(*read_at))).map(|(_, value)| Arc::clone(value))
    }

    /// This was read just now.
    pub fn put(&self, key: K, now: Time, value: V) -> Arc<V> {
        let value = Arc::new(value);
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        if values.len() >= MOST {
            values.clear();
        }
        values.insert(key, (now, Arc::clone(&value)));
        value
    }

    /// It changed.
    pub fn forget(&self, key: &K) {
        self.values.write().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Everything may have changed.
    pub fn clear(&self) {
        self.values.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_believed_for_its_time_and_not_after_the_clock_went_back() {
        let kept: Kept<String, u32> = Kept::new(3_000);
        assert_eq!(kept.get("a", Time(10_000)), None);
        kept.put("a".to_owned(), Time(10_000), 7);
        assert_eq!(kept.get("a", Time(12_999)).as_deref(), Some(&7));
        assert_eq!(kept.get("a", Time(13_000)), None);
        assert_eq!(kept.get("a", Time(9_999)), None);
        kept.forget(&"a".to_owned());
        assert_eq!(kept.get("a", Time(10_000)), None);
    }

    #[test]
    fn it_is_bounded() {
        let kept: Kept<usize, ()> = Kept::new(1);
        for key in 0..=MOST {
            kept.put(key, Time(0), ());
        }
        assert!(kept.get(&0, Time(0)).is_none() && kept.get(&MOST, Time(0)).is_some());
    }
}
