//! What did not get to a CRM: shown, and sent once more when somebody wants it.

use crate::gateway::entries::{self, CrmMailboxEntry};
use crate::gateway::house::House;
use crate::model::ids::{ConnectionId, MessageId, WorkspaceId};
use crate::model::message::{CrmDeliveryStatus, Delivery};
use crate::store::batch::Batch;
use crate::store::port::Scan;
use crate::store::records::streams;

use super::{Actor, AdministrationError, audit, connections};

/// Of each connection so many are shown, the newest.
pub const SHOWN: usize = 100;
/// So many go in one commit, and at one word of somebody.
const AT_ONCE: (usize, usize) = (500, 10_000);

/// What did not get there, the newest first.
///
/// # Errors
/// There is no such connection, or the store's word.
pub async fn undelivered(house: &House, workspace: WorkspaceId, connection: Option<ConnectionId>) -> Result<Vec<Delivery>, AdministrationError> {
    let of = match connection {
        Some(id) => vec![connections::connection(house, workspace, id).await?],
        None => connections::connections(house, workspace).await?,
    };
    let mut found = Vec::new();
    for one in of {
        let group = Delivery::standing(one.id, CrmDeliveryStatus::Failed);
        let page = house.store.workspace(workspace).scan_index::<Delivery>(Delivery::BY_STATE, &group, Scan::last(SHOWN)).await?;
        found.extend(page.into_iter().map(|(_, stored)| stored.record));
    }
    found.sort_by_key(|one| std::cmp::Reverse((one.at, one.message.conversation, one.message.number)));
    found.truncate(SHOWN);
    Ok(found)
}

/// One message goes once more.
///
/// # Errors
/// `nothing_to_retry`: it went, or is on its way; there is no such connection; or the store's word.
pub async fn again(house: &House, workspace: WorkspaceId, id: ConnectionId, message: MessageId) -> Result<(), AdministrationError> {
    connections::served(house, workspace, id).await?;
    let delivery = house.store.workspace(workspace).get::<Delivery>(Delivery::at(message, id)).await?;
    let stands = delivery.map(|stored| stored.record.status);
    if !matches!(stands, Some(CrmDeliveryStatus::Failed | CrmDeliveryStatus::Skipped)) {
        return Err(AdministrationError::NotAllowed("nothing_to_retry"));
    }
    put(house, workspace, id, &[message], None).await
}

/// Everything that did not get there goes once more, in its order. Answers how much it is.
///
/// # Errors
/// There is no such connection, or the store's word.
pub async fn all_again(house: &House, workspace: WorkspaceId, actor: &Actor, id: ConnectionId) -> Result<usize, AdministrationError> {
    connections::served(house, workspace, id).await?;
    let (step, most) = AT_ONCE;
    let group = Delivery::standing(id, CrmDeliveryStatus::Failed);
    let found = house.store.workspace(workspace).scan_index::<Delivery>(Delivery::BY_STATE, &group, Scan::first(most)).await?;
    let mut messages: Vec<MessageId> = found.into_iter().map(|(_, stored)| stored.record.message).collect();
    messages.sort_by_key(|message| (message.conversation, message.number));
    for messages in messages.chunks(step) {
        put(house, workspace, id, messages, Some(actor)).await?;
    }
    Ok(messages.len())
}

async fn put(
    house: &House, workspace: WorkspaceId, id: ConnectionId, messages: &[MessageId], actor: Option<&Actor>,
) -> Result<(), AdministrationError> {
    let mut batch = Batch::new();
    // What is asked for twice is done once: of what is on its way nothing more is begun.
    batch.once(house.world.secret::<12>().into_bytes(), 60_000, "");
    for message in messages {
        batch.append(&streams::crm_mailbox(id), entries::write(&CrmMailboxEntry::Again { m: *message })?);
    }
    if let Some(actor) = actor {
        audit(house, &mut batch, actor, "connection.sent_again", id, serde_json::json!({ "messages": messages.len() }))?;
    }
    house.store.workspace(workspace).commit(batch).await?;
    Ok(())
}
