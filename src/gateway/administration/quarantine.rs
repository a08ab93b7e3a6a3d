//! What could not be handled: shown, and put back once it can be.

use data_encoding::BASE64;
use serde_json::json;

use super::access::Caller;
use super::{AdministrationError, audit};
use crate::gateway::house::House;
use crate::gateway::intake;
use crate::model::connection::ProviderLogin;
use crate::model::crm::CrmConnection;
use crate::model::ids::{QuarantineId, WorkspaceId};
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan, StoreError, StreamName};
use crate::store::records::{Quarantine, streams};
use crate::store::table::Stored;

/// Payloads before one, newest first.
///
/// # Errors
/// The store's word.
pub async fn list(house: &House, workspace: WorkspaceId, before: Option<QuarantineId>, limit: usize) -> Result<Vec<Quarantine>, AdministrationError> {
    let mut scan = Scan::last(limit);
    scan.below = before.map(|id| Quarantine::at(id).item);
    let found = house.store.workspace(workspace).scan::<Quarantine>(&[], scan).await?;
    Ok(found.into_iter().map(|stored| stored.record).collect())
}

/// One payload.
///
/// # Errors
/// There is none, or the store's word.
pub async fn one(house: &House, workspace: WorkspaceId, id: QuarantineId) -> Result<Stored<Quarantine>, AdministrationError> {
    let found = house.store.workspace(workspace).get::<Quarantine>(Quarantine::at(id)).await?;
    found.ok_or(AdministrationError::Unknown("quarantine"))
}

/// Puts a payload back: into its login's mailbox or the outbox it was taken from, or, where it fitted no login, through the channel again.
/// The entry and the mark that it was replayed are one commit, so it is put back once.
///
/// # Errors
/// There is none, it was replayed already (`already_replayed`), its login is gone (`login_removed`), it still fits none, or the store's word.
pub async fn replay(house: &House, caller: &Caller, id: QuarantineId) -> Result<Quarantine, AdministrationError> {
    let store = house.store.workspace(caller.workspace);
    for _ in 0..10 {
        let old = one(house, caller.workspace, id).await?;
        if old.record.replayed_at.is_some() {
            return Err(AdministrationError::NotAllowed("already_replayed"));
        }
        let payload = BASE64.decode(old.record.payload.as_bytes()).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let new = Quarantine { replayed_at: Some(house.world.now()), ..old.record.clone() };
        let mut batch = Batch::new();
        batch.update(&old, &new)?;
        match (new.login, new.connection) {
            (None, Some(connection)) => {
                let record = store.get::<CrmConnection>(CrmConnection::at(connection)).await?;
                if record.is_none_or(|record| record.record.removed_at.is_some()) {
                    return Err(AdministrationError::NotAllowed("login_removed"));
                }
                let stream = new.stream.clone().map_or_else(|| streams::crm_mailbox(connection), StreamName);
                batch.append(&stream, payload);
            }
            (Some(login), _) => {
                let record = store.get::<ProviderLogin>(ProviderLogin::at(login)).await?;
                if record.is_none_or(|record| record.record.removed_at.is_some()) {
                    return Err(AdministrationError::NotAllowed("login_removed"));
                }
                let stream = new.stream.clone().map_or_else(|| streams::mailbox(login), StreamName);
                batch.append(&stream, payload);
            }
            (None, None) => match intake::again(house, caller.workspace, &payload, &mut batch).await? {
                Ok(()) => {}
                Err(reason) => {
                    tracing::info!(%id, code = reason.code, "a payload still fits no login");
                    return Err(AdministrationError::NotAllowed("fits_no_login"));
                }
            },
        }
        let details = json!({ "provider": new.provider, "login": new.login, "reason": new.reason.code });
        audit(house, &mut batch, &caller.actor(), "quarantine.replayed", id, details)?;
        match store.commit(batch).await {
            Ok(_) => return Ok(new),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}
