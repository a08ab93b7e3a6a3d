//! The first run: nobody gets in without the code, and there is one first workspace.

use kommutator::gateway::administration::founding::{finish, offer};
use kommutator::store::batch::Batch;
use kommutator::store::records::Installation;

use super::*;
use crate::support::recount::recount;

fn founding(code: &str, email: &str) -> Value {
    let (workspace, name) = ("Лавка", "Мария");
    json!({ "code": code, "workspace": workspace, "name": name, "email": email, "password": PASSWORD, "locale": "es", "time_zone": "Europe/Madrid" })
}

#[tokio::test]
async fn the_first_run_on_sqlite() {
    first_run(App::sqlite().await).await;
}

#[tokio::test]
async fn the_first_run_on_redis() {
    first_run(App::redis().await).await;
}

async fn first_run(app: App) {
    let (nobody, house) = (app.nobody(), app.house());
    assert_eq!(nobody.get("/api/v1/setup").await.body, json!({ "empty": true, "mail": false }));
    let (code, other) = (offer(house).await.unwrap().unwrap(), offer(house).await.unwrap().unwrap());
    expect(&nobody, "POST", "/api/v1/setup", founding("", "a@b.example"), "409 setup_over").await;
    expect(&nobody, "POST", "/api/v1/setup", founding(&"0".repeat(64), "a@b.example"), "409 setup_over").await;
    let foreign = nobody.on_page_of("https://evil.example");
    expect(&foreign, "POST", "/api/v1/setup", founding(&code, "a@b.example"), "403 foreign_origin").await;
    let change = |name: &str, value: &str| {
        let mut body = founding(&code, "a@b.example");
        body[name] = json!(value);
        body
    };
    let wrong = [
        (change("workspace", " "), "422 required"),
        (change("name", ""), "422 required"),
        (change("email", "нет"), "422 email_invalid"),
        (change("password", "short"), "422 password_length"),
        (change("locale", "fr"), "422 locale_unknown"),
        (change("time_zone", "Mars/Base"), "422 time_zone_unknown"),
    ];
    for (body, wanted) in wrong {
        expect(&nobody, "POST", "/api/v1/setup", body, wanted).await;
    }
    // Every code there is, at the same moment: one founds.
    let tries = [(&code, "one@b.example"), (&other, "two@b.example"), (&code, "three@b.example")];
    let answers = futures_util::future::join_all(tries.map(|(code, email)| nobody.post("/api/v1/setup", founding(code, email)))).await;
    let mut short: Vec<String> = answers.iter().map(Answer::short).collect();
    short.sort();
    assert_eq!(short, ["200", "409 setup_over", "409 setup_over"], "{answers:?}");
    let entered = answers.iter().find(|answer| answer.status == 200).unwrap();
    let me = app.client(text(&entered.body, "token")).get("/api/v1/me").await.body;
    assert_eq!((text(&me, "role"), text(&me, "workspace_name"), text(&me, "locale"), me["workspace"].as_u64()), ("owner", "Лавка", "es", Some(1)));
    assert_eq!(nobody.get("/api/v1/setup").await.body["empty"], false);
    for code in [&code, &other] {
        expect(&nobody, "POST", "/api/v1/setup", founding(code, "late@b.example"), "409 setup_over").await;
    }
    assert_eq!(offer(house).await.unwrap(), None, "there is nothing left to found");
    let owner = app.client(text(&entered.body, "token"));
    assert_eq!(owner.get("/api/v1/users").await.body["total"], 1);
    // A record of each kind of way in: every index entry is where it belongs.
    let invited = expect(&owner, "POST", "/api/v1/invites", json!({ "email": "anna@b.example", "role": "manager" }), "201").await.body;
    assert_eq!(invited["letter"], Value::Null, "no mail is set up");
    let path = format!("/api/v1/invites/{}", text(&invited, "id"));
    expect(&owner, "POST", &format!("{path}/renew"), Value::Null, "201").await;
    expect(&owner, "DELETE", &path, Value::Null, "204").await;
    expect(&owner, "POST", "/api/v1/invites", json!({ "email": "anna@b.example", "role": "manager" }), "201").await;
    let boris = person(&app, kommutator::model::ids::WorkspaceId(1), "boris@b.example", Role::Manager).await;
    for _ in 0..7 {
        expect(&owner, "POST", &format!("/api/v1/users/{boris}/password-link"), Value::Null, "201").await;
    }
    recount(house.store.engine()).await;
}

/// A workspace the command line made closes the door too.
#[tokio::test]
async fn a_code_dies_with_a_workspace_of_another_kind() {
    let app = App::sqlite().await;
    let code = offer(app.house()).await.unwrap().unwrap();
    app.workspace("Из командной строки").await;
    expect(&app.nobody(), "POST", "/api/v1/setup", founding(&code, "a@b.example"), "409 setup_over").await;
}

/// The process died between the two commits: the next start completes it.
#[tokio::test]
async fn a_founding_that_broke_off_is_completed_at_the_start() {
    let app = App::sqlite().await;
    let workspace = app.workspace("Лавка").await;
    // As it lies after the first commit: a user who belongs to the workspace and is not its member.
    let elsewhere = app.workspace("Другая").await;
    let user = person(&app, elsewhere, "maria@b.example", Role::Manager).await;
    let store = app.house().store.global();
    let old = store.get::<Installation>(Installation::at()).await.unwrap().unwrap();
    let mut batch = Batch::new();
    batch.update(&old, &Installation { founder: Some(user), ..old.record.clone() }).unwrap();
    store.commit(batch).await.unwrap();
    for _ in 0..2 {
        finish(app.house()).await.unwrap();
    }
    let owner = app.client(&app.session(workspace, user).await);
    assert_eq!(text(&owner.get("/api/v1/me").await.body, "role"), "owner");
    assert_eq!(owner.get("/api/v1/users").await.body["total"], 1);
}
