//! What the webhook brings, and what a look into the chats finds, brought into the same form. Pure.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::channel::contract::{
    ChannelEvent, FileShape, HookAnswer, Incoming, Person, RawHook, RemoteFile, RemotePicture, Routed, Unreadable, Writer,
};
use crate::connector::lenient::{cut, degrees_e7, int, list, text, words};
use crate::model::connection::ProviderLogin;
use crate::model::conversation::Place;
use crate::model::message::{MessageScope, Part};
use crate::model::time::Time;

/// How a voice message is named as a file: it lies at no address until one is asked for.
pub const VOICE: &str = "voice:";
/// A face is shown so large, pixels of a screen with two of them a dot.
const FACE_SIDE: u32 = 128;
/// In the addresses of the pictures of those who have none.
const NOBODY: &str = "/stub_avatars/";

/// The provider's id of a message, its chat included.
#[must_use]
pub fn external_id(chat: &str, id: &str) -> String {
    format!("{chat}/{id}")
}

/// The chat's and the message's own id.
#[must_use]
pub fn read_external(id: &str) -> Option<(&str, &str)> {
    id.rsplit_once('/')
}

/// Whose a delivery is. Who sent it was shown by the secret in the address; Avito signs, but says nowhere how.
///
/// # Errors
/// It is no JSON.
pub fn route(hook: &RawHook, login: &ProviderLogin) -> Result<Routed, Unreadable> {
    let delivery: Value = serde_json::from_slice(&hook.body).map_err(|error| Unreadable(error.to_string()))?;
    let payload = delivery.get("payload").unwrap_or(&Value::Null);
    // An empty object is how Avito suggests to test an address; and what else may come is not described.
    let value = payload.get("value").filter(|_| words(payload, "type") == "message");
    let Some(value) = value else { return Ok(Routed { parts: Vec::new(), answer: HookAnswer::ok() }) };
    if int(value, "user_id").is_none_or(|user| user.to_string() != login.external_key) {
        return Ok(Routed { parts: Vec::new(), answer: HookAnswer::forbidden() });
    }
    let part = Bytes::from(json!({ "message": value }).to_string());
    Ok(Routed { parts: vec![(login.external_key.clone(), part)], answer: HookAnswer::ok() })
}

/// A message of a chat's list as a part: with what the chat tells of itself.
#[must_use]
pub fn part(chat: &Value, message: &Value, own: &str) -> Bytes {
    let mut message = message.clone();
    if let Some(fields) = message.as_object_mut() {
        fields.insert("chat_id".to_owned(), json!(text(chat, "id")));
        fields.insert("user_id".to_owned(), json!(own.parse::<i64>().unwrap_or_default()));
        fields.insert("item_id".to_owned(), json!(item(chat).and_then(|item| int(item, "id"))));
    }
    Bytes::from(json!({ "message": message, "chat": { "users": chat.get("users"), "context": chat.get("context") } }).to_string())
}

/// That the buyer read up to a message, as a part.
#[must_use]
pub fn read_part(chat: &str, id: &str) -> Bytes {
    Bytes::from(json!({ "read": external_id(chat, id) }).to_string())
}

/// Reads a part.
///
/// # Errors
/// It is neither a message nor a mark.
pub fn parse(part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
    let part: Value = serde_json::from_slice(part).map_err(|error| Unreadable(error.to_string()))?;
    if let Some(read) = part.get("read").and_then(Value::as_str) {
        return Ok(vec![ChannelEvent::ReadUpToExternal { account: String::new(), external_id: read.to_owned() }]);
    }
    let message = part.get("message").filter(|message| message.is_object()).ok_or_else(|| Unreadable("no message".to_owned()))?;
    let (chat, id) = (text(message, "chat_id"), text(message, "id"));
    if chat.is_empty() || id.is_empty() {
        return Err(Unreadable("a message without its chat or id".to_owned()));
    }
    let external = external_id(&chat, &id);
    let at = Time(int(message, "created").unwrap_or_default().saturating_mul(1_000));
    let kind = words(message, "type");
    match kind {
        "deleted" => return Ok(vec![ChannelEvent::Deleted { account: String::new(), external_id: external, at: Time(0) }]),
        // What Avito's own helpers say to the seller.
        "system" => return Ok(Vec::new()),
        _ => {}
    }
    let (own, author) = (int(message, "user_id").unwrap_or_default(), int(message, "author_id").unwrap_or_default());
    let listing = int(message, "item_id").filter(|item| *item > 0);
    let place = listing.map_or(Place::Private, |item| Place::Listing(item.to_string()));
    let writer = if author == own { Writer::Account { mark: None } } else { Writer::Customer(person(author)) };
    let mut incoming = Incoming::of("", chat.clone(), place, writer, at);
    incoming.peer = (author != own).then(|| person(author));
    incoming.external_id = Some(external);
    if let Some(item) = listing {
        // Under a listing it is said in public to nobody but is a talk about it: CRMs show it apart from personal ones (C-AV-06).
        incoming.context.scope = MessageScope::Comment;
        incoming.context.listing = Some(item.to_string());
    }
    let quoted = message.get("quote").map(|quote| text(quote, "id")).filter(|id| !id.is_empty());
    incoming.reply_to_external = quoted.map(|id| external_id(&chat, &id));
    content(&mut incoming, kind, message.get("content").unwrap_or(&Value::Null), &chat);
    if let Some(told) = part.get("chat") {
        let known = known(told, own);
        incoming.place_title = known.title;
        incoming.place_picture = known.picture;
        if let Some(url) = known.url {
            incoming.context.listing = Some(url);
        }
        if let Some(buyer) = known.buyer {
            if let Writer::Customer(writer) = &mut incoming.writer {
                *writer = buyer.clone();
            }
            incoming.peer = Some(buyer);
        }
    }
    Ok(vec![ChannelEvent::Message(Box::new(incoming))])
}

fn person(id: i64) -> Person {
    Person { external_ids: vec![id.to_string()], ..Person::default() }
}

/// What a chat tells of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Who is not us.
    pub buyer: Option<Person>,
    /// The listing with its price and town.
    pub title: Option<String>,
    /// The listing's address.
    pub url: Option<String>,
    /// The listing's picture: Avito gives a small one.
    pub picture: Option<RemotePicture>,
}

fn item(chat: &Value) -> Option<&Value> {
    chat.get("context")?.get("value").filter(|value| value.is_object())
}

/// Reads what a chat tells of itself; anything of it may be missing.
#[must_use]
pub fn known(chat: &Value, own: i64) -> Told {
    let others = list(chat, "users").iter().filter(|user| int(user, "id").is_some_and(|id| id != own && id != 0));
    let mut buyer = others.map(|user| {
        let mut found = person(int(user, "id").unwrap_or_default());
        found.name = cut(words(user, "name"), 200);
        let link = user.get("public_user_profile").map(|profile| words(profile, "url")).unwrap_or_default();
        if !link.is_empty() {
            found.about.insert("link".to_owned(), cut(link, 500));
        }
        found.picture = user.get("public_user_profile").and_then(|profile| profile.get("avatar")).and_then(face).map(Box::new);
        found
    });
    let item = item(chat);
    let town = item.and_then(|item| item.get("location")).map(|place| words(place, "title")).unwrap_or_default();
    let said = item.map(|item| [words(item, "title"), words(item, "price_string"), town]).unwrap_or_default();
    let title = said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    Told {
        buyer: buyer.next(),
        title: Some(cut(&title, 300)).filter(|title| !title.is_empty()),
        url: item.map(|item| cut(words(item, "url"), 1_000)).filter(|url| !url.is_empty()),
        picture: item
            .and_then(|item| item.get("images"))
            .and_then(|images| largest(images.get("main")?))
            .and_then(|file| RemotePicture::at(&file.locator)),
    }
}

/// A buyer's picture: the smallest of those that are large enough. Who has none is shown with one of a few that many have.
fn face(avatar: &Value) -> Option<RemotePicture> {
    let known = sizes(avatar.get("images")?);
    let fitting = known.iter().filter(|(side, _, _)| *side >= FACE_SIDE).min_by_key(|(side, ..)| *side);
    let (_, _, url) = fitting.or_else(|| known.iter().max_by_key(|(side, ..)| *side))?;
    if url.contains(NOBODY) { Some(RemotePicture::default()) } else { RemotePicture::at(url) }
}

fn content(incoming: &mut Incoming, kind: &str, content: &Value, chat: &str) {
    let inner = |name: &str| content.get(name).filter(|value| value.is_object());
    match (kind, inner(kind)) {
        ("text", _) => say(incoming, words(content, "text")),
        ("image", Some(image)) => incoming.remote.extend(image.get("sizes").and_then(largest)),
        ("link", Some(link)) => {
            let (said, url) = (words(link, "text"), words(link, "url"));
            say(incoming, said);
            if !said.contains(url.trim_end_matches('/')) || said.is_empty() {
                let title = link.get("preview").map(|preview| words(preview, "title")).unwrap_or_default();
                incoming.parts.push(Part::Post { url: cut(url, 2_000), title: cut(title, 300) });
            }
        }
        ("item", Some(item)) => {
            let title =
                [words(item, "title"), words(item, "price_string")].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
            incoming.parts.push(Part::Post { url: text(item, "item_url"), title });
            let picture = text(item, "image_url");
            if !picture.is_empty() {
                incoming.remote.push(RemoteFile { locator: picture, name: "item.jpg".to_owned(), ..RemoteFile::default() });
            }
        }
        ("location", Some(place)) => match (degrees_e7(place, "lat", 90.0), degrees_e7(place, "lon", 180.0)) {
            (Some(latitude_e7), Some(longitude_e7)) => {
                let title = [words(place, "title"), words(place, "text")].into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned();
                incoming.parts.push(Part::Location { latitude_e7, longitude_e7, title });
            }
            _ => say(incoming, words(place, "text")),
        },
        ("call", Some(call)) => incoming.parts.push(Part::Call { missed: words(call, "status") == "missed", video: false }),
        ("appCall", _) => incoming.parts.push(Part::Call { missed: false, video: false }),
        ("voice", Some(voice)) if !text(voice, "voice_id").is_empty() => incoming.remote.push(RemoteFile {
            locator: format!("{VOICE}{}", text(voice, "voice_id")),
            name: "voice.mp4".to_owned(),
            shape: FileShape::Voice { duration_ms: None },
            ..RemoteFile::default()
        }),
        // Files, videos and whatever comes next are not given by the API: where to look instead.
        _ => {
            let url = format!("https://www.avito.ru/profile/messenger/channel/{chat}");
            incoming.parts.push(Part::Post { url, title: format!("Avito: {}", cut(kind, 40)) });
        }
    }
}

fn say(incoming: &mut Incoming, text: &str) {
    if !text.is_empty() {
        incoming.parts.push(Part::Text { text: text.to_owned() });
    }
}

/// A picture's sizes with their addresses: they are keyed `1280x960`.
fn sizes(all: &Value) -> Vec<(u32, u32, &str)> {
    let sides = |name: &str| {
        let (width, height) = name.split_once('x')?;
        Some((width.parse::<u32>().ok()?, height.parse::<u32>().ok()?))
    };
    let known = all.as_object().into_iter().flatten().filter_map(|(name, url)| Some((sides(name)?, url.as_str()?)));
    known.map(|((width, height), url)| (width, height, url)).collect()
}

/// The largest of a picture's sizes.
fn largest(all: &Value) -> Option<RemoteFile> {
    let (width, height, url) = sizes(all).into_iter().max_by_key(|(width, height, _)| u64::from(*width) * u64::from(*height))?;
    let fine = !url.is_empty() && url.len() <= 4 * 1024;
    let file =
        || RemoteFile { locator: url.to_owned(), name: "photo.jpg".to_owned(), width: Some(width), height: Some(height), ..RemoteFile::default() };
    fine.then(file)
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
