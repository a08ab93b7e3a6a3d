//! Messages to the CRM.

use kommutator::gateway::entries::{self, CrmMailboxEntry};
use kommutator::model::connection::UnansweredOutbound;
use kommutator::model::message::CrmDeliveryStatus;
use kommutator::model::protocol::SendStatus;
use kommutator::store::batch::Batch;
use kommutator::store::records::streams;
use serde_json::json;

use super::{Office, connect};
use crate::support::fake_crm::CrmAct;
use crate::support::fake_provider::Act;
use crate::support::rig::{On, said, told, until};

async fn each_message_goes_once_and_in_order_to_each_connection(on: On) {
    let office = Office::open(on).await;
    let (rig, crm) = (&office.rig, &office.crm);
    let mut wanted = Vec::new();
    for id in 0..20 {
        rig.hook(json!([said("anna", &id.to_string(), &format!("анна {id}")), said("boris", &format!("b{id}"), &format!("борис {id}"))])).await;
        wanted.push(format!("анна {id}"));
    }
    rig.handled().await;
    let reply = rig.send(rig.chat("anna").await.id, "ответ").await;
    wanted.push("ответ".to_owned());
    office.quiet().await;
    for id in [office.id, office.other] {
        let texts: Vec<String> = crm.texts(&id.to_string()).into_iter().filter(|text| !text.starts_with("борис")).collect();
        assert_eq!(texts, wanted);
        let delivery = office.delivery(reply.id(), id).await;
        assert_eq!((delivery.status, delivery.tries), (CrmDeliveryStatus::Delivered, 0));
    }
    // Two people, two connections.
    assert_eq!(crm.look(|state| state.contacts.len()), 4);
    assert_eq!(crm.look(|state| state.chats.len()), 4);
    assert_eq!(crm.look(|state| state.messages.len()), 82);
}

async fn what_was_made_and_its_answer_lost_is_not_made_twice(on: On) {
    let office = Office::open(on).await;
    for path in ["contact", "chat", "message"] {
        office.crm.script(path, &[CrmAct::Lose]);
    }
    office.rig.hook(json!([said("anna", "1", "раз"), said("anna", "2", "два")])).await;
    office.rig.handled().await;
    office.quiet().await;
    for id in [office.id, office.other] {
        assert_eq!(office.crm.texts(&id.to_string()), ["раз", "два"]);
    }
    assert_eq!(office.crm.look(|state| state.contacts.len()), 2, "one for each connection");
    let first = office.rig.messages(office.rig.chat("anna").await.id).await.remove(0);
    let tries: u32 = [office.delivery(first.id(), office.id).await.tries, office.delivery(first.id(), office.other).await.tries].iter().sum();
    assert!(tries >= 3, "each loss is a try: {tries}");
}

async fn words_states_and_reactions_follow(on: On) {
    let office = Office::open(on).await;
    let (rig, crm, account) = (&office.rig, &office.crm, office.id.to_string());
    rig.hook(json!([said("anna", "1", "как было")])).await;
    rig.handled().await;
    office.quiet().await;
    let first = crm.message(&account, "как было").unwrap();
    rig.hook(json!([told("anna", "1", "edited", json!({ "text": "как стало" }))])).await;
    let is_told = |id: String, field: &'static str, wanted: serde_json::Value| {
        until(field, move || {
            let told = crm.told(&id).filter(|told| told[field] == wanted);
            async move { told }
        })
    };
    is_told(first.id.clone(), "text", json!("как стало")).await;
    rig.hook(json!([told("anna", "1", "reacted", json!({ "from": { "id": "anna", "name": "Анна" }, "emoji": "👍" }))])).await;
    is_told(first.id.clone(), "reactions", json!(["👍"])).await;
    rig.hook(json!([told("anna", "1", "deleted", json!({}))])).await;
    is_told(first.id.clone(), "deleted", json!(true)).await;
    // What does not reach the customer is said there, too.
    rig.provider.script("не дойдёт", &[Act::Reject]);
    let failed = rig.send(rig.chat("anna").await.id, "не дойдёт").await;
    rig.stands(failed.id(), SendStatus::Failed).await;
    office.quiet().await;
    let there = crm.message(&account, "не дойдёт").unwrap();
    assert_eq!((&there.inbound, &there.chat), (&false, &first.chat));
    let delivery = office.delivery(failed.id(), office.id).await;
    assert_eq!(delivery.told.state, Some(SendStatus::Failed), "with the message, or after it");
    assert_eq!(delivery.status, CrmDeliveryStatus::Delivered);
}

async fn what_is_refused_fails_alone_and_goes_once_somebody_wants_it(on: On) {
    let office = Office::open(on).await;
    let (rig, crm, account) = (&office.rig, &office.crm, office.id.to_string());
    rig.hook(json!([said("anna", "1", "раз")])).await;
    rig.handled().await;
    office.quiet().await;
    // Of two connections to one fake each takes one of the two refusals.
    crm.script("message", &[CrmAct::Reject, CrmAct::Reject]);
    rig.hook(json!([said("anna", "2", "два")])).await;
    rig.handled().await;
    let chat = rig.chat("anna").await;
    let second = rig.messages(chat.id).await.remove(1);
    let failed = office.stands(second.id(), office.id, CrmDeliveryStatus::Failed).await;
    assert_eq!(failed.reason.unwrap().code, "rejected");
    office.stands(second.id(), office.other, CrmDeliveryStatus::Failed).await;
    rig.hook(json!([said("anna", "3", "три")])).await;
    rig.handled().await;
    office.quiet().await;
    assert_eq!(crm.texts(&account), ["раз", "три"], "the next one does not wait for it");
    let mut batch = Batch::new();
    batch.once(b"again".to_vec(), 60_000, "");
    batch.append(&streams::crm_mailbox(office.id), entries::write(&CrmMailboxEntry::Again { m: second.id() }).unwrap());
    rig.store().commit(batch).await.unwrap();
    office.stands(second.id(), office.id, CrmDeliveryStatus::Delivered).await;
    assert_eq!(crm.texts(&account), ["раз", "три", "два"]);
}

async fn what_is_held_goes_after_the_answer(on: On) {
    let office = Office::open(on).await;
    let holds = connect(&office.rig, &office.crm, UnansweredOutbound::ReleaseOnReply).await;
    office.rig.handled().await;
    let (message, _) = office.rig.write_first("@anna", "здравствуйте", "k1").await;
    office.quiet().await;
    assert_eq!(office.delivery(message.id(), holds).await.status, CrmDeliveryStatus::Held);
    assert_eq!(office.crm.texts(&holds.to_string()), Vec::<String>::new());
    office.rig.stands(message.id(), SendStatus::Sent).await;
    office.rig.hook(json!([said("chat of @anna", "1", "ответ")])).await;
    office.stands(message.id(), holds, CrmDeliveryStatus::Delivered).await;
    until("both there", || async { (office.crm.texts(&holds.to_string()).len() == 2).then_some(()) }).await;
}

on_both!(
    each_message_goes_once_and_in_order_to_each_connection,
    what_was_made_and_its_answer_lost_is_not_made_twice,
    words_states_and_reactions_follow,
    what_is_refused_fails_alone_and_goes_once_somebody_wants_it,
    what_is_held_goes_after_the_answer,
);
