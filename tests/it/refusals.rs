//! Every row of the providers' error tables to its end: the provider answers so, and the message, the channel, the customer, the owner's mailbox and
//! the words on the screen are as the table says. The tables stand in `docs/NAME.md`, too; that they are the same is tested beside each channel.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use kommutator::channel::{avito, telegram, vk};
use serde_json::{Value, json};

use crate::support::connected::{Connected, PATIENCE};
use crate::support::fake_smtp::FakeSmtp;
use crate::support::node::until;

/// What comes of a row.
#[derive(Debug, Clone)]
enum Then {
    /// The message fails.
    Fails(&'static str),
    /// So it does, and the customer stands as one who cannot be written to.
    Unreachable(&'static str),
    /// The message waits, for this reason, and goes once it may.
    Goes(&'static str),
    /// The message waits longer than a test does.
    Waits(&'static str),
    /// It goes at once, as if nothing were.
    Done,
    /// The queue waits, the channel is shown as cut off, its owner gets a letter; with access it goes on.
    Lost(&'static str),
}

/// Which call is answered so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Send,
    Reply,
    Picture,
    Edit,
    Delete,
    React,
    Press,
}

/// A row as it is played.
#[derive(Debug, Clone)]
struct Row {
    name: String,
    /// The fake's calls that are answered so.
    calls: Vec<&'static str>,
    answer: Value,
    at: At,
    /// How often it is answered so.
    times: u32,
    then: Then,
}

/// A provider's table as it is played, and how a person there writes.
struct Table {
    name: &'static str,
    rows: Vec<Row>,
    write: fn(usize, &str) -> Vec<(&'static str, Value)>,
    /// How many rows are played side by side.
    abreast: usize,
}

fn telegram_rows() -> Table {
    use telegram::errors::{Act, TABLE};
    let row = |(status, words, act): (u16, &'static str, Act)| {
        let description = if words.is_empty() { "Something new".to_owned() } else { format!("Bad thing: {words}") };
        let body = json!({ "ok": false, "error_code": status, "description": description, "parameters": { "retry_after": 1 } });
        let (call, at, then) = match act {
            Act::Done if words == "message is not modified" => ("editMessageText", At::Edit, Then::Done),
            Act::Done if words == "message to delete not found" => ("deleteMessage", At::Delete, Then::Done),
            Act::Done => ("answerCallbackQuery", At::Press, Then::Done),
            Act::Pause => ("sendMessage", At::Send, Then::Goes("flood_limit")),
            // The group's new number comes with the refusal; who has none is told so. A real migration: `a_group_that_moved_keeps_its_conversation`.
            Act::Migrate => ("sendMessage", At::Send, Then::Fails("refused_by_provider")),
            Act::WithoutReply => ("sendMessage", At::Reply, Then::Done),
            Act::AsDocument => ("sendPhoto", At::Picture, Then::Done),
            Act::Reject(code @ "cannot_be_changed") if words.contains("react") => ("setMessageReaction", At::React, Then::Fails(code)),
            Act::Reject(code @ "cannot_be_changed") => ("editMessageText", At::Edit, Then::Fails(code)),
            Act::Reject(code @ "cannot_be_deleted") => ("deleteMessage", At::Delete, Then::Fails(code)),
            Act::Reject(code @ "reaction_not_allowed") => ("setMessageReaction", At::React, Then::Fails(code)),
            Act::Reject(code) => ("sendMessage", At::Send, Then::Fails(code)),
            Act::Unreachable(code) => ("sendMessage", At::Send, Then::Unreachable(code)),
            Act::AccessLost(code) => ("sendMessage", At::Send, Then::Lost(code)),
            Act::Later(code) => ("sendMessage", At::Send, Then::Goes(code)),
        };
        Row { name: format!("{status} {words}"), calls: vec![call], answer: json!({ "status": status, "body": body }), at, times: 1, then }
    };
    Table {
        name: "telegram",
        rows: TABLE.into_iter().map(row).collect(),
        write: |person, text| vec![("write", json!({ "from": { "id": 1_000 + person, "first_name": format!("Человек {person}") }, "text": text }))],
        abreast: 12,
    }
}

fn vk_rows() -> Table {
    use vk::errors::{Act, TABLE};
    let row = |(code, act): (i64, Act)| {
        let body = json!({ "error": { "error_code": code, "error_msg": "Something is wrong", "request_params": [] } });
        let then = match act {
            Act::Fail(code) => Then::Fails(code),
            Act::Later(code) => Then::Goes(code),
            Act::Pause(ms) if ms <= 1_000 => Then::Goes("flood_limit"),
            Act::Pause(_) => Then::Waits("flood_limit"),
            Act::Unreachable(code) => Then::Unreachable(code),
            Act::Closed(code) => Then::Lost(code),
            Act::UploadAgain => Then::Fails("upload_refused"),
        };
        Row { name: code.to_string(), calls: vec!["messages.send"], answer: json!({ "status": 200, "body": body }), at: At::Send, times: 1, then }
    };
    Table {
        name: "vk",
        // The first code of each row: that the others stand for the same is tested beside the channel.
        rows: TABLE.iter().filter_map(|(codes, _, act)| codes.first().map(|code| (*code, *act))).map(row).collect(),
        write: |person, text| vec![("write", json!({ "user": 1_000 + person, "text": text }))],
        abreast: 12,
    }
}

fn avito_rows() -> Table {
    use avito::errors::{Act, TABLE};
    let rows = |(status, act): (u16, Act)| {
        let answer =
            json!({ "status": status, "body": { "error": { "code": status, "message": "Something is wrong" } }, "headers": { "retry-after": "1" } });
        let row = |name: &str, times: u32, then: Then| Row {
            name: format!("{status}{name}"),
            calls: vec!["send"],
            answer: answer.clone(),
            at: At::Send,
            times,
            then,
        };
        let everywhere = |then: Then| Row { calls: vec!["send", "self"], ..row(" everywhere", 2, then) };
        match act {
            Act::Fail(code) => vec![row("", 1, Then::Fails(code))],
            // Only this chat is closed, if the account itself is let in.
            Act::NewToken("avito_no_right") => {
                vec![row(" once", 1, Then::Done), row(" twice", 2, Then::Fails("chat_closed")), everywhere(Then::Lost("avito_no_right"))]
            }
            Act::NewToken(code) => vec![row(" once", 1, Then::Done), row(" twice", 2, Then::Lost(code))],
            Act::Closed(code) => vec![row("", 1, Then::Lost(code))],
            Act::Pause(_) => vec![row("", 1, Then::Goes("flood_limit"))],
            // It is looked for in the chat, once nobody can be sending it any more.
            Act::Later(code) => vec![row("", 1, Then::Waits(code))],
        }
    };
    Table {
        name: "avito",
        rows: TABLE.iter().flat_map(|(statuses, _, act)| statuses.iter().map(|status| (*status, *act))).flat_map(rows).collect(),
        write: |person, text| {
            let id = format!("u2i-row-{person}");
            let chat = json!({ "id": id, "buyer": { "id": 1_000 + person, "name": format!("Человек {person}") }, "item": { "id": 7, "title": "Стол", "price": "1 ₽" } });
            vec![("chat", chat), ("write", json!({ "chat": id, "text": text }))]
        },
        abreast: 4,
    }
}

/// The languages a screen has no words in for a code.
fn wordless(code: &str) -> Vec<String> {
    let has_words = |language: &&str| {
        let path = format!("{}/web-widget/messenger/src/words/{language}/common.ts", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().any(|line| line.trim_start().strip_prefix(&format!("\"reason.{code}\": \"")).is_some_and(|words| words.len() > 10))
    };
    ["ru", "en", "es"].into_iter().filter(|language| !has_words(language)).map(|language| format!("{code} ({language})")).collect()
}

/// A customer of their own, who wrote.
async fn customer(at: &Connected, table: &Table, number: usize) -> (String, Value) {
    let said = format!("asked-{number}-{}", table.name);
    for (op, body) in (table.write)(number, &said) {
        at.fake.act(op, body).await;
    }
    let conversation = at.conversation(&said).await;
    let found = at.ask("GET", &format!("/conversations/{conversation}/messages"), Value::Null).await;
    (conversation, found["items"][0].clone())
}

/// One row, from the provider's answer to what a person sees.
async fn play(at: &Connected, table: &Table, number: usize, row: &Row) {
    let (conversation, theirs) = customer(at, table, number).await;
    let marker = format!("answer-{number}-{}.", table.name);
    let fault = |when: &str| {
        let mut act = row.answer.clone();
        act["kind"] = json!("answer");
        // Only what sends holds the words it is known by.
        let of = |(at, call): (usize, &&str)| json!({ "call": call, "when": if at == 0 { when } else { "" }, "times": row.times, "act": act });
        json!(row.calls.iter().enumerate().map(of).collect::<Vec<_>>())
    };
    let path = |message: &Value, rest: &str| format!("/conversations/{conversation}/messages/{}{rest}", message["id"].as_str().unwrap());
    let expect = |(status, answer): (u16, Value)| match &row.then {
        Then::Done => assert_eq!(status, 200, "{}: {answer}", row.name),
        Then::Fails(code) => assert_eq!((status, answer["code"].as_str()), (422, Some(*code)), "{}: {answer}", row.name),
        other => panic!("{}: {other:?} at a change", row.name),
    };
    match row.at {
        At::Send | At::Reply | At::Picture => {}
        At::Press => {
            at.fake.act("faults", fault("")).await;
            let ours = at.send(&conversation, json!({ "text": marker })).await.unwrap();
            at.stands(&ours, "sent", None).await;
            at.fake
                .act("press", json!({ "from": 1_000 + number, "chat": 1_000 + number, "message_id": 2, "data": format!("pressed-{number}") }))
                .await;
            return drop(at.conversation(&format!("pressed-{number}")).await);
        }
        At::React => {
            at.fake.act("faults", fault(&(1_000 + number).to_string())).await;
            return expect(at.try_ask("PUT", &path(&theirs, "/reaction"), json!({ "emoji": "👍" })).await);
        }
        At::Edit | At::Delete => {
            let ours = at.send(&conversation, json!({ "text": marker })).await.unwrap();
            let ours = at.stands(&ours, "sent", None).await;
            at.fake.act("faults", fault(&(1_000 + number).to_string())).await;
            let (method, body) = if row.at == At::Edit { ("PATCH", json!({ "text": format!("{marker} anew") })) } else { ("DELETE", Value::Null) };
            return expect(at.try_ask(method, &path(&ours, ""), body).await);
        }
    }
    let mut body = json!({ "text": marker });
    match row.at {
        At::Picture => {
            body["attachments"] = json!([at.upload(&format!("picture-{number}.png"), png()).await]);
            at.fake.act("faults", fault("")).await;
        }
        At::Reply => {
            body["reply_to"] = theirs["id"].clone();
            at.fake.act("faults", fault(&marker)).await;
        }
        _ => drop(at.fake.act("faults", fault(&marker)).await),
    }
    let ours = at.send(&conversation, body).await.unwrap_or_else(|answer| panic!("{}: {answer}", row.name));
    match row.then {
        Then::Fails(code) => drop(at.stands(&ours, "failed", Some(code)).await),
        Then::Unreachable(code) => {
            at.stands(&ours, "failed", Some(code)).await;
            let person = at.ask("GET", &format!("/conversations/{conversation}/person"), Value::Null).await;
            assert_eq!(person["unreachable"]["code"], code, "{}: the customer's card says why", row.name);
        }
        Then::Goes(code) => {
            at.stands(&ours, "queued", Some(code)).await;
            at.stands(&ours, "sent", None).await;
        }
        Then::Waits(code) => drop(at.stands(&ours, "queued", Some(code)).await),
        Then::Done => drop(at.stands(&ours, "sent", None).await),
        Then::Lost(code) => {
            at.stands(&ours, "queued", Some(code)).await;
            at.is("access_lost", Some(code)).await;
            at.connect_again().await;
            at.stands(&ours, "sent", None).await;
            at.is("connected", None).await;
        }
    }
}

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(8, 8, image::Rgb([9, 9, 9])).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Letters that say that the channel is cut off.
fn letters(smtp: &FakeSmtp, owner: &str) -> usize {
    smtp.to(owner).iter().filter(|letter| letter.text().contains("потерял доступ")).count()
}

async fn every_row(table: Table) {
    let smtp = FakeSmtp::start().await;
    let at = Connected::start(table.name, &[("--smtp-url", &smtp.url), ("--mail-from", "chat@shop.example")]).await;
    let owner = at.node.printed.email.clone();
    let (lost, others): (Vec<_>, Vec<_>) = table.rows.iter().enumerate().partition(|(_, row)| matches!(row.then, Then::Lost(_)));
    // Pictures are told apart by nothing in their calls: one after another.
    let (pictures, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|(_, row)| matches!(row.at, At::Picture | At::Press));
    futures_util::stream::iter(others).for_each_concurrent(table.abreast, |(number, row)| play(&at, &table, number, row)).await;
    for (number, row) in pictures {
        play(&at, &table, number, row).await;
    }
    at.is("connected", None).await;
    assert_eq!(letters(&smtp, &owner), 0, "nothing of that is worth a letter about the channel");
    for (done, (number, row)) in lost.iter().enumerate() {
        play(&at, &table, *number, row).await;
        until(&format!("a letter: {}", row.name), PATIENCE, async || (letters(&smtp, &owner) > done).then_some(())).await;
        assert_eq!(letters(&smtp, &owner), done + 1, "one letter: {}", row.name);
    }
    let code = |row: &Row| match row.then {
        Then::Fails(code) | Then::Unreachable(code) | Then::Goes(code) | Then::Waits(code) | Then::Lost(code) => Some(code),
        Then::Done => None,
    };
    let codes: BTreeSet<_> = table.rows.iter().filter_map(code).collect();
    let wordless: Vec<_> = codes.into_iter().flat_map(wordless).collect();
    assert!(wordless.is_empty(), "no words on the screen: {wordless:?}");
    println!("{}: {} rows played", table.name, table.rows.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_of_telegram_comes_to_what_its_table_says() {
    every_row(telegram_rows()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_of_vk_comes_to_what_its_table_says() {
    every_row(vk_rows()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_of_avito_comes_to_what_its_table_says() {
    every_row(avito_rows()).await;
}

/// A provider that fails again and again makes the channel unsteady, visibly and without a letter, until something goes again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_fails_again_and_again_makes_the_channel_unsteady() {
    let smtp = FakeSmtp::start().await;
    let at = Connected::start("telegram", &[("--smtp-url", &smtp.url), ("--mail-from", "chat@shop.example")]).await;
    let table = telegram_rows();
    let mut people = Vec::new();
    for number in 0..3 {
        people.push(customer(&at, &table, number).await.0);
    }
    let act = json!({ "kind": "answer", "status": 500, "body": { "ok": false, "error_code": 500, "description": "Internal Server Error" } });
    at.fake.act("faults", json!({ "call": "sendMessage", "times": 6, "act": act })).await;
    let mut sent = Vec::new();
    for conversation in &people {
        sent.push(at.send(conversation, json!({ "text": "Здравствуйте" })).await.unwrap());
    }
    at.is("degraded", Some("provider_failed")).await;
    for message in &sent {
        at.stands(message, "sent", None).await;
    }
    at.is("connected", None).await;
    assert_eq!(letters(&smtp, &at.node.printed.email), 0);
}

/// The paper says how many rows there are.
#[test]
fn every_row_of_the_tables_is_counted() {
    let vk = vk::errors::TABLE.len();
    let avito: usize = avito::errors::TABLE.iter().map(|(statuses, ..)| statuses.len()).sum();
    let telegram = telegram::errors::TABLE.len();
    let says = format!("({telegram} of Telegram, {vk} of VK, {avito} statuses of Avito)");
    let paper = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/channels.md")).unwrap();
    assert!(paper.contains(&says), "docs/channels.md does not say {says}");
}
