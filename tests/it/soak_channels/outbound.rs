//! What goes out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{PATIENCE, connected, plan, post, started, texts};
use crate::support::client::{id_of, whole_log};
use crate::support::fakes::Fake;
use crate::support::node::{Dice, Node, full, report, seed, until};

/// How many times faster the limits' clocks go, ours and the fake's, unless the test runs in full.
const FASTER: u64 = 8;
/// The most calls of a lane under way at once: so many a kill can cut, and so many are not overtaken.
const CALLS: u64 = 16;
const GROUP: i64 = -500;

/// What was asked of the fake, as far as this test goes.
struct Sent {
    text: String,
    chat: i64,
    taken: bool,
    status: u64,
}

async fn ledger(fake: &Fake) -> Vec<Sent> {
    let calls = fake.calls("sendMessage").await;
    let sent = |call: &Value| {
        let body: Value = serde_json::from_str(call["body"].as_str().unwrap()).unwrap();
        let (text, chat) = (body["text"].as_str().unwrap().to_owned(), &body["chat_id"]);
        let chat = chat.as_i64().unwrap_or_else(|| chat.as_str().unwrap().parse().unwrap());
        Sent { text, chat, taken: call["taken"] == true, status: call["status"].as_u64().unwrap() }
    };
    calls.iter().map(sent).collect()
}

/// The log, once nothing of ours waits.
async fn settled(node: &Node) -> BTreeMap<String, Vec<Value>> {
    until("everything is settled", Duration::from_secs(if full() { 600 } else { 120 }), async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        let mut ours = log.values().flatten().filter(|message| message["direction"] == "outbound");
        ours.all(|message| message["state"]["status"] != "queued").then_some(log)
    })
    .await
}

async fn health(node: &Node, channel: &str) -> Value {
    node.get(&format!("/api/v1/channels/{channel}")).await["health"]["status"].clone()
}

/// The token is taken away, and the owner sees it.
async fn revoked(node: &Node, fake: &Fake, channel: &str) {
    fake.act("revoke", json!({})).await;
    until("the owner is shown that access is lost", PATIENCE, async || (health(node, channel).await == "access_lost").then_some(())).await;
}

async fn write(node: &Node, conversation: &str, key: &str, text: &str) {
    post(node, &format!("/conversations/{conversation}/messages"), json!({ "client_id": key, "text": text })).await;
}

/// A part of a mailing: by the bulk lane.
async fn mail(node: &Node, conversation: &str, text: &str) {
    let key = format!("bulk-{}", text.chars().filter(char::is_ascii_digit).collect::<String>());
    post(node, "/faults/mailing", json!({ "conversation": conversation, "client_id": key, "text": text })).await;
}

/// The conversations there are, private ones and the group's.
async fn conversations(node: &Node, fake: &Fake, chats: u64) -> (Vec<String>, String) {
    for chat in 0..chats {
        fake.act("write", json!({ "from": { "id": 20_000 + chat, "first_name": format!("Человек {chat}") }, "text": "Здравствуйте" })).await;
    }
    fake.act("group", json!({ "id": GROUP, "title": "Отдел", "by": 20_000 })).await;
    fake.act("write", json!({ "from": 20_000, "chat": GROUP, "text": "Всем привет" })).await;
    let log = until("everybody has a conversation", PATIENCE, async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        (texts(&log, "inbound").len() as u64 == chats + 1).then_some(log)
    })
    .await;
    let said = |text: &str| {
        let of = |(id, messages): (&String, &Vec<Value>)| messages.iter().any(|one| one["text"] == text).then(|| id.clone());
        log.iter().filter_map(of).collect::<Vec<_>>()
    };
    (said("Здравствуйте"), said("Всем привет").remove(0))
}

/// Within no minute of the fake's clock did more than twenty go into the group; the most that did.
async fn busiest_minute(fake: &Fake) -> usize {
    let calls = fake.look("calls").await;
    let into = |call: &&Value| call["call"] == "sendMessage" && call["status"] == 200 && call["fields"]["chat_id"].to_string().contains("-500");
    let at: Vec<f64> = calls.as_array().unwrap().iter().filter(into).map(|call| call["at"].as_f64().unwrap()).collect();
    let within = |from: &f64| at.iter().filter(|at| **at >= *from && **at < from + 60_000.0).count();
    at.iter().map(within).max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_channels_outbound() {
    let (messages, chats, to_group, bulk, faster) = if full() { (1_000_u64, 40_u64, 60_u64, 200_u64, 1) } else { (48, 8, 26, 60, FASTER) };
    let folder = tempfile::tempdir().unwrap();
    let (fake, mut dice, begun) = (Fake::start("telegram").await, Dice::new(seed()), Instant::now());
    fake.act("settings", json!({ "local": true, "speed": 20, "pace": faster })).await;
    let mut node = started(&plan(&folder).variable("KOMMUTATOR_PATIENCE", &faster.to_string()));
    let channel = connected(&node, &fake, "telegram_bot").await;
    let (private, group) = conversations(&node, &fake, chats).await;
    // Some are answered «wait», some are taken and the answer is lost; the rest is the fake's own mind.
    let each = |rest: u64| (0..messages).filter(|number| number % 50 == rest).count() as u64;
    let (waits, lost) = (each(7), each(13));
    let scripted = |act: Value, times: u64, when: &str| json!({ "call": "sendMessage", "times": times, "when": when, "act": act });
    let refusal = json!({ "kind": "answer", "status": 429, "headers": { "retry-after": "1" }, "body": { "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 1", "parameters": { "retry_after": 1 } } });
    fake.act("faults", scripted(refusal, waits, "подождать")).await;
    fake.act("faults", scripted(json!({ "kind": "lose" }), lost, "потерять")).await;
    let mut order: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for number in 0..to_group {
        let text = format!("группе {number}.");
        write(&node, &group, &format!("group-{number}"), &text).await;
        order.entry(group.clone()).or_default().push(text);
    }
    for number in 0..messages {
        let conversation = &private[usize::try_from(dice.below(private.len() as u64)).unwrap()];
        let word = match number {
            number if number % 50 == 7 => "подождать",
            number if number % 50 == 13 => "потерять",
            _ => "слово",
        };
        let text = format!("{word} {number}.");
        if number == messages / 3 {
            fake.act("revoke", json!({})).await;
        }
        write(&node, conversation, &format!("out-{number}"), &text).await;
        order.entry(conversation.clone()).or_default().push(text);
        if number == messages / 3 {
            revoked(&node, &fake, &channel).await;
            fake.act("restore", json!({})).await;
        }
    }
    // Killed when the group's minute is all but full: what follows must know of it.
    until("the group has had most of its minute", PATIENCE, async || {
        let went = ledger(&fake).await.iter().filter(|sent| sent.taken && sent.chat == GROUP).count();
        (went >= 17).then_some(())
    })
    .await;
    tokio::task::block_in_place(|| node.restart());
    settled(&node).await;
    assert_eq!(health(&node, &channel).await, "connected", "it mends itself once the token is good again");

    // A reply goes before the bulk that was there before it. Its chat gets none of it: else it rests after each, too.
    fake.act("revoke", json!({})).await;
    for number in 0..bulk {
        mail(&node, &private[usize::try_from(1 + number % (chats - 1)).unwrap()], &format!("рассылка {number}.")).await;
    }
    revoked(&node, &fake, &channel).await;
    fake.act("restore", json!({})).await;
    let mailed = |sent: &[Sent]| sent.iter().filter(|sent| sent.taken && sent.text.starts_with("рассылка")).count() as u64;
    until("the bulk goes", PATIENCE, async || (mailed(&ledger(&fake).await) > 0).then_some(())).await;
    write(&node, &private[0], "reply", "ответ").await;
    let when_written = mailed(&ledger(&fake).await);
    order.entry(private[0].clone()).or_default().push("ответ".to_owned());
    settled(&node).await;
    let sends = ledger(&fake).await;
    let reply = sends.iter().position(|sent| sent.text == "ответ").unwrap();
    let (before, after) = (mailed(&sends[..reply]), mailed(&sends[reply..]));
    assert!(before <= when_written + CALLS, "the reply let {before} go first, of which {when_written} had gone when it was written");
    assert!(after > 0, "it overtook the rest of {bulk}");

    // What waits for access longer than its time never goes.
    fake.act("revoke", json!({})).await;
    for (number, conversation) in private.iter().enumerate().take(3) {
        write(&node, conversation, &format!("late-{number}"), &format!("поздно {number}.")).await;
    }
    mail(&node, &private[3], "рассылка 9999. поздно").await;
    revoked(&node, &fake, &channel).await;
    post(&node, "/faults/clock", json!({ "ms": 24 * 3_600_000 + 60_000 })).await;
    fake.act("restore", json!({})).await;
    let log = settled(&node).await;
    let is_late = |text: &str| text.contains("поздно");
    let late: Vec<&Value> = log.values().flatten().filter(|message| is_late(message["text"].as_str().unwrap())).collect();
    assert_eq!(late.len(), 4);
    assert!(late.iter().all(|message| message["state"]["status"] == "failed" && message["state"]["reason"]["code"] == "expired"), "{late:?}");

    let sends = ledger(&fake).await;
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for sent in sends.iter().filter(|sent| sent.taken) {
        *taken.entry(&sent.text).or_default() += 1;
    }
    assert_eq!(taken.values().filter(|times| **times > 1).count(), 0, "nothing went twice: {taken:?}");
    assert!(!taken.keys().any(|text| is_late(text)), "nothing went after its time");
    let refused = sends.iter().filter(|sent| sent.status == 429).count() as u64;
    assert_eq!(refused, waits, "the fake never found us too fast by its own clock");
    let busiest = busiest_minute(&fake).await;
    assert!((15..=20).contains(&busiest), "{busiest} went into the group within a minute");
    let (mut sent, mut unknown) = (0_u64, 0_u64);
    let ours = log.values().flatten().filter(|message| message["direction"] == "outbound");
    for message in ours.filter(|message| !is_late(message["text"].as_str().unwrap())) {
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
    assert_eq!(sent + unknown, messages + to_group + bulk + 1);
    assert!((lost..=lost + CALLS).contains(&unknown), "only what was cut is unknown: {unknown} of {lost} lost answers and what one kill can cut");
    for (conversation, said) in &order {
        let ours: Vec<&String> = sends.iter().filter(|sent| sent.taken && said.contains(&sent.text)).map(|sent| &sent.text).collect();
        let expected: Vec<&String> = said.iter().filter(|text| ours.contains(text)).collect();
        assert_eq!(ours, expected, "the order of {conversation}");
    }
    report(
        "soak_channels_outbound",
        "Managers answer in many chats and a group of a Telegram bot at once while the provider asks to wait, loses answers after it took the message, the token is revoked and given again, and the process is killed (SIGKILL) when the group's minute is all but full. By the fake's ledger nothing went twice, each chat's order is kept, and the provider's limits were never exceeded by its own clock. A reply that is written while a mailing goes out overtakes it; what waits for access longer than its time fails and never goes. The machine was not quiet.",
        &[
            ("messages, chats; to the group, mailed", format!("{messages}, {chats}; {to_group}, {bulk}")),
            ("sent, unknown, expired", format!("{sent}, {unknown}, {}", late.len())),
            ("asked to wait, answers lost", format!("{refused}, {lost}")),
            ("into the group within the busiest minute (20 are allowed)", busiest.to_string()),
            ("mailed between writing the reply and its going", before.saturating_sub(when_written).to_string()),
            ("time", format!("{:.0?}", begun.elapsed())),
        ],
    );
}
