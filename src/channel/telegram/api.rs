//! Calls to the Bot API. The token stands in every address, so no error and no log ever holds one.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::errors::{self, Act, Failure, Said};
use super::render::Request;
use crate::channel::contract::{CallContext, SendError};
use crate::model::reason::Reason;
use crate::outside::{Answer, Call, OutsideError, UploadFile, UploadForm};

/// Where the Bot API is, unless a server of one's own is named.
pub const BASE: &str = "https://api.telegram.org";
/// The most that is read of an answer.
const ANSWER_BYTES: usize = 1024 * 1024;
/// Telegram cuts one answer with updates at about 4 MiB.
const UPDATES_BYTES: usize = 8 * 1024 * 1024;
/// What stands where a token stood.
const HIDDEN: &str = "<token>";

/// Why a call did not succeed.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Telegram said no; the table says what to do.
    Not(Act, Failure),
    /// The call itself failed.
    Lost(SendError),
}

impl Fault {
    /// What the caller is told, where nothing is done about it here.
    #[must_use]
    pub fn error(self) -> SendError {
        match self {
            Self::Not(act, failure) => failure.error(act),
            Self::Lost(error) => error,
        }
    }
}

/// One bot's API.
pub struct Api<'a> {
    context: &'a CallContext,
    base: String,
    token: String,
}

impl<'a> Api<'a> {
    /// Of the login a call is made for.
    #[must_use]
    pub fn of(context: &'a CallContext) -> Self {
        Self::with(context, context.base_url.as_deref(), context.secrets.expose_secret())
    }

    /// Of a token that is being tried.
    #[must_use]
    pub fn with(context: &'a CallContext, base: Option<&str>, token: &str) -> Self {
        Self { context, base: base.unwrap_or(BASE).trim_end_matches('/').to_owned(), token: token.to_owned() }
    }

    /// The bot's number, as its token says.
    #[must_use]
    pub fn bot(&self) -> &str {
        self.token.split(':').next().unwrap_or_default()
    }

    /// Where a file's content is; `path`: as `getFile` says.
    ///
    /// # Errors
    /// It lies on the disk of a server of one's own, and nobody said how its files are reached.
    pub fn file_url(&self, path: &str) -> Result<String, Reason> {
        let files = self.context.facts.get("file_url").map(|base| base.trim_end_matches('/'));
        let path = match (path.strip_prefix('/'), files) {
            // An absolute path: below the folder named like the token lies what the address names.
            (Some(absolute), Some(_)) => absolute.split_once(&format!("{}/", self.token)).map_or(absolute, |(_, below)| below),
            (Some(_), None) => return Err(Reason::new("file_server_unknown")),
            (None, _) => path,
        };
        Ok(format!("{}/file/bot{}/{path}", files.unwrap_or(&self.base), self.token))
    }

    /// Calls a method that may be called twice, or whose loss harms nobody.
    ///
    /// # Errors
    /// It did not succeed.
    pub async fn ask(&self, method: &str, fields: &Map<String, Value>) -> Result<Value, Fault> {
        match self.call(method, fields).await {
            // Lost or garbled: asked again later, no harm is done.
            Err(Fault::Lost(SendError::Unclear(reason))) => {
                Err(Fault::Lost(SendError::Temporary(Reason { code: "provider_unreachable".to_owned(), ..reason })))
            }
            other => other,
        }
    }

    /// Calls a method once; an answer that was lost stays unclear.
    async fn call(&self, method: &str, fields: &Map<String, Value>) -> Result<Value, Fault> {
        let body = Value::Object(fields.clone()).to_string();
        let call = self.prepare(method).header("content-type", "application/json");
        let answer = self.context.outside.call(Call { body: body.into(), ..call }).await;
        self.read(answer)
    }

    fn prepare(&self, method: &str) -> Call {
        let left = u64::try_from(self.context.deadline.since(self.context.now)).unwrap_or(0);
        let answer_bytes = if method == "getUpdates" { UPDATES_BYTES } else { ANSWER_BYTES };
        Call { limit: Duration::from_millis(left), answer_bytes, ..Call::post(format!("{}/bot{}/{method}", self.base, self.token), "") }
    }

    /// Sends what was rendered.
    ///
    /// # Errors
    /// It did not go, or it is unclear.
    pub async fn send(&self, request: &Request) -> Result<Value, Fault> {
        if request.files.is_empty() {
            return self.call(request.method, &request.fields).await;
        }
        let mut form = UploadForm::default();
        for (name, value) in &request.fields {
            form = form.field(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        for (field, file) in &request.files {
            let open = self.context.files.open(file.file).await.map_err(|reason| Fault::Lost(SendError::Rejected(reason)))?;
            let (name, media_type) = (file.name.clone(), file.media_type.clone());
            form = form.file(UploadFile { field: field.clone(), name, media_type, size: open.size, content: open.content });
        }
        let answer = self.context.outside.upload(self.prepare(request.method), form).await;
        self.read(answer)
    }

    fn read(&self, answer: Result<Answer, OutsideError>) -> Result<Value, Fault> {
        let answer = answer.map_err(|error| Fault::Lost(self.lost(error)))?;
        let header = answer.headers.get("retry-after").and_then(|value| value.to_str().ok()).and_then(|text| text.trim().parse().ok());
        match errors::read(answer.status, &answer.words(), header) {
            Said::Result(result) => Ok(result),
            Said::Not(act, failure) => Err(Fault::Not(act, Failure { words: self.hide(&failure.words), ..failure })),
            Said::Garbled(words) => {
                let reason = Reason::new("answer_unreadable").with("status", answer.status).said(&self.hide(&words));
                Err(Fault::Lost(SendError::Unclear(reason)))
            }
        }
    }

    fn lost(&self, error: OutsideError) -> SendError {
        let hide = |reason: Reason| Reason { provider: reason.provider.map(|words| self.hide(&words)), ..reason };
        match error {
            OutsideError::RetryAfter(ms) => SendError::RetryAfter(ms),
            OutsideError::Temporary(reason) => SendError::Temporary(hide(reason)),
            OutsideError::Rejected(reason) | OutsideError::Gone(reason) => SendError::Rejected(hide(reason)),
            OutsideError::Unclear(reason) => SendError::Unclear(hide(reason)),
        }
    }

    fn hide(&self, words: &str) -> String {
        if self.token.is_empty() { words.to_owned() } else { words.replace(&self.token, HIDDEN) }
    }
}

/// Parameters from a JSON object.
#[must_use]
pub fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
