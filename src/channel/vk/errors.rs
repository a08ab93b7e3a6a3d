//! VK's error table as data, and what each row means for a call.

use crate::channel::contract::SendError;
use crate::model::reason::Reason;

/// What the caller does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The message fails, for this reason.
    Fail(&'static str),
    /// Later it may go: tried again, ever more slowly.
    Later(&'static str),
    /// Not before so many milliseconds.
    Pause(i64),
    /// This person cannot be written to.
    Unreachable(&'static str),
    /// VK lets us in no longer, or never did: the owner must act.
    Closed(&'static str),
    /// The files are uploaded once more; a second time it fails.
    UploadAgain,
}

/// A row: VK's codes, what they mean, what is done.
pub type Row = (&'static [i64], &'static str, Act);

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Every code VK documents for what we call, in the order of its own table.
pub const TABLE: &[Row] = &[
    (&[1], "unknown error", Act::Later("vk_failed")),
    (&[3, 8, 100, 113, 125], "a mistake in the request", Act::Fail("vk_bad_request")),
    (&[5, 28, 1117], "the token is not good, or no longer", Act::Closed("token_revoked")),
    (&[27], "the community's token is not good, or not for this method", Act::Closed("token_revoked")),
    (&[17], "somebody has to confirm it in a browser", Act::Closed("vk_validation")),
    (&[6], "too many requests in a second", Act::Pause(SECOND)),
    (&[7, 15, 203], "no right to it", Act::Fail("vk_no_right")),
    (&[9], "the same thing too often", Act::Pause(MINUTE)),
    (&[10, 36, 43], "VK itself failed", Act::Later("vk_failed")),
    (&[14], "a picture with letters was to be read", Act::Fail("vk_captcha")),
    (&[18, 37, 3610], "the person's page is deleted or banned", Act::Unreachable("person_gone")),
    (&[20, 21, 23, 1051], "not a token of a community", Act::Closed("vk_wrong_token")),
    (&[29, 103], "too many of this kind today", Act::Pause(HOUR)),
    (&[22, 105, 118, 121, 129], "the upload failed", Act::UploadAgain),
    (&[210, 211, 212, 213], "comments here are closed", Act::Fail("comments_closed")),
    (&[222], "links are forbidden here", Act::Fail("links_forbidden")),
    (&[223], "too many comments in a row", Act::Pause(MINUTE)),
    (&[900], "the community has blocked the person", Act::Unreachable("person_blocked")),
    (&[901], "the person did not allow messages", Act::Unreachable("messages_not_allowed")),
    (&[902], "the person's privacy settings", Act::Unreachable("person_private")),
    (&[911, 912], "buttons are not taken", Act::Fail("vk_buttons")),
    (&[909], "too old to be changed", Act::Fail("too_old")),
    (&[910, 913, 914, 940], "too much in one message", Act::Fail("too_long")),
    (&[917, 922, 925, 927, 945, 946], "the chat is closed to us", Act::Fail("chat_closed")),
    (&[932, 936], "there is nobody to write to", Act::Fail("person_unknown")),
    (&[950], "it is too late to answer", Act::Fail("reply_too_late")),
    (&[985, 987, 988, 1012], "writing is not possible here", Act::Fail("chat_closed")),
    (&[2000], "the community has ten servers already", Act::Fail("vk_servers_full")),
];

/// What is done about a code. A code nobody knows fails what was called: VK's words say why.
#[must_use]
pub fn act(code: i64, words: &str) -> Act {
    // The same code for a dead token and for a method communities never have; the second is our mistake, no reason to stop the channel.
    if code == 27 && words.contains("unavailable with group auth") {
        return Act::Fail("vk_bad_request");
    }
    TABLE.iter().find(|(codes, ..)| codes.contains(&code)).map_or(Act::Fail("vk_refused"), |(_, _, act)| *act)
}

/// The same as the caller of a channel reads it.
#[must_use]
pub fn judge(code: i64, words: &str) -> SendError {
    let reason = |name: &str| Reason::new(name).with("code", code).said(words);
    match act(code, words) {
        Act::Fail(name) => SendError::Rejected(reason(name)),
        Act::Later(name) => SendError::Temporary(reason(name)),
        Act::Pause(ms) => SendError::RetryAfter(ms),
        Act::Unreachable(name) => SendError::Unreachable(reason(name)),
        Act::Closed(name) => SendError::AccessLost(reason(name)),
        Act::UploadAgain => SendError::Rejected(reason("upload_refused")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_stands_in_two_rows() {
        let mut codes: Vec<i64> = TABLE.iter().flat_map(|(codes, ..)| codes.iter().copied()).collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!((codes.len(), all), (all, 64));
    }

    #[test]
    fn a_method_communities_lack_is_our_mistake() {
        assert_eq!(act(27, "Group authorization failed: method is unavailable with group auth."), Act::Fail("vk_bad_request"));
        assert_eq!(act(27, "Group authorization failed."), Act::Closed("token_revoked"));
        assert_eq!(act(77_777, ""), Act::Fail("vk_refused"));
    }
}
