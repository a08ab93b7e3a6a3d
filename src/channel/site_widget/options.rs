//! What a widget does beside how it looks: texts per language, hours, forms, invitations, ways to other messengers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::settings::{Appearance, WrongSetting};
use crate::model::contact;
use crate::model::hours::Hours;
use crate::model::protocol::{Away, Form, InvitationView, MessengerLink, Rule, VisitorContact, WidgetView};
use crate::model::reason::Reason;
use crate::model::time::Time;

/// The languages a widget speaks.
pub const LOCALES: [&str; 3] = ["ru", "en", "es"];
/// Ready words per language.
const PHRASES: usize = 6;
const INVITATIONS: usize = 10;
const MESSENGERS: usize = 8;
/// What may stand in a link beside what is always fine in one.
const SCHEMES: [&str; 3] = ["https://", "tg://", "viber://"];
/// The messengers a widget has a mark for.
const KINDS: [&str; 6] = ["telegram", "whatsapp", "vk", "max", "viber", "instagram"];

/// The words of one language. Empty: those of the appearance, or the widget's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, ToSchema, TS)]
#[serde(default)]
#[ts(export_to = "protocol.ts")]
pub struct WidgetTexts {
    /// The company's name, in the header.
    pub title: String,
    /// The first words.
    pub greeting: String,
    /// What is said while nobody answers.
    pub away: String,
    /// The line of consent.
    pub consent: String,
    /// Where its long form is.
    pub consent_link: String,
    /// Ready words, as buttons.
    pub phrases: Vec<String>,
    /// What each invitation says, by its name.
    pub invitations: BTreeMap<String, String>,
}

/// Never sooner than this: who answers in two messages writes one letter.
const SOONEST_MS: i64 = 5_000;

/// Letters to visitors who left before they were answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, ToSchema, TS)]
#[serde(default)]
#[ts(export_to = "protocol.ts")]
pub struct Letters {
    /// Whether there are any; the server's mail must be set up, and the visitor's address known.
    pub on: bool,
    /// So many minutes after the first answer they did not see; 0: as soon as it is known that they left.
    pub minutes: u32,
}

impl Default for Letters {
    fn default() -> Self {
        Self { on: true, minutes: 10 }
    }
}

impl Letters {
    /// The same in milliseconds.
    #[must_use]
    pub fn pause_ms(self) -> i64 {
        (i64::from(self.minutes) * 60_000).max(SOONEST_MS)
    }
}

/// What a widget does beside how it looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, ToSchema, TS)]
#[serde(default)]
#[ts(export_to = "protocol.ts")]
pub struct WidgetOptions {
    /// From the side of the window, pixels.
    pub offset_x: u16,
    /// From its bottom, pixels.
    pub offset_y: u16,
    /// By language: `ru`, `en`, `es`.
    pub texts: BTreeMap<String, WidgetTexts>,
    /// When people answer.
    pub hours: Hours,
    /// What happens while they do not.
    pub away: Away,
    /// Asked before the first message.
    pub before: Form,
    /// Asked instead while nobody answers.
    pub offline: Form,
    /// When a visitor is spoken to first.
    pub invitations: Vec<Rule>,
    /// Ways to other messengers.
    pub messengers: Vec<MessengerLink>,
    /// What happens to answers the visitor does not see.
    pub letters: Letters,
    /// Whether a new message is heard.
    pub sound: bool,
    /// Whether a closed conversation can be rated.
    pub rating: bool,
}

impl Default for WidgetOptions {
    fn default() -> Self {
        Self {
            offset_x: 20,
            offset_y: 20,
            texts: BTreeMap::new(),
            hours: Hours::default(),
            away: Away::Say,
            before: Form::default(),
            offline: Form::default(),
            invitations: Vec::new(),
            messengers: Vec::new(),
            letters: Letters::default(),
            sound: true,
            rating: true,
        }
    }
}

/// What a visitor's form gave, in its one form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Given {
    /// A name.
    pub name: String,
    /// A phone.
    pub phone: String,
    /// An e-mail.
    pub email: String,
    /// The line they agreed to.
    pub consent: Option<String>,
}

/// Who asks for a widget's view.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The page's language.
    pub locale: &'a str,
    /// Now.
    pub now: Time,
    /// The workspace's zone.
    pub time_zone: &'a str,
    /// The code of the visit.
    pub code: &'a str,
    /// The greatest file, bytes.
    pub max_file_bytes: u64,
}

fn longer(text: &str, limit: usize) -> bool {
    text.chars().count() > limit
}

fn is_link(text: &str, schemes: &[&str]) -> bool {
    text.len() <= 500
        && schemes.iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme))
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>'))
}

impl WidgetTexts {
    fn check(&self) -> Result<(), WrongSetting> {
        let wrong = |field, code| Err(WrongSetting { field, code });
        for (field, text, limit) in
            [("title", &self.title, 60), ("greeting", &self.greeting, 500), ("away_text", &self.away, 500), ("consent", &self.consent, 500)]
        {
            if longer(text, limit) {
                return wrong(field, "too_long");
            }
        }
        if !self.consent_link.is_empty() && !is_link(&self.consent_link, &["https://", "http://"]) {
            return wrong("consent_link", "link_invalid");
        }
        if self.phrases.len() > PHRASES {
            return wrong("phrases", "too_many");
        }
        if self.phrases.iter().any(|phrase| longer(phrase, 80)) {
            return wrong("phrases", "too_long");
        }
        if self.phrases.iter().any(|phrase| phrase.trim().is_empty()) {
            return wrong("phrases", "required");
        }
        if self.invitations.len() > INVITATIONS || self.invitations.values().any(|text| longer(text, 300)) {
            return wrong("invitations", "too_long");
        }
        Ok(())
    }
}

impl WidgetOptions {
    /// Checks lengths and forms.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), WrongSetting> {
        let wrong = |field, code| Err(WrongSetting { field, code });
        if self.offset_x > 500 || self.offset_y > 500 {
            return wrong("offset", "too_large");
        }
        if self.texts.keys().any(|locale| !LOCALES.contains(&locale.as_str())) {
            return wrong("texts", "locale_unknown");
        }
        self.texts.values().try_for_each(WidgetTexts::check)?;
        self.hours.check().map_err(|(field, code)| WrongSetting { field, code })?;
        if self.invitations.len() > INVITATIONS {
            return wrong("invitations", "too_many");
        }
        for (at, rule) in self.invitations.iter().enumerate() {
            let named = (1..=32).contains(&rule.id.len()) && rule.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !named || self.invitations.iter().skip(at.saturating_add(1)).any(|other| other.id == rule.id) {
                return wrong("invitations", "bad_name");
            }
            // Without a moment it would stand in everybody's way at once.
            if rule.seconds.is_none() && rule.scroll.is_none() && !rule.leaving {
                return wrong("invitations", "rule_empty");
            }
            if longer(&rule.address, 200)
                || rule.seconds.is_some_and(|seconds| seconds > 86_400)
                || rule.scroll.is_some_and(|share| share > 100)
                || rule.again_hours.is_some_and(|hours| hours > 8_760)
            {
                return wrong("invitations", "too_large");
            }
        }
        if self.letters.minutes > 1_440 {
            return wrong("minutes", "out_of_range");
        }
        if self.messengers.len() > MESSENGERS {
            return wrong("messengers", "too_many");
        }
        if self.messengers.iter().any(|one| !KINDS.contains(&one.kind.as_str())) {
            return wrong("messengers", "kind_unknown");
        }
        if self.messengers.iter().any(|one| !is_link(&one.link, &SCHEMES)) {
            return wrong("messengers", "link_invalid");
        }
        Ok(())
    }

    /// What any visitor may know, in the visitor's language.
    #[must_use]
    pub fn view(&self, look: &Appearance, seen: Seen<'_>) -> WidgetView {
        let empty = WidgetTexts::default();
        let texts = self.texts.get(seen.locale).unwrap_or(&empty);
        let or = |text: &String, other: &str| if text.trim().is_empty() { other.to_owned() } else { text.clone() };
        let (online, switches_at) = self.hours.state(seen.now, seen.time_zone);
        let form = if online { &self.before } else { &self.offline };
        let invitations = self.invitations.iter().filter_map(|rule| {
            let said = |locale: &str| self.texts.get(locale).and_then(|texts| texts.invitations.get(&rule.id)).filter(|text| !text.trim().is_empty());
            let text = said(seen.locale).or_else(|| LOCALES.iter().find_map(|locale| said(locale)))?;
            Some(InvitationView { rule: rule.clone(), text: text.clone() })
        });
        let messengers = self.messengers.iter().map(|one| MessengerLink { kind: one.kind.clone(), link: one.link.replace("{code}", seen.code) });
        WidgetView {
            title: or(&texts.title, &look.title),
            greeting: or(&texts.greeting, &look.greeting),
            accent: look.accent.clone(),
            side: look.side.clone(),
            max_file_bytes: seen.max_file_bytes,
            max_files: super::FILES_LIMIT,
            offset_x: self.offset_x,
            offset_y: self.offset_y,
            online,
            switches_at,
            away: self.away,
            away_text: texts.away.clone(),
            phrases: texts.phrases.clone(),
            form: form.on.then(|| form.clone()),
            consent: texts.consent.clone(),
            consent_link: texts.consent_link.clone(),
            invitations: invitations.collect(),
            messengers: messengers.collect(),
            sound: self.sound,
            rating: self.rating,
        }
    }

    /// What a visitor wrote into a form. The line of consent is the owner's own: the page cannot say what was agreed to.
    ///
    /// # Errors
    /// A phone or e-mail that is none, or no consent where it is asked for.
    pub fn contact(&self, told: &VisitorContact, locale: &str) -> Result<Given, Reason> {
        let cut = |text: &str| crate::model::visit::cut(text, 200);
        let phone =
            if told.phone.trim().is_empty() { String::new() } else { contact::phone(&told.phone).ok_or_else(|| Reason::new("phone_invalid"))? };
        let email =
            if told.email.trim().is_empty() { String::new() } else { contact::email(&told.email).ok_or_else(|| Reason::new("email_invalid"))? };
        let asks = |form: &Form| form.on && form.consent;
        if (asks(&self.before) || asks(&self.offline)) && !told.consent {
            return Err(Reason::new("consent_missing"));
        }
        let line = self.texts.get(locale).map(|texts| texts.consent.clone()).unwrap_or_default();
        Ok(Given { name: cut(&told.name), phone, email, consent: told.consent.then_some(line) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protocol::Ask;

    fn texts(texts: WidgetTexts) -> WidgetOptions {
        WidgetOptions { texts: BTreeMap::from([("ru".to_owned(), texts)]), ..WidgetOptions::default() }
    }

    fn rule(id: &str) -> Rule {
        Rule { id: id.into(), seconds: Some(30), ..Rule::default() }
    }

    fn link(kind: &str, link: &str) -> WidgetOptions {
        WidgetOptions { messengers: vec![MessengerLink { kind: kind.into(), link: link.into() }], ..WidgetOptions::default() }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let of = |rules: Vec<Rule>| WidgetOptions { invitations: rules, ..WidgetOptions::default() };
        let table = [
            ("as it is", WidgetOptions::default(), None),
            ("too far in", WidgetOptions { offset_x: 501, ..WidgetOptions::default() }, Some(("offset", "too_large"))),
            (
                "another language",
                WidgetOptions { texts: BTreeMap::from([("fr".into(), WidgetTexts::default())]), ..WidgetOptions::default() },
                Some(("texts", "locale_unknown")),
            ),
            ("a long title", texts(WidgetTexts { title: "я".repeat(61), ..WidgetTexts::default() }), Some(("title", "too_long"))),
            (
                "a script as a link",
                texts(WidgetTexts { consent_link: "javascript:alert(1)".into(), ..WidgetTexts::default() }),
                Some(("consent_link", "link_invalid")),
            ),
            ("seven phrases", texts(WidgetTexts { phrases: vec!["Да".into(); 7], ..WidgetTexts::default() }), Some(("phrases", "too_many"))),
            ("an empty phrase", texts(WidgetTexts { phrases: vec![" ".into()], ..WidgetTexts::default() }), Some(("phrases", "required"))),
            ("two rules of one name", of(vec![rule("a"), rule("a")]), Some(("invitations", "bad_name"))),
            ("a rule for everybody at once", of(vec![Rule { seconds: None, ..rule("a") }]), Some(("invitations", "rule_empty"))),
            ("more than the whole page", of(vec![Rule { scroll: Some(101), ..rule("a") }]), Some(("invitations", "too_large"))),
            ("a good link", link("telegram", "https://t.me/shop?start={code}"), None),
            ("a script as a messenger", link("telegram", "javascript:alert(1)"), Some(("messengers", "link_invalid"))),
            ("a messenger nobody knows", link("icq", "https://icq.example"), Some(("messengers", "kind_unknown"))),
        ];
        for (name, options, wanted) in table {
            assert_eq!(options.check().err().map(|wrong| (wrong.field, wrong.code)), wanted, "{name}");
        }
    }

    #[test]
    fn a_view_speaks_the_visitors_language() {
        let mut options =
            texts(WidgetTexts {
                greeting: "Привет".into(), invitations: BTreeMap::from([("a".into(), "Помочь?".into())]), ..WidgetTexts::default()
            });
        options.invitations = vec![rule("a"), rule("without-words")];
        options.messengers = link("telegram", "https://t.me/shop?start={code}").messengers;
        options.offline = Form { on: true, phone: Ask::Required, ..Form::default() };
        let look = Appearance { title: "Shop".into(), greeting: "Hello".into(), ..Appearance::default() };
        let view = |options: &WidgetOptions, locale| {
            options.view(&look, Seen { locale, now: Time(0), time_zone: "Europe/Moscow", code: "AB12", max_file_bytes: 1 })
        };
        let (russian, english) = (view(&options, "ru"), view(&options, "en"));
        assert_eq!((russian.title.as_str(), russian.greeting.as_str(), english.greeting.as_str()), ("Shop", "Привет", "Hello"));
        assert_eq!(english.invitations.iter().map(|one| one.text.as_str()).collect::<Vec<_>>(), ["Помочь?"]);
        assert_eq!(english.messengers.first().map(|one| one.link.as_str()), Some("https://t.me/shop?start=AB12"));
        assert_eq!((russian.online, russian.form), (true, None));
        options.hours = Hours { on: true, ..Hours::default() };
        let away = view(&options, "ru");
        assert_eq!((away.online, away.form.map(|form| form.phone)), (false, Some(Ask::Required)));
    }

    #[test]
    fn a_form_is_read_in_one_form() {
        let mut options = texts(WidgetTexts { consent: "Согласен".into(), ..WidgetTexts::default() });
        let told = VisitorContact { name: " Анна ".into(), phone: "8 (999) 123-45-67".into(), email: "A@B.example".into(), consent: false };
        let given = options.contact(&told, "ru");
        assert_eq!(given, Ok(Given { name: "Анна".into(), phone: "+79991234567".into(), email: "a@b.example".into(), consent: None }));
        options.before = Form { on: true, consent: true, ..Form::default() };
        assert_eq!(options.contact(&told, "ru"), Err(Reason::new("consent_missing")));
        let agreed = VisitorContact { consent: true, ..told.clone() };
        assert_eq!(options.contact(&agreed, "ru").map(|given| given.consent), Ok(Some("Согласен".into())));
        assert_eq!(options.contact(&VisitorContact { phone: "звоните".into(), ..agreed.clone() }, "ru"), Err(Reason::new("phone_invalid")));
        assert_eq!(options.contact(&VisitorContact { email: "почта".into(), ..agreed }, "ru"), Err(Reason::new("email_invalid")));
    }
}
