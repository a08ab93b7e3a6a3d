//! Tokens, pauses, panics, restarts.

use kommutator::gateway::administration::probe::give_tokens;
use kommutator::gateway::faults::arm;
use kommutator::model::connection::Health;
use kommutator::model::ids::ConnectionId;
use kommutator::model::message::CrmDeliveryStatus;
use serde_json::json;

use super::Office;
use crate::support::fake_crm::CrmAct;
use crate::support::rig::{On, said, until};

async fn many_say(office: &Office, people: usize, word: &str) -> usize {
    let said: Vec<_> = (0..people).map(|at| said(&format!("p{at}"), &format!("{word}{at}"), &format!("{word} {at}"))).collect();
    office.rig.hook(json!(said)).await;
    office.rig.handled().await;
    people
}

/// Tokens that open the fake, and until when.
async fn give(office: &Office, id: ConnectionId, word: &str, until: i64) {
    let tokens = json!({ "word": word, "until": until }).to_string();
    give_tokens(office.rig.house(), office.rig.workspace, id, &tokens).await.unwrap();
}

/// Later than any test.
const NEVER: i64 = 1 << 50;

async fn tokens_are_renewed_once_however_many_ask(on: On) {
    let office = Office::open(on).await;
    office.crm.look(|state| state.word = "good".to_owned());
    give(&office, office.id, "good", NEVER).await;
    many_say(&office, 3, "до").await;
    until("there", || async { (office.crm.texts(&office.id.to_string()).len() == 3).then_some(()) }).await;
    // It opens nothing any more before its time, and thirty conversations find out at once.
    office.crm.look(|state| state.expired = true);
    many_say(&office, 30, "после").await;
    until("all there", || async { (office.crm.texts(&office.id.to_string()).len() == 33).then_some(()) }).await;
    assert_eq!(office.crm.look(|state| (state.renewed, state.revoked)), (1, 0));
}

async fn lost_access_is_told_and_everything_goes_once_it_is_connected_anew(on: On) {
    let office = Office::open(on).await;
    office.crm.look(|state| (state.word = "good".to_owned(), state.shut = true));
    give(&office, office.id, "revoked", NEVER).await;
    many_say(&office, 30, "раз").await;
    until("access lost", || async { (office.connection(office.id).await.health.status == Health::AccessLost).then_some(()) }).await;
    let conversation = office.rig.chat("p0").await;
    let message = office.rig.messages(conversation.id).await.remove(0);
    let delivery =
        until("a reason", || async { Some(office.delivery(message.id(), office.id).await).filter(|delivery| delivery.reason.is_some()) }).await;
    assert_eq!((delivery.status, delivery.reason.unwrap().code.as_str()), (CrmDeliveryStatus::Queued, "token_revoked"));
    give(&office, office.id, "good", NEVER).await;
    until("all there", || async { (office.crm.texts(&office.id.to_string()).len() == 30).then_some(()) }).await;
    until("well again", || async { (office.connection(office.id).await.health.status == Health::Connected).then_some(()) }).await;
    assert_eq!(office.delivery(message.id(), office.id).await.reason, None);
}

async fn an_expired_token_is_exchanged_by_one_and_used_by_all(on: On) {
    let office = Office::open(on).await;
    office.crm.look(|state| state.word = "good".to_owned());
    give(&office, office.id, "good", NEVER).await;
    many_say(&office, 2, "до").await;
    until("there", || async { (office.crm.texts(&office.id.to_string()).len() == 2).then_some(()) }).await;
    // Due by the clock: exchanged ahead of its end, once.
    give(&office, office.id, "good", office.rig.house().world.now().0 - 1).await;
    until("renewed", || async { office.crm.look(|state| state.renewed == 1).then_some(()) }).await;
    many_say(&office, 20, "после").await;
    until("all there", || async { (office.crm.texts(&office.id.to_string()).len() == 22).then_some(()) }).await;
    assert_eq!(office.crm.look(|state| (state.renewed, state.revoked)), (1, 0));
}

async fn a_pause_is_kept_by_all_and_nothing_is_lost(on: On) {
    let office = Office::open(on).await;
    office.crm.script("message", &[CrmAct::RetryAfter(1.0)]);
    many_say(&office, 10, "раз").await;
    office.quiet().await;
    for id in [office.id, office.other] {
        assert_eq!(office.crm.texts(&id.to_string()).len(), 10);
    }
    let conversation = office.rig.chat("p0").await;
    let message = office.rig.messages(conversation.id).await.remove(0);
    assert_eq!(office.stands(message.id(), office.id, CrmDeliveryStatus::Delivered).await.tries, 0, "a pause is no try");
}

async fn a_restart_in_the_middle_goes_on_where_it_was(on: On) {
    let mut office = Office::open(on).await;
    office.crm.script("message", &[CrmAct::Fail, CrmAct::Lose, CrmAct::Fail, CrmAct::Lose]);
    many_say(&office, 20, "раз").await;
    office.rig.restart().await;
    many_say(&office, 20, "два").await;
    office.quiet().await;
    for id in [office.id, office.other] {
        let texts = office.crm.texts(&id.to_string());
        assert_eq!(texts.len(), 40);
        for at in 0..20 {
            let place = |word: &str| texts.iter().position(|text| *text == format!("{word} {at}")).unwrap();
            assert!(place("раз") < place("два"));
        }
    }
    assert_eq!(office.crm.look(|state| state.contacts.len()), 40);
}

async fn a_panic_is_one_connections_affair(on: On) {
    let office = Office::open(on).await;
    many_say(&office, 1, "раз").await;
    office.quiet().await;
    let conversation = office.rig.chat("p0").await;
    // Each connection passes the point once a try; three times is too often.
    arm(&format!("crm/deliver/{}", conversation.id), 6);
    many_say(&office, 1, "два").await;
    many_say(&office, 2, "три").await;
    let second = office.rig.messages(conversation.id).await.remove(1);
    let failed = until("given up", || async {
        office.rig.world.advance_ms(1_000);
        let delivery = office.delivery(second.id(), office.id).await;
        (delivery.status == CrmDeliveryStatus::Failed).then_some(delivery)
    })
    .await;
    assert_eq!(failed.reason.unwrap().code, "attempts_exhausted");
    for id in [office.id, office.other] {
        until("the others went", || async { office.crm.texts(&id.to_string()).contains(&"три 1".to_owned()).then_some(()) }).await;
        until("and what stood behind it", || async { office.crm.texts(&id.to_string()).contains(&"три 0".to_owned()).then_some(()) }).await;
    }
}

on_both!(
    tokens_are_renewed_once_however_many_ask,
    lost_access_is_told_and_everything_goes_once_it_is_connected_anew,
    an_expired_token_is_exchanged_by_one_and_used_by_all,
    a_pause_is_kept_by_all_and_nothing_is_lost,
    a_restart_in_the_middle_goes_on_where_it_was,
    a_panic_is_one_connections_affair,
);
