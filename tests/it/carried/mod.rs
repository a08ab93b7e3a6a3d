//! What each channel carries, cell by cell of the table in `docs/channels.md`: what a person sends there arrives here as the cell says, what is sent
//! from here arrives there so, and what cannot go is refused before it goes. Files are compared by their content.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::connected::{Connected, PATIENCE};
use crate::support::node::{http, until};

mod avito;
mod telegram;
mod vk;

/// Which way a row goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

/// One cell: what becomes of a kind of message at a channel.
#[derive(Debug, Clone)]
struct Cell {
    kind: String,
    way: Way,
    says: String,
}

/// Somebody at the provider, a person of their own for each cell.
#[derive(Debug, Clone)]
struct Who {
    number: i64,
    name: String,
}

/// What stands in a chat at the provider: of a message of ours its words, files (what it went as, and its content) and what it answers.
#[derive(Debug, Default)]
struct There {
    text: String,
    files: Vec<(String, String)>,
    answers: bool,
    reaction: String,
}

/// A column of the table at its fake.
trait Column: Sync {
    /// Its head.
    fn head(&self) -> &'static str;
    /// What its channel is.
    fn kind(&self) -> &'static str;
    /// A person sends something of a kind, or does it to a message; false: there is no such thing here.
    async fn comes(&self, at: &Connected, kind: &str, who: &Who) -> bool;
    /// What stands in the chat with somebody and is ours.
    async fn there(&self, at: &Connected, who: &Who) -> Vec<There>;
    /// Whether the other side was shown that theirs was read.
    async fn was_read(&self, at: &Connected, who: &Who) -> bool;
}

/// Files larger than usual are taken.
const ROOM: &[(&str, &str)] = &[("--max-file-bytes", "100MB")];

fn sha(content: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(content))
}

/// A file of a kind: name, media type, content.
fn content(kind: &str) -> (String, &'static str, Vec<u8>) {
    let picture = |format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let from = |x: u32, y: u32| image::Rgba([x.to_le_bytes()[0], y.to_le_bytes()[0], 9, 255]);
        image::DynamicImage::ImageRgba8(image::RgbaImage::from_fn(200, 150, from)).to_rgb8().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    let begins = |start: &[u8], rest: u8| start.iter().copied().chain(std::iter::repeat_n(rest, 5_000)).collect::<Vec<u8>>();
    match kind {
        "A picture" | "Several pictures" | "A sticker" => ("вид.png".to_owned(), "image/png", picture(image::ImageFormat::Png)),
        "A film without sound" => ("кот.gif".to_owned(), "image/gif", picture(image::ImageFormat::Gif)),
        "A video" => ("обзор.mp4".to_owned(), "video/mp4", begins(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", 1)),
        "A voice message" => ("голос.ogg".to_owned(), "audio/ogg", begins(b"OggS\0\x02\0\0\0\0\0\0\0\0OpusHead", 2)),
        "Music" => ("песня.mp3".to_owned(), "audio/mpeg", begins(b"ID3\x04\0\0\0\0\0\0", 3)),
        "A file of 51 MB" => ("проект.pdf".to_owned(), "application/pdf", [b"%PDF-1.7\n".as_slice(), &vec![4; 51 * 1024 * 1024]].concat()),
        _ => ("договор.pdf".to_owned(), "application/pdf", begins(b"%PDF-1.7\n", 5)),
    }
}

fn base64(content: &[u8]) -> String {
    data_encoding::BASE64.encode(content)
}

/// The cells of a column, as the table in the docs has them.
fn cells(head: &str) -> Vec<Cell> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/channels.md")).unwrap();
    let table = text.split("## What each carries").nth(1).expect("the table").split("\n## ").next().unwrap();
    let lines: Vec<Vec<&str>> =
        table.lines().filter(|line| line.starts_with('|')).map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect();
    let at = lines[0].iter().position(|cell| *cell == head).unwrap_or_else(|| panic!("no column {head}"));
    let mut kind = String::new();
    let mut cells = Vec::new();
    for line in &lines[2..] {
        if !line[0].is_empty() {
            line[0].clone_into(&mut kind);
        }
        let way = match line[1] {
            "in" => Way::In,
            "out" => Way::Out,
            other => panic!("{kind}: {other}"),
        };
        cells.push(Cell { kind: kind.clone(), way, says: line[at].to_owned() });
    }
    cells
}

/// What messages are made of, each message's things in order.
fn things(messages: &[Value]) -> Vec<Vec<String>> {
    let of = |message: &Value| {
        let list = |name: &str| message[name].as_array().cloned().unwrap_or_default();
        let file = |file: &Value| match (file["status"].as_str().unwrap(), file["media_type"].as_str().unwrap().split('/').next().unwrap()) {
            ("ready", "image") => "picture".to_owned(),
            ("ready", kind @ ("video" | "audio")) => kind.to_owned(),
            ("ready", _) => "file".to_owned(),
            (status, _) => status.to_owned(),
        };
        let mut things: Vec<String> = list("attachments").iter().map(file).collect();
        things.extend(list("cards").iter().map(|card| card["kind"].as_str().unwrap().to_owned()));
        let words = message["words"].as_str().or(message["text"].as_str()).unwrap_or_default();
        things.extend((!words.is_empty()).then(|| "words".to_owned()));
        things
    };
    messages.iter().map(of).collect()
}

/// What a message from there must be made of here.
fn wanted(cell: &Cell) -> Vec<Vec<&'static str>> {
    let natural = match cell.kind.as_str() {
        "A picture" | "A film without sound" => "picture",
        "A video" => "video",
        "A voice message" | "Music" => "audio",
        "A contact" => "contact",
        "A place" => "location",
        "A call" => "call",
        "A post, product, story" => "post",
        "What we do not know" => "unknown",
        "A file" => "file",
        "Several pictures" => return if cell.says == "native" { vec![vec!["picture"; 3]] } else { vec![vec!["picture"]; 3] },
        _ => "words",
    };
    vec![vec![match cell.says.as_str() {
        "native" => natural,
        "as a link" | "as a card" => "post",
        "as a video" => "video",
        "as a picture" => "picture",
        "as words" => "words",
        other => panic!("{}: {other}", cell.kind),
    }]]
}

impl Who {
    fn of(head: &str, number: usize) -> Self {
        Self { number: 1_000 + i64::try_from(number).unwrap(), name: format!("{head} {number}") }
    }
}

async fn conversation(at: &Connected, who: &Who) -> String {
    until(&format!("a conversation of {}", who.name), PATIENCE, async || {
        let found = at.ask("GET", "/conversations?view=all&limit=100", Value::Null).await;
        let row = found["items"].as_array().unwrap().iter().find(|row| row["title"].as_str() == Some(&who.name)).cloned();
        row.map(|row| row["id"].as_str().unwrap().to_owned())
    })
    .await
}

async fn messages(at: &Connected, conversation: &str) -> Vec<Value> {
    at.ask("GET", &format!("/conversations/{conversation}/messages?limit=50"), Value::Null).await["items"].as_array().unwrap().clone()
}

/// Whether the files of messages are these, byte for byte.
async fn whole(at: &Connected, messages: &[Value], wanted: &str) -> bool {
    for file in messages.iter().flat_map(|message| message["attachments"].as_array().unwrap()) {
        let got = http().get(format!("{}{}", at.node.url(), file["url"].as_str().unwrap())).send().await.unwrap().bytes().await.unwrap();
        if sha(&got) != wanted {
            return false;
        }
    }
    true
}

/// One cell of what comes in.
async fn comes(column: &impl Column, at: &Connected, cell: &Cell, who: &Who) {
    assert!(column.comes(at, &cell.kind, who).await, "nobody plays «{}» in at {}", cell.kind, column.head());
    let conversation = conversation(at, who).await;
    let what = format!("{} in at {}: {}", cell.kind, column.head(), cell.says);
    let found = until_shown(&what, async || {
        let all = messages(at, &conversation).await;
        let (ours, theirs): (Vec<Value>, Vec<Value>) = all.into_iter().partition(|message| message["direction"] == "outbound");
        let newest = theirs.last().cloned().unwrap_or_default();
        let done = match cell.kind.as_str() {
            "An answer" => !newest["reply_to"].is_null(),
            "An edit" => newest["edited_at"].is_string() && newest["text"] == "после",
            "A deletion" => newest["deleted_at"].is_string() && newest["text"] == "",
            "A reaction" => ours.iter().any(|message| message["reactions"][0]["emoji"].is_string()),
            "A read mark" => ours.iter().any(|message| message["state"]["status"] == "read"),
            "Several writers" => {
                let mut names: Vec<&str> = theirs.iter().map(|message| message["author"]["name"].as_str().unwrap()).collect();
                names.sort_unstable();
                names.dedup();
                names.len() == 3
            }
            "A pressed button" => newest["text"] == "Беру",
            "A quote" => newest["text"].as_str().is_some_and(|text| text.starts_with("> ")),
            "A forward" => newest["text"].as_str().is_some_and(|text| text.contains("чужие слова") && text != "чужие слова"),
            // What is said beside a thing may stand there; what is wanted must.
            _ => {
                let (things, wanted) = (things(&theirs), wanted(cell));
                things.len() == wanted.len()
                    && things.iter().zip(&wanted).all(|(things, wanted)| {
                        wanted.iter().all(|one| {
                            let count = |all: &[String]| all.iter().filter(|other| other == one).count();
                            count(things) == wanted.iter().filter(|other| *other == one).count()
                        })
                    })
            }
        };
        if done { Ok(theirs) } else { Err(format!("{:?} {theirs:?}", things(&theirs))) }
    })
    .await;
    let carries_file = matches!(
        cell.kind.as_str(),
        "A picture" | "Several pictures" | "A file" | "A video" | "A voice message" | "Music" | "A film without sound" | "A sticker"
    );
    if carries_file && !matches!(cell.says.as_str(), "as a link" | "as a card") {
        assert!(whole(at, &found, &sha(&content(&cell.kind).2)).await, "{what}: not the same bytes");
    }
}

/// Waits until something is as it should be; if it never is, says how it is instead.
async fn until_shown<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(instead) => assert!(Instant::now() < end, "{what}; there stands {instead}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One cell of what goes out.
async fn goes(column: &impl Column, at: &Connected, cell: &Cell, who: &Who) {
    let what = format!("{} out at {}: {}", cell.kind, column.head(), cell.says);
    assert!(column.comes(at, "Words", who).await);
    let conversation = conversation(at, who).await;
    let theirs = messages(at, &conversation).await.remove(0);
    let path = |message: &Value, rest: &str| format!("/conversations/{conversation}/messages/{}{rest}", message["id"].as_str().unwrap());
    let refused = cell.says.strip_prefix("refused: ");
    let check = |(status, answer): (u16, Value)| match refused {
        Some(code) => assert_eq!((status, answer["code"].as_str()), (422, Some(code)), "{what}: {answer}"),
        None => assert_eq!(status, 200, "{what}: {answer}"),
    };
    let sent = async |body: Value| {
        let sent = at.send(&conversation, body).await.unwrap_or_else(|answer| panic!("{what}: {answer}"));
        at.stands(&sent, "sent", None).await
    };
    let there = async |done: &dyn Fn(&[There]) -> bool| {
        until_shown(&what, async || {
            let there = column.there(at, who).await;
            if done(&there) { Ok(there) } else { Err(format!("{there:?}")) }
        })
        .await
    };
    match cell.kind.as_str() {
        "Words beyond all bounds" => {
            let answer = at.send(&conversation, json!({ "text": "слово ".repeat(20_000) })).await.err();
            assert_eq!(answer.and_then(|answer| answer["code"].as_str().map(str::to_owned)).as_deref(), refused, "{what}");
        }
        "Long words" => {
            let text = "Здравствуйте, вот весь текст. ".repeat(if column.head() == "Avito" { 80 } else { 200 });
            sent(json!({ "text": text })).await;
            let all = there(&|there| {
                there.len() > 1 && there.iter().map(|one| one.text.split_whitespace().count()).sum::<usize>() == text.split_whitespace().count()
            })
            .await;
            assert!(all.iter().all(|one| !one.text.is_empty()), "{what}: {all:?}");
        }
        "An answer" => {
            let answered = at.send(&conversation, json!({ "text": "ответ", "reply_to": theirs["id"] })).await;
            match refused {
                Some(code) => assert_eq!(answered.unwrap_err()["code"], code, "{what}"),
                None => drop(there(&|there| there.iter().any(|one| one.answers && one.text == "ответ")).await),
            }
        }
        "An edit" => {
            let message = sent(json!({ "text": "до" })).await;
            check(at.try_ask("PATCH", &path(&message, ""), json!({ "text": "после" })).await);
            if refused.is_none() {
                there(&|there| there.iter().any(|one| one.text == "после") && !there.iter().any(|one| one.text == "до")).await;
            }
        }
        "A deletion" => {
            let message = sent(json!({ "text": "лишнее" })).await;
            check(at.try_ask("DELETE", &path(&message, ""), Value::Null).await);
            if refused.is_none() {
                there(&|there| !there.iter().any(|one| one.text == "лишнее")).await;
            }
        }
        "A reaction" => {
            check(at.try_ask("PUT", &path(&theirs, "/reaction"), json!({ "emoji": "👍" })).await);
            if refused.is_none() {
                there(&|there| there.iter().any(|one| one.reaction == "👍")).await;
            }
        }
        "A read mark" => {
            at.ask("POST", &format!("/conversations/{conversation}/read"), json!({ "up_to": theirs["id"] })).await;
            until_shown(&what, async || if column.was_read(at, who).await { Ok(()) } else { Err("unread".to_owned()) }).await;
        }
        "A first word" => {
            let address = if column.head().starts_with("VK") { format!("id{}", who.number) } else { who.number.to_string() };
            let channels = at.ask("GET", "/channels", Value::Null).await;
            let channel = channels["items"].as_array().unwrap().iter().find(|one| one["kind"] == column.kind()).unwrap()["id"].clone();
            let body = json!({ "address": address, "client_id": who.name.replace(' ', "-"), "text": "Первым" });
            let (status, answer) = at.try_ask("POST", &format!("/channels/{}/messages", channel.as_str().unwrap()), body).await;
            match refused {
                Some(code) => assert_eq!((status, answer["code"].as_str()), (422, Some(code)), "{what}: {answer}"),
                None => drop(there(&|there| there.iter().any(|one| one.text == "Первым")).await),
            }
        }
        kind => {
            let (name, _, bytes) = content(kind);
            let several = kind == "Several pictures";
            let mut ids = Vec::new();
            for _ in 0..if several { 3 } else { usize::from(kind != "Words") } {
                ids.push(at.upload(&name, bytes.clone()).await);
            }
            let body = json!({ "text": "вот", "attachments": ids });
            if let Some(code) = refused {
                let answer = at.send(&conversation, body).await.unwrap_err();
                return assert_eq!(answer["code"], code, "{what}: {answer}");
            }
            sent(body).await;
            let went = match (kind, cell.says.as_str()) {
                ("Words", _) => "",
                (_, "as a file") => "file",
                (_, "as a link") => "link",
                (_, "as a picture") => "picture",
                ("A picture" | "Several pictures", _) => "picture",
                ("A film without sound", _) => "film",
                ("A video", _) => "video",
                ("A voice message", _) => "voice",
                ("Music", _) => "music",
                _ => "file",
            };
            let all = there(&|there| {
                there.iter().map(|one| one.files.len()).sum::<usize>() == ids.len() && there.iter().any(|one| one.text.contains("вот"))
            })
            .await;
            let files: BTreeMap<&str, usize> = all.iter().flat_map(|one| &one.files).fold(BTreeMap::new(), |mut all, (kind, _)| {
                *all.entry(kind.as_str()).or_default() += 1;
                all
            });
            let wanted = if ids.is_empty() { BTreeMap::new() } else { BTreeMap::from([(went, ids.len())]) };
            assert_eq!(files, wanted, "{what}");
            assert!(all.iter().flat_map(|one| &one.files).all(|(_, hash)| *hash == sha(&bytes)), "{what}: not the same bytes");
        }
    }
}

/// Every cell of a column.
async fn every_cell(column: &impl Column, at: &Connected, first: usize, abreast: usize) {
    let cells = cells(column.head());
    let played = futures_util::stream::iter(cells.iter().enumerate().filter(|(_, cell)| cell.says != "—"));
    let wrong: Vec<String> = played
        .map(async |(number, cell)| {
            let who = Who::of(column.head(), first + number);
            let play = async {
                match cell.way {
                    Way::In => comes(column, at, cell, &who).await,
                    Way::Out => goes(column, at, cell, &who).await,
                }
            };
            // All that is wrong is told at once.
            std::panic::AssertUnwindSafe(play).catch_unwind().await.err().map(|_| format!("{} {:?}: {}", cell.kind, cell.way, cell.says))
        })
        .buffer_unordered(abreast)
        .filter_map(async |wrong| wrong)
        .collect()
        .await;
    assert!(wrong.is_empty(), "{}: {wrong:#?}", column.head());
    println!("{}: {} cells", column.head(), cells.iter().filter(|cell| cell.says != "—").count());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telegram_carries_what_the_table_says() {
    let at = Connected::start("telegram", ROOM).await;
    every_cell(&telegram::Bot, &at, 0, 8).await;
    every_cell(&telegram::Personal::attached(&at).await, &at, 200, 8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vk_carries_what_the_table_says() {
    let at = Connected::start("vk", ROOM).await;
    every_cell(&vk::Messages, &at, 0, 4).await;
    every_cell(&vk::Comments, &at, 200, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn avito_carries_what_the_table_says() {
    let at = Connected::start("avito", ROOM).await;
    // One call a second: more strangers at once than that have no name yet.
    every_cell(&avito::Avito, &at, 0, 2).await;
}
