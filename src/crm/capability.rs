//! What only some CRMs can do, a small trait each. A CRM that cannot does not have it, and everybody asks.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use secrecy::SecretString;
use serde_json::Value;

use super::contract::{CrmContext, CrmError, Job};
use super::event::Said;
use crate::connector::form::{Field, Step, Values};
use crate::connector::hook::HookAddress;
use crate::connector::walk::{self, StepError};
use crate::model::conversation::Conversation;
use crate::model::crm::{CrmChoice, CrmConnection, CrmTalk};
use crate::model::reason::Reason;
use crate::model::time::Time;

/// The fact by which a CRM that sends what happens in all accounts to one address names this one in it.
pub const HOOK_NAME: &str = "hook_name";

/// The fact that says when the CRM's widget last asked, milliseconds; none: it was never seen.
pub const WIDGET_SEEN: &str = "widget_seen";

/// What a connected account is.
#[derive(Debug, Clone)]
pub struct Connected {
    /// How the CRM names it: the mark by which connecting it again finds the one that is there. Never empty.
    pub external_key: String,
    /// The name its row gets while the owner gives none.
    pub name: String,
    /// Tokens.
    pub secrets: SecretString,
    /// What is known of it and is no secret: kept with the connection, shown to its owner.
    pub facts: BTreeMap<String, String>,
    /// The CRM's address where it is not the usual one.
    pub base_url: Option<String>,
    /// The app it was connected with, where it was named on the way and not known before.
    pub app: Option<NewApp>,
}

/// An app that was named while connecting: kept as one of its provider's, see [`Apps`].
#[derive(Debug, Clone)]
pub struct NewApp {
    /// How the CRM names it: the mark by which it is found again.
    pub external_key: String,
    /// What was filled in of it.
    pub values: Values,
}

/// How far connecting has come.
pub type Progress = walk::Progress<Connected>;

/// Connecting is a walk through steps, so one screen serves every CRM.
#[async_trait]
pub trait Connect: Send + Sync {
    /// What is asked first. Pure.
    fn first(&self) -> Step;

    /// The answer to a step. `state`: what the step before gave; null at the first. A wait is answered with nothing, again and again.
    ///
    /// # Errors
    /// It did not succeed, and why.
    async fn next(&self, context: &CrmContext, state: Value, answer: &Values) -> Result<Progress, StepError>;

    /// Called once the connection is stored, and again whenever it should be set right: tells the CRM where to send, makes the fields it needs there.
    /// `hook`: the address for this connection; none: this installation cannot be reached from outside. Twice has the effect of once. Answers
    /// what is to be known of the connection from now on.
    ///
    /// # Errors
    /// What the caller can do next; the connection's health says it.
    async fn set_up(&self, context: &CrmContext, hook: Option<&HookAddress>) -> Result<BTreeMap<String, String>, CrmError>;

    /// Called when the connection is taken off: the CRM shall send nothing more. Best effort.
    ///
    /// # Errors
    /// It was not told; nobody tries again.
    async fn take_off(&self, _context: &CrmContext) -> Result<(), CrmError> {
        Ok(())
    }
}

/// Where this installation is called, by whom: words to be copied to the CRM. None: it has no address.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    /// Who allowed us in comes back here.
    pub returns: Option<String>,
    /// What happens in all accounts is sent here; a CRM puts a name after it.
    pub shared: Option<String>,
    /// What happens in the one account is sent here; nobody else may know it.
    pub own: Option<String>,
}

/// What is kept of an app.
#[derive(Debug, Clone)]
pub struct KeptApp {
    /// What is known of it and is no secret.
    pub facts: BTreeMap<String, String>,
    /// Its keys.
    pub secrets: SecretString,
}

/// The CRM knows this installation as an application of its own, whose keys its owner fills in.
pub trait Apps: Send + Sync {
    /// What is asked: [`FieldKind::Copy`](crate::connector::form::FieldKind::Copy) for what the CRM is to be told. A secret that is kept may stay
    /// empty. Pure.
    fn fields(&self, known: Option<&KeptApp>, addresses: &Addresses) -> Vec<Field>;

    /// How the CRM names the app that was filled in. Pure.
    ///
    /// # Errors
    /// Which field is wrong, and why.
    fn mark(&self, values: &Values) -> Result<String, StepError>;

    /// What is kept of it from now on: what was not filled in stays as it was. Pure.
    ///
    /// # Errors
    /// Which field is wrong, and why.
    fn kept(&self, known: Option<&KeptApp>, values: &Values) -> Result<KeptApp, StepError>;

    /// Which of its secrets are kept, by field. Pure.
    fn secrets(&self, known: &KeptApp) -> Vec<&'static str>;
}

/// Tokens end, and are exchanged for others.
#[async_trait]
pub trait Renew: Send + Sync {
    /// When they should be renewed: well before they end. None: they do not end. Pure.
    fn due(&self, secrets: &SecretString) -> Option<Time>;

    /// Exchanges them. Called by one process in the cluster at a time; what it answers is durable before it is used.
    ///
    /// # Errors
    /// `AccessLost`: they open nothing any more. Otherwise it may be tried again with the same.
    async fn renew(&self, context: &CrmContext, secrets: &SecretString) -> Result<SecretString, CrmError>;
}

/// What was found in a CRM's history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Parts for the mailbox, in order, each as [`parse`](super::contract::Crm::parse) reads it. A part that is known has no second effect.
    pub parts: Vec<Bytes>,
    /// Where to go on.
    pub cursor: String,
}

/// The CRM can be asked what was said there.
#[async_trait]
pub trait History: Send + Sync {
    /// How long to wait between two looks, milliseconds. Pure.
    fn every_ms(&self) -> i64 {
        60_000
    }

    /// Looks for what was said since the last look. `cursor`: what that one answered; empty: the first time, nothing older than the connection
    /// is wanted. `talk_of`: the talks with a contact, so that only chats in which something was said need be read.
    ///
    /// # Errors
    /// What the caller can do next.
    async fn look(&self, context: &CrmContext, cursor: &str, talks: &dyn Talks) -> Result<Found, CrmError>;
}

/// The CRM shows that a customer writes.
#[async_trait]
pub trait Typing: Send + Sync {
    /// Shows it in a talk, for a few seconds. Not called more often than every few seconds for one talk.
    ///
    /// # Errors
    /// It was not shown; nobody tries again.
    async fn typing(&self, context: &CrmContext, talk: &CrmTalk, conversation: &Conversation) -> Result<(), CrmError>;
}

/// The talks that are known.
#[async_trait]
pub trait Talks: Send + Sync {
    /// Those with a contact.
    ///
    /// # Errors
    /// The store failed.
    async fn of_contact(&self, contact: &str) -> Result<Vec<CrmTalk>, CrmError>;

    /// The one in a chat.
    ///
    /// # Errors
    /// The store failed.
    async fn of_chat(&self, chat: &str) -> Result<Option<CrmTalk>, CrmError>;
}

/// Conversations begin at the CRM, too: somebody there writes to a customer who has not written yet.
#[async_trait]
pub trait WriteFirst: Send + Sync {
    /// A talk was joined to a contact and a deal that a person chose: what the folder wants to know of it. Pure.
    fn joined(&self, talk: &mut CrmTalk);

    /// Makes the chat of a conversation and gives it to the contact in the job's talk, so that what is said in it makes no other. `None`: as the
    /// connection is set there are no chats. Twice has the effect of once.
    ///
    /// # Errors
    /// What the caller can do next.
    async fn open(&self, context: &CrmContext, job: &Job) -> Result<Option<String>, CrmError>;

    /// Nobody can be reached by the address a message was written to there: it is told so.
    ///
    /// # Errors
    /// What the caller can do next.
    async fn refuse(&self, context: &CrmContext, said: &Said, reason: &Reason) -> Result<(), CrmError>;
}

/// What the CRM's users must show to hear of messages by its widget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hears {
    /// Nothing more: it is who connected the account.
    Connecting,
    /// The key that an owner set for them.
    ByKey(String),
    /// They are not told.
    No,
}

/// The CRM's pages can show a widget of ours (B-42).
pub trait Widget: Send + Sync {
    /// Whether a page of this origin may show it. Pure.
    fn is_origin(&self, connection: &CrmConnection, origin: &str) -> bool;

    /// Whether the connection is of the account that the CRM's pages name so. Pure.
    fn is_account(&self, connection: &CrmConnection, account: &str) -> bool;

    /// Whether conversations are in the CRM's own chats, so that they are begun there and written in there. Pure.
    fn has_chats(&self, connection: &CrmConnection) -> bool;

    /// Whether messages are told by it. Pure.
    fn tells(&self, connection: &CrmConnection) -> bool;

    /// Whether a user of the CRM is told. Pure.
    fn hears(&self, connection: &CrmConnection, user: &str) -> Hears;
}

/// Settings choose among what only the CRM knows.
#[async_trait]
pub trait Lists: Send + Sync {
    /// Reads its directories: stages, users, fields.
    ///
    /// # Errors
    /// What the caller can do next.
    async fn read(&self, context: &CrmContext) -> Result<BTreeMap<String, Vec<CrmChoice>>, CrmError>;
}
