//! Text to words. The same steps are taken with a message and with a query: lower case, ё as е, accents composed or
//! dropped, words by Unicode's rules, and each word to its stem by its alphabet.
//!
//! A Latin word may be English or Spanish; it is kept under both stems and found by either. Phones are kept as one number
//! however they were written, e-mails whole and in parts.

use std::collections::BTreeSet;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;

use crate::model::ids::{AccountId, ConversationId, WorkspaceId};

/// The longest text of a message that is looked at, in characters.
const TEXT_LIMIT: usize = 32_768;
/// The most different words one message has.
const WORDS_LIMIT: usize = 4_000;
/// The longest word, in characters: what is longer is found by its beginning.
const WORD_LIMIT: usize = 40;
/// The longest query, in characters.
pub const QUERY_LIMIT: usize = 500;
/// The most words of a query; more are not asked for.
const QUERY_WORDS_LIMIT: usize = 16;
/// Digits that make a phone number.
const PHONE: std::ops::RangeInclusive<usize> = 7..=15;

/// Lower case, ё as е, and the accents that macOS and iOS write apart: й and ё composed, others dropped.
fn plain(text: &str, limit: usize) -> String {
    let mut plain = String::with_capacity(text.len().min(limit.saturating_mul(2)));
    for letter in text.chars().take(limit) {
        match letter {
            '\u{306}' if plain.ends_with('и') => {
                plain.pop();
                plain.push('й');
            }
            '\u{301}' if plain.ends_with(['a', 'e', 'i', 'o', 'u']) => {
                let accented = plain.pop().map_or('a', accented);
                plain.push(accented);
            }
            '\u{303}' if plain.ends_with('n') => {
                plain.pop();
                plain.push('ñ');
            }
            '\u{300}'..='\u{36f}' => {}
            'ё' | 'Ё' => plain.push('е'),
            _ => plain.extend(letter.to_lowercase().filter(|part| !matches!(part, '\u{300}'..='\u{36f}'))),
        }
    }
    plain
}

fn accented(letter: char) -> char {
    match letter {
        'a' => 'á',
        'e' => 'é',
        'i' => 'í',
        'o' => 'ó',
        _ => 'ú',
    }
}

/// A Latin letter without its accent, so that «camion» finds «camión».
fn unaccented(letter: char) -> char {
    match letter {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        other => other,
    }
}

/// The words of plain text, unstemmed, in their order.
fn raw_words(plain: &str) -> impl Iterator<Item = &str> {
    // Unicode keeps "конец.Начало" and "mail.ru" together: people search for the parts.
    plain.unicode_words().flat_map(|word| word.split(|letter: char| !letter.is_alphanumeric())).filter(|word| !word.is_empty())
}

/// The forms a word is kept and found under: one stem, or two where it may be English or Spanish.
struct Stems {
    russian: Stemmer,
    english: Stemmer,
    spanish: Stemmer,
}

impl Stems {
    fn new() -> Self {
        Self {
            russian: Stemmer::create(Algorithm::Russian),
            english: Stemmer::create(Algorithm::English),
            spanish: Stemmer::create(Algorithm::Spanish),
        }
    }

    fn of(&self, word: &str) -> Vec<String> {
        let word: String = word.chars().take(WORD_LIMIT).collect();
        if word.chars().all(|letter| matches!(letter, 'а'..='я')) {
            return vec![self.russian.stem(&word).into_owned()];
        }
        if word.chars().all(|letter| letter.is_ascii_lowercase() || unaccented(letter) != letter) {
            let english = self.english.stem(&word).chars().map(unaccented).collect::<String>();
            let spanish = self.spanish.stem(&word).chars().map(unaccented).collect::<String>();
            return if english == spanish { vec![english] } else { vec![english, spanish] };
        }
        vec![word]
    }
}

/// A chunk between spaces that is an e-mail, without what stands around it.
fn email(chunk: &str) -> Option<&str> {
    let trimmed = chunk.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let (name, host) = trimmed.split_once('@')?;
    let allowed = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-_".contains(&byte));
    (allowed(name) && allowed(host) && trimmed.len() <= 100).then_some(trimmed)
}

/// Numbers that are written with spaces, dashes, dots or brackets inside, joined: each with the pieces it was made of.
fn phones(plain: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for run in plain.split(|letter: char| !(letter.is_ascii_digit() || " -()+.\u{a0}".contains(letter))) {
        let pieces: Vec<String> = run.split(|letter: char| !letter.is_ascii_digit()).filter(|piece| !piece.is_empty()).map(str::to_owned).collect();
        let joined = pieces.concat();
        if PHONE.contains(&joined.len()) {
            found.push((joined, pieces));
        }
    }
    found
}

/// A Russian number is the same with 8, with +7 and without either.
fn national(phone: &str) -> Option<&str> {
    if phone.len() == 11 { phone.strip_prefix(['7', '8']) } else { None }
}

/// The words of a message as one text for the index: stems, phones, e-mails, each once.
#[must_use]
pub fn index_text(marks: &[String], texts: &[&str]) -> String {
    let stems = Stems::new();
    let mut words = BTreeSet::new();
    for text in texts {
        let plain = plain(text, TEXT_LIMIT);
        for word in raw_words(&plain) {
            if words.len() >= WORDS_LIMIT {
                break;
            }
            words.extend(stems.of(word));
        }
        words.extend(plain.split_whitespace().filter_map(email).take(50).map(str::to_owned));
        for (phone, _) in phones(&plain).into_iter().take(50) {
            words.extend(national(&phone).map(str::to_owned));
            words.extend(national(&phone).map(|number| format!("7{number}")));
            words.insert(phone);
        }
    }
    let mut text = marks.join(" ");
    for word in &words {
        text.push(' ');
        text.push_str(word);
    }
    text
}

/// A word that no text can have, as all marks: a word of a text never begins with `_`.
pub(super) fn workspace_mark(workspace: WorkspaceId) -> String {
    format!("_w{workspace}")
}

/// Whose account it is; an account is of one workspace.
pub(super) fn account_mark(account: AccountId) -> String {
    format!("_a{account}")
}

/// Where it stands; a conversation is of one account.
pub(super) fn conversation_mark(conversation: ConversationId) -> String {
    format!("_c{conversation}")
}

/// A customer of the workspace who is in no channel: a manager wrote them down.
pub(super) fn unseen_mark(workspace: WorkspaceId) -> String {
    format!("_n{workspace}")
}

/// One thing a query asks for: any of these words.
#[derive(Default)]
struct Asked {
    any: Vec<String>,
    beginning: Option<String>,
}

/// The index's own expression for a query; `None`: it has no words. Whatever the text is, the expression is a list of
/// quoted words of letters and digits, so no text can break its syntax.
pub(super) fn expression(text: &str) -> Option<String> {
    let plain = plain(text, QUERY_LIMIT);
    let mut required = Vec::new();
    for one in asked(&plain) {
        let mut any: Vec<String> = one.any.iter().map(|word| quoted(word)).collect();
        any.extend(one.beginning.map(|beginning| format!("{} *", quoted(&beginning))));
        required.push(format!("({})", any.join(" OR ")));
    }
    (!required.is_empty()).then(|| required.join(" AND "))
}

/// What has one of some marks, and fits the expression, if there is one.
pub(super) fn within(marks: &[String], expression: Option<&str>) -> String {
    let any: Vec<String> = marks.iter().map(|mark| quoted(mark)).collect();
    let any = any.join(" OR ");
    expression.map_or_else(|| any.clone(), |expression| format!("({any}) AND {expression}"))
}

fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('"', ""))
}

fn asked(plain: &str) -> Vec<Asked> {
    let stems = Stems::new();
    let mut asked = Vec::new();
    let mut rest = String::with_capacity(plain.len());
    // An e-mail is asked for whole; its parts alone would find too much.
    let mut ends_with_email = false;
    for chunk in plain.split_inclusive(char::is_whitespace) {
        ends_with_email = false;
        if let Some(email) = email(chunk) {
            asked.push(Asked { any: vec![email.to_owned()], beginning: None });
            ends_with_email = true;
        } else {
            rest.push_str(chunk);
        }
    }
    if ends_with_email && let Some(last) = asked.last_mut() {
        last.beginning = last.any.first().cloned();
    }
    let mut numbers = phones(&rest);
    // Only a query that is a number as a whole is read as a phone: «заказ 15 000 000» stays three words.
    let is_number = !rest.contains(char::is_alphabetic) && numbers.len() == 1;
    if is_number && let Some((phone, pieces)) = numbers.pop() {
        let number = national(&phone).unwrap_or(&phone).to_owned();
        // Written as here, piece by piece, it may also be a long number that is no phone.
        let together = if pieces.len() == 1 { Vec::new() } else { vec![phone] };
        asked.push(Asked { any: [vec![number.clone()], together].concat(), beginning: Some(number) });
        return asked;
    }
    let raw: Vec<&str> = raw_words(&rest).take(QUERY_WORDS_LIMIT).collect();
    let last = raw.len().checked_sub(1).filter(|_| !ends_with_email && !rest.ends_with(char::is_whitespace));
    for (at, word) in raw.iter().enumerate() {
        let beginning = (Some(at) == last).then(|| word.chars().take(WORD_LIMIT).map(unaccented).collect());
        asked.push(Asked { any: stems.of(word), beginning });
    }
    asked
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn words_of(text: &str) -> Vec<String> {
        index_text(&[workspace_mark(WorkspaceId(1)), account_mark(AccountId(2))], &[text]).split(' ').skip(2).map(str::to_owned).collect()
    }

    #[test]
    fn forms_of_a_word_are_one_word() {
        let forms = [
            vec!["заказ", "заказы", "заказа", "заказов", "Заказами", "ЗАКАЗУ"],
            vec!["ёлка", "елка", "ЁЛКИ", "е\u{308}лку"],
            vec!["мой", "мои\u{306}"],
        ];
        for forms in forms {
            let found: BTreeSet<Vec<String>> = forms.iter().map(|form| words_of(form)).collect();
            assert_eq!(found.len(), 1, "{found:?}");
        }
    }

    #[test]
    fn latin_words_have_an_english_and_a_spanish_stem() {
        for (one, other) in [("orders", "ordering"), ("camión", "camiones"), ("camion", "camio\u{301}n"), ("pedidos", "pedido"), ("pagar", "pagado")]
        {
            let (one, other) = (words_of(one), words_of(other));
            assert!(one.iter().any(|word| other.contains(word)), "{one:?} {other:?}");
        }
    }

    #[test]
    fn phones_and_emails_are_words() {
        for phone in ["+7 (916) 123-45-67", "8 916 123 45 67", "89161234567", "7.916.123.45.67"] {
            assert!(words_of(phone).contains(&"79161234567".to_owned()), "{phone}: {:?}", words_of(phone));
            assert!(words_of(phone).contains(&"9161234567".to_owned()), "{phone}");
        }
        let words = words_of("Пишите: <Ivan.Petrov@Mail.ru>, спасибо");
        assert!(words.contains(&"ivan.petrov@mail.ru".to_owned()) && words.iter().any(|word| word == "mail"), "{words:?}");
    }

    #[test]
    fn joined_sentences_are_split() {
        assert_eq!(words_of("конец.Начало"), words_of("начало конец"));
    }

    proptest! {
        #[test]
        fn any_text_gives_words_and_a_sound_expression(text in any::<String>()) {
            for word in words_of(&text) {
                prop_assert!(!word.starts_with('_') && !word.contains('"'), "{word}");
            }
            if let Some(expression) = expression(&text) {
                prop_assert_eq!(expression.matches('"').count() % 2, 0);
                prop_assert!(expression.starts_with("(\"") && !expression.contains("\"_"));
            }
        }

        #[test]
        fn stemmers_take_any_word(text in "[a-zа-яáéíóúüñ]{0,60}") {
            prop_assert!(words_of(&text).iter().all(|word| !word.is_empty()) || text.is_empty());
        }
    }
}
