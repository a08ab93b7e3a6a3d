//! Who looks at which conversation right now, as far as their pages say: best effort, never stored.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;

use crate::gateway::house::House;
use crate::gateway::signals::Signal;
use crate::model::ids::{ConversationId, UserId, WorkspaceId};
use crate::model::time::Time;

/// Who says nothing for so long looks no more; a page says it every 20 s.
const GONE_MS: i64 = 45_000;
/// Past so many the memory starts empty again: then somebody hears of what they see.
const MOST: usize = 10_000;

/// Who looks at what.
#[derive(Default)]
pub struct Lookers(Mutex<HashMap<(String, ConversationId), Time>>);

impl Lookers {
    /// Whether somebody looks at a conversation.
    #[must_use]
    pub fn looks(&self, user: UserId, conversation: ConversationId, now: Time) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&(user.to_string(), conversation)).is_some_and(|at| now.since(*at) < GONE_MS)
    }

    fn hear(&self, user: String, conversation: ConversationId, on: bool, now: Time) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST {
            seen.clear();
        }
        if on {
            seen.insert((user, conversation), now)
        } else {
            seen.remove(&(user, conversation))
        };
    }
}

/// Listens to what pages say, and to who has something to tell.
pub(super) async fn listen(house: &House, workspace: WorkspaceId, lookers: &Lookers, wake: &Notify) {
    let mut signals = house.store.workspace(workspace).signals();
    loop {
        match signals.recv().await {
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(Signal::Viewing { conversation, who, on, .. }) => lookers.hear(who.id, conversation, on, house.world.now()),
                Ok(Signal::Left { who, conversation }) => lookers.hear(who, conversation, false, house.world.now()),
                Ok(Signal::Notices) => wake.notify_one(),
                Ok(_) | Err(_) => {}
            },
            Err(RecvError::Lagged(_)) => wake.notify_one(),
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}
