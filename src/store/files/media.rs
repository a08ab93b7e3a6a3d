//! The media type from the content, and which types a browser may show in place.

/// How much of the content's beginning is looked at.
pub(super) const HEAD: usize = 16 * 1024;

/// What is nothing known.
const UNKNOWN: &str = "application/octet-stream";

/// How a file is handed to a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Shown in place.
    Inline,
    /// Saved.
    Attachment,
}

/// Types that are pictures, sound or film and nothing else. A closed list: HTML, SVG, XML and PDF can carry scripts, and
/// whatever is not known today is saved, not shown.
const SHOWN: [&str; 12] = [
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "video/mp4",
    "video/webm",
    "video/ogg",
    "video/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/mpeg",
    "audio/webm",
];

/// Whether a file of this type may be shown in place. Always sent with `X-Content-Type-Options: nosniff`.
#[must_use]
pub fn disposition(media_type: &str) -> Disposition {
    if SHOWN.contains(&media_type) { Disposition::Inline } else { Disposition::Attachment }
}

/// The endings a name may have for a type that is shown in place; the first is added where there is none of them.
pub(super) fn endings(media_type: &str) -> &'static [&'static str] {
    match media_type {
        "image/jpeg" => &["jpg", "jpeg", "jpe", "jfif"],
        "image/png" => &["png"],
        "image/gif" => &["gif"],
        "image/webp" => &["webp"],
        "video/mp4" => &["mp4", "m4v"],
        "video/webm" | "audio/webm" => &["webm", "weba"],
        "video/ogg" => &["ogv", "ogg"],
        "video/mpeg" => &["mpg", "mpeg"],
        "audio/mp4" => &["m4a", "mp4"],
        "audio/ogg" => &["ogg", "oga", "opus"],
        "audio/mpeg" => &["mp3", "mpga"],
        _ => &[],
    }
}

/// The media type of a content that begins with `head`; `is_text`: whether all of it is UTF-8 text.
pub(super) fn media_type(head: &[u8], is_text: bool) -> String {
    let found = infer::get(head).map_or(if is_text && !head.is_empty() { "text/plain" } else { UNKNOWN }, |kind| kind.mime_type());
    match found {
        "audio/m4a" => "audio/mp4",
        "audio/opus" => "audio/ogg",
        "video/x-m4v" => "video/mp4",
        // A browser records a voice into the same boxes as a film; only the tracks within tell them apart.
        "video/webm" if holds(head, b"A_OPUS") && !VIDEO_CODECS.iter().any(|codec| holds(head, codec)) => "audio/webm",
        "video/mp4" if holds(head, b"soun") && !holds(head, b"vide") => "audio/mp4",
        other => other,
    }
    .to_owned()
}

/// What a video track of a WebM file names its codec by. Long enough not to be met in sound by chance.
const VIDEO_CODECS: [&[u8]; 4] = [b"V_VP8", b"V_VP9", b"V_AV1", b"V_MPEG"];

fn holds(head: &[u8], what: &[u8]) -> bool {
    head.windows(what.len()).any(|part| part == what)
}

/// Whether all bytes that passed are UTF-8 text without control characters, wherever the pieces were cut.
#[derive(Debug, Default)]
pub(super) struct TextCheck {
    /// The beginning of a character that was cut: at most three bytes.
    cut: Vec<u8>,
    broken: bool,
}

impl TextCheck {
    pub(super) fn see(&mut self, piece: &[u8]) {
        if self.broken {
            return;
        }
        let mut rest = piece;
        // Completes the cut character byte by byte, so that the piece itself is not copied.
        while !self.cut.is_empty() {
            let Some((byte, after)) = rest.split_first() else { return };
            self.cut.push(*byte);
            rest = after;
            match std::str::from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => {
                    self.broken = true;
                    return;
                }
            }
        }
        let valid = match std::str::from_utf8(rest) {
            Ok(_) => rest,
            Err(error) if error.error_len().is_none() => {
                let (valid, cut) = rest.split_at(error.valid_up_to());
                self.cut.extend_from_slice(cut);
                valid
            }
            Err(_) => {
                self.broken = true;
                return;
            }
        };
        self.broken = valid.iter().any(|byte| *byte < 0x20 && !b"\t\n\r\x0c".contains(byte) || *byte == 0x7f);
    }

    pub(super) fn is_text(&self) -> bool {
        !self.broken && self.cut.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_recorded_voice_is_no_film() {
        let webm = |tracks: &str| {
            media_type(
                &[
                    b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm".as_slice(),
                    tracks.as_bytes(),
                    &[0; 256],
                ]
                .concat(),
                false,
            )
        };
        assert_eq!((webm("A_OPUS V_ V_").as_str(), webm("V_VP8 A_OPUS").as_str()), ("audio/webm", "video/webm"));
        let mp4 = |tracks: &str| media_type(&[b"\0\0\0\x18ftypiso5\0\0\0\0iso5iso6mp41".as_slice(), tracks.as_bytes()].concat(), false);
        assert_eq!((mp4("hdlr soun").as_str(), mp4("hdlr vide hdlr soun").as_str()), ("audio/mp4", "video/mp4"));
    }

    #[test]
    fn types_by_content() {
        let table: [(&[u8], &str); 11] = [
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"GIF89a", "image/gif"),
            (b"%PDF-1.7", "application/pdf"),
            (b"<!DOCTYPE html><script>", "text/html"),
            (b"<?xml version=\"1.0\"?><svg onload=alert(1)>", "text/xml"),
            (b"<svg onload=alert(1)>", "text/plain"),
            (b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0OpusHead", "audio/ogg"),
            ("Привет, мир".as_bytes(), "text/plain"),
            (b"\0\x01\x02", UNKNOWN),
            (b"", UNKNOWN),
        ];
        for (content, expected) in table {
            let mut text = TextCheck::default();
            text.see(content);
            assert_eq!(media_type(content, text.is_text()), expected, "{}", String::from_utf8_lossy(content));
        }
    }

    #[test]
    fn only_pictures_sound_and_film_are_shown() {
        for shown in SHOWN {
            assert_eq!(disposition(shown), Disposition::Inline);
            assert!(!endings(shown).is_empty(), "{shown}");
        }
        for saved in ["text/html", "image/svg+xml", "text/xml", "application/xml", "application/pdf", "text/plain", "", "IMAGE/PNG", "image/png; x"] {
            assert_eq!(disposition(saved), Disposition::Attachment, "{saved}");
        }
    }

    proptest! {
        #[test]
        fn text_is_text_however_it_is_cut(text in "[ -~а-я€😀\n]{0,60}", at in 0_usize..200) {
            let bytes = text.as_bytes();
            let at = at.min(bytes.len());
            let mut check = TextCheck::default();
            check.see(&bytes[..at]);
            check.see(&bytes[at..]);
            prop_assert_eq!(check.is_text(), !bytes.contains(&0x7f));
        }

        #[test]
        fn any_bytes_are_never_shown_as_html(bytes in prop::collection::vec(any::<u8>(), 0..400), prefix in "(<html>|<!doctype html>|<svg>|<\\?xml|%PDF|GIF89a|)") {
            let content = [prefix.as_bytes(), &bytes].concat();
            let mut text = TextCheck::default();
            text.see(&content);
            let found = media_type(&content, text.is_text());
            prop_assert!(disposition(&found) == Disposition::Attachment || SHOWN.contains(&found.as_str()));
            prop_assert!(found != "text/html" || disposition(&found) == Disposition::Attachment);
        }
    }
}
