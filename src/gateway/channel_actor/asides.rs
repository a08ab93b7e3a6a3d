//! Shows customers what is no message: that theirs were read, that somebody writes. Best effort: nothing of it is stored, and nobody tries again.

use std::sync::Arc;

use super::calls;
use crate::gateway::commands::CommandError;
use crate::gateway::conversation::desk::{Aside, Desk};
use crate::model::conversation::Conversation;
use crate::model::message::Message;
use crate::model::protocol::EntryDirection;
use crate::store::port::Scan;

/// A call for it takes no longer, milliseconds.
const LIMIT_MS: i64 = 5_000;
/// Where the customer's newest message is looked for: among so many.
const NEWEST: usize = 50;

/// Runs as long as the actor.
pub(super) async fn run(desk: Arc<Desk>) -> Result<(), CommandError> {
    let (Some(mut asides), true) = (desk.take_asides(), desk.channel.reading().is_some() || desk.channel.typing().is_some()) else {
        return std::future::pending().await;
    };
    while let Some(aside) = asides.recv().await {
        if let Err(what) = show(&desk, aside).await {
            tracing::debug!(login = %desk.login, ?aside, what, "the customer was not shown this");
        }
    }
    Ok(())
}

async fn show(desk: &Desk, aside: Aside) -> Result<(), String> {
    let (Aside::Read(id) | Aside::Typing(id)) = aside;
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let found = desk.store.get::<Conversation>(Conversation::at(id)).await.map_err(|error| words(&error))?;
    let Some(conversation) = found.map(|found| found.record) else { return Ok(()) };
    let (Some(card), Some(key)) = (desk.card(conversation.account), conversation.provider_keys.last()) else { return Ok(()) };
    if !card.account.active || card.account.removed_at.is_some() {
        return Ok(());
    }
    let account = &card.account.external_id;
    let newest = match aside {
        Aside::Read(_) => {
            let scan = Scan::last(NEWEST).below(Message::item(conversation.read_up_to.saturating_add(1)));
            let read = desk.store.scan::<Message>(&Message::group(id), scan).await.map_err(|error| words(&error))?;
            let last = read
                .into_iter()
                .map(|stored| stored.record)
                .filter(|message| message.direction == EntryDirection::Inbound)
                .max_by_key(|message| message.number);
            last.and_then(|message| message.pieces.into_iter().next()).and_then(|piece| piece.external_id)
        }
        Aside::Typing(_) => None,
    };
    let prepared = calls::prepare(desk, desk.house.world.now().plus_ms(LIMIT_MS)).await.map_err(|error| words(&error))?;
    desk.throttle.turn().await;
    let context = &prepared.context;
    let shown = match (aside, desk.channel.reading(), desk.channel.typing(), newest) {
        (Aside::Read(_), Some(reading), _, Some(newest)) => calls::limited(&prepared, reading.read(context, account, key, &newest)).await,
        (Aside::Typing(_), _, Some(typing), _) => calls::limited(&prepared, typing.typing(context, account, key)).await,
        (Aside::Read(_) | Aside::Typing(_), ..) => Ok(()),
    };
    shown.map_err(|error| words(&error))
}
