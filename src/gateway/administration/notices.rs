//! What somebody wants to be told, the devices they are told on, and whether they are away.

use super::access::Caller;
use super::personal::put;
use super::tags::told;
use super::{AdministrationError, sessions};
use crate::gateway::house::House;
use crate::gateway::notices::deliver::context;
use crate::gateway::signals::{self, Signal};
use crate::model::ids::{SessionId, UserId, WorkspaceId};
use crate::model::notice::{Absence, Notice, NoticeTopic, NoticeWay, NoticeWishes, PushSubscription};
use crate::model::protocol::{NoticeSettings, Setting};
use crate::model::time::Time;
use crate::outside::web_push::Target;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};

/// A trial that did not arrive for so long is of no use.
const TRIAL_LIFE_MS: i64 = 5 * 60_000;
/// The most devices of one workspace.
const DEVICES: usize = 1_000;
/// The longest time somebody is away for.
const AWAY_LIMIT_MS: i64 = 366 * 24 * 60 * 60 * 1_000;

fn person(caller: &Caller) -> Result<UserId, AdministrationError> {
    caller.user.ok_or(AdministrationError::NotAllowed("people_only"))
}

/// What the caller wants to be told.
///
/// # Errors
/// `people_only`, or the store's word.
pub async fn wishes(house: &House, caller: &Caller) -> Result<NoticeSettings, AdministrationError> {
    let known = house.store.workspace(caller.workspace).get::<NoticeWishes>(NoticeWishes::at(person(caller)?)).await?;
    Ok(known.map(|known| known.record.settings).unwrap_or_default())
}

/// Keeps what the caller wants to be told.
///
/// # Errors
/// What is wrong with it, or the store's word.
pub async fn set_wishes(house: &House, caller: &Caller, settings: NoticeSettings) -> Result<(), AdministrationError> {
    let user = person(caller)?;
    settings.check().map_err(|(field, code)| AdministrationError::Wrong { field, code })?;
    let store = house.store.workspace(caller.workspace);
    put(&store, NoticeWishes::at(user), Some(&NoticeWishes { user, settings, at: house.world.now() })).await
}

/// The caller's devices, those whose session is still open.
///
/// # Errors
/// `people_only`, or the store's word.
pub async fn devices(house: &House, caller: &Caller) -> Result<Vec<PushSubscription>, AdministrationError> {
    let user = person(caller)?;
    let open: Vec<SessionId> = sessions::sessions(house, user).await?.into_iter().map(|(id, _)| id).collect();
    let all = house.store.workspace(caller.workspace).scan::<PushSubscription>(&[], Scan::first(DEVICES)).await?;
    Ok(all.into_iter().map(|stored| stored.record).filter(|device| device.user == user && open.contains(&device.session)).collect())
}

/// The browser the caller asks with takes pushes from now on.
///
/// # Errors
/// `people_only`, it is no address, or the store's word.
pub async fn subscribe(house: &House, caller: &Caller, target: &Target) -> Result<(), AdministrationError> {
    let (user, session) = (person(caller)?, caller.session.ok_or(AdministrationError::NotAllowed("people_only"))?);
    target.check(&house.outside).map_err(|_| AdministrationError::Wrong { field: "endpoint", code: "push_target_invalid" })?;
    let known = sessions::sessions(house, user).await?;
    let label = known.into_iter().find(|(id, _)| *id == session).map(|(_, session)| session.device).unwrap_or_default();
    let text = serde_json::to_vec(target).map_err(|error| StoreError::Invalid(error.to_string()))?;
    let sealed = house.keyring.seal(&context(session), &text, house.world.as_ref());
    let store = house.store.workspace(caller.workspace);
    put(&store, PushSubscription::at(session), Some(&PushSubscription { user, session, label, sealed, created_at: house.world.now() })).await
}

/// A device of the caller's takes none any more.
///
/// # Errors
/// There is no such device of theirs, or the store's word.
pub async fn unsubscribe(house: &House, caller: &Caller, session: SessionId) -> Result<(), AdministrationError> {
    let (user, store) = (person(caller)?, house.store.workspace(caller.workspace));
    let known = store.get::<PushSubscription>(PushSubscription::at(session)).await?;
    if known.is_none_or(|known| known.record.user != user) {
        return Err(AdministrationError::Unknown("device"));
    }
    put::<PushSubscription>(&store, PushSubscription::at(session), None).await
}

/// Sends a push to try whether it arrives at the browser the caller asks with.
///
/// # Errors
/// It takes none, or the store's word.
pub async fn try_push(house: &House, caller: &Caller) -> Result<(), AdministrationError> {
    let (user, session) = (person(caller)?, caller.session.ok_or(AdministrationError::NotAllowed("people_only"))?);
    let (store, now) = (house.store.workspace(caller.workspace), house.world.now());
    if store.get::<PushSubscription>(PushSubscription::at(session)).await?.is_none_or(|known| known.record.user != user) {
        return Err(AdministrationError::NotAllowed("push_off"));
    }
    let notice = Notice {
        user,
        way: NoticeWay::Push { session },
        topic: NoticeTopic::Trial,
        event: None,
        message: None,
        by: String::new(),
        place: 0,
        rounds: 0,
        tries: 0,
        next_at: now,
        until: now.plus_ms(TRIAL_LIFE_MS),
        created_at: now,
    };
    let mut batch = Batch::new();
    batch.insert(&notice)?;
    match store.commit(batch).await {
        // One is on its way already.
        Ok(_) | Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
        Err(error) => return Err(error.into()),
    }
    signals::send(house, caller.workspace, &Signal::Notices).await;
    Ok(())
}

/// Who is away now.
///
/// # Errors
/// The store's word.
pub async fn absences(house: &House, workspace: WorkspaceId) -> Result<Vec<Absence>, AdministrationError> {
    let now = house.world.now();
    let all = house.store.workspace(workspace).scan::<Absence>(&[], Scan::first(10_000)).await?;
    Ok(all.into_iter().map(|stored| stored.record).filter(|absence| absence.holds(now)).collect())
}

/// The caller is away from now on, or back. Everybody is told.
///
/// # Errors
/// `people_only`, the moment is none, or the store's word.
pub async fn set_away(house: &House, caller: &Caller, away: bool, until: Option<Time>) -> Result<(), AdministrationError> {
    let (user, store, now) = (person(caller)?, house.store.workspace(caller.workspace), house.world.now());
    if until.is_some_and(|until| !(1..=AWAY_LIMIT_MS).contains(&until.since(now))) {
        return Err(AdministrationError::Wrong { field: "until", code: "bad_moment" });
    }
    for _ in 0..10 {
        let mut batch = Batch::new();
        let absence = Absence { user, until, since: now };
        match (store.get::<Absence>(Absence::at(user)).await?, away) {
            (Some(old), true) => batch.update(&old, &absence)?,
            (None, true) => batch.insert(&absence)?,
            (Some(old), false) => batch.remove(&old),
            (None, false) => return Ok(()),
        }
        told(&mut batch, Setting::People)?;
        match store.commit(batch).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AdministrationError::NotAllowed("changes_too_fast"))
}
