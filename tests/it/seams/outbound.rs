//! What goes out.

use std::time::Duration;

use kommutator::channel::probe::settings::ProbeRepeats::{Keyed, Lookup, SendTwice};
use kommutator::gateway::commands::{Command, CommandError};
use kommutator::gateway::entries::{self, FeedEntry};
use kommutator::model::connection::{Health, ProviderLogin};
use kommutator::model::protocol::SendStatus;
use kommutator::store::records::streams;
use serde_json::json;

use crate::support::fake_provider::Act;
use crate::support::rig::{On, Rig, said, told, until};

on_both!(
    only_the_missing_piece_goes_again,
    an_echo_overtakes_the_answer,
    a_receipt_overtakes_the_answer,
    a_lost_answer_where_repeats_go_twice,
    a_lost_answer_where_repeats_are_dropped,
    a_lost_answer_where_the_history_is_asked,
    an_attempt_outlives_its_process,
    the_provider_asks_for_a_pause,
    what_expired_fails_and_health_comes_back,
);

async fn only_the_missing_piece_goes_again(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("c", "1", "?")])).await;
    let chat = rig.chat("c").await;
    rig.provider.script("вторая", &[Act::Reject]);
    let message = rig.send(chat.id, "первая|вторая").await;
    let failed = rig.stands(message.id(), SendStatus::Failed).await;
    let reason = failed.state.reason.unwrap();
    assert_eq!((reason.code.as_str(), reason.params["piece"].as_str(), reason.params["of"].as_str()), ("rejected", "2", "2"));
    assert_eq!(reason.provider.as_deref(), Some("\"no such chat\""), "the provider's own words");
    rig.restart().await;
    rig.ask(&rig.probe, Command::Retry { message: message.id(), by: "owner".to_owned() }).await.unwrap();
    let sent = rig.stands(message.id(), SendStatus::Sent).await;
    assert_eq!((rig.provider.calls("первая").len(), rig.provider.calls("вторая").len()), (1, 2));
    assert!(sent.pieces.iter().all(|piece| piece.external_id.is_some() && piece.status == SendStatus::Sent));
    assert!(matches!(rig.ask(&rig.probe, Command::Retry { message: message.id(), by: String::new() }).await, Err(CommandError::Refused(_))));
    // A long text is two pieces too.
    let long = "ю".repeat(150);
    let message = rig.send(chat.id, &long).await;
    rig.stands(message.id(), SendStatus::Sent).await;
    assert_eq!((rig.provider.taken(&"ю".repeat(100)).len(), rig.provider.taken(&"ю".repeat(50)).len()), (1, 1));
}

async fn an_echo_overtakes_the_answer(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("c", "1", "?"), said("d", "1", "?")])).await;
    let (c, d) = (rig.chat("c").await, rig.chat("d").await);
    for text in ["с меткой", "без метки"] {
        rig.provider.script(text, &[Act::Gate]);
    }
    let (marked, bare) = (rig.send(c.id, "с меткой").await, rig.send(d.id, "без метки").await);
    let echo = |chat: &str, text: &str, mark: Option<&str>| {
        let taken = rig.provider.taken(text).pop().unwrap();
        told(chat, &taken.id, "echo", json!({ "peer": { "id": chat }, "text": text, "mark": mark }))
    };
    until("both calls", || async { (rig.provider.texts().len() == 2).then_some(()) }).await;
    let key = rig.provider.calls("с меткой")[0].key.clone();
    let echoes = [echo("c", "с меткой", Some(&key)), echo("d", "без метки", None)];
    rig.hook(json!(echoes)).await;
    for message in [&marked, &bare] {
        let sent = rig.stands(message.id(), SendStatus::Sent).await;
        assert!(sent.pieces[0].external_id.is_some() && sent.attempt.is_none());
    }
    rig.provider.open();
    rig.settled().await;
    rig.restart().await;
    // The same echo once more, and another one of the same words: that one was written on the phone.
    rig.hook(json!([echoes[0].clone(), echoes[1].clone()])).await;
    rig.hook(json!([told("c", "77", "echo", json!({ "peer": { "id": "c" }, "text": "с меткой" }))])).await;
    rig.handled().await;
    assert_eq!(rig.texts(c.id).await, ["?", "с меткой", "с меткой"]);
    assert_eq!(rig.texts(d.id).await, ["?", "без метки"]);
    assert_eq!(rig.messages(c.id).await[2].origin, kommutator::model::message::Origin::Phone);
    assert_eq!(rig.provider.texts().len(), 2);
}

async fn a_receipt_overtakes_the_answer(on: On) {
    let rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("c", "1", "?")])).await;
    let chat = rig.chat("c").await;
    rig.provider.script("да", &[Act::Gate]);
    let message = rig.send(chat.id, "да").await;
    let taken = until("the call", || async { rig.provider.taken("да").pop() }).await;
    rig.hook(json!([told("c", &taken.id, "receipt", json!({ "status": "read" }))])).await;
    rig.handled().await;
    assert_eq!(rig.message(message.id()).await.state.status, SendStatus::Queued, "whose receipt it is nobody can know yet");
    rig.provider.open();
    rig.stands(message.id(), SendStatus::Read).await;
    assert!(rig.quarantined().await.is_empty());
}

async fn a_lost_answer_where_repeats_go_twice(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("c", "1", "?")])).await;
    let chat = rig.chat("c").await;
    rig.provider.script("раз", &[Act::LoseAnswer]);
    let message = rig.send(chat.id, "раз").await;
    let next = rig.send(chat.id, "два").await;
    let unknown = rig.stands(message.id(), SendStatus::Unknown).await;
    assert_eq!(unknown.state.reason.unwrap().code, "answer_lost");
    rig.stands(next.id(), SendStatus::Sent).await;
    rig.restart().await;
    rig.settled().await;
    assert_eq!(rig.provider.calls("раз").len(), 1, "we do not send twice by ourselves");
    // The echo settles it.
    let taken = rig.provider.taken("раз").pop().unwrap();
    rig.hook(json!([told("c", &taken.id, "echo", json!({ "peer": { "id": "c" }, "text": "раз" }))])).await;
    rig.stands(message.id(), SendStatus::Sent).await;
    assert_eq!(rig.texts(chat.id).await, ["?", "раз", "два"]);
}

async fn a_lost_answer_where_repeats_are_dropped(on: On) {
    let rig = Rig::start(on, Keyed).await;
    rig.hook(json!([said("c", "1", "?")])).await;
    let chat = rig.chat("c").await;
    rig.provider.script("раз", &[Act::LoseAnswer, Act::LoseAnswer]);
    let message = rig.send(chat.id, "раз").await;
    let next = rig.send(chat.id, "два").await;
    rig.stands(message.id(), SendStatus::Sent).await;
    rig.stands(next.id(), SendStatus::Sent).await;
    let calls = rig.provider.calls("раз");
    assert_eq!((calls.len(), rig.provider.texts()), (3, vec!["раз".to_owned(), "два".to_owned()]), "once, and in order");
    assert!(calls.iter().all(|call| call.key == calls[0].key));
    // It never answers: at last a person decides.
    rig.provider.script("три", &[Act::LoseAnswer; 5]);
    let message = rig.send(chat.id, "три").await;
    rig.stands(message.id(), SendStatus::Unknown).await;
    assert_eq!(rig.provider.taken("три").len(), 1);
}

async fn a_lost_answer_where_the_history_is_asked(on: On) {
    let rig = Rig::start(on, Lookup).await;
    rig.hook(json!([said("c", "1", "?"), said("d", "1", "?"), said("e", "1", "?")])).await;
    let (c, d, e) = (rig.chat("c").await, rig.chat("d").await, rig.chat("e").await);
    rig.provider.script("дошло", &[Act::LoseAnswer]);
    rig.provider.script("не дошло", &[Act::Hang]);
    rig.provider.script("никогда", &[Act::Hang; 5]);
    let (there, absent, never) = (rig.send(c.id, "дошло").await, rig.send(d.id, "не дошло").await, rig.send(e.id, "никогда").await);
    let found = rig.stands(there.id(), SendStatus::Sent).await;
    assert!(found.pieces[0].external_id.is_some(), "the history tells its id");
    rig.stands(absent.id(), SendStatus::Sent).await;
    rig.stands(never.id(), SendStatus::Unknown).await;
    let calls = ["дошло", "не дошло", "никогда"].map(|text| (rig.provider.calls(text).len(), rig.provider.taken(text).len()));
    assert_eq!(calls, [(1, 1), (2, 1), (3, 0)]);
}

async fn an_attempt_outlives_its_process(on: On) {
    for (repeats, act, wanted, taken) in
        [(SendTwice, Act::Hang, SendStatus::Unknown, 0), (Keyed, Act::Gate, SendStatus::Sent, 1), (Lookup, Act::Hang, SendStatus::Sent, 1)]
    {
        let mut rig = Rig::start(on, repeats).await;
        rig.hook(json!([said("c", "1", "?")])).await;
        let chat = rig.chat("c").await;
        rig.provider.script("раз", &[act]);
        let message = rig.send(chat.id, "раз").await;
        until("the call", || async { (!rig.provider.calls("раз").is_empty()).then_some(()) }).await;
        rig.restart().await;
        rig.stands(message.id(), wanted).await;
        rig.provider.open();
        assert_eq!(rig.provider.taken("раз").len(), taken, "{repeats:?}");
        rig.settled().await;
    }
}

async fn the_provider_asks_for_a_pause(on: On) {
    let rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("c", "1", "?"), said("d", "1", "?")])).await;
    let (c, d) = (rig.chat("c").await, rig.chat("d").await);
    rig.provider.script("раз", &[Act::RetryAfter(0.7)]);
    rig.provider.script("сбой", &[Act::Fail]);
    let first = rig.send(c.id, "раз").await;
    let second = rig.send(c.id, "два").await;
    let other = rig.send(d.id, "сбой").await;
    for message in [&first, &second, &other] {
        rig.stands(message.id(), SendStatus::Sent).await;
    }
    let calls = rig.provider.calls("раз");
    assert_eq!(calls.len(), 2);
    assert!(calls[1].at - calls[0].at >= Duration::from_millis(690), "the pause is kept");
    let texts = rig.provider.texts();
    let place = |text: &str| texts.iter().position(|taken| taken == text).unwrap();
    assert!(place("раз") < place("два"), "the chat keeps its order: {texts:?}");
    assert_eq!((rig.provider.calls("сбой").len(), rig.provider.taken("сбой").len()), (2, 1));
}

async fn what_expired_fails_and_health_comes_back(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("c", "1", "?"), said("d", "1", "?")])).await;
    let (c, d) = (rig.chat("c").await, rig.chat("d").await);
    let health = || async { rig.store().get::<ProviderLogin>(ProviderLogin::at(rig.probe.login)).await.unwrap().unwrap().record.health };
    let account_told = || async {
        let feed = rig.store().read(&streams::feed(), 0, 10_000).await.unwrap();
        let told = feed.entries.iter().filter(|(_, bytes)| matches!(entries::read(bytes), Ok(FeedEntry::Account { a, .. }) if a == rig.probe.one));
        told.count()
    };
    let told_before = account_told().await;
    rig.provider.always(Some(Act::Lock));
    let late = rig.send(c.id, "поздно").await;
    let lost = until("a lost access", || async { Some(health().await).filter(|health| health.status == Health::AccessLost) }).await;
    assert_eq!(lost.reason.unwrap().code, "token_revoked");
    assert_eq!(account_told().await, told_before + 1, "the messenger is told");
    assert_eq!(rig.message(late.id()).await.state.status, SendStatus::Queued, "the queue waits");
    rig.restart_later(25 * 60 * 60 * 1_000).await;
    let failed = rig.stands(late.id(), SendStatus::Failed).await;
    assert_eq!(failed.state.reason.unwrap().code, "expired");
    rig.provider.always(None);
    let message = rig.send(d.id, "вовремя").await;
    rig.stands(message.id(), SendStatus::Sent).await;
    let rig = &rig;
    let health = until("a login that works", || async {
        let login = rig.store().get::<ProviderLogin>(ProviderLogin::at(rig.probe.login)).await.unwrap().unwrap();
        Some(login.record.health).filter(|health| health.status == Health::Connected)
    })
    .await;
    assert_eq!(health.reason, None);
    assert!(rig.provider.texts() == ["вовремя"]);
}
