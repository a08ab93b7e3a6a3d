//! The demo channel against its fake: the walk through its steps, each row of its table of errors, and a repeat that goes once.

use kommutator::channel::capability::{Connected, Progress};
use kommutator::channel::contract::{CallContext, Channel, OutgoingPiece, SendError};
use kommutator::channel::demo::errors::{Act, TABLE};
use kommutator::channel::demo::{Demo, KIND};
use kommutator::connector::form::Step;
use kommutator::model::conversation::Place;
use kommutator::model::message::Part;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::fakes::{Fake, KeptFiles, context};

/// What a step was answered with: the next one and what is known by then, or what was connected.
async fn next(at: &CallContext, state: Value, field: &str, value: &str) -> Result<Progress, (String, String)> {
    let answer = [(field.to_owned(), json!(value))].into();
    let answered = Demo::default().connect().unwrap().next(at, KIND, state, &answer).await;
    answered.map_err(|error| (error.field, error.reason.code))
}

fn asked(progress: Result<Progress, (String, String)>) -> (Step, Value) {
    match progress {
        Ok(Progress::Ask { step, state }) => (step, state),
        Ok(Progress::Done(_)) => panic!("connected already"),
        Err(error) => panic!("{error:?}"),
    }
}

async fn connected(fake: &Fake) -> Connected {
    let nowhere = CallContext { base_url: None, ..context("", "", &[], KeptFiles::default()) };
    let (_, state) = asked(next(&nowhere, Value::Null, "server", &format!("{}/", fake.url)).await);
    fake.act("scan", json!({})).await;
    match next(&nowhere, state, "", "").await {
        Ok(Progress::Done(done)) => *done,
        other => panic!("{other:?}"),
    }
}

fn piece(key: &str) -> OutgoingPiece {
    OutgoingPiece {
        account: String::new(),
        conversation_key: Some("anna".into()),
        address: None,
        parts: vec![Part::Text { text: key.into() }],
        attachments: Vec::new(),
        reply_to_external: None,
        newest_external: None,
        place: Place::Private,
        begun_at: None,
        key: key.into(),
    }
}

#[tokio::test]
async fn the_walk_through_the_steps() {
    let fake = Fake::start("demo").await;
    fake.act("settings", json!({ "password": "1234" })).await;
    let nowhere = CallContext { base_url: None, ..context("", "", &[], KeptFiles::default()) };
    let wrong = |field: &str, code: &str| Some((field.to_owned(), code.to_owned()));
    assert_eq!(next(&nowhere, Value::Null, "server", " ").await.err(), wrong("server", "required"));
    assert_eq!(next(&nowhere, Value::Null, "server", "demo").await.err(), wrong("server", "outside_address"));
    assert_eq!(next(&nowhere, Value::Null, "server", "http://127.0.0.1:1").await.err(), wrong("server", "outside_unreachable"));
    let (Step::Qr { content, until_ms, .. }, state) = asked(next(&nowhere, Value::Null, "server", &fake.url).await) else { panic!("a code") };
    assert_eq!((fake.look("code").await["code"].as_str(), until_ms), (Some(content.as_str()), nowhere.now.0 + 60_000));
    // Nobody scanned it yet: the same code. Its time is over, by Demo's clock or by ours: another.
    let (Step::Qr { content: same, .. }, state) = asked(next(&nowhere, state, "", "").await) else { panic!("a code") };
    assert_eq!(same, content);
    let later = CallContext { now: nowhere.now.plus_ms(60_000), deadline: nowhere.now.plus_ms(90_000), ..nowhere.clone() };
    let (Step::Qr { content: by_our_clock, .. }, state) = asked(next(&later, state, "", "").await) else { panic!("a code") };
    fake.act("over", json!({})).await;
    let (Step::Qr { content: by_theirs, .. }, state) = asked(next(&nowhere, state, "", "").await) else { panic!("a code") };
    assert!(by_our_clock != content && by_theirs != by_our_clock);
    fake.act("scan", json!({})).await;
    let (Step::Fields { fields, .. }, state) = asked(next(&nowhere, state, "", "").await) else { panic!("the password") };
    assert_eq!(fields[0].name, "password");
    assert_eq!(next(&nowhere, state.clone(), "password", "4321").await.err(), wrong("password", "demo_password_wrong"));
    let Ok(Progress::Done(done)) = next(&nowhere, state.clone(), "password", "1234").await else { panic!("connected") };
    assert_eq!((done.external_key.as_str(), done.name.as_str(), done.base_url.as_deref()), ("shop", "Лавка", Some(fake.url.as_str())));
    assert_eq!(next(&nowhere, state, "password", "1234").await.err(), wrong("", "demo_code_over"), "a code links one device");
}

#[tokio::test]
async fn each_refusal_ends_where_the_table_says() {
    let fake = Fake::start("demo").await;
    let token = connected(&fake).await.secrets;
    let at = context(&fake.url, token.expose_secret(), &[], KeptFiles::default());
    for (status, code, act) in TABLE {
        let body = json!({ "error": code, "message": "слова" });
        fake.act("faults", json!({ "call": "send", "act": { "kind": "answer", "status": status, "body": body, "headers": { "retry-after": "7" } } }))
            .await;
        let error = Demo::default().send(&at, &piece("k")).await.unwrap_err();
        let (fits, reason) = match (act, &error) {
            (Act::Closed(code), SendError::AccessLost(reason))
            | (Act::Unreachable(code), SendError::Unreachable(reason))
            | (Act::Fail(code), SendError::Rejected(reason))
            | (Act::Later(code), SendError::Unclear(reason)) => (reason.code == *code, reason.provider.as_deref()),
            (Act::Pause, SendError::RetryAfter(7_000)) => (true, Some("слова")),
            _ => (false, None),
        };
        assert!(fits && reason == Some("слова"), "{status} {code}: {error:?}");
    }
}

#[tokio::test]
async fn a_send_whose_answer_was_lost_goes_once() {
    let fake = Fake::start("demo").await;
    let token = connected(&fake).await.secrets;
    let at = context(&fake.url, token.expose_secret(), &[], KeptFiles::default());
    fake.act("write", json!({ "from": { "id": "anna", "name": "Анна" }, "text": "Да?" })).await;
    for (kind, key) in [("lose", "a"), ("half", "b"), ("drop", "c")] {
        fake.act("faults", json!({ "call": "send", "act": { "kind": kind } })).await;
        let lost = Demo::default().send(&at, &piece(key)).await;
        assert!(matches!(lost, Err(SendError::Unclear(_))), "{kind}: {lost:?}");
        assert!(Demo::default().send(&at, &piece(key)).await.is_ok(), "{kind}");
    }
    let chat = fake.look("chat?id=anna").await;
    let said: Vec<&str> = chat["messages"].as_array().unwrap().iter().filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(said, ["Да?", "a", "b", "c"]);
}
