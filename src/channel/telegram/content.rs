//! What a message says. Pure.

use serde_json::Value;

use super::keys::MessageKey;
use super::wire::{Chat, Location, Media, Message, Origin, User};
use super::words::with_links;
use crate::channel::contract::{FileShape, RemoteFile};
use crate::model::message::Part;

/// The most that is kept of what we cannot read.
const RAW_BYTES: usize = 16 * 1024;
/// What the server tells of a chat, in a message's form: nobody wrote it. Everything that begins so.
const SERVICE: [&str; 34] = [
    "new_chat_",
    "left_chat_",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "migrate_",
    "pinned_message",
    "successful_payment",
    "refunded_payment",
    "users_shared",
    "chat_shared",
    "connected_website",
    "write_access_allowed",
    "passport_data",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "chat_owner_",
    "checklist_tasks_",
    "direct_message_price_changed",
    "forum_topic_",
    "general_forum_topic_",
    "giveaway_created",
    "giveaway_completed",
    "paid_message_price_changed",
    "suggested_post_",
    "video_chat_",
    "web_app_data",
    "gift_upgrade_sent",
    "managed_bot_",
    "poll_option_",
    "unique_gift",
];
/// What tells of a message and is none of what it says.
const ABOUT: [&str; 22] = [
    "author_signature",
    "via_bot",
    "has_media_spoiler",
    "has_protected_content",
    "is_from_offline",
    "forward_from",
    "forward_from_chat",
    "forward_from_message_id",
    "forward_date",
    "forward_signature",
    "forward_sender_name",
    "media_group_id",
    "effect_id",
    "paid_star_count",
    "direct_messages_topic",
    "sender_boost_count",
    "link_preview_options",
    "show_caption_above_media",
    "is_paid_post",
    "suggested_post_info",
    "reply_to_checklist_task_id",
    "sender_tag",
];

/// What a message says.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Words, cards, points.
    pub(super) parts: Vec<Part>,
    /// Files that lie at Telegram.
    pub(super) remote: Vec<RemoteFile>,
}

/// Reads what a message says; none: nobody said it, the server tells of the chat.
pub(super) fn read(message: &Message) -> Option<Content> {
    let mut content = Content { parts: around(message), remote: files(message) };
    let said = [(&message.text, &message.entities), (&message.caption, &message.caption_entities)];
    for (text, entities) in said {
        if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
            content.parts.push(Part::Text { text: with_links(text, entities) });
        }
    }
    content.parts.extend(things(message));
    let silent = message.text.is_none() && message.caption.is_none() && content.remote.is_empty() && things(message).is_empty();
    if !silent {
        return Some(content);
    }
    let is_service = message.migrate_to_chat_id.is_some()
        || message.forum_topic_created.is_some()
        || message.rest.keys().any(|name| SERVICE.iter().any(|start| name.starts_with(start)));
    if is_service {
        return None;
    }
    content.parts.extend(other(message));
    Some(content)
}

/// What stands before a message: where it was forwarded from, what it quotes.
fn around(message: &Message) -> Vec<Part> {
    let mut lines = Vec::new();
    if let Some(origin) = &message.forward_origin {
        lines.push(Part::Text { text: format!("↪ {}", origin_name(origin)) });
    }
    if let Some(origin) = message.external_reply.as_ref().and_then(|reply| reply.origin.as_ref()) {
        lines.push(Part::Text { text: format!("↩ {}", origin_name(origin)) });
    }
    if let Some(quote) = message.quote.as_ref().filter(|quote| (quote.is_manual || message.external_reply.is_some()) && !quote.text.is_empty()) {
        lines.push(Part::Text { text: format!("> {}", quote.text.replace('\n', "\n> ")) });
    }
    if let Some(story) = &message.reply_to_story {
        let url = if story.chat.username.is_empty() { String::new() } else { format!("https://t.me/{}/s/{}", story.chat.username, story.id) };
        lines.push(Part::Post { url, title: chat_name(&story.chat) });
    }
    lines
}

/// A person's name.
pub(super) fn user_name(user: &User) -> String {
    format!("{} {}", user.first_name, user.last_name).trim().to_owned()
}

/// A chat's name.
pub(super) fn chat_name(chat: &Chat) -> String {
    if chat.title.is_empty() { format!("{} {}", chat.first_name, chat.last_name).trim().to_owned() } else { chat.title.clone() }
}

fn origin_name(origin: &Origin) -> String {
    let chat = origin.chat.as_ref().or(origin.sender_chat.as_ref());
    let name = match (&origin.sender_user, chat) {
        (Some(user), _) => user_name(user),
        (None, Some(chat)) => chat_name(chat),
        (None, None) => origin.sender_user_name.clone(),
    };
    match (&origin.chat, origin.message_id) {
        (Some(chat), Some(number)) if !chat.username.is_empty() => format!("{name} (https://t.me/{}/{number})", chat.username),
        _ => name,
    }
}

/// The files of a message. What is two things at once is the more telling one.
fn files(message: &Message) -> Vec<RemoteFile> {
    let voice = |media: &Media| FileShape::Voice { duration_ms: media.duration.map(|seconds| seconds.saturating_mul(1_000)) };
    let kinds: [(&Option<Media>, &str, &str); 7] = [
        (&message.voice, "voice.ogg", "audio/ogg"),
        (&message.audio, "audio.mp3", "audio/mpeg"),
        (&message.video, "video.mp4", "video/mp4"),
        (&message.video_note, "video.mp4", "video/mp4"),
        (&message.animation, "animation.mp4", "video/mp4"),
        (&message.sticker, "sticker.webp", "image/webp"),
        // Comes beside an animation, and says less.
        (if message.animation.is_some() { &None } else { &message.document }, "", ""),
    ];
    let largest = message.photo.iter().max_by_key(|one| u64::from(one.width.unwrap_or(0)) * u64::from(one.height.unwrap_or(0)));
    let photo = largest.map(|media| remote(media, "photo.jpg", "image/jpeg"));
    let other = kinds.iter().filter_map(|(media, name, kind)| media.as_ref().map(|media| remote(media, name, kind)));
    let mut files: Vec<RemoteFile> = photo.into_iter().chain(other).collect();
    if let (Some(media), Some(file)) = (&message.voice, files.first_mut()) {
        file.shape = voice(media);
    }
    if let (Some(sticker), Some(file)) = (&message.sticker, files.first_mut()) {
        file.shape = FileShape::Sticker;
        file.caption.clone_from(&sticker.emoji);
        // A film, or drawn by the app: no picture a browser would show as one.
        if sticker.is_video {
            (file.name, file.media_type) = ("sticker.webm".to_owned(), "video/webm".to_owned());
        } else if sticker.is_animated {
            (file.name, file.media_type) = ("sticker.tgs".to_owned(), "application/gzip".to_owned());
        }
    }
    files.retain(|file| !file.locator.is_empty());
    files
}

fn remote(media: &Media, name: &str, kind: &str) -> RemoteFile {
    let tune = [media.performer.as_str(), media.title.as_str()].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" – ");
    let or = |said: &str, usual: &str| if said.is_empty() { usual.to_owned() } else { said.to_owned() };
    let name = if media.file_name.is_empty() && !tune.is_empty() { format!("{tune}.mp3") } else { or(&media.file_name, name) };
    RemoteFile {
        locator: media.file_id.clone(),
        name,
        media_type: or(&media.mime_type, kind),
        size: media.file_size,
        width: media.width,
        height: media.height,
        ..RemoteFile::default()
    }
}

/// What is neither words nor a file.
fn things(message: &Message) -> Vec<Part> {
    let mut parts = Vec::new();
    if let Some(contact) = &message.contact {
        let name = format!("{} {}", contact.first_name, contact.last_name).trim().to_owned();
        parts.push(Part::Contact { name, phone: phone(&contact.phone_number) });
    }
    match (&message.venue, &message.location) {
        (Some(venue), _) => {
            let title = [venue.title.as_str(), venue.address.as_str()].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ");
            parts.push(point(&venue.location, title));
        }
        (None, Some(location)) => parts.push(point(location, String::new())),
        (None, None) => {}
    }
    if let Some(poll) = &message.poll {
        let options = poll.options.iter().map(|option| format!("\n– {}", option.text)).collect::<String>();
        parts.push(Part::Text { text: format!("📊 {}{options}", poll.question) });
    }
    if let Some(dice) = &message.dice {
        parts.push(Part::Text { text: format!("{} {}", dice.emoji, dice.value) });
    }
    let titled = [("game", "🎮"), ("invoice", "🧾"), ("checklist", "☑️")];
    for (name, mark) in titled {
        if let Some(title) = message.rest.get(name).and_then(|thing| thing.get("title")).and_then(Value::as_str) {
            parts.push(Part::Text { text: format!("{mark} {title}") });
        }
    }
    parts
}

/// A phone with its `+`.
pub(super) fn phone(number: &str) -> String {
    let number = number.trim();
    if number.is_empty() || number.starts_with('+') { number.to_owned() } else { format!("+{number}") }
}

fn point(location: &Location, title: String) -> Part {
    // `as` keeps to the bounds of the type; degrees × 10⁷ fit well inside.
    #[allow(clippy::cast_possible_truncation)]
    let degrees = |value: f64| (value * 1e7).round() as i32;
    Part::Location { latitude_e7: degrees(location.latitude), longitude_e7: degrees(location.longitude), title }
}

/// What we cannot read, as it came.
fn other(message: &Message) -> Option<Part> {
    let unread = message.rest.iter().filter(|(name, _)| !ABOUT.contains(&name.as_str()));
    let raw = Value::Object(unread.map(|(name, value)| (name.clone(), value.clone())).collect());
    let mut raw = raw.to_string();
    if raw.len() > RAW_BYTES {
        let end = (0..=RAW_BYTES).rev().find(|at| raw.is_char_boundary(*at)).unwrap_or(0);
        raw.truncate(end);
    }
    Some(Part::Unknown { raw })
}

/// What stands on the button that was pressed.
pub(super) fn button(message: Option<&Message>, data: &str) -> String {
    let rows = message.and_then(|message| message.reply_markup.as_ref()).map(|markup| markup.inline_keyboard.as_slice()).unwrap_or_default();
    let pressed = rows.iter().flatten().find(|button| button.callback_data.as_deref() == Some(data) && !data.is_empty());
    pressed.map_or_else(|| data.to_owned(), |button| button.text.clone())
}

/// How a message is named.
pub(super) fn key(message: &Message) -> String {
    let connection = message.business_connection_id.clone().unwrap_or_default();
    MessageKey { connection, chat: message.chat.id, number: message.message_id }.to_string()
}
