//! What is one manager's own: marks on conversations and drafts, the same on every device. The last word counts.

use std::collections::HashSet;

use super::AdministrationError;
use crate::gateway::house::House;
use crate::model::ids::{ConversationId, FileId, MessageId, UserId, WorkspaceId};
use crate::model::personal::{DRAFT_FILES, DRAFT_LIMIT, DRAFTS_LIMIT, MARKS_LIMIT, Mark, SavedDraft};
use crate::store::batch::Batch;
use crate::store::handle::PartitionStore;
use crate::store::port::{CommitError, RecordKey, Refusal, Scan, StoreError};
use crate::store::table::Record;

/// How often a conflict is read again and tried again.
const TRIES: usize = 10;

/// Puts a record, whatever lies there, or removes it.
pub(super) async fn put<R: Record>(store: &PartitionStore, key: RecordKey, record: Option<&R>) -> Result<(), AdministrationError> {
    for _ in 0..TRIES {
        let mut batch = Batch::new();
        match (store.get::<R>(key.clone()).await?, record) {
            (Some(old), Some(new)) => batch.update(&old, new)?,
            (None, Some(new)) => batch.insert(new)?,
            (Some(old), None) => batch.remove(&old),
            (None, None) => return Ok(()),
        }
        match store.commit(batch).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changes_too_fast"))
}

async fn room<R: Record>(store: &PartitionStore, group: &[u8], key: &RecordKey, limit: usize) -> Result<(), AdministrationError> {
    if store.get::<R>(key.clone()).await?.is_none() && store.scan::<R>(group, Scan::first(limit)).await?.len() >= limit {
        return Err(AdministrationError::NotAllowed("too_many"));
    }
    Ok(())
}

/// A manager's marks.
///
/// # Errors
/// The store's word.
pub async fn marks(house: &House, workspace: WorkspaceId, user: UserId) -> Result<Vec<Mark>, AdministrationError> {
    let found = house.store.workspace(workspace).scan::<Mark>(&Mark::group(user), Scan::first(MARKS_LIMIT)).await?;
    Ok(found.into_iter().map(|stored| stored.record).collect())
}

/// Pins and mutes a conversation for one manager.
///
/// # Errors
/// That there are too many, or the store's word.
pub async fn mark(
    house: &House, workspace: WorkspaceId, user: UserId, conversation: ConversationId, pinned: bool, muted: bool,
) -> Result<(), AdministrationError> {
    let (store, key) = (house.store.workspace(workspace), Mark::at(user, conversation));
    if !pinned && !muted {
        return put::<Mark>(&store, key, None).await;
    }
    room::<Mark>(&store, &Mark::group(user), &key, MARKS_LIMIT).await?;
    put(&store, key, Some(&Mark { user, conversation, pinned, muted, at: house.world.now() })).await
}

/// A manager's drafts.
///
/// # Errors
/// The store's word.
pub async fn drafts(house: &House, workspace: WorkspaceId, user: UserId) -> Result<Vec<SavedDraft>, AdministrationError> {
    let found = house.store.workspace(workspace).scan::<SavedDraft>(&SavedDraft::group(user), Scan::first(DRAFTS_LIMIT)).await?;
    Ok(found.into_iter().map(|stored| stored.record).collect())
}

/// What a manager began to write.
pub struct NewDraft {
    /// The words.
    pub text: String,
    /// The message it will answer.
    pub reply_to: Option<MessageId>,
    /// Whether it is to be a note.
    pub note: bool,
    /// Uploads that are to go with it.
    pub files: Vec<FileId>,
}

/// The uploads of a user's drafts: they are in no message yet, and still wanted.
///
/// # Errors
/// The store's word.
pub async fn files_of_drafts(store: &PartitionStore, user: UserId) -> Result<HashSet<FileId>, StoreError> {
    let drafts = store.scan::<SavedDraft>(&SavedDraft::group(user), Scan::first(DRAFTS_LIMIT)).await?;
    Ok(drafts.into_iter().flat_map(|draft| draft.record.files).collect())
}

/// Keeps what a manager began to write; neither words nor files: nothing.
///
/// # Errors
/// That it is too long, that there are too many, or the store's word.
pub async fn keep_draft(
    house: &House, workspace: WorkspaceId, user: UserId, conversation: ConversationId, draft: NewDraft,
) -> Result<(), AdministrationError> {
    let (store, key) = (house.store.workspace(workspace), SavedDraft::at(user, conversation));
    let NewDraft { text, reply_to, note, files } = draft;
    if files.len() > DRAFT_FILES {
        return Err(AdministrationError::Wrong { field: "attachments", code: "too_many" });
    }
    if text.trim().is_empty() && files.is_empty() {
        return put::<SavedDraft>(&store, key, None).await;
    }
    if text.chars().count() > DRAFT_LIMIT {
        return Err(AdministrationError::Wrong { field: "text", code: "too_long" });
    }
    room::<SavedDraft>(&store, &SavedDraft::group(user), &key, DRAFTS_LIMIT).await?;
    put(&store, key, Some(&SavedDraft { user, conversation, text, reply_to, note, files, at: house.world.now() })).await
}
