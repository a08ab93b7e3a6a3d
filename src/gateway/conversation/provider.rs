//! What a person changes of a message that lies at the provider, too: there first, then here. It is done twice without harm, so an answer that
//! was lost, or a crash between, is mended by asking again; the person waits for it and hears why it could not be.

use super::desk::Desk;
use crate::channel::capability::{Reword, SentMessage};
use crate::channel::contract::{SendError, Transport};
use crate::gateway::channel_actor::calls;
use crate::gateway::commands::CommandError;
use crate::model::connection::Health;
use crate::model::conversation::Conversation;
use crate::model::message::{Message, Piece, plain_text};
use crate::model::protocol::EntryDirection;
use crate::model::reason::Reason;

/// A person waits no longer; meanwhile nothing else of the conversation is done.
const LIMIT_MS: i64 = 10_000;

/// A change of a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change<'a> {
    /// Other words.
    Edit(&'a str),
    /// Gone for everybody.
    Delete,
    /// Our reaction; none: taken off.
    React(Option<&'a str>),
}

/// Makes a change at the provider. Nothing is called for notes, and where the customer reads our log.
///
/// # Errors
/// It was not made; the reason says why.
pub(super) async fn change(desk: &Desk, conversation: &Conversation, message: &Message, change: Change<'_>) -> Result<(), CommandError> {
    let elsewhere = matches!(message.direction, EntryDirection::Outbound | EntryDirection::Inbound);
    if !elsewhere || desk.channel.transport() == Transport::Log {
        return Ok(());
    }
    let reword = desk.channel.reword().ok_or_else(|| CommandError::refused("not_supported"))?;
    let card = desk.card(conversation.account).ok_or_else(|| CommandError::refused("unknown_channel"))?;
    let of = |external_id: &str| SentMessage {
        account: card.account.external_id.clone(),
        conversation_key: conversation.provider_keys.last().cloned().unwrap_or_default(),
        external_id: external_id.to_owned(),
        attachments: message.attachments.clone(),
    };
    for (external_id, change) in steps(desk, conversation, message, change)? {
        call(desk, reword, &of(external_id), change).await?;
    }
    Ok(())
}

/// Which of its messages there gets which change.
fn steps<'a>(desk: &Desk, conversation: &Conversation, message: &'a Message, change: Change<'a>) -> Result<Vec<(&'a str, Change<'a>)>, CommandError> {
    let there = |piece: &'a Piece| piece.external_id.iter().chain(&piece.more).map(String::as_str);
    let first = || message.pieces.iter().find_map(|piece| piece.external_id.as_deref()).ok_or_else(|| CommandError::refused("not_sent_yet"));
    match change {
        // What failed before it went has nothing there to be deleted.
        Change::Delete => Ok(message.pieces.iter().flat_map(there).map(|id| (id, change)).collect()),
        Change::React(_) => Ok(vec![(first()?, change)]),
        Change::Edit(text) => {
            let pieces = desk.channel.pieces(conversation.kind, &message.parts, &message.attachments);
            let words = pieces.iter().filter(|(parts, _)| !plain_text(parts).is_empty()).count();
            // Words that went as several messages cannot be given others as one.
            if words > 1 {
                return Err(CommandError::refused("cannot_edit"));
            }
            let at = pieces.iter().position(|(parts, _)| !plain_text(parts).is_empty()).unwrap_or(0);
            let id = message.pieces.get(at).and_then(|piece| piece.external_id.as_deref());
            Ok(vec![(id.ok_or_else(|| CommandError::refused("not_sent_yet"))?, Change::Edit(text))])
        }
    }
}

async fn call(desk: &Desk, reword: &dyn Reword, message: &SentMessage, change: Change<'_>) -> Result<(), CommandError> {
    let refused = |error: SendError| match error {
        SendError::Rejected(reason) | SendError::Unreachable(reason) | SendError::AccessLost(reason) => CommandError::Refused(reason),
        SendError::RetryAfter(ms) => CommandError::Refused(Reason::new("provider_busy").with("seconds", ms / 1_000)),
        SendError::Temporary(reason) | SendError::Unclear(reason) => {
            CommandError::Refused(Reason { code: "provider_busy".to_owned(), provider: reason.provider.or(Some(reason.code)), ..Reason::new("") })
        }
    };
    let prepared = calls::prepare(desk, desk.house.world.now().plus_ms(LIMIT_MS)).await.map_err(refused)?;
    desk.throttle.turn().await;
    let context = &prepared.context;
    let done = match change {
        Change::Edit(text) => calls::limited(&prepared, reword.edit(context, message, text)).await,
        Change::Delete => calls::limited(&prepared, reword.delete(context, message)).await,
        Change::React(emoji) => calls::limited(&prepared, reword.react(context, message, emoji)).await,
    };
    if let Err(SendError::AccessLost(reason)) = &done {
        calls::trouble(desk, Health::AccessLost, reason.clone(), calls::During::Other).await;
    }
    done.map_err(refused)
}
