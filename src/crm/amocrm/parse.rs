//! What amoCRM's hooks say. Pure: whose a hook is, and what stands in its parts.
//!
//! Three kinds come: of the chats (JSON, signed, once and never again), of the records (forms with bracket keys, unsigned: shown by the secret in
//! the address), and that the integration was taken off (a `GET`, signed).

use bytes::Bytes;
use reqwest::Url;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::oauth::AppKeys;
use super::{fact, sign};
use crate::connector::hook::{HookAnswer, RawHook, Routed, Unreadable};
use crate::connector::lenient::{cut, degrees_e7, int, list, text, words};
use crate::crm::event::{ChatName, CrmEvent, CrmFile, CrmPerson, FirstTo, Said};
use crate::model::contact;
use crate::model::crm::CrmConnection;
use crate::model::message::Part;
use crate::model::time::Time;

/// What an entry of a form begins with, and the most of them.
const KEYS: usize = 20_000;
/// How deep the brackets of a form go.
const DEPTH: usize = 12;
/// The most records of one hook.
const RECORDS: usize = 500;
/// What is kept of what cannot be read.
const RAW: usize = 16 * 1024;

/// What may have happened to a record.
const ACTS: [&str; 8] = ["add", "update", "delete", "restore", "status", "responsible", "note", "merge"];

/// Whose a hook is, and whether its sender may send it. `secrets`: the app's keys.
///
/// # Errors
/// It is signed and is no JSON.
pub fn route(hook: &RawHook, connection: &CrmConnection, secrets: &SecretString) -> Result<Routed, Unreadable> {
    let keys = AppKeys::read(secrets);
    let part = match hook.body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => taken_off(hook, connection, &keys),
        Some(b'{') => chat(hook, connection, &keys)?,
        Some(_) => return Ok(records(hook, connection)),
    };
    Ok(match part {
        Shown::Part(part) => Routed { parts: vec![(String::new(), Bytes::from(part.to_string()))], answer: HookAnswer::ok() },
        Shown::Nothing => Routed { parts: Vec::new(), answer: HookAnswer::ok() },
        Shown::Forbidden => Routed { parts: Vec::new(), answer: HookAnswer::forbidden() },
    })
}

enum Shown {
    Part(Value),
    Nothing,
    Forbidden,
}

fn known<'a>(connection: &'a CrmConnection, name: &str) -> &'a str {
    connection.facts.get(name).map(String::as_str).unwrap_or_default()
}

/// A hook of the chats.
fn chat(hook: &RawHook, connection: &CrmConnection, keys: &AppKeys) -> Result<Shown, Unreadable> {
    let secret = SecretString::from(keys.channel_secret.as_str());
    if !sign::hook_is_signed(&secret, &hook.body, hook.header("x-signature").unwrap_or_default()) {
        return Ok(Shown::Forbidden);
    }
    let body: Value = serde_json::from_slice(&hook.body).map_err(|error| Unreadable(error.to_string()))?;
    // A channel has many accounts, and one secret for all.
    if text(&body, "account_id") != known(connection, fact::AMOJO) {
        return Ok(Shown::Forbidden);
    }
    // What we put in ourselves comes back from some.
    let bot = known(connection, fact::BOT);
    let by_us = body.get("message").and_then(|message| message.get("sender")).is_some_and(|sender| !bot.is_empty() && text(sender, "id") == bot);
    Ok(if by_us { Shown::Nothing } else { Shown::Part(body) })
}

/// What a query or a form says.
fn pairs(text: &str) -> Vec<(String, String)> {
    // An address's query is written as a form is.
    let url = Url::parse("https://form").map(|mut url| {
        url.set_query(Some(text));
        url
    });
    url.map(|url| url.query_pairs().into_owned().take(KEYS).collect()).unwrap_or_default()
}

/// The integration was taken off.
fn taken_off(hook: &RawHook, connection: &CrmConnection, keys: &AppKeys) -> Shown {
    let query = pairs(&hook.query);
    let given = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default();
    let (account, signature) = (given("account_id"), given("signature"));
    // The papers call it by both names.
    let client = [given("client_uuid"), given("client_id")].into_iter().find(|client| !client.is_empty()).unwrap_or_default();
    let secret = SecretString::from(keys.client_secret.as_str());
    let ours = account == known(connection, fact::ACCOUNT) && client == known(connection, fact::CLIENT);
    let good = ours && !account.is_empty() && sign::uninstall_is_signed(&secret, client, account, signature);
    if good { Shown::Part(json!({ "taken_off": account })) } else { Shown::Forbidden }
}

fn put(place: &mut Map<String, Value>, path: &[&str], value: &str) {
    match path {
        [] => {}
        [last] => {
            place.insert((*last).to_owned(), Value::from(value));
        }
        [name, rest @ ..] => {
            let next = place.entry(*name).or_insert_with(|| Value::Object(Map::new()));
            if !next.is_object() {
                *next = Value::Object(Map::new());
            }
            if let Value::Object(inner) = next {
                put(inner, rest, value);
            }
        }
    }
}

/// A form of bracket keys as what it stands for: each level a map.
fn opened(form: &[(String, String)]) -> Value {
    let mut root = Map::new();
    for (key, value) in form {
        let (head, rest) = key.split_once('[').unwrap_or((key, ""));
        let mut path = vec![head];
        path.extend(rest.split(']').map(|name| name.trim_start_matches('[')).filter(|name| !name.is_empty()));
        if path.len() > DEPTH {
            continue;
        }
        put(&mut root, &path, value);
    }
    Value::Object(root)
}

/// A hook of the records: each record a part of its own, so that one that cannot be read keeps none back.
fn records(hook: &RawHook, connection: &CrmConnection) -> Routed {
    let form = opened(&pairs(&String::from_utf8_lossy(&hook.body)));
    let account = form.get("account").map(|account| text(account, "id")).unwrap_or_default();
    // It is not signed: the secret in our own address is all that shows who sends.
    if hook.secret.is_none() || account.is_empty() || account != known(connection, fact::ACCOUNT) {
        return Routed { parts: Vec::new(), answer: HookAnswer::forbidden() };
    }
    let mut parts = Vec::new();
    for (entity, acts) in form.as_object().into_iter().flatten() {
        for (act, items) in acts.as_object().into_iter().flatten().filter(|(act, _)| ACTS.contains(&act.as_str())) {
            for item in items.as_object().into_iter().flatten().map(|(_, item)| item).take(RECORDS.saturating_sub(parts.len())) {
                let part = json!({ "record": entity, "act": act, "item": item });
                // What says nothing to us is not kept.
                if !record(&part).is_empty() {
                    parts.push((String::new(), Bytes::from(part.to_string())));
                }
            }
        }
    }
    Routed { parts, answer: HookAnswer::ok() }
}

/// Reads a part.
///
/// # Errors
/// It is nothing that is known.
pub fn parse(part: &[u8]) -> Result<Vec<CrmEvent>, Unreadable> {
    let part: Value = serde_json::from_slice(part).map_err(|error| Unreadable(error.to_string()))?;
    if part.get("taken_off").is_some() {
        return Ok(vec![CrmEvent::TakenOff]);
    }
    if part.get("record").is_some() {
        return Ok(record(&part));
    }
    if let Some(message) = part.get("message") {
        return Ok(vec![CrmEvent::Said(Box::new(said(message, &part)?))]);
    }
    let action = part.get("action").unwrap_or(&Value::Null);
    if let Some(typing) = action.get("typing") {
        return Ok(vec![CrmEvent::Typing { chat: chat_name(typing)?, who: person(typing.get("user")) }]);
    }
    if let Some(reaction) = action.get("reaction") {
        return Ok(vec![reacted(reaction)?]);
    }
    Err(Unreadable("neither a message nor an action".to_owned()))
}

fn person(value: Option<&Value>) -> CrmPerson {
    value.map(|value| CrmPerson { id: text(value, "id"), name: cut(words(value, "name"), 200) }).unwrap_or_default()
}

fn chat_name(value: &Value) -> Result<ChatName, Unreadable> {
    let conversation = value.get("conversation").unwrap_or(&Value::Null);
    let name = ChatName { theirs: text(conversation, "id"), ours: Some(text(conversation, "client_id")).filter(|ours| !ours.is_empty()) };
    if name.theirs.is_empty() && name.ours.is_none() { Err(Unreadable("a chat without its id".to_owned())) } else { Ok(name) }
}

fn reacted(reaction: &Value) -> Result<CrmEvent, Unreadable> {
    // The example of the papers names the message in one way, their table in another.
    let own = reaction.get("message").map(|message| text(message, "id")).unwrap_or_default();
    let external_id = [text(reaction, "msgid"), own].into_iter().find(|id| !id.is_empty());
    let external_id = external_id.ok_or_else(|| Unreadable("a reaction to no message".to_owned()))?;
    let set = words(reaction, "type") == "react";
    let emoji = Some(text(reaction, "emoji")).filter(|emoji| set && !emoji.is_empty());
    Ok(CrmEvent::Reacted { chat: chat_name(reaction)?, external_id, emoji, who: person(reaction.get("user")) })
}

/// When it was said: told in milliseconds, in seconds, or only when it was sent.
fn at(message: &Value, whole: &Value) -> Time {
    let seconds = |value: &Value, name: &str| int(value, name).filter(|at| *at > 0).map(|at| at.saturating_mul(1_000));
    let told = int(message, "msec_timestamp").filter(|at| *at > 0).or_else(|| seconds(message, "timestamp"));
    Time(told.or_else(|| seconds(whole, "time")).unwrap_or_default())
}

fn said(message: &Value, whole: &Value) -> Result<Said, Unreadable> {
    let content = message.get("message").filter(|content| content.is_object()).ok_or_else(|| Unreadable("a message without content".to_owned()))?;
    let external_id = text(content, "id");
    if external_id.is_empty() {
        return Err(Unreadable("a message without its id".to_owned()));
    }
    let chat = chat_name(message)?;
    let to = message.get("receiver").unwrap_or(&Value::Null);
    let reply = content.get("reply_to").or_else(|| message.get("reply_to")).and_then(|reply| reply.get("message"));
    let (parts, files) = content_of(content);
    Ok(Said {
        // Somebody we gave no name is written to for the first time.
        first: Some(to).filter(|_| chat.ours.is_none()).and_then(first_to),
        chat,
        external_id,
        who: person(message.get("sender")),
        at: at(message, whole),
        parts,
        files,
        reply_to: reply.map(|reply| text(reply, "id")).filter(|id| !id.is_empty()),
        source: message.get("source").map(|source| text(source, "external_id")).filter(|source| !source.is_empty()),
    })
}

/// Somebody nobody knows, by the phone that was clicked there: digits, with the code of the country.
fn first_to(to: &Value) -> Option<FirstTo> {
    let phone = |digits: String| contact::phone(&digits).unwrap_or_else(|| format!("+{}", digits.trim_start_matches('+')));
    let phone = Some(text(to, "phone")).filter(|phone| !phone.is_empty()).map(phone);
    let address = phone.or_else(|| Some(text(to, "email")).filter(|email| !email.is_empty()))?;
    Some(FirstTo { address, facts: super::deliver::unnamed(text(to, "id")) })
}

/// What a message says: its type tells little, since one may hold a file, words and buttons at once.
fn content_of(content: &Value) -> (Vec<Part>, Vec<CrmFile>) {
    let mut parts = Vec::new();
    let mut lines = vec![words(content, "text").to_owned()];
    let markup = content.get("markup").unwrap_or(&Value::Null);
    let rows = list(markup, "buttons").iter().flat_map(|row| row.as_array().into_iter().flatten());
    let (mut labels, mut menu) = (Vec::new(), Vec::new());
    for button in rows {
        match (words(button, "text"), words(button, "url")) {
            ("", _) => {}
            (label, "") => labels.push(cut(label, 200)),
            // A button that leads somewhere is no answer.
            (label, url) => lines.push(format!("{label}: {url}")),
        }
    }
    if let Some(choice) = markup.get("list_message") {
        menu.extend(["header", "body", "footer"].map(|name| words(choice, name).to_owned()));
        let rows = list(choice, "sections").iter().flat_map(|section| list(section, "rows"));
        labels.extend(rows.map(|row| cut(words(row, "title"), 200)).filter(|title| !title.is_empty()));
    }
    lines.extend(menu);
    lines.retain(|line| !line.is_empty());
    if let Some(template) = content.get("template").filter(|template| template.is_object()) {
        let name = [text(template, "external_id"), text(template, "id")].into_iter().find(|name| !name.is_empty()).unwrap_or_default();
        let parameters = list(template, "params").iter().map(|one| cut(words(one, "value"), 1_000)).collect();
        parts.push(Part::Template { name, language: String::new(), parameters });
    }
    let text = lines.join("\n");
    if !text.is_empty() {
        parts.push(Part::Text { text });
    }
    if let Some(place) = content.get("location").filter(|place| place.is_object())
        && let (Some(latitude_e7), Some(longitude_e7)) = (degrees_e7(place, "lat", 90.0), degrees_e7(place, "lon", 180.0))
    {
        parts.push(Part::Location { latitude_e7, longitude_e7, title: String::new() });
    }
    if let Some(card) = content.get("contact").filter(|card| card.is_object()) {
        parts.push(Part::Contact { name: cut(words(card, "name"), 200), phone: cut(&self::text(card, "phone"), 50) });
    }
    if !labels.is_empty() {
        parts.push(Part::Buttons { labels });
    }
    let media = words(content, "media");
    let file = CrmFile { url: media.to_owned(), name: cut(words(content, "file_name"), 200) };
    let files: Vec<CrmFile> = (!media.is_empty()).then_some(file).into_iter().collect();
    if parts.is_empty() && files.is_empty() {
        parts.push(Part::Unknown { raw: cut(&content.to_string(), RAW / 4) });
    }
    (parts, files)
}

/// What happened to a record. What is of no use to us is nothing.
fn record(part: &Value) -> Vec<CrmEvent> {
    let item = part.get("item").unwrap_or(&Value::Null);
    let changed = |what: &str, id: String| (!id.is_empty()).then(|| CrmEvent::Changed { what: what.to_owned(), id });
    let event = match (words(part, "record"), words(part, "act")) {
        (_, "note") => None,
        ("leads", _) => changed("deal", text(item, "id")),
        // Companies come as contacts.
        ("contacts", _) if words(item, "type") != "company" => changed("contact", text(item, "id")),
        ("talk" | "talks", _) => {
            let chat = ChatName { theirs: text(item, "chat_id"), ours: None };
            let read = matches!(text(item, "is_read").as_str(), "1" | "true");
            (read && !chat.theirs.is_empty()).then_some(CrmEvent::Read { chat })
        }
        ("unsorted", "delete") => {
            // Where deals wait that were taken or declined, they are looked at again.
            let results = ["accept_result", "decline_result"].into_iter().filter_map(|result| item.get(result)?.get("leads")?.as_object());
            let told = results.flatten().map(|(_, id)| id.as_str().unwrap_or_default().to_owned());
            let mut events: Vec<CrmEvent> = told.chain([text(item, "lead_id")]).filter_map(|id| changed("deal", id)).take(RECORDS).collect();
            if words(item, "action") == "decline" {
                events.extend(changed("declined", text(item, "uid")));
            }
            return events;
        }
        _ => None,
    };
    event.into_iter().collect()
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
