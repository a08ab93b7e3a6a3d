//! What I want to be told, on which devices, and whether I am away.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, post, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::gateway::administration::access::Caller;
use crate::gateway::administration::notices as mine;
use crate::gateway::notices::push_key;
use crate::gateway::post::{self, NewLetter};
use crate::gateway::supervisor::Post;
use crate::model::ids::SessionId;
use crate::model::letter::{LetterKind, LetterWords};
use crate::model::protocol::NoticeSettings;
use crate::model::time::Time;
use crate::outside::web_push::Target;
use crate::store::batch::Batch;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// A device that takes pushes.
#[derive(Serialize, ToSchema)]
pub struct DeviceView {
    /// Its session.
    #[schema(value_type = String)]
    id: SessionId,
    /// Browser and system, in words; may be empty.
    label: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// Whether it is the one that asks.
    current: bool,
}

/// What I want to be told, and what there is to tell me by.
#[derive(Serialize, ToSchema)]
pub struct NoticesView {
    /// What, and how.
    settings: NoticeSettings,
    /// The key a browser subscribes with (`applicationServerKey`).
    push_key: String,
    /// Whether letters can be sent.
    letters: bool,
    /// My devices that take pushes.
    devices: Vec<DeviceView>,
}

async fn view(edge: &Edge, caller: &Caller) -> Result<Json<NoticesView>, Problem> {
    let settings = mine::wishes(&edge.house, caller).await?;
    let device = |one: crate::model::notice::PushSubscription| DeviceView {
        id: one.session,
        label: one.label,
        created_at: one.created_at,
        current: caller.session == Some(one.session),
    };
    let devices = mine::devices(&edge.house, caller).await?.into_iter().map(device).collect();
    Ok(Json(NoticesView { settings, push_key: push_key(&edge.house).await?.public(), letters: edge.house.mail.is_some(), devices }))
}

/// What I want to be told, and what there is to tell me by.
#[utoipa::path(tag = "me", operation_id = "my_notices", responses((status = 200, body = NoticesView), (status = 403, body = ProblemBody)))]
#[get("/api/v1/me/notices")]
pub(crate) async fn show(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<Json<NoticesView>, Problem> {
    view(&edge, &caller).await
}

/// Set what I want to be told.
#[utoipa::path(tag = "me", operation_id = "set_my_notices", request_body = NoticeSettings,
    responses((status = 200, body = NoticesView), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[put("/api/v1/me/notices")]
pub(crate) async fn change(edge: Data<Edge>, LoggedIn(caller): LoggedIn, body: Json<NoticeSettings>) -> Result<Json<NoticesView>, Problem> {
    mine::set_wishes(&edge.house, &caller, body.into_inner()).await?;
    view(&edge, &caller).await
}

/// Where this browser takes pushes, as `PushSubscription.toJSON()` says it.
#[derive(Deserialize, ToSchema)]
pub struct PushBody {
    /// The address.
    endpoint: String,
    /// The keys.
    keys: PushKeys,
}

/// A subscription's keys, base 64.
#[derive(Deserialize, ToSchema)]
pub struct PushKeys {
    /// The browser's public key.
    p256dh: String,
    /// The shared secret.
    auth: String,
}

/// This browser takes pushes from now on, while this session lasts.
#[utoipa::path(tag = "me", operation_id = "take_pushes", request_body = PushBody,
    responses((status = 204), (status = 403, body = ProblemBody), (status = 422, description = "`push_target_invalid`", body = ProblemBody)))]
#[put("/api/v1/me/push")]
pub(crate) async fn subscribe(edge: Data<Edge>, LoggedIn(caller): LoggedIn, body: Json<PushBody>) -> Result<HttpResponse, Problem> {
    let PushBody { endpoint, keys: PushKeys { p256dh, auth } } = body.into_inner();
    mine::subscribe(&edge.house, &caller, &Target { endpoint, p256dh, auth }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A device of mine takes no pushes any more.
#[utoipa::path(tag = "me", operation_id = "take_no_pushes", params(("id" = String, Path)), responses((status = 204), (status = 404, body = ProblemBody)))]
#[delete("/api/v1/me/push/{id}")]
pub(crate) async fn unsubscribe(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<HttpResponse, Problem> {
    if caller.user.is_none() {
        return Err(Problem::forbidden("people_only", "an API token has no devices"));
    }
    let id: SessionId = id.parse().map_err(|_| Problem::unknown("device"))?;
    mine::unsubscribe(&edge.house, &caller, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// By what a trial goes.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrialMeans {
    /// A push to this browser.
    Push,
    /// A letter to me.
    Letter,
}

/// A trial.
#[derive(Deserialize, ToSchema)]
pub struct TrialBody {
    /// By what.
    means: TrialMeans,
}

/// Send me a trial.
#[utoipa::path(tag = "me", operation_id = "try_notices", request_body = TrialBody, responses((status = 202), (status = 403, body = ProblemBody),
    (status = 409, description = "`push_off`, `mail_off`", body = ProblemBody), (status = 429, body = ProblemBody)))]
#[post("/api/v1/me/notices/test")]
pub(crate) async fn trial(edge: Data<Edge>, LoggedIn(caller): LoggedIn, body: Json<TrialBody>) -> Result<HttpResponse, Problem> {
    if caller.user.is_none() {
        return Err(Problem::forbidden("people_only", "an API token is told nothing"));
    }
    edge.limits.upload(&format!("trial notice {}", caller.id))?;
    match body.means {
        TrialMeans::Push => mine::try_push(&edge.house, &caller).await?,
        TrialMeans::Letter => letter(&edge, &caller).await?,
    }
    Ok(HttpResponse::Accepted().finish())
}

/// A letter to the caller that says that letters arrive.
async fn letter(edge: &Edge, caller: &Caller) -> Result<(), Problem> {
    let mut batch = Batch::new();
    let words = LetterWords { workspace: caller.workspace_name.clone(), ..LetterWords::default() };
    let new =
        NewLetter { workspace: Some(caller.workspace), to: &caller.email, locale: &caller.locale, about: LetterKind::Trial, words, until: None };
    let off = || Problem::new(actix_web::http::StatusCode::CONFLICT, "mail_off", "no mail server is set: see `smtp_url`");
    post::write(&edge.house, &mut batch, new)?.ok_or_else(off)?;
    edge.house.store.global().commit(batch).await?;
    edge.gateway.do_send(Post);
    Ok(())
}

/// Whether I am away.
#[derive(Deserialize, ToSchema)]
pub struct AwayBody {
    /// Whether.
    away: bool,
    /// Until when; none: until I say otherwise.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
}

/// Say that I am away, or back. Who is away gets no pushes, but for a customer who waits too long.
#[utoipa::path(tag = "me", operation_id = "set_away", request_body = AwayBody, responses((status = 204), (status = 403, body = ProblemBody),
    (status = 422, description = "`bad_moment`", body = ProblemBody)))]
#[put("/api/v1/me/away")]
pub(crate) async fn away(edge: Data<Edge>, LoggedIn(caller): LoggedIn, body: Json<AwayBody>) -> Result<HttpResponse, Problem> {
    mine::set_away(&edge.house, &caller, body.away, body.until).await?;
    Ok(HttpResponse::NoContent().finish())
}
