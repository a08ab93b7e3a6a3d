//! Identity is not customer: a person as one login knows them, and the set of such that we think is one person. Merging and undoing
//! it moves links, never messages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::{CustomerId, FileId, IdentityId, LoginId};
use super::protocol::Page;
use super::reason::Reason;
use super::time::Time;

/// Who says that a phone, e-mail or name is somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vouched {
    /// The provider knows it (a WhatsApp phone).
    Provider,
    /// The site signed it.
    Signature,
    /// A manager typed it.
    Manager,
    /// The person, or the page, merely said it: never joins customers by itself.
    Unverified,
}

/// A phone, e-mail or name, with who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What is said.
    pub value: String,
    /// By whom.
    pub by: Vouched,
}

/// That a person agreed to something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The line as it stood there.
    pub text: String,
    /// When.
    pub at: Time,
}

/// A person as one login knows them. Written by the login's owner only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The id.
    pub id: IdentityId,
    /// The login that knows them.
    pub login: LoginId,
    /// The provider's ids of them; a migration or a LID adds one.
    pub external_ids: Vec<String>,
    /// `PROVIDER/ID`, where the provider knows them by one id in all its logins.
    #[serde(default)]
    pub everywhere: Option<String>,
    /// The name to show.
    pub name: String,
    /// The login name, without `@`.
    #[serde(default)]
    pub username: String,
    /// A picture of them.
    #[serde(default)]
    pub picture: Option<FileId>,
    /// Phones.
    #[serde(default)]
    pub phones: Vec<Claim>,
    /// E-mails.
    #[serde(default)]
    pub emails: Vec<Claim>,
    /// The site's own id of the person, if its signature vouched for it.
    #[serde(default)]
    pub site_id: Option<String>,
    /// What they agreed to last.
    #[serde(default)]
    pub consent: Option<Consent>,
    /// What else the provider tells of them: `city`, `birthday`, `link` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub about: BTreeMap<String, String>,
    /// Why they cannot be written to; none: they can.
    #[serde(default)]
    pub unreachable: Option<Reason>,
    /// The page they were on.
    #[serde(default)]
    pub page: Option<Page>,
    /// When they were first seen.
    pub created_at: Time,
    /// When their first message ever came (N): kept once.
    #[serde(default)]
    pub first_message_at: Option<Time>,
}

/// A set of identities: what we think is one person. No owner: written with `expect(version)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The id.
    pub id: CustomerId,
    /// The name a manager gave; empty: the identity's.
    pub name: String,
    /// When it was made.
    pub created_at: Time,
    /// The customer this one was merged into.
    #[serde(default)]
    pub merged_into: Option<CustomerId>,
    /// What managers wrote of them.
    #[serde(default)]
    pub known: Known,
}

impl Customer {
    /// One of whom nothing is known yet but that there is one.
    #[must_use]
    pub fn fresh(id: CustomerId, now: Time) -> Self {
        Self { id, name: String::new(), created_at: now, merged_into: None, known: Known::default() }
    }
}

/// What managers wrote of a customer, beside what the identities say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Known {
    /// Phones, `+` and digits.
    #[serde(default)]
    pub phones: Vec<String>,
    /// E-mails.
    #[serde(default)]
    pub emails: Vec<String>,
    /// Where they work.
    #[serde(default)]
    pub company: String,
    /// Anything else.
    #[serde(default)]
    pub note: String,
}

/// That an identity belongs to a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerLink {
    /// The identity.
    pub identity: IdentityId,
    /// The customer it belongs to now.
    pub customer: CustomerId,
    /// The customer it was made with; where an undo leads back to.
    pub home: CustomerId,
}

/// That a manager said of two customers that they are different people: they are neither joined by themselves nor asked about again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apart {
    /// One of them: the lower id.
    pub one: CustomerId,
    /// The other.
    pub other: CustomerId,
    /// Who said it: a user's or token's id.
    pub by: String,
    /// When.
    pub at: Time,
}

impl Apart {
    /// Of these two, in whatever order they are named.
    #[must_use]
    pub fn of(a: CustomerId, b: CustomerId, by: &str, at: Time) -> Self {
        Self { one: a.min(b), other: a.max(b), by: by.to_owned(), at }
    }
}
