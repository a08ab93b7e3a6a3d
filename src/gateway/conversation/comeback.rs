//! Answers to visitors who left: after a while one letter gathers them, and no other is written until the visitor comes back.

use super::client::{commit, draft, unchanged};
use super::desk::{AccountCard, Desk};
use super::draft::Draft;
use super::{Decision, Done};
use crate::channel::site_widget::options::Letters;
use crate::gateway::administration::channels::widget_settings;
use crate::gateway::commands::{Answer, CommandError};
use crate::gateway::entries::{self, TimerEntry};
use crate::model::connection::ChannelKind;
use crate::model::conversation::Conversation;
use crate::model::customer::{Identity, Vouched};
use crate::model::ids::LetterId;
use crate::model::message::Message;
use crate::model::notice::{AnswerLetter, LetterStop};
use crate::model::protocol::{EntryDirection, SendStatus};
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

fn timer(conversation: &Conversation) -> TimerEntry {
    TimerEntry::Answers { c: conversation.id, l: conversation.login }
}

fn letters(card: &AccountCard) -> Option<Letters> {
    if card.account.kind != ChannelKind::SiteWidget {
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

/// The visitor is here again.
pub(super) fn came_back(draft: &mut Draft) {
    if draft.conversation.answers_at.take().is_some() {
        let name = timer(&draft.conversation).name();
        draft.batch().clear_timer(&name);
    }
    draft.conversation.answers_since = None;
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
    let written = may && address(desk, conversation).await?.is_some();
    if written {
        let up_to = unseen.last().map_or(from, |last| last.record.number);
        let letter = LetterId(desk.house.world.id());
        draft.batch().insert(&AnswerLetter { conversation: conversation.id, letter, from, up_to, next_at: now, created_at: now })?;
    }
    for old in unseen {
        let mut new = old.record.clone();
        new.state.reason = Some(Reason::new(if written { WRITTEN } else { WAITS }));
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

/// Where a letter to the visitor goes: the address they, or the page, gave last; one somebody vouches for comes first. None, if its
/// reader wants no letters.
async fn address(desk: &Desk, conversation: &Conversation) -> Result<Option<String>, CommandError> {
    let Some(identity) = conversation.identity else { return Ok(None) };
    let Some(identity) = desk.store.get::<Identity>(Identity::at(identity)).await?.map(|stored| stored.record) else { return Ok(None) };
    let Some(address) = best_address(&identity) else { return Ok(None) };
    let stopped = desk.store.get::<LetterStop>(LetterStop::at(&address)).await?;
    Ok(stopped.is_none().then_some(address))
}

/// The address of an identity letters go to.
pub(crate) fn best_address(identity: &Identity) -> Option<String> {
    let vouched = identity.emails.iter().rev().find(|claim| claim.by != Vouched::Unverified);
    vouched.or(identity.emails.last()).map(|claim| claim.value.trim().to_lowercase()).filter(|address| address.contains('@'))
}
