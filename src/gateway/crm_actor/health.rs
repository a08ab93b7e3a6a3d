//! How a connection is: stored, told to the messenger in the same commit, and told its owner once where access is lost.

use std::cell::Cell;

use super::desk::CrmDesk;
use crate::gateway::entries::{self, FeedEntry};
use crate::model::connection::{Health, HealthState};
use crate::model::crm::CrmConnection;
use crate::model::reason::Reason;
use crate::store::batch::Batch;
use crate::store::port::CommitError;
use crate::store::records::streams;

/// A trouble with the connection, for its owner.
pub(super) async fn trouble(desk: &CrmDesk, status: Health, reason: Reason) {
    let new = HealthState { status, reason: Some(reason), since: desk.house.world.now() };
    // Hindrances are less than access that was lost, and what was taken off has neither.
    let greater = |known: Health| known == Health::NotConnected || (known == Health::AccessLost && status == Health::Degraded);
    set(desk, new, |health| !greater(health.status)).await;
}

/// Something went well.
pub(super) async fn mended(desk: &CrmDesk) {
    let new = HealthState { status: Health::Connected, reason: None, since: desk.house.world.now() };
    set(desk, new, |health| matches!(health.status, Health::Degraded | Health::AccessLost)).await;
}

async fn set(desk: &CrmDesk, new: HealthState, applies: impl Fn(&HealthState) -> bool) {
    let becomes = |old: &HealthState| {
        // The same as before is since before.
        let since = if old.status == new.status { old.since } else { new.since };
        if applies(old) { HealthState { since, ..new.clone() } } else { old.clone() }
    };
    match desk.record().await {
        Ok(known) if becomes(&known.health) == known.health => return,
        // What cannot be read now is tried to be changed all the same, and complains by itself.
        Ok(_) | Err(_) => {}
    }
    let lost = Cell::new(false);
    let change = |old: &CrmConnection| {
        let health = becomes(&old.health);
        lost.set(health.status == Health::AccessLost && old.health.status != Health::AccessLost);
        Ok::<_, CommitError>(CrmConnection { health, ..old.clone() })
    };
    let tell = |_: &CrmConnection, batch: &mut Batch| {
        batch.append(&streams::feed(), entries::write(&FeedEntry::Connection { c: desk.connection, lost: lost.get() })?);
        Ok(())
    };
    match desk.store.change(CrmConnection::at(desk.connection), change, tell).await {
        Ok(_) => tracing::info!(connection = %desk.connection, status = ?new.status, "the connection's health changed"),
        Err(error) => tracing::warn!(connection = %desk.connection, %error, "health could not be stored"),
    }
}
