//! Durable timers that are due. Nothing is done here: whoever owns what a timer is for is told, and the owner's commit takes the timer. So
//! one that fires twice has the effect of once, and one whose firing was lost fires again at the next beat.

use std::collections::HashSet;
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
/// Workspaces whose visitors are asked at the same time.
const WORKSPACES: usize = 64;
/// A visitor's socket answers within this, or it is asked again; then there is none.
const ANSWERED_WITHIN: Duration = Duration::from_secs(1);

/// Fires what is due.
///
/// # Errors
/// The store's failure; what is due still stands.
pub async fn fire(house: &House, workspaces: &[WorkspaceId]) -> Result<(), StoreError> {
    let mut later = Vec::new();
    for workspace in workspaces {
        let due = house.store.workspace(*workspace).due(house.world.now(), AT_ONCE).await?;
        let (answers, due): (Vec<_>, Vec<_>) = due.into_iter().partition(|timer| answers_of(timer).is_some());
        told_all(house, *workspace, due, &HashSet::new()).await;
        later.push((*workspace, answers));
    }
    // Whether visitors are there takes a moment to learn: nobody else waits for it, and all are asked at the same time.
    later.retain(|(_, due)| !due.is_empty());
    let asked = later.into_iter().map(async |(workspace, due)| {
        let here = online(house, workspace, &due).await;
        told_all(house, workspace, due, &here).await;
    });
    stream::iter(asked).buffer_unordered(WORKSPACES).collect::<()>().await;
    Ok(())
}

/// The conversation whose visitor is to be written to.
fn answers_of(timer: &Timer) -> Option<ConversationId> {
    match entries::read::<TimerEntry>(&timer.value) {
        Ok(TimerEntry::Answers { c, .. }) => Some(c),
        Ok(TimerEntry::Snooze { .. } | TimerEntry::Overdue { .. }) | Err(_) => None,
    }
}

async fn told_all(house: &House, workspace: WorkspaceId, due: Vec<Timer>, here: &HashSet<ConversationId>) {
    let fired = stream::iter(due).map(|timer| one(house, workspace, timer, here)).buffer_unordered(SIDE_BY_SIDE);
    fired.collect::<()>().await;
}

async fn one(house: &House, workspace: WorkspaceId, timer: Timer, here: &HashSet<ConversationId>) {
    if let Err(error) = told(house, workspace, &timer, here).await {
        tracing::warn!(%workspace, %error, "a timer waits for the next beat");
    }
}

async fn told(house: &House, workspace: WorkspaceId, timer: &Timer, here: &HashSet<ConversationId>) -> Result<(), CommandError> {
    let (login, command) = match entries::read::<TimerEntry>(&timer.value) {
        Ok(TimerEntry::Snooze { c, l }) => (l, Command::Wake { conversation: c, due: timer.due }),
        Ok(TimerEntry::Overdue { c, l, s }) => (l, Command::Escalate { conversation: c, step: s, due: timer.due }),
        Ok(TimerEntry::Answers { c, l }) => (l, Command::WriteAnswers { conversation: c, due: timer.due, online: here.contains(&c) }),
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

/// The conversations of these timers whose visitors are on the site: their newest sockets, wherever they are, say so to whoever asks. Asked
/// twice, for a signal may be lost, and all at once, for who is not there is waited for.
async fn online(house: &House, workspace: WorkspaceId, due: &[Timer]) -> HashSet<ConversationId> {
    let mut asked: HashSet<ConversationId> = due.iter().filter_map(answers_of).collect();
    let mut here = HashSet::new();
    let mut heard = house.store.workspace(workspace).signals();
    for _ in 0..2 {
        if asked.is_empty() {
            break;
        }
        for conversation in &asked {
            signals::send(house, workspace, &Signal::Watch { conversation: *conversation }).await;
        }
        let listening = async {
            while !asked.is_empty() {
                match heard.recv().await {
                    Ok(bytes) => {
                        if let Ok(Signal::Presence { presence, .. }) = serde_json::from_slice(&bytes)
                            && presence.online
                            && asked.remove(&presence.conversation)
                        {
                            here.insert(presence.conversation);
                        }
                    }
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                }
            }
        };
        let _ = tokio::time::timeout(ANSWERED_WITHIN, listening).await; // who said nothing is not there
    }
    here
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
