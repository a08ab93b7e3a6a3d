//! Phones and e-mails as people type them. Pure.

/// The one form of a phone: `+` and digits. A number of Russia may begin with 8, 7 or the code of its area; others need their `+` or `00`.
/// None: it is no phone.
#[must_use]
pub fn phone(text: &str) -> Option<String> {
    let text = text.trim();
    if text.chars().any(|c| !(c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '.' | ' ' | '\u{a0}'))) || text.len() > 40 {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let plus = text.starts_with('+');
    if text.matches('+').count() > usize::from(plus) {
        return None;
    }
    let international = if plus { Some(digits.as_str()) } else { digits.strip_prefix("00") };
    if let Some(number) = international {
        return (8..=15).contains(&number.len()).then(|| format!("+{number}"));
    }
    match (digits.len(), digits.chars().next()) {
        (11, Some('8' | '7')) => digits.get(1..).map(|rest| format!("+7{rest}")),
        (10, Some('3' | '4' | '8' | '9')) => Some(format!("+7{digits}")),
        _ => None,
    }
}

/// The one form of an e-mail: in lower case. None: it is none.
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (name, host) = text.rsplit_once('@')?;
    let fine = !name.is_empty()
        && text.len() <= 254
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"'));
    fine.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones() {
        for (typed, wanted) in [
            ("8 (999) 123-45-67", Some("+79991234567")),
            ("+7 999 123 45 67", Some("+79991234567")),
            ("79991234567", Some("+79991234567")),
            ("999 123-45-67", Some("+79991234567")),
            ("8\u{a0}495\u{a0}123-45-67", Some("+74951234567")),
            ("+34 612 34 56 78", Some("+34612345678")),
            ("0034612345678", Some("+34612345678")),
            ("+8 999 123 45 67", Some("+89991234567")),
            ("123-45-67", None),
            ("12345678901", None),
            ("+7 999 123 45 67 +7", None),
            ("позвоните", None),
            ("", None),
            ("+1234567890123456", None),
        ] {
            assert_eq!(phone(typed).as_deref(), wanted, "{typed}");
        }
    }

    #[test]
    fn emails() {
        for (typed, wanted) in [
            (" Anna@Shop.Example ", Some("anna@shop.example")),
            ("почта@пример.рф", Some("почта@пример.рф")),
            ("anna@shop", None),
            ("@shop.example", None),
            ("anna@.example", None),
            ("a b@shop.example", None),
            ("<a@b.example>", None),
        ] {
            assert_eq!(email(typed).as_deref(), wanted, "{typed}");
        }
    }
}
