//! Canned replies (G-08): shared ones, which admins write, and everybody's own.

use serde_json::json;

use super::tags::told;
use super::{AdministrationError, audit};
use crate::gateway::administration::access::Caller;
use crate::gateway::house::House;
use crate::model::ids::{FileId, ReplyId, UserId};
use crate::model::message::Attachment;
use crate::model::protocol::{Role, Setting};
use crate::model::reply::{CannedReply, FILES_LIMIT, REPLIES_LIMIT, TEXT_LIMIT, TITLE_LIMIT, is_shortcut};
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan};
use crate::store::records::{FileOwner, FileRecord};
use crate::store::table::Stored;

/// What a reply says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What is typed after `/`.
    pub shortcut: String,
    /// What it is about; empty: its first words.
    pub title: String,
    /// Its words; may be empty if there are files.
    pub text: String,
    /// The files that go along: uploads of the caller's, or those it has already. None: as they are.
    pub files: Option<Vec<FileId>>,
}

impl Words {
    fn checked(self, old: &[Attachment]) -> Result<Self, AdministrationError> {
        let wrong = |field, code| Err(AdministrationError::Wrong { field, code });
        let (shortcut, title) = (self.shortcut.trim().trim_start_matches('/').to_lowercase(), self.title.trim().to_owned());
        if !is_shortcut(&shortcut) {
            return wrong("shortcut", "shortcut_wrong");
        }
        if title.chars().count() > TITLE_LIMIT {
            return wrong("title", "too_long");
        }
        let files = self.files.as_ref().map_or(old.len(), Vec::len);
        if files > FILES_LIMIT {
            return wrong("files", "too_many");
        }
        if self.text.trim().is_empty() && files == 0 {
            return wrong("text", "required");
        }
        if self.text.chars().count() > TEXT_LIMIT {
            return wrong("text", "too_long");
        }
        Ok(Self { shortcut, title, ..self })
    }
}

fn taken(error: CommitError) -> AdministrationError {
    match error {
        CommitError::Refused(Refusal::NotUnique { index: CannedReply::BY_SHORTCUT, .. }) => {
            AdministrationError::Wrong { field: "shortcut", code: "shortcut_taken" }
        }
        error => error.into(),
    }
}

/// The shared replies and the caller's own, by shortcut.
///
/// # Errors
/// The store's word.
pub async fn replies(house: &House, caller: &Caller) -> Result<Vec<CannedReply>, AdministrationError> {
    let store = house.store.workspace(caller.workspace);
    let mut all = Vec::new();
    for owner in [None, caller.user] {
        all.extend(store.scan::<CannedReply>(&CannedReply::group(owner), Scan::first(REPLIES_LIMIT)).await?);
        if caller.user.is_none() {
            break;
        }
    }
    let mut all: Vec<CannedReply> = all.into_iter().map(|stored| stored.record).collect();
    all.sort_by(|one, other| (one.owner.is_some(), &one.shortcut).cmp(&(other.owner.is_some(), &other.shortcut)));
    Ok(all)
}

/// Whether the caller may write replies of this owner: their own, or as an admin everybody's.
fn may_write(caller: &Caller, owner: Option<UserId>) -> Result<(), AdministrationError> {
    if owner.is_some() || caller.access.role >= Role::Admin { Ok(()) } else { Err(AdministrationError::NotAllowed("admins_only")) }
}

/// Makes uploads the reply's own, and takes off what it has no longer: what it has then, and whose content is to go after the commit.
async fn take_files(
    house: &House, caller: &Caller, batch: &mut Batch, reply: ReplyId, old: &[Attachment], wanted: &[FileId],
) -> Result<(Vec<Attachment>, Vec<FileId>), AdministrationError> {
    let store = house.store.workspace(caller.workspace);
    let owner = FileOwner::Uploader { id: caller.id.clone() };
    let mut files: Vec<Attachment> = Vec::with_capacity(wanted.len());
    for id in wanted {
        if files.iter().any(|file| file.file == *id) {
            continue;
        }
        if let Some(kept) = old.iter().find(|file| file.file == *id) {
            files.push(kept.clone());
            continue;
        }
        let found = store.get::<FileRecord>(FileRecord::at(*id)).await?.filter(|found| found.record.owner == owner);
        let found = found.ok_or(AdministrationError::Unknown("file"))?;
        let own = FileRecord { owner: FileOwner::Reply { id: reply }, ..found.record.clone() };
        batch.update(&found, &own)?;
        files.push(own.attachment(false));
    }
    let mut gone = Vec::new();
    for file in old.iter().map(|file| file.file).filter(|file| !wanted.contains(file)) {
        if let Some(found) = store.get::<FileRecord>(FileRecord::at(file)).await? {
            batch.remove(&found);
        }
        gone.push(file);
    }
    Ok((files, gone))
}

/// The records are gone: a file nobody can find is harmless.
async fn drop_contents(house: &House, caller: &Caller, gone: &[FileId]) {
    for file in gone {
        if let Err(error) = house.files.delete(caller.workspace, *file).await {
            tracing::warn!(workspace = %caller.workspace, %file, %error, "the content of a reply's file could not be removed");
        }
    }
}

/// Makes a reply: everybody's, or the caller's own.
///
/// # Errors
/// What is wrong with it, or the store's word.
pub async fn create_reply(house: &House, caller: &Caller, shared: bool, words: Words) -> Result<CannedReply, AdministrationError> {
    let owner = if shared { None } else { Some(caller.user.ok_or(AdministrationError::NotAllowed("people_only"))?) };
    may_write(caller, owner)?;
    let words = words.checked(&[])?;
    let store = house.store.workspace(caller.workspace);
    if store.scan::<CannedReply>(&CannedReply::group(owner), Scan::first(REPLIES_LIMIT)).await?.len() >= REPLIES_LIMIT {
        return Err(AdministrationError::NotAllowed("too_many_replies"));
    }
    let now = house.world.now();
    let Words { shortcut, title, text, files } = words;
    let (id, mut batch) = (ReplyId(house.world.id()), Batch::new());
    let (files, _) = take_files(house, caller, &mut batch, id, &[], &files.unwrap_or_default()).await?;
    let reply = CannedReply { id, owner, shortcut, title, text, files, created_at: now, changed_at: now };
    batch.insert(&reply)?;
    told(&mut batch, Setting::Replies)?;
    store.commit(batch).await.map_err(taken)?;
    Ok(reply)
}

async fn existing(house: &House, caller: &Caller, id: ReplyId) -> Result<Stored<CannedReply>, AdministrationError> {
    // Somebody else's own are nobody's business.
    let keys = [CannedReply::at(caller.user, id), CannedReply::at(None, id)];
    let found = house.store.workspace(caller.workspace).get_many::<CannedReply>(&keys).await?.into_iter().flatten().next();
    let found = found.ok_or(AdministrationError::Unknown("reply"))?;
    may_write(caller, found.record.owner)?;
    Ok(found)
}

/// Changes a reply.
///
/// # Errors
/// What is wrong with it, that it is unknown or not the caller's to change, or the store's word.
pub async fn change_reply(house: &House, caller: &Caller, id: ReplyId, words: Words) -> Result<CannedReply, AdministrationError> {
    let old = existing(house, caller, id).await?;
    let Words { shortcut, title, text, files } = words.checked(&old.record.files)?;
    let mut batch = Batch::new();
    let (files, gone) = match files {
        Some(wanted) => take_files(house, caller, &mut batch, id, &old.record.files, &wanted).await?,
        None => (old.record.files.clone(), Vec::new()),
    };
    let reply = CannedReply { shortcut, title, text, files, changed_at: house.world.now(), ..old.record.clone() };
    batch.update(&old, &reply)?;
    told(&mut batch, Setting::Replies)?;
    if reply.owner.is_none() {
        audit(house, &mut batch, &caller.actor(), "reply.changed", id, json!({ "shortcut": reply.shortcut }))?;
    }
    house.store.workspace(caller.workspace).commit(batch).await.map_err(taken)?;
    drop_contents(house, caller, &gone).await;
    Ok(reply)
}

/// Removes a reply.
///
/// # Errors
/// That it is unknown or not the caller's to remove, or the store's word.
pub async fn remove_reply(house: &House, caller: &Caller, id: ReplyId) -> Result<(), AdministrationError> {
    let old = existing(house, caller, id).await?;
    let mut batch = Batch::new();
    let (_, gone) = take_files(house, caller, &mut batch, id, &old.record.files, &[]).await?;
    batch.remove(&old);
    told(&mut batch, Setting::Replies)?;
    if old.record.owner.is_none() {
        audit(house, &mut batch, &caller.actor(), "reply.removed", id, json!({ "shortcut": old.record.shortcut }))?;
    }
    house.store.workspace(caller.workspace).commit(batch).await?;
    drop_contents(house, caller, &gone).await;
    Ok(())
}
