//! What each kind of update is read as. The names are those of the inventory: C-TGB (the bot), C-TG (a personal account, as far as a bot can serve it).

use serde_json::{Value, json};

use super::*;
use crate::channel::contract::{FileShape, RemoteFile};
use crate::model::connection::{Health, HealthState};
use crate::model::ids::LoginId;
use crate::model::message::plain_text;

const AT: i64 = 1_760_000_000;

pub(super) fn anna() -> Value {
    json!({"id": 5, "is_bot": false, "first_name": "Анна", "last_name": "К", "username": "anna", "language_code": "ru"})
}

fn private() -> Value {
    json!({"id": 5, "type": "private", "first_name": "Анна", "username": "anna"})
}

fn group() -> Value {
    json!({"id": -1001, "type": "supergroup", "title": "Покупатели"})
}

/// A message with these fields over the usual ones.
pub(super) fn with(over: &Value) -> Value {
    let mut message = json!({"message_id": 10, "date": AT, "chat": private(), "from": anna()});
    for (name, value) in over.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

fn events(kind: &str, body: &Value) -> Vec<ChannelEvent> {
    parse(json!({"update_id": 1, kind: body}).to_string().as_bytes()).unwrap()
}

fn incoming_of(over: &Value) -> Incoming {
    let kind = if over.get("business_connection_id").is_some() { "business_message" } else { "message" };
    match events(kind, &with(over)).as_slice() {
        [ChannelEvent::Message(incoming)] => (**incoming).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_private_message() {
    let incoming = incoming_of(&json!({"text": "Здравствуйте"}));
    assert_eq!((incoming.account.as_str(), incoming.conversation_key.as_str(), &incoming.place), ("", "5", &Place::Private));
    assert_eq!((incoming.external_id.as_deref(), incoming.written_at), (Some("5/10"), Time(AT * 1_000)));
    let Writer::Customer(person) = &incoming.writer else { panic!("{incoming:?}") };
    assert_eq!((person.external_ids.as_slice(), person.name.as_str(), person.username.as_str()), (&["5".to_owned()][..], "Анна К", "anna"));
    assert_eq!((person.about["link"].as_str(), person.about["language"].as_str()), ("https://t.me/anna", "ru"));
    assert_eq!(incoming.peer.as_ref(), Some(person));
}

/// C-TG-07: what messages say, each kind of it.
#[test]
fn what_messages_say() {
    let table = [
        ("text", json!({"text": "Да"}), "Да"),
        (
            "link",
            json!({"text": "тут 😀", "entities": [{"type": "text_link", "offset": 0, "length": 3, "url": "https://ex.am"}]}),
            "тут (https://ex.am) 😀",
        ),
        ("caption", json!({"caption": "вот", "photo": [{"file_id": "p"}]}), "вот"),
        ("contact", json!({"contact": {"phone_number": "79990001122", "first_name": "Иван", "user_id": 77}}), "Иван\n+79990001122"),
        (
            "venue",
            json!({"venue": {"location": {"latitude": 55.75, "longitude": 37.61}, "title": "Офис", "address": "ул. Ленина, 1"}, "location": {"latitude": 55.75, "longitude": 37.61}}),
            "Офис, ул. Ленина, 1",
        ),
        (
            "poll",
            json!({"poll": {"id": "1", "question": "Когда?", "options": [{"text": "утром"}, {"text": "вечером"}]}}),
            "📊 Когда?\n– утром\n– вечером",
        ),
        ("dice", json!({"dice": {"emoji": "🎲", "value": 4}}), "🎲 4"),
        ("game", json!({"game": {"title": "Змейка"}}), "🎮 Змейка"),
        ("checklist", json!({"checklist": {"title": "Купить", "tasks": []}}), "☑️ Купить"),
        ("quote", json!({"text": "это", "quote": {"text": "часть\nвторая", "is_manual": true}}), "> часть\n> вторая\nэто"),
        ("whole", json!({"text": "это", "quote": {"text": "часть"}}), "это"),
        (
            "forward of a person",
            json!({"text": "х", "forward_origin": {"type": "user", "sender_user": {"id": 7, "first_name": "Пётр"}}}),
            "↪ Пётр\nх",
        ),
        ("forward of one who hides", json!({"text": "х", "forward_origin": {"type": "hidden_user", "sender_user_name": "Некто"}}), "↪ Некто\nх"),
        ("forward of a group", json!({"text": "х", "forward_origin": {"type": "chat", "sender_chat": {"id": -1, "title": "Чат"}}}), "↪ Чат\nх"),
        (
            "forward of a post",
            json!({"text": "х", "forward_origin": {"type": "channel", "chat": {"id": -2, "title": "Канал", "username": "kanal"}, "message_id": 9}}),
            "↪ Канал (https://t.me/kanal/9)\nх",
        ),
        (
            "reply elsewhere",
            json!({"text": "х", "external_reply": {"origin": {"type": "channel", "chat": {"id": -2, "title": "Канал"}}}, "quote": {"text": "часть"}}),
            "↩ Канал\n> часть\nх",
        ),
        (
            "reply to a story",
            json!({"text": "х", "reply_to_story": {"chat": {"id": 9, "first_name": "Оля", "username": "olya"}, "id": 3}}),
            "Оля\nhttps://t.me/olya/s/3\nх",
        ),
    ];
    for (name, over, wanted) in table {
        assert_eq!(plain_text(&incoming_of(&over).parts), wanted, "{name}");
    }
    let location = incoming_of(&json!({"location": {"latitude": -55.7512345, "longitude": 37.61}})).parts;
    assert_eq!(location, [Part::Location { latitude_e7: -557_512_345, longitude_e7: 376_100_000, title: String::new() }]);
    for (name, body) in [("rich_message", json!({"blocks": []})), ("story", json!({"id": 1})), ("something_new", json!(1))] {
        let parts = incoming_of(&json!({ name: body })).parts;
        assert!(matches!(parts.as_slice(), [Part::Unknown { raw }] if raw.contains(name)), "{name}: {parts:?}");
    }
}

/// C-TG-07: files of each kind: the largest picture, the more telling of two, a name and a type where there is none.
#[test]
fn files_that_lie_at_telegram() {
    let sizes = json!([{"file_id": "s", "width": 90, "height": 60}, {"file_id": "l", "width": 1280, "height": 853, "file_size": 150_000}]);
    let table = [
        (json!({"photo": sizes}), "l", "photo.jpg", "image/jpeg"),
        (json!({"document": {"file_id": "d", "file_name": "счёт.pdf", "mime_type": "application/pdf"}}), "d", "счёт.pdf", "application/pdf"),
        (json!({"audio": {"file_id": "a", "performer": "X", "title": "Y", "mime_type": "audio/mpeg"}}), "a", "X – Y.mp3", "audio/mpeg"),
        (json!({"voice": {"file_id": "v", "duration": 4}}), "v", "voice.ogg", "audio/ogg"),
        (json!({"video": {"file_id": "m", "file_name": "a.mp4", "mime_type": "video/mp4"}}), "m", "a.mp4", "video/mp4"),
        (json!({"video_note": {"file_id": "n"}}), "n", "video.mp4", "video/mp4"),
        (json!({"animation": {"file_id": "g"}, "document": {"file_id": "g"}}), "g", "animation.mp4", "video/mp4"),
        (json!({"sticker": {"file_id": "k", "emoji": "👍"}}), "k", "sticker.webp", "image/webp"),
        (json!({"sticker": {"file_id": "k", "is_animated": true}}), "k", "sticker.tgs", "application/gzip"),
        (json!({"sticker": {"file_id": "k", "is_video": true}}), "k", "sticker.webm", "video/webm"),
    ];
    for (over, locator, name, kind) in table {
        let remote = incoming_of(&over).remote;
        let found: Vec<_> = remote.iter().map(|file| (file.locator.as_str(), file.name.as_str(), file.media_type.as_str())).collect();
        assert_eq!(found, [(locator, name, kind)], "{over}");
    }
    let photo = incoming_of(&json!({ "photo": sizes })).remote.remove(0);
    assert_eq!((photo.width, photo.height, photo.size), (Some(1280), Some(853), Some(150_000)));
    let voice = incoming_of(&json!({"voice": {"file_id": "v", "duration": 4}})).remote.remove(0);
    assert_eq!(voice.shape, FileShape::Voice { duration_ms: Some(4_000) });
    let sticker = incoming_of(&json!({"sticker": {"file_id": "k", "emoji": "👍"}})).remote.remove(0);
    assert_eq!(sticker, RemoteFile { shape: FileShape::Sticker, caption: "👍".into(), ..sticker.clone() });
}

#[test]
fn what_the_server_tells_of_a_chat_is_nobodys_word() {
    for name in [
        "new_chat_members",
        "left_chat_member",
        "new_chat_title",
        "pinned_message",
        "forum_topic_created",
        "video_chat_started",
        "migrate_from_chat_id",
    ] {
        assert_eq!(events("message", &with(&json!({ name: {} , "chat": group() }))), [], "{name}");
    }
    for kind in ["channel_post", "edited_channel_post", "poll", "inline_query", "chat_member", "unheard_of"] {
        assert_eq!(events(kind, &json!({"id": "1", "message_id": 1, "date": 1, "chat": {"id": -3, "type": "channel"}, "text": "x"})), [], "{kind}");
    }
}

#[test]
fn their_own_phone_is_vouched_for() {
    let card = |user: i64| incoming_of(&json!({"contact": {"phone_number": "79990001122", "first_name": "Анна", "user_id": user}}));
    let phones = |incoming: &Incoming| incoming.peer.clone().unwrap().phones;
    assert_eq!(phones(&card(5)), [Claim { value: "+79990001122".into(), by: Vouched::Provider }]);
    assert_eq!(phones(&card(77)), [], "somebody else's");
}

#[test]
fn replies_name_what_they_answer() {
    let original = json!({"message_id": 8, "date": AT, "chat": private(), "text": "исходное"});
    assert_eq!(incoming_of(&json!({"text": "да", "reply_to_message": original})).reply_to_external.as_deref(), Some("5/8"));
    let business = incoming_of(&json!({"text": "да", "reply_to_message": original, "business_connection_id": "bc"}));
    assert_eq!(business.reply_to_external.as_deref(), Some("bc:5/8"));
}

/// A group is one conversation with nobody, and each writer stands in it.
#[test]
fn groups() {
    let incoming = incoming_of(&json!({"chat": group(), "text": "всем привет"}));
    assert_eq!((incoming.conversation_key.as_str(), &incoming.place, incoming.peer.is_none()), ("-1001", &Place::Group("-1001".into()), true));
    assert_eq!((incoming.place_title.as_deref(), incoming.context.scope), (Some("Покупатели"), MessageScope::Group));
    // An anonymous admin writes as the group, somebody as a channel.
    for user in [1_087_968_824_i64, 136_817_688] {
        let from = json!({"id": user, "is_bot": true, "first_name": "Group"});
        let incoming =
            incoming_of(&json!({"chat": group(), "from": from, "sender_chat": {"id": -9, "type": "channel", "title": "От лица"}, "text": "х"}));
        let Writer::Customer(person) = incoming.writer else { panic!() };
        assert_eq!((person.external_ids, person.name.as_str()), (vec!["-9".to_owned()], "От лица"));
    }
    // A forum's topic is a group of its own, so an answer goes where it was asked.
    let first = json!({"message_id": 3, "date": AT, "chat": group(), "forum_topic_created": {"name": "Доставка"}});
    let topic = incoming_of(&json!({"chat": group(), "text": "где?", "message_thread_id": 3, "is_topic_message": true, "reply_to_message": first}));
    assert_eq!((topic.conversation_key.as_str(), topic.place_title.as_deref()), ("-1001#3", Some("Покупатели · Доставка")));
    assert_eq!((&topic.place, topic.reply_to_external), (&Place::Group("-1001#3".into()), None));
}

/// C-TG-10: a comment under a channel's post is a conversation with its writer, in the place of the post.
#[test]
fn comments_under_posts() {
    let channel = json!({"id": -1002, "type": "channel", "title": "Новости"});
    let post = json!({"message_id": 40, "date": AT, "chat": group(), "from": {"id": 777_000, "first_name": "Telegram"}, "sender_chat": channel, "is_automatic_forward": true,
        "forward_origin": {"type": "channel", "chat": channel, "message_id": 7}, "text": "\nСкидки до пятницы\nподробнее"});
    assert_eq!(events("message", &with(&post)), [], "the post itself is nobody's word to us");
    let comment = incoming_of(&json!({"chat": group(), "text": "а сколько?", "message_thread_id": 40, "reply_to_message": post}));
    assert_eq!((comment.conversation_key.as_str(), &comment.place), ("-1001#40@5", &Place::Post("-1001#40".into())));
    assert_eq!((comment.place_title.as_deref(), comment.context.scope), (Some("Скидки до пятницы"), MessageScope::Comment));
    assert_eq!((comment.context.post.as_deref(), comment.context.parent.as_deref(), &comment.reply_to_external), (Some("-1002/7"), None, &None));
    assert!(comment.peer.is_some(), "it is with its writer");
    // An answer to a comment stands in the same place.
    let answer = json!({"message_id": 41, "date": AT, "chat": group(), "message_thread_id": 40, "text": "сто"});
    let nested = incoming_of(&json!({"chat": group(), "text": "спасибо", "message_thread_id": 40, "reply_to_message": answer}));
    assert_eq!((nested.conversation_key.as_str(), nested.context.parent.as_deref()), ("-1001#40@5", Some("-1001/41")));
    assert_eq!((nested.reply_to_external.as_deref(), nested.place_title), (Some("-1001/41"), None));
    // Without a thread, the post it answers says it.
    assert_eq!(incoming_of(&json!({"chat": group(), "text": "да", "reply_to_message": post})).conversation_key, "-1001#40@5");
}

/// C-TG-06: a personal account that is attached to the bot, both ways, apart from the bot's own chats.
#[test]
fn personal_accounts() {
    let theirs = incoming_of(&json!({"business_connection_id": "bc1", "text": "Здравствуйте"}));
    assert_eq!((theirs.account.as_str(), theirs.conversation_key.as_str(), theirs.external_id.as_deref()), ("bc1", "bc1:5", Some("bc1:5/10")));
    assert!(matches!(theirs.writer, Writer::Customer(_)));
    let owner = json!({"id": 900, "first_name": "Хозяин"});
    for over in [json!({}), json!({"sender_business_bot": {"id": 111, "first_name": "Shop"}})] {
        let mut over = over;
        (over["business_connection_id"], over["from"], over["text"]) = (json!("bc1"), owner.clone(), json!("Добрый день"));
        let ours = incoming_of(&over);
        assert_eq!((ours.writer, ours.conversation_key.as_str()), (Writer::Account { mark: None }, "bc1:5"));
        assert_eq!(ours.peer.unwrap().external_ids, ["5"], "with whom, says the chat");
    }
    let connection = |enabled: bool, reply: bool| {
        let body = json!({"id": "bc1", "user": owner, "user_chat_id": 900, "date": AT, "is_enabled": enabled, "rights": {"can_reply": reply, "can_read_messages": true}});
        match events("business_connection", &body).remove(0) {
            ChannelEvent::Account(account) => account,
            other => panic!("{other:?}"),
        }
    };
    let account = connection(true, true);
    assert_eq!((account.external_id.as_str(), account.kind, account.name.as_str(), account.refused), ("bc1", PERSONAL, "Хозяин", None));
    assert_eq!((account.facts["user"].as_str(), account.facts["can_read_messages"].as_str()), ("900", "true"));
    assert_eq!(connection(true, false).refused, Some(Reason::new("business_cannot_reply")));
    assert_eq!(connection(false, true).refused, Some(Reason::new("business_detached")));
    let deleted = events("deleted_business_messages", &json!({"business_connection_id": "bc1", "chat": private(), "message_ids": [7, 8]}));
    let ids: Vec<_> = deleted
        .iter()
        .map(|event| if let ChannelEvent::Deleted { account, external_id, .. } = event { (account.as_str(), external_id.as_str()) } else { panic!() })
        .collect();
    assert_eq!(ids, [("bc1", "bc1:5/7"), ("bc1", "bc1:5/8")]);
}

#[test]
fn what_happens_to_messages() {
    let edited = events("edited_message", &with(&json!({"text": "иначе", "edit_date": AT + 5})));
    assert_eq!(
        edited,
        [ChannelEvent::Edited {
            account: String::new(),
            external_id: "5/10".into(),
            parts: vec![Part::Text { text: "иначе".into() }],
            at: Time((AT + 5) * 1_000)
        }]
    );
    for (new, wanted) in [(json!([{"type": "emoji", "emoji": "👍"}]), Some("👍")), (json!([]), None), (json!([{"type": "paid"}]), Some("⭐"))] {
        let found = events(
            "message_reaction",
            &json!({"chat": private(), "message_id": 10, "user": anna(), "date": AT, "old_reaction": [], "new_reaction": new}),
        );
        let [ChannelEvent::Reacted { external_id, emoji, person, .. }] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((external_id.as_str(), emoji.as_deref(), person.external_ids[0].as_str()), ("5/10", wanted, "5"));
    }
    let moved = events("message", &with(&json!({"chat": {"id": -5, "type": "group", "title": "Г"}, "migrate_to_chat_id": -1009})));
    assert_eq!(moved, [ChannelEvent::Moved { account: String::new(), from: "-5".into(), to: "-1009".into() }]);
}

/// Each item of an album is a message of its own.
#[test]
fn albums() {
    for number in [10, 11] {
        let item = incoming_of(&json!({"message_id": number, "media_group_id": "9", "photo": [{"file_id": format!("p{number}")}]}));
        assert_eq!((item.external_id, item.remote.len()), (Some(format!("5/{number}")), 1));
    }
}

#[test]
fn blocked_and_unblocked() {
    for (status, kind, wanted) in [
        ("kicked", "private", Some(Some("customer_blocked_us"))),
        ("member", "private", Some(None)),
        ("left", "private", None),
        ("kicked", "supergroup", None),
    ] {
        let body = json!({"chat": {"id": 5, "type": kind}, "from": anna(), "date": AT, "old_chat_member": {"status": "member"}, "new_chat_member": {"status": status, "until_date": 0}});
        let found = events("my_chat_member", &body);
        let reason = found
            .first()
            .map(|event| if let ChannelEvent::Reachable { reason, .. } = event { reason.as_ref().map(|r| r.code.as_str()) } else { panic!() });
        assert_eq!(reason, wanted, "{status} {kind}");
    }
}

/// A pressed button says what stands on it.
#[test]
fn buttons() {
    let markup = json!({"inline_keyboard": [[{"text": "Нет", "callback_data": "n"}], [{"text": "Да, беру", "callback_data": "y"}]]});
    let bot = json!({"id": 111, "is_bot": true, "first_name": "Shop"});
    let press = |message: &Value, data: &str| {
        events("callback_query", &json!({"id": "42", "from": anna(), "chat_instance": "9", "data": data, "message": message}))
    };
    let found = press(&with(&json!({"from": bot, "text": "Берёте?", "reply_markup": markup})), "y");
    let [ChannelEvent::Message(said)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (plain_text(&said.parts).as_str(), said.external_id.as_deref(), said.reply_to_external.as_deref()),
        ("Да, беру", Some("5/press-42"), Some("5/10"))
    );
    assert!(matches!(&said.writer, Writer::Customer(person) if person.external_ids == ["5"]));
    let found = press(&json!({"chat": private(), "message_id": 10, "date": 0}), "y");
    let [ChannelEvent::Message(said)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(plain_text(&said.parts), "y", "of a message that cannot be read any more only the data is known");
}

/// The payload of a start link is the visit it came from.
#[test]
fn start_links() {
    let command = |length: usize| json!([{"type": "bot_command", "offset": 0, "length": length}]);
    let visit = |text: &str, length: usize| incoming_of(&json!({"text": text, "entities": command(length)})).visit;
    assert_eq!(visit("/start", 6), None);
    assert_eq!(visit("/help promo", 5), None);
    let own = visit("/start promo_7", 6).unwrap();
    assert_eq!((own.code.as_str(), own.marks["start"].as_str(), own.visitor.as_str()), ("tg5-10", "promo_7", "5"));
    assert_eq!(visit("/start ABCD2345", 6).unwrap().code, "ABCD2345", "a visit that was kept when they left the site");
    assert_eq!(visit("/start@shop_bot promo", 15).unwrap().marks["start"], "promo");
}

pub(super) fn login(created: i64) -> ProviderLogin {
    ProviderLogin {
        id: LoginId(1),
        provider: "telegram".into(),
        app: None,
        external_key: "111".into(),
        sealed: String::new(),
        base_url: None,
        facts: BTreeMap::new(),
        health: HealthState { status: Health::Connected, reason: None, since: Time(0) },
        created_at: Time(created),
        removed_at: None,
    }
}

#[test]
fn hooks() {
    let body = json!({"update_id": 7, "message": with(&json!({"text": "да"}))}).to_string();
    let hook = |secret: Option<&str>, shown: Option<&str>, body: &str| RawHook {
        headers: shown.map(|shown| (SECRET.to_owned(), shown.to_owned())).into_iter().collect(),
        query: String::new(),
        secret: secret.map(str::to_owned),
        body: body.to_owned().into(),
    };
    let routed = route(&hook(Some("s"), Some("s"), &body), &login(0)).unwrap();
    assert_eq!((routed.parts, routed.answer), (vec![(String::new(), body.clone().into())], HookAnswer::ok()));
    for shown in [None, Some(""), Some("x")] {
        assert_eq!(route(&hook(Some("s"), shown, &body), &login(0)).unwrap(), Routed { parts: Vec::new(), answer: HookAnswer::forbidden() });
    }
    assert_eq!(route(&hook(None, None, &body), &login(0)).unwrap().parts.len(), 1, "again from quarantine");
    let older = route(&hook(Some("s"), Some("s"), &body), &login(AT * 1_000 + CLOCKS_APART_MS + 1)).unwrap();
    assert_eq!((older.parts, older.answer), (Vec::new(), HookAnswer::ok()), "older than the login: not imported");
    for wrong in ["", "[]", "{", "{\"update_id\":\"1\"}"] {
        assert!(route(&hook(Some("s"), Some("s"), wrong), &login(0)).is_err(), "{wrong}");
    }
    let press = json!({"update_id": 8, "callback_query": {"id": "42", "from": anna()}}).to_string();
    let answer: Value = serde_json::from_str(&route(&hook(Some("s"), Some("s"), &press), &login(0)).unwrap().answer.body).unwrap();
    assert_eq!(answer, json!({"method": "answerCallbackQuery", "callback_query_id": "42"}));
}
