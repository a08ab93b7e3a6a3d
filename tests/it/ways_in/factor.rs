use data_encoding::BASE32_NOPAD;
use kommutator::model::time::World;
use kommutator::model::totp::{code, step_at};

use super::*;

/// An authenticator app: shows the code of so many steps from now.
struct Phone(Vec<u8>);

impl Phone {
    fn code(&self, place: &Place, later: u64) -> String {
        code(&self.0, step_at(place.app.world.now()) + later)
    }
}

/// Switches a factor on; the phone, and the recovery codes.
async fn on(place: &Place, client: &Client) -> (Phone, Vec<String>) {
    let begun = expect(client, "POST", "/api/v1/me/second-factor/begin", Value::Null, "200").await.body;
    assert!(text(&begun, "qr").contains("<svg"));
    let phone = Phone(BASE32_NOPAD.decode(text(&begun, "secret").as_bytes()).unwrap());
    // The same step twice would be refused later: the test is as quick as a step is long.
    let codes = expect(client, "POST", "/api/v1/me/second-factor/confirm", json!({ "code": phone.code(place, 0) }), "200").await.body;
    let codes: Vec<String> = codes["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    assert_eq!(codes.len(), 10);
    (phone, codes)
}

/// The first step of a login; what the second asks for.
async fn challenge(place: &Place, email: &str) -> String {
    let answer = place.log_in(email, PASSWORD).await;
    assert!(answer.status == 200 && answer.body.get("token").is_none(), "{}", answer.text);
    text(&answer.body, "challenge").to_owned()
}

async fn tell(place: &Place, challenge: &str, code: &str) -> Answer {
    place.app.nobody().post("/api/v1/login/code", json!({ "challenge": challenge, "code": code })).await
}

pub(super) async fn a_second_factor_asks_for_a_code(place: Place) {
    let anna = "anna@shop.example";
    let id = place.person(anna, Role::Manager).await;
    let client = place.client(id).await;
    expect(&client, "POST", "/api/v1/me/second-factor/confirm", json!({ "code": "000000" }), "409 factor_not_begun").await;
    expect(&client, "POST", "/api/v1/me/second-factor/begin", Value::Null, "200").await;
    expect(&client, "POST", "/api/v1/me/second-factor/confirm", json!({ "code": "12345" }), "403 wrong_code").await;
    assert_eq!(place.log_in(anna, PASSWORD).await.body.get("challenge"), None, "begun is not on");
    let (phone, recovery) = on(&place, &client).await;
    place.smtp.letter(anna, 1).await;
    expect(&client, "POST", "/api/v1/me/second-factor/begin", Value::Null, "409 factor_on").await;
    let profile = client.get("/api/v1/me/profile").await.body;
    assert_eq!((&profile["second_factor"], &profile["recovery_codes"]), (&json!(true), &json!(10)));

    let asked = challenge(&place, anna).await;
    assert_eq!(tell(&place, &asked, "000000").await.short(), "403 wrong_code");
    assert_eq!(place.log_in(anna, "не тот пароль").await.short(), "401 wrong_login", "the code is asked of who knows the password only");
    let next = phone.code(&place, 1);
    let entered = tell(&place, &asked, &format!("{} {}", &next[..3], &next[3..])).await;
    assert_eq!(entered.status, 200, "{}", entered.text);
    assert_eq!(place.app.client(text(&entered.body, "token")).get("/api/v1/me").await.status, 200);
    assert_eq!(tell(&place, &asked, &next).await.short(), "409 challenge_over", "a login has one second step");
    let asked = challenge(&place, anna).await;
    assert_eq!(tell(&place, &asked, &next).await.short(), "403 wrong_code", "a code counts once");
    // Two with the same recovery code at once: one gets in.
    let other = challenge(&place, anna).await;
    let loud = recovery[0].to_uppercase();
    let (one, two) = tokio::join!(tell(&place, &asked, &recovery[0]), tell(&place, &other, &loud));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403], "{one:?} {two:?}");
    assert_eq!(client.get("/api/v1/me/profile").await.body["recovery_codes"], 9);
    // Five tries, also at the same moment.
    let asked = challenge(&place, anna).await;
    let tries = (0..12).map(|_| tell(&place, &asked, "000000"));
    let answers = futures_util::future::join_all(tries).await;
    assert!(answers.iter().filter(|answer| answer.short() == "403 wrong_code").count() <= 5, "{answers:?}");
    assert_eq!(tell(&place, &asked, &recovery[1]).await.short(), "409 challenge_over");
    let asked = challenge(&place, anna).await;
    place.app.world.advance_ms(11 * 60_000);
    assert_eq!(tell(&place, &asked, &recovery[1]).await.short(), "409 challenge_over");
    // A new password ends a login that was half way.
    let asked = challenge(&place, anna).await;
    let change = json!({ "current": PASSWORD, "new": "второй пароль" });
    expect(&client, "POST", "/api/v1/me/password", change, "204").await;
    assert_eq!(tell(&place, &asked, &recovery[1]).await.short(), "409 challenge_over");
    expect(&client, "POST", "/api/v1/me/second-factor/disable", json!({ "password": PASSWORD }), "403 wrong_password").await;
    expect(&client, "POST", "/api/v1/me/second-factor/disable", json!({ "password": "второй пароль" }), "204").await;
    assert!(place.log_in(anna, "второй пароль").await.body.get("token").is_some());
    let log = place.owner.get("/api/v1/audit").await;
    assert!(["member.factor_on", "member.factor_off"].iter().all(|action| log.text.contains(action)));
    assert!(recovery.iter().all(|code| !log.text.contains(code.as_str())));
}

pub(super) async fn an_owner_takes_a_lost_factor_away(place: Place) {
    let (anna, secret) = ("anna@shop.example", "/second-factor");
    let id = place.person(anna, Role::Owner).await;
    on(&place, &place.client(id).await).await;
    let admin_id = place.person("admin@shop.example", Role::Admin).await;
    let path = format!("/api/v1/users/{id}{secret}");
    expect(&place.client(admin_id).await, "DELETE", &path, Value::Null, "403 owners_only").await;
    challenge(&place, anna).await;
    expect(&place.owner, "DELETE", &path, Value::Null, "204").await;
    assert_eq!(
        (&place.last_line().await["action"], text(&place.last_line().await, "target")),
        (&json!("member.factor_reset"), id.to_string().as_str())
    );
    assert!(place.log_in(anna, PASSWORD).await.body.get("token").is_some());
    // Who joins by an invite is asked for the code too.
    let elsewhere = place.app.workspace("Другая лавка").await;
    let boss = person(&place.app, elsewhere, "boss@shop.example", Role::Owner).await;
    let boss = place.app.client(&place.app.session(elsewhere, boss).await);
    let (_, recovery) = on(&place, &place.client(id).await).await;
    let invited = expect(&boss, "POST", "/api/v1/invites", json!({ "email": anna, "role": "manager" }), "201").await;
    let accept = json!({ "token": token(&invited.body), "password": PASSWORD, "locale": "ru" });
    let asked = expect(&place.app.nobody(), "POST", "/api/v1/invites/accept", accept, "200").await.body;
    assert!(asked.get("token").is_none(), "{asked}");
    assert_eq!(boss.get("/api/v1/users").await.body["total"], 1, "half a login joins nothing");
    let entered = tell(&place, text(&asked, "challenge"), &recovery[0]).await;
    let me = place.app.client(text(&entered.body, "token")).get("/api/v1/me").await.body;
    assert_eq!(me["workspace"].as_u64(), Some(elsewhere.0.into()));
    // A member of two workspaces keeps their factor from either.
    expect(&place.owner, "DELETE", &path, Value::Null, "409 member_elsewhere").await;
}
