//! The provider behind the channel `probe`: a small HTTP server of its own, so it outlives gateways that are killed. It counts every call by
//! its key, does what a script or a rule says, and keeps a history that can be asked.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What the fake does with a send.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Act {
    /// Takes it.
    Take,
    /// 429 with so many seconds of pause.
    RetryAfter(f64),
    /// 500; it did not take it.
    Fail,
    /// 400.
    Reject,
    /// 401.
    Lock,
    /// Never answers and does not take it.
    Hang,
    /// Takes it and drops the connection.
    LoseAnswer,
    /// Takes it and answers once the gate is opened.
    Gate,
    /// Takes it after the first while and answers after the second, whether or not the caller is still there.
    Slow(Duration, Duration),
}

/// What happens to a text that no script names.
type Rule = Box<dyn FnMut(&str) -> Act + Send>;

/// A call to `send`.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) account: String,
    pub(crate) chat: Option<String>,
    pub(crate) text: String,
    pub(crate) key: String,
    pub(crate) at: Instant,
    /// When the answer was on its way, or the caller was found to be gone.
    pub(crate) ended: Option<Instant>,
}

/// A message the fake has.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) key: String,
    pub(crate) chat: String,
    pub(crate) id: String,
    pub(crate) text: String,
}

#[derive(Default)]
struct State {
    keyed: bool,
    rule: Option<Rule>,
    scripts: HashMap<String, VecDeque<Act>>,
    calls: Vec<Call>,
    taken: Vec<Taken>,
    /// The first message of each key, by its place among the taken ones.
    by_key: HashMap<String, usize>,
    open: bool,
}

type Shared = Arc<(Mutex<State>, Condvar)>;

/// The running fake.
pub(crate) struct FakeProvider {
    pub(crate) url: String,
    shared: Shared,
}

impl FakeProvider {
    /// On a free port. `keyed`: it drops repeats of a key.
    pub(crate) fn start(keyed: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared: Shared = Arc::default();
        shared.0.lock().unwrap().keyed = keyed;
        let serving = Arc::clone(&shared);
        // Ends with the test process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { url, shared }
    }

    /// What happens to the next sends of a text, one after the other; after them they are taken.
    pub(crate) fn script(&self, text: &str, acts: &[Act]) {
        self.shared.0.lock().unwrap().scripts.entry(text.to_owned()).or_default().extend(acts);
    }

    /// What happens to every send without a script.
    pub(crate) fn always(&self, act: Option<Act>) {
        self.shared.0.lock().unwrap().rule = act.map(|act| Box::new(move |_: &str| act) as Rule);
    }

    /// What happens to a send without a script follows from its text.
    pub(crate) fn rule(&self, rule: impl FnMut(&str) -> Act + Send + 'static) {
        self.shared.0.lock().unwrap().rule = Some(Box::new(rule));
    }

    /// Lets the gated answers go.
    pub(crate) fn open(&self) {
        self.shared.0.lock().unwrap().open = true;
        self.shared.1.notify_all();
    }

    /// Holds gated answers back again.
    pub(crate) fn close(&self) {
        self.shared.0.lock().unwrap().open = false;
    }

    /// How many calls wait for their answer.
    pub(crate) fn under_way(&self) -> usize {
        self.shared.0.lock().unwrap().calls.iter().filter(|call| call.ended.is_none()).count()
    }

    /// The messages of a chat that are looked for.
    pub(crate) fn taken_in(&self, chat: &str, wanted: impl Fn(&Taken) -> bool) -> Vec<Taken> {
        self.shared.0.lock().unwrap().taken.iter().filter(|taken| taken.chat == chat && wanted(taken)).cloned().collect()
    }

    /// Every call, and every message that was taken, in order.
    pub(crate) fn history(&self) -> (Vec<Call>, Vec<Taken>) {
        let state = self.shared.0.lock().unwrap();
        (state.calls.clone(), state.taken.clone())
    }

    /// The calls with a text.
    pub(crate) fn calls(&self, text: &str) -> Vec<Call> {
        self.shared.0.lock().unwrap().calls.iter().filter(|call| call.text == text).cloned().collect()
    }

    /// Every text that was taken, in order.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.shared.0.lock().unwrap().taken.iter().map(|taken| taken.text.clone()).collect()
    }

    /// The messages of a text the fake has.
    pub(crate) fn taken(&self, text: &str) -> Vec<Taken> {
        self.shared.0.lock().unwrap().taken.iter().filter(|taken| taken.text == text).cloned().collect()
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    let limit = Duration::from_secs(60);
    stream.set_read_timeout(Some(limit)).unwrap();
    stream.set_write_timeout(Some(limit)).unwrap();
    let Some((path, body)) = request(&stream) else { return };
    let mut call = None;
    let answer = match path.as_str() {
        "/send" => send(&body, shared, &mut stream, &mut call),
        "/find" => {
            let key = body["key"].as_str().unwrap();
            let state = shared.0.lock().unwrap();
            let found = state.by_key.get(key).map(|at| &state.taken[*at]);
            Some((200, found.map_or(Value::Null, |taken| json!({ "id": taken.id, "chat": taken.chat })), String::new()))
        }
        other => Some((404, json!(other), String::new())),
    };
    // No answer: the connection just ends.
    if let Some((status, body, header)) = answer {
        let body = body.to_string();
        let length = body.len();
        // The caller may have gone.
        let _ = write!(
            stream,
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n{header}\r\n{body}"
        );
    }
    if let Some(call) = call {
        shared.0.lock().unwrap().calls[call].ended = Some(Instant::now());
    }
}

fn request(stream: &TcpStream) -> Option<(String, Value)> {
    request_of(stream).map(|(path, _, body)| (path, body))
}

/// A whole request: its path, its headers by lower-case name, its body.
pub(crate) fn request_of(stream: &TcpStream) -> Option<(String, HashMap<String, String>, Value)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some((path, headers, serde_json::from_slice(&body).ok()?))
}

/// `number`: where the call stands among all calls.
fn send(body: &Value, shared: &Shared, stream: &mut TcpStream, number: &mut Option<usize>) -> Option<(u16, Value, String)> {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let call = Call { account: text("account")?, chat: text("chat"), text: text("text")?, key: text("key")?, at: Instant::now(), ended: None };
    let chat = call.chat.clone().or_else(|| text("address").map(|address| format!("chat of {address}")))?;
    let mut state = shared.0.lock().unwrap();
    let scripted = state.scripts.get_mut(&call.text).and_then(VecDeque::pop_front);
    let act = scripted.or_else(|| state.rule.as_mut().map(|rule| rule(&call.text))).unwrap_or(Act::Take);
    *number = Some(state.calls.len());
    state.calls.push(call.clone());
    let refused = |status: u16, words: &str| Some((status, json!(words), String::new()));
    match act {
        Act::RetryAfter(seconds) => return Some((429, json!("slow down"), format!("retry-after: {seconds}\r\n"))),
        Act::Fail => return refused(500, "out of order"),
        Act::Reject => return refused(400, "no such chat"),
        Act::Lock => return refused(401, "token revoked"),
        Act::Hang => {
            drop(state);
            // Until the caller gives up.
            let _ = stream.read(&mut [0]);
            return None;
        }
        Act::Slow(before, _) => {
            drop(state);
            std::thread::sleep(before);
            state = shared.0.lock().unwrap();
        }
        Act::Take | Act::LoseAnswer | Act::Gate => {}
    }
    let known = state.by_key.get(&call.key).copied().filter(|_| state.keyed);
    let at = known.unwrap_or_else(|| {
        let at = state.taken.len();
        state.by_key.entry(call.key.clone()).or_insert(at);
        state.taken.push(Taken { key: call.key, chat, id: format!("s{}", at + 1), text: call.text });
        at
    });
    let taken = state.taken[at].clone();
    match act {
        Act::LoseAnswer => return None,
        Act::Gate => {
            let (opened, late) = shared.1.wait_timeout_while(state, Duration::from_secs(30), |state| !state.open).unwrap();
            drop(opened);
            assert!(!late.timed_out(), "nobody opened the gate");
        }
        Act::Slow(_, after) => {
            drop(state);
            std::thread::sleep(after);
        }
        _ => drop(state),
    }
    Some((200, json!({ "id": taken.id, "chat": taken.chat }), String::new()))
}
