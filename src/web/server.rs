//! The listening server: connections, headers, shutdown.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::{Server, ServerHandle};
use actix_web::http::header;
use actix_web::middleware::{Compress, DefaultHeaders};
use actix_web::web::{Data, JsonConfig, PathConfig, PayloadConfig, QueryConfig};
use actix_web::{App, HttpServer};
use utoipa_actix_web::AppExt;

use super::edge::Edge;
use super::openapi::{Document, finish};
use super::problem::Problem;
use super::routes::crm_widget;
use super::{routes, socket};

/// The greatest JSON body, bytes.
const JSON_LIMIT: usize = 256 * 1024;

/// Builds the server on a listener that is already bound, so its address is known before it serves.
///
/// # Errors
/// The listener can't be used.
pub fn serve(edge: Arc<Edge>, listener: TcpListener, workers: usize) -> std::io::Result<(Server, ServerHandle, SocketAddr)> {
    let address = listener.local_addr()?;
    let edge = Data::from(edge);
    let https = edge.settings.secure_cookies;
    let server = HttpServer::new(move || {
        let mut headers = DefaultHeaders::new()
            .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .add((header::REFERRER_POLICY, "strict-origin-when-cross-origin"))
            .add((header::X_FRAME_OPTIONS, "DENY"))
            .add(("permissions-policy", "camera=(), geolocation=(), payment=()"));
        if https {
            headers = headers.add((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
        }
        let bad = |error: &dyn std::fmt::Display| Problem::bad_request("bad_request", error.to_string()).into();
        let (app, document) = App::new().into_utoipa_app().configure(routes::documented).split_for_parts();
        let document = serde_json::to_string(&finish(document)).unwrap_or_default();
        app.configure(routes::undocumented)
            .app_data(edge.clone())
            .app_data(Data::new(Document(document)))
            .app_data(JsonConfig::default().limit(JSON_LIMIT).error_handler(move |error, _| bad(&error)))
            .app_data(QueryConfig::default().error_handler(move |error, _| bad(&error)))
            .app_data(PathConfig::default().error_handler(|_, _| Problem::unknown("page").into()))
            .app_data(PayloadConfig::new(JSON_LIMIT))
            .wrap_fn(crm_widget::for_pages)
            .wrap(headers)
            .wrap(Compress::default())
    })
    .workers(workers)
    .on_connect(socket::peer::on_connect)
    .client_request_timeout(std::time::Duration::from_secs(15))
    .shutdown_timeout(10)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    Ok((server, handle, address))
}

/// The OpenAPI document without a server, for tests and `docs/`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, document) = App::new().into_utoipa_app().configure(routes::documented).split_for_parts();
    finish(document)
}
