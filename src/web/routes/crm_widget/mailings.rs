//! The same words to many contacts of the CRM.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::writing::{ContactBody, contacts};
use super::{AsActiveWidget, AsWidget, UserBody};
use crate::gateway::crm_widget::mailings::{self, AskedMailing};
use crate::model::ids::MailingId;
use crate::model::mailing::Mailing;
use crate::model::reason::Reason;
use crate::web::edge::Edge;
use crate::web::problem::{Problem, ProblemBody};

/// What is to be said to many.
#[derive(Deserialize, ToSchema)]
pub struct MailingBody {
    /// The widget's own key: the same key twice has one effect.
    id: String,
    /// Who asks.
    #[serde(default)]
    user: Option<UserBody>,
    /// To whom.
    contacts: Vec<ContactBody>,
    /// What it says.
    text: String,
}

/// A contact that did not get it.
#[derive(Serialize, ToSchema)]
pub struct NotMailed {
    /// The contact.
    contact: String,
    /// Why.
    reason: Reason,
}

/// A mailing that was begun.
#[derive(Serialize, ToSchema)]
pub struct MailingMade {
    /// Its id.
    #[schema(value_type = String)]
    mailing: MailingId,
    /// Messages in all: a contact gets one in each of their chats.
    total: usize,
    /// Contacts that get none.
    skipped: Vec<NotMailed>,
}

/// Where a mailing stands.
#[derive(Serialize, ToSchema)]
pub struct MailingView {
    /// Messages in all.
    total: usize,
    /// On their way to the customer, or there.
    sent: usize,
    /// To be sent still.
    waiting: usize,
    /// Those that did not go.
    failed: Vec<NotMailed>,
    /// Whether somebody stopped it.
    stopped: bool,
}

/// Write the same to many contacts, in all their chats: some seconds apart in each channel. It stands in no CRM.
#[utoipa::path(tag = "crm widget", operation_id = "widget_mail", request_body = MailingBody, responses((status = 201, body = MailingMade),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
    (status = 429, body = ProblemBody), (status = 503, body = ProblemBody)), security(()))]
#[post("/crm-widget/v1/mailings")]
pub(crate) async fn mail(edge: Data<Edge>, AsActiveWidget(door): AsActiveWidget, body: Json<MailingBody>) -> Result<HttpResponse, Problem> {
    let MailingBody { id, user, contacts: to, text } = body.into_inner();
    if id.is_empty() || id.len() > 200 {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_client_id", "`id` is 1 to 200 bytes"));
    }
    let asked = AskedMailing { id, user: user.map(Into::into), contacts: contacts(to)?, text };
    let made = mailings::make(&edge.house, &door, &asked).await?;
    let skipped = made.skipped.into_iter().map(|one| NotMailed { contact: one.contact, reason: one.reason }).collect();
    Ok(HttpResponse::Created().json(MailingMade { mailing: made.id, total: made.targets.len(), skipped }))
}

async fn known(edge: &Edge, door: &crate::gateway::crm_widget::Door, id: &str) -> Result<Mailing, Problem> {
    let id: MailingId = id.parse().map_err(|_| Problem::unknown("mailing"))?;
    mailings::one(&edge.house, door, id).await?.ok_or_else(|| Problem::unknown("mailing"))
}

/// Where a mailing stands.
#[utoipa::path(tag = "crm widget", operation_id = "widget_mailing", params(("id" = String, Path)), responses((status = 200, body = MailingView),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 429, body = ProblemBody)), security(()))]
#[get("/crm-widget/v1/mailings/{id}")]
pub(crate) async fn show_mailing(edge: Data<Edge>, AsWidget(door): AsWidget, id: Path<String>) -> Result<Json<MailingView>, Problem> {
    let mailing = known(&edge, &door, &id).await?;
    let standing = mailings::standing(&edge.house, &door, &mailing).await?;
    let failed = standing.failed.into_iter().map(|(contact, reason)| NotMailed { contact, reason }).collect();
    Ok(Json(MailingView { total: standing.total, sent: standing.sent, waiting: standing.waiting, failed, stopped: standing.stopped }))
}

/// Stop a mailing: what has not begun does not.
#[utoipa::path(tag = "crm widget", operation_id = "widget_stop_mailing", params(("id" = String, Path)), responses((status = 204),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 429, body = ProblemBody)), security(()))]
#[delete("/crm-widget/v1/mailings/{id}")]
pub(crate) async fn stop_mailing(edge: Data<Edge>, AsWidget(door): AsWidget, id: Path<String>) -> Result<HttpResponse, Problem> {
    let mailing = known(&edge, &door, &id).await?;
    mailings::stop(&edge.house, &door, mailing.id).await?;
    Ok(HttpResponse::NoContent().finish())
}
