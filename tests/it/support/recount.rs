//! Counts a whole store anew, from its records and logs, and compares: every index entry points to a record and every record has its
//! entries, every log is without a gap, every counter says what the log says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use kommutator::gateway::tally;
use kommutator::model::connection::{AccountLink, ChannelAccount, ProviderApp, ProviderLogin};
use kommutator::model::conversation::{Conversation, Episode, Fact, PastEpisode};
use kommutator::model::crm::{CrmConnection, CrmDirectory, CrmPlace, CrmTalk};
use kommutator::model::customer::{Apart, Customer, CustomerLink, Identity};
use kommutator::model::entry::{Invite, LoginChallenge, PasswordReset};
use kommutator::model::letter::Letter;
use kommutator::model::mailing::Mailing;
use kommutator::model::message::{Delivery, Message, Origin};
use kommutator::model::notice::{Absence, AnswerLetter, Attendance, LetterReader, Notice, NoticePlace, NoticeWishes, PushSubscription};
use kommutator::model::people::{ApiToken, AuditEntry, Credential, Member, User, Workspace};
use kommutator::model::personal::{Mark, SavedDraft};
use kommutator::model::protocol::EntryDirection;
use kommutator::model::reply::CannedReply;
use kommutator::model::tag::Tag;
use kommutator::model::tally::{Counted, bucket};
use kommutator::model::visit::Visit;
use kommutator::model::webhook::{Webhook, WebhookDelivery, WebhookPlace};
use kommutator::store::port::{DumpItem, Engine, Partition, RawRecord, RecordKey};
use kommutator::store::records::{Connecting, FileRecord, Installation, LoginState, PendingChanges, Pointer, Quarantine, WorkAttempts};
use kommutator::store::table::{Record, decode};

/// What was found, for reports.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Recount {
    pub(crate) records: usize,
    pub(crate) index_entries: usize,
    pub(crate) conversations: usize,
    pub(crate) messages: usize,
    pub(crate) unread: u32,
    pub(crate) unanswered: u32,
    /// Work that still lies in mailboxes and outboxes.
    pub(crate) work: usize,
    pub(crate) quarantined: usize,
}

type Entry = (String, String, bool, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);

#[derive(Default)]
struct Found {
    records: Vec<(String, RawRecord)>,
    entries: BTreeSet<Entry>,
    streams: BTreeMap<String, (u64, u64, Vec<u64>)>,
    counters: BTreeMap<(Vec<u8>, Vec<u8>), i64>,
}

/// Counts anew and compares; the problems found make the test fail. Nobody may write meanwhile.
pub(crate) async fn recount(engine: &Arc<dyn Engine>) -> Recount {
    let mut counted = Recount::default();
    let mut problems = Vec::new();
    for partition in engine.partitions().await.unwrap() {
        let found = read(engine, partition).await;
        indexes(&found, &mut problems);
        conversations(&found, &mut counted, &mut problems);
        counted.records += found.records.len();
        counted.index_entries += found.entries.len();
        counted.quarantined += found.records.iter().filter(|(table, _)| table == Quarantine::TABLE).count();
        for (stream, (_, _, numbers)) in &found.streams {
            let is_work = ["mailbox/", "outbox/", "bulk/", "fetch/"].iter().any(|kind| stream.starts_with(kind));
            counted.work += if is_work { numbers.len() } else { 0 };
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    counted
}

async fn read(engine: &Arc<dyn Engine>, partition: Partition) -> Found {
    let mut found = Found::default();
    let mut place = None;
    loop {
        let (items, next) = engine.dump(partition, place).await.unwrap();
        for item in items {
            match item {
                DumpItem::Record { table, group, item, version, value } => {
                    let raw = RawRecord { key: RecordKey { group, item }, version, value: Bytes::from(value) };
                    found.records.push((table, raw));
                }
                DumpItem::Index { table, index, unique, group, sort, record_group, record_item } => {
                    found.entries.insert((table, index, unique, group, sort, record_group, record_item));
                }
                DumpItem::Stream { stream, trimmed, last } => {
                    found.streams.entry(stream).or_default().0 = trimmed;
                    let _ = last; // set with the entries below; a stream without entries keeps its state
                }
                DumpItem::Entry { stream, number, .. } => found.streams.entry(stream).or_default().2.push(number),
                DumpItem::Counter { group, item, value } => {
                    found.counters.insert((group, item), value);
                }
                DumpItem::Once { .. } | DumpItem::Timer { .. } | DumpItem::Owner { .. } => {}
            }
        }
        match next {
            Some(next) => place = Some(next),
            None => return found,
        }
    }
}

/// The entries a record should have.
fn wanted<R: Record>(raw: &RawRecord) -> Vec<Entry> {
    let record = decode::<R>(raw).unwrap().record;
    assert_eq!(record.key(), raw.key, "{} lies elsewhere", R::TABLE);
    let entry = |entry: kommutator::store::port::IndexEntry| {
        (R::TABLE.to_owned(), entry.index.to_owned(), entry.unique, entry.group, entry.sort, raw.key.group.clone(), raw.key.item.clone())
    };
    record.indexes().into_iter().map(entry).collect()
}

fn indexes(found: &Found, problems: &mut Vec<String>) {
    let mut expected = BTreeSet::new();
    for (table, raw) in &found.records {
        let entries = match table.as_str() {
            Workspace::TABLE => wanted::<Workspace>(raw),
            User::TABLE => wanted::<User>(raw),
            Member::TABLE => wanted::<Member>(raw),
            ApiToken::TABLE => wanted::<ApiToken>(raw),
            AuditEntry::TABLE => wanted::<AuditEntry>(raw),
            Credential::TABLE => wanted::<Credential>(raw),
            ProviderApp::TABLE => wanted::<ProviderApp>(raw),
            ProviderLogin::TABLE => wanted::<ProviderLogin>(raw),
            ChannelAccount::TABLE => wanted::<ChannelAccount>(raw),
            CrmConnection::TABLE => wanted::<CrmConnection>(raw),
            CrmTalk::TABLE => wanted::<CrmTalk>(raw),
            CrmDirectory::TABLE => wanted::<CrmDirectory>(raw),
            CrmPlace::TABLE => wanted::<CrmPlace>(raw),
            Mailing::TABLE => wanted::<Mailing>(raw),
            AccountLink::TABLE => wanted::<AccountLink>(raw),
            Identity::TABLE => wanted::<Identity>(raw),
            Apart::TABLE => wanted::<Apart>(raw),
            Customer::TABLE => wanted::<Customer>(raw),
            CustomerLink::TABLE => wanted::<CustomerLink>(raw),
            Conversation::TABLE => wanted::<Conversation>(raw),
            Message::TABLE => wanted::<Message>(raw),
            Delivery::TABLE => wanted::<Delivery>(raw),
            Fact::TABLE => wanted::<Fact>(raw),
            Visit::TABLE => wanted::<Visit>(raw),
            PastEpisode::TABLE => wanted::<PastEpisode>(raw),
            FileRecord::TABLE => wanted::<FileRecord>(raw),
            Quarantine::TABLE => wanted::<Quarantine>(raw),
            WorkAttempts::TABLE => wanted::<WorkAttempts>(raw),
            Installation::TABLE => wanted::<Installation>(raw),
            Invite::TABLE => wanted::<Invite>(raw),
            PasswordReset::TABLE => wanted::<PasswordReset>(raw),
            LoginChallenge::TABLE => wanted::<LoginChallenge>(raw),
            Letter::TABLE => wanted::<Letter>(raw),
            Pointer::TABLE => wanted::<Pointer>(raw),
            Tag::TABLE => wanted::<Tag>(raw),
            Webhook::TABLE => wanted::<Webhook>(raw),
            WebhookPlace::TABLE => wanted::<WebhookPlace>(raw),
            WebhookDelivery::TABLE => wanted::<WebhookDelivery>(raw),
            CannedReply::TABLE => wanted::<CannedReply>(raw),
            Mark::TABLE => wanted::<Mark>(raw),
            SavedDraft::TABLE => wanted::<SavedDraft>(raw),
            NoticeWishes::TABLE => wanted::<NoticeWishes>(raw),
            Absence::TABLE => wanted::<Absence>(raw),
            Attendance::TABLE => wanted::<Attendance>(raw),
            PushSubscription::TABLE => wanted::<PushSubscription>(raw),
            Notice::TABLE => wanted::<Notice>(raw),
            AnswerLetter::TABLE => wanted::<AnswerLetter>(raw),
            LetterReader::TABLE => wanted::<LetterReader>(raw),
            NoticePlace::TABLE => wanted::<NoticePlace>(raw),
            PendingChanges::TABLE => wanted::<PendingChanges>(raw),
            LoginState::TABLE => wanted::<LoginState>(raw),
            Connecting::TABLE => wanted::<Connecting>(raw),
            other => panic!("the recount does not know the table {other} yet"),
        };
        expected.extend(entries);
    }
    for entry in expected.difference(&found.entries) {
        problems.push(format!("a record without its entry: {} {}", entry.0, entry.1));
    }
    for entry in found.entries.difference(&expected) {
        problems.push(format!("an entry without its record: {} {}", entry.0, entry.1));
    }
}

fn conversations(found: &Found, counted: &mut Recount, problems: &mut Vec<String>) {
    let mut messages: BTreeMap<u64, Vec<Message>> = BTreeMap::new();
    let of = |table: &'static str| found.records.iter().filter(move |(name, _)| name == table).map(|(_, raw)| raw);
    for raw in of(Message::TABLE) {
        let message = decode::<Message>(raw).unwrap().record;
        messages.entry(message.conversation.0).or_default().push(message);
    }
    let mut past: BTreeMap<u64, Vec<Episode>> = BTreeMap::new();
    for raw in of(PastEpisode::TABLE) {
        let ended = decode::<PastEpisode>(raw).unwrap().record;
        past.entry(ended.conversation.0).or_default().push(ended.episode);
    }
    let mut passed: BTreeMap<(u64, &str), i64> = BTreeMap::new();
    let mut tally: BTreeMap<(Vec<u8>, Vec<u8>), i64> = BTreeMap::new();
    for raw in of(Conversation::TABLE) {
        let conversation = decode::<Conversation>(raw).unwrap().record;
        let mut log = messages.remove(&conversation.id.0).unwrap_or_default();
        log.sort_by_key(|message| message.number);
        let name = conversation.id;
        let mut wrong = |what: &str, said: String, counted: String| {
            if said != counted {
                problems.push(format!("conversation {name}: {what} is {said}, counted {counted}"));
            }
        };
        let numbers: Vec<u32> = log.iter().map(|message| message.number).collect();
        wrong(
            "the log",
            format!("1..={}", conversation.last_number),
            match numbers.iter().copied().eq(1..=conversation.last_number) {
                true => format!("1..={}", conversation.last_number),
                false => format!("{numbers:?}"),
            },
        );
        let inbound = |message: &&Message| message.direction == EntryDirection::Inbound && message.admission.is_yes();
        let unread = log.iter().filter(inbound).filter(|message| message.number > conversation.read_up_to).count();
        wrong("unread", conversation.unread.to_string(), unread.to_string());
        let last_answer = log.iter().filter(|message| answers(message)).map(|message| message.number).max().unwrap_or(0);
        let waits = log.iter().filter(inbound).any(|message| message.number > last_answer);
        wrong("unanswered", conversation.unanswered_since.is_some().to_string(), waits.to_string());
        let stream = found.streams.get(&format!("changes/{name}"));
        let newest = stream.and_then(|(_, _, numbers)| numbers.iter().max().copied()).unwrap_or(conversation.last_change);
        wrong("last change", conversation.last_change.to_string(), newest.to_string());
        if let Some((trimmed, _, numbers)) = stream {
            let whole = numbers.iter().copied().eq(trimmed + 1..=conversation.last_change);
            wrong("the change log without gaps", "true".to_owned(), whole.to_string());
        }
        for message in &log {
            let way = if message.direction == EntryDirection::Inbound { "in" } else { "out" };
            if matches!(message.direction, EntryDirection::Inbound | EntryDirection::Outbound) {
                *passed.entry((message.account.0, way)).or_default() += 1;
            }
        }
        let mut episodes = past.remove(&conversation.id.0).unwrap_or_default();
        episodes.push(conversation.episode.clone());
        for place in tallied(&episodes, &log) {
            *tally.entry(place).or_default() += 1;
        }
        counted.conversations += 1;
        counted.messages += log.len();
        counted.unread += u32::from(conversation.unread > 0);
        counted.unanswered += u32::from(conversation.unanswered_since.is_some());
    }
    for orphan in messages.keys() {
        problems.push(format!("messages without their conversation {orphan}"));
    }
    let mut said: BTreeMap<(u64, &str), i64> = BTreeMap::new();
    for ((group, item), value) in &found.counters {
        let Some(account) = group.strip_prefix(b"passed\0") else { continue };
        let way = if item.ends_with(b"in\0") { "in" } else { "out" };
        *said.entry((u64::from_be_bytes(account.try_into().unwrap()), way)).or_default() += value;
    }
    if said != passed {
        problems.push(format!("passed messages are counted as {said:?}, the log has {passed:?}"));
    }
    let said: BTreeMap<_, _> =
        found.counters.iter().filter(|((group, _), _)| group.starts_with(b"tally\0")).map(|(place, value)| (place.clone(), *value)).collect();
    if said != tally {
        problems.push(format!("the day's numbers are {said:?}, the log has {tally:?}"));
    }
    if let Some((trimmed, _, numbers)) = found.streams.get("feed")
        && !numbers.iter().copied().eq(trimmed + 1..=numbers.last().copied().unwrap_or(*trimmed))
    {
        problems.push("the feed has a gap".to_owned());
    }
}

fn answers(message: &Message) -> bool {
    message.direction == EntryDirection::Outbound && matches!(message.origin, Origin::Manager | Origin::Api | Origin::Phone | Origin::Crm { .. })
}

/// Where a conversation's messages are counted among the day's numbers.
fn tallied(episodes: &[Episode], log: &[Message]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let seen: Vec<&Message> = log.iter().filter(|message| message.admission.is_yes()).collect();
    let place = |message: &Message, what| tally::key(message.account, message.imported_at, what);
    let mut places: Vec<_> = seen.first().map(|first| place(first, Counted::Begun)).into_iter().collect();
    places.extend(seen.iter().filter_map(|message| match message.direction {
        EntryDirection::Inbound => Some(place(message, Counted::Inbound)),
        EntryDirection::Outbound => Some(place(message, Counted::Outbound)),
        EntryDirection::Note | EntryDirection::System => None,
    }));
    for episode in episodes {
        let next = episodes.iter().map(|other| other.first_message).filter(|first| *first > episode.first_message).min().unwrap_or(u32::MAX);
        let of_it = seen.iter().filter(|message| (episode.first_message..next).contains(&message.number));
        let of_it = of_it.filter(|message| episode.closed_at.is_none_or(|closed| message.imported_at <= closed));
        let mut since = None;
        for message in of_it {
            if message.direction == EntryDirection::Inbound {
                since.get_or_insert(message.imported_at);
            } else if answers(message) {
                places.extend(since.map(|since| place(message, Counted::Answered(bucket(message.imported_at.since(since))))));
                break;
            }
        }
    }
    places
}
