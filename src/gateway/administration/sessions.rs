//! Logging in, in one step or two, and who is logged in from where.

use super::access::{Caller, hash, member_caller, revoke};
use super::passwords::password_is;
use super::people::find_user;
use super::{AdministrationError, invites, second_factor};
use crate::gateway::house::House;
use crate::model::entry::{CHALLENGE_LIFE_MS, CHALLENGE_TRIES, LoginChallenge};
use crate::model::ids::{InviteId, SessionId, UserId, WorkspaceId};
use crate::model::people::{Credential, Holder, SEEN_STEP_MS, User};
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Scan};
use crate::store::table::Stored;

/// How long a login lasts.
pub const SESSION_LIFE_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// From where somebody logs in, and for how long.
#[derive(Debug, Clone, Default)]
pub struct Entering {
    /// Browser and system, in words.
    pub device: String,
    /// The address.
    pub address: String,
    /// Whether the session outlives a rest.
    pub remember: bool,
}

/// How far a login came.
#[derive(Debug)]
pub enum Entered {
    /// In.
    In {
        /// The session's secret.
        secret: String,
        /// Whom it stands for.
        caller: Box<Caller>,
        /// Whether it outlives a rest.
        remember: bool,
    },
    /// A code is asked for: the secret of this login.
    CodeNeeded(String),
}

/// Logs a user in. `None`: no such user, another password, or a member of nothing; which of them is not told.
///
/// # Errors
/// The store's word.
pub async fn log_in(house: &House, email: &str, password: &str, from: &Entering) -> Result<Option<Entered>, AdministrationError> {
    let user = match super::people::canonical_email(email) {
        Ok(email) => find_user(house, &email).await?,
        Err(_) => None,
    };
    let hash_of_user = user.as_ref().map(|user| user.record.password.clone());
    if !password_is(hash_of_user, password.to_owned()).await {
        return Ok(None);
    }
    let Some(user) = user else { return Ok(None) };
    let Some(caller) = home(house, &user.record).await? else { return Ok(None) };
    if user.record.second_factor.is_some() {
        return Ok(Some(ask_for_code(house, &user.record, from.remember, None).await?));
    }
    Ok(Some(begin(house, caller, from).await?))
}

/// A user in the first workspace they are a member of.
async fn home(house: &House, user: &User) -> Result<Option<Caller>, AdministrationError> {
    for workspace in &user.workspaces {
        if let Some(caller) = member_caller(house, *workspace, user).await? {
            return Ok(Some(caller));
        }
    }
    Ok(None)
}

/// A session of a member.
async fn begin(house: &House, caller: Caller, from: &Entering) -> Result<Entered, AdministrationError> {
    let user = caller.user.ok_or(AdministrationError::NotAllowed("people_only"))?;
    let (secret, now, id) = (house.world.secret::<32>(), house.world.now(), SessionId(house.world.id()));
    let credential = Credential {
        device: from.device.clone(),
        address: from.address.clone(),
        seen_at: Some(now),
        ends_at_rest: !from.remember,
        ..Credential::new(hash(&secret), caller.workspace, Holder::Session { id, user }, now, Some(now.plus_ms(SESSION_LIFE_MS)))
    };
    let mut batch = Batch::new();
    batch.insert(&credential)?;
    house.store.global().commit(batch).await?;
    Ok(Entered::In { secret, caller: Box::new(Caller { session: Some(id), ..caller }), remember: from.remember })
}

/// A session of a user in this workspace, of which they are a member.
pub(super) async fn begin_in(house: &House, workspace: WorkspaceId, user: UserId, from: &Entering) -> Result<Entered, AdministrationError> {
    let known = house.store.global().get::<User>(User::at(user)).await?.ok_or(AdministrationError::Unknown("user"))?;
    let caller = member_caller(house, workspace, &known.record).await?.ok_or(AdministrationError::Unknown("user"))?;
    begin(house, caller, from).await
}

/// The password was right: the code is asked for.
pub(super) async fn ask_for_code(house: &House, user: &User, remember: bool, invite: Option<InviteId>) -> Result<Entered, AdministrationError> {
    let secret = house.world.secret::<32>();
    let expires_at = house.world.now().plus_ms(CHALLENGE_LIFE_MS);
    let password = hash(&user.password);
    let mut batch = Batch::new();
    batch.insert(&LoginChallenge { hash: hash(&secret), user: user.id, password, remember, invite, tries: 0, expires_at })?;
    house.store.global().commit(batch).await?;
    Ok(Entered::CodeNeeded(secret))
}

/// Whose login waits for a code, for limits.
///
/// # Errors
/// The store's word. `None`: nobody's.
pub async fn who_is_asked(house: &House, secret: &str) -> Result<Option<UserId>, AdministrationError> {
    let found = house.store.global().get::<LoginChallenge>(LoginChallenge::at(&hash(secret))).await?;
    Ok(found.map(|found| found.record.user))
}

/// The second step of a login. Each try is counted before it is looked at, so that tries at the same moment count too.
///
/// # Errors
/// `challenge_over`: it ended, too many codes were tried, or the password was changed meanwhile. `wrong_code`.
pub async fn tell_code(house: &House, secret: &str, code: &str, from: &Entering) -> Result<Entered, AdministrationError> {
    const OVER: AdministrationError = AdministrationError::NotAllowed("challenge_over");
    let (store, now) = (house.store.global(), house.world.now());
    let counted = |old: &LoginChallenge| match old.tries < CHALLENGE_TRIES && old.expires_at > now {
        true => Ok(LoginChallenge { tries: old.tries.saturating_add(1), ..old.clone() }),
        false => Err(OVER),
    };
    let challenge = store.change(LoginChallenge::at(&hash(secret)), counted, |_, _| Ok(())).await?.ok_or(OVER)?;
    let user = store.get::<User>(User::at(challenge.record.user)).await?.ok_or(OVER)?.record;
    if hash(&user.password) != challenge.record.password {
        return Err(OVER);
    }
    second_factor::take_code(house, user.id, code).await?;
    let mut batch = Batch::new();
    batch.remove(&challenge);
    // Used by somebody else at the same moment: their code was another, and each is taken once.
    store.commit(batch).await.map_err(|_| OVER)?;
    let from = Entering { remember: challenge.record.remember, ..from.clone() };
    match challenge.record.invite {
        Some(invite) => invites::accept_known(house, invite, &user, &from).await,
        None => match home(house, &user).await? {
            Some(caller) => begin(house, caller, &from).await,
            None => Err(OVER),
        },
    }
}

/// A session was used. Written at most once an hour; that it could not be is no reason to turn anybody away.
pub(super) async fn seen(house: &House, session: &Stored<Credential>) {
    let now = house.world.now();
    if now.since(session.record.last_seen()) < SEEN_STEP_MS {
        return;
    }
    let mut batch = Batch::new();
    let written = batch.update(session, &Credential { seen_at: Some(now), ..session.record.clone() }).map_err(CommitError::from);
    let result = match written {
        Ok(()) => house.store.global().commit(batch).await.map(|_| ()),
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        tracing::debug!(%error, "the use of a session was not written down");
    }
}

/// A user's sessions, newest first, also those that are over.
pub(super) async fn all(house: &House, user: UserId) -> Result<Vec<Stored<Credential>>, AdministrationError> {
    let found = house.store.global().scan_index::<Credential>(Credential::BY_HOLDER, &Credential::of_user(user), Scan::last(1_000)).await?;
    Ok(found.into_iter().map(|(_, stored)| stored).collect())
}

/// A user's sessions, in whichever workspace, newest first, with their ids.
///
/// # Errors
/// The store's word.
pub async fn sessions(house: &House, user: UserId) -> Result<Vec<(SessionId, Credential)>, AdministrationError> {
    let now = house.world.now();
    let open = all(house, user).await?.into_iter().map(|stored| stored.record).filter(|session| !session.is_over(now));
    let with_id = |session: Credential| match session.holder {
        Holder::Session { id, .. } => Some((id, session)),
        Holder::Token { .. } => None,
    };
    Ok(open.filter_map(with_id).collect())
}

/// Ends one of a user's sessions.
///
/// # Errors
/// There is no such session, or the store's word.
pub async fn end(house: &House, user: UserId, id: SessionId) -> Result<(), AdministrationError> {
    let found = all(house, user).await?.into_iter().find(|stored| matches!(stored.record.holder, Holder::Session { id: one, .. } if one == id));
    revoke(house, &found.ok_or(AdministrationError::Unknown("session"))?.record.hash).await
}
