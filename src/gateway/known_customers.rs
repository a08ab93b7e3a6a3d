//! What a customer is: the record, the identities that belong to it, and the channels they are in. Put together from records for
//! screens and for the search.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::house::House;
use super::searcher::SearchFailure;
use crate::model::conversation::Conversation;
use crate::model::customer::{Customer, CustomerLink, Identity};
use crate::model::ids::{AccountId, CustomerId, IdentityId, WorkspaceId};
use crate::store::handle::PartitionStore;
use crate::store::key::Key;
use crate::store::port::{Scan, StoreError};
use crate::store::search::{Change, PutCustomer, PutPart};
use crate::store::table::Stored;

/// The most identities of one customer.
pub const LINKS: usize = 500;
/// The most conversations of one identity that are looked at: one a place.
const PLACES: usize = 100;
/// Records read at once.
const PAGE: usize = 500;

/// An identity of a customer, with where it wrote.
#[derive(Debug, Clone)]
pub struct Part {
    /// How it belongs.
    pub link: CustomerLink,
    /// The identity.
    pub identity: Identity,
    /// Its conversations.
    pub conversations: Vec<Stored<Conversation>>,
}

/// A customer with everything that belongs to it.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The record.
    pub customer: Stored<Customer>,
    /// Its identities, oldest first.
    pub parts: Vec<Part>,
    /// Those that were made one with it.
    pub merged: Vec<Customer>,
}

impl Part {
    /// The channel accounts it is in.
    fn accounts(&self) -> BTreeSet<AccountId> {
        self.conversations.iter().map(|one| one.record.account).collect()
    }
}

impl Whole {
    /// The channel accounts they are in.
    #[must_use]
    pub fn accounts(&self) -> BTreeSet<AccountId> {
        self.parts.iter().flat_map(Part::accounts).collect()
    }
}

/// The links of a customer.
///
/// # Errors
/// The store's failure.
pub async fn links(store: &PartitionStore, id: CustomerId) -> Result<Vec<Stored<CustomerLink>>, StoreError> {
    let found = store.scan_index::<CustomerLink>(CustomerLink::BY_CUSTOMER, &Key::new().number(id.0).done(), Scan::first(LINKS)).await?;
    Ok(found.into_iter().map(|(_, link)| link).collect())
}

/// The customers that were made one with this one, and with those.
///
/// # Errors
/// The store's failure.
pub(crate) async fn merged(store: &PartitionStore, id: CustomerId) -> Result<Vec<Customer>, StoreError> {
    let mut all: Vec<Customer> = Vec::new();
    let mut next = vec![id];
    while let Some(id) = next.pop() {
        let found = store.scan_index::<Customer>(Customer::BY_MERGED, &Key::new().number(id.0).done(), Scan::first(LINKS)).await?;
        for (_, one) in found {
            if all.len() < LINKS && all.iter().all(|known| known.id != one.record.id) {
                next.push(one.record.id);
                all.push(one.record);
            }
        }
    }
    Ok(all)
}

/// A customer, whole; none: there is no such one.
///
/// # Errors
/// The store's failure.
pub async fn whole(store: &PartitionStore, id: CustomerId) -> Result<Option<Whole>, StoreError> {
    let Some(customer) = store.get::<Customer>(Customer::at(id)).await? else { return Ok(None) };
    let links = links(store, id).await?;
    let keys: Vec<_> = links.iter().map(|link| Identity::at(link.record.identity)).collect();
    let mut parts = Vec::with_capacity(links.len());
    for (link, identity) in links.into_iter().zip(store.get_many::<Identity>(&keys).await?) {
        let Some(identity) = identity else { continue };
        let group = Key::new().number(identity.record.id.0).done();
        let found = store.scan_index::<Conversation>(Conversation::BY_IDENTITY, &group, Scan::first(PLACES)).await?;
        parts.push(Part { link: link.record, identity: identity.record, conversations: found.into_iter().map(|(_, stored)| stored).collect() });
    }
    Ok(Some(Whole { customer, parts, merged: merged(store, id).await? }))
}

/// What the search keeps of a customer; none: there is no such one.
///
/// # Errors
/// The store's failure.
pub async fn one(store: &PartitionStore, id: CustomerId) -> Result<Option<Change>, StoreError> {
    let Some(whole) = whole(store, id).await? else { return Ok(None) };
    let parts = whole.parts.iter().map(|part| found_by(&part.identity, part.accounts()));
    Ok(Some(change(&whole.customer.record, &whole.merged, parts.collect())))
}

fn found_by(identity: &Identity, accounts: BTreeSet<AccountId>) -> PutPart {
    let mut texts = vec![identity.name.clone(), identity.username.clone()];
    texts.extend(identity.phones.iter().chain(&identity.emails).map(|claim| claim.value.clone()));
    texts.extend(identity.site_id.clone());
    PutPart { accounts, texts }
}

fn change(customer: &Customer, merged: &[Customer], parts: Vec<PutPart>) -> Change {
    let texts = customer.merged_into.is_none().then(|| {
        let mut texts = Vec::new();
        for one in std::iter::once(customer).chain(merged) {
            texts.extend([one.name.clone(), one.known.company.clone(), one.known.note.clone()]);
            texts.extend(one.known.phones.iter().chain(&one.known.emails).cloned());
        }
        texts
    });
    Change::Customer(PutCustomer { customer: customer.id, texts, parts })
}

/// Puts every customer of a workspace into the search index that is being built. Who wrote where is held in memory meanwhile: some tens
/// of bytes a conversation.
///
/// # Errors
/// The store's failure, or the index's.
pub async fn build(house: &House, workspace: WorkspaceId) -> Result<(), SearchFailure> {
    let store = house.store.workspace(workspace);
    let mut places: HashMap<IdentityId, BTreeSet<AccountId>> = HashMap::new();
    let mut scan = Scan::first(PAGE);
    loop {
        let page = store.scan::<Conversation>(&[], scan.clone()).await?;
        for one in &page {
            if let Some(identity) = one.record.identity {
                places.entry(identity).or_default().insert(one.record.account);
            }
        }
        scan.above = page.last().map(|last| Conversation::at(last.record.id).item);
        if page.len() < PAGE {
            break;
        }
    }
    let mut belong: HashMap<CustomerId, Vec<IdentityId>> = HashMap::new();
    let mut scan = Scan::first(PAGE);
    loop {
        let page = store.scan::<CustomerLink>(&[], scan.clone()).await?;
        for link in &page {
            belong.entry(link.record.customer).or_default().push(link.record.identity);
        }
        scan.above = page.last().map(|last| CustomerLink::at(last.record.identity).item);
        if page.len() < PAGE {
            break;
        }
    }
    // Few are merged: only those that are the whole of several are looked at twice.
    let mut several: BTreeSet<CustomerId> = BTreeSet::new();
    let mut scan = Scan::first(PAGE);
    loop {
        let page = store.scan::<Customer>(&[], scan.clone()).await?;
        several.extend(page.iter().filter_map(|one| one.record.merged_into));
        scan.above = page.last().map(|last| Customer::at(last.record.id).item);
        if page.len() < PAGE {
            break;
        }
    }
    let mut scan = Scan::first(PAGE);
    loop {
        let page = store.scan::<Customer>(&[], scan.clone()).await?;
        let ids: Vec<IdentityId> = page.iter().flat_map(|one| belong.get(&one.record.id).into_iter().flatten().copied()).collect();
        let mut identities: BTreeMap<IdentityId, Identity> = BTreeMap::new();
        for ids in ids.chunks(PAGE) {
            let keys: Vec<_> = ids.iter().map(|id| Identity::at(*id)).collect();
            identities.extend(store.get_many::<Identity>(&keys).await?.into_iter().flatten().map(|stored| (stored.record.id, stored.record)));
        }
        let mut parts: HashMap<CustomerId, Vec<Customer>> = HashMap::new();
        for one in page.iter().filter(|one| several.contains(&one.record.id)) {
            parts.insert(one.record.id, merged(&store, one.record.id).await?);
        }
        let changes = page.iter().map(|one| {
            let merged = parts.get(&one.record.id).map_or(&[][..], Vec::as_slice);
            let ids = belong.get(&one.record.id).map_or(&[][..], Vec::as_slice);
            let known = ids.iter().filter_map(|id| identities.get(id));
            let parts = known.map(|identity| found_by(identity, places.get(&identity.id).cloned().unwrap_or_default()));
            change(&one.record, merged, parts.collect())
        });
        house.search.index.build(workspace, changes.collect()).await?;
        scan.above = page.last().map(|last| Customer::at(last.record.id).item);
        if page.len() < PAGE {
            return Ok(());
        }
    }
}
