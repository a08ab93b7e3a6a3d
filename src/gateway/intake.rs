//! What providers send to hooks: found by the address, split by the channel, durable in the mailboxes before the provider hears
//! anything. What fits no login is kept in quarantine and counts as taken; a repeat of the same part has no second effect for a day.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::entries::{self, MailboxEntry};
use super::faults;
use super::house::House;
use crate::channel::contract::{HookAnswer, RawHook, Routed};
use crate::model::connection::ProviderLogin;
use crate::model::ids::{LoginId, QuarantineId, WorkspaceId};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::records::{Pointer, Quarantine, streams};

/// The kind of a hook's pointer.
pub const HOOK: &str = "hook";
/// The greatest body of a hook, bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;
/// The most parts of one hook.
pub(in crate::gateway) const PARTS_LIMIT: usize = 1_000;
/// How long a repeat is known.
pub(in crate::gateway) const REPEAT_KNOWN_MS: i64 = 24 * 60 * 60 * 1_000;
/// The most logins of a workspace.
const LOGINS: usize = 5_000;

/// How long a hook's address is believed to lead where it led.
pub const DOOR_KEPT_MS: i64 = 3_000;

/// Where a hook's address leads.
#[derive(Debug, Clone)]
pub struct Door {
    workspace: WorkspaceId,
    login: ProviderLogin,
}

/// Why a hook was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// No hook has this address.
    #[error("no such hook")]
    Unknown,
    /// The provider must send it again.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StoreError> for IntakeError {
    fn from(error: StoreError) -> Self {
        Self::Commit(error.into())
    }
}

/// What fitted no login, as it lies in quarantine: enough to try again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "snake_case")]
pub enum Unfit {
    /// A whole hook that could not be split.
    Hook {
        /// The login whose address was called.
        login: LoginId,
        /// Headers, without those that hold secrets.
        headers: Vec<(String, String)>,
        /// The query.
        query: String,
        /// The body.
        #[serde(with = "crate::store::key::base64")]
        body: Vec<u8>,
    },
    /// A part whose login is not here.
    Part {
        /// The login whose address was called.
        login: LoginId,
        /// The provider's key of the login it was for.
        key: String,
        /// The part.
        #[serde(with = "crate::store::key::base64")]
        body: Vec<u8>,
    },
}

/// The key of a hook's pointer: the secret itself is stored nowhere.
#[must_use]
pub fn hook_key(login: LoginId, secret: &str) -> String {
    format!("{login}.{}", HEXLOWER.encode(&Sha256::digest(secret.as_bytes())))
}

/// Where a part goes.
enum Target {
    Login(LoginId),
    Nowhere(Unfit, Reason),
}

/// Takes a hook. When this answers, everything it held is durable.
///
/// # Errors
/// No hook has this address, or the store failed: then the provider sends it again, and what was stored already is known.
pub async fn take(house: &House, login: LoginId, secret: &str, hook: &RawHook) -> Result<HookAnswer, IntakeError> {
    let door = door(house, login, secret).await?;
    let (store, record) = (house.store.workspace(door.workspace), &door.login);
    let now = house.world.now();
    let (targets, answer) = match split(house, record, hook) {
        Ok(routed) => (targets(house, door.workspace, record, routed.parts).await?, routed.answer),
        Err(reason) => {
            let unfit = Unfit::Hook { login, headers: harmless(&hook.headers), query: hook.query.clone(), body: hook.body.to_vec() };
            (vec![(Target::Nowhere(unfit, reason), hook.body.clone())], HookAnswer::ok())
        }
    };
    // One after the other: parts of one login keep their order. One batch each: a part that is known takes no other with it.
    for (target, part) in targets {
        let mut batch = Batch::new();
        batch.once(once_key(&target, login, &part), REPEAT_KNOWN_MS, "");
        match target {
            Target::Login(to) => batch.append(&streams::mailbox(to), entry(now, part)?),
            Target::Nowhere(unfit, reason) => keep(house, &mut batch, &record.provider, &unfit, reason)?,
        }
        match faults::commit("intake", &store, batch).await {
            Ok(_) => {}
            Err(CommitError::Refused(Refusal::Seen { .. })) => metrics::counter!("kommutator_hook_repeats_total").increment(1),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(answer)
}

/// The login a hook's address leads to.
async fn door(house: &House, login: LoginId, secret: &str) -> Result<Arc<Door>, IntakeError> {
    let (key, now) = (hook_key(login, secret), house.world.now());
    if let Some(door) = house.hooks.get(&key, now) {
        return Ok(door);
    }
    let pointer = house.store.global().get::<Pointer>(Pointer::at(HOOK, &key)).await?.ok_or(IntakeError::Unknown)?.record;
    // The store has compared by its own means; this one tells nothing by its time.
    if pointer.login != Some(login) || !bool::from(pointer.key.as_bytes().ct_eq(key.as_bytes())) {
        return Err(IntakeError::Unknown);
    }
    let found = house.store.workspace(pointer.workspace).get::<ProviderLogin>(ProviderLogin::at(login)).await?;
    let found = found.map(|stored| stored.record).filter(|record| record.removed_at.is_none()).ok_or(IntakeError::Unknown)?;
    Ok(house.hooks.put(key, now, Door { workspace: pointer.workspace, login: found }))
}

/// Tries again where something from quarantine belongs: adds what is to be appended to the batch.
///
/// # Errors
/// It still fits no login (the reason's code), or the store failed.
pub(in crate::gateway) async fn again(
    house: &House, workspace: WorkspaceId, payload: &[u8], batch: &mut Batch,
) -> Result<Result<(), Reason>, StoreError> {
    let Ok(unfit) = entries::read::<Unfit>(payload) else { return Ok(Err(Reason::new("unreadable"))) };
    let (Unfit::Hook { login, .. } | Unfit::Part { login, .. }) = &unfit;
    let record = house.store.workspace(workspace).get::<ProviderLogin>(ProviderLogin::at(*login)).await?.map(|stored| stored.record);
    let Some(record) = record.filter(|record| record.removed_at.is_none()) else { return Ok(Err(Reason::new("login_removed"))) };
    let parts = match unfit {
        Unfit::Hook { headers, query, body, .. } => match split(house, &record, &RawHook { headers, query, secret: None, body: body.into() }) {
            Ok(routed) => routed.parts,
            Err(reason) => return Ok(Err(reason)),
        },
        Unfit::Part { key, body, .. } => vec![(key, body.into())],
    };
    let now = house.world.now();
    for (target, part) in targets(house, workspace, &record, parts).await? {
        match target {
            Target::Login(to) => batch.append(&streams::mailbox(to), entry(now, part)?),
            Target::Nowhere(_, reason) => return Ok(Err(reason)),
        }
    }
    Ok(Ok(()))
}

fn entry(at: Time, part: Bytes) -> Result<Vec<u8>, StoreError> {
    entries::write(&MailboxEntry::Part { at, body: part.into() })
}

/// By which key a part of a login is known for a day, whichever way it came: by a hook or by asking.
#[must_use]
pub(in crate::gateway) fn part_key(login: LoginId, part: &[u8]) -> Vec<u8> {
    once_key(&Target::Login(login), login, part)
}

/// What went to quarantine is known apart: the same part is taken once there is a login for it.
fn once_key(target: &Target, asked: LoginId, part: &[u8]) -> Vec<u8> {
    let (kind, login) = match target {
        Target::Login(login) => ("hook", *login),
        Target::Nowhere(..) => ("unfit", asked),
    };
    let mut hash = Sha256::new();
    hash.update(login.0.to_be_bytes());
    hash.update(part);
    format!("{kind}/{}", HEXLOWER.encode(&hash.finalize())).into_bytes()
}

/// Splits a hook by its channel. A channel that panics on some body is no reason to lose it.
fn split(house: &House, login: &ProviderLogin, hook: &RawHook) -> Result<Routed, Reason> {
    let channel = house.channels.get(&login.provider).ok_or_else(|| Reason::new("channel_unknown").with("provider", &login.provider))?;
    match catch_unwind(AssertUnwindSafe(|| channel.route(hook, login))) {
        Ok(Ok(routed)) if routed.parts.len() > PARTS_LIMIT => Err(Reason::new("too_many_parts").with("parts", routed.parts.len())),
        Ok(Ok(routed)) => Ok(routed),
        Ok(Err(unreadable)) => Err(Reason::new("unreadable").said(&unreadable.0)),
        Err(_) => {
            metrics::counter!("kommutator_actor_panics_total", "actor" => "hook").increment(1);
            Err(Reason::new("channel_panicked"))
        }
    }
}

/// The login of each part: none named is the one whose address was called.
async fn targets(
    house: &House, workspace: WorkspaceId, asked: &ProviderLogin, parts: Vec<(String, Bytes)>,
) -> Result<Vec<(Target, Bytes)>, StoreError> {
    let named = parts.iter().any(|(key, _)| !key.is_empty());
    let logins = match named {
        true => house.store.workspace(workspace).scan::<ProviderLogin>(&[], Scan::first(LOGINS)).await?,
        false => Vec::new(),
    };
    let find = |key: &str| match key.is_empty() {
        true => Some(asked.id),
        false => {
            let fits = |login: &ProviderLogin| login.removed_at.is_none() && login.provider == asked.provider && login.external_key == key;
            logins.iter().map(|stored| &stored.record).find(|login| fits(login)).map(|login| login.id)
        }
    };
    let target = |(key, part): (String, Bytes)| match find(&key) {
        Some(login) => (Target::Login(login), part),
        None => {
            let reason = Reason::new("unknown_login").with("key", key.chars().take(200).collect::<String>());
            (Target::Nowhere(Unfit::Part { login: asked.id, key, body: part.to_vec() }, reason), part)
        }
    };
    Ok(parts.into_iter().map(target).collect())
}

/// Headers that may be kept: what opens something at the provider or here is not.
pub(in crate::gateway) fn harmless(headers: &[(String, String)]) -> Vec<(String, String)> {
    let secret = |name: &str| ["auth", "cookie", "secret", "token", "signature", "key"].iter().any(|word| name.contains(word));
    headers.iter().filter(|(name, _)| !secret(name)).cloned().collect()
}

fn keep(house: &House, batch: &mut Batch, provider: &str, unfit: &Unfit, reason: Reason) -> Result<(), StoreError> {
    tracing::warn!(provider, code = reason.code, "a hook goes to quarantine");
    metrics::counter!("kommutator_quarantined_total").increment(1);
    batch.insert(&Quarantine {
        id: QuarantineId(house.world.id()),
        at: house.world.now(),
        login: None,
        connection: None,
        provider: provider.to_owned(),
        reason,
        payload: data_encoding::BASE64.encode(&entries::write(unfit)?),
        stream: None,
        replayed_at: None,
    })
}
