//! What only the visitors of a site have: visits and ratings.

use super::desk::Desk;
use super::draft::Draft;
use super::{Decision, Done};
use crate::channel::contract::Rated;
use crate::gateway::commands::{Answer, CommandError};
use crate::model::conversation::{Episode, FactKind, PastEpisode};
use crate::model::visit::{Visit, cut};
use crate::store::table::Record;

/// The longest words to a rating, in characters.
const COMMENT: usize = 1_000;

/// Links the visit a message was written in, and keeps it if it is new.
pub(crate) async fn link(desk: &Desk, draft: &mut Draft, visit: &Visit) -> Result<(), CommandError> {
    if draft.conversation.last_visit.as_ref() == Some(&visit.code) {
        return Ok(());
    }
    if desk.store.get::<Visit>(visit.key()).await?.is_none() {
        let kept = Visit { account: draft.conversation.account, conversation: Some(draft.conversation.id), ..visit.clone() };
        draft.batch().insert(&kept)?;
    }
    draft.conversation.first_visit.get_or_insert_with(|| visit.code.clone());
    draft.conversation.last_visit = Some(visit.code.clone());
    Ok(())
}

/// The customer rated a part that is over; a later word replaces an earlier one.
pub(crate) async fn rated(desk: &Desk, mut draft: Draft, rated: &Rated) -> Result<Decision, CommandError> {
    if !(1..=5).contains(&rated.rating) {
        return Err(CommandError::refused("rating_invalid"));
    }
    let rate = |episode: &Episode| -> Result<Option<Episode>, CommandError> {
        if episode.closed_at.is_none() {
            return Err(CommandError::refused("episode_open"));
        }
        let new = Episode { rating: Some(rated.rating), comment: cut(&rated.comment, COMMENT), ..episode.clone() };
        Ok((new != *episode).then_some(new))
    };
    let new = if rated.episode == draft.conversation.episode.number {
        let new = rate(&draft.conversation.episode)?;
        if let Some(new) = &new {
            draft.conversation.episode = new.clone();
        }
        new
    } else {
        let old = desk.store.get::<PastEpisode>(PastEpisode::at(draft.conversation.id, rated.episode)).await?;
        let old = old.ok_or_else(|| CommandError::refused("unknown_episode"))?;
        let new = rate(&old.record.episode)?;
        if let Some(episode) = &new {
            draft.batch().update(&old, &PastEpisode { episode: episode.clone(), ..old.record.clone() })?;
        }
        new
    };
    if new.is_none() {
        return Ok(Decision::Nothing(Done::Answer(Answer::Done)));
    }
    let by = draft.conversation.identity.map(|identity| identity.to_string()).unwrap_or_default();
    draft.fact(desk, &by, FactKind::Rated { rating: rated.rating })?;
    Ok(Decision::Commit(Box::new(draft), Box::new(|_| Done::Answer(Answer::Done))))
}
