//! Attempts to send and what became of them.
//!
//! An attempt is committed before the call: what finds one after a restart knows that the call may have gone. It is repeated only
//! where the provider drops repeats of the same key; where the history can be read it is asked first; otherwise the message
//! becomes `unknown`, is shown, and a person decides.

use std::time::Duration;

use super::desk::Desk;
use super::draft::Draft;
use super::{Decision, Done};
use crate::channel::contract::{Incoming, OutgoingPiece, Repeats, SendError, SentPiece};
use crate::gateway::commands::{Answer, CommandError};
use crate::gateway::faults::patience;
use crate::model::conversation::{Conversation, Place};
use crate::model::ids::MessageId;
use crate::model::message::{Attempt, Message, Piece, raise};
use crate::model::protocol::{EntryDirection, SendState, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::port::{Scan, StoreError, StreamName};
use crate::store::table::Stored;

/// How often one piece is begun anew by ourselves before a person has to decide.
const ATTEMPTS: u32 = 3;
/// Where the customer's newest message is looked for: among so many.
const NEWEST: usize = 50;
/// How far a provider's clock may be from ours.
const CLOCKS_APART_MS: i64 = 5_000;

/// A work entry of the outbox.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The stream it lies in.
    pub stream: StreamName,
    /// Its number.
    pub number: u64,
}

/// Begin, or go on with, a message of the outbox.
#[derive(Debug, Clone)]
pub struct Begin {
    /// The work entry.
    pub entry: Entry,
    /// The message.
    pub message: MessageId,
    /// After this it fails instead of going out late.
    pub until: Time,
    /// It cannot be handled, and why: the message gets its end.
    pub give_up: Option<Reason>,
}

/// A call ended.
#[derive(Debug, Clone)]
pub struct End {
    /// The work entry.
    pub entry: Entry,
    /// The message.
    pub message: MessageId,
    /// The attempt's key.
    pub key: String,
    /// What came of it; for a look into the history `Ok(None)` means: not found.
    pub result: Result<Option<SentPiece>, SendError>,
    /// What came of it cannot be handled, and why: the message gets its end.
    pub give_up: Option<Reason>,
}

/// What the outbox worker shall do next.
#[derive(Debug, Clone)]
pub enum Next {
    /// Call the provider.
    Call {
        /// With what.
        piece: Box<OutgoingPiece>,
        /// Stop waiting then.
        deadline: Time,
    },
    /// Ask the provider's history, not before a moment.
    Look {
        /// For what.
        piece: Box<OutgoingPiece>,
        /// Not before.
        not_before: Time,
        /// See [`Next::Again`].
        silence: bool,
    },
    /// Begin again, not before a moment.
    Again {
        /// Not before.
        not_before: Time,
        /// Whether later messages of the chat wait until then too, however long it is: the provider asked for silence.
        silence: bool,
    },
    /// The provider lets us in no longer: the whole queue waits.
    Hold {
        /// Why.
        reason: Reason,
    },
    /// The provider took the whole message; its entry is gone.
    Sent,
    /// The message is settled and its entry is gone.
    Settled,
}

fn next(next: Next) -> Decision {
    Decision::Nothing(Done::Next(next))
}

fn commit(draft: Draft, then: Next) -> Decision {
    Decision::Commit(Box::new(draft), Box::new(move |_| Done::Next(then)))
}

/// The key of a piece: the same for every attempt of one round, so a provider can drop repeats, and an echo can be matched.
fn piece_key(message: &Message, piece: u32) -> String {
    format!("{}-{piece}-{}", message.id(), message.round)
}

fn first_queued(message: &Message) -> Option<u32> {
    message.pieces.iter().position(|piece| piece.status == SendStatus::Queued).and_then(|at| u32::try_from(at).ok())
}

fn piece_mut(message: &mut Message, piece: u32) -> Option<&mut Piece> {
    usize::try_from(piece).ok().and_then(|at| message.pieces.get_mut(at))
}

async fn outgoing(desk: &Desk, conversation: &Conversation, message: &Message, piece: u32) -> Result<OutgoingPiece, CommandError> {
    let pieces = desk.channel.pieces(conversation.kind, &message.parts, &message.attachments);
    let (parts, attachments) = usize::try_from(piece).ok().and_then(|at| pieces.into_iter().nth(at)).unwrap_or_default();
    let reply_to_external = match message.reply_to {
        // The first piece says what all of it answers.
        Some(id) if piece == 0 => {
            desk.store.get::<Message>(Message::at(id)).await?.and_then(|m| m.record.pieces.first().and_then(|p| p.external_id.clone()))
        }
        Some(_) | None => None,
    };
    let card = desk.card(conversation.account).ok_or_else(|| CommandError::refused("unknown_channel"))?;
    let conversation_key = match (conversation.provider_keys.last(), conversation.joined_into) {
        (Some(key), _) => Some(key.clone()),
        // It proved to be one with another: that one's key is its own.
        (None, Some(other)) => {
            let other = desk.store.get::<Conversation>(Conversation::at(other)).await?;
            other.and_then(|other| other.record.provider_keys.last().cloned())
        }
        (None, None) => None,
    };
    Ok(OutgoingPiece {
        account: card.account.external_id.clone(),
        conversation_key,
        address: conversation.address.clone(),
        parts,
        attachments,
        reply_to_external,
        newest_external: newest_external(desk, conversation).await?,
        place: conversation.place.clone(),
        begun_at: message.attempt.as_ref().map(|attempt| attempt.started_at),
        key: piece_key(message, piece),
    })
}

/// The customer's newest message at the provider: what an answer to a comment hangs under.
async fn newest_external(desk: &Desk, conversation: &Conversation) -> Result<Option<String>, StoreError> {
    if !matches!(conversation.place, Place::Post(_)) {
        return Ok(None);
    }
    let newest = desk.store.scan::<Message>(&Message::group(conversation.id), Scan::last(NEWEST)).await?;
    let inbound = newest.into_iter().rev().map(|stored| stored.record).find(|message| message.direction == EntryDirection::Inbound);
    Ok(inbound.and_then(|message| message.pieces.into_iter().next()).and_then(|piece| piece.external_id))
}

/// Begins the next piece of a message, or finds what an earlier attempt left.
pub(crate) async fn begin(desk: &Desk, stored: &Stored<Conversation>, begin: &Begin) -> Result<Decision, CommandError> {
    let now = desk.house.world.now();
    let mut draft = Draft::new(Some(stored), None, now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    let old = desk.store.get::<Message>(Message::at(begin.message)).await?;
    let Some(old) = old else { return Ok(take_only(draft, &begin.entry)) };
    if let Some(reason) = &begin.give_up {
        return give_up(draft, &old, reason, true, &begin.entry, now);
    }
    crate::gateway::faults::point_for("sending/begin", begin.message.conversation);
    let mut new = old.record.clone();
    if let Some(attempt) = old.record.attempt.clone() {
        let piece = outgoing(desk, &stored.record, &old.record, attempt.piece).await?;
        match repeats(desk, &old.record) {
            // What was erased meanwhile does not go again.
            _ if old.record.erased_at.is_some() => {
                return settle_unknown(draft, &old, attempt.piece, Reason::new("answer_lost"), &begin.entry, now);
            }
            Repeats::Keyed if attempt.number < ATTEMPTS => {}
            Repeats::Lookup if attempt.absent && attempt.number < ATTEMPTS => {}
            // What the history did not say within the message's time, it does not say any more.
            Repeats::Lookup if !attempt.absent && now <= begin.until => {
                return Ok(next(Next::Look { piece: Box::new(piece), not_before: attempt.deadline, silence: false }));
            }
            Repeats::Keyed | Repeats::Lookup | Repeats::SendTwice => {
                return settle_unknown(draft, &old, attempt.piece, Reason::new("answer_lost"), &begin.entry, now);
            }
        }
    }
    let Some(piece) = first_queued(&new).filter(|_| new.state.status == SendStatus::Queued && new.erased_at.is_none()) else {
        return Ok(take_only(draft, &begin.entry));
    };
    if now > begin.until && new.attempt.is_none() {
        return fail(draft, &old, piece, Reason::new("expired"), &begin.entry, now);
    }
    let limit = Duration::from_millis(u64::try_from(desk.channel.call_limit_ms()).unwrap_or(0));
    let deadline = now.plus_ms(i64::try_from(patience(limit).as_millis()).unwrap_or(i64::MAX));
    let number = old.record.attempt.as_ref().map_or(1, |attempt| attempt.number.saturating_add(1));
    let call = outgoing(desk, &stored.record, &old.record, piece).await?;
    if let Err(not_before) = super::minute::count(desk, draft.batch(), &call, now).await? {
        // Nothing of it is begun, so that nothing is unclear should the process end meanwhile.
        return Ok(next(Next::Again { not_before, silence: true }));
    }
    new.attempt = Some(Attempt { number, node: desk.house.node, started_at: now, deadline, key: call.key.clone(), piece, absent: false });
    draft.note(&old, &new)?;
    Ok(commit(draft, Next::Call { piece: Box::new(call), deadline }))
}

/// A call, or a look into the history, ended.
pub(crate) async fn end(desk: &Desk, stored: &Stored<Conversation>, end: &End) -> Result<Decision, CommandError> {
    let now = desk.house.world.now();
    let mut draft = Draft::new(Some(stored), None, now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    let old = desk.store.get::<Message>(Message::at(end.message)).await?;
    let Some(old) = old else { return Ok(take_only(draft, &end.entry)) };
    let Some(attempt) = old.record.attempt.clone().filter(|attempt| attempt.key == end.key) else {
        // An echo overtook the answer and settled the piece.
        return Ok(next(Next::Again { not_before: now, silence: false }));
    };
    if let Some(reason) = &end.give_up {
        return give_up(draft, &old, reason, may_have_gone(&end.result), &end.entry, now);
    }
    crate::gateway::faults::point_for("sending/end", end.message.conversation);
    let mut new = old.record.clone();
    new.attempt = None;
    match &end.result {
        Ok(Some(sent)) => {
            let mut external_id = sent.external_id.clone();
            // Its echo came before and was not known as ours: it went all the same, and the name is taken.
            if let Some(id) = &external_id
                && super::inbound::find_external(desk, draft.conversation.account, id).await?.is_some_and(|other| other.record.id() != end.message)
            {
                external_id = None;
            }
            if let Some(piece) = piece_mut(&mut new, attempt.piece) {
                piece.status = SendStatus::Sent;
                piece.external_id.clone_from(&external_id);
                piece.more.clone_from(&sent.more);
            }
            new.tries = 0;
            if let Some(key) = &sent.conversation_key {
                super::inbound::take_key(desk, &mut draft, key).await?;
            }
            raise(&mut new, None, now);
            if let Some(external_id) = &external_id {
                super::pending::settle(desk, draft.batch(), &mut new, external_id, now).await?;
            }
            let settled = first_queued(&new).is_none();
            draft.change(&old, &new)?;
            if settled {
                draft.batch().take(&end.entry.stream, end.entry.number);
                return Ok(commit(draft, Next::Sent));
            }
            Ok(commit(draft, Next::Again { not_before: now, silence: false }))
        }
        // Looked, and the history does not have it. It may go again only if nobody can still be sending it.
        Ok(None) => {
            let attempt = Attempt { absent: true, ..attempt };
            if attempt.number >= ATTEMPTS || !ended(desk, &attempt).await? {
                return settle_unknown(draft, &old, attempt.piece, Reason::new("answer_lost"), &end.entry, now);
            }
            new.attempt = Some(attempt);
            draft.note(&old, &new)?;
            Ok(commit(draft, Next::Again { not_before: now, silence: false }))
        }
        Err(SendError::RetryAfter(ms)) => {
            draft.note(&old, &new)?;
            Ok(commit(draft, Next::Again { not_before: now.plus_ms((*ms).clamp(0, 3_600_000)), silence: true }))
        }
        Err(SendError::Temporary(_)) => {
            new.tries = new.tries.saturating_add(1);
            let pause = 1_000_i64.checked_shl(new.tries.min(9)).unwrap_or(300_000).min(300_000);
            draft.note(&old, &new)?;
            Ok(commit(draft, Next::Again { not_before: now.plus_ms(pause), silence: false }))
        }
        Err(SendError::Rejected(reason)) => fail(draft, &old, attempt.piece, reason.clone(), &end.entry, now),
        Err(SendError::Unreachable(reason)) => {
            super::people::reachable(desk, &mut draft, Some(reason)).await?;
            fail(draft, &old, attempt.piece, reason.clone(), &end.entry, now)
        }
        Err(SendError::AccessLost(reason)) => {
            draft.note(&old, &new)?;
            Ok(commit(draft, Next::Hold { reason: reason.clone() }))
        }
        Err(SendError::Unclear(reason)) => match repeats(desk, &old.record) {
            // The attempt stays: what begins again finds it.
            Repeats::Keyed => Ok(next(Next::Again { not_before: now.plus_ms(1_000), silence: false })),
            Repeats::Lookup => Ok(next(Next::Again { not_before: now, silence: false })),
            Repeats::SendTwice => settle_unknown(draft, &old, attempt.piece, reason.clone(), &end.entry, now),
        },
    }
}

/// What the provider does with a repeat of this message.
fn repeats(desk: &Desk, message: &Message) -> Repeats {
    // An account that is gone is asked nothing: then nothing is sent twice.
    desk.card(message.account).map_or(Repeats::SendTwice, |card| desk.channel.repeats(&card.account))
}

/// Whether the process that began an attempt is known to be past it. Our own call ended before anything is looked for.
async fn ended(desk: &Desk, attempt: &Attempt) -> Result<bool, StoreError> {
    if attempt.node == desk.house.node {
        return Ok(true);
    }
    let nodes = desk.house.heartbeat().await?;
    Ok(!nodes.alive.contains(&attempt.node))
}

fn take_only(mut draft: Draft, entry: &Entry) -> Decision {
    draft.batch().take(&entry.stream, entry.number);
    draft.quiet();
    commit(draft, Next::Settled)
}

fn settle(
    mut draft: Draft, old: &Stored<Message>, piece: u32, status: SendStatus, reason: Reason, entry: &Entry, now: Time,
) -> Result<Decision, CommandError> {
    let mut new = old.record.clone();
    new.attempt = None;
    if let Some(piece) = piece_mut(&mut new, piece) {
        piece.status = status;
    }
    let reason = if new.pieces.len() > 1 { reason.with("piece", piece.saturating_add(1)).with("of", new.pieces.len()) } else { reason };
    raise(&mut new, Some(reason), now);
    draft.change(old, &new)?;
    draft.batch().take(&entry.stream, entry.number);
    Ok(commit(draft, Next::Settled))
}

fn fail(draft: Draft, old: &Stored<Message>, piece: u32, reason: Reason, entry: &Entry, now: Time) -> Result<Decision, CommandError> {
    settle(draft, old, piece, SendStatus::Failed, reason, entry, now)
}

fn settle_unknown(draft: Draft, old: &Stored<Message>, piece: u32, reason: Reason, entry: &Entry, now: Time) -> Result<Decision, CommandError> {
    settle(draft, old, piece, SendStatus::Unknown, reason, entry, now)
}

/// The end of a message that cannot be handled: failed, or unknown if a call was begun that may have gone.
fn give_up(draft: Draft, old: &Stored<Message>, reason: &Reason, may_have_gone: bool, entry: &Entry, now: Time) -> Result<Decision, CommandError> {
    crate::gateway::faults::point_for("sending/give_up", old.record.conversation);
    let begun = old.record.attempt.as_ref().map(|attempt| attempt.piece);
    match (begun, first_queued(&old.record)) {
        (Some(piece), _) if may_have_gone => settle_unknown(draft, old, piece, reason.clone(), entry, now),
        (Some(piece), _) | (None, Some(piece)) => fail(draft, old, piece, reason.clone(), entry, now),
        // Nothing of it waits to be sent.
        (None, None) => Ok(take_only(draft, entry)),
    }
}

/// Whether the provider may have taken what such an answer came to.
fn may_have_gone(result: &Result<Option<SentPiece>, SendError>) -> bool {
    match result {
        Ok(_) | Err(SendError::Unclear(_)) => true,
        Err(SendError::RetryAfter(_) | SendError::Temporary(_) | SendError::Rejected(_) | SendError::Unreachable(_) | SendError::AccessLost(_)) => {
            false
        }
    }
}

/// A person wants another try: only what is missing goes again.
pub(crate) async fn retry(desk: &Desk, stored: &Stored<Conversation>, id: MessageId, _by: &str) -> Result<Decision, CommandError> {
    let now = desk.house.world.now();
    let old = desk.store.get::<Message>(Message::at(id)).await?.ok_or_else(|| CommandError::refused("unknown_message"))?;
    let may = matches!(old.record.state.status, SendStatus::Failed | SendStatus::Unknown) && old.record.erased_at.is_none();
    if !may || old.record.direction != EntryDirection::Outbound {
        return Err(CommandError::refused("nothing_to_retry"));
    }
    let mut draft = Draft::new(Some(stored), None, now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    let mut new = old.record.clone();
    for piece in &mut new.pieces {
        if matches!(piece.status, SendStatus::Failed | SendStatus::Unknown) {
            *piece = Piece::new(None, SendStatus::Queued);
        }
    }
    new.attempt = None;
    new.tries = 0;
    new.round = new.round.saturating_add(1);
    new.state = SendState { status: SendStatus::Queued, reason: None, at: now };
    draft.change(&old, &new)?;
    draft.send(desk, &new, false, now.plus_ms(super::client::LIVE_LIFETIME_MS))?;
    Ok(Decision::Commit(Box::new(draft), Box::new(move |_| Done::Answer(Answer::Message { message: Box::new(new), duplicate: false }))))
}

/// Finds the piece of ours that an echo is of: by its mark, else by the provider's id, else by equal content since the attempt.
pub(crate) async fn find_echoed(
    desk: &Desk, conversation: &Conversation, mark: Option<&str>, incoming: &Incoming,
) -> Result<Option<(Stored<Message>, u32)>, StoreError> {
    if let Some((id, piece)) = mark.and_then(read_mark)
        && id.conversation == conversation.id
        && let Some(old) = desk.store.get::<Message>(Message::at(id)).await?
        && old.record.direction == EntryDirection::Outbound
        && usize::try_from(piece).is_ok_and(|piece| piece < old.record.pieces.len())
    {
        return Ok(Some((old, piece)));
    }
    if let Some(external_id) = &incoming.external_id
        && super::inbound::find_external(desk, conversation.account, external_id).await?.is_some()
    {
        // Settled already: the unique index answers it.
        return Ok(None);
    }
    // What carries a mark of ours is known by it alone; what carries another's was never ours.
    let marked = |message: &Message, at: u32, mark: &str| desk.channel.mark(&piece_key(message, at)) == mark;
    let newest = desk.store.scan::<Message>(&Message::group(conversation.id), Scan::last(20)).await?;
    for old in newest {
        if old.record.direction != EntryDirection::Outbound {
            continue;
        }
        let began = old.record.attempt.as_ref().map_or(old.record.imported_at, |attempt| attempt.started_at);
        let since = began.plus_ms(-CLOCKS_APART_MS) <= incoming.written_at;
        let under_way = old.record.attempt.as_ref().map(|attempt| attempt.piece);
        let said = desk.channel.pieces(conversation.kind, &old.record.parts, &old.record.attachments);
        for (at, (piece, (parts, files))) in (0_u32..).zip(old.record.pieces.iter().zip(said)) {
            let open = piece.status == SendStatus::Unknown || (under_way == Some(at) && piece.status == SendStatus::Queued);
            let same = match mark {
                // The mark alone proves it, also of a piece that is thought not to have gone and waits to go again.
                Some(mark) => matches!(piece.status, SendStatus::Queued | SendStatus::Unknown | SendStatus::Failed) && marked(&old.record, at, mark),
                None => open && since && desk.channel.echoes(&parts, &files, incoming),
            };
            if piece.external_id.is_none() && same {
                return Ok(Some((old, at)));
            }
        }
    }
    Ok(None)
}

/// The message and the piece a mark speaks of.
pub(crate) fn read_mark(mark: &str) -> Option<(MessageId, u32)> {
    let mut parts = mark.split('-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// An echo settles a piece: it surely went.
pub(crate) async fn echoed(
    desk: &Desk, stored: &Stored<Conversation>, old: Stored<Message>, piece: u32, incoming: &Incoming, now: Time,
) -> Result<Decision, CommandError> {
    let mut draft = Draft::new(Some(stored), None, now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    let mut new = old.record.clone();
    if let Some(piece) = piece_mut(&mut new, piece) {
        if piece.external_id.is_none() {
            piece.external_id.clone_from(&incoming.external_id);
        }
        if matches!(piece.status, SendStatus::Queued | SendStatus::Unknown | SendStatus::Failed) {
            piece.status = SendStatus::Sent;
        }
    }
    if new.attempt.as_ref().is_some_and(|attempt| attempt.piece == piece) {
        new.attempt = None;
    }
    if let Some(external_id) = &incoming.external_id {
        super::pending::settle(desk, draft.batch(), &mut new, external_id, now).await?;
    }
    raise(&mut new, None, now);
    super::inbound::take_key(desk, &mut draft, &incoming.conversation_key).await?;
    let answer = Done::Answer(Answer::Message { message: Box::new(new.clone()), duplicate: true });
    if new != old.record {
        draft.change(&old, &new)?;
    } else if draft.conversation == stored.record {
        return Ok(Decision::Nothing(answer));
    }
    Ok(Decision::Commit(Box::new(draft), Box::new(move |_| answer)))
}
