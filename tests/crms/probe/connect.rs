//! How the tests' CRM is connected, and what can be set of it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Probe, once, text};
use crate::connector::form::{Field, FieldKind, OnlyIf, ROWS_OF_ACCOUNTS, Step, Texts, Values};
use crate::connector::hook::HookAddress;
use crate::connector::walk::StepError;
use crate::crm::capability::{Connect, Connected, Progress};
use crate::crm::contract::{CrmContext, CrmError};
use crate::model::reason::Reason;

/// Its words.
pub(super) const TEXTS: Texts = Texts { ru: include_str!("texts/ru.json"), en: include_str!("texts/en.json"), es: include_str!("texts/es.json") };

fn wrong(field: &str, code: &str) -> StepError {
    StepError { field: field.to_owned(), reason: Reason::new(code) }
}

#[async_trait]
impl Connect for Probe {
    fn first(&self) -> Step {
        let way = Field::new("way", FieldKind::Choice { values: vec!["word".to_owned(), "page".to_owned()] }).optional();
        let word = Field {
            only_if: Some(OnlyIf { field: "way".to_owned(), is: vec![String::new(), "word".to_owned()] }),
            ..Field::new("word", FieldKind::Secret)
        };
        Step::Fields { name: "start".to_owned(), fields: vec![Field::new("address", FieldKind::Url), way, word] }
    }

    async fn next(&self, context: &CrmContext, state: Value, answer: &Values) -> Result<Progress, StepError> {
        let typed = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().trim().trim_end_matches('/').to_owned();
        let (address, word) = match state.get("address").and_then(Value::as_str) {
            // Back from its page.
            Some(address) => {
                if !typed("error").is_empty() {
                    return Err(StepError { field: String::new(), reason: Reason::new("probe_denied").said(&typed("error")) });
                }
                (address.to_owned(), typed("code"))
            }
            None if typed("way") == "page" => {
                let returns = context.returns.as_ref().ok_or_else(|| wrong("way", "no_public_address"))?;
                let url = format!("{}/allow?state={}&back={}", typed("address"), returns.state, returns.url);
                return Ok(Progress::Ask { step: Step::Redirect { name: "allow".to_owned(), url }, state: json!({ "address": typed("address") }) });
            }
            None => (typed("address"), typed("word")),
        };
        let mut context = context.clone();
        context.connection.base_url = Some(address.clone());
        let secrets = SecretString::from(json!({ "word": word, "until": 0 }).to_string());
        let account = once(&context, &secrets, "account", &json!({})).await.map_err(|error| match error {
            CrmError::AccessLost(_) => wrong("word", "probe_word_wrong"),
            error => StepError { field: "address".to_owned(), reason: error.reason() },
        })?;
        let name = text(&account, "name");
        Ok(Progress::Done(Box::new(Connected {
            external_key: text(&account, "id"),
            name: format!("Проба – {name}"),
            secrets,
            facts: BTreeMap::from([("account_name".to_owned(), name)]),
            base_url: Some(address),
            app: None,
        })))
    }

    async fn set_up(&self, context: &CrmContext, hook: Option<&HookAddress>) -> Result<BTreeMap<String, String>, CrmError> {
        // What the tests make without connecting knows no word and no hook.
        if context.connection.external_key.is_empty() {
            return Ok(BTreeMap::new());
        }
        once(context, &context.host.keys().secrets, "set_up", &json!({ "hook": hook.map(|hook| &hook.url) })).await?;
        Ok(BTreeMap::new())
    }

    async fn take_off(&self, context: &CrmContext) -> Result<(), CrmError> {
        once(context, &context.host.keys().secrets, "take_off", &json!({})).await.map(|_| ())
    }
}

/// One of each kind.
pub(super) fn fields() -> Vec<Field> {
    let stages = || "stages".to_owned();
    let by_source = OnlyIf { field: "stage_by".to_owned(), is: vec!["source".to_owned()] };
    let rows = FieldKind::Rows { rows: ROWS_OF_ACCOUNTS.to_owned(), list: Some(stages()) };
    let keys = FieldKind::Rows { rows: "users".to_owned(), list: None };
    vec![
        Field { warns: true, ..Field::new("chats", FieldKind::Switch) },
        Field::new("stage_by", FieldKind::Choice { values: vec!["same".to_owned(), "source".to_owned()] }),
        Field::new("stage", FieldKind::Pick { list: stages() }).optional(),
        Field { only_if: Some(by_source), ..Field::new("stage_of", rows).optional() },
        Field::new("open", FieldKind::Several { list: stages() }).optional(),
        Field::new("tags", FieldKind::Tags { most: 10 }).optional(),
        Field::new("user_keys", keys).optional().advanced(),
        Field::new("filled", FieldKind::Filled { list: "users".to_owned(), most: 5 }).optional().advanced(),
    ]
}

/// The stage of new deals must be among the open ones, as in a real CRM.
pub(super) fn check(settings: &Value) -> Result<Value, StepError> {
    let settings = match settings.as_object() {
        Some(known) if !known.is_empty() => settings.clone(),
        _ => json!({ "chats": true, "stage_by": "same" }),
    };
    let stage = text(&settings, "stage");
    let open = settings.get("open").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !stage.is_empty() && !open.is_empty() && !open.iter().any(|one| *one == stage) {
        return Err(wrong("stage", "probe_stage_closed"));
    }
    Ok(settings)
}
