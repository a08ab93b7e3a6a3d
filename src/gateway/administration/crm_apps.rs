//! The applications this installation is at its CRMs: their keys, filled in while connecting or beside a connection. One app may serve several
//! connections; what is changed of it is changed for all.

use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::connecting::SET_UP_FOR;
use super::walk::{NAMES, invalid};
use super::{Actor, AdministrationError, audit, connections};
use crate::connector::form::{Field, FieldKind, Values};
use crate::connector::values::{self, Choices};
use crate::crm::capability::{Addresses, Apps, KeptApp, NewApp};
use crate::crm::contract::Crm;
use crate::gateway::crm_intake;
use crate::gateway::entries::{self, CrmMailboxEntry, FeedEntry};
use crate::gateway::house::House;
use crate::model::connection::{CrmKind, ProviderApp};
use crate::model::crm::CrmConnection;
use crate::model::ids::{ConnectionId, ProviderAppId, WorkspaceId};
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan};
use crate::store::records::streams;
use crate::store::table::Stored;

/// The fact by which an app is found again.
const APP_KEY: &str = "external_key";
/// The most apps of a workspace that are looked through.
const MOST: usize = 1_000;
const NO_APP: AdministrationError = AdministrationError::NotAllowed("no_app");

/// Where who allowed us in comes back to.
pub(super) fn returns(house: &House, kind: CrmKind) -> Option<String> {
    house.public_address().map(|base| format!("{base}/oauth/{}", kind.as_str()))
}

/// An app as a form.
#[derive(Debug, Clone, Default)]
pub struct AppForm {
    /// What is asked, and what is to be copied. Empty: the CRM knows no apps.
    pub fields: Vec<Field>,
    /// What is known, but for secrets.
    pub values: Values,
    /// The secrets that are kept, by field.
    pub kept: Vec<String>,
    /// How many other connections have the same app.
    pub shared_with: usize,
}

/// The app of a connection, as a form.
///
/// # Errors
/// There is no such connection, or the store's word.
pub async fn form(house: &House, workspace: WorkspaceId, id: ConnectionId) -> Result<AppForm, AdministrationError> {
    let connection = connections::connection(house, workspace, id).await?;
    let Some(crm) = connections::crm_of(house, &connection) else { return Ok(AppForm::default()) };
    let Some(apps) = crm.apps() else { return Ok(AppForm::default()) };
    let known = match connection.app {
        Some(app) => house.store.workspace(workspace).get::<ProviderApp>(ProviderApp::at(app)).await?,
        None => None,
    };
    let known = known.map(|app| opened(house, &app.record)).transpose()?;
    let fields = apps.fields(known.as_ref(), &addresses(house, workspace, &connection).await?);
    let asked = |name: &str| fields.iter().any(|field| field.name == name && !matches!(field.kind, FieldKind::Secret | FieldKind::Copy { .. }));
    let facts = known.iter().flat_map(|known| &known.facts).filter(|(name, _)| asked(name));
    let values = facts.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    let kept = known.iter().flat_map(|known| apps.secrets(known)).map(str::to_owned).collect();
    let all = connections::known(house, workspace).await?;
    let shared_with = all.iter().filter(|one| one.id != id && one.app.is_some() && one.app == connection.app).count();
    Ok(AppForm { fields, values, kept, shared_with })
}

async fn addresses(house: &House, workspace: WorkspaceId, connection: &CrmConnection) -> Result<Addresses, AdministrationError> {
    let Some(base) = house.public_address() else { return Ok(Addresses::default()) };
    let own = crm_intake::own_address(house, workspace, connection.id).await.map_err(|error| invalid(error.reason().code))?;
    let shared = Some(format!("{base}/hooks/app/{}", connection.kind.as_str()));
    Ok(Addresses { returns: returns(house, connection.kind), shared, own: own.map(|own| own.url) })
}

fn opened(house: &House, app: &ProviderApp) -> Result<KeptApp, AdministrationError> {
    let secrets = house.keyring.open_text(&ProviderApp::context(app.id), &app.sealed).map_err(invalid)?;
    Ok(KeptApp { facts: app.facts.clone(), secrets })
}

/// Keeps an app once, whoever names it. What was not filled in of one that is known stays as it was.
///
/// # Errors
/// Which field is wrong; or the store's word.
pub(super) async fn keep(
    house: &House, workspace: WorkspaceId, batch: &mut Batch, crm: &Arc<dyn Crm>, new: &NewApp,
) -> Result<ProviderAppId, AdministrationError> {
    let apps: &dyn Apps = crm.apps().ok_or(NO_APP)?;
    let all = house.store.workspace(workspace).scan::<ProviderApp>(&[], Scan::first(MOST)).await?;
    let same = |app: &&Stored<ProviderApp>| app.record.provider == crm.name() && app.record.facts.get(APP_KEY) == Some(&new.external_key);
    let known = all.iter().find(same);
    let before = known.map(|known| opened(house, &known.record)).transpose()?;
    let KeptApp { mut facts, secrets } = apps.kept(before.as_ref(), &new.values)?;
    facts.insert(APP_KEY.to_owned(), new.external_key.clone());
    let id = known.map_or_else(|| ProviderAppId(house.world.id()), |known| known.record.id);
    let record = ProviderApp {
        id,
        provider: crm.name().to_owned(),
        name: known.map_or_else(|| new.external_key.clone(), |known| known.record.name.clone()),
        sealed: house.keyring.seal(&ProviderApp::context(id), secrets.expose_secret().as_bytes(), house.world.as_ref()),
        facts,
        base_url: None,
        created_at: known.map_or_else(|| house.world.now(), |known| known.record.created_at),
    };
    match known {
        Some(known) => batch.update(known, &record)?,
        None => batch.insert(&record)?,
    }
    Ok(id)
}

/// Sets the app of a connection. Every connection that has it is set up anew.
///
/// # Errors
/// There is no such connection, its CRM knows no apps, which field is wrong; or the store's word.
pub async fn put(house: &House, workspace: WorkspaceId, actor: &Actor, id: ConnectionId, filled: &Values) -> Result<(), AdministrationError> {
    let connection = connections::served(house, workspace, id).await?;
    let crm = connections::crm_of(house, &connection).ok_or(NO_APP)?;
    let apps = crm.apps().ok_or(NO_APP)?;
    values::check(&form(house, workspace, id).await?.fields, &serde_json::to_value(filled).map_err(invalid)?, &Choices::default())?;
    let new = NewApp { external_key: apps.mark(filled)?, values: filled.clone() };
    let store = house.store.workspace(workspace);
    for _ in 0..NAMES {
        let mut batch = Batch::new();
        let app = keep(house, workspace, &mut batch, &crm, &new).await?;
        for old in store.scan::<CrmConnection>(&[], Scan::first(MOST)).await? {
            if old.record.removed_at.is_some() || (old.record.id != id && old.record.app != Some(app)) {
                continue;
            }
            let mut record = CrmConnection { app: Some(app), ..old.record.clone() };
            record.facts.remove(SET_UP_FOR);
            batch.update(&old, &record)?;
            batch.append(&streams::crm_mailbox(record.id), entries::write(&CrmMailboxEntry::Reload)?);
            batch.append(&streams::feed(), entries::write(&FeedEntry::Connection { c: record.id, lost: false })?);
        }
        audit(house, &mut batch, actor, "connection.app_changed", id, json!({ "app": new.external_key }))?;
        match store.commit(batch).await {
            Ok(_) => {
                house.crm_hooks.clear();
                return Ok(());
            }
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}
