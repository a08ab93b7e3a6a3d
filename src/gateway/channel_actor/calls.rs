//! What every call to a provider is given, how long it may take, and what it says of the login's health.

use std::cell::Cell;
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
    /// Whether all was thought to be well.
    pub(crate) fn was_well(&self) -> bool {
        self.login.health.status == Health::Connected
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

/// The workspace's files, for channels and CRMs.
pub(in crate::gateway) struct OwnFiles {
    pub(in crate::gateway) house: Arc<House>,
    pub(in crate::gateway) workspace: WorkspaceId,
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

/// What was being done when a trouble was met. The same again without trouble mends it; something else does not: who is let in to ask for
/// news may still not be let in to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum During {
    /// A message was sent.
    Sending,
    /// The provider was asked for news.
    Asking,
    /// The provider was told where to send.
    SettingUp,
    /// Something else: whatever succeeds mends it.
    Other,
}

impl During {
    /// The parameter of a health's reason that says it.
    const PARAM: &str = "during";

    fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Asking => "asking",
            Self::SettingUp => "setting_up",
            Self::Other => "",
        }
    }

    /// Whether this, done without trouble, mends a health.
    pub(crate) fn mends(self, health: &HealthState) -> bool {
        let met = health.reason.as_ref().and_then(|reason| reason.params.get(Self::PARAM));
        matches!(health.status, Health::Degraded | Health::AccessLost) && met.is_none_or(|met| met == self.as_str())
    }
}

/// A trouble with a login, for its owner.
pub(crate) async fn trouble(desk: &Desk, status: Health, reason: Reason, during: During) {
    let reason = if during == During::Other { reason } else { reason.with(During::PARAM, during.as_str()) };
    let new = HealthState { status, reason: Some(reason), since: desk.house.world.now() };
    // Hindrances are less than access that was lost, and who was taken off has neither.
    let greatest = |known: Health| known == Health::NotConnected || (known == Health::AccessLost && status == Health::Degraded);
    set_health(desk, new, |health| !greatest(health.status)).await;
}

/// Something went well with a login that was in trouble.
pub(crate) async fn mended(desk: &Desk, during: During) {
    let well = HealthState { status: Health::Connected, reason: None, since: desk.house.world.now() };
    set_health(desk, well, |health| during.mends(health)).await;
}

/// Stored, and told to the messenger in the same commit. Owners are told of access that was lost once, however many accounts the login carries
/// and however often it is found out.
async fn set_health(desk: &Desk, new: HealthState, applies: impl Fn(&HealthState) -> bool) {
    let becomes = |old: &HealthState| {
        // The same as before is since before.
        let since = if old.status == new.status { old.since } else { new.since };
        if applies(old) { HealthState { since, ..new.clone() } } else { old.clone() }
    };
    match desk.store.get::<ProviderLogin>(ProviderLogin::at(desk.login)).await {
        // Told already.
        Ok(Some(login)) if becomes(&login.record.health) == login.record.health => return,
        // What cannot be read now is tried to be changed all the same, and complains by itself.
        Ok(_) | Err(_) => {}
    }
    let lost = Cell::new(false);
    let change = |login: &ProviderLogin| {
        let health = becomes(&login.health);
        lost.set(health.status == Health::AccessLost && login.health.status != Health::AccessLost);
        Ok::<_, CommitError>(ProviderLogin { health, ..login.clone() })
    };
    let tell = |_: &ProviderLogin, batch: &mut Batch| {
        desk.accounts().into_iter().zip(0..).try_for_each(|(a, at)| {
            batch.append(&streams::feed(), entries::write(&FeedEntry::Account { a, lost: lost.get() && at == 0 })?);
            Ok(())
        })
    };
    match desk.store.change(ProviderLogin::at(desk.login), change, tell).await {
        Ok(_) => tracing::info!(login = %desk.login, status = ?new.status, "the login's health changed"),
        Err(error) => tracing::warn!(login = %desk.login, %error, "health could not be stored"),
    }
}
