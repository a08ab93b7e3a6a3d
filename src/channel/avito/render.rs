//! What goes to Avito: words cut to its length, pictures one by one, other files as addresses of ours. Pure.

use serde_json::Value;

use crate::channel::contract::{Incoming, OutgoingPiece};
use crate::connector::lenient::{split, words as said};
use crate::model::message::{Attachment, Part, plain_text};

/// The longest text of one message, in characters.
pub const TEXT: usize = 1_000;
/// The longest text taken of a person: it goes as several messages.
pub const TEXT_IN_ALL: u32 = 10_000;
/// The most files taken at once.
pub const FILES_IN_ALL: u32 = 10;
/// The greatest file: others come to us for it, so it is our own measure.
pub const FILE_BYTES: u64 = 512 * 1024 * 1024;
/// The greatest picture Avito takes, and its pixels.
const PICTURE_BYTES: u64 = 24 * 1024 * 1024;
const PICTURE_PIXELS: u64 = 75_000_000;

/// How a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As a picture.
    Picture,
    /// As an address of ours.
    Link,
}

/// How a file goes.
#[must_use]
pub fn way(file: &Attachment) -> Way {
    let pixels = u64::from(file.width.unwrap_or_default()) * u64::from(file.height.unwrap_or_default());
    let taken = matches!(file.media_type.as_str(), "image/jpeg" | "image/png" | "image/gif" | "image/bmp" | "image/heic");
    if taken && !file.as_file && file.size <= PICTURE_BYTES && pixels <= PICTURE_PIXELS { Way::Picture } else { Way::Link }
}

/// The name a picture is uploaded under.
#[must_use]
pub fn file_name(file: &Attachment) -> String {
    let ending = match file.media_type.as_str() {
        "image/png" => "png",
        "image/gif" => "gif",
        "image/bmp" => "bmp",
        "image/heic" => "heic",
        _ => "jpg",
    };
    let right =
        file.name.rsplit_once('.').is_some_and(|(_, ext)| ["jpg", "jpeg", "png", "gif", "bmp", "heic"].contains(&ext.to_lowercase().as_str()));
    if right { file.name.clone() } else { format!("picture.{ending}") }
}

/// What a file is said as.
#[must_use]
pub fn linked(file: &Attachment, url: &str) -> String {
    let room = TEXT.saturating_sub(url.chars().count() + 1);
    let name: String = file.name.chars().take(room).collect();
    if name.is_empty() { url.to_owned() } else { format!("{name}\n{url}") }
}

/// What a message says in words: places and posts too, for which Avito has nothing.
#[must_use]
pub fn words(parts: &[Part]) -> String {
    let lines = parts.iter().map(|part| match part {
        Part::Post { url, title } => [title.as_str(), url.as_str()].join("\n").trim().to_owned(),
        Part::Location { latitude_e7, longitude_e7, title } => {
            let (latitude, longitude) = (f64::from(*latitude_e7) / 1e7, f64::from(*longitude_e7) / 1e7);
            format!("{title}\nhttps://yandex.ru/maps/?pt={longitude},{latitude}&z=16").trim().to_owned()
        }
        part => plain_text(std::slice::from_ref(part)),
    });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The pieces a message goes in.
#[must_use]
pub fn pieces(parts: &[Part], attachments: &[Attachment]) -> Vec<(Vec<Part>, Vec<Attachment>)> {
    let mut pieces: Vec<(Vec<Part>, Vec<Attachment>)> = Vec::new();
    pieces.extend(split(&words(parts), TEXT).into_iter().map(|text| (vec![Part::Text { text }], Vec::new())));
    pieces.extend(attachments.iter().map(|file| (Vec::new(), vec![file.clone()])));
    if pieces.is_empty() {
        pieces.push((Vec::new(), Vec::new()));
    }
    pieces
}

/// Avito may trim what it is sent.
fn alike(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

/// Whether a message of Avito's list is this piece. Avito may make a link of words that hold one.
#[must_use]
pub fn same(piece: &OutgoingPiece, message: &Value) -> bool {
    let content = message.get("content").unwrap_or(&Value::Null);
    let kind = said(message, "type");
    let text = if kind == "link" { content.get("link").map(|link| said(link, "text")).unwrap_or_default() } else { said(content, "text") };
    match piece.attachments.first() {
        Some(file) if way(file) == Way::Picture => kind == "image",
        Some(file) => text.contains(&file.file.to_string()),
        None => matches!(kind, "text" | "link") && alike(text, &words(&piece.parts)),
    }
}

/// Whether what came back is this piece.
#[must_use]
pub fn echoes(parts: &[Part], attachments: &[Attachment], incoming: &Incoming) -> bool {
    let text = match incoming.parts.first() {
        Some(Part::Text { text }) => text.as_str(),
        _ => "",
    };
    match attachments.first() {
        Some(file) if way(file) == Way::Picture => text.is_empty() && !incoming.remote.is_empty(),
        Some(file) => text.contains(&file.file.to_string()),
        None => !text.is_empty() && alike(text, &words(parts)),
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
