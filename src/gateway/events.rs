//! From feed entries to frames. Each event is serialised once; what differs between viewers is the cursor before it.

use std::collections::HashMap;

use bytestring::ByteString;

use super::cursor::{ManagerCursor, VisitorCursor};
use super::entries::{self, FeedEntry};
use super::house::House;
use super::views::{self, Viewer};
use crate::model::conversation::Conversation;
use crate::model::crm::CrmConnection;
use crate::model::ids::{AccountId, ConversationId, MessageId, WorkspaceId};
use crate::model::message::{Delivery, Message};
use crate::model::people::Access;
use crate::model::protocol::{Event, ServerFrame};
use crate::store::port::{SCAN_LIMIT, Scan, StoreError};
use crate::store::table::Stored;

/// What one feed entry says to managers and to the visitor.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The entry's number.
    pub number: u64,
    /// Whose it is, for what may be seen; none: everybody of the workspace may.
    pub account: Option<AccountId>,
    /// The events for managers, serialised, in order.
    pub managers: Vec<String>,
    /// The event for the conversation's visitor: change number and event.
    pub visitor: Option<(ConversationId, u64, String)>,
    /// Where the conversation stands, for its visitor: a whole frame. It stands nowhere: `ready` tells the same.
    pub talk: Option<(ConversationId, ByteString)>,
}

impl Loaded {
    /// Whether somebody may see it.
    #[must_use]
    pub fn is_seen(&self, access: &Access) -> bool {
        self.account.is_none_or(|account| access.sees(account))
    }
}

/// Loads what feed entries speak of, in its latest state. Of several entries of one message only the one that made
/// it and the last are loaded: whoever saw that has seen the others. A conversation's row comes once, with its last entry.
///
/// # Errors
/// The store's failure.
pub async fn load(house: &House, workspace: WorkspaceId, entries: &[(u64, bytes::Bytes)], for_visitors: bool) -> Result<Vec<Loaded>, StoreError> {
    let entries: Vec<(u64, FeedEntry)> = entries
        .iter()
        .filter_map(|(number, bytes)| match entries::read(bytes) {
            Ok(entry) => Some((*number, entry)),
            Err(error) => {
                tracing::error!(%workspace, number, %error, "a feed entry cannot be read");
                None
            }
        })
        .collect();
    let entries = coalesce(entries);
    let store = house.store.workspace(workspace);
    let mut conversations: HashMap<ConversationId, Option<Stored<Conversation>>> = HashMap::new();
    let mut message_keys = Vec::new();
    let mut conversation_keys = Vec::new();
    for (_, entry) in &entries {
        match entry {
            FeedEntry::Message { c, n, .. } => {
                message_keys.push(Message::at(MessageId { conversation: *c, number: *n }));
                conversation_keys.push(*c);
            }
            FeedEntry::Delivery { c, n, .. } => message_keys.push(Message::at(MessageId { conversation: *c, number: *n })),
            FeedEntry::Conversation { c, .. } => conversation_keys.push(*c),
            FeedEntry::Connection { .. } | FeedEntry::Account { .. } | FeedEntry::Setting { .. } | FeedEntry::Customer { .. } => {}
        }
    }
    conversation_keys.sort_unstable();
    conversation_keys.dedup();
    let keys: Vec<_> = conversation_keys.iter().map(|id| Conversation::at(*id)).collect();
    for (id, found) in conversation_keys.iter().zip(store.get_many::<Conversation>(&keys).await?) {
        conversations.insert(*id, found);
    }
    let rows = rows(&entries);
    let mut messages = store.get_many::<Message>(&message_keys).await?.into_iter();
    let mut loaded = Vec::with_capacity(entries.len());
    for (number, entry) in entries {
        let mut one = Loaded { number, account: None, managers: Vec::new(), visitor: None, talk: None };
        match &entry {
            FeedEntry::Message { c, a, n, h, new, hid, d, .. } => {
                one.account = Some(*a);
                // A message that opened the conversation anew began a part of it.
                let stored = conversations.get(c).and_then(Option::as_ref).filter(|_| for_visitors && *new);
                let begun = stored.filter(|stored| stored.record.episode.number > 1 && stored.record.episode.first_message == *n);
                one.talk = begun.map(|stored| (*c, json(&ServerFrame::Talk(views::talk(&stored.record))).into()));
                if let Some(Stored { record: message, .. }) = messages.next().flatten() {
                    if for_visitors && views::visitor_sees(&message) {
                        let view = views::message(house, workspace, &message, &[], Viewer::Visitor);
                        one.visitor = Some((*c, *h, json(&message_event(*c, view, *new))));
                    }
                    if !hid {
                        let deliveries = if *d { deliveries(house, workspace, message.id()).await? } else { Vec::new() };
                        let view = views::message(house, workspace, &message, &deliveries, Viewer::Member);
                        one.managers.push(json(&message_event(*c, view, *new)));
                    }
                }
            }
            FeedEntry::Delivery { c, a, .. } => {
                one.account = Some(*a);
                if let Some(Stored { record: message, .. }) = messages.next().flatten().filter(|stored| stored.record.admission.is_yes()) {
                    let deliveries = deliveries(house, workspace, message.id()).await?;
                    let view = views::message(house, workspace, &message, &deliveries, Viewer::Member);
                    one.managers.push(json(&message_event(*c, view, false)));
                }
            }
            FeedEntry::Connection { c, .. } => one.managers.push(json(&Event::ConnectionUpdated { connection: *c })),
            FeedEntry::Conversation { c, a, .. } => {
                one.account = Some(*a);
                let stored = conversations.get(c).and_then(Option::as_ref).filter(|_| for_visitors);
                one.talk = stored.map(|stored| (*c, json(&ServerFrame::Talk(views::talk(&stored.record))).into()));
            }
            FeedEntry::Account { a, .. } => {
                one.account = Some(*a);
                house.accounts.forget(workspace, *a);
                one.managers.push(json(&Event::ChannelUpdated { channel: *a }));
            }
            FeedEntry::Customer { c, a } => {
                one.account = *a;
                one.managers.push(json(&Event::CustomerUpdated { customer: *c }));
            }
            FeedEntry::Setting { s } => one.managers.push(json(&Event::SettingUpdated { setting: *s })),
        }
        if let Some(c) = row_of(&entry).filter(|c| rows.get(c) == Some(&number)) {
            one.managers.extend(conversation_event(house, workspace, conversations.get(&c)).await?);
        }
        loaded.push(one);
    }
    Ok(loaded)
}

/// Keeps of each message the entry that made it and the last one: what is new keeps its place among the others, and whoever has read
/// up to somewhere between the two still gets the last.
fn coalesce(entries: Vec<(u64, FeedEntry)>) -> Vec<(u64, FeedEntry)> {
    let mut last: HashMap<(ConversationId, u32), u64> = HashMap::new();
    let mut delivered: HashMap<(ConversationId, u32), u64> = HashMap::new();
    for (number, entry) in &entries {
        match entry {
            FeedEntry::Message { c, n, .. } => drop(last.insert((*c, *n), *number)),
            FeedEntry::Delivery { c, n, .. } => drop(delivered.insert((*c, *n), *number)),
            _ => {}
        }
    }
    entries
        .into_iter()
        .filter(|(number, entry)| match entry {
            FeedEntry::Message { c, n, new, .. } => *new || last.get(&(*c, *n)) == Some(number),
            FeedEntry::Delivery { c, n, .. } => delivered.get(&(*c, *n)) == Some(number),
            FeedEntry::Conversation { .. }
            | FeedEntry::Connection { .. }
            | FeedEntry::Account { .. }
            | FeedEntry::Setting { .. }
            | FeedEntry::Customer { .. } => true,
        })
        .collect()
}

/// The conversation whose row an entry changes for managers.
fn row_of(entry: &FeedEntry) -> Option<ConversationId> {
    match entry {
        FeedEntry::Message { c, hid: false, .. } | FeedEntry::Conversation { c, .. } => Some(*c),
        FeedEntry::Message { hid: true, .. }
        | FeedEntry::Delivery { .. }
        | FeedEntry::Connection { .. }
        | FeedEntry::Account { .. }
        | FeedEntry::Setting { .. }
        | FeedEntry::Customer { .. } => None,
    }
}

/// The entry each conversation's row goes with: its last one. Whoever has read only up to an earlier one reads on to it.
fn rows(entries: &[(u64, FeedEntry)]) -> HashMap<ConversationId, u64> {
    entries.iter().filter_map(|(number, entry)| Some((row_of(entry)?, *number))).collect()
}

/// A message's standing in every CRM.
///
/// # Errors
/// The store's failure.
pub async fn deliveries(house: &House, workspace: WorkspaceId, message: MessageId) -> Result<Vec<Delivery>, StoreError> {
    let found = house.store.workspace(workspace).scan::<Delivery>(&Delivery::group(message), Scan::first(100)).await?;
    Ok(found.into_iter().map(|stored| stored.record).collect())
}

/// The standing of many messages, in two reads however many they are.
///
/// # Errors
/// The store's failure.
pub async fn deliveries_of_many(
    house: &House, workspace: WorkspaceId, messages: impl Iterator<Item = MessageId>,
) -> Result<HashMap<MessageId, Vec<Delivery>>, StoreError> {
    let store = house.store.workspace(workspace);
    let mut connections = store.scan::<CrmConnection>(&[], Scan::first(100)).await?;
    connections.retain(|connection| connection.record.kind.is_served());
    let key = |message| connections.iter().map(move |connection| Delivery::at(message, connection.record.id));
    let keys: Vec<_> = messages.flat_map(key).collect();
    let mut found: HashMap<MessageId, Vec<Delivery>> = HashMap::new();
    for keys in keys.chunks(SCAN_LIMIT) {
        for delivery in store.get_many::<Delivery>(keys).await?.into_iter().flatten() {
            found.entry(delivery.record.message).or_default().push(delivery.record);
        }
    }
    Ok(found)
}

/// The event of a message.
#[must_use]
pub fn message_event(conversation: ConversationId, view: crate::model::protocol::MessageView, new: bool) -> Event {
    let message = Box::new(view);
    if new { Event::MessageAdded { conversation, message } } else { Event::MessageUpdated { conversation, message } }
}

async fn conversation_event(
    house: &House, workspace: WorkspaceId, found: Option<&Option<Stored<Conversation>>>,
) -> Result<Option<String>, StoreError> {
    // Of a conversation whose messages were all filtered managers hear nothing.
    let Some(stored) = found.and_then(Option::as_ref).filter(|stored| stored.record.preview.is_some()) else { return Ok(None) };
    let Some(account) = house.accounts.get(house, workspace, stored.record.account).await? else { return Ok(None) };
    let view = views::conversation(house, workspace, &stored.record, stored.version, &account);
    Ok(Some(json(&Event::ConversationUpdated { conversation: Box::new(view) })))
}

/// A value as JSON.
pub fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "a frame could not be written");
        "{}".to_owned()
    })
}

/// A manager's frame around an event.
#[must_use]
pub fn manager_frame(cursor: &ManagerCursor, event: &str) -> ByteString {
    format!("{{\"type\":\"event\",\"cursor\":\"{cursor}\",\"event\":{event}}}").into()
}

/// A visitor's frame around an event.
#[must_use]
pub fn visitor_frame(cursor: &VisitorCursor, event: &str) -> ByteString {
    format!("{{\"type\":\"event\",\"cursor\":\"{cursor}\",\"event\":{event}}}").into()
}

/// The frames of one entry for managers with this access mark: the cursor of each says how much of the entry it ends.
#[must_use]
pub fn manager_frames(epoch: &str, access: u32, loaded: &Loaded, skip: u8) -> Vec<ByteString> {
    let last = loaded.managers.len();
    let mut frames = Vec::with_capacity(last);
    for (at, event) in loaded.managers.iter().enumerate().skip(usize::from(skip)) {
        let whole = at.saturating_add(1) == last;
        let (place, part) =
            if whole { (loaded.number, 0) } else { (loaded.number.saturating_sub(1), u8::try_from(at.saturating_add(1)).unwrap_or(0)) };
        let cursor = ManagerCursor { epoch: epoch.to_owned(), place, part, access };
        frames.push(manager_frame(&cursor, event));
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_first_and_last_of_a_message_and_the_last_row_of_a_conversation() {
        let (one, two) = (ConversationId(1), ConversationId(2));
        let message = |c, n, new, hid| FeedEntry::Message { c, a: AccountId(9), n, h: 0, new, hid, d: false, f: false, e: Vec::new() };
        let entries = vec![
            (10, message(one, 1, true, false)),
            (11, message(one, 1, false, false)),
            (12, message(two, 1, true, true)),
            (13, FeedEntry::Conversation { c: one, a: AccountId(9), t: None, e: vec![1] }),
            (14, message(one, 1, false, false)),
            (15, FeedEntry::Account { a: AccountId(9), lost: false }),
        ];
        let kept = coalesce(entries);
        assert_eq!(kept.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [10, 12, 13, 14, 15]);
        // Nothing of a filtered message is a row's business.
        assert_eq!(rows(&kept), HashMap::from([(one, 14)]));
    }
}
