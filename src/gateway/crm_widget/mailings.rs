//! The same words to many contacts (H-AMO-40): a client gets them in all their chats. They go one after the other, stand in no CRM, and go on
//! after a restart.

use super::card::{self, CardContact};
use super::{Door, WidgetUser};
use crate::gateway::administration::AdministrationError;
use crate::gateway::commands::CommandError;
use crate::gateway::entries::{self, CrmMailboxEntry};
use crate::gateway::house::House;
use crate::model::crm::To;
use crate::model::ids::{AccountId, MailingId};
use crate::model::mailing::{MailTarget, Mailed, Mailing, Skipped};
use crate::model::message::Message;
use crate::model::protocol::SendStatus;
use crate::model::reason::Reason;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::records::streams;

/// The longest words: what every channel takes in one message.
const TEXT: usize = 4_000;
/// What was done is kept for so long, milliseconds, and forgotten so many at a time.
const KEPT_MS: i64 = 30 * 24 * 60 * 60_000;
const FORGOTTEN: usize = 20;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct AskedMailing {
    /// The widget's own key: the same key twice has one effect.
    pub id: String,
    /// Who asks.
    pub user: Option<WidgetUser>,
    /// To whom.
    pub contacts: Vec<CardContact>,
    /// What it says.
    pub text: String,
}

/// Where a mailing stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Messages in all.
    pub total: usize,
    /// On their way to the customer, or there.
    pub sent: usize,
    /// Not begun, or not sent yet.
    pub waiting: usize,
    /// Those that did not go, and why.
    pub failed: Vec<(String, Reason)>,
    /// Whether it was stopped.
    pub stopped: bool,
}

/// Begins a mailing, or answers the one of this key.
///
/// # Errors
/// It is refused, or may be tried again.
pub async fn make(house: &House, door: &Door, asked: &AskedMailing) -> Result<Mailing, CommandError> {
    let (store, connection) = (house.store.workspace(door.workspace), door.connection.id);
    let sort = Key::new().text(&asked.id).done();
    if let Some(known) = store.get_unique::<Mailing>(Mailing::BY_KEY, &Mailing::of(connection), &sort).await? {
        return Ok(known.record);
    }
    let text = asked.text.trim();
    if text.is_empty() {
        return Err(CommandError::refused("empty_message"));
    }
    if text.chars().count() > TEXT {
        return Err(CommandError::Refused(Reason::new("text_too_long").with("limit", TEXT).with("unit", "characters")));
    }
    let (targets, skipped) = targets(house, door, &asked.contacts).await?;
    let now = house.world.now();
    let mailing = Mailing {
        id: MailingId(house.world.id()),
        connection,
        key: asked.id.clone(),
        text: text.to_owned(),
        author: door.author(asked.user.as_ref()),
        targets,
        skipped,
        created_at: now,
        stopped_at: None,
    };
    let mut batch = Batch::new();
    batch.insert(&mailing)?;
    batch.append(&streams::crm_mailbox(connection), entries::write(&CrmMailboxEntry::Look)?);
    for old in store.scan::<Mailing>(&Mailing::of(connection), Scan::first(FORGOTTEN)).await? {
        if !old.record.is_open() && now.since(old.record.created_at) > KEPT_MS {
            batch.remove(&old);
        }
    }
    match store.commit(batch).await {
        Ok(_) => Ok(mailing),
        Err(CommitError::Refused(Refusal::NotUnique { .. })) => {
            let known = store.get_unique::<Mailing>(Mailing::BY_KEY, &Mailing::of(connection), &sort).await?;
            known.map(|known| known.record).ok_or_else(|| CommandError::TryAgain("try_again".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

/// All the chats of each contact; of one without any, an address for each account.
async fn targets(house: &House, door: &Door, contacts: &[CardContact]) -> Result<(Vec<MailTarget>, Vec<Skipped>), AdministrationError> {
    let found = card::targets(house, door, None, contacts).await?;
    let (mut targets, mut skipped): (Vec<MailTarget>, Vec<Skipped>) = (Vec::new(), Vec::new());
    for contact in contacts {
        let own: Vec<_> = found.iter().filter(|target| target.contact == contact.id && target.is_private).collect();
        let chats = own.iter().filter(|target| target.conversation.is_some());
        let mut to: Vec<(To, AccountId)> = Vec::new();
        let mut why = None;
        for chat in chats {
            match (chat.conversation, &chat.reason) {
                (Some(id), None) => to.push((To::Conversation { id }, chat.account.id)),
                (_, reason) => why = why.or_else(|| reason.clone()),
            }
        }
        if to.is_empty() {
            for first in own.iter().filter(|target| target.conversation.is_none()) {
                if let Some(address) = &first.address
                    && !to.iter().any(|(_, account)| *account == first.account.id)
                {
                    to.push((To::Address { account: first.account.id, address: address.clone() }, first.account.id));
                }
            }
        }
        if to.is_empty() && !skipped.iter().any(|known| known.contact == contact.id) {
            skipped.push(Skipped { contact: contact.id.clone(), reason: why.unwrap_or_else(|| Reason::new("nobody_reached")) });
        }
        for (to, account) in to {
            let login = own.iter().find(|target| target.account.id == account).map(|target| target.account.login);
            let Some(login) = login.filter(|_| !targets.iter().any(|known| known.to == to)) else { continue };
            targets.push(MailTarget { contact: contact.id.clone(), to, account, login, mailed: Mailed::Waiting });
        }
    }
    Ok((targets, skipped))
}

/// A mailing of this connection; none: there is no such one.
///
/// # Errors
/// The store's word.
pub async fn one(house: &House, door: &Door, id: MailingId) -> Result<Option<Mailing>, StoreError> {
    let store = house.store.workspace(door.workspace);
    Ok(store.get::<Mailing>(Mailing::at(door.connection.id, id)).await?.map(|stored| stored.record))
}

/// Where it stands by now.
///
/// # Errors
/// The store's word.
pub async fn standing(house: &House, door: &Door, mailing: &Mailing) -> Result<Standing, StoreError> {
    let mut standing = Standing { total: mailing.targets.len(), stopped: mailing.stopped_at.is_some(), ..Standing::default() };
    let mut begun = Vec::new();
    for target in &mailing.targets {
        match &target.mailed {
            Mailed::Waiting if standing.stopped => {}
            Mailed::Waiting => standing.waiting += 1,
            Mailed::Begun { message, .. } => begun.push((&target.contact, *message)),
            Mailed::Refused { reason, .. } => standing.failed.push((target.contact.clone(), reason.clone())),
        }
    }
    let keys: Vec<_> = begun.iter().map(|(_, message)| Message::at(*message)).collect();
    let messages = house.store.workspace(door.workspace).get_many::<Message>(&keys).await?;
    for ((contact, _), message) in begun.into_iter().zip(messages) {
        let state = message.map(|message| message.record.state);
        match state.as_ref().map(|state| state.status) {
            Some(SendStatus::Failed | SendStatus::Unknown) => {
                let reason = state.and_then(|state| state.reason).unwrap_or_else(|| Reason::new("provider_failed"));
                standing.failed.push((contact.clone(), reason));
            }
            Some(SendStatus::Queued) => standing.waiting += 1,
            _ => standing.sent += 1,
        }
    }
    Ok(standing)
}

/// Stops it: what has not begun does not. Twice has the effect of once.
///
/// # Errors
/// The store's word.
pub async fn stop(house: &House, door: &Door, id: MailingId) -> Result<(), CommitError> {
    let now = house.world.now();
    let change = |old: &Mailing| Ok::<_, CommitError>(Mailing { stopped_at: old.stopped_at.or(Some(now)), ..old.clone() });
    house.store.workspace(door.workspace).change(Mailing::at(door.connection.id, id), change, |_, _| Ok(())).await?;
    Ok(())
}
