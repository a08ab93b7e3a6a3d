//! Brings the search index of a workspace up to date from the feed before it is asked, so that an answer is never older than the
//! question. What is too far behind, or was never built, is built in the background meanwhile; the answer says that it is not complete.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use tokio::sync::Mutex;

use super::entries::{self, FeedEntry};
use super::house::House;
use crate::model::conversation::Conversation;
use crate::model::ids::{ConversationId, CustomerId, MessageId, WorkspaceId};
use crate::model::message::Message;
use crate::model::people::Access;
use crate::store::port::{Scan, StoreError, StreamState};
use crate::store::records::streams;
use crate::store::search::{Change, FeedPlace, FoundCustomers, Put, ResultPlace, SearchError, SearchIndex};

/// Feed entries, or messages, taken at once.
const PAGE: usize = 500;
/// Past so many entries behind, nobody is kept waiting: the rest comes in the background.
const FAR_BEHIND: u64 = 2_000;
/// Past so many entries behind, building anew is cheaper than following.
const BUILD_ANEW: u64 = 100_000;

/// Why a search has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchFailure {
    /// The index.
    #[error(transparent)]
    Index(#[from] SearchError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Newest first; only what may be seen now.
    pub messages: Vec<Message>,
    /// Where the next page begins, if there is more.
    pub next: Option<ResultPlace>,
    /// Whether everything that was ever written was looked through.
    pub complete: bool,
    /// The words in the keyboard layout they were found in, where that is not the one they were typed in.
    pub read_as: Option<String>,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its epoch.
    pub epoch: &'a str,
    /// What the asker may see.
    pub access: &'a Access,
    /// Only in this conversation, which the asker may see.
    pub conversation: Option<ConversationId>,
    /// The words.
    pub text: &'a str,
    /// From an earlier page.
    pub after: Option<ResultPlace>,
    /// At most so many.
    pub limit: usize,
}

#[derive(Default)]
struct Room {
    /// One follows the feed at a time.
    turn: Mutex<()>,
    building: AtomicBool,
}

/// The index and who is being brought up to date.
pub struct Searcher {
    /// The words themselves.
    pub index: SearchIndex,
    rooms: StdMutex<HashMap<WorkspaceId, Arc<Room>>>,
}

/// Where the index stands to the feed.
enum Standing {
    /// From here on the feed leads on.
    At(u64),
    /// It must be built from the records.
    Unbuilt,
}

/// The mark that a workspace is being built; its end, however it comes, lets the next question begin anew.
struct Building(Arc<Room>);

impl Drop for Building {
    fn drop(&mut self) {
        self.0.building.store(false, Ordering::Release);
    }
}

impl Searcher {
    /// Over an index.
    #[must_use]
    pub fn new(index: SearchIndex) -> Self {
        Self { index, rooms: StdMutex::default() }
    }

    fn room(&self, workspace: WorkspaceId) -> Arc<Room> {
        Arc::clone(self.rooms.lock().unwrap_or_else(PoisonError::into_inner).entry(workspace).or_default())
    }
}

/// Looks for messages.
///
/// # Errors
/// The index is too slow or broken, or the store failed.
pub async fn ask(house: &Arc<House>, question: Question<'_>) -> Result<Answer, SearchFailure> {
    let complete = refresh(house, question.workspace, question.epoch).await?;
    let Question { workspace, access, text, after, limit, .. } = question;
    let found = match question.conversation {
        Some(conversation) => house.search.index.find(workspace, conversation, text, after, limit).await?,
        None => house.search.index.query(workspace, access.channels().as_deref(), text, after, limit).await?,
    };
    let keys: Vec<_> = found.messages.iter().map(|id| Message::at(*id)).collect();
    let messages = house.store.workspace(question.workspace).get_many::<Message>(&keys).await?;
    // The records decide: a message may have been deleted since the index was asked.
    let messages = messages.into_iter().flatten().map(|stored| stored.record);
    let messages = messages.filter(|message| is_found(message) && question.access.sees(message.account)).collect();
    Ok(Answer { messages, next: found.next, complete, read_as: found.read_as })
}

/// Looks for customers; without words all of them.
///
/// # Errors
/// As [`ask`].
pub async fn customers(house: &Arc<House>, question: Question<'_>) -> Result<(FoundCustomers, bool), SearchFailure> {
    let complete = refresh(house, question.workspace, question.epoch).await?;
    let Question { workspace, access, text, after, limit, .. } = question;
    Ok((house.search.index.customers(workspace, access.channels().as_deref(), text, after, limit).await?, complete))
}

/// Whether a message may be found at all.
fn is_found(message: &Message) -> bool {
    message.admission.is_yes() && message.deleted_at.is_none() && message.erased_at.is_none()
}

/// Follows the feed to its end. `false`: the index is too far behind, and catches up in the background.
async fn refresh(house: &Arc<House>, workspace: WorkspaceId, epoch: &str) -> Result<bool, SearchFailure> {
    let room = house.search.room(workspace);
    if room.building.load(Ordering::Acquire) {
        return Ok(false);
    }
    let _turn = room.turn.lock().await;
    let (standing, state) = standing(house, workspace, epoch).await?;
    match standing {
        Standing::At(place) if state.last.saturating_sub(place) <= FAR_BEHIND => {
            follow(house, workspace, epoch, place, state.last).await?;
            Ok(true)
        }
        // A young workspace's feed tells all there is: following it from its beginning is quick enough to wait for.
        Standing::Unbuilt if state.trimmed == 0 && state.last <= FAR_BEHIND => {
            house.search.index.reset(workspace).await?;
            house.search.index.apply(workspace, FeedPlace { epoch: epoch.to_owned(), place: 0 }, Vec::new()).await?;
            follow(house, workspace, epoch, 0, state.last).await?;
            Ok(true)
        }
        Standing::At(_) | Standing::Unbuilt => {
            if !room.building.swap(true, Ordering::AcqRel) {
                let (building, house, epoch) = (Building(Arc::clone(&room)), Arc::clone(house), epoch.to_owned());
                tokio::spawn(async move {
                    let _building = building;
                    if let Err(error) = catch_up(&house, workspace, &epoch).await {
                        tracing::warn!(%workspace, %error, "the search index could not be brought up to date; the next search tries again");
                    }
                });
            }
            Ok(false)
        }
    }
}

async fn standing(house: &House, workspace: WorkspaceId, epoch: &str) -> Result<(Standing, StreamState), SearchFailure> {
    let saved = house.search.index.place(workspace).await?.filter(|saved| saved.epoch == epoch);
    let state = house.store.workspace(workspace).read(&streams::feed(), 0, 1).await?.state;
    let reaches =
        |saved: &FeedPlace| saved.place >= state.trimmed && saved.place <= state.last && state.last.saturating_sub(saved.place) <= BUILD_ANEW;
    Ok((saved.filter(reaches).map_or(Standing::Unbuilt, |saved| Standing::At(saved.place)), state))
}

/// Builds what must be built and follows the feed until it is near.
async fn catch_up(house: &House, workspace: WorkspaceId, epoch: &str) -> Result<(), SearchFailure> {
    let (standing, state) = standing(house, workspace, epoch).await?;
    let place = match standing {
        Standing::At(place) => place,
        Standing::Unbuilt => {
            // The place first, then the records: what changes meanwhile comes again with the feed.
            let place = FeedPlace { epoch: epoch.to_owned(), place: state.last };
            tracing::info!(%workspace, "the search index is built from the records");
            house.search.index.reset(workspace).await?;
            build(house, workspace).await?;
            house.search.index.apply(workspace, place, Vec::new()).await?;
            state.last
        }
    };
    let end = house.store.workspace(workspace).read(&streams::feed(), 0, 1).await?.state.last;
    follow(house, workspace, epoch, place, end).await
}

/// Every customer and message of a workspace.
async fn build(house: &House, workspace: WorkspaceId) -> Result<(), SearchFailure> {
    super::known_customers::build(house, workspace).await?;
    build_messages(house, workspace).await
}

/// Every message of a workspace, conversation by conversation.
async fn build_messages(house: &House, workspace: WorkspaceId) -> Result<(), SearchFailure> {
    let store = house.store.workspace(workspace);
    let mut conversations = Scan::first(PAGE);
    let mut changes = Vec::new();
    loop {
        let page = store.scan::<Conversation>(&[], conversations.clone()).await?;
        for conversation in &page {
            let mut messages = Scan::first(PAGE);
            loop {
                let found = store.scan::<Message>(&Message::group(conversation.record.id), messages.clone()).await?;
                messages.above = found.last().map(|last| Message::item(last.record.number));
                changes.extend(found.iter().map(|found| change(&found.record)));
                // Most conversations are short: several of them make one step.
                if changes.len() >= PAGE {
                    house.search.index.build(workspace, std::mem::take(&mut changes)).await?;
                }
                if found.len() < PAGE {
                    break;
                }
            }
        }
        conversations.above = page.last().map(|last| Conversation::at(last.record.id).item);
        if page.len() < PAGE {
            return Ok(house.search.index.build(workspace, changes).await?);
        }
    }
}

/// Takes the feed's entries after a place, until `end` is reached.
async fn follow(house: &House, workspace: WorkspaceId, epoch: &str, mut place: u64, end: u64) -> Result<(), SearchFailure> {
    let store = house.store.workspace(workspace);
    while place < end {
        let page = store.read(&streams::feed(), place, PAGE).await?;
        let Some((last, _)) = page.entries.last() else { return Ok(()) };
        place = *last;
        let changed: BTreeSet<MessageId> = page.entries.iter().filter_map(|(number, bytes)| message_of(workspace, *number, bytes)).collect();
        let keys: Vec<_> = changed.iter().map(|id| Message::at(*id)).collect();
        let found = store.get_many::<Message>(&keys).await?;
        let mut changes: Vec<Change> = Vec::with_capacity(page.entries.len());
        changes.extend(changed.iter().zip(found).map(|(id, found)| found.map_or(Change::Delete(*id), |found| change(&found.record))));
        let customers: BTreeSet<CustomerId> = page.entries.iter().filter_map(|(_, bytes)| customer_of(bytes)).collect();
        for customer in customers {
            changes.extend(super::known_customers::one(&store, customer).await?);
        }
        house.search.index.apply(workspace, FeedPlace { epoch: epoch.to_owned(), place }, changes).await?;
    }
    Ok(())
}

fn message_of(workspace: WorkspaceId, number: u64, bytes: &[u8]) -> Option<MessageId> {
    match entries::read::<FeedEntry>(bytes) {
        Ok(FeedEntry::Message { c, n, .. }) => Some(MessageId { conversation: c, number: n }),
        Ok(
            FeedEntry::Conversation { .. }
            | FeedEntry::Delivery { .. }
            | FeedEntry::Connection { .. }
            | FeedEntry::Account { .. }
            | FeedEntry::Setting { .. }
            | FeedEntry::Customer { .. },
        ) => None,
        Err(error) => {
            tracing::error!(%workspace, number, %error, "a feed entry cannot be read");
            None
        }
    }
}

/// An entry that cannot be read was told of above.
fn customer_of(bytes: &[u8]) -> Option<CustomerId> {
    match entries::read::<FeedEntry>(bytes) {
        Ok(FeedEntry::Customer { c, .. }) => Some(c),
        Ok(_) | Err(_) => None,
    }
}

fn change(message: &Message) -> Change {
    if !is_found(message) {
        return Change::Delete(message.id());
    }
    let mut text = message.text();
    for file in &message.attachments {
        text.push('\n');
        text.push_str(&file.name);
    }
    Change::Put(Put { message: message.id(), account: message.account, at: message.written_at, text, authors: vec![message.author.name.clone()] })
}

/// The conversations messages stand in.
///
/// # Errors
/// The store's failure.
pub async fn conversations(
    house: &House, workspace: WorkspaceId, messages: &[Message],
) -> Result<HashMap<ConversationId, crate::store::table::Stored<Conversation>>, StoreError> {
    let ids: BTreeSet<ConversationId> = messages.iter().map(|message| message.conversation).collect();
    let keys: Vec<_> = ids.iter().map(|id| Conversation::at(*id)).collect();
    let found = house.store.workspace(workspace).get_many::<Conversation>(&keys).await?;
    Ok(found.into_iter().flatten().map(|stored| (stored.record.id, stored)).collect())
}
