//! Stages, people and fields of amoCRM that settings choose. What is gone there is not written to: the owner is told, and chooses anew.

use super::api::{CustomField, Kind};
use super::entities::{FieldName, FieldValue, Write};
use super::history::{list, mark};
use super::records::{Records, known};
use super::settings::{By, Filled, LINK_FIELDS, ResponsibleBy, Settings, read_stage};
use crate::crm::contract::CrmError;
use crate::model::crm::{CrmChoice, CrmConnection, CrmDirectory, CrmTalk};
use crate::model::deals::family;
use crate::model::reason::Reason;
use crate::model::substitution::substitute;

/// The contact's field for our mark.
const MARK_FIELD: &str = "Kommutator";
/// The networks people have links in, in the order of [`LINK_FIELDS`].
const FAMILIES: [&str; 4] = ["instagram", "vk", "telegram", "tik"];
/// How the fields for links are called that we make (H-AMO-07), in the order of [`LINK_FIELDS`].
pub(super) const USUAL: [&str; 4] = ["Instagram", "Vkontakte", "Telegram", "TikTok"];

/// A line of a directory. `Err`: the list is known, and it is not in it.
pub(super) fn line<'a>(directory: Option<&'a CrmDirectory>, list: &str, value: &str) -> Result<Option<&'a CrmChoice>, ()> {
    let lines = directory.and_then(|directory| directory.lists.get(list));
    let Some(lines) = lines.filter(|lines| !lines.is_empty()) else { return Ok(None) };
    lines.iter().find(|line| line.value == value).map(Some).ok_or(())
}

/// The settings that choose what is no longer there, by their names.
#[must_use]
pub fn gone(connection: &CrmConnection, old: Option<&CrmDirectory>, new: &CrmDirectory) -> Vec<String> {
    let settings = Settings::of(connection);
    let gone = |list: &str, value: &str| !value.is_empty() && line(Some(new), list, value).is_err();
    let mut found: Vec<&str> = Vec::new();
    for (name, is) in [
        ("stage", gone(list::STAGES, &settings.stage)),
        ("stage_of", settings.stage_by == By::Source && settings.stage_of.values().any(|stage| gone(list::STAGES, stage))),
        ("open_stages", settings.open_stages.iter().any(|stage| gone(list::STAGES, stage))),
        ("responsible", settings.responsible_by == ResponsibleBy::Other && gone(list::USERS, &settings.responsible)),
        ("responsible_of", settings.responsible_by == ResponsibleBy::Source && settings.responsible_of.values().any(|user| gone(list::USERS, user))),
        ("referral_field", gone(list::CONTACT_FIELDS, &settings.referral_field)),
        ("referral_source_field", gone(list::CONTACT_FIELDS, &settings.referral_source_field)),
        ("u_code_field", gone(list::LEAD_FIELDS, &settings.u_code_field)),
        ("lead_fields", settings.lead_fields.iter().any(|one| gone(list::LEAD_FIELDS, &one.field))),
        ("contact_fields", settings.contact_fields.iter().any(|one| gone(list::CONTACT_FIELDS, &one.field))),
    ] {
        found.extend(is.then_some(name));
    }
    for ((name, chosen), usual) in LINK_FIELDS.into_iter().zip(settings.link_fields()).zip(USUAL) {
        // The one we made is known by its name: it was there, and there is none of that name any more.
        let called = |directory: &CrmDirectory| {
            let line = directory.lists.get(list::CONTACT_FIELDS)?.iter().find(|line| line.label.eq_ignore_ascii_case(usual))?;
            Some(line.value.clone())
        };
        let made = old.and_then(called).filter(|_| called(new).is_none()).unwrap_or_default();
        found.extend(gone(list::CONTACT_FIELDS, if chosen.is_empty() { &made } else { chosen }).then_some(name));
    }
    found.into_iter().map(str::to_owned).collect()
}

impl Records<'_> {
    fn line(&self, list: &str, value: &str) -> Result<Option<&CrmChoice>, ()> {
        line(self.context.directory.as_ref(), list, value)
    }

    pub(super) fn account(&self) -> String {
        self.job.account.id.to_string()
    }

    /// The stage new deals come into; none: amoCRM's own first. And whether they wait there to be accepted.
    #[must_use]
    pub fn stage(&self) -> (Option<(i64, i64)>, bool) {
        let Some((funnel, stage)) = self.settings.stage_for(&self.account()) else { return (None, false) };
        match self.line(list::STAGES, &format!("{funnel}/{stage}")) {
            Ok(line) => (Some((funnel, stage)), line.is_some_and(|line| line.marks.get(mark::TYPE).is_some_and(|kind| kind == mark::UNSORTED))),
            Err(()) => (None, false),
        }
    }

    /// «Первичный контакт»: the first stage of the main funnel in which deals do not wait (H-AMO-56).
    pub(super) fn first_stage(&self) -> Option<(i64, i64)> {
        let stages = self.context.directory.as_ref()?.lists.get(list::STAGES)?;
        let ordinary = |line: &&CrmChoice| !line.marks.contains_key(mark::TYPE);
        let main = stages.iter().filter(ordinary).find(|line| line.marks.contains_key(mark::MAIN));
        main.or_else(|| stages.iter().find(ordinary)).and_then(|line| read_stage(&line.value))
    }

    pub(super) fn is_unsorted(&self, lead: &super::entities::Lead) -> bool {
        let line = self.line(list::STAGES, &format!("{}/{}", lead.pipeline, lead.stage));
        line.ok().flatten().is_some_and(|line| line.marks.get(mark::TYPE).is_some_and(|kind| kind == mark::UNSORTED))
    }

    /// Who is responsible for what is made: whoever is chosen, as long as they work there.
    pub(super) fn responsible(&self) -> Option<i64> {
        let works =
            |user: &i64| self.line(list::USERS, &user.to_string()).is_ok_and(|line| line.is_none_or(|line| !line.marks.contains_key(mark::GONE)));
        let connection = &self.context.connection;
        let chosen = self.settings.responsible_for(&self.account(), connection).filter(works);
        chosen.or_else(|| connection.facts.get(super::fact::USER)?.parse().ok().filter(works))
    }

    /// The manager who answers first in our own messenger becomes responsible for the deal, if amoCRM knows them by their e-mail (L-01, L-02);
    /// who answers there is left to amoCRM's own rules.
    ///
    /// # Errors
    /// What the caller can do next.
    pub async fn answered(&self, talk: &mut CrmTalk) -> Result<(), CrmError> {
        let (Some(writer), Some(deal)) = (&self.job.writer, talk.deal.clone()) else { return Ok(()) };
        if talk.facts.contains_key(known::WAITS) || talk.facts.get(known::ANSWERED) == Some(&deal) {
            return Ok(());
        }
        let users = self.context.directory.as_ref().and_then(|directory| directory.lists.get(list::USERS));
        let works = |line: &&CrmChoice| !line.marks.contains_key(mark::GONE) && line.marks.get(mark::EMAIL) == Some(writer);
        let Some(user) = users.into_iter().flatten().find(works).and_then(|line| line.value.parse().ok()) else { return Ok(()) };
        let write = Write { responsible: Some(user), ..Write::default() };
        let made = Some(&talk.contact).filter(|_| !talk.facts.contains_key(known::FOUND)).cloned().flatten();
        for (kind, id) in [(Kind::Leads, Some(deal.clone())), (Kind::Contacts, made)] {
            let Some(id) = id.and_then(|id| id.parse().ok()) else { continue };
            match self.api.change(kind, id, &write).await.map_err(CrmError::from) {
                // Gone, or not for us to give: the message is there all the same.
                Ok(()) | Err(CrmError::Rejected(_)) => {}
                Err(error) => return Err(error),
            }
        }
        talk.facts.insert(known::ANSWERED.to_owned(), deal);
        self.context.host.keep(talk).await
    }

    fn number(&self, list: &str, field: &str) -> Option<i64> {
        self.line(list, field).ok()?;
        field.parse().ok()
    }

    /// A field of contacts that is chosen and there.
    pub(super) fn contact_field(&self, field: &str) -> Option<i64> {
        self.number(list::CONTACT_FIELDS, field)
    }

    /// A field of deals that is chosen and there.
    pub(super) fn lead_field(&self, field: &str) -> Option<i64> {
        self.number(list::LEAD_FIELDS, field)
    }

    pub(super) fn filled(&self, all: &[Filled], list: &str) -> Vec<(FieldName, Vec<FieldValue>)> {
        let with = self.say().substitutes();
        let one = |filled: &Filled| {
            let value = substitute(&filled.value, &with);
            let field = self.number(list, &filled.field).filter(|_| !value.trim().is_empty())?;
            Some((FieldName::Id(field), vec![FieldValue { value, kind: String::new() }]))
        };
        all.iter().filter_map(one).collect()
    }

    /// The contact's field for a link to this network: the one the owner chose, else ours (H-AMO-07, H-AMO-85). One that is gone is not written
    /// to, nor is another in its place, until somebody chooses anew.
    pub(super) async fn link_field(&self) -> Result<Option<i64>, CrmError> {
        let Some(at) = FAMILIES.iter().position(|known| *known == family(&self.job.conversation.kind)) else { return Ok(None) };
        let of = |all: [&'static str; 4]| all.get(at).copied().unwrap_or_default();
        let (name, usual) = (of(LINK_FIELDS), of(USUAL));
        let chosen = self.settings.link_fields().get(at).copied().unwrap_or_default();
        if self.context.connection.gone().contains(&name) {
            return Ok(None);
        }
        if chosen.is_empty() { self.field(usual, "url").await.map(Some) } else { Ok(self.contact_field(chosen)) }
    }

    /// The field for our mark: made anew where somebody deleted it.
    pub(super) async fn mark_field(&self) -> Result<i64, CrmError> {
        self.field(MARK_FIELD, "text").await
    }

    /// A contact's field of this name: made, where there is none.
    async fn field(&self, name: &str, kind: &str) -> Result<i64, CrmError> {
        let lines = self.context.directory.as_ref().and_then(|directory| directory.lists.get(list::CONTACT_FIELDS));
        if let Some(line) = lines.into_iter().flatten().find(|line| line.label.eq_ignore_ascii_case(name)) {
            return line.value.parse().map_err(|_| CrmError::Temporary(Reason::new("answer_unreadable")));
        }
        let field = self.api.field_called(name, kind).await?;
        self.context.host.lists_are_old();
        Ok(field)
    }
}

impl super::api::Api<'_> {
    /// A contact's field of this name: made, where there is none.
    ///
    /// # Errors
    /// What the caller can do next.
    pub(super) async fn field_called(&self, name: &str, kind: &str) -> Result<i64, CrmError> {
        let same = |field: &&CustomField| field.name.eq_ignore_ascii_case(name);
        if let Some(field) = self.fields(Kind::Contacts).await?.iter().find(same) {
            return Ok(field.id);
        }
        Ok(self.make_field(Kind::Contacts, kind, name).await?)
    }
}
