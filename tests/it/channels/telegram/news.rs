//! News of Telegram: asked for, or brought; connecting; files that came in; personal accounts.

use std::sync::Arc;

use kommutator::channel::capability::{HookAddress, Polled, Progress, SentMessage};
use kommutator::channel::contract::{CallContext, Channel, ChannelEvent, OutgoingPiece, SendError, Writer};
use kommutator::channel::telegram::{BOT, Telegram};
use kommutator::connector::form::{Step, Values};
use kommutator::model::connection::ProviderLogin;
use serde_json::{Value, json};

use super::{TOKEN, code, fake, given, id, piece, png, send, sha, shown, text};
use crate::support::fakes::{Door, KeptFiles, context, login};

async fn poll(context: &CallContext, login: &ProviderLogin, cursor: &str) -> Result<Polled, SendError> {
    Telegram::default().poll().unwrap().poll(context, login, cursor).await
}

fn texts(parts: &[bytes::Bytes]) -> Vec<String> {
    let events = parts.iter().flat_map(|part| Telegram::default().parse(part).unwrap());
    let texts = events
        .filter_map(|event| if let ChannelEvent::Message(said) = event { Some(kommutator::model::message::plain_text(&said.parts)) } else { None });
    texts.collect()
}

#[tokio::test]
async fn news_are_asked_for_until_they_are_kept() {
    let fake = fake().await;
    let login = login("telegram", "7000000001", [("news".to_owned(), "polling".to_owned())].into());
    assert_eq!(Telegram::default().poll().unwrap().every_ms(&login), Some(0));
    let first = poll(&given(&fake), &login, "").await.unwrap();
    assert_eq!((texts(&first.parts), first.more), (vec!["Здравствуйте".to_owned()], false));
    // It was not kept: it comes again.
    assert_eq!(poll(&given(&fake), &login, "").await.unwrap(), first);
    // The next question waits until there is something.
    let given = given(&fake);
    let waiting = poll(&given, &login, &first.cursor);
    let writing = async {
        fake.act("write", json!({"from": 5, "text": "Ещё"})).await;
    };
    let (second, ()) = tokio::join!(waiting, writing);
    let second = second.unwrap();
    assert_eq!(texts(&second.parts), ["Ещё"]);
    // A button is answered, and says what stands on it.
    let markup = json!({"inline_keyboard": [[{"text": "Беру", "callback_data": "y"}]]});
    fake.act("write", json!({"from": 5, "text": "кнопка", "reply_markup": markup})).await;
    fake.act("press", json!({"from": 5, "message_id": 3, "data": "y"})).await;
    let third = poll(&given, &login, &second.cursor).await.unwrap();
    assert_eq!(texts(&third.parts), ["кнопка", "Беру"]);
    assert_eq!(fake.look("bots").await[0]["queries"][0]["answered"], true);
    // What was written before the bot was connected here is not imported, but confirmed.
    let born = ProviderLogin { created_at: login.created_at.plus_ms(3_600_000), ..login.clone() };
    let older = poll(&given, &born, "").await.unwrap();
    assert_eq!(older.parts.len(), 1, "only the press has no age: {:?}", texts(&older.parts));
    assert_eq!(older.cursor, third.cursor);
    // Somebody else asks too, while ours waits: ours ends, and says why.
    let asked = async || fake.look("calls").await.as_array().unwrap().iter().filter(|call| call["call"] == "getUpdates").count();
    let before = asked().await;
    let other = async {
        while asked().await == before {}
        let other = reqwest::Client::new().post(format!("{}/bot{TOKEN}/getUpdates", fake.url));
        other.json(&json!({"offset": third.cursor.parse::<i64>().unwrap(), "timeout": 0})).send().await.unwrap();
    };
    let (ours, ()) = tokio::join!(poll(&given, &login, &third.cursor), other);
    assert_eq!(code(&ours.unwrap_err()), ("temporary", "bot_polled_elsewhere".into()));
}

fn values(fields: &[(&str, Value)]) -> Values {
    fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

#[tokio::test]
async fn connecting_by_token() {
    let fake = fake().await;
    let telegram = Telegram::default();
    let connect = telegram.connect().unwrap();
    let nowhere = CallContext { base_url: None, ..given(&fake) };
    let next = async |state: Value, answer: Values| connect.next(&nowhere, BOT, state, &answer).await;
    let by = |token: &str| values(&[("token", json!(token)), ("server", json!(fake.url))]);
    assert!(matches!(connect.first(BOT), Step::Fields { fields, .. } if fields[0].name == "token"));
    for token in ["", "1", "7000000009:AAF-nobody_has_this_token_at_all_01"] {
        let error = next(Value::Null, by(token)).await.unwrap_err();
        assert_eq!((error.field.as_str(), error.reason.code.as_str()), ("token", "token_wrong"), "{token}");
    }
    let error = next(Value::Null, values(&[("token", json!(TOKEN)), ("server", json!("http://127.0.0.1:9"))])).await.unwrap_err();
    assert_eq!((error.field.as_str(), error.reason.code.as_str()), ("server", "outside_unreachable"));
    let Ok(Progress::Done(connected)) = next(Value::Null, by(TOKEN)).await else { panic!() };
    assert_eq!(
        (connected.external_key.as_str(), connected.name.as_str(), connected.base_url.as_deref()),
        ("7000000001", "Магазин", Some(fake.url.as_str()))
    );
    assert_eq!((connected.accounts.len(), connected.facts["link"].as_str()), (1, "https://t.me/shop_bot"));
    assert!(!format!("{connected:?}").contains("AAF"), "secrets are not written anywhere");
    // Another program uses it: it is asked for, and taken over only if the owner says so.
    fake.act("settings", json!({"local": true})).await;
    let set = reqwest::Client::new().post(format!("{}/bot{TOKEN}/setWebhook", fake.url)).json(&json!({"url": "http://127.0.0.1:9/other"}));
    set.send().await.unwrap();
    let Ok(Progress::Ask { step: Step::Fields { name, .. }, state }) = next(Value::Null, by(TOKEN)).await else { panic!() };
    assert_eq!(name, "taken");
    let error = next(state.clone(), values(&[("take_over", json!(false))])).await.unwrap_err();
    assert_eq!(error.field, "take_over");
    assert!(matches!(next(state, values(&[("take_over", json!(true))])).await, Ok(Progress::Done(_))));
}

#[tokio::test]
async fn a_webhook_where_it_can_be_reached_else_polling() {
    let fake = fake().await;
    let telegram = Telegram::default();
    let connect = telegram.connect().unwrap();
    let plain = login("telegram", "7000000001", [].into());
    let channel: Arc<dyn Channel> = Arc::new(Telegram::default());
    let mut door = Door::open(channel, plain.clone(), "s3cret").await;
    let hook = HookAddress { url: door.url.clone(), secret: "s3cret".into() };
    let facts = connect.set_up(&given(&fake), &plain, Some(&hook)).await.unwrap();
    assert_eq!(facts["news"], "webhook");
    assert!(!format!("{facts:?}").contains("s3cret"), "the address is a secret");
    // What waited comes by it; a press is answered in the answer; a failure is tried again, and order within a chat is kept.
    *door.failing.lock().unwrap() = 2;
    let press = async {
        fake.act("write", json!({"from": 5, "text": "два"})).await;
        fake.act("press", json!({"from": 5, "message_id": 2, "data": "три"})).await;
    };
    press.await;
    let parts = door.parts(3).await;
    let parts: Vec<bytes::Bytes> = parts.into_iter().map(Into::into).collect();
    assert_eq!(texts(&parts), ["Здравствуйте", "два", "три"]);
    let bots = fake.look("bots").await;
    assert_eq!((bots[0]["secret"].as_str(), bots[0]["webhook"]["url"].as_str()), (Some("s3cret"), Some(door.url.as_str())));
    let allowed = bots[0]["allowed"].as_array().unwrap();
    assert!(["business_message", "message_reaction", "my_chat_member"].iter().all(|kind| allowed.iter().any(|one| one == kind)));
    let webhooked = ProviderLogin { facts: facts.clone(), ..plain.clone() };
    assert_eq!(telegram.poll().unwrap().every_ms(&webhooked), None);
    assert_eq!(code(&poll(&given(&fake), &webhooked, "").await.unwrap_err()), ("temporary", "bot_used_elsewhere".into()));
    // Connected again from here it is known as ours, and nobody is asked.
    let again = CallContext { facts: facts.clone(), base_url: None, ..given(&fake) };
    let answer = values(&[("token", json!(TOKEN)), ("server", json!(fake.url))]);
    assert!(matches!(connect.next(&again, BOT, Value::Null, &answer).await, Ok(Progress::Done(_))));
    connect.take_off(&given(&fake), &webhooked).await.unwrap();
    assert_eq!(fake.look("bots").await[0]["webhook"]["url"], "");
    // A server that takes nothing but https is asked instead.
    fake.act("settings", json!({"local": false})).await;
    let facts = connect.set_up(&given(&fake), &plain, Some(&hook)).await.unwrap();
    assert_eq!(facts["news"], "polling");
    let facts = connect.set_up(&given(&fake), &plain, None).await.unwrap();
    assert_eq!(facts["news"], "polling");
    fake.act("revoke", json!({})).await;
    let error = connect.set_up(&given(&fake), &plain, None).await.unwrap_err();
    assert_eq!(code(&error), ("access_lost", "token_revoked".into()));
}

#[tokio::test]
async fn files_that_came_in_are_fetched() {
    let fake = fake().await;
    fake.act("settings", json!({"local": false})).await;
    let content = png(64, 64);
    let base64 = data_encoding::BASE64.encode(&content);
    fake.act("write", json!({"from": 5, "document": {"base64": base64, "name": "вид.png", "type": "image/png"}})).await;
    fake.act("write", json!({"from": 5, "document": {"size": 21 * 1024 * 1024, "name": "кино.mkv"}})).await;
    let login = login("telegram", "7000000001", [].into());
    let given = given(&fake);
    let remote: Vec<_> = poll(&given, &login, "")
        .await
        .unwrap()
        .parts
        .iter()
        .flat_map(|part| Telegram::default().parse(part).unwrap())
        .filter_map(|event| if let ChannelEvent::Message(said) = event { said.remote.into_iter().next() } else { None })
        .collect();
    let telegram = Telegram::default();
    let fetch = telegram.fetch().unwrap();
    let found = fetch.locate(&given, &remote[0].locator).await.unwrap();
    let fetched = reqwest::get(&found.url).await.unwrap().bytes().await.unwrap();
    assert_eq!((sha(&fetched), remote[0].name.as_str()), (sha(&content), "вид.png"));
    let failed = async |context: &CallContext, locator: &str| code(&fetch.locate(context, locator).await.unwrap_err());
    assert_eq!(failed(&given, &remote[1].locator).await, ("rejected", "file_too_large_there".into()));
    assert_eq!(failed(&given, "nobody-knows-it").await, ("rejected", "file_gone".into()));
    // A server of one's own tells a path on its disk: what serves that folder is named apart.
    fake.act("settings", json!({"file_root": "/var/lib/telegram-bot-api"})).await;
    assert_eq!(failed(&given, &remote[0].locator).await, ("rejected", "file_server_unknown".into()));
    let named = context(&fake.url, TOKEN, &[("file_url", &fake.url)], KeptFiles::default());
    let found = fetch.locate(&named, &remote[0].locator).await.unwrap();
    assert_eq!(sha(&reqwest::get(&found.url).await.unwrap().bytes().await.unwrap()), sha(&content));
}

/// A personal account that is attached to the bot.
#[tokio::test]
async fn in_the_name_of_a_personal_account() {
    let fake = fake().await;
    let owner = json!({"id": 900, "first_name": "Хозяин"});
    let rights = json!({"can_reply": true, "can_read_messages": true, "can_delete_sent_messages": true});
    fake.act("connect-business", json!({"id": "bc1", "from": owner, "rights": rights})).await;
    fake.act("write", json!({"from": 5, "connection": "bc1", "text": "вам лично"})).await;
    fake.act("write", json!({"from": 900, "connection": "bc1", "chat": 5, "text": "с телефона"})).await;
    let login = login("telegram", "7000000001", [].into());
    let given = given(&fake);
    let news = poll(&given, &login, "").await.unwrap();
    let events: Vec<_> = news.parts.iter().flat_map(|part| Telegram::default().parse(part).unwrap()).collect();
    let [ChannelEvent::Message(bot), ChannelEvent::Account(account), ChannelEvent::Message(theirs), ChannelEvent::Message(ours)] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!((bot.conversation_key.as_str(), account.external_id.as_str(), theirs.conversation_key.as_str()), ("5", "bc1", "bc1:5"));
    assert_eq!(ours.writer, Writer::Account { mark: None });
    let sent = send(&given, &OutgoingPiece { account: "bc1".into(), ..piece("bc1:5", text("Добрый день"), vec![]) }).await.unwrap();
    assert_eq!(id(&sent), "bc1:5/3");
    let chat = shown(&fake, 5, "bc1").await;
    assert_eq!((chat[2]["from"]["id"].as_i64(), chat[2]["text"].as_str()), (Some(900), Some("Добрый день")), "in the owner's name");
    let telegram = Telegram::default();
    telegram.reading().unwrap().read(&given, "bc1", "bc1:5", "bc1:5/1").await.unwrap();
    let message = SentMessage { account: "bc1".into(), conversation_key: "bc1:5".into(), external_id: "bc1:5/3".into(), attachments: vec![] };
    telegram.reword().unwrap().edit(&given, &message, "Добрый вечер").await.unwrap();
    let chat = shown(&fake, 5, "bc1").await;
    assert_eq!(chat[2]["text"], "Добрый вечер");
    telegram.reword().unwrap().delete(&given, &message).await.unwrap();
    assert_eq!(shown(&fake, 5, "bc1").await[2]["_deleted"], true);
    let read = fake.look("chats").await.as_array().unwrap().iter().find(|one| one["connection"] == "bc1").unwrap()["read"].clone();
    assert_eq!(read, 1);
    // A day later the window is closed; and a detached account cannot be served.
    let refused = async || code(&send(&given, &piece("bc1:5", text("да"), vec![])).await.unwrap_err());
    fake.act("clock", json!({"ahead": 90_000})).await;
    assert_eq!(refused().await, ("rejected", "window_closed".into()));
    fake.act("disconnect-business", json!({"id": "bc1"})).await;
    assert_eq!(refused().await, ("rejected", "business_detached".into()));
}
