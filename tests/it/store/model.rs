//! Random batches, reads and restarts against a store that is trivially correct: a few maps in memory.

mod shadow;

use kommutator::model::ids::NodeId;
use kommutator::store::port::{CommitError, Direction, Ownership, Scan};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestRunner};

use self::shadow::Model;
use super::harness::{EngineUnderTest, HOME};

const TABLES: [&str; 2] = ["message", "conversation"];
const PARTS: [&[u8]; 4] = [b"", b"a", b"a\0", b"\xff"];
const STREAMS: [&str; 2] = ["feed", "mailbox"];
const OWNERS: [&str; 2] = ["login", "connection"];

/// One part of a batch, in small numbers so that parts meet. What needs the store's state (versions, what an update removes)
/// is filled in from the model when the batch is made.
#[derive(Debug, Clone)]
enum Step {
    /// Put or, if `gone`, delete a record; `stale`: with a version that is not its own.
    Write {
        record: u8,
        gone: bool,
        stale: bool,
        value: u8,
        indexes: u8,
    },
    Expect {
        record: u8,
        stale: bool,
    },
    Once {
        key: u8,
    },
    Take {
        stream: u8,
        number: u8,
    },
    Fence {
        owner: u8,
        stale: bool,
    },
    TakeTimer {
        id: u8,
        stale: bool,
    },
    Append {
        stream: u8,
        value: u8,
    },
    Trim {
        stream: u8,
        through: u8,
    },
    Forget,
    Increment {
        item: u8,
        by: i8,
    },
    SetTimer {
        id: u8,
        due: u8,
    },
    ClearTimer {
        id: u8,
    },
}

#[derive(Debug, Clone)]
enum Op {
    Commit(Vec<Step>),
    Claim { owner: u8, node: u8, stale: bool },
    Scan { above: Option<u8>, below: Option<u8>, descending: bool, limit: u8 },
    Compare,
    Restart,
}

fn steps() -> impl Strategy<Value = Step> {
    // One in eight is stale, so that most batches go through.
    let stale = || (0_u8..8).prop_map(|dice| dice == 0);
    prop_oneof![
        6 => (0_u8..8, 0_u8..5, stale(), any::<u8>(), any::<u8>())
            .prop_map(|(record, gone, stale, value, indexes)| Step::Write { record, gone: gone == 0, stale, value, indexes }),
        1 => (0_u8..8, stale()).prop_map(|(record, stale)| Step::Expect { record, stale }),
        1 => (0_u8..20).prop_map(|key| Step::Once { key }),
        2 => (0_u8..2, 1_u8..12).prop_map(|(stream, number)| Step::Take { stream, number }),
        1 => (0_u8..2, stale()).prop_map(|(owner, stale)| Step::Fence { owner, stale }),
        1 => (0_u8..3, stale()).prop_map(|(id, stale)| Step::TakeTimer { id, stale }),
        4 => (0_u8..2, any::<u8>()).prop_map(|(stream, value)| Step::Append { stream, value }),
        1 => (0_u8..2, 0_u8..20).prop_map(|(stream, through)| Step::Trim { stream, through }),
        1 => (0_u8..3, any::<i8>()).prop_map(|(item, by)| Step::Increment { item, by }),
        1 => Just(Step::Forget),
        1 => (0_u8..3, 0_u8..5).prop_map(|(id, due)| Step::SetTimer { id, due }),
        1 => (0_u8..3).prop_map(|id| Step::ClearTimer { id }),
    ]
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let place = || proptest::option::of(0_u8..16);
    let op = prop_oneof![
        20 => vec(steps(), 1..6).prop_map(Op::Commit),
        2 => (0_u8..2, 1_u8..4, any::<bool>()).prop_map(|(owner, node, stale)| Op::Claim { owner, node, stale }),
        6 => (place(), place(), any::<bool>(), 0_u8..6).prop_map(|(above, below, descending, limit)| Op::Scan { above, below, descending, limit }),
        1 => Just(Op::Compare),
        1 => Just(Op::Restart),
    ];
    vec(op, 10..50)
}

async fn run<E: EngineUnderTest>(ops: Vec<Op>) {
    let mut test = E::fresh().await;
    let mut model = Model::default();
    for (number, op) in ops.into_iter().enumerate() {
        match op {
            Op::Commit(steps) => {
                let batch = model.batch(&steps, number);
                let answer = match test.engine().commit(HOME, batch.clone()).await {
                    Ok(committed) => Ok(committed),
                    Err(CommitError::Refused(refusal)) => Err(refusal),
                    Err(CommitError::Store(error)) => panic!("{error}"),
                };
                assert_eq!(answer, model.commit(&batch), "{batch:?}");
            }
            Op::Claim { owner, node, stale } => {
                let owner = OWNERS[usize::from(owner)];
                let held = model.owners.get(owner).copied();
                let seen = if stale { Some(Ownership { node: NodeId(9), token: 1 }) } else { held };
                let claimed = test.engine().claim(HOME, owner, NodeId(u64::from(node)), seen).await.unwrap();
                let expected = (seen == held).then(|| Ownership { node: NodeId(u64::from(node)), token: held.map_or(0, |held| held.token) + 1 });
                assert_eq!(claimed, expected);
                model.owners.extend(expected.map(|ownership| (owner.to_owned(), ownership)));
            }
            Op::Scan { above, below, descending, limit } => {
                let bound = |place: Option<u8>| place.map(|place| [PARTS[usize::from(place) % 4], PARTS[usize::from(place) / 4]].concat());
                let direction = if descending { Direction::Descending } else { Direction::Ascending };
                let scan = Scan { above: bound(above), below: bound(below), direction, limit: usize::from(limit) };
                model.compare_scans(test.engine(), &scan).await;
            }
            Op::Compare => model.compare(test.engine()).await,
            Op::Restart => {
                test.restart().await;
                model.compare(test.engine()).await;
            }
        }
    }
    model.compare(test.engine()).await;
    test.restart().await;
    model.compare(test.engine()).await;
}

pub(crate) async fn random_batches_do_as_the_model_says<E: EngineUnderTest>() {
    // The runner is not async: it runs on a thread of its own and each case on a runtime of its own.
    let runs = tokio::task::spawn_blocking(|| {
        let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, max_shrink_iters: 300, ..Config::default() });
        runner.run(&ops(), |ops| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run::<E>(ops));
            Ok(())
        })
    });
    if let Err(failure) = runs.await.unwrap() {
        panic!("{failure}");
    }
}
