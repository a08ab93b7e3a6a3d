//! The two columns of Telegram: the bot itself, and a personal account that is attached to it.

use serde_json::{Value, json};

use super::{Column, There, Who, base64, content};
use crate::support::connected::{Connected, PATIENCE};
use crate::support::node::until;

/// The bot.
pub(super) struct Bot;

/// A personal account attached to the bot, by the connection's id.
pub(super) struct Personal(String);

const OWNER: i64 = 900;

impl Personal {
    /// Its owner attaches the bot.
    pub(super) async fn attached(at: &Connected) -> Self {
        let rights = json!({ "can_reply": true, "can_read_messages": true, "can_delete_sent_messages": true });
        let owner = json!({ "id": OWNER, "first_name": "Хозяин" });
        let made = at.fake.act("connect-business", json!({ "from": owner, "rights": rights })).await;
        let known = async || at.ask("GET", "/channels", Value::Null).await.to_string().contains("telegram_user").then_some(());
        until("the personal account is a channel", PATIENCE, known).await;
        Self(made["id"].as_str().unwrap().to_owned())
    }
}

/// What a person does; the same in both columns but for where.
async fn comes(at: &Connected, kind: &str, who: &Who, connection: &str) -> bool {
    let from = json!({ "id": who.number, "first_name": who.name });
    let put = |mut body: Value| {
        body["from"] = from.clone();
        if !connection.is_empty() {
            body["connection"] = json!(connection);
        }
        body
    };
    let write = async |body: Value| at.fake.act("write", put(body)).await;
    let media = |media: &str| {
        let (name, media_type, bytes) = content(kind);
        json!({ media: { "base64": base64(&bytes), "name": name, "type": media_type } })
    };
    // What is done to a message of ours needs one.
    let ours = async || {
        write(json!({ "text": "до" })).await;
        let conversation = super::conversation(at, who).await;
        let sent = at.send(&conversation, json!({ "text": "наше" })).await.unwrap();
        at.stands(&sent, "sent", None).await;
        chat(at, who, connection).await["messages"].as_array().unwrap().last().unwrap()["message_id"].as_i64().unwrap()
    };
    let to = |message: i64| put(json!({ "chat": who.number, "message_id": message, "by": who.number }));
    match kind {
        "Words" => drop(write(json!({ "text": "слова" })).await),
        "A picture" => drop(write(media("photo")).await),
        "Several pictures" => drop(at.fake.act("album", put(json!({ "items": [media("photo"), media("photo"), media("photo")] }))).await),
        "A file" => drop(write(media("document")).await),
        "A video" => drop(write(media("video")).await),
        "A voice message" => drop(write(media("voice")).await),
        "Music" => drop(write(media("audio")).await),
        "A film without sound" => {
            // Telegram makes a film of it.
            let mut film = media("animation");
            film["animation"]["base64"] = json!(base64(&content("A film without sound").2));
            drop(write(film).await);
        }
        "A sticker" => drop(write(media("sticker")).await),
        "A contact" => drop(write(json!({ "contact": { "phone_number": "79990000000", "first_name": "Пётр", "user_id": 7 } })).await),
        "A place" => drop(write(json!({ "location": { "latitude": 55.75, "longitude": 37.61 } })).await),
        "A poll" => {
            let options = json!([{ "text": "Да", "voter_count": 0 }, { "text": "Нет", "voter_count": 0 }]);
            drop(write(json!({ "poll": { "id": "1", "question": "Едем?", "options": options, "type": "regular" } })).await);
        }
        "A post, product, story" => drop(
            write(json!({ "reply_to_story": { "chat": { "id": 1, "type": "private", "first_name": "Лавка", "username": "shop" }, "id": 3 } })).await,
        ),
        "What we do not know" => drop(write(json!({ "gift": { "something": "new" } })).await),
        "A forward" => {
            drop(write(json!({ "text": "чужие слова", "forward_origin": { "type": "hidden_user", "date": 1, "sender_user_name": "Олег" } })).await)
        }
        "A quote" => {
            let first = write(json!({ "text": "одно, другое" })).await;
            let quote = json!({ "text": "другое", "position": 6, "is_manual": true });
            drop(write(json!({ "text": "вот это", "reply_to": first["message"]["message_id"], "quote": quote })).await);
        }
        "An answer" => {
            let to = ours().await;
            drop(write(json!({ "text": "ответ", "reply_to": to })).await);
        }
        "An edit" => {
            let first = write(json!({ "text": "до" })).await;
            let mut edit = to(first["message"]["message_id"].as_i64().unwrap());
            edit["text"] = json!("после");
            drop(at.fake.act("edit", edit).await);
        }
        "A deletion" => {
            let first = write(json!({ "text": "до" })).await;
            super::conversation(at, who).await;
            let ids = json!([first["message"]["message_id"]]);
            drop(at.fake.act("delete", json!({ "connection": connection, "chat": who.number, "message_ids": ids })).await);
        }
        "A reaction" => {
            let mut react = to(ours().await);
            react["emoji"] = json!("👍");
            drop(at.fake.act("react", react).await);
        }
        "A pressed button" => {
            let markup = json!({ "inline_keyboard": [[{ "text": "Беру", "callback_data": "y" }]] });
            let first = write(json!({ "text": "до", "reply_markup": markup })).await;
            let mut press = to(first["message"]["message_id"].as_i64().unwrap());
            press["data"] = json!("y");
            drop(at.fake.act("press", press).await);
        }
        "Several writers" => {
            let group = at.fake.act("group", json!({ "title": who.name })).await["id"].clone();
            for number in 0..3 {
                let from = json!({ "id": who.number * 10 + number, "first_name": format!("Участник {number}") });
                at.fake.act("write", json!({ "from": from, "chat": group, "text": format!("слово {number}") })).await;
            }
        }
        _ => return false,
    }
    true
}

async fn chat(at: &Connected, who: &Who, connection: &str) -> Value {
    let chats = at.fake.look("chats").await;
    let found = chats.as_array().unwrap().iter().find(|chat| chat["id"] == who.number && chat["connection"] == connection);
    found.cloned().unwrap_or_default()
}

async fn there(at: &Connected, who: &Who, connection: &str) -> Vec<There> {
    let of = |message: &Value| {
        let kind = match message["_file"]["kind"].as_str() {
            Some("photo") => "picture",
            Some("animation") => "film",
            Some("audio") => "music",
            Some("document") => "file",
            Some(kind) => kind,
            None => "",
        };
        let files = (!kind.is_empty()).then(|| (kind.to_owned(), message["_file"]["sha256"].as_str().unwrap().to_owned()));
        There {
            text: message["text"].as_str().or(message["caption"].as_str()).unwrap_or_default().to_owned(),
            files: files.into_iter().collect(),
            answers: message["reply_to_message"].is_object(),
            reaction: message["_reaction"].as_str().unwrap_or_default().to_owned(),
        }
    };
    let chat = chat(at, who, connection).await;
    let all = chat["messages"].as_array().cloned().unwrap_or_default();
    // Whoever wrote it: reactions stand at theirs. Who is looked for is told by what they say.
    all.iter()
        .filter(|message| message["_deleted"] != true && (message["from"]["id"] != who.number || message["_reaction"].is_string()))
        .map(of)
        .collect()
}

impl Column for Bot {
    fn head(&self) -> &'static str {
        "Telegram bot"
    }

    fn kind(&self) -> &'static str {
        "telegram_bot"
    }

    async fn comes(&self, at: &Connected, kind: &str, who: &Who) -> bool {
        comes(at, kind, who, "").await
    }

    async fn there(&self, at: &Connected, who: &Who) -> Vec<There> {
        there(at, who, "").await
    }

    async fn was_read(&self, _: &Connected, _: &Who) -> bool {
        false
    }
}

impl Column for Personal {
    fn head(&self) -> &'static str {
        "Telegram personal"
    }

    fn kind(&self) -> &'static str {
        "telegram_user"
    }

    async fn comes(&self, at: &Connected, kind: &str, who: &Who) -> bool {
        comes(at, kind, who, &self.0).await
    }

    async fn there(&self, at: &Connected, who: &Who) -> Vec<There> {
        there(at, who, &self.0).await
    }

    async fn was_read(&self, at: &Connected, who: &Who) -> bool {
        chat(at, who, &self.0).await["read"].as_i64().is_some_and(|read| read > 0)
    }
}
