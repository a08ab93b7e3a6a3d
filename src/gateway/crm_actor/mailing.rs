//! Goes on with mailings: the same words to many, one after the other (H-AMO-40). What was begun is kept after it: begun again, it is the same
//! message by its key.

use std::sync::Arc;
use std::time::Duration;

use super::desk::CrmDesk;
use crate::gateway::commands::{Answer, Command, CommandError, FromWidget, Words, ask};
use crate::gateway::faults::{self, patience};
use crate::model::crm::Joins;
use crate::model::mailing::{MailTarget, Mailed, Mailing, NextMail};
use crate::store::port::{CommitError, Refusal, Scan};

/// The beat; what is asked for anew is begun at once.
const BEAT: Duration = Duration::from_secs(20);
/// While one is under way it is looked so often whether the next may go: the clock may have been moved.
const LOOK: Duration = Duration::from_millis(500);
/// The pause after something failed for now.
const PAUSE: Duration = Duration::from_secs(3);

/// Runs until the ownership is lost.
///
/// # Errors
/// [`CommandError::Fenced`].
pub(super) async fn run(desk: Arc<CrmDesk>) -> Result<(), CommandError> {
    let mut changed = desk.changed.subscribe();
    loop {
        changed.borrow_and_update();
        let pause = match round(&desk).await {
            Ok(pause) => pause,
            Err(CommandError::Fenced) => return Err(CommandError::Fenced),
            Err(error) => {
                tracing::warn!(connection = %desk.connection, %error, "a mailing waits");
                patience(PAUSE)
            }
        };
        let _ = tokio::time::timeout(pause, changed.changed()).await; // either way it is looked again
    }
}

/// Begins all that may go now, the oldest mailing first. Answers how long nothing is to be done.
async fn round(desk: &Arc<CrmDesk>) -> Result<Duration, CommandError> {
    loop {
        let open = desk.store.scan_index::<Mailing>(Mailing::OPEN, &Mailing::of(desk.connection), Scan::first(1)).await?;
        let Some((_, stored)) = open.into_iter().next() else { return Ok(BEAT) };
        let connection = desk.record().await?;
        if !connection.active || connection.removed_at.is_some() {
            return Ok(BEAT);
        }
        let mailing = stored.record;
        let place = match mailing.next(desk.house.world.now()) {
            NextMail::Now(place) => place,
            NextMail::At(_) => return Ok(LOOK),
            NextMail::Over => return Ok(BEAT),
        };
        let Some(target) = mailing.targets.get(place) else { return Ok(BEAT) };
        let mailed = match begin(desk, &mailing, place, target).await {
            Ok(mailed) => mailed,
            Err(CommandError::Refused(reason)) => Mailed::Refused { reason, at: desk.house.world.now() },
            Err(error) => return Err(error),
        };
        faults::point_for("crm/mailing", desk.connection);
        keep(desk, &mailing, place, &mailed).await?;
    }
}

async fn begin(desk: &Arc<CrmDesk>, mailing: &Mailing, place: usize, target: &MailTarget) -> Result<Mailed, CommandError> {
    let at = desk.house.world.now();
    let asked = FromWidget {
        to: target.to.clone(),
        connection: desk.connection,
        joins: Joins::default(),
        client_id: format!("mailing-{}-{place}", mailing.id),
        author: mailing.author.clone(),
        words: Some(Words { text: mailing.text.clone(), files: Vec::new(), mailing: Some(mailing.id.to_string()) }),
        opens: None,
        at,
    };
    match ask(&desk.house, desk.workspace, target.login, Command::FromWidget(Box::new(asked))).await {
        Ok(Answer::Message { message, .. }) => Ok(Mailed::Begun { message: message.id(), at }),
        Ok(_) => Err(CommandError::TryAgain("try_again".to_owned())),
        // The login's owner changes: that says nothing of ours.
        Err(CommandError::Fenced) => Err(CommandError::TryAgain("try_again".to_owned())),
        Err(error) => Err(error),
    }
}

/// Keeps what became of one; somebody may stop the mailing at the same time.
async fn keep(desk: &CrmDesk, mailing: &Mailing, place: usize, mailed: &Mailed) -> Result<(), CommandError> {
    for _ in 0..10 {
        let Some(old) = desk.store.get::<Mailing>(Mailing::at(mailing.connection, mailing.id)).await? else { return Ok(()) };
        let mut new = old.record.clone();
        if let Some(target) = new.targets.get_mut(place) {
            target.mailed = mailed.clone();
        }
        let mut batch = desk.batch();
        batch.update(&old, &new)?;
        match desk.store.commit(batch).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {}
            Err(CommitError::Refused(Refusal::Fenced { .. })) => return Err(CommandError::Fenced),
            Err(error) => return Err(error.into()),
        }
    }
    Err(CommandError::TryAgain("conflicts".to_owned()))
}
