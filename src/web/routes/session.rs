//! Log in, in one step or two, log out, who am I.

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::gateway::administration::access::{hash, revoke};
use crate::gateway::administration::profile::{self, ProfileChange};
use crate::gateway::administration::{passwords, sessions};
use crate::gateway::signals::{self, Signal};
use crate::model::protocol::Me;
use crate::web::edge::Edge;
use crate::web::login::{LoggedIn, LoggedInAs, address, cookie, entered, entering, own_page, secret};
use crate::web::problem::{Problem, ProblemBody};

/// What is needed to log in.
#[derive(Deserialize, ToSchema)]
pub struct LogIn {
    /// The e-mail.
    email: String,
    /// The password.
    password: String,
    /// Whether the session lasts 30 days; else it ends with the browser, or after 12 hours without use. Left out: it lasts.
    remember: Option<bool>,
}

/// Log in. Sets the session cookie and answers the session's secret, or asks for a code.
#[utoipa::path(tag = "session", request_body = LogIn, responses(
    (status = 200, body = LoggedInAs), (status = 401, description = "`wrong_login`", body = ProblemBody), (status = 429, body = ProblemBody)),
    security(()))]
#[post("/api/v1/login")]
pub(crate) async fn log_in(edge: Data<Edge>, request: HttpRequest, body: Json<LogIn>) -> Result<HttpResponse, Problem> {
    edge.limits.login(address(&request, &edge), &body.email)?;
    own_page(&request, &edge)?;
    let from = entering(&request, &edge, body.remember.unwrap_or(true));
    match sessions::log_in(&edge.house, &body.email, &body.password, &from).await? {
        Some(came) => Ok(entered(&edge, came)),
        None => Err(Problem::new(actix_web::http::StatusCode::UNAUTHORIZED, "wrong_login", "e-mail or password is wrong")),
    }
}

/// The second step of a login.
#[derive(Deserialize, ToSchema)]
pub struct TellCode {
    /// What the first step gave.
    challenge: String,
    /// The code of the app, or a recovery code.
    code: String,
}

/// Log in with a code, where the password was not enough. Five tries; each code counts once.
#[utoipa::path(tag = "session", request_body = TellCode, responses((status = 200, body = LoggedInAs), (status = 403, description = "`wrong_code`", body = ProblemBody),
    (status = 409, description = "`challenge_over`: log in anew", body = ProblemBody), (status = 429, body = ProblemBody)), security(()))]
#[post("/api/v1/login/code")]
pub(crate) async fn tell_code(edge: Data<Edge>, request: HttpRequest, body: Json<TellCode>) -> Result<HttpResponse, Problem> {
    edge.limits.request(address(&request, &edge))?;
    own_page(&request, &edge)?;
    if let Some(user) = sessions::who_is_asked(&edge.house, &body.challenge).await? {
        edge.limits.code(user)?;
    }
    let from = entering(&request, &edge, false);
    Ok(entered(&edge, sessions::tell_code(&edge.house, &body.challenge, &body.code, &from).await?))
}

/// Log out: the session's secret opens nothing from now on.
#[utoipa::path(tag = "session", responses((status = 204)))]
#[post("/api/v1/logout")]
pub(crate) async fn log_out(edge: Data<Edge>, request: HttpRequest, LoggedIn(caller): LoggedIn) -> Result<HttpResponse, Problem> {
    // An API token stands for an integration, not for a session: only who manages tokens ends it.
    if let (Some((secret, _)), Some(_)) = (secret(&request), caller.user) {
        revoke(&edge.house, &hash(&secret)).await?;
        // The sockets of this session end; those of the user's others come back.
        signals::send(&edge.house, caller.workspace, &Signal::Access { who: Some(caller.id) }).await;
    }
    Ok(HttpResponse::NoContent().cookie(cookie("", false, &edge)).finish())
}

/// Who am I, and what may I do.
#[utoipa::path(tag = "session", responses((status = 200, body = Me), (status = 401, body = ProblemBody)))]
#[get("/api/v1/me")]
pub(crate) async fn me(LoggedIn(caller): LoggedIn) -> Json<Me> {
    Json(caller.me())
}

/// What people may change of themselves.
#[derive(Deserialize, ToSchema)]
pub struct ChangeMe {
    /// Another name.
    name: Option<String>,
    /// `ru`, `en` or `es`.
    locale: Option<String>,
    /// A name of the time zone database, such as `Europe/Moscow`; empty: the workspace's.
    time_zone: Option<String>,
    /// A phone; empty: none.
    phone: Option<String>,
    /// A second address that is told what happens to the account; empty: none.
    notify_email: Option<String>,
}

/// Change my profile.
#[utoipa::path(tag = "session", request_body = ChangeMe, responses((status = 200, body = Me), (status = 422, body = ProblemBody)))]
#[patch("/api/v1/me")]
pub(crate) async fn change_me(edge: Data<Edge>, LoggedIn(mut caller): LoggedIn, body: Json<ChangeMe>) -> Result<Json<Me>, Problem> {
    let ChangeMe { name, locale, time_zone, phone, notify_email } = body.into_inner();
    profile::change_own(&edge.house, &mut caller, ProfileChange { name, locale, time_zone, phone, notify_email }).await?;
    Ok(Json(caller.me()))
}

/// What is known of me beside [`Me`].
#[derive(Serialize, ToSchema)]
pub struct ProfileView {
    /// My number.
    number: u64,
    /// My time zone; empty: the workspace's.
    time_zone: String,
    /// My phone.
    phone: String,
    /// My second address.
    notify_email: String,
    /// Whether a login asks for a code.
    second_factor: bool,
    /// How many recovery codes are left.
    recovery_codes: usize,
}

/// My profile.
#[utoipa::path(tag = "session", operation_id = "profile", responses((status = 200, body = ProfileView), (status = 403, body = ProblemBody)))]
#[get("/api/v1/me/profile")]
pub(crate) async fn my_profile(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<Json<ProfileView>, Problem> {
    let user = profile::own(&edge.house, &caller).await?;
    Ok(Json(ProfileView {
        number: user.number,
        time_zone: user.time_zone,
        phone: user.phone,
        notify_email: user.notify_email,
        second_factor: user.second_factor.is_some(),
        recovery_codes: user.second_factor.map_or(0, |factor| factor.recovery.len()),
    }))
}

/// Another password.
#[derive(Deserialize, ToSchema)]
pub struct ChangePassword {
    /// The one that holds.
    current: String,
    /// The one that shall.
    new: String,
}

/// Change my password. My other sessions end, wherever they are.
#[utoipa::path(tag = "session", request_body = ChangePassword, responses((status = 204), (status = 403, description = "`wrong_password`", body = ProblemBody),
    (status = 422, description = "`password_length`", body = ProblemBody), (status = 429, body = ProblemBody)))]
#[post("/api/v1/me/password")]
pub(crate) async fn change_password(
    edge: Data<Edge>, request: HttpRequest, LoggedIn(caller): LoggedIn, body: Json<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    // A stolen session must not be able to guess the password.
    edge.limits.login(address(&request, &edge), &caller.email)?;
    let session = secret(&request).map(|(secret, _)| hash(&secret)).ok_or_else(Problem::unauthorized)?;
    let workspaces = passwords::change_password(&edge.house, &caller, &session, &body.current, &body.new).await?;
    for workspace in workspaces {
        signals::send(&edge.house, workspace, &Signal::Access { who: Some(caller.id.clone()) }).await;
    }
    Ok(HttpResponse::NoContent().finish())
}
