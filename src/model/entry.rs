//! The ways in beside a password: invites, links that reset a password, the second step of a login, the second factor.
//!
//! Whoever holds one of these secrets gets in by it, so each is 32 random bytes, the store holds only its SHA-256, and each ends by
//! itself.

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, InviteId, LetterId, UserId, WorkspaceId};
use super::protocol::Role;
use super::time::Time;

/// How long an invite can be accepted.
pub const INVITE_LIFE_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// How long a link resets a password.
pub const RESET_LIFE_MS: i64 = 60 * 60 * 1_000;
/// How long the second step of a login is waited for.
pub const CHALLENGE_LIFE_MS: i64 = 10 * 60 * 1_000;
/// How many codes may be tried in one login.
pub const CHALLENGE_TRIES: u32 = 5;

/// Somebody is asked into a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Its id; ids sort by time.
    pub id: InviteId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Who, in the form users are found by.
    pub email: String,
    /// What they will be able to do.
    pub role: Role,
    /// The channels they will see; none: all.
    pub channels: Option<Vec<AccountId>>,
    /// SHA-256 of the link's secret, hex.
    pub hash: String,
    /// Who asked. The invite opens nothing once they may no longer give this role.
    pub invited_by: UserId,
    /// Their name then.
    pub invited_by_name: String,
    /// When the link was made.
    pub created_at: Time,
    /// When it ends by itself.
    pub expires_at: Time,
    /// The letter it went out by; none: no mail was set up.
    pub letter: Option<LetterId>,
    /// Who took it. From here on it is theirs, and only the way to the workspace may be left.
    pub taken_by: Option<UserId>,
    /// When they became a member.
    pub accepted_at: Option<Time>,
    /// When it was taken back.
    pub revoked_at: Option<Time>,
}

/// How an invite stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InviteState {
    /// It can be accepted.
    Open,
    /// It was.
    Accepted,
    /// Nobody did in time.
    Expired,
    /// It was taken back.
    Revoked,
}

impl Invite {
    /// How it stands now.
    #[must_use]
    pub fn state(&self, now: Time) -> InviteState {
        if self.accepted_at.is_some() {
            InviteState::Accepted
        } else if self.revoked_at.is_some() {
            InviteState::Revoked
        } else if self.expires_at <= now {
            InviteState::Expired
        } else {
            InviteState::Open
        }
    }

    /// Whether it stands in the way of another for the same e-mail.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.accepted_at.is_none() && self.revoked_at.is_none()
    }
}

/// A link that sets a new password, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordReset {
    /// SHA-256 of the link's secret, hex.
    pub hash: String,
    /// Whose password.
    pub user: UserId,
    /// When it was made.
    pub created_at: Time,
    /// When it ends by itself.
    pub expires_at: Time,
    /// Who made it for them; none: they asked for a letter themselves. What was right when it was made must be right when it is used.
    pub made_by: Option<ResetMaker>,
}

/// Who made a link for somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetMaker {
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// Their id.
    pub user: UserId,
}

/// A login whose password was right and whose code is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginChallenge {
    /// SHA-256 of its secret, hex.
    pub hash: String,
    /// Who.
    pub user: UserId,
    /// The hash of the password that was right: another password ends this.
    pub password: String,
    /// Whether the session is to be remembered.
    pub remember: bool,
    /// The invite that is accepted with this login.
    pub invite: Option<InviteId>,
    /// How many codes were tried.
    pub tries: u32,
    /// When it ends by itself.
    pub expires_at: Time,
}

/// An authenticator app that is asked at each login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// The secret it shares with us, sealed.
    pub sealed: String,
    /// Since when.
    pub since: Time,
    /// The newest step whose code was taken: it and earlier ones are not taken again.
    pub last_step: u64,
    /// SHA-256 of the recovery codes that are left, hex.
    pub recovery: Vec<String>,
}

/// A second factor that was begun: it counts once a code of it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The secret, sealed.
    pub sealed: String,
    /// Until when it can be confirmed.
    pub expires_at: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_stands_as_it_stands() {
        let open = Invite {
            id: InviteId(1),
            workspace: WorkspaceId(1),
            email: "a@b.example".to_owned(),
            role: Role::Manager,
            channels: None,
            hash: String::new(),
            invited_by: UserId(1),
            invited_by_name: String::new(),
            created_at: Time(0),
            expires_at: Time(10),
            letter: None,
            taken_by: None,
            accepted_at: None,
            revoked_at: None,
        };
        assert_eq!((open.state(Time(9)), open.state(Time(10))), (InviteState::Open, InviteState::Expired));
        let revoked = Invite { revoked_at: Some(Time(5)), ..open.clone() };
        assert_eq!((revoked.state(Time(20)), revoked.is_pending()), (InviteState::Revoked, false));
        let accepted = Invite { accepted_at: Some(Time(5)), ..open.clone() };
        assert_eq!((accepted.state(Time(20)), accepted.is_pending(), open.is_pending()), (InviteState::Accepted, false, true));
    }
}
