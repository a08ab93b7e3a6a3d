//! The table of errors: each row as amoCRM would answer it.

use kommutator::crm::amocrm::api::Api;
use kommutator::crm::amocrm::chats::{Chats, Reached};
use kommutator::crm::amocrm::client::Client;
use kommutator::crm::amocrm::errors::{Act, Failure, Place, Says, TABLE};
use kommutator::crm::amocrm::oauth::{self, App, Grant};
use kommutator::crm::contract::CrmError;
use kommutator::model::ids::ConversationId;
use kommutator::model::reason::Reason;
use serde_json::json;

use super::{customer, fake, message, set_up};

/// Each row of the table, as amoCRM would answer it.
#[tokio::test]
async fn each_answer_ends_as_the_table_says() {
    let fake = fake().await;
    let (context, client) = (set_up(&fake).await, Client::default());
    let opened = Chats::new(&client, &context).open(&ConversationId(77).to_string(), &customer(), None).await.unwrap();
    let mut rows = 0;
    for (place, statuses, says, meaning, act) in TABLE {
        for status in *statuses {
            let body = match says {
                Says::Anything => json!({ "title": "слова amoCRM" }),
                Says::Fields => json!({ "validation-errors": [{ "request_id": "0", "errors": [{ "code": "InvalidType", "path": "name" }] }] }),
                Says::Page => json!("<html>nginx</html>"),
                Says::Code(codes) => json!({ "error_code": codes[0], "error_type": codes[0] }),
            };
            let body = if *status == 204 { json!("") } else { body };
            let call = match place {
                Place::Api => "leads.get",
                Place::Login => "oauth.token",
                Place::Chats if *status == 204 => "amojo.history",
                Place::Chats => "amojo.message",
                Place::Mark => "amojo.status",
            };
            // What is tried anew fails anew.
            let times = if matches!(act, Act::NewToken(_) | Act::Sign(_) | Act::Connect(_)) { 2 } else { 1 };
            let fault = json!({ "call": call, "times": times, "act": { "kind": "answer", "status": status, "body": body, "headers": { "location": "https://x" } } });
            fake.act("faults", fault).await;
            rows += 1;
            let client = Client::default();
            let (api, chats) = (Api::new(&client, &context), Chats::new(&client, &context));
            let ended: Result<(), Failure> = match place {
                Place::Api => api.lead(1).await.map(|found| assert_eq!(found, None)),
                Place::Login => {
                    let (app, grant) = (App::of(&context).unwrap(), Grant::Code("c"));
                    oauth::exchange(&client, &context, &app, "demo.amocrm.ru", &grant).await.map(|_| ())
                }
                Place::Chats if *status == 204 => chats.history(&opened.chat, 0, 50).await.map(|found| assert_eq!(found.len(), 0)),
                Place::Chats => chats.put(&message(&format!("row-{rows}"), "x")).await.map(|_| ()),
                Place::Mark => chats.tell("00000000-1111-4222-8333-444444444444", &Reached::Read).await,
            };
            let (wanted, is) = match (act, ended.as_ref().map_err(|failure| &failure.error)) {
                (Act::Nothing, Ok(())) => continue,
                (Act::Fail(name) | Act::Stale(name) | Act::Split(name) | Act::Degrade(name) | Act::Drop(name), Err(error)) => {
                    (*name, matches!(error, CrmError::Rejected(_)))
                }
                (Act::NewToken(name) | Act::Sign(name) | Act::Connect(name) | Act::Closed(name), Err(error)) => {
                    (*name, matches!(error, CrmError::AccessLost(_)))
                }
                (Act::Pause(name, first, _), Err(error)) => (*name, matches!(error, CrmError::Silence { ms, .. } if ms == first)),
                (Act::Later(name), Err(error)) => (*name, matches!(error, CrmError::Temporary(_))),
                other => panic!("{place:?} {status} {meaning}: {other:?}"),
            };
            let reason: Reason = ended.unwrap_err().error.reason();
            assert!(is && reason.code == wanted, "{place:?} {status} {meaning}: {reason:?}");
        }
    }
    assert_eq!(rows, TABLE.iter().map(|(_, statuses, ..)| statuses.len()).sum::<usize>());
}
