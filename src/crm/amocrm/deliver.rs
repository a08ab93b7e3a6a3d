//! What becomes of a message in amoCRM: a chat there, or a note; a contact and a deal by the owner's rules; tasks.

use std::collections::BTreeMap;

use super::api::{Api, Kind};
use super::chats::{Chats, Content, NewMessage, PutIn};
use super::client::Client;
use super::errors::Failure;
use super::fate::NOTE;
use super::incoming::Stands;
use super::records::Records;
use super::say::Say;
use super::settings::{Mode, Notify, Settings};
use super::words;
use super::work::NewTask;
use crate::connector::lenient;
use crate::crm::contract::{CrmContext, CrmError, Delivered, Job, Notice};
use crate::model::conversation::{Conversation, Place};
use crate::model::crm::{CrmConnection, CrmTalk};
use crate::model::deals::talk_key;
use crate::model::message::Message;
use crate::model::protocol::{EntryDirection, FileStatus};
use crate::model::reason::Reason;

/// A message whose putting in was refused is looked for among so many.
const NEWEST: usize = 50;

/// What is kept of a talk beside its ids.
mod known {
    /// The contact the chat was linked to.
    pub(super) const LINKED: &str = "linked";
    /// What amoCRM calls the customer of a chat that began there, until it hears our names of both.
    pub(super) const UNNAMED: &str = "unnamed";
    /// Our name of the customer in the chat, where it was opened before the channel told who they are: they stay one there.
    pub(super) const PERSON: &str = "person";
    /// The message a note was last made for, and the note: what comes after it may fail, and all is done again.
    pub(super) const NOTED: &str = "noted";
    /// The message a task was last made for.
    pub(super) const TASK_FOR: &str = "task_for";
    /// The message a note was begun for and may be there, and since when.
    pub(super) const NOTE_FOR: &str = "note_for";
}

/// What is to be known of a chat that began at amoCRM.
#[must_use]
pub(super) fn unnamed(customer: String) -> BTreeMap<String, String> {
    BTreeMap::from([(known::UNNAMED.to_owned(), customer)])
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
pub(super) struct Office<'a> {
    pub(super) client: &'a Client,
    pub(super) context: &'a CrmContext,
    pub(super) job: &'a Job,
    pub(super) settings: Settings,
    pub(super) mode: Mode,
    pub(super) api: Api<'a>,
    pub(super) chats: Chats<'a>,
}

/// Gives a message to amoCRM.
///
/// # Errors
/// What the caller can do next.
pub async fn deliver(client: &Client, context: &CrmContext, job: &Job) -> Result<Delivered, CrmError> {
    let settings = Settings::of(&context.connection);
    let mode = settings.mode(&context.connection);
    let office = Office { client, context, job, settings, mode, api: Api::new(client, context), chats: Chats::new(client, context) };
    let fresh = || CrmTalk::fresh(context.connection.id, job.conversation.id, &job.key, context.now);
    let mut talk = job.talk.clone().unwrap_or_else(fresh);
    talk.said_at = context.now;
    let records = office.records();
    // Of a chat that began at amoCRM the contact is known there.
    if talk.contact.is_none() && talk.facts.contains_key(known::UNNAMED) {
        talk.contact = records.contact_of_chat(&talk).await?;
    }
    match records.stands(&mut talk).await? {
        Stands::Free => records.ensure(&mut talk).await?,
        Stands::Waits => {}
        Stands::Declined => {
            context.host.keep(&talk).await?;
            return Ok(Delivered { skipped: Some(Reason::new("amocrm_declined")), ..Delivered::default() });
        }
    }
    let delivered = office.give(&records, &mut talk).await?;
    records.answered(&mut talk).await?;
    Ok(delivered)
}

/// Makes the chat of a conversation that is begun there. None: there are no chats.
///
/// # Errors
/// What the caller can do next.
pub(super) async fn open(client: &Client, context: &CrmContext, job: &Job) -> Result<Option<String>, CrmError> {
    let settings = Settings::of(&context.connection);
    if settings.mode(&context.connection) != Mode::Chats {
        return Ok(None);
    }
    let office = Office { client, context, job, settings, mode: Mode::Chats, api: Api::new(client, context), chats: Chats::new(client, context) };
    let fresh = || CrmTalk::fresh(context.connection.id, job.conversation.id, &job.key, context.now);
    let mut talk = job.talk.clone().unwrap_or_else(fresh);
    talk.said_at = context.now;
    if talk.contact.is_none() {
        office.records().ensure(&mut talk).await?;
    }
    office.chat(&mut talk).await?;
    Ok(talk.chat)
}

impl Office<'_> {
    /// The message itself, and what follows of it.
    async fn give(&self, records: &Records<'_>, talk: &mut CrmTalk) -> Result<Delivered, CrmError> {
        match self.mode {
            Mode::Lite if !self.settings.notes => Ok(Delivered { skipped: Some(Reason::new("amocrm_lite")), ..Delivered::default() }),
            Mode::Lite => self.note(talk).await,
            Mode::Add => {
                let delivered = self.note(talk).await?;
                self.task(talk).await?;
                Ok(Delivered { notice: self.notice(talk).await, ..delivered })
            }
            Mode::Chats => {
                self.chat(talk).await?;
                let delivered = self.put(talk).await?;
                // It knows our names by now.
                talk.facts.remove(known::UNNAMED);
                records.learn(talk).await?;
                self.context.host.keep(talk).await?;
                self.task(talk).await?;
                Ok(Delivered { notice: self.notice(talk).await, ..delivered })
            }
        }
    }

    /// Who is told of a customer's message by our widget (H-AMO-60 … H-AMO-62).
    async fn notice(&self, talk: &CrmTalk) -> Option<Notice> {
        if self.settings.notify != Notify::Notices || self.job.message.direction != EntryDirection::Inbound {
            return None;
        }
        let asked = self.settings.notify_responsible || self.settings.notify_always;
        let responsible = match talk.deal.as_ref().and_then(|deal| deal.parse().ok()).filter(|_| asked) {
            // Who is responsible is no reason to try the whole message again.
            Some(deal) => self.api.lead(deal).await.ok().flatten().map(|lead| lead.responsible.to_string()),
            None => None,
        };
        let to = self.settings.told(responsible.as_deref(), &self.context.connection);
        Some(Notice { to, contact: talk.contact.clone(), deal: talk.deal.clone() })
    }

    fn records(&self) -> Records<'_> {
        Records { api: self.api, context: self.context, job: self.job, settings: &self.settings, mode: self.mode }
    }

    pub(super) fn say(&self) -> Say<'_> {
        Say { context: self.context, job: self.job }
    }

    /// The chat is there and is the contact's, before anything is said in it: so amoCRM makes neither a second contact nor a deal.
    async fn chat(&self, talk: &mut CrmTalk) -> Result<(), CrmError> {
        if talk.chat.is_none() {
            let who = self.say().customer();
            let made = self.chats.open(&talk.name(), &who, self.source().await?.as_deref()).await?;
            talk.chat = Some(made.chat);
            if self.job.conversation.address.is_some() && self.job.identities.is_empty() {
                talk.facts.insert(known::PERSON.to_owned(), who.id);
            }
            self.context.host.keep(talk).await?;
        }
        let contact = talk.contact.as_ref().and_then(|contact| contact.parse::<i64>().ok());
        if let (Some(contact), Some(chat)) = (contact, talk.chat.clone())
            && talk.facts.get(known::LINKED) != Some(&contact.to_string())
        {
            match self.api.link_chat(contact, &chat).await.map_err(CrmError::from) {
                Ok(()) => {}
                // Of a contact that is not shown yet it is amoCRM's affair which chats it has.
                Err(CrmError::Rejected(_)) if self.records().waits() => {}
                Err(error) => return Err(error),
            }
            talk.facts.insert(known::LINKED.to_owned(), contact.to_string());
        }
        self.context.host.keep(talk).await
    }

    /// By which channel it came, as amoCRM shows it.
    async fn source(&self) -> Result<Option<String>, CrmError> {
        self.client.sources.of(&self.api, self.context, &self.job.account).await
    }

    /// The message itself: put in twice it is there once.
    async fn put(&self, talk: &CrmTalk) -> Result<Delivered, CrmError> {
        let contents = self.say().contents().await?;
        let mut ids = Vec::new();
        for (at, content) in contents.into_iter().enumerate() {
            ids.push(self.put_one(talk, &content, at).await?);
        }
        let mut ids = ids.into_iter();
        Ok(Delivered { external_id: ids.next(), more: ids.collect(), ..Delivered::default() })
    }

    pub(super) async fn put_one(&self, talk: &CrmTalk, content: &Content, at: usize) -> Result<String, CrmError> {
        let (mut sender, mut receiver) = self.say().sides();
        let unnamed = talk.facts.get(known::UNNAMED);
        let customer = receiver.as_mut().unwrap_or(&mut sender);
        if let Some(theirs) = unnamed {
            customer.theirs = Some(theirs.clone());
        }
        if let Some(person) = talk.facts.get(known::PERSON) {
            customer.id.clone_from(person);
        }
        let message = self.job.message.id();
        let inbound = receiver.is_none();
        let new = NewMessage {
            id: if at == 0 { message.to_string() } else { format!("{message}-{at}") },
            chat: talk.name(),
            their_chat: talk.chat.clone().filter(|_| unnamed.is_some()),
            at: self.job.message.written_at,
            sender,
            receiver,
            content: content.clone(),
            // What was written elsewhere is shown, and tells nobody.
            silent: !inbound,
            source: self.source().await?,
            // What stands in a note is no message of a chat.
            reply_to: self.job.reply_to.clone().filter(|id| at == 0 && !id.starts_with(NOTE)),
            post: None,
        };
        match self.chats.put(&new).await {
            Ok(PutIn { message, .. }) => Ok(message),
            Err(Failure { error: CrmError::Rejected(reason), .. }) => match self.was_put(talk, &new.id).await? {
                // It is there already: a try before this one had its answer lost.
                Some(id) => Ok(id),
                None => self.degraded(&new, reason).await,
            },
            Err(failure) => Err(failure.error),
        }
    }

    /// An answer to what is not in this chat goes as a plain message; a file amoCRM does not take goes as a link.
    async fn degraded(&self, new: &NewMessage, reason: Reason) -> Result<String, CrmError> {
        let plain = NewMessage { reply_to: None, ..new.clone() };
        if new.reply_to.is_some() {
            match self.chats.put(&plain).await.map_err(CrmError::from) {
                Err(CrmError::Rejected(_)) => {}
                put => return Ok(put?.message),
            }
        }
        let Content::File { url, name, caption, .. } = &new.content else { return Err(CrmError::Rejected(reason)) };
        let text = [caption.as_str(), name.as_str(), url.as_str()].into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        let link = NewMessage { id: format!("{}-t", new.id), content: Content::Text(text), ..plain };
        Ok(self.chats.put(&link).await?.message)
    }

    async fn was_put(&self, talk: &CrmTalk, ours: &str) -> Result<Option<String>, CrmError> {
        let Some(chat) = &talk.chat else { return Ok(None) };
        let said = self.chats.history(chat, 0, NEWEST).await?;
        let messages = said.iter().filter_map(|one| one.get("message"));
        Ok(messages.filter(|message| lenient::words(message, "client_id") == ours).map(|message| lenient::words(message, "id").to_owned()).next())
    }

    /// Where there are no chats the dialogue stands in notes (H-AMO-99). A note that may be there is looked for first.
    async fn note(&self, talk: &mut CrmTalk) -> Result<Delivered, CrmError> {
        let number = |id: &Option<String>| id.as_ref().and_then(|id| id.parse::<i64>().ok());
        // Where no deals are made the dialogue stands with the contact; where neither is, nowhere.
        let place = number(&talk.deal).map(|deal| (Kind::Leads, deal)).or_else(|| number(&talk.contact).map(|contact| (Kind::Contacts, contact)));
        let Some((kind, id)) = place else {
            return Ok(Delivered { skipped: Some(Reason::new("amocrm_no_deal")), ..Delivered::default() });
        };
        let noted = talk.facts.get(known::NOTED).and_then(|noted| noted.split_once(' '));
        if let Some((_, note)) = noted.filter(|(message, _)| *message == self.job.message.id().to_string()) {
            return Ok(Delivered { external_id: Some(format!("{NOTE}{note}")), ..Delivered::default() });
        }
        let text = self.note_text().await?;
        let message = self.job.message.id().to_string();
        // Not where contact and deal are begun: they are seen to first each time.
        let begun = talk.facts.get(known::NOTE_FOR).and_then(|known| known.split_once(' ')).filter(|(of, _)| *of == message);
        let begun = begun.and_then(|(_, at)| at.parse::<i64>().ok());
        if let Some(at) = begun {
            let since = at.div_euclid(1_000) - 120;
            let there = self.api.notes(kind, id).await?.into_iter().find(|note| note.text == text && note.created_at >= since);
            if let Some(note) = there {
                return self.noted(talk, note.id).await;
            }
        }
        talk.facts.insert(known::NOTE_FOR.to_owned(), format!("{message} {}", begun.unwrap_or(self.context.now.0)));
        self.context.host.keep(talk).await?;
        let note = self.api.make_note(kind, id, &text).await?;
        self.noted(talk, note).await
    }

    async fn noted(&self, talk: &mut CrmTalk, note: i64) -> Result<Delivered, CrmError> {
        talk.facts.insert(known::NOTED.to_owned(), format!("{} {note}", self.job.message.id()));
        talk.facts.remove(known::NOTE_FOR);
        self.context.host.keep(talk).await?;
        Ok(Delivered { external_id: Some(format!("{NOTE}{note}")), ..Delivered::default() })
    }

    async fn note_text(&self) -> Result<String, CrmError> {
        let inbound = self.job.message.direction == EntryDirection::Inbound;
        let who = if inbound { self.say().customer().name } else { self.job.message.author.name.clone() };
        let way = if inbound { "→" } else { "←" };
        let mut lines = vec![format!("{way} {who} ({}): {}", self.job.account.name, self.say().words())];
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
        let text = if self.settings.task_text.is_empty() { words::say(self.context, "task").to_owned() } else { self.settings.task_text.clone() };
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
