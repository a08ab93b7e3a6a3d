//! Avito's channel against the fake of Avito: each call as the documentation says, each status to its end.

use std::sync::Arc;

use data_encoding::BASE64;
use kommutator::channel::avito::{Avito, KIND, errors};
use kommutator::channel::capability::{Asked, HookAddress, Progress, SentMessage};
use kommutator::channel::contract::{CallContext, Channel, ChannelEvent, Incoming, OutgoingPiece, SendError, Writer};
use kommutator::model::connection::ProviderLogin;
use kommutator::model::conversation::Place;
use kommutator::model::message::plain_text;
use kommutator::model::time::{RealWorld, World};
use serde_json::{Value, json};

use super::{account, code, sha, words};
use crate::support::fakes::{Door, Fake, KeptFiles, context, login};

const KEYS: &str = r#"{"client_id":"client","client_secret":"secret"}"#;
const CHAT: &str = "u2i-AbC_1-2";

fn at(fake: &Fake, files: KeptFiles) -> CallContext {
    context(&fake.url, KEYS, &[("user_id", "111")], files)
}

fn plain(fake: &Fake) -> CallContext {
    at(fake, KeptFiles::default())
}

fn piece(key: &str, text: &str) -> OutgoingPiece {
    OutgoingPiece { place: Place::Listing("1234567890".into()), key: key.into(), ..super::piece(CHAT, text) }
}

fn messages(parts: &[Vec<u8>]) -> Vec<Incoming> {
    super::messages(&Avito::default(), parts)
}

fn texts(parts: &[Vec<u8>]) -> Vec<String> {
    super::texts(&Avito::default(), parts)
}

async fn said(fake: &Fake) -> Vec<Value> {
    fake.look(&format!("chat?id={CHAT}")).await["messages"].as_array().unwrap().clone()
}

async fn connect(fake: &Fake, secret: &str) -> Result<Progress, (String, String)> {
    let answer = [("client_id", "client"), ("client_secret", secret), ("base_url", fake.url.as_str())];
    let answer = answer.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let bare = CallContext { secrets: "".into(), base_url: None, facts: Default::default(), ..plain(fake) };
    let next = Avito::default().connect().unwrap().next(&bare, KIND, Value::Null, &answer).await;
    next.map_err(|error| (error.field, error.reason.code))
}

/// C-AV-02.
#[tokio::test]
async fn keys_connect_an_account() {
    let fake = Fake::start("avito").await;
    let Ok(Progress::Done(done)) = connect(&fake, "secret").await else { panic!("connected") };
    assert_eq!((done.external_key.as_str(), done.name.as_str(), done.facts["user_id"].as_str()), ("111", "Магазин", "111"));
    assert_eq!((done.accounts.len(), done.accounts[0].kind), (1, KIND));
    let wrong = |field: &str, code: &str| Some((field.to_owned(), code.to_owned()));
    assert_eq!(connect(&fake, "other").await.err(), wrong("client_secret", "avito_keys_rejected"));
    assert_eq!(connect(&fake, "").await.err(), wrong("client_secret", "required"));
    fake.act("modes", json!({ "paid": false })).await;
    assert_eq!(connect(&fake, "secret").await.err(), wrong("", "avito_not_paid"));
}

async fn hooked(fake: &Fake) -> (Door, ProviderLogin) {
    let known = login("avito", "111", Default::default());
    let door = Door::open(Arc::new(Avito::default()), known.clone(), "unguessable").await;
    let hook = HookAddress { url: door.url.clone(), secret: "unguessable".to_owned() };
    let facts = Avito::default().connect().unwrap().set_up(&plain(fake), &known, Some(&hook)).await.unwrap();
    (door, ProviderLogin { facts, ..known })
}

#[tokio::test]
async fn deliveries_come_both_ways_and_once_more() {
    let fake = Fake::start("avito").await;
    let (mut door, known) = hooked(&fake).await;
    assert_eq!(known.facts["receives"], "hook");
    assert!(!format!("{:?}", known.facts).contains("unguessable"));
    fake.act("hooks", json!({ "retry_ms": 1 })).await;
    *door.failing.lock().unwrap() = 2;
    fake.act("write", json!({ "text": "Продаёте?" })).await;
    let parts = door.parts(1).await;
    let incoming = messages(&parts).remove(0);
    assert_eq!((texts(&parts), incoming.place), (vec!["Продаёте?".to_owned()], Place::Listing("1234567890".into())));
    fake.act("write", json!({ "text": "Да", "from": "me" })).await;
    let echo = messages(&door.parts(2).await).remove(1);
    assert_eq!((echo.writer, echo.conversation_key.as_str()), (Writer::Account { mark: None }, CHAT));
    // Who it is, and about what, is asked for.
    let account = account(KIND);
    let asked = Asked { conversation_key: CHAT.into(), external_ids: vec!["222".into()] };
    let known_now = Avito::default().profile().unwrap().look_up(&plain(&fake), &account, &asked).await.unwrap();
    assert_eq!(
        (known_now.people[0].name.as_str(), known_now.place_title.as_deref()),
        ("Иван", Some("Лада Веста 2019 · 900\u{a0}000\u{a0}₽ · Казань"))
    );
    assert!(known_now.listing.unwrap().starts_with("https://avito.ru/"));
    // Setting up again ends nothing of ours; taking off ends it.
    let hook = HookAddress { url: door.url.clone(), secret: "unguessable".to_owned() };
    Avito::default().connect().unwrap().set_up(&plain(&fake), &known, Some(&hook)).await.unwrap();
    assert_eq!(fake.look("state").await["subscriptions"].as_array().unwrap().len(), 1);
    Avito::default().connect().unwrap().take_off(&plain(&fake), &known).await.unwrap();
    assert_eq!(fake.look("state").await["subscriptions"], json!([]));
}

/// C-AV-03: nothing older than the connection; what a delivery lost is found, in order, with names and marks of reading.
#[tokio::test]
async fn a_look_finds_what_was_lost() {
    let fake = Fake::start("avito").await;
    fake.act("write", json!({ "text": "до подключения" })).await;
    fake.act("time", json!({ "ms": 600_000 })).await;
    let known = login("avito", "111", Default::default());
    let facts = Avito::default().connect().unwrap().set_up(&plain(&fake), &known, None).await.unwrap();
    let connected = RealWorld.now().plus_ms(600_000);
    let known = ProviderLogin { facts, created_at: connected, ..known };
    let channel = Avito::default();
    let poll = channel.poll().unwrap();
    assert_eq!(poll.every_ms(&known), Some(30_000));
    let now = || CallContext { now: RealWorld.now().plus_ms(600_000), deadline: RealWorld.now().plus_ms(700_000), ..plain(&fake) };
    let asked = async |cursor: &mut String| {
        let mut parts: Vec<Vec<u8>> = Vec::new();
        loop {
            let polled = poll.poll(&now(), &known, cursor).await.unwrap();
            *cursor = polled.cursor;
            parts.extend(polled.parts.iter().map(|part| part.to_vec()));
            if !polled.more {
                return parts;
            }
        }
    };
    let mut cursor = String::new();
    assert_eq!(texts(&asked(&mut cursor).await), Vec::<String>::new());
    // Thirty chats, one without a context, one whose list names nobody but us.
    for at in 0..30 {
        let item = if at == 1 { Value::Null } else { json!({ "id": 1_000 + at, "title": format!("Лот {at}") }) };
        let chat = format!("u2i-{at}");
        fake.act("chat", json!({ "id": chat, "buyer": { "id": 300 + at, "name": "Пётр" }, "item": item, "alone": at == 2 })).await;
        fake.act("write", json!({ "chat": chat, "text": format!("раз {at}") })).await;
        fake.act("write", json!({ "chat": chat, "text": format!("два {at}") })).await;
    }
    let parts = asked(&mut cursor).await;
    let found = messages(&parts);
    assert_eq!(found.len(), 60);
    let of = |chat: &str| found.iter().filter(|one| one.conversation_key == chat).map(|one| plain_text(&one.parts)).collect::<Vec<_>>();
    assert_eq!((of("u2i-0"), of("u2i-29")), (vec!["раз 0".to_owned(), "два 0".to_owned()], vec!["раз 29".to_owned(), "два 29".to_owned()]));
    let name = |chat: &str| found.iter().find(|one| one.conversation_key == chat).and_then(|one| one.peer.clone()).unwrap().name;
    assert_eq!((name("u2i-0").as_str(), name("u2i-2").as_str()), ("Пётр", ""));
    // The buyer reads what we said; lists come bare too.
    fake.act("modes", json!({ "bare": true })).await;
    let sent = Avito::default().send(&plain(&fake), &piece("k", "Здравствуйте")).await.unwrap().external_id.unwrap();
    fake.act("read", json!({ "chat": CHAT })).await;
    let marks: Vec<_> = asked(&mut cursor)
        .await
        .iter()
        .flat_map(|part| Avito::default().parse(part).unwrap())
        .filter(|event| !matches!(event, ChannelEvent::Message(_)))
        .collect();
    assert_eq!(marks, [ChannelEvent::ReadUpToExternal { account: String::new(), external_id: sent }]);
    // An owner is told how many of the day's requests that took; tomorrow it is a new day's.
    let asked = |later: i64| poll.tells(&cursor, now().now.plus_ms(later))["requests"].clone();
    let looks = fake.calls("chats").await.len() + fake.calls("messages").await.len();
    assert_eq!((asked(0), asked(86_400_000)), (format!("{looks} / 20000"), "0 / 20000".to_owned()));
    // Looking marks nothing as read.
    assert_eq!(fake.look("chat?id=u2i-0").await["unread"], true);
}

/// C-AV-05: text and pictures as they are, anything else as an address of ours.
#[tokio::test]
async fn words_pictures_and_addresses() {
    let fake = Fake::start("avito").await;
    let channel = Avito::default();
    let mut files = KeptFiles::default();
    let picture = files.keep(1, "фото.png", "image/png", &[3; 200_000]);
    let video = files.keep(2, "видео.mp4", "video/mp4", b"film");
    let link = format!("видео.mp4\nhttps://gateway.example/shared/{}", video.file);
    let context = at(&fake, files);
    let with = |key: &str, file| OutgoingPiece { parts: Vec::new(), attachments: vec![file], ..piece(key, "") };
    let text = channel.send(&context, &piece("k1", "Здравствуйте")).await.unwrap();
    channel.send(&context, &with("k2", picture)).await.unwrap();
    channel.send(&context, &with("k3", video)).await.unwrap();
    let there = said(&fake).await;
    let shown: Vec<_> =
        there.iter().map(|one| (one["type"].as_str().unwrap(), one["content"]["text"].as_str().unwrap_or_default().to_owned())).collect();
    assert_eq!(shown, [("text", "Здравствуйте".to_owned()), ("image", String::new()), ("text", link)]);
    assert_eq!((&there[1]["sha256"], text.external_id), (&json!(sha(&[3; 200_000])), Some(format!("{CHAT}/{}", there[0]["id"].as_str().unwrap()))));
    let long = channel.send(&context, &piece("k4", &"я".repeat(1_001))).await.unwrap_err();
    assert!(matches!(&long, SendError::Rejected(reason) if reason.provider.as_ref().unwrap().contains("1000 characters")), "{long:?}");
    // One token served all of it.
    assert_eq!(fake.calls("token").await.len(), 1);
}

/// A picture and a voice message by their content; a voice message's address is asked for when it is fetched.
#[tokio::test]
async fn files_arrive_whole() {
    let fake = Fake::start("avito").await;
    let (mut door, _) = hooked(&fake).await;
    let picture = vec![9; 100_000];
    fake.act("write", json!({ "image": { "name": "a.jpg", "media_type": "image/jpeg", "bytes": BASE64.encode(&picture) } })).await;
    fake.act("write", json!({ "voice": { "name": "v.mp4", "media_type": "audio/mp4", "bytes": BASE64.encode(b"voice") } })).await;
    let found = messages(&door.parts(2).await);
    let fetch = async |locator: &str| {
        let located = Avito::default().fetch().unwrap().locate(&plain(&fake), locator).await.unwrap();
        reqwest::get(located.url).await.unwrap()
    };
    let locators: Vec<_> = found.iter().map(|one| one.remote[0].locator.clone()).collect();
    let voice = locators.iter().find(|locator| locator.starts_with("voice:")).unwrap();
    let photo = locators.iter().find(|locator| !locator.starts_with("voice:")).unwrap();
    assert_eq!(sha(&fetch(photo).await.bytes().await.unwrap()), sha(&picture));
    assert_eq!(fetch(voice).await.bytes().await.unwrap().as_ref(), b"voice");
    let gone = Avito::default().fetch().unwrap().locate(&plain(&fake), "voice:none").await;
    assert_eq!(gone.map_err(|error| code(&error)), Err("file_gone".into()));
}

/// Avito takes the same twice: after a lost answer its list is asked, and only what was said since the attempt counts.
#[tokio::test]
async fn a_lost_answer_is_looked_for() {
    let fake = Fake::start("avito").await;
    let channel = Avito::default();
    let context = plain(&fake);
    channel.send(&context, &piece("k0", "Да")).await.unwrap();
    fake.act("time", json!({ "ms": 60_000 })).await;
    let begun = OutgoingPiece { begun_at: Some(RealWorld.now().plus_ms(60_000)), ..piece("k1", "Да") };
    let look = async || channel.lookup().unwrap().find(&context, &begun).await.unwrap();
    fake.act("faults", json!({ "call": "send", "act": { "kind": "drop" } })).await;
    assert!(matches!(channel.send(&context, &begun).await, Err(SendError::Unclear(_))));
    assert_eq!(look().await, None);
    for act in [json!({ "kind": "lose" }), json!({ "kind": "half" }), json!({ "kind": "answer", "status": 502, "body": "<html>" })] {
        fake.act("faults", json!({ "call": "send", "act": act })).await;
        assert!(matches!(channel.send(&context, &begun).await, Err(SendError::Unclear(_))), "{act}");
    }
    let there = said(&fake).await;
    assert_eq!(there.len(), 3);
    assert_eq!(look().await.unwrap().external_id, Some(format!("{CHAT}/{}", there[2]["id"].as_str().unwrap())));
}

/// An expired token is answered 403: a new one, once; then the owner must act, unless it is only this chat that is closed.
#[tokio::test]
async fn tokens_are_got_anew_once() {
    let fake = Fake::start("avito").await;
    let channel = Avito::default();
    let context = plain(&fake);
    channel.send(&context, &piece("k1", "раз")).await.unwrap();
    fake.act("modes", json!({ "expire": true })).await;
    channel.send(&context, &piece("k2", "два")).await.unwrap();
    assert_eq!((said(&fake).await.len(), fake.calls("token").await.len()), (2, 2));
    fake.act("close-chat", json!({ "id": CHAT })).await;
    let closed = channel.send(&context, &piece("k3", "три")).await;
    assert_eq!(closed.as_ref().map_err(code), Err("chat_closed".into()), "{closed:?}");
    assert!(matches!(closed, Err(SendError::Rejected(_))));
    fake.act("modes", json!({ "revoked": true })).await;
    let revoked = channel.send(&context, &piece("k4", "четыре")).await.unwrap_err();
    assert!(matches!(&revoked, SendError::AccessLost(reason) if reason.code == "avito_keys_rejected"), "{revoked:?}");
    assert!(!format!("{revoked:?}").contains("secret"));
}

#[tokio::test]
async fn what_was_sent_is_taken_back_and_read_and_people_are_blocked() {
    let fake = Fake::start("avito").await;
    let channel = Avito::default();
    let context = plain(&fake);
    fake.act("write", json!({ "text": "спам" })).await;
    let sent = channel.send(&context, &piece("k1", "ой")).await.unwrap().external_id.unwrap();
    let message = SentMessage { account: String::new(), conversation_key: CHAT.into(), external_id: sent, attachments: Vec::new() };
    channel.reword().unwrap().delete(&context, &message).await.unwrap();
    assert_eq!(said(&fake).await[1]["type"], "deleted");
    let old = channel.send(&context, &piece("k2", "давно")).await.unwrap().external_id.unwrap();
    fake.act("time", json!({ "ms": 3_700_000 })).await;
    let old = channel.reword().unwrap().delete(&context, &SentMessage { external_id: old, ..message }).await;
    assert_eq!(old.map_err(|error| code(&error)), Err("too_old_to_delete".into()));
    channel.reading().unwrap().read(&context, "", CHAT, "").await.unwrap();
    assert_eq!(fake.look(&format!("chat?id={CHAT}")).await["unread"], false);
    channel.blacklist().unwrap().block(&context, "", "222", Some("1234567890")).await.unwrap();
    let blocked = json!([{ "user_id": 222, "context": { "item_id": 1_234_567_890, "reason_id": 4 } }]);
    assert_eq!(fake.look("state").await["blacklist"], blocked);
}

/// Each row of the table of statuses, as JSON of both forms and as a page that is none.
#[tokio::test]
async fn each_status_ends_as_the_table_says() {
    let fake = Fake::start("avito").await;
    let mut rows = 0;
    for (statuses, meaning, act) in errors::TABLE {
        for status in *statuses {
            for body in [
                json!({ "error": { "code": status, "message": "слова Авито" } }),
                json!({ "code": "x", "message": "слова Авито" }),
                json!("<html>слова Авито</html>"),
            ] {
                rows += 1;
                let times = if matches!(act, errors::Act::NewToken(_)) { 2 } else { 1 };
                let fault = json!({ "call": "send", "times": times, "act": { "kind": "answer", "status": status, "body": body } });
                fake.act("faults", fault).await;
                let error = Avito::default().send(&plain(&fake), &piece(&format!("row-{rows}"), "x")).await.unwrap_err();
                let (wanted, is) = match *act {
                    errors::Act::Fail(name) => (name.to_owned(), matches!(error, SendError::Rejected(_))),
                    // The account itself is let in: then it is this chat that is closed.
                    errors::Act::NewToken("avito_no_right") => ("chat_closed".to_owned(), matches!(error, SendError::Rejected(_))),
                    errors::Act::NewToken(name) | errors::Act::Closed(name) => (name.to_owned(), matches!(error, SendError::AccessLost(_))),
                    errors::Act::Pause(ms) => (ms.to_string(), matches!(error, SendError::RetryAfter(_))),
                    errors::Act::Later(name) => (name.to_owned(), matches!(error, SendError::Unclear(_))),
                };
                assert!(is && code(&error) == wanted, "{status} {meaning}: {error:?}");
                assert!(words(&error).is_none_or(|words| words.contains("слова Авито")), "{status}");
            }
        }
    }
    assert_eq!((rows, said(&fake).await.len()), (30, 0));
    fake.act("modes", json!({ "busy": { "times": 1, "retry_after": 7 } })).await;
    assert_eq!(Avito::default().send(&plain(&fake), &piece("k", "x")).await.unwrap_err(), SendError::RetryAfter(7_000));
}
