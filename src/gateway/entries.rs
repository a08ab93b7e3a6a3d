//! What lies in the streams: ids and kinds, never words, so that erasing a message needs no rewriting of a log.

use serde::{Deserialize, Serialize};

use super::commands::Command;
use crate::model::conversation::Shown;
use crate::model::crm::Joins;
use crate::model::ids::{AccountId, ConnectionId, ConversationId, CustomerId, FileId, LoginId, MessageId, UserId};
use crate::model::protocol::Setting;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::port::{StoreError, StreamName};

/// An entry of a workspace's feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "k")]
pub enum FeedEntry {
    /// A message is new or changed, and its conversation with it.
    #[serde(rename = "m")]
    Message {
        /// The conversation.
        c: ConversationId,
        /// Its account, for what may be seen.
        a: AccountId,
        /// The message's number.
        n: u32,
        /// Its entry in the change log.
        h: u64,
        /// Whether it is new.
        new: bool,
        /// Whether managers don't get it (not admitted).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        hid: bool,
        /// Whether it has deliveries to CRMs.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        d: bool,
        /// Whether it has just proved that it will not go out.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        f: bool,
        /// What happened with the conversation in the same commit: ids of facts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        e: Vec<u64>,
    },
    /// A conversation changed without a message.
    #[serde(rename = "c")]
    Conversation {
        /// The conversation.
        c: ConversationId,
        /// Its account.
        a: AccountId,
        /// What people are to be told of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        t: Option<Tell>,
        /// What happened with it: ids of facts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        e: Vec<u64>,
    },
    /// A channel account changed.
    #[serde(rename = "a")]
    Account {
        /// Which.
        a: AccountId,
        /// Whether the provider lets us in no longer, since this moment.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lost: bool,
    },
    /// Where a message stands in CRMs changed. Its conversation did not, and its visitor hears nothing of it.
    #[serde(rename = "d")]
    Delivery {
        /// The conversation.
        c: ConversationId,
        /// Its account, for what may be seen.
        a: AccountId,
        /// The message's number.
        n: u32,
    },
    /// A CRM connection changed.
    #[serde(rename = "o")]
    Connection {
        /// Which.
        c: ConnectionId,
        /// Whether its owners are to be told, since this moment: the CRM lets us in no longer, or what is set chooses something that is gone there.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lost: bool,
    },
    /// Something else is known of a customer.
    #[serde(rename = "p")]
    Customer {
        /// Which.
        c: CustomerId,
        /// A channel account they are in: one entry for each; none: they are in no channel, and everybody's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        a: Option<AccountId>,
    },
    /// Something all members of the workspace use changed.
    #[serde(rename = "s")]
    Setting {
        /// What.
        s: Setting,
    },
}

/// What people are to be told of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "snake_case")]
pub enum Tell {
    /// It was given to somebody.
    Assigned {
        /// To whom.
        to: UserId,
        /// By whom: a user or token.
        by: String,
    },
    /// Its customer waits too long.
    Overdue {
        /// 1: who answers is told; 2: admins and owners.
        step: u8,
    },
}

/// An entry of a conversation's change log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeEntry {
    /// The message's number.
    pub n: u32,
    /// Whether it is new.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new: bool,
    /// When, for the age bound.
    pub t: i64,
}

/// An entry of a login's mailbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "snake_case")]
pub enum MailboxEntry {
    /// A part of a hook or a poll, as the channel's `route` made it.
    Part {
        /// When it came.
        at: Time,
        /// The part.
        #[serde(with = "crate::store::key::base64")]
        body: Vec<u8>,
    },
    /// A command of a client on another node.
    Command {
        /// Where the answer is left for a minute.
        answer: String,
        /// When it was put there.
        at: Time,
        /// What is asked.
        command: Box<Command>,
    },
    /// The login, its accounts or links changed in the commit that put this here: read them anew, and ask the provider at once.
    Reload,
}

/// An entry of a login's outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// The message.
    pub m: MessageId,
    /// After this it fails instead of going out late.
    pub until: Time,
}

/// An entry of the files a login has to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchEntry {
    /// The message; number 0: it is a picture of the conversation's.
    pub m: MessageId,
    /// The file; how it is found stands in the message.
    pub f: FileId,
    /// After this the provider gives it no more.
    pub until: Time,
    /// The picture it is, if it is one, with how it is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<PictureEntry>,
}

/// A picture that is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureEntry {
    /// What it shows.
    pub s: Shown,
    /// How the channel finds it; empty: there is none any more.
    pub l: String,
    /// By what it is known again; empty: whoever locates it tells.
    pub k: String,
}

/// What a durable timer is for: its value. Its name says the same, so that there is one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "snake_case")]
pub enum TimerEntry {
    /// A conversation was put aside until then.
    Snooze {
        /// Which.
        c: ConversationId,
        /// The login that owns it.
        l: LoginId,
    },
    /// A conversation's customer waits too long then.
    Overdue {
        /// Which.
        c: ConversationId,
        /// The login that owns it.
        l: LoginId,
        /// What that moment is: 1 or 2, see [`Tell::Overdue`].
        s: u8,
    },
    /// A site's visitor has not seen what was answered by then.
    Answers {
        /// The conversation.
        c: ConversationId,
        /// The login that owns it.
        l: LoginId,
    },
}

impl TimerEntry {
    /// The timer's name.
    #[must_use]
    pub fn name(&self) -> Vec<u8> {
        match self {
            Self::Snooze { c, .. } => format!("snooze/{c}").into_bytes(),
            Self::Overdue { c, s, .. } => format!("overdue/{s}/{c}").into_bytes(),
            Self::Answers { c, .. } => format!("answers/{c}").into_bytes(),
        }
    }
}

/// An entry of a CRM connection's outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmOutboxEntry {
    /// The message.
    pub m: MessageId,
    /// What of it is to be told.
    #[serde(default, skip_serializing_if = "CrmNews::is_new")]
    pub k: CrmNews,
    /// Whether it goes after what people wait for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bulk: bool,
    /// When it was put here, milliseconds: what lies long goes after what is said now.
    #[serde(default)]
    pub t: i64,
    /// What its conversation belongs to there, as whoever wrote it said.
    #[serde(default, skip_serializing_if = "Joins::is_empty")]
    pub j: Joins,
}

impl CrmOutboxEntry {
    /// A message that is to be delivered.
    #[must_use]
    pub fn new(m: MessageId, now: Time) -> Self {
        Self { m, k: CrmNews::New, bulk: false, t: now.0, j: Joins::default() }
    }
}

/// What of a message a CRM is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrmNews {
    /// The message itself.
    #[default]
    New,
    /// What has changed of it since: how far it came, its words, reactions.
    Changed,
}

impl CrmNews {
    /// Whether it is the message itself.
    #[must_use]
    pub fn is_new(&self) -> bool {
        *self == Self::New
    }
}

/// An entry of a CRM connection's mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "snake_case")]
pub enum CrmMailboxEntry {
    /// The customer answered: what the connection held of this conversation may go.
    Release {
        /// The connection.
        connection: ConnectionId,
        /// The conversation.
        conversation: ConversationId,
        /// Messages before this number.
        before: u32,
    },
    /// A part of a hook or of the CRM's history, as the CRM's `route` made it.
    Part {
        /// When it came.
        at: Time,
        /// The part.
        #[serde(with = "crate::store::key::base64")]
        body: Vec<u8>,
    },
    /// A hook of which nothing could be read, tried once more.
    Unfit {
        /// Headers, without those that hold secrets.
        headers: Vec<(String, String)>,
        /// The query.
        query: String,
        /// The body.
        #[serde(with = "crate::store::key::base64")]
        body: Vec<u8>,
    },
    /// Somebody begins a conversation from a record of the CRM: its chat there is to be made before anything is said.
    Open {
        /// The conversation.
        c: ConversationId,
        /// What it belongs to there.
        j: Joins,
        /// Where the answer is left for a minute: an [`Opened`].
        answer: String,
        /// When it was asked.
        at: Time,
    },
    /// Somebody wants a message that did not go to go once more.
    Again {
        /// Which.
        m: MessageId,
    },
    /// Something of the connection is to be gone on with: a mailing.
    Look,
    /// The connection changed in the commit that put this here, or its directories are to be read anew.
    Reload,
}

/// What came of [`CrmMailboxEntry::Open`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Opened {
    /// The chat there.
    #[serde(default)]
    pub chat: Option<String>,
    /// Why there is none.
    #[serde(default)]
    pub refused: Option<Reason>,
}

/// An entry of what a CRM's widget tells its users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeEntry {
    /// The message.
    pub m: MessageId,
    /// Users of the CRM.
    pub to: Vec<String>,
    /// The contact there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// The deal there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal: Option<String>,
    /// When.
    pub at: Time,
}

/// A work entry's name, for the words of panics.
#[must_use]
pub fn name(stream: &StreamName, number: u64) -> String {
    format!("{}#{number}", stream.0)
}

/// Reads an entry.
///
/// # Errors
/// It is none; the caller says which stream it lay in.
pub fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(bytes)
}

/// Writes an entry.
///
/// # Errors
/// It can't be written as JSON: a mistake in the program.
pub fn write<T: Serialize>(entry: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(entry).map_err(|error| StoreError::Invalid(error.to_string()))
}
