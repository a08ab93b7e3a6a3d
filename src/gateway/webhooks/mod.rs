//! Outgoing webhooks: from a workspace's feed to deliveries, and out. The node that a hash favours for a workspace does both; should two
//! think so for a moment, each step is a commit with a condition, and the slower one's is refused.
//!
//! * [`feed`]: entries of the feed become deliveries, in one commit with the place that was reached. So nothing is lost or doubled over
//!   restarts and nodes, and the way of a message does not know of webhooks at all.
//! * [`send`]: what is due goes out; one task for each webhook, so a slow one delays no other.

pub mod feed;
pub mod send;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::house::House;
use super::post::{self, NewLetter};
use crate::model::ids::{WebhookId, WorkspaceId};
use crate::model::letter::{LetterKind, LetterWords};
use crate::model::people::{Member, User, Workspace};
use crate::model::protocol::Role;
use crate::model::webhook::{WEBHOOKS_LIMIT, Webhook};
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::table::Stored;

/// Members looked through for owners.
const MEMBERS: usize = 5_000;
/// A letter of one switching off is written once.
const TOLD_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// The webhooks whose deliveries this node is sending.
#[derive(Default)]
pub struct Senders(Arc<Mutex<HashSet<(WorkspaceId, WebhookId)>>>);

/// One of them; its end, however it comes, lets the next round begin anew.
struct Sending(Arc<Mutex<HashSet<(WorkspaceId, WebhookId)>>>, (WorkspaceId, WebhookId));

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl Senders {
    fn begin(&self, workspace: WorkspaceId, webhook: WebhookId) -> Option<Sending> {
        let key = (workspace, webhook);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key).then(|| Sending(Arc::clone(&self.0), key))
    }
}

/// One look at the webhooks of these workspaces: the feed is followed, what is due begins to go out.
pub async fn round(house: &Arc<House>, workspaces: &[WorkspaceId]) {
    for workspace in workspaces {
        if let Err(error) = look(house, *workspace).await {
            tracing::warn!(%workspace, %error, "webhooks wait for the store");
        }
    }
}

/// The webhooks of a workspace, those taken off too.
///
/// # Errors
/// The store's failure.
pub async fn all(house: &House, workspace: WorkspaceId) -> Result<Vec<Stored<Webhook>>, StoreError> {
    // Some of those taken off may still be waiting for their end.
    house.store.workspace(workspace).scan::<Webhook>(&[], Scan::first(WEBHOOKS_LIMIT.saturating_mul(10))).await
}

async fn look(house: &Arc<House>, workspace: WorkspaceId) -> Result<(), StoreError> {
    let webhooks = all(house, workspace).await?;
    for off in webhooks.iter().filter(|hook| hook.record.off_at.is_some() && !hook.record.off_told && hook.record.removed_at.is_none()) {
        tell(house, workspace, off).await?;
    }
    feed::follow(house, workspace, &webhooks).await?;
    for hook in webhooks.iter().filter(|hook| hook.record.is_on()) {
        let Some(sending) = house.webhooks.begin(workspace, hook.record.id) else { continue };
        let (house, id) = (Arc::clone(house), hook.record.id);
        tokio::spawn(async move {
            let _sending = sending;
            if let Err(error) = send::due(&house, workspace, id).await {
                tracing::warn!(%workspace, webhook = %id, %error, "deliveries wait for the store");
            }
        });
    }
    Ok(())
}

/// Writes to who made it, or else to the owners, that it was switched off. Two partitions: the letters first, once for this switching off;
/// what a crash leaves is done again.
async fn tell(house: &House, workspace: WorkspaceId, hook: &Stored<Webhook>) -> Result<(), StoreError> {
    let store = house.store.workspace(workspace);
    let members = store.scan::<Member>(&[], Scan::first(MEMBERS)).await?;
    let here = || members.iter().map(|member| &member.record).filter(|member| member.removed_at.is_none());
    let mut to: Vec<_> = here().filter(|member| Some(member.user) == hook.record.made_by).map(|member| member.user).collect();
    if to.is_empty() {
        to = here().filter(|member| member.role == Role::Owner).map(|member| member.user).collect();
    }
    let name = house.store.global().get::<Workspace>(Workspace::at(workspace)).await?.map(|found| found.record.name).unwrap_or_default();
    for user in to {
        let Some(user) = house.store.global().get::<User>(User::at(user)).await? else { continue };
        let mut batch = Batch::new();
        let off_at = hook.record.off_at.unwrap_or(hook.record.created_at);
        let once = Key::new().text("webhook_off").number(workspace.0.into()).number(hook.record.id.0).signed(off_at.0).number(user.record.id.0);
        batch.once(once.done(), TOLD_MS, "");
        let link = format!("{}/settings/webhooks/{}", house.public_url, hook.record.id);
        let words = LetterWords { workspace: name.clone(), by: hook.record.name.clone(), link, ..LetterWords::default() };
        let new = NewLetter {
            workspace: Some(workspace),
            to: &user.record.email,
            locale: &user.record.locale,
            about: LetterKind::WebhookOff,
            words,
            until: None,
        };
        if post::write(house, &mut batch, new)?.is_some() {
            match house.store.global().commit(batch).await {
                Ok(_) | Err(CommitError::Refused(Refusal::Seen { .. })) => {}
                Err(CommitError::Refused(refusal)) => return Err(StoreError::Invalid(format!("{refusal:?}"))),
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
    }
    let told = |old: &Webhook| Ok::<_, CommitError>(Webhook { off_told: true, ..old.clone() });
    change(house, workspace, hook.record.id, told).await
}

/// Changes a webhook's own state.
async fn change(
    house: &House, workspace: WorkspaceId, id: WebhookId, with: impl Fn(&Webhook) -> Result<Webhook, CommitError>,
) -> Result<(), StoreError> {
    match house.store.workspace(workspace).change::<Webhook, CommitError>(Webhook::at(id), with, |_, _| Ok(())).await {
        Ok(_) => Ok(()),
        Err(CommitError::Refused(refusal)) => Err(StoreError::Invalid(format!("{refusal:?}"))),
        Err(CommitError::Store(error)) => Err(error),
    }
}
