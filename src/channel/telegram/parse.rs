//! What Telegram sends, and how it is read. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::PERSONAL;
use super::content::{self, chat_name, user_name};
use super::keys::ChatKey;
use super::wire::{BusinessConnection, CallbackQuery, Chat, Deleted, MemberChange, Message, ReactionChange, Update, User};
use crate::channel::contract::{ChannelEvent, HookAnswer, Incoming, LoginAccount, Person, RawHook, RemotePicture, Routed, Unreadable, Writer};
use crate::model::connection::ProviderLogin;
use crate::model::conversation::Place;
use crate::model::customer::{Claim, Vouched};
use crate::model::ids::AccountId;
use crate::model::message::{MessageScope, Part};
use crate::model::protocol::Page;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::model::visit::{Visit, cut};

/// The header that shows who calls.
const SECRET: &str = "x-telegram-bot-api-secret-token";
/// So far may our clock be ahead of Telegram's, with its whole seconds.
const CLOCKS_APART_MS: i64 = 60_000;
/// A person who writes in the name of a channel or group has its number as theirs; these stand for «the group», «a channel», the server itself.
const SERVICE_USERS: [i64; 3] = [1_087_968_824, 136_817_688, 777_000];
/// The letters of a visit's code, as the keyring makes it.
const VISIT_CODE: usize = 8;
/// The longest payload of a link.
const PAYLOAD: usize = 64;
/// A post's name, so long at most.
const TITLE: usize = 120;
/// Before a person's number: whose picture is to be found.
pub(super) const FACE: &str = "face:";

/// Takes a webhook's body: one update.
///
/// # Errors
/// It is no update.
pub(super) fn route(hook: &RawHook, login: &ProviderLogin) -> Result<Routed, Unreadable> {
    // What is tried again from quarantine was checked when it came.
    if let Some(secret) = &hook.secret {
        let shown = hook.header(SECRET).unwrap_or_default();
        if !bool::from(shown.as_bytes().ct_eq(secret.as_bytes())) {
            return Ok(Routed { parts: Vec::new(), answer: HookAnswer::forbidden() });
        }
    }
    let update: Value = read(&hook.body)?;
    if update.get("update_id").and_then(Value::as_i64).is_none() {
        return Err(Unreadable("no update".to_owned()));
    }
    let is_wanted = !is_older(&update, login);
    let parts = is_wanted.then(|| (String::new(), hook.body.clone())).into_iter().collect();
    // A button turns until it is answered, and the answer to a hook may be a call.
    let answer = pressed(&update).map_or_else(HookAnswer::ok, |id| HookAnswer {
        status: 200,
        body: json!({ "method": "answerCallbackQuery", "callback_query_id": id }).to_string(),
    });
    Ok(Routed { parts, answer })
}

/// The button press an update tells of.
pub(super) fn pressed(update: &Value) -> Option<&str> {
    update.get("callback_query")?.get("id")?.as_str()
}

/// Whether it was written before the bot was connected here: nothing older is imported.
pub(super) fn is_older(update: &Value, login: &ProviderLogin) -> bool {
    let written = ["message", "business_message"].iter().find_map(|kind| update.get(kind)?.get("date")?.as_i64());
    written.is_some_and(|seconds| seconds.saturating_mul(1_000) < login.created_at.0.saturating_sub(CLOCKS_APART_MS))
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(bytes).map_err(|error| Unreadable(error.to_string()))
}

/// Reads one update. What tells us nothing gives no events.
///
/// # Errors
/// It is no update, or not as the Bot API has it.
pub(super) fn parse(part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
    let update: Update = read(part)?;
    let mut events = Vec::new();
    for message in [update.message, update.business_message].into_iter().flatten() {
        events.extend(new_message(&message));
    }
    for message in [update.edited_message, update.edited_business_message].into_iter().flatten() {
        events.extend(edited(&message));
    }
    events.extend(update.business_connection.map(|connection| ChannelEvent::Account(account(&connection))));
    events.extend(update.deleted_business_messages.iter().flat_map(deleted));
    events.extend(update.callback_query.as_ref().and_then(button_pressed));
    events.extend(update.my_chat_member.as_ref().and_then(standing));
    events.extend(update.message_reaction.as_ref().map(reacted));
    Ok(events)
}

fn time(seconds: i64) -> Time {
    Time(seconds.saturating_mul(1_000))
}

fn new_message(message: &Message) -> Option<ChannelEvent> {
    if let Some(to) = message.migrate_to_chat_id {
        return Some(ChannelEvent::Moved { account: String::new(), from: message.chat.id.to_string(), to: to.to_string() });
    }
    // The copy of the channel's own post: nobody's word to us.
    if message.is_automatic_forward {
        return None;
    }
    incoming(message).map(|incoming| ChannelEvent::Message(Box::new(incoming)))
}

fn incoming(message: &Message) -> Option<Incoming> {
    let said = content::read(message)?;
    let account = message.business_connection_id.clone().unwrap_or_default();
    let from = message.from.clone().unwrap_or_default();
    let is_private = message.chat.kind == "private";
    if !is_private && !matches!(message.chat.kind.as_str(), "group" | "supergroup") {
        return None;
    }
    let author = writer(message);
    let at = stands(message, &author);
    let writes = if is_private && from.id != message.chat.id { Writer::Account { mark: None } } else { Writer::Customer(author.clone()) };
    let mut incoming = Incoming::of(account, at.key.to_string(), at.place, writes, time(message.date));
    incoming.peer = match (is_private, at.key.person) {
        (true, _) if from.id == message.chat.id => Some(author),
        (true, _) => Some(peer(&message.chat)),
        (false, Some(_)) => Some(author),
        (false, None) => None,
    };
    incoming.place_title = at.title;
    incoming.external_id = Some(content::key(message));
    (incoming.parts, incoming.remote) = (said.parts, said.remote);
    let is_post = |reply: &Message| reply.is_automatic_forward;
    // The first message of a topic is answered by everything in it.
    let is_topic = |reply: &Message| message.is_topic_message && reply.forum_topic_created.is_some();
    let answers = message.reply_to_message.as_deref().filter(|reply| !is_post(reply) && !is_topic(reply));
    let reply = answers.map(|reply| content::key(&Message { business_connection_id: message.business_connection_id.clone(), ..reply.clone() }));
    incoming.context.scope = if is_private {
        MessageScope::Personal
    } else if at.key.person.is_some() {
        MessageScope::Comment
    } else {
        MessageScope::Group
    };
    if incoming.context.scope == MessageScope::Comment {
        incoming.context.post = at.post;
        incoming.context.parent.clone_from(&reply);
    }
    incoming.reply_to_external = reply;
    incoming.visit = start(message).map(Box::new);
    Some(incoming)
}

/// Where a message stands.
struct Stands {
    key: ChatKey,
    place: Place,
    title: Option<String>,
    post: Option<String>,
}

fn stands(message: &Message, author: &Person) -> Stands {
    let connection = message.business_connection_id.as_deref().unwrap_or_default();
    let key = ChatKey::of(connection, message.chat.id);
    let group = chat_name(&message.chat);
    if message.chat.kind == "private" {
        return Stands { key, place: Place::Private, title: None, post: None };
    }
    let answered = message.reply_to_message.as_deref();
    let post = answered.filter(|reply| reply.is_automatic_forward);
    match (message.message_thread_id.or(post.map(|post| post.message_id)), message.is_topic_message) {
        (Some(thread), true) => {
            let key = ChatKey { thread: Some(thread), ..key };
            let topic = answered.and_then(|reply| reply.forum_topic_created.as_ref()).map(|topic| format!("{group} · {}", topic.name));
            Stands { place: Place::Group(key.to_string()), title: topic, key, post: None }
        }
        // A thread that is no topic: what is said under a post of the channel this group belongs to.
        (Some(thread), false) => {
            let place = ChatKey { thread: Some(thread), ..key.clone() }.to_string();
            let person = author.external_ids.first().and_then(|id| id.parse().ok());
            let title = post.map(|post| post_title(post, &group));
            let origin = post.and_then(|post| post.forward_origin.as_ref());
            let post = origin.and_then(|origin| Some(format!("{}/{}", origin.chat.as_ref()?.id, origin.message_id?)));
            let post = post.or_else(|| Some(place.clone()));
            Stands { key: ChatKey { thread: Some(thread), person, ..key }, place: Place::Post(place), title, post }
        }
        (None, _) => Stands { place: Place::Group(key.to_string()), title: Some(group), key, post: None },
    }
}

/// The first words of a post, or the channel's name.
fn post_title(post: &Message, group: &str) -> String {
    let words = post.text.as_deref().or(post.caption.as_deref()).unwrap_or_default();
    let line = words.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let channel = post.sender_chat.as_ref().map_or_else(|| group.to_owned(), chat_name);
    let line: String = if line.chars().count() > TITLE { line.chars().take(TITLE).chain(['…']).collect() } else { line.to_owned() };
    if line.is_empty() { channel } else { line }
}

/// Who shows as the writer: a person, or the group or channel in whose name they write.
fn writer(message: &Message) -> Person {
    let from = message.from.clone().unwrap_or_default();
    if let Some(chat) = message.sender_chat.as_ref().filter(|_| message.from.is_none() || SERVICE_USERS.contains(&from.id)) {
        return Person { external_ids: vec![chat.id.to_string()], name: chat_name(chat), username: chat.username.clone(), ..Person::default() };
    }
    let mut person = person(&from);
    // Their own card, sent by the button that asks for it: Telegram knows the phone.
    if let Some(contact) = message.contact.as_ref().filter(|contact| contact.user_id == Some(from.id) && !contact.phone_number.is_empty()) {
        person.phones.push(Claim { value: content::phone(&contact.phone_number), by: Vouched::Provider });
    }
    person
}

/// A person as Telegram shows them.
pub(super) fn person(user: &User) -> Person {
    let mut about = BTreeMap::new();
    if !user.username.is_empty() {
        about.insert("link".to_owned(), format!("https://t.me/{}", user.username));
    }
    if let Some(language) = user.language_code.as_ref().filter(|language| !language.is_empty()) {
        about.insert("language".to_owned(), language.clone());
    }
    Person {
        external_ids: vec![user.id.to_string()],
        name: user_name(user),
        username: user.username.clone(),
        about,
        picture: face(user.id),
        ..Person::default()
    }
}

/// A person's picture is asked for by their number, when it is fetched. Who writes as a channel has none of theirs.
fn face(user: i64) -> Option<Box<RemotePicture>> {
    (user > 0).then(|| Box::new(RemotePicture { locator: format!("{FACE}{user}"), key: String::new() }))
}

/// The other side of a private chat, as the chat shows them.
fn peer(chat: &Chat) -> Person {
    let Chat { id, first_name, last_name, username, .. } = chat.clone();
    person(&User { id, first_name, last_name, username, language_code: None })
}

/// The visit a link brought them from: the code of one that was kept when they left the site, or the owner's own word.
fn start(message: &Message) -> Option<Visit> {
    let command = message.entities.first().filter(|entity| entity.kind == "bot_command" && entity.offset == 0)?;
    let text = message.text.as_deref()?;
    let name = super::words::stretch(text, command)?;
    let said = text.strip_prefix(name.as_str())?.trim();
    let is_start = name == "/start" || name.starts_with("/start@");
    let is_code = said.len() == VISIT_CODE && said.bytes().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte));
    let visit = || Visit {
        code: if is_code { said.to_owned() } else { format!("tg{}-{}", message.chat.id, message.message_id) },
        // Whoever keeps it knows the account.
        account: AccountId(0),
        visitor: message.from.as_ref().map(|user| user.id.to_string()).unwrap_or_default(),
        first: Page::default(),
        marks: BTreeMap::from([("start".to_owned(), cut(said, PAYLOAD))]),
        analytics: BTreeMap::new(),
        conversation: None,
        at: time(message.date),
    };
    (is_start && !said.is_empty()).then(visit)
}

fn edited(message: &Message) -> Option<ChannelEvent> {
    if message.is_automatic_forward {
        return None;
    }
    let said = content::read(message)?;
    Some(ChannelEvent::Edited {
        account: message.business_connection_id.clone().unwrap_or_default(),
        external_id: content::key(message),
        parts: said.parts,
        at: time(message.edit_date.unwrap_or(message.date)),
    })
}

fn deleted(deleted: &Deleted) -> Vec<ChannelEvent> {
    let key = ChatKey::of(&deleted.business_connection_id, deleted.chat.id);
    let event = |number: &i64| ChannelEvent::Deleted {
        account: deleted.business_connection_id.clone(),
        external_id: key.message(*number),
        // Telegram does not say when; whoever takes it knows when it came.
        at: Time(0),
    };
    deleted.message_ids.iter().map(event).collect()
}

/// A personal account that is served through the bot.
pub(super) fn account(connection: &BusinessConnection) -> LoginAccount {
    let may = |right: &str| connection.rights.get(right).and_then(Value::as_bool).unwrap_or(false);
    let refused = match (connection.is_enabled, may("can_reply")) {
        (false, _) => Some(Reason::new("business_detached")),
        (true, false) => Some(Reason::new("business_cannot_reply")),
        (true, true) => None,
    };
    let mut facts = BTreeMap::from([("user".to_owned(), connection.user.id.to_string())]);
    for right in ["can_reply", "can_read_messages", "can_delete_sent_messages"] {
        facts.insert(right.to_owned(), may(right).to_string());
    }
    if !connection.user.username.is_empty() {
        facts.insert("link".to_owned(), format!("https://t.me/{}", connection.user.username));
    }
    LoginAccount { external_id: connection.id.clone(), kind: PERSONAL, name: user_name(&connection.user), refused, facts }
}

fn button_pressed(query: &CallbackQuery) -> Option<ChannelEvent> {
    let message = query.message.as_ref()?;
    // A press in a channel has no conversation.
    if message.chat.kind == "channel" || message.chat.id == 0 {
        return None;
    }
    let label = content::button(Some(message), &query.data);
    let said = Message {
        from: Some(query.from.clone()),
        chat: message.chat.clone(),
        message_thread_id: message.message_thread_id,
        is_topic_message: message.is_topic_message,
        text: Some(label.clone()),
        ..Message::default()
    };
    let mut incoming = incoming(&said)?;
    incoming.parts = vec![Part::Text { text: label }];
    incoming.external_id = Some(format!("{}/press-{}", message.chat.id, query.id));
    incoming.reply_to_external = Some(content::key(message));
    Some(ChannelEvent::Message(Box::new(incoming)))
}

fn standing(change: &MemberChange) -> Option<ChannelEvent> {
    if change.chat.kind != "private" {
        return None;
    }
    let reason = match change.new_chat_member.status.as_str() {
        "kicked" => Some(Reason::new("customer_blocked_us")),
        "member" => None,
        _ => return None,
    };
    Some(ChannelEvent::Reachable { person: person(&change.from), reason })
}

fn reacted(change: &ReactionChange) -> ChannelEvent {
    let person = match (&change.user, &change.actor_chat) {
        (Some(user), _) => person(user),
        (None, chat) => {
            let chat = chat.clone().unwrap_or_else(|| change.chat.clone());
            Person { external_ids: vec![chat.id.to_string()], name: chat_name(&chat), ..Person::default() }
        }
    };
    // One that was bought or made has no sign in a font.
    let sign = |reaction: &super::wire::Reaction| reaction.emoji.clone().unwrap_or_else(|| "⭐".to_owned());
    let external_id = ChatKey::of("", change.chat.id).message(change.message_id);
    ChannelEvent::Reacted { account: String::new(), external_id, person, emoji: change.new_reaction.last().map(sign) }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "parse_any.rs"]
mod any;
