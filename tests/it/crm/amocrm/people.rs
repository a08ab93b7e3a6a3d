//! Contacts: found, supplemented, and the fields in which links to people stand.

use kommutator::gateway::administration::probe::MadeProbe;
use kommutator::gateway::commands::Command;
use kommutator::model::ids::{ConversationId, UserId};
use kommutator::model::message::Origin;
use kommutator::model::people::User;
use kommutator::model::protocol::{Author, AuthorKind, SendFrame};
use kommutator::store::batch::Batch;
use serde_json::{Value, json};

use super::account::{Account, text, values};
use super::places::{contact_by_hand, deal_by_hand, there, writes};
use crate::support::rig::On::Sqlite;
use crate::support::rig::until;

async fn contact(account: &Account) -> Value {
    let all = account.all("contacts").await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().unwrap()
}

fn anna(id: &str, more: Value) -> Value {
    let mut who = json!({ "id": "anna" });
    who.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    writes("one", "anna", id, who)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn j_22_x_55_who_is_known_by_e_mail_is_found() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let site = account.channels(["site_chat", "telegram_user"]).await;
    contact_by_hand(&account, &[("EMAIL", "Anna@Shop.example")]).await;
    account.hear(&site, anna("1", json!({ "email": "anna@shop.example" }))).await;
    assert_eq!(text(&contact(&account).await, "name"), "Введённое имя");
    // Whoever is not to be looked for is a new one.
    contact_by_hand(&account, &[("EMAIL", "olga@shop.example")]).await;
    account.link(&site, site.two, json!({ "find_existing": false })).await;
    account.hear(&site, writes("two", "olga", "1", json!({ "id": "olga", "email": "olga@shop.example" }))).await;
    assert_eq!(account.all("contacts").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn j_20_j_21_what_is_not_to_be_made_is_not_made() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let site = account.channels(["site_chat", "telegram_user"]).await;
    account.link(&site, site.one, json!({ "create_deal": false })).await;
    account.hear(&site, anna("1", json!({}))).await;
    account.hear(&site, anna("2", json!({}))).await;
    let state = account.state().await;
    assert_eq!((values(&state["contacts"]).len(), values(&state["leads"]).len(), values(&state["chats"]).len()), (1, 0, 1));
    // From now on deals are wanted.
    account.link(&site, site.one, Value::Null).await;
    account.hear(&site, anna("3", json!({}))).await;
    assert_eq!((account.all("contacts").await.len(), account.all("leads").await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn j_23_what_is_known_later_is_added_and_nothing_that_people_typed_is_touched() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let telegram = account.channels(["telegram_user", "vk_messages"]).await;
    account.link(&telegram, telegram.one, json!({ "update_contact": true })).await;
    account.hear(&telegram, anna("1", json!({ "name": "" }))).await;
    let first = contact(&account).await;
    assert_eq!((text(&first, "name"), &first["fields"]["PHONE"]), ("Клиент Telegram".to_owned(), &Value::Null));
    account.hear(&telegram, anna("2", json!({ "name": "Анна", "username": "anna", "phone": "+79990001122", "email": "anna@shop.example" }))).await;
    let second = contact(&account).await;
    assert_eq!(text(&second, "name"), "Анна", "the name was ours");
    assert_eq!(second["fields"]["PHONE"], json!(["+79990001122"]));
    assert_eq!((&second["fields"]["EMAIL"], &second["fields"]["Telegram"]), (&json!(["anna@shop.example"]), &json!(["https://t.me/anna"])));
    // People change all of it.
    let field = |name: &str| {
        second["custom_fields_values"].as_array().unwrap().iter().find(|one| one["field_code"] == name || one["field_name"] == name).unwrap()["field_id"].clone()
    };
    let typed = json!({
        "account": "demo", "contact": second["id"], "name": "Анна Петрова, опт",
        "custom_fields_values": [
            { "field_id": field("PHONE"), "values": [{ "value": "+74950000000" }] },
            { "field_id": field("EMAIL"), "values": null },
            { "field_id": field("Telegram"), "values": [{ "value": "https://t.me/anna_work" }] },
        ],
    });
    account.amo.act("changes", typed).await;
    account.hear(&telegram, anna("3", json!({ "name": "Аня", "username": "anna2", "phone": "+79990003344" }))).await;
    let third = contact(&account).await;
    assert_eq!(text(&third, "name"), "Анна Петрова, опт");
    assert_eq!(third["fields"]["PHONE"], json!(["+74950000000", "+79990003344"]), "what came later stands beside it");
    assert_eq!(
        (&third["fields"]["EMAIL"], &third["fields"]["Telegram"]),
        (&Value::Null, &json!(["https://t.me/anna_work"])),
        "what they took away stays away"
    );
    let calls = account.amo.calls("contacts.update").await.len();
    account.rig.world.advance_ms(61_000);
    account.hear(&telegram, anna("4", json!({ "name": "Аня", "username": "anna2", "phone": "+79990003344" }))).await;
    assert_eq!(account.amo.calls("contacts.update").await.len(), calls, "nothing is new");
    // Where it is not wanted nothing is added.
    account.link(&telegram, telegram.one, Value::Null).await;
    account.hear(&telegram, anna("5", json!({ "phone": "+79990005566" }))).await;
    assert_eq!(contact(&account).await["fields"]["PHONE"], third["fields"]["PHONE"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_87_an_old_customer_comes_to_the_deal_people_gave_them() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let instagram = account.channels(["instagram_direct", "instagram_direct"]).await;
    let old = contact_by_hand(&account, &[("Instagram", "natgeo, https://instagram.com/natgeo")]).await;
    let closed = deal_by_hand(&account, &old).await;
    account.amo.act("closes", json!({ "account": "demo", "lead": closed, "won": true })).await;
    let deal = deal_by_hand(&account, &old).await;
    account.hear(&instagram, writes("one", "natgeo", "1", json!({ "id": "natgeo", "username": "natgeo" }))).await;
    assert_eq!(account.deal_of(instagram.one, "natgeo").await, deal.to_string());
    assert_eq!((account.all("contacts").await.len(), account.all("leads").await.len()), (1, 2));
    // People give them another one: the dialogue goes on there.
    account.amo.act("closes", json!({ "account": "demo", "lead": deal, "won": true })).await;
    let next = deal_by_hand(&account, &old).await;
    account.rig.world.advance_ms(61_000);
    account.hear(&instagram, writes("one", "natgeo", "2", json!({ "id": "natgeo", "username": "natgeo" }))).await;
    assert_eq!(account.deal_of(instagram.one, "natgeo").await, next.to_string());
    assert_eq!(account.all("leads").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_07_h_amo_85_h_amo_86_x_33_a_field_that_was_deleted_is_chosen_anew_by_hand() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let instagram = account.channels(["instagram_direct", "instagram_direct"]).await;
    let says = |chat: &'static str| writes("one", chat, "1", json!({ "id": chat, "username": chat }));
    let links = || async { account.all("contacts").await.iter().map(|one| one["fields"]["Instagram"].clone()).collect::<Vec<_>>() };
    account.hear(&instagram, says("first")).await;
    let field = account.state().await["fields"]["contacts"].as_array().unwrap().iter().find(|one| one["name"] == "Instagram").unwrap().clone();
    assert_eq!((text(&field, "type"), links().await), ("url".to_owned(), vec![json!(["https://instagram.com/first"])]), "H-AMO-07");
    // Somebody deletes it, and our mark's field as well.
    account.directory().await;
    for name in ["Instagram", "Kommutator"] {
        account.amo.act("deletes", json!({ "account": "demo", "field": name })).await;
    }
    account.hear(&instagram, says("second")).await;
    until("it is known to be gone", || async { (account.connection().await.gone() == ["instagram_field"]).then_some(()) }).await;
    account.hear(&instagram, says("third")).await;
    let contacts = account.all("contacts").await;
    assert_eq!(contacts.len(), 3);
    for one in &contacts[1..] {
        assert_eq!(one["fields"]["POSITION"], Value::Null, "never «Должность»: {one}");
        assert!(!one["fields"].to_string().contains("instagram.com"), "{one}");
        assert!(one["fields"]["Kommutator"].is_array(), "our own field is made again: {one}");
    }
    let fields = account.state().await["fields"]["contacts"].clone();
    assert!(!fields.as_array().unwrap().iter().any(|one| one["name"] == "Instagram"), "nobody made it again behind the owner's back");
    // The owner saves the settings by hand: it is there again, and written to.
    account.set(json!({ "chats": true })).await;
    assert_eq!(account.connection().await.gone(), Vec::<&str>::new());
    account.hear(&instagram, says("fourth")).await;
    assert_eq!(links().await.last(), Some(&json!(["https://instagram.com/fourth"])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_85_a_field_that_is_chosen_is_written_to_and_missed_when_it_is_gone() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let instagram = account.channels(["instagram_direct", "instagram_direct"]).await;
    let position = account.directory().await.lists["contact_fields"].iter().find(|one| one.label == "Должность").unwrap().value.clone();
    account.set(json!({ "chats": true, "instagram_field": position })).await;
    account.hear(&instagram, writes("one", "first", "1", json!({ "id": "first", "username": "first" }))).await;
    assert_eq!(contact(&account).await["fields"]["POSITION"], json!(["https://instagram.com/first"]), "the owner chose it");
    account.amo.act("deletes", json!({ "account": "demo", "field": "POSITION" })).await;
    account.hear(&instagram, writes("one", "second", "1", json!({ "id": "second", "username": "second" }))).await;
    until("it is known to be gone", || async { (account.connection().await.gone() == ["instagram_field"]).then_some(()) }).await;
    assert_eq!(account.all("contacts").await.len(), 2, "the message is there all the same");
    assert!(!account.all("contacts").await[1]["fields"].to_string().contains("instagram.com"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_95_a_group_is_a_contact_with_its_name_and_id() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let phones = account.channels(["whats_app_web", "whats_app_web"]).await;
    for (id, who) in [("1", "Анна"), ("2", "Борис")] {
        let mut said = writes("one", "120363041234567890", id, json!({ "id": who, "name": who }));
        said["group"] = json!("Опт Москва");
        account.hear(&phones, said).await;
    }
    let group = contact(&account).await;
    assert_eq!((text(&group, "name"), &group["fields"]["PHONE"]), ("Опт Москва".to_owned(), &json!(["120363041234567890"])));
    let now = there(&account).await;
    assert_eq!((now.deals, now.chats.len()), (1, 1));
    let chat = account.all("chats").await.remove(0);
    let texts: Vec<String> = values(&chat["messages"]).iter().map(|one| text(one, "text")).collect();
    assert_eq!(texts, ["Анна: 120363041234567890 1", "Борис: 120363041234567890 2"]);
    account.amo.act("writes", json!({ "account": "demo", "chat": chat["id"], "text": "Всем привет" })).await;
    until("the reply is in the group", || async { (account.rig.provider.taken("Всем привет").len() == 1).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_we_make_is_called_in_the_accounts_language() {
    let account = Account::open(Sqlite, true, json!({ "chats": true })).await;
    let user = account.state().await["users"][0]["id"].clone();
    account.amo.act("changes", json!({ "account": "demo", "user": user, "lang": "es" })).await;
    account.set(json!({ "chats": true, "notify": "one_task", "tags": ["%DOMAIN%/%CHANNEL%"] })).await;
    account.customer_says("anna", "1", "hola").await;
    let state = account.state().await;
    let deal = &state["leads"][0];
    assert_eq!((text(deal, "name"), &deal["tags"]), ("Nuevo trato de Sitio web".to_owned(), &json!(["Sitio web/Directo"])));
    assert_eq!(text(&state["tasks"][0], "text"), "Responder al cliente");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_38_who_has_a_companys_number_comes_to_its_deal() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let phones = account.channels(["whats_app_web", "whats_app_web"]).await;
    let phone = json!([{ "field_code": "PHONE", "values": [{ "value": "8 (495) 123-45-67" }] }]);
    let company = account.amo.act("makes", json!({ "account": "demo", "companies": [{ "name": "Ромашка", "custom_fields_values": phone }] })).await;
    let company = company["companies"][0].clone();
    let deal = json!({ "account": "demo", "leads": [{ "name": "Сделка с Ромашкой", "_embedded": { "companies": [{ "id": company }] } }] });
    let deal = account.amo.act("makes", deal).await["leads"][0].clone();
    account.hear(&phones, writes("one", "74951234567", "1", json!({ "id": "w", "phone": "+74951234567" }))).await;
    account.hear(&phones, writes("one", "74951234567", "2", json!({ "id": "w", "phone": "+74951234567" }))).await;
    let contact = contact(&account).await;
    assert_eq!((&contact["fields"]["PHONE"], &contact["companies"]), (&json!(["+74951234567"]), &json!([company])));
    let deals = account.all("leads").await;
    assert_eq!((deals.len(), &deals[0]["id"], &deals[0]["contacts"], &deals[0]["companies"]), (1, &deal, &json!([contact["id"]]), &json!([company])));
}

/// A field as people make one in the account's settings; answers its number.
async fn field_by_hand(account: &Account, kind: &str, name: &str) -> String {
    let tokens = account.amo.act("token", json!({ "account": "demo" })).await;
    let url = format!("{}/demo.amocrm.ru/api/v4/{kind}/custom_fields", account.amo.url);
    let ask = reqwest::Client::new().post(url).bearer_auth(tokens["access_token"].as_str().unwrap()).json(&json!([{ "type": "text", "name": name }]));
    let made: Value = ask.send().await.unwrap().json().await.unwrap();
    made["_embedded"]["custom_fields"][0]["id"].to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_83_h_amo_96_h_amo_97_where_somebody_came_from_stands_in_their_fields() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let mut fields = Vec::new();
    for (kind, name) in [("leads", "Код визита"), ("leads", "Канал"), ("contacts", "Переход"), ("contacts", "Источник перехода")]
    {
        fields.push(field_by_hand(&account, kind, name).await);
    }
    let known = || async {
        account.directory().await.lists["contact_fields"].iter().any(|one| one.label == "Источник перехода").then_some(())
    };
    account.set(json!({ "chats": true })).await;
    until("the new fields are known", known).await;
    account
        .set(json!({
            "chats": true, "u_code_field": fields[0], "lead_fields": [{ "field": fields[1], "value": "Из %DOMAIN% (%CHANNEL%)" }],
            "referral_field": fields[2], "referral_source_field": fields[3],
        }))
        .await;
    let vk = account.channels(["vk_messages", "vk_comments"]).await;
    let mut said = writes("one", "anna", "1", json!({ "id": "anna" }));
    said["visit"] = json!(["K7Q2", { "ref": "spring", "ref_source": "ads" }]);
    account.hear(&vk, said).await;
    let (deal, contact) = (account.all("leads").await.remove(0), contact(&account).await);
    assert_eq!((&deal["fields"]["Код визита"], &deal["fields"]["Канал"]), (&json!(["K7Q2"]), &json!(["Из VK (Директ)"])));
    assert_eq!((&contact["fields"]["Переход"], &contact["fields"]["Источник перехода"]), (&json!(["spring"]), &json!(["ads"])));
}

/// A manager of the web messenger whom amoCRM knows by this e-mail.
async fn manager(account: &Account, email: &str) -> UserId {
    let (house, id) = (account.rig.house(), UserId(account.rig.house().world.id()));
    let user: User = serde_json::from_value(json!({
        "id": id, "number": 77, "email": email, "name": "Борис", "password": "", "locale": "ru", "created_at": house.world.now(),
        "workspaces": [account.rig.workspace],
    }))
    .unwrap();
    let mut batch = Batch::new();
    batch.insert(&user).unwrap();
    house.store.global().commit(batch).await.unwrap();
    id
}

async fn answers(account: &Account, of: &MadeProbe, conversation: ConversationId, by: &str, text: &str) {
    let frame = SendFrame::new(format!("c-{}", account.rig.house().world.secret::<8>()), conversation, text);
    let author = Author { kind: AuthorKind::Manager, id: by.to_owned(), name: "Борис".to_owned() };
    let command = Command::Send { frame, author, origin: Origin::Manager, at: account.rig.house().world.now() };
    account.rig.ask(of, command).await.unwrap();
    account.rig.handled_of(of).await;
    account.quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn l_01_l_02_x_42_who_answers_first_in_our_messenger_becomes_responsible() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let users = account.state().await["users"].as_array().unwrap().clone();
    account.directory().await;
    let boris = manager(&account, users[1]["email"].as_str().unwrap()).await;
    account.customer_says("anna", "1", "раз").await;
    let conversation = account.rig.chat("anna").await.id;
    let responsible = || async {
        let state = account.state().await;
        (state["leads"][0]["responsible_user_id"].clone(), state["contacts"][0]["responsible_user_id"].clone())
    };
    assert_eq!(responsible().await, (users[0]["id"].clone(), users[0]["id"].clone()), "H-AMO-70: who connected it");
    // Whom amoCRM does not know changes nothing, nor does an answer written there.
    answers(&account, &account.rig.probe, conversation, "owner", "от бота").await;
    let chat = account.all("chats").await[0]["id"].clone();
    account.amo.act("writes", json!({ "account": "demo", "chat": chat, "user": users[1]["id"], "text": "из amoCRM" })).await;
    until("it went", || async { (account.rig.provider.taken("из amoCRM").len() == 1).then_some(()) }).await;
    account.quiet().await;
    assert_eq!(responsible().await, (users[0]["id"].clone(), users[0]["id"].clone()));
    answers(&account, &account.rig.probe, conversation, &boris.to_string(), "здравствуйте").await;
    assert_eq!(responsible().await, (users[1]["id"].clone(), users[1]["id"].clone()));
    // Given to somebody there by hand, it stays with them.
    let deal = account.all("leads").await[0]["id"].clone();
    account.amo.act("changes", json!({ "account": "demo", "lead": deal, "responsible_user_id": users[2]["id"] })).await;
    answers(&account, &account.rig.probe, conversation, &boris.to_string(), "ещё").await;
    assert_eq!(responsible().await.0, users[2]["id"]);
}
