//! What could not be handled: shown, and replayed.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::conversations::{Page, parse};
use crate::gateway::administration::quarantine;
use crate::model::ids::{LoginId, QuarantineId};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::records::Quarantine;
use crate::web::edge::Edge;
use crate::web::login::AsAdmin;
use crate::web::problem::{Problem, ProblemBody};

/// Rows of a page: each may weigh two megabytes while it is read.
const ROWS: usize = 20;

/// A payload that could not be handled.
#[derive(Serialize, ToSchema)]
pub struct QuarantineView {
    /// Its id.
    #[schema(value_type = String)]
    id: QuarantineId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// The channel's provider.
    channel_provider: String,
    /// The login it came to; null: it fitted none.
    #[schema(value_type = Option<String>)]
    login: Option<LoginId>,
    /// Why.
    reason: Reason,
    /// Bytes.
    size: usize,
    /// When it was replayed.
    #[schema(value_type = Option<String>, format = DateTime)]
    replayed_at: Option<Time>,
}

/// A payload with its bytes.
#[derive(Serialize, ToSchema)]
pub struct QuarantinePayload {
    /// What is known of it.
    #[serde(flatten)]
    view: QuarantineView,
    /// The bytes, in base 64.
    payload: String,
}

fn view(record: &Quarantine) -> QuarantineView {
    let padding = record.payload.bytes().rev().take_while(|byte| *byte == b'=').count();
    QuarantineView {
        id: record.id,
        at: record.at,
        channel_provider: record.provider.clone(),
        login: record.login,
        reason: record.reason.clone(),
        size: (record.payload.len() / 4).saturating_mul(3).saturating_sub(padding),
        replayed_at: record.replayed_at,
    }
}

fn read_id(text: &str) -> Result<QuarantineId, Problem> {
    text.parse().map_err(|_| Problem::unknown("quarantine"))
}

/// Where to go on.
#[derive(Deserialize, IntoParams)]
pub struct RowsQuery {
    /// From an earlier page.
    cursor: Option<String>,
}

/// What could not be handled, newest first.
#[utoipa::path(tag = "quarantine", operation_id = "list_quarantine", params(RowsQuery), responses((status = 200, body = Page<QuarantineView>), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
#[get("/api/v1/quarantine")]
pub(crate) async fn list(edge: Data<Edge>, AsAdmin(caller): AsAdmin, query: Query<RowsQuery>) -> Result<Json<Page<QuarantineView>>, Problem> {
    let before = parse::<QuarantineId>("cursor", query.cursor.as_deref())?;
    let mut found = quarantine::list(&edge.house, caller.workspace, before, ROWS.saturating_add(1)).await?;
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(Page { items: found.iter().map(view).collect(), next, total: None }))
}

/// One payload with its bytes.
#[utoipa::path(tag = "quarantine", operation_id = "quarantine", params(("id" = String, Path)), responses((status = 200, body = QuarantinePayload), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/api/v1/quarantine/{id}")]
pub(crate) async fn one(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<Json<QuarantinePayload>, Problem> {
    let record = quarantine::one(&edge.house, caller.workspace, read_id(&id)?).await?.record;
    Ok(Json(QuarantinePayload { view: view(&record), payload: record.payload }))
}

/// Put a payload back to where it belongs. Once.
#[utoipa::path(tag = "quarantine", operation_id = "replay_quarantine", params(("id" = String, Path)), responses((status = 200, body = QuarantineView), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, description = "`already_replayed`, `login_removed`, `fits_no_login`", body = ProblemBody)))]
#[post("/api/v1/quarantine/{id}/replay")]
pub(crate) async fn replay(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<Json<QuarantineView>, Problem> {
    Ok(Json(view(&quarantine::replay(&edge.house, &caller, read_id(&id)?).await?)))
}
