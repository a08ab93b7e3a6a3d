//! A workspace's sockets on this node: who gets what.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Weak};

use actix::prelude::*;
use bytestring::ByteString;
use tokio::sync::watch;

use super::{Cut, Deliver, Placed, Who};
use crate::gateway::cursor::VisitorCursor;
use crate::gateway::events::{self, Loaded};
use crate::model::ids::{AccountId, ConversationId};
use crate::model::protocol::{Presence, ServerFrame};

/// A socket of a workspace.
pub(super) struct Socket {
    pub(super) who: Who,
    pub(super) access: u32,
    pub(super) socket: Recipient<Deliver>,
    pub(super) cut: Weak<dyn Cut>,
}

/// A workspace that has sockets here.
pub(super) struct Room {
    pub(super) epoch: String,
    pub(super) position: u64,
    pub(super) sockets: HashMap<u64, Socket>,
    pub(super) followers: HashMap<ConversationId, Vec<u64>>,
    pub(super) tail: SpawnHandle,
    pub(super) signals: SpawnHandle,
    /// Whether the tail knows where it begins.
    pub(super) begins: watch::Receiver<bool>,
}

impl Room {
    /// Takes a socket off. Answers what is to be told if it was the visitor's last one here.
    pub(super) fn remove(&mut self, key: u64) -> Option<(AccountId, Presence)> {
        if let Some(Socket { who: Who::Visitor { conversation: Some(conversation), account, .. }, .. }) = self.sockets.remove(&key)
            && let Entry::Occupied(mut followers) = self.followers.entry(conversation)
        {
            followers.get_mut().retain(|follower| *follower != key);
            if followers.get().is_empty() {
                followers.remove();
                return Some((account, Presence { conversation, online: false, page: None }));
            }
        }
        None
    }

    /// Lets a visitor's newest socket say where they are.
    pub(super) fn announce(&self, conversation: ConversationId) {
        let newest = self.followers.get(&conversation).and_then(|keys| keys.last()).and_then(|key| self.sockets.get(key));
        if let Some(socket) = newest {
            let _ = socket.socket.try_send(Deliver::Announce); // best effort
        }
    }

    /// Tells those who watch a conversation where its visitor is.
    pub(super) fn presence(&self, account: AccountId, presence: &Presence) {
        let frame: ByteString = events::json(&ServerFrame::Presence(presence.clone())).into();
        for socket in self.sockets.values() {
            if let Who::Member { access, watching: Some(watching), .. } = &socket.who
                && *watching == presence.conversation
                && access.sees(account)
            {
                // A signal that finds no room is lost: it is best effort.
                let _ = socket.socket.try_send(Deliver::Signal(frame.clone()));
            }
        }
    }

    /// Gives something to a socket; `false`: it is past its budget.
    pub(super) fn give(socket: &Socket, what: Deliver) -> bool {
        match socket.socket.try_send(what) {
            Ok(()) => true,
            Err(SendError::Full(_)) => {
                metrics::counter!("kommutator_slow_readers_total").increment(1);
                if let Some(cut) = socket.cut.upgrade() {
                    cut.cut();
                }
                false
            }
            // Its guard is on the way.
            Err(SendError::Closed(_)) => true,
        }
    }

    /// One delivery per socket and page, however many entries the page has: a burst is no reason to cut anybody.
    pub(super) fn page(&mut self, loaded: &[Loaded]) {
        let mut cut = Vec::new();
        // Most sockets of a workspace see the same: one set of frames for each kind of view.
        let mut by_mark: HashMap<u32, Arc<[Placed]>> = HashMap::new();
        for (key, socket) in &self.sockets {
            let Who::Member { access, .. } = &socket.who else { continue };
            let frames = by_mark.entry(socket.access).or_insert_with(|| {
                let seen = loaded.iter().filter(|one| one.is_seen(access));
                let frames =
                    seen.flat_map(|one| events::manager_frames(&self.epoch, socket.access, one, 0).into_iter().map(|frame| (one.number, frame)));
                frames.collect()
            });
            if !frames.is_empty() && !Self::give(socket, Deliver::Frames(Arc::clone(frames))) {
                cut.push(*key);
            }
        }
        let mut by_conversation: HashMap<ConversationId, Vec<Placed>> = HashMap::new();
        for (conversation, change, event) in loaded.iter().filter_map(|one| one.visitor.as_ref()) {
            if self.followers.contains_key(conversation) {
                let cursor = VisitorCursor { epoch: self.epoch.clone(), place: *change };
                by_conversation.entry(*conversation).or_default().push((*change, events::visitor_frame(&cursor, event)));
            }
        }
        for (conversation, talk) in loaded.iter().filter_map(|one| one.talk.as_ref()) {
            for key in self.followers.get(conversation).into_iter().flatten() {
                if self.sockets.get(key).is_some_and(|socket| !Self::give(socket, Deliver::Signal(talk.clone()))) {
                    cut.push(*key);
                }
            }
        }
        for (conversation, frames) in by_conversation {
            let frames: Arc<[Placed]> = frames.into();
            for key in self.followers.get(&conversation).into_iter().flatten() {
                if self.sockets.get(key).is_some_and(|socket| !Self::give(socket, Deliver::Frames(Arc::clone(&frames)))) {
                    cut.push(*key);
                }
            }
        }
        for key in cut {
            let _ = self.remove(key); // that somebody left is told by best effort
        }
    }

    pub(super) fn tell(&mut self, frame: &ServerFrame, conversation: ConversationId, account: AccountId, to_visitor: bool) {
        let frame: ByteString = events::json(frame).into();
        for socket in self.sockets.values() {
            let sees = match &socket.who {
                Who::Member { access, .. } => access.sees(account),
                Who::Visitor { conversation: theirs, .. } => to_visitor && *theirs == Some(conversation),
            };
            if sees {
                // A signal that finds no room is lost: it is best effort.
                let _ = socket.socket.try_send(Deliver::Signal(frame.clone()));
            }
        }
    }

    pub(super) fn begun(&mut self, visitor: &str, conversation: ConversationId) {
        for (key, socket) in &mut self.sockets {
            if let Who::Visitor { visitor: theirs, conversation: known @ None, .. } = &mut socket.who
                && theirs == visitor
            {
                *known = Some(conversation);
                self.followers.entry(conversation).or_default().push(*key);
                socket.socket.do_send(Deliver::Follow(conversation));
            }
        }
    }
}
