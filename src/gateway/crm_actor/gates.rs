//! When a CRM may be called: each gate lets calls through at its pace, what people wait for first.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::crm::contract::Gate;
use crate::gateway::faults::patience;

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
            let gap = if gate.per_second == 0 { Duration::ZERO } else { patience(Duration::from_secs(1) / gate.per_second) };
            (gate.name, Mutex::new(State { gap, next: None, people: 0 }))
        };
        Self { gates: gates.iter().map(state).collect() }
    }

    /// Waits for a turn. A gate that is not known is open.
    pub(super) async fn turn(&self, name: &str, bulk: bool) {
        let Some(gate) = self.gates.get(name) else { return };
        let since = Instant::now();
        let mut waits = Waits { gate, counted: false };
        loop {
            match waits.take(bulk && since.elapsed() < FOR_PEOPLE, bulk, Instant::now()) {
                Ok(due) => return tokio::time::sleep_until(due.into()).await,
                Err(pause) => tokio::time::sleep(pause).await,
            }
        }
    }
}

/// Somebody who waits; whoever goes away is not counted any more.
struct Waits<'a> {
    gate: &'a Mutex<State>,
    counted: bool,
}

impl Waits<'_> {
    /// Takes the next turn. `Err`: not yet, look again after so long.
    fn take(&mut self, yields: bool, bulk: bool, now: Instant) -> Result<Instant, Duration> {
        let mut state = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let due = state.next.unwrap_or(now).max(now);
        // A turn is taken only once it is near, so that who comes later and is waited for is not behind all that wait already.
        if due > now + YIELD.max(state.gap) || (yields && state.people > 0) {
            if !bulk && !self.counted {
                self.counted = true;
                state.people = state.people.saturating_add(1);
            }
            return Err(YIELD.min(due.saturating_duration_since(now)).max(Duration::from_millis(1)));
        }
        state.next = Some(due + state.gap);
        Ok(due)
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

    #[tokio::test(start_paused = true)]
    async fn calls_keep_their_gap_whoever_makes_them() {
        let gates = Gates::new(GATES);
        let began = Instant::now();
        let mut went = Vec::new();
        for bulk in [false, true, false, true, true] {
            gates.turn("api", bulk).await;
            went.push(Instant::now());
        }
        assert!(went.windows(2).all(|pair| pair[1].duration_since(pair[0]) >= Duration::ZERO));
        gates.turn("another", false).await;
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_turn_is_taken_once_it_is_near() {
        let gates = Gates::new(GATES);
        let gate = gates.gates.get("api").unwrap();
        let now = Instant::now();
        let take = |bulk: bool, yields: bool| Waits { gate, counted: false }.take(yields, bulk, now);
        assert_eq!(take(false, false), Ok(now));
        assert_eq!(take(false, false), Ok(now + Duration::from_millis(100)));
        assert!(take(false, false).is_err(), "not two turns ahead");
    }

    #[test]
    fn the_bulk_waits_while_somebody_is_waited_for() {
        let gates = Gates::new(GATES);
        let gate = gates.gates.get("api").unwrap();
        let now = Instant::now();
        let (mut person, mut bulk) = (Waits { gate, counted: false }, Waits { gate, counted: false });
        assert!(bulk.take(true, true, now).is_ok());
        assert!(bulk.take(true, true, now).is_ok());
        assert!(person.take(false, false, now).is_err());
        let near = now + Duration::from_millis(150);
        assert!(bulk.take(true, true, near).is_err(), "the person goes first");
        assert!(person.take(false, false, near).is_ok());
        drop(person);
        assert!(bulk.take(true, true, near + Duration::from_millis(100)).is_ok());
    }
}
