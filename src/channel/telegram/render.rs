//! What we send. Pure.

use serde_json::{Map, Value, json};

use super::keys::{ChatKey, MessageKey};
use super::words::{length, split};
use crate::channel::contract::OutgoingPiece;
use crate::model::conversation::Place;
use crate::model::message::{Attachment, Part, plain_text};
use crate::model::reason::Reason;

/// The longest text, in UTF-16 units.
pub const TEXT_LIMIT: u32 = 4_096;
/// The longest words under a file.
const CAPTION: usize = 1_024;
/// The most files of one album.
const ALBUM: usize = 10;
/// The greatest file that can be sent.
pub const FILE_BYTES: u64 = 50 * 1024 * 1024;
/// The greatest picture that goes as one; a greater one goes as a file.
const PHOTO_BYTES: u64 = 10 * 1024 * 1024;
/// The longest both sides of a picture together.
const PHOTO_SIDES: u32 = 10_000;
/// How many times longer than the other a side may be.
const PHOTO_RATIO: u32 = 20;

/// How a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// A picture.
    Photo,
    /// A video.
    Video,
    /// A film without sound.
    Animation,
    /// Music.
    Audio,
    /// A voice note.
    Voice,
    /// As it is.
    Document,
}

impl Medium {
    /// What fits to a file.
    #[must_use]
    pub fn of(file: &Attachment) -> Self {
        match file.media_type.as_str() {
            _ if file.as_file => Self::Document,
            "image/jpeg" | "image/png" | "image/webp" if is_photo(file) => Self::Photo,
            "image/gif" => Self::Animation,
            "video/mp4" => Self::Video,
            "audio/ogg" => Self::Voice,
            "audio/mpeg" | "audio/mp4" | "audio/x-m4a" | "audio/m4a" => Self::Audio,
            _ => Self::Document,
        }
    }

    /// Its method, and the parameter the file is.
    fn call(self) -> (&'static str, &'static str) {
        match self {
            Self::Photo => ("sendPhoto", "photo"),
            Self::Video => ("sendVideo", "video"),
            Self::Animation => ("sendAnimation", "animation"),
            Self::Audio => ("sendAudio", "audio"),
            Self::Voice => ("sendVoice", "voice"),
            Self::Document => ("sendDocument", "document"),
        }
    }

    /// Whether both may stand in one album.
    fn goes_with(self, other: Self) -> bool {
        let is_seen = |medium| matches!(medium, Self::Photo | Self::Video);
        (is_seen(self) && is_seen(other)) || (self == other && matches!(self, Self::Document | Self::Audio))
    }
}

fn is_photo(file: &Attachment) -> bool {
    let (width, height) = (file.width.unwrap_or(1), file.height.unwrap_or(1));
    let (long, short) = (width.max(height), width.min(height).max(1));
    file.size <= PHOTO_BYTES && width.saturating_add(height) <= PHOTO_SIDES && long / short < PHOTO_RATIO
}

/// A call that sends something.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The method.
    pub method: &'static str,
    /// Its parameters, but for files.
    pub fields: Map<String, Value>,
    /// Files, by the name of their part.
    pub files: Vec<(String, Attachment)>,
}

impl Request {
    /// The same into another chat.
    pub fn move_to(&mut self, chat: i64) {
        self.fields.insert("chat_id".to_owned(), json!(chat));
    }

    /// The same without saying what it answers.
    pub fn without_reply(&mut self) {
        self.fields.remove("reply_parameters");
    }

    /// The same with its files as they are. False: they are already.
    pub fn as_documents(&mut self) -> bool {
        if self.files.is_empty() || self.method == "sendDocument" {
            return false;
        }
        if let Some(Value::Array(media)) = self.fields.get_mut("media") {
            let mut changed = false;
            for item in media {
                changed |= item.get("type").and_then(Value::as_str) != Some("document");
                if let Some(item) = item.as_object_mut() {
                    item.insert("type".to_owned(), json!("document"));
                }
            }
            return changed;
        }
        self.method = "sendDocument";
        for (part, _) in &mut self.files {
            "document".clone_into(part);
        }
        true
    }
}

/// Splits a message into what goes as one call each. Words stand under the files if they fit, else before them.
#[must_use]
pub fn pieces(parts: &[Part], attachments: &[Attachment]) -> Vec<(Vec<Part>, Vec<Attachment>)> {
    let is_thing = |part: &&Part| matches!(part, Part::Contact { .. } | Part::Location { .. });
    let things: Vec<Part> = parts.iter().filter(is_thing).cloned().collect();
    let words: Vec<Part> = parts.iter().filter(|part| !is_thing(part)).cloned().collect();
    let text = plain_text(&words);
    let mut groups: Vec<Vec<Attachment>> = Vec::new();
    for file in attachments {
        match groups.last_mut() {
            Some(group) if group.len() < ALBUM && group.iter().all(|other| Medium::of(other).goes_with(Medium::of(file))) => group.push(file.clone()),
            _ => groups.push(vec![file.clone()]),
        }
    }
    // Under several documents each would have words of its own.
    let is_under = |group: &Vec<Attachment>| group.len() == 1 || group.iter().all(|file| matches!(Medium::of(file), Medium::Photo | Medium::Video));
    let under = length(&text) <= CAPTION && groups.first().is_some_and(is_under);
    let mut pieces = Vec::new();
    if !under {
        let limit = usize::try_from(TEXT_LIMIT).unwrap_or(usize::MAX);
        pieces.extend(split(&text, limit).into_iter().map(|text| (vec![Part::Text { text }], Vec::new())));
    }
    for (at, group) in groups.into_iter().enumerate() {
        let words = (under && at == 0 && !text.is_empty()).then(|| Part::Text { text: text.clone() });
        pieces.push((words.into_iter().collect(), group));
    }
    pieces.extend(things.into_iter().map(|thing| (vec![thing], Vec::new())));
    if pieces.is_empty() {
        pieces.push((parts.to_vec(), Vec::new()));
    }
    pieces
}

/// The call that sends a piece.
///
/// # Errors
/// It cannot be sent: why.
pub fn request(piece: &OutgoingPiece) -> Result<Request, Reason> {
    let key = piece.conversation_key.as_deref().and_then(ChatKey::read).ok_or_else(|| Reason::new("must_start_first"))?;
    let mut fields = target(&key);
    let is_comment = matches!(piece.place, Place::Post(_));
    let answers = piece.reply_to_external.as_deref().or(piece.newest_external.as_deref().filter(|_| is_comment));
    if let Some(message) = answers.and_then(MessageKey::read).filter(|message| message.chat == key.chat) {
        fields.insert("reply_parameters".to_owned(), json!({ "message_id": message.number, "allow_sending_without_reply": true }));
    }
    // Under a post the answered comment says where; a topic is always named.
    if let Some(thread) = key.thread.filter(|_| !is_comment || !fields.contains_key("reply_parameters")) {
        fields.insert("message_thread_id".to_owned(), json!(thread));
    }
    let text = plain_text(&piece.parts);
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    match (piece.attachments.as_slice(), piece.parts.as_slice()) {
        ([], [Part::Contact { name, phone }]) => {
            put("phone_number", json!(phone));
            put("first_name", json!(if name.is_empty() { phone } else { name }));
            Ok(Request { method: "sendContact", fields, files: Vec::new() })
        }
        ([], [Part::Location { latitude_e7, longitude_e7, title }]) => {
            put("latitude", json!(f64::from(*latitude_e7) / 1e7));
            put("longitude", json!(f64::from(*longitude_e7) / 1e7));
            if title.is_empty() {
                return Ok(Request { method: "sendLocation", fields, files: Vec::new() });
            }
            put("title", json!(title));
            put("address", json!(title));
            Ok(Request { method: "sendVenue", fields, files: Vec::new() })
        }
        ([], _) if text.trim().is_empty() => Err(Reason::new("empty_message")),
        ([], _) => {
            put("text", json!(text));
            Ok(Request { method: "sendMessage", fields, files: Vec::new() })
        }
        ([file], _) => {
            let (method, name) = Medium::of(file).call();
            if !text.is_empty() {
                put("caption", json!(text));
            }
            Ok(Request { method, fields, files: vec![(name.to_owned(), file.clone())] })
        }
        (files, _) => {
            let item = |(at, file): (usize, &Attachment)| {
                let mut item = json!({ "type": Medium::of(file).call().1, "media": format!("attach://file{at}") });
                if let (0, false, Some(item)) = (at, text.is_empty(), item.as_object_mut()) {
                    item.insert("caption".to_owned(), json!(text));
                }
                item
            };
            put("media", Value::Array(files.iter().enumerate().map(item).collect()));
            let files = files.iter().enumerate().map(|(at, file)| (format!("file{at}"), file.clone())).collect();
            Ok(Request { method: "sendMediaGroup", fields, files })
        }
    }
}

/// The parameters that say where.
#[must_use]
pub fn target(key: &ChatKey) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("chat_id".to_owned(), json!(key.chat));
    if !key.connection.is_empty() {
        fields.insert("business_connection_id".to_owned(), json!(key.connection));
    }
    fields
}

/// Whether a file can go.
///
/// # Errors
/// Why not.
pub fn check_file(file: &Attachment) -> Result<(), Reason> {
    if file.size > FILE_BYTES {
        return Err(Reason::new("file_too_large").with("limit", "50 MB"));
    }
    if file.size == 0 { Err(Reason::new("file_empty")) } else { Ok(()) }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
