//! Outgoing webhooks of a process that is killed: each delivery is made at least once, in its conversation's order, under its id.

use serde_json::json;

use crate::support::client::{Client, Role};
use crate::support::node::{Node, Plan, http};
use crate::support::receiver::{Answers, Receiver, Told};

/// The visitor says it, and it is durable.
async fn says(visitor: &mut Client, at: usize, words: &str) {
    visitor.send(&format!("v-{at}"), None, words, &[], false).await;
    let limit = std::time::Instant::now() + crate::support::app::PATIENCE;
    while visitor.waiting() > 0 {
        assert!(std::time::Instant::now() < limit, "{words} is not taken");
        visitor.turn(crate::support::app::PATIENCE).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_tells_everything_in_order_under_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(&folder.path().join("data")).with("--limits", "off").with("--outside-private", "on");
    let mut node = tokio::task::block_in_place(|| Node::start(&plan));
    let receiver = Receiver::start().await;
    let hook = json!({ "name": "Склад", "url": receiver.url, "events": ["message.added"] });
    let made = http().post(format!("{}/api/v1/webhooks", plan.url())).bearer_auth(&node.printed.token).json(&hook).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let mut visitor = Client::new(Role::Visitor { widget: node.printed.widget_key.clone(), nonce: "killedhooksvisitor".into() }, vec![plan.url()]);

    // Killed while the first is on its way, and between the two tries of the second.
    receiver.answers([Answers::Silence, Answers::Status(200), Answers::Status(500)]);
    for (at, words) in ["первое", "второе", "третье"].into_iter().enumerate() {
        says(&mut visitor, at, words).await;
    }
    for tried in [1, 3] {
        receiver.until(tried).await;
        tokio::task::block_in_place(|| node.restart());
    }
    // The third is told; whether that was noted before the process was killed is open.
    receiver.until(5).await;
    tokio::task::block_in_place(|| node.restart());
    says(&mut visitor, 3, "четвёртое").await;
    let is_last = |told: &Told| told.text() == "четвёртое";
    let mut told = receiver.until(6).await;
    while !told.iter().any(is_last) {
        told = receiver.until(told.len() + 1).await;
    }

    let texts: Vec<String> = told.iter().map(Told::text).collect();
    let mut order = texts.clone();
    order.dedup();
    assert_eq!(order, ["первое", "второе", "третье", "четвёртое"], "{texts:?}");
    assert_eq!(texts.iter().filter(|text| *text == "первое" || *text == "второе").count(), 4, "each of the first two was tried twice: {texts:?}");
    let mut ids: Vec<(String, String)> = told.iter().map(|told| (told.text(), told.id())).collect();
    ids.dedup();
    assert_eq!(ids.len(), 4, "one id each: {ids:?}");
    ids.sort_by(|one, other| one.1.cmp(&other.1));
    ids.dedup_by(|one, other| one.1 == other.1);
    assert_eq!(ids.len(), 4, "and each its own: {ids:?}");
}
