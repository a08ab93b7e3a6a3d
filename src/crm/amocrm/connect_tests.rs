use serde_json::json;

use super::*;
use crate::connector::files::{FileSource, OpenFile};
use crate::crm::contract::Returns;
use crate::model::connection::{Health, HealthState, ProviderApp};
use crate::model::crm::CrmConnection;
use crate::model::ids::{ConnectionId, FileId, ProviderAppId};
use crate::model::time::Time;
use crate::outside::Outside;

/// Nobody is called in these tests: whoever would be is told no.
struct Nobody;

#[async_trait]
impl Host for Nobody {
    async fn turn(&self, gate: &'static str) {
        panic!("somebody is called through {gate}");
    }

    fn keys(&self) -> Keys {
        Keys { secrets: SecretString::default(), round: 0 }
    }

    async fn renewed(&self, _round: u64) -> Result<Keys, CrmError> {
        Err(CrmError::AccessLost(Reason::new("token_revoked")))
    }

    async fn keep(&self, _talk: &CrmTalk) -> Result<(), CrmError> {
        Ok(())
    }
}

#[async_trait]
impl FileSource for Nobody {
    async fn open(&self, _file: FileId) -> Result<OpenFile, Reason> {
        Err(Reason::new("file_unreadable"))
    }

    async fn link(&self, _file: FileId) -> Result<String, Reason> {
        Err(Reason::new("no_public_address"))
    }
}

fn context() -> CrmContext {
    let connection = CrmConnection {
        id: ConnectionId(1),
        kind: super::super::KIND,
        name: String::new(),
        active: true,
        api_key: String::new(),
        app: None,
        external_key: String::new(),
        sealed: String::new(),
        hook: String::new(),
        base_url: None,
        facts: BTreeMap::new(),
        settings: Value::Null,
        health: HealthState { status: Health::NotConnected, reason: None, since: Time(0) },
        created_at: Time(0),
        removed_at: None,
    };
    CrmContext {
        host: Arc::new(Nobody),
        connection,
        app: None,
        directory: None,
        public_url: Some("https://gw.example".to_owned()),
        returns: Some(Returns { url: "https://gw.example/back".to_owned(), state: "mark-1".to_owned() }),
        outside: Arc::new(Outside::new(false)),
        files: Arc::new(Nobody),
        locale: "ru".to_owned(),
        deadline: Time(60_000),
        now: Time(0),
    }
}

fn with_app() -> CrmContext {
    let facts = [("client_id".to_owned(), "own-id".to_owned())].into();
    let (id, provider, name) = (ProviderAppId(1), "amocrm".to_owned(), String::new());
    let app = ProviderApp { id, provider, name, sealed: String::new(), facts, base_url: None, created_at: Time(0) };
    CrmContext { app: Some((app, SecretString::from(r#"{"client_secret":"s"}"#))), ..context() }
}

async fn next(context: &CrmContext, state: Value, answer: Value) -> Result<Progress, StepError> {
    AmoCrm::default().next(context, state, &serde_json::from_value(answer).unwrap()).await
}

fn asked(progress: Result<Progress, StepError>) -> (Step, Value) {
    match progress {
        Ok(Progress::Ask { step, state }) => (step, state),
        other => panic!("{other:?}"),
    }
}

fn refused(progress: Result<Progress, StepError>) -> (String, String) {
    let error = progress.unwrap_err();
    (error.field, error.reason.code)
}

fn at(field: &str, code: &str) -> (String, String) {
    (field.to_owned(), code.to_owned())
}

#[tokio::test]
async fn the_way_by_the_button_leads_to_amocrm() {
    let first = json!({ "domain": "kommo", "way": "button" });
    let (step, state) = asked(next(&context(), Value::Null, first.clone()).await);
    assert!(matches!(&step, Step::Fields { name, .. } if name == "integration"));
    let (step, _) = asked(next(&context(), state.clone(), json!({ "client_id": "id", "client_secret": "s" })).await);
    let Step::Redirect { url, .. } = step else { panic!("{step:?}") };
    assert_eq!(url, "https://www.kommo.com/oauth?client_id=id&state=mark-1");
    assert_eq!(refused(next(&context(), state, json!({ "client_id": "id" })).await), at("client_secret", "required"));
    // Where the installation has its own integration nothing is asked.
    let (step, _) = asked(next(&with_app(), Value::Null, first.clone()).await);
    assert!(matches!(step, Step::Redirect { url, .. } if url == "https://www.kommo.com/oauth?client_id=own-id&state=mark-1"));
    // Nobody could come back.
    let nowhere = CrmContext { returns: None, ..context() };
    assert_eq!(refused(next(&nowhere, Value::Null, first).await), at("way", "no_public_address"));
}

/// The secret goes where the referer says: whatever anybody writes there, nobody but amoCRM is called.
#[tokio::test]
async fn nobodys_answer_but_amocrms_own_is_believed() {
    let (_, state) = asked(next(&with_app(), Value::Null, json!({ "domain": "amocrm", "way": "button" })).await);
    let back = |answer: Value| {
        let state = state.clone();
        async move { refused(next(&with_app(), state, answer).await) }
    };
    for hostile in
        ["evil.example", "x.amocrm.ru.evil.example", "demo.amocrm.ru/@evil.example", "demo.amocrm.ru:8080", "127.0.0.1", "www.amocrm.ru", ""]
    {
        let answer = json!({ "code": "c", "referer": hostile, "state": "mark-1" });
        assert_eq!(back(answer).await, at("", "amocrm_host"), "{hostile}");
    }
    for state in [json!({ "state": "mark-2" }), json!({ "state": "" }), json!({})] {
        let mut answer = json!({ "code": "c", "referer": "demo.amocrm.ru" });
        answer.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
        assert_eq!(back(answer).await, at("", "amocrm_other_answer"), "{state}");
    }
    assert_eq!(back(json!({ "error": "access_denied", "state": "mark-1" })).await, at("", "amocrm_denied"));
    assert_eq!(back(json!({ "referer": "demo.amocrm.ru", "state": "mark-1" })).await, at("", "required"));
}

#[tokio::test]
async fn the_way_by_a_token_asks_for_the_account() {
    let (step, state) = asked(next(&context(), Value::Null, json!({ "domain": "amocrm", "way": "token" })).await);
    assert!(matches!(&step, Step::Fields { name, fields } if name == "token" && fields.len() == 2));
    for (answer, wrong) in [
        (json!({ "token": "t" }), at("host", "required")),
        (json!({ "host": "demo.example", "token": "t" }), at("host", "amocrm_host")),
        (json!({ "host": "demo" }), at("token", "required")),
    ] {
        assert_eq!(refused(next(&context(), state.clone(), answer).await), wrong);
    }
    for (answer, wrong) in [
        (json!({ "way": "token" }), at("domain", "required")),
        (json!({ "domain": "amocrm" }), at("way", "required")),
        (json!({ "domain": "else", "way": "token" }), at("domain", "required")),
        (json!({ "domain": "amocrm", "way": "token", "base_url": "http://127.0.0.1" }), at("base_url", "outside_address")),
    ] {
        assert_eq!(refused(next(&context(), Value::Null, answer).await), wrong);
    }
}

/// What stands in a secret address is no part of what is kept of it.
#[test]
fn an_address_is_known_again_without_its_secret() {
    let ours = |secret: &str| format!("https://gw.example/hooks/crm/7/{secret}");
    assert_eq!(mark(&ours("one")), mark(&ours("two")));
    assert_eq!(mark(&ours("one")), "https://gw.example/hooks/crm/7");
}
