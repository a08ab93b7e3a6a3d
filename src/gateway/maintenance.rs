//! What must not grow for ever: the feed, uploads nobody used, the numbers of old days, logins and invites that ended, old letters and deliveries.
//!
//! Each step is conditioned on what it read, so two nodes that tidy at once do no harm; usually one does, the one a hash favours.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::administration::personal::files_of_drafts;
use super::house::House;
use super::supervisor::favoured;
use super::tally;
use crate::model::entry::{Invite, LoginChallenge, PasswordReset};
use crate::model::ids::{FileId, UserId, WorkspaceId};
use crate::model::letter::{Letter, LetterStatus};
use crate::model::people::{Credential, Workspace};
use crate::store::batch::Batch;
use crate::store::handle::PartitionStore;
use crate::store::key::Key;
use crate::store::port::{CommitError, IndexPosition, RecordKey, Refusal, Scan, StoreError};
use crate::store::records::{FileOwner, FileRecord, streams};
use crate::store::table::Record;

/// Entries a feed keeps. A client further behind is told to reload.
pub const FEED_KEPT: u64 = 50_000;
/// An upload used in no message is removed after this.
pub const UPLOAD_KEPT_MS: i64 = 24 * 60 * 60 * 1_000;
/// Old invites and letters are shown for so long.
const PAPER_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Trimmed in steps, so that not every look trims.
const FEED_STEP: u64 = 1_000;
/// Things removed in one look.
const PORTION: usize = 500;

/// One look over everything.
///
/// # Errors
/// The store's failure; the rest waits for the next look.
pub async fn tidy(house: &House) -> Result<(), StoreError> {
    let nodes = house.heartbeat().await?;
    for workspace in house.store.global().scan::<Workspace>(&[], Scan::first(10_000)).await? {
        let id = workspace.record.id;
        if favoured(&nodes.alive, &id) == Some(house.node) {
            trim_feed(house, id).await?;
            remove_unused_uploads(house, id).await?;
            forget_old_numbers(house, id).await?;
            super::administration::webhooks::tidy(house, id).await?;
        }
    }
    if favoured(&nodes.alive, &"credentials") == Some(house.node) {
        let now = house.world.now();
        remove_ended::<Credential>(house, |old| old.is_over(now)).await?;
        remove_ended::<LoginChallenge>(house, |old| old.expires_at <= now).await?;
        remove_ended::<PasswordReset>(house, |old| old.expires_at <= now).await?;
        remove_ended::<Invite>(house, |old| now.since(old.expires_at) > PAPER_KEPT_MS).await?;
        remove_ended::<Letter>(house, |old| old.status != LetterStatus::Waiting && now.since(old.at) > PAPER_KEPT_MS).await?;
    }
    Ok(())
}

async fn settle(result: Result<crate::store::port::Committed, CommitError>) -> Result<bool, StoreError> {
    match result {
        Ok(_) => Ok(true),
        // Somebody was quicker, or it changed: the next look finds what is left.
        Err(CommitError::Refused(Refusal::Conflict { .. } | Refusal::Seen { .. } | Refusal::Gone { .. })) => Ok(false),
        Err(CommitError::Refused(refusal)) => Err(StoreError::Invalid(format!("{refusal:?}"))),
        Err(CommitError::Store(error)) => Err(error),
    }
}

async fn trim_feed(house: &House, workspace: WorkspaceId) -> Result<(), StoreError> {
    let store = house.store.workspace(workspace);
    let state = store.read(&streams::feed(), 0, 1).await?.state;
    let through = state.last.saturating_sub(FEED_KEPT);
    if through < state.trimmed.saturating_add(FEED_STEP) {
        return Ok(());
    }
    let mut batch = Batch::new();
    batch.once(Key::new().text("trim/feed").number(through).done(), 60_000, "");
    batch.trim(&streams::feed(), through);
    settle(store.commit(batch).await).await?;
    Ok(())
}

/// Once a day: the days that are older than is kept, also those of a long standstill.
async fn forget_old_numbers(house: &House, workspace: WorkspaceId) -> Result<(), StoreError> {
    let store = house.store.workspace(workspace);
    let today = tally::day(house.world.now());
    let key = Key::new().text("forget/tally").signed(today).done();
    if store.answer(&key).await?.is_some() {
        return Ok(());
    }
    let mut batch = Batch::new();
    batch.once(key, tally::DAY_MS, "");
    for age in tally::DAYS_KEPT..tally::DAYS_LOOKED_AT {
        batch.forget(tally::group(today.saturating_sub(age)));
    }
    settle(store.commit(batch).await).await?;
    Ok(())
}

/// The record first: a file nobody can find is harmless, a record whose file is gone is not.
async fn remove_unused_uploads(house: &House, workspace: WorkspaceId) -> Result<(), StoreError> {
    let store = house.store.workspace(workspace);
    let before = house.world.now().plus_ms(-UPLOAD_KEPT_MS);
    let nowhere = RecordKey { group: Vec::new(), item: Vec::new() };
    let below = IndexPosition { sort: Key::new().signed(before.0).done(), key: nowhere };
    let (mut above, mut drafts) = (None, HashMap::<UserId, HashSet<FileId>>::new());
    loop {
        let scan = Scan { above: above.take(), below: Some(below.clone()), ..Scan::first(PORTION) };
        let page = store.scan_index::<FileRecord>(FileRecord::BY_OWNER, &FileRecord::unused(), scan).await?;
        for (_, old) in &page {
            if is_in_a_draft(&store, &mut drafts, &old.record).await? {
                continue;
            }
            let mut batch = Batch::new();
            batch.remove(old);
            if settle(store.commit(batch).await).await?
                && let Err(error) = house.files.delete(workspace, old.record.id).await
            {
                tracing::warn!(%workspace, file = %old.record.id, %error, "an unused upload's content could not be removed");
            }
        }
        match page.last() {
            Some((last, _)) if page.len() == PORTION => above = Some(last.clone()),
            _ => return Ok(()),
        }
    }
}

/// Whether its uploader began a message it is to go with. `drafts`: what is known of that already.
async fn is_in_a_draft(store: &PartitionStore, drafts: &mut HashMap<UserId, HashSet<FileId>>, file: &FileRecord) -> Result<bool, StoreError> {
    let FileOwner::Uploader { id } = &file.owner else { return Ok(false) };
    let Ok(user) = id.parse::<UserId>() else { return Ok(false) };
    let wanted = match drafts.entry(user) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(unknown) => unknown.insert(files_of_drafts(store, user).await?),
    };
    Ok(wanted.contains(&file.id))
}

/// Removes the records of a table that are over.
async fn remove_ended<R: Record>(house: &House, is_over: impl Fn(&R) -> bool) -> Result<(), StoreError> {
    let store = house.store.global();
    let mut above = None;
    loop {
        let mut scan = Scan::first(PORTION);
        scan.above = above.take();
        let page = store.scan::<R>(&[], scan).await?;
        for old in page.iter().filter(|old| is_over(&old.record)) {
            let mut batch = Batch::new();
            batch.remove(old);
            settle(store.commit(batch).await).await?;
        }
        match page.last() {
            Some(last) if page.len() == PORTION => above = Some(last.record.key().item),
            _ => return Ok(()),
        }
    }
}
