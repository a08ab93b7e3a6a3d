//! What an owner may set of a widget, and how it is checked.

use serde::{Deserialize, Serialize};

use super::options::WidgetOptions;
use crate::model::time::Time;

/// A widget's settings. Its schema is derived, the API checks by [`WidgetSettings::check`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WidgetSettings {
    /// The public key in the page's line.
    pub key: String,
    /// The secret of signed identities, sealed.
    pub sealed_secret: String,
    /// The secret before it, while signatures by it are still believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<FormerSecret>,
    /// Origins whose pages may open the widget, as browsers write them: `https://shop.example`.
    pub origins: Vec<String>,
    /// Refuse identities without a valid signature.
    #[serde(default)]
    pub verified_identity: bool,
    /// How it looks and greets.
    pub appearance: Appearance,
    /// What it does beside that.
    #[serde(default)]
    pub options: WidgetOptions,
}

/// A secret that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FormerSecret {
    /// The secret, sealed.
    pub sealed: String,
    /// Until when it is believed, milliseconds since 1970.
    pub until_ms: i64,
}

impl WidgetSettings {
    /// The sealed secrets a signature may be made with now: the newest first.
    pub fn sealed_secrets(&self, now: Time) -> impl Iterator<Item = &str> {
        let former = self.former.as_ref().filter(|former| former.until_ms > now.0);
        std::iter::once(self.sealed_secret.as_str()).chain(former.map(|former| former.sealed.as_str()))
    }
}

/// How a widget looks and greets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, utoipa::ToSchema, ts_rs::TS)]
#[ts(export_to = "protocol.ts")]
pub struct Appearance {
    /// The company's name.
    pub title: String,
    /// The first words; empty: none.
    pub greeting: String,
    /// The accent colour, `#rrggbb`.
    pub accent: String,
    /// `left` or `right`.
    pub side: String,
}

impl Default for Appearance {
    fn default() -> Self {
        Self { title: "Чат с нами".to_owned(), greeting: String::new(), accent: "#2f6fed".to_owned(), side: "right".to_owned() }
    }
}

/// What is wrong with a setting: the field and a stable code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {code}")]
pub struct WrongSetting {
    /// The field.
    pub field: &'static str,
    /// `too_long`, `too_many`, `colour_invalid` …
    pub code: &'static str,
}

impl Appearance {
    /// Checks lengths and forms.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), WrongSetting> {
        let wrong = |field, code| Err(WrongSetting { field, code });
        if self.title.chars().count() > 60 {
            return wrong("title", "too_long");
        }
        if self.greeting.chars().count() > 500 {
            return wrong("greeting", "too_long");
        }
        let colour = self.accent.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if colour.is_none() {
            return wrong("accent", "colour_invalid");
        }
        if self.side != "left" && self.side != "right" {
            return wrong("side", "side_invalid");
        }
        Ok(())
    }
}

/// Brings an origin into the form browsers send: scheme and host in lower case, no default port, no path.
///
/// # Errors
/// It is no origin.
pub fn canonical_origin(text: &str) -> Result<String, WrongSetting> {
    let wrong = || WrongSetting { field: "origins", code: "origin_invalid" };
    let text = text.trim().trim_end_matches('/').to_lowercase();
    let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return Err(wrong()),
    };
    let host = rest.strip_suffix(default_port).unwrap_or(rest);
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    if host.is_empty() || host.len() > 253 || !host.chars().all(fine) {
        return Err(wrong());
    }
    Ok(format!("{scheme}://{host}"))
}

/// Checks and canonicalises a list of origins.
///
/// # Errors
/// The first that is wrong, or too many.
pub fn canonical_origins(origins: &[String]) -> Result<Vec<String>, WrongSetting> {
    if origins.len() > 100 {
        return Err(WrongSetting { field: "origins", code: "too_many" });
    }
    let mut canonical = origins.iter().map(|origin| canonical_origin(origin)).collect::<Result<Vec<_>, _>>()?;
    canonical.sort();
    canonical.dedup();
    Ok(canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_before_there_were_options_is_read() {
        let old = serde_json::json!({ "key": "k", "sealed_secret": "s", "origins": [], "appearance": Appearance::default() });
        let read: Option<WidgetSettings> = serde_json::from_value(old).ok();
        assert_eq!(read.map(|read| read.options), Some(WidgetOptions::default()));
    }

    #[test]
    fn origins_as_browsers_send_them() {
        for (given, wanted) in [
            ("https://Shop.Example/", Some("https://shop.example")),
            ("http://localhost:8080", Some("http://localhost:8080")),
            ("https://shop.example:443", Some("https://shop.example")),
            ("http://[::1]:3000", Some("http://[::1]:3000")),
            ("shop.example", None),
            ("ftp://shop.example", None),
            ("https://shop.example/path", None),
            ("https://", None),
            ("null", None),
        ] {
            assert_eq!(canonical_origin(given).ok().as_deref(), wanted, "{given}");
        }
    }
}
