//! Where I am logged in.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use serde::Serialize;
use utoipa::ToSchema;

use super::conversations::Counted;
use crate::gateway::administration::access::{Caller, Sessions, hash, revoke_sessions};
use crate::gateway::administration::{profile, sessions};
use crate::gateway::signals::{self, Signal};
use crate::model::ids::{SessionId, UserId};
use crate::model::time::Time;
use crate::web::edge::Edge;
use crate::web::login::{LoggedIn, secret};
use crate::web::problem::{Problem, ProblemBody};

/// A session of mine.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    #[schema(value_type = String)]
    id: SessionId,
    /// Browser and system, in words; may be empty.
    device: String,
    /// The address it was begun from; may be empty.
    address: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it was last used, to the hour.
    #[schema(value_type = String, format = DateTime)]
    seen_at: Time,
    /// Whether it is the one that asks.
    current: bool,
}

fn me(caller: &Caller) -> Result<UserId, Problem> {
    caller.user.ok_or_else(|| Problem::forbidden("people_only", "an API token has no sessions"))
}

/// My sessions, newest first.
#[utoipa::path(tag = "session", operation_id = "list_sessions", responses((status = 200, body = Counted<SessionView>), (status = 403, body = ProblemBody)))]
#[get("/api/v1/me/sessions")]
pub(crate) async fn list(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<Json<Counted<SessionView>>, Problem> {
    let found = sessions::sessions(&edge.house, me(&caller)?).await?;
    let view = |(id, session): (SessionId, crate::model::people::Credential)| SessionView {
        id,
        current: caller.session == Some(id),
        created_at: session.created_at,
        seen_at: session.last_seen(),
        device: session.device,
        address: session.address,
    };
    Ok(Json(Counted::of(found.into_iter().map(view).collect())))
}

/// The user's sockets, wherever they are, ask anew whether they may stay.
async fn told(edge: &Edge, caller: &Caller) -> Result<(), Problem> {
    for workspace in profile::own(&edge.house, caller).await?.workspaces {
        signals::send(&edge.house, workspace, &Signal::Access { who: Some(caller.id.clone()) }).await;
    }
    Ok(())
}

/// End one of my sessions.
#[utoipa::path(tag = "session", operation_id = "end_session", params(("id" = String, Path)), responses((status = 204), (status = 404, body = ProblemBody)))]
#[delete("/api/v1/me/sessions/{id}")]
pub(crate) async fn end(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<HttpResponse, Problem> {
    let user = me(&caller)?;
    let id: SessionId = id.parse().map_err(|_| Problem::unknown("session"))?;
    sessions::end(&edge.house, user, id).await?;
    told(&edge, &caller).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End all my sessions but this one.
#[utoipa::path(tag = "session", operation_id = "end_other_sessions", responses((status = 204), (status = 403, body = ProblemBody)))]
#[post("/api/v1/me/sessions/end-others")]
pub(crate) async fn end_others(edge: Data<Edge>, request: HttpRequest, LoggedIn(caller): LoggedIn) -> Result<HttpResponse, Problem> {
    let user = me(&caller)?;
    let own = secret(&request).map(|(secret, _)| hash(&secret)).ok_or_else(Problem::unauthorized)?;
    revoke_sessions(&edge.house, user, Sessions::AllBut(&own)).await?;
    told(&edge, &caller).await?;
    Ok(HttpResponse::NoContent().finish())
}
