//! The values of the kept sample's invites, links, challenges and letters: something in every field.

use kommutator::model::entry::{Invite, LoginChallenge, PasswordReset, ResetMaker};
use kommutator::model::ids::{InviteId, LetterId};
use kommutator::model::letter::{Letter, LetterKind, LetterStatus};
use kommutator::model::protocol::Role;

use super::domain::{Kept, WORKSPACE};
use super::domain_records::{ACCOUNT, NOW, USER, boxed, later, reason};

pub(crate) fn ways_in() -> Vec<Box<dyn Kept>> {
    let invite = |id: u64, role, taken_by, accepted_at, revoked_at| Invite {
        id: InviteId(id),
        workspace: WORKSPACE,
        email: format!("i{id}@shop.example"),
        role,
        channels: Some(vec![ACCOUNT]),
        hash: format!("d{id}"),
        invited_by: USER,
        invited_by_name: "Мария".into(),
        created_at: NOW,
        expires_at: later(1_000),
        letter: Some(LetterId(id)),
        taken_by,
        accepted_at,
        revoked_at,
    };
    let mut kept = boxed([
        invite(1, Role::Manager, None, None, None),
        invite(2, Role::Admin, Some(USER), Some(later(2)), None),
        invite(3, Role::Owner, None, None, Some(later(3))),
    ]);
    let made_by = Some(ResetMaker { workspace: WORKSPACE, user: USER });
    kept.extend(boxed([PasswordReset { hash: "e1".into(), user: USER, created_at: NOW, expires_at: later(10), made_by }]));
    kept.extend(boxed([LoginChallenge {
        hash: "f1".into(),
        user: USER,
        password: "aa".into(),
        remember: true,
        invite: Some(InviteId(1)),
        tries: 2,
        expires_at: later(10),
    }]));
    let statuses = [LetterStatus::Waiting, LetterStatus::Posted, LetterStatus::Undeliverable];
    let kinds = [
        LetterKind::Invitation,
        LetterKind::PasswordLink,
        LetterKind::PasswordChanged,
        LetterKind::FactorOn,
        LetterKind::FactorOff,
        LetterKind::Trial,
        LetterKind::WebhookOff,
        LetterKind::Assigned,
        LetterKind::Mentioned,
        LetterKind::Overdue,
        LetterKind::ChannelLost,
        LetterKind::ConnectionLost,
        LetterKind::ConnectionGone,
        LetterKind::SendFailed,
        LetterKind::Answer,
    ];
    kept.extend(boxed((1..).zip(kinds.into_iter().zip(statuses.into_iter().cycle())).map(|(id, (about, status))| Letter {
        id: LetterId(id),
        workspace: (id != 3).then_some(WORKSPACE),
        to: format!("i{id}@shop.example"),
        locale: "es".into(),
        about,
        sealed: "s".into(),
        status,
        reason: Some(reason()),
        tries: 2,
        next_at: later(5),
        until: later(50),
        created_at: NOW,
        at: later(4),
    })));
    kept
}
