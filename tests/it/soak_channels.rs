//! A channel under load and faults, against a fake that keeps its own account: what people wrote is in the log once and in their order, whatever
//! was repeated, unreadable, or cut by a killed process; what we sent went once, within the provider's limits by its own clock, whatever
//! was answered late, lost or refused meanwhile, and what nobody can know stands as unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::client::{id_of, whole_log};
use crate::support::fakes::Fake;
use crate::support::node::{Dice, Node, Plan, full, http, report, seed, until};

const TOKEN: &str = "7000000001:AAF-fake_token_of_the_shop_bot_0001";
const PATIENCE: Duration = Duration::from_secs(120);

async fn post(node: &Node, path: &str, body: Value) -> Value {
    for _ in 0..400 {
        let sent = http().post(format!("{}/api/v1{path}", node.url())).bearer_auth(&node.printed.token).json(&body).send().await;
        match sent {
            Ok(answer) if answer.status().is_success() => return answer.json().await.unwrap_or(Value::Null),
            Ok(answer) if answer.status() == 503 => {}
            Ok(answer) => panic!("{path}: {} {}", answer.status(), answer.text().await.unwrap_or_default()),
            // It is being started again; the same key makes it safe.
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} is not answered\n{}", node.log())
}

/// A bot of the fake, connected as its owner would, and its channel's id.
async fn connected(node: &Node, fake: &Fake) -> String {
    let begun = post(node, "/connecting", json!({ "kind": "telegram_bot" })).await;
    let walk = format!("/connecting/{}", begun["id"].as_str().unwrap());
    let done = post(node, &walk, json!({ "values": { "token": TOKEN, "server": fake.url } })).await;
    let channel = done["channels"][0].as_str().unwrap().to_owned();
    until("the provider knows where to send", PATIENCE, async || {
        fake.look("bots").await[0]["webhook"]["url"].as_str().is_some_and(|url| url.contains("/hooks/")).then_some(())
    })
    .await;
    channel
}

fn started(folder: &tempfile::TempDir) -> Node {
    let plan = Plan::new(&folder.path().join("data")).with("--limits", "off").with("--outside-private", "on");
    tokio::task::block_in_place(|| Node::start(&plan))
}

fn texts(log: &BTreeMap<String, Vec<Value>>, direction: &str) -> Vec<Vec<String>> {
    let of = |messages: &Vec<Value>| {
        let said = messages.iter().filter(|message| message["direction"] == direction);
        said.map(|message| message["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    log.values().map(of).filter(|said| !said.is_empty()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_channels_inbound() {
    let (messages, chats, kills) = if full() { (10_000_u64, 200_u64, 2) } else { (300, 20, 1) };
    let folder = tempfile::tempdir().unwrap();
    let (fake, mut dice, begun) = (Fake::start("telegram").await, Dice::new(seed()), Instant::now());
    fake.act("settings", json!({ "local": true, "limits": false, "speed": 20 })).await;
    let mut node = started(&folder);
    connected(&node, &fake).await;
    let (mut told, mut unreadable, mut repeats): (Vec<u64>, _, _) = (Vec::new(), 0_u64, 0_u64);
    let mut said: BTreeMap<u64, Vec<String>> = BTreeMap::new();
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
        if dice.below(100) == 0 {
            fake.act("raw", json!({ "kind": "message", "body": { "message_id": "no number", "number": number } })).await;
            unreadable += 1;
        }
        if kill_at.remove(&number) {
            tokio::task::block_in_place(|| node.restart());
        }
    }
    let expected: BTreeSet<Vec<String>> = said.values().cloned().collect();
    let log = until("everything is in the log", PATIENCE, async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        let found: BTreeSet<Vec<String>> = texts(&log, "inbound").into_iter().collect();
        (found == expected).then_some(log)
    })
    .await;
    let found = texts(&log, "inbound");
    assert_eq!(found.len(), said.len(), "one conversation of each person");
    let total = until("what cannot be read is in quarantine", PATIENCE, async || {
        let total = node.get("/api/v1/overview").await["quarantine"].as_u64().unwrap();
        (total >= unreadable).then_some(total)
    })
    .await;
    assert_eq!(total, unreadable, "each once");
    report(
        "soak_channels_inbound",
        "People write to a Telegram bot while updates come again and late, some cannot be read, and the process is killed (SIGKILL). Set and order of each chat in the log equal what the provider's fake holds; what cannot be read stands in quarantine and holds nobody up.",
        &[
            ("messages, chats", format!("{messages}, {}", said.len())),
            ("repeats, unreadable, kills", format!("{repeats}, {unreadable}, {kills}")),
            ("time", format!("{:.0?}", begun.elapsed())),
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_channels_outbound() {
    let (messages, chats) = if full() { (1_000_u64, 40_u64) } else { (48, 8) };
    let folder = tempfile::tempdir().unwrap();
    let (fake, mut dice, begun) = (Fake::start("telegram").await, Dice::new(seed()), Instant::now());
    fake.act("settings", json!({ "local": true, "speed": 20 })).await;
    let mut node = started(&folder);
    let channel = connected(&node, &fake).await;
    for chat in 0..chats {
        fake.act("write", json!({ "from": { "id": 20_000 + chat, "first_name": format!("Человек {chat}") }, "text": "Здравствуйте" })).await;
    }
    fake.act("group", json!({ "id": -500, "title": "Отдел", "from": { "id": 20_000, "first_name": "Человек 0" } })).await;
    let log = until("everybody has a conversation", PATIENCE, async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        (texts(&log, "inbound").len() as u64 == chats).then_some(log)
    })
    .await;
    let conversations: Vec<String> =
        log.iter().filter(|(_, messages)| messages.iter().any(|one| one["direction"] == "inbound")).map(|(id, _)| id.clone()).collect();
    // Some are answered «wait», some are taken and the answer is lost; the rest is the fake's own mind.
    let each = |rest: u64| (0..messages).filter(|number| number % 50 == rest).count() as u64;
    let (waits, lost) = (each(7), each(13));
    let scripted = |act: Value, times: u64, when: &str| json!({ "call": "sendMessage", "times": times, "when": when, "act": act });
    let refusal = json!({ "kind": "answer", "status": 429, "headers": { "retry-after": "1" }, "body": { "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 1", "parameters": { "retry_after": 1 } } });
    fake.act("faults", scripted(refusal, waits, "подождать")).await;
    fake.act("faults", scripted(json!({ "kind": "lose" }), lost, "потерять")).await;
    let mut order: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for number in 0..messages {
        let conversation = &conversations[usize::try_from(dice.below(conversations.len() as u64)).unwrap()];
        let word = match number {
            number if number % 50 == 7 => "подождать",
            number if number % 50 == 13 => "потерять",
            _ => "слово",
        };
        let text = format!("{word} {number}.");
        post(&node, &format!("/conversations/{conversation}/messages"), json!({ "client_id": format!("out-{number}"), "text": text })).await;
        order.entry(conversation.clone()).or_default().push(text);
        if number == messages / 3 {
            fake.act("revoke", json!({})).await;
            let lost = async || (node.get(&format!("/api/v1/channels/{channel}")).await["health"]["status"] == "access_lost").then_some(());
            until("the owner is shown that access is lost", PATIENCE, lost).await;
            fake.act("restore", json!({})).await;
        }
        if number == messages * 2 / 3 {
            tokio::task::block_in_place(|| node.restart());
        }
    }
    let log = until("everything is settled", Duration::from_secs(if full() { 600 } else { 120 }), async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        let mut ours = log.values().flatten().filter(|message| message["direction"] == "outbound");
        ours.all(|message| message["state"]["status"] != "queued").then_some(log)
    })
    .await;
    assert_eq!(
        node.get(&format!("/api/v1/channels/{channel}")).await["health"]["status"],
        "connected",
        "it mends itself once the token is good again"
    );
    let ledger = fake.look("ledger").await;
    let sends: Vec<&Value> = ledger.as_array().unwrap().iter().filter(|call| call["call"] == "sendMessage").collect();
    let text_of = |call: &Value| serde_json::from_str::<Value>(call["body"].as_str().unwrap()).unwrap()["text"].as_str().unwrap().to_owned();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for call in sends.iter().filter(|call| call["taken"] == true) {
        *taken.entry(text_of(call)).or_default() += 1;
    }
    assert_eq!(taken.values().filter(|times| **times > 1).count(), 0, "nothing went twice: {taken:?}");
    let refused = sends.iter().filter(|call| call["status"] == 429).count() as u64;
    assert_eq!(refused, waits, "the fake never found us too fast by its own clock");
    let (mut sent, mut unknown) = (0_u64, 0_u64);
    for message in log.values().flatten().filter(|message| message["direction"] == "outbound") {
        let text = message["text"].as_str().unwrap();
        match message["state"]["status"].as_str().unwrap() {
            "sent" => {
                assert_eq!(taken.get(text), Some(&1), "{text} is said to be sent");
                sent += 1;
            }
            // Telegram cannot be asked: a person decides.
            "unknown" => unknown += 1,
            other => panic!("{text} stands as {other}: {}", id_of(message)),
        }
    }
    assert_eq!(sent + unknown, messages);
    assert!((lost..=lost + 16).contains(&unknown), "only what was cut is unknown: {unknown} of {lost} lost answers and what one kill can cut");
    let went = |call: &&&Value| call["taken"] == true;
    for (conversation, said) in &order {
        let ours: Vec<String> = sends.iter().filter(went).map(|call| text_of(call)).filter(|text| said.contains(text)).collect();
        let expected: Vec<&String> = said.iter().filter(|text| ours.contains(text)).collect();
        assert_eq!(ours.iter().collect::<Vec<_>>(), expected, "the order of {conversation}");
    }
    report(
        "soak_channels_outbound",
        "Managers answer in many chats of a Telegram bot at once while the provider asks to wait, loses answers after it took the message, the token is revoked and given again, and the process is killed (SIGKILL). By the fake's ledger nothing went twice, each chat's order is kept, and the provider's limits were never exceeded by its own clock.",
        &[
            ("messages, chats", format!("{messages}, {chats}")),
            ("sent, unknown", format!("{sent}, {unknown}")),
            ("asked to wait, answers lost", format!("{refused}, {lost}")),
            ("time", format!("{:.0?}", begun.elapsed())),
        ],
    );
}
