//! The whole product as a process, and providers' fakes it is connected to: what people write there arrives, what is sent from here shows there.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::fakes::Fake;
use super::node::{Node, Plan, http, until};

/// Nothing in these tests takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A node, its fake, and a channel of it.
pub(crate) struct Connected {
    pub(crate) node: Node,
    pub(crate) fake: Fake,
    /// The channels that came of connecting.
    pub(crate) channels: Vec<String>,
    /// The form it was connected with.
    form: Value,
    said: AtomicU32,
    _folder: tempfile::TempDir,
}

/// What a provider is connected with at its fake.
pub(crate) fn form(name: &str, fake: &Fake) -> (&'static str, Value) {
    match name {
        "telegram" => ("telegram_bot", json!({ "token": "7000000001:AAF-fake_token_of_the_shop_bot_0001", "server": fake.url })),
        "vk" => ("vk_messages", json!({ "token": "vk1.a.test", "base_url": fake.url })),
        "avito" => ("avito", json!({ "client_id": "client", "client_secret": "secret", "base_url": fake.url })),
        other => panic!("no fake of {other}"),
    }
}

/// Waits until a provider knows where to send.
pub(crate) async fn hooked(name: &str, fake: &Fake) {
    let shown = match name {
        "telegram" => "bots",
        "vk" => "servers",
        _ => "state",
    };
    until("the provider knows where to send", PATIENCE, async || fake.look(shown).await.to_string().contains("/hooks/").then_some(())).await;
}

impl Connected {
    /// Connected as an owner would, by the API. News come by hooks.
    pub(crate) async fn start(name: &str, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut plan = Plan::new(&folder.path().join("data")).with("--limits", "off").with("--outside-private", "on");
        for (option, value) in settings {
            plan = plan.with(option, value);
        }
        let (node, fake) = (tokio::task::block_in_place(|| Node::start(&plan)), Fake::start(name).await);
        if name == "telegram" {
            fake.act("settings", json!({ "local": true, "limits": false, "speed": 100 })).await;
        }
        let (kind, values) = form(name, &fake);
        let form = json!({ "values": values });
        let mut connected = Self { node, fake, channels: Vec::new(), form, said: AtomicU32::new(0), _folder: folder };
        let begun = connected.ask("POST", "/connecting", json!({ "kind": kind })).await;
        let done = connected.ask("POST", &format!("/connecting/{}", begun["id"].as_str().unwrap()), connected.form.clone()).await;
        connected.channels = done["channels"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        hooked(name, &connected.fake).await;
        connected
    }

    /// Connects it once more, as its owner does when access is lost.
    pub(crate) async fn connect_again(&self) {
        let begun = self.ask("POST", "/connecting", json!({ "channel": self.channels[0] })).await;
        let walk = format!("/connecting/{}", begun["id"].as_str().unwrap());
        // A provider that counts calls may ask for a pause: the person tries again.
        until("it is connected again", PATIENCE, async || (self.try_ask("POST", &walk, self.form.clone()).await.0 == 200).then_some(())).await;
    }

    /// Asks the API as the owner: status and answer.
    pub(crate) async fn try_ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = http().request(method.parse().unwrap(), format!("{}/api/v1{path}", self.node.url())).bearer_auth(&self.node.printed.token);
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// The same, where it must succeed.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.try_ask(method, path, body.clone()).await;
        assert!((200..300).contains(&status), "{method} {path} {body}: {status} {answer}");
        answer
    }

    /// The conversation whose newest message says this.
    pub(crate) async fn conversation(&self, text: &str) -> String {
        until(&format!("a conversation with «{text}»"), PATIENCE, async || {
            let found = self.ask("GET", "/conversations?view=all&limit=100", Value::Null).await;
            let row = found["items"].as_array().unwrap().iter().find(|row| row["preview"]["text"].as_str().is_some_and(|said| said.contains(text)));
            row.map(|row| row["id"].as_str().unwrap().to_owned())
        })
        .await
    }

    /// Uploads a file.
    pub(crate) async fn upload(&self, name: &str, content: Vec<u8>) -> String {
        let url = format!("{}/api/v1/files", self.node.url());
        let sent = http().post(url).query(&[("name", name)]).bearer_auth(&self.node.printed.token).body(content).send().await.unwrap();
        let answer: Value = sent.json().await.unwrap();
        answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Sends into a conversation; the message, or why it was refused.
    pub(crate) async fn send(&self, conversation: &str, mut body: Value) -> Result<Value, Value> {
        let number = self.said.fetch_add(1, Ordering::Relaxed);
        body["client_id"] = json!(format!("c-{number}"));
        let (status, answer) = self.try_ask("POST", &format!("/conversations/{conversation}/messages"), body).await;
        if status == 200 { Ok(answer["message"].clone()) } else { Err(answer) }
    }

    /// A message as it stands now.
    pub(crate) async fn message(&self, message: &Value) -> Value {
        let (conversation, id) = (message["conversation"].as_str().unwrap(), &message["id"]);
        let found = self.ask("GET", &format!("/conversations/{conversation}/messages?limit=100"), Value::Null).await;
        found["items"].as_array().unwrap().iter().find(|one| one["id"] == *id).cloned().unwrap_or_else(|| panic!("{id} in {found}"))
    }

    /// Waits until a message stands so: its state, with its reason.
    pub(crate) async fn stands(&self, message: &Value, status: &str, code: Option<&str>) -> Value {
        until(&format!("«{}» stands as {status} {code:?}", message["text"]), PATIENCE, async || {
            let found = self.message(message).await;
            let state = &found["state"];
            (state["status"] == status && state["reason"]["code"].as_str() == code).then_some(found)
        })
        .await
    }

    /// A channel's health.
    pub(crate) async fn health(&self) -> Value {
        self.ask("GET", &format!("/channels/{}", self.channels[0]), Value::Null).await["health"].clone()
    }

    /// Waits until the first channel's health is so.
    pub(crate) async fn is(&self, status: &str, code: Option<&str>) {
        until(&format!("the channel is {status} {code:?}"), PATIENCE, async || {
            let health = self.health().await;
            (health["status"] == status && health["reason"]["code"].as_str() == code).then_some(())
        })
        .await;
    }
}
