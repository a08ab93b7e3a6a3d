//! How people get in: invites, passwords that were forgotten, the second factor, sessions, the first run. Over HTTP, with a mail server of
//! the tests; the same on both engines.

mod factor;
mod founding;
mod invites;
mod letters;
mod log;
mod passwords;
mod sessions;

use kommutator::gateway::administration::Actor;
use kommutator::gateway::administration::people::{NewMember, add_member};
use kommutator::model::ids::{UserId, WorkspaceId};
use kommutator::model::protocol::Role;
use serde_json::{Value, json};

use crate::support::app::{Answer, App, Client, Socket};
use crate::support::fake_smtp::FakeSmtp;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const PASSWORD: &str = "верный пароль";

/// The product, its mail server, and a workspace with an owner who is logged in.
struct Place {
    app: App,
    smtp: FakeSmtp,
    workspace: WorkspaceId,
    owner_id: UserId,
    owner: Client,
}

impl Place {
    async fn new(redis: bool) -> Self {
        let smtp = FakeSmtp::start().await;
        let settings = [("SMTP_URL", smtp.url.as_str()), ("MAIL_FROM", "Лавка <chat@shop.example>"), ("PUBLIC_URL", "https://chat.example")];
        let app = if redis { App::redis_with(&settings).await } else { App::sqlite_with(&settings).await };
        let workspace = app.workspace("Лавка <b>«Сова»</b>").await;
        let owner_id = person(&app, workspace, "owner@shop.example", Role::Owner).await;
        let owner = app.client(&app.session(workspace, owner_id).await);
        Self { app, smtp, workspace, owner_id, owner }
    }

    async fn person(&self, email: &str, role: Role) -> UserId {
        person(&self.app, self.workspace, email, role).await
    }

    async fn client(&self, user: UserId) -> Client {
        self.app.client(&self.app.session(self.workspace, user).await)
    }

    async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.app.nobody().post("/api/v1/login", json!({ "email": email, "password": password })).await
    }

    /// What the audit log says last.
    async fn last_line(&self) -> Value {
        self.owner.get("/api/v1/audit?limit=1").await.body["items"][0].clone()
    }
}

/// A member with a password that opens.
async fn person(app: &App, workspace: WorkspaceId, email: &str, role: Role) -> UserId {
    let new = NewMember { name: format!("Имя {email}"), email: email.into(), password: PASSWORD.into(), role, channels: None };
    add_member(app.house(), workspace, &Actor::command_line(), new).await.unwrap().user
}

/// Asks and compares status and code.
async fn expect(client: &Client, method: &str, path: &str, body: Value, wanted: &str) -> Answer {
    let answer = client.ask(method, path, body.clone()).await;
    assert_eq!(answer.short(), wanted, "{method} {path} {body}: {}", answer.text);
    answer
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// The code a socket is closed with; a quiet one is told its place now and then before that.
async fn end_of(socket: &mut Socket) -> Value {
    socket.until(|frame| frame.get("closed").is_some()).await.pop().unwrap()["closed"].clone()
}

/// What follows the `#` of a path that is told once.
fn token(body: &Value) -> String {
    text(body, "path").split('#').nth(1).unwrap().to_owned()
}

macro_rules! on_both_engines {
    ($($module:ident: $($flow:ident),*;)*) => {
        $($(#[tokio::test]
        async fn $flow() {
            for redis in [false, true] {
                $module::$flow(Place::new(redis).await).await;
            }
        })*)*
    };
}

on_both_engines! {
    invites: an_invite_lets_somebody_in_once, an_invite_ends, who_is_known_joins_with_their_own_password;
    passwords: a_letter_sets_a_new_password_once, a_link_for_a_colleague_lifts_nobody;
    factor: a_second_factor_asks_for_a_code, an_owner_takes_a_lost_factor_away;
    sessions: sessions_are_listed_and_ended, a_session_that_rests_ends, a_profile_is_kept;
    letters: letters_that_fail_are_shown_and_tried_again, a_letter_goes_out_once;
}
