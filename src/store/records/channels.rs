//! What logins keep for themselves, and accounts that are being connected.

use serde::{Deserialize, Serialize};

use super::alone;
use crate::model::connection::{ChannelKind, CrmKind};
use crate::model::ids::{AccountId, ConnectingId, ConnectionId, LoginId};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::key::Key;
use crate::store::port::RecordKey;
use crate::store::table::Record;

/// A piece of a login's private state: its place in the provider's news, a session's keys, what went into a group within the last minute. Written by the
/// login's owner only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginState {
    /// The login.
    pub login: LoginId,
    /// Which piece.
    pub name: String,
    /// What it is, sealed.
    pub sealed: String,
    /// What the last question for news brought, where it is a place in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked: Option<Looked>,
}

/// What a question for news brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Looked {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// How much came that was not here.
    pub came: u32,
    /// Whether that was all of it.
    pub over: bool,
}

impl LoginState {
    /// Where a login stands in its provider's news.
    pub const CURSOR: &'static str = "cursor";

    /// The record's key.
    #[must_use]
    pub fn at(login: LoginId, name: &str) -> RecordKey {
        RecordKey { group: Key::new().number(login.0).done(), item: Key::new().text(name).done() }
    }

    /// What the sealed form of it is bound to.
    #[must_use]
    pub fn context(login: LoginId, name: &str) -> String {
        format!("login/{login}/{name}")
    }
}

impl Record for LoginState {
    const TABLE: &'static str = "login_state";

    fn key(&self) -> RecordKey {
        Self::at(self.login, &self.name)
    }
}

/// What is being connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Goal {
    /// A CRM.
    Crm {
        /// Which.
        crm: CrmKind,
        /// The connection that is connected anew; none: a new one.
        connection: Option<ConnectionId>,
    },
    /// A channel.
    Channel {
        /// Which.
        kind: ChannelKind,
        /// The account that is connected anew; none: a new one.
        account: Option<AccountId>,
    },
}

/// Something that is being connected: how far its owner has come. Kept for a short while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connecting {
    /// Its id.
    pub id: ConnectingId,
    /// What is being connected.
    #[serde(flatten)]
    pub goal: Goal,
    /// Who connects it: a user or token.
    pub by: String,
    /// What the channel wants to know again, sealed.
    pub sealed: String,
    /// What is asked now.
    pub step: serde_json::Value,
    /// After this it begins anew.
    pub until: Time,
    /// The hash of what its person brings back from the provider; empty: they are not away.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub away: String,
    /// Why what they brought back was no good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Reason>,
    /// What was connected when they came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<ConnectionId>,
}

impl Connecting {
    /// The record's key.
    #[must_use]
    pub fn at(id: ConnectingId) -> RecordKey {
        alone(id.0)
    }

    /// What the sealed form of its state is bound to.
    #[must_use]
    pub fn context(id: ConnectingId) -> String {
        format!("connecting/{id}")
    }
}

impl Record for Connecting {
    const TABLE: &'static str = "connecting";

    fn key(&self) -> RecordKey {
        Self::at(self.id)
    }
}
