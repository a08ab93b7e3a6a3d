use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;

use super::*;
use crate::connector::lenient::any_json;
use crate::model::connection::{Health, HealthState};
use crate::model::ids::ConnectionId;

const SCOPE_HOOK: &str = r#"{"account_id":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","time":1795176010,"message":{"conversation":{"id":"99999999-8888-4777-8666-555555555555","client_id":"gw-c-1"},"message":{"id":"0f0f0f0f-1111-4222-8333-444444444444","type":"text","text":"ok"}}}"#;
const SIGNED: &str = "93593e9daa2714fa1fb933b3d0f24bd5c7329f62";
const SECRET: &str = "7d1f0c2b9a8e4d6f5b3a1c0e9d8f7a6b5c4d3e2f";
const CLIENT: &str = "0d0d0d0d-1111-4222-8333-444444444444";

fn connection() -> CrmConnection {
    let facts = [(fact::AMOJO, "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"), (fact::ACCOUNT, "12345678"), (fact::CLIENT, CLIENT), (fact::BOT, "bot")];
    CrmConnection {
        id: ConnectionId(1),
        kind: super::super::KIND,
        name: String::new(),
        active: true,
        api_key: String::new(),
        app: None,
        external_key: "12345678".to_owned(),
        sealed: String::new(),
        hook: String::new(),
        base_url: None,
        facts: facts.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        settings: Value::Null,
        health: HealthState { status: Health::Connected, reason: None, since: Time(0) },
        created_at: Time(0),
        removed_at: None,
    }
}

fn keys() -> SecretString {
    SecretString::from(json!({ "client_secret": "demo-client-secret", "channel_secret": SECRET }).to_string())
}

fn hook(body: &str, signature: &str) -> RawHook {
    let headers = vec![("x-signature".to_owned(), signature.to_owned())];
    RawHook { headers, query: String::new(), secret: None, body: Bytes::from(body.to_owned()) }
}

fn sign(body: &str) -> String {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
}

fn routed(hook: &RawHook) -> (u16, Vec<Value>) {
    let routed = route(hook, &connection(), &keys()).unwrap();
    (routed.answer.status, routed.parts.iter().map(|(_, part)| serde_json::from_slice(part).unwrap()).collect())
}

fn events(part: &Value) -> Vec<CrmEvent> {
    parse(part.to_string().as_bytes()).unwrap()
}

fn said_of(part: &Value) -> Said {
    match events(part).remove(0) {
        CrmEvent::Said(said) => *said,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hook_of_the_chats_is_taken_if_it_is_signed() {
    let whole: Value = serde_json::from_str(SCOPE_HOOK).unwrap();
    for body in [SCOPE_HOOK.to_owned(), format!("{SCOPE_HOOK}\n")] {
        assert_eq!(routed(&hook(&body, SIGNED)), (200, vec![whole.clone()]));
    }
    for (body, signature) in [(SCOPE_HOOK, ""), (SCOPE_HOOK, "00"), (&SCOPE_HOOK.replace("ok", "no"), SIGNED)] {
        assert_eq!(routed(&hook(body, signature)), (403, Vec::new()));
    }
    // The secret in the address is no signature.
    let own = RawHook { secret: Some("s".to_owned()), ..hook(SCOPE_HOOK, "") };
    assert_eq!(routed(&own), (403, Vec::new()));
    let bare = route(&hook(SCOPE_HOOK, SIGNED), &connection(), &SecretString::from("")).unwrap();
    assert_eq!((bare.parts.len(), bare.answer.status), (0, 403), "without a channel nobody can sign");
    let another = SCOPE_HOOK.replace("aaaaaaaa-bbbb", "bbbbbbbb-bbbb");
    assert_eq!(routed(&hook(&another, &sign(&another))), (403, Vec::new()), "another account of the same channel");
    let broken = "{\"account_id\":";
    assert!(route(&hook(broken, &sign(broken)), &connection(), &keys()).is_err());
}

#[test]
fn what_we_wrote_ourselves_does_not_come_back() {
    let own = SCOPE_HOOK.replace("\"message\":{\"conversation\"", "\"message\":{\"sender\":{\"id\":\"bot\"},\"conversation\"");
    assert_eq!(routed(&hook(&own, &sign(&own))), (200, Vec::new()));
}

#[test]
fn an_uninstallation_is_told_by_its_signature() {
    let signature = "c30fea28f20fdc0374c5a83545e8ea76ecf8c245b595151b3a6702f878ef724f";
    let asked = |query: &str| routed(&RawHook { query: query.to_owned(), ..hook("", "") });
    for name in ["client_uuid", "client_id"] {
        let query = format!("account_id=12345678&{name}={CLIENT}&signature={signature}");
        let (status, parts) = asked(&query);
        assert_eq!((status, events(&parts[0])), (200, vec![CrmEvent::TakenOff]), "{name}");
    }
    for query in [
        String::new(),
        format!("account_id=12345678&client_uuid={CLIENT}&signature=00"),
        format!("account_id=12345679&client_uuid={CLIENT}&signature={signature}"),
        format!("account_id=12345678&client_uuid=other&signature={signature}"),
    ] {
        assert_eq!(asked(&query), (403, Vec::new()), "{query}");
    }
}

fn form(body: &str) -> RawHook {
    RawHook { secret: Some("s".to_owned()), ..hook(body, "") }
}

#[test]
fn records_come_by_the_secret_address_only() {
    let body = "account[id]=12345678&account[subdomain]=demo&leads[status][0][id]=7&leads[status][0][status_id]=142&leads[status][1][id]=8";
    let (status, parts) = routed(&form(body));
    let changed = |what: &str, id: &str| CrmEvent::Changed { what: what.to_owned(), id: id.to_owned() };
    assert_eq!((status, parts.iter().flat_map(events).collect::<Vec<_>>()), (200, vec![changed("deal", "7"), changed("deal", "8")]));
    let escaped = body.replace('[', "%5B").replace(']', "%5D");
    assert_eq!(routed(&form(&escaped)).1, parts);
    assert_eq!(routed(&RawHook { secret: None, ..form(body) }), (403, Vec::new()));
    assert_eq!(routed(&form(&body.replace("12345678", "1"))), (403, Vec::new()));
    assert_eq!(routed(&form("leads[add][0][id]=7")), (403, Vec::new()));
}

#[test]
fn of_records_only_what_matters_is_kept() {
    let of = |body: &str| routed(&form(&format!("account[id]=12345678&{body}"))).1.iter().flat_map(events).collect::<Vec<_>>();
    let changed = |what: &str, id: &str| vec![CrmEvent::Changed { what: what.to_owned(), id: id.to_owned() }];
    assert_eq!(of("contacts[update][0][id]=5&contacts[update][0][type]=contact"), changed("contact", "5"));
    assert_eq!(of("contacts[update][0][id]=5&contacts[update][0][type]=company"), []);
    let read = vec![CrmEvent::Read { chat: ChatName { theirs: "ch".to_owned(), ours: None } }];
    assert_eq!(of("talk[update][0][chat_id]=ch&talk[update][0][is_read]=1&talk[update][0][talk_id]=3"), read);
    assert_eq!(of("talk[update][0][chat_id]=ch&talk[update][0][is_read]=0"), []);
    assert_eq!(of("unsorted[delete][0][uid]=u&unsorted[delete][0][action]=decline"), changed("declined", "u"));
    let told = [changed("deal", "9"), changed("declined", "u")].concat();
    assert_eq!(of("unsorted[delete][0][uid]=u&unsorted[delete][0][action]=decline&unsorted[delete][0][decline_result][leads][0]=9"), told);
    assert_eq!(
        of("unsorted[delete][0][uid]=u&unsorted[delete][0][action]=accept&unsorted[delete][0][accept_result][leads][0]=9"),
        changed("deal", "9")
    );
    // A template's review has no record's name before it; tasks and notes say nothing to us.
    assert_eq!(of("add[0][id]=1&task[add][0][id]=1&leads[note][0][note][id]=1&unsorted[add][0][uid]=u"), []);
}

#[test]
fn a_message_holds_all_that_was_said() {
    let part = json!({ "account_id": "a", "time": 1_795_176_010, "message": {
        "receiver": { "id": "r", "name": "Анна", "phone": "79990001122", "client_id": "gw-u-1" },
        "sender": { "id": "m", "name": "Мария" },
        "conversation": { "id": "c", "client_id": "77.p/1" },
        "source": { "external_id": "acc-5" },
        "timestamp": 1_795_176_009, "msec_timestamp": 1_795_176_009_500_i64,
        "message": {
            "id": "x", "type": "picture", "text": "Смотрите", "media": "https://amojo.amocrm.ru/attachments/1", "file_name": "", "file_size": 0,
            "markup": { "mode": "inline", "buttons": [[{ "text": "Да" }, { "text": "Нет" }], [{ "text": "Сайт", "url": "https://shop.example" }]] },
            "reply_to": { "message": { "id": "y", "msgid": "gw-m-1" } },
            "template": { "id": 1, "external_id": "t1", "params": [{ "key": "{{contact.name}}", "value": "Анна" }] },
        },
    } });
    let said = said_of(&part);
    assert_eq!(said.chat, ChatName { theirs: "c".to_owned(), ours: Some("77.p/1".to_owned()) });
    assert_eq!((said.external_id.as_str(), said.at, said.who.name.as_str()), ("x", Time(1_795_176_009_500), "Мария"));
    assert_eq!((said.reply_to.as_deref(), said.source.as_deref(), said.first), (Some("y"), Some("acc-5"), None));
    assert_eq!(said.files, [CrmFile { url: "https://amojo.amocrm.ru/attachments/1".to_owned(), name: String::new() }]);
    assert_eq!(
        said.parts,
        [
            Part::Template { name: "t1".to_owned(), language: String::new(), parameters: vec!["Анна".to_owned()] },
            Part::Text { text: "Смотрите\nСайт: https://shop.example".to_owned() },
            Part::Buttons { labels: vec!["Да".to_owned(), "Нет".to_owned()] },
        ]
    );
}

#[test]
fn who_is_written_to_first_is_named_by_a_phone() {
    let first = json!({ "time": 5, "message": { "receiver": { "id": "r", "phone": "79990001122" }, "conversation": { "id": "c" },
        "message": { "id": "x", "type": "text", "text": "Здравствуйте", "markup": null } } });
    let said = said_of(&first);
    assert_eq!((said.first.unwrap().address.as_str(), said.chat.ours, said.at), ("+79990001122", None, Time(5_000)));
}

#[test]
fn what_cannot_be_said_otherwise_is_kept_as_it_is() {
    let of = |content: Value| said_of(&json!({ "message": { "conversation": { "id": "c" }, "message": content } })).parts;
    let place = of(json!({ "id": "x", "type": "location", "location": { "lon": 37.6, "lat": 55.75 } }));
    assert_eq!(place, [Part::Location { latitude_e7: 557_500_000, longitude_e7: 376_000_000, title: String::new() }]);
    let card = of(json!({ "id": "x", "type": "contact", "contact": { "name": "Б", "phone": "7" } }));
    assert_eq!(card, [Part::Contact { name: "Б".to_owned(), phone: "7".to_owned() }]);
    assert!(matches!(of(json!({ "id": "x", "type": "hologram" }))[..], [Part::Unknown { .. }]));
    let menu = json!({ "body": "Выберите", "sections": [{ "rows": [{ "title": "Раз" }, { "title": "Два" }] }] });
    let listed = of(json!({ "id": "x", "type": "text", "text": "", "markup": { "mode": "inline", "list_message": menu } }));
    let labels = vec!["Раз".to_owned(), "Два".to_owned()];
    assert_eq!(listed, [Part::Text { text: "Выберите".to_owned() }, Part::Buttons { labels }]);
}

#[test]
fn actions_are_told_apart() {
    let chat = ChatName { theirs: "c".to_owned(), ours: Some("77".to_owned()) };
    let who = CrmPerson { id: "m".to_owned(), name: String::new() };
    let conversation = json!({ "id": "c", "client_id": "77" });
    let typing = json!({ "action": { "typing": { "user": { "id": "m" }, "conversation": conversation, "expired_at": 9 } } });
    assert_eq!(events(&typing), [CrmEvent::Typing { chat: chat.clone(), who: who.clone() }]);
    for named in [json!({ "msgid": "x" }), json!({ "message": { "id": "x", "client_id": "gw" } })] {
        let mut reaction = json!({ "user": { "id": "m" }, "conversation": conversation, "type": "react", "emoji": "👍" });
        reaction.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
        let reacted = |emoji: Option<&str>| CrmEvent::Reacted {
            chat: chat.clone(),
            external_id: "x".to_owned(),
            emoji: emoji.map(str::to_owned),
            who: who.clone(),
        };
        assert_eq!(events(&json!({ "action": { "reaction": reaction } })), [reacted(Some("👍"))]);
        reaction["type"] = json!("unreact");
        assert_eq!(events(&json!({ "action": { "reaction": reaction } })), [reacted(None)]);
    }
    for unreadable in
        [json!({}), json!([]), json!({ "message": {} }), json!({ "message": { "message": { "id": "x" } } }), json!({ "action": { "typing": {} } })]
    {
        assert!(parse(unreadable.to_string().as_bytes()).is_err(), "{unreadable}");
    }
}

const NAMES: &[&str] = &[
    "account_id",
    "message",
    "conversation",
    "client_id",
    "id",
    "sender",
    "receiver",
    "phone",
    "name",
    "text",
    "type",
    "media",
    "file_name",
    "markup",
    "buttons",
    "url",
    "list_message",
    "sections",
    "rows",
    "title",
    "template",
    "params",
    "value",
    "reply_to",
    "location",
    "lat",
    "lon",
    "contact",
    "timestamp",
    "msec_timestamp",
    "time",
    "action",
    "typing",
    "user",
    "reaction",
    "msgid",
    "emoji",
    "record",
    "act",
    "item",
    "taken_off",
    "source",
    "external_id",
    "unsorted",
    "leads",
    "accept_result",
    "talk",
];

proptest! {
    #[test]
    fn any_json_is_read_or_refused(value in any_json(NAMES)) {
        let _ = parse(value.to_string().as_bytes());
        let body = json!({ "account_id": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "message": value, "action": value }).to_string();
        let routed = route(&hook(&body, &sign(&body)), &connection(), &keys()).unwrap();
        for (_, part) in routed.parts {
            let _ = parse(&part);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200), query in ".{0,60}") {
        let _ = parse(&body);
        let raw = RawHook { headers: Vec::new(), query, secret: Some("s".to_owned()), body: Bytes::from(body) };
        if let Ok(routed) = route(&raw, &connection(), &keys()) {
            prop_assert_eq!(routed.parts.len(), 0, "nobody may send this");
        }
    }

    #[test]
    fn any_form_is_read(pairs in prop::collection::btree_map("(leads|contacts|talk|unsorted|add|x)(\\[(add|update|delete|0|1|id|uid|type|chat_id|is_read|accept_result|leads)?\\]?){0,15}", ".{0,8}", 0..20)) {
        let pairs: BTreeMap<String, String> = pairs;
        let body = Url::parse_with_params("https://form", &pairs).unwrap().query().unwrap_or_default().to_owned();
        for (_, part) in route(&form(&format!("account[id]=12345678&{body}")), &connection(), &keys()).unwrap().parts {
            prop_assert!(!parse(&part).unwrap().is_empty());
        }
    }
}
