//! What a site's widget can do beside talking: options, forms, visits, ratings, presence. The same on both engines.

use kommutator::model::connection::ChannelAccount;
use kommutator::model::protocol::Role;
use kommutator::model::visit::Visit;
use serde_json::{Value, json};

use crate::support::app::{App, Client, Socket, on_both_engines};

/// A workspace with a widget and its owner.
struct Shop<'a> {
    app: &'a App,
    owner: Client,
    secret: String,
    account: ChannelAccount,
    key: String,
}

impl<'a> Shop<'a> {
    async fn open(app: &'a App) -> Self {
        let workspace = app.workspace("Магазин").await;
        let id = app.member(workspace, Role::Owner, None).await;
        let secret = app.session(workspace, id).await;
        let (account, key) = app.widget(workspace, "Сайт").await;
        Self { app, owner: app.client(&secret), secret, account, key }
    }

    async fn options(&self, options: Value) -> String {
        self.owner.patch(&format!("/api/v1/channels/{}", self.account.id), json!({ "widget": { "options": options } })).await.short()
    }

    /// A visitor who says this, and its `ready`.
    async fn come(&self, mut hello: Value) -> (Socket, Value) {
        hello["type"] = json!("hello");
        let mut socket = self.app.visitor_socket(&self.key).await;
        socket.say(hello).await;
        let ready = socket.next().await;
        assert_eq!(ready["type"], "ready", "{ready}");
        (socket, ready)
    }

    /// The visitor writes; the id of the conversation.
    async fn writes(&self, visitor: &mut Socket, key: &str, more: Value) -> String {
        let mut frame = json!({ "type": "send", "client_id": key, "text": key });
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        visitor.say(frame).await;
        let accepted = visitor.until(|frame| frame["type"] == "accepted").await.pop().unwrap();
        accepted["message"]["conversation"].as_str().unwrap().to_owned()
    }

    async fn person(&self, conversation: &str) -> Value {
        self.owner.get(&format!("/api/v1/conversations/{conversation}/person")).await.body
    }
}

async fn refused(visitor: &mut Socket, frame: Value) -> String {
    visitor.say(frame).await;
    let error = visitor.until(|frame| frame["type"] == "error").await.pop().unwrap();
    error["code"].as_str().unwrap().to_owned()
}

on_both_engines!(options, forms, visits, talks, presence);

mod flows {
    use super::*;

    pub(super) async fn options(app: &App) {
        let shop = Shop::open(app).await;
        let wrong = [
            (json!({ "hours": { "on": true, "time_zone": "Moon/Base" } }), "422 time_zone_unknown"),
            (json!({ "hours": { "days": [[{ "from": "9", "to": "18:00" }]] } }), "422 hours_invalid"),
            (json!({ "texts": { "ru": { "phrases": ["а", "б", "в", "г", "д", "е", "ж"] } } }), "422 too_many"),
            (json!({ "messengers": [{ "kind": "telegram", "link": "javascript:alert(1)" }] }), "422 link_invalid"),
            (json!({ "away": "dance" }), "400 bad_request"),
        ];
        for (options, wanted) in wrong {
            assert_eq!(shop.options(options.clone()).await, wanted, "{options}");
        }
        let options = json!({
            "offset_x": 40,
            "texts": { "ru": { "title": "Лавка", "phrases": ["Где заказ?"], "away": "Ответим утром", "invitations": { "a": "Помочь?" } }, "en": { "title": "Shop" } },
            "hours": { "on": true, "days": [] },
            "offline": { "on": true, "phone": "required" },
            "invitations": [{ "id": "a", "seconds": 5 }],
        });
        assert_eq!(shop.options(options).await, "200");
        let (_, russian) = shop.come(json!({ "locale": "ru-RU" })).await;
        let (_, english) = shop.come(json!({ "locale": "en" })).await;
        let widget = &russian["widget"];
        assert_eq!((&widget["title"], &english["widget"]["title"]), (&json!("Лавка"), &json!("Shop")));
        assert_eq!((&widget["phrases"], &widget["offset_x"], &widget["offset_y"]), (&json!(["Где заказ?"]), &json!(40), &json!(20)));
        assert_eq!((&widget["online"], &widget["away_text"], &widget["form"]["phone"]), (&json!(false), &json!("Ответим утром"), &json!("required")));
        assert_eq!(widget["invitations"][0]["text"], "Помочь?");
        // What an owner set is there again for the form.
        let shown = shop.owner.get(&format!("/api/v1/channels/{}", shop.account.id)).await.body;
        assert_eq!(shown["widget"]["options"]["texts"]["en"]["title"], "Shop");
    }

    pub(super) async fn forms(app: &App) {
        let shop = Shop::open(app).await;
        let options =
            json!({ "texts": { "ru": { "consent": "Согласен на обработку" } }, "before": { "on": true, "phone": "required", "consent": true } });
        assert_eq!(shop.options(options).await, "200");
        let (mut visitor, _) = shop.come(json!({ "locale": "ru", "identity": { "name": "Со страницы" } })).await;
        let contact = |phone: &str, consent: bool| json!({ "name": "Анна", "phone": phone, "email": "Anna@Shop.example", "consent": consent, "text": "подделка" });
        let send = |key: &str, contact: Value| json!({ "type": "send", "client_id": key, "text": "Привет", "contact": contact });
        assert_eq!(refused(&mut visitor, send("a", contact("звоните", true))).await, "phone_invalid");
        assert_eq!(refused(&mut visitor, send("b", contact("89991234567", false))).await, "consent_missing");
        let given = json!({ "contact": contact("8 (999) 123-45-67", true) });
        let id = shop.writes(&mut visitor, "c", given.clone()).await;
        // The same frame again, and a later message without the form.
        shop.writes(&mut visitor, "c", given).await;
        shop.writes(&mut visitor, "d", json!({})).await;
        let person = shop.person(&id).await;
        assert_eq!(person["phones"], json!([{ "value": "+79991234567", "by": "unverified" }]));
        assert_eq!(person["emails"], json!([{ "value": "anna@shop.example", "by": "unverified" }]));
        assert_eq!((&person["consent"]["text"], person["consent"]["at"].is_string()), (&json!("Согласен на обработку"), true));
        let messages = shop.owner.get(&format!("/api/v1/conversations/{id}/messages")).await.body;
        assert_eq!(messages["items"].as_array().map(Vec::len), Some(2));
    }

    pub(super) async fn visits(app: &App) {
        let shop = Shop::open(app).await;
        assert_eq!(shop.options(json!({ "messengers": [{ "kind": "telegram", "link": "https://t.me/shop?start={code}" }] })).await, "200");
        let visit = |key: &str, source: &str| {
            json!({ "key": key, "first": { "url": "https://shop.example/?utm_source=x", "referrer": "https://ya.ru" },
                "marks": { "source": source, "yclid": "5", "bad name": "x" }, "analytics": { "_ym_uid": "17" } })
        };
        let (mut visitor, ready) = shop.come(json!({ "visit": visit("firstvisit", "yandex") })).await;
        let first = ready["visit"].as_str().unwrap().to_owned();
        assert_eq!(first.len(), 8);
        assert_eq!(ready["widget"]["messengers"][0]["link"], format!("https://t.me/shop?start={first}"));
        let store = app.house().store.workspace(shop_workspace(&shop).await);
        assert!(store.get::<Visit>(Visit::at(&first)).await.unwrap().is_none(), "a visit costs nothing until something is said");
        // Analytics that came after `hello`.
        visitor.say(json!({ "type": "page", "page": {}, "analytics": { "_ga": "GA1.5", "bad name": "x" } })).await;
        let id = shop.writes(&mut visitor, "a", json!({})).await;
        let person = shop.person(&id).await;
        assert_eq!(person["first_visit"]["analytics"], json!({ "_ga": "GA1.5", "_ym_uid": "17" }));
        assert_eq!((&person["first_visit"]["code"], &person["first_visit"]["marks"]), (&json!(first), &json!({ "source": "yandex", "yclid": "5" })));
        assert_eq!(person["last_visit"]["first"]["referrer"], "https://ya.ru");
        // Another day, another visit: the first one stays the first.
        let token = ready["visitor_token"].clone();
        let (mut later, ready) = shop.come(json!({ "visitor_token": token, "visit": visit("secondvisit", "mail") })).await;
        shop.writes(&mut later, "b", json!({})).await;
        let person = shop.person(&id).await;
        assert_eq!((&person["first_visit"]["code"], &person["last_visit"]["code"]), (&json!(first), &ready["visit"]));
        assert_eq!(person["last_visit"]["marks"]["source"], "mail");
        // Somebody else who says the same name has another code; one who only goes on elsewhere is kept too.
        let (mut other, ready) = shop.come(json!({ "visit": visit("firstvisit", "direct") })).await;
        let theirs = ready["visit"].as_str().unwrap().to_owned();
        assert_ne!(theirs, first);
        for _ in 0..2 {
            other.say(json!({ "type": "leave" })).await;
        }
        assert_eq!(refused(&mut other, json!({ "type": "rate", "episode": 1, "rating": 5 })).await, "unknown_conversation");
        let kept = store.get::<Visit>(Visit::at(&theirs)).await.unwrap().unwrap().record;
        assert_eq!((kept.conversation, kept.marks["source"].as_str()), (None, "direct"));
        let (_, ready) = shop.come(json!({ "visit": { "key": "no" } })).await;
        assert_eq!(ready["visit"], "");
    }

    async fn shop_workspace(shop: &Shop<'_>) -> kommutator::model::ids::WorkspaceId {
        shop.app.edge.widget(&shop.key).await.ok().flatten().unwrap().workspace
    }

    pub(super) async fn talks(app: &App) {
        let shop = Shop::open(app).await;
        let (mut visitor, ready) = shop.come(json!({})).await;
        let id = shop.writes(&mut visitor, "first", json!({})).await;
        let rate = |episode: u32, rating: u32, comment: &str| json!({ "type": "rate", "episode": episode, "rating": rating, "comment": comment });
        assert_eq!(refused(&mut visitor, rate(1, 5, "")).await, "episode_open");
        let path = format!("/api/v1/conversations/{id}");
        let newest = shop.owner.get(&format!("{path}/messages")).await.body["items"][0]["id"].clone();
        shop.owner.post(&format!("{path}/read"), json!({ "up_to": newest })).await;
        let talk = visitor.until(|frame| frame["type"] == "talk").await.pop().unwrap();
        assert_eq!((&talk["read_up_to"], &talk["episode"]["closed_at"]), (&newest, &Value::Null));
        shop.owner.post(&format!("{path}/close"), Value::Null).await;
        let talk = visitor.until(|frame| frame["type"] == "talk").await.pop().unwrap();
        assert!(talk["episode"]["closed_at"].is_string(), "{talk}");
        for wrong in [rate(1, 0, ""), rate(1, 6, "")] {
            assert_eq!(refused(&mut visitor, wrong).await, "rating_invalid");
        }
        assert_eq!(refused(&mut visitor, rate(2, 5, "")).await, "unknown_episode");
        visitor.say(rate(1, 2, "Долго")).await;
        visitor.until(|frame| frame["type"] == "talk" && frame["episode"]["rating"] == 2).await;
        visitor.say(rate(1, 5, "Спасибо")).await;
        visitor.until(|frame| frame["type"] == "talk" && frame["episode"]["rating"] == 5).await;
        assert_eq!(shop.person(&id).await["episodes"][0]["comment"], "Спасибо");
        // What is over can be rated when the next part has begun, and is there after coming back.
        visitor.say(json!({ "type": "send", "client_id": "second", "text": "second" })).await;
        visitor.until(|frame| frame["type"] == "talk" && frame["episode"]["number"] == 2).await;
        visitor.say(rate(1, 4, "")).await;
        assert_eq!(refused(&mut visitor, rate(2, 4, "")).await, "episode_open");
        let (_, back) = shop.come(json!({ "visitor_token": ready["visitor_token"] })).await;
        assert_eq!((&back["episodes"][0]["rating"], &back["talk"]["episode"]["number"]), (&json!(4), &json!(2)));
        let episodes = shop.person(&id).await["episodes"].as_array().cloned().unwrap();
        assert_eq!(episodes.iter().map(|episode| episode["rating"].clone()).collect::<Vec<_>>(), [json!(4), Value::Null]);
    }

    pub(super) async fn presence(app: &App) {
        let shop = Shop::open(app).await;
        let (mut visitor, ready) = shop.come(json!({ "page": { "url": "https://shop.example/a", "title": "А" } })).await;
        let id = shop.writes(&mut visitor, "first", json!({})).await;
        let (mut watching, mut other) = (app.manager(&shop.secret).await, app.manager(&shop.secret).await);
        watching.say(json!({ "type": "watch", "conversation": id })).await;
        let presence = watching.until(|frame| frame["type"] == "presence").await.pop().unwrap();
        assert_eq!((&presence["online"], &presence["page"]["url"]), (&json!(true), &json!("https://shop.example/a")));
        visitor.say(json!({ "type": "page", "page": { "url": format!("https://shop.example/b?{}", "я\u{0}".repeat(5_000)) } })).await;
        let there =
            |frame: &Value| frame["type"] == "presence" && frame["page"]["url"].as_str().is_some_and(|url| url.starts_with("https://shop.example/b"));
        watching.until(there).await;
        drop(visitor);
        watching.until(|frame| frame["type"] == "presence" && frame["online"] == false).await;
        let (mut visitor, _) = shop.come(json!({ "visitor_token": ready["visitor_token"] })).await;
        watching.until(|frame| frame["type"] == "presence" && frame["online"] == true).await;
        // Who watches nothing is told nothing of it.
        shop.writes(&mut visitor, "second", json!({})).await;
        let told = other.until(|frame| frame["event"]["message"]["text"] == "second").await;
        assert!(told.iter().all(|frame| frame["type"] != "presence"), "{told:?}");
    }
}
