//! The two columns of VK: messages of a community, and comments under its posts.

use serde_json::{Value, json};

use super::{Column, There, Who, base64, content};
use crate::support::connected::Connected;

/// Messages.
pub(super) struct Messages;

/// Comments.
pub(super) struct Comments;

async fn is_known(at: &Connected, who: &Who) {
    let (first, last) = who.name.rsplit_once(' ').unwrap();
    at.fake.act("user", json!({ "id": who.number, "first_name": first, "last_name": last })).await;
}

/// An attachment of a kind, as VK has it.
fn attached(kind: &str) -> Value {
    let (name, media_type, bytes) = content(kind);
    let file = |as_what: &str| json!({ "kind": as_what, "name": name, "media_type": media_type, "bytes": base64(&bytes) });
    let raw = |what: &str, thing: Value| json!({ "raw": { "type": what, what: thing } });
    match kind {
        "A picture" | "Several pictures" => file("photo"),
        "A file" | "A film without sound" => file("doc"),
        "A voice message" => file("voice"),
        "A sticker" => file("sticker"),
        "A video" => raw("video", json!({ "id": 5, "owner_id": 7, "title": "Обзор", "image": [] })),
        "Music" => raw("audio", json!({ "id": 5, "owner_id": 7, "artist": "Хор", "title": "Песня", "url": "" })),
        "A poll" => raw("poll", json!({ "id": 5, "owner_id": 7, "question": "Едем?" })),
        "A call" => raw("call", json!({ "initiator_id": 7, "receiver_id": -1, "state": "canceled_by_receiver", "video": false })),
        "A post, product, story" => raw("wall", json!({ "id": 5, "to_id": -7, "text": "Новая коллекция" })),
        _ => raw("mini_app", json!({ "app": "something new" })),
    }
}

impl Column for Messages {
    fn head(&self) -> &'static str {
        "VK messages"
    }

    fn kind(&self) -> &'static str {
        "vk_messages"
    }

    async fn comes(&self, at: &Connected, kind: &str, who: &Who) -> bool {
        is_known(at, who).await;
        let write = async |mut body: Value| {
            body["user"] = json!(who.number);
            at.fake.act("write", body).await
        };
        let ours = async || {
            write(json!({ "text": "до" })).await;
            let conversation = super::conversation(at, who).await;
            let sent = at.send(&conversation, json!({ "text": "наше" })).await.unwrap();
            at.stands(&sent, "sent", None).await;
            2
        };
        match kind {
            "Words" => drop(write(json!({ "text": "слова" })).await),
            "A picture"
            | "A file"
            | "A film without sound"
            | "A voice message"
            | "A sticker"
            | "A video"
            | "Music"
            | "A poll"
            | "A call"
            | "A post, product, story"
            | "What we do not know" => drop(write(json!({ "attachments": [attached(kind)] })).await),
            "Several pictures" => drop(write(json!({ "attachments": [attached(kind), attached(kind), attached(kind)] })).await),
            "A place" => drop(write(json!({ "geo": { "latitude": 55.75, "longitude": 37.61 } })).await),
            "A forward" => {
                let forwarded =
                    json!({ "from_id": 7, "text": "чужие слова", "date": 1, "attachments": [], "conversation_message_id": 3, "peer_id": 7 });
                drop(write(json!({ "text": "смотрите", "fwd": [forwarded] })).await);
            }
            "An answer" => {
                let to = ours().await;
                drop(write(json!({ "text": "ответ", "reply_to": to })).await);
            }
            "An edit" => {
                let first = write(json!({ "text": "до" })).await;
                drop(at.fake.act("edit", json!({ "user": who.number, "cmid": first["cmid"], "text": "после" })).await);
            }
            "A reaction" => {
                let to = ours().await;
                drop(at.fake.act("react", json!({ "user": who.number, "cmid": to, "reaction": 1 })).await);
            }
            "A read mark" => {
                ours().await;
                drop(at.fake.act("read", json!({ "user": who.number })).await);
            }
            "A pressed button" => drop(write(json!({ "text": "Беру", "payload": "{\"button\":1}" })).await),
            _ => return false,
        }
        true
    }

    async fn there(&self, at: &Connected, who: &Who) -> Vec<There> {
        let dialog = at.fake.look(&format!("dialog?peer={}", who.number)).await;
        let all = dialog["messages"].as_array().cloned().unwrap_or_default();
        all.iter().filter(|message| message["out"] == 1).map(|message| said(message, message["reply_message"].is_object())).collect()
    }

    async fn was_read(&self, at: &Connected, who: &Who) -> bool {
        at.fake.look(&format!("dialog?peer={}", who.number)).await["read_by_us"].as_i64().is_some_and(|read| read > 0)
    }
}

fn said(message: &Value, answers: bool) -> There {
    let kind = |kind: &str| match kind {
        "photo" => "picture".to_owned(),
        "doc" => "file".to_owned(),
        "audio_message" => "voice".to_owned(),
        other => other.to_owned(),
    };
    let file = |file: &Value| {
        let (what, name) = (kind(file["type"].as_str().unwrap()), file["name"].as_str().unwrap_or_default());
        // What moves in VK is a document by its name.
        let what = if what == "file" && name.ends_with(".gif") { "film".to_owned() } else { what };
        (what, file["sha256"].as_str().unwrap().to_owned())
    };
    There {
        text: message["text"].as_str().unwrap_or_default().to_owned(),
        files: message["files"].as_array().unwrap().iter().map(file).collect(),
        answers,
        reaction: String::new(),
    }
}

impl Column for Comments {
    fn head(&self) -> &'static str {
        "VK comments"
    }

    fn kind(&self) -> &'static str {
        "vk_comments"
    }

    async fn comes(&self, at: &Connected, kind: &str, who: &Who) -> bool {
        is_known(at, who).await;
        let write = async |mut body: Value| {
            body["user"] = json!(who.number);
            // A post of their own for each.
            body["item"] = json!(who.number);
            at.fake.act("comment", body).await
        };
        match kind {
            "Words" => drop(write(json!({ "text": "слова" })).await),
            "A picture" | "A file" | "A film without sound" | "A sticker" | "A video" | "A post, product, story" => {
                drop(write(json!({ "attachments": [attached(kind)] })).await)
            }
            "Several pictures" => drop(write(json!({ "attachments": [attached(kind), attached(kind), attached(kind)] })).await),
            "An answer" => {
                let first = write(json!({ "text": "до" })).await;
                drop(write(json!({ "text": "ответ", "reply_to": first["id"] })).await);
            }
            "An edit" => {
                let first = write(json!({ "text": "до" })).await;
                drop(at.fake.act("edit-comment", json!({ "id": first["id"], "text": "после" })).await);
            }
            "A deletion" => {
                let first = write(json!({ "text": "до" })).await;
                super::conversation(at, who).await;
                drop(at.fake.act("delete-comment", json!({ "id": first["id"] })).await);
            }
            _ => return false,
        }
        true
    }

    async fn there(&self, at: &Connected, who: &Who) -> Vec<There> {
        let all = at.fake.look(&format!("post?key=wall-1_{}", who.number)).await;
        let ours = all.as_array().unwrap().iter().filter(|comment| comment["from_id"] == -1);
        ours.map(|comment| said(comment, comment["reply_to_comment"].as_i64().is_some_and(|id| id > 0))).collect()
    }

    async fn was_read(&self, _: &Connected, _: &Who) -> bool {
        false
    }
}
