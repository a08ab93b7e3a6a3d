//! A walk through the steps of connecting something, whatever it is: how far somebody has come is kept sealed for a while, and nothing is
//! made before the last step. Channels and CRMs walk the same way, see [`connecting`](super::connecting) and
//! [`crm_connecting`](super::crm_connecting).

use data_encoding::HEXLOWER;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::AdministrationError;
use crate::connector::form::{Step, Values};
use crate::connector::walk::StepError;
use crate::gateway::house::House;
use crate::model::ids::{AccountId, ConnectingId, ConnectionId, WorkspaceId};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::records::{Connecting, Goal};
use crate::store::table::Stored;

/// Who stands at a step for so long begins anew.
const LIFE_MS: i64 = 30 * 60_000;
/// The most walks of a workspace at once: the oldest make room.
const WALKS: usize = 50;
/// A step at the provider takes no longer, milliseconds.
pub(super) const STEP_MS: i64 = 30_000;
/// Who takes something off waits so long for its provider, milliseconds.
pub(super) const TAKE_OFF_MS: i64 = 5_000;
/// How many names are tried for something new.
pub(super) const NAMES: u32 = 20;
/// The most fields of an answer, and the longest of them in bytes.
const FIELDS: (usize, usize) = (30, 20_000);

/// A refusal of the whole step.
pub(super) fn wrong(code: &str) -> AdministrationError {
    StepError { field: String::new(), reason: Reason::new(code) }.into()
}

/// Something of ours cannot be read or written as JSON, or opened.
pub(super) fn invalid(error: impl std::fmt::Display) -> StoreError {
    StoreError::Invalid(error.to_string())
}

/// Where somebody stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Stand {
    /// This is asked now.
    Asked {
        /// The walk.
        id: ConnectingId,
        /// What is shown.
        step: Step,
        /// Until when.
        until: Time,
        /// Why what was brought back from the provider was no good.
        refused: Option<Reason>,
    },
    /// It is connected: these channels.
    Channels(Vec<AccountId>),
    /// It is connected: this CRM.
    Connection(ConnectionId),
}

/// Begins a walk.
///
/// # Errors
/// The store's word.
pub(super) async fn begin(house: &House, workspace: WorkspaceId, by: &str, goal: Goal, step: Step) -> Result<Stand, AdministrationError> {
    let (store, now) = (house.store.workspace(workspace), house.world.now());
    let walk = Connecting {
        id: ConnectingId(house.world.id()),
        goal,
        by: by.to_owned(),
        sealed: String::new(),
        step: serde_json::to_value(&step).map_err(invalid)?,
        until: now.plus_ms(LIFE_MS),
        away: String::new(),
        refused: None,
        made: None,
    };
    let mut batch = Batch::new();
    let walks = store.scan::<Connecting>(&[], Scan::first(WALKS * 2)).await?;
    // Ids rise with time: the first are the oldest.
    let too_many = walks.len().saturating_sub(WALKS - 1);
    for (at, old) in walks.iter().enumerate() {
        if at < too_many || old.record.until <= now {
            batch.remove(old);
        }
    }
    batch.insert(&walk)?;
    store.commit(batch).await?;
    Ok(Stand::Asked { id: walk.id, step, until: walk.until, refused: None })
}

/// Somebody's walk.
///
/// # Errors
/// There is none, it is somebody else's, its time is over; or the store's word.
pub async fn find(house: &House, workspace: WorkspaceId, by: &str, id: ConnectingId) -> Result<Stored<Connecting>, AdministrationError> {
    let found = house.store.workspace(workspace).get::<Connecting>(Connecting::at(id)).await?;
    let fits = |found: &Stored<Connecting>| found.record.by == by && found.record.until > house.world.now();
    found.filter(fits).ok_or(AdministrationError::Unknown("connecting"))
}

/// Where a walk stands. Its person may be at the provider meanwhile, and be connected when they come back.
///
/// # Errors
/// As [`find`].
pub async fn stand(house: &House, workspace: WorkspaceId, by: &str, id: ConnectingId) -> Result<Stand, AdministrationError> {
    let walk = find(house, workspace, by, id).await?.record;
    if let Some(made) = walk.made {
        return Ok(Stand::Connection(made));
    }
    let step = serde_json::from_value(walk.step).map_err(invalid)?;
    Ok(Stand::Asked { id, step, until: walk.until, refused: walk.refused })
}

/// Ends a walk: nothing of it is left.
///
/// # Errors
/// There is no such walk, or the store's word.
pub async fn end(house: &House, workspace: WorkspaceId, by: &str, id: ConnectingId) -> Result<(), AdministrationError> {
    let old = find(house, workspace, by, id).await?;
    let mut batch = Batch::new();
    batch.remove(&old);
    match house.store.workspace(workspace).commit(batch).await {
        Ok(_) | Err(CommitError::Refused(Refusal::Conflict { .. })) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What the step before gave; null at the first.
///
/// # Errors
/// It cannot be opened.
pub(super) fn state(house: &House, walk: &Connecting) -> Result<Value, AdministrationError> {
    if walk.sealed.is_empty() {
        return Ok(Value::Null);
    }
    let opened = house.keyring.open_text(&Connecting::context(walk.id), &walk.sealed).map_err(invalid)?;
    Ok(serde_json::from_str(opened.expose_secret()).map_err(invalid)?)
}

/// Goes on to the next step. `away`: what who goes away must bring back.
///
/// # Errors
/// The store's word.
pub(super) async fn ask(
    house: &House, workspace: WorkspaceId, old: &Stored<Connecting>, step: Step, state: &impl Serialize, away: Option<&str>,
) -> Result<Stand, AdministrationError> {
    let id = old.record.id;
    let state = serde_json::to_vec(state).map_err(invalid)?;
    let new = Connecting {
        sealed: house.keyring.seal(&Connecting::context(id), &state, house.world.as_ref()),
        step: serde_json::to_value(&step).map_err(invalid)?,
        until: house.world.now().plus_ms(LIFE_MS),
        away: away.filter(|_| matches!(step, Step::Redirect { .. })).map(hash).unwrap_or_default(),
        refused: None,
        ..old.record.clone()
    };
    let mut batch = Batch::new();
    batch.update(old, &new)?;
    house.store.workspace(workspace).commit(batch).await?;
    Ok(Stand::Asked { id, step, until: new.until, refused: None })
}

fn hash(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

/// What who comes back brings is what they were given: it is good once.
///
/// # Errors
/// It is not; or the store's word.
pub(super) async fn back(
    house: &House, workspace: WorkspaceId, old: Stored<Connecting>, brought: &str,
) -> Result<Stored<Connecting>, AdministrationError> {
    let is_it = !old.record.away.is_empty() && bool::from(old.record.away.as_bytes().ct_eq(hash(brought).as_bytes()));
    if !is_it {
        return Err(AdministrationError::Unknown("connecting"));
    }
    let new = Connecting { away: String::new(), ..old.record.clone() };
    update(house, workspace, old, new).await
}

/// Writes a walk's next state.
///
/// # Errors
/// It changed meanwhile; or the store's word.
pub(super) async fn update(
    house: &House, workspace: WorkspaceId, old: Stored<Connecting>, new: Connecting,
) -> Result<Stored<Connecting>, AdministrationError> {
    let mut batch = Batch::new();
    batch.update(&old, &new)?;
    match house.store.workspace(workspace).commit(batch).await {
        Ok(_) => Ok(Stored { version: old.version.saturating_add(1), record: new }),
        Err(CommitError::Refused(Refusal::Conflict { .. })) => Err(AdministrationError::Unknown("connecting")),
        Err(error) => Err(error.into()),
    }
}

/// Whether an answer has what the step asks for; a field that may stay empty may be missing.
///
/// # Errors
/// Something is missing, or too much.
pub(super) fn check(walk: &Connecting, values: &Values) -> Result<(), AdministrationError> {
    let (fields, longest) = FIELDS;
    if values.len() > fields || values.values().any(|value| value.to_string().len() > longest) {
        return Err(wrong("too_large"));
    }
    let step: Step = serde_json::from_value(walk.step.clone()).map_err(invalid)?;
    let Step::Fields { fields, .. } = step else { return Ok(()) };
    for field in fields.iter().filter(|field| !field.optional && field.only_if.is_none()) {
        let empty = values.get(&field.name).is_none_or(|value| value.as_str().is_some_and(|text| text.trim().is_empty()) || value.is_null());
        if empty {
            return Err(StepError { field: field.name.clone(), reason: Reason::new("required") }.into());
        }
    }
    Ok(())
}

/// A name nobody has (B-34).
pub(super) fn free_name(wanted: &str, instead: &str, taken: &[String], attempt: u32) -> String {
    let name: String = wanted.trim().chars().take(80).collect();
    let name = if name.is_empty() { instead.to_owned() } else { name };
    let numbered = |number: u32| if number == 0 { name.clone() } else { format!("{name} {}", number.saturating_add(1)) };
    let free = (attempt..1_000).map(numbered).find(|name| !taken.contains(&name.to_lowercase()));
    free.unwrap_or_else(|| format!("{name} {instead}"))
}
