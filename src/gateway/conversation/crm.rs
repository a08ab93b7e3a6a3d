//! What somebody wrote to the customer in a CRM. It was said there already, so it is never refused: what cannot go stands in the log as
//! failed, with the reason, and the CRM hears of it like of any other.
//!
//! And what somebody does by a CRM's widget: that is not said yet, so it can be refused, and the CRM gets it like what is written elsewhere.

use super::client::{self, LIVE_LIFETIME_MS, Limits};
use super::desk::Desk;
use super::{Decision, Done, comeback, inbound};
use crate::channel::contract::Transport;
use crate::gateway::commands::{ANSWER_KEPT_MS, Answer, CommandError, FromCrm, FromWidget, To};
use crate::gateway::entries::{self, CrmMailboxEntry};
use crate::model::conversation::{Conversation, ConversationStatus};
use crate::model::ids::{ConversationId, MessageId};
use crate::model::message::{CrmDeliveryStatus, Delivery, Message, Origin, Piece, Told, plain_text};
use crate::model::protocol::{EntryDirection, SendFrame, SendState, SendStatus};
use crate::model::reason::Reason;
use crate::store::records::{FileOwner, streams};
use crate::store::table::Stored;

pub(super) async fn said(desk: &Desk, stored: &Stored<Conversation>, said: &FromCrm) -> Result<Decision, CommandError> {
    let mut draft = client::draft(desk, stored)?;
    let (now, conversation) = (draft.now(), draft.conversation.clone());
    let id = MessageId { conversation: conversation.id, number: draft.next_number() };
    let origin = Origin::Crm { connection: said.connection };
    let by_log = desk.channel.transport() == Transport::Log;
    let message = Message {
        parts: said.parts.clone(),
        reply_to: said.reply_to.filter(|id| id.conversation == conversation.id && id.number <= conversation.last_number),
        client_id: Some(said.client_id.clone()),
        written_at: said.at,
        ..Message::fresh(id, conversation.account, EntryDirection::Outbound, said.author.clone(), origin, now)
    };
    let uploader = FileOwner::Uploader { id: said.connection.to_string() };
    let mut message = inbound::attach(desk, &mut draft, message, &said.files, false, &uploader).await?;
    let refused = said.failed.clone().or_else(|| refuse(desk, &conversation, &mut message).err());
    let status = match (&refused, by_log) {
        (Some(_), _) => SendStatus::Failed,
        (None, true) => SendStatus::Sent,
        (None, false) => SendStatus::Queued,
    };
    message.state = SendState { status, reason: refused.clone(), at: now };
    if !by_log {
        let pieces = desk.channel.pieces(conversation.kind, &message.parts, &message.attachments);
        message.pieces = pieces.iter().map(|_| Piece::new(None, status)).collect();
        if refused.is_none() {
            draft.send(desk, &message, false, now.plus_ms(LIVE_LIFETIME_MS))?;
        }
    }
    if conversation.status == ConversationStatus::Closed {
        inbound::reopen(desk, &mut draft, message.number, now, &said.connection.to_string())?;
    }
    let card = desk.card(conversation.account);
    if let Some(card) = card.as_ref().filter(|_| refused.is_none()) {
        comeback::answered(desk, &mut draft, &mut message, card)?;
    }
    draft.add(&message, card.as_ref().map_or(&[], |card| card.links.as_slice()))?;
    // There it stands already.
    let told = Told { edited_at: None, files: true, ..Told::default() };
    let delivery = Delivery {
        external_id: Some(said.external_id.clone()),
        told,
        ..Delivery::fresh(message.id(), said.connection, CrmDeliveryStatus::Delivered, now)
    };
    draft.stands(&delivery)?;
    if refused.is_some() {
        draft.news(message.id(), said.connection)?;
    }
    let answer = Done::Answer(Answer::Message { message: Box::new(message), duplicate: false });
    Ok(Decision::Commit(Box::new(draft), Box::new(move |_| answer)))
}

/// Somebody writes by a CRM's widget, or begins a conversation there.
pub(super) async fn asked(
    desk: &Desk, id: ConversationId, stored: Option<&Stored<Conversation>>, asked: &FromWidget,
) -> Result<Decision, CommandError> {
    let mut draft = match (&asked.to, stored) {
        (To::Address { account, address }, stored) => client::addressed(desk, id, stored, *account, address, &asked.author.id)?,
        (To::Conversation { .. }, Some(stored)) => client::draft(desk, stored)?,
        (To::Conversation { .. }, None) => return Err(CommandError::refused("unknown_conversation")),
    };
    if let Some(answer) = &asked.opens {
        let entry = CrmMailboxEntry::Open { c: id, j: asked.joins.clone(), answer: answer.clone(), at: asked.at };
        draft.batch().once(format!("opens/{answer}").into_bytes(), ANSWER_KEPT_MS, "");
        draft.batch().append(&streams::crm_mailbox(asked.connection), entries::write(&entry)?);
    }
    let Some(words) = &asked.words else {
        return Ok(match stored.filter(|_| asked.opens.is_none()) {
            Some(stored) => client::unchanged(stored),
            None => client::commit(draft),
        });
    };
    let message = MessageId { conversation: id, number: draft.next_number() };
    let origin = match &words.mailing {
        Some(mailing) => Origin::Mailing { id: mailing.clone() },
        None => Origin::Crm { connection: asked.connection },
    };
    if words.mailing.is_some() {
        draft.drop_for_crms();
    } else {
        draft.export(message, asked.connection, &asked.joins)?;
    }
    let frame = SendFrame { attachments: words.files.clone(), ..SendFrame::new(asked.client_id.clone(), id, words.text.clone()) };
    client::write(desk, draft, &frame, &asked.author, &origin, asked.at).await
}

/// Why it cannot go. A reply where there are none goes as a plain message.
fn refuse(desk: &Desk, conversation: &Conversation, message: &mut Message) -> Result<(), Reason> {
    let card = desk.card(conversation.account).ok_or_else(|| Reason::new("unknown_channel"))?;
    let can = desk.channel.can(&card.account, conversation, desk.house.world.now());
    if !can.send {
        return Err(can.reason.unwrap_or_else(|| Reason::new("cannot_send")));
    }
    if !can.reply {
        message.reply_to = None;
    }
    let text = plain_text(&message.parts);
    client::check_content(desk, &text, message.attachments.len(), &Limits::of(&can)).map_err(|error| match error {
        CommandError::Refused(reason) => reason,
        CommandError::TryAgain(_) | CommandError::Fenced => Reason::new("cannot_send"),
    })?;
    client::check_files(desk, conversation, &message.attachments).map_err(|error| match error {
        CommandError::Refused(reason) => reason,
        CommandError::TryAgain(_) | CommandError::Fenced => Reason::new("cannot_send"),
    })
}
