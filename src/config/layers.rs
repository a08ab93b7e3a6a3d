//! Where each setting's text comes from: flags over environment over file over defaults. Each text keeps its place, so an
//! error can say where it stands.

use std::collections::HashMap;

use toml::de::{DeTable, DeValue};

use super::{ConfigError, Options};

/// A setting's name, and what it is when nobody says.
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) default: Option<&'static str>,
    /// Its text is never shown.
    pub(super) secret: bool,
}

const fn setting(name: &'static str, default: Option<&'static str>) -> Setting {
    Setting { name, default, secret: false }
}

const fn secret(name: &'static str) -> Setting {
    Setting { name, default: None, secret: true }
}

/// Every setting there is.
pub(super) const SETTINGS: [Setting; 24] = [
    setting("data", Some("data")),
    setting("listen", Some("127.0.0.1:8080")),
    setting("public_url", None),
    secret("redis"),
    secret("key"),
    setting("key_file", None),
    setting("limits", Some("on")),
    setting("trusted_proxies", Some("loopback")),
    setting("workers", Some("auto")),
    setting("max_file_bytes", Some("50MB")),
    setting("lease_seconds", Some("10")),
    setting("s3_bucket", None),
    setting("s3_endpoint", None),
    setting("s3_region", Some("us-east-1")),
    setting("s3_access_key", None),
    secret("s3_secret_key"),
    setting("s3_path_style", Some("true")),
    // People write the password into such addresses; here it is refused, and not shown.
    secret("smtp_url"),
    setting("smtp_user", None),
    secret("smtp_password"),
    setting("mail_from", None),
    setting("outside_private", Some("off")),
    setting("log_format", Some("text")),
    setting("log_level", Some("info")),
];

/// No configuration file is larger.
const FILE_LIMIT: u64 = 1024 * 1024;

struct Given {
    text: String,
    place: String,
}

/// All settings' texts with their places.
pub(super) struct Layers {
    given: HashMap<&'static str, Given>,
    pub(super) warnings: Vec<String>,
}

fn flag(name: &str) -> String {
    format!("flag --{}", name.replace('_', "-"))
}

fn variable(name: &str) -> String {
    format!("KOMMUTATOR_{}", name.to_ascii_uppercase())
}

fn known(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

impl Layers {
    pub(super) fn read(options: &Options, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut layers = Self { given: HashMap::new(), warnings: Vec::new() };
        // An empty variable is how compose files write "not set".
        let mut variables: HashMap<String, String> =
            environment.into_iter().filter(|(name, value)| name.starts_with("KOMMUTATOR_") && !value.is_empty()).collect();
        let config = match (&options.config, variables.remove("KOMMUTATOR_CONFIG")) {
            (Some(path), _) => Some((path.clone(), flag("config"))),
            (None, Some(path)) => Some((path, variable("config"))),
            (None, None) => None,
        };
        if let Some((path, place)) = config {
            layers.read_file(&path, &place)?;
        }
        for setting in &SETTINGS {
            let name = setting.name;
            if let Some(text) = variables.remove(&variable(name)) {
                layers.given.insert(name, Given { text, place: variable(name) });
            }
            if let Some(text) = options.typed(name) {
                layers.given.insert(name, Given { text: text.to_owned(), place: flag(name) });
            }
        }
        // Only a warning: Kubernetes sets such variables by itself for a service of this name.
        let mut unknown: Vec<_> = variables.into_keys().collect();
        unknown.sort();
        for name in unknown {
            let meant = nearest(&name.trim_start_matches("KOMMUTATOR_").to_ascii_lowercase()).map(variable);
            let hint = meant.map(|meant| format!(", did you mean {meant}?")).unwrap_or_default();
            layers.warnings.push(format!("the variable {name} is no setting and is ignored{hint}"));
        }
        Ok(layers)
    }

    fn read_file(&mut self, path: &str, place: &str) -> Result<(), ConfigError> {
        let unreadable = |what: String| ConfigError {
            what: format!("the configuration file {path} cannot be read: {what}"),
            place: place.to_owned(),
            mend: "name a TOML file this user can read".to_owned(),
        };
        let about = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
        if !about.is_file() || about.len() > FILE_LIMIT {
            return Err(unreadable("it is not a small plain file".to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        self.read_toml(path, &text)
    }

    fn read_toml(&mut self, path: &str, text: &str) -> Result<(), ConfigError> {
        let place = |at: usize| format!("{path}:{}", text.bytes().take(at).filter(|byte| *byte == b'\n').count().saturating_add(1));
        let table = DeTable::parse(text).map_err(|error| ConfigError {
            // The parser's first words only: what follows repeats the line, which may hold a secret.
            what: format!("this is not TOML: {}", error.message().lines().next().unwrap_or_default()),
            place: place(error.span().map_or(0, |span| span.start)),
            mend: "write `name = \"value\"`, texts in quotes".to_owned(),
        })?;
        for (key, value) in table.get_ref() {
            let (name, place) = (key.get_ref().as_ref(), place(key.span().start));
            let Some(setting) = known(name) else {
                let mend = nearest(name).map_or_else(
                    || format!("the settings are {}", SETTINGS.each_ref().map(|setting| setting.name).join(", ")),
                    |meant| format!("did you mean `{meant}`?"),
                );
                return Err(ConfigError { what: format!("there is no setting `{}`", name.escape_debug()), place, mend });
            };
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) => number.to_string(),
                DeValue::Boolean(yes) => yes.to_string(),
                _ => {
                    return Err(ConfigError {
                        what: format!("`{name}` is neither a text nor a number"),
                        place,
                        mend: format!("write `{name} = \"value\"`"),
                    });
                }
            };
            self.given.insert(setting.name, Given { text, place });
        }
        Ok(())
    }

    pub(super) fn is_given(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// A setting that may be left out.
    pub(super) fn given<T>(&self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, ConfigError> {
        self.given.get(name).map(|given| self.parse(name, &given.text, parse)).transpose()
    }

    /// A setting that has a default.
    pub(super) fn parsed<T>(&self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, ConfigError> {
        let default = known(name).and_then(|setting| setting.default).unwrap_or_default();
        self.parse(name, self.given.get(name).map_or(default, |given| &given.text), parse)
    }

    fn parse<T>(&self, name: &'static str, text: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, ConfigError> {
        parse(text.trim()).map_err(|mend| {
            let shown: String = text.escape_debug().take(80).collect();
            let shown = if known(name).is_some_and(|setting| setting.secret) { "its value".to_owned() } else { format!("`{shown}`") };
            self.wrong(name, &format!("`{name}`: {shown} will not do"), &mend)
        })
    }

    /// An error about a setting, at the place it stands.
    pub(super) fn wrong(&self, name: &str, what: &str, mend: &str) -> ConfigError {
        let place = self.given.get(name).map_or_else(|| format!("default of `{name}`"), |given| given.place.clone());
        ConfigError { what: what.to_owned(), place, mend: mend.to_owned() }
    }
}

/// The setting that was probably meant.
fn nearest(name: &str) -> Option<&'static str> {
    // A foreign name may be long; none of ours is.
    if name.len() > 40 {
        return None;
    }
    let near = SETTINGS.iter().map(|setting| (distance(name, setting.name), setting.name)).min()?;
    (near.0 <= 3 && near.0 < name.chars().count()).then_some(near.1)
}

/// How many letters are to be added, dropped or changed.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut next = vec![at.saturating_add(1)];
        for ((over, pair), other_letter) in row.iter().skip(1).zip(row.windows(2)).zip(other.chars()) {
            let diagonal = pair.first().copied().unwrap_or(0);
            let left = next.last().copied().unwrap_or(0);
            let changed = diagonal.saturating_add(usize::from(letter != other_letter));
            next.push(changed.min(over.saturating_add(1)).min(left.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
