//! Keeps a login's calls within the provider's limits: how many a second in all, how far apart in one chat. How many a minute go into a chat
//! of many people is counted in the store (`conversation/minute.rs`): that must hold over a restart.
//!
//! A message that must wait takes no place among the calls under way and is not begun. A reply goes before the bulk: while one waits for
//! its turn, the bulk lane stands still.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::connector::pace::Pace;
use crate::gateway::faults::patience;
use crate::model::ids::ConversationId;

/// Past so many chats those that are free again are forgotten.
const CHATS: usize = 10_000;
/// What the bulk lane waits where a reply goes first.
const YIELD: Duration = Duration::from_millis(50);
/// What a call that belongs to no message waits for replies at most.
const FOR_REPLIES: Duration = Duration::from_secs(1);

/// The clock of a login's calls.
pub(crate) struct Throttle {
    /// Between two calls, and between two into one chat.
    gaps: (Duration, Duration),
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the next call may be made.
    next: Option<Instant>,
    /// Until when a reply is known to wait.
    reply_waits: Option<Instant>,
    chats: HashMap<ConversationId, Chat>,
}

struct Chat {
    /// When it is free again.
    free: Instant,
    /// Until when a reply into it is known to wait.
    reply_waits: Option<Instant>,
}

impl Throttle {
    /// For a login of such a pace.
    #[must_use]
    pub(crate) fn new(pace: Pace) -> Self {
        let all = if pace.per_second == 0 { Duration::ZERO } else { Duration::from_secs(1) / pace.per_second };
        let chat = Duration::from_millis(u64::try_from(pace.chat_gap_ms).unwrap_or(0));
        Self { gaps: (patience(all), patience(chat)), state: Mutex::default() }
    }

    /// Whether a send into a chat may begin now; if so its turn is taken. Otherwise when to ask again.
    ///
    /// # Errors
    /// The moment before which it may not.
    pub(crate) fn begin(&self, chat: ConversationId, bulk: bool, now: Instant) -> Result<(), Instant> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chat) = state.chats.get_mut(&chat) {
            let first = chat.reply_waits.filter(|until| bulk && *until > now);
            if !bulk {
                chat.reply_waits = (chat.free > now).then(|| chat.free + YIELD);
            }
            if let Some(until) = first.into_iter().chain(Some(chat.free)).max().filter(|until| *until > now) {
                return Err(until);
            }
        }
        let next = state.next.unwrap_or(now);
        if next > now {
            if !bulk {
                state.reply_waits = Some(next + YIELD);
            }
            return Err(next);
        }
        if bulk && let Some(until) = state.reply_waits.filter(|until| *until > now) {
            return Err(until);
        }
        if !bulk {
            state.reply_waits = None;
        }
        state.next = Some(next.max(now) + self.gaps.0);
        self.rest(&mut state, chat, now);
        Ok(())
    }

    /// A send into a chat ended: the provider counts it from now at the latest.
    pub(crate) fn sent(&self, chat: ConversationId, now: Instant) {
        self.rest(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner), chat, now);
    }

    /// The chat rests from now on: from the begin of a call already, as the other lane may have something for it, too.
    fn rest(&self, state: &mut State, chat: ConversationId, now: Instant) {
        if self.gaps.1.is_zero() {
            return;
        }
        if state.chats.len() >= CHATS {
            state.chats.retain(|_, chat| chat.free > now || chat.reply_waits.is_some_and(|until| until > now));
        }
        let free = now + self.gaps.1;
        state.chats.entry(chat).and_modify(|chat| chat.free = free).or_insert(Chat { free, reply_waits: None });
    }

    /// Waits for the turn of a call that belongs to no message. A reply that waits goes first, but not for ever: news must come, too.
    pub(crate) async fn turn(&self) {
        let limit = Instant::now() + FOR_REPLIES;
        loop {
            let (due, taken) = self.take(Instant::now(), limit);
            tokio::time::sleep_until(due.into()).await;
            if taken {
                return;
            }
        }
    }

    /// When to go on, and whether the turn of that moment is taken. Otherwise a reply goes first.
    fn take(&self, now: Instant, limit: Instant) -> (Instant, bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = state.reply_waits.filter(|until| *until > now && now < limit) {
            return (until, false);
        }
        let turn = state.next.unwrap_or(now).max(now);
        state.next = Some(turn + self.gaps.0);
        (turn, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ConversationId = ConversationId(1);
    const TWO: ConversationId = ConversationId(2);

    fn at(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn calls_of_all_chats_keep_the_gap_of_the_login() {
        let (throttle, start) = (Throttle::new(Pace { per_second: 10, ..Pace::default() }), Instant::now());
        assert_eq!(throttle.begin(ONE, false, start), Ok(()));
        assert_eq!(throttle.begin(TWO, false, start), Err(at(start, 100)));
        assert_eq!(throttle.begin(TWO, false, at(start, 100)), Ok(()));
    }

    #[test]
    fn a_chat_rests_after_each_send() {
        let (throttle, start) = (Throttle::new(Pace { chat_gap_ms: 1_000, ..Pace::default() }), Instant::now());
        assert_eq!(throttle.begin(ONE, false, start), Ok(()));
        throttle.sent(ONE, at(start, 200));
        assert_eq!(throttle.begin(ONE, false, at(start, 500)), Err(at(start, 1_200)));
        assert_eq!(throttle.begin(TWO, false, at(start, 500)), Ok(()), "another chat does not wait for it");
        assert_eq!(throttle.begin(ONE, false, at(start, 1_200)), Ok(()));
    }

    #[test]
    fn a_reply_goes_before_the_bulk() {
        let (throttle, start) = (Throttle::new(Pace { per_second: 10, ..Pace::default() }), Instant::now());
        assert_eq!(throttle.begin(ONE, true, start), Ok(()));
        assert_eq!(throttle.begin(TWO, false, at(start, 10)), Err(at(start, 100)), "the reply waits for its turn");
        assert!(throttle.begin(ONE, true, at(start, 100)).is_err(), "the bulk lets it go first");
        assert_eq!(throttle.begin(TWO, false, at(start, 100)), Ok(()));
        assert_eq!(throttle.begin(ONE, true, at(start, 200)), Ok(()), "then the bulk goes on");
    }

    #[test]
    fn a_reply_goes_before_the_bulk_of_its_own_chat() {
        let (throttle, start) = (Throttle::new(Pace { chat_gap_ms: 1_000, ..Pace::default() }), Instant::now());
        assert_eq!(throttle.begin(ONE, true, start), Ok(()));
        assert_eq!(throttle.begin(ONE, false, at(start, 10)), Err(at(start, 1_000)), "the chat rests from when a call begins");
        assert!(throttle.begin(ONE, true, at(start, 1_000)).is_err(), "the bulk lets the reply go first");
        assert_eq!(throttle.begin(TWO, true, at(start, 1_000)), Ok(()), "bulk of other chats goes on");
        assert_eq!(throttle.begin(ONE, false, at(start, 1_000)), Ok(()));
        assert_eq!(throttle.begin(ONE, true, at(start, 2_000)), Ok(()));
    }

    #[test]
    fn a_reply_goes_before_what_belongs_to_no_message_but_not_for_ever() {
        let (throttle, start) = (Throttle::new(Pace { per_second: 10, ..Pace::default() }), Instant::now());
        let limit = at(start, 1_000);
        assert_eq!(throttle.take(start, limit), (start, true));
        assert_eq!(throttle.begin(ONE, false, at(start, 10)), Err(at(start, 100)), "the reply waits for its turn");
        assert_eq!(throttle.take(at(start, 20), limit), (at(start, 150), false), "it is let go first");
        assert_eq!(throttle.begin(ONE, false, at(start, 100)), Ok(()));
        assert_eq!(throttle.take(at(start, 150), limit), (at(start, 200), true));
        assert!(throttle.begin(TWO, false, at(start, 1_000)).is_ok() && throttle.begin(ONE, false, at(start, 1_010)).is_err());
        assert!(throttle.take(at(start, 1_010), limit).1, "who has waited so long goes all the same");
    }
}
