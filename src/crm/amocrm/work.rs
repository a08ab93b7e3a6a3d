//! What hangs on contacts and deals: notes, tasks, and deals that wait to be accepted.

use serde_json::{Value, json};

use super::api::{Api, Kind, embedded, number, truth};
use super::client::{Ask, segment};
use super::entities::Write;
use super::errors::Failure;
use crate::connector::lenient::{text, words};
use crate::model::time::Time;

/// The most read of notes and tasks.
const FOUND: usize = 50;
/// Incoming deals are read so many at a time.
const INCOMING: usize = 250;

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Note {
    /// Its number.
    pub id: i64,
    /// What it says.
    pub text: String,
    /// When it was made, seconds.
    pub created_at: i64,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Task {
    /// Its number.
    pub id: i64,
    /// What is to be done.
    pub text: String,
    /// Who is to do it.
    pub responsible: i64,
    /// Whether it is done.
    pub is_done: bool,
    /// When it was made, seconds.
    pub created_at: i64,
}

/// A task that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What is to be done.
    pub text: String,
    /// By when, seconds.
    pub until: i64,
    /// Who is to do it.
    pub responsible: i64,
    /// Its kind; none: the usual one.
    pub kind: Option<i64>,
}

/// A deal that waits in «Неразобранное».
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Incoming {
    /// Its name.
    pub uid: String,
    /// The chat it came of; empty: none.
    pub chat: String,
    /// Its funnel.
    pub pipeline: i64,
    /// The deal it will be; 0: not told.
    pub lead: i64,
    /// The contact it will be; 0: not told.
    pub contact: i64,
}

fn incoming(value: &Value) -> Incoming {
    let metadata = value.get("metadata").unwrap_or(&Value::Null);
    let chat = metadata.get("origin").map(|origin| text(origin, "chat_id")).unwrap_or_default();
    let first = |name: &str| embedded(value, name).first().map(|one| number(one, "id")).unwrap_or_default();
    Incoming { uid: text(value, "uid"), chat, pipeline: number(value, "pipeline_id"), lead: first("leads"), contact: first("contacts") }
}

impl Api<'_> {
    /// Writes a note.
    ///
    /// # Errors
    /// What it means; what may have been made is looked for first.
    pub async fn make_note(&self, kind: Kind, id: i64, text: &str) -> Result<i64, Failure> {
        self.made(format!("/{}/{id}/notes", kind.path()), "notes", json!({ "note_type": "common", "params": { "text": text } })).await
    }

    /// The newest notes of a record.
    ///
    /// # Errors
    /// What it means.
    pub async fn notes(&self, kind: Kind, id: i64) -> Result<Vec<Note>, Failure> {
        let ask = Ask::get(format!("/{}/{id}/notes", kind.path())).with("filter[note_type][]", "common").with("limit", FOUND);
        let found = self.ask(&ask.with("order[id]", "desc")).await?;
        let read = |one: &Value| {
            let said = one.get("params").map(|params| text(params, "text")).unwrap_or_default();
            Note { id: number(one, "id"), text: said, created_at: number(one, "created_at") }
        };
        Ok(embedded(&found, "notes").iter().map(read).collect())
    }

    /// Makes a task on a deal.
    ///
    /// # Errors
    /// What it means; what may have been made is looked for first.
    pub async fn make_task(&self, deal: i64, task: &NewTask) -> Result<i64, Failure> {
        let mut item = json!({
            "text": task.text, "complete_till": task.until, "entity_id": deal, "entity_type": "leads", "responsible_user_id": task.responsible,
        });
        if let (Some(kind), Some(fields)) = (task.kind, item.as_object_mut()) {
            fields.insert("task_type_id".to_owned(), json!(kind));
        }
        self.made("/tasks".to_owned(), "tasks", item).await
    }

    /// The open tasks of a deal.
    ///
    /// # Errors
    /// What it means.
    pub async fn open_tasks(&self, deal: i64) -> Result<Vec<Task>, Failure> {
        let ask = Ask::get("/tasks").with("filter[entity_type]", "leads").with("filter[entity_id][]", deal).with("filter[is_completed]", 0);
        let found = self.ask(&ask.with("limit", FOUND)).await?;
        let read = |one: &Value| Task {
            id: number(one, "id"),
            text: text(one, "text"),
            responsible: number(one, "responsible_user_id"),
            is_done: truth(one, "is_completed"),
            created_at: number(one, "created_at"),
        };
        Ok(embedded(&found, "tasks").iter().map(read).filter(|task| !task.is_done).collect())
    }

    /// A task is given to somebody else.
    ///
    /// # Errors
    /// What it means.
    pub async fn give_task(&self, id: i64, responsible: i64) -> Result<(), Failure> {
        self.ask(&Ask::patch(format!("/tasks/{id}"), json!({ "responsible_user_id": responsible }))).await.map(|_| ())
    }

    /// Makes a deal that waits in «Неразобранное», with a contact that is there. Only chats have deals that amoCRM makes wait by itself; this one
    /// waits as an enquiry by a form.
    ///
    /// # Errors
    /// What it means; what may have been made is looked for first.
    pub async fn make_incoming(&self, deal: &Write, pipeline: i64, from: &str, now: Time) -> Result<i64, Failure> {
        let mut item = deal.json();
        let metadata = json!({
            "category": "forms", "form_id": "kommutator", "form_name": from, "form_page": from, "form_sent_at": now.0.div_euclid(1_000),
            "ip": "127.0.0.1", "referer": "",
        });
        if let Some(fields) = item.as_object_mut() {
            fields.insert("pipeline_id".to_owned(), json!(pipeline));
            if let Some(embedded) = fields.entry("_embedded").or_insert_with(|| json!({})).as_object_mut() {
                embedded.insert("metadata".to_owned(), metadata);
            }
        }
        let made = self.ask(&Ask::make("/leads/complex", json!([item]))).await?;
        let deal = made.as_array().and_then(|all| all.first()).map(|one| number(one, "id"));
        deal.filter(|deal| *deal > 0).ok_or_else(|| Failure::unreadable(true))
    }

    /// The deal of a chat that waits in «Неразобранное».
    ///
    /// # Errors
    /// What it means.
    pub async fn incoming_of_chat(&self, chat: &str) -> Result<Option<Incoming>, Failure> {
        let ask = Ask::get("/leads/unsorted").with("filter[category][]", "chats").with("order[created_at]", "desc");
        let all = self.pages(ask, "unsorted", INCOMING).await?;
        Ok(all.iter().filter(|one| words(one, "category") != "mail").map(incoming).find(|one| one.chat == chat))
    }

    /// A deal is taken out of «Неразобранное» into a stage.
    ///
    /// # Errors
    /// What it means.
    pub async fn accept(&self, uid: &str, user: i64, stage: i64) -> Result<(), Failure> {
        let body = json!({ "user_id": user, "status_id": stage });
        self.ask(&Ask::post(format!("/leads/unsorted/{}/accept", segment(uid)), body)).await.map(|_| ())
    }

    /// What waits in «Неразобранное» becomes part of a deal that is there.
    ///
    /// # Errors
    /// What it means.
    pub async fn link_incoming(&self, uid: &str, user: i64, deal: i64, contact: i64) -> Result<(), Failure> {
        let link = json!({ "entity_id": deal, "entity_type": "leads", "metadata": { "contact_id": contact } });
        let body = json!({ "link": link, "user_id": user });
        self.ask(&Ask::post(format!("/leads/unsorted/{}/link", segment(uid)), body)).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incoming_deal_is_known_by_its_chat() {
        let value = json!({ "uid": "u", "pipeline_id": 1, "metadata": { "origin": { "chat_id": "c" } }, "_embedded": { "leads": [{ "id": 5 }], "contacts": [{ "id": 6 }] } });
        assert_eq!(incoming(&value), Incoming { uid: "u".to_owned(), chat: "c".to_owned(), pipeline: 1, lead: 5, contact: 6 });
    }
}
