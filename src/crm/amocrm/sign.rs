//! What is signed: requests to the Chats API, its hooks, the hook of an uninstallation, the tokens of amoCRM's pages. Pure.
//!
//! A request is signed over five lines, its hook over the body alone. The body of a hook comes with a line's end that is not signed, so a
//! signature of either form is good. Secrets look like hex, but are keys as they are written.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::connector::lenient::{int, text, words};
use crate::model::time::Time;

/// The only form of content the Chats API takes, exactly so.
pub const CONTENT_TYPE: &str = "application/json";
/// Their clock and ours may be so far apart, seconds.
const CLOCKS_APART_S: i64 = 60;

/// HMAC-SHA1 in hex.
fn sha1_hex(key: &str, message: &[u8]) -> String {
    // HMAC takes keys of every length; the error exists for other MACs.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(message);
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

fn sha256(key: &str, message: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return Vec::new() };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Whether two texts are the same, in a time that does not tell where they differ. Nothing is never the same as anything.
fn same(made: &str, given: &str) -> bool {
    !made.is_empty() && bool::from(made.as_bytes().ct_eq(given.trim().to_ascii_lowercase().as_bytes()))
}

/// `Content-MD5` of exactly these bytes.
#[must_use]
pub fn content_md5(body: &[u8]) -> String {
    HEXLOWER.encode(&Md5::digest(body))
}

/// `Date` as it is sent and signed.
#[must_use]
pub fn date(now: Time) -> String {
    let at = jiff::Timestamp::from_millisecond(now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// `X-Signature` of a request. `path` without host and query.
#[must_use]
pub fn signature(secret: &SecretString, method: &str, md5: &str, date: &str, path: &str) -> String {
    sha1_hex(secret.expose_secret(), format!("{method}\n{md5}\n{CONTENT_TYPE}\n{date}\n{path}").as_bytes())
}

/// The headers of a request.
#[must_use]
pub fn headers(secret: &SecretString, method: &str, path: &str, body: &[u8], date: &str) -> [(&'static str, String); 4] {
    let md5 = content_md5(body);
    let signed = signature(secret, method, &md5, date, path);
    [("date", date.to_owned()), ("content-type", CONTENT_TYPE.to_owned()), ("content-md5", md5), ("x-signature", signed)]
}

/// Whether a hook of the chats was signed with this secret: its body as it came, or without the line's end behind it.
#[must_use]
pub fn hook_is_signed(secret: &SecretString, body: &[u8], given: &str) -> bool {
    let secret = secret.expose_secret();
    if secret.is_empty() {
        return false;
    }
    let bare = body.strip_suffix(b"\n").map_or(body, |bare| bare.strip_suffix(b"\r").unwrap_or(bare));
    // Both are compared whatever the first says.
    same(&sha1_hex(secret, body), given) | same(&sha1_hex(secret, bare), given)
}

/// Whether amoCRM itself says that an account took the integration off.
#[must_use]
pub fn uninstall_is_signed(client_secret: &SecretString, client_id: &str, account: &str, given: &str) -> bool {
    let secret = client_secret.expose_secret();
    !secret.is_empty() && same(&HEXLOWER.encode(&sha256(secret, format!("{client_id}|{account}").as_bytes())), given)
}

/// Who asks from a page of amoCRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageUser {
    /// The account.
    pub account: String,
    /// The user.
    pub user: String,
}

/// Reads the token by which amoCRM's pages vouch for who asks (`$authorizedAjax`): signed with the integration's secret, for a short time.
#[must_use]
pub fn page_user(token: &str, client_secret: &SecretString, client_id: &str, now: Time) -> Option<PageUser> {
    let secret = client_secret.expose_secret();
    let (signed, given) = token.rsplit_once('.')?;
    let (head, body) = signed.split_once('.')?;
    let given = BASE64URL_NOPAD.decode(given.as_bytes()).ok()?;
    let made = sha256(secret, signed.as_bytes());
    if secret.is_empty() || !bool::from(made.ct_eq(&given)) {
        return None;
    }
    let read = |part: &str| serde_json::from_slice::<Value>(&BASE64URL_NOPAD.decode(part.as_bytes()).ok()?).ok();
    let (head, claims) = (read(head)?, read(body)?);
    let now = now.0.div_euclid(1_000);
    let good = words(&head, "alg") == "HS256"
        && int(&claims, "exp").is_some_and(|until| until + CLOCKS_APART_S > now)
        && int(&claims, "nbf").is_none_or(|from| from - CLOCKS_APART_S <= now)
        && text(&claims, "client_uuid") == client_id;
    let (account, user) = (text(&claims, "account_id"), text(&claims, "user_id"));
    (good && !account.is_empty() && !user.is_empty()).then_some(PageUser { account, user })
}

/// What a token says of itself. Not proven: only for what is told back to amoCRM or checked by itself.
#[must_use]
pub fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).and_then(|body| BASE64URL_NOPAD.decode(body.trim_end_matches('=').as_bytes()).ok());
    body.and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default()
}

#[cfg(test)]
#[path = "sign_tests.rs"]
mod tests;
