//! The actor of one CRM connection: what goes to the CRM, what comes from it.
//!
//! * [`desk`]: what its workers share
//! * `outbox`: gives messages to the CRM, tells it what became of them; `job`: what it is told
//! * `mailbox`: reads what came from the CRM, in order, different chats side by side; `arrivals`: what becomes of each event;
//!   `links`: short links made whole
//! * `first`: conversations that begin there
//! * `host`: what the CRM's folder may ask for: turns, tokens, that something is kept; `gates`: when the CRM may be called
//! * `keeper`: sets up, renews tokens ahead of their end, reads directories, looks through the CRM's history
//! * `asides`: shows there that a customer writes
//! * `mailing`: goes on with mailings
//! * `health`: how the connection is
//!
//! One such actor runs in the whole cluster per connection; every write carries its token. It writes deliveries and talks, and nothing of a
//! conversation: what was said in the CRM goes into the mailbox of the conversation's login, in the commit that takes the CRM's entry.

mod arrivals;
mod asides;
pub mod desk;
mod first;
mod gates;
mod health;
mod host;
mod job;
mod keeper;
mod links;
mod mailbox;
mod mailing;
mod outbox;

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;

use self::desk::CrmDesk;
use super::commands::CommandError;
use super::supervisor::{Ended, Ending, Gateway};

/// How long nothing goes while the connection is switched off or shut out: it is looked at again then, and when it changes.
const HOLD: Duration = Duration::from_secs(60);

/// The actor.
pub struct CrmActor {
    desk: Arc<CrmDesk>,
    parent: Addr<Gateway>,
    ending: Ending,
}

impl CrmActor {
    /// For a connection this process owns.
    #[must_use]
    pub fn new(desk: Arc<CrmDesk>, parent: Addr<Gateway>) -> Self {
        Self { desk, parent, ending: Ending::Stopped }
    }

    /// A worker ends only when the ownership is lost.
    fn worker_ended(result: Result<(), CommandError>, actor: &mut Self, ctx: &mut Context<Self>) {
        if let Err(CommandError::Fenced) = result {
            actor.ending = Ending::Fenced;
        }
        ctx.stop();
    }
}

impl Actor for CrmActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(mailbox::run(Arc::clone(&self.desk)).into_actor(self).map(Self::worker_ended));
        ctx.spawn(outbox::run(Arc::clone(&self.desk)).into_actor(self).map(Self::worker_ended));
        ctx.spawn(asides::run(Arc::clone(&self.desk)).into_actor(self).map(Self::worker_ended));
        ctx.spawn(mailing::run(Arc::clone(&self.desk)).into_actor(self).map(Self::worker_ended));
        ctx.spawn(keeper::run(Arc::clone(&self.desk)).into_actor(self).map(Self::worker_ended));
        tracing::info!(workspace = %self.desk.workspace, connection = %self.desk.connection, token = self.desk.token, "CRM actor started");
    }
}

impl Drop for CrmActor {
    fn drop(&mut self) {
        let ending = if std::thread::panicking() { Ending::Panicked } else { self.ending };
        self.parent.do_send(Ended { workspace: self.desk.workspace, owned: self.desk.owned, token: self.desk.token, ending });
    }
}

/// The node goes down, or the connection was taken off.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Stop;

impl Handler<Stop> for CrmActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
