//! Accounts a provider tells of by itself: a Business connection of a Telegram bot.

use serde_json::json;

use crate::channel::contract::LoginAccount;
use crate::gateway::commands::CommandError;
use crate::gateway::conversation::desk::Desk;
use crate::gateway::entries::{self, FeedEntry};
use crate::model::connection::ChannelAccount;
use crate::model::ids::AccountId;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Refusal, Scan};
use crate::store::records::streams;
use crate::store::table::Stored;

/// How many names are tried before the account's own id stands in its name.
const NAMES: u32 = 20;

/// An account is there, or something of it changed. One that its owner took off stays off.
pub(super) async fn told(desk: &Desk, told: &LoginAccount) -> Result<(), CommandError> {
    for attempt in 0..NAMES {
        let group = Key::new().number(desk.login.0).done();
        let known = desk.store.scan_index::<ChannelAccount>(ChannelAccount::BY_LOGIN, &group, Scan::first(1_000)).await?;
        let known = known.into_iter().map(|(_, stored)| stored).find(|stored| stored.record.external_id == told.external_id);
        let mut batch = Batch::new();
        let id = match known {
            Some(old) => match changed(&old, told) {
                Some(new) => {
                    batch.update(&old, &new)?;
                    new.id
                }
                None => return Ok(()),
            },
            None => {
                let new = made(desk, told, attempt)?;
                batch.insert(&new)?;
                new.id
            }
        };
        batch.append(&streams::feed(), entries::write(&FeedEntry::Account { a: id, lost: told.refused.is_some() })?);
        batch.fence(&desk.owner, desk.token);
        match desk.store.commit(batch).await {
            Ok(_) => {
                desk.house.accounts.forget(desk.workspace, id);
                return Ok(());
            }
            Err(CommitError::Refused(Refusal::Fenced { .. })) => return Err(CommandError::Fenced),
            // Somebody changed it meanwhile, or another channel has this name: look again, with another one.
            Err(CommitError::Refused(Refusal::Conflict { .. } | Refusal::NotUnique { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(CommandError::TryAgain("conflicts".to_owned()))
}

fn changed(old: &Stored<ChannelAccount>, told: &LoginAccount) -> Option<ChannelAccount> {
    let mut new = old.record.clone();
    new.facts.extend(told.facts.clone());
    new.refused.clone_from(&told.refused);
    (new.removed_at.is_none() && new != old.record).then_some(new)
}

fn made(desk: &Desk, told: &LoginAccount, attempt: u32) -> Result<ChannelAccount, CommandError> {
    let settings = desk.channel.check_settings(told.kind, &json!({})).map_err(|error| CommandError::Refused(error.reason))?;
    let name: String = told.name.chars().take(80).collect();
    let name = match attempt {
        0 if !name.is_empty() => name,
        attempt if attempt + 1 < NAMES => format!("{name} {}", attempt + 1).trim().to_owned(),
        _ => format!("{name} {}", told.external_id),
    };
    Ok(ChannelAccount {
        id: AccountId(desk.house.world.id()),
        login: desk.login,
        kind: told.kind,
        external_id: told.external_id.clone(),
        name,
        active: true,
        settings,
        facts: told.facts.clone(),
        refused: told.refused.clone(),
        created_at: desk.house.world.now(),
        removed_at: None,
    })
}
