//! What may become of a call to send, for each channel from one table: the provider fails, says nothing, half of it, or something that is no
//! answer; and that nothing goes twice for it.

use std::time::Duration;

use kommutator::channel::avito::Avito;
use kommutator::channel::contract::{CallContext, Channel, OutgoingPiece, Repeats, SendError};
use kommutator::channel::telegram::Telegram;
use kommutator::channel::vk::Vk;
use kommutator::model::reason::Reason;
use kommutator::model::time::{RealWorld, World};
use serde_json::{Value, json};

use super::{account, kind, piece, said};
use crate::support::fakes::{Fake, KeptFiles, context};

/// A channel, the fake of its provider, and a chat there.
struct Place {
    channel: Box<dyn Channel>,
    fake: Fake,
    /// The call that sends.
    call: &'static str,
    secrets: &'static str,
    facts: &'static [(&'static str, &'static str)],
    chat: &'static str,
    /// What is shown of the chat.
    shown: &'static str,
}

impl Place {
    async fn all() -> [Self; 3] {
        let telegram = Fake::start("telegram").await;
        telegram.act("settings", json!({ "limits": false, "local": true })).await;
        telegram.act("write", json!({ "from": { "id": 5, "first_name": "Анна" }, "text": "?" })).await;
        let vk = Fake::start("vk").await;
        vk.act("allow", json!({ "user": 500 })).await;
        [
            Self {
                channel: Box::new(Telegram::default()),
                fake: telegram,
                call: "sendMessage",
                secrets: "7000000001:AAF-fake_token_of_the_shop_bot_0001",
                facts: &[],
                chat: "5",
                shown: "chats",
            },
            Self {
                channel: Box::new(Vk::default()),
                fake: vk,
                call: "messages.send",
                secrets: "vk1.a.test",
                facts: &[("group_id", "1")],
                chat: "500",
                shown: "dialog?peer=500",
            },
            Self {
                channel: Box::new(Avito::default()),
                fake: Fake::start("avito").await,
                call: "send",
                secrets: r#"{"client_id":"client","client_secret":"secret"}"#,
                facts: &[("user_id", "111")],
                chat: "u2i-AbC_1-2",
                shown: "chat?id=u2i-AbC_1-2",
            },
        ]
    }

    fn name(&self) -> &'static str {
        self.channel.provider()
    }

    fn given(&self) -> CallContext {
        context(&self.fake.url, self.secrets, self.facts, KeptFiles::default())
    }

    fn piece(&self, text: &str) -> OutgoingPiece {
        OutgoingPiece { begun_at: Some(RealWorld.now()), key: text.to_owned(), ..piece(self.chat, text) }
    }

    /// What the provider does with a repeat.
    fn repeats(&self) -> Repeats {
        self.channel.repeats(&account(self.channel.kinds()[0]))
    }

    /// How often a text stands there.
    async fn count(&self, text: &str) -> usize {
        said(&self.fake.look(self.shown).await).iter().filter(|said| *said == text).count()
    }

    /// What the gateway does after an answer that was lost: the same again where a repeat is dropped, a look where there is a history. Whether
    /// it is known now that it went.
    async fn settles(&self, text: &str) -> bool {
        match self.repeats() {
            Repeats::Keyed => self.channel.send(&self.given(), &self.piece(text)).await.is_ok(),
            Repeats::Lookup => self.channel.lookup().unwrap().find(&self.given(), &self.piece(text)).await.unwrap().is_some(),
            // Nobody knows, and nothing goes again by itself.
            Repeats::SendTwice => false,
        }
    }
}

/// What happens, what the caller is told by Telegram's, VK's and Avito's channel, and whether the provider took it.
type Row = (&'static str, Value, [&'static str; 3], bool);

fn answered(status: u16, body: &Value) -> Value {
    json!({ "kind": "answer", "status": status, "body": body })
}

fn rows() -> Vec<Row> {
    let page = json!("<html>Bad Gateway</html>");
    vec![
        ("500 with a page", answered(500, &page), ["unclear", "temporary", "unclear"], false),
        ("502 with a page", answered(502, &page), ["unclear", "temporary", "unclear"], false),
        ("503 with nothing", answered(503, &json!("")), ["unclear", "temporary", "unclear"], false),
        ("200 with a page", answered(200, &page), ["unclear", "temporary", "unclear"], false),
        ("200 with nothing", answered(200, &json!("")), ["unclear", "temporary", "unclear"], false),
        ("200 with an empty object", answered(200, &json!({})), ["unclear", "temporary", "unclear"], false),
        ("nothing, and it was not taken", json!({ "kind": "drop" }), ["unclear"; 3], false),
        ("nothing, and it was taken", json!({ "kind": "lose" }), ["unclear"; 3], true),
        // Where a repeat is dropped it is no matter whether it was taken.
        ("half a body", json!({ "kind": "half" }), ["unclear", "temporary", "unclear"], true),
        ("nothing in time", json!({ "kind": "hold" }), ["unclear"; 3], true),
    ]
}

#[tokio::test]
async fn what_becomes_of_a_call_is_told_and_nothing_goes_twice() {
    for (at, place) in Place::all().await.into_iter().enumerate() {
        for (number, (what, act, told, taken)) in rows().into_iter().enumerate() {
            let text = format!("row {number}");
            place.fake.act("faults", json!({ "call": place.call, "act": act })).await;
            let (given, piece) = (place.given(), place.piece(&text));
            let sending = place.channel.send(&given, &piece);
            // The gateway waits no longer than it said; here not even that long.
            let limit = Duration::from_millis(if act["kind"] == "hold" { 700 } else { 20_000 });
            let silent = SendError::Unclear(Reason::new("answer_lost"));
            let error = tokio::time::timeout(limit, sending).await.map_or_else(|_| silent, Result::unwrap_err);
            let (name, wanted) = (place.name(), told[at]);
            assert_eq!(kind(&error), wanted, "{name}, {what}: {error:?}");
            assert!(!format!("{error:?}{error}").contains(place.secrets), "{name}, {what}: no error holds a secret");
            place.fake.act("let-go", json!({})).await;
            assert_eq!(place.count(&text).await, usize::from(taken), "{name}, {what}");
            let repeats = place.repeats();
            assert!(wanted == "unclear" || !taken || repeats == Repeats::Keyed, "{name}, {what}");
            let known = place.settles(&text).await;
            assert_eq!(known, repeats == Repeats::Keyed || (taken && repeats == Repeats::Lookup), "{name}, {what}");
            assert_eq!(place.count(&text).await, usize::from(taken || repeats == Repeats::Keyed), "{name}, {what}: once");
        }
        // Nobody is there: it surely did not go.
        let nobody = CallContext { base_url: Some("http://127.0.0.1:9".into()), ..place.given() };
        let error = place.channel.send(&nobody, &place.piece("nobody")).await.unwrap_err();
        assert_eq!(kind(&error), "temporary", "{}: {error:?}", place.name());
    }
}

/// A success that holds an error is none.
#[tokio::test]
async fn an_error_inside_of_a_200_is_one() {
    let inside = [
        (json!({ "ok": false, "error_code": 400, "description": "Bad Request: chat not found" }), "rejected"),
        (json!({ "error": { "error_code": 7, "error_msg": "Permission to perform this action is denied" } }), "rejected"),
        (json!({ "error": { "code": 400, "message": "Bad request" } }), "unclear"),
    ];
    for (place, (body, wanted)) in Place::all().await.into_iter().zip(inside) {
        place.fake.act("faults", json!({ "call": place.call, "act": answered(200, &body) })).await;
        let error = place.channel.send(&place.given(), &place.piece("inside")).await.unwrap_err();
        assert_eq!(kind(&error), wanted, "{}: {error:?}", place.name());
        assert_eq!(place.count("inside").await, 0);
    }
}

/// The access is taken away: the queue waits, whatever waits in it.
#[tokio::test]
async fn a_token_that_was_revoked_is_access_that_was_lost() {
    let revoke = [("revoke", json!({})), ("token", json!({ "revoked": true })), ("modes", json!({ "revoked": true }))];
    for (place, (act, body)) in Place::all().await.into_iter().zip(revoke) {
        place.channel.send(&place.given(), &place.piece("before")).await.unwrap();
        place.fake.act(act, body).await;
        for _ in 0..2 {
            let error = place.channel.send(&place.given(), &place.piece("after")).await.unwrap_err();
            assert_eq!(kind(&error), "access_lost", "{}: {error:?}", place.name());
        }
        assert_eq!((place.count("before").await, place.count("after").await), (1, 0));
    }
}
