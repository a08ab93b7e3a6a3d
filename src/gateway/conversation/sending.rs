//! Attempts to send and what became of them.
//!
//! An attempt is committed before the call: what finds one after a restart knows that the call may have gone. It is repeated only
//! where the provider drops repeats of the same key; where the history can be read it is asked first; otherwise the message
//! becomes `unknown`, is shown, and a person decides.

use super::desk::Desk;
use super::draft::Draft;
use super::{Decision, Done};
use crate::channel::contract::{Incoming, OutgoingPiece, Repeats, SendError, SentPiece};
use crate::gateway::commands::{Answer, CommandError};
use crate::model::conversation::Conversation;
use crate::model::ids::MessageId;
use crate::model::message::{Attempt, Message, Piece, may_follow, plain_text};
use crate::model::protocol::{EntryDirection, SendState, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::port::{Scan, StoreError, StreamName};
use crate::store::table::Stored;

/// How long a provider's answer is waited for.
pub const CALL_LIMIT_MS: i64 = 30_000;
/// How often one piece is begun anew by ourselves before a person has to decide.
const ATTEMPTS: u32 = 3;

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
    },
    /// Begin again, not before a moment.
    Again {
        /// Not before.
        not_before: Time,
    },
    /// The provider lets us in no longer: the whole queue waits.
    Hold {
        /// Why.
        reason: Reason,
    },
    /// The message is settled and its entry is gone.
    Settled,
}

fn next(next: Next) -> Decision {
    Decision::Nothing(Done::Next(next))
}

fn commit(draft: Draft, then: Next) -> Decision {
    Decision::Commit(Box::new(draft), Box::new(move |_| Done::Next(then)))
}

/// The message's state follows from its pieces.
pub(crate) fn raise(message: &mut Message, reason: Option<Reason>, now: Time) {
    let has = |status: SendStatus| message.pieces.iter().any(|piece| piece.status == status);
    let status = if has(SendStatus::Failed) {
        SendStatus::Failed
    } else if has(SendStatus::Unknown) {
        SendStatus::Unknown
    } else if has(SendStatus::Queued) {
        SendStatus::Queued
    } else {
        message.pieces.iter().map(|piece| piece.status).min().unwrap_or(message.state.status)
    };
    if may_follow(message.state.status, status) {
        message.state = SendState { status, reason, at: now };
    }
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
    let pieces = desk.channel.pieces(&message.parts, &message.attachments);
    let (parts, attachments) = usize::try_from(piece).ok().and_then(|at| pieces.into_iter().nth(at)).unwrap_or_default();
    let reply_to_external = match message.reply_to {
        Some(id) => desk.store.get::<Message>(Message::at(id)).await?.and_then(|m| m.record.pieces.first().and_then(|p| p.external_id.clone())),
        None => None,
    };
    let card = desk.card(conversation.account).ok_or_else(|| CommandError::refused("unknown_channel"))?;
    Ok(OutgoingPiece {
        account: card.account.external_id.clone(),
        conversation_key: conversation.provider_keys.last().cloned(),
        address: conversation.address.clone(),
        parts,
        attachments,
        reply_to_external,
        key: piece_key(message, piece),
    })
}

/// Begins the next piece of a message, or finds what an earlier attempt left.
pub(crate) async fn begin(desk: &Desk, stored: &Stored<Conversation>, begin: &Begin) -> Result<Decision, CommandError> {
    let now = desk.house.world.now();
    let mut draft = Draft::new(Some(stored), None, now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    let old = desk.store.get::<Message>(Message::at(begin.message)).await?;
    let Some(old) = old else { return Ok(take_only(draft, &begin.entry)) };
    let mut new = old.record.clone();
    if let Some(attempt) = old.record.attempt.clone() {
        let piece = outgoing(desk, &stored.record, &old.record, attempt.piece).await?;
        match desk.channel.repeats() {
            Repeats::Keyed if attempt.number < ATTEMPTS => {}
            Repeats::Lookup if attempt.number < ATTEMPTS => {
                return Ok(next(Next::Look { piece: Box::new(piece), not_before: attempt.deadline }));
            }
            Repeats::Keyed | Repeats::Lookup | Repeats::SendTwice => {
                return settle_unknown(draft, &old, attempt.piece, Reason::new("answer_lost"), &begin.entry, now);
            }
        }
    }
    let Some(piece) = first_queued(&new).filter(|_| new.state.status == SendStatus::Queued) else {
        return Ok(take_only(draft, &begin.entry));
    };
    if now > begin.until {
        return fail(draft, &old, piece, Reason::new("expired"), &begin.entry, now);
    }
    let deadline = now.plus_ms(CALL_LIMIT_MS);
    let number = old.record.attempt.as_ref().map_or(1, |attempt| attempt.number.saturating_add(1));
    let call = outgoing(desk, &stored.record, &old.record, piece).await?;
    new.attempt = Some(Attempt { number, node: desk.house.node, started_at: now, deadline, key: call.key.clone(), piece });
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
        return Ok(next(Next::Again { not_before: now }));
    };
    let mut new = old.record.clone();
    new.attempt = None;
    match &end.result {
        Ok(Some(sent)) => {
            if let Some(piece) = piece_mut(&mut new, attempt.piece) {
                piece.status = SendStatus::Sent;
                piece.external_id.clone_from(&sent.external_id);
            }
            new.tries = 0;
            if let Some(key) = sent.conversation_key.as_ref().filter(|key| !draft.conversation.provider_keys.contains(key)) {
                draft.conversation.provider_keys.push(key.clone());
            }
            raise(&mut new, None, now);
            let settled = first_queued(&new).is_none();
            draft.change(&old, &new)?;
            if settled {
                draft.batch().take(&end.entry.stream, end.entry.number);
                return Ok(commit(draft, Next::Settled));
            }
            Ok(commit(draft, Next::Again { not_before: now }))
        }
        // Looked, and the history does not have it: it never arrived, so it may go again.
        Ok(None) => {
            new.attempt = Some(Attempt { number: attempt.number.saturating_add(1), ..attempt });
            new.tries = new.tries.saturating_add(1);
            if new.attempt.as_ref().is_some_and(|attempt| attempt.number >= ATTEMPTS) {
                return settle_unknown(draft, &old, attempt_piece(&new), Reason::new("answer_lost"), &end.entry, now);
            }
            new.attempt = None;
            draft.note(&old, &new)?;
            Ok(commit(draft, Next::Again { not_before: now }))
        }
        Err(SendError::RetryAfter(ms)) => {
            draft.note(&old, &new)?;
            Ok(commit(draft, Next::Again { not_before: now.plus_ms((*ms).clamp(0, 3_600_000)) }))
        }
        Err(SendError::Temporary(_)) => {
            new.tries = new.tries.saturating_add(1);
            let pause = 1_000_i64.checked_shl(new.tries.min(9)).unwrap_or(300_000).min(300_000);
            draft.note(&old, &new)?;
            Ok(commit(draft, Next::Again { not_before: now.plus_ms(pause) }))
        }
        Err(SendError::Rejected(reason)) => fail(draft, &old, attempt.piece, reason.clone(), &end.entry, now),
        Err(SendError::AccessLost(reason)) => {
            draft.note(&old, &new)?;
            Ok(commit(draft, Next::Hold { reason: reason.clone() }))
        }
        Err(SendError::Unclear(reason)) => match desk.channel.repeats() {
            // The attempt stays: what begins again finds it.
            Repeats::Keyed => Ok(next(Next::Again { not_before: now.plus_ms(1_000) })),
            Repeats::Lookup => Ok(next(Next::Again { not_before: now })),
            Repeats::SendTwice => settle_unknown(draft, &old, attempt.piece, reason.clone(), &end.entry, now),
        },
    }
}

fn attempt_piece(message: &Message) -> u32 {
    message.attempt.as_ref().map_or(0, |attempt| attempt.piece)
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

/// A person wants another try: only what is missing goes again.
pub(crate) async fn retry(desk: &Desk, stored: &Stored<Conversation>, id: MessageId, _by: &str) -> Result<Decision, CommandError> {
    let now = desk.house.world.now();
    let old = desk.store.get::<Message>(Message::at(id)).await?.ok_or_else(|| CommandError::refused("unknown_message"))?;
    if !matches!(old.record.state.status, SendStatus::Failed | SendStatus::Unknown) || old.record.direction != EntryDirection::Outbound {
        return Err(CommandError::refused("nothing_to_retry"));
    }
    let mut draft = Draft::new(Some(stored), None, now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    let mut new = old.record.clone();
    for piece in &mut new.pieces {
        if matches!(piece.status, SendStatus::Failed | SendStatus::Unknown) {
            *piece = Piece { external_id: None, status: SendStatus::Queued };
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

/// Finds the message of ours that an echo is of: by its mark, else by equal content since the attempt.
pub(crate) async fn find_echoed(
    desk: &Desk, conversation: &Conversation, mark: Option<&str>, incoming: &Incoming,
) -> Result<Option<(Stored<Message>, u32)>, StoreError> {
    if let Some((id, piece)) = mark.and_then(read_mark)
        && id.conversation == conversation.id
        && let Some(old) = desk.store.get::<Message>(Message::at(id)).await?
        && old.record.pieces.get(usize::try_from(piece).unwrap_or(usize::MAX)).is_some_and(|piece| piece.external_id.is_none())
    {
        return Ok(Some((old, piece)));
    }
    let text = plain_text(&incoming.parts);
    let newest = desk.store.scan::<Message>(&Message::group(conversation.id), Scan::last(20)).await?;
    for old in newest {
        let open = old.record.pieces.iter().position(|piece| piece.external_id.is_none());
        let pending = old.record.attempt.is_some() || old.record.state.status == SendStatus::Unknown;
        if let (Some(piece), true, EntryDirection::Outbound) = (open, pending, old.record.direction)
            && old.record.imported_at.plus_ms(-5_000) <= incoming.written_at
            && old.record.text() == text
        {
            return Ok(Some((old, u32::try_from(piece).unwrap_or(0))));
        }
    }
    Ok(None)
}

fn read_mark(mark: &str) -> Option<(MessageId, u32)> {
    let mut parts = mark.split('-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// An echo settles a piece: it surely went.
pub(crate) fn echoed(
    stored: &Stored<Conversation>, old: Stored<Message>, piece: u32, external_id: Option<String>, now: Time,
) -> Result<Decision, CommandError> {
    let mut draft = Draft::new(Some(stored), None, now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    let mut new = old.record.clone();
    if let Some(piece) = piece_mut(&mut new, piece) {
        *piece = Piece { external_id, status: SendStatus::Sent };
    }
    if new.attempt.as_ref().is_some_and(|attempt| attempt.piece == piece) {
        new.attempt = None;
    }
    raise(&mut new, None, now);
    draft.change(&old, &new)?;
    let answer = Done::Answer(Answer::Message { message: Box::new(new), duplicate: true });
    Ok(Decision::Commit(Box::new(draft), Box::new(move |_| answer)))
}
