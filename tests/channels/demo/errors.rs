//! What Demo's refusals mean for a call, as data.

use crate::channel::contract::SendError;
use crate::model::reason::Reason;

/// What the caller does about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The owner must link the device anew.
    Closed(&'static str),
    /// This person cannot be written to.
    Unreachable(&'static str),
    /// It fails, for this reason.
    Fail(&'static str),
    /// Not before so long, as Demo says.
    Pause,
    /// Later it may go; the same key goes once only.
    Later(&'static str),
}

/// A row: the status, Demo's own code (empty: any), what is done.
pub type Row = (u16, &'static str, Act);

/// Every refusal Demo knows; the first that fits counts.
pub const TABLE: &[Row] = &[
    (401, "unknown_token", Act::Closed("token_revoked")),
    (403, "blocked", Act::Unreachable("customer_blocked_us")),
    (403, "wrong_password", Act::Fail("demo_password_wrong")),
    (404, "no_chat", Act::Fail("chat_closed")),
    (404, "no_file", Act::Fail("file_gone")),
    (404, "no_ticket", Act::Fail("demo_code_over")),
    (409, "too_late", Act::Fail("cannot_be_changed")),
    (422, "no_such_number", Act::Unreachable("demo_number_unknown")),
    (429, "", Act::Pause),
    (500, "", Act::Later("provider_failed")),
    (400, "", Act::Fail("demo_refused")),
];

/// How long is waited where Demo does not say, milliseconds.
const PAUSE_MS: i64 = 5_000;

/// What is done about a refusal: a code that is not known is judged by the hundred of its status.
#[must_use]
pub fn act(status: u16, code: &str) -> Act {
    let fits = |row: &&Row| row.0 == status && (row.1.is_empty() || row.1 == code);
    let known = TABLE.iter().find(fits).map(|(_, _, act)| *act);
    known.unwrap_or(if status >= 500 { Act::Later("provider_failed") } else { Act::Fail("demo_refused") })
}

/// The same as the caller of a channel reads it. `said`: Demo's own words. `pause`: how long it wants us to wait. `sends`: it may have been
/// carried out before it failed.
#[must_use]
pub fn judge(status: u16, code: &str, said: &str, pause: Option<i64>, sends: bool) -> SendError {
    let reason = |name: &str| if said.is_empty() { Reason::new(name) } else { Reason::new(name).said(said) };
    match act(status, code) {
        Act::Closed(name) => SendError::AccessLost(reason(name)),
        Act::Unreachable(name) => SendError::Unreachable(reason(name)),
        Act::Fail(name) => SendError::Rejected(reason(name)),
        Act::Pause => SendError::RetryAfter(pause.unwrap_or(PAUSE_MS)),
        Act::Later(name) if sends => SendError::Unclear(reason(name)),
        Act::Later(name) => SendError::Temporary(reason(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_ends_where_it_says() {
        for (status, code, act) in TABLE {
            let found = judge(*status, code, "слова", Some(7_000), false);
            let (kind, reason) = match act {
                Act::Closed(name) => (matches!(found, SendError::AccessLost(_)), *name),
                Act::Unreachable(name) => (matches!(found, SendError::Unreachable(_)), *name),
                Act::Fail(name) => (matches!(found, SendError::Rejected(_)), *name),
                Act::Pause => (found == SendError::RetryAfter(7_000), "flood_limit"),
                Act::Later(name) => (matches!(found, SendError::Temporary(_)), *name),
            };
            assert!(kind, "{status} {code}: {found:?}");
            assert_eq!(found.reason().code, reason, "{status} {code}");
        }
        assert!(matches!(judge(502, "", "", None, true), SendError::Unclear(_)), "it may have gone");
        assert!(matches!(judge(418, "teapot", "", None, true), SendError::Rejected(reason) if reason.code == "demo_refused"));
        assert_eq!(judge(429, "", "", None, true), SendError::RetryAfter(PAUSE_MS));
    }

    /// The paper holds each row of the table, and no other.
    #[test]
    fn the_table_stands_in_the_paper() {
        let paper = include_str!("../../../docs/demo-channel.md");
        let rows: Vec<&str> = paper.lines().filter(|line| line.starts_with("| 4") || line.starts_with("| 5")).collect();
        let named = |(status, code, act): &Row| {
            let code = if code.is_empty() { "any".to_owned() } else { format!("`{code}`") };
            let reason = match act {
                Act::Closed(name) | Act::Unreachable(name) | Act::Fail(name) | Act::Later(name) => format!("`{name}`"),
                Act::Pause => "`flood_limit`".to_owned(),
            };
            rows.iter().any(|row| row.starts_with(&format!("| {status} | {code} | ")) && row.contains(&reason))
        };
        let missing: Vec<&Row> = TABLE.iter().filter(|row| !named(row)).collect();
        assert_eq!((missing, rows.len()), (vec![], TABLE.len()));
    }
}
