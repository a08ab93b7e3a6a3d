//! What a provider tells of a message that is not known yet waits for it, a day at most.
//!
//! Either the message's commit finds what waits and lets it have its effect, or whoever keeps it finds the message afterwards: the
//! message's batch expects that nothing came to wait since it looked.

use super::desk::Desk;
use crate::gateway::commands::CommandError;
use crate::model::ids::AccountId;
use crate::model::message::{Message, MessageChange, apply_change};
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::records::PendingChanges;
use crate::store::table::Record;

/// How long a change waits for its message.
const WAIT_MS: i64 = 24 * 60 * 60 * 1_000;
/// The most changes that wait for one message; later ones replace nothing and are dropped.
const CHANGES: usize = 50;

/// Keeps a change for a message that is not known.
pub(crate) async fn keep(desk: &Desk, account: AccountId, external_id: &str, change: &MessageChange) -> Result<(), CommandError> {
    for _ in 0..8 {
        let old = desk.store.get::<PendingChanges>(PendingChanges::at(account, external_id)).await?;
        let mut batch = Batch::new();
        match &old {
            Some(old) if old.record.changes.contains(change) || old.record.changes.len() >= CHANGES => return Ok(()),
            Some(old) => {
                let mut new = old.record.clone();
                new.changes.push(change.clone());
                batch.update(old, &new)?;
            }
            None => batch.insert(&PendingChanges {
                account,
                login: desk.login,
                external_id: external_id.to_owned(),
                until: desk.house.world.now().plus_ms(WAIT_MS),
                changes: vec![change.clone()],
            })?,
        }
        batch.fence(&desk.owner, desk.token);
        match desk.store.commit(batch).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(CommitError::Refused(Refusal::Fenced { .. })) => return Err(CommandError::Fenced),
            Err(error) => return Err(error.into()),
        }
    }
    Err(CommandError::TryAgain("conflicts".to_owned()))
}

/// Lets what waits for a message, that now has this id at the provider, have its effect in the message's own commit.
pub(crate) async fn settle(desk: &Desk, batch: &mut Batch, message: &mut Message, external_id: &str, now: Time) -> Result<(), StoreError> {
    let key = PendingChanges::at(message.account, external_id);
    match desk.store.get::<PendingChanges>(key.clone()).await? {
        Some(old) => {
            for change in &old.record.changes {
                apply_change(message, external_id, change, now);
            }
            batch.remove(&old);
        }
        None => batch.expect(PendingChanges::TABLE, key, None),
    }
    Ok(())
}

/// Drops what has waited long enough: its message was never ours to know (written before the login was connected).
pub(crate) async fn expire(desk: &Desk) -> Result<(), CommandError> {
    let now = desk.house.world.now();
    let waiting = desk.store.scan_index::<PendingChanges>(PendingChanges::BY_END, &Key::new().number(desk.login.0).done(), Scan::first(500)).await?;
    let mut batch = Batch::new();
    for (_, old) in waiting.iter().take_while(|(_, old)| old.record.until <= now) {
        tracing::debug!(account = %old.record.account, changes = old.record.changes.len(), "nobody waits for a message any more");
        batch.remove(old);
    }
    if batch.effects.is_empty() {
        return Ok(());
    }
    batch.fence(&desk.owner, desk.token);
    match desk.store.commit(batch).await {
        // A conflict: something changed meanwhile; the next sweep looks again.
        Ok(_) | Err(CommitError::Refused(Refusal::Conflict { .. })) => Ok(()),
        Err(CommitError::Refused(Refusal::Fenced { .. })) => Err(CommandError::Fenced),
        Err(error) => Err(error.into()),
    }
}
