//! Who wrote: people as this login knows them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use super::desk::Desk;
use super::draft::Draft;
use crate::channel::contract::{Incoming, Person, Writer};
use crate::gateway::administration::{Actor, customers};
use crate::gateway::commands::CommandError;
use crate::gateway::known_customers::{LINKS, links};
use crate::gateway::likeness;
use crate::model::customer::{Customer, CustomerLink, Identity};
use crate::model::ids::{CustomerId, IdentityId};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::table::Stored;

/// The most external ids remembered; past it the memory starts empty again, which only costs reads.
const MET: usize = 4_096;

/// The identities a login met, as they are stored, so that a known one is not read for every message. Shared by the login's
/// conversations, which alone write them: what one has learnt the others know. What proves to be otherwise is forgotten and read anew.
#[derive(Default)]
pub(crate) struct Met(Mutex<HashMap<String, Stored<Identity>>>);

impl Met {
    fn find(&self, external_id: &str) -> Option<Stored<Identity>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(external_id).cloned()
    }

    /// These are stored so from now on.
    pub(crate) fn learn(&self, news: Vec<Stored<Identity>>) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if met.len() >= MET {
            met.clear();
        }
        for new in news {
            for id in &new.record.external_ids {
                // Whose commit was first may tell of it last.
                if met.get(id).is_none_or(|old| old.version <= new.version) {
                    met.insert(id.clone(), new.clone());
                }
            }
        }
    }

    /// A batch that built on these was refused: somebody may have written them meanwhile.
    pub(crate) fn forget(&self, news: &[Stored<Identity>]) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for id in news.iter().flat_map(|new| &new.record.external_ids) {
            met.remove(id);
        }
    }
}

/// The people of one cause: what is written of them, and how they are stored once that is durable.
#[derive(Default)]
pub(crate) struct People {
    /// What is written.
    pub(crate) batch: Batch,
    /// How they are stored then.
    pub(super) met: Vec<Stored<Identity>>,
    /// The customers of whom something else is known now.
    pub(crate) customers: Vec<CustomerId>,
    /// The name managers gave the customer a new identity belongs to.
    pub(super) given_name: String,
    /// Two customers of the cause are made one: one pair a commit.
    joined: bool,
}

/// The name managers gave the customer behind an identity; empty: none.
pub(super) async fn given_name(desk: &Desk, identity: IdentityId) -> Result<String, CommandError> {
    let Some(link) = desk.store.get::<CustomerLink>(CustomerLink::at(identity)).await? else { return Ok(String::new()) };
    let customer = desk.store.get::<Customer>(Customer::at(link.record.customer)).await?;
    Ok(customer.map(|found| found.record.name).unwrap_or_default())
}

impl People {
    /// Whether an identity is met for the first time.
    pub(super) fn made(&self, identity: IdentityId) -> bool {
        self.met.iter().any(|met| met.record.id == identity && met.version == 1)
    }

    /// Something else is known of an identity: whoever shows its customer is told.
    pub(crate) async fn tell_of(&mut self, desk: &Desk, identity: IdentityId) -> Result<(), CommandError> {
        if let Some(link) = desk.store.get::<CustomerLink>(CustomerLink::at(identity)).await? {
            self.customers.push(link.record.customer);
        }
        Ok(())
    }
}

/// The identity of a person as this login knows them, made with its customer if it is new. A changed name is taken over.
pub(crate) async fn identify(desk: &Desk, person: &Person, incoming: &Incoming, now: Time, people: &mut People) -> Result<Identity, CommandError> {
    let group = Key::new().number(desk.login.0).done();
    let wrote = matches!(incoming.writer, Writer::Customer(_));
    let mut known: Option<Stored<Identity>> = None;
    let mut person = person.clone();
    for external in std::mem::take(&mut person.external_ids) {
        let old = match desk.met.find(&external) {
            Some(old) => Some(old),
            None => desk.store.get_unique::<Identity>(Identity::BY_EXTERNAL, &group, &Key::new().text(&external).done()).await?,
        };
        match old {
            // An id that belongs to another identity stays there: who is one person is a matter of customers.
            Some(old) if known.as_ref().is_some_and(|known| known.record.id != old.record.id) => {}
            Some(old) => {
                known = Some(old);
                person.external_ids.push(external);
            }
            None => person.external_ids.push(external),
        }
    }
    if let Some(old) = known {
        let mut new = old.record.clone();
        merge_person(&mut new, &person);
        if new.everywhere.is_none() {
            new.everywhere = everywhere(desk, &new);
        }
        if wrote {
            new.first_message_at.get_or_insert(now);
            // Who writes can be written to.
            new.unreachable = None;
        }
        if incoming.page.is_some() {
            new.page.clone_from(&incoming.page);
        }
        let mut version = old.version;
        if new != old.record {
            people.batch.update(&old, &new)?;
            version = version.saturating_add(1);
            if new.signs().iter().any(|sign| sign.1 && !old.record.signs().contains(sign)) {
                join(desk, &new, people).await?;
            }
            if shown(&old.record) != shown(&new) {
                people.tell_of(desk, new.id).await?;
            }
        }
        people.met.push(Stored { version, record: new.clone() });
        return Ok(new);
    }
    let mut identity = Identity {
        id: IdentityId(desk.house.world.id()),
        login: desk.login,
        external_ids: Vec::new(),
        everywhere: None,
        name: String::new(),
        username: String::new(),
        picture: None,
        phones: Vec::new(),
        emails: Vec::new(),
        site_id: None,
        consent: None,
        about: BTreeMap::new(),
        unreachable: None,
        page: incoming.page.clone(),
        created_at: now,
        first_message_at: wrote.then_some(now),
    };
    merge_person(&mut identity, &person);
    identity.everywhere = everywhere(desk, &identity);
    let mut customer = Customer::fresh(CustomerId(desk.house.world.id()), now);
    people.batch.insert(&identity)?;
    let mut link = CustomerLink { identity: identity.id, customer: customer.id, home: customer.id };
    if let Some(known) = whose(desk, &identity, None, people).await? {
        // As after a merge by hand, so that it can be undone like one.
        (customer.merged_into, link.customer) = (Some(known.record.id), known.record.id);
        people.batch.update(&known, &known.record)?;
        people.given_name = known.record.name;
    }
    people.customers.push(link.customer);
    people.batch.insert(&customer)?;
    people.batch.insert(&link)?;
    people.met.push(Stored { version: 1, record: identity.clone() });
    Ok(identity)
}

/// Whose a provider vouches an identity to be, beside who it belongs to now.
async fn whose(desk: &Desk, identity: &Identity, own: Option<CustomerId>, people: &mut People) -> Result<Option<Stored<Customer>>, CommandError> {
    if people.joined {
        return Ok(None);
    }
    let Some(id) = likeness::vouched(&desk.store, identity, own).await? else { return Ok(None) };
    let found = desk.store.get::<Customer>(Customer::at(id)).await?.filter(|found| found.record.merged_into.is_none());
    if own.is_none() && links(&desk.store, id).await?.len() >= LINKS {
        return Ok(None);
    }
    people.joined = found.is_some();
    Ok(found)
}

/// Makes an identity's customer one with whom a provider vouches now that it is. The older one stays.
async fn join(desk: &Desk, identity: &Identity, people: &mut People) -> Result<(), CommandError> {
    let Some(link) = desk.store.get::<CustomerLink>(CustomerLink::at(identity.id)).await? else { return Ok(()) };
    let own = link.record.customer;
    let Some(other) = whose(desk, identity, Some(own), people).await? else { return Ok(()) };
    let Some(own) = desk.store.get::<Customer>(Customer::at(own)).await? else { return Ok(()) };
    let (from, into) = if own.record.id < other.record.id { (other, own) } else { (own, other) };
    customers::join(&desk.house, &desk.store, &mut people.batch, &Actor::itself(), &from, &into).await?;
    Ok(())
}

/// The person of a conversation cannot be written to any more, and why; none: they can again. Kept with the identity, in the cause's commit.
pub(crate) async fn reachable(desk: &Desk, draft: &mut Draft, reason: Option<&Reason>) -> Result<(), CommandError> {
    let Some(identity) = draft.conversation.identity else { return Ok(()) };
    let Some(old) = desk.store.get::<Identity>(Identity::at(identity)).await? else { return Ok(()) };
    if old.record.unreachable.as_ref() == reason {
        return Ok(());
    }
    let new = Identity { unreachable: reason.cloned(), ..old.record.clone() };
    let mut people = People::default();
    people.batch.update(&old, &new)?;
    people.met.push(Stored { version: old.version.saturating_add(1), record: new });
    people.tell_of(desk, identity).await?;
    draft.meet(people);
    Ok(())
}

/// By what the provider knows somebody in all its logins.
fn everywhere(desk: &Desk, identity: &Identity) -> Option<String> {
    let id = identity.external_ids.first().filter(|_| desk.channel.one_id_everywhere())?;
    Some(format!("{}/{id}", desk.channel.provider()))
}

/// What of an identity stands on a customer's card.
fn shown(identity: &Identity) -> impl PartialEq {
    let Identity { name, username, phones, emails, about, unreachable, .. } = identity.clone();
    (name, username, phones, emails, about, unreachable)
}

/// Adds what a person says or the provider knows; nothing known is taken away.
fn merge_person(identity: &mut Identity, person: &Person) {
    for id in &person.external_ids {
        if !identity.external_ids.contains(id) {
            identity.external_ids.push(id.clone());
        }
    }
    let cut = |text: &str| text.chars().take(200).collect::<String>();
    if !person.name.is_empty() {
        identity.name = cut(&person.name);
    }
    if !person.username.is_empty() {
        identity.username = cut(&person.username);
    }
    for (known, told) in [(&mut identity.phones, &person.phones), (&mut identity.emails, &person.emails)] {
        for claim in told {
            match known.iter().position(|old| old.value == claim.value) {
                // What is said now comes last: two may share a machine, and an answer is for who asked.
                Some(at) => known.split_at_mut(at).1.rotate_left(1),
                // Bounded: a page that says another e-mail each time fills nothing.
                None if known.len() < 20 => known.push(claim.clone()),
                None => {}
            }
        }
    }
    for (what, said) in person.about.iter().filter(|(what, _)| what.len() <= 40) {
        if identity.about.len() < 20 || identity.about.contains_key(what) {
            identity.about.insert(what.clone(), cut(said));
        }
    }
    if person.consent.is_some() {
        identity.consent.clone_from(&person.consent);
    }
    if person.site_id.is_some() {
        identity.site_id.clone_from(&person.site_id);
    }
}
