//! A record of every kind the product stores, written through the typed tables, and every read of them: by key, by group, by every index.
//!
//! What there is to be kept is read from the sources: a table, a stream, a case of an enum that is stored and stands in no kept sample makes
//! a test fail.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use kommutator::gateway::commands::Command;
use kommutator::gateway::entries::{
    self, ChangeEntry, CrmMailboxEntry, CrmNews, CrmOutboxEntry, FeedEntry, MailboxEntry, NoticeEntry, OutboxEntry, Tell, TimerEntry,
};
use kommutator::model::connection::ProviderLogin;
use kommutator::model::crm::Joins;
use kommutator::model::ids::{AccountId, CustomerId, NodeId, UserId, WorkspaceId};
use kommutator::model::protocol::Setting;
use kommutator::model::time::TestWorld;
use kommutator::store::batch::Batch;
use kommutator::store::handle::{PartitionStore, Store};
use kommutator::store::port::{DumpItem, Engine, RecordKey, Scan, StreamName};
use kommutator::store::records::{Installation, streams};
use kommutator::store::secrets::{KeySource, Keyring};
use kommutator::store::table::{Record, Stored};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::domain_records::{ACCOUNT, CONNECTION, CONVERSATION, LOGIN, NOW, global, in_workspace, message};

pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId(7);
pub(crate) const KEY: &str = "1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// A hundred years: the kept samples hold keys that still live when somebody reads them.
const LONG_MS: i64 = 100 * 365 * 86_400_000;

/// The keys of the sample, and randomness that is the same each time: so what is sealed is.
pub(crate) fn keyring() -> (Keyring, TestWorld) {
    let world = TestWorld::new(NOW, 7);
    (Keyring::open(KeySource::Given(KEY.to_owned().into()), false, &world).unwrap(), world)
}

/// One record that is kept.
#[async_trait]
pub(crate) trait Kept: Send + Sync {
    fn insert(&self, batch: &mut Batch);
    /// It is found in every way it can be, with every value. `restored`: a restore made a new epoch.
    async fn check(&self, store: &PartitionStore, restored: bool);
}

#[async_trait]
impl<R: Record + Debug> Kept for R {
    fn insert(&self, batch: &mut Batch) {
        Batch::insert(batch, self).unwrap();
    }

    async fn check(&self, store: &PartitionStore, restored: bool) {
        let value = |record: &R| {
            let mut value = serde_json::to_value(record).unwrap();
            if restored && R::TABLE == "workspace" {
                assert!(!value["epoch"].as_str().unwrap().is_empty());
                value["epoch"] = serde_json::Value::Null;
            }
            value
        };
        let (key, wanted): (RecordKey, _) = (self.key(), value(self));
        let same = |found: &Stored<R>, how: &str| assert_eq!(value(&found.record), wanted, "{} by {how}", R::TABLE);
        let found = store.get::<R>(key.clone()).await.unwrap();
        same(&found.unwrap_or_else(|| panic!("no {} {key:?}", R::TABLE)), "key");
        let is_it = |found: &Stored<R>| found.record.key() == key;
        let group = store.scan::<R>(&key.group, Scan::first(1_000)).await.unwrap();
        same(group.iter().find(|found| is_it(found)).expect(R::TABLE), "group");
        for entry in self.indexes() {
            if entry.unique {
                same(&store.get_unique::<R>(entry.index, &entry.group, &entry.sort).await.unwrap().expect(entry.index), entry.index);
                continue;
            }
            let found = store.scan_index::<R>(entry.index, &entry.group, Scan::first(1_000)).await.unwrap();
            assert_eq!(u64::try_from(found.len()).unwrap(), store.count_index::<R>(entry.index, &entry.group).await.unwrap());
            let (_, found) = found.iter().find(|(place, _)| place.sort == entry.sort && place.key == key).expect(entry.index);
            same(found, entry.index);
        }
    }
}

/// What lies in a stream.
fn written<E: Serialize>(entry: &E) -> Vec<u8> {
    entries::write(entry).unwrap()
}

/// The streams of the workspace with their entries.
fn in_streams() -> Vec<(StreamName, Vec<Vec<u8>>)> {
    let m = message(1).id();
    let until = NOW.plus_ms(86_400_000);
    let outbox = || vec![written(&OutboxEntry { m, until })];
    let feed = [
        FeedEntry::Message { c: CONVERSATION, a: ACCOUNT, n: 1, h: 1, new: true, hid: true, d: true, f: true, e: vec![7] },
        FeedEntry::Conversation { c: CONVERSATION, a: ACCOUNT, t: Some(Tell::Assigned { to: UserId(81), by: "owner".to_owned() }), e: vec![8] },
        FeedEntry::Conversation { c: CONVERSATION, a: ACCOUNT, t: Some(Tell::Overdue { step: 2 }), e: Vec::new() },
        FeedEntry::Account { a: ACCOUNT, lost: true },
        FeedEntry::Customer { c: CustomerId(71), a: Some(AccountId(3)) },
        FeedEntry::Setting { s: Setting::Tags },
        FeedEntry::Delivery { c: CONVERSATION, a: ACCOUNT, n: 1 },
        FeedEntry::Connection { c: CONNECTION, lost: true },
    ];
    let command = Command::Close { conversation: CONVERSATION, by: "owner".to_owned() };
    let mailbox = [
        MailboxEntry::Part { at: NOW, body: b"\0\xffpart".to_vec() },
        MailboxEntry::Command { answer: "answer/1".to_owned(), at: NOW, command: Box::new(command) },
        MailboxEntry::Reload,
    ];
    vec![
        (streams::feed(), feed.iter().map(written).collect()),
        (
            streams::changes(CONVERSATION),
            vec![written(&ChangeEntry { n: 1, new: true, t: NOW.0 }), written(&ChangeEntry { n: 1, new: false, t: NOW.0 })],
        ),
        (streams::mailbox(LOGIN), mailbox.iter().map(written).collect()),
        (streams::outbox(LOGIN), outbox()),
        (streams::bulk(LOGIN), outbox()),
        (streams::fetch(LOGIN), vec![b"{\"f\":\"a file\"}".to_vec()]),
        (
            streams::crm_mailbox(CONNECTION),
            [
                CrmMailboxEntry::Release { connection: CONNECTION, conversation: CONVERSATION, before: 2 },
                CrmMailboxEntry::Part { at: NOW, body: b"\0\xffpart".to_vec() },
                CrmMailboxEntry::Again { m },
                CrmMailboxEntry::Open {
                    c: CONVERSATION,
                    j: Joins { contact: Some("77".to_owned()), deal: None },
                    answer: "opened/1".to_owned(),
                    at: NOW,
                },
                CrmMailboxEntry::Look,
                CrmMailboxEntry::Reload,
                CrmMailboxEntry::Unfit { headers: vec![("a".to_owned(), "b".to_owned())], query: "q=1".to_owned(), body: b"\xff".to_vec() },
            ]
            .iter()
            .map(written)
            .collect(),
        ),
        (
            streams::crm_notices(CONNECTION),
            vec![written(&NoticeEntry { m, to: vec!["7".to_owned()], contact: Some("77".to_owned()), deal: Some("78".to_owned()), at: NOW })],
        ),
        (
            streams::crm_outbox(CONNECTION),
            vec![written(&CrmOutboxEntry { m, k: CrmNews::Changed, bulk: true, t: 5, j: Joins { contact: Some("77".to_owned()), deal: None } })],
        ),
    ]
}

fn timers() -> [TimerEntry; 3] {
    let (c, l) = (CONVERSATION, LOGIN);
    [TimerEntry::Snooze { c, l }, TimerEntry::Overdue { c, l, s: 1 }, TimerEntry::Answers { c, l }]
}

fn owner() -> String {
    ProviderLogin::owner_name(LOGIN)
}

/// Fills an empty store.
pub(crate) async fn fill(engine: &Arc<dyn Engine>) {
    let store = Store::new(Arc::clone(engine));
    let workspace = store.workspace(WORKSPACE);
    for (store, kept) in [(store.global(), global()), (workspace.clone(), in_workspace())] {
        for record in kept {
            let mut batch = Batch::new();
            record.insert(&mut batch);
            store.commit(batch).await.unwrap();
        }
    }
    let mut batch = Batch::new();
    batch.once(b"seen".to_vec(), LONG_MS, b"the first answer".to_vec());
    for (stream, entries) in in_streams() {
        for entry in entries {
            batch.append(&stream, entry);
        }
    }
    batch.increment(b"passed".to_vec(), b"in".to_vec(), 3);
    for timer in timers() {
        batch.set_timer(&timer.name(), NOW, written(&timer));
    }
    workspace.commit(batch).await.unwrap();
    workspace.claim(&owner(), NodeId(1), None).await.unwrap().unwrap();
}

/// Every read gives what was written. `restored`: a restore made a new epoch.
pub(crate) async fn check(engine: &Arc<dyn Engine>, restored: bool) {
    let store = Store::new(Arc::clone(engine));
    let workspace = store.workspace(WORKSPACE);
    for (store, kept) in [(store.global(), global()), (workspace.clone(), in_workspace())] {
        for record in kept {
            record.check(&store, restored).await;
        }
    }
    for (stream, wanted) in in_streams() {
        let page = workspace.read(&stream, 0, 100).await.unwrap();
        let found: Vec<(u64, Vec<u8>)> = page.entries.iter().map(|(number, value)| (*number, value.to_vec())).collect();
        assert_eq!(found, (1..).zip(wanted).collect::<Vec<_>>(), "{}", stream.0);
        readable(&stream, &found);
    }
    assert_eq!(workspace.answer(b"seen").await.unwrap().unwrap(), "the first answer");
    assert_eq!(workspace.counters(b"passed").await.unwrap(), [(b"in".to_vec(), 3)]);
    let due = workspace.due(NOW, 10).await.unwrap();
    let found: BTreeSet<_> = due.iter().map(|timer| (timer.id.to_vec(), timer.due, timer.value.to_vec())).collect();
    assert_eq!(found, timers().iter().map(|timer| (timer.name(), NOW, written(timer))).collect());
    assert_eq!(workspace.owner(&owner()).await.unwrap().unwrap().token, 1);
    let (keyring, _) = keyring();
    let installation = store.global().get::<Installation>(Installation::at()).await.unwrap().unwrap();
    keyring.verify_check(&installation.record.key_check).unwrap();
}

/// The program reads each entry as what it is, and would write it so again.
fn readable(stream: &StreamName, found: &[(u64, Vec<u8>)]) {
    fn is<E: DeserializeOwned + Serialize>(bytes: &[u8]) {
        let entry: E = serde_json::from_slice(bytes).unwrap();
        assert_eq!(entries::write(&entry).unwrap(), bytes);
    }
    for (_, bytes) in found {
        match stream.0.split('/').next().unwrap() {
            "feed" => is::<FeedEntry>(bytes),
            "changes" => is::<ChangeEntry>(bytes),
            "mailbox" => is::<MailboxEntry>(bytes),
            "outbox" | "bulk" => is::<OutboxEntry>(bytes),
            "crm_mailbox" => is::<CrmMailboxEntry>(bytes),
            "crm_outbox" => is::<CrmOutboxEntry>(bytes),
            "crm_notices" => is::<NoticeEntry>(bytes),
            // Nothing of the product puts files to fetch there yet.
            "fetch" => {}
            other => panic!("what lies in {other}?"),
        }
    }
}

/// What the sources say is stored, and the store does not hold.
pub(crate) async fn missing(engine: &Arc<dyn Engine>) -> Vec<String> {
    let (mut tables, mut kept_streams, mut values) = (BTreeSet::new(), BTreeSet::new(), String::new());
    for partition in engine.partitions().await.unwrap() {
        let mut place = None;
        loop {
            let (items, next) = engine.dump(partition, place).await.unwrap();
            for item in items {
                match item {
                    DumpItem::Record { table, value, .. } => {
                        tables.insert(table);
                        values.push_str(&String::from_utf8_lossy(&value));
                    }
                    DumpItem::Entry { stream, value, .. } => {
                        kept_streams.insert(stream.split('/').next().unwrap().to_owned());
                        values.push_str(&String::from_utf8_lossy(&value));
                    }
                    DumpItem::Timer { value, .. } => values.push_str(&String::from_utf8_lossy(&value)),
                    _ => {}
                }
            }
            place = next;
            if place.is_none() {
                break;
            }
        }
    }
    let records = source("store/entry_records") + &source("store/records");
    let quoted = |line: &str| line.split('"').nth(1).map(str::to_owned);
    let tables_of = records
        .lines()
        .filter(|line| {
            line.starts_with("by_id!(")
                || line.starts_with("personal!(")
                || line.starts_with("of_user!(")
                || line.trim_start().starts_with("const TABLE")
        })
        .filter_map(quoted);
    let mut missing: Vec<String> = tables_of.filter(|table| !tables.contains(table)).map(|table| format!("table {table}")).collect();
    let streams_of = records.split("pub mod streams").nth(1).unwrap().split("pub fn ").skip(1).map(|rest| rest.split('(').next().unwrap());
    missing.extend(streams_of.filter(|stream| !kept_streams.contains(*stream)).map(|stream| format!("stream {stream}")));
    // Every case of every enum of what is stored.
    let stored = ["message", "conversation", "customer", "connection", "people", "letter", "notice"].map(|name| source(&format!("model/{name}")));
    let used = stored.iter().flat_map(|text| text.lines().filter(|line| line.starts_with("use ") && line.contains("protocol::")));
    let shared: String = used.collect();
    let protocol = source("model/protocol");
    let cases_of = stored.iter().chain([&records, &source("gateway/entries")]).flat_map(|text| cases(text, |_| true)).collect::<Vec<_>>();
    let used = cases(&protocol, |name| shared.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == name));
    missing.extend(
        cases_of.into_iter().chain(used).filter(|(_, case)| !values.contains(&format!("\"{case}\""))).map(|(name, case)| format!("{name} {case}")),
    );
    missing
}

/// A module's text: the files of its folder, then its own.
fn source(module: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module);
    let folder = std::fs::read_dir(&path).into_iter().flatten().map(|entry| entry.unwrap().path());
    let own = Some(path.with_extension("rs")).filter(|own| own.exists());
    folder.chain(own).fold(String::new(), |text, file| text + "\n" + &std::fs::read_to_string(file).unwrap())
}

/// The enums of a source with their cases, as serde writes them.
fn cases(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for body in text.split("\npub enum ").skip(1) {
        let name = body.split(' ').next().unwrap();
        let (mut renamed, mut left_out) = (None, false);
        for line in body.split("\n}").next().unwrap().lines().skip(1).filter(|_| wanted(name)) {
            let Some(line) = line.strip_prefix("    ").filter(|line| !line.starts_with([' ', '/', '}'])) else { continue };
            if line.starts_with('#') {
                renamed = line.split("rename = \"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned).or(renamed);
                left_out |= line.contains("cfg(");
                continue;
            }
            let case: String = line.chars().take_while(|letter| letter.is_alphanumeric()).collect();
            let case = renamed.take().unwrap_or_else(|| snake(&case));
            if !std::mem::take(&mut left_out) {
                found.push((name.to_owned(), case));
            }
        }
    }
    found
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[test]
fn cases_are_read_from_a_source() {
    let text = "x\npub enum Thing {\n    /// a\n    OneTwo,\n    #[serde(rename = \"t\")]\n    Three {\n        /// b\n        Inner: u8,\n    },\n    #[cfg(feature = \"faults\")]\n    Probe,\n    Four(u8),\n}\n";
    let cases: Vec<String> = cases(text, |_| true).into_iter().map(|(_, case)| case).collect();
    assert_eq!(cases, ["one_two", "t", "four"]);
}
