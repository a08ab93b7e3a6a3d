//! Reads what came in for a login, in order, entries of different chats side by side.
//!
//! Entries that say something of the same chat stand in one chain and are carried out one after the other. An entry that may have been
//! begun before is handled alone, see [`begins`](crate::gateway::begins), so that one whose handling panics takes no other with it.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};

use super::order;
use super::profiles::Profiles;
use super::resolve::{Resolver, Step};
use super::{ChannelActor, WorkFor};
use crate::gateway::begins::{self, Suspects};
use crate::gateway::commands::{ANSWER_KEPT_MS, Answer, Command, CommandError, tell_left};
use crate::gateway::conversation::desk::Desk;
use crate::gateway::conversation::inbound::{Changed, find_external};
use crate::gateway::conversation::{Cause, What, Work, pending};
use crate::gateway::entries::{self, MailboxEntry};
use crate::gateway::faults;
use crate::gateway::signals::{self, Signal};
use crate::model::protocol::{Author, AuthorKind};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::port::StreamName;
use crate::store::records::streams;

/// Entries read at once.
const PAGE: usize = 128;
/// The sweep covers a wake that was lost.
const SWEEP: Duration = Duration::from_secs(5);
/// Chats handled side by side.
const SIDE_BY_SIDE: usize = 32;

/// What one entry comes to: the steps it asks for, in order.
pub(super) struct Plan {
    number: u64,
    bytes: Bytes,
    answer: Option<String>,
    /// When a provider's part came.
    pub(super) came: Option<Time>,
    pub(super) steps: Vec<Step>,
    /// Why a part of it cannot be carried out: the rest is, and then the entry goes to quarantine.
    refused: Option<Reason>,
}

/// A mailbox and who works on it.
struct Mailbox<'a> {
    desk: &'a Desk,
    resolver: &'a Resolver,
    me: &'a Addr<ChannelActor>,
    stream: StreamName,
    profiles: Profiles,
}

/// Runs until the ownership is lost.
///
/// # Errors
/// [`CommandError::Fenced`].
pub async fn run(desk: Arc<Desk>, resolver: Arc<Resolver>, me: Addr<ChannelActor>) -> Result<(), CommandError> {
    let mailbox = Mailbox { desk: &desk, resolver: &resolver, me: &me, stream: streams::mailbox(desk.login), profiles: Profiles::default() };
    let mut grown = desk.store.watch(&mailbox.stream);
    let mut suspects = loop {
        match Suspects::at_start(&desk, &mailbox.stream, PAGE).await {
            Ok(suspects) => break suspects,
            Err(error) => pause(&desk, error).await?,
        }
    };
    let mut looks_on = true;
    loop {
        grown.borrow_and_update();
        match mailbox.step(&mut suspects, &mut looks_on).await {
            Ok(Some(pause)) => drop(tokio::time::timeout(pause, grown.changed()).await),
            Ok(None) => {}
            Err(error) => pause(&desk, error).await?,
        }
    }
}

fn pause_until(until: Time, now: Time) -> Duration {
    Duration::from_millis(u64::try_from(until.since(now)).unwrap_or(0))
}

/// Waits before another try, unless the ownership is lost.
async fn pause(desk: &Desk, error: CommandError) -> Result<(), CommandError> {
    if matches!(error, CommandError::Fenced) {
        return Err(error);
    }
    tracing::warn!(login = %desk.login, %error, "mailbox waits");
    tokio::time::sleep(Duration::from_millis(500)).await;
    Ok(())
}

impl Mailbox<'_> {
    /// Handles one page, or one entry that is suspect; answers how long nothing is to be done, unless something comes. `looks_on`: what is missing
    /// may stand behind a full page, so that what follows it is left for the next one; unless nothing else of the page can be handled.
    async fn step(&self, suspects: &mut Suspects, looks_on: &mut bool) -> Result<Option<Duration>, CommandError> {
        let mut page = self.desk.store.read(&self.stream, 0, PAGE).await?.entries;
        let Some((first, _)) = page.first() else { return Ok(Some(SWEEP)) };
        suspects.none_before(*first);
        let is_full = page.len() >= PAGE && *looks_on;
        if suspects.is(*first) {
            return self.one_by_one(suspects, page, is_full, looks_on).await;
        }
        page.retain(|(number, _)| *number < suspects.first().unwrap_or(u64::MAX));
        let mut plans = Vec::with_capacity(page.len());
        let mut done = 0;
        for (number, bytes) in page {
            done += 1;
            let Some(plan) = self.read(number, bytes).await? else { continue };
            let tells_of_account = plan.steps.iter().any(|step| matches!(step, Step::Account(_)));
            plans.push(plan);
            // What comes behind may be that account's: it is read once the account is there.
            if tells_of_account {
                break;
            }
        }
        let now = self.desk.house.world.now();
        let mut again: Option<Time> = None;
        let mut ready = Vec::new();
        for chain in chains(plans) {
            let whole = chain.len();
            let (chain, until) = order::ready(self.desk, chain, now, is_full).await?;
            done -= whole - chain.len();
            again = again.into_iter().chain(until).min();
            ready.push(chain);
        }
        let chains = ready.into_iter().map(|chain| async move {
            for plan in chain {
                let number = plan.number;
                self.carry_out(plan).await.map_err(|error| (error, number))?;
            }
            Ok::<(), (CommandError, u64)>(())
        });
        let results: Vec<_> = stream::iter(chains).buffer_unordered(SIDE_BY_SIDE).collect().await;
        *looks_on = done > 0 || again.is_none_or(|until| until > now);
        // Where nothing else is to be done, what is missing is waited for.
        let pause = again.filter(|_| done == 0).map(|until| pause_until(until, now));
        let mut failed = Ok(pause);
        for (error, number) in results.into_iter().filter_map(Result::err) {
            suspects.doubt(self.desk, number, &error);
            // That the ownership is lost outweighs everything else.
            if !matches!(failed, Err(CommandError::Fenced)) {
                failed = Err(error);
            }
        }
        failed
    }

    /// Handles the first entry that need not wait for something missing, alone: it, or one that it overtook, may have been begun before.
    async fn one_by_one(
        &self, suspects: &mut Suspects, page: Vec<(u64, Bytes)>, is_full: bool, looks_on: &mut bool,
    ) -> Result<Option<Duration>, CommandError> {
        let now = self.desk.house.world.now();
        let mut again: Option<Time> = None;
        for (number, bytes) in page {
            match self.alone(suspects, number, &bytes, (now, is_full)).await? {
                Some(until) => again = again.into_iter().chain([until]).min(),
                None => {
                    *looks_on = true;
                    return Ok(None);
                }
            }
        }
        *looks_on = again.is_none_or(|until| until > now);
        Ok(Some(again.map_or(SWEEP, |until| pause_until(until, now))))
    }

    /// Handles an entry that may have been begun before: counted first, and to quarantine after the third begin. Answers until when it waits for
    /// something missing.
    async fn alone(&self, suspects: &mut Suspects, number: u64, bytes: &Bytes, when: (Time, bool)) -> Result<Option<Time>, CommandError> {
        let result = match suspects.count(self.desk, number).await? {
            Some(reason) => self.quarantine(number, bytes, reason).await.map(|()| None),
            None => self.once_more(number, bytes, when).await,
        };
        match &result {
            Ok(None) => suspects.clear(self.desk, number).await?,
            Ok(Some(_)) => {}
            Err(error) => suspects.doubt(self.desk, number, error),
        }
        result
    }

    async fn once_more(&self, number: u64, bytes: &Bytes, (now, is_full): (Time, bool)) -> Result<Option<Time>, CommandError> {
        let Some(plan) = self.read(number, bytes.clone()).await? else { return Ok(None) };
        let (ready, until) = order::ready(self.desk, vec![plan], now, is_full).await?;
        for plan in ready {
            self.carry_out(plan).await?;
        }
        Ok(until)
    }

    /// Reads an entry. `None`: it is done already.
    async fn read(&self, number: u64, bytes: Bytes) -> Result<Option<Plan>, CommandError> {
        match begins::watched(self.desk, &self.stream, number, self.plan(number, &bytes)).await {
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
        let mut plan = Plan { number, bytes: bytes.clone(), answer: None, came: None, steps: Vec::new(), refused: None };
        let unreadable = |what: String| CommandError::Refused(Reason::new("unreadable").said(&what));
        match entries::read::<MailboxEntry>(bytes).map_err(|error| unreadable(error.to_string()))? {
            MailboxEntry::Command { answer, command, .. } => {
                plan.answer = Some(answer);
                match *command {
                    Command::Part { body } => self.events(&body, &mut plan).await?,
                    command => plan.steps.push(self.resolver.command(command).await?),
                }
            }
            MailboxEntry::Reload => {
                self.desk.reload().await?;
                self.desk.changed();
            }
            MailboxEntry::Part { at, body } => {
                plan.came = Some(at);
                self.events(&body, &mut plan).await?;
            }
        }
        Ok(plan)
    }

    /// What a part says, event by event: one that fits nothing we know does not keep the others from being carried out.
    async fn events(&self, body: &[u8], plan: &mut Plan) -> Result<(), CommandError> {
        for event in parse(self.desk, body)? {
            match self.resolver.resolve(event).await {
                Ok(step) => plan.steps.push(step),
                Err(CommandError::Refused(reason)) => plan.refused = Some(reason),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Carries out what an entry asks; the last step takes the entry in its own commit.
    async fn carry_out(&self, plan: Plan) -> Result<(), CommandError> {
        let last = plan.steps.len().saturating_sub(1);
        let mut refused = plan.refused;
        for (at, step) in plan.steps.into_iter().enumerate() {
            let ends = at == last && refused.is_none();
            let (stream, number) = (self.stream.clone(), plan.number);
            let cause = if ends { Cause::Entry { stream, number, answer: plan.answer.clone() } } else { Cause::Part { stream, number } };
            let (id, what) = match step {
                Step::Work(id, What::Inbound { account, mut incoming }) => {
                    self.profiles.complete(self.desk, account, &mut incoming).await;
                    (id, What::Inbound { account, incoming })
                }
                Step::Work(id, what) => (id, what),
                Step::Account(account) => {
                    // Twice has the effect of once: the entry may be taken after it.
                    super::accounts::told(self.desk, &account).await?;
                    self.desk.reload().await?;
                    if ends {
                        return self.take(plan.number).await;
                    }
                    continue;
                }
                Step::Typing(account, conversation) => {
                    let who = Author { kind: AuthorKind::Customer, id: String::new(), name: String::new() };
                    let signal = Signal::Typing { conversation, account, who, to_visitor: false };
                    signals::send(&self.desk.house, self.desk.workspace, &signal).await;
                    if ends {
                        return self.take(plan.number).await;
                    }
                    continue;
                }
                Step::Nothing if ends => return self.take(plan.number).await,
                Step::Nothing => continue,
                Step::Wait { account, external_id, change } => {
                    pending::keep(self.desk, account, &external_id, &change).await?;
                    // It may have come between the look that found nothing and the commit that keeps this.
                    match find_external(self.desk, account, &external_id).await? {
                        Some(message) => {
                            let message = message.record.id();
                            (message.conversation, What::Changed(Changed::Waited { message, external_id }))
                        }
                        None if ends => return self.take(plan.number).await,
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
                    return Err(error);
                }
            }
        }
        if let Some(reason) = refused {
            return self.quarantine(plan.number, &plan.bytes, reason).await;
        }
        if plan.answer.is_some() {
            tell_left(&self.desk.store).await;
        }
        Ok(())
    }

    /// Refuses a client's command that fits no conversation: the asking node hears why.
    async fn refuse(&self, number: u64, answer: &str, reason: Reason) -> Result<(), CommandError> {
        let refused = serde_json::to_vec(&Answer::Refused { reason }).map_err(|error| CommandError::TryAgain(error.to_string()))?;
        let mut batch = self.desk.batch();
        batch.take(&self.stream, number);
        batch.once(answer.as_bytes().to_vec(), ANSWER_KEPT_MS, refused);
        self.desk.commit(batch).await?;
        tell_left(&self.desk.store).await;
        Ok(())
    }

    async fn take(&self, number: u64) -> Result<(), CommandError> {
        let mut batch = self.desk.batch();
        batch.take(&self.stream, number);
        self.desk.commit(batch).await
    }

    async fn quarantine(&self, number: u64, bytes: &Bytes, reason: Reason) -> Result<(), CommandError> {
        begins::quarantine(self.desk, &self.stream, number, bytes, reason).await
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
