//! What Telegram answers when it does not do what it is asked, and what is done then: a table, and one function that reads it.

use serde_json::Value;

use crate::channel::contract::SendError;
use crate::model::reason::Reason;

/// What is done about an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It is as it was wanted already.
    Done,
    /// Not before a while.
    Pause,
    /// The chat has another number from now on: sent again there.
    Migrate,
    /// Sent again without saying what it answers.
    WithoutReply,
    /// Sent again as a file.
    AsDocument,
    /// Never as it is.
    Reject(&'static str),
    /// This person, or chat, cannot be written to.
    Unreachable(&'static str),
    /// The owner must act.
    AccessLost(&'static str),
    /// It did not go; later it may.
    Later(&'static str),
}

/// A row: the code, words that stand in the description (in lower case), and what is done.
pub type Row = (u16, &'static str, Act);

/// The error table, the first row that fits counts. The Bot API documents neither codes nor words as lasting, so the rows of each code end in one
/// without words.
pub const TABLE: [Row; 54] = [
    (400, "chat not found", Act::Reject("chat_not_found")),
    (400, "upgraded to a supergroup", Act::Migrate),
    (400, "message to be replied not found", Act::WithoutReply),
    (400, "can't parse entities", Act::Reject("refused_by_provider")),
    (400, "message is too long", Act::Reject("text_too_long")),
    (400, "message caption is too long", Act::Reject("text_too_long")),
    (400, "message text is empty", Act::Reject("empty_message")),
    (400, "message is not modified", Act::Done),
    (400, "message to edit not found", Act::Reject("cannot_be_changed")),
    (400, "message can't be edited", Act::Reject("cannot_be_changed")),
    (400, "there is no text in the message", Act::Reject("cannot_be_changed")),
    (400, "message to delete not found", Act::Done),
    (400, "message can't be deleted", Act::Reject("cannot_be_deleted")),
    (400, "message to react not found", Act::Reject("cannot_be_changed")),
    (400, "reaction_invalid", Act::Reject("reaction_not_allowed")),
    (400, "reactions_too_many", Act::Reject("reaction_not_allowed")),
    (400, "file is too big", Act::Reject("file_too_large_there")),
    (400, "file must be non-empty", Act::Reject("file_empty")),
    (400, "wrong file_id", Act::Reject("file_gone")),
    (400, "wrong remote file identifier", Act::Reject("file_gone")),
    (400, "file is temporarily unavailable", Act::Reject("file_gone")),
    (400, "failed to get http url content", Act::Reject("refused_by_provider")),
    (400, "wrong type of the web page content", Act::Reject("refused_by_provider")),
    (400, "wrong http url specified", Act::Reject("refused_by_provider")),
    (400, "photo_invalid_dimensions", Act::AsDocument),
    (400, "image_process_failed", Act::AsDocument),
    (400, "voice_messages_forbidden", Act::AsDocument),
    (400, "query is too old", Act::Done),
    (400, "business_peer_usage_missing", Act::Reject("window_closed")),
    (400, "business_peer", Act::Reject("window_closed")),
    (400, "business_connection", Act::Reject("business_detached")),
    (400, "not enough rights", Act::Reject("no_rights_in_chat")),
    (400, "have no rights", Act::Reject("no_rights_in_chat")),
    (400, "chat_write_forbidden", Act::Reject("no_rights_in_chat")),
    (400, "need administrator rights", Act::Reject("no_rights_in_chat")),
    (400, "bad webhook", Act::Reject("webhook_refused")),
    (400, "", Act::Reject("refused_by_provider")),
    (401, "", Act::AccessLost("token_revoked")),
    (403, "blocked by the user", Act::Unreachable("customer_blocked_us")),
    (403, "user is deactivated", Act::Unreachable("customer_gone")),
    (403, "can't initiate conversation", Act::Unreachable("must_start_first")),
    (403, "was kicked", Act::Unreachable("not_in_chat")),
    (403, "is not a member", Act::Unreachable("not_in_chat")),
    (403, "chat was deleted", Act::Unreachable("not_in_chat")),
    (403, "", Act::Reject("refused_by_provider")),
    (404, "method not found", Act::Reject("not_supported")),
    (404, "", Act::AccessLost("token_wrong")),
    (409, "webhook is active", Act::Later("bot_used_elsewhere")),
    (409, "terminated by other getupdates", Act::Later("bot_polled_elsewhere")),
    (409, "", Act::Later("bot_used_elsewhere")),
    (413, "", Act::Reject("file_too_large")),
    (421, "", Act::AccessLost("wrong_server")),
    (429, "", Act::Pause),
    (500, "", Act::Later("provider_failed")),
];

/// The greatest pause that is believed.
const PAUSE_S: i64 = 3_600;
/// Added to a pause: ours and Telegram's clocks are not one.
const PAUSE_MORE_MS: i64 = 300;

/// What an answer says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// It was done; what came of it.
    Result(Value),
    /// It was not; what is done about that, with what the answer says beside.
    Not(Act, Failure),
    /// It cannot be told.
    Garbled(String),
}

/// What a refusal says beside its code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// Telegram's own words.
    pub words: String,
    /// How long to wait, milliseconds.
    pub pause_ms: i64,
    /// The chat's new number.
    pub migrate_to: Option<i64>,
}

impl Failure {
    /// What the caller is told where the act is not carried out here.
    #[must_use]
    pub fn error(&self, act: Act) -> SendError {
        let reason = |code: &str| Reason::new(code).said(&self.words);
        match act {
            Act::Pause => SendError::RetryAfter(self.pause_ms),
            Act::Reject(code) => SendError::Rejected(reason(code)),
            Act::Unreachable(code) => SendError::Unreachable(reason(code)),
            Act::AccessLost(code) => SendError::AccessLost(reason(code)),
            Act::Later(code) => SendError::Temporary(reason(code)),
            Act::Done | Act::Migrate | Act::WithoutReply | Act::AsDocument => SendError::Rejected(reason("refused_by_provider")),
        }
    }
}

/// What the table says of a code and a description.
#[must_use]
pub fn act(code: u16, description: &str) -> Act {
    let words = description.to_lowercase();
    let row = TABLE.iter().find(|(known, says, _)| *known == code && words.contains(says));
    row.map_or(Act::Reject("refused_by_provider"), |(_, _, act)| *act)
}

/// Reads an answer. `header`: its `Retry-After`, seconds.
#[must_use]
pub fn read(status: u16, body: &str, header: Option<i64>) -> Said {
    let Ok(answer) = serde_json::from_str::<Value>(body) else {
        return match status {
            // Telegram answers in JSON: whoever wrote this stands before it, and does not know what became of the call.
            200..=299 | 500..=599 => Said::Garbled(short(body)),
            _ => Said::Not(act(status, ""), Failure { words: short(body), pause_ms: pause(header), migrate_to: None }),
        };
    };
    if answer.get("ok").and_then(Value::as_bool) == Some(true) {
        return Said::Result(answer.get("result").cloned().unwrap_or_default());
    }
    let code = answer.get("error_code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()).unwrap_or(status);
    let words = answer.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    let parameter = |name: &str| answer.get("parameters")?.get(name)?.as_i64();
    match code {
        200..=299 => Said::Garbled(short(body)),
        501..=599 => Said::Garbled(words),
        _ => {
            let pause_ms = pause(parameter("retry_after").or(header));
            Said::Not(act(code, &words), Failure { words, pause_ms, migrate_to: parameter("migrate_to_chat_id") })
        }
    }
}

fn pause(seconds: Option<i64>) -> i64 {
    seconds.unwrap_or(1).clamp(1, PAUSE_S).saturating_mul(1_000).saturating_add(PAUSE_MORE_MS)
}

fn short(body: &str) -> String {
    body.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Each row of the documented table, in the words of the server where they are known.
    #[test]
    fn every_row_has_its_act() {
        let reject = Act::Reject;
        let table = [
            (400, "Bad Request: chat not found", reject("chat_not_found")),
            (400, "Bad Request: group chat was upgraded to a supergroup chat", Act::Migrate),
            (400, "Bad Request: message to be replied not found", Act::WithoutReply),
            (400, "Bad Request: can't parse entities: Unexpected end tag at byte offset 4", reject("refused_by_provider")),
            (400, "Bad Request: message is too long", reject("text_too_long")),
            (400, "Bad Request: message caption is too long", reject("text_too_long")),
            (400, "Bad Request: message text is empty", reject("empty_message")),
            (400, "Bad Request: message is not modified: specified new message content …", Act::Done),
            (400, "Bad Request: message to edit not found", reject("cannot_be_changed")),
            (400, "Bad Request: message can't be edited", reject("cannot_be_changed")),
            (400, "Bad Request: message to delete not found", Act::Done),
            (400, "Bad Request: message can't be deleted for everyone", reject("cannot_be_deleted")),
            (400, "Bad Request: REACTION_INVALID", reject("reaction_not_allowed")),
            (400, "Bad Request: file is too big", reject("file_too_large_there")),
            (400, "Bad Request: wrong file_id or the file is temporarily unavailable", reject("file_gone")),
            (400, "Bad Request: wrong remote file identifier specified: Wrong character in the string", reject("file_gone")),
            (400, "Bad Request: failed to get HTTP URL content", reject("refused_by_provider")),
            (400, "Bad Request: PHOTO_INVALID_DIMENSIONS", Act::AsDocument),
            (400, "Bad Request: IMAGE_PROCESS_FAILED", Act::AsDocument),
            (400, "Bad Request: VOICE_MESSAGES_FORBIDDEN", Act::AsDocument),
            (400, "Bad Request: query is too old and response timeout expired or query ID is invalid", Act::Done),
            (400, "Bad Request: BUSINESS_CONNECTION_INVALID", reject("business_detached")),
            (400, "Bad Request: BUSINESS_PEER_USAGE_MISSING", reject("window_closed")),
            (400, "Bad Request: BUSINESS_PEER_INVALID", reject("window_closed")),
            (400, "Bad Request: not enough rights to send text messages to the chat", reject("no_rights_in_chat")),
            (400, "Bad Request: have no rights to send a message", reject("no_rights_in_chat")),
            (400, "Bad Request: CHAT_WRITE_FORBIDDEN", reject("no_rights_in_chat")),
            (400, "Bad Request: need administrator rights in the channel chat", reject("no_rights_in_chat")),
            (400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook", reject("webhook_refused")),
            (400, "Bad Request: something new", reject("refused_by_provider")),
            (401, "Unauthorized", Act::AccessLost("token_revoked")),
            (403, "Forbidden: bot was blocked by the user", Act::Unreachable("customer_blocked_us")),
            (403, "Forbidden: user is deactivated", Act::Unreachable("customer_gone")),
            (403, "Forbidden: bot can't initiate conversation with a user", Act::Unreachable("must_start_first")),
            (403, "Forbidden: bot was kicked from the supergroup chat", Act::Unreachable("not_in_chat")),
            (403, "Forbidden: bot is not a member of the channel chat", Act::Unreachable("not_in_chat")),
            (403, "Forbidden: the group chat was deleted", Act::Unreachable("not_in_chat")),
            (403, "Forbidden: something new", reject("refused_by_provider")),
            (404, "Not Found", Act::AccessLost("token_wrong")),
            (404, "Not Found: method not found", reject("not_supported")),
            (
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
                Act::Later("bot_used_elsewhere"),
            ),
            (
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                Act::Later("bot_polled_elsewhere"),
            ),
            (409, "Conflict: terminated by setWebhook request", Act::Later("bot_used_elsewhere")),
            (413, "Request Entity Too Large", reject("file_too_large")),
            (421, "Misdirected Request", Act::AccessLost("wrong_server")),
            (429, "Too Many Requests: retry after 7", Act::Pause),
            (500, "Internal Server Error: restart", Act::Later("provider_failed")),
            (418, "I'm a teapot", reject("refused_by_provider")),
        ];
        for (code, description, wanted) in table {
            assert_eq!(act(code, description), wanted, "{code} {description}");
            let body = json!({"ok": false, "error_code": code, "description": description}).to_string();
            let Said::Not(found, failure) = read(code, &body, None) else { panic!("{description}") };
            assert_eq!((found, failure.words.as_str()), (wanted, description));
            // The same inside a 200, as some proxies have it.
            assert!(matches!(read(200, &body, None), Said::Not(found, _) if found == wanted), "{description}");
        }
        let rows: std::collections::BTreeSet<_> = TABLE.iter().map(|(code, says, _)| (code, says)).collect();
        assert_eq!(rows.len(), TABLE.len(), "no row twice");
        for (code, says, wanted) in TABLE {
            assert_eq!(act(code, says), wanted, "a row above takes what `{says}` is for");
        }
    }

    #[test]
    fn what_an_answer_says_beside() {
        let failure = |body: Value, header| match read(429, &body.to_string(), header) {
            Said::Not(_, failure) => failure,
            other => panic!("{other:?}"),
        };
        let slow = json!({"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 7", "parameters": {"retry_after": 7}});
        assert_eq!(failure(slow, Some(3)).pause_ms, 7_300);
        assert_eq!(failure(json!({"ok": false, "error_code": 429}), Some(3)).pause_ms, 3_300);
        assert_eq!(failure(json!({"ok": false, "error_code": 429}), Some(i64::MAX)).pause_ms, 3_600_300);
        let moved = json!({"ok": false, "error_code": 400, "description": "x", "parameters": {"migrate_to_chat_id": -1001}});
        assert_eq!(failure(moved, None).migrate_to, Some(-1001));
    }

    #[test]
    fn what_cannot_be_told() {
        for (status, body) in
            [(200, "{\"ok\":tr"), (200, "{}"), (502, "<html>Bad Gateway</html>"), (504, ""), (503, "{\"ok\":false,\"error_code\":503}")]
        {
            assert!(matches!(read(status, body, None), Said::Garbled(_)), "{status} {body}");
        }
        assert!(matches!(read(413, "<html>nginx</html>", None), Said::Not(Act::Reject("file_too_large"), _)));
        assert!(matches!(read(429, "<html>", Some(2)), Said::Not(Act::Pause, Failure { pause_ms: 2_300, .. })));
        assert_eq!(read(200, "{\"ok\":true,\"result\":[1]}", None), Said::Result(json!([1])));
    }
}
