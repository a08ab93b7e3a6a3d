//! What comes in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{PATIENCE, connected, plan, started, texts, tried};
use crate::support::client::whole_log;
use crate::support::fakes::Fake;
use crate::support::node::{Dice, Node, full, report, seed, until};

/// One in so many commits of ours is refused, or its answer is lost: the provider, or our own work, tries again.
const FAILS: &str = "intake/refused:20,intake/unanswered:40,conversation/refused:100,conversation/unanswered:150";
/// Which part of VK's events changes places with the next of its dialog.
const SHUFFLE: f64 = 0.25;
/// A personal account nobody has told us of yet.
const UNTOLD: &str = "bc-untold";

/// The log, once it holds exactly what was said, each conversation in its order.
async fn logged(node: &Node, expected: &BTreeSet<Vec<String>>) -> BTreeMap<String, Vec<Value>> {
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    let all = async {
        until("everything is in the log", PATIENCE * 10, async || {
            let log = whole_log(&node.url(), &node.printed.token).await;
            found = texts(&log, "inbound").into_iter().collect();
            (found == *expected).then_some(log)
        })
        .await
    };
    let log = tokio::time::timeout(PATIENCE * if full() { 5 } else { 1 }, all).await;
    let log = log.unwrap_or_else(|_| panic!("not in the log as it was said: {:#?}\n{:#?}", expected - &found, &found - expected));
    assert_eq!(texts(&log, "inbound").len(), expected.len(), "one conversation of each");
    log
}

/// What lies in quarantine and was not put back: ids by reason.
async fn quarantine(node: &Node) -> BTreeMap<String, Vec<String>> {
    let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = node.get(&format!("/api/v1/quarantine{cursor}")).await;
        for row in page["items"].as_array().unwrap().iter().filter(|row| row["replayed_at"].is_null()) {
            kept.entry(row["reason"]["code"].as_str().unwrap().to_owned()).or_default().push(row["id"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => return kept,
        }
    }
}

async fn replay(node: &Node, id: &str) -> u16 {
    tried(node, &format!("/quarantine/{id}/replay"), &Value::Null).await.0
}

/// Somebody writes to a personal account of which the update that attached it never came.
async fn write_untold(fake: &Fake, number: u64) -> String {
    let (person, text) = (90_000 + number, format!("лично {number}"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let body = json!({ "message_id": 1, "date": now, "business_connection_id": UNTOLD, "text": text,
        "chat": { "id": person, "type": "private", "first_name": "Лично" }, "from": { "id": person, "is_bot": false, "first_name": "Лично" } });
    fake.act("raw", json!({ "kind": "business_message", "chat": format!("{UNTOLD}:{person}"), "body": body })).await;
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_channels_inbound() {
    let (messages, chats, kills) = if full() { (10_000_u64, 200_u64, 2) } else { (400, 20, 1) };
    let folder = tempfile::tempdir().unwrap();
    let (fake, mut dice, begun) = (Fake::start("telegram").await, Dice::new(seed()), Instant::now());
    fake.act("settings", json!({ "local": true, "limits": false, "speed": 20, "late": 0.05 })).await;
    let mut node = started(&plan(&folder).variable("KOMMUTATOR_FAILS", FAILS));
    connected(&node, &fake, "telegram_bot").await;
    let (mut told, mut garbled, mut repeats): (Vec<u64>, _, _) = (Vec::new(), 0_usize, 0_u64);
    let mut said: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut untold: Vec<String> = Vec::new();
    let mut kill_at: BTreeSet<u64> = (1..=kills).map(|kill| messages * kill / (kills + 1)).collect();
    for number in 0..messages {
        let chat = 10_000 + dice.below(chats);
        let text = format!("слово {number}");
        let from = json!({ "id": chat, "first_name": format!("Человек {chat}") });
        let update = fake.act("write", json!({ "from": from, "text": text })).await;
        told.push(update["update_id"].as_u64().unwrap());
        said.entry(chat).or_default().push(text);
        if dice.below(20) == 0 {
            // Again, and by now behind later ones.
            let which = told[usize::try_from(dice.below(told.len() as u64)).unwrap()];
            fake.act("repeat", json!({ "ids": [which] })).await;
            repeats += 1;
        }
        match dice.below(200) {
            0 => {
                fake.act("raw", json!({ "kind": "message", "body": { "message_id": "no number", "number": number } })).await;
                garbled += 1;
            }
            1 => untold.push(write_untold(&fake, number).await),
            _ => {}
        }
        if kill_at.remove(&number) {
            tokio::task::block_in_place(|| node.restart());
        }
    }
    let mut expected: BTreeSet<Vec<String>> = said.values().cloned().collect();
    logged(&node, &expected).await;
    let kept = until("what cannot be read is in quarantine", PATIENCE, async || {
        let kept = quarantine(&node).await;
        (kept.values().map(Vec::len).sum::<usize>() >= garbled + untold.len()).then_some(kept)
    })
    .await;
    let of = |kept: &BTreeMap<String, Vec<String>>, code: &str| kept.get(code).cloned().unwrap_or_default();
    let ours = of(&kept, "unknown_account");
    assert_eq!((ours.len(), of(&kept, "unreadable").len(), kept.len()), (untold.len(), garbled, 2), "each once: {kept:?}");
    assert!(!untold.is_empty() && garbled > 0, "the dice brought some of both");
    let deliveries = fake.look("deliveries").await;
    let (overtaken, failed) = (deliveries["overtaken"].as_u64().unwrap(), deliveries["failed"].as_u64().unwrap());
    assert!(overtaken * 20 >= messages, "{overtaken} of {messages} came behind a later one");
    assert!(failed * 40 >= messages, "{failed} deliveries failed");

    // The account is told of after all. What was for it is put back, each twice, with a kill between; what is garbled stays so.
    fake.act("connect-business", json!({ "id": UNTOLD, "from": { "id": 900, "first_name": "Хозяин" } })).await;
    until("the account is known", PATIENCE, async || {
        let channels = node.get("/api/v1/channels").await;
        channels["items"].as_array().unwrap().iter().any(|channel| channel["kind"] == "telegram_user").then_some(())
    })
    .await;
    let (first, rest) = ours.split_at(ours.len() / 2);
    for id in first {
        assert_eq!(replay(&node, id).await, 200);
    }
    tokio::task::block_in_place(|| node.restart());
    for (id, wanted) in first.iter().map(|id| (id, 409)).chain(rest.iter().map(|id| (id, 200))).chain(rest.iter().map(|id| (id, 409))) {
        assert_eq!(replay(&node, id).await, wanted, "put back once");
    }
    for id in of(&kept, "unreadable") {
        assert_eq!(replay(&node, &id).await, 200);
    }
    expected.extend(untold.iter().map(|text| vec![text.clone()]));
    logged(&node, &expected).await;
    let kept = until("what is garbled is in quarantine again", PATIENCE, async || {
        let kept = quarantine(&node).await;
        (of(&kept, "unreadable").len() == garbled).then_some(kept)
    })
    .await;
    assert_eq!(kept.len(), 1, "and nothing else is: {kept:?}");
    report(
        "soak_channels_inbound",
        "People write to a Telegram bot while updates come again, and behind later ones of other chats (within a chat Telegram keeps the order); some cannot be read; now and then our store refuses a hook or a message, or loses its answer, so that Telegram hears a 500 and brings the update again; and the process is killed (SIGKILL). Set and order of each chat in the log equal what the provider's fake holds; what cannot be read stands in quarantine and holds nobody up. Then one half of it can be read, as the account it is for becomes known: it is put back, each twice and over another kill, and stands in the log once. The machine was not quiet.",
        &[
            ("messages, chats", format!("{messages}, {}", said.len())),
            ("repeats, behind a later one, deliveries that failed", format!("{repeats}, {overtaken}, {failed}")),
            ("garbled, put back, kills", format!("{garbled}, {}, {}", untold.len(), kills + 1)),
            ("time", format!("{:.0?}", begun.elapsed())),
        ],
    );
}

/// VK promises no order within a dialog, but numbers what is said there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_channels_inbound_shuffled() {
    let (messages, dialogs) = if full() { (3_000_u64, 12_u64) } else { (200, 6) };
    let folder = tempfile::tempdir().unwrap();
    let (fake, mut dice, begun) = (Fake::start("vk").await, Dice::new(seed()), Instant::now());
    fake.act("callbacks", json!({ "retry_ms": 20, "most": 100_000, "shuffle": SHUFFLE })).await;
    let mut node = started(&plan(&folder).variable("KOMMUTATOR_FAILS", FAILS));
    connected(&node, &fake, "vk_messages").await;
    for dialog in 0..dialogs {
        fake.act("user", json!({ "id": 700 + dialog, "first_name": format!("Человек {dialog}") })).await;
    }
    let mut said: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for number in 0..messages {
        // So many are told at once that there is something to change places with.
        if number % 25 == 0 {
            fake.act("release", json!({})).await;
            fake.act("callbacks", json!({ "hold": true })).await;
        }
        let (user, text) = (700 + dice.below(dialogs), format!("слово {number}"));
        fake.act("write", json!({ "user": user, "text": text })).await;
        said.entry(user).or_default().push(text);
        if number == messages / 2 {
            // A restart takes longer than what is missing is waited for.
            fake.act("callbacks", json!({ "shuffle": 0 })).await;
            fake.act("release", json!({})).await;
            until("both of each pair are told", PATIENCE, async || (fake.look("state").await["behind"] == 0).then_some(())).await;
            tokio::task::block_in_place(|| node.restart());
            fake.act("callbacks", json!({ "shuffle": SHUFFLE })).await;
        }
    }
    fake.act("release", json!({})).await;
    logged(&node, &said.values().cloned().collect()).await;
    let shuffled = fake.look("state").await["shuffled"].as_u64().unwrap();
    assert!(shuffled * 20 >= messages, "{shuffled} of {messages} changed places");
    // Nobody waits for what never comes longer than a moment. What was found by a look may still be told.
    until("all is told", PATIENCE, async || (fake.look("servers").await[0]["waiting"] == 0).then_some(())).await;
    fake.act("callbacks", json!({ "hold": true, "shuffle": 0 })).await;
    fake.act("write", json!({ "user": 700, "text": "не придёт" })).await;
    let servers = fake.look("servers").await;
    assert_eq!(servers[0]["waiting"], 1);
    fake.act("forget", json!({})).await;
    fake.act("release", json!({})).await;
    let asked = Instant::now();
    fake.act("write", json!({ "user": 700, "text": "пришло" })).await;
    said.entry(700).or_default().push("пришло".to_owned());
    logged(&node, &said.values().cloned().collect()).await;
    assert!(asked.elapsed() >= Duration::from_secs(1), "it was waited for");
    report(
        "soak_channels_inbound_shuffled",
        "People write to a VK community whose events change places within a dialog, while now and then our store refuses a hook or a message, or loses its answer, and the process is killed (SIGKILL). Set and order of each dialog in the log equal what was said there. The machine was not quiet.",
        &[
            ("messages, dialogs, kills", format!("{messages}, {}, 1", said.len())),
            ("changed places", shuffled.to_string()),
            ("time", format!("{:.0?}", begun.elapsed())),
        ],
    );
}
