//! A message as clients see it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::notice::Mention;
use crate::model::ids::{ConversationId, FileId, MessageId};
use crate::model::reason::Reason;
use crate::model::time::Time;

/// Where a message stands between us and the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum SendStatus {
    /// Durable here, waiting for the provider.
    Queued,
    /// The provider has it.
    Sent,
    /// The customer's device has it.
    Delivered,
    /// The customer saw it.
    Read,
    /// It will not go; the reason says why.
    Failed,
    /// The provider's answer was lost and nothing settles it yet.
    Unknown,
}

/// A state with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct SendState {
    /// Where it stands.
    pub status: SendStatus,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<Reason>,
    /// Since when.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

/// Which way a message goes, or what else stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum EntryDirection {
    /// From the customer.
    Inbound,
    /// To the customer.
    Outbound,
    /// Among colleagues.
    Note,
    /// Said by the product itself.
    System,
}

/// What kind of author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum AuthorKind {
    /// A person as a login knows them.
    Customer,
    /// A manager of the workspace.
    Manager,
    /// An integration with an API token.
    Api,
    /// The CRM.
    Crm,
    /// The account's owner, on the phone or elsewhere outside.
    Phone,
    /// A rule.
    Automation,
    /// An assistant.
    Assistant,
    /// The product itself.
    System,
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct Author {
    /// What kind.
    pub kind: AuthorKind,
    /// The identity, user or token; empty for the product itself.
    pub id: String,
    /// The name to show; may be empty.
    pub name: String,
}

/// A message as clients see it.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct MessageView {
    /// Sorts in log order within its conversation.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub id: MessageId,
    /// Where it stands.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub conversation: ConversationId,
    /// Which way.
    pub direction: EntryDirection,
    /// Who wrote it.
    pub author: Author,
    /// Its plain form: all it says in words, its cards too.
    pub text: String,
    /// What it says that is more than words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<CardView>>", optional)]
    pub cards: Vec<CardView>,
    /// Where it has cards: the words beside them, for who shows the cards themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub words: Option<String>,
    /// Its files.
    pub attachments: Vec<AttachmentView>,
    /// The message it answers.
    #[ts(as = "Option<String>")]
    #[schema(value_type = Option<String>)]
    pub reply_to: Option<MessageId>,
    /// The key of the client that sent it.
    pub client_id: Option<String>,
    /// When it was written, by who wrote it.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub written_at: Time,
    /// When it was stored here.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub imported_at: Time,
    /// Where it stands between us and the customer.
    pub state: SendState,
    /// Where it stands in each CRM. Not shown to visitors.
    pub crm: Vec<DeliveryView>,
    /// When its text was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub edited_at: Option<Time>,
    /// When it was deleted; the text is empty then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deleted_at: Option<Time>,
    /// Of a note: who is mentioned in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Mention>>", optional)]
    pub mentions: Vec<Mention>,
    /// Reactions on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<ReactionView>>", optional)]
    pub reactions: Vec<ReactionView>,
}

/// What a message says that is more than words.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum CardView {
    /// Somebody's name and phone.
    Contact {
        /// The name; may be empty.
        name: String,
        /// The phone.
        phone: String,
    },
    /// A point on the map.
    Location {
        /// Degrees.
        latitude: f64,
        /// Degrees.
        longitude: f64,
        /// Its name; may be empty.
        title: String,
    },
    /// A post, a product, a listing, a story, a video: something that stands elsewhere.
    Post {
        /// Its address; may be empty.
        url: String,
        /// Its words; may be empty.
        title: String,
    },
    /// A call that was tried.
    Call {
        /// Whether nobody answered.
        missed: bool,
        /// Whether with picture.
        video: bool,
    },
    /// Something the product has no form for; the messenger it came from shows it.
    Unknown,
}

/// A reaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct ReactionView {
    /// The emoji.
    pub emoji: String,
    /// Who reacted.
    pub author: Author,
}

/// A message's standing in one CRM.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct DeliveryView {
    /// The CRM connection.
    pub connection: String,
    /// `queued`, `held`, `delivered`, `filtered`, `skipped`, `mailing`, `failed`.
    pub status: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<Reason>,
    /// Since when.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

/// Whether a file can be shown yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum FileStatus {
    /// It is being fetched.
    Pending,
    /// It is here.
    Ready,
    /// It could not be fetched; the reason says why.
    Failed,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct AttachmentView {
    /// The file.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub id: FileId,
    /// Its name.
    pub name: String,
    /// Its media type, found from its content.
    pub media_type: String,
    /// Its size in bytes.
    #[ts(as = "u32")]
    pub size: u64,
    /// Whether it can be shown.
    pub status: FileStatus,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<Reason>,
    /// A short signed link, relative to the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub url: Option<String>,
    /// The same for a thumbnail, for pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub thumbnail_url: Option<String>,
    /// Pixels, for pictures: reserves the place before it loads.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub width: Option<u32>,
    /// Pixels, for pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub height: Option<u32>,
    /// A picture that is to be shown as a file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub as_file: bool,
}
