//! The tables of outgoing webhooks.

use super::{alone, entry};
use crate::model::ids::{ConversationId, DeliveryId, MessageId, WebhookId};
use crate::model::webhook::{Webhook, WebhookDelivery, WebhookPlace, WebhookStatus};
use crate::store::key::Key;
use crate::store::port::{IndexEntry, RecordKey};
use crate::store::table::Record;

impl Webhook {
    /// The record's key.
    #[must_use]
    pub fn at(id: WebhookId) -> RecordKey {
        alone(id.0)
    }
}

impl Record for Webhook {
    const TABLE: &'static str = "webhook";

    fn key(&self) -> RecordKey {
        Self::at(self.id)
    }
}

impl WebhookPlace {
    /// The record's key.
    #[must_use]
    pub fn at() -> RecordKey {
        alone(0)
    }
}

impl Record for WebhookPlace {
    const TABLE: &'static str = "webhook_place";

    fn key(&self) -> RecordKey {
        Self::at()
    }
}

impl WebhookDelivery {
    /// Index of what waits, by webhook and the time of its next try.
    pub const BY_DUE: &'static str = "due";
    /// Index of what waits, by webhook and conversation, in order.
    pub const BY_LINE: &'static str = "line";
    /// Index by the message it tells of.
    pub const BY_MESSAGE: &'static str = "message";

    /// The group of a webhook's deliveries, and of [`BY_DUE`](Self::BY_DUE).
    #[must_use]
    pub fn group(webhook: WebhookId) -> Vec<u8> {
        Key::new().number(webhook.0).done()
    }

    /// The record's key.
    #[must_use]
    pub fn at(webhook: WebhookId, id: DeliveryId) -> RecordKey {
        RecordKey { group: Self::group(webhook), item: Key::new().number(id.0).done() }
    }

    /// The group of [`BY_LINE`](Self::BY_LINE).
    #[must_use]
    pub fn line(webhook: WebhookId, conversation: ConversationId) -> Vec<u8> {
        Key::new().number(webhook.0).number(conversation.0).done()
    }

    /// The group of [`BY_MESSAGE`](Self::BY_MESSAGE).
    #[must_use]
    pub fn of_message(message: MessageId) -> Vec<u8> {
        Key::new().number(message.conversation.0).number(message.number.into()).done()
    }
}

impl Record for WebhookDelivery {
    const TABLE: &'static str = "webhook_delivery";

    fn key(&self) -> RecordKey {
        Self::at(self.webhook, self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let mut entries = Vec::with_capacity(3);
        if self.status == WebhookStatus::Waiting {
            entries.push(entry(Self::BY_DUE, false, Key::new().number(self.webhook.0), Key::new().signed(self.next_at.0)));
            if let Some(conversation) = self.conversation {
                let group = Self::line(self.webhook, conversation);
                entries.push(IndexEntry { index: Self::BY_LINE, unique: false, group, sort: Key::new().number(self.id.0).done() });
            }
        }
        if let Some(message) = self.message {
            entries.push(IndexEntry { index: Self::BY_MESSAGE, unique: false, group: Self::of_message(message), sort: Vec::new() });
        }
        entries
    }
}
