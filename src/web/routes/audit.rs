//! The audit log: what owners and admins changed.

use actix_web::get;
use actix_web::web::{Data, Json, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::conversations::{PAGE, Page, parse};
use crate::gateway::administration::{AuditQuestion, audit_log};
use crate::model::ids::AuditId;
use crate::model::people::AuditEntry;
use crate::model::time::Time;
use crate::web::edge::Edge;
use crate::web::login::AsAdmin;
use crate::web::problem::{Problem, ProblemBody};

/// Where to go on, and how far.
#[derive(Deserialize, IntoParams)]
pub struct LogQuery {
    /// From an earlier page.
    cursor: Option<String>,
    /// At most so many, 100 at most.
    limit: Option<usize>,
    /// Only of this user or token.
    actor: Option<String>,
    /// Only this deed, such as `channel.created`.
    action: Option<String>,
    /// Not before this moment.
    from: Option<String>,
    /// Before this moment.
    to: Option<String>,
}

/// A line of the audit log.
#[derive(Serialize, ToSchema)]
pub struct AuditView {
    /// Its id.
    #[schema(value_type = String)]
    id: AuditId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Who.
    actor: ActorView,
    /// What: a stable code such as `channel.created`.
    action: String,
    /// The id of what was changed.
    target: String,
    /// Old and new, without secrets.
    details: serde_json::Value,
}

/// Who changed something.
#[derive(Serialize, ToSchema)]
pub struct ActorView {
    /// The user's or token's id.
    id: String,
    /// Their name then.
    name: String,
}

fn view(entry: AuditEntry) -> AuditView {
    let actor = ActorView { id: entry.actor, name: entry.actor_name };
    AuditView { id: entry.id, at: entry.at, actor, action: entry.action, target: entry.target, details: entry.details }
}

/// The audit log, newest first. With filters a page may be short and still have a `next`.
#[utoipa::path(tag = "audit", operation_id = "audit_log", params(LogQuery), responses((status = 200, body = Page<AuditView>), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
#[get("/api/v1/audit")]
pub(crate) async fn list(edge: Data<Edge>, AsAdmin(caller): AsAdmin, query: Query<LogQuery>) -> Result<Json<Page<AuditView>>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, PAGE);
    let question = AuditQuestion {
        before: parse::<AuditId>("cursor", query.cursor.as_deref())?,
        actor: query.actor.clone(),
        action: query.action.clone(),
        from: parse::<Time>("from", query.from.as_deref())?,
        to: parse::<Time>("to", query.to.as_deref())?,
    };
    let (entries, next) = audit_log(&edge.house, caller.workspace, &question, limit).await?;
    Ok(Json(Page { items: entries.into_iter().map(view).collect(), next: next.map(|id| id.to_string()), total: None }))
}
