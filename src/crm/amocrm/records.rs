//! The deal of a message: joined or made by the tables of [`deals`](crate::model::deals); its contact is found by `contacts`.
//!
//! Each thing that is made is kept before the next, and what was begun with an unknown end is looked for by the mark it was given.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::api::{Api, Kind};
use super::entities::{Contact, FieldName, FieldValue, Lead, Write};
use super::errors::{Failure, Then};
use super::say::Say;
use super::settings::{Mode, Settings};
use super::words;
use crate::crm::contract::{CrmContext, CrmError, Job};
use crate::model::crm::{Begun, CrmTalk};
use crate::model::deals::{DealRules, KnownDeal, Standing, choose_deal, family};
use crate::model::substitution::tags;

/// What was seen of contact and deal is believed for so long, milliseconds; a change that is told ends it earlier.
pub(super) const SEEN_MS: i64 = 60_000;
/// So many deals of a customer are looked at.
const DEALS: usize = 10;
/// A value that is not taken is tried again so often, with directories that are read anew.
const STALE_TRIES: u32 = 6;

/// What is kept of a talk beside its ids.
pub(super) mod known {
    /// The deal that was made for this talk, and for which family.
    pub(crate) const MADE: &str = "made";
    pub(crate) const FAMILY: &str = "family";
    /// The company whose number the customer has, until they are told to be its.
    pub(crate) const COMPANY: &str = "company";
    /// Its contact was there before us.
    pub(crate) const FOUND: &str = "found";
    /// It is of comments.
    pub(crate) const COMMENTS: &str = "comments";
    /// By which rules its deal was chosen.
    pub(crate) const RULES: &str = "rules";
    /// Its deal waits in «Неразобранное».
    pub(crate) const WAITS: &str = "waits";
    /// The deal that whoever answered first became responsible for.
    pub(crate) const ANSWERED: &str = "answered";
    /// Somebody declined it there.
    pub(crate) const DECLINED: &str = "declined";
    /// Somebody here wanted it there all the same: amoCRM makes nothing of it by itself any more.
    pub(crate) const WANTED: &str = "wanted";
    /// What of the customer stands in the contact, or stood there: hashes.
    pub(crate) const TOLD: &str = "told";
    /// The name we gave the contact: a hash.
    pub(crate) const NAMED: &str = "named";
}

/// A short name of something, by which it is known again and not read.
pub(super) fn hash(of: &str) -> String {
    HEXLOWER.encode(Sha256::digest(of.as_bytes()).get(..6).unwrap_or_default())
}

/// A person chose the contact: it was there before us.
pub(super) fn joined(talk: &mut CrmTalk) {
    talk.facts.insert(known::FOUND.to_owned(), "1".to_owned());
}

/// A deal the customer has, as it was seen just now.
struct Seen {
    id: String,
    number: i64,
    family: Option<String>,
    comments: Option<bool>,
    own: bool,
    standing: Standing,
    waits: bool,
    newness: i64,
}

impl Seen {
    fn known(&self) -> KnownDeal<'_> {
        let Self { id, family, comments, own, standing, newness, .. } = self;
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
    /// How the connection works.
    pub mode: Mode,
}

impl<'a> Records<'a> {
    pub(super) fn say(&self) -> Say<'a> {
        Say { context: self.context, job: self.job }
    }

    /// New deals wait to be accepted: only chats have that (H-AMO-50).
    pub(super) fn waits(&self) -> bool {
        self.mode == Mode::Chats && self.stage().1
    }

    /// Comments stand apart: not where deals wait to be accepted (H-AMO-47).
    pub(super) fn splits(&self) -> bool {
        self.settings.split_comments && !self.waits()
    }

    /// Sees to both, and keeps them in the talk. Where deals wait, and nothing is known of the customer, both are left to amoCRM.
    ///
    /// # Errors
    /// What the caller can do next.
    pub async fn ensure(&self, talk: &mut CrmTalk) -> Result<(), CrmError> {
        if self.is_fresh(talk) {
            return Ok(());
        }
        if self.say().is_comment() {
            talk.facts.insert(known::COMMENTS.to_owned(), "1".to_owned());
        }
        let contact = self.contact(talk).await?;
        let company = if contact.is_none() { self.company().await? } else { None };
        if let Some(company) = &company {
            talk.facts.insert(known::COMPANY.to_owned(), company.id.to_string());
        }
        let deals = self.deals(talk, contact.as_ref().or(company.as_ref())).await?;
        let rules = DealRules { split_comments: self.splits(), new_when_closed: self.settings.create_new_deal_when_closed };
        let all: Vec<KnownDeal<'_>> = deals.iter().map(Seen::known).collect();
        let chosen = choose_deal(&all, family(&self.job.conversation.kind), self.say().is_comment(), rules);
        let chosen = deals.iter().find(|deal| Some(deal.id.as_str()) == chosen);
        let wanted = self.job.link.rules();
        match (chosen, contact) {
            (Some(deal), contact) => self.join(talk, deal, contact.as_ref()).await?,
            (None, contact) if wanted.create_deal && self.may_make(talk, contact.is_some()) => self.make(talk, contact.as_ref()).await?,
            (None, contact) => {
                // No deals are wanted of this channel: a contact is enough (J-20, J-21).
                talk.deal = None;
                match contact {
                    Some(contact) => self.use_contact(talk, &contact).await?,
                    None if wanted.create_contact && !self.waits() => self.make_contact(talk).await?,
                    None => {}
                }
            }
        }
        self.employ(talk).await?;
        if talk.begun.as_ref().is_some_and(|begun| begins_record(&begun.what)) {
            talk.begun = None;
        }
        talk.facts.insert(known::RULES.to_owned(), self.rules_mark());
        talk.facts.insert(CrmTalk::SEEN.to_owned(), self.context.now.0.to_string());
        self.context.host.keep(talk).await
    }

    /// Whether what was seen last is still to be believed: it is not long ago, and nothing was set otherwise since.
    fn is_fresh(&self, talk: &CrmTalk) -> bool {
        let whole = talk.deal.is_some() || (talk.contact.is_some() && !self.job.link.rules().create_deal);
        let begun = talk.begun.as_ref().is_some_and(|begun| begins_record(&begun.what));
        let same_rules = talk.facts.get(known::RULES) == Some(&self.rules_mark());
        whole && !begun && same_rules && self.was_seen(talk) && !self.has_news(talk)
    }

    pub(super) fn was_seen(&self, talk: &CrmTalk) -> bool {
        let seen = talk.facts.get(CrmTalk::SEEN).and_then(|at| at.parse::<i64>().ok());
        seen.is_some_and(|seen| self.context.now.0.saturating_sub(seen) < SEEN_MS)
    }

    fn rules_mark(&self) -> String {
        hash(&format!("{} {}", self.context.connection.settings, self.job.link.settings))
    }

    fn may_make(&self, talk: &CrmTalk, contact_is_known: bool) -> bool {
        let at_once = !self.waits() || self.settings.contact_for_unsorted || talk.facts.contains_key(known::WANTED);
        contact_is_known || (at_once && self.job.link.rules().create_contact)
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
            let mut talks = self.context.host.of_deal(&id).await?;
            talks.push(talk.clone());
            deals.push(self.seen((id, number), own, lead.as_ref(), &talks));
        }
        Ok(deals)
    }

    fn seen(&self, (id, number): (String, i64), own: bool, lead: Option<&Lead>, talks: &[CrmTalk]) -> Seen {
        // Who made it says what for; a deal of a contact that was there before us is for all networks (H-AMO-45d).
        let maker = talks.iter().find(|talk| talk.facts.get(known::MADE) == Some(&id));
        let family = maker.filter(|talk| !talk.facts.contains_key(known::FOUND)).and_then(|talk| talk.facts.get(known::FAMILY).cloned());
        let waits = lead.is_some_and(|lead| self.is_unsorted(lead));
        let standing = match lead {
            None => Standing::Gone,
            Some(lead) if lead.is_deleted => Standing::Gone,
            Some(lead) if self.settings.is_open((lead.pipeline, lead.stage), waits) => Standing::Open,
            Some(_) => Standing::Closed,
        };
        Seen {
            family,
            comments: maker.map(|talk| talk.facts.contains_key(known::COMMENTS)),
            newness: lead.map_or(0, |lead| lead.created_at),
            id,
            number,
            own,
            standing,
            waits,
        }
    }

    /// The message goes to a deal that is there, and its contact with it (H-AMO-42, H-AMO-46a off).
    async fn join(&self, talk: &mut CrmTalk, deal: &Seen, contact: Option<&Contact>) -> Result<(), CrmError> {
        talk.deal = Some(deal.id.clone());
        if deal.waits {
            talk.facts.insert(known::WAITS.to_owned(), deal.id.clone());
        } else {
            talk.facts.remove(known::WAITS);
        }
        match contact {
            Some(contact) => {
                self.use_contact(talk, contact).await?;
                if !contact.leads.contains(&deal.number) {
                    self.api.link(deal.number, contact.id, false).await?;
                }
            }
            // While the deal waits its contact is not shown, but it is the one.
            None if deal.waits => {
                let of_it = self.job.others.iter().find(|(other, _)| other.deal.as_ref() == Some(&deal.id));
                talk.contact = talk.contact.take().or_else(|| of_it.and_then(|(other, _)| other.contact.clone()));
            }
            None if self.job.link.rules().create_contact => {
                self.make_contact(talk).await?;
                if let Some(contact) = talk.contact.as_ref().and_then(|contact| contact.parse::<i64>().ok()) {
                    self.api.link(deal.number, contact, false).await?;
                }
            }
            None => {}
        }
        Ok(())
    }

    /// A new deal, with a new contact where there is none.
    async fn make(&self, talk: &mut CrmTalk, contact: Option<&Contact>) -> Result<(), CrmError> {
        if let (Some(contact), Some(begun)) = (contact, talk.begun.clone())
            && let Some(deal) = self.made_by_a_try(contact, &begun).await?
        {
            self.use_contact(talk, contact).await?;
            self.made(talk, deal);
            return Ok(());
        }
        let newest = contact.and_then(|contact| contact.leads.iter().max()).copied().unwrap_or_default();
        let mut deal = self.deal_write();
        if let Some(contact) = contact {
            self.use_contact(talk, contact).await?;
        } else if self.waits() {
            self.make_contact(talk).await?;
        } else {
            self.begin(talk, DEAL, newest).await?;
            let (write, told) = self.contact_write().await?;
            let (made, contact) = self.ended(talk, self.api.make_both(&deal, &write).await).await?;
            talk.contact = Some(contact).filter(|contact| *contact > 0).map(|contact| contact.to_string());
            talk.facts.extend(told);
            talk.facts.remove(known::FOUND);
            self.made(talk, made);
            return Ok(());
        }
        self.begin(talk, DEAL, newest).await?;
        deal.contacts = talk.contact.iter().filter_map(|contact| contact.parse().ok()).collect();
        let made = match (self.waits(), self.stage().0) {
            (true, Some((pipeline, _))) => self.api.make_incoming(&deal, pipeline, self.say().domain(), self.context.now).await,
            _ => self.api.make(Kind::Leads, &deal).await,
        };
        let made = self.ended(talk, made).await?;
        self.made(talk, made);
        Ok(())
    }

    /// It is the talk's own now.
    pub(super) fn made(&self, talk: &mut CrmTalk, deal: i64) {
        let deal = deal.to_string();
        talk.facts.insert(known::MADE.to_owned(), deal.clone());
        talk.facts.insert(known::FAMILY.to_owned(), family(&self.job.conversation.kind).to_owned());
        if self.waits() {
            talk.facts.insert(known::WAITS.to_owned(), deal.clone());
        } else {
            talk.facts.remove(known::WAITS);
        }
        talk.deal = Some(deal);
    }

    /// A deal of the contact that a lost try of ours made: none of those that were there before.
    async fn made_by_a_try(&self, contact: &Contact, begun: &Begun) -> Result<Option<i64>, CrmError> {
        let Some(before) = begun.what.strip_prefix(DEAL).and_then(|newest| newest.trim().parse::<i64>().ok()) else { return Ok(None) };
        let name = self.deal_name();
        for id in contact.leads.iter().filter(|id| **id > before).take(DEALS) {
            if self.api.lead(*id).await?.is_some_and(|lead| lead.name == name && !lead.is_deleted) {
                return Ok(Some(*id));
            }
        }
        Ok(None)
    }

    /// From now on it may be there. `newest`: the newest of its kind that was there before.
    pub(super) async fn begin(&self, talk: &mut CrmTalk, what: &str, newest: i64) -> Result<(), CrmError> {
        talk.begun = Some(Begun { what: format!("{what} {newest}"), at: self.context.now });
        self.context.host.keep(talk).await
    }

    /// What surely was not made is not looked for. Where a field or a stage is gone, it is tried again once it is known what there is.
    pub(super) async fn ended<T>(&self, talk: &mut CrmTalk, made: Result<T, Failure>) -> Result<T, CrmError> {
        let failure = match made {
            Ok(made) => return Ok(made),
            Err(failure) => failure,
        };
        let CrmError::Rejected(reason) = &failure.error else { return Err(failure.error) };
        if talk.begun.as_ref().is_some_and(|begun| begins_record(&begun.what)) {
            talk.begun = None;
        }
        self.context.host.keep(talk).await?;
        let (delivery, directory) = (&self.job.delivery, self.context.directory.as_ref());
        // Known to be so by directories that were read since it was not taken last: it is something else.
        let was_read = delivery.tries > 0 && directory.is_some_and(|directory| directory.read_at > delivery.at);
        if failure.then == Then::ReadLists && !was_read && delivery.tries < STALE_TRIES {
            self.context.host.lists_are_old();
            return Err(CrmError::Temporary(reason.clone()));
        }
        Err(failure.error)
    }

    fn deal_name(&self) -> String {
        words::with(self.context, "deal", &[("domain", self.say().domain())])
    }

    fn deal_write(&self) -> Write {
        let mut fields = self.filled(&self.settings.lead_fields, super::history::list::LEAD_FIELDS);
        if let (Some(field), Some(visit)) = (self.lead_field(&self.settings.u_code_field), &self.job.visit) {
            fields.push((FieldName::Id(field), vec![FieldValue { value: visit.code.clone(), kind: String::new() }]));
        }
        Write {
            name: Some(self.deal_name()),
            stage: if self.waits() { None } else { self.stage().0.filter(|_| !self.stage().1).or_else(|| self.first_stage()) },
            // Nobody is, until somebody accepts it (H-AMO-50).
            responsible: if self.waits() { None } else { self.responsible() },
            tags: if self.settings.tags_on { tags(&self.settings.tags, &self.say().substitutes()) } else { Vec::new() },
            fields,
            contacts: Vec::new(),
        }
    }
}

/// What a deal, and a contact, is called while it is not known whether it was made.
const DEAL: &str = "deal";
pub(super) const CONTACT: &str = "contact";

fn begins_record(what: &str) -> bool {
    [DEAL, CONTACT].iter().any(|kind| what.starts_with(kind))
}
