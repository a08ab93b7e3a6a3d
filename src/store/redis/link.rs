//! Connections and their failures: what a Redis error means for the caller.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation};
use tokio::time::Instant;

use crate::store::port::StoreError;

/// How long one call may take, from the caller's view.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(5);
/// How long a connection may take to be made.
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(1);
/// How long a call waits for a server that has gone to come back before it gives up.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// Between two tries to reach a server that has gone.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// How the commits' and the administration's connections are made.
pub(super) fn connection_config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_LIMIT)).set_response_timeout(Some(CALL_LIMIT))
}

/// What is asked over the reading connection.
pub(super) enum Ask<'a> {
    Command(&'a Cmd),
    Pipeline(&'a Pipeline),
    Script(&'a ScriptInvocation<'a>),
}

impl Ask<'_> {
    async fn send<T: FromRedisValue>(&self, manager: &mut ConnectionManager) -> RedisResult<T> {
        match self {
            Self::Command(cmd) => cmd.query_async(manager).await,
            Self::Pipeline(pipeline) => pipeline.query_async(manager).await,
            Self::Script(script) => script.invoke_async(manager).await,
        }
    }
}

/// The connection all reads share: answers come back in order, so many callers' questions travel together. It is made
/// anew by itself when it breaks.
#[derive(Clone)]
pub(super) struct Link {
    manager: ConnectionManager,
}

impl Link {
    /// Connects.
    pub(super) async fn open(client: redis::Client) -> RedisResult<Self> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_LIMIT))
            .set_response_timeout(Some(CALL_LIMIT))
            .set_min_delay(PAUSE)
            .set_max_delay(Duration::from_millis(500))
            .set_number_of_retries(2);
        Ok(Self { manager: ConnectionManager::new_with_config(client, config).await? })
    }

    /// Asks something that may be asked twice: a lost answer is asked for again while there is patience.
    pub(super) async fn ask<T: FromRedisValue>(&self, ask: Ask<'_>) -> Result<T, StoreError> {
        let started = Instant::now();
        let asking = async {
            loop {
                match ask.send(&mut self.manager.clone()).await {
                    Err(error) if passing(&error) && started.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                    other => return other.map_err(|error| store_error(&error, false)),
                }
            }
        };
        tokio::time::timeout(CALL_LIMIT, asking).await.unwrap_or_else(|_| Err(StoreError::Unavailable("redis: no answer in time".to_owned())))
    }

    /// Asks something that changes the store, once: a lost answer is the caller's to judge.
    pub(super) async fn tell<T: FromRedisValue>(&self, ask: Ask<'_>) -> Result<T, StoreError> {
        let answer = tokio::time::timeout(CALL_LIMIT, ask.send(&mut self.manager.clone())).await;
        let answer = answer.unwrap_or_else(|_| Err((redis::ErrorKind::Io, "no answer in time").into()));
        answer.map_err(|error| store_error(&error, true))
    }
}

/// Whether the same call may well succeed in a moment.
pub(super) fn passing(error: &RedisError) -> bool {
    error.is_connection_dropped()
        || error.is_connection_refusal()
        || (error.is_io_error() && !error.is_timeout())
        || code(error).as_deref() == Some("LOADING")
}

/// What an error means. `sent`: the call changes the store and may have reached it.
pub(super) fn store_error(error: &RedisError, sent: bool) -> StoreError {
    let words = format!("redis: {error}");
    match code(error).as_deref() {
        Some("OOM") => StoreError::Full(words),
        Some("READONLY" | "MISCONF" | "NOREPLICAS") => StoreError::ReadOnly(words),
        Some("WRONGTYPE") => StoreError::Corrupt(words),
        Some("ERR") => StoreError::Invalid(words),
        // Refused before it was looked at: LOADING, BUSY, MASTERDOWN, NOAUTH, NOPERM …
        Some(_) => StoreError::Unavailable(words),
        None if matches!(error.kind(), ErrorKind::Parse | ErrorKind::UnexpectedReturnType) => StoreError::Corrupt(words),
        None if sent && !error.is_connection_refusal() => StoreError::Unclear(words),
        None => StoreError::Unavailable(words),
    }
}

/// The server's word for what is wrong; of a pipeline, that of the first call that failed.
fn code(error: &RedisError) -> Option<String> {
    let first = || error.clone().into_server_errors()?.first().map(|(_, error)| error.code().to_owned());
    error.code().map(str::to_owned).or_else(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_the_caller_can_do() {
        let server = |code: &str| redis::make_extension_error(code.to_owned(), Some("words".to_owned()));
        assert!(matches!(store_error(&server("OOM"), true), StoreError::Full(_)));
        assert!(matches!(store_error(&server("READONLY"), true), StoreError::ReadOnly(_)));
        assert!(matches!(store_error(&server("MISCONF"), true), StoreError::ReadOnly(_)));
        assert!(matches!(store_error(&server("LOADING"), true), StoreError::Unavailable(_)));
        let lost: RedisError = std::io::Error::from(std::io::ErrorKind::BrokenPipe).into();
        assert!(matches!(store_error(&lost, true), StoreError::Unclear(_)));
        assert!(matches!(store_error(&lost, false), StoreError::Unavailable(_)));
        let refused: RedisError = std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into();
        assert!(matches!(store_error(&refused, true), StoreError::Unavailable(_)));
    }
}
