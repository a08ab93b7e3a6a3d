//! What amoCRM is told of a message it has: how far it came, its words, reactions, files that came later.

use super::api::Api;
use super::chats::{Chats, Content, Reached};
use super::client::Client;
use super::deliver::Office;
use super::errors::{self, Failure, Then};
use super::settings::{Mode, Settings};
use super::words;
use crate::crm::contract::{CrmContext, CrmError, Job};
use crate::model::crm::CrmConnection;
use crate::model::message::{Delivery, Message, Origin, Told};
use crate::model::protocol::{AuthorKind, EntryDirection, FileStatus, SendStatus};
use crate::model::reason::Reason;

/// How the id of a message begins that stands in a note: nothing is told of it.
pub(super) const NOTE: &str = "note-";

/// What amoCRM should know of a message by now.
fn told(message: &Message) -> Told {
    Told {
        state: Some(message.state.status),
        edited_at: message.edited_at,
        deleted: message.deleted_at.is_some(),
        reactions: message.reactions.iter().filter(|reaction| reaction.author.kind != AuthorKind::Crm).cloned().collect(),
        files: !message.attachments.iter().any(|file| file.status == FileStatus::Pending),
    }
}

/// Whether it wants to hear what changed of a message: only chats show it.
#[must_use]
pub fn follows(connection: &CrmConnection, message: &Message, delivery: &Delivery) -> bool {
    let new = told(message);
    let moved = new.state != delivery.told.state && message.direction == EntryDirection::Outbound;
    let says = (new.edited_at, new.deleted, &new.reactions) != (delivery.told.edited_at, delivery.told.deleted, &delivery.told.reactions);
    let came = new.files && !delivery.told.files && !message.attachments.is_empty();
    Settings::of(connection).mode(connection) == Mode::Chats && (moved || says || came)
}

/// Tells what changed of a message.
///
/// # Errors
/// What the caller can do next.
pub async fn tell(client: &Client, context: &CrmContext, job: &Job) -> Result<Told, CrmError> {
    let settings = Settings::of(&context.connection);
    let office = Office {
        client,
        context,
        job,
        mode: settings.mode(&context.connection),
        settings,
        api: Api::new(client, context),
        chats: Chats::new(client, context),
    };
    let (new, old) = (told(&job.message), &job.delivery.told);
    let own = job.message.origin == Origin::Crm { connection: context.connection.id };
    let Some(id) = job.delivery.external_id.as_deref().filter(|id| !id.starts_with(NOTE)) else { return Ok(new) };
    let Some(talk) = &job.talk else { return Ok(new) };
    // amoCRM shows how far its own messages came; of others only that they did not go.
    if new.state != old.state
        && let Some(reached) = reached(context, job, own)
    {
        ignore_unknown(office.chats.tell(id, &reached).await)?;
    }
    if new.deleted && !old.deleted {
        office.chats.edit(&talk.name(), id, context.now, &Content::Text(words::say(context, "deleted").to_owned())).await?;
    } else if new.edited_at != old.edited_at && !own {
        office.chats.edit(&talk.name(), id, context.now, &Content::Text(office.say().words())).await?;
    }
    if new.reactions != old.reactions {
        // amoCRM shows one of each person: the newest.
        let emoji = new.reactions.last().map(|reaction| reaction.emoji.as_str());
        ignore_unknown(office.chats.react(&talk.name(), id, emoji, &office.say().customer()).await)?;
    }
    if new.files && !old.files && !own {
        let contents = office.say().contents().await?;
        for (at, content) in contents.into_iter().enumerate().filter(|(_, content)| matches!(content, Content::File { .. })) {
            office.put_one(talk, &content, at.saturating_add(100)).await?;
        }
    }
    Ok(new)
}

/// A message amoCRM knows no more has nothing to be told of.
pub(super) fn ignore_unknown(told: Result<(), Failure>) -> Result<(), CrmError> {
    match told {
        Err(Failure { then: Then::Drop, .. }) => Ok(()),
        other => Ok(other?),
    }
}

fn reached(context: &CrmContext, job: &Job, own: bool) -> Option<Reached> {
    match job.message.state.status {
        SendStatus::Delivered if own => Some(Reached::Delivered),
        SendStatus::Read if own => Some(Reached::Read),
        SendStatus::Failed | SendStatus::Unknown if own => {
            let reason = job.message.state.reason.as_ref();
            Some(Reached::Failed { code: errors::told(reason), words: failed(context, reason) })
        }
        _ => None,
    }
}

/// Why a message did not reach the customer, for the manager in amoCRM.
pub(super) fn failed(context: &CrmContext, reason: Option<&Reason>) -> String {
    let own = reason.map(|reason| words::say(context, &format!("failed.{}", reason.code))).unwrap_or_default();
    let said = if own.is_empty() { words::say(context, "failed") } else { own };
    match reason.and_then(|reason| reason.provider.as_deref()) {
        Some(provider) => format!("{said}: {}", provider.chars().take(150).collect::<String>()),
        None => said.to_owned(),
    }
}
