//! A page of a CRM with our widget in it, as far as the server sees one.

use kommutator::gateway::administration::Actor;
use kommutator::gateway::administration::connections::{ConnectionChange, change_connection};
use kommutator::gateway::house::House;
use kommutator::model::ids::{ConnectionId, WorkspaceId};
use serde_json::{Value, json};

use super::rig::Rig;

/// The widget of a connection.
#[derive(Clone)]
pub(crate) struct WidgetPage {
    http: reqwest::Client,
    url: String,
    pub(crate) key: String,
    origin: Option<String>,
}

impl WidgetPage {
    /// With a key made for it, in a page of this origin.
    pub(crate) async fn open(rig: &Rig, connection: ConnectionId, origin: &str) -> Self {
        Self::of(rig.house(), rig.workspace, connection, origin).await
    }

    /// The same of any workspace.
    pub(crate) async fn of(house: &House, workspace: WorkspaceId, connection: ConnectionId, origin: &str) -> Self {
        let wanted = ConnectionChange { new_key: true, ..ConnectionChange::default() };
        let made = change_connection(house, workspace, &Actor::command_line(), connection, &wanted).await.unwrap();
        let url = format!("{}/crm-widget/v1", house.public_address().unwrap());
        Self { http: reqwest::Client::new(), url, key: made.api_key, origin: Some(origin.to_owned()) }
    }

    /// The same in a page of another origin; none: it is no browser.
    pub(crate) fn from(&self, origin: Option<&str>) -> Self {
        Self { origin: origin.map(str::to_owned), ..self.clone() }
    }

    /// The same with another key.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    fn asks(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let asked = self.http.request(method, format!("{}/{path}", self.url)).header("x-api-key", &self.key);
        match &self.origin {
            Some(origin) => asked.header("origin", origin),
            None => asked,
        }
    }

    async fn answer(asked: reqwest::RequestBuilder) -> (u16, Value) {
        let answer = asked.send().await.unwrap();
        let status = answer.status().as_u16();
        assert_eq!(answer.headers()["access-control-allow-origin"], "*", "a page may read every answer");
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
    }

    /// What a POST is answered.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        Self::answer(self.asks(reqwest::Method::POST, path).json(body)).await
    }

    /// What a POST that must succeed is answered.
    pub(crate) async fn ask(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(path, &body).await;
        assert!((200..300).contains(&status), "{path} {body}: {status} {answer}");
        answer
    }

    /// The code of a refusal, with its status.
    pub(crate) async fn refused(&self, path: &str, body: Value) -> String {
        let (status, answer) = self.post(path, &body).await;
        format!("{status} {}", answer["code"].as_str().unwrap_or_default())
    }

    /// What a GET is answered.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        Self::answer(self.asks(reqwest::Method::GET, path)).await
    }

    /// What a DELETE is answered.
    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        Self::answer(self.asks(reqwest::Method::DELETE, path)).await
    }

    /// Uploads a file; answers its id.
    pub(crate) async fn upload(&self, name: &str, content: &'static [u8]) -> String {
        let asked = self.asks(reqwest::Method::POST, &format!("files?name={name}")).body(content);
        let (status, answer) = Self::answer(asked).await;
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    /// The widget starts.
    pub(crate) async fn hello(&self, account: &str) -> Value {
        self.ask("hello", json!({ "account": account, "user": { "id": 1, "name": "Ольга" }, "version": "1" })).await
    }
}
