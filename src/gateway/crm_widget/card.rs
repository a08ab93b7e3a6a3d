//! Whom a record of a CRM can be written to: the conversations with its contacts, and the addresses by which they can be written to first.

use std::collections::{BTreeMap, BTreeSet};

use super::Door;
use crate::gateway::administration::AdministrationError;
use crate::gateway::house::House;
use crate::gateway::known_customers;
use crate::model::connection::ChannelAccount;
use crate::model::contact;
use crate::model::conversation::{Conversation, Place};
use crate::model::crm::CrmTalk;
use crate::model::customer::{Customer, CustomerLink, Identity};
use crate::model::deals::family;
use crate::model::ids::{AccountId, ConversationId, IdentityId};
use crate::model::profile::profile;
use crate::model::protocol::Preview;
use crate::model::reason::Reason;
use crate::model::sign::Sign;
use crate::model::time::Time;
use crate::store::handle::PartitionStore;
use crate::store::key::Key;
use crate::store::port::{Scan, StoreError};
use crate::store::records::sign_group;

/// The most contacts looked at, facts of one, and targets told.
pub const CONTACTS: usize = 50;
/// The most phones, e-mails and links of a contact.
pub const FACTS: usize = 10;
const TARGETS: usize = 200;
/// The most conversations of a person, and people of a sign.
const PLACES: usize = 100;

/// A contact, as the CRM's page knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardContact {
    /// The CRM's id of it.
    pub id: String,
    /// Phones.
    pub phones: Vec<String>,
    /// E-mails.
    pub emails: Vec<String>,
    /// Links to profiles.
    pub links: Vec<String>,
}

/// Somebody who can be written to, or why they cannot be.
#[derive(Debug, Clone)]
pub struct Target {
    /// The contact; empty: one that was not named.
    pub contact: String,
    /// The account.
    pub account: ChannelAccount,
    /// The conversation, if there is one.
    pub conversation: Option<ConversationId>,
    /// The address they are written to first by.
    pub address: Option<String>,
    /// Whom it is with.
    pub title: String,
    /// Whether nobody else hears it.
    pub is_private: bool,
    /// How they can be answered: `comment` under the post, `direct`.
    pub ways: Vec<&'static str>,
    /// What was said last, and when.
    pub last: Option<(Preview, Time)>,
    /// Why they cannot be written to; none: they can.
    pub reason: Option<Reason>,
}

/// What an account is written to first by, of what stands in a contact; none: it is nothing for this account.
#[must_use]
pub fn address(house: &House, account: &ChannelAccount, fact: &str) -> Option<String> {
    let channel = house.channels.of_kind(account.kind).filter(|_| account.active)?;
    let written = match contact::phone(fact) {
        Some(phone) => phone,
        // A channel takes names of any kind: a link of another network is none of its.
        None => {
            let found = profile(fact)?;
            match found.family {
                Some(of) if of != family(&account.kind) => return None,
                _ => fact.trim().to_owned(),
            }
        }
    };
    channel.first_address(account, &written).ok()
}

/// Whom a record's contacts can be written to.
///
/// # Errors
/// The store's word.
pub async fn targets(house: &House, door: &Door, deal: Option<&str>, contacts: &[CardContact]) -> Result<Vec<Target>, AdministrationError> {
    let accounts: BTreeMap<AccountId, ChannelAccount> = door.accounts(house).await?.into_iter().map(|account| (account.id, account)).collect();
    let desk = Desk { house, door, store: house.store.workspace(door.workspace), accounts };
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for contact in contacts.iter().take(CONTACTS) {
        let mut own = Vec::new();
        for conversation in desk.conversations(contact).await? {
            if seen.insert(conversation.id) {
                own.push(desk.target(&contact.id, &conversation).await?);
            }
        }
        own.sort_by_key(|target| std::cmp::Reverse(target.last.as_ref().map(|(_, at)| *at)));
        all.extend(own);
        for (account, address) in desk.addresses(contact) {
            match desk.of_address(account, &address).await? {
                Some(conversation) if !seen.insert(conversation.id) => {}
                Some(conversation) => all.push(desk.target(&contact.id, &conversation).await?),
                None => all.push(desk.first(&contact.id, account, address)),
            }
        }
    }
    if let Some(deal) = deal {
        for talk in desk.talks(CrmTalk::BY_DEAL, deal).await? {
            if let Some(conversation) = desk.linked(talk.conversation).await?
                && seen.insert(conversation.id)
            {
                all.push(desk.target(talk.contact.as_deref().unwrap_or_default(), &conversation).await?);
            }
        }
    }
    all.truncate(TARGETS);
    Ok(all)
}

/// The conversation a comment's writer is answered in directly: theirs, or an address of an account of the same login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Direct {
    /// Their own conversation.
    Conversation(ConversationId),
    /// They are written to first there.
    Address(AccountId, String),
}

struct Desk<'a> {
    house: &'a House,
    door: &'a Door,
    store: PartitionStore,
    accounts: BTreeMap<AccountId, ChannelAccount>,
}

impl Desk<'_> {
    async fn talks(&self, index: &'static str, id: &str) -> Result<Vec<CrmTalk>, StoreError> {
        let group = Key::new().number(self.door.connection.id.0).text(id).done();
        let found = self.store.scan_index::<CrmTalk>(index, &group, Scan::first(PLACES)).await?;
        Ok(found.into_iter().map(|(_, stored)| stored.record).collect())
    }

    /// A conversation of an account that feeds the connection; another is none of the widget's.
    async fn linked(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let found = self.store.get::<Conversation>(Conversation::at(id)).await?.map(|stored| stored.record);
        Ok(found.filter(|found| self.is_linked(found)))
    }

    fn is_linked(&self, conversation: &Conversation) -> bool {
        conversation.joined_into.is_none() && conversation.blocked_at.is_none() && self.accounts.contains_key(&conversation.account)
    }

    /// The contact's conversations: those of its talks, then those of the people its facts are of.
    async fn conversations(&self, contact: &CardContact) -> Result<Vec<Conversation>, StoreError> {
        let mut all: Vec<Conversation> = Vec::new();
        for talk in self.talks(CrmTalk::BY_CONTACT, &contact.id).await? {
            if let Some(found) = self.linked(talk.conversation).await?
                && !all.iter().any(|known| known.id == found.id)
            {
                all.push(found);
            }
        }
        let mut people = self.people(contact).await?;
        people.extend(all.iter().filter_map(|conversation| conversation.identity));
        for identity in self.all_of(people).await? {
            let group = Key::new().number(identity.0).done();
            let found = self.store.scan_index::<Conversation>(Conversation::BY_IDENTITY, &group, Scan::first(PLACES)).await?;
            for conversation in found.into_iter().map(|(_, stored)| stored.record).filter(|found| self.is_linked(found)) {
                if !all.iter().any(|known| known.id == conversation.id) {
                    all.push(conversation);
                }
            }
        }
        Ok(all)
    }

    /// The people a contact's facts are of.
    async fn people(&self, contact: &CardContact) -> Result<BTreeSet<IdentityId>, StoreError> {
        let mut people = BTreeSet::new();
        let phones = contact.phones.iter().take(FACTS).filter_map(|phone| contact::phone(phone).map(Sign::Phone));
        let emails = contact.emails.iter().take(FACTS).filter_map(|email| contact::email(email).map(Sign::Email));
        for sign in phones.chain(emails) {
            let group = sign_group(&sign);
            let found = self.store.scan_index::<Identity>(Identity::BY_SIGN, &group, Scan::first(PLACES)).await?;
            people.extend(found.into_iter().map(|(_, stored)| stored.record.id));
            for (_, customer) in self.store.scan_index::<Customer>(Customer::BY_SIGN, &group, Scan::first(PLACES)).await? {
                people.extend(known_customers::links(&self.store, customer.record.id).await?.into_iter().map(|link| link.record.identity));
            }
        }
        // A name is somebody's in one network only.
        for found in contact.links.iter().take(FACTS).filter_map(|link| profile(link)) {
            let Some(of) = found.family else { continue };
            let number = found.number().map(|number| Sign::Account(format!("{of}/{number}")));
            for sign in std::iter::once(Sign::Name(found.name.clone())).chain(number) {
                let named = self.store.scan_index::<Identity>(Identity::BY_SIGN, &sign_group(&sign), Scan::first(PLACES)).await?;
                for (_, identity) in named {
                    if self.accounts.values().any(|account| account.login == identity.record.login && family(&account.kind) == of) {
                        people.insert(identity.record.id);
                    }
                }
            }
        }
        Ok(people)
    }

    /// All that the customers of these people are known as (H-AMO-40).
    async fn all_of(&self, people: BTreeSet<IdentityId>) -> Result<BTreeSet<IdentityId>, StoreError> {
        let mut all = people.clone();
        for identity in people {
            let Some(link) = self.store.get::<CustomerLink>(CustomerLink::at(identity)).await? else { continue };
            all.extend(known_customers::links(&self.store, link.record.customer).await?.into_iter().map(|link| link.record.identity));
        }
        Ok(all)
    }

    /// By what a contact can be written to first, each once.
    fn addresses(&self, contact: &CardContact) -> Vec<(&ChannelAccount, String)> {
        let facts: Vec<&String> = contact.phones.iter().take(FACTS).chain(contact.links.iter().take(FACTS)).collect();
        let mut all: Vec<(&ChannelAccount, String)> = Vec::new();
        for account in self.accounts.values() {
            for address in facts.iter().filter_map(|fact| address(self.house, account, fact)) {
                if !all.iter().any(|(of, known)| of.id == account.id && *known == address) {
                    all.push((account, address));
                }
            }
        }
        all
    }

    /// The conversation of an address: written to first, or named so by its provider.
    async fn of_address(&self, account: &ChannelAccount, address: &str) -> Result<Option<Conversation>, StoreError> {
        let (group, sort) = (Key::new().number(account.id.0).done(), Key::new().text(address).done());
        for index in [Conversation::BY_ADDRESS, Conversation::BY_PROVIDER_KEY] {
            if let Some(found) = self.store.get_unique::<Conversation>(index, &group, &sort).await? {
                return self.linked(found.record.joined_into.unwrap_or(found.record.id)).await;
            }
        }
        Ok(None)
    }

    fn first(&self, contact: &str, account: &ChannelAccount, address: String) -> Target {
        Target {
            contact: contact.to_owned(),
            account: account.clone(),
            conversation: None,
            title: address.clone(),
            address: Some(address),
            is_private: true,
            ways: vec!["direct"],
            last: None,
            reason: None,
        }
    }

    async fn target(&self, contact: &str, conversation: &Conversation) -> Result<Target, AdministrationError> {
        let account = self.accounts.get(&conversation.account).cloned().ok_or(AdministrationError::Unknown("channel"))?;
        let can = self.house.channels.of_kind(account.kind).map(|channel| channel.can(&account, conversation, self.house.world.now()));
        let reason = match can {
            Some(can) if can.send => None,
            Some(can) => Some(can.reason.unwrap_or_else(|| Reason::new("cannot_send"))),
            None => Some(Reason::new("channel_unknown").with("provider", account.kind.as_str())),
        };
        let ways = match &conversation.place {
            Place::Post(_) if self.direct(conversation).await?.is_some() => vec!["comment", "direct"],
            Place::Post(_) => vec!["comment"],
            Place::Private | Place::Group(_) | Place::Listing(_) => vec!["direct"],
        };
        Ok(Target {
            contact: contact.to_owned(),
            account,
            conversation: Some(conversation.id),
            address: conversation.address.clone(),
            title: conversation.shown_name().to_owned(),
            is_private: matches!(conversation.place, Place::Private | Place::Listing(_)),
            ways,
            last: conversation.preview.clone().map(|preview| (preview, conversation.active_at)),
            reason,
        })
    }

    /// Where who wrote a comment can be answered directly (H-AMO-36, H-AMO-37).
    async fn direct(&self, conversation: &Conversation) -> Result<Option<Direct>, StoreError> {
        let Some(identity) = conversation.identity else { return Ok(None) };
        let group = Key::new().number(identity.0).done();
        let found = self.store.scan_index::<Conversation>(Conversation::BY_IDENTITY, &group, Scan::first(PLACES)).await?;
        let private = |found: &Conversation| found.place == Place::Private && found.login == conversation.login && self.is_linked(found);
        if let Some((_, found)) = found.into_iter().find(|(_, found)| private(&found.record)) {
            return Ok(Some(Direct::Conversation(found.record.id)));
        }
        let Some(known) = self.store.get::<Identity>(Identity::at(identity)).await? else { return Ok(None) };
        let facts = known.record.about.get("link").into_iter().chain(&known.record.external_ids).chain([&known.record.username]);
        let facts: Vec<&String> = facts.filter(|fact| !fact.is_empty()).collect();
        for account in self.accounts.values().filter(|account| account.login == conversation.login && account.id != conversation.account) {
            let Some(channel) = self.house.channels.of_kind(account.kind).filter(|_| account.active) else { continue };
            if let Some(address) = facts.iter().find_map(|fact| channel.first_address(account, fact).ok()) {
                return Ok(Some(Direct::Address(account.id, address)));
            }
        }
        Ok(None)
    }
}

/// Where who wrote in a conversation can be answered directly; none: nowhere. Of one that is no comment it is itself.
///
/// # Errors
/// The store's word, or the widget does not see the conversation.
pub async fn direct(house: &House, door: &Door, conversation: &Conversation) -> Result<Option<Direct>, AdministrationError> {
    if !matches!(conversation.place, Place::Post(_)) {
        return Ok(Some(Direct::Conversation(conversation.id)));
    }
    let accounts = door.accounts(house).await?.into_iter().map(|account| (account.id, account)).collect();
    let desk = Desk { house, door, store: house.store.workspace(door.workspace), accounts };
    Ok(desk.direct(conversation).await?)
}
