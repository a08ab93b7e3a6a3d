//! What an owner sets of a CRM connection: its CRM's own settings, which channels feed it, and what this installation is there.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, get, post, put};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::connections::read_id;
use crate::connector::form::{Field, Values};
use crate::gateway::administration::connections::{self, ConnectionChange, change_connection};
use crate::gateway::administration::crm_apps;
use crate::gateway::administration::links::{self, LinkChange};
use crate::model::connection::{ChannelKind, LinkRules};
use crate::model::crm::{CrmChoice, CrmConnection};
use crate::model::ids::{AccountId, WorkspaceId};
use crate::model::time::Time;
use crate::web::edge::Edge;
use crate::web::login::AsAdmin;
use crate::web::problem::{Problem, ProblemBody};

/// The most channels named at once.
const CHANNELS: usize = 1_000;

/// A connection's settings.
#[derive(Serialize, ToSchema)]
pub struct ConnectionSettings {
    /// What can be set.
    fields: Vec<Field>,
    /// What is set, by field.
    values: Value,
    /// What its CRM offers to choose from, by the name of the list.
    lists: BTreeMap<String, Vec<CrmChoice>>,
    /// When that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Time>,
    /// The workspace's channels.
    channels: Vec<FeedView>,
}

/// A channel and a connection.
#[derive(Serialize, ToSchema)]
pub struct FeedView {
    /// The channel.
    #[schema(value_type = String)]
    channel: AccountId,
    /// Its name.
    name: String,
    /// Its kind.
    #[schema(value_type = String)]
    kind: ChannelKind,
    /// Whether its messages go there.
    feeds: bool,
    /// What they may do there.
    rules: LinkRules,
}

async fn settings(edge: &Edge, workspace: WorkspaceId, connection: &CrmConnection) -> Result<ConnectionSettings, Problem> {
    let form = connections::form(&edge.house, workspace, connection).await?;
    let mut channels = Vec::new();
    if connection.kind.is_served() {
        for (account, link) in links::links(&edge.house, workspace, connection.id).await? {
            let rules = link.as_ref().map(crate::model::connection::AccountLink::rules).unwrap_or_default();
            channels.push(FeedView { channel: account.id, name: account.name, kind: account.kind, feeds: link.is_some(), rules });
        }
    }
    let (lists, read_at) = form.directory.map(|directory| (directory.lists, directory.read_at)).unzip();
    Ok(ConnectionSettings { fields: form.fields, values: connection.settings.clone(), lists: lists.unwrap_or_default(), read_at, channels })
}

/// What is set of a CRM connection, what can be, and what there is to choose from.
#[utoipa::path(tag = "connections", operation_id = "connection_settings", params(("id" = String, Path)), responses((status = 200, body = ConnectionSettings),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/api/v1/connections/{id}/settings")]
pub(crate) async fn show(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<Json<ConnectionSettings>, Problem> {
    let connection = connections::connection(&edge.house, caller.workspace, read_id(&id)?).await?;
    Ok(Json(settings(&edge, caller.workspace, &connection).await?))
}

/// What is to be set.
#[derive(Deserialize, ToSchema)]
pub struct PutSettings {
    /// All of it, by field.
    #[schema(value_type = std::collections::HashMap<String, Object>)]
    values: Value,
}

/// Set what an owner may set of a CRM connection.
#[utoipa::path(tag = "connections", operation_id = "set_connection_settings", params(("id" = String, Path)), request_body = PutSettings, responses(
    (status = 200, body = ConnectionSettings), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, description = "`always_on`", body = ProblemBody), (status = 422, description = "`params.field` says where.", body = ProblemBody)))]
#[put("/api/v1/connections/{id}/settings")]
pub(crate) async fn put(
    edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>, body: Json<PutSettings>,
) -> Result<Json<ConnectionSettings>, Problem> {
    let change = ConnectionChange { settings: Some(body.into_inner().values), ..ConnectionChange::default() };
    let connection = change_connection(&edge.house, caller.workspace, &caller.actor(), read_id(&id)?, &change).await?;
    Ok(Json(settings(&edge, caller.workspace, &connection).await?))
}

/// Which channels feed a connection.
#[derive(Deserialize, ToSchema)]
pub struct PutFeeds {
    /// Those that change.
    channels: Vec<PutFeed>,
}

/// What is to be set of a channel and a connection.
#[derive(Deserialize, ToSchema)]
pub struct PutFeed {
    /// The channel.
    #[schema(value_type = String)]
    channel: AccountId,
    /// Whether its messages go there.
    feeds: bool,
    /// What they may do there.
    #[serde(default)]
    rules: LinkRules,
}

/// Set which channels feed a CRM connection, and what their messages may do there.
#[utoipa::path(tag = "connections", operation_id = "set_connection_channels", params(("id" = String, Path)), request_body = PutFeeds, responses(
    (status = 200, body = ConnectionSettings), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, description = "`always_on`", body = ProblemBody)))]
#[put("/api/v1/connections/{id}/channels")]
pub(crate) async fn put_channels(
    edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>, body: Json<PutFeeds>,
) -> Result<Json<ConnectionSettings>, Problem> {
    let id = read_id(&id)?;
    let named = body.into_inner().channels;
    if named.len() > CHANNELS {
        return Err(Problem::new(actix_web::http::StatusCode::UNPROCESSABLE_ENTITY, "too_many", "name fewer channels at once"));
    }
    let changes: Vec<_> = named.iter().map(|feed| LinkChange { account: feed.channel, feeds: feed.feeds, rules: feed.rules }).collect();
    links::set_links(&edge.house, caller.workspace, &caller.actor(), id, &changes).await?;
    let connection = connections::connection(&edge.house, caller.workspace, id).await?;
    Ok(Json(settings(&edge, caller.workspace, &connection).await?))
}

/// Read anew what a CRM offers to choose from («Обновить списки»); `read_at` of the settings says when it was.
#[utoipa::path(tag = "connections", operation_id = "refresh_connection", params(("id" = String, Path)), responses((status = 202),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, description = "`always_on`", body = ProblemBody)))]
#[post("/api/v1/connections/{id}/refresh")]
pub(crate) async fn refresh(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    connections::refresh(&edge.house, caller.workspace, read_id(&id)?).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// What this installation is at the CRM of a connection.
#[derive(Serialize, ToSchema)]
pub struct ConnectionApp {
    /// What is asked, and what is to be copied into the CRM. Empty: the CRM knows no applications.
    fields: Vec<Field>,
    /// What is known, by field. Secrets are never given back.
    #[schema(value_type = std::collections::HashMap<String, Object>)]
    values: Values,
    /// The secrets that are kept, by field.
    kept: Vec<String>,
    /// How many other connections have the same application.
    shared_with: usize,
}

async fn app_of(edge: &Edge, workspace: WorkspaceId, id: &str) -> Result<Json<ConnectionApp>, Problem> {
    let crm_apps::AppForm { fields, values, kept, shared_with } = crm_apps::form(&edge.house, workspace, read_id(id)?).await?;
    Ok(Json(ConnectionApp { fields, values, kept, shared_with }))
}

/// The application this installation is at the CRM of a connection: its keys, and what is to be copied into the CRM.
#[utoipa::path(tag = "connections", operation_id = "connection_app", params(("id" = String, Path)), responses((status = 200, body = ConnectionApp),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/api/v1/connections/{id}/app")]
pub(crate) async fn app(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<Json<ConnectionApp>, Problem> {
    app_of(&edge, caller.workspace, &id).await
}

/// Set that application. A secret that is not named stays; every connection that has the application is set up anew.
#[utoipa::path(tag = "connections", operation_id = "set_connection_app", params(("id" = String, Path)), request_body = PutApp, responses(
    (status = 200, body = ConnectionApp), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, description = "`always_on`, `no_app`", body = ProblemBody),
    (status = 422, description = "`params.field` says where.", body = ProblemBody)))]
#[put("/api/v1/connections/{id}/app")]
pub(crate) async fn put_app(
    edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>, body: Json<PutApp>,
) -> Result<Json<ConnectionApp>, Problem> {
    crm_apps::put(&edge.house, caller.workspace, &caller.actor(), read_id(&id)?, &body.into_inner().values).await?;
    app_of(&edge, caller.workspace, &id).await
}

/// What is to be set of an application.
#[derive(Deserialize, ToSchema)]
pub struct PutApp {
    /// What was filled in, by field.
    #[schema(value_type = std::collections::HashMap<String, Object>)]
    values: Values,
}
