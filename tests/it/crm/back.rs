//! What is said in the CRM.

use std::io::Write;
use std::net::TcpListener;

use bytes::Bytes;
use kommutator::channel::contract::RawHook;
use kommutator::gateway::crm_intake;
use kommutator::gateway::intake::IntakeError;
use kommutator::model::message::{CrmDeliveryStatus, Origin};
use kommutator::model::protocol::{AuthorKind, SendStatus};
use kommutator::store::files::Variant;
use serde_json::{Value, json};

use super::{Office, named};
use crate::support::fake_provider::Act;
use crate::support::rig::{On, said, until};

/// A conversation that both connections know, and its chat there.
async fn known(office: &Office) -> String {
    office.rig.hook(json!([said("anna", "1", "вопрос")])).await;
    office.rig.handled().await;
    office.quiet().await;
    office.crm.message(&office.id.to_string(), "вопрос").unwrap().chat
}

fn written(chat: &str, id: &str, text: &str) -> Value {
    json!({ "what": "said", "chat": chat, "id": id, "who": "7", "who_name": "Ольга", "at": 1_795_000_000_000_i64, "text": text })
}

async fn a_reply_reaches_the_customer_and_every_connection_but_its_own(on: On) {
    let mut office = Office::open(on).await;
    let chat = known(&office).await;
    for _ in 0..3 {
        office.told(office.id, &written(&chat, "w1", "ответ из CRM")).await;
    }
    let conversation = office.rig.chat("anna").await;
    let message = until("the reply", || async {
        let found = office.rig.messages(conversation.id).await.into_iter().find(|message| message.text() == "ответ из CRM")?;
        (found.state.status == SendStatus::Sent).then_some(found)
    })
    .await;
    office.quiet().await;
    assert_eq!(message.origin, Origin::Crm { connection: office.id });
    assert_eq!((message.author.kind, message.author.name.as_str()), (AuthorKind::Crm, "Ольга"));
    assert_eq!(office.rig.provider.taken("ответ из CRM").len(), 1);
    assert_eq!(office.crm.texts(&office.id.to_string()), ["вопрос"], "it never comes back to where it was written");
    assert_eq!(office.crm.texts(&office.other.to_string()), ["вопрос", "ответ из CRM"]);
    let own = office.delivery(message.id(), office.id).await;
    assert_eq!((own.status, own.external_id.as_deref()), (CrmDeliveryStatus::Delivered, Some("w1")));
    // How far it came is told where it was written.
    let told = until("its state", || async { office.crm.told("w1") }).await;
    assert_eq!(told["state"], "sent");
    // And once more after a restart, when nothing is remembered.
    office.rig.restart().await;
    office.told(office.id, &written(&chat, "w1", "ответ из CRM")).await;
    office.quiet().await;
    assert_eq!(office.rig.messages(conversation.id).await.len(), 2);
}

async fn what_cannot_go_is_told_where_it_was_written(on: On) {
    let office = Office::open(on).await;
    let chat = known(&office).await;
    office.rig.provider.script("не дойдёт", &[Act::Reject]);
    office.told(office.id, &written(&chat, "w1", "не дойдёт")).await;
    let told = until("its failure", || async { office.crm.told("w1").filter(|told| told["state"] == "failed") }).await;
    assert_eq!(told["reason"], "rejected");
    // What the channel does not take is in the log all the same.
    office.told(office.id, &written(&chat, "w2", &"д".repeat(20_000))).await;
    let told = until("its failure", || async { office.crm.told("w2").filter(|told| told["state"] == "failed") }).await;
    assert_eq!(told["reason"], "text_too_long");
    let conversation = office.rig.chat("anna").await;
    assert_eq!(office.rig.messages(conversation.id).await.len(), 3);
}

async fn files_replies_reactions_and_reading(on: On) {
    let office = Office::open(on).await;
    let chat = known(&office).await;
    let (rig, question) = (&office.rig, office.crm.message(&office.id.to_string(), "вопрос").unwrap().id);
    let mut with_file = written(&chat, "w1", "смета");
    with_file["files"] = json!([{ "url": serve_file(b"%PDF-1.4 smeta"), "name": "смета.pdf" }]);
    with_file["reply_to"] = json!(question);
    office.told(office.id, &with_file).await;
    let conversation = rig.chat("anna").await;
    let message = until("the file", || async { rig.messages(conversation.id).await.into_iter().find(|message| message.text() == "смета") }).await;
    assert_eq!(message.reply_to.map(|id| id.number), Some(1));
    assert_eq!(message.attachments.len(), 1);
    let content = rig.house().files.get(rig.workspace, message.attachments[0].file, Variant::Content, None).await.unwrap();
    let bytes: Vec<Bytes> = futures_util::TryStreamExt::try_collect(content.stream).await.unwrap();
    assert_eq!(bytes.concat(), b"%PDF-1.4 smeta");
    // A file that never comes fails the message, and says so there.
    let mut without = written(&chat, "w2", "нет файла");
    without["files"] = json!([{ "url": "ftp://nowhere/file", "name": "нет.pdf" }]);
    office.told(office.id, &without).await;
    let told = until("its failure", || async { office.crm.told("w2").filter(|told| told["state"] == "failed") }).await;
    assert_eq!(told["reason"], "file_unavailable");
    assert_eq!(rig.provider.taken("нет файла").len(), 0, "the customer gets nothing by halves");
    // Reading.
    assert_eq!(rig.chat("anna").await.unread, 1);
    office.told(office.id, &json!({ "what": "read", "chat": chat })).await;
    until("read", || async { (rig.chat("anna").await.unread == 0).then_some(()) }).await;
}

async fn a_hook_that_never_came_is_found_in_the_history(on: On) {
    let office = Office::open(on).await;
    let chat = known(&office).await;
    office.crm.look(|state| state.said.push(written(&chat, "w1", "хук потерян")));
    // The keeper looks now and then; putting the clock forward makes it due.
    office.rig.world.advance_ms(60_000);
    office.rig.provider.script("хук потерян", &[]);
    let mut batch = kommutator::store::batch::Batch::new();
    batch.once(b"look".to_vec(), 60_000, "");
    let entry = kommutator::gateway::entries::CrmMailboxEntry::Reload;
    batch.append(&kommutator::store::records::streams::crm_mailbox(office.id), kommutator::gateway::entries::write(&entry).unwrap());
    office.rig.store().commit(batch).await.unwrap();
    until("it went", || async { (office.rig.provider.taken("хук потерян").len() == 1).then_some(()) }).await;
    // The hook comes after all.
    office.told(office.id, &written(&chat, "w1", "хук потерян")).await;
    office.quiet().await;
    assert_eq!(office.rig.provider.taken("хук потерян").len(), 1);
}

async fn hooks_are_taken_once_and_what_nobody_can_read_is_kept(on: On) {
    let office = Office::open(on).await;
    let chat = known(&office).await;
    let address = named(&office, "account-1").await;
    let hook = |body: String| RawHook { body: body.into(), ..RawHook::default() };
    let body = json!([written(&chat, "w1", "хуком")]).to_string();
    for _ in 0..3 {
        assert_eq!(crm_intake::take(office.rig.house(), &address, &hook(body.clone())).await.unwrap().status, 200);
    }
    until("it went", || async { (office.rig.provider.taken("хуком").len() == 1).then_some(()) }).await;
    assert_eq!(crm_intake::take(office.rig.house(), &address, &hook("нечто".to_owned())).await.unwrap().status, 200);
    let unknown = crm_intake::CrmAddress::Named { crm: office.connection(office.id).await.kind, name: "nobody".to_owned() };
    assert_eq!(crm_intake::take(office.rig.house(), &unknown, &hook(body)).await, Err(IntakeError::Unknown));
    office.told(office.id, &json!({ "what": "nonsense" })).await;
    office.told(office.id, &written("no such chat", "w9", "кому?")).await;
    office.quiet().await;
    let kept: Vec<_> = office.rig.quarantined().await;
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|kept| kept.connection == Some(office.id) && kept.login.is_none()));
    assert!(kept.iter().any(|kept| kept.reason.code == "unknown_chat"));
    assert_eq!(office.rig.provider.taken("хуком").len(), 1);
}

/// Serves one file once; answers its address.
fn serve_file(content: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/smeta.pdf", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut line = [0; 1024];
            let _ = std::io::Read::read(&mut stream, &mut line);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", content.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(content));
        }
    });
    url
}

on_both!(
    a_reply_reaches_the_customer_and_every_connection_but_its_own,
    what_cannot_go_is_told_where_it_was_written,
    files_replies_reactions_and_reading,
    a_hook_that_never_came_is_found_in_the_history,
    hooks_are_taken_once_and_what_nobody_can_read_is_kept,
);
