//! Which channel accounts feed which CRM connections, and what their messages may do there.

use std::collections::BTreeSet;

use serde_json::json;

use super::walk::invalid;
use super::{Actor, AdministrationError, audit, channels, connections};
use crate::gateway::entries::{self, FeedEntry, MailboxEntry};
use crate::gateway::house::House;
use crate::model::connection::{AccountLink, ChannelAccount, LinkRules};
use crate::model::crm::CrmConnection;
use crate::model::ids::{AccountId, ConnectionId, LoginId, WorkspaceId};
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, StoreError};
use crate::store::records::streams;

/// What is set of an account and a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkChange {
    /// The account.
    pub account: AccountId,
    /// Whether its messages go there.
    pub feeds: bool,
    /// What they may do.
    pub rules: LinkRules,
}

/// The workspace's accounts, each with what is set of it and a connection; none: it does not feed it.
///
/// # Errors
/// The store's word.
pub async fn links(
    house: &House, workspace: WorkspaceId, connection: ConnectionId,
) -> Result<Vec<(ChannelAccount, Option<AccountLink>)>, AdministrationError> {
    let accounts = channels::accounts(house, workspace).await?;
    let keys: Vec<_> = accounts.iter().map(|account| AccountLink::at(account.id, connection)).collect();
    let found = house.store.workspace(workspace).get_many::<AccountLink>(&keys).await?;
    Ok(accounts.into_iter().zip(found).map(|(account, link)| (account, link.map(|link| link.record))).collect())
}

/// Sets them, those that are named.
///
/// # Errors
/// There is no such connection or account, or the store's word.
pub async fn set_links(
    house: &House, workspace: WorkspaceId, actor: &Actor, id: ConnectionId, changes: &[LinkChange],
) -> Result<(), AdministrationError> {
    let store = house.store.workspace(workspace);
    for _ in 0..10 {
        let connection = connections::served(house, workspace, id).await?;
        let accounts = channels::accounts(house, workspace).await?;
        let keys: Vec<_> = changes.iter().map(|change| AccountLink::at(change.account, id)).collect();
        let known = store.get_many::<AccountLink>(&keys).await?;
        let mut batch = Batch::new();
        let mut logins = BTreeSet::new();
        for (change, old) in changes.iter().zip(known) {
            let account = accounts.iter().find(|account| account.id == change.account).ok_or(AdministrationError::Unknown("channel"))?;
            let settings = serde_json::to_value(change.rules).map_err(invalid)?;
            match (&old, change.feeds) {
                (Some(old), true) if old.record.settings == settings => continue,
                (None, false) => continue,
                (Some(old), true) => batch.update(old, &AccountLink { settings, ..old.record.clone() })?,
                (Some(old), false) => batch.remove(old),
                (None, true) => batch.insert(&AccountLink { settings, ..AccountLink::plain(change.account, id) })?,
            }
            logins.insert(account.login);
            let details = json!({ "channel": account.name, "feeds": change.feeds, "rules": change.rules });
            audit(house, &mut batch, actor, "connection.channel_changed", id, json!({ "name": connection.name, "new": details }))?;
        }
        if logins.is_empty() {
            return Ok(());
        }
        reload(&mut batch, &logins)?;
        batch.append(&streams::feed(), entries::write(&FeedEntry::Connection { c: id, lost: false })?);
        match store.commit(batch).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}

/// A new connection: every account feeds it, until its owner says otherwise (J-25).
///
/// # Errors
/// The store's word.
pub(super) async fn link_all(house: &House, workspace: WorkspaceId, batch: &mut Batch, id: ConnectionId) -> Result<(), AdministrationError> {
    let accounts = channels::accounts(house, workspace).await?;
    for account in &accounts {
        batch.insert(&fresh(account.id, id)?)?;
    }
    Ok(reload(batch, &accounts.iter().map(|account| account.login).collect())?)
}

/// A new account: it feeds every connection (J-25).
///
/// # Errors
/// The store's word.
pub(super) async fn link_new(house: &House, workspace: WorkspaceId, batch: &mut Batch, account: AccountId) -> Result<(), AdministrationError> {
    for connection in connections::known(house, workspace).await?.iter().filter(|one| one.kind.is_served()) {
        batch.insert(&fresh(account, connection.id)?)?;
    }
    Ok(())
}

fn fresh(account: AccountId, connection: ConnectionId) -> Result<AccountLink, StoreError> {
    let settings = serde_json::to_value(LinkRules::default()).map_err(invalid)?;
    Ok(AccountLink { settings, ..AccountLink::plain(account, connection) })
}

/// The logins of all accounts that feed a connection look anew where their messages go.
///
/// # Errors
/// The store's word.
pub(super) async fn reload_all(
    house: &House, workspace: WorkspaceId, batch: &mut Batch, connection: &CrmConnection,
) -> Result<(), AdministrationError> {
    let fed = links(house, workspace, connection.id).await?;
    let logins = fed.into_iter().filter(|(_, link)| link.is_some()).map(|(account, _)| account.login).collect();
    Ok(reload(batch, &logins)?)
}

fn reload(batch: &mut Batch, logins: &BTreeSet<LoginId>) -> Result<(), StoreError> {
    for login in logins {
        batch.append(&streams::mailbox(*login), entries::write(&MailboxEntry::Reload)?);
    }
    Ok(())
}
