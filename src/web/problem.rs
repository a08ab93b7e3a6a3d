//! Errors of the HTTP edge: RFC 9457 `application/problem+json` with a stable `code`.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::gateway::commands::CommandError;
use crate::model::reason::Reason;
use crate::store::files::error::FileError;
use crate::store::port::{CommitError, Refusal, StoreError};

/// What went wrong, for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {}", reason.code)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// The code and what its words need.
    pub reason: Reason,
    /// One sentence in English for whoever develops against this.
    pub detail: String,
    /// When trying again makes sense.
    pub retry_after_s: Option<u64>,
}

/// The body of an error.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// `about:blank`: the code says it all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status.
    status: u16,
    /// One sentence.
    detail: String,
    /// A stable code.
    code: String,
    /// What the code's words need.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    params: std::collections::BTreeMap<String, String>,
}

impl Problem {
    /// A problem.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self { status: status.as_u16(), reason: Reason::new(code), detail: detail.into(), retry_after_s: None }
    }

    /// 400: the request is none.
    #[must_use]
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401: nobody is logged in.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_logged_in", "log in, or send an API token as `Authorization: Bearer …`")
    }

    /// 403: not with this role.
    #[must_use]
    pub fn forbidden(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404, for what is unknown and for what is somebody else's alike.
    #[must_use]
    pub fn unknown(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, &format!("unknown_{what}"), format!("there is no such {what}, or you may not see it"))
    }

    /// 429.
    #[must_use]
    pub fn too_many(retry_after_s: u64) -> Self {
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", "too many requests; wait before the next");
        problem.retry_after_s = Some(retry_after_s);
        problem
    }

    /// 503 with a pause.
    #[must_use]
    pub fn try_again(code: &str) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, "nothing is wrong with the request; send it again with the same key");
        problem.retry_after_s = Some(1);
        problem
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        let body = ProblemBody {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: self.status,
            detail: self.detail.clone(),
            code: self.reason.code.clone(),
            params: self.reason.params.clone(),
        };
        response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")));
        response.body(serde_json::to_string(&body).unwrap_or_default())
    }
}

/// Which status a refusal's code has.
fn refusal_status(code: &str) -> StatusCode {
    match code {
        "unknown_conversation" | "unknown_message" | "unknown_channel" | "unknown_file" | "unknown_account" => StatusCode::NOT_FOUND,
        "somebody_wrote" | "channel_inactive" | "channel_removed" | "nothing_to_retry" | "crm_without_chats" | "connection_off" => {
            StatusCode::CONFLICT
        }
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(reason) => {
                let status = refusal_status(&reason.code).as_u16();
                let detail = format!("refused: {}", reason.code);
                Self { status, reason, detail, retry_after_s: None }
            }
            CommandError::TryAgain(code) if code == "store_full" || code == "store_read_only" => Self::try_again(&code),
            CommandError::TryAgain(_) | CommandError::Fenced => Self::try_again("try_again"),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        CommandError::from(error).into()
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => error.into(),
            CommitError::Refused(Refusal::NotUnique { index, .. }) => {
                Self::new(StatusCode::CONFLICT, &format!("{index}_taken"), format!("this {index} is taken"))
            }
            CommitError::Refused(_) => Self::new(StatusCode::CONFLICT, "changed_meanwhile", "it changed meanwhile; read it again"),
        }
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        match &error {
            FileError::NotFound => Self::unknown("file"),
            FileError::TooLarge { limit } => {
                let mut problem = Self::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", error.to_string());
                problem.reason = problem.reason.with("limit", limit);
                problem
            }
            FileError::Full => Self::try_again("store_full"),
            FileError::ReadOnly | FileError::Forbidden => Self::try_again("store_read_only"),
            FileError::Interrupted(_) => Self::bad_request("upload_interrupted", error.to_string()),
            FileError::TooSlow => Self::new(StatusCode::REQUEST_TIMEOUT, "upload_too_slow", error.to_string()),
            FileError::Unavailable(_) => {
                tracing::warn!(%error, "file store");
                Self::try_again("try_again")
            }
        }
    }
}
