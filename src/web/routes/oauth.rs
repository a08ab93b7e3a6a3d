//! Who comes back from a CRM: what stands in the address is the answer to the step they left. The page they left goes on by itself.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, get};
use serde_json::Value;

use crate::connector::form::Values;
use crate::gateway::administration::crm_connecting;
use crate::gateway::supervisor::Reconcile;
use crate::model::connection::CrmKind;
use crate::model::protocol::Role;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::Problem;

/// What its page may: be shown.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Takes what somebody brings back.
#[get("/oauth/{crm}")]
pub(crate) async fn come_back(
    edge: Data<Edge>, caller: Result<LoggedIn, Problem>, crm: Path<String>, query: Query<std::collections::BTreeMap<String, String>>,
) -> HttpResponse {
    let Ok(LoggedIn(caller)) = caller else { return page("", false) };
    let values: Values = query.into_inner().into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    let is_done = match CrmKind::read(&crm).filter(|_| caller.access.role >= Role::Admin) {
        Some(crm) => match crm_connecting::come_back(&edge.house, &caller, crm, &values).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(crm = crm.as_str(), %error, "somebody came back from a CRM with nothing good");
                false
            }
        },
        None => false,
    };
    if is_done {
        // Its actor starts now, not with the next beat.
        edge.gateway.do_send(Reconcile);
    }
    page(&caller.locale, is_done)
}

fn page(locale: &str, is_done: bool) -> HttpResponse {
    let (lang, title, said) = match (locale, is_done) {
        ("en", true) => ("en", "Done, you can close this window", "Go back to Kommutator: it goes on by itself."),
        ("en", false) => ("en", "It did not work", "Go back to Kommutator: it says why, and you can try again there."),
        ("es", true) => ("es", "Listo, puedes cerrar esta ventana", "Vuelve a Kommutator: la conexión sigue sola."),
        ("es", false) => ("es", "No se pudo conectar", "Vuelve a Kommutator: allí verás la causa y podrás repetirlo."),
        (_, true) => ("ru", "Готово, можно закрыть окно", "Вернитесь в Kommutator: подключение продолжится само."),
        (_, false) => ("ru", "Подключить не получилось", "Вернитесь в Kommutator: там видна причина и можно попробовать ещё раз."),
    };
    let words = [("LANG", lang), ("TITLE", title), ("SAID", said), ("FORM", "")];
    let page = words.iter().fold(include_str!("stop.html").to_owned(), |page, (place, word)| page.replace(place, word));
    let mut response = HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).content_type("text/html; charset=utf-8").body(page);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // The address holds a code: no page hears of it.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
