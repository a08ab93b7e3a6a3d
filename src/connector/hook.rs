//! What comes to a hook, and how it is split.

use bytes::Bytes;

/// What a provider sent to a hook, whole.
#[derive(Debug, Clone, Default)]
pub struct RawHook {
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The query string.
    pub query: String,
    /// The secret that stood in the address. What is tried again from quarantine has none: it was checked when it came.
    pub secret: Option<String>,
    /// The body, at most 1 MiB.
    pub body: Bytes,
}

impl RawHook {
    /// A header's first value; the name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A hook's body split by the login each part goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed {
    /// The provider's key of the login (empty: the login whose hook address was called) and the part, as it will lie in the mailbox.
    pub parts: Vec<(String, Bytes)>,
    /// What the provider wants to hear.
    pub answer: HookAnswer,
}

/// What a provider wants to hear after the parts are durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookAnswer {
    /// HTTP status.
    pub status: u16,
    /// The exact body.
    pub body: String,
}

impl HookAnswer {
    /// 200 with nothing in it.
    #[must_use]
    pub fn ok() -> Self {
        Self { status: 200, body: String::new() }
    }

    /// Who sent it could not show that they may: nothing of it is kept.
    #[must_use]
    pub fn forbidden() -> Self {
        Self { status: 403, body: String::new() }
    }
}

/// Why a part cannot be read; it goes to quarantine with this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Where hooks are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookAddress {
    /// The whole address.
    pub url: String,
    /// The secret in it, for providers that show one beside the address too.
    pub secret: String,
}
