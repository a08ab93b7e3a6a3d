//! Puts together what a CRM is told of a message.

use std::sync::Arc;

use super::desk::CrmDesk;
use crate::crm::contract::Job;
use crate::model::connection::{AccountLink, ChannelAccount};
use crate::model::conversation::Conversation;
use crate::model::crm::{CrmConnection, CrmTalk, Joins};
use crate::model::customer::{Customer, CustomerLink, Identity};
use crate::model::ids::{ConversationId, CustomerId, IdentityId};
use crate::model::message::{Delivery, Message, Origin};
use crate::model::people::User;
use crate::model::visit::Visit;
use crate::store::key::Key;
use crate::store::port::{Scan, StoreError};
use crate::store::table::Stored;

/// The most identities of a customer a CRM is told of, and the most conversations of one that are looked at.
const IDENTITIES: usize = 50;
const PLACES: usize = 100;
/// The most talks of one conversation.
const TALKS: usize = 200;

/// A job, with the talks as they are stored.
pub(super) struct Gathered {
    pub(super) job: Job,
    pub(super) talks: Vec<Stored<CrmTalk>>,
}

/// Whose messages must not be given to a CRM side by side: a customer's; of a group, the conversation's.
///
/// # Errors
/// The store's failure.
pub(super) async fn whose(desk: &CrmDesk, conversation: &Conversation) -> Result<String, StoreError> {
    Ok(match conversation.identity {
        Some(identity) => match customer_of(desk, identity).await? {
            Some(customer) => format!("customer {customer}"),
            None => format!("identity {identity}"),
        },
        None => format!("conversation {}", conversation.id),
    })
}

/// The job's talk belongs to what a person chose.
pub(super) fn join(desk: &CrmDesk, job: &mut Job, joins: &Joins) {
    if joins.is_empty() {
        return;
    }
    let fresh = || CrmTalk::fresh(desk.connection, job.conversation.id, &job.key, desk.house.world.now());
    let mut talk = job.talk.clone().unwrap_or_else(fresh);
    if talk.join(joins)
        && let Some(folder) = desk.crm.write_first()
    {
        folder.joined(&mut talk);
    }
    job.talk = Some(talk);
}

async fn customer_of(desk: &CrmDesk, identity: IdentityId) -> Result<Option<CustomerId>, StoreError> {
    Ok(desk.store.get::<CustomerLink>(CustomerLink::at(identity)).await?.map(|link| link.record.customer))
}

/// Reads all that a job has. `None`: something of it is gone.
///
/// # Errors
/// The store's failure.
pub(super) async fn gather(
    desk: &Arc<CrmDesk>, connection: &CrmConnection, message: Message, delivery: Delivery, conversation: Conversation,
) -> Result<Option<Gathered>, StoreError> {
    let store = &desk.store;
    let Some(account) = store.get::<ChannelAccount>(ChannelAccount::at(conversation.account)).await? else { return Ok(None) };
    let link = store.get::<AccountLink>(AccountLink::at(conversation.account, desk.connection)).await?;
    // The account feeds this connection no longer; what was queued while it did goes all the same.
    let link = link.map_or_else(|| AccountLink::plain(conversation.account, desk.connection), |link| link.record);
    let (customer, identities) = people(desk, &conversation).await?;
    let author = match message.identity.filter(|author| Some(*author) != conversation.identity) {
        Some(author) => store.get::<Identity>(Identity::at(author)).await?.map(|stored| stored.record),
        None => None,
    };
    let writer = match (&message.origin, message.author.id.parse()) {
        (Origin::Manager, Ok(user)) => desk.house.store.global().get::<User>(User::at(user)).await?.map(|stored| stored.record.email),
        _ => None,
    };
    let visit = match conversation.last_visit.as_ref().or(conversation.first_visit.as_ref()) {
        Some(code) => store.get::<Visit>(Visit::at(code)).await?.map(|stored| stored.record),
        None => None,
    };
    let key = match desk.crm.key(connection, &conversation, &message) {
        Some(key) => key,
        None => {
            let own = store.scan::<CrmTalk>(&CrmTalk::group(desk.connection, conversation.id), Scan::first(TALKS)).await?;
            own.into_iter().max_by_key(|talk| talk.record.said_at).map(|talk| talk.record.key).unwrap_or_default()
        }
    };
    let mut talks = Vec::new();
    let mut others = Vec::new();
    let mut talk = None;
    for place in places(desk, &conversation, &identities).await? {
        let found = store.scan::<CrmTalk>(&CrmTalk::group(desk.connection, place.id), Scan::first(TALKS)).await?;
        if found.is_empty() {
            continue;
        }
        let of = match place.account == account.record.id {
            true => Some(account.record.clone()),
            false => store.get::<ChannelAccount>(ChannelAccount::at(place.account)).await?.map(|stored| stored.record),
        };
        for stored in found {
            if place.id == conversation.id && stored.record.key == key {
                talk = Some(stored.record.clone());
            } else if let Some(of) = &of {
                others.push((stored.record.clone(), of.clone()));
            }
            talks.push(stored);
        }
    }
    others.sort_by_key(|(talk, _)| std::cmp::Reverse(talk.said_at));
    let reply_to = match message.reply_to {
        Some(id) => store.get::<Delivery>(Delivery::at(id, desk.connection)).await?.and_then(|stored| stored.record.external_id),
        None => None,
    };
    let job = Job {
        message,
        delivery,
        conversation,
        account: account.record,
        link,
        customer,
        identities,
        author,
        writer,
        visit,
        key,
        talk,
        others,
        reply_to,
    };
    Ok(Some(Gathered { job, talks }))
}

/// The customer, and the identities they are known by: that of the conversation first.
async fn people(desk: &CrmDesk, conversation: &Conversation) -> Result<(Option<Customer>, Vec<Identity>), StoreError> {
    let Some(identity) = conversation.identity else { return Ok((None, Vec::new())) };
    let customer = customer_of(desk, identity).await?;
    let mut ids = vec![identity];
    if let Some(customer) = customer {
        let group = Key::new().number(customer.0).done();
        let links = desk.store.scan_index::<CustomerLink>(CustomerLink::BY_CUSTOMER, &group, Scan::first(IDENTITIES)).await?;
        ids.extend(links.into_iter().map(|(_, link)| link.record.identity).filter(|other| *other != identity));
    }
    let keys: Vec<_> = ids.into_iter().map(Identity::at).collect();
    let identities = desk.store.get_many::<Identity>(&keys).await?.into_iter().flatten().map(|stored| stored.record).collect();
    let customer = match customer {
        Some(id) => desk.store.get::<Customer>(Customer::at(id)).await?.map(|stored| stored.record),
        None => None,
    };
    Ok((customer, identities))
}

struct Found {
    id: ConversationId,
    account: crate::model::ids::AccountId,
}

/// The customer's conversations, this one among them.
async fn places(desk: &CrmDesk, conversation: &Conversation, identities: &[Identity]) -> Result<Vec<Found>, StoreError> {
    let mut places = vec![Found { id: conversation.id, account: conversation.account }];
    for identity in identities {
        let group = Key::new().number(identity.id.0).done();
        let found = desk.store.scan_index::<Conversation>(Conversation::BY_IDENTITY, &group, Scan::first(PLACES)).await?;
        let found = found.into_iter().map(|(_, stored)| Found { id: stored.record.id, account: stored.record.account });
        places.extend(found.filter(|place| place.id != conversation.id));
    }
    Ok(places)
}
