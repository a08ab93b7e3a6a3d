//! A message: content, origin, states, pieces at the provider, deliveries to CRMs.

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, ConnectionId, ConversationId, FileId, IdentityId, MessageId};
use super::protocol::{Author, EntryDirection, FileStatus, SendState, SendStatus};
use super::reason::Reason;
use super::time::Time;

/// A typed part of a message. A closed set: what fits none of them is [`Part::Unknown`] with its raw form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum Part {
    /// Words.
    Text {
        /// Plain text.
        text: String,
    },
    /// A file, a picture, a video.
    File {
        /// The file.
        file: FileId,
        /// Words under it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        caption: String,
    },
    /// A voice note.
    Voice {
        /// The file.
        file: FileId,
        /// Its length in milliseconds, if known.
        #[serde(default)]
        duration_ms: Option<u64>,
    },
    /// A contact card.
    Contact {
        /// The name.
        name: String,
        /// The phone.
        phone: String,
    },
    /// A point on the map.
    Location {
        /// Degrees × 10⁷.
        latitude_e7: i32,
        /// Degrees × 10⁷.
        longitude_e7: i32,
        /// Its name.
        #[serde(default)]
        title: String,
    },
    /// A sticker.
    Sticker {
        /// Its picture.
        #[serde(default)]
        file: Option<FileId>,
        /// The emoji it stands for.
        #[serde(default)]
        emoji: String,
    },
    /// A post or story.
    Post {
        /// Its address.
        url: String,
        /// Its words.
        #[serde(default)]
        title: String,
    },
    /// A call that was tried.
    Call {
        /// Whether nobody answered.
        missed: bool,
        /// Whether with picture.
        video: bool,
    },
    /// A template with parameters.
    Template {
        /// Its name.
        name: String,
        /// Its language.
        language: String,
        /// What is put in.
        parameters: Vec<String>,
    },
    /// Buttons under the message, as words.
    Buttons {
        /// Their words.
        labels: Vec<String>,
    },
    /// What none of the others can say.
    Unknown {
        /// As it came, at most 16 KiB of it.
        raw: String,
    },
}

/// Where a message came from, as far as it is not the customer. It goes to every connection but its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// The customer.
    Customer,
    /// A manager in the web messenger.
    Manager,
    /// An integration.
    Api,
    /// The account's owner at the provider itself; found as an echo.
    Phone,
    /// A CRM connection.
    Crm {
        /// Which.
        connection: ConnectionId,
    },
    /// A rule.
    Automation,
    /// An assistant.
    Assistant,
    /// A mailing.
    Mailing {
        /// Which.
        id: String,
    },
    /// The product itself.
    System,
}

/// How a message stands to the conversation at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageScope {
    /// A direct message.
    #[default]
    Personal,
    /// A comment under a post.
    Comment,
    /// In a group chat.
    Group,
}

/// The place at that moment: kept per message, because a listing or post changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Context {
    /// How it stands.
    #[serde(default)]
    pub scope: MessageScope,
    /// The post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// The top-level comment it hangs under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_comment: Option<String>,
    /// The comment it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The listing, vehicle or ad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing: Option<String>,
}

/// Whether managers, automation and CRMs get a message. What is not admitted stands in the log and its tables only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "admitted", rename_all = "snake_case")]
pub enum Admission {
    /// It is.
    #[default]
    Yes,
    /// A filter caught it.
    Filtered {
        /// Which, and why.
        reason: Reason,
    },
    /// Its author is blocked.
    Blocked,
    /// History, imported without notice.
    Quiet,
}

impl Admission {
    /// Whether it is admitted.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Yes)
    }
}

/// One message of ours may be several at the provider; each has its external id and state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The provider's id as the channel builds it, chat included; none: not sent yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Where this piece stands.
    pub status: SendStatus,
}

/// An attempt to send that was begun: what a restart finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// The process that began it.
    pub node: super::ids::NodeId,
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

/// A reaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// Who.
    pub author: Author,
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

/// What a message knows of a file it carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file.
    pub file: FileId,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// Whether it is here.
    pub status: FileStatus,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Whether there is a thumbnail.
    #[serde(default)]
    pub thumbnail: bool,
}

/// A message of the log. Its place (conversation, number) never changes and is never given again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Where it stands.
    pub conversation: ConversationId,
    /// Its place, from 1.
    pub number: u32,
    /// The channel account, for what may be seen.
    pub account: AccountId,
    /// Which way.
    pub direction: EntryDirection,
    /// Who wrote it.
    pub author: Author,
    /// The identity that wrote it, if a person at the provider did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityId>,
    /// Where it came from.
    pub origin: Origin,
    /// What it says, typed.
    pub parts: Vec<Part>,
    /// Its files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// The key of the client that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The place at that moment.
    #[serde(default)]
    pub context: Context,
    /// Whether managers see it.
    #[serde(default)]
    pub admission: Admission,
    /// When it was written, by its author's or the provider's clock.
    pub written_at: Time,
    /// When it was stored here.
    pub imported_at: Time,
    /// Where it stands between us and the customer; only rises.
    pub state: SendState,
    /// Its pieces at the provider; for an inbound message one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<Piece>,
    /// The attempt under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// How often a send was tried and failed for a while.
    #[serde(default)]
    pub tries: u32,
    /// How often a person asked for another try: part of the key a provider drops repeats by.
    #[serde(default)]
    pub round: u32,
    /// When its text was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Time>,
    /// When it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Time>,
    /// When its words and files were erased for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Time>,
    /// Reactions on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
}

impl Message {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> MessageId {
        MessageId { conversation: self.conversation, number: self.number }
    }

    /// Its plain form: the words of its parts, one a line.
    #[must_use]
    pub fn text(&self) -> String {
        plain_text(&self.parts)
    }
}

/// The words of parts, one a line. What has no words gives none: the screens have their own for it.
#[must_use]
pub fn plain_text(parts: &[Part]) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for part in parts {
        match part {
            Part::Text { text } => lines.push(text),
            Part::File { caption, .. } => lines.push(caption),
            Part::Contact { name, phone } => lines.extend([name.as_str(), phone.as_str()]),
            Part::Location { title, .. } | Part::Post { title, .. } => lines.push(title),
            Part::Sticker { emoji, .. } => lines.push(emoji),
            Part::Buttons { labels } => lines.extend(labels.iter().map(String::as_str)),
            Part::Template { parameters, .. } => lines.extend(parameters.iter().map(String::as_str)),
            Part::Voice { .. } | Part::Call { .. } | Part::Unknown { .. } => {}
        }
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
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
                if piece.external_id.as_deref() == Some(external_id) && may_follow(piece.status, *status) {
                    piece.status = *status;
                }
            }
            raise(message, reason.clone(), now);
        }
        _ if message.deleted_at.is_some() => {}
        MessageChange::Edited { parts, at } => {
            if message.edited_at.is_none_or(|edited| edited <= *at) && message.parts != *parts {
                message.parts.clone_from(parts);
                message.edited_at = Some(*at);
            }
        }
        MessageChange::Deleted { at } => {
            message.parts.clear();
            message.attachments.clear();
            message.reactions.clear();
            message.deleted_at = Some(*at);
        }
        MessageChange::Reacted { person, name, emoji } => {
            let kept = message.reactions.iter().any(|old| old.author.id == *person && Some(&old.emoji) == emoji.as_ref());
            if kept {
                return;
            }
            message.reactions.retain(|reaction| reaction.author.id != *person);
            if let Some(emoji) = emoji.as_ref().filter(|_| message.reactions.len() < REACTIONS) {
                let author = Author { kind: super::protocol::AuthorKind::Customer, id: person.clone(), name: name.clone() };
                message.reactions.push(Reaction { emoji: emoji.clone(), author });
            }
        }
    }
}

/// A message's standing in one CRM connection: log 1. Written only by that connection's actor, but for its first state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The message.
    pub message: MessageId,
    /// The connection.
    pub connection: ConnectionId,
    /// Where it stands.
    pub status: CrmDeliveryStatus,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// How often it was tried.
    #[serde(default)]
    pub tries: u32,
    /// The CRM's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// Since when it stands there.
    pub at: Time,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrmDeliveryStatus {
    /// Waits its turn.
    Queued,
    /// Waits for the customer's answer.
    Held,
    /// The CRM has it.
    Delivered,
    /// A filter caught the message.
    Filtered,
    /// Already there, or impossible.
    Skipped,
    /// Sent from the CRM in a mailing.
    Mailing,
    /// It could not be delivered.
    Failed,
}

impl CrmDeliveryStatus {
    /// The status as it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Filtered => "filtered",
            Self::Skipped => "skipped",
            Self::Mailing => "mailing",
            Self::Failed => "failed",
        }
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

    #[test]
    fn plain_text_is_the_words_of_the_parts() {
        let parts = [
            Part::Text { text: "Добрый день".into() },
            Part::Voice { file: FileId(1), duration_ms: None },
            Part::Contact { name: "Анна".into(), phone: "+79990000000".into() },
        ];
        assert_eq!(plain_text(&parts), "Добрый день\nАнна\n+79990000000");
    }
}
