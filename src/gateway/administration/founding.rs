//! The first workspace and its owner, made by whoever was given the code that the start of an empty installation prints.
//!
//! The code's hash goes in the commit that makes workspace and owner, so it works once, and never where there is a workspace already. The
//! membership lies in another partition: until it is made, the installation remembers its founder.

use serde_json::json;

use super::access::hash;
use super::connections::make_messenger;
use super::passwords::hash_password;
use super::people::{Joining, Made, NewUser, canonical_email, check_name, join, make_user, workspaces};
use super::profile::{check_locale, check_time_zone};
use super::sessions::{Entered, Entering, begin_in};
use super::{Actor, AdministrationError, audit};
use crate::gateway::house::House;
use crate::model::ids::WorkspaceId;
use crate::model::people::{User, Workspace};
use crate::model::protocol::{Escalation, Role};
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal};
use crate::store::records::Installation;

/// The number of the first workspace.
const FIRST: WorkspaceId = WorkspaceId(1);
/// So many codes work at once: each node prints one at its start.
const CODES: usize = 8;
const OVER: AdministrationError = AdministrationError::NotAllowed("setup_over");

/// Whether there is no workspace yet.
///
/// # Errors
/// The store's word.
pub async fn is_empty(house: &House) -> Result<bool, AdministrationError> {
    Ok(house.store.global().get::<Workspace>(Workspace::at(FIRST)).await?.is_none() && workspaces(house).await?.is_empty())
}

/// A new code for an installation without a workspace. `None`: there is one.
///
/// # Errors
/// The store's word.
pub async fn offer(house: &House) -> Result<Option<String>, AdministrationError> {
    if !is_empty(house).await? {
        return Ok(None);
    }
    let code = house.world.secret::<32>();
    let offered = |old: &Installation| {
        let mut setup = old.setup.clone();
        setup.push(hash(&code));
        let extra = setup.len().saturating_sub(CODES);
        setup.drain(..extra);
        Ok::<_, CommitError>(Installation { setup, ..old.clone() })
    };
    house.store.global().change(Installation::at(), offered, |_, _| Ok(())).await?;
    Ok(Some(code))
}

/// What the founder says.
#[derive(Debug, Clone)]
pub struct Founding {
    /// The workspace's name.
    pub workspace: String,
    /// The owner's name.
    pub name: String,
    /// Their e-mail.
    pub email: String,
    /// Their password.
    pub password: String,
    /// The language of both.
    pub locale: String,
    /// The time zone of both.
    pub time_zone: String,
}

/// Makes the first workspace and its owner, and logs the owner in.
///
/// # Errors
/// `setup_over`: another code, or there is a workspace; a field is wrong; or the store's word.
pub async fn found(house: &House, code: &str, said: Founding, from: &Entering) -> Result<Entered, AdministrationError> {
    let store = house.store.global();
    let code = hash(code);
    let installation = store.get::<Installation>(Installation::at()).await?.filter(|one| one.record.setup.contains(&code)).ok_or(OVER)?;
    if !is_empty(house).await? {
        return Err(OVER);
    }
    let workspace = said.workspace.trim();
    if workspace.is_empty() || workspace.chars().count() > 100 {
        let code = if workspace.is_empty() { "required" } else { "too_long" };
        return Err(AdministrationError::Wrong { field: "workspace", code });
    }
    check_locale(&said.locale)?;
    check_time_zone(&said.time_zone)?;
    let (email, name) = (canonical_email(&said.email)?, check_name(&said.name)?);
    let password = hash_password(house, &said.password).await?;
    let space = Workspace {
        id: FIRST,
        name: workspace.to_owned(),
        epoch: house.world.secret::<8>(),
        locale: said.locale.clone(),
        time_zone: said.time_zone.clone(),
        created_at: house.world.now(),
        escalation: Escalation::default(),
    };
    let new = NewUser { email, name, password, locale: said.locale, time_zone: said.time_zone, workspaces: vec![FIRST] };
    let also = |user: &User, batch: &mut Batch| {
        batch.insert(&space)?;
        batch.update(&installation, &Installation { setup: Vec::new(), founder: Some(user.id), ..installation.record.clone() })
    };
    let user = match make_user(house, new, also).await {
        Ok(Made::User(user)) => user,
        // A user without a workspace, by a command that broke off: the operator makes them an owner by the command line.
        Ok(Made::Known(_)) => return Err(AdministrationError::Wrong { field: "email", code: "email_taken" }),
        Err(AdministrationError::Commit(CommitError::Refused(Refusal::Conflict { .. }))) => return Err(OVER),
        Err(error) => return Err(error),
    };
    finish(house).await?;
    begin_in(house, FIRST, user.id, from).await
}

/// Makes the founder a member, if that is still to be done. Called after the founding, and at every start for one that broke off there.
///
/// # Errors
/// The store's word.
pub async fn finish(house: &House) -> Result<(), AdministrationError> {
    let store = house.store.global();
    let Some(installation) = store.get::<Installation>(Installation::at()).await? else { return Ok(()) };
    let Some(founder) = installation.record.founder else { return Ok(()) };
    if let Some(user) = store.get::<User>(User::at(founder)).await? {
        let actor = Actor { id: founder.to_string(), name: user.record.name.clone() };
        let mut batch = Batch::new();
        audit(house, &mut batch, &actor, "workspace.created", FIRST, json!({}))?;
        house.store.workspace(FIRST).commit(batch).await?;
        let how = Joining { role: Role::Owner, channels: None, action: "member.joined" };
        join(house, FIRST, &actor, &user.record, how).await?;
        // A workspace without it gets it when its connections are first looked at.
        make_messenger(house, FIRST).await?;
    }
    let settled = |old: &Installation| Ok::<_, CommitError>(Installation { founder: None, ..old.clone() });
    store.change(Installation::at(), settled, |_, _| Ok(())).await?;
    Ok(())
}
