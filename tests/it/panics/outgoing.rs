//! What is to be sent while something panics over it, each time or now and then: the message gets its end with the panic's words, its entry
//! leaves the outbox, those behind it go on, and a person can try again.

use kommutator::channel::probe::settings::ProbeRepeats::{self, Keyed, SendTwice};
use kommutator::gateway::administration::probe::MadeProbe;
use kommutator::gateway::administration::quarantine::replay;
use kommutator::gateway::commands::Command;
use kommutator::gateway::faults::{arm, panics_left};
use kommutator::model::ids::{ConversationId, MessageId};
use kommutator::model::message::{Message, Origin};
use kommutator::model::protocol::SendStatus;
use kommutator::store::batch::Batch;
use kommutator::store::records::{Quarantine, streams};
use serde_json::json;

use crate::support::fake_provider::Act;
use crate::support::rig::{On, Rig, said, until};

on_both!(
    a_begin_that_always_panics,
    a_call_that_always_panics,
    a_result_whose_keeping_panics,
    a_message_that_cannot_even_be_given_up,
    an_outbox_entry_that_cannot_be_read,
    begins_are_counted_beyond_the_process,
    who_was_only_near_is_not_counted,
);

const BEGIN: &str = "sending/begin";

/// A rig with the chats `a` and `b`.
async fn two_chats(on: On, repeats: ProbeRepeats) -> (Rig, ConversationId, ConversationId) {
    let rig = Rig::start(on, repeats).await;
    rig.hook(json!([said("a", "1", "?"), said("b", "1", "?")])).await;
    let (a, b) = (rig.chat("a").await.id, rig.chat("b").await.id);
    (rig, a, b)
}

async fn send(rig: &Rig, to: ConversationId, text: &str, bulk: bool) -> MessageId {
    let origin = if bulk { Origin::Mailing { id: "1".to_owned() } } else { Origin::Manager };
    let client_id = format!("c-{}", rig.house().world.secret::<8>());
    rig.send_as(&rig.probe, to, text, &client_id, origin).await.id()
}

/// The message ended so, with the panic's words, after three begins.
fn exhausted(message: &Message, status: SendStatus, point: &str) {
    let reason = message.state.reason.as_ref().unwrap();
    assert_eq!((message.state.status, reason.code.as_str(), reason.params["begun"].as_str()), (status, "attempts_exhausted", "3"));
    assert_eq!(reason.provider, Some(format!("injected at {point}")), "with the panic's words");
    assert_eq!(message.attempt, None);
}

async fn retry(rig: &Rig, message: MessageId) {
    rig.ask(&rig.probe, Command::Retry { message, by: "owner".to_owned() }).await.unwrap();
    rig.stands(message, SendStatus::Sent).await;
}

/// Nothing waits, and nothing is counted of what is done.
async fn clean(rig: &Rig) {
    rig.settled().await;
    for stream in [streams::outbox(rig.probe.login), streams::bulk(rig.probe.login), streams::mailbox(rig.probe.login)] {
        until("no counts", || async { rig.begun(&stream).await.is_empty().then_some(()) }).await;
    }
}

async fn quarantined(rig: &Rig, count: usize) -> Vec<Quarantine> {
    until("quarantine", || async { Some(rig.quarantined().await).filter(|kept| kept.len() == count) }).await
}

async fn a_begin_that_always_panics(on: On) {
    let (rig, a, b) = two_chats(on, SendTwice).await;
    let point = format!("{BEGIN}/{a}");
    for bulk in [false, true] {
        let [bad, after, beside] = ["нельзя", "после", "рядом"].map(|text| format!("{text} {bulk}"));
        // It panics three times; a fourth begin would go well.
        arm(&point, 3);
        let (bad_id, after, beside) = (send(&rig, a, &bad, bulk).await, send(&rig, a, &after, bulk).await, send(&rig, b, &beside, bulk).await);
        for sent in [after, beside] {
            rig.stands(sent, SendStatus::Sent).await;
        }
        exhausted(&rig.stands(bad_id, SendStatus::Failed).await, SendStatus::Failed, &point);
        assert_eq!((panics_left(&point), rig.provider.calls(&bad).len()), (0, 0), "nothing went out");
        clean(&rig).await;
        retry(&rig, bad_id).await;
        assert_eq!(rig.provider.calls(&bad).len(), 1);
    }
    assert!(rig.quarantined().await.is_empty());
    assert_eq!(rig.back_off(&rig.probe), None, "the login's actor did not end by it");
}

/// Each panic ends the login's actor: what else was to be sent goes out once all the same, and is not counted.
async fn a_call_that_always_panics(on: On) {
    let (rig, a, b) = two_chats(on, Keyed).await;
    let other: MadeProbe = rig.another(Keyed).await;
    rig.hook_of(&other, json!([said("c", "1", "?")])).await;
    let c = until("c", || rig.find(other.one, "c")).await.id;
    let point = format!("outbox/call/{a}");
    arm(&point, 3);
    let bad = send(&rig, a, "нельзя", false).await;
    let mut sent = vec![send(&rig, a, "после", false).await];
    for number in 0..10 {
        sent.push(send(&rig, b, &format!("рядом {number}"), false).await);
        sent.push(rig.send_of(&other, c, &format!("у других {number}"), &number.to_string()).await.id());
    }
    for id in sent {
        rig.stands(id, SendStatus::Sent).await;
    }
    exhausted(&rig.stands(bad, SendStatus::Unknown).await, SendStatus::Unknown, &point);
    assert_eq!((panics_left(&point), rig.provider.calls("нельзя").len()), (0, 0));
    for name in ["рядом", "у других"] {
        let texts: Vec<String> = rig.provider.texts().into_iter().filter(|text| text.starts_with(name)).collect();
        assert_eq!(texts, (0..10).map(|number| format!("{name} {number}")).collect::<Vec<_>>(), "once, and in order");
    }
    clean(&rig).await;
    retry(&rig, bad).await;
    assert_eq!(rig.provider.taken("нельзя").len(), 1);
    assert_eq!((rig.back_off(&rig.probe), rig.back_off(&other)), (Some(400), None));
}

async fn a_result_whose_keeping_panics(on: On) {
    let (rig, a, _) = two_chats(on, SendTwice).await;
    let point = format!("sending/end/{a}");
    // Twice, and the third goes well: it was sent once, and that is known.
    arm(&point, 2);
    let sent = send(&rig, a, "дважды", false).await;
    assert!(rig.stands(sent, SendStatus::Sent).await.pieces[0].external_id.is_some());
    assert_eq!((panics_left(&point), rig.provider.calls("дважды").len()), (0, 1));
    // Each time: whether it went nobody can say any more, unless the provider said that it did not take it.
    rig.provider.script("отказано", &[Act::Reject]);
    for (text, status) in [("ушло", SendStatus::Unknown), ("отказано", SendStatus::Failed)] {
        arm(&point, 3);
        let (bad, after) = (send(&rig, a, text, false).await, send(&rig, a, &format!("после: {text}"), false).await);
        rig.stands(after, SendStatus::Sent).await;
        exhausted(&rig.stands(bad, status).await, status, &point);
        assert_eq!((panics_left(&point), rig.provider.calls(text).len()), (0, 1), "it is not called again for that");
        clean(&rig).await;
        retry(&rig, bad).await;
        assert_eq!(rig.provider.calls(text).len(), 2);
    }
}

/// Even the message's end panics: the entry goes to quarantine, and a replay puts it back into the outbox.
async fn a_message_that_cannot_even_be_given_up(on: On) {
    let (rig, a, b) = two_chats(on, SendTwice).await;
    let point = format!("sending/give_up/{a}");
    arm(&format!("{BEGIN}/{a}"), 3);
    arm(&point, 1_000);
    let bad = send(&rig, a, "нельзя", false).await;
    let beside = send(&rig, b, "рядом", false).await;
    rig.stands(beside, SendStatus::Sent).await;
    let kept = quarantined(&rig, 1).await.remove(0);
    assert_eq!((kept.reason.code.as_str(), kept.reason.provider), ("attempts_exhausted", Some(format!("injected at {point}"))));
    assert_eq!(kept.stream, Some(streams::outbox(rig.probe.login).0));
    clean(&rig).await;
    assert_eq!((rig.message(bad).await.state.status, panics_left(&point)), (SendStatus::Queued, 999));
    replay(rig.house(), &rig.caller(), kept.id).await.unwrap();
    rig.stands(bad, SendStatus::Sent).await;
    assert_eq!(rig.provider.calls("нельзя").len(), 1);
}

async fn an_outbox_entry_that_cannot_be_read(on: On) {
    let (rig, a, _) = two_chats(on, SendTwice).await;
    let lanes = [streams::outbox(rig.probe.login), streams::bulk(rig.probe.login)];
    let mut batch = Batch::new();
    batch.once(b"a newer version wrote this".to_vec(), 60_000, Vec::new());
    for lane in &lanes {
        batch.append(lane, b"{\"m\":7}".to_vec());
    }
    rig.store().commit(batch).await.unwrap();
    let sent = send(&rig, a, "после", false).await;
    rig.stands(sent, SendStatus::Sent).await;
    let kept = quarantined(&rig, 2).await;
    for lane in &lanes {
        let kept = kept.iter().find(|kept| kept.stream.as_ref() == Some(&lane.0)).expect("one of each lane");
        assert_eq!((kept.reason.code.as_str(), kept.payload.as_str()), ("unreadable", "eyJtIjo3fQ=="));
        assert!(kept.reason.provider.is_some(), "with why");
        replay(rig.house(), &rig.caller(), kept.id).await.unwrap();
    }
    // Put back to where each was: there it can be read no better.
    let again = quarantined(&rig, 4).await;
    let mut streams: Vec<_> = again[2..].iter().map(|kept| kept.stream.clone().unwrap()).collect();
    streams.sort();
    assert_eq!(streams, [lanes[1].0.clone(), lanes[0].0.clone()]);
    clean(&rig).await;
}

/// The count outlives the process, and a good end of a turn makes it start afresh.
async fn begins_are_counted_beyond_the_process(on: On) {
    let (mut rig, a, _) = two_chats(on, Keyed).await;
    let (point, stream) = (format!("{BEGIN}/{a}"), streams::outbox(rig.probe.login));
    rig.provider.script("долго", &[Act::Gate, Act::Gate]);
    arm(&point, 1);
    let message = send(&rig, a, "долго", false).await;
    until("the first call", || async { (!rig.provider.calls("долго").is_empty()).then_some(()) }).await;
    let counted = rig.begun(&stream).await;
    assert_eq!((counted.len(), counted[0].begun, counted[0].said.clone()), (1, 2, Some(format!("injected at {point}"))));
    rig.restart().await;
    until("the second call", || async { (rig.provider.calls("долго").len() == 2).then_some(()) }).await;
    assert_eq!(rig.begun(&stream).await[0].begun, 3);
    // The answer to the second call is lost with the process; the third is counted out.
    rig.restart().await;
    let ended = rig.stands(message, SendStatus::Unknown).await;
    exhausted(&ended, SendStatus::Unknown, &point);
    rig.provider.open();
    clean(&rig).await;
    retry(&rig, message).await;
    assert_eq!(rig.provider.taken("долго").len(), 2, "one key per round");
    // A pause the provider asks for is a good end of a turn: the next process counts from the beginning.
    rig.provider.script("терпение", &[Act::RetryAfter(3_600.0); 4]);
    let message = send(&rig, a, "терпение", false).await;
    for call in 1..=4 {
        until("a call", || async { (rig.provider.calls("терпение").len() == call).then_some(()) }).await;
        until("a good end", || async { (rig.message(message).await.attempt.is_none() && rig.begun(&stream).await.is_empty()).then_some(()) }).await;
        rig.restart().await;
    }
    rig.stands(message, SendStatus::Sent).await;
    clean(&rig).await;
}

/// What is under way while another entry's panic ends the login's actor is begun again, but it is not its fault.
async fn who_was_only_near_is_not_counted(on: On) {
    let (rig, a, _) = two_chats(on, Keyed).await;
    rig.provider.script("долго", &[Act::Gate, Act::Gate]);
    let near = send(&rig, a, "долго", false).await;
    until("the first call", || async { (rig.provider.calls("долго").len() == 1).then_some(()) }).await;
    arm(&format!("channel/parse/{}", rig.probe.login), 1);
    rig.hook(json!([said("b", "2", "!")])).await;
    until("the second call", || async { (rig.provider.calls("долго").len() == 2).then_some(()) }).await;
    assert_eq!(rig.begun(&streams::outbox(rig.probe.login)).await, []);
    rig.handled().await;
    rig.provider.open();
    rig.stands(near, SendStatus::Sent).await;
    clean(&rig).await;
    assert_eq!(rig.provider.taken("долго").len(), 1);
}
