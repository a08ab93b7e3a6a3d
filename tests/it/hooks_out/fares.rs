//! How deliveries go out, and what becomes of those that are not taken.

use kommutator::model::protocol::Role;
use serde_json::{Value, json};

use super::{DAY, MINUTE, Scene, text};
use crate::support::receiver::{Answers, Told};

pub(super) async fn what_happens_is_told_signed_and_in_order(mut scene: Scene) {
    let events = ["message.added", "conversation.opened", "conversation.closed", "conversation.assigned", "conversation.rated"];
    let (hook, secret) = scene.hook(&events).await;
    let (conversation, message) = scene.says("Есть синий?").await;
    let first = scene.receiver.until(2).await;
    assert_eq!(first.iter().map(Told::event).collect::<Vec<_>>(), ["conversation.opened", "message.added"]);
    let added = first[1].json();
    assert_eq!((text(&added["data"]["message"], "id"), text(&added["data"], "conversation")), (message, conversation.clone()));
    assert_eq!(added["id"], first[1].id(), "the body names itself");
    assert_eq!(added["workspace"], scene.workspace.0);
    assert_eq!(first[0].json()["data"]["fact"]["kind"], "opened");
    for told in &first {
        assert!(told.is_signed_by(&secret), "{told:?}");
        assert!(!told.is_signed_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        assert_eq!(told.header("content-type"), "application/json");
    }
    let me = scene.owner.get("/api/v1/me").await.body;
    let assign = json!({ "user": me["id"] });
    assert_eq!(scene.owner.ask("POST", &format!("/api/v1/conversations/{conversation}/assign"), assign).await.status, 200);
    assert_eq!(scene.owner.ask("POST", &format!("/api/v1/conversations/{conversation}/close"), Value::Null).await.status, 200);
    let told = scene.receiver.until(4).await;
    assert_eq!(told[2..].iter().map(Told::event).collect::<Vec<_>>(), ["conversation.assigned", "conversation.closed"]);
    assert_eq!(told[2].json()["data"]["fact"]["to"], me["id"]);
    assert_eq!(told[3].json()["data"]["conversation"]["status"], "closed");
    let (_, log) =
        scene.until("all were taken", &hook, |shown, log| shown["waiting"] == 0 && log.iter().all(|one| one["status"] == "delivered")).await;
    assert_eq!(log.len(), 4);
    assert!(log.iter().all(|one| one["code"] == 200 && one["tries"] == 1 && one["next_at"] == Value::Null), "{log:?}");
    for words in ["раз", "два", "три", "четыре", "пять"] {
        scene.says(words).await;
    }
    let told = scene.receiver.until(10).await;
    let words: Vec<String> = told.iter().filter(|told| told.event() == "message.added").map(Told::text).collect();
    assert_eq!(words, ["Есть синий?", "раз", "два", "три", "четыре", "пять"]);
}

pub(super) async fn only_what_is_asked_for_is_told(mut scene: Scene) {
    scene.says("до вебхука").await;
    let (hook, _) = scene.hook(&["message.added"]).await;
    let (other, other_key) = scene.app.widget(scene.workspace, "Второй").await;
    let narrow = json!({ "name": "Узкий", "url": scene.receiver.url, "events": ["message.added"], "channels": [other.id] });
    let narrow = text(&scene.owner.post("/api/v1/webhooks", narrow).await.body, "id");
    scene.says("после").await;
    let told = scene.receiver.until(1).await;
    assert_eq!(told[0].text(), "после", "what was before it was made is not told");
    // Switched off it is told nothing, and what happened meanwhile is not made good.
    let path = format!("/api/v1/webhooks/{hook}");
    assert_eq!(scene.owner.ask("PATCH", &path, json!({ "on": false })).await.body["on"], false);
    scene.says("пока выключен").await;
    assert_eq!(scene.owner.ask("PATCH", &path, json!({ "on": true })).await.body["on"], true);
    scene.says("снова включён").await;
    let (mut second, _) = scene.app.visitor(&other_key).await;
    second.say(json!({ "type": "send", "client_id": "s-1", "text": "во второй" })).await;
    let told = scene.receiver.until(4).await;
    let mut words: Vec<String> = told.iter().map(Told::text).collect();
    words.sort();
    assert_eq!(words, ["во второй", "во второй", "после", "снова включён"]);
    assert_eq!(scene.log(&narrow, "").await.len(), 1);
}

pub(super) async fn a_customer_of_two_channels_is_told_by_each(mut scene: Scene) {
    let (_, other_key) = scene.app.widget(scene.workspace, "Второй").await;
    let (first, _) = scene.says("в первый").await;
    let (mut second, _) = scene.app.visitor(&other_key).await;
    second.say(json!({ "type": "send", "client_id": "s-1", "text": "во второй" })).await;
    let accepted = second.until(|frame| frame["type"] == "accepted").await.pop().unwrap();
    let (mut people, mut channels) = (Vec::new(), Vec::new());
    for conversation in [first, text(&accepted["message"], "conversation")] {
        people.push(text(&scene.owner.get(&format!("/api/v1/conversations/{conversation}/person")).await.body, "customer"));
        channels.push(text(&scene.owner.get(&format!("/api/v1/conversations/{conversation}")).await.body, "channel"));
    }
    let merged = scene.owner.post(&format!("/api/v1/customers/{}/merge", people[1]), json!({ "into": people[0] })).await;
    assert_eq!(merged.status, 200, "{}", merged.text);
    let mut hooks = Vec::new();
    for channel in &channels {
        let narrow = json!({ "name": "Узкий", "url": scene.receiver.url, "events": ["customer.updated"], "channels": [channel] });
        hooks.push(text(&scene.owner.post("/api/v1/webhooks", narrow).await.body, "id"));
    }
    let renamed = scene.owner.patch(&format!("/api/v1/customers/{}", people[0]), json!({ "name": "Анна" })).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    for hook in hooks {
        scene.until("it was told of its own channel", &hook, |_, log| log.len() == 1 && log[0]["status"] == "delivered").await;
    }
}

pub(super) async fn what_fails_is_tried_again_and_holds_up_its_conversation(mut scene: Scene) {
    let (hook, _) = scene.hook(&["message.added"]).await;
    scene.receiver.answers([Answers::Status(500), Answers::With(503, "Retry-After: 40\r\n")]);
    scene.says("первое").await;
    scene.receiver.until(1).await;
    scene.says("второе").await;
    let (shown, log) =
        scene.until("the first failed and both wait", &hook, |shown, log| shown["waiting"] == 2 && log.len() == 2 && log[1]["code"] == 500).await;
    assert_eq!((text(&shown["reason"], "code"), shown["failing_since"].is_string()), ("outside_failed".to_owned(), true));
    assert_eq!((&log[0]["tries"], &log[1]["tries"]), (&json!(0), &json!(1)), "the second waits for the first");
    scene.advance(10_000);
    scene.until("the second try failed", &hook, |_, log| log[1]["tries"] == 2 && log[1]["code"] == 503).await;
    // It asked for 40 seconds.
    scene.advance(38_000);
    scene.until("nobody was told", &hook, |_, log| log[1]["tries"] == 2).await;
    scene.advance(5_000);
    let told = scene.receiver.until(4).await;
    assert_eq!(told.iter().map(Told::text).collect::<Vec<_>>(), ["первое", "первое", "первое", "второе"]);
    assert!(told[0].id() == told[1].id() && told[1].id() == told[2].id() && told[2].id() != told[3].id());
    let (shown, _) = scene.until("it is well again", &hook, |shown, _| shown["waiting"] == 0 && shown["failing_since"].is_null()).await;
    assert_eq!(shown["reason"], Value::Null);
    // What fails again and again is passed by the later ones.
    scene.receiver.answers([Answers::Status(500), Answers::Status(500), Answers::Status(500)]);
    scene.says("упрямое").await;
    scene.receiver.until(5).await;
    scene.says("обходит").await;
    for (tries, pause) in [(2, 10_000), (3, 60_000)] {
        scene.advance(pause);
        scene.until("another try", &hook, |_, log| log.iter().any(|one| one["tries"] == tries && one["code"] == 500)).await;
    }
    scene.advance(1_000);
    let told = scene.receiver.until(8).await;
    assert_eq!(told[7].text(), "обходит");
    scene.advance(5 * MINUTE);
    assert_eq!(scene.receiver.until(9).await[8].text(), "упрямое");
}

pub(super) async fn each_answer_has_its_end(scene: Scene) {
    let table: [(&str, Answers, &str); 5] = [
        ("a redirect is not followed", Answers::With(302, "Location: http://127.0.0.1:1/\r\n"), "outside_redirected"),
        ("not found may be found later", Answers::Status(404), "outside_gone"),
        ("a refusal", Answers::Status(422), "outside_refused"),
        ("too many", Answers::Status(429), "outside_failed"),
        ("a server that broke", Answers::Status(502), "outside_failed"),
    ];
    let (hook, _) = scene.hook(&["message.added"]).await;
    for (at, (what, answer, code)) in table.into_iter().enumerate() {
        scene.receiver.answers([answer]);
        assert_eq!(scene.owner.post(&format!("/api/v1/webhooks/{hook}/test"), Value::Null).await.status, 202, "{what}");
        let (_, log) = scene.until(what, &hook, |_, log| log.len() == at + 1 && log[0]["reason"]["code"] == code).await;
        assert_eq!((&log[0]["status"], &log[0]["event"]), (&json!("waiting"), &json!("test")), "{what}");
    }
    let one = text(&scene.log(&hook, "").await[0], "id");
    let whole = scene.owner.get(&format!("/api/v1/webhooks/{hook}/deliveries/{one}")).await.body;
    assert_eq!(whole["response"], "слова приёмника");
    assert!(text(&whole, "request").contains("\"event\":\"test\""));
    // After a day it is over.
    scene.receiver.always(Answers::Status(500));
    scene.advance(DAY + MINUTE);
    scene.until("all failed", &hook, |shown, log| shown["waiting"] == 0 && log.iter().all(|one| one["status"] == "failed")).await;
    assert_eq!(scene.log(&hook, "status=failed").await.len(), 5);
    assert!(scene.log(&hook, "status=delivered").await.is_empty() && scene.log(&hook, "event=message.added").await.is_empty());
    assert_eq!(scene.owner.get(&format!("/api/v1/webhooks/{hook}/deliveries?status=odd")).await.status, 400);
}

pub(super) async fn one_that_takes_nothing_is_switched_off(mut scene: Scene) {
    let (hook, _) = scene.hook(&["message.added"]).await;
    scene.receiver.always(Answers::Status(500));
    // Four days of failures: each message is tried for its day, and the clock waits for each try.
    let sum = |log: &[Value]| log.iter().filter_map(|one| one["tries"].as_u64()).sum::<u64>();
    let mut tries = 0;
    for day in 0..4 {
        scene.says(&format!("день {day}")).await;
        for _ in 0..8 {
            let (_, log) = scene.until("a try", &hook, |shown, log| shown["on"] == false || sum(log) > tries).await;
            tries = sum(&log);
            scene.advance(DAY / 8 + MINUTE);
        }
    }
    let (shown, _) = scene.until("it is off", &hook, |shown, _| shown["on"] == false).await;
    assert!(shown["off_at"].is_string() && shown["reason"]["code"] == "outside_failed", "{shown}");
    let letter = scene.smtp.letter(&scene.address, 1).await.text();
    assert!(letter.contains("Вебхук «Склад»") && letter.contains(&format!("https://chat.example/settings/webhooks/{hook}")), "{letter}");
    assert_eq!(scene.owner.post(&format!("/api/v1/webhooks/{hook}/test"), Value::Null).await.short(), "409 webhook_off");
    // One that says it is gone is believed at once; switching on makes a new beginning.
    scene.receiver.always(Answers::Status(410));
    let path = format!("/api/v1/webhooks/{hook}");
    let on = scene.owner.ask("PATCH", &path, json!({ "on": true })).await.body;
    assert_eq!((&on["off_at"], &on["failing_since"], &on["reason"]), (&Value::Null, &Value::Null, &Value::Null));
    scene.owner.post(&format!("/api/v1/webhooks/{hook}/test"), Value::Null).await;
    let (shown, _) = scene.until("it is off again", &hook, |shown, _| shown["on"] == false).await;
    assert_eq!(shown["reason"]["code"], "outside_gone");
    scene.smtp.letter(&scene.address, 2).await;

    // Who made it is told; the owners, once that person is not here any more.
    let admin = scene.app.member(scene.workspace, Role::Admin, None).await;
    let client = scene.app.client(&scene.app.session(scene.workspace, admin).await);
    let other = json!({ "name": "Учёт", "url": scene.receiver.url, "events": ["message.added"] });
    let other = text(&client.post("/api/v1/webhooks", other).await.body, "id");
    assert_eq!(scene.owner.ask("DELETE", &format!("/api/v1/users/{admin}"), Value::Null).await.status, 204);
    scene.owner.post(&format!("/api/v1/webhooks/{other}/test"), Value::Null).await;
    scene.until("the other is off", &other, |shown, _| shown["on"] == false).await;
    assert!(scene.smtp.letter(&scene.address, 3).await.text().contains("Вебхук «Учёт»"));
    assert_eq!((scene.smtp.to(&scene.address).len(), scene.smtp.to(&format!("{admin}@shop.example")).len()), (3, 0), "each once");
}

pub(super) async fn a_slow_one_delays_no_other(mut scene: Scene) {
    let slow = crate::support::receiver::Receiver::start().await;
    slow.always(Answers::Silence);
    let fields = json!({ "name": "Медленный", "url": slow.url, "events": ["message.added"] });
    assert_eq!(scene.owner.post("/api/v1/webhooks", fields).await.status, 201);
    scene.hook(&["message.added"]).await;
    for words in ["раз", "два", "три"] {
        scene.says(words).await;
    }
    let told = scene.receiver.until(3).await;
    assert_eq!(told.iter().map(Told::text).collect::<Vec<_>>(), ["раз", "два", "три"]);
    assert_eq!(slow.told().len(), 1, "it holds its own only");
}

pub(super) async fn a_form_says_what_is_wrong(scene: Scene) {
    let good = json!({ "name": "Склад", "url": scene.receiver.url, "events": ["message.added"] });
    let with = |name: &str, value: Value| {
        let mut fields = good.clone();
        fields[name] = value;
        fields
    };
    for (fields, field, code) in [
        (with("name", json!(" ")), "name", "required"),
        (with("name", json!("я".repeat(81))), "name", "too_long"),
        (with("url", json!("")), "url", "required"),
        (with("url", json!("ftp://shop.example/")), "url", "outside_address"),
        (with("url", json!("https://me:word@shop.example/")), "url", "outside_address"),
        (with("events", json!([])), "events", "required"),
        (with("events", json!(["test"])), "events", "required"),
        (with("channels", json!([])), "channels", "required"),
        (with("channels", json!(["0000000000001"])), "channels", "unknown_channel"),
    ] {
        let answer = scene.owner.post("/api/v1/webhooks", fields.clone()).await;
        assert_eq!((answer.short().as_str(), answer.body["params"]["field"].as_str()), (format!("422 {code}").as_str(), Some(field)), "{fields}");
    }
    for _ in 0..20 {
        assert_eq!(scene.owner.post("/api/v1/webhooks", good.clone()).await.status, 201);
    }
    assert_eq!(scene.owner.post("/api/v1/webhooks", good).await.short(), "409 too_many");
}
