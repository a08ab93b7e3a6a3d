//! When people answer: intervals of each weekday in a time zone, and days off. Pure.

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::{Date, Time as Clock, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::time::Time;

/// Intervals of one day at most.
pub const INTERVALS: usize = 6;
/// Days off at most.
pub const DAYS_OFF: usize = 100;
/// So far ahead the next change is looked for.
const DAYS_AHEAD: i32 = 15;

/// From an hour to an hour, `HH:MM`. An end that is not after the beginning lies on the next day; `24:00` is midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, ToSchema, TS)]
#[ts(export_to = "protocol.ts")]
pub struct Interval {
    /// From.
    pub from: String,
    /// To.
    pub to: String,
}

/// When people answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, ToSchema, TS)]
#[serde(default)]
#[ts(export_to = "protocol.ts")]
pub struct Hours {
    /// Whether there are any; without them people always answer.
    pub on: bool,
    /// The zone's IANA name; empty: the workspace's.
    pub time_zone: String,
    /// Monday to Sunday, each with its intervals.
    pub days: Vec<Vec<Interval>>,
    /// Days off, `YYYY-MM-DD`.
    pub closed: Vec<String>,
}

/// Minutes since midnight of `HH:MM`; `24:00` is one.
pub(crate) fn minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let fine = (0..24).contains(&hours) && (0..60).contains(&minutes) || (hours, minutes) == (24, 0);
    fine.then_some(hours * 60 + minutes)
}

fn index(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)
}

impl Hours {
    /// What is wrong with them: the field and a code.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if !self.time_zone.is_empty() && (self.time_zone.len() > 64 || TimeZone::get(&self.time_zone).is_err()) {
            return Err(("time_zone", "time_zone_unknown"));
        }
        if self.days.len() > 7 || self.days.iter().any(|day| day.len() > INTERVALS) {
            return Err(("hours", "too_many"));
        }
        if self.days.iter().flatten().any(|one| minutes(&one.from).is_none_or(|from| from == 24 * 60) || minutes(&one.to).is_none()) {
            return Err(("hours", "hours_invalid"));
        }
        if self.closed.len() > DAYS_OFF {
            return Err(("closed", "too_many"));
        }
        if self.closed.iter().any(|day| day.len() != 10 || day.parse::<Date>().is_err()) {
            return Err(("closed", "date_invalid"));
        }
        Ok(())
    }

    fn zone(&self, workspace_zone: &str) -> TimeZone {
        let name = if self.time_zone.is_empty() { workspace_zone } else { &self.time_zone };
        TimeZone::get(name).unwrap_or(TimeZone::UTC)
    }

    /// What is open around a day, in moments. A day whose clock is put forward or back loses or gains that hour.
    fn spans(&self, zone: &TimeZone, middle: Date, back: i32, ahead: i32) -> Vec<(i64, i64)> {
        let mut spans = Vec::new();
        for offset in -back..=ahead {
            let Ok(date) = middle.checked_add(offset.days()) else { continue };
            if self.closed.iter().any(|day| day.parse::<Date>().is_ok_and(|day| day == date)) {
                continue;
            }
            for interval in self.days.get(index(date.weekday())).into_iter().flatten() {
                let (Some(from), Some(to)) = (minutes(&interval.from), minutes(&interval.to)) else { continue };
                let to = if to <= from { to.saturating_add(24 * 60) } else { to };
                let moment = |minutes: i64| {
                    let day = date.checked_add((minutes / (24 * 60)).days()).ok()?;
                    let civil = day.to_datetime(Clock::midnight()).checked_add((minutes % (24 * 60)).minutes()).ok()?;
                    Some(zone.to_zoned(civil).ok()?.timestamp().as_millisecond())
                };
                if let (Some(from), Some(to)) = (moment(from), moment(to)) {
                    spans.push((from, to));
                }
            }
        }
        spans
    }

    /// Whether people answer now, and when that changes; none: not within two weeks.
    #[must_use]
    pub fn state(&self, now: Time, workspace_zone: &str) -> (bool, Option<Time>) {
        if !self.on {
            return (true, None);
        }
        let zone = self.zone(workspace_zone);
        let Ok(moment) = Timestamp::from_millisecond(now.0) else { return (true, None) };
        let today = zone.to_datetime(moment).date();
        let spans = self.spans(&zone, today, 1, DAYS_AHEAD);
        let open = |at: i64| spans.iter().any(|(from, to)| *from <= at && at < *to);
        let is_open = open(now.0);
        // The last day's end is no change: what follows it was not looked at.
        let horizon = now.plus_ms(i64::from(DAYS_AHEAD - 1) * 86_400_000).0;
        let mut edges: Vec<i64> =
            spans.iter().flat_map(|(from, to)| [*from, *to]).filter(|edge| (now.0.saturating_add(1)..horizon).contains(edge)).collect();
        edges.sort_unstable();
        (is_open, edges.into_iter().find(|edge| open(*edge) != is_open).map(Time))
    }
}

impl Hours {
    /// The moment at which people have answered for so long since `from`; none: not within half a year.
    #[must_use]
    pub fn after(&self, from: Time, ms: i64, workspace_zone: &str) -> Option<Time> {
        let (mut at, mut left) = (from, ms);
        // Each day has at most a few changes, and the next is looked for two weeks ahead.
        for _ in 0..200 {
            let (open, change) = self.state(at, workspace_zone);
            let Some(change) = change else { return open.then(|| at.plus_ms(left)) };
            if open {
                let span = change.since(at);
                if span >= left {
                    return Some(at.plus_ms(left));
                }
                left = left.saturating_sub(span);
            }
            at = change;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(text: &str) -> Time {
        Time(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    fn hours(zone: &str, days: [&[(&str, &str)]; 7], closed: &[&str]) -> Hours {
        let day = |day: &[(&str, &str)]| day.iter().map(|(from, to)| Interval { from: (*from).into(), to: (*to).into() }).collect();
        Hours {
            on: true,
            time_zone: zone.into(),
            days: days.iter().map(|one| day(one)).collect(),
            closed: closed.iter().map(|day| (*day).into()).collect(),
        }
    }

    #[test]
    fn open_and_the_next_change() {
        let office: &[(&str, &str)] = &[("09:00", "13:00"), ("14:00", "18:00")];
        let shop = hours("", [office, office, office, office, office, &[], &[]], &["2026-11-24"]);
        let night = hours("Europe/Moscow", [&[("22:00", "02:00")], &[], &[], &[], &[], &[], &[]], &[]);
        let always = hours("", [&[("00:00", "24:00")]; 7], &[]);
        let berlin = hours("Europe/Berlin", [&[], &[], &[], &[], &[], &[], &[("01:30", "03:30")]], &[]);
        // 2026-11-23 is a Monday; Moscow is three hours ahead of UTC.
        let table: &[(&str, &Hours, &str, bool, Option<&str>)] = &[
            ("in the morning", &shop, "2026-11-23T07:00:00Z", true, Some("2026-11-23T10:00:00Z")),
            ("just before it opens", &shop, "2026-11-23T05:59:59.999Z", false, Some("2026-11-23T06:00:00Z")),
            ("the minute it opens", &shop, "2026-11-23T06:00:00Z", true, Some("2026-11-23T10:00:00Z")),
            ("at lunch", &shop, "2026-11-23T10:00:00Z", false, Some("2026-11-23T11:00:00Z")),
            ("the minute it closes; the day off is passed over", &shop, "2026-11-23T15:00:00Z", false, Some("2026-11-25T06:00:00Z")),
            ("on the day off", &shop, "2026-11-24T08:00:00Z", false, Some("2026-11-25T06:00:00Z")),
            ("on Saturday", &shop, "2026-11-28T08:00:00Z", false, Some("2026-11-30T06:00:00Z")),
            ("before midnight", &night, "2026-11-23T20:00:00Z", true, Some("2026-11-23T23:00:00Z")),
            ("after midnight it is still Monday's", &night, "2026-11-23T22:30:00Z", true, Some("2026-11-23T23:00:00Z")),
            ("the night after", &night, "2026-11-24T22:30:00Z", false, Some("2026-11-30T19:00:00Z")),
            ("around the clock", &always, "2026-11-23T20:59:59Z", true, None),
            // The clock is put forward at two on 2026-03-29 and back at three on 2026-10-25.
            ("a short night", &berlin, "2026-03-29T00:45:00Z", true, Some("2026-03-29T01:30:00Z")),
            ("a long night", &berlin, "2026-10-25T01:45:00Z", true, Some("2026-10-25T02:30:00Z")),
        ];
        for (name, hours, now, open, change) in table {
            assert_eq!(hours.check(), Ok(()), "{name}");
            let (is_open, next) = hours.state(at(now), "Europe/Moscow");
            assert_eq!((is_open, next.map(|next| next.to_string())), (*open, change.map(|change| at(change).to_string())), "{name}");
        }
        let nobody = hours("", [&[]; 7], &[]);
        assert_eq!(nobody.state(at("2026-11-23T07:00:00Z"), "Europe/Moscow"), (false, None));
        assert_eq!(Hours { on: false, ..nobody }.state(at("2026-11-23T07:00:00Z"), ""), (true, None));
    }

    #[test]
    fn working_time_passes_only_while_people_answer() {
        let office: &[(&str, &str)] = &[("09:00", "13:00"), ("14:00", "18:00")];
        let shop = hours("", [office, office, office, office, office, &[], &[]], &["2026-11-24"]);
        let always = hours("", [&[("00:00", "24:00")]; 7], &[]);
        let never = hours("", [&[]; 7], &[]);
        let off = Hours { on: false, ..never.clone() };
        // 2026-11-23 is a Monday, nine in Moscow is six in UTC.
        let table: &[(&str, &Hours, &str, i64, Option<&str>)] = &[
            ("within an interval", &shop, "2026-11-23T07:00:00Z", 15, Some("2026-11-23T07:15:00Z")),
            ("to its last moment", &shop, "2026-11-23T09:45:00Z", 15, Some("2026-11-23T10:00:00Z")),
            ("over lunch", &shop, "2026-11-23T09:50:00Z", 15, Some("2026-11-23T11:05:00Z")),
            ("before it opens", &shop, "2026-11-23T03:00:00Z", 15, Some("2026-11-23T06:15:00Z")),
            ("over the night and a day off", &shop, "2026-11-23T14:50:00Z", 15, Some("2026-11-25T06:05:00Z")),
            ("from Friday evening on", &shop, "2026-11-27T20:00:00Z", 60, Some("2026-11-30T07:00:00Z")),
            ("around the clock", &always, "2026-11-23T20:55:00Z", 15, Some("2026-11-23T21:10:00Z")),
            ("without hours", &off, "2026-11-29T20:55:00Z", 15, Some("2026-11-29T21:10:00Z")),
            ("never", &never, "2026-11-23T07:00:00Z", 15, None),
        ];
        for (name, hours, from, minutes, wanted) in table {
            let found = hours.after(at(from), minutes * 60_000, "Europe/Moscow").map(|at| at.to_string());
            assert_eq!(found, wanted.map(|wanted| at(wanted).to_string()), "{name}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let with = |from: &str, to: &str| hours("", [&[(from, to)], &[], &[], &[], &[], &[], &[]], &[]).check();
        for (from, to, wanted) in [
            ("09:00", "24:00", Ok(())),
            ("24:00", "09:00", Err(("hours", "hours_invalid"))),
            ("9:00", "18:00", Err(("hours", "hours_invalid"))),
            ("09:60", "18:00", Err(("hours", "hours_invalid"))),
            ("09:00", "24:01", Err(("hours", "hours_invalid"))),
            ("+9:00", "18:00", Err(("hours", "hours_invalid"))),
        ] {
            assert_eq!(with(from, to), wanted, "{from} {to}");
        }
        assert_eq!(hours("Moon/Base", [&[]; 7], &[]).check(), Err(("time_zone", "time_zone_unknown")));
        assert_eq!(hours("", [&[]; 7], &["2026-02-30"]).check(), Err(("closed", "date_invalid")));
        assert_eq!(hours("", [&[("00:00", "01:00"); 7]; 7], &[]).check(), Err(("hours", "too_many")));
    }
}
