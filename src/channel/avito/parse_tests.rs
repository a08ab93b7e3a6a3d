#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;

use super::*;
use crate::connector::lenient::any_json;
use crate::model::connection::{Health, HealthState};
use crate::model::ids::LoginId;

fn login() -> ProviderLogin {
    ProviderLogin {
        id: LoginId(1),
        provider: "avito".into(),
        app: None,
        external_key: "111".into(),
        sealed: String::new(),
        base_url: None,
        facts: std::collections::BTreeMap::new(),
        health: HealthState { status: Health::Connected, reason: None, since: Time(0) },
        created_at: Time(0),
        removed_at: None,
    }
}

fn delivery(value: &Value) -> Value {
    json!({ "id": "d", "version": "v3.0.0", "timestamp": 1, "payload": { "type": "message", "value": value } })
}

fn value(kind: &str, content: Value) -> Value {
    json!({ "id": "m1", "chat_id": "u2i-AbC", "chat_type": "u2i", "user_id": 111, "author_id": 222, "created": 1_760_000_500, "type": kind, "content": content, "item_id": 77 })
}

fn hook(body: &Value) -> Result<Routed, Unreadable> {
    route(&RawHook { body: body.to_string().into(), ..RawHook::default() }, &login())
}

fn came(value: &Value) -> Incoming {
    let routed = hook(&delivery(value)).unwrap();
    let mut events = parse(&routed.parts[0].1).unwrap();
    match events.remove(0) {
        ChannelEvent::Message(incoming) => *incoming,
        other => panic!("{other:?}"),
    }
}

/// C-AV-06: about a listing, and personal.
#[test]
fn a_message_of_a_buyer() {
    let incoming = came(&value("text", json!({ "text": "Продаёте?" })));
    assert_eq!((incoming.conversation_key.as_str(), incoming.external_id.as_deref()), ("u2i-AbC", Some("u2i-AbC/m1")));
    assert_eq!((incoming.place, incoming.context.scope), (Place::Listing("77".into()), MessageScope::Comment));
    assert_eq!((incoming.written_at, incoming.parts), (Time(1_760_000_500_000), vec![Part::Text { text: "Продаёте?".into() }]));
    assert_eq!((incoming.writer, incoming.peer), (Writer::Customer(person(222)), Some(person(222))));
    let mut personal = value("text", json!({ "text": "Добрый день" }));
    personal["item_id"] = Value::Null;
    let incoming = came(&personal);
    assert_eq!((incoming.place, incoming.context.scope), (Place::Private, MessageScope::Personal));
}

#[test]
fn what_the_seller_writes_comes_too() {
    let mut own = value("text", json!({ "text": "Да" }));
    own["author_id"] = json!(111);
    let incoming = came(&own);
    assert_eq!((incoming.writer, incoming.peer), (Writer::Account { mark: None }, None));
}

/// C-AV-04: each kind of content.
#[test]
fn contents_by_kind() {
    let post = |url: &str, title: &str| Part::Post { url: url.into(), title: title.into() };
    let open = |kind: &str| post("https://www.avito.ru/profile/messenger/channel/u2i-AbC", &format!("Avito: {kind}"));
    let sizes = json!({ "140x105": "small", "1280x960": "big", "odd": "x" });
    let table = [
        ("image", json!({ "image": { "sizes": sizes }, "text": null }), vec![], vec!["big"]),
        (
            "link",
            json!({ "link": { "text": "вот https://ex.am", "url": "https://ex.am/", "preview": null } }),
            vec![Part::Text { text: "вот https://ex.am".into() }],
            vec![],
        ),
        ("link", json!({ "link": { "text": "", "url": "https://ex.am", "preview": { "title": "Ex" } } }), vec![post("https://ex.am", "Ex")], vec![]),
        (
            "item",
            json!({ "item": { "title": "Лада", "item_url": "https://avito.ru/1", "image_url": "i", "price_string": "9\u{a0}₽" } }),
            vec![post("https://avito.ru/1", "Лада · 9\u{a0}₽")],
            vec!["i"],
        ),
        (
            "location",
            json!({ "location": { "title": "", "text": "Казань", "lat": 55.79, "lon": 49.12, "kind": "house" } }),
            vec![Part::Location { latitude_e7: 557_900_000, longitude_e7: 491_200_000, title: "Казань".into() }],
            vec![],
        ),
        ("location", json!({ "location": { "text": "Казань" } }), vec![Part::Text { text: "Казань".into() }], vec![]),
        ("call", json!({ "call": { "status": "missed" } }), vec![Part::Call { missed: true, video: false }], vec![]),
        ("voice", json!({ "voice": { "voice_id": "v1" } }), vec![], vec!["voice:v1"]),
        ("file", json!({}), vec![open("file")], vec![]),
        ("video", json!({}), vec![open("video")], vec![]),
        ("hologram", json!(null), vec![open("hologram")], vec![]),
        ("image", json!({ "image": null }), vec![open("image")], vec![]),
    ];
    for (kind, content, parts, files) in table {
        let incoming = came(&value(kind, content.clone()));
        let found: Vec<&str> = incoming.remote.iter().map(|file| file.locator.as_str()).collect();
        assert_eq!((incoming.parts, found), (parts, files), "{kind} {content}");
    }
}

#[test]
fn what_is_no_message_changes_what_it_says() {
    let event = |value: &Value| parse(&hook(&delivery(value)).unwrap().parts[0].1).unwrap();
    assert_eq!(event(&value("system", json!({ "text": "скидка" }))), []);
    let deleted = ChannelEvent::Deleted { account: String::new(), external_id: "u2i-AbC/m1".into(), at: Time(0) };
    assert_eq!(event(&value("deleted", json!({}))), [deleted]);
    let read = ChannelEvent::ReadUpToExternal { account: String::new(), external_id: "u2i-AbC/m1".into() };
    assert_eq!(parse(&read_part("u2i-AbC", "m1")), Ok(vec![read]));
    assert_eq!(read_external("u2i-AbC/m1"), Some(("u2i-AbC", "m1")));
}

#[test]
fn who_may_speak_for_avito() {
    let nothing = Routed { parts: vec![], answer: HookAnswer::ok() };
    assert_eq!((hook(&json!({})), hook(&json!({ "payload": { "type": "other" } }))), (Ok(nothing.clone()), Ok(nothing)));
    let mut other = value("text", json!({ "text": "x" }));
    other["user_id"] = json!(112);
    assert_eq!(hook(&delivery(&other)).unwrap().answer, HookAnswer::forbidden());
}

/// What a look into the chats finds says whom it is with, and about what.
#[test]
fn a_chat_tells_of_itself() {
    let chat = json!({
        "id": "u2i-AbC",
        "context": { "type": "item", "value": { "id": 77, "title": "Лада Веста", "price_string": "900\u{a0}000\u{a0}₽", "url": "https://avito.ru/77", "location": { "title": "Казань" } } },
        "users": [{ "id": 222, "name": "Иван", "public_user_profile": { "url": "https://avito.ru/user/1" } }, { "id": 111, "name": "Магазин" }],
    });
    let message =
        json!({ "id": "m1", "author_id": 222, "created": 5, "direction": "in", "type": "text", "content": { "text": "?" }, "quote": { "id": "m0" } });
    let read = |message: &Value| match parse(&part(&chat, message, "111")).unwrap().remove(0) {
        ChannelEvent::Message(incoming) => *incoming,
        other => panic!("{other:?}"),
    };
    let incoming = read(&message);
    assert_eq!(incoming.place_title.as_deref(), Some("Лада Веста · 900\u{a0}000\u{a0}₽ · Казань"));
    assert_eq!((incoming.place, incoming.context.listing.as_deref()), (Place::Listing("77".into()), Some("https://avito.ru/77")));
    assert_eq!((incoming.peer.as_ref().unwrap().name.as_str(), incoming.reply_to_external.as_deref()), ("Иван", Some("u2i-AbC/m0")));
    let mut own = message.clone();
    own["author_id"] = json!(111);
    let echo = read(&own);
    assert_eq!((echo.writer, echo.peer.map(|peer| peer.name)), (Writer::Account { mark: None }, Some("Иван".into())));
    assert_eq!(known(&json!({ "users": [{ "id": 111 }] }), 111), Told::default());
}

/// The smallest face that is large enough, and none of those that many have.
#[test]
fn whose_face_it_is() {
    let told = |images: Value| {
        let profile = json!({ "avatar": { "default": "https://a.test/default.png", "images": images } });
        known(&json!({ "users": [{ "id": 222, "public_user_profile": profile }] }), 111).buyer.and_then(|buyer| buyer.picture)
    };
    let locator = |images: Value| told(images).map(|face| face.locator);
    let several = json!({ "64x64": "https://a.test/64", "1024x1024": "https://a.test/1024", "128x128": "https://a.test/128?s=1" });
    assert_eq!(locator(several), Some("https://a.test/128?s=1".into()));
    assert_eq!(locator(json!({ "64x64": "https://a.test/64", "32x32": "https://a.test/32" })), Some("https://a.test/64".into()));
    assert_eq!(told(json!({ "128x128": "https://static.avito.ru/stub_avatars/_/14_128x128.png" })), Some(Box::default()));
    assert_eq!((locator(json!({})), locator(json!(null)), locator(json!({ "128x128": "" }))), (None, None, None));
    let key = |url: &str| RemotePicture::at(url).map(|face| face.key);
    assert_eq!(key("https://a.test/128?s=1"), key("https://b.test/128?s=2#x"));
    assert_ne!(key("https://a.test/128"), key("https://a.test/129"));
    assert_eq!((key("https://a.test/"), key("a.test"), key("")), (None, None, None));
}

const NAMES: &[&str] = &[
    "payload",
    "value",
    "type",
    "message",
    "id",
    "chat_id",
    "user_id",
    "author_id",
    "created",
    "content",
    "text",
    "image",
    "sizes",
    "link",
    "url",
    "preview",
    "title",
    "item",
    "item_url",
    "location",
    "lat",
    "lon",
    "call",
    "status",
    "voice",
    "voice_id",
    "item_id",
    "quote",
    "chat",
    "users",
    "context",
    "name",
    "read",
    "1280x960",
    "public_user_profile",
    "avatar",
    "images",
    "main",
];

proptest! {
    #[test]
    fn any_json_is_read_or_refused(value in any_json(NAMES), kind in prop::sample::select(NAMES), content in any_json(NAMES)) {
        let shaped = json!({ "id": "m", "chat_id": "c", "user_id": 111, "author_id": 2, "type": kind, "content": content });
        for value in [&value, &shaped] {
            for body in [value.clone(), delivery(value)] {
                let _ = parse(body.to_string().as_bytes()); // must not panic
                if let Ok(routed) = hook(&body) {
                    for (_, part) in routed.parts {
                        let _ = parse(&part); // must not panic
                    }
                }
            }
            let _ = (parse(&part(&content, value, "111")), known(value, 1)); // must not panic
        }
    }
}
