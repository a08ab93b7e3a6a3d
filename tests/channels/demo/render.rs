//! What goes to Demo: words cut to its length, files one by one, numbers in one form. Pure.

use crate::connector::lenient::split;
use crate::model::message::{Attachment, Part, plain_text};

/// The longest text of one message, in characters.
pub const TEXT: usize = 1_000;
/// The longest text taken of a person: it goes as several messages.
pub const TEXT_IN_ALL: u32 = 10_000;
/// The most files taken at once.
pub const FILES_IN_ALL: u32 = 10;
/// The greatest file.
pub const FILE_BYTES: u64 = 20 * 1024 * 1024;

/// The pieces a message goes in.
#[must_use]
pub fn pieces(parts: &[Part], attachments: &[Attachment]) -> Vec<(Vec<Part>, Vec<Attachment>)> {
    let mut pieces: Vec<(Vec<Part>, Vec<Attachment>)> =
        split(&plain_text(parts), TEXT).into_iter().map(|text| (vec![Part::Text { text }], Vec::new())).collect();
    pieces.extend(attachments.iter().map(|file| (Vec::new(), vec![file.clone()])));
    if pieces.is_empty() { vec![(parts.to_vec(), Vec::new())] } else { pieces }
}

/// A number in its one form: `+` and digits. `country` stands before one that is written without.
#[must_use]
pub fn phone(address: &str, country: &str) -> Option<String> {
    let bare: String = address.chars().filter(|sign| !" -()\u{a0}".contains(*sign)).collect();
    let whole = if bare.starts_with('+') { bare } else { format!("{country}{bare}") };
    let digits = whole.strip_prefix('+')?;
    ((7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_goes_as_several_messages() {
        let text = |text: String| Part::Text { text };
        let lengths = |long: usize| -> Vec<usize> {
            pieces(&[text("я".repeat(long))], &[]).iter().map(|(parts, _)| plain_text(parts).chars().count()).collect()
        };
        assert_eq!(lengths(1_000), [1_000]);
        assert_eq!(lengths(2_001), [1_000, 1_000, 1]);
        assert_eq!(pieces(&[], &[]), [(vec![], vec![])]);
    }

    #[test]
    fn a_number_has_one_form() {
        for (address, country, wanted) in [
            ("+7 (912) 345-67-89", "", Some("+79123456789")),
            ("912 345-67-89", "+7", Some("+79123456789")),
            ("+34 600 000 000", "+7", Some("+34600000000")),
            ("912 345-67-89", "", None),
            ("+7 912", "", None),
            ("Анна", "+7", None),
            ("", "", None),
        ] {
            assert_eq!(phone(address, country).as_deref(), wanted, "{address}");
        }
    }
}
