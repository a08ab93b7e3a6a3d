//! Who asks: a session cookie or a token, and the check against requests another site forged.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::dev::Payload;
use actix_web::http::{Method, header};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::edge::Edge;
use super::problem::Problem;
use crate::gateway::administration::AdministrationError;
use crate::gateway::administration::access::{Caller, authenticate};
use crate::gateway::administration::sessions::{Entered, Entering, SESSION_LIFE_MS};
use crate::model::device::device;
use crate::model::protocol::Role;

/// The session cookie.
pub const COOKIE: &str = "kommutator_session";

impl From<AdministrationError> for Problem {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::Wrong { field, code } => {
                let mut problem = if code.ends_with("_taken") {
                    Self::new(actix_web::http::StatusCode::CONFLICT, code, format!("`{field}` is taken"))
                } else {
                    Self::new(actix_web::http::StatusCode::UNPROCESSABLE_ENTITY, code, format!("`{field}` is wrong: {code}"))
                };
                problem.reason = problem.reason.with("field", field);
                problem
            }
            AdministrationError::Step(error) => {
                let said = error.reason.provider.clone().unwrap_or_default();
                let mut problem = Self::new(actix_web::http::StatusCode::UNPROCESSABLE_ENTITY, &error.reason.code, said);
                problem.reason = error.reason.with("field", error.field);
                problem
            }
            AdministrationError::Unknown(what) => Self::unknown(what),
            AdministrationError::NotAllowed(
                code @ ("role_above_own" | "admins_only" | "owners_only" | "people_only" | "wrong_password" | "wrong_code"),
            ) => Self::forbidden(code, format!("not allowed: {code}")),
            AdministrationError::NotAllowed(code) => Self::new(actix_web::http::StatusCode::CONFLICT, code, format!("not allowed: {code}")),
            AdministrationError::Commit(error) => error.into(),
        }
    }
}

/// The caller of a route, logged in. A request by cookie that changes something must come from our own pages.
pub struct LoggedIn(pub Caller);

impl FromRequest for LoggedIn {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let edge = edge(&request)?;
            edge.limits.request(address(&request, &edge))?;
            let (secret, by_cookie) = secret(&request).ok_or_else(Problem::unauthorized)?;
            if by_cookie && !is_read(request.method()) && !same_origin(&request, &edge) {
                return Err(Problem::forbidden("foreign_origin", "a request with the session cookie must come from this server's own pages"));
            }
            let caller = authenticate(&edge.house, &secret).await?.ok_or_else(Problem::unauthorized)?;
            Ok(Self(caller))
        })
    }
}

/// The same, but an admin or owner.
pub struct AsAdmin(pub Caller);

impl FromRequest for AsAdmin {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let logged_in = LoggedIn::from_request(request, payload);
        Box::pin(async move {
            let LoggedIn(caller) = logged_in.await?;
            if caller.access.role < Role::Admin {
                return Err(Problem::forbidden("admins_only", "this needs the role admin or owner"));
            }
            Ok(Self(caller))
        })
    }
}

/// The shared state of a request.
pub(super) fn edge(request: &HttpRequest) -> Result<Data<Edge>, Problem> {
    request.app_data::<Data<Edge>>().cloned().ok_or_else(|| Problem::try_again("try_again"))
}

/// The secret a request carries, and whether by cookie.
pub(super) fn secret(request: &HttpRequest) -> Option<(String, bool)> {
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|text| text.strip_prefix("Bearer "));
    match bearer {
        Some(token) => Some((token.trim().to_owned(), false)),
        None => request.cookie(COOKIE).map(|cookie| (cookie.value().to_owned(), true)),
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether `Origin` is our own: the public address, or the host that was asked for. A browser names it with every request that changes
/// something; one that names none is no browser's, and then it has no business with the cookie.
pub(super) fn same_origin(request: &HttpRequest, edge: &Edge) -> bool {
    let Some(origin) = request.headers().get(header::ORIGIN).and_then(|value| value.to_str().ok()) else { return false };
    if edge.settings.public_url.as_deref() == Some(origin) {
        return true;
    }
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, asked)| !asked.is_empty() && asked == host)
}

/// The address of the client; behind a trusted proxy the last one it names.
pub(super) fn address(request: &HttpRequest, edge: &Edge) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    if !edge.settings.trusted_proxies.contains(peer) {
        return peer;
    }
    let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
    forwarded.and_then(|list| list.rsplit(',').next()).and_then(|last| last.trim().parse().ok()).unwrap_or(peer)
}

/// The cookie that carries a session; empty: takes it away. One that is not to be remembered ends with the browser.
#[must_use]
pub fn cookie(secret: &str, remember: bool, edge: &Edge) -> Cookie<'static> {
    let cookie = Cookie::build(COOKIE, secret.to_owned()).path("/").http_only(true).secure(edge.settings.secure_cookies).same_site(SameSite::Lax);
    match (secret.is_empty(), remember) {
        (true, _) => cookie.max_age(Duration::ZERO).finish(),
        (false, true) => cookie.max_age(Duration::milliseconds(SESSION_LIFE_MS)).finish(),
        (false, false) => cookie.finish(),
    }
}

/// A browser names its origin: pages of others may not use what lets people in.
pub(super) fn own_page(request: &HttpRequest, edge: &Edge) -> Result<(), Problem> {
    if request.headers().contains_key(header::ORIGIN) && !same_origin(request, edge) {
        return Err(Problem::forbidden("foreign_origin", "ask from this server's own pages"));
    }
    Ok(())
}

/// From where somebody comes in.
pub(super) fn entering(request: &HttpRequest, edge: &Edge, remember: bool) -> Entering {
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Entering { device: device(agent), address: address(request, edge).to_string(), remember }
}

/// What a login gives: a session, or the question for a code.
#[derive(Serialize, ToSchema)]
pub struct LoggedInAs {
    /// The session's secret, for clients without cookies.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// A code is asked for: send it with this to `/api/v1/login/code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
}

/// The answer to somebody who came in, or has a code to tell.
pub(super) fn entered(edge: &Edge, entered: Entered) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    match entered {
        Entered::In { secret, caller, remember } => {
            tracing::info!(workspace = %caller.workspace, user = caller.id, "logged in");
            response.cookie(cookie(&secret, remember, edge)).json(LoggedInAs { token: Some(secret), challenge: None })
        }
        Entered::CodeNeeded(challenge) => response.json(LoggedInAs { token: None, challenge: Some(challenge) }),
    }
}
