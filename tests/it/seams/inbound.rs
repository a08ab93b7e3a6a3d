//! What comes in.

use kommutator::channel::probe::settings::ProbeRepeats::SendTwice;
use kommutator::gateway::administration::Actor;
use kommutator::gateway::administration::channels::{AccountChange, change_account};
use kommutator::gateway::administration::probe::create_probe_connection;
use kommutator::gateway::administration::quarantine::replay;
use kommutator::gateway::commands::Command;
use kommutator::gateway::entries::{self, MailboxEntry};
use kommutator::gateway::inbox::{Query, Sort, View};
use kommutator::model::connection::{ChannelAccount, UnansweredOutbound};
use kommutator::model::conversation::{Fact, FactKind, Place};
use kommutator::model::customer::Identity;
use kommutator::model::ids::MessageId;
use kommutator::model::message::{Admission, CrmDeliveryStatus, Delivery};
use kommutator::model::protocol::SendStatus;
use kommutator::store::batch::Batch;
use kommutator::store::key::Key;
use kommutator::store::port::Scan;
use kommutator::store::records::streams;
use serde_json::json;

use crate::support::rig::{On, Rig, said, said_to, told, until};

on_both!(
    two_accounts_of_one_login,
    a_group_has_many_authors,
    a_person_is_named_as_they_last_said,
    a_filtered_message_is_in_the_log_only,
    repeats_and_reorder_have_one_effect,
    entries_of_several_chats_keep_their_order,
    a_chat_that_moved_goes_on,
    what_was_put_aside_comes_back_over_a_restart,
    what_cannot_be_read_is_kept_and_replayed,
);

async fn two_accounts_of_one_login(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said_to("one", "c", "1", "первому"), said_to("two", "c", "1", "второму")])).await;
    let one = rig.chat("c").await;
    let two = until("the other account's chat", || rig.find(rig.probe.two, "c")).await;
    assert_ne!(one.id, two.id);
    assert_eq!(one.identity, two.identity, "one login knows one person");
    let sent = rig.send(two.id, "от второго").await;
    rig.stands(sent.id(), SendStatus::Sent).await;
    assert_eq!(rig.provider.calls("от второго")[0].account, "two");
    rig.restart().await;
    rig.hook(json!([said_to("two", "c", "2", "ещё")])).await;
    rig.handled().await;
    assert_eq!(rig.texts(two.id).await, ["второму", "от второго", "ещё"]);
    assert_eq!(rig.texts(one.id).await, ["первому"]);
}

/// The moment comes while nobody is there, and by the clock while somebody is; each time it comes back once.
async fn what_was_put_aside_comes_back_over_a_restart(on: On) {
    const HOUR_MS: i64 = 3_600_000;
    let mut rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("c", "1", "привет")])).await;
    rig.handled().await;
    let id = rig.chat("c").await.id;
    for away in [true, false] {
        let before = rig.conversation(id).await.active_at;
        let until_then = rig.house().world.now().plus_ms(HOUR_MS);
        let aside = Command::Snooze { conversation: id, until: Some(until_then), by: String::new() };
        rig.ask(&rig.probe, aside).await.unwrap();
        assert!(rig.conversation(id).await.snoozed_until.is_some());
        if away {
            rig.restart_later(HOUR_MS + 1).await;
        } else {
            rig.world.advance_ms(HOUR_MS + 1);
        }
        let back = until("it is back", async || Some(rig.conversation(id).await).filter(|now| now.snoozed_until.is_none())).await;
        assert!(back.marked_unread && back.active_at > before, "{away}");
        assert_eq!(rig.store().due(until_then, 10).await.unwrap(), [], "its timer went in the same commit");
        // Somebody looks at it.
        let up_to = MessageId { conversation: id, number: 1 };
        rig.ask(&rig.probe, Command::Read { up_to, by: String::new() }).await.unwrap();
    }
    let woken = rig.store().scan::<Fact>(&Key::new().number(id.0).done(), Scan::first(100)).await.unwrap();
    assert_eq!(woken.iter().filter(|fact| fact.record.what == FactKind::Woken).count(), 2);
}

async fn a_group_has_many_authors(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    let by = |id: &str, who: &str| {
        json!({ "account": "one", "chat": "g", "id": id, "at": 1_000, "event": "message", "group": "Наш дом",
            "from": { "id": who, "name": who }, "text": format!("пишет {who}") })
    };
    rig.hook(json!([by("1", "Анна"), by("2", "Борис"), by("3", "Вера")])).await;
    rig.handled().await;
    let group = rig.chat("g").await;
    assert_eq!((group.identity, &group.place, group.title.as_str()), (None, &Place::Group("g".into()), "Наш дом"));
    rig.restart().await;
    rig.hook(json!([by("4", "Анна")])).await;
    rig.handled().await;
    let messages = rig.messages(group.id).await;
    let names: Vec<&str> = messages.iter().map(|message| message.author.name.as_str()).collect();
    assert_eq!(names, ["Анна", "Борис", "Вера", "Анна"]);
    let ids: std::collections::HashSet<_> = messages.iter().map(|message| message.identity.unwrap()).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(messages[0].identity, messages[3].identity);
}

/// One login knows a person once, whichever chat they write in: the newest name counts, also one that comes back.
async fn a_person_is_named_as_they_last_said(on: On) {
    let rig = Rig::start(on, SendTwice).await;
    for (id, (chat, name)) in [("c", "Анна"), ("g", "Аня"), ("c", "Анна"), ("g", "Анюта"), ("c", "Анечка")].into_iter().enumerate()
    {
        let mut said = said(chat, &id.to_string(), name);
        said["from"] = json!({ "id": "anna", "name": name });
        rig.hook(json!([said])).await;
        rig.handled().await;
        let identity = rig.chat(chat).await.identity.unwrap();
        let stored = rig.store().get::<Identity>(Identity::at(identity)).await.unwrap().unwrap();
        assert_eq!(stored.record.name, name);
    }
    assert_eq!(rig.chat("c").await.identity, rig.chat("g").await.identity);
}

async fn a_filtered_message_is_in_the_log_only(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    let crm = create_probe_connection(rig.house(), rig.workspace, rig.probe.login, &[rig.probe.one], UnansweredOutbound::Export, None).await.unwrap();
    let off = AccountChange { active: Some(false), ..AccountChange::default() };
    change_account(rig.house(), rig.workspace, &Actor::command_line(), rig.probe.one, &off).await.unwrap();
    rig.hook(json!([said("c", "1", "в выключенный канал")])).await;
    rig.handled().await;
    rig.restart().await;
    let chat = rig.chat("c").await;
    assert_eq!((chat.unread, &chat.preview, chat.unanswered_since, chat.customer_wrote), (0, &None, None, false));
    let messages = rig.messages(chat.id).await;
    assert_eq!(messages.len(), 1);
    assert!(matches!(&messages[0].admission, Admission::Filtered { reason } if reason.code == "channel_inactive"));
    let access = rig.caller().access;
    let query =
        Query { view: View::All, account: None, assignee: None, tag: None, sort: Sort::Latest, access: &access, after: None, skip: 0, limit: 10 };
    assert_eq!(rig.house().inboxes.list(rig.house(), rig.workspace, &query).await.unwrap(), (vec![], 0), "managers see no such thread");
    let deliveries = rig.store().scan::<Delivery>(&Delivery::group(messages[0].id()), Scan::first(10)).await.unwrap();
    assert_eq!(deliveries.iter().map(|delivery| delivery.record.status).collect::<Vec<_>>(), [CrmDeliveryStatus::Filtered]);
    assert!(rig.store().read(&streams::crm_outbox(crm), 0, 10).await.unwrap().entries.is_empty(), "and no CRM gets it");
    // Switched on again, the chat is seen with what comes from now on.
    let on = AccountChange { active: Some(true), ..AccountChange::default() };
    change_account(rig.house(), rig.workspace, &Actor::command_line(), rig.probe.one, &on).await.unwrap();
    rig.hook(json!([said("c", "2", "во включённый")])).await;
    rig.handled().await;
    assert_eq!(rig.house().inboxes.list(rig.house(), rig.workspace, &query).await.unwrap().1, 1);
    assert_eq!(rig.store().read(&streams::crm_outbox(crm), 0, 10).await.unwrap().entries.len(), 1);
}

async fn repeats_and_reorder_have_one_effect(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    let message = said("c", "1", "как было");
    // The edit, the reaction and the deletion of another come before their messages.
    let edit = told("c", "1", "edited", json!({ "text": "как стало" }));
    let reaction = told("c", "1", "reacted", json!({ "from": { "id": "c", "name": "Клиент" }, "emoji": "👍" }));
    let deletion = told("c", "2", "deleted", json!({}));
    rig.hook(json!([edit, reaction])).await;
    rig.hook(json!([deletion])).await;
    rig.handled().await;
    assert!(rig.quarantined().await.is_empty(), "what overtook its message waits for it");
    rig.restart().await;
    for _ in 0..3 {
        rig.hook(json!([message])).await;
        rig.hook(json!([said("c", "2", "лишнее"), message])).await;
        rig.hook(json!([reaction, edit])).await;
        rig.hook(json!([message, edit, reaction, deletion])).await;
    }
    rig.handled().await;
    rig.restart().await;
    rig.hook(json!([deletion, message])).await;
    rig.handled().await;
    let chat = rig.chat("c").await;
    let messages = rig.messages(chat.id).await;
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_eq!(messages[0].text(), "как стало");
    assert_eq!(messages[0].reactions.len(), 1);
    assert!(messages[1].deleted_at.is_some() && messages[1].text().is_empty());
    assert_eq!(chat.last_number, 2);
    assert!(rig.quarantined().await.is_empty());
}

async fn entries_of_several_chats_keep_their_order(on: On) {
    let rig = Rig::start(on, SendTwice).await;
    for round in 0..40 {
        let id = |name: &str| format!("{name}{round}");
        rig.hook(json!([said("a", &id("a"), &id("a")), said("b", &id("x"), &id("x"))])).await;
        rig.hook(json!([said("b", &id("y"), &id("y"))])).await;
    }
    rig.handled().await;
    let wanted: Vec<String> = (0..40).flat_map(|round| [format!("x{round}"), format!("y{round}")]).collect();
    assert_eq!(rig.texts(rig.chat("b").await.id).await, wanted);
    assert_eq!(rig.chat("a").await.last_number, 40);
}

async fn a_chat_that_moved_goes_on(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("old", "1", "до")])).await;
    rig.hook(json!([told("old", "", "moved", json!({ "to": "new" }))])).await;
    let mut after = said("new", "2", "после");
    after["from"]["id"] = json!("old");
    rig.hook(json!([after])).await;
    rig.handled().await;
    rig.restart().await;
    let chat = rig.chat("new").await;
    assert_eq!(rig.texts(chat.id).await, ["до", "после"]);
    assert_eq!(rig.chat("old").await.id, chat.id);
    let sent = rig.send(chat.id, "туда").await;
    rig.stands(sent.id(), SendStatus::Sent).await;
    assert_eq!(rig.provider.calls("туда")[0].chat.as_deref(), Some("new"), "the newest key is the one to write to");
}

async fn what_cannot_be_read_is_kept_and_replayed(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("c", "1", "известному"), said_to("three", "c", "1", "неизвестному")])).await;
    rig.hook(json!([{ "event": "nonsense" }])).await;
    let mut foreign = said("c", "9", "чужому");
    foreign["login"] = json!("nobody");
    rig.hook(json!([foreign])).await;
    let long = "я".repeat(300);
    rig.hook(json!([said("c", &long, "с длинным именем")])).await;
    rig.handled().await;
    rig.restart().await;
    let codes: Vec<String> = rig.quarantined().await.into_iter().map(|kept| kept.reason.code).collect();
    assert_eq!(codes.iter().filter(|code| *code == "unknown_account").count(), 1, "{codes:?}");
    let wanted = ["unknown_account", "unreadable", "unknown_login", "bad_name"];
    assert!(wanted.iter().all(|wanted| codes.iter().any(|code| code == wanted)) && codes.len() == 4, "{codes:?}");
    assert_eq!(rig.texts(rig.chat("c").await.id).await, ["известному"], "what was fine in the same part is here");
    // The account is connected after all: what was kept is put back.
    let old = rig.store().get::<ChannelAccount>(ChannelAccount::at(rig.probe.two)).await.unwrap().unwrap();
    let mut batch = Batch::new();
    batch.update(&old, &ChannelAccount { external_id: "three".to_owned(), ..old.record.clone() }).unwrap();
    batch.append(&streams::mailbox(rig.probe.login), entries::write(&MailboxEntry::Reload).unwrap());
    rig.store().commit(batch).await.unwrap();
    for kept in rig.quarantined().await.into_iter().filter(|kept| kept.reason.code == "unknown_account") {
        replay(rig.house(), &rig.caller(), kept.id).await.unwrap();
        assert!(replay(rig.house(), &rig.caller(), kept.id).await.is_err(), "once");
    }
    let chat = until("the replayed message", || rig.find(rig.probe.two, "c")).await;
    assert_eq!(rig.texts(chat.id).await, ["неизвестному"]);
    rig.handled().await;
    assert_eq!(rig.chat("c").await.last_number, 1, "what was in the log before the replay is there once");
}
