use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::settings::{self, Mode, Settings};
use super::super::{KIND, fact};
use super::*;
use crate::connector::form::FieldKind;
use crate::connector::lenient::any_json;
use crate::model::connection::{Health, HealthState};
use crate::model::crm::{CrmChoice, CrmConnection, CrmDirectory};
use crate::model::ids::ConnectionId;
use crate::model::time::Time;

fn connection(settings: Value, facts: &[(&str, &str)]) -> CrmConnection {
    CrmConnection {
        id: ConnectionId(1),
        kind: KIND,
        name: String::new(),
        active: true,
        api_key: String::new(),
        app: None,
        external_key: String::new(),
        sealed: String::new(),
        hook: String::new(),
        base_url: None,
        facts: facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        settings,
        health: HealthState { status: Health::Connected, reason: None, since: Time(0) },
        created_at: Time(0),
        removed_at: None,
    }
}

fn line(value: &str, kind: &str) -> CrmChoice {
    let marks = if kind.is_empty() { BTreeMap::new() } else { [(mark::TYPE.to_owned(), kind.to_owned())].into() };
    CrmChoice { value: value.to_owned(), label: format!("«{value}»"), group: String::new(), marks }
}

fn directory() -> CrmDirectory {
    let stages = vec![line("1/10", mark::UNSORTED), line("1/11", ""), line("1/12", ""), line("1/142", mark::WON), line("1/143", mark::LOST)];
    let lists = [
        (list::STAGES, stages),
        (list::USERS, vec![line("5", ""), line("6", "")]),
        (list::CONTACT_FIELDS, vec![line("70", "url"), line("71", "numeric")]),
        (list::LEAD_FIELDS, vec![line("80", "text")]),
        (list::TASK_TYPES, vec![line("1", "")]),
    ];
    let lists = lists.into_iter().map(|(name, lines)| (name.to_owned(), lines)).collect();
    CrmDirectory { connection: ConnectionId(1), lists, read_at: Time(0) }
}

/// The field that is wrong and why; empty: all is fine.
fn checked(settings: Value) -> (String, String) {
    match settings::check(&settings, Some(&directory())) {
        Ok(_) => Default::default(),
        Err(StepError { field, reason }) => (field, reason.code),
    }
}

fn at(field: &str, code: &str) -> (String, String) {
    (field.to_owned(), code.to_owned())
}

#[test]
fn the_defaults_are_those_of_the_inventory() {
    let usual = Settings::default();
    // H-AMO-56, 57, 60, 64, 70, 80; H-AMO-46, 54.
    assert!(usual.stage.is_empty() && usual.open_stages.is_empty() && usual.create_new_deal_when_closed);
    assert_eq!((usual.notify, usual.task_minutes, usual.responsible_by), (Notify::Notices, 5, ResponsibleBy::Connecting));
    assert_eq!((usual.tags_on, usual.tags.as_slice()), (true, ["Kommutator".to_owned()].as_slice()));
    assert!(!usual.keep_full_links && !usual.split_comments && !usual.contact_for_unsorted && usual.notes);
    assert_eq!(checked(Value::Null), Default::default());
    assert_eq!(checked(json!({})), Default::default());
    assert_eq!(checked(json!({ "tags": 1 })), at("", "settings_invalid"));
    assert_eq!(checked(json!([])), at("", "settings_invalid"));
}

#[test]
fn the_mode_follows_level_switch_channel_and_domain() {
    let (yes, no) = ([(fact::CHANNEL, fact::YES), (fact::HOST, "demo.amocrm.ru")], [(fact::CHANNEL, fact::NO), (fact::HOST, "demo.amocrm.ru")]);
    let abroad = [(fact::CHANNEL, fact::YES), (fact::HOST, "demo.kommo.com")];
    let mode = |settings: Value, facts: &[(&str, &str)]| {
        let connection = connection(settings, facts);
        Settings::of(&connection).mode(&connection)
    };
    // H-AMO-04: chats by default; H-AMO-06: abroad only «Добавлять»; without a channel there are no chats yet.
    assert_eq!([&yes[..], &no, &abroad, &[]].map(|facts| mode(Value::Null, facts)), [Mode::Chats, Mode::Add, Mode::Add, Mode::Add]);
    // H-AMO-20: the switch.
    assert_eq!((mode(json!({ "chats": false }), &yes), mode(json!({ "chats": true }), &abroad)), (Mode::Add, Mode::Chats));
    // H-AMO-12, X-26.
    assert_eq!(mode(json!({ "level": "lite", "chats": true }), &yes), Mode::Lite);
    assert_eq!([Mode::Chats, Mode::Add, Mode::Lite].map(Mode::name), ["chats", "add", "lite"]);
}

/// H-AMO-58: a deal that is made must not be closed to the next message.
#[test]
fn every_chosen_stage_is_open() {
    assert_eq!(checked(json!({ "stage": "1/11", "open_stages": ["1/11", "1/12"] })), Default::default());
    assert_eq!(checked(json!({ "stage": "1/11", "open_stages": ["1/12"] })), at("open_stages", "amocrm_stage_not_open"));
    let by_source = |stage: &str| json!({ "stage_by": "source", "stage_of": { "9": stage }, "open_stages": ["1/12"] });
    assert_eq!(checked(by_source("1/11")), at("open_stages", "amocrm_stage_not_open"));
    assert_eq!(checked(by_source("1/12")), Default::default());
    // What is set for sources is not asked while one holds for all.
    assert_eq!(checked(json!({ "stage_of": { "9": "1/11" }, "open_stages": ["1/12"] })), Default::default());
    assert_eq!(checked(json!({ "stage": "1/142" })), at("stage", "amocrm_stage_not_open"));
    let told = settings::check(&json!({ "stage": "1/11", "open_stages": ["1/12"] }), Some(&directory())).unwrap_err();
    assert_eq!(told.reason.params.get("stage").map(String::as_str), Some("«1/11»"));
}

/// H-AMO-48: each blocks the other.
#[test]
fn comments_are_not_split_while_contacts_are_made_for_incoming_deals() {
    let both = |split: bool, contact: bool| checked(json!({ "split_comments": split, "contact_for_unsorted": contact }));
    assert_eq!([both(true, false), both(false, true)], [Default::default(), Default::default()]);
    assert_eq!(both(true, true), at("contact_for_unsorted", "amocrm_not_together"));
}

/// H-AMO-50: only chats have «Неразобранное».
#[test]
fn deals_wait_to_be_accepted_only_in_chats() {
    assert_eq!(checked(json!({ "stage": "1/10", "open_stages": ["1/11"] })), Default::default(), "it is no stage of a funnel");
    assert_eq!(checked(json!({ "stage": "1/10", "chats": false })), at("stage", "amocrm_unsorted_needs_chats"));
    assert_eq!(checked(json!({ "stage": "1/10", "level": "lite" })), at("stage", "amocrm_unsorted_needs_chats"));
}

#[test]
fn what_is_chosen_must_be_there() {
    for (settings, field, code) in [
        (json!({ "stage": "1/99" }), "stage", "amocrm_choice_gone"),
        (json!({ "stage_by": "source", "stage_of": { "9": "2/11" } }), "stage_of", "amocrm_choice_gone"),
        (json!({ "responsible_by": "other" }), "responsible", "required"),
        (json!({ "responsible_by": "other", "responsible": "99" }), "responsible", "amocrm_choice_gone"),
        (json!({ "responsible_by": "source", "responsible_of": { "9": "99" } }), "responsible_of", "amocrm_choice_gone"),
        (json!({ "instagram_field": "99" }), "instagram_field", "amocrm_choice_gone"),
        (json!({ "telegram_field": "71" }), "telegram_field", "amocrm_field_type"),
        (json!({ "u_code_field": "70" }), "u_code_field", "amocrm_choice_gone"),
        (json!({ "lead_fields": [{ "field": "81", "value": "x" }] }), "lead_fields", "amocrm_choice_gone"),
        (json!({ "contact_fields": [{ "field": "70", "value": "x".repeat(257) }] }), "contact_fields", "too_long"),
        (json!({ "notify": "one_task", "task_minutes": 0 }), "task_minutes", "out_of_range"),
        (json!({ "notify": "each_task", "task_type": "9" }), "task_type", "amocrm_choice_gone"),
        (json!({ "notify_responsible": true }), "user_keys", "required"),
        (json!({ "tags": (0..51).map(|at| at.to_string()).collect::<Vec<_>>() }), "tags", "too_many"),
    ] {
        assert_eq!(checked(settings.clone()), at(field, code), "{settings}");
    }
    // Nothing is known to be gone while the directory was not read.
    assert!(settings::check(&json!({ "stage": "1/99", "responsible_by": "other", "responsible": "99" }), None).is_ok());
}

#[test]
fn what_says_nothing_is_not_kept() {
    let kept = settings::check(
        &json!({ "tags": [" a ", "", "A", "b"], "user_keys": { "5": " k ", "6": " " }, "stage_of": { "9": "" }, "lead_fields": [{ "field": "80", "value": " " }] }),
        Some(&directory()),
    );
    let kept: Settings = serde_json::from_value(kept.unwrap()).unwrap();
    assert_eq!((kept.tags, kept.stage_of.len(), kept.lead_fields.len()), (vec!["a".to_owned(), "b".to_owned()], 0, 0));
    assert_eq!(kept.user_keys, [("5".to_owned(), "k".to_owned())].into());
}

#[test]
fn stage_and_responsible_go_by_the_source() {
    let of = |settings: Value| serde_json::from_value::<Settings>(settings).unwrap();
    let connected = connection(Value::Null, &[(fact::USER, "5")]);
    let by_source =
        of(json!({ "stage_by": "source", "stage": "1/11", "stage_of": { "9": "1/12" }, "responsible_by": "source", "responsible_of": { "9": "6" } }));
    assert_eq!((by_source.stage_for("9"), by_source.stage_for("8")), (Some((1, 12)), Some((1, 11))));
    assert_eq!((by_source.responsible_for("9", &connected), by_source.responsible_for("8", &connected)), (Some(6), Some(5)));
    let other = of(json!({ "stage_of": { "9": "1/12" }, "responsible_by": "other", "responsible": "6" }));
    assert_eq!((other.stage_for("9"), other.responsible_for("9", &connected)), (None, Some(6)));
    assert_eq!(Settings::default().responsible_for("9", &connected), Some(5));
}

#[test]
fn open_are_all_but_the_last_two_unless_it_is_set() {
    let usual = Settings::default();
    assert_eq!([11, 12, 142, 143].map(|stage| usual.is_open((1, stage), false)), [true, true, false, false]);
    let set: Settings = serde_json::from_value(json!({ "open_stages": ["1/12", "1/142"] })).unwrap();
    assert_eq!([11, 12, 142, 143].map(|stage| set.is_open((1, stage), false)), [false, true, true, false]);
    assert!(set.is_open((1, 10), true) && !set.is_open((2, 12), false));
}

/// Each setting is a field of the form, and each field a setting.
#[test]
fn the_form_asks_for_each_setting() {
    let fields = settings::fields(&connection(json!({ "chats": false }), &[]));
    let mut asked: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    asked.sort();
    let Value::Object(known) = serde_json::to_value(Settings::default()).unwrap() else { panic!() };
    let mut known: Vec<String> = known.keys().cloned().collect();
    known.sort();
    assert_eq!(asked, known);
    for field in &fields {
        if let Some(only_if) = &field.only_if {
            assert!(asked.contains(&only_if.field), "{}", field.name);
        }
        if let FieldKind::Pick { list } | FieldKind::Several { list } = &field.kind {
            assert!(directory().lists.contains_key(list), "{}", field.name);
        }
    }
    let chats = settings::fields(&connection(json!({ "chats": true }), &[]));
    assert!(chats.iter().all(|field| field.name != "notes"));
}

/// H-AMO-60: without the widget nobody would see a notice, and the form says so.
#[test]
fn where_the_widget_was_never_seen_a_task_is_offered() {
    let advice = |facts: &[(&str, &str)]| {
        let fields = settings::fields(&connection(json!({}), facts));
        fields.into_iter().find(|field| field.name == "notify").and_then(|field| field.advice).map(|advice| (advice.of, advice.instead))
    };
    assert_eq!(advice(&[]), Some(("notices".to_owned(), "one_task".to_owned())));
    assert_eq!(advice(&[("widget_seen", "1")]), None);
}

/// H-AMO-60 … H-AMO-62, for who may be told.
#[test]
fn who_is_told_is_as_it_is_set() {
    let account = connection(json!({}), &[("user_id", "1")]);
    let told = |settings: Value, responsible: Option<&str>| {
        let mut all = Settings::of(&connection(settings, &[])).told(responsible, &account);
        all.sort();
        all.join(" ")
    };
    let with = |more: &str| {
        let mut settings = json!({ "user_keys": { "2": "a", "3": "b" } });
        settings[more] = json!(true);
        settings
    };
    for (settings, responsible, wanted) in [
        (json!({}), None, "1"),
        (json!({}), Some("2"), "1"),
        (with("notify_responsible"), Some("2"), "2"),
        (with("notify_responsible"), Some("1"), "1"),
        (with("notify_responsible"), Some("9"), "1"),
        (with("notify_responsible"), None, "1"),
        (with("notify_always"), Some("2"), "2 3"),
        (with("notify_always"), Some("1"), "1 2 3"),
        (with("notify_always"), Some("9"), "2 3"),
        (json!({ "notify_always": true }), Some("9"), "1"),
    ] {
        assert_eq!(told(settings.clone(), responsible), wanted, "{settings} {responsible:?}");
    }
}

/// Whatever the form and the errors say, there are words for it.
#[test]
fn each_field_and_each_reason_has_its_words() {
    use std::collections::BTreeSet;
    let texts: BTreeMap<String, String> = serde_json::from_str(super::super::TEXTS.of("ru")).unwrap();
    let mut wanted = BTreeSet::new();
    for chats in [true, false] {
        for field in settings::fields(&connection(json!({ "chats": chats }), &[])) {
            wanted.insert(format!("field.{}", field.name));
            if field.warns {
                wanted.insert(format!("field.{}.warning", field.name));
            }
            if field.advice.is_some() {
                wanted.insert(format!("field.{}.advice", field.name));
            }
            if let FieldKind::Choice { values } = field.kind {
                wanted.extend(values.iter().map(|value| format!("field.{}.{value}", field.name)));
            }
        }
    }
    wanted.extend([Mode::Chats, Mode::Add, Mode::Lite].map(|mode| format!("mode.{}", mode.name())));
    wanted.extend(["token", "integration", "consent"].iter().flat_map(|step| ["title", "text"].map(|part| format!("step.{step}.{part}"))));
    wanted.extend(["host", "token", "client_id", "client_secret"].map(|name| format!("field.{name}")));
    let missing: Vec<_> = wanted.iter().filter(|key| !texts.contains_key(*key)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

const NAMES: &[&str] = &[
    "level",
    "lite",
    "chats",
    "stage",
    "stage_by",
    "source",
    "stage_of",
    "open_stages",
    "1/11",
    "tags",
    "notify",
    "one_task",
    "lead_fields",
    "field",
    "value",
    "user_keys",
];

proptest! {
    /// What was checked is its own one form.
    #[test]
    fn any_settings_are_checked(value in any_json(NAMES)) {
        if let Ok(kept) = settings::check(&value, Some(&directory())) {
            prop_assert_eq!(settings::check(&kept, Some(&directory())).unwrap(), kept);
        }
    }
}
