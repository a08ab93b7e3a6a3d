//! Connect a channel or a CRM: a walk through the steps its provider asks for. Nothing is made before the last one.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::channels::read_id;
use super::conversations::Counted;
use crate::connector::form::{Field, Step, Values};
use crate::gateway::administration::second_factor::qr_svg;
use crate::gateway::administration::walk::{self, Stand};
use crate::gateway::administration::{channels, connecting, crm_connecting};
use crate::model::connection::{ChannelKind, CrmKind};
use crate::model::ids::{AccountId, ConnectingId, ConnectionId};
use crate::model::protocol::Role;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::records::Goal;
use crate::web::edge::Edge;
use crate::web::login::{AsAdmin, LoggedIn};
use crate::web::problem::{Problem, ProblemBody};

/// In which language a channel's words are wanted.
#[derive(Deserialize, IntoParams)]
pub struct LanguageQuery {
    /// `ru`, `en` or `es`.
    #[serde(default)]
    pub(super) language: String,
}

/// A kind of channel. What is asked of an owner is told to admins and owners only.
#[derive(Serialize, ToSchema)]
pub struct KindView {
    /// `telegram_bot`, `vk_messages` …
    #[schema(value_type = String)]
    kind: ChannelKind,
    /// Whether it is connected by steps; else it comes with another, or is made as it is.
    connect: bool,
    /// What can be set of an account.
    settings: Vec<Field>,
    /// The channel's words, by key: `name.KIND`, and `reason.CODE` for codes that only it knows; for admins and owners all of them.
    texts: BTreeMap<String, String>,
}

/// What everybody may need words for.
pub(super) const FOR_ALL: [&str; 2] = ["name.", "reason."];

/// The kinds of channels this program knows, with the words for them.
#[utoipa::path(tag = "channels", params(LanguageQuery), responses((status = 200, body = Counted<KindView>)))]
#[get("/api/v1/channel-kinds")]
pub(crate) async fn kinds(edge: Data<Edge>, LoggedIn(caller): LoggedIn, query: Query<LanguageQuery>) -> Result<Json<Counted<KindView>>, Problem> {
    let is_admin = caller.access.role >= Role::Admin;
    let mut items = Vec::new();
    for channel in edge.house.channels.iter() {
        let texts = serde_json::from_str::<BTreeMap<String, String>>(channel.texts().of(&query.language));
        let mut texts = texts.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "unreadable", error.to_string()))?;
        texts.retain(|key, _| is_admin || FOR_ALL.iter().any(|start| key.starts_with(start)));
        for kind in channel.kinds() {
            let connect = is_admin && channel.connect().is_some_and(|connect| connect.begins(*kind));
            let settings = if is_admin { channel.settings(*kind) } else { Vec::new() };
            items.push(KindView { kind: *kind, connect, settings, texts: texts.clone() });
        }
    }
    Ok(Json(Counted::of(items)))
}

/// What is to be connected.
#[derive(Deserialize, ToSchema)]
pub struct BeginConnecting {
    /// The kind of a new channel.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    kind: Option<ChannelKind>,
    /// The channel that is connected anew.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    channel: Option<AccountId>,
    /// The kind of a new CRM connection.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    crm: Option<CrmKind>,
    /// The CRM connection that is connected anew.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    connection: Option<ConnectionId>,
}

/// Where connecting stands.
#[derive(Serialize, ToSchema)]
pub struct ConnectingView {
    /// The walk, while there is a step.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    id: Option<ConnectingId>,
    /// What is asked now.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<Step>,
    /// The picture of a code that is to be scanned.
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_svg: Option<String>,
    /// Until when it can be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
    /// Why what was brought back from somewhere else was no good: it begins anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Reason>,
    /// The channels that were connected.
    #[schema(value_type = Vec<String>)]
    channels: Vec<AccountId>,
    /// The CRM that was connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    connection: Option<ConnectionId>,
}

fn view(stand: Stand) -> Result<ConnectingView, Problem> {
    let mut view = ConnectingView { id: None, step: None, qr_svg: None, until: None, refused: None, channels: Vec::new(), connection: None };
    match stand {
        Stand::Asked { id, step, until, refused } => {
            if let Step::Qr { content, .. } = &step {
                view.qr_svg = Some(qr_svg(content)?);
            }
            view = ConnectingView { id: Some(id), step: Some(step), until: Some(until), refused, ..view };
        }
        Stand::Channels(channels) => view.channels = channels,
        Stand::Connection(connection) => view.connection = Some(connection),
    }
    Ok(view)
}

/// Begin to connect a channel or a CRM.
#[utoipa::path(tag = "channels", operation_id = "begin_connecting", request_body = BeginConnecting, responses((status = 201, body = ConnectingView),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, description = "`kind_unknown`", body = ProblemBody)))]
#[post("/api/v1/connecting")]
pub(crate) async fn begin(edge: Data<Edge>, AsAdmin(caller): AsAdmin, body: Json<BeginConnecting>) -> Result<HttpResponse, Problem> {
    let (house, workspace, by) = (&edge.house, caller.workspace, caller.id.as_str());
    let stand = match (body.crm, body.connection) {
        (None, None) => connecting::begin(house, workspace, by, body.kind, body.channel).await?,
        (crm, connection) => crm_connecting::begin(house, workspace, by, crm, connection).await?,
    };
    Ok(HttpResponse::Created().json(view(stand)?))
}

/// The answer to a step.
#[derive(Deserialize, ToSchema)]
pub struct AnswerStep {
    /// What was filled in, by field; nothing for a step that is waited for.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, Object>)]
    values: Values,
}

/// Where a walk stands: whoever was sent somewhere else may be back.
#[utoipa::path(tag = "channels", operation_id = "connecting", params(("id" = String, Path)), responses((status = 200, body = ConnectingView),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/api/v1/connecting/{id}")]
pub(crate) async fn look(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<Json<ConnectingView>, Problem> {
    let id: ConnectingId = id.parse().map_err(|_| Problem::unknown("connecting"))?;
    Ok(Json(view(walk::stand(&edge.house, caller.workspace, &caller.id, id).await?)?))
}

/// Answer a step: the next one comes, or what was connected. A wrong answer changes nothing.
#[utoipa::path(tag = "channels", operation_id = "answer_step", params(("id" = String, Path)), request_body = AnswerStep, responses(
    (status = 200, body = ConnectingView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 422, description = "The provider's word; `params.field` says where.", body = ProblemBody)))]
#[post("/api/v1/connecting/{id}")]
pub(crate) async fn answer(
    edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>, body: Json<AnswerStep>,
) -> Result<Json<ConnectingView>, Problem> {
    let id: ConnectingId = id.parse().map_err(|_| Problem::unknown("connecting"))?;
    let (house, workspace, actor, by) = (&edge.house, caller.workspace, caller.actor(), caller.id.as_str());
    let stand = match walk::find(house, workspace, by, id).await?.record.goal {
        Goal::Channel { .. } => connecting::answer(house, workspace, &actor, by, id, &body.values).await?,
        Goal::Crm { .. } => crm_connecting::answer(house, workspace, &actor, by, id, &body.values).await?,
    };
    if !matches!(stand, Stand::Asked { .. }) {
        // Its actor starts now, not with the next beat.
        edge.gateway.do_send(crate::gateway::supervisor::Reconcile);
    }
    Ok(Json(view(stand)?))
}

/// Break off connecting: nothing of it is kept.
#[utoipa::path(tag = "channels", operation_id = "end_connecting", params(("id" = String, Path)), responses((status = 204), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
#[delete("/api/v1/connecting/{id}")]
pub(crate) async fn end(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id: ConnectingId = id.parse().map_err(|_| Problem::unknown("connecting"))?;
    walk::end(&edge.house, caller.workspace, &caller.id, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Something that can be chosen.
#[derive(Serialize, ToSchema)]
pub struct ChoiceView {
    /// What is stored.
    value: String,
    /// What is shown.
    text: String,
}

/// What can be chosen in a field of a channel's settings that only its provider knows.
#[utoipa::path(tag = "channels", params(("id" = String, Path), ("field" = String, Path)), responses((status = 200, body = Counted<ChoiceView>),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[get("/api/v1/channels/{id}/choices/{field}")]
pub(crate) async fn choices(edge: Data<Edge>, AsAdmin(caller): AsAdmin, path: Path<(String, String)>) -> Result<Json<Counted<ChoiceView>>, Problem> {
    let (id, field) = path.into_inner();
    let found = connecting::choices(&edge.house, caller.workspace, read_id(&id)?, &field).await?;
    Ok(Json(Counted::of(found.into_iter().map(|(value, text)| ChoiceView { value, text }).collect())))
}

/// Ask the provider for what is new, now.
#[utoipa::path(tag = "channels", params(("id" = String, Path)), responses((status = 202), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[post("/api/v1/channels/{id}/poll")]
pub(crate) async fn poll(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    channels::look_again(&edge.house, caller.workspace, read_id(&id)?).await?;
    Ok(HttpResponse::Accepted().finish())
}
