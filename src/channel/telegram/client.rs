//! What is asked of Telegram for a login: sending, changing, fetching, news.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::api::{Api, Fault, fields};
use super::errors::Act;
use super::keys::{ChatKey, MessageKey};
use super::render::{self, TEXT_LIMIT, target};
use super::{parse, words};
use crate::channel::capability::{Fetch, Located, Poll, Polled, Reading, Reword, SentMessage, Typing};
use crate::channel::contract::{CallContext, OutgoingPiece, SendError, SentPiece};
use crate::connector::lenient::{list, small, text};
use crate::model::connection::ProviderLogin;
use crate::model::reason::Reason;

/// What the bot wants to be told of.
pub const ALLOWED: [&str; 9] = [
    "message",
    "edited_message",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "callback_query",
    "my_chat_member",
    "message_reaction",
];
/// The longest a question for news waits at Telegram, seconds.
const POLL_S: i64 = 50;
/// So much of the time is left for the way there and back.
const WAY_S: i64 = 10;
/// The most updates of one answer.
const UPDATES: usize = 100;
/// A face is shown at most so large, pixels.
const FACE_SIDE: u32 = 128;
/// How often one send is changed and tried again at once.
const CHANGES: usize = 3;
/// How long a file that came in can be asked for. Its id does not age; who sent it may delete it.
const FILE_LIFETIME_MS: i64 = 30 * 24 * 60 * 60_000;

/// Calls for logins of bots.
#[derive(Debug, Clone, Copy, Default)]
pub struct Client;

/// What Telegram says of a message it took.
#[derive(Deserialize)]
struct Taken {
    message_id: i64,
    chat: super::wire::Chat,
}

impl Client {
    /// Sends a piece. Where Telegram says how it would go otherwise, it goes so: nothing was sent by then.
    ///
    /// # Errors
    /// What the caller can do next.
    pub async fn send(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
        let api = Api::of(context);
        let mut request = render::request(piece).map_err(SendError::Rejected)?;
        let mut moved = None;
        for _ in 0..CHANGES {
            match api.send(&request).await {
                Ok(result) => return sent(&result, piece, moved),
                Err(Fault::Not(act, failure)) => {
                    let changed = match (act, failure.migrate_to) {
                        (Act::Migrate, Some(chat)) if moved.is_none() => {
                            moved = Some(chat);
                            request.move_to(chat);
                            // What it answers stands in the chat of before.
                            request.without_reply();
                            true
                        }
                        (Act::WithoutReply, _) if request.fields.contains_key("reply_parameters") => {
                            request.without_reply();
                            true
                        }
                        (Act::AsDocument, _) => request.as_documents(),
                        _ => false,
                    };
                    if !changed {
                        return Err(failure.error(act));
                    }
                }
                Err(Fault::Lost(error)) => return Err(error),
            }
        }
        Err(SendError::Rejected(Reason::new("refused_by_provider")))
    }
}

fn sent(result: &Value, piece: &OutgoingPiece, moved: Option<i64>) -> Result<SentPiece, SendError> {
    let unreadable = |error: serde_json::Error| SendError::Unclear(Reason::new("answer_unreadable").said(&error.to_string()));
    let list = if result.is_array() { result.clone() } else { json!([result]) };
    let taken: Vec<Taken> = serde_json::from_value(list).map_err(unreadable)?;
    let key = piece.conversation_key.as_deref().and_then(ChatKey::read).unwrap_or_default();
    let named = |taken: &Taken| MessageKey { connection: key.connection.clone(), chat: taken.chat.id, number: taken.message_id }.to_string();
    let mut ids = taken.iter().map(named);
    let external_id = ids.next().ok_or_else(|| SendError::Unclear(Reason::new("answer_unreadable")))?;
    let more = ids.collect();
    Ok(SentPiece { external_id: Some(external_id), more, conversation_key: moved.map(|chat| ChatKey { chat, ..key.clone() }.to_string()) })
}

/// The parameters that name a message of ours.
fn message_fields(message: &SentMessage) -> Result<(MessageKey, Map<String, Value>), SendError> {
    let key = MessageKey::read(&message.external_id).ok_or_else(|| SendError::Rejected(Reason::new("unknown_message")))?;
    let mut fields = target(&ChatKey::of(&key.connection, key.chat));
    fields.insert("message_id".to_owned(), json!(key.number));
    Ok((key, fields))
}

/// What was wanted is so already: that is success.
fn done(answer: Result<Value, Fault>) -> Result<(), SendError> {
    match answer {
        Ok(_) | Err(Fault::Not(Act::Done, _)) => Ok(()),
        Err(fault) => Err(fault.error()),
    }
}

#[async_trait]
impl Reword for Client {
    async fn edit(&self, context: &CallContext, message: &SentMessage, text: &str) -> Result<(), SendError> {
        let (_, mut fields) = message_fields(message)?;
        let has_files = !message.attachments.is_empty();
        let (method, name, limit) = if has_files { ("editMessageCaption", "caption", 1_024) } else { ("editMessageText", "text", TEXT_LIMIT) };
        if words::length(text) > usize::try_from(limit).unwrap_or(usize::MAX) {
            return Err(SendError::Rejected(Reason::new("text_too_long").with("limit", limit)));
        }
        fields.insert(name.to_owned(), json!(text));
        done(Api::of(context).ask(method, &fields).await)
    }

    async fn delete(&self, context: &CallContext, message: &SentMessage) -> Result<(), SendError> {
        let (key, fields) = message_fields(message)?;
        if key.connection.is_empty() {
            return done(Api::of(context).ask("deleteMessage", &fields).await);
        }
        let fields = super::api::fields(json!({ "business_connection_id": key.connection, "message_ids": [key.number] }));
        done(Api::of(context).ask("deleteBusinessMessages", &fields).await)
    }

    async fn react(&self, context: &CallContext, message: &SentMessage, emoji: Option<&str>) -> Result<(), SendError> {
        let (key, mut fields) = message_fields(message)?;
        if !key.connection.is_empty() {
            return Err(SendError::Rejected(Reason::new("not_supported")));
        }
        // With the mark that makes it a picture it is none of those Telegram knows.
        let plain = emoji.map(|emoji| emoji.trim_end_matches('\u{fe0f}'));
        let reaction: Vec<Value> = plain.into_iter().map(|emoji| json!({ "type": "emoji", "emoji": emoji })).collect();
        fields.insert("reaction".to_owned(), Value::Array(reaction));
        done(Api::of(context).ask("setMessageReaction", &fields).await)
    }
}

#[async_trait]
impl Typing for Client {
    async fn typing(&self, context: &CallContext, _account: &str, conversation_key: &str) -> Result<(), SendError> {
        let key = ChatKey::read(conversation_key).ok_or_else(|| SendError::Rejected(Reason::new("chat_not_found")))?;
        let mut fields = target(&key);
        fields.insert("action".to_owned(), json!("typing"));
        if let Some(thread) = key.thread.filter(|_| key.person.is_none()) {
            fields.insert("message_thread_id".to_owned(), json!(thread));
        }
        done(Api::of(context).ask("sendChatAction", &fields).await)
    }
}

#[async_trait]
impl Reading for Client {
    async fn read(&self, context: &CallContext, _account: &str, _conversation_key: &str, external_id: &str) -> Result<(), SendError> {
        // A bot's chats have no read marks; those of a personal account do.
        let Some(key) = MessageKey::read(external_id).filter(|key| !key.connection.is_empty()) else { return Ok(()) };
        let mut fields = target(&ChatKey::of(&key.connection, key.chat));
        fields.insert("message_id".to_owned(), json!(key.number));
        done(Api::of(context).ask("readBusinessMessage", &fields).await)
    }
}

#[async_trait]
impl Fetch for Client {
    fn lifetime_ms(&self) -> i64 {
        FILE_LIFETIME_MS
    }

    async fn locate(&self, context: &CallContext, locator: &str) -> Result<Located, SendError> {
        let api = Api::of(context);
        let (file, key) = match locator.strip_prefix(parse::FACE) {
            None => (locator.to_owned(), String::new()),
            Some(user) => match face(&api, user).await? {
                Some(found) => found,
                None => return Ok(Located::default()),
            },
        };
        let answer = api.ask("getFile", &fields(json!({ "file_id": file }))).await.map_err(Fault::error)?;
        let path = answer.get("file_path").and_then(Value::as_str).ok_or_else(|| SendError::Rejected(Reason::new("file_gone")))?;
        let url = api.file_url(path).map_err(SendError::Rejected)?;
        Ok(Located { url, key, ..Located::default() })
    }
}

/// A person's newest picture, and by what it is known again; none: they have none, or show it to nobody.
async fn face(api: &Api<'_>, user: &str) -> Result<Option<(String, String)>, SendError> {
    let answer = api.ask("getUserProfilePhotos", &fields(json!({ "user_id": user.parse::<i64>().ok(), "limit": 1 }))).await;
    let answer = answer.map_err(|fault| match fault {
        // A server of one's own that does not know the method says the same as of a wrong token: what else is asked of it tells which it is.
        Fault::Not(Act::AccessLost(_), failure) => failure.error(Act::Reject("not_supported")),
        fault => fault.error(),
    })?;
    let newest = list(&answer, "photos").first().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let side = |size: &&Value| small(size, "width").unwrap_or_default();
    let fitting = newest.iter().filter(|size| side(size) >= FACE_SIDE).min_by_key(side).or_else(|| newest.iter().max_by_key(side));
    Ok(fitting.map(|size| (text(size, "file_id"), text(size, "file_unique_id"))).filter(|(id, _)| !id.is_empty()))
}

#[async_trait]
impl Poll for Client {
    fn every_ms(&self, login: &ProviderLogin) -> Option<i64> {
        (login.facts.get("news").map(String::as_str) == Some("polling")).then_some(0)
    }

    async fn poll(&self, context: &CallContext, login: &ProviderLogin, cursor: &str) -> Result<Polled, SendError> {
        let api = Api::of(context);
        let wait = (context.deadline.since(context.now) / 1_000 - WAY_S).clamp(0, POLL_S);
        let mut asked = fields(json!({ "timeout": wait, "limit": UPDATES, "allowed_updates": ALLOWED }));
        if let Ok(offset) = cursor.parse::<i64>() {
            asked.insert("offset".to_owned(), json!(offset));
        }
        let result = api.ask("getUpdates", &asked).await.map_err(Fault::error)?;
        let Value::Array(updates) = result else { return Err(SendError::Temporary(Reason::new("answer_unreadable"))) };
        let more = updates.len() >= UPDATES;
        let mut next = None;
        let mut parts = Vec::with_capacity(updates.len());
        for update in updates {
            next = next.max(update.get("update_id").and_then(Value::as_i64).map(|number| number.saturating_add(1)));
            if let Some(id) = parse::pressed(&update) {
                // The button turns until then. If it is not answered, it stops by itself after a while.
                let _ = api.ask("answerCallbackQuery", &fields(json!({ "callback_query_id": id }))).await;
            }
            if !parse::is_older(&update, login) {
                parts.push(update.to_string().into());
            }
        }
        Ok(Polled { parts, cursor: next.map_or_else(|| cursor.to_owned(), |next| next.to_string()), more })
    }
}
