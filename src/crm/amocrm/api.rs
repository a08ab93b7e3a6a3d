//! What stands around the records of an account: itself, its people, funnels, fields, events, webhooks, sources, talks.

use serde_json::{Value, json};

use super::client::{Ask, Client, segment};
use super::errors::Failure;
use crate::connector::lenient::{int, list, text, words};
use crate::crm::contract::CrmContext;

/// The most of a list on a page; of events fewer are given.
const PAGE: usize = 250;
const EVENTS: usize = 100;
/// The most pages that are read of a list.
const PAGES: usize = 40;

/// Asks the API of an account.
#[derive(Clone, Copy)]
pub struct Api<'a> {
    pub(super) client: &'a Client,
    pub(super) context: &'a CrmContext,
}

/// The account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The first part of its host.
    pub subdomain: String,
    /// How the Chats API names it.
    pub amojo: String,
    /// Where its files are.
    pub drive: String,
    /// Who the token is of.
    pub user: i64,
    /// Whether incoming deals wait to be accepted.
    pub has_unsorted: bool,
    /// Kinds of tasks: number and name.
    pub task_types: Vec<(i64, String)>,
}

/// Somebody who works there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct User {
    /// Their number.
    pub id: i64,
    /// Their name.
    pub name: String,
    /// How the chats name them; not all have a place there.
    pub amojo: Option<String>,
    /// Whether they are an admin.
    pub is_admin: bool,
    /// Whether they still work there.
    pub is_active: bool,
    /// Their language; empty: not told.
    pub language: String,
    /// Their e-mail; empty: not told.
    pub email: String,
}

/// A funnel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pipeline {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whether deals come into it that name none.
    pub is_main: bool,
    /// Whether it is put away.
    pub is_archive: bool,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
}

/// A stage of a funnel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stage {
    /// Its number: the two last of each funnel have the same in all.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// «Неразобранное»: deals wait in it to be accepted.
    pub is_unsorted: bool,
}

impl Stage {
    /// «Успешно реализовано», in every funnel.
    pub const WON: i64 = 142;
    /// «Закрыто и не реализовано», in every funnel.
    pub const LOST: i64 = 143;
}

/// A field of contacts or deals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomField {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// Its code; empty: none.
    pub code: String,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// When, seconds.
    pub at: i64,
    /// The contact it is about; 0: not told.
    pub contact: i64,
    /// The message it is about; empty: not told.
    pub message: String,
}

/// A talk in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Talk {
    /// Its chat.
    pub chat: String,
    /// Its contact.
    pub contact: i64,
    /// Its deal; 0: none.
    pub lead: i64,
    /// Whether all that the customer wrote is read.
    pub is_read: bool,
    /// Whether it is still open.
    pub is_in_work: bool,
}

/// A source of messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Our name of it: at most 36 printable characters of ASCII.
    pub external_id: String,
    /// The funnel its messages come into.
    pub pipeline: i64,
}

/// Which records have fields and tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Deals.
    Leads,
    /// Contacts.
    Contacts,
    /// Companies.
    Companies,
}

impl Kind {
    /// As paths name it.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Leads => "leads",
            Self::Contacts => "contacts",
            Self::Companies => "companies",
        }
    }
}

pub(super) fn embedded<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get("_embedded").map(|embedded| list(embedded, name)).unwrap_or_default()
}

pub(super) fn number(value: &Value, name: &str) -> i64 {
    int(value, name).unwrap_or_default()
}

pub(super) fn truth(value: &Value, name: &str) -> bool {
    value.get(name).is_some_and(|value| value.as_bool().unwrap_or_else(|| matches!(value.as_i64(), Some(1))))
}

fn account(value: &Value) -> Account {
    let types = embedded(value, "task_types").iter().map(|one| (number(one, "id"), text(one, "name")));
    Account {
        id: number(value, "id"),
        name: text(value, "name"),
        subdomain: text(value, "subdomain"),
        amojo: text(value, "amojo_id"),
        drive: text(value, "drive_url"),
        user: number(value, "current_user_id"),
        has_unsorted: truth(value, "is_unsorted_on"),
        task_types: types.collect(),
    }
}

fn user(value: &Value) -> User {
    let rights = value.get("rights").unwrap_or(&Value::Null);
    User {
        id: number(value, "id"),
        name: text(value, "name"),
        amojo: Some(text(value, "amojo_id")).filter(|id| !id.is_empty()),
        is_admin: truth(rights, "is_admin"),
        is_active: truth(rights, "is_active"),
        language: text(value, "lang"),
        email: text(value, "email").to_lowercase(),
    }
}

fn pipeline(value: &Value) -> Pipeline {
    let stage = |one: &Value| Stage { id: number(one, "id"), name: text(one, "name"), is_unsorted: number(one, "type") == 1 };
    Pipeline {
        id: number(value, "id"),
        name: text(value, "name"),
        is_main: truth(value, "is_main"),
        is_archive: truth(value, "is_archive"),
        stages: embedded(value, "statuses").iter().map(stage).collect(),
    }
}

fn event(value: &Value) -> Event {
    let entity = value.get("_embedded").and_then(|embedded| embedded.get("entity"));
    // What is said in chats is filtered by its contact, but shown with the deal.
    let linked = [int(value, "linked_talk_contact_id"), entity.and_then(|entity| int(entity, "linked_talk_contact_id"))].into_iter().flatten();
    let own = (words(value, "entity_type") == "contact").then(|| number(value, "entity_id"));
    let message = list(value, "value_after").iter().find_map(|after| after.get("message"));
    Event {
        id: text(value, "id"),
        at: number(value, "created_at"),
        contact: linked.chain(own).find(|contact| *contact > 0).unwrap_or_default(),
        message: message.map(|message| text(message, "id")).unwrap_or_default(),
    }
}

fn source(value: &Value) -> Source {
    let (id, pipeline) = (number(value, "id"), number(value, "pipeline_id"));
    Source { id, name: text(value, "name"), external_id: text(value, "external_id"), pipeline }
}

impl<'a> Api<'a> {
    /// For the account of a connection.
    #[must_use]
    pub fn new(client: &'a Client, context: &'a CrmContext) -> Self {
        Self { client, context }
    }

    pub(super) async fn ask(&self, ask: &Ask) -> Result<Value, Failure> {
        self.client.api(self.context, ask).await
    }

    /// All of a list, page by page.
    pub(super) async fn pages(&self, ask: Ask, name: &str, limit: usize) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let found = self.ask(&ask.clone().with("page", page).with("limit", limit)).await?;
            all.extend_from_slice(embedded(&found, name));
            // The address of the next page is amoCRM's; only that there is one is believed.
            if found.get("_links").and_then(|links| links.get("next")).is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// The account.
    ///
    /// # Errors
    /// What it means.
    pub async fn account(&self) -> Result<Account, Failure> {
        Ok(account(&self.ask(&Ask::get("/account").with("with", "amojo_id,task_types,drive_url,is_api_filter_enabled")).await?))
    }

    /// Somebody who works there.
    ///
    /// # Errors
    /// What it means: `Rejected`, where whoever asks is no admin.
    pub async fn user(&self, id: i64) -> Result<Option<User>, Failure> {
        let found = self.ask(&Ask::get(format!("/users/{id}")).with("with", "amojo_id")).await?;
        Ok(Some(user(&found)).filter(|user| user.id > 0))
    }

    /// Everybody who works there.
    ///
    /// # Errors
    /// What it means.
    pub async fn users(&self) -> Result<Vec<User>, Failure> {
        Ok(self.pages(Ask::get("/users").with("with", "amojo_id"), "users", PAGE).await?.iter().map(user).collect())
    }

    /// The funnels, in order.
    ///
    /// # Errors
    /// What it means.
    pub async fn pipelines(&self) -> Result<Vec<Pipeline>, Failure> {
        Ok(embedded(&self.ask(&Ask::get("/leads/pipelines")).await?, "pipelines").iter().map(pipeline).collect())
    }

    /// The fields of contacts or deals.
    ///
    /// # Errors
    /// What it means.
    pub async fn fields(&self, of: Kind) -> Result<Vec<CustomField>, Failure> {
        let found = self.pages(Ask::get(format!("/{}/custom_fields", of.path())), "custom_fields", PAGE).await?;
        let read = |one: &Value| CustomField { id: number(one, "id"), name: text(one, "name"), kind: text(one, "type"), code: text(one, "code") };
        Ok(found.iter().map(read).collect())
    }

    /// Makes a field. A second time makes a second one: its name is looked for first.
    ///
    /// # Errors
    /// What it means.
    pub async fn make_field(&self, of: Kind, kind: &str, name: &str) -> Result<i64, Failure> {
        let made = self.ask(&Ask::make(format!("/{}/custom_fields", of.path()), json!([{ "type": kind, "name": name }]))).await?;
        embedded(&made, "custom_fields").first().map(|one| number(one, "id")).ok_or_else(|| Failure::unreadable(true))
    }

    /// What people wrote in chats since, and until then, the newest first, of at most so many pages; and whether there is more.
    ///
    /// # Errors
    /// What it means.
    pub async fn written_since(&self, since: i64, until: Option<i64>, pages: usize) -> Result<(Vec<Event>, bool), Failure> {
        let mut ask = Ask::get("/events").with("filter[type][]", "outgoing_chat_message").with("filter[entity][]", "contact").with("limit", EVENTS);
        ask = ask.with("filter[created_at][from]", since);
        if let Some(until) = until {
            ask = ask.with("filter[created_at][to]", until);
        }
        let mut all = Vec::new();
        for page in 1..=pages {
            let found = self.ask(&ask.clone().with("page", page)).await?;
            all.extend(embedded(&found, "events").iter().map(event));
            if found.get("_links").and_then(|links| links.get("next")).is_none() {
                return Ok((all, false));
            }
        }
        Ok((all, true))
    }

    /// The addresses that are told what changes.
    ///
    /// # Errors
    /// What it means.
    pub async fn webhooks(&self) -> Result<Vec<String>, Failure> {
        Ok(embedded(&self.ask(&Ask::get("/webhooks")).await?, "webhooks").iter().map(|one| text(one, "destination")).collect())
    }

    /// An address is told what changes. Twice has the effect of once.
    ///
    /// # Errors
    /// What it means.
    pub async fn subscribe(&self, url: &str, settings: &[&str]) -> Result<(), Failure> {
        self.ask(&Ask::post("/webhooks", json!({ "destination": url, "settings": settings }))).await.map(|_| ())
    }

    /// An address is told no more.
    ///
    /// # Errors
    /// What it means.
    pub async fn unsubscribe(&self, url: &str) -> Result<(), Failure> {
        self.ask(&Ask::delete("/webhooks", json!({ "destination": url }))).await.map(|_| ())
    }

    /// The sources of our integration.
    ///
    /// # Errors
    /// What it means: `Rejected`, where it may have none.
    pub async fn sources(&self) -> Result<Vec<Source>, Failure> {
        Ok(embedded(&self.ask(&Ask::get("/sources")).await?, "sources").iter().map(source).collect())
    }

    /// Makes a source. `channel`: the code of the chat channel people write first through.
    ///
    /// # Errors
    /// What it means.
    pub async fn make_source(&self, name: &str, external_id: &str, pipeline: Option<i64>, channel: Option<&str>) -> Result<Source, Failure> {
        let mut item = json!({ "name": name, "external_id": external_id });
        if let Some(fields) = item.as_object_mut() {
            fields.extend(pipeline.map(|pipeline| ("pipeline_id".to_owned(), json!(pipeline))));
            fields.extend(channel.map(|channel| ("origin_code".to_owned(), json!(channel))));
        }
        let made = self.ask(&Ask::make("/sources", json!([item]))).await?;
        embedded(&made, "sources").first().map(source).ok_or_else(|| Failure::unreadable(true))
    }

    /// Renames a source.
    ///
    /// # Errors
    /// What it means.
    pub async fn rename_source(&self, id: i64, name: &str) -> Result<(), Failure> {
        self.ask(&Ask::patch(format!("/sources/{id}"), json!({ "name": name }))).await.map(|_| ())
    }

    /// Takes a source away.
    ///
    /// # Errors
    /// What it means.
    pub async fn drop_source(&self, id: i64) -> Result<(), Failure> {
        self.ask(&Ask::delete("/sources", json!([{ "id": id }]))).await.map(|_| ())
    }

    /// A talk in a chat.
    ///
    /// # Errors
    /// What it means: `Rejected`, where there is none.
    pub async fn talk(&self, id: &str) -> Result<Talk, Failure> {
        let found = self.ask(&Ask::get(format!("/talks/{}", segment(id)))).await?;
        let lead = if words(&found, "entity_type") == "lead" { number(&found, "entity_id") } else { 0 };
        let (is_read, is_in_work) = (truth(&found, "is_read"), truth(&found, "is_in_work"));
        Ok(Talk { chat: text(&found, "chat_id"), contact: number(&found, "contact_id"), lead, is_read, is_in_work })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_may_lack_anything() {
        let nothing = json!({ "id": "x", "rights": [], "_embedded": { "statuses": null, "task_types": 5 } });
        assert_eq!((account(&nothing), user(&nothing)), (Account::default(), User::default()));
        assert_eq!((pipeline(&nothing), source(&nothing)), (Pipeline::default(), Source::default()));
        let unknown = json!({ "id": 5, "name": "А", "rights": { "is_admin": true, "is_active": 1 }, "amojo_id": null });
        assert_eq!(user(&unknown), User { id: 5, name: "А".to_owned(), is_admin: true, is_active: true, ..User::default() });
    }

    #[test]
    fn an_event_names_its_contact_in_either_place() {
        let of = |value: Value| event(&value).contact;
        assert_eq!(of(json!({ "entity_type": "lead", "entity_id": 7, "linked_talk_contact_id": 9 })), 9);
        assert_eq!(of(json!({ "entity_type": "lead", "entity_id": 7, "_embedded": { "entity": { "id": 7, "linked_talk_contact_id": 9 } } })), 9);
        assert_eq!(of(json!({ "entity_type": "contact", "entity_id": 9 })), 9);
        assert_eq!(of(json!({ "entity_type": "lead", "entity_id": 7 })), 0);
        let said = json!({ "id": "e", "created_at": 5, "value_after": [{ "message": { "id": "m", "talk_id": 3 } }] });
        assert_eq!(event(&said), Event { id: "e".to_owned(), at: 5, contact: 0, message: "m".to_owned() });
    }
}
