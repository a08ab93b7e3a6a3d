//! Logins of the tests' channel, and connections of the tests' CRM: what the seams are proved with. No release has this.

use std::collections::BTreeMap;

use serde_json::json;

use super::channels::create_hook;
use super::{Actor, AdministrationError, audit};
use crate::channel::probe::KIND;
use crate::channel::probe::settings::{ProbeRepeats, ProbeSettings};
use crate::gateway::entries::{self, CrmMailboxEntry, FeedEntry, MailboxEntry};
use crate::gateway::house::House;
use crate::model::connection::{AccountLink, ChannelAccount, CrmKind, Health, HealthState, ProviderLogin, UnansweredOutbound};
use crate::model::crm::CrmConnection;
use crate::model::ids::{AccountId, ConnectionId, LoginId, WorkspaceId};
use crate::store::batch::Batch;
use crate::store::port::{CommitError, StoreError};
use crate::store::records::streams;

/// A probe login with its two accounts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MadeProbe {
    /// The login.
    pub login: LoginId,
    /// How the fake names it in hooks.
    pub key: String,
    /// The account it names `one`.
    pub one: AccountId,
    /// The account it names `two`.
    pub two: AccountId,
    /// The secret in its hook's address.
    pub hook: String,
}

/// Makes a login with the accounts `one` and `two`.
///
/// # Errors
/// The store's word.
pub async fn create_probe(
    house: &House, workspace: WorkspaceId, actor: &Actor, base_url: &str, repeats: ProbeRepeats,
) -> Result<MadeProbe, AdministrationError> {
    let now = house.world.now();
    let (login, one, two) = (LoginId(house.world.id()), AccountId(house.world.id()), AccountId(house.world.id()));
    let key = format!("probe-{login}");
    let record = ProviderLogin {
        id: login,
        provider: "probe".to_owned(),
        app: None,
        external_key: key.clone(),
        sealed: String::new(),
        base_url: Some(base_url.trim_end_matches('/').to_owned()),
        facts: BTreeMap::new(),
        health: HealthState { status: Health::Connected, reason: None, since: now },
        created_at: now,
        removed_at: None,
    };
    let settings = serde_json::to_value(ProbeSettings { repeats }).map_err(|error| StoreError::Invalid(error.to_string()))?;
    let hook = create_hook(house, workspace, login).await?;
    let mut batch = Batch::new();
    batch.insert(&record)?;
    for (id, external_id) in [(one, "one"), (two, "two")] {
        let name = format!("Probe {external_id} {login}");
        batch.insert(&ChannelAccount {
            id,
            login,
            kind: KIND,
            external_id: external_id.to_owned(),
            name: name.clone(),
            active: true,
            settings: settings.clone(),
            facts: BTreeMap::new(),
            refused: None,
            created_at: now,
            removed_at: None,
        })?;
        batch.append(&streams::feed(), entries::write(&FeedEntry::Account { a: id, lost: false })?);
        audit(house, &mut batch, actor, "channel.created", id, json!({ "name": name, "kind": KIND }))?;
    }
    house.store.workspace(workspace).commit(batch).await?;
    Ok(MadeProbe { login, key, one, two, hook })
}

/// Makes a CRM connection that these accounts of a login feed. `base_url`: of the fake CRM; none: of a CRM that nobody serves.
///
/// # Errors
/// The store's word.
pub async fn create_probe_connection(
    house: &House, workspace: WorkspaceId, login: LoginId, accounts: &[AccountId], unanswered_outbound: UnansweredOutbound, base_url: Option<&str>,
) -> Result<ConnectionId, AdministrationError> {
    let (id, now) = (ConnectionId(house.world.id()), house.world.now());
    let mut batch = Batch::new();
    batch.insert(&CrmConnection {
        id,
        kind: if base_url.is_some() { crate::crm::probe::KIND } else { CrmKind::new("nobody") },
        name: format!("Probe CRM {id}"),
        active: true,
        api_key: String::new(),
        app: None,
        external_key: String::new(),
        sealed: String::new(),
        hook: String::new(),
        base_url: base_url.map(str::to_owned),
        facts: BTreeMap::new(),
        settings: json!({}),
        health: HealthState { status: Health::Connected, reason: None, since: now },
        created_at: now,
        removed_at: None,
    })?;
    for account in accounts {
        batch.insert(&AccountLink { account: *account, connection: id, unanswered_outbound, settings: json!({}) })?;
    }
    batch.append(&streams::mailbox(login), entries::write(&MailboxEntry::Reload)?);
    house.store.workspace(workspace).commit(batch).await?;
    Ok(id)
}

/// Gives a connection other tokens, as connecting it anew does.
///
/// # Errors
/// The store's word.
pub async fn give_tokens(house: &House, workspace: WorkspaceId, id: ConnectionId, tokens: &str) -> Result<(), AdministrationError> {
    let sealed = house.keyring.seal(&CrmConnection::owner_name(id), tokens.as_bytes(), house.world.as_ref());
    let health = HealthState { status: Health::Connected, reason: None, since: house.world.now() };
    let change = |old: &CrmConnection| Ok::<_, CommitError>(CrmConnection { sealed: sealed.clone(), health: health.clone(), ..old.clone() });
    let tell = |_: &CrmConnection, batch: &mut Batch| {
        batch.append(&streams::crm_mailbox(id), entries::write(&CrmMailboxEntry::Reload)?);
        Ok(())
    };
    house.store.workspace(workspace).change(CrmConnection::at(id), change, tell).await?;
    Ok(())
}
