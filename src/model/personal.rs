//! What is one manager's own: conversations pinned and muted, and words begun and not sent. No actor owns it: the newest word counts.

use serde::{Deserialize, Serialize};

use super::ids::{ConversationId, FileId, MessageId, UserId};
use super::time::Time;

/// The most conversations one manager pins or mutes.
pub const MARKS_LIMIT: usize = 500;
/// The most drafts of one manager.
pub const DRAFTS_LIMIT: usize = 500;
/// The most files of a draft.
pub const DRAFT_FILES: usize = 20;
/// The longest draft, characters.
pub const DRAFT_LIMIT: usize = 10_000;

/// How one manager marked a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Whose mark it is.
    pub user: UserId,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// It stands above the others.
    #[serde(default)]
    pub pinned: bool,
    /// It makes no sound.
    #[serde(default)]
    pub muted: bool,
    /// Since when.
    pub at: Time,
}

/// What a manager began to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedDraft {
    /// Who.
    pub user: UserId,
    /// Where.
    pub conversation: ConversationId,
    /// The words.
    pub text: String,
    /// The message it will answer.
    #[serde(default)]
    pub reply_to: Option<MessageId>,
    /// Whether it is to be a note.
    #[serde(default)]
    pub note: bool,
    /// Uploads of theirs that are to go with it. They are kept as long as it is.
    #[serde(default)]
    pub files: Vec<FileId>,
    /// When it was last changed.
    pub at: Time,
}
