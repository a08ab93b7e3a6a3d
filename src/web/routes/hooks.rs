//! Where providers send what happens at a login of theirs.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, BytesMut, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, route};
use futures_util::StreamExt;

use crate::channel::contract::{HookAnswer, RawHook};
use crate::gateway::crm_intake::{self, CrmAddress};
use crate::gateway::intake::{self, BODY_LIMIT, IntakeError};
use crate::model::connection::CrmKind;
use crate::model::ids::LoginId;
use crate::web::edge::Edge;
use crate::web::login::address;
use crate::web::problem::{Problem, ProblemBody};

/// The longest name of an account in an address.
const NAME_BYTES: usize = 200;
/// A body must be here within this.
const BODY_TIME: std::time::Duration = std::time::Duration::from_secs(20);

/// Take what a provider sends for one login. Answered as the provider wants it, once everything is durable.
#[utoipa::path(method(get, post), tag = "hooks", operation_id = "hook", params(("login" = String, Path), ("secret" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "Or what the provider asks for."), (status = 404, body = ProblemBody), (status = 413, body = ProblemBody),
    (status = 503, body = ProblemBody)), security(()))]
#[route("/hooks/{login}/{secret}", method = "GET", method = "POST")]
pub(crate) async fn take(edge: Data<Edge>, request: HttpRequest, path: Path<(String, String)>, body: Payload) -> Result<HttpResponse, Problem> {
    let (login, secret) = path.into_inner();
    let taken = async {
        let login: LoginId = login.parse().map_err(|_| Problem::unknown("hook"))?;
        edge.limits.hook(login)?;
        let (query, body) = (request.query_string().to_owned(), read(body).await?);
        let hook = RawHook { headers: headers(&request), query, secret: Some(secret.clone()), body };
        match intake::take(&edge.house, login, &secret, &hook).await {
            Ok(answer) => Ok(answer),
            Err(IntakeError::Unknown) => Err(Problem::unknown("hook")),
            Err(IntakeError::Commit(error)) => {
                // Whatever it is, the provider shall send it again.
                tracing::warn!(%login, %error, "a hook could not be taken");
                Err(Problem::try_again("try_again"))
            }
        }
    };
    answered(&edge, &request, taken.await)
}

/// Take what a CRM sends for one connection.
#[utoipa::path(method(get, post), tag = "hooks", operation_id = "crm_hook", params(("connection" = String, Path), ("secret" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "Or what the CRM asks for."), (status = 404, body = ProblemBody), (status = 413, body = ProblemBody),
    (status = 503, body = ProblemBody)), security(()))]
#[route("/hooks/crm/{connection}/{secret}", method = "GET", method = "POST")]
pub(crate) async fn take_crm(edge: Data<Edge>, request: HttpRequest, path: Path<(String, String)>, body: Payload) -> Result<HttpResponse, Problem> {
    let (connection, secret) = path.into_inner();
    let connection = connection.parse().map(|connection| CrmAddress::Own { connection, secret });
    crm(&edge, &request, connection.map_err(|_| Problem::unknown("hook")), body).await
}

/// Take what a CRM sends for one of all accounts: named in the address, shown by a signature.
#[utoipa::path(method(get, post), tag = "hooks", operation_id = "app_hook", params(("crm" = String, Path), ("name" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "Or what the CRM asks for."), (status = 403, description = "The signature is not right."),
    (status = 404, body = ProblemBody), (status = 413, body = ProblemBody), (status = 503, body = ProblemBody)), security(()))]
#[route("/hooks/app/{crm}/{name}", method = "GET", method = "POST")]
pub(crate) async fn take_named(edge: Data<Edge>, request: HttpRequest, path: Path<(String, String)>, body: Payload) -> Result<HttpResponse, Problem> {
    let (name, account) = path.into_inner();
    let address = CrmKind::read(&name).filter(|_| account.len() <= NAME_BYTES).map(|crm| CrmAddress::Named { crm, name: account });
    crm(&edge, &request, address.ok_or_else(|| Problem::unknown("hook")), body).await
}

async fn crm(edge: &Edge, request: &HttpRequest, to: Result<CrmAddress, Problem>, body: Payload) -> Result<HttpResponse, Problem> {
    let taken = async {
        let to = to?;
        edge.limits.crm_hook(&to)?;
        let (query, body) = (request.query_string().to_owned(), read(body).await?);
        // A name is no secret: there only a signature shows who sends.
        let secret = match &to {
            CrmAddress::Own { secret, .. } => Some(secret.clone()),
            CrmAddress::Named { .. } => None,
        };
        let hook = RawHook { headers: headers(request), query, secret, body };
        match crm_intake::take(&edge.house, &to, &hook).await {
            Ok(answer) => Ok(answer),
            Err(IntakeError::Unknown) => Err(Problem::unknown("hook")),
            Err(IntakeError::Commit(error)) => {
                // Whatever it is, the CRM shall send it again, if it does.
                tracing::warn!(?to, %error, "a hook of a CRM could not be taken");
                Err(Problem::try_again("try_again"))
            }
        }
    };
    answered(edge, request, taken.await)
}

fn answered(edge: &Edge, request: &HttpRequest, taken: Result<HookAnswer, Problem>) -> Result<HttpResponse, Problem> {
    match taken {
        Ok(answer) => {
            let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
            Ok(HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(answer.body))
        }
        Err(problem) => {
            // Providers know their address; who asks for many that are none is guessing.
            if problem.status == StatusCode::NOT_FOUND.as_u16() {
                edge.limits.request(address(request, edge))?;
            }
            Err(problem)
        }
    }
}

fn headers(request: &HttpRequest) -> Vec<(String, String)> {
    let text = |value: &actix_web::http::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

async fn read(mut body: Payload) -> Result<Bytes, Problem> {
    let reading = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| Problem::bad_request("body_interrupted", error.to_string()))?;
            if bytes.len().saturating_add(chunk.len()) > BODY_LIMIT {
                return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "a hook has at most 1 MiB"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    };
    let late = |_| Problem::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", "the body did not arrive in time");
    tokio::time::timeout(BODY_TIME, reading).await.map_err(late)?
}
