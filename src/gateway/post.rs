//! Letters: written in the commit of their cause, handed to the mail server by one node, with back-off for a day.
//!
//! Each try is committed before the server is called, with the time of the next: a node that dies meanwhile loses nothing, and two nodes
//! never try at once. A repeat after a lost answer carries the same name (`Message-ID`), by which mailboxes know it.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt};
use secrecy::ExposeSecret;

use super::house::House;
use crate::mail::{Mail, MailError, compose};
use crate::model::ids::{LetterId, WorkspaceId};
use crate::model::letter::{LETTER_LIFE_MS, Letter, LetterKind, LetterStatus, LetterWords};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, IndexPosition, RecordKey, Refusal, Scan, StoreError};
use crate::store::table::Stored;

/// Letters of one round, and how many at once.
const ROUND: (usize, usize) = (40, 4);
/// The pause after a try: first and greatest. Longer than a try may take.
const PAUSE_MS: (i64, i64) = (60_000, 60 * 60_000);

/// A letter that is to be written.
pub struct NewLetter<'a> {
    /// Whose admins see it.
    pub workspace: Option<WorkspaceId>,
    /// The address.
    pub to: &'a str,
    /// The language.
    pub locale: &'a str,
    /// What it is about.
    pub about: LetterKind,
    /// What it says.
    pub words: LetterWords,
    /// After this it is of no use; none: a day.
    pub until: Option<Time>,
}

fn context(id: LetterId) -> String {
    format!("letter/{id}")
}

/// Adds a letter to the batch of its cause. `None`: no mail is set up, and nothing was added.
///
/// # Errors
/// The batch cannot hold it.
pub fn write(house: &House, batch: &mut Batch, new: NewLetter<'_>) -> Result<Option<LetterId>, StoreError> {
    write_as(house, batch, LetterId(house.world.id()), new)
}

/// The same under an id its cause was given: written twice, it is refused the second time.
///
/// # Errors
/// The batch cannot hold it.
pub fn write_as(house: &House, batch: &mut Batch, id: LetterId, new: NewLetter<'_>) -> Result<Option<LetterId>, StoreError> {
    if house.mail.is_none() {
        return Ok(None);
    }
    let now = house.world.now();
    let words = serde_json::to_vec(&new.words).map_err(|error| StoreError::Invalid(error.to_string()))?;
    batch.insert(&Letter {
        id,
        workspace: new.workspace,
        to: new.to.to_owned(),
        locale: new.locale.to_owned(),
        about: new.about,
        sealed: house.keyring.seal(&context(id), &words, house.world.as_ref()),
        status: LetterStatus::Waiting,
        reason: None,
        tries: 0,
        next_at: now,
        until: new.until.unwrap_or(now.plus_ms(LETTER_LIFE_MS)),
        created_at: now,
        at: now,
    })?;
    Ok(Some(id))
}

/// The newest letters of a workspace.
///
/// # Errors
/// The store's word.
pub async fn letters(house: &House, workspace: WorkspaceId, limit: usize) -> Result<Vec<Letter>, StoreError> {
    let found = house.store.global().scan_index::<Letter>(Letter::BY_WORKSPACE, &Letter::of(workspace), Scan::last(limit)).await?;
    Ok(found.into_iter().map(|(_, stored)| stored.record).collect())
}

/// The pause after so many tries.
#[must_use]
pub fn pause_ms(tries: u32) -> i64 {
    let (first, greatest) = PAUSE_MS;
    first.checked_shl(tries.saturating_sub(1).min(20)).unwrap_or(greatest).clamp(first, greatest)
}

/// Sends what is due.
///
/// # Errors
/// The store's failure; the rest waits for the next round.
pub async fn send_due(house: &House) -> Result<(), StoreError> {
    let Some(mail) = &house.mail else { return Ok(()) };
    let mut scan = Scan::first(ROUND.0);
    let nowhere = RecordKey { group: Vec::new(), item: Vec::new() };
    scan.below = Some(IndexPosition { sort: Key::new().signed(house.world.now().0.saturating_add(1)).done(), key: nowhere });
    let due = house.store.global().scan_index::<Letter>(Letter::BY_DUE, &[], scan).await?;
    futures_util::stream::iter(due)
        .for_each_concurrent(ROUND.1, |(_, letter)| async move {
            // A panic over one letter must not end the node; the try is counted already, and the next comes in its time.
            match AssertUnwindSafe(send(house, mail, letter)).catch_unwind().await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a letter waits for the store"),
                Err(_) => metrics::counter!("kommutator_actor_panics_total", "actor" => "post").increment(1),
            }
        })
        .await;
    Ok(())
}

async fn send(house: &House, mail: &Mail, letter: Stored<Letter>) -> Result<(), StoreError> {
    let now = house.world.now();
    if letter.record.until <= now {
        let reason = letter.record.reason.clone().unwrap_or_else(|| Reason::new("expired"));
        return settle(house, &letter, Letter { status: LetterStatus::Undeliverable, reason: Some(reason), ..ended(&letter.record, now) })
            .await
            .map(|_| ());
    }
    let tries = letter.record.tries.saturating_add(1);
    let begun = Letter { tries, next_at: now.plus_ms(pause_ms(tries)), ..letter.record.clone() };
    let Some(letter) = settle(house, &letter, begun).await? else { return Ok(()) };
    let result = hand_over(house, mail, &letter.record).await;
    let now = house.world.now();
    let record = &letter.record;
    let next = match result {
        Ok(()) => Letter { status: LetterStatus::Posted, reason: None, ..ended(record, now) },
        Err(MailError::Later(words)) => {
            tracing::warn!(letter = %record.id, tries, words, "a letter could not be sent yet");
            Letter { reason: Some(Reason::new("mail_waits").said(&words)), ..record.clone() }
        }
        Err(MailError::Never(words)) => {
            tracing::warn!(letter = %record.id, words, "a letter will not go out");
            Letter { status: LetterStatus::Undeliverable, reason: Some(Reason::new("mail_refused").said(&words)), ..ended(record, now) }
        }
        Err(MailError::BadAddress) => {
            Letter { status: LetterStatus::Undeliverable, reason: Some(Reason::new("mail_bad_address")), ..ended(record, now) }
        }
    };
    let status = next.status;
    settle(house, &letter, next).await?;
    if status != LetterStatus::Waiting {
        let status = if status == LetterStatus::Posted { "posted" } else { "undeliverable" };
        metrics::counter!("kommutator_letters_total", "status" => status).increment(1);
    }
    Ok(())
}

/// Nobody needs its words any more.
fn ended(letter: &Letter, now: Time) -> Letter {
    Letter { sealed: String::new(), at: now, ..letter.clone() }
}

async fn hand_over(house: &House, mail: &Mail, letter: &Letter) -> Result<(), MailError> {
    let unreadable = || MailError::Never("its words cannot be read: the server has another key".to_owned());
    let opened = house.keyring.open_sealed(&context(letter.id), &letter.sealed).map_err(|_| unreadable())?;
    let words: LetterWords = serde_json::from_slice(opened.expose_secret()).map_err(|_| unreadable())?;
    let composed = compose(letter.about, &letter.locale, &words);
    mail.send(&letter.id.to_string(), &letter.to, letter.created_at, &composed).await
}

/// Writes a letter's next state. `None`: another node was quicker.
async fn settle(house: &House, old: &Stored<Letter>, new: Letter) -> Result<Option<Stored<Letter>>, StoreError> {
    let mut batch = Batch::new();
    batch.update(old, &new)?;
    match house.store.global().commit(batch).await {
        Ok(_) => Ok(Some(Stored { version: old.version.saturating_add(1), record: new })),
        Err(CommitError::Refused(Refusal::Conflict { .. })) => Ok(None),
        Err(CommitError::Refused(refusal)) => Err(StoreError::Invalid(format!("{refusal:?}"))),
        Err(CommitError::Store(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_bounded() {
        let pauses: Vec<i64> = (1..=10).map(pause_ms).collect();
        assert_eq!((pauses[0], pauses[1], pauses[9]), (60_000, 120_000, 3_600_000));
        assert!(pauses.is_sorted());
    }
}
