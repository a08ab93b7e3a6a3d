//! What becomes of a message's words after it was written: changed, taken back, reacted to, erased.

use unicode_segmentation::UnicodeSegmentation;

use super::client::{Limits, check_content, draft};
use super::desk::Desk;
use super::draft::Draft;
use super::provider::{self, Change};
use super::{Decision, Done};
use crate::gateway::commands::{Answer, CommandError};
use crate::model::conversation::Conversation;
use crate::model::ids::MessageId;
use crate::model::message::{self, Message, MessageChange, Part, apply_change, raise};
use crate::model::protocol::{Author, Can, EntryDirection, SendStatus};
use crate::model::reason::Reason;
use crate::store::records::FileRecord;
use crate::store::table::Stored;

/// The longest reaction: an emoji of several code points.
const EMOJI_BYTES: usize = 32;

async fn existing(desk: &Desk, id: MessageId) -> Result<Stored<Message>, CommandError> {
    let found = desk.store.get::<Message>(Message::at(id)).await?.filter(|found| found.record.admission.is_yes());
    found.ok_or_else(|| CommandError::refused("unknown_message"))
}

/// A message that is ours to change: a note, or one that went out by a channel that can do it.
async fn ours(
    desk: &Desk, stored: &Stored<Conversation>, id: MessageId, can: fn(&Can) -> bool, otherwise: &str,
) -> Result<Stored<Message>, CommandError> {
    let old = existing(desk, id).await?;
    let card = desk.card(stored.record.account).ok_or_else(|| CommandError::refused("unknown_channel"))?;
    let allowed = match old.record.direction {
        EntryDirection::Note => true,
        EntryDirection::Outbound => can(&desk.channel.can(&card.account, &stored.record, desk.house.world.now())),
        EntryDirection::Inbound | EntryDirection::System => false,
    };
    if !allowed || old.record.deleted_at.is_some() {
        return Err(CommandError::refused(otherwise));
    }
    Ok(old)
}

fn done(message: Message) -> Done {
    Done::Answer(Answer::Message { message: Box::new(message), duplicate: false })
}

fn reworded(mut draft: Draft, old: &Stored<Message>, new: Message) -> Result<Decision, CommandError> {
    if new == old.record {
        return Ok(Decision::Nothing(done(new)));
    }
    draft.reword(old, &new)?;
    Ok(Decision::Commit(Box::new(draft), Box::new(move |_| done(new))))
}

pub(super) async fn edit(desk: &Desk, stored: &Stored<Conversation>, id: MessageId, text: &str) -> Result<Decision, CommandError> {
    let old = ours(desk, stored, id, |can| can.edit, "cannot_edit").await?;
    let card = desk.card(stored.record.account).ok_or_else(|| CommandError::refused("unknown_channel"))?;
    let can = desk.channel.can(&card.account, &stored.record, desk.house.world.now());
    check_content(desk, text, old.record.attachments.len(), &Limits::of(&can))?;
    let mut parts: Vec<Part> = old.record.parts.iter().filter(|part| !matches!(part, Part::Text { .. })).cloned().collect();
    if !text.trim().is_empty() {
        parts.insert(0, Part::Text { text: text.to_owned() });
    }
    provider::change(desk, &stored.record, &old.record, Change::Edit(text)).await?;
    let (now, mut new) = (desk.house.world.now(), old.record.clone());
    apply_change(&mut new, "", &MessageChange::Edited { parts, at: now }, now);
    reworded(draft(desk, stored)?, &old, new)
}

pub(super) async fn delete(desk: &Desk, stored: &Stored<Conversation>, id: MessageId) -> Result<Decision, CommandError> {
    let old = existing(desk, id).await?;
    if old.record.deleted_at.is_some() {
        return Ok(Decision::Nothing(done(old.record)));
    }
    let old = ours(desk, stored, id, |can| can.delete, "cannot_delete").await?;
    provider::change(desk, &stored.record, &old.record, Change::Delete).await?;
    let (now, mut new) = (desk.house.world.now(), old.record.clone());
    apply_change(&mut new, "", &MessageChange::Deleted { at: now }, now);
    reworded(draft(desk, stored)?, &old, new)
}

pub(super) async fn react(
    desk: &Desk, stored: &Stored<Conversation>, id: MessageId, emoji: Option<&str>, who: &Author,
) -> Result<Decision, CommandError> {
    let is_emoji = |text: &str| text.len() <= EMOJI_BYTES && text.graphemes(true).count() == 1 && !text.is_ascii();
    if emoji.is_some_and(|emoji| !is_emoji(emoji)) {
        return Err(CommandError::refused("bad_emoji"));
    }
    let old = existing(desk, id).await?;
    let card = desk.card(stored.record.account).ok_or_else(|| CommandError::refused("unknown_channel"))?;
    // Notes stay among us: no channel need know of reactions to them.
    let can = old.record.direction == EntryDirection::Note || desk.channel.can(&card.account, &stored.record, desk.house.world.now()).react;
    if !can || old.record.deleted_at.is_some() || old.record.direction == EntryDirection::System {
        return Err(CommandError::refused("cannot_react"));
    }
    let mut new = old.record.clone();
    message::react(&mut new, who, emoji);
    if new != old.record {
        provider::change(desk, &stored.record, &old.record, Change::React(emoji)).await?;
    }
    reworded(draft(desk, stored)?, &old, new)
}

/// Blanks a message's words and files; its place, author and times stay. The bytes go first: a crash in between leaves a file that cannot
/// be opened, which erasing again completes; the other way round nobody would know of the bytes any more.
pub(super) async fn erase(desk: &Desk, stored: &Stored<Conversation>, id: MessageId) -> Result<Decision, CommandError> {
    let old = desk.store.get::<Message>(Message::at(id)).await?.ok_or_else(|| CommandError::refused("unknown_message"))?;
    if old.record.erased_at.is_some() {
        return Ok(Decision::Nothing(Done::Answer(Answer::Done)));
    }
    let mut draft = draft(desk, stored)?;
    let now = desk.house.world.now();
    let keys: Vec<_> = old.record.attachments.iter().map(|attachment| FileRecord::at(attachment.file)).collect();
    for file in desk.store.get_many::<FileRecord>(&keys).await?.into_iter().flatten() {
        desk.house.files.delete(desk.workspace, file.record.id).await.map_err(|error| {
            tracing::warn!(file = %file.record.id, %error, "a file to be erased could not be removed");
            CommandError::TryAgain("files_unavailable".to_owned())
        })?;
        draft.batch().remove(&file);
    }
    let mut new = Message {
        parts: Vec::new(),
        attachments: Vec::new(),
        reactions: Vec::new(),
        deleted_at: Some(old.record.deleted_at.unwrap_or(now)),
        erased_at: Some(now),
        ..old.record.clone()
    };
    if new.state.status == SendStatus::Queued && new.attempt.is_none() {
        // What has not gone out does not go any more.
        for piece in new.pieces.iter_mut().filter(|piece| piece.status == SendStatus::Queued) {
            piece.status = SendStatus::Failed;
        }
        raise(&mut new, Some(Reason::new("erased")), now);
    }
    reworded(draft, &old, new)
}
