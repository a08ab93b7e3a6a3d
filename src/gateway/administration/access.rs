//! API tokens, whom a secret stands for, and its end.
//!
//! A secret is 32 random bytes in hex; the store holds only its SHA-256, so a stolen backup opens nothing.

use data_encoding::HEXLOWER;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::channels::check_channels;
use super::{Actor, AdministrationError, audit, sessions};
use crate::gateway::house::House;
use crate::model::ids::{AccountId, SessionId, TokenId, UserId, WorkspaceId};
use crate::model::people::{Access, ApiToken, Credential, Holder, Member, User, Workspace};
use crate::model::protocol::{Me, Role};
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan};

/// Who asks, and what they may see.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its name.
    pub workspace_name: String,
    /// Its epoch, for cursors.
    pub epoch: String,
    /// The user's or token's id.
    pub id: String,
    /// The user, unless it is an integration.
    pub user: Option<UserId>,
    /// The session they ask by, unless it is an integration.
    pub session: Option<SessionId>,
    /// The name.
    pub name: String,
    /// The e-mail; empty for an integration.
    pub email: String,
    /// The language.
    pub locale: String,
    /// What they may do and see.
    pub access: Access,
}

impl Caller {
    /// For the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor { id: self.id.clone(), name: self.name.clone() }
    }

    /// As they see themselves.
    #[must_use]
    pub fn me(&self) -> Me {
        Me {
            id: self.id.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            role: self.access.role,
            workspace: self.workspace.0,
            workspace_name: self.workspace_name.clone(),
            channels: self.access.channels(),
            locale: self.locale.clone(),
        }
    }
}

/// The key a secret is found by.
#[must_use]
pub fn hash(secret: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(secret.as_bytes()))
}

/// A user as a member of a workspace. `None`: they are none.
pub(super) async fn member_caller(house: &House, workspace: WorkspaceId, user: &User) -> Result<Option<Caller>, AdministrationError> {
    let member = house.store.workspace(workspace).get::<Member>(Member::at(user.id)).await?;
    let Some(member) = member.map(|member| member.record).filter(|member| member.removed_at.is_none()) else { return Ok(None) };
    let Some(space) = house.store.global().get::<Workspace>(Workspace::at(workspace)).await? else { return Ok(None) };
    Ok(Some(Caller {
        workspace,
        workspace_name: space.record.name,
        epoch: space.record.epoch,
        id: user.id.to_string(),
        user: Some(user.id),
        session: None,
        name: member.name,
        email: user.email.clone(),
        locale: user.locale.clone(),
        access: Access::new(member.role, member.channels.as_deref()),
    }))
}

/// Whom a secret stands for now. `None`: nobody (unknown, ended, revoked, removed).
///
/// # Errors
/// The store's word.
pub async fn authenticate(house: &House, secret: &str) -> Result<Option<Caller>, AdministrationError> {
    // Every secret of ours is 64 hex digits: nothing else needs a look.
    if secret.len() != 64 || !secret.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let credential = house.store.global().get::<Credential>(Credential::at(&hash(secret))).await?;
    let Some(stored) = credential else { return Ok(None) };
    let credential = stored.record.clone();
    if credential.is_over(house.world.now()) {
        return Ok(None);
    }
    match credential.holder {
        Holder::Session { id, user } => {
            let Some(user) = house.store.global().get::<User>(User::at(user)).await? else { return Ok(None) };
            let caller = member_caller(house, credential.workspace, &user.record).await?;
            if caller.is_some() {
                sessions::seen(house, &stored).await;
            }
            Ok(caller.map(|caller| Caller { session: Some(id), ..caller }))
        }
        Holder::Token { id } => {
            let token = house.store.workspace(credential.workspace).get::<ApiToken>(ApiToken::at(id)).await?;
            let Some(token) = token.map(|token| token.record).filter(|token| token.revoked_at.is_none()) else { return Ok(None) };
            let Some(space) = house.store.global().get::<Workspace>(Workspace::at(credential.workspace)).await? else { return Ok(None) };
            Ok(Some(Caller {
                workspace: credential.workspace,
                workspace_name: space.record.name,
                epoch: space.record.epoch,
                id: token.id.to_string(),
                user: None,
                session: None,
                name: token.name,
                email: String::new(),
                locale: space.record.locale,
                access: Access::new(token.role, token.channels.as_deref()),
            }))
        }
    }
}

/// Ends what a secret opens. Twice has the effect of once.
///
/// # Errors
/// The store's word.
pub async fn revoke(house: &House, secret_hash: &str) -> Result<(), AdministrationError> {
    let store = house.store.global();
    let Some(old) = store.get::<Credential>(Credential::at(secret_hash)).await? else { return Ok(()) };
    let mut batch = Batch::new();
    batch.remove(&old);
    match store.commit(batch).await {
        Ok(_) | Err(CommitError::Refused(Refusal::Conflict { .. })) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Which of a user's sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions<'a> {
    /// Every one.
    All,
    /// Those in one workspace: others are none of its business.
    Of(WorkspaceId),
    /// Every one but that of this secret's hash.
    AllBut(&'a str),
}

/// Ends sessions of a user.
///
/// # Errors
/// The store's word.
pub async fn revoke_sessions(house: &House, user: UserId, which: Sessions<'_>) -> Result<(), AdministrationError> {
    let mut scan = Scan::first(1_000);
    loop {
        let found = house.store.global().scan_index::<Credential>(Credential::BY_HOLDER, &Credential::of_user(user), scan.clone()).await?;
        let full = found.len() == scan.limit;
        for (place, credential) in found {
            scan.above = Some(place);
            let ends = match which {
                Sessions::All => true,
                Sessions::Of(workspace) => credential.record.workspace == workspace,
                Sessions::AllBut(kept) => credential.record.hash != kept,
            };
            if ends {
                revoke(house, &credential.record.hash).await?;
            }
        }
        if !full {
            return Ok(());
        }
    }
}

/// Makes an API token. The secret is told once.
///
/// # Errors
/// A field is wrong, or the store's word.
pub async fn create_token(
    house: &House, caller: &Caller, name: &str, role: Role, channels: Option<Vec<AccountId>>,
) -> Result<(String, ApiToken), AdministrationError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(AdministrationError::Wrong { field: "name", code: if name.is_empty() { "required" } else { "too_long" } });
    }
    let made_by = caller.user.ok_or(AdministrationError::NotAllowed("people_only"))?;
    if role > caller.access.role {
        return Err(AdministrationError::NotAllowed("role_above_own"));
    }
    check_channels(house, caller.workspace, channels.as_deref()).await?;
    let secret = house.world.secret::<32>();
    let token = ApiToken {
        id: TokenId(house.world.id()),
        name: name.to_owned(),
        hash: hash(&secret),
        role,
        channels,
        created_by: made_by,
        created_at: house.world.now(),
        revoked_at: None,
    };
    let holder = Holder::Token { id: token.id };
    let credential = Credential::new(token.hash.clone(), caller.workspace, holder, token.created_at, None);
    // The record first: a credential whose record is missing opens nothing.
    let mut batch = Batch::new();
    batch.insert(&token)?;
    let details = json!({ "name": token.name, "role": token.role, "channels": token.channels });
    audit(house, &mut batch, &caller.actor(), "token.created", token.id, details)?;
    house.store.workspace(caller.workspace).commit(batch).await?;
    let mut batch = Batch::new();
    batch.insert(&credential)?;
    house.store.global().commit(batch).await?;
    Ok((secret, token))
}

/// Revokes an API token.
///
/// # Errors
/// There is no such token, or the store's word.
pub async fn revoke_token(house: &House, caller: &Caller, id: TokenId) -> Result<(), AdministrationError> {
    let now = house.world.now();
    let revoked = |old: &ApiToken| match old.revoked_at {
        Some(_) => Err(AdministrationError::Unknown("token")),
        None => Ok(ApiToken { revoked_at: Some(now), ..old.clone() }),
    };
    let actor = caller.actor();
    let log = |token: &ApiToken, batch: &mut Batch| audit(house, batch, &actor, "token.revoked", token.id, json!({ "name": token.name }));
    let token = house.store.workspace(caller.workspace).change(ApiToken::at(id), revoked, log).await?;
    let token = token.ok_or(AdministrationError::Unknown("token"))?;
    revoke(house, &token.record.hash).await
}

/// The workspace's API tokens that are not revoked.
///
/// # Errors
/// The store's word.
pub async fn tokens(house: &House, workspace: WorkspaceId) -> Result<Vec<ApiToken>, AdministrationError> {
    let found = house.store.workspace(workspace).scan::<ApiToken>(&[], Scan::first(10_000)).await?;
    Ok(found.into_iter().map(|stored| stored.record).filter(|token| token.revoked_at.is_none()).collect())
}
