//! What comes from a CRM.

use std::collections::BTreeMap;

use crate::model::message::Part;
use crate::model::time::Time;

/// Something happened in a CRM.
#[derive(Debug, Clone, PartialEq)]
pub enum CrmEvent {
    /// Somebody wrote to the customer there.
    Said(Box<Said>),
    /// Somebody writes there now.
    Typing {
        /// Where.
        chat: ChatName,
        /// Who.
        who: CrmPerson,
    },
    /// Somebody set a reaction there; none: took it off.
    Reacted {
        /// Where.
        chat: ChatName,
        /// To which message, by the CRM's id of it.
        external_id: String,
        /// The emoji.
        emoji: Option<String>,
        /// Who.
        who: CrmPerson,
    },
    /// All that the customer wrote was read there.
    Read {
        /// Where.
        chat: ChatName,
    },
    /// Something there changed: what is known of it is asked for anew.
    Changed {
        /// What: `deal`, `contact`.
        what: String,
        /// The CRM's id of it.
        id: String,
    },
    /// The CRM's directories changed.
    DirectoryChanged,
    /// Our integration was taken off there.
    TakenOff,
}

impl CrmEvent {
    /// The chat it is of; what is of none has no place in an order.
    #[must_use]
    pub fn chat(&self) -> Option<&ChatName> {
        match self {
            Self::Said(said) => Some(&said.chat),
            Self::Typing { chat, .. } | Self::Reacted { chat, .. } | Self::Read { chat } => Some(chat),
            Self::Changed { .. } | Self::DirectoryChanged | Self::TakenOff => None,
        }
    }
}

/// How a CRM names a chat.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ChatName {
    /// Its own name of it; empty: not told.
    pub theirs: String,
    /// The name we gave it, [`CrmTalk::name`](crate::model::crm::CrmTalk::name); none: we did not yet.
    pub ours: Option<String>,
}

/// A person of a CRM.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CrmPerson {
    /// The CRM's id of them.
    pub id: String,
    /// Their name.
    pub name: String,
}

/// What somebody wrote in a CRM.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Where.
    pub chat: ChatName,
    /// The CRM's id of it.
    pub external_id: String,
    /// Who.
    pub who: CrmPerson,
    /// When.
    pub at: Time,
    /// What it says.
    pub parts: Vec<Part>,
    /// Its files.
    pub files: Vec<CrmFile>,
    /// What it answers, by the CRM's id of it.
    pub reply_to: Option<String>,
    /// Whom it is written to first. None: they know each other.
    pub first: Option<FirstTo>,
    /// The source it was written from, as the CRM's folder names sources: which account it goes out by, where it is written first.
    pub source: Option<String>,
}

/// Somebody who is written to for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FirstTo {
    /// Their address: a phone, a link.
    pub address: String,
    /// What the CRM's folder wants to know of the talk again.
    pub facts: BTreeMap<String, String>,
}

/// A file that lies at a CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmFile {
    /// Where.
    pub url: String,
    /// Its name; empty: not told.
    pub name: String,
}
