//! The workspace itself, and its mail.

use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::gateway::administration::profile::{self, WorkspaceChange};
use crate::gateway::post::{self, NewLetter, letters};
use crate::gateway::supervisor::Post;
use crate::model::ids::LetterId;
use crate::model::letter::{Letter, LetterKind, LetterStatus, LetterWords};
use crate::model::people::Workspace;
use crate::model::protocol::Escalation;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::web::edge::Edge;
use crate::web::login::AsAdmin;
use crate::web::problem::{Problem, ProblemBody};

/// Letters that are shown.
const SHOWN: usize = 50;

/// The workspace.
#[derive(Serialize, ToSchema)]
pub struct WorkspaceView {
    /// Its number.
    id: u32,
    /// Its name.
    name: String,
    /// Its language.
    locale: String,
    /// Its time zone.
    time_zone: String,
    /// When it is told that a customer waits too long.
    escalation: Escalation,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

fn view(space: Workspace) -> Json<WorkspaceView> {
    Json(WorkspaceView {
        id: space.id.0,
        name: space.name,
        locale: space.locale,
        time_zone: space.time_zone,
        escalation: space.escalation,
        created_at: space.created_at,
    })
}

/// The workspace.
#[utoipa::path(tag = "workspace", operation_id = "workspace", responses((status = 200, body = WorkspaceView), (status = 403, body = ProblemBody)))]
#[get("/api/v1/workspace")]
pub(crate) async fn show(edge: Data<Edge>, AsAdmin(caller): AsAdmin) -> Result<Json<WorkspaceView>, Problem> {
    Ok(view(profile::workspace(&edge.house, &caller).await?))
}

/// What is to be changed of the workspace.
#[derive(Deserialize, ToSchema)]
pub struct ChangeWorkspace {
    /// Another name.
    name: Option<String>,
    /// `ru`, `en` or `es`.
    locale: Option<String>,
    /// A name of the time zone database.
    time_zone: Option<String>,
    /// When it is told that a customer waits too long, from the next message on.
    escalation: Option<Escalation>,
}

/// Change the workspace.
#[utoipa::path(tag = "workspace", operation_id = "change_workspace", request_body = ChangeWorkspace, responses((status = 200, body = WorkspaceView),
    (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[patch("/api/v1/workspace")]
pub(crate) async fn change(edge: Data<Edge>, AsAdmin(caller): AsAdmin, body: Json<ChangeWorkspace>) -> Result<Json<WorkspaceView>, Problem> {
    let ChangeWorkspace { name, locale, time_zone, escalation } = body.into_inner();
    Ok(view(profile::change_workspace(&edge.house, &caller, WorkspaceChange { name, locale, time_zone, escalation }).await?))
}

/// The mail of this installation, as far as a workspace may know.
#[derive(Serialize, ToSchema)]
pub struct MailView {
    /// Whether letters can be sent.
    configured: bool,
    /// What they come from.
    from: Option<String>,
    /// The mail server.
    server: Option<String>,
    /// This workspace's letters, newest first.
    letters: Vec<LetterView>,
}

/// A letter, without its words.
#[derive(Serialize, ToSchema)]
pub struct LetterView {
    /// Its id.
    #[schema(value_type = String)]
    id: LetterId,
    /// The address.
    to: String,
    /// What it is about.
    about: LetterKind,
    /// How far it came.
    status: LetterStatus,
    /// Why it has not gone out yet, or will not.
    reason: Option<Reason>,
    /// How often it was tried.
    tries: u32,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When its status changed.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

fn letter(one: Letter) -> LetterView {
    let Letter { id, to, about, status, reason, tries, created_at, at, .. } = one;
    LetterView { id, to, about, status, reason, tries, created_at, at }
}

/// Whether mail is set up, and the newest letters.
#[utoipa::path(tag = "workspace", operation_id = "mail", responses((status = 200, body = MailView), (status = 403, body = ProblemBody)))]
#[get("/api/v1/mail")]
pub(crate) async fn mail(edge: Data<Edge>, AsAdmin(caller): AsAdmin) -> Result<Json<MailView>, Problem> {
    let settings = edge.house.mail.as_ref().map(|mail| mail.settings());
    let letters = letters(&edge.house, caller.workspace, SHOWN).await?;
    Ok(Json(MailView {
        configured: settings.is_some(),
        from: settings.map(|settings| settings.from.clone()),
        server: settings.map(|settings| format!("{}:{}", settings.server.host, settings.server.port)),
        letters: letters.into_iter().map(letter).collect(),
    }))
}

/// Send a test letter to myself. Its state is among the letters.
#[utoipa::path(tag = "workspace", operation_id = "test_letter", responses((status = 202, body = String, description = "the letter's id"), (status = 403, body = ProblemBody),
    (status = 409, description = "`mail_off`", body = ProblemBody), (status = 429, body = ProblemBody)))]
#[post("/api/v1/mail/test")]
pub(crate) async fn test_letter(edge: Data<Edge>, AsAdmin(caller): AsAdmin) -> Result<HttpResponse, Problem> {
    if caller.user.is_none() {
        return Err(Problem::forbidden("people_only", "an API token has no address"));
    }
    let mut batch = Batch::new();
    let words = LetterWords { workspace: caller.workspace_name.clone(), ..LetterWords::default() };
    let (workspace, about) = (Some(caller.workspace), LetterKind::Trial);
    let new = NewLetter { workspace, to: &caller.email, locale: &caller.locale, about, words, until: None };
    let off = || Problem::new(actix_web::http::StatusCode::CONFLICT, "mail_off", "no mail server is set: see `smtp_url`");
    let id = post::write(&edge.house, &mut batch, new)?.ok_or_else(off)?;
    edge.limits.upload(&format!("test letter {}", caller.id))?;
    edge.house.store.global().commit(batch).await?;
    edge.gateway.do_send(Post);
    Ok(HttpResponse::Accepted().json(id))
}
