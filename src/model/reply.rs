//! Canned replies (G-08): words said often, found by a few letters, with what changes from person to person put in.

use serde::{Deserialize, Serialize};

use super::ids::{ReplyId, UserId};
use super::message::Attachment;
use super::time::Time;

/// The longest shortcut, characters.
pub const SHORTCUT_LIMIT: usize = 32;
/// The longest title, characters.
pub const TITLE_LIMIT: usize = 100;
/// The longest text, characters.
pub const TEXT_LIMIT: usize = 4_000;
/// The most files of a reply.
pub const FILES_LIMIT: usize = 10;
/// The most replies of a workspace, shared and own ones.
pub const REPLIES_LIMIT: usize = 5_000;

/// A canned reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CannedReply {
    /// The id.
    pub id: ReplyId,
    /// Whose own it is; none: everybody's.
    pub owner: Option<UserId>,
    /// What is typed after `/`: letters, digits, `-` and `_`, in lower case.
    pub shortcut: String,
    /// What it is about.
    pub title: String,
    /// Its words, with substitutions such as `%NAME%`.
    pub text: String,
    /// What goes along. The files are the reply's own: who uses it gets copies.
    #[serde(default)]
    pub files: Vec<Attachment>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub changed_at: Time,
}

/// Whether a text can be a shortcut.
#[must_use]
pub fn is_shortcut(text: &str) -> bool {
    (1..=SHORTCUT_LIMIT).contains(&text.chars().count())
        && text.chars().all(|letter| (letter.is_alphanumeric() && !letter.is_uppercase()) || letter == '-' || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_08_what_can_be_a_shortcut() {
        for (text, can) in
            [("цена", true), ("hello-2", true), ("", false), ("Цена", false), ("two words", false), ("/x", false), (&"а".repeat(33)[..], false)]
        {
            assert_eq!(is_shortcut(text), can, "{text}");
        }
    }
}
