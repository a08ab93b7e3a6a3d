//! Connecting a CRM: a walk through its steps, one of which may lead to the CRM and back. Only the last step makes anything: the connection,
//! its first settings and which channels feed it, in one commit. Connecting anew keeps everything that hangs on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::access::Caller;
use super::connecting::SET_UP_FOR;
use super::walk::{self, NAMES, STEP_MS, Stand, TAKE_OFF_MS, free_name, invalid, wrong};
use super::{Actor, AdministrationError, audit, connections, crm_apps, links};
use crate::connector::form::Values;
use crate::connector::walk::StepError;
use crate::crm::capability::{Connect, Connected, Progress};
use crate::crm::contract::{Crm, CrmContext, CrmError, Host, Keys, Returns};
use crate::gateway::crm_actor::desk;
use crate::gateway::entries::{self, CrmMailboxEntry, FeedEntry};
use crate::gateway::house::House;
use crate::model::connection::{CrmKind, Health, HealthState};
use crate::model::crm::{CrmConnection, CrmTalk};
use crate::model::ids::{ConnectingId, ConnectionId, ProviderAppId, WorkspaceId};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal};
use crate::store::records::{Connecting, Goal, streams};
use crate::store::table::{Record, Stored};

const UNKNOWN: AdministrationError = AdministrationError::Unknown("connecting");

fn connectable(crm: &Arc<dyn Crm>) -> Result<&dyn Connect, AdministrationError> {
    crm.connect().ok_or_else(|| wrong("kind_unknown"))
}

/// While something is connected nothing waits, nothing is renewed, nothing is kept but what the last step gives.
struct Walker(Keys);

#[async_trait]
impl Host for Walker {
    async fn turn(&self, _gate: &'static str) {}

    fn keys(&self) -> Keys {
        self.0.clone()
    }

    async fn renewed(&self, _round: u64) -> Result<Keys, CrmError> {
        Err(CrmError::AccessLost(Reason::new("token_revoked")))
    }

    async fn keep(&self, _talk: &CrmTalk) -> Result<(), CrmError> {
        Err(CrmError::Temporary(Reason::new("not_connected")))
    }
}

/// Begins to connect a CRM, or a connection that is there anew.
///
/// # Errors
/// The CRM is not connected by steps, there is no such connection, or the store's word.
pub async fn begin(
    house: &House, workspace: WorkspaceId, by: &str, crm: Option<CrmKind>, connection: Option<ConnectionId>,
) -> Result<Stand, AdministrationError> {
    let kind = match connection {
        Some(id) => connections::connection(house, workspace, id).await?.kind,
        None => crm.ok_or_else(|| wrong("kind_unknown"))?,
    };
    let crm = house.crms.get(kind.as_str()).ok_or_else(|| wrong("kind_unknown"))?;
    let step = connectable(&crm)?.first();
    walk::begin(house, workspace, by, Goal::Crm { crm: kind, connection }, step).await
}

/// Answers a step.
///
/// # Errors
/// The CRM's word, or the store's.
pub async fn answer(
    house: &Arc<House>, workspace: WorkspaceId, actor: &Actor, by: &str, id: ConnectingId, values: &Values,
) -> Result<Stand, AdministrationError> {
    let old = walk::find(house, workspace, by, id).await?;
    // Who was sent to the CRM answers by coming back.
    if !old.record.away.is_empty() {
        return walk::stand(house, workspace, by, id).await;
    }
    walk::check(&old.record, values)?;
    go_on(house, workspace, actor, &old, values, false).await
}

/// Somebody comes back from a CRM: what is in the address is the answer to the step. What they were given to bring is good once, and only
/// with the person it was given to.
///
/// # Errors
/// It is nobody's; or what the CRM's folder says, which then stands at the walk too.
pub async fn come_back(house: &Arc<House>, caller: &Caller, crm: CrmKind, query: &Values) -> Result<(), AdministrationError> {
    let brought = query.get("state").and_then(serde_json::Value::as_str).unwrap_or_default();
    let id: ConnectingId = brought.split('.').next().and_then(|id| id.parse().ok()).ok_or(UNKNOWN)?;
    let old = walk::find(house, caller.workspace, &caller.id, id).await?;
    if !matches!(old.record.goal, Goal::Crm { crm: goal, .. } if goal == crm) {
        return Err(UNKNOWN);
    }
    let old = walk::back(house, caller.workspace, old, brought).await?;
    match go_on(house, caller.workspace, &caller.actor(), &old, query, true).await {
        Ok(_) => Ok(()),
        Err(AdministrationError::Step(error)) => {
            let refused = Connecting { refused: Some(error.reason.clone()), ..old.record.clone() };
            walk::update(house, caller.workspace, old, refused).await?;
            Err(error.into())
        }
        Err(error) => Err(error),
    }
}

async fn go_on(
    house: &Arc<House>, workspace: WorkspaceId, actor: &Actor, old: &Stored<Connecting>, values: &Values, came_back: bool,
) -> Result<Stand, AdministrationError> {
    let Goal::Crm { crm: kind, connection: again } = old.record.goal else { return Err(UNKNOWN) };
    let crm = house.crms.get(kind.as_str()).ok_or_else(|| wrong("kind_unknown"))?;
    let connect = connectable(&crm)?;
    let state = walk::state(house, &old.record)?;
    let connection = match again {
        Some(id) => connections::connection(house, workspace, id).await?,
        None => unborn(kind, house.world.now()),
    };
    let mark = format!("{}.{}", old.record.id, house.world.secret::<32>());
    let returns = crm_apps::returns(house, kind).map(|url| Returns { url, state: mark.clone() });
    let context = CrmContext { returns, ..context(house, workspace, connection, SecretString::default(), STEP_MS).await? };
    let progress = limited(STEP_MS, connect.next(&context, state, values)).await.ok_or_else(|| wrong("provider_unreachable"))??;
    match progress {
        Progress::Ask { step, state } => walk::ask(house, workspace, old, step, &state, Some(&mark)).await,
        Progress::Done(connected) => finish(house, workspace, actor, old, &crm, *connected, came_back).await,
    }
}

async fn limited<T>(ms: i64, call: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(Duration::from_millis(u64::try_from(ms).unwrap_or(0)), call).await.ok()
}

async fn context(
    house: &Arc<House>, workspace: WorkspaceId, connection: CrmConnection, secrets: SecretString, limit_ms: i64,
) -> Result<CrmContext, AdministrationError> {
    let deadline = house.world.now().plus_ms(limit_ms);
    let made = desk::context(house, workspace, connection, Arc::new(Walker(Keys { secrets, round: 0 })), deadline).await;
    made.map_err(|error| StepError { field: String::new(), reason: error.reason() }.into())
}

/// Of a new connection nothing is known yet.
fn unborn(kind: CrmKind, now: Time) -> CrmConnection {
    CrmConnection {
        id: ConnectionId(0),
        kind,
        name: String::new(),
        active: true,
        api_key: String::new(),
        app: None,
        external_key: String::new(),
        sealed: String::new(),
        hook: String::new(),
        base_url: None,
        facts: BTreeMap::new(),
        settings: json!({}),
        health: HealthState { status: Health::Connected, reason: None, since: now },
        created_at: now,
        removed_at: None,
    }
}

/// Stores what was connected.
async fn finish(
    house: &Arc<House>, workspace: WorkspaceId, actor: &Actor, walk: &Stored<Connecting>, crm: &Arc<dyn Crm>, connected: Connected, came_back: bool,
) -> Result<Stand, AdministrationError> {
    let Goal::Crm { crm: kind, connection: again } = walk.record.goal else { return Err(UNKNOWN) };
    let store = house.store.workspace(workspace);
    let mark = (Key::new().text(kind.as_str()).done(), Key::new().text(&connected.external_key).done());
    for attempt in 0..NAMES {
        let known = store.get_unique::<CrmConnection>(CrmConnection::BY_EXTERNAL, &mark.0, &mark.1).await?;
        let mut batch = Batch::new();
        let app = match &connected.app {
            Some(new) => Some(crm_apps::keep(house, workspace, &mut batch, crm, new).await?),
            None => None,
        };
        let new = match (&known, again) {
            (Some(known), Some(id)) if known.record.id == id => {
                let new = renewed(house, &known.record, &connected, app);
                batch.update(known, &new)?;
                batch.append(&streams::crm_mailbox(id), entries::write(&CrmMailboxEntry::Reload)?);
                new
            }
            // Another account of the CRM than the one that is connected anew.
            (_, Some(_)) => return Err(wrong("other_account")),
            (Some(_), None) => return Err(wrong("connected_already")),
            (None, None) => {
                let taken: Vec<String> = connections::known(house, workspace).await?.iter().map(|one| one.name.to_lowercase()).collect();
                let id = ConnectionId(house.world.id());
                let new = CrmConnection {
                    id,
                    name: free_name(&connected.name, &connected.external_key, &taken, attempt),
                    api_key: connections::new_key(house),
                    external_key: connected.external_key.clone(),
                    settings: crm.check_settings(&json!({}), None)?,
                    ..renewed(house, &CrmConnection { id, ..unborn(kind, house.world.now()) }, &connected, app)
                };
                batch.insert(&new)?;
                links::link_all(house, workspace, &mut batch, id).await?;
                new
            }
        };
        batch.append(&streams::feed(), entries::write(&FeedEntry::Connection { c: new.id, lost: false })?);
        let action = if known.is_some() { "connection.connected_again" } else { "connection.created" };
        audit(house, &mut batch, actor, action, new.id, json!({ "name": new.name, "kind": new.kind }))?;
        match came_back {
            // The page they left looks what became of it.
            true => batch.update(walk, &Connecting { made: Some(new.id), sealed: String::new(), ..walk.record.clone() })?,
            false => batch.remove(walk),
        }
        match store.commit(batch).await {
            Ok(_) => {
                house.crm_hooks.clear();
                return Ok(Stand::Connection(new.id));
            }
            // The walk is gone: its last step was answered twice.
            Err(CommitError::Refused(Refusal::Conflict { table: Connecting::TABLE, .. })) => return Err(UNKNOWN),
            Err(CommitError::Refused(Refusal::Conflict { .. } | Refusal::NotUnique { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}

/// The same connection with other tokens: its actor sets it up anew.
fn renewed(house: &House, old: &CrmConnection, connected: &Connected, app: Option<ProviderAppId>) -> CrmConnection {
    let mut facts = old.facts.clone();
    facts.extend(connected.facts.clone());
    facts.remove(SET_UP_FOR);
    let context = CrmConnection::owner_name(old.id);
    CrmConnection {
        sealed: house.keyring.seal(&context, connected.secrets.expose_secret().as_bytes(), house.world.as_ref()),
        base_url: connected.base_url.clone(),
        app: app.or(old.app),
        facts,
        health: HealthState { status: Health::Connected, reason: None, since: house.world.now() },
        ..old.clone()
    }
}

/// A connection was taken off: its CRM is told to send nothing more. Best effort: what it sends all the same finds no address.
pub async fn take_off(house: &Arc<House>, workspace: WorkspaceId, connection: CrmConnection) {
    let (id, Some(crm)) = (connection.id, connections::crm_of(house, &connection)) else { return };
    let told = async {
        let Some(connect) = crm.connect() else { return Ok(()) };
        let secrets = match connection.sealed.as_str() {
            "" => SecretString::default(),
            sealed => house.keyring.open_text(&CrmConnection::owner_name(id), sealed).map_err(invalid)?,
        };
        let context = context(house, workspace, connection.clone(), secrets, TAKE_OFF_MS).await?;
        connect.take_off(&context).await.map_err(|error| StepError { field: String::new(), reason: error.reason() }.into())
    };
    match limited::<Result<(), AdministrationError>>(TAKE_OFF_MS, told).await {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::warn!(connection = %id, %error, "the CRM was not told that a connection was taken off"),
        None => tracing::warn!(connection = %id, "the CRM does not answer that a connection was taken off"),
    }
}
