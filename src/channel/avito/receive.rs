//! Looking through the chats for what is new: where Avito cannot reach us that is how news come, elsewhere it finds what a delivery lost.

use std::collections::{BTreeMap, VecDeque};

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::client::{Ask, Client, own};
use super::connect::{BY_HOOK, RECEIVES};
use super::parse::{part, read_part};
use crate::channel::capability::{Poll, Polled};
use crate::channel::contract::{CallContext, SendError};
use crate::connector::lenient::{int, list, text};
use crate::model::connection::ProviderLogin;
use crate::model::time::Time;

/// How often it is looked where deliveries come, and where they do not.
const BESIDE_HOOKS_MS: i64 = 5 * 60_000;
const ALONE_MS: i64 = 30_000;
/// How far a look goes back behind the last, seconds: clocks apart, and what was under way.
const BACK: i64 = 120;
/// Chats in a list, messages read of one, chats read in one look.
const CHATS: usize = 100;
const MESSAGES: u32 = 100;
const AT_ONCE: usize = 10;
/// Lists that can be had at all.
const REACH: usize = 1_000;
/// Requests a look may make in a day. Sending has its own.
const BUDGET: u32 = 20_000;
const DAY_S: i64 = 86_400;

/// Where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// Up to when nothing is missing, seconds since 1970.
    seen: i64,
    /// When the look under way began.
    #[serde(skip_serializing_if = "Option::is_none")]
    began: Option<i64>,
    /// How many chats of the list were looked at in it.
    offset: usize,
    /// The day the requests are counted of, and how many.
    day: i64,
    asked: u32,
}

#[async_trait]
impl Poll for Client {
    fn every_ms(&self, login: &ProviderLogin) -> Option<i64> {
        let how = login.facts.get(RECEIVES)?;
        Some(if how == BY_HOOK { BESIDE_HOOKS_MS } else { ALONE_MS })
    }

    /// Ten chats at most, and Avito may be slow.
    fn limit_ms(&self) -> i64 {
        120_000
    }

    async fn poll(&self, context: &CallContext, login: &ProviderLogin, cursor: &str) -> Result<Polled, SendError> {
        let fresh = || Cursor { seen: login.created_at.0 / 1_000, ..Cursor::default() };
        let mut cursor: Cursor = if cursor.is_empty() { fresh() } else { serde_json::from_str(cursor).unwrap_or_else(|_| fresh()) };
        let now = context.now.0 / 1_000;
        if cursor.day != now / DAY_S {
            (cursor.day, cursor.asked) = (now / DAY_S, 0);
        }
        if cursor.asked >= BUDGET {
            return Ok(done(&cursor, Vec::new(), false));
        }
        let connected = login.created_at.0 / 1_000;
        let from = (cursor.seen - BACK).max(connected);
        let began = *cursor.began.get_or_insert(now);
        let chats = self.changed(context, from, cursor.offset).await?;
        cursor.asked = cursor.asked.saturating_add(1);
        let mut parts = Vec::new();
        for chat in chats.iter().take(AT_ONCE) {
            let messages = self.messages(context, &text(chat, "id"), MESSAGES).await?;
            cursor.asked = cursor.asked.saturating_add(1);
            parts.extend(news(chat, messages, from, own(context)));
        }
        // A full list may go on; and what changes meanwhile moves to its front, so nothing is passed over.
        let more = chats.len() >= AT_ONCE && cursor.offset + AT_ONCE < REACH;
        if more {
            cursor.offset += AT_ONCE;
        } else {
            cursor = Cursor { seen: began.max(cursor.seen), began: None, offset: 0, ..cursor };
        }
        Ok(done(&cursor, parts, more))
    }

    /// How much of the day's budget is used.
    fn tells(&self, cursor: &str, now: Time) -> BTreeMap<String, String> {
        let cursor: Cursor = serde_json::from_str(cursor).unwrap_or_default();
        let asked = if cursor.day == now.0 / 1_000 / DAY_S { cursor.asked } else { 0 };
        [("requests".to_owned(), format!("{asked} / {BUDGET}"))].into()
    }
}

fn done(cursor: &Cursor, parts: Vec<Bytes>, more: bool) -> Polled {
    Polled { parts, cursor: serde_json::to_string(cursor).unwrap_or_default(), more }
}

impl Client {
    /// Chats in which something was said since, from a place in the list on; the newest stand first.
    async fn changed(&self, context: &CallContext, from: i64, offset: usize) -> Result<Vec<Value>, SendError> {
        let path = format!("/messenger/v2/accounts/{}/chats", own(context));
        let query = [("limit", CHATS.to_string()), ("offset", offset.to_string()), ("chat_types", "u2i,u2u".to_owned())];
        let found = self.ask(context, Ask::get(&path, &query)).await?;
        // The order is not promised: all of the list is looked at.
        let changed = |chat: &&Value| {
            int(chat, "updated").or_else(|| chat.get("last_message").and_then(|last| int(last, "created"))).is_none_or(|at| at >= from)
        };
        Ok(list(&found, "chats").iter().filter(changed).cloned().collect())
    }
}

/// What a chat says since, oldest first, and how far the buyer read.
fn news(chat: &Value, messages: Vec<Value>, from: i64, own: &str) -> Vec<Bytes> {
    let mut parts = VecDeque::new();
    let mut read = None;
    for message in messages {
        let ours = text(&message, "author_id") == own;
        let new = int(&message, "created").is_some_and(|created| created >= from);
        if read.is_none() && ours && int(&message, "read").is_some_and(|at| at > 0) {
            read = Some(text(&message, "id"));
        }
        if new {
            parts.push_front(part(chat, &message, own));
        }
    }
    parts.extend(read.map(|id| read_part(&text(chat, "id"), &id)));
    parts.into()
}
