//! An amoCRM connection as its steps make it, without the steps: the fake's tokens, and the fake's integration with its chat channel.

use std::collections::BTreeMap;

use kommutator::crm::amocrm::{KIND, fact};
use kommutator::gateway::entries::{self, MailboxEntry};
use kommutator::gateway::house::House;
use kommutator::model::connection::{AccountLink, Health, HealthState, ProviderApp};
use kommutator::model::crm::CrmConnection;
use kommutator::model::ids::{AccountId, ConnectionId, LoginId, ProviderAppId, WorkspaceId};
use kommutator::store::batch::Batch;
use kommutator::store::records::streams;
use serde_json::{Value, json};

use super::fakes::Fake;

/// Where amoCRM's page of consent would send people back to.
const REDIRECT: &str = "https://shop.example/oauth/amocrm";

/// What is to be connected.
pub(crate) struct Wanted<'a> {
    /// The account's name at the fake.
    pub(crate) account: &'a str,
    /// The integration there; nothing: the one that is there at once.
    pub(crate) integration: Value,
    /// Whether the integration has a chat channel.
    pub(crate) chats: bool,
    /// What its owner set.
    pub(crate) settings: Value,
    /// Where its hooks come to.
    pub(crate) base: &'a str,
}

/// What opens an account, as it is kept; of this integration, or of the one that is there at once.
pub(crate) async fn tokens(house: &House, amo: &Fake, account: &str, integration: Option<&str>) -> String {
    let given = amo.act("token", json!({ "account": account, "client_id": integration })).await;
    let now = house.world.now().0 / 1_000;
    let until = now + given["expires_in"].as_i64().unwrap();
    let (access, refresh, host) = (&given["access_token"], &given["refresh_token"], format!("{account}.amocrm.ru"));
    json!({ "access_token": access, "refresh_token": refresh, "host": host, "expires_at": until, "issued_at": now }).to_string()
}

impl Wanted<'_> {
    /// Makes it; these accounts of a login feed it. Whoever serves the store finds it by itself.
    pub(crate) async fn make(&self, house: &House, workspace: WorkspaceId, amo: &Fake, login: LoginId, accounts: &[AccountId]) -> ConnectionId {
        let channel = amo.act("channel", json!({ "hook_url": format!("{}/hooks/app/amocrm/:scope_id", self.base) })).await;
        let mut integration = self.integration.clone();
        integration["redirect_uri"] = json!(REDIRECT);
        let integration = amo.act("integration", integration).await;
        let tokens = tokens(house, amo, self.account, integration["client_id"].as_str()).await;
        let host = format!("{}.amocrm.ru", self.account);
        let now = house.world.now();
        let (app, id) = (ProviderAppId(house.world.id()), ConnectionId(house.world.id()));
        let secret = if self.chats { channel["secret"].clone() } else { json!("") };
        let keys = json!({ "client_secret": integration["client_secret"], "channel_secret": secret });
        let mut facts: BTreeMap<String, String> =
            ["client_id", "redirect_uri"].into_iter().map(|name| (name.to_owned(), integration[name].as_str().unwrap().to_owned())).collect();
        if self.chats {
            facts.insert("channel_id".to_owned(), channel["id"].as_str().unwrap().to_owned());
            facts.insert("bot_id".to_owned(), channel["bot"]["id"].as_str().unwrap().to_owned());
        }
        let seal = |context: &str, text: &str| house.keyring.seal(context, text.as_bytes(), house.world.as_ref());
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
                external_key: self.account.to_owned(),
                sealed: seal(&CrmConnection::owner_name(id), &tokens),
                hook: String::new(),
                base_url: Some(amo.url.clone()),
                facts: [(fact::HOST.to_owned(), host.clone())].into(),
                settings: self.settings.clone(),
                health: HealthState { status: Health::Connected, reason: None, since: now },
                created_at: now,
                removed_at: None,
            })
            .unwrap();
        for account in accounts {
            batch.insert(&AccountLink::plain(*account, id)).unwrap();
        }
        batch.append(&streams::mailbox(login), entries::write(&MailboxEntry::Reload).unwrap());
        house.store.workspace(workspace).commit(batch).await.unwrap();
        id
    }
}
