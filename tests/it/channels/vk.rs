//! VK's channel against the fake of VK: each call as the documentation says, each row of the error table to its end.

use std::sync::Arc;

use data_encoding::BASE64;
use kommutator::channel::capability::{Asked, HookAddress, Progress, SentMessage};
use kommutator::channel::contract::{CallContext, Channel, Incoming, OutgoingPiece, SendError, SentPiece, Writer};
use kommutator::channel::vk::{COMMENTS_KIND, MESSAGES_KIND, Vk, errors, ids};
use kommutator::model::connection::{ChannelAccount, ChannelKind, ProviderLogin};
use kommutator::model::conversation::Place;
use kommutator::model::message::{Attachment, Part};
use serde_json::{Value, json};

use super::{account, code, kind, sha, words};
use crate::support::fakes::{Door, Fake, KeptFiles, context, login};

const TOKEN: &str = "vk1.a.test";
const SECRET: &str = "unguessable";

fn at(fake: &Fake, files: KeptFiles) -> CallContext {
    context(&fake.url, TOKEN, &[("group_id", "1")], files)
}

fn plain(fake: &Fake) -> CallContext {
    at(fake, KeptFiles::default())
}

fn piece(key: &str, text: &str) -> OutgoingPiece {
    OutgoingPiece { account: ids::MESSAGES.into(), key: key.into(), ..super::piece("500", text) }
}

fn comment(key: &str, text: &str, newest: &str) -> OutgoingPiece {
    OutgoingPiece {
        account: ids::COMMENTS.into(),
        conversation_key: Some("wall-1_6:500".into()),
        newest_external: Some(newest.into()),
        place: Place::Post("wall-1_6".into()),
        ..piece(key, text)
    }
}

fn messages(parts: &[Vec<u8>]) -> Vec<Incoming> {
    super::messages(&Vk::default(), parts)
}

fn texts(parts: &[Vec<u8>]) -> Vec<String> {
    super::texts(&Vk::default(), parts)
}

async fn connect(fake: &Fake, kind: ChannelKind, token: &str) -> Result<Progress, (String, String)> {
    let answer = [("token".to_owned(), json!(token)), ("base_url".to_owned(), json!(fake.url))].into();
    let bare = CallContext { secrets: "".into(), base_url: None, ..plain(fake) };
    let next = Vk::default().connect().unwrap().next(&bare, kind, Value::Null, &answer).await;
    next.map_err(|error| (error.field, error.reason.code))
}

/// C-VK-03, C-VKC-02: the token tells which community it is; one login carries messages and comments.
#[tokio::test]
async fn a_token_connects_messages_and_comments() {
    let fake = Fake::start("vk").await;
    let Ok(Progress::Done(done)) = connect(&fake, MESSAGES_KIND, TOKEN).await else { panic!("connected") };
    let accounts: Vec<_> = done.accounts.iter().map(|account| (account.external_id.as_str(), account.kind)).collect();
    assert_eq!(accounts, [("messages", MESSAGES_KIND), ("comments", COMMENTS_KIND)]);
    assert_eq!((done.external_key.as_str(), done.name.as_str(), done.base_url.as_deref()), ("1", "Магазин", Some(fake.url.as_str())));
    assert_eq!(done.accounts[0].facts["link"], "https://vk.me/shop");
    let wrong = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    assert_eq!(connect(&fake, MESSAGES_KIND, "").await.err(), Some(wrong("token", "required")));
    assert_eq!(connect(&fake, MESSAGES_KIND, "vk1.a.other").await.err(), Some(wrong("token", "token_revoked")));
    // Messages and management, nothing else: enough for messages, not for comments.
    fake.act("token", json!({ "token": "vk1.a.poor", "mask": 4096 + 262_144 })).await;
    let Ok(Progress::Done(poor)) = connect(&fake, MESSAGES_KIND, "vk1.a.poor").await else { panic!("connected") };
    assert_eq!(poor.facts["missing_rights"], "photos, docs, wall");
    assert_eq!(connect(&fake, COMMENTS_KIND, "vk1.a.poor").await.err(), Some(wrong("token", "vk_rights_missing")));
    fake.act("token", json!({ "token": "vk1.a.none", "mask": 4 })).await;
    assert_eq!(connect(&fake, MESSAGES_KIND, "vk1.a.none").await.err(), Some(wrong("token", "vk_rights_missing")));
}

async fn hooked(fake: &Fake) -> (Door, ProviderLogin) {
    let known = login("vk", "1", Default::default());
    let door = Door::open(Arc::new(Vk::default()), known.clone(), SECRET).await;
    let hook = HookAddress { url: door.url.clone(), secret: SECRET.to_owned() };
    let facts = Vk::default().connect().unwrap().set_up(&plain(fake), &known, Some(&hook)).await.unwrap();
    (door, ProviderLogin { facts, ..known })
}

/// VK asks for its code while our call that adds the server still waits; then events come, again until they are taken.
#[tokio::test]
async fn events_come_by_calls_until_they_are_taken() {
    let fake = Fake::start("vk").await;
    let (mut door, known) = hooked(&fake).await;
    assert_eq!((known.facts["receives"].as_str(), fake.look("servers").await[0]["status"].as_str()), ("callback", Some("ok")));
    fake.act("callbacks", json!({ "retry_ms": 1 })).await;
    *door.failing.lock().unwrap() = 2;
    fake.act("write", json!({ "user": 500, "text": "Добрый день", "ref": "promo1", "ref_source": "banner" })).await;
    let parts = door.parts(1).await;
    assert_eq!(texts(&parts), ["Добрый день"]);
    assert_eq!(messages(&parts)[0].visit.as_ref().unwrap().marks["ref"], "promo1");
    let delivered = fake.look("state").await["delivered"].clone();
    let retries: Vec<_> = delivered.as_array().unwrap().iter().filter(|one| one["type"] == "message_new").map(|one| one["retry"].clone()).collect();
    assert_eq!(retries, [0, 1, 2]);
    // Set up again: the server is the same one, with the code of now.
    fake.act("confirmation", json!({ "code": "ffffff" })).await;
    let hook = HookAddress { url: door.url.clone(), secret: SECRET.to_owned() };
    Vk::default().connect().unwrap().set_up(&plain(&fake), &known, Some(&hook)).await.unwrap();
    let servers = fake.look("servers").await;
    assert_eq!((servers.as_array().unwrap().len(), &servers[0]["status"]), (1, &json!("ok")));
    Vk::default().connect().unwrap().take_off(&plain(&fake), &known).await.unwrap();
    assert_eq!(fake.look("servers").await, json!([]));
}

/// After too many failures VK sends no more: the look that comes now and then makes it go on, and finds what never came.
#[tokio::test]
async fn a_server_that_failed_goes_on_and_what_was_lost_is_found() {
    let fake = Fake::start("vk").await;
    let (mut door, known) = hooked(&fake).await;
    fake.act("callbacks", json!({ "retry_ms": 1, "most": 2 })).await;
    *door.failing.lock().unwrap() = 2;
    fake.act("write", json!({ "user": 500, "text": "потеряно" })).await;
    let failed = async {
        while fake.look("servers").await[0]["status"] != "failed" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::app::PATIENCE, failed).await.unwrap();
    fake.act("write", json!({ "user": 501, "text": "не послано" })).await;
    let poll = Vk::default();
    let poll = poll.poll().unwrap();
    assert!(poll.every_ms(&known).is_some_and(|ms| ms > 0));
    let polled = poll.poll(&plain(&fake), &known, "").await.unwrap();
    let parts: Vec<Vec<u8>> = polled.parts.iter().map(|part| part.to_vec()).collect();
    let mut found = texts(&parts);
    found.sort();
    assert_eq!((found, polled.more), (vec!["не послано".to_owned(), "потеряно".to_owned()], false));
    assert_eq!(fake.look("servers").await[0]["status"], "ok");
    assert_eq!(texts(&door.parts(1).await), ["потеряно"]);
}

async fn polled(fake: &Fake, known: &ProviderLogin, cursor: &mut String) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let channel = Vk::default();
    // A look for what was lost stands between; it asks no further than it has to.
    for _ in 0..4 {
        let polled = channel.poll().unwrap().poll(&plain(fake), known, cursor).await.unwrap();
        *cursor = polled.cursor;
        parts.extend(polled.parts.iter().map(|part| part.to_vec()));
        if !parts.is_empty() {
            break;
        }
    }
    parts
}

#[tokio::test]
async fn events_are_asked_for_where_there_is_no_address() {
    let fake = Fake::start("vk").await;
    let known = login("vk", "1", Default::default());
    let facts = Vk::default().connect().unwrap().set_up(&plain(&fake), &known, None).await.unwrap();
    let known = ProviderLogin { facts, ..known };
    assert_eq!(Vk::default().poll().unwrap().every_ms(&known), Some(0));
    fake.act("write", json!({ "user": 500, "text": "раз" })).await;
    let mut cursor = String::new();
    // What came before the first question is found by looking.
    assert_eq!(texts(&polled(&fake, &known, &mut cursor).await), ["раз"]);
    fake.act("write", json!({ "user": 500, "text": "два" })).await;
    let parts = polled(&fake, &known, &mut cursor).await;
    assert_eq!(texts(&parts), ["два"]);
    for failed in [2, 3, 1] {
        let before = cursor.clone();
        fake.act("longpoll", json!({ "fail": failed })).await;
        fake.act("write", json!({ "user": 500, "text": format!("после {failed}") })).await;
        let found = texts(&polled(&fake, &known, &mut cursor).await);
        assert!(found.contains(&format!("после {failed}")), "{failed}: {found:?}, {before} {cursor}");
    }
    // The same question again brings the same events: nothing is lost where the answer was.
    let again = cursor.clone();
    fake.act("write", json!({ "user": 500, "text": "ещё" })).await;
    let first = polled(&fake, &known, &mut cursor.clone()).await;
    assert_eq!(polled(&fake, &known, &mut again.clone()).await, first);
}

/// A repeat has no second effect, and what was sent comes back with its mark.
#[tokio::test]
async fn a_message_goes_once_and_comes_back_with_its_mark() {
    let fake = Fake::start("vk").await;
    let (mut door, _) = hooked(&fake).await;
    fake.act("write", json!({ "user": 500, "text": "?" })).await;
    let one = OutgoingPiece { reply_to_external: Some("500_1".into()), ..piece("c-1-0", "да [id1|Имя]") };
    let sent = Vk::default().send(&plain(&fake), &one).await.unwrap();
    assert_eq!(sent, SentPiece { external_id: Some("500_2".into()), more: vec![], conversation_key: None });
    assert_eq!(Vk::default().send(&plain(&fake), &one).await.unwrap(), sent);
    let dialog = fake.look("dialog?peer=500").await;
    let said: Vec<_> = dialog["messages"].as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(said, ["?", "да [id1|Имя]"]);
    assert_eq!(dialog["messages"][1]["reply_message"]["conversation_message_id"], 1);
    let echo = messages(&door.parts(2).await).pop().unwrap();
    assert_eq!(echo.writer, Writer::Account { mark: Some(Vk::default().mark("c-1-0")) });
    assert_eq!((echo.external_id.as_deref(), echo.reply_to_external.as_deref()), (Some("500_2"), Some("500_1")));
    // An answer that was lost, and the same piece again.
    fake.act("faults", json!({ "call": "messages.send", "act": { "kind": "lose" } })).await;
    let two = piece("c-2-0", "два");
    assert!(matches!(Vk::default().send(&plain(&fake), &two).await, Err(SendError::Unclear(_))));
    assert_eq!(Vk::default().send(&plain(&fake), &two).await.unwrap().external_id.as_deref(), Some("500_3"));
    assert_eq!(fake.look("dialog?peer=500").await["messages"].as_array().unwrap().len(), 3);
    for call in fake.calls("messages.send").await {
        assert!(call["body"]["random_id"].as_str().unwrap().parse::<i32>().unwrap() > 0);
    }
}

/// C-VK-07: by number, by the name in the page's address; who did not allow it is not written to.
#[tokio::test]
async fn somebody_is_written_to_first() {
    let fake = Fake::start("vk").await;
    let first =
        |address: &str| OutgoingPiece { conversation_key: None, address: Some(address.to_owned()), ..piece(address, "Здравствуйте") };
    let send = async |address: &str| Vk::default().send(&plain(&fake), &first(address)).await;
    let refused = send("anna").await.unwrap_err();
    assert!(matches!(&refused, SendError::Unreachable(reason) if reason.code == "messages_not_allowed"), "{refused:?}");
    fake.act("allow", json!({ "user": 500 })).await;
    let sent = send("anna").await.unwrap();
    assert_eq!((sent.conversation_key.as_deref(), sent.external_id.as_deref()), (Some("500"), Some("500_1")));
    assert_eq!(send("500").await.unwrap().external_id.as_deref(), Some("500_2"));
    assert_eq!(send("nobody").await.map_err(|error| code(&error)), Err("person_unknown".into()));
    assert_eq!(send("shop").await.map_err(|error| code(&error)), Err("person_unknown".into()));
}

/// Files by their content, both ways; what is no photo to VK goes as a document.
#[tokio::test]
async fn files_arrive_whole_both_ways() {
    let fake = Fake::start("vk").await;
    let (mut door, _) = hooked(&fake).await;
    let contents: [&[u8]; 4] = [b"picture", &[7; 300_000], b"not a picture", b"OggS"];
    let bytes = BASE64.encode(contents[1]);
    let attachments = json!([{ "kind": "doc", "name": "счёт.pdf", "bytes": bytes }, { "kind": "voice", "name": "a.ogg", "bytes": "T2dnUw==" }]);
    fake.act("write", json!({ "user": 500, "text": "вот", "attachments": attachments })).await;
    let incoming = messages(&door.parts(1).await).pop().unwrap();
    let names: Vec<_> = incoming.remote.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["счёт.pdf", "voice.mp3"]);
    let located = Vk::default().fetch().unwrap().locate(&plain(&fake), &incoming.remote[0].locator).await.unwrap();
    let fetched = reqwest::get(located.url).await.unwrap().bytes().await.unwrap();
    assert_eq!(sha(&fetched), sha(contents[1]));

    let mut files = KeptFiles::default();
    let photo = files.keep(1, "фото.png", "image/png", contents[0]);
    let doc = files.keep(2, "счёт.pdf", "application/pdf", contents[1]);
    let odd = files.keep(3, "странное.jpg", "image/jpeg", contents[2]);
    let voice = files.keep(4, "voice", "audio/ogg", contents[3]);
    let mut one = piece("c-3-0", "держите");
    one.parts.push(Part::Voice { file: voice.file, duration_ms: None });
    one.attachments = vec![photo, doc, odd, voice];
    // The first photo goes; the third file is refused as one.
    let context = at(&fake, files);
    fake.act("errors", json!([{ "method": "photos.saveMessagesPhoto", "code": 121 }])).await;
    Vk::default().send(&context, &one).await.unwrap();
    let message = fake.look("dialog?peer=500").await["messages"][1].clone();
    let there: Vec<_> = message["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["type"].as_str().unwrap(), file["sha256"].as_str().unwrap().to_owned()))
        .collect();
    let wanted = [("photo", sha(contents[0])), ("doc", sha(contents[1])), ("photo", sha(contents[2])), ("audio_message", sha(contents[3]))];
    assert_eq!(there, wanted);
    // The upload that failed was made once more, whole.
    assert_eq!(fake.calls("photos.saveMessagesPhoto").await.len(), 3);
}

#[tokio::test]
async fn a_photo_vk_does_not_take_goes_as_a_document() {
    let fake = Fake::start("vk").await;
    fake.act("allow", json!({ "user": 500 })).await;
    let send = async |faults: Value, file: fn(&mut KeptFiles) -> Attachment, key: &str| {
        fake.act("errors", faults).await;
        let mut files = KeptFiles::default();
        let attachments = vec![file(&mut files)];
        Vk::default().send(&at(&fake, files), &OutgoingPiece { attachments, ..piece(key, "") }).await
    };
    send(json!([{ "method": "upload.photo", "code": 1 }]), |files| files.keep(1, "a.png", "image/png", b"x"), "k1").await.unwrap();
    assert_eq!(fake.look("dialog?peer=500").await["messages"][0]["files"][0]["type"], "doc");
    let refused = send(json!([{ "method": "upload.doc", "code": 1 }]), |files| files.keep(1, "a.pdf", "application/pdf", b"x"), "k2").await;
    assert_eq!(refused.map_err(|error| code(&error)), Err("upload_refused".into()));
    let twice = json!([{ "method": "docs.save", "code": 105, "times": 2 }]);
    let refused = send(twice, |files| files.keep(1, "a.pdf", "application/pdf", b"x"), "k3").await;
    assert_eq!(refused.map_err(|error| code(&error)), Err("upload_refused".into()));
}

/// C-VKC-03: in its place, under the comment it answers, with documents for files; once.
#[tokio::test]
async fn a_comment_is_answered_in_its_place() {
    let fake = Fake::start("vk").await;
    let (mut door, _) = hooked(&fake).await;
    let asked = fake.act("comment", json!({ "user": 500, "text": "Сколько стоит?" })).await;
    let incoming = messages(&door.parts(1).await).pop().unwrap();
    let external = incoming.external_id.unwrap();
    assert_eq!((incoming.conversation_key.as_str(), external.as_str()), ("wall-1_6:500", format!("wall-1_6_{}", asked["id"]).as_str()));
    let mut files = KeptFiles::default();
    let picture = files.keep(1, "цена.png", "image/png", b"picture");
    let context = at(&fake, files);
    let one = OutgoingPiece { attachments: vec![picture], ..comment("c-4-0", "100 ₽", &external) };
    let sent = Vk::default().send(&context, &one).await.unwrap();
    assert_eq!(Vk::default().send(&context, &one).await.unwrap(), sent);
    let post = fake.look("post?key=wall-1_6").await;
    assert_eq!((post.as_array().unwrap().len(), &post[1]["reply_to_comment"], &post[1]["reply_to_user"]), (2, &asked["id"], &json!(500)));
    assert_eq!((&post[1]["files"][0]["type"], &post[1]["files"][0]["sha256"]), (&json!("doc"), &json!(sha(b"picture"))));
    let echo = messages(&door.parts(2).await).pop().unwrap();
    assert_eq!((echo.writer, echo.external_id, echo.conversation_key.as_str()), (Writer::Account { mark: None }, sent.external_id, "wall-1_6:500"));
    let under_photo = OutgoingPiece { conversation_key: Some("photo-1_5:500".into()), place: Place::Post("photo-1_5".into()), ..one };
    assert_eq!(Vk::default().send(&context, &under_photo).await.map_err(|error| code(&error)), Err("comments_not_answerable".into()));
}

#[tokio::test]
async fn what_was_sent_is_changed_taken_back_read_and_typed() {
    let fake = Fake::start("vk").await;
    fake.act("write", json!({ "user": 500, "text": "?" })).await;
    let mut files = KeptFiles::default();
    let picture = files.keep(1, "a.png", "image/png", b"picture");
    let context = at(&fake, files);
    let one = OutgoingPiece { attachments: vec![picture.clone()], ..piece("c-5-0", "опечтка") };
    let sent = Vk::default().send(&context, &one).await.unwrap().external_id.unwrap();
    let message =
        SentMessage { account: ids::MESSAGES.into(), conversation_key: "500".into(), external_id: sent.clone(), attachments: vec![picture] };
    Vk::default().reword().unwrap().edit(&context, &message, "опечатка").await.unwrap();
    let shown = fake.look("dialog?peer=500").await["messages"][1].clone();
    assert_eq!((&shown["text"], &shown["files"][0]["sha256"]), (&json!("опечатка"), &json!(sha(b"picture"))));
    fake.act("errors", json!({ "method": "messages.edit", "code": 909 })).await;
    let old = Vk::default().reword().unwrap().edit(&context, &message, "поздно").await;
    assert_eq!(old.map_err(|error| code(&error)), Err("too_old".into()));
    Vk::default().reword().unwrap().delete(&context, &message).await.unwrap();
    Vk::default().reading().unwrap().read(&context, ids::MESSAGES, "500", "500_1").await.unwrap();
    Vk::default().typing().unwrap().typing(&context, ids::MESSAGES, "500").await.unwrap();
    let dialog = fake.look("dialog?peer=500").await;
    assert_eq!((dialog["messages"].as_array().unwrap().len(), &dialog["read_by_us"], &dialog["typing"]), (1, &json!(1), &json!(1)));
}

/// C-VK-08: names always, the rest where the owner wants it; who is gone or hidden is no failure.
#[tokio::test]
async fn people_are_asked_about() {
    let fake = Fake::start("vk").await;
    let ids = ["500", "501", "502", "999", "-1"].map(str::to_owned);
    let ask = async |extended: bool| {
        let account = ChannelAccount { settings: json!({ "extended": extended }), ..account(MESSAGES_KIND) };
        let asked = Asked { conversation_key: "500".into(), external_ids: ids.to_vec() };
        Vk::default().profile().unwrap().look_up(&plain(&fake), &account, &asked).await.unwrap().people
    };
    let plain = ask(false).await;
    let names: Vec<_> = plain.iter().map(|person| (person.name.as_str(), person.username.as_str(), person.about.len())).collect();
    assert_eq!(names, [("Анна Крылова", "anna", 1), ("Борис Ли", "boris", 1), ("DELETED", "", 1)]);
    let extended = ask(true).await;
    assert_eq!((extended[0].about["city"].as_str(), extended[0].about["birthday"].as_str()), ("Москва", "1.2.1990"));
    assert_eq!((extended[0].phones[0].value.as_str(), extended[1].phones.len()), ("+7 999 000-11-22", 0));
}

/// Each row of the error table, each code of it, both as the call's error and inside the item.
#[tokio::test]
async fn each_error_ends_as_the_table_says() {
    let fake = Fake::start("vk").await;
    fake.act("allow", json!({ "user": 500 })).await;
    let mut rows = 0;
    for (codes, meaning, act) in errors::TABLE {
        for (at, in_item) in codes.iter().flat_map(|code| [(code, false), (code, true)]) {
            rows += 1;
            // Twenty calls in a second are all VK takes.
            fake.act("time", json!({ "ms": 2_000 })).await;
            fake.act("errors", json!({ "method": "messages.send", "code": at, "message": "слова VK", "in_item": in_item })).await;
            let error = Vk::default().send(&plain(&fake), &piece(&format!("row-{rows}"), "x")).await.unwrap_err();
            let wanted = match *act {
                errors::Act::Fail(name) => format!("rejected {name}"),
                errors::Act::Later(name) => format!("temporary {name}"),
                errors::Act::Pause(ms) => format!("retry_after {ms}"),
                errors::Act::Unreachable(name) => format!("unreachable {name}"),
                errors::Act::Closed(name) => format!("access_lost {name}"),
                errors::Act::UploadAgain => "rejected upload_refused".to_owned(),
            };
            assert_eq!(format!("{} {}", kind(&error), code(&error)), wanted, "{at}: {meaning}");
            assert_eq!(words(&error).unwrap_or_else(|| "слова VK".to_owned()), "слова VK");
        }
    }
    assert_eq!(rows, 128);
    assert_eq!(fake.look("dialog?peer=500").await["messages"], json!([]));
}

/// No answer, half of one, one that is none; a token that is no longer good. The token stands in no error.
#[tokio::test]
async fn answers_that_are_none() {
    let fake = Fake::start("vk").await;
    fake.act("allow", json!({ "user": 500 })).await;
    let send = async |key: &str| Vk::default().send(&plain(&fake), &piece(key, key)).await;
    let busy = json!({ "kind": "answer", "status": 429, "body": "", "headers": { "retry-after": "7" } });
    fake.act("faults", json!({ "call": "messages.send", "act": busy })).await;
    assert_eq!(send("один").await.unwrap_err(), SendError::RetryAfter(7_000));
    // Half of an answer is none: it went, and goes no second time.
    fake.act("faults", json!({ "call": "messages.send", "act": { "kind": "half" } })).await;
    assert!(send("один").await.is_err());
    send("один").await.unwrap();
    assert_eq!(fake.look("dialog?peer=500").await["messages"].as_array().unwrap().len(), 1);
    fake.act("token", json!({ "revoked": true })).await;
    let lost = send("два").await.unwrap_err();
    assert!(matches!(&lost, SendError::AccessLost(reason) if reason.code == "token_revoked"), "{lost:?}");
    assert!(!format!("{lost:?}").contains(TOKEN));
    // Nobody is there at all.
    let url = fake.url.clone();
    drop(fake);
    let nobody = Vk::default().send(&context(&url, TOKEN, &[], KeptFiles::default()), &piece("x", "x")).await.unwrap_err();
    assert!(matches!(nobody, SendError::Temporary(_)), "{nobody:?}");
}
