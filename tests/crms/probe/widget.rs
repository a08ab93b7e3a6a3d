//! Conversations that begin in the tests' CRM, and its widget. Who is told of messages stands in its settings as `user_keys`; `1` connected it.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Probe, call, text};
use crate::crm::capability::{Hears, Widget, WriteFirst};
use crate::crm::contract::{Crm, CrmContext, CrmError, Job, Notice};
use crate::crm::event::Said;
use crate::model::crm::{CrmConnection, CrmTalk};
use crate::model::reason::Reason;

fn keys(connection: &CrmConnection) -> Vec<(String, String)> {
    let keys = connection.settings.get("user_keys").and_then(Value::as_object);
    keys.into_iter().flatten().map(|(user, key)| (user.clone(), key.as_str().unwrap_or_default().to_owned())).collect()
}

/// Who connected it, and all that have a key.
pub(super) fn notice(context: &CrmContext, talk: &CrmTalk) -> Notice {
    let to = std::iter::once("1".to_owned()).chain(keys(&context.connection).into_iter().map(|(user, _)| user)).collect();
    Notice { to, contact: talk.contact.clone(), deal: talk.deal.clone() }
}

#[async_trait]
impl WriteFirst for Probe {
    fn joined(&self, talk: &mut CrmTalk) {
        talk.facts.insert("joined".to_owned(), "1".to_owned());
    }

    async fn open(&self, context: &CrmContext, job: &Job) -> Result<Option<String>, CrmError> {
        let Some(mut talk) = job.talk.clone() else { return Err(CrmError::Rejected(Reason::new("probe_no_contact"))) };
        let made = call(context, "chat", &json!({ "name": talk.name(), "contact": talk.contact })).await?;
        talk.chat = Some(text(&made, "id"));
        context.host.keep(&talk).await?;
        Ok(talk.chat)
    }

    async fn refuse(&self, context: &CrmContext, said: &Said, reason: &Reason) -> Result<(), CrmError> {
        call(context, "changed", &json!({ "id": said.external_id, "state": "failed", "reason": reason.code })).await.map(|_| ())
    }
}

impl Widget for Probe {
    fn is_origin(&self, _connection: &CrmConnection, origin: &str) -> bool {
        origin == "https://crm.example"
    }

    fn is_account(&self, connection: &CrmConnection, account: &str) -> bool {
        connection.id.to_string() == account
    }

    fn has_chats(&self, connection: &CrmConnection) -> bool {
        self.mode(connection) == "chats"
    }

    fn tells(&self, _connection: &CrmConnection) -> bool {
        true
    }

    fn hears(&self, connection: &CrmConnection, user: &str) -> Hears {
        if user == "1" {
            return Hears::Connecting;
        }
        keys(connection).into_iter().find(|(known, _)| known == user).map_or(Hears::No, |(_, key)| Hears::ByKey(key))
    }
}
