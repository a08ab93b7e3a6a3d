//! The contact and the deal of a message: found, joined or made by the tables of [`deals`](crate::model::deals).
//!
//! Each thing that is made is kept before the next, and what was begun with an unknown end is looked for by the mark it was given.

use super::api::{Api, CustomField, Kind};
use super::entities::{Contact, FieldName, FieldValue, Lead, Write};
use super::history::{list, mark};
use super::say;
use super::settings::{Settings, read_stage};
use crate::crm::contract::{CrmContext, CrmError, Job};
use crate::model::contact;
use crate::model::conversation::Place;
use crate::model::crm::{Begun, CrmTalk};
use crate::model::deals::{DealRules, KnownContact, KnownDeal, Standing, choose_contact, choose_deal, family};
use crate::model::message::MessageScope;
use crate::model::reason::Reason;
use crate::model::substitution::{substitute, tags};

/// What was seen of contact and deal is believed for so long, milliseconds; a change that is told ends it earlier.
const SEEN_MS: i64 = 60_000;
/// So many deals of a customer are looked at.
const DEALS: usize = 10;

/// What is kept of a talk beside its ids.
mod known {
    /// The family its deal was made for.
    pub(super) const FAMILY: &str = "family";
    /// Its deal or contact was there before us.
    pub(super) const FOUND: &str = "found";
    /// It is of comments.
    pub(super) const COMMENTS: &str = "comments";
}

/// A deal the customer has, as it was seen just now.
struct Seen {
    id: String,
    family: Option<String>,
    comments: Option<bool>,
    own: bool,
    standing: Standing,
    newness: i64,
}

impl Seen {
    fn known(&self) -> KnownDeal<'_> {
        let Self { id, family, comments, own, standing, newness } = self;
        KnownDeal { id, family: family.as_deref(), comments: *comments, own: *own, standing: *standing, newness: *newness }
    }
}

/// Finds or makes both.
pub struct Records<'a> {
    /// Asks amoCRM.
    pub api: Api<'a>,
    /// What the job is given.
    pub context: &'a CrmContext,
    /// The job.
    pub job: &'a Job,
    /// What the owner set.
    pub settings: &'a Settings,
}

impl Records<'_> {
    fn is_comment(&self) -> bool {
        self.job.message.context.scope == MessageScope::Comment || matches!(self.job.conversation.place, Place::Post(_))
    }

    fn account(&self) -> String {
        self.job.account.id.to_string()
    }

    /// The stage new deals come into; none: amoCRM's own first. And whether they wait there to be accepted.
    #[must_use]
    pub fn stage(&self) -> (Option<(i64, i64)>, bool) {
        let stage = self.settings.stage_for(&self.account());
        let line = stage.and_then(|(funnel, stage)| self.line(list::STAGES, &format!("{funnel}/{stage}")));
        (stage, line.is_some_and(|line| line.marks.get(mark::TYPE).is_some_and(|kind| kind == mark::UNSORTED)))
    }

    fn line(&self, list: &str, value: &str) -> Option<&crate::model::crm::CrmChoice> {
        self.context.directory.as_ref()?.lists.get(list)?.iter().find(|line| line.value == value)
    }

    /// Sees to both, and keeps them in the talk.
    ///
    /// # Errors
    /// What the caller can do next.
    pub async fn ensure(&self, talk: &mut CrmTalk) -> Result<(), CrmError> {
        let seen = talk.facts.get(CrmTalk::SEEN).and_then(|at| at.parse::<i64>().ok());
        if talk.deal.is_some() && talk.begun.is_none() && seen.is_some_and(|seen| self.context.now.0 - seen < SEEN_MS) {
            return Ok(());
        }
        let contact = self.contact(talk).await?;
        let deals = self.deals(talk, contact.as_ref()).await?;
        let rules = DealRules { split_comments: self.settings.split_comments, new_when_closed: self.settings.create_new_deal_when_closed };
        let known: Vec<KnownDeal<'_>> = deals.iter().map(Seen::known).collect();
        let chosen = choose_deal(&known, family(&self.job.conversation.kind), self.is_comment(), rules).map(str::to_owned);
        match (chosen, contact) {
            (Some(deal), contact) => {
                if let Some(contact) = contact {
                    talk.contact = Some(contact.id.to_string());
                    self.join(&deal, &contact).await?;
                } else {
                    self.add_contact(talk, &deal).await?;
                }
                talk.deal = Some(deal);
            }
            (None, contact) if self.job.link.rules().create_deal && (contact.is_some() || self.job.link.rules().create_contact) => {
                self.make(talk, contact.as_ref()).await?;
            }
            // No deals are wanted of this channel: a contact is enough (J-20, J-21).
            (None, Some(contact)) => talk.contact = Some(contact.id.to_string()),
            (None, None) if self.job.link.rules().create_contact => self.make_contact(talk).await?,
            (None, None) => {}
        }
        if self.is_comment() {
            talk.facts.insert(known::COMMENTS.to_owned(), "1".to_owned());
        }
        talk.begun = None;
        talk.facts.insert(CrmTalk::SEEN.to_owned(), self.context.now.0.to_string());
        self.context.host.keep(talk).await
    }

    /// The contact: the talk's own, that of another talk of the customer, or one that is found by phone, link or e-mail.
    async fn contact(&self, talk: &mut CrmTalk) -> Result<Option<Contact>, CrmError> {
        let with_contact = self.job.others.iter().filter_map(|(other, _)| Some((other, other.contact.as_deref()?)));
        let known =
            |(other, id): (&CrmTalk, &'_ str)| (id.to_owned(), other.facts.contains_key(known::COMMENTS), other.facts.contains_key(known::FOUND));
        let others: Vec<(String, bool, bool)> = with_contact.map(known).collect();
        let choices: Vec<KnownContact<'_>> = others.iter().map(|(id, comments, _)| KnownContact { id, comments: *comments }).collect();
        let other = choose_contact(&choices, self.is_comment(), self.settings.split_comments);
        if others.iter().any(|(id, _, found)| *found && Some(id.as_str()) == other) {
            talk.facts.insert(known::FOUND.to_owned(), "1".to_owned());
        }
        for id in [talk.contact.as_deref(), other].into_iter().flatten() {
            let Ok(id) = id.parse::<i64>() else { continue };
            // Deleted, or merged into another: it is looked for anew.
            if let Some(contact) = self.api.contact(id).await? {
                return Ok(Some(contact));
            }
        }
        // One made for comments apart is not the one people know by its phone.
        if self.settings.split_comments && self.is_comment() && talk.begun.is_none() && !others.is_empty() {
            return Ok(None);
        }
        self.find(talk).await
    }

    async fn find(&self, talk: &mut CrmTalk) -> Result<Option<Contact>, CrmError> {
        if !self.job.link.rules().find_existing {
            return self.find_ours(talk).await;
        }
        let link = self.job.identities.first().and_then(|identity| say::link(identity, self.job));
        for phone in say::phones(self.job) {
            let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
            // The last ten are the same however the number begins.
            let query: String = digits.chars().skip(digits.chars().count().saturating_sub(10)).collect();
            let found = self.api.find_contacts(&query).await?;
            if let Some(contact) = found.into_iter().find(|one| has(one, |value| contact::phone(value).as_deref() == Some(phone.as_str()))) {
                return Ok(Some(self.was_there(talk, contact)));
            }
        }
        if let Some(link) = &link {
            let name = link.rsplit('/').next().unwrap_or(link).trim_start_matches('@').to_lowercase();
            let found = self.api.find_contacts(&name).await?;
            let same = |value: &str| same_profile(value, link);
            if let Some(contact) = found.into_iter().find(|one| has(one, same)) {
                return Ok(Some(self.was_there(talk, contact)));
            }
        }
        for email in say::emails(self.job) {
            let found = self.api.find_contacts(&email).await?;
            if let Some(contact) = found.into_iter().find(|one| has(one, |value| contact::email(value).as_deref() == Some(email.as_str()))) {
                return Ok(Some(self.was_there(talk, contact)));
            }
        }
        self.find_ours(talk).await
    }

    /// Made by a try whose answer was lost: known by its mark.
    async fn find_ours(&self, talk: &CrmTalk) -> Result<Option<Contact>, CrmError> {
        if talk.begun.is_none() {
            return Ok(None);
        }
        let mark = self.mark();
        Ok(self.api.find_contacts(&mark).await?.into_iter().find(|one| has(one, |value| value == mark)))
    }

    /// What was found is people's, unless a try of ours made it.
    fn was_there(&self, talk: &mut CrmTalk, contact: Contact) -> Contact {
        if !has(&contact, |value| value == self.mark()) {
            talk.facts.insert(known::FOUND.to_owned(), "1".to_owned());
        }
        contact
    }

    /// By what a contact of ours is found again: there is one for each customer, or two where comments are kept apart.
    fn mark(&self) -> String {
        let whose = match (&self.job.customer, self.job.identities.first()) {
            (Some(customer), _) => customer.id.to_string(),
            (None, Some(identity)) => identity.id.to_string(),
            (None, None) => self.job.conversation.id.to_string(),
        };
        let apart = if self.settings.split_comments && self.is_comment() { "-comments" } else { "" };
        format!("kommutator-{whose}{apart}")
    }

    /// The customer's deals: those of their talks, and those of the contact that people made.
    async fn deals(&self, talk: &CrmTalk, contact: Option<&Contact>) -> Result<Vec<Seen>, CrmError> {
        let mut ids: Vec<(String, bool)> = talk.deal.iter().map(|deal| (deal.clone(), true)).collect();
        ids.extend(self.job.others.iter().filter_map(|(other, _)| other.deal.clone()).map(|deal| (deal, false)));
        ids.extend(contact.into_iter().flat_map(|contact| contact.leads.iter().rev()).map(|deal| (deal.to_string(), false)));
        let mut deals: Vec<Seen> = Vec::new();
        for (id, own) in ids {
            if deals.len() >= DEALS || deals.iter().any(|known| known.id == id) {
                continue;
            }
            let Ok(number) = id.parse::<i64>() else { continue };
            let lead = self.api.lead(number).await?;
            deals.push(self.seen(id, own, lead.as_ref(), talk));
        }
        Ok(deals)
    }

    fn seen(&self, id: String, own: bool, lead: Option<&Lead>, talk: &CrmTalk) -> Seen {
        let talks = std::iter::once(talk).chain(self.job.others.iter().map(|(other, _)| other));
        // Who made it says what for; a deal of a contact that was there before us is for all.
        let maker = talks.filter(|of| of.deal.as_deref() == Some(&id)).find(|of| of.facts.contains_key(known::FAMILY));
        let maker = maker.filter(|of| !of.facts.contains_key(known::FOUND));
        let standing = match lead {
            None => Standing::Gone,
            Some(lead) if lead.is_deleted => Standing::Gone,
            Some(lead) if self.settings.is_open((lead.pipeline, lead.stage), self.is_unsorted(lead)) => Standing::Open,
            Some(_) => Standing::Closed,
        };
        Seen {
            family: maker.and_then(|of| of.facts.get(known::FAMILY).cloned()),
            comments: maker.map(|of| of.facts.contains_key(known::COMMENTS)),
            newness: lead.map_or(0, |lead| lead.created_at),
            id,
            own,
            standing,
        }
    }

    fn is_unsorted(&self, lead: &Lead) -> bool {
        let line = self.line(list::STAGES, &format!("{}/{}", lead.pipeline, lead.stage));
        line.is_some_and(|line| line.marks.get(mark::TYPE).is_some_and(|kind| kind == mark::UNSORTED))
    }

    /// The contact stands in a deal that is joined.
    async fn join(&self, deal: &str, contact: &Contact) -> Result<(), CrmError> {
        if let Ok(deal) = deal.parse::<i64>()
            && !contact.leads.contains(&deal)
        {
            self.api.link(deal, contact.id, contact.leads.is_empty()).await?;
        }
        Ok(())
    }

    /// A contact of its own in a deal that is joined (H-AMO-42, H-AMO-46a off).
    async fn add_contact(&self, talk: &mut CrmTalk, deal: &str) -> Result<(), CrmError> {
        self.make_contact(talk).await?;
        let contact = talk.contact.as_ref().and_then(|contact| contact.parse::<i64>().ok());
        if let (Ok(deal), Some(contact)) = (deal.parse::<i64>(), contact) {
            self.api.link(deal, contact, false).await?;
        }
        Ok(())
    }

    async fn make_contact(&self, talk: &mut CrmTalk) -> Result<(), CrmError> {
        self.begin(talk, "contact").await?;
        let write = self.contact_write().await?;
        let contact = self.ended(talk, self.api.make(Kind::Contacts, &write).await).await?;
        talk.contact = Some(contact.to_string());
        self.context.host.keep(talk).await
    }

    /// A new deal, with a new contact where there is none.
    async fn make(&self, talk: &mut CrmTalk, contact: Option<&Contact>) -> Result<(), CrmError> {
        if let (Some(contact), Some(begun)) = (contact, &talk.begun)
            && let Some(deal) = self.made_since(contact, begun).await?
        {
            talk.contact = Some(contact.id.to_string());
            talk.deal = Some(deal.to_string());
            talk.facts.insert(known::FAMILY.to_owned(), family(&self.job.conversation.kind).to_owned());
            return Ok(());
        }
        self.begin(talk, "deal").await?;
        let mut deal = self.deal_write();
        match contact {
            Some(contact) => {
                deal.contacts = vec![contact.id];
                let made = self.ended(talk, self.api.make(Kind::Leads, &deal).await).await?;
                talk.contact = Some(contact.id.to_string());
                talk.deal = Some(made.to_string());
            }
            None => {
                let write = self.contact_write().await?;
                let (made, contact) = self.ended(talk, self.api.make_both(&deal, &write).await).await?;
                talk.deal = Some(made.to_string());
                talk.contact = Some(contact).filter(|contact| *contact > 0).map(|contact| contact.to_string());
            }
        }
        talk.facts.insert(known::FAMILY.to_owned(), family(&self.job.conversation.kind).to_owned());
        Ok(())
    }

    /// A deal of the contact that a lost try of ours made.
    async fn made_since(&self, contact: &Contact, begun: &Begun) -> Result<Option<i64>, CrmError> {
        let name = self.deal_name();
        for id in contact.leads.iter().rev().take(DEALS) {
            if let Some(lead) = self.api.lead(*id).await?
                // amoCRM's clock may be behind ours.
                && lead.created_at >= begun.at.0.div_euclid(1_000) - 120
                && lead.name == name
            {
                return Ok(Some(*id));
            }
        }
        Ok(None)
    }

    async fn begin(&self, talk: &mut CrmTalk, what: &str) -> Result<(), CrmError> {
        let at = talk.begun.as_ref().map_or(self.context.now, |begun| begun.at);
        talk.begun = Some(Begun { what: what.to_owned(), at });
        self.context.host.keep(talk).await
    }

    /// What surely was not made is not looked for.
    async fn ended<T>(&self, talk: &mut CrmTalk, made: Result<T, super::errors::Failure>) -> Result<T, CrmError> {
        match made {
            Ok(made) => Ok(made),
            Err(failure) => {
                if matches!(failure.error, CrmError::Rejected(_)) {
                    talk.begun = None;
                    self.context.host.keep(talk).await?;
                }
                Err(failure.error)
            }
        }
    }

    fn deal_name(&self) -> String {
        format!("Новая сделка из {}", say::domain(self.job))
    }

    fn deal_write(&self) -> Write {
        let with = say::substitutes(self.job);
        let mut fields = self.filled(&self.settings.lead_fields);
        if let (Ok(field), Some(visit)) = (self.settings.u_code_field.parse::<i64>(), &self.job.visit) {
            fields.push((FieldName::Id(field), vec![FieldValue { value: visit.code.clone(), kind: String::new() }]));
        }
        let (stage, unsorted) = self.stage();
        Write {
            name: Some(self.deal_name()),
            // What waits to be accepted amoCRM makes by itself; what we make beside it goes into the first stage.
            stage: stage.filter(|_| !unsorted).or_else(|| self.first_stage()),
            responsible: self.settings.responsible_for(&self.account(), &self.context.connection),
            tags: if self.settings.tags_on { tags(&self.settings.tags, &with) } else { Vec::new() },
            fields,
            contacts: Vec::new(),
        }
    }

    /// «Первичный контакт»: the first stage of the main funnel in which deals do not wait (H-AMO-56).
    fn first_stage(&self) -> Option<(i64, i64)> {
        let stages = self.context.directory.as_ref()?.lists.get(list::STAGES)?;
        let ordinary = |line: &&crate::model::crm::CrmChoice| !line.marks.contains_key(mark::TYPE);
        let main = stages.iter().filter(ordinary).find(|line| line.marks.contains_key(mark::MAIN));
        main.or_else(|| stages.iter().find(ordinary)).and_then(|line| read_stage(&line.value))
    }

    async fn contact_write(&self) -> Result<Write, CrmError> {
        let mut fields = say::reach(self.job);
        fields.push((FieldName::Id(self.field("Kommutator", "text").await?), vec![FieldValue { value: self.mark(), kind: String::new() }]));
        if let Some(identity) = self.job.identities.first()
            && let Some(link) = say::link(identity, self.job)
            && let Some(field) = self.link_field().await?
        {
            fields.push((FieldName::Id(field), vec![FieldValue { value: link, kind: String::new() }]));
        }
        let marks = self.job.visit.as_ref().map(|visit| &visit.marks);
        for (field, name) in [(&self.settings.referral_field, "ref"), (&self.settings.referral_source_field, "ref_source")] {
            let value = marks.and_then(|marks| marks.get(name));
            if let (Ok(field), Some(value)) = (field.parse::<i64>(), value) {
                fields.push((FieldName::Id(field), vec![FieldValue { value: value.clone(), kind: String::new() }]));
            }
        }
        fields.extend(self.filled(&self.settings.contact_fields));
        let responsible = self.settings.responsible_for(&self.account(), &self.context.connection);
        Ok(Write { name: Some(say::customer(self.job).name), responsible, fields, ..Write::default() })
    }

    fn filled(&self, all: &[super::settings::Filled]) -> Vec<(FieldName, Vec<FieldValue>)> {
        let with = say::substitutes(self.job);
        let one = |filled: &super::settings::Filled| {
            let value = substitute(&filled.value, &with);
            let field = filled.field.parse::<i64>().ok().filter(|_| !value.trim().is_empty())?;
            Some((FieldName::Id(field), vec![FieldValue { value, kind: String::new() }]))
        };
        all.iter().filter_map(one).collect()
    }

    /// The contact's field for a link to this network: the one the owner chose, else ours (H-AMO-07, H-AMO-85). One that is gone is not written
    /// to.
    async fn link_field(&self) -> Result<Option<i64>, CrmError> {
        let (chosen, usual) = match family(&self.job.conversation.kind) {
            "instagram" => (&self.settings.instagram_field, "Instagram"),
            "vk" => (&self.settings.vk_field, "Vkontakte"),
            "telegram" => (&self.settings.telegram_field, "Telegram"),
            "tik" => (&self.settings.tiktok_field, "TikTok"),
            _ => return Ok(None),
        };
        if chosen.is_empty() {
            return self.field(usual, "url").await.map(Some);
        }
        Ok(self.line(list::CONTACT_FIELDS, chosen).and_then(|line| line.value.parse().ok()))
    }

    /// A contact's field of this name: made, where there is none.
    async fn field(&self, name: &str, kind: &str) -> Result<i64, CrmError> {
        let lines = self.context.directory.as_ref().and_then(|directory| directory.lists.get(list::CONTACT_FIELDS));
        if let Some(line) = lines.into_iter().flatten().find(|line| line.label.eq_ignore_ascii_case(name)) {
            return line.value.parse().map_err(|_| CrmError::Temporary(Reason::new("answer_unreadable")));
        }
        let same = |field: &&CustomField| field.name.eq_ignore_ascii_case(name);
        if let Some(field) = self.api.fields(Kind::Contacts).await?.iter().find(same) {
            return Ok(field.id);
        }
        Ok(self.api.make_field(Kind::Contacts, kind, name).await?)
    }
}

fn has(contact: &Contact, is: impl Fn(&str) -> bool) -> bool {
    contact.fields.iter().flat_map(|field| &field.values).any(|value| is(&value.value))
}

/// Whether two links lead to one profile, however they are written: with `www.`, `m.`, `@`, a slash at the end, without `https://`.
#[must_use]
pub fn same_profile(one: &str, other: &str) -> bool {
    let of = |text: &str| {
        let text = text.trim().to_lowercase();
        let text = text.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.").trim_start_matches("m.");
        let text = text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_owned();
        text.replace("/@", "/")
    };
    let (one, other) = (of(one), of(other));
    let login = other.rsplit('/').next().unwrap_or_default();
    !login.is_empty() && (one == other || one.trim_start_matches('@') == login)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_amo_33_a_profile_is_one_however_its_link_is_written() {
        for (written, is) in [
            ("https://instagram.com/natgeo", true),
            ("http://www.instagram.com/natgeo/?hl=ru", true),
            ("instagram.com/NatGeo", true),
            ("@natgeo", true),
            ("natgeo", true),
            ("https://instagram.com/natgeo2", false),
            ("https://vk.com/natgeo", false),
            ("", false),
        ] {
            assert_eq!(same_profile(written, "https://instagram.com/natgeo"), is, "{written}");
        }
        assert!(same_profile("https://www.tiktok.com/shop", "https://www.tiktok.com/@shop"));
    }
}
