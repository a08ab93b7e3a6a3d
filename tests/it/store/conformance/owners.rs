//! Fences, claims, heartbeats.

use std::sync::Arc;

use futures_util::future::join_all;
use kommutator::model::ids::NodeId;
use kommutator::store::port::{Ownership, Partition, Refusal};

use crate::store::harness::{EngineUnderTest, HOME, batch, commit, entries, refusal, soon, stream};

const ANN: NodeId = NodeId(1);
const BOB: NodeId = NodeId(u64::MAX);

pub(crate) async fn claiming_is_compare_and_set<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    assert_eq!(engine.owner(HOME, "login:1").await.unwrap(), None);
    // Nobody owned it: a claim that saw an owner saw wrong.
    assert_eq!(engine.claim(HOME, "login:1", ANN, Some(Ownership { node: BOB, token: 1 })).await.unwrap(), None);
    let ann = engine.claim(HOME, "login:1", ANN, None).await.unwrap().unwrap();
    assert_eq!(ann, Ownership { node: ANN, token: 1 });
    assert_eq!(engine.owner(HOME, "login:1").await.unwrap(), Some(ann));
    for wrong in [None, Some(Ownership { node: BOB, token: 1 }), Some(Ownership { node: ANN, token: 2 }), Some(Ownership { node: ANN, token: 0 })] {
        assert_eq!(engine.claim(HOME, "login:1", BOB, wrong).await.unwrap(), None);
    }
    let bob = engine.claim(HOME, "login:1", BOB, Some(ann)).await.unwrap().unwrap();
    assert_eq!(bob, Ownership { node: BOB, token: 2 });
    assert_eq!(engine.claim(HOME, "login:1", ANN, Some(ann)).await.unwrap(), None);
    // Claiming anew what one owns fences off what one's own dead actor left running.
    let again = engine.claim(HOME, "login:1", BOB, Some(bob)).await.unwrap().unwrap();
    assert_eq!(again, Ownership { node: BOB, token: 3 });
    assert_eq!(engine.owner(HOME, "login:2").await.unwrap(), None);
    assert_eq!(engine.owner(Partition(1), "login:1").await.unwrap(), None);
}

pub(crate) async fn tokens_never_fall<E: EngineUnderTest>() {
    let mut test = E::fresh().await;
    let mut seen = None;
    for round in 1..=4 {
        let node = if round % 2 == 0 { ANN } else { BOB };
        let mine = test.engine().claim(HOME, "login", node, seen).await.unwrap().unwrap();
        assert_eq!(mine, Ownership { node, token: round });
        test.engine().leave(node).await.unwrap();
        test.restart().await;
        assert_eq!(test.engine().owner(HOME, "login").await.unwrap(), Some(mine));
        seen = Some(mine);
    }
}

pub(crate) async fn a_fence_holds_only_the_current_token<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let engine = test.engine();
    let fenced = |owner: &str, token| {
        let mut batch = batch();
        batch.fence(owner, token);
        batch.append(&stream("feed"), token.to_string());
        batch
    };
    let refused = Refusal::Fenced { owner: "login".to_owned() };
    assert_eq!(refusal(engine, fenced("login", 0)).await, refused, "nobody owns it yet");
    assert_eq!(refusal(engine, fenced("login", 1)).await, refused);
    let first = engine.claim(HOME, "login", ANN, None).await.unwrap();
    commit(engine, fenced("login", 1)).await;
    assert_eq!(refusal(engine, fenced("login", 2)).await, refused);
    engine.claim(HOME, "login", BOB, first).await.unwrap().unwrap();
    assert_eq!(refusal(engine, fenced("login", 1)).await, refused);
    commit(engine, fenced("login", 2)).await;
    assert_eq!(refusal(engine, fenced("other", 2)).await, Refusal::Fenced { owner: "other".to_owned() });
    assert_eq!(entries(engine, "feed").await, [(1, "1".to_owned()), (2, "2".to_owned())]);
}

pub(crate) async fn of_many_claims_one_wins<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let second = test.second().await.unwrap_or_else(|| Arc::clone(test.engine()));
    let mut seen = None;
    for round in 1..=3 {
        let claims = (1..=20_u64).map(|node| {
            let engine = if node % 2 == 0 { Arc::clone(test.engine()) } else { Arc::clone(&second) };
            tokio::spawn(async move { engine.claim(HOME, "login", NodeId(node), seen).await.unwrap() })
        });
        let won: Vec<Ownership> = join_all(claims).await.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(won.len(), 1);
        assert_eq!(won[0].token, round);
        assert_eq!(test.engine().owner(HOME, "login").await.unwrap(), Some(won[0]));
        seen = Some(won[0]);
    }
}

pub(crate) async fn a_heartbeat_tells_who_is_alive<E: EngineUnderTest>() {
    const LEASE_MS: i64 = 300;
    let test = E::fresh().await;
    let engine = test.engine();
    let first = engine.heartbeat(ANN, LEASE_MS).await.unwrap();
    assert_eq!(first.alive, [ANN]);
    // Steady after a whole lease of beats at the latest; the store's clock goes on meanwhile.
    let steady = soon(async {
        loop {
            let nodes = engine.heartbeat(ANN, LEASE_MS).await.unwrap();
            assert_eq!(nodes.alive, [ANN]);
            if nodes.steady {
                return nodes;
            }
        }
    })
    .await;
    assert!(steady.now >= first.now);
    if let Some(second) = test.second().await {
        let newcomer = second.heartbeat(BOB, LEASE_MS).await.unwrap();
        assert!(!newcomer.steady, "who has just come may not judge others");
        assert_eq!(newcomer.alive.len(), 2);
        // Who falls silent is off the list after a lease; who goes on beating stays and is steady.
        soon(async {
            loop {
                let nodes = engine.heartbeat(ANN, LEASE_MS).await.unwrap();
                assert!(nodes.alive.contains(&ANN) && nodes.steady);
                if nodes.alive == [ANN] {
                    break;
                }
            }
        })
        .await;
        // Who leaves is off at once.
        second.heartbeat(BOB, 600_000).await.unwrap();
        second.leave(BOB).await.unwrap();
        assert_eq!(engine.heartbeat(ANN, 600_000).await.unwrap().alive, [ANN]);
    }
    engine.leave(ANN).await.unwrap();
}
