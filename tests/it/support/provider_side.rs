//! A provider's side of a run: chats whose webhooks are posted until they are taken, and the fakes that are sent to. Both keep their
//! account outside of the product; in the end it is compared with the log.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use kommutator::model::time::{RealWorld, World};

use super::client::id_of;
use super::fake_provider::{Act, Call, FakeProvider, Taken};
use super::node::{Dice, Node, http};

/// What the fakes do with the same send twice, as `/faults/probe` names it.
pub(crate) const REPEATS: [&str; 3] = ["send_twice", "keyed", "lookup"];
/// A text with this word is refused by a moody fake.
pub(crate) const REFUSED: &str = "нельзя";
/// A provider waits so long for its 200.
const POST_LIMIT: Duration = Duration::from_secs(5);
/// And so long before it posts again.
const POST_PAUSE: Duration = Duration::from_millis(50);

/// A probe login and the fake behind it.
pub(crate) struct Login {
    pub(crate) repeats: &'static str,
    pub(crate) fake: FakeProvider,
    hook: String,
}

impl Login {
    /// Made on this node.
    pub(crate) async fn make(node: &Node, repeats: &'static str) -> Arc<Self> {
        let fake = FakeProvider::start(repeats == "keyed");
        let body = json!({ "base_url": fake.url, "repeats": repeats });
        let made = http().post(format!("{}/faults/probe", node.url())).bearer_auth(&node.printed.token).json(&body).send().await.unwrap();
        let made: Value = made.error_for_status().unwrap().json().await.unwrap();
        let hook = format!("/hooks/{}/{}", made["login"].as_str().unwrap(), made["hook"].as_str().unwrap());
        Arc::new(Self { repeats, fake, hook })
    }

    /// Its fake is slow at times, before it takes a message and after, and refuses some. All well within the time a call has.
    pub(crate) fn moody(&self, mut dice: Dice) {
        self.fake.rule(move |text| match (text.contains(REFUSED), dice.below(6)) {
            (true, _) => Act::Reject,
            (false, 0) => Act::Slow(Duration::from_millis(dice.below(250)), Duration::from_millis(dice.below(250))),
            (false, 1) => Act::Slow(Duration::ZERO, Duration::from_millis(dice.below(500))),
            (false, _) => Act::Take,
        });
    }
}

/// Counts what providers posted.
#[derive(Default)]
pub(crate) struct Posts {
    /// Webhooks that were taken, each once.
    pub(crate) taken: AtomicUsize,
    /// Posted again because they were not answered with 200.
    pub(crate) again: AtomicUsize,
    /// Posted again although they were.
    pub(crate) needless: AtomicUsize,
}

/// A chat as its provider knows it.
pub(crate) struct Chat {
    pub(crate) login: Arc<Login>,
    pub(crate) name: String,
    account: &'static str,
    /// What the customer's messages say now, oldest first.
    said: Vec<String>,
    /// Everything that happened in it.
    events: Vec<Value>,
    /// What was told of messages of ours, by the provider's id.
    receipts: BTreeMap<String, &'static str>,
    at: i64,
}

impl Chat {
    pub(crate) fn new(login: &Arc<Login>, name: String) -> Self {
        let account = if name.ends_with('1') { "two" } else { "one" };
        Self { login: Arc::clone(login), name, account, said: Vec::new(), events: Vec::new(), receipts: BTreeMap::new(), at: 0 }
    }

    /// Lets something happen in it and posts that until it is taken, and sometimes once more. A webhook may repeat what an earlier one said
    /// beside its own news.
    pub(crate) async fn goes_on(&mut self, client: &reqwest::Client, places: &[String], dice: &mut Dice, posts: &Posts) {
        let news = self.happens(dice);
        let mut events = vec![news.clone()];
        if dice.below(8) == 0
            && let Some(old) = pick(&self.events, dice)
        {
            events.insert(0, old.clone());
        }
        self.events.push(news);
        let body = Value::from(events).to_string();
        let mut at = usize::try_from(dice.below(places.len() as u64)).unwrap();
        let mut post = async || {
            at += 1;
            let to = format!("{}{}", places[at % places.len()], self.login.hook);
            let answer = client.post(to).timeout(POST_LIMIT).body(body.clone()).send().await;
            answer.is_ok_and(|answer| answer.status() == 200)
        };
        while !post().await {
            posts.again.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(POST_PAUSE).await;
        }
        posts.taken.fetch_add(1, Ordering::SeqCst);
        if dice.below(8) == 0 {
            posts.needless.fetch_add(1, Ordering::SeqCst);
            post().await;
        }
    }

    fn happens(&mut self, dice: &mut Dice) -> Value {
        self.at = RealWorld.now().0.max(self.at + 1);
        let event = |id: &str, event: &str| json!({ "account": self.account, "chat": self.name, "id": id, "at": self.at, "event": event });
        let kind = dice.below(10);
        if kind == 0 && !self.said.is_empty() {
            let number = usize::try_from(dice.below(self.said.len() as u64)).unwrap();
            let text = format!("слово {} {number} исправлено {}", self.name, self.events.len());
            let mut edited = event(&number.to_string(), "edited");
            edited["text"] = json!(text);
            self.said[number] = text;
            return edited;
        }
        let unread = |taken: &Taken| self.receipts.get(&taken.id) != Some(&"read");
        if kind == 1
            && let Some(taken) = pick(&self.login.fake.taken_in(&self.name, unread), dice)
        {
            let known = self.receipts.contains_key(&taken.id);
            let status = if known || dice.below(2) == 0 { "read" } else { "delivered" };
            let mut receipt = event(&taken.id, "receipt");
            receipt["status"] = json!(status);
            self.receipts.insert(taken.id.clone(), status);
            return receipt;
        }
        let number = self.said.len();
        let text = format!("слово {} {number}", self.name);
        let mut message = event(&number.to_string(), "message");
        message["from"] = json!({ "id": self.name, "name": format!("Клиент {}", self.name) });
        message["text"] = json!(text);
        self.said.push(text);
        message
    }
}

fn pick<'a, T>(from: &'a [T], dice: &mut Dice) -> Option<&'a T> {
    from.get(usize::try_from(dice.below(from.len() as u64)).unwrap())
}

/// What the fakes were asked and what came of it.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Sends {
    /// Messages of ours in the providers' chats, and how they stand.
    pub(crate) messages: usize,
    pub(crate) sent: usize,
    pub(crate) failed: usize,
    pub(crate) unknown: usize,
    /// Calls at the fakes, those of them that a kill cut, and the messages the fakes have.
    pub(crate) calls: usize,
    pub(crate) cut: usize,
    pub(crate) taken: usize,
}

/// A kill: from the moment before it until the next process served.
pub(crate) type Cut = (Instant, Instant);

/// Compares the providers' account with the log. Every webhook that was taken had its effect once and in its chat's order. Every message of
/// ours stands as sent, refused or unknown. An effect is a message in the fake's history: what it drops as a repeat is none. A message that
/// stands as sent has one effect for each of its pieces, no message has two, and where repeats go twice none was even tried twice. Unknown is
/// only what a kill cut: nothing else of its chat went between it and a kill. The history's order is the log's.
pub(crate) fn compare(log: &BTreeMap<String, Vec<Value>>, chats: &[Chat], cuts: &[Cut]) -> Sends {
    let mut by_name: HashMap<&str, Vec<&String>> = HashMap::new();
    for (id, messages) in log {
        let first = messages.iter().find(|message| message["direction"] == "inbound");
        if let Some(name) = first.and_then(|message| message["text"].as_str()?.split(' ').nth(1)) {
            by_name.entry(name).or_default().push(id);
        }
    }
    let mut logins: BTreeMap<&str, Vec<&Chat>> = BTreeMap::new();
    for chat in chats {
        logins.entry(&chat.login.hook).or_default().push(chat);
    }
    let mut sends = Sends::default();
    for chats in logins.into_values() {
        let history = History::of(&chats[0].login);
        let mut known = (0, 0);
        for chat in chats.into_iter().filter(|chat| !chat.said.is_empty()) {
            let found = by_name.get(chat.name.as_str()).cloned().unwrap_or_default();
            assert_eq!(found.len(), 1, "{} is one conversation", chat.name);
            let messages = &log[found[0]];
            let inbound: Vec<&str> = messages.iter().filter(|one| one["direction"] == "inbound").map(|one| one["text"].as_str().unwrap()).collect();
            assert_eq!(inbound, chat.said, "{}: what was taken stands once, in order, in its last words", chat.name);
            let seen = history.compare(chat, messages, cuts, &mut sends);
            known = (known.0 + seen.0, known.1 + seen.1);
        }
        assert_eq!(known, (history.calls.len(), history.taken.len()), "{}: what went out is in the log", history.repeats);
        sends.calls += history.calls.len();
        sends.taken += history.taken.len();
        let cut = |call: &&Call| cuts.iter().any(|(from, until)| call.at < *until && call.ended.is_none_or(|ended| ended > *from));
        sends.cut += history.calls.iter().filter(cut).count();
    }
    sends
}

/// What one fake has seen.
struct History {
    repeats: &'static str,
    calls: Vec<Call>,
    taken: Vec<Taken>,
    by_key: HashMap<String, (Vec<usize>, Vec<usize>)>,
}

impl History {
    fn of(login: &Login) -> Self {
        let (calls, taken) = login.fake.history();
        let mut by_key: HashMap<String, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (at, call) in calls.iter().enumerate() {
            by_key.entry(call.key.clone()).or_default().0.push(at);
        }
        for (at, taken) in taken.iter().enumerate() {
            by_key.entry(taken.key.clone()).or_default().1.push(at);
        }
        Self { repeats: login.repeats, calls, taken, by_key }
    }

    /// The calls and the effects of each piece of a message.
    fn pieces<'a>(&'a self, message: &'a Value) -> Vec<(&'a str, &'a [usize], &'a [usize])> {
        let (id, text) = (id_of(message), message["text"].as_str().unwrap());
        let texts = text.split_once('|').map_or(vec![text], |(first, second)| vec![first, second]);
        let found = texts.into_iter().enumerate().map(|(at, text)| match self.by_key.get(&format!("{id}-{at}-0")) {
            Some((calls, taken)) => (text, calls.as_slice(), taken.as_slice()),
            None => (text, [].as_slice(), [].as_slice()),
        });
        found.collect()
    }

    /// Compares a chat; answers how many of the calls and of the effects belong to its log.
    fn compare(&self, chat: &Chat, messages: &[Value], cuts: &[Cut], sends: &mut Sends) -> (usize, usize) {
        let (mut calls_known, mut taken_known) = (0, 0);
        let mut order = Vec::new();
        let ours: Vec<&Value> = messages.iter().filter(|one| one["direction"] == "outbound").collect();
        for (at, message) in ours.iter().enumerate() {
            let status = message["state"]["status"].as_str().unwrap();
            let reason = message["state"]["reason"]["code"].as_str();
            let pieces = self.pieces(message);
            for (text, calls, taken) in &pieces {
                calls_known += calls.len();
                taken_known += taken.len();
                let same = |call: &usize| self.calls[*call].text == **text && self.calls[*call].chat.as_deref() == Some(&chat.name);
                assert!(calls.iter().all(same) && calls.iter().all(|call| self.calls[*call].account == chat.account), "{message}");
                assert!(taken.len() <= 1, "{}: doubled at the provider: {message}", self.repeats);
                assert!(self.repeats != "send_twice" || calls.len() <= 1, "sent twice by ourselves: {message}");
            }
            sends.messages += 1;
            match status {
                "sent" | "delivered" | "read" => {
                    sends.sent += 1;
                    assert!(pieces.iter().all(|(_, _, taken)| taken.len() == 1), "{}: it never arrived: {message}", self.repeats);
                    let told = |taken: &usize| chat.receipts.get(&self.taken[*taken].id).copied().unwrap_or("sent");
                    let told = pieces.iter().flat_map(|(_, _, taken)| taken.iter()).map(told);
                    let least = told.min_by_key(|status| ["sent", "delivered", "read"].iter().position(|known| known == status));
                    assert_eq!(Some(status), least, "{}: what the provider told last: {message}", self.repeats);
                    order.extend(pieces.iter().flat_map(|(_, _, taken)| taken.iter().copied()));
                }
                "failed" => {
                    sends.failed += 1;
                    match reason {
                        Some("rejected") => assert!(pieces.iter().any(|(text, ..)| text.contains(REFUSED)), "{message}"),
                        // Three lives of the process in a row ended while it was begun, before a call.
                        Some("attempts_exhausted") => assert!(pieces.iter().all(|(_, _, taken)| taken.is_empty()), "{message}"),
                        _ => panic!("{message}"),
                    }
                    order.extend(pieces.iter().flat_map(|(_, _, taken)| taken.iter().copied()));
                }
                "unknown" => {
                    sends.unknown += 1;
                    // The latter: three lives of the process in a row ended over it.
                    assert!(reason.is_some_and(|reason| ["answer_lost", "attempts_exhausted"].contains(&reason)), "{message}");
                    let ends = |messages: &[&Value]| -> Vec<Instant> {
                        let calls = messages.iter().flat_map(|message| self.pieces(message)).flat_map(|(_, calls, _)| calls.to_vec());
                        calls.map(|call| self.calls[call].at).collect()
                    };
                    let (before, after) = (ends(&ours[..=at]).into_iter().max(), ends(&ours[at + 1..]).into_iter().min());
                    let between = |cut: &&Cut| before.is_none_or(|before| before < cut.1) && after.is_none_or(|after| after > cut.0);
                    assert!(cuts.iter().any(|cut| between(&cut)), "{}: no kill cut it: {message}", self.repeats);
                }
                other => panic!("{other} in the end: {message}"),
            }
        }
        assert!(order.is_sorted(), "{}: {} went out in another order than the log's: {order:?}", self.repeats, chat.name);
        (calls_known, taken_known)
    }
}
