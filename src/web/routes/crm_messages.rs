//! Messages that did not get to a CRM («Не выгружено»), and another try.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::connections::read_id;
use super::conversations::Counted;
use super::messages::found;
use crate::gateway::administration::undelivered;
use crate::gateway::searcher;
use crate::gateway::views::{self, Viewer};
use crate::model::ids::ConnectionId;
use crate::model::message::Message;
use crate::model::protocol::MessageView;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::web::edge::Edge;
use crate::web::login::{AsAdmin, LoggedIn};
use crate::web::problem::{Problem, ProblemBody};

/// Of which connection.
#[derive(Deserialize, IntoParams)]
pub struct UndeliveredQuery {
    /// The connection; none: all of them.
    connection: Option<String>,
}

/// A message that is not in a CRM.
#[derive(Serialize, ToSchema)]
pub struct UndeliveredView {
    /// The connection.
    #[schema(value_type = String)]
    connection: ConnectionId,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// Since when nobody tries any more.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// How its conversation is called.
    title: String,
    /// The message.
    message: MessageView,
}

/// Messages that did not get to a CRM, the newest first; the newest hundred of them.
#[utoipa::path(tag = "connections", operation_id = "list_undelivered", params(UndeliveredQuery), responses((status = 200, body = Counted<UndeliveredView>),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/api/v1/undelivered")]
pub(crate) async fn list_undelivered(
    edge: Data<Edge>, AsAdmin(caller): AsAdmin, query: Query<UndeliveredQuery>,
) -> Result<Json<Counted<UndeliveredView>>, Problem> {
    let connection = query.connection.as_deref().map(read_id).transpose()?;
    let found = undelivered::undelivered(&edge.house, caller.workspace, connection).await?;
    let keys: Vec<_> = found.iter().map(|delivery| Message::at(delivery.message)).collect();
    let stored = edge.house.store.workspace(caller.workspace).get_many::<Message>(&keys).await?;
    let messages: BTreeMap<_, _> = stored.into_iter().flatten().map(|stored| (stored.record.id(), stored.record)).collect();
    let all: Vec<Message> = messages.values().cloned().collect();
    let conversations = searcher::conversations(&edge.house, caller.workspace, &all).await?;
    let item = |delivery: &crate::model::message::Delivery| {
        let message = messages.get(&delivery.message)?;
        let title = conversations.get(&message.conversation)?.record.shown_name().to_owned();
        let message = views::message(&edge.house, caller.workspace, message, std::slice::from_ref(delivery), Viewer::Member);
        Some(UndeliveredView { connection: delivery.connection, reason: delivery.reason.clone(), at: delivery.at, title, message })
    };
    Ok(Json(Counted::of(found.iter().filter_map(item).collect())))
}

/// How much goes once more.
#[derive(Serialize, ToSchema)]
pub struct SentAgain {
    /// Messages.
    messages: usize,
}

/// Everything that did not get to a CRM goes once more.
#[utoipa::path(tag = "connections", operation_id = "send_all_again", params(("id" = String, Path)), responses((status = 202, body = SentAgain),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, description = "`always_on`", body = ProblemBody)))]
#[post("/api/v1/connections/{id}/again")]
pub(crate) async fn all_again(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let messages = undelivered::all_again(&edge.house, caller.workspace, &caller.actor(), read_id(&id)?).await?;
    Ok(HttpResponse::Accepted().json(SentAgain { messages }))
}

/// A message that did not get to a CRM goes once more.
#[utoipa::path(tag = "connections", operation_id = "send_to_crm_again", params(("id" = String, Path), ("message" = String, Path), ("connection" = String, Path)),
    responses((status = 202), (status = 404, body = ProblemBody), (status = 409, description = "`nothing_to_retry`", body = ProblemBody)))]
#[post("/api/v1/conversations/{id}/messages/{message}/crm/{connection}/again")]
pub(crate) async fn again(edge: Data<Edge>, LoggedIn(caller): LoggedIn, path: Path<(String, String, String)>) -> Result<HttpResponse, Problem> {
    let (conversation, message, connection) = path.into_inner();
    let (_, message) = found(&edge, &caller, (conversation, message)).await?;
    undelivered::again(&edge.house, caller.workspace, read_id(&connection)?, message.id()).await?;
    Ok(HttpResponse::Accepted().finish())
}
