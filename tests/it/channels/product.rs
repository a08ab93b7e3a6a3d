//! The whole product at the fakes: a Telegram bot whose news come by webhook, then by polling, then by webhook again, as the installation gets and
//! loses an address Telegram takes; files that are too large; files that do not come.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::client::whole_log;
use crate::support::fakes::Fake;
use crate::support::node::{Node, Plan, http, until};

const PATIENCE: Duration = Duration::from_secs(60);
const TOKEN: &str = "7000000001:AAF-fake_token_of_the_shop_bot_0001";

async fn connected(node: &Node, kind: &str, values: Value) {
    let post = async |path: &str, body: Value| -> Value {
        let asked = http().post(format!("{}/api/v1{path}", node.url())).bearer_auth(&node.printed.token).json(&body);
        asked.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    };
    let begun = post("/connecting", json!({ "kind": kind })).await;
    post(&format!("/connecting/{}", begun["id"].as_str().unwrap()), json!({ "values": values })).await;
}

/// What people said, in the order of the log.
async fn said(node: &Node) -> Vec<String> {
    let log = whole_log(&node.url(), &node.printed.token).await;
    log.values().flatten().filter(|message| message["direction"] == "inbound").map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

/// Whether a question for news waits at the fake.
async fn polls(fake: &Fake, before: usize) -> Option<()> {
    (fake.calls("getUpdates").await.len() > before).then_some(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_between_webhook_and_polling() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(&folder.path().join("data")).with("--outside-private", "on");
    let (mut node, fake) = (tokio::task::block_in_place(|| Node::start(&plan)), Fake::start("telegram").await);
    fake.act("settings", json!({ "local": true, "limits": false, "speed": 100 })).await;
    connected(&node, "telegram_bot", json!({ "token": TOKEN, "server": fake.url })).await;
    let hooked = async || fake.look("bots").await[0]["webhook"]["url"].as_str().is_some_and(|url| url.contains("/hooks/"));
    let mut expected: Vec<String> = Vec::new();
    let mut write = async |text: &str| {
        fake.act("write", json!({ "from": { "id": 5, "first_name": "Анна" }, "text": text })).await;
        expected.push(text.to_owned());
        expected.clone()
    };
    until("by webhook", PATIENCE, async || hooked().await.then_some(())).await;
    write("по адресу").await;
    for round in 0..2 {
        // Telegram does not take the address any more: it is asked. What is said while nobody is there waits.
        fake.act("settings", json!({ "local": false })).await;
        node.kill();
        write(&format!("{round}: никого нет")).await;
        let asked = fake.calls("getUpdates").await.len();
        let other = format!("http://localhost:{}", plan.port);
        let polling = plan.clone().with("--public-url", &other);
        tokio::task::block_in_place(|| node = Node::start(&polling));
        write(&format!("{round}: переход")).await;
        until("by polling", PATIENCE, async || polls(&fake, asked).await).await;
        write(&format!("{round}: спрошено")).await;
        // And takes one again, while a question waits.
        fake.act("settings", json!({ "local": true })).await;
        node.kill();
        write(&format!("{round}: опять никого")).await;
        tokio::task::block_in_place(|| node = Node::start(&plan));
        write(&format!("{round}: переход назад")).await;
        until("by webhook again", PATIENCE, async || hooked().await.then_some(())).await;
        let all = write(&format!("{round}: по адресу")).await;
        until("all of it, once and in order", PATIENCE, async || (said(&node).await == all).then_some(())).await;
    }
}

/// 51 MB: above what Telegram takes, within what VK takes, and to Avito an address of ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_51_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(&folder.path().join("data")).with("--outside-private", "on").with("--max-file-bytes", "60MB");
    let node = tokio::task::block_in_place(|| Node::start(&plan));
    let (telegram, vk, avito) = (Fake::start("telegram").await, Fake::start("vk").await, Fake::start("avito").await);
    telegram.act("settings", json!({ "local": true, "limits": false })).await;
    connected(&node, "telegram_bot", json!({ "token": TOKEN, "server": telegram.url })).await;
    connected(&node, "vk_messages", json!({ "token": "vk1.a.test", "base_url": vk.url })).await;
    connected(&node, "avito", json!({ "client_id": "client", "client_secret": "secret", "base_url": avito.url })).await;
    until("all of them know where to send", PATIENCE, async || {
        let there = [telegram.look("bots").await, vk.look("servers").await, avito.look("state").await];
        there.iter().all(|one| one.to_string().contains("/hooks/")).then_some(())
    })
    .await;
    telegram.act("write", json!({ "from": { "id": 5, "first_name": "Анна" }, "text": "telegram" })).await;
    vk.act("write", json!({ "user": 500, "text": "vk" })).await;
    avito.act("write", json!({ "text": "avito" })).await;
    let log = until("all of them wrote", PATIENCE, async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        (log.values().flatten().filter(|message| message["direction"] == "inbound").count() == 3).then_some(log)
    })
    .await;
    let of = |name: &str| log.iter().find(|(_, messages)| messages.iter().any(|one| one["text"] == name)).unwrap().0.clone();
    let content = vec![7_u8; 51 * 1024 * 1024];
    let hash = super::sha(&content);
    let ask = |path: &str| http().post(format!("{}/api/v1{path}", node.url())).bearer_auth(&node.printed.token);
    for (name, refused) in [("telegram", true), ("vk", false), ("avito", false)] {
        let uploaded = ask("/files?name=large.bin").body(content.clone()).send().await.unwrap();
        let file = uploaded.error_for_status().unwrap().json::<Value>().await.unwrap()["id"].clone();
        let body = json!({ "client_id": format!("large-{name}"), "text": "", "attachments": [file] });
        let answer = ask(&format!("/conversations/{}/messages", of(name))).json(&body).send().await.unwrap();
        let (status, said) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
        if refused {
            assert_eq!((status, said["code"].as_str()), (422, Some("file_too_large")), "{said}: said before anything is sent");
            assert_eq!(telegram.calls("sendDocument").await.len(), 0);
            continue;
        }
        assert!((200..300).contains(&status), "{name}: {said}");
        until(name, PATIENCE, async || {
            let log = whole_log(&node.url(), &node.printed.token).await;
            log[&of(name)].iter().any(|message| message["direction"] == "outbound" && message["state"]["status"] == "sent").then_some(())
        })
        .await;
    }
    assert_eq!(vk.look("dialog?peer=500").await["messages"][1]["files"][0]["sha256"], hash.as_str());
    let address = avito.look("chat?id=u2i-AbC_1-2").await["messages"][1]["content"]["text"].as_str().unwrap().to_owned();
    let link = address.lines().last().unwrap();
    let fetched = http().get(link).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(super::sha(&fetched), hash, "{address}");
}

/// Files that Telegram does not give hold up no others, however many they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_though_many_before_it_do_not() {
    const MANY: usize = 70;
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(&folder.path().join("data")).with("--outside-private", "on");
    let (node, fake) = (tokio::task::block_in_place(|| Node::start(&plan)), Fake::start("telegram").await);
    fake.act("settings", json!({ "local": true, "limits": false })).await;
    connected(&node, "telegram_bot", json!({ "token": TOKEN, "server": fake.url })).await;
    let failed = json!({ "kind": "answer", "status": 500, "body": { "ok": false, "error_code": 500, "description": "Internal Server Error" } });
    fake.act("faults", json!({ "call": "getFile", "when": "document-", "times": 1_000_000, "act": failed })).await;
    let from = json!({ "id": 5, "first_name": "Анна" });
    let file = |name: String| json!({ "base64": "aGk=", "name": name, "type": "audio/mpeg" });
    for number in 0..MANY {
        fake.act("write", json!({ "from": from, "document": file(format!("{number}.txt")) })).await;
    }
    let asked = async |what: &str| {
        let calls = fake.calls("getFile").await;
        let ids: std::collections::BTreeSet<String> = calls.iter().map(|call| call["body"].to_string()).filter(|id| id.contains(what)).collect();
        ids.len()
    };
    until("each was asked for", PATIENCE, async || (asked("document-").await == MANY).then_some(())).await;
    fake.act("write", json!({ "from": from, "audio": file("a.mp3".to_owned()) })).await;
    until("the file is here", PATIENCE, async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        log.values()
            .flatten()
            .any(|message| message["attachments"][0]["name"] == "a.mp3" && message["attachments"][0]["status"] == "ready")
            .then_some(())
    })
    .await;
}

/// VK took it, but half of its answer came; its word of what was said comes before we ask again. It is one message all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_echo_that_comes_between_two_tries_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(&folder.path().join("data")).with("--outside-private", "on");
    let (node, fake) = (tokio::task::block_in_place(|| Node::start(&plan)), Fake::start("vk").await);
    connected(&node, "vk_messages", json!({ "token": "vk1.a.test", "base_url": fake.url })).await;
    until("VK knows where to send", PATIENCE, async || (fake.look("servers").await[0]["settings"]["message_new"] == 1).then_some(())).await;
    fake.act("write", json!({ "user": 500, "text": "?" })).await;
    let id = until("they wrote", PATIENCE, async || whole_log(&node.url(), &node.printed.token).await.into_keys().next()).await;
    fake.act("faults", json!({ "call": "messages.send", "act": { "kind": "half" } })).await;
    let body = json!({ "client_id": "one", "text": "да" });
    let asked = http().post(format!("{}/api/v1/conversations/{id}/messages", node.url())).bearer_auth(&node.printed.token).json(&body);
    asked.send().await.unwrap().error_for_status().unwrap();
    let ours = until("it is sent", PATIENCE, async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        let ours: Vec<Value> = log[&id].iter().filter(|one| one["direction"] == "outbound").cloned().collect();
        ours.iter().all(|one| one["state"]["status"] == "sent").then_some(ours).filter(|ours| !ours.is_empty())
    })
    .await;
    assert_eq!(ours.len(), 1, "{ours:?}");
    assert_eq!(fake.look("dialog?peer=500").await["messages"].as_array().unwrap().len(), 2);
}
