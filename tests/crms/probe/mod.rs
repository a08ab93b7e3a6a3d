//! The CRM of the tests: a fake one inside the test process, reached by real HTTP calls. No release knows it.
//!
//! It needs three calls for a new conversation (a contact, a chat, the message), as a real one does, and each may be lost on its way. What
//! it makes it finds again by a mark: the name of the talk.

mod connect;
mod widget;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::connector::form::{Field, Texts};
use crate::connector::hook::{HookAnswer, RawHook, Routed, Unreadable};
use crate::connector::walk::StepError;
use crate::crm::capability::{Connect, Found, History, Lists, Renew, Talks, Widget, WriteFirst};
use crate::crm::contract::{Crm, CrmContext, CrmError, Delivered, Gate, Job};
use crate::crm::event::{ChatName, CrmEvent, CrmFile, CrmPerson, FirstTo, Said};
use crate::model::connection::CrmKind;
use crate::model::conversation::Conversation;
use crate::model::crm::{Begun, CrmChoice, CrmConnection, CrmDirectory, CrmTalk};
use crate::model::message::{Delivery, Message, Part, Told};
use crate::model::protocol::{EntryDirection, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::outside::call::{Call, OutsideError};

/// What its connections are.
pub const KIND: CrmKind = CrmKind::new("probe");

/// The probe's CRM.
#[derive(Default)]
pub struct Probe;

/// Its tokens: a word that opens it, and until when; 0: for ever.
#[derive(Debug, Deserialize)]
struct Tokens {
    word: String,
    #[serde(default)]
    until: i64,
}

fn tokens(secrets: &SecretString) -> Option<Tokens> {
    serde_json::from_str(secrets.expose_secret()).ok()
}

/// Asks the fake; once more with other tokens, where these open nothing any more.
async fn call(context: &CrmContext, path: &str, body: &Value) -> Result<Value, CrmError> {
    let keys = context.host.keys();
    context.host.turn("api").await;
    match once(context, &keys.secrets, path, body).await {
        Err(CrmError::AccessLost(_)) if tokens(&keys.secrets).is_some() => {
            let keys = context.host.renewed(keys.round).await?;
            context.host.turn("api").await;
            once(context, &keys.secrets, path, body).await
        }
        other => other,
    }
}

async fn once(context: &CrmContext, secrets: &SecretString, path: &str, body: &Value) -> Result<Value, CrmError> {
    let mut body = body.clone();
    if let Some(body) = body.as_object_mut() {
        body.insert("account".to_owned(), json!(context.connection.id));
    }
    let base = context.connection.base_url.as_deref().unwrap_or("http://127.0.0.1:1");
    let word = tokens(secrets).map(|tokens| tokens.word).unwrap_or_default();
    let call = Call { limit: Duration::from_secs(5), ..Call::post(format!("{base}/{path}"), body.to_string()) }.header("authorization", word);
    let temporary = |reason: Reason| CrmError::Temporary(reason);
    let answer = context.outside.call(call).await.map_err(|error| match error {
        OutsideError::RetryAfter(ms) => CrmError::Silence { ms, reason: Reason::new("flood_limit") },
        OutsideError::Temporary(reason) | OutsideError::Unclear(reason) => temporary(reason),
        OutsideError::Rejected(reason) | OutsideError::Gone(reason) => CrmError::Rejected(reason),
    })?;
    match answer.status {
        200 => serde_json::from_slice(&answer.body).map_err(|error| temporary(Reason::new("answer_unreadable").said(&error.to_string()))),
        401 => Err(CrmError::AccessLost(Reason::new("token_revoked"))),
        429 => Err(CrmError::Silence { ms: 1_000, reason: Reason::new("flood_limit") }),
        500.. => Err(temporary(Reason::new("provider_failed").with("status", answer.status))),
        _ => Err(CrmError::Rejected(Reason::new("rejected").said(&String::from_utf8_lossy(&answer.body)))),
    }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn parse_said(value: &Value) -> Said {
    let files = value.get("files").and_then(Value::as_array).into_iter().flatten();
    Said {
        chat: ChatName { theirs: text(value, "chat"), ours: value.get("name").and_then(Value::as_str).map(str::to_owned) },
        external_id: text(value, "id"),
        who: CrmPerson { id: text(value, "who"), name: text(value, "who_name") },
        at: Time(value.get("at").and_then(Value::as_i64).unwrap_or(0)),
        parts: Some(text(value, "text")).filter(|text| !text.is_empty()).map(|text| Part::Text { text }).into_iter().collect(),
        files: files.map(|file| CrmFile { url: text(file, "url"), name: text(file, "name") }).collect(),
        reply_to: value.get("reply_to").and_then(Value::as_str).map(str::to_owned),
        first: value.get("first").and_then(Value::as_str).map(|address| FirstTo { address: address.to_owned(), facts: BTreeMap::new() }),
        source: None,
    }
}

#[async_trait]
impl Crm for Probe {
    fn name(&self) -> &'static str {
        "probe"
    }

    fn gates(&self) -> &'static [Gate] {
        &[Gate { name: "api", per_second: 200 }]
    }

    fn mode(&self, connection: &CrmConnection) -> &'static str {
        let chats = connection.settings.get("chats").and_then(Value::as_bool).unwrap_or(true);
        if chats { "chats" } else { "add" }
    }

    fn texts(&self) -> Texts {
        connect::TEXTS
    }

    fn settings(&self, _connection: &CrmConnection) -> Vec<Field> {
        connect::fields()
    }

    fn check_settings(&self, settings: &Value, _directory: Option<&CrmDirectory>) -> Result<Value, StepError> {
        connect::check(settings)
    }

    fn connect(&self) -> Option<&dyn Connect> {
        Some(self)
    }

    fn gone(&self, connection: &CrmConnection, _old: Option<&CrmDirectory>, new: &CrmDirectory) -> Vec<String> {
        let (stage, stages) = (text(&connection.settings, "stage"), new.lists.get("stages"));
        let there = stage.is_empty() || stages.is_none_or(|stages| stages.iter().any(|one| one.value == stage));
        if there { Vec::new() } else { vec!["stage".to_owned()] }
    }

    fn key(&self, _connection: &CrmConnection, _conversation: &Conversation, message: &Message) -> Option<String> {
        let comment = message.context.top_comment.as_ref().map(|comment| format!("comment-{comment}"));
        (message.direction == EntryDirection::Inbound).then(|| comment.unwrap_or_default())
    }

    fn job_limit_ms(&self) -> i64 {
        10_000
    }

    async fn deliver(&self, context: &CrmContext, job: &Job) -> Result<Delivered, CrmError> {
        let fresh = || CrmTalk::fresh(context.connection.id, job.conversation.id, &job.key, context.now);
        let mut talk = job.talk.clone().unwrap_or_else(fresh);
        if talk.contact.is_none() {
            // One contact for all a customer's talks.
            talk.contact = job.others.iter().find_map(|(other, _)| other.contact.clone());
        }
        if talk.contact.is_none() {
            let mark = job.customer.as_ref().map_or_else(|| talk.name(), |customer| customer.id.to_string());
            if talk.begun.is_some() {
                let found = call(context, "find_contact", &json!({ "mark": mark })).await?;
                talk.contact = found.get("id").and_then(Value::as_str).map(str::to_owned);
            }
            if talk.contact.is_none() {
                talk.begun = Some(Begun { what: "contact".to_owned(), at: context.now });
                context.host.keep(&talk).await?;
                let name = job.identities.first().map(|identity| identity.name.clone()).unwrap_or_default();
                let made = call(context, "contact", &json!({ "mark": mark, "name": name })).await?;
                talk.contact = Some(text(&made, "id"));
            }
            talk.begun = None;
            context.host.keep(&talk).await?;
        }
        if talk.chat.is_none() {
            // The fake gives the same chat for the same name: it may be asked again.
            let made = call(context, "chat", &json!({ "name": talk.name(), "contact": talk.contact })).await?;
            talk.chat = Some(text(&made, "id"));
        }
        talk.said_at = context.now;
        context.host.keep(&talk).await?;
        let mut files = Vec::new();
        for file in &job.message.attachments {
            files.push(json!({ "name": file.name, "url": context.files.link(file.file).await.map_err(CrmError::Rejected)? }));
        }
        let inbound = job.message.direction == EntryDirection::Inbound;
        let body = json!({
            "key": job.message.id().to_string(), "chat": talk.chat, "text": job.message.text(), "in": inbound, "reply_to": job.reply_to,
            "files": files, "author": job.message.author.name,
        });
        let taken = call(context, "message", &body).await?;
        let notice = inbound.then(|| widget::notice(context, &talk));
        Ok(Delivered { external_id: Some(text(&taken, "id")), notice, ..Delivered::default() })
    }

    fn follows(&self, _connection: &CrmConnection, message: &Message, delivery: &Delivery) -> bool {
        told(message) != delivery.told
    }

    async fn tell(&self, context: &CrmContext, job: &Job) -> Result<Told, CrmError> {
        let new = told(&job.message);
        let reason = job.message.state.reason.as_ref().map(|reason| reason.code.clone());
        let body = json!({
            "id": job.delivery.external_id, "state": new.state, "text": job.message.text(), "deleted": new.deleted, "reason": reason,
            "reactions": new.reactions.iter().map(|reaction| &reaction.emoji).collect::<Vec<_>>(),
        });
        call(context, "changed", &body).await?;
        Ok(new)
    }

    fn route(&self, hook: &RawHook, _connection: &CrmConnection, _secrets: &SecretString) -> Result<Routed, Unreadable> {
        let parts: Vec<Value> = serde_json::from_slice(&hook.body).map_err(|error| Unreadable(error.to_string()))?;
        let parts = parts.iter().map(|part| (String::new(), Bytes::from(part.to_string()))).collect();
        Ok(Routed { parts, answer: HookAnswer::ok() })
    }

    fn parse(&self, part: &[u8]) -> Result<Vec<CrmEvent>, Unreadable> {
        let value: Value = serde_json::from_slice(part).map_err(|error| Unreadable(error.to_string()))?;
        let chat = || ChatName { theirs: text(&value, "chat"), ours: value.get("name").and_then(Value::as_str).map(str::to_owned) };
        let who = || CrmPerson { id: text(&value, "who"), name: text(&value, "who_name") };
        Ok(vec![match text(&value, "what").as_str() {
            "said" => CrmEvent::Said(Box::new(parse_said(&value))),
            "typing" => CrmEvent::Typing { chat: chat(), who: who() },
            "read" => CrmEvent::Read { chat: chat() },
            "reacted" => {
                let emoji = value.get("emoji").and_then(Value::as_str).map(str::to_owned);
                CrmEvent::Reacted { chat: chat(), external_id: text(&value, "id"), emoji, who: who() }
            }
            "changed" => CrmEvent::Changed { what: text(&value, "object"), id: text(&value, "id") },
            "directory" => CrmEvent::DirectoryChanged,
            "taken_off" => CrmEvent::TakenOff,
            other => return Err(Unreadable(format!("no such event: {other}"))),
        }])
    }

    fn renew(&self) -> Option<&dyn Renew> {
        Some(self)
    }

    fn history(&self) -> Option<&dyn History> {
        Some(self)
    }

    fn write_first(&self) -> Option<&dyn WriteFirst> {
        Some(self)
    }

    fn widget(&self) -> Option<&dyn Widget> {
        Some(self)
    }

    fn lists(&self) -> Option<&dyn Lists> {
        Some(self)
    }
}

fn told(message: &Message) -> Told {
    let inbound = message.direction == EntryDirection::Inbound;
    Told {
        state: Some(if inbound { SendStatus::Sent } else { message.state.status }),
        edited_at: message.edited_at,
        deleted: message.deleted_at.is_some(),
        reactions: message.reactions.clone(),
        files: true,
    }
}

#[async_trait]
impl Renew for Probe {
    fn due(&self, secrets: &SecretString) -> Option<Time> {
        tokens(secrets).filter(|tokens| tokens.until > 0).map(|tokens| Time(tokens.until))
    }

    async fn renew(&self, context: &CrmContext, secrets: &SecretString) -> Result<SecretString, CrmError> {
        let old = tokens(secrets).map(|tokens| tokens.word).unwrap_or_default();
        let new = once(context, secrets, "renew", &json!({ "word": old })).await?;
        Ok(SecretString::from(new.to_string()))
    }
}

#[async_trait]
impl History for Probe {
    fn every_ms(&self) -> i64 {
        20_000
    }

    async fn look(&self, context: &CrmContext, cursor: &str, _talks: &dyn Talks) -> Result<Found, CrmError> {
        let found = call(context, "history", &json!({ "after": cursor })).await?;
        let said = found.get("said").and_then(Value::as_array).into_iter().flatten();
        Ok(Found { parts: said.map(|said| Bytes::from(said.to_string())).collect(), cursor: text(&found, "cursor") })
    }
}

#[async_trait]
impl Lists for Probe {
    async fn read(&self, context: &CrmContext) -> Result<BTreeMap<String, Vec<CrmChoice>>, CrmError> {
        let lists = call(context, "lists", &json!({})).await?;
        serde_json::from_value(lists).map_err(|error| CrmError::Temporary(Reason::new("answer_unreadable").said(&error.to_string())))
    }
}
