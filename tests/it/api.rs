//! What each route does, and its named errors, over HTTP. The same on both engines.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use kommutator::gateway::administration::Actor;
use kommutator::gateway::administration::channels::create_hook;
use kommutator::gateway::administration::people::{NewMember, add_member, new_epochs};
use kommutator::gateway::commands::{Command, ask};
use kommutator::gateway::entries::{FeedEntry, write};
use kommutator::model::ids::{MessageId, UserId, WorkspaceId};
use kommutator::model::message::{Admission, Message};
use kommutator::model::protocol::Role;
use kommutator::model::reason::Reason;
use kommutator::store::batch::Batch;
use kommutator::store::records::streams;
use serde_json::{Value, json};

use crate::support::app::{Answer, App, Body, Client, PATIENCE, SHOP, on_both_engines};

/// A workspace with an owner who is logged in.
struct Home {
    workspace: WorkspaceId,
    owner_id: UserId,
    owner: Client,
}

async fn home(app: &App) -> Home {
    let workspace = app.workspace("Магазин").await;
    let owner_id = app.member(workspace, Role::Owner, None).await;
    let owner = app.client(&app.session(workspace, owner_id).await);
    Home { workspace, owner_id, owner }
}

/// Asks and compares status and code.
async fn expect(client: &Client, method: &str, path: &str, body: Value, wanted: &str) -> Answer {
    let answer = client.ask(method, path, body.clone()).await;
    assert_eq!(answer.short(), wanted, "{method} {path} {body}: {}", answer.text);
    answer
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

fn fields(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

on_both_engines!(sessions, conversations, channels, users, passwords, tokens, audit, hooks, search, files);

mod flows {
    use super::*;

    pub(super) async fn sessions(app: &App) {
        let home = home(app).await;
        let email = format!("boss{}@shop.example", home.workspace);
        let new = NewMember {
            name: "Босс".into(), email: email.clone(), password: "верный пароль".into(), role: Role::Owner, channels: None
        };
        add_member(app.house(), home.workspace, &Actor::command_line(), new).await.unwrap();
        let nobody = app.nobody();
        expect(&nobody, "POST", "/api/v1/login", json!({ "email": email, "password": "другой" }), "401 wrong_login").await;
        expect(&nobody, "POST", "/api/v1/login", json!({ "email": email }), "400 bad_request").await;
        let login = json!({ "email": email.to_uppercase(), "password": "верный пароль" });
        expect(&nobody.on_page_of("https://evil.example"), "POST", "/api/v1/login", login.clone(), "403 foreign_origin").await;
        let answer = expect(&nobody, "POST", "/api/v1/login", login, "200").await;
        let boss = app.client(text(&answer.body, "token"));
        assert_eq!(text(&boss.get("/api/v1/me").await.body, "email"), email);
        assert_eq!(text(&boss.patch("/api/v1/me", json!({ "name": "Новое имя", "locale": "es" })).await.body, "locale"), "es");
        expect(&boss, "PATCH", "/api/v1/me", json!({ "locale": "fr" }), "422 locale_unknown").await;
        expect(&boss, "PATCH", "/api/v1/me", json!({ "name": " " }), "422 required").await;
        let mut socket = app.manager(text(&answer.body, "token")).await;
        expect(&boss, "POST", "/api/v1/logout", Value::Null, "204").await;
        assert_eq!(socket.next().await["closed"], 4001, "a session that ended keeps no socket");
        expect(&boss, "GET", "/api/v1/me", Value::Null, "401 not_logged_in").await;
        for path in ["/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"] {
            expect(&nobody, "GET", path, Value::Null, "200").await;
        }
        expect(&nobody, "GET", "/api/v1/nothing", Value::Null, "404 unknown_page").await;
    }

    pub(super) async fn conversations(app: &App) {
        let home = home(app).await;
        let (account, key) = app.widget(home.workspace, "Сайт").await;
        let (mut visitor, _) = app.visitor(&key).await;
        visitor.say(json!({ "type": "send", "client_id": "v-1", "text": "Есть синий?" })).await;
        let accepted = visitor.until(|frame| frame["type"] == "accepted").await.pop().unwrap();
        let (id, message) = (text(&accepted["message"], "conversation").to_owned(), text(&accepted["message"], "id").to_owned());
        let owner = &home.owner;
        for view in ["all", "unread", "unanswered", "unassigned"] {
            let list = owner.get(&format!("/api/v1/conversations?view={view}&channel={}", account.id)).await;
            assert_eq!(text(&list.body["items"][0], "id"), id, "{view}");
        }
        expect(owner, "GET", "/api/v1/conversations?view=odd", Value::Null, "400 bad_parameter").await;
        expect(owner, "GET", "/api/v1/conversations?sort=odd", Value::Null, "400 bad_parameter").await;
        expect(owner, "GET", "/api/v1/conversations?cursor=odd", Value::Null, "400 bad_parameter").await;
        assert_eq!(owner.get("/api/v1/conversations/counters").await.body["unanswered"], 1);
        let path = format!("/api/v1/conversations/{id}");
        assert_eq!(text(&owner.get(&path).await.body, "title"), "Анна Посетитель");
        assert_eq!(text(&owner.get(&format!("{path}/messages")).await.body["items"][0], "text"), "Есть синий?");
        let send = json!({ "client_id": "m-1", "text": "Есть" });
        let sent = expect(owner, "POST", &format!("{path}/messages"), send.clone(), "200").await;
        assert_eq!(sent.body["duplicate"], false);
        let again = expect(owner, "POST", &format!("{path}/messages"), send, "200").await;
        assert_eq!((&again.body["duplicate"], &again.body["message"]["id"]), (&json!(true), &sent.body["message"]["id"]));
        let late = json!({ "client_id": "m-2", "text": "Опоздал", "expected_last": message });
        expect(owner, "POST", &format!("{path}/messages"), late, "409 somebody_wrote").await;
        expect(owner, "POST", &format!("{path}/messages"), json!({ "client_id": "a b", "text": "x" }), "422 bad_client_id").await;
        let retry = format!("{path}/messages/{message}/retry");
        expect(owner, "POST", &retry, Value::Null, "409 nothing_to_retry").await;
        let read = expect(owner, "POST", &format!("{path}/read"), json!({ "up_to": message }), "200").await;
        assert_eq!(read.body["unread"], 0);
        let blind = app.member(home.workspace, Role::Manager, Some(Vec::new())).await;
        expect(owner, "POST", &format!("{path}/assign"), json!({ "user": blind }), "422 user_without_access").await;
        let assigned = expect(owner, "POST", &format!("{path}/assign"), json!({ "user": home.owner_id }), "200").await;
        assert_eq!(text(&assigned.body, "assignee"), home.owner_id.to_string());
        assert_eq!(text(&expect(owner, "POST", &format!("{path}/close"), Value::Null, "200").await.body, "status"), "closed");
        assert_eq!(text(&owner.get("/api/v1/conversations?view=closed").await.body["items"][0], "id"), id);
        assert_eq!(text(&expect(owner, "POST", &format!("{path}/reopen"), Value::Null, "200").await.body, "status"), "open");
    }

    pub(super) async fn channels(app: &App) {
        let home = home(app).await;
        let owner = &home.owner;
        let new = |name: &str| json!({ "kind": "site_widget", "name": name, "widget": { "origins": ["https://Shop.example/"] } });
        let made = expect(owner, "POST", "/api/v1/channels", new("Сайт"), "201").await.body;
        assert_eq!(fields(&made), BTreeSet::from(["id", "name", "kind", "active", "health", "widget", "created_at"]));
        assert_eq!(fields(&made["widget"]), BTreeSet::from(["key", "origins", "verified_identity", "appearance", "options", "max_file_bytes"]));
        assert_eq!((&made["widget"]["origins"], &made["health"]["status"]), (&json!([SHOP]), &json!("connected")));
        let wrong = [
            (json!({ "kind": "fax", "name": "Факс" }), "422 kind_unknown"),
            (json!({ "kind": "site_widget", "name": "Без всего" }), "422 required"),
            (json!({ "kind": "site_widget", "name": "", "widget": { "origins": [] } }), "422 required"),
            (json!({ "kind": "site_widget", "name": "х".repeat(101), "widget": { "origins": [] } }), "422 too_long"),
            (json!({ "kind": "site_widget", "name": "Адрес", "widget": { "origins": ["shop"] } }), "422 origin_invalid"),
            (new("САЙТ"), "409 name_taken"),
            (json!([]), "400 bad_request"),
        ];
        for (body, wanted) in wrong {
            expect(owner, "POST", "/api/v1/channels", body, wanted).await;
        }
        let path = format!("/api/v1/channels/{}", text(&made, "id"));
        assert_eq!(owner.get(&path).await.body, made);
        let list = owner.get("/api/v1/channels").await.body;
        assert_eq!((&list["total"], &list["items"][0]), (&json!(1), &made));
        // A widget that is switched off lets nobody in, at once.
        let key = text(&made["widget"], "key");
        let (mut visitor, _) = app.visitor(key).await;
        let looks = json!({ "title": "Т", "greeting": "Да?", "accent": "#112233", "side": "left" });
        let change = json!({ "name": "Другой", "active": false, "widget": { "verified_identity": true, "appearance": looks } });
        let changed = expect(owner, "PATCH", &path, change, "200").await.body;
        assert_eq!((text(&changed, "name"), &changed["active"], &changed["widget"]["verified_identity"]), ("Другой", &json!(false), &json!(true)));
        assert_eq!(changed["widget"]["appearance"]["side"], "left");
        let mut refused = app.visitor_socket(key).await;
        assert_eq!(refused.until(|frame| frame.get("closed").is_some()).await.last().unwrap()["closed"], 4401);
        visitor.say(json!({ "type": "send", "client_id": "off", "text": "кто-нибудь?" })).await;
        assert_eq!(text(&visitor.until(|frame| frame["client_id"] == "off").await.pop().unwrap(), "type"), "error");
        let looks = json!({ "title": "Т", "greeting": "", "accent": "red", "side": "left" });
        expect(owner, "PATCH", &path, json!({ "widget": { "appearance": looks } }), "422 colour_invalid").await;
        let secret = expect(owner, "GET", &format!("{path}/identity-secret"), Value::Null, "200").await.body;
        assert_eq!(text(&secret, "secret").len(), 64);
        let log = owner.get("/api/v1/audit").await;
        assert_eq!(text(&log.body["items"][0], "action"), "channel.secret_shown");
        assert!(!log.text.contains(text(&secret, "secret")) && !log.text.contains("sealed"));
        expect(owner, "DELETE", &path, Value::Null, "204").await;
        for (method, path) in [("GET", path.clone()), ("DELETE", path.clone()), ("PATCH", path.clone()), ("GET", format!("{path}/identity-secret"))] {
            expect(owner, method, &path, if method == "PATCH" { json!({}) } else { Value::Null }, "404 unknown_channel").await;
        }
        assert_eq!(owner.get("/api/v1/channels").await.body["total"], 0);
        expect(owner, "POST", "/api/v1/channels", new("Другой"), "201").await;
    }

    pub(super) async fn users(app: &App) {
        let home = home(app).await;
        let owner = &home.owner;
        let (account, _) = app.widget(home.workspace, "Сайт").await;
        let email = format!("anna{}@shop.example", home.workspace);
        let new = |role: &str, email: &str| json!({ "name": "Анна", "email": email, "password": "пароль-1", "role": role, "channels": [account.id] });
        let made = expect(owner, "POST", "/api/v1/users", new("manager", &email), "201").await.body;
        assert_eq!(fields(&made), BTreeSet::from(["id", "name", "email", "role", "channels", "created_at", "away", "here"]));
        let admin_id = app.member(home.workspace, Role::Admin, None).await;
        let admin = app.client(&app.session(home.workspace, admin_id).await);
        let unknown = json!({ "name": "А", "email": "x@y.zz", "password": "пароль-1", "role": "manager", "channels": ["0000000000000"] });
        let wrong = [
            (new("manager", &email), "409 email_taken"),
            (new("admin", "b@shop.example"), "403 owners_only"),
            (new("owner", "b@shop.example"), "403 owners_only"),
            (new("king", "b@shop.example"), "400 bad_request"),
            (new("manager", "нет"), "422 email_invalid"),
            (unknown, "422 unknown_channel"),
            (json!({ "name": "А", "email": "short@y.zz", "password": "1", "role": "manager" }), "422 password_length"),
        ];
        for (body, wanted) in wrong {
            expect(&admin, "POST", "/api/v1/users", body, wanted).await;
        }
        let list = owner.get("/api/v1/users").await.body;
        assert_eq!(list["total"], 3);
        let anna: UserId = text(&made, "id").parse().unwrap();
        let secret = app.session(home.workspace, anna).await;
        let seen = app.client(&secret).get("/api/v1/users").await.body;
        assert!(
            seen["items"].as_array().unwrap().iter().all(|user| fields(user) == BTreeSet::from(["id", "name", "role", "away", "here"])),
            "{seen}"
        );
        // What they may see changes: their sockets come back.
        let (path, mut socket) = (format!("/api/v1/users/{anna}"), app.manager(&secret).await);
        let changed = expect(&admin, "PATCH", &path, json!({ "channels": null, "name": "Анна П." }), "200").await.body;
        assert_eq!((&changed["channels"], text(&changed, "name")), (&Value::Null, "Анна П."));
        assert_eq!(socket.next().await["closed"], 4001);
        let boss = format!("/api/v1/users/{}", home.owner_id);
        let wrong = [
            ("PATCH", path.as_str(), json!({ "role": "admin" }), "403 owners_only"),
            ("PATCH", path.as_str(), json!({ "channels": ["0000000000000"] }), "422 unknown_channel"),
            ("PATCH", boss.as_str(), json!({ "name": "Никто" }), "403 role_above_own"),
            ("DELETE", boss.as_str(), Value::Null, "403 role_above_own"),
            ("DELETE", "/api/v1/users/0000000000000", Value::Null, "404 unknown_user"),
        ];
        for (method, path, body, wanted) in wrong {
            expect(&admin, method, path, body, wanted).await;
        }
        expect(owner, "DELETE", &boss, Value::Null, "409 last_owner").await;
        expect(owner, "PATCH", &boss, json!({ "role": "admin" }), "409 last_owner").await;
        let mut socket = app.manager(&secret).await;
        expect(&admin, "DELETE", &path, Value::Null, "204").await;
        assert_eq!(socket.next().await["closed"], 4001);
        expect(&app.client(&secret), "GET", "/api/v1/me", Value::Null, "401 not_logged_in").await;
        expect(&admin, "DELETE", &path, Value::Null, "404 unknown_user").await;
        // Come back, but not through an old session.
        expect(owner, "POST", "/api/v1/users", new("manager", &email), "201").await;
        expect(&app.client(&secret), "GET", "/api/v1/me", Value::Null, "401 not_logged_in").await;
    }

    pub(super) async fn passwords(app: &App) {
        let home = home(app).await;
        let email = format!("boris{}@shop.example", home.workspace);
        let new = json!({ "name": "Борис", "email": email, "password": "первый пароль", "role": "manager" });
        let id = text(&home.owner.post("/api/v1/users", new.clone()).await.body, "id").to_owned();
        let log_in = async |password: &str| app.nobody().post("/api/v1/login", json!({ "email": email, "password": password })).await;
        let (first, second) = (log_in("первый пароль").await.body, log_in("первый пароль").await.body);
        let boris = app.client(text(&first, "token"));
        let change = |current: &str, new: &str| json!({ "current": current, "new": new });
        expect(&boris, "POST", "/api/v1/me/password", change("не тот", "второй пароль"), "403 wrong_password").await;
        expect(&boris, "POST", "/api/v1/me/password", change("первый пароль", "x"), "422 password_length").await;
        expect(&boris, "POST", "/api/v1/me/password", change("первый пароль", "второй пароль"), "204").await;
        expect(&boris, "GET", "/api/v1/me", Value::Null, "200").await;
        expect(&app.client(text(&second, "token")), "GET", "/api/v1/me", Value::Null, "401 not_logged_in").await;
        assert_eq!((log_in("первый пароль").await.status, log_in("второй пароль").await.status), (401, 200));
        // Set by somebody above: every session ends.
        let path = format!("/api/v1/users/{id}/password");
        expect(&home.owner, "POST", &path, json!({ "password": "x" }), "422 password_length").await;
        expect(&home.owner, "POST", &path, json!({ "password": "третий пароль" }), "204").await;
        expect(&boris, "GET", "/api/v1/me", Value::Null, "401 not_logged_in").await;
        assert_eq!(log_in("третий пароль").await.status, 200);
        let own = format!("/api/v1/users/{}/password", home.owner_id);
        expect(&home.owner, "POST", &own, json!({ "password": "третий пароль" }), "403 role_above_own").await;
        // Who is a member elsewhere too is not taken over from here; their sessions there are none of our business.
        let elsewhere = super::home(app).await;
        let there = app.session(home.workspace, id.parse().unwrap()).await;
        expect(&elsewhere.owner, "POST", "/api/v1/users", new, "201").await;
        expect(&elsewhere.owner, "POST", &path, json!({ "password": "угнанный пароль" }), "409 member_elsewhere").await;
        expect(&elsewhere.owner, "DELETE", &format!("/api/v1/users/{id}"), Value::Null, "204").await;
        expect(&app.client(&there), "GET", "/api/v1/me", Value::Null, "200").await;
    }

    pub(super) async fn tokens(app: &App) {
        let home = home(app).await;
        let owner = &home.owner;
        let made = expect(owner, "POST", "/api/v1/tokens", json!({ "name": "Бот", "role": "manager" }), "201").await.body;
        assert_eq!(fields(&made), BTreeSet::from(["id", "name", "role", "channels", "created_at", "token"]));
        let secret = text(&made, "token");
        let list = owner.get("/api/v1/tokens").await;
        assert_eq!((&list.body["total"], text(&list.body["items"][0], "id")), (&json!(1), text(&made, "id")));
        assert!(!list.text.contains(secret) && !owner.get("/api/v1/audit").await.text.contains(secret), "a secret is told once");
        let bot = app.client(secret);
        assert_eq!(text(&bot.get("/api/v1/me").await.body, "name"), "Бот");
        expect(&bot, "PATCH", "/api/v1/me", json!({ "name": "Кот" }), "403 people_only").await;
        expect(&bot, "POST", "/api/v1/me/password", json!({ "current": "x", "new": "yyyyyyyy" }), "403 people_only").await;
        let admin = app.client(&app.session(home.workspace, app.member(home.workspace, Role::Admin, None).await).await);
        let (_, machine) = app.token(home.workspace, home.owner_id, Role::Owner, None).await;
        let wrong = [
            (&admin, json!({ "name": "Б", "role": "owner" }), "403 role_above_own"),
            (&admin, json!({ "name": " ", "role": "manager" }), "422 required"),
            (&admin, json!({ "name": "Б", "role": "manager", "channels": ["0000000000000"] }), "422 unknown_channel"),
            (&app.client(&machine), json!({ "name": "Б", "role": "manager" }), "403 people_only"),
        ];
        for (client, body, wanted) in wrong {
            expect(client, "POST", "/api/v1/tokens", body, wanted).await;
        }
        // Logging out ends sessions, not integrations.
        expect(&bot, "POST", "/api/v1/logout", Value::Null, "204").await;
        let (mut ours, mut other) = (app.manager(secret).await, app.manager(&machine).await);
        let path = format!("/api/v1/tokens/{}", text(&made, "id"));
        expect(owner, "DELETE", &path, Value::Null, "204").await;
        assert_eq!(ours.next().await["closed"], 4001);
        expect(&bot, "GET", "/api/v1/me", Value::Null, "401 not_logged_in").await;
        expect(owner, "DELETE", &path, Value::Null, "404 unknown_token").await;
        let mut again = app.manager_socket().await;
        again.say(json!({ "type": "hello", "token": secret })).await;
        assert_eq!(again.until(|frame| frame.get("closed").is_some()).await.last().unwrap()["closed"], 4401);
        // The other integration's socket still lives: a frame is answered.
        other.say(json!({ "type": "typing", "conversation": "0000000000000" })).await;
        assert_eq!(text(&other.next().await, "code"), "unknown_conversation");
    }

    pub(super) async fn audit(app: &App) {
        let home = home(app).await;
        for number in 0..5 {
            app.widget(home.workspace, &format!("Сайт {number}")).await;
        }
        let mut names = Vec::new();
        let mut path = "/api/v1/audit?limit=2".to_owned();
        loop {
            let page = expect(&home.owner, "GET", &path, Value::Null, "200").await.body;
            for item in page["items"].as_array().unwrap() {
                assert_eq!(fields(item), BTreeSet::from(["id", "at", "actor", "action", "target", "details"]));
                assert_eq!(text(&item["actor"], "name"), "command line");
                names.push(text(&item["details"], "name").to_owned());
            }
            match page["next"].as_str() {
                Some(next) => path = format!("/api/v1/audit?limit=2&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(names.len(), 5);
        // Each once; ids of one millisecond have no order among themselves.
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 5);
        for odd in ["cursor=odd", "from=odd", "to=odd"] {
            expect(&home.owner, "GET", &format!("/api/v1/audit?{odd}"), Value::Null, "400 bad_parameter").await;
        }
        let whole = home.owner.get("/api/v1/audit?limit=100").await.body;
        let (at, actor) = (text(&whole["items"][0], "at"), text(&whole["items"][0]["actor"], "id"));
        let later = at.replace("20", "21");
        for (filter, found) in [
            ("action=channel.created".to_owned(), 5),
            ("action=channel.removed".to_owned(), 0),
            (format!("actor={actor}"), 5),
            ("actor=nobody".to_owned(), 0),
            ("from=2020-01-01T00:00:00Z&action=channel.created".to_owned(), 5),
            (format!("from={later}"), 0),
            ("to=2020-01-01T00:00:00Z".to_owned(), 0),
        ] {
            let page = expect(&home.owner, "GET", &format!("/api/v1/audit?{filter}"), Value::Null, "200").await.body;
            assert_eq!(page["items"].as_array().unwrap().len(), found, "{filter}");
        }
    }

    pub(super) async fn hooks(app: &App) {
        let home = home(app).await;
        let (one, two) = (app.lines(home.workspace, "one").await, app.lines(home.workspace, "two").await);
        let stranger = app.lines(app.workspace("Чужие").await, "three").await;
        let secret = create_hook(app.house(), home.workspace, one).await.unwrap();
        let (nobody, path) = (app.nobody(), format!("/hooks/{one}/{secret}"));
        for wrong in [format!("/hooks/{two}/{secret}"), format!("/hooks/{one}/{}", "0".repeat(64)), format!("/hooks/x/{secret}")] {
            assert_eq!(nobody.ask("POST", &wrong, Body::Bytes(b"|x".to_vec())).await.short(), "404 unknown_hook", "{wrong}");
        }
        let challenge = nobody.get(&format!("{path}?challenge=tell-me")).await;
        assert_eq!((challenge.status, challenge.text.as_str()), (202, "tell-me"));
        let hook = async |body: &[u8]| nobody.ask("POST", &path, Body::Bytes(body.to_vec())).await;
        let quarantined = async |count: usize| {
            let waiting = async {
                loop {
                    let found = app.quarantined(home.workspace).await;
                    if found.len() >= count {
                        assert_eq!(found.len(), count, "{found:?}");
                        break found;
                    }
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(PATIENCE, waiting).await.expect("it never lay in quarantine")
        };
        // The parts reach the logins they are for; a repeat has no effect; what fits no login is kept and answered 200.
        let body = b"|first\ntwo|second\nthree|nobody's";
        assert_eq!(hook(body).await.text, "taken");
        assert_eq!(hook(body).await.text, "taken");
        let found = quarantined(3).await;
        let mut whose: Vec<_> = found.iter().map(|record| (record.login, record.reason.code.clone())).collect();
        whose.sort();
        let mut wanted = vec![(None, "unknown_login".to_owned()), (Some(one), "unreadable".to_owned()), (Some(two), "unreadable".to_owned())];
        wanted.sort();
        assert_eq!(whose, wanted);
        assert_ne!(stranger, one, "a login of another workspace is not reached by its name");
        // Bodies the channel cannot split, or panics on, are kept whole.
        assert_eq!(hook(b"\xff\xfe").await.status, 200);
        assert_eq!(hook(b"panic").await.status, 200);
        assert_eq!(hook(&vec![b'x'; 1024 * 1024 + 1]).await.short(), "413 body_too_large");
        quarantined(5).await;

        let list = expect(&home.owner, "GET", "/api/v1/quarantine", Value::Null, "200").await;
        let items = list.body["items"].as_array().unwrap();
        assert_eq!(items.len(), 5);
        assert_eq!(fields(&items[0]), BTreeSet::from(["id", "at", "channel_provider", "login", "reason", "size", "replayed_at"]));
        let row = |code: &str| items.iter().find(|item| item["reason"]["code"] == code).unwrap();
        let of = |item: &Value| format!("/api/v1/quarantine/{}", text(item, "id"));
        let kept = items.iter().find(|item| item["login"] == one.to_string()).unwrap();
        let whole = expect(&home.owner, "GET", &of(kept), Value::Null, "200").await.body;
        let payload = BASE64.decode(text(&whole, "payload").as_bytes()).unwrap();
        assert_eq!(whole["size"], payload.len());
        assert_eq!(serde_json::from_slice::<Value>(&payload).unwrap()["body"], BASE64.encode(b"first"));
        // A replay puts it back where it came from, once; here it is unreadable again.
        let replayed = expect(&home.owner, "POST", &format!("{}/replay", of(kept)), Value::Null, "200").await.body;
        assert!(replayed["replayed_at"].is_string());
        quarantined(6).await;
        assert_eq!(home.owner.get("/api/v1/overview").await.body["quarantine"], 5, "what was replayed waits no more");
        expect(&home.owner, "POST", &format!("{}/replay", of(kept)), Value::Null, "409 already_replayed").await;
        assert_eq!(text(&home.owner.get("/api/v1/audit").await.body["items"][0], "action"), "quarantine.replayed");
        // What fitted no login finds the one that was connected since.
        let unfit = format!("{}/replay", of(row("unknown_login")));
        expect(&home.owner, "POST", &unfit, Value::Null, "409 fits_no_login").await;
        let three = app.lines(home.workspace, "three").await;
        expect(&home.owner, "POST", &unfit, Value::Null, "200").await;
        assert!(quarantined(7).await.iter().any(|record| record.login == Some(three)));
        expect(&home.owner, "POST", &format!("{}/replay", of(row("channel_panicked"))), Value::Null, "409 fits_no_login").await;
        expect(&home.owner, "GET", "/api/v1/quarantine/0000000000000", Value::Null, "404 unknown_quarantine").await;
        expect(&home.owner, "GET", "/api/v1/quarantine?cursor=odd", Value::Null, "400 bad_parameter").await;
    }

    /// The texts a search finds, asked until the index is whole.
    async fn found(client: &Client, words: &str) -> Vec<String> {
        let asking = async {
            loop {
                let answer = expect(client, "GET", &format!("/api/v1/search?q={words}"), Value::Null, "200").await.body;
                assert_eq!(fields(&answer), BTreeSet::from(["items", "next", "complete"]));
                if answer["complete"] == true {
                    break answer["items"].as_array().unwrap().iter().map(|item| text(&item["message"], "text").to_owned()).collect();
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the index was never whole")
    }

    pub(super) async fn search(app: &App) {
        let home = home(app).await;
        let owner = &home.owner;
        assert!(found(owner, "рюкзак").await.is_empty(), "nobody has written yet");
        let (account, key) = app.widget(home.workspace, "Сайт").await;
        let (mut visitor, _) = app.visitor(&key).await;
        let mut ids = Vec::new();
        for (at, words) in ["Синий рюкзак", "Красные рюкзаки есть?", "Зелёный рюкзак"].iter().enumerate() {
            visitor.say(json!({ "type": "send", "client_id": format!("s-{at}"), "text": words })).await;
            let accepted = visitor.until(|frame| frame["type"] == "accepted").await.pop().unwrap();
            ids.push(text(&accepted["message"], "id").parse::<MessageId>().unwrap());
        }
        let path = format!("/api/v1/conversations/{}/messages", ids[0].conversation);
        expect(owner, "POST", &path, json!({ "client_id": "n-1", "text": "Заметка: рюкзака нет", "note": true }), "200").await;
        assert_eq!(found(owner, "рюкзаков").await, ["Заметка: рюкзака нет", "Зелёный рюкзак", "Красные рюкзаки есть?", "Синий рюкзак"]);
        let one = owner.get("/api/v1/search?q=синий").await.body;
        assert_eq!(text(&one["items"][0]["conversation"], "id"), ids[0].conversation.to_string());
        // Erased words, and messages managers do not get, are found no more.
        let erase = Command::Erase { message: ids[0], by: "test".to_owned() };
        ask(app.house(), home.workspace, account.login, erase).await.unwrap();
        let store = app.house().store.workspace(home.workspace);
        let hide = |old: &Message| {
            Ok::<_, kommutator::store::port::CommitError>(Message { admission: Admission::Filtered { reason: Reason::new("test") }, ..old.clone() })
        };
        let tell = |message: &Message, batch: &mut Batch| {
            let entry = FeedEntry::Message {
                c: message.conversation,
                a: message.account,
                n: message.number,
                h: 0,
                new: false,
                hid: true,
                d: false,
                f: false,
                e: Vec::new(),
            };
            batch.append(&streams::feed(), write(&entry)?);
            Ok(())
        };
        store.change(Message::at(ids[1]), hide, tell).await.unwrap();
        assert_eq!(found(owner, "рюкзак").await, ["Заметка: рюкзака нет", "Зелёный рюкзак"]);
        // Another epoch: a young feed is followed from its beginning while one waits.
        new_epochs(app.house()).await.unwrap();
        assert_eq!(owner.get("/api/v1/search?q=рюкзак").await.body["complete"], true);
        assert_eq!(found(owner, "рюкзак").await, ["Заметка: рюкзака нет", "Зелёный рюкзак"]);
        // Where the feed reaches back no longer, the index is built from the records in the background, and says so meanwhile.
        let mut trim = Batch::new();
        trim.once(b"trim".to_vec(), 1_000, "");
        trim.trim(&streams::feed(), 2);
        store.commit(trim).await.unwrap();
        new_epochs(app.house()).await.unwrap();
        assert_eq!(owner.get("/api/v1/search?q=рюкзак").await.body["complete"], false);
        assert_eq!(found(owner, "рюкзак").await, ["Заметка: рюкзака нет", "Зелёный рюкзак"]);
        // Pages.
        for at in 0..35 {
            expect(owner, "POST", &path, json!({ "client_id": format!("p-{at}"), "text": format!("страница {at}"), "note": true }), "200").await;
        }
        let first = owner.get("/api/v1/search?q=страница").await.body;
        let second = owner.get(&format!("/api/v1/search?q=страница&cursor={}", text(&first, "next"))).await.body;
        assert_eq!((first["items"].as_array().unwrap().len(), second["items"].as_array().unwrap().len()), (30, 5));
        assert_eq!(second["next"], Value::Null);
        expect(owner, "GET", "/api/v1/search?q=a&cursor=odd", Value::Null, "400 bad_parameter").await;
        expect(owner, "GET", "/api/v1/search", Value::Null, "400 bad_request").await;
    }

    pub(super) async fn files(app: &App) {
        let home = home(app).await;
        let (_, key) = app.widget(home.workspace, "Сайт").await;
        let (_, token) = app.visitor(&key).await;
        let bytes = || Body::Bytes(b"plain words".to_vec());
        let made = home.owner.ask("POST", "/api/v1/files?name=a.txt", bytes()).await;
        assert_eq!((made.status, made.body["size"].as_u64()), (201, Some(11)));
        assert_eq!(app.nobody().get(text(&made.body, "url")).await.text, "plain words");
        let forged = text(&made.body, "url").replace("signature=", "signature=AAAA");
        assert_eq!(app.nobody().get(&forged).await.short(), "404 unknown_file");
        assert_eq!(home.owner.ask("POST", "/api/v1/files?name=a.txt", Body::Bytes(Vec::new())).await.short(), "422 file_empty");
        let path = format!("/widget/v1/files?widget={key}&name=a.txt");
        let visitor = app.client(&token);
        assert_eq!(visitor.on_page_of(SHOP).ask("POST", &path, bytes()).await.status, 201);
        assert_eq!(visitor.on_page_of("https://evil.example").ask("POST", &path, bytes()).await.short(), "403 forbidden_origin");
        assert_eq!(app.client("x").on_page_of(SHOP).ask("POST", &path, bytes()).await.short(), "401 visitor_token_invalid");
        let unknown = "/widget/v1/files?widget=none&name=a.txt";
        assert_eq!(visitor.on_page_of(SHOP).ask("POST", unknown, bytes()).await.short(), "404 unknown_widget");
    }
}

#[tokio::test]
async fn guessing_is_limited() {
    let app = App::limited().await;
    let login = json!({ "email": "a@b.cc", "password": "guess" });
    let mut codes = BTreeSet::new();
    for _ in 0..12 {
        codes.insert(app.nobody().post("/api/v1/login", login.clone()).await.short());
    }
    assert!(codes.contains("429 too_many"), "{codes:?}");
    let nobody = app.nobody();
    let guesses = (0..600).map(|at| {
        let (nobody, path) = (nobody.clone(), format!("/hooks/{}/none", kommutator::model::ids::LoginId(at)));
        async move { nobody.ask("POST", &path, Value::Null).await.short() }
    });
    let codes: BTreeSet<String> = futures_util::future::join_all(guesses).await.into_iter().collect();
    assert!(codes.contains("404 unknown_hook") && codes.contains("429 too_many"), "{codes:?}");
}
