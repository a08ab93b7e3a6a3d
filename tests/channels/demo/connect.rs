//! Connecting: the server's address, a code that is scanned in the messenger, and the password of the account where it has one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::KIND;
use super::client::{Client, ask, outside};
use super::settings::ONLY_GROUP;
use crate::channel::capability::{Connect, Connected, HookAddress, Progress, StepError};
use crate::channel::contract::{CallContext, LoginAccount, SendError};
use crate::connector::form::{Field, FieldKind, Step, Values};
use crate::connector::lenient::{cut, int, list, text, words};
use crate::model::connection::{ChannelKind, ProviderLogin};
use crate::model::reason::Reason;
use crate::model::time::Time;

/// How far linking has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Linking {
    server: String,
    /// What Demo knows this device by, until it is linked.
    ticket: String,
    /// What is drawn.
    code: String,
    until: Time,
    /// It was scanned: the password is asked for.
    scanned: bool,
}

fn at_field(field: &str, reason: Reason) -> StepError {
    StepError { field: field.to_owned(), reason }
}

/// What was said to a step's call: about the step, unless it is known better.
fn whole(error: SendError) -> StepError {
    at_field("", error.reason())
}

fn typed<'a>(answer: &'a Values, field: &str) -> Result<&'a str, StepError> {
    let found = answer.get(field).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if found.is_empty() { Err(at_field(field, Reason::new("required"))) } else { Ok(found) }
}

fn at(context: &CallContext, server: &str) -> CallContext {
    CallContext { base_url: Some(server.to_owned()), secrets: "".into(), ..context.clone() }
}

fn server_step() -> Step {
    Step::Fields { name: "server".to_owned(), fields: vec![Field::new("server", FieldKind::Url)] }
}

fn asked(linking: &Linking) -> Result<Progress, StepError> {
    let step = match linking.scanned {
        true => Step::Fields { name: "password".to_owned(), fields: vec![Field::new("password", FieldKind::Secret)] },
        false => Step::Qr { name: "scan".to_owned(), content: linking.code.clone(), until_ms: linking.until.0 },
    };
    let state = serde_json::to_value(linking).map_err(|_| at_field("", Reason::new("answer_unreadable")))?;
    Ok(Progress::Ask { step, state })
}

/// A new code.
async fn begin(context: &CallContext, server: &str) -> Result<Linking, SendError> {
    let begun = ask(&at(context, server), "/devices", &json!({ "name": "Kommutator" }), false).await?;
    let (ticket, code) = (text(&begun, "ticket"), text(&begun, "code"));
    if ticket.is_empty() || code.is_empty() || code.len() > 500 {
        return Err(SendError::Temporary(Reason::new("answer_unreadable")));
    }
    let lives = int(&begun, "lives_s").unwrap_or(60).clamp(5, 600);
    Ok(Linking { server: server.to_owned(), ticket, code, until: context.now.plus_ms(lives * 1_000), scanned: false })
}

fn connected(server: &str, linked: &Value) -> Result<Progress, StepError> {
    let account = linked.get("account").unwrap_or(&Value::Null);
    let (token, id) = (text(linked, "token"), text(account, "id"));
    if token.is_empty() || id.is_empty() {
        return Err(at_field("", Reason::new("answer_unreadable")));
    }
    let name = Some(cut(words(account, "name"), 100)).filter(|name| !name.is_empty()).unwrap_or_else(|| format!("Demo {id}"));
    let facts: BTreeMap<String, String> = ["username", "phone"]
        .map(|fact| (fact.to_owned(), cut(words(account, fact), 100)))
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let one = LoginAccount { external_id: String::new(), kind: KIND, name: name.clone(), refused: None, facts };
    Ok(Progress::Done(Box::new(Connected {
        external_key: id,
        name,
        secrets: token.into(),
        facts: BTreeMap::new(),
        base_url: Some(server.to_owned()),
        accounts: vec![one],
    })))
}

#[async_trait]
impl Connect for Client {
    fn first(&self, _kind: ChannelKind) -> Step {
        server_step()
    }

    async fn next(&self, context: &CallContext, _kind: ChannelKind, state: Value, answer: &Values) -> Result<Progress, StepError> {
        if state.is_null() {
            let server = typed(answer, "server")?.trim_end_matches('/');
            context.outside.check(server).map_err(|error| at_field("server", outside(error, false).reason()))?;
            let begun = begin(context, server).await.map_err(|error| at_field("server", error.reason()))?;
            return asked(&begun);
        }
        let mut linking: Linking = serde_json::from_value(state).map_err(|_| at_field("", Reason::new("answer_unreadable")))?;
        let there = at(context, &linking.server);
        if linking.scanned {
            let body = json!({ "ticket": linking.ticket, "password": typed(answer, "password")? });
            let linked = ask(&there, "/devices/password", &body, false).await.map_err(|error| match error {
                SendError::Rejected(reason) if reason.code == "demo_password_wrong" => at_field("password", reason),
                error => whole(error),
            });
            return connected(&linking.server, &linked?);
        }
        let found = ask(&there, "/devices/state", &json!({ "ticket": linking.ticket }), false).await.map_err(whole)?;
        match words(&found, "state") {
            "linked" => return connected(&linking.server, &found),
            "scanned" => linking.scanned = true,
            // Its time is over, by Demo's clock or by ours: another.
            "over" => linking = begin(context, &linking.server).await.map_err(whole)?,
            _ if linking.until <= context.now => linking = begin(context, &linking.server).await.map_err(whole)?,
            _ => {}
        }
        asked(&linking)
    }

    /// It is asked: nothing is to be told.
    async fn set_up(
        &self, _context: &CallContext, login: &ProviderLogin, _hook: Option<&HookAddress>,
    ) -> Result<BTreeMap<String, String>, SendError> {
        Ok(login.facts.clone())
    }

    async fn take_off(&self, context: &CallContext, _login: &ProviderLogin) -> Result<(), SendError> {
        match ask(context, "/devices/unlink", &json!({}), false).await {
            Ok(_) | Err(SendError::AccessLost(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn choices(&self, context: &CallContext, _kind: ChannelKind, field: &str) -> Result<Vec<(String, String)>, SendError> {
        if field != ONLY_GROUP {
            return Ok(Vec::new());
        }
        let found = ask(context, "/groups", &json!({}), false).await?;
        Ok(list(&found, "groups").iter().map(|group| (text(group, "id"), cut(words(group, "title"), 200))).filter(|(id, _)| !id.is_empty()).collect())
    }
}
