//! The document of all routes. It is collected while the routes are registered, so a route cannot be missing from it.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, SecurityRequirement};

use super::login::COOKIE;

/// The finished document, as served.
pub struct Document(pub String);

/// Adds what no route says: who we are and how one logs in.
#[must_use]
pub fn finish(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Kommutator")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Managers, owners and integrations. Errors are `application/problem+json` with a stable `code`."))
        .build();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("token", SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))));
    document.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new()), SecurityRequirement::new("cookie", Vec::<String>::new())]);
    document
}

/// This document.
#[utoipa::path(tag = "operation", operation_id = "openapi", responses((status = 200)), security(()))]
#[get("/api/v1/openapi.json")]
pub(crate) async fn openapi(whole: Data<Document>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(whole.0.clone())
}
