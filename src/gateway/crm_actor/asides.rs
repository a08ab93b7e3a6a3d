//! Shows in the CRM what is no message: that a customer writes. Best effort: nobody tries again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::broadcast::error::RecvError;

use super::desk::CrmDesk;
use super::host::JobHost;
use crate::crm::capability::Typing;
use crate::gateway::commands::CommandError;
use crate::model::connection::{AccountLink, Health};
use crate::model::conversation::Conversation;
use crate::model::crm::CrmTalk;
use crate::model::ids::ConversationId;
use crate::store::port::Scan;

/// A call for it takes no longer, milliseconds.
const LIMIT_MS: i64 = 5_000;
/// Of one conversation no oftener than this.
const EVERY: Duration = Duration::from_secs(5);
/// So many conversations are remembered, and so many talks of one looked at.
const MOST: usize = 1_000;
const TALKS: usize = 100;

/// Runs as long as the actor.
pub(super) async fn run(desk: Arc<CrmDesk>) -> Result<(), CommandError> {
    let Some(typing) = desk.crm.typing() else { return std::future::pending().await };
    let mut writing = desk.house.writing.subscribe();
    let mut shown: HashMap<ConversationId, Instant> = HashMap::new();
    loop {
        let writes = match writing.recv().await {
            Ok(writes) => writes,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return std::future::pending().await,
        };
        if writes.workspace != desk.workspace || shown.get(&writes.conversation).is_some_and(|at| at.elapsed() < EVERY) {
            continue;
        }
        if shown.len() >= MOST {
            shown.retain(|_, at| at.elapsed() < EVERY);
        }
        shown.insert(writes.conversation, Instant::now());
        if let Err(what) = show(&desk, typing, writes.conversation).await {
            tracing::debug!(connection = %desk.connection, conversation = %writes.conversation, what, "the CRM was not shown that somebody writes");
        }
    }
}

async fn show(desk: &Arc<CrmDesk>, typing: &dyn Typing, id: ConversationId) -> Result<(), String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let connection = desk.record().await.map_err(|error| words(&error))?;
    if !connection.active || connection.health.status != Health::Connected {
        return Ok(());
    }
    let found = desk.store.get::<Conversation>(Conversation::at(id)).await.map_err(|error| words(&error))?;
    let Some(conversation) = found.map(|found| found.record).filter(|found| found.blocked_at.is_none()) else { return Ok(()) };
    let link = desk.store.get::<AccountLink>(AccountLink::at(conversation.account, desk.connection)).await.map_err(|error| words(&error))?;
    let talks = desk.store.scan::<CrmTalk>(&CrmTalk::group(desk.connection, id), Scan::first(TALKS)).await.map_err(|error| words(&error))?;
    let newest = talks.iter().map(|talk| &talk.record).max_by_key(|talk| talk.said_at).cloned();
    let (Some(_), Some(talk)) = (link, newest) else { return Ok(()) };
    // Whatever else goes, goes before it.
    let host = Arc::new(JobHost::new(desk, &connection, true, talks).await.map_err(|error| words(&error))?);
    let context = desk.context(connection, host, desk.house.world.now().plus_ms(LIMIT_MS)).await.map_err(|error| words(&error))?;
    let limit = Duration::from_millis(u64::try_from(LIMIT_MS).unwrap_or(0));
    match tokio::time::timeout(limit, typing.typing(&context, &talk, &conversation)).await {
        Ok(shown) => shown.map_err(|error| words(&error)),
        Err(_) => Err("it took too long".to_owned()),
    }
}
