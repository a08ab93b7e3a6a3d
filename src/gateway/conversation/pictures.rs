//! Pictures of people and listings: which are wanted, and those that came. A conversation has copies of its own, so that what belongs to one
//! goes with it.

use super::desk::Desk;
use super::draft::Draft;
use super::files::{Content, record};
use super::people::People;
use super::{Decision, Done};
use crate::channel::contract::{Incoming, RemotePicture};
use crate::gateway::commands::{Answer, CommandError};
use crate::gateway::entries::{self, FetchEntry, PictureEntry};
use crate::model::conversation::{Conversation, Picture, Shown};
use crate::model::customer::Identity;
use crate::model::ids::{FileId, IdentityId, MessageId};
use crate::model::time::Time;
use crate::store::records::{FileOwner, FileRecord, streams};
use crate::store::table::Stored;

/// A picture is asked for at most so often, milliseconds.
const AGAIN_MS: i64 = 24 * 60 * 60_000;
/// One that does not come is given up after so long; the next day it is asked for again.
const TRIED_MS: i64 = 60 * 60_000;

/// A picture is here, or there is none any more.
#[derive(Debug, Clone)]
pub struct Pictured {
    /// What it shows.
    pub shown: Shown,
    /// The file it is stored as.
    pub file: FileId,
    /// By what it is known again.
    pub key: String,
    /// What came.
    pub content: Option<Content>,
}

/// Asks for the pictures a message tells of, where they may be others than those that are here.
pub(super) fn want(desk: &Desk, draft: &mut Draft, incoming: &Incoming) -> Result<(), CommandError> {
    if desk.channel.fetch().is_none() || !draft.conversation.wants_pictures() {
        return Ok(());
    }
    let now = desk.house.world.now();
    // A group is with nobody: its members are asked for none.
    let person = incoming.peer.as_ref().and_then(|peer| peer.picture.as_deref());
    for (shown, told) in [(Shown::Person, person), (Shown::Place, incoming.place_picture.as_ref())] {
        let Some(told) = told.filter(|told| is_due(draft.conversation.picture_of(shown), told, now)) else { continue };
        let place = draft.conversation.picture_place(shown);
        place.get_or_insert_with(|| Picture { file: None, key: String::new(), asked_at: now }).asked_at = now;
        let entry = FetchEntry {
            m: MessageId { conversation: draft.conversation.id, number: 0 },
            f: FileId(desk.house.world.id()),
            until: now.plus_ms(TRIED_MS),
            p: Some(PictureEntry { s: shown, l: told.locator.clone(), k: told.key.clone() }),
        };
        draft.batch().append(&streams::fetch(desk.login), entries::write(&entry)?);
    }
    Ok(())
}

/// Whether a picture that is told of is worth a question.
fn is_due(known: Option<&Picture>, told: &RemotePicture, now: Time) -> bool {
    let is_there = !told.locator.is_empty();
    let Some(known) = known else { return is_there };
    let is_other = known.file.is_none() || told.key.is_empty() || told.key != known.key;
    let changes = if is_there { is_other } else { known.file.is_some() };
    changes && known.asked_at.plus_ms(AGAIN_MS) <= now
}

/// A picture takes the place of the one before, whose content goes. Who shows the conversation or its customer is told.
pub(super) async fn pictured(desk: &Desk, stored: &Stored<Conversation>, pictured: &Pictured) -> Result<Decision, CommandError> {
    let nothing = || Ok(Decision::Nothing(Done::Answer(Answer::Done)));
    let now = desk.house.world.now();
    let known = stored.record.picture_of(pictured.shown);
    let old = known.and_then(|known| known.file);
    if old == Some(pictured.file) {
        return nothing();
    }
    if !stored.record.wants_pictures() {
        delete(desk, pictured.file).await?;
        return nothing();
    }
    let mut draft = Draft::new(Some(stored), None, now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    if let Some(old) = old {
        // The content first: after a crash in between the entry is tried again.
        delete(desk, old).await?;
        if let Some(record) = desk.store.get::<FileRecord>(FileRecord::at(old)).await? {
            draft.batch().remove(&record);
        }
    }
    let file = pictured.content.as_ref().map(|_| pictured.file);
    if let Some(content) = &pictured.content {
        draft.batch().insert(&record(pictured.file, content, FileOwner::Picture { id: stored.record.id }, now))?;
    }
    let asked_at = known.map_or(now, |known| known.asked_at);
    *draft.conversation.picture_place(pictured.shown) = Some(Picture { file, key: pictured.key.clone(), asked_at });
    if let (Shown::Person, Some(identity)) = (pictured.shown, stored.record.identity) {
        remember(desk, &mut draft, identity, old, file).await?;
    }
    Ok(Decision::Commit(Box::new(draft), Box::new(|_| Done::Answer(Answer::Done))))
}

/// The person is shown so from now on, whatever other conversation their picture came from.
async fn remember(desk: &Desk, draft: &mut Draft, identity: IdentityId, old: Option<FileId>, file: Option<FileId>) -> Result<(), CommandError> {
    let Some(known) = desk.store.get::<Identity>(Identity::at(identity)).await? else { return Ok(()) };
    if file.is_none() && known.record.picture != old {
        return Ok(());
    }
    let new = Identity { picture: file, ..known.record.clone() };
    let mut people = People::default();
    people.batch.update(&known, &new)?;
    people.met.push(Stored { version: known.version.saturating_add(1), record: new });
    people.tell_of(desk, identity).await?;
    draft.meet(people);
    Ok(())
}

async fn delete(desk: &Desk, file: FileId) -> Result<(), CommandError> {
    desk.house.files.delete(desk.workspace, file).await.map_err(|error| {
        tracing::warn!(%file, %error, "a picture that is not shown any more could not be removed");
        CommandError::TryAgain("files_unavailable".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_other_pictures_are_asked_for_and_once_a_day() {
        let told = |locator: &str, key: &str| RemotePicture { locator: locator.into(), key: key.into() };
        let known = |file: Option<u64>, key: &str| Picture { file: file.map(FileId), key: key.into(), asked_at: Time(0) };
        let (soon, later) = (Time(AGAIN_MS - 1), Time(AGAIN_MS));
        assert!(is_due(None, &told("a", "k"), Time(0)));
        assert!(!is_due(None, &told("", ""), Time(0)), "there is none, and there was none");
        for (picture, said, due) in [
            (known(Some(1), "k"), told("a", "k"), false),
            (known(Some(1), "k"), told("a", "l"), true),
            // Only who locates it knows.
            (known(Some(1), "k"), told("a", ""), true),
            // It did not come the day before.
            (known(None, ""), told("a", "k"), true),
            // It was taken off.
            (known(Some(1), "k"), told("", ""), true),
            (known(None, "k"), told("", ""), false),
        ] {
            assert_eq!(is_due(Some(&picture), &said, later), due, "{picture:?} {said:?}");
            assert!(!is_due(Some(&picture), &said, soon), "{picture:?} {said:?}");
        }
    }
}
