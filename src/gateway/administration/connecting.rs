//! Connecting a channel: a walk through the channel's steps. How far somebody has come is kept sealed for a while; only the last step makes
//! anything: the login, its accounts and their first settings in one commit. Connecting anew keeps everything that hangs on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::walk::{self, NAMES, STEP_MS, Stand, TAKE_OFF_MS, free_name, invalid, wrong};
use super::{Actor, AdministrationError, audit, links};
use crate::channel::capability::{Connect, Connected, Progress, StepError};
use crate::channel::contract::{CallContext, Channel, LoginAccount};
use crate::connector::form::Values;
use crate::gateway::channel_actor::calls;
use crate::gateway::entries::{self, FeedEntry, MailboxEntry};
use crate::gateway::house::House;
use crate::model::connection::{ChannelAccount, ChannelKind, Health, HealthState, ProviderLogin};
use crate::model::ids::{AccountId, ConnectingId, LoginId, WorkspaceId};
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::records::{Connecting, Goal, LoginState, streams};
use crate::store::table::{Record, Stored};

fn connectable(channel: &Arc<dyn Channel>) -> Result<&dyn Connect, AdministrationError> {
    channel.connect().ok_or_else(|| wrong("kind_unknown"))
}

/// Begins to connect an account of a kind, or one that is there anew.
///
/// # Errors
/// The kind is not connected by steps, there is no such account, or the store's word.
pub async fn begin(
    house: &House, workspace: WorkspaceId, by: &str, kind: Option<ChannelKind>, account: Option<AccountId>,
) -> Result<Stand, AdministrationError> {
    let kind = match account {
        Some(id) => super::channels::account(house, workspace, id).await?.kind,
        None => kind.ok_or_else(|| wrong("kind_unknown"))?,
    };
    let channel = house.channels.of_kind(kind).ok_or_else(|| wrong("kind_unknown"))?;
    let step = connectable(&channel)?.first(kind);
    walk::begin(house, workspace, by, Goal::Channel { kind, account }, step).await
}

/// Answers a step.
///
/// # Errors
/// The channel's word, or the store's.
pub async fn answer(
    house: &Arc<House>, workspace: WorkspaceId, actor: &Actor, by: &str, id: ConnectingId, values: &Values,
) -> Result<Stand, AdministrationError> {
    let old = walk::find(house, workspace, by, id).await?;
    let Goal::Channel { kind, account } = old.record.goal else { return Err(AdministrationError::Unknown("connecting")) };
    let channel = house.channels.of_kind(kind).ok_or_else(|| wrong("kind_unknown"))?;
    let connect = connectable(&channel)?;
    walk::check(&old.record, values)?;
    let state = walk::state(house, &old.record)?;
    let now = house.world.now();
    // Of a new login nothing is known yet but what is typed; of one that is connected anew, what the channel knew of it.
    let mut login = unborn(channel.provider(), now);
    if let Some(account) = account {
        let account = super::channels::account(house, workspace, account).await?;
        login.facts = super::channels::login(house, workspace, account.login).await?.map(|login| login.facts).unwrap_or_default();
    }
    let context = calls::context(house, workspace, &login, now.plus_ms(STEP_MS));
    let limit = std::time::Duration::from_millis(u64::try_from(STEP_MS).unwrap_or(0));
    let progress = tokio::time::timeout(limit, connect.next(&context, kind, state, values)).await;
    match progress.map_err(|_| wrong("provider_unreachable"))?? {
        Progress::Ask { step, state } => walk::ask(house, workspace, &old, step, &state, None).await,
        Progress::Done(connected) => finish(house, workspace, actor, (&old, account), channel.as_ref(), *connected).await,
    }
}

fn unborn(provider: &str, now: Time) -> ProviderLogin {
    ProviderLogin {
        id: LoginId(0),
        provider: provider.to_owned(),
        app: None,
        external_key: String::new(),
        sealed: String::new(),
        base_url: None,
        facts: BTreeMap::new(),
        health: HealthState { status: Health::Connected, reason: None, since: now },
        created_at: now,
        removed_at: None,
    }
}

/// Stores what was connected.
async fn finish(
    house: &House, workspace: WorkspaceId, actor: &Actor, (walk, again): (&Stored<Connecting>, Option<AccountId>), channel: &dyn Channel,
    connected: Connected,
) -> Result<Stand, AdministrationError> {
    let store = house.store.workspace(workspace);
    for attempt in 0..NAMES {
        let logins = store.scan::<ProviderLogin>(&[], Scan::first(5_000)).await?;
        let same = |login: &Stored<ProviderLogin>| {
            login.record.removed_at.is_none() && login.record.provider == channel.provider() && login.record.external_key == connected.external_key
        };
        let known = logins.into_iter().find(same);
        let mut batch = Batch::new();
        let accounts = match (&known, again) {
            (Some(known), Some(account)) if super::channels::account(house, workspace, account).await?.login == known.record.id => {
                renew(house, &mut batch, channel, known, &connected)?;
                accounts(house, workspace, &mut batch, channel, known.record.id, &connected, attempt).await?
            }
            // Another account of the provider than the one that is connected anew.
            (_, Some(_)) => return Err(wrong("other_account")),
            (Some(_), None) => return Err(wrong("connected_already")),
            (None, None) => {
                let login = LoginId(house.world.id());
                let context = ProviderLogin::owner_name(login);
                let record = ProviderLogin {
                    id: login,
                    external_key: connected.external_key.clone(),
                    sealed: house.keyring.seal(&context, connected.secrets.expose_secret().as_bytes(), house.world.as_ref()),
                    base_url: connected.base_url.clone(),
                    facts: connected.facts.clone(),
                    ..unborn(channel.provider(), house.world.now())
                };
                batch.insert(&record)?;
                accounts(house, workspace, &mut batch, channel, login, &connected, attempt).await?
            }
        };
        for account in &accounts {
            batch.append(&streams::feed(), entries::write(&FeedEntry::Account { a: account.id, lost: false })?);
            let action = if known.is_some() { "channel.connected_again" } else { "channel.created" };
            audit(house, &mut batch, actor, action, account.id, json!({ "name": account.name, "kind": account.kind }))?;
        }
        batch.remove(walk);
        match store.commit(batch).await {
            Ok(_) => {
                for account in &accounts {
                    house.accounts.forget(workspace, account.id);
                }
                return Ok(Stand::Channels(accounts.into_iter().map(|account| account.id).collect()));
            }
            // The walk is gone: its last step was answered twice.
            Err(CommitError::Refused(Refusal::Conflict { table: Connecting::TABLE, .. })) => {
                return Err(AdministrationError::Unknown("connecting"));
            }
            Err(CommitError::Refused(Refusal::Conflict { .. } | Refusal::NotUnique { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}

/// The same login with another token: its actor is told in the same commit, and sets it up anew.
fn renew(house: &House, batch: &mut Batch, channel: &dyn Channel, old: &Stored<ProviderLogin>, connected: &Connected) -> Result<(), StoreError> {
    let context = ProviderLogin::owner_name(old.record.id);
    let mut facts = old.record.facts.clone();
    facts.extend(connected.facts.clone());
    facts.remove(SET_UP_FOR);
    tracing::info!(provider = channel.provider(), login = %old.record.id, "connected anew");
    let new = ProviderLogin {
        sealed: house.keyring.seal(&context, connected.secrets.expose_secret().as_bytes(), house.world.as_ref()),
        base_url: connected.base_url.clone(),
        facts,
        health: HealthState { status: Health::Connected, reason: None, since: house.world.now() },
        ..old.record.clone()
    };
    batch.update(old, &new)?;
    batch.append(&streams::mailbox(old.record.id), entries::write(&MailboxEntry::Reload)?);
    Ok(())
}

/// The fact by which it is known for which address of this installation a login was set up at its provider.
pub const SET_UP_FOR: &str = "set_up_for";

/// The accounts of a login: those it did not have yet are made, with the channel's usual settings.
async fn accounts(
    house: &House, workspace: WorkspaceId, batch: &mut Batch, channel: &dyn Channel, login: LoginId, connected: &Connected, attempt: u32,
) -> Result<Vec<ChannelAccount>, AdministrationError> {
    let store = house.store.workspace(workspace);
    let group = Key::new().number(login.0).done();
    let known = store.scan_index::<ChannelAccount>(ChannelAccount::BY_LOGIN, &group, Scan::first(1_000)).await?;
    let taken: Vec<String> = super::channels::accounts(house, workspace).await?.into_iter().map(|account| account.name.to_lowercase()).collect();
    let mut all = Vec::new();
    for told in &connected.accounts {
        let old =
            known.iter().map(|(_, stored)| stored).find(|stored| stored.record.external_id == told.external_id && stored.record.removed_at.is_none());
        if let Some(old) = old {
            let new = ChannelAccount { facts: told.facts.clone(), refused: told.refused.clone(), ..old.record.clone() };
            batch.update(old, &new)?;
            all.push(new);
            continue;
        }
        let made = made(house, channel, login, told, free_name(&told.name, &told.external_id, &taken, attempt))?;
        batch.insert(&made)?;
        links::link_new(house, workspace, batch, made.id).await?;
        all.push(made);
    }
    Ok(all)
}

fn made(house: &House, channel: &dyn Channel, login: LoginId, told: &LoginAccount, name: String) -> Result<ChannelAccount, AdministrationError> {
    Ok(ChannelAccount {
        id: AccountId(house.world.id()),
        login,
        kind: told.kind,
        external_id: told.external_id.clone(),
        name,
        active: true,
        settings: channel.check_settings(told.kind, &json!({}))?,
        facts: told.facts.clone(),
        refused: told.refused.clone(),
        created_at: house.world.now(),
        removed_at: None,
    })
}

/// The choices of a field of an account's settings that only its provider knows.
///
/// # Errors
/// There is no such account, or the provider does not say.
pub async fn choices(house: &Arc<House>, workspace: WorkspaceId, id: AccountId, field: &str) -> Result<Vec<(String, String)>, AdministrationError> {
    let account = super::channels::account(house, workspace, id).await?;
    let channel = house.channels.of_kind(account.kind).ok_or_else(|| wrong("kind_unknown"))?;
    let connect = connectable(&channel)?;
    let login = super::channels::login(house, workspace, account.login).await?.ok_or(AdministrationError::Unknown("channel"))?;
    let context = opened(house, workspace, &login, STEP_MS)?;
    let limit = std::time::Duration::from_millis(u64::try_from(STEP_MS).unwrap_or(0));
    let asked = tokio::time::timeout(limit, connect.choices(&context, account.kind, field)).await.map_err(|_| wrong("provider_unreachable"))?;
    asked.map_err(|error| StepError { field: field.to_owned(), reason: error.reason() }.into())
}

/// A login was taken off: its provider is told to send nothing more. Best effort: what it sends all the same finds no address.
pub async fn take_off(house: &Arc<House>, workspace: WorkspaceId, id: LoginId) {
    let Ok(Some(login)) = super::channels::login(house, workspace, id).await else { return };
    let Some(channel) = house.channels.get(&login.provider).filter(|_| login.removed_at.is_some()) else { return };
    let (Some(connect), Ok(context)) = (channel.connect(), opened(house, workspace, &login, TAKE_OFF_MS)) else { return };
    let limit = std::time::Duration::from_millis(u64::try_from(TAKE_OFF_MS).unwrap_or(0));
    match tokio::time::timeout(limit, connect.take_off(&context, &login)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(login = %id, %error, "the provider was not told that a channel was taken off"),
        Err(_) => tracing::warn!(login = %id, "the provider does not answer that a channel was taken off"),
    }
}

/// What a call for a login is given, its secrets opened.
fn opened(house: &Arc<House>, workspace: WorkspaceId, login: &ProviderLogin, limit_ms: i64) -> Result<CallContext, AdministrationError> {
    let secrets = match login.sealed.as_str() {
        "" => SecretString::default(),
        sealed => house.keyring.open_text(&ProviderLogin::owner_name(login.id), sealed).map_err(invalid)?,
    };
    Ok(CallContext { secrets, ..calls::context(house, workspace, login, house.world.now().plus_ms(limit_ms)) })
}

/// The secret in the address of a login's hook: made once, so that the address stays.
///
/// # Errors
/// The store's word.
pub async fn hook_secret(house: &House, workspace: WorkspaceId, login: LoginId) -> Result<String, AdministrationError> {
    const HOOK: &str = "hook";
    let store = house.store.workspace(workspace);
    let context = LoginState::context(login, HOOK);
    if let Some(known) = store.get::<LoginState>(LoginState::at(login, HOOK)).await? {
        let opened = house.keyring.open_text(&context, &known.record.sealed).map_err(invalid)?;
        return Ok(opened.expose_secret().to_owned());
    }
    // The address first: one that nobody was told is harmless.
    let secret = super::channels::create_hook(house, workspace, login).await?;
    let sealed = house.keyring.seal(&context, secret.as_bytes(), house.world.as_ref());
    let mut batch = Batch::new();
    batch.insert(&LoginState { login, name: HOOK.to_owned(), sealed, looked: None })?;
    store.commit(batch).await?;
    Ok(secret)
}
