//! What an owner may set of an account.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::channel::capability::StepError;
use crate::channel::contract::Incoming;
use crate::connector::form::{Field, FieldKind, OnlyIf};
use crate::model::connection::ChannelAccount;
use crate::model::conversation::Place;
use crate::model::message::plain_text;
use crate::model::reason::Reason;

/// The field whose choices only Demo knows.
pub const ONLY_GROUP: &str = "only_group";

/// An account's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// Put before a number that is written without its country.
    pub country: String,
    /// Messages of groups are wanted.
    pub groups: bool,
    /// Of groups only what names the account.
    pub mentions: bool,
    /// Of groups only this one; empty: any.
    pub only_group: String,
}

impl Settings {
    /// Of an account; what cannot be read is the default.
    #[must_use]
    pub fn of(account: &ChannelAccount) -> Self {
        serde_json::from_value(account.settings.clone()).unwrap_or_default()
    }

    /// Whether a message is wanted. `own`: the account's own `@name`.
    ///
    /// # Errors
    /// Why it is not.
    pub fn admits(&self, incoming: &Incoming, own: &str) -> Result<(), Reason> {
        let Place::Group(group) = &incoming.place else { return Ok(()) };
        let names_us = || !own.is_empty() && plain_text(&incoming.parts).contains(own);
        match () {
            () if !self.groups => Err(Reason::new("demo_groups_off")),
            () if !self.only_group.is_empty() && self.only_group != *group => Err(Reason::new("demo_other_group")),
            () if self.mentions && !names_us() => Err(Reason::new("demo_not_named")),
            () => Ok(()),
        }
    }
}

/// The fields of an account's form.
#[must_use]
pub fn fields() -> Vec<Field> {
    let of_groups = |field: Field| Field { only_if: Some(OnlyIf { field: "groups".to_owned(), is: vec!["true".to_owned()] }), ..field.optional() };
    vec![
        Field::new("country", FieldKind::Text).optional(),
        Field::new("groups", FieldKind::Switch).optional(),
        of_groups(Field::new("mentions", FieldKind::Switch)),
        of_groups(Field::new(ONLY_GROUP, FieldKind::Live)),
    ]
}

/// Settings in their one form.
///
/// # Errors
/// The field that is wrong.
pub fn check(settings: &Value) -> Result<Value, StepError> {
    let at_field = |field: &str, code: &str| StepError { field: field.to_owned(), reason: Reason::new(code) };
    let mut found: Settings = serde_json::from_value(settings.clone()).map_err(|_| at_field("", "settings_invalid"))?;
    found.country = found.country.trim().to_owned();
    let digits = found.country.strip_prefix('+');
    let is_country = digits.is_some_and(|digits| (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if !found.country.is_empty() && !is_country {
        return Err(at_field("country", "demo_country_invalid"));
    }
    if found.only_group.len() > 100 {
        return Err(at_field(ONLY_GROUP, "settings_invalid"));
    }
    serde_json::to_value(&found).map_err(|_| at_field("", "settings_invalid"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::channel::contract::Writer;
    use crate::model::message::Part;
    use crate::model::time::Time;

    #[test]
    fn settings_have_one_form() {
        let usual = json!({ "country": "", "groups": false, "mentions": false, "only_group": "" });
        assert_eq!(check(&json!({})), Ok(usual));
        assert_eq!(check(&json!({ "country": " +7 " })).unwrap()["country"], "+7");
        for wrong in ["7", "+", "+seven", "+12345"] {
            let error = check(&json!({ "country": wrong })).unwrap_err();
            assert_eq!((error.field.as_str(), error.reason.code.as_str()), ("country", "demo_country_invalid"), "{wrong}");
        }
        assert!(check(&json!({ "groups": "да" })).is_err());
    }

    #[test]
    fn groups_are_wanted_as_far_as_the_owner_says() {
        let settings = |groups, mentions, only: &str| Settings { groups, mentions, only_group: only.to_owned(), ..Settings::default() };
        let said = |place, text: &str| {
            let parts = vec![Part::Text { text: text.to_owned() }];
            Incoming { parts, ..Incoming::of("", "c", place, Writer::Account { mark: None }, Time(0)) }
        };
        let group = || Place::Group("g1".to_owned());
        for (settings, incoming, wanted) in [
            (settings(false, true, "g2"), said(Place::Private, "да"), None),
            (settings(false, false, ""), said(group(), "да"), Some("demo_groups_off")),
            (settings(true, false, ""), said(group(), "да"), None),
            (settings(true, false, "g1"), said(group(), "да"), None),
            (settings(true, false, "g2"), said(group(), "да"), Some("demo_other_group")),
            (settings(true, true, ""), said(group(), "да"), Some("demo_not_named")),
            (settings(true, true, ""), said(group(), "@shop, да"), None),
        ] {
            let refused = settings.admits(&incoming, "@shop").err().map(|reason| reason.code);
            assert_eq!(refused.as_deref(), wanted, "{settings:?}");
        }
    }
}
