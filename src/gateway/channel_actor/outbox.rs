//! Sends what waits: one message of a chat at a time, different chats side by side, each lane in its own worker.
//!
//! A message whose next turn is later (the provider asked for a pause, the history is asked only after the deadline) takes no place among the
//! calls under way. Those behind it in its chat wait for it a minute at most, or, where the provider asked for silence, until its turn.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::Addr;
use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::calls::{self, During};
use super::{ChannelActor, WorkFor};
use crate::channel::contract::{OutgoingPiece, SendError, SentPiece, Transport};
use crate::gateway::begins::{self, Suspects};
use crate::gateway::commands::CommandError;
use crate::gateway::conversation::desk::Desk;
use crate::gateway::conversation::inbound::find_external;
use crate::gateway::conversation::sending::{Begin, End, Entry, Next};
use crate::gateway::conversation::{Cause, Done, What, Work};
use crate::gateway::entries::{self, OutboxEntry};
use crate::gateway::faults::{self, patience};
use crate::model::connection::Health;
use crate::model::ids::{ConversationId, MessageId};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::records::streams;

/// Entries looked at at once: the chats among them are sent side by side.
const PAGE: usize = 256;
/// The most calls of one login under way.
const CALLS: usize = 16;
/// How long the queue waits after the provider let us in no longer: at first, and at most; each time twice as long.
const HOLD_MS: (u64, u64) = (1_000, 60_000);
/// Later messages of a chat wait for an unsettled one at most so long.
const UNSETTLED: Duration = Duration::from_secs(60);
/// The pause after a question to the provider's history that failed.
const LOOK_PAUSE: Duration = Duration::from_secs(30);
/// A question to the provider's history takes no longer.
const LOOK_MS: i64 = 10_000;
/// So many sends in a row that failed for now, and the channel is shown as unsteady.
const FAILURES_SHOWN: u32 = 3;
/// The sweep covers a wake that was lost.
const SWEEP: Duration = Duration::from_secs(5);
/// How often a result that could not be stored is tried to be stored again, and the pause between.
const STORE_TRIES: (u32, Duration) = (100, Duration::from_millis(200));

/// A message that waits for its next turn.
struct Later {
    /// When its turn is.
    due: Instant,
    /// Since when later messages of its chat wait for it.
    since: Instant,
    /// Whether they wait until its turn, however long that is.
    silence: bool,
}

/// What became of a message's turn.
enum Turn {
    /// It is settled. `restored`: the provider took it, though it was thought to let us in no longer.
    Settled { restored: bool },
    /// Again, not before a moment. `failed`: the provider failed, and why.
    Later { not_before: Time, silence: bool, failed: Option<Reason> },
    /// The provider lets us in no longer.
    Hold(Reason),
}

/// Runs until the ownership is lost.
///
/// # Errors
/// [`CommandError::Fenced`].
pub async fn run(desk: Arc<Desk>, me: Addr<ChannelActor>, bulk: bool) -> Result<(), CommandError> {
    if desk.channel.transport() == Transport::Log {
        // Nothing is ever called; wait for the end.
        std::future::pending::<()>().await;
    }
    let stream = if bulk { streams::bulk(desk.login) } else { streams::outbox(desk.login) };
    let (mut grown, mut changed) = (desk.store.watch(&stream), desk.changed.subscribe());
    let mut under_way: FuturesUnordered<_> = FuturesUnordered::new();
    let mut busy: HashSet<ConversationId> = HashSet::new();
    let mut waiting: HashMap<u64, Later> = HashMap::new();
    let mut held: Option<Instant> = None;
    let mut holds = 0_u32;
    let mut failures = 0_u32;
    let mut suspects = loop {
        match Suspects::at_start(&desk, &stream, PAGE).await {
            Ok(suspects) => break suspects,
            Err(CommandError::Fenced) => return Err(CommandError::Fenced),
            Err(error) => {
                tracing::warn!(login = %desk.login, %error, "outbox waits for the store");
                tokio::time::sleep(STORE_TRIES.1).await;
            }
        }
    };
    // One is under way beside which there may be no other.
    let mut alone = false;
    loop {
        grown.borrow_and_update();
        let now = Instant::now();
        held = held.filter(|until| *until > now);
        let mut paced: Option<Instant> = None;
        if held.is_none() {
            let entries = match desk.store.read(&stream, 0, PAGE).await {
                Ok(page) => {
                    waiting.retain(|number, _| page.entries.iter().any(|(there, _)| there == number));
                    page.entries
                }
                Err(error) => {
                    // Whose turn is later keeps it: nothing is known of the queue now.
                    tracing::warn!(login = %desk.login, %error, "outbox waits for the store");
                    Vec::new()
                }
            };
            for (number, bytes, turn) in turns(&entries, &busy, &waiting, now) {
                let grave = suspects.is_grave(number);
                if alone || under_way.len() >= CALLS || (grave && !under_way.is_empty()) {
                    break;
                }
                if let Ok(entry) = &turn
                    && let Err(due) = desk.throttle.begin(entry.m.conversation, bulk, now)
                {
                    // Not begun, so nothing is counted; those behind it in its chat wait with it.
                    paced = Some(paced.map_or(due, |paced: Instant| paced.min(due)));
                    continue;
                }
                let work = match turn {
                    Ok(entry) => match suspects.count(&desk, number).await {
                        Ok(give_up) => Begin { entry: Entry { stream: stream.clone(), number }, message: entry.m, until: entry.until, give_up },
                        Err(CommandError::Fenced) => return Err(CommandError::Fenced),
                        Err(error) => {
                            tracing::warn!(login = %desk.login, %error, "a send waits to be counted");
                            waiting.insert(number, Later { due: now + STORE_TRIES.1, since: now, silence: false });
                            continue;
                        }
                    },
                    Err(reason) => {
                        match begins::quarantine(&desk, &stream, number, &bytes, reason).await {
                            Err(CommandError::Fenced) => return Err(CommandError::Fenced),
                            Err(error) => tracing::warn!(login = %desk.login, %error, "an outbox entry that cannot be read stays"),
                            Ok(()) => {}
                        }
                        continue;
                    }
                };
                alone = grave;
                busy.insert(work.message.conversation);
                let (desk, me) = (Arc::clone(&desk), me.clone());
                under_way.push(async move {
                    let result = begins::watched(&desk, &work.entry.stream, number, message(&desk, &me, &work, &bytes)).await;
                    (number, work.message.conversation, result)
                });
            }
        }
        let next = waiting.values().map(|later| later.due).chain(held).chain(paced).filter(|due| *due > now).min();
        let pause = next.map_or(SWEEP, |due| due.duration_since(now).min(SWEEP));
        tokio::select! {
            Some((number, conversation, result)) = under_way.next() => {
                busy.remove(&conversation);
                alone = false;
                if result.is_ok() && let Err(error) = suspects.clear(&desk, number).await {
                    tracing::warn!(login = %desk.login, %error, "how often a send was begun is not forgotten yet");
                }
                let now = Instant::now();
                let since = waiting.remove(&number).map_or(now, |later| later.since);
                match result {
                    Ok(Turn::Settled { restored }) => {
                        (holds, failures) = (0, 0);
                        if restored {
                            calls::mended(&desk, During::Sending).await;
                        }
                    }
                    Ok(Turn::Later { not_before, silence, failed }) => {
                        if let Some(reason) = failed {
                            failures = failures.saturating_add(1);
                            if failures == FAILURES_SHOWN {
                                calls::trouble(&desk, Health::Degraded, reason, During::Sending).await;
                            }
                        }
                        let ms = u64::try_from(not_before.since(desk.house.world.now())).unwrap_or(0);
                        waiting.insert(number, Later { due: now + Duration::from_millis(ms), since, silence });
                    }
                    Ok(Turn::Hold(reason)) => {
                        let (first, greatest) = HOLD_MS;
                        held = Some(now + Duration::from_millis(first.checked_shl(holds).unwrap_or(greatest).min(greatest)));
                        holds = holds.saturating_add(1).min(16);
                        calls::trouble(&desk, Health::AccessLost, reason, During::Sending).await;
                    }
                    Err(CommandError::Fenced) => return Err(CommandError::Fenced),
                    Err(error) => {
                        tracing::warn!(login = %desk.login, %error, "a send waits");
                        suspects.doubt(&desk, number, &error);
                        waiting.insert(number, Later { due: now + STORE_TRIES.1, since, silence: false });
                    }
                }
            }
            _ = grown.changed() => {}
            // Its owner may have connected it anew.
            _ = changed.changed() => held = None,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// An entry whose turn it is; or why it cannot be read.
type Ready = (u64, Bytes, Result<OutboxEntry, Reason>);

/// The entry of each chat whose turn it is: its first, or a later one if those before it have been unsettled for too long. One entry of a
/// chat at a time is under way. What cannot be read belongs to no chat and is told at once.
fn turns(entries: &[(u64, Bytes)], busy: &HashSet<ConversationId>, waiting: &HashMap<u64, Later>, now: Instant) -> Vec<Ready> {
    let mut decided: HashSet<ConversationId> = busy.clone();
    let mut turns = Vec::new();
    for (number, bytes) in entries {
        let entry = match entries::read::<OutboxEntry>(bytes) {
            Ok(entry) => entry,
            Err(error) => {
                turns.push((*number, bytes.clone(), Err(Reason::new("unreadable").said(&error.to_string()))));
                continue;
            }
        };
        if decided.contains(&entry.m.conversation) {
            continue;
        }
        match waiting.get(number) {
            Some(later) if later.due > now => {
                // Its turn is later. Those behind it wait, but not for ever.
                if later.silence || now.duration_since(later.since) < UNSETTLED {
                    decided.insert(entry.m.conversation);
                }
            }
            Some(_) | None => {
                decided.insert(entry.m.conversation);
                turns.push((*number, bytes.clone(), Ok(entry)));
            }
        }
    }
    turns
}

/// Sends one message, all its pieces, as far as it goes now.
async fn message(desk: &Desk, me: &Addr<ChannelActor>, begin: &Begin, bytes: &Bytes) -> Result<Turn, CommandError> {
    let mut restored = false;
    let mut failed = None;
    let mut next = self::begin(desk, me, begin, bytes).await?;
    loop {
        let (key, result) = match next {
            Next::Sent => return Ok(Turn::Settled { restored }),
            Next::Settled => return Ok(Turn::Settled { restored: false }),
            Next::Hold { reason } => return Ok(Turn::Hold(reason)),
            Next::Again { not_before, silence } | Next::Look { not_before, silence, .. } if not_before > desk.house.world.now() => {
                return Ok(Turn::Later { not_before, silence, failed });
            }
            Next::Again { .. } => {
                if let Err(due) = desk.throttle.begin(begin.message.conversation, false, Instant::now()) {
                    let wait = due.saturating_duration_since(Instant::now()).as_millis();
                    let not_before = desk.house.world.now().plus_ms(i64::try_from(wait).unwrap_or(i64::MAX));
                    return Ok(Turn::Later { not_before, silence: true, failed });
                }
                next = self::begin(desk, me, begin, bytes).await?;
                continue;
            }
            Next::Call { piece, deadline } => {
                faults::point_for("outbox/call", desk.login);
                faults::point_for("outbox/call", begin.message.conversation);
                let (result, was_well) = call(desk, &piece, deadline).await;
                desk.throttle.sent(begin.message.conversation, Instant::now());
                restored |= !was_well && result.is_ok();
                failed = match &result {
                    Err(SendError::Temporary(reason)) => Some(reason.clone()),
                    Ok(_) | Err(_) => None,
                };
                (piece.key.clone(), result.map(Some))
            }
            Next::Look { piece, .. } => match look(desk, &piece).await {
                Ok(found) => (piece.key.clone(), Ok(found)),
                // The history was not read: what became of the send is as unknown as before, and it does not go again for that.
                Err(SendError::RetryAfter(ms)) => {
                    return Ok(Turn::Later { not_before: desk.house.world.now().plus_ms(ms), silence: false, failed: None });
                }
                Err(SendError::Temporary(_) | SendError::Unclear(_)) => {
                    let pause = i64::try_from(patience(LOOK_PAUSE).as_millis()).unwrap_or(i64::MAX);
                    return Ok(Turn::Later { not_before: desk.house.world.now().plus_ms(pause), silence: false, failed: None });
                }
                Err(SendError::AccessLost(reason)) => return Ok(Turn::Hold(reason)),
                Err(SendError::Rejected(reason) | SendError::Unreachable(reason)) => {
                    let (entry, message, key) = (begin.entry.clone(), begin.message, piece.key.clone());
                    let end = End { entry, message, key, result: Ok(None), give_up: Some(reason) };
                    next = tell(desk, me, end, bytes).await?;
                    continue;
                }
            },
        };
        let end = End { entry: begin.entry.clone(), message: begin.message, key, result, give_up: None };
        next = tell(desk, me, end, bytes).await?;
    }
}

/// Begins a message. One that is refused, or whose begins are used up, gets its end; if that fails too, its entry goes to quarantine.
async fn begin(desk: &Desk, me: &Addr<ChannelActor>, begin: &Begin, bytes: &Bytes) -> Result<Next, CommandError> {
    let mut begin = begin.clone();
    let asked = ask(me, &begin.entry, begin.message, What::Begin(begin.clone())).await;
    if begin.give_up.is_none() {
        let Err(CommandError::Refused(reason)) = asked else { return asked };
        begin.give_up = Some(reason);
        return given_up(desk, &begin.entry, bytes, ask(me, &begin.entry, begin.message, What::Begin(begin.clone())).await).await;
    }
    given_up(desk, &begin.entry, bytes, asked).await
}

/// Tells what came of a call. It is known only here until it is stored, so that is tried for a while; but three times only, where the
/// conversation's actor panics over it.
async fn tell(desk: &Desk, me: &Addr<ChannelActor>, mut end: End, bytes: &Bytes) -> Result<Next, CommandError> {
    let (tries, pause) = STORE_TRIES;
    let name = entries::name(&end.entry.stream, end.entry.number);
    let mut counted = false;
    for _ in 0..tries {
        let told = ask(me, &end.entry, end.message, What::End(end.clone())).await;
        let told = if end.give_up.is_some() { given_up(desk, &end.entry, bytes, told).await } else { told };
        match told {
            Err(CommandError::TryAgain(_)) if desk.house.panics.knows(&name) => {
                match begins::count(desk, &end.entry.stream, end.entry.number).await {
                    Ok(give_up) => end.give_up = give_up,
                    Err(CommandError::Fenced) => return Err(CommandError::Fenced),
                    Err(_) => tokio::time::sleep(pause).await,
                }
                counted = true;
            }
            Err(CommandError::TryAgain(error)) => {
                tracing::warn!(login = %desk.login, message = %end.message, error, "what came of a send is not stored yet");
                tokio::time::sleep(pause).await;
            }
            Err(CommandError::Refused(reason)) => end.give_up = Some(reason),
            Err(CommandError::Fenced) => return Err(CommandError::Fenced),
            Ok(next) => {
                if counted && let Err(error) = begins::forget(desk, &end.entry.stream, end.entry.number).await {
                    tracing::warn!(login = %desk.login, %error, "how often a send was begun is not forgotten yet");
                }
                return Ok(next);
            }
        }
    }
    Err(CommandError::TryAgain("store_unavailable".to_owned()))
}

/// What came of giving a message up. If even that panics or is refused, its entry goes to quarantine, and the message waits for a replay.
async fn given_up(desk: &Desk, entry: &Entry, bytes: &Bytes, asked: Result<Next, CommandError>) -> Result<Next, CommandError> {
    let reason = match asked {
        Err(CommandError::Refused(reason)) => reason,
        Err(CommandError::TryAgain(_)) => match desk.house.panics.take(entries::name(&entry.stream, entry.number)) {
            Some(words) => Reason::new("attempts_exhausted").with("begun", begins::BEGINS).said(&words),
            None => return asked,
        },
        Ok(_) | Err(CommandError::Fenced) => return asked,
    };
    begins::quarantine(desk, &entry.stream, entry.number, bytes, reason).await.map(|()| Next::Settled)
}

async fn ask(me: &Addr<ChannelActor>, entry: &Entry, message: MessageId, what: What) -> Result<Next, CommandError> {
    let cause = Cause::Part { stream: entry.stream.clone(), number: entry.number };
    match me.send(WorkFor { id: message.conversation, work: Work { cause, what } }).await {
        Ok(Ok(Done::Next(next))) => Ok(next),
        // Somebody else took the entry meanwhile.
        Ok(Ok(Done::Answer(_))) => Ok(Next::Settled),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(CommandError::TryAgain("actor_restarts".to_owned())),
    }
}

async fn call(desk: &Desk, piece: &OutgoingPiece, deadline: Time) -> (Result<SentPiece, SendError>, bool) {
    let prepared = match calls::prepare(desk, deadline).await {
        Ok(prepared) => prepared,
        Err(error) => return (Err(error), true),
    };
    (calls::limited(&prepared, desk.channel.send(&prepared.context, piece)).await, prepared.was_well())
}

async fn look(desk: &Desk, piece: &OutgoingPiece) -> Result<Option<SentPiece>, SendError> {
    let unclear = || SendError::Unclear(Reason::new("answer_lost"));
    let lookup = desk.channel.lookup().ok_or_else(unclear)?;
    let prepared = calls::prepare(desk, desk.house.world.now().plus_ms(LOOK_MS)).await?;
    let found = calls::limited(&prepared, lookup.find(&prepared.context, piece)).await?;
    // What is known as another message of ours is not this one, however equal their words are.
    if let (Some(sent), Some(card)) = (&found, desk.account(&piece.account))
        && let Some(external_id) = &sent.external_id
    {
        let known = find_external(desk, card.account.id, external_id)
            .await
            .map_err(|error| SendError::Unclear(Reason::new("answer_lost").said(&error.to_string())))?;
        return Ok(found.filter(|_| known.is_none()));
    }
    Ok(found)
}
