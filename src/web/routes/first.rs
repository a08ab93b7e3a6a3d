//! Writing to somebody who has not written yet.

use actix_web::post;
use actix_web::web::{Data, Json, Path};
use serde::Deserialize;
use utoipa::ToSchema;

use super::conversations::{SentBody, author, sent};
use crate::gateway::administration::channels::account;
use crate::gateway::commands::{Command, ask};
use crate::model::ids::AccountId;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// What is to be sent, and to whom.
#[derive(Deserialize, ToSchema)]
pub struct FirstBody {
    /// Whom to: a phone, a user name, a link, as the channel takes it.
    address: String,
    /// The client's own key: the same key twice has one effect.
    client_id: String,
    /// What it says.
    text: String,
}

/// Write first: to an address of a channel that can. The message stands in the conversation of that address, made with it if there is none.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), request_body = FirstBody,
    responses((status = 200, body = SentBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody), (status = 503, body = ProblemBody)))]
#[post("/api/v1/channels/{id}/messages")]
pub(crate) async fn send(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<FirstBody>) -> Result<Json<SentBody>, Problem> {
    let id: AccountId = id.parse().map_err(|_| Problem::unknown("channel"))?;
    if !caller.access.sees(id) {
        return Err(Problem::unknown("channel"));
    }
    let channel = account(&edge.house, caller.workspace, id).await?;
    let FirstBody { address, client_id, text } = body.into_inner();
    let (author, origin) = author(&caller);
    let command = Command::WriteFirst { account: id, address, client_id, text, author, origin, at: edge.house.world.now() };
    let answer = ask(&edge.house, caller.workspace, channel.login, command).await?;
    Ok(Json(sent(&edge, &caller, answer).await?))
}
