//! What the widget asks over HTTP: its files.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, ResponseError, post, route};
use serde::Deserialize;
use utoipa::IntoParams;

use super::files;
use crate::model::protocol::AttachmentView;
use crate::store::records::FileOwner;
use crate::web::edge::Edge;
use crate::web::login::{address, same_origin, secret};
use crate::web::problem::{Problem, ProblemBody};

/// What a visitor's upload says.
#[derive(Deserialize, IntoParams)]
pub struct VisitorUpload {
    /// The widget's key.
    widget: String,
    /// The file's name.
    name: String,
}

/// Whether a page of this origin may use a widget: it is on the list, or a page of our own (the demo page).
pub(crate) fn origin_is_allowed(request: &HttpRequest, edge: &Edge, origins: &[String]) -> bool {
    let origin = request.headers().get(header::ORIGIN).and_then(|value| value.to_str().ok());
    origin.is_some_and(|origin| origins.iter().any(|allowed| allowed == origin)) || same_origin(request, edge)
}

fn for_origin(mut response: HttpResponse, request: &HttpRequest) -> HttpResponse {
    if let Some(origin) = request.headers().get(header::ORIGIN) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    response
}

/// Upload a file as a visitor: its bytes are the body.
#[utoipa::path(tag = "visitor", params(VisitorUpload), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = AttachmentView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 413, body = ProblemBody)))]
#[post("/widget/v1/files")]
pub(crate) async fn upload(edge: Data<Edge>, request: HttpRequest, query: Query<VisitorUpload>, body: Payload) -> HttpResponse {
    let response = match stored(&edge, &request, &query, body).await {
        Ok(response) => response,
        Err(problem) => problem.error_response(),
    };
    for_origin(response, &request)
}

async fn stored(edge: &Edge, request: &HttpRequest, query: &VisitorUpload, body: Payload) -> Result<HttpResponse, Problem> {
    edge.limits.request(address(request, edge))?;
    let card = edge.widget(&query.widget).await?.ok_or_else(|| Problem::unknown("widget"))?;
    if !origin_is_allowed(request, edge, &card.settings.origins) {
        return Err(Problem::forbidden("forbidden_origin", "this page's origin is not on the widget's list"));
    }
    if !card.account.active {
        return Err(Problem::new(actix_web::http::StatusCode::CONFLICT, "channel_inactive", "the widget is switched off"));
    }
    let (token, _) = secret(request)
        .ok_or_else(|| Problem::new(actix_web::http::StatusCode::UNAUTHORIZED, "visitor_token_missing", "send the visitor's token"))?;
    let claims = edge
        .house
        .keyring
        .read_visitor_token(&token, Some(&query.widget), edge.house.world.now())
        .map_err(|error| Problem::new(actix_web::http::StatusCode::UNAUTHORIZED, "visitor_token_invalid", error.to_string()))?;
    // A visitor can be made out of nothing: the address counts too.
    edge.limits.upload(claims.visitor.as_str())?;
    edge.limits.upload(&format!("address {}", address(request, edge)))?;
    let owner = FileOwner::Visitor { id: claims.visitor.as_str().to_owned() };
    files::store(&edge.house, card.workspace, owner, &query.name, request, body).await
}

/// A browser asks whether it may.
#[utoipa::path(tag = "visitor", operation_id = "visitor_preflight", responses((status = 204)), security(()))]
#[route("/widget/v1/files", method = "OPTIONS")]
pub(crate) async fn preflight(request: HttpRequest) -> HttpResponse {
    let response = HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "POST"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "600"))
        .finish();
    for_origin(response, &request)
}
