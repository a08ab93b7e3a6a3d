//! Against a Bot API server that others wrote (`tests/third-party`): what it says differs from ours in form, and it holds our fake to account.

use std::io::BufRead;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::client::whole_log;
use crate::support::node::{Node, Plan, http, until};

const TOKEN: &str = "7000000001:AAF-fake_token_of_the_shop_bot_0001";
const PATIENCE: Duration = Duration::from_secs(60);

/// The server; it ends with its input.
struct Server {
    url: String,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

impl Server {
    fn start() -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/third-party");
        let mut command = Command::new("node");
        let mut process = command.arg("telegram.mjs").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node runs");
        let mut line = String::new();
        std::io::BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).expect("`make third-party` installs it");
        Self { url: said["url"].as_str().unwrap().to_owned(), process }
    }

    async fn ask(&self, path: &str, body: Value) -> Value {
        let answer = http().post(format!("{}/{path}", self.url)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Somebody writes to the bot.
    async fn write(&self, text: &str) {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let message = json!({ "botToken": TOKEN, "date": now, "text": text, "chat": { "id": 5, "type": "private", "first_name": "Анна" },
            "from": { "id": 5, "is_bot": false, "first_name": "Анна" } });
        self.ask("sendMessage", message).await;
    }

    /// What the bot said, as it reads now.
    async fn said(&self) -> Vec<String> {
        let history = self.ask("getUpdatesHistory", json!({ "token": TOKEN })).await;
        let ours = history["result"].as_array().unwrap().iter().filter(|one| one["message"]["chat_id"].to_string().contains('5'));
        ours.map(|one| one["message"]["text"].as_str().unwrap().to_owned()).collect()
    }
}

async fn ask(node: &Node, method: &str, path: &str, body: &Value) -> Value {
    let asked = http().request(method.parse().unwrap(), format!("{}/api/v1{path}", node.url())).bearer_auth(&node.printed.token).json(body);
    let answer = asked.send().await.unwrap();
    let (status, said) = (answer.status(), answer.json().await.unwrap_or(Value::Null));
    assert!(status.is_success(), "{method} {path}: {status} {said}");
    said
}

/// The conversation, once it holds these texts of a direction.
async fn holds(node: &Node, direction: &str, expected: &[&str]) -> (String, Vec<Value>) {
    until(&format!("{expected:?}"), PATIENCE, async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        let of = |messages: &[Value]| messages.iter().filter(|one| one["direction"] == direction).map(|one| one["text"].clone()).collect::<Vec<_>>();
        log.into_iter().find(|(_, messages)| of(messages) == expected)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_both_ways_an_edit_and_a_restart_while_polling() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let plan = Plan::new(&folder.path().join("data")).with("--outside-private", "on");
    let mut node = tokio::task::block_in_place(|| Node::start(&plan));
    let begun = ask(&node, "POST", "/connecting", &json!({ "kind": "telegram_bot" })).await;
    let form = json!({ "values": { "token": TOKEN, "server": server.url } });
    ask(&node, "POST", &format!("/connecting/{}", begun["id"].as_str().unwrap()), &form).await;
    server.write("Здравствуйте").await;
    let (conversation, _) = holds(&node, "inbound", &["Здравствуйте"]).await;
    let send = async |node: &Node, key: &str, text: &str| {
        ask(node, "POST", &format!("/conversations/{conversation}/messages"), &json!({ "client_id": key, "text": text })).await
    };
    let sent = send(&node, "one", "Добрый день").await;
    until("it is there", PATIENCE, async || (server.said().await == ["Добрый день"]).then_some(())).await;
    let message = sent["message"]["id"].as_str().or(sent["id"].as_str()).unwrap().to_owned();
    until("it is known as sent", PATIENCE, async || {
        let (_, messages) = holds(&node, "outbound", &["Добрый день"]).await;
        messages.iter().any(|one| one["direction"] == "outbound" && one["state"]["status"] == "sent").then_some(())
    })
    .await;
    ask(&node, "PATCH", &format!("/conversations/{conversation}/messages/{message}"), &json!({ "text": "Добрый вечер" })).await;
    assert_eq!(server.said().await, ["Добрый вечер"]);
    // Killed while it asks; what is said meanwhile, and right after, comes once and in order.
    node.kill();
    server.write("вы тут?").await;
    tokio::task::block_in_place(|| node = Node::start(&plan));
    server.write("ау").await;
    holds(&node, "inbound", &["Здравствуйте", "вы тут?", "ау"]).await;
    send(&node, "two", "Тут").await;
    until("it is there", PATIENCE, async || (server.said().await == ["Добрый вечер", "Тут"]).then_some(())).await;
    send(&node, "two", "Тут").await;
    server.write("спасибо").await;
    holds(&node, "inbound", &["Здравствуйте", "вы тут?", "ау", "спасибо"]).await;
    assert_eq!(server.said().await, ["Добрый вечер", "Тут"]);
}
