//! What the conversations of one login share.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::{mpsc, watch};

use super::people::Met;
use crate::channel::contract::Channel;
use crate::gateway::channel_actor::throttle::Throttle;
use crate::gateway::house::House;
use crate::gateway::tenure::{Owned, Tenure};
use crate::model::connection::{AccountLink, ChannelAccount};
use crate::model::crm::CrmConnection;
use crate::model::ids::{AccountId, ConversationId, LoginId, WorkspaceId};
use crate::store::key::Key;
use crate::store::port::{Scan, StoreError};
use crate::store::table::Stored;

/// An account with the connections it feeds.
#[derive(Debug, Clone)]
pub struct AccountCard {
    /// The account.
    pub account: ChannelAccount,
    /// Where its messages go.
    pub links: Vec<AccountLink>,
}

/// Something shown to the customer beside messages: best effort, done once, forgotten if too much of it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside {
    /// Managers read what the customer wrote.
    Read(ConversationId),
    /// A manager writes.
    Typing(ConversationId),
    /// Managers blocked the customer.
    Block(ConversationId),
}

/// The most asides that wait.
const ASIDES: usize = 64;

/// Shared by the actors of one login.
pub struct Desk {
    tenure: Tenure,
    /// The login.
    pub login: LoginId,
    /// Its channel.
    pub channel: Arc<dyn Channel>,
    /// When the provider may be called.
    pub(crate) throttle: Throttle,
    /// The login or its accounts changed: who waits for the provider looks anew.
    pub(crate) changed: watch::Sender<u64>,
    /// What is to be shown to customers beside messages, and who shows it.
    asides: (mpsc::Sender<Aside>, Mutex<Option<mpsc::Receiver<Aside>>>),
    /// The people it met.
    pub(crate) met: Met,
    accounts: RwLock<HashMap<AccountId, Arc<AccountCard>>>,
}

/// Whoever works for the login holds what its owner holds.
impl Deref for Desk {
    type Target = Tenure;

    fn deref(&self) -> &Tenure {
        &self.tenure
    }
}

impl Desk {
    /// A desk without accounts; [`reload`](Self::reload) reads them.
    pub fn new(house: Arc<House>, workspace: WorkspaceId, login: LoginId, channel: Arc<dyn Channel>, token: u64, blamed: bool) -> Self {
        let tenure = Tenure::new(house, workspace, Owned::Login(login), channel.provider(), token, blamed);
        let (throttle, changed) = (Throttle::new(channel.pace()), watch::Sender::new(0));
        let (sender, receiver) = mpsc::channel(ASIDES);
        let asides = (sender, Mutex::new(Some(receiver)));
        Self { tenure, login, channel, throttle, changed, asides, met: Met::default(), accounts: RwLock::default() }
    }

    /// The login or its accounts changed.
    pub(crate) fn changed(&self) {
        self.changed.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Something is to be shown to the customer, if there is time.
    pub fn aside(&self, aside: Aside) {
        if self.asides.0.try_send(aside).is_err() {
            tracing::debug!(login = %self.login, ?aside, "too much is to be shown: this is not");
        }
    }

    /// What is to be shown, for the one worker that does it.
    #[must_use]
    pub(crate) fn take_asides(&self) -> Option<mpsc::Receiver<Aside>> {
        self.asides.1.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Reads the login's accounts and their links anew.
    ///
    /// # Errors
    /// The store's failure; the cards stay as they were.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let group = Key::new().number(self.login.0).done();
        let found = self.store.scan_index::<ChannelAccount>(ChannelAccount::BY_LOGIN, &group, Scan::first(1_000)).await?;
        let mut cards = HashMap::new();
        for (_, account) in found {
            let id = account.record.id;
            let links = self.store.scan::<AccountLink>(&Key::new().number(id.0).done(), Scan::first(100)).await?;
            let keys: Vec<_> = links.iter().map(|link| CrmConnection::at(link.record.connection)).collect();
            let connections = self.store.get_many::<CrmConnection>(&keys).await?;
            // Nothing is passed on to one that is switched off (B-35).
            let on = |connection: &Option<Stored<CrmConnection>>| {
                connection.as_ref().is_some_and(|one| one.record.active && one.record.removed_at.is_none())
            };
            let links = links.into_iter().zip(&connections).filter(|(_, connection)| on(connection)).map(|(link, _)| link.record).collect();
            cards.insert(id, Arc::new(AccountCard { account: account.record, links }));
        }
        *self.accounts.write().unwrap_or_else(PoisonError::into_inner) = cards;
        Ok(())
    }

    /// An account of this login.
    #[must_use]
    pub fn card(&self, id: AccountId) -> Option<Arc<AccountCard>> {
        self.accounts.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Whether an account of the login was taken off, while the login goes on with others.
    pub fn was_taken_off(&self, external_id: &str) -> bool {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        let mut same = accounts.values().filter(|card| card.account.external_id == external_id).peekable();
        same.peek().is_some() && same.all(|card| card.account.removed_at.is_some())
    }

    /// Every account of this login.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountId> {
        self.accounts.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// The account the provider names so.
    #[must_use]
    pub fn account(&self, external_id: &str) -> Option<Arc<AccountCard>> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        accounts.values().find(|card| card.account.external_id == external_id && card.account.removed_at.is_none()).cloned()
    }
}
