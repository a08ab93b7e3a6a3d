//! What Avito's statuses mean for a call, as data.

use crate::channel::contract::SendError;
use crate::model::reason::Reason;

/// What the caller does about a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The message fails, for this reason.
    Fail(&'static str),
    /// A new token, once; then the owner must act.
    NewToken(&'static str),
    /// The owner must act.
    Closed(&'static str),
    /// Not before so many milliseconds, if Avito does not say how many; twice as long each time.
    Pause(i64),
    /// Later it may go; whether it went is looked for first.
    Later(&'static str),
}

/// A row: statuses, what they mean, what is done.
pub type Row = (&'static [u16], &'static str, Act);

/// The longest pause between two tries, milliseconds.
pub const LONGEST: i64 = 15 * 60_000;
const MINUTE: i64 = 60_000;

/// Every status Avito describes.
pub const TABLE: &[Row] = &[
    (&[400], "a mistake in the request", Act::Fail("avito_refused")),
    (&[401], "the token is not good", Act::NewToken("avito_keys_rejected")),
    (&[402], "the messenger is not part of the subscription", Act::Closed("avito_not_paid")),
    (&[403], "the token is too old, or has no right", Act::NewToken("avito_no_right")),
    (&[404], "the chat is gone", Act::Fail("chat_closed")),
    (&[429], "too many calls", Act::Pause(MINUTE)),
    (&[500, 502, 503, 504], "Avito itself failed, or is off for a while", Act::Later("avito_failed")),
];

/// What is done about a status. Any other refusal is final for what was called.
#[must_use]
pub fn act(status: u16) -> Act {
    let known = TABLE.iter().find(|(statuses, ..)| statuses.contains(&status)).map(|(_, _, act)| *act);
    known.unwrap_or(if status >= 500 { Act::Later("avito_failed") } else { Act::Fail("avito_refused") })
}

/// The same as the caller of a channel reads it. `words`: Avito's own. `pause`: how long it wants us to wait. `sends`: a second time has a
/// second effect, so what may have gone is unclear.
#[must_use]
pub fn judge(status: u16, words: &str, pause: Option<i64>, times: u32, sends: bool) -> SendError {
    let reason = |name: &str| Reason::new(name).with("status", status).said(words);
    match act(status) {
        Act::Fail(name) => SendError::Rejected(reason(name)),
        Act::NewToken(name) | Act::Closed(name) => SendError::AccessLost(reason(name)),
        Act::Pause(ms) => SendError::RetryAfter(pause.unwrap_or_else(|| ms.saturating_mul(1 << times.min(4)).min(LONGEST))),
        Act::Later(name) if sends => SendError::Unclear(reason(name)),
        Act::Later(name) => SendError::Temporary(reason(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_unless_avito_says_how_long() {
        let pauses = [0, 1, 2, 3, 4, 30].map(|times| judge(429, "", None, times, true));
        assert_eq!(pauses, [60_000, 120_000, 240_000, 480_000, 900_000, 900_000].map(SendError::RetryAfter));
        assert_eq!(judge(429, "", Some(7_000), 3, true), SendError::RetryAfter(7_000));
    }

    #[test]
    fn what_may_have_gone_is_unclear() {
        assert!(matches!(judge(502, "", None, 0, true), SendError::Unclear(_)));
        assert!(matches!(judge(502, "", None, 0, false), SendError::Temporary(_)));
        assert!(matches!((act(418), act(599)), (Act::Fail(_), Act::Later(_))));
    }
}
