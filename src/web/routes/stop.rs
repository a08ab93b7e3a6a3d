//! Who wants no more letters: the link at the end of each. A page without scripts; asking is one thing, saying so another, for mail programs open
//! links by themselves.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};

use crate::model::ids::WorkspaceId;
use crate::model::notice::LetterStop;
use crate::model::people::Workspace;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal};
use crate::web::edge::Edge;
use crate::web::problem::Problem;

/// What its page may: be shown, and send its one form.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async fn known(edge: &Edge, token: &str) -> Result<(WorkspaceId, String, Workspace), Problem> {
    let (workspace, hash) = edge.house.keyring.read_stop_token(token).ok_or_else(|| Problem::unknown("page"))?;
    let space = edge.house.store.global().get::<Workspace>(Workspace::at(workspace)).await?.ok_or_else(|| Problem::unknown("page"))?;
    Ok((workspace, hash, space.record))
}

fn page(locale: &str, done: bool) -> HttpResponse {
    let (lang, title, said, button) = match (locale, done) {
        ("en", false) => {
            ("en", "Letters about answers", "Shall we no longer write you by e-mail when you are answered in the chat?", "Do not write me")
        }
        ("en", true) => ("en", "Done", "We will no longer write to this address. What you are answered is in the chat on the site.", ""),
        ("es", false) => ("es", "Cartas con respuestas", "¿Dejamos de escribirte por correo cuando te respondan en el chat?", "No me escribáis"),
        ("es", true) => ("es", "Hecho", "Ya no escribiremos a esta dirección. Las respuestas te esperan en el chat del sitio.", ""),
        (_, false) => ("ru", "Письма об ответах", "Больше не писать вам по почте, когда вам ответят в чате?", "Не писать мне"),
        (_, true) => ("ru", "Готово", "Мы больше не напишем на этот адрес. Ответы ждут вас в чате на сайте.", ""),
    };
    let form = if button.is_empty() { String::new() } else { format!("<form method=\"post\"><button>{button}</button></form>") };
    let words = [("LANG", lang), ("TITLE", title), ("SAID", said), ("FORM", form.as_str())];
    let page = words.iter().fold(include_str!("stop.html").to_owned(), |page, (place, word)| page.replace(place, word));
    let mut response = HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).content_type("text/html; charset=utf-8").body(page);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// Asks whether there shall be no more letters.
#[get("/letters/stop/{token:[A-Za-z0-9_-]+}")]
pub(crate) async fn ask(edge: Data<Edge>, token: Path<String>) -> Result<HttpResponse, Problem> {
    let (.., space) = known(&edge, &token).await?;
    Ok(page(&space.locale, false))
}

/// There shall be none.
#[post("/letters/stop/{token:[A-Za-z0-9_-]+}")]
pub(crate) async fn stop(edge: Data<Edge>, token: Path<String>) -> Result<HttpResponse, Problem> {
    let (workspace, hash, space) = known(&edge, &token).await?;
    let mut batch = Batch::new();
    batch.insert(&LetterStop { hash, at: edge.house.world.now() })?;
    match edge.house.store.workspace(workspace).commit(batch).await {
        Ok(_) | Err(CommitError::Refused(Refusal::Conflict { .. })) => Ok(page(&space.locale, true)),
        Err(error) => Err(error.into()),
    }
}
