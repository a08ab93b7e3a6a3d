//! Files of messages: those that lie here already, those that are still at the provider, and those that were fetched.

use super::desk::Desk;
use super::draft::Draft;
use super::{Decision, Done};
use crate::channel::contract::{FileShape, Incoming, RemoteFile};
use crate::gateway::commands::{Answer, CommandError};
use crate::gateway::entries::{self, FetchEntry};
use crate::model::conversation::Conversation;
use crate::model::ids::{FileId, MessageId};
use crate::model::message::{Admission, Attachment, Message, Part};
use crate::model::protocol::FileStatus;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::files::{StoredFile, safe_name};
use crate::store::records::{FileOwner, FileRecord, streams};
use crate::store::table::Stored;

/// The most files of one message that came in; what is more is not shown.
const FILES: usize = 50;

/// A file's content is here, or will never be.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The message.
    pub message: MessageId,
    /// The file.
    pub file: FileId,
    /// What came, or why nothing.
    pub result: Result<Content, Reason>,
}

/// What came.
#[derive(Debug, Clone)]
pub struct Content {
    /// Its name, as somebody gave it; empty: none.
    pub name: String,
    /// What is stored.
    pub stored: StoredFile,
}

/// Adds the files of a message that lie at its provider: they are shown as pending, and fetched.
pub(super) fn expect(desk: &Desk, draft: &mut Draft, message: &mut Message, incoming: &Incoming) -> Result<(), CommandError> {
    let Some(fetch) = desk.channel.fetch() else { return Ok(()) };
    let limit = desk.house.max_file_bytes.min(fetch.limit_bytes());
    let until = incoming.written_at.max(desk.house.world.now()).plus_ms(fetch.lifetime_ms());
    for remote in incoming.remote.iter().take(FILES) {
        let file = FileId(desk.house.world.id());
        message.parts.push(part(file, remote));
        let too_large = remote.size.filter(|size| *size > limit).map(|_| Reason::new("file_too_large").with("limit", limit));
        // Nobody reads what a blocked customer sends.
        let refused = too_large.or_else(|| matches!(message.admission, Admission::Blocked).then(|| Reason::new("customer_blocked")));
        if refused.is_none() {
            let entry = FetchEntry { m: message.id(), f: file, until, p: None };
            draft.batch().append(&streams::fetch(desk.login), entries::write(&entry)?);
        }
        message.attachments.push(pending(file, remote, refused));
    }
    Ok(())
}

fn part(file: FileId, remote: &RemoteFile) -> Part {
    match remote.shape {
        FileShape::Plain => Part::File { file, caption: remote.caption.clone() },
        FileShape::Voice { duration_ms } => Part::Voice { file, duration_ms: duration_ms.map(u64::from) },
        FileShape::Sticker => Part::Sticker { file: Some(file), emoji: remote.caption.clone() },
    }
}

fn pending(file: FileId, remote: &RemoteFile, refused: Option<Reason>) -> Attachment {
    Attachment {
        file,
        name: if remote.name.is_empty() { String::new() } else { safe_name(&remote.name, &remote.media_type) },
        media_type: remote.media_type.clone(),
        size: remote.size.unwrap_or(0),
        status: if refused.is_some() { FileStatus::Failed } else { FileStatus::Pending },
        remote: refused.is_none().then(|| remote.locator.clone()),
        reason: refused,
        width: remote.width,
        height: remote.height,
        thumbnail: false,
        as_file: false,
    }
}

/// A file of a message is here, or will never be.
pub(super) async fn fetched(desk: &Desk, stored: &Stored<Conversation>, fetched: &Fetched) -> Result<Decision, CommandError> {
    let nothing = || Ok(Decision::Nothing(Done::Answer(Answer::Done)));
    let now = desk.house.world.now();
    let Some(old) = desk.store.get::<Message>(Message::at(fetched.message)).await? else { return nothing() };
    let mut new = old.record.clone();
    let Some(attachment) = new.attachments.iter_mut().find(|file| file.file == fetched.file && file.status == FileStatus::Pending) else {
        // Erased while it came: what was stored goes, too.
        if fetched.result.is_ok() && !old.record.attachments.iter().any(|file| file.file == fetched.file) {
            desk.house.files.delete(desk.workspace, fetched.file).await.map_err(|error| CommandError::TryAgain(error.to_string()))?;
        }
        return nothing();
    };
    let mut draft = Draft::new(Some(stored), None, now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    match &fetched.result {
        Ok(content) => {
            let record = record(fetched.file, content, FileOwner::Conversation { id: stored.record.id }, now);
            *attachment = record.attachment(attachment.as_file);
            draft.batch().insert(&record)?;
        }
        Err(reason) => {
            attachment.status = FileStatus::Failed;
            attachment.reason = Some(reason.clone());
            attachment.remote = None;
        }
    }
    draft.reword(&old, &new)?;
    Ok(Decision::Commit(Box::new(draft), Box::new(|_| Done::Answer(Answer::Done))))
}

/// The record of what came.
pub(super) fn record(id: FileId, content: &Content, owner: FileOwner, now: Time) -> FileRecord {
    let StoredFile { media_type, size, sha256, width, height, thumbnail } = content.stored.clone();
    FileRecord {
        id,
        owner,
        name: safe_name(&content.name, &media_type),
        media_type,
        size,
        sha256,
        width,
        height,
        thumbnail,
        shared: None,
        created_at: now,
    }
}
