//! Two nodes over one Redis, the channel their customers write by, and two accounts of the fake amoCRM.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kommutator::app::open_house;
use kommutator::channel::registry::Channels;
use kommutator::config::{Config, Options};
use kommutator::gateway::house::House;
use kommutator::model::ids::{AccountId, LoginId};
use kommutator::model::people::Workspace;
use kommutator::model::time::{RealWorld, World};
use kommutator::store::port::{Engine, Scan};
use kommutator::store::redis::RedisEngine;
use serde_json::{Value, json};

use super::ledger::{self, Call, Words};
use crate::support::amocrm::Wanted;
use crate::support::fake_provider::FakeProvider;
use crate::support::fakes::Fake;
use crate::support::node::{KEY, Node, Plan, full, http, until};
use crate::support::recount::{Recount, recount};
use crate::support::redis_server::RedisServer;

/// The account in «Чаты», and the one in «Добавлять».
pub(super) const CHATS: &str = "demo";
pub(super) const NOTES: &str = "second";
/// The node hooks come to.
pub(super) const DOOR: usize = 1;
/// How many conversations a connection serves side by side.
pub(super) const SIDE_BY_SIDE: usize = 16;
/// Events in one hook of the channel.
const EVENTS: usize = 500;

/// Nothing takes longer.
fn patience() -> Duration {
    Duration::from_secs(if full() { 40 * 60 } else { 150 })
}

/// How a customer is called.
pub(super) fn person(name: &str) -> String {
    format!("Клиент {name}")
}

/// Which channel account a customer writes to, and the amoCRM account that feeds: every fifth is one of notes.
fn place(name: &str) -> (&'static str, &'static str) {
    let number = name.strip_prefix('k').and_then(|number| number.parse::<u32>().ok());
    if number.is_some_and(|number| number % 5 == 4) { ("two", NOTES) } else { ("one", CHATS) }
}

pub(super) struct Shop {
    nodes: [Node; 2],
    /// The node that is asked.
    asked: usize,
    token: String,
    pub(super) amo: Fake,
    /// The channel's provider.
    pub(super) provider: FakeProvider,
    hook: String,
    connections: [String; 2],
    /// What customers said, by the amoCRM account they belong to.
    pub(super) said: BTreeMap<&'static str, Words>,
    told: u64,
    /// How far the clocks were put forward.
    ahead: i64,
    /// How often tokens ended.
    pub(super) expiries: u64,
    /// Calls the fake refused while its limiter was narrowed.
    pub(super) refused: u64,
    /// Calls it did not let in.
    pub(super) shut_out: u64,
    /// The calls of one integration that it lets through in a second.
    pub(super) limit: usize,
    redis: RedisServer,
    _folder: tempfile::TempDir,
}

/// The store, as a program beside the nodes sees it.
async fn beside(folder: &tempfile::TempDir, redis: &RedisServer) -> House {
    let variables = [("DATA", folder.path().join("beside").display().to_string()), ("REDIS", redis.url()), ("KEY", KEY.to_owned())];
    let variables = variables.map(|(name, value)| (format!("KOMMUTATOR_{name}"), value));
    open_house(&Config::read(&Options::default(), variables).unwrap(), Channels::all(), Arc::new(RealWorld)).await.unwrap()
}

impl Shop {
    pub(super) async fn open(faster: usize) -> Self {
        let (folder, redis) = (tempfile::tempdir().unwrap(), RedisServer::start());
        let plan = |name: &str| {
            let plan = Plan::new(&folder.path().join(name)).redis(&redis.url()).variable("KOMMUTATOR_PATIENCE", &faster.to_string());
            plan.with("--limits", "off").with("--lease-seconds", "3").with("--outside-private", "on")
        };
        let plans = [plan("one"), plan("two")];
        let door = plans[DOOR].url();
        // One after the other: the first makes the workspace and owns all.
        let nodes = plans.map(|plan| tokio::task::block_in_place(|| Node::start(&plan.with("--public-url", &door))));
        let token = nodes[0].printed.token.clone();
        let (amo, provider) = (Fake::start("amocrm").await, FakeProvider::start(true));
        let mut shop = Self {
            nodes,
            asked: DOOR,
            token,
            amo,
            provider,
            hook: String::new(),
            connections: Default::default(),
            said: [(CHATS, Words::new()), (NOTES, Words::new())].into(),
            told: 0,
            ahead: 0,
            expiries: 0,
            refused: 0,
            shut_out: 0,
            // In short a machine that stands still for half a second must not look like a gateway without a gate.
            limit: if full() { 7 } else { 10 * faster },
            redis,
            _folder: folder,
        };
        // Our clock goes ahead of that of the machine, by which dates are judged.
        let settings = json!({ "signature_clock": "real", "date_ahead_ms": 1e12, "per_integration": shop.limit, "per_account": 100 * faster });
        shop.amo.act("settings", settings).await;
        let made = shop.ask("POST", "/faults/probe", json!({ "base_url": shop.provider.url, "repeats": "keyed" })).await;
        shop.hook = format!("/hooks/{}/{}", made["login"].as_str().unwrap(), made["hook"].as_str().unwrap());
        let house = beside(&shop._folder, &shop.redis).await;
        let workspace = house.store.global().scan::<Workspace>(&[], Scan::first(2)).await.unwrap()[0].record.id;
        let login: LoginId = made["login"].as_str().unwrap().parse().unwrap();
        for (at, (account, from)) in [(CHATS, "one"), (NOTES, "two")].into_iter().enumerate() {
            let integration = json!({ "client_id": format!("{at}d0d0d0d-1111-4222-8333-444444444444") });
            let wanted = Wanted { account, integration, chats: account == CHATS, settings: json!({}), base: &door };
            let from: AccountId = made[from].as_str().unwrap().parse().unwrap();
            shop.connections[at] = wanted.make(&house, workspace, &shop.amo, login, &[from]).await.to_string();
        }
        for id in &shop.connections {
            let set_up = async || shop.connection(id).await["facts"]["set_up_for"].is_string().then_some(());
            until("amoCRM knows where to send", patience(), set_up).await;
        }
        shop
    }

    /// Asks as the owner, again and again while nobody answers.
    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let node = &self.nodes[self.asked];
        let prefix = if path.starts_with("/faults") { "" } else { "/api/v1" };
        until(path, patience(), async || {
            let request = http().request(method.parse().unwrap(), format!("{}{prefix}{path}", node.url())).bearer_auth(&self.token);
            let request = if body.is_null() { request } else { request.json(&body) };
            let answer = request.send().await.ok().filter(|answer| answer.status() != 503)?;
            assert!(answer.status().is_success(), "{method} {path} {body}: {}", answer.status());
            answer.json().await.ok()
        })
        .await
    }

    async fn connection(&self, id: &str) -> Value {
        self.ask("GET", &format!("/connections/{id}"), Value::Null).await
    }

    /// Customers write, in this order.
    pub(super) async fn says(&mut self, all: &[(&str, &str)]) {
        for some in all.chunks(EVENTS) {
            let mut events = Vec::new();
            for (name, text) in some {
                let (account, feeds) = place(name);
                self.told += 1;
                self.said.get_mut(feeds).unwrap().entry(person(name)).or_default().push((*text).to_owned());
                let from = json!({ "id": name, "name": person(name) });
                let (id, at) = (format!("m{}", self.told), RealWorld.now().0);
                events.push(json!({ "account": account, "chat": name, "id": id, "at": at, "event": "message", "from": from, "text": text }));
            }
            let (to, body) = (format!("{}{}", self.nodes[self.asked].url(), self.hook), Value::from(events).to_string());
            until("the hook is taken", patience(), async || {
                http().post(&to).body(body.clone()).send().await.ok().filter(|answer| answer.status() == 200).map(|_| ())
            })
            .await;
        }
    }

    /// How much customers of an amoCRM account said.
    pub(super) fn total(&self, account: &str) -> usize {
        self.said[account].values().map(Vec::len).sum()
    }

    /// amoCRM lets nobody in; or does again, and somebody sees to both connections.
    pub(super) async fn blocked(&mut self, on: bool) {
        for account in [CHATS, NOTES] {
            self.amo.act("blocks", json!({ "account": account, "on": on })).await;
        }
        if !on {
            self.shut_out = self.amo.look("limits").await["blocked"].as_u64().unwrap();
            for id in &self.connections {
                self.ask("PATCH", &format!("/connections/{id}"), json!({ "name": format!("amoCRM {id}") })).await;
            }
        }
    }

    /// How much is queued.
    pub(super) async fn waiting(&self) -> u64 {
        let mut waiting = 0;
        // What failed is tried no more, and does not wait.
        for id in &self.connections {
            let connection = self.connection(id).await;
            assert_eq!(connection["failed"], 0, "{connection}");
            waiting += connection["waiting"].as_u64().unwrap();
        }
        waiting
    }

    /// So many messages are queued.
    pub(super) async fn waits(&self, number: u64) {
        until(&format!("{number} wait"), patience(), async || (self.waiting().await == number).then_some(())).await;
    }

    /// At most so many are.
    pub(super) async fn goes_on_until(&self, number: u64) {
        until(&format!("{number} are left"), patience(), async || (self.waiting().await <= number).then_some(())).await;
    }

    /// A message is in amoCRM.
    pub(super) async fn goes(&self, text: &str) {
        let sought = json!({ "call": "amojo.message", "when": text });
        until("it is in amoCRM", patience(), async || (self.amo.act("count", sought.clone()).await != json!(0)).then_some(())).await;
    }

    async fn put_forward(&self, at: usize, ms: i64) {
        let url = format!("{}/faults/clock", self.nodes[at].url());
        let sent = http().post(url).bearer_auth(&self.token).json(&json!({ "ms": ms })).send().await.unwrap();
        assert!(sent.status().is_success());
    }

    /// So much time goes by, at amoCRM first.
    pub(super) async fn later(&mut self, ms: i64) {
        self.ahead += ms;
        self.amo.act("clock", json!({ "advance_ms": ms })).await;
        for at in 0..self.nodes.len() {
            self.put_forward(at, ms).await;
        }
    }

    /// The tokens of both accounts end, and everybody finds out: what is known of the customers is too old to be believed, and in each
    /// account there is something to be said.
    pub(super) async fn tokens_end(&mut self) {
        for account in [CHATS, NOTES] {
            self.amo.act("ends", json!({ "account": account })).await;
        }
        self.later(61_000).await;
        let text = format!("после конца {}", self.expiries);
        self.says(&[("vera", &text), ("k4", &text)]).await;
        self.renewed().await;
    }

    /// So much of their life has gone that they are exchanged ahead of their end.
    pub(super) async fn tokens_nearly_end(&mut self) {
        self.later(15 * 3_600_000).await;
        self.renewed().await;
    }

    async fn renewed(&mut self) {
        self.expiries += 2;
        until("new tokens", patience(), async || (ledger::refreshes(&self.amo).await >= self.expiries).then_some(())).await;
    }

    /// amoCRM lets few calls through until it has refused so many.
    pub(super) async fn crowd(&mut self, refusals: u64) {
        self.amo.act("settings", json!({ "per_integration": 2 })).await;
        let refused = async || self.amo.look("limits").await["refused"].as_u64().unwrap();
        let wanted = self.refused + refusals;
        until("calls are refused", patience(), async || (refused().await >= wanted).then_some(())).await;
        self.amo.act("settings", json!({ "per_integration": self.limit })).await;
        self.refused = refused().await;
    }

    /// So many messages are brought and not answered: as many customers have something to say, whatever of the backlog is left.
    pub(super) async fn hold(&mut self, account: &str, times: usize) {
        let call = if account == CHATS { "amojo.message" } else { "leads.notes.create" };
        // What was to go wrong and did not yet would take their turn.
        self.amo.act("calm", json!({})).await;
        let held = async |amo: &Fake| amo.look("held").await.as_u64().unwrap() as usize;
        let wanted = held(&self.amo).await + times;
        self.amo.act("faults", json!({ "call": call, "when": "слово", "times": times, "act": { "kind": "hold" } })).await;
        let names = (0..).map(|number| format!("k{number}")).filter(|name| place(name).1 == account).take(times);
        let more: Vec<(String, String)> = names.map(|name| (name.clone(), format!("слово {name} ещё {}", self.told))).collect();
        let more: Vec<(&str, &str)> = more.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        self.says(&more).await;
        until("calls are held", patience(), async || (held(&self.amo).await >= wanted).then_some(())).await;
    }

    /// A customer's chat there. Asked for early: while it tells all that it has the fake does nothing else, and calls would come in bunches.
    pub(super) async fn chat(&self, name: &str) -> Value {
        let state = self.state(CHATS).await;
        state["chats"].as_array().unwrap().iter().find(|chat| chat["who"]["name"] == person(name)).unwrap()["id"].clone()
    }

    /// Somebody answers in a chat of amoCRM.
    pub(super) async fn answers(&self, chat: &Value, text: &str) {
        self.amo.act("writes", json!({ "account": CHATS, "chat": chat, "text": text })).await;
    }

    pub(super) async fn reaches_customer(&self, text: &str) {
        until(&format!("«{text}» reaches the customer"), patience(), async || (!self.provider.taken(text).is_empty()).then_some(())).await;
    }

    /// Kills the node that owns the connections, or one of them, and asks the other one from then on.
    pub(super) async fn kill_the_owner(&mut self) -> usize {
        let owner = until("a node owns the connections", patience(), async || {
            let owned = [self.nodes[0].metric("kommutator_crm_actors").await, self.nodes[1].metric("kommutator_crm_actors").await];
            (owned[0] + owned[1] >= 2.0).then_some(usize::from(owned[1] > owned[0]))
        })
        .await;
        self.asked = 1 - owner;
        tokio::task::block_in_place(|| self.nodes[owner].kill());
        owner
    }

    /// The node that is asked owns them.
    pub(super) async fn has_an_owner(&self) {
        until("it took over", patience(), async || (self.nodes[self.asked].metric("kommutator_crm_actors").await >= 2.0).then_some(())).await;
    }

    pub(super) async fn start_again(&mut self, at: usize) {
        let plan = self.nodes[at].plan.clone();
        self.nodes[at] = tokio::task::block_in_place(|| Node::start(&plan));
        self.put_forward(at, self.ahead).await;
    }

    pub(super) async fn calls(&self) -> Vec<Call> {
        ledger::calls(&self.amo).await
    }

    pub(super) async fn state(&self, account: &str) -> Value {
        self.amo.look(&format!("state?account={account}")).await
    }

    /// Ends the nodes and counts the store anew.
    pub(super) async fn close(self) -> Recount {
        let Self { nodes, redis, .. } = self;
        tokio::task::block_in_place(|| drop(nodes));
        let engine: Arc<dyn Engine> = RedisEngine::open(&redis.url(), None).await.unwrap();
        let counted = recount(&engine).await;
        engine.close().await;
        counted
    }
}
