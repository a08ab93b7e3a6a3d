//! What is stored of deliveries: erased, bounded, sent again, signed by another secret.

use kommutator::gateway::administration::webhooks::tidy;
use kommutator::model::ids::{DeliveryId, WebhookId};
use kommutator::model::webhook::{LOG_KEPT, WAITING_LIMIT, Webhook, WebhookDelivery, WebhookEvent, WebhookStatus};
use kommutator::store::batch::Batch;
use kommutator::store::port::Scan;
use serde_json::{Value, json};

use super::{DAY, Scene, text};
use crate::support::receiver::Answers;

pub(super) async fn an_erased_message_is_blanked_in_what_was_stored(mut scene: Scene) {
    let (hook, _) = scene.hook(&["message.added"]).await;
    let (conversation, _) = scene.says("другое").await;
    let sent = json!({ "client_id": "o-1", "text": "Мой номер 4276 0000" });
    let sent = scene.owner.post(&format!("/api/v1/conversations/{conversation}/messages"), sent).await;
    assert!(sent.status < 300, "{}", sent.text);
    let message = text(&sent.body["message"], "id");
    scene.until("both were taken", &hook, |_, log| log.len() == 2 && log.iter().all(|one| one["status"] == "delivered")).await;
    let stored = text(&scene.log(&hook, "").await[0], "id");
    let path = format!("/api/v1/webhooks/{hook}/deliveries/{stored}");
    let before = scene.owner.get(&path).await.body;
    assert!(text(&before, "request").contains("4276"), "{before}");
    let erased = scene.owner.ask("DELETE", &format!("/api/v1/conversations/{conversation}/messages/{message}"), Value::Null).await;
    assert!(erased.status < 300, "{}", erased.text);
    let limit = std::time::Instant::now() + crate::support::app::PATIENCE;
    let after = loop {
        let after = scene.owner.get(&path).await.body;
        if !after.to_string().contains("4276") {
            break after;
        }
        assert!(std::time::Instant::now() < limit, "it is still there: {after}");
    };
    let request: Value = serde_json::from_str(&text(&after, "request")).unwrap();
    assert_eq!((&request["id"], &request["data"]["erased"], &after["response"]), (&json!(stored), &json!(true), &json!("")));
    let other = text(&scene.log(&hook, "").await[1], "id");
    assert!(text(&scene.owner.get(&format!("/api/v1/webhooks/{hook}/deliveries/{other}")).await.body, "request").contains("другое"));
}

pub(super) async fn a_replaced_secret_signs_beside_the_new_one(scene: Scene) {
    let (hook, old) = scene.hook(&["message.added"]).await;
    let made = scene.owner.post(&format!("/api/v1/webhooks/{hook}/secret"), Value::Null).await;
    let new = text(&made.body, "secret");
    assert_ne!(old, new);
    let shown = scene.shown(&hook).await.to_string() + &scene.owner.get("/api/v1/audit").await.text;
    assert!(!shown.contains(&new) && !shown.contains(&old) && shown.contains("webhook.secret_replaced"));
    let test = format!("/api/v1/webhooks/{hook}/test");
    assert_eq!(scene.owner.post(&test, Value::Null).await.status, 202);
    let told = scene.receiver.until(1).await;
    assert!(told[0].is_signed_by(&old) && told[0].is_signed_by(&new));
    scene.advance(DAY + 1_000);
    assert_eq!(scene.owner.post(&test, Value::Null).await.status, 202);
    let told = scene.receiver.until(2).await;
    assert!(!told[1].is_signed_by(&old) && told[1].is_signed_by(&new));
}

/// Deliveries as if they had been made, waiting or over.
async fn fill(scene: &Scene, hook: &str, count: usize, status: WebhookStatus) {
    let house = scene.app.house();
    let (webhook, now) = (hook.parse::<WebhookId>().unwrap(), house.world.now());
    let first = house.world.id();
    for portion in (0..count).collect::<Vec<_>>().chunks(500) {
        let mut batch = Batch::new();
        for at in portion {
            let delivery = WebhookDelivery {
                webhook,
                id: DeliveryId(first + u64::try_from(*at).unwrap()),
                event: WebhookEvent::Test,
                conversation: None,
                message: None,
                body: "{}".into(),
                status,
                tries: 1,
                // Not due while the test looks.
                next_at: now.plus_ms(DAY / 2),
                until: now.plus_ms(DAY),
                reason: None,
                answer: None,
                created_at: now,
                at: None,
            };
            batch.insert(&delivery).unwrap();
        }
        house.store.workspace(scene.workspace).commit(batch).await.unwrap();
    }
}

pub(super) async fn too_many_that_wait_are_dropped_and_counted(mut scene: Scene) {
    let (hook, _) = scene.hook(&["message.added"]).await;
    fill(&scene, &hook, usize::try_from(WAITING_LIMIT).unwrap() - 1, WebhookStatus::Waiting).await;
    scene.receiver.always(Answers::Status(500));
    for words in ["помещается", "не помещается", "и это нет"] {
        scene.says(words).await;
    }
    let (shown, _) = scene.until("two were dropped", &hook, |shown, _| shown["dropped"] == 2).await;
    assert_eq!(shown["waiting"], WAITING_LIMIT);
    assert_eq!(scene.receiver.until(1).await[0].text(), "помещается");
    assert_eq!(scene.owner.post(&format!("/api/v1/webhooks/{hook}/test"), Value::Null).await.short(), "409 too_many");
}

pub(super) async fn the_log_is_bounded_and_goes_with_the_webhook(scene: Scene) {
    let (hook, _) = scene.hook(&["message.added"]).await;
    fill(&scene, &hook, LOG_KEPT.0 + 7, WebhookStatus::Delivered).await;
    let house = scene.app.house();
    let store = house.store.workspace(scene.workspace);
    let group = WebhookDelivery::group(hook.parse().unwrap());
    let count = async || store.scan::<WebhookDelivery>(&group, Scan::first(5_000)).await.unwrap().len();
    tidy(house, scene.workspace).await.unwrap();
    assert_eq!(count().await, LOG_KEPT.0);
    // Page by page it is all there, each once.
    let (mut seen, mut path) = (std::collections::BTreeSet::new(), format!("/api/v1/webhooks/{hook}/deliveries"));
    loop {
        let page = scene.owner.get(&path).await.body;
        seen.extend(page["items"].as_array().unwrap().iter().map(|one| text(one, "id")));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/webhooks/{hook}/deliveries?cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), LOG_KEPT.0);
    scene.app.world.advance_ms(31 * DAY);
    tidy(house, scene.workspace).await.unwrap();
    assert_eq!(count().await, 0);
    fill(&scene, &hook, 3, WebhookStatus::Waiting).await;
    let answer = scene.owner.ask("DELETE", &format!("/api/v1/webhooks/{hook}"), Value::Null).await;
    assert_eq!((answer.status, scene.owner.get(&format!("/api/v1/webhooks/{hook}")).await.short()), (204, "404 unknown_webhook".to_owned()));
    tidy(house, scene.workspace).await.unwrap();
    assert_eq!(count().await, 0);
    assert!(store.get::<Webhook>(Webhook::at(hook.parse().unwrap())).await.unwrap().is_none());
}

pub(super) async fn a_delivery_is_sent_again_under_its_id(mut scene: Scene) {
    let (hook, secret) = scene.hook(&["message.added"]).await;
    scene.says("слова").await;
    let (_, log) = scene.until("it was taken", &hook, |_, log| log.len() == 1 && log[0]["status"] == "delivered").await;
    let id = text(&log[0], "id");
    let again = scene.owner.post(&format!("/api/v1/webhooks/{hook}/deliveries/{id}/again"), Value::Null).await;
    assert_eq!(again.status, 202, "{}", again.text);
    let told = scene.receiver.until(2).await;
    assert_eq!((told[0].id(), &told[0].body), (told[1].id(), &told[1].body));
    assert!(told[1].is_signed_by(&secret));
    let (_, log) = scene.until("it was taken again", &hook, |_, log| log[0]["status"] == "delivered").await;
    assert_eq!(log.len(), 1);
    assert_eq!(
        scene.owner.post(&format!("/api/v1/webhooks/{hook}/deliveries/{}/again", "0".repeat(13)), Value::Null).await.short(),
        "404 unknown_delivery"
    );
}
