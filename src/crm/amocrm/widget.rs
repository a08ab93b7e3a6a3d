//! Conversations that begin in amoCRM, and who may show and hear our widget there.

use async_trait::async_trait;
use reqwest::Url;

use super::chats::{Chats, Reached};
use super::settings::{Mode, Notify, Settings};
use super::{AmoCrm, deliver, fact, fate, hosts, records};
use crate::crm::capability::{Hears, Widget, WriteFirst};
use crate::crm::contract::{CrmContext, CrmError, Job};
use crate::crm::event::Said;
use crate::model::crm::{CrmConnection, CrmTalk};
use crate::model::reason::Reason;

/// amoCRM's code for somebody who cannot be written to.
const NOBODY: u16 = 904;

#[async_trait]
impl WriteFirst for AmoCrm {
    fn joined(&self, talk: &mut CrmTalk) {
        records::joined(talk);
    }

    async fn open(&self, context: &CrmContext, job: &Job) -> Result<Option<String>, CrmError> {
        deliver::open(&self.client, context, job).await
    }

    async fn refuse(&self, context: &CrmContext, said: &Said, reason: &Reason) -> Result<(), CrmError> {
        let words = fate::failed(context, Some(reason));
        let told = Chats::new(&self.client, context).tell(&said.external_id, &Reached::Failed { code: NOBODY, words }).await;
        fate::ignore_unknown(told)
    }
}

impl Widget for AmoCrm {
    fn is_origin(&self, connection: &CrmConnection, origin: &str) -> bool {
        // Where all of amoCRM is reached through a proxy, its pages may be, too.
        let base = connection.base_url.as_deref().and_then(|base| Url::parse(base).ok());
        base.is_some_and(|base| base.origin().ascii_serialization() == origin)
            || connection.facts.get(fact::HOST).is_some_and(|host| hosts::is_page(origin, host))
    }

    fn is_account(&self, connection: &CrmConnection, account: &str) -> bool {
        let known = [fact::ACCOUNT, fact::SUBDOMAIN, fact::AMOJO].map(|name| connection.facts.get(name));
        known.into_iter().flatten().chain([&connection.external_key]).any(|known| !known.is_empty() && known == account)
    }

    fn has_chats(&self, connection: &CrmConnection) -> bool {
        Settings::of(connection).mode(connection) == Mode::Chats
    }

    fn tells(&self, connection: &CrmConnection) -> bool {
        let settings = Settings::of(connection);
        settings.notify == Notify::Notices && settings.mode(connection) != Mode::Lite
    }

    fn hears(&self, connection: &CrmConnection, user: &str) -> Hears {
        if connection.facts.get(fact::USER).is_some_and(|connecting| connecting == user) {
            return Hears::Connecting;
        }
        Settings::of(connection).user_keys.remove(user).map_or(Hears::No, Hears::ByKey)
    }
}
