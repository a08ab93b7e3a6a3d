//! The sources of our integration: one for each channel account, so that amoCRM says at a deal by which it came, and people who write first
//! choose by which it goes. Only an integration with a widget's archive may have any; where it may not, messages go without.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::api::Api;
use super::errors::Failure;
use crate::crm::contract::{CrmContext, CrmError};
use crate::model::connection::ChannelAccount;
use crate::model::ids::{AccountId, ConnectionId};
use crate::model::time::Time;

/// What was found out is believed for so long, milliseconds.
const GOOD_MS: i64 = 24 * 60 * 60_000;
/// So many are remembered.
const MOST: usize = 10_000;

/// What is known of a source.
#[derive(Debug, Clone)]
struct Known {
    /// Its name there; none: there can be none.
    name: Option<String>,
    until: Time,
}

/// The sources that are known to be there, or not.
#[derive(Debug, Default)]
pub(super) struct Sources {
    known: Mutex<BTreeMap<(ConnectionId, AccountId), Known>>,
}

impl Sources {
    fn get(&self, key: (ConnectionId, AccountId), now: Time) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&key).filter(|known| known.until > now).cloned()
    }

    fn put(&self, key: (ConnectionId, AccountId), name: Option<String>, now: Time) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, Known { name, until: now.plus_ms(GOOD_MS) });
    }

    /// The source of an account, made or named as the account is called now. None: the integration may have none.
    ///
    /// # Errors
    /// What it means, but for a refusal: then messages go without a source.
    pub(super) async fn of(&self, api: &Api<'_>, context: &CrmContext, account: &ChannelAccount) -> Result<Option<String>, CrmError> {
        let (key, now) = ((context.connection.id, account.id), context.now);
        let external = account.id.to_string();
        match self.get(key, now) {
            Some(Known { name: None, .. }) => return Ok(None),
            Some(Known { name: Some(name), .. }) if name == account.name => return Ok(Some(external)),
            Some(_) | None => {}
        }
        match set(api, context, &external, &account.name).await.map_err(CrmError::from) {
            Ok(()) => {
                self.put(key, Some(account.name.clone()), now);
                Ok(Some(external))
            }
            Err(CrmError::Rejected(_)) => {
                self.put(key, None, now);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Makes a source, or gives it its name. Twice has the effect of once: it is looked for first.
async fn set(api: &Api<'_>, context: &CrmContext, external: &str, name: &str) -> Result<(), Failure> {
    let found = api.sources().await?.into_iter().find(|source| source.external_id == external);
    match found {
        Some(source) if source.name == name => Ok(()),
        Some(source) => api.rename_source(source.id, name).await,
        None => {
            let channel = context.app.as_ref().and_then(|(app, _)| app.facts.get("channel_code")).filter(|code| !code.is_empty());
            api.make_source(name, external, None, channel.map(String::as_str)).await.map(|_| ())
        }
    }
}
