//! The one place through which every call to amoCRM goes: its turn at the gate, what opens the account, a limit of time, and what its answer
//! means. Neither tokens nor secrets stand in an error.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{DATE, RETRY_AFTER};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::errors::{self, Failure, Given, Place, Then};
use super::hosts;
use super::oauth::{App, ChatChannel, Tokens};
use super::sign;
use super::sources::Sources;
use super::{API, CHATS, fact};
use crate::connector::lenient::text;
use crate::crm::contract::{CrmContext, CrmError};
use crate::model::ids::ConnectionId;
use crate::model::reason::Reason;
use crate::outside::call::CALL_LIMIT;
use crate::outside::{Answer, Call};

/// The most that is read of an answer.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// The most connections of which is known how busy amoCRM was.
const KNOWN: usize = 1_000;
/// How the channel is called in amoCRM's settings, until the owner calls it otherwise.
const TITLE: &str = "Kommutator";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Ask {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
    creates: bool,
    place: Place,
}

impl Ask {
    fn new(method: Method, path: impl Into<String>, body: Option<Value>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), body, creates: false, place: Place::Api }
    }

    /// Reads.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, None)
    }

    /// Writes; a second time has no second effect.
    #[must_use]
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path, Some(body))
    }

    /// Makes: a second time makes a second thing.
    #[must_use]
    pub fn make(path: impl Into<String>, body: Value) -> Self {
        Self { creates: true, ..Self::post(path, body) }
    }

    /// Changes.
    #[must_use]
    pub fn patch(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PATCH, path, Some(body))
    }

    /// Takes away.
    #[must_use]
    pub fn delete(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::DELETE, path, Some(body))
    }

    /// About a message that is there.
    #[must_use]
    pub fn mark(path: impl Into<String>, body: Value) -> Self {
        Self { place: Place::Mark, ..Self::post(path, body) }
    }

    /// The same with a word more in its query.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }
}

/// A part of a path that is data.
#[must_use]
pub fn segment(text: &str) -> String {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if fine(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Calls amoCRM.
#[derive(Default)]
pub struct Client {
    /// How often in a row it was busy.
    busy: Mutex<BTreeMap<ConnectionId, u32>>,
    /// By which channels messages come.
    pub(super) sources: Sources,
}

/// What is sent, but for where.
struct Sent<'a> {
    place: Place,
    creates: bool,
    method: Method,
    body: Vec<u8>,
    headers: Vec<(&'a str, String)>,
}

impl Client {
    fn busy(&self, context: &CrmContext, change: impl FnOnce(&mut u32)) -> u32 {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if busy.len() >= KNOWN && !busy.contains_key(&context.connection.id) {
            busy.clear();
        }
        let times = busy.entry(context.connection.id).or_default();
        let before = *times;
        change(times);
        before
    }

    async fn send(&self, context: &CrmContext, url: Url, sent: &Sent<'_>) -> Result<(Result<Value, Failure>, Answer), Failure> {
        let left = u64::try_from(context.deadline.since(context.now)).unwrap_or(0);
        let mut call = Call::post(url.as_str(), sent.body.clone());
        for (name, value) in &sent.headers {
            call = call.header(name, value);
        }
        let limit = CALL_LIMIT.min(Duration::from_millis(left.max(1_000)));
        let call = Call { method: sent.method.clone(), answer_bytes: ANSWER_BYTES, limit, ..call };
        let answer = context.outside.call(call).await.map_err(|error| Failure::lost(error, sent.creates))?;
        Ok((self.judge(context, sent, &answer), answer))
    }

    fn judge(&self, context: &CrmContext, sent: &Sent<'_>, answer: &Answer) -> Result<Value, Failure> {
        let wait = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<i64>().ok());
        let wait_ms = wait.map(|seconds| seconds.saturating_mul(1_000));
        let times = self.busy(context, |_| {});
        let (place, status, creates) = (sent.place, answer.status, sent.creates);
        let judged = errors::judge(&Given { place, status, body: &answer.body, wait_ms, times, creates });
        self.busy(context, |times| match &judged {
            Err(Failure { error: CrmError::Silence { .. }, .. }) => *times = times.saturating_add(1),
            Ok(()) => *times = 0,
            Err(_) => {}
        });
        judged?;
        if answer.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        if answer.cut {
            return Err(Failure::unreadable(creates));
        }
        // What is no JSON is no answer, though its status is fine: a page somebody put before amoCRM. Who tells a state expects nothing back.
        match serde_json::from_slice(&answer.body) {
            Ok(value) => Ok(value),
            Err(_) if sent.place == Place::Mark => Ok(Value::Null),
            Err(_) => Err(Failure::unreadable(creates)),
        }
    }

    fn url(context: &CrmContext, host: &str, path: &str, query: &[(String, String)]) -> Result<Url, Failure> {
        let address = hosts::address(context.connection.base_url.as_deref(), host, path);
        let mut url = Url::parse(&address).map_err(|_| Failure::rejected(Reason::new("outside_address")))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        }
        Ok(url)
    }

    /// Calls a host that needs no token: `POST` with a body, `GET` without.
    ///
    /// # Errors
    /// What it means.
    pub async fn plain(
        &self, context: &CrmContext, place: Place, host: &str, path: &str, body: Option<&Value>, headers: &[(&str, &str)],
    ) -> Result<Value, Failure> {
        let url = Self::url(context, host, path, &[])?;
        let mut all: Vec<(&str, String)> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        if body.is_some() {
            all.push(("content-type", "application/json".to_owned()));
        }
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let body = body.map(Value::to_string).unwrap_or_default().into_bytes();
        context.host.turn(API).await;
        self.send(context, url, &Sent { place, creates: true, method, body, headers: all }).await?.0
    }

    /// Calls the API of the account. Tokens that are refused are exchanged, once. Nothing there: null.
    ///
    /// # Errors
    /// What it means.
    pub async fn api(&self, context: &CrmContext, ask: &Ask) -> Result<Value, Failure> {
        let mut keys = context.host.keys();
        let mut fresh = false;
        loop {
            let tokens = Tokens::read(&keys.secrets)?;
            let url = Self::url(context, &tokens.host, &format!("/api/v4{}", ask.path), &ask.query)?;
            let mut headers = vec![("authorization", format!("Bearer {}", tokens.access_token))];
            if ask.body.is_some() {
                headers.push(("content-type", "application/json".to_owned()));
            }
            let body = ask.body.as_ref().map(Value::to_string).unwrap_or_default().into_bytes();
            context.host.turn(API).await;
            let sent = Sent { place: Place::Api, creates: ask.creates, method: ask.method.clone(), body, headers };
            match self.send(context, url, &sent).await?.0 {
                Err(failure) if !fresh && failure.then == Then::Renew => {
                    fresh = true;
                    keys = context.host.renewed(keys.round).await?;
                }
                judged => return judged,
            }
        }
    }

    /// Calls the Chats API below the account's scope. A channel that is not connected is connected anew, once.
    ///
    /// # Errors
    /// What it means.
    pub async fn chats(&self, context: &CrmContext, ask: &Ask) -> Result<Value, Failure> {
        let channel = channel(context)?;
        let scope = context.connection.facts.get(fact::SCOPE).filter(|scope| !scope.is_empty());
        let scope = scope.ok_or_else(|| CrmError::Temporary(Reason::new("amocrm_channel_waits")))?;
        match self.signed(context, &channel, scope, ask).await {
            Err(failure) if failure.then == Then::Connect => {
                let scope = self.connect_chats(context).await?;
                self.signed(context, &channel, &scope, ask).await
            }
            judged => judged,
        }
    }

    /// Connects the chat channel to the account: answers the scope. Twice has the effect of once.
    ///
    /// # Errors
    /// What it means.
    pub async fn connect_chats(&self, context: &CrmContext) -> Result<String, Failure> {
        let channel = channel(context)?;
        // The first form of hooks is what is sent to who does not ask for the second.
        let body = json!({ "account_id": amojo(context), "title": TITLE, "hook_api_version": "v2" });
        let found = self.signed(context, &channel, &channel.id, &Ask::post("/connect", body)).await?;
        let scope = text(&found, "scope_id");
        if scope.is_empty() { Err(Failure::unreadable(false)) } else { Ok(scope) }
    }

    /// Takes the chat channel off the account.
    ///
    /// # Errors
    /// What it means.
    pub async fn disconnect_chats(&self, context: &CrmContext) -> Result<(), Failure> {
        let channel = channel(context)?;
        let ask = Ask::delete("/disconnect", json!({ "account_id": amojo(context) }));
        self.signed(context, &channel, &channel.id, &ask).await.map(|_| ())
    }

    /// A signed call. Where the signature is refused it is made anew by amoCRM's own clock, once.
    async fn signed(&self, context: &CrmContext, channel: &ChatChannel, below: &str, ask: &Ask) -> Result<Value, Failure> {
        let host = Tokens::read(&context.host.keys().secrets)?.host;
        let host = hosts::chats(&host).ok_or_else(|| CrmError::AccessLost(Reason::new("not_connected")))?;
        let path = format!("/v2/origin/custom/{}{}", segment(below), ask.path);
        let url = Self::url(context, &host, &path, &ask.query)?;
        let body = ask.body.as_ref().map(Value::to_string).unwrap_or_default().into_bytes();
        let mut date = sign::date(context.now);
        let mut anew = false;
        loop {
            let headers = sign::headers(&channel.secret, ask.method.as_str(), &path, &body, &date).to_vec();
            context.host.turn(CHATS).await;
            let place = if ask.place == Place::Mark { Place::Mark } else { Place::Chats };
            let sent = Sent { place, creates: ask.creates, method: ask.method.clone(), body: body.clone(), headers };
            let (judged, answer) = self.send(context, url.clone(), &sent).await?;
            match judged {
                Err(failure) if !anew && failure.then == Then::Sign => {
                    anew = true;
                    let theirs = answer.headers.get(DATE).and_then(|date| jiff::fmt::rfc2822::parse(date.to_str().ok()?).ok());
                    date = theirs.map_or(date, |theirs| sign::date(crate::model::time::Time(theirs.timestamp().as_millisecond())));
                }
                judged => return judged,
            }
        }
    }
}

/// The chat channel of the connection's app.
fn channel(context: &CrmContext) -> Result<ChatChannel, CrmError> {
    App::of(context).and_then(|app| app.channel).ok_or_else(|| CrmError::Rejected(Reason::new("amocrm_no_channel")))
}

/// How the Chats API names the account.
fn amojo(context: &CrmContext) -> &str {
    context.connection.facts.get(fact::AMOJO).map(String::as_str).unwrap_or_default()
}
