//! Sends that were cut, where the provider says what became of them: VK drops a repeat by its number, Avito's history is asked. No person
//! is needed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{PATIENCE, connected, plan, post, started, texts};
use crate::support::client::whole_log;
use crate::support::fakes::Fake;
use crate::support::node::{full, report, until};

/// A provider, and how its fake is driven.
struct Provider {
    name: &'static str,
    kind: &'static str,
    /// The call that sends.
    call: &'static str,
    /// The call that takes the access away and gives it back.
    access: fn(bool) -> (&'static str, Value),
    chats: u64,
    messages: u64,
    /// Our patience and pace are shorter, so many times.
    faster: u64,
}

/// What becomes of a call: taken and the answer lost, whole or half; not taken, and nobody says so; a page that is none of the provider's.
const CUTS: [(&str, &str); 4] = [
    ("lose", r#"{"kind":"lose"}"#),
    ("half", r#"{"kind":"half"}"#),
    ("drop", r#"{"kind":"drop"}"#),
    ("page", r#"{"kind":"answer","status":502,"body":"<html>Bad Gateway</html>"}"#),
];

impl Provider {
    async fn writes(&self, fake: &Fake, chat: u64) {
        match self.name {
            "vk" => {
                fake.act("user", json!({ "id": 600 + chat, "first_name": "Анна" })).await;
                fake.act("write", json!({ "user": 600 + chat, "text": format!("hello {chat}") })).await;
            }
            _ => {
                let item = json!({ "id": 5_000 + chat, "title": "Лада" });
                fake.act("chat", json!({ "id": format!("u2i-{chat}"), "buyer": { "id": 600 + chat, "name": "Иван" }, "item": item })).await;
                fake.act("write", json!({ "chat": format!("u2i-{chat}"), "text": format!("hello {chat}") })).await;
            }
        }
    }

    /// What stands in a chat there of what we said.
    async fn stands(&self, fake: &Fake, chat: u64) -> Vec<String> {
        let shown = match self.name {
            "vk" => fake.look(&format!("dialog?peer={}", 600 + chat)).await,
            _ => fake.look(&format!("chat?id=u2i-{chat}")).await,
        };
        let said = shown["messages"].as_array().unwrap().iter();
        let text = |one: &Value| one["text"].as_str().or(one["content"]["text"].as_str()).unwrap_or_default().to_owned();
        said.map(text).filter(|text| !text.starts_with("hello")).collect()
    }
}

async fn cut_sends_settle(provider: Provider) {
    let Provider { name, kind, call, chats, messages, .. } = provider;
    let folder = tempfile::tempdir().unwrap();
    let (fake, begun) = (Fake::start(name).await, Instant::now());
    let mut node = started(&plan(&folder).variable("KOMMUTATOR_PATIENCE", &provider.faster.to_string()));
    let channel = connected(&node, &fake, kind).await;
    for chat in 0..chats {
        provider.writes(&fake, chat).await;
    }
    let log = until("everybody has a conversation", PATIENCE, async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        (texts(&log, "inbound").len() as u64 == chats).then_some(log)
    })
    .await;
    let of_chat: BTreeMap<u64, String> = log
        .iter()
        .filter_map(|(id, messages)| Some((messages.first()?["text"].as_str()?.strip_prefix("hello ")?.parse().ok()?, id.clone())))
        .collect();
    // Its own word of what was said would settle it, too: that comes only when all is done.
    fake.act(if name == "vk" { "callbacks" } else { "hooks" }, json!({ "hold": true })).await;
    // Its history is not always there, either: then nothing goes again before it was read.
    let broken = json!({ "kind": "answer", "status": 502, "body": "<html>" });
    fake.act("faults", json!({ "call": "messages", "times": 6, "act": broken })).await;
    fake.act("faults", json!({ "call": call, "when": "held", "act": { "kind": "hold" } })).await;
    let mut said: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut cut = 0;
    for number in 0..messages {
        let chat = number % chats;
        // Each chat has at most one of each, and the last one's call is under way when the process is killed.
        let text = match (number / chats, CUTS.get(usize::try_from(chat).unwrap() % CUTS.len())) {
            (1, Some((word, act))) => {
                cut += 1;
                let (text, act) = (format!("{word}{number}x"), serde_json::from_str::<Value>(act).unwrap());
                fake.act("faults", json!({ "call": call, "when": text, "act": act })).await;
                text
            }
            _ if number + 1 == messages => format!("held{number}"),
            _ => format!("word{number}"),
        };
        post(&node, &format!("/conversations/{}/messages", of_chat[&chat]), json!({ "client_id": format!("out-{number}"), "text": text })).await;
        said.entry(chat).or_default().push(text);
        if number == chats {
            let (act, body) = (provider.access)(false);
            fake.act(act, body).await;
        }
        if number == chats * 2 {
            let lost = async || (node.get(&format!("/api/v1/channels/{channel}")).await["health"]["status"] == "access_lost").then_some(());
            until("the owner is shown that access is lost", PATIENCE, lost).await;
            let (act, body) = (provider.access)(true);
            fake.act(act, body).await;
        }
    }
    until("the last call is under way", PATIENCE, async || {
        fake.calls(call).await.iter().any(|call| call["body"].to_string().contains("held")).then_some(())
    })
    .await;
    tokio::task::block_in_place(|| node.restart());
    until("everything is sent", Duration::from_secs(if full() { 600 } else { 120 }), async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        let mut ours = log.values().flatten().filter(|message| message["direction"] == "outbound");
        ours.all(|message| message["state"]["status"] == "sent").then_some(())
    })
    .await;
    for (chat, said) in &said {
        let mut there = provider.stands(&fake, *chat).await;
        // Who waits for an unsettled one is not held up for ever, so that later ones may overtake it.
        there.sort();
        let mut said = said.clone();
        said.sort();
        assert_eq!(there, said, "each once in {chat}");
    }
    fake.act("release", json!({})).await;
    fake.act("write", if name == "vk" { json!({ "user": 600, "text": "bye" }) } else { json!({ "chat": "u2i-0", "text": "bye" }) }).await;
    let log = until("its own word came", PATIENCE, async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        log.values().flatten().any(|message| message["text"] == "bye").then_some(log)
    })
    .await;
    let ours = texts(&log, "outbound");
    assert_eq!(ours.iter().map(Vec::len).sum::<usize>() as u64, messages, "what we said is in the log once: {ours:?}");
    let calls = fake.calls(call).await.len();
    report(
        &format!("soak_channels_settle_{name}"),
        "Answers to sends are lost, whole and half, before and after the provider took the message; its history fails now and then; the access is taken away and given back; the process is killed (SIGKILL) during a call. Every message ends as sent without a person, and stands at the provider once. The machine was not quiet.",
        &[
            ("messages, chats", format!("{messages}, {chats}")),
            ("cut sends, kills during a call", format!("{cut}, 1")),
            ("calls to send", calls.to_string()),
            ("time", format!("{:.0?}", begun.elapsed())),
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_channels_settle_vk() {
    let (messages, chats, faster) = if full() { (400, 40, 1) } else { (33, 8, 8) };
    let access = |given: bool| ("token", json!({ "revoked": !given }));
    cut_sends_settle(Provider { name: "vk", kind: "vk_messages", call: "messages.send", access, chats, messages, faster }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_channels_settle_avito() {
    let (messages, chats, faster) = if full() { (120, 20, 2) } else { (25, 8, 8) };
    let access = |given: bool| ("modes", json!({ "revoked": !given }));
    cut_sends_settle(Provider { name: "avito", kind: "avito", call: "send", access, chats, messages, faster }).await;
}
