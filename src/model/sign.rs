//! By what two customers may prove to be one person. Pure.

use super::contact;
use super::customer::{Customer, Identity, Vouched};

/// Something two may have in common, in the order it counts: a phone, who they are in a channel, an e-mail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// A phone, in its one form.
    Phone(String),
    /// Who they are to a provider that knows them by one id in all its logins.
    Account(String),
    /// The site's own id of them.
    Site(String),
    /// The name by which they are found in a messenger, in lower case. One may have it after another, so it proves nothing.
    Name(String),
    /// An e-mail, in its one form.
    Email(String),
}

impl Sign {
    /// What it is, and what it says.
    #[must_use]
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Phone(value) => ("phone", value),
            Self::Account(value) => ("account", value),
            Self::Site(value) => ("site", value),
            Self::Name(value) => ("name", value),
            Self::Email(value) => ("email", value),
        }
    }
}

/// Who says so is enough to join two by themselves. A manager may have been told wrong.
fn vouches(by: Vouched) -> bool {
    match by {
        Vouched::Provider | Vouched::Signature => true,
        Vouched::Manager | Vouched::Unverified => false,
    }
}

impl Identity {
    /// Its signs, each with whether a provider or a signature vouches for it.
    #[must_use]
    pub fn signs(&self) -> Vec<(Sign, bool)> {
        let phones = self.phones.iter().filter_map(|claim| Some((Sign::Phone(contact::phone(&claim.value)?), vouches(claim.by))));
        let emails = self.emails.iter().filter_map(|claim| Some((Sign::Email(contact::email(&claim.value)?), vouches(claim.by))));
        let account = self.everywhere.iter().map(|id| (Sign::Account(id.clone()), true));
        // Signed, but each site counts its people by itself: the same number at two of them may be two people.
        let site = self.site_id.iter().map(|id| (Sign::Site(id.clone()), false));
        let name = (!self.username.is_empty()).then(|| (Sign::Name(self.username.to_lowercase()), false));
        let mut all: Vec<_> = phones.chain(emails).chain(account).chain(site).chain(name).collect();
        // Where one is told twice, who vouches for it comes first and stays.
        all.sort_by(|a, b| (&a.0, !a.1).cmp(&(&b.0, !b.1)));
        all.dedup_by(|a, b| a.0 == b.0);
        all
    }

    /// The provider that knows them by one id.
    #[must_use]
    pub fn known_by(&self) -> Option<&str> {
        self.everywhere.as_deref()?.split_once('/').map(|(provider, _)| provider)
    }
}

impl Customer {
    /// What managers wrote of them, as signs.
    #[must_use]
    pub fn signs(&self) -> Vec<Sign> {
        let phones = self.known.phones.iter().filter_map(|value| contact::phone(value).map(Sign::Phone));
        let mut all: Vec<_> = phones.chain(self.known.emails.iter().filter_map(|value| contact::email(value).map(Sign::Email))).collect();
        all.sort();
        all.dedup();
        all
    }
}
