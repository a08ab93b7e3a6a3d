//! Letters to people: what they are about, and how far they came.

use serde::{Deserialize, Serialize};

use super::ids::{LetterId, WorkspaceId};
use super::reason::Reason;
use super::time::Time;

/// A letter is tried for so long.
pub const LETTER_LIFE_MS: i64 = 24 * 60 * 60 * 1_000;

/// A letter that is to go out, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its id; the name every repeat of it carries. Ids sort by time.
    pub id: LetterId,
    /// Whose admins see it.
    pub workspace: Option<WorkspaceId>,
    /// The address.
    pub to: String,
    /// The language.
    pub locale: String,
    /// What it is about.
    pub about: LetterKind,
    /// What it says, as JSON, sealed: there may be a link in it. Empty once it went out or failed.
    pub sealed: String,
    /// How far it came.
    pub status: LetterStatus,
    /// Why it has not gone out, or why it failed.
    pub reason: Option<Reason>,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next, while it is queued.
    pub next_at: Time,
    /// After this it fails instead of going out late.
    pub until: Time,
    /// When it was written.
    pub created_at: Time,
    /// When its status changed.
    pub at: Time,
}

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    /// An invite into a workspace.
    Invitation,
    /// A link that resets a password.
    PasswordLink,
    /// The password was changed.
    PasswordChanged,
    /// The second factor was switched on.
    FactorOn,
    /// The second factor was switched off.
    FactorOff,
    /// A webhook that took nothing for days was switched off.
    WebhookOff,
    /// Somebody tries whether letters arrive.
    Trial,
    /// A conversation was given to the reader.
    Assigned,
    /// The reader is mentioned in a note.
    Mentioned,
    /// A customer waits too long.
    Overdue,
    /// A channel lost its access.
    ChannelLost,
    /// A CRM lets us in no longer.
    ConnectionLost,
    /// What is set of a CRM chooses something that is gone there.
    ConnectionGone,
    /// A message could not be sent.
    SendFailed,
    /// What a site's visitor was answered after they left.
    Answer,
}

/// How far a letter came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LetterStatus {
    /// It waits for its next try.
    Waiting,
    /// The mail server took it.
    Posted,
    /// It will not go out.
    Undeliverable,
}

/// What a letter says, beside what its kind says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterWords {
    /// The workspace's name.
    #[serde(default)]
    pub workspace: String,
    /// Who is the cause of it, by name.
    #[serde(default)]
    pub by: String,
    /// Where it leads; empty: nowhere.
    #[serde(default)]
    pub link: String,
    /// The customer or channel it is about, by name.
    #[serde(default)]
    pub about: String,
    /// Where its reader can say that they want no more; empty: nowhere.
    #[serde(default)]
    pub stop: String,
    /// What somebody wrote; empty: it is not to be shown.
    #[serde(default)]
    pub text: String,
}
