use super::*;

fn new_password(secret: &str, password: &str) -> Value {
    json!({ "token": secret, "password": password })
}

pub(super) async fn a_letter_sets_a_new_password_once(place: Place) {
    let (nobody, anna) = (place.app.nobody(), "anna@shop.example");
    let anna_id = place.person(anna, Role::Owner).await;
    let (session, mut socket) = {
        let secret = place.app.session(place.workspace, anna_id).await;
        (place.app.client(&secret), place.app.manager(&secret).await)
    };
    let forgot = async |email: &str| expect(&nobody, "POST", "/api/v1/password/forgot", json!({ "email": email }), "202").await;
    // The same answer for everybody, and a letter for who is known only.
    let answers = [forgot("stranger@shop.example").await, forgot("нет").await, forgot("ANNA@shop.example ").await];
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    let secret = place.smtp.letter(anna, 1).await.token();
    forgot(anna).await;
    assert!(place.smtp.to("stranger@shop.example").is_empty());
    let seen = expect(&nobody, "POST", "/api/v1/password/look", json!({ "token": secret }), "200").await.body;
    assert_eq!(text(&seen, "email"), anna);
    expect(&nobody, "POST", "/api/v1/password/reset", new_password(&secret, "x"), "422 password_length").await;
    let foreign = nobody.on_page_of("https://evil.example");
    expect(&foreign, "POST", "/api/v1/password/reset", new_password(&secret, "новый пароль"), "403 foreign_origin").await;
    let (one, two) = tokio::join!(
        nobody.post("/api/v1/password/reset", new_password(&secret, "первый новый")),
        nobody.post("/api/v1/password/reset", new_password(&secret, "второй новый")),
    );
    let mut short = [one.short(), two.short()];
    short.sort();
    assert_eq!(short, ["204", "409 link_over"], "a link works once");
    let (good, bad) = if one.status == 204 {
        ("первый новый", "второй новый")
    } else {
        ("второй новый", "первый новый")
    };
    assert_eq!(end_of(&mut socket).await, 4001, "every session ends");
    expect(&session, "GET", "/api/v1/me", Value::Null, "401 not_logged_in").await;
    let tried = [place.log_in(anna, PASSWORD).await.status, place.log_in(anna, bad).await.status, place.log_in(anna, good).await.status];
    assert_eq!(tried, [401, 401, 200]);
    // The second request within a minute wrote no letter: the next one is the notice.
    assert!(place.smtp.letter(anna, 2).await.text().contains("Пароль от вашей учётной записи изменён"));
    assert_eq!(place.last_line().await["action"], "member.password_reset");
    // A link ends by itself, and with the use of another.
    place.app.world.advance_ms(2 * 60_000);
    // The pause between letters is by the store's clock, which tests do not move: a link by hand.
    let manager = place.person("boris@shop.example", Role::Manager).await;
    let link = async || token(&expect(&place.owner, "POST", &format!("/api/v1/users/{manager}/password-link"), Value::Null, "201").await.body);
    let (first, second, late) = (link().await, link().await, link().await);
    expect(&nobody, "POST", "/api/v1/password/reset", new_password(&second, "ещё пароль"), "204").await;
    expect(&nobody, "POST", "/api/v1/password/reset", new_password(&first, "ещё пароль"), "409 link_over").await;
    expect(&nobody, "POST", "/api/v1/password/look", json!({ "token": late }), "409 link_over").await;
    let late = link().await;
    place.app.world.advance_ms(HOUR + 1);
    expect(&nobody, "POST", "/api/v1/password/look", json!({ "token": late }), "409 link_over").await;
    expect(&nobody, "POST", "/api/v1/password/reset", new_password(&late, "поздний пароль"), "409 link_over").await;
}

pub(super) async fn a_link_for_a_colleague_lifts_nobody(place: Place) {
    let nobody = place.app.nobody();
    let admin_id = place.person("admin@shop.example", Role::Admin).await;
    let other_admin = place.person("admin2@shop.example", Role::Admin).await;
    let anna = place.person("anna@shop.example", Role::Manager).await;
    let admin = place.client(admin_id).await;
    let path = |user: UserId| format!("/api/v1/users/{user}/password-link");
    for above in [place.owner_id, other_admin, admin_id] {
        expect(&admin, "POST", &path(above), Value::Null, "403 role_above_own").await;
    }
    expect(&place.owner, "POST", &path(place.owner_id), Value::Null, "403 role_above_own").await;
    // Made for a manager who is lifted before it is used: it opens no owner.
    let secret = token(&expect(&admin, "POST", &path(anna), Value::Null, "201").await.body);
    assert_eq!(place.last_line().await["action"], "member.password_link");
    let role = async |role: &str| expect(&place.owner, "PATCH", &format!("/api/v1/users/{anna}"), json!({ "role": role }), "200").await;
    role("owner").await;
    expect(&nobody, "POST", "/api/v1/password/reset", new_password(&secret, "угнанный пароль"), "409 link_over").await;
    role("manager").await;
    // Nor somebody who belongs to another workspace by now.
    let elsewhere = place.app.workspace("Другая лавка").await;
    person(&place.app, elsewhere, "anna@shop.example", Role::Manager).await;
    expect(&nobody, "POST", "/api/v1/password/reset", new_password(&secret, "угнанный пароль"), "409 link_over").await;
    expect(&admin, "POST", &path(anna), Value::Null, "409 member_elsewhere").await;
    // And who was an admin and is none any more set no password.
    let boris = place.person("boris@shop.example", Role::Manager).await;
    let secret = token(&expect(&admin, "POST", &path(boris), Value::Null, "201").await.body);
    expect(&place.owner, "DELETE", &format!("/api/v1/users/{admin_id}"), Value::Null, "204").await;
    expect(&nobody, "POST", "/api/v1/password/reset", new_password(&secret, "угнанный пароль"), "409 link_over").await;
    assert_eq!(place.log_in("boris@shop.example", PASSWORD).await.status, 200);
}
