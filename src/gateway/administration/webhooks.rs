//! Outgoing webhooks: made, changed, tried, taken off; their log.

use secrecy::{SecretSlice, SecretString};
use serde_json::{Value, json};

use super::channels::check_channels;
use super::{AdministrationError, audit};
use crate::gateway::administration::access::Caller;
use crate::gateway::house::House;
use crate::gateway::webhooks::feed::new_delivery;
use crate::gateway::webhooks::send::secret_context;
use crate::model::ids::{AccountId, DeliveryId, WebhookId, WorkspaceId};
use crate::model::time::Time;
use crate::model::webhook::{
    DELIVERY_LIFE_MS, LOG_KEPT, OLD_SECRET_MS, WAITING_LIMIT, WEBHOOKS_LIMIT, Webhook, WebhookDelivery, WebhookEvent, WebhookStatus,
};
use crate::outside::OutsideError;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::records::streams;
use crate::store::secrets::webhook::{SECRET_BYTES, shown};
use crate::store::table::Stored;

/// The longest name.
const NAME_LIMIT: usize = 80;
/// Deliveries removed in one commit.
const PORTION: usize = 500;

/// What an owner says of a webhook; what is not given stays.
#[derive(Debug, Clone, Default)]
pub struct WebhookChange {
    /// What it is called.
    pub name: Option<String>,
    /// Where deliveries go.
    pub url: Option<String>,
    /// What it is told of.
    pub events: Option<Vec<WebhookEvent>>,
    /// Of which channels.
    pub channels: Option<Option<Vec<AccountId>>>,
    /// Whether it is told anything.
    pub on: Option<bool>,
}

fn wrong(field: &'static str, code: &'static str) -> AdministrationError {
    AdministrationError::Wrong { field, code }
}

async fn apply(house: &House, workspace: WorkspaceId, old: &Webhook, change: WebhookChange) -> Result<Webhook, AdministrationError> {
    let mut new = old.clone();
    if let Some(name) = change.name {
        new.name = name.trim().to_owned();
    }
    if let Some(url) = change.url {
        new.url = url.trim().to_owned();
    }
    if let Some(mut events) = change.events {
        events.sort_unstable();
        events.dedup();
        new.events = events;
    }
    if let Some(channels) = change.channels {
        check_channels(house, workspace, channels.as_deref()).await?;
        new.channels = channels;
    }
    if new.name.is_empty() {
        return Err(wrong("name", "required"));
    }
    if new.name.chars().count() > NAME_LIMIT {
        return Err(wrong("name", "too_long"));
    }
    if new.url.is_empty() {
        return Err(wrong("url", "required"));
    }
    if let Err(OutsideError::Rejected(reason)) = house.outside.check(&new.url) {
        return Err(wrong(
            "url",
            match reason.code.as_str() {
                "outside_plain" => "outside_plain",
                "outside_private" => "outside_private",
                _ => "outside_address",
            },
        ));
    }
    if new.events.is_empty() || new.events.contains(&WebhookEvent::Test) {
        return Err(wrong("events", "required"));
    }
    if new.channels.as_ref().is_some_and(Vec::is_empty) {
        return Err(wrong("channels", "required"));
    }
    match change.on {
        Some(true) if !old.on => {
            new.on = true;
            // What happened while it was off is not told.
            new.since = feed_end(house, workspace).await?;
            (new.failing_since, new.reason, new.off_at, new.off_told) = (None, None, None, false);
        }
        Some(on) => new.on = on,
        None => {}
    }
    Ok(new)
}

async fn feed_end(house: &House, workspace: WorkspaceId) -> Result<u64, StoreError> {
    Ok(house.store.workspace(workspace).read(&streams::feed(), 0, 1).await?.state.last)
}

fn secret(house: &House, workspace: WorkspaceId, id: WebhookId) -> (SecretString, String) {
    let mut bytes = vec![0; SECRET_BYTES];
    house.world.random(&mut bytes);
    let sealed = house.keyring.seal(&secret_context(workspace, id), &bytes, house.world.as_ref());
    (shown(&SecretSlice::from(bytes)), sealed)
}

/// The webhooks of a workspace, by name.
///
/// # Errors
/// The store's word.
pub async fn webhooks(house: &House, workspace: WorkspaceId) -> Result<Vec<Webhook>, AdministrationError> {
    let found = crate::gateway::webhooks::all(house, workspace).await?;
    let mut all: Vec<Webhook> = found.into_iter().map(|stored| stored.record).filter(|hook| hook.removed_at.is_none()).collect();
    all.sort_by_key(|hook| (hook.name.to_lowercase(), hook.id));
    Ok(all)
}

/// One of them.
///
/// # Errors
/// `webhook`, or the store's word.
pub async fn webhook(house: &House, workspace: WorkspaceId, id: WebhookId) -> Result<Stored<Webhook>, AdministrationError> {
    let found = house.store.workspace(workspace).get::<Webhook>(Webhook::at(id)).await?;
    found.filter(|found| found.record.removed_at.is_none()).ok_or(AdministrationError::Unknown("webhook"))
}

/// How many deliveries wait.
///
/// # Errors
/// The store's word.
pub async fn waiting(house: &House, workspace: WorkspaceId, id: WebhookId) -> Result<u64, AdministrationError> {
    Ok(house.store.workspace(workspace).count_index::<WebhookDelivery>(WebhookDelivery::BY_DUE, &WebhookDelivery::group(id)).await?)
}

fn logged(hook: &Webhook) -> Value {
    json!({ "name": hook.name, "url": hook.url, "events": hook.events, "channels": hook.channels, "on": hook.on })
}

/// Makes a webhook. Its secret is told this once.
///
/// # Errors
/// What is wrong with it, `too_many`, or the store's word.
pub async fn create(house: &House, caller: &Caller, change: WebhookChange) -> Result<(Webhook, SecretString), AdministrationError> {
    let (workspace, id, now) = (caller.workspace, WebhookId(house.world.id()), house.world.now());
    if webhooks(house, workspace).await?.len() >= WEBHOOKS_LIMIT {
        return Err(AdministrationError::NotAllowed("too_many"));
    }
    let (secret, sealed) = secret(house, workspace, id);
    let empty = Webhook {
        id,
        name: String::new(),
        url: String::new(),
        events: Vec::new(),
        channels: None,
        on: true,
        since: feed_end(house, workspace).await?,
        sealed,
        sealed_before: None,
        failing_since: None,
        reason: None,
        off_at: None,
        off_told: false,
        dropped: 0,
        made_by: caller.user,
        created_at: now,
        removed_at: None,
    };
    let hook = apply(house, workspace, &empty, change).await?;
    let mut batch = Batch::new();
    batch.insert(&hook)?;
    audit(house, &mut batch, &caller.actor(), "webhook.created", id, logged(&hook))?;
    house.store.workspace(workspace).commit(batch).await?;
    Ok((hook, secret))
}

/// Writes a webhook's next state with a line of the log; a change that came between is read again.
async fn write(
    house: &House, caller: &Caller, id: WebhookId, action: &str, change: impl AsyncFn(&Webhook) -> Result<(Webhook, Value), AdministrationError>,
) -> Result<Webhook, AdministrationError> {
    for _ in 0..10 {
        let old = webhook(house, caller.workspace, id).await?;
        let (new, details) = change(&old.record).await?;
        let mut batch = Batch::new();
        batch.update(&old, &new)?;
        audit(house, &mut batch, &caller.actor(), action, id, details)?;
        match house.store.workspace(caller.workspace).commit(batch).await {
            Ok(_) => return Ok(new),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Unavailable("a webhook changes too fast".to_owned()).into())
}

/// Changes a webhook.
///
/// # Errors
/// What is wrong with it, that it is unknown, or the store's word.
pub async fn change(house: &House, caller: &Caller, id: WebhookId, change: WebhookChange) -> Result<Webhook, AdministrationError> {
    write(house, caller, id, "webhook.changed", async |old| {
        let new = apply(house, caller.workspace, old, change.clone()).await?;
        let details = json!({ "old": logged(old), "new": logged(&new) });
        Ok((new, details))
    })
    .await
}

/// Gives it another secret, told this once. The one before signs too for a day.
///
/// # Errors
/// That it is unknown, or the store's word.
pub async fn replace_secret(house: &House, caller: &Caller, id: WebhookId) -> Result<SecretString, AdministrationError> {
    let (secret, sealed) = secret(house, caller.workspace, id);
    let until = house.world.now().plus_ms(OLD_SECRET_MS);
    write(house, caller, id, "webhook.secret_replaced", async |old| {
        let new = Webhook { sealed: sealed.clone(), sealed_before: Some((old.sealed.clone(), until)), ..old.clone() };
        Ok((new, json!({ "name": old.name })))
    })
    .await?;
    Ok(secret)
}

/// Takes a webhook off. Its deliveries go with the next tidying.
///
/// # Errors
/// That it is unknown, or the store's word.
pub async fn remove(house: &House, caller: &Caller, id: WebhookId) -> Result<(), AdministrationError> {
    let now = house.world.now();
    write(house, caller, id, "webhook.removed", async |old| {
        Ok((Webhook { on: false, removed_at: Some(now), ..old.clone() }, json!({ "name": old.name })))
    })
    .await?;
    Ok(())
}

/// Sends a test event, also to a webhook that is told nothing else.
///
/// # Errors
/// That it is unknown or switched off, that too much waits, or the store's word.
pub async fn test(house: &House, caller: &Caller, id: WebhookId) -> Result<WebhookDelivery, AdministrationError> {
    let hook = webhook(house, caller.workspace, id).await?.record;
    if !hook.on {
        return Err(AdministrationError::NotAllowed("webhook_off"));
    }
    if waiting(house, caller.workspace, id).await? >= WAITING_LIMIT {
        return Err(AdministrationError::NotAllowed("too_many"));
    }
    let data = json!({ "webhook": hook.name });
    let id = DeliveryId(house.world.id());
    let delivery = new_delivery(caller.workspace, hook.id, id, WebhookEvent::Test, &data, None, house.world.now());
    let mut batch = Batch::new();
    batch.insert(&delivery)?;
    house.store.workspace(caller.workspace).commit(batch).await?;
    Ok(delivery)
}

/// What of the log is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogQuestion {
    /// Those before this one.
    pub before: Option<DeliveryId>,
    /// Only these.
    pub status: Option<WebhookStatus>,
    /// Only of this event.
    pub event: Option<WebhookEvent>,
}

/// The log of a webhook, newest first, and where to go on.
///
/// # Errors
/// That it is unknown, or the store's word.
pub async fn deliveries(
    house: &House, workspace: WorkspaceId, id: WebhookId, question: LogQuestion, limit: usize,
) -> Result<(Vec<WebhookDelivery>, Option<DeliveryId>), AdministrationError> {
    webhook(house, workspace, id).await?;
    let (mut found, mut place) = (Vec::new(), question.before);
    // The log is bounded: so is this.
    for _ in 0..LOG_KEPT.0.saturating_mul(4) / 100 {
        let mut scan = Scan::last(100);
        scan.below = place.map(|place| WebhookDelivery::at(id, place).item);
        let page = house.store.workspace(workspace).scan::<WebhookDelivery>(&WebhookDelivery::group(id), scan).await?;
        let whole = page.len() < 100;
        for delivery in page.into_iter().map(|stored| stored.record) {
            let fits = question.status.is_none_or(|status| status == delivery.status) && question.event.is_none_or(|event| event == delivery.event);
            if fits && found.len() == limit {
                return Ok((found, place));
            }
            place = Some(delivery.id);
            if fits {
                found.push(delivery);
            }
        }
        if whole {
            return Ok((found, None));
        }
    }
    Ok((found, None))
}

/// One delivery.
///
/// # Errors
/// `webhook` or `delivery`, or the store's word.
pub async fn delivery(house: &House, workspace: WorkspaceId, id: WebhookId, delivery: DeliveryId) -> Result<WebhookDelivery, AdministrationError> {
    webhook(house, workspace, id).await?;
    let found = house.store.workspace(workspace).get::<WebhookDelivery>(WebhookDelivery::at(id, delivery)).await?;
    found.map(|found| found.record).ok_or(AdministrationError::Unknown("delivery"))
}

/// Sends a delivery again, under the same id.
///
/// # Errors
/// That there is none or the webhook is off, or the store's word.
pub async fn again(house: &House, caller: &Caller, id: WebhookId, delivery: DeliveryId) -> Result<WebhookDelivery, AdministrationError> {
    if !webhook(house, caller.workspace, id).await?.record.on {
        return Err(AdministrationError::NotAllowed("webhook_off"));
    }
    let now: Time = house.world.now();
    let again = |old: &WebhookDelivery| {
        let until = now.plus_ms(DELIVERY_LIFE_MS);
        Ok::<_, AdministrationError>(WebhookDelivery { status: WebhookStatus::Waiting, tries: 0, next_at: now, until, reason: None, ..old.clone() })
    };
    let store = house.store.workspace(caller.workspace);
    let changed = store.change::<WebhookDelivery, AdministrationError>(WebhookDelivery::at(id, delivery), again, |_, _| Ok(())).await?;
    changed.map(|stored| stored.record).ok_or(AdministrationError::Unknown("delivery"))
}

/// Lets go what is old, what is more than the log keeps, and what belonged to a webhook that was taken off.
///
/// # Errors
/// The store's failure; the rest waits for the next look.
pub async fn tidy(house: &House, workspace: WorkspaceId) -> Result<(), StoreError> {
    let store = house.store.workspace(workspace);
    let now = house.world.now();
    for hook in crate::gateway::webhooks::all(house, workspace).await? {
        let id = hook.record.id;
        let mut kept = 0_usize;
        let mut place = None;
        loop {
            let mut scan = Scan::last(PORTION);
            scan.below = place.map(|place| WebhookDelivery::at(id, place).item);
            let page = store.scan::<WebhookDelivery>(&WebhookDelivery::group(id), scan).await?;
            for delivery in &page {
                let record = &delivery.record;
                kept = kept.saturating_add(1);
                let over = record.status != WebhookStatus::Waiting && (kept > LOG_KEPT.0 || now.since(record.created_at) > LOG_KEPT.1);
                if over || hook.record.removed_at.is_some() {
                    remove_one(house, workspace, delivery).await?;
                }
            }
            match page.last() {
                Some(last) if page.len() == PORTION => place = Some(last.record.id),
                _ => break,
            }
        }
        if hook.record.removed_at.is_some() {
            let mut batch = Batch::new();
            batch.remove(&hook);
            unless_changed(store.commit(batch).await)?;
        }
    }
    Ok(())
}

async fn remove_one(house: &House, workspace: WorkspaceId, delivery: &Stored<WebhookDelivery>) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    batch.remove(delivery);
    unless_changed(house.store.workspace(workspace).commit(batch).await)
}

fn unless_changed(result: Result<crate::store::port::Committed, CommitError>) -> Result<(), StoreError> {
    match result {
        Ok(_) | Err(CommitError::Refused(Refusal::Conflict { .. })) => Ok(()),
        Err(CommitError::Refused(refusal)) => Err(StoreError::Invalid(format!("{refusal:?}"))),
        Err(CommitError::Store(error)) => Err(error),
    }
}
