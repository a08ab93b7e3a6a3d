//! Whose pages are open here, told to the store. What is told follows what is so: one write at a time for each person, and another if it
//! changed meanwhile.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;

use super::Hub;
use crate::gateway::attendance;
use crate::gateway::faults::patience;
use crate::model::ids::{UserId, WorkspaceId};

/// Who is gone for so long is gone: a page that is loaded anew comes back sooner.
const GRACE: Duration = Duration::from_secs(5);
/// Who stays is seen again so often: that much is not known of the last time somebody was here if the process is killed.
pub(super) const AGAIN: Duration = Duration::from_secs(300);
/// When the store is asked again that could not write.
const PAUSE: Duration = Duration::from_secs(5);

/// What the store was told of somebody.
#[derive(Default)]
pub(super) struct Attending {
    told: bool,
    busy: bool,
}

impl Hub {
    /// Tells the store whether somebody has a page open here, if it knows otherwise.
    pub(super) fn attend(&mut self, workspace: WorkspaceId, user: UserId, ctx: &mut Context<Self>) {
        let sockets = self.rooms.get(&workspace).map(|room| room.sockets.values());
        let here = sockets.is_some_and(|mut sockets| sockets.any(|socket| socket.who.user() == Some(user)));
        let known = self.attending.entry((workspace, user)).or_default();
        if known.busy {
            return;
        }
        if known.told == here {
            if !here {
                self.attending.remove(&(workspace, user));
            }
            return;
        }
        known.busy = true;
        let house = Arc::clone(&self.house);
        let told = async move { attendance::tell(&house, workspace, user, here).await }.into_actor(self);
        ctx.spawn(told.map(move |result, hub, ctx| {
            let Some(known) = hub.attending.get_mut(&(workspace, user)) else { return };
            known.busy = false;
            match result {
                Ok(()) => {
                    known.told = here;
                    hub.attend(workspace, user, ctx);
                }
                Err(error) => {
                    tracing::debug!(%workspace, %user, %error, "who is here could not be told");
                    ctx.run_later(PAUSE, move |hub, ctx| hub.attend(workspace, user, ctx));
                }
            }
        }));
    }

    /// A page is gone; perhaps it is only loaded anew.
    pub(super) fn attend_later(&mut self, workspace: WorkspaceId, user: UserId, ctx: &mut Context<Self>) {
        ctx.run_later(patience(GRACE), move |hub, ctx| hub.attend(workspace, user, ctx));
    }

    /// Who stays is seen again.
    pub(super) fn attend_again(&mut self, ctx: &mut Context<Self>) {
        let all: Vec<_> = self.attending.keys().copied().collect();
        for (workspace, user) in all {
            if let Some(known) = self.attending.get_mut(&(workspace, user)) {
                known.told = false;
            }
            self.attend(workspace, user, ctx);
        }
    }
}
