//! Samples for proofs: data that is hard to show, and very much of it. No release has them.
//!
//! Everything goes through what the product itself writes with: messages through the conversation's [`Draft`](crate::gateway::conversation::draft)
//! under the login's own fence, what managers decide as their commands. So indexes, logs, feed and counters are as they would be, and a
//! recount agrees.
//!
//! * [`scribe`]: writes conversations with a past
//! * [`hard`]: forty conversations that are hard to show, one of them with everything a message can be
//! * [`kinds`]: what stands in that one
//! * [`large`]: very many conversations

mod hard;
mod kinds;
mod large;
mod scribe;

use std::str::FromStr;
use std::sync::Arc;

use super::{Prepared, failed};
use crate::app::StartError;
use crate::gateway::house::House;

/// Which sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sample {
    /// What is hard to show.
    Hard,
    /// So many conversations.
    Large(usize),
}

impl FromStr for Sample {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "hard" => Ok(Self::Hard),
            None if text == "large" => Ok(Self::Large(100_000)),
            Some(("large", number)) => number.parse().map(Self::Large).map_err(|_| "not a number".to_owned()),
            _ => Err("hard, large or large=NUMBER".to_owned()),
        }
    }
}

/// Writes what has a past, before anybody serves.
///
/// # Errors
/// One line for the operator.
pub async fn write(house: House, prepared: &Prepared, sample: &Sample) -> Result<House, StartError> {
    let house = Arc::new(house);
    match sample {
        Sample::Hard => hard::write(&house, prepared).await?,
        Sample::Large(number) => large::write(&house, prepared, *number).await?,
    }
    Arc::into_inner(house).ok_or_else(|| failed("the sample's scribe still writes"))
}

/// Lets managers decide what they would have. Must run where the actors run.
///
/// # Errors
/// One line for the operator.
pub async fn finish(house: &House, prepared: &Prepared, sample: &Sample) -> Result<(), StartError> {
    match sample {
        Sample::Hard => hard::triage(house, prepared).await,
        Sample::Large(_) => Ok(()),
    }
}
