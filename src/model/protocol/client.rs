//! What clients say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::widget::VisitHello;
use crate::model::ids::{ConversationId, FileId, MessageId, UserId};

/// What a manager's client says.
#[derive(Debug, Clone, PartialEq, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum ManagerFrame {
    /// The first frame, within ten seconds.
    Hello {
        /// An API token or session token; a browser has its cookie instead.
        #[ts(optional)]
        token: Option<String>,
        /// Where it was.
        #[ts(optional)]
        cursor: Option<String>,
    },
    /// A message for a conversation.
    Send(SendFrame),
    /// Somebody is writing.
    Typing {
        /// Where.
        #[ts(as = "String")]
        conversation: ConversationId,
    },
    /// This client shows a conversation, or no longer. Said again every 20 s while it does; whoever says nothing for 45 s is gone.
    Viewing {
        /// Which.
        #[ts(as = "String")]
        conversation: ConversationId,
        /// Whether it is on screen.
        on: bool,
        /// Whether others who view it shall say so too.
        #[serde(default)]
        #[ts(as = "Option<bool>", optional)]
        asks: bool,
    },
    /// Everything up to a message was read.
    Read {
        /// Where.
        #[ts(as = "String")]
        conversation: ConversationId,
        /// The last message that was read.
        #[ts(as = "String")]
        up_to: MessageId,
    },
    /// Where is the visitor of this conversation? Answered by `presence`, also when it changes, until another one is watched.
    Watch {
        /// Which.
        #[ts(as = "String")]
        conversation: ConversationId,
    },
}

impl ManagerFrame {
    /// Every `type`, for the tables of the tests: who may say what.
    pub const TYPES: &[&str] = &["hello", "send", "typing", "viewing", "read", "watch"];
}

/// A message a manager or an integration wants sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct SendFrame {
    /// The client's own key: the same key twice has one effect. 1–64 letters, digits, `-` or `_`; a UUID is usual.
    pub client_id: String,
    /// Where it goes.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub conversation: ConversationId,
    /// What it says; may be empty only beside attachments.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    pub text: String,
    /// Uploaded files.
    #[serde(default)]
    #[ts(as = "Option<Vec<String>>", optional)]
    #[schema(value_type = Vec<String>)]
    pub attachments: Vec<FileId>,
    /// Whether pictures among them go as files: as they are, not made smaller.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub as_files: bool,
    /// The message it answers.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    #[schema(value_type = Option<String>)]
    pub reply_to: Option<MessageId>,
    /// A note for colleagues, never shown to the customer.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub note: bool,
    /// Of a note: colleagues it names behind an `@`. Who may not see the conversation is left out.
    #[serde(default)]
    #[ts(as = "Option<Vec<String>>", optional)]
    #[schema(value_type = Vec<String>)]
    pub mentions: Vec<UserId>,
    /// Refused with `somebody_wrote` when the conversation's newest message is another one.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    #[schema(value_type = Option<String>)]
    pub expected_last: Option<MessageId>,
}

impl SendFrame {
    /// Plain words.
    #[must_use]
    pub fn new(client_id: impl Into<String>, conversation: ConversationId, text: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            conversation,
            text: text.into(),
            attachments: Vec::new(),
            as_files: false,
            reply_to: None,
            note: false,
            mentions: Vec::new(),
            expected_last: None,
        }
    }
}

/// What a visitor's widget says.
#[derive(Debug, Clone, PartialEq, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum VisitorFrame {
    /// The first frame, within ten seconds.
    Hello(Box<VisitorHello>),
    /// A message of the visitor; a visitor has one conversation and does not name it.
    Send {
        /// The client's own key, see [`SendFrame::client_id`].
        client_id: String,
        /// What it says.
        #[serde(default)]
        #[ts(as = "Option<String>", optional)]
        text: String,
        /// Uploaded files.
        #[serde(default)]
        #[ts(as = "Option<Vec<String>>", optional)]
        attachments: Vec<FileId>,
        /// The message it answers.
        #[serde(default)]
        #[ts(as = "Option<String>", optional)]
        reply_to: Option<MessageId>,
        /// What a form asked for.
        #[serde(default)]
        #[ts(optional)]
        contact: Option<VisitorContact>,
    },
    /// The visitor is writing.
    Typing {},
    /// The visitor saw everything up to a message.
    Read {
        /// The last message that was read.
        #[ts(as = "String")]
        up_to: MessageId,
    },
    /// The visitor is on another page now, or the site's analytics came to know them after `hello`.
    Page {
        /// Which.
        page: Page,
        /// As in [`VisitHello::analytics`].
        #[serde(default)]
        #[ts(as = "Option<BTreeMap<String, String>>", optional)]
        analytics: BTreeMap<String, String>,
    },
    /// The visitor rates a part of the conversation that is over.
    Rate {
        /// The part's number.
        episode: u32,
        /// 1–5.
        rating: u8,
        /// In words.
        #[serde(default)]
        #[ts(as = "Option<String>", optional)]
        comment: String,
    },
    /// The visitor goes on in another messenger: the visit is kept for its code.
    Leave {},
}

impl VisitorFrame {
    /// Every `type`, see [`ManagerFrame::TYPES`].
    pub const TYPES: &[&str] = &["hello", "send", "typing", "read", "page", "rate", "leave"];
}

/// How a visitor's widget introduces itself. All of it is optional.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, TS)]
#[ts(export_to = "protocol.ts", optional_fields)]
pub struct VisitorHello {
    /// The token an earlier `ready` gave.
    pub visitor_token: Option<String>,
    /// 16–64 letters or digits the client made itself: who got no `ready` sends the same again and gets the same visitor.
    pub visitor_nonce: Option<String>,
    /// Where it was.
    pub cursor: Option<String>,
    /// The page it is on.
    pub page: Option<Page>,
    /// Who the site says it is.
    pub identity: Option<VisitorIdentity>,
    /// The page's language: `ru`, `en`, `es`.
    pub locale: Option<String>,
    /// How the visitor came to the site.
    pub visit: Option<VisitHello>,
}

/// What a visitor wrote into a form. All of it is the visitor's word.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export_to = "protocol.ts")]
pub struct VisitorContact {
    /// A name.
    pub name: String,
    /// A phone.
    pub phone: String,
    /// An e-mail.
    pub email: String,
    /// Whether they agreed to the line of consent.
    pub consent: bool,
}

/// A page of the site.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts", optional_fields)]
pub struct Page {
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where the visitor came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
}

/// Who the site says a visitor is. `signature` vouches for `id` only.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, TS)]
#[ts(export_to = "protocol.ts", optional_fields)]
pub struct VisitorIdentity {
    /// The site's own id of the person.
    pub id: Option<String>,
    /// A name; unverified.
    pub name: Option<String>,
    /// An e-mail; unverified.
    pub email: Option<String>,
    /// A phone; unverified.
    pub phone: Option<String>,
    /// Hex HMAC-SHA256 of `id` with the widget's secret.
    pub signature: Option<String>,
}
