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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::form::{Field, FieldKind, Step, Texts};
    use crate::crm::contract::Crm;

    type Words = BTreeMap<String, String>;

    fn of_fields(fields: &[Field]) -> Vec<String> {
        let words = fields.iter().flat_map(|field| {
            let name = format!("field.{}", field.name);
            let mut keys = vec![name.clone()];
            if let FieldKind::Choice { values } = &field.kind {
                keys.extend(values.iter().map(|value| format!("{name}.{value}")));
            }
            keys.extend(field.warns.then(|| format!("{name}.warning")));
            keys
        });
        words.collect()
    }

    /// What an owner is asked before and after, and how it works.
    fn wanted(crm: &dyn Crm) -> Vec<String> {
        let mut keys = vec![format!("name.{}", crm.name()), format!("about.{}", crm.name())];
        if let Some(Step::Fields { name, fields }) = crm.connect().map(|connect| connect.first()) {
            keys.extend(["title", "text"].map(|part| format!("step.{name}.{part}")));
            keys.extend(of_fields(&fields));
        }
        keys
    }

    #[test]
    fn each_crm_has_its_words_in_each_language() {
        for crm in Crms::all().iter().filter(|crm| crm.texts() != Texts::none()) {
            let texts = ["ru", "en", "es"].map(|language| serde_json::from_str::<Words>(crm.texts().of(language)).unwrap());
            let wanted = wanted(crm.as_ref());
            let [russian, others @ ..] = &texts;
            for words in &texts {
                let missing: Vec<_> = wanted.iter().filter(|key| words.get(*key).is_none_or(|text| text.trim().is_empty())).collect();
                assert_eq!(missing, Vec::<&String>::new(), "{}", crm.name());
            }
            assert!(others.iter().all(|words| words.keys().eq(russian.keys())), "{}: the languages do not say the same", crm.name());
        }
    }
}
