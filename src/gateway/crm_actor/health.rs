//! How a connection is: stored, told to the messenger in the same commit, and told its owner once where access is lost.

use std::cell::Cell;

use secrecy::{ExposeSecret, SecretString};

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
    set(desk, new, |known| !greater(known.health.status)).await;
}

/// The CRM lets us in no longer with these tokens. Answers whether that says anything of the connection: others may have been given since,
/// and a call that was under way with the old ones must not shut out the new.
pub(super) async fn shut_out(desk: &CrmDesk, reason: Reason, used: &SecretString) -> bool {
    let new = HealthState { status: Health::AccessLost, reason: Some(reason), since: desk.house.world.now() };
    let same = Cell::new(true);
    let applies = |known: &CrmConnection| {
        same.set(desk.open(known).is_ok_and(|kept| kept.expose_secret() == used.expose_secret()));
        same.get() && known.health.status != Health::NotConnected
    };
    set(desk, new, applies).await;
    same.get()
}

/// Something went well.
pub(super) async fn mended(desk: &CrmDesk) {
    let new = HealthState { status: Health::Connected, reason: None, since: desk.house.world.now() };
    set(desk, new, |known| matches!(known.health.status, Health::Degraded | Health::AccessLost)).await;
}

async fn set(desk: &CrmDesk, new: HealthState, applies: impl Fn(&CrmConnection) -> bool) {
    let becomes = |known: &CrmConnection| {
        let old = &known.health;
        // The same as before is since before.
        let since = if old.status == new.status { old.since } else { new.since };
        if applies(known) { HealthState { since, ..new.clone() } } else { old.clone() }
    };
    match desk.record().await {
        Ok(known) if becomes(&known) == known.health => return,
        // What cannot be read now is tried to be changed all the same, and complains by itself.
        Ok(_) | Err(_) => {}
    }
    let lost = Cell::new(false);
    let change = |old: &CrmConnection| {
        let health = becomes(old);
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
