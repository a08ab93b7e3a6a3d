//! Customers: merged and taken apart again. Only links move; identities, conversations and messages stay as they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Actor, AdministrationError, audit};
use crate::gateway::commands::Command;
use crate::gateway::entries::{self, FeedEntry, MailboxEntry};
use crate::gateway::house::House;
use crate::gateway::known_customers::{LINKS, links, whole};
use crate::model::contact;
use crate::model::customer::{Apart, Customer, CustomerLink};
use crate::model::ids::{AccountId, CustomerId, WorkspaceId};
use crate::store::batch::Batch;
use crate::store::handle::PartitionStore;
use crate::store::port::{CommitError, Refusal, StoreError};
use crate::store::records::streams;
use crate::store::table::Stored;

/// The longest row of customers merged into each other.
const ROW: usize = 50;
/// How often a conflict is read again and tried again.
const TRIES: usize = 10;

/// Makes one customer of two: the identities of `from` belong to `into` from now on.
///
/// # Errors
/// One of them is not there, they are one already (`same_customer`, `already_merged`), there are too many identities, or the store's word.
pub async fn merge(
    house: &House, workspace: WorkspaceId, actor: &Actor, from: CustomerId, into: CustomerId,
) -> Result<Customer, AdministrationError> {
    let store = house.store.workspace(workspace);
    for _ in 0..TRIES {
        let old = find(&store, from).await?;
        if old.record.merged_into.is_some() {
            return Err(AdministrationError::NotAllowed("already_merged"));
        }
        let row = row(&store, into).await?;
        let target = row.last().copied().unwrap_or(into);
        if target == from {
            return Err(AdministrationError::NotAllowed("same_customer"));
        }
        let kept = find(&store, target).await?;
        let mut batch = Batch::new();
        if row.len() >= ROW || !join(house, &store, &mut batch, actor, &old, &kept).await? {
            return Err(AdministrationError::NotAllowed("too_many_identities"));
        }
        match store.commit(batch).await {
            Ok(_) => return Ok(kept.record),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}

/// Puts into a batch that the identities of one customer belong to another from now on. False: there would be too many.
///
/// # Errors
/// The store's failure.
pub(crate) async fn join(
    house: &House, store: &PartitionStore, batch: &mut Batch, actor: &Actor, from: &Stored<Customer>, into: &Stored<Customer>,
) -> Result<bool, StoreError> {
    let (gone, kept) = (from.record.id, into.record.id);
    let moving = links(store, gone).await?;
    if moving.len().saturating_add(links(store, kept).await?.len()) > LINKS {
        return Ok(false);
    }
    batch.update(from, &Customer { merged_into: Some(kept), ..from.record.clone() })?;
    // That the other stays what it is: nobody merges it away meanwhile.
    batch.update(into, &into.record)?;
    for link in &moving {
        batch.update(link, &CustomerLink { customer: kept, ..link.record.clone() })?;
    }
    let details = json!({ "into": kept, "identities": moving.iter().map(|link| link.record.identity).collect::<Vec<_>>() });
    audit(house, batch, actor, "customer.merged", gone, details)?;
    tell(house, store, batch, &[gone, kept], true).await?;
    Ok(true)
}

/// Keeps that two customers are different people.
///
/// # Errors
/// One of them is not there, they are one (`same_customer`), or the store's word.
pub async fn keep_apart(house: &House, workspace: WorkspaceId, actor: &Actor, one: CustomerId, other: CustomerId) -> Result<(), AdministrationError> {
    let store = house.store.workspace(workspace);
    if one == other || standing(&store, one).await? == standing(&store, other).await? {
        return Err(AdministrationError::NotAllowed("same_customer"));
    }
    let mut batch = Batch::new();
    set_apart(house, &mut batch, &store, actor, one, other).await?;
    audit(house, &mut batch, actor, "customer.kept_apart", one, json!({ "from": other }))?;
    tell(house, &store, &mut batch, &[one, other], false).await?;
    match store.commit(batch).await {
        // Somebody said the same at the same moment.
        Ok(_) | Err(CommitError::Refused(Refusal::Conflict { .. })) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn set_apart(
    house: &House, batch: &mut Batch, store: &PartitionStore, actor: &Actor, one: CustomerId, other: CustomerId,
) -> Result<(), StoreError> {
    if store.get::<Apart>(Apart::at(one, other)).await?.is_none() {
        batch.insert(&Apart::of(one, other, &actor.id, house.world.now()))?;
    }
    Ok(())
}

/// Undoes a merge: what came with the customer, its own identities and those of customers merged into it before, belongs to it again.
///
/// # Errors
/// It is not there, it is not merged (`not_merged`), or the store's word.
pub async fn unmerge(house: &House, workspace: WorkspaceId, actor: &Actor, id: CustomerId) -> Result<Customer, AdministrationError> {
    let store = house.store.workspace(workspace);
    for _ in 0..TRIES {
        let old = find(&store, id).await?;
        let Some(into) = old.record.merged_into else { return Err(AdministrationError::NotAllowed("not_merged")) };
        let kept = row(&store, into).await?.last().copied().unwrap_or(into);
        let mut batch = Batch::new();
        let new = Customer { merged_into: None, ..old.record.clone() };
        batch.update(&old, &new)?;
        let mut rows: BTreeMap<CustomerId, Vec<CustomerId>> = BTreeMap::new();
        let mut moved = Vec::new();
        for link in links(&store, kept).await? {
            let home = link.record.home;
            if let std::collections::btree_map::Entry::Vacant(vacant) = rows.entry(home) {
                vacant.insert(row(&store, home).await?);
            }
            if rows.get(&home).is_some_and(|row| row.contains(&id)) {
                batch.update(&link, &CustomerLink { customer: id, ..link.record.clone() })?;
                moved.push(link.record.identity);
            }
        }
        // Taken apart by hand: nothing joins them by itself, and nobody is asked.
        set_apart(house, &mut batch, &store, actor, id, kept).await?;
        audit(house, &mut batch, actor, "customer.unmerged", id, json!({ "from": kept, "identities": moved }))?;
        tell(house, &store, &mut batch, &[id, kept], true).await?;
        match store.commit(batch).await {
            Ok(_) => return Ok(new),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}

/// What a customer is called and reached by, as managers write it.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The name.
    pub name: Option<String>,
    /// Phones.
    pub phones: Option<Vec<String>>,
    /// E-mails.
    pub emails: Option<Vec<String>>,
    /// Where they work.
    pub company: Option<String>,
    /// Anything else.
    pub note: Option<String>,
}

/// The most phones, and e-mails, of one customer.
const CONTACTS: usize = 20;

fn line(field: &'static str, text: &str, most: usize) -> Result<String, AdministrationError> {
    let text = text.trim();
    if text.chars().count() > most {
        return Err(AdministrationError::Wrong { field, code: "too_long" });
    }
    Ok(text.to_owned())
}

/// Each in its one form, none twice.
fn contacts(field: &'static str, given: &[String], code: &'static str, read: fn(&str) -> Option<String>) -> Result<Vec<String>, AdministrationError> {
    let mut kept: Vec<String> = Vec::new();
    for text in given.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        let one = read(text).ok_or(AdministrationError::Wrong { field, code })?;
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    if kept.len() > CONTACTS {
        return Err(AdministrationError::Wrong { field, code: "too_many" });
    }
    Ok(kept)
}

fn say(customer: &mut Customer, said: &Said) -> Result<(), AdministrationError> {
    if let Some(name) = &said.name {
        customer.name = line("name", name, 200)?;
    }
    if let Some(phones) = &said.phones {
        customer.known.phones = contacts("phones", phones, "phone_invalid", contact::phone)?;
    }
    if let Some(emails) = &said.emails {
        customer.known.emails = contacts("emails", emails, "email_invalid", contact::email)?;
    }
    if let Some(company) = &said.company {
        customer.known.company = line("company", company, 200)?;
    }
    if let Some(note) = &said.note {
        customer.known.note = line("note", note, 4_000)?;
    }
    Ok(())
}

/// Writes down somebody who has not written yet. They need a name, a phone or an e-mail.
///
/// # Errors
/// A field is wrong, or the store's word.
pub async fn create(house: &House, workspace: WorkspaceId, said: &Said) -> Result<Stored<Customer>, AdministrationError> {
    let mut customer = Customer::fresh(CustomerId(house.world.id()), house.world.now());
    say(&mut customer, said)?;
    if customer.name.is_empty() && customer.known.phones.is_empty() && customer.known.emails.is_empty() {
        return Err(AdministrationError::Wrong { field: "name", code: "required" });
    }
    let mut batch = Batch::new();
    batch.insert(&customer)?;
    batch.append(&streams::feed(), entries::write(&FeedEntry::Customer { c: customer.id, a: None })?);
    house.store.workspace(workspace).commit(batch).await?;
    Ok(Stored { version: 1, record: customer })
}

/// Changes what is known of a customer; one that is merged is changed in the one it is part of.
///
/// # Errors
/// It is not there, a field is wrong, or the store's word.
pub async fn change(house: &House, workspace: WorkspaceId, id: CustomerId, said: &Said) -> Result<CustomerId, AdministrationError> {
    let store = house.store.workspace(workspace);
    for _ in 0..TRIES {
        let id = row(&store, id).await?.last().copied().unwrap_or(id);
        let old = find(&store, id).await?;
        let mut new = old.record.clone();
        say(&mut new, said)?;
        if new == old.record {
            return Ok(id);
        }
        let mut batch = Batch::new();
        batch.update(&old, &new)?;
        tell(house, &store, &mut batch, &[id], new.name != old.record.name).await?;
        match store.commit(batch).await {
            Ok(_) => return Ok(id),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}

/// The customer that stands for this one: itself, or the one it was merged into.
///
/// # Errors
/// It is not there, or the store's word.
pub async fn standing(store: &PartitionStore, id: CustomerId) -> Result<CustomerId, AdministrationError> {
    Ok(row(store, id).await?.last().copied().unwrap_or(id))
}

/// Screens and the search are told: the screens of who sees a channel one of the customers is in. `renamed`: their conversations take the
/// name that stands after the commit; each is asked by its owner's mailbox, so that none is missed.
async fn tell(house: &House, store: &PartitionStore, batch: &mut Batch, customers: &[CustomerId], renamed: bool) -> Result<(), StoreError> {
    let mut accounts = BTreeSet::new();
    for customer in customers {
        let Some(whole) = whole(store, *customer).await? else { continue };
        accounts.extend(whole.accounts());
        for talk in whole.parts.iter().flat_map(|part| &part.conversations).filter(|_| renamed) {
            let command = Box::new(Command::Rename { conversation: talk.record.id });
            let answer = format!("renamed/{}", house.world.secret::<16>());
            let entry = MailboxEntry::Command { answer, at: house.world.now(), command };
            batch.append(&streams::mailbox(talk.record.login), entries::write(&entry)?);
        }
    }
    let to: Vec<Option<AccountId>> = if accounts.is_empty() { vec![None] } else { accounts.into_iter().map(Some).collect() };
    for customer in customers {
        for account in &to {
            batch.append(&streams::feed(), entries::write(&FeedEntry::Customer { c: *customer, a: *account })?);
        }
    }
    Ok(())
}

async fn find(store: &PartitionStore, id: CustomerId) -> Result<Stored<Customer>, AdministrationError> {
    store.get::<Customer>(Customer::at(id)).await?.ok_or(AdministrationError::Unknown("customer"))
}

/// A customer, the one it was merged into, and so on to the one that is whole.
async fn row(store: &PartitionStore, id: CustomerId) -> Result<Vec<CustomerId>, AdministrationError> {
    let mut row = vec![id];
    let mut next = find(store, id).await?.record.merged_into;
    while let Some(id) = next.filter(|id| row.len() <= ROW && !row.contains(id)) {
        row.push(id);
        next = find(store, id).await?.record.merged_into;
    }
    Ok(row)
}
