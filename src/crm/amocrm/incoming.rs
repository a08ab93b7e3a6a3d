//! Deals that wait in «Неразобранное» (H-AMO-50 … H-AMO-54): what amoCRM made of a chat by itself, and what people decided.

use super::entities::Contact;
use super::records::{Records, known};
use crate::crm::contract::CrmError;
use crate::model::crm::CrmTalk;

/// How a talk stands before a message of it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// As any other.
    Free,
    /// Its deal waits: nothing is to be chosen.
    Waits,
    /// Somebody declined it: nothing more goes there (H-AMO-52, X-63).
    Declined,
}

impl Records<'_> {
    /// How the talk stands by now. What people decide is told by a hook that is not signed, so amoCRM itself is asked.
    ///
    /// # Errors
    /// What the caller can do next.
    pub async fn stands(&self, talk: &mut CrmTalk) -> Result<Stands, CrmError> {
        if talk.facts.contains_key(known::DECLINED) {
            return self.still_declined(talk).await;
        }
        let Some(waiting) = talk.facts.get(known::WAITS).and_then(|deal| deal.parse::<i64>().ok()) else { return Ok(Stands::Free) };
        if self.was_seen(talk) {
            return Ok(Stands::Waits);
        }
        let lead = self.api.lead(waiting).await?.filter(|lead| !lead.is_deleted);
        if lead.as_ref().is_some_and(|lead| self.is_unsorted(lead)) {
            self.looked(talk);
            return Ok(Stands::Waits);
        }
        talk.facts.remove(known::WAITS);
        talk.facts.remove(CrmTalk::SEEN);
        if lead.is_some() {
            return Ok(Stands::Free);
        }
        // It is gone: it became part of another deal, or it was declined.
        talk.deal = None;
        if let Some(contact) = self.contact_with_a_deal(talk).await? {
            talk.contact = Some(contact.id.to_string());
            talk.facts.insert(known::FOUND.to_owned(), "1".to_owned());
            return Ok(Stands::Free);
        }
        talk.facts.insert(known::DECLINED.to_owned(), "1".to_owned());
        self.looked(talk);
        Ok(Stands::Declined)
    }

    /// Until somebody there gives the customer a deal, or somebody here wants a message to go all the same.
    async fn still_declined(&self, talk: &mut CrmTalk) -> Result<Stands, CrmError> {
        let wanted = self.job.delivery.again_at.is_some();
        if !wanted && self.was_seen(talk) {
            return Ok(Stands::Declined);
        }
        if !wanted && self.contact_with_a_deal(talk).await?.is_none() {
            self.looked(talk);
            return Ok(Stands::Declined);
        }
        if wanted {
            talk.facts.insert(known::WANTED.to_owned(), "1".to_owned());
        }
        talk.facts.remove(known::DECLINED);
        talk.facts.remove(CrmTalk::SEEN);
        Ok(Stands::Free)
    }

    fn looked(&self, talk: &mut CrmTalk) {
        talk.facts.insert(CrmTalk::SEEN.to_owned(), self.context.now.0.to_string());
    }

    /// Whose the chat is, if they have an open deal.
    async fn contact_with_a_deal(&self, talk: &CrmTalk) -> Result<Option<Contact>, CrmError> {
        let Some(contact) = self.contact_of_chat(talk).await?.and_then(|contact| contact.parse::<i64>().ok()) else { return Ok(None) };
        let Some(contact) = self.api.contact(contact).await? else { return Ok(None) };
        let leads = self.api.leads(&contact.leads).await?;
        let open = leads.iter().any(|lead| !lead.is_deleted && self.settings.is_open((lead.pipeline, lead.stage), self.is_unsorted(lead)));
        Ok(Some(contact).filter(|_| open))
    }

    /// What amoCRM made by itself of the first message in a chat that is nobody's.
    ///
    /// # Errors
    /// What the caller can do next.
    pub async fn learn(&self, talk: &mut CrmTalk) -> Result<(), CrmError> {
        if talk.contact.is_none() {
            talk.contact = self.contact_of_chat(talk).await?;
        }
        if self.waits()
            && talk.deal.is_none()
            && let Some(chat) = talk.chat.clone()
            && let Some(incoming) = self.api.incoming_of_chat(&chat).await?.filter(|incoming| incoming.lead > 0)
        {
            self.made(talk, incoming.lead);
            self.looked(talk);
        }
        Ok(())
    }
}
