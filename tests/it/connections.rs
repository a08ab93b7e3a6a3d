//! «Исходящие каналы» over HTTP, with the tests' CRM: connected by steps and by a page of its own, set, switched, what did not get there,
//! connected anew, taken off. The same on both engines.

use kommutator::gateway::administration::channels::accounts;
use kommutator::model::ids::{UserId, WorkspaceId};
use kommutator::model::message::CrmDeliveryStatus;
use kommutator::model::protocol::Role;
use kommutator::store::records::streams;
use serde_json::{Value, json};

use crate::support::app::{App, Client, Socket};
use crate::support::fake_crm::{CrmAct, FakeCrm};
use crate::support::fake_smtp::FakeSmtp;
use crate::support::rig::until;

/// A shop with a widget, its owner, and a CRM.
struct Office {
    app: App,
    crm: FakeCrm,
    workspace: WorkspaceId,
    owner: Client,
    user: UserId,
    widget: String,
}

impl Office {
    async fn open(on_redis: bool, settings: &[(&str, &str)]) -> Self {
        let mut all = vec![("OUTSIDE_PRIVATE", "on"), ("PUBLIC_URL", "http://shop.invalid")];
        all.extend(settings);
        let app = if on_redis { App::redis_with(&all).await } else { App::sqlite_with(&all).await };
        let workspace = app.workspace("Магазин").await;
        let user = app.member(workspace, Role::Owner, None).await;
        let owner = app.client(&app.session(workspace, user).await);
        let (_, widget) = app.widget(workspace, "Сайт").await;
        Self { app, crm: FakeCrm::start(), workspace, owner, user, widget }
    }

    /// Connected by its word. The answer of the last step.
    async fn connect(&self, begin: Value, word: &str) -> Value {
        let begun = self.owner.post("/api/v1/connecting", begin).await;
        assert_eq!(begun.status, 201, "{}", begun.text);
        self.answer(&begun.body, json!({ "address": self.crm.url, "word": word })).await.body
    }

    async fn answer(&self, begun: &Value, values: Value) -> crate::support::app::Answer {
        let walk = begun["id"].as_str().unwrap_or_else(|| panic!("{begun}"));
        self.owner.post(&format!("/api/v1/connecting/{walk}"), json!({ "values": values })).await
    }

    async fn connected(&self) -> String {
        let done = self.connect(json!({ "crm": "probe" }), "word").await;
        self.handled().await;
        done["connection"].as_str().unwrap_or_else(|| panic!("{done}")).to_owned()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.owner.get(&format!("/api/v1/{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.body
    }

    async fn texts(&self, id: &str, wanted: &[&str]) {
        until(&format!("{wanted:?}"), || async { (self.crm.texts(id) == wanted).then_some(()) }).await;
    }

    /// What the widgets' owners were told is done.
    async fn handled(&self) {
        let store = self.app.house().store.workspace(self.workspace);
        for account in accounts(self.app.house(), self.workspace).await.unwrap() {
            let stream = streams::mailbox(account.login);
            until("an empty mailbox", || async { store.read(&stream, 0, 1).await.unwrap().entries.is_empty().then_some(()) }).await;
        }
    }

    /// A visitor says something.
    async fn says(&self, visitor: &mut Socket, text: &str) -> String {
        let key = self.app.house().world.secret::<8>();
        visitor.say(json!({ "type": "send", "client_id": key, "text": text })).await;
        let accepted = visitor.until(|frame| frame["client_id"] == key.as_str()).await.pop().unwrap();
        accepted["message"]["id"].as_str().unwrap().to_owned()
    }
}

async fn our_messenger_is_the_first_and_always_on(on_redis: bool) {
    let office = Office::open(on_redis, &[]).await;
    for _ in 0..2 {
        let all = office.get("connections").await;
        let rows = all["items"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{all}");
        let told = ["name", "kind", "mode"].map(|field| rows[0][field].as_str().unwrap().to_owned());
        assert_eq!(told, ["Веб-мессенджер", "web_messenger", "create"]);
        assert_eq!((&rows[0]["active"], &rows[0]["fixed"], rows[0]["api_key"].as_str().unwrap().len()), (&json!(true), &json!(true), 32));
    }
    let id = office.get("connections").await["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/connections/{id}");
    assert_eq!(office.owner.patch(&path, json!({ "active": false })).await.short(), "409 always_on");
    assert_eq!(office.owner.ask("DELETE", &path, Value::Null).await.short(), "409 always_on");
    assert_eq!(office.owner.ask("PUT", &format!("{path}/settings"), json!({ "values": {} })).await.short(), "409 always_on");
    assert_eq!(office.owner.patch(&path, json!({ "name": "Наш" })).await.body["name"], "Наш");
    let key = office.owner.post(&format!("{path}/key"), Value::Null).await.body["api_key"].clone();
    let shown = office.get(&format!("connections/{id}")).await;
    assert_eq!((&shown["api_key"], &shown["name"]), (&key, &json!("Наш")));
    // A manager knows what it is called, and no key.
    let manager = office.app.member(office.workspace, Role::Manager, Some(Vec::new())).await;
    let manager = office.app.client(&office.app.session(office.workspace, manager).await);
    let seen = manager.get("/api/v1/connections").await.body["items"][0].clone();
    assert_eq!((seen["name"].as_str(), seen.get("api_key")), (Some("Наш"), None));
}

async fn a_crm_is_connected_by_steps_and_gets_what_is_said(on_redis: bool) {
    let office = Office::open(on_redis, &[]).await;
    office.crm.look(|state| state.word = "word".to_owned());
    let begun = office.owner.post("/api/v1/connecting", json!({ "crm": "probe" })).await.body;
    assert_eq!(begun["step"]["name"], "start");
    let missing = office.answer(&begun, json!({ "word": "word" })).await;
    assert_eq!((missing.short().as_str(), missing.body["params"]["field"].as_str()), ("422 required", Some("address")));
    let wrong = office.answer(&begun, json!({ "address": office.crm.url, "word": "no" })).await;
    assert_eq!((wrong.short().as_str(), wrong.body["params"]["field"].as_str()), ("422 probe_word_wrong", Some("word")));
    assert_eq!(office.get("connections").await["items"].as_array().unwrap().len(), 1, "nothing is made before the last step");
    let done = office.answer(&begun, json!({ "address": office.crm.url, "word": "word" })).await.body;
    let id = done["connection"].as_str().unwrap().to_owned();
    assert_eq!(office.answer(&begun, json!({})).await.short(), "404 unknown_connecting");
    let twice = office.owner.post("/api/v1/connecting", json!({ "crm": "probe" })).await.body;
    assert_eq!(office.answer(&twice, json!({ "address": office.crm.url, "word": "word" })).await.short(), "422 connected_already");
    let row = office.get(&format!("connections/{id}")).await;
    assert_eq!((row["name"].as_str(), row["mode"].as_str(), row["active"].as_bool()), (Some("Проба – Лавка"), Some("chats"), Some(true)));
    assert_eq!(row["facts"]["account_name"], "Лавка");
    until("it is told where to send", || async { office.crm.look(|state| state.hooks.iter().any(|hook| hook.contains(&id)).then_some(())) }).await;
    let (mut visitor, _) = office.app.visitor(&office.widget).await;
    office.says(&mut visitor, "раз").await;
    office.texts(&id, &["раз"]).await;
    // A channel that comes later feeds it, too.
    let (_, later) = office.app.widget(office.workspace, "Второй сайт").await;
    let (mut other, _) = office.app.visitor(&later).await;
    office.says(&mut other, "два").await;
    office.texts(&id, &["раз", "два"]).await;
    let audit = office.get("audit").await.to_string();
    for action in ["connection.created", "channel.created"] {
        assert!(audit.contains(action), "{action}");
    }
    assert!(!audit.contains("\"word\""), "no secret in the log");
}

async fn what_is_switched_off_gets_nothing_and_says_nothing(on_redis: bool) {
    let office = Office::open(on_redis, &[]).await;
    let id = office.connected().await;
    let (mut visitor, _) = office.app.visitor(&office.widget).await;
    office.says(&mut visitor, "раз").await;
    office.texts(&id, &["раз"]).await;
    let path = format!("/api/v1/connections/{id}");
    let flip = |active: bool| office.owner.patch(&path, json!({ "active": active }));
    assert_eq!(flip(false).await.body["active"], false);
    office.handled().await;
    let second = office.says(&mut visitor, "два").await;
    let conversation = office.get("conversations").await["items"][0]["id"].as_str().unwrap().to_owned();
    let chat = office.crm.message(&id, "раз").unwrap().chat;
    let hook = office.crm.look(|state| state.hooks.last().cloned().unwrap());
    let hook = hook.split_once("http://shop.invalid").unwrap().1.to_owned();
    let written =
        |id: &str, at: i64| json!([{ "what": "said", "chat": chat, "id": id, "who": "7", "who_name": "Ольга", "at": at, "text": "из CRM" }]);
    let now = || office.app.world_now().0;
    assert_eq!(office.app.nobody().post(&hook, written("w1", now())).await.status, 200);
    let kept = until("what was written there is kept", || async { office.app.quarantined(office.workspace).await.pop() }).await;
    assert_eq!(kept.reason.code, "connection_off");
    let said_while_off = now() - 1;
    assert_eq!(flip(true).await.body["active"], true);
    office.handled().await;
    let third = office.says(&mut visitor, "три").await;
    office.texts(&id, &["раз", "три"]).await;
    let messages = office.get(&format!("conversations/{conversation}/messages")).await;
    let standing = |message: &str| messages["items"].as_array().unwrap().iter().find(|one| one["id"] == message).map(|one| one["crm"].clone());
    assert_eq!(standing(&second), Some(json!([])));
    assert_eq!(standing(&third).unwrap()[0]["connection"], id.as_str());
    // What was said there meanwhile does not come late; what is said now does.
    assert_eq!(office.app.nobody().post(&hook, written("w2", said_while_off)).await.status, 200);
    assert_eq!(office.app.nobody().post(&hook, written("w3", now() + 1)).await.status, 200);
    until("the reply", || async {
        let found = office.get(&format!("conversations/{conversation}/messages")).await;
        found["items"].as_array().unwrap().iter().any(|one| one["text"] == "из CRM").then_some(())
    })
    .await;
    until("the late one is kept", || async { (office.app.quarantined(office.workspace).await.len() == 2).then_some(()) }).await;
}

async fn settings_are_checked_at_their_fields(on_redis: bool) {
    let office = Office::open(on_redis, &[]).await;
    let id = office.connected().await;
    let path = format!("connections/{id}/settings");
    let settings = until("its lists", || async { Some(office.get(&path).await).filter(|shown| shown["lists"]["stages"].is_array()) }).await;
    assert_eq!(settings["values"], json!({ "chats": true, "stage_by": "same" }));
    assert_eq!(settings["lists"]["stages"][1], json!({ "value": "1/20", "label": "Переговоры", "group": "Продажи" }));
    let (office, path) = (&office, path.as_str());
    let put = |values: Value| async move {
        let answer = office.owner.ask("PUT", &format!("/api/v1/{path}"), json!({ "values": values })).await;
        (answer.short(), answer.body["params"]["field"].as_str().unwrap_or_default().to_owned())
    };
    for (field, value, code) in [
        ("stage", json!("9/9"), "422 choice_gone"),
        ("open", json!("1/10"), "422 field_invalid"),
        ("stage_by", Value::Null, "422 required"),
        ("tags", json!(vec!["т"; 11]), "422 too_many"),
        ("chats", json!("да"), "422 field_invalid"),
    ] {
        let mut values = json!({ "chats": false, "stage_by": "same" });
        values[field] = value;
        assert_eq!(put(values).await, (code.to_owned(), field.to_owned()));
    }
    // What the CRM's folder says.
    let closed = json!({ "chats": false, "stage_by": "same", "stage": "1/20", "open": ["1/10"] });
    assert_eq!(put(closed).await, ("422 probe_stage_closed".to_owned(), "stage".to_owned()));
    let good = json!({ "chats": false, "stage_by": "same", "stage": "1/10", "open": ["1/10", "1/20"], "tags": ["сайт", "%DOMAIN%"] });
    assert_eq!(put(good.clone()).await.0, "200");
    assert_eq!(office.get(path).await["values"], good);
    assert_eq!(office.get(&format!("connections/{id}")).await["mode"], "add");
    // The lists are read anew when somebody asks.
    let read_at = office.get(path).await["read_at"].clone();
    office.crm.look(|state| state.lists["stages"] = json!([{ "value": "1/30", "label": "Новый этап" }]));
    assert_eq!(office.owner.post(&format!("/api/v1/connections/{id}/refresh"), Value::Null).await.status, 202);
    let new = until("the new lists", || async { Some(office.get(path).await).filter(|shown| shown["lists"]["stages"][0]["value"] == "1/30") }).await;
    assert_ne!(new["read_at"], read_at);
}

async fn a_channel_feeds_it_or_does_not(on_redis: bool) {
    let office = Office::open(on_redis, &[]).await;
    let (_, widget) = office.app.widget(office.workspace, "Второй сайт").await;
    let id = office.connected().await;
    let shown = office.get(&format!("connections/{id}/settings")).await;
    let channels = shown["channels"].as_array().unwrap();
    let usual = json!({ "create_contact": true, "create_deal": true, "find_existing": true, "update_contact": false });
    assert!(channels.len() == 2 && channels.iter().all(|one| one["feeds"] == true && one["rules"] == usual), "J-24: {shown}");
    let second = channels.iter().find(|one| one["name"] == "Второй сайт").unwrap()["channel"].clone();
    let office = &office;
    let put = |channel: &Value, feeds: bool, rules: Value| {
        let body = json!({ "channels": [{ "channel": channel, "feeds": feeds, "rules": rules }] });
        let path = format!("/api/v1/connections/{id}/channels");
        async move { office.owner.ask("PUT", &path, body).await }
    };
    assert_eq!(put(&json!("zzzz"), true, usual.clone()).await.status, 400);
    assert_eq!(put(&json!(id), true, usual.clone()).await.short(), "404 unknown_channel");
    assert_eq!(put(&second, false, usual.clone()).await.status, 200);
    office.handled().await;
    let (mut first, _) = office.app.visitor(&office.widget).await;
    let (mut other, _) = office.app.visitor(&widget).await;
    office.says(&mut other, "не туда").await;
    office.says(&mut first, "раз").await;
    office.texts(&id, &["раз"]).await;
    let rules = json!({ "create_contact": false, "create_deal": true, "find_existing": false, "update_contact": true });
    let set = put(&second, true, rules.clone()).await.body;
    let set = set["channels"].as_array().unwrap().iter().find(|one| one["channel"] == second).unwrap().clone();
    assert_eq!((&set["feeds"], &set["rules"]), (&json!(true), &rules));
    office.handled().await;
    office.says(&mut other, "туда").await;
    office.texts(&id, &["раз", "туда"]).await;
}

async fn what_did_not_get_there_is_shown_and_sent_again(on_redis: bool) {
    let office = Office::open(on_redis, &[]).await;
    let id = office.connected().await;
    let (mut visitor, _) = office.app.visitor(&office.widget).await;
    office.crm.script("message", &[CrmAct::Reject, CrmAct::Reject]);
    let first = office.says(&mut visitor, "раз").await;
    office.says(&mut visitor, "два").await;
    let path = format!("connections/{id}");
    let row = || office.get(&path);
    until("two failed", || async { (row().await["failed"] == 2).then_some(()) }).await;
    let listed = office.get(&format!("undelivered?connection={id}")).await;
    let rows = listed["items"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["message"]["text"].as_str().unwrap()).collect::<Vec<_>>(), ["два", "раз"], "the newest first");
    assert_eq!((rows[0]["reason"]["code"].as_str(), rows[0]["connection"].as_str()), (Some("rejected"), Some(id.as_str())));
    assert_eq!(office.get("undelivered").await["items"].as_array().unwrap().len(), 2);
    let conversation = rows[0]["message"]["conversation"].as_str().unwrap().to_owned();
    let again = format!("/api/v1/conversations/{conversation}/messages/{first}/crm/{id}/again");
    assert_eq!(office.owner.post(&again, Value::Null).await.status, 202);
    office.texts(&id, &["раз"]).await;
    until("one failed", || async { (row().await["failed"] == 1).then_some(()) }).await;
    assert_eq!(office.owner.post(&again, Value::Null).await.short(), "409 nothing_to_retry");
    assert_eq!(office.owner.post(&format!("/api/v1/connections/{id}/again"), Value::Null).await.body, json!({ "messages": 1 }));
    office.texts(&id, &["раз", "два"]).await;
    until("none failed", || async { (row().await["failed"] == 0).then_some(()) }).await;
    let standing = office.get(&format!("conversations/{conversation}/messages")).await;
    let all = standing["items"].as_array().unwrap();
    assert!(all.iter().all(|one| one["crm"][0]["status"] == CrmDeliveryStatus::Delivered.as_str()), "{standing}");
}

async fn who_comes_back_from_the_crm_is_who_went(on_redis: bool) {
    let office = Office::open(on_redis, &[]).await;
    office.crm.look(|state| state.word = "code".to_owned());
    let went = || async {
        let begun = office.owner.post("/api/v1/connecting", json!({ "crm": "probe" })).await.body;
        let asked = office.answer(&begun, json!({ "address": office.crm.url, "way": "page", "word": "-" })).await.body;
        let url = asked["step"]["url"].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned();
        assert!(url.contains("back=http://shop.invalid/oauth/probe"), "{url}");
        let state = url.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        (format!("connecting/{}", begun["id"].as_str().unwrap()), state)
    };
    let back = |client: Client, crm: &str, state: &str, rest: &str| {
        let path = format!("/oauth/{crm}?state={state}&{rest}");
        async move {
            let answer = client.get(&path).await;
            assert_eq!(answer.status, 200);
            answer.text.contains("Готово, можно закрыть окно")
        }
    };
    let (walk, state) = went().await;
    // Somebody else, of whatever workspace; nobody; another CRM; another mark.
    let other = office.app.member(office.workspace, Role::Owner, None).await;
    let other = office.app.client(&office.app.session(office.workspace, other).await);
    let good = "code=code&referer=x";
    assert!(!back(other, "probe", &state, good).await);
    assert!(!back(office.app.nobody(), "probe", &state, good).await);
    assert!(!back(office.owner.clone(), "amocrm", &state, good).await);
    assert!(!back(office.owner.clone(), "probe", &format!("{state}0"), good).await);
    let waits = office.get(&walk).await;
    assert_eq!((waits["step"]["kind"].as_str(), waits.get("refused")), (Some("redirect"), None), "none of these did anything");
    assert!(back(office.owner.clone(), "probe", &state, good).await);
    let made = office.get(&walk).await;
    let id = made["connection"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    assert!(!back(office.owner.clone(), "probe", &state, good).await, "it is good once");
    let (mut visitor, _) = office.app.visitor(&office.widget).await;
    office.says(&mut visitor, "раз").await;
    office.texts(&id, &["раз"]).await;
    // Who did not allow it comes back too, and the page that was left says so.
    let (walk, state) = went().await;
    assert!(!back(office.owner.clone(), "probe", &state, "error=access_denied").await);
    let refused = office.get(&walk).await;
    assert_eq!((refused["refused"]["code"].as_str(), refused["refused"]["provider"].as_str()), (Some("probe_denied"), Some("access_denied")));
    assert!(!back(office.owner.clone(), "probe", &state, good).await, "and it is good once");
}

async fn lost_access_is_told_by_one_letter_and_connecting_anew_keeps_everything(on_redis: bool) {
    let smtp = FakeSmtp::start().await;
    let office = Office::open(on_redis, &[("SMTP_URL", smtp.url.as_str()), ("MAIL_FROM", "chat@shop.example")]).await;
    office.crm.look(|state| state.word = "word".to_owned());
    let id = office.connected().await;
    let (mut visitor, _) = office.app.visitor(&office.widget).await;
    office.says(&mut visitor, "раз").await;
    office.texts(&id, &["раз"]).await;
    let key = office.get(&format!("connections/{id}")).await["api_key"].clone();
    office.crm.look(|state| state.word = "another".to_owned());
    office.says(&mut visitor, "два").await;
    office.says(&mut visitor, "три").await;
    let path = format!("connections/{id}");
    let lost = until("access lost", || async { Some(office.get(&path).await).filter(|row| row["health"]["status"] == "access_lost") }).await;
    assert_eq!(lost["health"]["reason"]["code"], "token_revoked");
    let reader = format!("{}@shop.example", office.user);
    let letter = smtp.letter(&reader, 1).await;
    for words in ["«Проба – Лавка»", "пробный период", "пароль", "подключите его заново"] {
        assert!(letter.text().contains(words), "{words}: {}", letter.text());
    }
    assert!(letter.text().contains(&format!("/settings/outgoing/{id}")));
    let stands = office.get(&path).await;
    assert_eq!((&stands["waiting"], stands["oldest"].is_string()), (&json!(2), true));
    // Another account is another connection.
    office.crm.look(|state| state.account = "other".to_owned());
    let begun = office.owner.post("/api/v1/connecting", json!({ "connection": id })).await.body;
    let other = office.answer(&begun, json!({ "address": office.crm.url, "word": "another" })).await;
    assert_eq!(other.short(), "422 other_account");
    office.crm.look(|state| state.account = "shop".to_owned());
    assert_eq!(office.answer(&begun, json!({ "address": office.crm.url, "word": "another" })).await.body["connection"], id.as_str());
    office.texts(&id, &["раз", "два", "три"]).await;
    until("well again", || async { (office.get(&path).await["health"]["status"] == "connected").then_some(()) }).await;
    assert_eq!(office.get(&path).await["api_key"], key, "what hangs on it stays");
    assert_eq!(smtp.to(&reader).len(), 1, "one letter, however many messages wait");
}

async fn a_45_what_is_chosen_and_gone_there_is_told_by_one_letter_until_it_is_chosen_anew(on_redis: bool) {
    let smtp = FakeSmtp::start().await;
    let office = Office::open(on_redis, &[("SMTP_URL", smtp.url.as_str()), ("MAIL_FROM", "chat@shop.example")]).await;
    let id = office.connected().await;
    let (path, settings) = (format!("connections/{id}"), format!("/api/v1/connections/{id}/settings"));
    until("its lists", || async { office.get(&format!("{path}/settings")).await["lists"]["stages"].is_array().then_some(()) }).await;
    let choose = |stage: &'static str| json!({ "values": { "chats": true, "stage_by": "same", "stage": stage } });
    assert_eq!(office.owner.ask("PUT", &settings, choose("1/20")).await.status, 200);
    let read = async |stages: Value| {
        office.crm.look(|state| state.lists["stages"] = stages.clone());
        assert_eq!(office.owner.post(&format!("/api/v1/{path}/refresh"), Value::Null).await.status, 202);
        until("the new lists", || async { (office.get(&format!("{path}/settings")).await["lists"]["stages"] == stages).then_some(()) }).await;
    };
    read(json!([{ "value": "1/10", "label": "Первый" }])).await;
    let row = office.get(&path).await;
    assert_eq!((&row["gone"], &row["health"]["status"]), (&json!(["stage"]), &json!("connected")));
    let reader = format!("{}@shop.example", office.user);
    let letter = smtp.letter(&reader, 1).await;
    for words in ["«Проба – Лавка»", "Этап", "сохраните настройки", &format!("/settings/outgoing/{id}")] {
        assert!(letter.text().contains(words), "{words}: {}", letter.text());
    }
    // It is told once, however often the lists are read; that it comes again says nothing while nobody chose it.
    read(json!([{ "value": "1/10", "label": "Первый" }, { "value": "1/30", "label": "Третий" }])).await;
    read(json!([{ "value": "1/10", "label": "Первый" }, { "value": "1/20", "label": "Второй" }])).await;
    assert_eq!(office.get(&path).await["gone"], json!(["stage"]));
    assert_eq!(office.owner.ask("PUT", &settings, choose("1/10")).await.status, 200);
    assert_eq!(office.get(&path).await["gone"], Value::Null);
    read(json!([{ "value": "1/30", "label": "Третий" }])).await;
    smtp.letter(&reader, 2).await;
    assert_eq!(smtp.to(&reader).len(), 2, "one letter each time");
}

async fn what_is_taken_off_is_gone_and_its_account_can_come_again(on_redis: bool) {
    let office = Office::open(on_redis, &[]).await;
    let id = office.connected().await;
    let path = format!("/api/v1/connections/{id}");
    assert_eq!(office.owner.ask("DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(office.crm.look(|state| state.taken_off), 1);
    assert_eq!(office.owner.get(&path).await.short(), "404 unknown_connection");
    let again = office.connected().await;
    assert_ne!(again, id);
    let (mut visitor, _) = office.app.visitor(&office.widget).await;
    office.says(&mut visitor, "раз").await;
    office.texts(&again, &["раз"]).await;
    assert_eq!(office.crm.texts(&id), Vec::<String>::new());
}

/// Each of these runs on both engines.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn $name() { super::$name(false).await; })*
        }
        mod on_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn $name() { super::$name(true).await; })*
        }
    };
}

on_both!(
    our_messenger_is_the_first_and_always_on,
    a_crm_is_connected_by_steps_and_gets_what_is_said,
    what_is_switched_off_gets_nothing_and_says_nothing,
    settings_are_checked_at_their_fields,
    a_channel_feeds_it_or_does_not,
    what_did_not_get_there_is_shown_and_sent_again,
    who_comes_back_from_the_crm_is_who_went,
    lost_access_is_told_by_one_letter_and_connecting_anew_keeps_everything,
    a_45_what_is_chosen_and_gone_there_is_told_by_one_letter_until_it_is_chosen_anew,
    what_is_taken_off_is_gone_and_its_account_can_come_again,
);
