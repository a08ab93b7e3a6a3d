use proptest::prelude::*;
use serde_json::json;

use super::*;

fn given(place: Place, status: u16, body: &[u8]) -> Given<'_> {
    Given { place, status, body, wait_ms: None, times: 0, creates: false }
}

/// An answer as a row describes it.
fn body_of(says: Says) -> Vec<u8> {
    let body = match says {
        Says::Anything => json!({ "title": "слова amoCRM" }),
        Says::Fields => {
            json!({ "validation-errors": [{ "request_id": "7", "errors": [{ "code": "NotSupportedChoice", "path": "status_id", "detail": "…" }] }] })
        }
        Says::Page => return b"<html>forbidden</html>".to_vec(),
        Says::Code(codes) => json!({ "error_code": codes[0], "error_description": "слова amoCRM" }),
    };
    body.to_string().into_bytes()
}

fn reason_of(act: Act) -> &'static str {
    match act {
        Act::Nothing => "",
        Act::Fail(name) | Act::Stale(name) | Act::Split(name) | Act::Degrade(name) | Act::Drop(name) | Act::NewToken(name) => name,
        Act::Sign(name) | Act::Connect(name) | Act::Closed(name) | Act::Pause(name, ..) | Act::Later(name) => name,
    }
}

#[test]
fn each_row_ends_where_it_says() {
    for (place, statuses, says, meaning, act) in TABLE {
        for status in *statuses {
            let body = body_of(*says);
            let found = judge(&given(*place, *status, &body));
            let (is, then) = match (act, &found) {
                (Act::Nothing, Ok(())) => continue,
                (Act::Fail(_), Err(failure)) => (matches!(failure.error, CrmError::Rejected(_)), Then::Nothing),
                (Act::Stale(_), Err(failure)) => (matches!(failure.error, CrmError::Rejected(_)), Then::ReadLists),
                (Act::Split(_), Err(failure)) => (matches!(failure.error, CrmError::Rejected(_)), Then::Split),
                (Act::Degrade(_), Err(failure)) => (matches!(failure.error, CrmError::Rejected(_)), Then::Degrade),
                (Act::Drop(_), Err(failure)) => (matches!(failure.error, CrmError::Rejected(_)), Then::Drop),
                (Act::NewToken(_), Err(failure)) => (matches!(failure.error, CrmError::AccessLost(_)), Then::Renew),
                (Act::Sign(_), Err(failure)) => (matches!(failure.error, CrmError::AccessLost(_)), Then::Sign),
                (Act::Connect(_), Err(failure)) => (matches!(failure.error, CrmError::AccessLost(_)), Then::Connect),
                (Act::Closed(_), Err(failure)) => (matches!(failure.error, CrmError::AccessLost(_)), Then::Nothing),
                (Act::Pause(_, first, _), Err(failure)) => (matches!(&failure.error, CrmError::Silence { ms, .. } if ms == first), Then::Nothing),
                (Act::Later(_), Err(failure)) => (matches!(failure.error, CrmError::Temporary(_)), Then::Nothing),
                (Act::Nothing, Err(_)) | (_, Ok(())) => panic!("{place:?} {status} {meaning}: {found:?}"),
            };
            let failure = found.unwrap_err();
            assert!(is && failure.then == then, "{place:?} {status} {meaning}: {failure:?}");
            assert_eq!(failure.error.reason().code, reason_of(*act), "{place:?} {status} {meaning}");
        }
    }
}

#[test]
fn what_is_wrong_is_named_by_its_item() {
    let failure = judge(&given(Place::Api, 400, &body_of(Says::Fields))).unwrap_err();
    assert_eq!(failure.wrong, [Wrong { item: "7".to_owned(), path: "status_id".to_owned(), code: "NotSupportedChoice".to_owned() }]);
    assert_eq!(failure.error.reason().provider.as_deref(), Some("status_id NotSupportedChoice"));
}

#[test]
fn pauses_grow_unless_amocrm_says_how_long() {
    let pause = |status: u16, body: &[u8], wait_ms: Option<i64>, times: u32| match judge(&Given { wait_ms, times, ..given(Place::Api, status, body) })
    {
        Err(Failure { error: CrmError::Silence { ms, .. }, .. }) => ms,
        other => panic!("{other:?}"),
    };
    assert_eq!([0, 1, 2, 5, 6, 99].map(|times| pause(429, b"", None, times)), [1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
    assert_eq!(pause(429, br#"{"retry_after":300}"#, None, 0), 300_000);
    assert_eq!(pause(429, br#"{"retry_after":0}"#, None, 0), 1_000);
    assert_eq!(pause(429, b"<html>", Some(7_000), 3), 7_000);
    assert_eq!([0, 1, 4, 9].map(|times| pause(403, b"<html>", None, times)), [900_000, 1_800_000, 14_400_000, 21_600_000]);
    assert_eq!(pause(403, br#"{"error_code":113}"#, None, 0), 900_000);
    assert_eq!([0, 5].map(|times| pause(402, b"", None, times)), [3_600_000; 2]);
}

#[test]
fn what_may_have_been_made_is_looked_for_first() {
    let creating = |status: u16| judge(&Given { creates: true, ..given(Place::Api, status, b"") }).unwrap_err().then;
    assert_eq!([500, 502, 504, 599].map(creating), [Then::LookFirst; 4]);
    assert_eq!([400, 403, 422].map(creating), [Then::Nothing, Then::Nothing, Then::Split]);
    let lost = |creates: bool| Failure::lost(OutsideError::Unclear(Reason::new("answer_lost")), creates).then;
    assert_eq!((lost(true), lost(false)), (Then::LookFirst, Then::Nothing));
    // What surely did not go is not looked for.
    assert_eq!(Failure::lost(OutsideError::Temporary(Reason::new("outside_unreachable")), true).then, Then::Nothing);
}

#[test]
fn what_no_row_knows_is_a_refusal_or_a_failure() {
    for (place, status, code) in
        [(Place::Api, 418, "amocrm_bad_request"), (Place::Login, 404, "amocrm_bad_request"), (Place::Chats, 599, "provider_failed")]
    {
        assert_eq!(judge(&given(place, status, b"")).unwrap_err().error.reason().code, code, "{status}");
    }
    assert_eq!(judge(&given(Place::Api, 202, b"")), Ok(()));
}

#[test]
fn managers_are_told_by_amocrms_codes() {
    let told = |code: &str| told(Some(&Reason::new(code)));
    assert_eq!(
        ["customer_blocked_us", "channel_inactive", "attempts_exhausted", "cannot_write_first", "window_closed"].map(told),
        [901, 902, 903, 904, 905]
    );
    assert_eq!(super::told(None), 905);
}

/// The paper holds each row of the table, in its order, and no other.
#[test]
fn the_table_stands_in_the_paper() {
    let paper = include_str!("../../../docs/amocrm.md");
    let rows: Vec<&str> =
        paper.lines().filter(|line| ["| API |", "| login |", "| chats |", "| mark |"].iter().any(|head| line.starts_with(head))).collect();
    let of = |(place, statuses, says, meaning, act): &Row| {
        let place = match place {
            Place::Api => "API",
            Place::Login => "login",
            Place::Chats => "chats",
            Place::Mark => "mark",
        };
        let status = statuses.iter().map(|status| if *status == 500 { "5xx".to_owned() } else { status.to_string() }).collect::<Vec<_>>().join(", ");
        let says = match says {
            Says::Anything => String::new(),
            Says::Fields => "`validation-errors`".to_owned(),
            Says::Page => "no JSON".to_owned(),
            Says::Code(codes) => codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", "),
        };
        let (head, reason) = (format!("| {place} | {status} | {says} | {meaning} |").replace("|  |", "| |"), reason_of(*act));
        (head, if reason.is_empty() { String::new() } else { format!("`{reason}`") })
    };
    for (at, row) in TABLE.iter().enumerate() {
        let (head, reason) = of(row);
        let found = rows.get(at).copied().unwrap_or_default();
        assert!(found.starts_with(&head) && found.contains(&reason), "row {at} should be:\n{head} … {reason}\nbut is:\n{found}");
    }
    assert_eq!(rows.len(), TABLE.len());
    for (code, reasons) in TOLD {
        let found = paper.lines().find(|line| line.starts_with(&format!("| {code} |"))).unwrap_or_default();
        let missing: Vec<_> = reasons.iter().filter(|reason| !found.contains(&format!("`{reason}`"))).collect();
        assert_eq!(missing, Vec::<&&str>::new(), "{code}");
    }
}

proptest! {
    #[test]
    fn any_answer_is_judged(status in 100_u16..700, body in prop::collection::vec(any::<u8>(), 0..60), at in 0_usize..4, times in any::<u32>()) {
        let place = [Place::Api, Place::Login, Place::Chats, Place::Mark][at];
        let found = judge(&Given { times, creates: true, ..given(place, status, &body) });
        if let Err(Failure { error: CrmError::Silence { ms, .. }, .. }) = found {
            prop_assert!((1_000..=24 * HOUR).contains(&ms));
        }
    }
}
