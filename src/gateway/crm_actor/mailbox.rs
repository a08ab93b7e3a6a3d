//! Reads what came for a connection: hooks of the CRM, what its history told, and what the house asks.

use std::sync::Arc;

use secrecy::SecretString;

use super::desk::CrmDesk;
use super::{arrivals, first, keeper};
use crate::connector::hook::RawHook;
use crate::crm::event::CrmEvent;
use crate::gateway::begins;
use crate::gateway::commands::CommandError;
use crate::gateway::entries::{self, CrmMailboxEntry, CrmOutboxEntry, FeedEntry};
use crate::gateway::faults;
use crate::gateway::lines::{self, Entry, Handled, Work};
use crate::model::ids::ConversationId;
use crate::model::message::{CrmDeliveryStatus, Delivery, Message};
use crate::model::reason::Reason;
use crate::store::port::Scan;
use crate::store::records::streams;

/// Chats served side by side.
const SIDE_BY_SIDE: usize = 16;
/// What is held of a conversation is let go so many at a time.
const RELEASE_STEP: usize = 200;

/// Runs until the ownership is lost.
///
/// # Errors
/// [`CommandError::Fenced`].
pub(super) async fn run(desk: Arc<CrmDesk>) -> Result<(), CommandError> {
    let stream = streams::crm_mailbox(desk.connection);
    let changed = desk.changed.subscribe();
    let mailbox = Mailbox { desk: Arc::clone(&desk) };
    lines::run(&desk, &stream, &mailbox, SIDE_BY_SIDE, changed).await
}

struct Mailbox {
    desk: Arc<CrmDesk>,
}

impl Work for Mailbox {
    type Item = CrmMailboxEntry;

    fn read(&self, bytes: &[u8]) -> Result<(String, bool, CrmMailboxEntry), Reason> {
        let entry = entries::read::<CrmMailboxEntry>(bytes).map_err(|error| Reason::new("unreadable").said(&error.to_string()))?;
        let line = match &entry {
            CrmMailboxEntry::Release { conversation, .. } => format!("c{conversation}"),
            CrmMailboxEntry::Again { m } => format!("c{}", m.conversation),
            CrmMailboxEntry::Open { c, .. } => format!("c{c}"),
            CrmMailboxEntry::Look | CrmMailboxEntry::Reload | CrmMailboxEntry::Unfit { .. } => String::new(),
            CrmMailboxEntry::Part { body, .. } => {
                let events = parse(&self.desk, body)?;
                let chat = events.iter().find_map(CrmEvent::chat);
                chat.map_or_else(String::new, |chat| format!("h{}", chat.ours.clone().unwrap_or_else(|| chat.theirs.clone())))
            }
        };
        Ok((line, false, entry))
    }

    async fn handle(&self, entry: Entry<CrmMailboxEntry>) -> Result<Handled, CommandError> {
        if let Some(reason) = entry.give_up {
            return self.quarantine(entry.number, &entry.bytes, reason).await;
        }
        match &entry.item {
            CrmMailboxEntry::Release { conversation, before, .. } => self.release(entry.number, *conversation, *before).await,
            CrmMailboxEntry::Again { m } => self.again(entry.number, *m).await,
            CrmMailboxEntry::Open { c, j, answer, at } => first::open(&self.desk, entry.number, *c, j, answer, *at).await,
            CrmMailboxEntry::Look => {
                self.desk.changed();
                self.take(entry.number).await
            }
            CrmMailboxEntry::Reload => {
                keeper::read_lists(&self.desk);
                self.desk.changed();
                self.take(entry.number).await
            }
            CrmMailboxEntry::Unfit { headers, query, body } => {
                let hook = RawHook { headers: headers.clone(), query: query.clone(), secret: None, body: body.clone().into() };
                self.unfit(entry.number, &entry.bytes, &hook).await
            }
            CrmMailboxEntry::Part { at, body } => {
                let events = match parse(&self.desk, body) {
                    Ok(events) => events,
                    Err(reason) => return self.quarantine(entry.number, &entry.bytes, reason).await,
                };
                let mut batch = self.desk.batch();
                batch.take(&streams::crm_mailbox(self.desk.connection), entry.number);
                for event in events {
                    match arrivals::arrive(&self.desk, &mut batch, event, *at).await {
                        Ok(None) => {}
                        Ok(Some(pause)) => return Ok(Handled::Later(pause)),
                        Err(CommandError::Refused(reason)) => return self.quarantine(entry.number, &entry.bytes, reason).await,
                        Err(error) => return Err(error),
                    }
                }
                faults::point_for("crm/mailbox", self.desk.connection);
                self.desk.commit(batch).await?;
                Ok(Handled::Done)
            }
        }
    }
}

fn parse(desk: &CrmDesk, body: &[u8]) -> Result<Vec<CrmEvent>, Reason> {
    let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| desk.crm.parse(body)));
    let parsed = parsed.map_err(|panic| {
        desk.house.panics.note(desk.owned, panic.as_ref());
        Reason::new("crm_panicked")
    })?;
    parsed.map_err(|error| Reason::new("unreadable").said(&error.0))
}

impl Mailbox {
    /// The customer answered: what is held of the conversation may go, a step at a time.
    async fn release(&self, number: u64, conversation: ConversationId, before: u32) -> Result<Handled, CommandError> {
        let desk = &self.desk;
        let messages = desk.store.scan::<Message>(&Message::group(conversation), Scan::first(10_000).below(Message::item(before))).await?;
        let keys: Vec<_> = messages.iter().map(|message| Delivery::at(message.record.id(), desk.connection)).collect();
        let mut batch = desk.batch();
        let (mut released, mut more) = (0, false);
        for (message, delivery) in messages.iter().zip(desk.store.get_many::<Delivery>(&keys).await?) {
            let Some(old) = delivery.filter(|delivery| delivery.record.status == CrmDeliveryStatus::Held) else { continue };
            if released >= RELEASE_STEP {
                more = true;
                break;
            }
            released += 1;
            let now = desk.house.world.now();
            batch.update(&old, &Delivery { status: CrmDeliveryStatus::Queued, at: now, ..old.record.clone() })?;
            let entry = CrmOutboxEntry::new(message.record.id(), now);
            batch.append(&streams::crm_outbox(desk.connection), entries::write(&entry)?);
            let feed = FeedEntry::Delivery { c: conversation, a: message.record.account, n: message.record.number };
            batch.append(&streams::feed(), entries::write(&feed)?);
        }
        if !more {
            batch.take(&streams::crm_mailbox(desk.connection), number);
        }
        desk.commit(batch).await?;
        Ok(if more { Handled::Later(std::time::Duration::ZERO) } else { Handled::Done })
    }

    /// Somebody wants a message that did not go to go once more.
    async fn again(&self, number: u64, message: crate::model::ids::MessageId) -> Result<Handled, CommandError> {
        let desk = &self.desk;
        let mut batch = desk.batch();
        batch.take(&streams::crm_mailbox(desk.connection), number);
        let delivery = desk.store.get::<Delivery>(Delivery::at(message, desk.connection)).await?;
        let again = delivery.filter(|old| matches!(old.record.status, CrmDeliveryStatus::Failed | CrmDeliveryStatus::Skipped));
        if let (Some(old), Some(found)) = (again, desk.store.get::<Message>(Message::at(message)).await?) {
            let now = desk.house.world.now();
            let new = Delivery {
                status: CrmDeliveryStatus::Queued,
                reason: None,
                tries: 0,
                failing_since: None,
                again_at: Some(now),
                at: now,
                ..old.record.clone()
            };
            batch.update(&old, &new)?;
            let entry = CrmOutboxEntry::new(message, now);
            batch.append(&streams::crm_outbox(desk.connection), entries::write(&entry)?);
            let feed = FeedEntry::Delivery { c: message.conversation, a: found.record.account, n: message.number };
            batch.append(&streams::feed(), entries::write(&feed)?);
        }
        desk.commit(batch).await?;
        Ok(Handled::Done)
    }

    /// A hook of which nothing could be read, tried once more by somebody: who sent it was shown when it came.
    async fn unfit(&self, number: u64, bytes: &bytes::Bytes, hook: &RawHook) -> Result<Handled, CommandError> {
        let desk = &self.desk;
        let connection = desk.record().await?;
        match desk.crm.route(hook, &connection, &SecretString::default()) {
            Ok(routed) => {
                let mut batch = desk.batch();
                batch.take(&streams::crm_mailbox(desk.connection), number);
                for (_, part) in routed.parts {
                    let entry = CrmMailboxEntry::Part { at: desk.house.world.now(), body: part.into() };
                    batch.append(&streams::crm_mailbox(desk.connection), entries::write(&entry)?);
                }
                desk.commit(batch).await?;
                Ok(Handled::Done)
            }
            Err(error) => self.quarantine(number, bytes, Reason::new("unreadable").said(&error.0)).await,
        }
    }

    async fn take(&self, number: u64) -> Result<Handled, CommandError> {
        let mut batch = self.desk.batch();
        batch.take(&streams::crm_mailbox(self.desk.connection), number);
        self.desk.commit(batch).await?;
        Ok(Handled::Done)
    }

    async fn quarantine(&self, number: u64, bytes: &bytes::Bytes, reason: Reason) -> Result<Handled, CommandError> {
        begins::quarantine(&self.desk, &streams::crm_mailbox(self.desk.connection), number, bytes, reason).await?;
        Ok(Handled::Done)
    }
}
