//! Tells providers what is no message: that the customer's were read, that somebody writes, that a customer was blocked. Best effort: nobody
//! tries again. Of a customer who was blocked it is kept whether the provider took it.

use std::sync::Arc;

use super::calls;
use crate::gateway::commands::CommandError;
use crate::gateway::conversation::desk::{Aside, Desk};
use crate::gateway::entries::{self, FeedEntry};
use crate::model::connection::ChannelAccount;
use crate::model::conversation::{Conversation, Fact, FactKind, Place};
use crate::model::customer::Identity;
use crate::model::ids::ConversationId;
use crate::model::message::Message;
use crate::model::protocol::EntryDirection;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::records::streams;

/// A call for it takes no longer, milliseconds.
const LIMIT_MS: i64 = 5_000;
/// And one that blocks somebody.
const BLOCK_LIMIT_MS: i64 = 30_000;
/// How often something that happened is tried to be kept while the conversation goes on.
const TRIES: usize = 8;
/// Where the customer's newest message is looked for: among so many.
const NEWEST: usize = 50;

/// Runs as long as the actor.
pub(super) async fn run(desk: Arc<Desk>) -> Result<(), CommandError> {
    let (Some(mut asides), true) =
        (desk.take_asides(), desk.channel.reading().is_some() || desk.channel.typing().is_some() || desk.channel.blacklist().is_some())
    else {
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
    let (Aside::Read(id) | Aside::Typing(id) | Aside::Block(id)) = aside;
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let found = desk.store.get::<Conversation>(Conversation::at(id)).await.map_err(|error| words(&error))?;
    let Some(conversation) = found.map(|found| found.record) else { return Ok(()) };
    let (Some(card), Some(key)) = (desk.card(conversation.account), conversation.provider_keys.last()) else { return Ok(()) };
    if !card.account.active || card.account.removed_at.is_some() {
        return Ok(());
    }
    if let Aside::Block(_) = aside {
        return block(desk, &conversation, &card.account).await.map_err(|error| words(&error));
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
        Aside::Typing(_) | Aside::Block(_) => None,
    };
    let prepared = calls::prepare(desk, desk.house.world.now().plus_ms(LIMIT_MS)).await.map_err(|error| words(&error))?;
    desk.throttle.turn().await;
    let context = &prepared.context;
    let shown = match (aside, desk.channel.reading(), desk.channel.typing(), newest) {
        (Aside::Read(_), Some(reading), _, Some(newest)) => calls::limited(&prepared, reading.read(context, account, key, &newest)).await,
        (Aside::Typing(_), _, Some(typing), _) => calls::limited(&prepared, typing.typing(context, account, key)).await,
        (Aside::Read(_) | Aside::Typing(_) | Aside::Block(_), ..) => Ok(()),
    };
    shown.map_err(|error| words(&error))
}

/// Blocks a customer at the provider, where the owner wants it, and keeps what came of it among what happened in the conversation.
async fn block(desk: &Desk, conversation: &Conversation, account: &ChannelAccount) -> Result<(), StoreError> {
    let (Some(blacklist), Some(identity)) = (desk.channel.blacklist().filter(|one| one.wanted(account)), conversation.identity) else {
        return Ok(());
    };
    let found = desk.store.get::<Identity>(Identity::at(identity)).await?;
    let Some(person) = found.and_then(|found| found.record.external_ids.into_iter().next()) else { return Ok(()) };
    let listing = match &conversation.place {
        Place::Listing(listing) => Some(listing.as_str()),
        Place::Private | Place::Group(_) | Place::Post(_) => None,
    };
    let told = match calls::prepare(desk, desk.house.world.now().plus_ms(BLOCK_LIMIT_MS)).await {
        Ok(prepared) => {
            desk.throttle.turn().await;
            calls::limited(&prepared, blacklist.block(&prepared.context, &account.external_id, &person, listing)).await
        }
        Err(error) => Err(error),
    };
    let what = match told {
        Ok(()) => FactKind::BlockedThere,
        Err(error) => FactKind::NotBlockedThere { reason: error.reason() },
    };
    keep(desk, conversation.id, what).await
}

/// Puts something that happened into a conversation: whoever looks at it is told.
async fn keep(desk: &Desk, id: ConversationId, what: FactKind) -> Result<(), StoreError> {
    let world = &desk.house.world;
    let fact = Fact { conversation: id, id: world.id(), at: world.now(), by: String::new(), what };
    for _ in 0..TRIES {
        let Some(stored) = desk.store.get::<Conversation>(Conversation::at(id)).await? else { return Ok(()) };
        let mut batch = Batch::new();
        batch.fence(&desk.owner, desk.token);
        batch.insert(&fact)?;
        // It is another version of the conversation; its actor reads it anew.
        batch.update(&stored, &stored.record)?;
        let entry = FeedEntry::Conversation { c: id, a: stored.record.account, t: None, e: vec![fact.id] };
        batch.append(&streams::feed(), entries::write(&entry)?);
        match desk.store.commit(batch).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(CommitError::Refused(refusal)) => return Err(StoreError::Invalid(format!("{refusal:?}"))),
            Err(CommitError::Store(error)) => return Err(error),
        }
    }
    Ok(())
}
