//! What is one manager's own, the same on every device: pinned and muted conversations, drafts.

use std::collections::HashMap;

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, get, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversations::{Counted, seen, view};
use crate::gateway::administration::AdministrationError;
use crate::gateway::administration::access::Caller;
use crate::gateway::administration::personal::{NewDraft, drafts, keep_draft, mark, marks};
use crate::gateway::views;
use crate::model::conversation::Conversation;
use crate::model::ids::{ConversationId, FileId, MessageId, UserId};
use crate::model::personal::SavedDraft;
use crate::model::protocol::{AttachmentView, ConversationView};
use crate::model::time::Time;
use crate::store::records::{FileOwner, FileRecord};
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// An integration has no drafts.
fn person(caller: &Caller) -> Result<UserId, Problem> {
    Ok(caller.user.ok_or(AdministrationError::NotAllowed("people_only"))?)
}

/// A conversation one marked.
#[derive(Serialize, ToSchema)]
pub struct MarkView {
    /// The conversation.
    conversation: ConversationView,
    /// Whether it stands above the others.
    pinned: bool,
    /// Whether it makes no sound.
    muted: bool,
}

/// My marks, those of conversations I may still see.
#[utoipa::path(tag = "me", operation_id = "list_marks", responses((status = 200, body = Counted<MarkView>), (status = 403, body = ProblemBody)))]
#[get("/api/v1/me/marks")]
pub(crate) async fn list_marks(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<Json<Counted<MarkView>>, Problem> {
    let marks = marks(&edge.house, caller.workspace, person(&caller)?).await?;
    let keys: Vec<_> = marks.iter().map(|mark| Conversation::at(mark.conversation)).collect();
    let found = edge.house.store.workspace(caller.workspace).get_many::<Conversation>(&keys).await?;
    let mut items = Vec::with_capacity(marks.len());
    for (mark, found) in marks.into_iter().zip(found) {
        let Some(found) = found.filter(|found| caller.access.sees(found.record.account)) else { continue };
        items.push(MarkView { conversation: view(&edge, &caller, &found).await?, pinned: mark.pinned, muted: mark.muted });
    }
    Ok(Json(Counted::of(items)))
}

/// How a conversation is marked.
#[derive(Deserialize, ToSchema)]
pub struct MarkBody {
    /// It stands above the others.
    #[serde(default)]
    pinned: bool,
    /// It makes no sound.
    #[serde(default)]
    muted: bool,
}

/// Pin and mute a conversation for me.
#[utoipa::path(tag = "me", operation_id = "mark_conversation", params(("id" = String, Path)), request_body = MarkBody,
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[put("/api/v1/me/marks/{id}")]
pub(crate) async fn put_mark(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<MarkBody>) -> Result<HttpResponse, Problem> {
    let user = person(&caller)?;
    let stored = seen(&edge, &caller, &id).await?;
    mark(&edge.house, caller.workspace, user, stored.record.id, body.pinned, body.muted).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What I began to write.
#[derive(Serialize, ToSchema)]
pub struct DraftView {
    /// Where.
    #[schema(value_type = String)]
    conversation: ConversationId,
    /// The words.
    text: String,
    /// The message it will answer.
    #[schema(value_type = Option<String>)]
    reply_to: Option<MessageId>,
    /// Whether it is to be a note.
    note: bool,
    /// Files that are to go with it.
    attachments: Vec<AttachmentView>,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

/// My drafts.
#[utoipa::path(tag = "me", operation_id = "list_drafts", responses((status = 200, body = Counted<DraftView>), (status = 403, body = ProblemBody)))]
#[get("/api/v1/me/drafts")]
pub(crate) async fn list_drafts(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<Json<Counted<DraftView>>, Problem> {
    let (house, drafts) = (&edge.house, drafts(&edge.house, caller.workspace, person(&caller)?).await?);
    let keys: Vec<_> = drafts.iter().flat_map(|draft| &draft.files).map(|file| FileRecord::at(*file)).collect();
    let owner = FileOwner::Uploader { id: caller.id.clone() };
    let found = house.store.workspace(caller.workspace).get_many::<FileRecord>(&keys).await?;
    // Those that were sent meanwhile are no longer the draft's.
    let files: HashMap<FileId, FileRecord> =
        found.into_iter().flatten().filter(|file| file.record.owner == owner).map(|file| (file.record.id, file.record)).collect();
    let shown = |id: FileId| files.get(&id).map(|file| views::attachment(house, caller.workspace, &file.attachment(false), house.world.now()));
    let view = |draft: SavedDraft| DraftView {
        conversation: draft.conversation,
        text: draft.text,
        reply_to: draft.reply_to,
        note: draft.note,
        attachments: draft.files.iter().copied().filter_map(shown).collect(),
        at: draft.at,
    };
    Ok(Json(Counted::of(drafts.into_iter().map(view).collect())))
}

/// What I began to write.
#[derive(Deserialize, ToSchema)]
pub struct DraftBody {
    /// The words; neither words nor files: there is no draft.
    #[serde(default)]
    text: String,
    /// The message it will answer.
    #[schema(value_type = Option<String>)]
    reply_to: Option<MessageId>,
    /// Whether it is to be a note.
    #[serde(default)]
    note: bool,
    /// Uploads of mine that are to go with it, 20 at most. They are kept as long as the draft is.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    attachments: Vec<FileId>,
}

/// Keep what I began to write.
#[utoipa::path(tag = "me", operation_id = "keep_draft", params(("id" = String, Path)), request_body = DraftBody,
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[put("/api/v1/me/drafts/{id}")]
pub(crate) async fn put_draft(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<DraftBody>,
) -> Result<HttpResponse, Problem> {
    let user = person(&caller)?;
    let stored = seen(&edge, &caller, &id).await?;
    let id = stored.record.id;
    let DraftBody { text, reply_to, note, attachments: files } = body.into_inner();
    let draft = NewDraft { text, reply_to: reply_to.filter(|reply| reply.conversation == id), note, files };
    keep_draft(&edge.house, caller.workspace, user, id, draft).await?;
    Ok(HttpResponse::NoContent().finish())
}
