//! Customers: the people behind the conversations, whatever channels they write from.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::conversations::{self, parse};
use crate::gateway::administration::access::Caller;
use crate::gateway::administration::customers::{self, Said};
use crate::gateway::house::House;
use crate::gateway::known_customers::{Part, Whole, whole as known};
use crate::gateway::likeness;
use crate::gateway::searcher::{self, Question};
use crate::gateway::views;
use crate::model::conversation::ConversationStatus;
use crate::model::customer::{Claim, Customer, Known, Vouched};
use crate::model::ids::{CustomerId, WorkspaceId};
use crate::model::protocol::{ClaimView, ConversationView, CustomerView};
use crate::model::reason::Reason;
use crate::model::sign::Sign;
use crate::model::time::Time;
use crate::store::search::ResultPlace;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// The most rows of one page.
const ROWS: usize = 100;
/// Conversations told with one customer, the newest first.
const CONVERSATIONS: usize = 50;
/// Told of those who may be the same person.
const ALIKE: usize = 3;

/// Which customers.
#[derive(Deserialize, IntoParams)]
pub struct ListQuery {
    /// Words, a phone or an e-mail; none: all customers.
    q: Option<String>,
    /// From an earlier page.
    cursor: Option<String>,
    /// At most so many, 100 at most.
    limit: Option<usize>,
}

/// A page of customers.
#[derive(Serialize, ToSchema)]
pub struct CustomersPage {
    /// The newest first.
    items: Vec<CustomerView>,
    /// What to say as `cursor` for the next page; null: this was the last.
    next: Option<String>,
    /// How many there are; told with the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    /// Whether everybody was looked through; if not, the index is being built: ask again in a while.
    complete: bool,
}

pub(super) fn claims(claims: &[Claim]) -> impl Iterator<Item = ClaimView> {
    let by = |by| match by {
        Vouched::Provider => "provider",
        Vouched::Signature => "signature",
        Vouched::Manager => "manager",
        Vouched::Unverified => "unverified",
    };
    claims.iter().map(move |claim| ClaimView { value: claim.value.clone(), by: by(claim.by).to_owned() })
}

/// The parts of a customer the caller may see: those that wrote to a channel of theirs. None: not even that there is one.
fn seen(caller: &Caller, whole: Whole) -> Option<Whole> {
    let hidden = !whole.parts.is_empty();
    let parts: Vec<Part> = whole
        .parts
        .into_iter()
        .filter_map(|mut part| {
            let any = part.conversations.is_empty();
            part.conversations.retain(|one| caller.access.sees(one.record.account));
            (!part.conversations.is_empty() || (any && caller.access.channels().is_none())).then_some(part)
        })
        .collect();
    (!hidden || !parts.is_empty()).then_some(Whole { parts, ..whole })
}

/// What managers wrote first, then what the identities say, then what came with those merged into it; each once.
fn gathered<'a>(own: &[String], told: impl Iterator<Item = ClaimView>, merged: impl Iterator<Item = &'a String>) -> Vec<ClaimView> {
    let said = |value: &String, by: &str| ClaimView { value: value.clone(), by: by.to_owned() };
    let mut all: Vec<ClaimView> = own.iter().map(|value| said(value, "manager")).collect();
    for claim in told.chain(merged.map(|value| said(value, "merged"))) {
        if !all.iter().any(|known| known.value == claim.value) {
            all.push(claim);
        }
    }
    all
}

/// The names beside the one that is shown, each once.
fn aliases(whole: &Whole, shown: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in whole.parts.iter().map(|part| &part.identity.name).chain(whole.merged.iter().map(|one| &one.name)) {
        if !name.is_empty() && name != shown && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// The first that says something: the customer, or one merged into it.
fn first_said(whole: &Whole, what: fn(&Known) -> &String) -> String {
    let all = std::iter::once(&whole.customer.record).chain(&whole.merged);
    all.map(|one| what(&one.known)).find(|text| !text.is_empty()).cloned().unwrap_or_default()
}

fn view(house: &House, workspace: WorkspaceId, whole: &Whole) -> CustomerView {
    let customer = &whole.customer.record;
    let newest = || whole.parts.iter().flat_map(|part| &part.conversations).max_by_key(|one| one.record.active_at);
    let named = || whole.parts.iter().map(|part| part.identity.name.as_str()).find(|name| !name.is_empty()).unwrap_or_default();
    let mut channels: Vec<String> = Vec::new();
    for one in whole.parts.iter().flat_map(|part| &part.conversations) {
        let kind = one.record.kind.as_str().to_owned();
        if !channels.contains(&kind) {
            channels.push(kind);
        }
    }
    let given = || whole.merged.iter().map(|one| one.name.as_str()).find(|name| !name.is_empty());
    let name = if customer.name.is_empty() { given().unwrap_or_else(named).to_owned() } else { customer.name.clone() };
    CustomerView {
        id: customer.id,
        aliases: aliases(whole, &name),
        name,
        given_name: customer.name.clone(),
        picture_url: whole.parts.iter().rev().find_map(|part| part.identity.picture).map(|file| views::picture(house, workspace, file)),
        phones: gathered(
            &customer.known.phones,
            whole.parts.iter().flat_map(|part| claims(&part.identity.phones)),
            whole.merged.iter().flat_map(|one| &one.known.phones),
        ),
        emails: gathered(
            &customer.known.emails,
            whole.parts.iter().flat_map(|part| claims(&part.identity.emails)),
            whole.merged.iter().flat_map(|one| &one.known.emails),
        ),
        company: first_said(whole, |known| &known.company),
        note: first_said(whole, |known| &known.note),
        channels,
        conversation: newest().map(|one| one.record.id),
        active_at: newest().map(|one| one.record.active_at),
        created_at: customer.created_at,
        merged_into: customer.merged_into,
    }
}

/// The customers of ids that the caller may see, in their order.
pub(super) async fn many(edge: &Edge, caller: &Caller, ids: &[CustomerId]) -> Result<Vec<CustomerView>, Problem> {
    let store = edge.house.store.workspace(caller.workspace);
    let mut views = Vec::with_capacity(ids.len());
    for id in ids {
        let found = known(&store, *id).await?.filter(|whole| whole.customer.record.merged_into.is_none());
        views.extend(found.and_then(|whole| seen(caller, whole)).map(|whole| view(&edge.house, caller.workspace, &whole)));
    }
    Ok(views)
}

/// Customers by words, or all of them, the newest first.
#[utoipa::path(tag = "customers", operation_id = "customers", params(ListQuery), responses((status = 200, body = CustomersPage), (status = 400, body = ProblemBody), (status = 503, body = ProblemBody)))]
#[get("/api/v1/customers")]
pub(crate) async fn list(edge: Data<Edge>, LoggedIn(caller): LoggedIn, query: Query<ListQuery>) -> Result<Json<CustomersPage>, Problem> {
    let question = Question {
        workspace: caller.workspace,
        epoch: &caller.epoch,
        access: &caller.access,
        conversation: None,
        text: query.q.as_deref().unwrap_or_default(),
        after: parse::<ResultPlace>("cursor", query.cursor.as_deref())?,
        limit: query.limit.unwrap_or(50).clamp(1, ROWS),
    };
    let (found, complete) = searcher::customers(&edge.house, question).await?;
    let items = many(&edge, &caller, &found.customers).await?;
    Ok(Json(CustomersPage { items, next: found.next.map(|place| place.to_string()), total: found.total, complete }))
}

/// What is known of somebody.
#[derive(Deserialize, ToSchema)]
pub struct CustomerBody {
    /// The name, 200 characters at most.
    name: Option<String>,
    /// All phones managers know; those the channels tell are beside them.
    phones: Option<Vec<String>>,
    /// All e-mails managers know.
    emails: Option<Vec<String>>,
    /// Where they work.
    company: Option<String>,
    /// Anything else, 4,000 characters at most.
    note: Option<String>,
}

impl From<CustomerBody> for Said {
    fn from(body: CustomerBody) -> Self {
        let CustomerBody { name, phones, emails, company, note } = body;
        Self { name, phones, emails, company, note }
    }
}

/// Write down somebody who has not written yet.
#[utoipa::path(tag = "customers", operation_id = "create_customer", request_body = CustomerBody, responses((status = 201, body = CustomerView), (status = 422, body = ProblemBody)))]
#[post("/api/v1/customers")]
pub(crate) async fn create(edge: Data<Edge>, LoggedIn(caller): LoggedIn, body: Json<CustomerBody>) -> Result<HttpResponse, Problem> {
    let made = customers::create(&edge.house, caller.workspace, &body.into_inner().into()).await?;
    Ok(HttpResponse::Created().json(view(&edge.house, caller.workspace, &Whole { customer: made, parts: Vec::new(), merged: Vec::new() })))
}

/// A person as one channel knows them.
#[derive(Serialize, ToSchema)]
pub struct IdentityView {
    /// The id.
    id: String,
    /// The channel's kind; empty if they never wrote.
    channel_kind: String,
    /// The name there.
    name: String,
    /// The user name there, without `@`.
    username: String,
    /// The site's own id of them, if its signature was right.
    site_id: Option<String>,
    /// Why they cannot be written to; null: they can.
    unreachable: Option<Reason>,
    /// The customer they came with; a merge is undone for all that came with one.
    home: String,
    /// When they were first seen.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

/// A customer that was made one with another.
#[derive(Serialize, ToSchema)]
pub struct MergedView {
    /// Which.
    id: String,
    /// What it was called.
    name: String,
}

/// A customer with everything that belongs to it, as far as the caller may see.
#[derive(Serialize, ToSchema)]
pub struct CustomerCard {
    /// The customer.
    customer: CustomerView,
    /// As the channels know them.
    identities: Vec<IdentityView>,
    /// Their conversations, the newest first, 50 at most.
    conversations: Vec<ConversationView>,
    /// Customers that are part of this one now; each merge can be undone.
    merged: Vec<MergedView>,
    /// Who may be the same person; three at most.
    alike: Vec<AlikeView>,
}

/// Somebody who may be the same person.
#[derive(Serialize, ToSchema)]
pub struct AlikeView {
    /// Who.
    customer: CustomerView,
    /// What they have in common, what counts most first.
    by: Vec<SignView>,
}

/// Something two customers have in common.
#[derive(Serialize, ToSchema)]
pub struct SignView {
    /// `phone`, `account`, `site`, `name` or `email`.
    kind: &'static str,
    /// What it says.
    value: String,
}

pub(super) async fn found(edge: &Edge, caller: &Caller, id: &str) -> Result<Whole, Problem> {
    let unknown = || Problem::unknown("customer");
    let id: CustomerId = id.parse().map_err(|_| unknown())?;
    let store = edge.house.store.workspace(caller.workspace);
    let whole = known(&store, id).await?.ok_or_else(unknown)?;
    // Of one that is part of another only this is known; who sees the other may ask.
    if let Some(into) = whole.customer.record.merged_into {
        let into = customers::standing(&store, into).await?;
        let other = known(&store, into).await?.ok_or_else(unknown)?;
        seen(caller, other).ok_or_else(unknown)?;
        return Ok(whole);
    }
    seen(caller, whole).ok_or_else(unknown)
}

/// Who may be the same person as a customer, as far as the caller sees both.
async fn alike(edge: &Edge, caller: &Caller, whole: &Whole) -> Result<Vec<AlikeView>, Problem> {
    if whole.customer.record.merged_into.is_some() {
        return Ok(Vec::new());
    }
    let store = edge.house.store.workspace(caller.workspace);
    let mut found = Vec::new();
    for id in likeness::alike(&store, whole).await? {
        let Some(other) = known(&store, id).await?.and_then(|other| seen(caller, other)) else { continue };
        let by = likeness::shared(whole, &other);
        if !by.is_empty() {
            found.push((by, other));
        }
    }
    // What counts most first.
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let sign = |sign: &Sign| SignView { kind: sign.parts().0, value: sign.parts().1.to_owned() };
    Ok(found
        .iter()
        .take(ALIKE)
        .map(|(by, other)| AlikeView { customer: view(&edge.house, caller.workspace, other), by: by.iter().map(sign).collect() })
        .collect())
}

async fn card(edge: &Edge, caller: &Caller, whole: &Whole) -> Result<CustomerCard, Problem> {
    let mut stored: Vec<_> = whole.parts.iter().flat_map(|part| &part.conversations).collect();
    stored.sort_by_key(|one| std::cmp::Reverse((one.record.status == ConversationStatus::Open, one.record.active_at)));
    let mut shown = Vec::new();
    for one in stored.into_iter().take(CONVERSATIONS) {
        shown.push(conversations::view(edge, caller, one).await?);
    }
    let merged = |one: &Customer| {
        let came = || whole.parts.iter().find(|part| part.link.home == one.id).map(|part| part.identity.name.clone());
        MergedView { id: one.id.to_string(), name: Some(one.name.clone()).filter(|name| !name.is_empty()).or_else(came).unwrap_or_default() }
    };
    let identity = |part: &Part| IdentityView {
        id: part.identity.id.to_string(),
        channel_kind: part.conversations.first().map(|one| one.record.kind.as_str().to_owned()).unwrap_or_default(),
        name: part.identity.name.clone(),
        username: part.identity.username.clone(),
        site_id: part.identity.site_id.clone(),
        unreachable: part.identity.unreachable.clone(),
        home: part.link.home.to_string(),
        created_at: part.identity.created_at,
    };
    Ok(CustomerCard {
        customer: view(&edge.house, caller.workspace, whole),
        identities: whole.parts.iter().map(identity).collect(),
        conversations: shown,
        merged: whole.merged.iter().map(merged).collect(),
        alike: alike(edge, caller, whole).await?,
    })
}

/// One customer with identities and conversations.
#[utoipa::path(tag = "customers", operation_id = "customer", params(("id" = String, Path)), responses((status = 200, body = CustomerCard), (status = 404, body = ProblemBody)))]
#[get("/api/v1/customers/{id}")]
pub(crate) async fn show(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<Json<CustomerCard>, Problem> {
    let whole = found(&edge, &caller, &id).await?;
    Ok(Json(card(&edge, &caller, &whole).await?))
}

/// Change what managers know of a customer. What is not named stays.
#[utoipa::path(tag = "customers", operation_id = "change_customer", params(("id" = String, Path)), request_body = CustomerBody,
    responses((status = 200, body = CustomerCard), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[patch("/api/v1/customers/{id}")]
pub(crate) async fn change(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<CustomerBody>,
) -> Result<Json<CustomerCard>, Problem> {
    let whole = found(&edge, &caller, &id).await?;
    let changed = customers::change(&edge.house, caller.workspace, whole.customer.record.id, &body.into_inner().into()).await?;
    let whole = found(&edge, &caller, &changed.to_string()).await?;
    Ok(Json(card(&edge, &caller, &whole).await?))
}

/// Which customer it is one with.
#[derive(Deserialize, ToSchema)]
pub struct MergeBody {
    /// The one that stays.
    into: String,
}

/// Make one customer of two: everything of this one belongs to the other from now on. Messages stay where they are, and it can be undone.
#[utoipa::path(tag = "customers", operation_id = "merge_customer", params(("id" = String, Path)), request_body = MergeBody,
    responses((status = 200, body = CustomerCard), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/api/v1/customers/{id}/merge")]
pub(crate) async fn merge(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<MergeBody>,
) -> Result<Json<CustomerCard>, Problem> {
    let from = found(&edge, &caller, &id).await?.customer.record.id;
    let into = found(&edge, &caller, &body.into).await?.customer.record.id;
    let kept = customers::merge(&edge.house, caller.workspace, &caller.actor(), from, into).await?;
    let whole = found(&edge, &caller, &kept.id.to_string()).await?;
    Ok(Json(card(&edge, &caller, &whole).await?))
}

/// Undo a merge: what came with this customer belongs to it again.
#[utoipa::path(tag = "customers", operation_id = "unmerge_customer", params(("id" = String, Path)),
    responses((status = 200, body = CustomerCard), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/api/v1/customers/{id}/unmerge")]
pub(crate) async fn unmerge(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<Json<CustomerCard>, Problem> {
    let id = found(&edge, &caller, &id).await?.customer.record.id;
    customers::unmerge(&edge.house, caller.workspace, &caller.actor(), id).await?;
    let whole = found(&edge, &caller, &id.to_string()).await?;
    Ok(Json(card(&edge, &caller, &whole).await?))
}

/// Who it is not.
#[derive(Deserialize, ToSchema)]
pub struct ApartBody {
    /// The other customer.
    from: String,
}

/// Say that two customers are different people: they are neither joined by themselves nor asked about again.
#[utoipa::path(tag = "customers", operation_id = "keep_customers_apart", params(("id" = String, Path)), request_body = ApartBody,
    responses((status = 200, body = CustomerCard), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/api/v1/customers/{id}/apart")]
pub(crate) async fn apart(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<ApartBody>,
) -> Result<Json<CustomerCard>, Problem> {
    let whole = found(&edge, &caller, &id).await?;
    let other = found(&edge, &caller, &body.from).await?.customer.record.id;
    customers::keep_apart(&edge.house, caller.workspace, &caller.actor(), whole.customer.record.id, other).await?;
    Ok(Json(card(&edge, &caller, &whole).await?))
}
