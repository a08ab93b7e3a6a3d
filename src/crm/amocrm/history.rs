//! What was said in amoCRM though no hook told of it: hooks of its chats come once. And what settings choose among.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::{Api, CustomField, Event, Kind, Stage, User};
use super::chats::Chats;
use super::{AmoCrm, fact};
use crate::connector::lenient::{int, text};
use crate::crm::capability::{Found, History, Lists, Talks};
use crate::crm::contract::{CrmContext, CrmError};
use crate::model::crm::{CrmChoice, CrmTalk};

/// Events are looked for again so far back, seconds: what just happened may be shown late.
const AGAIN_S: i64 = 120;
/// Pages of events in one look, and chats that are read in one.
const PAGES: usize = 20;
const CHATS: usize = 25;
/// Messages of a chat are read so many at a time, and at most so often.
const STEP: usize = 50;
const STEPS: usize = 4;

/// How far it was looked.
#[derive(Default, Serialize, Deserialize)]
struct Cursor {
    /// Events from then on are news, seconds.
    since: i64,
    /// But these, with when they happened.
    #[serde(default)]
    seen: BTreeMap<String, i64>,
    /// There are more than one look reads: what is older than this comes first, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
}

#[async_trait]
impl History for AmoCrm {
    async fn look(&self, context: &CrmContext, cursor: &str, talks: &dyn Talks) -> Result<Found, CrmError> {
        let connected = context.connection.created_at.0.div_euclid(1_000);
        let old: Cursor = serde_json::from_str(cursor).unwrap_or_else(|_| Cursor { since: connected, ..Cursor::default() });
        let facts = &context.connection.facts;
        // Without chats nothing is written there.
        if facts.get(fact::SCOPE).is_none_or(String::is_empty) {
            return Ok(Found { parts: Vec::new(), cursor: cursor.to_owned() });
        }
        let api = Api::new(&self.client, context);
        let (mut events, more) = api.written_since(old.since, old.until, PAGES).await?;
        if more && let Some(oldest) = events.iter().map(|event| event.at).min().filter(|oldest| Some(*oldest) != old.until) {
            // Of too many the oldest are looked for first, so that none is passed over.
            let cursor = Cursor { until: Some(oldest), ..old };
            return Ok(Found { parts: Vec::new(), cursor: serde_json::to_string(&cursor).unwrap_or_default() });
        }
        events.retain(|event| event.contact > 0 && !old.seen.contains_key(&event.id));
        // The newest come first, and what is left for the next look must be the newest.
        events.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        let chats = Chats::new(&self.client, context);
        let mut read: BTreeMap<String, CrmTalk> = BTreeMap::new();
        let mut asked = BTreeSet::new();
        let mut taken: Vec<Event> = Vec::new();
        for event in events {
            if !asked.contains(&event.contact) {
                if read.len() >= CHATS {
                    break;
                }
                asked.insert(event.contact);
                for talk in talks.of_contact(&event.contact.to_string()).await? {
                    if let Some(chat) = talk.chat.clone() {
                        read.insert(chat, talk);
                    }
                }
            }
            taken.push(event);
        }
        // What is brought twice has no second effect; what is cut off by two clocks is lost.
        let from = taken.first().map(|event| event.at.saturating_sub(AGAIN_S).max(connected)).unwrap_or_default();
        let mut parts = Vec::new();
        for (chat, talk) in &read {
            parts.extend(self::read(&chats, chat, talk, from, facts).await?);
        }
        Ok(Found { parts, cursor: serde_json::to_string(&next(old, &taken)).unwrap_or_default() })
    }
}

/// Where to look on.
fn next(old: Cursor, taken: &[Event]) -> Cursor {
    let newest = taken.last().map_or(old.since, |event| event.at);
    // What happened before the place it looks from is not shown again; the rest is known by its id.
    let since = old.since.max(newest.saturating_sub(AGAIN_S));
    let mut seen = old.seen;
    seen.extend(taken.iter().map(|event| (event.id.clone(), event.at)));
    seen.retain(|_, at| *at >= since);
    Cursor { since, seen, until: None }
}

/// What people wrote in a chat since, oldest first.
async fn read(chats: &Chats<'_>, chat: &str, talk: &CrmTalk, from: i64, facts: &BTreeMap<String, String>) -> Result<Vec<Bytes>, CrmError> {
    let mut found = Vec::new();
    for step in 0..STEPS {
        let page = chats.history(chat, step * STEP, STEP).await?;
        let full = page.len() >= STEP;
        // The newest stand first.
        let old = page.last().and_then(|message| int(message, "timestamp")).is_some_and(|at| at < from);
        found.extend(page);
        if !full || old {
            break;
        }
    }
    let fact = |name: &str| facts.get(name).map(String::as_str).unwrap_or_default();
    let theirs =
        found.iter().rev().filter(|message| int(message, "timestamp").is_some_and(|at| at >= from) && written_there(message, fact(fact::BOT)));
    Ok(theirs.map(|message| part(message, chat, talk, fact(fact::AMOJO))).collect())
}

/// Whether somebody wrote it in amoCRM: what we brought has our id, what the customer wrote their id of us.
fn written_there(message: &Value, bot: &str) -> bool {
    let of = |who: &str, name: &str| message.get(who).map(|who| text(who, name)).unwrap_or_default();
    let ours = !of("message", "client_id").is_empty() || !of("sender", "client_id").is_empty();
    !ours && (bot.is_empty() || of("sender", "id") != bot)
}

/// A message of the history in the form in which a hook brings it. The same message gives the same bytes each time.
fn part(message: &Value, chat: &str, talk: &CrmTalk, amojo: &str) -> Bytes {
    let mut told = message.clone();
    if let Some(fields) = told.as_object_mut() {
        fields.insert("conversation".to_owned(), json!({ "id": chat, "client_id": talk.name() }));
    }
    Bytes::from(json!({ "account_id": amojo, "time": int(message, "timestamp"), "message": told }).to_string())
}

/// The lists settings choose among.
pub mod list {
    /// Stages of deals: `FUNNEL/STAGE`, each under its funnel.
    pub const STAGES: &str = "stages";
    /// Who works there.
    pub const USERS: &str = "users";
    /// Fields of contacts.
    pub const CONTACT_FIELDS: &str = "contact_fields";
    /// Fields of deals.
    pub const LEAD_FIELDS: &str = "lead_fields";
    /// Kinds of tasks.
    pub const TASK_TYPES: &str = "task_types";
}

/// What is marked in a list.
pub mod mark {
    /// Of a stage: `unsorted`, `won` or `lost`; of a field: its type.
    pub const TYPE: &str = "type";
    /// Of a stage: its funnel is the main one. Of a user: an admin.
    pub const MAIN: &str = "main";
    /// Of a user: how the chats name them.
    pub const AMOJO: &str = "amojo_id";
    /// Of a user: their e-mail.
    pub const EMAIL: &str = "email";
    /// Of a user: works there no longer.
    pub const GONE: &str = "gone";
    /// Of a field: its code.
    pub const CODE: &str = "code";
    /// Of a stage: deals wait there to be accepted.
    pub const UNSORTED: &str = "unsorted";
    /// Of a stage: deals end there well.
    pub const WON: &str = "won";
    /// Of a stage: deals end there.
    pub const LOST: &str = "lost";
}

fn choice(value: impl ToString, label: &str, group: &str, marks: &[(&str, String)]) -> CrmChoice {
    let marks = marks.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    CrmChoice { value: value.to_string(), label: label.to_owned(), group: group.to_owned(), marks }
}

fn fields(found: &[CustomField]) -> Vec<CrmChoice> {
    found.iter().map(|one| choice(one.id, &one.name, "", &[(mark::TYPE, one.kind.clone()), (mark::CODE, one.code.clone())])).collect()
}

fn flag(is: bool) -> String {
    if is { "1".to_owned() } else { String::new() }
}

/// Who connected it, as far as is known.
fn connecting(context: &CrmContext) -> Vec<User> {
    let known = |name: &str| context.connection.facts.get(name).cloned().unwrap_or_default();
    let id = known(fact::USER).parse().unwrap_or_default();
    vec![User { id, name: known(fact::USER_NAME), is_admin: true, is_active: true, ..User::default() }]
}

#[async_trait]
impl Lists for AmoCrm {
    async fn read(&self, context: &CrmContext) -> Result<BTreeMap<String, Vec<CrmChoice>>, CrmError> {
        let api = Api::new(&self.client, context);
        let mut lists = BTreeMap::new();
        let mut stages = Vec::new();
        for funnel in api.pipelines().await?.into_iter().filter(|funnel| !funnel.is_archive) {
            stages.extend(funnel.stages.iter().map(|stage| {
                let kind = match stage.id {
                    _ if stage.is_unsorted => mark::UNSORTED,
                    Stage::WON => mark::WON,
                    Stage::LOST => mark::LOST,
                    _ => "",
                };
                let marks = [(mark::TYPE, kind.to_owned()), (mark::MAIN, flag(funnel.is_main))];
                choice(format!("{}/{}", funnel.id, stage.id), &stage.name, &funnel.name, &marks)
            }));
        }
        lists.insert(list::STAGES.to_owned(), stages);
        let users = match api.users().await {
            Ok(users) => users,
            // Some integrations may not ask who works there: then only who connected it can be chosen.
            Err(failure) if matches!(failure.error, CrmError::Rejected(_)) => connecting(context),
            Err(failure) => return Err(failure.into()),
        };
        let user = |user: &User| {
            let amojo = user.amojo.clone().unwrap_or_default();
            let marks =
                [(mark::AMOJO, amojo), (mark::EMAIL, user.email.clone()), (mark::MAIN, flag(user.is_admin)), (mark::GONE, flag(!user.is_active))];
            choice(user.id, &user.name, "", &marks)
        };
        lists.insert(list::USERS.to_owned(), users.iter().map(user).collect());
        lists.insert(list::CONTACT_FIELDS.to_owned(), fields(&api.fields(Kind::Contacts).await?));
        lists.insert(list::LEAD_FIELDS.to_owned(), fields(&api.fields(Kind::Leads).await?));
        let types = api.account().await?.task_types;
        lists.insert(list::TASK_TYPES.to_owned(), types.iter().map(|(id, name)| choice(id, name, "", &[])).collect());
        Ok(lists)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crm::event::CrmEvent;
    use crate::model::ids::{ConnectionId, ConversationId};
    use crate::model::time::Time;

    fn event(id: &str, at: i64) -> Event {
        Event { id: id.to_owned(), at, contact: 1, message: String::new() }
    }

    #[test]
    fn a_look_goes_on_a_little_before_where_the_last_one_ended() {
        let after = next(Cursor { since: 1_000, ..Cursor::default() }, &[event("a", 1_010), event("b", 1_500), event("c", 1_600)]);
        assert_eq!((after.since, after.seen.keys().map(String::as_str).collect::<Vec<_>>()), (1_480, vec!["b", "c"]));
        let idle = next(after, &[]);
        assert_eq!((idle.since, idle.seen.len()), (1_480, 2), "what was seen stays seen while it is shown");
        let many: Vec<Event> = (0..3_000).map(|at| event(&at.to_string(), 2_000)).collect();
        let busy = next(idle, &many);
        assert_eq!((busy.since, busy.seen.len()), (1_880, 3_000), "none of what is shown again is forgotten");
    }

    #[test]
    fn only_what_people_wrote_there_is_found() {
        let told = |more: Value| {
            let mut message = json!({ "timestamp": 5, "sender": { "id": "m" }, "receiver": { "id": "r", "client_id": "u" }, "message": { "id": "x", "text": "a", "type": "text" } });
            message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            message
        };
        assert!(written_there(&told(json!({})), "bot"));
        for ours in [
            json!({ "message": { "id": "x", "client_id": "gw-m" } }),
            json!({ "sender": { "id": "r", "client_id": "u" } }),
            json!({ "sender": { "id": "bot" } }),
        ] {
            assert!(!written_there(&told(ours.clone()), "bot"), "{ours}");
        }
        let talk = CrmTalk::fresh(ConnectionId(1), ConversationId(77), "p", Time(0));
        let bytes = part(&told(json!({})), "c", &talk, "a");
        assert_eq!(bytes, part(&told(json!({})), "c", &talk, "a"));
        let events = super::super::parse::parse(&bytes).unwrap();
        let [CrmEvent::Said(said)] = &events[..] else { panic!("{events:?}") };
        assert_eq!((said.external_id.as_str(), said.chat.ours.as_deref(), said.at), ("x", Some(talk.name().as_str()), Time(5_000)));
    }
}
