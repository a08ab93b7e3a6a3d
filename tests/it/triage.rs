//! What managers decide about conversations and messages, over HTTP. The same on both engines.

use kommutator::model::ids::{ConversationId, UserId, WorkspaceId};
use kommutator::model::protocol::Role;
use serde_json::{Value, json};

use crate::support::app::{App, Client, Socket, on_both_engines};

/// A workspace with a widget, an owner, a manager, and a visitor who has written once.
struct Scene {
    workspace: WorkspaceId,
    owner: Client,
    owner_secret: String,
    owner_id: UserId,
    manager: Client,
    manager_secret: String,
    visitor: Socket,
    conversation: String,
    first: String,
}

impl Scene {
    async fn new(app: &App) -> Self {
        let workspace = app.workspace("Магазин").await;
        let owner_id = app.member(workspace, Role::Owner, None).await;
        let manager_id = app.member(workspace, Role::Manager, None).await;
        let (_, key) = app.widget(workspace, "Сайт").await;
        let (mut visitor, _) = app.visitor(&key).await;
        let accepted = says(&mut visitor, "v-1", "Есть синий?").await;
        let (owner_secret, manager_secret) = (app.session(workspace, owner_id).await, app.session(workspace, manager_id).await);
        Self {
            workspace,
            owner: app.client(&owner_secret),
            owner_secret,
            manager: app.client(&manager_secret),
            manager_secret,
            owner_id,
            visitor,
            conversation: text(&accepted, "conversation"),
            first: text(&accepted, "id"),
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/conversations/{}{rest}", self.conversation)
    }

    /// Does something with the conversation and gives it back as it is then.
    async fn does(&self, what: &str, body: Value) -> Value {
        let answer = self.owner.ask("POST", &self.path(&format!("/{what}")), body).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text);
        answer.body
    }

    async fn listed(&self, query: &str) -> Vec<String> {
        let list = self.owner.get(&format!("/api/v1/conversations?{query}")).await.body;
        list["items"].as_array().unwrap_or_else(|| panic!("{list}")).iter().map(|one| text(one, "id")).collect()
    }

    async fn counter(&self, name: &str) -> Value {
        self.owner.get("/api/v1/conversations/counters").await.body[name].clone()
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

async fn says(visitor: &mut Socket, key: &str, words: &str) -> Value {
    visitor.say(json!({ "type": "send", "client_id": key, "text": words })).await;
    visitor.until(|frame| frame["type"] == "accepted" && frame["client_id"] == key).await.pop().unwrap()["message"].clone()
}

on_both_engines!(put_aside, marked_unread, tagged, blocked, in_bulk, reworded, told, replies, own_things);

mod flows {
    use super::*;

    pub(super) async fn put_aside(app: &App) {
        let mut scene = Scene::new(app).await;
        let now = app.house().world.now();
        let at = |ms: i64| serde_json::to_value(now.plus_ms(ms)).unwrap();
        for (until, code) in [(at(-1), "422 bad_moment"), (at(400 * 86_400_000), "422 bad_moment"), (json!("soon"), "400 bad_request")] {
            assert_eq!(scene.owner.post(&scene.path("/snooze"), json!({ "until": until })).await.short(), code);
        }
        let aside = scene.does("snooze", json!({ "until": at(3_600_000) })).await;
        assert_eq!(aside["snoozed_until"], at(3_600_000));
        assert_eq!((scene.listed("view=all").await.len(), scene.listed("view=snoozed").await), (0, vec![scene.conversation.clone()]));
        assert_eq!((scene.counter("open").await, scene.counter("snoozed").await, scene.counter("unanswered").await), (json!(0), json!(1), json!(0)));
        // What the customer writes brings it back, and its moment does nothing any more.
        says(&mut scene.visitor, "v-2", "Ну что?").await;
        assert_eq!(scene.listed("view=all").await, [scene.conversation.clone()]);
        assert_eq!(scene.owner.get(&scene.path("")).await.body.get("snoozed_until"), None);
        scene.does("snooze", json!({ "until": at(3_600_000) })).await;
        let back = scene.does("snooze", json!({ "until": null })).await;
        assert_eq!((back.get("snoozed_until"), &back["marked_unread"]), (None, &json!(false)));
        // Its moment comes: it stands on top, marked.
        scene.does("read", json!({ "up_to": format!("{}0000002", scene.conversation) })).await;
        let mut listens = app.manager(&scene.owner_secret).await;
        scene.does("snooze", json!({ "until": app.house().world.now().plus_ms(50) })).await;
        let woken = |frame: &Value| frame["event"]["conversation"]["marked_unread"] == true;
        let told = listens.until(woken).await.pop().unwrap()["event"]["conversation"].clone();
        assert_eq!((told.get("snoozed_until"), &told["unread"]), (None, &json!(0)));
        assert_eq!((scene.listed("view=unread").await, scene.counter("snoozed").await), (vec![scene.conversation.clone()], json!(0)));
        let none = app.house().store.workspace(scene.workspace).due(now.plus_ms(i64::from(i32::MAX)), 10).await.unwrap();
        assert_eq!(none, [], "no timer is left");
        // Closing brings it back too, into the closed ones; what is closed is not put aside.
        scene.does("snooze", json!({ "until": at(3_600_000) })).await;
        assert_eq!(scene.does("close", Value::Null).await.get("snoozed_until"), None);
        assert_eq!(scene.owner.post(&scene.path("/snooze"), json!({ "until": at(3_600_000) })).await.short(), "422 conversation_closed");
        let facts = scene.owner.get(&scene.path("/timeline")).await.body;
        let kinds: Vec<String> = facts["facts"].as_array().unwrap().iter().map(|fact| text(fact, "kind")).rev().collect();
        assert_eq!(kinds, ["opened", "snoozed", "woken", "snoozed", "woken", "snoozed", "woken", "snoozed", "closed"]);
        assert_eq!(facts["episodes"][0]["number"], 1);
    }

    pub(super) async fn marked_unread(app: &App) {
        let scene = Scene::new(app).await;
        assert_eq!(scene.does("unread", Value::Null).await["marked_unread"], false, "it is unread as it is");
        let read = scene.does("read", json!({ "up_to": scene.first })).await;
        assert_eq!((&read["unread"], scene.listed("view=unread").await.len()), (&json!(0), 0));
        assert_eq!(scene.does("unread", Value::Null).await["marked_unread"], true);
        assert_eq!((scene.listed("view=unread").await.len(), scene.counter("unread").await), (1, json!(1)));
        assert_eq!(scene.does("read", json!({ "up_to": scene.first })).await["marked_unread"], false);
        assert_eq!(scene.counter("unread").await, 0);
    }

    pub(super) async fn tagged(app: &App) {
        let scene = Scene::new(app).await;
        let new = |name: &str| scene.manager.ask("POST", "/api/v1/tags", json!({ "name": name, "colour": 2 }));
        let tag = new("  Оптовый   клиент ").await.body;
        assert_eq!((text(&tag, "name"), &tag["colour"]), ("Оптовый клиент".to_owned(), &json!(2)));
        let (tag, other) = (text(&tag, "id"), text(&new("Возврат").await.body, "id"));
        assert_eq!(new("ВОЗВРАТ").await.short(), "409 name_taken");
        assert_eq!(new(&"х".repeat(41)).await.short(), "422 too_long");
        assert_eq!(scene.manager.post("/api/v1/tags", json!({ "name": "цвет", "colour": 8 })).await.short(), "422 colour_unknown");
        assert_eq!(scene.manager.patch(&format!("/api/v1/tags/{tag}"), json!({ "name": "Опт" })).await.short(), "403 admins_only");
        assert_eq!(text(&scene.owner.patch(&format!("/api/v1/tags/{tag}"), json!({ "name": "Опт" })).await.body, "name"), "Опт");
        let put = scene.does("tags", json!({ "on": [tag, other] })).await;
        assert_eq!(put["tags"], json!([tag, other]));
        assert_eq!(scene.listed(&format!("view=all&tag={tag}")).await.len(), 1);
        assert_eq!(scene.does("tags", json!({ "on": [tag], "off": [other] })).await["tags"], json!([tag]));
        assert_eq!(scene.listed(&format!("view=all&tag={other}")).await.len(), 0);
        assert_eq!(scene.owner.post(&scene.path("/tags"), json!({ "on": [scene.conversation] })).await.short(), "404 unknown_tag");
        scene.does("close", Value::Null).await;
        assert_eq!(scene.listed(&format!("view=closed&tag={tag}")).await.len(), 1);
        assert_eq!(scene.listed(&format!("view=closed&tag={other}")).await.len(), 0);
        assert_eq!(scene.owner.ask("DELETE", &format!("/api/v1/tags/{tag}"), Value::Null).await.status, 204);
        let left = scene.owner.get("/api/v1/tags").await.body;
        assert_eq!((&left["total"], text(&left["items"][0], "name")), (&json!(1), "Возврат".to_owned()));
    }

    pub(super) async fn blocked(app: &App) {
        let mut scene = Scene::new(app).await;
        scene.does("read", json!({ "up_to": scene.first })).await;
        assert_eq!(scene.does("block", json!({ "blocked": true })).await["blocked"], true);
        says(&mut scene.visitor, "v-2", "Реклама").await;
        let now = scene.owner.get(&scene.path("")).await.body;
        assert_eq!((&now["unread"], text(&now["preview"], "text")), (&json!(0), "Есть синий?".to_owned()));
        let messages = scene.owner.get(&scene.path("/messages")).await.body;
        assert_eq!(messages["items"].as_array().unwrap().len(), 1, "kept, but shown to nobody");
        scene.does("block", json!({ "blocked": false })).await;
        says(&mut scene.visitor, "v-3", "Извините").await;
        assert_eq!(scene.owner.get(&scene.path("")).await.body["unread"], 1);
    }

    pub(super) async fn in_bulk(app: &App) {
        let scene = Scene::new(app).await;
        let workspace = scene.workspace;
        let (_, key) = app.widget(workspace, "Второй сайт").await;
        let (mut second, _) = app.visitor(&key).await;
        let other = text(&says(&mut second, "v-1", "А доставка?").await, "conversation");
        let missing = ConversationId(app.house().world.id()).to_string();
        let bulk = async |deed: Value| {
            let mut body = json!({ "ids": [scene.conversation, other, missing] });
            body.as_object_mut().unwrap().extend(deed.as_object().unwrap().clone());
            let answer = scene.owner.post("/api/v1/conversations/bulk", body).await.body;
            assert_eq!(answer["failed"], json!([{ "id": missing, "code": "unknown_conversation" }]));
            answer["done"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
        };
        assert!(bulk(json!({ "do": "read" })).await.iter().all(|one| one["unread"] == 0));
        assert!(bulk(json!({ "do": "unread" })).await.iter().all(|one| one["marked_unread"] == true));
        let me = scene.owner_id.to_string();
        assert!(bulk(json!({ "do": "assign", "user": me })).await.iter().all(|one| one["assignee"] == me.as_str()));
        assert_eq!((scene.listed("view=mine").await.len(), scene.counter("mine").await, scene.counter("unassigned").await), (2, json!(2), json!(0)));
        let page = scene.owner.get("/api/v1/conversations?view=all&limit=1&skip=1").await.body;
        assert_eq!((&page["total"], page["items"].as_array().unwrap().len(), &page["next"]), (&json!(2), 1, &Value::Null));
        assert!(bulk(json!({ "do": "close" })).await.iter().all(|one| one["status"] == "closed"));
        assert!(bulk(json!({ "do": "reopen" })).await.iter().all(|one| one["status"] == "open"));
        let many: Vec<String> = (1..=101).map(|id| ConversationId(id).to_string()).collect();
        for ids in [json!([]), json!(many)] {
            assert_eq!(scene.owner.post("/api/v1/conversations/bulk", json!({ "ids": ids, "do": "read" })).await.short(), "400 bad_parameter");
        }
    }

    pub(super) async fn reworded(app: &App) {
        let mut scene = Scene::new(app).await;
        let send = async |key: &str, words: &str, note: bool| {
            let body = json!({ "client_id": key, "text": words, "note": note });
            text(&scene.manager.post(&scene.path("/messages"), body).await.body["message"], "id")
        };
        let (answer, note) = (send("m-1", "Есть, 500 р.", false).await, send("m-2", "дать скидку?", true).await);
        let (base, first) = (scene.path("/messages"), scene.first.clone());
        let at = |message: &str| format!("{base}/{message}");
        let edited = scene.manager.patch(&at(&answer), json!({ "text": "Есть, 450 р." })).await.body["message"].clone();
        assert_eq!(text(&edited, "text"), "Есть, 450 р.");
        assert!(edited["edited_at"].is_string());
        // The visitor sees the new words; the row shows them once they are the newest.
        let seen = scene.visitor.until(|frame| frame["event"]["kind"] == "message.updated").await.pop().unwrap();
        assert_eq!(text(&seen["event"]["message"], "text"), "Есть, 450 р.");
        for (body, code) in [(json!({ "text": " " }), "422 empty_message"), (json!({ "text": "х".repeat(8_001) }), "422 text_too_long")] {
            assert_eq!(scene.manager.patch(&at(&answer), body).await.short(), code);
        }
        assert_eq!(scene.owner.patch(&at(&first), json!({ "text": "чужое" })).await.short(), "422 cannot_edit");
        // The note is the manager's; the owner may change it, being an admin.
        assert_eq!(scene.owner.patch(&at(&note), json!({ "text": "дать скидку 10 %" })).await.status, 200);
        assert_eq!(text(&scene.owner.get(&scene.path("")).await.body["preview"], "text"), "дать скидку 10 %");
        // Reactions: one of each person, on anything the channel can tell of.
        for (message, emoji, then) in [(&first, json!("👍"), 1), (&first, json!("❤️"), 1), (&note, json!("🔥"), 1), (&first, Value::Null, 0)]
        {
            let answer = scene.manager.ask("PUT", &format!("{}/reaction", at(message)), json!({ "emoji": emoji })).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.body["message"]["reactions"].as_array().map_or(0, Vec::len), then, "{emoji}");
        }
        for emoji in ["ok", "👍👍", "", "<b>"] {
            let answer = scene.manager.ask("PUT", &format!("{}/reaction", at(&answer)), json!({ "emoji": emoji })).await;
            assert_eq!(answer.short(), "422 bad_emoji", "{emoji}");
        }
        let gone = scene.manager.ask("DELETE", &at(&answer), Value::Null).await.body["message"].clone();
        assert!(gone["deleted_at"].is_string() && gone["text"] == "");
        assert_eq!(scene.manager.ask("DELETE", &at(&answer), Value::Null).await.status, 200, "twice has the effect of once");
        assert_eq!(scene.manager.patch(&at(&answer), json!({ "text": "вернуть" })).await.short(), "422 cannot_edit");
        let seen = scene.visitor.until(|frame| frame["event"]["message"]["deleted_at"].is_string()).await.pop().unwrap();
        assert_eq!(text(&seen["event"]["message"], "id"), answer);
    }

    /// Who looks at a conversation is told to colleagues, and to nobody else.
    pub(super) async fn told(app: &App) {
        let mut scene = Scene::new(app).await;
        let (mut one, mut two) = (app.manager(&scene.owner_secret).await, app.manager(&scene.manager_secret).await);
        one.say(json!({ "type": "viewing", "conversation": scene.conversation, "on": true, "asks": true })).await;
        let told = two.until(|frame| frame["type"] == "viewing").await.pop().unwrap();
        assert_eq!((&told["on"], &told["asks"], &told["who"]["id"]), (&json!(true), &json!(true), &json!(scene.owner_id.to_string())));
        two.say(json!({ "type": "viewing", "conversation": scene.conversation, "on": true })).await;
        one.until(|frame| frame["type"] == "viewing" && frame["asks"] == false).await;
        one.say(json!({ "type": "viewing", "conversation": scene.conversation, "on": false })).await;
        two.until(|frame| frame["type"] == "viewing" && frame["on"] == false).await;
        let words = json!({ "client_id": "m-1", "text": "Ответ" });
        scene.owner.post(&scene.path("/messages"), words).await;
        let frames = scene.visitor.until(|frame| frame["event"]["message"]["text"] == "Ответ").await;
        assert!(frames.iter().all(|frame| frame["type"] != "viewing"));
    }

    pub(super) async fn replies(app: &App) {
        let scene = Scene::new(app).await;
        let new = |client: Client, shared: bool, shortcut: &str, words: &str| {
            let body = json!({ "shared": shared, "shortcut": shortcut, "title": "Цены", "text": words });
            async move { client.post("/api/v1/replies", body).await }
        };
        let (owner, manager) = (|| scene.owner.clone(), || scene.manager.clone());
        let shared = text(&new(owner(), true, "/Цена", "%NAME%, цены на сайте").await.body, "id");
        assert_eq!(new(owner(), true, "цена", "другое").await.short(), "409 shortcut_taken");
        assert_eq!(new(manager(), true, "скидка", "другое").await.short(), "403 admins_only");
        let own = text(&new(manager(), false, "цена", "у меня своя").await.body, "id");
        for (shortcut, words, code) in
            [("два слова", "x", "422 shortcut_wrong"), ("пусто", " ", "422 required"), ("длинно", &"х".repeat(4_001)[..], "422 too_long")]
        {
            assert_eq!(new(manager(), false, shortcut, words).await.short(), code);
        }
        let list = async |client: Client| {
            let list = client.get("/api/v1/replies").await.body;
            list["items"].as_array().unwrap().iter().map(|one| (text(one, "shortcut"), text(one, "text"))).collect::<Vec<_>>()
        };
        let pair = |words: &str| ("цена".to_owned(), words.to_owned());
        assert_eq!(list(owner()).await, [pair("%NAME%, цены на сайте")], "one's own are nobody else's");
        assert_eq!(list(manager()).await, [pair("%NAME%, цены на сайте"), pair("у меня своя")]);
        let change = json!({ "shortcut": "прайс", "text": "Прайс на сайте" });
        assert_eq!(owner().ask("PUT", &format!("/api/v1/replies/{own}"), change.clone()).await.short(), "404 unknown_reply");
        assert_eq!(manager().ask("PUT", &format!("/api/v1/replies/{shared}"), change.clone()).await.short(), "403 admins_only");
        assert_eq!(text(&manager().ask("PUT", &format!("/api/v1/replies/{own}"), change).await.body, "shortcut"), "прайс");
        assert_eq!(owner().ask("DELETE", &format!("/api/v1/replies/{shared}"), Value::Null).await.status, 204);
        assert_eq!(list(manager()).await, [("прайс".to_owned(), "Прайс на сайте".to_owned())]);
    }

    /// Marks and drafts are one's own, the same on every device.
    pub(super) async fn own_things(app: &App) {
        let scene = Scene::new(app).await;
        let put = async |client: &Client, what: &str, body: Value| {
            client.ask("PUT", &format!("/api/v1/me/{what}/{}", scene.conversation), body).await.short()
        };
        assert_eq!(put(&scene.owner, "marks", json!({ "pinned": true })).await, "204");
        let marks = scene.owner.get("/api/v1/me/marks").await.body;
        assert_eq!((&marks["items"][0]["pinned"], &marks["items"][0]["muted"]), (&json!(true), &json!(false)));
        assert_eq!(text(&marks["items"][0]["conversation"], "id"), scene.conversation);
        assert_eq!(scene.manager.get("/api/v1/me/marks").await.body["total"], 0);
        assert_eq!(put(&scene.owner, "marks", json!({})).await, "204");
        assert_eq!(scene.owner.get("/api/v1/me/marks").await.body["total"], 0);
        for words in ["Здрав", "Здравствуйте"] {
            assert_eq!(put(&scene.owner, "drafts", json!({ "text": words, "note": true, "reply_to": scene.first })).await, "204");
        }
        let drafts = scene.owner.get("/api/v1/me/drafts").await.body;
        let draft = &drafts["items"][0];
        assert_eq!(
            (&drafts["total"], text(draft, "text"), &draft["note"], text(draft, "reply_to")),
            (&json!(1), "Здравствуйте".to_owned(), &json!(true), scene.first.clone())
        );
        assert_eq!(scene.manager.get("/api/v1/me/drafts").await.body["total"], 0);
        assert_eq!(put(&scene.owner, "drafts", json!({ "text": "х".repeat(10_001) })).await, "422 too_long");
        assert_eq!(put(&scene.owner, "drafts", json!({ "text": "" })).await, "204");
        assert_eq!(scene.owner.get("/api/v1/me/drafts").await.body["total"], 0);
    }
}
