//! Asking VK for what is new: Long Poll where VK cannot reach us, and a look now and then for what got lost on either way.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::client::{Client, get};
use super::connect::{BY_POLL, RECEIVES, SERVER};
use crate::channel::capability::{Poll, Polled};
use crate::channel::contract::{CallContext, SendError};
use crate::connector::lenient::{int, list, text, words};
use crate::model::connection::ProviderLogin;
use crate::model::reason::Reason;

/// How long a question waits at VK, seconds: as VK recommends.
const WAIT: u64 = 25;
/// How often a login that is told by calls is looked after.
const LOOK_MS: i64 = 5 * 60_000;
/// VK's clock and ours, and what was under way: so far a look goes back behind the last, seconds.
const BACK: i64 = 120;
/// Dialogs looked into at once, messages read of one in a call, and calls: the most for one, and so many that no other is begun.
const DIALOGS: usize = 10;
const MESSAGES: usize = 200;
const PAGES: usize = 5;
const CALLS: usize = 10;

/// Where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// Long Poll's.
    key: String,
    server: String,
    ts: String,
    /// Up to when nothing is missing, seconds since 1970.
    seen: i64,
    /// A look for what is missing is under way: so many dialogs were looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    looked: Option<usize>,
}

impl Cursor {
    fn read(text: &str, login: &ProviderLogin) -> Self {
        let fresh = || Self { seen: login.created_at.0 / 1_000, ..Self::default() };
        if text.is_empty() { fresh() } else { serde_json::from_str(text).unwrap_or_else(|_| fresh()) }
    }

    fn into(self, parts: Vec<Bytes>, more: bool) -> Polled {
        Polled { parts, cursor: serde_json::to_string(&self).unwrap_or_default(), more }
    }
}

#[async_trait]
impl Poll for Client {
    fn every_ms(&self, login: &ProviderLogin) -> Option<i64> {
        let how = login.facts.get(RECEIVES)?;
        Some(if how == BY_POLL { 0 } else { LOOK_MS })
    }

    fn limit_ms(&self) -> i64 {
        60_000
    }

    async fn poll(&self, context: &CallContext, login: &ProviderLogin, cursor: &str) -> Result<Polled, SendError> {
        let mut cursor = Cursor::read(cursor, login);
        if cursor.looked.is_some() {
            return self.look(context, login, cursor).await;
        }
        if self.every_ms(login) == Some(0) {
            return self.ask(context, login, cursor).await;
        }
        self.resume(context, login).await?;
        cursor.looked = Some(0);
        self.look(context, login, cursor).await
    }
}

impl Client {
    /// VK stopped sending after several failures: saving the server anew makes it go on.
    async fn resume(&self, context: &CallContext, login: &ProviderLogin) -> Result<(), SendError> {
        let group = login.external_key.clone();
        let Some(id) = login.facts.get(SERVER) else { return Ok(()) };
        let Some(server) = self.server(context, &group, |item| text(item, "id") == *id).await? else {
            return Err(SendError::Rejected(Reason::new("vk_callback_gone")));
        };
        if words(&server, "status") == "failed" {
            let same = ["url", "title", "secret_key"].map(|name| (name, text(&server, name)));
            let params = [&[("group_id", group), ("server_id", id.clone())], &same[..]].concat();
            self.method(context, "groups.editCallbackServer", &params).await?;
        }
        Ok(())
    }

    /// Asks Long Poll.
    async fn ask(&self, context: &CallContext, login: &ProviderLogin, mut cursor: Cursor) -> Result<Polled, SendError> {
        if cursor.server.is_empty() {
            let begun = self.begin(context, login).await?;
            // What came between connecting and now, or while nobody asked, is looked for.
            cursor = Cursor { looked: Some(0), seen: cursor.seen, ..begun };
            return Ok(cursor.into(Vec::new(), true));
        }
        let url = reqwest::Url::parse_with_params(
            &cursor.server,
            [("act", "a_check"), ("key", &cursor.key), ("ts", &cursor.ts), ("wait", &WAIT.to_string())],
        );
        let url = url.map_err(|_| SendError::Temporary(Reason::new("answer_unreadable")))?;
        let asked = context.now.0 / 1_000;
        let answer = get(context, url.into(), Duration::from_secs(WAIT + 15)).await?;
        match int(&answer, "failed") {
            None => {
                let parts: Vec<Bytes> = list(&answer, "updates").iter().map(|update| Bytes::from(update.to_string())).collect();
                let ts = text(&answer, "ts");
                if ts.is_empty() {
                    return Err(SendError::Temporary(Reason::new("answer_unreadable")));
                }
                cursor = Cursor { ts, seen: asked.max(cursor.seen), ..cursor };
                Ok(cursor.into(parts, true))
            }
            // Some of it is lost: it goes on from there, and what was lost is looked for.
            Some(1) => Ok(Cursor { ts: text(&answer, "ts"), looked: Some(0), ..cursor }.into(Vec::new(), true)),
            Some(2) => {
                let begun = self.begin(context, login).await?;
                Ok(Cursor { ts: cursor.ts, seen: cursor.seen, ..begun }.into(Vec::new(), true))
            }
            Some(_) => {
                let begun = self.begin(context, login).await?;
                Ok(Cursor { looked: Some(0), seen: cursor.seen, ..begun }.into(Vec::new(), true))
            }
        }
    }

    async fn begin(&self, context: &CallContext, login: &ProviderLogin) -> Result<Cursor, SendError> {
        let found = self.method(context, "groups.getLongPollServer", &[("group_id", login.external_key.clone())]).await?;
        let server = words(&found, "server").to_owned();
        if server.is_empty() {
            return Err(SendError::Temporary(Reason::new("answer_unreadable")));
        }
        Ok(Cursor { key: text(&found, "key"), server, ts: text(&found, "ts"), ..Cursor::default() })
    }

    /// Looks through the dialogs that changed since for messages that never came. What came before has no second effect. Comments
    /// cannot be looked for: VK shows them to no community.
    async fn look(&self, context: &CallContext, login: &ProviderLogin, cursor: Cursor) -> Result<Polled, SendError> {
        let from = (cursor.seen - BACK).max(login.created_at.0 / 1_000);
        let looked = cursor.looked.unwrap_or_default();
        let started = context.now.0 / 1_000;
        let params = [("count", DIALOGS.to_string()), ("offset", looked.to_string()), ("group_id", login.external_key.clone())];
        let found = self.method(context, "messages.getConversations", &params).await?;
        // The newest stand first.
        let changed: Vec<&Value> = list(&found, "items").iter().take_while(|item| date(item.get("last_message")) >= from).collect();
        let mut parts = Vec::new();
        let (mut calls, mut done) = (0, 0);
        for item in &changed {
            if calls >= CALLS {
                break;
            }
            done += 1;
            let peer = item.get("conversation").and_then(|conversation| conversation.get("peer")).and_then(|peer| int(peer, "id"));
            let Some(peer) = peer else { continue };
            // All that is missing of a dialog, or what comes by calls meanwhile would stand behind the newest of it.
            let mut fresh: Vec<Value> = Vec::new();
            for page in 0..PAGES {
                let (offset, group) = ((page * MESSAGES).to_string(), login.external_key.clone());
                let params = [("peer_id", peer.to_string()), ("count", MESSAGES.to_string()), ("offset", offset), ("group_id", group)];
                let history = self.method(context, "messages.getHistory", &params).await?;
                calls += 1;
                let items = list(&history, "items");
                let before = fresh.len();
                fresh.extend(items.iter().filter(|message| date(Some(message)) >= from).cloned());
                if fresh.len() - before < MESSAGES {
                    break;
                }
            }
            // The newest come first.
            parts.extend(fresh.iter().rev().map(|message| part(login, message)));
        }
        let whole = done < changed.len() || changed.len() == DIALOGS;
        let next = match whole {
            true => Cursor { looked: Some(looked + done), ..cursor },
            false => Cursor { looked: None, seen: started.max(cursor.seen), ..cursor },
        };
        let asks = self.every_ms(login) == Some(0);
        Ok(next.into(parts, whole || asks))
    }
}

fn date(message: Option<&Value>) -> i64 {
    message.and_then(|message| int(message, "date")).unwrap_or_default()
}

/// A message of the history as the event of it would have been.
fn part(login: &ProviderLogin, message: &Value) -> Bytes {
    let group: i64 = login.external_key.parse().unwrap_or_default();
    let event = match int(message, "out") {
        Some(1) => json!({ "type": "message_reply", "group_id": group, "object": message }),
        _ => json!({ "type": "message_new", "group_id": group, "object": { "message": message } }),
    };
    Bytes::from(event.to_string())
}
