//! Canned replies (G-08).

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, post, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversations::Counted;
use crate::gateway::administration::access::Caller;
use crate::gateway::administration::replies::{Words, change_reply, create_reply, remove_reply, replies};
use crate::gateway::house::House;
use crate::gateway::views;
use crate::model::ids::{FileId, ReplyId};
use crate::model::protocol::AttachmentView;
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
    /// What goes along. Send copies: `POST /api/v1/files/{id}/copy`.
    files: Vec<AttachmentView>,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    changed_at: Time,
}

fn view(house: &House, caller: &Caller, reply: CannedReply) -> ReplyView {
    let CannedReply { id, owner, shortcut, title, text, files, changed_at, .. } = reply;
    let files = files.iter().map(|file| views::attachment(house, caller.workspace, file, house.world.now())).collect();
    ReplyView { id, shared: owner.is_none(), shortcut, title, text, files, changed_at }
}

/// The shared replies and the caller's own.
#[utoipa::path(tag = "replies", operation_id = "list_replies", responses((status = 200, body = Counted<ReplyView>)))]
#[get("/api/v1/replies")]
pub(crate) async fn list(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<Json<Counted<ReplyView>>, Problem> {
    let replies = replies(&edge.house, &caller).await?;
    Ok(Json(Counted::of(replies.into_iter().map(|reply| view(&edge.house, &caller, reply)).collect())))
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
    /// Its words, 4,000 characters at most; may be empty if there are files.
    text: String,
    /// The files that go along, 10 at most: uploads of the caller's, which become the reply's own, or those it has. Left out: as they are.
    #[schema(value_type = Option<Vec<String>>)]
    files: Option<Vec<FileId>>,
}

impl From<ReplyWords> for Words {
    fn from(words: ReplyWords) -> Self {
        let ReplyWords { shortcut, title, text, files } = words;
        Self { shortcut, title, text, files }
    }
}

/// Make a reply.
#[utoipa::path(tag = "replies", operation_id = "create_reply", request_body = NewReply,
    responses((status = 201, body = ReplyView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/api/v1/replies")]
pub(crate) async fn create(edge: Data<Edge>, LoggedIn(caller): LoggedIn, body: Json<NewReply>) -> Result<HttpResponse, Problem> {
    let NewReply { shared, words } = body.into_inner();
    let reply = create_reply(&edge.house, &caller, shared, words.into()).await?;
    Ok(HttpResponse::Created().json(view(&edge.house, &caller, reply)))
}

/// Change a reply.
#[utoipa::path(tag = "replies", operation_id = "change_reply", params(("id" = String, Path)), request_body = ReplyWords,
    responses((status = 200, body = ReplyView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[put("/api/v1/replies/{id}")]
pub(crate) async fn change(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<ReplyWords>,
) -> Result<Json<ReplyView>, Problem> {
    let id: ReplyId = id.parse().map_err(|_| Problem::unknown("reply"))?;
    let reply = change_reply(&edge.house, &caller, id, body.into_inner().into()).await?;
    Ok(Json(view(&edge.house, &caller, reply)))
}

/// Remove a reply.
#[utoipa::path(tag = "replies", operation_id = "remove_reply", params(("id" = String, Path)), responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[delete("/api/v1/replies/{id}")]
pub(crate) async fn remove(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id: ReplyId = id.parse().map_err(|_| Problem::unknown("reply"))?;
    remove_reply(&edge.house, &caller, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
