//! A message's standing in a CRM.

use serde::{Deserialize, Serialize};

use crate::model::ids::{ConnectionId, MessageId};
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
