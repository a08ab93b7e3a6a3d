//! amoCRM over its fake: what stands there is compared, not what we think was sent.

use kommutator::gateway::commands::Command;
use kommutator::gateway::entries::{self, CrmMailboxEntry};
use kommutator::gateway::house::Writes;
use kommutator::model::message::{CrmDeliveryStatus, Delivery};
use kommutator::model::protocol::SendStatus;
use kommutator::store::batch::Batch;
use kommutator::store::records::streams;
use serde_json::json;

use super::account::{Account, text, values};
use crate::support::fake_provider::Act;
use crate::support::rig::{On, said, told, until};

async fn a_customer_becomes_a_contact_a_deal_and_a_chat(on: On) {
    let account = Account::open(on, true, json!({ "tags": ["Kommutator", "клиент %NAME%"], "notify": "one_task" })).await;
    account.customer_says("anna", "1", "Здравствуйте").await;
    account.customer_says("anna", "2", "Есть кто?").await;
    let (contacts, leads) = (account.all("contacts").await, account.all("leads").await);
    assert_eq!((contacts.len(), leads.len()), (1, 1), "{}", account.state().await);
    assert_eq!(text(&contacts[0], "name"), "Клиент anna");
    assert_eq!(leads[0]["tags"], json!(["Kommutator", "клиент Клиент anna"]), "H-AMO-80, H-AMO-82");
    let chats = account.all("chats").await;
    assert_eq!(chats.len(), 1);
    let texts: Vec<String> = values(&chats[0]["messages"]).iter().map(|one| text(one, "text")).collect();
    assert_eq!(texts, ["Здравствуйте", "Есть кто?"]);
    assert_eq!(account.all("unsorted").await.len(), 0, "the chat was the contact's before anything was said");
    assert_eq!(account.all("tasks").await.len(), 1, "one task of a deal (H-AMO-64)");
    let first = account.rig.messages(account.rig.chat("anna").await.id).await.remove(0);
    let store = account.rig.store();
    let delivery = store.get::<Delivery>(Delivery::at(first.id(), account.id)).await.unwrap().unwrap().record;
    assert_eq!(delivery.status, CrmDeliveryStatus::Delivered);
}

async fn what_a_manager_writes_there_reaches_the_customer_and_its_fate_is_told(on: On) {
    let account = Account::open(on, true, json!({})).await;
    account.customer_says("anna", "1", "Здравствуйте").await;
    let chat = text(&account.all("chats").await[0], "id");
    account.amo.act("writes", json!({ "account": "demo", "chat": chat, "text": "Добрый день!" })).await;
    until("it went", || async { (account.rig.provider.taken("Добрый день!").len() == 1).then_some(()) }).await;
    let conversation = account.rig.chat("anna").await;
    let message = account.rig.messages(conversation.id).await.remove(1);
    account.rig.stands(message.id(), SendStatus::Sent).await;
    // It came by a real hook: one attempt, signed without its trailing newline.
    let taken = until("an id", || async {
        let message = account.rig.message(message.id()).await;
        message.pieces.first().and_then(|piece| piece.external_id.clone())
    })
    .await;
    let id = taken.split('/').next_back().unwrap().to_owned();
    account.rig.hook(json!([told("anna", &id, "receipt", json!({ "status": "read" }))])).await;
    account.rig.handled().await;
    account.quiet().await;
    let marked = account.amo.calls("amojo.status").await;
    assert!(marked.iter().any(|call| text(&call["body"], "said").contains("\"delivery_status\":2")), "{marked:?}");
    // And one that fails.
    account.rig.provider.script("не дойдёт", &[Act::Reject]);
    account.amo.act("writes", json!({ "account": "demo", "chat": chat, "text": "не дойдёт" })).await;
    until("told", || async {
        let marked = account.amo.calls("amojo.status").await;
        marked.iter().any(|call| text(&call["body"], "said").contains("\"delivery_status\":-1")).then_some(())
    })
    .await;
    // What is written outside stands there, and comes back to nobody.
    let outside = account.rig.send(conversation.id, "из мессенджера").await;
    account.rig.stands(outside.id(), SendStatus::Sent).await;
    account.quiet().await;
    let texts: Vec<String> = values(&account.all("chats").await[0]["messages"]).iter().map(|one| text(one, "text")).collect();
    assert_eq!(texts, ["Здравствуйте", "Добрый день!", "не дойдёт", "из мессенджера"]);
    assert_eq!(account.rig.messages(conversation.id).await.len(), 4);
}

async fn h_amo_28_h_amo_93_x_30_links_come_short_or_whole_as_it_is_set(on: On) {
    let account = Account::open(on, true, json!({})).await;
    account.customer_says("anna", "1", "Здравствуйте").await;
    let chat = text(&account.all("chats").await[0], "id");
    let whole = "https://shop.example/%D0%BA?a=1&b=2";
    let comes = async |words: String| {
        account.amo.act("writes", json!({ "account": "demo", "chat": chat, "text": words })).await;
        let before = words.split(' ').next().unwrap().to_owned();
        let came = || async {
            let messages = account.rig.messages(account.rig.chat("anna").await.id).await;
            messages.iter().map(|message| message.text()).find(|text| text.starts_with(&before))
        };
        until("it came", came).await
    };
    let short = comes(format!("Коротко: {whole}")).await;
    assert!(short.starts_with("Коротко: https://amo.si/"), "{short}");
    account.set(json!({ "keep_full_links": true })).await;
    assert_eq!(comes(format!("Целиком: {whole} и {whole} вот")).await, format!("Целиком: {whole} и {whole} вот"));
    // Where nobody says what it leads to, it stays as it is.
    assert_eq!(comes("Чужая: amo.si/nobodysown.".to_owned()).await, "Чужая: amo.si/nobodysown.");
    account.amo.act("faults", json!({ "call": "short link", "times": 1, "act": { "kind": "answer", "status": 500, "body": "" } })).await;
    let failed = comes(format!("Сбой: {whole}")).await;
    assert!(failed.starts_with("Сбой: https://amo.si/"), "{failed}");
}

async fn a_deal_that_is_closed_is_joined_or_not_as_it_is_set(on: On) {
    let account = Account::open(on, true, json!({})).await;
    account.customer_says("anna", "1", "раз").await;
    let deal = account.all("leads").await[0]["id"].clone();
    account.amo.act("closes", json!({ "account": "demo", "lead": deal, "won": true })).await;
    account.rig.world.advance_ms(61_000);
    account.customer_says("anna", "2", "два").await;
    assert_eq!(account.all("leads").await.len(), 2, "H-AMO-100d");
    assert_eq!(account.all("contacts").await.len(), 1);
}

async fn where_there_are_no_chats_the_dialogue_stands_in_notes(on: On) {
    let account = Account::open(on, false, json!({ "notify": "each_task" })).await;
    account.customer_says("anna", "1", "раз").await;
    // Made, and answered as if it were not.
    let failed = json!({ "kind": "instead", "status": 504, "body": "" });
    account.amo.act("faults", json!({ "call": "leads.notes.create", "act": failed })).await;
    account.customer_says("anna", "2", "два").await;
    let reply = account.rig.send(account.rig.chat("anna").await.id, "три").await;
    account.rig.stands(reply.id(), SendStatus::Sent).await;
    account.quiet().await;
    assert_eq!((account.all("contacts").await.len(), account.all("leads").await.len(), account.all("chats").await.len()), (1, 1, 0));
    let notes: Vec<String> = account.all("notes").await.iter().map(|note| text(&note["params"], "text")).collect();
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert!(notes[0].contains("раз") && notes[1].contains("два") && notes[2].starts_with("← Мария"), "{notes:?}");
    assert_eq!(account.all("tasks").await.len(), 2, "a task for each message (H-AMO-65)");
}

async fn lost_answers_make_nothing_twice(on: On) {
    let account = Account::open(on, true, json!({})).await;
    for call in ["leads.complex", "amojo.chat", "contacts.chats", "amojo.message"] {
        account.amo.act("faults", json!({ "call": call, "act": { "kind": "lose" } })).await;
    }
    account.customer_says("anna", "1", "раз").await;
    account.customer_says("anna", "2", "два").await;
    let chats = account.all("chats").await;
    assert_eq!((account.all("contacts").await.len(), account.all("leads").await.len(), chats.len()), (1, 1, 1));
    assert_eq!(values(&chats[0]["messages"]).len(), 2);
}

async fn tokens_are_exchanged_once_though_a_message_and_the_keeper_want_others(on: On) {
    let account = Account::open(on, true, json!({})).await;
    account.amo.act("settings", json!({ "date_ahead_ms": 1e12 })).await;
    let exchanged = async || {
        let refreshes = account.amo.look("refreshes").await;
        assert_eq!(refreshes["revoked"], 0, "{refreshes}");
        values(&refreshes["tokens"]).iter().map(|token| token["used"].as_u64().unwrap()).sum::<u64>()
    };
    // By our clock they are old enough to be exchanged ahead of their end; then they end.
    account.rig.world.advance_ms(15 * 3_600_000);
    account.amo.act("faults", json!({ "call": "oauth.token", "act": { "kind": "hold" } })).await;
    account.amo.act("ends", json!({ "account": "demo" })).await;
    account.rig.hook(json!([said("anna", "1", "раз")])).await;
    until("new tokens are asked for", || async { (account.amo.look("held").await == json!(1)).then_some(()) }).await;
    // The one that is under way counts. Had the keeper been there before they ended, there is another.
    let before = exchanged().await;
    // Wakes the keeper; whatever it does, it looks through the history after it has seen to the tokens.
    let looks = account.amo.calls("events").await.len();
    let mut batch = Batch::new();
    batch.once(b"wakes".to_vec(), 60_000, "");
    batch.append(&streams::crm_mailbox(account.id), entries::write(&CrmMailboxEntry::Reload).unwrap());
    account.rig.store().commit(batch).await.unwrap();
    until("an empty mailbox", || async {
        account.rig.store().read(&streams::crm_mailbox(account.id), 0, 1).await.unwrap().entries.is_empty().then_some(())
    })
    .await;
    account.amo.act("let-go", json!({})).await;
    account.quiet().await;
    until("the keeper went on", || async { (account.amo.calls("events").await.len() > looks).then_some(()) }).await;
    assert_eq!(exchanged().await, before);
}

async fn who_writes_is_shown_there_but_for_the_blocked(on: On) {
    let account = Account::open(on, true, json!({})).await;
    let (mut chats, rig) = (Vec::new(), &account.rig);
    for who in ["anna", "boris"] {
        account.customer_says(who, who, "Здравствуйте").await;
        chats.push(rig.chat(who).await);
    }
    let block = Command::Block { conversation: chats[0].id, blocked: true, by: "u".to_owned() };
    rig.ask(&rig.probe, block).await.unwrap();
    for chat in &chats {
        rig.house().writing.send(Writes { workspace: rig.workspace, conversation: chat.id }).unwrap();
    }
    // They are shown one after the other: where the second is, the first was left out.
    let shown = until("the one who may be seen", || async { Some(account.amo.calls("amojo.typing").await).filter(|calls| !calls.is_empty()) }).await;
    let boris = chats[1].identity.unwrap().to_string();
    assert!(shown.len() == 1 && text(&shown[0]["body"], "said").contains(&boris), "{shown:?}");
}

on_both!(
    who_writes_is_shown_there_but_for_the_blocked,
    tokens_are_exchanged_once_though_a_message_and_the_keeper_want_others,
    a_customer_becomes_a_contact_a_deal_and_a_chat,
    what_a_manager_writes_there_reaches_the_customer_and_its_fate_is_told,
    h_amo_28_h_amo_93_x_30_links_come_short_or_whole_as_it_is_set,
    a_deal_that_is_closed_is_joined_or_not_as_it_is_set,
    where_there_are_no_chats_the_dialogue_stands_in_notes,
    lost_answers_make_nothing_twice,
);
