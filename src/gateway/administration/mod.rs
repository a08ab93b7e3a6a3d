//! What owners and admins change. No actors here: records of the workspace change by expected version, and each change that counts
//! leaves a line in the audit log in the same commit.
//!
//! * [`people`]: workspaces, users, members; [`profile`]: what people and workspaces say of themselves
//! * [`access`]: API tokens, who a secret stands for; [`sessions`]: who is logged in, and from where
//! * [`passwords`], [`second_factor`]: what a login asks for, and how it is had again
//! * [`invites`]: how others come in; [`founding`]: how the first one does
//! * [`channels`]: provider logins and channel accounts; [`connecting`]: how they come to be
//! * [`connections`]: CRM connections; [`crm_connecting`]: how they come to be; [`crm_apps`]: what this installation is at them; [`crm_places`]: where a customer
//!   stands there; [`links`]: which channels feed which; [`undelivered`]: what
//!   did not get there
//! * [`walk`]: what both ways of connecting have in common
//! * [`customers`]: merged and taken apart
//! * [`tags`], [`replies`]: what all managers use beside the conversations
//! * [`personal`]: what is one manager's own; [`notices`]: what they want to be told, on which devices, and whether they are away
//! * [`webhooks`]: what is told to other programs
//! * [`quarantine`]: what could not be handled, shown and replayed

pub mod access;
pub mod channels;
pub mod connecting;
pub mod connections;
pub mod crm_apps;
pub mod crm_connecting;
pub mod crm_places;
pub mod customers;
pub mod founding;
pub mod invites;
pub mod links;
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
pub mod undelivered;
pub mod walk;
pub mod webhooks;

use serde_json::Value;

use super::house::House;
use crate::model::ids::{AuditId, WorkspaceId};
use crate::model::people::AuditEntry;
use crate::model::time::Time;
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
    /// The channel does not take this.
    #[error(transparent)]
    Step(#[from] crate::channel::capability::StepError),
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

    /// The product itself: what it does on its own.
    #[must_use]
    pub fn itself() -> Self {
        Self { id: "kommutator".to_owned(), name: "Kommutator".to_owned() }
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

/// What of the audit log is asked for.
#[derive(Debug, Clone, Default)]
pub struct AuditQuestion {
    /// Lines before this one.
    pub before: Option<AuditId>,
    /// Who did it.
    pub actor: Option<String>,
    /// What was done.
    pub action: Option<String>,
    /// Not before this moment.
    pub from: Option<Time>,
    /// Before this moment.
    pub to: Option<Time>,
}

impl AuditQuestion {
    fn is_filtered(&self) -> bool {
        self.actor.is_some() || self.action.is_some() || self.from.is_some() || self.to.is_some()
    }

    fn fits(&self, entry: &AuditEntry) -> bool {
        self.actor.as_ref().is_none_or(|actor| *actor == entry.actor)
            && self.action.as_ref().is_none_or(|action| *action == entry.action)
            && self.from.is_none_or(|from| entry.at >= from)
            && self.to.is_none_or(|to| entry.at < to)
    }
}

/// Lines read at once, and in one answer: past that the asker goes on from where this one came to.
const AUDIT_READ: (usize, usize) = (500, 10);

/// Lines of the audit log, newest first, and where to go on if there may be more. An answer may be short, or empty, and still lead on.
///
/// # Errors
/// The store's word.
pub async fn audit_log(
    house: &House, workspace: WorkspaceId, question: &AuditQuestion, limit: usize,
) -> Result<(Vec<AuditEntry>, Option<AuditId>), AdministrationError> {
    let store = house.store.workspace(workspace);
    let mut found = Vec::new();
    let mut place = question.before;
    let at_once = if question.is_filtered() { AUDIT_READ.0 } else { limit.saturating_add(1) };
    for _ in 0..AUDIT_READ.1 {
        let mut scan = Scan::last(at_once);
        scan.below = place.map(|id| AuditEntry::at(id).item);
        let page = store.scan::<AuditEntry>(&[], scan).await?;
        let whole = page.len() < at_once;
        for entry in page {
            let entry = entry.record;
            // Lines lie in the order of their time, as nearly as clocks agree.
            if question.from.is_some_and(|from| from.since(entry.at) > CLOCKS_APART_MS) {
                return Ok((found, None));
            }
            if question.fits(&entry) {
                if found.len() == limit {
                    return Ok((found, place));
                }
                found.push(entry.clone());
            }
            place = Some(entry.id);
        }
        if whole {
            return Ok((found, None));
        }
    }
    Ok((found, place))
}

/// How far the clocks of two nodes may lie apart.
const CLOCKS_APART_MS: i64 = 60_000;
