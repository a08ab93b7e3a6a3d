//! The one time type, and where "now" and randomness come from.
//!
//! Nothing in the product asks the machine for the time or for random bytes but the two implementations of [`World`]:
//! the real one and the one tests hold in their hands. A clock that goes backwards therefore is a row in a test.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970 UTC. Written as RFC 3339 with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(pub i64);

impl Time {
    /// This moment moved by milliseconds.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment; negative if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_) => write!(f, "1970-01-01T00:00:00.000Z"),
        }
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
impl std::str::FromStr for Time {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<jiff::Timestamp>().map(|moment| Self(moment.as_millisecond()))
    }
}

/// What the product may ask of the world outside that is not a call: the time and randomness.
pub trait World: Send + Sync + 'static {
    /// The wall clock. May go backwards: nothing may depend on it for order.
    fn now(&self) -> Time;
    /// Fills the buffer with bytes nobody can guess.
    fn random(&self, into: &mut [u8]);
}

/// A shared [`World`].
pub type SharedWorld = Arc<dyn World>;

impl dyn World {
    /// A new id: milliseconds since 2020, then 22 random bits.
    pub fn id(&self) -> u64 {
        let mut bytes = [0; 4];
        self.random(&mut bytes);
        let milliseconds = u64::try_from(self.now().0.saturating_sub(1_577_836_800_000)).unwrap_or(0);
        (milliseconds << 22) | u64::from(u32::from_le_bytes(bytes) & 0x003f_ffff)
    }

    /// A new secret of `N` random bytes, in hex.
    pub fn secret<const N: usize>(&self) -> String {
        let mut bytes = [0; N];
        self.random(&mut bytes);
        data_encoding::HEXLOWER.encode(&bytes)
    }
}

/// The machine's clock and the system's random numbers.
#[derive(Debug, Default)]
pub struct RealWorld;

/// How far tests have put the clock of this process forward.
#[cfg(feature = "faults")]
static AHEAD_MS: AtomicI64 = AtomicI64::new(0);

#[cfg(feature = "faults")]
impl RealWorld {
    /// Puts the clock of this process forward.
    pub fn put_forward(ms: i64) {
        AHEAD_MS.fetch_add(ms, Ordering::SeqCst);
    }
}

impl World for RealWorld {
    fn now(&self) -> Time {
        let now = Time(jiff::Timestamp::now().as_millisecond());
        #[cfg(feature = "faults")]
        let now = now.plus_ms(AHEAD_MS.load(Ordering::SeqCst));
        now
    }

    fn random(&self, into: &mut [u8]) {
        rand::fill(into);
    }
}

/// A world tests hold in their hands: the clock stands until moved, randomness follows from a seed.
#[derive(Debug)]
pub struct TestWorld {
    now: AtomicI64,
    seed: AtomicU64,
}

impl TestWorld {
    /// A world at this moment with this seed.
    #[must_use]
    pub fn new(now: Time, seed: u64) -> Self {
        Self { now: AtomicI64::new(now.0), seed: AtomicU64::new(seed) }
    }

    /// Moves the clock, also backwards.
    pub fn advance_ms(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }
}

impl World for TestWorld {
    fn now(&self) -> Time {
        Time(self.now.load(Ordering::SeqCst))
    }

    fn random(&self, into: &mut [u8]) {
        // splitmix64: well spread and repeatable; never used outside tests.
        for byte in into {
            let mut z = self.seed.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = u8::try_from((z ^ (z >> 31)) & 0xff).unwrap_or(0);
        }
    }
}
