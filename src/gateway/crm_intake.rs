//! What CRMs send to hooks: found by the address, split by the CRM's folder, durable in the connection's mailbox before the CRM hears
//! anything. What cannot be read is kept in quarantine and counts as taken; a repeat of the same part has no second effect for a day.
//!
//! A connection has an address of its own with a secret in it. Where a CRM sends what happens in all accounts to one address, it names
//! the account in it: such a name leads to the connection, and who calls shows by a signature that they may.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::entries::{self, CrmMailboxEntry};
use super::faults;
use super::house::House;
use super::intake::{IntakeError, PARTS_LIMIT, REPEAT_KNOWN_MS, harmless};
use crate::connector::hook::{HookAddress, HookAnswer, RawHook, Routed};
use crate::crm::contract::CrmError;
use crate::model::connection::{CrmKind, ProviderApp};
use crate::model::crm::CrmConnection;
use crate::model::ids::{ConnectionId, QuarantineId, WorkspaceId};
use crate::model::reason::Reason;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal};
use crate::store::records::{Pointer, Quarantine, streams};

/// The kind of the pointer of a connection's own address.
const HOOK: &str = "crm_hook";
/// The kind of the pointer of a name in a shared address.
const NAMED: &str = "crm_named";

/// Where a hook's address leads.
#[derive(Debug, Clone)]
pub struct CrmDoor {
    workspace: WorkspaceId,
    connection: CrmConnection,
    /// What signatures are made with: the app's keys, sealed no more.
    secrets: SecretString,
}

/// The address that was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrmAddress {
    /// A connection's own.
    Own {
        /// The connection.
        connection: ConnectionId,
        /// The secret in it.
        secret: String,
    },
    /// The shared one of a CRM.
    Named {
        /// The CRM.
        crm: CrmKind,
        /// The name in it.
        name: String,
    },
}

impl CrmAddress {
    fn pointer(&self) -> (&'static str, String) {
        match self {
            Self::Own { connection, secret } => (HOOK, format!("{connection}.{}", HEXLOWER.encode(&Sha256::digest(secret.as_bytes())))),
            Self::Named { crm, name } => (NAMED, format!("{}.{name}", crm.as_str())),
        }
    }
}

/// Takes a hook. When this answers, everything it held is durable.
///
/// # Errors
/// No hook has this address, or the store failed: then the CRM sends it again, and what was stored already is known.
pub async fn take(house: &House, address: &CrmAddress, hook: &RawHook) -> Result<HookAnswer, IntakeError> {
    let door = door(house, address).await?;
    let (store, connection, now) = (house.store.workspace(door.workspace), door.connection.id, house.world.now());
    let split = split(house, &door, hook);
    let (parts, answer) = match split {
        Ok(routed) => (routed.parts, routed.answer),
        Err(reason) => {
            let mut batch = Batch::new();
            batch.once(key("unfit", connection, &hook.body), REPEAT_KNOWN_MS, "");
            keep(house, &mut batch, &door, hook, reason)?;
            committed(faults::commit("crm/intake", &store, batch).await.map(|_| ()))?;
            return Ok(HookAnswer::ok());
        }
    };
    for (_, part) in parts {
        let mut batch = Batch::new();
        batch.once(key("hook", connection, &part), REPEAT_KNOWN_MS, "");
        let entry = CrmMailboxEntry::Part { at: now, body: part.into() };
        batch.append(&streams::crm_mailbox(connection), entries::write(&entry)?);
        committed(faults::commit("crm/intake", &store, batch).await.map(|_| ()))?;
    }
    Ok(answer)
}

fn committed(result: Result<(), CommitError>) -> Result<(), IntakeError> {
    match result {
        Err(CommitError::Refused(Refusal::Seen { .. })) => {
            metrics::counter!("kommutator_hook_repeats_total").increment(1);
            Ok(())
        }
        other => Ok(other?),
    }
}

fn key(kind: &str, connection: ConnectionId, part: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(connection.0.to_be_bytes());
    hash.update(part);
    format!("{kind}/{}", HEXLOWER.encode(&hash.finalize())).into_bytes()
}

async fn door(house: &House, address: &CrmAddress) -> Result<Arc<CrmDoor>, IntakeError> {
    let ((kind, key), now) = (address.pointer(), house.world.now());
    let known = format!("{kind}/{key}");
    if let Some(door) = house.crm_hooks.get(&known, now) {
        return Ok(door);
    }
    let pointer = house.store.global().get::<Pointer>(Pointer::at(kind, &key)).await?.ok_or(IntakeError::Unknown)?.record;
    // The store has compared by its own means; this one tells nothing by its time.
    let id = pointer.connection.filter(|_| bool::from(pointer.key.as_bytes().ct_eq(key.as_bytes()))).ok_or(IntakeError::Unknown)?;
    let store = house.store.workspace(pointer.workspace);
    let found = store.get::<CrmConnection>(CrmConnection::at(id)).await?.map(|stored| stored.record);
    let connection = found.filter(|found| found.removed_at.is_none()).ok_or(IntakeError::Unknown)?;
    let secrets = match connection.app {
        Some(app) => match store.get::<ProviderApp>(ProviderApp::at(app)).await? {
            Some(app) => house.keyring.open_text(&ProviderApp::context(app.record.id), &app.record.sealed).unwrap_or_default(),
            None => SecretString::default(),
        },
        None => SecretString::default(),
    };
    Ok(house.crm_hooks.put(known, now, CrmDoor { workspace: pointer.workspace, connection, secrets }))
}

/// Splits a hook by its CRM's folder. A folder that panics on some body is no reason to lose it.
fn split(house: &House, door: &CrmDoor, hook: &RawHook) -> Result<Routed, Reason> {
    let crm = house.crms.get(door.connection.kind.as_str()).ok_or_else(|| Reason::new("crm_unknown"))?;
    match catch_unwind(AssertUnwindSafe(|| crm.route(hook, &door.connection, &door.secrets))) {
        Ok(Ok(routed)) if routed.parts.len() > PARTS_LIMIT => Err(Reason::new("too_many_parts").with("parts", routed.parts.len())),
        Ok(Ok(routed)) => Ok(routed),
        Ok(Err(unreadable)) => Err(Reason::new("unreadable").said(&unreadable.0)),
        Err(_) => {
            metrics::counter!("kommutator_actor_panics_total", "actor" => "hook").increment(1);
            Err(Reason::new("crm_panicked"))
        }
    }
}

fn keep(house: &House, batch: &mut Batch, door: &CrmDoor, hook: &RawHook, reason: Reason) -> Result<(), crate::store::port::StoreError> {
    tracing::warn!(connection = %door.connection.id, code = reason.code, "a hook of a CRM goes to quarantine");
    metrics::counter!("kommutator_quarantined_total").increment(1);
    let entry = CrmMailboxEntry::Unfit { headers: harmless(&hook.headers), query: hook.query.clone(), body: hook.body.to_vec() };
    batch.insert(&Quarantine {
        id: QuarantineId(house.world.id()),
        at: house.world.now(),
        login: None,
        connection: Some(door.connection.id),
        provider: door.connection.kind.as_str().to_owned(),
        reason,
        payload: data_encoding::BASE64.encode(&entries::write(&entry)?),
        stream: None,
        replayed_at: None,
    })
}

/// A connection's own address from outside. None: this installation has none.
///
/// # Errors
/// The store failed.
pub(in crate::gateway) async fn own_address(
    house: &House, workspace: WorkspaceId, connection: ConnectionId,
) -> Result<Option<HookAddress>, CrmError> {
    let Some(base) = house.public_address() else { return Ok(None) };
    let secret = secret(house, workspace, connection).await?;
    Ok(Some(HookAddress { url: format!("{base}/hooks/crm/{connection}/{secret}"), secret }))
}

/// The secret in the address of a connection's hooks: made once.
async fn secret(house: &House, workspace: WorkspaceId, connection: ConnectionId) -> Result<String, CrmError> {
    let store = house.store.workspace(workspace);
    let unreadable = |error: &dyn std::fmt::Display| CrmError::Temporary(Reason::new("connection_unreadable").said(&error.to_string()));
    let gone = || CrmError::Rejected(Reason::new("unknown_connection"));
    let context = format!("{}/hook", CrmConnection::owner_name(connection));
    let known = store.get::<CrmConnection>(CrmConnection::at(connection)).await?.ok_or_else(gone)?.record;
    if !known.hook.is_empty() {
        let opened = house.keyring.open_text(&context, &known.hook).map_err(|error| unreadable(&error))?;
        return Ok(opened.expose_secret().to_owned());
    }
    // The address first: one that nobody was told is harmless.
    let secret = house.world.secret::<32>();
    let (kind, key) = CrmAddress::Own { connection, secret: secret.clone() }.pointer();
    point(house, workspace, connection, kind, &key).await.map_err(|error| unreadable(&error))?;
    let sealed = house.keyring.seal(&context, secret.as_bytes(), house.world.as_ref());
    let change = |old: &CrmConnection| Ok::<_, CommitError>(CrmConnection { hook: sealed.clone(), ..old.clone() });
    store.change(CrmConnection::at(connection), change, |_, _| Ok(())).await.map_err(|error| unreadable(&error))?;
    Ok(secret)
}

/// A name in the shared address of a CRM leads to this connection from now on.
///
/// # Errors
/// The store failed.
pub async fn name(house: &House, workspace: WorkspaceId, connection: ConnectionId, crm: CrmKind, name: &str) -> Result<(), CommitError> {
    let (kind, key) = CrmAddress::Named { crm, name: name.to_owned() }.pointer();
    point(house, workspace, connection, kind, &key).await
}

async fn point(house: &House, workspace: WorkspaceId, connection: ConnectionId, kind: &str, key: &str) -> Result<(), CommitError> {
    let store = house.store.global();
    let new = Pointer { kind: kind.to_owned(), key: key.to_owned(), workspace, login: None, account: None, connection: Some(connection) };
    let old = store.get::<Pointer>(Pointer::at(kind, key)).await?;
    let mut batch = Batch::new();
    match &old {
        Some(old) if old.record == new => return Ok(()),
        Some(old) => batch.update(old, &new)?,
        None => batch.insert(&new)?,
    }
    store.commit(batch).await.map(|_| ())
}
