//! A conversation as members see it, and who they are.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::client::Page;
use super::message::EntryDirection;
use crate::model::ids::{AccountId, ConversationId, IdentityId, TagId, UserId};
use crate::model::reason::Reason;
use crate::model::time::Time;

/// What may be sent into a conversation now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct Can {
    /// Whether a message can be sent at all.
    pub send: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<Reason>,
    /// The longest text, in the unit below; 0: none may be sent.
    pub text_limit: u32,
    /// `characters`, `utf16` or `bytes`.
    pub text_unit: String,
    /// The most files of one message; 0: none.
    pub files: u32,
    /// The greatest file, bytes.
    #[ts(as = "u32")]
    pub file_bytes: u64,
    /// Whether a message can be answered.
    pub reply: bool,
    /// Whether a sent message can be changed.
    pub edit: bool,
    /// Whether a sent message can be deleted.
    pub delete: bool,
    /// Whether one can react.
    pub react: bool,
    /// Until when the window is open, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub window_until: Option<Time>,
}

/// A conversation as managers see it in the list and in the thread's header.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct ConversationView {
    /// Its id.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub id: ConversationId,
    /// The channel account.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub channel: AccountId,
    /// The channel's kind, for its mark.
    pub channel_kind: String,
    /// The channel's name.
    pub channel_name: String,
    /// Who it is with; none for a group.
    #[ts(as = "Option<String>")]
    #[schema(value_type = Option<String>)]
    pub identity: Option<IdentityId>,
    /// The name to show: the person's or the group's.
    pub title: String,
    /// A small picture of the person: a link for a day or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub picture_url: Option<String>,
    /// The listing, car, post or group it stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub place_title: Option<String>,
    /// The listing's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub place_url: Option<String>,
    /// A small picture of the listing: a link for a day or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub place_picture_url: Option<String>,
    /// The page the visitor was on when they last wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub page: Option<Page>,
    /// `open` or `closed`.
    pub status: String,
    /// Who answers.
    #[ts(as = "Option<String>")]
    #[schema(value_type = Option<String>)]
    pub assignee: Option<UserId>,
    /// The newest message, cut for the list.
    pub preview: Option<Preview>,
    /// Admitted inbound messages nobody read yet.
    pub unread: u32,
    /// Whether it is to be looked at though nothing in it is unread.
    pub marked_unread: bool,
    /// Until when it is put aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub snoozed_until: Option<Time>,
    /// Its tags.
    #[ts(as = "Vec<String>")]
    #[schema(value_type = Vec<String>)]
    pub tags: Vec<TagId>,
    /// Whether what the customer writes is shown to nobody.
    pub blocked: bool,
    /// Since when the customer waits for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub unanswered_since: Option<Time>,
    /// Whether the customer waits too long.
    pub overdue: bool,
    /// The last time something was written; the list's order.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub active_at: Time,
    /// When it began.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// What may be sent now.
    pub can: Can,
    /// Rises with every change: of two views the greater is newer.
    #[ts(as = "u32")]
    pub version: u64,
}

/// The newest message of a conversation, cut for the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct Preview {
    /// Which way.
    pub direction: EntryDirection,
    /// Who wrote it.
    pub author: String,
    /// At most 120 characters.
    pub text: String,
    /// What it is beside words: `image`, `audio`, `video`, `file`, `contact`, `location`, `post`, `call`, `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub attachment: Option<String>,
}

/// What a member of a workspace may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum Role {
    /// Answers in the channels they may see.
    Manager,
    /// Also connects channels and invites managers.
    Admin,
    /// Also makes admins and owners.
    Owner,
}

/// Who is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct Me {
    /// The user, or the token for an integration.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their e-mail; empty for an integration.
    pub email: String,
    /// What they may do here.
    pub role: Role,
    /// The workspace's number.
    pub workspace: u32,
    /// The workspace's name.
    pub workspace_name: String,
    /// The channels they may see; none: all.
    #[ts(as = "Option<Vec<String>>")]
    #[schema(value_type = Option<Vec<String>>)]
    pub channels: Option<Vec<AccountId>>,
    /// Their language: `ru`, `en`, `es`.
    pub locale: String,
}
