//! Tags of a workspace. Any manager makes one; renaming and removing, which others would miss, is for admins.

use serde_json::json;

use super::{Actor, AdministrationError, audit};
use crate::gateway::entries::{self, FeedEntry};
use crate::gateway::house::House;
use crate::model::ids::{TagId, WorkspaceId};
use crate::model::protocol::Setting;
use crate::model::tag::{COLOURS, NAME_LIMIT, TAGS_LIMIT, Tag};
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::records::streams;

/// Everybody's lists are loaded anew.
pub(super) fn told(batch: &mut Batch, setting: Setting) -> Result<(), StoreError> {
    batch.append(&streams::feed(), entries::write(&FeedEntry::Setting { s: setting })?);
    Ok(())
}

fn checked(name: &str, colour: u8) -> Result<String, AdministrationError> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(AdministrationError::Wrong { field: "name", code: "required" });
    }
    if name.chars().count() > NAME_LIMIT || name.chars().any(char::is_control) {
        return Err(AdministrationError::Wrong { field: "name", code: "too_long" });
    }
    if colour >= COLOURS {
        return Err(AdministrationError::Wrong { field: "colour", code: "colour_unknown" });
    }
    Ok(name)
}

fn taken(error: CommitError) -> AdministrationError {
    match error {
        CommitError::Refused(Refusal::NotUnique { index: Tag::BY_NAME, .. }) => AdministrationError::Wrong { field: "name", code: "name_taken" },
        error => error.into(),
    }
}

/// The tags, in order of their names.
///
/// # Errors
/// The store's word.
pub async fn tags(house: &House, workspace: WorkspaceId) -> Result<Vec<Tag>, AdministrationError> {
    let found = house.store.workspace(workspace).scan::<Tag>(&[], Scan::first(TAGS_LIMIT)).await?;
    let mut tags: Vec<Tag> = found.into_iter().map(|stored| stored.record).collect();
    tags.sort_by_cached_key(|tag| tag.name.to_lowercase());
    Ok(tags)
}

/// Makes a tag.
///
/// # Errors
/// What is wrong with it, or the store's word.
pub async fn create_tag(house: &House, workspace: WorkspaceId, name: &str, colour: u8) -> Result<Tag, AdministrationError> {
    let name = checked(name, colour)?;
    let store = house.store.workspace(workspace);
    if store.scan::<Tag>(&[], Scan::first(TAGS_LIMIT)).await?.len() >= TAGS_LIMIT {
        return Err(AdministrationError::NotAllowed("too_many_tags"));
    }
    let tag = Tag { id: TagId(house.world.id()), name, colour };
    let mut batch = Batch::new();
    batch.insert(&tag)?;
    told(&mut batch, Setting::Tags)?;
    store.commit(batch).await.map_err(taken)?;
    Ok(tag)
}

/// Renames or recolours a tag, wherever it stands.
///
/// # Errors
/// What is wrong with it, that it is unknown, or the store's word.
pub async fn change_tag(
    house: &House, workspace: WorkspaceId, actor: &Actor, id: TagId, name: Option<&str>, colour: Option<u8>,
) -> Result<Tag, AdministrationError> {
    let store = house.store.workspace(workspace);
    let old = store.get::<Tag>(Tag::at(id)).await?.ok_or(AdministrationError::Unknown("tag"))?;
    let colour = colour.unwrap_or(old.record.colour);
    let tag = Tag { id, name: checked(name.unwrap_or(&old.record.name), colour)?, colour };
    let mut batch = Batch::new();
    batch.update(&old, &tag)?;
    told(&mut batch, Setting::Tags)?;
    audit(house, &mut batch, actor, "tag.changed", id, json!({ "name": [old.record.name, tag.name] }))?;
    store.commit(batch).await.map_err(taken)?;
    Ok(tag)
}

/// Removes a tag. Conversations that have it show it no longer.
///
/// # Errors
/// That it is unknown, or the store's word.
pub async fn remove_tag(house: &House, workspace: WorkspaceId, actor: &Actor, id: TagId) -> Result<(), AdministrationError> {
    let store = house.store.workspace(workspace);
    let old = store.get::<Tag>(Tag::at(id)).await?.ok_or(AdministrationError::Unknown("tag"))?;
    let mut batch = Batch::new();
    batch.remove(&old);
    told(&mut batch, Setting::Tags)?;
    audit(house, &mut batch, actor, "tag.removed", id, json!({ "name": old.record.name }))?;
    store.commit(batch).await?;
    Ok(())
}
