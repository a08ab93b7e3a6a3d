//! The tables of CRM connections: themselves, where conversations stand in them, and what became of each message.

use super::entry;
use crate::model::crm::{CrmConnection, CrmTalk};
use crate::model::ids::{ConnectionId, ConversationId, MailingId, MessageId};
use crate::model::mailing::Mailing;
use crate::model::message::{CrmDeliveryStatus, Delivery};
use crate::store::key::Key;
use crate::store::port::{IndexEntry, RecordKey};
use crate::store::table::Record;

impl CrmConnection {
    /// Unique index by name, in lower case.
    pub const BY_NAME: &'static str = "name";
    /// Unique index by kind and the CRM's name of the account: one account is connected once.
    pub const BY_EXTERNAL: &'static str = "external";

    pub(super) fn index_entries(&self) -> Vec<IndexEntry> {
        if self.removed_at.is_some() {
            return Vec::new();
        }
        let mut entries = vec![entry(Self::BY_NAME, true, Key::new(), Key::new().text(&self.name.to_lowercase()))];
        if !self.external_key.is_empty() {
            entries.push(entry(Self::BY_EXTERNAL, true, Key::new().text(self.kind.as_str()), Key::new().text(&self.external_key)));
        }
        entries
    }

    /// The name its owner record has.
    #[must_use]
    pub fn owner_name(id: ConnectionId) -> String {
        format!("connection/{id}")
    }
}

impl CrmTalk {
    /// Unique index by connection and the chat there.
    pub const BY_CHAT: &'static str = "chat";
    /// Index by connection and the contact there.
    pub const BY_CONTACT: &'static str = "contact";
    /// Index by connection and the deal there.
    pub const BY_DEAL: &'static str = "deal";
    /// Index by connection and when something was last said.
    pub const BY_SAID: &'static str = "said";

    /// The group of a conversation's talks in a connection.
    #[must_use]
    pub fn group(connection: ConnectionId, conversation: ConversationId) -> Vec<u8> {
        Key::new().number(connection.0).number(conversation.0).done()
    }

    /// The record's key.
    #[must_use]
    pub fn at(connection: ConnectionId, conversation: ConversationId, key: &str) -> RecordKey {
        RecordKey { group: Self::group(connection, conversation), item: Key::new().text(key).done() }
    }

    /// The group of its indexes.
    #[must_use]
    pub fn of(connection: ConnectionId) -> Vec<u8> {
        Key::new().number(connection.0).done()
    }
}

impl Record for CrmTalk {
    const TABLE: &'static str = "crm_talk";

    fn key(&self) -> RecordKey {
        Self::at(self.connection, self.conversation, &self.key)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let of = || Key::new().number(self.connection.0);
        let mut entries = vec![entry(Self::BY_SAID, false, of(), Key::new().signed(self.said_at.0))];
        if let Some(chat) = &self.chat {
            entries.push(entry(Self::BY_CHAT, true, of(), Key::new().text(chat)));
        }
        if let Some(contact) = &self.contact {
            entries.push(entry(Self::BY_CONTACT, false, of().text(contact), Key::new()));
        }
        if let Some(deal) = &self.deal {
            entries.push(entry(Self::BY_DEAL, false, of().text(deal), Key::new()));
        }
        entries
    }
}

impl Mailing {
    /// Unique index by connection and the widget's own key.
    pub const BY_KEY: &'static str = "key";
    /// Index by connection of those of which something is to go still, the oldest first.
    pub const OPEN: &'static str = "open";

    /// The group of a connection's mailings, and of their indexes.
    #[must_use]
    pub fn of(connection: ConnectionId) -> Vec<u8> {
        Key::new().number(connection.0).done()
    }

    /// The record's key.
    #[must_use]
    pub fn at(connection: ConnectionId, id: MailingId) -> RecordKey {
        RecordKey { group: Self::of(connection), item: Key::new().number(id.0).done() }
    }
}

impl Record for Mailing {
    const TABLE: &'static str = "mailing";

    fn key(&self) -> RecordKey {
        Self::at(self.connection, self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let of = || Key::new().number(self.connection.0);
        let mut entries = vec![entry(Self::BY_KEY, true, of(), Key::new().text(&self.key))];
        if self.is_open() {
            entries.push(entry(Self::OPEN, false, of(), Key::new().signed(self.created_at.0)));
        }
        entries
    }
}

impl Delivery {
    /// Index by connection, status and time.
    pub const BY_STATE: &'static str = "state";
    /// Unique index by connection and each of the CRM's ids of the message.
    pub const BY_EXTERNAL: &'static str = "external";

    /// The group of a message's deliveries.
    #[must_use]
    pub fn group(message: MessageId) -> Vec<u8> {
        Key::new().number(message.conversation.0).number(message.number.into()).done()
    }

    /// The group of a connection's deliveries that stand so.
    #[must_use]
    pub fn standing(connection: ConnectionId, status: CrmDeliveryStatus) -> Vec<u8> {
        Key::new().number(connection.0).text(status.as_str()).done()
    }

    /// The key of a message's delivery to a connection.
    #[must_use]
    pub fn at(message: MessageId, connection: ConnectionId) -> RecordKey {
        RecordKey { group: Self::group(message), item: Key::new().number(connection.0).done() }
    }
}

impl Record for Delivery {
    const TABLE: &'static str = "delivery";

    fn key(&self) -> RecordKey {
        Self::at(self.message, self.connection)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let sort = Key::new().signed(self.at.0).done();
        let mut entries = vec![IndexEntry { index: Self::BY_STATE, unique: false, group: Self::standing(self.connection, self.status), sort }];
        for external_id in self.external_id.iter().chain(&self.more) {
            entries.push(entry(Self::BY_EXTERNAL, true, Key::new().number(self.connection.0), Key::new().text(external_id)));
        }
        entries
    }
}
