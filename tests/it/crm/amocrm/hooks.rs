//! amoCRM and the whole product: what is set up by itself, and what comes by hooks.

use std::net::TcpListener;

use kommutator::crm::amocrm::{KIND, fact};
use kommutator::gateway::supervisor::Reconcile;
use kommutator::model::connection::{Health, HealthState, ProviderApp};
use kommutator::model::crm::{CrmConnection, CrmDirectory};
use kommutator::model::ids::{ConnectionId, ProviderAppId, WorkspaceId};
use kommutator::store::batch::Batch;
use serde_json::{Value, json};

use super::{CHANNEL, app_facts, app_keys, fake, state, tokens};
use crate::support::app::{App, Body, PATIENCE};
use crate::support::fakes::Fake;
use crate::support::node::until;

/// A connection as it is stored once its owner connected it.
async fn store(app: &App, fake: &Fake) -> (WorkspaceId, ConnectionId) {
    let workspace = app.workspace("Магазин").await;
    let (house, now) = (app.house(), app.world_now());
    let (id, integration) = (ConnectionId(house.world.id()), ProviderAppId(house.world.id()));
    let seal = |owner: &str, text: &str| house.keyring.seal(owner, text.as_bytes(), house.world.as_ref());
    let mut batch = Batch::new();
    let sealed = seal(&ProviderApp::context(integration), &app_keys());
    let (provider, name) = ("amocrm".to_owned(), "amoCRM".to_owned());
    batch.insert(&ProviderApp { id: integration, provider, name, sealed, facts: app_facts(), base_url: None, created_at: now }).unwrap();
    let connection = CrmConnection {
        id,
        kind: KIND,
        name: "amoCRM".to_owned(),
        active: true,
        api_key: String::new(),
        app: Some(integration),
        external_key: "12345678".to_owned(),
        sealed: seal(&CrmConnection::owner_name(id), secrecy::ExposeSecret::expose_secret(&tokens(fake).await)),
        hook: String::new(),
        base_url: Some(fake.url.clone()),
        facts: super::texts(&[(fact::ACCOUNT, "12345678")]),
        settings: Value::Null,
        health: HealthState { status: Health::Connected, reason: None, since: now },
        created_at: now,
        removed_at: None,
    };
    batch.insert(&connection).unwrap();
    house.store.workspace(workspace).commit(batch).await.unwrap();
    app.edge.gateway.do_send(Reconcile);
    (workspace, id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_connection_is_set_up_by_itself_and_only_amocrm_may_tell_it_anything() {
    // Its own address is known before it starts: amoCRM is told where to send.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let settings = [("LISTEN", address.as_str()), ("PUBLIC_URL", &format!("http://{address}")), ("OUTSIDE_PRIVATE", "on")];
    let (app, fake) = (App::sqlite_with(&settings).await, fake().await);
    fake.act("channel", json!({ "hook_url": format!("http://{address}/hooks/app/amocrm/:scope_id") })).await;
    let (workspace, id) = store(&app, &fake).await;
    let records = app.house().store.workspace(workspace);
    let connection = async || records.get::<CrmConnection>(CrmConnection::at(id)).await.unwrap().unwrap().record;
    let scope = until("it is set up", PATIENCE, async || connection().await.facts.get(fact::SCOPE).cloned()).await;
    assert_eq!(scope, format!("{CHANNEL}_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"));
    let read = async || records.get::<CrmDirectory>(CrmDirectory::at(id)).await.unwrap();
    assert!(!until("its lists are read", PATIENCE, async || read().await).await.record.lists["stages"].is_empty());

    // What changes in deals comes to the secret address of the connection, and is answered well.
    let pipelines = state(&fake).await["pipelines"].clone();
    assert!(pipelines.is_array());
    let lead = fake.act("makes", json!({ "account": "demo", "leads": [{ "name": "Сделка" }] })).await["leads"][0].clone();
    fake.act("moves", json!({ "account": "demo", "lead": lead, "status": "Переговоры" })).await;
    let answered = async |what: &str| {
        let all = fake.look("delivered").await[what].as_array().unwrap().clone();
        all.iter().map(|one| one["status"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let told = until("it is told", PATIENCE, async || Some(answered("webhooks").await).filter(|all| !all.is_empty())).await;
    assert!(told.iter().all(|status| *status == 200), "{told:?}");

    // The same to the address that everybody knows the way to, and hooks of chats with another signature: nobody listens.
    let form = format!("account[id]=12345678&leads[status][0][id]={lead}");
    let known = app.nobody().ask("POST", &format!("/hooks/app/amocrm/{scope}"), Body::Bytes(form.into_bytes())).await;
    assert_eq!(known.status, 403);
    let told = |text: &str| json!({ "account_id": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "time": 5, "message": { "conversation": { "id": "nobodys" }, "message": { "id": text, "type": "text", "text": text } } });
    let forged = json!({ "account": "demo", "body": told("m-1"), "signature": "0".repeat(40) });
    assert_eq!(fake.act("raw_hook", forged).await["status"], 403);
    assert_eq!(app.quarantined(workspace).await.len(), 0, "nothing of it is kept");
    // What amoCRM signed is taken; of a chat nobody here knows it is kept where it is seen.
    for _ in 0..2 {
        assert_eq!(fake.act("raw_hook", json!({ "account": "demo", "body": told("m-2") })).await["status"], 200);
    }
    let kept = until("it is kept", PATIENCE, async || Some(app.quarantined(workspace).await).filter(|kept| !kept.is_empty())).await;
    assert_eq!((kept.len(), kept[0].reason.code.as_str()), (1, "unknown_chat"));

    // The integration is taken off there: signed, too.
    fake.act("integration", json!({ "uninstall_url": format!("http://{address}/hooks/app/amocrm/{scope}") })).await;
    assert_eq!(fake.act("uninstalls", json!({ "account": "demo" })).await["status"], 200);
    let lost = until("access is lost", PATIENCE, async || Some(connection().await.health).filter(|health| health.status == Health::AccessLost)).await;
    assert_eq!(lost.reason.unwrap().code, "integration_taken_off");
}
