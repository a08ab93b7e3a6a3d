//! «Неразобранное»: deals that wait to be accepted (H-AMO-50 … H-AMO-54).

use kommutator::gateway::entries::{self, CrmMailboxEntry};
use kommutator::model::message::CrmDeliveryStatus;
use kommutator::store::batch::Batch;
use kommutator::store::records::streams;
use serde_json::{Value, json};

use super::account::{Account, text};
use super::places::{comments, there, writes};
use crate::support::rig::On::Sqlite;
use crate::support::rig::until;

/// New deals wait.
async fn open(more: Value) -> Account {
    let account = Account::open(Sqlite, true, json!({})).await;
    let stages = account.directory().await.lists["stages"].clone();
    let unsorted = stages.iter().find(|stage| stage.marks.get("type").is_some_and(|kind| kind == "unsorted")).unwrap();
    let mut settings = json!({ "chats": true, "stage": unsorted.value });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    account.set(settings).await;
    account
}

fn phoned(id: &str) -> Value {
    writes("one", "79990001122", id, json!({ "id": "w", "phone": "+79990001122" }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_50_h_amo_51_h_amo_53_a_deal_waits_until_somebody_accepts_it() {
    let account = open(json!({})).await;
    let phones = account.channels(["whats_app_web", "whats_app_web"]).await;
    account.hear(&phones, phoned("1")).await;
    account.hear(&phones, phoned("2")).await;
    let deal = account.all("leads").await.remove(0);
    assert_eq!((text(&deal, "status"), &deal["responsible_user_id"], &deal["hidden"]), ("Неразобранное".to_owned(), &json!(0), &json!(true)));
    assert!(account.all("contacts").await.iter().all(|contact| contact["hidden"] == true), "nobody made a contact");
    // Another channel of the customer waits with it.
    account.hear(&phones, writes("two", "79990001122", "3", json!({ "id": "w", "phone": "+79990001122" }))).await;
    assert_eq!((account.all("unsorted").await.len(), account.all("leads").await.len(), account.all("chats").await.len()), (1, 1, 2));
    account.amo.act("accepts", json!({ "account": "demo" })).await;
    account.rig.world.advance_ms(61_000);
    account.hear(&phones, phoned("4")).await;
    account.hear(&phones, writes("two", "79990001122", "5", json!({ "id": "w", "phone": "+79990001122" }))).await;
    let now = there(&account).await;
    assert_eq!((now.contacts, now.deals, now.chats), (1, 1, vec![(0, Some(0)), (0, Some(0))]));
    let contact = account.all("contacts").await.remove(0);
    assert_eq!((&contact["hidden"], &contact["fields"]["PHONE"]), (&json!(false), &json!(["+79990001122"])), "H-AMO-53");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_52_x_63_who_was_declined_gets_no_deal_by_itself() {
    let account = open(json!({})).await;
    let phones = account.channels(["whats_app_web", "whats_app_web"]).await;
    account.hear(&phones, phoned("1")).await;
    account.amo.act("declines", json!({ "account": "demo" })).await;
    // Its hook says that something is to be looked at.
    let told = || async {
        account.amo.look("delivered").await["webhooks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["entity"] == "unsorted" && one["act"] == "delete")
            .then_some(())
    };
    until("the decline is told", told).await;
    account.quiet().await;
    account.hear(&phones, phoned("2")).await;
    account.hear(&phones, phoned("3")).await;
    let conversation = account.rig.find(phones.one, "79990001122").await.unwrap();
    let messages = account.rig.messages(conversation.id).await;
    for message in &messages[1..] {
        let delivery = account.delivery(message.id()).await;
        assert_eq!((delivery.status, delivery.reason.unwrap().code.as_str()), (CrmDeliveryStatus::Skipped, "amocrm_declined"));
    }
    let state = account.state().await;
    let count = |kind: &str| state[kind].as_array().unwrap().len();
    assert_eq!((count("leads"), count("contacts"), count("unsorted"), state["chats"][0]["messages"].as_array().unwrap().len()), (0, 0, 0, 1));
    // Somebody wants one there all the same.
    let mut batch = Batch::new();
    batch.once(b"again".to_vec(), 60_000, "");
    batch.append(&streams::crm_mailbox(account.id), entries::write(&CrmMailboxEntry::Again { m: messages[1].id() }).unwrap());
    account.rig.store().commit(batch).await.unwrap();
    until("it is there", || async { (account.delivery(messages[1].id()).await.status == CrmDeliveryStatus::Delivered).then_some(()) }).await;
    account.hear(&phones, phoned("4")).await;
    let now = there(&account).await;
    assert_eq!((now.contacts, now.deals, account.all("unsorted").await.len()), (1, 1, 1));
    let texts: Vec<String> = account.all("chats").await[0]["messages"].as_array().unwrap().iter().map(|one| text(one, "text")).collect();
    assert_eq!(texts, ["79990001122 1", "79990001122 2", "79990001122 4"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_54_the_contact_is_there_at_once() {
    let account = open(json!({ "contact_for_unsorted": true, "responsible_by": "connecting" })).await;
    let phones = account.channels(["whats_app_web", "whats_app_web"]).await;
    account.amo.act("faults", json!({ "call": "leads.complex", "act": { "kind": "lose" } })).await;
    account.hear(&phones, phoned("1")).await;
    account.hear(&phones, phoned("2")).await;
    let (contact, deal) = (account.all("contacts").await.remove(0), account.all("leads").await.remove(0));
    assert_eq!((&contact["hidden"], &contact["fields"]["PHONE"]), (&json!(false), &json!(["+79990001122"])));
    assert_eq!(
        (text(&deal, "status"), &deal["responsible_user_id"], &deal["contacts"]),
        ("Неразобранное".to_owned(), &json!(0), &json!([contact["id"]]))
    );
    assert_eq!((account.all("contacts").await.len(), account.all("leads").await.len(), account.all("unsorted").await.len()), (1, 1, 1));
    assert_eq!(account.all("chats").await[0]["contact"], contact["id"]);
    account.amo.act("accepts", json!({ "account": "demo" })).await;
    account.rig.world.advance_ms(61_000);
    account.hear(&phones, phoned("3")).await;
    assert_eq!((account.all("contacts").await.len(), account.all("leads").await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_47_nothing_is_split_where_deals_wait() {
    let account = open(json!({ "split_comments": true })).await;
    let instagram = account.channels(["instagram_direct", "instagram_comments"]).await;
    account.hear(&instagram, writes("one", "natgeo", "1", json!({ "id": "natgeo", "username": "natgeo" }))).await;
    account.hear(&instagram, comments("two", "natgeo", "1", "p1", None)).await;
    assert_eq!((account.all("leads").await.len(), account.all("chats").await.len()), (1, 2));
}
