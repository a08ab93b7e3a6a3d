//! The real program as a child process: a demo that serves, and commands that end.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The program with these arguments and no settings from outside.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kommutator"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KOMMUTATOR_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs a command to its end, off the test's own thread.
pub(crate) async fn run(arguments: &[&str]) -> Output {
    let mut command = program(arguments);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// A command that must do its work; what it printed.
pub(crate) async fn done(arguments: &[&str]) -> String {
    let output = run(arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A command that must be refused; the one line it says. What it says of its progress comes before.
pub(crate) async fn refused(arguments: &[&str]) -> String {
    let output = run(arguments).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("kommutator: ")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert_eq!(said.lines().last(), lines.first().copied(), "the reason is the last line: {said}");
    assert!(lines[0].len() < 400, "{said}");
    lines[0].to_owned()
}

/// A demo that serves.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) ws_manager: String,
    token: String,
    client: Client,
}

impl Server {
    /// Starts a demo on a folder with further arguments and waits until it is ready.
    pub(crate) async fn start(data: &Path, further: &[&str]) -> Self {
        let mut command = program(&["demo", "--json", "--listen", "127.0.0.1:0", "--limits", "off", "--data"]);
        command.arg(data).args(further).stdout(Stdio::piped()).stderr(Stdio::null());
        let (child, line) = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            (child, line)
        })
        .await
        .unwrap();
        let printed: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the demo did not start: {line:?}"));
        let text = |name: &str| printed[name].as_str().unwrap().to_owned();
        // An error means that it is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Self { child, url: text("url").trim_end_matches('/').to_owned(), ws_manager: text("ws_manager"), token: text("token"), client }
    }

    /// Its address and port.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// The owner's token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Tells it to end and waits until it has.
    pub(crate) async fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        let child = std::mem::replace(&mut self.child, Command::new("true").spawn().unwrap());
        let status = tokio::task::spawn_blocking(move || {
            let mut child = child;
            child.wait().unwrap()
        });
        assert!(status.await.unwrap().success());
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Value {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Everything the API gives to read: every path of its document without a parameter, every conversation's messages, and the
    /// bytes of every file by their hash.
    pub(crate) async fn everything(&self) -> BTreeMap<String, Value> {
        let document = self.get("/api/v1/openapi.json").await;
        let mut reads = BTreeMap::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            // Sessions come and go, the document is the program's own, and a day's numbers are of the day they are asked.
            let changes = ["/openapi.json", "/me/sessions", "/overview"].iter().any(|end| path.ends_with(end));
            if path.starts_with("/api/v1/") && methods.get("get").is_some() && !path.contains('{') && !changes && !needs_a_query(&methods["get"]) {
                reads.insert(path.clone(), self.get(path).await);
            }
        }
        // Nor does it matter who has a page open at the moment.
        for user in reads.get_mut("/api/v1/users").and_then(|users| users["items"].as_array_mut()).into_iter().flatten() {
            user.as_object_mut().unwrap().retain(|name, _| name != "here" && name != "seen_at");
        }
        reads.insert("closed".to_owned(), self.get("/api/v1/conversations?view=closed&limit=100").await);
        for view in ["all", "closed"] {
            let list = self.get(&format!("/api/v1/conversations?view={view}&limit=100")).await;
            for conversation in list["items"].as_array().unwrap() {
                let id = conversation["id"].as_str().unwrap();
                let path = format!("/api/v1/conversations/{id}/messages?limit=100");
                reads.insert(path.clone(), self.get(&path).await);
                reads.insert(id.to_owned(), self.get(&format!("/api/v1/conversations/{id}")).await);
            }
        }
        for value in reads.values_mut() {
            self.files_by_hash(value).await;
        }
        reads
    }

    /// Puts a file's hash in the place of its link, which is another one with every read.
    async fn files_by_hash(&self, value: &mut Value) {
        let mut links = Vec::new();
        find_links(value, &mut links);
        for link in links {
            let url = link.as_str().unwrap().to_owned();
            let answer = self.client.get(format!("{}{url}", self.url)).send().await.unwrap();
            assert!(answer.status().is_success(), "{url}: {}", answer.status());
            *link = Value::String(data_encoding::HEXLOWER.encode(&Sha256::digest(answer.bytes().await.unwrap())));
        }
    }
}

fn needs_a_query(method: &Value) -> bool {
    let parameters = method["parameters"].as_array().cloned().unwrap_or_default();
    parameters.iter().any(|parameter| parameter["in"] == "query" && parameter["required"] == true)
}

fn find_links<'v>(value: &'v mut Value, into: &mut Vec<&'v mut Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_link = (name == "url" || name == "thumbnail_url") && value.as_str().is_some_and(|url| url.starts_with("/files/"));
                if is_link { into.push(value) } else { find_links(value, into) }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| find_links(item, into)),
        _ => {}
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
