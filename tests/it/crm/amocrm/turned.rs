//! What is set is turned over half-way, and customers are merged and taken apart while messages come: nothing is lost, nothing is there twice,
//! and there is no second deal where the rules say one.

use std::collections::BTreeMap;

use kommutator::gateway::administration::Actor;
use kommutator::gateway::administration::customers::{merge, unmerge};
use kommutator::model::customer::CustomerLink;
use kommutator::model::ids::{AccountId, CustomerId};
use serde_json::{Value, json};

use super::account::{Account, text, values};
use super::places::{There, comments, there, writes};
use crate::support::rig::On::Sqlite;
use crate::support::rig::{On, said_to};

/// Everything customers said that stands there, in chats and in notes, and how often.
async fn heard(account: &Account) -> BTreeMap<String, usize> {
    let state = account.state().await;
    let chats = values(&state["chats"]);
    let mut all: Vec<String> = chats.iter().flat_map(|chat| values(&chat["messages"])).map(|message| text(&message, "text")).collect();
    // What stands before the words is who said them, and where.
    all.extend(values(&state["notes"]).iter().map(|note| text(&note["params"], "text").rsplit(": ").next().unwrap().to_owned()));
    let mut heard = BTreeMap::new();
    for one in all {
        *heard.entry(one).or_default() += 1;
    }
    heard
}

fn each_once(all: &[String]) -> BTreeMap<String, usize> {
    all.iter().map(|one| (one.clone(), 1)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn h_amo_20_h_amo_102_what_is_set_is_turned_over_half_way() {
    let account = Account::open(Sqlite, true, json!({})).await;
    let instagram = account.channels(["instagram_direct", "instagram_comments"]).await;
    let direct = |id: &str, reply_to: Option<&str>| {
        let mut said = writes("one", "anna", id, json!({ "id": "anna", "username": "anna" }));
        said["reply_to"] = json!(reply_to);
        said
    };
    let comment = |id: &str, under: Option<&str>| comments("two", "anna", id, "p1", under);
    let close_all = || async {
        for lead in account.all("leads").await {
            account.amo.act("closes", json!({ "account": "demo", "lead": lead["id"] })).await;
        }
    };
    let mut said = Vec::new();
    let mut hear = async |event: Value, deals: usize| {
        said.push(event["text"].as_str().unwrap().to_owned());
        account.hear(&instagram, event).await;
        assert_eq!(account.all("leads").await.len(), deals, "{}", said.last().unwrap());
    };
    hear(direct("1", None), 1).await;
    account.set(json!({ "chats": false })).await;
    hear(direct("2", None), 1).await;
    hear(comment("c1", None), 1).await;
    account.set(json!({ "chats": true })).await;
    // They answer what stands in a note.
    hear(direct("3", Some("2")), 1).await;
    hear(comment("c2", Some("p1 anna/c1")), 1).await;
    account.set(json!({ "chats": true, "split_comments": true })).await;
    hear(direct("4", None), 1).await;
    hear(comment("c3", None), 2).await;
    hear(comment("c4", Some("p1 anna/c3")), 2).await;
    account.set(json!({ "chats": true })).await;
    hear(direct("5", None), 2).await;
    hear(comment("c5", None), 2).await;
    close_all().await;
    account.set(json!({ "chats": true, "create_new_deal_when_closed": false })).await;
    hear(direct("6", None), 2).await;
    account.set(json!({ "chats": false, "create_new_deal_when_closed": false })).await;
    hear(direct("7", None), 2).await;
    account.set(json!({ "chats": false })).await;
    hear(direct("8", None), 3).await;
    account.set(json!({ "chats": true })).await;
    hear(direct("9", None), 3).await;
    assert_eq!(heard(&account).await, each_once(&said));
    assert_eq!(account.all("contacts").await.len(), 1);
    assert_eq!(account.all("unsorted").await.len(), 0);
}

async fn customer(account: &Account, channel: AccountId, chat: &str) -> CustomerId {
    let identity = account.rig.find(channel, chat).await.unwrap().identity.unwrap();
    account.rig.store().get::<CustomerLink>(CustomerLink::at(identity)).await.unwrap().unwrap().record.customer
}

async fn customers_are_merged_and_taken_apart_while_messages_come(on: On) {
    let account = Account::open(on, true, json!({})).await;
    let (direct, phones) =
        (account.channels(["instagram_direct", "instagram_direct"]).await, account.channels(["whats_app_web", "telegram_user"]).await);
    let says = |chat: &str, id: usize| said_to("one", chat, &id.to_string(), &format!("{chat} {id}"));
    account.hear(&direct, says("anna", 0)).await;
    account.hear(&phones, says("phone", 0)).await;
    let (kept, gone) = (customer(&account, direct.one, "anna").await, customer(&account, phones.one, "phone").await);
    let (house, workspace, actor) = (account.rig.house(), account.rig.workspace, Actor::command_line());
    let mut said = vec!["anna 0".to_owned(), "phone 0".to_owned()];
    for round in 1..=6 {
        for id in [round * 10, round * 10 + 1] {
            account.rig.hook_of(&direct, json!([says("anna", id)])).await;
            account.rig.hook_of(&phones, json!([says("phone", id)])).await;
            said.extend([format!("anna {id}"), format!("phone {id}")]);
        }
        match round % 2 {
            1 => merge(house, workspace, &actor, gone, kept).await.unwrap(),
            _ => unmerge(house, workspace, &actor, gone).await.unwrap(),
        };
    }
    for of in [&direct, &phones] {
        account.rig.handled_of(of).await;
    }
    account.quiet().await;
    let wanted = There { contacts: 2, deals: 2, chats: vec![(0, Some(0)), (1, Some(1))] };
    assert_eq!(there(&account).await, wanted);
    assert_eq!(heard(&account).await, each_once(&said));
    // In their order.
    for chat in values(&account.state().await["chats"]) {
        let ids: Vec<usize> =
            values(&chat["messages"]).iter().map(|one| text(one, "text").split(' ').next_back().unwrap().parse().unwrap()).collect();
        assert!(ids.is_sorted(), "{ids:?}");
    }
    // Merged for good: another account of a network goes to that network's deal, another network to a new one.
    merge(house, workspace, &actor, gone, kept).await.unwrap();
    account.hear(&direct, said_to("two", "anna", "1", "второй аккаунт")).await;
    account.hear(&phones, said_to("two", "phone", "1", "другая сеть")).await;
    let now = there(&account).await;
    assert_eq!((now.contacts, now.deals, now.chats[2]), (2, 3, (0, Some(0))));
    // Taken apart again, both go on where they were.
    unmerge(house, workspace, &actor, gone).await.unwrap();
    account.rig.world.advance_ms(61_000);
    account.hear(&direct, says("anna", 99)).await;
    account.hear(&phones, says("phone", 99)).await;
    let after = there(&account).await;
    assert_eq!((after.contacts, after.deals), (2, 3));
}

on_both!(customers_are_merged_and_taken_apart_while_messages_come);
