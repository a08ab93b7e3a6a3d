//! CRM connections, «Исходящие каналы»: list, change, take off. Managers see what they are called and how they are, not what an owner sets.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::assets;
use super::connecting::{FOR_ALL, LanguageQuery};
use super::conversations::Counted;
use crate::gateway::administration::access::Caller;
use crate::gateway::administration::connections::{self, ConnectionChange, change_connection};
use crate::gateway::administration::crm_connecting;
use crate::gateway::supervisor::Reconcile;
use crate::model::connection::{CrmKind, Health, HealthState};
use crate::model::crm::CrmConnection;
use crate::model::ids::ConnectionId;
use crate::model::protocol::Role;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::web::edge::Edge;
use crate::web::login::{AsAdmin, LoggedIn};
use crate::web::problem::{Problem, ProblemBody};

/// How our own messenger works (B-41): «Создавать».
const CREATE: &str = "create";

/// A CRM connection.
#[derive(Serialize, ToSchema)]
pub struct ConnectionView {
    /// Its id.
    #[schema(value_type = String)]
    id: ConnectionId,
    /// Its name.
    name: String,
    /// `web_messenger`, `amocrm` …
    #[schema(value_type = String)]
    kind: CrmKind,
    /// How it works: `create`, or what its CRM calls it.
    mode: String,
    /// The owner's switch.
    active: bool,
    /// Whether it is always there, and always on.
    fixed: bool,
    /// How it is.
    health: HealthState,
    /// The key its CRM's widget is given; admins and owners only.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
    /// What is known of it and is no secret; admins and owners only.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<String, String>,
    /// Its settings that choose what its CRM no longer has, by their fields: until somebody sets them anew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gone: Vec<String>,
    /// Messages on their way.
    waiting: u64,
    /// Since when the oldest of them waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest: Option<Time>,
    /// Messages that are not there, and nobody tries any more.
    failed: u64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

pub(super) async fn view(edge: &Edge, caller: &Caller, connection: &CrmConnection) -> Result<ConnectionView, Problem> {
    let (crm, is_admin) = (connections::crm_of(&edge.house, connection), caller.access.role >= Role::Admin);
    let health = match &crm {
        // Made by a version that knows the CRM: it waits for one.
        None if connection.kind.is_served() => HealthState {
            status: Health::NotConnected,
            reason: Some(Reason::new("crm_unknown").with("provider", connection.kind.as_str())),
            since: connection.created_at,
        },
        _ => connection.health.clone(),
    };
    let queue = connections::queue(&edge.house, caller.workspace, connection.id).await?;
    Ok(ConnectionView {
        id: connection.id,
        name: connection.name.clone(),
        kind: connection.kind,
        mode: if connection.kind.is_served() { crm.map_or("", |crm| crm.mode(connection)) } else { CREATE }.to_owned(),
        active: connection.active,
        fixed: !connection.kind.is_served(),
        health,
        api_key: is_admin.then(|| connection.api_key.clone()),
        facts: if is_admin { connection.facts.clone() } else { BTreeMap::new() },
        gone: connection.gone().into_iter().map(str::to_owned).collect(),
        waiting: queue.waiting,
        oldest: queue.oldest,
        failed: queue.failed,
        created_at: connection.created_at,
    })
}

pub(super) fn read_id(text: &str) -> Result<ConnectionId, Problem> {
    text.parse().map_err(|_| Problem::unknown("connection"))
}

/// A CRM that can be connected. What is asked of an owner is told to admins and owners only.
#[derive(Serialize, ToSchema)]
pub struct CrmKindView {
    /// `amocrm` …
    kind: String,
    /// Whether it is connected by steps.
    connect: bool,
    /// Whether there is a widget to be put into it.
    widget: bool,
    /// Its words, by key: `name.KIND`, and `reason.CODE` for codes that only it knows; for admins and owners all of them.
    texts: BTreeMap<String, String>,
}

/// The CRMs this program knows, with the words for them.
#[utoipa::path(tag = "connections", operation_id = "list_crm_kinds", params(LanguageQuery), responses((status = 200, body = Counted<CrmKindView>)))]
#[get("/api/v1/crm-kinds")]
pub(crate) async fn kinds(edge: Data<Edge>, LoggedIn(caller): LoggedIn, query: Query<LanguageQuery>) -> Result<Json<Counted<CrmKindView>>, Problem> {
    let is_admin = caller.access.role >= Role::Admin;
    let mut items = Vec::new();
    for crm in edge.house.crms.iter() {
        let texts = serde_json::from_str::<BTreeMap<String, String>>(crm.texts().of(&query.language));
        let mut texts = texts.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "unreadable", error.to_string()))?;
        texts.retain(|key, _| is_admin || FOR_ALL.iter().any(|start| key.starts_with(start)));
        items.push(CrmKindView {
            kind: crm.name().to_owned(),
            connect: is_admin && crm.connect().is_some(),
            widget: assets::has_crm_archive(crm.name()),
            texts,
        });
    }
    Ok(Json(Counted::of(items)))
}

/// The CRM connections, our own messenger first.
#[utoipa::path(tag = "connections", operation_id = "list_connections", responses((status = 200, body = Counted<ConnectionView>)))]
#[get("/api/v1/connections")]
pub(crate) async fn list(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<Json<Counted<ConnectionView>>, Problem> {
    let mut items = Vec::new();
    for connection in connections::connections(&edge.house, caller.workspace).await? {
        items.push(view(&edge, &caller, &connection).await?);
    }
    Ok(Json(Counted::of(items)))
}

/// One CRM connection.
#[utoipa::path(tag = "connections", operation_id = "connection", params(("id" = String, Path)), responses((status = 200, body = ConnectionView),
    (status = 404, body = ProblemBody)))]
#[get("/api/v1/connections/{id}")]
pub(crate) async fn one(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<Json<ConnectionView>, Problem> {
    let connection = connections::connection(&edge.house, caller.workspace, read_id(&id)?).await?;
    Ok(Json(view(&edge, &caller, &connection).await?))
}

/// What is to be changed of a connection.
#[derive(Deserialize, ToSchema)]
pub struct ChangeConnection {
    /// Another name.
    name: Option<String>,
    /// The switch.
    active: Option<bool>,
}

/// Rename a CRM connection, or switch it. While it is off nothing is passed on to it or from it.
#[utoipa::path(tag = "connections", operation_id = "change_connection", params(("id" = String, Path)), request_body = ChangeConnection, responses(
    (status = 200, body = ConnectionView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, description = "`name_taken`, `always_on`", body = ProblemBody), (status = 422, body = ProblemBody)))]
#[patch("/api/v1/connections/{id}")]
pub(crate) async fn change(
    edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>, body: Json<ChangeConnection>,
) -> Result<Json<ConnectionView>, Problem> {
    let body = body.into_inner();
    let wanted = ConnectionChange { name: body.name, active: body.active, ..ConnectionChange::default() };
    let connection = change_connection(&edge.house, caller.workspace, &caller.actor(), read_id(&id)?, &wanted).await?;
    Ok(Json(view(&edge, &caller, &connection).await?))
}

/// Take a CRM connection off; what stands in the CRM stays there.
#[utoipa::path(tag = "connections", operation_id = "remove_connection", params(("id" = String, Path)), responses((status = 204),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, description = "`always_on`", body = ProblemBody)))]
#[delete("/api/v1/connections/{id}")]
pub(crate) async fn remove(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let removal = ConnectionChange { remove: true, ..ConnectionChange::default() };
    let removed = change_connection(&edge.house, caller.workspace, &caller.actor(), read_id(&id)?, &removal).await?;
    edge.gateway.do_send(Reconcile);
    crm_connecting::take_off(&edge.house, caller.workspace, removed).await;
    Ok(HttpResponse::NoContent().finish())
}

/// The key of a connection.
#[derive(Serialize, ToSchema)]
pub struct ConnectionKey {
    /// 32 hex digits.
    api_key: String,
}

/// Give a CRM connection another key; the one before is good no more.
#[utoipa::path(tag = "connections", operation_id = "replace_connection_key", params(("id" = String, Path)), responses((status = 201, body = ConnectionKey),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[post("/api/v1/connections/{id}/key")]
pub(crate) async fn new_key(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let wanted = ConnectionChange { new_key: true, ..ConnectionChange::default() };
    let connection = change_connection(&edge.house, caller.workspace, &caller.actor(), read_id(&id)?, &wanted).await?;
    let body = ConnectionKey { api_key: connection.api_key };
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(body))
}

/// The widget to be put into the CRM, as an archive. Nothing in it is this installation's: address and key are typed into its settings.
#[utoipa::path(tag = "connections", operation_id = "connection_widget", params(("id" = String, Path)), responses(
    (status = 200, content_type = "application/zip", body = Vec<u8>), (status = 403, body = ProblemBody),
    (status = 404, description = "`unknown_connection`, `unknown_widget`", body = ProblemBody)))]
#[get("/api/v1/connections/{id}/widget")]
pub(crate) async fn widget(edge: Data<Edge>, AsAdmin(caller): AsAdmin, request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Problem> {
    let connection = connections::connection(&edge.house, caller.workspace, read_id(&id)?).await?;
    assets::crm_archive(&request, connection.kind.as_str()).ok_or_else(|| Problem::unknown("widget"))
}
