//! Asks the provider for what is new, where nobody tells us, or to make good what was not told.
//!
//! What comes is put into the login's mailbox like a hook's parts, each known for a day by its bytes; the place to go on from is kept
//! after them. What was not kept is asked for again, so a crash anywhere costs a question.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::calls::{self, During, Prepared};
use crate::channel::capability::{Poll, Polled};
use crate::channel::contract::{ChannelEvent, SendError};
use crate::gateway::commands::CommandError;
use crate::gateway::conversation::desk::Desk;
use crate::gateway::conversation::inbound::find_external;
use crate::gateway::entries::{self, MailboxEntry};
use crate::gateway::intake::{REPEAT_KNOWN_MS, part_key};
use crate::model::connection::Health;
use crate::model::reason::Reason;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal};
use crate::store::records::{LoginState, Looked, streams};
use crate::store::table::Stored;

/// The pause after a question that failed: at first, and at most; each time twice as long.
const PAUSE_MS: (i64, i64) = (1_000, 60_000);
/// A question that is to wait for news, and is answered at once that there are none, is asked again after this: not every server holds it.
const AT_ONCE: Duration = Duration::from_secs(1);
/// So many questions in a row that fail are shown to the owner.
const FAILURES_SHOWN: u32 = 5;
/// A login that need not ask is looked at again after this, unless it changes.
const IDLE: Duration = Duration::from_secs(300);

/// Runs until the ownership is lost.
///
/// # Errors
/// [`CommandError::Fenced`].
pub(super) async fn run(desk: Arc<Desk>) -> Result<(), CommandError> {
    let Some(poll) = desk.channel.poll() else { return std::future::pending().await };
    let mut failures = 0_u32;
    let mut changed = desk.changed.subscribe();
    loop {
        changed.borrow_and_update();
        let (turn, prepared) = match calls::prepare(&desk, desk.house.world.now().plus_ms(poll.limit_ms())).await {
            Ok(prepared) => match poll.every_ms(&prepared.login) {
                Some(every) => (
                    tokio::select! {
                        turn = asked(&desk, poll, &prepared) => turn.map(|(more, least)| if more { least } else { every.max(least) }),
                        // Another token, another way: what is being asked is asked for nobody.
                        _ = changed.changed() => Ok(0),
                    },
                    Some(prepared),
                ),
                None => {
                    let _ = tokio::time::timeout(IDLE, changed.changed()).await;
                    continue;
                }
            },
            Err(error) => (Err(Failed::Call(error)), None),
        };
        let pause = match turn {
            Ok(pause) => {
                if failures >= FAILURES_SHOWN || prepared.is_some_and(|prepared| !prepared.was_well()) {
                    calls::mended(&desk, During::Asking).await;
                }
                failures = 0;
                pause
            }
            Err(Failed::Store(CommandError::Fenced)) => return Err(CommandError::Fenced),
            Err(failed) => {
                failures = failures.saturating_add(1);
                judge(&desk, &failed, failures).await
            }
        };
        if pause > 0 {
            let pause = Duration::from_millis(u64::try_from(pause).unwrap_or(0));
            let _ = tokio::time::timeout(pause, changed.changed()).await;
        }
    }
}

/// Why a question came to nothing.
enum Failed {
    Call(SendError),
    Store(CommandError),
}

/// Asks once. Answers whether there is more, and how long to wait at least, milliseconds.
async fn asked(desk: &Desk, poll: &dyn Poll, prepared: &Prepared) -> Result<(bool, i64), Failed> {
    let begun = Instant::now();
    let (more, nothing) = ask(desk, poll, prepared).await?;
    let least = if nothing && begun.elapsed() < AT_ONCE { i64::try_from(AT_ONCE.as_millis()).unwrap_or(0) } else { 0 };
    Ok((more, least))
}

/// Asks once and keeps what comes. Answers whether there is more, and whether there was nothing.
async fn ask(desk: &Desk, poll: &dyn Poll, prepared: &Prepared) -> Result<(bool, bool), Failed> {
    let state = desk.store.get::<LoginState>(LoginState::at(desk.login, LoginState::CURSOR)).await.map_err(|error| Failed::Store(error.into()))?;
    let context = LoginState::context(desk.login, LoginState::CURSOR);
    let cursor = match &state {
        Some(state) => {
            use secrecy::ExposeSecret;
            let opened = desk.house.keyring.open_text(&context, &state.record.sealed);
            let opened = opened.map_err(|error| Failed::Call(SendError::Temporary(Reason::new("login_unreadable").said(&error.to_string()))))?;
            opened.expose_secret().to_owned()
        }
        None => String::new(),
    };
    desk.throttle.turn().await;
    let polled = calls::limited(prepared, poll.poll(&prepared.context, &prepared.login, &cursor)).await.map_err(Failed::Call)?;
    let moved = polled.cursor != cursor;
    let mut came = 0_u32;
    let looks = poll.every_ms(&prepared.login).is_some_and(|every| every > 0);
    for part in &polled.parts {
        // A look shows again what a hook told in other words.
        let new = if looks { unknown(desk, part).await.map_err(Failed::Store)? } else { 1 };
        if keep(desk, part).await.map_err(Failed::Store)? {
            came = came.saturating_add(new);
        }
    }
    if moved {
        go_on(desk, &context, &polled, came, state.as_ref()).await.map_err(Failed::Store)?;
    }
    Ok((polled.more, polled.parts.is_empty() && !moved))
}

/// How many messages of a part are not here.
async fn unknown(desk: &Desk, part: &[u8]) -> Result<u32, CommandError> {
    let mut new = 0_u32;
    for event in desk.channel.parse(part).unwrap_or_default() {
        let ChannelEvent::Message(incoming) = event else { continue };
        let known = match (desk.account(&incoming.account), &incoming.external_id) {
            (Some(card), Some(id)) => find_external(desk, card.account.id, id).await?.is_some(),
            _ => false,
        };
        new = new.saturating_add((!known).into());
    }
    Ok(new)
}

/// Puts a part into the mailbox, unless it was there before. Answers whether it was not.
async fn keep(desk: &Desk, part: &[u8]) -> Result<bool, CommandError> {
    let mut batch = Batch::new();
    batch.fence(&desk.owner, desk.token);
    batch.once(part_key(desk.login, part), REPEAT_KNOWN_MS, "");
    let entry = MailboxEntry::Part { at: desk.house.world.now(), body: part.to_vec() };
    batch.append(&streams::mailbox(desk.login), entries::write(&entry)?);
    match desk.store.commit(batch).await {
        Ok(_) => Ok(true),
        Err(CommitError::Refused(Refusal::Seen { .. })) => Ok(false),
        Err(CommitError::Refused(Refusal::Fenced { .. })) => Err(CommandError::Fenced),
        Err(error) => Err(error.into()),
    }
}

/// Everything before this place is kept.
async fn go_on(desk: &Desk, context: &str, polled: &Polled, came: u32, old: Option<&Stored<LoginState>>) -> Result<(), CommandError> {
    let sealed = desk.house.keyring.seal(context, polled.cursor.as_bytes(), desk.house.world.as_ref());
    // A long answer comes in pieces.
    let before = old.and_then(|old| old.record.looked).filter(|looked| !looked.over).map_or(0, |looked| looked.came);
    let looked = Looked { at: desk.house.world.now(), came: came.saturating_add(before), over: !polled.more };
    let new = LoginState { login: desk.login, name: LoginState::CURSOR.to_owned(), sealed, looked: Some(looked) };
    let mut batch = Batch::new();
    batch.fence(&desk.owner, desk.token);
    match old {
        Some(old) => batch.update(old, &new)?,
        None => batch.insert(&new)?,
    }
    match desk.store.commit(batch).await {
        // A conflict: connecting anew put it back to the beginning.
        Ok(_) | Err(CommitError::Refused(Refusal::Conflict { .. })) => Ok(()),
        Err(CommitError::Refused(Refusal::Fenced { .. })) => Err(CommandError::Fenced),
        Err(error) => Err(error.into()),
    }
}

/// What a failure says of the login's health, and how long to wait, milliseconds.
async fn judge(desk: &Desk, failed: &Failed, failures: u32) -> i64 {
    let (first, greatest) = PAUSE_MS;
    let pause = first.checked_shl(failures.saturating_sub(1).min(16)).unwrap_or(greatest).min(greatest);
    match failed {
        Failed::Call(SendError::RetryAfter(ms)) => return (*ms).clamp(first, 3_600_000),
        Failed::Call(SendError::AccessLost(reason)) => {
            calls::trouble(desk, Health::AccessLost, reason.clone(), During::Asking).await;
            return greatest;
        }
        Failed::Call(SendError::Rejected(reason) | SendError::Unreachable(reason)) => {
            calls::trouble(desk, Health::Degraded, reason.clone(), During::Asking).await;
            return greatest;
        }
        Failed::Call(SendError::Temporary(reason) | SendError::Unclear(reason)) => {
            tracing::debug!(login = %desk.login, code = reason.code, failures, "a question for news failed");
            if failures == FAILURES_SHOWN {
                calls::trouble(desk, Health::Degraded, reason.clone(), During::Asking).await;
            }
        }
        Failed::Store(error) => tracing::warn!(login = %desk.login, %error, "what came could not be kept; it is asked for again"),
    }
    pause
}
