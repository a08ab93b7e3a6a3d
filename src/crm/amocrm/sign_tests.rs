//! The worked numbers: computed once by other means.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const SECRET: &str = "7d1f0c2b9a8e4d6f5b3a1c0e9d8f7a6b5c4d3e2f";
const CHANNEL: &str = "/v2/origin/custom/11111111-2222-4333-8444-555555555555";
const SCOPE: &str = "/v2/origin/custom/11111111-2222-4333-8444-555555555555_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const DATE: &str = "Fri, 20 Nov 2026 12:00:00 +0000";
const NEW_MESSAGE: &str = r#"{"event_type":"new_message","payload":{"timestamp":1795176000,"msec_timestamp":1795176000123,"msgid":"gw-m-1","conversation_id":"gw-c-1","sender":{"id":"gw-u-1","name":"Анна"},"message":{"type":"text","text":"Привет"},"silent":false}}"#;
const NEW_MESSAGE_SIGNED: &str = "920fd7877116ac9ab46e3b38da314aee5b36d65c";
const HOOK: &str = r#"{"account_id":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","time":1795176010,"message":{"conversation":{"id":"99999999-8888-4777-8666-555555555555","client_id":"gw-c-1"},"message":{"id":"0f0f0f0f-1111-4222-8333-444444444444","type":"text","text":"ok"}}}"#;
const HOOK_SIGNED: &str = "93593e9daa2714fa1fb933b3d0f24bd5c7329f62";
const HOOK_SIGNED_WITH_ITS_END: &str = "18089b51591b82b61221cc096c13c98e04eff7dd";

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn signed(method: &str, path: &str, body: &str) -> [String; 2] {
    let [date, kind, md5, signature] = headers(&secret(SECRET), method, path, body.as_bytes(), DATE).map(|(_, value)| value);
    assert_eq!((date.as_str(), kind.as_str()), (DATE, "application/json"));
    [md5, signature]
}

#[test]
fn requests_are_signed_as_worked_out() {
    assert_eq!(date(Time(1_795_176_000_000)), DATE);
    let account = r#"{"account_id":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"}"#;
    let connect = r#"{"account_id":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","title":"Gateway demo","hook_api_version":"v2"}"#;
    let state = r#"{"msgid":"0f0f0f0f-1111-4222-8333-444444444444","delivery_status":-1,"error_code":905,"error":"Demo"}"#;
    let (history, told) = (
        format!("{SCOPE}/chats/99999999-8888-4777-8666-555555555555/history"),
        format!("{SCOPE}/0f0f0f0f-1111-4222-8333-444444444444/delivery_status"),
    );
    for (method, path, body, md5, signature) in [
        ("POST", format!("{CHANNEL}/connect"), connect, "d7e4ac9c40ea3dea84e7692c9f3d3fe4", "91c1fa1ff2315ae4e00337617af8951a1616a296"),
        ("POST", SCOPE.to_owned(), NEW_MESSAGE, "a040e6c0424fd4b6190b22ac7d341e5f", NEW_MESSAGE_SIGNED),
        ("GET", history, "", "d41d8cd98f00b204e9800998ecf8427e", "bfad9e56e61d2f85b4b6a27f4fae8ced19e4d968"),
        ("DELETE", format!("{CHANNEL}/disconnect"), account, "4d7c476e23eddb5836f564a81be350be", "4d627b391d36b93416ea02c0c6ff81525856fc93"),
        ("POST", told, state, "343cfb7a6844956fc40e79379212e931", "2fc9fd8d2b471c4a1367b071d2a60c5126ba669c"),
    ] {
        assert_eq!(signed(method, &path, body), [md5, signature], "{method} {path}");
    }
    assert_eq!(NEW_MESSAGE.len(), 244);
}

/// Each is the signature of another request, and none of this one.
#[test]
fn what_is_nearly_the_same_is_signed_otherwise() {
    let end = format!("{NEW_MESSAGE}\n");
    assert_eq!(signed("POST", SCOPE, &end), ["d6904237f66e463613442907d8d7429e", "c055b249ac7349649f4aa6aa46c26c4a440d2e09"]);
    let escape = |letter: char| if letter.is_ascii() { letter.to_string() } else { format!("\\u{:04x}", u32::from(letter)) };
    let escaped: String = NEW_MESSAGE.chars().map(escape).collect();
    assert_eq!(signed("POST", SCOPE, &escaped), ["b64f4779623dfc164cad14a219e17cc5", "2a36a9e7be7e1014f452b7acf71d6d69319bda26"]);
    // The secret is no hex, and the sum no base64.
    let raw = HEXLOWER.decode(SECRET.as_bytes()).unwrap();
    let lines = format!("POST\n{}\n{CONTENT_TYPE}\n{DATE}\n{SCOPE}", content_md5(NEW_MESSAGE.as_bytes()));
    let mut mac = Hmac::<Sha1>::new_from_slice(&raw).unwrap();
    mac.update(lines.as_bytes());
    let hexed = HEXLOWER.encode(&mac.finalize().into_bytes());
    assert_eq!(hexed, "7c494c3aedb1444d2368c58a83a0a564d39c85e8");
    let base64 = data_encoding::BASE64.encode(&Md5::digest(NEW_MESSAGE.as_bytes()));
    assert_eq!(base64, "oEDmwEJP1LYZCyKsfTQeXw==");
    let [md5, signature] = signed("POST", SCOPE, NEW_MESSAGE);
    assert!(md5 != base64 && signature != hexed);
    for (method, path) in [("post", SCOPE), ("POST", "/v2/origin/custom/other"), ("POST", &format!("{SCOPE}?limit=50"))] {
        assert_ne!(signed(method, path, NEW_MESSAGE)[1], NEW_MESSAGE_SIGNED, "{method} {path}");
    }
}

#[test]
fn a_hook_is_good_with_and_without_its_end() {
    let good = |body: &str, given: &str| hook_is_signed(&secret(SECRET), body.as_bytes(), given);
    assert!(good(HOOK, HOOK_SIGNED));
    assert!(good(&format!("{HOOK}\n"), HOOK_SIGNED), "as it comes");
    assert!(good(&format!("{HOOK}\r\n"), HOOK_SIGNED));
    assert!(good(&format!("{HOOK}\n"), HOOK_SIGNED_WITH_ITS_END), "as the papers say");
    assert!(good(HOOK, &HOOK_SIGNED.to_uppercase()));
    assert!(!good(HOOK, HOOK_SIGNED_WITH_ITS_END));
    assert!(!good(&format!("{HOOK}\n\n"), HOOK_SIGNED), "one end, no more");
    assert!(!good(&HOOK.replace("ok", "OK"), HOOK_SIGNED));
    assert!(!good(HOOK, ""));
    assert!(!good(HOOK, &HOOK_SIGNED[..39]));
    assert!(!hook_is_signed(&secret("another"), HOOK.as_bytes(), HOOK_SIGNED));
    assert!(!hook_is_signed(&secret(""), HOOK.as_bytes(), &sha1_hex("", HOOK.as_bytes())), "no secret opens nothing");
}

#[test]
fn an_uninstallation_is_shown_by_the_integrations_secret() {
    let good = |client: &str, account: &str, given: &str| uninstall_is_signed(&secret("demo-client-secret"), client, account, given);
    let (client, signature) = ("0d0d0d0d-1111-4222-8333-444444444444", "c30fea28f20fdc0374c5a83545e8ea76ecf8c245b595151b3a6702f878ef724f");
    assert!(good(client, "12345678", signature));
    assert!(!good(client, "12345679", signature));
    assert!(!good("0d0d0d0d", "12345678", signature));
    assert!(!good(client, "12345678", ""));
    assert!(!uninstall_is_signed(&secret(""), client, "12345678", signature));
}

fn token(alg: &str, claims: &Value, key: &str) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&json!({ "typ": "JWT", "alg": alg })), part(claims));
    let signature = BASE64URL_NOPAD.encode(&sha256(key, signed.as_bytes()));
    format!("{signed}.{signature}")
}

#[test]
fn a_page_vouches_for_its_user_for_a_short_time() {
    let claims = |more: Value| {
        let mut all = json!({ "account_id": 12_345_678, "user_id": 5, "client_uuid": "app", "iat": 1_000, "nbf": 1_000, "exp": 2_800 });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let at = |token: &str, now: i64| page_user(token, &secret("s"), "app", Time(now * 1_000));
    let good = token("HS256", &claims(json!({})), "s");
    assert_eq!(at(&good, 1_500), Some(PageUser { account: "12345678".to_owned(), user: "5".to_owned() }));
    assert_eq!(at(&good, 2_830), at(&good, 1_500), "clocks differ a little");
    for now in [0, 900, 2_861, 1_000_000] {
        assert_eq!(at(&good, now), None, "{now}");
    }
    assert_eq!(page_user(&good, &secret("other"), "app", Time(1_500_000)), None);
    assert_eq!(page_user(&token("HS256", &claims(json!({})), ""), &secret(""), "app", Time(1_500_000)), None);
    for wrong in [json!({ "client_uuid": "another" }), json!({ "exp": null }), json!({ "user_id": null }), json!({ "account_id": "" })] {
        assert_eq!(at(&token("HS256", &claims(wrong.clone()), "s"), 1_500), None, "{wrong}");
    }
    assert_eq!(at(&token("none", &claims(json!({})), "s"), 1_500), None);
    assert_eq!(at(good.rsplit_once('.').unwrap().0, 1_500), None);
}

#[test]
fn a_token_says_where_its_account_is_asked_for() {
    assert_eq!(claims(&token("HS256", &json!({ "api_domain": "api-b.amocrm.ru" }), "x"))["api_domain"], "api-b.amocrm.ru");
    assert_eq!(claims("opaque"), Value::Null);
}

proptest! {
    #[test]
    fn nothing_given_is_taken_for_a_signature(given in ".{0,80}", body in ".{0,80}") {
        prop_assert!(!hook_is_signed(&secret(SECRET), body.as_bytes(), &given));
        prop_assert!(!uninstall_is_signed(&secret(SECRET), "a", "1", &given));
        prop_assert_eq!(page_user(&given, &secret(SECRET), "a", Time(0)), None);
        let _ = claims(&given);
    }
}
