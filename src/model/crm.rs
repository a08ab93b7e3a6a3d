//! The CRM's side: [`CrmConnection`], where conversations stand in it ([`CrmTalk`]), and what it offers to choose from
//! ([`CrmDirectory`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::connection::{CrmKind, HealthState};
use super::ids::{AccountId, ConnectionId, ConversationId, ProviderAppId};
use super::time::Time;

/// A row of «Исходящие каналы».
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CrmConnection {
    /// Its id.
    pub id: ConnectionId,
    /// What it is.
    pub kind: CrmKind,
    /// The name, unique within the workspace.
    pub name: String,
    /// The owner's switch.
    pub active: bool,
    /// The key its CRM's widget shows (B-42): 32 hex digits.
    #[serde(default)]
    pub api_key: String,
    /// The app it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<ProviderAppId>,
    /// How the CRM names the account: the mark by which connecting it again finds this one.
    #[serde(default)]
    pub external_key: String,
    /// Tokens, sealed; empty: none.
    pub sealed: String,
    /// The secret in the address of its hooks, sealed; empty: it has none yet.
    #[serde(default)]
    pub hook: String,
    /// The CRM's address where it is not the usual one: a proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// What is known of it and is no secret: its account's name and address, who connected it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// The CRM's own settings, checked against its schema.
    pub settings: serde_json::Value,
    /// How it is.
    pub health: HealthState,
    /// When it was made.
    pub created_at: Time,
    /// Taken off.
    pub removed_at: Option<Time>,
}

impl CrmConnection {
    /// The fact that says since when it is switched on again, milliseconds.
    const ON_SINCE: &str = "on_since";
    /// The fact that names what its settings choose and the CRM no longer has.
    const GONE: &str = "gone";

    /// What was said in the CRM before this moment is not passed on; 0: it was never switched off.
    #[must_use]
    pub fn on_since(&self) -> i64 {
        self.facts.get(Self::ON_SINCE).and_then(|ms| ms.parse().ok()).unwrap_or(0)
    }

    /// The settings that choose what the CRM no longer has, by the names of their fields: until somebody sets them anew.
    #[must_use]
    pub fn gone(&self) -> Vec<&str> {
        self.facts.get(Self::GONE).map(|gone| gone.split(',').collect()).unwrap_or_default()
    }

    /// Adds to [`gone`](Self::gone). Answers whether there was anything to be added.
    pub fn lose(&mut self, fields: &[String]) -> bool {
        let old: std::collections::BTreeSet<String> = self.gone().into_iter().map(str::to_owned).collect();
        let new: std::collections::BTreeSet<String> = old.iter().chain(fields).cloned().collect();
        if new.len() == old.len() {
            return false;
        }
        self.facts.insert(Self::GONE.to_owned(), new.into_iter().collect::<Vec<_>>().join(","));
        true
    }

    /// Somebody set it anew.
    pub fn is_set(&mut self) {
        self.facts.remove(Self::GONE);
    }

    /// The owner's switch.
    pub fn switch(&mut self, on: bool, now: Time) {
        if on && !self.active {
            self.facts.insert(Self::ON_SINCE.to_owned(), now.0.to_string());
        }
        self.active = on;
    }
}

/// Where a conversation of ours stands in a CRM: one record for each stretch of it that is a talk of its own there (a comment, a post;
/// usually all of it is one). Written by the connection's owner only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmTalk {
    /// The connection.
    pub connection: ConnectionId,
    /// The conversation.
    pub conversation: ConversationId,
    /// Which stretch: the connection's own key; empty: all of it.
    pub key: String,
    /// The chat there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// The contact there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// The deal there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal: Option<String>,
    /// Something was begun to be made there, and it is not known whether it was: looked for before it is made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Begun>,
    /// What the CRM's folder wants to know again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Time,
    /// When something was last said in it.
    pub said_at: Time,
}

/// What somebody who looks at a record of a CRM says that a conversation belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Joins {
    /// The contact there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// The deal there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal: Option<String>,
}

impl Joins {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.contact.is_none() && self.deal.is_none()
    }
}

/// Whom somebody writes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum To {
    /// A conversation that is there.
    Conversation {
        /// Which.
        id: ConversationId,
    },
    /// An address; its conversation is made if there is none.
    Address {
        /// The account it goes out from.
        account: AccountId,
        /// A phone, a link, a user name, as the account's channel reads it.
        address: String,
    },
}

/// What people see in a CRM of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CrmRecord {
    /// Their contact.
    Contact,
    /// A deal with them.
    Deal,
}

/// That something was begun to be made in a CRM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// What.
    pub what: String,
    /// When.
    pub at: Time,
}

/// How far a CRM's history was looked through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmPlace {
    /// The connection.
    pub connection: ConnectionId,
    /// The place, as the CRM's folder writes it.
    pub cursor: String,
    /// When it was looked last.
    pub looked_at: Time,
}

impl CrmTalk {
    /// The fact by which a CRM's folder knows what it has seen of contact and deal: gone when one of them changed.
    pub const SEEN: &str = "seen";

    /// One of which the CRM knows nothing yet.
    #[must_use]
    pub fn fresh(connection: ConnectionId, conversation: ConversationId, key: &str, now: Time) -> Self {
        Self {
            connection,
            conversation,
            key: key.to_owned(),
            chat: None,
            contact: None,
            deal: None,
            begun: None,
            facts: BTreeMap::new(),
            created_at: now,
            said_at: now,
        }
    }

    /// Joins it to the contact and the deal that a person chose. A talk of another contact stays with that one. Answers whether anything changed.
    pub fn join(&mut self, joins: &Joins) -> bool {
        let other = self.contact.is_some() && joins.contact.is_some() && self.contact != joins.contact;
        let old = (self.contact.clone(), self.deal.clone());
        if joins.is_empty() || other {
            return false;
        }
        self.contact = joins.contact.clone().or_else(|| self.contact.take());
        self.deal = joins.deal.clone().or_else(|| self.deal.take());
        let changed = old != (self.contact.clone(), self.deal.clone());
        if changed {
            // What was seen was of another deal.
            self.facts.remove(Self::SEEN);
        }
        changed
    }

    /// How we name it to the CRM: given back with what is answered there.
    #[must_use]
    pub fn name(&self) -> String {
        if self.key.is_empty() { self.conversation.to_string() } else { format!("{}.{}", self.conversation, self.key) }
    }

    /// Reads such a name.
    #[must_use]
    pub fn read_name(name: &str) -> Option<(ConversationId, &str)> {
        let (conversation, key) = name.split_once('.').unwrap_or((name, ""));
        Some((conversation.parse().ok()?, key))
    }
}

/// A CRM's directories, as they were when they were last read: what settings choose among.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmDirectory {
    /// The connection.
    pub connection: ConnectionId,
    /// Its lists, by name: stages, users, fields.
    pub lists: BTreeMap<String, Vec<CrmChoice>>,
    /// When they were read.
    pub read_at: Time,
}

/// A line of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct CrmChoice {
    /// The CRM's id of it.
    pub value: String,
    /// Its name there.
    pub label: String,
    /// What it stands under: a stage's funnel; empty: nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// What the CRM's folder knows of it: that a stage is the last one, that a user is no longer active.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_talk_goes_to_the_deal_somebody_chose_but_not_to_another_contact() {
        let joins = |contact: &str, deal: &str| {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            Joins { contact: some(contact), deal: some(deal) }
        };
        let mut talk = CrmTalk::fresh(ConnectionId(1), ConversationId(2), "", Time(0));
        assert!(!talk.join(&Joins::default()));
        assert!(talk.join(&joins("5", "")) && talk.join(&joins("5", "7")) && !talk.join(&joins("5", "")));
        talk.facts.insert(CrmTalk::SEEN.to_owned(), "1".to_owned());
        assert!(talk.join(&joins("", "8")) && talk.facts.is_empty());
        assert!(!talk.join(&joins("6", "9")));
        assert_eq!((talk.contact.as_deref(), talk.deal.as_deref()), (Some("5"), Some("8")));
    }

    #[test]
    fn a_talk_is_found_by_the_name_it_was_given() {
        let talk = |key: &str| CrmTalk::fresh(ConnectionId(1), ConversationId(77), key, Time(0));
        for key in ["", "comment.5", "p/1"] {
            let name = talk(key).name();
            assert_eq!(CrmTalk::read_name(&name), Some((ConversationId(77), key)), "{name}");
        }
        assert_eq!(CrmTalk::read_name("somebody else's"), None);
    }
}
