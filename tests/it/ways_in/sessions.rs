use super::*;

const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; rv:132.0) Gecko/20100101 Firefox/132.0";

/// Logs in as a browser does: the session, and the cookie that was set.
async fn browse(place: &Place, email: &str, remember: bool) -> (String, String) {
    let body = json!({ "email": email, "password": PASSWORD, "remember": remember });
    let request = reqwest::Client::new().post(format!("{}/api/v1/login", place.app.url)).header("user-agent", AGENT).json(&body);
    let answer = request.send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let body: Value = answer.json().await.unwrap();
    (text(&body, "token").to_owned(), cookie)
}

pub(super) async fn sessions_are_listed_and_ended(place: Place) {
    let anna = "anna@shop.example";
    let id = place.person(anna, Role::Manager).await;
    let (first, cookie) = browse(&place, anna, true).await;
    assert!(cookie.contains("Max-Age=2592000") && cookie.contains("HttpOnly"), "{cookie}");
    let (second, _) = browse(&place, anna, true).await;
    let (third, _) = browse(&place, anna, true).await;
    let client = place.app.client(&first);
    let list = client.get("/api/v1/me/sessions").await.body;
    assert_eq!(list["total"], 3);
    let items = list["items"].as_array().unwrap();
    assert!(items.iter().all(|one| text(one, "device") == "Firefox, Windows" && text(one, "address") == "127.0.0.1"), "{list}");
    assert_eq!(items.iter().map(|one| one["current"].as_bool().unwrap()).collect::<Vec<_>>(), [false, false, true]);
    let mut socket = place.app.manager(&third).await;
    expect(&client, "DELETE", &format!("/api/v1/me/sessions/{}", text(&items[0], "id")), Value::Null, "204").await;
    assert_eq!(end_of(&mut socket).await, 4001);
    expect(&place.app.client(&third), "GET", "/api/v1/me", Value::Null, "401 not_logged_in").await;
    // Another's is not there.
    let own = place.owner.get("/api/v1/me/sessions").await.body;
    let theirs = format!("/api/v1/me/sessions/{}", text(&own["items"][0], "id"));
    expect(&client, "DELETE", &theirs, Value::Null, "404 unknown_session").await;
    expect(&client, "POST", "/api/v1/me/sessions/end-others", Value::Null, "204").await;
    expect(&place.app.client(&second), "GET", "/api/v1/me", Value::Null, "401 not_logged_in").await;
    assert_eq!(client.get("/api/v1/me/sessions").await.body["total"], 1);
    assert_eq!(place.owner.get("/api/v1/me").await.status, 200);
    // A removed member has none.
    expect(&place.owner, "DELETE", &format!("/api/v1/users/{id}"), Value::Null, "204").await;
    expect(&client, "GET", "/api/v1/me/sessions", Value::Null, "401 not_logged_in").await;
}

pub(super) async fn a_session_that_rests_ends(place: Place) {
    let anna = "anna@shop.example";
    place.person(anna, Role::Manager).await;
    let (short, cookie) = browse(&place, anna, false).await;
    assert!(!cookie.contains("Max-Age") && !cookie.contains("Expires"), "it ends with the browser: {cookie}");
    let (long, _) = browse(&place, anna, true).await;
    let (short, long) = (place.app.client(&short), place.app.client(&long));
    let seen = async |client: &Client| {
        let list = client.get("/api/v1/me/sessions").await.body;
        let own = list["items"].as_array().unwrap().iter().find(|one| one["current"] == true).unwrap().clone();
        text(&own, "seen_at").to_owned()
    };
    let begun = seen(&short).await;
    assert_eq!(seen(&short).await, begun, "it is not written with every use");
    // Used every few hours it goes on.
    for _ in 0..3 {
        place.app.world.advance_ms(7 * HOUR);
        assert_eq!(short.get("/api/v1/me").await.status, 200);
    }
    assert!(seen(&short).await > begun);
    place.app.world.advance_ms(12 * HOUR);
    expect(&short, "GET", "/api/v1/me", Value::Null, "401 not_logged_in").await;
    assert_eq!(long.get("/api/v1/me").await.status, 200);
    // What is over is tidied away.
    kommutator::gateway::maintenance::tidy(place.app.house()).await.unwrap();
    assert_eq!(long.get("/api/v1/me/sessions").await.body["total"], 1);
    place.app.world.advance_ms(29 * DAY);
    expect(&long, "GET", "/api/v1/me", Value::Null, "401 not_logged_in").await;
}

pub(super) async fn a_profile_is_kept(place: Place) {
    let change =
        json!({ "name": "Мария", "locale": "en", "time_zone": "Asia/Omsk", "phone": " +7 (999) 000-00-00", "notify_email": "Second@Shop.example" });
    expect(&place.owner, "PATCH", "/api/v1/me", change, "200").await;
    let profile = place.owner.get("/api/v1/me/profile").await.body;
    assert_eq!(
        (text(&profile, "time_zone"), text(&profile, "phone"), text(&profile, "notify_email")),
        ("Asia/Omsk", "+7 (999) 000-00-00", "second@shop.example")
    );
    assert!(profile["number"].as_u64().unwrap() > 0);
    let wrong = [
        (json!({ "time_zone": "Mars/Base" }), "422 time_zone_unknown"),
        (json!({ "phone": "звоните" }), "422 phone_invalid"),
        (json!({ "notify_email": "нет" }), "422 email_invalid"),
        (json!({ "locale": "fr" }), "422 locale_unknown"),
    ];
    for (body, wanted) in wrong {
        expect(&place.owner, "PATCH", "/api/v1/me", body, wanted).await;
    }
    // What happens to the account is told at both addresses, in the language of who reads it.
    expect(&place.owner, "POST", "/api/v1/me/password", json!({ "current": PASSWORD, "new": "новый пароль" }), "204").await;
    for address in ["owner@shop.example", "second@shop.example"] {
        assert!(place.smtp.letter(address, 1).await.text().contains("The password of your account was changed"));
    }
    // And the workspace itself.
    let change = json!({ "name": "Лавка", "locale": "es", "time_zone": "Europe/Madrid" });
    let changed = expect(&place.owner, "PATCH", "/api/v1/workspace", change, "200").await.body;
    assert_eq!((text(&changed, "name"), text(&changed, "locale"), text(&changed, "time_zone")), ("Лавка", "es", "Europe/Madrid"));
    assert_eq!(place.owner.get("/api/v1/me").await.body["workspace_name"], "Лавка");
    assert_eq!(place.last_line().await["action"], "workspace.changed");
    for (body, wanted) in [
        (json!({ "name": " " }), "422 required"),
        (json!({ "time_zone": "" }), "422 time_zone_unknown"),
        (json!({ "locale": "fr" }), "422 locale_unknown"),
    ] {
        expect(&place.owner, "PATCH", "/api/v1/workspace", body, wanted).await;
    }
}
