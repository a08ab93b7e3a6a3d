//! Contacts and deals, chats, and what their history tells.

use async_trait::async_trait;
use kommutator::crm::amocrm::api::{Api, Kind};
use kommutator::crm::amocrm::chats::{Chats, Content, FileKind, NewMessage, Reached, Someone};
use kommutator::crm::amocrm::client::Client;
use kommutator::crm::amocrm::entities::{FieldName, FieldValue, Write};
use kommutator::crm::amocrm::errors::Then;
use kommutator::crm::amocrm::work::NewTask;
use kommutator::crm::amocrm::{AmoCrm, fact, settings};
use kommutator::crm::capability::Talks;
use kommutator::crm::contract::{Crm, CrmContext, CrmError};
use kommutator::crm::event::CrmEvent;
use kommutator::model::crm::CrmTalk;
use kommutator::model::ids::{ConnectionId, ConversationId};
use kommutator::model::message::Part;
use kommutator::model::time::Time;
use serde_json::json;

use super::{connected, customer, fake, message, set_up, state};

#[tokio::test]
async fn contacts_deals_and_what_hangs_on_them() {
    let fake = fake().await;
    let (context, client) = (connected(&fake).await, Client::default());
    let api = Api::new(&client, &context);
    let lists = AmoCrm::default().lists().unwrap().read(&context).await.unwrap();
    let stage = lists["stages"].iter().find(|one| one.label == "Переговоры").unwrap();
    let stage = settings::read_stage(&stage.value).unwrap();
    let types: Vec<_> = lists["stages"].iter().filter_map(|one| one.marks.get("type").map(String::as_str)).collect();
    assert!(["unsorted", "won", "lost"].iter().all(|kind| types.contains(kind)), "{types:?}");
    assert!(lists["users"].iter().any(|user| !user.marks.contains_key("amojo_id")), "not everybody has a place in chats");
    assert!(
        !lists["task_types"].is_empty() && lists["contact_fields"].iter().any(|field| field.marks.get("code").is_some_and(|code| code == "PHONE"))
    );
    let user = api.account().await.unwrap().user;

    let link = api.make_field(Kind::Contacts, "url", "Telegram").await.unwrap();
    assert!(api.fields(Kind::Contacts).await.unwrap().iter().any(|field| field.id == link && field.kind == "url"));
    let phone = FieldValue { value: "+79990001122".to_owned(), kind: "WORK".to_owned() };
    let telegram = FieldValue { value: "https://t.me/anna".to_owned(), kind: String::new() };
    let fields = vec![(FieldName::Code("PHONE"), vec![phone.clone()]), (FieldName::Id(link), vec![telegram])];
    let contact = api.make(Kind::Contacts, &Write { name: Some("Анна".to_owned()), fields, ..Write::default() }).await.unwrap();
    let found = api.find_contacts("79990001122").await.unwrap();
    assert_eq!((found.len(), found[0].id, found[0].name.as_str()), (1, contact, "Анна"));
    assert!(found[0].fields.iter().any(|field| field.code == "PHONE" && field.values == [phone.clone()]));
    assert_eq!(
        (api.find_contacts("79995555555").await.unwrap().len(), api.contact(999_999).await.unwrap(), api.lead(999_999).await.unwrap()),
        (0, None, None)
    );

    let tags = vec!["Kommutator".to_owned()];
    let deal =
        Write {
            name: Some("Сделка".to_owned()), stage: Some(stage), responsible: Some(user), tags, contacts: vec![contact], ..Write::default()
        };
    let deal = api.make(Kind::Leads, &deal).await.unwrap();
    let read = api.lead(deal).await.unwrap().unwrap();
    assert_eq!((read.contacts.clone(), read.tags, (read.pipeline, read.stage)), (vec![contact], vec!["Kommutator".to_owned()], stage));
    assert_eq!(api.contact(contact).await.unwrap().unwrap().leads, [deal]);
    api.change(Kind::Leads, deal, &Write { tags: vec!["ещё".to_owned()], ..Write::default() }).await.unwrap();
    assert_eq!(api.leads(&[deal, 999_999]).await.unwrap()[0].tags.len(), 2, "tags are added");
    let (other, person) = api
        .make_both(&Write { stage: Some(stage), ..Write::default() }, &Write { name: Some("Борис".to_owned()), ..Write::default() })
        .await
        .unwrap();
    api.link(other, contact, false).await.unwrap();
    assert_eq!(api.lead(other).await.unwrap().unwrap().contacts, [person, contact]);

    let note = api.make_note(Kind::Leads, deal, "Клиент: привет").await.unwrap();
    assert!(api.notes(Kind::Leads, deal).await.unwrap().iter().any(|one| one.id == note && one.text == "Клиент: привет"));
    let until = context.now.0 / 1_000 + 300;
    let task = api.make_task(deal, &NewTask { text: "Ответить клиенту".to_owned(), until, responsible: user, kind: None }).await.unwrap();
    let open = api.open_tasks(deal).await.unwrap();
    assert_eq!((open.len(), open[0].id, open[0].responsible), (1, task, user));
    let wrong = api.change(Kind::Leads, deal, &Write { stage: Some((stage.0, 999)), ..Write::default() }).await.unwrap_err();
    assert_eq!((wrong.then, wrong.error.reason().code.as_str()), (Then::ReadLists, "amocrm_fields"));
}

#[tokio::test]
async fn chats_take_messages_and_what_becomes_of_them() {
    let fake = fake().await;
    let (context, client) = (set_up(&fake).await, Client::default());
    let (api, chats) = (Api::new(&client, &context), Chats::new(&client, &context));
    let name = ConversationId(77).to_string();
    let opened = chats.open(&name, &customer(), None).await.unwrap();
    assert_eq!(chats.open(&name, &customer(), None).await.unwrap(), opened, "one of a name");
    assert_eq!(chats.history(&opened.chat, 0, 50).await.unwrap().len(), 0);
    let contact = api.make(Kind::Contacts, &Write { name: Some("Анна".to_owned()), ..Write::default() }).await.unwrap();
    assert_eq!(api.contact_of_chat(&opened.chat).await.unwrap(), None);
    api.link_chat(contact, &opened.chat).await.unwrap();
    assert_eq!(api.contact_of_chat(&opened.chat).await.unwrap(), Some(contact));

    let first = chats.put(&message("m-1", "Привет")).await.unwrap();
    assert_eq!(first.chat, opened.chat);
    let again = chats.put(&message("m-1", "Привет")).await.unwrap_err();
    assert_eq!(again.then, Then::Degrade, "the fake refuses what it has");
    assert_eq!(chats.find(&opened.chat, "m-1").await.unwrap(), Some(first.message.clone()), "so it is looked for");
    assert_eq!(chats.find(&opened.chat, "m-9").await.unwrap(), None);
    let bot =
        Someone { id: "bot".to_owned(), theirs: Some(context.connection.facts[fact::BOT].clone()), name: "Бот".to_owned(), ..Someone::default() };
    let kind = FileKind::File;
    let file =
        Content::File {
            kind, url: "https://gw.example/f".to_owned(), name: "a.pdf".to_owned(), size: 5, seconds: None, caption: "Счёт".to_owned()
        };
    let reply = NewMessage {
        sender: bot.clone(),
        receiver: Some(customer()),
        silent: true,
        content: file,
        reply_to: Some(first.message.clone()),
        ..message("m-2", "")
    };
    let reply = chats.put(&reply).await.unwrap();
    chats.edit(&name, &first.message, context.now, &Content::Text("Привет!".to_owned())).await.unwrap();
    chats.typing(&name, "u-1").await.unwrap();
    chats.react(&name, &reply.message, Some("👍"), &customer()).await.unwrap();
    let said = chats.history(&opened.chat, 0, 50).await.unwrap();
    assert_eq!(said.iter().map(|one| one["message"]["text"].as_str().unwrap()).collect::<Vec<_>>(), ["Счёт", "Привет!"]);
    assert_eq!(state(&fake).await["contacts"].as_array().unwrap().len(), 1, "a linked chat makes no other contact");

    let wrote = fake.act("writes", json!({ "account": "demo", "chat": opened.chat, "text": "Здравствуйте" })).await;
    let id = wrote["id"].as_str().unwrap();
    chats.tell(id, &Reached::Delivered).await.unwrap();
    chats.tell(id, &Reached::Read).await.unwrap();
    chats.tell(id, &Reached::Failed { code: 905, words: "Окно закрыто".to_owned() }).await.unwrap();
    assert_eq!(chats.tell("00000000-1111-4222-8333-444444444444", &Reached::Read).await.unwrap_err().then, Then::Drop);
    // Taken off and installed anew by somebody: the channel is connected by itself.
    fake.act("uninstalls", json!({ "account": "demo" })).await;
    let anew = connected(&fake).await;
    let anew = CrmContext { connection: context.connection.clone(), ..anew };
    Chats::new(&client, &anew).put(&message("m-3", "Есть кто?")).await.unwrap();
}

/// Their clock is twenty minutes ahead: what we sign is too old for them.
#[tokio::test]
async fn where_the_clocks_differ_it_is_signed_by_amocrms() {
    let fake = fake().await;
    let (context, client) = (set_up(&fake).await, Client::default());
    let chats = Chats::new(&client, &context);
    chats.open(&ConversationId(77).to_string(), &customer(), None).await.unwrap();
    fake.act("clock", json!({ "advance_ms": 20 * 60_000 })).await;
    let lost = CrmError::from(chats.put(&message("m-1", "Привет")).await.unwrap_err());
    assert!(matches!(&lost, CrmError::AccessLost(reason) if reason.code == "amocrm_signature"), "the fake's answers have our hour: {lost:?}");
    let theirs = jiff::Timestamp::from_millisecond(context.now.0 + 20 * 60_000).unwrap();
    let date = theirs.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let answer = json!({ "kind": "answer", "status": 403, "body": { "error_type": "ORIGIN_INVALID_SIGNATURE" }, "headers": { "date": date } });
    fake.act("faults", json!({ "call": "amojo.message", "act": answer })).await;
    chats.put(&message("m-1", "Привет")).await.unwrap();
}

/// The talks of a connection, as its owner knows them.
struct Known(CrmTalk);

#[async_trait]
impl Talks for Known {
    async fn of_contact(&self, contact: &str) -> Result<Vec<CrmTalk>, CrmError> {
        Ok(Some(self.0.clone()).filter(|talk| talk.contact.as_deref() == Some(contact)).into_iter().collect())
    }

    async fn of_chat(&self, chat: &str) -> Result<Option<CrmTalk>, CrmError> {
        Ok(Some(self.0.clone()).filter(|talk| talk.chat.as_deref() == Some(chat)))
    }
}

#[tokio::test]
async fn what_a_lost_hook_did_not_tell_is_found_in_the_history() {
    let fake = fake().await;
    let (context, client, amo) = (set_up(&fake).await, Client::default(), AmoCrm::default());
    let (api, chats) = (Api::new(&client, &context), Chats::new(&client, &context));
    let contact = api.make(Kind::Contacts, &Write { name: Some("Анна".to_owned()), ..Write::default() }).await.unwrap();
    let opened = chats.open(&ConversationId(77).to_string(), &customer(), None).await.unwrap();
    api.link_chat(contact, &opened.chat).await.unwrap();
    chats.put(&message("m-1", "Привет")).await.unwrap();
    let mut talk = CrmTalk::fresh(ConnectionId(1), ConversationId(77), "", Time(0));
    talk.chat = Some(opened.chat.clone());
    talk.contact = Some(contact.to_string());
    let talks = Known(talk);
    let history = amo.history().unwrap();
    let nothing = history.look(&context, "", &talks).await.unwrap();
    assert_eq!(nothing.parts.len(), 0, "what we brought is no news");
    fake.act("lose_hooks", json!({ "times": 2 })).await;
    for text in ["Здравствуйте", "Чем помочь?"] {
        fake.act("writes", json!({ "account": "demo", "chat": opened.chat, "text": text })).await;
    }
    let found = history.look(&context, &nothing.cursor, &talks).await.unwrap();
    let said = found.parts.iter().flat_map(|part| amo.parse(part).unwrap()).map(|event| match event {
        CrmEvent::Said(said) => (said.chat.ours.clone().unwrap(), said.parts.clone()),
        other => panic!("{other:?}"),
    });
    let text = |text: &str| (ConversationId(77).to_string(), vec![Part::Text { text: text.to_owned() }]);
    assert_eq!(said.collect::<Vec<_>>(), [text("Здравствуйте"), text("Чем помочь?")]);
    let calls = fake.calls("amojo.history").await.len();
    let after = history.look(&context, &found.cursor, &talks).await.unwrap();
    assert_eq!((after.parts.len(), fake.calls("amojo.history").await.len()), (0, calls), "a chat is read only for news");
}
