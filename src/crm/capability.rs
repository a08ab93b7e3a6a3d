//! What only some CRMs can do, a small trait each. A CRM that cannot does not have it, and everybody asks.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use secrecy::SecretString;
use serde_json::Value;

use super::contract::{CrmContext, CrmError};
use crate::connector::form::{Step, Values};
use crate::connector::hook::HookAddress;
use crate::connector::walk::{self, StepError};
use crate::model::crm::{CrmChoice, CrmTalk};
use crate::model::time::Time;

/// The fact by which a CRM that sends what happens in all accounts to one address names this one in it.
pub const HOOK_NAME: &str = "hook_name";

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

/// An app that was named while connecting: kept as one of its provider's, with the sealed keys its folder reads.
#[derive(Debug, Clone)]
pub struct NewApp {
    /// How the CRM names it: the mark by which it is found again.
    pub external_key: String,
    /// Its keys.
    pub secrets: SecretString,
    /// What is known of it and is no secret.
    pub facts: BTreeMap<String, String>,
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

/// Settings choose among what only the CRM knows.
#[async_trait]
pub trait Lists: Send + Sync {
    /// Reads its directories: stages, users, fields.
    ///
    /// # Errors
    /// What the caller can do next.
    async fn read(&self, context: &CrmContext) -> Result<BTreeMap<String, Vec<CrmChoice>>, CrmError>;
}
