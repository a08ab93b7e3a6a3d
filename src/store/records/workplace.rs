//! The tables of what managers keep beside the conversations: tags, canned replies, marks, drafts.

use super::{alone, entry};
use crate::model::ids::{ConversationId, ReplyId, TagId, UserId};
use crate::model::personal::{Mark, SavedDraft};
use crate::model::reply::CannedReply;
use crate::model::tag::Tag;
use crate::store::key::Key;
use crate::store::port::{IndexEntry, RecordKey};
use crate::store::table::Record;

impl Tag {
    /// Unique index by name, in lower case.
    pub const BY_NAME: &'static str = "name";

    /// The record's key by its id.
    #[must_use]
    pub fn at(id: TagId) -> RecordKey {
        alone(id.0)
    }
}

impl Record for Tag {
    const TABLE: &'static str = "tag";

    fn key(&self) -> RecordKey {
        Self::at(self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![entry(Self::BY_NAME, true, Key::new(), Key::new().text(&self.name.to_lowercase()))]
    }
}

impl CannedReply {
    /// Unique index by owner and shortcut: one's own may have the shortcut of a shared one, and comes before it.
    pub const BY_SHORTCUT: &'static str = "shortcut";

    /// The record's key.
    #[must_use]
    pub fn at(owner: Option<UserId>, id: ReplyId) -> RecordKey {
        RecordKey { group: Self::group(owner), item: Key::new().number(id.0).done() }
    }

    /// The group of everybody's, or of one user's.
    #[must_use]
    pub fn group(owner: Option<UserId>) -> Vec<u8> {
        Key::new().number(owner.map_or(0, |user| user.0)).done()
    }
}

impl Record for CannedReply {
    const TABLE: &'static str = "reply";

    fn key(&self) -> RecordKey {
        Self::at(self.owner, self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let sort = Key::new().text(&self.shortcut).done();
        vec![IndexEntry { index: Self::BY_SHORTCUT, unique: true, group: Self::group(self.owner), sort }]
    }
}

fn of_user(user: UserId, conversation: ConversationId) -> RecordKey {
    RecordKey { group: Key::new().number(user.0).done(), item: Key::new().number(conversation.0).done() }
}

/// Tables of one manager's own things, by conversation.
macro_rules! personal {
    ($type:ty, $table:literal) => {
        impl $type {
            /// The record's key.
            #[must_use]
            pub fn at(user: UserId, conversation: ConversationId) -> RecordKey {
                of_user(user, conversation)
            }

            /// The group of a manager's records.
            #[must_use]
            pub fn group(user: UserId) -> Vec<u8> {
                Key::new().number(user.0).done()
            }
        }

        impl Record for $type {
            const TABLE: &'static str = $table;

            fn key(&self) -> RecordKey {
                Self::at(self.user, self.conversation)
            }

            fn indexes(&self) -> Vec<IndexEntry> {
                Vec::new()
            }
        }
    };
}

personal!(Mark, "mark");
personal!(SavedDraft, "draft");
