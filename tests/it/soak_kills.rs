//! P1, P2, P4: the process is killed (SIGKILL) at random moments while visitors and managers write through their sockets. A ledger
//! outside of it holds every message that was called durable. In the end the log holds each of them, once, in its writer's order;
//! every socket was shown exactly the log; every counter and index equals a recount; every attachment opens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kommutator::store::port::Engine;
use kommutator::store::redis::RedisEngine;
use kommutator::store::sqlite::SqliteEngine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::support::client::{Client, Happened, Role, whole_log};
use crate::support::ledger::Ledger;
use crate::support::node::{Dice, Node, Plan, full, http, report, seed, until};
use crate::support::recount::recount;
use crate::support::redis_server::RedisServer;

/// Frames a writer has under way at once.
const WINDOW: usize = 3;

struct Scale {
    kills: u64,
    visitors: usize,
    managers: usize,
}

fn scale() -> Scale {
    if full() { Scale { kills: 50, visitors: 48, managers: 16 } } else { Scale { kills: 3, visitors: 5, managers: 3 } }
}

/// Messages by conversation.
type Log = BTreeMap<String, Vec<Value>>;

/// What the writers share.
struct Run {
    ledger: Ledger,
    /// Conversations that exist, by visitor.
    conversations: std::sync::Mutex<BTreeSet<String>>,
    /// Names and hashes of what was uploaded.
    files: std::sync::Mutex<BTreeMap<String, String>>,
    stop: AtomicBool,
    /// What everybody must have been shown in the end.
    log: watch::Sender<Option<Arc<Log>>>,
}

fn content(name: &str) -> Vec<u8> {
    name.as_bytes().repeat(700)
}

/// Writes until told to stop, then goes on reading until everything was shown.
async fn writer(run: Arc<Run>, name: String, mut client: Client, mut dice: Dice) -> Client {
    let mut number = 0;
    let mut log = run.log.subscribe();
    let is_visitor = name.starts_with("visitor");
    loop {
        let stopped = run.stop.load(Ordering::SeqCst);
        if !stopped && client.waiting() < WINDOW {
            let known: Vec<String> = run.conversations.lock().unwrap().iter().cloned().collect();
            let conversation = match is_visitor {
                true => None,
                false => known.get(usize::try_from(dice.below(known.len() as u64)).unwrap()).cloned(),
            };
            if is_visitor || conversation.is_some() {
                let key = format!("{name}-{number}");
                let mut files = Vec::new();
                if dice.below(12) == 0
                    && client.connects > 0
                    && let Some(file) = client.upload(&format!("{key}.txt"), content(&key)).await
                {
                    run.files.lock().unwrap().insert(format!("{key}.txt"), data_encoding::HEXLOWER.encode(&Sha256::digest(content(&key))));
                    files.push(file);
                }
                client.send(&key, conversation.as_deref(), &format!("слово {key}"), &files, dice.below(10) == 0).await;
                number += 1;
            }
        }
        match client.turn(Duration::from_millis(if stopped { 50 } else { 5 })).await {
            Happened::Accepted(accepted) => {
                run.conversations.lock().unwrap().insert(accepted.conversation.clone());
                run.ledger.note(&name, accepted);
            }
            Happened::Event(event) if dice.below(20) == 0 && event["message"].is_object() => {
                let message = &event["message"];
                let mut read = json!({"type": "read", "up_to": message["id"]});
                if !is_visitor {
                    read["conversation"] = message["conversation"].clone();
                }
                client.say(&read).await;
            }
            Happened::Error(error) => {
                let code = error["code"].as_str().unwrap();
                assert!(["try_again", "store_full"].contains(&code), "{name}: {error}");
            }
            Happened::Closed(code) => {
                assert!(code.is_none_or(|code| (1000..=1015).contains(&code) || (4000..4100).contains(&code)), "{name}: {code:?}")
            }
            _ => {}
        }
        if stopped && client.waiting() == 0 {
            let expected = log.borrow_and_update().clone();
            if let Some(expected) = expected
                && missing(&client, &expected, is_visitor).is_empty()
            {
                return client;
            }
        }
    }
}

/// What a client should have been shown and was not.
fn missing(client: &Client, log: &BTreeMap<String, Vec<Value>>, is_visitor: bool) -> Vec<String> {
    let wanted = log.iter().filter(|(id, _)| !is_visitor || client.conversation.as_ref() == Some(id)).flat_map(|(_, messages)| messages);
    wanted.map(|message| message["id"].as_str().unwrap().to_owned()).filter(|id| !client.shown.contains_key(id)).collect()
}

async fn kills(redis: Option<RedisServer>) {
    let folder = tempfile::tempdir().unwrap();
    let (scale, seed) = (scale(), seed());
    let mut redis = redis;
    let mut plan = Plan::new(&folder.path().join("data"));
    if let Some(redis) = &redis {
        plan = plan.redis(&redis.url()).with("--limits", "off").with("--lease-seconds", "3");
    }
    let started = Instant::now();
    let mut node = tokio::task::block_in_place(|| Node::start(&plan));
    let run = Arc::new(Run {
        ledger: Ledger::new(),
        conversations: std::sync::Mutex::default(),
        files: std::sync::Mutex::default(),
        stop: AtomicBool::new(false),
        log: watch::Sender::new(None),
    });
    let mut tasks = Vec::new();
    for at in 0..scale.visitors + scale.managers {
        let (name, role) = if at < scale.visitors {
            (format!("visitor{at}"), Role::Visitor { widget: node.printed.widget_key.clone(), nonce: format!("soakkillsvisitor{at:04}") })
        } else {
            (format!("manager{at}"), Role::Manager { token: node.printed.token.clone() })
        };
        let client = Client::new(role, vec![plan.url()]);
        tasks.push((name.clone(), tokio::spawn(writer(Arc::clone(&run), name, client, Dice::new(seed ^ (at as u64 + 1))))));
    }
    let mut dice = Dice::new(seed);
    let (mut back, mut store_kills) = (Vec::new(), 0);
    let per_kill = if full() { 400 } else { 60 };
    for kill in 0..scale.kills {
        let goal = run.ledger.count() + 20 + usize::try_from(dice.below(per_kill)).unwrap();
        let limit = tokio::time::timeout(Duration::from_secs(90), run.ledger.reaches(goal)).await;
        assert!(limit.is_ok(), "the writers go on; {} accepted\n{}", run.ledger.count(), node.log());
        // A moment that follows from the seed, not from what the writers do.
        tokio::time::sleep(Duration::from_millis(dice.below(40))).await;
        let killed = Instant::now();
        if let Some(redis) = &mut redis
            && kill % 4 == 3
        {
            tokio::task::block_in_place(|| redis.restart());
            store_kills += 1;
        } else {
            tokio::task::block_in_place(|| node.restart());
        }
        // What the ended process had said is read by now; the next comes from the new one.
        let count = run.ledger.count();
        let again = tokio::time::timeout(Duration::from_secs(90), run.ledger.reaches(count + 1)).await;
        assert!(again.is_ok(), "service comes back\n{}", node.log());
        back.push(killed.elapsed());
    }
    run.stop.store(true, Ordering::SeqCst);
    // Everybody's last frames are answered, and then the log stands still.
    let log = until("the log stands still", Duration::from_secs(120), async || {
        let one = whole_log(&plan.url(), &node.printed.token).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let two = whole_log(&plan.url(), &node.printed.token).await;
        let size = |log: &BTreeMap<String, Vec<Value>>| log.values().map(Vec::len).sum::<usize>();
        (size(&one) == size(&two)).then_some(two)
    })
    .await;
    run.log.send_replace(Some(Arc::new(log)));
    let (mut connects, mut resumes, mut resets) = (0, 0, 0);
    for (name, task) in tasks {
        let client = match tokio::time::timeout(Duration::from_secs(120), task).await {
            Ok(client) => client.unwrap(),
            Err(_) => panic!("{name} was not shown everything\n{}", node.log()),
        };
        assert!(client.wrong.is_empty(), "{name} was shown as new again, or out of order: {:?}", client.wrong);
        assert!(!name.starts_with("visitor") || client.resets == 0, "{name} had to load anew {} times", client.resets);
        connects += client.connects;
        resumes += client.resumes;
        resets += client.resets;
    }
    let log = whole_log(&plan.url(), &node.printed.token).await;
    let (accepted, repeated) = run.ledger.compare(&log);
    let uploaded = run.files.lock().unwrap().clone();
    let files = attachments(&plan.url(), &log, &uploaded).await;
    let counters = node.get("/api/v1/conversations/counters").await;
    let listed = lists(&node).await;
    node.signal("TERM");
    assert!(tokio::task::block_in_place(|| node.ended(Duration::from_secs(40))), "{}", node.log());
    let engine: Arc<dyn Engine> = match &redis {
        Some(redis) => RedisEngine::open(&redis.url(), None).await.unwrap(),
        None => SqliteEngine::open(&plan.data).unwrap(),
    };
    let counted = recount(&engine).await;
    engine.close().await;
    let messages: usize = log.values().map(Vec::len).sum();
    assert_eq!((counted.conversations, counted.messages), (log.len(), messages));
    assert_eq!(counters, json!({"open": counted.conversations, "unread": counted.unread, "unanswered": counted.unanswered}));
    assert_eq!(listed, (counted.unread as usize, counted.unanswered as usize), "the lists");
    assert_eq!((counted.work, counted.quarantined), (0, 0), "work left, quarantined");
    let most = back.iter().max().unwrap();
    let mean = back.iter().sum::<Duration>() / u32::try_from(back.len()).unwrap();
    let engine = if redis.is_some() { "redis" } else { "sqlite" };
    report(
        &format!("soak_kills_{engine}"),
        "The process is killed (SIGKILL) at random moments while visitors and managers write. Nothing accepted is lost, nothing is doubled, order is kept; counters and indexes equal a recount; attachments open.",
        &[
            ("kills of the process, of Redis", format!("{}, {store_kills}", scale.kills - store_kills)),
            ("writers", format!("{} visitors, {} managers", scale.visitors, scale.managers)),
            ("messages accepted, in the log", format!("{accepted}, {messages}")),
            ("lost, doubled, out of order", "0, 0, 0".to_owned()),
            ("answers that were repeated ones", repeated.to_string()),
            ("connections, of them resumed, loaded anew", format!("{connects}, {resumes}, {resets}")),
            ("from the kill to the next accepted, mean and most", format!("{mean:.1?}, {most:.1?}")),
            ("attachments opened", files.to_string()),
            ("records and index entries recounted", format!("{}, {}", counted.records, counted.index_entries)),
            ("whole run", format!("{:.0?}", started.elapsed())),
        ],
    );
}

/// Opens every attachment of the log and compares it with what was uploaded.
async fn attachments(url: &str, log: &BTreeMap<String, Vec<Value>>, files: &BTreeMap<String, String>) -> usize {
    let mut opened = 0;
    for file in log.values().flatten().flat_map(|message| message["attachments"].as_array().unwrap()) {
        let bytes = http().get(format!("{url}{}", file["url"].as_str().unwrap())).send().await.unwrap().error_for_status().unwrap();
        let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes.bytes().await.unwrap()));
        assert_eq!(Some(&hash), files.get(file["name"].as_str().unwrap()), "{file}");
        opened += 1;
    }
    opened
}

/// How many conversations the lists show as unread and unanswered.
async fn lists(node: &Node) -> (usize, usize) {
    let count = async |view: &str| node.get(&format!("/api/v1/conversations?view={view}&limit=100")).await["items"].as_array().unwrap().len();
    (count("unread").await, count("unanswered").await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_kills_sqlite() {
    kills(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_kills_redis() {
    kills(Some(RedisServer::start())).await;
}
