//! File names made safe, and the `Content-Disposition` header.

use super::media::{Disposition, disposition, endings};

/// No name is longer; most file systems take 255 bytes.
const NAME_LIMIT: usize = 200;
/// An ending longer than this is part of the name.
const ENDING_LIMIT: usize = 20;

/// A name that can be shown, saved and put into a header: no folders, control characters or characters that turn the text's
/// direction (they make `exe.gpj` of `jpg.exe`), at most 200 bytes with its ending kept. A file that is shown in place gets
/// an ending of its type, so that a picture is never saved as `page.html`.
#[must_use]
pub fn safe_name(given: &str, media_type: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    // A hostile name may be megabytes long.
    let cleaned: String = last.chars().take(4096).filter(|letter| !is_hidden(*letter)).map(plain).collect();
    let mut name = cleaned.trim_matches(|letter: char| letter.is_whitespace() || letter == '.').to_owned();
    if name.is_empty() {
        name.push_str("file");
    }
    let fitting = endings(media_type);
    if let Some(first) = fitting.first()
        && !split_ending(&name).is_some_and(|(_, ending)| fitting.contains(&ending.to_ascii_lowercase().as_str()))
    {
        name.push('.');
        name.push_str(first);
    }
    shortened(&name)
}

fn plain(letter: char) -> char {
    match letter {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        letter if letter.is_whitespace() => ' ',
        letter => letter,
    }
}

/// Characters nobody sees: controls, direction marks, zero-width ones, private tags.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{00ad}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

fn split_ending(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('.').filter(|(stem, ending)| !stem.is_empty() && !ending.is_empty() && ending.len() <= ENDING_LIMIT)
}

fn shortened(name: &str) -> String {
    if name.len() <= NAME_LIMIT {
        return name.to_owned();
    }
    let (stem, ending) = split_ending(name).map_or((name, String::new()), |(stem, ending)| (stem, format!(".{ending}")));
    let room = NAME_LIMIT.saturating_sub(ending.len());
    let stem = stem.get(..stem.floor_char_boundary(room)).unwrap_or_default();
    format!("{}{ending}", stem.trim_end())
}

/// The value of a `Content-Disposition` header (RFC 6266): an ASCII name for old clients, and the real one by RFC 5987.
#[must_use]
pub fn content_disposition(name: &str, media_type: &str) -> String {
    let name = safe_name(name, media_type);
    let how = match disposition(media_type) {
        Disposition::Inline => "inline",
        Disposition::Attachment => "attachment",
    };
    let ascii: String = name.chars().map(|letter| if letter.is_ascii() && !matches!(letter, '\\' | '%') { letter } else { '_' }).collect();
    let mut header = format!("{how}; filename=\"{ascii}\"");
    if ascii != name {
        header.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                header.push(char::from(byte));
            } else {
                header.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    header
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names() {
        let long = "я".repeat(300);
        let table = [
            ("Счёт № 5.pdf", "application/pdf", "Счёт № 5.pdf".to_owned()),
            ("../../etc/passwd", "text/plain", "passwd".to_owned()),
            ("C:\\Windows\\cmd.exe", "application/x-msdownload", "cmd.exe".to_owned()),
            ("a\r\nSet-Cookie: x\".txt", "text/plain", "aSet-Cookie_ x_.txt".to_owned()),
            ("photo\u{202e}gpj.exe", "application/x-msdownload", "photogpj.exe".to_owned()),
            ("...", "text/plain", "file".to_owned()),
            ("", "image/png", "file.png".to_owned()),
            (".htaccess", "text/plain", "htaccess".to_owned()),
            ("page.html", "image/jpeg", "page.html.jpg".to_owned()),
            ("IMG.JPEG", "image/jpeg", "IMG.JPEG".to_owned()),
            ("a/", "text/plain", "file".to_owned()),
            (&format!("{long}.docx"), "application/msword", format!("{}.docx", "я".repeat(97))),
            (&long, "text/plain", "я".repeat(100)),
        ];
        for (given, media_type, expected) in table {
            assert_eq!(safe_name(given, media_type), expected);
        }
    }

    #[test]
    fn headers() {
        assert_eq!(content_disposition("a b.png", "image/png"), "inline; filename=\"a b.png\"");
        assert_eq!(content_disposition("x.html", "text/html"), "attachment; filename=\"x.html\"");
        assert_eq!(
            content_disposition("Счёт 5%.pdf", "application/pdf"),
            "attachment; filename=\"____ 5_.pdf\"; filename*=UTF-8''%D0%A1%D1%87%D1%91%D1%82%205%25.pdf"
        );
    }

    proptest! {
        #[test]
        fn any_name_is_safe(given in any::<String>(), media_type in "image/png|text/html|video/mp4") {
            let name = safe_name(&given, &media_type);
            prop_assert!(!name.is_empty() && name.len() <= NAME_LIMIT);
            let forbidden = ['/', '\\', '"', '\r', '\n', '\0', '\u{202e}'];
            prop_assert!(!name.contains(forbidden));
            prop_assert!(!name.starts_with('.'));
            prop_assert_eq!(safe_name(&name, &media_type), name.clone(), "twice is once");
            let header = content_disposition(&given, &media_type);
            prop_assert!(header.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{header}");
            prop_assert_eq!(header.starts_with("inline"), media_type != "text/html");
        }
    }
}
