//! The table of errors through the whole product: where each row leaves the message, the connection and its owner, and that all of it goes on
//! once amoCRM answers again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kommutator::crm::amocrm::errors::{Act, Place, Says, TABLE};
use kommutator::gateway::administration::probe::give_tokens;
use kommutator::gateway::administration::undelivered;
use kommutator::model::connection::Health;
use kommutator::model::ids::MessageId;
use kommutator::model::message::{CrmDeliveryStatus, Message};
use kommutator::model::protocol::SendStatus;
use serde_json::{Value, json};

use super::account::{Account, text, values};
use crate::support::amocrm::tokens;
use crate::support::rig::{On, said, told, until};

/// What amoCRM says in a row.
fn body(says: &Says) -> Value {
    match says {
        Says::Anything => json!({ "title": "слова amoCRM" }),
        Says::Fields => json!({ "validation-errors": [{ "request_id": "0", "errors": [{ "code": "InvalidType", "path": "name" }] }] }),
        Says::Page => json!("<html>nginx</html>"),
        Says::Code(codes) => json!({ "error_code": codes[0], "error_type": codes[0] }),
    }
}

/// Where a row leaves a message, and for which reason; and the connection.
#[derive(Debug, PartialEq)]
struct End {
    message: CrmDeliveryStatus,
    reason: Option<&'static str>,
    connection: Health,
}

/// What the table promises.
fn end(act: &Act) -> End {
    use CrmDeliveryStatus::{Delivered, Failed, Queued};
    let (message, reason, connection) = match act {
        // There is nothing to be told of, and nothing to be sad about.
        Act::Nothing | Act::Drop(_) => (Delivered, None, Health::Connected),
        Act::Fail(code) | Act::Stale(code) | Act::Split(code) | Act::Degrade(code) => (Failed, Some(*code), Health::Connected),
        Act::NewToken(code) | Act::Sign(code) | Act::Connect(code) | Act::Closed(code) => (Queued, Some(*code), Health::AccessLost),
        Act::Pause(code, first, _) if *first >= 60_000 => (Queued, Some(*code), Health::Degraded),
        Act::Pause(code, ..) | Act::Later(code) => (Queued, Some(*code), Health::Connected),
    };
    End { message, reason, connection }
}

impl Account {
    /// A customer says the words that are looked for; nobody waits for what becomes of them.
    async fn hear_of(&self, who: &str, id: &str) -> Message {
        self.rig.hook(json!([said(who, id, &format!("слова {who}"))])).await;
        self.rig.handled().await;
        self.rig.messages(self.rig.chat(who).await.id).await.pop().unwrap()
    }

    /// A manager writes in amoCRM, and the customer reads it.
    async fn answers_there(&self, who: &str) -> Message {
        let (name, words) = (format!("Клиент {who}"), format!("слова {who}"));
        let chats = self.all("chats").await;
        let chat = chats.iter().find(|chat| chat["who"]["name"] == name).unwrap();
        self.amo.act("writes", json!({ "account": "demo", "chat": chat["id"], "text": words })).await;
        until("it went", || async { (self.rig.provider.taken(&words).len() == 1).then_some(()) }).await;
        let message = self.rig.messages(self.rig.chat(who).await.id).await.pop().unwrap();
        let message = self.rig.stands(message.id(), SendStatus::Sent).await;
        let taken = message.pieces.first().and_then(|piece| piece.external_id.clone()).unwrap();
        let id = taken.split('/').next_back().unwrap();
        self.rig.hook(json!([told(who, id, "receipt", json!({ "status": "read" }))])).await;
        self.rig.handled().await;
        until("it was told", || async { self.amo.calls("amojo.status").await.iter().any(|call| call["status"] == 404).then_some(()) }).await;
        self.quiet().await;
        message
    }

    /// From now on amoCRM answers a call so, until it is calmed.
    async fn answers(&self, call: &str, status: u16, body: &Value) {
        let act = json!({ "kind": "answer", "status": status, "body": body, "headers": { "location": "https://x" } });
        self.amo.act("faults", json!({ "call": call, "times": 1_000, "act": act })).await;
    }

    /// The owner mends what there is to mend: connects anew, or has what failed sent again.
    async fn mend(&self, message: MessageId, left: &End) {
        self.amo.act("calm", json!({})).await;
        let (house, workspace) = (self.rig.house(), self.rig.workspace);
        if left.message == CrmDeliveryStatus::Failed {
            undelivered::again(house, workspace, self.id, message).await.unwrap();
        } else {
            give_tokens(house, workspace, self.id, &tokens(house, &self.amo, "demo", None).await).await.unwrap();
        }
    }
}

/// Words for a reason: of the folder, or of the messenger.
fn words(language: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = fs::read_to_string(root.join(format!("src/crm/amocrm/texts/{language}.json"))).unwrap();
    let mut all: BTreeMap<String, String> = serde_json::from_str(&folder).unwrap();
    for line in fs::read_to_string(root.join(format!("web-widget/messenger/src/words/{language}/common.ts"))).unwrap().lines() {
        if let Some((key, words)) = line.trim().strip_prefix('"').and_then(|line| line.split_once("\": \"")) {
            all.insert(key.to_owned(), words.trim_end_matches("\",").to_owned());
        }
    }
    all
}

async fn each_row_has_its_end(on: On) {
    let account = Account::open(on, true, json!({ "notify": "nothing" })).await;
    let texts = ["ru", "en", "es"].map(words);
    for (at, (place, statuses, says, meaning, act)) in TABLE.iter().enumerate() {
        let (mut left, row) = (end(act), format!("row {at}: {place:?} {statuses:?}, {meaning}"));
        let who = format!("row{at}");
        let status = statuses[0];
        let body = if status == 204 { json!("") } else { body(says) };
        // The calls by which a row is met on the way of a message.
        let message = match (place, status) {
            (Place::Mark, _) => {
                account.customer_says(&who, "1", "раз").await;
                account.answers("amojo.status", status, &body).await;
                account.answers_there(&who).await
            }
            (Place::Api, 204) => {
                // The deal is not there any more.
                account.customer_says(&who, "1", "раз").await;
                account.rig.world.advance_ms(61_000);
                account.answers("leads.get", status, &body).await;
                account.hear_of(&who, "2").await
            }
            (Place::Chats, 204) => {
                // What was refused is looked for: it may be there already.
                left = End { message: CrmDeliveryStatus::Failed, reason: Some("amocrm_message_refused"), connection: Health::Connected };
                account.answers("amojo.history", status, &body).await;
                account.answers("amojo.message", 400, &json!({})).await;
                account.hear_of(&who, "1").await
            }
            (Place::Login, _) => {
                account.answers("leads.complex", 401, &json!({})).await;
                account.answers("oauth.token", status, &body).await;
                account.hear_of(&who, "1").await
            }
            (Place::Api, _) => {
                account.answers("leads.complex", status, &body).await;
                account.hear_of(&who, "1").await
            }
            (Place::Chats, _) => {
                account.answers("amojo.message", status, &body).await;
                account.hear_of(&who, "1").await
            }
        };
        let stands = until(&row, || async {
            let delivery = account.delivery(message.id()).await;
            let connection = account.connection().await.health;
            let reason = delivery.reason.as_ref().map(|reason| reason.code.clone());
            let same = delivery.status == left.message && reason.as_deref() == left.reason && connection.status == left.connection;
            same.then_some(connection)
        })
        .await;
        // What is wrong with the connection says the same reason; what is wrong with one message only is nothing of the connection's.
        let told = stands.reason.as_ref().map(|reason| reason.code.as_str());
        assert_eq!(told, left.reason.filter(|_| left.connection != Health::Connected), "{row}");
        for (language, texts) in ["ru", "en", "es"].iter().zip(&texts) {
            if let Some(code) = left.reason {
                let words = texts.get(&format!("reason.{code}")).map(String::as_str).unwrap_or_default();
                assert!(words.chars().count() > 10, "{row}: no words for {code} in {language}");
            }
        }
        account.mend(message.id(), &left).await;
        until(&format!("{row}: mended"), || async {
            let delivery = account.delivery(message.id()).await;
            let is_well = account.connection().await.health.status == Health::Connected;
            (delivery.status == CrmDeliveryStatus::Delivered && delivery.reason.is_none() && is_well).then_some(())
        })
        .await;
    }
    // Whatever was tried how often: each message is there once.
    let texts: Vec<String> = account.all("chats").await.iter().flat_map(|chat| values(&chat["messages"])).map(|one| text(&one, "text")).collect();
    for at in 0..TABLE.len() {
        let word = format!("слова row{at}");
        assert_eq!(texts.iter().filter(|text| **text == word).count(), 1, "{word}: {texts:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_each_row_ends_in_a_state_a_health_and_words() {
    each_row_has_its_end(On::Sqlite).await;
}
