//! What the first page tells, and what an owner replaces: the day's numbers, what did not go out, who is here, a widget's secret. The
//! same on both engines.

use hmac::{Hmac, KeyInit, Mac};
use kommutator::gateway::{maintenance, tally};
use kommutator::model::connection::ChannelAccount;
use kommutator::model::ids::{MessageId, UserId, WorkspaceId};
use kommutator::model::message::Message;
use kommutator::model::protocol::{Role, SendState, SendStatus};
use kommutator::model::reason::Reason;
use kommutator::store::batch::Batch;
use serde_json::{Value, json};

use crate::support::app::{App, Client, PATIENCE, Socket, on_both_engines};

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// A workspace with a widget, its owner, and a manager who sees no channel.
struct Shop<'a> {
    app: &'a App,
    workspace: WorkspaceId,
    owner_id: UserId,
    owner_secret: String,
    owner: Client,
    outsider: Client,
    account: ChannelAccount,
    key: String,
}

impl<'a> Shop<'a> {
    async fn open(app: &'a App) -> Self {
        let workspace = app.workspace("Магазин").await;
        let owner_id = app.member(workspace, Role::Owner, None).await;
        let owner_secret = app.session(workspace, owner_id).await;
        let outsider = app.member(workspace, Role::Manager, Some(Vec::new())).await;
        let outsider = app.client(&app.session(workspace, outsider).await);
        let (account, key) = app.widget(workspace, "Сайт").await;
        Self { app, workspace, owner_id, owner: app.client(&owner_secret), owner_secret, outsider, account, key }
    }

    async fn says(&self, visitor: &mut Socket, words: &str) -> String {
        visitor.say(json!({ "type": "send", "client_id": key(words), "text": words })).await;
        let accepted = visitor.until(|frame| frame["type"] == "accepted").await.pop().unwrap();
        accepted["message"]["conversation"].as_str().unwrap().to_owned()
    }

    async fn answers(&self, conversation: &str, words: &str) -> MessageId {
        let sent =
            self.owner.post(&format!("/api/v1/conversations/{conversation}/messages"), json!({ "client_id": key(words), "text": words })).await;
        sent.body["message"]["id"].as_str().unwrap_or_else(|| panic!("{}", sent.text)).parse().unwrap()
    }

    /// What the provider would have made of it.
    async fn becomes(&self, message: MessageId, status: SendStatus) {
        let store = self.app.house().store.workspace(self.workspace);
        let old = store.get::<Message>(Message::at(message)).await.unwrap().unwrap();
        let state = SendState { status, reason: Some(Reason::new("rejected")), at: self.app.world_now() };
        let mut batch = Batch::new();
        batch.update(&old, &Message { state, ..old.record.clone() }).unwrap();
        store.commit(batch).await.unwrap();
    }
}

/// The key of a message, by its words.
fn key(words: &str) -> String {
    data_encoding::HEXLOWER.encode(words.as_bytes())
}

/// Inbound, outbound and begun of a day, first answers, and within which time half of them came.
fn sums(day: &Value) -> (i64, i64, i64, i64, Value) {
    let sum = |name: &str| day["hours"].as_array().unwrap().iter().map(|hour| hour[name].as_i64().unwrap()).sum();
    (sum("inbound"), sum("outbound"), sum("begun"), day["answered"].as_i64().unwrap(), day["half_within_seconds"].clone())
}

fn signed(secret: &str, id: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(id.as_bytes());
    data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
}

on_both_engines!(numbers, failures, attendance, secret);

mod flows {
    use super::*;

    pub(super) async fn numbers(app: &App) {
        let shop = Shop::open(app).await;
        // Not at the edge of a day: what follows takes a quarter of an hour.
        assert_eq!(shop.owner.patch("/api/v1/workspace", json!({ "time_zone": "UTC" })).await.status, 200);
        let of_day = app.world_now().0.rem_euclid(tally::DAY_MS);
        if of_day > tally::DAY_MS - HOUR_MS {
            app.world.advance_ms(HOUR_MS);
        }
        let look = async |client: &Client| client.get("/api/v1/overview").await.body;
        let nothing = (0, 0, 0, 0, Value::Null);
        assert_eq!(sums(&look(&shop.owner).await["today"]), nothing);
        let (mut visitor, _) = app.visitor(&shop.key).await;
        let talk = shop.says(&mut visitor, "раз").await;
        shop.says(&mut visitor, "два").await;
        app.world.advance_ms(4 * 60_000);
        shop.answers(&talk, "три").await;
        app.world.advance_ms(60_000);
        shop.answers(&talk, "четыре").await;
        let seen = look(&shop.owner).await;
        let first = (2, 2, 1, 1, json!(300));
        assert_eq!(sums(&seen["today"]), first, "the wait of a little over four minutes ends within five");
        assert_eq!(sums(&seen["yesterday"]), nothing);
        assert_eq!((&seen["time_zone"], &seen["quarantine"]), (&json!("UTC"), &json!(0)));
        // A note, and a message sent again, are no messages more.
        let note = json!({ "client_id": "note", "text": "заметка", "note": true });
        assert_eq!(shop.owner.post(&format!("/api/v1/conversations/{talk}/messages"), note).await.status, 200);
        shop.says(&mut visitor, "два").await;
        assert_eq!(sums(&look(&shop.owner).await["today"]), first);
        let hidden = look(&shop.outsider).await;
        assert_eq!((sums(&hidden["today"]), hidden.get("quarantine")), (nothing.clone(), None), "of channels they do not see");
        // The same numbers are of yesterday a day later, and of another day in another zone.
        app.world.advance_ms(tally::DAY_MS);
        assert_eq!(sums(&look(&shop.owner).await["yesterday"]), first);
        // Forgotten once they are old enough, and not before.
        let (house, day) = (app.house(), tally::day(app.world_now()) - 1);
        let kept = async || house.store.workspace(shop.workspace).counters(&tally::group(day)).await.unwrap().len();
        app.world.advance_ms((tally::DAYS_KEPT - 2) * tally::DAY_MS);
        maintenance::tidy(house).await.unwrap();
        assert!(kept().await >= 4, "35 days are kept");
        app.world.advance_ms(tally::DAY_MS);
        maintenance::tidy(house).await.unwrap();
        assert_eq!(kept().await, 0);
    }

    pub(super) async fn failures(app: &App) {
        let shop = Shop::open(app).await;
        let (mut visitor, _) = app.visitor(&shop.key).await;
        let talk = shop.says(&mut visitor, "раз").await;
        let look = async |client: &Client, query: &str| client.get(&format!("/api/v1/failures{query}")).await.body;
        let mut sent = Vec::new();
        for number in 0..23 {
            sent.push(shop.answers(&talk, &format!("ответ {number}")).await);
        }
        assert_eq!(look(&shop.owner, "").await["total"], 0);
        for (number, message) in sent.iter().enumerate() {
            let status = if number % 2 == 0 { SendStatus::Failed } else { SendStatus::Unknown };
            shop.becomes(*message, status).await;
            app.world.advance_ms(1);
        }
        let ids = |page: &Value| page["items"].as_array().unwrap().iter().map(|item| item["message"]["id"].as_str().unwrap().to_owned()).collect();
        let first = look(&shop.owner, "").await;
        let mut listed: Vec<String> = ids(&first);
        assert_eq!((listed.len(), &first["total"]), (20, &json!(23)));
        assert_eq!(
            (&first["items"][0]["conversation"]["id"], &first["items"][0]["message"]["state"]["reason"]["code"]),
            (&json!(talk), &json!("rejected"))
        );
        let second = look(&shop.owner, &format!("?cursor={}", first["next"].as_str().unwrap())).await;
        listed.extend(ids(&second));
        assert_eq!((&second["next"], &second["total"]), (&Value::Null, &json!(23)));
        let newest_first: Vec<String> = sent.iter().rev().map(ToString::to_string).collect();
        assert_eq!(listed, newest_first);
        assert_eq!(look(&shop.outsider, "").await, json!({ "items": [], "next": null, "total": 0 }), "of channels they do not see");
        assert_eq!(shop.owner.get("/api/v1/failures?cursor=odd").await.short(), "400 bad_parameter");
        // What went out after all, and what was taken back, leaves the list.
        shop.becomes(sent[22], SendStatus::Sent).await;
        let left = look(&shop.owner, "").await;
        assert_eq!((&left["total"], ids(&left).first()), (&json!(22), Some(&sent[21].to_string())));
    }

    pub(super) async fn attendance(app: &App) {
        let shop = Shop::open(app).await;
        let colleague = app.member(shop.workspace, Role::Manager, None).await;
        let secret = app.session(shop.workspace, colleague).await;
        let listed = async |client: &Client, who: UserId| {
            let users = client.get("/api/v1/users").await.body;
            users["items"].as_array().unwrap().iter().find(|user| user["id"] == who.to_string()).unwrap().clone()
        };
        let becomes = async |here: bool| {
            let waiting = async {
                while listed(&shop.owner, colleague).await["here"] != here {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(PATIENCE, waiting).await.expect("it never became so");
        };
        let never = listed(&shop.owner, colleague).await;
        assert_eq!((&never["here"], never.get("seen_at")), (&json!(false), None));
        let (first, second) = (app.manager(&secret).await, app.manager(&secret).await);
        becomes(true).await;
        assert_eq!(listed(&shop.outsider, colleague).await.get("seen_at"), None, "when somebody was here is for who leads");
        let came: kommutator::model::time::Time = listed(&shop.owner, colleague).await["seen_at"].as_str().unwrap().parse().unwrap();
        // One of two pages closed changes nothing; after the last they are gone, and it is known since when.
        drop(first);
        app.world.advance_ms(HOUR_MS);
        drop(second);
        becomes(false).await;
        let left: kommutator::model::time::Time = listed(&shop.owner, colleague).await["seen_at"].as_str().unwrap().parse().unwrap();
        assert!(left.since(came) >= HOUR_MS, "{came} {left}");
        // An integration's socket is nobody.
        let (token, secret) = app.token(shop.workspace, shop.owner_id, Role::Owner, None).await;
        let _socket = app.manager(&secret).await;
        let _mine = app.manager(&shop.owner_secret).await;
        let users = shop.owner.get("/api/v1/users").await.body;
        assert!(users["items"].as_array().unwrap().iter().all(|user| user["id"] != token.to_string()));
    }

    pub(super) async fn secret(app: &App) {
        let shop = Shop::open(app).await;
        let path = format!("/api/v1/channels/{}", shop.account.id);
        let secret_path = format!("{path}/identity-secret");
        let show = async || shop.owner.get(&secret_path).await.body["secret"].as_str().unwrap().to_owned();
        let replace = async |keep: bool| {
            let answer = shop.owner.post(&secret_path, json!({ "keep_former": keep })).await;
            assert_eq!(answer.status, 201);
            answer.body["secret"].as_str().unwrap().to_owned()
        };
        // Whether the site may vouch with a secret.
        let believed = async |secret: &str| {
            let mut socket = app.visitor_socket(&shop.key).await;
            socket.say(json!({ "type": "hello", "identity": { "id": "42", "signature": signed(secret, "42") } })).await;
            match socket.next().await {
                frame if frame["type"] == "ready" => true,
                frame if frame["code"] == "identity_not_verified" => false,
                frame => panic!("{frame}"),
            }
        };
        let first = show().await;
        assert!(believed(&first).await);
        let second = replace(true).await;
        assert_eq!(show().await, second);
        assert!(believed(&first).await && believed(&second).await, "both, for a day");
        let view = shop.owner.get(&path).await;
        let until: kommutator::model::time::Time = view.body["widget"]["former_secret_until"].as_str().unwrap().parse().unwrap();
        assert!((23 * HOUR_MS..=24 * HOUR_MS).contains(&until.since(app.world_now())));
        assert!(!view.text.contains(&first) && !view.text.contains(&second));
        // The switch of the channel keeps both as they are.
        assert_eq!(shop.owner.patch(&path, json!({ "widget": { "verified_identity": true } })).await.status, 200);
        assert!(believed(&first).await && believed(&second).await);
        app.world.advance_ms(24 * HOUR_MS);
        assert!(!believed(&first).await && believed(&second).await, "the day is over");
        assert_eq!(shop.owner.get(&path).await.body["widget"].get("former_secret_until"), None);
        let third = replace(false).await;
        assert!(!believed(&second).await && believed(&third).await, "at once");
        let audit = shop.owner.get("/api/v1/audit").await;
        assert_eq!(audit.body["items"][0]["action"], "channel.secret_replaced");
        assert!(!audit.text.contains("sealed") && !audit.text.contains(&third), "{}", audit.text);
        assert_eq!(shop.outsider.post(&secret_path, json!({})).await.short(), "403 admins_only");
    }
}
