//! Which contact, deal and chat a message comes to: the rows of H-AMO-45, H-AMO-46 and H-AMO-100, as amoCRM has them in the end.

use serde_json::{Value, json};

use super::account::{Account, text};
use crate::support::rig::On::Sqlite;
use crate::support::rig::said_to;

/// What stands there: how many contacts and deals, and of each chat, in the order they were made, whose it is and in which deal.
#[derive(Debug, PartialEq)]
pub(super) struct There {
    pub(super) contacts: usize,
    pub(super) deals: usize,
    pub(super) chats: Vec<(usize, Option<usize>)>,
}

pub(super) async fn there(account: &Account) -> There {
    let state = account.state().await;
    let of = |kind: &str| state[kind].as_array().unwrap().clone();
    let (contacts, deals, talks) = (of("contacts"), of("leads"), of("talks"));
    let place = |all: &[Value], id: &Value| all.iter().position(|one| one["id"] == *id);
    let chat = |chat: &Value| {
        let talk = talks.iter().rfind(|talk| talk["chat_id"] == chat["id"]);
        let contact = place(&contacts, &chat["contact"]).unwrap_or_else(|| panic!("nobody's chat: {state}"));
        (contact, talk.and_then(|talk| place(&deals, &talk["entity_id"])))
    };
    There { contacts: contacts.len(), deals: deals.len(), chats: of("chats").iter().map(chat).collect() }
}

fn all(contacts: usize, deals: usize, chats: &[(usize, usize)]) -> There {
    There { contacts, deals, chats: chats.iter().map(|(contact, deal)| (*contact, Some(*deal))).collect() }
}

/// A direct message of somebody known by name, login or phone.
pub(super) fn writes(account: &str, chat: &str, id: &str, who: Value) -> Value {
    let mut said = said_to(account, chat, id, &format!("{chat} {id}"));
    said["from"].as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
    said
}

/// A comment under a post; `under`: the comment it hangs under.
pub(super) fn comments(account: &str, who: &str, id: &str, post: &str, under: Option<&str>) -> Value {
    let mut said = said_to(account, &format!("{post} {who}"), id, &format!("{post} {id}"));
    said["from"] = json!({ "id": who, "username": who, "name": format!("Клиент {who}") });
    said["post"] = json!(post);
    said["under"] = json!(under);
    said
}

fn natgeo() -> Value {
    json!({ "id": "natgeo", "username": "natgeo" })
}

/// A contact as people make one, with what stands in its fields; answers its id.
pub(super) async fn contact_by_hand(account: &Account, fields: &[(&str, &str)]) -> Value {
    let known = account.state().await["fields"]["contacts"].as_array().unwrap().clone();
    let field = |(name, value): &(&str, &str)| {
        let field = known.iter().find(|field| field["name"] == *name || field["code"] == *name).unwrap();
        json!({ "field_id": field["id"], "values": [{ "value": value }] })
    };
    let values: Vec<Value> = fields.iter().map(field).collect();
    let made = json!({ "account": "demo", "contacts": [{ "name": "Введённое имя", "custom_fields_values": values }] });
    account.amo.act("makes", made).await["contacts"][0].clone()
}

/// A deal of a contact as people make one; answers its id.
pub(super) async fn deal_by_hand(account: &Account, contact: &Value) -> Value {
    let made = json!({ "account": "demo", "leads": [{ "name": "Сделка от руки", "_embedded": { "contacts": [{ "id": contact }] } }] });
    account.amo.act("makes", made).await["leads"][0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_45a_channels_of_one_type_have_one_deal_and_a_chat_each() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let (first, second) =
        (account.channels(["instagram_direct", "instagram_direct"]).await, account.channels(["instagram_direct", "instagram_direct"]).await);
    account.hear(&first, writes("one", "natgeo", "1", natgeo())).await;
    account.hear(&first, writes("two", "natgeo", "2", natgeo())).await;
    // Another login knows somebody else of that login: they are found by their link.
    account.hear(&second, writes("one", "other", "3", json!({ "id": "other", "username": "NatGeo" }))).await;
    account.hear(&first, writes("one", "natgeo", "4", natgeo())).await;
    assert_eq!(there(&account).await, all(1, 1, &[(0, 0), (0, 0), (0, 0)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_45b_channels_of_different_types_have_a_deal_each() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let (direct, phones) = (account.channels(["instagram_direct", "vk_messages"]).await, account.channels(["whats_app_web", "telegram_user"]).await);
    account.hear(&direct, writes("one", "natgeo", "1", natgeo())).await;
    account.hear(&phones, writes("one", "79990001122", "1", json!({ "id": "w", "phone": "+79990001122" }))).await;
    assert_eq!(there(&account).await, all(2, 2, &[(0, 0), (1, 1)]));
    // Known by their phone to be one: the contact is, the deals are not.
    account.hear(&phones, writes("two", "t", "1", json!({ "id": "t", "phone": "+79990001122" }))).await;
    assert_eq!(there(&account).await, all(2, 3, &[(0, 0), (1, 1), (1, 2)]));
    account.hear(&phones, writes("one", "79990001122", "2", json!({ "id": "w", "phone": "+79990001122" }))).await;
    assert_eq!(there(&account).await, all(2, 3, &[(0, 0), (1, 1), (1, 2)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_45c_two_instagram_and_one_whatsapp() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let (direct, phones) =
        (account.channels(["instagram_direct", "instagram_direct"]).await, account.channels(["whats_app_web", "whats_app_web"]).await);
    account.hear(&direct, writes("one", "natgeo", "1", natgeo())).await;
    account.hear(&phones, writes("one", "79990001122", "1", json!({ "id": "w", "phone": "+79990001122" }))).await;
    account.hear(&direct, writes("two", "natgeo", "2", natgeo())).await;
    assert_eq!(there(&account).await, all(2, 2, &[(0, 0), (1, 1), (0, 0)]), "Instagram's deal has two conversations, WhatsApp's one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_45d_a_contact_people_made_has_one_deal_for_all_channels() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let (direct, phones) = (account.channels(["instagram_direct", "vk_messages"]).await, account.channels(["whats_app_web", "telegram_user"]).await);
    contact_by_hand(&account, &[("PHONE", "8 (999) 000-11-22"), ("Instagram", "www.instagram.com/NatGeo/")]).await;
    account.hear(&direct, writes("one", "natgeo", "1", natgeo())).await;
    account.hear(&phones, writes("one", "79990001122", "1", json!({ "id": "w", "phone": "+79990001122" }))).await;
    account.hear(&phones, writes("two", "t", "1", json!({ "id": "t", "phone": "+79990001122" }))).await;
    assert_eq!(there(&account).await, all(1, 1, &[(0, 0), (0, 0), (0, 0)]));
    assert_eq!(text(&account.all("contacts").await[0], "name"), "Введённое имя");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_46a_direct_and_comments_of_one_customer() {
    for (split, direct_first) in [(true, true), (true, false), (false, true)] {
        let account = Account::open(Sqlite, true, json!({ "split_comments": split })).await;
        let instagram = account.channels(["instagram_direct", "instagram_comments"]).await;
        let (direct, comment) = (writes("one", "natgeo", "1", natgeo()), comments("two", "natgeo", "1", "p1", None));
        for event in if direct_first { [direct, comment] } else { [comment, direct] } {
            account.hear(&instagram, event).await;
        }
        let wanted = if split { all(2, 2, &[(0, 0), (1, 1)]) } else { all(1, 1, &[(0, 0), (0, 0)]) };
        assert_eq!(there(&account).await, wanted, "{split} {direct_first}");
        account.hear(&instagram, writes("one", "natgeo", "2", natgeo())).await;
        account.hear(&instagram, comments("two", "natgeo", "2", "p1", Some("1"))).await;
        let still = there(&account).await;
        assert_eq!((still.contacts, still.deals), (wanted.contacts, wanted.deals), "{split} {direct_first}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_46b_comments_to_different_posts() {
    // A post each, or a comment each; answers in a thread stay in it.
    for (split, chats) in [(true, 2), (false, 3)] {
        let account = Account::open(Sqlite, true, json!({ "split_comments": split })).await;
        let vk = account.channels(["vk_messages", "vk_comments"]).await;
        for (id, post, under) in [("1", "p1", None), ("2", "p2", None), ("3", "p1", None), ("4", "p1", Some("1"))] {
            let under = under.map(|under: &str| format!("p1 anna/{under}"));
            account.hear(&vk, comments("two", "anna", id, post, under.as_deref())).await;
        }
        assert_eq!(there(&account).await, all(1, 1, &vec![(0, 0); chats]), "{split}");
        // Other customers are others (H-AMO-42).
        account.hear(&vk, comments("two", "boris", "5", "p1", None)).await;
        let both = there(&account).await;
        assert_eq!((both.contacts, both.deals, both.chats.last()), (2, 2, Some(&(1, Some(1)))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_46c_a_deal_people_made_is_for_direct_messages_where_comments_are_apart() {
    for (split, direct_first) in [(true, true), (true, false), (false, true), (false, false)] {
        let account = Account::open(Sqlite, true, json!({ "split_comments": split })).await;
        let instagram = account.channels(["instagram_direct", "instagram_comments"]).await;
        let contact = contact_by_hand(&account, &[("Instagram", "natgeo https://instagram.com/natgeo")]).await;
        let by_hand = deal_by_hand(&account, &contact).await;
        let (direct, comment) = (writes("one", "natgeo", "1", natgeo()), comments("two", "natgeo", "1", "p1", None));
        for event in if direct_first { [direct, comment] } else { [comment, direct] } {
            account.hear(&instagram, event).await;
        }
        account.hear(&instagram, comments("two", "natgeo", "2", "p2", None)).await;
        account.rig.world.advance_ms(61_000);
        account.hear(&instagram, writes("one", "natgeo", "3", natgeo())).await;
        let now = there(&account).await;
        assert_eq!((now.contacts, now.deals), (1, if split { 2 } else { 1 }), "{split} {direct_first}");
        let name = instagram.one;
        let talk = account.deal_of(name, "natgeo").await;
        assert_eq!(talk, by_hand.to_string(), "the direct message is in the deal people made: {split} {direct_first}");
        let comment = account.deal_of(instagram.two, "p1 natgeo").await;
        assert_eq!(comment.parse().ok() == by_hand.as_i64(), !split, "{split} {direct_first}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_100a_h_amo_100b_a_new_deal_as_it_is_set_then_the_open_one() {
    for chats in [true, false] {
        let account = Account::open(Sqlite, chats, json!({ "chats": chats })).await;
        account.directory().await;
        let stages = account.directory().await.lists["stages"].clone();
        let stage = stages.iter().find(|stage| stage.label == "Переговоры").unwrap().value.clone();
        account.set(json!({ "chats": chats, "stage": stage, "tags": ["%DOMAIN%", "второй"] })).await;
        account.customer_says("anna", "1", "раз").await;
        let deal = account.all("leads").await.remove(0);
        assert_eq!((text(&deal, "status"), &deal["tags"]), ("Переговоры".to_owned(), &json!(["Сайт", "второй"])), "H-AMO-100a");
        assert_eq!(text(&deal, "name"), "Новая сделка из Сайт");
        account.amo.act("moves", json!({ "account": "demo", "lead": deal["id"], "status": "Согласование договора" })).await;
        account.rig.world.advance_ms(61_000);
        account.customer_says("anna", "2", "два").await;
        let state = account.state().await;
        assert_eq!((state["leads"].as_array().unwrap().len(), state["contacts"].as_array().unwrap().len()), (1, 1), "H-AMO-100b");
        assert_eq!(text(&state["leads"][0], "status"), "Согласование договора", "it stays where people put it");
        assert_eq!(state["chats"].as_array().unwrap().len(), usize::from(chats));
        assert_eq!(state["notes"].as_array().unwrap().len(), if chats { 0 } else { 2 });
    }
}

/// By what is set a closed deal is joined or not; a stage that is not open is closed, too (H-AMO-101).
async fn closed(chats: bool, new_when_closed: bool, deals: usize) {
    for by_stage in [false, true] {
        let account = Account::open(Sqlite, chats, json!({ "chats": chats })).await;
        let stages = account.directory().await.lists["stages"].clone();
        let open: Vec<&String> =
            stages.iter().filter(|stage| stage.label != "Принимают решение" && stage.marks.is_empty()).map(|stage| &stage.value).collect();
        let main: Vec<&String> = stages.iter().filter(|stage| stage.label == "Первичный контакт").map(|stage| &stage.value).collect();
        let open = open.into_iter().chain(main).collect::<std::collections::BTreeSet<_>>();
        account.set(json!({ "chats": chats, "create_new_deal_when_closed": new_when_closed, "open_stages": if by_stage { json!(open) } else { json!([]) } })).await;
        account.customer_says("anna", "1", "раз").await;
        let deal = account.all("leads").await.remove(0)["id"].clone();
        let act = if by_stage {
            ("moves", json!({ "account": "demo", "lead": deal, "status": "Принимают решение" }))
        } else {
            ("closes", json!({ "account": "demo", "lead": deal }))
        };
        account.amo.act(act.0, act.1).await;
        account.rig.world.advance_ms(61_000);
        account.customer_says("anna", "2", "два").await;
        account.customer_says("anna", "3", "три").await;
        let state = account.state().await;
        assert_eq!(state["leads"].as_array().unwrap().len(), deals, "{by_stage}");
        assert_eq!(state["contacts"].as_array().unwrap().len(), 1);
        let in_first = state["notes"].as_array().unwrap().iter().filter(|note| note["entity_id"] == deal).count();
        let wanted = if chats {
            0
        } else if new_when_closed {
            1
        } else {
            3
        };
        assert_eq!(in_first, wanted, "{by_stage}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_100c_chats_closed_no_new_deal() {
    closed(true, false, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_100d_h_amo_101_chats_closed_a_new_deal() {
    closed(true, true, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_100e_add_closed_a_new_deal() {
    closed(false, true, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_100f_add_closed_joined() {
    closed(false, false, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_100g_h_amo_102_after_the_mode_was_switched_there_is_one_deal() {
    let account = Account::open(Sqlite, true, json!({ "chats": false })).await;
    account.customer_says("anna", "1", "раз").await;
    account.set(json!({ "chats": true })).await;
    account.customer_says("anna", "2", "два").await;
    assert_eq!(there(&account).await, all(1, 1, &[(0, 0)]));
    assert_eq!((account.all("notes").await.len(), account.all("unsorted").await.len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_98_avito_has_a_contact_a_deal_and_a_chat_like_any_other() {
    let account = Account::open(Sqlite, true, json!({ "tags": ["из %DOMAIN%"] })).await;
    let avito = account.channels(["avito", "avito"]).await;
    account.hear(&avito, writes("one", "anna", "1", json!({ "id": "anna" }))).await;
    assert_eq!(there(&account).await, all(1, 1, &[(0, 0)]));
    assert_eq!(account.all("leads").await[0]["tags"], json!(["из Авито"]));
}
