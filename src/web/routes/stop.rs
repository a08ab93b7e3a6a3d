//! Who wants no more letters: the link at the end of each, and the button mail programs show beside it (RFC 8058). Only a `POST` counts, for mail
//! servers open links by themselves; the page sends it by itself, so that whoever clicked is asked nothing.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};

use crate::model::ids::WorkspaceId;
use crate::model::notice::LetterReader;
use crate::model::people::Workspace;
use crate::store::batch::Batch;
use crate::store::port::CommitError;
use crate::web::edge::Edge;
use crate::web::problem::Problem;

/// What its page may: be shown, and send its one form. The hash is that of the script below.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";
/// Sends the form; without scripts its button does.
const SCRIPT: &str = "document.forms[0].submit()";

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
    let form =
        if button.is_empty() { String::new() } else { format!("<form method=\"post\"><button>{button}</button></form><script>{SCRIPT}</script>") };
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
    let (store, now) = (edge.house.store.workspace(workspace), edge.house.world.now());
    let stopped = |old: &LetterReader| Ok::<_, CommitError>(LetterReader { stopped_at: old.stopped_at.or(Some(now)), ..old.clone() });
    if store.change(LetterReader::by_hash(&hash), stopped, |_, _| Ok(())).await?.is_none() {
        let mut batch = Batch::new();
        batch.insert(&LetterReader { stopped_at: Some(now), ..LetterReader::new(hash) })?;
        store.commit(batch).await?;
    }
    Ok(page(&space.locale, true))
}
