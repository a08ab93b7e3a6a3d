//! Log in, log out, who am I.

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::gateway::administration::access::{hash, log_in as log_user_in, revoke};
use crate::gateway::administration::people::{self, MemberChange, change_member};
use crate::gateway::signals::{self, Signal};
use crate::model::people::User;
use crate::model::protocol::Me;
use crate::store::port::CommitError;
use crate::web::edge::Edge;
use crate::web::login::{LoggedIn, address, cookie, same_origin, secret};
use crate::web::problem::{Problem, ProblemBody};

/// What is needed to log in.
#[derive(Deserialize, ToSchema)]
pub struct LogIn {
    /// The e-mail.
    email: String,
    /// The password.
    password: String,
}

/// What a login gives.
#[derive(Serialize, ToSchema)]
pub struct LoggedInAs {
    /// The session's secret, for clients without cookies.
    token: String,
}

/// Log in. Sets the session cookie and answers the session's secret.
#[utoipa::path(tag = "session", request_body = LogIn, responses(
    (status = 200, body = LoggedInAs), (status = 401, description = "`wrong_login`", body = ProblemBody), (status = 429, body = ProblemBody)),
    security(()))]
#[post("/api/v1/login")]
pub(crate) async fn log_in(edge: Data<Edge>, request: HttpRequest, body: Json<LogIn>) -> Result<HttpResponse, Problem> {
    edge.limits.login(address(&request, &edge), &body.email)?;
    // A browser names its origin; another site may not log its visitors in here.
    if request.headers().contains_key("origin") && !same_origin(&request, &edge) {
        return Err(Problem::forbidden("foreign_origin", "log in from this server's own pages"));
    }
    match log_user_in(&edge.house, &body.email, &body.password).await? {
        Some((token, caller)) => {
            tracing::info!(workspace = %caller.workspace, user = caller.id, "logged in");
            Ok(HttpResponse::Ok().cookie(cookie(&token, &edge)).json(LoggedInAs { token }))
        }
        None => Err(Problem::new(actix_web::http::StatusCode::UNAUTHORIZED, "wrong_login", "e-mail or password is wrong")),
    }
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
    Ok(HttpResponse::NoContent().cookie(cookie("", &edge)).finish())
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
}

/// Change my name or language.
#[utoipa::path(tag = "session", request_body = ChangeMe, responses((status = 200, body = Me), (status = 422, body = ProblemBody)))]
#[patch("/api/v1/me")]
pub(crate) async fn change_me(edge: Data<Edge>, LoggedIn(mut caller): LoggedIn, body: Json<ChangeMe>) -> Result<Json<Me>, Problem> {
    let user = caller.user.ok_or_else(|| Problem::forbidden("people_only", "an API token has no profile"))?;
    if let Some(locale) = &body.locale {
        if !["ru", "en", "es"].contains(&locale.as_str()) {
            return Err(Problem::new(actix_web::http::StatusCode::UNPROCESSABLE_ENTITY, "locale_unknown", "`locale` is `ru`, `en` or `es`"));
        }
        let change = |old: &User| Ok::<_, CommitError>(User { locale: locale.clone(), ..old.clone() });
        edge.house.store.global().change(User::at(user), change, |_, _| Ok(())).await?;
        caller.locale.clone_from(locale);
    }
    if let Some(name) = &body.name {
        let change = MemberChange { name: Some(name.clone()), ..MemberChange::default() };
        caller.name = change_member(&edge.house, caller.workspace, &caller.actor(), user, &change).await?.name;
    }
    Ok(Json(caller.me()))
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
    let workspaces = people::change_password(&edge.house, &caller, &session, &body.current, &body.new).await?;
    for workspace in workspaces {
        signals::send(&edge.house, workspace, &Signal::Access { who: Some(caller.id.clone()) }).await;
    }
    Ok(HttpResponse::NoContent().finish())
}
