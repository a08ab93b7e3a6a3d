//! The contract of a channel: a small required trait, what goes out, and errors that say what to do. What comes in stands in
//! [`event`](super::event) and belongs to it. What only some channels can do stands in [`capability`](super::capability): there the absence
//! of a trait says it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::capability::{Blacklist, Connect, Fetch, Lookup, Poll, Profile, Reading, Reword, StepError, Typing};
use crate::connector::form::{Field, Texts};
use crate::connector::pace::Pace;

pub use super::event::{ChannelEvent, FileShape, Incoming, LoginAccount, Person, Rated, RemoteFile, RemotePicture, Writer};
pub use crate::connector::files::{FileSource, OpenFile};
pub use crate::connector::hook::{HookAnswer, RawHook, Routed, Unreadable};
use crate::model::connection::{ChannelAccount, ChannelKind, ProviderLogin};
use crate::model::conversation::{Conversation, Place};
use crate::model::message::{Attachment, Part, plain_text};
use crate::model::protocol::Can;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::outside::Outside;

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
    /// The customer's newest message, by the provider's id: what a comment is an answer to.
    pub newest_external: Option<String>,
    /// Where.
    pub place: Place,
    /// When the attempt that is looked for began; none: it is only about to begin.
    pub begun_at: Option<Time>,
    /// The key the provider drops repeats by, and the mark an echo may bring back.
    pub key: String,
}

/// The provider took a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentPiece {
    /// The provider's id as the channel builds it, chat included.
    pub external_id: Option<String>,
    /// The ids of the other messages the piece became there: an album is several.
    pub more: Vec<String>,
    /// The conversation's key, where a write-first made one, or the provider has changed it.
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
    /// It did not go and never will: this person cannot be written to, until they write again.
    #[error("unreachable: {0:?}")]
    Unreachable(Reason),
    /// The provider lets us in no longer; the queue waits.
    #[error("access lost: {0:?}")]
    AccessLost(Reason),
    /// It may have gone or not: the answer was lost.
    #[error("unclear: {0:?}")]
    Unclear(Reason),
}

impl SendError {
    /// Why, for people.
    #[must_use]
    pub fn reason(self) -> Reason {
        match self {
            Self::RetryAfter(ms) => Reason::new("flood_limit").with("seconds", ms / 1_000),
            Self::Temporary(reason) | Self::Rejected(reason) | Self::Unreachable(reason) | Self::AccessLost(reason) | Self::Unclear(reason) => reason,
        }
    }
}

/// What a channel is given for a call: nothing of actors, nothing of the store.
#[derive(Clone)]
pub struct CallContext {
    /// The login's secrets, opened.
    pub secrets: secrecy::SecretString,
    /// What is known of the login and is no secret.
    pub facts: BTreeMap<String, String>,
    /// The provider's address, a proxy's, or a self-hosted server's.
    pub base_url: Option<String>,
    /// Makes the calls: bounded, and safe for what stands beside this server.
    pub outside: Arc<Outside>,
    /// The content of our files.
    pub files: Arc<dyn FileSource>,
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

    /// Splits a hook's body by login, after its sender has shown by the provider's own means that they may. `login`: whose address was
    /// called. Pure: called at the edge, before anything is durable; must not panic on any bytes.
    ///
    /// # Errors
    /// Nothing of the body fits a login: it is kept in quarantine and answered 200.
    fn route(&self, hook: &RawHook, login: &ProviderLogin) -> Result<Routed, Unreadable>;

    /// Reads one part from the mailbox. Pure. A part may hold several events; they are handled in order.
    ///
    /// # Errors
    /// The part goes to quarantine, is shown, and can be replayed.
    fn parse(&self, part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable>;

    /// Whether what came in is wanted, by the account's own settings. What is not stands in the log, marked with the reason. Pure.
    ///
    /// # Errors
    /// Why it is not.
    fn admits(&self, _account: &ChannelAccount, _incoming: &Incoming) -> Result<(), Reason> {
        Ok(())
    }

    /// Whether the provider's main id of a person is the same in all its logins: who writes to two of them is one person.
    fn one_id_everywhere(&self) -> bool {
        false
    }

    /// What may be sent into a conversation now. Pure.
    fn can(&self, account: &ChannelAccount, conversation: &Conversation, now: Time) -> Can;

    /// Splits what a message says into the pieces the provider takes, in order. Pure. One piece unless the channel says otherwise.
    fn pieces(&self, _kind: ChannelKind, parts: &[Part], attachments: &[Attachment]) -> Vec<(Vec<Part>, Vec<Attachment>)> {
        vec![(parts.to_vec(), attachments.to_vec())]
    }

    /// The mark a provider gives back in an echo of a piece sent with this key. Pure.
    fn mark(&self, key: &str) -> String {
        key.to_owned()
    }

    /// Whether something the account said is a piece of ours, where the provider gives back neither mark nor id: by what it says. Pure.
    fn echoes(&self, parts: &[Part], _attachments: &[Attachment], incoming: &Incoming) -> bool {
        plain_text(parts) == plain_text(&incoming.parts)
    }

    /// Whether a file can go, before a message is taken. Pure. How many and how large in all says [`Channel::can`].
    ///
    /// # Errors
    /// Why not, and what to do instead.
    fn check_file(&self, _kind: ChannelKind, _file: &Attachment) -> Result<(), Reason> {
        Ok(())
    }

    /// How fast a login may be called: kept by whoever calls.
    fn pace(&self) -> Pace {
        Pace::default()
    }

    /// The chat of many people a piece goes into, as the provider counts it, and as how many messages: several conversations may be of one
    /// such chat. Pure. Only where [`Pace::group_per_minute`] bounds it.
    fn crowd(&self, _piece: &OutgoingPiece) -> Option<(String, usize)> {
        None
    }

    /// A message's number in its conversation, of its external id: where the provider counts what is said there one by one, and news of it may
    /// come out of order. Pure.
    fn sequence(&self, _external_id: &str) -> Option<i64> {
        None
    }

    /// Sends one piece. Never called for [`Transport::Log`]. Must end by the deadline; is called for one piece of a conversation at
    /// a time, in order.
    ///
    /// # Errors
    /// What the caller can do next.
    async fn send(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError>;

    /// What an owner may set of an account of this kind: the fields of its form, in order.
    fn settings(&self, _kind: ChannelKind) -> Vec<Field> {
        Vec::new()
    }

    /// Whether settings are what the channel takes: the answer is their one form, which is stored. Pure.
    ///
    /// # Errors
    /// Which field is wrong, and why.
    fn check_settings(&self, _kind: ChannelKind, settings: &serde_json::Value) -> Result<serde_json::Value, StepError> {
        Ok(settings.clone())
    }

    /// What the channel says to people, in their languages.
    fn texts(&self) -> Texts {
        Texts::none()
    }

    /// Whether the provider's history can be asked what became of a send.
    fn lookup(&self) -> Option<&dyn Lookup> {
        None
    }

    /// Whether the provider is asked for what is new.
    fn poll(&self) -> Option<&dyn Poll> {
        None
    }

    /// Whether files that came in lie at the provider.
    fn fetch(&self) -> Option<&dyn Fetch> {
        None
    }

    /// Whether what was sent can be changed, deleted, reacted to.
    fn reword(&self) -> Option<&dyn Reword> {
        None
    }

    /// Whether the customer can be shown that their messages were read.
    fn reading(&self) -> Option<&dyn Reading> {
        None
    }

    /// Whether the customer can be shown that somebody writes.
    fn typing(&self) -> Option<&dyn Typing> {
        None
    }

    /// Whether people can be asked about.
    fn profile(&self) -> Option<&dyn Profile> {
        None
    }

    /// Whether the provider can be told that somebody shall not write any more.
    fn blacklist(&self) -> Option<&dyn Blacklist> {
        None
    }

    /// Whether an owner connects it by steps.
    fn connect(&self) -> Option<&dyn Connect> {
        None
    }
}
