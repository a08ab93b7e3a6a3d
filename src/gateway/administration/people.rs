//! Workspaces, users, members, passwords.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use serde_json::json;

use super::access::{Caller, Sessions, revoke_sessions};
use super::channels::check_channels;
use super::{Actor, AdministrationError, audit};
use crate::gateway::house::House;
use crate::model::ids::{AccountId, UserId, WorkspaceId};
use crate::model::people::{Member, User, Workspace};
use crate::model::protocol::Role;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, Scan};
use crate::store::table::Stored;

/// The shortest password.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=200;

/// A new member.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// The name.
    pub name: String,
    /// The e-mail they log in with.
    pub email: String,
    /// The password; an existing user keeps their own.
    pub password: String,
    /// What they may do.
    pub role: Role,
    /// The channels they may see; none: all.
    pub channels: Option<Vec<AccountId>>,
}

/// Makes a workspace.
///
/// # Errors
/// The store's word.
pub async fn create_workspace(house: &House, name: &str) -> Result<Workspace, AdministrationError> {
    let store = house.store.global();
    loop {
        let last = store.scan::<Workspace>(&[], Scan::last(1)).await?;
        let id = last.first().map_or(1, |last| last.record.id.0.saturating_add(1));
        let workspace = Workspace {
            id: WorkspaceId(id),
            name: name.trim().chars().take(100).collect(),
            epoch: house.world.secret::<8>(),
            locale: "ru".to_owned(),
            time_zone: "Europe/Moscow".to_owned(),
            created_at: house.world.now(),
        };
        let mut batch = Batch::new();
        batch.insert(&workspace)?;
        match store.commit(batch).await {
            Ok(_) => return Ok(workspace),
            // Somebody made one at the same moment: take the next number.
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Every workspace of the installation.
///
/// # Errors
/// The store's word.
pub async fn workspaces(house: &House) -> Result<Vec<Workspace>, AdministrationError> {
    let found = house.store.global().scan::<Workspace>(&[], Scan::first(10_000)).await?;
    Ok(found.into_iter().map(|stored| stored.record).collect())
}

/// Changes every workspace's epoch: every cursor given out before is answered with `reset`.
///
/// # Errors
/// The store's word.
pub async fn new_epochs(house: &House) -> Result<(), AdministrationError> {
    for workspace in workspaces(house).await? {
        let change = |old: &Workspace| Ok::<_, CommitError>(Workspace { epoch: house.world.secret::<8>(), ..old.clone() });
        house.store.global().change(Workspace::at(workspace.id), change, |_, _| Ok(())).await?;
    }
    Ok(())
}

/// Brings an e-mail into the form it is found by.
///
/// # Errors
/// It is none.
pub fn canonical_email(text: &str) -> Result<String, AdministrationError> {
    let wrong = || AdministrationError::Wrong { field: "email", code: "email_invalid" };
    let email = text.trim().to_lowercase();
    let (name, domain) = email.rsplit_once('@').ok_or_else(wrong)?;
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '@';
    if name.is_empty() || domain.is_empty() || email.len() > 254 || name.contains(bad) || domain.contains(bad) {
        return Err(wrong());
    }
    Ok(email)
}

fn check_name(name: &str) -> Result<String, AdministrationError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(AdministrationError::Wrong { field: "name", code: "required" });
    }
    if name.chars().count() > 100 {
        return Err(AdministrationError::Wrong { field: "name", code: "too_long" });
    }
    Ok(name.to_owned())
}

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

/// The user with an e-mail.
///
/// # Errors
/// The store's word.
pub async fn find_user(house: &House, email: &str) -> Result<Option<Stored<User>>, AdministrationError> {
    Ok(house.store.global().get_unique::<User>(User::BY_EMAIL, &[], &Key::new().text(email).done()).await?)
}

/// Adds a member: first the user (harmless alone), then the membership with its line in the audit log.
///
/// # Errors
/// A field is wrong, the e-mail is a member already, or the store's word.
pub async fn add_member(house: &House, workspace: WorkspaceId, actor: &Actor, new: NewMember) -> Result<Member, AdministrationError> {
    let email = canonical_email(&new.email)?;
    let name = check_name(&new.name)?;
    check_channels(house, workspace, new.channels.as_deref()).await?;
    let user = match find_user(house, &email).await? {
        Some(user) => user.record,
        None => create_user(house, &email, &name, &new.password).await?,
    };
    let member = Member {
        user: user.id,
        name: user.name.clone(),
        email: email.clone(),
        role: new.role,
        channels: new.channels,
        created_at: house.world.now(),
        removed_at: None,
    };
    let store = house.store.workspace(workspace);
    let old = store.get::<Member>(Member::at(user.id)).await?;
    let mut batch = Batch::new();
    match &old {
        Some(old) if old.record.removed_at.is_none() => return Err(AdministrationError::Wrong { field: "email", code: "email_taken" }),
        Some(old) => batch.update(old, &member)?,
        None => batch.insert(&member)?,
    }
    let details = json!({ "email": email, "role": member.role, "channels": member.channels });
    audit(house, &mut batch, actor, "member.added", user.id, details)?;
    store.commit(batch).await?;
    let join = |user: &User| {
        let mut user = user.clone();
        if !user.workspaces.contains(&workspace) {
            user.workspaces.push(workspace);
        }
        Ok::<_, CommitError>(user)
    };
    house.store.global().change(User::at(user.id), join, |_, _| Ok(())).await?;
    Ok(member)
}

async fn create_user(house: &House, email: &str, name: &str, password: &str) -> Result<User, AdministrationError> {
    let store = house.store.global();
    let password = hash_password(house, password).await?;
    for _ in 0..20 {
        let last = store.scan::<User>(&[], Scan::last(1)).await?;
        let user = User {
            id: UserId(house.world.id()),
            number: last.first().map_or(1, |last| last.record.number.saturating_add(1)),
            email: email.to_owned(),
            name: name.to_owned(),
            password: password.clone(),
            locale: "ru".to_owned(),
            created_at: house.world.now(),
            workspaces: Vec::new(),
        };
        let mut batch = Batch::new();
        batch.insert(&user)?;
        match store.commit(batch).await {
            Ok(_) => return Ok(user),
            Err(CommitError::Refused(Refusal::NotUnique { index: User::BY_EMAIL, .. })) => {
                // Made by somebody else at the same moment.
                if let Some(user) = find_user(house, email).await? {
                    return Ok(user.record);
                }
            }
            Err(CommitError::Refused(Refusal::NotUnique { .. } | Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("users_change_too_fast"))
}

/// What of a member can be changed.
#[derive(Debug, Clone, Default)]
pub struct MemberChange {
    /// Another name.
    pub name: Option<String>,
    /// Another role.
    pub role: Option<Role>,
    /// Other channels.
    pub channels: Option<Option<Vec<AccountId>>>,
    /// Off the workspace.
    pub remove: bool,
    /// The role of who asks; none: the operator, or somebody about themselves.
    pub by: Option<Role>,
}

/// Whether who has a role may make somebody of `old` into `new` (none: there is no such yet, or no longer). Nobody touches who stands
/// above them; only an owner makes admins and owners.
///
/// # Errors
/// `role_above_own`, `owners_only`.
pub fn may_change(by: Role, old: Option<Role>, new: Option<Role>) -> Result<(), AdministrationError> {
    if old.is_some_and(|old| old > by) {
        return Err(AdministrationError::NotAllowed("role_above_own"));
    }
    if new.is_some_and(|new| new != Role::Manager && Some(new) != old) && by != Role::Owner {
        return Err(AdministrationError::NotAllowed("owners_only"));
    }
    Ok(())
}

/// Changes or removes a member. The last owner stays one.
///
/// # Errors
/// A field is wrong, there is no such member, it is the last owner, or the store's word.
pub async fn change_member(
    house: &House, workspace: WorkspaceId, actor: &Actor, user: UserId, change: &MemberChange,
) -> Result<Member, AdministrationError> {
    let store = house.store.workspace(workspace);
    let name = change.name.as_deref().map(check_name).transpose()?;
    check_channels(house, workspace, change.channels.as_ref().and_then(Option::as_deref)).await?;
    for _ in 0..10 {
        let old = store.get::<Member>(Member::at(user)).await?.filter(|old| old.record.removed_at.is_none());
        let old = old.ok_or(AdministrationError::Unknown("user"))?;
        let mut new = old.record.clone();
        if let Some(name) = &name {
            new.name.clone_from(name);
        }
        new.role = change.role.unwrap_or(new.role);
        if let Some(channels) = &change.channels {
            new.channels.clone_from(channels);
        }
        if change.remove {
            new.removed_at = Some(house.world.now());
        }
        if let Some(by) = change.by {
            may_change(by, Some(old.record.role), (!change.remove).then_some(new.role))?;
        }
        let mut batch = Batch::new();
        if old.record.role == Role::Owner && (new.role != Role::Owner || change.remove) {
            // Another owner must be there, and still be one when this is committed.
            let others = store.scan::<Member>(&[], Scan::first(10_000)).await?;
            let other = others.iter().find(|m| m.record.user != user && m.record.role == Role::Owner && m.record.removed_at.is_none());
            let other = other.ok_or(AdministrationError::NotAllowed("last_owner"))?;
            batch.expect(<Member as crate::store::table::Record>::TABLE, Member::at(other.record.user), Some(other.version));
        }
        batch.update(&old, &new)?;
        let action = if change.remove { "member.removed" } else { "member.changed" };
        let details = json!({
            "old": { "name": old.record.name, "role": old.record.role, "channels": old.record.channels },
            "new": { "name": new.name, "role": new.role, "channels": new.channels },
        });
        audit(house, &mut batch, actor, action, user, details)?;
        match store.commit(batch).await {
            Ok(_) => return Ok(new),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changed_meanwhile"))
}

/// Sets another member's password. Only for who stands below the one who asks, and only where the user belongs to this workspace alone:
/// a workspace must not open another's doors.
///
/// # Errors
/// The password is too short or too long, there is no such member, `role_above_own`, `member_elsewhere`, or the store's word.
pub async fn set_password(house: &House, caller: &Caller, user: UserId, password: &str) -> Result<(), AdministrationError> {
    let store = house.store.workspace(caller.workspace);
    let member = store.get::<Member>(Member::at(user)).await?.map(|member| member.record).filter(|member| member.removed_at.is_none());
    let member = member.ok_or(AdministrationError::Unknown("user"))?;
    if member.role >= caller.access.role {
        return Err(AdministrationError::NotAllowed("role_above_own"));
    }
    let here_alone = |user: &User| match user.workspaces.iter().all(|workspace| *workspace == caller.workspace) {
        true => Ok(()),
        false => Err(AdministrationError::NotAllowed("member_elsewhere")),
    };
    let known = house.store.global().get::<User>(User::at(user)).await?.ok_or(AdministrationError::Unknown("user"))?;
    here_alone(&known.record)?;
    let hashed = hash_password(house, password).await?;
    // The line first: of a change that was not made it tells too much, of one that was made never too little.
    let mut batch = Batch::new();
    audit(house, &mut batch, &caller.actor(), "member.password_set", user, json!({ "email": member.email }))?;
    store.commit(batch).await?;
    let change = |old: &User| here_alone(old).map(|()| User { password: hashed.clone(), ..old.clone() });
    house.store.global().change(User::at(user), change, |_, _| Ok(())).await?.ok_or(AdministrationError::Unknown("user"))?;
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
    let known = house.store.global().get::<User>(User::at(user)).await?.ok_or(AdministrationError::Unknown("user"))?.record;
    if !password_is(Some(known.password.clone()), current.to_owned()).await {
        return Err(AdministrationError::NotAllowed("wrong_password"));
    }
    let hashed = hash_password(house, new).await?;
    let mut batch = Batch::new();
    audit(house, &mut batch, &caller.actor(), "member.password_changed", user, json!({}))?;
    house.store.workspace(caller.workspace).commit(batch).await?;
    let change = |old: &User| match old.password == known.password {
        true => Ok(User { password: hashed.clone(), ..old.clone() }),
        false => Err(AdministrationError::NotAllowed("changed_meanwhile")),
    };
    house.store.global().change(User::at(user), change, |_, _| Ok(())).await?.ok_or(AdministrationError::Unknown("user"))?;
    revoke_sessions(house, user, Sessions::AllBut(session)).await?;
    Ok(known.workspaces)
}

/// The members of a workspace, without those removed.
///
/// # Errors
/// The store's word.
pub async fn members(house: &House, workspace: WorkspaceId) -> Result<Vec<Member>, AdministrationError> {
    let found = house.store.workspace(workspace).scan::<Member>(&[], Scan::first(10_000)).await?;
    Ok(found.into_iter().map(|stored| stored.record).filter(|member| member.removed_at.is_none()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_lifts_anybody_above_themselves() {
        use Role::{Admin, Manager, Owner};
        for (by, old, new, wanted) in [
            (Admin, None, Some(Manager), None),
            (Admin, None, Some(Admin), Some("owners_only")),
            (Admin, None, Some(Owner), Some("owners_only")),
            (Admin, Some(Manager), Some(Admin), Some("owners_only")),
            (Admin, Some(Admin), Some(Admin), None),
            (Admin, Some(Admin), Some(Manager), None),
            (Admin, Some(Owner), Some(Owner), Some("role_above_own")),
            (Admin, Some(Owner), None, Some("role_above_own")),
            (Admin, Some(Manager), None, None),
            (Owner, None, Some(Owner), None),
            (Owner, Some(Owner), Some(Manager), None),
        ] {
            let wanted = wanted.map_or(Ok(()), |code| Err(AdministrationError::NotAllowed(code)));
            assert_eq!(may_change(by, old, new), wanted, "{by:?}: {old:?} to {new:?}");
        }
    }

    #[test]
    fn e_mails_are_brought_into_one_form() {
        for (given, wanted) in [
            (" Anna@Shop.RU ", Some("anna@shop.ru")),
            ("анна@почта.рф", Some("анна@почта.рф")),
            ("anna", None),
            ("@shop.ru", None),
            ("a@", None),
            ("a b@shop.ru", None),
            ("a@b@c", None),
        ] {
            assert_eq!(canonical_email(given).ok().as_deref(), wanted, "{given}");
        }
    }
}
