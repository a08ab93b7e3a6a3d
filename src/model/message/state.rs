//! What becomes of a message: pieces, attempts, and changes the provider tells of.

use serde::{Deserialize, Serialize};

use super::Message;
use super::content::{Part, Reaction};
use crate::model::ids::NodeId;
use crate::model::protocol::{Author, AuthorKind, SendState, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;

/// One message of ours may be several at the provider; each has its external id and state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The provider's id as the channel builds it, chat included; none: not sent yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The ids of the other messages it became there: an album is several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<String>,
    /// Where this piece stands.
    pub status: SendStatus,
}

impl Piece {
    /// One message there, or not yet any.
    #[must_use]
    pub fn new(external_id: Option<String>, status: SendStatus) -> Self {
        Self { external_id, more: Vec::new(), status }
    }

    /// Whether the provider names it, or a part of it, so.
    #[must_use]
    pub fn is(&self, external_id: &str) -> bool {
        self.external_id.as_deref() == Some(external_id) || self.more.iter().any(|id| id == external_id)
    }
}

/// An attempt to send that was begun: what a restart finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// The process that began it.
    pub node: NodeId,
    /// When.
    pub started_at: Time,
    /// After this the provider's answer is no longer waited for.
    pub deadline: Time,
    /// The key the provider drops repeats by, if it has such.
    pub key: String,
    /// Which piece is under way.
    pub piece: u32,
    /// The provider's history was asked after it and does not have it: it never arrived.
    #[serde(default)]
    pub absent: bool,
}

/// What a provider tells of a message after it was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum MessageChange {
    /// A receipt for one of its pieces.
    Receipt {
        /// Where the piece stands.
        status: SendStatus,
        /// Why.
        reason: Option<Reason>,
    },
    /// Other words.
    Edited {
        /// What it says now.
        parts: Vec<Part>,
        /// When.
        at: Time,
    },
    /// Deleted at the provider.
    Deleted {
        /// When.
        at: Time,
    },
    /// A reaction set or taken off.
    Reacted {
        /// Who, by the provider's id.
        person: String,
        /// Their name.
        name: String,
        /// The emoji; none: taken off.
        emoji: Option<String>,
    },
}

/// Whether a state may follow another. States only rise; `failed` and `unknown` may be settled by what proves them wrong.
#[must_use]
pub fn may_follow(now: SendStatus, next: SendStatus) -> bool {
    use SendStatus::{Delivered, Failed, Queued, Read, Sent, Unknown};
    match (now, next) {
        (Queued, Sent | Delivered | Read | Failed | Unknown)
        | (Sent, Delivered | Read | Failed)
        | (Delivered, Read)
        | (Unknown, Queued | Sent | Delivered | Read | Failed)
        // An echo, a receipt or a person proves that it went after all, or asks for another try.
        | (Failed, Queued | Sent | Delivered | Read) => true,
        (Queued, Queued)
        | (Sent, Queued | Sent | Unknown)
        | (Delivered, Queued | Sent | Delivered | Failed | Unknown)
        | (Read, _)
        | (Unknown, Unknown)
        | (Failed, Failed | Unknown) => false,
    }
}

/// The message's state as it follows from its pieces; `true`: it changed.
pub fn raise(message: &mut Message, reason: Option<Reason>, now: Time) -> bool {
    let has = |status: SendStatus| message.pieces.iter().any(|piece| piece.status == status);
    let status = if has(SendStatus::Failed) {
        SendStatus::Failed
    } else if has(SendStatus::Unknown) {
        SendStatus::Unknown
    } else if has(SendStatus::Queued) {
        SendStatus::Queued
    } else {
        message.pieces.iter().map(|piece| piece.status).min().unwrap_or(message.state.status)
    };
    let rises = may_follow(message.state.status, status);
    if rises {
        message.state = SendState { status, reason, at: now };
    }
    rises
}

/// The most reactions a message keeps.
const REACTIONS: usize = 200;

/// Lets a change told of the piece `external_id` have its effect. Twice has the effect of once; a change that came late, or to a message
/// that was deleted or erased, has none.
pub fn apply_change(message: &mut Message, external_id: &str, change: &MessageChange, now: Time) {
    match change {
        MessageChange::Receipt { status, reason } => {
            for piece in &mut message.pieces {
                if piece.is(external_id) && may_follow(piece.status, *status) {
                    piece.status = *status;
                }
            }
            raise(message, reason.clone(), now);
        }
        _ if message.deleted_at.is_some() => {}
        MessageChange::Edited { parts, at } => {
            let at = if *at == Time(0) { now } else { *at };
            // An edit tells of words: the files stay.
            let is_whole = parts.iter().any(Part::has_file);
            let files = message.parts.iter().filter(|part| part.has_file() && !is_whole).cloned();
            let parts: Vec<Part> = parts.iter().cloned().chain(files).collect();
            if message.edited_at.is_none_or(|edited| edited <= at) && message.parts != parts {
                message.parts = parts;
                message.edited_at = Some(at);
            }
        }
        MessageChange::Deleted { at } => {
            message.parts.clear();
            message.attachments.clear();
            message.reactions.clear();
            message.deleted_at = Some(if *at == Time(0) { now } else { *at });
        }
        MessageChange::Reacted { person, name, emoji } => {
            let author = Author { kind: AuthorKind::Customer, id: person.clone(), name: name.clone() };
            react(message, &author, emoji.as_deref());
        }
    }
}

/// Sets somebody's reaction, or takes it off: one person has one.
pub fn react(message: &mut Message, who: &Author, emoji: Option<&str>) {
    if message.reactions.iter().any(|old| old.author.id == who.id && Some(old.emoji.as_str()) == emoji) {
        return;
    }
    message.reactions.retain(|reaction| reaction.author.id != who.id);
    if let Some(emoji) = emoji.filter(|_| message.reactions.len() < REACTIONS) {
        message.reactions.push(Reaction { emoji: emoji.to_owned(), author: who.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_only_rise() {
        use SendStatus::{Delivered, Failed, Queued, Read, Sent, Unknown};
        let all = [Queued, Sent, Delivered, Read, Failed, Unknown];
        for state in all {
            assert!(!may_follow(state, state), "{state:?} is no change");
            assert!(!may_follow(Read, state), "nothing follows `read`");
        }
        assert!(may_follow(Unknown, Sent) && may_follow(Failed, Sent));
        assert!(!may_follow(Sent, Unknown) && !may_follow(Delivered, Sent));
    }
}
