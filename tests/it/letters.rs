//! Answers to visitors who left go by letter, once, with a link back; or it is said that they wait. The same on both engines.

use kommutator::model::ids::{ConversationId, WorkspaceId};
use kommutator::model::protocol::Role;
use serde_json::{Value, json};

use crate::support::app::{App, Client, PATIENCE, SHOP, Socket};
use crate::support::fake_smtp::{FakeSmtp, Manner};
use crate::support::node::until;

const MINUTE: i64 = 60_000;
const ANNA: &str = "anna@customer.example";

struct Scene {
    app: App,
    smtp: FakeSmtp,
    workspace: WorkspaceId,
    owner: Client,
    key: String,
    channel: String,
    said: usize,
}

impl Scene {
    async fn new(redis: bool) -> Self {
        let smtp = FakeSmtp::start().await;
        let settings = [("SMTP_URL", smtp.url.as_str()), ("MAIL_FROM", "chat@shop.example"), ("PUBLIC_URL", "https://chat.example")];
        let app = if redis { App::redis_with(&settings).await } else { App::sqlite_with(&settings).await };
        let workspace = app.workspace("Лавка").await;
        let owner = app.member(workspace, Role::Owner, None).await;
        let owner = app.client(&app.session(workspace, owner).await);
        let (account, key) = app.widget(workspace, "Сайт").await;
        Self { app, smtp, workspace, owner, key, channel: account.id.to_string(), said: 0 }
    }

    /// A visitor says hello.
    async fn comes(&self, hello: Value) -> (Socket, Value) {
        let mut socket = self.app.visitor_socket(&self.key).await;
        let mut frame = json!({ "type": "hello", "page": { "url": format!("{SHOP}/buy?a=1#top"), "title": "Лавка" } });
        frame.as_object_mut().unwrap().extend(hello.as_object().unwrap().clone());
        socket.say(frame).await;
        let ready = socket.next().await;
        assert_eq!(ready["type"], "ready", "{ready}");
        (socket, ready)
    }

    /// A visitor writes and goes; the conversation and the token.
    async fn writes(&self, email: &str) -> (String, String) {
        self.asks(json!({ "identity": { "name": "Анна", "email": email } }), "v-1").await
    }

    async fn asks(&self, hello: Value, client_id: &str) -> (String, String) {
        let (mut socket, ready) = self.comes(hello).await;
        socket.say(json!({ "type": "send", "client_id": client_id, "text": "Есть синий?" })).await;
        let accepted = socket.until(|frame| frame["type"] == "accepted").await.pop().unwrap();
        (accepted["message"]["conversation"].as_str().unwrap().to_owned(), ready["visitor_token"].as_str().unwrap().to_owned())
    }

    async fn answers(&mut self, conversation: &str, words: &str) -> Value {
        self.said += 1;
        let body = json!({ "client_id": format!("m-{}", self.said), "text": words });
        let answer = self.owner.post(&format!("/api/v1/conversations/{conversation}/messages"), body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["message"].clone()
    }

    /// The states of the answers, with what is said of each.
    async fn states(&self, conversation: &str) -> Vec<(String, Option<String>)> {
        let all = self.owner.get(&format!("/api/v1/conversations/{conversation}/messages")).await.body["items"].as_array().unwrap().clone();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let ours = all.iter().filter(|one| one["direction"] == "outbound").map(|one| &one["state"]);
        ours.map(|state| (text(&state["status"]).unwrap(), text(&state["reason"]["code"]))).collect()
    }

    /// What is said of the answers, once it is as wanted; what became of a letter is looked at as time goes by.
    async fn reasons(&self, conversation: &str, wanted: &[Option<&str>]) {
        until("the reasons", PATIENCE, async || {
            let found = self.states(conversation).await;
            if found.iter().map(|(_, reason)| reason.as_deref()).eq(wanted.iter().copied()) {
                return Some(());
            }
            self.app.world.advance_ms(1_000);
            None
        })
        .await;
    }

    /// How many letters there are.
    async fn letters(&self) -> usize {
        kommutator::gateway::post::letters(self.app.house(), self.workspace, 20).await.unwrap().len()
    }

    async fn timers(&self) -> usize {
        let store = self.app.house().store.workspace(self.workspace);
        store.due(self.app.world_now().plus_ms(400 * 86_400_000), 10).await.unwrap().len()
    }
}

#[tokio::test]
async fn an_answer_to_who_left_goes_by_letter_and_brings_them_back() {
    for redis in [false, true] {
        let mut scene = Scene::new(redis).await;
        let (conversation, _) = scene.writes(ANNA).await;
        scene.answers(&conversation, "Есть, 500 р.").await;
        scene.answers(&conversation, "И <b>красный</b> есть").await;
        assert_eq!(scene.timers().await, 1);
        scene.app.world.advance_ms(10 * MINUTE);
        let letter = scene.smtp.letter(ANNA, 1).await;
        let text = letter.text();
        assert!(text.contains("Есть, 500 р.\n\nИ <b>красный</b> есть"), "{text}");
        let link = text.lines().find(|line| line.contains("#kommutator=")).unwrap().to_owned();
        let (page, token) = link.split_once("#kommutator=").unwrap();
        assert_eq!(page, format!("{SHOP}/buy"), "without what may lead on to elsewhere");
        scene.reasons(&conversation, &[Some("sent_by_letter"), Some("sent_by_letter")]).await;
        // What comes then waits: there is one letter until they are back.
        scene.answers(&conversation, "Отложить?").await;
        scene.reasons(&conversation, &[Some("sent_by_letter"), Some("sent_by_letter"), Some("waits_for_visitor")]).await;
        assert_eq!(scene.timers().await, 0);

        // The link is no visitor's token; with it another device is the same visitor, and gets a token of its own.
        let (_, stranger) = scene.comes(json!({ "visitor_token": token })).await;
        assert_eq!(stranger["conversation"], Value::Null);
        let visit = |back: &str| json!({ "visit": { "key": "12345678", "first": {}, "marks": {}, "analytics": {}, "back": back } });
        let (_, stranger) = scene.comes(visit(&format!("{token}x"))).await;
        assert_eq!(stranger["conversation"], Value::Null);
        let (mut back, ready) = scene.comes(visit(token)).await;
        assert_eq!((&ready["conversation"], ready["messages"].as_array().unwrap().len()), (&json!(conversation), 4));
        let own = ready["visitor_token"].as_str().unwrap();
        assert_ne!(own, token);
        let last = ready["messages"][3]["id"].clone();
        assert!(scene.states(&conversation).await.iter().all(|(status, reason)| status == "delivered" && reason.is_none()));
        back.say(json!({ "type": "read", "up_to": last })).await;
        scene.reasons(&conversation, &[None, None, None]).await;

        // They are on the site: what they do not look at is not written to them meanwhile, and is once they are gone.
        scene.answers(&conversation, "Вы здесь?").await;
        scene.app.world.advance_ms(10 * MINUTE);
        let moved = async || {
            let store = scene.app.house().store.workspace(scene.workspace);
            store.due(scene.app.world_now().plus_ms(86_400_000), 10).await.unwrap().pop().filter(|timer| timer.due > scene.app.world_now())
        };
        until("it is put off", PATIENCE, moved).await;
        assert_eq!(scene.smtp.to(ANNA).len(), 1);
        drop(back);
        let here = scene.app.house();
        until("they are gone", PATIENCE, async || {
            scene.app.world.advance_ms(10 * MINUTE);
            let _ = here;
            tokio::task::yield_now().await;
            (scene.smtp.to(ANNA).len() == 2).then_some(())
        })
        .await;
        let text = scene.smtp.letter(ANNA, 2).await.text();
        assert!(text.contains("Вы здесь?") && !text.contains("500 р."), "{text}");

        // No more letters, if they say so: only a `POST` counts, for mail servers open links by themselves.
        let stop = text.lines().find(|line| line.contains("/letters/stop/")).unwrap().trim_start_matches("https://chat.example").to_owned();
        let letter = scene.smtp.letter(ANNA, 2).await;
        assert!(letter.raw.contains("List-Unsubscribe: <https://chat.example/letters/stop/"), "{}", letter.raw);
        assert_eq!(letter.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        let asked = scene.app.nobody().get(&stop).await;
        assert!(asked.status == 200 && asked.text.contains("<form method=\"post\">"), "{}", asked.text);
        assert_eq!(scene.app.nobody().get(&format!("{stop}x")).await.status, 404);
        assert!(scene.app.nobody().post(&stop, Value::Null).await.text.contains("Готово"));
        let (_, ready) = scene.comes(json!({ "visitor_token": own })).await;
        assert_eq!(ready["conversation"], json!(conversation));
        let (mut again, _) = scene.comes(json!({ "visitor_token": own })).await;
        again.say(json!({ "type": "send", "client_id": "v-2", "text": "Тогда жду" })).await;
        again.until(|frame| frame["type"] == "accepted").await;
        drop(again);
        scene.answers(&conversation, "Привезли").await;
        until("it is known that it waits", PATIENCE, async || {
            scene.app.world.advance_ms(10 * MINUTE);
            let all = scene.owner.get(&format!("/api/v1/conversations/{conversation}/messages")).await.body["items"].as_array().unwrap().clone();
            (all.last().unwrap()["state"]["reason"]["code"] == "waits_for_visitor").then_some(())
        })
        .await;
        assert_eq!(scene.smtp.to(ANNA).len(), 2);
    }
}

#[tokio::test]
async fn without_an_address_an_answer_waits_and_says_so() {
    for redis in [false, true] {
        let mut scene = Scene::new(redis).await;
        let (conversation, token) = scene.writes("").await;
        scene.answers(&conversation, "Есть").await;
        scene.reasons(&conversation, &[None]).await;
        scene.app.world.advance_ms(10 * MINUTE);
        scene.reasons(&conversation, &[Some("waits_for_visitor")]).await;
        // Back by themselves: nothing waits any more; and read.
        let (mut back, ready) = scene.comes(json!({ "visitor_token": token })).await;
        assert_eq!(scene.states(&conversation).await, [("delivered".to_owned(), None)]);
        back.say(json!({ "type": "read", "up_to": ready["messages"][1]["id"] })).await;
        until("it is read", PATIENCE, async || (scene.states(&conversation).await == [("read".to_owned(), None)]).then_some(())).await;
        drop(back);
        // Switched off for this widget, or a page the widget may not stand on: no letter leads wherever a visitor says.
        let options = scene.owner.get(&format!("/api/v1/channels/{}", scene.channel)).await.body["widget"]["options"].clone();
        let with = |letters: Value| {
            let mut options = options.clone();
            options["letters"] = letters;
            json!({ "widget": { "options": options } })
        };
        let path = format!("/api/v1/channels/{}", scene.channel);
        assert_eq!(scene.owner.patch(&path, with(json!({ "on": true, "minutes": 1441 }))).await.short(), "422 out_of_range");
        assert_eq!(scene.owner.patch(&path, with(json!({ "on": false, "minutes": 10 }))).await.status, 200);
        let (silent, _) = scene.writes("silent@customer.example").await;
        scene.answers(&silent, "Есть").await;
        scene.app.world.advance_ms(10 * MINUTE);
        scene.reasons(&silent, &[Some("waits_for_visitor")]).await;
        assert_eq!(scene.owner.patch(&path, with(json!({ "on": true, "minutes": 10 }))).await.status, 200);
        let (mut socket, _) = scene.comes(json!({ "page": { "url": "https://evil.example/login" }, "identity": { "email": ANNA } })).await;
        socket.say(json!({ "type": "send", "client_id": "v-9", "text": "Здравствуйте" })).await;
        let accepted = socket.until(|frame| frame["type"] == "accepted").await.pop().unwrap();
        drop(socket);
        let evil: ConversationId = accepted["message"]["conversation"].as_str().unwrap().parse().unwrap();
        scene.answers(&evil.to_string(), "Слушаю").await;
        until("the letter", PATIENCE, async || {
            scene.app.world.advance_ms(10 * MINUTE);
            (scene.smtp.to(ANNA).len() == 1).then_some(())
        })
        .await;
        let text = scene.smtp.letter(ANNA, 1).await.text();
        assert!(text.contains(&format!("{SHOP}/#kommutator=")) && !text.contains("evil.example"), "{text}");
    }
}

#[tokio::test]
async fn a_letter_that_does_not_go_out_says_so_and_one_nobody_needs_stays() {
    for redis in [false, true] {
        let mut scene = Scene::new(redis).await;
        scene.smtp.be(Manner::Refuses);
        let (conversation, _) = scene.writes(ANNA).await;
        scene.answers(&conversation, "Есть").await;
        scene.app.world.advance_ms(10 * MINUTE);
        scene.reasons(&conversation, &[Some("letter_failed")]).await;

        // The mail server has no time, and they read it on the site meanwhile.
        scene.smtp.be(Manner::Busy);
        let (conversation, token) = scene.writes("busy@customer.example").await;
        scene.answers(&conversation, "Есть").await;
        scene.app.world.advance_ms(10 * MINUTE);
        scene.reasons(&conversation, &[Some("waits_for_visitor")]).await;
        let calls = scene.smtp.calls();
        until("it is tried", PATIENCE, async || (scene.smtp.calls() > calls || scene.letters().await == 2).then_some(())).await;
        let (mut back, ready) = scene.comes(json!({ "visitor_token": token })).await;
        back.say(json!({ "type": "read", "up_to": ready["messages"][1]["id"] })).await;
        until("the letter is taken back", PATIENCE, async || {
            scene.app.world.advance_ms(1_000);
            (scene.letters().await == 1).then_some(())
        })
        .await;
        assert_eq!(scene.states(&conversation).await, [("read".to_owned(), None)]);
    }
}

#[tokio::test]
async fn nobody_is_written_to_again_and_again() {
    let mut scene = Scene::new(false).await;
    let (conversation, token) = scene.writes(ANNA).await;
    for letter in 1..=3 {
        scene.answers(&conversation, "Есть").await;
        scene.app.world.advance_ms(10 * MINUTE);
        scene.smtp.letter(ANNA, letter).await;
        scene.asks(json!({ "visitor_token": token }), &format!("v-{}", letter + 1)).await;
    }
    // Another visitor who gives the same address is counted with them.
    let (other, _) = scene.writes(" ANNA@Customer.example").await;
    for conversation in [&conversation, &other] {
        scene.answers(conversation, "Есть").await;
    }
    scene.app.world.advance_ms(10 * MINUTE);
    let waits = async |conversation: &str| scene.states(conversation).await.pop().unwrap().1.as_deref() == Some("waits_for_visitor");
    until("both wait", PATIENCE, async || (waits(&conversation).await && waits(&other).await).then_some(())).await;
    assert_eq!((scene.letters().await, scene.smtp.to(ANNA).len()), (3, 3));
    // The next day there may be one.
    scene.app.world.advance_ms(24 * 60 * MINUTE);
    scene.asks(json!({ "visitor_token": token }), "v-9").await;
    scene.answers(&conversation, "Есть").await;
    scene.app.world.advance_ms(10 * MINUTE);
    scene.smtp.letter(ANNA, 4).await;
}
