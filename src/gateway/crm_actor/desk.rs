//! What all that works for one CRM connection shares.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use secrecy::SecretString;
use tokio::sync::{Mutex as AsyncMutex, Notify, watch};

use super::gates::Gates;
use crate::crm::contract::{Crm, CrmContext, CrmError, Host};
use crate::gateway::channel_actor::calls::OwnFiles;
use crate::gateway::house::House;
use crate::gateway::tenure::{Owned, Tenure};
use crate::model::connection::ProviderApp;
use crate::model::crm::{CrmConnection, CrmDirectory};
use crate::model::ids::{ConnectionId, WorkspaceId};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::port::StoreError;

/// Shared by the workers of one connection.
pub struct CrmDesk {
    tenure: Tenure,
    /// The connection.
    pub connection: ConnectionId,
    /// Its CRM.
    pub crm: Arc<dyn Crm>,
    /// When it may be called.
    pub(super) gates: Gates,
    /// One renewal of the tokens at a time; how many there were.
    pub(super) renewals: AsyncMutex<u64>,
    /// The connection changed, or it can be called again: who waits looks anew.
    pub(super) changed: watch::Sender<u64>,
    /// Its directories are to be read anew.
    pub(super) stale: AtomicBool,
    /// The keeper is to look at once.
    pub(super) wanted: Notify,
    /// Customers whose messages are being given to the CRM.
    busy: Mutex<HashMap<String, Weak<AsyncMutex<()>>>>,
}

/// Whoever works for the connection holds what its owner holds.
impl Deref for CrmDesk {
    type Target = Tenure;

    fn deref(&self) -> &Tenure {
        &self.tenure
    }
}

impl CrmDesk {
    /// For a connection this process owns.
    pub fn new(house: Arc<House>, workspace: WorkspaceId, connection: ConnectionId, crm: Arc<dyn Crm>, token: u64, blamed: bool) -> Self {
        let tenure = Tenure::new(house, workspace, Owned::Connection(connection), crm.name(), token, blamed);
        let gates = Gates::new(crm.gates());
        let (renewals, changed) = (AsyncMutex::default(), watch::Sender::new(0));
        Self { tenure, connection, crm, gates, renewals, changed, stale: AtomicBool::new(false), wanted: Notify::new(), busy: Mutex::default() }
    }

    /// Something changed that may end a wait.
    pub(super) fn changed(&self) {
        self.changed.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// The connection as it is stored.
    ///
    /// # Errors
    /// The store's failure, or there is none.
    pub(super) async fn record(&self) -> Result<CrmConnection, StoreError> {
        let found = self.store.get::<CrmConnection>(CrmConnection::at(self.connection)).await?;
        found.map(|stored| stored.record).ok_or_else(|| StoreError::Invalid("the connection is gone".to_owned()))
    }

    /// What is sealed of a connection.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn open(&self, connection: &CrmConnection) -> Result<SecretString, CrmError> {
        if connection.sealed.is_empty() {
            return Ok(SecretString::default());
        }
        let opened = self.house.keyring.open_text(&CrmConnection::owner_name(connection.id), &connection.sealed);
        opened.map_err(|error| unreadable(&error))
    }

    /// Only one at a time works for a customer: two messages of a new one must not make two deals.
    pub(super) fn lock(&self, customer: &str) -> Arc<AsyncMutex<()>> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = busy.get(customer).and_then(Weak::upgrade) {
            return lock;
        }
        busy.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::new(AsyncMutex::new(()));
        busy.insert(customer.to_owned(), Arc::downgrade(&lock));
        lock
    }

    /// What a call is given.
    ///
    /// # Errors
    /// The store's failure, or what is sealed cannot be opened.
    pub(super) async fn context(&self, connection: CrmConnection, host: Arc<dyn Host>, deadline: Time) -> Result<CrmContext, CrmError> {
        context(&self.house, self.workspace, connection, host, deadline).await
    }
}

/// What a call for a connection is given.
///
/// # Errors
/// The store's failure, or what is sealed cannot be opened.
pub(in crate::gateway) async fn context(
    house: &Arc<House>, workspace: WorkspaceId, connection: CrmConnection, host: Arc<dyn Host>, deadline: Time,
) -> Result<CrmContext, CrmError> {
    let store = house.store.workspace(workspace);
    let app = match connection.app {
        Some(id) => store.get::<ProviderApp>(ProviderApp::at(id)).await.map_err(|error| unreadable(&error))?.map(|stored| stored.record),
        None => None,
    };
    let app = match app {
        Some(app) => {
            let keys = house.keyring.open_text(&ProviderApp::context(app.id), &app.sealed).map_err(|error| unreadable(&error))?;
            Some((app, keys))
        }
        None => None,
    };
    let directory = store.get::<CrmDirectory>(CrmDirectory::at(connection.id)).await.map_err(|error| unreadable(&error))?;
    let space = house.space(workspace).await.map_err(|error| unreadable(&error))?;
    Ok(CrmContext {
        host,
        connection,
        app,
        directory: directory.map(|stored| stored.record),
        public_url: house.public_address().map(str::to_owned),
        returns: None,
        outside: Arc::clone(&house.outside),
        files: Arc::new(OwnFiles { house: Arc::clone(house), workspace }),
        locale: space.map(|space| space.locale.clone()).unwrap_or_default(),
        deadline,
        now: house.world.now(),
    })
}

/// What we keep cannot be read now.
pub(super) fn unreadable(error: &dyn std::fmt::Display) -> CrmError {
    CrmError::Temporary(Reason::new("connection_unreadable").said(&error.to_string()))
}
