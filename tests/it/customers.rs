//! The people behind the conversations: written down, found, made one and taken apart; and what helps to write to them. The same on both
//! engines.

use kommutator::model::ids::WorkspaceId;
use kommutator::model::protocol::Role;
use kommutator::store::batch::Batch;
use kommutator::store::records::streams;
use serde_json::{Value, json};

use crate::support::app::{App, Body, Client, PATIENCE, Socket, on_both_engines};

/// A workspace with two widgets, an owner who sees both, and a manager who sees the second.
struct Shop<'a> {
    app: &'a App,
    workspace: WorkspaceId,
    owner: Client,
    owner_secret: String,
    manager: Client,
    first: String,
    second: String,
    second_id: String,
}

impl<'a> Shop<'a> {
    async fn open(app: &'a App) -> Self {
        let workspace = app.workspace("Магазин").await;
        let ((_, first), (account, second)) = (app.widget(workspace, "Сайт").await, app.widget(workspace, "Блог").await);
        let owner = app.member(workspace, Role::Owner, None).await;
        let manager = app.member(workspace, Role::Manager, Some(vec![account.id])).await;
        let owner_secret = app.session(workspace, owner).await;
        let manager = app.client(&app.session(workspace, manager).await);
        let owner = app.client(&owner_secret);
        Self { app, workspace, owner, owner_secret, manager, first, second, second_id: account.id.to_string() }
    }

    /// A visitor of a widget leaves a name and a phone, and writes. Their socket, the conversation, the customer.
    async fn visitor(&self, widget: &str, name: &str, phone: &str) -> (Socket, String, String) {
        let mut visitor = self.app.visitor_socket(widget).await;
        visitor.say(json!({ "type": "hello", "identity": { "name": name, "phone": phone } })).await;
        visitor.say(json!({ "type": "send", "client_id": "1", "text": format!("Здравствуйте, я {name}") })).await;
        let accepted = visitor.until(|frame| frame["type"] == "accepted").await.pop().unwrap();
        let conversation = text(&accepted["message"], "conversation");
        let customer = text(&self.owner.get(&format!("/api/v1/conversations/{conversation}/person")).await.body, "customer");
        (visitor, conversation, customer)
    }

    async fn write_down(&self, body: Value) -> String {
        let made = self.owner.post("/api/v1/customers", body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        text(&made.body, "id")
    }

    async fn card(&self, id: &str) -> Value {
        self.owner.get(&format!("/api/v1/customers/{id}")).await.body
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// The names of the customers a client finds, and how many there are.
async fn found(client: &Client, query: &str) -> (Vec<String>, Value) {
    let page = client.get(&format!("/api/v1/customers?{query}")).await;
    assert_eq!((page.status, &page.body["complete"]), (200, &json!(true)), "{}", page.text);
    (page.body["items"].as_array().unwrap().iter().map(|one| text(one, "name")).collect(), page.body["total"].clone())
}

fn values(view: &Value) -> Vec<(String, String)> {
    view.as_array().unwrap().iter().map(|one| (text(one, "value"), text(one, "by"))).collect()
}

on_both_engines!(written_down, seen_and_found, made_one, written_of_both, renamed, told, found_in_one, at_a_date, outlook, copied, ways);

mod flows {
    use super::*;

    pub(super) async fn written_down(app: &App) {
        let shop = Shop::open(app).await;
        let wrong = [
            (json!({}), "name"),
            (json!({ "company": "Ромашка" }), "name"),
            (json!({ "name": "Анна", "phones": ["звоните"] }), "phones"),
            (json!({ "name": "Анна", "emails": ["anna"] }), "emails"),
            (json!({ "name": "А".repeat(201) }), "name"),
        ];
        for (body, field) in wrong {
            let answer = shop.owner.post("/api/v1/customers", body.clone()).await;
            assert_eq!((answer.status, answer.text.contains(field)), (422, true), "{body}: {}", answer.text);
        }
        let made =
            shop.write_down(json!({ "name": " Анна ", "phones": ["8 (999) 123-45-67", "+79991234567"], "emails": ["Anna@Shop.Example"] })).await;
        let path = format!("/api/v1/customers/{made}");
        let card = shop.owner.patch(&path, json!({ "company": "Ромашка", "note": "Пишет по вечерам" })).await.body["customer"].clone();
        assert_eq!((&card["name"], &card["company"], &card["note"]), (&json!("Анна"), &json!("Ромашка"), &json!("Пишет по вечерам")));
        assert_eq!(values(&card["phones"]), [("+79991234567".to_owned(), "manager".to_owned())], "one form, once");
        assert_eq!(values(&card["emails"]), [("anna@shop.example".to_owned(), "manager".to_owned())]);
        let emptied = shop.owner.patch(&path, json!({ "phones": [], "note": "" })).await.body["customer"].clone();
        assert_eq!((emptied["phones"].as_array().map(Vec::len), &emptied["company"]), (Some(0), &json!("Ромашка")), "what is not named stays");
        assert_eq!(shop.owner.patch("/api/v1/customers/none", json!({ "name": "x" })).await.short(), "404 unknown_customer");
    }

    pub(super) async fn seen_and_found(app: &App) {
        let shop = Shop::open(app).await;
        let (_anna, _, anna) = shop.visitor(&shop.first, "Анна Кузнецова", "+79991234567").await;
        let (_boris, _, boris) = shop.visitor(&shop.second, "Борис", "+79997654321").await;
        shop.write_down(json!({ "name": "Вера", "emails": ["vera@shop.example"], "note": "дилер" })).await;
        let (names, total) = found(&shop.owner, "").await;
        assert_eq!((names, total), (vec!["Вера".to_owned(), "Борис".to_owned(), "Анна Кузнецова".to_owned()], json!(3)));
        for (query, names) in [
            ("q=кузнецовой", vec!["Анна Кузнецова"]),
            ("q=8-999-123-45-67", vec!["Анна Кузнецова"]),
            ("q=,jhbc", vec!["Борис"]),
            ("q=vera@shop", vec!["Вера"]),
            ("q=дилеры", vec!["Вера"]),
            ("q=никого", vec![]),
        ] {
            assert_eq!(found(&shop.owner, query).await.0, names, "{query}");
        }
        // Who does not see the channel hears of nobody there; who is in no channel is everybody's.
        assert_eq!(found(&shop.manager, "").await, (vec!["Вера".to_owned(), "Борис".to_owned()], json!(2)));
        assert_eq!(found(&shop.manager, "q=кузнецова").await, (vec![], json!(0)));
        assert_eq!(shop.manager.get(&format!("/api/v1/customers/{anna}")).await.short(), "404 unknown_customer");
        assert_eq!(shop.manager.get(&format!("/api/v1/customers/{boris}")).await.status, 200);
        // Page by page each is told once.
        let (mut cursor, mut names) = (String::new(), Vec::new());
        loop {
            let page = shop.owner.get(&format!("/api/v1/customers?limit=2{cursor}")).await.body;
            names.extend(page["items"].as_array().unwrap().iter().map(|one| text(one, "name")));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(names, ["Вера", "Борис", "Анна Кузнецова"]);
        // What is changed is found by its new words at once, and not by the old ones.
        shop.owner.patch(&format!("/api/v1/customers/{anna}"), json!({ "name": "Анна Лебедева" })).await;
        assert_eq!((found(&shop.owner, "q=лебедева").await.0.len(), found(&shop.owner, "q=дилер лебедева").await.0.len()), (1, 0));
        // An index that is lost is built from the records, and finds the same.
        let store = app.house().store.workspace(shop.workspace);
        let mut trim = Batch::new();
        trim.once(b"trim".to_vec(), 1_000, "");
        trim.trim(&streams::feed(), 1);
        store.commit(trim).await.unwrap();
        app.house().search.index.reset(shop.workspace).await.unwrap();
        let built = async { while shop.owner.get("/api/v1/customers").await.body["complete"] != true {} };
        tokio::time::timeout(PATIENCE, built).await.unwrap();
        let (names, total) = found(&shop.owner, "").await;
        assert_eq!((names.len(), total), (3, json!(3)));
        assert_eq!(found(&shop.manager, "q=кузнецова").await.0, Vec::<String>::new());
    }

    pub(super) async fn made_one(app: &App) {
        let shop = Shop::open(app).await;
        let (_anna, first, anna) = shop.visitor(&shop.first, "Анна", "+79991234567").await;
        let (_boris, second, boris) = shop.visitor(&shop.second, "Аня", "+79997654321").await;
        let merge = format!("/api/v1/customers/{boris}/merge");
        assert_eq!(shop.owner.post(&format!("/api/v1/customers/{anna}/merge"), json!({ "into": anna })).await.short(), "409 same_customer");
        let card = shop.owner.post(&merge, json!({ "into": anna })).await.body;
        let conversations = |card: &Value| {
            let mut ids: Vec<String> = card["conversations"].as_array().unwrap().iter().map(|one| text(one, "id")).collect();
            ids.sort();
            ids
        };
        let mut both = vec![first.clone(), second.clone()];
        both.sort();
        assert_eq!((conversations(&card), text(&card["customer"], "id")), (both, anna.clone()));
        assert_eq!(card["merged"], json!([{ "id": boris, "name": "Аня" }]));
        assert_eq!(found(&shop.owner, "").await, (vec!["Анна".to_owned()], json!(1)), "the other is found no more");
        assert_eq!(found(&shop.owner, "q=аня").await.0, ["Анна"], "but by its words the one is");
        assert_eq!(card["customer"]["aliases"], json!(["Аня"]));
        assert_eq!(shop.owner.post(&merge, json!({ "into": anna })).await.short(), "409 already_merged");
        // Who sees one of the channels sees of the customer what is there.
        let seen = shop.manager.get(&format!("/api/v1/customers/{anna}")).await.body;
        assert_eq!((conversations(&seen), seen["identities"].as_array().unwrap().len()), (vec![second.clone()], 1));
        assert!(!seen.to_string().contains("79991234567"), "{seen}");
        // Nor may the search tell what the card does not.
        for (query, owner, manager) in [("q=79991234567", 1, 0), ("q=79997654321", 1, 1), ("q=аня", 1, 1), ("", 1, 1)] {
            for (who, client, hits) in [("owner", &shop.owner, owner), ("manager", &shop.manager, manager)] {
                let (names, total) = found(client, query).await;
                assert_eq!((names.len(), total), (hits, json!(hits)), "{query} by the {who}");
            }
        }
        let apart = shop.owner.post(&format!("/api/v1/customers/{boris}/unmerge"), Value::Null).await.body;
        assert_eq!((conversations(&apart), conversations(&shop.card(&anna).await)), (vec![second], vec![first]));
        assert_eq!(found(&shop.owner, "").await.1, json!(2));
    }

    /// What managers wrote of one is not lost where it is made one with another, and is its own again when they are taken apart.
    pub(super) async fn written_of_both(app: &App) {
        let shop = Shop::open(app).await;
        let kept = shop.write_down(json!({ "name": "Анна", "phones": ["+79991234567"] })).await;
        let other = shop.write_down(json!({ "name": "Аня", "phones": ["+79997654321"], "emails": ["anya@shop.example"], "note": "дилер" })).await;
        let third = shop.write_down(json!({ "name": "Нюра" })).await;
        for (from, into) in [(&third, &other), (&other, &kept)] {
            assert_eq!(shop.owner.post(&format!("/api/v1/customers/{from}/merge"), json!({ "into": into })).await.status, 200);
        }
        let one = shop.card(&kept).await["customer"].clone();
        let by = |value: &str, by: &str| (value.to_owned(), by.to_owned());
        assert_eq!(values(&one["phones"]), [by("+79991234567", "manager"), by("+79997654321", "merged")]);
        assert_eq!((values(&one["emails"]), &one["note"]), (vec![by("anya@shop.example", "merged")], &json!("дилер")));
        assert_eq!(one["aliases"], json!(["Аня", "Нюра"]));
        for query in ["q=нюра", "q=79997654321", "q=дилеру"] {
            assert_eq!(found(&shop.owner, query).await.0, ["Анна"], "{query}");
        }
        let apart = shop.owner.post(&format!("/api/v1/customers/{other}/unmerge"), Value::Null).await.body;
        assert_eq!((&apart["customer"]["name"], &apart["customer"]["aliases"]), (&json!("Аня"), &json!(["Нюра"])));
        assert_eq!(values(&shop.card(&kept).await["customer"]["phones"]), [by("+79991234567", "manager")]);
        assert_eq!((found(&shop.owner, "q=нюра").await.0, found(&shop.owner, "").await.1), (vec!["Аня".to_owned()], json!(2)));
    }

    /// The name managers give stands in the list of conversations, whatever the channel tells later.
    pub(super) async fn renamed(app: &App) {
        let shop = Shop::open(app).await;
        let mut screen = app.manager(&shop.owner_secret).await;
        let (mut anna, conversation, customer) = shop.visitor(&shop.first, "Анна", "+79991234567").await;
        let path = format!("/api/v1/customers/{customer}");
        shop.owner.patch(&path, json!({ "name": "Анна с рынка" })).await;
        let titled = |title: &'static str| {
            move |frame: &Value| frame["event"]["kind"] == "conversation.updated" && frame["event"]["conversation"]["title"] == title
        };
        screen.until(titled("Анна с рынка")).await;
        anna.say(json!({ "type": "send", "client_id": "2", "text": "ещё" })).await;
        anna.until(|frame| frame["type"] == "accepted" && frame["client_id"] == "2").await;
        let title = async || shop.owner.get(&format!("/api/v1/conversations/{conversation}")).await.body["title"].clone();
        assert_eq!(title().await, json!("Анна с рынка"));
        let other = shop.write_down(json!({ "name": "Анна Лебедева" })).await;
        shop.owner.post(&format!("{path}/merge"), json!({ "into": other })).await;
        screen.until(titled("Анна Лебедева")).await;
        shop.owner.post(&format!("{path}/unmerge"), Value::Null).await;
        screen.until(titled("Анна с рынка")).await;
        shop.owner.patch(&path, json!({ "name": "" })).await;
        screen.until(titled("Анна")).await;
    }

    pub(super) async fn told(app: &App) {
        let shop = Shop::open(app).await;
        let mut screen = app.manager(&shop.owner_secret).await;
        let made = shop.write_down(json!({ "name": "Анна" })).await;
        let event = screen.until(|frame| frame["event"]["kind"] == "customer.updated").await.pop().unwrap();
        assert_eq!(event["event"]["customer"], json!(made));
        let (_visitor, _, boris) = shop.visitor(&shop.first, "Борис", "+79997654321").await;
        let fits = |frame: &Value| frame["event"]["kind"] == "customer.updated" && frame["event"]["customer"] == json!(boris);
        screen.until(fits).await;
    }

    pub(super) async fn found_in_one(app: &App) {
        let shop = Shop::open(app).await;
        let (mut anna, first, _) = shop.visitor(&shop.first, "Анна", "+79991234567").await;
        let (mut boris, second, _) = shop.visitor(&shop.second, "Борис", "+79997654321").await;
        for (of_anna, words, key) in [(true, "где мой заказ", "a"), (false, "заказы есть?", "b"), (true, "заказ пришёл", "c")]
        {
            let visitor = if of_anna { &mut anna } else { &mut boris };
            visitor.say(json!({ "type": "send", "client_id": key, "text": words })).await;
            visitor.until(|frame| frame["type"] == "accepted").await;
        }
        let texts = async |conversation: &str, q: &str| -> Vec<String> {
            let page = shop.owner.get(&format!("/api/v1/search?q={q}&conversation={conversation}")).await.body;
            page["items"].as_array().unwrap_or_else(|| panic!("{page}")).iter().map(|one| text(&one["message"], "text")).collect()
        };
        assert_eq!(texts(&first, "заказа").await, ["заказ пришёл", "где мой заказ"]);
        assert_eq!(texts(&second, "pfrfp").await, ["заказы есть?"], "the layout is forgiven");
        let read_as = async |q: &str| shop.owner.get(&format!("/api/v1/search?q={q}&conversation={second}")).await.body["read_as"].clone();
        assert_eq!((read_as("pfrfp").await, read_as("заказ").await), (json!("заказ"), Value::Null), "and said");
        assert_eq!(texts(&second, "пришёл").await, Vec::<String>::new());
        assert_eq!(shop.manager.get(&format!("/api/v1/search?q=заказ&conversation={first}")).await.short(), "404 unknown_conversation");
    }

    pub(super) async fn at_a_date(app: &App) {
        let shop = Shop::open(app).await;
        let (mut anna, conversation, _) = shop.visitor(&shop.first, "Анна", "+79991234567").await;
        for number in 2..=9 {
            anna.say(json!({ "type": "send", "client_id": number.to_string(), "text": number.to_string() })).await;
            anna.until(|frame| frame["type"] == "accepted").await;
        }
        let path = format!("/api/v1/conversations/{conversation}/messages");
        let all = shop.owner.get(&path).await.body["items"].as_array().unwrap().clone();
        let page = async |at: &str| -> Vec<String> {
            let page = shop.owner.get(&format!("{path}?limit=2&at={at}")).await.body;
            page["items"].as_array().unwrap_or_else(|| panic!("{page}")).iter().map(|one| text(one, "id")).collect()
        };
        let id = |number: usize| text(&all[number], "id");
        assert_eq!(page("2020-01-01T00:00:00Z").await, [id(0), id(1)], "before everything: the first");
        assert_eq!(page("2099-01-01T00:00:00Z").await, [id(8)], "after everything: the last");
        // The first that is not earlier; several may stand at one moment.
        let moment = text(&all[4], "written_at");
        let wanted = all.iter().position(|one| text(one, "written_at") >= moment).unwrap();
        assert_eq!(page(&moment).await[0], id(wanted));
        assert_eq!(shop.owner.get(&format!("{path}?at=yesterday")).await.short(), "400 bad_parameter");
    }

    pub(super) async fn outlook(app: &App) {
        let shop = Shop::open(app).await;
        let (_anna, conversation, _) = shop.visitor(&shop.first, "Анна", "+79991234567").await;
        let path = format!("/api/v1/conversations/{conversation}/outlook");
        let upload = async |client: &Client, name: &str| {
            text(&client.ask("POST", &format!("/api/v1/files?name={name}"), Body::Bytes(b"words".to_vec())).await.body, "id")
        };
        let (a, b) = (upload(&shop.owner, "a.txt").await, upload(&shop.owner, "b.txt").await);
        let told = shop.owner.post(&path, json!({ "text": "Цена 😀", "attachments": [a, b] })).await.body;
        assert_eq!((&told["pieces"], &told["length"]), (&json!([{ "text": "Цена 😀", "files": [a, b] }]), &json!(6)), "{told}");
        assert!(told["limit"].as_u64().unwrap() > 1_000 && told["unit"] == "characters");
        let foreign = upload(&shop.manager, "c.txt").await;
        assert_eq!(shop.owner.post(&path, json!({ "attachments": [foreign] })).await.short(), "404 unknown_file");
        // Sent as a file, a picture is shown as one to both sides.
        let sent = json!({ "client_id": "1", "text": "вот", "attachments": [a], "as_files": true });
        let sent = shop.owner.post(&format!("/api/v1/conversations/{conversation}/messages"), sent).await.body["message"].clone();
        assert_eq!(sent["attachments"][0]["as_file"], json!(true), "{sent}");
    }

    pub(super) async fn copied(app: &App) {
        let shop = Shop::open(app).await;
        let (_anna, first, _) = shop.visitor(&shop.first, "Анна", "+79991234567").await;
        let (_boris, second, _) = shop.visitor(&shop.second, "Борис", "+79997654321").await;
        let upload = shop.owner.ask("POST", "/api/v1/files?name=price.txt", Body::Bytes(b"price".to_vec())).await.body;
        let send = async |conversation: &str, file: &Value| {
            let body = json!({ "client_id": "copy", "attachments": [file] });
            shop.owner.post(&format!("/api/v1/conversations/{conversation}/messages"), body).await.body["message"]["attachments"][0].clone()
        };
        let sent = send(&first, &upload["id"]).await;
        let path = format!("/api/v1/files/{}/copy", text(&sent, "id"));
        assert_eq!(shop.manager.post(&path, Value::Null).await.short(), "404 unknown_file", "who does not see where it stands");
        let copy = shop.owner.post(&path, Value::Null).await.body;
        assert_ne!(copy["id"], sent["id"]);
        let again = send(&second, &copy["id"]).await;
        assert_eq!(shop.owner.get(&text(&again, "url")).await.text, "price");
        assert_eq!(shop.owner.get(&text(&sent, "url")).await.text, "price");
    }

    pub(super) async fn ways(app: &App) {
        let shop = Shop::open(app).await;
        shop.visitor(&shop.second, "Анна", "+79991234567").await;
        let told = shop.manager.get("/api/v1/ways?address=89991234567").await.body;
        let channels = told["channels"].as_array().unwrap();
        assert_eq!((channels.len(), &channels[0]["channel"]), (1, &json!(shop.second_id)), "only channels one sees: {told}");
        assert_eq!((&channels[0]["address"], &channels[0]["reason"]["code"]), (&Value::Null, &json!("cannot_write_first")));
        assert_eq!(told["customers"].as_array().unwrap().iter().map(|one| text(one, "name")).collect::<Vec<_>>(), ["Анна"]);
        assert_eq!(shop.manager.get("/api/v1/ways?address=").await.short(), "400 bad_parameter");
    }
}
