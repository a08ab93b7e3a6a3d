//! Answers to visitors who left: after a while one letter gathers them, and no other is written until the visitor comes back. Until it went
//! out the answers say that they wait; if it does not go out they say so.

use super::client::{commit, draft, unchanged};
use super::desk::{AccountCard, Desk};
use super::draft::Draft;
use super::{Decision, Done};
use crate::channel::site_widget;
use crate::channel::site_widget::options::Letters;
use crate::gateway::administration::channels::widget_settings;
use crate::gateway::commands::{Answer, CommandError};
use crate::gateway::entries::{self, TimerEntry};
use crate::model::conversation::Conversation;
use crate::model::customer::{Identity, Vouched};
use crate::model::ids::LetterId;
use crate::model::message::Message;
use crate::model::notice::{AnswerLetter, LetterReader};
use crate::model::protocol::{EntryDirection, SendState, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::port::{Scan, StoreError};
use crate::store::table::Stored;

/// The most answers of one letter.
const ANSWERS: usize = 50;
/// They wait until the visitor comes back.
pub(crate) const WAITS: &str = "waits_for_visitor";
/// They went by letter.
pub(crate) const WRITTEN: &str = "sent_by_letter";
/// The letter did not go out: they wait after all.
pub(crate) const NOT_WRITTEN: &str = "letter_failed";

fn timer(conversation: &Conversation) -> TimerEntry {
    TimerEntry::Answers { c: conversation.id, l: conversation.login }
}

fn letters(card: &AccountCard) -> Option<Letters> {
    if card.account.kind != site_widget::KIND {
        return None;
    }
    widget_settings(&card.account).ok().map(|settings| settings.options.letters)
}

/// An answer goes to a site's visitor: they may not be there to see it.
pub(super) fn answered(desk: &Desk, draft: &mut Draft, message: &mut Message, card: &AccountCard) -> Result<(), StoreError> {
    let Some(letters) = letters(card) else { return Ok(()) };
    match (draft.conversation.answers_since, draft.conversation.answers_at) {
        // The first since they were here.
        (None, _) => {
            draft.conversation.answers_since = Some(message.number);
            await_visitor(draft, desk.house.world.now().plus_ms(letters.pause_ms()))?;
        }
        (Some(_), Some(_)) => {}
        // It is known that they left: there is no other letter until they come back.
        (Some(_), None) => message.state.reason = Some(Reason::new(WAITS)),
    }
    Ok(())
}

fn await_visitor(draft: &mut Draft, at: Time) -> Result<(), StoreError> {
    let timer = timer(&draft.conversation);
    draft.conversation.answers_at = Some(at);
    draft.batch().set_timer(&timer.name(), at, entries::write(&timer)?);
    Ok(())
}

/// The visitor saw everything.
pub(super) fn seen(draft: &mut Draft) {
    if draft.conversation.answers_at.take().is_some() {
        let name = timer(&draft.conversation).name();
        draft.batch().clear_timer(&name);
    }
    draft.conversation.answers_since = None;
}

/// The visitor saw what was said up to a number: what came after it still waits.
pub(super) fn seen_up_to(draft: &mut Draft, number: u32) {
    if draft.conversation.answers_since.is_none_or(|since| number < since) {
        return;
    }
    if number >= draft.conversation.last_number || draft.conversation.answers_at.is_none() {
        seen(draft);
    } else {
        draft.conversation.answers_since = Some(number.saturating_add(1));
    }
}

/// The visitor is on the site again: what waited for them has reached them.
pub(super) async fn came_back(desk: &Desk, stored: &Stored<Conversation>) -> Result<Decision, CommandError> {
    let conversation = &stored.record;
    // While the timer runs nothing is said of the answers yet, and if they leave again before they look, a letter is due.
    let (Some(since), None) = (conversation.answers_since, conversation.answers_at) else { return Ok(unchanged(stored)) };
    let mut draft = draft(desk, stored)?;
    let now = desk.house.world.now();
    for old in waiting(desk, conversation, since, None).await? {
        let mut new = old.record.clone();
        new.state = SendState { status: SendStatus::Delivered, reason: None, at: now };
        draft.change(&old, &new)?;
    }
    draft.conversation.answers_since = None;
    Ok(commit(draft))
}

/// What became of a letter.
pub(super) async fn written(desk: &Desk, stored: &Stored<Conversation>, from: u32, up_to: u32, how: &Reason) -> Result<Decision, CommandError> {
    let found = waiting(desk, &stored.record, from, Some(up_to)).await?;
    // They came back before it was known.
    if found.is_empty() {
        return Ok(unchanged(stored));
    }
    let mut draft = draft(desk, stored)?;
    for old in found {
        let mut new = old.record.clone();
        new.state.reason = Some(how.clone());
        draft.change(&old, &new)?;
    }
    Ok(commit(draft))
}

/// The answers that say of themselves how they wait for the visitor.
async fn waiting(desk: &Desk, conversation: &Conversation, from: u32, up_to: Option<u32>) -> Result<Vec<Stored<Message>>, StoreError> {
    let mut scan = Scan::first(ANSWERS).above(Message::item(from.saturating_sub(1)));
    if let Some(up_to) = up_to {
        scan = scan.below(Message::item(up_to.saturating_add(1)));
    }
    let mut found = desk.store.scan::<Message>(&Message::group(conversation.id), scan).await?;
    found.retain(|one| {
        let reason = one.record.state.reason.as_ref().map(|reason| reason.code.as_str());
        is_unseen(&one.record) && reason.is_some_and(|code| [WAITS, WRITTEN, NOT_WRITTEN].contains(&code))
    });
    Ok(found)
}

/// The while is over: a letter gathers what they have not seen. `online`: they are on the site, and will see it there.
pub(super) async fn write(desk: &Desk, stored: &Stored<Conversation>, due: Time, online: bool) -> Result<Decision, CommandError> {
    let conversation = &stored.record;
    let (Some(since), true) = (conversation.answers_since, conversation.answers_at == Some(due)) else { return Ok(unchanged(stored)) };
    let Some((card, letters)) = desk.card(conversation.account).and_then(|card| letters(&card).map(|letters| (card, letters))) else {
        return Err(CommandError::refused("unknown_channel"));
    };
    let mut draft = draft(desk, stored)?;
    draft.batch().take_timer(&timer(conversation).name(), due);
    draft.conversation.answers_at = None;
    let now = desk.house.world.now();
    if online {
        await_visitor(&mut draft, now.plus_ms(letters.pause_ms()))?;
        draft.quiet();
        return Ok(commit(draft));
    }
    let from = since.max(conversation.customer_read_up_to.saturating_add(1));
    let scan = Scan::first(ANSWERS).above(Message::item(from.saturating_sub(1)));
    let found = desk.store.scan::<Message>(&Message::group(conversation.id), scan).await?;
    let unseen: Vec<_> = found.iter().filter(|one| is_unseen(&one.record)).collect();
    if unseen.is_empty() {
        draft.conversation.answers_since = None;
        draft.quiet();
        return Ok(commit(draft));
    }
    let may = letters.on && desk.house.mail.is_some() && card.account.removed_at.is_none() && conversation.blocked_at.is_none();
    if may && may_be_written(desk, &mut draft, now).await? {
        let up_to = unseen.last().map_or(from, |last| last.record.number);
        let (conversation, letter) = (conversation.id, LetterId(desk.house.world.id()));
        draft.batch().insert(&AnswerLetter { conversation, letter, from, up_to, written: false, next_at: now, created_at: now })?;
    }
    for old in unseen {
        let mut new = old.record.clone();
        new.state.reason = Some(Reason::new(WAITS));
        draft.change(old, &new)?;
    }
    Ok(Decision::Commit(Box::new(draft), Box::new(|_| Done::Answer(Answer::Done))))
}

fn is_unseen(message: &Message) -> bool {
    message.direction == EntryDirection::Outbound
        && message.state.status != SendStatus::Read
        && message.deleted_at.is_none()
        && message.erased_at.is_none()
}

/// Whether there is an address and its reader takes another letter; if so, it is counted in this commit. Nobody vouches for what a visitor
/// gives as their address: whose it is must not be written to again and again.
async fn may_be_written(desk: &Desk, draft: &mut Draft, now: Time) -> Result<bool, CommandError> {
    let Some(identity) = draft.conversation.identity else { return Ok(false) };
    let Some(identity) = desk.store.get::<Identity>(Identity::at(identity)).await?.map(|stored| stored.record) else { return Ok(false) };
    let Some(address) = best_address(&identity) else { return Ok(false) };
    let old = desk.store.get::<LetterReader>(LetterReader::at(&address)).await?;
    let mut reader = old.as_ref().map_or_else(|| LetterReader::new(LetterReader::hash_of(&address)), |old| old.record.clone());
    if !reader.takes(now) {
        return Ok(false);
    }
    match &old {
        Some(old) => draft.batch().update(old, &reader)?,
        None => draft.batch().insert(&reader)?,
    }
    Ok(true)
}

/// The address of an identity letters go to: the one they, or the page, gave last; one somebody vouches for comes first.
pub(crate) fn best_address(identity: &Identity) -> Option<String> {
    let vouched = identity.emails.iter().rev().find(|claim| claim.by != Vouched::Unverified);
    vouched.or(identity.emails.last()).map(|claim| claim.value.trim().to_lowercase()).filter(|address| address.contains('@'))
}
