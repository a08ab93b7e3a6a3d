//! Which CRM is which folder.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::contract::Crm;

/// The CRMs this process knows, by the names of their folders.
#[derive(Clone, Default)]
pub struct Crms {
    by_name: BTreeMap<&'static str, Arc<dyn Crm>>,
}

impl Crms {
    /// Every CRM of the product.
    #[must_use]
    pub fn all() -> Self {
        let mut crms = Self::default();
        super::put_all(&mut crms);
        crms
    }

    /// Adds a CRM, or replaces the one of the same name.
    pub fn add(&mut self, crm: Arc<dyn Crm>) {
        self.by_name.insert(crm.name(), crm);
    }

    /// The CRM of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<dyn Crm>> {
        self.by_name.get(name).cloned()
    }

    /// Every CRM, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Crm>> {
        self.by_name.values()
    }
}
