//! What a site's widget is told of itself, and what members are told of the site's visitors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::client::Page;
use crate::model::ids::{ConversationId, CustomerId, MessageId};
use crate::model::reason::Reason;
use crate::model::time::Time;

/// Whether a form asks for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, ToSchema, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum Ask {
    /// It does not.
    #[default]
    Off,
    /// It may be left empty.
    Optional,
    /// It may not.
    Required,
}

/// What a visitor is asked for beside the first message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, ToSchema, TS)]
#[serde(default)]
#[ts(export_to = "protocol.ts")]
pub struct Form {
    /// Whether it is shown.
    pub on: bool,
    /// The name.
    pub name: Ask,
    /// The phone.
    pub phone: Ask,
    /// The e-mail.
    pub email: Ask,
    /// Whether the visitor must agree to the line of consent.
    pub consent: bool,
}

/// What a widget does while nobody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, ToSchema, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum Away {
    /// Says so and takes messages.
    #[default]
    Say,
    /// Is not there.
    Hide,
}

/// When a visitor is spoken to first: everything that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, ToSchema, TS)]
#[serde(default)]
#[ts(export_to = "protocol.ts")]
pub struct Rule {
    /// Its name on the visitor's device: 1–32 letters, digits or `-`.
    pub id: String,
    /// So many seconds on the page.
    #[ts(optional)]
    pub seconds: Option<u32>,
    /// The address contains this, or, with a `*` in it, is of this form. Empty: any.
    pub address: String,
    /// So many per cent of the page were scrolled.
    #[ts(optional)]
    pub scroll: Option<u8>,
    /// The pointer leaves the page at the top.
    pub leaving: bool,
    /// Shown again after so many hours; none: never.
    #[ts(optional)]
    pub again_hours: Option<u32>,
}

/// An invitation as a visitor's widget is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct InvitationView {
    /// When.
    pub rule: Rule,
    /// What it says.
    pub text: String,
}

/// A way to another messenger of the company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, ToSchema, TS)]
#[ts(export_to = "protocol.ts")]
pub struct MessengerLink {
    /// `telegram`, `whatsapp`, `vk`, `max`, `viber`, `instagram`.
    pub kind: String,
    /// Where to; `{code}` stands for the visit's code.
    pub link: String,
}

/// How a widget looks and what it does: what any visitor may know, in the visitor's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct WidgetView {
    /// The company's name, in the header.
    pub title: String,
    /// The first words shown to who has not written yet; empty: none.
    pub greeting: String,
    /// The accent colour, `#rrggbb`.
    pub accent: String,
    /// `left` or `right`.
    pub side: String,
    /// The greatest file, bytes.
    #[ts(as = "u32")]
    pub max_file_bytes: u64,
    /// The most files of one message.
    pub max_files: u32,
    /// From the side of the window, pixels.
    pub offset_x: u16,
    /// From its bottom, pixels.
    pub offset_y: u16,
    /// Whether people answer now.
    pub online: bool,
    /// When that changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub switches_at: Option<Time>,
    /// What it does while they do not.
    pub away: Away,
    /// What it says then.
    pub away_text: String,
    /// Ready words, as buttons.
    pub phrases: Vec<String>,
    /// Asked before the first message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub form: Option<Form>,
    /// The line of consent.
    pub consent: String,
    /// Where its long form is.
    pub consent_link: String,
    /// When the visitor is spoken to first.
    pub invitations: Vec<InvitationView>,
    /// Ways to other messengers.
    pub messengers: Vec<MessengerLink>,
    /// Whether a new message is heard.
    pub sound: bool,
    /// Whether a closed conversation can be rated.
    pub rating: bool,
}

/// A stretch of a conversation from opening to closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct EpisodeView {
    /// From 1.
    pub number: u32,
    /// The first message in it.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub first_message: MessageId,
    /// When it was opened.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Time,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Time>,
    /// The customer's rating, 1–5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rating: Option<u8>,
    /// What they said to it.
    pub comment: String,
}

/// Where a visitor's conversation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export_to = "protocol.ts")]
pub struct Talk {
    /// Up to where the company read.
    #[ts(as = "String")]
    pub read_up_to: MessageId,
    /// The newest part of it.
    pub episode: EpisodeView,
}

/// How a visitor came to the site, as its page says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export_to = "protocol.ts")]
pub struct VisitHello {
    /// The page's own name of the visit: 8–32 letters or digits.
    pub key: String,
    /// The first page of it.
    pub first: Page,
    /// `source`, `medium`, `campaign`, `content`, `term`, and names of clicks: `gclid`, `yclid` …
    pub marks: BTreeMap<String, String>,
    /// The visitor's ids in the site's analytics, by the cookie's name.
    pub analytics: BTreeMap<String, String>,
    /// What a letter's link carried behind the `#`: who it was written to is here again, on whatever device.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub back: Option<String>,
}

/// A visit as members see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct VisitView {
    /// Its short code, as links to other messengers carry it.
    pub code: String,
    /// The first page of it, with where the visitor came from.
    pub first: Page,
    /// `utm_source` and the like, without `utm_`; names of clicks.
    pub marks: BTreeMap<String, String>,
    /// Ids in the site's analytics.
    pub analytics: BTreeMap<String, String>,
    /// When it was kept.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

/// A phone or e-mail, with who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct ClaimView {
    /// What is said.
    pub value: String,
    /// `provider`, `signature`, `manager`, `merged` (it came with a customer made one with this), or `unverified`: the person, or the page, merely
    /// said it.
    pub by: String,
}

/// What a visitor agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct ConsentView {
    /// The line as it stood there.
    pub text: String,
    /// When.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

/// What is known of the person of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct PersonView {
    /// The customer it is; a group has none.
    #[ts(as = "Option<String>")]
    #[schema(value_type = Option<String>)]
    pub customer: Option<CustomerId>,
    /// The name.
    pub name: String,
    /// Phones.
    pub phones: Vec<ClaimView>,
    /// E-mails.
    pub emails: Vec<ClaimView>,
    /// The site's own id of them, if its signature was right.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub site_id: Option<String>,
    /// Why they cannot be written to, as far as the provider told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub unreachable: Option<Reason>,
    /// What they agreed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub consent: Option<ConsentView>,
    /// The visit they first wrote in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub first_visit: Option<VisitView>,
    /// The visit they last wrote in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub last_visit: Option<VisitView>,
    /// The parts of the conversation, oldest first, with their ratings.
    pub episodes: Vec<EpisodeView>,
}

/// Where a visitor is now; best effort, never stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "protocol.ts")]
pub struct Presence {
    /// Whose.
    #[ts(as = "String")]
    pub conversation: ConversationId,
    /// Whether they are on the site.
    pub online: bool,
    /// The page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub page: Option<Page>,
}
