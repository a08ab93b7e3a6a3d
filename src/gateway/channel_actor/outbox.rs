//! Sends what waits: one message of a chat at a time, different chats side by side, each lane in its own worker.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::{ChannelActor, WorkFor};
use crate::channel::contract::{CallContext, OutgoingPiece, SendError, SentPiece, Transport};
use crate::gateway::commands::CommandError;
use crate::gateway::conversation::desk::Desk;
use crate::gateway::conversation::sending::{Begin, End, Entry, Next};
use crate::gateway::conversation::{Cause, Done, What, Work};
use crate::gateway::entries::{self, OutboxEntry};
use crate::gateway::faults;
use crate::model::connection::{Health, HealthState, ProviderLogin};
use crate::model::ids::ConversationId;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::port::CommitError;
use crate::store::records::streams;
use crate::store::table::Record;

/// Entries looked at at once: the chats among them are sent side by side.
const PAGE: usize = 256;
/// The most calls of one login under way.
const CALLS: usize = 16;
/// How long the queue waits after the provider let us in no longer.
const HOLD: Duration = Duration::from_secs(30);

/// Runs until the ownership is lost.
///
/// # Errors
/// [`CommandError::Fenced`].
pub async fn run(desk: Arc<Desk>, me: Addr<ChannelActor>, bulk: bool) -> Result<(), CommandError> {
    if desk.channel.transport() == Transport::Log {
        // Nothing is ever called; wait for the end.
        std::future::pending::<()>().await;
    }
    let stream = if bulk { streams::bulk(desk.login) } else { streams::outbox(desk.login) };
    let mut grown = desk.store.watch(&stream);
    let mut under_way: FuturesUnordered<_> = FuturesUnordered::new();
    let mut busy: HashSet<ConversationId> = HashSet::new();
    let mut hold = false;
    loop {
        grown.borrow_and_update();
        if !hold {
            let waiting = match desk.store.read(&stream, 0, PAGE).await {
                Ok(page) => heads(&page.entries),
                Err(error) => {
                    tracing::warn!(login = %desk.login, %error, "outbox waits for the store");
                    BTreeMap::new()
                }
            };
            for (conversation, (number, entry)) in waiting {
                if under_way.len() >= CALLS || !busy.insert(conversation) {
                    continue;
                }
                let entry_at = Entry { stream: stream.clone(), number };
                let (desk, me) = (Arc::clone(&desk), me.clone());
                under_way.push(async move { (conversation, message(&desk, &me, entry_at, entry).await) });
            }
        }
        tokio::select! {
            Some((conversation, result)) = under_way.next() => {
                busy.remove(&conversation);
                match result {
                    Ok(None) => {}
                    Ok(Some(reason)) => {
                        hold = true;
                        set_health(&desk, reason).await;
                    }
                    Err(CommandError::Fenced) => return Err(CommandError::Fenced),
                    Err(error) => {
                        tracing::warn!(login = %desk.login, %error, "a send waits");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                }
            }
            _ = grown.changed() => {}
            () = tokio::time::sleep(if hold { HOLD } else { Duration::from_secs(5) }) => hold = false,
        }
    }
}

/// The first entry of each chat.
fn heads(waiting: &[(u64, bytes::Bytes)]) -> BTreeMap<ConversationId, (u64, OutboxEntry)> {
    let mut heads = BTreeMap::new();
    for (number, bytes) in waiting {
        match entries::read::<OutboxEntry>(bytes) {
            Ok(entry) => {
                heads.entry(entry.m.conversation).or_insert((*number, entry));
            }
            Err(error) => tracing::error!(number, %error, "an outbox entry cannot be read; it stays"),
        }
    }
    heads
}

/// Sends one message, all its pieces. `Some`: the provider lets us in no longer.
async fn message(desk: &Desk, me: &Addr<ChannelActor>, at: Entry, entry: OutboxEntry) -> Result<Option<Reason>, CommandError> {
    let begin = Begin { entry: at.clone(), message: entry.m, until: entry.until };
    let mut next = ask(me, entry.m.conversation, What::Begin(begin.clone())).await?;
    loop {
        let (key, result) = match next {
            Next::Settled => return Ok(None),
            Next::Hold { reason } => return Ok(Some(reason)),
            Next::Again { not_before } => {
                wait_until(desk, not_before).await;
                next = ask(me, entry.m.conversation, What::Begin(begin.clone())).await?;
                continue;
            }
            Next::Call { piece, deadline } => (piece.key.clone(), call(desk, &piece, deadline).await.map(Some)),
            Next::Look { piece, not_before } => {
                wait_until(desk, not_before).await;
                (piece.key.clone(), look(desk, &piece).await)
            }
        };
        let end = End { entry: at.clone(), message: entry.m, key, result };
        next = ask(me, entry.m.conversation, What::End(end)).await?;
    }
}

async fn ask(me: &Addr<ChannelActor>, id: ConversationId, what: What) -> Result<Next, CommandError> {
    match me.send(WorkFor { id, work: Work { cause: Cause::Part, what } }).await {
        Ok(Ok(Done::Next(next))) => Ok(next),
        // Somebody else took the entry meanwhile.
        Ok(Ok(Done::Answer(_))) => Ok(Next::Settled),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(CommandError::TryAgain("actor_restarts".to_owned())),
    }
}

async fn wait_until(desk: &Desk, moment: Time) {
    let ms = moment.since(desk.house.world.now());
    if let Ok(ms) = u64::try_from(ms) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

async fn context(desk: &Desk, deadline: Time) -> Result<CallContext, SendError> {
    let temporary = |what: String| SendError::Temporary(Reason::new("login_unreadable").said(&what));
    let login = desk.store.get::<ProviderLogin>(ProviderLogin::at(desk.login)).await.map_err(|error| temporary(error.to_string()))?;
    let login = login.ok_or_else(|| SendError::AccessLost(Reason::new("not_connected")))?.record;
    let secrets = if login.sealed.is_empty() {
        secrecy::SecretString::default()
    } else {
        let opened = desk.house.keyring.open_text(&ProviderLogin::owner_name(login.id), &login.sealed);
        opened.map_err(|error| temporary(error.to_string()))?
    };
    Ok(CallContext { secrets, base_url: login.base_url, deadline, now: desk.house.world.now() })
}

async fn call(desk: &Desk, piece: &OutgoingPiece, deadline: Time) -> Result<SentPiece, SendError> {
    let context = context(desk, deadline).await?;
    faults::point("outbox/call");
    let limit = Duration::from_millis(u64::try_from(deadline.since(context.now)).unwrap_or(0));
    match tokio::time::timeout(limit, desk.channel.send(&context, piece)).await {
        Ok(result) => result,
        Err(_) => Err(SendError::Unclear(Reason::new("answer_lost"))),
    }
}

async fn look(desk: &Desk, piece: &OutgoingPiece) -> Result<Option<SentPiece>, SendError> {
    let unclear = || SendError::Unclear(Reason::new("answer_lost"));
    let lookup = desk.channel.lookup().ok_or_else(unclear)?;
    let context = context(desk, desk.house.world.now().plus_ms(10_000)).await?;
    tokio::time::timeout(Duration::from_secs(10), lookup.find(&context, piece)).await.map_err(|_| unclear())?
}

/// The provider lets us in no longer: shown with the reason; the queue waits and tries again.
async fn set_health(desk: &Desk, reason: Reason) {
    let since = desk.house.world.now();
    let lost = |login: &ProviderLogin| {
        let health = HealthState { status: Health::AccessLost, reason: Some(reason.clone()), since };
        Ok::<_, CommitError>(ProviderLogin { health, ..login.clone() })
    };
    let result = desk.store.change(ProviderLogin::at(desk.login), lost, |_, _| Ok(())).await;
    if let Err(error) = result {
        tracing::warn!(login = %desk.login, %error, table = ProviderLogin::TABLE, "health could not be stored");
    }
}
