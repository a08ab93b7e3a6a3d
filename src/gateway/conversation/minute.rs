//! How much goes into a chat of many people within a minute, where the provider bounds that. It is counted in the commit that begins a send: so
//! it holds over a restart, and for all conversations of that chat together (a forum's topics, comments).

use std::iter::repeat_n;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::desk::Desk;
use crate::channel::contract::OutgoingPiece;
use crate::gateway::commands::CommandError;
use crate::gateway::faults::patience;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::records::LoginState;

/// Counts a piece that is about to go, in the commit that begins it.
///
/// # Errors
/// Inside: there is no room before a moment. Outside: the store failed.
pub(super) async fn count(desk: &Desk, batch: &mut Batch, piece: &OutgoingPiece, now: Time) -> Result<Result<(), Time>, CommandError> {
    let limit = usize::try_from(desk.channel.pace().group_per_minute).unwrap_or(usize::MAX);
    let Some((crowd, messages)) = desk.channel.crowd(piece).filter(|_| limit > 0) else { return Ok(Ok(())) };
    let name = format!("minute/{crowd}");
    let context = LoginState::context(desk.login, &name);
    let old = desk.store.get::<LoginState>(LoginState::at(desk.login, &name)).await?;
    let went: Vec<Time> = match &old {
        Some(old) => {
            let opened = desk.house.keyring.open_text(&context, &old.record.sealed);
            let opened = opened.map_err(|error| CommandError::TryAgain(format!("store_unreadable: {error}")))?;
            serde_json::from_str(opened.expose_secret()).unwrap_or_default()
        }
        None => Vec::new(),
    };
    let minute = i64::try_from(patience(Duration::from_secs(60)).as_millis()).unwrap_or(i64::MAX);
    let went = match with(&went, now, minute, limit, messages) {
        Ok(went) => went,
        Err(not_before) => return Ok(Err(not_before)),
    };
    let text = serde_json::to_string(&went).unwrap_or_default();
    let new =
        LoginState { looked: None, login: desk.login, name, sealed: desk.house.keyring.seal(&context, text.as_bytes(), desk.house.world.as_ref()) };
    match &old {
        Some(old) => batch.update(old, &new)?,
        None => batch.insert(&new)?,
    }
    Ok(Ok(()))
}

/// What went within the last minute, with so many messages more now; or when there will be room for them.
fn with(went: &[Time], now: Time, minute: i64, limit: usize, messages: usize) -> Result<Vec<Time>, Time> {
    // What a clock that was put back says lies ahead went now at the latest.
    let mut kept: Vec<Time> = went.iter().map(|at| (*at).min(now)).filter(|at| at.plus_ms(minute) > now).collect();
    let too_many = (kept.len().saturating_add(messages.min(limit))).saturating_sub(limit);
    match too_many.checked_sub(1).and_then(|last| kept.get(last)) {
        Some(last) => Err(last.plus_ms(minute)),
        None => {
            kept.extend(repeat_n(now, messages));
            Ok(kept)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn a_crowd_takes_so_many_a_minute() {
        let two = with(&with(&[], Time(0), MINUTE, 2, 1).unwrap(), Time(10), MINUTE, 2, 1).unwrap();
        assert_eq!(two, [Time(0), Time(10)]);
        assert_eq!(with(&two, Time(59_999), MINUTE, 2, 1), Err(Time(60_000)));
        assert_eq!(with(&two, Time(60_000), MINUTE, 2, 1), Ok(vec![Time(10), Time(60_000)]));
    }

    #[test]
    fn an_album_counts_as_its_messages() {
        let went = with(&[Time(0), Time(1_000)], Time(2_000), MINUTE, 19, 10).unwrap();
        assert_eq!(went.len(), 12);
        assert_eq!(with(&went, Time(3_000), MINUTE, 19, 9), Err(Time(61_000)), "two must go out of the minute first");
        assert_eq!(with(&[], Time(0), MINUTE, 19, 30).map(|went| went.len()), Ok(30), "what never fits goes alone");
    }

    #[test]
    fn a_clock_that_was_put_back_holds_nobody_up_for_longer() {
        assert_eq!(with(&[Time(9_000_000)], Time(0), MINUTE, 1, 1), Err(Time(MINUTE)));
    }
}
