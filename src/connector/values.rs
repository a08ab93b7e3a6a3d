//! Whether what was filled in is of its field's kind. What it means is the folder's to check.

use std::collections::BTreeMap;

use serde_json::Value;

use super::form::{Field, FieldKind, ROWS_OF_ACCOUNTS};
use super::walk::StepError;
use crate::model::crm::CrmChoice;
use crate::model::reason::Reason;

/// The longest line, in characters, and the most lines of an object.
const LONGEST: usize = 2_000;
const ROWS: usize = 1_000;

/// What there is to choose from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choices<'a> {
    /// The CRM's lists; none: they were never read, and nothing can be said of a choice.
    pub lists: Option<&'a BTreeMap<String, Vec<CrmChoice>>>,
    /// The workspace's channels, by id.
    pub accounts: &'a [String],
}

impl Choices<'_> {
    /// Whether a list has a value. Of a list that was not read nobody knows.
    fn has(&self, list: &str, value: &str) -> bool {
        self.lists.and_then(|lists| lists.get(list)).is_none_or(|lines| lines.iter().any(|line| line.value == value))
    }
}

/// Checks what was filled in, field by field. What is not shown is not looked at, what may stay empty may be missing.
///
/// # Errors
/// Which field is wrong, and why.
pub fn check(fields: &[Field], values: &Value, choices: &Choices<'_>) -> Result<(), StepError> {
    let get = |name: &str| values.get(name).filter(|value| !value.is_null());
    for field in fields {
        let shown = field.only_if.as_ref().is_none_or(|only| get(&only.field).is_some_and(|value| only.is.contains(&as_text(value))));
        if !shown {
            continue;
        }
        let wrong = |code: &str| Err(StepError { field: field.name.clone(), reason: Reason::new(code) });
        match get(&field.name).filter(|value| !is_empty(value)) {
            None if field.optional || matches!(field.kind, FieldKind::Switch) => {}
            None => return wrong("required"),
            Some(value) => {
                if let Err(code) = fits(&field.kind, value, choices) {
                    return wrong(code);
                }
            }
        }
    }
    Ok(())
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(rows) => rows.is_empty(),
        _ => false,
    }
}

const INVALID: &str = "field_invalid";
const GONE: &str = "choice_gone";

/// A line of text, not too long.
fn line(value: &Value) -> Result<&str, &'static str> {
    let text = value.as_str().ok_or(INVALID)?;
    if text.chars().count() > LONGEST { Err("too_long") } else { Ok(text) }
}

fn lines(value: &Value, most: usize) -> Result<Vec<&str>, &'static str> {
    let items = value.as_array().ok_or(INVALID)?;
    if items.len() > most { Err("too_many") } else { items.iter().map(line).collect() }
}

fn chosen(choices: &Choices<'_>, list: &str, value: &str) -> Result<(), &'static str> {
    if value.is_empty() || choices.has(list, value) { Ok(()) } else { Err(GONE) }
}

fn fits(kind: &FieldKind, value: &Value, choices: &Choices<'_>) -> Result<(), &'static str> {
    let many = |most: &u32| usize::try_from(*most).unwrap_or(ROWS);
    match kind {
        FieldKind::Text | FieldKind::Secret | FieldKind::Url | FieldKind::Phone | FieldKind::Live => line(value).map(|_| ()),
        FieldKind::Switch => value.as_bool().map(|_| ()).ok_or(INVALID),
        FieldKind::Number { min, max } => value.as_i64().filter(|number| (min..=max).contains(&number)).map(|_| ()).ok_or("out_of_range"),
        FieldKind::Lines { most } | FieldKind::Tags { most } => lines(value, many(most)).map(|_| ()),
        FieldKind::Choice { values } => line(value).and_then(|chosen| if values.iter().any(|one| one == chosen) { Ok(()) } else { Err(INVALID) }),
        FieldKind::Pick { list } => line(value).and_then(|value| chosen(choices, list, value)),
        FieldKind::Several { list } => lines(value, ROWS)?.into_iter().try_for_each(|value| chosen(choices, list, value)),
        FieldKind::Rows { rows, list } => {
            let object = value.as_object().filter(|object| object.len() <= ROWS).ok_or(INVALID)?;
            for (row, value) in object {
                // Of a channel that was taken off something may still be set; it does no harm.
                if rows != ROWS_OF_ACCOUNTS {
                    chosen(choices, rows, row)?;
                }
                let value = line(value)?;
                if let Some(list) = list {
                    chosen(choices, list, value)?;
                }
            }
            Ok(())
        }
        // Nothing is asked, so whatever is answered is not looked at.
        FieldKind::Copy { .. } => Ok(()),
        FieldKind::Filled { list, most } => {
            let items = value.as_array().ok_or(INVALID)?;
            if items.len() > many(most) {
                return Err("too_many");
            }
            for item in items {
                let get = |name: &str| item.get(name).ok_or(INVALID).and_then(line);
                chosen(choices, list, get("field")?)?;
                get("value")?;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn fields() -> Vec<Field> {
        let stages = || "stages".to_owned();
        let only = super::super::form::OnlyIf { field: "by".to_owned(), is: vec!["source".to_owned()] };
        vec![
            Field::new("name", FieldKind::Text),
            Field::new("on", FieldKind::Switch),
            Field::new("minutes", FieldKind::Number { min: 1, max: 60 }).optional(),
            Field::new("by", FieldKind::Choice { values: vec!["same".to_owned(), "source".to_owned()] }),
            Field::new("stage", FieldKind::Pick { list: stages() }).optional(),
            Field::new("open", FieldKind::Several { list: stages() }).optional(),
            Field { only_if: Some(only), ..Field::new("stage_of", FieldKind::Rows { rows: ROWS_OF_ACCOUNTS.to_owned(), list: Some(stages()) }) },
            Field::new("filled", FieldKind::Filled { list: stages(), most: 1 }).optional(),
            Field::new("tags", FieldKind::Tags { most: 2 }).optional(),
        ]
    }

    #[test]
    fn each_kind_takes_what_is_of_it() {
        let stage = |value: &str| CrmChoice { value: value.to_owned(), ..CrmChoice::default() };
        let lists = BTreeMap::from([("stages".to_owned(), vec![stage("1"), stage("2")])]);
        let with = |name: &str, value: Value| {
            let mut values = json!({ "name": "Имя", "on": true, "by": "same" });
            values[name] = value;
            values
        };
        let told =
            |values: &Value, lists| check(&fields(), values, &Choices { lists, accounts: &[] }).err().map(|error| (error.field, error.reason.code));
        for (name, value, wanted) in [
            ("on", json!(false), None),
            ("name", json!("  "), Some("required")),
            ("name", json!(7), Some(INVALID)),
            ("name", json!("х".repeat(LONGEST + 1)), Some("too_long")),
            ("on", json!("да"), Some(INVALID)),
            ("minutes", json!(61), Some("out_of_range")),
            ("minutes", json!(60), None),
            ("by", json!("nobody"), Some(INVALID)),
            ("stage", json!("2"), None),
            ("stage", json!("3"), Some(GONE)),
            ("open", json!(["1", "2"]), None),
            ("open", json!(["1", "3"]), Some(GONE)),
            ("open", json!("1"), Some(INVALID)),
            // Not shown, so not looked at.
            ("stage_of", json!(5), None),
            ("filled", json!([{ "field": "1", "value": "%DOMAIN%" }]), None),
            ("filled", json!([{ "field": "3", "value": "" }]), Some(GONE)),
            ("filled", json!([{ "field": "1" }]), Some(INVALID)),
            ("tags", json!(["а", "б"]), None),
            ("tags", json!(["а", "б", "в"]), Some("too_many")),
        ] {
            assert_eq!(told(&with(name, value.clone()), Some(&lists)), wanted.map(|code| (name.to_owned(), code.to_owned())), "{name} {value}");
        }
        let mut rows = with("by", json!("source"));
        assert_eq!(told(&rows, Some(&lists)), Some(("stage_of".to_owned(), "required".to_owned())));
        rows["stage_of"] = json!({ "7": "2" });
        assert_eq!(told(&rows, Some(&lists)), None);
        rows["stage_of"] = json!({ "7": "3" });
        assert_eq!(told(&rows, Some(&lists)), Some(("stage_of".to_owned(), GONE.to_owned())));
        assert_eq!(told(&rows, None), None, "of a list that was never read nobody knows");
    }

    proptest! {
        #[test]
        fn anything_at_all_is_judged(value in super::super::lenient::any_json(&["name", "on", "by", "stage", "stage_of", "filled", "field", "value"])) {
            let _ = check(&fields(), &value, &Choices::default());
        }
    }
}
