//! Connecting an account: its keys are pasted; then Avito is told where to deliver.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::KIND;
use super::client::{Ask, Client, Keys};
use crate::channel::capability::{Connect, Connected, HookAddress, Progress, StepError};
use crate::channel::contract::{CallContext, LoginAccount, SendError};
use crate::connector::form::{Field, FieldKind, Step, Values};
use crate::connector::lenient::{int, list, text, words};
use crate::model::connection::{ChannelKind, ProviderLogin};
use crate::model::reason::Reason;

/// How a login hears of news, among its facts.
pub const RECEIVES: &str = "receives";
/// By deliveries.
pub const BY_HOOK: &str = "hook";
/// By looking.
pub const BY_POLL: &str = "poll";
/// The address Avito delivers to, among its facts; without what is secret in it nobody knows it.
const HOOK: &str = "hook_mark";

fn at_field(field: &str, reason: Reason) -> StepError {
    StepError { field: field.to_owned(), reason }
}

fn typed(answer: &Values, field: &str) -> Result<String, StepError> {
    let found = answer.get(field).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if found.is_empty() { Err(at_field(field, Reason::new("required"))) } else { Ok(found.to_owned()) }
}

fn failed(error: SendError) -> StepError {
    match error {
        SendError::AccessLost(reason) if reason.code == "avito_not_paid" => at_field("", reason),
        SendError::AccessLost(reason) => at_field("client_secret", reason),
        SendError::Temporary(reason) | SendError::Rejected(reason) | SendError::Unreachable(reason) | SendError::Unclear(reason) => {
            at_field("", reason)
        }
        SendError::RetryAfter(ms) => at_field("", Reason::new("provider_busy").with("seconds", ms / 1_000)),
    }
}

#[async_trait]
impl Connect for Client {
    fn first(&self, _kind: ChannelKind) -> Step {
        let base = Field::new("base_url", FieldKind::Url).optional().advanced();
        let fields = vec![Field::new("client_id", FieldKind::Text), Field::new("client_secret", FieldKind::Secret), base];
        Step::Fields { name: "keys".to_owned(), fields }
    }

    async fn next(&self, context: &CallContext, _kind: ChannelKind, _state: Value, answer: &Values) -> Result<Progress, StepError> {
        let keys = Keys { client_id: typed(answer, "client_id")?, client_secret: typed(answer, "client_secret")? };
        let base_url = typed(answer, "base_url").ok().map(|base| base.trim_end_matches('/').to_owned());
        if let Some(base) = &base_url {
            context.outside.check(base).map_err(|_| at_field("base_url", Reason::new("outside_address")))?;
        }
        let secrets = serde_json::to_string(&keys).map_err(|_| at_field("", Reason::new("required")))?;
        let context =
            CallContext { secrets: secrets.clone().into(), base_url: base_url.clone().or_else(|| context.base_url.clone()), ..context.clone() };
        let account = self.ask(&context, Ask::get("/core/v1/accounts/self", &[])).await.map_err(failed)?;
        let id = int(&account, "id").ok_or_else(|| at_field("", Reason::new("answer_unreadable")))?.to_string();
        // The messenger is a paid part of the subscription: better to hear of it now.
        let path = format!("/messenger/v2/accounts/{id}/chats");
        self.ask(&context, Ask::get(&path, &[("limit", "1".to_owned())])).await.map_err(failed)?;
        let name = Some(text(&account, "name")).filter(|name| !name.is_empty()).unwrap_or_else(|| format!("Avito {id}"));
        let link = text(&account, "profile_url");
        let shown: BTreeMap<String, String> = [("link".to_owned(), link)].into_iter().filter(|(_, link)| !link.is_empty()).collect();
        let mut facts = shown.clone();
        facts.extend([("user_id".to_owned(), id.clone()), ("name".to_owned(), name.clone())]);
        let one = LoginAccount { external_id: String::new(), kind: KIND, name: name.clone(), refused: None, facts: shown };
        Ok(Progress::Done(Box::new(Connected { external_key: id, name, secrets: secrets.into(), facts, base_url, accounts: vec![one] })))
    }

    async fn set_up(&self, context: &CallContext, login: &ProviderLogin, hook: Option<&HookAddress>) -> Result<BTreeMap<String, String>, SendError> {
        let mut facts = login.facts.clone();
        self.forget(context, facts.remove(HOOK).as_deref(), hook.map(|hook| hook.url.as_str())).await?;
        match hook {
            Some(hook) => {
                self.ask(context, Ask::post("/messenger/v3/webhook", Some(json!({ "url": hook.url })))).await?;
                facts.extend([(RECEIVES.to_owned(), BY_HOOK.to_owned()), (HOOK.to_owned(), mark(&hook.url))]);
            }
            None => {
                facts.insert(RECEIVES.to_owned(), BY_POLL.to_owned());
            }
        }
        Ok(facts)
    }

    async fn take_off(&self, context: &CallContext, login: &ProviderLogin) -> Result<(), SendError> {
        self.forget(context, login.facts.get(HOOK).map(String::as_str), None).await
    }
}

/// By what an address of ours is known again: facts are shown, and the end of the address is secret.
fn mark(url: &str) -> String {
    url.rsplit_once('/').map_or(url, |(open, _)| open).to_owned()
}

impl Client {
    /// Ends what an earlier address of ours was told.
    async fn forget(&self, context: &CallContext, known: Option<&str>, but: Option<&str>) -> Result<(), SendError> {
        let Some(known) = known else { return Ok(()) };
        let found = self.ask(context, Ask::post("/messenger/v1/subscriptions", None)).await?;
        let ours = list(&found, "subscriptions").iter().map(|one| words(one, "url")).filter(|url| mark(url) == known && Some(*url) != but);
        for url in ours {
            self.ask(context, Ask::post("/messenger/v1/webhook/unsubscribe", Some(json!({ "url": url })))).await?;
        }
        Ok(())
    }
}
