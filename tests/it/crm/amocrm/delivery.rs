//! amoCRM over its fake: what stands there is compared, not what we think was sent.

use std::collections::BTreeMap;

use kommutator::channel::probe::settings::ProbeRepeats::SendTwice;
use kommutator::crm::amocrm::{KIND, fact};
use kommutator::gateway::entries::{self, MailboxEntry};
use kommutator::model::connection::{AccountLink, Health, HealthState, ProviderApp};
use kommutator::model::crm::CrmConnection;
use kommutator::model::ids::{ConnectionId, ProviderAppId};
use kommutator::model::message::{CrmDeliveryStatus, Delivery};
use kommutator::model::protocol::SendStatus;
use kommutator::store::batch::Batch;
use kommutator::store::records::streams;
use serde_json::{Value, json};

use crate::support::fake_provider::Act;
use crate::support::fakes::Fake;
use crate::support::rig::{On, Rig, said, told, until};

/// The product with one amoCRM account.
struct Account {
    rig: Rig,
    amo: Fake,
    id: ConnectionId,
}

impl Account {
    /// Connected, with these settings; in «Чаты» where the integration has a chat channel.
    async fn open(on: On, chats: bool, settings: Value) -> Self {
        let (rig, amo) = (Rig::start(on, SendTwice).await, Fake::start("amocrm").await);
        amo.act("settings", json!({ "limits": false, "signature_clock": "real" })).await;
        let id = connect(&rig, &amo, "demo", chats, settings).await;
        Self { rig, amo, id }
    }

    async fn state(&self) -> Value {
        self.amo.look("state?account=demo").await
    }

    /// The records of a kind that are there.
    async fn all(&self, kind: &str) -> Vec<Value> {
        values(&self.state().await[kind])
    }

    async fn customer_says(&self, chat: &str, id: &str, text: &str) {
        self.rig.hook(json!([said(chat, id, text)])).await;
        self.rig.handled().await;
        self.quiet().await;
    }

    async fn quiet(&self) {
        for stream in [streams::crm_mailbox(self.id), streams::crm_outbox(self.id)] {
            until("an empty stream", || async { self.rig.store().read(&stream, 0, 1).await.unwrap().entries.is_empty().then_some(()) }).await;
        }
        self.rig.handled().await;
    }
}

fn values(of: &Value) -> Vec<Value> {
    match of {
        Value::Array(all) => all.clone(),
        Value::Object(all) => all.values().cloned().collect(),
        _ => Vec::new(),
    }
}

/// A connection as its steps make it, with tokens the fake gives; links the accounts `one` and `two`.
async fn connect(rig: &Rig, amo: &Fake, account: &str, chats: bool, settings: Value) -> ConnectionId {
    let house = rig.house();
    let base = house.public_address().unwrap().to_owned();
    let channel = amo.act("channel", json!({ "hook_url": format!("{base}/hooks/app/amocrm/:scope_id") })).await;
    let integration = amo.act("integration", json!({})).await;
    let tokens = amo.act("token", json!({ "account": account })).await;
    let host = format!("{account}.amocrm.ru");
    let now = house.world.now();
    let (app, id) = (ProviderAppId(house.world.id()), ConnectionId(house.world.id()));
    let keys = json!({ "client_secret": integration["client_secret"], "channel_secret": if chats { channel["secret"].clone() } else { json!("") } });
    let mut facts: BTreeMap<String, String> =
        [("client_id", &integration["client_id"]), ("redirect_uri", &json!("https://shop.example/oauth/amocrm"))]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.as_str().unwrap().to_owned()))
            .collect();
    if chats {
        facts.insert("channel_id".to_owned(), channel["id"].as_str().unwrap().to_owned());
        facts.insert("bot_id".to_owned(), channel["bot"]["id"].as_str().unwrap().to_owned());
    }
    let seal = |context: &str, text: &str| house.keyring.seal(context, text.as_bytes(), house.world.as_ref());
    let tokens = json!({
        "access_token": tokens["access_token"], "refresh_token": tokens["refresh_token"], "host": host,
        "expires_at": now.0 / 1_000 + tokens["expires_in"].as_i64().unwrap(), "issued_at": now.0 / 1_000,
    });
    let mut batch = Batch::new();
    batch
        .insert(&ProviderApp {
            id: app,
            provider: "amocrm".to_owned(),
            name: "Интеграция".to_owned(),
            sealed: seal(&ProviderApp::context(app), &keys.to_string()),
            facts,
            base_url: Some(amo.url.clone()),
            created_at: now,
        })
        .unwrap();
    batch
        .insert(&CrmConnection {
            id,
            kind: KIND,
            name: format!("amoCRM – {host}"),
            active: true,
            api_key: "0".repeat(32),
            app: Some(app),
            external_key: account.to_owned(),
            sealed: seal(&CrmConnection::owner_name(id), &tokens.to_string()),
            hook: String::new(),
            base_url: Some(amo.url.clone()),
            facts: [(fact::HOST.to_owned(), host.clone())].into(),
            settings,
            health: HealthState { status: Health::Connected, reason: None, since: now },
            created_at: now,
            removed_at: None,
        })
        .unwrap();
    for account in [rig.probe.one, rig.probe.two] {
        batch.insert(&AccountLink::plain(account, id)).unwrap();
    }
    batch.append(&streams::mailbox(rig.probe.login), entries::write(&MailboxEntry::Reload).unwrap());
    rig.store().commit(batch).await.unwrap();
    rig.reconcile();
    rig.handled().await;
    until("it is set up", || async {
        let found = rig.store().get::<CrmConnection>(CrmConnection::at(id)).await.unwrap().unwrap().record;
        found.facts.contains_key("set_up_for").then_some(())
    })
    .await;
    id
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

async fn a_customer_becomes_a_contact_a_deal_and_a_chat(on: On) {
    let account = Account::open(on, true, json!({ "tags": ["Kommutator", "клиент %NAME%"], "notify": "one_task" })).await;
    account.customer_says("anna", "1", "Здравствуйте").await;
    account.customer_says("anna", "2", "Есть кто?").await;
    let (contacts, leads) = (account.all("contacts").await, account.all("leads").await);
    assert_eq!((contacts.len(), leads.len()), (1, 1), "{}", account.state().await);
    assert_eq!(text(&contacts[0], "name"), "Клиент anna");
    assert_eq!(leads[0]["tags"], json!(["Kommutator", "клиент Клиент anna"]), "H-AMO-80, H-AMO-82");
    let chats = account.all("chats").await;
    assert_eq!(chats.len(), 1);
    let texts: Vec<String> = values(&chats[0]["messages"]).iter().map(|one| text(one, "text")).collect();
    assert_eq!(texts, ["Здравствуйте", "Есть кто?"]);
    assert_eq!(account.all("unsorted").await.len(), 0, "the chat was the contact's before anything was said");
    assert_eq!(account.all("tasks").await.len(), 1, "one task of a deal (H-AMO-64)");
    let first = account.rig.messages(account.rig.chat("anna").await.id).await.remove(0);
    let store = account.rig.store();
    let delivery = store.get::<Delivery>(Delivery::at(first.id(), account.id)).await.unwrap().unwrap().record;
    assert_eq!(delivery.status, CrmDeliveryStatus::Delivered);
}

async fn what_a_manager_writes_there_reaches_the_customer_and_its_fate_is_told(on: On) {
    let account = Account::open(on, true, json!({})).await;
    account.customer_says("anna", "1", "Здравствуйте").await;
    let chat = text(&account.all("chats").await[0], "id");
    account.amo.act("writes", json!({ "account": "demo", "chat": chat, "text": "Добрый день!" })).await;
    until("it went", || async { (account.rig.provider.taken("Добрый день!").len() == 1).then_some(()) }).await;
    let conversation = account.rig.chat("anna").await;
    let message = account.rig.messages(conversation.id).await.remove(1);
    account.rig.stands(message.id(), SendStatus::Sent).await;
    // It came by a real hook: one attempt, signed without its trailing newline.
    let taken = until("an id", || async {
        let message = account.rig.message(message.id()).await;
        message.pieces.first().and_then(|piece| piece.external_id.clone())
    })
    .await;
    let id = taken.split('/').next_back().unwrap().to_owned();
    account.rig.hook(json!([told("anna", &id, "receipt", json!({ "status": "read" }))])).await;
    account.rig.handled().await;
    account.quiet().await;
    let marked = account.amo.calls("amojo.status").await;
    assert!(marked.iter().any(|call| text(&call["body"], "said").contains("\"delivery_status\":2")), "{marked:?}");
    // And one that fails.
    account.rig.provider.script("не дойдёт", &[Act::Reject]);
    account.amo.act("writes", json!({ "account": "demo", "chat": chat, "text": "не дойдёт" })).await;
    until("told", || async {
        let marked = account.amo.calls("amojo.status").await;
        marked.iter().any(|call| text(&call["body"], "said").contains("\"delivery_status\":-1")).then_some(())
    })
    .await;
    // What is written outside stands there, and comes back to nobody.
    let outside = account.rig.send(conversation.id, "из мессенджера").await;
    account.rig.stands(outside.id(), SendStatus::Sent).await;
    account.quiet().await;
    let texts: Vec<String> = values(&account.all("chats").await[0]["messages"]).iter().map(|one| text(one, "text")).collect();
    assert_eq!(texts, ["Здравствуйте", "Добрый день!", "не дойдёт", "из мессенджера"]);
    assert_eq!(account.rig.messages(conversation.id).await.len(), 4);
}

async fn a_deal_that_is_closed_is_joined_or_not_as_it_is_set(on: On) {
    let account = Account::open(on, true, json!({})).await;
    account.customer_says("anna", "1", "раз").await;
    let deal = account.all("leads").await[0]["id"].clone();
    account.amo.act("closes", json!({ "account": "demo", "lead": deal, "won": true })).await;
    account.rig.world.advance_ms(61_000);
    account.customer_says("anna", "2", "два").await;
    assert_eq!(account.all("leads").await.len(), 2, "H-AMO-100d");
    assert_eq!(account.all("contacts").await.len(), 1);
}

async fn where_there_are_no_chats_the_dialogue_stands_in_notes(on: On) {
    let account = Account::open(on, false, json!({ "notify": "each_task" })).await;
    account.customer_says("anna", "1", "раз").await;
    account.customer_says("anna", "2", "два").await;
    let reply = account.rig.send(account.rig.chat("anna").await.id, "три").await;
    account.rig.stands(reply.id(), SendStatus::Sent).await;
    account.quiet().await;
    assert_eq!((account.all("contacts").await.len(), account.all("leads").await.len(), account.all("chats").await.len()), (1, 1, 0));
    let notes: Vec<String> = account.all("notes").await.iter().map(|note| text(&note["params"], "text")).collect();
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert!(notes[0].contains("раз") && notes[1].contains("два") && notes[2].starts_with("← Мария"), "{notes:?}");
    assert_eq!(account.all("tasks").await.len(), 2, "a task for each message (H-AMO-65)");
}

async fn lost_answers_make_nothing_twice(on: On) {
    let account = Account::open(on, true, json!({})).await;
    for call in ["leads.complex", "amojo.chat", "contacts.chats", "amojo.message"] {
        account.amo.act("faults", json!({ "call": call, "act": { "kind": "lose" } })).await;
    }
    account.customer_says("anna", "1", "раз").await;
    account.customer_says("anna", "2", "два").await;
    let chats = account.all("chats").await;
    assert_eq!((account.all("contacts").await.len(), account.all("leads").await.len(), chats.len()), (1, 1, 1));
    assert_eq!(values(&chats[0]["messages"]).len(), 2);
}

on_both!(
    a_customer_becomes_a_contact_a_deal_and_a_chat,
    what_a_manager_writes_there_reaches_the_customer_and_its_fate_is_told,
    a_deal_that_is_closed_is_joined_or_not_as_it_is_set,
    where_there_are_no_chats_the_dialogue_stands_in_notes,
    lost_answers_make_nothing_twice,
);
