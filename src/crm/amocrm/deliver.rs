//! What becomes of a message in amoCRM: a chat there, or a note; a contact and a deal by the owner's rules; tasks.

use super::api::{Api, Kind};
use super::chats::{Chats, Content, NewMessage, PutIn, Reached};
use super::client::Client;
use super::errors::Failure;
use super::records::Records;
use super::say;
use super::settings::{Mode, Notify, Settings};
use super::work::NewTask;
use crate::connector::lenient::words;
use crate::crm::contract::{CrmContext, CrmError, Delivered, Job};
use crate::model::conversation::{Conversation, Place};
use crate::model::crm::{Begun, CrmConnection, CrmTalk};
use crate::model::deals::talk_key;
use crate::model::message::{Delivery, Message, Origin, Told};
use crate::model::protocol::{AuthorKind, EntryDirection, FileStatus, SendStatus};
use crate::model::reason::Reason;

/// What stands in place of a message that was deleted.
const DELETED: &str = "[сообщение удалено]";
/// What a task says while the owner says nothing else (H-AMO-64).
const TASK: &str = "Ответить клиенту";
/// A message whose putting in was refused is looked for among so many.
const NEWEST: usize = 50;

/// What is kept of a talk beside its ids.
mod known {
    /// The contact the chat was linked to.
    pub(super) const LINKED: &str = "linked";
    /// The message a task was last made for.
    pub(super) const TASK_FOR: &str = "task_for";
}

/// Which stretch of its conversation a message belongs to: an answer to where was spoken last.
#[must_use]
pub fn key(connection: &CrmConnection, conversation: &Conversation, message: &Message) -> Option<String> {
    if message.direction != EntryDirection::Inbound {
        return matches!(conversation.place, Place::Private | Place::Group(_) | Place::Listing(_)).then(String::new);
    }
    let own = message.pieces.first().and_then(|piece| piece.external_id.as_deref());
    Some(talk_key(&message.context, own, Settings::of(connection).split_comments))
}

/// All that a delivery needs.
struct Office<'a> {
    context: &'a CrmContext,
    job: &'a Job,
    settings: Settings,
    api: Api<'a>,
    chats: Chats<'a>,
}

/// Gives a message to amoCRM.
///
/// # Errors
/// What the caller can do next.
pub async fn deliver(client: &Client, context: &CrmContext, job: &Job) -> Result<Delivered, CrmError> {
    let settings = Settings::of(&context.connection);
    let mode = settings.mode(&context.connection);
    let office = Office { context, job, settings, api: Api::new(client, context), chats: Chats::new(client, context) };
    let fresh = || CrmTalk::fresh(context.connection.id, job.conversation.id, &job.key, context.now);
    let mut talk = job.talk.clone().unwrap_or_else(fresh);
    talk.said_at = context.now;
    match mode {
        Mode::Lite => {
            office.records().ensure(&mut talk).await?;
            if !office.settings.notes {
                return Ok(Delivered { skipped: Some(Reason::new("amocrm_lite")), ..Delivered::default() });
            }
            office.note(&mut talk).await
        }
        Mode::Add => {
            office.records().ensure(&mut talk).await?;
            let delivered = office.note(&mut talk).await?;
            office.task(&mut talk).await?;
            Ok(delivered)
        }
        Mode::Chats => {
            let (_, unsorted) = office.records().stage();
            // amoCRM makes contact and deal by itself where deals wait to be accepted (H-AMO-51, H-AMO-54).
            if !unsorted || office.settings.contact_for_unsorted || talk.deal.is_some() {
                office.records().ensure(&mut talk).await?;
            }
            office.chat(&mut talk).await?;
            let delivered = office.put(&talk).await?;
            if talk.contact.is_none()
                && let Some(chat) = &talk.chat
                && let Some(contact) = office.api.contact_of_chat(chat).await?
            {
                talk.contact = Some(contact.to_string());
            }
            context.host.keep(&talk).await?;
            office.task(&mut talk).await?;
            Ok(delivered)
        }
    }
}

impl Office<'_> {
    fn records(&self) -> Records<'_> {
        Records { api: self.api, context: self.context, job: self.job, settings: &self.settings }
    }

    /// The chat is there and is the contact's, before anything is said in it: so amoCRM makes neither a second contact nor a deal.
    async fn chat(&self, talk: &mut CrmTalk) -> Result<(), CrmError> {
        if talk.chat.is_none() {
            let made = self.chats.open(&talk.name(), &say::customer(self.job), None).await?;
            talk.chat = Some(made.chat);
            self.context.host.keep(talk).await?;
        }
        let contact = talk.contact.as_ref().and_then(|contact| contact.parse::<i64>().ok());
        if let (Some(contact), Some(chat)) = (contact, talk.chat.clone())
            && talk.facts.get(known::LINKED) != Some(&contact.to_string())
        {
            self.api.link_chat(contact, &chat).await?;
            talk.facts.insert(known::LINKED.to_owned(), contact.to_string());
        }
        self.context.host.keep(talk).await
    }

    /// The message itself: put in twice it is there once.
    async fn put(&self, talk: &CrmTalk) -> Result<Delivered, CrmError> {
        let contents = say::contents(self.context, self.job).await?;
        let mut ids = Vec::new();
        for (at, content) in contents.into_iter().enumerate() {
            ids.push(self.put_one(talk, &content, at).await?);
        }
        let mut ids = ids.into_iter();
        Ok(Delivered { external_id: ids.next(), more: ids.collect(), skipped: None })
    }

    async fn put_one(&self, talk: &CrmTalk, content: &Content, at: usize) -> Result<String, CrmError> {
        let (sender, receiver) = say::sides(self.context, self.job);
        let message = self.job.message.id();
        let inbound = receiver.is_none();
        let new = NewMessage {
            id: if at == 0 { message.to_string() } else { format!("{message}-{at}") },
            chat: talk.name(),
            their_chat: None,
            at: self.job.message.written_at,
            sender,
            receiver,
            content: content.clone(),
            // What was written elsewhere is shown, and tells nobody.
            silent: !inbound,
            source: None,
            reply_to: self.job.reply_to.clone().filter(|_| at == 0),
            post: None,
        };
        match self.chats.put(&new).await {
            Ok(PutIn { message, .. }) => Ok(message),
            Err(Failure { error: CrmError::Rejected(reason), .. }) => match self.was_put(talk, &new.id).await? {
                // It is there already: a try before this one had its answer lost.
                Some(id) => Ok(id),
                None => self.degraded(&new, content, reason).await,
            },
            Err(failure) => Err(failure.error),
        }
    }

    /// A file amoCRM does not take goes as a link.
    async fn degraded(&self, new: &NewMessage, content: &Content, reason: Reason) -> Result<String, CrmError> {
        let Content::File { url, name, caption, .. } = content else { return Err(CrmError::Rejected(reason)) };
        let text = [caption.as_str(), name.as_str(), url.as_str()].into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        let plain = NewMessage { id: format!("{}-t", new.id), content: Content::Text(text), ..new.clone() };
        Ok(self.chats.put(&plain).await?.message)
    }

    async fn was_put(&self, talk: &CrmTalk, ours: &str) -> Result<Option<String>, CrmError> {
        let Some(chat) = &talk.chat else { return Ok(None) };
        let said = self.chats.history(chat, 0, NEWEST).await?;
        let messages = said.iter().filter_map(|one| one.get("message"));
        Ok(messages.filter(|message| words(message, "client_id") == ours).map(|message| words(message, "id").to_owned()).next())
    }

    /// Where there are no chats the dialogue stands in notes (H-AMO-99). A note that may be there is looked for first.
    async fn note(&self, talk: &mut CrmTalk) -> Result<Delivered, CrmError> {
        let number = |id: &Option<String>| id.as_ref().and_then(|id| id.parse::<i64>().ok());
        // Where no deals are made the dialogue stands with the contact; where neither is, nowhere.
        let place = number(&talk.deal).map(|deal| (Kind::Leads, deal)).or_else(|| number(&talk.contact).map(|contact| (Kind::Contacts, contact)));
        let Some((kind, id)) = place else {
            return Ok(Delivered { skipped: Some(Reason::new("amocrm_no_deal")), ..Delivered::default() });
        };
        let text = self.note_text().await?;
        let mark = format!("note {}", self.job.message.id());
        if talk.begun.as_ref().is_some_and(|begun| begun.what == mark) {
            let since = talk.begun.as_ref().map_or(0, |begun| begun.at.0.div_euclid(1_000) - 120);
            let there = self.api.notes(kind, id).await?.into_iter().find(|note| note.text == text && note.created_at >= since);
            if let Some(note) = there {
                return self.noted(talk, note.id).await;
            }
        }
        talk.begun = Some(Begun { what: mark, at: self.context.now });
        self.context.host.keep(talk).await?;
        let note = self.api.make_note(kind, id, &text).await?;
        self.noted(talk, note).await
    }

    async fn noted(&self, talk: &mut CrmTalk, note: i64) -> Result<Delivered, CrmError> {
        talk.begun = None;
        self.context.host.keep(talk).await?;
        Ok(Delivered { external_id: Some(format!("note-{note}")), ..Delivered::default() })
    }

    async fn note_text(&self) -> Result<String, CrmError> {
        let inbound = self.job.message.direction == EntryDirection::Inbound;
        let who = if inbound { say::customer(self.job).name } else { self.job.message.author.name.clone() };
        let way = if inbound { "→" } else { "←" };
        let mut lines = vec![format!("{way} {who} ({}): {}", self.job.account.name, say::words(self.job))];
        for file in self.job.message.attachments.iter().filter(|file| file.status == FileStatus::Ready) {
            lines.push(format!("{}: {}", file.name, self.context.files.link(file.file).await.map_err(CrmError::Rejected)?));
        }
        Ok(lines.join("\n"))
    }

    /// «Ответить клиенту» (H-AMO-64, H-AMO-65): of one message one task at most, also where this is done again.
    async fn task(&self, talk: &mut CrmTalk) -> Result<(), CrmError> {
        let each = match self.settings.notify {
            Notify::OneTask => false,
            Notify::EachTask => true,
            Notify::Notices | Notify::Nothing => return Ok(()),
        };
        let number = self.job.message.number.to_string();
        let Some(deal) = talk.deal.as_ref().and_then(|deal| deal.parse::<i64>().ok()) else { return Ok(()) };
        if self.job.message.direction != EntryDirection::Inbound || talk.facts.get(known::TASK_FOR) == Some(&number) {
            return Ok(());
        }
        let text = if self.settings.task_text.is_empty() { TASK.to_owned() } else { self.settings.task_text.clone() };
        let Some(lead) = self.api.lead(deal).await? else { return Ok(()) };
        if !each {
            let open = self.api.open_tasks(deal).await?;
            if let Some(task) = open.iter().find(|task| task.text == text) {
                // Who is responsible for the deal by now is to do it.
                if lead.responsible > 0 && task.responsible != lead.responsible {
                    self.api.give_task(task.id, lead.responsible).await?;
                }
                return Ok(());
            }
        }
        talk.facts.insert(known::TASK_FOR.to_owned(), number);
        self.context.host.keep(talk).await?;
        let until = self.context.now.0.div_euclid(1_000).saturating_add(self.settings.task_minutes.saturating_mul(60));
        let kind = self.settings.task_type.parse().ok();
        self.api.make_task(deal, &NewTask { text, until, responsible: lead.responsible, kind }).await?;
        Ok(())
    }
}

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
    let office = Office { context, job, settings, api: Api::new(client, context), chats: Chats::new(client, context) };
    let (new, old) = (told(&job.message), &job.delivery.told);
    let own = job.message.origin == Origin::Crm { connection: context.connection.id };
    let Some(id) = job.delivery.external_id.as_deref() else { return Ok(new) };
    let Some(talk) = &job.talk else { return Ok(new) };
    // amoCRM shows how far its own messages came; of others only that they did not go.
    if new.state != old.state
        && let Some(reached) = reached(job, own)
    {
        ignore_unknown(office.chats.tell(id, &reached).await)?;
    }
    if new.deleted && !old.deleted {
        office.chats.edit(&talk.name(), id, context.now, &Content::Text(DELETED.to_owned())).await?;
    } else if new.edited_at != old.edited_at && !own {
        office.chats.edit(&talk.name(), id, context.now, &Content::Text(say::words(job))).await?;
    }
    if new.reactions != old.reactions {
        // amoCRM shows one of each person: the newest.
        let emoji = new.reactions.last().map(|reaction| reaction.emoji.as_str());
        ignore_unknown(office.chats.react(&talk.name(), id, emoji, &say::customer(job)).await)?;
    }
    if new.files && !old.files && !own {
        for (at, content) in say::contents(context, job).await?.into_iter().enumerate().filter(|(_, content)| matches!(content, Content::File { .. }))
        {
            office.put_one(talk, &content, at.saturating_add(100)).await?;
        }
    }
    Ok(new)
}

/// A message amoCRM knows no more has nothing to be told of.
fn ignore_unknown(told: Result<(), Failure>) -> Result<(), CrmError> {
    match told {
        Err(Failure { then: super::errors::Then::Drop, .. }) => Ok(()),
        other => Ok(other?),
    }
}

fn reached(job: &Job, own: bool) -> Option<Reached> {
    match job.message.state.status {
        SendStatus::Delivered if own => Some(Reached::Delivered),
        SendStatus::Read if own => Some(Reached::Read),
        SendStatus::Failed | SendStatus::Unknown if own => {
            let reason = job.message.state.reason.as_ref();
            let code = reason.map_or("", |reason| reason.code.as_str());
            let code_there = match code {
                "customer_blocked_us" | "chat_gone" => 901,
                "channel_inactive" | "channel_removed" | "token_revoked" | "not_connected" => 902,
                "provider_failed" | "provider_unreachable" | "answer_lost" | "expired" => 903,
                "messages_not_allowed" | "bad_address" => 904,
                _ => 905,
            };
            Some(Reached::Failed { code: code_there, words: failed_words(reason) })
        }
        _ => None,
    }
}

/// Why a message did not reach the customer, for the manager in amoCRM.
fn failed_words(reason: Option<&Reason>) -> String {
    let code = reason.map_or("", |reason| reason.code.as_str());
    let words = match code {
        "customer_blocked_us" => "Клиент запретил сообщения",
        "text_too_long" => "Слишком длинное сообщение для этого канала",
        "file_too_large" => "Слишком большой файл для этого канала",
        "too_many_files" => "Слишком много файлов в одном сообщении",
        "file_unavailable" => "Файл не удалось получить из amoCRM",
        "reply_window_over" => "Время для ответа истекло",
        "channel_inactive" | "channel_removed" | "not_connected" => "Канал выключен",
        "token_revoked" => "Канал потерял доступ, его нужно подключить заново",
        "answer_lost" => "Неизвестно, дошло ли сообщение",
        _ => "Сообщение не доставлено",
    };
    match reason.and_then(|reason| reason.provider.as_deref()) {
        Some(said) => format!("{words}: {}", said.chars().take(150).collect::<String>()),
        None => words.to_owned(),
    }
}
