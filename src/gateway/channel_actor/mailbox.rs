//! Reads what came in for a login, in order, entries of different chats side by side.
//!
//! Entries that say something of the same chat stand in one chain and are carried out one after the other. An entry that may have been
//! begun before is handled alone, see [`begins`](super::begins), so that one whose handling panics takes no other with it.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};

use super::begins::{self, Suspects};
use super::resolve::{Resolver, Step};
use super::{ChannelActor, WorkFor};
use crate::gateway::commands::{ANSWER_KEPT_MS, Answer, Command, CommandError};
use crate::gateway::conversation::desk::Desk;
use crate::gateway::conversation::inbound::{Changed, find_external};
use crate::gateway::conversation::{Cause, What, Work, pending};
use crate::gateway::entries::{self, MailboxEntry};
use crate::gateway::faults;
use crate::model::ids::{ConversationId, QuarantineId};
use crate::model::reason::Reason;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, StoreError, StreamName};
use crate::store::records::{Quarantine, streams};

/// Entries read at once.
pub(super) const PAGE: usize = 128;
/// Chats handled side by side.
const SIDE_BY_SIDE: usize = 32;
/// The most of a payload that is kept in quarantine: more than any entry has, so that each can be replayed whole.
const PAYLOAD_KEPT: usize = 2 * 1024 * 1024;

/// What one entry comes to: the steps it asks for, in order.
struct Plan {
    number: u64,
    bytes: Bytes,
    answer: Option<String>,
    steps: Vec<Step>,
    /// Why a part of it cannot be carried out: the rest is, and then the entry goes to quarantine.
    refused: Option<Reason>,
}

/// A mailbox and who works on it.
struct Mailbox<'a> {
    desk: &'a Desk,
    resolver: &'a Resolver,
    me: &'a Addr<ChannelActor>,
    stream: StreamName,
}

/// Runs until the ownership is lost.
///
/// # Errors
/// [`CommandError::Fenced`].
pub async fn run(desk: Arc<Desk>, resolver: Arc<Resolver>, me: Addr<ChannelActor>) -> Result<(), CommandError> {
    let mailbox = Mailbox { desk: &desk, resolver: &resolver, me: &me, stream: streams::mailbox(desk.login) };
    let mut grown = desk.store.watch(&mailbox.stream);
    let mut suspects = loop {
        match Suspects::at_start(&desk, &mailbox.stream).await {
            Ok(suspects) => break suspects,
            Err(error) => pause(&desk, &error).await,
        }
    };
    loop {
        grown.borrow_and_update();
        match mailbox.step(&mut suspects).await {
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

impl Mailbox<'_> {
    /// Handles one page, or one entry that is suspect; answers how many entries it held.
    async fn step(&self, suspects: &mut Suspects) -> Result<usize, CommandError> {
        let mut page = self.desk.store.read(&self.stream, 0, PAGE).await?.entries;
        let Some((first, bytes)) = page.first() else {
            suspects.none_before(self.desk, &self.stream, u64::MAX).await?;
            return Ok(0);
        };
        suspects.none_before(self.desk, &self.stream, *first).await?;
        if suspects.is(*first) {
            return self.alone(suspects, *first, &bytes.clone()).await.map(|()| 1);
        }
        page.retain(|(number, _)| *number < suspects.first().unwrap_or(u64::MAX));
        let count = page.len();
        let mut plans = Vec::with_capacity(count);
        for (number, bytes) in page {
            if let Some(plan) = self.read(number, bytes).await? {
                plans.push(plan);
            }
        }
        let chains = chains(plans).into_iter().map(|chain| async move {
            for plan in chain {
                let number = plan.number;
                self.carry_out(plan).await.map_err(|(error, id)| (error, number, id))?;
            }
            Ok::<(), (CommandError, u64, Option<ConversationId>)>(())
        });
        let results: Vec<_> = stream::iter(chains).buffer_unordered(SIDE_BY_SIDE).collect().await;
        let mut failed = Ok(count);
        for (error, number, id) in results.into_iter().filter_map(Result::err) {
            suspects.doubt(self.desk, number, &error, id);
            // That the ownership is lost outweighs everything else.
            if !matches!(failed, Err(CommandError::Fenced)) {
                failed = Err(error);
            }
        }
        failed
    }

    /// Handles an entry that may have been begun before: counted first, and to quarantine after the third begin.
    async fn alone(&self, suspects: &mut Suspects, number: u64, bytes: &Bytes) -> Result<(), CommandError> {
        if let Some(reason) = begins::count(self.desk, suspects, &self.stream, number).await? {
            return self.quarantine(number, bytes, reason).await;
        }
        let Some(plan) = self.read(number, bytes.clone()).await? else { return Ok(()) };
        self.carry_out(plan).await.map_err(|(error, id)| {
            suspects.doubt(self.desk, number, &error, id);
            error
        })
    }

    /// Reads an entry. `None`: it is done already.
    async fn read(&self, number: u64, bytes: Bytes) -> Result<Option<Plan>, CommandError> {
        match self.plan(number, &bytes).await {
            Ok(plan) if plan.steps.is_empty() && plan.refused.is_none() => self.take(number).await.map(|()| None),
            Ok(plan) => Ok(Some(plan)),
            Err(CommandError::Refused(reason)) => match entries::read(&bytes) {
                // Somebody waits for the word.
                Ok(MailboxEntry::Command { answer, .. }) => self.refuse(number, &answer, reason).await.map(|()| None),
                Ok(MailboxEntry::Part { .. } | MailboxEntry::Reload) | Err(_) => self.quarantine(number, &bytes, reason).await.map(|()| None),
            },
            Err(error) => Err(error),
        }
    }

    async fn plan(&self, number: u64, bytes: &Bytes) -> Result<Plan, CommandError> {
        let mut plan = Plan { number, bytes: bytes.clone(), answer: None, steps: Vec::new(), refused: None };
        let unreadable = |what: String| CommandError::Refused(Reason::new("unreadable").said(&what));
        match entries::read::<MailboxEntry>(bytes).map_err(|error| unreadable(error.to_string()))? {
            MailboxEntry::Command { answer, command, .. } => {
                plan.answer = Some(answer);
                match *command {
                    Command::Part { body } => self.events(&body, &mut plan).await?,
                    command => plan.steps.push(self.resolver.command(command).await?),
                }
            }
            MailboxEntry::Reload => self.desk.reload().await?,
            MailboxEntry::Part { body, .. } => self.events(&body, &mut plan).await?,
        }
        Ok(plan)
    }

    /// What a part says, event by event: one that fits nothing we know does not keep the others from being carried out.
    async fn events(&self, body: &[u8], plan: &mut Plan) -> Result<(), CommandError> {
        let events = match catch_unwind(AssertUnwindSafe(|| parse(self.desk, body))) {
            Ok(events) => events?,
            Err(panic) => {
                // The actor ends by it, as by any panic; the next life finds its words.
                self.desk.house.panics.note(begins::name(&self.stream, plan.number), panic.as_ref());
                resume_unwind(panic)
            }
        };
        for event in events {
            match self.resolver.resolve(event).await {
                Ok(step) => plan.steps.push(step),
                Err(CommandError::Refused(reason)) => plan.refused = Some(reason),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Carries out what an entry asks; the last step takes the entry in its own commit. An error comes with the conversation it came from.
    async fn carry_out(&self, plan: Plan) -> Result<(), (CommandError, Option<ConversationId>)> {
        let last = plan.steps.len().saturating_sub(1);
        let mut refused = plan.refused;
        for (at, step) in plan.steps.into_iter().enumerate() {
            let ends = at == last && refused.is_none();
            let entry = || Cause::Entry { stream: self.stream.clone(), number: plan.number, answer: plan.answer.clone() };
            let cause = if ends { entry() } else { Cause::Part };
            let (id, what) = match step {
                Step::Work(id, what) => (id, what),
                Step::Wait { account, external_id, change } => {
                    pending::keep(self.desk, account, &external_id, &change).await.map_err(|error| (error, None))?;
                    // It may have come between the look that found nothing and the commit that keeps this.
                    match find_external(self.desk, account, &external_id).await.map_err(|error| (error.into(), None))? {
                        Some(message) => {
                            let message = message.record.id();
                            (message.conversation, What::Changed(Changed::Waited { message, external_id }))
                        }
                        None if ends => return self.take(plan.number).await.map_err(|error| (error, None)),
                        None => continue,
                    }
                }
            };
            let moved = matches!(what, What::Changed(Changed::Moved { .. }));
            let work = self.me.send(WorkFor { id, work: Work { cause, what } }).await;
            match work.unwrap_or_else(|_| Err(CommandError::TryAgain("actor_restarts".to_owned()))) {
                Ok(_) if moved => self.resolver.forget(id),
                Ok(_) => {}
                // To who waits for an answer a refusal is one, and has acknowledged the entry; a provider hears none.
                Err(CommandError::Refused(_)) if plan.answer.is_some() => {}
                Err(CommandError::Refused(reason)) => refused = Some(reason),
                Err(error) => {
                    self.resolver.forget(id);
                    return Err((error, Some(id)));
                }
            }
        }
        if let Some(reason) = refused {
            return self.quarantine(plan.number, &plan.bytes, reason).await.map_err(|error| (error, None));
        }
        if plan.answer.is_some() {
            self.signal_answer().await;
        }
        Ok(())
    }

    /// Refuses a client's command that fits no conversation: the asking node hears why.
    async fn refuse(&self, number: u64, answer: &str, reason: Reason) -> Result<(), CommandError> {
        let refused = serde_json::to_vec(&Answer::Refused { reason }).map_err(|error| CommandError::TryAgain(error.to_string()))?;
        let mut batch = Batch::new();
        batch.fence(&self.desk.owner, self.desk.token);
        batch.take(&self.stream, number);
        batch.once(answer.as_bytes().to_vec(), ANSWER_KEPT_MS, refused);
        commit(self.desk, batch).await?;
        self.signal_answer().await;
        Ok(())
    }

    async fn signal_answer(&self) {
        // Best effort: who waits also looks by itself.
        if let Err(error) = self.desk.store.signal(Bytes::from_static(b"{\"k\":\"answered\"}")).await {
            tracing::debug!(%error, "an answer could not be signalled");
        }
    }

    async fn take(&self, number: u64) -> Result<(), CommandError> {
        let mut batch = Batch::new();
        batch.fence(&self.desk.owner, self.desk.token);
        batch.take(&self.stream, number);
        commit(self.desk, batch).await
    }

    /// Moves an entry to quarantine: kept, shown, and can be replayed.
    async fn quarantine(&self, number: u64, bytes: &Bytes, reason: Reason) -> Result<(), CommandError> {
        let desk = self.desk;
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
        batch.take(&self.stream, number);
        batch.insert(&record)?;
        commit(desk, batch).await
    }
}

fn parse(desk: &Desk, body: &[u8]) -> Result<Vec<crate::channel::contract::ChannelEvent>, CommandError> {
    faults::point_for("channel/parse", desk.login);
    desk.channel.parse(body).map_err(|error| CommandError::Refused(Reason::new("unreadable").said(&error.0)))
}

/// Puts plans that touch the same chat, or wait for the same message, into one chain each, in their order. A plan that touches two chats
/// makes one chain of theirs.
fn chains(plans: Vec<Plan>) -> Vec<Vec<Plan>> {
    let mut chains: BTreeMap<usize, (BTreeSet<String>, Vec<Plan>)> = BTreeMap::new();
    for (at, plan) in plans.into_iter().enumerate() {
        let mut touched: BTreeSet<String> = plan.steps.iter().map(Step::name).collect();
        let joined: Vec<usize> = chains.iter().filter(|(_, (chats, _))| !chats.is_disjoint(&touched)).map(|(at, _)| *at).collect();
        let mut chain = Vec::new();
        for (chats, plans) in joined.into_iter().filter_map(|at| chains.remove(&at)) {
            touched.extend(chats);
            chain.extend(plans);
        }
        chain.sort_by_key(|plan| plan.number);
        chain.push(plan);
        chains.insert(at, (touched, chain));
    }
    chains.into_values().map(|(_, chain)| chain).collect()
}

/// A part that a client on this node brought: no mailbox between, the answer comes after the commit.
pub(super) async fn directly(resolver: &Resolver, me: &Addr<ChannelActor>, command: Command) -> Result<Answer, CommandError> {
    let desk = resolver.desk();
    let steps = match command {
        Command::Part { body } => {
            // The client waits and hears of it; there is no entry that could be counted.
            let events = catch_unwind(AssertUnwindSafe(|| parse(desk, &body))).map_err(|panic| {
                desk.house.panics.note(desk.login, panic.as_ref());
                tracing::error!(login = %desk.login, "a client's part made its channel panic");
                CommandError::refused("unreadable")
            })??;
            let mut steps = Vec::with_capacity(events.len());
            for event in events {
                steps.push(resolver.resolve(event).await?);
            }
            steps
        }
        command => vec![resolver.command(command).await?],
    };
    let mut answer = Answer::Done;
    for step in steps {
        let Step::Work(id, what) = step else { return Err(CommandError::refused("unknown_message")) };
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

pub(super) async fn commit(desk: &Desk, batch: Batch) -> Result<(), CommandError> {
    match desk.store.commit(batch).await {
        Ok(_) | Err(CommitError::Refused(Refusal::Gone { .. })) => Ok(()),
        Err(CommitError::Refused(Refusal::Fenced { .. })) => Err(CommandError::Fenced),
        Err(error) => Err(error.into()),
    }
}
