//! Who may be whom. What a provider or a signature vouches for joins customers by itself, in the order of the signs; anything else is a
//! question for a manager, and their answer is kept.

use std::collections::BTreeSet;

use super::known_customers::{Whole, merged};
use crate::model::customer::{Apart, Customer, CustomerLink, Identity};
use crate::model::ids::CustomerId;
use crate::model::sign::Sign;
use crate::store::handle::PartitionStore;
use crate::store::key::Key;
use crate::store::port::{Scan, StoreError};
use crate::store::records::sign_group;

/// The most looked at of those that share a sign.
const HITS: usize = 20;
/// The most signs of one customer that are looked for.
const SIGNS: usize = 60;
/// The most answers of one customer that are kept in mind.
const ANSWERS: usize = 200;

async fn identities(store: &PartitionStore, sign: &Sign) -> Result<Vec<Identity>, StoreError> {
    let found = store.scan_index::<Identity>(Identity::BY_SIGN, &sign_group(sign), Scan::first(HITS)).await?;
    Ok(found.into_iter().map(|(_, stored)| stored.record).collect())
}

async fn customer_of(store: &PartitionStore, identity: &Identity) -> Result<Option<CustomerId>, StoreError> {
    Ok(store.get::<CustomerLink>(CustomerLink::at(identity.id)).await?.map(|link| link.record.customer))
}

/// Of whom managers said that they are somebody else than this customer, or than those that are part of it.
async fn strangers(store: &PartitionStore, id: CustomerId) -> Result<BTreeSet<CustomerId>, StoreError> {
    let mut all = BTreeSet::new();
    for id in std::iter::once(id).chain(merged(store, id).await?.iter().map(|one| one.id)) {
        let found = store.scan_index::<Apart>(Apart::BY_CUSTOMER, &Key::new().number(id.0).done(), Scan::first(ANSWERS)).await?;
        all.extend(found.iter().flat_map(|(_, apart)| [apart.record.one, apart.record.other]).filter(|other| *other != id));
    }
    Ok(all)
}

async fn is_stranger(store: &PartitionStore, strangers: &BTreeSet<CustomerId>, id: CustomerId) -> Result<bool, StoreError> {
    if strangers.is_empty() {
        return Ok(false);
    }
    Ok(strangers.contains(&id) || merged(store, id).await?.iter().any(|part| strangers.contains(&part.id)))
}

/// The customer who is surely the person of an identity: both have a sign somebody vouches for. The first sign that leads to anybody counts,
/// and of several customers the oldest. `own`: whose the identity is now.
///
/// # Errors
/// The store's failure.
pub(crate) async fn vouched(store: &PartitionStore, identity: &Identity, own: Option<CustomerId>) -> Result<Option<CustomerId>, StoreError> {
    let mut others = None;
    for (sign, _) in identity.signs().into_iter().filter(|(_, vouched)| *vouched) {
        for other in identities(store, &sign).await? {
            if other.id == identity.id || !other.signs().contains(&(sign.clone(), true)) {
                continue;
            }
            let Some(found) = customer_of(store, &other).await? else { continue };
            if own == Some(found) {
                return Ok(None);
            }
            if let Some(own) = own {
                let known = match &others {
                    Some(known) => known,
                    None => others.insert(strangers(store, own).await?),
                };
                if is_stranger(store, known, found).await? {
                    continue;
                }
            }
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Customers that may be the same person, of whom nobody said that they are not.
///
/// # Errors
/// The store's failure.
pub async fn alike(store: &PartitionStore, whole: &Whole) -> Result<BTreeSet<CustomerId>, StoreError> {
    let own = whole.customer.record.id;
    let mut found = BTreeSet::new();
    for sign in signs(whole).iter().take(SIGNS) {
        for identity in identities(store, sign).await? {
            found.extend(customer_of(store, &identity).await?);
        }
        for (_, one) in store.scan_index::<Customer>(Customer::BY_SIGN, &sign_group(sign), Scan::first(HITS)).await? {
            let mut standing = one.record;
            while let Some(into) = standing.merged_into {
                let Some(next) = store.get::<Customer>(Customer::at(into)).await? else { break };
                standing = next.record;
            }
            found.insert(standing.id);
        }
    }
    found.remove(&own);
    let strangers = strangers(store, own).await?;
    let mut all = BTreeSet::new();
    for id in found {
        if !is_stranger(store, &strangers, id).await? {
            all.insert(id);
        }
    }
    Ok(all)
}

fn signs(whole: &Whole) -> BTreeSet<Sign> {
    let told = whole.parts.iter().flat_map(|part| part.identity.signs()).map(|(sign, _)| sign);
    let written = std::iter::once(&whole.customer.record).chain(&whole.merged).flat_map(Customer::signs);
    told.chain(written).collect()
}

/// What two customers have in common, as far as these hold it. A name in one messenger is one person's at a time: it says something only of
/// another messenger.
#[must_use]
pub fn shared(one: &Whole, other: &Whole) -> Vec<Sign> {
    let both = signs(one);
    let named = |whole: &Whole, name: &str| -> BTreeSet<Option<String>> {
        let of = whole.parts.iter().map(|part| &part.identity).filter(|identity| identity.username.to_lowercase() == name);
        of.map(|identity| identity.known_by().map(str::to_owned)).collect()
    };
    let counts = |sign: &Sign| match sign {
        Sign::Name(name) => named(one, name).is_disjoint(&named(other, name)),
        Sign::Phone(_) | Sign::Account(_) | Sign::Site(_) | Sign::Email(_) => true,
    };
    signs(other).into_iter().filter(|sign| both.contains(sign)).filter(counts).collect()
}
