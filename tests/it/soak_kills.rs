//! P1, P2, P4: the process is killed (SIGKILL) at random moments while visitors and managers write through their sockets, providers post
//! webhooks, and answers go out to them. A ledger outside of it holds every message that was called durable, and the providers keep what
//! they posted and what they were sent. In the end the log holds each of them, once, in its writer's order; the providers have each answer
//! once, but for those a kill cut, which are told apart; every socket was shown exactly the log, in its last state; every counter and index
//! equals a recount; every attachment opens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kommutator::store::port::Engine;
use kommutator::store::redis::RedisEngine;
use kommutator::store::sqlite::SqliteEngine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::support::client::{Client, Happened, Role, id_of, whole_log};
use crate::support::ledger::Ledger;
use crate::support::node::{Dice, Node, Plan, full, http, report, seed, until};
use crate::support::provider_side::{Chat, Login, Posts, REFUSED, REPEATS, compare};
use crate::support::recount::recount;
use crate::support::redis_server::RedisServer;

/// Frames a writer has under way at once.
const WINDOW: usize = 3;
/// Answers of a manager to providers' chats that are not settled: with more he waits.
const UNSETTLED: usize = 8;
/// Chats of a writer of webhooks.
const CHATS: usize = 3;

struct Scale {
    kills: u64,
    visitors: usize,
    managers: usize,
    /// Writers of webhooks.
    hooks: usize,
}

fn scale() -> Scale {
    if full() { Scale { kills: 50, visitors: 24, managers: 16, hooks: 24 } } else { Scale { kills: 4, visitors: 4, managers: 3, hooks: 3 } }
}

/// Messages by conversation.
type Log = BTreeMap<String, Vec<Value>>;

/// What the writers share.
struct Run {
    ledger: Ledger,
    /// Conversations that exist: of visitors, and of providers' chats.
    conversations: std::sync::Mutex<BTreeSet<String>>,
    chats: std::sync::Mutex<BTreeSet<String>>,
    posts: Posts,
    /// What managers had accepted. They are shown what everybody writes, and set the pace: else this would be a test of a long queue.
    answered: AtomicUsize,
    /// Names and hashes of what was uploaded.
    files: std::sync::Mutex<BTreeMap<String, String>>,
    stop: AtomicBool,
    /// What everybody must have been shown in the end.
    log: watch::Sender<Option<Arc<Log>>>,
}

impl Run {
    /// Whether a visitor writes on: visitors are not far ahead of the managers.
    fn keeps_pace(&self) -> bool {
        self.ledger.count() < 3 * self.answered.load(Ordering::SeqCst) + 100
    }

    /// A conversation for a manager to write to, and whether it is a provider's chat.
    fn choose(&self, dice: &mut Dice, may_be_chat: bool) -> Option<(String, bool)> {
        let is_chat = may_be_chat && dice.below(4) != 0;
        let known = if is_chat { &self.chats } else { &self.conversations }.lock().unwrap();
        known.iter().nth(usize::try_from(dice.below(known.len() as u64)).unwrap()).map(|id| (id.clone(), is_chat))
    }
}

fn content(name: &str) -> Vec<u8> {
    name.as_bytes().repeat(700)
}

/// Writes until told to stop, then goes on reading until everything was shown.
async fn writer(run: Arc<Run>, name: String, mut client: Client, mut dice: Dice) -> Client {
    let mut number = 0;
    let mut unsettled: BTreeSet<String> = BTreeSet::new();
    let mut log = run.log.subscribe();
    let is_visitor = name.starts_with("visitor");
    loop {
        let stopped = run.stop.load(Ordering::SeqCst);
        if !stopped && client.waiting() < WINDOW {
            unsettled.retain(|id| client.shown.get(id).is_none_or(|message| message["state"]["status"] == "queued"));
            let chosen = if is_visitor { None } else { run.choose(&mut dice, unsettled.len() < UNSETTLED) };
            let writes = if is_visitor { run.keeps_pace() } else { chosen.is_some() };
            if writes {
                let key = format!("{name}-{number}");
                let mut files = Vec::new();
                if dice.below(12) == 0
                    && client.connects > 0
                    && let Some(file) = client.upload(&format!("{key}.txt"), content(&key)).await
                {
                    run.files.lock().unwrap().insert(format!("{key}.txt"), data_encoding::HEXLOWER.encode(&Sha256::digest(content(&key))));
                    files.push(file);
                }
                let text = match chosen {
                    // As two pieces; what the provider refuses; and what it takes.
                    Some((_, true)) if dice.below(8) == 0 => format!("слово {key}|слово и {key}"),
                    Some((_, true)) if dice.below(16) == 0 => format!("слово {key} {REFUSED}"),
                    _ => format!("слово {key}"),
                };
                client.send(&key, chosen.as_ref().map(|(id, _)| id.as_str()), &text, &files, dice.below(10) == 0).await;
                number += 1;
            }
        }
        match client.turn(Duration::from_millis(if stopped { 50 } else { 5 })).await {
            Happened::Accepted(accepted) => {
                if is_visitor {
                    run.conversations.lock().unwrap().insert(accepted.conversation.clone());
                } else {
                    run.answered.fetch_add(1, Ordering::SeqCst);
                    if run.chats.lock().unwrap().contains(&accepted.conversation) {
                        unsettled.insert(accepted.id.clone());
                    }
                }
                run.ledger.note(&name, accepted);
            }
            Happened::Event(event) if event["message"].is_object() => {
                let message = &event["message"];
                if message["direction"] == "inbound" && message["client_id"].is_null() {
                    run.chats.lock().unwrap().insert(message["conversation"].as_str().unwrap().to_owned());
                }
                if dice.below(20) == 0 {
                    let mut read = json!({"type": "read", "up_to": message["id"]});
                    if !is_visitor {
                        read["conversation"] = message["conversation"].clone();
                    }
                    client.say(&read).await;
                }
            }
            Happened::Error(error) => {
                let code = error["code"].as_str().unwrap();
                assert!(["try_again", "store_full", "too_many"].contains(&code), "{name}: {error}");
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

/// What a client should have been shown and was not, or not as it stands in the end.
fn missing(client: &Client, log: &Log, is_visitor: bool) -> Vec<String> {
    let wanted = log.iter().filter(|(id, _)| !is_visitor || client.conversation.as_ref() == Some(id)).flat_map(|(_, messages)| messages);
    wanted.filter(|message| client.shown.get(&id_of(message)).map(stands) != Some(stands(message))).map(id_of).collect()
}

/// How a message stands and what it says.
fn stands(message: &Value) -> (&str, &str) {
    (message["state"]["status"].as_str().unwrap(), message["text"].as_str().unwrap())
}

/// Posts webhooks of its chats until told to stop. It keeps step with the other writers.
async fn hooks(run: Arc<Run>, mut chats: Vec<Chat>, url: String, mut dice: Dice) -> Vec<Chat> {
    let client = http();
    while !run.stop.load(Ordering::SeqCst) {
        let posted = run.posts.taken.load(Ordering::SeqCst);
        if tokio::time::timeout(Duration::from_millis(50), run.ledger.reaches(posted)).await.is_ok() {
            let at = usize::try_from(dice.below(CHATS as u64)).unwrap();
            chats[at].goes_on(&client, std::slice::from_ref(&url), &mut dice, &run.posts).await;
        }
    }
    chats
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
        chats: std::sync::Mutex::default(),
        posts: Posts::default(),
        answered: AtomicUsize::new(0),
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
    let mut logins = Vec::new();
    for (at, repeats) in REPEATS.into_iter().enumerate() {
        let login = Login::make(&node, repeats).await;
        login.moody(Dice::new(seed ^ (at as u64 + 1_001)));
        logins.push(login);
    }
    let mut hooked = Vec::new();
    for at in 0..scale.hooks {
        let chats = (0..CHATS).map(|chat| Chat::new(&logins[(at + chat) % logins.len()], format!("h{at}c{chat}"))).collect();
        hooked.push(tokio::spawn(hooks(Arc::clone(&run), chats, plan.url(), Dice::new(seed ^ (at as u64 + 2_001)))));
    }
    let mut dice = Dice::new(seed);
    let (mut back, mut started_again, mut cuts, mut store_kills) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let per_kill = if full() { 400 } else { 60 };
    for kill in 0..scale.kills {
        let goal = run.ledger.count() + 20 + usize::try_from(dice.below(per_kill)).unwrap();
        let limit = tokio::time::timeout(Duration::from_secs(90), run.ledger.reaches(goal)).await;
        assert!(limit.is_ok(), "the writers go on; {} accepted\n{}", run.ledger.count(), node.log());
        if kill % 2 == 0 {
            // Half of the kills cut a call for sure.
            until("a call is under way", Duration::from_secs(60), async || logins.iter().any(|login| login.fake.under_way() > 0).then_some(())).await;
        } else {
            // A moment that follows from the seed, not from what the writers do.
            tokio::time::sleep(Duration::from_millis(dice.below(40))).await;
        }
        let killed = Instant::now();
        if let Some(redis) = &mut redis
            && kill % 4 == 3
        {
            // Its answers are late, but none is lost: this leaves no send unknown.
            tokio::task::block_in_place(|| redis.restart());
            store_kills += 1;
        } else {
            tokio::task::block_in_place(|| node.restart());
            started_again.push(killed.elapsed());
            cuts.push((killed, Instant::now()));
        }
        // What the ended process had said is read by now; the next comes from the new one.
        let count = run.ledger.count();
        let again = tokio::time::timeout(Duration::from_secs(90), run.ledger.reaches(count + 1)).await;
        assert!(again.is_ok(), "service comes back\n{}", node.log());
        back.push(killed.elapsed());
    }
    run.stop.store(true, Ordering::SeqCst);
    let mut chats = Vec::new();
    for task in hooked {
        chats.extend(tokio::time::timeout(Duration::from_secs(60), task).await.expect("the last webhooks are taken").unwrap());
    }
    // Everybody's last frames are answered, what had to go out is settled, and then the log stands still.
    let log = until("the log stands still", Duration::from_secs(180), async || {
        let one = whole_log(&plan.url(), &node.printed.token).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let two = whole_log(&plan.url(), &node.printed.token).await;
        let all = |log: &Log| {
            log.values().flatten().map(|message| (id_of(message), stands(message).0.to_owned(), stands(message).1.to_owned())).collect::<Vec<_>>()
        };
        let settled = two.values().flatten().all(|message| stands(message).0 != "queued");
        (settled && all(&one) == all(&two)).then_some(two)
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
    let sends = compare(&log, &chats, &cuts);
    assert!(sends.cut > 0, "kills cut calls: {sends:?}");
    let uploaded = run.files.lock().unwrap().clone();
    let files = attachments(&plan.url(), &log, &uploaded).await;
    let counters = node.get("/api/v1/conversations/counters").await;
    let listed = lists(&node).await;
    let ids: BTreeSet<String> = log.values().flatten().map(id_of).collect();
    let found = until("the search has everything", Duration::from_secs(120), async || {
        let found = found(&node, "слово").await;
        (found.1 && found.0.len() >= ids.len()).then_some(found.0)
    })
    .await;
    assert_eq!(found, ids, "the search finds the log, all of it and nothing else");
    let edited: BTreeSet<String> = log.values().flatten().filter(|message| stands(message).1.contains("исправлено")).map(id_of).collect();
    assert_eq!(self::found(&node, "исправлено").await, (edited, true), "the search knows the last words");
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
    // Nobody is given or puts aside anything here.
    let expected = json!({
        "open": counted.conversations, "unread": counted.unread, "unanswered": counted.unanswered,
        "unassigned": counted.conversations, "mine": 0, "snoozed": 0,
    });
    assert_eq!(counters, expected);
    assert_eq!(listed, (counted.unread as usize, counted.unanswered as usize), "the lists");
    assert_eq!((counted.work, counted.quarantined), (0, 0), "work left, quarantined");
    let mean_and_most = |times: &[Duration]| {
        let mean = times.iter().sum::<Duration>() / u32::try_from(times.len()).unwrap();
        format!("{mean:.1?}, {:.1?}", times.iter().max().unwrap())
    };
    let engine = if redis.is_some() { "redis" } else { "sqlite" };
    let posted = |count: &AtomicUsize| count.load(Ordering::SeqCst);
    report(
        &format!("soak_kills_{engine}"),
        "The process is killed (SIGKILL) at random moments while visitors and managers write, webhooks come in and answers go out to three counting fake providers: one sends a repeat twice, one drops it, one can be asked. Nothing accepted is lost, nothing is doubled, order is kept; what a kill cut on its way out is settled or shown as unknown; counters and indexes equal a recount; attachments open.",
        &[
            ("kills of the process, of Redis", format!("{}, {store_kills}", scale.kills - store_kills)),
            ("writers", format!("{} visitors, {} managers, {} of webhooks", scale.visitors, scale.managers, scale.hooks)),
            ("messages accepted, in the log", format!("{accepted}, {messages}")),
            ("lost, doubled, out of order", "0, 0, 0".to_owned()),
            ("answers that were repeated ones", repeated.to_string()),
            (
                "webhooks taken; posted again for want of a 200, and after it",
                format!("{}; {}, {}", posted(&run.posts.taken), posted(&run.posts.again), posted(&run.posts.needless)),
            ),
            ("messages sent out; sent, refused, unknown", format!("{}; {}, {}, {}", sends.messages, sends.sent, sends.failed, sends.unknown)),
            ("calls at the providers, cut by a kill, messages they have", format!("{}, {}, {}", sends.calls, sends.cut, sends.taken)),
            ("connections, of them resumed, loaded anew", format!("{connects}, {resumes}, {resets}")),
            ("from the kill until it serves again, mean and most", mean_and_most(&started_again)),
            ("from the kill to the next accepted, mean and most", mean_and_most(&back)),
            ("attachments opened, messages found by search", format!("{files}, {}", found.len())),
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

/// Every message the search finds under a word, and whether it says that this is all.
async fn found(node: &Node, word: &str) -> (BTreeSet<String>, bool) {
    let (mut found, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = node.get(&format!("/api/v1/search?q={word}{cursor}")).await;
        found.extend(page["items"].as_array().unwrap().iter().map(|item| id_of(&item["message"])));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (found, page["complete"] == json!(true)),
        }
    }
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
