//! What happened in a conversation besides messages, and the files that were sent in it.

use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::conversations::{PAGE, Page, parse, seen};
use crate::gateway::views;
use crate::model::conversation::{Fact, FactKind, PastEpisode};
use crate::model::ids::FileId;
use crate::model::protocol::{AttachmentView, EpisodeView};
use crate::model::time::Time;
use crate::store::key::Key;
use crate::store::port::{IndexPosition, Scan};
use crate::store::records::FileRecord;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub struct FactView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Who: a user's or token's id; empty: it happened by itself.
    by: String,
    /// What: `opened`, `closed`, `assigned` with `to`, `rated` with `rating`, `snoozed` with `until`, `woken`, `tagged` with `on` and `off`,
    /// `blocked`, `unblocked`, `handed_over`, `joined`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    what: FactKind,
}

/// What happened in a conversation.
#[derive(Serialize, ToSchema)]
pub struct Timeline {
    /// The newest hundred facts, newest first.
    facts: Vec<FactView>,
    /// Its episodes, newest first, a hundred at most.
    episodes: Vec<EpisodeView>,
}

/// What happened in a conversation besides messages.
#[utoipa::path(tag = "conversations", operation_id = "timeline", params(("id" = String, Path)), responses((status = 200, body = Timeline), (status = 404, body = ProblemBody)))]
#[get("/api/v1/conversations/{id}/timeline")]
pub(crate) async fn list(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<Json<Timeline>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    let (store, group) = (edge.house.store.workspace(caller.workspace), Key::new().number(stored.record.id.0).done());
    let facts = store.scan::<Fact>(&group, Scan::last(PAGE)).await?;
    let past = store.scan::<PastEpisode>(&group, Scan::last(PAGE)).await?;
    let fact = |fact: Fact| FactView { at: fact.at, by: fact.by, what: fact.what };
    let id = stored.record.id;
    Ok(Json(Timeline {
        facts: facts.into_iter().map(|stored| fact(stored.record)).collect(),
        episodes: std::iter::once(stored.record.episode)
            .chain(past.into_iter().map(|stored| stored.record.episode))
            .map(|one| one.view(id))
            .collect(),
    }))
}

/// Which files.
#[derive(Deserialize, IntoParams)]
pub struct FilesQuery {
    /// From an earlier page.
    cursor: Option<String>,
    /// At most so many, 100 at most.
    limit: Option<usize>,
}

/// The files sent in a conversation, newest first.
#[utoipa::path(tag = "conversations", operation_id = "conversation_files", params(("id" = String, Path), FilesQuery), responses((status = 200, body = Page<AttachmentView>), (status = 404, body = ProblemBody)))]
#[get("/api/v1/conversations/{id}/files")]
pub(crate) async fn files(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, query: Query<FilesQuery>,
) -> Result<Json<Page<AttachmentView>>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    let limit = query.limit.unwrap_or(50).clamp(1, PAGE);
    let (store, now) = (edge.house.store.workspace(caller.workspace), edge.house.world.now());
    let mut scan = Scan::last(limit.saturating_add(1));
    if let Some((at, file)) = query.cursor.as_deref().and_then(|cursor| cursor.split_once('.')) {
        let (at, file): (Option<i64>, Option<FileId>) = (parse("cursor", Some(at))?, parse("cursor", Some(file))?);
        scan.below = at.zip(file).map(|(at, file)| IndexPosition { sort: Key::new().signed(at).done(), key: FileRecord::at(file) });
    }
    let mut found = store.scan_index::<FileRecord>(FileRecord::BY_OWNER, &FileRecord::of_conversation(stored.record.id), scan).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(_, file)| format!("{}.{}", file.record.created_at.0, file.record.id));
    let view = |file: FileRecord| views::attachment(&edge.house, caller.workspace, &file.attachment(false), now);
    Ok(Json(Page { items: found.into_iter().map(|(_, file)| view(file.record)).collect(), next, total: None }))
}
