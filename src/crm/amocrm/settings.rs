//! What an owner may set of a connection (area H of the inventory).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::history::{list, mark};
use super::{fact, hosts};
use crate::connector::form::{Advice, Field, FieldKind, OnlyIf, ROWS_OF_ACCOUNTS};
use crate::connector::walk::StepError;
use crate::crm::capability::WIDGET_SEEN;
use crate::model::crm::{CrmChoice, CrmConnection, CrmDirectory};
use crate::model::reason::Reason;

/// The most tags, fields and users of one list; and the longest words of one.
const MANY: u32 = 50;
const LONG: usize = 256;
/// The longest a task may have until it is due: a month.
const MINUTES: i64 = 30 * 24 * 60;
/// In so many minutes «Ответить клиенту» is due (H-AMO-64).
const TASK_MINUTES: i64 = 5;
/// The tag deals get (H-AMO-80).
const TAG: &str = "Kommutator";

/// How it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// «Чаты»: messages stand in amoCRM's own chats.
    Chats,
    /// «Добавлять»: messages stand in notes, answered from the widget's window.
    Add,
    /// LITE: contacts and deals only (H-AMO-12).
    Lite,
}

impl Mode {
    /// Its name: the words are `mode.NAME`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chats => "chats",
            Self::Add => "add",
            Self::Lite => "lite",
        }
    }
}

/// FULL or LITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// With the widget, tags, stages.
    #[default]
    Full,
    /// Only contacts and deals.
    Lite,
}

/// One for all channels, or each its own (H-AMO-56, H-AMO-70).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// «Всегда одинаковый».
    #[default]
    Same,
    /// «В зависимости от источника».
    Source,
}

/// Who is responsible for what we make (H-AMO-70).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponsibleBy {
    /// «Этот пользователь»: who connected it.
    #[default]
    Connecting,
    /// «Другой пользователь».
    Other,
    /// «В зависимости от источника».
    Source,
}

/// How managers hear of a message (H-AMO-60, 64, 65, 66).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Notify {
    /// «Создавать уведомления»: shown by our widget.
    #[default]
    Notices,
    /// «Создавать одну задачу на сделку».
    OneTask,
    /// «Создавать задачу на каждое сообщение».
    EachTask,
    /// «Ничего не создавать».
    Nothing,
}

/// A field that gets words of the owner, with substitutions (H-AMO-83).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Filled {
    /// The field's number.
    pub field: String,
    /// What is put in.
    pub value: String,
}

/// A connection's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// FULL or LITE.
    pub level: Level,
    /// «Чаты АМО» (H-AMO-20). Not set: chats where the integration has a channel, but not at kommo.com (H-AMO-04, H-AMO-06).
    pub chats: Option<bool>,
    /// How the stage of a new deal is chosen (H-AMO-56).
    pub stage_by: By,
    /// `FUNNEL/STAGE`; empty: «Первичный контакт», the first of the main funnel.
    pub stage: String,
    /// The same by account; who is not here has the one for all.
    pub stage_of: BTreeMap<String, String>,
    /// «Открытые статусы» (H-AMO-57). Empty: all but the two last of each funnel, those that are yet to come too.
    pub open_stages: Vec<String>,
    /// A message to a closed deal makes a new one.
    pub create_new_deal_when_closed: bool,
    /// How the responsible is chosen (H-AMO-70).
    pub responsible_by: ResponsibleBy,
    /// «Другой пользователь».
    pub responsible: String,
    /// The same by account.
    pub responsible_of: BTreeMap<String, String>,
    /// «Помечать сделки тэгами» (H-AMO-80).
    pub tags_on: bool,
    /// «Список тэгов», with substitutions.
    pub tags: Vec<String>,
    /// «Дополнительные поля» of deals.
    pub lead_fields: Vec<Filled>,
    /// «Дополнительные поля» of contacts.
    pub contact_fields: Vec<Filled>,
    /// «Метод оповещения».
    pub notify: Notify,
    /// «Отправлять уведомления ответственным за Сделку» (H-AMO-61).
    pub notify_responsible: bool,
    /// «Отправлять уведомления выбранным пользователям всегда» (H-AMO-62).
    pub notify_always: bool,
    /// The users that are told, each by the key their own browser shows (H-AMO-61).
    pub user_keys: BTreeMap<String, String>,
    /// In how many minutes a task is due (H-AMO-64).
    pub task_minutes: i64,
    /// What a task says; empty: «Ответить клиенту».
    pub task_text: String,
    /// The kind of a task; empty: the usual one.
    pub task_type: String,
    /// «Разделять комментарии и Директ» (H-AMO-46).
    pub split_comments: bool,
    /// «Создавать контакт на сообщения при работе с Неразобранными» (H-AMO-54).
    pub contact_for_unsorted: bool,
    /// «Убирать сокращение ссылок».
    pub keep_full_links: bool,
    /// «Поле Instagram» (H-AMO-85); empty: the one we make.
    pub instagram_field: String,
    /// The field for a link to VK; empty: the one we make. So for the others.
    pub vk_field: String,
    /// The field for a link to Telegram.
    pub telegram_field: String,
    /// The field for a link to TikTok.
    pub tiktok_field: String,
    /// «Поле "Переход"» (H-AMO-96); empty: none.
    pub referral_field: String,
    /// «Поле "Источник перехода"»; empty: none.
    pub referral_source_field: String,
    /// The deal's field for `{u_code}`; empty: none.
    pub u_code_field: String,
    /// The dialogue stands in notes where there are no chats (H-AMO-99).
    pub notes: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            level: Level::default(),
            chats: None,
            stage_by: By::default(),
            stage: String::new(),
            stage_of: BTreeMap::new(),
            open_stages: Vec::new(),
            create_new_deal_when_closed: true,
            responsible_by: ResponsibleBy::default(),
            responsible: String::new(),
            responsible_of: BTreeMap::new(),
            tags_on: true,
            tags: vec![TAG.to_owned()],
            lead_fields: Vec::new(),
            contact_fields: Vec::new(),
            notify: Notify::default(),
            notify_responsible: false,
            notify_always: false,
            user_keys: BTreeMap::new(),
            task_minutes: TASK_MINUTES,
            task_text: String::new(),
            task_type: String::new(),
            split_comments: false,
            contact_for_unsorted: false,
            keep_full_links: false,
            instagram_field: String::new(),
            vk_field: String::new(),
            telegram_field: String::new(),
            tiktok_field: String::new(),
            referral_field: String::new(),
            referral_source_field: String::new(),
            u_code_field: String::new(),
            notes: true,
        }
    }
}

impl Settings {
    /// Of a connection; what cannot be read is the default.
    #[must_use]
    pub fn of(connection: &CrmConnection) -> Self {
        serde_json::from_value(connection.settings.clone()).unwrap_or_default()
    }

    /// How it works.
    #[must_use]
    pub fn mode(&self, connection: &CrmConnection) -> Mode {
        let known = |name: &str| connection.facts.get(name).map(String::as_str).unwrap_or_default();
        let usual = known(fact::CHANNEL) == fact::YES && hosts::is_russian(known(fact::HOST));
        match (self.level, self.chats.unwrap_or(usual)) {
            (Level::Lite, _) => Mode::Lite,
            (Level::Full, true) => Mode::Chats,
            (Level::Full, false) => Mode::Add,
        }
    }

    /// The fields that are chosen for links, in the order of [`LINK_FIELDS`]; empty: the one we make.
    #[must_use]
    pub(super) fn link_fields(&self) -> [&str; 4] {
        [&self.instagram_field, &self.vk_field, &self.telegram_field, &self.tiktok_field]
    }

    /// The stage of a new deal from an account, as funnel and stage; none: the account's own first.
    #[must_use]
    pub fn stage_for(&self, account: &str) -> Option<(i64, i64)> {
        let own = self.stage_of.get(account).filter(|own| self.stage_by == By::Source && !own.is_empty());
        read_stage(own.unwrap_or(&self.stage))
    }

    /// Whether messages join a deal that stands in a stage. «Неразобранное» counts as open: what waits there is not yet decided.
    #[must_use]
    pub fn is_open(&self, (funnel, stage): (i64, i64), is_unsorted: bool) -> bool {
        use super::api::Stage;
        if is_unsorted {
            return true;
        }
        if self.open_stages.is_empty() {
            return stage != Stage::WON && stage != Stage::LOST;
        }
        self.open_stages.iter().any(|open| read_stage(open) == Some((funnel, stage)))
    }

    /// Who is told of a message by our widget: who connected the account; the deal's responsible, or all that are ticked, as it is set. Who is
    /// responsible but not ticked is told by nobody: then who connected it is.
    #[must_use]
    pub fn told(&self, responsible: Option<&str>, connection: &CrmConnection) -> Vec<String> {
        let connecting = connection.facts.get(fact::USER).cloned();
        let known = |user: &&str| self.user_keys.contains_key(*user) || connecting.as_deref() == Some(*user);
        let mut to: Vec<String> = Vec::new();
        if self.notify_responsible || self.notify_always {
            to.extend(responsible.filter(known).map(str::to_owned));
        }
        if self.notify_always {
            to.extend(self.user_keys.keys().filter(|user| responsible != Some(user.as_str())).cloned());
        }
        if to.is_empty() { connecting.into_iter().collect() } else { to }
    }

    /// Who is responsible for what is made for an account: a user's number; none: nobody is known.
    #[must_use]
    pub fn responsible_for(&self, account: &str, connection: &CrmConnection) -> Option<i64> {
        let connecting = connection.facts.get(fact::USER);
        let chosen = match self.responsible_by {
            ResponsibleBy::Connecting => connecting,
            ResponsibleBy::Other => Some(&self.responsible),
            ResponsibleBy::Source => self.responsible_of.get(account).filter(|own| !own.is_empty()),
        };
        chosen.and_then(|user| user.parse().ok()).or_else(|| connecting?.parse().ok())
    }
}

/// A stage as lists name it.
#[must_use]
pub fn read_stage(text: &str) -> Option<(i64, i64)> {
    let (funnel, stage) = text.split_once('/')?;
    Some((funnel.parse().ok()?, stage.parse().ok()?))
}

fn choice(name: &str, values: &[&str]) -> Field {
    Field::new(name, FieldKind::Choice { values: values.iter().map(|value| (*value).to_owned()).collect() })
}

fn pick(name: &str, list: &str) -> Field {
    Field::new(name, FieldKind::Pick { list: list.to_owned() }).optional()
}

fn only(field: Field, other: &str, is: &[&str]) -> Field {
    let only_if = OnlyIf { field: other.to_owned(), is: is.iter().map(|value| (*value).to_owned()).collect() };
    Field { only_if: Some(only_if), ..field }
}

fn rows(name: &str, rows: &str, list: Option<&str>) -> Field {
    Field::new(name, FieldKind::Rows { rows: rows.to_owned(), list: list.map(str::to_owned) }).optional()
}

/// Nobody has the widget that shows notices: a task reaches everybody (H-AMO-60, H-AMO-64).
fn unseen() -> Advice {
    Advice { of: "notices".to_owned(), instead: "one_task".to_owned() }
}

fn filled(name: &str, list: &str) -> Field {
    Field::new(name, FieldKind::Filled { list: list.to_owned(), most: MANY }).optional().advanced()
}

/// The form.
#[must_use]
pub fn fields(connection: &CrmConnection) -> Vec<Field> {
    let switch = |name: &str| Field::new(name, FieldKind::Switch).optional();
    let chats = |field: Field| only(field, "chats", &["true"]);
    let warned = |field: Field| Field { warns: true, ..field };
    let mut fields = vec![
        choice("level", &["full", "lite"]),
        only(warned(switch("chats")), "level", &["full"]),
        choice("stage_by", &["same", "source"]),
        pick("stage", list::STAGES),
        only(rows("stage_of", ROWS_OF_ACCOUNTS, Some(list::STAGES)), "stage_by", &["source"]),
        Field::new("open_stages", FieldKind::Several { list: list::STAGES.to_owned() }).optional(),
        switch("create_new_deal_when_closed"),
        choice("responsible_by", &["connecting", "other", "source"]),
        only(pick("responsible", list::USERS), "responsible_by", &["other"]),
        only(rows("responsible_of", ROWS_OF_ACCOUNTS, Some(list::USERS)), "responsible_by", &["source"]),
        switch("tags_on"),
        only(Field::new("tags", FieldKind::Tags { most: MANY }).optional(), "tags_on", &["true"]),
        Field {
            advice: (!connection.facts.contains_key(WIDGET_SEEN)).then(unseen),
            ..choice("notify", &["notices", "one_task", "each_task", "nothing"])
        },
        only(switch("notify_responsible"), "notify", &["notices"]),
        only(switch("notify_always"), "notify", &["notices"]),
        only(rows("user_keys", list::USERS, None), "notify", &["notices"]),
        only(Field::new("task_minutes", FieldKind::Number { min: 1, max: MINUTES }), "notify", &["one_task", "each_task"]),
        only(Field::new("task_text", FieldKind::Text).optional(), "notify", &["one_task", "each_task"]),
        only(pick("task_type", list::TASK_TYPES), "notify", &["one_task", "each_task"]),
        chats(switch("split_comments")).advanced(),
        chats(switch("contact_for_unsorted")).advanced(),
        chats(switch("keep_full_links")).advanced(),
        filled("lead_fields", list::LEAD_FIELDS),
        filled("contact_fields", list::CONTACT_FIELDS),
    ];
    fields.extend(LINK_FIELDS.map(|name| pick(name, list::CONTACT_FIELDS).advanced()));
    fields.extend(["referral_field", "referral_source_field"].map(|name| pick(name, list::CONTACT_FIELDS).advanced()));
    fields.push(pick("u_code_field", list::LEAD_FIELDS).advanced());
    // Where the dialogue stands in chats, it needs no notes.
    if Settings::of(connection).mode(connection) != Mode::Chats {
        fields.push(switch("notes").advanced());
    }
    fields
}

/// Fields in which links to customers stand.
pub(super) const LINK_FIELDS: [&str; 4] = ["instagram_field", "vk_field", "telegram_field", "tiktok_field"];
/// The types of fields that can hold a link.
const LINK_TYPES: [&str; 3] = ["url", "text", "textarea"];

/// The one form of settings.
///
/// # Errors
/// Which field is wrong, and why.
pub fn check(settings: &Value, directory: Option<&CrmDirectory>) -> Result<Value, StepError> {
    let invalid = || StepError { field: String::new(), reason: Reason::new("settings_invalid") };
    let mut found: Settings = match settings {
        Value::Null => Settings::default(),
        Value::Object(_) => serde_json::from_value(settings.clone()).map_err(|_| invalid())?,
        _ => return Err(invalid()),
    };
    tidy(&mut found);
    super::checks::check(&found, &Known { directory })?;
    serde_json::to_value(&found).map_err(|_| invalid())
}

/// What says nothing is not kept.
fn tidy(settings: &mut Settings) {
    let trimmed = |text: &mut String| *text = text.trim().to_owned();
    settings.tags.iter_mut().for_each(trimmed);
    settings.tags.retain(|tag| !tag.is_empty());
    let mut seen = std::collections::BTreeSet::new();
    settings.tags.retain(|tag| seen.insert(tag.to_lowercase()));
    settings.user_keys.values_mut().for_each(trimmed);
    settings.user_keys.retain(|_, key| !key.is_empty());
    for map in [&mut settings.stage_of, &mut settings.responsible_of] {
        map.retain(|_, chosen| !chosen.is_empty());
    }
    for filled in [&mut settings.lead_fields, &mut settings.contact_fields] {
        filled.retain(|one| !one.field.is_empty() && !one.value.trim().is_empty());
    }
    settings.task_text = settings.task_text.trim().to_owned();
}

/// What there is to choose from, as far as it is known.
pub(super) struct Known<'a> {
    directory: Option<&'a CrmDirectory>,
}

impl Known<'_> {
    /// A line of a list. `Err`: the list is known, and it is not in it.
    pub(super) fn line(&self, list: &str, value: &str) -> Result<Option<&CrmChoice>, ()> {
        super::fields::line(self.directory, list, value)
    }

    /// Whether a stage is «Неразобранное», as far as is known.
    pub(super) fn is_unsorted(&self, stage: &str) -> bool {
        let line = self.line(list::STAGES, stage).ok().flatten();
        line.is_some_and(|line| line.marks.get(mark::TYPE).is_some_and(|kind| kind == mark::UNSORTED))
    }
}

pub(super) const BOUNDS: (usize, usize, i64) = (MANY as usize, LONG, MINUTES);
pub(super) const LINKS: ([&str; 4], [&str; 3]) = (LINK_FIELDS, LINK_TYPES);
