//! The tables of notices: what people want to be told, who is away, devices, what is still to be told.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::{alone, entry};
use crate::model::ids::{ConversationId, LetterId, SessionId, UserId};
use crate::model::notice::{
    Absence, AnswerLetter, Attendance, LetterReader, Notice, NoticePlace, NoticeTopic, NoticeWay, NoticeWishes, PushSubscription,
};
use crate::store::key::Key;
use crate::store::port::{IndexEntry, RecordKey};
use crate::store::table::Record;

/// Tables of one record for each user.
macro_rules! of_user {
    ($type:ty, $table:literal) => {
        impl $type {
            /// The record's key.
            #[must_use]
            pub fn at(user: UserId) -> RecordKey {
                alone(user.0)
            }
        }

        impl Record for $type {
            const TABLE: &'static str = $table;

            fn key(&self) -> RecordKey {
                Self::at(self.user)
            }
        }
    };
}

of_user!(NoticeWishes, "notice_wishes");
of_user!(Absence, "absence");
of_user!(Attendance, "attendance");

impl PushSubscription {
    /// The record's key.
    #[must_use]
    pub fn at(session: SessionId) -> RecordKey {
        alone(session.0)
    }
}

impl Record for PushSubscription {
    const TABLE: &'static str = "push_subscription";

    fn key(&self) -> RecordKey {
        Self::at(self.session)
    }
}

impl Notice {
    /// Index by when they are due.
    pub const BY_DUE: &'static str = "due";

    /// The group of a user's notices.
    #[must_use]
    pub fn of(user: UserId) -> Vec<u8> {
        Key::new().number(user.0).done()
    }
}

impl Record for Notice {
    const TABLE: &'static str = "notice";

    fn key(&self) -> RecordKey {
        // A device shows one notice of each topic; letters about different things are different letters.
        let way = match self.way {
            NoticeWay::Push { session } => Key::new().byte(0).number(session.0),
            NoticeWay::Letter { .. } => Key::new().byte(1).number(self.event.map_or(0, |event| u64::from(event as u8).saturating_add(1))),
        };
        let item = match self.topic {
            NoticeTopic::Conversation { conversation } => way.byte(0).number(conversation.0),
            NoticeTopic::Channel { account } => way.byte(1).number(account.0),
            NoticeTopic::Trial => way.byte(2),
            NoticeTopic::Connection { connection } => way.byte(3).number(connection.0),
        };
        RecordKey { group: Self::of(self.user), item: item.done() }
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![entry(Self::BY_DUE, false, Key::new(), Key::new().signed(self.next_at.0))]
    }
}

impl NoticePlace {
    /// The record's key: there is one.
    #[must_use]
    pub fn at() -> RecordKey {
        alone(0)
    }
}

impl Record for NoticePlace {
    const TABLE: &'static str = "notice_place";

    fn key(&self) -> RecordKey {
        Self::at()
    }
}

impl AnswerLetter {
    /// Index by when they are due.
    pub const BY_DUE: &'static str = "due";

    /// The record's key.
    #[must_use]
    pub fn at(conversation: ConversationId, letter: LetterId) -> RecordKey {
        RecordKey { group: Key::new().number(conversation.0).done(), item: Key::new().number(letter.0).done() }
    }
}

impl Record for AnswerLetter {
    const TABLE: &'static str = "answer_letter";

    fn key(&self) -> RecordKey {
        Self::at(self.conversation, self.letter)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![entry(Self::BY_DUE, false, Key::new(), Key::new().signed(self.next_at.0))]
    }
}

impl LetterReader {
    /// How an address is known.
    #[must_use]
    pub fn hash_of(address: &str) -> String {
        HEXLOWER.encode(&Sha256::digest(address.trim().to_lowercase().as_bytes()))
    }

    /// The record's key by its address.
    #[must_use]
    pub fn at(address: &str) -> RecordKey {
        Self::by_hash(&Self::hash_of(address))
    }

    /// The record's key.
    #[must_use]
    pub fn by_hash(hash: &str) -> RecordKey {
        RecordKey { group: Vec::new(), item: Key::new().text(hash).done() }
    }
}

impl Record for LetterReader {
    const TABLE: &'static str = "letter_reader";

    fn key(&self) -> RecordKey {
        Self::by_hash(&self.hash)
    }
}
