//! Channels under load and faults, against fakes that keep their own account: what people wrote is in the log once and in their order, whatever
//! was repeated, told out of order, unreadable, refused by our store or cut by a killed process; what we sent went once, within the
//! provider's limits by its own clock, whatever was answered late, lost or refused meanwhile, and what nobody can know stands as unknown.

mod inbound;
mod outbound;
mod settle;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::fakes::Fake;
use crate::support::node::{Node, Plan, http, until};

const PATIENCE: Duration = Duration::from_secs(120);

/// Posts until it is answered, and gives the status with the answer: who waits is a client that tries again.
async fn tried(node: &Node, path: &str, body: &Value) -> (u16, Value) {
    for _ in 0..400 {
        let sent = http()
            .post(format!("{}{}{path}", node.url(), if path.starts_with("/faults") { "" } else { "/api/v1" }))
            .bearer_auth(&node.printed.token)
            .json(body)
            .send()
            .await;
        // It is being started again, or its store refuses: the same key makes it safe.
        if let Ok(answer) = sent
            && answer.status() != 503
        {
            return (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} is not answered\n{}", node.log())
}

async fn post(node: &Node, path: &str, body: Value) -> Value {
    let (status, answer) = tried(node, path, &body).await;
    assert!((200..300).contains(&status), "{path} {body}: {status} {answer}");
    answer
}

/// A login at a fake, connected as its owner would, and its first channel's id.
async fn connected(node: &Node, fake: &Fake, kind: &str) -> String {
    let values = match kind {
        "telegram_bot" => json!({ "token": "7000000001:AAF-fake_token_of_the_shop_bot_0001", "server": fake.url }),
        "vk_messages" => json!({ "token": "vk1.a.test", "base_url": fake.url }),
        _ => json!({ "client_id": "client", "client_secret": "secret", "base_url": fake.url }),
    };
    let begun = post(node, "/connecting", json!({ "kind": kind })).await;
    let done = post(node, &format!("/connecting/{}", begun["id"].as_str().unwrap()), json!({ "values": values })).await;
    let channel = done["channels"][0].as_str().unwrap_or_else(|| panic!("{done}")).to_owned();
    until("the provider knows where to send", PATIENCE, async || {
        let knows = match kind {
            "telegram_bot" => fake.look("bots").await[0]["webhook"]["url"].as_str().is_some_and(|url| url.contains("/hooks/")),
            "vk_messages" => fake.look("servers").await[0]["settings"]["message_new"] == 1,
            _ => fake.look("state").await["subscriptions"].as_array().is_some_and(|all| !all.is_empty()),
        };
        knows.then_some(())
    })
    .await;
    channel
}

/// A node that may call the fakes.
fn plan(folder: &tempfile::TempDir) -> Plan {
    Plan::new(&folder.path().join("data")).with("--limits", "off").with("--outside-private", "on")
}

fn started(plan: &Plan) -> Node {
    tokio::task::block_in_place(|| Node::start(plan))
}

/// What was said in each conversation, those left out in which nothing was.
fn texts(log: &BTreeMap<String, Vec<Value>>, direction: &str) -> Vec<Vec<String>> {
    let of = |messages: &Vec<Value>| {
        let said = messages.iter().filter(|message| message["direction"] == direction);
        said.map(|message| message["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    log.values().map(of).filter(|said| !said.is_empty()).collect()
}
