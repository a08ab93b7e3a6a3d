//! Where a customer stands in the CRMs: their contact and deals there, and what of their newest messages is there.

use std::collections::BTreeMap;

use super::{AdministrationError, connections};
use crate::gateway::events;
use crate::gateway::house::House;
use crate::model::conversation::Conversation;
use crate::model::crm::{CrmConnection, CrmRecord, CrmTalk};
use crate::model::ids::WorkspaceId;
use crate::model::message::{Delivery, Message};
use crate::model::time::Time;
use crate::store::port::Scan;

/// Of so many conversations, the newest, and in each so many talks.
const CONVERSATIONS: usize = 50;
const TALKS: usize = 100;
/// So many messages are shown.
const MESSAGES: usize = 20;

/// A record of a customer in a CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What it is.
    pub record: CrmRecord,
    /// The CRM's id of it.
    pub id: String,
    /// Its page there.
    pub url: Option<String>,
    /// When something was last said of it.
    pub said_at: Time,
}

/// The records of some conversations in each connection, the newest first. Connections that know nothing of them are not named.
///
/// # Errors
/// The store's word.
pub async fn places(
    house: &House, workspace: WorkspaceId, conversations: &[&Conversation],
) -> Result<Vec<(CrmConnection, Vec<Place>)>, AdministrationError> {
    let (store, mut all) = (house.store.workspace(workspace), Vec::new());
    for connection in connections::known(house, workspace).await?.into_iter().filter(|one| one.kind.is_served()) {
        let crm = connections::crm_of(house, &connection);
        let mut found: BTreeMap<(CrmRecord, String), Time> = BTreeMap::new();
        for conversation in conversations.iter().take(CONVERSATIONS) {
            let talks = store.scan::<CrmTalk>(&CrmTalk::group(connection.id, conversation.id), Scan::last(TALKS)).await?;
            for talk in talks.into_iter().map(|talk| talk.record) {
                for (record, id) in [(CrmRecord::Contact, talk.contact), (CrmRecord::Deal, talk.deal)] {
                    let Some(id) = id else { continue };
                    let last = found.entry((record, id)).or_insert(talk.said_at);
                    *last = talk.said_at.max(*last);
                }
            }
        }
        let page = |record: CrmRecord, id: &str| crm.as_ref().and_then(|crm| crm.page(&connection, record, id));
        let mut places: Vec<Place> = found.into_iter().map(|((record, id), said_at)| Place { url: page(record, &id), record, id, said_at }).collect();
        places.sort_by_key(|place| (place.record, std::cmp::Reverse(place.said_at)));
        if !places.is_empty() {
            all.push((connection, places));
        }
    }
    Ok(all)
}

/// The newest messages of some conversations that a CRM was told of or is to be, with their standing in each, the newest first.
///
/// # Errors
/// The store's word.
pub async fn messages(
    house: &House, workspace: WorkspaceId, conversations: &[&Conversation],
) -> Result<Vec<(Message, Vec<Delivery>)>, AdministrationError> {
    let store = house.store.workspace(workspace);
    let mut newest = Vec::new();
    for conversation in conversations.iter().take(CONVERSATIONS) {
        let found = store.scan::<Message>(&Message::group(conversation.id), Scan::last(MESSAGES)).await?;
        newest.extend(found.into_iter().map(|found| found.record).filter(|message| message.admission.is_yes()));
    }
    newest.sort_by_key(|message| std::cmp::Reverse((message.written_at, message.conversation, message.number)));
    newest.truncate(MESSAGES);
    let mut standing = events::deliveries_of_many(house, workspace, newest.iter().map(Message::id)).await?;
    Ok(newest.into_iter().filter_map(|message| Some((standing.remove(&message.id())?, message))).map(|(there, message)| (message, there)).collect())
}
