//! What the fake provider sends, and how it is read. Pure.
//!
//! A hook's body is a JSON list of events; each may name the login it is for by its key in `login`. A part of one login is a list too.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::channel::contract::{ChannelEvent, Incoming, Person, Unreadable, Writer};
use crate::model::conversation::Place;
use crate::model::customer::{Claim, Vouched};
use crate::model::ids::AccountId;
use crate::model::message::{MessageScope, Part};
use crate::model::protocol::{Page, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::model::visit::Visit;

/// A person as the fake tells of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProbePerson {
    /// The id.
    pub id: String,
    /// More ids of the same person.
    #[serde(default)]
    pub also: Vec<String>,
    /// The name.
    #[serde(default)]
    pub name: String,
    /// The login name.
    #[serde(default)]
    pub username: String,
    /// The phone, which the provider knows.
    #[serde(default)]
    pub phone: Option<String>,
    /// The e-mail, which the provider knows.
    #[serde(default)]
    pub email: Option<String>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeEvent {
    /// The account within the login.
    pub account: String,
    /// The chat.
    pub chat: String,
    /// The message's id within its chat; empty: it has none.
    #[serde(default)]
    pub id: String,
    /// When, milliseconds since 1970.
    #[serde(default)]
    pub at: i64,
    /// What happened.
    #[serde(flatten)]
    pub what: ProbeWhat,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ProbeWhat {
    /// A message of a person.
    Message {
        /// Who wrote it.
        from: ProbePerson,
        /// What it says.
        text: String,
        /// The group's name; none: a private chat with the writer.
        #[serde(default)]
        group: Option<String>,
        /// The post it is a comment of; none: it is no comment.
        #[serde(default)]
        post: Option<String>,
        /// The comment it hangs under.
        #[serde(default)]
        under: Option<String>,
        /// The visit to a site they come from: its code, and its marks by name.
        #[serde(default)]
        visit: Option<(String, BTreeMap<String, String>)>,
        /// The id of the message it answers, in the same chat.
        #[serde(default)]
        reply_to: Option<String>,
        /// History.
        #[serde(default)]
        quiet: bool,
    },
    /// Something the account itself wrote.
    Echo {
        /// With whom the chat is.
        peer: ProbePerson,
        /// What it says.
        text: String,
        /// The mark that went with the send.
        #[serde(default)]
        mark: Option<String>,
    },
    /// What became of a message of ours.
    Receipt {
        /// Where it stands.
        status: SendStatus,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Other words.
    Edited {
        /// What it says now.
        text: String,
    },
    /// Deleted.
    Deleted,
    /// A reaction; no emoji: taken off.
    Reacted {
        /// Who.
        from: ProbePerson,
        /// The emoji.
        #[serde(default)]
        emoji: Option<String>,
    },
    /// The chat is named otherwise from now on.
    Moved {
        /// How.
        to: String,
    },
    /// The customer saw everything up to a number of ours.
    Read {
        /// The number.
        number: u32,
    },
}

/// The provider's id of a message as we keep it: chat included.
#[must_use]
pub fn external_id(chat: &str, id: &str) -> String {
    format!("{chat}/{id}")
}

/// Splits a hook's body by login, in order.
///
/// # Errors
/// It is no list of events.
pub fn route(body: &[u8]) -> Result<Vec<(String, Bytes)>, Unreadable> {
    let events: Vec<Value> = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let mut parts: Vec<(String, Vec<Value>)> = Vec::new();
    for event in events {
        let key = event.get("login").and_then(Value::as_str).unwrap_or_default().to_owned();
        match parts.iter_mut().find(|(known, _)| *known == key) {
            Some((_, part)) => part.push(event),
            None => parts.push((key, vec![event])),
        }
    }
    let written = |(key, part)| serde_json::to_vec(&part).map(|part| (key, part.into())).map_err(|error| Unreadable(error.to_string()));
    parts.into_iter().map(written).collect()
}

/// Reads a part.
///
/// # Errors
/// It is no list of events.
pub fn parse(part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
    let events: Vec<ProbeEvent> = serde_json::from_slice(part).map_err(|error| Unreadable(error.to_string()))?;
    Ok(events.into_iter().map(event).collect())
}

fn person(person: ProbePerson) -> Person {
    let mut external_ids = vec![person.id];
    external_ids.extend(person.also);
    let claims = |value: Option<String>| value.map(|value| Claim { value, by: Vouched::Provider }).into_iter().collect();
    let (phones, emails) = (claims(person.phone), claims(person.email));
    Person { external_ids, name: person.name, username: person.username, phones, emails, ..Person::default() }
}

fn words(text: String) -> Vec<Part> {
    if text.is_empty() { Vec::new() } else { vec![Part::Text { text }] }
}

fn event(event: ProbeEvent) -> ChannelEvent {
    let ProbeEvent { account, chat, id, at, what } = event;
    let (at, external) = (Time(at), external_id(&chat, &id));
    let mut incoming = Incoming::of(account.clone(), chat.clone(), Place::Private, Writer::Account { mark: None }, at);
    incoming.external_id = (!id.is_empty()).then(|| external.clone());
    match what {
        ProbeWhat::Message { from, text, group, post, under, visit, reply_to, quiet } => {
            let from = person(from);
            match group {
                Some(title) => {
                    incoming.place = Place::Group(chat.clone());
                    incoming.place_title = Some(title);
                    incoming.context.scope = MessageScope::Group;
                }
                None => incoming.peer = Some(from.clone()),
            }
            if let Some(post) = post {
                incoming.place = Place::Post(post.clone());
                incoming.context.scope = MessageScope::Comment;
                incoming.context.post = Some(post);
                incoming.context.top_comment = under;
            }
            incoming.visit = visit.map(|(code, marks)| {
                let (visitor, first) = (from.external_ids.first().cloned().unwrap_or_default(), Page::default());
                let account = AccountId(0);
                Box::new(Visit { code, account, visitor, first, marks, analytics: BTreeMap::new(), conversation: None, at })
            });
            incoming.writer = Writer::Customer(from);
            incoming.parts = words(text);
            incoming.reply_to_external = reply_to.map(|id| external_id(&chat, &id));
            incoming.quiet = quiet;
            ChannelEvent::Message(Box::new(incoming))
        }
        ProbeWhat::Echo { peer, text, mark } => {
            incoming.peer = Some(person(peer));
            incoming.writer = Writer::Account { mark };
            incoming.parts = words(text);
            ChannelEvent::Message(Box::new(incoming))
        }
        ProbeWhat::Receipt { status, reason } => ChannelEvent::Receipt { account, external_id: external, status, reason: reason.map(Reason::new) },
        ProbeWhat::Edited { text } => ChannelEvent::Edited { account, external_id: external, parts: words(text), at },
        ProbeWhat::Deleted => ChannelEvent::Deleted { account, external_id: external, at },
        ProbeWhat::Reacted { from, emoji } => ChannelEvent::Reacted { account, external_id: external, person: person(from), emoji },
        ProbeWhat::Moved { to } => ChannelEvent::Moved { account, from: chat, to },
        ProbeWhat::Read { number } => ChannelEvent::ReadUpTo { account, conversation_key: chat, number },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_body_is_split_by_login_in_order() {
        let body = json!([{"login": "a", "n": 1}, {"login": "b", "n": 2}, {"login": "a", "n": 3}, {"n": 4}]);
        let parts = route(body.to_string().as_bytes()).unwrap();
        let keys: Vec<&str> = parts.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a", "b", ""]);
        assert_eq!(serde_json::from_slice::<Value>(&parts[0].1).unwrap(), json!([{"login": "a", "n": 1}, {"login": "a", "n": 3}]));
    }

    #[test]
    fn an_event_is_read() {
        let part = json!([{"account": "one", "chat": "c", "id": "1", "event": "message", "from": {"id": "p"}, "text": "да", "group": "Группа"}]);
        let events = parse(part.to_string().as_bytes()).unwrap();
        let [ChannelEvent::Message(incoming)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((incoming.external_id.as_deref(), &incoming.place), (Some("c/1"), &Place::Group("c".into())));
        assert_eq!(incoming.peer, None, "a group is with nobody");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let word = prop_oneof![
            any::<String>(),
            prop::sample::select(vec!["message", "echo", "receipt", "moved", "read", "reacted", "sent"]).prop_map(str::to_owned)
        ];
        let leaf =
            prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from), word.prop_map(Value::from)];
        leaf.prop_recursive(4, 48, 6, |inner| {
            let name = prop::sample::select(vec!["account", "chat", "id", "at", "event", "from", "text", "login", "emoji", "to", "number", "other"]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(name, inner, 0..8)
                    .prop_map(|map| Value::Object(map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_read_or_refused(value in any_json()) {
            let bytes = Value::Array(vec![value.clone()]).to_string();
            for body in [bytes, value.to_string()] {
                if let Ok(parts) = route(body.as_bytes()) {
                    for (_, part) in parts {
                        let _ = parse(&part); // must not panic
                    }
                }
                let _ = parse(body.as_bytes()); // must not panic
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = (route(&bytes), parse(&bytes)); // must not panic
        }
    }
}
