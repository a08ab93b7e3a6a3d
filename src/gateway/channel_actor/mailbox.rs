//! Reads what came in for a login, in order, entries of different chats side by side.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};

use super::resolve::Resolver;
use super::{ChannelActor, WorkFor};
use crate::gateway::commands::{ANSWER_KEPT_MS, Answer, Command, CommandError};
use crate::gateway::conversation::desk::Desk;
use crate::gateway::conversation::{Cause, What, Work};
use crate::gateway::entries::{self, MailboxEntry};
use crate::gateway::faults;
use crate::model::ids::{ConversationId, QuarantineId};
use crate::model::reason::Reason;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan, StoreError, StreamName};
use crate::store::records::{Quarantine, WorkAttempts, streams};

/// Entries read at once.
const PAGE: usize = 128;
/// Chats handled side by side.
const SIDE_BY_SIDE: usize = 32;
/// After so many begins an entry goes to quarantine.
const BEGINS: u32 = 3;
/// The most of a payload that is kept in quarantine: more than any entry has, so that each can be replayed whole.
const PAYLOAD_KEPT: usize = 2 * 1024 * 1024;

/// What one entry comes to: the works it asks for, in order.
struct Plan {
    number: u64,
    answer: Option<String>,
    works: Vec<(ConversationId, What)>,
}

/// Runs until the ownership is lost.
///
/// # Errors
/// [`CommandError::Fenced`].
pub async fn run(desk: Arc<Desk>, resolver: Arc<Resolver>, me: Addr<ChannelActor>) -> Result<(), CommandError> {
    let stream = streams::mailbox(desk.login);
    let mut grown = desk.store.watch(&stream);
    // What lies there at the start may have been begun before: by this process before a panic, or by another.
    let mut suspects = loop {
        match desk.store.read(&stream, 0, 1).await {
            Ok(page) => break page.state.last,
            Err(error) => pause(&desk, &error).await,
        }
    };
    loop {
        grown.borrow_and_update();
        match step(&desk, &resolver, &me, &stream, &mut suspects).await {
            Ok(0) => {
                // The sweep covers a wake that was lost.
                let _ = tokio::time::timeout(Duration::from_secs(5), grown.changed()).await;
            }
            Ok(_) => {}
            Err(CommandError::Fenced) => return Err(CommandError::Fenced),
            Err(error) => {
                tracing::warn!(login = %desk.login, %error, "mailbox waits");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

async fn pause(desk: &Desk, error: &StoreError) {
    tracing::warn!(login = %desk.login, %error, "mailbox waits for the store");
    tokio::time::sleep(Duration::from_millis(500)).await;
}

/// Handles one page; answers how many entries it held.
async fn step(desk: &Desk, resolver: &Resolver, me: &Addr<ChannelActor>, stream: &StreamName, suspects: &mut u64) -> Result<usize, CommandError> {
    let page = desk.store.read(stream, 0, PAGE).await?;
    let count = page.entries.len();
    if count == 0 {
        return Ok(0);
    }
    let exhausted = count_begins(desk, stream, &page.entries, *suspects).await?;
    let mut chats: BTreeMap<ConversationId, Vec<Plan>> = BTreeMap::new();
    for (number, bytes) in &page.entries {
        if let Some(begun) = exhausted.get(number) {
            let reason = Reason::new("attempts_exhausted").with("begun", begun);
            quarantine(desk, stream, *number, bytes, reason).await?;
            continue;
        }
        match plan(desk, resolver, *number, bytes).await {
            Ok(plan) => match plan.works.first() {
                Some((id, _)) => chats.entry(*id).or_default().push(plan),
                None => take(desk, stream, *number).await?,
            },
            Err(CommandError::Refused(reason)) => match entries::read(bytes) {
                // Somebody waits for the word.
                Ok(MailboxEntry::Command { answer, .. }) => refuse(desk, stream, *number, &answer, reason).await?,
                _ => quarantine(desk, stream, *number, bytes, reason).await?,
            },
            Err(error) => return Err(error),
        }
    }
    let chats = chats.into_values().map(|plans| async move {
        for plan in plans {
            carry_out(desk, resolver, me, stream, plan).await?;
        }
        Ok::<(), CommandError>(())
    });
    let results: Vec<_> = stream::iter(chats).buffer_unordered(SIDE_BY_SIDE).collect().await;
    // Begun once in this life without a panic: no longer suspect.
    if let Some((last, _)) = page.entries.last()
        && *last >= *suspects
    {
        *suspects = 0;
    }
    results.into_iter().collect::<Result<Vec<()>, _>>()?;
    Ok(count)
}

async fn plan(desk: &Desk, resolver: &Resolver, number: u64, bytes: &Bytes) -> Result<Plan, CommandError> {
    let unreadable = |what: String| CommandError::Refused(Reason::new("unreadable").said(&what));
    match entries::read::<MailboxEntry>(bytes).map_err(|error| unreadable(error.to_string()))? {
        MailboxEntry::Command { answer, command, .. } => {
            let works = match command.conversation() {
                Some(id) => vec![(id, What::Client(*command))],
                None => match *command {
                    Command::Part { body } => works(desk, resolver, &body).await?,
                    _ => Vec::new(),
                },
            };
            Ok(Plan { number, answer: Some(answer), works })
        }
        MailboxEntry::Reload => {
            desk.reload().await?;
            Ok(Plan { number, answer: None, works: Vec::new() })
        }
        MailboxEntry::Part { body, .. } => Ok(Plan { number, answer: None, works: works(desk, resolver, &body).await? }),
    }
}

/// What a part asks for, in order.
async fn works(desk: &Desk, resolver: &Resolver, body: &[u8]) -> Result<Vec<(ConversationId, What)>, CommandError> {
    faults::point("channel/parse");
    let events = desk.channel.parse(body).map_err(|error| CommandError::Refused(Reason::new("unreadable").said(&error.0)))?;
    let mut works = Vec::with_capacity(events.len());
    for event in events {
        works.push(resolver.resolve(event).await?);
    }
    Ok(works)
}

/// Carries out what an entry asks; the last work takes the entry in its own commit.
async fn carry_out(desk: &Desk, resolver: &Resolver, me: &Addr<ChannelActor>, stream: &StreamName, plan: Plan) -> Result<(), CommandError> {
    let last = plan.works.len().saturating_sub(1);
    for (at, (id, what)) in plan.works.into_iter().enumerate() {
        let cause = if at == last { Cause::Entry { stream: stream.clone(), number: plan.number, answer: plan.answer.clone() } } else { Cause::Part };
        let done =
            me.send(WorkFor { id, work: Work { cause, what } }).await.unwrap_or_else(|_| Err(CommandError::TryAgain("actor_restarts".to_owned())));
        match done {
            // A refusal is an answer: the conversation's actor has acknowledged the entry with it.
            Ok(_) | Err(CommandError::Refused(_)) => {}
            Err(error) => {
                resolver.forget(id);
                return Err(error);
            }
        }
    }
    if plan.answer.is_some() {
        signal_answer(desk).await;
    }
    Ok(())
}

/// A part that a client on this node brought: no mailbox between, the answer comes after the commit.
pub(super) async fn part_directly(resolver: &Resolver, me: &Addr<ChannelActor>, command: Command) -> Result<Answer, CommandError> {
    let Command::Part { body } = command else { return Err(CommandError::refused("not_supported")) };
    let mut answer = Answer::Done;
    for (id, what) in works(resolver.desk(), resolver, &body).await? {
        let done = super::answer_of(me.send(WorkFor { id, work: Work { cause: Cause::Direct, what } }).await);
        match done {
            Ok(done) => answer = done,
            Err(error) => {
                if matches!(error, CommandError::TryAgain(_)) {
                    resolver.forget(id);
                }
                return Err(error);
            }
        }
    }
    Ok(answer)
}

/// Counts, before they are begun, entries that may have been begun before. Answers those that were begun too often.
async fn count_begins(desk: &Desk, stream: &StreamName, entries: &[(u64, Bytes)], suspects: u64) -> Result<BTreeMap<u64, u32>, CommandError> {
    let mut exhausted = BTreeMap::new();
    let suspected: Vec<u64> = entries.iter().map(|(number, _)| *number).filter(|number| *number <= suspects).collect();
    let Some(below) = suspected.iter().max().map(|number| number.saturating_add(1)) else { return Ok(exhausted) };
    let scan = Scan::first(PAGE).below(crate::store::key::Key::new().number(below).done());
    let known = desk.store.scan::<WorkAttempts>(&WorkAttempts::group(stream), scan).await?;
    let mut batch = Batch::new();
    for number in suspected {
        let old = known.iter().find(|attempts| attempts.record.number == number);
        let begun = old.map_or(1, |old| old.record.begun).saturating_add(1);
        if begun > BEGINS {
            exhausted.insert(number, begun.saturating_sub(1));
            continue;
        }
        let new = WorkAttempts { stream: stream.0.clone(), number, begun };
        match old {
            Some(old) => batch.update(old, &new)?,
            None => batch.insert(&new)?,
        }
    }
    // Counts of entries that are gone are of no use any more.
    for old in known.iter().filter(|old| !entries.iter().any(|(number, _)| *number == old.record.number)) {
        batch.remove(old);
    }
    if !batch.effects.is_empty() {
        batch.fence(&desk.owner, desk.token);
        commit(desk, batch).await?;
    }
    Ok(exhausted)
}

async fn take(desk: &Desk, stream: &StreamName, number: u64) -> Result<(), CommandError> {
    let mut batch = Batch::new();
    batch.fence(&desk.owner, desk.token);
    batch.take(stream, number);
    commit(desk, batch).await
}

/// Refuses a client's command that fits no conversation: the asking node hears why.
async fn refuse(desk: &Desk, stream: &StreamName, number: u64, answer: &str, reason: Reason) -> Result<(), CommandError> {
    let refused = serde_json::to_vec(&Answer::Refused { reason }).map_err(|error| CommandError::TryAgain(error.to_string()))?;
    let mut batch = Batch::new();
    batch.fence(&desk.owner, desk.token);
    batch.take(stream, number);
    batch.once(answer.as_bytes().to_vec(), ANSWER_KEPT_MS, refused);
    commit(desk, batch).await?;
    signal_answer(desk).await;
    Ok(())
}

async fn signal_answer(desk: &Desk) {
    // Best effort: who waits also looks by itself.
    if let Err(error) = desk.store.signal(Bytes::from_static(b"{\"k\":\"answered\"}")).await {
        tracing::debug!(%error, "an answer could not be signalled");
    }
}

/// Moves an entry to quarantine: kept, shown, and can be replayed.
async fn quarantine(desk: &Desk, stream: &StreamName, number: u64, bytes: &Bytes, reason: Reason) -> Result<(), CommandError> {
    let kept = bytes.get(..PAYLOAD_KEPT.min(bytes.len())).unwrap_or_default();
    let record = Quarantine {
        id: QuarantineId(desk.house.world.id()),
        at: desk.house.world.now(),
        login: Some(desk.login),
        provider: desk.channel.provider().to_owned(),
        reason,
        payload: data_encoding::BASE64.encode(kept),
        replayed_at: None,
    };
    tracing::warn!(login = %desk.login, number, code = record.reason.code, "a work entry goes to quarantine");
    metrics::counter!("kommutator_quarantined_total").increment(1);
    let mut batch = Batch::new();
    batch.fence(&desk.owner, desk.token);
    batch.take(stream, number);
    batch.insert(&record)?;
    commit(desk, batch).await
}

async fn commit(desk: &Desk, batch: Batch) -> Result<(), CommandError> {
    match desk.store.commit(batch).await {
        Ok(_) | Err(CommitError::Refused(Refusal::Gone { .. })) => Ok(()),
        Err(CommitError::Refused(Refusal::Fenced { .. })) => Err(CommandError::Fenced),
        Err(error) => Err(error.into()),
    }
}
