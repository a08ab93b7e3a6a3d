//! Connecting an account: by amoCRM's page of consent, or with a token its owner copied; then what amoCRM is told once.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::api::{Account, Api};
use super::client::Client;
use super::fields::USUAL;
use super::hosts::{self, Domain};
use super::oauth::{self, App, Grant, Tokens};
use super::settings::Settings;
use super::{AmoCrm, fact};
use crate::connector::form::{Field, FieldKind, Step, Values};
use crate::connector::hook::HookAddress;
use crate::connector::walk::StepError;
use crate::crm::capability::{Connect, Connected, HOOK_NAME, NewApp, Progress};
use crate::crm::contract::{CrmContext, CrmError, Host, Keys};
use crate::model::crm::CrmTalk;
use crate::model::reason::Reason;

/// What amoCRM tells of without its chats. The last is not known everywhere.
const WEBHOOKS: [&str; 9] = [
    "update_lead",
    "status_lead",
    "responsible_lead",
    "delete_lead",
    "restore_lead",
    "update_contact",
    "delete_contact",
    "responsible_contact",
    "update_talk",
];

/// What was answered before.
#[derive(Default, Serialize, Deserialize)]
struct State {
    domain: String,
    /// The step that was asked.
    asked: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
    /// What the redirect is to bring back.
    #[serde(default)]
    mark: String,
    #[serde(default)]
    base_url: Option<String>,
}

fn at_field(field: &str, reason: Reason) -> StepError {
    StepError { field: field.to_owned(), reason }
}

fn typed(answer: &Values, field: &str) -> Result<String, StepError> {
    let found = answer.get(field).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if found.is_empty() { Err(at_field(field, Reason::new("required"))) } else { Ok(found.to_owned()) }
}

fn failed(field: &str, error: impl Into<CrmError>) -> StepError {
    at_field(field, error.into().reason())
}

fn ask(step: Step, state: &State) -> Progress {
    Progress::Ask { step, state: serde_json::to_value(state).unwrap_or_default() }
}

fn fields(name: &str, fields: Vec<Field>) -> Step {
    Step::Fields { name: name.to_owned(), fields }
}

/// Somebody who is being connected has tokens of their own already, and nothing to be kept.
struct Walking {
    inner: Arc<dyn Host>,
    secrets: SecretString,
}

#[async_trait]
impl Host for Walking {
    async fn turn(&self, gate: &'static str) {
        self.inner.turn(gate).await;
    }

    fn keys(&self) -> Keys {
        Keys { secrets: self.secrets.clone(), round: 0 }
    }

    async fn renewed(&self, _round: u64) -> Result<Keys, CrmError> {
        Err(CrmError::AccessLost(Reason::new("token_revoked")))
    }

    async fn keep(&self, _talk: &CrmTalk) -> Result<(), CrmError> {
        Err(CrmError::Temporary(Reason::new("not_connected")))
    }
}

#[async_trait]
impl Connect for AmoCrm {
    fn first(&self) -> Step {
        let choice =
            |name: &str, values: &[&str]| Field::new(name, FieldKind::Choice { values: values.iter().map(|value| (*value).to_owned()).collect() });
        let base = Field::new("base_url", FieldKind::Url).optional().advanced();
        fields("start", vec![choice("domain", &["amocrm", "kommo"]), choice("way", &["button", "token"]), base])
    }

    async fn next(&self, context: &CrmContext, state: Value, answer: &Values) -> Result<Progress, StepError> {
        let state: State = serde_json::from_value(state).unwrap_or_default();
        let mut context = context.clone();
        if let Some(base) = &state.base_url {
            context.connection.base_url = Some(base.clone());
        }
        match state.asked.as_str() {
            "token" => by_token(&self.client, &context, state, answer).await,
            "integration" => {
                let (client_id, client_secret) = (typed(answer, "client_id")?, typed(answer, "client_secret")?);
                consent(&context, State { client_id, client_secret, ..state })
            }
            "consent" => by_code(&self.client, &context, state, answer).await,
            _ => begin(&context, answer),
        }
    }

    async fn set_up(&self, context: &CrmContext, hook: Option<&HookAddress>) -> Result<BTreeMap<String, String>, CrmError> {
        let api = Api::new(&self.client, context);
        let tokens = Tokens::read(&context.host.keys().secrets)?;
        let mut facts = about(&api.account().await?, &tokens.host);
        let user = facts.get(fact::USER).and_then(|user| user.parse().ok()).unwrap_or_default();
        match api.user(user).await.map_err(CrmError::from) {
            Ok(user) => facts.extend(user.map(|user| (fact::LANGUAGE.to_owned(), user.language))),
            Err(CrmError::Rejected(_)) => {}
            Err(error) => return Err(error),
        }
        // What was read may be new to the account: what follows goes by it.
        let mut context = context.clone();
        context.connection.facts.extend(facts.clone());
        let app = App::of(&context);
        if let Some(app) = &app {
            facts.insert(fact::CLIENT.to_owned(), app.client_id.clone());
        }
        match app.and_then(|app| app.channel) {
            Some(channel) => {
                let scope = self.client.connect_chats(&context).await?;
                facts.extend([
                    (fact::CHANNEL.to_owned(), fact::YES.to_owned()),
                    (fact::BOT.to_owned(), channel.bot),
                    (fact::SCOPE.to_owned(), scope.clone()),
                    (HOOK_NAME.to_owned(), scope),
                ]);
            }
            None => {
                facts.insert(fact::CHANNEL.to_owned(), fact::NO.to_owned());
            }
        }
        usual_field(&Api::new(&self.client, &context), &context).await?;
        let told = subscribe(&Api::new(&self.client, &context), &context, hook).await?;
        facts.insert(fact::WEBHOOKS.to_owned(), if told { fact::YES } else { fact::NO }.to_owned());
        facts.insert(fact::HOOK.to_owned(), hook.map(|hook| mark(&hook.url)).unwrap_or_default());
        Ok(facts)
    }

    async fn take_off(&self, context: &CrmContext) -> Result<(), CrmError> {
        let off = match App::of(context).and_then(|app| app.channel) {
            Some(_) => self.client.disconnect_chats(context).await,
            None => Ok(()),
        };
        forget(&Api::new(&self.client, context), context, None).await?;
        Ok(off?)
    }
}

/// The domain and the way are chosen.
fn begin(context: &CrmContext, answer: &Values) -> Result<Progress, StepError> {
    let domain = typed(answer, "domain")?;
    Domain::read(&domain).ok_or_else(|| at_field("domain", Reason::new("required")))?;
    let base_url = typed(answer, "base_url").ok().map(|base| base.trim_end_matches('/').to_owned());
    if let Some(base) = &base_url {
        context.outside.check(base).map_err(|_| at_field("base_url", Reason::new("outside_address")))?;
    }
    let state = State { domain, base_url, ..State::default() };
    match typed(answer, "way")?.as_str() {
        "token" => {
            let asked = vec![Field::new("host", FieldKind::Text), Field::new("token", FieldKind::Secret)];
            Ok(ask(fields("token", asked), &State { asked: "token".to_owned(), ..state }))
        }
        // amoCRM sends the person back to us.
        "button" if context.returns.is_none() => Err(at_field("way", Reason::new("no_public_address"))),
        "button" if App::of(context).is_some() => consent(context, state),
        "button" => {
            let mut asked = vec![Field::new("client_id", FieldKind::Text), Field::new("client_secret", FieldKind::Secret)];
            let back = context.returns.as_ref().map(|returns| Field::copy("redirect_uri", returns.url.clone()));
            asked.splice(0..0, back);
            Ok(ask(fields("integration", asked), &State { asked: "integration".to_owned(), ..state }))
        }
        _ => Err(at_field("way", Reason::new("required"))),
    }
}

/// The integration to be connected with: the installation's own, or one that was typed.
fn app(context: &CrmContext, state: &State) -> App {
    let known = App::of(context).filter(|_| state.client_id.is_empty());
    let mut app = known.unwrap_or_else(|| App {
        client_id: state.client_id.clone(),
        client_secret: SecretString::from(state.client_secret.as_str()),
        ..App::default()
    });
    // They come back to where this installation is now.
    if let Some(returns) = &context.returns {
        app.redirect_uri.clone_from(&returns.url);
    }
    app
}

/// The person is sent to amoCRM.
fn consent(context: &CrmContext, state: State) -> Result<Progress, StepError> {
    let returns = context.returns.as_ref().ok_or_else(|| at_field("", Reason::new("no_public_address")))?;
    let domain = Domain::read(&state.domain).ok_or_else(|| at_field("domain", Reason::new("required")))?;
    let base = context.connection.base_url.as_deref();
    let url = oauth::consent(base, domain, &app(context, &state).client_id, &returns.state);
    let state = State { asked: "consent".to_owned(), mark: returns.state.clone(), ..state };
    Ok(ask(Step::Redirect { name: "consent".to_owned(), url }, &state))
}

/// The person came back from amoCRM.
async fn by_code(client: &Client, context: &CrmContext, state: State, answer: &Values) -> Result<Progress, StepError> {
    if let Ok(error) = typed(answer, "error") {
        let code = if error == "access_denied" { "amocrm_denied" } else { "amocrm_bad_request" };
        return Err(at_field("", Reason::new(code).said(&error)));
    }
    // Whoever brings another mark answers something else; one without any stands behind amoCRM's own list, see `from_widget`.
    let given = typed(answer, "state").unwrap_or_default();
    if given != state.mark || given.is_empty() {
        return Err(at_field("", Reason::new("amocrm_other_answer")));
    }
    let (code, referer) = (typed(answer, "code").map_err(|error| at_field("", error.reason))?, typed(answer, "referer").unwrap_or_default());
    // Anybody can write a referer, and the integration's secret is sent there.
    let host = hosts::account(&referer).ok_or_else(|| at_field("", Reason::new("amocrm_host").with("host", cut(&referer))))?;
    let app = app(context, &state);
    let tokens = oauth::exchange(client, context, &app, &host, &Grant::Code(&code)).await.map_err(|failure| failed("", failure))?;
    // Tokens are renewed with the same address they were first given to.
    let values = [("client_id", app.client_id.as_str()), ("redirect_uri", &app.redirect_uri), ("client_secret", &state.client_secret)];
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    let new = NewApp { external_key: app.client_id.clone(), values };
    done(client, context, &tokens, Some(new), &app, "").await
}

fn cut(text: &str) -> String {
    text.chars().take(100).collect()
}

/// The owner copied a token.
async fn by_token(client: &Client, context: &CrmContext, state: State, answer: &Values) -> Result<Progress, StepError> {
    let domain = Domain::read(&state.domain).ok_or_else(|| at_field("domain", Reason::new("required")))?;
    let host = typed(answer, "host")?;
    let host = hosts::typed(&host, domain).ok_or_else(|| at_field("host", Reason::new("amocrm_host").with("host", cut(&host))))?;
    let tokens = Tokens::lasting(&typed(answer, "token")?, &host);
    done(client, context, &tokens, None, &App::of(context).unwrap_or_default(), "token").await
}

/// Looks at the account: it must be there, and who lets us in must be its admin (H-AMO-01).
async fn done(client: &Client, context: &CrmContext, tokens: &Tokens, new: Option<NewApp>, app: &App, field: &str) -> Result<Progress, StepError> {
    let host: Arc<dyn Host> = Arc::new(Walking { inner: Arc::clone(&context.host), secrets: tokens.sealed() });
    let context = CrmContext { host, ..context.clone() };
    let api = Api::new(client, &context);
    let account = api.account().await.map_err(|failure| failed(field, failure))?;
    let user = match api.user(account.user).await {
        Ok(user) => user.filter(|user| user.is_admin),
        Err(failure) => match failure.error {
            // Only an admin may ask who is who.
            CrmError::Rejected(_) => None,
            error => return Err(failed(field, error)),
        },
    };
    let user = user.ok_or_else(|| at_field(field, Reason::new("amocrm_not_admin")))?;
    let mut facts = about(&account, &tokens.host);
    let channel = if app.channel.is_some() { fact::YES } else { fact::NO };
    facts.extend([(fact::USER_NAME.to_owned(), user.name), (fact::CHANNEL.to_owned(), channel.to_owned())]);
    if !app.client_id.is_empty() {
        facts.insert(fact::CLIENT.to_owned(), app.client_id.clone());
    }
    let name = if account.name.is_empty() { account.subdomain.clone() } else { account.name.clone() };
    let base_url = context.connection.base_url.clone();
    let connected = Connected { external_key: account.id.to_string(), name, secrets: tokens.sealed(), facts, base_url, app: new };
    Ok(Progress::Done(Box::new(connected)))
}

/// What is known of an account.
fn about(account: &Account, host: &str) -> BTreeMap<String, String> {
    let known = [
        (fact::ACCOUNT, account.id.to_string()),
        (fact::AMOJO, account.amojo.clone()),
        (fact::SUBDOMAIN, account.subdomain.clone()),
        (fact::HOST, host.to_owned()),
        (fact::NAME, account.name.clone()),
        (fact::USER, account.user.to_string()),
        (fact::DRIVE, account.drive.clone()),
    ];
    known.into_iter().map(|(name, value)| (name.to_owned(), value)).filter(|(_, value)| !value.is_empty()).collect()
}

/// The field for links to Instagram is there from the beginning (H-AMO-07), and again once its owner wants it again. Who may make no fields
/// has none.
async fn usual_field(api: &Api<'_>, context: &CrmContext) -> Result<(), CrmError> {
    let [instagram, ..] = USUAL;
    if !Settings::of(&context.connection).instagram_field.is_empty() || context.connection.gone().contains(&"instagram_field") {
        return Ok(());
    }
    match api.field_called(instagram, "url").await {
        Ok(_) => {
            context.host.lists_are_old();
            Ok(())
        }
        Err(CrmError::Rejected(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// By what an address of ours is known again: facts are shown, and the end of the address is secret.
fn mark(url: &str) -> String {
    url.rsplit_once('/').map_or(url, |(open, _)| open).to_owned()
}

/// Tells amoCRM where to send what changes; not every tariff has it, and nothing depends on it. Answers whether it will.
async fn subscribe(api: &Api<'_>, context: &CrmContext, hook: Option<&HookAddress>) -> Result<bool, CrmError> {
    forget(api, context, hook.map(|hook| hook.url.as_str())).await?;
    let Some(hook) = hook else { return Ok(false) };
    let (without, all) = (WEBHOOKS.get(..WEBHOOKS.len().saturating_sub(1)).unwrap_or_default(), WEBHOOKS.as_slice());
    for settings in [all, without] {
        match api.subscribe(&hook.url, settings).await.map_err(CrmError::from) {
            Ok(()) => return Ok(true),
            Err(CrmError::Rejected(_)) => {}
            Err(CrmError::Silence { reason, .. }) if reason.code == "amocrm_not_paid" => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Ends what earlier addresses of this connection were told.
async fn forget(api: &Api<'_>, context: &CrmContext, but: Option<&str>) -> Result<(), CrmError> {
    let known = context.connection.facts.get(fact::HOOK).filter(|known| !known.is_empty());
    let Some(known) = known else { return Ok(()) };
    let found = match api.webhooks().await.map_err(CrmError::from) {
        Ok(found) => found,
        Err(CrmError::Rejected(_)) => return Ok(()),
        Err(CrmError::Silence { reason, .. }) if reason.code == "amocrm_not_paid" => return Ok(()),
        Err(error) => return Err(error),
    };
    for url in found.iter().filter(|url| mark(url) == *known && Some(url.as_str()) != but) {
        match api.unsubscribe(url).await.map_err(CrmError::from) {
            Ok(()) | Err(CrmError::Rejected(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
