//! What a test sets of a probe's account.

use serde::{Deserialize, Serialize};

use crate::channel::contract::Repeats;
use crate::model::connection::ChannelAccount;

/// What the fake does with the same send twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeRepeats {
    /// It sends twice.
    #[default]
    SendTwice,
    /// It drops a repeat of the same key.
    Keyed,
    /// Its history can be asked.
    Lookup,
}

impl From<ProbeRepeats> for Repeats {
    fn from(repeats: ProbeRepeats) -> Self {
        match repeats {
            ProbeRepeats::SendTwice => Self::SendTwice,
            ProbeRepeats::Keyed => Self::Keyed,
            ProbeRepeats::Lookup => Self::Lookup,
        }
    }
}

/// An account's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProbeSettings {
    /// What the fake does with the same send twice.
    #[serde(default)]
    pub repeats: ProbeRepeats,
}

impl ProbeSettings {
    /// Of an account; what cannot be read is the default, the most careful one.
    #[must_use]
    pub fn of(account: &ChannelAccount) -> Self {
        serde_json::from_value(account.settings.clone()).unwrap_or_default()
    }
}
