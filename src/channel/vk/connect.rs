//! Connecting a community: its token is pasted; then VK is told where to send, or that it will be asked.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;

use super::client::{Client, Wrong};
use super::ids::{COMMENTS, MESSAGES};
use super::parse::{CONFIRM, SECRET};
use super::{COMMENTS_KIND, MESSAGES_KIND};
use crate::channel::capability::{Connect, Connected, HookAddress, Progress, StepError};
use crate::channel::contract::{CallContext, LoginAccount, SendError};
use crate::connector::form::{Field, FieldKind, Step, Values};
use crate::connector::lenient::{int, list, text, words};
use crate::model::connection::{ChannelKind, ProviderLogin};
use crate::model::reason::Reason;

/// What happens that we want to hear of.
pub const EVENTS: [&str; 26] = [
    "message_new",
    "message_reply",
    "message_edit",
    "message_allow",
    "message_deny",
    "message_read",
    "message_typing_state",
    "message_event",
    "message_reaction_event",
    "wall_reply_new",
    "wall_reply_edit",
    "wall_reply_restore",
    "wall_reply_delete",
    "photo_comment_new",
    "photo_comment_edit",
    "photo_comment_restore",
    "photo_comment_delete",
    "video_comment_new",
    "video_comment_edit",
    "video_comment_restore",
    "video_comment_delete",
    "market_comment_new",
    "market_comment_edit",
    "market_comment_delete",
    "user_block",
    "user_unblock",
];
/// Rights a token must have: without them nothing comes in, or nothing goes out.
const NEEDED: [&str; 2] = ["messages", "manage"];
/// Rights without which something is missing: pictures, files, answers to comments.
const USEFUL: [&str; 3] = ["photos", "docs", "wall"];
/// How the server of ours is called in the community's settings.
const TITLE: &str = "Kommutator";
/// How a login hears of news, among its facts.
pub const RECEIVES: &str = "receives";
/// By calls of VK.
pub const BY_CALLBACK: &str = "callback";
/// By asking.
pub const BY_POLL: &str = "long_poll";
/// The server of ours in the community's settings, among its facts.
pub const SERVER: &str = "server_id";

fn at_field(field: &str, reason: Reason) -> StepError {
    StepError { field: field.to_owned(), reason }
}

fn reason_of(error: SendError) -> Reason {
    match error {
        SendError::Temporary(reason)
        | SendError::Rejected(reason)
        | SendError::Unreachable(reason)
        | SendError::AccessLost(reason)
        | SendError::Unclear(reason) => reason,
        SendError::RetryAfter(ms) => Reason::new("provider_busy").with("seconds", ms / 1_000),
    }
}

fn typed(answer: &Values, field: &str) -> String {
    answer.get(field).and_then(Value::as_str).map(|text| text.trim().to_owned()).unwrap_or_default()
}

#[async_trait]
impl Connect for Client {
    fn first(&self, _kind: ChannelKind) -> Step {
        let base = Field::new("base_url", FieldKind::Url).optional().advanced();
        Step::Fields { name: "token".to_owned(), fields: vec![Field::new("token", FieldKind::Secret), base] }
    }

    async fn next(&self, context: &CallContext, kind: ChannelKind, _state: Value, answer: &Values) -> Result<Progress, StepError> {
        let (token, base) = (typed(answer, "token"), typed(answer, "base_url"));
        if token.is_empty() {
            return Err(at_field("token", Reason::new("required")));
        }
        let base_url = Some(base.trim_end_matches('/').to_owned()).filter(|base| !base.is_empty());
        if let Some(base) = &base_url {
            context.outside.check(base).map_err(|error| at_field("base_url", reason_of(super::client::outside(error))))?;
        }
        let context =
            CallContext { secrets: token.clone().into(), base_url: base_url.clone().or_else(|| context.base_url.clone()), ..context.clone() };
        let refused = |error: Wrong| match error {
            Wrong::Code(..) => at_field("token", reason_of(error.into())),
            Wrong::Call(error) => at_field(if base_url.is_some() { "base_url" } else { "" }, reason_of(error)),
        };
        let found = self.method(&context, "groups.getById", &[]).await.map_err(refused)?;
        // Older answers are a list.
        let group = found.get("groups").unwrap_or(&found).as_array().and_then(|groups| groups.first()).cloned();
        let group = group.ok_or_else(|| at_field("token", Reason::new("vk_wrong_token")))?;
        let id = int(&group, "id").ok_or_else(|| at_field("token", Reason::new("vk_wrong_token")))?;
        let missing = self.missing_rights(&context).await.map_err(refused)?;
        let must = |right: &&String| NEEDED.contains(&right.as_str()) || (kind == COMMENTS_KIND && right.as_str() == "wall");
        let lacking: Vec<&str> = missing.iter().filter(must).map(String::as_str).collect();
        if !lacking.is_empty() {
            return Err(at_field("token", Reason::new("vk_rights_missing").with("rights", lacking.join(", "))));
        }
        Ok(Progress::Done(Box::new(connected(&group, id, token, base_url, &missing))))
    }

    async fn set_up(&self, context: &CallContext, login: &ProviderLogin, hook: Option<&HookAddress>) -> Result<BTreeMap<String, String>, SendError> {
        let group = login.external_key.clone();
        let mut facts = login.facts.clone();
        let missing = self.missing_rights(context).await?;
        // What was missing before and is there now is said too: facts are only added.
        if !missing.is_empty() || facts.contains_key("missing_rights") {
            facts.insert("missing_rights".to_owned(), missing.join(", "));
        }
        let on = EVENTS.map(|event| (event, "1".to_owned()));
        let of = |more: &[(&'static str, String)]| [&[("group_id", group.clone())], more].concat();
        let version = ("api_version", super::client::VERSION.to_owned());
        match hook {
            Some(hook) => {
                let server = self.serve(context, &group, hook, facts.get(SERVER)).await?;
                let settings = of(&[&[("server_id", server.clone()), version], &on[..]].concat());
                self.method(context, "groups.setCallbackSettings", &settings).await?;
                // Both at once would tell everything twice.
                self.method(context, "groups.setLongPollSettings", &of(&[("enabled", "0".to_owned())])).await?;
                if self.server(context, &group, |item| text(item, "id") == server).await?.is_none_or(|item| words(&item, "status") != "ok") {
                    return Err(SendError::Temporary(Reason::new("vk_callback_failed").with("url", &hook.url)));
                }
                facts.extend([(RECEIVES.to_owned(), BY_CALLBACK.to_owned()), (SERVER.to_owned(), server)]);
            }
            None => {
                let settings = of(&[&[("enabled", "1".to_owned()), version], &on[..]].concat());
                self.method(context, "groups.setLongPollSettings", &settings).await?;
                self.unserve(context, &group, facts.remove(SERVER)).await?;
                facts.insert(RECEIVES.to_owned(), BY_POLL.to_owned());
            }
        }
        Ok(facts)
    }

    async fn take_off(&self, context: &CallContext, login: &ProviderLogin) -> Result<(), SendError> {
        let group = login.external_key.clone();
        self.unserve(context, &group, login.facts.get(SERVER).cloned()).await?;
        if login.facts.get(RECEIVES).is_some_and(|how| how == BY_POLL) {
            self.method(context, "groups.setLongPollSettings", &[("group_id", group), ("enabled", "0".to_owned())]).await?;
        }
        Ok(())
    }
}

impl Client {
    /// Rights the token lacks, of those there is a use for.
    async fn missing_rights(&self, context: &CallContext) -> Result<Vec<String>, Wrong> {
        let found = self.method(context, "groups.getTokenPermissions", &[]).await?;
        let has: Vec<&str> = list(&found, "permissions").iter().map(|right| words(right, "name")).collect();
        Ok(NEEDED.iter().chain(&USEFUL).filter(|right| !has.contains(right)).map(|right| (*right).to_owned()).collect())
    }

    /// Finds one of the community's servers.
    pub(super) async fn server(
        &self, context: &CallContext, group: &str, wanted: impl Fn(&Value) -> bool + Send,
    ) -> Result<Option<Value>, SendError> {
        let found = self.method(context, "groups.getCallbackServers", &[("group_id", group.to_owned())]).await?;
        Ok(list(&found, "items").iter().find(|item| wanted(item)).cloned())
    }

    /// Makes our server, or sets it right. VK asks for its code before the call is over, so the address itself holds it.
    async fn serve(&self, context: &CallContext, group: &str, hook: &HookAddress, known: Option<&String>) -> Result<String, SendError> {
        let found = self.method(context, "groups.getCallbackConfirmationCode", &[("group_id", group.to_owned())]).await?;
        let joint = if hook.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{joint}{CONFIRM}={}", hook.url, words(&found, "code"));
        let secret = hook.secret.chars().take(SECRET).collect::<String>();
        let ours = |item: &Value| known.is_some_and(|known| text(item, "id") == *known) || words(item, "url").starts_with(&hook.url);
        let mut params = vec![("group_id", group.to_owned()), ("url", url), ("title", TITLE.to_owned()), ("secret_key", secret)];
        match self.server(context, group, ours).await? {
            Some(server) => {
                let id = text(&server, "id");
                params.push(("server_id", id.clone()));
                self.method(context, "groups.editCallbackServer", &params).await?;
                Ok(id)
            }
            None => Ok(text(&self.method(context, "groups.addCallbackServer", &params).await?, "server_id")),
        }
    }

    async fn unserve(&self, context: &CallContext, group: &str, server: Option<String>) -> Result<(), SendError> {
        let Some(server) = server else { return Ok(()) };
        match self.method(context, "groups.deleteCallbackServer", &[("group_id", group.to_owned()), ("server_id", server)]).await {
            // Somebody deleted it before.
            Ok(_) | Err(Wrong::Code(100 | 2001, _)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn connected(group: &Value, id: i64, token: String, base_url: Option<String>, missing: &[String]) -> Connected {
    let name = Some(text(group, "name")).filter(|name| !name.is_empty()).unwrap_or_else(|| format!("club{id}"));
    let screen = Some(text(group, "screen_name")).filter(|name| !name.is_empty()).unwrap_or_else(|| format!("club{id}"));
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let account =
        |external_id: &str, kind, name: String, facts| LoginAccount { external_id: external_id.to_owned(), kind, name, refused: None, facts };
    let link = format!("https://vk.com/{screen}");
    let mut facts: BTreeMap<String, String> = [fact("group_id", id.to_string()), fact("name", name.clone()), fact("link", link.clone())].into();
    if !missing.is_empty() {
        facts.insert("missing_rights".to_owned(), missing.join(", "));
    }
    // Whoever comes by the second brings the marks with their first message (C-VK-10).
    let write = format!("https://vk.me/{screen}");
    let messages = [fact("link", write.clone()), fact("source_link", format!("{write}?ref=Example1&ref_source=Example2"))].into();
    Connected {
        external_key: id.to_string(),
        name: name.clone(),
        secrets: token.into(),
        facts,
        base_url,
        accounts: vec![
            account(MESSAGES, MESSAGES_KIND, name.clone(), messages),
            account(COMMENTS, COMMENTS_KIND, format!("{name}: комментарии"), [fact("link", link)].into()),
        ],
    }
}
