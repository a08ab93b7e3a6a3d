//! Users, members of a workspace, roles, what a member may see, credentials.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::entry::{Enrolment, SecondFactor};
use super::ids::{AccountId, SessionId, TokenId, UserId, WorkspaceId};
use super::protocol::{Escalation, Role};
use super::time::Time;

/// A company's space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its number.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Part of every cursor. Changes on restore, engine move and `admin new-epoch`: older cursors get `reset`.
    pub epoch: String,
    /// The workspace's language.
    pub locale: String,
    /// The zone of its working hours.
    pub time_zone: String,
    /// When it was made.
    pub created_at: Time,
    /// When it is told that a customer waits too long.
    #[serde(default)]
    pub escalation: Escalation,
}

/// A person who logs in; one e-mail per installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// «ID Пользователя», given in order.
    pub number: u64,
    /// The e-mail, in lower case.
    pub email: String,
    /// The name.
    pub name: String,
    /// Argon2id, in PHC form.
    pub password: String,
    /// `ru`, `en`, `es`.
    pub locale: String,
    /// When the account was made.
    pub created_at: Time,
    /// The workspaces the user is a member of; where to look, the member's record there decides.
    pub workspaces: Vec<WorkspaceId>,
    /// The phone, as it was written; empty: none.
    #[serde(default)]
    pub phone: String,
    /// A second address that is told what happens to the account; empty: none.
    #[serde(default)]
    pub notify_email: String,
    /// The user's time zone; empty: the workspace's.
    #[serde(default)]
    pub time_zone: String,
    /// What a login asks for beside the password.
    #[serde(default)]
    pub second_factor: Option<SecondFactor>,
    /// A second factor that was begun and not confirmed.
    #[serde(default)]
    pub enrolment: Option<Enrolment>,
}

/// A user in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The user.
    pub user: UserId,
    /// A copy of the user's name, for lists.
    pub name: String,
    /// A copy of the user's e-mail, for lists.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// The channels they may see; none: all.
    pub channels: Option<Vec<AccountId>>,
    /// Since when.
    pub created_at: Time,
    /// Until when; the record stays, so that old messages keep their author.
    pub removed_at: Option<Time>,
}

impl Member {
    /// Whether they may see what belongs to this account.
    #[must_use]
    pub fn sees(&self, account: AccountId) -> bool {
        self.removed_at.is_none() && Access::new(self.role, self.channels.as_deref()).sees(account)
    }
}

/// What a secret opens. Found by the secret's SHA-256, so the store never holds the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// SHA-256 of the secret, hex.
    pub hash: String,
    /// The workspace it opens.
    pub workspace: WorkspaceId,
    /// Whom it stands for.
    pub holder: Holder,
    /// When it was made.
    pub created_at: Time,
    /// When it ends by itself.
    pub expires_at: Option<Time>,
    /// Of a session: the browser and system that logged in, in words.
    #[serde(default)]
    pub device: String,
    /// Of a session: the address it was begun from.
    #[serde(default)]
    pub address: String,
    /// Of a session: when it was last used; written at most once in [`SEEN_STEP_MS`].
    #[serde(default)]
    pub seen_at: Option<Time>,
    /// Of a session: whether it ends when it is not used for [`REST_MS`].
    #[serde(default)]
    pub ends_at_rest: bool,
}

/// A session that is not to be remembered ends after so long without use.
pub const REST_MS: i64 = 12 * 60 * 60 * 1_000;
/// How exactly it is known when a session was last used.
pub const SEEN_STEP_MS: i64 = 60 * 60 * 1_000;

impl Credential {
    /// One that says nothing of a device, as integrations have.
    #[must_use]
    pub fn new(hash: String, workspace: WorkspaceId, holder: Holder, created_at: Time, expires_at: Option<Time>) -> Self {
        let (device, address) = (String::new(), String::new());
        Self { hash, workspace, holder, created_at, expires_at, device, address, seen_at: None, ends_at_rest: false }
    }

    /// When it was last used, as far as that is known.
    #[must_use]
    pub fn last_seen(&self) -> Time {
        self.seen_at.unwrap_or(self.created_at)
    }

    /// Whether it opens nothing any more.
    #[must_use]
    pub fn is_over(&self, now: Time) -> bool {
        self.expires_at.is_some_and(|end| end <= now) || (self.ends_at_rest && now.since(self.last_seen()) >= REST_MS)
    }
}

/// Whom a credential stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Holder {
    /// A user who logged in.
    Session {
        /// The session's id.
        id: SessionId,
        /// The user.
        user: UserId,
    },
    /// An integration.
    Token {
        /// The token's record in the workspace.
        id: TokenId,
    },
}

/// An API token, as the workspace knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Its id.
    pub id: TokenId,
    /// The name its maker gave.
    pub name: String,
    /// SHA-256 of the secret, hex: finds the credential to revoke.
    pub hash: String,
    /// What it may do.
    pub role: Role,
    /// The channels it may see; none: all.
    pub channels: Option<Vec<AccountId>>,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Time,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

/// What somebody may see and do, worked out once per session or request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// What they may do.
    pub role: Role,
    channels: Option<BTreeSet<AccountId>>,
}

impl Access {
    /// Owners and admins see every channel; a manager those named, or all where none are named.
    #[must_use]
    pub fn new(role: Role, channels: Option<&[AccountId]>) -> Self {
        let channels = match role {
            Role::Owner | Role::Admin => None,
            Role::Manager => channels.map(|channels| channels.iter().copied().collect()),
        };
        Self { role, channels }
    }

    /// Whether what belongs to this account may be seen.
    #[must_use]
    pub fn sees(&self, account: AccountId) -> bool {
        self.channels.as_ref().is_none_or(|channels| channels.contains(&account))
    }

    /// The accounts that may be seen; none: all.
    #[must_use]
    pub fn channels(&self) -> Option<Vec<AccountId>> {
        self.channels.as_ref().map(|channels| channels.iter().copied().collect())
    }
}

/// A line of the audit log: what owners and admins changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its id; ids sort by time.
    pub id: super::ids::AuditId,
    /// When.
    pub at: Time,
    /// Who: user or token.
    pub actor: String,
    /// Their name then.
    pub actor_name: String,
    /// What, a stable code such as `channel.created`.
    pub action: String,
    /// The id of what was changed.
    pub target: String,
    /// Old and new, without secrets.
    pub details: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_in_its_time_or_when_it_rests() {
        let session = |ends_at_rest, seen_at| Credential {
            ends_at_rest,
            seen_at,
            ..Credential::new(String::new(), WorkspaceId(1), Holder::Token { id: TokenId(1) }, Time(0), Some(Time(30 * REST_MS)))
        };
        for (ends_at_rest, seen_at, now, over) in [
            (false, None, 30 * REST_MS - 1, false),
            (false, None, 30 * REST_MS, true),
            (true, None, REST_MS - 1, false),
            (true, None, REST_MS, true),
            (true, Some(Time(REST_MS)), 2 * REST_MS - 1, false),
            (true, Some(Time(REST_MS)), 2 * REST_MS, true),
            (true, Some(Time(30 * REST_MS - 1)), 30 * REST_MS, true),
        ] {
            assert_eq!(session(ends_at_rest, seen_at).is_over(Time(now)), over, "{ends_at_rest} {seen_at:?} {now}");
        }
    }

    #[test]
    fn who_sees_which_channel() {
        let (one, two) = (AccountId(1), AccountId(2));
        // role, channels named, sees one, sees two
        for (role, named, sees_one, sees_two) in [
            (Role::Owner, Some(vec![]), true, true),
            (Role::Admin, Some(vec![one]), true, true),
            (Role::Manager, None, true, true),
            (Role::Manager, Some(vec![one]), true, false),
            (Role::Manager, Some(vec![]), false, false),
        ] {
            let access = Access::new(role, named.as_deref());
            assert_eq!((access.sees(one), access.sees(two)), (sees_one, sees_two), "{role:?} {named:?}");
        }
    }
}
