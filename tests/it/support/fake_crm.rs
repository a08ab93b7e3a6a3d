//! The CRM behind the folder `probe`: a small HTTP server of its own. It makes what it is asked to make as often as it is asked, so that a
//! doubled call shows; only messages and chats of one name are one. Tokens are renewed once: an old one opens nothing any more.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::fake_provider::request_of;

/// What the fake does with a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CrmAct {
    /// 429 with so many seconds of pause.
    RetryAfter(f64),
    /// 500; nothing was done.
    Fail,
    /// 400.
    Reject,
    /// Done, but the answer is lost.
    Lose,
}

/// A message the fake has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CrmMessage {
    pub(crate) id: String,
    pub(crate) chat: String,
    pub(crate) text: String,
    pub(crate) inbound: bool,
    /// The connection that brought it.
    pub(crate) account: String,
    pub(crate) files: usize,
    pub(crate) reply_to: Option<String>,
}

#[derive(Default)]
pub(crate) struct CrmState {
    /// Each contact with its mark, in the order they were made.
    pub(crate) contacts: Vec<(String, String)>,
    /// Chats by name, with their contact.
    pub(crate) chats: BTreeMap<String, (String, String)>,
    pub(crate) messages: Vec<CrmMessage>,
    by_key: HashMap<String, usize>,
    /// What was told of messages, by their ids.
    pub(crate) told: Vec<Value>,
    /// The word that opens; empty: everybody is let in.
    pub(crate) word: String,
    /// It opens nothing any more, but can be exchanged.
    pub(crate) expired: bool,
    /// How often tokens were renewed, and how often with one that was no good any more.
    pub(crate) renewed: u32,
    pub(crate) revoked: u32,
    /// Nobody can renew.
    pub(crate) shut: bool,
    /// Which account its word opens.
    pub(crate) account: String,
    /// Where it was told to send.
    pub(crate) hooks: Vec<String>,
    /// How often it was told to send nothing more.
    pub(crate) taken_off: u32,
    /// What there is to choose from.
    pub(crate) lists: Value,
    /// What somebody wrote there, in order: for who asks for the history.
    pub(crate) said: Vec<Value>,
    scripts: HashMap<String, VecDeque<CrmAct>>,
}

/// The running fake.
pub(crate) struct FakeCrm {
    pub(crate) url: String,
    state: Arc<Mutex<CrmState>>,
}

impl FakeCrm {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let lists = json!({
            "users": [{ "value": "1", "label": "Ольга" }],
            "stages": [{ "value": "1/10", "label": "Первичный контакт", "group": "Продажи" }, { "value": "1/20", "label": "Переговоры", "group": "Продажи" }],
        });
        let state = Arc::new(Mutex::new(CrmState { lists, account: "shop".to_owned(), ..CrmState::default() }));
        let serving = Arc::clone(&state);
        // Ends with the test process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&serving);
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { url, state }
    }

    /// What happens to the next calls of a path, one after the other.
    pub(crate) fn script(&self, path: &str, acts: &[CrmAct]) {
        self.look(|state| state.scripts.entry(path.to_owned()).or_default().extend(acts));
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut CrmState) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    /// The texts a connection brought, in order.
    pub(crate) fn texts(&self, account: &str) -> Vec<String> {
        self.look(|state| state.messages.iter().filter(|message| message.account == account).map(|message| message.text.clone()).collect())
    }

    /// The message of a text that a connection brought.
    pub(crate) fn message(&self, account: &str, text: &str) -> Option<CrmMessage> {
        self.look(|state| state.messages.iter().find(|message| message.account == account && message.text == text).cloned())
    }

    /// The last that was told of a message.
    pub(crate) fn told(&self, id: &str) -> Option<Value> {
        self.look(|state| state.told.iter().rev().find(|told| told["id"] == id).cloned())
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<CrmState>) {
    let limit = Duration::from_secs(60);
    stream.set_read_timeout(Some(limit)).unwrap();
    stream.set_write_timeout(Some(limit)).unwrap();
    let Some((path, headers, body)) = request_of(&stream) else { return };
    let path = path.trim_start_matches('/').to_owned();
    let word = headers.get("authorization").cloned().unwrap_or_default();
    let answer = answer(&mut state.lock().unwrap(), &path, &word, &body);
    // No answer: the connection just ends.
    let Some((status, body, header)) = answer else { return };
    let (body, length) = (body.to_string(), body.to_string().len());
    let _ = write!(
        stream,
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n{header}\r\n{body}"
    );
}

fn answer(state: &mut CrmState, path: &str, word: &str, body: &Value) -> Option<(u16, Value, String)> {
    let refused = |status: u16, words: &str| Some((status, json!(words), String::new()));
    let act = state.scripts.get_mut(path).and_then(VecDeque::pop_front);
    let let_in = path == "renew" || state.word.is_empty() || (state.word == word && !state.expired);
    match act {
        Some(CrmAct::RetryAfter(seconds)) => return Some((429, json!("slow down"), format!("retry-after: {seconds}\r\n"))),
        Some(CrmAct::Fail) => return refused(500, "out of order"),
        Some(CrmAct::Reject) => return refused(400, "no"),
        Some(CrmAct::Lose) | None => {}
    }
    if !let_in {
        return refused(401, "who are you");
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    // Accounts know nothing of each other.
    let of = |name: &str| format!("{}/{}", text("account"), text(name));
    let done = match path {
        "renew" => {
            if state.shut || text("word") != state.word {
                state.revoked += 1;
                return refused(401, "token has been revoked");
            }
            state.renewed += 1;
            state.expired = false;
            state.word = format!("word-{}", state.renewed);
            json!({ "word": state.word, "until": i64::MAX })
        }
        "find_contact" => state.contacts.iter().find(|(mark, _)| *mark == of("mark")).map_or(Value::Null, |(_, id)| json!({ "id": id })),
        "contact" => {
            let id = format!("contact-{}", state.contacts.len() + 1);
            state.contacts.push((of("mark"), id.clone()));
            json!({ "id": id })
        }
        "chat" => {
            let id = format!("chat-{}", state.chats.len() + 1);
            let (id, contact) = state.chats.entry(of("name")).or_insert((id, text("contact"))).clone();
            assert_eq!(contact, text("contact"), "a chat moved to another contact");
            json!({ "id": id })
        }
        "message" => {
            let key = of("key");
            let at = state.by_key.get(&key).copied().unwrap_or_else(|| {
                let at = state.messages.len();
                state.messages.push(CrmMessage {
                    id: format!("m{}", at + 1),
                    chat: text("chat"),
                    text: text("text"),
                    inbound: body["in"].as_bool().unwrap(),
                    account: text("account"),
                    files: body["files"].as_array().map_or(0, Vec::len),
                    reply_to: body["reply_to"].as_str().map(str::to_owned),
                });
                state.by_key.insert(key, at);
                at
            });
            json!({ "id": state.messages[at].id })
        }
        "changed" => {
            state.told.push(body.clone());
            json!({})
        }
        "history" => {
            let after: usize = text("after").parse().unwrap_or(0);
            json!({ "said": state.said.iter().skip(after).collect::<Vec<_>>(), "cursor": state.said.len().to_string() })
        }
        "account" => json!({ "id": state.account, "name": "Лавка" }),
        "set_up" => {
            state.hooks.push(text("hook"));
            json!({})
        }
        "take_off" => {
            state.taken_off += 1;
            json!({})
        }
        "lists" => state.lists.clone(),
        other => return refused(404, other),
    };
    if act == Some(CrmAct::Lose) {
        return None;
    }
    Some((200, done, String::new()))
}
