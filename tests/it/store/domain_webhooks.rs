//! Webhooks of the kept sample: something in every field.

use kommutator::model::ids::{DeliveryId, MessageId, WebhookId};
use kommutator::model::webhook::{Webhook, WebhookAnswer, WebhookDelivery, WebhookEvent, WebhookPlace, WebhookStatus};

use super::domain::Kept;
use super::domain_records::{ACCOUNT, CONVERSATION, NOW, USER, boxed, later, reason};

const WEBHOOK: WebhookId = WebhookId(95);

pub(super) fn webhooks() -> Vec<Box<dyn Kept>> {
    use WebhookEvent::{Assigned, Closed, Customer, MessageAdded, MessageUpdated, Opened, Rated, Test, Updated};
    let mut kept = boxed([Webhook {
        id: WEBHOOK,
        name: "Склад".into(),
        url: "https://shop.example/hook".into(),
        events: vec![MessageAdded, MessageUpdated, Opened, Closed, Assigned, Rated, Updated, Customer],
        channels: Some(vec![ACCOUNT]),
        on: true,
        since: 7,
        sealed: "s".into(),
        sealed_before: Some(("b".into(), later(9))),
        failing_since: Some(NOW),
        reason: Some(reason()),
        off_at: Some(later(8)),
        off_told: true,
        dropped: 3,
        made_by: Some(USER),
        created_at: NOW,
        removed_at: Some(later(10)),
    }]);
    kept.extend(boxed([WebhookPlace { place: 9, last_id: 99 }]));
    let statuses = [WebhookStatus::Waiting, WebhookStatus::Delivered, WebhookStatus::Failed];
    kept.extend(boxed((1..).zip(statuses.into_iter().zip([MessageAdded, Closed, Test])).map(|(id, (status, event))| WebhookDelivery {
        webhook: WEBHOOK,
        id: DeliveryId(id),
        event,
        conversation: (event != Test).then_some(CONVERSATION),
        message: (event == MessageAdded).then_some(MessageId { conversation: CONVERSATION, number: 3 }),
        body: "{}".into(),
        status,
        tries: 2,
        next_at: later(1),
        until: later(2),
        reason: Some(reason()),
        answer: Some(WebhookAnswer { code: Some(500), body: "нет".into(), took_ms: 12 }),
        created_at: NOW,
        at: Some(later(3)),
    })));
    kept
}
