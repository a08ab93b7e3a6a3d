//! What amoCRM's answers mean for a call, as data. `docs/amocrm.md` holds the same table.

use serde_json::Value;

use crate::connector::lenient::{int, list, text, words};
use crate::crm::contract::CrmError;
use crate::model::reason::Reason;
use crate::outside::OutsideError;

/// What was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The API of the account.
    Api,
    /// The exchange of tokens.
    Login,
    /// The Chats API.
    Chats,
    /// The same, about a message that is there: how far it came, a reaction.
    Mark,
}

/// What the answer says beside its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// Whatever.
    Anything,
    /// Which fields of which items are wrong.
    Fields,
    /// No JSON: a page of a server before amoCRM.
    Page,
    /// One of these codes of its own.
    Code(&'static [&'static str]),
}

/// What the caller does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// There is nothing: an empty answer.
    Nothing,
    /// It fails, for this reason.
    Fail(&'static str),
    /// It fails; the directories are read anew, in case what was chosen is gone.
    Stale(&'static str),
    /// It fails, unless several were written at once: then each half by itself.
    Split(&'static str),
    /// It fails as it is; as plain text with a link it may go.
    Degrade(&'static str),
    /// The message is not there: nothing is left to be told of it.
    Drop(&'static str),
    /// New tokens, once; then the owner must act.
    NewToken(&'static str),
    /// Signed anew by amoCRM's clock, once; then the owner must act.
    Sign(&'static str),
    /// The chat channel is connected anew, once; then the owner must act.
    Connect(&'static str),
    /// The owner must act.
    Closed(&'static str),
    /// Nothing goes for so long, milliseconds, if amoCRM does not say how long; twice as long each time, up to the other.
    Pause(&'static str, i64, i64),
    /// Later it may go. What it may have made is looked for first.
    Later(&'static str),
}

/// A row: what was called, statuses (500: all from there on), what is said, what it means, what is done.
pub type Row = (Place, &'static [u16], Says, &'static str, Act);

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Every answer that is known. The first row that fits is the one.
pub const TABLE: &[Row] = &[
    (Place::Api, &[204], Says::Anything, "an empty list, or no such record", Act::Nothing),
    (Place::Api, &[400, 403], Says::Code(&["101", "110", "111", "112"]), "no such account, or the token is not good", Act::NewToken("token_revoked")),
    (Place::Api, &[400], Says::Fields, "a value is not taken: a field, a stage or a user is gone", Act::Stale("amocrm_fields")),
    (Place::Api, &[400], Says::Anything, "a mistake in the request", Act::Fail("amocrm_bad_request")),
    (Place::Api, &[401], Says::Anything, "the token is not good", Act::NewToken("token_revoked")),
    (Place::Api, &[301, 302, 307, 308], Says::Anything, "the account has another name now", Act::NewToken("amocrm_moved")),
    (Place::Api, &[402], Says::Anything, "the account is not paid, or its tariff does not have this", Act::Pause("amocrm_not_paid", HOUR, HOUR)),
    (Place::Api, &[403], Says::Code(&["113"]), "our address is not let in", Act::Pause("amocrm_blocked", 15 * MINUTE, 6 * HOUR)),
    (Place::Api, &[403], Says::Page, "all our calls are blocked", Act::Pause("amocrm_blocked", 15 * MINUTE, 6 * HOUR)),
    (Place::Api, &[403], Says::Anything, "who connected us has no right to this", Act::Fail("amocrm_no_right")),
    (Place::Api, &[404], Says::Anything, "it is not there", Act::Fail("amocrm_gone")),
    (Place::Api, &[405], Says::Anything, "a mistake of ours", Act::Fail("amocrm_bad_request")),
    (Place::Api, &[422], Says::Anything, "too many at once, or not possible as it stands", Act::Split("amocrm_unprocessable")),
    (Place::Api, &[429], Says::Anything, "too many calls", Act::Pause("flood_limit", SECOND, MINUTE)),
    (Place::Api, &[500], Says::Anything, "amoCRM itself failed", Act::Later("provider_failed")),
    (Place::Login, &[400, 401], Says::Anything, "the code or the token was used, is too old, or was taken back", Act::Closed("token_revoked")),
    (Place::Login, &[403, 429, 500], Says::Anything, "we are blocked for a while, or amoCRM failed", Act::Later("amocrm_login_busy")),
    (Place::Chats, &[204], Says::Anything, "no messages", Act::Nothing),
    (Place::Chats, &[400], Says::Anything, "it does not take this message", Act::Degrade("amocrm_message_refused")),
    (
        Place::Chats,
        &[403],
        Says::Code(&["ORIGIN_INVALID_SIGNATURE"]),
        "the channel's secret is wrong, or a clock goes wrong",
        Act::Sign("amocrm_signature"),
    ),
    (Place::Chats, &[403], Says::Anything, "the channel is not for this account", Act::Fail("amocrm_channel_forbidden")),
    (
        Place::Chats,
        &[404],
        Says::Code(&["ORIGIN_NOT_REGISTERED"]),
        "the channel is not connected to the account, or there is none",
        Act::Connect("amocrm_channel_off"),
    ),
    (Place::Mark, &[404], Says::Anything, "the message is not there", Act::Drop("amocrm_message_unknown")),
    (Place::Chats, &[404], Says::Anything, "the chat or the message is not there", Act::Fail("amocrm_gone")),
    (Place::Chats, &[429], Says::Anything, "too many calls", Act::Pause("flood_limit", SECOND, MINUTE)),
    (Place::Chats, &[500], Says::Anything, "amoCRM itself failed", Act::Later("provider_failed")),
];

/// What the caller may do besides hearing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Then {
    /// Nothing.
    #[default]
    Nothing,
    /// Look whether it was made before it is made again.
    LookFirst,
    /// Exchange the tokens, once.
    Renew,
    /// Sign anew, once.
    Sign,
    /// Connect the chat channel anew, once.
    Connect,
    /// Write the halves by themselves.
    Split,
    /// Send it as plain text.
    Degrade,
    /// There is nothing to be told of.
    Drop,
    /// Read the directories anew.
    ReadLists,
}

/// A value that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wrong {
    /// The item it stands in, by our name of it.
    pub item: String,
    /// Where in it.
    pub path: String,
    /// amoCRM's code.
    pub code: String,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Failure {
    /// For who called.
    pub error: CrmError,
    /// What may be done besides.
    pub then: Then,
    /// Which values were not taken.
    pub wrong: Vec<Wrong>,
}

impl From<CrmError> for Failure {
    fn from(error: CrmError) -> Self {
        Self { error, then: Then::Nothing, wrong: Vec::new() }
    }
}

impl From<Failure> for CrmError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl Failure {
    /// It will not go as it is.
    #[must_use]
    pub fn rejected(reason: Reason) -> Self {
        CrmError::Rejected(reason).into()
    }

    /// There was no answer. `creates`: a second time makes a second thing.
    #[must_use]
    pub fn lost(error: OutsideError, creates: bool) -> Self {
        let (error, unclear) = match error {
            OutsideError::RetryAfter(ms) => (CrmError::Silence { ms, reason: Reason::new("flood_limit") }, false),
            OutsideError::Temporary(reason) | OutsideError::Gone(reason) => (CrmError::Temporary(reason), false),
            OutsideError::Unclear(reason) => (CrmError::Temporary(reason), true),
            OutsideError::Rejected(reason) => (CrmError::Rejected(reason), false),
        };
        Self { error, then: if creates && unclear { Then::LookFirst } else { Then::Nothing }, wrong: Vec::new() }
    }

    /// The answer was not as it should be.
    #[must_use]
    pub fn unreadable(creates: bool) -> Self {
        let then = if creates { Then::LookFirst } else { Then::Nothing };
        Self { error: CrmError::Temporary(Reason::new("answer_unreadable")), then, wrong: Vec::new() }
    }
}

/// An answer that is judged.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// What was called.
    pub place: Place,
    /// The status.
    pub status: u16,
    /// What it says.
    pub body: &'a [u8],
    /// How long it wants us to wait, by its header.
    pub wait_ms: Option<i64>,
    /// How often in a row it was busy before.
    pub times: u32,
    /// A second time makes a second thing.
    pub creates: bool,
}

fn codes(body: &Value) -> [String; 3] {
    ["error_type", "error_code", "code"].map(|name| text(body, name))
}

fn fits(row: &Row, given: &Given<'_>, body: Option<&Value>) -> bool {
    let (place, statuses, says, ..) = row;
    let here = *place == given.place || (*place == Place::Chats && given.place == Place::Mark);
    let status = statuses.contains(&given.status) || (given.status > 500 && statuses.contains(&500));
    let said = match (says, body) {
        (Says::Anything, _) | (Says::Page, None) => true,
        (Says::Fields, Some(body)) => body.get("validation-errors").is_some(),
        (Says::Code(known), Some(body)) => codes(body).iter().any(|code| known.contains(&code.as_str())),
        (Says::Page, Some(_)) | (Says::Fields | Says::Code(_), None) => false,
    };
    here && status && said
}

/// What is done about an answer.
#[must_use]
pub fn act(given: &Given<'_>) -> Act {
    let body = serde_json::from_slice::<Value>(given.body).ok().filter(Value::is_object);
    let known = TABLE.iter().find(|row| fits(row, given, body.as_ref())).map(|(.., act)| *act);
    known.unwrap_or(if given.status < 300 { Act::Nothing } else { Act::Fail("amocrm_bad_request") })
}

/// amoCRM's own words; of a page that is no answer its beginning.
fn said(body: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return String::from_utf8_lossy(body).chars().take(200).collect() };
    let wrong = wrong(&value).into_iter().map(|wrong| format!("{} {}", wrong.path, wrong.code));
    let named = ["error_description", "hint", "title", "detail"].map(|name| words(&value, name).to_owned());
    named.into_iter().chain(wrong).filter(|words| !words.is_empty()).collect::<Vec<_>>().join(": ")
}

fn wrong(body: &Value) -> Vec<Wrong> {
    let of = |item: &Value| {
        let name = text(item, "request_id");
        list(item, "errors")
            .iter()
            .map(|error| Wrong { item: name.clone(), path: text(error, "path"), code: text(error, "code") })
            .collect::<Vec<_>>()
    };
    list(body, "validation-errors").iter().flat_map(of).take(50).collect()
}

/// Judges an answer that is not fine.
///
/// # Errors
/// What it means.
pub fn judge(given: &Given<'_>) -> Result<(), Failure> {
    let reason = |name: &str| Reason::new(name).with("status", given.status).said(&said(given.body));
    let body = serde_json::from_slice::<Value>(given.body).unwrap_or_default();
    let (error, then) = match act(given) {
        Act::Nothing => return Ok(()),
        Act::Fail(name) => (CrmError::Rejected(reason(name)), Then::Nothing),
        Act::Stale(name) => (CrmError::Rejected(reason(name)), Then::ReadLists),
        Act::Split(name) => (CrmError::Rejected(reason(name)), Then::Split),
        Act::Degrade(name) => (CrmError::Rejected(reason(name)), Then::Degrade),
        Act::Drop(name) => (CrmError::Rejected(reason(name)), Then::Drop),
        Act::NewToken(name) => (CrmError::AccessLost(reason(name)), Then::Renew),
        Act::Sign(name) => (CrmError::AccessLost(reason(name)), Then::Sign),
        Act::Connect(name) => (CrmError::AccessLost(reason(name)), Then::Connect),
        Act::Closed(name) => (CrmError::AccessLost(reason(name)), Then::Nothing),
        Act::Pause(name, first, most) => {
            let told = given.wait_ms.or_else(|| int(&body, "retry_after").map(|seconds| seconds.saturating_mul(1_000)));
            let grown = first.saturating_mul(1 << given.times.min(20)).min(most);
            // What is told is a wish: a pause of nothing would be asked for again at once.
            (CrmError::Silence { ms: told.map_or(grown, |told| told.clamp(first.min(SECOND), 24 * HOUR)), reason: reason(name) }, Then::Nothing)
        }
        Act::Later(name) => (CrmError::Temporary(reason(name)), if given.creates { Then::LookFirst } else { Then::Nothing }),
    };
    Err(Failure { error, then, wrong: wrong(&body) })
}

/// What amoCRM's managers are told of a message that did not reach the customer: its code there, and the reasons that mean it. Whatever is not
/// here is 905 with words.
pub const TOLD: &[(u16, &[&str])] = &[
    (901, &["customer_blocked_us", "customer_gone", "person_blocked", "person_gone", "chat_closed", "chat_not_found", "not_in_chat"]),
    (902, &["channel_inactive", "channel_removed", "login_removed", "not_connected", "token_revoked", "token_wrong", "business_detached"]),
    (903, &["attempts_exhausted", "answer_lost", "expired", "provider_failed", "provider_unreachable", "provider_busy", "channel_panicked"]),
    (904, &["bad_address", "cannot_write_first", "must_start_first", "person_unknown"]),
];

/// The code of a failure for amoCRM's managers.
#[must_use]
pub fn told(reason: Option<&Reason>) -> u16 {
    let code = reason.map(|reason| reason.code.as_str()).unwrap_or_default();
    TOLD.iter().find(|(_, reasons)| reasons.contains(&code)).map_or(905, |(told, _)| *told)
}

#[cfg(test)]
#[path = "errors_tests.rs"]
mod tests;
