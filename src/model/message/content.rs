//! What a message says: its typed parts, its files, where it was said.

use serde::{Deserialize, Serialize};

use crate::model::ids::FileId;
use crate::model::protocol::{Author, FileStatus};
use crate::model::reason::Reason;

/// A typed part of a message. A closed set: what fits none of them is [`Part::Unknown`] with its raw form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum Part {
    /// Words.
    Text {
        /// Plain text.
        text: String,
    },
    /// A file, a picture, a video.
    File {
        /// The file.
        file: FileId,
        /// Words under it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        caption: String,
    },
    /// A voice note.
    Voice {
        /// The file.
        file: FileId,
        /// Its length in milliseconds, if known.
        #[serde(default)]
        duration_ms: Option<u64>,
    },
    /// A contact card.
    Contact {
        /// The name.
        name: String,
        /// The phone.
        phone: String,
    },
    /// A point on the map.
    Location {
        /// Degrees × 10⁷.
        latitude_e7: i32,
        /// Degrees × 10⁷.
        longitude_e7: i32,
        /// Its name.
        #[serde(default)]
        title: String,
    },
    /// A sticker.
    Sticker {
        /// Its picture.
        #[serde(default)]
        file: Option<FileId>,
        /// The emoji it stands for.
        #[serde(default)]
        emoji: String,
    },
    /// A post or story.
    Post {
        /// Its address.
        url: String,
        /// Its words.
        #[serde(default)]
        title: String,
    },
    /// A call that was tried.
    Call {
        /// Whether nobody answered.
        missed: bool,
        /// Whether with picture.
        video: bool,
    },
    /// A template with parameters.
    Template {
        /// Its name.
        name: String,
        /// Its language.
        language: String,
        /// What is put in.
        parameters: Vec<String>,
    },
    /// Buttons under the message, as words.
    Buttons {
        /// Their words.
        labels: Vec<String>,
    },
    /// What none of the others can say.
    Unknown {
        /// As it came, at most 16 KiB of it.
        raw: String,
    },
}

impl Part {
    /// Whether it shows a file.
    #[must_use]
    pub fn has_file(&self) -> bool {
        matches!(self, Self::File { .. } | Self::Voice { .. } | Self::Sticker { file: Some(_), .. })
    }
}

/// How a message stands to the conversation at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageScope {
    /// A direct message.
    #[default]
    Personal,
    /// A comment under a post.
    Comment,
    /// In a group chat.
    Group,
}

/// The place at that moment: kept per message, because a listing or post changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Context {
    /// How it stands.
    #[serde(default)]
    pub scope: MessageScope,
    /// The post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// The top-level comment it hangs under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_comment: Option<String>,
    /// The comment it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The listing, vehicle or ad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing: Option<String>,
}

/// A reaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// Who.
    pub author: Author,
}

/// What a message knows of a file it carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file.
    pub file: FileId,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// Whether it is here.
    pub status: FileStatus,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Whether there is a thumbnail.
    #[serde(default)]
    pub thumbnail: bool,
    /// How the channel finds it at the provider, while it is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// A picture that is to go, and to be shown, as a file: as it is, not made smaller.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_file: bool,
}

/// The words of parts, one a line. What has no words gives none: the screens have their own for it.
#[must_use]
pub fn plain_text(parts: &[Part]) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for part in parts {
        match part {
            Part::Text { text } => lines.push(text),
            Part::File { caption, .. } => lines.push(caption),
            Part::Contact { name, phone } => lines.extend([name.as_str(), phone.as_str()]),
            Part::Post { url, title } => lines.extend([title.as_str(), url.as_str()]),
            Part::Location { title, .. } => lines.push(title),
            Part::Sticker { emoji, .. } => lines.push(emoji),
            Part::Buttons { labels } => lines.extend(labels.iter().map(String::as_str)),
            Part::Template { parameters, .. } => lines.extend(parameters.iter().map(String::as_str)),
            Part::Voice { .. } | Part::Call { .. } | Part::Unknown { .. } => {}
        }
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_the_words_of_the_parts() {
        let parts = [
            Part::Text { text: "Добрый день".into() },
            Part::Voice { file: FileId(1), duration_ms: None },
            Part::Contact { name: "Анна".into(), phone: "+79990000000".into() },
        ];
        assert_eq!(plain_text(&parts), "Добрый день\nАнна\n+79990000000");
    }
}
