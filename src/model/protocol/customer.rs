//! A customer as managers see it.

use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

use super::widget::ClaimView;
use crate::model::ids::{ConversationId, CustomerId};
use crate::model::time::Time;

/// A customer in a list: what we think is one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct CustomerView {
    /// Its id.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub id: CustomerId,
    /// The name to show; may be empty.
    pub name: String,
    /// The name a manager gave; empty: what the channels say is shown.
    pub given_name: String,
    /// A small picture of them: a link for a day or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub picture_url: Option<String>,
    /// Other names they are known by.
    pub aliases: Vec<String>,
    /// Phones, those managers wrote first.
    pub phones: Vec<ClaimView>,
    /// E-mails, those managers wrote first.
    pub emails: Vec<ClaimView>,
    /// Where they work.
    pub company: String,
    /// Anything else managers wrote.
    pub note: String,
    /// The kinds of channels they are in.
    pub channels: Vec<String>,
    /// Their newest conversation.
    #[ts(as = "Option<String>")]
    #[schema(value_type = Option<String>)]
    pub conversation: Option<ConversationId>,
    /// When something was last written there.
    #[ts(as = "Option<String>")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub active_at: Option<Time>,
    /// When it was made.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// The customer this one is part of.
    #[ts(as = "Option<String>")]
    #[schema(value_type = Option<String>)]
    pub merged_into: Option<CustomerId>,
}
