//! Wakes and signals: one pub/sub connection per process, subscribed to the partitions this process watches.
//!
//! Nobody blocks on a stream: Redis would look through all of a connection's streams at every wake. A commit ends with one
//! message on its partition's channel instead, and whoever waits reads from its own place. A message can be lost (pub/sub
//! promises nothing), so everybody also looks every [`SWEEP`], and after each new subscription or connection.
//!
//! What this process does itself it hears at once, without the way over Redis.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use redis::Msg;
use redis::aio::{PubSubSink, PubSubStream};
use tokio::sync::{Notify, broadcast, watch};
use tokio::time::{MissedTickBehavior, timeout};

use super::keys::Space;
use super::link::{CALL_LIMIT, CONNECT_LIMIT};
use crate::store::port::{Partition, StreamName};
use crate::store::wake::Wakes;

/// How long a lost wake can stay unnoticed.
const SWEEP: Duration = Duration::from_secs(5);
/// How many signals a slow receiver may lag behind.
const SIGNALS: usize = 1_024;
/// The longest pause between two tries to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Which process a signal comes from: a process does not hear its own signals a second time.
pub(super) type Origin = [u8; 16];

/// Who in this process listens to what.
pub(super) struct Listeners {
    prefix: String,
    database: i64,
    origin: Origin,
    wakes: Wakes,
    wanted: Mutex<Wanted>,
    changed: Notify,
}

#[derive(Default)]
struct Wanted {
    streams: HashSet<Partition>,
    signals: HashMap<Partition, broadcast::Sender<Bytes>>,
}

/// What a channel carries.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Channel {
    Wake(Partition),
    Signal(Partition),
}

impl Listeners {
    pub(super) fn new(prefix: &str, database: i64, origin: Origin) -> Self {
        let wanted = Mutex::new(Wanted::default());
        Self { prefix: prefix.to_owned(), database, origin, wakes: Wakes::default(), wanted, changed: Notify::new() }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A receiver for one stream.
    pub(super) fn watch(&self, partition: Partition, stream: &StreamName) -> watch::Receiver<u64> {
        let mut wanted = self.wanted();
        if wanted.streams.insert(partition) {
            self.changed.notify_one();
        }
        // Under the lock: a sweep between the two would think that nobody watches.
        self.wakes.watch(partition, stream)
    }

    /// A commit of this process.
    pub(super) fn wake(&self, partition: Partition, stream: &StreamName, last: u64) {
        self.wakes.wake(partition, stream, last);
    }

    /// A receiver for a partition's signals.
    pub(super) fn signals(&self, partition: Partition) -> broadcast::Receiver<Bytes> {
        let mut wanted = self.wanted();
        let sender = wanted.signals.entry(partition).or_insert_with(|| {
            self.changed.notify_one();
            broadcast::channel(SIGNALS).0
        });
        sender.subscribe()
    }

    /// A signal of this process; also gives the message for the others.
    pub(super) fn signal(&self, partition: Partition, signal: Bytes) -> Vec<u8> {
        let mut message = Vec::with_capacity(self.origin.len() + signal.len());
        message.extend_from_slice(&self.origin);
        message.extend_from_slice(&signal);
        self.deliver(partition, signal);
        message
    }

    fn deliver(&self, partition: Partition, signal: Bytes) {
        if let Some(sender) = self.wanted().signals.get(&partition) {
            // Without a receiver there is nobody to tell.
            let _ = sender.send(signal);
        }
    }

    /// Forgets the partitions nobody listens to any more.
    fn sweep(&self) {
        let mut wanted = self.wanted();
        wanted.streams = self.wakes.watched();
        wanted.signals.retain(|_, sender| sender.receiver_count() > 0);
        drop(wanted);
        self.wakes.wake_all();
    }

    fn channels(&self) -> HashMap<String, Channel> {
        let wanted = self.wanted();
        let wake = wanted.streams.iter().map(|partition| {
            let name = Space::new(&self.prefix, *partition).wake_channel(self.database);
            (name, Channel::Wake(*partition))
        });
        let signal = wanted.signals.keys().map(|partition| {
            let name = Space::new(&self.prefix, *partition).signal_channel(self.database);
            (name, Channel::Signal(*partition))
        });
        wake.chain(signal).collect()
    }

    fn hear(&self, channel: Channel, message: &[u8]) {
        match channel {
            Channel::Signal(partition) => {
                if let Some((origin, signal)) = message.split_first_chunk()
                    && *origin != self.origin
                {
                    self.deliver(partition, Bytes::copy_from_slice(signal));
                }
            }
            Channel::Wake(partition) => match read_wake(message) {
                Some(grown) => grown.iter().for_each(|(stream, last)| self.wakes.wake(partition, stream, *last)),
                None => self.wakes.wake_all(),
            },
        }
    }
}

/// Streams that grew and their newest numbers: name and number in turn, a line each.
fn read_wake(message: &[u8]) -> Option<Vec<(StreamName, u64)>> {
    let mut lines = std::str::from_utf8(message).ok()?.split('\n');
    let mut grown = Vec::new();
    while let Some(name) = lines.next() {
        grown.push((StreamName(name.to_owned()), lines.next()?.parse().ok()?));
    }
    Some(grown)
}

/// Listens until `open` is dropped: subscribes, dispatches, connects again.
pub(super) async fn listen(client: redis::Client, listeners: std::sync::Arc<Listeners>, mut open: watch::Receiver<()>) {
    let mut pause = Duration::from_millis(50);
    loop {
        let connected = tokio::select! {
            connected = timeout(CONNECT_LIMIT, client.get_async_pubsub()) => connected,
            _ = open.changed() => return,
        };
        if let Ok(Ok(connection)) = connected {
            pause = Duration::from_millis(50);
            let (sink, stream) = connection.split();
            tokio::select! {
                () = serve(&listeners, sink, stream) => tracing::warn!("redis: the connection for wakes broke"),
                _ = open.changed() => return,
            }
        }
        listeners.wakes.wake_all();
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            _ = open.changed() => return,
        }
    }
}

/// One connection's life.
async fn serve(listeners: &Listeners, mut sink: PubSubSink, mut stream: PubSubStream) {
    let mut subscribed: HashMap<String, Channel> = HashMap::new();
    let mut sweep = tokio::time::interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    sweep.tick().await;
    loop {
        if !follow(listeners, &mut sink, &mut subscribed).await {
            return;
        }
        tokio::select! {
            message = stream.next() => match message {
                Some(message) => hear(listeners, &subscribed, &message),
                None => return,
            },
            () = listeners.changed.notified() => {}
            _ = sweep.tick() => {
                listeners.sweep();
                // A connection whose other end is gone without a word shows it here.
                if !matches!(timeout(CALL_LIMIT, sink.ping::<redis::Value>()).await, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}

fn hear(listeners: &Listeners, subscribed: &HashMap<String, Channel>, message: &Msg) {
    if let Some(channel) = subscribed.get(message.get_channel_name()) {
        listeners.hear(*channel, message.get_payload_bytes());
    }
}

/// Subscribes to what is wanted now and leaves the rest; whether the connection lives.
async fn follow(listeners: &Listeners, sink: &mut PubSubSink, subscribed: &mut HashMap<String, Channel>) -> bool {
    let wanted = listeners.channels();
    let new: Vec<&String> = wanted.keys().filter(|name| !subscribed.contains_key(*name)).collect();
    if !new.is_empty() {
        if !matches!(timeout(CALL_LIMIT, sink.subscribe(&new)).await, Ok(Ok(()))) {
            return false;
        }
        // What grew before the subscription stood was not heard.
        listeners.wakes.wake_all();
    }
    let old: Vec<&String> = subscribed.keys().filter(|name| !wanted.contains_key(*name)).collect();
    if !old.is_empty() && !matches!(timeout(CALL_LIMIT, sink.unsubscribe(&old)).await, Ok(Ok(()))) {
        return false;
    }
    *subscribed = wanted;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_names_streams_and_numbers() {
        let grown = vec![(StreamName("log:a".to_owned()), 7), (StreamName("feed".to_owned()), 9_007_199_254_740_991)];
        assert_eq!(read_wake(b"log:a\n7\nfeed\n9007199254740991"), Some(grown));
        assert_eq!(read_wake(b"log:a"), None);
        assert_eq!(read_wake(b"log:a\nseven"), None);
    }
}
