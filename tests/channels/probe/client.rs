//! Calls to the fake provider: real ones, with a time limit.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parse::external_id;
use crate::channel::capability::Lookup;
use crate::channel::contract::{CallContext, OutgoingPiece, SendError, SentPiece};
use crate::model::message::plain_text;
use crate::model::reason::Reason;

/// The most bytes of an answer.
const ANSWER_BYTES: usize = 64 * 1024;

/// The fake's client; built with the first call.
#[derive(Default)]
pub struct Client {
    http: OnceLock<reqwest::Client>,
}

/// What the fake says of a message it has.
#[derive(Deserialize)]
struct Taken {
    id: String,
    chat: String,
}

impl Client {
    /// Sends a piece.
    ///
    /// # Errors
    /// What the caller can do next.
    pub async fn send(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
        let body = json!({
            "account": piece.account,
            "chat": piece.conversation_key,
            "address": piece.address,
            "text": plain_text(&piece.parts),
            "reply_to": piece.reply_to_external,
            "key": piece.key,
        });
        let taken = self.call(context, "send", &body).await?;
        sent(taken, piece)
    }

    async fn call(&self, context: &CallContext, path: &str, body: &Value) -> Result<Value, SendError> {
        let temporary = |what: &str| SendError::Temporary(Reason::new("provider_unreachable").said(what));
        let lost = |error: &reqwest::Error| SendError::Unclear(Reason::new("answer_lost").said(&error.to_string()));
        let base = context.base_url.as_deref().ok_or_else(|| temporary("no address"))?;
        let limit = Duration::from_millis(u64::try_from(context.deadline.since(context.now)).unwrap_or(0));
        let request = self.http.get_or_init(reqwest::Client::new).post(format!("{base}/{path}")).json(body).timeout(limit);
        let answer = match request.send().await {
            Ok(answer) => answer,
            // Nobody took the connection, so nobody took the message.
            Err(error) if error.is_connect() => return Err(temporary(&error.to_string())),
            Err(error) => return Err(lost(&error)),
        };
        let status = answer.status();
        let pause = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<f64>().ok());
        let bytes = answer.bytes().await.map_err(|error| lost(&error))?;
        let words = String::from_utf8_lossy(bytes.get(..bytes.len().min(ANSWER_BYTES)).unwrap_or_default()).into_owned();
        match status {
            StatusCode::OK => {
                serde_json::from_str(&words).map_err(|error| SendError::Unclear(Reason::new("answer_unreadable").said(&error.to_string())))
            }
            StatusCode::TOO_MANY_REQUESTS => {
                let ms =
                    Duration::try_from_secs_f64(pause.unwrap_or(1.0)).map_or(1_000, |pause| i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
                Err(SendError::RetryAfter(ms))
            }
            StatusCode::UNAUTHORIZED => Err(SendError::AccessLost(Reason::new("token_revoked").said(&words))),
            status if status.is_server_error() => Err(SendError::Temporary(Reason::new("provider_failed").said(&words))),
            _ => Err(SendError::Rejected(Reason::new("rejected").said(&words))),
        }
    }
}

fn sent(taken: Value, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
    let taken: Taken =
        serde_json::from_value(taken).map_err(|error| SendError::Unclear(Reason::new("answer_unreadable").said(&error.to_string())))?;
    let conversation_key = piece.conversation_key.is_none().then(|| taken.chat.clone());
    Ok(SentPiece { external_id: Some(external_id(&taken.chat, &taken.id)), more: Vec::new(), conversation_key })
}

#[async_trait]
impl Lookup for Client {
    async fn find(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<Option<SentPiece>, SendError> {
        let found = self.call(context, "find", &json!({ "key": piece.key })).await?;
        if found.is_null() { Ok(None) } else { sent(found, piece).map(Some) }
    }
}
