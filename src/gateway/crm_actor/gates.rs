//! When a CRM may be called: each gate lets calls through at its pace, what people wait for first.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::crm::contract::Gate;
use crate::gateway::faults::pace;

/// What the bulk waits before it looks whether somebody else goes first.
const YIELD: Duration = Duration::from_millis(20);
/// However many wait before it, the bulk goes after so long.
const FOR_PEOPLE: Duration = Duration::from_secs(10);

/// The clock of a connection's calls.
pub(super) struct Gates {
    gates: HashMap<&'static str, Mutex<State>>,
}

struct State {
    gap: Duration,
    /// When the next call may go.
    next: Option<Instant>,
    /// How many wait whom people wait for.
    people: u32,
}

impl Gates {
    pub(super) fn new(gates: &'static [Gate]) -> Self {
        let state = |gate: &Gate| {
            let gap = if gate.per_second == 0 { Duration::ZERO } else { pace(Duration::from_secs(1) / gate.per_second) };
            (gate.name, Mutex::new(State { gap, next: None, people: 0 }))
        };
        Self { gates: gates.iter().map(state).collect() }
    }

    /// Waits for a turn. A gate that is not known is open.
    pub(super) async fn turn(&self, name: &str, bulk: bool) {
        let Some(gate) = self.gates.get(name) else { return };
        let since = Instant::now();
        let mut waits = Waits { gate, counted: false };
        while let Err(pause) = waits.take(bulk && since.elapsed() < FOR_PEOPLE, bulk, Instant::now()) {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Somebody who waits; whoever goes away is not counted any more.
struct Waits<'a> {
    gate: &'a Mutex<State>,
    counted: bool,
}

impl Waits<'_> {
    /// Takes a turn: the call goes now. `Err`: not yet, look again after so long. No turn is taken ahead: who came late to it would go side by
    /// side with the next, and who comes later and is waited for would be behind all that wait already.
    fn take(&mut self, yields: bool, bulk: bool, now: Instant) -> Result<(), Duration> {
        let mut state = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let left = state.next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now));
        if !left.is_zero() || (yields && state.people > 0) {
            if !bulk && !self.counted {
                self.counted = true;
                state.people = state.people.saturating_add(1);
            }
            return Err(YIELD.min(left).max(Duration::from_millis(1)));
        }
        state.next = Some(now + state.gap);
        Ok(())
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        if self.counted {
            let mut state = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
            state.people = state.people.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATES: &[Gate] = &[Gate { name: "api", per_second: 10 }];

    const GAP: Duration = Duration::from_millis(100);

    #[tokio::test]
    async fn calls_keep_their_gap_whoever_makes_them() {
        let gates = Gates::new(GATES);
        let mut last = None;
        for bulk in [false, true, false, true, true] {
            gates.turn("api", bulk).await;
            let went = Instant::now();
            assert!(last.replace(went).is_none_or(|last| went.duration_since(last) >= GAP));
        }
        let began = Instant::now();
        gates.turn("another", false).await;
        assert!(began.elapsed() < GAP, "nobody counts there");
    }

    #[test]
    fn no_turn_is_taken_ahead_and_who_is_late_makes_the_next_wait() {
        let gates = Gates::new(GATES);
        let gate = gates.gates.get("api").unwrap();
        let now = Instant::now();
        let take = |at: Instant| Waits { gate, counted: false }.take(false, false, at);
        assert_eq!((take(now), take(now)), (Ok(()), Err(YIELD)));
        assert_eq!(take(now + GAP * 3), Ok(()), "the machine stood still");
        assert!(take(now + GAP * 4 - Duration::from_millis(1)).is_err(), "a gap from when it went");
        assert_eq!(take(now + GAP * 4), Ok(()));
    }

    #[test]
    fn the_bulk_waits_while_somebody_is_waited_for() {
        let gates = Gates::new(GATES);
        let gate = gates.gates.get("api").unwrap();
        let now = Instant::now();
        let (mut person, mut bulk) = (Waits { gate, counted: false }, Waits { gate, counted: false });
        assert!(bulk.take(true, true, now).is_ok());
        assert!(person.take(false, false, now).is_err());
        assert!(bulk.take(true, true, now + GAP).is_err(), "the person goes first");
        assert!(person.take(false, false, now + GAP).is_ok());
        drop(person);
        assert!(bulk.take(true, true, now + GAP * 2).is_ok());
    }
}
