//! Invites: how others come into a workspace.
//!
//! Accepting is three commits in two partitions: the invite is taken (with the new user, if there is none yet), the member is made, the
//! invite is closed. What breaks off between them is completed by accepting again, and nothing is had twice.

use serde_json::json;

use super::access::{Caller, hash};
use super::channels::check_channels;
use super::passwords::{hash_password, password_is};
use super::people::{Joining, Made, NewUser, canonical_email, check_name, find_user, join, make_user, may_change, member};
use super::sessions::{Entered, Entering, ask_for_code, begin_in};
use super::{Actor, AdministrationError, audit};
use crate::gateway::house::House;
use crate::gateway::post::{self, NewLetter};
use crate::model::entry::{INVITE_LIFE_MS, Invite, InviteState};
use crate::model::ids::{AccountId, InviteId, WorkspaceId};
use crate::model::letter::{LetterKind, LetterWords};
use crate::model::people::{Member, User, Workspace};
use crate::model::protocol::Role;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, Scan};
use crate::store::table::Stored;

const OVER: AdministrationError = AdministrationError::NotAllowed("invite_over");

/// Whom to ask in.
#[derive(Debug, Clone)]
pub struct NewInvite {
    /// The e-mail.
    pub email: String,
    /// What they will be able to do.
    pub role: Role,
    /// The channels they will see; none: all.
    pub channels: Option<Vec<AccountId>>,
}

async fn pending(house: &House, workspace: WorkspaceId, email: &str) -> Result<Option<Stored<Invite>>, AdministrationError> {
    let sort = Key::new().text(email).done();
    Ok(house.store.global().get_unique::<Invite>(Invite::BY_EMAIL, &Invite::of(workspace), &sort).await?)
}

async fn own(house: &House, caller: &Caller, id: InviteId) -> Result<Stored<Invite>, AdministrationError> {
    let found = house.store.global().get::<Invite>(Invite::at(id)).await?.filter(|found| found.record.workspace == caller.workspace);
    found.ok_or(AdministrationError::Unknown("invite"))
}

/// Adds the letter to the invite's batch.
async fn letter(house: &House, batch: &mut Batch, invite: &mut Invite, token: &str) -> Result<(), AdministrationError> {
    let workspace = house.store.global().get::<Workspace>(Workspace::at(invite.workspace)).await?.ok_or(OVER)?.record;
    // Who is known here reads their own language.
    let locale = find_user(house, &invite.email).await?.map_or(workspace.locale, |user| user.record.locale);
    let link = format!("{}/invite#{token}", house.public_url);
    let words = LetterWords { workspace: workspace.name, by: invite.invited_by_name.clone(), link, ..LetterWords::default() };
    let (about, until) = (LetterKind::Invitation, None);
    let new = NewLetter { workspace: Some(invite.workspace), to: &invite.email, locale: &locale, about, words, until };
    invite.letter = post::write(house, batch, new)?;
    Ok(())
}

/// Asks somebody in. The link's secret is told once; a letter with it goes out, if mail is set up.
///
/// # Errors
/// `people_only`, a field is wrong, `email_taken`, `invited_already`, the role is above one's own, or the store's word.
pub async fn create(house: &House, caller: &Caller, new: NewInvite) -> Result<(String, Invite), AdministrationError> {
    let by = caller.user.ok_or(AdministrationError::NotAllowed("people_only"))?;
    let email = canonical_email(&new.email)?;
    may_change(caller.access.role, None, Some(new.role))?;
    check_channels(house, caller.workspace, new.channels.as_deref()).await?;
    if let Some(user) = find_user(house, &email).await?
        && member(house, caller.workspace, user.record.id).await?.is_some()
    {
        return Err(AdministrationError::Wrong { field: "email", code: "email_taken" });
    }
    let (token, now) = (house.world.secret::<32>(), house.world.now());
    // One that ended by itself is made anew; one that is open has a link somebody may be using.
    let old = pending(house, caller.workspace, &email).await?;
    if old.as_ref().is_some_and(|old| old.record.state(now) == InviteState::Open) {
        return Err(AdministrationError::NotAllowed("invited_already"));
    }
    let mut invite = Invite {
        id: old.as_ref().map_or_else(|| InviteId(house.world.id()), |old| old.record.id),
        workspace: caller.workspace,
        email,
        role: new.role,
        channels: new.channels,
        hash: hash(&token),
        invited_by: by,
        invited_by_name: caller.name.clone(),
        created_at: now,
        expires_at: now.plus_ms(INVITE_LIFE_MS),
        letter: None,
        taken_by: None,
        accepted_at: None,
        revoked_at: None,
    };
    let mut batch = Batch::new();
    letter(house, &mut batch, &mut invite, &token).await?;
    match &old {
        Some(old) => batch.update(old, &invite)?,
        None => batch.insert(&invite)?,
    }
    line(house, caller, "member.invited", &invite).await?;
    match house.store.global().commit(batch).await {
        Ok(_) => Ok((token, invite)),
        Err(CommitError::Refused(Refusal::NotUnique { .. } | Refusal::Conflict { .. })) => Err(AdministrationError::NotAllowed("invited_already")),
        Err(error) => Err(error.into()),
    }
}

async fn line(house: &House, caller: &Caller, action: &str, invite: &Invite) -> Result<(), AdministrationError> {
    let mut batch = Batch::new();
    let details = json!({ "email": invite.email, "role": invite.role, "channels": invite.channels });
    audit(house, &mut batch, &caller.actor(), action, invite.id, details)?;
    house.store.workspace(caller.workspace).commit(batch).await?;
    Ok(())
}

/// Makes the link anew; the one before opens nothing any more.
///
/// # Errors
/// There is no such invite, it was accepted or taken back (`invite_over`), its role is above one's own, or the store's word.
pub async fn renew(house: &House, caller: &Caller, id: InviteId) -> Result<(String, Invite), AdministrationError> {
    let by = caller.user.ok_or(AdministrationError::NotAllowed("people_only"))?;
    let old = own(house, caller, id).await?;
    may_change(caller.access.role, None, Some(old.record.role))?;
    if !old.record.is_pending() || old.record.taken_by.is_some() {
        return Err(OVER);
    }
    let (token, now) = (house.world.secret::<32>(), house.world.now());
    let mut invite = Invite {
        hash: hash(&token),
        invited_by: by,
        invited_by_name: caller.name.clone(),
        created_at: now,
        expires_at: now.plus_ms(INVITE_LIFE_MS),
        letter: None,
        ..old.record.clone()
    };
    let mut batch = Batch::new();
    letter(house, &mut batch, &mut invite, &token).await?;
    batch.update(&old, &invite)?;
    line(house, caller, "member.invited", &invite).await?;
    house.store.global().commit(batch).await?;
    Ok((token, invite))
}

/// Takes an invite back.
///
/// # Errors
/// There is no such invite, it was accepted (`invite_over`), its role is above one's own, or the store's word.
pub async fn revoke(house: &House, caller: &Caller, id: InviteId) -> Result<(), AdministrationError> {
    let old = own(house, caller, id).await?;
    may_change(caller.access.role, Some(old.record.role), None)?;
    if old.record.revoked_at.is_some() {
        return Ok(());
    }
    if old.record.accepted_at.is_some() {
        return Err(OVER);
    }
    line(house, caller, "member.invite_revoked", &old.record).await?;
    let mut batch = Batch::new();
    batch.update(&old, &Invite { revoked_at: Some(house.world.now()), ..old.record.clone() })?;
    house.store.global().commit(batch).await?;
    Ok(())
}

/// The invites of a workspace, newest first.
///
/// # Errors
/// The store's word.
pub async fn list(house: &House, workspace: WorkspaceId) -> Result<Vec<Invite>, AdministrationError> {
    let found = house.store.global().scan_index::<Invite>(Invite::BY_WORKSPACE, &Invite::of(workspace), Scan::last(500)).await?;
    Ok(found.into_iter().map(|(_, stored)| stored.record).collect())
}

/// What an invite's page shows.
#[derive(Debug, Clone)]
pub struct Card {
    /// The workspace's name.
    pub workspace: String,
    /// Its language.
    pub locale: String,
    /// Who is asked in.
    pub email: String,
    /// What they will be able to do.
    pub role: Role,
    /// Who asks.
    pub by: String,
    /// Whether there is a user with this e-mail, who tells their own password.
    pub known: bool,
}

/// The invite of a link, if it can be accepted. It cannot once who asked may no longer give this role.
async fn opened(house: &House, token: &str) -> Result<Stored<Invite>, AdministrationError> {
    let sort = Key::new().text(&hash(token)).done();
    let found = house.store.global().get_unique::<Invite>(Invite::BY_HASH, &[], &sort).await?.ok_or(OVER)?;
    still_open(house, &found.record).await?;
    Ok(found)
}

async fn still_open(house: &House, invite: &Invite) -> Result<(), AdministrationError> {
    if invite.state(house.world.now()) != InviteState::Open {
        return Err(OVER);
    }
    let by = member(house, invite.workspace, invite.invited_by).await?.ok_or(OVER)?;
    may_change(by.role, None, Some(invite.role)).map_err(|_| OVER)
}

/// What an invite's page shows.
///
/// # Errors
/// `invite_over`, or the store's word.
pub async fn look(house: &House, token: &str) -> Result<Card, AdministrationError> {
    let invite = opened(house, token).await?.record;
    let workspace = house.store.global().get::<Workspace>(Workspace::at(invite.workspace)).await?.ok_or(OVER)?.record;
    let known = find_user(house, &invite.email).await?.is_some();
    Ok(Card { workspace: workspace.name, locale: workspace.locale, email: invite.email, role: invite.role, by: invite.invited_by_name, known })
}

/// What somebody says who accepts.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// The name; who is known keeps their own.
    pub name: String,
    /// A new password, or the one that is known.
    pub password: String,
    /// The language of a new user.
    pub locale: String,
    /// The time zone of a new user; empty: the workspace's.
    pub time_zone: String,
}

/// Accepts an invite and logs in.
///
/// # Errors
/// `invite_over`, `wrong_password` (of who is known), a field is wrong, or the store's word.
pub async fn accept(house: &House, token: &str, said: Acceptance, from: &Entering) -> Result<Entered, AdministrationError> {
    let invite = opened(house, token).await?;
    let user = match find_user(house, &invite.record.email).await? {
        Some(user) => user.record,
        None => {
            let (name, password) = (check_name(&said.name)?, hash_password(house, &said.password).await?);
            let workspaces = vec![invite.record.workspace];
            let new = NewUser { email: invite.record.email.clone(), name, password, locale: said.locale, time_zone: said.time_zone, workspaces };
            let taken = |user: &User, batch: &mut Batch| batch.update(&invite, &Invite { taken_by: Some(user.id), ..invite.record.clone() });
            match make_user(house, new, taken).await {
                Ok(Made::User(user)) => {
                    finish(house, &invite.record, &user).await?;
                    return begin_in(house, invite.record.workspace, user.id, from).await;
                }
                Ok(Made::Known(user)) => user,
                // Taken, taken back or made anew at the same moment.
                Err(AdministrationError::Commit(CommitError::Refused(Refusal::Conflict { .. }))) => return Err(OVER),
                Err(error) => return Err(error),
            }
        }
    };
    if !password_is(Some(user.password.clone()), said.password).await {
        return Err(AdministrationError::NotAllowed("wrong_password"));
    }
    if user.second_factor.is_some() {
        return ask_for_code(house, &user, from.remember, Some(invite.record.id)).await;
    }
    accept_known(house, invite.record.id, &user, from).await
}

/// Somebody who is known, and proved it, accepts.
pub(super) async fn accept_known(house: &House, id: InviteId, user: &User, from: &Entering) -> Result<Entered, AdministrationError> {
    let store = house.store.global();
    let invite = store.get::<Invite>(Invite::at(id)).await?.ok_or(OVER)?.record;
    still_open(house, &invite).await?;
    let taken = |old: &Invite| match old.is_pending() && old.email == user.email && old.taken_by.is_none_or(|taker| taker == user.id) {
        true => Ok(Invite { taken_by: Some(user.id), ..old.clone() }),
        false => Err(OVER),
    };
    let invite = store.change(Invite::at(id), taken, |_, _| Ok(())).await?.ok_or(OVER)?.record;
    finish(house, &invite, user).await?;
    begin_in(house, invite.workspace, user.id, from).await
}

/// From the invite that was taken to the member, and the invite closed.
async fn finish(house: &House, invite: &Invite, user: &User) -> Result<(), AdministrationError> {
    let before = house.store.workspace(invite.workspace).get::<Member>(Member::at(user.id)).await?;
    // Who was removed after the invite was made is not let in again by it.
    if before.is_some_and(|member| member.record.removed_at.is_some_and(|removed| removed > invite.created_at)) {
        return Err(OVER);
    }
    let actor = Actor { id: user.id.to_string(), name: user.name.clone() };
    let how = Joining { role: invite.role, channels: invite.channels.clone(), action: "member.joined" };
    join(house, invite.workspace, &actor, user, how).await?;
    let now = house.world.now();
    let closed = |old: &Invite| Ok::<_, CommitError>(Invite { accepted_at: old.accepted_at.or(Some(now)), ..old.clone() });
    house.store.global().change(Invite::at(invite.id), closed, |_, _| Ok(())).await?;
    Ok(())
}
