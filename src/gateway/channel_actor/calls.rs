//! What every call to a provider is given, how long it may take, and what it says of the login's health.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;

use crate::channel::contract::{CallContext, FileSource, OpenFile, SendError};
use crate::gateway::conversation::desk::Desk;
use crate::gateway::entries::{self, FeedEntry};
use crate::gateway::house::House;
use crate::model::connection::{Health, HealthState, ProviderLogin};
use crate::model::ids::{FileId, WorkspaceId};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::files::Variant;
use crate::store::port::CommitError;
use crate::store::records::streams;

/// A call that can be made.
pub(crate) struct Prepared {
    /// What it is given.
    pub(crate) context: CallContext,
    /// The login as it is stored.
    pub(crate) login: ProviderLogin,
}

impl Prepared {
    /// Whether the provider was thought to let us in no longer.
    pub(crate) fn was_lost(&self) -> bool {
        self.login.health.status == Health::AccessLost
    }
}

/// Reads the login and opens its secrets.
///
/// # Errors
/// There is nothing to call with: surely nothing went.
pub(crate) async fn prepare(desk: &Desk, deadline: Time) -> Result<Prepared, SendError> {
    let temporary = |what: String| SendError::Temporary(Reason::new("login_unreadable").said(&what));
    let login = desk.store.get::<ProviderLogin>(ProviderLogin::at(desk.login)).await.map_err(|error| temporary(error.to_string()))?;
    let login = login.ok_or_else(|| SendError::AccessLost(Reason::new("not_connected")))?.record;
    let secrets = if login.sealed.is_empty() {
        secrecy::SecretString::default()
    } else {
        let opened = desk.house.keyring.open_text(&ProviderLogin::owner_name(login.id), &login.sealed);
        opened.map_err(|error| temporary(error.to_string()))?
    };
    let context = CallContext { secrets, ..context(&desk.house, desk.workspace, &login, deadline) };
    Ok(Prepared { context, login })
}

/// What a call for a login is given, but for its secrets.
pub(crate) fn context(house: &Arc<House>, workspace: WorkspaceId, login: &ProviderLogin, deadline: Time) -> CallContext {
    CallContext {
        secrets: secrecy::SecretString::default(),
        facts: login.facts.clone(),
        base_url: login.base_url.clone(),
        outside: Arc::clone(&house.outside),
        files: Arc::new(OwnFiles { house: Arc::clone(house), workspace }),
        deadline,
        now: house.world.now(),
    }
}

/// Waits for a call's answer until its deadline.
///
/// # Errors
/// The call's own, or that the answer was lost.
pub(crate) async fn limited<T>(prepared: &Prepared, call: impl Future<Output = Result<T, SendError>>) -> Result<T, SendError> {
    let context = &prepared.context;
    let limit = Duration::from_millis(u64::try_from(context.deadline.since(context.now)).unwrap_or(0));
    if limit.is_zero() {
        // The store took all of the call's time, or the machine slept: nothing was called, so nothing is unclear.
        return Err(SendError::Temporary(Reason::new("provider_unreachable")));
    }
    tokio::time::timeout(limit, call).await.unwrap_or_else(|_| Err(SendError::Unclear(Reason::new("answer_lost"))))
}

/// The workspace's files, for channels.
struct OwnFiles {
    house: Arc<House>,
    workspace: WorkspaceId,
}

#[async_trait]
impl FileSource for OwnFiles {
    async fn open(&self, file: FileId) -> Result<OpenFile, Reason> {
        let content = self.house.files.get(self.workspace, file, Variant::Content, None).await;
        let content = content.map_err(|error| Reason::new("file_unreadable").with("file", file).said(&error.to_string()))?;
        Ok(OpenFile { size: content.total, content: content.stream.map(|piece| piece.map_err(std::io::Error::other)).boxed() })
    }

    async fn link(&self, file: FileId) -> Result<String, Reason> {
        crate::gateway::links::of_file(&self.house, self.workspace, file).await
    }
}

/// The login's health, for its owner: stored, and told to the messenger in the same commit.
pub(crate) async fn set_health(desk: &Desk, status: Health, reason: Option<Reason>) {
    match desk.store.get::<ProviderLogin>(ProviderLogin::at(desk.login)).await {
        // Told already.
        Ok(Some(login)) if login.record.health.status == status && login.record.health.reason == reason => return,
        // What cannot be read now is tried to be changed all the same, and complains by itself.
        Ok(_) | Err(_) => {}
    }
    let since = desk.house.world.now();
    let change = |login: &ProviderLogin| {
        // The same as before is since before.
        let since = if login.health.status == status { login.health.since } else { since };
        Ok::<_, CommitError>(ProviderLogin { health: HealthState { status, reason: reason.clone(), since }, ..login.clone() })
    };
    let tell = |_: &ProviderLogin, batch: &mut Batch| {
        desk.accounts().into_iter().try_for_each(|a| {
            batch.append(&streams::feed(), entries::write(&FeedEntry::Account { a, lost: status == Health::AccessLost })?);
            Ok(())
        })
    };
    match desk.store.change(ProviderLogin::at(desk.login), change, tell).await {
        Ok(_) => tracing::info!(login = %desk.login, ?status, "the login's health changed"),
        Err(error) => tracing::warn!(login = %desk.login, %error, "health could not be stored"),
    }
}
