//! Who is told of what: pushes to devices, letters, what waits too long, who is away. With a push service and a mail server of the tests;
//! the same on both engines.

use kommutator::model::ids::{UserId, WorkspaceId};
use kommutator::model::notice::{Notice, PushSubscription};
use kommutator::model::protocol::Role;
use kommutator::store::port::Scan;
use serde_json::{Value, json};

use crate::support::app::{App, Client, PATIENCE, Socket};
use crate::support::fake_push::FakePush;
use crate::support::fake_smtp::FakeSmtp;
use crate::support::node::until;

const MINUTE: i64 = 60_000;

/// Somebody of the workspace, with a device.
struct Person {
    id: UserId,
    client: Client,
    secret: String,
}

/// A workspace with a widget, an owner and two managers who have devices, and a visitor.
struct Scene {
    app: App,
    push: FakePush,
    smtp: FakeSmtp,
    workspace: WorkspaceId,
    owner: Person,
    anna: Person,
    boris: Person,
    visitor: Socket,
    said: usize,
}

impl Scene {
    async fn new(redis: bool) -> Self {
        let (push, smtp) = (FakePush::start().await, FakeSmtp::start().await);
        let settings =
            [("SMTP_URL", smtp.url.as_str()), ("MAIL_FROM", "chat@shop.example"), ("PUBLIC_URL", "https://chat.example"), ("OUTSIDE_PRIVATE", "on")];
        let app = if redis { App::redis_with(&settings).await } else { App::sqlite_with(&settings).await };
        let workspace = app.workspace("Лавка").await;
        let (_, key) = app.widget(workspace, "Сайт").await;
        let (other, _) = app.widget(workspace, "Другой").await;
        let person = async |role, channels, device: &str| {
            let id = app.member(workspace, role, channels).await;
            let secret = app.session(workspace, id).await;
            let client = app.client(&secret);
            let view = client.get("/api/v1/me/notices").await.body;
            *push.known_by.lock().unwrap() = view["push_key"].as_str().unwrap().to_owned();
            assert_eq!(client.ask("PUT", "/api/v1/me/push", push.subscription(device)).await.short(), "204");
            Person { id, client, secret }
        };
        let owner = person(Role::Owner, None, "owner").await;
        let anna = person(Role::Manager, None, "anna").await;
        let boris = person(Role::Manager, None, "boris").await;
        person(Role::Manager, Some(vec![other.id]), "outsider").await;
        let (visitor, _) = app.visitor(&key).await;
        Self { app, push, smtp, workspace, owner, anna, boris, visitor, said: 0 }
    }

    /// The visitor writes; the conversation.
    async fn says(&mut self, words: &str) -> String {
        self.said += 1;
        let key = format!("v-{}", self.said);
        self.visitor.say(json!({ "type": "send", "client_id": key, "text": words })).await;
        let accepted = self.visitor.until(|frame| frame["type"] == "accepted" && frame["client_id"] == key.as_str()).await.pop().unwrap();
        accepted["message"]["conversation"].as_str().unwrap().to_owned()
    }

    async fn wish(&self, person: &Person, change: Value) {
        let mut settings = person.client.get("/api/v1/me/notices").await.body["settings"].clone();
        settings.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let kept = person.client.ask("PUT", "/api/v1/me/notices", settings.clone()).await;
        assert_eq!((kept.status, &kept.body["settings"]), (200, &settings));
    }

    async fn does(&self, person: &Person, conversation: &str, what: &str, body: Value) -> Value {
        let answer = person.client.post(&format!("/api/v1/conversations/{conversation}/{what}"), body).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text);
        answer.body
    }

    /// Nothing is to be told to anybody any more, now or later.
    async fn told(&self) {
        let store = self.app.house().store.workspace(self.workspace);
        for user in [&self.owner, &self.anna, &self.boris] {
            until("everything is told", PATIENCE, async || {
                let left = store.scan::<Notice>(&Notice::of(user.id), Scan::first(10)).await.unwrap();
                left.is_empty().then_some(())
            })
            .await;
        }
    }

    /// How many pushes each device was given, once everything up to now was decided: a trial is behind it.
    async fn counts(&self) -> [usize; 3] {
        let before = [("owner", &self.owner), ("anna", &self.anna), ("boris", &self.boris)].map(|(device, person)| {
            (device, person, self.push.all().iter().filter(|push| push.device == device && push.text("tag") == "trial").count())
        });
        // A last word that everybody is told, also who is told of nothing else.
        self.told().await;
        for (device, person, trials) in before {
            assert_eq!(person.client.post("/api/v1/me/notices/test", json!({ "means": "push" })).await.short(), "202");
            until("the trial", PATIENCE, async || {
                let trial = self.push.all().iter().filter(|push| push.device == device && push.text("tag") == "trial").count();
                (trial > trials).then_some(())
            })
            .await;
        }
        self.told().await;
        ["owner", "anna", "boris"].map(|device| self.push.all().iter().filter(|push| push.device == device && push.text("tag") != "trial").count())
    }
}

macro_rules! on_both_engines {
    ($($flow:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $flow() {
            for redis in [false, true] {
                flows::$flow(Scene::new(redis).await).await;
            }
        })*
    };
}

on_both_engines!(messages_are_pushed_to_whom_they_concern, pushes_are_durable, a_customer_waits_too_long, colleagues_are_mentioned, silence);

mod flows {
    use super::*;

    pub(super) async fn messages_are_pushed_to_whom_they_concern(mut scene: Scene) {
        let conversation = scene.says("Есть  синий?").await;
        let push = scene.push.push("anna", 1).await;
        assert_eq!((push.text("title"), push.text("body")), ("Анна Посетитель", "Есть синий?"));
        assert_eq!((push.text("tag"), push.text("url")), (format!("c-{conversation}").as_str(), format!("/c/{conversation}").as_str()));
        assert_eq!((push.headers["topic"].as_str(), push.headers["urgency"].as_str()), (format!("c-{conversation}").as_str(), "high"));
        assert!((1..=4 * 3_600).contains(&push.headers["ttl"].parse::<i64>().unwrap()), "{:?}", push.headers);
        assert_eq!(scene.counts().await, [1, 1, 1]);

        // Given to Anna by the owner: she is told; what comes then is hers. Who did it is told nothing.
        scene.does(&scene.owner, &conversation, "assign", json!({ "user": scene.anna.id.to_string() })).await;
        assert_eq!(scene.push.push("anna", 2).await.text("body"), "Owner: переписка передана вам");
        scene.says("А красный?").await;
        assert_eq!(scene.push.push("anna", 3).await.text("body"), "А красный?");
        assert_eq!(scene.counts().await, [1, 3, 1]);
        // What one takes oneself is no news.
        scene.does(&scene.boris, &conversation, "assign", json!({ "user": scene.boris.id.to_string() })).await;
        assert_eq!(scene.counts().await, [1, 3, 1]);

        // A wish that was changed counts at once, and the words need not be shown.
        scene
            .wish(&scene.owner, json!({ "colleagues": { "sound": false, "desktop": false, "push": true, "letter": false }, "show_text": false }))
            .await;
        scene.says("Секрет").await;
        assert_eq!((scene.push.push("owner", 2).await.text("body"), scene.push.push("boris", 2).await.text("body")), ("Новое сообщение", "Секрет"));
        assert_eq!(scene.counts().await, [2, 3, 2]);

        // Muted, or no longer to be seen: silence.
        let mark = format!("/api/v1/me/marks/{conversation}");
        assert_eq!(scene.boris.client.ask("PUT", &mark, json!({ "muted": true })).await.status, 204);
        let boris = format!("/api/v1/users/{}", scene.boris.id);
        scene.says("Ещё").await;
        assert_eq!(scene.counts().await, [3, 3, 2]);
        assert_eq!(scene.boris.client.ask("PUT", &mark, json!({})).await.status, 204);
        assert_eq!(scene.owner.client.patch(&boris, json!({ "channels": [] })).await.status, 200);
        scene.says("И ещё").await;
        assert_eq!(scene.counts().await, [4, 3, 2]);
        assert_eq!(scene.owner.client.patch(&boris, json!({ "channels": null })).await.status, 200);

        // Whose page shows the conversation is not told of it.
        let mut page = scene.app.manager(&scene.boris.secret).await;
        page.say(json!({ "type": "viewing", "conversation": conversation, "on": true })).await;
        let mut other = scene.app.manager(&scene.owner.secret).await;
        other.say(json!({ "type": "viewing", "conversation": conversation, "on": false, "asks": true })).await;
        page.until(|frame| frame["type"] == "viewing" && frame["on"] == false).await;
        scene.says("Видно?").await;
        assert_eq!(scene.counts().await, [5, 3, 2]);
        // A page that is closed without a word shows nothing any more.
        page.say(json!({ "type": "watch", "conversation": conversation })).await;
        page.until(|frame| frame["type"] == "presence").await;
        drop(page);
        until("he is told again", PATIENCE, async || {
            let lines = scene.push.all().iter().filter(|push| push.device == "boris" && push.text("tag") != "trial").count();
            scene.said += 1;
            let key = format!("v-{}", scene.said);
            scene.visitor.say(json!({ "type": "send", "client_id": key, "text": "И теперь?" })).await;
            scene.told().await;
            (lines > 2).then_some(())
        })
        .await;
        let boris = scene.counts_of("boris");

        // A session that ended takes its device with it.
        assert_eq!(scene.boris.client.post("/api/v1/logout", Value::Null).await.status, 204);
        let owner = scene.counts_of("owner");
        scene.says("Борис ушёл").await;
        scene.push.push("owner", owner + 1).await;
        scene.told().await;
        let devices = scene.app.house().store.workspace(scene.workspace).scan::<PushSubscription>(&[], Scan::first(10)).await.unwrap();
        assert_eq!(devices.len(), 3, "without Boris's");
        assert_eq!(scene.counts_of("boris"), boris);
        assert!(scene.push.all().iter().all(|push| push.device != "outsider"), "who does not see the channel");
    }

    pub(super) async fn pushes_are_durable(mut scene: Scene) {
        // The service is away: the push waits, and goes out once.
        scene.push.answer("anna", 503);
        scene.says("Первое").await;
        scene.push.called(3).await;
        let store = scene.app.house().store.workspace(scene.workspace);
        let anna = scene.anna.id;
        let left = async || store.scan::<Notice>(&Notice::of(anna), Scan::first(10)).await.unwrap();
        let waiting = until("it waits", PATIENCE, async || left().await.pop().filter(|left| left.record.tries == 1)).await.record;
        assert!(waiting.next_at.since(scene.app.world_now()) > 10_000, "{waiting:?}");
        scene.push.answer("anna", 201);
        scene.app.world.advance_ms(31_000);
        assert_eq!(scene.push.push("anna", 1).await.text("body"), "Первое");
        assert_eq!(scene.counts().await, [1, 1, 1]);

        // Read or answered meanwhile: nobody needs it any more.
        scene.push.answer("anna", 503);
        let calls = scene.push.calls();
        let conversation = scene.says("Второе").await;
        scene.push.called(calls + 3).await;
        scene.does(&scene.boris, &conversation, "messages", json!({ "client_id": "m-1", "text": "Отвечаю" })).await;
        scene.push.answer("anna", 201);
        scene.app.world.advance_ms(31_000);
        assert_eq!(scene.counts().await, [2, 1, 2]);

        // It is told again until somebody answered, five times at most.
        scene.wish(&scene.anna, json!({ "repeat_minutes": 10 })).await;
        scene.says("Третье").await;
        scene.push.push("anna", 2).await;
        let again = || scene.push.all().iter().filter(|push| push.device == "anna" && push.text("body") == "Третье").count();
        for round in 1..=5 {
            until("it waits for its time", PATIENCE, async || left().await.pop().filter(|left| left.record.rounds == round)).await;
            assert_eq!(again(), usize::try_from(round).unwrap());
            scene.app.world.advance_ms(10 * MINUTE);
        }
        scene.told().await;
        assert_eq!(again(), 6);

        // What is gone is taken off.
        scene.push.answer("anna", 410);
        scene.says("Четвёртое").await;
        until("it is taken off", PATIENCE, async || {
            let devices = scene.anna.client.get("/api/v1/me/notices").await.body["devices"].as_array().unwrap().len();
            (devices == 0).then_some(())
        })
        .await;
        assert_eq!(scene.anna.client.post("/api/v1/me/notices/test", json!({ "means": "push" })).await.short(), "409 push_off");
        // Nobody names an address of this machine's network, but where the operator allows it.
        let bad = json!({ "endpoint": "ftp://push.example/1", "keys": scene.push.subscription("anna")["keys"] });
        assert_eq!(scene.anna.client.ask("PUT", "/api/v1/me/push", bad).await.short(), "422 push_target_invalid");
    }

    pub(super) async fn a_customer_waits_too_long(mut scene: Scene) {
        let escalation = json!({ "on": true, "minutes": 15, "more_minutes": 20, "hours": { "on": false } });
        let patch = async |escalation: Value| scene.owner.client.patch("/api/v1/workspace", json!({ "escalation": escalation })).await;
        assert_eq!(patch(json!({ "on": true, "minutes": 0 })).await.short(), "422 out_of_range");
        assert_eq!(patch(escalation).await.body["escalation"]["minutes"], 15);
        let conversation = scene.says("Есть кто?").await;
        scene.does(&scene.boris, &conversation, "assign", json!({ "user": scene.anna.id.to_string() })).await;
        let (anna, owner) = (format!("{}@shop.example", scene.anna.id), format!("{}@shop.example", scene.owner.id));
        scene.app.world.advance_ms(15 * MINUTE);
        let letter = scene.smtp.letter(&anna, 1).await;
        assert!(
            letter.text().contains("долго ждёт ответа") && letter.text().contains(&format!("https://chat.example/c/{conversation}")),
            "{}",
            letter.text()
        );
        let shown = async || scene.owner.client.get(&format!("/api/v1/conversations/{conversation}")).await.body["overdue"].clone();
        assert_eq!(shown().await, true);
        assert_eq!(scene.smtp.to(&owner).len(), 0, "owners later");
        scene.app.world.advance_ms(20 * MINUTE);
        scene.smtp.letter(&owner, 1).await;
        scene.told().await;
        assert_eq!(scene.smtp.to(&anna).len(), 1);
        let facts = scene.owner.client.get(&format!("/api/v1/conversations/{conversation}/timeline")).await.body["facts"].clone();
        let kinds: Vec<_> = facts.as_array().unwrap().iter().map(|fact| (fact["kind"].as_str().unwrap().to_owned(), fact["step"].clone())).collect();
        assert_eq!(&kinds[..2], [("overdue".to_owned(), json!(2)), ("overdue".to_owned(), json!(1))]);

        // Each thing that ends the waiting takes the timer too.
        let due = async || {
            let mut all = scene.app.house().store.workspace(scene.workspace).due(scene.app.world_now().plus_ms(400 * 86_400_000), 10).await.unwrap();
            // An answer has a timer of its own.
            all.retain(|timer| !timer.id.starts_with(b"answers/"));
            all
        };
        scene.does(&scene.boris, &conversation, "messages", json!({ "client_id": "m-1", "text": "Отвечаю" })).await;
        assert_eq!((shown().await, due().await.len()), (json!(false), 0), "answered");
        let later = serde_json::to_value(scene.app.world_now().plus_ms(86_400_000)).unwrap();
        for (number, (what, body, left)) in
            [("close", Value::Null, 0), ("block", json!({ "blocked": true }), 0), ("snooze", json!({ "until": later }), 1)].into_iter().enumerate()
        {
            if number > 0 {
                scene.does(&scene.boris, &conversation, "block", json!({ "blocked": false })).await;
            }
            scene.said += 1;
            let key = format!("v-{}", scene.said);
            scene.visitor.say(json!({ "type": "send", "client_id": key, "text": "Снова" })).await;
            scene.visitor.until(|frame| frame["type"] == "accepted" && frame["client_id"] == key.as_str()).await;
            assert_eq!(due().await.len(), 1, "before {what}");
            scene.does(&scene.boris, &conversation, what, body).await;
            assert_eq!(due().await.len(), left, "{what}");
        }
        // Back again, and still without an answer: the waiting begins anew.
        scene.does(&scene.boris, &conversation, "snooze", json!({ "until": null })).await;
        let timers = due().await;
        assert_eq!((timers.len(), timers[0].due.since(scene.app.world_now()) > 14 * MINUTE), (1, true));
        // Who is away is told of this all the same, and of nothing else.
        scene.told().await;
        assert_eq!(scene.anna.client.ask("PUT", "/api/v1/me/away", json!({ "away": true })).await.short(), "204");
        let before = scene.counts_of("anna");
        scene.says("Ау").await;
        scene.app.world.advance_ms(15 * MINUTE);
        scene.smtp.letter(&anna, 2).await;
        until("the push", PATIENCE, async || (scene.counts_of("anna") > before).then_some(())).await;
        scene.told().await;
        assert_eq!(scene.counts_of("anna"), before + 1);
    }

    pub(super) async fn colleagues_are_mentioned(mut scene: Scene) {
        let conversation = scene.says("Скидка будет?").await;
        assert_eq!(scene.counts().await, [1, 1, 1]);
        let outsider = scene.app.member(scene.workspace, Role::Manager, Some(vec![])).await;
        let ids = [scene.anna.id, outsider, scene.owner.id].map(|id| id.to_string());
        let note = json!({ "client_id": "n-1", "text": "@Manager дать скидку?", "note": true, "mentions": ids });
        let sent = scene.does(&scene.owner, &conversation, "messages", note).await;
        let names: Vec<_> = sent["message"]["mentions"].as_array().unwrap().iter().map(|one| one["user"].as_str().unwrap()).collect();
        assert_eq!((names.len(), names.contains(&ids[1].as_str())), (2, false), "who may not see it is left out");
        let push = scene.push.push("anna", 2).await;
        assert_eq!((push.text("title"), push.text("body")), ("Анна Посетитель", "Owner: @Manager дать скидку?"));
        assert_eq!(scene.counts().await, [1, 2, 1]);
        let many: Vec<_> = (1..=21).map(|id| UserId(id).to_string()).collect();
        let note = json!({ "client_id": "n-2", "text": "всем", "note": true, "mentions": many });
        let answer = scene.owner.client.post(&format!("/api/v1/conversations/{conversation}/messages"), note).await;
        assert_eq!(answer.short(), "422 too_many_mentions");
        // A message to the customer mentions nobody.
        let said = json!({ "client_id": "n-3", "text": "@Manager", "mentions": [scene.anna.id.to_string()] });
        assert_eq!(scene.does(&scene.owner, &conversation, "messages", said).await["message"].get("mentions"), None);
        assert_eq!(scene.counts().await, [1, 2, 1]);
    }

    pub(super) async fn silence(mut scene: Scene) {
        let quiet = |on: bool| json!({ "quiet": { "on": on, "from": "00:00", "to": "00:00", "days": [true, true, true, true, true, true, true], "overdue_passes": true } });
        scene.wish(&scene.anna, quiet(true)).await;
        scene.says("Ночью").await;
        scene.push.push("boris", 1).await;
        scene.told().await;
        assert_eq!(scene.counts_of("anna"), 0);
        scene.wish(&scene.anna, quiet(false)).await;

        // Away: colleagues see it at once, on every socket; back by itself.
        let mut page = scene.app.manager(&scene.boris.secret).await;
        let until = scene.app.world_now().plus_ms(30 * MINUTE);
        let away = async |body: Value| scene.anna.client.ask("PUT", "/api/v1/me/away", body).await.short();
        assert_eq!(away(json!({ "away": true, "until": scene.app.world_now() })).await, "422 bad_moment");
        assert_eq!(away(json!({ "away": true, "until": until })).await, "204");
        page.until(|frame| frame["event"]["setting"] == "people").await;
        let seen = async || {
            let all = scene.boris.client.get("/api/v1/users").await.body["items"].as_array().unwrap().clone();
            all.into_iter().find(|one| one["id"] == scene.anna.id.to_string()).unwrap()
        };
        let shown = seen().await;
        assert_eq!((&shown["away"], &shown["away_until"]), (&json!(true), &json!(until)));
        let changed = scene.owner.client.patch(&format!("/api/v1/users/{}", scene.anna.id), json!({ "name": "Анна Орлова" })).await.body;
        assert_eq!((&changed["away"], &changed["away_until"]), (&json!(true), &json!(until)), "who changes them is told so too");
        scene.said += 1;
        scene.visitor.say(json!({ "type": "send", "client_id": "away", "text": "Пока Анны нет" })).await;
        scene.push.push("boris", 2).await;
        scene.told().await;
        assert_eq!(scene.counts_of("anna"), 0);
        scene.app.world.advance_ms(31 * MINUTE);
        assert_eq!(seen().await["away"], false);
        scene.visitor.say(json!({ "type": "send", "client_id": "back", "text": "Анна вернулась" })).await;
        assert_eq!(scene.push.push("anna", 1).await.text("body"), "Анна вернулась");
    }
}

impl Scene {
    fn counts_of(&self, device: &str) -> usize {
        self.push.all().iter().filter(|push| push.device == device && push.text("tag") != "trial").count()
    }
}
