//! The contract of a channel: a small required trait, optional capabilities, what goes in and out.

use async_trait::async_trait;
use bytes::Bytes;

use crate::model::connection::{ChannelAccount, ChannelKind};
use crate::model::conversation::{Conversation, Place};
use crate::model::customer::{Claim, Consent};
use crate::model::ids::{FileId, MessageId};
use crate::model::message::{Attachment, Context, Part};
use crate::model::protocol::{Can, Page, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::model::visit::Visit;

/// What a provider sent to a hook, whole.
#[derive(Debug, Clone, Default)]
pub struct RawHook {
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The query string.
    pub query: String,
    /// The body, at most 1 MiB.
    pub body: Bytes,
}

/// A hook's body split by the login each part goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed {
    /// The provider's key of the login (empty: the login whose hook address was called) and the part, as it will lie in the mailbox.
    pub parts: Vec<(String, Bytes)>,
    /// What the provider wants to hear.
    pub answer: HookAnswer,
}

/// What a provider wants to hear after the parts are durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookAnswer {
    /// HTTP status.
    pub status: u16,
    /// The exact body.
    pub body: String,
}

impl HookAnswer {
    /// 200 with nothing in it.
    #[must_use]
    pub fn ok() -> Self {
        Self { status: 200, body: String::new() }
    }
}

/// Why a part cannot be read; it goes to quarantine with this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// A person as the provider shows them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// The provider's ids of them, the main one first; never empty.
    pub external_ids: Vec<String>,
    /// The name to show; may be empty.
    pub name: String,
    /// The login name.
    pub username: String,
    /// Phones, with who vouches.
    pub phones: Vec<Claim>,
    /// E-mails, with who vouches.
    pub emails: Vec<Claim>,
    /// The site's own id of them, only if its signature was checked.
    pub site_id: Option<String>,
    /// What they agreed to.
    pub consent: Option<Consent>,
}

/// Who wrote what came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writer {
    /// The customer, or a member of a group.
    Customer(Person),
    /// The account itself: an echo of what we sent, or something the owner wrote elsewhere.
    Account {
        /// The mark that was stored before sending, if the provider gives it back.
        mark: Option<String>,
    },
}

/// A message that came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// The account within the login; empty where a login has one.
    pub account: String,
    /// How the provider names the conversation.
    pub conversation_key: String,
    /// Where.
    pub place: Place,
    /// The name of the group, listing or post; none: a private chat.
    pub place_title: Option<String>,
    /// With whom the conversation is; none for a group. In a private chat an echo has nobody else to tell it.
    pub peer: Option<Person>,
    /// Who wrote it.
    pub writer: Writer,
    /// The provider's id as the channel builds it, chat included.
    pub external_id: Option<String>,
    /// The key of the client that sent it, where the channel has clients of ours.
    pub client_id: Option<String>,
    /// What it says.
    pub parts: Vec<Part>,
    /// Files that already lie here, uploaded by this identity.
    pub files: Vec<FileId>,
    /// The message it answers, by the provider's id.
    pub reply_to_external: Option<String>,
    /// The message it answers, by ours.
    pub reply_to: Option<MessageId>,
    /// When it was written.
    pub written_at: Time,
    /// The place at that moment.
    pub context: Context,
    /// The page the visitor is on.
    pub page: Option<Page>,
    /// The visit to the site it was written in.
    pub visit: Option<Box<Visit>>,
    /// History: into the log, but without notice.
    pub quiet: bool,
}

/// How a customer rated a part of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rated {
    /// The part's number.
    pub episode: u32,
    /// 1–5.
    pub rating: u8,
    /// In words.
    pub comment: String,
}

/// What a part says.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelEvent {
    /// A message.
    Message(Box<Incoming>),
    /// What became of a message of ours.
    Receipt {
        /// The account within the login.
        account: String,
        /// The provider's id of the piece.
        external_id: String,
        /// Where it stands.
        status: SendStatus,
        /// Why.
        reason: Option<Reason>,
    },
    /// A message got other words.
    Edited {
        /// The account within the login.
        account: String,
        /// The provider's id.
        external_id: String,
        /// What it says now.
        parts: Vec<Part>,
        /// When.
        at: Time,
    },
    /// A message was deleted.
    Deleted {
        /// The account within the login.
        account: String,
        /// The provider's id.
        external_id: String,
        /// When.
        at: Time,
    },
    /// A reaction was set or taken off.
    Reacted {
        /// The account within the login.
        account: String,
        /// The provider's id.
        external_id: String,
        /// Who.
        person: Person,
        /// The emoji; none: taken off.
        emoji: Option<String>,
    },
    /// The customer saw everything up to a message of the conversation.
    ReadUpTo {
        /// The account within the login.
        account: String,
        /// The conversation.
        conversation_key: String,
        /// The last message seen, by our number.
        number: u32,
    },
    /// The customer rated a part of the conversation.
    Rated {
        /// The account within the login.
        account: String,
        /// The conversation.
        conversation_key: String,
        /// What they said.
        rated: Rated,
    },
    /// A conversation has another key from now on (a supergroup migration, a new number).
    Moved {
        /// The account within the login.
        account: String,
        /// The key it had.
        from: String,
        /// The key it has.
        to: String,
    },
}

/// One piece of a message of ours, as it goes to the provider.
#[derive(Debug, Clone, PartialEq)]
pub struct OutgoingPiece {
    /// The account within the login.
    pub account: String,
    /// The conversation's newest provider key; none: write first to `address`.
    pub conversation_key: Option<String>,
    /// Whom to write to first.
    pub address: Option<String>,
    /// What it says.
    pub parts: Vec<Part>,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// The message it answers, by the provider's id.
    pub reply_to_external: Option<String>,
    /// The key the provider drops repeats by, and the mark an echo may bring back.
    pub key: String,
}

/// The provider took a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentPiece {
    /// The provider's id as the channel builds it, chat included.
    pub external_id: Option<String>,
    /// The conversation's key, where a write-first made one.
    pub conversation_key: Option<String>,
}

/// Why a call failed, by what the caller can do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Too many calls: not before this many milliseconds.
    #[error("retry after {0} ms")]
    RetryAfter(i64),
    /// It surely did not go; later it may.
    #[error("failed for now: {0:?}")]
    Temporary(Reason),
    /// It did not go and never will as it is.
    #[error("rejected: {0:?}")]
    Rejected(Reason),
    /// The provider lets us in no longer; the queue waits.
    #[error("access lost: {0:?}")]
    AccessLost(Reason),
    /// It may have gone or not: the answer was lost.
    #[error("unclear: {0:?}")]
    Unclear(Reason),
}

/// What a channel is given for a call: nothing of actors, nothing of the store.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// The login's secrets, opened.
    pub secrets: secrecy::SecretString,
    /// The provider's address, a proxy's, or a self-hosted server's.
    pub base_url: Option<String>,
    /// When the caller stops waiting.
    pub deadline: Time,
    /// Now.
    pub now: Time,
}

/// How a message of ours reaches the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// By a call to the provider: through the outbox.
    Calls,
    /// The customer reads the log itself (our own widget): committed is sent, there is nothing to call.
    Log,
}

/// What a provider does with the same send twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// It sends twice: what is unclear becomes `unknown`.
    SendTwice,
    /// It drops a repeat of the same key: the call may be repeated.
    Keyed,
    /// It sends twice, but its history can be read: see [`Lookup`].
    Lookup,
}

/// What every channel must say and do.
#[async_trait]
pub trait Channel: Send + Sync + 'static {
    /// The folder's name, as it stands in [`ProviderLogin::provider`](crate::model::connection::ProviderLogin::provider).
    fn provider(&self) -> &'static str;

    /// The kinds of accounts its logins carry.
    fn kinds(&self) -> &'static [ChannelKind];

    /// How messages of ours reach the customer.
    fn transport(&self) -> Transport {
        Transport::Calls
    }

    /// What happens to a repeated send; within one provider it may differ from one kind of account to another.
    fn repeats(&self, _account: &ChannelAccount) -> Repeats {
        Repeats::SendTwice
    }

    /// How long the answer to a send is waited for, milliseconds.
    fn call_limit_ms(&self) -> i64 {
        30_000
    }

    /// The one form of an address somebody can be written to first at. Pure. Two spellings of one address give the same form, at
    /// most 400 bytes.
    ///
    /// # Errors
    /// Why not: the channel cannot write first, or this is no address of it.
    fn first_address(&self, _account: &ChannelAccount, _address: &str) -> Result<String, Reason> {
        Err(Reason::new("cannot_write_first"))
    }

    /// Splits a hook's body by login. Pure: called at the edge, before anything is durable; must not panic on any bytes.
    ///
    /// # Errors
    /// Nothing of the body fits a login: it is kept in quarantine and answered 200.
    fn route(&self, hook: &RawHook) -> Result<Routed, Unreadable>;

    /// Reads one part from the mailbox. Pure. A part may hold several events; they are handled in order.
    ///
    /// # Errors
    /// The part goes to quarantine, is shown, and can be replayed.
    fn parse(&self, part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable>;

    /// What may be sent into a conversation now. Pure.
    fn can(&self, account: &ChannelAccount, conversation: &Conversation, now: Time) -> Can;

    /// Splits what a message says into the pieces the provider takes, in order. Pure. One piece unless the channel says otherwise.
    fn pieces(&self, parts: &[Part], attachments: &[Attachment]) -> Vec<(Vec<Part>, Vec<Attachment>)> {
        vec![(parts.to_vec(), attachments.to_vec())]
    }

    /// Sends one piece. Never called for [`Transport::Log`]. Must end by the deadline; is called for one piece of a conversation at
    /// a time, in order.
    ///
    /// # Errors
    /// What the caller can do next.
    async fn send(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError>;

    /// Whether the provider's history can be asked what became of a send.
    fn lookup(&self) -> Option<&dyn Lookup> {
        None
    }
}

/// The provider's history can be read.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// Looks for a piece that may have gone. Called after the attempt's deadline only.
    ///
    /// # Errors
    /// It could not be found out; the message becomes, or stays, `unknown`.
    async fn find(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<Option<SentPiece>, SendError>;
}
