//! What goes to VK: how a message falls into pieces, and the parameters of the calls. Pure.

use serde_json::json;

use super::COMMENTS_KIND;
use super::ids::{self, Post};
use crate::channel::contract::OutgoingPiece;
use crate::connector::lenient::split;
use crate::model::connection::ChannelKind;
use crate::model::message::{Attachment, Part};
use crate::model::reason::Reason;

/// The longest text of one message, in characters.
pub const TEXT: usize = 4_096;
/// The longest text taken of a person: it goes as several messages.
pub const TEXT_IN_ALL: u32 = 16_384;
/// Files of one message, and of one comment.
const FILES: usize = 10;
const FILES_OF_COMMENT: usize = 2;
/// The most files taken at once.
pub const FILES_IN_ALL: u32 = 10;
/// The greatest file, bytes.
pub const FILE_BYTES: u64 = 200 * 1024 * 1024;
/// The greatest photo; what is greater goes as a document.
const PHOTO_BYTES: u64 = 50 * 1024 * 1024;
const PHOTO_SIDES: u64 = 14_000;
const PHOTO_RATIO: u64 = 20;
/// What VK takes under no name.
const REFUSED: [&str; 9] = ["exe", "bat", "com", "cmd", "msi", "apk", "jar", "js", "mp3"];

/// Parameters of a call.
pub type Params = Vec<(&'static str, String)>;

/// Words of a part VK has nothing of its own for.
fn said(part: &Part) -> Option<String> {
    let joined = |words: &[&str]| words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join("\n");
    let text = match part {
        Part::Text { text } => text.clone(),
        Part::File { caption, .. } => caption.clone(),
        Part::Contact { name, phone } => joined(&[name, phone]),
        Part::Location { title, .. } => title.clone(),
        Part::Post { url, title } => joined(&[title, url]),
        Part::Sticker { emoji, file } if file.is_none() => emoji.clone(),
        Part::Template { parameters, .. } => parameters.join("\n"),
        Part::Buttons { labels } => labels.join("\n"),
        Part::Sticker { .. } | Part::Voice { .. } | Part::Call { .. } | Part::Unknown { .. } => String::new(),
    };
    (!text.is_empty()).then_some(text)
}

/// What one message says in words.
#[must_use]
pub fn words(parts: &[Part]) -> String {
    parts.iter().filter_map(said).collect::<Vec<_>>().join("\n")
}

/// The pieces a message goes in: text cut where it is too long, files with the last of the text, two by two under a comment.
#[must_use]
pub fn pieces(kind: ChannelKind, parts: &[Part], attachments: &[Attachment]) -> Vec<(Vec<Part>, Vec<Attachment>)> {
    let most = if kind == COMMENTS_KIND { FILES_OF_COMMENT } else { FILES };
    // What is no words stays as it is, with the last of them.
    let rest = parts.iter().filter(|part| matches!(part, Part::Location { .. } | Part::Voice { .. } | Part::Sticker { file: Some(_), .. }));
    let rest: Vec<Part> = rest.cloned().collect();
    let texts = split(&words(parts), TEXT);
    let mut pieces: Vec<(Vec<Part>, Vec<Attachment>)> = texts.into_iter().map(|text| (vec![Part::Text { text }], Vec::new())).collect();
    if pieces.is_empty() {
        pieces.push((Vec::new(), Vec::new()));
    }
    let mut groups = attachments.chunks(most).map(<[Attachment]>::to_vec);
    if let Some((last, files)) = pieces.last_mut() {
        last.extend(rest);
        *files = groups.next().unwrap_or_default();
    }
    pieces.extend(groups.map(|files| (Vec::new(), files)));
    pieces
}

/// How a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As a photo.
    Photo,
    /// As a document.
    Doc,
    /// As a voice message.
    Voice,
}

/// How a file goes in a message.
#[must_use]
pub fn way(file: &Attachment) -> Way {
    let (width, height) = (u64::from(file.width.unwrap_or(1)), u64::from(file.height.unwrap_or(1)));
    let fits = width + height <= PHOTO_SIDES && width.max(height) <= width.min(height).saturating_mul(PHOTO_RATIO) && file.size <= PHOTO_BYTES;
    match file.media_type.as_str() {
        _ if file.as_file => Way::Doc,
        // A film without sound would stand still as a photo; as a document it moves.
        "image/jpeg" | "image/png" if fits => Way::Photo,
        "audio/ogg" | "audio/opus" => Way::Voice,
        _ => Way::Doc,
    }
}

/// Whether VK takes a file.
///
/// # Errors
/// Why not.
pub fn check(file: &Attachment) -> Result<(), Reason> {
    let ext = file.name.rsplit_once('.').map(|(_, ext)| ext.to_lowercase()).unwrap_or_default();
    if REFUSED.contains(&ext.as_str()) {
        return Err(Reason::new("vk_file_kind").with("name", &file.name).with("ext", ext));
    }
    if file.size > FILE_BYTES {
        return Err(Reason::new("file_too_large").with("name", &file.name).with("limit", "200 MB"));
    }
    if file.size == 0 {
        return Err(Reason::new("file_empty").with("name", &file.name));
    }
    Ok(())
}

/// The name a file is uploaded under: VK goes by its ending.
#[must_use]
pub fn file_name(file: &Attachment, way: Way) -> String {
    let ending = match (way, file.media_type.as_str()) {
        (Way::Voice, _) => "ogg",
        (_, "image/jpeg") => "jpg",
        (_, "image/png") => "png",
        (_, "image/gif") => "gif",
        (_, "application/pdf") => "pdf",
        _ => "bin",
    };
    if file.name.rsplit_once('.').is_some_and(|(_, ext)| !ext.is_empty()) {
        return file.name.clone();
    }
    let name = if file.name.is_empty() { "file" } else { &file.name };
    format!("{name}.{ending}")
}

/// `messages.send` of a piece; `attached`: what its files became.
#[must_use]
pub fn message(piece: &OutgoingPiece, peer: i64, attached: &[String]) -> Params {
    let mut params = vec![("peer_ids", peer.to_string()), ("random_id", ids::random_id(&piece.key).to_string())];
    let text = words(&piece.parts);
    if !text.is_empty() {
        params.push(("message", text));
    }
    if !attached.is_empty() {
        params.push(("attachment", attached.join(",")));
    }
    let place = piece.parts.iter().find_map(|part| match part {
        Part::Location { latitude_e7, longitude_e7, .. } => Some((f64::from(*latitude_e7) / 1e7, f64::from(*longitude_e7) / 1e7)),
        _ => None,
    });
    if let Some((latitude, longitude)) = place {
        params.extend([("lat", latitude.to_string()), ("long", longitude.to_string())]);
    }
    let answered = piece.reply_to_external.as_deref().and_then(ids::read_message).filter(|(there, _)| *there == peer);
    if let Some((peer, number)) = answered {
        params.push(("forward", json!({ "peer_id": peer, "conversation_message_ids": [number], "is_reply": 1 }).to_string()));
    }
    params
}

/// `wall.createComment` of a piece: an answer to the customer's comment that was chosen, or to their newest.
#[must_use]
pub fn comment(piece: &OutgoingPiece, post: &Post, group: &str, attached: &[String]) -> Params {
    let mut params =
        vec![("owner_id", post.owner.to_string()), ("post_id", post.item.to_string()), ("from_group", group.to_owned()), ("guid", piece.key.clone())];
    let answered = piece.reply_to_external.as_deref().or(piece.newest_external.as_deref()).and_then(ids::read_comment);
    params.extend(answered.map(|id| ("reply_to_comment", id.to_string())));
    let text = words(&piece.parts);
    if !text.is_empty() {
        params.push(("message", text));
    }
    if !attached.is_empty() {
        params.push(("attachments", attached.join(",")));
    }
    params
}

/// The one form of an address a person can be written to first at: their number, or the name in their page's address.
#[must_use]
pub fn address(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let text = text.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("m.").trim_start_matches("www.");
    let hosts = ["vk.com/", "vk.ru/", "vkontakte.ru/", "vk.me/"];
    let name = hosts.iter().find_map(|host| text.strip_prefix(host)).unwrap_or(text);
    let name = name.trim_start_matches('@').split(['?', '#', '/']).next().unwrap_or_default();
    let number = name.strip_prefix("id").unwrap_or(name);
    if (1..=15).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(number.trim_start_matches('0').to_owned()).filter(|number| !number.is_empty());
    }
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    ((2..=64).contains(&name.len()) && name.bytes().all(fine)).then(|| name.to_owned())
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
