//! Passwords: hashed, compared, changed by their owner or by who stands above, and set anew by a link.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use serde_json::json;

use super::access::{Caller, Sessions, hash, revoke_sessions};
use super::people::{canonical_email, find_user, member};
use super::sessions::all as all_sessions;
use super::{Actor, AdministrationError, audit};
use crate::gateway::house::House;
use crate::gateway::post::{self, NewLetter};
use crate::model::entry::{PasswordReset, RESET_LIFE_MS, ResetMaker};
use crate::model::ids::{UserId, WorkspaceId};
use crate::model::letter::{LetterKind, LetterWords};
use crate::model::people::{Member, User};
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, Scan};
use crate::store::table::Stored;

/// The shortest password.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=200;
/// One letter with a link to one address in so long, whoever asks.
const LINK_PAUSE_MS: i64 = 60_000;
/// A user has at most so many links that work.
const LINKS: usize = 5;

/// Hashes a password with Argon2id, off the actors' threads.
///
/// # Errors
/// It is too short or too long.
pub async fn hash_password(house: &House, password: &str) -> Result<String, AdministrationError> {
    if !PASSWORD_LENGTH.contains(&password.chars().count()) {
        return Err(AdministrationError::Wrong { field: "password", code: "password_length" });
    }
    let mut salt = [0; 16];
    house.world.random(&mut salt);
    let password = password.to_owned();
    let hashed = tokio::task::spawn_blocking(move || {
        let hash: Result<PasswordHash, _> = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
        hash.map(|hash| hash.to_string())
    });
    match hashed.await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(error)) => {
            tracing::error!(%error, "a password could not be hashed");
            Err(AdministrationError::Wrong { field: "password", code: "password_unusable" })
        }
        Err(_) => Err(AdministrationError::Wrong { field: "password", code: "password_unusable" }),
    }
}

/// Whether a password is the one a hash was made of. Without a hash (no such user) the same work is done for nothing, so that the time
/// tells nothing.
pub async fn password_is(hash: Option<String>, password: String) -> bool {
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let known = hash.is_some();
    let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
    let checked = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    });
    checked.await.unwrap_or(false) && known
}

/// A workspace must not open another's doors: only who belongs to this one alone is changed from here.
fn here_alone(user: &User, workspace: WorkspaceId) -> Result<(), AdministrationError> {
    match user.workspaces.iter().all(|one| *one == workspace) {
        true => Ok(()),
        false => Err(AdministrationError::NotAllowed("member_elsewhere")),
    }
}

/// A member who stands below the one who asks, and belongs to this workspace alone.
async fn below(house: &House, caller: &Caller, user: UserId) -> Result<(Member, User), AdministrationError> {
    let member = member(house, caller.workspace, user).await?.ok_or(AdministrationError::Unknown("user"))?;
    if member.role >= caller.access.role {
        return Err(AdministrationError::NotAllowed("role_above_own"));
    }
    let known = house.store.global().get::<User>(User::at(user)).await?.ok_or(AdministrationError::Unknown("user"))?.record;
    here_alone(&known, caller.workspace)?;
    Ok((member, known))
}

/// Tells a user that their password was changed, in the commit that changes it.
fn tell_changed(house: &House, batch: &mut Batch, user: &User) -> Result<(), crate::store::port::StoreError> {
    tell(house, batch, user, LetterKind::PasswordChanged)
}

/// Tells a user what happened to their account, at both their addresses.
pub(super) fn tell(house: &House, batch: &mut Batch, user: &User, about: LetterKind) -> Result<(), crate::store::port::StoreError> {
    let addresses = [&user.email, &user.notify_email];
    for to in addresses.into_iter().filter(|to| !to.is_empty()) {
        let workspace = user.workspaces.first().copied();
        post::write(house, batch, NewLetter { workspace, to, locale: &user.locale, about, words: LetterWords::default(), until: None })?;
    }
    Ok(())
}

/// Sets another member's password. Only for who stands below the one who asks, and only where the user belongs to this workspace alone.
///
/// # Errors
/// The password is too short or too long, there is no such member, `role_above_own`, `member_elsewhere`, or the store's word.
pub async fn set_password(house: &House, caller: &Caller, user: UserId, password: &str) -> Result<(), AdministrationError> {
    let (member, _) = below(house, caller, user).await?;
    let hashed = hash_password(house, password).await?;
    // The line first: of a change that was not made it tells too much, of one that was made never too little.
    let mut batch = Batch::new();
    audit(house, &mut batch, &caller.actor(), "member.password_set", user, json!({ "email": member.email }))?;
    house.store.workspace(caller.workspace).commit(batch).await?;
    let change = |old: &User| here_alone(old, caller.workspace).map(|()| User { password: hashed.clone(), ..old.clone() });
    let tell = |new: &User, batch: &mut Batch| tell_changed(house, batch, new);
    house.store.global().change(User::at(user), change, tell).await?.ok_or(AdministrationError::Unknown("user"))?;
    revoke_sessions(house, user, Sessions::All).await
}

/// Changes one's own password and ends one's other sessions. Answers the workspaces one is a member of.
///
/// # Errors
/// The current password is another (`wrong_password`), the new one is too short or too long, or the store's word.
pub async fn change_password(
    house: &House, caller: &Caller, session: &str, current: &str, new: &str,
) -> Result<Vec<WorkspaceId>, AdministrationError> {
    let user = caller.user.ok_or(AdministrationError::NotAllowed("people_only"))?;
    let known = own_password(house, user, current).await?;
    let hashed = hash_password(house, new).await?;
    let mut batch = Batch::new();
    audit(house, &mut batch, &caller.actor(), "member.password_changed", user, json!({}))?;
    house.store.workspace(caller.workspace).commit(batch).await?;
    let change = |old: &User| match old.password == known.password {
        true => Ok(User { password: hashed.clone(), ..old.clone() }),
        false => Err(AdministrationError::NotAllowed("changed_meanwhile")),
    };
    let tell = |new: &User, batch: &mut Batch| tell_changed(house, batch, new);
    house.store.global().change(User::at(user), change, tell).await?.ok_or(AdministrationError::Unknown("user"))?;
    revoke_sessions(house, user, Sessions::AllBut(session)).await?;
    Ok(known.workspaces)
}

/// A user who has just told their password.
///
/// # Errors
/// It is another (`wrong_password`), or the store's word.
pub(super) async fn own_password(house: &House, user: UserId, password: &str) -> Result<User, AdministrationError> {
    let known = house.store.global().get::<User>(User::at(user)).await?.ok_or(AdministrationError::Unknown("user"))?.record;
    match password_is(Some(known.password.clone()), password.to_owned()).await {
        true => Ok(known),
        false => Err(AdministrationError::NotAllowed("wrong_password")),
    }
}

/// Links of a user, oldest first.
async fn links(house: &House, user: UserId) -> Result<Vec<Stored<PasswordReset>>, AdministrationError> {
    let found = house.store.global().scan_index::<PasswordReset>(PasswordReset::BY_USER, &PasswordReset::of(user), Scan::first(100)).await?;
    Ok(found.into_iter().map(|(_, stored)| stored).collect())
}

/// Adds a new link to the batch; of too many the oldest go.
async fn add_link(
    house: &House, batch: &mut Batch, user: UserId, made_by: Option<ResetMaker>,
) -> Result<(String, PasswordReset), AdministrationError> {
    let known = links(house, user).await?;
    for old in known.iter().take((known.len().saturating_add(1)).saturating_sub(LINKS)) {
        batch.remove(old);
    }
    let (token, now) = (house.world.secret::<32>(), house.world.now());
    let reset = PasswordReset { hash: hash(&token), user, created_at: now, expires_at: now.plus_ms(RESET_LIFE_MS), made_by };
    batch.insert(&reset)?;
    Ok((token, reset))
}

/// Sends a letter with a link to who has forgotten their password. Nothing tells whether there is such a user: the same is committed for
/// all, but for the letter itself.
///
/// # Errors
/// The store's word.
pub async fn ask_for_link(house: &House, email: &str) -> Result<(), AdministrationError> {
    let Ok(email) = canonical_email(email) else { return Ok(()) };
    let user = find_user(house, &email).await?.map(|user| user.record).filter(|user| !user.workspaces.is_empty());
    let mut batch = Batch::new();
    batch.once(Key::new().text("password-link").text(&hash(&email)).done(), LINK_PAUSE_MS, "");
    if let Some(user) = user.filter(|_| house.mail.is_some()) {
        let (token, reset) = add_link(house, &mut batch, user.id, None).await?;
        let words = LetterWords { link: format!("{}/reset#{token}", house.public_url), ..LetterWords::default() };
        let workspace = user.workspaces.first().copied();
        let (about, until) = (LetterKind::PasswordLink, Some(reset.expires_at));
        post::write(house, &mut batch, NewLetter { workspace, to: &user.email, locale: &user.locale, about, words, until })?;
    }
    match house.store.global().commit(batch).await {
        // Asked for a moment ago: that letter is on its way. Or two asked at once, and the other's went out.
        Ok(_) | Err(CommitError::Refused(Refusal::Seen { .. } | Refusal::Conflict { .. })) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Makes a link to hand to somebody who stands below the one who asks. The link is told once.
///
/// # Errors
/// There is no such member, `role_above_own`, `member_elsewhere`, `people_only`, or the store's word.
pub async fn make_link(house: &House, caller: &Caller, user: UserId) -> Result<(String, PasswordReset), AdministrationError> {
    let by = caller.user.ok_or(AdministrationError::NotAllowed("people_only"))?;
    let (member, _) = below(house, caller, user).await?;
    let mut batch = Batch::new();
    audit(house, &mut batch, &caller.actor(), "member.password_link", user, json!({ "email": member.email }))?;
    house.store.workspace(caller.workspace).commit(batch).await?;
    let mut batch = Batch::new();
    let made = add_link(house, &mut batch, user, Some(ResetMaker { workspace: caller.workspace, user: by })).await?;
    house.store.global().commit(batch).await?;
    Ok(made)
}

/// What a link opens, if it still does. A link made by somebody for somebody else opens only what its maker may still open: who was lifted
/// above them, or joined another workspace, meanwhile, is out of their reach.
async fn opened(house: &House, token: &str) -> Result<(Stored<PasswordReset>, Stored<User>), AdministrationError> {
    const OVER: AdministrationError = AdministrationError::NotAllowed("link_over");
    let store = house.store.global();
    let reset = store.get::<PasswordReset>(PasswordReset::at(&hash(token))).await?.ok_or(OVER)?;
    if reset.record.expires_at <= house.world.now() {
        return Err(OVER);
    }
    let user = store.get::<User>(User::at(reset.record.user)).await?.ok_or(OVER)?;
    if let Some(maker) = &reset.record.made_by {
        let by = member(house, maker.workspace, maker.user).await?.ok_or(OVER)?;
        let whose = member(house, maker.workspace, user.record.id).await?.ok_or(OVER)?;
        if whose.role >= by.role || here_alone(&user.record, maker.workspace).is_err() {
            return Err(OVER);
        }
    }
    Ok((reset, user))
}

/// Whose password a link sets: their e-mail.
///
/// # Errors
/// `link_over`, or the store's word.
pub async fn look_at_link(house: &House, token: &str) -> Result<String, AdministrationError> {
    Ok(opened(house, token).await?.1.record.email)
}

/// Sets a password by a link, which is used up with it; every session of the user ends. Answers the workspaces the user is a member of.
///
/// # Errors
/// `link_over`, the password is too short or too long, or the store's word.
pub async fn use_link(house: &House, token: &str, password: &str) -> Result<(UserId, Vec<WorkspaceId>), AdministrationError> {
    opened(house, token).await?;
    let hashed = hash_password(house, password).await?;
    for _ in 0..10 {
        let (reset, user) = opened(house, token).await?;
        let id = user.record.id;
        if let Some(workspace) = user.record.workspaces.first() {
            let mut batch = Batch::new();
            let actor = Actor { id: id.to_string(), name: user.record.name.clone() };
            audit(house, &mut batch, &actor, "member.password_reset", id, json!({ "by_link_of": reset.record.made_by.as_ref().map(|by| by.user) }))?;
            house.store.workspace(*workspace).commit(batch).await?;
        }
        let mut batch = Batch::new();
        batch.update(&user, &User { password: hashed.clone(), ..user.record.clone() })?;
        // The link itself, as it was read: whoever uses it at the same moment is refused by this.
        batch.remove(&reset);
        // Every other goes too: somebody else may have asked for it.
        for link in links(house, id).await?.iter().filter(|link| link.record.hash != reset.record.hash) {
            batch.remove(link);
        }
        // And every session, in the same commit: whoever is in by the old password is out.
        for session in all_sessions(house, id).await? {
            batch.remove(&session);
        }
        tell_changed(house, &mut batch, &user.record)?;
        match house.store.global().commit(batch).await {
            Ok(_) => {
                // Those that were begun at the same moment.
                revoke_sessions(house, id, Sessions::All).await?;
                return Ok((id, user.record.workspaces));
            }
            // Used, or the user changed, at the same moment: look again.
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}
