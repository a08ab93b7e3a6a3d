//! Customers: merged and taken apart again. Only links move; identities, conversations and messages stay as they are.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Actor, AdministrationError, audit};
use crate::gateway::house::House;
use crate::model::customer::{Customer, CustomerLink};
use crate::model::ids::{CustomerId, WorkspaceId};
use crate::store::batch::Batch;
use crate::store::handle::PartitionStore;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, Scan};
use crate::store::table::Stored;

/// The most identities of one customer.
const LINKS: usize = 500;
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
        let links = links(&store, from).await?;
        if links.len().saturating_add(self::links(&store, target).await?.len()) > LINKS || row.len() >= ROW {
            return Err(AdministrationError::NotAllowed("too_many_identities"));
        }
        let mut batch = Batch::new();
        batch.update(&old, &Customer { merged_into: Some(target), ..old.record.clone() })?;
        // That the other stays what it is: nobody merges it away meanwhile.
        batch.update(&kept, &kept.record)?;
        for link in &links {
            batch.update(link, &CustomerLink { customer: target, ..link.record.clone() })?;
        }
        let details = json!({ "into": target, "identities": links.iter().map(|link| link.record.identity).collect::<Vec<_>>() });
        audit(house, &mut batch, actor, "customer.merged", from, details)?;
        match store.commit(batch).await {
            Ok(_) => return Ok(kept.record),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
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
        let whole = row(&store, into).await?.last().copied().unwrap_or(into);
        let mut batch = Batch::new();
        let new = Customer { merged_into: None, ..old.record.clone() };
        batch.update(&old, &new)?;
        let mut rows: BTreeMap<CustomerId, Vec<CustomerId>> = BTreeMap::new();
        let mut moved = Vec::new();
        for link in links(&store, whole).await? {
            let home = link.record.home;
            if let std::collections::btree_map::Entry::Vacant(vacant) = rows.entry(home) {
                vacant.insert(row(&store, home).await?);
            }
            if rows.get(&home).is_some_and(|row| row.contains(&id)) {
                batch.update(&link, &CustomerLink { customer: id, ..link.record.clone() })?;
                moved.push(link.record.identity);
            }
        }
        audit(house, &mut batch, actor, "customer.unmerged", id, json!({ "from": whole, "identities": moved }))?;
        match store.commit(batch).await {
            Ok(_) => return Ok(new),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
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

async fn links(store: &PartitionStore, id: CustomerId) -> Result<Vec<Stored<CustomerLink>>, AdministrationError> {
    let found = store.scan_index::<CustomerLink>(CustomerLink::BY_CUSTOMER, &Key::new().number(id.0).done(), Scan::first(LINKS)).await?;
    Ok(found.into_iter().map(|(_, link)| link).collect())
}
