//! The contact of a message: the talk's own, that of another talk of the customer, one that is found, or a new one; and what is added to it
//! later.

use std::collections::BTreeMap;

use super::api::Kind;
use super::entities::{Contact, FieldName, FieldValue, Write};
use super::history::list;
use super::records::{CONTACT, Records, hash, known};
use crate::crm::contract::CrmError;
use crate::model::contact;
use crate::model::crm::CrmTalk;
use crate::model::deals::{KnownContact, choose_contact, family};

/// What our marks begin with, and what they end with where comments stand apart.
const MARK: &str = "kommutator-";
const APART: &str = "-comments";
/// The most that is remembered of what stands in a contact.
const TOLD: usize = 60;

/// What of a customer is put into a contact.
enum Reach {
    Phone,
    Email,
    Link,
}

type Facts = BTreeMap<String, String>;

impl Records<'_> {
    /// The contact: the talk's own, that of another talk of the customer, or one that is found by phone, link or e-mail.
    pub(super) async fn contact(&self, talk: &mut CrmTalk) -> Result<Option<Contact>, CrmError> {
        if let Some(own) = self.there(talk.contact.as_deref()).await? {
            return Ok(Some(own));
        }
        // It became part of another: that has the chat now.
        if talk.contact.is_some()
            && let Some(heir) = self.contact_of_chat(talk).await?
            && let Some(heir) = self.there(Some(&heir)).await?
        {
            return Ok(Some(heir));
        }
        struct Other<'a> {
            id: &'a str,
            family: &'a str,
            comments: bool,
            found: bool,
        }
        let has = |talk: &CrmTalk, fact: &str| talk.facts.contains_key(fact);
        let others: Vec<Other<'_>> = self
            .job
            .others
            .iter()
            .filter_map(|(other, account)| {
                let id = other.contact.as_deref()?;
                Some(Other { id, family: family(&account.kind), comments: has(other, known::COMMENTS), found: has(other, known::FOUND) })
            })
            .collect();
        let choices: Vec<KnownContact<'_>> =
            others.iter().map(|other| KnownContact { id: other.id, family: other.family, comments: other.comments }).collect();
        let other = choose_contact(&choices, family(&self.job.conversation.kind), self.say().is_comment(), self.splits());
        if let Some(found) = self.there(other).await? {
            if others.iter().any(|one| one.found && Some(one.id) == other) {
                talk.facts.insert(known::FOUND.to_owned(), "1".to_owned());
            }
            return Ok(Some(found));
        }
        self.find(talk).await
    }

    /// A contact that is there: neither deleted nor part of another.
    async fn there(&self, id: Option<&str>) -> Result<Option<Contact>, CrmError> {
        match id.and_then(|id| id.parse::<i64>().ok()) {
            Some(id) => Ok(self.api.contact(id).await?),
            None => Ok(None),
        }
    }

    /// Whose the chat is; none: nobody's, or there is none.
    pub(super) async fn contact_of_chat(&self, talk: &CrmTalk) -> Result<Option<String>, CrmError> {
        let Some(chat) = &talk.chat else { return Ok(None) };
        match self.api.contact_of_chat(chat).await.map_err(CrmError::from) {
            Ok(contact) => Ok(contact.map(|contact| contact.to_string())),
            // Chats of a channel that is not ours any more.
            Err(CrmError::Rejected(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn find(&self, talk: &mut CrmTalk) -> Result<Option<Contact>, CrmError> {
        if self.job.link.rules().find_existing
            && let Some(contact) = self.find_by_reach().await?
        {
            // What was found is people's, unless we made it.
            if marks(&contact).next().is_none() {
                talk.facts.insert(known::FOUND.to_owned(), "1".to_owned());
            }
            return Ok(Some(contact));
        }
        // Made by a try whose answer was lost, or part of another by now: known by its mark.
        if talk.begun.is_none() && talk.contact.is_none() {
            return Ok(None);
        }
        let mark = self.mark();
        Ok(self.api.find_contacts(&mark).await?.into_iter().find(|one| has(one, |value| value == mark)))
    }

    async fn find_by_reach(&self) -> Result<Option<Contact>, CrmError> {
        for phone in self.say().phones() {
            if let Some(found) = self.search(&sought(&phone), |value| contact::phone(value).as_deref() == Some(phone.as_str())).await? {
                return Ok(Some(found));
            }
        }
        if let Some(link) = self.own_link() {
            let name = link.rsplit('/').next().unwrap_or(&link).trim_start_matches('@').to_lowercase();
            if let Some(found) = self.search(&name, |value| same_profile(value, &link)).await? {
                return Ok(Some(found));
            }
        }
        for email in self.say().emails() {
            if let Some(found) = self.search(&email, |value| contact::email(value).as_deref() == Some(email.as_str())).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The company that has the customer's number, with its deals (H-AMO-38).
    pub(super) async fn company(&self) -> Result<Option<Contact>, CrmError> {
        if !self.job.link.rules().find_existing {
            return Ok(None);
        }
        for phone in self.say().phones() {
            let found = self.api.find_companies(&sought(&phone)).await?;
            let same = |value: &str| contact::phone(value).as_deref() == Some(phone.as_str());
            if let Some(company) = found.into_iter().find(|one| has(one, same)) {
                return Ok(Some(company));
            }
        }
        Ok(None)
    }

    /// The new contact of somebody with a company's number is the company's.
    pub(super) async fn employ(&self, talk: &mut CrmTalk) -> Result<(), CrmError> {
        let number = |id: Option<&String>| id.and_then(|id| id.parse::<i64>().ok());
        if let (Some(company), Some(contact)) = (number(talk.facts.get(known::COMPANY)), number(talk.contact.as_ref())) {
            self.api.link_company(contact, company).await?;
            talk.facts.remove(known::COMPANY);
        }
        Ok(())
    }

    /// A contact with such a value. Where comments stand apart, what we made for the other side is none (H-AMO-46a).
    async fn search(&self, query: &str, is: impl Fn(&str) -> bool) -> Result<Option<Contact>, CrmError> {
        if query.is_empty() {
            return Ok(None);
        }
        let (splits, comment) = (self.splits(), self.say().is_comment());
        let fits = |one: &Contact| !splits || marks(one).all(|mark| mark.ends_with(APART) == comment);
        Ok(self.api.find_contacts(query).await?.into_iter().find(|one| has(one, &is) && fits(one)))
    }

    fn own_link(&self) -> Option<String> {
        self.job.identities.first().and_then(|identity| self.say().link(identity))
    }

    /// By what a contact of ours is found again: by whom it was made for first, whosever customer they are by now.
    fn mark(&self) -> String {
        let whose = self.job.identities.first().map_or_else(|| self.job.conversation.id.to_string(), |identity| identity.id.to_string());
        let apart = if self.splits() && self.say().is_comment() { APART } else { "" };
        format!("{MARK}{whose}{apart}")
    }

    /// The contact is the talk's, and gets what it lacks.
    pub(super) async fn use_contact(&self, talk: &mut CrmTalk, contact: &Contact) -> Result<(), CrmError> {
        talk.contact = Some(contact.id.to_string());
        self.supplement(talk, contact).await
    }

    pub(super) async fn make_contact(&self, talk: &mut CrmTalk) -> Result<(), CrmError> {
        self.begin(talk, CONTACT, 0).await?;
        let (write, told) = self.contact_write().await?;
        let contact = self.ended(talk, self.api.make(Kind::Contacts, &write).await).await?;
        talk.contact = Some(contact.to_string());
        talk.begun = None;
        talk.facts.extend(told);
        talk.facts.remove(known::FOUND);
        self.context.host.keep(talk).await
    }

    /// A new contact, and what is known of it from then on.
    pub(super) async fn contact_write(&self) -> Result<(Write, Facts), CrmError> {
        let values = |all: Vec<String>| all.into_iter().map(work).collect::<Vec<_>>();
        let reach = [(FieldName::Code("PHONE"), values(self.say().phones())), (FieldName::Code("EMAIL"), values(self.say().emails()))];
        let mut fields: Vec<_> = reach.into_iter().filter(|(_, values)| !values.is_empty()).collect();
        fields.push((FieldName::Id(self.mark_field().await?), vec![plain(self.mark())]));
        if let Some(link) = self.own_link()
            && let Some(field) = self.link_field().await?
        {
            fields.push((FieldName::Id(field), vec![plain(link)]));
        }
        let marks = self.job.visit.as_ref().map(|visit| &visit.marks);
        for (field, name) in [(&self.settings.referral_field, "ref"), (&self.settings.referral_source_field, "ref_source")] {
            let value = marks.and_then(|marks| marks.get(name));
            if let (Some(field), Some(value)) = (self.contact_field(field), value) {
                fields.push((FieldName::Id(field), vec![plain(value.clone())]));
            }
        }
        fields.extend(self.filled(&self.settings.contact_fields, list::CONTACT_FIELDS));
        let name = self.say().customer().name;
        let told = [(known::TOLD.to_owned(), self.told()), (known::NAMED.to_owned(), hash(&name))].into();
        Ok((Write { name: Some(name), responsible: self.responsible(), fields, ..Write::default() }, told))
    }

    /// What is known of the customer by now.
    fn reach(&self) -> Vec<(Reach, String)> {
        let phones = self.say().phones().into_iter().map(|phone| (Reach::Phone, phone));
        let emails = self.say().emails().into_iter().map(|email| (Reach::Email, email));
        phones.chain(emails).chain(self.own_link().map(|link| (Reach::Link, link))).take(TOLD).collect()
    }

    fn told(&self) -> String {
        self.reach().iter().map(|(_, value)| hash(value)).collect::<Vec<_>>().join(",")
    }

    fn untold(&self, talk: &CrmTalk) -> Vec<(Reach, String)> {
        let told = talk.facts.get(known::TOLD).map(String::as_str).unwrap_or_default();
        let mut reach = self.reach();
        reach.retain(|(_, value)| !told.split(',').any(|known| known == hash(value)));
        reach
    }

    fn renamed(&self, talk: &CrmTalk) -> bool {
        talk.facts.get(known::NAMED).is_some_and(|named| *named != hash(&self.say().customer().name))
    }

    /// Something is known of the customer that the contact was not told.
    pub(super) fn has_news(&self, talk: &CrmTalk) -> bool {
        self.job.link.rules().update_contact && (!self.untold(talk).is_empty() || self.renamed(talk))
    }

    /// «Обновлять данные контакта» (J-23): what came later is added. What people typed stays, and what they took away does not come back.
    async fn supplement(&self, talk: &mut CrmTalk, contact: &Contact) -> Result<(), CrmError> {
        if !self.has_news(talk) {
            return Ok(());
        }
        let mut write = Write::default();
        let name = self.say().customer().name;
        // The name is ours to change while nobody else changed it.
        if self.renamed(talk) && talk.facts.get(known::NAMED) == Some(&hash(&contact.name)) {
            write.name = Some(name.clone());
            talk.facts.insert(known::NAMED.to_owned(), hash(&name));
        } else if self.renamed(talk) {
            talk.facts.remove(known::NAMED);
        }
        let (mut phones, mut emails) = (values_of(contact, "PHONE"), values_of(contact, "EMAIL"));
        let (had_phones, had_emails) = (phones.len(), emails.len());
        for (what, value) in self.untold(talk) {
            match what {
                Reach::Phone if !phones.iter().any(|one| contact::phone(&one.value).as_deref() == Some(value.as_str())) => phones.push(work(value)),
                Reach::Email if !emails.iter().any(|one| contact::email(&one.value).as_deref() == Some(value.as_str())) => emails.push(work(value)),
                Reach::Phone | Reach::Email => {}
                Reach::Link => {
                    if let Some(field) = self.link_field().await?
                        && !contact.fields.iter().any(|one| one.id == field && !one.values.is_empty())
                    {
                        write.fields.push((FieldName::Id(field), vec![plain(value)]));
                    }
                }
            }
        }
        // What is written takes the place of all that stood there.
        for (code, values, had) in [("PHONE", phones, had_phones), ("EMAIL", emails, had_emails)] {
            if values.len() > had {
                write.fields.push((FieldName::Code(code), values));
            }
        }
        if write != Write::default() {
            self.ended(talk, self.api.change(Kind::Contacts, contact.id, &write).await).await?;
        }
        let old = talk.facts.get(known::TOLD).cloned().unwrap_or_default();
        let mut all: Vec<String> = old.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect();
        all.extend(self.untold(talk).iter().map(|(_, value)| hash(value)));
        let all = all.split_off(all.len().saturating_sub(TOLD * 2));
        talk.facts.insert(known::TOLD.to_owned(), all.join(","));
        Ok(())
    }
}

fn work(value: String) -> FieldValue {
    FieldValue { value, kind: "WORK".to_owned() }
}

fn plain(value: String) -> FieldValue {
    FieldValue { value, kind: String::new() }
}

fn values_of(contact: &Contact, code: &str) -> Vec<FieldValue> {
    contact.fields.iter().filter(|field| field.code == code).flat_map(|field| field.values.clone()).collect()
}

fn has(contact: &Contact, is: impl Fn(&str) -> bool) -> bool {
    contact.fields.iter().flat_map(|field| &field.values).any(|value| is(&value.value))
}

/// Our marks in a contact; none: people made it.
fn marks(contact: &Contact) -> impl Iterator<Item = &str> {
    contact.fields.iter().flat_map(|field| &field.values).map(|value| value.value.as_str()).filter(|value| value.starts_with(MARK))
}

/// Whether a field says that somebody is of this profile: a link however it is written (with `www.`, `m.`, `@`, a slash at the end, without
/// `https://`), a login, or both (H-AMO-87).
#[must_use]
pub fn same_profile(field: &str, profile: &str) -> bool {
    let of = |text: &str| {
        let text = text.trim().to_lowercase();
        let text = text.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.").trim_start_matches("m.");
        let text = text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_owned();
        text.replace("/@", "/")
    };
    let profile = of(profile);
    let login = profile.rsplit('/').next().unwrap_or_default();
    let is = |word: &str| of(word) == profile || of(word).trim_start_matches('@') == login;
    !login.is_empty() && field.split([' ', ',', ';', '\n', '\t']).filter(|word| !word.is_empty()).any(is)
}

/// What a number is looked for by: its last ten digits are the same however it begins.
fn sought(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    digits.iter().skip(digits.len().saturating_sub(10)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_amo_33_h_amo_87_a_profile_is_one_however_it_is_written() {
        for (written, is) in [
            ("https://instagram.com/natgeo", true),
            ("http://www.instagram.com/natgeo/?hl=ru", true),
            ("instagram.com/NatGeo", true),
            ("@natgeo", true),
            ("natgeo", true),
            ("natgeo https://instagram.com/natgeo", true),
            ("natgeo2, https://instagram.com/natgeo2", false),
            ("https://instagram.com/natgeo2", false),
            ("https://vk.com/natgeo", false),
            ("", false),
        ] {
            assert_eq!(same_profile(written, "https://instagram.com/natgeo"), is, "{written}");
        }
        assert!(same_profile("https://www.tiktok.com/shop", "https://www.tiktok.com/@shop"));
    }
}
