//! Writing to somebody who has not written yet.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::conversations::{SentBody, author, sent};
use super::customers;
use crate::gateway::administration::channels::{account, accounts};
use crate::gateway::commands::{Command, ask};
use crate::gateway::searcher::{self, Question};
use crate::model::conversation::Conversation;
use crate::model::ids::AccountId;
use crate::model::protocol::CustomerView;
use crate::model::reason::Reason;
use crate::store::key::Key;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// What is to be sent, and to whom.
#[derive(Deserialize, ToSchema)]
pub struct FirstBody {
    /// Whom to: a phone, a user name, a link, as the channel takes it.
    address: String,
    /// The client's own key: the same key twice has one effect.
    client_id: String,
    /// What it says.
    text: String,
}

/// Write first: to an address of a channel that can. The message stands in the conversation of that address, made with it if there is none.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), request_body = FirstBody,
    responses((status = 200, body = SentBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody), (status = 503, body = ProblemBody)))]
#[post("/api/v1/channels/{id}/messages")]
pub(crate) async fn send(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<FirstBody>) -> Result<Json<SentBody>, Problem> {
    let id: AccountId = id.parse().map_err(|_| Problem::unknown("channel"))?;
    if !caller.access.sees(id) {
        return Err(Problem::unknown("channel"));
    }
    let channel = account(&edge.house, caller.workspace, id).await?;
    let FirstBody { address, client_id, text } = body.into_inner();
    let (author, origin) = author(&caller);
    let command = Command::WriteFirst { account: id, address, client_id, text, author, origin, at: edge.house.world.now() };
    let answer = ask(&edge.house, caller.workspace, channel.login, command).await?;
    Ok(Json(sent(&edge, &caller, answer).await?))
}

/// Whom one wants to write to.
#[derive(Deserialize, IntoParams)]
pub struct WaysQuery {
    /// A phone, a user name, a link.
    address: String,
}

/// How a channel can reach an address.
#[derive(Serialize, ToSchema)]
pub struct WayView {
    /// The channel.
    channel: String,
    /// Its kind.
    kind: String,
    /// Its name.
    name: String,
    /// The address in the form the channel takes; null: it cannot write there first.
    address: Option<String>,
    /// Why it cannot.
    reason: Option<Reason>,
    /// The conversation with this address, if there is one already.
    conversation: Option<String>,
}

/// Who can be reached, and how.
#[derive(Serialize, ToSchema)]
pub struct WaysView {
    /// Every channel the caller sees, those that can write there first.
    channels: Vec<WayView>,
    /// Customers who may be meant: those that are found by the address.
    customers: Vec<CustomerView>,
}

/// Customers told beside the channels.
const CUSTOMERS: usize = 5;
/// The longest address.
const ADDRESS: usize = 400;

/// Which channels can write to an address first, why others cannot, and who may be meant.
#[utoipa::path(tag = "conversations", operation_id = "ways", params(WaysQuery), responses((status = 200, body = WaysView), (status = 400, body = ProblemBody)))]
#[get("/api/v1/ways")]
pub(crate) async fn ways(edge: Data<Edge>, LoggedIn(caller): LoggedIn, query: Query<WaysQuery>) -> Result<Json<WaysView>, Problem> {
    let asked = query.address.trim();
    if asked.is_empty() || asked.len() > ADDRESS {
        return Err(Problem::bad_request("bad_parameter", "`address` cannot be read"));
    }
    let store = edge.house.store.workspace(caller.workspace);
    let mut channels = Vec::new();
    for account in accounts(&edge.house, caller.workspace).await? {
        if !caller.access.sees(account.id) {
            continue;
        }
        let channel = edge.house.channels.of_kind(account.kind);
        let read = match channel {
            _ if !account.active => Err(Reason::new("channel_inactive")),
            Some(channel) => channel.first_address(&account, asked),
            None => Err(Reason::new("channel_unknown").with("provider", account.kind.as_str())),
        };
        let conversation = match &read {
            Ok(address) => {
                let (group, sort) = (Key::new().number(account.id.0).done(), Key::new().text(address).done());
                store.get_unique::<Conversation>(Conversation::BY_ADDRESS, &group, &sort).await?.map(|found| found.record.id.to_string())
            }
            Err(_) => None,
        };
        let (address, reason) = match read {
            Ok(address) => (Some(address), None),
            Err(reason) => (None, Some(reason)),
        };
        channels.push(WayView {
            channel: account.id.to_string(),
            kind: account.kind.as_str().to_owned(),
            name: account.name,
            address,
            reason,
            conversation,
        });
    }
    channels.sort_by_key(|way| way.address.is_none());
    let question = Question {
        workspace: caller.workspace,
        epoch: &caller.epoch,
        access: &caller.access,
        conversation: None,
        text: asked.trim_start_matches('@'),
        after: None,
        limit: CUSTOMERS,
    };
    let (found, _) = searcher::customers(&edge.house, question).await?;
    Ok(Json(WaysView { channels, customers: customers::many(&edge, &caller, &found.customers).await? }))
}
