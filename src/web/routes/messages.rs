//! One message of a conversation: changed, taken back, reacted to, tried again.

use actix_web::web::{Data, Json, Path};
use actix_web::{delete, patch, post, put};
use serde::Deserialize;
use utoipa::ToSchema;

use super::conversations::{SentBody, author, changed, command, seen, sent};
use crate::gateway::administration::access::Caller;
use crate::gateway::commands::Command;
use crate::model::conversation::Conversation;
use crate::model::ids::MessageId;
use crate::model::message::Message;
use crate::model::protocol::{ConversationView, Role};
use crate::store::table::Stored;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// A conversation and a message of it that the caller may see.
pub(super) async fn found(edge: &Edge, caller: &Caller, (id, message): (String, String)) -> Result<(Stored<Conversation>, Message), Problem> {
    let stored = seen(edge, caller, &id).await?;
    let message: MessageId = message.parse().map_err(|_| Problem::unknown("message"))?;
    if message.conversation != stored.record.id {
        return Err(Problem::unknown("message"));
    }
    let found = edge.house.store.workspace(caller.workspace).get::<Message>(Message::at(message)).await?;
    let found = found.filter(|found| found.record.admission.is_yes()).ok_or_else(|| Problem::unknown("message"))?;
    Ok((stored, found.record))
}

/// One's own words are one's own to change; admins may change anybody's of the workspace.
fn own(caller: &Caller, message: &Message) -> Result<(), Problem> {
    if message.author.id == caller.id || caller.access.role >= Role::Admin {
        return Ok(());
    }
    Err(Problem::forbidden("not_your_message", "only its author or an admin may do this"))
}

/// What it says from now on.
#[derive(Deserialize, ToSchema)]
pub struct EditBody {
    /// The words.
    text: String,
}

/// Change the words of a message of ours, where the channel can (`can.edit`), or of a note.
#[utoipa::path(tag = "conversations", params(("id" = String, Path), ("message" = String, Path)), request_body = EditBody,
    responses((status = 200, body = SentBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[patch("/api/v1/conversations/{id}/messages/{message}")]
pub(crate) async fn edit(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, path: Path<(String, String)>, body: Json<EditBody>,
) -> Result<Json<SentBody>, Problem> {
    let (stored, message) = found(&edge, &caller, path.into_inner()).await?;
    own(&caller, &message)?;
    let asked = Command::Edit { message: message.id(), text: body.into_inner().text };
    let answer = command(&edge, &caller, &stored, asked).await?;
    Ok(Json(sent(&edge, &caller, answer).await?))
}

/// Take a message of ours back, where the channel can (`can.delete`), or a note. Its place stays.
#[utoipa::path(tag = "conversations", operation_id = "delete_message", params(("id" = String, Path), ("message" = String, Path)),
    responses((status = 200, body = SentBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[delete("/api/v1/conversations/{id}/messages/{message}")]
pub(crate) async fn remove(edge: Data<Edge>, LoggedIn(caller): LoggedIn, path: Path<(String, String)>) -> Result<Json<SentBody>, Problem> {
    let (stored, message) = found(&edge, &caller, path.into_inner()).await?;
    own(&caller, &message)?;
    let answer = command(&edge, &caller, &stored, Command::Delete { message: message.id() }).await?;
    Ok(Json(sent(&edge, &caller, answer).await?))
}

/// A reaction.
#[derive(Deserialize, ToSchema)]
pub struct ReactionBody {
    /// One emoji; none: take mine off.
    emoji: Option<String>,
}

/// Set or take off one's reaction to a message, where the channel can (`can.react`).
#[utoipa::path(tag = "conversations", params(("id" = String, Path), ("message" = String, Path)), request_body = ReactionBody,
    responses((status = 200, body = SentBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[put("/api/v1/conversations/{id}/messages/{message}/reaction")]
pub(crate) async fn react(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, path: Path<(String, String)>, body: Json<ReactionBody>,
) -> Result<Json<SentBody>, Problem> {
    let (stored, message) = found(&edge, &caller, path.into_inner()).await?;
    let asked = Command::React { message: message.id(), emoji: body.into_inner().emoji, who: author(&caller).0 };
    let answer = command(&edge, &caller, &stored, asked).await?;
    Ok(Json(sent(&edge, &caller, answer).await?))
}

/// Try a failed or unclear message once more.
#[utoipa::path(tag = "conversations", params(("id" = String, Path), ("message" = String, Path)),
    responses((status = 200, body = ConversationView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/api/v1/conversations/{id}/messages/{message}/retry")]
pub(crate) async fn retry(edge: Data<Edge>, LoggedIn(caller): LoggedIn, path: Path<(String, String)>) -> Result<Json<ConversationView>, Problem> {
    let (stored, message) = found(&edge, &caller, path.into_inner()).await?;
    changed(&edge, &caller, &stored, Command::Retry { message: message.id(), by: caller.id.clone() }).await
}
