//! A server that takes webhooks: it keeps what it is told and answers as it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::app::PATIENCE;

/// A delivery as it came.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Told {
    pub(crate) fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")));
        line.map_or("", |line| line.split_once(':').map_or("", |(_, value)| value.trim()))
    }

    pub(crate) fn id(&self) -> String {
        self.header("webhook-id").to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn event(&self) -> String {
        self.json()["event"].as_str().unwrap().to_owned()
    }

    pub(crate) fn text(&self) -> String {
        self.json()["data"]["message"]["text"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether this secret signed it, computed here by the specification.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.", self.id(), self.header("webhook-timestamp")).as_bytes());
        mac.update(&self.body);
        let wanted = format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()));
        self.header("webhook-signature").split(' ').any(|one| one == wanted)
    }
}

/// What it does with a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answers {
    /// This status.
    Status(u16),
    /// A status with further header lines.
    With(u16, &'static str),
    /// Takes it and says nothing.
    Silence,
}

#[derive(Default)]
struct State {
    told: Vec<Told>,
    /// Answers for the next deliveries; then `always`.
    next: VecDeque<Answers>,
    always: Option<Answers>,
}

/// The server.
pub(crate) struct Receiver {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    came: tokio::sync::watch::Receiver<usize>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let (tell, came) = tokio::sync::watch::channel(0);
        let kept = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (state, tell) = (Arc::clone(&kept), tell.clone());
                tokio::spawn(async move { serve(socket, state, tell).await });
            }
        });
        Self { url, state, came }
    }

    /// The next deliveries are answered so, one each.
    pub(crate) fn answers(&self, next: impl IntoIterator<Item = Answers>) {
        self.state.lock().unwrap().next.extend(next);
    }

    /// All deliveries are answered so from now on.
    pub(crate) fn always(&self, answer: Answers) {
        self.state.lock().unwrap().always = Some(answer);
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.state.lock().unwrap().told.clone()
    }

    /// Waits until so many came.
    pub(crate) async fn until(&self, count: usize) -> Vec<Told> {
        let mut came = self.came.clone();
        let enough = tokio::time::timeout(PATIENCE, came.wait_for(|came| *came >= count)).await;
        assert!(enough.is_ok(), "{count} deliveries did not come: {:?}", self.told().iter().map(Told::event).collect::<Vec<_>>());
        self.told()
    }
}

async fn serve(mut socket: TcpStream, state: Arc<Mutex<State>>, tell: tokio::sync::watch::Sender<usize>) {
    loop {
        let mut bytes = Vec::new();
        let (head, length) = loop {
            let mut piece = [0; 4096];
            let Ok(read @ 1..) = socket.read(&mut piece).await else { return };
            bytes.extend_from_slice(&piece[..read]);
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(bytes.drain(..end + 4).collect()).unwrap();
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse::<usize>().unwrap()));
            break (head, length.unwrap_or(0));
        };
        while bytes.len() < length {
            let mut piece = [0; 4096];
            let Ok(read @ 1..) = socket.read(&mut piece).await else { return };
            bytes.extend_from_slice(&piece[..read]);
        }
        let answer = {
            let mut state = state.lock().unwrap();
            state.told.push(Told { head, body: bytes });
            let always = state.always.clone().unwrap_or(Answers::Status(200));
            state.next.pop_front().unwrap_or(always)
        };
        tell.send_modify(|count| *count += 1);
        let (status, more) = match answer {
            Answers::Status(status) => (status, ""),
            Answers::With(status, more) => (status, more),
            Answers::Silence => std::future::pending().await,
        };
        let words = "слова приёмника";
        let text = format!("HTTP/1.1 {status} Words\r\nContent-Length: {}\r\n{more}\r\n{words}", words.len());
        if socket.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}
