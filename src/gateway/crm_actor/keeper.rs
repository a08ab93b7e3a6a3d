//! Keeps a connection in order: sets it up, renews its tokens ahead of their end, reads its directories, looks through its history for what
//! its hooks did not tell.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::desk::CrmDesk;
use super::health;
use super::host::{self, JobHost};
use crate::crm::capability::{Connect, HOOK_NAME, History, Lists, Talks};
use crate::crm::contract::{CrmContext, CrmError};
use crate::gateway::administration::connecting::SET_UP_FOR;
use crate::gateway::commands::CommandError;
use crate::gateway::entries::{self, CrmMailboxEntry, FeedEntry};
use crate::gateway::faults::patience;
use crate::gateway::{crm_intake, crm_widget};
use crate::model::connection::Health;
use crate::model::crm::{CrmConnection, CrmDirectory, CrmPlace, CrmTalk};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, Scan};
use crate::store::records::streams;

/// The beat: what is due is looked for so often, and when something changed.
const BEAT: Duration = Duration::from_secs(20);
/// What is done for the connection as a whole takes no longer.
const LIMIT: Duration = Duration::from_secs(60);
/// Directories are read anew after so long, milliseconds.
const LISTS_GOOD_MS: i64 = 24 * 60 * 60_000;
/// A failure is tried again after so long at first, and at most, milliseconds.
const PAUSE_MS: (i64, i64) = (5_000, 15 * 60_000);
/// How long a part of the history is known as one that came, milliseconds.
const PART_KNOWN_MS: i64 = 7 * 24 * 60 * 60_000;
/// The most talks of a contact.
const TALKS: usize = 100;
/// What stands for an installation that cannot be reached from outside.
const NOWHERE: &str = "-";

/// The directories are to be read anew. Who waits for them is woken once they are there, not before.
pub(super) fn read_lists(desk: &CrmDesk) {
    desk.stale.store(true, std::sync::atomic::Ordering::Relaxed);
    desk.wanted.notify_one();
}

/// When each task may be tried again.
#[derive(Default)]
struct Tasks {
    /// The key that leads to the connection.
    key: String,
    set_up: Pause,
    renewal: Pause,
    lists: Pause,
    history: Pause,
}

#[derive(Default)]
struct Pause {
    failures: u32,
    until: Option<Time>,
}

impl Pause {
    fn is_over(&self, now: Time) -> bool {
        self.until.is_none_or(|until| until <= now)
    }

    fn failed(&mut self, now: Time, at_least_ms: i64) {
        let (first, greatest) = PAUSE_MS;
        let ms = first.checked_shl(self.failures.min(16)).unwrap_or(greatest).min(greatest).max(at_least_ms);
        let ms = i64::try_from(patience(Duration::from_millis(u64::try_from(ms).unwrap_or(0))).as_millis()).unwrap_or(greatest);
        self.failures = self.failures.saturating_add(1);
        self.until = Some(now.plus_ms(ms));
    }

    fn done(&mut self) {
        *self = Self::default();
    }
}

/// Runs as long as the actor.
///
/// # Errors
/// [`CommandError::Fenced`].
pub(super) async fn run(desk: Arc<CrmDesk>) -> Result<(), CommandError> {
    let mut changed = desk.changed.subscribe();
    let mut tasks = Tasks::default();
    loop {
        changed.borrow_and_update();
        round(&desk, &mut tasks).await?;
        tokio::select! {
            // Something changed: what failed before may do now.
            _ = changed.changed() => tasks = Tasks::default(),
            () = desk.wanted.notified() => {}
            () = tokio::time::sleep(patience(BEAT)) => {}
        }
    }
}

async fn round(desk: &Arc<CrmDesk>, tasks: &mut Tasks) -> Result<(), CommandError> {
    let connection = match desk.record().await {
        Ok(connection) => connection,
        Err(error) => {
            tracing::warn!(connection = %desk.connection, %error, "a connection cannot be looked after now");
            return Ok(());
        }
    };
    if connection.removed_at.is_some() || connection.health.status == Health::NotConnected {
        return Ok(());
    }
    if tasks.key != connection.api_key {
        match crm_widget::point(&desk.house, desk.workspace, &connection).await {
            Ok(()) => tasks.key.clone_from(&connection.api_key),
            Err(error) => tracing::warn!(connection = %desk.connection, %error, "the key of a connection leads nowhere yet"),
        }
    }
    let now = desk.house.world.now();
    let shut_out = connection.health.status == Health::AccessLost;
    if tasks.renewal.is_over(now)
        && let Some(renew) = desk.crm.renew()
    {
        let kept = desk.open(&connection).unwrap_or_default();
        let due = renew.due(&kept);
        // What was found to open nothing is not used again: only connecting anew helps.
        if !shut_out && due.is_some_and(|due| due <= now) {
            let renewed = host::renew(desk, kept.clone()).await.map(|_| ());
            if let Err(CrmError::AccessLost(reason)) = &renewed {
                health::shut_out(desk, reason.clone(), &kept).await;
            }
            told(desk, &mut tasks.renewal, renewed).await;
        }
    }
    if shut_out || !connection.active {
        return Ok(());
    }
    if tasks.set_up.is_over(now)
        && let Some(connect) = desk.crm.connect()
    {
        let done = set_up(desk, &connection, connect).await;
        told(desk, &mut tasks.set_up, done).await;
    }
    if tasks.lists.is_over(now)
        && let Some(lists) = desk.crm.lists()
    {
        let done = self::lists(desk, &connection, lists, now).await;
        told(desk, &mut tasks.lists, done).await;
    }
    if tasks.history.is_over(now)
        && let Some(history) = desk.crm.history()
    {
        let done = look(desk, &connection, history, now).await;
        told(desk, &mut tasks.history, done).await;
    }
    Ok(())
}

/// What came of a task.
async fn told(desk: &CrmDesk, pause: &mut Pause, result: Result<(), CrmError>) {
    let now = desk.house.world.now();
    match result {
        Ok(()) => pause.done(),
        Err(error) => {
            tracing::warn!(connection = %desk.connection, %error, "something of a connection waits");
            match error {
                // Said where it is known with which tokens it was tried.
                CrmError::AccessLost(_) => pause.failed(now, 0),
                CrmError::Silence { ms, .. } => pause.failed(now, ms),
                CrmError::Temporary(reason) | CrmError::Rejected(reason) => {
                    pause.failed(now, 0);
                    if pause.failures >= 3 {
                        health::trouble(desk, Health::Degraded, reason).await;
                    }
                }
            }
        }
    }
}

/// What a task is given. `bulk`: it goes after what people wait for.
async fn context(desk: &Arc<CrmDesk>, connection: &CrmConnection, bulk: bool) -> Result<CrmContext, CrmError> {
    let deadline = desk.house.world.now().plus_ms(i64::try_from(LIMIT.as_millis()).unwrap_or(60_000));
    let host = Arc::new(JobHost::new(desk, connection, bulk, Vec::new()).await?);
    desk.context(connection.clone(), host, deadline).await
}

async fn limited<T>(desk: &CrmDesk, context: &CrmContext, call: impl Future<Output = Result<T, CrmError>>) -> Result<T, CrmError> {
    let done = tokio::time::timeout(LIMIT, call).await.unwrap_or_else(|_| Err(CrmError::Temporary(Reason::new("answer_lost"))));
    if let Err(CrmError::AccessLost(reason)) = &done {
        health::shut_out(desk, reason.clone(), &context.host.keys().secrets).await;
    }
    done
}

async fn set_up(desk: &Arc<CrmDesk>, connection: &CrmConnection, connect: &dyn Connect) -> Result<(), CrmError> {
    let address = desk.house.public_address().unwrap_or(NOWHERE).to_owned();
    if connection.facts.get(SET_UP_FOR) == Some(&address) {
        return Ok(());
    }
    let hook = crm_intake::own_address(&desk.house, desk.workspace, desk.connection).await?;
    let context = context(desk, connection, true).await?;
    let told = limited(desk, &context, connect.set_up(&context, hook.as_ref())).await?;
    if let Some(name) = told.get(HOOK_NAME) {
        crm_intake::name(&desk.house, desk.workspace, desk.connection, connection.kind, name)
            .await
            .map_err(|error| super::desk::unreadable(&error))?;
    }
    let sealed = connection.sealed.clone();
    let change = |old: &CrmConnection| {
        let mut new = old.clone();
        // Connected anew meanwhile: that one is set up by itself. Renewed tokens are the same connection.
        if old.sealed == sealed || old.facts.get(SET_UP_FOR) == connection.facts.get(SET_UP_FOR) {
            new.facts.extend(told.clone());
            new.facts.insert(SET_UP_FOR.to_owned(), address.clone());
        }
        Ok::<_, CommitError>(new)
    };
    let tell = |_: &CrmConnection, batch: &mut Batch| {
        batch.append(&streams::feed(), entries::write(&FeedEntry::Connection { c: desk.connection, lost: false })?);
        Ok(())
    };
    desk.store.change(CrmConnection::at(desk.connection), change, tell).await.map_err(|error| super::desk::unreadable(&error))?;
    health::mended(desk).await;
    tracing::info!(connection = %desk.connection, address, "the CRM knows where to send");
    Ok(())
}

async fn lists(desk: &Arc<CrmDesk>, connection: &CrmConnection, lists: &dyn Lists, now: Time) -> Result<(), CrmError> {
    let old = desk.store.get::<CrmDirectory>(CrmDirectory::at(desk.connection)).await?;
    let stale = desk.stale.swap(false, std::sync::atomic::Ordering::Relaxed);
    if !stale && old.as_ref().is_some_and(|old| now.since(old.record.read_at) < LISTS_GOOD_MS) {
        return Ok(());
    }
    let context = context(desk, connection, true).await?;
    let read = limited(desk, &context, lists.read(&context)).await.inspect_err(|_| {
        desk.stale.fetch_or(stale, std::sync::atomic::Ordering::Relaxed);
    })?;
    let new = CrmDirectory { connection: desk.connection, lists: read, read_at: desk.house.world.now() };
    lose(desk, old.as_ref().map(|old| &old.record), &new).await?;
    let mut batch = desk.batch();
    match &old {
        Some(old) => batch.update(old, &new)?,
        None => batch.insert(&new)?,
    }
    batch.append(&streams::feed(), entries::write(&FeedEntry::Connection { c: desk.connection, lost: false })?);
    desk.store.commit(batch).await.map_err(|error| super::desk::unreadable(&error))?;
    if stale {
        desk.changed();
    }
    Ok(())
}

/// What is set and no longer there is kept with the connection, and its owners are told once. Before the directories: what was there is known
/// by the old ones.
async fn lose(desk: &Arc<CrmDesk>, old: Option<&CrmDirectory>, new: &CrmDirectory) -> Result<(), CrmError> {
    let gone = desk.crm.gone(&desk.record().await?, old, new);
    if gone.is_empty() {
        return Ok(());
    }
    let told = Cell::new(false);
    let change = |known: &CrmConnection| {
        let mut changed = known.clone();
        // Set otherwise meanwhile: what was looked at then says nothing.
        let gone = desk.crm.gone(known, old, new);
        told.set(changed.lose(&gone));
        Ok::<_, CommitError>(changed)
    };
    let tell = |_: &CrmConnection, batch: &mut Batch| {
        batch.append(&streams::feed(), entries::write(&FeedEntry::Connection { c: desk.connection, lost: told.get() })?);
        Ok(())
    };
    desk.store.change(CrmConnection::at(desk.connection), change, tell).await.map_err(|error| super::desk::unreadable(&error))?;
    Ok(())
}

/// Looks through the history. The place and what was found are one commit; a part that came before has no second effect.
async fn look(desk: &Arc<CrmDesk>, connection: &CrmConnection, history: &dyn History, now: Time) -> Result<(), CrmError> {
    let old = desk.store.get::<CrmPlace>(CrmPlace::at(desk.connection)).await?;
    let every = i64::try_from(patience(Duration::from_millis(u64::try_from(history.every_ms()).unwrap_or(0))).as_millis()).unwrap_or(0);
    if old.as_ref().is_some_and(|old| now.since(old.record.looked_at) < every) {
        return Ok(());
    }
    let cursor = old.as_ref().map(|old| old.record.cursor.clone()).unwrap_or_default();
    // A customer waits for an answer that no hook told of.
    let context = context(desk, connection, false).await?;
    let talks = Known { desk: Arc::clone(desk) };
    let found = limited(desk, &context, history.look(&context, &cursor, &talks)).await?;
    for part in &found.parts {
        let mut batch = desk.batch();
        let mut hash = Sha256::new();
        hash.update(desk.connection.0.to_be_bytes());
        hash.update(part);
        batch.once(format!("told/{}", data_encoding::HEXLOWER.encode(&hash.finalize())).into_bytes(), PART_KNOWN_MS, "");
        let entry = CrmMailboxEntry::Part { at: now, body: part.to_vec() };
        batch.append(&streams::crm_mailbox(desk.connection), entries::write(&entry)?);
        match desk.store.commit(batch).await {
            Ok(_) | Err(CommitError::Refused(Refusal::Seen { .. })) => {}
            Err(error) => return Err(super::desk::unreadable(&error)),
        }
    }
    let new = CrmPlace { connection: desk.connection, cursor: found.cursor, looked_at: now };
    let mut batch = desk.batch();
    match &old {
        Some(old) => batch.update(old, &new)?,
        None => batch.insert(&new)?,
    }
    desk.store.commit(batch).await.map_err(|error| super::desk::unreadable(&error))?;
    Ok(())
}

/// The talks that are known, for the CRM's folder.
struct Known {
    desk: Arc<CrmDesk>,
}

#[async_trait]
impl Talks for Known {
    async fn of_contact(&self, contact: &str) -> Result<Vec<CrmTalk>, CrmError> {
        let group = Key::new().number(self.desk.connection.0).text(contact).done();
        let found = self.desk.store.scan_index::<CrmTalk>(CrmTalk::BY_CONTACT, &group, Scan::first(TALKS)).await?;
        Ok(found.into_iter().map(|(_, stored)| stored.record).collect())
    }

    async fn of_chat(&self, chat: &str) -> Result<Option<CrmTalk>, CrmError> {
        let found =
            self.desk.store.get_unique::<CrmTalk>(CrmTalk::BY_CHAT, &CrmTalk::of(self.desk.connection), &Key::new().text(chat).done()).await?;
        Ok(found.map(|stored| stored.record))
    }
}
