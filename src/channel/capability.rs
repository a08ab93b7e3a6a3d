//! What only some channels can do, a small trait each. A channel that cannot does not have it, and everybody asks.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

use super::contract::{CallContext, LoginAccount, OutgoingPiece, Person, RemotePicture, SendError, SentPiece};
use crate::connector::form::{Step, Values};
pub use crate::connector::hook::HookAddress;
pub use crate::connector::walk::StepError;
use crate::model::connection::{ChannelAccount, ChannelKind, ProviderLogin};
use crate::model::message::Attachment;
use crate::model::time::Time;

/// The provider's history can be read.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// Looks for a piece that may have gone. Called after the attempt's deadline only.
    ///
    /// # Errors
    /// It could not be found out; the message becomes, or stays, `unknown`.
    async fn find(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<Option<SentPiece>, SendError>;
}

/// What a question for news was answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Polled {
    /// Parts for the mailbox, in order, each as [`parse`](super::contract::Channel::parse) reads it. A part that came before has no second effect.
    pub parts: Vec<Bytes>,
    /// Where to go on. Kept in the same commit as the parts: what was not kept is asked for again.
    pub cursor: String,
    /// There is more: ask again at once, whatever the pace is.
    pub more: bool,
}

/// The provider is asked for what is new.
#[async_trait]
pub trait Poll: Send + Sync {
    /// How long to wait between two questions, milliseconds; 0: the question itself waits at the provider. `None`: this login is told by
    /// hooks and need not ask. Pure.
    fn every_ms(&self, login: &ProviderLogin) -> Option<i64>;

    /// How long an answer is waited for, milliseconds.
    fn limit_ms(&self) -> i64 {
        70_000
    }

    /// Asks. `cursor`: what the last kept answer said; empty: the first time. Nothing older than the login is wanted.
    ///
    /// # Errors
    /// What the caller can do next.
    async fn poll(&self, context: &CallContext, login: &ProviderLogin, cursor: &str) -> Result<Polled, SendError>;

    /// What the place tells an owner, as facts: how much of a day's budget is used. Pure.
    fn tells(&self, _cursor: &str, _now: Time) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

/// Where a file's content is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Located {
    /// The address; empty, for a picture of somebody: they have none.
    pub url: String,
    /// Names and values it wants to see.
    pub headers: Vec<(String, String)>,
    /// A better name than the message had; empty: none.
    pub name: String,
    /// By what a picture of somebody is known again, where its locator does not say.
    pub key: String,
}

/// Files that came in lie at the provider.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// How long after the message the provider still gives the file, milliseconds.
    fn lifetime_ms(&self) -> i64 {
        60 * 60_000
    }

    /// The greatest file that can be fetched, bytes.
    fn limit_bytes(&self) -> u64 {
        u64::MAX
    }

    /// Where the content lies.
    ///
    /// # Errors
    /// What the caller can do next. `Rejected`: it cannot be had at all.
    async fn locate(&self, context: &CallContext, locator: &str) -> Result<Located, SendError>;
}

/// A sent message that is to be changed.
#[derive(Debug, Clone, PartialEq)]
pub struct SentMessage {
    /// The account within the login.
    pub account: String,
    /// The conversation's newest provider key.
    pub conversation_key: String,
    /// The provider's id of the piece.
    pub external_id: String,
    /// Its files: some providers take them off where an edit does not name them.
    pub attachments: Vec<Attachment>,
}

/// What was sent can be changed. Each is called once and answered by a person's screen: twice has the effect of once.
#[async_trait]
pub trait Reword: Send + Sync {
    /// Gives a message other words.
    ///
    /// # Errors
    /// What the caller can do next; the person hears of it.
    async fn edit(&self, _context: &CallContext, _message: &SentMessage, _text: &str) -> Result<(), SendError> {
        Err(SendError::Rejected(crate::model::reason::Reason::new("not_supported")))
    }

    /// Deletes a message for everybody. What is gone already is done.
    ///
    /// # Errors
    /// What the caller can do next; the person hears of it.
    async fn delete(&self, _context: &CallContext, _message: &SentMessage) -> Result<(), SendError> {
        Err(SendError::Rejected(crate::model::reason::Reason::new("not_supported")))
    }

    /// Sets our reaction; none: takes it off.
    ///
    /// # Errors
    /// What the caller can do next; the person hears of it.
    async fn react(&self, _context: &CallContext, _message: &SentMessage, _emoji: Option<&str>) -> Result<(), SendError> {
        Err(SendError::Rejected(crate::model::reason::Reason::new("not_supported")))
    }
}

/// The customer can be shown that their messages were read. Best effort.
#[async_trait]
pub trait Reading: Send + Sync {
    /// Everything up to this message was read. `external_id`: the provider's id of it.
    ///
    /// # Errors
    /// It was not shown; nobody tries again.
    async fn read(&self, context: &CallContext, account: &str, conversation_key: &str, external_id: &str) -> Result<(), SendError>;
}

/// The customer can be shown that somebody writes. Best effort.
#[async_trait]
pub trait Typing: Send + Sync {
    /// Somebody writes now.
    ///
    /// # Errors
    /// It was not shown; nobody tries again.
    async fn typing(&self, context: &CallContext, account: &str, conversation_key: &str) -> Result<(), SendError>;
}

/// The provider can be told that somebody shall not write any more. Best effort: here they are blocked all the same.
#[async_trait]
pub trait Blacklist: Send + Sync {
    /// Whether the owner wants it, by the account's settings. Pure.
    fn wanted(&self, account: &ChannelAccount) -> bool;

    /// Blocks a person, by the provider's id of them. `listing`: what they wrote about, by the provider's number of it.
    ///
    /// # Errors
    /// It was not told; nobody tries again.
    async fn block(&self, context: &CallContext, account: &str, external_id: &str, listing: Option<&str>) -> Result<(), SendError>;
}

/// Whom, and what place, is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Asked {
    /// The conversation.
    pub conversation_key: String,
    /// People, by the provider's ids of them.
    pub external_ids: Vec<String>,
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// People; whom the provider does not know is not among them.
    pub people: Vec<Person>,
    /// The group's, listing's or post's name.
    pub place_title: Option<String>,
    /// The listing's address.
    pub listing: Option<String>,
    /// A picture of the listing.
    pub place_picture: Option<RemotePicture>,
}

/// Who somebody is, or what a conversation is about, is not told with what they write but can be asked for. Asked before somebody's
/// message is handled, the first time and then now and then; if there is no answer in time, it is handled without.
#[async_trait]
pub trait Profile: Send + Sync {
    /// How long what was answered stays good, milliseconds.
    fn good_for_ms(&self) -> i64 {
        24 * 60 * 60_000
    }

    /// Asks. `account`: where they wrote; its settings may say how much is wanted.
    ///
    /// # Errors
    /// What the caller can do next.
    async fn look_up(&self, context: &CallContext, account: &ChannelAccount, asked: &Asked) -> Result<Known, SendError>;
}

/// What a connected login is.
#[derive(Debug, Clone)]
pub struct Connected {
    /// How the provider names it in hooks, and the mark by which connecting it again finds the one that is there. Never empty.
    pub external_key: String,
    /// The name its rows get while the owner gives none.
    pub name: String,
    /// Token or session.
    pub secrets: secrecy::SecretString,
    /// What is known of it and is no secret: kept with the login, shown to its owner.
    pub facts: BTreeMap<String, String>,
    /// The provider's address where it is not the usual one.
    pub base_url: Option<String>,
    /// Its accounts: at least one, unless the provider tells of them later.
    pub accounts: Vec<LoginAccount>,
}

/// How far connecting has come.
pub type Progress = crate::connector::walk::Progress<Connected>;

/// Connecting is a walk through steps, so one screen serves every provider.
#[async_trait]
pub trait Connect: Send + Sync {
    /// Whether an account of this kind is connected by itself; else it comes with another one. Pure.
    fn begins(&self, _kind: ChannelKind) -> bool {
        true
    }

    /// What is asked first. Pure.
    fn first(&self, kind: ChannelKind) -> Step;

    /// The answer to a step. `state`: what the step before gave; null at the first. A wait is answered with nothing, again and again.
    ///
    /// # Errors
    /// It did not succeed, and why.
    async fn next(&self, context: &CallContext, kind: ChannelKind, state: Value, answer: &Values) -> Result<Progress, StepError>;

    /// Called once the login is stored, and again whenever it should be set right (the address of this installation changed, the owner presses
    /// «connect again»): tells the provider where to send. `hook`: the address for this login; none: this installation cannot be
    /// reached from outside. Twice has the effect of once. Answers what is to be known of the login from now on.
    ///
    /// # Errors
    /// What the caller can do next; the login's health says it.
    async fn set_up(&self, context: &CallContext, login: &ProviderLogin, hook: Option<&HookAddress>) -> Result<BTreeMap<String, String>, SendError>;

    /// Called when the login is taken off: the provider shall send nothing more. Best effort.
    ///
    /// # Errors
    /// It was not told; nobody tries again.
    async fn take_off(&self, _context: &CallContext, _login: &ProviderLogin) -> Result<(), SendError> {
        Ok(())
    }

    /// Choices of a field of the settings that only the provider knows, newest first.
    ///
    /// # Errors
    /// What the caller can do next; the form says it.
    async fn choices(&self, _context: &CallContext, _kind: ChannelKind, _field: &str) -> Result<Vec<(String, String)>, SendError> {
        Ok(Vec::new())
    }
}
