#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::connector::lenient::any_json;
use crate::model::connection::{Health, HealthState};
use crate::model::ids::LoginId;

fn one(kind: &str, object: &Value) -> ChannelEvent {
    let mut events = parse(json!({ "type": kind, "group_id": 1, "event_id": "e", "object": object }).to_string().as_bytes()).unwrap();
    assert_eq!(events.len(), 1, "{kind} {object}");
    events.remove(0)
}

fn none(kind: &str, object: &Value) {
    let found = parse(json!({ "type": kind, "group_id": 1, "object": object }).to_string().as_bytes());
    assert_eq!(found, Ok(Vec::new()), "{kind} {object}");
}

fn came(kind: &str, object: &Value) -> Incoming {
    match one(kind, object) {
        ChannelEvent::Message(incoming) => *incoming,
        other => panic!("{other:?}"),
    }
}

fn said(incoming: &Incoming) -> String {
    crate::model::message::plain_text(&incoming.parts)
}

/// C-VK-04, C-VK-05: a customer writes, and answers a message.
#[test]
fn a_message_of_a_person() {
    let message = json!({
        "id": 101, "conversation_message_id": 7, "date": 1_760_000_000, "peer_id": 500, "from_id": 500, "out": 0, "text": "Добрый день",
        "random_id": 0, "reply_message": { "conversation_message_id": 5, "peer_id": 500, "text": "?" },
    });
    let incoming = came("message_new", &json!({ "message": message, "client_info": {} }));
    assert_eq!((incoming.account.as_str(), incoming.conversation_key.as_str(), &incoming.place), ("messages", "500", &Place::Private));
    assert_eq!((incoming.external_id.as_deref(), incoming.reply_to_external.as_deref()), (Some("500_7"), Some("500_5")));
    assert_eq!((incoming.written_at, said(&incoming).as_str()), (Time(1_760_000_000_000), "Добрый день"));
    assert_eq!((incoming.writer, incoming.peer), (Writer::Customer(person(500)), Some(person(500))));
    assert_eq!(incoming.visit, None);
}

/// C-VK-10, C-VK-11.
#[test]
fn the_mark_of_a_link_is_a_visit() {
    let message =
        json!({ "conversation_message_id": 1, "date": 1, "peer_id": 500, "from_id": 500, "text": "Начать", "ref": "promo1", "ref_source": "banner" });
    let visit = came("message_new", &json!({ "message": message })).visit.unwrap();
    let marks: Vec<_> = visit.marks.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!((marks, visit.code.as_str(), visit.visitor.as_str()), (vec![("ref", "promo1"), ("ref_source", "banner")], "vk1-500-1", "500"));
}

#[test]
fn a_message_in_a_chat_has_three_names() {
    let message = |from: i64| json!({ "message": { "id": 0, "conversation_message_id": 3, "date": 1, "peer_id": 2_000_000_004_i64, "from_id": from, "text": "x" } });
    for from in [500, 501, 502] {
        let incoming = came("message_new", &message(from));
        assert_eq!(incoming.writer, Writer::Customer(person(from)));
        assert_eq!((incoming.place, incoming.peer, incoming.place_title.as_deref()), (Place::Group("2000000004".into()), None, Some("VK 4")));
        assert_eq!(incoming.external_id.as_deref(), Some("2000000004_3"));
    }
    let mut service = message(500);
    service["message"]["action"] = json!({ "type": "chat_invite_user" });
    none("message_new", &service);
}

/// What the community says comes back with the number it was sent with; by hand it has none.
#[test]
fn echoes_carry_their_mark() {
    let reply = |random_id: i64| json!({ "id": 102, "conversation_message_id": 8, "date": 1, "peer_id": 500, "from_id": -1, "out": 1, "text": "x", "random_id": random_id });
    for (number, mark) in [(77, Some("77".to_owned())), (0, None)] {
        let incoming = came("message_reply", &reply(number));
        assert_eq!((incoming.writer, incoming.peer), (Writer::Account { mark }, Some(person(500))));
    }
}

#[test]
fn what_else_happens_in_a_dialog() {
    let edited = json!({ "conversation_message_id": 7, "peer_id": 500, "from_id": 500, "date": 1, "update_time": 5, "text": "иначе" });
    let wanted = ChannelEvent::Edited {
        account: "messages".into(),
        external_id: "500_7".into(),
        parts: vec![crate::model::message::Part::Text { text: "иначе".into() }],
        at: Time(5_000),
    };
    assert_eq!(one("message_edit", &edited), wanted);
    let reachable = |reason: Option<&str>| ChannelEvent::Reachable { person: person(500), reason: reason.map(Reason::new) };
    assert_eq!(one("message_allow", &json!({ "user_id": 500, "key": "k" })), reachable(None));
    assert_eq!(one("message_deny", &json!({ "user_id": 500 })), reachable(Some("messages_not_allowed")));
    assert_eq!(one("user_block", &json!({ "user_id": 500, "admin_id": 7 })), reachable(Some("person_blocked")));
    assert_eq!(one("user_unblock", &json!({ "user_id": 500 })), reachable(None));
    let read = ChannelEvent::ReadUpToExternal { account: "messages".into(), external_id: "500_8".into() };
    assert_eq!(one("message_read", &json!({ "from_id": 500, "peer_id": 500, "read_message_id": 102, "conversation_message_id": 8 })), read);
    none("message_read", &json!({ "from_id": -1, "peer_id": 500, "conversation_message_id": 8 }));
    let typing = ChannelEvent::Typing { account: "messages".into(), conversation_key: "500".into() };
    assert_eq!(one("message_typing_state", &json!({ "state": "typing", "from_id": 500, "to_id": -1 })), typing);
    none("message_typing_state", &json!({ "state": "typing", "from_id": -1, "to_id": 500 }));
    let reacted = |emoji: Option<&str>| ChannelEvent::Reacted {
        account: "messages".into(),
        external_id: "500_8".into(),
        person: person(500),
        emoji: emoji.map(str::to_owned),
    };
    assert_eq!(one("message_reaction_event", &json!({ "reacted_id": 500, "peer_id": 500, "cmid": 8, "reaction_id": 4 })), reacted(Some("👍")));
    assert_eq!(one("message_reaction_event", &json!({ "reacted_id": 500, "peer_id": 500, "cmid": 8 })), reacted(None));
    none("message_reaction_event", &json!({ "reacted_id": 500, "peer_id": 500, "cmid": 8, "reaction_id": 999 }));
}

#[test]
fn a_button_that_was_pressed_is_words() {
    for payload in [json!({ "a": 1 }), json!("{\"a\":1}")] {
        let incoming = came("message_event", &json!({ "user_id": 500, "peer_id": 500, "event_id": "b", "payload": payload }));
        assert_eq!((said(&incoming).as_str(), incoming.external_id.as_deref()), ("{\"a\":1}", Some("500_press_b")));
    }
}

/// C-VKC: comments on each of four things, each its own conversation with each person.
#[test]
fn comments_by_what_they_stand_under() {
    let table = [
        ("wall_reply_new", json!({ "post_id": 6, "post_owner_id": -1, "owner_id": -1 }), "wall-1_6", "vk.com/wall-1_6"),
        ("wall_reply_new", json!({ "post_id": 6, "owner_id": -1 }), "wall-1_6", "vk.com/wall-1_6"),
        ("photo_comment_new", json!({ "photo_id": 5, "photo_owner_id": -1 }), "photo-1_5", "vk.com/photo-1_5"),
        ("video_comment_new", json!({ "video_id": 4, "video_owner_id": -1 }), "video-1_4", "vk.com/video-1_4"),
        ("market_comment_new", json!({ "item_id": 3, "market_owner_id": -1, "photo_id": 9 }), "market-1_3", "vk.com/product-1_3"),
    ];
    for (kind, place, key, title) in table {
        let mut object = json!({ "id": 33, "from_id": 500, "date": 1, "text": "[club1|Магазин], сколько?", "parents_stack": [31], "reply_to_comment": 32, "reply_to_user": 7 });
        object.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        let incoming = came(kind, &object);
        assert_eq!((incoming.account.as_str(), &incoming.place), ("comments", &Place::Post(key.into())));
        assert_eq!((incoming.conversation_key, incoming.external_id), (format!("{key}:500"), Some(format!("{key}_33"))));
        assert_eq!((incoming.place_title.as_deref(), incoming.reply_to_external), (Some(title), Some(format!("{key}_32"))));
        assert_eq!((incoming.context.scope, incoming.context.top_comment), (MessageScope::Comment, Some(format!("{key}_31"))));
        assert_eq!(crate::model::message::plain_text(&incoming.parts), "Магазин, сколько?");
    }
}

#[test]
fn what_the_community_comments() {
    let ours = |user: i64| json!({ "id": 34, "from_id": -1, "date": 1, "text": "100 ₽", "post_id": 6, "owner_id": -1, "reply_to_comment": 33, "reply_to_user": user });
    let incoming = came("wall_reply_new", &ours(500));
    assert_eq!(
        (incoming.writer, incoming.conversation_key.as_str(), incoming.peer),
        (Writer::Account { mark: None }, "wall-1_6:500", Some(person(500)))
    );
    none("wall_reply_new", &ours(0));
    none("wall_reply_new", &ours(-1));
    let edited = one("wall_reply_edit", &json!({ "id": 33, "from_id": 500, "date": 1, "text": "иначе", "post_id": 6, "owner_id": -1 }));
    assert!(matches!(edited, ChannelEvent::Edited { account, external_id, .. } if account == "comments" && external_id == "wall-1_6_33"));
    let deleted = one("wall_reply_delete", &json!({ "owner_id": -1, "post_id": 6, "id": 33, "deleter_id": 7 }));
    assert!(matches!(deleted, ChannelEvent::Deleted { account, external_id, .. } if account == "comments" && external_id == "wall-1_6_33"));
}

#[test]
fn who_a_person_is() {
    let user = json!({ "id": 500, "first_name": "Анна", "last_name": "К.", "domain": "anna", "city": { "title": "Москва" }, "bdate": "1.2.1990", "mobile_phone": "+7 999 000-11-22" });
    let plain = profile(&user, false).unwrap();
    assert_eq!((plain.name.as_str(), plain.username.as_str(), plain.phones.len(), plain.about.len()), ("Анна К.", "anna", 0, 1));
    let extended = profile(&user, true).unwrap();
    assert_eq!(
        (extended.about.get("city").map(String::as_str), extended.about.get("birthday").map(String::as_str)),
        (Some("Москва"), Some("1.2.1990"))
    );
    assert_eq!(extended.phones.first().map(|claim| claim.value.as_str()), Some("+7 999 000-11-22"));
    let odd = json!({ "id": 501, "first_name": "Б", "mobile_phone": "звоните мужу" });
    assert_eq!(profile(&odd, true).unwrap().phones, []);
    // Their own picture; the one everybody has says that they have none; no word of one says nothing.
    let picture = |more: Value| {
        let mut user = json!({ "id": 500 });
        user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        profile(&user, false).unwrap().picture.map(|picture| picture.locator)
    };
    let own = "https://sun1-1.userapi.com/s/a.jpg?size=200x200";
    assert_eq!(picture(json!({ "photo_200": own, "has_photo": 1 })), Some(own.to_owned()));
    for none in [json!({ "photo_200": own, "has_photo": 0 }), json!({ "photo_200": "https://vk.com/images/camera_200.png" })] {
        assert_eq!(picture(none), Some(String::new()));
    }
    assert_eq!(picture(json!({})), None);
}

fn login() -> ProviderLogin {
    ProviderLogin {
        id: LoginId(1),
        provider: "vk".into(),
        app: None,
        external_key: "1".into(),
        sealed: String::new(),
        base_url: None,
        facts: std::collections::BTreeMap::new(),
        health: HealthState { status: Health::Connected, reason: None, since: Time(0) },
        created_at: Time(0),
        removed_at: None,
    }
}

fn hook(body: &Value, secret: Option<&str>, query: &str) -> RawHook {
    RawHook { query: query.into(), secret: secret.map(str::to_owned), body: body.to_string().into(), ..RawHook::default() }
}

#[test]
fn who_may_speak_for_vk() {
    let secret = "s".repeat(64);
    let event = json!({ "type": "message_new", "group_id": 1, "event_id": "e", "secret": "s".repeat(50), "object": {} });
    let routed = route(&hook(&event, Some(&secret), ""), &login()).unwrap();
    assert_eq!((routed.answer, routed.parts.len()), (HookAnswer { status: 200, body: "ok".into() }, 1));
    let (key, part) = routed.parts.into_iter().next().unwrap();
    assert_eq!((key.as_str(), String::from_utf8_lossy(&part).contains("secret")), ("1", false));
    let status = |change: &dyn Fn(&mut Value)| {
        let mut event = event.clone();
        change(&mut event);
        route(&hook(&event, Some(&secret), ""), &login()).unwrap().answer.status
    };
    assert_eq!(status(&|event| event["secret"] = json!("wrong")), 403);
    assert_eq!(status(&|event| event["secret"] = Value::Null), 403);
    assert_eq!(status(&|event| event["group_id"] = json!(2)), 403);
    // From quarantine: who sent it was checked when it came.
    assert_eq!(route(&hook(&json!({ "type": "x", "group_id": 1 }), None, ""), &login()).unwrap().parts.len(), 1);
}

#[test]
fn vk_hears_the_code_while_the_server_is_added() {
    let ask = |query: &str| route(&hook(&json!({ "type": "confirmation", "group_id": 1, "secret": "s" }), Some("s"), query), &login()).unwrap();
    assert_eq!(ask("confirm=a1b2c3").answer, HookAnswer { status: 200, body: "a1b2c3".into() });
    assert_eq!(ask("a=b&confirm=a1b2c3").parts, []);
    assert_eq!((ask("").answer.status, ask("confirm=%3Cb%3E").answer.status, ask("confirmed=1").answer.status), (403, 403, 403));
}

const NAMES: &[&str] = &[
    "type",
    "group_id",
    "object",
    "message",
    "peer_id",
    "from_id",
    "conversation_message_id",
    "date",
    "text",
    "out",
    "random_id",
    "attachments",
    "photo",
    "sizes",
    "url",
    "width",
    "doc",
    "title",
    "video",
    "wall",
    "fwd_messages",
    "reply_message",
    "geo",
    "coordinates",
    "latitude",
    "longitude",
    "id",
    "post_id",
    "owner_id",
    "user_id",
    "parents_stack",
    "reply_to_user",
    "message_new",
    "message_reply",
    "message_edit",
    "wall_reply_new",
    "market_comment_new",
    "photo_comment_delete",
    "message_read",
    "message_reaction_event",
    "cmid",
    "reaction_id",
    "ref",
    "secret",
    "confirmation",
];

proptest! {
    #[test]
    fn any_json_is_read_or_refused(value in any_json(NAMES), object in any_json(NAMES), kind in prop::sample::select(NAMES)) {
        let shaped = json!({ "type": kind, "group_id": 1, "object": object });
        for body in [&value, &shaped] {
            let _ = parse(body.to_string().as_bytes()); // must not panic
            if let Ok(routed) = route(&hook(body, Some("s"), "confirm=x"), &login()) {
                for (_, part) in routed.parts {
                    let _ = parse(&part); // must not panic
                }
            }
        }
        let _ = profile(&object, true); // must not panic
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = parse(&bytes); // must not panic
    }
}
