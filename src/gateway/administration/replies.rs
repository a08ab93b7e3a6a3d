//! Canned replies (G-08): shared ones, which admins write, and everybody's own.

use serde_json::json;

use super::tags::told;
use super::{AdministrationError, audit};
use crate::gateway::administration::access::Caller;
use crate::gateway::house::House;
use crate::model::ids::{ReplyId, UserId};
use crate::model::protocol::{Role, Setting};
use crate::model::reply::{CannedReply, REPLIES_LIMIT, TEXT_LIMIT, TITLE_LIMIT, is_shortcut};
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan};
use crate::store::table::Stored;

/// What a reply says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What is typed after `/`.
    pub shortcut: String,
    /// What it is about; empty: its first words.
    pub title: String,
    /// Its words.
    pub text: String,
}

impl Words {
    fn checked(self) -> Result<Self, AdministrationError> {
        let wrong = |field, code| Err(AdministrationError::Wrong { field, code });
        let (shortcut, title) = (self.shortcut.trim().trim_start_matches('/').to_lowercase(), self.title.trim().to_owned());
        if !is_shortcut(&shortcut) {
            return wrong("shortcut", "shortcut_wrong");
        }
        if title.chars().count() > TITLE_LIMIT {
            return wrong("title", "too_long");
        }
        if self.text.trim().is_empty() {
            return wrong("text", "required");
        }
        if self.text.chars().count() > TEXT_LIMIT {
            return wrong("text", "too_long");
        }
        Ok(Self { shortcut, title, text: self.text })
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

/// Makes a reply: everybody's, or the caller's own.
///
/// # Errors
/// What is wrong with it, or the store's word.
pub async fn create_reply(house: &House, caller: &Caller, shared: bool, words: Words) -> Result<CannedReply, AdministrationError> {
    let owner = if shared { None } else { Some(caller.user.ok_or(AdministrationError::NotAllowed("people_only"))?) };
    may_write(caller, owner)?;
    let words = words.checked()?;
    let store = house.store.workspace(caller.workspace);
    if store.scan::<CannedReply>(&CannedReply::group(owner), Scan::first(REPLIES_LIMIT)).await?.len() >= REPLIES_LIMIT {
        return Err(AdministrationError::NotAllowed("too_many_replies"));
    }
    let now = house.world.now();
    let Words { shortcut, title, text } = words;
    let reply = CannedReply { id: ReplyId(house.world.id()), owner, shortcut, title, text, created_at: now, changed_at: now };
    let mut batch = Batch::new();
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
    let Words { shortcut, title, text } = words.checked()?;
    let reply = CannedReply { shortcut, title, text, changed_at: house.world.now(), ..old.record.clone() };
    let mut batch = Batch::new();
    batch.update(&old, &reply)?;
    told(&mut batch, Setting::Replies)?;
    if reply.owner.is_none() {
        audit(house, &mut batch, &caller.actor(), "reply.changed", id, json!({ "shortcut": reply.shortcut }))?;
    }
    house.store.workspace(caller.workspace).commit(batch).await.map_err(taken)?;
    Ok(reply)
}

/// Removes a reply.
///
/// # Errors
/// That it is unknown or not the caller's to remove, or the store's word.
pub async fn remove_reply(house: &House, caller: &Caller, id: ReplyId) -> Result<(), AdministrationError> {
    let old = existing(house, caller, id).await?;
    let mut batch = Batch::new();
    batch.remove(&old);
    told(&mut batch, Setting::Replies)?;
    if old.record.owner.is_none() {
        audit(house, &mut batch, &caller.actor(), "reply.removed", id, json!({ "shortcut": old.record.shortcut }))?;
    }
    house.store.workspace(caller.workspace).commit(batch).await?;
    Ok(())
}
