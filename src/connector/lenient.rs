//! Reading what providers send without believing their own descriptions of it: a number may come as text, a list may be missing.
//! Nothing here fails: what is not there is empty.

use serde_json::Value;

/// A number, also where it came as text.
#[must_use]
pub fn int(value: &Value, name: &str) -> Option<i64> {
    match value.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A whole number that fits a picture's side or the like.
#[must_use]
pub fn small(value: &Value, name: &str) -> Option<u32> {
    int(value, name).and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0)
}

/// Text, also where it came as a number; empty where there is none.
#[must_use]
pub fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Text without copying it; empty where there is none.
#[must_use]
pub fn words<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What stands in a list; nothing where there is none.
#[must_use]
pub fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Degrees × 10⁷ of a number of degrees; nothing where it is no place on earth.
#[must_use]
pub fn degrees_e7(value: &Value, name: &str, most: f64) -> Option<i32> {
    let degrees = match value.get(name)? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    // Within its bounds, the product fits: 180 × 10⁷ < 2³¹.
    (degrees.abs() <= most).then(|| (degrees * 1e7).round() as i32)
}

/// At most so many characters.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// The characters of a text in pieces of at most so many, broken at the last space or line's end of a piece where there is one.
#[must_use]
pub fn split(text: &str, most: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.chars().count() > most {
        let end = rest.char_indices().nth(most).map_or(rest.len(), |(at, _)| at);
        let (head, _) = rest.split_at(end);
        // A break in the first half of a piece would only make more pieces of it.
        let at = head.rfind(['\n', ' ']).filter(|at| *at > end / 2).unwrap_or(end);
        let (piece, after) = rest.split_at(at);
        pieces.push(piece.trim_end().to_owned());
        rest = after.trim_start();
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// Any JSON a provider could send, made of the names it uses: for property tests.
#[cfg(test)]
pub(crate) fn any_json(names: &'static [&'static str]) -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    let word = prop_oneof![prop::sample::select(names).prop_map(str::to_owned), ".{0,12}".prop_map(String::from)];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-2_000_i64..3_000_000_000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 96, 8, move |inner| {
        let name = prop::sample::select(names);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(name, inner, 0..10)
                .prop_map(|map| Value::Object(map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn numbers_and_texts_are_read_as_they_come() {
        let value = json!({ "a": 5, "b": "7", "c": "x", "d": null, "lat": 55.79, "far": 500 });
        assert_eq!([int(&value, "a"), int(&value, "b"), int(&value, "c"), int(&value, "d"), int(&value, "e")], [Some(5), Some(7), None, None, None]);
        assert_eq!([text(&value, "a"), text(&value, "b"), text(&value, "d")], ["5", "7", ""]);
        assert_eq!((degrees_e7(&value, "lat", 90.0), degrees_e7(&value, "far", 180.0)), (Some(557_900_000), None));
    }

    #[test]
    fn a_text_breaks_where_words_end() {
        assert_eq!(split("", 5), Vec::<String>::new());
        assert_eq!(split("один", 5), ["один"]);
        assert_eq!(split("один два три", 9), ["один два", "три"]);
        assert_eq!(split("сплошное", 5), ["сплош", "ное"]);
    }

    proptest! {
        #[test]
        fn pieces_are_short_enough_and_lose_no_words(text in "[a-я \n]{0,200}", most in 1_usize..50) {
            let pieces = split(&text, most);
            prop_assert!(pieces.iter().all(|piece| piece.chars().count() <= most));
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(bare(&pieces.concat()), bare(&text));
        }
    }
}
