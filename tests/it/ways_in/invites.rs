use super::*;

fn accept(token: &str, name: &str, password: &str) -> Value {
    json!({ "token": token, "name": name, "password": password, "locale": "es", "time_zone": "Europe/Madrid" })
}

async fn invite(client: &Client, email: &str, role: &str) -> Answer {
    expect(client, "POST", "/api/v1/invites", json!({ "email": email, "role": role, "channels": [] }), "201").await
}

async fn states(place: &Place) -> Vec<(String, String)> {
    let list = place.owner.get("/api/v1/invites").await;
    let items = list.body["items"].as_array().unwrap();
    items.iter().map(|one| (text(one, "email").to_owned(), text(one, "state").to_owned())).collect()
}

pub(super) async fn an_invite_lets_somebody_in_once(place: Place) {
    let (nobody, anna) = (place.app.nobody(), "anna@shop.example");
    let made = invite(&place.owner, "Anna@Shop.example", "manager").await;
    let secret = token(&made.body);
    // The letter leads to the same page as the link that is told.
    let letter = place.smtp.letter(anna, 1).await;
    assert_eq!(letter.token(), secret);
    assert!(letter.text().contains("https://chat.example/invite#") && letter.text().contains("Имя owner@shop.example"), "{}", letter.text());
    assert!(letter.raw.contains("text/html") && !letter.raw.contains("<b>«Сова»"), "names are escaped");
    let list = place.owner.get("/api/v1/invites").await;
    assert!(!list.text.contains(&secret) && !place.owner.get("/api/v1/audit").await.text.contains(&secret), "a link is told once");
    assert_eq!(place.last_line().await["action"], "member.invited");
    expect(&place.owner, "POST", "/api/v1/invites", json!({ "email": anna, "role": "manager" }), "409 invited_already").await;

    let card = expect(&nobody, "POST", "/api/v1/invites/look", json!({ "token": secret }), "200").await.body;
    assert_eq!((text(&card, "email"), &card["known"], text(&card, "role")), (anna, &json!(false), "manager"));
    let wrong = [
        (accept(&secret, " ", "длинный пароль"), "422 required"),
        (accept(&secret, "Анна", "short"), "422 password_length"),
        (accept("0".repeat(64).as_str(), "Анна", "длинный пароль"), "409 invite_over"),
    ];
    for (body, wanted) in wrong {
        expect(&nobody, "POST", "/api/v1/invites/accept", body, wanted).await;
    }
    expect(
        &nobody.on_page_of("https://evil.example"),
        "POST",
        "/api/v1/invites/accept",
        accept(&secret, "А", "длинный пароль"),
        "403 foreign_origin",
    )
    .await;
    // At the same moment twice: one gets in as the new user, the other is asked for the password that is known by now, which it tells.
    let (one, two) = tokio::join!(
        nobody.post("/api/v1/invites/accept", accept(&secret, "Анна", "длинный пароль")),
        nobody.post("/api/v1/invites/accept", accept(&secret, "Анна", "длинный пароль")),
    );
    let entered: Vec<_> = [&one, &two].into_iter().filter(|answer| answer.status == 200).collect();
    assert!(
        !entered.is_empty() && [&one, &two].iter().all(|answer| ["200", "409 invite_over"].contains(&answer.short().as_str())),
        "{one:?} {two:?}"
    );
    let me = place.app.client(text(&entered[0].body, "token")).get("/api/v1/me").await.body;
    assert_eq!((text(&me, "email"), text(&me, "locale"), text(&me, "role"), &me["channels"]), (anna, "es", "manager", &json!([])));
    let users = place.owner.get("/api/v1/users").await.body;
    assert_eq!(users["items"].as_array().unwrap().iter().filter(|user| user["email"] == anna).count(), 1);
    expect(&nobody, "POST", "/api/v1/invites/accept", accept(&secret, "Другая", "другой пароль"), "409 invite_over").await;
    assert_eq!(states(&place).await, [(anna.to_owned(), "accepted".to_owned())]);
    assert_eq!(place.last_line().await["action"], "member.joined");
    assert_eq!(place.log_in(anna, "длинный пароль").await.status, 200);
    expect(&place.owner, "POST", "/api/v1/invites", json!({ "email": anna, "role": "manager" }), "409 email_taken").await;
}

pub(super) async fn an_invite_ends(place: Place) {
    let nobody = place.app.nobody();
    let look = async |secret: &str| nobody.post("/api/v1/invites/look", json!({ "token": secret })).await.short();
    // Taken back.
    let made = invite(&place.owner, "a@shop.example", "admin").await.body;
    let path = format!("/api/v1/invites/{}", text(&made, "id"));
    let admin_id = place.person("admin@shop.example", Role::Admin).await;
    let admin = place.client(admin_id).await;
    expect(&admin, "POST", "/api/v1/invites", json!({ "email": "b@shop.example", "role": "admin" }), "403 owners_only").await;
    expect(&admin, "POST", &format!("{path}/renew"), Value::Null, "403 owners_only").await;
    // Made anew: the first link opens nothing any more.
    let renewed = expect(&place.owner, "POST", &format!("{path}/renew"), Value::Null, "201").await.body;
    assert_eq!((look(&token(&made)).await, look(&token(&renewed)).await), ("409 invite_over".into(), "200".into()));
    expect(&place.owner, "DELETE", &path, Value::Null, "204").await;
    expect(&place.owner, "DELETE", &path, Value::Null, "204").await;
    assert_eq!(look(&token(&renewed)).await, "409 invite_over");
    expect(&place.owner, "POST", &format!("{path}/renew"), Value::Null, "409 invite_over").await;
    // Who may not invite any more has invited nobody.
    let made = invite(&admin, "c@shop.example", "manager").await.body;
    expect(&place.owner, "PATCH", &format!("/api/v1/users/{admin_id}"), json!({ "role": "manager" }), "200").await;
    assert_eq!(look(&token(&made)).await, "200", "a manager may be asked in by a manager who was an admin");
    expect(&place.owner, "DELETE", &format!("/api/v1/users/{admin_id}"), Value::Null, "204").await;
    assert_eq!(look(&token(&made)).await, "409 invite_over");
    // In its time; a new one can be made in its place.
    let made = invite(&place.owner, "d@shop.example", "manager").await.body;
    place.app.world.advance_ms(7 * DAY - HOUR);
    assert_eq!(look(&token(&made)).await, "200");
    place.app.world.advance_ms(2 * HOUR);
    assert_eq!(look(&token(&made)).await, "409 invite_over");
    assert!(states(&place).await.contains(&("d@shop.example".into(), "expired".into())));
    assert_eq!(look(&token(&invite(&place.owner, "d@shop.example", "manager").await.body)).await, "200");
    let wrong =
        [(json!({ "email": "нет", "role": "manager" }), "422 email_invalid"), (json!({ "email": "x@y.zz", "role": "king" }), "400 bad_request")];
    for (body, wanted) in wrong {
        expect(&place.owner, "POST", "/api/v1/invites", body, wanted).await;
    }
}

pub(super) async fn who_is_known_joins_with_their_own_password(place: Place) {
    let (nobody, email) = (place.app.nobody(), "known@shop.example");
    let elsewhere = place.app.workspace("Другая лавка").await;
    let known = person(&place.app, elsewhere, email, Role::Owner).await;
    let secret = token(&invite(&place.owner, email, "manager").await.body);
    let card = expect(&nobody, "POST", "/api/v1/invites/look", json!({ "token": secret }), "200").await.body;
    assert_eq!(card["known"], true);
    expect(&nobody, "POST", "/api/v1/invites/accept", accept(&secret, "Х", "чужой пароль"), "403 wrong_password").await;
    let entered = expect(&nobody, "POST", "/api/v1/invites/accept", accept(&secret, "Х", PASSWORD), "200").await.body;
    let me = place.app.client(text(&entered, "token")).get("/api/v1/me").await.body;
    assert_eq!(
        (text(&me, "id"), me["workspace"].as_u64(), text(&me, "role")),
        (known.to_string().as_str(), Some(place.workspace.0.into()), "manager")
    );
    // Removed after the invite was made: it does not let them in again.
    let again = expect(&place.owner, "DELETE", &format!("/api/v1/users/{known}"), Value::Null, "204").await;
    assert_eq!(again.status, 204);
    expect(&nobody, "POST", "/api/v1/invites/accept", accept(&secret, "Х", PASSWORD), "409 invite_over").await;
    // A new one does.
    let secret = token(&invite(&place.owner, email, "admin").await.body);
    let entered = expect(&nobody, "POST", "/api/v1/invites/accept", accept(&secret, "", PASSWORD), "200").await.body;
    assert_eq!(text(&place.app.client(text(&entered, "token")).get("/api/v1/me").await.body, "role"), "admin");
}
