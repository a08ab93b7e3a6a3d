//! The tables of the ways in and of letters. All lie in the installation's partition: they are about users, who belong to no workspace.
//!
//! | table | key | found by |
//! |---|---|---|
//! | `invite` | id | unique `hash`; unique `email` (workspace, e-mail; while it is pending); `workspace` (workspace, time) |
//! | `reset` | hash of the secret | `user` (user, time) |
//! | `challenge` | hash of the secret | |
//! | `letter` | id | `due` (time, while it waits); `workspace` (workspace, time) |

use super::key::Key;
use super::port::{IndexEntry, RecordKey};
use super::table::Record;
use crate::model::entry::{Invite, LoginChallenge, PasswordReset};
use crate::model::ids::{InviteId, LetterId, UserId, WorkspaceId};
use crate::model::letter::{Letter, LetterStatus};

fn by_number(id: u64) -> RecordKey {
    RecordKey { group: Vec::new(), item: Key::new().number(id).done() }
}

fn by_hash(hash: &str) -> RecordKey {
    RecordKey { group: Vec::new(), item: Key::new().text(hash).done() }
}

fn entry(index: &'static str, unique: bool, group: Key, sort: Key) -> IndexEntry {
    IndexEntry { index, unique, group: group.done(), sort: sort.done() }
}

impl Invite {
    /// Unique index by the hash of the link's secret.
    pub const BY_HASH: &'static str = "hash";
    /// Unique index of pending ones by workspace and e-mail.
    pub const BY_EMAIL: &'static str = "email";
    /// Index by workspace, in the order they were made.
    pub const BY_WORKSPACE: &'static str = "workspace";

    /// The record's key.
    #[must_use]
    pub fn at(id: InviteId) -> RecordKey {
        by_number(id.0)
    }

    /// The group of [`BY_WORKSPACE`](Self::BY_WORKSPACE) and [`BY_EMAIL`](Self::BY_EMAIL).
    #[must_use]
    pub fn of(workspace: WorkspaceId) -> Vec<u8> {
        Key::new().number(workspace.0.into()).done()
    }
}

impl Record for Invite {
    const TABLE: &'static str = "invite";

    fn key(&self) -> RecordKey {
        Self::at(self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let workspace = || Key::new().number(self.workspace.0.into());
        let mut entries = vec![
            entry(Self::BY_HASH, true, Key::new(), Key::new().text(&self.hash)),
            entry(Self::BY_WORKSPACE, false, workspace(), Key::new().signed(self.created_at.0)),
        ];
        if self.is_pending() {
            entries.push(entry(Self::BY_EMAIL, true, workspace(), Key::new().text(&self.email)));
        }
        entries
    }
}

impl PasswordReset {
    /// Index by user, oldest first.
    pub const BY_USER: &'static str = "user";

    /// The record's key.
    #[must_use]
    pub fn at(hash: &str) -> RecordKey {
        by_hash(hash)
    }

    /// The group of [`BY_USER`](Self::BY_USER).
    #[must_use]
    pub fn of(user: UserId) -> Vec<u8> {
        Key::new().number(user.0).done()
    }
}

impl Record for PasswordReset {
    const TABLE: &'static str = "reset";

    fn key(&self) -> RecordKey {
        Self::at(&self.hash)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![entry(Self::BY_USER, false, Key::new().number(self.user.0), Key::new().signed(self.created_at.0))]
    }
}

impl LoginChallenge {
    /// The record's key.
    #[must_use]
    pub fn at(hash: &str) -> RecordKey {
        by_hash(hash)
    }
}

impl Record for LoginChallenge {
    const TABLE: &'static str = "challenge";

    fn key(&self) -> RecordKey {
        Self::at(&self.hash)
    }
}

impl Letter {
    /// Index of those that wait, by when they are due.
    pub const BY_DUE: &'static str = "due";
    /// Index by workspace, in the order they were written.
    pub const BY_WORKSPACE: &'static str = "workspace";

    /// The record's key.
    #[must_use]
    pub fn at(id: LetterId) -> RecordKey {
        by_number(id.0)
    }

    /// The group of [`BY_WORKSPACE`](Self::BY_WORKSPACE).
    #[must_use]
    pub fn of(workspace: WorkspaceId) -> Vec<u8> {
        Key::new().number(workspace.0.into()).done()
    }
}

impl Record for Letter {
    const TABLE: &'static str = "letter";

    fn key(&self) -> RecordKey {
        Self::at(self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let mut entries = Vec::new();
        if self.status == LetterStatus::Waiting {
            entries.push(entry(Self::BY_DUE, false, Key::new(), Key::new().signed(self.next_at.0)));
        }
        if let Some(workspace) = self.workspace {
            entries.push(entry(Self::BY_WORKSPACE, false, Key::new().number(workspace.0.into()), Key::new().signed(self.created_at.0)));
        }
        entries
    }
}
