//! A message: content, origin, states, pieces at the provider, deliveries to CRMs.
//!
//! * [`content`]: what it says
//! * [`state`]: what becomes of it
//! * [`delivery`]: its standing in a CRM

pub mod content;
pub mod delivery;
pub mod state;

use serde::{Deserialize, Serialize};

pub use self::content::{Attachment, Context, MessageScope, Part, Reaction, plain_text};
pub use self::delivery::{CrmDeliveryStatus, Delivery, Told};
pub use self::state::{Attempt, MessageChange, Piece, apply_change, may_follow, raise, react};
use super::ids::{AccountId, ConnectionId, ConversationId, IdentityId, MessageId};
use super::protocol::{Author, EntryDirection, Mention, SendState, SendStatus};
use super::reason::Reason;
use super::time::Time;

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
    /// Of a note: who is mentioned in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
    /// Reactions on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
}

impl Message {
    /// A message of this moment that says nothing yet: without words and pieces, admitted, nothing left to be done with it.
    #[must_use]
    pub fn fresh(id: MessageId, account: AccountId, direction: EntryDirection, author: Author, origin: Origin, now: Time) -> Self {
        Self {
            conversation: id.conversation,
            number: id.number,
            account,
            direction,
            author,
            identity: None,
            origin,
            parts: Vec::new(),
            attachments: Vec::new(),
            reply_to: None,
            client_id: None,
            context: Context::default(),
            admission: Admission::Yes,
            written_at: now,
            imported_at: now,
            state: SendState { status: SendStatus::Sent, reason: None, at: now },
            pieces: Vec::new(),
            attempt: None,
            tries: 0,
            round: 0,
            edited_at: None,
            deleted_at: None,
            erased_at: None,
            mentions: Vec::new(),
            reactions: Vec::new(),
        }
    }

    /// Whether it did not go out, or nobody knows whether it did: somebody has to look.
    #[must_use]
    pub fn is_in_trouble(&self) -> bool {
        let stands = self.deleted_at.is_none() && self.erased_at.is_none();
        stands && self.direction == EntryDirection::Outbound && matches!(self.state.status, SendStatus::Failed | SendStatus::Unknown)
    }

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
