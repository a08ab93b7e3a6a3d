//! The fakes of providers (`tests/fakes`) as a child process, and what a channel is given to call them with.

use std::collections::{BTreeMap, HashMap};
use std::io::BufRead;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::StreamExt;
use kommutator::channel::contract::{CallContext, Channel, FileSource, OpenFile, RawHook};
use kommutator::model::connection::{Health, HealthState, ProviderLogin};
use kommutator::model::ids::{FileId, LoginId};
use kommutator::model::message::Attachment;
use kommutator::model::protocol::FileStatus;
use kommutator::model::reason::Reason;
use kommutator::model::time::{RealWorld, Time, World};
use kommutator::outside::Outside;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::app::PATIENCE;

/// A fake of one provider; the process ends with it.
pub(crate) struct Fake {
    /// The provider's address as the gateway is given it.
    pub(crate) url: String,
    http: reqwest::Client,
    process: Child,
}

impl Drop for Fake {
    fn drop(&mut self) {
        // It ends with its input; what is left of it is waited for.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

impl Fake {
    /// Of this name.
    pub(crate) async fn start(name: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default(); // an error means that it is installed already
        let main = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fakes/main.mjs");
        let spawned = Command::new("node").arg(main).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = spawned.expect("node runs");
        let output = process.stdout.take().unwrap();
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            std::io::BufReader::new(output).read_line(&mut line).map(|_| line)
        });
        let said: Value = serde_json::from_str(&line.await.unwrap().unwrap()).unwrap();
        let url = format!("{}/{name}", said["url"].as_str().unwrap());
        Self { url, http: reqwest::Client::new(), process }
    }

    /// Tells it to do something.
    pub(crate) async fn act(&self, op: &str, body: Value) -> Value {
        let answer = self.http.post(format!("{}/_fake/{op}", self.url)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{op} {body}");
        answer.json().await.unwrap()
    }

    /// What there is to be seen of it.
    pub(crate) async fn look(&self, what: &str) -> Value {
        self.http.get(format!("{}/_fake/{what}", self.url)).send().await.unwrap().json().await.unwrap()
    }

    /// The calls of a method, oldest first.
    pub(crate) async fn calls(&self, name: &str) -> Vec<Value> {
        let ledger = self.look("ledger").await;
        ledger.as_array().unwrap().iter().filter(|line| line["call"] == name).cloned().collect()
    }
}

/// Files as the product would keep them, in memory.
#[derive(Default)]
pub(crate) struct KeptFiles(HashMap<FileId, Vec<u8>>);

impl KeptFiles {
    /// Keeps one, as a message names it.
    pub(crate) fn keep(&mut self, id: u64, name: &str, media_type: &str, content: &[u8]) -> Attachment {
        self.0.insert(FileId(id), content.to_vec());
        Attachment {
            file: FileId(id),
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size: content.len() as u64,
            status: FileStatus::Ready,
            reason: None,
            width: None,
            height: None,
            thumbnail: false,
            remote: None,
            as_file: false,
        }
    }
}

#[async_trait]
impl FileSource for KeptFiles {
    async fn open(&self, file: FileId) -> Result<OpenFile, Reason> {
        let content = self.0.get(&file).cloned().ok_or_else(|| Reason::new("file_unreadable"))?;
        let pieces: Vec<_> = content.chunks(64 * 1024).map(|piece| Ok(piece.to_vec().into())).collect();
        Ok(OpenFile { size: content.len() as u64, content: futures_util::stream::iter(pieces).boxed() })
    }

    async fn link(&self, file: FileId) -> Result<String, Reason> {
        Ok(format!("https://gateway.example/shared/{file}"))
    }
}

/// What a channel is given for a call to the fake.
pub(crate) fn context(url: &str, secrets: &str, facts: &[(&str, &str)], files: KeptFiles) -> CallContext {
    let now = RealWorld.now();
    CallContext {
        secrets: secrets.into(),
        facts: facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        base_url: Some(url.to_owned()),
        outside: Arc::new(Outside::new(true)),
        files: Arc::new(files),
        deadline: now.plus_ms(30_000),
        now,
    }
}

/// A login as it is stored once it is connected.
pub(crate) fn login(provider: &str, external_key: &str, facts: BTreeMap<String, String>) -> ProviderLogin {
    ProviderLogin {
        id: LoginId(1),
        provider: provider.to_owned(),
        app: None,
        external_key: external_key.to_owned(),
        sealed: String::new(),
        base_url: None,
        facts,
        health: HealthState { status: Health::Connected, reason: None, since: Time(0) },
        created_at: RealWorld.now(),
        removed_at: None,
    }
}

/// Where a provider posts to: the channel routes what comes, as the edge would.
pub(crate) struct Door {
    /// Its address.
    pub(crate) url: String,
    /// How many of the next posts are answered 500 instead.
    pub(crate) failing: Arc<Mutex<usize>>,
    parts: watch::Receiver<Vec<Vec<u8>>>,
}

impl Door {
    /// For a login of a channel, with the secret of its address.
    pub(crate) async fn open(channel: Arc<dyn Channel>, login: ProviderLogin, secret: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/{secret}", listener.local_addr().unwrap());
        let (tell, parts) = watch::channel(Vec::new());
        let failing = Arc::new(Mutex::new(0_usize));
        let (fails, secret) = (Arc::clone(&failing), secret.to_owned());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let Some((query, headers, body)) = request(&mut stream).await else { continue };
                let hook = RawHook { headers, query, secret: Some(secret.clone()), body: body.into() };
                let fail = {
                    let mut left = fails.lock().unwrap();
                    let fail = *left > 0;
                    *left = left.saturating_sub(1);
                    fail
                };
                let routed = channel.route(&hook, &login).unwrap();
                let (status, body) = if fail { (500, String::new()) } else { (routed.answer.status, routed.answer.body) };
                if !fail {
                    tell.send_modify(|all| all.extend(routed.parts.into_iter().map(|(_, part)| part.to_vec())));
                }
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
                let _ = stream.get_mut().write_all(answer.as_bytes()).await;
                let _ = stream.get_mut().shutdown().await;
            }
        });
        Self { url, failing, parts }
    }

    /// Waits until so many parts came, and gives them all.
    pub(crate) async fn parts(&mut self, count: usize) -> Vec<Vec<u8>> {
        let came = self.parts.wait_for(|parts| parts.len() >= count);
        tokio::time::timeout(PATIENCE, came).await.expect("the parts come").unwrap().clone()
    }
}

type Request = (String, Vec<(String, String)>, Vec<u8>);

async fn request(stream: &mut BufReader<tokio::net::TcpStream>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let query = line.split(' ').nth(1)?.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((query, headers, body))
}
