//! What the fake amoCRM kept account of, and how it is compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::fakes::Fake;

/// What was said in each chat, by the customer's name there.
pub(super) type Words = BTreeMap<String, Vec<String>>;

/// A call, as the fake saw it.
pub(super) struct Call {
    pub(super) name: String,
    account: String,
    /// Of the API, whose calls are counted.
    api: bool,
    /// The message that was brought: our id of it, and its text.
    id: String,
    pub(super) text: String,
    /// When, by the fake's clock, milliseconds.
    clock: f64,
    /// It was carried out.
    pub(super) taken: bool,
}

/// Every call, in the order they came.
pub(super) async fn calls(amo: &Fake) -> Vec<Call> {
    let read = |line: &Value| {
        let body = &line["body"];
        let said: Value = serde_json::from_str(body["said"].as_str().unwrap_or_default()).unwrap_or_default();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Call {
            name: word(&line["call"]),
            account: word(&body["account"]),
            api: body["path"].as_str().is_some_and(|path| path.starts_with("/api/v4")),
            id: word(&said["payload"]["msgid"]),
            text: word(&said["payload"]["message"]["text"]),
            clock: body["clock"].as_f64().unwrap(),
            taken: line["taken"] == true,
        }
    };
    amo.look("ledger").await.as_array().unwrap().iter().map(read).collect()
}

/// The most calls of the API into an account within a second of the fake's clock.
pub(super) fn busiest(calls: &[Call], account: &str) -> usize {
    let at: Vec<f64> = calls.iter().filter(|call| call.api && call.account == account).map(|call| call.clock).collect();
    let within = |from: &f64| at.iter().filter(|at| **at >= *from && **at < from + 1_000.0).count();
    at.iter().map(within).max().unwrap_or(0)
}

/// The texts of messages the fake took, in order.
fn taken(calls: &[Call]) -> Vec<&str> {
    calls.iter().filter(|call| call.taken && call.name == "amojo.message").map(|call| call.text.as_str()).collect()
}

/// How many others went before a text that are not of its own chat.
pub(super) fn rank(calls: &[Call], text: &str, own: &str) -> usize {
    let texts = taken(calls);
    let end = texts.iter().position(|taken| *taken == text).unwrap_or_else(|| panic!("«{text}» is not there"));
    texts[..end].iter().filter(|taken| taken.starts_with("слово") && !taken.starts_with(own)).count()
}

fn list<'a>(of: &'a Value, name: &str) -> &'a Vec<Value> {
    of[name].as_array().unwrap()
}

/// Each has one contact, and the contact one deal; nobody has two.
fn one_each(state: &Value, customers: usize) {
    let (contacts, leads) = (list(state, "contacts"), list(state, "leads"));
    let names: BTreeSet<&str> = contacts.iter().map(|contact| contact["name"].as_str().unwrap()).collect();
    assert_eq!((contacts.len(), names.len(), leads.len()), (customers, customers, customers), "contacts, their names, deals");
    assert!(leads.iter().all(|lead| list(lead, "contacts").len() == 1), "each deal is of one contact");
    assert!(contacts.iter().all(|contact| list(contact, "leads").len() == 1), "each contact has one deal");
}

/// «Чаты»: what stands in the chats is what was said, once and in its order, whatever was answered.
pub(super) fn compare_chats(state: &Value, calls: &[Call], said: &Words) {
    one_each(state, said.len());
    let mut found = Words::new();
    for chat in list(state, "chats") {
        let messages = list(chat, "messages").iter().filter(|message| message["written"] != "here");
        let texts = messages.map(|message| message["text"].as_str().unwrap().to_owned()).collect();
        let name = chat["who"]["name"].as_str().unwrap();
        assert!(found.insert(name.to_owned(), texts).is_none(), "{name} has two chats");
        assert!(chat["contact"].is_u64(), "{name} has a contact: {}", chat["contact"]);
    }
    for (name, texts) in said {
        assert_eq!(found.get(name), Some(texts), "what {name} said");
    }
    assert_eq!(found.len(), said.len(), "nobody else is there");
    // And by our names of the messages.
    let mut ids = BTreeMap::<&str, usize>::new();
    for call in calls.iter().filter(|call| call.taken && call.name == "amojo.message") {
        *ids.entry(&call.id).or_default() += 1;
    }
    assert_eq!((ids.len(), ids.values().max()), (said.values().map(Vec::len).sum(), Some(&1)), "each went once by its id");
}

/// «Добавлять»: the notes of each deal are what was said, once and in its order.
pub(super) fn compare_notes(state: &Value, said: &Words) {
    one_each(state, said.len());
    let name_of = |lead: &Value| {
        let contact = &list(lead, "contacts")[0];
        list(state, "contacts").iter().find(|one| one["id"] == *contact).unwrap()["name"].as_str().unwrap().to_owned()
    };
    let names: BTreeMap<u64, String> = list(state, "leads").iter().map(|lead| (lead["id"].as_u64().unwrap(), name_of(lead))).collect();
    let mut found = Words::new();
    for note in list(state, "notes") {
        // It begins with who said it and by which channel.
        let text = note["params"]["text"].as_str().unwrap().split_once("): ").unwrap().1;
        found.entry(names[&note["entity_id"].as_u64().unwrap()].clone()).or_default().push(text.to_owned());
    }
    assert_eq!(&found, said, "the notes");
}

/// How often tokens were exchanged. None was used twice, and none was answered «revoked».
pub(super) async fn refreshes(amo: &Fake) -> u64 {
    let found = amo.look("refreshes").await;
    assert_eq!(found["revoked"], 0, "nobody was told that a token is revoked");
    let used: Vec<u64> = list(&found, "tokens").iter().map(|token| token["used"].as_u64().unwrap()).collect();
    assert!(used.iter().all(|times| *times <= 1), "{used:?}");
    used.iter().sum()
}
