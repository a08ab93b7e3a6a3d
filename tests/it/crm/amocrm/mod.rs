//! amoCRM's folder against the fake of amoCRM: each call as its papers say, each error to its end.
//!
//! Here: how an account is connected; [`calls`]: contacts, deals, chats, what their history tells; [`rows`]: the table of errors; [`ends`]:
//! where each of its rows leaves a message and its connection; [`hooks`]: the whole product told by hooks; [`delivery`]: messages there and
//! back. The owner's rules, by the inventory, through the whole product ([`account`]): [`places`]: which contact, deal and chat; [`turned`]:
//! what is set and who is who changes half-way; [`people`]: contacts and their fields; [`waiting`]: «Неразобранное»; [`widget`]: what our widget asks

mod account;
mod calls;
mod delivery;
mod ends;
mod hooks;
mod people;
mod places;
mod rows;
mod turned;
mod waiting;
mod widget;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kommutator::connector::form::{Step, Values};
use kommutator::connector::hook::HookAddress;
use kommutator::crm::amocrm::api::Api;
use kommutator::crm::amocrm::chats::{Content, NewMessage, Someone};
use kommutator::crm::amocrm::client::Client;
use kommutator::crm::amocrm::oauth::Tokens;
use kommutator::crm::amocrm::{AmoCrm, KIND, fact};
use kommutator::crm::capability::{Connect, Connected, Progress, Renew};
use kommutator::crm::contract::{CrmContext, CrmError, Host, Keys, Returns};
use kommutator::model::connection::{Health, HealthState, ProviderApp};
use kommutator::model::crm::{CrmConnection, CrmTalk};
use kommutator::model::ids::{ConnectionId, ConversationId, ProviderAppId};
use kommutator::model::time::{RealWorld, World};
use kommutator::outside::Outside;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::fakes::{Fake, KeptFiles};

const CLIENT: &str = "0d0d0d0d-1111-4222-8333-444444444444";
const CHANNEL: &str = "11111111-2222-4333-8444-555555555555";
const BACK: &str = "https://gw.example/back";

/// What a connection's owner gives the folder; of tokens it renews them, as the actor does.
struct Owner {
    url: String,
    keys: Mutex<Keys>,
}

#[async_trait]
impl Host for Owner {
    async fn turn(&self, _gate: &'static str) {}

    fn keys(&self) -> Keys {
        self.keys.lock().unwrap().clone()
    }

    async fn renewed(&self, round: u64) -> Result<Keys, CrmError> {
        let old = self.keys();
        assert_eq!(old.round, round);
        let alone = Arc::new(Owner { url: self.url.clone(), keys: Mutex::new(old.clone()) });
        let secrets = Renew::renew(&AmoCrm::default(), &context(alone, &self.url), &old.secrets).await?;
        let new = Keys { secrets, round: round + 1 };
        *self.keys.lock().unwrap() = new.clone();
        Ok(new)
    }

    async fn keep(&self, _talk: &CrmTalk) -> Result<(), CrmError> {
        Ok(())
    }
}

fn texts(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The fake's own integration and chat channel.
fn app_facts() -> BTreeMap<String, String> {
    texts(&[("client_id", CLIENT), ("redirect_uri", BACK), ("channel_id", CHANNEL), ("bot_id", "b0b0b0b0-1111-4222-8333-444444444444")])
}

fn app_keys() -> String {
    json!({ "client_secret": "demo-client-secret", "channel_secret": "7d1f0c2b9a8e4d6f5b3a1c0e9d8f7a6b5c4d3e2f" }).to_string()
}

fn context(host: Arc<dyn Host>, url: &str) -> CrmContext {
    let now = RealWorld.now();
    let connection = CrmConnection {
        id: ConnectionId(1),
        kind: KIND,
        name: "amoCRM".to_owned(),
        active: true,
        api_key: String::new(),
        app: Some(ProviderAppId(1)),
        external_key: "12345678".to_owned(),
        sealed: String::new(),
        hook: String::new(),
        base_url: Some(url.to_owned()),
        facts: BTreeMap::new(),
        settings: Value::Null,
        health: HealthState { status: Health::Connected, reason: None, since: now },
        created_at: now.plus_ms(-60_000),
        removed_at: None,
    };
    let (id, provider, name) = (ProviderAppId(1), "amocrm".to_owned(), String::new());
    let app = ProviderApp { id, provider, name, sealed: String::new(), facts: app_facts(), base_url: None, created_at: now };
    CrmContext {
        host,
        connection,
        app: Some((app, SecretString::from(app_keys()))),
        directory: None,
        public_url: Some("https://gw.example".to_owned()),
        returns: Some(Returns { url: BACK.to_owned(), state: "mark".to_owned() }),
        outside: Arc::new(Outside::new(true)),
        files: Arc::new(KeptFiles::default()),
        locale: "ru".to_owned(),
        deadline: now.plus_ms(30_000),
        now,
    }
}

/// The fake, without its bound on calls: here nobody paces them.
async fn fake() -> Fake {
    let fake = Fake::start("amocrm").await;
    fake.act("settings", json!({ "limits": false })).await;
    fake.act("integration", json!({ "redirect_uri": BACK })).await;
    fake
}

fn owned(fake: &Fake, secrets: SecretString) -> CrmContext {
    context(Arc::new(Owner { url: fake.url.clone(), keys: Mutex::new(Keys { secrets, round: 0 }) }), &fake.url)
}

/// Somebody allowed us in.
async fn tokens(fake: &Fake) -> SecretString {
    let given = fake.act("token", json!({ "account": "demo" })).await;
    let word = |name: &str| given[name].as_str().unwrap().to_owned();
    let now = RealWorld.now().0 / 1_000;
    let (access_token, refresh_token) = (word("access_token"), Some(word("refresh_token")));
    Tokens { access_token, refresh_token, expires_at: now + 86_400, issued_at: now, host: "demo.amocrm.ru".to_owned() }.sealed()
}

async fn connected(fake: &Fake) -> CrmContext {
    owned(fake, tokens(fake).await)
}

/// The same, and amoCRM was told what it is told once.
async fn set_up(fake: &Fake) -> CrmContext {
    let mut context = connected(fake).await;
    let hook = HookAddress { url: "https://gw.example/hooks/crm/1/unguessable".to_owned(), secret: "unguessable".to_owned() };
    let facts = AmoCrm::default().set_up(&context, Some(&hook)).await.unwrap();
    context.connection.facts.extend(facts);
    context
}

async fn state(fake: &Fake) -> Value {
    fake.look("state?account=demo").await
}

async fn step(context: &CrmContext, state: Value, answer: Value) -> Result<Progress, (String, String)> {
    let answer: Values = serde_json::from_value(answer).unwrap();
    AmoCrm::default().next(context, state, &answer).await.map_err(|error| (error.field, error.reason.code))
}

fn done(progress: Result<Progress, (String, String)>) -> Connected {
    match progress {
        Ok(Progress::Done(connected)) => *connected,
        other => panic!("{other:?}"),
    }
}

/// H-AMO-01, H-AMO-02.
#[tokio::test]
async fn an_admin_connects_an_account_by_the_page_of_consent() {
    let fake = fake().await;
    let fresh = owned(&fake, SecretString::default());
    let start = json!({ "domain": "amocrm", "way": "button", "base_url": fake.url });
    let Ok(Progress::Ask { step: Step::Redirect { url, .. }, state }) = step(&fresh, Value::Null, start).await else { panic!("amoCRM is asked") };
    assert_eq!(url, format!("{}/www.amocrm.ru/oauth?client_id={CLIENT}&state=mark", fake.url));
    let fake = &fake;
    let back = |user: Value| async move {
        let to = fake.act("consents", json!({ "account": "demo", "state": "mark", "user": user })).await["url"].as_str().unwrap().to_owned();
        let query = reqwest::Url::parse(&to).unwrap().query_pairs().into_owned().collect::<BTreeMap<String, String>>();
        json!(query)
    };
    let answer = back(Value::Null).await;
    let connected = done(step(&fresh, state.clone(), answer.clone()).await);
    let facts = |name: &str| connected.facts.get(name).map(String::as_str).unwrap_or_default();
    assert_eq!((connected.external_key.as_str(), facts(fact::HOST), facts(fact::ACCOUNT)), ("12345678", "demo.amocrm.ru", "12345678"));
    assert_eq!((facts(fact::AMOJO), facts(fact::CHANNEL)), ("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "yes"));
    assert!(!facts(fact::USER_NAME).is_empty() && connected.app.as_ref().is_some_and(|app| app.external_key == CLIENT));
    let tokens = Tokens::read(&connected.secrets).unwrap();
    assert!(tokens.refresh_token.is_some() && AmoCrm::default().due(&connected.secrets) > Some(RealWorld.now()));
    // A code is good once.
    assert_eq!(step(&fresh, state.clone(), answer).await.unwrap_err(), (String::new(), "token_revoked".to_owned()));
    let users = self::state(fake).await["users"].as_array().unwrap().clone();
    let plain = users.iter().find(|user| user["is_admin"] == false).unwrap();
    assert_eq!(step(&fresh, state, back(plain["id"].clone()).await).await.unwrap_err(), (String::new(), "amocrm_not_admin".to_owned()));
}

#[tokio::test]
async fn a_token_its_owner_copied_connects_an_account() {
    let fake = fake().await;
    let given = fake.act("token", json!({ "account": "demo", "days": 30 })).await["access_token"].clone();
    let fresh = owned(&fake, SecretString::default());
    let start = json!({ "domain": "amocrm", "way": "token", "base_url": fake.url });
    let Ok(Progress::Ask { state, .. }) = step(&fresh, Value::Null, start).await else { panic!("it is asked for") };
    let connected = done(step(&fresh, state.clone(), json!({ "host": "demo", "token": given })).await);
    assert_eq!((connected.external_key.as_str(), AmoCrm::default().due(&connected.secrets)), ("12345678", None));
    assert_eq!(step(&fresh, state, json!({ "host": "demo", "token": "x" })).await.unwrap_err(), ("token".to_owned(), "token_revoked".to_owned()));
}

#[tokio::test]
async fn setting_up_twice_is_setting_up_once() {
    let fake = fake().await;
    let context = set_up(&fake).await;
    let known = |name: &str| context.connection.facts[name].clone();
    assert_eq!(known(fact::SCOPE), format!("{CHANNEL}_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"));
    assert_eq!((known("hook_name"), known(fact::WEBHOOKS)), (known(fact::SCOPE), "yes".to_owned()));
    assert!(!format!("{:?}", context.connection.facts).contains("unguessable"));
    assert_eq!(state(&fake).await["scopes"][CHANNEL]["version"], "v2");
    // Another secret in the address: the old one is told no more.
    let moved = HookAddress { url: "https://gw.example/hooks/crm/1/another".to_owned(), secret: "another".to_owned() };
    AmoCrm::default().set_up(&context, Some(&moved)).await.unwrap();
    let told =
        |state: Value| state["webhooks"].as_array().unwrap().iter().map(|one| one["destination"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(told(state(&fake).await), [moved.url]);
    AmoCrm::default().take_off(&context).await.unwrap();
    let after = state(&fake).await;
    assert_eq!((told(after.clone()).len(), after["scopes"].as_object().unwrap().len()), (0, 0));
}

#[tokio::test]
async fn tokens_are_renewed_once_and_the_account_is_found_under_its_new_name() {
    let fake = fake().await;
    let (context, client) = (connected(&fake).await, Client::default());
    let api = Api::new(&client, &context);
    fake.act("clock", json!({ "advance_ms": 25 * 3_600_000 })).await;
    assert_eq!(api.account().await.unwrap().id, 12_345_678);
    assert_eq!(context.host.keys().round, 1);
    fake.act("renames", json!({ "subdomain": "renamed" })).await;
    assert_eq!(api.account().await.unwrap().subdomain, "renamed");
    assert_eq!(Tokens::read(&context.host.keys().secrets).unwrap().host, "renamed.amocrm.ru");
    fake.act("revokes", json!({ "account": "renamed" })).await;
    let lost = CrmError::from(api.account().await.unwrap_err());
    assert!(matches!(&lost, CrmError::AccessLost(reason) if reason.code == "token_revoked"), "{lost:?}");
}

fn customer() -> Someone {
    Someone { id: "u-1".to_owned(), name: "Анна".to_owned(), ..Someone::default() }
}

fn message(id: &str, text: &str) -> NewMessage {
    NewMessage {
        id: id.to_owned(),
        chat: ConversationId(77).to_string(),
        their_chat: None,
        at: RealWorld.now(),
        sender: customer(),
        receiver: None,
        content: Content::Text(text.to_owned()),
        silent: false,
        source: None,
        reply_to: None,
        post: None,
    }
}
