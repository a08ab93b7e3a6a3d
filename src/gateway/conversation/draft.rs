//! Collects what one cause changes in a conversation and makes one batch of it.

use std::collections::BTreeMap;

use super::desk::Desk;
use super::people::People;
use crate::gateway::entries::{self, ChangeEntry, CrmMailboxEntry, CrmNews, CrmOutboxEntry, FeedEntry, OutboxEntry, Tell, TimerEntry};
use crate::gateway::tally;
use crate::gateway::views;
use crate::model::connection::{AccountLink, UnansweredOutbound};
use crate::model::conversation::{Conversation, Fact, FactKind};
use crate::model::crm::Joins;
use crate::model::customer::Identity;
use crate::model::ids::{ConnectionId, CustomerId, MessageId};
use crate::model::message::{CrmDeliveryStatus, Delivery, Message, Origin};
use crate::model::protocol::{EntryDirection, FileStatus, SendStatus};
use crate::model::tally::{Counted, bucket};
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::StoreError;
use crate::store::records::streams;
use crate::store::table::Stored;

/// How many changes a conversation's log keeps, and how long.
pub const CHANGES_KEPT: u64 = 1_000;
/// Trimmed in steps, so that not every commit trims.
const TRIM_STEP: u64 = 64;
const MOSCOW_MS: i64 = 3 * 60 * 60 * 1_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Something changed of a message that CRMs may have.
struct News {
    message: MessageId,
    /// The connection it was written in: it hears of each step on the way to the customer.
    home: Option<ConnectionId>,
    /// Whether others want to hear of it, too: its words, reactions, files, and that it was read or did not go.
    is_for_all: bool,
}

impl News {
    fn of(old: &Message, new: &Message) -> Option<Self> {
        let pending = |message: &Message| message.attachments.iter().filter(|file| file.status == FileStatus::Pending).count();
        let says = (old.edited_at, old.deleted_at, pending(old)) != (new.edited_at, new.deleted_at, pending(new)) || old.reactions != new.reactions;
        let moved = old.state.status != new.state.status;
        let ends = moved && matches!(new.state.status, SendStatus::Read | SendStatus::Failed | SendStatus::Unknown);
        let home = match new.origin {
            Origin::Crm { connection } => Some(connection),
            _ => None,
        };
        let is_for_all = new.admission.is_yes() && new.direction != EntryDirection::Note && (says || ends);
        (is_for_all || (moved && home.is_some())).then(|| Self { message: new.id(), home, is_for_all })
    }
}

/// What one cause changes.
pub(crate) struct Draft {
    /// The conversation as it will be.
    pub(crate) conversation: Conversation,
    old: Option<Stored<Conversation>>,
    batch: Batch,
    changes: Vec<ChangeEntry>,
    hidden: Vec<bool>,
    quiet: bool,
    delivered: bool,
    dropped: bool,
    facts: Vec<u64>,
    tell: Option<Tell>,
    failed: Vec<u32>,
    /// What CRMs may want to hear of messages they have.
    news: Vec<News>,
    met: Vec<Stored<Identity>>,
    customers: Vec<CustomerId>,
    tally: BTreeMap<(Vec<u8>, Vec<u8>), i64>,
    now: Time,
}

impl Draft {
    /// Over the conversation as it is, or over the first state of a new one.
    pub(crate) fn new(old: Option<&Stored<Conversation>>, first: Option<Conversation>, now: Time) -> Option<Self> {
        let conversation = old.map(|stored| stored.record.clone()).or(first)?;
        Some(Self {
            conversation,
            old: old.cloned(),
            batch: Batch::new(),
            changes: Vec::new(),
            hidden: Vec::new(),
            quiet: false,
            delivered: false,
            dropped: false,
            facts: Vec::new(),
            tell: None,
            failed: Vec::new(),
            news: Vec::new(),
            met: Vec::new(),
            customers: Vec::new(),
            tally: BTreeMap::new(),
            now,
        })
    }

    /// The batch, for what belongs to the cause but to no message: files, episodes.
    pub(crate) fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Adds the people of the cause.
    pub(crate) fn meet(&mut self, people: People) {
        self.batch.join(people.batch);
        self.met = people.met;
        self.customers = people.customers;
    }

    /// The identities of the cause, as they are stored once it is durable.
    pub(crate) fn take_met(&mut self) -> Vec<Stored<Identity>> {
        std::mem::take(&mut self.met)
    }

    /// The number the next message gets.
    pub(crate) fn next_number(&self) -> u32 {
        self.conversation.last_number.saturating_add(1)
    }

    /// Adds a message to the log, with its deliveries and what the conversation's row shows of it.
    pub(crate) fn add(&mut self, message: &Message, links: &[AccountLink]) -> Result<(), StoreError> {
        self.conversation.last_number = message.number;
        let admitted = message.admission.is_yes();
        if admitted {
            self.tally(message);
            self.conversation.active_at = self.conversation.active_at.max(self.now);
            self.conversation.preview = Some(views::preview(message));
            match message.direction {
                EntryDirection::Inbound => {
                    self.conversation.unread = self.conversation.unread.saturating_add(1);
                    let since = self.conversation.unanswered_since.unwrap_or(self.now);
                    self.conversation.unanswered_since = Some(since);
                }
                EntryDirection::Outbound if answers(&message.origin) => {
                    self.conversation.unanswered_since = None;
                    self.conversation.episode.answered_at.get_or_insert(self.now);
                }
                EntryDirection::Outbound | EntryDirection::Note | EntryDirection::System => {}
            }
        }
        self.batch.insert(message)?;
        self.deliver(message, links)?;
        if admitted && message.direction == EntryDirection::Inbound {
            self.conversation.customer_wrote = true;
        }
        if message.direction == EntryDirection::Inbound {
            self.conversation.customer_at = self.conversation.customer_at.max(Some(message.written_at));
        }
        self.count(message);
        self.changed(message, true);
        Ok(())
    }

    /// Changes a message of the log.
    pub(crate) fn change(&mut self, old: &Stored<Message>, new: &Message) -> Result<(), StoreError> {
        self.batch.update(old, new)?;
        if new.state.status == SendStatus::Failed && old.record.state.status != SendStatus::Failed {
            self.failed.push(new.number);
        }
        self.news.extend(News::of(&old.record, new));
        self.changed(new, false);
        Ok(())
    }

    /// Changes what a message of the log says; the list's row follows if it shows that message.
    pub(crate) fn reword(&mut self, old: &Stored<Message>, new: &Message) -> Result<(), StoreError> {
        if self.conversation.preview.as_ref() == Some(&views::preview(&old.record)) {
            self.conversation.preview = Some(views::preview(new));
        }
        self.change(old, new)
    }

    /// Notes something about a message that nobody sees: an attempt that begins.
    pub(crate) fn note(&mut self, old: &Stored<Message>, new: &Message) -> Result<(), StoreError> {
        self.quiet = true;
        self.batch.update(old, new)
    }

    /// Nothing anybody sees changes.
    pub(crate) fn quiet(&mut self) {
        self.quiet = true;
    }

    /// People are to be told of this.
    pub(crate) fn tell(&mut self, what: Tell) {
        self.tell = Some(what);
    }

    /// Whether a customer begins to wait with this.
    pub(crate) fn begins_to_wait(&self) -> bool {
        self.conversation.waits() && !self.old.as_ref().is_some_and(|old| old.record.waits())
    }

    /// It is told at this moment that the customer waits too long; 1 or 2, see [`Tell::Overdue`].
    pub(crate) fn overdue_at(&mut self, step: u8, at: Time) -> Result<(), StoreError> {
        let timer = TimerEntry::Overdue { c: self.conversation.id, l: self.conversation.login, s: step };
        self.conversation.overdue_at = Some(at);
        self.batch.set_timer(&timer.name(), at, entries::write(&timer)?);
        Ok(())
    }

    /// Nobody waits any more: what was to be told of it is not.
    fn waits_no_more(&mut self) {
        if self.conversation.overdue_at.take().is_some() {
            let (c, l) = (self.conversation.id, self.conversation.login);
            let timer = TimerEntry::Overdue { c, l, s: self.conversation.overdue.saturating_add(1) };
            self.batch.clear_timer(&timer.name());
        }
        self.conversation.overdue = 0;
    }

    /// Something happened with the conversation itself.
    pub(crate) fn fact(&mut self, desk: &Desk, by: &str, what: FactKind) -> Result<(), StoreError> {
        let fact = Fact { conversation: self.conversation.id, id: desk.house.world.id(), at: self.now, by: by.to_owned(), what };
        self.facts.push(fact.id);
        self.batch.insert(&fact)
    }

    /// Puts a message of ours into the login's outbox.
    pub(crate) fn send(&mut self, desk: &Desk, message: &Message, bulk: bool, until: Time) -> Result<(), StoreError> {
        let stream = if bulk { streams::bulk(desk.login) } else { streams::outbox(desk.login) };
        self.batch.append(&stream, entries::write(&OutboxEntry { m: message.id(), until })?);
        Ok(())
    }

    fn changed(&mut self, message: &Message, new: bool) {
        self.changes.push(ChangeEntry { n: message.number, new, t: self.now.0 });
        self.hidden.push(!message.admission.is_yes());
    }

    /// The moment of the cause.
    pub(crate) fn now(&self) -> Time {
        self.now
    }

    /// A message stands in a CRM already: it was written there.
    pub(crate) fn stands(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        self.delivered = true;
        self.batch.insert(delivery)
    }

    /// A message written in a CRM's widget is to be put into that CRM: it does not stand there by itself.
    pub(crate) fn export(&mut self, message: MessageId, connection: ConnectionId, joins: &Joins) -> Result<(), StoreError> {
        self.stands(&Delivery::fresh(message, connection, CrmDeliveryStatus::Queued, self.now))?;
        let entry = CrmOutboxEntry { j: joins.clone(), ..CrmOutboxEntry::new(message, self.now) };
        self.batch.append(&streams::crm_outbox(connection), entries::write(&entry)?);
        Ok(())
    }

    /// What is added from now on is of a mailing that no CRM gets (H-AMO-40).
    pub(crate) fn drop_for_crms(&mut self) {
        self.dropped = true;
    }

    /// A CRM is to be told what changed of a message it has.
    pub(crate) fn news(&mut self, message: MessageId, connection: ConnectionId) -> Result<(), StoreError> {
        let entry = CrmOutboxEntry { k: CrmNews::Changed, ..CrmOutboxEntry::new(message, self.now) };
        self.batch.append(&streams::crm_outbox(connection), entries::write(&entry)?);
        Ok(())
    }

    /// Each connection that may want to hear what changed is told; whether it has the message, and follows it, it knows itself.
    fn tell_crms(&mut self, desk: &Desk) -> Result<(), StoreError> {
        let card = desk.card(self.conversation.account);
        for news in std::mem::take(&mut self.news) {
            let links = card.as_ref().map_or(&[][..], |card| card.links.as_slice());
            let linked = links.iter().map(|link| link.connection).filter(|linked| Some(*linked) != news.home && news.is_for_all);
            for connection in linked.chain(news.home) {
                self.news(news.message, connection)?;
            }
        }
        Ok(())
    }

    /// One delivery per connection the account feeds, but never to the one the message came from.
    fn deliver(&mut self, message: &Message, links: &[AccountLink]) -> Result<(), StoreError> {
        if !matches!(message.direction, EntryDirection::Inbound | EntryDirection::Outbound) {
            return Ok(());
        }
        let first_answer = message.direction == EntryDirection::Inbound && message.admission.is_yes() && !self.conversation.customer_wrote;
        for link in links {
            if message.origin == (Origin::Crm { connection: link.connection }) {
                continue;
            }
            let status = match first_status(message, link, self.conversation.customer_wrote) {
                CrmDeliveryStatus::Queued if self.dropped => CrmDeliveryStatus::Mailing,
                status => status,
            };
            let delivery = Delivery::fresh(message.id(), link.connection, status, self.now);
            self.delivered = true;
            self.batch.insert(&delivery)?;
            if status == CrmDeliveryStatus::Queued {
                let bulk = matches!(message.origin, Origin::Mailing { .. });
                let entry = CrmOutboxEntry { bulk, ..CrmOutboxEntry::new(message.id(), self.now) };
                self.batch.append(&streams::crm_outbox(link.connection), entries::write(&entry)?);
            }
            if first_answer && link.unanswered_outbound == UnansweredOutbound::ReleaseOnReply {
                self.release(link.connection, message.number)?;
            }
        }
        Ok(())
    }

    /// The customer answered: the connection, which alone writes its deliveries, is told to let go what it holds.
    fn release(&mut self, connection: ConnectionId, before: u32) -> Result<(), StoreError> {
        let entry = CrmMailboxEntry::Release { connection, conversation: self.conversation.id, before };
        self.batch.append(&streams::crm_mailbox(connection), entries::write(&entry)?);
        Ok(())
    }

    /// A passing message adds to account × Moscow day (§7.19), filtered ones too.
    fn count(&mut self, message: &Message) {
        let way = match message.direction {
            EntryDirection::Inbound => "in",
            EntryDirection::Outbound => "out",
            EntryDirection::Note | EntryDirection::System => return,
        };
        let day = self.now.0.saturating_add(MOSCOW_MS).div_euclid(DAY_MS);
        let group = Key::new().text("passed").number(self.conversation.account.0).done();
        self.batch.increment(group, Key::new().signed(day).text(way).done(), 1);
    }

    /// What the day's numbers make of a message that managers see.
    fn tally(&mut self, message: &Message) {
        let mut counted = Vec::with_capacity(3);
        if self.conversation.preview.is_none() {
            counted.push(Counted::Begun);
        }
        match message.direction {
            EntryDirection::Inbound => counted.push(Counted::Inbound),
            EntryDirection::Outbound => counted.push(Counted::Outbound),
            EntryDirection::Note | EntryDirection::System => {}
        }
        let first_answer =
            message.direction == EntryDirection::Outbound && answers(&message.origin) && self.conversation.episode.answered_at.is_none();
        if let Some(since) = self.conversation.unanswered_since.filter(|_| first_answer) {
            counted.push(Counted::Answered(bucket(message.imported_at.since(since))));
        }
        for what in counted {
            let sum = self.tally.entry(tally::key(message.account, message.imported_at, what)).or_default();
            *sum = sum.saturating_add(1);
        }
    }

    /// The batch, and the conversation as it will be stored.
    pub(crate) fn finish(mut self, desk: &Desk) -> Result<(Batch, Stored<Conversation>), StoreError> {
        if !self.conversation.waits() {
            self.waits_no_more();
        }
        self.tell_crms(desk)?;
        for ((group, item), by) in std::mem::take(&mut self.tally) {
            self.batch.increment(group, item, by);
        }
        let feed = streams::feed();
        let changes = streams::changes(self.conversation.id);
        let last = self.changes.len();
        for (at, (change, hidden)) in self.changes.iter().zip(&self.hidden).enumerate() {
            self.conversation.last_change = self.conversation.last_change.saturating_add(1);
            self.batch.append(&changes, entries::write(change)?);
            let entry = FeedEntry::Message {
                c: self.conversation.id,
                a: self.conversation.account,
                n: change.n,
                h: self.conversation.last_change,
                new: change.new,
                hid: *hidden,
                d: self.delivered,
                f: self.failed.contains(&change.n),
                // With the last one: by then all of it has happened.
                e: if at.saturating_add(1) == last { std::mem::take(&mut self.facts) } else { Vec::new() },
            };
            self.batch.append(&feed, entries::write(&entry)?);
        }
        // Messages tell of their conversation too, but not what people are to be told of it.
        if self.tell.is_some() || (self.changes.is_empty() && !self.quiet) {
            let entry = FeedEntry::Conversation { c: self.conversation.id, a: self.conversation.account, t: self.tell.take(), e: self.facts };
            self.batch.append(&feed, entries::write(&entry)?);
        }
        for customer in &self.customers {
            self.batch.append(&feed, entries::write(&FeedEntry::Customer { c: *customer, a: Some(self.conversation.account) })?);
        }
        let last = self.conversation.last_change;
        if last / TRIM_STEP != last.saturating_sub(u64::try_from(self.changes.len()).unwrap_or(0)) / TRIM_STEP && last > CHANGES_KEPT {
            self.batch.trim(&changes, last.saturating_sub(CHANGES_KEPT));
        }
        self.batch.fence(&desk.owner, desk.token);
        let version = match &self.old {
            Some(old) if old.record == self.conversation => old.version,
            Some(old) => {
                self.batch.update(old, &self.conversation)?;
                old.version.saturating_add(1)
            }
            None => {
                self.batch.insert(&self.conversation)?;
                1
            }
        };
        Ok((self.batch, Stored { version, record: self.conversation }))
    }
}

/// Whether a message counts as an answer (G-04): a human's or the CRM's, not automation's.
fn answers(origin: &Origin) -> bool {
    match origin {
        Origin::Manager | Origin::Api | Origin::Phone | Origin::Crm { .. } => true,
        Origin::Customer | Origin::Automation | Origin::Assistant | Origin::Mailing { .. } | Origin::System => false,
    }
}

/// The state a delivery begins in. What we write before the customer ever did is unanswered.
fn first_status(message: &Message, link: &AccountLink, customer_wrote: bool) -> CrmDeliveryStatus {
    if !message.admission.is_yes() {
        return CrmDeliveryStatus::Filtered;
    }
    let unanswered = message.direction == EntryDirection::Outbound && !customer_wrote;
    match link.unanswered_outbound {
        UnansweredOutbound::ReleaseOnReply if unanswered => CrmDeliveryStatus::Held,
        UnansweredOutbound::Drop if unanswered => CrmDeliveryStatus::Mailing,
        UnansweredOutbound::Export | UnansweredOutbound::ReleaseOnReply | UnansweredOutbound::Drop => CrmDeliveryStatus::Queued,
    }
}
