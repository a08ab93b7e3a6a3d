//! Tests of `notice`: who is told, and when there is silence.

use super::*;

fn at(text: &str) -> Time {
    Time(text.parse::<Timestamp>().unwrap().as_millisecond())
}

#[test]
fn quiet_hours() {
    let quiet = |from: &str, to: &str, days: [bool; 7]| QuietHours { on: true, from: from.into(), to: to.into(), days, overdue_passes: true };
    let all = [true; 7];
    let weekdays = [true, true, true, true, true, false, false];
    let night = quiet("22:00", "08:00", all);
    let work = quiet("22:00", "08:00", weekdays);
    let noon = quiet("12:00", "13:30", weekdays);
    let whole = quiet("00:00", "00:00", [false, false, false, false, false, true, true]);
    let (msk, berlin) = ("Europe/Moscow", "Europe/Berlin");
    // 2026-11-23 is a Monday; Moscow is three hours ahead.
    let table: &[(&str, &QuietHours, &str, &str, bool)] = &[
        ("just before", &night, msk, "2026-11-23T18:59:59.999Z", false),
        ("the minute it begins", &night, msk, "2026-11-23T19:00:00Z", true),
        ("after midnight", &night, msk, "2026-11-23T23:00:00Z", true),
        ("the last minute", &night, msk, "2026-11-24T04:59:59Z", true),
        ("the minute it ends", &night, msk, "2026-11-24T05:00:00Z", false),
        ("in another zone", &night, "UTC", "2026-11-23T19:00:00Z", false),
        ("Friday's night lasts into Saturday", &work, msk, "2026-11-28T02:00:00Z", true),
        ("Saturday has no night", &work, msk, "2026-11-28T20:00:00Z", false),
        ("nor Sunday morning after it", &work, msk, "2026-11-29T02:00:00Z", false),
        ("nor Monday morning after Sunday", &work, msk, "2026-11-30T02:00:00Z", false),
        ("at noon", &noon, msk, "2026-11-23T09:00:00Z", true),
        ("at noon's end", &noon, msk, "2026-11-23T10:30:00Z", false),
        ("Saturday's noon", &noon, msk, "2026-11-28T09:00:00Z", false),
        ("a whole day", &whole, msk, "2026-11-28T09:00:00Z", true),
        ("its midnight", &whole, msk, "2026-11-29T20:59:00Z", true),
        ("the day after", &whole, msk, "2026-11-29T21:00:00Z", false),
        // The clock is put forward at two on 2026-03-29 and back at three on 2026-10-25.
        ("a short night ends by the clock", &night, berlin, "2026-03-29T05:59:00Z", true),
        ("and is over an hour earlier", &night, berlin, "2026-03-29T06:00:00Z", false),
        ("a long night lasts", &night, berlin, "2026-10-25T06:59:00Z", true),
        ("an hour longer", &night, berlin, "2026-10-25T07:00:00Z", false),
        ("an unknown zone is UTC", &night, "Moon/Base", "2026-11-23T22:00:00Z", true),
    ];
    for (name, quiet, zone, now, wanted) in table {
        assert_eq!(is_quiet(quiet, zone, at(now)), *wanted, "{name}");
    }
    assert!(!is_quiet(&QuietHours { on: false, ..night }, msk, at("2026-11-23T23:00:00Z")), "switched off");
}

#[test]
fn who_is_disturbed() {
    use NoticeEvent::{Assigned, Colleagues, Mentioned, Mine, Overdue, Trouble, Unassigned};
    let free = Standing { overdue_passes: true, ..Standing::default() };
    let (away, quiet, muted, looking) =
        (Standing { away: true, ..free }, Standing { quiet: true, ..free }, Standing { muted: true, ..free }, Standing { looking: true, ..free });
    let deep = Standing { quiet: true, overdue_passes: false, ..free };
    // Of each event: free, away, quiet, quiet for overdue too, muted, looking.
    for (event, wanted) in [
        (Mine, [true, false, false, false, false, false]),
        (Unassigned, [true, false, false, false, false, false]),
        (Colleagues, [true, false, false, false, false, false]),
        (Assigned, [true, false, false, false, true, false]),
        (Mentioned, [true, false, false, false, true, false]),
        (Overdue, [true, true, true, false, false, false]),
        (Trouble, [true, false, false, false, true, true]),
    ] {
        let found = [free, away, quiet, deep, muted, looking].map(|standing| may_disturb(event, standing));
        assert_eq!(found, wanted, "{event:?}");
    }
    let (me, other) = (UserId(1), UserId(2));
    assert_eq!([whose(Some(me), me), whose(None, me), whose(Some(other), me)], [Mine, Unassigned, Colleagues]);
}

#[test]
fn what_is_wrong_is_named() {
    let fine = NoticeSettings::default();
    assert_eq!(fine.check(), Ok(()));
    let quiet = |from: &str| NoticeSettings { quiet: QuietHours { from: from.into(), ..QuietHours::default() }, ..fine.clone() };
    for from in ["24:00", "9:00", "", "aa:bb"] {
        assert_eq!(quiet(from).check(), Err(("quiet", "hours_invalid")), "{from}");
    }
    assert_eq!(NoticeSettings { repeat_minutes: 1_441, ..fine }.check(), Err(("repeat_minutes", "out_of_range")));
}

#[test]
fn an_absence_ends_by_itself() {
    let absence = |until: Option<i64>| Absence { user: UserId(1), until: until.map(Time), since: Time(0) };
    assert!(absence(None).holds(Time(i64::MAX)) && absence(Some(5)).holds(Time(4)) && !absence(Some(5)).holds(Time(5)));
}
