//! The program itself, from an empty folder, at its most talkative: what lets people in stands in no line of its log.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::*;
use crate::support::app::PATIENCE;
use crate::support::node::{http, until};

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_holds_no_secret() {
    let smtp = FakeSmtp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kommutator"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KOMMUTATOR_")) {
        command.env_remove(name);
    }
    command.args(["serve", "--listen", "127.0.0.1:0", "--limits", "off", "--log-level", "trace", "--mail-from", "chat@shop.example"]);
    command.arg("--smtp-url").arg(&smtp.url).arg("--data").arg(folder.path().join("data"));
    command.env("KOMMUTATOR_SMTP_USER", "chat").env("KOMMUTATOR_SMTP_PASSWORD", "the-mail-password");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let out = child.stdout.take().unwrap();
    let _served = Served(child);
    // The address stands alone in its line.
    let line = tokio::task::spawn_blocking(move || BufReader::new(out).lines().map_while(Result::ok).find(|line| line.contains("/setup#")));
    let address = line.await.unwrap().expect("the start prints an address").trim().to_owned();
    let (url, code) = address.split_once("/setup#").unwrap();
    let ask = async |path: &str, bearer: &str, body: Value| {
        let answer = http().post(format!("{url}{path}")).bearer_auth(bearer).json(&body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str::<Value>(&text).unwrap_or_default()
    };
    let mut secrets = vec![code.to_owned(), "the-mail-password".to_owned()];
    let mut secret = |text: &str| {
        secrets.push(text.to_owned());
        text.to_owned()
    };
    let said = json!({ "code": code, "workspace": "Лавка", "name": "Мария", "email": "maria@b.example", "password": secret("owners-password"),
        "locale": "ru", "time_zone": "UTC" });
    let owner = secret(text(&ask("/api/v1/setup", "", said).await, "token"));
    let invited = ask("/api/v1/invites", &owner, json!({ "email": "anna@b.example", "role": "manager" })).await;
    let link = secret(&token(&invited));
    let said = json!({ "token": link, "name": "Анна", "password": secret("annas-password"), "locale": "ru" });
    let anna = secret(text(&ask("/api/v1/invites/accept", "", said).await, "token"));
    let begun = ask("/api/v1/me/second-factor/begin", &anna, Value::Null).await;
    let shared = data_encoding::BASE32_NOPAD.decode(secret(text(&begun, "secret")).as_bytes()).unwrap();
    let now = kommutator::model::time::World::now(&kommutator::model::time::RealWorld);
    let code = kommutator::model::totp::code(&shared, kommutator::model::totp::step_at(now));
    let codes = ask("/api/v1/me/second-factor/confirm", &anna, json!({ "code": code })).await;
    let recovery = secret(codes["recovery_codes"][0].as_str().unwrap());
    let asked = ask("/api/v1/login", "", json!({ "email": "anna@b.example", "password": "annas-password" })).await;
    let challenge = secret(text(&asked, "challenge"));
    secret(text(&ask("/api/v1/login/code", "", json!({ "challenge": challenge, "code": recovery })).await, "token"));
    ask("/api/v1/password/forgot", "", json!({ "email": "anna@b.example" })).await;
    // The server wants no password, so the letters go nowhere; that is told in the log, and is what a log must not tell too much of.
    let read = || std::fs::read_to_string(&log).unwrap();
    until("the letters were tried", PATIENCE, async || read().contains("a letter could not be sent yet").then_some(())).await;
    let log = read();
    assert!(log.contains("logged in") && log.lines().count() > 20, "the log is the program's: {log}");
    let told: Vec<&String> = secrets.iter().filter(|secret| log.contains(secret.as_str())).collect();
    assert!(told.is_empty(), "the log tells {told:?}");
}
