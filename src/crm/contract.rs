//! The contract of a CRM: a small required trait, what goes to it, and errors that say what to do. What comes from it stands in
//! [`event`](super::event); what only some CRMs can do in [`capability`](super::capability): there the absence of a trait says it.
//!
//! A delivery may need many calls (a contact, a deal, a chat, then the message), and the process may end between any two. So a CRM's folder
//! gives what it made to its [`Host`] before it goes on, and finds it in the [`Job`] when it is asked again. What it began to make and does
//! not know the outcome of stands in [`CrmTalk::begun`]: it is looked for before it is made again.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;

use super::capability::{Apps, Connect, History, Lists, Renew, Typing, Widget, WriteFirst};
use super::event::CrmEvent;
use crate::connector::files::FileSource;
use crate::connector::form::{Field, Texts};
use crate::connector::hook::{RawHook, Routed, Unreadable};
use crate::connector::walk::StepError;
use crate::model::connection::{AccountLink, ChannelAccount, ProviderApp};
use crate::model::conversation::Conversation;
use crate::model::crm::{CrmConnection, CrmDirectory, CrmRecord, CrmTalk};
use crate::model::customer::{Customer, Identity};
use crate::model::message::{Delivery, Message};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::model::visit::Visit;
use crate::outside::Outside;

/// Why a call failed, by what the caller can do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrmError {
    /// Nothing of this connection goes for so long, milliseconds: too many calls, the account is not paid, the CRM is closed to us.
    #[error("silence for {ms} ms: {reason:?}")]
    Silence {
        /// For how long.
        ms: i64,
        /// Why.
        reason: Reason,
    },
    /// It did not go now, or it is not known whether it did: the same job may be done again, and finds out by itself.
    #[error("failed for now: {0:?}")]
    Temporary(Reason),
    /// It did not go and never will as it is.
    #[error("rejected: {0:?}")]
    Rejected(Reason),
    /// The CRM lets us in no longer; the queue waits.
    #[error("access lost: {0:?}")]
    AccessLost(Reason),
}

impl CrmError {
    /// Why, for people.
    #[must_use]
    pub fn reason(self) -> Reason {
        match self {
            Self::Silence { reason, .. } | Self::Temporary(reason) | Self::Rejected(reason) | Self::AccessLost(reason) => reason,
        }
    }
}

/// The tokens of a connection, and which in their order they are.
#[derive(Debug, Clone)]
pub struct Keys {
    /// What was stored when it was connected, or by the last renewal.
    pub secrets: SecretString,
    /// Rises with each renewal.
    pub round: u64,
}

/// What a CRM's folder may ask of whoever calls it.
#[async_trait]
pub trait Host: Send + Sync {
    /// Waits until a call may go through a gate, see [`Crm::gates`]. What people wait for goes before the bulk.
    async fn turn(&self, gate: &'static str);

    /// The tokens as they are.
    fn keys(&self) -> Keys;

    /// The tokens of this round open nothing any more: others, renewed once however many ask.
    ///
    /// # Errors
    /// There are none.
    async fn renewed(&self, round: u64) -> Result<Keys, CrmError>;

    /// Keeps what was made or begun: durable when this answers. The talk must be the one that was read or kept last.
    ///
    /// # Errors
    /// It could not be kept: nothing more must be made.
    async fn keep(&self, talk: &CrmTalk) -> Result<(), CrmError>;

    /// The talks that stand in a deal, whosever they are.
    ///
    /// # Errors
    /// The store failed.
    async fn of_deal(&self, _deal: &str) -> Result<Vec<CrmTalk>, CrmError> {
        Ok(Vec::new())
    }

    /// Its directories are no longer as they were read: they are read anew.
    fn lists_are_old(&self) {}
}

/// Where a walk goes on after its person was at the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returns {
    /// The address they come back to: one for the installation. What is in its query is the answer to the step.
    pub url: String,
    /// What they bring back: that they are the one who went, and to which walk.
    pub state: String,
}

/// What a call to a CRM is given.
#[derive(Clone)]
pub struct CrmContext {
    /// Turns, tokens, and what is to be kept.
    pub host: Arc<dyn Host>,
    /// The connection.
    pub connection: CrmConnection,
    /// Its app, with what its sealed keys say.
    pub app: Option<(ProviderApp, SecretString)>,
    /// What the CRM offered to choose from, when it was last asked.
    pub directory: Option<CrmDirectory>,
    /// This installation's address from outside; none: it has none.
    pub public_url: Option<String>,
    /// Where somebody who allows us in at the CRM comes back to. None: nothing is being connected, or nobody could come back.
    pub returns: Option<Returns>,
    /// Makes the calls: bounded, and safe for what stands beside this server.
    pub outside: Arc<Outside>,
    /// The content of our files.
    pub files: Arc<dyn FileSource>,
    /// The workspace's language.
    pub locale: String,
    /// When the caller stops waiting.
    pub deadline: Time,
    /// Now.
    pub now: Time,
}

/// A message, with all that a CRM may want to know of it.
#[derive(Debug, Clone)]
pub struct Job {
    /// The message, as it is now.
    pub message: Message,
    /// Its standing there.
    pub delivery: Delivery,
    /// Its conversation.
    pub conversation: Conversation,
    /// The channel account.
    pub account: ChannelAccount,
    /// What is set of the account and this connection.
    pub link: AccountLink,
    /// The customer; none: many people speak there.
    pub customer: Option<Customer>,
    /// The customer's identities, that of the conversation first.
    pub identities: Vec<Identity>,
    /// Who wrote the message, where it is one of many people.
    pub author: Option<Identity>,
    /// The e-mail of the manager who wrote it in our own messenger; none: somebody else did.
    pub writer: Option<String>,
    /// The visit the customer last wrote in.
    pub visit: Option<Visit>,
    /// Which stretch of the conversation it belongs to, see [`Crm::key`].
    pub key: String,
    /// That stretch there; none: it is the first of it.
    pub talk: Option<CrmTalk>,
    /// The customer's other talks in this connection, the newest first, each with the account it is of.
    pub others: Vec<(CrmTalk, ChannelAccount)>,
    /// The message it answers, by the CRM's id of it.
    pub reply_to: Option<String>,
}

/// The CRM has a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivered {
    /// The CRM's id of it.
    pub external_id: Option<String>,
    /// Its other ids of it.
    pub more: Vec<String>,
    /// Nothing was to be done, and why: it stands as skipped.
    pub skipped: Option<Reason>,
    /// Who is told of it by the CRM's widget.
    pub notice: Option<Notice>,
}

/// Who is told of a message by a CRM's widget, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notice {
    /// Users of the CRM.
    pub to: Vec<String>,
    /// The contact there.
    pub contact: Option<String>,
    /// The deal there.
    pub deal: Option<String>,
}

/// Calls that go through one gate are counted together at the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    /// Its name.
    pub name: &'static str,
    /// How many in a second. One less than the CRM allows: we count from when a call begins, the CRM from when it comes.
    pub per_second: u32,
}

/// A link of a text that the CRM made short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortLink {
    /// Where in the text it stands, in bytes.
    pub at: std::ops::Range<usize>,
    /// The address that redirects to what it stands for.
    pub ask: String,
}

/// What every CRM must say and do.
#[async_trait]
pub trait Crm: Send + Sync + 'static {
    /// The folder's name, and the kind of its connections.
    fn name(&self) -> &'static str;

    /// What it counts our calls by.
    fn gates(&self) -> &'static [Gate];

    /// How it works, by its settings: the words are `mode.NAME` of its texts («Режим работы»). Pure.
    fn mode(&self, connection: &CrmConnection) -> &'static str;

    /// What it says to people, in their languages.
    fn texts(&self) -> Texts;

    /// What an owner may set: the fields of its form, in order. Pure.
    fn settings(&self, connection: &CrmConnection) -> Vec<Field>;

    /// Whether settings are what it takes: the answer is their one form, which is stored. Pure.
    ///
    /// # Errors
    /// Which field is wrong, and why.
    fn check_settings(&self, settings: &Value, directory: Option<&CrmDirectory>) -> Result<Value, StepError>;

    /// The settings that choose what is no longer there, by the names of their fields. `old`: the lists as they were before; none: they were
    /// never read. Pure.
    fn gone(&self, _connection: &CrmConnection, _old: Option<&CrmDirectory>, _new: &CrmDirectory) -> Vec<String> {
        Vec::new()
    }

    /// Which stretch of its conversation a message belongs to there: each is a talk of its own. Pure, and short: at most 100 bytes. None: that
    /// in which something was said last.
    fn key(&self, connection: &CrmConnection, conversation: &Conversation, message: &Message) -> Option<String>;

    /// How long a job may take, milliseconds.
    fn job_limit_ms(&self) -> i64 {
        60_000
    }

    /// Gives a message to it. Called for one message of a conversation, and of a customer, at a time, in order; again, if it is not known
    /// to have ended: twice has the effect of once.
    ///
    /// # Errors
    /// What the caller can do next.
    async fn deliver(&self, context: &CrmContext, job: &Job) -> Result<Delivered, CrmError>;

    /// Whether it wants to hear what changed of a message it has: how far it came, its words, reactions. Pure.
    fn follows(&self, connection: &CrmConnection, message: &Message, delivery: &Delivery) -> bool;

    /// Tells what has changed of a message since: [`Delivery::told`] says what is known there. Answers what is known then.
    ///
    /// # Errors
    /// What the caller can do next.
    async fn tell(&self, context: &CrmContext, job: &Job) -> Result<crate::model::message::Told, CrmError>;

    /// Splits a hook's body by connection, after its sender has shown by the CRM's own means that they may. Pure: called at the edge, before
    /// anything is durable; must not panic on any bytes.
    ///
    /// # Errors
    /// Nothing of the body can be read: it is kept in quarantine and answered 200.
    fn route(&self, hook: &RawHook, connection: &CrmConnection, secrets: &SecretString) -> Result<Routed, Unreadable>;

    /// Reads one part from the mailbox. Pure. A part may hold several events; they are handled in order.
    ///
    /// # Errors
    /// The part goes to quarantine, is shown, and can be replayed.
    fn parse(&self, part: &[u8]) -> Result<Vec<CrmEvent>, Unreadable>;

    /// The page of a record there, for people. Pure. None: nobody knows it.
    fn page(&self, _connection: &CrmConnection, _record: CrmRecord, _id: &str) -> Option<String> {
        None
    }

    /// Links of a text that the CRM made short, where its owner wants customers to see them whole. Pure.
    fn short_links(&self, _connection: &CrmConnection, _text: &str) -> Vec<ShortLink> {
        Vec::new()
    }

    /// Whether an owner connects it by steps.
    fn connect(&self) -> Option<&dyn Connect> {
        None
    }

    /// Whether it knows this installation as an application of its own.
    fn apps(&self) -> Option<&dyn Apps> {
        None
    }

    /// Whether its tokens end and can be renewed.
    fn renew(&self) -> Option<&dyn Renew> {
        None
    }

    /// Whether it can be asked what was said there: what its hooks did not tell.
    fn history(&self) -> Option<&dyn History> {
        None
    }

    /// Whether it shows that a customer writes.
    fn typing(&self) -> Option<&dyn Typing> {
        None
    }

    /// Whether conversations begin there, too.
    fn write_first(&self) -> Option<&dyn WriteFirst> {
        None
    }

    /// Whether its pages can show a widget of ours.
    fn widget(&self) -> Option<&dyn Widget> {
        None
    }

    /// Whether settings choose among what only it knows.
    fn lists(&self) -> Option<&dyn Lists> {
        None
    }
}
