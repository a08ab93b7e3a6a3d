//! Panics on purpose, under load: others go on, the actors come back, nothing is lost, nothing doubled, and what always panics ends in
//! quarantine.
//!
//! * [`outgoing`]: messages that cannot be sent for panics

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use kommutator::channel::probe::settings::ProbeRepeats::{Keyed, SendTwice};
use kommutator::gateway::administration::probe::MadeProbe;
use kommutator::gateway::administration::quarantine::replay;
use kommutator::gateway::faults::{arm, panics_left};
use kommutator::gateway::supervisor::back_off_ms;
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
            async fn $name() { super::$name(crate::support::rig::On::Sqlite).await; })*
        }
        mod on_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn $name() { super::$name(crate::support::rig::On::Redis).await; })*
        }
    };
}

mod outgoing;

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

/// Ten panics, one after the other, the pause before each start longer than the one before. After a minute of good life the next one is
/// the first again.
async fn the_back_off_grows_and_resets(rig: &Rig, round: impl AsyncFn(u32)) {
    for panics in 1..=TIMES {
        round(panics).await;
        rig.panicked(&rig.probe, panics).await;
        rig.handled().await;
        rig.settled().await;
    }
    assert!(back_off_ms(TIMES) >= 500 * back_off_ms(1), "it grows");
    rig.awake(&rig.probe).await;
    rig.world.advance_ms(WELL_MS);
    until("a login that is well again", || async {
        rig.reconcile();
        (rig.back_off(&rig.probe) == Some(0)).then_some(())
    })
    .await;
    round(TIMES + 1).await;
    rig.panicked(&rig.probe, 1).await;
    rig.handled().await;
    rig.settled().await;
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
    for round in 1..=TIMES {
        arm(&point, 1);
        load(&rig, [&rig.probe, &other], round).await;
        rig.handled().await;
        assert_eq!(panics_left(&point), 0);
    }
    rig.handled_of(&other).await;
    assert_eq!(log(&rig, rig.probe.one).await, whole(TIMES + 1));
    assert_eq!(log(&rig, other.one).await, whole(TIMES + 1));
    assert!(rig.quarantined().await.is_empty());
    assert_eq!(rig.chat("a").await.last_number, TIMES + 1);
    assert_eq!(rig.back_off(&rig.probe), None, "the login's own actor did not end");
}

/// The login's actor panics while it reads what came in: its neighbours in the mailbox are not blamed, and another login goes on at once.
async fn inside_parse(on: On) {
    let _alone = ALONE.lock().await;
    let rig = Rig::start(on, SendTwice).await;
    let other = rig.another(SendTwice).await;
    let point = format!("channel/parse/{}", rig.probe.login);
    the_back_off_grows_and_resets(&rig, async |round| {
        arm(&point, 1);
        load(&rig, [&rig.probe, &other], round - 1).await;
        rig.handled_of(&other).await;
    })
    .await;
    assert_eq!(log(&rig, rig.probe.one).await, whole(TIMES + 1));
    assert_eq!(log(&rig, other.one).await, whole(TIMES + 1));
    assert!(rig.quarantined().await.is_empty(), "the second begin went well");
    assert_eq!(rig.back_off(&other), None);
}

/// The outbox worker panics between the attempt's commit and the call.
async fn in_the_outbox_worker(on: On) {
    let _alone = ALONE.lock().await;
    let rig = Rig::start(on, Keyed).await;
    let other = rig.another(Keyed).await;
    load(&rig, [&rig.probe, &other], 0).await;
    rig.handled().await;
    rig.handled_of(&other).await;
    let sent = RefCell::new(Vec::new());
    let point = format!("outbox/call/{}", rig.probe.login);
    the_back_off_grows_and_resets(&rig, async |round| {
        for (probe, name, chat) in [
            (&rig.probe, "мы", "b"),
            (&rig.probe, "мы", "c"),
            (&other, "они", "a"),
            (&rig.probe, "мы", "a"),
            (&other, "они", "b"),
            (&other, "они", "c"),
        ] {
            let id = until(chat, || rig.find(probe.one, chat)).await.id;
            if (name, chat) == ("мы", "a") {
                // An actor that waits accepts nothing: this is to be the one that panics.
                rig.settled().await;
                arm(&point, 1);
            }
            let message = rig.send_of(probe, id, &format!("{name} {chat}{round}"), &format!("k{round}{chat}")).await;
            sent.borrow_mut().push(message.id());
        }
    })
    .await;
    let sent = sent.into_inner();
    for id in &sent {
        rig.stands(*id, SendStatus::Sent).await;
    }
    let texts = rig.provider.texts();
    assert_eq!(texts.len(), sent.len(), "each once: {texts:?}");
    for name in ["мы", "они"] {
        for chat in ["a", "b", "c"] {
            let wanted: Vec<String> = (1..=TIMES + 1).map(|round| format!("{name} {chat}{round}")).collect();
            let got: Vec<&String> = texts.iter().filter(|text| text.starts_with(&format!("{name} {chat}"))).collect();
            assert_eq!(got, wanted.iter().collect::<Vec<_>>(), "in order");
        }
    }
    assert_eq!(rig.back_off(&other), None);
}

/// What always panics goes to quarantine after its third begin, with the panic's words, and can be replayed.
async fn an_update_that_always_panics(on: On) {
    let _alone = ALONE.lock().await;
    let rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("a", "0", "a0"), said("b", "0", "b0")])).await;
    rig.handled().await;
    let (a, b) = (rig.chat("a").await.id, rig.chat("b").await.id);
    for point in [format!("conversation/commit/{a}"), format!("channel/parse/{}", rig.probe.login)] {
        let before = rig.quarantined().await.len();
        let id = format!("x{before}");
        arm(&point, 1_000);
        rig.hook(json!([said("a", &id, &id)])).await;
        let kept = until("quarantine", || async { rig.quarantined().await.get(before).cloned() }).await;
        assert_eq!((kept.reason.code.as_str(), kept.reason.params["begun"].as_str()), ("attempts_exhausted", "3"));
        assert_eq!(kept.reason.provider, Some(format!("injected at {point}")), "with the panic's words");
        assert_eq!(panics_left(&point), 997, "three begins and no more");
        arm(&point, 0);
        rig.hook(json!([said("b", &id, &id)])).await;
        rig.handled().await;
        rig.awake(&rig.probe).await;
        replay(rig.house(), &rig.caller(), kept.id).await.unwrap();
        rig.handled().await;
    }
    assert_eq!(rig.texts(a).await, ["a0", "x0", "x1"]);
    assert_eq!(rig.texts(b).await, ["b0", "x0", "x1"]);
}
