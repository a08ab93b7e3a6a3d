//! CRM connections, «Исходящие каналы»: list, rename, switch, settings, key, take off. The first of them is our own messenger (G-01): it
//! has no actor, and is always on.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::channels::check_name;
use super::{Actor, AdministrationError, audit, links};
use crate::connector::form::Field;
use crate::connector::values::{self, Choices};
use crate::connector::walk::StepError;
use crate::crm::contract::Crm;
use crate::gateway::administration::connecting::SET_UP_FOR;
use crate::gateway::crm_widget;
use crate::gateway::entries::{self, CrmMailboxEntry, FeedEntry};
use crate::gateway::house::House;
use crate::model::connection::{CrmKind, Health, HealthState};
use crate::model::crm::{CrmConnection, CrmDirectory};
use crate::model::ids::{ConnectionId, WorkspaceId};
use crate::model::message::{CrmDeliveryStatus, Delivery};
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan};
use crate::store::records::streams;

/// The most connections of a workspace.
const MOST: usize = 100;
const UNKNOWN: AdministrationError = AdministrationError::Unknown("connection");
const ALWAYS_ON: AdministrationError = AdministrationError::NotAllowed("always_on");

/// A key of a connection, as its CRM's widget is given it (B-42).
pub(super) fn new_key(house: &House) -> String {
    house.world.secret::<16>()
}

/// Those that are there, the messenger only if it was made already.
///
/// # Errors
/// The store's word.
pub(super) async fn known(house: &House, workspace: WorkspaceId) -> Result<Vec<CrmConnection>, AdministrationError> {
    let found = house.store.workspace(workspace).scan::<CrmConnection>(&[], Scan::first(MOST * 10)).await?;
    Ok(found.into_iter().map(|stored| stored.record).filter(|one| one.removed_at.is_none()).collect())
}

/// The workspace's connections, our own messenger first.
///
/// # Errors
/// The store's word.
pub async fn connections(house: &House, workspace: WorkspaceId) -> Result<Vec<CrmConnection>, AdministrationError> {
    let mut all = known(house, workspace).await?;
    if !all.iter().any(|one| one.kind == CrmKind::WEB_MESSENGER) {
        make_messenger(house, workspace).await?;
        all = known(house, workspace).await?;
    }
    all.sort_by_key(|one| (one.kind.is_served(), one.created_at, one.id));
    Ok(all)
}

/// The messenger's row. Twice has the effect of once: there is one of its mark.
///
/// # Errors
/// The store's word.
pub(super) async fn make_messenger(house: &House, workspace: WorkspaceId) -> Result<(), AdministrationError> {
    let Some(space) = house.space(workspace).await? else { return Ok(()) };
    let name = match space.locale.as_str() {
        "en" => "Web messenger",
        "es" => "Mensajería web",
        _ => "Веб-мессенджер",
    };
    for attempt in 0..super::walk::NAMES {
        let (id, now) = (ConnectionId(house.world.id()), house.world.now());
        let name = if attempt == 0 { name.to_owned() } else { format!("{name} {}", attempt.saturating_add(1)) };
        let mut batch = Batch::new();
        batch.insert(&CrmConnection {
            id,
            kind: CrmKind::WEB_MESSENGER,
            name: name.clone(),
            active: true,
            api_key: new_key(house),
            app: None,
            external_key: CrmKind::WEB_MESSENGER.as_str().to_owned(),
            sealed: String::new(),
            hook: String::new(),
            base_url: None,
            facts: BTreeMap::new(),
            settings: json!({}),
            health: HealthState { status: Health::Connected, reason: None, since: now },
            created_at: now,
            removed_at: None,
        })?;
        batch.append(&streams::feed(), entries::write(&FeedEntry::Connection { c: id, lost: false })?);
        // Nobody did it: it is there with the workspace.
        match house.store.workspace(workspace).commit(batch).await {
            Ok(_) | Err(CommitError::Refused(Refusal::NotUnique { index: CrmConnection::BY_EXTERNAL, .. })) => return Ok(()),
            Err(CommitError::Refused(Refusal::NotUnique { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}

/// One of them.
///
/// # Errors
/// There is none, or the store's word.
pub async fn connection(house: &House, workspace: WorkspaceId, id: ConnectionId) -> Result<CrmConnection, AdministrationError> {
    let found = house.store.workspace(workspace).get::<CrmConnection>(CrmConnection::at(id)).await?;
    found.map(|found| found.record).filter(|one| one.removed_at.is_none()).ok_or(UNKNOWN)
}

/// One of them that a CRM stands behind.
///
/// # Errors
/// There is none, it is our own messenger, or the store's word.
pub async fn served(house: &House, workspace: WorkspaceId, id: ConnectionId) -> Result<CrmConnection, AdministrationError> {
    let found = connection(house, workspace, id).await?;
    if found.kind.is_served() { Ok(found) } else { Err(ALWAYS_ON) }
}

/// The CRM of a connection, if this program knows it.
#[must_use]
pub fn crm_of(house: &House, connection: &CrmConnection) -> Option<Arc<dyn Crm>> {
    house.crms.get(connection.kind.as_str())
}

/// How many messages stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queue {
    /// On their way.
    pub waiting: u64,
    /// Not there, and nobody tries any more.
    pub failed: u64,
    /// Since when the oldest waits.
    pub oldest: Option<Time>,
}

/// Where a connection's messages stand.
///
/// # Errors
/// The store's word.
pub async fn queue(house: &House, workspace: WorkspaceId, id: ConnectionId) -> Result<Queue, AdministrationError> {
    let store = house.store.workspace(workspace);
    let group = |status: CrmDeliveryStatus| Delivery::standing(id, status);
    let waiting = store.count_index::<Delivery>(Delivery::BY_STATE, &group(CrmDeliveryStatus::Queued)).await?;
    let failed = store.count_index::<Delivery>(Delivery::BY_STATE, &group(CrmDeliveryStatus::Failed)).await?;
    let oldest = store.scan_index::<Delivery>(Delivery::BY_STATE, &group(CrmDeliveryStatus::Queued), Scan::first(1)).await?;
    Ok(Queue { waiting, failed, oldest: oldest.first().map(|(_, delivery)| delivery.record.at) })
}

/// What of a connection can be changed.
#[derive(Debug, Clone, Default)]
pub struct ConnectionChange {
    /// Another name.
    pub name: Option<String>,
    /// The switch (B-35).
    pub active: Option<bool>,
    /// All its settings.
    pub settings: Option<Value>,
    /// Another key; the one before is good no more.
    pub new_key: bool,
    /// Off the list; what stands in the CRM stays there.
    pub remove: bool,
}

/// Changes or removes a connection. Its actor, and whoever feeds it, is told in the same commit.
///
/// # Errors
/// A field is wrong, the name is taken, there is no such connection, it is our own messenger, or the store's word.
pub async fn change_connection(
    house: &House, workspace: WorkspaceId, actor: &Actor, id: ConnectionId, change: &ConnectionChange,
) -> Result<CrmConnection, AdministrationError> {
    let store = house.store.workspace(workspace);
    for _ in 0..10 {
        let old = store.get::<CrmConnection>(CrmConnection::at(id)).await?.filter(|old| old.record.removed_at.is_none()).ok_or(UNKNOWN)?;
        let new = changed(house, workspace, &old.record, change).await?;
        if change.new_key {
            // The way to it first: a key that opens nothing is harmless.
            crm_widget::point(house, workspace, &new).await?;
        }
        let mut batch = Batch::new();
        batch.update(&old, &new)?;
        batch.append(&streams::feed(), entries::write(&FeedEntry::Connection { c: id, lost: false })?);
        if new.kind.is_served() {
            batch.append(&streams::crm_mailbox(id), entries::write(&CrmMailboxEntry::Reload)?);
        }
        if new.active != old.record.active {
            links::reload_all(house, workspace, &mut batch, &new).await?;
        }
        let action = match change {
            ConnectionChange { remove: true, .. } => "connection.removed",
            ConnectionChange { new_key: true, .. } => "connection.key_replaced",
            _ => "connection.changed",
        };
        let shown = |one: &CrmConnection| json!({ "name": one.name, "active": one.active, "settings": one.settings });
        audit(house, &mut batch, actor, action, id, json!({ "old": shown(&old.record), "new": shown(&new) }))?;
        match store.commit(batch).await {
            Ok(_) => {
                house.crm_hooks.clear();
                return Ok(new);
            }
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}

async fn changed(
    house: &House, workspace: WorkspaceId, old: &CrmConnection, change: &ConnectionChange,
) -> Result<CrmConnection, AdministrationError> {
    let mut new = old.clone();
    if !old.kind.is_served() && (change.active == Some(false) || change.remove || change.settings.is_some()) {
        return Err(ALWAYS_ON);
    }
    if let Some(name) = &change.name {
        new.name = check_name(name)?;
    }
    if let Some(active) = change.active {
        new.switch(active, house.world.now());
    }
    if let Some(settings) = &change.settings {
        new.settings = checked(house, workspace, old, settings).await?;
        // What is set may ask for something to be made there.
        new.facts.remove(SET_UP_FOR);
        new.is_set();
    }
    if change.new_key {
        new.api_key = new_key(house);
    }
    if change.remove {
        new.removed_at = Some(house.world.now());
        new.active = false;
        new.health = HealthState { status: Health::NotConnected, reason: None, since: house.world.now() };
    }
    Ok(new)
}

/// Settings are checked by the kinds of their fields, then by the CRM's folder.
async fn checked(house: &House, workspace: WorkspaceId, connection: &CrmConnection, settings: &Value) -> Result<Value, AdministrationError> {
    let unknown = || StepError { field: String::new(), reason: crate::model::reason::Reason::new("crm_unknown") };
    let crm = crm_of(house, connection).ok_or_else(unknown)?;
    let form = form(house, workspace, connection).await?;
    let accounts: Vec<String> = links::links(house, workspace, connection.id).await?.iter().map(|(account, _)| account.id.to_string()).collect();
    let lists = form.directory.as_ref().map(|directory| &directory.lists);
    values::check(&form.fields, settings, &Choices { lists, accounts: &accounts })?;
    Ok(crm.check_settings(settings, form.directory.as_ref())?)
}

/// What can be set of a connection, and what there is to choose from.
#[derive(Debug, Clone, Default)]
pub struct SettingsForm {
    /// The fields.
    pub fields: Vec<Field>,
    /// What its CRM offers to choose from, as it was when it was read last.
    pub directory: Option<CrmDirectory>,
}

/// The form of a connection's settings.
///
/// # Errors
/// The store's word.
pub async fn form(house: &House, workspace: WorkspaceId, connection: &CrmConnection) -> Result<SettingsForm, AdministrationError> {
    let fields = crm_of(house, connection).map(|crm| crm.settings(connection)).unwrap_or_default();
    let directory = house.store.workspace(workspace).get::<CrmDirectory>(CrmDirectory::at(connection.id)).await?;
    Ok(SettingsForm { fields, directory: directory.map(|stored| stored.record) })
}

/// The directories are read anew, and what can be set right is.
///
/// # Errors
/// There is no such connection, or the store's word.
pub async fn refresh(house: &House, workspace: WorkspaceId, id: ConnectionId) -> Result<(), AdministrationError> {
    served(house, workspace, id).await?;
    let mut batch = Batch::new();
    batch.once(house.world.secret::<12>().into_bytes(), 1_000, "");
    batch.append(&streams::crm_mailbox(id), entries::write(&CrmMailboxEntry::Reload)?);
    house.store.workspace(workspace).commit(batch).await?;
    Ok(())
}
