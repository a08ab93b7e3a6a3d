//! Whom it is with, and who hears of it.

use futures_util::stream;
use kommutator::channel::probe::settings::ProbeRepeats::SendTwice;
use kommutator::gateway::administration::customers::{merge, unmerge};
use kommutator::gateway::administration::probe::create_probe_connection;
use kommutator::gateway::administration::{Actor, AdministrationError};
use kommutator::gateway::commands::{Answer, Command};
use kommutator::gateway::entries::{self, CrmMailboxEntry, CrmOutboxEntry};
use kommutator::model::connection::UnansweredOutbound;
use kommutator::model::customer::CustomerLink;
use kommutator::model::ids::{ConnectionId, CustomerId, FileId, IdentityId, MessageId};
use kommutator::model::message::{CrmDeliveryStatus, Delivery, Origin};
use kommutator::model::people::AuditEntry;
use kommutator::model::protocol::{SendFrame, SendStatus};
use kommutator::store::batch::Batch;
use kommutator::store::files::Variant;
use kommutator::store::port::Scan;
use kommutator::store::records::{FileOwner, FileRecord, streams};
use serde_json::json;

use crate::support::fake_provider::Act;
use crate::support::rig::{On, Rig, said, told, until};

on_both!(
    a_first_message_finds_its_conversation,
    a_first_message_whose_echo_is_quicker,
    a_held_delivery_is_let_go,
    customers_are_merged_and_taken_apart,
    an_erased_message_is_gone,
);

async fn a_first_message_finds_its_conversation(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    rig.provider.script("здравствуйте", &[Act::Gate]);
    let (message, duplicate) = rig.write_first("@Anna", "здравствуйте", "k1").await;
    assert!(!duplicate);
    let made = rig.conversation(message.conversation).await;
    assert_eq!((made.provider_keys.len(), made.address.as_deref(), made.identity), (0, Some("@anna"), None));
    let (again, duplicate) = rig.write_first(" @anna ", "здравствуйте", "k1").await;
    assert_eq!((again.id(), duplicate), (message.id(), true), "the same key has one effect");
    until("the call", || async { rig.provider.taken("здравствуйте").pop() }).await;
    rig.provider.open();
    rig.stands(message.id(), SendStatus::Sent).await;
    assert_eq!(rig.conversation(message.conversation).await.provider_keys, ["chat of @anna"], "the key came with the answer");
    rig.restart().await;
    let (second, _) = rig.write_first("@ANNA", "ещё раз", "k2").await;
    assert_eq!(second.conversation, message.conversation);
    rig.stands(second.id(), SendStatus::Sent).await;
    assert_eq!(rig.provider.calls("ещё раз")[0].chat.as_deref(), Some("chat of @anna"));
    rig.hook(json!([said("chat of @anna", "9", "добрый день")])).await;
    rig.handled().await;
    let answered = rig.conversation(message.conversation).await;
    assert!(answered.identity.is_some() && answered.customer_wrote);
    assert_eq!(rig.texts(message.conversation).await, ["здравствуйте", "ещё раз", "добрый день"]);
}

async fn a_first_message_whose_echo_is_quicker(on: On) {
    let rig = Rig::start(on, SendTwice).await;
    rig.provider.script("первым", &[Act::Gate]);
    let (message, _) = rig.write_first("@boris", "первым", "k1").await;
    let taken = until("the call", || async { rig.provider.taken("первым").pop() }).await;
    let echo = told(&taken.chat, &taken.id, "echo", json!({ "peer": { "id": "boris", "name": "Борис" }, "text": "первым", "mark": taken.key }));
    rig.hook(json!([echo])).await;
    rig.stands(message.id(), SendStatus::Sent).await;
    assert_eq!(rig.chat(&taken.chat).await.id, message.conversation, "the echo brought the key");
    rig.provider.open();
    rig.settled().await;
    assert_eq!(rig.texts(message.conversation).await, ["первым"]);
    // Where the customer's chat was known already, the two prove to be one.
    rig.hook(json!([said("chat of @vera", "1", "я уже писала")])).await;
    let known = rig.chat("chat of @vera").await;
    let (message, _) = rig.write_first("@vera", "и мы пишем", "k2").await;
    rig.stands(message.id(), SendStatus::Sent).await;
    assert_eq!(rig.conversation(message.conversation).await.joined_into, Some(known.id));
    let (later, _) = rig.write_first("@vera", "теперь туда же", "k3").await;
    assert_eq!(later.conversation, known.id);
}

async fn deliveries(rig: &Rig, message: MessageId) -> Vec<(ConnectionId, CrmDeliveryStatus)> {
    let found = rig.store().scan::<Delivery>(&Delivery::group(message), Scan::first(10)).await.unwrap();
    found.into_iter().map(|delivery| (delivery.record.connection, delivery.record.status)).collect()
}

async fn crm_outbox(rig: &Rig, connection: ConnectionId) -> Vec<MessageId> {
    let page = rig.store().read(&streams::crm_outbox(connection), 0, 100).await.unwrap();
    page.entries.iter().map(|(_, bytes)| entries::read::<CrmOutboxEntry>(bytes).unwrap().m).collect()
}

async fn a_held_delivery_is_let_go(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    let (house, login, one) = (rig.house(), rig.probe.login, rig.probe.one);
    let holds = create_probe_connection(house, rig.workspace, login, &[one], UnansweredOutbound::ReleaseOnReply, None).await.unwrap();
    let at_once = create_probe_connection(house, rig.workspace, login, &[one], UnansweredOutbound::Export, None).await.unwrap();
    rig.handled().await;
    let (message, _) = rig.write_first("@anna", "здравствуйте", "k1").await;
    let mut wanted = vec![(holds, CrmDeliveryStatus::Held), (at_once, CrmDeliveryStatus::Queued)];
    wanted.sort_by_key(|(connection, _)| *connection);
    assert_eq!(deliveries(&rig, message.id()).await, wanted);
    assert_eq!((crm_outbox(&rig, holds).await, crm_outbox(&rig, at_once).await), (vec![], vec![message.id()]));
    rig.stands(message.id(), SendStatus::Sent).await;
    rig.restart().await;
    for id in ["1", "2"] {
        rig.hook(json!([said("chat of @anna", id, "ответ")])).await;
    }
    rig.handled().await;
    let page = rig.store().read(&streams::crm_mailbox(holds), 0, 100).await.unwrap();
    let released: Vec<CrmMailboxEntry> = page.entries.iter().map(|(_, bytes)| entries::read(bytes).unwrap()).collect();
    let release = CrmMailboxEntry::Release { connection: holds, conversation: message.conversation, before: 2 };
    assert_eq!(released, [release], "told once, by the first answer");
    assert!(rig.store().read(&streams::crm_mailbox(at_once), 0, 100).await.unwrap().entries.is_empty());
    assert_eq!((crm_outbox(&rig, holds).await.len(), crm_outbox(&rig, at_once).await.len()), (2, 3));
    // After the answer nothing is unanswered any more.
    let next = rig.send(message.conversation, "дальше").await;
    assert!(deliveries(&rig, next.id()).await.iter().all(|(_, status)| *status == CrmDeliveryStatus::Queued));
}

async fn customer_of(rig: &Rig, identity: IdentityId) -> CustomerId {
    rig.store().get::<CustomerLink>(CustomerLink::at(identity)).await.unwrap().unwrap().record.customer
}

async fn customers_are_merged_and_taken_apart(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("a", "1", "?"), said("b", "1", "?"), said("c", "1", "?")])).await;
    rig.handled().await;
    let mut people = Vec::new();
    for chat in ["a", "b", "c"] {
        let identity = rig.chat(chat).await.identity.unwrap();
        people.push((identity, customer_of(&rig, identity).await));
    }
    let [(a, of_a), (b, of_b), (c, of_c)] = people[..] else { unreachable!() };
    let actor = Actor::command_line();
    merge(rig.house(), rig.workspace, &actor, of_a, of_b).await.unwrap();
    merge(rig.house(), rig.workspace, &actor, of_b, of_c).await.unwrap();
    rig.restart().await;
    for identity in [a, b, c] {
        assert_eq!(customer_of(&rig, identity).await, of_c);
    }
    let refused = |code| Err(AdministrationError::NotAllowed(code));
    assert_eq!(merge(rig.house(), rig.workspace, &actor, of_a, of_c).await, refused("already_merged"));
    assert_eq!(merge(rig.house(), rig.workspace, &actor, of_c, of_a).await, refused("same_customer"));
    unmerge(rig.house(), rig.workspace, &actor, of_b).await.unwrap();
    assert_eq!(
        [customer_of(&rig, a).await, customer_of(&rig, b).await, customer_of(&rig, c).await],
        [of_b, of_b, of_c],
        "as before the second merge"
    );
    unmerge(rig.house(), rig.workspace, &actor, of_a).await.unwrap();
    assert_eq!([customer_of(&rig, a).await, customer_of(&rig, b).await, customer_of(&rig, c).await], [of_a, of_b, of_c]);
    assert_eq!(unmerge(rig.house(), rig.workspace, &actor, of_a).await, refused("not_merged"));
    let audit = rig.store().scan::<AuditEntry>(&[], Scan::first(100)).await.unwrap();
    let count = |action: &str| audit.iter().filter(|line| line.record.action == action).count();
    assert_eq!((count("customer.merged"), count("customer.unmerged")), (2, 2));
    assert_eq!(rig.texts(rig.chat("a").await.id).await, ["?"], "messages stay where they are");
}

async fn an_erased_message_is_gone(on: On) {
    let mut rig = Rig::start(on, SendTwice).await;
    rig.hook(json!([said("c", "1", "паспорт 1234")])).await;
    let chat = rig.chat("c").await;
    let house = rig.house();
    let file = FileId(house.world.id());
    let content = stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"secret words"))]);
    let stored = house.files.put(rig.workspace, file, content, 1_000).await.unwrap();
    let mut batch = Batch::new();
    batch
        .insert(&FileRecord {
            id: file,
            owner: FileOwner::Uploader { id: "owner".to_owned() },
            name: "скан.txt".to_owned(),
            media_type: stored.media_type,
            size: stored.size,
            sha256: stored.sha256,
            width: None,
            height: None,
            thumbnail: false,
            shared: None,
            created_at: house.world.now(),
        })
        .unwrap();
    rig.store().commit(batch).await.unwrap();
    rig.provider.always(Some(Act::Lock));
    let frame = SendFrame { attachments: vec![file], ..SendFrame::new("k", chat.id, "вот скан") };
    let send = Command::Send { frame, author: Rig::author(), origin: Origin::Manager, at: house.world.now() };
    let Ok(Answer::Message { message, .. }) = rig.ask(&rig.probe, send).await else { panic!("not accepted") };
    until("a call that was refused", || async { (!rig.provider.calls("вот скан").is_empty()).then_some(()) }).await;
    let first = MessageId { conversation: chat.id, number: 1 };
    for id in [message.id(), first] {
        rig.ask(&rig.probe, Command::Erase { message: id, by: "owner".to_owned() }).await.unwrap();
    }
    rig.restart().await;
    rig.provider.always(None);
    for id in [message.id(), first] {
        let erased = rig.message(id).await;
        assert!(erased.erased_at.is_some() && erased.parts.is_empty() && erased.attachments.is_empty());
        rig.ask(&rig.probe, Command::Erase { message: id, by: "owner".to_owned() }).await.unwrap();
    }
    assert!(rig.store().get::<FileRecord>(FileRecord::at(file)).await.unwrap().is_none());
    assert!(rig.house().files.get(rig.workspace, file, Variant::Content, None).await.is_err(), "the bytes are gone too");
    // What had not gone out goes no more, and late news of it bring nothing back.
    rig.settled().await;
    assert!(rig.provider.texts().is_empty());
    rig.hook(json!([told("c", "1", "edited", json!({ "text": "паспорт 1234, исправлено" }))])).await;
    rig.handled().await;
    assert!(rig.texts(chat.id).await.iter().all(String::is_empty));
    let preview = rig.chat("c").await.preview.unwrap();
    assert!(preview.text.is_empty() && preview.attachment.is_none(), "{preview:?}");
    // Its place stays: the next message is the third.
    rig.hook(json!([said("c", "2", "дальше")])).await;
    rig.handled().await;
    assert_eq!(rig.chat("c").await.last_number, 3);
}
