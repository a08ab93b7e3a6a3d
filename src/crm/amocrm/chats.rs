//! The Chats API: chats, messages, how far they came, typing, reactions, what was said. Types are strict there: a number is a number.

use serde_json::{Map, Value, json};

use super::client::{Ask, Client, segment};
use super::errors::Failure;
use crate::connector::lenient::{list, text};
use crate::crm::contract::CrmContext;
use crate::model::time::Time;

/// Messages looked through for one of ours: the most amoCRM gives at once.
const NEWEST: usize = 50;
/// How long somebody is shown writing, milliseconds.
const TYPING_MS: i64 = 5_000;

/// Asks the Chats API for a connection.
#[derive(Clone, Copy)]
pub struct Chats<'a> {
    client: &'a Client,
    context: &'a CrmContext,
}

/// Somebody in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Someone {
    /// Our name of them.
    pub id: String,
    /// amoCRM's: a user's, the bot's, or what it gave the customer.
    pub theirs: Option<String>,
    /// Their name.
    pub name: String,
    /// Where their picture is.
    pub avatar: Option<String>,
    /// Where they can be looked at.
    pub link: Option<String>,
    /// Their phone.
    pub phone: Option<String>,
    /// Their e-mail.
    pub email: Option<String>,
}

impl Someone {
    fn json(&self) -> Value {
        let mut all = Map::new();
        all.insert("id".to_owned(), json!(self.id));
        all.insert("name".to_owned(), json!(self.name));
        let mut put = |name: &str, value: Option<Value>| all.extend(value.map(|value| (name.to_owned(), value)));
        put("ref_id", self.theirs.as_ref().map(|theirs| json!(theirs)));
        put("avatar", self.avatar.as_ref().map(|avatar| json!(avatar)));
        put("profile_link", self.link.as_ref().map(|link| json!(link)));
        let profile = [("phone", &self.phone), ("email", &self.email)];
        let profile: Map<String, Value> = profile.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))).collect();
        put("profile", (!profile.is_empty()).then_some(Value::Object(profile)));
        Value::Object(all)
    }
}

/// What kind of file a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Any.
    File,
    /// A picture.
    Picture,
    /// A video.
    Video,
    /// A voice note.
    Voice,
    /// A sound.
    Audio,
    /// A sticker.
    Sticker,
}

impl FileKind {
    fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Picture => "picture",
            Self::Video => "video",
            Self::Voice => "voice",
            Self::Audio => "audio",
            Self::Sticker => "sticker",
        }
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Words.
    Text(String),
    /// A file at an address anybody can fetch it from, later too.
    File {
        /// What it is.
        kind: FileKind,
        /// Where.
        url: String,
        /// Its name.
        name: String,
        /// Bytes.
        size: u64,
        /// Of a sound, seconds.
        seconds: Option<u64>,
        /// Words under it.
        caption: String,
    },
    /// A place.
    Location {
        /// Degrees.
        latitude: f64,
        /// Degrees.
        longitude: f64,
    },
    /// A card.
    Contact {
        /// The name.
        name: String,
        /// The phone.
        phone: String,
    },
}

impl Content {
    fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!({ "type": "text", "text": text }),
            Self::File { kind, url, name, size, seconds, caption } => {
                let mut all = json!({ "type": kind.name(), "media": url, "file_name": name, "file_size": size });
                if let Some(fields) = all.as_object_mut() {
                    fields.extend(seconds.map(|seconds| ("media_duration".to_owned(), json!(seconds))));
                    fields.extend((!caption.is_empty()).then(|| ("text".to_owned(), json!(caption))));
                }
                all
            }
            Self::Location { latitude, longitude } => json!({ "type": "location", "text": "", "location": { "lat": latitude, "lon": longitude } }),
            Self::Contact { name, phone } => json!({ "type": "contact", "text": "", "contact": { "name": name, "phone": phone } }),
        }
    }
}

/// The post a comment stands under.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Post {
    /// Its id.
    pub id: String,
    /// Where it is.
    pub url: String,
    /// What it says.
    pub caption: String,
}

/// A message that is put into a chat.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// Our name of it: put in twice, it is there once.
    pub id: String,
    /// Our name of the chat.
    pub chat: String,
    /// amoCRM's, where a chat that began there is to get our name.
    pub their_chat: Option<String>,
    /// When.
    pub at: Time,
    /// Who.
    pub sender: Someone,
    /// To whom; none: it is the customer who writes.
    pub receiver: Option<Someone>,
    /// What it says.
    pub content: Content,
    /// Nobody is told of it, and no deal is made.
    pub silent: bool,
    /// The source it came by.
    pub source: Option<String>,
    /// The message it answers, by amoCRM's name of it.
    pub reply_to: Option<String>,
    /// The post it stands under.
    pub post: Option<Post>,
}

impl NewMessage {
    fn json(&self) -> Value {
        let mut message = self.content.json();
        if let (Some(post), Some(fields)) = (&self.post, message.as_object_mut()) {
            fields.insert("post".to_owned(), json!({ "id": post.id, "url": post.url, "caption": post.caption }));
        }
        let mut payload = Map::new();
        let mut put = |name: &str, value: Option<Value>| payload.extend(value.map(|value| (name.to_owned(), value)));
        put("timestamp", Some(json!(self.at.0.div_euclid(1_000))));
        put("msec_timestamp", Some(json!(self.at.0)));
        put("msgid", Some(json!(self.id)));
        put("conversation_id", Some(json!(self.chat)));
        put("conversation_ref_id", self.their_chat.as_ref().map(|chat| json!(chat)));
        put("sender", Some(self.sender.json()));
        put("receiver", self.receiver.as_ref().map(Someone::json));
        put("message", Some(message));
        put("silent", Some(json!(self.silent)));
        put("source", self.source.as_ref().map(|source| json!({ "external_id": source })));
        put("reply_to", self.reply_to.as_ref().map(|id| json!({ "message": { "id": id } })));
        json!({ "event_type": "new_message", "payload": payload })
    }
}

/// How amoCRM names what was put in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PutIn {
    /// The message.
    pub message: String,
    /// The chat; empty: not told.
    pub chat: String,
    /// Who wrote it.
    pub sender: String,
}

/// How far a message came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// The customer has it.
    Delivered,
    /// The customer read it.
    Read,
    /// It did not reach them.
    Failed {
        /// amoCRM's code of why: 901 to 905.
        code: u16,
        /// In words for the manager.
        words: String,
    },
}

fn reached(id: &str, reached: &Reached) -> Value {
    // Papers and programs contradict each other about the name: both say the same.
    let told = |code: i32| json!({ "msgid": id, "delivery_status": code, "status_code": code });
    match reached {
        Reached::Delivered => told(1),
        Reached::Read => told(2),
        Reached::Failed { code, words } => {
            let mut all = told(-1);
            if let Some(fields) = all.as_object_mut() {
                fields.extend([("error_code".to_owned(), json!(code)), ("error".to_owned(), json!(words))]);
            }
            all
        }
    }
}

/// A reaction: its emoji, none to take it off; and who.
fn reaction(chat: &str, id: &str, emoji: Option<&str>, who: &Someone) -> Value {
    let user = who.theirs.as_ref().map_or_else(|| json!({ "id": who.id }), |theirs| json!({ "ref_id": theirs }));
    let mut all = json!({ "conversation_id": chat, "id": id, "user": user, "type": if emoji.is_some() { "react" } else { "unreact" } });
    if let (Some(emoji), Some(fields)) = (emoji, all.as_object_mut()) {
        fields.insert("emoji".to_owned(), json!(emoji));
    }
    all
}

impl<'a> Chats<'a> {
    /// For a connection.
    #[must_use]
    pub fn new(client: &'a Client, context: &'a CrmContext) -> Self {
        Self { client, context }
    }

    async fn ask(&self, ask: &Ask) -> Result<Value, Failure> {
        self.client.chats(self.context, ask).await
    }

    /// Makes a chat; one of this name that is there is answered. It is seen once something is said in it.
    ///
    /// # Errors
    /// What it means.
    pub async fn open(&self, chat: &str, who: &Someone, source: Option<&str>) -> Result<PutIn, Failure> {
        let mut body = json!({ "conversation_id": chat, "user": who.json() });
        if let (Some(source), Some(fields)) = (source, body.as_object_mut()) {
            fields.insert("source".to_owned(), json!({ "external_id": source }));
        }
        let made = self.ask(&Ask::post("/chats", body)).await?;
        let sender = made.get("user").map(|user| text(user, "id")).unwrap_or_default();
        let chat = text(&made, "id");
        if chat.is_empty() { Err(Failure::unreadable(false)) } else { Ok(PutIn { message: String::new(), chat, sender }) }
    }

    /// Puts a message in. Twice has the effect of once; a second time may be refused.
    ///
    /// # Errors
    /// What it means.
    pub async fn put(&self, message: &NewMessage) -> Result<PutIn, Failure> {
        let made = self.ask(&Ask::make("", message.json())).await?;
        let made = made.get("new_message").unwrap_or(&Value::Null);
        let put = PutIn { message: text(made, "msgid"), chat: text(made, "conversation_id"), sender: text(made, "sender_id") };
        if put.message.is_empty() { Err(Failure::unreadable(true)) } else { Ok(put) }
    }

    /// Changes what a message says.
    ///
    /// # Errors
    /// What it means.
    pub async fn edit(&self, chat: &str, id: &str, at: Time, content: &Content) -> Result<(), Failure> {
        let payload = json!({
            "timestamp": at.0.div_euclid(1_000), "msec_timestamp": at.0, "conversation_id": chat, "id": id, "message": content.json(),
        });
        self.ask(&Ask::post("", json!({ "event_type": "edit_message", "payload": payload }))).await.map(|_| ())
    }

    /// Gives our name to a message that was written in amoCRM.
    ///
    /// # Errors
    /// What it means.
    pub async fn name(&self, chat: &str, id: &str, ours: &str, at: Time, content: &Content) -> Result<(), Failure> {
        let payload = json!({
            "timestamp": at.0.div_euclid(1_000), "msec_timestamp": at.0, "conversation_id": chat, "id": id, "msgid": ours, "message": content.json(),
        });
        self.ask(&Ask::post("", json!({ "event_type": "edit_message", "payload": payload }))).await.map(|_| ())
    }

    /// Tells how far a message came, by amoCRM's name of it.
    ///
    /// # Errors
    /// What it means.
    pub async fn tell(&self, id: &str, how: &Reached) -> Result<(), Failure> {
        self.ask(&Ask::mark(format!("/{}/delivery_status", segment(id)), reached(id, how))).await.map(|_| ())
    }

    /// The customer writes now.
    ///
    /// # Errors
    /// What it means.
    pub async fn typing(&self, chat: &str, who: &str) -> Result<(), Failure> {
        let body = json!({ "conversation_id": chat, "sender": { "id": who }, "duration_ms": TYPING_MS });
        self.ask(&Ask::mark("/typing", body)).await.map(|_| ())
    }

    /// Sets a reaction, or takes it off.
    ///
    /// # Errors
    /// What it means.
    pub async fn react(&self, chat: &str, id: &str, emoji: Option<&str>, who: &Someone) -> Result<(), Failure> {
        self.ask(&Ask::mark("/react", reaction(chat, id, emoji, who))).await.map(|_| ())
    }

    /// amoCRM's name of a message we put in, if it is among the newest of its chat: a second time may be refused as a wrong one is.
    ///
    /// # Errors
    /// What it means.
    pub async fn find(&self, chat: &str, ours: &str) -> Result<Option<String>, Failure> {
        let newest = self.history(chat, 0, NEWEST).await?;
        let found = newest.iter().filter_map(|one| one.get("message")).find(|message| text(message, "client_id") == ours);
        Ok(found.map(|message| text(message, "id")))
    }

    /// What was said in a chat, by amoCRM's name of it, the newest first.
    ///
    /// # Errors
    /// What it means.
    pub async fn history(&self, chat: &str, offset: usize, limit: usize) -> Result<Vec<Value>, Failure> {
        let ask = Ask::get(format!("/chats/{}/history", segment(chat))).with("offset", offset).with("limit", limit);
        Ok(list(&self.ask(&ask).await?, "messages").to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone(id: &str) -> Someone {
        Someone { id: id.to_owned(), name: "Анна".to_owned(), ..Someone::default() }
    }

    /// The body of the worked signature: but for the order of its fields.
    #[test]
    fn a_message_is_put_in_as_the_papers_say() {
        let message = NewMessage {
            id: "gw-m-1".to_owned(),
            chat: "gw-c-1".to_owned(),
            their_chat: None,
            at: Time(1_795_176_000_123),
            sender: someone("gw-u-1"),
            receiver: None,
            content: Content::Text("Привет".to_owned()),
            silent: false,
            source: None,
            reply_to: None,
            post: None,
        };
        let payload = json!({
            "timestamp": 1_795_176_000_i64, "msec_timestamp": 1_795_176_000_123_i64, "msgid": "gw-m-1", "conversation_id": "gw-c-1",
            "sender": { "id": "gw-u-1", "name": "Анна" }, "message": { "type": "text", "text": "Привет" }, "silent": false,
        });
        assert_eq!(message.json(), json!({ "event_type": "new_message", "payload": payload }));
        let bot = Someone { theirs: Some("bot".to_owned()), phone: Some("+7".to_owned()), link: Some("https://t.me/a".to_owned()), ..someone("m") };
        let reply = NewMessage {
            sender: bot,
            receiver: Some(someone("gw-u-1")),
            silent: true,
            source: Some("acc-1".to_owned()),
            reply_to: Some("their".to_owned()),
            their_chat: Some("uuid".to_owned()),
            post: Some(Post { id: "p".to_owned(), url: "https://vk.com/p".to_owned(), caption: "Скидки".to_owned() }),
            content: Content::File {
                kind: FileKind::Voice,
                url: "https://x/f".to_owned(),
                name: "v.ogg".to_owned(),
                size: 5,
                seconds: Some(3),
                caption: String::new(),
            },
            ..message
        };
        let payload = json!({
            "timestamp": 1_795_176_000_i64, "msec_timestamp": 1_795_176_000_123_i64, "msgid": "gw-m-1", "conversation_id": "gw-c-1",
            "conversation_ref_id": "uuid", "silent": true, "source": { "external_id": "acc-1" }, "reply_to": { "message": { "id": "their" } },
            "sender": { "id": "m", "name": "Анна", "ref_id": "bot", "profile_link": "https://t.me/a", "profile": { "phone": "+7" } },
            "receiver": { "id": "gw-u-1", "name": "Анна" },
            "message": { "type": "voice", "media": "https://x/f", "file_name": "v.ogg", "file_size": 5, "media_duration": 3,
                "post": { "id": "p", "url": "https://vk.com/p", "caption": "Скидки" } },
        });
        assert_eq!(reply.json(), json!({ "event_type": "new_message", "payload": payload }));
    }

    #[test]
    fn a_state_is_told_by_both_names() {
        assert_eq!(reached("x", &Reached::Read), json!({ "msgid": "x", "delivery_status": 2, "status_code": 2 }));
        let failed = json!({ "msgid": "x", "delivery_status": -1, "status_code": -1, "error_code": 905, "error": "Окно закрыто" });
        assert_eq!(reached("x", &Reached::Failed { code: 905, words: "Окно закрыто".to_owned() }), failed);
    }

    #[test]
    fn a_reaction_is_a_managers_by_amocrms_name_of_them() {
        let manager = Someone { theirs: Some("amojo".to_owned()), ..someone("5") };
        assert_eq!(
            reaction("c", "x", Some("👍"), &manager),
            json!({ "conversation_id": "c", "id": "x", "type": "react", "emoji": "👍", "user": { "ref_id": "amojo" } })
        );
        assert_eq!(reaction("c", "x", None, &someone("u")), json!({ "conversation_id": "c", "id": "x", "type": "unreact", "user": { "id": "u" } }));
    }
}
