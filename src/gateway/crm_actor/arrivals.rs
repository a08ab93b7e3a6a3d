//! What becomes of each event of a CRM. Nothing of a conversation is written here: what is to be done with it goes into the mailbox of its
//! login, in the commit that takes the CRM's entry.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::desk::CrmDesk;
use super::first::{self, Begun};
use super::{health, keeper, links};
use crate::crm::event::{ChatName, CrmEvent, CrmFile, CrmPerson, Said};
use crate::gateway::commands::{Command, CommandError, FromCrm};
use crate::gateway::entries::{self, MailboxEntry};
use crate::gateway::signals::{self, Signal};
use crate::model::connection::Health;
use crate::model::conversation::Conversation;
use crate::model::crm::{CrmConnection, CrmTalk};
use crate::model::ids::{FileId, LoginId, MessageId};
use crate::model::message::Delivery;
use crate::model::protocol::{Author, AuthorKind};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::outside::call::OutsideError;
use crate::store::batch::Batch;
use crate::store::files::{FileError, safe_name};
use crate::store::key::Key;
use crate::store::port::{Scan, StoreError};
use crate::store::records::{FileOwner, FileRecord, streams};
use crate::store::table::Stored;

/// The most files of one message.
const FILES: usize = 20;
/// A file of a CRM that does not come is tried for so long, milliseconds.
const FOR_FILE_MS: i64 = 10 * 60_000;
/// The pause between two tries for a file.
const FILE_PAUSE: Duration = Duration::from_secs(5);
/// The most talks of one contact that are told that it changed.
const TALKS: usize = 200;

/// Adds what an event asks for to the batch. `Some`: not now, but after so long.
///
/// # Errors
/// A refusal (the part goes to quarantine), or the store failed.
pub(super) async fn arrive(desk: &Arc<CrmDesk>, batch: &mut Batch, event: CrmEvent, came: Time) -> Result<Option<Duration>, CommandError> {
    let connection = desk.record().await?;
    match event {
        // Nothing is passed on from one that is switched off (B-35), nor later what was said meanwhile: it is kept, and a person may try it again.
        CrmEvent::Said(said) if !connection.active || said.at.0 < connection.on_since() => {
            return Err(CommandError::Refused(Reason::new("connection_off").with("name", &connection.name)));
        }
        CrmEvent::Typing { .. } | CrmEvent::Reacted { .. } | CrmEvent::Read { .. } if !connection.active => {}
        CrmEvent::Said(said) => return self::said(desk, &connection, batch, *said, came).await,
        CrmEvent::Typing { chat, who } => typing(desk, &chat, &who).await?,
        CrmEvent::Reacted { external_id, emoji, who, .. } => {
            if let Some(message) = message_of(desk, &external_id).await? {
                let login = login_of(desk, message).await?;
                put(desk, batch, login, Command::React { message, emoji, who: author(&who) }, came)?;
            }
        }
        CrmEvent::Read { chat } => {
            if let Some((_, conversation)) = place(desk, &chat).await?
                && conversation.last_number > 0
                && conversation.unread > 0
            {
                let up_to = MessageId { conversation: conversation.id, number: conversation.last_number };
                put(desk, batch, conversation.login, Command::Read { up_to, by: desk.connection.to_string() }, came)?;
            }
        }
        CrmEvent::Changed { what, id } => forget(desk, batch, &what, &id).await?,
        CrmEvent::DirectoryChanged => keeper::read_lists(desk),
        CrmEvent::TakenOff => health::trouble(desk, Health::AccessLost, Reason::new("integration_taken_off")).await,
    }
    Ok(None)
}

/// Somebody wrote to the customer in the CRM.
async fn said(desk: &Arc<CrmDesk>, connection: &CrmConnection, batch: &mut Batch, said: Said, came: Time) -> Result<Option<Duration>, CommandError> {
    // It came before; or it is what we gave it ourselves.
    if message_of(desk, &said.external_id).await?.is_some() {
        return Ok(None);
    }
    let (talk, conversation) = match (place(desk, &said.chat).await?, &said.first) {
        (Some(known), _) => known,
        (None, Some(to)) => match first::begun(desk, &said, to).await? {
            Begun::Here(talk, conversation) => (talk, *conversation),
            Begun::Later(pause) => return Ok(Some(pause)),
            // The CRM was told.
            Begun::Refused => return Ok(None),
        },
        (None, None) => {
            let chat: String = said.chat.theirs.chars().take(100).collect();
            return Err(CommandError::Refused(Reason::new("unknown_chat").with("chat", chat)));
        }
    };
    let now = desk.house.world.now();
    let mut failed = None;
    let mut files = Vec::new();
    if said.files.len() > FILES {
        failed = Some(Reason::new("too_many_files").with("limit", FILES));
    }
    for (at, file) in said.files.iter().enumerate().take(FILES) {
        match fetch(desk, &said.external_id, at, file, now).await {
            Ok(record) => {
                files.push(record.id);
                // A try before this one may have stored it and not come to its end.
                match desk.store.get::<FileRecord>(FileRecord::at(record.id)).await? {
                    Some(_) => {}
                    None => batch.insert(&record)?,
                }
            }
            Err(Failed::Later) if now.since(came) < FOR_FILE_MS => return Ok(Some(crate::gateway::faults::patience(FILE_PAUSE))),
            Err(Failed::Later) => failed = Some(Reason::new("file_unavailable").with("name", &file.name)),
            Err(Failed::Never(reason)) => failed = Some(reason.with("name", &file.name)),
        }
    }
    let reply_to = match &said.reply_to {
        Some(external) => message_of(desk, external).await?.filter(|id| id.conversation == conversation.id),
        None => None,
    };
    let said_now = CrmTalk { said_at: now, chat: talk.record.chat.clone().or_else(|| chat(&said.chat)), ..talk.record.clone() };
    match talk.version {
        0 => batch.insert(&said_now)?,
        _ => batch.update(&talk, &said_now)?,
    }
    let command = FromCrm {
        conversation: conversation.id,
        connection: desk.connection,
        client_id: client_id(desk, &said.external_id),
        external_id: said.external_id,
        author: author(&said.who),
        parts: links::whole(desk, connection, said.parts).await,
        files,
        failed,
        reply_to,
        at: said.at,
    };
    put(desk, batch, conversation.login, Command::FromCrm(Box::new(command)), came)?;
    Ok(None)
}

fn chat(name: &ChatName) -> Option<String> {
    Some(name.theirs.clone()).filter(|theirs| !theirs.is_empty())
}

/// The key of a message written there: the same however often it comes.
pub(super) fn client_id(desk: &CrmDesk, external_id: &str) -> String {
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(external_id.as_bytes()));
    format!("crm-{}-{}", desk.connection, hash.get(..32).unwrap_or(&hash))
}

pub(super) fn author(who: &CrmPerson) -> Author {
    let name = who.name.trim().chars().take(100).collect();
    Author { kind: AuthorKind::Crm, id: who.id.chars().take(64).collect(), name }
}

/// The talk and conversation a chat is. Of one that was never given to the CRM the talk is new (version 0).
async fn place(desk: &CrmDesk, chat: &ChatName) -> Result<Option<(Stored<CrmTalk>, Conversation)>, CommandError> {
    let by_theirs = match chat.theirs.as_str() {
        "" => None,
        theirs => desk.store.get_unique::<CrmTalk>(CrmTalk::BY_CHAT, &CrmTalk::of(desk.connection), &Key::new().text(theirs).done()).await?,
    };
    let ours = chat.ours.as_deref().and_then(CrmTalk::read_name);
    let (id, talk) = match (by_theirs, ours) {
        (Some(talk), _) => (talk.record.conversation, Some(talk)),
        (None, Some((id, key))) => (id, desk.store.get::<CrmTalk>(CrmTalk::at(desk.connection, id, key)).await?),
        (None, None) => return Ok(None),
    };
    let Some(conversation) = desk.store.get::<Conversation>(Conversation::at(id)).await? else { return Ok(None) };
    let key = ours.map_or("", |(_, key)| key);
    let fresh = || Stored { version: 0, record: CrmTalk::fresh(desk.connection, id, key, desk.house.world.now()) };
    Ok(Some((talk.unwrap_or_else(fresh), conversation.record)))
}

/// The message the CRM names so.
pub(super) async fn message_of(desk: &CrmDesk, external_id: &str) -> Result<Option<MessageId>, StoreError> {
    let (group, sort) = (Key::new().number(desk.connection.0).done(), Key::new().text(external_id).done());
    let found = desk.store.get_unique::<Delivery>(Delivery::BY_EXTERNAL, &group, &sort).await?;
    Ok(found.map(|stored| stored.record.message))
}

async fn login_of(desk: &CrmDesk, message: MessageId) -> Result<LoginId, CommandError> {
    let conversation = desk.store.get::<Conversation>(Conversation::at(message.conversation)).await?;
    conversation.map(|stored| stored.record.login).ok_or_else(|| CommandError::refused("unknown_conversation"))
}

/// Puts a command into a login's mailbox. Nobody waits for its answer.
fn put(desk: &CrmDesk, batch: &mut Batch, login: LoginId, command: Command, at: Time) -> Result<(), StoreError> {
    let answer = format!("crm/{}/{}", desk.connection, desk.house.world.secret::<12>());
    let entry = MailboxEntry::Command { answer, at, command: Box::new(command) };
    batch.append(&streams::mailbox(login), entries::write(&entry)?);
    Ok(())
}

/// Somebody writes there: shown here, and to the customer where the channel can. Best effort.
async fn typing(desk: &CrmDesk, chat: &ChatName, who: &CrmPerson) -> Result<(), CommandError> {
    let Some((_, conversation)) = place(desk, chat).await? else { return Ok(()) };
    let signal = Signal::Typing { conversation: conversation.id, account: conversation.account, who: author(who), to_visitor: true };
    signals::send(&desk.house, desk.workspace, &signal).await;
    Ok(())
}

/// What is known of a contact or a deal is asked for anew when it is needed next.
async fn forget(desk: &CrmDesk, batch: &mut Batch, what: &str, id: &str) -> Result<(), CommandError> {
    let index = match what {
        "contact" => CrmTalk::BY_CONTACT,
        "deal" => CrmTalk::BY_DEAL,
        _ => return Ok(()),
    };
    let group = Key::new().number(desk.connection.0).text(id).done();
    for (_, old) in desk.store.scan_index::<CrmTalk>(index, &group, Scan::first(TALKS)).await? {
        if old.record.facts.contains_key(CrmTalk::SEEN) {
            let mut new = old.record.clone();
            new.facts.remove(CrmTalk::SEEN);
            batch.update(&old, &new)?;
        }
    }
    Ok(())
}

/// Why a file did not come.
enum Failed {
    Later,
    Never(Reason),
}

/// Fetches a file of the CRM. Its id follows from what it is, so that a second try writes over the first.
async fn fetch(desk: &CrmDesk, external_id: &str, at: usize, file: &CrmFile, now: Time) -> Result<FileRecord, Failed> {
    let hash = Sha256::digest(format!("{}/{external_id}/{at}", desk.connection).as_bytes());
    let id = FileId(hash.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes)));
    let download = desk.house.outside.download(&file.url, &[]).await.map_err(|error| match error {
        OutsideError::RetryAfter(_) | OutsideError::Temporary(_) | OutsideError::Unclear(_) => Failed::Later,
        OutsideError::Rejected(reason) | OutsideError::Gone(reason) => Failed::Never(Reason::new("file_unavailable").said(&reason.code)),
    })?;
    let limit = desk.house.max_file_bytes;
    let too_large = || Failed::Never(Reason::new("file_too_large").with("limit", limit));
    if download.size.is_some_and(|size| size > limit) {
        return Err(too_large());
    }
    let stored = desk.house.files.put(desk.workspace, id, download.content, limit).await.map_err(|error| match error {
        FileError::TooLarge { .. } => too_large(),
        _ => Failed::Later,
    })?;
    let name = if file.name.is_empty() { &download.name } else { &file.name };
    Ok(FileRecord {
        id,
        owner: FileOwner::Uploader { id: desk.connection.to_string() },
        name: safe_name(name, &stored.media_type),
        media_type: stored.media_type,
        size: stored.size,
        sha256: stored.sha256,
        width: stored.width,
        height: stored.height,
        thumbnail: stored.thumbnail,
        shared: None,
        created_at: now,
    })
}
