//! The two front ends, embedded into the program.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use rust_embed::RustEmbed;

use crate::model::people::Workspace;
use crate::web::edge::Edge;
use crate::web::problem::Problem;

#[derive(RustEmbed)]
#[folder = "web-widget/dist/"]
struct Built;

/// Whether this program was built with both front ends.
#[must_use]
pub fn are_embedded() -> bool {
    Built::get("widget.js").is_some() && Built::get("messenger/index.html").is_some()
}

fn crm_archive_path(kind: &str) -> String {
    format!("{kind}-widget.zip")
}

/// Whether there is a widget to be put into a CRM of this kind.
pub(crate) fn has_crm_archive(kind: &str) -> bool {
    Built::get(&crm_archive_path(kind)).is_some()
}

/// The archive of that widget; it holds nothing of this installation.
pub(crate) fn crm_archive(request: &HttpRequest, kind: &str) -> Option<HttpResponse> {
    let mut response = file(request, &crm_archive_path(kind), "no-cache")?;
    let name = HeaderValue::try_from(format!("attachment; filename=\"kommutator-{kind}.zip\"")).ok()?;
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Some(response)
}

/// What pages of ours may load: nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; \
                      font-src 'self'; connect-src 'self' ws: wss:; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-src 'self'; frame-ancestors 'none'";
/// What the preview of a widget may: it stands in a page of ours, and reaches no server.
const PREVIEW_POLICY: &str =
    "default-src 'none'; script-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

fn file(request: &HttpRequest, path: &str, cache: &'static str) -> Option<HttpResponse> {
    let file = Built::get(path)?;
    let tag = format!("\"{}\"", data_encoding::HEXLOWER.encode(file.metadata.sha256_hash().get(..16).unwrap_or_default()));
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known == Some(tag.as_str()) {
        return Some(HttpResponse::NotModified().insert_header((header::ETAG, tag)).insert_header((header::CACHE_CONTROL, cache)).finish());
    }
    let media_type = match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("webmanifest" | "json" | "map") => "application/json",
        Some("woff2") => "font/woff2",
        Some("zip") => "application/zip",
        _ => "application/octet-stream",
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::ETAG, tag)).insert_header((header::CACHE_CONTROL, cache)).content_type(media_type);
    Some(response.body(file.data.into_owned()))
}

/// The widget may be loaded by pages of other origins; it holds nothing secret.
fn for_everybody(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response.headers_mut().insert(header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    response
}

/// The line a site includes loads this.
#[get("/widget.js")]
pub(crate) async fn widget_loader(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let response = file(&request, "widget.js", "public, max-age=300").ok_or_else(not_built)?;
    Ok(for_everybody(response))
}

/// What the loader loads: names carry a hash of the content, so they are kept for good.
#[get("/widget/{path:[A-Za-z0-9._-]+}")]
pub(crate) async fn widget_part(request: HttpRequest, path: Path<String>) -> Result<HttpResponse, Problem> {
    let response = file(&request, &format!("widget/{path}"), "public, max-age=31536000, immutable");
    response.map(for_everybody).ok_or_else(|| Problem::unknown("page"))
}

/// Parts of the web messenger.
#[get("/assets/{path:[A-Za-z0-9._-]+}")]
pub(crate) async fn messenger_part(request: HttpRequest, path: Path<String>) -> Result<HttpResponse, Problem> {
    file(&request, &format!("messenger/assets/{path}"), "public, max-age=31536000, immutable").ok_or_else(|| Problem::unknown("page"))
}

/// The web messenger, for every address that is nothing else.
pub async fn messenger(request: HttpRequest, _edge: Data<Edge>) -> Result<HttpResponse, Problem> {
    let path = request.path();
    let elsewhere = ["/api/", "/ws/", "/files/", "/f/", "/hooks/", "/widget/", "/assets/"];
    if request.method() != actix_web::http::Method::GET || elsewhere.iter().any(|prefix| path.starts_with(prefix)) {
        return Err(Problem::unknown("page"));
    }
    let named = path.trim_start_matches('/');
    let plain = !named.is_empty() && named.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if plain && let Some(mut response) = file(&request, &format!("messenger/{named}"), "public, max-age=300") {
        if named == "preview.html" {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PREVIEW_POLICY));
        }
        return Ok(response);
    }
    let mut response = file(&request, "messenger/index.html", "no-cache").ok_or_else(not_built)?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(response)
}

/// The demo's page: a shop with the widget on it. Only there while a demo runs.
#[get("/demo")]
pub(crate) async fn demo(edge: Data<Edge>) -> Result<HttpResponse, Problem> {
    let key = edge.settings.demo_widget.as_deref().ok_or_else(|| Problem::unknown("page"))?;
    let page = include_str!("demo.html").replace("WIDGET_KEY", key);
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-cache")).content_type("text/html; charset=utf-8").body(page))
}

/// A page to try a widget on before it stands on a site: `/try/KEY`. The key is public, and so is this page.
#[get("/try/{key:[0-9a-f]+}")]
pub(crate) async fn try_widget(edge: Data<Edge>, key: Path<String>) -> Result<HttpResponse, Problem> {
    let card = edge.widget(&key).await?.ok_or_else(|| Problem::unknown("page"))?;
    let workspace = edge.house.store.global().get::<Workspace>(Workspace::at(card.workspace)).await?.ok_or_else(|| Problem::unknown("page"))?;
    let (lang, title, lead, hint) = match workspace.record.locale.as_str() {
        "en" => (
            "en",
            "Try the widget",
            "This is how the chat looks on a site.",
            "Open the chat in the corner and write something: the message appears in the messenger at once.",
        ),
        "es" => (
            "es",
            "Prueba del widget",
            "Así se ve el chat en un sitio.",
            "Abre el chat de la esquina y escribe algo: el mensaje aparece enseguida en el mensajero.",
        ),
        _ => (
            "ru",
            "Проба виджета",
            "Так чат выглядит на сайте.",
            "Откройте чат в углу и напишите что-нибудь: сообщение сразу появится в мессенджере.",
        ),
    };
    let words = [("LANG", lang), ("TITLE", title), ("LEAD", lead), ("HINT", hint), ("WIDGET_KEY", key.as_str())];
    let page = words.iter().fold(include_str!("try.html").to_owned(), |page, (place, word)| page.replace(place, word));
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-cache")).content_type("text/html; charset=utf-8").body(page))
}

fn not_built() -> Problem {
    Problem::new(
        actix_web::http::StatusCode::NOT_FOUND,
        "front_end_missing",
        "this program was built without its front end; build it with `make build`",
    )
}
