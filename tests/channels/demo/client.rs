//! Calls to a Demo server. Its address is the owner's: there is no usual one.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::errors;
use super::parse::{external_id, read_external};
use crate::channel::capability::{Fetch, Located, Poll, Polled, Reading, Reword, SentMessage, Typing};
use crate::channel::contract::{CallContext, OutgoingPiece, SendError, SentPiece};
use crate::connector::lenient::{int, list, text, words};
use crate::model::connection::ProviderLogin;
use crate::model::message::{Attachment, plain_text};
use crate::model::reason::Reason;
use crate::outside::{Answer, Call, OutsideError, UploadFile, UploadForm};

/// The most that is read of an answer.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// How long a question for news waits at Demo, seconds; and what the way there and back may take.
const WAIT_S: i64 = 25;
const WAY_S: i64 = 10;
/// News of one answer.
const NEWS: usize = 100;

/// Asks and tells Demo.
#[derive(Default)]
pub struct Client;

/// What a call without an answer means.
pub(super) fn outside(error: OutsideError, sends: bool) -> SendError {
    match error {
        OutsideError::RetryAfter(ms) => SendError::RetryAfter(ms),
        OutsideError::Temporary(reason) | OutsideError::Gone(reason) => SendError::Temporary(reason),
        OutsideError::Rejected(reason) => SendError::Rejected(reason),
        OutsideError::Unclear(reason) if sends => SendError::Unclear(reason),
        OutsideError::Unclear(reason) => SendError::Temporary(reason),
    }
}

/// An answer read: `{…}`, or `{"error": code, "message": words}` with another status.
fn judge(context: &CallContext, answer: &Answer, sends: bool) -> Result<Value, SendError> {
    let read = serde_json::from_slice::<Value>(&answer.body);
    if answer.status == 200 {
        let unreadable = |_| Reason::new("answer_unreadable");
        return read.map_err(unreadable).map_err(|reason| if sends { SendError::Unclear(reason) } else { SendError::Temporary(reason) });
    }
    let said = read.unwrap_or_default();
    let pause = match answer.judge(context.now) {
        Err(OutsideError::RetryAfter(ms)) => Some(ms),
        _ => None,
    };
    Err(errors::judge(answer.status, words(&said, "error"), words(&said, "message"), pause, sends))
}

fn call(context: &CallContext, path: &str, body: String) -> Result<Call, SendError> {
    let base = context.base_url.as_deref().ok_or_else(|| SendError::AccessLost(Reason::new("not_connected")))?;
    let left = u64::try_from(context.deadline.since(context.now)).unwrap_or_default();
    let call = Call::post(format!("{base}{path}"), body).header("authorization", format!("Bearer {}", context.secrets.expose_secret()));
    Ok(Call { limit: Duration::from_millis(left), answer_bytes: ANSWER_BYTES, ..call })
}

/// Asks. `sends`: it may have an effect also where the answer was lost.
pub(super) async fn ask(context: &CallContext, path: &str, body: &Value, sends: bool) -> Result<Value, SendError> {
    let call = call(context, path, body.to_string())?.header("content-type", "application/json");
    let answer = context.outside.call(call).await.map_err(|error| outside(error, sends))?;
    judge(context, &answer, sends)
}

impl Client {
    /// Sends a piece: words, or one file.
    pub(super) async fn piece(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
        let file = match piece.attachments.first() {
            Some(file) => Some(upload(context, file).await?),
            None => None,
        };
        let answered = piece.reply_to_external.as_deref().and_then(read_external).map(|(_, id)| id);
        let body = json!({ "chat": piece.conversation_key, "phone": piece.address, "text": plain_text(&piece.parts), "file": file, "reply_to": answered, "key": piece.key });
        let sent = ask(context, "/send", &body, true).await?;
        let (chat, id) = (text(&sent, "chat"), text(&sent, "id"));
        if chat.is_empty() || id.is_empty() {
            return Err(SendError::Unclear(Reason::new("answer_unreadable")));
        }
        let conversation_key = piece.conversation_key.is_none().then(|| chat.clone());
        Ok(SentPiece { external_id: Some(external_id(&chat, &id)), more: Vec::new(), conversation_key })
    }
}

/// Nobody sees a file before it is sent: whatever became of it, it goes again with the piece.
async fn upload(context: &CallContext, file: &Attachment) -> Result<String, SendError> {
    let open = context.files.open(file.file).await.map_err(SendError::Rejected)?;
    let content =
        UploadFile { field: "file".to_owned(), name: file.name.clone(), media_type: file.media_type.clone(), size: open.size, content: open.content };
    let call = call(context, "/files", String::new())?;
    let answer = context.outside.upload(call, UploadForm::default().file(content)).await.map_err(|error| outside(error, false))?;
    let id = text(&judge(context, &answer, false)?, "id");
    if id.is_empty() { Err(SendError::Temporary(Reason::new("answer_unreadable"))) } else { Ok(id) }
}

#[async_trait]
impl Poll for Client {
    fn every_ms(&self, _login: &ProviderLogin) -> Option<i64> {
        Some(0)
    }

    /// News are numbered from 1 for each device; those before it was linked are not given.
    async fn poll(&self, context: &CallContext, _login: &ProviderLogin, cursor: &str) -> Result<Polled, SendError> {
        let after = cursor.parse::<i64>().unwrap_or_default();
        let wait = (context.deadline.since(context.now) / 1_000 - WAY_S).clamp(0, WAIT_S);
        let found = ask(context, "/news", &json!({ "after": after, "wait_s": wait, "most": NEWS }), false).await?;
        let news = list(&found, "news");
        let last = news.iter().filter_map(|one| int(one, "n")).max().unwrap_or(after);
        Ok(Polled { parts: news.iter().map(|one| one.to_string().into()).collect(), cursor: last.to_string(), more: news.len() >= NEWS })
    }
}

#[async_trait]
impl Fetch for Client {
    fn limit_bytes(&self) -> u64 {
        super::render::FILE_BYTES
    }

    async fn locate(&self, context: &CallContext, locator: &str) -> Result<Located, SendError> {
        let found = ask(context, "/files/link", &json!({ "id": locator }), false).await?;
        let path = text(&found, "path");
        let base = context.base_url.as_deref().filter(|_| path.starts_with('/')).ok_or_else(|| SendError::Rejected(Reason::new("file_gone")))?;
        let key = format!("Bearer {}", context.secrets.expose_secret());
        Ok(Located { url: format!("{base}{path}"), headers: vec![("authorization".to_owned(), key)], ..Located::default() })
    }
}

/// A message of theirs or ours as Demo names it.
fn named(external: &str) -> Result<Value, SendError> {
    let (chat, id) = read_external(external).ok_or_else(|| SendError::Rejected(Reason::new("not_supported")))?;
    Ok(json!({ "chat": chat, "id": id }))
}

fn with(mut named: Value, name: &str, value: Value) -> Value {
    if let Some(fields) = named.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    named
}

#[async_trait]
impl Reword for Client {
    async fn edit(&self, context: &CallContext, message: &SentMessage, text: &str) -> Result<(), SendError> {
        ask(context, "/edit", &with(named(&message.external_id)?, "text", json!(text)), false).await.map(|_| ())
    }

    async fn delete(&self, context: &CallContext, message: &SentMessage) -> Result<(), SendError> {
        ask(context, "/delete", &named(&message.external_id)?, false).await.map(|_| ())
    }

    async fn react(&self, context: &CallContext, message: &SentMessage, emoji: Option<&str>) -> Result<(), SendError> {
        ask(context, "/react", &with(named(&message.external_id)?, "emoji", json!(emoji.unwrap_or_default())), false).await.map(|_| ())
    }
}

#[async_trait]
impl Reading for Client {
    async fn read(&self, context: &CallContext, _account: &str, _conversation_key: &str, external_id: &str) -> Result<(), SendError> {
        ask(context, "/seen", &named(external_id)?, false).await.map(|_| ())
    }
}

#[async_trait]
impl Typing for Client {
    async fn typing(&self, context: &CallContext, _account: &str, conversation_key: &str) -> Result<(), SendError> {
        ask(context, "/typing", &json!({ "chat": conversation_key }), false).await.map(|_| ())
    }
}
