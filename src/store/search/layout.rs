//! A query typed in the wrong keyboard layout: «ghbdtn» is «привет», «руддщ» is "hello".

const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
const CYRILLIC: &str = "йцукенгшщзхъфывапролджэячсмитьбюё";

/// The text as the same keys give it in the other layout; `None` where it has letters of both, or of neither.
#[must_use]
pub fn other(text: &str) -> Option<String> {
    let has = |found: fn(char) -> bool| text.chars().any(found);
    let latin = has(|letter| letter.is_ascii_alphabetic());
    let cyrillic = has(|letter| matches!(letter, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё'));
    let (from, to) = match (latin, cyrillic) {
        (true, false) => (LATIN, CYRILLIC),
        (false, true) => (CYRILLIC, LATIN),
        _ => return None,
    };
    let turned = text.chars().take(super::words::QUERY_LIMIT).map(|letter| {
        // The layouts have no letter whose lower case is more than one character.
        let small = letter.to_lowercase().next().unwrap_or(letter);
        from.chars().position(|key| key == small).and_then(|at| to.chars().nth(at)).unwrap_or(letter)
    });
    Some(turned.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

    use super::*;

    #[test]
    fn both_ways() {
        let table = [
            ("ghbdtn", Some("привет")),
            ("Ghbdtn, rfr ltkf", Some("приветб как дела")),
            ("j,]zdktybt", Some("объявление")),
            ("руддщ", Some("hello")),
            ("привет hello", None),
            ("123", None),
            ("", None),
        ];
        for (typed, meant) in table {
            assert_eq!(other(typed).as_deref(), meant, "{typed}");
        }
    }
}
