//! The widget's requests over the fake amoCRM: what stands there is compared.

use kommutator::gateway::administration::Actor;
use kommutator::gateway::administration::links::{LinkChange, set_links};
use kommutator::model::connection::LinkRules;
use kommutator::model::crm::CrmConnection;
use kommutator::model::ids::AccountId;
use kommutator::model::protocol::SendStatus;
use kommutator::store::port::CommitError;
use serde_json::{Value, json};

use super::account::{Account, text, values};
use crate::support::rig::{On, until};
use crate::support::widget_page::WidgetPage;

/// The widget in a page of the account's.
async fn page(account: &Account) -> WidgetPage {
    WidgetPage::open(&account.rig, account.id, "https://demo.amocrm.ru").await
}

/// A contact with a deal, as people make them there.
async fn made(account: &Account, name: &str) -> (Value, Value) {
    let contact = account.amo.act("makes", json!({ "account": "demo", "contacts": [{ "name": name }] })).await["contacts"][0].clone();
    let lead =
        account.amo.act("makes", json!({ "account": "demo", "leads": [{ "name": name, "_embedded": { "contacts": [{ "id": contact }] } }] })).await;
    (contact, lead["leads"][0].clone())
}

async fn feeds_no_more(account: &Account, channel: AccountId) {
    let change = [LinkChange { account: channel, feeds: false, rules: LinkRules::default() }];
    set_links(account.rig.house(), account.rig.workspace, &Actor::command_line(), account.id, &change).await.unwrap();
}

fn texts(chat: &Value) -> Vec<String> {
    values(&chat["messages"]).iter().map(|one| text(one, "text")).collect()
}

async fn change(account: &Account, change: impl Fn(&mut CrmConnection)) {
    let changed = |old: &CrmConnection| {
        let mut new = old.clone();
        change(&mut new);
        Ok::<_, CommitError>(new)
    };
    account.rig.store().change(CrmConnection::at(account.id), changed, |_, _| Ok(())).await.unwrap();
}

async fn h_amo_38_a_chat_is_begun_with_a_companys_number(on: On) {
    let account = Account::open(on, true, json!({})).await;
    feeds_no_more(&account, account.rig.probe.two).await;
    let page = page(&account).await;
    let phone = json!([{ "field_code": "PHONE", "values": [{ "value": "8 (495) 123-45-67" }] }]);
    let company = account.amo.act("makes", json!({ "account": "demo", "companies": [{ "name": "Ромашка", "custom_fields_values": phone }] })).await;
    let company = company["companies"][0].clone();
    let deal = json!({ "account": "demo", "leads": [{ "name": "С Ромашкой", "_embedded": { "companies": [{ "id": company }] } }] });
    let deal = account.amo.act("makes", deal).await["leads"][0].clone();
    let card = page.ask("card", json!({ "deal": deal, "contacts": [{ "id": "", "phones": ["8 (495) 123-45-67"] }] })).await;
    let target = &card["targets"][0];
    assert_eq!((&target["contact"], &target["address"]), (&json!(""), &json!("+74951234567")));
    let body = json!({ "id": "s-1", "deal": deal, "account": target["account"]["id"], "address": target["address"] });
    for _ in 0..2 {
        page.ask("start", body.clone()).await;
    }
    let (contacts, deals, chats) = (account.all("contacts").await, account.all("leads").await, account.all("chats").await);
    assert_eq!((contacts.len(), deals.len(), chats.len()), (1, 1, 1), "{}", account.state().await);
    assert_eq!((&contacts[0]["fields"]["PHONE"], &contacts[0]["companies"]), (&json!(["+74951234567"]), &json!([company])));
    assert_eq!((&deals[0]["contacts"], &chats[0]["contact"]), (&json!([contacts[0]["id"]]), &contacts[0]["id"]));
}

async fn h_amo_32_a_chat_is_begun_for_the_contact_of_the_deal(on: On) {
    let account = Account::open(on, true, json!({})).await;
    feeds_no_more(&account, account.rig.probe.two).await;
    let (page, (contact, deal)) = (page(&account).await, made(&account, "Пётр").await);
    let hello = page.hello("12345678").await;
    assert_eq!((hello["mode"].as_str(), hello["notices"]["on"].as_bool()), (Some("chats"), Some(true)));
    for origin in ["https://other.amocrm.ru", "http://demo.amocrm.ru", "https://demo.amocrm.ru.evil.example"] {
        assert_eq!(page.from(Some(origin)).refused("hello", json!({ "account": 1, "user": { "id": 1 } })).await, "403 origin_not_allowed");
    }
    let card = page.ask("card", json!({ "deal": deal, "contacts": [{ "id": contact, "links": ["@petr"] }] })).await;
    let target = &card["targets"][0];
    assert_eq!((target["what"].as_str(), target["address"].as_str()), (Some("chat"), Some("@petr")));
    let body = json!({ "id": "s-1", "contact": contact, "deal": deal, "account": target["account"]["id"], "address": "@petr" });
    let started = page.ask("start", body).await;
    let chats = account.all("chats").await;
    assert_eq!((chats.len(), started["chat"].as_str()), (1, chats[0]["id"].as_str()));
    assert_eq!((&chats[0]["contact"], texts(&chats[0]).len()), (&contact, 0), "given to the contact, and nothing said");
    account.amo.act("writes", json!({ "account": "demo", "chat": started["chat"], "text": "Добрый день" })).await;
    until("it went", || async { (account.rig.provider.taken("Добрый день").len() == 1).then_some(()) }).await;
    account.customer_says("@petr", "1", "Слушаю").await;
    assert_eq!(texts(&account.all("chats").await[0]), ["Добрый день", "Слушаю"]);
    assert_eq!((account.all("contacts").await.len(), account.all("leads").await.len(), account.all("unsorted").await.len()), (1, 1, 0));
}

async fn x_44_in_add_what_is_written_is_one_note_of_the_deal(on: On) {
    let account = Account::open(on, false, json!({})).await;
    let (page, (contact, deal)) = (page(&account).await, made(&account, "Пётр").await);
    let body = json!({
        "id": "m-1", "user": { "id": 5, "name": "Анна Админова" }, "contact": contact, "deal": deal, "account": account.rig.probe.one,
        "address": "@petr", "text": "Ваш заказ готов",
    });
    // The answer to the note is lost: it is looked for before it is made again.
    account.amo.act("faults", json!({ "call": "notes.create", "act": { "kind": "lose" } })).await;
    let written = page.ask("messages", body.clone()).await;
    assert_eq!(page.ask("messages", body).await["message"], written["message"]);
    account.rig.stands(written["message"].as_str().unwrap().parse().unwrap(), SendStatus::Sent).await;
    account.quiet().await;
    let notes = account.all("notes").await;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(text(&notes[0]["params"], "text").starts_with("← Анна Админова"), "{notes:?}");
    assert_eq!((account.all("contacts").await.len(), account.all("leads").await.len()), (1, 1));
    // The customer's answer stands in the same deal.
    account.customer_says("@petr", "1", "Спасибо").await;
    assert_eq!((account.all("notes").await.len(), account.all("contacts").await.len(), account.all("leads").await.len()), (2, 1, 1));
}

async fn who_is_written_to_first_in_amocrm_itself_is_one_chat_and_one_contact(on: On) {
    let account = Account::open(on, true, json!({})).await;
    feeds_no_more(&account, account.rig.probe.two).await;
    account.amo.act("first", json!({ "account": "demo", "phone": "79990001122", "name": "Пётр", "text": "Здравствуйте" })).await;
    until("it went", || async { (account.rig.provider.taken("Здравствуйте").len() == 1).then_some(()) }).await;
    account.customer_says("+79990001122", "1", "Слушаю").await;
    let chats = account.all("chats").await;
    assert_eq!((chats.len(), texts(&chats[0])), (1, vec!["Здравствуйте".to_owned(), "Слушаю".to_owned()]));
    assert_eq!((account.all("contacts").await.len(), account.all("leads").await.len()), (1, 1));
    // What is written there next is known by our own name of the chat.
    account.amo.act("writes", json!({ "account": "demo", "chat": chats[0]["id"], "text": "Ваш заказ готов" })).await;
    until("it went", || async { (account.rig.provider.taken("Ваш заказ готов").len() == 1).then_some(()) }).await;
    // No channel feeds the connection any more: amoCRM is told that nobody can be written to.
    feeds_no_more(&account, account.rig.probe.one).await;
    account.amo.act("first", json!({ "account": "demo", "phone": "79990003344", "text": "Кому?" })).await;
    until("it is told", || async {
        let marked = account.amo.calls("amojo.status").await;
        marked.iter().any(|call| text(&call["body"], "said").contains("\"error_code\":904")).then_some(())
    })
    .await;
    assert_eq!(account.rig.quarantined().await.len(), 0);
}

async fn h_amo_60_61_62_who_hears_of_a_message_is_as_it_is_set(on: On) {
    let account = Account::open(on, true, json!({})).await;
    let page = page(&account).await;
    let users: Vec<String> = account.all("users").await.iter().map(|user| user["id"].to_string()).collect();
    let [connecting, responsible, other] = &users[..] else { panic!("{users:?}") };
    let mut keys = Vec::new();
    for user in &users {
        keys.push(page.ask("user-keys", json!({ "user": { "id": user } })).await["key"].as_str().unwrap().to_owned());
    }
    change(&account, |connection| {
        connection.facts.insert("user_id".to_owned(), connecting.clone());
    })
    .await;
    account.customer_says("anna", "1", "раз").await;
    let lead = account.all("leads").await[0]["id"].clone();
    account.amo.act("changes", json!({ "account": "demo", "lead": lead, "responsible_user_id": responsible.parse::<i64>().unwrap() })).await;
    // Everybody listens from here; whoever is not told, is not.
    let listen = async |at: usize, after: u64| {
        let (status, told) = page.get(&format!("notices?user={}&key={}&after={after}", users[at], keys[at])).await;
        assert_eq!(status, 200, "{told}");
        told["notices"].as_array().unwrap().iter().map(|one| text(one, "text")).collect::<Vec<_>>()
    };
    let ticked = json!({ responsible.clone(): keys[1], other.clone(): keys[2] });
    let settings = |more: Value| {
        let mut settings = json!({ "user_keys": ticked });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        settings
    };
    for (id, said, more) in
        [("2", "два", json!({})), ("3", "три", json!({ "notify_responsible": true })), ("4", "четыре", json!({ "notify_always": true }))]
    {
        change(&account, |connection| connection.settings = settings(more.clone())).await;
        account.customer_says("anna", id, said).await;
    }
    assert_eq!(listen(0, 0).await, ["раз", "два"], "H-AMO-60: who connected it");
    assert_eq!(listen(1, 0).await, ["три", "четыре"], "H-AMO-61: who is responsible");
    assert_eq!(listen(2, 0).await, ["четыре"], "H-AMO-62: all that are ticked");
    // A notice leads to its deal.
    let (_, told) = page.get(&format!("notices?user={other}&key={}&after=0", keys[2])).await;
    assert_eq!(told["notices"][0]["deal"], json!(lead.to_string()));
    change(&account, |connection| connection.settings = json!({ "notify": "nothing" })).await;
    let (status, off) = page.get(&format!("notices?user={connecting}&key={}", keys[0])).await;
    assert_eq!((status, off["code"].as_str()), (409, Some("notices_off")));
}

on_both!(
    h_amo_38_a_chat_is_begun_with_a_companys_number,
    h_amo_32_a_chat_is_begun_for_the_contact_of_the_deal,
    x_44_in_add_what_is_written_is_one_note_of_the_deal,
    who_is_written_to_first_in_amocrm_itself_is_one_chat_and_one_contact,
    h_amo_60_61_62_who_hears_of_a_message_is_as_it_is_set,
);
