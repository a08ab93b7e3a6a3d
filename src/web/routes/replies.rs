//! Canned replies (G-08).

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, post, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversations::Counted;
use crate::gateway::administration::replies::{Words, change_reply, create_reply, remove_reply, replies};
use crate::model::ids::ReplyId;
use crate::model::reply::CannedReply;
use crate::model::time::Time;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// A canned reply.
#[derive(Serialize, ToSchema)]
pub struct ReplyView {
    /// Its id.
    #[schema(value_type = String)]
    id: ReplyId,
    /// Whether everybody has it; else it is the caller's own.
    shared: bool,
    /// What is typed after `/`.
    shortcut: String,
    /// What it is about; may be empty.
    title: String,
    /// Its words, with substitutions such as `%NAME%`.
    text: String,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    changed_at: Time,
}

impl From<CannedReply> for ReplyView {
    fn from(reply: CannedReply) -> Self {
        let CannedReply { id, owner, shortcut, title, text, changed_at, .. } = reply;
        Self { id, shared: owner.is_none(), shortcut, title, text, changed_at }
    }
}

/// The shared replies and the caller's own.
#[utoipa::path(tag = "replies", operation_id = "list_replies", responses((status = 200, body = Counted<ReplyView>)))]
#[get("/api/v1/replies")]
pub(crate) async fn list(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<Json<Counted<ReplyView>>, Problem> {
    let replies = replies(&edge.house, &caller).await?;
    Ok(Json(Counted::of(replies.into_iter().map(ReplyView::from).collect())))
}

/// A new reply.
#[derive(Deserialize, ToSchema)]
pub struct NewReply {
    /// Whether everybody shall have it; that is for admins.
    #[serde(default)]
    shared: bool,
    /// The words.
    #[serde(flatten)]
    words: ReplyWords,
}

/// What a reply says.
#[derive(Deserialize, ToSchema)]
pub struct ReplyWords {
    /// What is typed after `/`: letters, digits, `-` and `_`, 32 at most.
    shortcut: String,
    /// What it is about, 100 characters at most.
    #[serde(default)]
    title: String,
    /// Its words, 4,000 characters at most.
    text: String,
}

impl From<ReplyWords> for Words {
    fn from(words: ReplyWords) -> Self {
        let ReplyWords { shortcut, title, text } = words;
        Self { shortcut, title, text }
    }
}

/// Make a reply.
#[utoipa::path(tag = "replies", operation_id = "create_reply", request_body = NewReply,
    responses((status = 201, body = ReplyView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/api/v1/replies")]
pub(crate) async fn create(edge: Data<Edge>, LoggedIn(caller): LoggedIn, body: Json<NewReply>) -> Result<HttpResponse, Problem> {
    let NewReply { shared, words } = body.into_inner();
    let reply = create_reply(&edge.house, &caller, shared, words.into()).await?;
    Ok(HttpResponse::Created().json(ReplyView::from(reply)))
}

/// Change a reply.
#[utoipa::path(tag = "replies", operation_id = "change_reply", params(("id" = String, Path)), request_body = ReplyWords,
    responses((status = 200, body = ReplyView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[put("/api/v1/replies/{id}")]
pub(crate) async fn change(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<ReplyWords>,
) -> Result<Json<ReplyView>, Problem> {
    let id: ReplyId = id.parse().map_err(|_| Problem::unknown("reply"))?;
    Ok(Json(change_reply(&edge.house, &caller, id, body.into_inner().into()).await?.into()))
}

/// Remove a reply.
#[utoipa::path(tag = "replies", operation_id = "remove_reply", params(("id" = String, Path)), responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[delete("/api/v1/replies/{id}")]
pub(crate) async fn remove(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id: ReplyId = id.parse().map_err(|_| Problem::unknown("reply"))?;
    remove_reply(&edge.house, &caller, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
