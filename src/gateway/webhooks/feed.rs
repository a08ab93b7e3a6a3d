//! Entries of the feed become deliveries.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::gateway::entries::{self, FeedEntry};
use crate::gateway::house::House;
use crate::gateway::views::{self, Viewer};
use crate::model::conversation::{Conversation, Fact, FactKind};
use crate::model::ids::{AccountId, ConversationId, CustomerId, DeliveryId, MessageId, WebhookId, WorkspaceId};
use crate::model::message::Message;
use crate::model::time::Time;
use crate::model::webhook::{DELIVERY_LIFE_MS, WAITING_LIMIT, Webhook, WebhookDelivery, WebhookEvent, WebhookPlace, WebhookStatus};
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::records::streams;
use crate::store::table::Stored;

/// Entries read at once, and pages of one round: the rest comes with the next.
const PAGE: (usize, usize) = (200, 20);
/// Deliveries and bytes of one commit.
const PORTION: (usize, usize) = (500, 3 * 1024 * 1024);
/// Deliveries of one message read at once when it is erased.
const OF_MESSAGE: usize = 200;

/// Something a webhook can be told.
struct Told {
    number: u64,
    event: WebhookEvent,
    /// None: it is of no channel; only who wants all of them is told.
    account: Option<AccountId>,
    conversation: Option<ConversationId>,
    message: Option<MessageId>,
    erased: bool,
    data: Value,
}

/// What happened, as the timeline shows it.
#[derive(serde::Serialize)]
struct FactData<'a> {
    at: Time,
    by: &'a str,
    #[serde(flatten)]
    what: &'a FactKind,
}

/// Follows the feed to its end, or as far as one round goes.
///
/// # Errors
/// The store's failure; what is left comes with the next round.
pub(super) async fn follow(house: &House, workspace: WorkspaceId, webhooks: &[Stored<Webhook>]) -> Result<(), StoreError> {
    let Some(since) = webhooks.iter().map(|hook| &hook.record).filter(|hook| hook.is_on()).map(|hook| hook.since).min() else { return Ok(()) };
    let store = house.store.workspace(workspace);
    let mut webhooks = webhooks.to_vec();
    let mut place = store.get::<WebhookPlace>(WebhookPlace::at()).await?;
    for _ in 0..PAGE.1 {
        let reached = place.as_ref().map_or(0, |place| place.record.place).max(since);
        let page = store.read(&streams::feed(), reached, PAGE.0).await?;
        // A store that was restored stands before the place.
        if place.as_ref().is_some_and(|place| place.record.place > page.state.last) {
            return step(house, workspace, &mut place, &mut webhooks, page.state.last, Vec::new()).await.map(|_| ());
        }
        if page.state.trimmed > reached {
            let lost = page.state.trimmed.saturating_sub(reached);
            tracing::warn!(%workspace, lost, "the feed was trimmed before webhooks were told");
            for hook in webhooks.iter().filter(|hook| hook.record.is_on()) {
                drop_some(house, workspace, hook.record.id, lost).await?;
            }
        }
        let Some((end, _)) = page.entries.last() else { return Ok(()) };
        let (end, whole) = (*end, page.entries.len() < PAGE.0);
        let told = read(house, workspace, &page.entries, &webhooks).await?;
        let mut told = told.into_iter().peekable();
        while told.peek().is_some() {
            let (mut portion, mut bytes) = (Vec::new(), 0_usize);
            // What one entry tells stays together: the place stands behind whole entries.
            while let Some(next) = told.peek() {
                let new_entry = portion.last().is_none_or(|last: &Told| last.number != next.number);
                if new_entry && (portion.len() >= PORTION.0 / webhooks.len().max(1) || bytes >= PORTION.1 / webhooks.len().max(1)) {
                    break;
                }
                let Some(next) = told.next() else { break };
                bytes = bytes.saturating_add(next.data.to_string().len());
                portion.push(next);
            }
            let through = if told.peek().is_some() { portion.last().map_or(end, |last| last.number) } else { end };
            if !step(house, workspace, &mut place, &mut webhooks, through, portion).await? {
                return Ok(());
            }
        }
        if place.as_ref().is_none_or(|place| place.record.place < end) && !step(house, workspace, &mut place, &mut webhooks, end, Vec::new()).await? {
            return Ok(());
        }
        if whole {
            return Ok(());
        }
    }
    Ok(())
}

/// One commit: deliveries and the place. `false`: another node was quicker.
async fn step(
    house: &House, workspace: WorkspaceId, place: &mut Option<Stored<WebhookPlace>>, webhooks: &mut [Stored<Webhook>], through: u64, told: Vec<Told>,
) -> Result<bool, StoreError> {
    let store = house.store.workspace(workspace);
    let now = house.world.now();
    let mut last_id = place.as_ref().map_or(0, |place| place.record.last_id).max(house.world.id());
    let mut batch = Batch::new();
    let mut dropped: HashMap<WebhookId, u64> = HashMap::new();
    for hook in webhooks.iter() {
        let wanted: Vec<_> = told.iter().filter(|one| hook.record.wants(one.event, one.account, one.number)).collect();
        if wanted.is_empty() {
            continue;
        }
        let waiting = store.count_index::<WebhookDelivery>(WebhookDelivery::BY_DUE, &WebhookDelivery::group(hook.record.id)).await?;
        let room = usize::try_from(WAITING_LIMIT.saturating_sub(waiting)).unwrap_or(0);
        if wanted.len() > room {
            dropped.insert(hook.record.id, u64::try_from(wanted.len().saturating_sub(room)).unwrap_or(0));
        }
        for one in wanted.into_iter().take(room) {
            last_id = last_id.saturating_add(1);
            batch.insert(&delivery(workspace, &hook.record, DeliveryId(last_id), one, now))?;
        }
    }
    blank(house, workspace, &told, &mut batch).await?;
    let next = WebhookPlace { place: through, last_id };
    let version = match place {
        Some(old) => {
            batch.update(old, &next)?;
            old.version.saturating_add(1)
        }
        None => {
            batch.insert(&next)?;
            1
        }
    };
    match store.commit(batch).await {
        Ok(_) => {}
        Err(CommitError::Refused(Refusal::Conflict { .. })) => return Ok(false),
        Err(CommitError::Refused(refusal)) => return Err(StoreError::Invalid(format!("{refusal:?}"))),
        Err(CommitError::Store(error)) => return Err(error),
    }
    *place = Some(Stored { version, record: next });
    for (webhook, count) in dropped {
        tracing::warn!(%workspace, %webhook, count, "too many deliveries wait: newer ones are dropped");
        drop_some(house, workspace, webhook, count).await?;
    }
    Ok(true)
}

async fn drop_some(house: &House, workspace: WorkspaceId, webhook: WebhookId, count: u64) -> Result<(), StoreError> {
    metrics::counter!("kommutator_webhook_dropped_total").increment(count);
    super::change(house, workspace, webhook, |old| Ok(Webhook { dropped: old.dropped.saturating_add(count), ..old.clone() })).await
}

fn delivery(workspace: WorkspaceId, hook: &Webhook, id: DeliveryId, told: &Told, now: Time) -> WebhookDelivery {
    new_delivery(workspace, hook.id, id, told.event, &told.data, told.conversation.map(|conversation| (conversation, told.message)), now)
}

/// A delivery that waits for its first try.
#[must_use]
pub fn new_delivery(
    workspace: WorkspaceId, webhook: WebhookId, id: DeliveryId, event: WebhookEvent, data: &Value,
    about: Option<(ConversationId, Option<MessageId>)>, now: Time,
) -> WebhookDelivery {
    WebhookDelivery {
        webhook,
        id,
        event,
        conversation: about.map(|(conversation, _)| conversation),
        message: about.and_then(|(_, message)| message),
        body: body(workspace, id, event, now, data),
        status: WebhookStatus::Waiting,
        tries: 0,
        next_at: now,
        until: now.plus_ms(DELIVERY_LIFE_MS),
        reason: None,
        answer: None,
        created_at: now,
        at: None,
    }
}

fn body(workspace: WorkspaceId, id: DeliveryId, event: WebhookEvent, at: Time, data: &Value) -> String {
    json!({ "id": id, "event": event, "created_at": at, "workspace": workspace, "data": data }).to_string()
}

/// What was told of a message before it was erased or taken back is blanked, in the commit that goes past that.
async fn blank(house: &House, workspace: WorkspaceId, told: &[Told], batch: &mut Batch) -> Result<(), StoreError> {
    let erased: BTreeSet<MessageId> = told.iter().filter(|one| one.erased).filter_map(|one| one.message).collect();
    let store = house.store.workspace(workspace);
    for message in erased {
        let group = WebhookDelivery::of_message(message);
        let data = json!({ "conversation": message.conversation, "message_id": message, "erased": true });
        let mut scan = Scan::first(OF_MESSAGE);
        loop {
            let page = store.scan_index::<WebhookDelivery>(WebhookDelivery::BY_MESSAGE, &group, scan.clone()).await?;
            for (_, old) in &page {
                let record = &old.record;
                let body = body(workspace, record.id, record.event, record.created_at, &data);
                batch.update(old, &WebhookDelivery { body, answer: None, ..record.clone() })?;
            }
            if page.len() < OF_MESSAGE {
                break;
            }
            scan.above = page.into_iter().last().map(|(position, _)| position);
        }
    }
    Ok(())
}

/// What the entries tell, in their order. Of several changes of one message, and of one conversation, only the last is told: it says the same.
async fn read(house: &House, workspace: WorkspaceId, page: &[(u64, bytes::Bytes)], webhooks: &[Stored<Webhook>]) -> Result<Vec<Told>, StoreError> {
    let store = house.store.workspace(workspace);
    let entries: Vec<(u64, FeedEntry)> = page.iter().filter_map(|(number, bytes)| Some((*number, entries::read(bytes).ok()?))).collect();
    let mut messages = BTreeSet::new();
    let mut conversations = BTreeSet::new();
    let mut facts = Vec::new();
    let mut last_change: HashMap<MessageId, u64> = HashMap::new();
    let mut last_customer: HashMap<(CustomerId, Option<AccountId>), u64> = HashMap::new();
    let mut last_row: HashMap<ConversationId, u64> = HashMap::new();
    for (number, entry) in &entries {
        let (conversation, with) = match entry {
            FeedEntry::Message { c, n, e, hid, .. } => {
                let id = MessageId { conversation: *c, number: *n };
                if *hid {
                    continue;
                }
                messages.insert(id);
                last_change.insert(id, *number);
                (*c, e)
            }
            FeedEntry::Conversation { c, e, .. } => (*c, e),
            // There is one for each of their channel accounts: a webhook may hear of some of them only.
            FeedEntry::Customer { c, a } => {
                last_customer.insert((*c, *a), *number);
                continue;
            }
            FeedEntry::Delivery { .. } | FeedEntry::Connection { .. } | FeedEntry::Account { .. } | FeedEntry::Setting { .. } => continue,
        };
        conversations.insert(conversation);
        last_row.insert(conversation, *number);
        facts.extend(with.iter().map(|id| (conversation, *id)));
    }
    let wants = |event| webhooks.iter().any(|hook| hook.record.is_on() && hook.record.events.contains(&event));
    let messages = by_id(&store.get_many::<Message>(&messages.iter().map(|id| Message::at(*id)).collect::<Vec<_>>()).await?, Message::id);
    let keys: Vec<_> = conversations.iter().map(|id| Conversation::at(*id)).collect();
    let conversations: HashMap<_, _> = store.get_many::<Conversation>(&keys).await?.into_iter().flatten().map(|one| (one.record.id, one)).collect();
    let keys: Vec<_> = facts.iter().map(|(conversation, id)| Fact::at(*conversation, *id)).collect();
    let facts = by_id(&store.get_many::<Fact>(&keys).await?, |fact| fact.id);
    let mut told = Vec::new();
    for (number, entry) in entries {
        let (c, a, f) = match &entry {
            FeedEntry::Customer { c, a } => {
                if wants(WebhookEvent::Customer) && last_customer.get(&(*c, *a)) == Some(&number) {
                    let data = json!({ "channel": a, "customer": c });
                    told.push(Told { number, event: WebhookEvent::Customer, account: *a, conversation: None, message: None, erased: false, data });
                }
                continue;
            }
            FeedEntry::Message { hid: true, .. }
            | FeedEntry::Delivery { .. }
            | FeedEntry::Connection { .. }
            | FeedEntry::Account { .. }
            | FeedEntry::Setting { .. } => continue,
            FeedEntry::Message { c, a, e, .. } | FeedEntry::Conversation { c, a, e, .. } => (*c, *a, e),
        };
        let row = match conversations.get(&c).filter(|stored| stored.record.preview.is_some()) {
            Some(stored) => house
                .accounts
                .get(house, workspace, a)
                .await?
                .map(|account| views::conversation(house, workspace, &stored.record, stored.version, &account)),
            None => None,
        };
        let Some(row) = row else { continue };
        for fact in f.iter().filter_map(|id| facts.get(id)) {
            if let Some(event) = event_of(&fact.what).filter(|event| wants(*event)) {
                let data = json!({ "channel": a, "conversation": row, "fact": FactData { at: fact.at, by: &fact.by, what: &fact.what } });
                told.push(Told { number, event, account: Some(a), conversation: Some(c), message: None, erased: false, data });
            }
        }
        if let FeedEntry::Message { n, new, .. } = entry {
            let id = MessageId { conversation: c, number: n };
            if let Some(message) = messages.get(&id).filter(|_| new || last_change.get(&id) == Some(&number)) {
                let event = if new { WebhookEvent::MessageAdded } else { WebhookEvent::MessageUpdated };
                // What was taken back is read even where nobody asks for changes: what was stored of it goes by it.
                if wants(event) || is_gone(message) {
                    let view = views::message(house, workspace, message, &[], Viewer::Member);
                    let data = json!({ "channel": a, "conversation": c, "message": view });
                    told.push(Told { number, event, account: Some(a), conversation: Some(c), message: Some(id), erased: is_gone(message), data });
                }
            }
        }
        if wants(WebhookEvent::Updated) && last_row.get(&c) == Some(&number) {
            let data = json!({ "channel": a, "conversation": row });
            told.push(Told { number, event: WebhookEvent::Updated, account: Some(a), conversation: Some(c), message: None, erased: false, data });
        }
    }
    Ok(told)
}

/// Taken back by who wrote it, or erased.
fn is_gone(message: &Message) -> bool {
    message.deleted_at.is_some() || message.erased_at.is_some()
}

fn by_id<R: Clone, K: std::hash::Hash + Eq>(found: &[Option<Stored<R>>], key: impl Fn(&R) -> K) -> HashMap<K, R> {
    found.iter().flatten().map(|stored| (key(&stored.record), stored.record.clone())).collect()
}

fn event_of(what: &FactKind) -> Option<WebhookEvent> {
    match what {
        FactKind::Opened => Some(WebhookEvent::Opened),
        FactKind::Closed => Some(WebhookEvent::Closed),
        FactKind::Assigned { .. } => Some(WebhookEvent::Assigned),
        FactKind::Rated { .. } => Some(WebhookEvent::Rated),
        FactKind::Snoozed { .. }
        | FactKind::Woken
        | FactKind::Tagged { .. }
        | FactKind::Blocked
        | FactKind::Unblocked
        | FactKind::BlockedThere
        | FactKind::NotBlockedThere { .. }
        | FactKind::HandedOver { .. }
        | FactKind::Joined { .. }
        | FactKind::Overdue { .. } => None,
    }
}
