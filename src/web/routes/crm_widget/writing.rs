//! Whom a record of the CRM can be written to, and writing to them.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AsActiveWidget, AsWidget, UserBody, some_text_or_number, text_or_number};
use crate::gateway::crm_widget::card::{CONTACTS, CardContact, FACTS, Target, targets};
use crate::gateway::crm_widget::say::{self, Asked, Whom};
use crate::model::connection::ChannelKind;
use crate::model::crm::Joins;
use crate::model::ids::{AccountId, ConversationId, FileId, MessageId};
use crate::model::message::Message;
use crate::model::protocol::{AttachmentView, EntryDirection, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::records::FileOwner;
use crate::web::edge::Edge;
use crate::web::problem::{Problem, ProblemBody};
use crate::web::routes::files;

/// The longest fact of a contact, bytes.
const FACT: usize = 400;

fn too_many(what: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many", format!("fewer {what} at once"))
}

/// A contact of the CRM.
#[derive(Deserialize, ToSchema)]
pub struct ContactBody {
    /// The CRM's id of it.
    #[serde(deserialize_with = "text_or_number")]
    id: String,
    /// Phones.
    #[serde(default)]
    phones: Vec<String>,
    /// E-mails.
    #[serde(default)]
    emails: Vec<String>,
    /// Links to profiles.
    #[serde(default)]
    links: Vec<String>,
}

/// Contacts as they are asked about: of those that are too many nothing is looked up.
pub(super) fn contacts(all: Vec<ContactBody>) -> Result<Vec<CardContact>, Problem> {
    if all.len() > CONTACTS {
        return Err(too_many("contacts"));
    }
    let facts = |mut facts: Vec<String>| {
        facts.retain(|fact| !fact.trim().is_empty() && fact.len() <= FACT);
        facts.truncate(FACTS);
        facts
    };
    let contact = |one: ContactBody| CardContact { id: one.id, phones: facts(one.phones), emails: facts(one.emails), links: facts(one.links) };
    Ok(all.into_iter().map(contact).collect())
}

/// A record of the CRM that is looked at.
#[derive(Deserialize, ToSchema)]
pub struct CardBody {
    /// The deal, if it is one.
    #[serde(default, deserialize_with = "some_text_or_number")]
    deal: Option<String>,
    /// Its contacts.
    contacts: Vec<ContactBody>,
}

/// Whom the record can be written to.
#[derive(Serialize, ToSchema)]
pub struct CardView {
    /// Those of each contact together, newest conversations first.
    targets: Vec<TargetView>,
}

/// Somebody who can be written to, or why they cannot be.
#[derive(Serialize, ToSchema)]
pub struct TargetView {
    /// The contact; empty: one that was not named.
    contact: String,
    /// The channel.
    account: TargetAccount,
    /// The conversation, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    conversation: Option<ConversationId>,
    /// The address they are written to first by.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// Whom it is with.
    title: String,
    /// `chat`: it is begun, and written in the CRM's own chat; `compose`: it is written in the widget.
    what: &'static str,
    /// How they can be answered: `comment`, `direct`.
    ways: Vec<&'static str>,
    /// What was said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<LastView>,
    /// Whether they can be written to.
    can: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

/// A channel.
#[derive(Serialize, ToSchema)]
pub struct TargetAccount {
    /// Its id.
    #[schema(value_type = String)]
    id: AccountId,
    /// Its kind.
    #[schema(value_type = String)]
    kind: ChannelKind,
    /// Its name.
    name: String,
}

/// What was said last.
#[derive(Serialize, ToSchema)]
pub struct LastView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Its beginning.
    text: String,
    /// What it is beside words.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<String>,
    /// Which way.
    direction: EntryDirection,
}

fn target(target: Target, what: &'static str) -> TargetView {
    let last = |(preview, at): (crate::model::protocol::Preview, Time)| LastView {
        at,
        text: preview.text,
        attachment: preview.attachment,
        direction: preview.direction,
    };
    TargetView {
        contact: target.contact,
        account: TargetAccount { id: target.account.id, kind: target.account.kind, name: target.account.name },
        conversation: target.conversation,
        address: target.address,
        title: target.title,
        what,
        ways: target.ways,
        last: target.last.map(last),
        can: target.reason.is_none(),
        reason: target.reason,
    }
}

/// Whom a record's contacts can be written to.
#[utoipa::path(tag = "crm widget", operation_id = "widget_card", request_body = CardBody, responses((status = 200, body = CardView),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 409, description = "`connection_off`", body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)), security(()))]
#[post("/crm-widget/v1/card")]
pub(crate) async fn card(edge: Data<Edge>, AsActiveWidget(door): AsActiveWidget, body: Json<CardBody>) -> Result<Json<CardView>, Problem> {
    let CardBody { deal, contacts: asked } = body.into_inner();
    let contacts = contacts(asked)?;
    let what = if door.has_chats() { "chat" } else { "compose" };
    let found = targets(&edge.house, &door, deal.as_deref(), &contacts).await?;
    Ok(Json(CardView { targets: found.into_iter().map(|one| target(one, what)).collect() }))
}

/// Whom it is about, and what it belongs to.
#[derive(Deserialize, ToSchema)]
pub struct WhomBody {
    /// The widget's own key: the same key twice has one effect.
    id: String,
    /// Who asks.
    #[serde(default)]
    user: Option<UserBody>,
    /// The contact it belongs to.
    #[serde(default, deserialize_with = "some_text_or_number")]
    contact: Option<String>,
    /// The deal it belongs to.
    #[serde(default, deserialize_with = "some_text_or_number")]
    deal: Option<String>,
    /// A conversation that is there …
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    conversation: Option<ConversationId>,
    /// … or a channel …
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    account: Option<AccountId>,
    /// … and an address there.
    #[serde(default)]
    address: Option<String>,
    /// How a comment is answered: `comment` (the usual) or `direct`.
    #[serde(default)]
    way: Option<String>,
}

impl WhomBody {
    fn asked(self) -> Result<Asked, Problem> {
        let whom = match (self.conversation, self.account, self.address) {
            (Some(conversation), ..) => Whom::Conversation(conversation),
            (None, Some(account), Some(address)) => Whom::Address(account, address),
            (None, ..) => return Err(Problem::bad_request("bad_request", "name a `conversation`, or an `account` and an `address`")),
        };
        if self.id.is_empty() || self.id.len() > 200 {
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_client_id", "`id` is 1 to 200 bytes"));
        }
        let is_direct = match self.way.as_deref() {
            None | Some("comment") => false,
            Some("direct") => true,
            Some(_) => return Err(Problem::bad_request("bad_request", "`way` is `comment` or `direct`")),
        };
        let joins = Joins { contact: self.contact, deal: self.deal };
        Ok(Asked { id: self.id, user: self.user.map(Into::into), whom, joins, is_direct })
    }
}

/// What was begun.
#[derive(Serialize, ToSchema)]
pub struct StartedView {
    /// The conversation.
    #[schema(value_type = String)]
    conversation: ConversationId,
    /// Its chat in the CRM; null: it is made still.
    chat: Option<String>,
}

/// Begin a conversation in the CRM's own chats: its chat is made there and given to the contact. The customer hears nothing of it.
#[utoipa::path(tag = "crm widget", operation_id = "widget_start", request_body = WhomBody, responses((status = 200, body = StartedView),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, description = "`connection_off`, `crm_without_chats`", body = ProblemBody), (status = 422, body = ProblemBody),
    (status = 429, body = ProblemBody), (status = 503, body = ProblemBody)), security(()))]
#[post("/crm-widget/v1/start")]
pub(crate) async fn start(edge: Data<Edge>, AsActiveWidget(door): AsActiveWidget, body: Json<WhomBody>) -> Result<Json<StartedView>, Problem> {
    let asked = body.into_inner().asked()?;
    let started = say::start(&edge.house, &door, &asked).await?;
    Ok(Json(StartedView { conversation: started.conversation, chat: started.chat }))
}

/// What an upload says of its file.
#[derive(Deserialize, IntoParams)]
pub struct WidgetUpload {
    /// The file's name.
    name: String,
}

/// Upload a file: its bytes are the body. Use its id in a message; a file used in none is removed after a day.
#[utoipa::path(tag = "crm widget", operation_id = "widget_upload", params(WidgetUpload),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 201, body = AttachmentView),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 413, body = ProblemBody),
    (status = 429, body = ProblemBody), (status = 503, body = ProblemBody)), security(()))]
#[post("/crm-widget/v1/files")]
pub(crate) async fn upload(
    edge: Data<Edge>, AsActiveWidget(door): AsActiveWidget, request: HttpRequest, query: Query<WidgetUpload>, body: Payload,
) -> Result<HttpResponse, Problem> {
    let id = door.connection.id.to_string();
    edge.limits.upload(&id)?;
    files::store(&edge.house, door.workspace, FileOwner::Uploader { id }, &query.name, &request, body).await
}

/// What is to be said.
#[derive(Deserialize, ToSchema)]
pub struct WriteBody {
    /// To whom.
    #[serde(flatten)]
    whom: WhomBody,
    /// What it says.
    #[serde(default)]
    text: String,
    /// Uploaded files.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    files: Vec<FileId>,
}

/// Where a message stands.
#[derive(Serialize, ToSchema)]
pub struct WrittenView {
    /// The message.
    #[schema(value_type = String)]
    message: MessageId,
    /// Its conversation.
    #[schema(value_type = String)]
    conversation: ConversationId,
    /// How far it came to the customer.
    state: SendStatus,
    /// Why it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

fn view(message: &Message) -> WrittenView {
    let state = &message.state;
    WrittenView { message: message.id(), conversation: message.conversation, state: state.status, reason: state.reason.clone() }
}

/// Write to somebody: in a conversation, or first, to an address. The CRM gets it, too.
#[utoipa::path(tag = "crm widget", operation_id = "widget_write", request_body = WriteBody, responses((status = 200, body = WrittenView),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 429, body = ProblemBody), (status = 503, body = ProblemBody)), security(()))]
#[post("/crm-widget/v1/messages")]
pub(crate) async fn write(edge: Data<Edge>, AsActiveWidget(door): AsActiveWidget, body: Json<WriteBody>) -> Result<Json<WrittenView>, Problem> {
    let WriteBody { whom, text, files } = body.into_inner();
    let message = say::write(&edge.house, &door, &whom.asked()?, text, files).await?;
    Ok(Json(view(&message)))
}

/// How far a message of the widget's came.
#[utoipa::path(tag = "crm widget", operation_id = "widget_written", params(("id" = String, Path)), responses((status = 200, body = WrittenView),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 429, body = ProblemBody)), security(()))]
#[get("/crm-widget/v1/messages/{id}")]
pub(crate) async fn written(edge: Data<Edge>, AsWidget(door): AsWidget, id: Path<String>) -> Result<Json<WrittenView>, Problem> {
    let id: MessageId = id.parse().map_err(|_| Problem::unknown("message"))?;
    let found = say::written(&edge.house, &door, id).await?;
    Ok(Json(view(&found.ok_or_else(|| Problem::unknown("message"))?)))
}
