//! Durable timers that are due. Nothing is done here: whoever owns what a timer is for is told, and the owner's commit takes the timer. So
//! one that fires twice has the effect of once, and one whose firing was lost fires again at the next beat.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::broadcast::error::RecvError;

use super::commands::{Command, CommandError, ask};
use super::entries::{self, TimerEntry};
use super::house::House;
use super::signals::{self, Signal};
use crate::model::connection::ProviderLogin;
use crate::model::ids::{ConversationId, WorkspaceId};
use crate::store::batch::Batch;
use crate::store::port::{CommitError, StoreError, Timer};

/// Timers fired of one workspace at one beat; the rest at the next.
const AT_ONCE: usize = 200;
/// Owners told side by side.
const SIDE_BY_SIDE: usize = 16;
/// A visitor's socket answers within this, or there is none.
const ANSWERED_WITHIN: Duration = Duration::from_millis(1_500);

/// Fires what is due.
///
/// # Errors
/// The store's failure; what is due still stands.
pub async fn fire(house: &House, workspaces: &[WorkspaceId]) -> Result<(), StoreError> {
    for workspace in workspaces {
        let due = house.store.workspace(*workspace).due(house.world.now(), AT_ONCE).await?;
        let fired = stream::iter(due).map(|timer| one(house, *workspace, timer)).buffer_unordered(SIDE_BY_SIDE);
        fired.collect::<()>().await;
    }
    Ok(())
}

async fn one(house: &House, workspace: WorkspaceId, timer: Timer) {
    if let Err(error) = told(house, workspace, &timer).await {
        tracing::warn!(%workspace, %error, "a timer waits for the next beat");
    }
}

async fn told(house: &House, workspace: WorkspaceId, timer: &Timer) -> Result<(), CommandError> {
    let (login, command) = match entries::read::<TimerEntry>(&timer.value) {
        Ok(TimerEntry::Snooze { c, l }) => (l, Command::Wake { conversation: c, due: timer.due }),
        Ok(TimerEntry::Overdue { c, l, s }) => (l, Command::Escalate { conversation: c, step: s, due: timer.due }),
        Ok(TimerEntry::Answers { c, l }) => {
            (l, Command::WriteAnswers { conversation: c, due: timer.due, online: is_online(house, workspace, c).await })
        }
        Err(error) => {
            tracing::error!(%workspace, %error, "a timer cannot be read; it is dropped");
            return drop_timer(house, workspace, timer).await;
        }
    };
    if lives(house, workspace, login).await? {
        ask(house, workspace, login, command).await.map(|_| ())
    } else {
        drop_timer(house, workspace, timer).await
    }
}

/// Whether the visitor of a conversation is on the site: their newest socket, wherever it is, says so to whoever asks.
async fn is_online(house: &House, workspace: WorkspaceId, conversation: ConversationId) -> bool {
    let mut heard = house.store.workspace(workspace).signals();
    signals::send(house, workspace, &Signal::Watch { conversation }).await;
    let here = async {
        loop {
            match heard.recv().await {
                Ok(bytes) => {
                    if let Ok(Signal::Presence { presence, .. }) = serde_json::from_slice(&bytes)
                        && presence.conversation == conversation
                        && presence.online
                    {
                        return true;
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return false,
            }
        }
    };
    tokio::time::timeout(ANSWERED_WITHIN, here).await.unwrap_or(false)
}

/// A login that was taken off has no owner any more: nobody would ever take the timer.
async fn lives(house: &House, workspace: WorkspaceId, login: crate::model::ids::LoginId) -> Result<bool, StoreError> {
    let found = house.store.workspace(workspace).get::<ProviderLogin>(ProviderLogin::at(login)).await?;
    Ok(found.is_some_and(|login| login.record.removed_at.is_none()))
}

async fn drop_timer(house: &House, workspace: WorkspaceId, timer: &Timer) -> Result<(), CommandError> {
    let mut batch = Batch::new();
    batch.take_timer(&timer.id, timer.due);
    match house.store.workspace(workspace).commit(batch).await {
        Ok(_) | Err(CommitError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
