//! Outgoing webhooks and the log of their deliveries.

use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, delete, get, patch, post};
use secrecy::ExposeSecret;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::conversations::{Counted, Page, parse};
use crate::gateway::administration::webhooks::{self as hooks, LogQuestion, WebhookChange};
use crate::gateway::supervisor::Reconcile;
use crate::model::ids::{AccountId, DeliveryId, WebhookId, WorkspaceId};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::model::webhook::{Webhook, WebhookAnswer, WebhookDelivery, WebhookEvent, WebhookStatus};
use crate::web::edge::Edge;
use crate::web::login::AsAdmin;
use crate::web::problem::{Problem, ProblemBody};

/// Rows of a page of the log.
const ROWS: usize = 20;

/// A webhook.
#[derive(Serialize, ToSchema)]
pub struct WebhookView {
    /// Its id.
    #[schema(value_type = String)]
    id: WebhookId,
    /// What its owner calls it.
    name: String,
    /// Where deliveries go.
    url: String,
    /// What it is told of.
    events: Vec<WebhookEvent>,
    /// Of which channels; null: of all.
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Vec<AccountId>>,
    /// Whether it is told anything.
    on: bool,
    /// Since when nothing was taken; null: the last delivery was.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Time>,
    /// Why the last delivery was not taken, or why it was switched off.
    reason: Option<Reason>,
    /// When it was switched off because it failed; null: it was not.
    #[schema(value_type = Option<String>, format = DateTime)]
    off_at: Option<Time>,
    /// Deliveries that wait.
    waiting: u64,
    /// Deliveries that were never made, because too many waited.
    dropped: u64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

/// A webhook that was just made.
#[derive(Serialize, ToSchema)]
pub struct MadeWebhook {
    /// The webhook.
    #[serde(flatten)]
    view: WebhookView,
    /// The secret that signs its deliveries, told this once.
    secret: String,
}

/// A secret that was just made.
#[derive(Serialize, ToSchema)]
pub struct MadeSecret {
    /// The secret, told this once. The one before signs too for a day.
    secret: String,
}

/// One thing told to a webhook.
#[derive(Serialize, ToSchema)]
pub struct WebhookDeliveryView {
    /// Its id, as the receiver is told it.
    #[schema(value_type = String)]
    id: DeliveryId,
    /// What happened.
    event: WebhookEvent,
    /// How far it came.
    status: WebhookStatus,
    /// How often it was tried.
    tries: u32,
    /// When it is tried next; null: not again.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Time>,
    /// Why it was not taken.
    reason: Option<Reason>,
    /// The status of the last answer; null: there was none.
    code: Option<u16>,
    /// Milliseconds the last try took.
    took_ms: Option<i64>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it was last tried.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Time>,
}

/// A delivery with what was said.
#[derive(Serialize, ToSchema)]
pub struct WebhookDeliveryWhole {
    /// What is known of it.
    #[serde(flatten)]
    view: WebhookDeliveryView,
    /// What is sent.
    request: String,
    /// The first 2 KiB of the last answer.
    response: String,
}

async fn view(edge: &Edge, workspace: WorkspaceId, hook: Webhook) -> Result<WebhookView, Problem> {
    let waiting = hooks::waiting(&edge.house, workspace, hook.id).await?;
    Ok(WebhookView {
        id: hook.id,
        name: hook.name,
        url: hook.url,
        events: hook.events,
        channels: hook.channels,
        on: hook.on,
        failing_since: hook.failing_since,
        reason: hook.reason,
        off_at: hook.off_at,
        waiting,
        dropped: hook.dropped,
        created_at: hook.created_at,
    })
}

fn row(delivery: &WebhookDelivery) -> WebhookDeliveryView {
    WebhookDeliveryView {
        id: delivery.id,
        event: delivery.event,
        status: delivery.status,
        tries: delivery.tries,
        next_at: (delivery.status == WebhookStatus::Waiting).then_some(delivery.next_at),
        reason: delivery.reason.clone(),
        code: delivery.answer.as_ref().and_then(|answer| answer.code),
        took_ms: delivery.answer.as_ref().map(|answer| answer.took_ms),
        created_at: delivery.created_at,
        at: delivery.at,
    }
}

fn read_id(text: &str) -> Result<WebhookId, Problem> {
    text.parse().map_err(|_| Problem::unknown("webhook"))
}

fn read_ids(ids: &(String, String)) -> Result<(WebhookId, DeliveryId), Problem> {
    Ok((read_id(&ids.0)?, ids.1.parse().map_err(|_| Problem::unknown("delivery"))?))
}

/// The webhooks, by name.
#[utoipa::path(tag = "webhooks", operation_id = "list_webhooks", responses((status = 200, body = Counted<WebhookView>), (status = 403, body = ProblemBody)))]
#[get("/api/v1/webhooks")]
pub(crate) async fn list(edge: Data<Edge>, AsAdmin(caller): AsAdmin) -> Result<Json<Counted<WebhookView>>, Problem> {
    let mut views = Vec::new();
    for hook in hooks::webhooks(&edge.house, caller.workspace).await? {
        views.push(view(&edge, caller.workspace, hook).await?);
    }
    Ok(Json(Counted::of(views)))
}

/// A new webhook, or a change of one; what is not given stays.
#[derive(Deserialize, ToSchema)]
pub struct WebhookFields {
    /// What it is called.
    name: Option<String>,
    /// Where deliveries go: `https://…`.
    url: Option<String>,
    /// What it is told of.
    events: Option<Vec<WebhookEvent>>,
    /// Of which channels; null: of all, future ones too.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Option<Vec<AccountId>>>,
    /// Whether it is told anything.
    on: Option<bool>,
}

/// `null` is an answer; what is left out is none.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Vec<AccountId>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl From<WebhookFields> for WebhookChange {
    fn from(fields: WebhookFields) -> Self {
        let WebhookFields { name, url, events, channels, on } = fields;
        Self { name, url, events, channels, on }
    }
}

/// Make a webhook. Its secret is told this once.
#[utoipa::path(tag = "webhooks", operation_id = "create_webhook", request_body = WebhookFields,
    responses((status = 201, body = MadeWebhook), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/api/v1/webhooks")]
pub(crate) async fn create(edge: Data<Edge>, AsAdmin(caller): AsAdmin, body: Json<WebhookFields>) -> Result<HttpResponse, Problem> {
    let (hook, secret) = hooks::create(&edge.house, &caller, body.into_inner().into()).await?;
    let made = MadeWebhook { view: view(&edge, caller.workspace, hook).await?, secret: secret.expose_secret().to_owned() };
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(made))
}

/// A webhook.
#[utoipa::path(tag = "webhooks", operation_id = "show_webhook", params(("id" = String, Path)), responses((status = 200, body = WebhookView), (status = 404, body = ProblemBody)))]
#[get("/api/v1/webhooks/{id}")]
pub(crate) async fn show(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<Json<WebhookView>, Problem> {
    let hook = hooks::webhook(&edge.house, caller.workspace, read_id(&id)?).await?.record;
    Ok(Json(view(&edge, caller.workspace, hook).await?))
}

/// Change a webhook. One that is switched on is told what happens from now on.
#[utoipa::path(tag = "webhooks", operation_id = "change_webhook", params(("id" = String, Path)), request_body = WebhookFields,
    responses((status = 200, body = WebhookView), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[patch("/api/v1/webhooks/{id}")]
pub(crate) async fn change(
    edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>, body: Json<WebhookFields>,
) -> Result<Json<WebhookView>, Problem> {
    let hook = hooks::change(&edge.house, &caller, read_id(&id)?, body.into_inner().into()).await?;
    Ok(Json(view(&edge, caller.workspace, hook).await?))
}

/// Take a webhook off, with its log.
#[utoipa::path(tag = "webhooks", operation_id = "delete_webhook", params(("id" = String, Path)), responses((status = 204), (status = 404, body = ProblemBody)))]
#[delete("/api/v1/webhooks/{id}")]
pub(crate) async fn remove(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    hooks::remove(&edge.house, &caller, read_id(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Replace a webhook's secret. The new one is told this once; the old one signs too for a day.
#[utoipa::path(tag = "webhooks", operation_id = "replace_webhook_secret", params(("id" = String, Path)), responses((status = 201, body = MadeSecret), (status = 404, body = ProblemBody)))]
#[post("/api/v1/webhooks/{id}/secret")]
pub(crate) async fn replace_secret(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let secret = hooks::replace_secret(&edge.house, &caller, read_id(&id)?).await?;
    let made = MadeSecret { secret: secret.expose_secret().to_owned() };
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(made))
}

/// Send a test event.
#[utoipa::path(tag = "webhooks", operation_id = "test_webhook", params(("id" = String, Path)), responses((status = 202, body = WebhookDeliveryView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/api/v1/webhooks/{id}/test")]
pub(crate) async fn try_out(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let delivery = hooks::test(&edge.house, &caller, read_id(&id)?).await?;
    edge.gateway.do_send(Reconcile);
    Ok(HttpResponse::Accepted().json(row(&delivery)))
}

/// What of the log is asked for.
#[derive(Deserialize, IntoParams)]
pub struct DeliveriesQuery {
    /// From an earlier page.
    cursor: Option<String>,
    /// Only these: `waiting`, `delivered`, `failed`.
    status: Option<String>,
    /// Only of this event.
    event: Option<String>,
}

/// The log of a webhook, newest first.
#[utoipa::path(tag = "webhooks", operation_id = "list_deliveries", params(("id" = String, Path), DeliveriesQuery),
    responses((status = 200, body = Page<WebhookDeliveryView>), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/api/v1/webhooks/{id}/deliveries")]
pub(crate) async fn log(
    edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>, query: Query<DeliveriesQuery>,
) -> Result<Json<Page<WebhookDeliveryView>>, Problem> {
    let question = LogQuestion {
        before: parse("cursor", query.cursor.as_deref())?,
        status: parse("status", query.status.as_deref())?,
        event: parse("event", query.event.as_deref())?,
    };
    let (found, next) = hooks::deliveries(&edge.house, caller.workspace, read_id(&id)?, question, ROWS).await?;
    Ok(Json(Page { items: found.iter().map(row).collect(), next: next.map(|id| id.to_string()), total: None }))
}

/// A delivery with what was sent and answered.
#[utoipa::path(tag = "webhooks", operation_id = "show_delivery", params(("id" = String, Path), ("delivery" = String, Path)), responses((status = 200, body = WebhookDeliveryWhole), (status = 404, body = ProblemBody)))]
#[get("/api/v1/webhooks/{id}/deliveries/{delivery}")]
pub(crate) async fn show_delivery(
    edge: Data<Edge>, AsAdmin(caller): AsAdmin, ids: Path<(String, String)>,
) -> Result<Json<WebhookDeliveryWhole>, Problem> {
    let (id, delivery) = read_ids(&ids)?;
    let found = hooks::delivery(&edge.house, caller.workspace, id, delivery).await?;
    let WebhookAnswer { body: response, .. } = found.answer.clone().unwrap_or_default();
    Ok(Json(WebhookDeliveryWhole { view: row(&found), request: found.body, response }))
}

/// Send a delivery again, under the same id.
#[utoipa::path(tag = "webhooks", operation_id = "repeat_delivery", params(("id" = String, Path), ("delivery" = String, Path)), responses((status = 202, body = WebhookDeliveryView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/api/v1/webhooks/{id}/deliveries/{delivery}/again")]
pub(crate) async fn again(edge: Data<Edge>, AsAdmin(caller): AsAdmin, ids: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (id, delivery) = read_ids(&ids)?;
    let found = hooks::again(&edge.house, &caller, id, delivery).await?;
    edge.gateway.do_send(Reconcile);
    Ok(HttpResponse::Accepted().json(row(&found)))
}
