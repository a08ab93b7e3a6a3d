//! Pictures of people and listings: from the fakes to managers, byte for byte; fetched once, and again when they are others.

use std::io::Cursor;
use std::net::TcpListener;

use data_encoding::BASE64;
use futures_util::TryStreamExt;
use kommutator::model::conversation::{Conversation, Picture, Shown};
use kommutator::model::customer::Identity;
use kommutator::model::ids::{FileId, WorkspaceId};
use kommutator::model::protocol::Role;
use kommutator::store::files::Variant;
use kommutator::store::port::Scan;
use kommutator::store::records::{FileRecord, streams};
use serde_json::{Value, json};

use super::sha;
use crate::support::app::{App, Client};
use crate::support::connected::{PATIENCE, form, hooked};
use crate::support::fakes::Fake;
use crate::support::node::until;

const DAY_MS: i64 = 24 * 60 * 60_000;

fn painted(shade: u8, side: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(side, side, image::Rgb([shade, 90, 90])).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn told(picture: &[u8]) -> Value {
    json!(BASE64.encode(picture))
}

/// An installation with a clock of its own, connected to a fake.
struct Scene {
    app: App,
    fake: Fake,
    owner: Client,
    workspace: WorkspaceId,
}

impl Scene {
    async fn start(name: &str) -> Self {
        // Its own address is known before it starts: providers are told where to send.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let settings = [("LISTEN", address.as_str()), ("PUBLIC_URL", &format!("http://{address}")), ("OUTSIDE_PRIVATE", "on")];
        let (app, fake) = (App::sqlite_with(&settings).await, Fake::start(name).await);
        if name == "telegram" {
            fake.act("settings", json!({ "local": true, "limits": false, "speed": 100 })).await;
        }
        let workspace = app.workspace("Магазин").await;
        let member = app.member(workspace, Role::Owner, None).await;
        let owner = app.client(&app.token(workspace, member, Role::Owner, None).await.1);
        let (kind, values) = form(name, &fake);
        let begun = owner.post("/api/v1/connecting", json!({ "kind": kind })).await.body;
        let done = owner.post(&format!("/api/v1/connecting/{}", begun["id"].as_str().unwrap()), json!({ "values": values })).await;
        assert_eq!(done.status, 200, "{}", done.text);
        hooked(name, &fake).await;
        Self { app, fake, owner, workspace }
    }

    async fn all(&self) -> Vec<Conversation> {
        let found = self.app.house().store.workspace(self.workspace).scan::<Conversation>(&[], Scan::first(100)).await.unwrap();
        found.into_iter().map(|stored| stored.record).collect()
    }

    /// Somebody writes; the conversation, once that stands in its log.
    async fn says(&self, body: Value, fits: impl Fn(&Conversation) -> bool) -> Conversation {
        self.fake.act("write", body.clone()).await;
        until(&format!("{body} arrives"), PATIENCE, async || self.all().await.into_iter().find(|one| fits(one))).await
    }

    /// A picture of a conversation, once another than this is there.
    async fn pictured(&self, of: &Conversation, shown: Shown, other: Option<FileId>) -> Option<FileId> {
        until(&format!("another picture than {other:?}"), PATIENCE, async || {
            let now = self.all().await.into_iter().find(|one| one.id == of.id).unwrap();
            let file = now.picture_of(shown).and_then(|known| known.file);
            (file != other).then_some(file)
        })
        .await
    }

    /// Everything that was to be fetched was, or will not be.
    async fn settled(&self, of: &Conversation) {
        let (store, stream) = (self.app.house().store.workspace(self.workspace), streams::fetch(of.login));
        until("nothing is to be fetched", PATIENCE, async || store.read(&stream, 0, 1).await.unwrap().entries.is_empty().then_some(())).await;
    }

    /// What is stored of a file, by its hash; none: neither a record nor content.
    async fn stored(&self, file: FileId) -> Option<String> {
        let house = self.app.house();
        let record = house.store.workspace(self.workspace).get::<FileRecord>(FileRecord::at(file)).await.unwrap();
        let content = house.files.get(self.workspace, file, Variant::Content, None).await.ok();
        assert_eq!(record.is_some(), content.is_some(), "a record has content, and content a record");
        let content = content?.stream.try_collect::<Vec<_>>().await.unwrap().concat();
        assert_eq!(record.map(|record| record.record.sha256), Some(sha(&content)));
        Some(sha(&content))
    }

    /// Every file there is content of.
    async fn kept(&self) -> Vec<FileId> {
        let all: Vec<_> = self.app.house().files.list(self.workspace).try_collect().await.unwrap();
        all.into_iter().map(|(file, ..)| file).collect()
    }

    /// What a manager's screen shows at a link.
    async fn seen(&self, link: &Value) -> image::DynamicImage {
        let bytes = reqwest::get(format!("{}{}", self.app.url, link.as_str().unwrap())).await.unwrap().bytes().await.unwrap();
        image::load_from_memory(&bytes).unwrap()
    }

    async fn row(&self, of: &Conversation) -> Value {
        self.owner.get(&format!("/api/v1/conversations/{}", of.id)).await.body
    }

    async fn face(&self, of: &Conversation) -> Option<FileId> {
        let identity = Identity::at(of.identity.unwrap());
        self.app.house().store.workspace(self.workspace).get::<Identity>(identity).await.unwrap().unwrap().record.picture
    }

    /// How often a method was called, or a file asked for.
    async fn asked(&self, call: &str) -> usize {
        let ledger = self.fake.look("ledger").await;
        ledger.as_array().unwrap().iter().filter(|line| line["call"].as_str().unwrap().starts_with(call)).count()
    }

    async fn a_day_later(&self) {
        self.app.world.advance_ms(DAY_MS + 1);
    }
}

fn asked_at(of: &Conversation) -> Option<i64> {
    of.picture.as_ref().map(|picture| picture.asked_at.0)
}

/// VK names a face by an address that is another each time; what counts is its path.
#[tokio::test]
async fn a_face_is_fetched_once_and_again_when_it_is_another() {
    let scene = Scene::start("vk").await;
    let looks = async |picture: Value| scene.fake.act("user", json!({ "id": 500, "picture": picture })).await;
    let says = async |number: u32| scene.says(json!({ "user": 500, "text": number.to_string() }), |one| one.last_number == number).await;
    looks(told(&painted(1, 200))).await;
    let first = says(1).await;
    let file = scene.pictured(&first, Shown::Person, None).await.unwrap();
    assert_eq!((scene.stored(file).await, scene.face(&first).await), (Some(sha(&painted(1, 200))), Some(file)));
    // Managers see it in the list and on the customer's page; it is none of the files that were sent.
    let (row, customers) = (scene.row(&first).await, scene.owner.get("/api/v1/customers").await.body);
    assert_eq!((scene.seen(&row["picture_url"]).await.width(), &customers["items"][0]["picture_url"]), (200, &row["picture_url"]));
    assert_eq!(scene.owner.get(&format!("/api/v1/conversations/{}/files", first.id)).await.body["items"], json!([]));
    // Nobody asks for the same, not the same day and not the next.
    let at = asked_at(&first);
    assert_eq!(asked_at(&says(2).await), at);
    scene.a_day_later().await;
    assert_eq!((asked_at(&says(3).await), scene.asked("users.get").await), (at, 2));
    // Another takes its place.
    looks(told(&painted(2, 200))).await;
    scene.a_day_later().await;
    let fourth = says(4).await;
    let second = scene.pictured(&fourth, Shown::Person, Some(file)).await.unwrap();
    assert_eq!((scene.stored(second).await, scene.stored(file).await), (Some(sha(&painted(2, 200))), None));
    assert_eq!((scene.face(&fourth).await, scene.asked("/files/").await), (Some(second), 2));
    // Of who is blocked nothing is fetched.
    let block = async |blocked: bool| scene.owner.post(&format!("/api/v1/conversations/{}/block", first.id), json!({ "blocked": blocked })).await;
    assert_eq!(block(true).await.status, 200);
    looks(told(&painted(3, 200))).await;
    scene.a_day_later().await;
    assert_eq!(asked_at(&says(5).await), asked_at(&fourth));
    scene.fake.act("admin", json!({ "user": 500, "text": "Мы вас не слышим" })).await;
    let echo = until("what an admin writes by hand", PATIENCE, async || scene.all().await.into_iter().find(|one| one.last_number == 6)).await;
    assert_eq!(asked_at(&echo), asked_at(&fourth));
    assert_eq!((block(false).await.status, scene.asked("/files/").await), (200, 2));
    // Who has taken theirs off is shown with letters again.
    looks(Value::Null).await;
    scene.a_day_later().await;
    let last = says(7).await;
    assert_eq!(scene.pictured(&last, Shown::Person, Some(second)).await, None);
    assert_eq!((scene.stored(second).await, scene.face(&last).await, scene.row(&last).await.get("picture_url")), (None, None, None));
}

/// Telegram is asked for a face beside the message; members of groups are asked for none.
#[tokio::test]
async fn a_face_of_telegram_and_none_of_groups() {
    let scene = Scene::start("telegram").await;
    let looks = async |id: u32, picture: Option<&[u8]>| {
        let photo = picture.map(|bytes| json!({ "base64": told(bytes), "name": "face.png", "type": "image/png" }));
        scene.fake.act("people", json!({ "id": id, "first_name": "Анна", "photo": photo })).await;
    };
    let says = async |number: u32| scene.says(json!({ "from": 5, "text": number.to_string() }), |one| one.last_number == number).await;
    looks(5, Some(&painted(1, 320))).await;
    let first = says(1).await;
    let file = scene.pictured(&first, Shown::Person, None).await.unwrap();
    assert_eq!(scene.stored(file).await, Some(sha(&painted(1, 320))));
    looks(6, Some(&painted(2, 320))).await;
    let group = scene.fake.act("group", json!({ "title": "Покупатели" })).await["id"].clone();
    let in_group = scene.says(json!({ "from": 6, "chat": group, "text": "всем" }), |one| one.title == "Покупатели").await;
    assert_eq!((in_group.picture, scene.asked("getUserProfilePhotos").await), (None, 1));
    // The next day it is the same: that is asked, and nothing fetched.
    scene.a_day_later().await;
    let second = says(2).await;
    scene.settled(&second).await;
    assert_eq!((scene.asked("getUserProfilePhotos").await, scene.asked("file").await), (2, 1));
    assert_eq!(scene.pictured(&second, Shown::Person, None).await, Some(file));
    looks(5, None).await;
    scene.a_day_later().await;
    let third = says(3).await;
    assert_eq!(scene.pictured(&third, Shown::Person, Some(file)).await, None);
    assert_eq!(scene.stored(file).await, None);
    // Who is blocked while their picture comes: it is not kept.
    looks(5, Some(&painted(3, 320))).await;
    scene.fake.act("faults", json!({ "call": "file", "act": { "kind": "hold" } })).await;
    scene.a_day_later().await;
    let fourth = says(4).await;
    until("it is on its way", PATIENCE, async || (scene.asked("file").await == 2).then_some(())).await;
    assert_eq!(scene.owner.post(&format!("/api/v1/conversations/{}/block", fourth.id), json!({ "blocked": true })).await.status, 200);
    scene.fake.act("let-go", json!({})).await;
    scene.settled(&fourth).await;
    assert_eq!((scene.kept().await, scene.face(&fourth).await), (vec![], None));
}

/// Avito tells of the buyer and of the listing.
#[tokio::test]
async fn a_buyer_and_a_listing() {
    let scene = Scene::start("avito").await;
    let chat = |id: &str, face: &[u8], listing: &[u8]| json!({ "id": id, "buyer": { "id": 300, "name": "Пётр", "picture": told(face) }, "item": { "id": 77, "title": "Диван", "picture": told(listing) } });
    let of = async |id: &str| scene.says(json!({ "chat": id, "text": "?" }), |one| one.provider_keys.iter().any(|key| key == id)).await;
    scene.fake.act("chat", chat("u2i-1", &painted(1, 128), &painted(2, 140))).await;
    let one = of("u2i-1").await;
    let (face, listing) = (scene.pictured(&one, Shown::Person, None).await.unwrap(), scene.pictured(&one, Shown::Place, None).await.unwrap());
    assert_eq!((scene.stored(face).await, scene.stored(listing).await), (Some(sha(&painted(1, 128))), Some(sha(&painted(2, 140)))));
    let row = scene.row(&one).await;
    assert_eq!((scene.seen(&row["picture_url"]).await.width(), scene.seen(&row["place_picture_url"]).await.width()), (128, 140));
    assert_eq!(row["place_url"], "https://avito.ru/kazan/avtomobili/lada_77");
    // What is no picture is not kept, and what is too large is not fetched; the words are there all the same.
    let mut large = painted(3, 128);
    large.resize(2 * 1024 * 1024 + 1, 0);
    scene.fake.act("chat", chat("u2i-2", b"<html>", &large)).await;
    let two = of("u2i-2").await;
    scene.settled(&two).await;
    let known = |file: Option<&Picture>| file.map(|known| known.file);
    let two = scene.all().await.into_iter().find(|one| one.id == two.id).unwrap();
    assert_eq!((known(two.picture.as_ref()), known(two.place_picture.as_ref())), (Some(None), Some(None)));
    let kept = scene.kept().await;
    assert!(kept.iter().all(|file| [face, listing].contains(file)), "{kept:?}");
    // Who has no picture is not asked about.
    scene.fake.act("chat", json!({ "id": "u2u-3", "buyer": { "id": 301, "name": "Яна" } })).await;
    let three = of("u2u-3").await;
    assert_eq!((three.picture, three.place_picture, three.place_url), (None, None, None));
}
