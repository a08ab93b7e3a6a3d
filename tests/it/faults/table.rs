//! Hostile and mistaken clients: one row each with the cause, the answer and what stands in the store afterwards.

use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use kommutator::model::ids::FileId;
use kommutator::model::ids::WorkspaceId;
use kommutator::model::time::{RealWorld, Time};
use kommutator::store::files::{FileLink, Variant, sign_link};
use kommutator::store::secrets::{KeySource, Keyring, VisitorClaims};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::client::{Client, Happened, Role, Socket, open, whole_log};
use crate::support::node::{Node, Plan, http};

/// Who causes it.
enum Cause {
    /// A visitor's socket before `hello`, with these frames.
    NewVisitor(Vec<Message>),
    /// A visitor's socket that was let in, with these frames.
    Visitor(Vec<Message>),
    /// A visitor's socket with another widget key or origin.
    Door { widget: String, origin: &'static str },
    /// A manager's socket before `hello`.
    NewManager(Vec<Message>),
    /// A manager's socket that was let in.
    Manager(Vec<Message>),
    /// A request.
    Http(Box<reqwest::RequestBuilder>),
}

/// What is answered.
#[derive(Debug, PartialEq)]
enum Answer {
    /// An error frame; the socket stays.
    Error(&'static str),
    /// An error frame and this close code.
    Closed(&'static str, u16),
    /// The first message under this key, as a duplicate, with its text.
    Duplicate(&'static str),
    /// Let in, as somebody new.
    New,
    /// A status with a code.
    Problem(u16, &'static str),
}

struct Row {
    name: &'static str,
    cause: Cause,
    answer: Answer,
    /// How many messages and files more there are afterwards.
    more: (usize, usize),
}

struct Stage {
    node: Node,
    token: String,
    other_token: String,
    mine: Client,
    foreign_message: String,
    foreign_file: String,
    foreign_conversation: String,
    visitor_id: String,
    keyring: Keyring,
    _folder: tempfile::TempDir,
}

async fn first_message(node: &Node, nonce: &str, key: &str, files: &[String]) -> (Client, String) {
    let mut client = visitor(node, nonce);
    client.send(key, None, "первое", files, false).await;
    loop {
        if let Happened::Accepted(accepted) = client.turn(Duration::from_secs(20)).await {
            return (client, accepted.id);
        }
    }
}

fn visitor(node: &Node, nonce: &str) -> Client {
    Client::new(Role::Visitor { widget: node.printed.widget_key.clone(), nonce: nonce.to_owned() }, vec![node.url()])
}

/// A second workspace in the same store, with its own owner.
fn second_workspace(plan: &Plan) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kommutator"))
        .args(["admin", "create-owner", "--workspace", "Другая", "--email", "other@other.example", "--password-stdin", "--data"])
        .arg(&plan.data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"another long password").unwrap();
    assert!(child.wait().unwrap().success());
}

async fn stage() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(&folder.path().join("data")).with("--limits", "off").with("--max-file-bytes", "200KB");
    let node = tokio::task::block_in_place(|| {
        let mut node = Node::start(&plan);
        node.kill();
        second_workspace(&plan);
        Node::start(&plan)
    });
    let login = json!({"email": "other@other.example", "password": "another long password"});
    let answer: Value = http().post(format!("{}/api/v1/login", node.url())).json(&login).send().await.unwrap().json().await.unwrap();
    let (mine, _) = first_message(&node, "faultsvisitor0001", "mine-1", &[]).await;
    let (foreign, _) = first_message(&node, "faultsvisitor0002", "theirs-1", &[]).await;
    let foreign_file = foreign.upload("theirs.txt", b"theirs".to_vec()).await.unwrap();
    let foreign_message = foreign.shown.keys().next().cloned().unwrap_or_else(|| format!("{}0000001", foreign.conversation.clone().unwrap()));
    let keyring = Keyring::open(KeySource::File(plan.data.join("kommutator.key")), false, &RealWorld).unwrap();
    let token = node.printed.token.clone();
    let ready = let_in(&node, &mine).await;
    Stage {
        token,
        other_token: answer["token"].as_str().unwrap().to_owned(),
        foreign_conversation: foreign.conversation.clone().unwrap(),
        visitor_id: ready.1["me"]["id"].as_str().unwrap().to_owned(),
        mine,
        foreign_message,
        foreign_file,
        keyring,
        node,
        _folder: folder,
    }
}

async fn let_in(node: &Node, visitor: &Client) -> (Socket, Value) {
    let url = format!("{}/ws/visitor?widget={}", node.url().replacen("http", "ws", 1), node.printed.widget_key);
    let mut socket = open(&url, Some(&node.url())).await.unwrap();
    let hello = json!({"type": "hello", "visitor_token": visitor.visitor_token});
    socket.send(Message::text(hello.to_string())).await.unwrap();
    let ready = next(&mut socket).await.0.unwrap();
    (socket, ready)
}

/// The next frame of its own kind, or the close code.
async fn next(socket: &mut Socket) -> (Option<Value>, Option<u16>) {
    loop {
        match tokio::time::timeout(Duration::from_secs(20), socket.next()).await.expect("an answer") {
            Some(Ok(Message::Text(text))) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                // What is told about others comes whenever it likes.
                if frame["type"] != "event" && frame["type"] != "cursor" {
                    return (Some(frame), None);
                }
            }
            Some(Ok(Message::Close(frame))) => return (None, frame.map(|frame| u16::from(frame.code))),
            Some(Ok(_)) => {}
            Some(Err(error)) => panic!("no close frame: {error}"),
            None => return (None, None),
        }
    }
}

fn frame(value: &Value) -> Message {
    Message::text(value.to_string())
}

fn send_frame(key: &str, more: &Value) -> Message {
    let mut value = json!({"type": "send", "client_id": key, "text": "слово"});
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    frame(&value)
}

impl Stage {
    async fn observe(&self, cause: Cause, visitor_before: &str) -> Answer {
        let socket = self.node.url().replacen("http", "ws", 1);
        let own = Some(self.node.url());
        let (mut socket, frames) = match cause {
            Cause::Http(request) => return self.ask(*request).await,
            Cause::NewVisitor(frames) => {
                (open(&format!("{socket}/ws/visitor?widget={}", self.node.printed.widget_key), own.as_deref()).await.unwrap(), frames)
            }
            Cause::Visitor(frames) => (let_in(&self.node, &self.mine).await.0, frames),
            Cause::Door { widget, origin } => (open(&format!("{socket}/ws/visitor?widget={widget}"), Some(origin)).await.unwrap(), Vec::new()),
            Cause::NewManager(frames) => (open(&format!("{socket}/ws/manager"), None).await.unwrap(), frames),
            Cause::Manager(frames) => {
                let mut socket = open(&format!("{socket}/ws/manager"), None).await.unwrap();
                socket.send(frame(&json!({"type": "hello", "token": self.token}))).await.unwrap();
                assert_eq!(next(&mut socket).await.0.unwrap()["type"], "ready");
                (socket, frames)
            }
        };
        for frame in frames {
            socket.send(frame).await.unwrap();
        }
        let (Some(answer), _) = next(&mut socket).await else { panic!("closed without a word") };
        let leak = |text: &Value| -> &'static str { Box::leak(text.as_str().unwrap().to_owned().into_boxed_str()) };
        match answer["type"].as_str().unwrap() {
            "ready" => {
                assert_ne!(answer["me"]["id"], visitor_before);
                Answer::New
            }
            "accepted" => {
                assert_eq!(answer["duplicate"], true);
                Answer::Duplicate(leak(&answer["message"]["text"]))
            }
            _ => {
                assert!(!answer["message"].as_str().unwrap().is_empty());
                // Whether it stays: a socket that stays answers the next frame.
                let _ = socket.send(frame(&json!({"type": "send", "client_id": "?", "text": "x", "conversation": "0000000000000"}))).await; // it may be closed by now
                match next(&mut socket).await {
                    (Some(_), _) => Answer::Error(leak(&answer["code"])),
                    (None, code) => Answer::Closed(leak(&answer["code"]), code.unwrap_or(1006)),
                }
            }
        }
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap_or_default();
        assert!(status < 400 || !body["detail"].as_str().unwrap_or_default().is_empty(), "{status} {body}");
        Answer::Problem(status, Box::leak(body["code"].as_str().unwrap_or_default().to_owned().into_boxed_str()))
    }

    /// Messages and files in the store, as managers and the disk show them.
    async fn stands(&self) -> (usize, usize) {
        let messages = whole_log(&self.node.url(), &self.token).await.values().map(Vec::len).sum();
        (messages, files_in(&self.node.plan.data.join("files")))
    }

    fn rows(&self) -> Vec<Row> {
        let url = self.node.url();
        let row = |name, cause, answer| Row { name, cause, answer, more: (0, 0) };
        let text = |text: &str| vec![Message::text(text.to_owned())];
        let bad = || Answer::Closed("bad_frame", 4400);
        let http = http();
        let upload = |token: Option<String>, origin: &str, body: Vec<u8>| {
            let request = http.post(format!("{url}/widget/v1/files?widget={}&name=a.txt", self.node.printed.widget_key)).header("origin", origin);
            let request = match token {
                Some(token) => request.bearer_auth(token),
                None => request,
            };
            Cause::Http(Box::new(request.body(body)))
        };
        let api = |method: reqwest::Method, path: &str| http.request(method, format!("{url}{path}"));
        let get = |path: &str, token: &str| Cause::Http(Box::new(api(reqwest::Method::GET, path).bearer_auth(token)));
        let mine = self.mine.visitor_token.clone().unwrap();
        let long_ago = Time(1_577_836_800_000);
        let old_token = self.keyring.make_visitor_token(&VisitorClaims {
            widget_key: self.node.printed.widget_key.clone(),
            visitor: self.visitor_id.parse().unwrap(),
            issued: long_ago,
        });
        let file: FileId = self.foreign_file.parse().unwrap();
        let link = FileLink { workspace: WorkspaceId(1), file, variant: Variant::Content };
        let (old_link, good_link) = (sign_link(&self.keyring, &link, long_ago), sign_link(&self.keyring, &link, RealWorld.now_for_tests()));
        let forged_link = format!("{}x", &good_link[..good_link.len() - 1]);
        let conversation = self.mine.conversation.clone().unwrap();
        let foreign = &self.foreign_conversation;
        let hello = |more: Value| {
            let mut hello = json!({"type": "hello"});
            hello.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            vec![frame(&hello)]
        };
        let stay = Answer::Error;
        let gone = |code| Answer::Closed(code, 4401);
        let manager_send = |key: &str, to: &str, more: Value| {
            let mut more = more;
            more["conversation"] = json!(to);
            vec![send_frame(key, &more)]
        };
        vec![
            row("not JSON", Cause::Visitor(text("{")), bad()),
            row("an empty frame", Cause::Visitor(text("")), bad()),
            row("a frame without a type", Cause::Visitor(text("{\"a\":1}")), bad()),
            row("a type that is a number", Cause::Visitor(text("{\"type\":5}")), bad()),
            row("an unknown type", Cause::Visitor(text("{\"type\":\"dance\"}")), bad()),
            row("a key that is a number", Cause::Visitor(text("{\"type\":\"send\",\"client_id\":7}")), bad()),
            row("a hundred thousand brackets", Cause::Visitor(text(&"[".repeat(60_000))), bad()),
            row("a frame of 65 KiB", Cause::Visitor(text(&"x".repeat(65 * 1024))), Answer::Closed("frame_too_large", 4400)),
            row("a binary frame", Cause::Visitor(vec![Message::binary(b"{}".to_vec())]), bad()),
            row(
                "a frame in parts",
                Cause::Visitor(vec![Message::Frame(Frame::message(b"{\"type\":".to_vec(), OpCode::Data(Data::Text), false))]),
                bad(),
            ),
            row("hello again", Cause::Visitor(hello(json!({}))), Answer::Closed("hello_twice", 4400)),
            row("nothing said", Cause::Visitor(vec![send_frame("e1", &json!({"text": " \n"}))]), stay("empty_message")),
            row("too long a text", Cause::Visitor(vec![send_frame("e2", &json!({"text": "я".repeat(8_001)}))]), stay("text_too_long")),
            row("a key that is none", Cause::Visitor(vec![send_frame("нет", &json!({}))]), stay("bad_client_id")),
            row("a file that is none", Cause::Visitor(vec![send_frame("e3", &json!({"attachments": ["0000000000001"]}))]), stay("unknown_file")),
            row("another visitor's file", Cause::Visitor(vec![send_frame("e4", &json!({"attachments": [self.foreign_file]}))]), stay("unknown_file")),
            row("eleven files", Cause::Visitor(vec![send_frame("e5", &json!({"attachments": vec!["0000000000001"; 11]}))]), stay("too_many_files")),
            row("a file id that is none", Cause::Visitor(vec![send_frame("e6", &json!({"attachments": ["../../etc/passwd"]}))]), bad()),
            row(
                "an answer to another's message",
                Cause::Visitor(vec![send_frame("e7", &json!({"reply_to": self.foreign_message}))]),
                stay("unknown_message"),
            ),
            row(
                "another's message read",
                Cause::Visitor(vec![frame(&json!({"type": "read", "up_to": self.foreign_message}))]),
                stay("unknown_message"),
            ),
            row("a key again with another text", Cause::Visitor(vec![send_frame("mine-1", &json!({"text": "другое"}))]), Answer::Duplicate("первое")),
            row(
                "a key again, with another's file",
                Cause::Visitor(vec![send_frame("mine-1", &json!({"attachments": [self.foreign_file]}))]),
                Answer::Duplicate("первое"),
            ),
            row("send before hello", Cause::NewVisitor(vec![send_frame("e8", &json!({}))]), Answer::Closed("hello_missing", 4400)),
            row("a nonce that is none", Cause::NewVisitor(hello(json!({"visitor_nonce": "short"}))), Answer::Closed("bad_nonce", 4400)),
            row("a forged visitor token", Cause::NewVisitor(hello(json!({"visitor_token": format!("{mine}A")}))), Answer::New),
            row("an expired visitor token", Cause::NewVisitor(hello(json!({"visitor_token": old_token}))), Answer::New),
            row(
                "a forged identity",
                Cause::NewVisitor(hello(json!({"identity": {"id": "42", "signature": "0".repeat(64)}}))),
                gone("identity_not_verified"),
            ),
            row("an unknown widget", Cause::Door { widget: "nosuchwidget".into(), origin: "https://shop.example" }, gone("unknown_widget")),
            row(
                "a foreign origin",
                Cause::Door { widget: self.node.printed.widget_key.clone(), origin: "https://evil.example" },
                Answer::Closed("forbidden_origin", 4403),
            ),
            row("a manager without a token", Cause::NewManager(hello(json!({}))), gone("not_logged_in")),
            row("a manager with a forged token", Cause::NewManager(hello(json!({"token": "0".repeat(64)}))), gone("not_logged_in")),
            row("a manager with a visitor's token", Cause::NewManager(hello(json!({"token": mine}))), gone("not_logged_in")),
            row("an unknown conversation", Cause::Manager(manager_send("e9", "0000000000001", json!({}))), stay("unknown_conversation")),
            row("a conversation id that is none", Cause::Manager(manager_send("e10", "кто", json!({}))), bad()),
            row(
                "a visitor's file from a manager",
                Cause::Manager(manager_send("e11", &conversation, json!({"attachments": [self.foreign_file]}))),
                stay("unknown_file"),
            ),
            row(
                "another conversation's message answered",
                Cause::Manager(manager_send("e12", &conversation, json!({"reply_to": self.foreign_message}))),
                stay("unknown_message"),
            ),
            row(
                "somebody wrote since",
                Cause::Manager(manager_send("e13", foreign, json!({"expected_last": format!("{foreign}0000009")}))),
                stay("somebody_wrote"),
            ),
            row(
                "read where there is nothing",
                Cause::Manager(vec![frame(&json!({"type": "read", "conversation": conversation, "up_to": format!("{conversation}0000999")}))]),
                stay("unknown_message"),
            ),
            row("a manager's unknown type", Cause::Manager(text("{\"type\":\"delete\"}")), bad()),
            row(
                "the API without a token",
                Cause::Http(Box::new(api(reqwest::Method::GET, "/api/v1/conversations"))),
                Answer::Problem(401, "not_logged_in"),
            ),
            row("the API with a forged token", get("/api/v1/conversations", "nonsense"), Answer::Problem(401, "not_logged_in")),
            row(
                "another workspace's conversation",
                get(&format!("/api/v1/conversations/{conversation}"), &self.other_token),
                Answer::Problem(404, "unknown_conversation"),
            ),
            row(
                "another workspace's messages",
                get(&format!("/api/v1/conversations/{conversation}/messages"), &self.other_token),
                Answer::Problem(404, "unknown_conversation"),
            ),
            row(
                "a message of another conversation",
                get(&format!("/api/v1/conversations/{conversation}/messages?before={}", self.foreign_message), &self.token),
                Answer::Problem(404, "unknown_message"),
            ),
            row("a cursor that is none", get("/api/v1/conversations?cursor=abc", &self.token), Answer::Problem(400, "bad_parameter")),
            row(
                "the cookie from another site",
                Cause::Http(Box::new(
                    api(reqwest::Method::POST, &format!("/api/v1/conversations/{conversation}/close"))
                        .header("cookie", format!("kommutator_session={}", self.token))
                        .header("origin", "https://evil.example"),
                )),
                Answer::Problem(403, "foreign_origin"),
            ),
            row(
                "the cookie without an origin",
                Cause::Http(Box::new(
                    api(reqwest::Method::POST, &format!("/api/v1/conversations/{conversation}/close"))
                        .header("cookie", format!("kommutator_session={}", self.token)),
                )),
                Answer::Problem(403, "foreign_origin"),
            ),
            row(
                "a body that is no JSON",
                Cause::Http(Box::new(
                    api(reqwest::Method::POST, &format!("/api/v1/conversations/{conversation}/messages"))
                        .bearer_auth(&self.token)
                        .header("content-type", "application/json")
                        .body("{"),
                )),
                Answer::Problem(400, "bad_request"),
            ),
            row(
                "a body of 300 KiB",
                Cause::Http(Box::new(
                    api(reqwest::Method::POST, &format!("/api/v1/conversations/{conversation}/messages"))
                        .bearer_auth(&self.token)
                        .json(&json!({"client_id": "e14", "text": "x".repeat(300 * 1024)})),
                )),
                Answer::Problem(400, "bad_request"),
            ),
            row(
                "an upload from a foreign origin",
                upload(Some(mine.clone()), "https://evil.example", b"x".to_vec()),
                Answer::Problem(403, "forbidden_origin"),
            ),
            row("an upload without a token", upload(None, &url, b"x".to_vec()), Answer::Problem(401, "visitor_token_missing")),
            row(
                "an upload with a forged token",
                upload(Some(format!("{mine}A")), &url, b"x".to_vec()),
                Answer::Problem(401, "visitor_token_invalid"),
            ),
            row("an upload with an expired token", upload(Some(old_token), &url, b"x".to_vec()), Answer::Problem(401, "visitor_token_invalid")),
            row("an empty file", upload(Some(mine.clone()), &url, Vec::new()), Answer::Problem(422, "file_empty")),
            row("too large a file", upload(Some(mine.clone()), &url, vec![0; 200_001]), Answer::Problem(413, "file_too_large")),
            row(
                "too large a file without a told length",
                Cause::Http(Box::new(
                    http.post(format!("{url}/api/v1/files?name=b.bin"))
                        .bearer_auth(&self.token)
                        .body(reqwest::Body::wrap_stream(futures_util::stream::iter((0..30).map(|_| Ok::<_, std::io::Error>(vec![1_u8; 10_000]))))),
                )),
                Answer::Problem(413, "file_too_large"),
            ),
            row("a forged file link", get(&forged_link, ""), Answer::Problem(404, "unknown_file")),
            row("an expired file link", get(&old_link, ""), Answer::Problem(410, "link_expired")),
            Row {
                name: "and a file that is right, for the count",
                cause: upload(Some(mine), &url, b"hello".to_vec()),
                answer: Answer::Problem(201, ""),
                more: (0, 1),
            },
        ]
    }
}

fn files_in(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { files_in(&entry.path()) } else { 1 }).sum()
}

trait Now {
    fn now_for_tests(&self) -> Time;
}

impl Now for RealWorld {
    fn now_for_tests(&self) -> Time {
        kommutator::model::time::World::now(self)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_has_its_answer_and_leaves_the_store_as_it_was() {
    let mut stage = stage().await;
    let mut wrong = Vec::new();
    let rows = stage.rows();
    let count = rows.len();
    for Row { name, cause, answer, more } in rows {
        let before = stage.stands().await;
        let observed = stage.observe(cause, &stage.visitor_id).await;
        if observed != answer {
            wrong.push(format!("{name}: {observed:?}, not {answer:?}"));
        }
        let after = stage.stands().await;
        if after != (before.0 + more.0, before.1 + more.1) {
            wrong.push(format!("{name}: messages and files were {before:?} and are {after:?}"));
        }
    }
    assert!(stage.node.runs());
    assert!(wrong.is_empty(), "{} of {count} rows:\n{}", wrong.len(), wrong.join("\n"));
}
