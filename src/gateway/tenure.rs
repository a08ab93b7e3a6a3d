//! What the owner of a piece of work holds: the store, and the token every write of it carries.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use super::commands::CommandError;
use super::house::House;
use crate::model::connection::ProviderLogin;
use crate::model::crm::CrmConnection;
use crate::model::ids::{ConnectionId, LoginId, WorkspaceId};
use crate::store::batch::Batch;
use crate::store::handle::PartitionStore;
use crate::store::port::{CommitError, Refusal, StreamName};
use crate::store::records::streams;

/// What one actor in the whole cluster owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owned {
    /// A provider login.
    Login(LoginId),
    /// A CRM connection.
    Connection(ConnectionId),
}

impl Owned {
    /// The owner's name, for the fence.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Login(id) => ProviderLogin::owner_name(id),
            Self::Connection(id) => CrmConnection::owner_name(id),
        }
    }

    /// Where what comes in for it lies.
    #[must_use]
    pub fn mailbox(self) -> StreamName {
        match self {
            Self::Login(id) => streams::mailbox(id),
            Self::Connection(id) => streams::crm_mailbox(id),
        }
    }
}

impl fmt::Display for Owned {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login(id) => write!(out, "{id}"),
            Self::Connection(id) => write!(out, "connection {id}"),
        }
    }
}

/// Shared by all that works for one owner.
pub struct Tenure {
    /// What everybody is given.
    pub house: Arc<House>,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its store.
    pub store: PartitionStore,
    /// What is owned.
    pub owned: Owned,
    /// The folder that serves it.
    pub folder: &'static str,
    /// The owner's name, for the fence.
    pub owner: String,
    /// The token every write carries.
    pub token: u64,
    /// What ended the actor before was the panic of an entry, in this process, and is kept under that entry's name: no other
    /// entry need be suspect.
    pub blamed: bool,
}

impl Tenure {
    /// Of what was claimed with this token.
    pub fn new(house: Arc<House>, workspace: WorkspaceId, owned: Owned, folder: &'static str, token: u64, blamed: bool) -> Self {
        let store = house.store.workspace(workspace);
        Self { house, workspace, store, owned, folder, owner: owned.name(), token, blamed }
    }

    /// Commits what carries the token. What takes a work entry that is gone was done already.
    ///
    /// # Errors
    /// [`CommandError::Fenced`], or the store's word.
    pub async fn commit(&self, batch: Batch) -> Result<(), CommandError> {
        match self.store.commit(batch).await {
            Ok(_) | Err(CommitError::Refused(Refusal::Gone { .. })) => Ok(()),
            Err(CommitError::Refused(Refusal::Fenced { .. })) => Err(CommandError::Fenced),
            Err(error) => Err(error.into()),
        }
    }

    /// A batch that carries the token.
    #[must_use]
    pub fn batch(&self) -> Batch {
        let mut batch = Batch::new();
        batch.fence(&self.owner, self.token);
        batch
    }
}
