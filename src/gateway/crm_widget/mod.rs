//! What a CRM's widget asks, known by the connection's key (B-42): whom a record's conversations are with, writing to them, beginning
//! others, mailings, and who hears of what customers write.
//!
//! * here: whom a key leads to; what a widget is told when it starts
//! * [`card`]: the conversations and addresses of a record's contacts; [`say`]: writing and beginning; [`mailings`]: to many
//! * [`notices`]: who hears of messages

pub mod card;
pub mod mailings;
pub mod notices;
pub mod say;

use std::sync::Arc;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::administration::{AdministrationError, connections, links};
use super::house::House;
use crate::crm::capability::{Hears, WIDGET_SEEN};
use crate::crm::contract::Crm;
use crate::model::connection::ChannelAccount;
use crate::model::crm::CrmConnection;
use crate::model::ids::WorkspaceId;
use crate::model::protocol::{Author, AuthorKind};
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, StoreError};
use crate::store::records::Pointer;

/// The kind of the pointer of a connection's key.
const KEY: &str = "crm_widget";
/// That the widget asked is kept at most so often, milliseconds.
const SEEN_MS: i64 = 60 * 60_000;

/// Whom a key leads to.
#[derive(Clone)]
pub struct Door {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The connection, as it is stored.
    pub connection: CrmConnection,
    /// Its CRM: one that can show a widget.
    pub crm: Arc<dyn Crm>,
}

fn place(api_key: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(api_key.as_bytes()))
}

/// A connection's key leads to it from now on. What it was before leads there still, and opens nothing.
///
/// # Errors
/// The store's word.
pub async fn point(house: &House, workspace: WorkspaceId, connection: &CrmConnection) -> Result<(), CommitError> {
    if connection.api_key.is_empty() {
        return Ok(());
    }
    let store = house.store.global();
    let (kind, key) = (KEY.to_owned(), place(&connection.api_key));
    let old = store.get::<Pointer>(Pointer::at(&kind, &key)).await?;
    let new = Pointer { kind, key, workspace, login: None, account: None, connection: Some(connection.id) };
    let mut batch = Batch::new();
    match &old {
        Some(old) if old.record == new => return Ok(()),
        Some(old) => batch.update(old, &new)?,
        None => batch.insert(&new)?,
    }
    match store.commit(batch).await {
        // Somebody else did the same.
        Ok(_) | Err(CommitError::Refused(Refusal::Conflict { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whom a key leads to; none: nobody.
///
/// # Errors
/// The store's word.
pub async fn door(house: &House, api_key: &str) -> Result<Option<Door>, StoreError> {
    let Some(pointer) = house.store.global().get::<Pointer>(Pointer::at(KEY, &place(api_key))).await? else { return Ok(None) };
    let (workspace, Some(id)) = (pointer.record.workspace, pointer.record.connection) else { return Ok(None) };
    let found = house.store.workspace(workspace).get::<CrmConnection>(CrmConnection::at(id)).await?;
    let known = found.map(|found| found.record).filter(|known| known.removed_at.is_none());
    // A key that was replaced has its pointer still.
    let Some(connection) = known.filter(|known| bool::from(known.api_key.as_bytes().ct_eq(api_key.as_bytes()))) else { return Ok(None) };
    let crm = connections::crm_of(house, &connection).filter(|crm| crm.widget().is_some());
    Ok(crm.map(|crm| Door { workspace, connection, crm }))
}

/// A user of the CRM, as its page names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WidgetUser {
    /// The CRM's id of them.
    pub id: String,
    /// Their name.
    pub name: String,
}

impl Door {
    /// Whether its conversations are in the CRM's own chats, so that they are begun there and written in there.
    #[must_use]
    pub fn has_chats(&self) -> bool {
        self.crm.widget().is_some_and(|widget| widget.has_chats(&self.connection))
    }

    /// The user as an author; who is not named is the connection.
    #[must_use]
    pub fn author(&self, user: Option<&WidgetUser>) -> Author {
        let cut = |text: &str, most: usize| text.trim().chars().take(most).collect::<String>();
        let (id, name) = user.map(|user| (cut(&user.id, 64), cut(&user.name, 100))).unwrap_or_default();
        let id = if id.is_empty() { self.connection.id.to_string() } else { id };
        let name = if name.is_empty() { self.connection.name.clone() } else { name };
        Author { kind: AuthorKind::Crm, id, name }
    }

    /// The accounts that feed the connection: the widget knows no others.
    ///
    /// # Errors
    /// The store's word.
    pub async fn accounts(&self, house: &House) -> Result<Vec<ChannelAccount>, AdministrationError> {
        let linked = links::links(house, self.workspace, self.connection.id).await?;
        Ok(linked.into_iter().filter_map(|(account, link)| link.map(|_| account)).collect())
    }

    /// Whether a user of the CRM hears of messages: by this key, if they show one.
    #[must_use]
    pub fn hears(&self, house: &House, user: &str) -> bool {
        let own = house.keyring.widget_user_key(self.connection.id, user);
        match self.crm.widget().map_or(Hears::No, |widget| widget.hears(&self.connection, user)) {
            Hears::Connecting => true,
            Hears::ByKey(key) => same(&key, &own),
            Hears::No => false,
        }
    }

    /// The widget asked: that it is there is kept, so that its owner knows.
    ///
    /// # Errors
    /// The store's word.
    pub async fn seen(&self, house: &House) -> Result<(), CommitError> {
        let now = house.world.now();
        if seen_at(&self.connection).is_some_and(|at| now.since(at) < SEEN_MS) {
            return Ok(());
        }
        let change = |old: &CrmConnection| {
            let mut new = old.clone();
            new.facts.insert(WIDGET_SEEN.to_owned(), now.0.to_string());
            Ok::<_, CommitError>(new)
        };
        house.store.workspace(self.workspace).change(CrmConnection::at(self.connection.id), change, |_, _| Ok(())).await?;
        Ok(())
    }
}

/// When the widget last asked.
#[must_use]
pub fn seen_at(connection: &CrmConnection) -> Option<Time> {
    connection.facts.get(WIDGET_SEEN).and_then(|ms| ms.parse().ok()).map(Time)
}

/// Whether two secrets are one; tells nothing by its time.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    bool::from(one.as_bytes().ct_eq(other.as_bytes()))
}

/// By what an account can be written to first: `phone`, `link`. None of both: not at all.
#[must_use]
pub fn writes_first(house: &House, account: &ChannelAccount) -> Vec<&'static str> {
    const SAMPLES: [(&str, &str); 5] = [
        ("phone", "+79990001122"),
        ("link", "https://t.me/sample"),
        ("link", "https://vk.com/sample"),
        ("link", "https://instagram.com/sample"),
        ("link", "@sample"),
    ];
    let mut by = Vec::new();
    for (name, sample) in SAMPLES {
        if !by.contains(&name) && card::address(house, account, sample).is_some() {
            by.push(name);
        }
    }
    by
}
