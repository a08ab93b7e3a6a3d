//! The actor of one provider login: its mailbox, its outbox, its conversations.
//!
//! * [`mailbox`]: reads what came in, in order, different chats side by side; [`order`]: what came out of order
//! * [`calls`]: what a call to the provider is given, and what it says of the login's health
//! * [`set_up`]: tells the provider where to send what happens
//! * [`polling`]: asks the provider for what is new; [`fetching`]: fetches files that came in
//! * [`throttle`]: keeps the calls within the provider's limits; [`accounts`]: accounts the provider tells of; [`asides`]: typing and read marks
//! * [`outbox`]: sends what waits, one message of a chat at a time
//! * `profiles`: who writes, asked for where it is not said
//! * [`resolve`]: which conversation an event belongs to
//!
//! One such actor runs in the whole cluster per login; every write carries its token. When it ends (a panic, a lost ownership) its
//! parent is told by a guard and starts another with back-off, which reads what it needs from the store.

mod accounts;
mod asides;
pub(crate) mod calls;
mod fetching;
pub mod mailbox;
mod order;
pub mod outbox;
mod polling;
mod profiles;
pub mod resolve;
mod set_up;
pub(crate) mod throttle;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;

use self::resolve::Resolver;
use super::commands::{Answer, Command, CommandError};
use super::conversation::desk::{Aside, Desk};
use super::conversation::{Cause, ConversationActor, Done, PutAway, Work};
use super::supervisor::{Ended, Ending, Gateway};
use crate::model::ids::ConversationId;

/// A conversation nobody asked anything of for so long is put away.
const IDLE_MS: i64 = 10 * 60 * 1_000;
/// How often idle ones are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// The actor.
pub struct ChannelActor {
    desk: Arc<Desk>,
    resolver: Arc<Resolver>,
    parent: Addr<Gateway>,
    conversations: HashMap<ConversationId, Resident>,
    ending: Ending,
}

struct Resident {
    address: Addr<ConversationActor>,
}

impl ChannelActor {
    /// For a login this process owns.
    #[must_use]
    pub fn new(desk: Arc<Desk>, parent: Addr<Gateway>) -> Self {
        let resolver = Arc::new(Resolver::new(Arc::clone(&desk)));
        Self { desk, resolver, parent, conversations: HashMap::new(), ending: Ending::Stopped }
    }

    fn conversation(&mut self, id: ConversationId, ctx: &Context<Self>) -> Addr<ConversationActor> {
        if let Some(resident) = self.conversations.get(&id)
            && resident.address.connected()
        {
            return resident.address.clone();
        }
        let me = ctx.address();
        let actor = ConversationActor::new(Arc::clone(&self.desk), id, move |panicked| me.do_send(ConversationEnded { id, panicked }));
        let address = actor.start();
        self.conversations.insert(id, Resident { address: address.clone() });
        address
    }

    fn sweep(&mut self, ctx: &mut Context<Self>) {
        let unused_since = self.desk.house.world.now().plus_ms(-IDLE_MS);
        for resident in self.conversations.values() {
            // The actor answers by ending, and its guard tells us.
            resident.address.do_send(PutAway { unused_since });
        }
        let desk = Arc::clone(&self.desk);
        ctx.spawn(async move { super::conversation::pending::expire(&desk).await }.into_actor(self).map(|result, actor, ctx| {
            if let Err(error) = &result {
                tracing::warn!(login = %actor.desk.login, %error, "what waits for messages was not looked through");
            }
            if matches!(result, Err(CommandError::Fenced)) {
                Self::worker_ended(result, actor, ctx);
            }
        }));
        ctx.run_later(SWEEP, Self::sweep);
    }
}

impl Actor for ChannelActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(1_024);
        ctx.run_later(SWEEP, Self::sweep);
        let me = ctx.address();
        ctx.spawn(mailbox::run(Arc::clone(&self.desk), Arc::clone(&self.resolver), me.clone()).into_actor(self).map(Self::worker_ended));
        ctx.spawn(asides::run(Arc::clone(&self.desk)).into_actor(self).map(Self::worker_ended));
        ctx.spawn(set_up::run(Arc::clone(&self.desk)).into_actor(self).map(Self::worker_ended));
        ctx.spawn(polling::run(Arc::clone(&self.desk)).into_actor(self).map(Self::worker_ended));
        ctx.spawn(fetching::run(Arc::clone(&self.desk), me.clone()).into_actor(self).map(Self::worker_ended));
        for bulk in [false, true] {
            ctx.spawn(outbox::run(Arc::clone(&self.desk), me.clone(), bulk).into_actor(self).map(Self::worker_ended));
        }
        tracing::info!(workspace = %self.desk.workspace, login = %self.desk.login, token = self.desk.token, "channel actor started");
    }
}

impl ChannelActor {
    /// A worker ends only when the ownership is lost.
    fn worker_ended(result: Result<(), CommandError>, actor: &mut Self, ctx: &mut Context<Self>) {
        if let Err(CommandError::Fenced) = result {
            actor.ending = Ending::Fenced;
        }
        ctx.stop();
    }
}

impl Drop for ChannelActor {
    fn drop(&mut self) {
        let ending = if std::thread::panicking() { Ending::Panicked } else { self.ending };
        self.parent.do_send(Ended { workspace: self.desk.workspace, owned: self.desk.owned, token: self.desk.token, ending });
    }
}

/// A conversation's actor ended.
#[derive(Message)]
#[rtype(result = "()")]
struct ConversationEnded {
    id: ConversationId,
    panicked: bool,
}

impl Handler<ConversationEnded> for ChannelActor {
    type Result = ();

    fn handle(&mut self, ended: ConversationEnded, _: &mut Self::Context) {
        if self.conversations.get(&ended.id).is_some_and(|resident| !resident.address.connected()) {
            self.conversations.remove(&ended.id);
        }
        if ended.panicked {
            metrics::counter!("kommutator_actor_panics_total", "actor" => "conversation").increment(1);
            tracing::error!(workspace = %self.desk.workspace, conversation = %ended.id, "conversation actor panicked");
        }
    }
}

/// A command of a client on this node.
#[derive(Message)]
#[rtype(result = "Result<Answer, CommandError>")]
pub struct Ask(pub Command);

impl Handler<Ask> for ChannelActor {
    type Result = ResponseActFuture<Self, Result<Answer, CommandError>>;

    fn handle(&mut self, Ask(command): Ask, ctx: &mut Self::Context) -> Self::Result {
        let me = ctx.address();
        if let Some(id) = command.conversation() {
            let address = self.conversation(id, ctx);
            let work = Work { cause: Cause::Direct, what: super::conversation::What::Client(command) };
            return Box::pin(async move { answer_of(address.send(work).await) }.into_actor(self).map(Self::note_fence));
        }
        let resolver = Arc::clone(&self.resolver);
        Box::pin(async move { mailbox::directly(&resolver, &me, command).await }.into_actor(self).map(Self::note_fence))
    }
}

impl ChannelActor {
    fn note_fence(result: Result<Answer, CommandError>, actor: &mut Self, ctx: &mut Context<Self>) -> Result<Answer, CommandError> {
        if let Err(CommandError::Fenced) = result {
            actor.ending = Ending::Fenced;
            ctx.stop();
        }
        result
    }
}

/// Work for one conversation, from this login's workers.
#[derive(Message)]
#[rtype(result = "Result<Done, CommandError>")]
pub(super) struct WorkFor {
    pub(super) id: ConversationId,
    pub(super) work: Work,
}

impl Handler<WorkFor> for ChannelActor {
    type Result = ResponseFuture<Result<Done, CommandError>>;

    fn handle(&mut self, message: WorkFor, ctx: &mut Self::Context) -> Self::Result {
        let address = self.conversation(message.id, ctx);
        Box::pin(async move { address.send(message.work).await.unwrap_or_else(|_| Err(CommandError::TryAgain("actor_restarts".to_owned()))) })
    }
}

/// Somebody writes into a conversation: the customer is shown it, where the channel can.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Writing(pub ConversationId);

impl Handler<Writing> for ChannelActor {
    type Result = ();

    fn handle(&mut self, Writing(id): Writing, _: &mut Self::Context) {
        self.desk.aside(Aside::Typing(id));
    }
}

/// The node goes down, or the login was taken off.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Stop;

impl Handler<Stop> for ChannelActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

fn answer_of(result: Result<Result<Done, CommandError>, MailboxError>) -> Result<Answer, CommandError> {
    match result {
        Ok(Ok(Done::Answer(Answer::Refused { reason }))) => Err(CommandError::Refused(reason)),
        Ok(Ok(Done::Answer(answer))) => Ok(answer),
        Ok(Ok(Done::Next(_))) => Ok(Answer::Done),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(CommandError::TryAgain("actor_restarts".to_owned())),
    }
}
