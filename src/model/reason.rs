//! Reasons are codes with parameters; the edge puts them into words in the reader's language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why something is as it is: a stable code, its parameters, and the provider's own words beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, utoipa::ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct Reason {
    /// A stable code, e.g. `attempts_exhausted`; the front ends hold its words.
    pub code: String,
    /// What the words need.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(as = "Option<BTreeMap<String, String>>", optional)]
    pub params: BTreeMap<String, String>,
    /// What the provider itself said, as it said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub provider: Option<String>,
}

impl Reason {
    /// A reason that is only a code.
    #[must_use]
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), params: BTreeMap::new(), provider: None }
    }

    /// The same reason with one parameter more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.params.insert(name.to_owned(), value.to_string());
        self
    }

    /// The same reason with the provider's own words, cut to 500 characters.
    #[must_use]
    pub fn said(mut self, words: &str) -> Self {
        self.provider = Some(words.chars().take(500).collect());
        self
    }
}
