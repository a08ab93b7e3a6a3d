//! A ledger outside of the process: every message the server has called durable, with its key, place and order. It is compared with
//! the log over REST.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use super::client::{Accepted, id_of};

/// Shared by all writers.
pub(crate) struct Ledger {
    entries: Mutex<HashMap<String, Vec<Accepted>>>,
    count: watch::Sender<usize>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self { entries: Mutex::default(), count: watch::Sender::new(0) }
    }

    /// A writer heard that a message is durable.
    pub(crate) fn note(&self, writer: &str, accepted: Accepted) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).entry(writer.to_owned()).or_default().push(accepted);
        self.count.send_modify(|count| *count += 1);
    }

    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until so many are in it.
    pub(crate) async fn reaches(&self, goal: usize) {
        self.count.subscribe().wait_for(|count| *count >= goal).await.unwrap();
    }

    /// Nothing lost, nothing doubled, every writer's order kept. Answers how many messages were accepted, counting each once, and
    /// how many times the answer was a repeated one.
    pub(crate) fn compare(&self, log: &BTreeMap<String, Vec<Value>>) -> (usize, usize) {
        let mut by_key: HashMap<(String, String, bool), Vec<String>> = HashMap::new();
        for (conversation, messages) in log {
            let ids: Vec<String> = messages.iter().map(id_of).collect();
            assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]), "{conversation}: the log is in order");
            for message in messages {
                if let Some(key) = message["client_id"].as_str() {
                    let inbound = message["direction"] == "inbound";
                    by_key.entry((conversation.clone(), key.to_owned(), inbound)).or_default().push(id_of(message));
                }
            }
        }
        for ((conversation, key, _), ids) in &by_key {
            assert_eq!(ids.len(), 1, "{key} stands in {conversation} more than once: {ids:?}");
        }
        let texts: HashMap<&str, &Value> = log.values().flatten().map(|message| (message["id"].as_str().unwrap(), message)).collect();
        let (mut accepted, mut repeated) = (0, 0);
        for (writer, entries) in self.entries.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let inbound = writer.starts_with("visitor");
            let mut newest: HashMap<&str, &str> = HashMap::new();
            let mut known: HashMap<&str, &str> = HashMap::new();
            for entry in entries {
                if let Some(first) = known.insert(&entry.client_id, &entry.id) {
                    assert_eq!(first, entry.id, "{writer}: {} was accepted as two messages", entry.client_id);
                    repeated += 1;
                    continue;
                }
                accepted += 1;
                repeated += usize::from(entry.duplicate);
                let found = by_key.get(&(entry.conversation.clone(), entry.client_id.clone(), inbound));
                assert_eq!(found, Some(&vec![entry.id.clone()]), "{writer}: {} was accepted and is not in the log", entry.client_id);
                assert_eq!(texts[entry.id.as_str()]["text"], entry.text.as_str(), "{writer}: {}", entry.client_id);
                if !entry.retried {
                    let before = newest.insert(&entry.conversation, &entry.id);
                    assert!(before.is_none_or(|before| before < entry.id.as_str()), "{writer}: {} stands before an earlier one", entry.client_id);
                }
            }
        }
        (accepted, repeated)
    }
}
