//! What a correct client does, written once: it resumes from its cursor, sends unanswered frames again in their order before new
//! ones, takes a repeated answer for what it is, and keeps account of what it was shown.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::node::http;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a socket of the product as a page of `origin` would.
pub(crate) async fn open(url: &str, origin: Option<&str>) -> Result<Socket, tokio_tungstenite::tungstenite::Error> {
    let mut request = url.into_client_request()?;
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    let opened = tokio::time::timeout(Duration::from_secs(10), tokio_tungstenite::connect_async(request)).await;
    match opened {
        Ok(opened) => opened.map(|(socket, _)| socket),
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

/// The same with hardly any room for what is not read yet.
pub(crate) async fn open_narrow(port: u16, path: &str) -> WebSocketStream<TcpStream> {
    let narrow = tokio::net::TcpSocket::new_v4().unwrap();
    narrow.set_recv_buffer_size(4_096).unwrap();
    let stream = narrow.connect(std::net::SocketAddr::from(([127, 0, 0, 1], port))).await.unwrap();
    let (socket, _) = tokio_tungstenite::client_async(format!("ws://127.0.0.1:{port}{path}"), stream).await.unwrap();
    socket
}

/// Whose client it is.
#[derive(Debug, Clone)]
pub(crate) enum Role {
    /// A visitor of the widget with this key; the nonce is its own.
    Visitor { widget: String, nonce: String },
    /// A manager with this token.
    Manager { token: String },
}

/// A message the server has said is durable.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    pub(crate) client_id: String,
    pub(crate) conversation: String,
    pub(crate) id: String,
    pub(crate) text: String,
    /// The server had asked to send it again, and later ones may have overtaken it.
    pub(crate) retried: bool,
    pub(crate) duplicate: bool,
}

/// What a turn brought.
#[derive(Debug, Clone)]
pub(crate) enum Happened {
    Ready {
        resumed: bool,
    },
    Accepted(Accepted),
    Event(Value),
    Typing(Value),
    Error(Value),
    Other,
    /// The connection ended, with this close code if one was given.
    Closed(Option<u16>),
    /// Nothing within the limit.
    Quiet,
}

struct Unanswered {
    client_id: String,
    frame: Value,
    retried: bool,
}

/// A client over any number of connections.
pub(crate) struct Client {
    /// Addresses of nodes, `http://…`; tried in turn.
    pub(crate) places: Vec<String>,
    pub(crate) cursor: Option<String>,
    pub(crate) conversation: Option<String>,
    /// Visitors: what uploads are let in by.
    pub(crate) visitor_token: Option<String>,
    /// Every message it was shown, in its latest state, by id.
    pub(crate) shown: BTreeMap<String, Value>,
    /// What was shown as new a second time, or before an earlier message of its conversation.
    pub(crate) wrong: Vec<String>,
    /// How often it was let in, resumed, and had to load anew.
    pub(crate) connects: u32,
    pub(crate) resumes: u32,
    pub(crate) resets: u32,
    /// Close codes it got, in order.
    pub(crate) closes: Vec<Option<u16>>,
    /// Without a word for so long while an answer is due it looks for another connection.
    pub(crate) patience: Duration,
    role: Role,
    at: usize,
    socket: Option<Socket>,
    /// It was let in: what was not answered went out again, so that new frames may follow.
    live: bool,
    unanswered: VecDeque<Unanswered>,
    in_flight: usize,
    again: bool,
    newest: HashMap<String, String>,
    reloaded: HashSet<String>,
    heard: Instant,
    failures: u32,
}

impl Client {
    pub(crate) fn new(role: Role, places: Vec<String>) -> Self {
        Self {
            places,
            cursor: None,
            conversation: None,
            visitor_token: None,
            shown: BTreeMap::new(),
            wrong: Vec::new(),
            connects: 0,
            resumes: 0,
            resets: 0,
            closes: Vec::new(),
            patience: Duration::from_secs(15),
            role,
            at: 0,
            socket: None,
            live: false,
            unanswered: VecDeque::new(),
            in_flight: 0,
            again: false,
            newest: HashMap::new(),
            reloaded: HashSet::new(),
            heard: Instant::now(),
            failures: 0,
        }
    }

    /// How many frames wait for their answer.
    pub(crate) fn waiting(&self) -> usize {
        self.unanswered.len()
    }

    /// Which of its places it is, or tries to be, connected to.
    pub(crate) fn place(&self) -> &str {
        &self.places[self.at % self.places.len()]
    }

    /// Puts a message on its way; it stays until it is answered. `twice`: the frame goes out two times, as a client in doubt would.
    pub(crate) async fn send(&mut self, client_id: &str, conversation: Option<&str>, text: &str, attachments: &[String], twice: bool) {
        let mut frame = json!({"type": "send", "client_id": client_id, "text": text, "attachments": attachments});
        if let Some(conversation) = conversation {
            frame["conversation"] = json!(conversation);
        }
        self.unanswered.push_back(Unanswered { client_id: client_id.to_owned(), frame: frame.clone(), retried: false });
        if self.live && !self.again {
            self.in_flight += 1;
            self.say(&frame).await;
            if twice {
                self.say(&frame).await;
            }
        }
    }

    /// Says something that is answered by nothing: typing, a read mark.
    pub(crate) async fn say(&mut self, frame: &Value) {
        if let Some(socket) = &mut self.socket
            && tokio::time::timeout(Duration::from_secs(10), socket.send(Message::text(frame.to_string()))).await.map_or(true, |sent| sent.is_err())
        {
            self.lost(None);
        }
    }

    /// Ends the connection without a word; the next turn opens another.
    pub(crate) fn drop_connection(&mut self) {
        self.lost(None);
    }

    fn lost(&mut self, code: Option<u16>) {
        self.live = false;
        if self.socket.take().is_some() {
            self.closes.push(code);
            self.in_flight = 0;
            self.again = false;
        }
    }

    async fn connect(&mut self) {
        if self.failures > 0 {
            self.at += 1;
            // The back-off every client has.
            let pause = Duration::from_millis(10 << self.failures.min(5));
            tokio::time::sleep(pause).await;
        }
        let base = self.place().to_owned();
        let socket = base.replacen("http", "ws", 1);
        let (url, hello) = match &self.role {
            Role::Visitor { widget, nonce } => (
                format!("{socket}/ws/visitor?widget={widget}"),
                json!({"type": "hello", "visitor_nonce": nonce, "visitor_token": self.visitor_token, "cursor": self.cursor}),
            ),
            Role::Manager { token } => (format!("{socket}/ws/manager"), json!({"type": "hello", "token": token, "cursor": self.cursor})),
        };
        match open(&url, Some(&base)).await {
            Ok(opened) => {
                self.socket = Some(opened);
                self.heard = Instant::now();
                self.in_flight = 0;
                self.again = false;
                self.say(&hello).await;
            }
            Err(_) => self.failures += 1,
        }
    }

    /// Connects if need be, and takes the next thing that happens.
    pub(crate) async fn turn(&mut self, limit: Duration) -> Happened {
        let end = Instant::now() + limit;
        while self.socket.is_none() {
            if Instant::now() >= end {
                return Happened::Quiet;
            }
            self.connect().await;
        }
        if self.again && self.in_flight == 0 {
            // The pause the server asked for, shortened.
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.send_unanswered().await;
        }
        let Some(socket) = &mut self.socket else { return Happened::Closed(None) };
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        match tokio::time::timeout(left, socket.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => {
                self.heard = Instant::now();
                let frame: Value = serde_json::from_str(&text).unwrap();
                self.take(frame).await
            }
            Ok(Some(Ok(Message::Close(frame)))) => {
                let code = frame.map(|frame| u16::from(frame.code));
                self.failures += u32::from(code == Some(4001));
                self.lost(code);
                Happened::Closed(code)
            }
            Ok(Some(Ok(_))) => Happened::Quiet,
            Ok(Some(Err(_)) | None) => {
                self.lost(None);
                Happened::Closed(None)
            }
            Err(_) => {
                if !self.unanswered.is_empty() && self.heard.elapsed() > self.patience {
                    self.failures += 1;
                    self.lost(None);
                    return Happened::Closed(None);
                }
                Happened::Quiet
            }
        }
    }

    async fn send_unanswered(&mut self) {
        self.again = false;
        let frames: Vec<Value> = self.unanswered.iter().map(|one| one.frame.clone()).collect();
        self.in_flight = frames.len();
        for frame in frames {
            self.say(&frame).await;
        }
    }

    async fn take(&mut self, frame: Value) -> Happened {
        match frame["type"].as_str().unwrap() {
            "ready" => self.ready(&frame).await,
            "accepted" => self.accepted(&frame),
            "event" => {
                self.cursor = Some(frame["cursor"].as_str().unwrap().to_owned());
                let event = frame["event"].clone();
                let kind = event["kind"].as_str().unwrap();
                if kind.starts_with("message.") {
                    self.show(&event["message"], kind == "message.added");
                }
                Happened::Event(event)
            }
            "cursor" => {
                self.cursor = Some(frame["cursor"].as_str().unwrap().to_owned());
                Happened::Other
            }
            "typing" => Happened::Typing(frame),
            "error" => {
                let (code, key) = (frame["code"].as_str().unwrap(), frame["client_id"].as_str());
                let known = key.and_then(|key| self.unanswered.iter_mut().find(|one| one.client_id == key));
                if let Some(known) = known {
                    self.in_flight = self.in_flight.saturating_sub(1);
                    if ["try_again", "too_many", "store_full", "store_read_only"].contains(&code) {
                        known.retried = true;
                        self.again = true;
                    } else {
                        let key = key.map(str::to_owned);
                        self.unanswered.retain(|one| Some(&one.client_id) != key.as_ref());
                    }
                }
                Happened::Error(frame)
            }
            _ => Happened::Other,
        }
    }

    async fn ready(&mut self, frame: &Value) -> Happened {
        self.failures = 0;
        self.connects += 1;
        let resumed = frame["resumed"] == json!(true);
        let had_cursor = self.cursor.is_some();
        self.cursor = Some(frame["cursor"].as_str().unwrap().to_owned());
        self.resumes += u32::from(resumed);
        if !resumed {
            self.resets += u32::from(had_cursor);
            self.newest.clear();
            // Also the first time: what was written before it came is read, not told.
            if let Role::Manager { token } = &self.role {
                let log = whole_log(self.place(), token).await;
                self.shown = log.into_values().flatten().map(|message| (id_of(&message), message)).collect();
                self.reloaded = self.shown.keys().cloned().collect();
            }
        }
        if let Some(token) = frame["visitor_token"].as_str() {
            self.visitor_token = Some(token.to_owned());
            self.conversation = frame["conversation"].as_str().map(str::to_owned).or(self.conversation.take());
            for message in frame["messages"].as_array().unwrap() {
                self.shown.insert(id_of(message), message.clone());
                self.newest.insert(message["conversation"].as_str().unwrap().to_owned(), id_of(message));
            }
        }
        self.live = true;
        self.send_unanswered().await;
        Happened::Ready { resumed }
    }

    fn accepted(&mut self, frame: &Value) -> Happened {
        let message = &frame["message"];
        let client_id = frame["client_id"].as_str().unwrap().to_owned();
        let known = self.unanswered.iter().position(|one| one.client_id == client_id).and_then(|at| self.unanswered.remove(at));
        if known.is_some() {
            self.in_flight = self.in_flight.saturating_sub(1);
        }
        let conversation = message["conversation"].as_str().unwrap().to_owned();
        if matches!(self.role, Role::Visitor { .. }) {
            self.conversation = Some(conversation.clone());
        }
        Happened::Accepted(Accepted {
            client_id,
            conversation,
            id: id_of(message),
            text: message["text"].as_str().unwrap().to_owned(),
            retried: known.is_some_and(|one| one.retried),
            duplicate: frame["duplicate"] == json!(true),
        })
    }

    fn show(&mut self, message: &Value, new: bool) {
        let (id, conversation) = (id_of(message), message["conversation"].as_str().unwrap().to_owned());
        let newest = self.newest.entry(conversation).or_default();
        // What was read over HTTP after `ready` may come once more with the events that follow it.
        let reloaded = new && self.reloaded.remove(&id);
        if new && !reloaded && (self.shown.contains_key(&id) || *newest >= id) {
            self.wrong.push(format!("{id} after {newest}"));
        }
        if new {
            newest.clone_from(&id);
        }
        self.shown.insert(id, message.clone());
    }

    /// Uploads a file, as whoever the client is; its id. `None`: the server could not be reached or has no room now.
    pub(crate) async fn upload(&self, name: &str, bytes: Vec<u8>) -> Option<String> {
        let base = self.place();
        let (url, token) = match &self.role {
            Role::Visitor { widget, .. } => (format!("{base}/widget/v1/files?widget={widget}&name={name}"), self.visitor_token.clone()?),
            Role::Manager { token } => (format!("{base}/api/v1/files?name={name}"), token.clone()),
        };
        let sent = http().post(url).header("origin", base).bearer_auth(token).body(bytes).send().await.ok()?;
        if sent.status() != 201 {
            return None;
        }
        Some(sent.json::<Value>().await.ok()?["id"].as_str()?.to_owned())
    }
}

pub(crate) fn id_of(message: &Value) -> String {
    message["id"].as_str().unwrap().to_owned()
}

/// The log of every open conversation over REST, oldest first.
pub(crate) async fn whole_log(url: &str, token: &str) -> BTreeMap<String, Vec<Value>> {
    let http = http();
    let get = async |path: String| -> Value {
        for _ in 0..200 {
            if let Ok(answer) = http.get(format!("{url}{path}")).bearer_auth(token).send().await
                && answer.status().is_success()
                && let Ok(page) = answer.json().await
            {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} is not answered");
    };
    let mut log = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = get(format!("/api/v1/conversations?limit=100{cursor}")).await;
        for conversation in page["items"].as_array().unwrap() {
            let id = id_of(conversation);
            let (mut messages, mut before) = (Vec::new(), String::new());
            loop {
                let page = get(format!("/api/v1/conversations/{id}/messages?limit=100{before}")).await;
                let mut older = page["items"].as_array().unwrap().clone();
                older.append(&mut messages);
                messages = older;
                match page["next"].as_str() {
                    Some(next) => before = format!("&before={next}"),
                    None => break,
                }
            }
            log.insert(id, messages);
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return log,
        }
    }
}
