//! Every table of the product: where each record lies and by what it is found. Also the names of streams, owners and timers.
//!
//! | table | home | key | found by |
//! |---|---|---|---|
//! | `installation` | installation | one record | |
//! | `workspace` | installation | number | scan |
//! | `user` | installation | id | unique `email` |
//! | `credential` | installation | hash of the secret | `holder` |
//! | `invite`, `reset`, `challenge`, `letter` | installation | see [`entry_records`](super::entry_records) | |
//! | `pointer` | installation | kind, key | (leads from a public key to its workspace) |
//! | `member`, `token`, `audit` | workspace | id | scan |
//! | `login_state`, `connecting` | workspace | login, name; id | scan |
//! | `login`, `account`, `connection`, `link` | workspace | id | `account`: by `login`; unique `name`; `connection`: unique `external` (kind, the CRM's name of the account) |
//! | `identity` | workspace | id | unique `external` (login, id); `sign` |
//! | `customer`, `customer_link` | workspace | id | `customer`: `sign`; `customer_link`: by `customer` |
//! | `apart` | workspace | both ids | by `customer` |
//! | `conversation` | workspace | id | unique `provider_key` (account, key) and `address`; `status`; by `identity` |
//! | `message` | workspace | conversation, number | unique `client`, unique `external`; `time` (account, imported); `trouble` (account, time) of those that did not go out |
//! | `delivery` | workspace | message, connection | `state` (connection, status, time); unique `external` (connection, the CRM's id) |
//! | `crm_talk` | workspace | connection, conversation, key | unique `chat`; `contact`, `deal`; `said` (time) |
//! | `crm_directory`, `crm_place` | workspace | connection | |
//! | `mailing` | workspace | connection, id | unique `key` (connection, the widget's); `open` (connection, time) |
//! | `file` | workspace | id | `owner` |
//! | `pending` | workspace | account, the provider's id | `end` (login, when nobody waits any more) |
//! | `tag` | workspace | id | unique `name` |
//! | `reply` | workspace | owner, id | unique `shortcut` (owner, shortcut) |
//! | `mark`, `draft` | workspace | user, conversation | scan |
//! | `webhook`, `webhook_place` | workspace | id | scan |
//! | `webhook_delivery` | workspace | webhook, id | `due` (webhook, time) and `line` (webhook, conversation) of what waits; by `message` |
//! | `visit` | workspace | code | |
//! | `notice_wishes`, `absence`, `attendance`, `push_subscription`, `notice_place` | workspace | user; session; one record | scan |
//! | `notice` | workspace | user, way, topic | `due` (time) |
//! | `answer_letter`, `letter_reader` | workspace | conversation, letter; hash of an address | `answer_letter`: `due` (time) |
//! | `quarantine` | workspace | id | `waiting` for a replay |
//! | `fact`, `episode`, `attempt` | workspace | see there | scan |
//!
//! Counters beside them: `passed` (account; Moscow day, way) and [`tally`](crate::gateway::tally) (day; account, quarter of an hour, what).

mod channels;
mod crm;
mod hooks;
mod notices;
mod people;
mod workplace;

pub use channels::{Connecting, Goal, LoginState, Looked};
pub use people::sign_group;

use serde::{Deserialize, Serialize};

use super::key::Key;
use super::port::{IndexEntry, RecordKey, StreamName};
use super::table::Record;
use crate::model::connection::{AccountLink, ChannelAccount, ProviderApp, ProviderLogin};
use crate::model::conversation::{Conversation, ConversationStatus, Fact, PastEpisode};
use crate::model::crm::{CrmConnection, CrmDirectory, CrmPlace};
use crate::model::customer::{Customer, CustomerLink, Identity};
use crate::model::ids::{
    AccountId, ConnectionId, ConversationId, CustomerId, FileId, IdentityId, LoginId, MessageId, QuarantineId, ReplyId, UserId, WorkspaceId,
};
use crate::model::message::{Attachment, Message, MessageChange};
use crate::model::people::{ApiToken, AuditEntry, Credential, Holder, Member, User, Workspace};
use crate::model::protocol::FileStatus;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::model::visit::Visit;

/// A key of a table with one group.
fn alone(id: u64) -> RecordKey {
    RecordKey { group: Vec::new(), item: Key::new().number(id).done() }
}

fn entry(index: &'static str, unique: bool, group: Key, sort: Key) -> IndexEntry {
    IndexEntry { index, unique, group: group.done(), sort: sort.done() }
}

macro_rules! by_id {
    ($type:ty, $table:literal, $id:ty, $field:ident) => {
        impl Record for $type {
            const TABLE: &'static str = $table;

            fn key(&self) -> RecordKey {
                <$type>::at(self.$field)
            }

            fn indexes(&self) -> Vec<IndexEntry> {
                self.index_entries()
            }
        }
        impl $type {
            /// The record's key by its id.
            #[must_use]
            pub fn at(id: $id) -> RecordKey {
                alone(id.0.into())
            }
        }
    };
}

by_id!(Workspace, "workspace", WorkspaceId, id);
by_id!(User, "user", UserId, id);
by_id!(Member, "member", UserId, user);
by_id!(ApiToken, "token", crate::model::ids::TokenId, id);
by_id!(AuditEntry, "audit", crate::model::ids::AuditId, id);
by_id!(ProviderApp, "app", crate::model::ids::ProviderAppId, id);
by_id!(ProviderLogin, "login", LoginId, id);
by_id!(ChannelAccount, "account", AccountId, id);
by_id!(CrmConnection, "connection", ConnectionId, id);
by_id!(CrmDirectory, "crm_directory", ConnectionId, connection);
by_id!(CrmPlace, "crm_place", ConnectionId, connection);
by_id!(Identity, "identity", IdentityId, id);
by_id!(Customer, "customer", CustomerId, id);
by_id!(CustomerLink, "customer_link", IdentityId, identity);
by_id!(Conversation, "conversation", ConversationId, id);
by_id!(FileRecord, "file", FileId, id);
by_id!(Quarantine, "quarantine", QuarantineId, id);

/// Tables that are reached by key and scan only.
macro_rules! no_indexes {
    ($($type:ty),*) => { $(impl $type { fn index_entries(&self) -> Vec<IndexEntry> { Vec::new() } })* };
}
no_indexes!(Workspace, ApiToken, AuditEntry, ProviderApp, Member, CrmDirectory, CrmPlace);

impl Quarantine {
    /// Index of those that wait for somebody to replay them.
    pub const WAITING: &'static str = "waiting";

    fn index_entries(&self) -> Vec<IndexEntry> {
        let waiting = self.replayed_at.is_none();
        waiting.then(|| entry(Self::WAITING, false, Key::new(), Key::new())).into_iter().collect()
    }
}

impl User {
    /// Unique index by e-mail.
    pub const BY_EMAIL: &'static str = "email";

    fn index_entries(&self) -> Vec<IndexEntry> {
        vec![entry(Self::BY_EMAIL, true, Key::new(), Key::new().text(&self.email))]
    }
}

impl ProviderApp {
    /// What the sealed form of its keys is bound to.
    #[must_use]
    pub fn context(id: crate::model::ids::ProviderAppId) -> String {
        format!("app/{id}")
    }
}

impl ProviderLogin {
    fn index_entries(&self) -> Vec<IndexEntry> {
        Vec::new()
    }

    /// The name its owner record has.
    #[must_use]
    pub fn owner_name(id: LoginId) -> String {
        format!("login/{id}")
    }
}

impl ChannelAccount {
    /// Index by login.
    pub const BY_LOGIN: &'static str = "login";
    /// Unique index by name, in lower case (B-34); an account taken off frees its name.
    pub const BY_NAME: &'static str = "name";

    fn index_entries(&self) -> Vec<IndexEntry> {
        let mut entries = vec![entry(Self::BY_LOGIN, false, Key::new().number(self.login.0), Key::new())];
        if self.removed_at.is_none() {
            entries.push(entry(Self::BY_NAME, true, Key::new(), Key::new().text(&self.name.to_lowercase())));
        }
        entries
    }
}

impl AccountLink {
    /// The record's key.
    #[must_use]
    pub fn at(account: AccountId, connection: ConnectionId) -> RecordKey {
        RecordKey { group: Key::new().number(account.0).done(), item: Key::new().number(connection.0).done() }
    }
}

impl Record for AccountLink {
    const TABLE: &'static str = "link";

    fn key(&self) -> RecordKey {
        Self::at(self.account, self.connection)
    }
}

impl Conversation {
    /// Unique index by account and each of the provider's keys.
    pub const BY_PROVIDER_KEY: &'static str = "provider_key";
    /// Unique index by account and the address that was written to first.
    pub const BY_ADDRESS: &'static str = "address";
    /// Index of open (group 0, by id: it does not churn) and closed ones (group 1, by last activity).
    pub const BY_STATUS: &'static str = "status";
    /// Index by identity.
    pub const BY_IDENTITY: &'static str = "identity";

    /// The group of [`BY_STATUS`](Self::BY_STATUS).
    #[must_use]
    pub fn status_group(status: ConversationStatus) -> Vec<u8> {
        let byte = match status {
            ConversationStatus::Open => 0,
            ConversationStatus::Closed => 1,
        };
        Key::new().byte(byte).done()
    }

    fn index_entries(&self) -> Vec<IndexEntry> {
        let account = || Key::new().number(self.account.0);
        let mut entries: Vec<IndexEntry> =
            self.provider_keys.iter().map(|key| entry(Self::BY_PROVIDER_KEY, true, account(), Key::new().text(key))).collect();
        entries.extend(self.address.iter().map(|address| entry(Self::BY_ADDRESS, true, account(), Key::new().text(address))));
        let sort = match self.status {
            ConversationStatus::Open => Key::new(),
            ConversationStatus::Closed => Key::new().signed(self.active_at.0),
        };
        let group = Self::status_group(self.status);
        entries.push(IndexEntry { index: Self::BY_STATUS, unique: false, group, sort: sort.done() });
        if let Some(identity) = self.identity {
            entries.push(entry(Self::BY_IDENTITY, false, Key::new().number(identity.0), Key::new()));
        }
        entries
    }
}

impl Message {
    /// Unique index by conversation, whether a customer wrote it, and the client's key. A visitor can't take a manager's key.
    pub const BY_CLIENT: &'static str = "client";
    /// Unique index by account and each piece's external id.
    pub const BY_EXTERNAL: &'static str = "external";
    /// Index by account and the time of import.
    pub const BY_TIME: &'static str = "time";

    /// Index by account of those in trouble, by when it was found out.
    pub const BY_TROUBLE: &'static str = "trouble";

    /// The group of a conversation's messages.
    #[must_use]
    pub fn group(conversation: ConversationId) -> Vec<u8> {
        Key::new().number(conversation.0).done()
    }

    /// A message's item within its group.
    #[must_use]
    pub fn item(number: u32) -> Vec<u8> {
        number.to_be_bytes().to_vec()
    }

    /// The record's key by the message's id.
    #[must_use]
    pub fn at(id: MessageId) -> RecordKey {
        RecordKey { group: Self::group(id.conversation), item: Self::item(id.number) }
    }

    /// The sort of [`BY_CLIENT`](Self::BY_CLIENT) within the conversation's group.
    #[must_use]
    pub fn client_sort(by_customer: bool, client_id: &str) -> Vec<u8> {
        Key::new().byte(u8::from(by_customer)).text(client_id).done()
    }
}

impl Record for Message {
    const TABLE: &'static str = "message";

    fn key(&self) -> RecordKey {
        Self::at(self.id())
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let account = || Key::new().number(self.account.0);
        let mut entries = Vec::with_capacity(3);
        if let Some(client_id) = &self.client_id {
            let by_customer = self.direction == crate::model::protocol::EntryDirection::Inbound;
            let sort = Self::client_sort(by_customer, client_id);
            entries.push(IndexEntry { index: Self::BY_CLIENT, unique: true, group: Self::group(self.conversation), sort });
        }
        for external in self.pieces.iter().flat_map(|piece| piece.external_id.iter().chain(&piece.more)) {
            entries.push(entry(Self::BY_EXTERNAL, true, account(), Key::new().text(external)));
        }
        entries.push(entry(Self::BY_TIME, false, account(), Key::new().signed(self.imported_at.0)));
        if self.is_in_trouble() {
            entries.push(entry(Self::BY_TROUBLE, false, account(), Key::new().signed(self.state.at.0)));
        }
        entries
    }
}

impl Fact {
    /// The record's key.
    #[must_use]
    pub fn at(conversation: ConversationId, id: u64) -> RecordKey {
        RecordKey { group: Key::new().number(conversation.0).done(), item: Key::new().number(id).done() }
    }
}

impl Record for Fact {
    const TABLE: &'static str = "fact";

    fn key(&self) -> RecordKey {
        Self::at(self.conversation, self.id)
    }
}

impl PastEpisode {
    /// The group of a conversation's episodes.
    #[must_use]
    pub fn group(conversation: ConversationId) -> Vec<u8> {
        Key::new().number(conversation.0).done()
    }

    /// The record's key.
    #[must_use]
    pub fn at(conversation: ConversationId, number: u32) -> RecordKey {
        RecordKey { group: Self::group(conversation), item: Key::new().number(number.into()).done() }
    }
}

impl Record for PastEpisode {
    const TABLE: &'static str = "episode";

    fn key(&self) -> RecordKey {
        Self::at(self.conversation, self.episode.number)
    }
}

impl Visit {
    /// The record's key by the visit's code.
    #[must_use]
    pub fn at(code: &str) -> RecordKey {
        RecordKey { group: Vec::new(), item: Key::new().text(code).done() }
    }
}

impl Record for Visit {
    const TABLE: &'static str = "visit";

    fn key(&self) -> RecordKey {
        Self::at(&self.code)
    }
}

impl Credential {
    /// Index by whom it stands for, to revoke all of a user's.
    pub const BY_HOLDER: &'static str = "holder";

    /// The record's key by the secret's hash.
    #[must_use]
    pub fn at(hash: &str) -> RecordKey {
        RecordKey { group: Vec::new(), item: Key::new().text(hash).done() }
    }

    /// The group of [`BY_HOLDER`](Self::BY_HOLDER) for a user.
    #[must_use]
    pub fn of_user(user: UserId) -> Vec<u8> {
        Key::new().byte(0).number(user.0).done()
    }
}

impl Record for Credential {
    const TABLE: &'static str = "credential";

    fn key(&self) -> RecordKey {
        Self::at(&self.hash)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let group = match &self.holder {
            Holder::Session { user, .. } => Self::of_user(*user),
            Holder::Token { id } => Key::new().byte(1).number(id.0).done(),
        };
        vec![IndexEntry { index: Self::BY_HOLDER, unique: false, group, sort: Key::new().signed(self.created_at.0).done() }]
    }
}

/// The installation itself: one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// Proves at every start that the keys are those the store was made with.
    pub key_check: String,
    /// When the store was made.
    pub created_at: Time,
    /// SHA-256 of the setup codes that were printed while there was no workspace, hex. Gone with the first workspace.
    #[serde(default)]
    pub setup: Vec<String>,
    /// Who made the first workspace and is not its member yet: the step between two partitions.
    #[serde(default)]
    pub founder: Option<UserId>,
    /// The key by which push services know this installation, sealed; made when the first device asks for it.
    #[serde(default)]
    pub push_key: Option<String>,
}

impl Installation {
    /// The record's key.
    #[must_use]
    pub fn at() -> RecordKey {
        alone(0)
    }
}

impl Record for Installation {
    const TABLE: &'static str = "installation";

    fn key(&self) -> RecordKey {
        Self::at()
    }
}

/// Leads from a key the public knows (a widget's, a hook's) to the workspace it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// `widget`, `hook`, `app`.
    pub kind: String,
    /// The public key.
    pub key: String,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The login behind it, if it is one.
    pub login: Option<LoginId>,
    /// The account behind it, where the key names one.
    pub account: Option<AccountId>,
    /// The CRM connection behind it, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionId>,
}

impl Pointer {
    /// The record's key.
    #[must_use]
    pub fn at(kind: &str, key: &str) -> RecordKey {
        RecordKey { group: Key::new().text(kind).done(), item: Key::new().text(key).done() }
    }
}

impl Record for Pointer {
    const TABLE: &'static str = "pointer";

    fn key(&self) -> RecordKey {
        Self::at(&self.kind, &self.key)
    }
}

/// Whose a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum FileOwner {
    /// Uploaded by a user or token, used in no message yet.
    Uploader {
        /// The user's or token's id.
        id: String,
    },
    /// Uploaded by a visitor, used in no message yet.
    Visitor {
        /// The visitor's external id.
        id: String,
    },
    /// Part of a conversation.
    Conversation {
        /// Which.
        id: ConversationId,
    },
    /// A picture of whom a conversation is with, or of what it is about: none of the files sent in it.
    Picture {
        /// Which conversation.
        id: ConversationId,
    },
    /// Goes along with a canned reply, and goes when it goes.
    Reply {
        /// Which.
        id: ReplyId,
    },
}

/// A file and what is known of it. The bytes lie in the file store under the same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// The id.
    pub id: FileId,
    /// Whose it is.
    pub owner: FileOwner,
    /// Its name, made safe.
    pub name: String,
    /// Found from its content.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the content, hex.
    pub sha256: String,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Whether there is a thumbnail.
    pub thumbnail: bool,
    /// What stands in its long-lived address, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<String>,
    /// When it was stored.
    pub created_at: Time,
}

impl FileRecord {
    /// What a message knows of it. `as_file`: a picture that is to be shown as a file.
    #[must_use]
    pub fn attachment(&self, as_file: bool) -> Attachment {
        Attachment {
            file: self.id,
            name: self.name.clone(),
            media_type: self.media_type.clone(),
            size: self.size,
            status: FileStatus::Ready,
            reason: None,
            width: self.width,
            height: self.height,
            thumbnail: self.thumbnail,
            remote: None,
            as_file,
        }
    }

    /// Index by whose it is and when it was stored.
    pub const BY_OWNER: &'static str = "owner";

    /// The group of [`BY_OWNER`](Self::BY_OWNER) for files that are used in no message yet.
    #[must_use]
    pub fn unused() -> Vec<u8> {
        Key::new().byte(0).done()
    }

    /// The group of [`BY_OWNER`](Self::BY_OWNER) for the files of a conversation.
    #[must_use]
    pub fn of_conversation(id: ConversationId) -> Vec<u8> {
        Key::new().byte(1).number(id.0).done()
    }

    fn index_entries(&self) -> Vec<IndexEntry> {
        let group = match &self.owner {
            FileOwner::Uploader { .. } | FileOwner::Visitor { .. } => Key::new().byte(0),
            FileOwner::Conversation { id } => Key::new().byte(1).number(id.0),
            FileOwner::Reply { id } => Key::new().byte(2).number(id.0),
            FileOwner::Picture { id } => Key::new().byte(3).number(id.0),
        };
        vec![entry(Self::BY_OWNER, false, group, Key::new().signed(self.created_at.0))]
    }
}

/// A payload that could not be read, or a work entry that failed again and again. Kept, shown, and can be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// The id; ids sort by time.
    pub id: QuarantineId,
    /// When.
    pub at: Time,
    /// The login it came to; none: it fitted none.
    pub login: Option<LoginId>,
    /// The CRM connection it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionId>,
    /// The channel's or the CRM's folder.
    pub provider: String,
    /// Why.
    pub reason: Reason,
    /// The work entry as it was, in base 64, at most 2 MiB of it.
    pub payload: String,
    /// The stream it lay in, where a replay puts it back; none: the login's mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// When it was replayed.
    pub replayed_at: Option<Time>,
}

/// How often a work entry was begun. Made only for entries that may be handled a second time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkAttempts {
    /// The stream the entry lies in.
    pub stream: String,
    /// The entry.
    pub number: u64,
    /// How often it may have been begun.
    pub begun: u32,
    /// What the panic that ended it said, if that is known.
    #[serde(default)]
    pub said: Option<String>,
}

impl WorkAttempts {
    /// The group of a stream's entries.
    #[must_use]
    pub fn group(stream: &StreamName) -> Vec<u8> {
        Key::new().text(&stream.0).done()
    }

    /// The record's key.
    #[must_use]
    pub fn at(stream: &StreamName, number: u64) -> RecordKey {
        RecordKey { group: Self::group(stream), item: Key::new().number(number).done() }
    }
}

impl Record for WorkAttempts {
    const TABLE: &'static str = "attempt";

    fn key(&self) -> RecordKey {
        Self::at(&StreamName(self.stream.clone()), self.number)
    }
}

/// What a provider told of a message that is not known yet: an edit that overtook its message, a receipt that overtook the answer. Waits
/// for the message under the provider's id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingChanges {
    /// The account.
    pub account: AccountId,
    /// Its login, which alone writes this.
    pub login: LoginId,
    /// The provider's id of the message or piece.
    pub external_id: String,
    /// After this nobody waits any more.
    pub until: Time,
    /// What was told, in the order it came.
    pub changes: Vec<MessageChange>,
}

impl PendingChanges {
    /// Index by login, in the order they end.
    pub const BY_END: &'static str = "end";

    /// The record's key.
    #[must_use]
    pub fn at(account: AccountId, external_id: &str) -> RecordKey {
        RecordKey { group: Key::new().number(account.0).done(), item: Key::new().text(external_id).done() }
    }
}

impl Record for PendingChanges {
    const TABLE: &'static str = "pending";

    fn key(&self) -> RecordKey {
        Self::at(self.account, &self.external_id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![entry(Self::BY_END, false, Key::new().number(self.login.0), Key::new().signed(self.until.0))]
    }
}

/// The names of streams.
pub mod streams {
    use super::{ConnectionId, ConversationId, LoginId, StreamName};

    /// What managers' sessions follow: one per workspace.
    #[must_use]
    pub fn feed() -> StreamName {
        StreamName("feed".to_owned())
    }

    /// A conversation's change log.
    #[must_use]
    pub fn changes(id: ConversationId) -> StreamName {
        StreamName(format!("changes/{id}"))
    }

    /// What came in for a login and is not handled yet.
    #[must_use]
    pub fn mailbox(id: LoginId) -> StreamName {
        StreamName(format!("mailbox/{id}"))
    }

    /// What a login has to send: the live lane.
    #[must_use]
    pub fn outbox(id: LoginId) -> StreamName {
        StreamName(format!("outbox/{id}"))
    }

    /// What a login has to send: the bulk lane.
    #[must_use]
    pub fn bulk(id: LoginId) -> StreamName {
        StreamName(format!("bulk/{id}"))
    }

    /// Files a login has to fetch.
    #[must_use]
    pub fn fetch(id: LoginId) -> StreamName {
        StreamName(format!("fetch/{id}"))
    }

    /// What came in for a CRM connection and is not handled yet.
    #[must_use]
    pub fn crm_mailbox(id: ConnectionId) -> StreamName {
        StreamName(format!("crm_mailbox/{id}"))
    }

    /// What a CRM connection's widget tells.
    #[must_use]
    pub fn crm_notices(id: ConnectionId) -> StreamName {
        StreamName(format!("crm_notices/{id}"))
    }

    /// What a CRM connection has to deliver.
    #[must_use]
    pub fn crm_outbox(id: ConnectionId) -> StreamName {
        StreamName(format!("crm_outbox/{id}"))
    }
}
