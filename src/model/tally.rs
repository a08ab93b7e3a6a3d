//! The day's numbers: messages in and out, new conversations, how long a first answer took.
//!
//! What happened is counted in quarters of an hour of UTC: all time zones in use are whole quarters away from it, so the hours of any
//! day of any zone can be added up, also after the workspace moved to another.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use utoipa::ToSchema;

use super::time::Time;

/// A quarter of an hour.
pub const QUARTER_MS: i64 = 15 * 60 * 1_000;
const HOUR_MS: i64 = 4 * QUARTER_MS;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// A customer's message.
    Inbound,
    /// A message of ours.
    Outbound,
    /// A conversation, with its first message.
    Begun,
    /// The first answer of an episode, by how long the customer waited: see [`bucket`].
    Answered(u8),
}

/// Where a wait ends that still belongs to its bucket, seconds: about a quarter to a half longer each. The last is never passed.
const EDGES: [u32; 28] = [
    10,
    15,
    20,
    30,
    45,
    60,
    90,
    120,
    180,
    240,
    300,
    420,
    600,
    900,
    1_200,
    1_800,
    2_700,
    3_600,
    5_400,
    7_200,
    10_800,
    14_400,
    21_600,
    28_800,
    43_200,
    86_400,
    604_800,
    u32::MAX,
];

/// The bucket of a wait.
#[must_use]
pub fn bucket(waited_ms: i64) -> u8 {
    let at = EDGES.iter().position(|edge| waited_ms <= i64::from(*edge).saturating_mul(1_000));
    u8::try_from(at.unwrap_or(EDGES.len().saturating_sub(1))).unwrap_or(0)
}

/// The numbers of an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HourTally {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// Customers' messages.
    pub inbound: i64,
    /// Messages of ours.
    pub outbound: i64,
    /// New conversations.
    pub begun: i64,
}

/// The numbers of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayTally {
    /// The day, in the workspace's time zone.
    #[schema(value_type = String, format = Date)]
    pub date: String,
    /// Its hours: 24, but for the days on which the clock is put forward or back.
    pub hours: Vec<HourTally>,
    /// How many first answers were given.
    pub answered: i64,
    /// Half of them took no longer than so many seconds, in steps; null: there were none.
    pub half_within_seconds: Option<u32>,
    #[serde(skip)]
    waits: Vec<i64>,
    #[serde(skip)]
    end: Time,
}

impl DayTally {
    /// A day without numbers; `None`: there is no such day.
    fn empty(date: Date, zone: &TimeZone) -> Option<Self> {
        let start = |date: Date| Some(Time(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond()));
        let (from, end) = (start(date)?, start(date.checked_add(1.day()).ok()?)?);
        let mut hours = Vec::with_capacity(25);
        let mut at = from;
        while at < end {
            hours.push(HourTally { at, inbound: 0, outbound: 0, begun: 0 });
            at = at.plus_ms(HOUR_MS);
        }
        Some(Self { date: date.to_string(), hours, answered: 0, half_within_seconds: None, waits: vec![0; EDGES.len()], end })
    }

    /// Adds what was counted in the quarter that begins then, if it is of this day.
    pub fn add(&mut self, quarter: Time, what: Counted, times: i64) {
        if quarter >= self.end {
            return;
        }
        let Some(hour) = self.hours.iter_mut().rev().find(|hour| hour.at <= quarter) else { return };
        let sum = match what {
            Counted::Inbound => &mut hour.inbound,
            Counted::Outbound => &mut hour.outbound,
            Counted::Begun => &mut hour.begun,
            Counted::Answered(bucket) => {
                let Some(sum) = self.waits.get_mut(usize::from(bucket)) else { return };
                self.answered = self.answered.saturating_add(times);
                sum
            }
        };
        *sum = sum.saturating_add(times);
    }

    /// Says within which time half of the answers were given, once all is added.
    #[must_use]
    pub fn done(mut self) -> Self {
        let mut passed = 0_i64;
        self.half_within_seconds = EDGES.iter().zip(&self.waits).find_map(|(edge, times)| {
            passed = passed.saturating_add(*times);
            (passed > 0 && passed.saturating_mul(2) >= self.answered).then_some(*edge)
        });
        self
    }
}

/// Yesterday and today in a zone, without numbers. A zone that is not known any more is UTC.
#[must_use]
pub fn two_days(now: Time, zone: &str) -> Option<(DayTally, DayTally)> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let today = zone.to_datetime(Timestamp::from_millisecond(now.0).ok()?).date();
    Some((DayTally::empty(today.checked_sub(1.day()).ok()?, &zone)?, DayTally::empty(today, &zone)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn hours_belong_to_the_days_of_their_zone() {
        // (zone, moment, hours of yesterday and today, where today begins)
        for (zone, now, hours, begins) in [
            ("Europe/Moscow", "2026-11-21T20:59:59Z", (24, 24), "2026-11-20T21:00:00Z"),
            ("Europe/Moscow", "2026-11-21T21:00:00Z", (24, 24), "2026-11-21T21:00:00Z"),
            ("Asia/Kathmandu", "2026-11-21T18:15:00Z", (24, 24), "2026-11-21T18:15:00Z"),
            ("Europe/Madrid", "2026-03-30T12:00:00Z", (23, 24), "2026-03-29T22:00:00Z"),
            ("Europe/Madrid", "2026-10-25T12:00:00Z", (24, 25), "2026-10-24T22:00:00Z"),
            ("Moon/Base", "2026-11-21T12:00:00Z", (24, 24), "2026-11-21T00:00:00Z"),
        ] {
            let (yesterday, today) = two_days(at(now), zone).unwrap();
            assert_eq!((yesterday.hours.len(), today.hours.len()), hours, "{zone} {now}");
            assert_eq!(today.hours[0].at, at(begins), "{zone} {now}");
            assert_eq!(yesterday.end, today.hours[0].at, "{zone} {now}: no gap");
        }
    }

    #[test]
    fn what_is_of_another_day_is_not_added() {
        let (mut yesterday, mut today) = two_days(at("2026-11-21T12:00:00Z"), "Asia/Kathmandu").unwrap();
        for (quarter, times) in [("2026-11-19T18:00:00Z", 1), ("2026-11-19T18:15:00Z", 2), ("2026-11-20T18:00:00Z", 4), ("2026-11-20T18:15:00Z", 8)] {
            for day in [&mut yesterday, &mut today] {
                day.add(at(quarter), Counted::Inbound, times);
            }
        }
        today.add(at("2026-11-21T18:15:00Z"), Counted::Begun, 1);
        let sums = |day: &DayTally| day.hours.iter().map(|hour| (hour.inbound, hour.begun)).filter(|sum| *sum != (0, 0)).collect::<Vec<_>>();
        assert_eq!(sums(&yesterday), [(2, 0), (4, 0)]);
        assert_eq!(sums(&today), [(8, 0)]);
    }

    #[test]
    fn half_of_the_answers() {
        for (waits, half) in [(&[][..], None), (&[1_000], Some(10)), (&[1_000, 16_000, 90_000_000], Some(20)), (&[90_000, 90_001], Some(90))] {
            let (_, mut today) = two_days(at("2026-11-21T12:00:00Z"), "UTC").unwrap();
            for wait in waits {
                today.add(at("2026-11-21T12:00:00Z"), Counted::Answered(bucket(*wait)), 1);
            }
            let today = today.done();
            assert_eq!((today.half_within_seconds, today.answered), (half, i64::try_from(waits.len()).unwrap()), "{waits:?}");
        }
        assert_eq!(usize::from(bucket(i64::MAX)), EDGES.len() - 1);
        assert_eq!(bucket(-5), 0, "the clock went back");
    }
}
