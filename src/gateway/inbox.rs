//! The list and counters of open conversations: one small row each, in memory, loaded by one scan and brought up to date from the
//! feed before every answer. So an answer is never older than the request, on whichever node it is given.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use tokio::sync::Mutex;

use super::entries::{self, FeedEntry};
use super::house::House;
use crate::model::conversation::{Conversation, ConversationStatus};
use crate::model::ids::{AccountId, ConversationId, TagId, UserId, WorkspaceId};
use crate::model::people::Access;
use crate::model::time::Time;
use crate::store::port::{Scan, StoreError};
use crate::store::records::streams;

/// Feed entries read at once.
const PAGE: usize = 1_000;
/// Past so many entries behind, loading anew is cheaper.
const FAR_BEHIND: u64 = 20_000;

/// Which conversations a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Every open one that is not put aside.
    All,
    /// With unread messages.
    Unread,
    /// Whose customer waits for an answer.
    Unanswered,
    /// Given to nobody.
    Unassigned,
    /// Given to this user.
    Mine(UserId),
    /// Put aside.
    Snoozed,
}

/// A list's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Latest activity first.
    Latest,
    /// Longest waiting first; who waits for no answer comes last.
    Waiting,
}

/// What to list.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// Which.
    pub view: View,
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only given to this user.
    pub assignee: Option<UserId>,
    /// Only with this tag.
    pub tag: Option<TagId>,
    /// In which order.
    pub sort: Sort,
    /// What the asker may see.
    pub access: &'a Access,
    /// After this place.
    pub after: Option<(i64, ConversationId)>,
    /// Passing over so many.
    pub skip: usize,
    /// At most so many.
    pub limit: usize,
}

/// How many open conversations there are, are unread, wait…: one number for each view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Counters {
    /// Open and not put aside.
    pub open: u32,
    /// Given to nobody.
    pub unassigned: u32,
    /// Given to who asks.
    pub mine: u32,
    /// Put aside.
    pub snoozed: u32,
    /// With unread messages.
    pub unread: u32,
    /// Whose customer waits for an answer: the number beside «Чаты» (G-04).
    pub unanswered: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    account: AccountId,
    assignee: Option<UserId>,
    active_at: i64,
    waiting_since: i64,
    unread: bool,
    snoozed: bool,
    tags: Box<[TagId]>,
}

/// No answer is waited for.
const NOT_WAITING: i64 = i64::MAX;

#[derive(Default)]
struct Rows {
    rows: HashMap<ConversationId, Row>,
    /// Latest first: the negated time.
    latest: BTreeSet<(i64, ConversationId)>,
    waiting: BTreeSet<(i64, ConversationId)>,
    place: u64,
    loaded: bool,
}

impl Rows {
    fn put(&mut self, conversation: &Conversation) {
        self.remove(conversation.id);
        // A conversation of which managers see no message (all were filtered) is none of theirs.
        if conversation.status == ConversationStatus::Closed || conversation.joined_into.is_some() || conversation.preview.is_none() {
            return;
        }
        let row = Row {
            account: conversation.account,
            assignee: conversation.assignee,
            active_at: conversation.active_at.0,
            waiting_since: conversation.unanswered_since.map_or(NOT_WAITING, |since: Time| since.0),
            unread: conversation.unread > 0 || conversation.marked_unread,
            snoozed: conversation.snoozed_until.is_some(),
            tags: conversation.tags.as_slice().into(),
        };
        self.latest.insert((row.active_at.saturating_neg(), conversation.id));
        self.waiting.insert((row.waiting_since, conversation.id));
        self.rows.insert(conversation.id, row);
    }

    fn remove(&mut self, id: ConversationId) {
        if let Some(row) = self.rows.remove(&id) {
            self.latest.remove(&(row.active_at.saturating_neg(), id));
            self.waiting.remove(&(row.waiting_since, id));
        }
    }

    fn list(&self, query: &Query<'_>) -> Vec<(i64, ConversationId)> {
        let order = match query.sort {
            Sort::Latest => &self.latest,
            Sort::Waiting => &self.waiting,
        };
        let from = match query.after {
            Some(place) => std::ops::Bound::Excluded(place),
            None => std::ops::Bound::Unbounded,
        };
        order
            .range((from, std::ops::Bound::Unbounded))
            .filter(|(_, id)| self.rows.get(id).is_some_and(|row| shows(row, query)))
            .skip(query.skip)
            .take(query.limit)
            .copied()
            .collect()
    }

    fn count(&self, access: &Access, user: Option<UserId>) -> Counters {
        let mut counters = Counters::default();
        let mut add = |counter: fn(&mut Counters) -> &mut u32, one: bool| {
            let counter = counter(&mut counters);
            *counter = counter.saturating_add(u32::from(one));
        };
        for row in self.rows.values().filter(|row| access.sees(row.account)) {
            add(|all| &mut all.snoozed, row.snoozed);
            if row.snoozed {
                continue;
            }
            add(|all| &mut all.open, true);
            add(|all| &mut all.unread, row.unread);
            add(|all| &mut all.unanswered, row.waiting_since != NOT_WAITING);
            add(|all| &mut all.unassigned, row.assignee.is_none());
            add(|all| &mut all.mine, user.is_some() && row.assignee == user);
        }
        counters
    }

    /// How many a query shows, wherever it begins.
    fn total(&self, query: &Query<'_>) -> usize {
        self.rows.values().filter(|row| shows(row, query)).count()
    }
}

fn shows(row: &Row, query: &Query<'_>) -> bool {
    query.access.sees(row.account)
        && query.account.is_none_or(|account| account == row.account)
        && query.assignee.is_none_or(|user| row.assignee == Some(user))
        && query.tag.is_none_or(|tag| row.tags.contains(&tag))
        && row.snoozed == (query.view == View::Snoozed)
        && match query.view {
            View::All | View::Snoozed => true,
            View::Unread => row.unread,
            View::Unanswered => row.waiting_since != NOT_WAITING,
            View::Unassigned => row.assignee.is_none(),
            View::Mine(user) => row.assignee == Some(user),
        }
}

/// The inboxes of the workspaces this node was asked about.
#[derive(Default)]
pub struct Inboxes {
    workspaces: StdMutex<HashMap<WorkspaceId, Arc<Mutex<Rows>>>>,
}

impl Inboxes {
    fn of(&self, workspace: WorkspaceId) -> Arc<Mutex<Rows>> {
        Arc::clone(self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).entry(workspace).or_default())
    }

    /// A page of the list: places to go on from, and ids; and how many the whole list has.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn list(&self, house: &House, workspace: WorkspaceId, query: &Query<'_>) -> Result<(Vec<(i64, ConversationId)>, usize), StoreError> {
        let rows = self.of(workspace);
        let mut rows = rows.lock().await;
        refresh(house, workspace, &mut rows).await?;
        Ok((rows.list(query), rows.total(query)))
    }

    /// The counters, as far as somebody may see.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn counters(&self, house: &House, workspace: WorkspaceId, access: &Access, user: Option<UserId>) -> Result<Counters, StoreError> {
        let rows = self.of(workspace);
        let mut rows = rows.lock().await;
        refresh(house, workspace, &mut rows).await?;
        Ok(rows.count(access, user))
    }
}

async fn refresh(house: &House, workspace: WorkspaceId, rows: &mut Rows) -> Result<(), StoreError> {
    let store = house.store.workspace(workspace);
    loop {
        let page = store.read(&streams::feed(), rows.place, PAGE).await?;
        let behind = page.state.last.saturating_sub(rows.place);
        if !rows.loaded || page.state.trimmed > rows.place || behind > FAR_BEHIND || page.state.last < rows.place {
            // Position first, then the rows: what changes meanwhile comes again with the feed.
            let place = page.state.last;
            *rows = Rows { place, loaded: false, ..Rows::default() };
            load(house, workspace, rows).await?;
            rows.loaded = true;
            continue;
        }
        let Some((last, _)) = page.entries.last() else { return Ok(()) };
        let mut touched: Vec<ConversationId> = page
            .entries
            .iter()
            .filter_map(|(_, bytes)| match entries::read::<FeedEntry>(bytes) {
                Ok(FeedEntry::Message { c, .. } | FeedEntry::Conversation { c, .. }) => Some(c),
                Ok(
                    FeedEntry::Delivery { .. }
                    | FeedEntry::Connection { .. }
                    | FeedEntry::Account { .. }
                    | FeedEntry::Setting { .. }
                    | FeedEntry::Customer { .. },
                ) => None,
                Err(error) => {
                    tracing::error!(%workspace, %error, "a feed entry cannot be read");
                    None
                }
            })
            .collect();
        touched.sort_unstable();
        touched.dedup();
        let keys: Vec<_> = touched.iter().map(|id| Conversation::at(*id)).collect();
        for (id, found) in touched.iter().zip(store.get_many::<Conversation>(&keys).await?) {
            match found {
                Some(conversation) => rows.put(&conversation.record),
                None => rows.remove(*id),
            }
        }
        rows.place = *last;
    }
}

async fn load(house: &House, workspace: WorkspaceId, rows: &mut Rows) -> Result<(), StoreError> {
    let store = house.store.workspace(workspace);
    let group = Conversation::status_group(ConversationStatus::Open);
    let mut after = None;
    loop {
        let mut scan = Scan::first(2_000);
        scan.above = after.take();
        let page = store.scan_index::<Conversation>(Conversation::BY_STATUS, &group, scan).await?;
        let full = page.len() == 2_000;
        for (place, conversation) in page {
            rows.put(&conversation.record);
            after = Some(place);
        }
        if !full {
            return Ok(());
        }
    }
}
