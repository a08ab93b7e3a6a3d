//! What a CRM's users hear by its widget of what customers write (H-AMO-60 … H-AMO-62). What is told lies in a stream, without its words: those
//! are read when it is shown, so that what was erased is not told.

use super::Door;
use crate::gateway::entries::{self, NoticeEntry};
use crate::gateway::house::House;
use crate::gateway::views;
use crate::model::conversation::Conversation;
use crate::model::message::Message;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::handle::PartitionStore;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, StoreError};
use crate::store::records::streams;

/// How many of a connection are kept: a page that was away for a while misses none of these.
pub const KEPT: u64 = 500;
/// Trimmed in steps, so that not every one trims.
const STEP: u64 = 64;

/// A notice, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its number: rises with each.
    pub number: u64,
    /// When.
    pub at: Time,
    /// Who wrote.
    pub title: String,
    /// By which channel.
    pub channel: String,
    /// What they wrote: its beginning.
    pub text: String,
    /// What it is beside words.
    pub attachment: Option<String>,
    /// The contact there.
    pub contact: Option<String>,
    /// The deal there.
    pub deal: Option<String>,
}

/// What is told a user since a place, and the place to go on from. Without a place: from now on.
///
/// # Errors
/// The store's word.
pub async fn since(house: &House, door: &Door, user: &str, after: Option<u64>) -> Result<(Vec<Shown>, u64), StoreError> {
    let store = house.store.workspace(door.workspace);
    let stream = streams::crm_notices(door.connection.id);
    let page = store.read(&stream, after.unwrap_or(u64::MAX >> 1), usize::try_from(KEPT + STEP).unwrap_or(usize::MAX)).await?;
    let Some(after) = after.filter(|after| *after <= page.state.last) else { return Ok((Vec::new(), page.state.last)) };
    let mut cursor = after;
    let mut shown = Vec::new();
    for (number, bytes) in page.entries {
        cursor = number;
        let Ok(entry) = entries::read::<NoticeEntry>(&bytes) else { continue };
        if entry.to.iter().any(|to| to == user)
            && let Some(notice) = show(house, door, &store, number, entry).await?
        {
            shown.push(notice);
        }
    }
    Ok((shown, cursor))
}

async fn show(house: &House, door: &Door, store: &PartitionStore, number: u64, entry: NoticeEntry) -> Result<Option<Shown>, StoreError> {
    let Some(message) = store.get::<Message>(Message::at(entry.m)).await?.map(|stored| stored.record) else { return Ok(None) };
    let Some(conversation) = store.get::<Conversation>(Conversation::at(entry.m.conversation)).await? else { return Ok(None) };
    if message.erased_at.is_some() || message.deleted_at.is_some() {
        return Ok(None);
    }
    let account = house.accounts.get(house, door.workspace, message.account).await?;
    let preview = views::preview(&message);
    Ok(Some(Shown {
        number,
        at: entry.at,
        title: conversation.record.shown_name().to_owned(),
        channel: account.map(|account| account.name.clone()).unwrap_or_default(),
        text: preview.text,
        attachment: preview.attachment,
        contact: entry.contact,
        deal: entry.deal,
    }))
}

/// Forgets the oldest, once there are many more than are kept. `batch`: one that carries the owner's token.
///
/// # Errors
/// The store's word.
pub(in crate::gateway) async fn trim(
    store: &PartitionStore, connection: crate::model::ids::ConnectionId, mut batch: Batch,
) -> Result<(), CommitError> {
    let stream = streams::crm_notices(connection);
    let state = store.read(&stream, 0, 1).await?.state;
    let through = state.last.saturating_sub(KEPT);
    if through < state.trimmed.saturating_add(STEP) {
        return Ok(());
    }
    batch.once(Key::new().text("trim/notices").number(connection.0).number(through).done(), 60_000, "");
    batch.trim(&stream, through);
    match store.commit(batch).await {
        Ok(_) | Err(CommitError::Refused(Refusal::Fenced { .. } | Refusal::Seen { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}
