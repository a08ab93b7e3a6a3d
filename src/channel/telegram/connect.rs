//! Connecting a bot: its token, and whether another program uses it already.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::api::{Api, Fault, fields};
use super::client::{ALLOWED, Client};
use super::errors::Act;
use super::{BOT, PERSONAL};
use crate::channel::capability::{Connect, Connected, HookAddress, Progress, StepError};
use crate::channel::contract::{CallContext, LoginAccount, SendError};
use crate::connector::form::{Field, FieldKind, Step, Values};
use crate::model::connection::{ChannelKind, ProviderLogin};
use crate::model::reason::Reason;

/// The webhook may be changed once a second.
const BETWEEN_CHANGES: std::time::Duration = std::time::Duration::from_millis(1_100);
/// At most so many deliveries at once.
const CONNECTIONS: u32 = 40;

fn token_step(kind: ChannelKind) -> Step {
    let name = if kind == PERSONAL { "business" } else { "token" };
    let fields = vec![
        Field::new("token", FieldKind::Secret),
        Field::new("server", FieldKind::Url).optional().advanced(),
        Field::new("files", FieldKind::Url).optional().advanced(),
    ];
    Step::Fields { name: name.to_owned(), fields }
}

fn wrong(field: &str, code: &str) -> StepError {
    StepError { field: field.to_owned(), reason: Reason::new(code) }
}

/// Why a question while connecting did not succeed, at the field that can be mended.
fn failed(fault: Fault, is_own_server: bool) -> StepError {
    let reason = match fault.error() {
        SendError::AccessLost(reason) if reason.code != "wrong_server" => {
            return StepError { field: "token".to_owned(), reason: Reason { code: "token_wrong".to_owned(), ..reason } };
        }
        SendError::RetryAfter(ms) => Reason::new("provider_busy").with("seconds", ms / 1_000),
        SendError::Temporary(reason)
        | SendError::Rejected(reason)
        | SendError::Unreachable(reason)
        | SendError::AccessLost(reason)
        | SendError::Unclear(reason) => reason,
    };
    StepError { field: if is_own_server { "server" } else { "" }.to_owned(), reason }
}

fn text(values: &Values, name: &str) -> String {
    values.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

/// Whether it looks like a token: `NUMBER:LETTERS`.
fn is_token(token: &str) -> bool {
    token.split_once(':').is_some_and(|(bot, rest)| {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        !bot.is_empty() && bot.bytes().all(|byte| byte.is_ascii_digit()) && (20..=100).contains(&rest.len()) && rest.bytes().all(is_word)
    })
}

/// What is known of a bot, from `getMe`.
fn facts(me: &Value) -> BTreeMap<String, String> {
    let words = |name: &str| me.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is = |name: &str| me.get(name).and_then(Value::as_bool).unwrap_or(false).to_string();
    let mut facts = BTreeMap::from([
        ("name".to_owned(), words("first_name")),
        ("username".to_owned(), words("username")),
        ("reads_groups".to_owned(), is("can_read_all_group_messages")),
        ("business".to_owned(), is("can_connect_to_business")),
    ]);
    if !words("username").is_empty() {
        facts.insert("link".to_owned(), format!("https://t.me/{}", words("username")));
    }
    facts
}

#[async_trait]
impl Connect for Client {
    fn first(&self, kind: ChannelKind) -> Step {
        token_step(kind)
    }

    async fn next(&self, context: &CallContext, kind: ChannelKind, state: Value, answer: &Values) -> Result<Progress, StepError> {
        let known = |name: &str| state.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_asked_twice = !state.is_null();
        let (token, server, files) = if is_asked_twice {
            (known("token"), known("server"), known("files"))
        } else {
            (text(answer, "token"), text(answer, "server"), text(answer, "files"))
        };
        if !is_token(&token) {
            return Err(wrong("token", "token_wrong"));
        }
        for (field, address) in [("server", &server), ("files", &files)] {
            if let (false, Err(error)) = (address.is_empty(), context.outside.check(address)) {
                let crate::outside::OutsideError::Rejected(reason) = error else { return Err(wrong(field, "outside_address")) };
                return Err(StepError { field: field.to_owned(), reason });
            }
        }
        let base = (!server.is_empty()).then_some(server.as_str());
        let api = Api::with(context, base, &token);
        let me = api.ask("getMe", &Map::new()).await.map_err(|fault| failed(fault, base.is_some()))?;
        let mut facts = facts(&me);
        if kind == PERSONAL && facts.get("business").map(String::as_str) != Some("true") {
            return Err(wrong("token", "business_mode_off"));
        }
        if is_asked_twice {
            if answer.get("take_over").and_then(Value::as_bool) != Some(true) {
                return Err(wrong("take_over", "bot_used_elsewhere"));
            }
        } else {
            let hook = api.ask("getWebhookInfo", &Map::new()).await.map_err(|fault| failed(fault, base.is_some()))?;
            let url = hook.get("url").and_then(Value::as_str).unwrap_or_default();
            // Connected again from here, it was us.
            if !url.is_empty() && context.facts.get("hook") != Some(&mark(url)) {
                let fields = vec![Field { warns: true, ..Field::new("take_over", FieldKind::Switch) }];
                let state = json!({ "token": token, "server": server, "files": files });
                return Ok(Progress::Ask { step: Step::Fields { name: "taken".to_owned(), fields }, state });
            }
        }
        if !files.is_empty() {
            facts.insert("file_url".to_owned(), files);
        }
        let name = facts.get("name").filter(|name| !name.is_empty()).or_else(|| facts.get("username")).cloned().unwrap_or_default();
        let shown = facts.iter().filter(|(name, _)| ["link", "username", "reads_groups", "business"].contains(&name.as_str()));
        let bot = LoginAccount {
            external_id: String::new(),
            kind: BOT,
            name: name.clone(),
            refused: None,
            facts: shown.map(|(name, value)| (name.clone(), value.clone())).collect(),
        };
        let connected = Connected {
            external_key: api.bot().to_owned(),
            name,
            secrets: token.clone().into(),
            facts,
            base_url: base.map(str::to_owned),
            accounts: vec![bot],
        };
        Ok(Progress::Done(Box::new(connected)))
    }

    async fn set_up(&self, context: &CallContext, login: &ProviderLogin, hook: Option<&HookAddress>) -> Result<BTreeMap<String, String>, SendError> {
        let api = Api::of(context);
        let me = api.ask("getMe", &Map::new()).await.map_err(Fault::error)?;
        let mut known = login.facts.clone();
        known.extend(facts(&me));
        known.remove("hook");
        // The cloud takes nothing but https; a server of one's own may.
        let usable = hook.filter(|hook| hook.url.starts_with("https://") || context.base_url.is_some());
        if let Some(hook) = usable {
            let asked = json!({ "url": hook.url, "secret_token": hook.secret, "allowed_updates": ALLOWED, "max_connections": CONNECTIONS });
            match api.ask("setWebhook", &fields(asked)).await {
                Ok(_) => {
                    known.insert("news".to_owned(), "webhook".to_owned());
                    known.insert("hook".to_owned(), mark(&hook.url));
                    return Ok(known);
                }
                // It does not like the address: then we ask ourselves. A second change within a second would be refused for that alone.
                Err(Fault::Not(Act::Reject("webhook_refused"), _)) => tokio::time::sleep(BETWEEN_CHANGES).await,
                Err(fault) => return Err(fault.error()),
            }
        }
        api.ask("deleteWebhook", &Map::new()).await.map_err(Fault::error)?;
        known.insert("news".to_owned(), "polling".to_owned());
        Ok(known)
    }

    async fn take_off(&self, context: &CallContext, login: &ProviderLogin) -> Result<(), SendError> {
        if login.facts.get("news").map(String::as_str) != Some("webhook") {
            return Ok(());
        }
        Api::of(context).ask("deleteWebhook", &Map::new()).await.map(|_| ()).map_err(Fault::error)
    }
}

/// By what an address of ours is known again without being kept: it holds a secret.
fn mark(url: &str) -> String {
    use sha2::Digest;
    let hash = sha2::Sha256::digest(url.as_bytes());
    data_encoding::HEXLOWER.encode(hash.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_token() {
        for (text, wanted) in [
            ("7000000001:AAF-fake_token_of_the_shop_bot_0001", true),
            ("7000000001:short", false),
            ("bot:AAF-fake_token_of_the_shop_bot_0001", false),
            ("7000000001:AAF-fake token of the shop bot 0001", false),
            ("7000000001:AAF-fake_token_of_the_shop_bot_0001/../x", false),
            ("", false),
        ] {
            assert_eq!(is_token(text), wanted, "{text}");
        }
    }
}
