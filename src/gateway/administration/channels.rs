//! Provider logins and channel accounts.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{Actor, AdministrationError, audit};
use crate::channel::site_widget;
use crate::channel::site_widget::options::WidgetOptions;
use crate::channel::site_widget::settings::{Appearance, FormerSecret, WidgetSettings, WrongSetting, canonical_origins};
use crate::gateway::entries::{self, FeedEntry, MailboxEntry};
use crate::gateway::house::House;
use crate::gateway::intake::{HOOK, hook_key};
use crate::model::connection::{ChannelAccount, Health, HealthState, ProviderLogin};
use crate::model::ids::{AccountId, LoginId, WorkspaceId};
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::records::{LoginState, Looked, Pointer, streams};
use crate::store::search::ACCOUNTS_LIMIT;
use crate::store::table::Stored;

/// A replaced secret is believed for so long, where that was chosen.
const SECRET_GRACE_MS: i64 = 24 * 60 * 60 * 1_000;

impl From<WrongSetting> for AdministrationError {
    fn from(wrong: WrongSetting) -> Self {
        Self::Wrong { field: wrong.field, code: wrong.code }
    }
}

/// What the context of a widget's sealed secret is.
#[must_use]
pub fn widget_secret_context(account: AccountId) -> String {
    format!("widget/{account}")
}

pub(super) fn check_name(name: &str) -> Result<String, AdministrationError> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err(AdministrationError::Wrong { field: "name", code: "required" }),
        1..=100 => Ok(name.to_owned()),
        _ => Err(AdministrationError::Wrong { field: "name", code: "too_long" }),
    }
}

/// Makes a site widget: a login of its own with one account, and the public key that leads to it.
///
/// # Errors
/// A field is wrong, the name is taken, or the store's word.
pub async fn create_widget(
    house: &House, workspace: WorkspaceId, actor: &Actor, name: &str, origins: &[String], appearance: Appearance,
) -> Result<ChannelAccount, AdministrationError> {
    let name = check_name(name)?;
    let origins = canonical_origins(origins)?;
    appearance.check()?;
    let now = house.world.now();
    let (login, account) = (LoginId(house.world.id()), AccountId(house.world.id()));
    let key = house.world.secret::<12>();
    let secret = house.world.secret::<32>();
    let sealed_secret = house.keyring.seal(&widget_secret_context(account), secret.as_bytes(), house.world.as_ref());
    let settings = WidgetSettings {
        key: key.clone(),
        sealed_secret,
        former: None,
        origins,
        verified_identity: false,
        appearance,
        options: WidgetOptions::default(),
    };
    let record = ProviderLogin {
        id: login,
        provider: "site_widget".to_owned(),
        app: None,
        external_key: key.clone(),
        sealed: String::new(),
        base_url: None,
        facts: BTreeMap::new(),
        health: HealthState { status: Health::Connected, reason: None, since: now },
        created_at: now,
        removed_at: None,
    };
    let account = ChannelAccount {
        id: account,
        login,
        kind: site_widget::KIND,
        external_id: String::new(),
        name: name.clone(),
        active: true,
        settings: serde_json::to_value(&settings).map_err(|error| StoreError::Invalid(error.to_string()))?,
        facts: BTreeMap::new(),
        refused: None,
        created_at: now,
        removed_at: None,
    };
    // The pointer first: a key that leads nowhere is harmless, a widget without its key is not.
    let mut batch = Batch::new();
    batch.insert(&Pointer { kind: "widget".to_owned(), key, workspace, login: Some(login), account: Some(account.id), connection: None })?;
    house.store.global().commit(batch).await?;
    let mut batch = Batch::new();
    batch.insert(&record)?;
    batch.insert(&account)?;
    super::links::link_new(house, workspace, &mut batch, account.id).await?;
    batch.append(&streams::feed(), entries::write(&FeedEntry::Account { a: account.id, lost: false })?);
    audit(house, &mut batch, actor, "channel.created", account.id, json!({ "name": name, "kind": account.kind }))?;
    house.store.workspace(workspace).commit(batch).await?;
    Ok(account)
}

/// What of an account can be changed.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// Another name.
    pub name: Option<String>,
    /// The switch.
    pub active: Option<bool>,
    /// A widget's origins.
    pub origins: Option<Vec<String>>,
    /// A widget's rule on identities.
    pub verified_identity: Option<bool>,
    /// A widget's looks.
    pub appearance: Option<Appearance>,
    /// What a widget does beside that.
    pub options: Option<WidgetOptions>,
    /// What is set of an account of another channel: all of it.
    pub settings: Option<Value>,
    /// Off the list; its conversations stay.
    pub remove: bool,
}

/// Reads a widget's settings.
///
/// # Errors
/// The account is no widget.
pub fn widget_settings(account: &ChannelAccount) -> Result<WidgetSettings, AdministrationError> {
    serde_json::from_value(account.settings.clone()).map_err(|_| AdministrationError::Wrong { field: "kind", code: "not_a_widget" })
}

/// Changes or removes an account. Its actor is told in the same commit, wherever it runs.
///
/// # Errors
/// A field is wrong, the name is taken, there is no such account, or the store's word.
pub async fn change_account(
    house: &House, workspace: WorkspaceId, actor: &Actor, id: AccountId, change: &AccountChange,
) -> Result<ChannelAccount, AdministrationError> {
    let store = house.store.workspace(workspace);
    for _ in 0..10 {
        let old = store.get::<ChannelAccount>(ChannelAccount::at(id)).await?.filter(|old| old.record.removed_at.is_none());
        let old = old.ok_or(AdministrationError::Unknown("channel"))?;
        let new = changed(house, &old, change)?;
        let mut batch = Batch::new();
        batch.update(&old, &new)?;
        batch.append(&streams::feed(), entries::write(&FeedEntry::Account { a: id, lost: false })?);
        batch.append(&streams::mailbox(new.login), entries::write(&MailboxEntry::Reload)?);
        if change.remove {
            end_login(house, workspace, &mut batch, &new).await?;
        }
        let action = if change.remove { "channel.removed" } else { "channel.changed" };
        let shown = |account: &ChannelAccount| {
            let mut settings = account.settings.clone();
            if let Some(settings) = settings.as_object_mut() {
                settings.remove("sealed_secret");
                settings.remove("former");
            }
            json!({ "name": account.name, "active": account.active, "settings": settings })
        };
        audit(house, &mut batch, actor, action, id, json!({ "old": shown(&old.record), "new": shown(&new) }))?;
        match store.commit(batch).await {
            Ok(_) => {
                house.accounts.forget(workspace, id);
                return Ok(new);
            }
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}

/// A login whose last account is taken off ends with it.
async fn end_login(house: &House, workspace: WorkspaceId, batch: &mut Batch, removed: &ChannelAccount) -> Result<(), AdministrationError> {
    let store = house.store.workspace(workspace);
    let group = Key::new().number(removed.login.0).done();
    let accounts = store.scan_index::<ChannelAccount>(ChannelAccount::BY_LOGIN, &group, Scan::first(1_000)).await?;
    if accounts.iter().any(|(_, account)| account.record.id != removed.id && account.record.removed_at.is_none()) {
        return Ok(());
    }
    if let Some(old) = store.get::<ProviderLogin>(ProviderLogin::at(removed.login)).await?.filter(|old| old.record.removed_at.is_none()) {
        let health = HealthState { status: Health::NotConnected, reason: None, since: house.world.now() };
        batch.update(&old, &ProviderLogin { removed_at: removed.removed_at, health, ..old.record.clone() })?;
    }
    Ok(())
}

fn changed(house: &House, old: &Stored<ChannelAccount>, change: &AccountChange) -> Result<ChannelAccount, AdministrationError> {
    let mut new = old.record.clone();
    if let Some(name) = &change.name {
        new.name = check_name(name)?;
    }
    new.active = change.active.unwrap_or(new.active);
    if change.origins.is_some() || change.verified_identity.is_some() || change.appearance.is_some() || change.options.is_some() {
        let mut settings = widget_settings(&new)?;
        if let Some(origins) = &change.origins {
            settings.origins = canonical_origins(origins)?;
        }
        settings.verified_identity = change.verified_identity.unwrap_or(settings.verified_identity);
        if let Some(appearance) = &change.appearance {
            appearance.check()?;
            settings.appearance = appearance.clone();
        }
        if let Some(options) = &change.options {
            options.check()?;
            settings.options = options.clone();
        }
        new.settings = serde_json::to_value(&settings).map_err(|error| StoreError::Invalid(error.to_string()))?;
    }
    if let Some(settings) = &change.settings {
        let channel = house.channels.of_kind(new.kind).filter(|_| new.kind != site_widget::KIND);
        let channel = channel.ok_or(AdministrationError::Wrong { field: "settings", code: "not_supported" })?;
        new.settings = channel.check_settings(new.kind, settings)?;
    }
    if change.remove {
        new.removed_at = Some(house.world.now());
        new.active = false;
    }
    Ok(new)
}

/// The provider is asked for what is new, now, and its settings are read anew.
///
/// # Errors
/// There is no such account, or the store's word.
pub async fn look_again(house: &House, workspace: WorkspaceId, id: AccountId) -> Result<(), AdministrationError> {
    let account = account(house, workspace, id).await?;
    let mut batch = Batch::new();
    batch.once(house.world.secret::<12>().into_bytes(), 1_000, "");
    batch.append(&streams::mailbox(account.login), entries::write(&MailboxEntry::Reload)?);
    house.store.workspace(workspace).commit(batch).await?;
    Ok(())
}

/// What the last question for news at an account's provider brought, and what there is to be told of it; nothing where nobody asks.
///
/// # Errors
/// The store's word.
pub async fn looked(
    house: &House, workspace: WorkspaceId, login: &ProviderLogin,
) -> Result<(Option<Looked>, BTreeMap<String, String>), AdministrationError> {
    let channel = house.channels.get(&login.provider);
    let Some(poll) = channel.as_ref().and_then(|channel| channel.poll()) else { return Ok(Default::default()) };
    let found = house.store.workspace(workspace).get::<LoginState>(LoginState::at(login.id, LoginState::CURSOR)).await?;
    let Some(state) = found.map(|found| found.record) else { return Ok(Default::default()) };
    let opened = house.keyring.open_text(&LoginState::context(login.id, LoginState::CURSOR), &state.sealed);
    let facts = opened.map(|cursor| poll.tells(cursor.expose_secret(), house.world.now())).unwrap_or_default();
    Ok((state.looked, facts))
}

/// The workspace's accounts that are not taken off.
///
/// # Errors
/// The store's word.
pub async fn accounts(house: &House, workspace: WorkspaceId) -> Result<Vec<ChannelAccount>, AdministrationError> {
    let found = house.store.workspace(workspace).scan::<ChannelAccount>(&[], Scan::first(10_000)).await?;
    Ok(found.into_iter().map(|stored| stored.record).filter(|account| account.removed_at.is_none()).collect())
}

/// One account that is not taken off.
///
/// # Errors
/// There is no such account, or the store's word.
pub async fn account(house: &House, workspace: WorkspaceId, id: AccountId) -> Result<ChannelAccount, AdministrationError> {
    let found = house.store.workspace(workspace).get::<ChannelAccount>(ChannelAccount::at(id)).await?;
    found.map(|found| found.record).filter(|account| account.removed_at.is_none()).ok_or(AdministrationError::Unknown("channel"))
}

/// Checks that channels somebody is to see are there. More than a search can ask for at once is refused.
///
/// # Errors
/// `unknown_channel`, `too_many`, or the store's word.
pub async fn check_channels(house: &House, workspace: WorkspaceId, named: Option<&[AccountId]>) -> Result<(), AdministrationError> {
    let wrong = |code| AdministrationError::Wrong { field: "channels", code };
    let Some(named) = named else { return Ok(()) };
    if named.len() > ACCOUNTS_LIMIT {
        return Err(wrong("too_many"));
    }
    let keys: Vec<_> = named.iter().map(|id| ChannelAccount::at(*id)).collect();
    let found = house.store.workspace(workspace).get_many::<ChannelAccount>(&keys).await?;
    let all_there = found.iter().all(|found| found.as_ref().is_some_and(|found| found.record.removed_at.is_none()));
    if all_there { Ok(()) } else { Err(wrong("unknown_channel")) }
}

/// The secret a site signs its visitors' ids with. That it was shown is a line of the audit log.
///
/// # Errors
/// There is no such widget, or the store's word.
pub async fn identity_secret(house: &House, workspace: WorkspaceId, actor: &Actor, id: AccountId) -> Result<SecretString, AdministrationError> {
    let account = account(house, workspace, id).await?;
    let settings = widget_settings(&account)?;
    let secret = house.keyring.open_text(&widget_secret_context(id), &settings.sealed_secret).map_err(|error| {
        tracing::error!(account = %id, %error, "a widget's secret cannot be opened");
        AdministrationError::NotAllowed("secret_unreadable")
    })?;
    let mut batch = Batch::new();
    audit(house, &mut batch, actor, "channel.secret_shown", id, json!({ "name": account.name }))?;
    house.store.workspace(workspace).commit(batch).await?;
    Ok(secret)
}

/// Makes a new secret for a site to sign with, and tells it. `keep_former`: signatures by the one before are believed for another
/// [`SECRET_GRACE_MS`]; else from now on no more. A former one of before ends at once either way.
///
/// # Errors
/// There is no such widget, or the store's word.
pub async fn replace_identity_secret(
    house: &House, workspace: WorkspaceId, actor: &Actor, id: AccountId, keep_former: bool,
) -> Result<SecretString, AdministrationError> {
    let store = house.store.workspace(workspace);
    for _ in 0..10 {
        let old = store.get::<ChannelAccount>(ChannelAccount::at(id)).await?.filter(|old| old.record.removed_at.is_none());
        let old = old.ok_or(AdministrationError::Unknown("channel"))?;
        let mut settings = widget_settings(&old.record)?;
        let secret = house.world.secret::<32>();
        let sealed = house.keyring.seal(&widget_secret_context(id), secret.as_bytes(), house.world.as_ref());
        let until = house.world.now().plus_ms(SECRET_GRACE_MS);
        let former = std::mem::replace(&mut settings.sealed_secret, sealed);
        settings.former = keep_former.then_some(FormerSecret { sealed: former, until_ms: until.0 });
        let settings = serde_json::to_value(&settings).map_err(|error| StoreError::Invalid(error.to_string()))?;
        let new = ChannelAccount { settings, ..old.record.clone() };
        let mut batch = Batch::new();
        batch.update(&old, &new)?;
        batch.append(&streams::feed(), entries::write(&FeedEntry::Account { a: id, lost: false })?);
        batch.append(&streams::mailbox(new.login), entries::write(&MailboxEntry::Reload)?);
        audit(house, &mut batch, actor, "channel.secret_replaced", id, json!({ "name": new.name, "former_until": keep_former.then_some(until) }))?;
        match store.commit(batch).await {
            Ok(_) => {
                house.accounts.forget(workspace, id);
                return Ok(secret.into());
            }
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}

/// Makes a hook's address for a login: the secret that stands in it, told once. Only its hash is stored.
///
/// # Errors
/// The store's word.
pub async fn create_hook(house: &House, workspace: WorkspaceId, login: LoginId) -> Result<String, AdministrationError> {
    let secret = house.world.secret::<32>();
    let mut batch = Batch::new();
    batch.insert(&Pointer {
        kind: HOOK.to_owned(),
        key: hook_key(login, &secret),
        workspace,
        login: Some(login),
        account: None,
        connection: None,
    })?;
    house.store.global().commit(batch).await?;
    Ok(secret)
}

/// A login's record.
///
/// # Errors
/// The store's word.
pub async fn login(house: &House, workspace: WorkspaceId, id: LoginId) -> Result<Option<ProviderLogin>, AdministrationError> {
    Ok(house.store.workspace(workspace).get::<ProviderLogin>(ProviderLogin::at(id)).await?.map(|stored| stored.record))
}
