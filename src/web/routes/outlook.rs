//! What a channel will make of a message, before it is sent.

use actix_web::post;
use actix_web::web::{Data, Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversations::{seen, view};
use crate::gateway::conversation::client::length_in;
use crate::model::ids::FileId;
use crate::model::message::{Part, plain_text};
use crate::store::records::{FileOwner, FileRecord};
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// The most files one asks about.
const FILES: usize = 100;

/// What is to be sent.
#[derive(Deserialize, ToSchema)]
pub struct OutlookBody {
    /// What it says.
    #[serde(default)]
    text: String,
    /// Uploaded files, in their order.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    attachments: Vec<FileId>,
    /// Whether pictures go as files.
    #[serde(default)]
    as_files: bool,
}

/// One message as the customer will get it.
#[derive(Serialize, ToSchema)]
pub struct PieceView {
    /// Its words.
    text: String,
    /// Its files.
    #[schema(value_type = Vec<String>)]
    files: Vec<FileId>,
}

/// What becomes of it.
#[derive(Serialize, ToSchema)]
pub struct OutlookView {
    /// The messages it goes as, in order.
    pieces: Vec<PieceView>,
    /// How long the text is, in the channel's unit.
    length: usize,
    /// How long it may be.
    limit: u32,
    /// `characters`, `utf16` or `bytes`.
    unit: String,
}

/// What the channel will make of a message: how many it goes as, and how long the text is in the unit the channel counts in.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), request_body = OutlookBody,
    responses((status = 200, body = OutlookView), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/api/v1/conversations/{id}/outlook")]
pub(crate) async fn outlook(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<OutlookBody>,
) -> Result<Json<OutlookView>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    let OutlookBody { text, attachments, as_files } = body.into_inner();
    let unknown = || Problem::unknown("file");
    if attachments.len() > FILES {
        return Err(Problem::bad_request("bad_parameter", "too many files at once"));
    }
    let keys: Vec<_> = attachments.iter().map(|id| FileRecord::at(*id)).collect();
    let mut files = Vec::with_capacity(keys.len());
    for found in edge.house.store.workspace(caller.workspace).get_many::<FileRecord>(&keys).await? {
        let file = found.ok_or_else(unknown)?.record;
        if file.owner != (FileOwner::Uploader { id: caller.id.clone() }) {
            return Err(unknown());
        }
        files.push(file.attachment(as_files));
    }
    let can = view(&edge, &caller, &stored).await?.can;
    let length = length_in(&can.text_unit, &text);
    let mut parts: Vec<Part> = Vec::new();
    if !text.trim().is_empty() {
        parts.push(Part::Text { text });
    }
    parts.extend(files.iter().map(|file| Part::File { file: file.file, caption: String::new() }));
    let channel = edge.house.channels.of_kind(stored.record.kind).ok_or_else(|| Problem::unknown("channel"))?;
    let pieces = channel.pieces(stored.record.kind, &parts, &files).into_iter();
    let pieces = pieces.map(|(parts, files)| PieceView { text: plain_text(&parts), files: files.iter().map(|file| file.file).collect() }).collect();
    Ok(Json(OutlookView { pieces, length, limit: can.text_limit, unit: can.text_unit }))
}
