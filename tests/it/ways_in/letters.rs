use super::*;
use crate::support::app::PATIENCE;
use crate::support::fake_smtp::Manner;
use crate::support::node::until;

/// The newest letter, once it is as wanted.
async fn newest(place: &Place, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    until(what, PATIENCE, async || {
        let mail = place.owner.get("/api/v1/mail").await.body;
        Some(mail["letters"][0].clone()).filter(|letter| wanted(letter))
    })
    .await
}

async fn test_letter(place: &Place) {
    expect(&place.owner, "POST", "/api/v1/mail/test", Value::Null, "202").await;
}

pub(super) async fn letters_that_fail_are_shown_and_tried_again(place: Place) {
    let owner = "owner@shop.example";
    let mail = place.owner.get("/api/v1/mail").await.body;
    assert_eq!((&mail["configured"], text(&mail, "from")), (&json!(true), "Лавка <chat@shop.example>"));
    test_letter(&place).await;
    let letter = place.smtp.letter(owner, 1).await;
    assert!(letter.header("Message-ID").ends_with("@shop.example>") && letter.header("Auto-Submitted") == "auto-generated", "{}", letter.raw);
    assert!(letter.text().contains("Лавка <b>«Сова»</b>"));
    assert_eq!(letter.raw.split("\r\n\r\n").next().unwrap().matches("\r\nSubject: ").count(), 1);
    newest(&place, "it is posted", |letter| letter["status"] == "posted").await;

    // Refused for good: told at once, with the server's own words.
    place.smtp.be(Manner::Refuses);
    test_letter(&place).await;
    let letter = newest(&place, "it is refused", |letter| letter["status"] == "undeliverable").await;
    assert_eq!(text(&letter["reason"], "code"), "mail_refused");
    assert!(text(&letter["reason"], "provider").contains("no such mailbox"), "{letter}");

    // No time now, then silence, then the answer is lost after the letter was taken: tried again, under the same name.
    place.smtp.be(Manner::Busy);
    test_letter(&place).await;
    let waits = newest(&place, "it waits", |letter| letter["status"] == "waiting" && letter["reason"]["code"] == "mail_waits").await;
    assert_eq!(waits["tries"], 1);
    place.smtp.be(Manner::Silent);
    place.app.world.advance_ms(60_000);
    newest(&place, "it waits longer", |letter| letter["tries"] == 2 && text(&letter["reason"], "provider") != text(&waits["reason"], "provider"))
        .await;
    place.smtp.be(Manner::DropsAfterData);
    place.app.world.advance_ms(120_000);
    let first = place.smtp.letter(owner, 2).await;
    newest(&place, "the answer is lost", |letter| letter["tries"] == 3 && letter["status"] == "waiting").await;
    place.smtp.be(Manner::Kind);
    place.app.world.advance_ms(240_000);
    let second = place.smtp.letter(owner, 3).await;
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"), "a repeat can be known");
    assert_eq!(first.header("Date"), second.header("Date"));
    newest(&place, "it is posted at last", |letter| letter["status"] == "posted" && letter["tries"] == 4).await;

    // A day of trouble is the end.
    place.smtp.be(Manner::Busy);
    test_letter(&place).await;
    newest(&place, "it waits", |letter| letter["reason"]["code"] == "mail_waits").await;
    let calls = place.smtp.calls();
    place.app.world.advance_ms(DAY);
    newest(&place, "it is given up", |letter| letter["status"] == "undeliverable").await;
    assert_eq!(place.smtp.calls(), calls, "after its day it is not tried again");
    // What went out or failed holds no words any more.
    let found = kommutator::gateway::post::letters(place.app.house(), place.workspace, 50).await.unwrap();
    assert!(found.len() == 4 && found.iter().all(|letter| letter.sealed.is_empty()), "{found:?}");
}

/// However many nodes believe that letters are theirs to send.
pub(super) async fn a_letter_goes_out_once(place: Place) {
    place.smtp.be(Manner::Busy);
    test_letter(&place).await;
    newest(&place, "it waits", |letter| letter["reason"]["code"] == "mail_waits").await;
    place.smtp.be(Manner::Kind);
    place.app.world.advance_ms(60_000);
    let rounds = (0..8).map(|_| kommutator::gateway::post::send_due(place.app.house()));
    assert!(futures_util::future::join_all(rounds).await.into_iter().all(|round| round.is_ok()));
    newest(&place, "it is posted", |letter| letter["status"] == "posted" && letter["tries"] == 2).await;
    assert_eq!(place.smtp.to("owner@shop.example").len(), 1);
}

/// An address letters cannot go to is no reason to try.
#[tokio::test]
async fn an_address_that_is_none_fails_at_once() {
    let place = Place::new(false).await;
    expect(&place.owner, "POST", "/api/v1/invites", json!({ "email": "a<b@shop.example", "role": "manager" }), "201").await;
    let letter = newest(&place, "it fails", |letter| letter["status"] == "undeliverable").await;
    assert_eq!(text(&letter["reason"], "code"), "mail_bad_address");
    assert_eq!(place.smtp.calls(), 0);
}

/// The doctor logs in to the mail server, and sends nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_tries_the_mail_server() {
    let (smtp, data) = (FakeSmtp::start().await, tempfile::tempdir().unwrap());
    let doctor = async || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kommutator"));
        command.args(["doctor", "--listen", "127.0.0.1:1", "--mail-from", "chat@shop.example", "--smtp-url", &smtp.url, "--data"]).arg(data.path());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines().find(|line| line.contains(" mail ")).unwrap_or_else(|| panic!("{said}")).to_owned()
    };
    let line = doctor().await;
    assert!(line.starts_with("ok") && line.contains("lets us in; letters come from chat@shop.example"), "{line}");
    smtp.be(Manner::Busy);
    let line = doctor().await;
    assert!(line.starts_with("error") && line.contains("check smtp_url"), "{line}");
    assert!(smtp.to("chat@shop.example").is_empty());
}
