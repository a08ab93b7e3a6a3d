//! Events of the Callback API and of Long Poll: the same objects. Pure.

use bytes::Bytes;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::content::{Content, plain};
use super::ids::{self, CHATS, COMMENTS, MESSAGES, Post};
use crate::channel::contract::{ChannelEvent, HookAnswer, Incoming, Person, RawHook, RemotePicture, Routed, Unreadable, Writer};
use crate::connector::lenient::{cut, int, list, text, words};
use crate::model::connection::ProviderLogin;
use crate::model::conversation::Place;
use crate::model::ids::AccountId;
use crate::model::message::{MessageScope, Part};
use crate::model::protocol::Page;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::model::visit::Visit;

/// The most of the secret VK keeps.
pub const SECRET: usize = 50;
/// The name in the hook's address of the code VK wants to hear while a server is being added: it asks before the call that adds it is over.
pub const CONFIRM: &str = "confirm";
/// In the addresses of the pictures of those who have none.
const NOBODY: [&str; 2] = ["/images/camera_", "/images/deactivated_"];
/// Reactions as VK's own programs show them; what stands behind other numbers is not known.
const REACTIONS: [&str; 16] = ["❤️", "🔥", "😂", "👍", "💩", "❓", "😭", "😡", "👎", "👌", "😃", "🤔", "🙏", "😘", "😍", "🎉"];

/// Whose a hook's body is, and whether who sent it may.
///
/// # Errors
/// It is no event.
pub fn route(hook: &RawHook, login: &ProviderLogin) -> Result<Routed, Unreadable> {
    let event: Value = serde_json::from_slice(&hook.body).map_err(|error| Unreadable(error.to_string()))?;
    let kind = words(&event, "type");
    let group = int(&event, "group_id").ok_or_else(|| Unreadable("no group_id".to_owned()))?;
    let forbidden = || Routed { parts: Vec::new(), answer: HookAnswer::forbidden() };
    let known = hook.secret.as_deref().is_none_or(|secret| may(secret, words(&event, "secret")));
    if !known || group.to_string() != login.external_key {
        return Ok(forbidden());
    }
    if kind == "confirmation" {
        let code = hook.query.split('&').find_map(|pair| pair.strip_prefix(CONFIRM)?.strip_prefix('='));
        let fine = |code: &&str| code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return Ok(match code.filter(fine) {
            Some(code) => Routed { parts: Vec::new(), answer: HookAnswer { status: 200, body: code.to_owned() } },
            None => forbidden(),
        });
    }
    let mut event = event;
    // What lies in the mailbox, or in quarantine, holds no secrets.
    if let Some(fields) = event.as_object_mut() {
        fields.remove("secret");
    }
    let part = Bytes::from(event.to_string());
    Ok(Routed { parts: vec![(group.to_string(), part)], answer: HookAnswer { status: 200, body: "ok".to_owned() } })
}

/// VK keeps no more of the secret than its beginning.
fn may(secret: &str, shown: &str) -> bool {
    let known = secret.as_bytes().get(..SECRET).unwrap_or(secret.as_bytes());
    bool::from(known.ct_eq(shown.as_bytes()))
}

/// Reads one event.
///
/// # Errors
/// It is no event of VK, or one we know in a form we do not.
pub fn parse(part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
    let event: Value = serde_json::from_slice(part).map_err(|error| Unreadable(error.to_string()))?;
    let kind = words(&event, "type");
    let group = int(&event, "group_id").unwrap_or_default();
    let empty = Value::Null;
    let object = event.get("object").unwrap_or(&empty);
    let found = match kind {
        "message_new" => message(object.get("message").unwrap_or(object), group),
        "message_reply" => message(object, group),
        "message_edit" => Some(edited(object)?),
        "message_event" => pressed(object),
        "message_allow" | "user_unblock" => Some(reachable(object, None)?),
        "message_deny" => Some(reachable(object, Some("messages_not_allowed"))?),
        "user_block" => Some(reachable(object, Some("person_blocked"))?),
        "message_read" => read(object),
        "message_typing_state" => typing(object),
        "message_reaction_event" => reacted(object),
        _ => match kind.split_once("_comment_").or_else(|| kind.split_once("_reply_")) {
            Some((on @ ("wall" | "photo" | "video" | "market"), what)) => return comment(on, what, object, group),
            // What we did not ask for, or what VK has learned since: nothing happened that we can show.
            _ if !kind.is_empty() => return Ok(Vec::new()),
            _ => return Err(Unreadable("no type".to_owned())),
        },
    };
    match (found, kind) {
        (Some(found), _) => Ok(vec![found]),
        (None, "message_new" | "message_reply") if !is_service(object) => Err(Unreadable(format!("{kind} without peer or number"))),
        (None, _) => Ok(Vec::new()),
    }
}

/// Somebody came into or left a group chat, or its name changed.
fn is_service(object: &Value) -> bool {
    object.get("message").unwrap_or(object).get("action").is_some_and(Value::is_object)
}

fn message(message: &Value, group: i64) -> Option<ChannelEvent> {
    let (peer, number) = (int(message, "peer_id")?, int(message, "conversation_message_id").filter(|number| *number > 0)?);
    if is_service(message) {
        return None;
    }
    let from = int(message, "from_id").unwrap_or(peer);
    let ours = from == -group || int(message, "out") == Some(1);
    let writer = if ours {
        let mark = int(message, "random_id").filter(|mark| *mark != 0).map(|mark| mark.to_string());
        Writer::Account { mark }
    } else {
        Writer::Customer(person(from))
    };
    let chat = peer > CHATS;
    let place = if chat { Place::Group(peer.to_string()) } else { Place::Private };
    let content = Content::of(message);
    let mut incoming = Incoming::of(MESSAGES, peer.to_string(), place, writer, moment(message));
    if chat {
        incoming.place_title = Some(format!("VK {}", peer - CHATS));
        incoming.context.scope = MessageScope::Group;
    } else {
        incoming.peer = Some(person(peer));
    }
    incoming.external_id = Some(ids::message(peer, number));
    incoming.reply_to_external = message.get("reply_message").and_then(|answered| {
        let number = int(answered, "conversation_message_id").filter(|number| *number > 0)?;
        Some(ids::message(peer, number))
    });
    incoming.parts = content.parts;
    incoming.remote = content.remote;
    incoming.visit = if ours { None } else { came_from(message, group, peer, number) };
    Some(ChannelEvent::Message(Box::new(incoming)))
}

/// The dialog was opened by a link with a mark (C-VK-10). VK tells it with the first message after the click.
fn came_from(message: &Value, group: i64, peer: i64, number: i64) -> Option<Box<Visit>> {
    let marks = ["ref", "ref_source"].into_iter().map(|name| (name.to_owned(), cut(&text(message, name), 300)));
    let marks: std::collections::BTreeMap<_, _> = marks.filter(|(_, value)| !value.is_empty()).collect();
    let visit = |marks| Visit {
        code: format!("vk{group}-{peer}-{number}"),
        // Whoever keeps it knows which account it is.
        account: AccountId(0),
        visitor: peer.to_string(),
        first: Page::default(),
        marks,
        analytics: std::collections::BTreeMap::new(),
        conversation: None,
        at: moment(message),
    };
    (!marks.is_empty()).then(|| Box::new(visit(marks)))
}

fn moment(thing: &Value) -> Time {
    Time(int(thing, "date").unwrap_or_default().saturating_mul(1_000))
}

/// Somebody of whom VK tells nothing but their number: who they are is asked for (`users.get`).
#[must_use]
pub fn person(id: i64) -> Person {
    let link = if id < 0 { format!("https://vk.com/club{}", id.unsigned_abs()) } else { format!("https://vk.com/id{id}") };
    Person { external_ids: vec![id.to_string()], about: [("link".to_owned(), link)].into(), ..Person::default() }
}

fn needed(object: &Value, name: &str) -> Result<i64, Unreadable> {
    int(object, name).ok_or_else(|| Unreadable(format!("no {name}")))
}

fn edited(object: &Value) -> Result<ChannelEvent, Unreadable> {
    let (peer, number) = (needed(object, "peer_id")?, needed(object, "conversation_message_id")?);
    let at = int(object, "update_time").map_or_else(|| moment(object), |seconds| Time(seconds.saturating_mul(1_000)));
    Ok(ChannelEvent::Edited { account: MESSAGES.to_owned(), external_id: ids::message(peer, number), parts: Content::of(object).parts, at })
}

fn reachable(object: &Value, reason: Option<&str>) -> Result<ChannelEvent, Unreadable> {
    Ok(ChannelEvent::Reachable { person: person(needed(object, "user_id")?), reason: reason.map(Reason::new) })
}

/// Only what the customer read is news: the community's own reading is ours.
fn read(object: &Value) -> Option<ChannelEvent> {
    let (peer, number) = (int(object, "peer_id")?, int(object, "conversation_message_id")?);
    int(object, "from_id").filter(|from| *from > 0)?;
    Some(ChannelEvent::ReadUpToExternal { account: MESSAGES.to_owned(), external_id: ids::message(peer, number) })
}

fn typing(object: &Value) -> Option<ChannelEvent> {
    let from = int(object, "from_id").filter(|from| *from > 0)?;
    (words(object, "state") == "typing").then(|| ChannelEvent::Typing { account: MESSAGES.to_owned(), conversation_key: from.to_string() })
}

/// A button of somebody else's keyboard: what it says is shown as words. Its payload comes as text or as an object; when, VK does not say.
fn pressed(object: &Value) -> Option<ChannelEvent> {
    let (user, peer) = (int(object, "user_id")?, int(object, "peer_id")?);
    let payload = match object.get("payload")? {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let place = if peer > CHATS { Place::Group(peer.to_string()) } else { Place::Private };
    let mut incoming = Incoming::of(MESSAGES, peer.to_string(), place, Writer::Customer(person(user)), Time(0));
    incoming.peer = (peer <= CHATS).then(|| person(user));
    incoming.external_id = Some(format!("{peer}_press_{}", cut(&text(object, "event_id"), 100)));
    incoming.parts = vec![Part::Buttons { labels: vec![cut(&payload, 1_000)] }];
    Some(ChannelEvent::Message(Box::new(incoming)))
}

fn reacted(object: &Value) -> Option<ChannelEvent> {
    let (peer, number) = (int(object, "peer_id")?, int(object, "cmid")?);
    let emoji = match int(object, "reaction_id") {
        // One we have no picture for changes nothing.
        Some(id) => Some((*REACTIONS.get(usize::try_from(id).ok()?.checked_sub(1)?)?).to_owned()),
        None => None,
    };
    let person = person(int(object, "reacted_id")?);
    Some(ChannelEvent::Reacted { account: MESSAGES.to_owned(), external_id: ids::message(peer, number), person, emoji })
}

/// Where a comment stands. VK names the same thing differently in each event.
fn post_of(on: &str, object: &Value) -> Option<Post> {
    let first = |names: &[&str]| names.iter().find_map(|name| int(object, name));
    let owner = first(&[&format!("{on}_owner_id"), "post_owner_id", "owner_id"])?;
    let item = match on {
        "wall" => first(&["post_id"]),
        "market" => first(&["item_id"]),
        _ => first(&[&format!("{on}_id")]),
    };
    Some(Post { on: on.to_owned(), owner, item: item? })
}

fn comment(on: &str, what: &str, object: &Value, group: i64) -> Result<Vec<ChannelEvent>, Unreadable> {
    let (Some(post), Some(id)) = (post_of(on, object), int(object, "id")) else {
        return Err(Unreadable(format!("a comment of {on} without its place")));
    };
    let account = COMMENTS.to_owned();
    let external_id = post.comment(id);
    match what {
        "new" | "restore" => {}
        "edit" => return Ok(vec![ChannelEvent::Edited { account, external_id, parts: Content::of(object).parts, at: moment(object) }]),
        "delete" => return Ok(vec![ChannelEvent::Deleted { account, external_id, at: moment(object) }]),
        _ => return Ok(Vec::new()),
    }
    let from = int(object, "from_id").unwrap_or_default();
    let ours = from == -group;
    // What the community says to nobody in particular is no conversation.
    let with = if ours { int(object, "reply_to_user").filter(|user| *user > 0) } else { Some(from) };
    let Some(with) = with.filter(|with| *with != 0) else { return Ok(Vec::new()) };
    let writer = if ours { Writer::Account { mark: None } } else { Writer::Customer(person(from)) };
    let content = Content::of(object);
    let mut incoming = Incoming::of(COMMENTS, post.talk(with), Place::Post(post.key()), writer, moment(object));
    incoming.place_title = Some(post.url().trim_start_matches("https://").to_owned());
    incoming.peer = Some(person(with));
    incoming.external_id = Some(external_id);
    let parent = int(object, "reply_to_comment").filter(|id| *id != 0);
    incoming.reply_to_external = parent.map(|id| post.comment(id));
    incoming.context.scope = MessageScope::Comment;
    incoming.context.post = Some(post.url());
    incoming.context.parent = incoming.reply_to_external.clone();
    incoming.context.top_comment = list(object, "parents_stack").first().and_then(Value::as_i64).map(|id| post.comment(id));
    incoming.parts = content.parts;
    incoming.remote = content.remote;
    Ok(vec![ChannelEvent::Message(Box::new(incoming))])
}

/// A person as `users.get` tells of them (C-VK-08). `extended`: with what fills a deal's fields.
#[must_use]
pub fn profile(user: &Value, extended: bool) -> Option<Person> {
    let id = int(user, "id")?;
    let mut found = person(id);
    found.name = [words(user, "first_name"), words(user, "last_name")].join(" ").trim().to_owned();
    found.username = plain(words(user, "domain"));
    // Who has no picture is shown with one that everybody has.
    let has_one = int(user, "has_photo") != Some(0) && !NOBODY.iter().any(|one| words(user, "photo_200").contains(one));
    found.picture = if has_one { RemotePicture::at(words(user, "photo_200")) } else { Some(RemotePicture::default()) }.map(Box::new);
    let mut tell = |name: &str, value: String| {
        if !value.is_empty() {
            found.about.insert(name.to_owned(), cut(&value, 200));
        }
    };
    if extended {
        tell("city", user.get("city").map(|city| words(city, "title").to_owned()).unwrap_or_default());
        tell("birthday", words(user, "bdate").to_owned());
        let phone =
            ["mobile_phone", "home_phone"].iter().map(|name| words(user, name)).find(|phone| phone.bytes().filter(u8::is_ascii_digit).count() >= 6);
        // People write there what they like: nobody vouches for it.
        found.phones = phone
            .map(|value| crate::model::customer::Claim { value: cut(value, 60), by: crate::model::customer::Vouched::Unverified })
            .into_iter()
            .collect();
    }
    Some(found)
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
