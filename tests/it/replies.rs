//! Files that go along with canned replies, and with what is begun: kept as long as those are. The same on both engines.

use kommutator::gateway::maintenance::{UPLOAD_KEPT_MS, tidy};
use kommutator::model::protocol::Role;
use kommutator::store::records::FileRecord;
use serde_json::{Value, json};

use crate::support::app::{App, Body, Client, on_both_engines};

on_both_engines!(files_stay_and_go_with_their_reply, files_of_a_draft_stay_with_it);

async fn upload(client: &Client, name: &str) -> String {
    let made = client.ask("POST", &format!("/api/v1/files?name={name}"), Body::Bytes(name.as_bytes().to_vec())).await;
    assert_eq!(made.status, 201, "{}", made.text);
    id(&made.body)
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

fn names(files: &Value) -> Vec<&str> {
    files.as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect()
}

/// What a signed link gives.
async fn opened(app: &App, file: &Value) -> String {
    let url = file["url"].as_str().unwrap();
    app.nobody().get(&url[url.find("/files/").unwrap()..]).await.short()
}

mod flows {
    use super::*;

    pub(super) async fn files_stay_and_go_with_their_reply(app: &App) {
        let workspace = app.workspace("Лавка").await;
        let clients = async |role: Role| app.client(&app.session(workspace, app.member(workspace, role, None).await).await);
        let (owner, manager, other) = (clients(Role::Owner).await, clients(Role::Manager).await, clients(Role::Manager).await);
        let day_later = async || {
            app.world.advance_ms(UPLOAD_KEPT_MS + 1);
            tidy(app.house()).await.unwrap();
        };
        let kept = async |file: &str| {
            let store = app.house().store.workspace(workspace);
            let record = store.get::<FileRecord>(FileRecord::at(file.parse().unwrap())).await.unwrap();
            let content = app.house().files.get(workspace, file.parse().unwrap(), kommutator::store::files::Variant::Content, None).await;
            assert_eq!(record.is_some(), content.is_ok(), "record and content go together");
            record.is_some()
        };
        let (price, map, unused) = (upload(&owner, "price.txt").await, upload(&owner, "map.txt").await, upload(&owner, "unused.txt").await);
        let words = |files: Value| json!({ "shared": true, "shortcut": "цена", "text": "", "files": files });
        assert_eq!(owner.post("/api/v1/replies", words(json!([]))).await.short(), "422 required");
        assert_eq!(manager.post("/api/v1/replies", json!({ "shortcut": "моё", "text": "", "files": [price] })).await.short(), "404 unknown_file");
        let many: Vec<_> = (0..11).map(|_| &price).collect();
        assert_eq!(owner.post("/api/v1/replies", words(json!(many))).await.short(), "422 too_many");
        let made = owner.post("/api/v1/replies", words(json!([price, map]))).await;
        assert_eq!((made.status, names(&made.body["files"])), (201, vec!["price.txt", "map.txt"]), "{}", made.text);
        // The sweep leaves them, and takes what is used nowhere.
        day_later().await;
        assert_eq!((kept(&price).await, kept(&map).await, kept(&unused).await), (true, true, false));
        let list = manager.get("/api/v1/replies").await.body;
        assert_eq!(names(&list["items"][0]["files"]), ["price.txt", "map.txt"]);
        assert_eq!(opened(app, &list["items"][0]["files"][0]).await, "200");

        // Who has the reply gets copies; they are theirs, and stay when the reply goes.
        let copy = id(&manager.post(&format!("/api/v1/files/{price}/copy"), Value::Null).await.body);
        let path = format!("/api/v1/replies/{}", id(&made.body));
        let changed = owner.ask("PUT", &path, json!({ "shortcut": "цена", "text": "Цены" })).await;
        assert_eq!(names(&changed.body["files"]), ["price.txt", "map.txt"], "left out: as they are");
        let changed = owner.ask("PUT", &path, json!({ "shortcut": "цена", "text": "Цены", "files": [map] })).await;
        assert_eq!(names(&changed.body["files"]), ["map.txt"]);
        assert_eq!((kept(&price).await, kept(&map).await), (false, true), "one taken off goes");
        assert_eq!(owner.ask("DELETE", &path, Value::Null).await.status, 204);
        assert_eq!((kept(&map).await, kept(&copy).await), (false, true));

        // One's own reply's files are nobody else's.
        let secret = upload(&manager, "secret.txt").await;
        let own = manager.post("/api/v1/replies", json!({ "shortcut": "моё", "text": "", "files": [secret] })).await;
        assert_eq!(own.status, 201, "{}", own.text);
        assert_eq!(manager.post(&format!("/api/v1/files/{secret}/copy"), Value::Null).await.status, 201);
        for stranger in [&other, &owner] {
            assert_eq!(stranger.post(&format!("/api/v1/files/{secret}/copy"), Value::Null).await.short(), "404 unknown_file");
        }
    }

    pub(super) async fn files_of_a_draft_stay_with_it(app: &App) {
        let workspace = app.workspace("Лавка").await;
        let owner = app.client(&app.session(workspace, app.member(workspace, Role::Owner, None).await).await);
        let other = app.client(&app.session(workspace, app.member(workspace, Role::Manager, None).await).await);
        let (_, key) = app.widget(workspace, "Сайт").await;
        let (mut visitor, _) = app.visitor(&key).await;
        visitor.say(json!({ "type": "send", "client_id": "v-1", "text": "Прайс есть?" })).await;
        let accepted = visitor.until(|frame| frame["type"] == "accepted").await.pop().unwrap();
        let conversation = accepted["message"]["conversation"].as_str().unwrap();
        let path = format!("/api/v1/me/drafts/{conversation}");
        let (price, foreign) = (upload(&owner, "price.txt").await, upload(&other, "foreign.txt").await);
        assert_eq!(owner.ask("PUT", &path, json!({ "attachments": [price, foreign] })).await.status, 204);
        app.world.advance_ms(UPLOAD_KEPT_MS + 1);
        tidy(app.house()).await.unwrap();
        let drafts = async || owner.get("/api/v1/me/drafts").await.body["items"].clone();
        assert_eq!(names(&drafts().await[0]["attachments"]), ["price.txt"], "another's is not shown");
        let sent = json!({ "client_id": "m-1", "text": "", "attachments": [price] });
        assert_eq!(owner.post(&format!("/api/v1/conversations/{conversation}/messages"), sent).await.status, 200);
        assert!(names(&drafts().await[0]["attachments"]).is_empty(), "sent, it is the conversation's");
        assert_eq!(owner.ask("PUT", &path, json!({})).await.status, 204);
        assert_eq!(drafts().await, json!([]));
    }
}
