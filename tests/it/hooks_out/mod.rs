//! Outgoing webhooks: from the message to another server, on both engines.

mod fares;
mod kept;
mod killed;

use kommutator::gateway::supervisor::Reconcile;
use kommutator::model::ids::WorkspaceId;
use kommutator::model::protocol::Role;
use serde_json::{Value, json};

use crate::support::app::{App, Client, PATIENCE, Socket};
use crate::support::fake_smtp::FakeSmtp;
use crate::support::receiver::Receiver;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A workspace with a widget, an owner and a visitor, and a server that takes webhooks.
struct Scene {
    app: App,
    smtp: FakeSmtp,
    workspace: WorkspaceId,
    owner: Client,
    /// Where letters reach the owner.
    address: String,
    visitor: Socket,
    receiver: Receiver,
    said: u32,
}

impl Scene {
    async fn new(redis: bool) -> Self {
        let smtp = FakeSmtp::start().await;
        let settings =
            [("OUTSIDE_PRIVATE", "on"), ("SMTP_URL", smtp.url.as_str()), ("MAIL_FROM", "chat@shop.example"), ("PUBLIC_URL", "https://chat.example")];
        let app = if redis { App::redis_with(&settings).await } else { App::sqlite_with(&settings).await };
        let workspace = app.workspace("Лавка").await;
        let user = app.member(workspace, Role::Owner, None).await;
        let owner = app.client(&app.session(workspace, user).await);
        let (_, key) = app.widget(workspace, "Сайт").await;
        let (visitor, _) = app.visitor(&key).await;
        let address = format!("{user}@shop.example");
        Self { app, smtp, workspace, owner, address, visitor, receiver: Receiver::start().await, said: 0 }
    }

    /// Makes a webhook: its id and its secret.
    async fn hook(&self, events: &[&str]) -> (String, String) {
        let made = self.owner.post("/api/v1/webhooks", json!({ "name": "Склад", "url": self.receiver.url, "events": events })).await;
        assert_eq!(made.status, 201, "{}", made.text);
        (text(&made.body, "id"), text(&made.body, "secret"))
    }

    /// The visitor writes: conversation and message.
    async fn says(&mut self, words: &str) -> (String, String) {
        self.said += 1;
        self.visitor.say(json!({ "type": "send", "client_id": format!("v-{}", self.said), "text": words })).await;
        let accepted = self.visitor.until(|frame| frame["type"] == "accepted").await.pop().unwrap();
        (text(&accepted["message"], "conversation"), text(&accepted["message"], "id"))
    }

    /// Puts the clock forward and lets everything look again.
    fn advance(&self, ms: i64) {
        self.app.world.advance_ms(ms);
        self.app.edge.gateway.do_send(Reconcile);
    }

    async fn log(&self, hook: &str, query: &str) -> Vec<Value> {
        let page = self.owner.get(&format!("/api/v1/webhooks/{hook}/deliveries?{query}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        page.body["items"].as_array().unwrap().clone()
    }

    async fn shown(&self, hook: &str) -> Value {
        self.owner.get(&format!("/api/v1/webhooks/{hook}")).await.body
    }

    /// Looks until it is so.
    async fn until(&self, what: &str, hook: &str, is: impl Fn(&Value, &[Value]) -> bool) -> (Value, Vec<Value>) {
        let limit = std::time::Instant::now() + PATIENCE;
        loop {
            let (shown, log) = (self.shown(hook).await, self.log(hook, "").await);
            if is(&shown, &log) {
                return (shown, log);
            }
            assert!(std::time::Instant::now() < limit, "it did not come: {what}: {shown} {log:?}");
            tokio::task::yield_now().await;
        }
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

macro_rules! on_both_engines {
    ($($module:ident: $($flow:ident),*;)*) => {
        $($(#[tokio::test]
        async fn $flow() {
            for redis in [false, true] {
                $module::$flow(Scene::new(redis).await).await;
            }
        })*)*
    };
}

on_both_engines! {
    fares: what_happens_is_told_signed_and_in_order, only_what_is_asked_for_is_told, a_customer_of_two_channels_is_told_by_each,
        what_fails_is_tried_again_and_holds_up_its_conversation,
        each_answer_has_its_end, one_that_takes_nothing_is_switched_off, a_slow_one_delays_no_other, a_form_says_what_is_wrong;
    kept: an_erased_message_is_blanked_in_what_was_stored, a_replaced_secret_signs_beside_the_new_one, too_many_that_wait_are_dropped_and_counted,
        the_log_is_bounded_and_goes_with_the_webhook, a_delivery_is_sent_again_under_its_id;
}
