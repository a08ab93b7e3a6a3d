//! Who is behind a conversation: what is known of the person, how they came, how they rated.

use actix_web::get;
use actix_web::web::{Data, Json, Path};

use super::conversations::seen;
use super::customers::claims;
use crate::model::conversation::PastEpisode;
use crate::model::customer::{CustomerLink, Identity};
use crate::model::protocol::{ConsentView, PersonView};
use crate::model::visit::Visit;
use crate::store::port::Scan;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// The parts of a conversation that are shown beside the newest.
const EPISODES: usize = 100;

/// The person of a conversation, the visits they wrote in, and how they rated its parts.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = PersonView), (status = 404, body = ProblemBody)))]
#[get("/api/v1/conversations/{id}/person")]
pub(crate) async fn person(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<Json<PersonView>, Problem> {
    let conversation = seen(&edge, &caller, &id).await?.record;
    let store = edge.house.store.workspace(caller.workspace);
    let identity = match conversation.identity {
        Some(identity) => store.get::<Identity>(Identity::at(identity)).await?.map(|stored| stored.record),
        None => None,
    };
    let link = match conversation.identity {
        Some(identity) => store.get::<CustomerLink>(CustomerLink::at(identity)).await?,
        None => None,
    };
    let codes: Vec<_> = [&conversation.first_visit, &conversation.last_visit].into_iter().flatten().map(|code| Visit::at(code)).collect();
    let mut visits = store.get_many::<Visit>(&codes).await?.into_iter().map(|found| found.map(|stored| stored.record.view()));
    let (first_visit, last_visit) = (visits.next().flatten(), visits.next().flatten());
    let mut past = store.scan::<PastEpisode>(&PastEpisode::group(conversation.id), Scan::last(EPISODES)).await?;
    past.reverse();
    let episodes = past.iter().map(|past| &past.record.episode).chain([&conversation.episode]).map(|episode| episode.view(conversation.id)).collect();
    let known = identity.as_ref();
    Ok(Json(PersonView {
        customer: link.map(|link| link.record.customer),
        name: known.map(|known| known.name.clone()).unwrap_or_default(),
        phones: known.map(|known| claims(&known.phones).collect()).unwrap_or_default(),
        emails: known.map(|known| claims(&known.emails).collect()).unwrap_or_default(),
        site_id: known.and_then(|known| known.site_id.clone()),
        unreachable: known.and_then(|known| known.unreachable.clone()),
        consent: known.and_then(|known| known.consent.clone()).map(|consent| ConsentView { text: consent.text, at: consent.at }),
        first_visit,
        last_visit,
        episodes,
    }))
}
