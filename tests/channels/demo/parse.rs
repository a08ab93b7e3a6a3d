//! What Demo's news say. Pure. A part is one of them as Demo gave it.

use serde_json::Value;

use crate::channel::contract::{ChannelEvent, Incoming, Person, RemoteFile, Unreadable, Writer};
use crate::connector::lenient::{cut, int, list, text, words};
use crate::model::conversation::Place;
use crate::model::customer::{Claim, Vouched};
use crate::model::message::{MessageScope, Part};
use crate::model::reason::Reason;
use crate::model::time::Time;

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

/// Reads a part.
///
/// # Errors
/// It is no JSON, or does not say where it happened.
pub fn parse(part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
    let news: Value = serde_json::from_slice(part).map_err(|error| Unreadable(error.to_string()))?;
    let from = news.get("from").and_then(person);
    let kind = words(&news, "type");
    if kind == "blocked" || kind == "unblocked" {
        let person = from.ok_or_else(|| Unreadable("nobody is named".to_owned()))?;
        let reason = (kind == "blocked").then(|| Reason::new("customer_blocked_us"));
        return Ok(vec![ChannelEvent::Reachable { person, reason }]);
    }
    let chat = news.get("chat").map(|chat| text(chat, "id")).filter(|chat| !chat.is_empty());
    let chat = chat.ok_or_else(|| Unreadable("no chat".to_owned()))?;
    let (account, at) = (String::new(), Time(int(&news, "at").unwrap_or_default().max(0)));
    if kind == "typing" {
        return Ok(vec![ChannelEvent::Typing { account, conversation_key: chat }]);
    }
    let id = text(&news, "id");
    if id.is_empty() {
        return Err(Unreadable("no message".to_owned()));
    }
    let external_id = external_id(&chat, &id);
    Ok(match (kind, from) {
        ("message", Some(from)) => vec![message(&news, &chat, external_id, from, at)],
        ("edited", _) => vec![ChannelEvent::Edited { account, external_id, parts: said(&news), at }],
        ("deleted", _) => vec![ChannelEvent::Deleted { account, external_id, at }],
        ("reacted", Some(person)) => {
            vec![ChannelEvent::Reacted { account, external_id, person, emoji: Some(text(&news, "emoji")).filter(|emoji| !emoji.is_empty()) }]
        }
        ("seen", _) => vec![ChannelEvent::ReadUpToExternal { account, external_id }],
        ("message" | "reacted", None) => return Err(Unreadable("nobody is named".to_owned())),
        // What is new in Demo and not known here.
        _ => Vec::new(),
    })
}

fn person(value: &Value) -> Option<Person> {
    let id = text(value, "id");
    let phone = text(value, "phone");
    let phones = if phone.is_empty() { Vec::new() } else { vec![Claim { value: phone, by: Vouched::Provider }] };
    (!id.is_empty()).then(|| Person { external_ids: vec![id], name: cut(words(value, "name"), 200), phones, ..Person::default() })
}

fn said(news: &Value) -> Vec<Part> {
    let text = text(news, "text");
    if text.is_empty() { Vec::new() } else { vec![Part::Text { text }] }
}

fn message(news: &Value, chat: &str, external_id: String, from: Person, at: Time) -> ChannelEvent {
    let told = news.get("chat").unwrap_or(&Value::Null);
    let is_group = words(told, "kind") == "group";
    let place = if is_group { Place::Group(chat.to_owned()) } else { Place::Private };
    // What the owner wrote on the phone, or what went from here: then our key comes back.
    let ours = news.get("ours").and_then(Value::as_bool).unwrap_or_default();
    let writer = match ours {
        true => Writer::Account { mark: Some(text(news, "key")).filter(|key| !key.is_empty()) },
        false => Writer::Customer(from.clone()),
    };
    let mut incoming = Incoming::of("", chat, place, writer, at);
    if is_group {
        incoming.place_title = Some(cut(words(told, "title"), 300));
        incoming.context.scope = MessageScope::Group;
    } else {
        incoming.peer = if ours { news.get("to").and_then(person) } else { Some(from) };
    }
    incoming.external_id = Some(external_id);
    incoming.parts = said(news);
    let answered = text(news, "reply_to");
    incoming.reply_to_external = (!answered.is_empty()).then(|| self::external_id(chat, &answered));
    incoming.remote = list(news, "files").iter().filter_map(file).collect();
    ChannelEvent::Message(Box::new(incoming))
}

fn file(value: &Value) -> Option<RemoteFile> {
    let id = text(value, "id");
    let size = int(value, "size").and_then(|size| u64::try_from(size).ok());
    let known =
        || RemoteFile { locator: id.clone(), name: cut(words(value, "name"), 200), media_type: text(value, "type"), size, ..RemoteFile::default() };
    (!id.is_empty() && id.len() <= 100).then(known)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::connector::lenient::any_json;
    use crate::model::message::plain_text;

    fn one(news: &Value) -> ChannelEvent {
        let mut events = parse(news.to_string().as_bytes()).unwrap();
        assert_eq!(events.len(), 1, "{news}");
        events.remove(0)
    }

    fn incoming(news: &Value) -> Incoming {
        match one(news) {
            ChannelEvent::Message(incoming) => *incoming,
            other => panic!("{other:?}"),
        }
    }

    fn anna() -> Value {
        json!({ "id": "anna", "name": "Анна", "phone": "+79123456789" })
    }

    #[test]
    fn who_wrote_what_where() {
        let files = json!([{ "id": "f1", "name": "счёт.pdf", "type": "application/pdf", "size": 9 }, { "name": "без номера" }]);
        let private =
            json!({ "type": "message", "chat": { "id": "anna" }, "from": anna(), "id": 1, "text": "Да", "reply_to": 7, "at": 5, "files": files });
        let found = incoming(&private);
        assert_eq!((found.place, found.conversation_key.as_str(), found.written_at), (Place::Private, "anna", Time(5)));
        assert_eq!((found.external_id.as_deref(), found.reply_to_external.as_deref()), (Some("anna/1"), Some("anna/7")));
        assert_eq!((plain_text(&found.parts), found.remote.len(), found.remote[0].locator.as_str()), ("Да".to_owned(), 1, "f1"));
        assert_eq!(found.peer.map(|peer| (peer.name, peer.phones[0].value.clone())), Some(("Анна".to_owned(), "+79123456789".to_owned())));

        let group = json!({ "type": "message", "chat": { "id": "g1", "kind": "group", "title": "Опт" }, "from": anna(), "id": "2", "text": "Да" });
        let found = incoming(&group);
        assert_eq!((found.place, found.place_title.as_deref(), found.peer), (Place::Group("g1".to_owned()), Some("Опт"), None));
        assert!(matches!(found.writer, Writer::Customer(person) if person.name == "Анна"));

        let echo = json!({ "type": "message", "chat": { "id": "anna" }, "from": { "id": "us" }, "to": anna(), "ours": true, "key": "k", "id": 3 });
        let found = incoming(&echo);
        assert_eq!((found.writer, found.peer.map(|peer| peer.name)), (Writer::Account { mark: Some("k".to_owned()) }, Some("Анна".to_owned())));
    }

    #[test]
    fn what_happens_to_messages() {
        let at = |kind: &str, more: Value| {
            let mut news = json!({ "type": kind, "chat": { "id": "c" }, "id": 1 });
            news.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one(&news)
        };
        assert!(matches!(at("edited", json!({ "text": "б" })), ChannelEvent::Edited { external_id, .. } if external_id == "c/1"));
        assert!(matches!(at("deleted", json!({})), ChannelEvent::Deleted { .. }));
        assert!(matches!(at("reacted", json!({ "from": anna(), "emoji": "👍" })), ChannelEvent::Reacted { emoji: Some(_), .. }));
        assert!(matches!(at("reacted", json!({ "from": anna(), "emoji": "" })), ChannelEvent::Reacted { emoji: None, .. }));
        assert!(matches!(at("seen", json!({})), ChannelEvent::ReadUpToExternal { .. }));
        assert!(matches!(at("typing", json!({})), ChannelEvent::Typing { .. }));
        assert!(matches!(at("blocked", json!({ "from": anna() })), ChannelEvent::Reachable { reason: Some(_), .. }));
        assert!(matches!(at("unblocked", json!({ "from": anna() })), ChannelEvent::Reachable { reason: None, .. }));
        assert_eq!(parse(br#"{"type":"stories","chat":{"id":"c"},"id":1}"#), Ok(Vec::new()));
        for wrong in ["", "[]", r#"{"type":"message"}"#, r#"{"type":"message","chat":{"id":"c"}}"#, r#"{"type":"message","chat":{"id":"c"},"id":1}"#]
        {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    const NAMES: &[&str] = &[
        "type", "message", "chat", "id", "kind", "group", "title", "from", "to", "name", "phone", "text", "files", "size", "reply_to", "at", "ours",
        "key", "emoji",
    ];

    proptest! {
        #[test]
        fn any_json_is_read_or_refused(value in any_json(NAMES), kind in prop::sample::select(&["message", "edited", "reacted", "blocked", "x"][..])) {
            let shaped = json!({ "type": kind, "chat": value, "id": value, "from": value, "files": [value], "at": value });
            let named = json!({ "type": kind, "chat": { "id": "c" }, "id": 1, "from": { "id": "a", "name": value }, "files": value });
            for value in [value, shaped, named] {
                let _ = parse(value.to_string().as_bytes()); // must not panic
            }
        }
    }
}
