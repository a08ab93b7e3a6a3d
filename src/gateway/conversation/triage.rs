//! What managers decide about a conversation itself: closed, given to somebody, put aside, tagged, blocked.

use super::Decision;
use super::client::{commit, draft, unchanged};
use super::desk::Desk;
use super::draft::Draft;
use super::inbound;
use crate::gateway::commands::CommandError;
use crate::gateway::entries::{self, Tell, TimerEntry};
use crate::model::conversation::{Conversation, ConversationStatus, FactKind};
use crate::model::ids::{TagId, UserId};
use crate::model::people::Workspace;
use crate::model::reason::Reason;
use crate::model::tag;
use crate::model::time::Time;
use crate::store::port::StoreError;
use crate::store::table::Stored;

/// The longest time a conversation is put aside for.
const SNOOZE_LIMIT_MS: i64 = 366 * 24 * 60 * 60 * 1_000;

pub(super) fn close(desk: &Desk, stored: &Stored<Conversation>, by: &str) -> Result<Decision, CommandError> {
    if stored.record.status == ConversationStatus::Closed {
        return Ok(unchanged(stored));
    }
    let mut draft = draft(desk, stored)?;
    bring_back(&mut draft);
    draft.conversation.status = ConversationStatus::Closed;
    draft.conversation.episode.closed_at = Some(desk.house.world.now());
    draft.conversation.unanswered_since = None;
    draft.conversation.marked_unread = false;
    draft.fact(desk, by, FactKind::Closed)?;
    Ok(commit(draft))
}

pub(super) fn reopen(desk: &Desk, stored: &Stored<Conversation>, by: &str) -> Result<Decision, CommandError> {
    if stored.record.status == ConversationStatus::Open {
        return Ok(unchanged(stored));
    }
    let mut draft = draft(desk, stored)?;
    let (first, now) = (draft.next_number(), desk.house.world.now());
    inbound::reopen(desk, &mut draft, first, now, by)?;
    Ok(commit(draft))
}

pub(super) fn assign(desk: &Desk, stored: &Stored<Conversation>, to: Option<UserId>, by: &str) -> Result<Decision, CommandError> {
    if stored.record.assignee == to {
        return Ok(unchanged(stored));
    }
    let mut draft = draft(desk, stored)?;
    draft.conversation.assignee = to;
    if let Some(to) = to {
        draft.tell(Tell::Assigned { to, by: by.to_owned() });
    }
    draft.fact(desk, by, FactKind::Assigned { to })?;
    Ok(commit(draft))
}

/// The timer and the moment in the record are set, moved and cleared together.
fn timer(conversation: &Conversation) -> TimerEntry {
    TimerEntry::Snooze { c: conversation.id, l: conversation.login }
}

/// It is put aside no more; `true`: it was.
fn bring_back(draft: &mut Draft) -> bool {
    let was = draft.conversation.snoozed_until.take().is_some();
    if was {
        let name = timer(&draft.conversation).name();
        draft.batch().clear_timer(&name);
    }
    was
}

/// The customer wrote: what was put aside is back before its time.
pub(super) fn woken_by_customer(desk: &Desk, draft: &mut Draft) -> Result<(), StoreError> {
    if bring_back(draft) {
        draft.fact(desk, "", FactKind::Woken)?;
    }
    Ok(())
}

pub(super) fn snooze(desk: &Desk, stored: &Stored<Conversation>, until: Option<Time>, by: &str) -> Result<Decision, CommandError> {
    if stored.record.snoozed_until == until {
        return Ok(unchanged(stored));
    }
    let mut draft = draft(desk, stored)?;
    let Some(until) = until else {
        bring_back(&mut draft);
        draft.fact(desk, by, FactKind::Woken)?;
        return Ok(commit(draft));
    };
    if stored.record.status == ConversationStatus::Closed {
        return Err(CommandError::refused("conversation_closed"));
    }
    let ahead = until.since(desk.house.world.now());
    if ahead <= 0 || ahead > SNOOZE_LIMIT_MS {
        return Err(CommandError::refused("bad_moment"));
    }
    draft.conversation.snoozed_until = Some(until);
    let timer = timer(&stored.record);
    draft.batch().set_timer(&timer.name(), until, entries::write(&timer)?);
    draft.fact(desk, by, FactKind::Snoozed { until })?;
    Ok(commit(draft))
}

/// Its moment came: it stands on top again, marked, so that it is looked at.
pub(super) fn wake(desk: &Desk, stored: &Stored<Conversation>, due: Time) -> Result<Decision, CommandError> {
    if stored.record.snoozed_until != Some(due) {
        return Ok(unchanged(stored));
    }
    let mut draft = draft(desk, stored)?;
    draft.batch().take_timer(&timer(&stored.record).name(), due);
    draft.conversation.snoozed_until = None;
    draft.conversation.marked_unread = true;
    draft.conversation.active_at = draft.conversation.active_at.max(desk.house.world.now());
    draft.fact(desk, "", FactKind::Woken)?;
    Ok(commit(draft))
}

/// A customer begins to wait: the moment at which that is too long is set in the same commit.
pub(super) async fn await_answer(desk: &Desk, draft: &mut Draft) -> Result<(), CommandError> {
    if let Some(space) = desk.house.space(desk.workspace).await?
        && space.escalation.on
        && let Some(at) = too_long(&space, space.escalation.minutes, desk.house.world.now())
    {
        draft.overdue_at(1, at)?;
    }
    Ok(())
}

fn too_long(space: &Workspace, minutes: u32, from: Time) -> Option<Time> {
    space.escalation.hours.after(from, i64::from(minutes) * 60_000, &space.time_zone)
}

/// The customer waited too long: who answers is told, and later admins and owners.
pub(super) async fn escalate(desk: &Desk, stored: &Stored<Conversation>, step: u8, due: Time) -> Result<Decision, CommandError> {
    if stored.record.overdue_at != Some(due) || stored.record.overdue.saturating_add(1) != step {
        return Ok(unchanged(stored));
    }
    let space = desk.house.space(desk.workspace).await?.ok_or_else(|| CommandError::refused("unknown_workspace"))?;
    let mut draft = draft(desk, stored)?;
    draft.batch().take_timer(&TimerEntry::Overdue { c: stored.record.id, l: stored.record.login, s: step }.name(), due);
    draft.conversation.overdue_at = None;
    if !space.escalation.on {
        return Ok(commit(draft));
    }
    draft.conversation.overdue = step;
    draft.tell(Tell::Overdue { step });
    draft.fact(desk, "", FactKind::Overdue { step })?;
    if step == 1
        && space.escalation.more_minutes > 0
        && let Some(at) = too_long(&space, space.escalation.more_minutes, desk.house.world.now())
    {
        draft.overdue_at(2, at)?;
    }
    Ok(commit(draft))
}

pub(super) fn mark_unread(desk: &Desk, stored: &Stored<Conversation>) -> Result<Decision, CommandError> {
    if stored.record.marked_unread || stored.record.unread > 0 {
        return Ok(unchanged(stored));
    }
    let mut draft = draft(desk, stored)?;
    draft.conversation.marked_unread = true;
    Ok(commit(draft))
}

pub(super) fn tag(desk: &Desk, stored: &Stored<Conversation>, on: &[TagId], off: &[TagId], by: &str) -> Result<Decision, CommandError> {
    let now = &stored.record.tags;
    let tags = tag::changed(now, on, off).ok_or_else(|| CommandError::Refused(Reason::new("too_many_tags").with("limit", tag::ON_ONE_LIMIT)))?;
    if tags == *now {
        return Ok(unchanged(stored));
    }
    let mut draft = draft(desk, stored)?;
    let new = |one: &[TagId], other: &[TagId]| one.iter().copied().filter(|tag| !other.contains(tag)).collect::<Vec<_>>();
    let (on, off) = (new(&tags, now), new(now, &tags));
    draft.conversation.tags = tags;
    draft.fact(desk, by, FactKind::Tagged { on, off })?;
    Ok(commit(draft))
}

pub(super) fn block(desk: &Desk, stored: &Stored<Conversation>, blocked: bool, by: &str) -> Result<Decision, CommandError> {
    if stored.record.blocked_at.is_some() == blocked {
        return Ok(unchanged(stored));
    }
    let mut draft = draft(desk, stored)?;
    draft.conversation.blocked_at = blocked.then(|| desk.house.world.now());
    draft.fact(desk, by, if blocked { FactKind::Blocked } else { FactKind::Unblocked })?;
    Ok(commit(draft))
}
