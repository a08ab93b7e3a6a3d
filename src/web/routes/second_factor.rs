//! My second factor: switched on with an authenticator app, switched off with the password.

use actix_web::http::header;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::gateway::administration::second_factor;
use crate::gateway::supervisor::Post;
use crate::web::edge::Edge;
use crate::web::login::{LoggedIn, address};
use crate::web::problem::{Problem, ProblemBody};

/// What an authenticator app needs.
#[derive(Serialize, ToSchema)]
pub struct BegunFactor {
    /// The secret, to be typed into the app.
    secret: String,
    /// The same as an SVG with a QR code.
    qr: String,
}

fn once<T: Serialize>(body: T) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

/// Begin a second factor. It counts once it was confirmed.
#[utoipa::path(tag = "session", operation_id = "begin_second_factor", responses((status = 200, body = BegunFactor), (status = 403, body = ProblemBody),
    (status = 409, description = "`factor_on`", body = ProblemBody)))]
#[post("/api/v1/me/second-factor/begin")]
pub(crate) async fn begin(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<HttpResponse, Problem> {
    let begun = second_factor::begin(&edge.house, &caller).await?;
    Ok(once(BegunFactor { secret: begun.secret, qr: begun.qr }))
}

/// A code of the app.
#[derive(Deserialize, ToSchema)]
pub struct FactorCode {
    /// Six digits.
    code: String,
}

/// What is told once when the factor is on.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each opens one login where the app is lost.
    recovery_codes: Vec<String>,
}

/// Confirm the second factor that was begun; every login asks for a code from now on.
#[utoipa::path(tag = "session", operation_id = "confirm_second_factor", request_body = FactorCode, responses((status = 200, body = RecoveryCodes),
    (status = 403, description = "`wrong_code`", body = ProblemBody), (status = 409, description = "`factor_not_begun`", body = ProblemBody)))]
#[post("/api/v1/me/second-factor/confirm")]
pub(crate) async fn confirm(edge: Data<Edge>, LoggedIn(caller): LoggedIn, body: Json<FactorCode>) -> Result<HttpResponse, Problem> {
    if let Some(user) = caller.user {
        edge.limits.code(user)?;
    }
    let recovery_codes = second_factor::confirm(&edge.house, &caller, &body.code).await?;
    edge.gateway.do_send(Post);
    Ok(once(RecoveryCodes { recovery_codes }))
}

/// The password that proves it is me.
#[derive(Deserialize, ToSchema)]
pub struct OwnPassword {
    /// The password.
    password: String,
}

/// Switch my second factor off.
#[utoipa::path(tag = "session", operation_id = "disable_second_factor", request_body = OwnPassword, responses((status = 204),
    (status = 403, description = "`wrong_password`", body = ProblemBody), (status = 429, body = ProblemBody)))]
#[post("/api/v1/me/second-factor/disable")]
pub(crate) async fn disable(
    edge: Data<Edge>, request: HttpRequest, LoggedIn(caller): LoggedIn, body: Json<OwnPassword>,
) -> Result<HttpResponse, Problem> {
    // A stolen session must not be able to guess the password.
    edge.limits.login(address(&request, &edge), &caller.email)?;
    second_factor::disable(&edge.house, &caller, &body.password).await?;
    edge.gateway.do_send(Post);
    Ok(HttpResponse::NoContent().finish())
}
