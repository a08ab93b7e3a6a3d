//! A message's standing in a CRM.

use serde::{Deserialize, Serialize};

use super::Reaction;
use crate::model::ids::{ConnectionId, MessageId};
use crate::model::protocol::SendStatus;
use crate::model::reason::Reason;
use crate::model::time::Time;

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
    /// Its other ids of it: several files are several messages there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<String>,
    /// What the CRM was told of it since.
    #[serde(default, skip_serializing_if = "Told::is_nothing")]
    pub told: Told,
    /// Since when it fails for now, each time it is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Time>,
    /// When somebody last wanted it to go once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// Since when it stands there.
    pub at: Time,
}

impl Delivery {
    /// One that begins.
    #[must_use]
    pub fn fresh(message: MessageId, connection: ConnectionId, status: CrmDeliveryStatus, now: Time) -> Self {
        let told = Told::default();
        Self {
            message,
            connection,
            status,
            reason: None,
            tries: 0,
            external_id: None,
            more: Vec::new(),
            told,
            failing_since: None,
            again_at: None,
            created_at: now,
            at: now,
        }
    }
}

/// What a CRM was told of a message after it got it: only what is new is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Told {
    /// How far it came on its way to the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<SendStatus>,
    /// When its words were last changed; those words are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Time>,
    /// That it was deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// Reactions on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// That all its files are there, where it went without some.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub files: bool,
}

impl Told {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
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
