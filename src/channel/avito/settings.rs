//! What an owner may set of an account.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::channel::capability::StepError;
use crate::connector::form::{Field, FieldKind};
use crate::model::connection::ChannelAccount;
use crate::model::reason::Reason;

/// An account's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// Who is blocked here is put on Avito's blacklist too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub blacklist: bool,
}

impl Settings {
    /// Of an account; what cannot be read is the default.
    #[must_use]
    pub fn of(account: &ChannelAccount) -> Self {
        serde_json::from_value(account.settings.clone()).unwrap_or_default()
    }
}

/// The form.
#[must_use]
pub fn fields() -> Vec<Field> {
    vec![Field::new("blacklist", FieldKind::Switch).optional()]
}

/// The one form of settings.
///
/// # Errors
/// They are no settings.
pub fn check(settings: &Value) -> Result<Value, StepError> {
    let wrong = || StepError { field: String::new(), reason: Reason::new("settings_invalid") };
    let found: Settings = serde_json::from_value(settings.clone()).map_err(|_| wrong())?;
    serde_json::to_value(&found).map_err(|_| wrong())
}
