//! The one client for addresses that people give.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, Url};

use super::names::{Names, NoSuchName, NotPublic, may_call};
use super::upload::UploadForm;
use crate::model::reason::Reason;
use crate::model::time::Time;

/// Connecting, TLS with it, takes no longer.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// A whole call takes no longer, unless it says so.
pub const CALL_LIMIT: Duration = Duration::from_secs(20);
/// The most that is read of an answer, unless the call says so.
pub const ANSWER_BYTES: usize = 16 * 1024;
/// No address is longer.
pub const URL_LENGTH: usize = 2_000;
/// No pause that is asked for is believed beyond this.
const PAUSE_MS: i64 = 24 * 60 * 60_000;

/// Why a call failed, by what the caller can do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutsideError {
    /// Too many calls: not before this many milliseconds.
    #[error("retry after {0} ms")]
    RetryAfter(i64),
    /// It surely was not taken; later it may be.
    #[error("failed for now: {0:?}")]
    Temporary(Reason),
    /// It was not taken and never will be as it is.
    #[error("rejected: {0:?}")]
    Rejected(Reason),
    /// What stood at this address stands there no longer.
    #[error("gone: {0:?}")]
    Gone(Reason),
    /// It may have been taken or not: the answer was lost.
    #[error("unclear: {0:?}")]
    Unclear(Reason),
}

/// A call to make.
#[derive(Debug, Clone)]
pub struct Call {
    /// How.
    pub method: Method,
    /// Where, as somebody wrote it.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Bytes,
    /// How long all of it may take.
    pub limit: Duration,
    /// The most that is read of the answer.
    pub answer_bytes: usize,
}

impl Call {
    /// A `POST` with the usual bounds.
    #[must_use]
    pub fn post(url: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self { method: Method::POST, url: url.into(), headers: Vec::new(), body: body.into(), limit: CALL_LIMIT, answer_bytes: ANSWER_BYTES }
    }

    /// The same with a header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// What was answered, whatever it says.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or its beginning.
    pub body: Bytes,
    /// Whether there was more of it than is read.
    pub cut: bool,
}

impl Answer {
    /// What the status means to most servers. Who knows more of this one looks at the status.
    ///
    /// # Errors
    /// It was not taken.
    pub fn judge(&self, now: Time) -> Result<(), OutsideError> {
        let reason = |code: &str| Reason::new(code).with("status", self.status).said(&self.words());
        match self.status {
            200..=299 => Ok(()),
            429 | 503 if self.pause(now).is_some() => Err(OutsideError::RetryAfter(self.pause(now).unwrap_or_default())),
            404 | 410 => Err(OutsideError::Gone(reason("outside_gone"))),
            408 | 425 | 429 | 500..=599 => Err(OutsideError::Temporary(reason("outside_failed"))),
            300..=399 => Err(OutsideError::Rejected(reason("outside_redirected"))),
            _ => Err(OutsideError::Rejected(reason("outside_refused"))),
        }
    }

    /// The body as text.
    #[must_use]
    pub fn words(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// `Retry-After`, in seconds or as a date.
    fn pause(&self, now: Time) -> Option<i64> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let ms = match text.parse::<i64>() {
            Ok(seconds) => seconds.saturating_mul(1_000),
            Err(_) => jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond().saturating_sub(now.0),
        };
        Some(ms.clamp(1_000, PAUSE_MS))
    }
}

/// The client.
pub struct Outside {
    private: bool,
    /// Built with the first call: most installations make none for long.
    client: OnceLock<Result<Client, String>>,
}

impl Outside {
    /// A client; `private`: addresses in private networks and plain http are fine.
    #[must_use]
    pub fn new(private: bool) -> Self {
        Self { private, client: OnceLock::new() }
    }

    /// Whether addresses in private networks and plain http are fine.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.private
    }

    /// Reads an address as somebody wrote it: for the form it is written into, and before each call.
    ///
    /// # Errors
    /// [`OutsideError::Rejected`]. What a name leads to is only seen at the call.
    pub fn check(&self, text: &str) -> Result<Url, OutsideError> {
        let rejected = |code: &str| Err(OutsideError::Rejected(Reason::new(code)));
        let Some(url) = (text.len() <= URL_LENGTH).then(|| Url::parse(text).ok()).flatten() else { return rejected("outside_address") };
        let host = url.host_str().unwrap_or_default();
        if host.is_empty() || !url.username().is_empty() || url.password().is_some() {
            return rejected("outside_address");
        }
        match url.scheme() {
            "https" => {}
            "http" if self.private => {}
            "http" => return rejected("outside_plain"),
            _ => return rejected("outside_address"),
        }
        // The parser has written every form of an IPv4 address (0x7f.1, 2130706433) as four numbers.
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if literal.is_ok_and(|address| !may_call(address, self.private)) {
            return rejected("outside_private");
        }
        Ok(url)
    }

    /// Makes a call. An answer of any status is an answer: see [`Answer::judge`].
    ///
    /// # Errors
    /// There is no answer.
    pub async fn call(&self, mut call: Call) -> Result<Answer, OutsideError> {
        let body = std::mem::take(&mut call.body);
        let request = self.request(&call)?.body(body);
        send(request, &call).await
    }

    /// Makes a call whose body is a form with files; the call's own body is not sent. Files are read while they go.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn upload(&self, call: Call, form: UploadForm) -> Result<Answer, OutsideError> {
        let request = self.request(&call)?;
        let (form, unread) = form.read()?;
        match send(request.multipart(form), &call).await {
            // What was cut off in the middle by ourselves nobody took.
            Err(OutsideError::Unclear(reason)) if unread.load(Ordering::SeqCst) => {
                Err(OutsideError::Temporary(Reason { code: "file_unreadable".to_owned(), ..reason }))
            }
            other => other,
        }
    }

    /// A call without its body.
    pub(super) fn request(&self, call: &Call) -> Result<RequestBuilder, OutsideError> {
        let url = self.check(&call.url)?;
        let client = self.client.get_or_init(|| build(self.private)).as_ref();
        let client = client.map_err(|words| OutsideError::Temporary(Reason::new("outside_unreachable").said(words)))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &call.headers {
            let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str())) else {
                return Err(OutsideError::Rejected(Reason::new("outside_header").with("name", name)));
            };
            headers.append(name, value);
        }
        Ok(client.request(call.method.clone(), url).headers(headers))
    }
}

async fn send(request: RequestBuilder, call: &Call) -> Result<Answer, OutsideError> {
    let work = async {
        let answer = request.send().await.map_err(|error| lost(&error))?;
        read(answer, call.answer_bytes).await
    };
    let slow = || OutsideError::Unclear(Reason::new("outside_slow"));
    tokio::time::timeout(call.limit, work).await.map_err(|_| slow())?
}

fn build(private: bool) -> Result<Client, String> {
    Client::builder()
        .dns_resolver(Arc::new(Names { private }))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(CONNECT_LIMIT)
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(4)
        .user_agent(concat!("Kommutator/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| whole(&error))
}

/// The answer, and no more of its body than is wanted.
async fn read(mut answer: Response, limit: usize) -> Result<Answer, OutsideError> {
    let (status, headers) = (answer.status().as_u16(), std::mem::take(answer.headers_mut()));
    let mut body = BytesMut::new();
    let mut cut = false;
    // What cannot be read of the words of an answer changes nothing of what its status says.
    while let Ok(Some(piece)) = answer.chunk().await {
        let room = limit.saturating_sub(body.len());
        body.extend_from_slice(piece.get(..piece.len().min(room)).unwrap_or_default());
        if piece.len() > room {
            cut = true;
            break;
        }
    }
    Ok(Answer { status, headers, body: body.freeze(), cut })
}

/// What an error of the client means.
pub(super) fn lost(error: &reqwest::Error) -> OutsideError {
    if caused_by::<NotPublic>(error) {
        return OutsideError::Rejected(Reason::new("outside_private"));
    }
    if caused_by::<NoSuchName>(error) {
        return OutsideError::Temporary(Reason::new("outside_name_unknown"));
    }
    if error.is_connect() {
        return OutsideError::Temporary(Reason::new("outside_unreachable").said(&whole(error)));
    }
    if error.is_builder() {
        return OutsideError::Rejected(Reason::new("outside_address"));
    }
    OutsideError::Unclear(Reason::new("answer_lost").said(&whole(error)))
}

fn caused_by<E: std::error::Error + 'static>(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(<dyn std::error::Error>::is::<E>)
}

/// An error with its causes in one line, without the address: it may hold a secret.
pub(super) fn whole(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words: Vec<String> = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect();
    if words.len() > 1 {
        words.remove(0);
    }
    words.dedup();
    words.join(": ")
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
