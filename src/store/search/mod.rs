//! Search in messages: a projection of the log in one SQLite file per node, over words stemmed here.
//!
//! It is fed after the commit, from a saved place of each workspace's feed, and can be thrown away and built again at any
//! time: the records are the truth. The saved place and the words change in one transaction, so after a crash the feeding
//! goes on from where the words really are. The table of words holds no text ("contentless"). Workspace and channel account
//! are words of each row, so who may see what is part of the query, not a filter after it.
//!
//! * [`words`]: text to words: forms, ё, alphabets, phones, e-mails; and the query's words
//! * [`layout`]: a query typed in the wrong keyboard layout
//! * [`index`](self::index): the file itself: tables, changes, queries
//! * [`customers`]: the same of the people behind the conversations
//!
//! One thread writes; queries run on the blocking pool, a few at once, five seconds each at most.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use crate::model::ids::{AccountId, ConversationId, CustomerId, MessageId, WorkspaceId};
use crate::model::time::Time;

mod customers;
mod index;
pub mod layout;
pub mod words;

const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Changes that wait for the writer, in calls.
const QUEUE: usize = 16;
/// The most changes of one [`SearchIndex::apply`].
pub const CHANGES_LIMIT: usize = 10_000;
/// The most accounts a query may name; who sees more sees all.
pub const ACCOUNTS_LIMIT: usize = 1000;
/// The most messages of one answer.
pub const PAGE_LIMIT: usize = 200;
const READERS: usize = 2;
/// The most reads that run or wait for their turn; more are turned away at once.
const READS_LIMIT: usize = 64;

/// Why a search or a change did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// It took longer than five seconds, or too many wait.
    #[error("the search takes too long")]
    TooSlow,
    /// The changes belong to another epoch than the words: [`SearchIndex::reset`] first.
    #[error("the search index belongs to another epoch of the workspace")]
    OtherEpoch,
    /// The call is wrong: a mistake in the program.
    #[error("the search can't do that: {0}")]
    Invalid(String),
    /// The index is shutting down.
    #[error("the search index is closed")]
    Closed,
    /// The file can't be read or written.
    #[error("the search index fails: {0}")]
    Failed(String),
}

impl From<rusqlite::Error> for SearchError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::OperationInterrupted) => Self::TooSlow,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// Up to where a workspace's feed is in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPlace {
    /// The workspace's epoch.
    pub epoch: String,
    /// The last feed entry that is in.
    pub place: u64,
}

/// A message's words as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// The message.
    pub message: MessageId,
    /// The channel account it belongs to.
    pub account: AccountId,
    /// When it was written: the order of results.
    pub at: Time,
    /// What it says, file names included.
    pub text: String,
    /// Who wrote it, by name.
    pub authors: Vec<String>,
}

/// One change of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A message is new or has changed.
    Put(Put),
    /// A message is deleted or erased.
    Delete(MessageId),
    /// A customer is new, changed, or one with another now.
    Customer(PutCustomer),
}

/// What a customer is found by, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutCustomer {
    /// The customer.
    pub customer: CustomerId,
    /// What managers wrote, by which everybody who may see the customer finds it; none: it is one with another, and not found any more.
    pub texts: Option<Vec<String>>,
    /// As the channels know it.
    pub parts: Vec<PutPart>,
}

/// What a customer is found by for those who see one of these channel accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutPart {
    /// The channel accounts they wrote to, or were written to from; none: only who sees all channels finds them by this.
    pub accounts: BTreeSet<AccountId>,
    /// Names, phones, e-mails.
    pub texts: Vec<String>,
}

/// Where a query looks.
#[derive(Debug, Clone)]
enum Within {
    Workspace,
    Accounts(Vec<AccountId>),
    Conversation(ConversationId),
}

/// Customers that were found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundCustomers {
    /// The newest first.
    pub customers: Vec<CustomerId>,
    /// Where the next page begins, if there is more.
    pub next: Option<ResultPlace>,
    /// How many there are; told with the first page.
    pub total: Option<u64>,
}

/// A place in the results, to go on from. Opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultPlace {
    row: i64,
    other_layout: bool,
}

impl fmt::Display for ResultPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:x}", if self.other_layout { 'k' } else { 's' }, self.row)
    }
}

impl FromStr for ResultPlace {
    type Err = SearchError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let foreign = || SearchError::Invalid("not a place in results".to_owned());
        let (other_layout, row) = match text.split_at_checked(1) {
            Some(("s", row)) => (false, row),
            Some(("k", row)) => (true, row),
            _ => return Err(foreign()),
        };
        let row = i64::from_str_radix(row, 16).ok().filter(|row| *row >= 0).ok_or_else(foreign)?;
        Ok(Self { row, other_layout })
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Newest first.
    pub messages: Vec<MessageId>,
    /// Where the next page begins, if there is more.
    pub next: Option<ResultPlace>,
    /// The query in the keyboard layout it was found in, where that is not the one it was typed in.
    pub read_as: Option<String>,
}

enum Job {
    Apply { workspace: WorkspaceId, up_to: Option<FeedPlace>, changes: Vec<Change>, done: oneshot::Sender<Result<(), SearchError>> },
    Reset { workspace: WorkspaceId, done: oneshot::Sender<Result<(), SearchError>> },
}

/// The index. Cheap to clone; the writer ends when the last clone is gone.
#[derive(Clone)]
pub struct SearchIndex {
    writer: mpsc::Sender<Job>,
    readers: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
    places_in_line: Arc<Semaphore>,
}

impl fmt::Debug for SearchIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SearchIndex")
    }
}

impl SearchIndex {
    /// Opens the file; one that is damaged or was written by another version is thrown away, and
    /// [`place`](Self::place) then answers `None` for every workspace. Blocks: called at the start.
    ///
    /// # Errors
    /// The file can't be made.
    pub fn open(path: &Path) -> Result<Self, SearchError> {
        let mut connection = index::open(path)?;
        let readers = (0..READERS).map(|_| index::open_reader(path)).collect::<Result<Vec<_>, _>>()?;
        let (writer, mut jobs) = mpsc::channel(QUEUE);
        let run = move || {
            while let Some(job) = jobs.blocking_recv() {
                run(&mut connection, job);
            }
        };
        std::thread::Builder::new().name("search".to_owned()).spawn(run).map_err(|error| SearchError::Failed(error.to_string()))?;
        Ok(Self {
            writer,
            readers: Arc::new(Mutex::new(readers)),
            turns: Arc::new(Semaphore::new(READERS)),
            places_in_line: Arc::new(Semaphore::new(READS_LIMIT)),
        })
    }

    /// Brings the words of a workspace up to a place of its feed: all changes and the place in one transaction. Applying the
    /// same again changes nothing; a place that lies before the saved one does not move it back.
    ///
    /// # Errors
    /// [`SearchError::OtherEpoch`] where the saved place is of another epoch; [`SearchError::TooSlow`]: it may still be done
    /// later, ask [`place`](Self::place).
    pub async fn apply(&self, workspace: WorkspaceId, up_to: FeedPlace, changes: Vec<Change>) -> Result<(), SearchError> {
        self.change(workspace, Some(up_to), changes).await
    }

    /// Puts in words of a workspace that is being built from its records: it has no place until [`apply`](Self::apply) gives it one, so
    /// what a crash leaves half built counts as not built.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub async fn build(&self, workspace: WorkspaceId, changes: Vec<Change>) -> Result<(), SearchError> {
        self.change(workspace, None, changes).await
    }

    async fn change(&self, workspace: WorkspaceId, up_to: Option<FeedPlace>, changes: Vec<Change>) -> Result<(), SearchError> {
        if changes.len() > CHANGES_LIMIT {
            return Err(SearchError::Invalid(format!("{} changes at once", changes.len())));
        }
        self.write(|done| Job::Apply { workspace, up_to, changes, done }).await
    }

    /// Forgets all words and the place of a workspace. Erasing a large one takes several steps; a crash in between leaves
    /// it without a place, so it is built anew.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub async fn reset(&self, workspace: WorkspaceId) -> Result<(), SearchError> {
        self.write(|done| Job::Reset { workspace, done }).await
    }

    async fn write(&self, job: impl FnOnce(oneshot::Sender<Result<(), SearchError>>) -> Job) -> Result<(), SearchError> {
        let (done, is_done) = oneshot::channel();
        // A reset of a million messages takes longer than a query may.
        let waiting = async {
            self.writer.send(job(done)).await.map_err(|_| SearchError::Closed)?;
            is_done.await.map_err(|_| SearchError::Closed)?
        };
        timeout(TIME_LIMIT.saturating_mul(12), waiting).await.map_err(|_| SearchError::TooSlow)?
    }

    /// Up to where a workspace's feed is in the index; `None`: it must be built.
    ///
    /// # Errors
    /// The file can't be read.
    pub async fn place(&self, workspace: WorkspaceId) -> Result<Option<FeedPlace>, SearchError> {
        self.read(move |connection| index::place(connection, workspace)).await
    }

    /// Messages that hold every word of the text, the last one also as a beginning, newest first. `accounts`: only of these;
    /// `None`: of all. Text without a single word finds nothing. Where nothing is found, the text is tried as typed in the
    /// other keyboard layout.
    ///
    /// # Errors
    /// [`SearchError::TooSlow`], [`SearchError::Invalid`] for too many accounts, or the file's.
    pub async fn query(
        &self, workspace: WorkspaceId, accounts: Option<&[AccountId]>, text: &str, before: Option<ResultPlace>, limit: usize,
    ) -> Result<Found, SearchError> {
        let Some(within) = within(accounts)? else { return Ok(Found::default()) };
        self.look(workspace, within, text, before, limit).await
    }

    /// The same within one conversation; whether it may be seen is known by who asks.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn find(
        &self, workspace: WorkspaceId, conversation: ConversationId, text: &str, before: Option<ResultPlace>, limit: usize,
    ) -> Result<Found, SearchError> {
        self.look(workspace, Within::Conversation(conversation), text, before, limit).await
    }

    async fn look(
        &self, workspace: WorkspaceId, within: Within, text: &str, before: Option<ResultPlace>, limit: usize,
    ) -> Result<Found, SearchError> {
        let (row, limit) = (before.map_or(i64::MAX, |place| place.row), limit.clamp(1, PAGE_LIMIT));
        let tries = tries(text, before);
        let search = move |connection: &Connection| {
            for (text, other_layout) in tries {
                let (messages, next) = index::query(connection, workspace, &within, &text, row, limit)?;
                if !messages.is_empty() {
                    let next = next.map(|row| ResultPlace { row, other_layout });
                    return Ok(Found { messages, next, read_as: other_layout.then_some(text) });
                }
            }
            Ok(Found::default())
        };
        self.read(search).await
    }

    /// Customers that hold every word of the text, the last one also as a beginning, the newest first; without words all of them.
    /// `accounts` as in [`query`](Self::query); a customer who is in no channel is everybody's.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn customers(
        &self, workspace: WorkspaceId, accounts: Option<&[AccountId]>, text: &str, before: Option<ResultPlace>, limit: usize,
    ) -> Result<FoundCustomers, SearchError> {
        // Who sees no channel at all still sees those that are in none.
        let within = within(accounts)?.unwrap_or_else(|| Within::Accounts(Vec::new()));
        let limit = limit.clamp(1, PAGE_LIMIT);
        let tries = tries(text, before);
        let search = move |connection: &Connection| {
            for (text, other_layout) in tries {
                let found = customers::query(connection, workspace, &within, (&text, other_layout), before.map(|place| place.row), limit)?;
                if !found.customers.is_empty() {
                    return Ok(found);
                }
            }
            Ok(FoundCustomers { total: before.is_none().then_some(0), ..FoundCustomers::default() })
        };
        self.read(search).await
    }

    /// Runs a read on the blocking pool. A turn and its connection come back when the read has ended, also after its caller gave up.
    async fn read<T: Send + 'static>(&self, work: impl FnOnce(&Connection) -> Result<T, SearchError> + Send + 'static) -> Result<T, SearchError> {
        let _in_line = self.places_in_line.try_acquire().map_err(|_| SearchError::TooSlow)?;
        let reading = async {
            let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| SearchError::Closed)?;
            let connection = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or(SearchError::Closed)?;
            let interrupt = connection.get_interrupt_handle();
            let readers = Arc::clone(&self.readers);
            let reading = tokio::task::spawn_blocking(move || {
                let done = work(&connection);
                readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
                drop(turn);
                done
            });
            match timeout(TIME_LIMIT, reading).await {
                Ok(Ok(done)) => done,
                Ok(Err(error)) => Err(SearchError::Failed(error.to_string())),
                Err(_) => {
                    interrupt.interrupt();
                    Err(SearchError::TooSlow)
                }
            }
        };
        timeout(TIME_LIMIT.saturating_mul(2), reading).await.map_err(|_| SearchError::TooSlow)?
    }
}

/// Where accounts let look; `None`: nowhere.
fn within(accounts: Option<&[AccountId]>) -> Result<Option<Within>, SearchError> {
    match accounts {
        Some(accounts) if accounts.len() > ACCOUNTS_LIMIT => Err(SearchError::Invalid("too many accounts".to_owned())),
        Some([]) => Ok(None),
        Some(accounts) => Ok(Some(Within::Accounts(accounts.to_vec()))),
        None => Ok(Some(Within::Workspace)),
    }
}

/// The text as it was typed, then as typed in the other keyboard layout; a later page only in that of the first.
fn tries(text: &str, before: Option<ResultPlace>) -> Vec<(String, bool)> {
    match (before, layout::other(text)) {
        (None, Some(other)) => vec![(text.to_owned(), false), (other, true)],
        (Some(place), Some(other)) if place.other_layout => vec![(other, true)],
        _ => vec![(text.to_owned(), false)],
    }
}

/// Does one job. A caller that gave up is no reason to leave it half done; one message that makes a stemmer panic is no
/// reason to end the thread.
fn run(connection: &mut Connection, job: Job) {
    let caught = |work: &mut dyn FnMut() -> Result<(), SearchError>| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| Err(SearchError::Failed("a panic while writing".to_owned())))
    };
    let (result, done) = match job {
        Job::Apply { workspace, up_to, changes, done } => (caught(&mut || index::apply(connection, workspace, up_to.as_ref(), &changes)), done),
        Job::Reset { workspace, done } => (caught(&mut || index::reset(connection, workspace)), done),
    };
    if let Err(Err(error)) = done.send(result) {
        tracing::warn!(%error, "a change of the search index failed after its caller had gone");
    }
}
