//! amoCRM and Kommo.
//!
//! * [`sign`]: what is signed; [`hosts`]: where amoCRM answers; [`errors`]: what its answers mean
//! * [`client`]: every call; [`oauth`]: how it lets us in; [`connect`]: the steps, and what is told to it once; [`app`]: our integration there
//! * [`parse`]: what its hooks say; [`history`]: what they did not say, and what there is to choose from
//! * [`api`]: what stands around the records; [`entities`]: contacts and deals; [`work`]: notes, tasks, what waits; [`chats`]: the Chats API
//! * [`settings`]: what an owner may set; [`fields`]: what of it is there, and what is gone
//! * [`deliver`]: what becomes of a message there; [`records`]: its deal; [`contacts`]: its contact; [`incoming`]: what waits to be accepted;
//!   [`fate`]: what is told of it later; [`say`], [`words`]: how it is put; [`sources`]: by which channel it came; [`typing`]: that its customer
//!   writes; `widget`: whom our widget may be shown to

pub mod api;
mod app;
pub mod chats;
mod checks;
pub mod client;
pub mod connect;
pub mod contacts;
pub mod deliver;
pub mod entities;
pub mod errors;
pub mod fate;
pub mod fields;
pub mod history;
pub mod hosts;
pub mod incoming;
pub mod oauth;
pub mod parse;
pub mod records;
pub mod say;
pub mod settings;
pub mod sign;
mod sources;
mod typing;
mod widget;
pub mod words;
pub mod work;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;

use self::client::Client;
use super::capability::{Apps, Connect, History, Lists, Renew, Typing, Widget, WriteFirst};
use super::contract::{Crm, CrmContext, CrmError, Delivered, Gate, Job, ShortLink};
use super::event::CrmEvent;
use crate::connector::form::{Field, Texts};
use crate::connector::hook::{RawHook, Routed, Unreadable};
use crate::connector::walk::StepError;
use crate::model::connection::CrmKind;
use crate::model::conversation::Conversation;
use crate::model::crm::{CrmConnection, CrmDirectory, CrmRecord};
use crate::model::message::{Delivery, Message, Told};

/// amoCRM's words to people.
pub(crate) const TEXTS: Texts = Texts { ru: include_str!("texts/ru.json"), en: include_str!("texts/en.json"), es: include_str!("texts/es.json") };

/// What its connections are.
pub const KIND: CrmKind = CrmKind::new("amocrm");

/// The gate of the API, the exchange of tokens with it: amoCRM allows seven in a second.
pub const API: &str = "api";
/// The gate of the chats: nobody says how many.
pub const CHATS: &str = "chats";

/// What is known of a connection and is no secret, by name.
pub mod fact {
    /// The account's number.
    pub const ACCOUNT: &str = "account_id";
    /// How the Chats API names the account.
    pub const AMOJO: &str = "amojo_id";
    /// The first part of its host.
    pub const SUBDOMAIN: &str = "subdomain";
    /// Its host.
    pub const HOST: &str = "host";
    /// Its name.
    pub const NAME: &str = "account_name";
    /// Who connected it.
    pub const USER: &str = "user_id";
    /// Their name.
    pub const USER_NAME: &str = "user_name";
    /// Where its files are.
    pub const DRIVE: &str = "drive_url";
    /// The integration it was connected with.
    pub const CLIENT: &str = "client_id";
    /// Whether the integration has a chat channel: [`YES`] or [`NO`].
    pub const CHANNEL: &str = "channel";
    /// How the Chats API names the account and the channel together.
    pub const SCOPE: &str = "scope_id";
    /// The language of who connected it.
    pub const LANGUAGE: &str = "language";
    /// Who writes in chats for people amoCRM does not know.
    pub const BOT: &str = "bot_id";
    /// Whether it tells what changes: [`YES`], or [`NO`], where the tariff does not have it.
    pub const WEBHOOKS: &str = "webhooks";
    /// The address it tells, without what is secret in it.
    pub const HOOK: &str = "hook_mark";
    /// It is so.
    pub const YES: &str = "yes";
    /// It is not.
    pub const NO: &str = "no";
}

/// The CRM.
#[derive(Default)]
pub struct AmoCrm {
    pub(super) client: Client,
}

#[async_trait]
impl Crm for AmoCrm {
    fn name(&self) -> &'static str {
        "amocrm"
    }

    fn gates(&self) -> &'static [Gate] {
        &[Gate { name: API, per_second: 6 }, Gate { name: CHATS, per_second: 10 }]
    }

    fn mode(&self, connection: &CrmConnection) -> &'static str {
        settings::Settings::of(connection).mode(connection).name()
    }

    fn texts(&self) -> Texts {
        TEXTS
    }

    fn settings(&self, connection: &CrmConnection) -> Vec<Field> {
        settings::fields(connection)
    }

    fn check_settings(&self, settings: &Value, directory: Option<&CrmDirectory>) -> Result<Value, StepError> {
        settings::check(settings, directory)
    }

    fn gone(&self, connection: &CrmConnection, old: Option<&CrmDirectory>, new: &CrmDirectory) -> Vec<String> {
        fields::gone(connection, old, new)
    }

    fn key(&self, connection: &CrmConnection, conversation: &Conversation, message: &Message) -> Option<String> {
        deliver::key(connection, conversation, message)
    }

    async fn deliver(&self, context: &CrmContext, job: &Job) -> Result<Delivered, CrmError> {
        deliver::deliver(&self.client, context, job).await
    }

    fn follows(&self, connection: &CrmConnection, message: &Message, delivery: &Delivery) -> bool {
        fate::follows(connection, message, delivery)
    }

    async fn tell(&self, context: &CrmContext, job: &Job) -> Result<Told, CrmError> {
        fate::tell(&self.client, context, job).await
    }

    fn route(&self, hook: &RawHook, connection: &CrmConnection, secrets: &SecretString) -> Result<Routed, Unreadable> {
        parse::route(hook, connection, secrets)
    }

    fn parse(&self, part: &[u8]) -> Result<Vec<CrmEvent>, Unreadable> {
        parse::parse(part)
    }

    fn page(&self, connection: &CrmConnection, record: CrmRecord, id: &str) -> Option<String> {
        let host = connection.facts.get(fact::HOST).and_then(|host| hosts::account(host))?;
        let id: u64 = id.parse().ok()?;
        let kind = match record {
            CrmRecord::Contact => "contacts",
            CrmRecord::Deal => "leads",
        };
        Some(hosts::address(None, &host, &format!("/{kind}/detail/{id}")))
    }

    fn short_links(&self, connection: &CrmConnection, text: &str) -> Vec<ShortLink> {
        if !settings::Settings::of(connection).keep_full_links {
            return Vec::new();
        }
        let base = connection.base_url.as_deref();
        let link = |(at, path): (_, String)| ShortLink { at, ask: hosts::address(base, hosts::SHORT, &path) };
        hosts::short_links(text).into_iter().map(link).collect()
    }

    fn connect(&self) -> Option<&dyn Connect> {
        Some(self)
    }

    fn apps(&self) -> Option<&dyn Apps> {
        Some(self)
    }

    fn renew(&self) -> Option<&dyn Renew> {
        Some(self)
    }

    fn history(&self) -> Option<&dyn History> {
        Some(self)
    }

    fn typing(&self) -> Option<&dyn Typing> {
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
