//! The column of Avito.

use serde_json::{Value, json};

use super::{Column, There, Who, base64, content, sha};
use crate::support::connected::{Connected, PATIENCE};
use crate::support::node::http;

/// The messenger of an account.
pub(super) struct Avito;

fn chat(who: &Who) -> String {
    format!("u2i-{}", who.number)
}

impl Column for Avito {
    fn head(&self) -> &'static str {
        "Avito"
    }

    fn kind(&self) -> &'static str {
        "avito"
    }

    async fn comes(&self, at: &Connected, kind: &str, who: &Who) -> bool {
        let item = json!({ "id": 7, "title": "Стол", "price": "1 ₽" });
        let buyer = json!({ "id": who.number, "name": who.name });
        if at.fake.look("state").await.is_object() {
            at.fake.act("chat", json!({ "id": chat(who), "buyer": buyer, "item": item })).await;
        }
        let write = async |mut body: Value| {
            body["chat"] = json!(chat(who));
            at.fake.act("write", body).await
        };
        let ours = async || {
            write(json!({ "text": "до" })).await;
            let conversation = super::conversation(at, who).await;
            let sent = at.send(&conversation, json!({ "text": "наше" })).await.unwrap();
            at.stands(&sent, "sent", None).await;
        };
        // Avito tells of neither: it is found by looking.
        let look = async || at.ask("POST", &format!("/channels/{}/poll", at.channels[0]), Value::Null).await;
        let (name, media_type, bytes) = content(kind);
        let file = json!({ "name": name, "media_type": media_type, "bytes": base64(&bytes) });
        match kind {
            "Words" => drop(write(json!({ "text": "слова" })).await),
            "A picture" => drop(write(json!({ "image": file })).await),
            "A voice message" => drop(write(json!({ "voice": file })).await),
            "A file" => drop(write(json!({ "type": "file", "content": {} })).await),
            "A video" => drop(write(json!({ "type": "video", "content": {} })).await),
            "A place" => {
                let place = json!({ "kind": "street", "lat": 55.75, "lon": 37.61, "text": "Арбат, 1", "title": "Арбат" });
                drop(write(json!({ "type": "location", "content": { "location": place } })).await);
            }
            "A call" => drop(write(json!({ "type": "call", "content": { "call": { "status": "missed", "target_user_id": 111 } } })).await),
            "A post, product, story" => {
                let item = json!({ "title": "Стол", "price_string": "1 ₽", "item_url": "https://avito.ru/7", "image_url": "" });
                drop(write(json!({ "type": "item", "content": { "item": item } })).await);
            }
            "What we do not know" => drop(write(json!({ "type": "hologram", "content": { "hologram": 1 } })).await),
            "A deletion" => {
                let first = write(json!({ "text": "до" })).await;
                super::conversation(at, who).await;
                at.fake.act("delete", json!({ "chat": chat(who), "id": first["id"] })).await;
                drop(look().await);
            }
            "A read mark" => {
                ours().await;
                at.fake.act("read", json!({ "chat": chat(who) })).await;
                drop(look().await);
            }
            _ => return false,
        }
        true
    }

    async fn there(&self, at: &Connected, who: &Who) -> Vec<There> {
        let shown = at.fake.look(&format!("chat?id={}", chat(who))).await;
        let mut all = Vec::new();
        for message in shown["messages"].as_array().unwrap().iter().filter(|message| message["direction"] == "out" && message["type"] != "deleted") {
            let text = message["content"]["text"].as_str().unwrap_or_default();
            let link = text.split_whitespace().find(|word| word.contains("/shared/"));
            let files = match (message["type"].as_str(), link) {
                (Some("image"), _) => vec![("picture".to_owned(), message["sha256"].as_str().unwrap().to_owned())],
                (_, Some(link)) => vec![("link".to_owned(), sha(&http().get(link).timeout(PATIENCE).send().await.unwrap().bytes().await.unwrap()))],
                _ => Vec::new(),
            };
            all.push(There { text: text.to_owned(), files, ..There::default() });
        }
        all
    }

    async fn was_read(&self, at: &Connected, who: &Who) -> bool {
        at.fake.look(&format!("chat?id={}", chat(who))).await["unread"] == false
    }
}
