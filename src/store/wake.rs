//! Who waits for which stream. Shared by both engines: SQLite tells it after a commit, Redis when a wake arrives.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::port::{Partition, StreamName};

/// Watchers by stream. Streams nobody watches cost nothing: their senders are dropped as they are met.
#[derive(Debug, Default)]
pub struct Wakes {
    streams: Mutex<HashMap<(Partition, StreamName), watch::Sender<u64>>>,
}

impl Wakes {
    /// A receiver for one stream.
    pub fn watch(&self, partition: Partition, stream: &StreamName) -> watch::Receiver<u64> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if streams.len() > 64 && streams.len().is_power_of_two() {
            streams.retain(|_, sender| sender.receiver_count() > 0);
        }
        streams.entry((partition, stream.clone())).or_insert_with(|| watch::channel(0).0).subscribe()
    }

    /// The stream has grown up to this number.
    pub fn wake(&self, partition: Partition, stream: &StreamName, last: u64) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        // The key is cloned to look it up: names are short, and wakes are few beside commits.
        let key = (partition, stream.clone());
        if let Some(sender) = streams.get(&key) {
            if sender.receiver_count() == 0 {
                streams.remove(&key);
            } else {
                // Redis tells a process of its own commits a second time: what is known wakes nobody.
                sender.send_if_modified(|seen| {
                    let news = last > *seen;
                    *seen = (*seen).max(last);
                    news
                });
            }
        }
    }

    /// The partitions somebody watches a stream of.
    #[must_use]
    pub fn watched(&self) -> HashSet<Partition> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|_, sender| sender.receiver_count() > 0);
        streams.keys().map(|(partition, _)| *partition).collect()
    }

    /// Wakes may have been lost: everybody looks.
    pub fn wake_all(&self) {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in streams.values() {
            sender.send_modify(|_| {});
        }
    }
}
