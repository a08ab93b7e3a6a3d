//! Notices: who is told of what, decided from the feed, and told durably.
//!
//! * [`decide`]: from the feed's entries to what people are still to be told, and how far the feed was looked through, in one commit
//! * [`deliver`]: what is due goes to devices and into letters; looked at again right before, for much may have happened since
//! * [`answers`]: letters to visitors who left
//! * [`lookers`]: who looks at which conversation right now
//! * [`words`]: what a push says
//!
//! One node attends to a workspace, the one that fires its timers. Where two believe it for a moment, the versions of the records see to
//! it that each thing is decided and begun once.

pub mod answers;
pub mod decide;
pub mod deliver;
pub mod lookers;
pub mod words;

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use secrecy::ExposeSecret;
use tokio::sync::Notify;

use self::lookers::Lookers;
use super::house::House;
use crate::model::ids::WorkspaceId;
use crate::outside::web_push::PushKey;
use crate::store::port::{CommitError, StoreError};
use crate::store::records::{Installation, streams};

/// What the tasks of one workspace share.
struct Desk {
    house: Arc<House>,
    workspace: WorkspaceId,
    lookers: Lookers,
    /// Something is to be told: need not wait for the next look.
    wake: Notify,
}

/// Attends to a workspace until it is dropped.
pub async fn attend(house: Arc<House>, workspace: WorkspaceId) {
    let desk = Desk { house, workspace, lookers: Lookers::default(), wake: Notify::new() };
    tokio::join!(deciding(&desk), delivering(&desk), lookers::listen(&desk.house, workspace, &desk.lookers, &desk.wake));
}

async fn deciding(desk: &Desk) {
    let store = desk.house.store.workspace(desk.workspace);
    let mut grown = store.watch(&streams::feed());
    let mut follower = decide::Follower::default();
    loop {
        grown.borrow_and_update();
        match follower.turn(&desk.house, desk.workspace).await {
            Ok(decide::Turn::More(told)) => {
                if told {
                    desk.wake.notify_one();
                }
            }
            Ok(decide::Turn::End) => {
                let _ = tokio::time::timeout(Duration::from_secs(5), grown.changed()).await; // the sweep covers a lost wake
            }
            Err(error) => pause(desk.workspace, &error).await,
        }
    }
}

async fn delivering(desk: &Desk) {
    loop {
        if let Err(error) = answers::round(&desk.house, desk.workspace).await {
            pause(desk.workspace, &error).await;
        }
        match deliver::round(&desk.house, desk.workspace, &desk.lookers).await {
            Ok(true) => {}
            // Not sooner than a beat: what is due later is found then.
            Ok(false) => {
                let _ = tokio::time::timeout(desk.house.beat(), desk.wake.notified()).await;
            }
            Err(error) => pause(desk.workspace, &error).await,
        }
    }
}

async fn pause(workspace: WorkspaceId, error: &StoreError) {
    tracing::warn!(%workspace, %error, "notices wait for the store");
    tokio::time::sleep(Duration::from_secs(1)).await;
}

const KEY_CONTEXT: &str = "push_key";

/// The key by which push services know this installation; made at first need.
///
/// # Errors
/// The store's failure, or it cannot be opened.
pub async fn push_key(house: &House) -> Result<&PushKey, StoreError> {
    house.push_key.get_or_try_init(|| read_push_key(house)).await
}

async fn read_push_key(house: &House) -> Result<PushKey, StoreError> {
    let store = house.store.global();
    let known = store.get::<Installation>(Installation::at()).await?.and_then(|known| known.record.push_key);
    let sealed = match known {
        Some(sealed) => sealed,
        None => {
            let made = house.keyring.seal(
                KEY_CONTEXT,
                BASE64URL_NOPAD.encode(&PushKey::random(house.world.as_ref()).to_bytes()).as_bytes(),
                house.world.as_ref(),
            );
            // Another node may be quicker: then its key is the one.
            let change = |old: &Installation| {
                Ok::<_, CommitError>(Installation { push_key: Some(old.push_key.clone().unwrap_or_else(|| made.clone())), ..old.clone() })
            };
            let kept = store.change(Installation::at(), change, |_, _| Ok(())).await.map_err(|error| match error {
                CommitError::Store(error) => error,
                CommitError::Refused(refusal) => StoreError::Invalid(format!("{refusal:?}")),
            })?;
            kept.and_then(|kept| kept.record.push_key).unwrap_or_default()
        }
    };
    let unfit = || StoreError::Unfit("the key for pushes cannot be opened".to_owned());
    let opened = house.keyring.open_text(KEY_CONTEXT, &sealed).map_err(|_| unfit())?;
    let bytes = BASE64URL_NOPAD.decode(opened.expose_secret().as_bytes()).map_err(|_| unfit())?;
    PushKey::read(&bytes).ok_or_else(unfit)
}
