//! Our own words inside amoCRM: names of what we make, marks in messages, why one did not reach the customer. In the account's language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{TEXTS, fact};
use crate::crm::contract::CrmContext;

type Words = BTreeMap<String, String>;

static WORDS: LazyLock<[Words; 3]> = LazyLock::new(|| [TEXTS.ru, TEXTS.en, TEXTS.es].map(|text| serde_json::from_str(text).unwrap_or_default()));

/// The language of who connected the account, else the workspace's; English for what we do not speak.
fn language(context: &CrmContext) -> &str {
    let theirs = context.connection.facts.get(fact::LANGUAGE).map(String::as_str).unwrap_or_default();
    let language = if theirs.is_empty() { context.locale.as_str() } else { theirs };
    language.split(['-', '_']).next().unwrap_or_default()
}

/// Our words of a name, without its `say.`; empty: there are none.
#[must_use]
pub fn say(context: &CrmContext, name: &str) -> &'static str {
    let [ru, en, es] = &*WORDS;
    let words = match language(context) {
        "ru" | "" => ru,
        "es" => es,
        _ => en,
    };
    words.get(&format!("say.{name}")).map(String::as_str).unwrap_or_default()
}

/// The same, with something put in its place.
#[must_use]
pub fn with(context: &CrmContext, name: &str, put: &[(&str, &str)]) -> String {
    // One place after the other: what is put in is not looked through.
    let mut rest = say(context, name);
    let mut said = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        let (place, behind) = after.split_once('}').unwrap_or((after, ""));
        said.push_str(put.iter().find(|(known, _)| *known == place).map(|(_, value)| *value).unwrap_or_default());
        rest = behind;
    }
    said.push_str(rest);
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_stands_in_each_language() {
        let [ru, en, es] = &*WORDS;
        let said: Vec<&String> = ru.keys().filter(|key| key.starts_with("say.")).collect();
        assert!(said.len() > 20, "{said:?}");
        let places = |text: &str| {
            let mut found: Vec<String> = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect();
            found.sort();
            found
        };
        for key in said {
            assert_eq!(places(&ru[key]), places(&en[key]), "{key}");
            assert_eq!(places(&ru[key]), places(&es[key]), "{key}");
        }
    }
}
