//! Telegram against a server that does what the Bot API documents: each call as it wants it, each refusal and what is done about it.

use kommutator::channel::capability::SentMessage;
use kommutator::channel::contract::{CallContext, Channel, OutgoingPiece, SendError, SentPiece};
use kommutator::channel::telegram::Telegram;
use kommutator::channel::telegram::errors::{Act, TABLE};
use kommutator::model::message::{Attachment, Part};
use serde_json::{Value, json};

use super::{kind, sha};
use crate::support::fakes::{Fake, KeptFiles, context};

mod news;
mod third_party;

const TOKEN: &str = "7000000001:AAF-fake_token_of_the_shop_bot_0001";

/// A fake where Anna has written to the bot, without limits.
async fn fake() -> Fake {
    let fake = Fake::start("telegram").await;
    fake.act("settings", json!({"limits": false, "local": true, "speed": 1_000})).await;
    fake.act("write", json!({"from": {"id": 5, "first_name": "Анна"}, "text": "Здравствуйте"})).await;
    fake
}

fn given(fake: &Fake) -> CallContext {
    context(&fake.url, TOKEN, &[], KeptFiles::default())
}

fn text(words: &str) -> Vec<Part> {
    vec![Part::Text { text: words.to_owned() }]
}

fn piece(key: &str, parts: Vec<Part>, attachments: Vec<Attachment>) -> OutgoingPiece {
    OutgoingPiece { parts, attachments, ..super::piece(key, "") }
}

/// What a chat shows now.
async fn shown(fake: &Fake, chat: i64, connection: &str) -> Vec<Value> {
    let chats = fake.look("chats").await;
    let chat = chats.as_array().unwrap().iter().find(|one| one["id"] == chat && one["connection"] == connection).cloned();
    chat.map(|chat| chat["messages"].as_array().unwrap().clone()).unwrap_or_default()
}

async fn send(context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
    Telegram::default().send(context, piece).await
}

fn id(sent: &SentPiece) -> &str {
    sent.external_id.as_deref().unwrap()
}

fn code(error: &SendError) -> (&'static str, String) {
    (kind(error), super::code(error))
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 6, 0, 0, 0]);
    bytes
}

#[tokio::test]
async fn words_go_as_they_are_and_answers_name_what_they_answer() {
    let fake = fake().await;
    let given = given(&fake);
    let sent = send(&given, &piece("5", text("<b>Добрый</b> день_*"), vec![])).await.unwrap();
    assert_eq!((id(&sent), &sent.more, &sent.conversation_key), ("5/2", &vec![], &None));
    let answer = OutgoingPiece { reply_to_external: Some("5/1".into()), ..piece("5", text("Да"), vec![]) };
    send(&given, &answer).await.unwrap();
    let lost = OutgoingPiece { reply_to_external: Some("5/777".into()), ..piece("5", text("Ответ на стёртое"), vec![]) };
    send(&given, &lost).await.unwrap();
    let chat = shown(&fake, 5, "").await;
    let said: Vec<_> = chat.iter().map(|one| (one["text"].as_str().unwrap(), one["reply_to_message"]["message_id"].as_i64())).collect();
    assert_eq!(said[1..], [("<b>Добрый</b> день_*", None), ("Да", Some(1)), ("Ответ на стёртое", None)]);
}

#[tokio::test]
async fn files_of_each_kind_arrive_whole() {
    let fake = fake().await;
    let content: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let mut files = KeptFiles::default();
    let (photo, tall) = (png(640, 480), png(12_000, 10));
    let table = [
        (files.keep(1, "вид.png", "image/png", &photo), "photo", photo.clone()),
        (files.keep(2, "узкая.png", "image/png", &tall), "document", tall.clone()),
        (files.keep(3, "договор.pdf", "application/pdf", &content), "document", content.clone()),
        (files.keep(4, "a.mp4", "video/mp4", &content), "video", content.clone()),
        (files.keep(5, "a.gif", "image/gif", &content), "animation", content.clone()),
        (files.keep(6, "a.mp3", "audio/mpeg", &content), "audio", content.clone()),
        (files.keep(7, "a.ogg", "audio/ogg", &content), "voice", content.clone()),
        (Attachment { as_file: true, ..files.keep(8, "вид.png", "image/png", &photo) }, "document", photo.clone()),
    ];
    let given = context(&fake.url, TOKEN, &[], files);
    for (file, kind, content) in table {
        let sent = send(&given, &piece("5", text("вот"), vec![file.clone()])).await.unwrap();
        let chat = shown(&fake, 5, "").await;
        let last = chat.last().unwrap();
        assert_eq!(format!("5/{}", last["message_id"]), id(&sent));
        assert_eq!((last["_file"]["kind"].as_str(), last["caption"].as_str()), (Some(kind), Some("вот")), "{file:?}");
        assert_eq!(last["_file"]["sha256"], sha(&content), "{kind}");
        if matches!(kind, "document" | "video") {
            assert_eq!(last["_file"]["name"], file.name.as_str());
        }
    }
}

#[tokio::test]
async fn an_album_is_one_piece_and_several_messages() {
    let fake = fake().await;
    let mut files = KeptFiles::default();
    let album = vec![
        files.keep(1, "a.png", "image/png", &png(10, 10)),
        files.keep(2, "b.png", "image/png", &png(20, 20)),
        files.keep(3, "c.mp4", "video/mp4", b"film"),
    ];
    let strange = vec![files.keep(4, "a.png", "image/png", &png(10, 10)), files.keep(5, "b.png", "image/png", b"no picture at all")];
    let given = context(&fake.url, TOKEN, &[], files);
    let sent = send(&given, &piece("5", text("вот"), album)).await.unwrap();
    assert_eq!((id(&sent), sent.more.iter().map(String::as_str).collect::<Vec<_>>()), ("5/2", vec!["5/3", "5/4"]));
    let chat = shown(&fake, 5, "").await;
    let kinds: Vec<_> = chat[1..].iter().map(|one| (one["_file"]["kind"].as_str().unwrap(), one["caption"].as_str())).collect();
    assert_eq!(kinds, [("photo", Some("вот")), ("photo", None), ("video", None)]);
    assert!(chat[1..].iter().all(|one| one["media_group_id"] == chat[1]["media_group_id"]));
    // What Telegram takes for no picture goes as files, in one try.
    let sent = send(&given, &piece("5", vec![], strange)).await.unwrap();
    assert_eq!(sent.more.len(), 1);
    assert!(shown(&fake, 5, "").await[4..].iter().all(|one| one["_file"]["kind"] == "document"));
}

#[tokio::test]
async fn what_is_refused_one_way_goes_another() {
    let fake = fake().await;
    let mut files = KeptFiles::default();
    let voice = files.keep(1, "a.ogg", "audio/ogg", b"voice");
    let given = context(&fake.url, TOKEN, &[], files);
    fake.act("people", json!({"id": 5, "forbids_voice": true})).await;
    send(&given, &piece("5", text("слушайте"), vec![voice])).await.unwrap();
    let last = shown(&fake, 5, "").await.pop().unwrap();
    assert_eq!((last["_file"]["kind"].as_str(), last["caption"].as_str()), (Some("document"), Some("слушайте")));
    // A group that became a supergroup: sent there, and the conversation learns its key.
    let group = fake.act("group", json!({"type": "group", "title": "Г"})).await["id"].as_i64().unwrap();
    let fresh = fake.act("migrate", json!({ "chat": group })).await["id"].as_i64().unwrap();
    let answer = OutgoingPiece { reply_to_external: Some(format!("{group}/1")), ..piece(&group.to_string(), text("да"), vec![]) };
    let sent = send(&given, &answer).await.unwrap();
    assert_eq!((sent.conversation_key.as_deref(), id(&sent)), (Some(fresh.to_string().as_str()), format!("{fresh}/2").as_str()));
    // A reply that is refused all the same.
    let refused = json!({"status": 400, "kind": "answer", "body": {"ok": false, "error_code": 400, "description": "Bad Request: message to be replied not found"}});
    fake.act("faults", json!({"call": "sendMessage", "act": refused})).await;
    send(&given, &OutgoingPiece { reply_to_external: Some("5/1".into()), ..piece("5", text("без ответа"), vec![]) }).await.unwrap();
    assert!(shown(&fake, 5, "").await.last().unwrap().get("reply_to_message").is_none());
}

/// Every row of the table as Telegram would answer it, and what the caller is told.
#[tokio::test]
async fn every_refusal_says_what_to_do() {
    let fake = fake().await;
    let given = given(&fake);
    for (status, says, act) in TABLE {
        let body = json!({"ok": false, "error_code": status, "description": format!("Something: {says}"), "parameters": {"retry_after": 7}});
        let fault = json!({"call": "sendMessage", "act": {"kind": "answer", "status": status, "body": body}});
        fake.act("faults", fault).await;
        let found = code(&send(&given, &piece("5", text("да"), vec![])).await.unwrap_err());
        let wanted = match act {
            Act::Pause => ("retry_after", "7300"),
            Act::Reject(code) => ("rejected", code),
            Act::Unreachable(code) => ("unreachable", code),
            Act::AccessLost(code) => ("access_lost", code),
            Act::Later(code) => ("temporary", code),
            // Nothing can be done about it at a plain text: it is refused.
            Act::Done | Act::Migrate | Act::WithoutReply | Act::AsDocument => ("rejected", "refused_by_provider"),
        };
        assert_eq!((found.0, found.1.as_str()), wanted, "{status} {says}");
    }
    assert_eq!(shown(&fake, 5, "").await.len(), 1, "nothing of it went");
}

#[tokio::test]
async fn what_the_server_itself_refuses() {
    let fake = fake().await;
    let given = given(&fake);
    let refused = async |key: &str, words: &str| code(&send(&given, &piece(key, text(words), vec![])).await.unwrap_err());
    assert_eq!(refused("999", "да").await, ("rejected", "chat_not_found".into()));
    assert_eq!(refused("5", &"я".repeat(4_097)).await, ("rejected", "text_too_long".into()));
    fake.act("people", json!({"id": 6, "first_name": "Никогда не писал"})).await;
    assert_eq!(refused("6", "да").await, ("unreachable", "must_start_first".into()));
    fake.act("block", json!({"from": 5})).await;
    assert_eq!(refused("5", "да").await, ("unreachable", "customer_blocked_us".into()));
    fake.act("people", json!({"id": 5, "deactivated": true})).await;
    assert_eq!(refused("5", "да").await, ("unreachable", "customer_gone".into()));
    let group = fake.act("group", json!({})).await["id"].as_i64().unwrap();
    fake.act("leave", json!({ "chat": group })).await;
    assert_eq!(refused(&group.to_string(), "да").await, ("unreachable", "not_in_chat".into()));
    fake.act("revoke", json!({})).await;
    assert_eq!(refused("5", "да").await, ("access_lost", "token_revoked".into()));
    fake.act("settings", json!({"limits": true})).await;
    fake.act("restore", json!({})).await;
    fake.act("write", json!({"from": 7, "text": "я"})).await;
    for _ in 0..3 {
        send(&given, &piece("7", text("да"), vec![])).await.unwrap();
    }
    let (kind, ms) = refused("7", "да").await;
    assert!(kind == "retry_after" && (1_000..=3_300).contains(&ms.parse::<i64>().unwrap()), "{ms}");
}

/// An answer that was lost is unclear, never a second message; and no error holds the token.
#[tokio::test]
async fn lost_answers_are_unclear() {
    let fake = fake().await;
    let html = format!("<html>Bad Gateway /bot{TOKEN}/sendMessage</html>");
    let acts = [
        json!({"kind": "lose"}),
        json!({"kind": "half"}),
        json!({"kind": "drop"}),
        json!({"kind": "answer", "status": 502, "body": html}),
        json!({"kind": "answer", "status": 504, "body": ""}),
        json!({"kind": "answer", "status": 200, "body": "{\"ok\":tru"}),
    ];
    for act in acts {
        fake.act("faults", json!({"call": "sendMessage", "act": act})).await;
        let error = send(&given(&fake), &piece("5", text("да"), vec![])).await.unwrap_err();
        assert_eq!(code(&error).0, "unclear", "{act}");
        assert!(!format!("{error:?}").contains("AAF"), "{error:?}");
        // What may be asked twice is only put off.
        fake.act("faults", json!({"call": "editMessageText", "act": act})).await;
        let message = SentMessage { account: String::new(), conversation_key: "5".into(), external_id: "5/2".into(), attachments: vec![] };
        let error = Telegram::default().reword().unwrap().edit(&given(&fake), &message, &act.to_string()).await.unwrap_err();
        assert_eq!(code(&error).0, "temporary", "{act}");
    }
    assert_eq!(fake.calls("sendMessage").await.len(), 6, "each was called once");
    fake.act("faults", json!({"call": "sendMessage", "act": {"kind": "hold"}})).await;
    let now = kommutator::model::time::Time(0);
    let slow = CallContext { now, deadline: now.plus_ms(200), ..given(&fake) };
    assert_eq!(code(&send(&slow, &piece("5", text("да"), vec![])).await.unwrap_err()), ("unclear", "outside_slow".into()));
    let nobody = CallContext { base_url: Some("http://127.0.0.1:9".into()), ..given(&fake) };
    assert_eq!(code(&send(&nobody, &piece("5", text("да"), vec![])).await.unwrap_err()), ("temporary", "outside_unreachable".into()));
}

#[tokio::test]
async fn what_was_sent_can_be_changed() {
    let fake = fake().await;
    let mut files = KeptFiles::default();
    let photo = files.keep(1, "a.png", "image/png", &png(10, 10));
    let given = context(&fake.url, TOKEN, &[], files);
    let telegram = Telegram::default();
    let reword = telegram.reword().unwrap();
    let message = |sent: &SentPiece, attachments: Vec<Attachment>| SentMessage {
        account: String::new(),
        conversation_key: "5".into(),
        external_id: id(sent).into(),
        attachments,
    };
    let words = message(&send(&given, &piece("5", text("да"), vec![])).await.unwrap(), vec![]);
    let picture = message(&send(&given, &piece("5", text("вот"), vec![photo.clone()])).await.unwrap(), vec![photo]);
    reword.edit(&given, &words, "нет").await.unwrap();
    reword.edit(&given, &words, "нет").await.unwrap();
    reword.edit(&given, &picture, "под картинкой").await.unwrap();
    let theirs = SentMessage { external_id: "5/1".into(), ..words.clone() };
    reword.react(&given, &theirs, Some("❤️")).await.unwrap();
    let chat = shown(&fake, 5, "").await;
    assert_eq!(
        (chat[0]["_reaction"].as_str(), chat[1]["text"].as_str(), chat[2]["caption"].as_str()),
        (Some("❤"), Some("нет"), Some("под картинкой"))
    );
    reword.react(&given, &theirs, None).await.unwrap();
    reword.delete(&given, &words).await.unwrap();
    reword.delete(&given, &words).await.unwrap();
    let chat = shown(&fake, 5, "").await;
    assert_eq!((chat[0]["_reaction"].as_str(), chat[1]["_deleted"].as_bool()), (Some(""), Some(true)));
    let failed = |result: Result<(), SendError>| code(&result.unwrap_err());
    assert_eq!(failed(reword.edit(&given, &words, "поздно").await), ("rejected", "cannot_be_changed".into()));
    assert_eq!(failed(reword.edit(&given, &theirs, "чужое").await), ("rejected", "cannot_be_changed".into()));
    assert_eq!(failed(reword.react(&given, &theirs, Some("🥒")).await), ("rejected", "reaction_not_allowed".into()));
    assert_eq!(failed(reword.edit(&given, &words, &"я".repeat(4_097)).await), ("rejected", "text_too_long".into()));
    telegram.typing().unwrap().typing(&given, "", "5").await.unwrap();
    let typing = fake.look("chats").await[0]["actions"].clone();
    assert_eq!(typing, json!(["typing"]));
}

/// The paper for those who run it holds each row of the table.
#[test]
fn the_table_stands_in_the_paper() {
    let paper = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/telegram.md")).unwrap();
    let rows: Vec<&str> = paper.lines().filter(|line| line.starts_with("| 4") || line.starts_with("| 5")).collect();
    let named = |(code, says, act): &(u16, &str, Act)| {
        let words = if says.is_empty() { "anything else".to_owned() } else { format!("`{says}`") };
        let reason = match act {
            Act::Reject(code) | Act::Unreachable(code) | Act::AccessLost(code) | Act::Later(code) => format!("`{code}`"),
            Act::Done | Act::Pause | Act::Migrate | Act::WithoutReply | Act::AsDocument => String::new(),
        };
        rows.iter().any(|row| row.starts_with(&format!("| {code} | {words} | ")) && row.contains(&reason))
    };
    let missing: Vec<_> = TABLE.iter().filter(|row| !named(row)).collect();
    assert_eq!((missing, rows.len()), (vec![], TABLE.len()));
}
