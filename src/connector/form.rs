//! What is asked of an owner, as data: the steps of connecting and the settings of an account. One screen draws them all.
//!
//! Words are not here but keys: the channel's folder holds the words in three languages ([`Texts`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;
use utoipa::ToSchema;

/// What was filled in, by field.
pub type Values = BTreeMap<String, Value>;

/// What is shown while an account is being connected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum Step {
    /// Fields to fill in.
    Fields {
        /// The step's name: its texts are `step.NAME.title` and `step.NAME.text`.
        name: String,
        /// What is asked.
        fields: Vec<Field>,
    },
    /// A code to be scanned.
    Qr {
        /// The step's name.
        name: String,
        /// What the code says.
        content: String,
        /// Until when it is good, milliseconds since 1970.
        #[ts(type = "number")]
        until_ms: i64,
    },
    /// Somewhere else to go to, and to come back from.
    Redirect {
        /// The step's name.
        name: String,
        /// Where.
        url: String,
    },
    /// Something to be waited for.
    Wait {
        /// The step's name.
        name: String,
        /// Ask again after so long.
        again_ms: u32,
    },
}

/// A field of a step or of the settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct Field {
    /// Its name: its texts are `field.NAME`, `field.NAME.hint`, and `field.NAME.CHOICE` for what can be chosen.
    pub name: String,
    /// What it takes.
    pub kind: FieldKind,
    /// Whether it may stay empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Whether it stands among the rarely used.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub advanced: bool,
    /// Shown only while another field has one of these values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub only_if: Option<OnlyIf>,
    /// Whether changing it asks for a confirmation first: its text is `field.NAME.warning`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warns: bool,
    /// That one of its values comes to nothing as things are, and what is offered instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub advice: Option<Advice>,
}

/// What is said of a choice while it is chosen: the words are `field.NAME.advice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct Advice {
    /// The choice.
    pub of: String,
    /// Another one that is offered.
    pub instead: String,
}

/// When a field is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct OnlyIf {
    /// The other field.
    pub field: String,
    /// Its values, as text.
    pub is: Vec<String>,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum FieldKind {
    /// A line.
    Text,
    /// A line nobody may read over a shoulder; never given back.
    Secret,
    /// An address.
    Url,
    /// A phone.
    Phone,
    /// «Да / Нет».
    Switch,
    /// A whole number.
    Number {
        /// The least.
        #[ts(type = "number")]
        min: i64,
        /// The greatest.
        #[ts(type = "number")]
        max: i64,
    },
    /// Lines, one thing each.
    Lines {
        /// The most.
        most: u32,
    },
    /// One of these.
    Choice {
        /// Their values; their texts are `field.NAME.VALUE`.
        values: Vec<String>,
    },
    /// One of what only the provider knows: asked for when the form opens.
    Live,
    /// One of a list of the CRM's directory: its lines stand under their groups.
    Pick {
        /// The list.
        list: String,
    },
    /// Several of a list of the CRM's directory: a list of values.
    Several {
        /// The list.
        list: String,
    },
    /// A choice for each line of a list: an object of the line's value and what is chosen. A line that is not in it has what stands for all
    /// («По умолчанию»).
    Rows {
        /// The list whose lines they are; `accounts`: the workspace's channels that feed the connection.
        rows: String,
        /// What is chosen from; none: a line of text is typed.
        list: Option<String>,
    },
    /// Fields of a list with words for each: a list of `{ field, value }`.
    Filled {
        /// The list.
        list: String,
        /// The most.
        most: u32,
    },
    /// Words with commas between: a list of texts.
    Tags {
        /// The most.
        most: u32,
    },
    /// Nothing is asked: words to be copied to the provider.
    Copy {
        /// The words.
        value: String,
    },
}

/// The lines of [`FieldKind::Rows`] that are no list of a directory: the channels that feed the connection.
pub const ROWS_OF_ACCOUNTS: &str = "accounts";

impl Field {
    /// A field that must be filled in.
    #[must_use]
    pub fn new(name: &str, kind: FieldKind) -> Self {
        Self { name: name.to_owned(), kind, optional: false, advanced: false, only_if: None, warns: false, advice: None }
    }

    /// Words to be copied to the provider.
    #[must_use]
    pub fn copy(name: &str, value: String) -> Self {
        Self::new(name, FieldKind::Copy { value }).optional()
    }

    /// The same, but it may stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// The same, among the rarely used.
    #[must_use]
    pub fn advanced(mut self) -> Self {
        self.advanced = true;
        self
    }
}

/// A channel's words: a JSON object of key and text for each language, as its folder holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Texts {
    /// Russian.
    pub ru: &'static str,
    /// English.
    pub en: &'static str,
    /// Spanish.
    pub es: &'static str,
}

impl Texts {
    /// A channel whose words the front ends hold.
    #[must_use]
    pub const fn none() -> Self {
        Self { ru: "{}", en: "{}", es: "{}" }
    }

    /// The words of a language; Russian for one that is not known.
    #[must_use]
    pub fn of(&self, language: &str) -> &'static str {
        match language {
            "en" => self.en,
            "es" => self.es,
            _ => self.ru,
        }
    }
}
