//! Whatever is sent, reading it panics never.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests::{anna, login, with};
use super::*;

fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        any::<String>(),
        prop::sample::select(vec!["private", "supergroup", "kicked", "member", "/start x", "bot_command", "text_link"]).prop_map(str::to_owned)
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from)
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        let name = prop::sample::select(vec![
            "message",
            "edited_message",
            "business_message",
            "business_connection",
            "deleted_business_messages",
            "callback_query",
            "my_chat_member",
            "message_reaction",
            "message_id",
            "date",
            "chat",
            "from",
            "id",
            "type",
            "title",
            "text",
            "entities",
            "offset",
            "length",
            "url",
            "photo",
            "document",
            "file_id",
            "width",
            "height",
            "reply_to_message",
            "is_automatic_forward",
            "message_thread_id",
            "is_topic_message",
            "contact",
            "location",
            "latitude",
            "longitude",
            "venue",
            "quote",
            "sticker",
            "new_reaction",
            "emoji",
            "business_connection_id",
            "user",
            "rights",
            "data",
            "reply_markup",
            "inline_keyboard",
            "forward_origin",
            "unheard_of",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(name, inner, 0..9)
                .prop_map(|map| Value::Object(map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        let mut update = value.clone();
        if let Some(update) = update.as_object_mut() {
            update.insert("update_id".into(), json!(1));
        }
        let message = json!({"update_id": 1, "message": value, "edited_message": null});
        for body in [value.to_string(), update.to_string(), message.to_string()] {
            let hook = RawHook { body: body.clone().into(), ..RawHook::default() };
            let _ = route(&hook, &login(0)); // must not panic
            let _ = parse(body.as_bytes()); // must not panic
        }
    }

    /// A message of any shape around a real frame: deeper than the one above gets.
    #[test]
    fn any_message_is_read_or_refused(over in any_json()) {
        let mut message = with(&json!({"text": "да"}));
        if let Some(over) = over.as_object() {
            for (name, value) in over {
                message[name] = value.clone();
            }
        }
        for kind in ["message", "edited_message", "business_message", "callback_query"] {
            let body = if kind == "callback_query" { json!({"id": "1", "from": anna(), "message": message}) } else { message.clone() };
            let _ = parse(json!({"update_id": 1, kind: body}).to_string().as_bytes()); // must not panic
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = parse(&bytes); // must not panic
    }
}
