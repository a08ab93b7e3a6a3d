//! Workspaces, users, members.

use serde_json::json;

use super::channels::check_channels;
use super::passwords::hash_password;
use super::{Actor, AdministrationError, audit};
use crate::gateway::house::House;
use crate::model::ids::{AccountId, UserId, WorkspaceId};
use crate::model::people::{Member, User, Workspace};
use crate::model::protocol::{Escalation, Role};
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::table::{Record, Stored};

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
            escalation: Escalation::default(),
        };
        let mut batch = Batch::new();
        batch.insert(&workspace)?;
        match store.commit(batch).await {
            Ok(_) => {
                super::connections::make_messenger(house, workspace.id).await?;
                return Ok(workspace);
            }
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

pub(super) fn check_name(name: &str) -> Result<String, AdministrationError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(AdministrationError::Wrong { field: "name", code: "required" });
    }
    if name.chars().count() > 100 {
        return Err(AdministrationError::Wrong { field: "name", code: "too_long" });
    }
    Ok(name.to_owned())
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
        None => {
            let password = hash_password(house, &new.password).await?;
            let user = NewUser { email, name, password, locale: "ru".to_owned(), time_zone: String::new(), workspaces: Vec::new() };
            match make_user(house, user, |_, _| Ok(())).await? {
                Made::User(user) | Made::Known(user) => user,
            }
        }
    };
    if member(house, workspace, user.id).await?.is_some() {
        return Err(AdministrationError::Wrong { field: "email", code: "email_taken" });
    }
    join(house, workspace, actor, &user, Joining { role: new.role, channels: new.channels, action: "member.added" }).await
}

/// How somebody becomes a member.
pub(super) struct Joining {
    /// What they may do.
    pub(super) role: Role,
    /// The channels they may see; none: all.
    pub(super) channels: Option<Vec<AccountId>>,
    /// What the audit log calls it.
    pub(super) action: &'static str,
}

/// Makes a user a member, who is none now.
pub(super) async fn join(house: &House, workspace: WorkspaceId, actor: &Actor, user: &User, how: Joining) -> Result<Member, AdministrationError> {
    let member = Member {
        user: user.id,
        name: user.name.clone(),
        email: user.email.clone(),
        role: how.role,
        channels: how.channels,
        created_at: house.world.now(),
        removed_at: None,
    };
    let store = house.store.workspace(workspace);
    let old = store.get::<Member>(Member::at(user.id)).await?;
    let mut batch = Batch::new();
    match &old {
        Some(old) if old.record.removed_at.is_none() => return Ok(old.record.clone()),
        Some(old) => batch.update(old, &member)?,
        None => batch.insert(&member)?,
    }
    let details = json!({ "email": member.email, "role": member.role, "channels": member.channels });
    audit(house, &mut batch, actor, how.action, user.id, details)?;
    store.commit(batch).await?;
    let belongs = |user: &User| {
        let mut user = user.clone();
        if !user.workspaces.contains(&workspace) {
            user.workspaces.push(workspace);
        }
        Ok::<_, CommitError>(user)
    };
    house.store.global().change(User::at(user.id), belongs, |_, _| Ok(())).await?;
    Ok(member)
}

/// A user who is to be made. Everything was checked.
#[derive(Debug, Clone)]
pub(super) struct NewUser {
    /// The e-mail, in its form.
    pub(super) email: String,
    /// The name.
    pub(super) name: String,
    /// The hash of the password.
    pub(super) password: String,
    /// The language.
    pub(super) locale: String,
    /// The time zone; empty: the workspace's.
    pub(super) time_zone: String,
    /// The workspaces they will be members of at once.
    pub(super) workspaces: Vec<WorkspaceId>,
}

/// What came of making a user.
pub(super) enum Made {
    /// The user.
    User(User),
    /// Somebody else made one with this e-mail at the same moment.
    Known(User),
}

/// Makes a user; `also` adds what must be in the same commit.
pub(super) async fn make_user(
    house: &House, new: NewUser, also: impl Fn(&User, &mut Batch) -> Result<(), StoreError>,
) -> Result<Made, AdministrationError> {
    let store = house.store.global();
    for _ in 0..20 {
        let last = store.scan::<User>(&[], Scan::last(1)).await?;
        let user = User {
            id: UserId(house.world.id()),
            number: last.first().map_or(1, |last| last.record.number.saturating_add(1)),
            email: new.email.clone(),
            name: new.name.clone(),
            password: new.password.clone(),
            locale: new.locale.clone(),
            created_at: house.world.now(),
            workspaces: new.workspaces.clone(),
            phone: String::new(),
            notify_email: String::new(),
            time_zone: new.time_zone.clone(),
            second_factor: None,
            enrolment: None,
        };
        let mut batch = Batch::new();
        batch.insert(&user)?;
        also(&user, &mut batch)?;
        match store.commit(batch).await {
            Ok(_) => return Ok(Made::User(user)),
            Err(CommitError::Refused(Refusal::NotUnique { index: User::BY_EMAIL, table: User::TABLE, .. })) => {
                if let Some(user) = find_user(house, &new.email).await? {
                    return Ok(Made::Known(user.record));
                }
            }
            Err(CommitError::Refused(Refusal::Conflict { table: User::TABLE, .. })) => {}
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
            batch.expect(Member::TABLE, Member::at(other.record.user), Some(other.version));
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

/// A member, unless they were removed.
///
/// # Errors
/// The store's word.
pub async fn member(house: &House, workspace: WorkspaceId, user: UserId) -> Result<Option<Member>, AdministrationError> {
    let found = house.store.workspace(workspace).get::<Member>(Member::at(user)).await?;
    Ok(found.map(|member| member.record).filter(|member| member.removed_at.is_none()))
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
