//! What the widget in the CRM's pages asks, by the connection's key.

use std::time::{Duration, Instant};

use kommutator::channel::probe::settings::ProbeRepeats::{Keyed, SendTwice};
use kommutator::gateway::administration::Actor;
use kommutator::gateway::administration::connections::{ConnectionChange, change_connection};
use kommutator::gateway::administration::people::create_workspace;
use kommutator::gateway::administration::probe::{create_probe, create_probe_connection};
use kommutator::gateway::commands::Command;
use kommutator::gateway::entries::{self, NoticeEntry};
use kommutator::model::connection::UnansweredOutbound;
use kommutator::model::crm::{CrmConnection, CrmTalk};
use kommutator::model::ids::{ConnectionId, ConversationId, MessageId};
use kommutator::model::mailing::{GAP_MS, Mailed, Mailing};
use kommutator::model::message::{CrmDeliveryStatus, Origin};
use kommutator::model::protocol::{AuthorKind, SendStatus};
use kommutator::store::batch::Batch;
use kommutator::store::port::CommitError;
use kommutator::store::records::streams;
use serde_json::{Value, json};

use super::Office;
use crate::support::fake_provider::Act;
use crate::support::rig::{On, said, until};
use crate::support::widget_page::WidgetPage;

const PAGE: &str = "https://crm.example";

/// The office, and the page with the first connection's widget. `chats`: its conversations are in the CRM's own chats.
async fn open(on: On, chats: bool) -> (Office, WidgetPage) {
    opened(Office::open(on).await, chats).await
}

async fn opened(office: Office, chats: bool) -> (Office, WidgetPage) {
    set(&office, office.id, json!({ "chats": chats, "stage_by": "same" })).await;
    let page = WidgetPage::open(&office.rig, office.id, PAGE).await;
    (office, page)
}

async fn set(office: &Office, id: ConnectionId, settings: Value) {
    let wanted = ConnectionChange { settings: Some(settings), ..ConnectionChange::default() };
    change_connection(office.rig.house(), office.rig.workspace, &Actor::command_line(), id, &wanted).await.unwrap();
}

async fn switch(office: &Office, on: bool) {
    let wanted = ConnectionChange { active: Some(on), ..ConnectionChange::default() };
    change_connection(office.rig.house(), office.rig.workspace, &Actor::command_line(), office.id, &wanted).await.unwrap();
}

fn contact(id: u64, phones: &[&str], links: &[&str]) -> Value {
    json!({ "id": id, "name": "Анна", "phones": phones, "emails": [], "links": links })
}

/// The targets of these contacts.
async fn targets(page: &WidgetPage, contacts: Value) -> Vec<Value> {
    page.ask("card", json!({ "contacts": contacts })).await["targets"].as_array().unwrap().clone()
}

fn conversation_of(answer: &Value) -> ConversationId {
    answer["conversation"].as_str().unwrap().parse().unwrap()
}

fn message_of(answer: &Value) -> MessageId {
    answer["message"].as_str().unwrap().parse().unwrap()
}

async fn a_key_opens_its_own_connection_from_the_accounts_own_pages(on: On) {
    let (office, page) = open(on, true).await;
    let hello = page.hello(&office.id.to_string()).await;
    assert_eq!((hello["mode"].as_str(), hello["on"].as_bool(), hello["health"]["status"].as_str()), (Some("chats"), Some(true), Some("connected")));
    assert_eq!(hello["channels"].as_array().unwrap().len(), 1, "only what feeds it: {hello}");
    assert_eq!((&hello["channels"][0]["by"], &hello["channels"][0]["writes_first"]), (&json!(["phone", "link"]), &json!(true)));
    // That it is there is known to its owner, and not written at each start.
    let seen = || async { office.connection(office.id).await.facts.get("widget_seen").cloned() };
    let first = seen().await.unwrap();
    office.rig.world.advance_ms(59 * 60_000);
    page.hello(&office.id.to_string()).await;
    assert_eq!(seen().await.unwrap(), first);
    office.rig.world.advance_ms(2 * 60_000);
    page.hello(&office.id.to_string()).await;
    assert_ne!(seen().await.unwrap(), first);
    let body = |account: &str| json!({ "account": account, "user": { "id": "1" } });
    assert_eq!(page.refused("hello", body("another")).await, "403 wrong_account");
    assert_eq!(page.from(Some("https://evil.example")).refused("hello", body(&office.id.to_string())).await, "403 origin_not_allowed");
    assert_eq!(page.from(None).post("hello", &body(&office.id.to_string())).await.0, 200, "what is no browser names none");
    for key in ["", "0", &"0".repeat(32), &page.key.to_uppercase(), &"k".repeat(5_000)] {
        assert_eq!(page.with_key(key).refused("hello", body(&office.id.to_string())).await, "401 wrong_key", "{key:.40}");
    }
    // A new key ends the one before at once.
    let other = WidgetPage::open(&office.rig, office.id, PAGE).await;
    assert_eq!(page.refused("hello", body(&office.id.to_string())).await, "401 wrong_key");
    other.hello(&office.id.to_string()).await;
    switch(&office, false).await;
    assert_eq!(other.hello(&office.id.to_string()).await["on"], false);
    assert_eq!(other.refused("card", json!({ "contacts": [] })).await, "409 connection_off");
    let removal = ConnectionChange { remove: true, ..ConnectionChange::default() };
    change_connection(office.rig.house(), office.rig.workspace, &Actor::command_line(), office.id, &removal).await.unwrap();
    assert_eq!(other.refused("hello", body(&office.id.to_string())).await, "401 wrong_key");
}

async fn a_record_shows_whom_it_can_be_written_to(on: On) {
    let (office, page) = open(on, false).await;
    office.rig.hook(json!([said("anna", "1", "вопрос")])).await;
    office.rig.handled().await;
    office.quiet().await;
    // By the talk the connection has with the contact.
    let talk = office.crm.look(|state| state.contacts.iter().find(|(mark, _)| mark.starts_with(&office.id.to_string())).unwrap().1.clone());
    let found =
        targets(&page, json!([{ "id": talk, "phones": ["8 (999) 000-11-22", "+79990001122", "чушь"], "links": ["https://t.me/anna", "@Anna"] }]))
            .await;
    let shown: Vec<(bool, &str)> = found.iter().map(|one| (one["conversation"].is_string(), one["address"].as_str().unwrap_or_default())).collect();
    assert_eq!(shown, [(true, ""), (false, "+79990001122"), (false, "@anna")], "each once, none of another network");
    let first = &found[0];
    assert_eq!((first["what"].as_str(), first["can"].as_bool(), first["title"].as_str()), (Some("compose"), Some(true), Some("Клиент anna")));
    assert_eq!((first["last"]["text"].as_str(), first["last"]["direction"].as_str()), (Some("вопрос"), Some("inbound")));
    // An address that was written to is a conversation from now on.
    let written =
        page.ask("messages", json!({ "id": "m1", "contact": 77, "account": first["account"]["id"], "address": "@boris", "text": "раз" })).await;
    let again = targets(&page, json!([contact(77, &[], &["@boris"])])).await;
    assert_eq!((again.len(), again[0]["conversation"].as_str()), (1, written["conversation"].as_str()));
    // What does not feed the connection is none of its widget's.
    assert_eq!(
        page.refused("messages", json!({ "id": "m2", "account": office.rig.probe.two, "address": "@boris", "text": "раз" })).await,
        "404 unknown_channel"
    );
    let many: Vec<Value> = (0..51).map(|id| contact(id, &[], &[])).collect();
    assert_eq!(page.refused("card", json!({ "contacts": many })).await, "422 too_many");
}

async fn a_message_to_an_address_stands_in_the_deal_once_and_everywhere_else(on: On) {
    let (office, page) = open(on, false).await;
    let account = office.rig.probe.one;
    let file = page.upload("смета.pdf", b"%PDF-1.4 smeta").await;
    let body = json!({
        "id": "w-1", "user": { "id": 7, "name": "Ольга" }, "contact": 500, "deal": "900", "account": account, "address": "@vera",
        "text": "Добрый день", "files": [file],
    });
    let first = page.ask("messages", body.clone()).await;
    let again = page.ask("messages", body).await;
    assert_eq!(first["message"], again["message"], "the same key has one effect");
    let message = office.rig.stands(message_of(&first), SendStatus::Sent).await;
    assert_eq!((message.author.kind, message.author.id.as_str(), message.author.name.as_str()), (AuthorKind::Crm, "7", "Ольга"));
    assert_eq!((message.origin, message.attachments.len()), (Origin::Crm { connection: office.id }, 1));
    assert_eq!(office.rig.provider.taken("Добрый день").len(), 1);
    office.quiet().await;
    let taken = |id: ConnectionId| office.crm.look(|state| state.messages.iter().filter(|one| one.account == id.to_string()).count());
    assert_eq!((taken(office.id), taken(office.other)), (1, 1));
    assert_eq!(office.delivery(message_of(&first), office.id).await.status, CrmDeliveryStatus::Delivered);
    // It belongs to the contact that was looked at: the connection made no other.
    let marks = office.crm.look(|state| state.contacts.iter().filter(|(mark, _)| mark.starts_with(&office.id.to_string())).count());
    assert_eq!(marks, 0);
    let chats = office.crm.look(|state| {
        state.chats.iter().filter(|(name, _)| name.starts_with(&office.id.to_string())).map(|(_, chat)| chat.1.clone()).collect::<Vec<_>>()
    });
    assert_eq!(chats, ["500"]);
    let (status, state) = page.get(&format!("messages/{}", first["message"].as_str().unwrap())).await;
    assert_eq!((status, state["state"].as_str()), (200, Some("sent")));
    // A message of somebody else's is not shown.
    let other = office.rig.send(conversation_of(&first), "из мессенджера").await;
    assert_eq!(page.get(&format!("messages/{}", other.id())).await.0, 404);
    // What cannot go is refused, and nothing is left of it.
    let long = json!({ "id": "w-2", "account": account, "address": "@nobody-yet", "text": "д".repeat(20_000) });
    assert_eq!(page.refused("messages", long).await, "422 text_too_long");
    assert_eq!(targets(&page, json!([contact(1, &[], &["@nobody-yet"])])).await[0]["conversation"], Value::Null);
}

async fn a_conversation_begins_in_the_crms_chats_without_a_word(on: On) {
    let (office, page) = open(on, true).await;
    let account = office.rig.probe.one;
    let body =
        json!({ "id": "s-1", "user": { "id": "7", "name": "Ольга" }, "contact": "500", "deal": "900", "account": account, "address": "@gleb" });
    let started = page.ask("start", body.clone()).await;
    let chat = started["chat"].as_str().unwrap().to_owned();
    assert_eq!(page.ask("start", body).await, started, "twice is once");
    let conversation = conversation_of(&started);
    assert_eq!(office.rig.messages(conversation).await.len(), 0);
    assert_eq!(office.rig.provider.texts().len(), 0, "the customer hears nothing");
    // What is written in that chat goes to the address, and the answer stands in it: no other contact is made.
    let told = json!({ "what": "said", "chat": chat, "id": "w1", "who": "7", "who_name": "Ольга", "at": office.rig.house().world.now().0, "text": "Здравствуйте" });
    office.told(office.id, &told).await;
    until("it went", || async { (office.rig.provider.taken("Здравствуйте").len() == 1).then_some(()) }).await;
    assert_eq!(office.rig.texts(conversation).await, ["Здравствуйте"]);
    office.quiet().await;
    assert_eq!(office.crm.look(|state| state.chats.iter().filter(|(name, _)| name.starts_with(&office.id.to_string())).count()), 1);
    // Where there are no chats nothing is begun.
    set(&office, office.id, json!({ "chats": false, "stage_by": "same" })).await;
    assert_eq!(page.refused("start", json!({ "id": "s-2", "contact": 5, "account": account, "address": "@gleb" })).await, "409 crm_without_chats");
}

async fn a_comment_is_answered_under_its_post_or_directly(on: On) {
    let (office, page) = open(on, false).await;
    let comment = |id: &str, text: &str| {
        let mut said = said("post-1/dasha", id, text);
        said["post"] = json!("post-1");
        said["from"] = json!({ "id": "dasha", "name": "Даша" });
        said
    };
    office.rig.hook(json!([comment("1", "Почём?")])).await;
    office.rig.handled().await;
    let public = office.rig.chat("post-1/dasha").await.id;
    let talk = json!({ "id": "c1", "conversation": public, "way": "direct", "text": "в личные" });
    assert_eq!(page.refused("messages", talk.clone()).await, "422 cannot_write_first", "nobody can write there first");
    // They wrote themselves.
    let mut private = said("dasha", "2", "и ещё");
    private["from"] = json!({ "id": "dasha", "name": "Даша" });
    office.rig.hook(json!([private])).await;
    office.rig.handled().await;
    let direct = page.ask("messages", talk).await;
    assert_eq!(conversation_of(&direct), office.rig.chat("dasha").await.id);
    let under = page.ask("messages", json!({ "id": "c2", "conversation": public, "text": "под постом" })).await;
    assert_eq!(conversation_of(&under), public);
    office.quiet().await;
    let contact = office.crm.look(|state| state.contacts.iter().find(|(mark, _)| mark.starts_with(&office.id.to_string())).unwrap().1.clone());
    let mut ways: Vec<String> = targets(&page, json!([{ "id": contact }])).await.iter().map(|one| one["ways"].to_string()).collect();
    ways.sort();
    assert_eq!(ways, [r#"["comment","direct"]"#, r#"["direct"]"#]);
}

async fn who_is_written_to_first_in_the_crm_is_reached_or_the_crm_is_told(on: On) {
    let (office, _) = open(on, true).await;
    let first = |id: &str, chat: &str, address: &str, text: &str| json!({ "what": "said", "chat": chat, "id": id, "who": "7", "who_name": "Ольга", "at": office.rig.house().world.now().0, "text": text, "first": address });
    for _ in 0..2 {
        office.told(office.id, &first("f1", "their-chat", "+79990001122", "Мы вам звонили")).await;
    }
    until("it went", || async { (office.rig.provider.taken("Мы вам звонили").len() == 1).then_some(()) }).await;
    office.quiet().await;
    // The next in that chat needs no address.
    let mut next = first("f2", "their-chat", "", "Перезвоните");
    next.as_object_mut().unwrap().remove("first");
    office.told(office.id, &next).await;
    until("it went", || async { (office.rig.provider.taken("Перезвоните").len() == 1).then_some(()) }).await;
    assert_eq!(office.rig.provider.taken("Мы вам звонили").len(), 1);
    // By no channel.
    office.told(office.id, &first("f3", "another", "no address", "Кому?")).await;
    let told = until("it is told", || async { office.crm.told("f3") }).await;
    assert_eq!((told["state"].as_str(), told["reason"].as_str()), (Some("failed"), Some("nobody_reached")));
    assert_eq!(office.rig.quarantined().await.len(), 0);
}

async fn another_workspaces_key_sees_nothing(on: On) {
    let (office, page) = open(on, false).await;
    let house = office.rig.house();
    let workspace = create_workspace(house, "Чужие").await.unwrap().id;
    let probe = create_probe(house, workspace, &Actor::command_line(), &office.rig.provider.url, SendTwice).await.unwrap();
    let links = (probe.login, [probe.one]);
    let made = create_probe_connection(house, workspace, links.0, &links.1, UnansweredOutbound::Export, Some(&office.crm.url)).await.unwrap();
    let theirs = WidgetPage::of(house, workspace, made, PAGE).await;
    let first = page.ask("messages", json!({ "id": "m1", "contact": 5, "account": office.rig.probe.one, "address": "@anna", "text": "раз" })).await;
    assert_eq!(theirs.get(&format!("messages/{}", first["message"].as_str().unwrap())).await.0, 404);
    let write = |whom: Value| {
        let mut body = json!({ "id": "m1", "contact": 5, "text": "чужое" });
        body.as_object_mut().unwrap().extend(whom.as_object().unwrap().clone());
        body
    };
    assert_eq!(theirs.refused("messages", write(json!({ "conversation": first["conversation"] }))).await, "404 unknown_conversation");
    let account = json!({ "account": office.rig.probe.one, "address": "@anna" });
    assert_eq!(theirs.refused("messages", write(account)).await, "404 unknown_channel");
    let found = targets(&theirs, json!([contact(5, &[], &["@anna"])])).await;
    assert!(found.iter().all(|one| one["conversation"].is_null() && one["account"]["id"] == json!(probe.one)), "{found:?}");
    assert_eq!(office.rig.provider.taken("чужое").len(), 0);
}

/// One contact per chat that wrote, and the mailing to all of them.
async fn mail(office: &Office, page: &WidgetPage, people: &[&str], more: Value) -> (Value, Vec<String>) {
    let said: Vec<Value> = people.iter().map(|who| said(who, &format!("{who}-1"), "вопрос")).collect();
    office.rig.hook(json!(said)).await;
    office.rig.handled().await;
    office.quiet().await;
    let store = office.rig.store();
    let mut contacts = Vec::new();
    for who in people {
        let talk = store.get::<CrmTalk>(CrmTalk::at(office.id, office.rig.chat(who).await.id, "")).await.unwrap().unwrap().record;
        contacts.push(talk.contact.unwrap());
    }
    let mut named: Vec<Value> = contacts.iter().map(|contact| json!({ "id": contact })).collect();
    named.extend(more.as_array().unwrap().iter().cloned());
    let body = json!({ "id": "mail-1", "user": { "id": 7, "name": "Ольга" }, "contacts": named, "text": "Скидки" });
    let made = page.ask("mailings", body.clone()).await;
    assert_eq!(page.ask("mailings", body).await, made, "the same key is the same mailing");
    (made, contacts)
}

async fn a_mailing_goes_at_its_pace_over_a_restart_and_stands_in_no_crm(on: On) {
    // A send that the restart cuts is settled by its key.
    let (mut office, page) = opened(Office::open_with(on, Keyed).await, false).await;
    let nobody = json!({ "id": 999, "phones": ["чушь"] });
    let (made, _) = mail(&office, &page, &["anna", "boris", "vera"], json!([nobody, { "id": 5, "phones": ["+79990001122"] }])).await;
    assert_eq!((made["total"].as_u64(), made["skipped"][0]["contact"].as_str()), (Some(4), Some("999")));
    assert_eq!(made["skipped"][0]["reason"]["code"], "nobody_reached");
    let sent = |office: &Office| office.rig.provider.taken("Скидки").len();
    until("the first", || async { (sent(&office) == 1).then_some(()) }).await;
    // The process that comes after this one goes on, at the same pace.
    office.rig.restart().await;
    let path = format!("mailings/{}", made["mailing"].as_str().unwrap());
    for more in [2, 3, 4] {
        office.rig.world.advance_ms(GAP_MS);
        until("the next", || async { (sent(&office) >= more).then_some(()) }).await;
    }
    let id = made["mailing"].as_str().unwrap().parse().unwrap();
    let mailing = office.rig.store().get::<Mailing>(Mailing::at(office.id, id)).await.unwrap().unwrap().record;
    let mut times: Vec<i64> =
        mailing.targets.iter().filter_map(|target| if let Mailed::Begun { at, .. } = target.mailed { Some(at.0) } else { None }).collect();
    times.sort_unstable();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= GAP_MS), "{times:?}");
    let over = until("it is over", || async { Some(page.get(&path).await.1).filter(|standing| standing["sent"] == 4) }).await;
    assert_eq!(sent(&office), 4, "each once");
    assert_eq!((over["waiting"].as_u64(), over["failed"].as_array().unwrap().len(), over["stopped"].as_bool()), (Some(0), 0, Some(false)));
    let anna = office.rig.messages(office.rig.chat("anna").await.id).await;
    let mailed = anna.iter().find(|message| message.text() == "Скидки").unwrap();
    for id in [office.id, office.other] {
        assert_eq!(office.delivery(mailed.id(), id).await.status, CrmDeliveryStatus::Mailing);
    }
    office.quiet().await;
    assert!(office.crm.look(|state| state.messages.iter().all(|one| one.text != "Скидки")));
}

async fn a_mailing_is_stopped_and_says_what_did_not_go(on: On) {
    let (office, page) = open(on, false).await;
    office.rig.provider.script("Скидки", &[Act::Reject]);
    let (made, contacts) = mail(&office, &page, &["anna", "boris"], json!([])).await;
    let path = format!("mailings/{}", made["mailing"].as_str().unwrap());
    let standing = until("one did not go", || async { Some(page.get(&path).await.1).filter(|standing| standing["failed"][0].is_object()) }).await;
    assert_eq!(
        (standing["failed"][0]["contact"].as_str(), standing["failed"][0]["reason"]["code"].as_str()),
        (Some(contacts[0].as_str()), Some("rejected"))
    );
    assert_eq!(page.delete(&path).await.0, 204);
    assert_eq!(page.delete(&path).await.0, 204);
    office.rig.world.advance_ms(60_000);
    let stopped = page.get(&path).await.1;
    assert_eq!((stopped["stopped"].as_bool(), stopped["waiting"].as_u64()), (Some(true), Some(0)));
    // Nothing of it goes any more: a mailing that comes after it goes at once.
    page.ask("mailings", json!({ "id": "mail-2", "contacts": [{ "id": contacts[1] }], "text": "Ещё" })).await;
    until("the other", || async { (office.rig.provider.taken("Ещё").len() == 1).then_some(()) }).await;
    assert_eq!(office.rig.provider.taken("Скидки").len(), 0);
    assert_eq!(page.refused("mailings", json!({ "id": "mail-3", "contacts": [], "text": " " })).await, "422 empty_message");
    let other = WidgetPage::open(&office.rig, office.other, PAGE).await;
    assert_eq!((other.get(&path).await.0, other.delete(&path).await.0), (404, 404));
}

async fn who_is_to_hear_of_a_message_hears_of_it_once_and_nobody_else(on: On) {
    let (office, page) = open(on, true).await;
    let mut keys = Vec::new();
    for user in ["1", "2", "3", "4"] {
        keys.push(page.ask("user-keys", json!({ "user": { "id": user } })).await["key"].as_str().unwrap().to_owned());
    }
    assert_eq!(page.ask("user-keys", json!({ "user": { "id": 2 } })).await["key"], json!(keys[1]), "the same after it was installed anew");
    // The second is ticked with the key of their browser, the third with another's.
    let change = |old: &CrmConnection| {
        let settings = json!({ "chats": true, "stage_by": "same", "user_keys": { "2": keys[1], "3": keys[0] } });
        Ok::<_, CommitError>(CrmConnection { settings, ..old.clone() })
    };
    office.rig.store().change(CrmConnection::at(office.id), change, |_, _| Ok(())).await.unwrap();
    let path = |user: usize, after: &str| format!("notices?user={user}&key={}{after}", keys[user - 1]);
    let place = async |user: usize| page.get(&path(user, "")).await.1["cursor"].as_u64().unwrap();
    let (first, second) = (place(1).await, place(2).await);
    let refused = async |path: String| {
        let (status, answer) = page.get(&path).await;
        format!("{status} {}", answer["code"].as_str().unwrap_or_default())
    };
    assert_eq!(refused(path(3, "")).await, "403 user_not_told");
    assert_eq!(refused(path(4, "")).await, "403 user_not_told");
    assert_eq!(refused(format!("notices?user=2&key={}", keys[0])).await, "403 wrong_user_key");
    // Who listens is answered when something comes.
    let listening = {
        let (page, path) = (page.clone(), path(2, &format!("&after={second}")));
        tokio::spawn(async move { page.get(&path).await })
    };
    office.rig.hook(json!([said("anna", "1", "Почём?")])).await;
    let (status, told) = listening.await.unwrap();
    assert_eq!((status, told["notices"].as_array().unwrap().len()), (200, 1), "{told}");
    let notice = &told["notices"][0];
    assert_eq!((notice["title"].as_str(), notice["text"].as_str()), (Some("Клиент anna"), Some("Почём?")));
    assert!(notice["contact"].is_string());
    // Somebody whose page was away misses none, and hears nothing twice.
    let missed = page.get(&path(1, &format!("&after={first}"))).await.1;
    assert_eq!(missed["notices"], told["notices"]);
    let reply = office.rig.send(office.rig.chat("anna").await.id, "сто").await;
    office.rig.stands(reply.id(), SendStatus::Sent).await;
    office.rig.hook(json!([said("anna", "2", "Дорого")])).await;
    let next = page.get(&path(1, &format!("&after={}", missed["cursor"]))).await.1;
    let texts: Vec<&str> = next["notices"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["Дорого"]);
    // What was erased meanwhile is told to nobody.
    let message = office.rig.messages(office.rig.chat("anna").await.id).await.remove(0);
    office.rig.ask(&office.rig.probe, Command::Erase { message: message.id(), by: "owner".to_owned() }).await.unwrap();
    let later = page.get(&path(1, &format!("&after={first}"))).await.1;
    assert_eq!((later["notices"].as_array().unwrap().len(), later["notices"][0]["text"].as_str()), (1, Some("Дорого")));
}

async fn notices_are_bounded_and_a_process_that_goes_down_keeps_nobody_waiting(on: On) {
    let (mut office, page) = open(on, true).await;
    let key = page.ask("user-keys", json!({ "user": { "id": "1" } })).await["key"].as_str().unwrap().to_owned();
    let stream = streams::crm_notices(office.id);
    let message = MessageId { conversation: ConversationId(1), number: 1 };
    let entry = NoticeEntry { m: message, to: vec!["9".to_owned()], contact: None, deal: None, at: office.rig.house().world.now() };
    for at in 0..6 {
        let mut batch = Batch::new();
        batch.once(format!("many/{at}").into_bytes(), 60_000, "");
        for _ in 0..100 {
            batch.append(&stream, entries::write(&entry).unwrap());
        }
        office.rig.store().commit(batch).await.unwrap();
    }
    office.rig.hook(json!([said("anna", "1", "Почём?")])).await;
    let state = until("the oldest are gone", || async {
        let state = office.rig.store().read(&stream, 0, 1).await.unwrap().state;
        (state.trimmed > 0).then_some(state)
    })
    .await;
    assert_eq!((state.last, state.last - state.trimmed), (601, 500));
    let told = page.get(&format!("notices?user=1&key={key}&after=3")).await.1;
    assert_eq!(told["notices"].as_array().unwrap().len(), 1, "what is gone is no reason to hear nothing");
    let listening = {
        let (page, path) = (page.clone(), format!("notices?user=1&key={key}&after={}", told["cursor"]));
        tokio::spawn(async move { page.get(&path).await })
    };
    // It is answered by the end of the process, or, where it came too late, not at all: long before its time either way.
    let began = Instant::now();
    office.rig.restart().await;
    assert!(began.elapsed() < Duration::from_secs(9), "requests were still open");
    let _ = listening.await; // it may have been cut
}

on_both!(
    a_key_opens_its_own_connection_from_the_accounts_own_pages,
    a_record_shows_whom_it_can_be_written_to,
    a_message_to_an_address_stands_in_the_deal_once_and_everywhere_else,
    a_conversation_begins_in_the_crms_chats_without_a_word,
    a_comment_is_answered_under_its_post_or_directly,
    a_mailing_goes_at_its_pace_over_a_restart_and_stands_in_no_crm,
    a_mailing_is_stopped_and_says_what_did_not_go,
    who_is_to_hear_of_a_message_hears_of_it_once_and_nobody_else,
    notices_are_bounded_and_a_process_that_goes_down_keeps_nobody_waiting,
    another_workspaces_key_sees_nothing,
    who_is_written_to_first_in_the_crm_is_reached_or_the_crm_is_told,
);
