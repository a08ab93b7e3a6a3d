//! Texts as Telegram counts them: in UTF-16 units. Pure.

use super::wire::Entity;

/// How long a text is.
#[must_use]
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Cuts a text into pieces of at most `limit`, at the end of a paragraph, a line, a sentence or a word if there is one in the
/// second half of the piece, and never inside a character.
#[must_use]
pub fn split(text: &str, limit: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_end();
    while length(rest) > limit {
        let at = cut(rest, limit.max(2));
        let (piece, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        if !piece.trim().is_empty() {
            pieces.push(piece.trim_end().to_owned());
        }
        rest = after.trim_start_matches(['\n', ' ']);
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// Where to cut, in bytes.
fn cut(text: &str, limit: usize) -> usize {
    let (mut units, mut end, mut half) = (0, 0, 0);
    for (at, letter) in text.char_indices() {
        units += letter.len_utf16();
        if units > limit {
            break;
        }
        end = at + letter.len_utf8();
        if units <= limit / 2 {
            half = end;
        }
    }
    let head = text.get(..end).unwrap_or_default();
    let found = ["\n\n", "\n", ". ", "! ", "? ", "… ", " "].iter().find_map(|mark| {
        let at = head.rfind(mark)?;
        (at >= half && at > 0).then_some(at + mark.trim_end_matches(' ').len())
    });
    // A joiner, a variation or a skin tone belongs to what stands before it.
    found.unwrap_or_else(|| {
        let whole = unicode_segmentation::UnicodeSegmentation::grapheme_indices(text, true).map(|(at, _)| at).take_while(|at| *at <= end).last();
        whole.filter(|at| *at > half).unwrap_or(end)
    })
}

/// A text with the links that stand behind its words written out: `here (https://…)`.
#[must_use]
pub fn with_links(text: &str, entities: &[Entity]) -> String {
    let mut links: Vec<(usize, &str)> = Vec::new();
    for entity in entities.iter().filter(|entity| entity.kind == "text_link") {
        if let Some(url) = entity.url.as_deref()
            && stretch(text, entity).is_none_or(|words| words.trim_end_matches('/') != url.trim_end_matches('/'))
        {
            links.push((entity.offset.saturating_add(entity.length), url));
        }
    }
    if links.is_empty() {
        return text.to_owned();
    }
    links.sort_by_key(|(end, _)| *end);
    let (mut out, mut units, mut links) = (String::with_capacity(text.len() + 64), 0, links.into_iter().peekable());
    for letter in text.chars() {
        while let Some((_, url)) = links.next_if(|(end, _)| *end <= units) {
            out.push_str(&format!(" ({url})"));
        }
        out.push(letter);
        units += letter.len_utf16();
    }
    for (_, url) in links {
        out.push_str(&format!(" ({url})"));
    }
    out
}

/// The words of an entity.
#[must_use]
pub fn stretch(text: &str, entity: &Entity) -> Option<String> {
    let units: Vec<u16> = text.encode_utf16().skip(entity.offset).take(entity.length).collect();
    (units.len() == entity.length).then(|| String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_texts_are_cut_at_sensible_places() {
        let table: [(&str, usize, &[&str]); 7] = [
            ("коротко", 10, &["коротко"]),
            ("", 10, &[]),
            ("первый абзац\n\nвторой", 16, &["первый абзац", "второй"]),
            ("строка раз\nстрока два", 15, &["строка раз", "строка два"]),
            ("Одно. Два три четыре", 8, &["Одно.", "Два три", "четыре"]),
            ("безпробелов", 6, &["безпро", "белов"]),
            ("😀😀😀", 5, &["😀😀", "😀"]),
        ];
        for (text, limit, wanted) in table {
            assert_eq!(split(text, limit), wanted, "{text}");
        }
    }

    #[test]
    fn links_behind_words_are_written_out() {
        let link = |offset, length, url: &str| Entity { kind: "text_link".into(), offset, length, url: Some(url.into()) };
        assert_eq!(with_links("смотри 😀тут, да", &[link(9, 3, "https://ex.am/")]), "смотри 😀тут (https://ex.am/), да");
        assert_eq!(with_links("тут", &[link(0, 3, "https://ex.am/")]), "тут (https://ex.am/)");
        assert_eq!(with_links("https://ex.am", &[link(0, 13, "https://ex.am/")]), "https://ex.am", "it is there already");
        assert_eq!(with_links("ab", &[link(usize::MAX, 3, "u")]), "ab (u)");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_long(text in "[a-zа-я😀👍🏽 .\n]{0,200}", limit in 8_usize..40) {
            let pieces = split(&text, limit);
            for piece in &pieces {
                prop_assert!(length(piece) <= limit && !piece.is_empty());
            }
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(bare(&pieces.concat()), bare(&text));
        }
    }
}
