//! Panics on purpose, under load: others go on, the actors come back, nothing is lost, nothing doubled, and what always panics ends in
//! quarantine.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use kommutator::channel::probe::settings::ProbeRepeats::{Keyed, SendTwice};
use kommutator::gateway::administration::probe::MadeProbe;
use kommutator::gateway::administration::quarantine::replay;
use kommutator::gateway::faults::{arm, panics_left};
use kommutator::model::ids::{AccountId, ConversationId};
use kommutator::model::protocol::SendStatus;
use serde_json::json;
use tokio::sync::Mutex;

use crate::support::rig::{On, Rig, said, until};

/// How often each point panics.
const TIMES: u32 = 10;
/// Longer than an actor must live to be well again.
const WELL_MS: i64 = 61_000;

/// Under load each of these needs the machine for itself.
static ALONE: LazyLock<Mutex<()>> = LazyLock::new(Mutex::default);

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn $name() { super::$name(super::On::Sqlite).await; })*
        }
        mod on_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn $name() { super::$name(super::On::Redis).await; })*
        }
    };
}

on_both!(between_decision_and_commit, inside_parse, in_the_outbox_worker, an_update_that_always_panics);

/// One round of load: a message in each of three chats of both logins.
async fn load(rig: &Rig, probes: [&MadeProbe; 2], round: u32) {
    for probe in probes {
        for chat in ["a", "b", "c"] {
            rig.hook_of(probe, json!([said(chat, &round.to_string(), &format!("{chat}{round}"))])).await;
        }
    }
}

/// What stands in the chats of an account.
async fn log(rig: &Rig, account: AccountId) -> BTreeMap<&'static str, Vec<String>> {
    let mut log = BTreeMap::new();
    for chat in ["a", "b", "c"] {
        let found = until(chat, || rig.find(account, chat)).await;
        log.insert(chat, rig.texts(found.id).await);
    }
    log
}

fn whole(rounds: u32) -> BTreeMap<&'static str, Vec<String>> {
    ["a", "b", "c"].into_iter().map(|chat| (chat, (0..rounds).map(|round| format!("{chat}{round}")).collect())).collect()
}

async fn actor_panics(rig: &Rig, point: &str, wanted: u32) {
    until("the panics", || async { (panics_left(point) <= wanted).then_some(()) }).await;
    let _ = rig;
}

/// A conversation's actor panics ten times; its chat loses nothing, others do not notice.
async fn between_decision_and_commit(on: On) {
    let _alone = ALONE.lock().await;
    let rig = Rig::start(on, SendTwice).await;
    let other = rig.another(SendTwice).await;
    load(&rig, [&rig.probe, &other], 0).await;
    rig.handled().await;
    let victim: ConversationId = rig.chat("a").await.id;
    let point = format!("conversation/commit/{victim}");
    // Twice each: the third begin of a message goes well.
    for round in 1..=TIMES / 2 {
        arm(&point, 2);
        load(&rig, [&rig.probe, &other], round).await;
        actor_panics(&rig, &point, 0).await;
        rig.handled().await;
    }
    rig.handled_of(&other).await;
    assert_eq!(log(&rig, rig.probe.one).await, whole(TIMES / 2 + 1));
    assert_eq!(log(&rig, other.one).await, whole(TIMES / 2 + 1));
    assert!(rig.quarantined().await.is_empty());
    assert_eq!(rig.chat("a").await.last_number, TIMES / 2 + 1);
}

/// The login's actor panics ten times while it reads what came in: its neighbours in the mailbox are not blamed, and another login goes on
/// at once. The back-off grows while it panics in a row and is forgotten after a minute of good life.
async fn inside_parse(on: On) {
    let _alone = ALONE.lock().await;
    let rig = Rig::start(on, SendTwice).await;
    let other = rig.another(SendTwice).await;
    let point = format!("channel/parse/{}", rig.probe.login);
    for round in 0..TIMES / 2 {
        // It lived well since: the back-off begins anew.
        rig.world.advance_ms(WELL_MS);
        arm(&point, 2);
        load(&rig, [&rig.probe, &other], round).await;
        rig.handled_of(&other).await;
        actor_panics(&rig, &point, 0).await;
        let since = std::time::Instant::now();
        rig.handled().await;
        assert!(since.elapsed().as_secs() < 20, "the back-off was not forgotten");
    }
    rig.awake(&rig.probe).await;
    assert_eq!(log(&rig, rig.probe.one).await, whole(TIMES / 2));
    assert_eq!(log(&rig, other.one).await, whole(TIMES / 2));
    assert!(rig.quarantined().await.is_empty(), "the third begin went well");
}

/// The outbox worker panics ten times between the attempt's commit and the call.
async fn in_the_outbox_worker(on: On) {
    let _alone = ALONE.lock().await;
    let rig = Rig::start(on, Keyed).await;
    let other = rig.another(Keyed).await;
    load(&rig, [&rig.probe, &other], 0).await;
    rig.handled().await;
    rig.handled_of(&other).await;
    let point = format!("outbox/call/{}", rig.probe.login);
    let mut sent = Vec::new();
    for round in 0..TIMES / 2 {
        rig.world.advance_ms(WELL_MS);
        arm(&point, 2);
        for chat in ["a", "b", "c"] {
            for (probe, name) in [(&rig.probe, "мы"), (&other, "они")] {
                let id = until(chat, || rig.find(probe.one, chat)).await.id;
                let message = rig.send_of(probe, id, &format!("{name} {chat}{round}"), &format!("k{round}{chat}")).await;
                sent.push(message.id());
            }
        }
        actor_panics(&rig, &point, 0).await;
        rig.settled().await;
    }
    for id in &sent {
        rig.stands(*id, SendStatus::Sent).await;
    }
    let texts = rig.provider.texts();
    assert_eq!(texts.len(), sent.len(), "each once: {texts:?}");
    for name in ["мы", "они"] {
        for chat in ["a", "b", "c"] {
            let wanted: Vec<String> = (0..TIMES / 2).map(|round| format!("{name} {chat}{round}")).collect();
            let got: Vec<&String> = texts.iter().filter(|text| text.starts_with(&format!("{name} {chat}"))).collect();
            assert_eq!(got, wanted.iter().collect::<Vec<_>>(), "in order");
        }
    }
}

/// What always panics goes to quarantine after its third begin, with the panic's words, and can be replayed.
async fn an_update_that_always_panics(on: On) {
    let _alone = ALONE.lock().await;
    let rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("a", "0", "a0"), said("b", "0", "b0")])).await;
    rig.handled().await;
    let (a, b) = (rig.chat("a").await.id, rig.chat("b").await.id);
    for (point, panics) in [(format!("conversation/commit/{a}"), 3), (format!("channel/parse/{}", rig.probe.login), 3)] {
        rig.world.advance_ms(WELL_MS);
        let before = rig.quarantined().await.len();
        let id = format!("x{before}");
        arm(&point, panics);
        rig.hook(json!([said("a", &id, &id)])).await;
        let kept = until("quarantine", || async { rig.quarantined().await.get(before).cloned() }).await;
        assert_eq!((kept.reason.code.as_str(), kept.reason.params["begun"].as_str()), ("attempts_exhausted", "3"));
        assert_eq!(kept.reason.provider, Some(format!("injected at {point}")), "with the panic's words");
        assert_eq!(panics_left(&point), 0, "three begins and no more");
        rig.hook(json!([said("b", &id, &id)])).await;
        rig.handled().await;
        rig.awake(&rig.probe).await;
        replay(rig.house(), &rig.caller(), kept.id).await.unwrap();
        rig.handled().await;
    }
    assert_eq!(rig.texts(a).await, ["a0", "x0", "x1"]);
    assert_eq!(rig.texts(b).await, ["b0", "x0", "x1"]);
}
