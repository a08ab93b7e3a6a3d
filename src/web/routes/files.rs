//! Upload files and show them.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use bytes::Bytes;
use futures_util::Stream;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use utoipa::IntoParams;

use crate::gateway::house::House;
use crate::gateway::views;
use crate::model::conversation::Conversation;
use crate::model::ids::{FileId, WorkspaceId};
use crate::model::protocol::AttachmentView;
use crate::model::reply::CannedReply;
use crate::store::batch::Batch;
use crate::store::files::{FileLink, RangeAsked, Variant, asked_range, content_disposition, disposition, safe_name, verify_link};
use crate::store::records::{FileOwner, FileRecord};
use crate::web::edge::Edge;
use crate::web::login::{LoggedIn, address};
use crate::web::problem::{Problem, ProblemBody};

/// How long a browser may keep what it got by a long-lived address.
const SHARED_KEPT_SECONDS: u32 = 300;

/// What an upload says of its file.
#[derive(Deserialize, IntoParams)]
pub struct UploadQuery {
    /// The file's name, shown to whoever gets it.
    name: String,
}

/// Upload a file: its bytes are the body. Use its id in a message; a file used in none is removed after a day.
#[utoipa::path(tag = "files", params(UploadQuery), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = AttachmentView), (status = 413, body = ProblemBody), (status = 503, body = ProblemBody)))]
#[post("/api/v1/files")]
pub(crate) async fn upload(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, request: HttpRequest, query: Query<UploadQuery>, body: Payload,
) -> Result<HttpResponse, Problem> {
    edge.limits.upload(&caller.id)?;
    let owner = FileOwner::Uploader { id: caller.id.clone() };
    store(&edge.house, caller.workspace, owner, &query.name, &request, body).await
}

/// Stores an upload and answers with its view. The limit is checked before a byte is taken where the length is told.
pub(super) async fn store(
    house: &House, workspace: WorkspaceId, owner: FileOwner, name: &str, request: &HttpRequest, body: Payload,
) -> Result<HttpResponse, Problem> {
    let limit = house.max_file_bytes;
    let told = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<u64>().ok());
    if told.is_some_and(|length| length > limit) {
        return Err(crate::store::files::FileError::TooLarge { limit }.into());
    }
    keep(house, workspace, owner, name, body).await
}

/// Stores content as a file nobody used yet.
async fn keep<E: std::fmt::Display>(
    house: &House, workspace: WorkspaceId, owner: FileOwner, name: &str, content: impl Stream<Item = Result<Bytes, E>>,
) -> Result<HttpResponse, Problem> {
    let id = FileId(house.world.id());
    let stored = house.files.put(workspace, id, content, house.max_file_bytes).await?;
    if stored.size == 0 {
        house.files.delete(workspace, id).await?;
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "file_empty", "the file has no content"));
    }
    let record = FileRecord {
        id,
        owner,
        name: safe_name(name, &stored.media_type),
        media_type: stored.media_type,
        size: stored.size,
        sha256: stored.sha256,
        width: stored.width,
        height: stored.height,
        thumbnail: stored.thumbnail,
        shared: None,
        created_at: house.world.now(),
    };
    let mut batch = Batch::new();
    batch.insert(&record)?;
    if let Err(error) = house.store.workspace(workspace).commit(batch).await {
        house.files.delete(workspace, id).await?;
        return Err(error.into());
    }
    Ok(HttpResponse::Created().json(view(house, workspace, &record)))
}

/// Copy a file that the caller may see, to send it again: somewhere else, or with other words.
#[utoipa::path(tag = "files", operation_id = "copy_file", params(("id" = String, Path)), responses((status = 201, body = AttachmentView), (status = 404, body = ProblemBody), (status = 503, body = ProblemBody)))]
#[post("/api/v1/files/{id}/copy")]
pub(crate) async fn copy(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<HttpResponse, Problem> {
    edge.limits.upload(&caller.id)?;
    let (house, unknown) = (&edge.house, || Problem::unknown("file"));
    let old: FileId = id.parse().map_err(|_| unknown())?;
    let store = house.store.workspace(caller.workspace);
    let old = store.get::<FileRecord>(FileRecord::at(old)).await?.ok_or_else(unknown)?.record;
    let may = match &old.owner {
        FileOwner::Uploader { id } => *id == caller.id,
        FileOwner::Visitor { .. } | FileOwner::Picture { .. } => false,
        FileOwner::Conversation { id } => {
            store.get::<Conversation>(Conversation::at(*id)).await?.is_some_and(|found| caller.access.sees(found.record.account))
        }
        FileOwner::Reply { id } => {
            let keys = [CannedReply::at(None, *id), CannedReply::at(caller.user, *id)];
            store.get_many::<CannedReply>(&keys).await?.iter().any(Option::is_some)
        }
    };
    if !may {
        return Err(unknown());
    }
    let content = house.files.get(caller.workspace, old.id, Variant::Content, None).await?;
    let owner = FileOwner::Uploader { id: caller.id.clone() };
    keep(house, caller.workspace, owner, &old.name, content.stream).await
}

fn view(house: &House, workspace: WorkspaceId, record: &FileRecord) -> AttachmentView {
    views::attachment(house, workspace, &record.attachment(false), house.world.now())
}

/// What a signed link carries.
#[derive(Deserialize, IntoParams)]
pub struct LinkQuery {
    /// Seconds since 1970.
    expires: i64,
    /// The signature.
    signature: String,
}

/// Show a file. The link is short-lived and signed; it needs no login.
#[utoipa::path(tag = "files", params(("workspace" = u32, Path), ("file" = String, Path), ("variant" = String, Path), LinkQuery),
    responses((status = 200), (status = 206), (status = 404, body = ProblemBody), (status = 410, body = ProblemBody), (status = 416)), security(()))]
#[get("/files/{workspace}/{file}/{variant}")]
pub(crate) async fn show(
    edge: Data<Edge>, request: HttpRequest, path: Path<(u32, String, String)>, query: Query<LinkQuery>,
) -> Result<HttpResponse, Problem> {
    let (workspace, file, variant) = path.into_inner();
    let (workspace, unknown) = (WorkspaceId(workspace), || Problem::unknown("file"));
    let file: FileId = file.parse().map_err(|_| unknown())?;
    let variant = Variant::named(&variant).ok_or_else(unknown)?;
    let link = FileLink { workspace, file, variant };
    let left = verify_link(&edge.house.keyring, &link, query.expires, &query.signature, edge.house.world.now()).map_err(|error| match error {
        crate::store::files::LinkError::Forged => unknown(),
        crate::store::files::LinkError::Expired => Problem::new(StatusCode::GONE, "link_expired", error.to_string()),
    })?;
    let record = edge.house.store.workspace(workspace).get::<FileRecord>(FileRecord::at(file)).await?;
    serve(&edge, &request, workspace, &record.ok_or_else(unknown)?.record, variant, left).await
}

/// Fetch a file by its long-lived address, as it was given to a provider or a CRM. Whoever knows it may.
#[utoipa::path(tag = "files", params(("workspace" = u32, Path), ("file" = String, Path), ("secret" = String, Path)),
    responses((status = 200), (status = 206), (status = 404, body = ProblemBody), (status = 416)), security(()))]
#[get("/shared/{workspace}/{file}/{secret}")]
pub(crate) async fn shared(edge: Data<Edge>, request: HttpRequest, path: Path<(u32, String, String)>) -> Result<HttpResponse, Problem> {
    let (workspace, file, secret) = path.into_inner();
    let (workspace, unknown) = (WorkspaceId(workspace), || Problem::unknown("file"));
    let file: FileId = file.parse().map_err(|_| unknown())?;
    let record = edge.house.store.workspace(workspace).get::<FileRecord>(FileRecord::at(file)).await?.ok_or_else(unknown)?.record;
    let fits = record.shared.as_ref().is_some_and(|known| bool::from(known.as_bytes().ct_eq(secret.as_bytes())));
    if !fits {
        // Who was given an address has it whole; who asks for many that are none is guessing.
        edge.limits.request(address(&request, &edge))?;
        return Err(unknown());
    }
    serve(&edge, &request, workspace, &record, Variant::Content, SHARED_KEPT_SECONDS).await
}

async fn serve(
    edge: &Edge, request: &HttpRequest, workspace: WorkspaceId, record: &FileRecord, variant: Variant, left: u32,
) -> Result<HttpResponse, Problem> {
    let file = record.id;
    let (media_type, size) = match variant {
        Variant::Content => (record.media_type.as_str(), Some(record.size)),
        Variant::Thumbnail => ("image/jpeg", None),
    };
    let asked = request.headers().get(header::RANGE).and_then(|value| value.to_str().ok());
    let range = match size.map_or(RangeAsked::Whole, |size| asked_range(asked, size)) {
        RangeAsked::Whole => None,
        RangeAsked::Part(range) => Some(range),
        RangeAsked::Unsatisfiable => {
            let all = format!("bytes */{}", record.size);
            return Ok(HttpResponse::RangeNotSatisfiable().insert_header((header::CONTENT_RANGE, all)).finish());
        }
    };
    let partial = range.is_some();
    let content = edge.house.files.get(workspace, file, variant, range).await?;
    let mut response = if partial { HttpResponse::PartialContent() } else { HttpResponse::Ok() };
    if partial {
        let last = content.range.end.saturating_sub(1);
        response.insert_header((header::CONTENT_RANGE, format!("bytes {}-{last}/{}", content.range.start, content.total)));
    }
    // What is not on the list of things that can be shown goes out as bytes to save, whatever it calls itself.
    let shown = matches!(disposition(media_type), crate::store::files::Disposition::Inline);
    let sent_type = if shown { media_type } else { "application/octet-stream" };
    let length = content.range.end.saturating_sub(content.range.start);
    response
        .insert_header((header::CONTENT_TYPE, sent_type))
        .insert_header((header::CONTENT_DISPOSITION, content_disposition(&record.name, media_type)))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CACHE_CONTROL, format!("private, max-age={left}, immutable")))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin")));
    Ok(response.no_chunking(length).streaming(content.stream))
}
