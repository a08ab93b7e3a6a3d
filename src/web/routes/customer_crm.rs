//! Where a customer stands in the CRMs, for their card.

use actix_web::get;
use actix_web::web::{Data, Json, Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::customers::found;
use crate::gateway::administration::crm_places::{self, Place};
use crate::gateway::views::{self, Viewer};
use crate::model::connection::CrmKind;
use crate::model::conversation::Conversation;
use crate::model::crm::CrmRecord;
use crate::model::ids::ConnectionId;
use crate::model::protocol::MessageView;
use crate::model::time::Time;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// Where a customer stands in the CRMs.
#[derive(Serialize, ToSchema)]
pub struct CustomerInCrms {
    /// The connections that know them.
    connections: Vec<CustomerInCrm>,
    /// Their newest messages that a CRM was told of or is to be, the newest first: `crm` of each says where it stands; 20 at most.
    messages: Vec<MessageView>,
}

/// Where a customer stands in one CRM.
#[derive(Serialize, ToSchema)]
pub struct CustomerInCrm {
    /// The connection.
    #[schema(value_type = String)]
    connection: ConnectionId,
    /// Its name.
    name: String,
    /// What it is.
    #[schema(value_type = String)]
    kind: CrmKind,
    /// What there is of them: the contact, then deals, the newest first.
    records: Vec<CrmRecordView>,
}

/// A record in a CRM.
#[derive(Serialize, ToSchema)]
pub struct CrmRecordView {
    /// What it is.
    record: CrmRecord,
    /// The CRM's id of it.
    id: String,
    /// Its page there.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// When something was last said of it.
    #[schema(value_type = String, format = DateTime)]
    said_at: Time,
}

/// Where a customer stands in the CRMs: contact and deals there, and where their newest messages are.
#[utoipa::path(tag = "customers", operation_id = "customer_in_crms", params(("id" = String, Path)), responses((status = 200, body = CustomerInCrms),
    (status = 404, body = ProblemBody)))]
#[get("/api/v1/customers/{id}/crm")]
pub(crate) async fn show(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<Json<CustomerInCrms>, Problem> {
    let whole = found(&edge, &caller, &id).await?;
    let mut all: Vec<&Conversation> = whole.parts.iter().flat_map(|part| &part.conversations).map(|stored| &stored.record).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.active_at));
    let (house, workspace) = (&edge.house, caller.workspace);
    let record = |Place { record, id, url, said_at }| CrmRecordView { record, id, url, said_at };
    let connections = crm_places::places(house, workspace, &all).await?.into_iter().map(|(connection, places)| CustomerInCrm {
        connection: connection.id,
        name: connection.name,
        kind: connection.kind,
        records: places.into_iter().map(record).collect(),
    });
    let messages = crm_places::messages(house, workspace, &all).await?;
    let view = |(message, deliveries): &(_, Vec<_>)| views::message(house, workspace, message, deliveries, Viewer::Member);
    Ok(Json(CustomerInCrms { connections: connections.collect(), messages: messages.iter().map(view).collect() }))
}
