//! Who is here: whose pages are open on which process, and when somebody was here last. Said by the Hub of each process.

use std::collections::HashMap;

use super::house::House;
use crate::model::ids::{UserId, WorkspaceId};
use crate::model::notice::Attendance;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};

/// How somebody attends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attends {
    /// Whether they have a page open now.
    pub here: bool,
    /// When they were last seen.
    pub seen_at: crate::model::time::Time,
}

/// Somebody has a page open on this process, or no longer.
///
/// # Errors
/// The store's word.
pub async fn tell(house: &House, workspace: WorkspaceId, user: UserId, here: bool) -> Result<(), StoreError> {
    let store = house.store.workspace(workspace);
    for _ in 0..10 {
        let alive = house.heartbeat().await?.alive;
        let old = store.get::<Attendance>(Attendance::at(user)).await?;
        let mut nodes = old.as_ref().map(|old| old.record.nodes.clone()).unwrap_or_default();
        nodes.retain(|node| *node != house.node && alive.contains(node));
        if here {
            nodes.push(house.node);
        }
        let new = Attendance { user, nodes, seen_at: house.world.now() };
        let mut batch = Batch::new();
        match &old {
            Some(old) => batch.update(old, &new)?,
            None => batch.insert(&new)?,
        }
        match store.commit(batch).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(CommitError::Refused(refusal)) => return Err(StoreError::Invalid(format!("{refusal:?}"))),
            Err(CommitError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Unavailable("an attendance changes too fast".to_owned()))
}

/// Everybody who was ever here.
///
/// # Errors
/// The store's word.
pub async fn all(house: &House, workspace: WorkspaceId) -> Result<HashMap<UserId, Attends>, StoreError> {
    let alive = house.heartbeat().await?.alive;
    let all = house.store.workspace(workspace).scan::<Attendance>(&[], Scan::first(10_000)).await?;
    let attends = |one: Attendance| (one.user, Attends { here: one.nodes.iter().any(|node| alive.contains(node)), seen_at: one.seen_at });
    Ok(all.into_iter().map(|stored| attends(stored.record)).collect())
}
