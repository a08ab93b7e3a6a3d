//! Who is whom: people of real channels over their fakes. What a provider vouches for joins customers by itself, in the order of X-55;
//! anything else is a question, and its answer is kept.

use std::net::TcpListener;

use kommutator::model::customer::{Claim, Customer, Identity, Known, Vouched};
use kommutator::model::ids::{CustomerId, IdentityId, LoginId};
use kommutator::model::protocol::Role;
use kommutator::model::sign::Sign;
use kommutator::model::time::Time;
use serde_json::{Value, json};

use crate::support::app::{App, Client, Socket};
use crate::support::fakes::Fake;

const PHONE: &str = "79991112233";

struct Shop {
    owner: Client,
    screen: Socket,
    telegram: Fake,
    vk: Fake,
    avito: Fake,
    bots: [String; 2],
}

impl Shop {
    async fn open(app: &App) -> Self {
        let workspace = app.workspace("Магазин").await;
        let owner = app.member(workspace, Role::Owner, None).await;
        let secret = app.session(workspace, owner).await;
        let (owner, screen) = (app.client(&secret), app.manager(&secret).await);
        let (telegram, vk, avito) = (Fake::start("telegram").await, Fake::start("vk").await, Fake::start("avito").await);
        telegram.act("settings", json!({ "limits": false, "speed": 1_000 })).await;
        telegram.act("bots", json!({ "username": "second_bot" })).await;
        let bots = telegram.look("bots").await;
        let bots = [0, 1].map(|at: usize| bots[at]["token"].as_str().unwrap().to_owned());
        let shop = Self { owner, screen, telegram, vk, avito, bots };
        for token in shop.bots.clone() {
            let url = shop.telegram.url.clone();
            shop.connect("telegram_bot", json!({ "token": token, "server": url })).await;
        }
        let (vk, avito) = (shop.vk.url.clone(), shop.avito.url.clone());
        let messages = shop.connect("vk_messages", json!({ "token": "vk1.a.test", "base_url": vk })).await.remove(0);
        let set = shop.owner.patch(&format!("/api/v1/channels/{messages}"), json!({ "settings": { "extended": true } })).await;
        assert_eq!(set.status, 200, "{}", set.text);
        let keys = json!({ "client_id": "client", "client_secret": "secret", "base_url": avito });
        shop.connect("avito", keys).await;
        shop
    }

    async fn connect(&self, kind: &str, values: Value) -> Vec<String> {
        let walk = self.owner.post("/api/v1/connecting", json!({ "kind": kind })).await;
        let done = self.owner.post(&format!("/api/v1/connecting/{}", walk.body["id"].as_str().unwrap()), json!({ "values": values })).await;
        let channels = done.body["channels"].as_array().unwrap_or_else(|| panic!("{kind}: {}", done.text));
        channels.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    }

    /// The customer of what came last with these words.
    async fn customer(&mut self, words: &str) -> String {
        let fits = |frame: &Value| frame["event"]["kind"] == "message.added" && frame["event"]["message"].to_string().contains(words);
        let added = self.screen.until(fits).await.pop().unwrap();
        let conversation = added["event"]["message"]["conversation"].as_str().unwrap();
        let person = self.owner.get(&format!("/api/v1/conversations/{conversation}/person")).await.body;
        person["customer"].as_str().unwrap_or_else(|| panic!("{person}")).to_owned()
    }

    async fn telegram(&mut self, bot: usize, from: Value, words: &str) -> String {
        self.telegram.act("write", json!({ "bot": self.bots[bot], "from": from, "text": words })).await;
        self.customer(words).await
    }

    /// Somebody gives their own phone by the button Telegram has for it; or, `of` another, that of somebody else.
    async fn contact(&mut self, bot: usize, from: Value, of: i64, name: &str) -> String {
        let contact = json!({ "phone_number": PHONE, "first_name": name, "user_id": of });
        self.telegram.act("write", json!({ "bot": self.bots[bot], "from": from, "contact": contact })).await;
        self.customer(name).await
    }

    async fn card(&self, id: &str) -> Value {
        self.owner.get(&format!("/api/v1/customers/{id}")).await.body
    }

    /// Who may be the same as a customer, and by what.
    async fn alike(&self, id: &str) -> Vec<(String, Vec<(String, String)>)> {
        let card = self.card(id).await;
        let sign = |one: &Value| (one["kind"].as_str().unwrap().to_owned(), one["value"].as_str().unwrap().to_owned());
        let alike = card["alike"].as_array().unwrap_or_else(|| panic!("{card}")).iter();
        alike.map(|one| (one["customer"]["id"].as_str().unwrap().to_owned(), one["by"].as_array().unwrap().iter().map(sign).collect())).collect()
    }
}

fn sign(kind: &str, value: &str) -> Vec<(String, String)> {
    vec![(kind.to_owned(), value.to_owned())]
}

async fn people_are_joined_or_asked_about(app: App) {
    let mut shop = Shop::open(&app).await;
    let anna = json!({ "id": 5, "first_name": "Анна", "username": "anna" });
    let boris = json!({ "id": 6, "first_name": "Борис" });
    let vera = json!({ "id": 7, "first_name": "Вера" });

    // One person of one provider is one customer, whichever of its logins they write to; the name managers gave stands there, too.
    let of_anna = shop.telegram(0, anna.clone(), "слово первое").await;
    shop.owner.patch(&format!("/api/v1/customers/{of_anna}"), json!({ "name": "Анна с рынка" })).await;
    assert_eq!(shop.telegram(1, anna.clone(), "слово второе").await, of_anna);
    let card = shop.card(&of_anna).await;
    let titles: Vec<&Value> = card["conversations"].as_array().unwrap().iter().map(|one| &one["title"]).collect();
    assert_eq!((titles, card["merged"].as_array().unwrap().len()), (vec![&json!("Анна с рынка"); 2], 1), "one can be taken apart again");

    // A phone Telegram vouches for joins two that were there already: the older stays.
    let of_boris = shop.contact(0, boris.clone(), 6, "Бориса карточка").await;
    let of_vera = shop.telegram(0, vera.clone(), "слово третье").await;
    assert_ne!(of_vera, of_boris);
    // Somebody else's card says nothing of who sends it.
    assert_eq!(shop.contact(0, vera.clone(), 6, "Чужая карточка").await, of_vera);
    assert_eq!(shop.contact(0, vera.clone(), 7, "Веры карточка").await, of_boris);
    assert_eq!(shop.card(&of_vera).await["customer"]["merged_into"], json!(of_boris));

    // Phone before account: who wrote from one account and gives, first thing to the other bot, a phone that is another's.
    let gleb = json!({ "id": 8, "first_name": "Глеб" });
    let of_gleb = shop.telegram(0, gleb.clone(), "слово четвёртое").await;
    assert_eq!(shop.contact(1, gleb.clone(), 8, "Глеба карточка").await, of_boris);
    assert_eq!(shop.alike(&of_gleb).await, [(of_boris.clone(), sign("account", "telegram/8"))], "the other is a question");

    // VK: a phone and a name that nobody vouches for are questions, the phone first.
    shop.vk.act("user", json!({ "id": 510, "first_name": "Борис", "last_name": "Ли", "domain": "anna", "mobile_phone": "8 (999) 111-22-33" })).await;
    shop.vk.act("write", json!({ "user": 510, "text": "слово пятое" })).await;
    let of_vk = shop.customer("слово пятое").await;
    assert!(![&of_anna, &of_boris].contains(&&of_vk));
    let both = [(of_boris.clone(), sign("phone", "+79991112233")), (of_anna.clone(), sign("name", "anna"))];
    assert_eq!(shop.alike(&of_vk).await, both);

    // Avito tells nothing but a name, which is no sign; nor does what its ids are at another provider.
    shop.avito.act("chat", json!({ "id": "u2i-5", "buyer": { "id": 5, "name": "Анна" }, "item": { "id": 1, "title": "Стол" } })).await;
    shop.avito.act("write", json!({ "chat": "u2i-5", "text": "слово шестое" })).await;
    let of_avito = shop.customer("слово шестое").await;
    assert_ne!(of_avito, of_anna);
    assert_eq!(shop.alike(&of_avito).await, []);

    // What a manager wrote down is a question, too. Answered once it is not asked again, on neither card, whatever is said later.
    let written = shop.owner.post("/api/v1/customers", json!({ "name": "Б. Ли", "phones": ["8 999 111-22-33"] })).await.body;
    let written = written["id"].as_str().unwrap().to_owned();
    assert_eq!(shop.alike(&written).await.len(), 2);
    let apart = |from: &str| json!({ "from": from });
    let answered = shop.owner.post(&format!("/api/v1/customers/{written}/apart"), apart(&of_boris)).await;
    assert_eq!((answered.status, answered.body["alike"].as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(shop.owner.post(&format!("/api/v1/customers/{of_boris}/apart"), apart(&written)).await.status, 200, "said twice");
    assert_eq!(shop.owner.post(&format!("/api/v1/customers/{of_vera}/apart"), apart(&of_boris)).await.short(), "409 same_customer");
    shop.telegram(0, boris.clone(), "слово седьмое").await;
    assert!(shop.alike(&of_boris).await.iter().all(|(id, _)| *id != written));
    // They are asked about one who became part of it as little.
    assert_eq!(shop.owner.post(&format!("/api/v1/customers/{of_vk}/merge"), json!({ "into": of_boris })).await.status, 200);
    assert_eq!(shop.alike(&written).await, []);

    // Taken apart by hand, they stay so, though Telegram still vouches.
    assert_eq!(shop.owner.post(&format!("/api/v1/customers/{of_vera}/unmerge"), Value::Null).await.status, 200);
    assert_eq!(shop.contact(0, vera, 7, "Веры вторая карточка").await, of_vera);
    assert!(shop.alike(&of_vera).await.iter().all(|(id, _)| *id != of_boris));
}

/// A port that is free: providers are told of it before anybody listens there.
fn address() -> String {
    format!("127.0.0.1:{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port())
}

#[tokio::test]
async fn people_are_joined_or_asked_about_on_sqlite() {
    people_are_joined_or_asked_about(App::sqlite_with(&[("OUTSIDE_PRIVATE", "on"), ("LISTEN", &address())]).await).await;
}

#[tokio::test]
async fn people_are_joined_or_asked_about_on_redis() {
    people_are_joined_or_asked_about(App::redis_with(&[("OUTSIDE_PRIVATE", "on"), ("LISTEN", &address())]).await).await;
}

/// phone, then who they are in the channel, then e-mail; and who vouches for each.
#[test]
fn signs_stand_in_the_order_they_count() {
    let claim = |value: &str, by| Claim { value: value.into(), by };
    let identity = Identity {
        id: IdentityId(1),
        login: LoginId(1),
        external_ids: vec!["5".into()],
        everywhere: Some("telegram/5".into()),
        name: "Анна".into(),
        username: "Anna".into(),
        picture: None,
        phones: vec![claim("8 999 111-22-33", Vouched::Unverified), claim("+79991112233", Vouched::Provider), claim("нет", Vouched::Provider)],
        emails: vec![claim("A@Shop.example", Vouched::Signature), claim("b@shop.example", Vouched::Manager)],
        site_id: Some("42".into()),
        consent: None,
        about: Default::default(),
        unreachable: None,
        page: None,
        created_at: Time(0),
        first_message_at: None,
    };
    let wanted = [
        (Sign::Phone("+79991112233".into()), true),
        (Sign::Account("telegram/5".into()), true),
        (Sign::Site("42".into()), false),
        (Sign::Name("anna".into()), false),
        (Sign::Email("a@shop.example".into()), true),
        (Sign::Email("b@shop.example".into()), false),
    ];
    assert_eq!(identity.signs(), wanted);
    let known = Known { phones: vec!["+79991112233".into()], emails: vec!["b@shop.example".into()], ..Known::default() };
    let customer = Customer { known, ..Customer::fresh(CustomerId(1), Time(0)) };
    assert_eq!(customer.signs(), [Sign::Phone("+79991112233".into()), Sign::Email("b@shop.example".into())]);
}
