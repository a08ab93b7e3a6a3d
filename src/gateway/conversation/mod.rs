//! The single writer of a conversation: one cause, one batch.
//!
//! * [`desk`]: what the conversations of one login share: store, fence, channel, accounts
//! * [`draft`]: collects what one cause changes and makes the batch of it
//! * [`inbound`]: what comes from the provider
//! * [`people`]: who wrote, as the login knows them
//! * [`visitor`]: what only a site's visitors have: visits, ratings
//! * [`files`]: files that lie at the provider, and those that were fetched
//! * [`pictures`]: pictures of people and listings
//! * [`pending`]: what is told of messages that are not known yet
//! * [`client`]: what people and integrations ask: messages, read marks
//! * [`triage`]: what managers decide about the conversation itself
//! * [`comeback`]: answers to visitors who left
//! * [`provider`]: what is changed of a message where it lies at the provider, too
//! * [`wording`]: messages changed, taken back, reacted to, erased
//! * [`sending`]: attempts to send and what became of them
//!
//! The actor holds the conversation's record between causes and works on one cause at a time. It is started on demand and
//! put away by its [`ChannelActor`](super::channel_actor::ChannelActor) when idle; everything it knows lies in the store.

pub mod client;
pub(crate) mod comeback;
mod crm;
pub mod desk;
pub mod draft;
pub mod files;
pub mod inbound;
mod minute;
pub(crate) mod pending;
pub(crate) mod people;
pub mod pictures;
mod provider;
pub mod sending;
mod triage;
pub(crate) mod visitor;
mod wording;

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use actix::prelude::*;
use futures_util::FutureExt;

use self::desk::{Aside, Desk};
use self::draft::Draft;
use super::commands::{ANSWER_KEPT_MS, Answer, Command, CommandError};
use super::entries;
use crate::channel::contract::Incoming;
use crate::model::conversation::Conversation;
use crate::model::ids::{AccountId, ConversationId};
use crate::model::message::Message;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, StoreError, StreamName};
use crate::store::table::{Record, Stored};

/// Why something is to be done, and what acknowledges it.
#[derive(Debug, Clone)]
pub enum Cause {
    /// Somebody waits for the answer on this node.
    Direct,
    /// A work entry: removed in the same commit, or by itself if there is nothing to do.
    Entry {
        /// The stream it lies in.
        stream: StreamName,
        /// Its number.
        number: u64,
        /// Where another node waits for the answer.
        answer: Option<String>,
    },
    /// A work entry, of which more is to be done after this: its effects are kept from doubling by their own keys.
    Part {
        /// The stream it lies in.
        stream: StreamName,
        /// Its number.
        number: u64,
    },
}

impl Cause {
    /// By which name the words of a panic are kept: whoever handles the entry again finds them.
    fn blamed(&self) -> Option<String> {
        match self {
            // Its client hears that it may try again: nobody handles it by himself.
            Self::Direct => None,
            Self::Entry { stream, number, .. } | Self::Part { stream, number } => Some(entries::name(stream, *number)),
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum What {
    /// A message came in.
    Inbound {
        /// The account it came to.
        account: AccountId,
        /// The message.
        incoming: Box<Incoming>,
    },
    /// Something became of a message that is already there, told by the provider.
    Changed(inbound::Changed),
    /// A person or integration asks.
    Client(Command),
    /// A file that lay at the provider is here, or will never be.
    Fetched(Box<files::Fetched>),
    /// A picture of somebody or something is here.
    Pictured(Box<pictures::Pictured>),
    /// An outbox entry is to be begun.
    Begin(sending::Begin),
    /// A call to the provider ended.
    End(sending::End),
}

/// A cause and what is to be done.
#[derive(Message)]
#[rtype(result = "Result<Done, CommandError>")]
pub struct Work {
    /// Why.
    pub cause: Cause,
    /// What.
    pub what: What,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Done {
    /// An answer for whoever asked.
    Answer(Answer),
    /// What the outbox worker shall do next.
    Next(sending::Next),
}

/// What the actor knows of its record.
enum Known {
    Unread,
    Absent,
    Here(Box<Stored<Conversation>>),
}

/// The actor.
pub struct ConversationActor {
    desk: Arc<Desk>,
    id: ConversationId,
    known: Known,
    used_at: Time,
    on_end: Option<Box<dyn FnOnce(bool)>>,
}

impl ConversationActor {
    /// An actor for this id; the conversation may not exist yet. `on_end` is told whether it ended by a panic.
    pub fn new(desk: Arc<Desk>, id: ConversationId, on_end: impl FnOnce(bool) + 'static) -> Self {
        let used_at = desk.house.world.now();
        Self { desk, id, known: Known::Unread, used_at, on_end: Some(Box::new(on_end)) }
    }
}

impl Actor for ConversationActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // Senders wait for the answer, so this bounds how many wait at once; past it they hear `try_again`.
        ctx.set_mailbox_capacity(256);
    }
}

impl Drop for ConversationActor {
    fn drop(&mut self) {
        if let Some(on_end) = self.on_end.take() {
            on_end(std::thread::panicking());
        }
    }
}

impl Handler<Work> for ConversationActor {
    type Result = AtomicResponse<Self, Result<Done, CommandError>>;

    fn handle(&mut self, work: Work, _: &mut Self::Context) -> Self::Result {
        self.used_at = self.desk.house.world.now();
        let (desk, id) = (Arc::clone(&self.desk), self.id);
        let known = std::mem::replace(&mut self.known, Known::Unread);
        let blamed = work.cause.blamed();
        let work = async move {
            match AssertUnwindSafe(perform(&desk, id, known, work)).catch_unwind().await {
                Ok(done) => done,
                Err(panic) => {
                    // The actor ends by it, as by any panic.
                    if let Some(blamed) = blamed {
                        desk.house.panics.note(blamed, panic.as_ref());
                    }
                    resume_unwind(panic)
                }
            }
        };
        AtomicResponse::new(Box::pin(work.into_actor(self).map(|(known, result), actor, _| {
            actor.known = known;
            result
        })))
    }
}

/// Asks the actor to end if nothing was asked of it since a moment. Answers whether it did.
#[derive(Message)]
#[rtype(result = "bool")]
pub struct PutAway {
    /// The moment.
    pub unused_since: Time,
}

impl Handler<PutAway> for ConversationActor {
    type Result = bool;

    fn handle(&mut self, message: PutAway, ctx: &mut Self::Context) -> bool {
        let idle = self.used_at <= message.unused_since;
        if idle {
            let (desk, known) = (Arc::clone(&self.desk), std::mem::replace(&mut self.known, Known::Unread));
            ctx.wait(async move { rest(&desk, known).await }.into_actor(self).map(|(), _, ctx| ctx.stop()));
        }
        idle
    }
}

/// A change log costs a Redis stream even with one entry, so one that rests is dropped whole: a visitor who comes back to a change
/// since then gets the newest messages instead.
async fn rest(desk: &Desk, known: Known) {
    let Known::Here(stored) = known else { return };
    if desk.house.store.engine().name() != "redis" || stored.record.last_change == 0 {
        return;
    }
    let mut batch = Batch::new();
    batch.fence(&desk.owner, desk.token);
    batch.expect(Conversation::TABLE, Conversation::at(stored.record.id), Some(stored.version));
    batch.trim(&crate::store::records::streams::changes(stored.record.id), stored.record.last_change);
    if let Err(error) = desk.store.commit(batch).await {
        tracing::debug!(conversation = %stored.record.id, %error, "a change log stays");
    }
}

/// What a decision comes to.
pub(crate) enum Decision {
    /// These changes, and what to answer once they are durable.
    Commit(Box<Draft>, Box<dyn FnOnce(&Draft) -> Done + Send>),
    /// Nothing changes.
    Nothing(Done),
}

/// Decides and commits, again if somebody else changed what the decision was based on.
async fn perform(desk: &Desk, id: ConversationId, mut known: Known, work: Work) -> (Known, Result<Done, CommandError>) {
    for _ in 0..8 {
        if let Known::Unread = known {
            known = match desk.store.get::<Conversation>(Conversation::at(id)).await {
                Ok(Some(stored)) => Known::Here(Box::new(stored)),
                Ok(None) => Known::Absent,
                Err(error) => return (Known::Unread, Err(error.into())),
            };
        }
        let stored = match &known {
            Known::Here(stored) => Some(stored.as_ref()),
            Known::Unread | Known::Absent => None,
        };
        let decision = match decide(desk, id, stored, &work.what).await {
            Ok(decision) => decision,
            Err(CommandError::Refused(reason)) => {
                // A resent frame is answered as the first one was, whatever has happened since.
                match first_sent(desk, id, &work.what).await {
                    Ok(None) => {}
                    Ok(Some(done)) => {
                        let acknowledged = acknowledge(desk, &work.cause, &done).await;
                        return (known, acknowledged.map(|()| done));
                    }
                    Err(error) => return (Known::Unread, Err(error.into())),
                }
                // A provider waits for no answer: its entry stays and goes to quarantine with the reason.
                let acknowledged = match &work.cause {
                    Cause::Entry { answer: Some(_), .. } => {
                        let refused = Done::Answer(Answer::Refused { reason: reason.clone() });
                        acknowledge(desk, &work.cause, &refused).await
                    }
                    Cause::Entry { answer: None, .. } | Cause::Direct | Cause::Part { .. } => Ok(()),
                };
                return (known, acknowledged.and(Err(CommandError::Refused(reason))));
            }
            Err(error) => return (Known::Unread, Err(error)),
        };
        let (mut draft, answer) = match decision {
            Decision::Nothing(done) => {
                let acknowledged = acknowledge(desk, &work.cause, &done).await;
                return (known, acknowledged.map(|()| done));
            }
            Decision::Commit(draft, answer) => (draft, answer),
        };
        if draft.begins_to_wait()
            && let Err(error) = triage::await_answer(desk, &mut draft).await
        {
            return (Known::Unread, Err(error));
        }
        let done = answer(&draft);
        let met = draft.take_met();
        let (batch, next) = match draft.finish(desk).and_then(|(batch, next)| Ok((with_cause(batch, &work.cause, &done)?, next))) {
            Ok(finished) => finished,
            Err(error) => return (Known::Unread, Err(error.into())),
        };
        crate::gateway::faults::point_for("conversation/commit", desk.login);
        crate::gateway::faults::point_for("conversation/commit", id);
        match crate::gateway::faults::commit("conversation", &desk.store, batch).await {
            Ok(_) => {
                desk.met.learn(met);
                match &work.what {
                    What::Client(Command::Read { .. }) => desk.aside(Aside::Read(next.record.id)),
                    What::Client(Command::Block { blocked: true, .. }) => desk.aside(Aside::Block(next.record.id)),
                    _ => {}
                }
                return (Known::Here(Box::new(next)), Ok(done));
            }
            Err(CommitError::Refused(refusal)) => match refused(desk, &work, refusal).await {
                // A lost answer's second try, a race or a foreign write: look again.
                Ok(None) => {
                    desk.met.forget(&met);
                    known = Known::Unread;
                }
                Ok(Some(done)) => return (Known::Unread, Ok(done)),
                Err(error) => return (Known::Unread, Err(error)),
            },
            Err(CommitError::Store(error)) => return (Known::Unread, Err(error.into())),
        }
    }
    (Known::Unread, Err(CommandError::TryAgain("conflicts".to_owned())))
}

/// The message that a client's frame of the same key made before.
async fn first_sent(desk: &Desk, id: ConversationId, what: &What) -> Result<Option<Done>, StoreError> {
    let (by_customer, key) = match what {
        What::Client(Command::Send { frame, .. }) => (false, Some(&frame.client_id)),
        What::Client(Command::FromWidget(asked)) => (false, Some(&asked.client_id)),
        What::Inbound { incoming, .. } => (true, incoming.client_id.as_ref()),
        What::Client(_) | What::Changed(_) | What::Fetched(_) | What::Pictured(_) | What::Begin(_) | What::End(_) => (false, None),
    };
    let Some(key) = key.filter(|key| client::is_client_id(key)) else { return Ok(None) };
    let sort = Message::client_sort(by_customer, key);
    let first = desk.store.get_unique::<Message>(Message::BY_CLIENT, &Message::group(id), &sort).await?;
    Ok(first.map(|first| Done::Answer(Answer::Message { message: Box::new(first.record), duplicate: true })))
}

/// What a refused batch means. `None`: read anew and decide again.
async fn refused(desk: &Desk, work: &Work, refusal: Refusal) -> Result<Option<Done>, CommandError> {
    match refusal {
        Refusal::Fenced { .. } => Err(CommandError::Fenced),
        Refusal::Gone { .. } | Refusal::TimerGone | Refusal::Seen { .. } => Ok(Some(Done::Answer(Answer::Done))),
        Refusal::NotUnique { table: Message::TABLE, holder, .. } => {
            // The same message again: a resent frame, a repeated hook. The first one is the answer.
            let first = desk.store.get::<Message>(holder).await?;
            let Some(first) = first else { return Ok(None) };
            let done = Done::Answer(Answer::Message { message: Box::new(first.record), duplicate: true });
            acknowledge(desk, &work.cause, &done).await?;
            Ok(Some(done))
        }
        Refusal::NotUnique { table: Conversation::TABLE, .. } => Err(CommandError::TryAgain("conversation_elsewhere".to_owned())),
        Refusal::NotUnique { .. } | Refusal::Conflict { .. } => Ok(None),
    }
}

async fn decide(desk: &Desk, id: ConversationId, stored: Option<&Stored<Conversation>>, what: &What) -> Result<Decision, CommandError> {
    match what {
        What::Inbound { account, incoming } => inbound::message(desk, id, stored, *account, incoming).await,
        What::Changed(changed) => inbound::changed(desk, existing(stored)?, changed).await,
        What::Client(Command::WriteFirst { account, address, client_id, text, author, origin, at }) => {
            let first = client::First { account: *account, address, client_id, text, author, origin, at: *at };
            client::write_first(desk, id, stored, &first).await
        }
        // It may be to an address nobody wrote to yet.
        What::Client(Command::FromWidget(asked)) => crm::asked(desk, id, stored, asked).await,
        What::Client(command) => client::command(desk, existing(stored)?, command).await,
        What::Fetched(fetched) => files::fetched(desk, existing(stored)?, fetched).await,
        What::Pictured(pictured) => pictures::pictured(desk, existing(stored)?, pictured).await,
        What::Begin(begin) => sending::begin(desk, existing(stored)?, begin).await,
        What::End(end) => sending::end(desk, existing(stored)?, end).await,
    }
}

fn existing(stored: Option<&Stored<Conversation>>) -> Result<&Stored<Conversation>, CommandError> {
    stored.ok_or_else(|| CommandError::Refused(Reason::new("unknown_conversation")))
}

/// Adds to a batch what acknowledges its cause.
fn with_cause(mut batch: Batch, cause: &Cause, done: &Done) -> Result<Batch, StoreError> {
    if let Cause::Entry { stream, number, answer } = cause {
        batch.take(stream, *number);
        if let (Some(key), Done::Answer(answer)) = (answer, done) {
            let answer = serde_json::to_vec(answer).map_err(|error| StoreError::Invalid(error.to_string()))?;
            batch.once(key.clone().into_bytes(), ANSWER_KEPT_MS, answer);
        }
    }
    Ok(batch)
}

/// Acknowledges a cause that had no effect.
async fn acknowledge(desk: &Desk, cause: &Cause, done: &Done) -> Result<(), CommandError> {
    if !matches!(cause, Cause::Entry { .. }) {
        return Ok(());
    }
    let mut batch = with_cause(Batch::new(), cause, done)?;
    batch.fence(&desk.owner, desk.token);
    match desk.store.commit(batch).await {
        Ok(_) | Err(CommitError::Refused(Refusal::Gone { .. } | Refusal::Seen { .. })) => Ok(()),
        Err(CommitError::Refused(Refusal::Fenced { .. })) => Err(CommandError::Fenced),
        Err(error) => Err(error.into()),
    }
}
