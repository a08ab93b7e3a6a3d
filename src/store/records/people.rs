//! People as channels know them, the customers behind them, and which of those are different people.

use super::entry;
use crate::model::customer::{Apart, Customer, CustomerLink, Identity};
use crate::model::ids::CustomerId;
use crate::model::sign::Sign;
use crate::store::key::Key;
use crate::store::port::{IndexEntry, RecordKey};
use crate::store::table::Record;

fn by_sign(index: &'static str, sign: &Sign) -> IndexEntry {
    IndexEntry { index, unique: false, group: sign_group(sign), sort: Key::new().done() }
}

/// The group of `BY_SIGN` of those that have a sign.
#[must_use]
pub fn sign_group(sign: &Sign) -> Vec<u8> {
    let (kind, value) = sign.parts();
    Key::new().text(kind).text(value).done()
}

impl Identity {
    /// Unique index by login and each external id.
    pub const BY_EXTERNAL: &'static str = "external";
    /// Index by each sign; who vouches for it says the record.
    pub const BY_SIGN: &'static str = "sign";

    pub(super) fn index_entries(&self) -> Vec<IndexEntry> {
        let login = || Key::new().number(self.login.0);
        let external = self.external_ids.iter().map(|id| entry(Self::BY_EXTERNAL, true, login(), Key::new().text(id)));
        external.chain(self.signs().iter().map(|(sign, _)| by_sign(Self::BY_SIGN, sign))).collect()
    }
}

impl Customer {
    /// Index by the customer this one was merged into.
    pub const BY_MERGED: &'static str = "merged";
    /// Index by each sign managers wrote.
    pub const BY_SIGN: &'static str = "sign";

    pub(super) fn index_entries(&self) -> Vec<IndexEntry> {
        let merged = self.merged_into.map(|into| entry(Self::BY_MERGED, false, Key::new().number(into.0), Key::new()));
        merged.into_iter().chain(self.signs().iter().map(|sign| by_sign(Self::BY_SIGN, sign))).collect()
    }
}

impl CustomerLink {
    /// Index by customer.
    pub const BY_CUSTOMER: &'static str = "customer";

    pub(super) fn index_entries(&self) -> Vec<IndexEntry> {
        vec![entry(Self::BY_CUSTOMER, false, Key::new().number(self.customer.0), Key::new())]
    }
}

impl Apart {
    /// Index by each of the two.
    pub const BY_CUSTOMER: &'static str = "customer";

    /// The record's key.
    #[must_use]
    pub fn at(one: CustomerId, other: CustomerId) -> RecordKey {
        let (low, high) = (one.min(other), one.max(other));
        RecordKey { group: Key::new().number(low.0).done(), item: Key::new().number(high.0).done() }
    }
}

impl Record for Apart {
    const TABLE: &'static str = "apart";

    fn key(&self) -> RecordKey {
        Self::at(self.one, self.other)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let each = |id: CustomerId| entry(Self::BY_CUSTOMER, false, Key::new().number(id.0), Key::new());
        vec![each(self.one), each(self.other)]
    }
}
