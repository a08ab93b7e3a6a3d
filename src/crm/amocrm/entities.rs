//! Contacts and deals, and how they hang together.

use serde_json::{Map, Value, json};

use super::api::{Api, Kind, embedded, number, truth};
use super::client::Ask;
use super::errors::Failure;
use crate::connector::lenient::{int, list, text};

/// The most found by a search, and asked for by number at once.
const FOUND: usize = 50;

/// A value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldValue {
    /// What it says; a number as text.
    pub value: String,
    /// Which kind of it (a work phone), by amoCRM's code; empty: none.
    pub kind: String,
}

/// A field with its values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldValues {
    /// Its number.
    pub id: i64,
    /// Its code; empty: none.
    pub code: String,
    /// Its type.
    pub kind: String,
    /// What stands in it.
    pub values: Vec<FieldValue>,
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Who is responsible for it.
    pub responsible: i64,
    /// What stands in its fields.
    pub fields: Vec<FieldValues>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its deals.
    pub leads: Vec<i64>,
    /// When it was last changed, seconds.
    pub updated_at: i64,
}

/// A deal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lead {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its funnel.
    pub pipeline: i64,
    /// Its stage.
    pub stage: i64,
    /// Who is responsible for it.
    pub responsible: i64,
    /// What stands in its fields.
    pub fields: Vec<FieldValues>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its contacts; the main one first.
    pub contacts: Vec<i64>,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// When it was made, seconds.
    pub created_at: i64,
    /// When it was last changed, seconds.
    pub updated_at: i64,
}

/// Which field is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldName {
    /// By its number.
    Id(i64),
    /// By its code: `PHONE`, `EMAIL`.
    Code(&'static str),
}

/// What is written to a contact or a deal; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Write {
    /// The name.
    pub name: Option<String>,
    /// Who is responsible.
    pub responsible: Option<i64>,
    /// Funnel and stage: of deals only, and both together.
    pub stage: Option<(i64, i64)>,
    /// Fields; what is written to one replaces all that stood in it.
    pub fields: Vec<(FieldName, Vec<FieldValue>)>,
    /// Tags to be added.
    pub tags: Vec<String>,
    /// Contacts of a new deal; the first is the main one.
    pub contacts: Vec<i64>,
}

impl Write {
    /// As amoCRM reads it.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut item = Map::new();
        let mut put = |name: &str, value: Option<Value>| item.extend(value.map(|value| (name.to_owned(), value)));
        put("name", self.name.as_ref().map(|name| json!(name)));
        put("responsible_user_id", self.responsible.map(|user| json!(user)));
        put("pipeline_id", self.stage.map(|(pipeline, _)| json!(pipeline)));
        put("status_id", self.stage.map(|(_, stage)| json!(stage)));
        let fields = self.fields.iter().map(|(name, values)| {
            let values: Vec<Value> = values.iter().map(value_json).collect();
            match name {
                FieldName::Id(id) => json!({ "field_id": id, "values": values }),
                FieldName::Code(code) => json!({ "field_code": code, "values": values }),
            }
        });
        let fields: Vec<Value> = fields.collect();
        put("custom_fields_values", (!fields.is_empty()).then(|| json!(fields)));
        // `_embedded.tags` would take away all the others.
        let tags: Vec<Value> = self.tags.iter().map(|tag| json!({ "name": tag })).collect();
        put("tags_to_add", (!tags.is_empty()).then(|| json!(tags)));
        let contacts: Vec<Value> = self.contacts.iter().enumerate().map(|(at, id)| json!({ "id": id, "is_main": at == 0 })).collect();
        put("_embedded", (!contacts.is_empty()).then(|| json!({ "contacts": contacts })));
        Value::Object(item)
    }
}

fn value_json(value: &FieldValue) -> Value {
    if value.kind.is_empty() { json!({ "value": value.value }) } else { json!({ "value": value.value, "enum_code": value.kind }) }
}

fn field_values(value: &Value) -> Vec<FieldValues> {
    let of = |field: &Value| FieldValues {
        id: number(field, "field_id"),
        code: text(field, "field_code"),
        kind: text(field, "field_type"),
        values: list(field, "values").iter().map(|one| FieldValue { value: text(one, "value"), kind: text(one, "enum_code") }).collect(),
    };
    list(value, "custom_fields_values").iter().map(of).collect()
}

fn tags(value: &Value) -> Vec<String> {
    embedded(value, "tags").iter().map(|tag| text(tag, "name")).collect()
}

fn ids(value: &Value, name: &str) -> Vec<i64> {
    let mut found: Vec<(bool, i64)> = embedded(value, name).iter().map(|one| (!truth(one, "is_main"), number(one, "id"))).collect();
    found.retain(|(_, id)| *id > 0);
    found.sort_by_key(|(other, _)| *other);
    found.into_iter().map(|(_, id)| id).collect()
}

fn contact(value: &Value) -> Contact {
    Contact {
        id: number(value, "id"),
        name: text(value, "name"),
        responsible: number(value, "responsible_user_id"),
        fields: field_values(value),
        tags: tags(value),
        leads: ids(value, "leads"),
        updated_at: number(value, "updated_at"),
    }
}

fn lead(value: &Value) -> Lead {
    Lead {
        id: number(value, "id"),
        name: text(value, "name"),
        pipeline: number(value, "pipeline_id"),
        stage: number(value, "status_id"),
        responsible: number(value, "responsible_user_id"),
        fields: field_values(value),
        tags: tags(value),
        contacts: ids(value, "contacts"),
        is_deleted: truth(value, "is_deleted"),
        created_at: number(value, "created_at"),
        updated_at: number(value, "updated_at"),
    }
}

impl Api<'_> {
    pub(super) async fn made(&self, path: String, name: &str, item: Value) -> Result<i64, Failure> {
        let made = self.ask(&Ask::make(path, json!([item]))).await?;
        embedded(&made, name).first().map(|one| number(one, "id")).filter(|id| *id > 0).ok_or_else(|| Failure::unreadable(true))
    }

    /// Contacts in whose fields these words stand, with their deals. A search by words finds more than is meant: who asks looks closer.
    ///
    /// # Errors
    /// What it means.
    pub async fn find_contacts(&self, query: &str) -> Result<Vec<Contact>, Failure> {
        let found = self.ask(&Ask::get("/contacts").with("query", query).with("with", "leads").with("limit", FOUND)).await?;
        Ok(embedded(&found, "contacts").iter().map(contact).collect())
    }

    /// Companies in whose fields these words stand, with their deals: what is known of them is what is known of contacts.
    ///
    /// # Errors
    /// What it means.
    pub async fn find_companies(&self, query: &str) -> Result<Vec<Contact>, Failure> {
        let found = self.ask(&Ask::get("/companies").with("query", query).with("with", "leads").with("limit", FOUND)).await?;
        Ok(embedded(&found, "companies").iter().map(contact).collect())
    }

    /// A contact becomes one of a company's. Twice has the effect of once.
    ///
    /// # Errors
    /// What it means.
    pub async fn link_company(&self, contact: i64, company: i64) -> Result<(), Failure> {
        let body = json!([{ "to_entity_id": company, "to_entity_type": "companies" }]);
        self.ask(&Ask::post(format!("/contacts/{contact}/link"), body)).await.map(|_| ())
    }

    /// A contact with its deals; none: it is not there.
    ///
    /// # Errors
    /// What it means.
    pub async fn contact(&self, id: i64) -> Result<Option<Contact>, Failure> {
        let found = self.ask(&Ask::get(format!("/contacts/{id}")).with("with", "leads")).await?;
        Ok(Some(contact(&found)).filter(|contact| contact.id > 0))
    }

    /// Makes a contact or a deal.
    ///
    /// # Errors
    /// What it means; what may have been made is looked for first.
    pub async fn make(&self, kind: Kind, write: &Write) -> Result<i64, Failure> {
        self.made(format!("/{}", kind.path()), kind.path(), write.json()).await
    }

    /// Writes to a contact or a deal.
    ///
    /// # Errors
    /// What it means.
    pub async fn change(&self, kind: Kind, id: i64, write: &Write) -> Result<(), Failure> {
        self.ask(&Ask::patch(format!("/{}/{id}", kind.path()), write.json())).await.map(|_| ())
    }

    /// Makes a deal together with its contact: both or none. Answers both.
    ///
    /// # Errors
    /// What it means; what may have been made is looked for first.
    pub async fn make_both(&self, deal: &Write, contact: &Write) -> Result<(i64, i64), Failure> {
        let mut item = deal.json();
        if let Some(fields) = item.as_object_mut() {
            fields.insert("_embedded".to_owned(), json!({ "contacts": [contact.json()] }));
        }
        // Unlike all others it answers with the bare list.
        let made = self.ask(&Ask::make("/leads/complex", json!([item]))).await?;
        let both = made.as_array().and_then(|all| all.first()).map(|one| (number(one, "id"), number(one, "contact_id")));
        both.filter(|(deal, _)| *deal > 0).ok_or_else(|| Failure::unreadable(true))
    }

    /// A deal with its contacts; none: it is not there.
    ///
    /// # Errors
    /// What it means.
    pub async fn lead(&self, id: i64) -> Result<Option<Lead>, Failure> {
        let found = self.ask(&Ask::get(format!("/leads/{id}")).with("with", "contacts")).await?;
        Ok(Some(lead(&found)).filter(|lead| lead.id > 0))
    }

    /// Deals by their numbers, those that are there.
    ///
    /// # Errors
    /// What it means.
    pub async fn leads(&self, ids: &[i64]) -> Result<Vec<Lead>, Failure> {
        let mut all = Vec::new();
        for some in ids.chunks(FOUND) {
            let ask = Ask::get("/leads").with("with", "contacts").with("limit", FOUND);
            let ask = some.iter().fold(ask, |ask, id| ask.with("filter[id][]", id));
            all.extend(embedded(&self.ask(&ask).await?, "leads").iter().map(lead));
        }
        Ok(all)
    }

    /// A contact becomes one of a deal's. Twice has the effect of once.
    ///
    /// # Errors
    /// What it means.
    pub async fn link(&self, deal: i64, contact: i64, is_main: bool) -> Result<(), Failure> {
        let body = json!([{ "to_entity_id": contact, "to_entity_type": "contacts", "metadata": { "is_main": is_main } }]);
        self.ask(&Ask::post(format!("/leads/{deal}/link"), body)).await.map(|_| ())
    }

    /// A chat becomes the contact's: what is said in it makes no other contact. Twice has the effect of once.
    ///
    /// # Errors
    /// What it means.
    pub async fn link_chat(&self, contact: i64, chat: &str) -> Result<(), Failure> {
        self.ask(&Ask::post("/contacts/chats", json!([{ "contact_id": contact, "chat_id": chat }]))).await.map(|_| ())
    }

    /// Whose a chat is; none: nobody's yet. Of one that waits in «Неразобранное» it is the contact that waits there.
    ///
    /// # Errors
    /// What it means.
    pub async fn contact_of_chat(&self, chat: &str) -> Result<Option<i64>, Failure> {
        let found = self.ask(&Ask::get("/contacts/chats").with("chat_id[]", chat)).await?;
        Ok(embedded(&found, "chats").first().and_then(|one| int(one, "contact_id")).filter(|contact| *contact > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_is_written() {
        assert_eq!(Write::default().json(), json!({}));
        let phone = FieldValue { value: "+79990001122".to_owned(), kind: "WORK".to_owned() };
        let write = Write {
            name: Some("Анна".to_owned()),
            responsible: Some(5),
            stage: Some((1, 142)),
            fields: vec![
                (FieldName::Code("PHONE"), vec![phone]),
                (FieldName::Id(7), vec![FieldValue { value: "https://t.me/a".to_owned(), kind: String::new() }]),
            ],
            tags: vec!["Kommutator".to_owned()],
            contacts: vec![3, 4],
        };
        let wanted = json!({
            "name": "Анна", "responsible_user_id": 5, "pipeline_id": 1, "status_id": 142, "tags_to_add": [{ "name": "Kommutator" }],
            "custom_fields_values": [
                { "field_code": "PHONE", "values": [{ "value": "+79990001122", "enum_code": "WORK" }] },
                { "field_id": 7, "values": [{ "value": "https://t.me/a" }] },
            ],
            "_embedded": { "contacts": [{ "id": 3, "is_main": true }, { "id": 4, "is_main": false }] },
        });
        assert_eq!(write.json(), wanted);
    }

    #[test]
    fn the_main_contact_stands_first() {
        let found = lead(&json!({ "id": 1, "_embedded": { "contacts": [{ "id": 8 }, { "id": 9, "is_main": true }], "tags": [{ "name": "т" }] } }));
        assert_eq!((found.contacts, found.tags), (vec![9, 8], vec!["т".to_owned()]));
        assert_eq!(contact(&json!({ "custom_fields_values": null, "_embedded": [] })), Contact::default());
    }
}
