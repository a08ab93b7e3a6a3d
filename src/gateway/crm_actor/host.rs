//! What a CRM's folder may ask of its connection's owner: turns, tokens, and that something is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::desk::{CrmDesk, unreadable};
use super::keeper;
use crate::crm::contract::{CrmError, Host, Keys};
use crate::model::crm::{CrmConnection, CrmTalk};
use crate::model::reason::Reason;
use crate::store::key::Key;
use crate::store::port::{CommitError, RecordKey, Refusal, Scan};
use crate::store::table::Stored;

/// How often a talk is written anew where hooks write it, too.
const KEEP_TRIES: usize = 10;
/// The most talks of one deal.
const TALKS: usize = 100;

/// For one job.
pub(super) struct JobHost {
    desk: Arc<CrmDesk>,
    bulk: bool,
    keys: Mutex<Keys>,
    /// The talks as they were read or kept last.
    talks: Mutex<HashMap<RecordKey, Stored<CrmTalk>>>,
    /// When something was seen of which a hook told meanwhile that it changed.
    unseen: Mutex<Option<String>>,
}

impl JobHost {
    pub(super) async fn new(desk: &Arc<CrmDesk>, connection: &CrmConnection, bulk: bool, talks: Vec<Stored<CrmTalk>>) -> Result<Self, CrmError> {
        let secrets = desk.open(connection)?;
        let round = *desk.renewals.lock().await;
        let talks = talks.into_iter().map(|talk| (CrmTalk::at(talk.record.connection, talk.record.conversation, &talk.record.key), talk)).collect();
        Ok(Self { desk: Arc::clone(desk), bulk, keys: Mutex::new(Keys { secrets, round }), talks: Mutex::new(talks), unseen: Mutex::default() })
    }

    fn forget(&self, talk: &mut CrmTalk) {
        let unseen = self.unseen.lock().unwrap_or_else(PoisonError::into_inner);
        if unseen.is_some() && talk.facts.get(CrmTalk::SEEN) == unseen.as_ref() {
            talk.facts.remove(CrmTalk::SEEN);
        }
    }
}

#[async_trait]
impl Host for JobHost {
    async fn turn(&self, gate: &'static str) {
        self.desk.gates.turn(gate, self.bulk).await;
    }

    fn keys(&self) -> Keys {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn renewed(&self, round: u64) -> Result<Keys, CrmError> {
        let stale = self.keys();
        // Somebody of this job has asked already.
        if stale.round > round {
            return Ok(stale);
        }
        let keys = renew(&self.desk, stale.secrets).await?;
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = keys.clone();
        Ok(keys)
    }

    async fn keep(&self, talk: &CrmTalk) -> Result<(), CrmError> {
        let key = CrmTalk::at(talk.connection, talk.conversation, &talk.key);
        let mut old = self.talks.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let mut new = talk.clone();
        self.forget(&mut new);
        for _ in 0..KEEP_TRIES {
            if old.as_ref().is_some_and(|old| old.record == new) {
                break;
            }
            let mut batch = self.desk.batch();
            match &old {
                Some(old) => batch.update(old, &new).map_err(|error| unreadable(&error))?,
                None => batch.insert(&new).map_err(|error| unreadable(&error))?,
            }
            match crate::gateway::faults::commit("crm/keep", &self.desk.store, batch).await {
                Ok(_) => {
                    old = Some(Stored { version: old.map_or(1, |old| old.version.saturating_add(1)), record: new.clone() });
                }
                Err(CommitError::Refused(Refusal::NotUnique { .. })) => return Err(CrmError::Temporary(Reason::new("chat_taken"))),
                // A hook told meanwhile that something changed, or that somebody wrote there: both stays.
                Err(CommitError::Refused(Refusal::Conflict { .. })) => {
                    old = self.desk.store.get::<CrmTalk>(key.clone()).await?;
                    if let Some(Stored { record: stored, .. }) = &old {
                        if !stored.facts.contains_key(CrmTalk::SEEN) {
                            *self.unseen.lock().unwrap_or_else(PoisonError::into_inner) = talk.facts.get(CrmTalk::SEEN).cloned();
                        }
                        new.said_at = new.said_at.max(stored.said_at);
                        new.chat = new.chat.take().or_else(|| stored.chat.clone());
                        self.forget(&mut new);
                    }
                }
                Err(error) => return Err(unreadable(&error)),
            }
        }
        let old = old.filter(|old| old.record == new).ok_or_else(|| CrmError::Temporary(Reason::new("connection_unreadable")))?;
        self.talks.lock().unwrap_or_else(PoisonError::into_inner).insert(key, old);
        Ok(())
    }

    async fn of_deal(&self, deal: &str) -> Result<Vec<CrmTalk>, CrmError> {
        let group = Key::new().number(self.desk.connection.0).text(deal).done();
        let found = self.desk.store.scan_index::<CrmTalk>(CrmTalk::BY_DEAL, &group, Scan::first(TALKS)).await?;
        Ok(found.into_iter().map(|(_, stored)| stored.record).collect())
    }

    fn lists_are_old(&self) {
        keeper::read_lists(&self.desk);
    }
}

/// Exchanges the tokens, once however many ask: who found others to be stale, or about to end, than those that are stored gets the stored ones.
///
/// Exchanging kills the old tokens, so the new ones are durable before anybody uses them; nobody begins who does not own the connection any
/// more; and once begun it goes to its end, also where the job that asked is over.
pub(super) async fn renew(desk: &Arc<CrmDesk>, stale: SecretString) -> Result<Keys, CrmError> {
    let exchange = tokio::spawn(exchange(Arc::clone(desk), stale));
    exchange.await.unwrap_or_else(|error| Err(CrmError::Temporary(Reason::new("crm_panicked").said(&error.to_string()))))
}

async fn exchange(desk: Arc<CrmDesk>, stale: SecretString) -> Result<Keys, CrmError> {
    let desk = &desk;
    let mut renewals = desk.renewals.lock().await;
    let connection = desk.record().await.map_err(|error| unreadable(&error))?;
    let old = desk.open(&connection)?;
    if stale.expose_secret() != old.expose_secret() {
        *renewals = renewals.saturating_add(1);
        return Ok(Keys { secrets: old, round: *renewals });
    }
    let lost = || CrmError::AccessLost(Reason::new("token_revoked"));
    let how = desk.crm.renew().ok_or_else(lost)?;
    if how.due(&old).is_none() {
        return Err(lost());
    }
    // Only the owner goes on from here: the mark carries the token of the ownership.
    let mut batch = desk.batch();
    batch.once(format!("renews/{}/{}", desk.connection, desk.house.world.secret::<16>()).into_bytes(), 60_000, "");
    desk.store.commit(batch).await.map_err(|error| unreadable(&error))?;
    let limit = crate::gateway::faults::patience(std::time::Duration::from_secs(30));
    let deadline = desk.house.world.now().plus_ms(i64::try_from(limit.as_millis()).unwrap_or(30_000));
    let host = Arc::new(Renewing { desk: Arc::clone(desk), keys: Keys { secrets: old.clone(), round: *renewals } });
    let context = desk.context(connection.clone(), host, deadline).await?;
    let renewed = tokio::time::timeout(limit, how.renew(&context, &old)).await;
    let secrets = renewed.unwrap_or_else(|_| Err(CrmError::Temporary(Reason::new("answer_lost"))))?;
    keep(desk, &connection, &secrets).await?;
    *renewals = renewals.saturating_add(1);
    metrics::counter!("kommutator_crm_renewals_total", "connection" => desk.connection.to_string()).increment(1);
    tracing::info!(connection = %desk.connection, "tokens were renewed");
    Ok(Keys { secrets, round: *renewals })
}

/// Stores new tokens. They are the only ones there are, so it is tried for long: the old ones open nothing any more.
async fn keep(desk: &CrmDesk, connection: &CrmConnection, secrets: &SecretString) -> Result<(), CrmError> {
    let sealed = desk.house.keyring.seal(&CrmConnection::owner_name(connection.id), secrets.expose_secret().as_bytes(), desk.house.world.as_ref());
    let mut last = None;
    for _ in 0..300 {
        let change = |old: &CrmConnection| {
            // Connected anew meanwhile: those tokens are the good ones.
            let sealed = if old.sealed == connection.sealed { sealed.clone() } else { old.sealed.clone() };
            Ok::<_, CommitError>(CrmConnection { sealed, ..old.clone() })
        };
        // Without the token of the ownership: whoever owns the connection by now must have them, too.
        let kept = desk.store.change(CrmConnection::at(connection.id), change, |_, _| Ok(())).await;
        match kept {
            Ok(_) => return Ok(()),
            Err(error) => {
                tracing::error!(connection = %desk.connection, %error, "renewed tokens are not stored yet");
                last = Some(error);
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    Err(last.map_or_else(|| CrmError::Temporary(Reason::new("store_unavailable")), |error| unreadable(&error)))
}

/// While tokens are exchanged nothing else can be asked for.
struct Renewing {
    desk: Arc<CrmDesk>,
    keys: Keys,
}

#[async_trait]
impl Host for Renewing {
    async fn turn(&self, gate: &'static str) {
        self.desk.gates.turn(gate, false).await;
    }

    fn keys(&self) -> Keys {
        self.keys.clone()
    }

    async fn renewed(&self, _round: u64) -> Result<Keys, CrmError> {
        Err(CrmError::AccessLost(Reason::new("token_revoked")))
    }

    async fn keep(&self, _talk: &CrmTalk) -> Result<(), CrmError> {
        Err(CrmError::Temporary(Reason::new("connection_unreadable")))
    }
}
