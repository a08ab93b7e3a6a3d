//! What people and workspaces say of themselves.

use jiff::tz::TimeZone;
use serde_json::json;

use super::access::Caller;
use super::people::{MemberChange, canonical_email, change_member};
use super::{AdministrationError, audit};
use crate::gateway::house::House;
use crate::model::people::{User, Workspace};
use crate::model::protocol::Escalation;
use crate::store::batch::Batch;
use crate::store::port::CommitError;

/// What somebody changes of themselves.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// Another name.
    pub name: Option<String>,
    /// `ru`, `en` or `es`.
    pub locale: Option<String>,
    /// A name of the time zone database; empty: the workspace's.
    pub time_zone: Option<String>,
    /// A phone; empty: none.
    pub phone: Option<String>,
    /// A second address; empty: none.
    pub notify_email: Option<String>,
}

/// Whether the screens speak this language.
///
/// # Errors
/// `locale_unknown`.
pub fn check_locale(locale: &str) -> Result<(), AdministrationError> {
    match ["ru", "en", "es"].contains(&locale) {
        true => Ok(()),
        false => Err(AdministrationError::Wrong { field: "locale", code: "locale_unknown" }),
    }
}

/// Whether there is such a time zone.
///
/// # Errors
/// `time_zone_unknown`.
pub fn check_time_zone(name: &str) -> Result<(), AdministrationError> {
    match name.len() <= 64 && TimeZone::get(name).is_ok() {
        true => Ok(()),
        false => Err(AdministrationError::Wrong { field: "time_zone", code: "time_zone_unknown" }),
    }
}

/// A phone as people write one: digits with what stands between them.
fn check_phone(text: &str) -> Result<String, AdministrationError> {
    let phone = text.trim();
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let fits = phone.chars().all(|letter| letter.is_ascii_digit() || "+-() ".contains(letter)) && phone.len() <= 32 && (5..=20).contains(&digits);
    match phone.is_empty() || fits {
        true => Ok(phone.to_owned()),
        false => Err(AdministrationError::Wrong { field: "phone", code: "phone_invalid" }),
    }
}

/// The caller's own record.
///
/// # Errors
/// `people_only`, or the store's word.
pub async fn own(house: &House, caller: &Caller) -> Result<User, AdministrationError> {
    let user = caller.user.ok_or(AdministrationError::NotAllowed("people_only"))?;
    Ok(house.store.global().get::<User>(User::at(user)).await?.ok_or(AdministrationError::Unknown("user"))?.record)
}

/// Changes what somebody says of themselves; everything is checked before anything is written. Answers the record.
///
/// # Errors
/// `people_only`, a field is wrong, or the store's word.
pub async fn change_own(house: &House, caller: &mut Caller, change: ProfileChange) -> Result<User, AdministrationError> {
    let user = caller.user.ok_or(AdministrationError::NotAllowed("people_only"))?;
    change.locale.as_deref().map(check_locale).transpose()?;
    change.time_zone.as_deref().filter(|zone| !zone.is_empty()).map(check_time_zone).transpose()?;
    let phone = change.phone.as_deref().map(check_phone).transpose()?;
    let notify = change.notify_email.as_deref().map(str::trim).map(|email| if email.is_empty() { Ok(String::new()) } else { canonical_email(email) });
    let notify = notify.transpose().map_err(|_| AdministrationError::Wrong { field: "notify_email", code: "email_invalid" })?;
    if let Some(name) = change.name {
        let change = MemberChange { name: Some(name), ..MemberChange::default() };
        caller.name = change_member(house, caller.workspace, &caller.actor(), user, &change).await?.name;
    }
    let changed = |old: &User| {
        let mut new = old.clone();
        new.locale = change.locale.clone().unwrap_or(new.locale);
        new.time_zone = change.time_zone.clone().unwrap_or(new.time_zone);
        new.phone = phone.clone().unwrap_or(new.phone);
        new.notify_email = notify.clone().unwrap_or(new.notify_email);
        Ok::<_, CommitError>(new)
    };
    let new = house.store.global().change(User::at(user), changed, |_, _| Ok(())).await?.ok_or(AdministrationError::Unknown("user"))?.record;
    caller.locale.clone_from(&new.locale);
    Ok(new)
}

/// The caller's workspace.
///
/// # Errors
/// The store's word.
pub async fn workspace(house: &House, caller: &Caller) -> Result<Workspace, AdministrationError> {
    let found = house.store.global().get::<Workspace>(Workspace::at(caller.workspace)).await?;
    Ok(found.ok_or(AdministrationError::Unknown("workspace"))?.record)
}

/// What is changed of a workspace.
#[derive(Debug, Clone, Default)]
pub struct WorkspaceChange {
    /// Another name.
    pub name: Option<String>,
    /// `ru`, `en` or `es`.
    pub locale: Option<String>,
    /// A name of the time zone database.
    pub time_zone: Option<String>,
    /// When it is told that a customer waits too long.
    pub escalation: Option<Escalation>,
}

/// The longest a customer may wait, minutes.
const WAIT_LIMIT: u32 = 7 * 24 * 60;

fn check_escalation(escalation: &Escalation) -> Result<(), AdministrationError> {
    if !(1..=WAIT_LIMIT).contains(&escalation.minutes) {
        return Err(AdministrationError::Wrong { field: "minutes", code: "out_of_range" });
    }
    if escalation.more_minutes > WAIT_LIMIT {
        return Err(AdministrationError::Wrong { field: "more_minutes", code: "out_of_range" });
    }
    escalation.hours.check().map_err(|(field, code)| AdministrationError::Wrong { field, code })
}

/// Changes a workspace.
///
/// # Errors
/// A field is wrong, or the store's word.
pub async fn change_workspace(house: &House, caller: &Caller, change: WorkspaceChange) -> Result<Workspace, AdministrationError> {
    change.locale.as_deref().map(check_locale).transpose()?;
    change.time_zone.as_deref().map(check_time_zone).transpose()?;
    let name = change.name.as_deref().map(super::people::check_name).transpose()?;
    change.escalation.as_ref().map(check_escalation).transpose()?;
    let old = workspace(house, caller).await?;
    let next = |old: &Workspace| Workspace {
        name: name.clone().unwrap_or_else(|| old.name.clone()),
        locale: change.locale.clone().unwrap_or_else(|| old.locale.clone()),
        time_zone: change.time_zone.clone().unwrap_or_else(|| old.time_zone.clone()),
        escalation: change.escalation.clone().unwrap_or_else(|| old.escalation.clone()),
        ..old.clone()
    };
    let new = next(&old);
    let said =
        |space: &Workspace| json!({ "name": space.name, "locale": space.locale, "time_zone": space.time_zone, "escalation": space.escalation });
    let mut batch = Batch::new();
    audit(house, &mut batch, &caller.actor(), "workspace.changed", caller.workspace, json!({ "old": said(&old), "new": said(&new) }))?;
    house.store.workspace(caller.workspace).commit(batch).await?;
    let changed = house.store.global().change(Workspace::at(caller.workspace), |old| Ok::<_, CommitError>(next(old)), |_, _| Ok(())).await?;
    house.spaces.forget(&caller.workspace);
    Ok(changed.ok_or(AdministrationError::Unknown("workspace"))?.record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_and_phones_are_checked() {
        for (zone, known) in [("Europe/Moscow", true), ("UTC", true), ("Mars/Base", false), ("", false), ("../etc/passwd", false)] {
            assert_eq!(check_time_zone(zone).is_ok(), known, "{zone}");
        }
        for (phone, wanted) in [(" +7 (999) 000-00-00 ", Some("+7 (999) 000-00-00")), ("", Some("")), ("12", None), ("звоните", None)] {
            assert_eq!(check_phone(phone).ok().as_deref(), wanted, "{phone}");
        }
    }
}
