//! What is due goes out. Each try is committed before the call, with the time of the next: a node that dies meanwhile loses nothing, and
//! a repeat after a lost answer carries the same id.
//!
//! Deliveries of one conversation go one after the other. One that failed holds the later ones up for its first tries; after that they may
//! pass it.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;

use crate::gateway::house::House;
use crate::model::ids::{ConversationId, WebhookId, WorkspaceId};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::model::webhook::{ANSWER_KEPT, OFF_AFTER, ORDER_TRIES, Webhook, WebhookAnswer, WebhookDelivery, WebhookStatus, pause_ms};
use crate::outside::{Call, OutsideError};
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, IndexPosition, RecordKey, Refusal, Scan, StoreError};
use crate::store::secrets::webhook as signing;
use crate::store::table::Stored;

/// Deliveries of one round, conversations side by side, rounds before the webhook is looked at anew.
const ROUND: (usize, usize, usize) = (50, 4, 50);
/// A call takes no longer.
const LIMIT: Duration = Duration::from_secs(15);
/// Earlier ones looked for in one conversation.
const LINE: usize = 1;

/// Sends what is due to one webhook, until nothing is.
///
/// # Errors
/// The store's failure; the rest waits for the next round.
pub(super) async fn due(house: &House, workspace: WorkspaceId, id: WebhookId) -> Result<(), StoreError> {
    let store = house.store.workspace(workspace);
    for _ in 0..ROUND.2 {
        let Some(hook) = store.get::<Webhook>(Webhook::at(id)).await?.map(|found| found.record).filter(Webhook::is_on) else { return Ok(()) };
        let mut scan = Scan::first(ROUND.0);
        let nowhere = RecordKey { group: Vec::new(), item: Vec::new() };
        scan.below = Some(IndexPosition { sort: Key::new().signed(house.world.now().0.saturating_add(1)).done(), key: nowhere });
        let due = store.scan_index::<WebhookDelivery>(WebhookDelivery::BY_DUE, &WebhookDelivery::group(id), scan).await?;
        if due.is_empty() {
            return Ok(());
        }
        // By conversation, each in its order; what belongs to none goes by itself.
        let mut lines: BTreeMap<(Option<ConversationId>, u64), Vec<Stored<WebhookDelivery>>> = BTreeMap::new();
        for (_, delivery) in due {
            let alone = if delivery.record.conversation.is_some() { 0 } else { delivery.record.id.0 };
            lines.entry((delivery.record.conversation, alone)).or_default().push(delivery);
        }
        let hook = &hook;
        let sent = futures_util::stream::iter(lines.into_values()).map(|line| one_line(house, workspace, hook, line)).buffer_unordered(ROUND.1);
        for result in sent.collect::<Vec<_>>().await {
            result?;
        }
    }
    Ok(())
}

async fn one_line(house: &House, workspace: WorkspaceId, hook: &Webhook, mut line: Vec<Stored<WebhookDelivery>>) -> Result<(), StoreError> {
    line.sort_by_key(|delivery| delivery.record.id);
    for delivery in line {
        if let Some(until) = held_until(house, workspace, &delivery.record).await? {
            let later = WebhookDelivery { next_at: until, ..delivery.record.clone() };
            settle(house, workspace, &delivery, later).await?;
            continue;
        }
        try_one(house, workspace, hook, delivery).await?;
    }
    Ok(())
}

/// The moment after the next try of an earlier delivery that holds this one up.
async fn held_until(house: &House, workspace: WorkspaceId, delivery: &WebhookDelivery) -> Result<Option<Time>, StoreError> {
    let Some(conversation) = delivery.conversation else { return Ok(None) };
    let group = WebhookDelivery::line(delivery.webhook, conversation);
    let mut place = None;
    loop {
        let mut scan = Scan::first(LINE);
        scan.above = place.take();
        let found = house.store.workspace(workspace).scan_index::<WebhookDelivery>(WebhookDelivery::BY_LINE, &group, scan).await?;
        let Some((at, earlier)) = found.into_iter().next().filter(|(_, earlier)| earlier.record.id < delivery.id) else { return Ok(None) };
        if earlier.record.tries < ORDER_TRIES {
            return Ok(Some(earlier.record.next_at.max(house.world.now()).plus_ms(1)));
        }
        place = Some(at);
    }
}

async fn try_one(house: &House, workspace: WorkspaceId, hook: &Webhook, delivery: Stored<WebhookDelivery>) -> Result<(), StoreError> {
    let now = house.world.now();
    if delivery.record.until <= now {
        let reason = delivery.record.reason.clone().unwrap_or_else(|| Reason::new("expired"));
        let failed = WebhookDelivery { status: WebhookStatus::Failed, reason: Some(reason), ..delivery.record.clone() };
        return settle(house, workspace, &delivery, failed).await.map(|_| ());
    }
    let tries = delivery.record.tries.saturating_add(1);
    let begun = WebhookDelivery { tries, next_at: now.plus_ms(pause_ms(tries, chance(house))), at: Some(now), ..delivery.record.clone() };
    let Some(delivery) = settle(house, workspace, &delivery, begun).await? else { return Ok(()) };
    let record = &delivery.record;
    let result = call(house, workspace, hook, record, now).await;
    let took_ms = house.world.now().since(now).max(0);
    let answer = |code, body: String| Some(WebhookAnswer { code, body, took_ms });
    let (next, gone) = match result {
        Ok(taken) => {
            let words = cut(&taken.words());
            let (status, mut next_at, reason) = match taken.judge(house.world.now()) {
                Ok(()) => (WebhookStatus::Delivered, record.next_at, None),
                Err(OutsideError::RetryAfter(ms)) => {
                    (WebhookStatus::Waiting, now.plus_ms(ms), Some(Reason::new("outside_failed").with("status", taken.status)))
                }
                Err(
                    OutsideError::Temporary(reason) | OutsideError::Rejected(reason) | OutsideError::Gone(reason) | OutsideError::Unclear(reason),
                ) => (WebhookStatus::Waiting, record.next_at, Some(Reason { provider: None, ..reason })),
            };
            next_at = next_at.max(now.plus_ms(1));
            let next = WebhookDelivery { status, next_at, reason, answer: answer(Some(taken.status), words), ..record.clone() };
            (next, taken.status == 410)
        }
        Err(error) => {
            let reason = match error {
                OutsideError::RetryAfter(_) => Reason::new("outside_failed"),
                OutsideError::Temporary(reason) | OutsideError::Rejected(reason) | OutsideError::Gone(reason) | OutsideError::Unclear(reason) => {
                    reason
                }
            };
            (WebhookDelivery { reason: Some(reason), answer: answer(None, String::new()), ..record.clone() }, false)
        }
    };
    let next = if gone { WebhookDelivery { status: WebhookStatus::Failed, ..next } } else { next };
    metrics::counter!("kommutator_webhook_tries_total", "taken" => if next.status == WebhookStatus::Delivered { "yes" } else { "no" }).increment(1);
    let (status, reason) = (next.status, next.reason.clone());
    settle(house, workspace, &delivery, next).await?;
    fared(house, workspace, hook, status, reason, tries, gone).await
}

/// Keeps how the webhook fares, and switches off one that has failed for days or is gone.
async fn fared(
    house: &House, workspace: WorkspaceId, hook: &Webhook, status: WebhookStatus, reason: Option<Reason>, tries: u32, gone: bool,
) -> Result<(), StoreError> {
    if status == WebhookStatus::Delivered && hook.failing_since.is_none() && hook.reason.is_none() {
        return Ok(());
    }
    let now = house.world.now();
    super::change(house, workspace, hook.id, |old| {
        if status == WebhookStatus::Delivered {
            return Ok(Webhook { failing_since: None, reason: None, ..old.clone() });
        }
        let since = old.failing_since.unwrap_or(now);
        let failing = Webhook { failing_since: Some(since), reason: reason.clone(), ..old.clone() };
        let for_days = now.since(since) >= OFF_AFTER.0 && tries >= OFF_AFTER.1;
        if old.on && (gone || for_days) {
            tracing::warn!(%workspace, webhook = %hook.id, gone, "a webhook that takes nothing is switched off");
            return Ok(Webhook { on: false, off_at: Some(now), off_told: false, ..failing });
        }
        Ok(failing)
    })
    .await
}

async fn call(
    house: &House, workspace: WorkspaceId, hook: &Webhook, delivery: &WebhookDelivery, now: Time,
) -> Result<crate::outside::Answer, OutsideError> {
    let id = delivery.id.to_string();
    let seconds = now.0.div_euclid(1_000);
    let unreadable = |_| OutsideError::Rejected(Reason::new("secret_unreadable"));
    let context = secret_context(workspace, hook.id);
    let mut signatures =
        vec![signing::signature(&house.keyring.open_sealed(&context, &hook.sealed).map_err(unreadable)?, &id, seconds, delivery.body.as_bytes())];
    if let Some((sealed, _)) = hook.sealed_before.as_ref().filter(|(_, until)| *until > now) {
        signatures.push(signing::signature(
            &house.keyring.open_sealed(&context, sealed).map_err(unreadable)?,
            &id,
            seconds,
            delivery.body.as_bytes(),
        ));
    }
    let mut call = Call::post(&hook.url, delivery.body.clone())
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", signatures.join(" "));
    call.limit = LIMIT;
    call.answer_bytes = ANSWER_KEPT;
    house.outside.call(call).await
}

/// What a webhook's secret is sealed for.
#[must_use]
pub fn secret_context(workspace: WorkspaceId, webhook: WebhookId) -> String {
    format!("webhook/{workspace}/{webhook}")
}

fn chance(house: &House) -> u32 {
    let mut bytes = [0; 4];
    house.world.random(&mut bytes);
    u32::from_le_bytes(bytes)
}

/// An answer as it is kept: no longer than what was asked for, though broken letters grow when they are read.
fn cut(words: &str) -> String {
    let mut kept: String = words.chars().map(|letter| if letter == '\0' { '\u{fffd}' } else { letter }).collect();
    while kept.len() > ANSWER_KEPT {
        kept.pop();
    }
    kept
}

/// Writes a delivery's next state. `None`: it was sent again, erased or taken off meanwhile; what is there counts.
async fn settle(
    house: &House, workspace: WorkspaceId, old: &Stored<WebhookDelivery>, new: WebhookDelivery,
) -> Result<Option<Stored<WebhookDelivery>>, StoreError> {
    let mut batch = Batch::new();
    batch.update(old, &new)?;
    match house.store.workspace(workspace).commit(batch).await {
        Ok(_) => Ok(Some(Stored { version: old.version.saturating_add(1), record: new })),
        Err(CommitError::Refused(Refusal::Conflict { .. })) => Ok(None),
        Err(CommitError::Refused(refusal)) => Err(StoreError::Invalid(format!("{refusal:?}"))),
        Err(CommitError::Store(error)) => Err(error),
    }
}
