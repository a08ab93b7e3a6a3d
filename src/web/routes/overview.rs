//! What the first page tells: the day's numbers, and which messages did not go out.

use actix_web::get;
use actix_web::web::{Data, Json, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::conversations::{self, Page};
use super::search::FoundView;
use crate::gateway::administration::access::Caller;
use crate::gateway::administration::channels;
use crate::gateway::events::deliveries_of_many;
use crate::gateway::views::{self, Viewer};
use crate::gateway::{searcher, tally};
use crate::model::ids::{AccountId, MessageId};
use crate::model::message::Message;
use crate::model::protocol::Role;
use crate::model::tally::DayTally;
use crate::model::time::Time;
use crate::store::key::Key;
use crate::store::port::{IndexPosition, Scan};
use crate::store::records::Quarantine;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// Messages of one page.
const ROWS: usize = 20;

/// The day's numbers.
#[derive(Serialize, ToSchema)]
pub struct Overview {
    /// The workspace's time zone, in which a day is a day.
    time_zone: String,
    /// Today, as far as the caller may see.
    today: DayTally,
    /// Yesterday.
    yesterday: DayTally,
    /// How much waits in the quarantine; admins and owners only.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine: Option<u64>,
}

/// The numbers of today and yesterday, as far as the caller may see.
#[utoipa::path(tag = "overview", operation_id = "overview", responses((status = 200, body = Overview)))]
#[get("/api/v1/overview")]
pub(crate) async fn numbers(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<Json<Overview>, Problem> {
    let space = edge.house.space(caller.workspace).await?.ok_or_else(|| Problem::unknown("workspace"))?;
    let (yesterday, today) = tally::look(&edge.house, caller.workspace, &caller.access, &space.time_zone).await?;
    let store = edge.house.store.workspace(caller.workspace);
    let quarantine = match caller.access.role >= Role::Admin {
        true => Some(store.count_index::<Quarantine>(Quarantine::WAITING, &[]).await?),
        false => None,
    };
    Ok(Json(Overview { time_zone: space.time_zone.clone(), today, yesterday, quarantine }))
}

/// Where to go on.
#[derive(Deserialize, IntoParams)]
pub struct FailuresQuery {
    /// From an earlier page.
    cursor: Option<String>,
}

/// The channels whose messages are looked through.
async fn accounts(edge: &Edge, caller: &Caller) -> Result<Vec<AccountId>, Problem> {
    let all = channels::accounts(&edge.house, caller.workspace).await?;
    Ok(all.into_iter().map(|account| account.id).filter(|id| caller.access.sees(*id)).collect())
}

fn read_place(cursor: &str) -> Result<IndexPosition, Problem> {
    let wrong = || Problem::bad_request("bad_parameter", "`cursor` cannot be read");
    let (at, id) = cursor.split_once('.').ok_or_else(wrong)?;
    let (at, id): (i64, MessageId) = (at.parse().map_err(|_| wrong())?, id.parse().map_err(|_| wrong())?);
    Ok(IndexPosition { sort: Key::new().signed(at).done(), key: Message::at(id) })
}

/// Messages that failed, or of which nobody knows whether they went out, newest first: of channels that are not taken off, as far as the
/// caller may see. `total` counts all of them.
#[utoipa::path(tag = "overview", operation_id = "list_failures", params(FailuresQuery), responses((status = 200, body = Page<FoundView>), (status = 400, body = ProblemBody)))]
#[get("/api/v1/failures")]
pub(crate) async fn failures(edge: Data<Edge>, LoggedIn(caller): LoggedIn, query: Query<FailuresQuery>) -> Result<Json<Page<FoundView>>, Problem> {
    let below = query.cursor.as_deref().map(read_place).transpose()?;
    let store = edge.house.store.workspace(caller.workspace);
    let mut total = 0_u64;
    let mut found: Vec<(Time, Message)> = Vec::new();
    for account in accounts(&edge, &caller).await? {
        let group = Key::new().number(account.0).done();
        let there = store.count_index::<Message>(Message::BY_TROUBLE, &group).await?;
        total = total.saturating_add(there);
        if there > 0 {
            let mut scan = Scan::last(ROWS.saturating_add(1));
            scan.below.clone_from(&below);
            let page = store.scan_index::<Message>(Message::BY_TROUBLE, &group, scan).await?;
            found.extend(page.into_iter().map(|(_, stored)| (stored.record.state.at, stored.record)));
        }
    }
    found.sort_by_key(|(at, message)| std::cmp::Reverse((*at, message.conversation, message.number)));
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let next = found.last().filter(|_| more).map(|(at, message)| format!("{}.{}", at.0, message.id()));
    let messages: Vec<Message> = found.into_iter().map(|(_, message)| message).collect();
    let stored = searcher::conversations(&edge.house, caller.workspace, &messages).await?;
    let mut deliveries = deliveries_of_many(&edge.house, caller.workspace, messages.iter().map(Message::id)).await?;
    let mut items = Vec::with_capacity(messages.len());
    for message in &messages {
        let Some(conversation) = stored.get(&message.conversation) else { continue };
        let deliveries = deliveries.remove(&message.id()).unwrap_or_default();
        items.push(FoundView {
            conversation: conversations::view(&edge, &caller, conversation).await?,
            message: views::message(&edge.house, caller.workspace, message, &deliveries, Viewer::Member),
        });
    }
    Ok(Json(Page { items, next, total: usize::try_from(total).ok() }))
}
