//! What owners and admins change. No actors here: records of the workspace change by expected version, and each change that counts
//! leaves a line in the audit log in the same commit.
//!
//! * [`people`]: workspaces, users, members; [`profile`]: what people and workspaces say of themselves
//! * [`access`]: API tokens, who a secret stands for; [`sessions`]: who is logged in, and from where
//! * [`passwords`], [`second_factor`]: what a login asks for, and how it is had again
//! * [`invites`]: how others come in; [`founding`]: how the first one does
//! * [`channels`]: provider logins and channel accounts
//! * [`customers`]: merged and taken apart
//! * [`tags`], [`replies`]: what all managers use beside the conversations
//! * [`personal`]: what is one manager's own; [`notices`]: what they want to be told, on which devices, and whether they are away
//! * [`quarantine`]: what could not be handled, shown and replayed

pub mod access;
pub mod channels;
pub mod customers;
pub mod founding;
pub mod invites;
pub mod notices;
pub mod passwords;
pub mod people;
pub mod personal;
#[cfg(feature = "probe")]
pub mod probe;
pub mod profile;
pub mod quarantine;
pub mod replies;
pub mod second_factor;
pub mod sessions;
pub mod tags;

use serde_json::Value;

use super::house::House;
use crate::model::ids::{AuditId, WorkspaceId};
use crate::model::people::AuditEntry;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Scan, StoreError};

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdministrationError {
    /// A field is wrong: which, and a stable code.
    #[error("{field}: {code}")]
    Wrong {
        /// The field.
        field: &'static str,
        /// The code.
        code: &'static str,
    },
    /// There is no such thing, or it may not be seen.
    #[error("no such {0}")]
    Unknown(&'static str),
    /// It would leave the workspace without an owner, or lift somebody above the one who asks.
    #[error("not allowed: {0}")]
    NotAllowed(&'static str),
    /// The store's word.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StoreError> for AdministrationError {
    fn from(error: StoreError) -> Self {
        Self::Commit(CommitError::Store(error))
    }
}

/// Who makes a change, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user or token.
    pub id: String,
    /// Their name.
    pub name: String,
}

impl Actor {
    /// The operator at the command line.
    #[must_use]
    pub fn command_line() -> Self {
        Self { id: "cli".to_owned(), name: "command line".to_owned() }
    }
}

/// Adds a line of the audit log to the batch of the change itself.
fn audit(house: &House, batch: &mut Batch, actor: &Actor, action: &str, target: impl ToString, details: Value) -> Result<(), StoreError> {
    batch.insert(&AuditEntry {
        id: AuditId(house.world.id()),
        at: house.world.now(),
        actor: actor.id.clone(),
        actor_name: actor.name.clone(),
        action: action.to_owned(),
        target: target.to_string(),
        details,
    })
}

/// Lines of the audit log before one, newest first.
///
/// # Errors
/// The store's word.
pub async fn audit_log(house: &House, workspace: WorkspaceId, before: Option<AuditId>, limit: usize) -> Result<Vec<AuditEntry>, AdministrationError> {
    let mut scan = Scan::last(limit);
    scan.below = before.map(|id| AuditEntry::at(id).item);
    let found = house.store.workspace(workspace).scan::<AuditEntry>(&[], scan).await?;
    Ok(found.into_iter().map(|stored| stored.record).collect())
}
