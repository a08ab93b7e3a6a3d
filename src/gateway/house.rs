//! What every actor is given: store, clock, channels, files, and who runs on this node.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use actix::Addr;
use tokio::sync::{OnceCell, broadcast};

use super::channel_actor::ChannelActor;
use super::crm_intake::CrmDoor;
use super::intake::Door;
use super::kept::Kept;
use crate::channel::registry::Channels;
use crate::crm::registry::Crms;
use crate::mail::Mail;
use crate::model::connection::ChannelAccount;
use crate::model::ids::{AccountId, ConversationId, LoginId, NodeId, WorkspaceId};
use crate::model::people::Workspace;
use crate::model::time::SharedWorld;
use crate::outside::Outside;
use crate::outside::web_push::PushKey;
use crate::store::files::FileStore;
use crate::store::handle::Store;
use crate::store::port::{Nodes, StoreError};
use crate::store::secrets::Keyring;

/// Shared by every actor and route of the process.
pub struct House {
    /// The store.
    pub store: Store,
    /// Clock and randomness.
    pub world: SharedWorld,
    /// This process.
    pub node: NodeId,
    /// Within so long what a dead node owned is served again.
    pub lease_ms: i64,
    /// The channels.
    pub channels: Channels,
    /// The CRMs.
    pub crms: Crms,
    /// The content of files.
    pub files: FileStore,
    /// Seals secrets, signs links and tokens.
    pub keyring: Keyring,
    /// The greatest file, bytes.
    pub max_file_bytes: u64,
    /// Whose actors run here.
    pub directory: Directory,
    /// Channel accounts, for views.
    pub accounts: Accounts,
    /// Where hooks lead, by their pointers' keys.
    pub hooks: Kept<String, Door>,
    /// Where hooks of CRMs lead, by their pointers' keys.
    pub crm_hooks: Kept<String, CrmDoor>,
    /// Lists and counters of open conversations.
    pub inboxes: super::inbox::Inboxes,
    /// The words of panics.
    pub panics: super::panics::Panics,
    /// Finds messages by their words.
    pub search: super::searcher::Searcher,
    /// Where letters go; none: no mail is set up.
    pub mail: Option<Mail>,
    /// The webhooks this node sends to.
    pub webhooks: super::webhooks::Senders,
    /// Customers who write something now, for whoever shows it; who is slow misses some.
    pub writing: broadcast::Sender<Writes>,
    /// Calls to addresses that people give.
    pub outside: Arc<Outside>,
    /// Workspaces, kept a few seconds.
    pub spaces: Kept<WorkspaceId, Workspace>,
    /// The key by which push services know this installation, once it was read.
    pub push_key: OnceCell<PushKey>,
    /// The address people reach this installation by, without a slash at the end: what links in letters begin with.
    pub public_url: String,
}

/// A customer writes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writes {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Where.
    pub conversation: ConversationId,
}

/// How long a workspace is believed.
pub const SPACE_KEPT_MS: i64 = 3_000;

impl House {
    /// A workspace, as it was a moment ago at the latest.
    ///
    /// # Errors
    /// The store's failure. `None`: there is no such workspace.
    pub async fn space(&self, id: WorkspaceId) -> Result<Option<Arc<Workspace>>, StoreError> {
        let now = self.world.now();
        if let Some(space) = self.spaces.get(&id, now) {
            return Ok(Some(space));
        }
        let found = self.store.global().get::<Workspace>(Workspace::at(id)).await?;
        Ok(found.map(|stored| self.spaces.put(id, now, stored.record)))
    }

    /// The address this installation is reached by from outside, if it is: what providers send to, and fetch files from.
    #[must_use]
    pub fn public_address(&self) -> Option<&str> {
        let public = self.public_url.starts_with("https://") || (self.outside.is_private() && self.public_url.starts_with("http://"));
        public.then_some(self.public_url.as_str())
    }

    /// How often a node beats: a sixth of the lease.
    #[must_use]
    pub fn beat(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.lease_ms / 6).unwrap_or(0).max(50))
    }

    /// Beats, and tells who else lives. Two thirds of a lease of silence are death: that leaves a beat to notice it, and as much again
    /// to take over, before the lease is over.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn heartbeat(&self) -> Result<Nodes, StoreError> {
        self.store.engine().heartbeat(self.node, self.lease_ms / 3 * 2).await
    }
}

/// The logins whose actors run on this node.
#[derive(Default)]
pub struct Directory {
    actors: RwLock<HashMap<(WorkspaceId, LoginId), Addr<ChannelActor>>>,
}

impl Directory {
    /// The login's actor, if it runs here.
    #[must_use]
    pub fn find(&self, workspace: WorkspaceId, login: LoginId) -> Option<Addr<ChannelActor>> {
        let actors = self.actors.read().unwrap_or_else(PoisonError::into_inner);
        actors.get(&(workspace, login)).filter(|actor| actor.connected()).cloned()
    }

    /// The login's actor runs here from now on.
    pub fn put(&self, workspace: WorkspaceId, login: LoginId, actor: Addr<ChannelActor>) {
        self.actors.write().unwrap_or_else(PoisonError::into_inner).insert((workspace, login), actor);
    }

    /// It does no longer.
    pub fn remove(&self, workspace: WorkspaceId, login: LoginId) {
        self.actors.write().unwrap_or_else(PoisonError::into_inner).remove(&(workspace, login));
    }

    /// How many run here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.actors.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none runs here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Channel accounts by id, kept a few seconds: names and switches for views. What decides reads the store.
pub struct Accounts {
    known: Kept<(WorkspaceId, AccountId), ChannelAccount>,
}

impl Default for Accounts {
    fn default() -> Self {
        Self { known: Kept::new(5_000) }
    }
}

impl Accounts {
    /// The account.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn get(&self, house: &House, workspace: WorkspaceId, id: AccountId) -> Result<Option<Arc<ChannelAccount>>, StoreError> {
        let now = house.world.now();
        if let Some(account) = self.known.get(&(workspace, id), now) {
            return Ok(Some(account));
        }
        let found = house.store.workspace(workspace).get::<ChannelAccount>(ChannelAccount::at(id)).await?;
        Ok(found.map(|stored| self.known.put((workspace, id), now, stored.record)))
    }

    /// The account changed.
    pub fn forget(&self, workspace: WorkspaceId, id: AccountId) {
        self.known.forget(&(workspace, id));
    }
}
