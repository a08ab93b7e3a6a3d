//! Tells the provider where to send what happens at a login: once it is connected, and again when it was connected anew or this installation
//! has another address. Until it succeeded it is tried again, and the login's health says why it has not.

use std::sync::Arc;
use std::time::Duration;

use super::calls::{self, During};
use crate::channel::capability::{Connect, HookAddress};
use crate::channel::contract::SendError;
use crate::gateway::administration::connecting::{SET_UP_FOR, hook_secret};
use crate::gateway::commands::CommandError;
use crate::gateway::conversation::desk::Desk;
use crate::gateway::entries::{self, FeedEntry};
use crate::model::connection::{Health, HealthState, ProviderLogin};
use crate::model::reason::Reason;
use crate::store::batch::Batch;
use crate::store::port::CommitError;
use crate::store::records::streams;

/// It takes no longer, milliseconds.
const LIMIT_MS: i64 = 60_000;
/// The pause after a try that failed: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(600));
/// What stands for an installation that cannot be reached from outside.
const NOWHERE: &str = "-";

/// Runs as long as the actor.
pub(super) async fn run(desk: Arc<Desk>) -> Result<(), CommandError> {
    let Some(connect) = desk.channel.connect() else { return std::future::pending().await };
    let mut changed = desk.changed.subscribe();
    let mut failures = 0_u32;
    loop {
        changed.borrow_and_update();
        let pause = match set_up(&desk, connect).await {
            Ok(()) => {
                failures = 0;
                None
            }
            Err(reason) => {
                tracing::warn!(login = %desk.login, code = reason.code, "the provider could not be told where to send");
                calls::trouble(&desk, Health::Degraded, reason, During::SettingUp).await;
                failures = failures.saturating_add(1);
                let (first, greatest) = PAUSE;
                Some(first.saturating_mul(1 << failures.min(16)).min(greatest))
            }
        };
        match pause {
            Some(pause) => drop(tokio::time::timeout(pause, changed.changed()).await),
            None => drop(changed.changed().await),
        }
    }
}

async fn set_up(desk: &Desk, connect: &dyn Connect) -> Result<(), Reason> {
    let words = |error: &dyn std::fmt::Display| Reason::new("login_unreadable").said(&error.to_string());
    let address = desk.house.public_address().unwrap_or(NOWHERE).to_owned();
    let prepared = calls::prepare(desk, desk.house.world.now().plus_ms(LIMIT_MS)).await.map_err(SendError::reason)?;
    if prepared.login.removed_at.is_some() {
        return Ok(());
    }
    if prepared.login.facts.get(SET_UP_FOR) == Some(&address) {
        // It may have been told in vain of another address meanwhile.
        calls::mended(desk, During::SettingUp).await;
        return Ok(());
    }
    let hook = match address.as_str() {
        NOWHERE => None,
        base => {
            let secret = hook_secret(&desk.house, desk.workspace, desk.login).await.map_err(|error| words(&error))?;
            Some(HookAddress { url: format!("{base}/hooks/{}/{secret}", desk.login), secret })
        }
    };
    desk.throttle.turn().await;
    let told = calls::limited(&prepared, connect.set_up(&prepared.context, &prepared.login, hook.as_ref())).await;
    let told = match told {
        Ok(told) => told,
        Err(SendError::AccessLost(reason)) => {
            calls::trouble(desk, Health::AccessLost, reason, During::SettingUp).await;
            // Nothing helps but connecting anew, which says so.
            return Ok(());
        }
        Err(error) => return Err(error.reason()),
    };
    let (sealed, now) = (prepared.login.sealed.clone(), desk.house.world.now());
    let change = |login: &ProviderLogin| {
        let mut new = login.clone();
        // Connected anew meanwhile: that one is set up by itself.
        if login.sealed == sealed {
            new.facts.extend(told.clone());
            new.facts.insert(SET_UP_FOR.to_owned(), address.clone());
            if During::SettingUp.mends(&new.health) {
                new.health = HealthState { status: Health::Connected, reason: None, since: now };
            }
        }
        Ok::<_, CommitError>(new)
    };
    let tell = |_: &ProviderLogin, batch: &mut Batch| {
        desk.accounts().into_iter().try_for_each(|a| {
            batch.append(&streams::feed(), entries::write(&FeedEntry::Account { a, lost: false })?);
            Ok(())
        })
    };
    desk.store.change(ProviderLogin::at(desk.login), change, tell).await.map_err(|error| words(&error))?;
    tracing::info!(login = %desk.login, address, "the provider knows where to send");
    desk.changed();
    Ok(())
}
