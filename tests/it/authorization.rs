//! Who may do what: every route and every frame × every kind of caller. A route, method or frame without a row fails the test, and so
//! does a row without one. What is somebody else's answers exactly as what is not there.

use std::collections::{BTreeMap, BTreeSet};

use kommutator::gateway::administration::channels::create_hook;
use kommutator::gateway::administration::probe::create_probe_connection;
use kommutator::model::connection::UnansweredOutbound;
use kommutator::model::ids::{AccountId, ConnectionId, LoginId, QuarantineId, TokenId, UserId, WorkspaceId};
use kommutator::model::protocol::{Event, ManagerFrame, Role, ServerFrame, VisitorFrame};
use kommutator::model::reason::Reason;
use kommutator::store::batch::Batch;
use kommutator::store::records::Quarantine;
use kommutator::store::secrets::{VisitorClaims, VisitorId};
use kommutator::web::server::openapi;
use serde_json::{Value, json};

use crate::support::app::{Answer, App, Body, SHOP, Socket};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    /// Without a login.
    Nobody,
    /// The owner of another workspace.
    Stranger,
    /// A manager without access to the channel.
    Outsider,
    /// A manager with access to it.
    Insider,
    Admin,
    Owner,
    ManagerToken,
    AdminToken,
    OwnerToken,
    RevokedToken,
}

use Who::{Admin, AdminToken, Insider, ManagerToken, Nobody, Outsider, Owner, OwnerToken, RevokedToken, Stranger};

const EVERYBODY: [Who; 10] = [Nobody, Stranger, Outsider, Insider, Admin, Owner, ManagerToken, AdminToken, OwnerToken, RevokedToken];

/// What the callers are answered, beside that nobody and a revoked token are not logged in.
#[derive(Debug, Clone, Copy)]
enum May {
    /// Everybody, logged in or not, is answered this.
    Everybody(&'static str),
    /// Every member of any workspace, of their own.
    Members(&'static str),
    /// Every member who is a person; tokens are no people.
    People(&'static str),
    /// Every member of the workspace; others are answered the second, as if it were not there.
    WhoIsHere(&'static str, &'static str),
    /// Who sees the channel; others are answered the second, as if it were not there.
    WhoSees(&'static str, &'static str),
    /// The same, but a token is no person.
    PeopleWhoSee(&'static str, &'static str),
    /// Who sees the channel: managers, admins; the others, as if it were not there.
    ByRole(&'static str, &'static str, &'static str),
    /// Admins and owners, of their own.
    Admins(&'static str),
    /// Admins and owners; the owner of another workspace is answered the second.
    OurAdmins(&'static str, &'static str),
    /// Admins and owners who are people.
    AdminPeople(&'static str),
    /// Admins and owners who are people; the owner of another workspace is answered the second.
    OurAdminPeople(&'static str, &'static str),
    /// Owners who are people; the owner of another workspace is answered the second.
    OurOwners(&'static str, &'static str),
}

const NOT_LOGGED_IN: &str = "401 not_logged_in";
const ADMINS_ONLY: &str = "403 admins_only";
const PEOPLE_ONLY: &str = "403 people_only";
const OWNERS_ONLY: &str = "403 owners_only";

impl May {
    fn answer(self, who: Who) -> &'static str {
        let is_token = matches!(who, ManagerToken | AdminToken | OwnerToken);
        let is_manager = matches!(who, Outsider | Insider | ManagerToken);
        match (self, who) {
            (Self::Everybody(answer), _) => answer,
            (_, Nobody | RevokedToken) => NOT_LOGGED_IN,
            (Self::WhoIsHere(_, unknown), Stranger) => unknown,
            (Self::Members(answer) | Self::WhoIsHere(answer, _), _) => answer,
            (Self::People(_), _) if is_token => PEOPLE_ONLY,
            (Self::People(answer), _) => answer,
            (Self::PeopleWhoSee(..), _) if is_token => PEOPLE_ONLY,
            (Self::WhoSees(_, unknown) | Self::PeopleWhoSee(_, unknown) | Self::ByRole(_, _, unknown), Stranger | Outsider) => unknown,
            (Self::ByRole(manager, ..), _) if is_manager => manager,
            (Self::PeopleWhoSee(answer, _) | Self::ByRole(_, answer, _), _) => answer,
            (Self::WhoSees(answer, _), _) => answer,
            (_, _) if is_manager => ADMINS_ONLY,
            (Self::AdminPeople(_) | Self::OurAdminPeople(..) | Self::OurOwners(..), _) if is_token => PEOPLE_ONLY,
            (Self::OurAdmins(_, unknown) | Self::OurAdminPeople(_, unknown) | Self::OurOwners(_, unknown), Stranger) => unknown,
            (Self::OurOwners(..), Admin) => OWNERS_ONLY,
            (Self::Admins(answer) | Self::OurAdmins(answer, _), _) => answer,
            (Self::AdminPeople(answer) | Self::OurAdminPeople(answer, _) | Self::OurOwners(answer, _), _) => answer,
        }
    }
}

/// A row: method, path of the document, body, who may. `{id}` and the like are filled in, see [`World::fill`].
type Row = (&'static str, &'static str, fn(&World) -> Value, May);

fn nothing(_: &World) -> Value {
    Value::Null
}

const NOT_OURS: May = May::ByRole("403 not_your_message", "422 cannot_edit", "404 unknown_conversation");
const NOT_OURS_TO_DELETE: May = May::ByRole("403 not_your_message", "422 cannot_delete", "404 unknown_conversation");
fn founding(world: &World) -> Value {
    let email = format!("{}@shop.example", world.key());
    json!({ "code": "guess", "workspace": "Захват", "name": "Чужой", "email": email, "password": "new password", "locale": "ru", "time_zone": "UTC" })
}

const NO_KEY: May = May::Everybody("401 wrong_key");
const CUSTOMER: May = May::WhoSees("200", "404 unknown_customer");
const CONVERSATION: May = May::WhoSees("200", "404 unknown_conversation");

/// Every route × method of the document.
const ROUTES: &[Row] = &[
    ("POST", "/api/v1/login", |_| json!({ "email": "nobody@shop.example", "password": "guess" }), May::Everybody("401 wrong_login")),
    ("POST", "/api/v1/login/code", |_| json!({ "challenge": "guess", "code": "000000" }), May::Everybody("409 challenge_over")),
    ("GET", "/api/v1/setup", nothing, May::Everybody("200")),
    ("POST", "/api/v1/setup", founding, May::Everybody("409 setup_over")),
    ("POST", "/api/v1/password/forgot", |_| json!({ "email": "nobody@shop.example" }), May::Everybody("202")),
    ("POST", "/api/v1/password/look", |_| json!({ "token": "guess" }), May::Everybody("409 link_over")),
    ("POST", "/api/v1/password/reset", |_| json!({ "token": "guess", "password": "new password" }), May::Everybody("409 link_over")),
    ("POST", "/api/v1/invites/look", |_| json!({ "token": "guess" }), May::Everybody("409 invite_over")),
    (
        "POST",
        "/api/v1/invites/accept",
        |_| json!({ "token": "guess", "name": "new", "password": "new password", "locale": "ru" }),
        May::Everybody("409 invite_over"),
    ),
    ("POST", "/api/v1/logout", nothing, May::Members("204")),
    ("GET", "/api/v1/me", nothing, May::Members("200")),
    ("PATCH", "/api/v1/me", |_| json!({ "locale": "en" }), May::People("200")),
    ("POST", "/api/v1/me/password", |_| json!({ "current": "guess", "new": "new password" }), May::People("403 wrong_password")),
    ("GET", "/api/v1/me/profile", nothing, May::People("200")),
    ("GET", "/api/v1/me/sessions", nothing, May::People("200")),
    // Another's session is as one that is not.
    ("DELETE", "/api/v1/me/sessions/{id}", nothing, May::People("404 unknown_session")),
    ("POST", "/api/v1/me/sessions/end-others", nothing, May::People("204")),
    ("POST", "/api/v1/me/second-factor/confirm", |_| json!({ "code": "000000" }), May::People("409 factor_not_begun")),
    ("POST", "/api/v1/me/second-factor/begin", nothing, May::People("200")),
    ("POST", "/api/v1/me/second-factor/disable", |_| json!({ "password": "guess" }), May::People("403 wrong_password")),
    ("GET", "/api/v1/conversations", nothing, May::Members("200")),
    ("GET", "/api/v1/conversations/counters", nothing, May::Members("200")),
    ("GET", "/api/v1/conversations/{id}", nothing, CONVERSATION),
    ("GET", "/api/v1/conversations/{id}/messages", nothing, CONVERSATION),
    ("POST", "/api/v1/conversations/{id}/messages", |world| json!({ "client_id": world.key(), "text": "note", "note": true }), CONVERSATION),
    ("POST", "/api/v1/conversations/{id}/read", |world| json!({ "up_to": world.message }), CONVERSATION),
    ("POST", "/api/v1/conversations/{id}/close", nothing, CONVERSATION),
    ("POST", "/api/v1/conversations/{id}/reopen", nothing, CONVERSATION),
    ("POST", "/api/v1/conversations/{id}/assign", |world| json!({ "user": world.insider }), CONVERSATION),
    ("POST", "/api/v1/conversations/{id}/snooze", |_| json!({ "until": null }), CONVERSATION),
    ("POST", "/api/v1/conversations/{id}/unread", nothing, CONVERSATION),
    ("POST", "/api/v1/conversations/{id}/tags", |_| json!({}), CONVERSATION),
    ("POST", "/api/v1/conversations/{id}/block", |_| json!({ "blocked": false }), CONVERSATION),
    ("GET", "/api/v1/conversations/{id}/timeline", nothing, CONVERSATION),
    ("GET", "/api/v1/conversations/{id}/files", nothing, CONVERSATION),
    // Whose conversation it is shows in the answer, see `a_bulk_reaches_nobody_elses`.
    ("POST", "/api/v1/conversations/bulk", |_| json!({ "ids": [TokenId(1).to_string()], "do": "read" }), May::Members("200")),
    // A visitor's words are nobody's to change.
    ("PATCH", "/api/v1/conversations/{id}/messages/{message}", |_| json!({ "text": "other" }), NOT_OURS),
    ("DELETE", "/api/v1/conversations/{id}/messages/{message}", nothing, NOT_OURS_TO_DELETE),
    ("PUT", "/api/v1/conversations/{id}/messages/{message}/reaction", |_| json!({ "emoji": null }), CONVERSATION),
    ("POST", "/api/v1/conversations/{id}/messages/{message}/retry", nothing, May::WhoSees("409 nothing_to_retry", "404 unknown_conversation")),
    ("GET", "/api/v1/tags", nothing, May::Members("200")),
    ("POST", "/api/v1/tags", |world| json!({ "name": world.key() }), May::Members("201")),
    ("PATCH", "/api/v1/tags/{id}", |_| json!({ "colour": 1 }), May::OurAdmins("200", "404 unknown_tag")),
    ("DELETE", "/api/v1/tags/{id}", nothing, May::OurAdmins("204", "404 unknown_tag")),
    ("GET", "/api/v1/replies", nothing, May::Members("200")),
    ("POST", "/api/v1/replies", |world| json!({ "shared": true, "shortcut": world.key(), "text": "words" }), May::Admins("201")),
    ("PUT", "/api/v1/replies/{id}", |world| json!({ "shortcut": world.key(), "text": "words" }), May::OurAdmins("200", "404 unknown_reply")),
    ("DELETE", "/api/v1/replies/{id}", nothing, May::OurAdmins("204", "404 unknown_reply")),
    ("GET", "/api/v1/me/marks", nothing, May::People("200")),
    ("PUT", "/api/v1/me/marks/{id}", |_| json!({ "pinned": true }), May::PeopleWhoSee("204", "404 unknown_conversation")),
    ("GET", "/api/v1/me/drafts", nothing, May::People("200")),
    ("PUT", "/api/v1/me/drafts/{id}", |_| json!({ "text": "begun" }), May::PeopleWhoSee("204", "404 unknown_conversation")),
    ("GET", "/api/v1/me/notices", nothing, May::People("200")),
    ("PUT", "/api/v1/me/notices", |_| json!({}), May::People("200")),
    ("POST", "/api/v1/me/notices/test", |_| json!({ "means": "push" }), May::People("409 push_off")),
    ("PUT", "/api/v1/me/push", |_| json!({ "endpoint": "x", "keys": { "p256dh": "", "auth": "" } }), May::People("422 push_target_invalid")),
    // Another's device is as one that is not.
    ("DELETE", "/api/v1/me/push/{id}", nothing, May::People("404 unknown_device")),
    ("PUT", "/api/v1/me/away", |_| json!({ "away": false }), May::People("204")),
    ("GET", "/api/v1/conversations/{id}/person", nothing, CONVERSATION),
    ("POST", "/api/v1/conversations/{id}/outlook", |_| json!({ "text": "words" }), CONVERSATION),
    ("GET", "/api/v1/customers", nothing, May::Members("200")),
    ("POST", "/api/v1/customers", |world| json!({ "name": world.key() }), May::Members("201")),
    ("GET", "/api/v1/customers/{id}", nothing, CUSTOMER),
    ("GET", "/api/v1/customers/{id}/crm", nothing, CUSTOMER),
    ("PATCH", "/api/v1/customers/{id}", |_| json!({ "company": "Ромашка" }), CUSTOMER),
    ("POST", "/api/v1/customers/{id}/merge", |world| json!({ "into": world.customer }), CUSTOMER),
    ("POST", "/api/v1/customers/{id}/unmerge", nothing, CUSTOMER),
    ("POST", "/api/v1/customers/{id}/apart", |world| json!({ "from": world.customer }), CUSTOMER),
    ("GET", "/api/v1/search", nothing, May::Members("200")),
    ("GET", "/api/v1/overview", nothing, May::Members("200")),
    ("GET", "/api/v1/failures", nothing, May::Members("200")),
    ("GET", "/api/v1/ways", nothing, May::Members("200")),
    ("GET", "/api/v1/channels", nothing, May::Members("200")),
    ("POST", "/api/v1/channels", |world| json!({ "kind": "site_widget", "name": world.key(), "widget": { "origins": [] } }), May::Admins("201")),
    ("GET", "/api/v1/channels/{id}", nothing, May::WhoSees("200", "404 unknown_channel")),
    // A widget's visitors cannot be written to first; who does not see the widget does not hear even that.
    (
        "POST",
        "/api/v1/channels/{id}/messages",
        |world| json!({ "client_id": world.key(), "address": "+79990000000", "text": "Здравствуйте" }),
        May::WhoSees("422 cannot_write_first", "404 unknown_channel"),
    ),
    ("PATCH", "/api/v1/channels/{id}", |_| json!({ "active": true }), May::OurAdmins("200", "404 unknown_channel")),
    ("DELETE", "/api/v1/channels/{id}", nothing, May::OurAdmins("204", "404 unknown_channel")),
    ("GET", "/api/v1/channel-kinds", nothing, May::Members("200")),
    ("POST", "/api/v1/connecting", |_| json!({ "kind": "site_widget" }), May::Admins("422 kind_unknown")),
    ("GET", "/api/v1/connecting/{id}", nothing, May::Admins("404 unknown_connecting")),
    ("POST", "/api/v1/connecting/{id}", |_| json!({}), May::Admins("404 unknown_connecting")),
    ("DELETE", "/api/v1/connecting/{id}", nothing, May::Admins("404 unknown_connecting")),
    ("GET", "/api/v1/channels/{id}/choices/{field}", nothing, May::OurAdmins("422 kind_unknown", "404 unknown_channel")),
    ("POST", "/api/v1/channels/{id}/poll", nothing, May::OurAdmins("202", "404 unknown_channel")),
    ("GET", "/api/v1/crm-kinds", nothing, May::Members("200")),
    ("GET", "/api/v1/connections", nothing, May::Members("200")),
    ("GET", "/api/v1/connections/{id}", nothing, May::WhoIsHere("200", "404 unknown_connection")),
    ("PATCH", "/api/v1/connections/{id}", |_| json!({ "active": true }), May::OurAdmins("200", "404 unknown_connection")),
    ("DELETE", "/api/v1/connections/{id}", nothing, May::OurAdmins("204", "404 unknown_connection")),
    ("POST", "/api/v1/connections/{id}/key", nothing, May::OurAdmins("201", "404 unknown_connection")),
    ("GET", "/api/v1/connections/{id}/widget", nothing, May::OurAdmins("404 unknown_widget", "404 unknown_connection")),
    ("GET", "/api/v1/connections/{id}/settings", nothing, May::OurAdmins("200", "404 unknown_connection")),
    (
        "PUT",
        "/api/v1/connections/{id}/settings",
        |_| json!({ "values": { "chats": true, "stage_by": "same" } }),
        May::OurAdmins("200", "404 unknown_connection"),
    ),
    ("PUT", "/api/v1/connections/{id}/channels", |_| json!({ "channels": [] }), May::OurAdmins("200", "404 unknown_connection")),
    ("GET", "/api/v1/connections/{id}/app", nothing, May::OurAdmins("200", "404 unknown_connection")),
    ("PUT", "/api/v1/connections/{id}/app", |_| json!({ "values": {} }), May::OurAdmins("409 no_app", "404 unknown_connection")),
    ("POST", "/api/v1/connections/{id}/refresh", nothing, May::OurAdmins("202", "404 unknown_connection")),
    ("GET", "/api/v1/undelivered", nothing, May::Admins("200")),
    ("POST", "/api/v1/connections/{id}/again", nothing, May::OurAdmins("202", "404 unknown_connection")),
    (
        "POST",
        "/api/v1/conversations/{id}/messages/{message}/crm/{connection}/again",
        nothing,
        May::WhoSees("409 nothing_to_retry", "404 unknown_conversation"),
    ),
    ("GET", "/api/v1/channels/{id}/identity-secret", nothing, May::OurAdmins("200", "404 unknown_channel")),
    ("POST", "/api/v1/channels/{id}/identity-secret", |_| json!({}), May::OurAdmins("201", "404 unknown_channel")),
    ("GET", "/api/v1/users", nothing, May::Members("200")),
    (
        "POST",
        "/api/v1/users",
        |world| json!({ "name": "new", "email": format!("{}@shop.example", world.key()), "password": "password", "role": "manager" }),
        May::Admins("201"),
    ),
    ("PATCH", "/api/v1/users/{id}", |_| json!({ "name": "other" }), May::OurAdmins("200", "404 unknown_user")),
    ("DELETE", "/api/v1/users/{id}", nothing, May::OurAdmins("204", "404 unknown_user")),
    ("POST", "/api/v1/users/{id}/password", |_| json!({ "password": "other password" }), May::OurAdmins("204", "404 unknown_user")),
    ("POST", "/api/v1/users/{id}/password-link", nothing, May::OurAdminPeople("201", "404 unknown_user")),
    ("DELETE", "/api/v1/users/{id}/second-factor", nothing, May::OurOwners("204", "404 unknown_user")),
    ("GET", "/api/v1/invites", nothing, May::Admins("200")),
    ("POST", "/api/v1/invites", |world| json!({ "email": format!("{}@shop.example", world.key()), "role": "manager" }), May::AdminPeople("201")),
    ("POST", "/api/v1/invites/{id}/renew", nothing, May::OurAdminPeople("201", "404 unknown_invite")),
    ("DELETE", "/api/v1/invites/{id}", nothing, May::OurAdmins("204", "404 unknown_invite")),
    ("GET", "/api/v1/workspace", nothing, May::Admins("200")),
    ("PATCH", "/api/v1/workspace", |_| json!({ "time_zone": "UTC" }), May::Admins("200")),
    ("GET", "/api/v1/mail", nothing, May::Admins("200")),
    ("POST", "/api/v1/mail/test", nothing, May::AdminPeople("409 mail_off")),
    ("GET", "/api/v1/tokens", nothing, May::Admins("200")),
    ("POST", "/api/v1/tokens", |_| json!({ "name": "new", "role": "manager" }), May::AdminPeople("201")),
    ("DELETE", "/api/v1/tokens/{id}", nothing, May::OurAdmins("204", "404 unknown_token")),
    ("GET", "/api/v1/webhooks", nothing, May::Admins("200")),
    ("POST", "/api/v1/webhooks", |_| webhook(), May::Admins("201")),
    ("GET", "/api/v1/webhooks/{id}", nothing, May::OurAdmins("200", "404 unknown_webhook")),
    ("PATCH", "/api/v1/webhooks/{id}", |_| json!({ "name": "other" }), May::OurAdmins("200", "404 unknown_webhook")),
    ("POST", "/api/v1/webhooks/{id}/secret", nothing, May::OurAdmins("201", "404 unknown_webhook")),
    ("POST", "/api/v1/webhooks/{id}/test", nothing, May::OurAdmins("202", "404 unknown_webhook")),
    ("GET", "/api/v1/webhooks/{id}/deliveries", nothing, May::OurAdmins("200", "404 unknown_webhook")),
    ("GET", "/api/v1/webhooks/{id}/deliveries/{delivery}", nothing, May::OurAdmins("200", "404 unknown_webhook")),
    ("POST", "/api/v1/webhooks/{id}/deliveries/{delivery}/again", nothing, May::OurAdmins("202", "404 unknown_webhook")),
    ("DELETE", "/api/v1/webhooks/{id}", nothing, May::OurAdmins("204", "404 unknown_webhook")),
    ("GET", "/api/v1/audit", nothing, May::Admins("200")),
    ("GET", "/api/v1/quarantine", nothing, May::Admins("200")),
    ("GET", "/api/v1/quarantine/{id}", nothing, May::OurAdmins("200", "404 unknown_quarantine")),
    ("POST", "/api/v1/quarantine/{id}/replay", nothing, May::OurAdmins("200", "404 unknown_quarantine")),
    ("GET", "/hooks/{login}/{secret}", nothing, May::Everybody("200")),
    ("POST", "/hooks/{login}/{secret}", |_| json!("anything"), May::Everybody("200")),
    ("GET", "/hooks/crm/{connection}/{secret}", nothing, May::Everybody("404 unknown_hook")),
    ("POST", "/hooks/crm/{connection}/{secret}", |_| json!("anything"), May::Everybody("404 unknown_hook")),
    ("GET", "/hooks/app/{crm}/{name}", nothing, May::Everybody("404 unknown_hook")),
    ("POST", "/hooks/app/{crm}/{name}", |_| json!("anything"), May::Everybody("404 unknown_hook")),
    ("POST", "/api/v1/files", |_| json!("a file"), May::Members("201")),
    ("POST", "/api/v1/files/{id}/copy", nothing, May::WhoSees("201", "404 unknown_file")),
    ("GET", "/files/{workspace}/{file}/{variant}", nothing, May::Everybody("200")),
    ("GET", "/shared/{workspace}/{file}/{secret}", nothing, May::Everybody("404 unknown_file")),
    // A visitor's token opens it, a member's does not: see `a_visitor_is_no_member`.
    ("POST", "/widget/v1/files", |_| json!("a file"), May::Everybody("401 visitor_token_invalid")),
    // The key of a connection opens these, nobody's login does: see `crm::widget`.
    ("POST", "/crm-widget/v1/hello", |_| json!({ "account": 1, "user": { "id": 1 } }), NO_KEY),
    ("POST", "/crm-widget/v1/card", |_| json!({ "contacts": [] }), NO_KEY),
    ("POST", "/crm-widget/v1/start", |world| json!({ "id": "1", "conversation": world.conversation }), NO_KEY),
    ("POST", "/crm-widget/v1/files", |_| json!("a file"), NO_KEY),
    ("POST", "/crm-widget/v1/messages", |world| json!({ "id": "1", "conversation": world.conversation, "text": "a" }), NO_KEY),
    ("GET", "/crm-widget/v1/messages/{id}", nothing, NO_KEY),
    ("POST", "/crm-widget/v1/mailings", |_| json!({ "id": "1", "contacts": [], "text": "a" }), NO_KEY),
    ("GET", "/crm-widget/v1/mailings/{id}", nothing, NO_KEY),
    ("DELETE", "/crm-widget/v1/mailings/{id}", nothing, NO_KEY),
    ("POST", "/crm-widget/v1/user-keys", |_| json!({ "user": { "id": 1 } }), NO_KEY),
    ("GET", "/crm-widget/v1/notices", nothing, NO_KEY),
    ("OPTIONS", "/widget/v1/files", nothing, May::Everybody("204")),
    ("GET", "/healthz", nothing, May::Everybody("200")),
    ("GET", "/readyz", nothing, May::Everybody("200")),
    ("GET", "/metrics", nothing, May::Everybody("200")),
    ("GET", "/api/v1/openapi.json", nothing, May::Everybody("200")),
];

fn webhook() -> Value {
    json!({ "name": "ours", "url": "https://hooks.invalid/", "events": ["message.added"] })
}

/// What a manager's frame is answered: to who sees the conversation, and to who does not.
const MANAGER_FRAMES: &[(&str, &str, &str)] = &[
    ("hello", "ready", "ready"),
    ("send", "accepted", "unknown_conversation"),
    ("typing", "", "unknown_conversation"),
    ("viewing", "", "unknown_conversation"),
    ("read", "", "unknown_conversation"),
    ("watch", "", "unknown_conversation"),
];

/// What a visitor's frame about another visitor's conversation is answered; empty: nothing, and nobody hears of it.
const VISITOR_FRAMES: &[(&str, &str)] =
    &[("hello", "ready"), ("send", "accepted"), ("typing", ""), ("read", "unknown_message"), ("page", ""), ("rate", "episode_open"), ("leave", "")];

/// Which frames of the server carry something of a conversation, so that only who sees it may get them.
const SERVER_FRAMES: &[(&str, bool)] = &[
    ("ready", false),
    ("accepted", true),
    ("event", true),
    ("cursor", false),
    ("typing", true),
    ("viewing", true),
    ("presence", true),
    ("talk", true),
    ("error", false),
    ("reset", false),
];

/// What each event must be hidden from who does not see its channel.
const EVENTS: &[&str] =
    &["message.added", "message.updated", "conversation.updated", "channel.updated", "connection.updated", "customer.updated", "setting.updated"];

/// One workspace with everything in it, another one, and everybody who may ask.
struct World {
    app: App,
    workspace: WorkspaceId,
    elsewhere: WorkspaceId,
    channel: AccountId,
    crm: ConnectionId,
    login: LoginId,
    widget: String,
    other_widget: String,
    conversation: String,
    message: String,
    customer: String,
    file: String,
    sent_file: String,
    hook: String,
    people: BTreeMap<Who, UserId>,
    insider: UserId,
    tokens: BTreeMap<Who, String>,
    visitor: Socket,
}

const WORDS: &str = "Секретные слова посетителя";
const CHANNEL: &str = "Тайный канал";

/// A connection to a CRM that is not there.
async fn connection(app: &App, workspace: WorkspaceId, login: LoginId) -> ConnectionId {
    let nowhere = Some("http://127.0.0.1:1");
    create_probe_connection(app.house(), workspace, login, &[], UnansweredOutbound::Export, nowhere).await.unwrap()
}

impl World {
    async fn new(app: App) -> Self {
        let (workspace, elsewhere) = (app.workspace("Наши").await, app.workspace("Чужие").await);
        let (account, widget) = app.widget(workspace, CHANNEL).await;
        let (other, other_widget) = app.widget(workspace, "Другой канал").await;
        let mut people = BTreeMap::new();
        people.insert(Stranger, app.member(elsewhere, Role::Owner, None).await);
        people.insert(Outsider, app.member(workspace, Role::Manager, Some(vec![other.id])).await);
        people.insert(Insider, app.member(workspace, Role::Manager, Some(vec![account.id])).await);
        people.insert(Admin, app.member(workspace, Role::Admin, None).await);
        people.insert(Owner, app.member(workspace, Role::Owner, None).await);
        let maker = people[&Owner];
        let mut tokens = BTreeMap::new();
        tokens.insert(ManagerToken, app.token(workspace, maker, Role::Manager, Some(vec![account.id])).await.1);
        tokens.insert(AdminToken, app.token(workspace, maker, Role::Admin, None).await.1);
        tokens.insert(OwnerToken, app.token(workspace, maker, Role::Owner, None).await.1);
        let (revoked, secret) = app.token(workspace, maker, Role::Owner, None).await;
        tokens.insert(RevokedToken, secret);
        let owner = app.client(&app.session(workspace, maker).await);
        assert_eq!(owner.ask("DELETE", &format!("/api/v1/tokens/{revoked}"), Value::Null).await.status, 204);
        let (mut visitor, _) = app.visitor(&widget).await;
        visitor.say(json!({ "type": "send", "client_id": "first", "text": WORDS })).await;
        let accepted = visitor.until(|frame| frame["type"] == "accepted").await.pop().unwrap();
        let text = |name: &str| accepted["message"][name].as_str().unwrap().to_owned();
        let file = owner.ask("POST", "/api/v1/files?name=a.txt", Body::Bytes(b"words".to_vec())).await.body["url"].as_str().unwrap().to_owned();
        let upload = owner.ask("POST", "/api/v1/files?name=b.txt", Body::Bytes(b"sent".to_vec())).await.body["id"].clone();
        let path = format!("/api/v1/conversations/{}", text("conversation"));
        let note = json!({ "client_id": "with-a-file", "note": true, "attachments": [upload] });
        let sent_file = owner.post(&format!("{path}/messages"), note).await.body["message"]["attachments"][0]["id"].as_str().unwrap().to_owned();
        let customer = owner.get(&format!("{path}/person")).await.body["customer"].as_str().unwrap().to_owned();
        let hook = create_hook(app.house(), workspace, account.login).await.unwrap();
        let crm = connection(&app, workspace, account.login).await;
        Self {
            workspace,
            elsewhere,
            channel: account.id,
            crm,
            login: account.login,
            widget,
            other_widget,
            conversation: text("conversation"),
            message: text("id"),
            customer,
            sent_file,
            file,
            hook,
            insider: people[&Insider],
            people,
            tokens,
            visitor,
            app,
        }
    }

    /// One more connection to a CRM.
    async fn connection(&self) -> ConnectionId {
        connection(&self.app, self.workspace, self.login).await
    }

    /// A text no other call gives.
    fn key(&self) -> String {
        self.app.house().world.secret::<8>()
    }

    /// A secret of the caller's own; people get a new session each time, so that one may log out.
    async fn secret(&self, who: Who) -> Option<String> {
        match (self.people.get(&who), self.tokens.get(&who)) {
            (Some(user), _) => {
                let workspace = if who == Stranger { self.elsewhere } else { self.workspace };
                Some(self.app.session(workspace, *user).await)
            }
            (None, token) => token.cloned(),
        }
    }

    /// The path of a row with everything filled in: what is changed or taken away is made anew for each call. `unknown`: ids of nothing.
    async fn fill(&self, method: &str, path: &str, unknown: bool) -> String {
        let nobody_has = self.app.house().world.id();
        let id = match path.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default() {
            // A walk is its own person's: whoever else asks knows of none.
            _ if unknown || path.contains("/connecting/") || path.starts_with("/crm-widget/") => TokenId(nobody_has).to_string(),
            "conversations" => self.conversation.clone(),
            "tags" => self.made("tags", json!({ "name": self.key() })).await,
            "replies" => self.made("replies", json!({ "shared": true, "shortcut": self.key(), "text": "words" })).await,
            "channels" if method == "DELETE" => self.app.widget(self.workspace, &self.key()).await.0.id.to_string(),
            "channels" => self.channel.to_string(),
            "connections" if method == "DELETE" => self.connection().await.to_string(),
            "connections" => self.crm.to_string(),
            "users" => self.app.member(self.workspace, Role::Manager, None).await.to_string(),
            "tokens" => self.app.token(self.workspace, self.people[&Owner], Role::Manager, None).await.0.to_string(),
            "quarantine" => self.quarantine().await.to_string(),
            "customers" if path.ends_with("merge") || path.ends_with("apart") => self.another_customer(path.ends_with("unmerge")).await,
            "customers" => self.customer.clone(),
            "files" => self.sent_file.clone(),
            "invites" => self.invite().await,
            "webhooks" => self.webhook().await,
            "me" if path.contains("/sessions/") => self.session_of_another().await,
            "me" => self.conversation.clone(),
            _ => String::new(),
        };
        let message = if unknown { format!("{id}0000001") } else { self.message.clone() };
        match path {
            "/files/{workspace}/{file}/{variant}" => self.file.clone(),
            "/shared/{workspace}/{file}/{secret}" => format!("/shared/1/{}/guessed", self.sent_file),
            "/api/v1/files" | "/crm-widget/v1/files" => format!("{path}?name=a.txt"),
            "/crm-widget/v1/notices" => format!("{path}?user=1&key=guess"),
            "/api/v1/search" => format!("{path}?q=секретные"),
            "/api/v1/ways" => format!("{path}?address=anna"),
            "/widget/v1/files" => format!("{path}?widget={}&name=a.txt", self.widget),
            path if path.contains("{field}") => path.replace("{id}", &id).replace("{field}", "model"),
            path if path.contains("{delivery}") => {
                let delivery = if unknown { id.clone() } else { self.made(&format!("webhooks/{id}/test"), Value::Null).await };
                path.replace("{id}", &id).replace("{delivery}", &delivery)
            }
            _ => path
                .replace("{id}", &id)
                .replace("{message}", &message)
                .replace("{connection}", &self.crm.to_string())
                .replace("{login}", &self.login.to_string())
                .replace("{secret}", &self.hook),
        }
    }

    /// The id of something the owner makes.
    async fn made(&self, what: &str, body: Value) -> String {
        let owner = self.app.client(&self.app.session(self.workspace, self.people[&Owner]).await);
        owner.post(&format!("/api/v1/{what}"), body).await.body["id"].as_str().unwrap().to_owned()
    }

    /// One there is, or a new one.
    async fn webhook(&self) -> String {
        let owner = self.app.client(&self.app.session(self.workspace, self.people[&Owner]).await);
        match owner.get("/api/v1/webhooks").await.body["items"][0]["id"].as_str() {
            Some(id) => id.to_owned(),
            None => self.made("webhooks", webhook()).await,
        }
    }

    /// Somebody who wrote nothing; `merged`: and is one with who did.
    async fn another_customer(&self, merged: bool) -> String {
        let made = self.made("customers", json!({ "name": self.key() })).await;
        if merged {
            let owner = self.app.client(&self.app.session(self.workspace, self.people[&Owner]).await);
            assert_eq!(owner.post(&format!("/api/v1/customers/{made}/merge"), json!({ "into": self.customer })).await.status, 200);
        }
        made
    }

    async fn invite(&self) -> String {
        let owner = self.app.client(&self.app.session(self.workspace, self.people[&Owner]).await);
        let made = owner.post("/api/v1/invites", json!({ "email": format!("{}@shop.example", self.key()), "role": "manager" })).await;
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// A session of a member nobody here is.
    async fn session_of_another(&self) -> String {
        let other = self.app.member(self.workspace, Role::Manager, None).await;
        let client = self.app.client(&self.app.session(self.workspace, other).await);
        client.get("/api/v1/me/sessions").await.body["items"][0]["id"].as_str().unwrap().to_owned()
    }

    async fn quarantine(&self) -> QuarantineId {
        let world = &self.app.house().world;
        let record = Quarantine {
            id: QuarantineId(world.id()),
            at: world.now(),
            login: Some(self.login),
            connection: None,
            provider: "site_widget".to_owned(),
            reason: Reason::new("unreadable"),
            payload: data_encoding::BASE64.encode(b"{\"k\":\"reload\"}"),
            stream: None,
            replayed_at: None,
        };
        let mut batch = Batch::new();
        batch.insert(&record).unwrap();
        self.app.house().store.workspace(self.workspace).commit(batch).await.unwrap();
        record.id
    }

    async fn ask(&self, who: Who, row: &Row, unknown: bool) -> Answer {
        let (method, path, body, _) = row;
        let mut client = self.app.nobody();
        // A visitor's upload needs a secret to be refused for.
        let secret = self.secret(who).await.or_else(|| (*path == "/widget/v1/files").then(|| "none".to_owned()));
        if let Some(secret) = secret {
            client = self.app.client(&secret);
        }
        if *path == "/widget/v1/files" {
            client = client.on_page_of(SHOP);
        }
        client.ask(method, &self.fill(method, path, unknown).await, body(self)).await
    }

    /// What nobody may read who does not see the channel.
    fn secrets(&self) -> [&str; 5] {
        [&self.conversation, &self.message, &self.customer, WORDS, CHANNEL]
    }
}

/// Every operation of the OpenAPI document.
fn documented() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut operations = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|key| !["parameters", "summary", "description", "servers"].contains(&key.as_str())) {
            operations.insert((method.to_uppercase(), path.clone()));
        }
    }
    operations
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let rows: Vec<(String, String)> = ROUTES.iter().map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned())).collect();
    let table: BTreeSet<_> = rows.iter().cloned().collect();
    assert_eq!(rows.len(), table.len(), "a row stands twice");
    let documented = documented();
    let missing: Vec<_> = documented.difference(&table).collect();
    let superfluous: Vec<_> = table.difference(&documented).collect();
    assert!(missing.is_empty() && superfluous.is_empty(), "without a row: {missing:?}; without a route: {superfluous:?}");
}

#[test]
fn every_frame_has_a_row() {
    let same = |table: Vec<&str>, list: &[&str]| {
        assert_eq!(table.iter().collect::<BTreeSet<_>>(), list.iter().collect::<BTreeSet<_>>());
    };
    same(MANAGER_FRAMES.iter().map(|row| row.0).collect(), ManagerFrame::TYPES);
    same(VISITOR_FRAMES.iter().map(|row| row.0).collect(), VisitorFrame::TYPES);
    same(SERVER_FRAMES.iter().map(|row| row.0).collect(), ServerFrame::TYPES);
    same(EVENTS.to_vec(), Event::KINDS);
}

#[tokio::test]
async fn routes_on_sqlite() {
    routes(World::new(App::sqlite().await).await).await;
}

#[tokio::test]
async fn routes_on_redis() {
    routes(World::new(App::redis().await).await).await;
}

async fn routes(world: World) {
    let mut wrong = Vec::new();
    for row in ROUTES {
        let (method, path, _, may) = row;
        for who in EVERYBODY {
            let answer = world.ask(who, row, false).await;
            let wanted = may.answer(who);
            if answer.short() != wanted {
                wrong.push(format!("{method} {path} as {who:?}: {} instead of {wanted}", answer.short()));
            }
            let sees_nothing = matches!(who, Nobody | Stranger | Outsider | RevokedToken);
            if sees_nothing && let Some(secret) = world.secrets().iter().find(|secret| answer.text.contains(**secret)) {
                wrong.push(format!("{method} {path} as {who:?} tells «{secret}»"));
            }
            // What is somebody else's is not there.
            let is_elses = who == Stranger || (who == Outsider && !matches!(may, May::WhoIsHere(..)));
            if path.contains("{id}") && is_elses && wanted != ADMINS_ONLY {
                let unknown = world.ask(who, row, true).await;
                if unknown != answer {
                    wrong.push(format!("{method} {path} as {who:?}: {answer:?} tells it from the unknown {unknown:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // And who sees it finds it.
    for who in [Insider, Admin, Owner, ManagerToken] {
        let row = ROUTES.iter().find(|row| row.1 == "/api/v1/search").unwrap();
        assert!(world.ask(who, row, false).await.text.contains(WORDS), "{who:?}");
    }
}

#[tokio::test]
async fn links_to_files_open_nothing_else() {
    let world = World::new(App::sqlite().await).await;
    let nobody = world.app.nobody();
    let (path, query) = world.file.split_once('?').unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    let other = format!("/files/{}/{}/content?{query}", world.elsewhere, parts[3]);
    let another = format!("/files/{}/{}/content?{query}", world.workspace, TokenId(7));
    let thumbnail = format!("/files/{}/{}/thumbnail?{query}", world.workspace, parts[3]);
    let later = world.file.replace("expires=", "expires=9");
    for forged in [other, another, thumbnail, later, format!("{path}?expires=99999999999&signature=")] {
        assert_eq!(nobody.get(&forged).await.short(), "404 unknown_file", "{forged}");
    }
}

#[tokio::test]
async fn a_visitor_is_no_member() {
    let world = World::new(App::sqlite().await).await;
    let claims = |widget: &str| {
        let visitor = VisitorId::random(world.app.house().world.as_ref());
        let claims = VisitorClaims { widget_key: widget.to_owned(), visitor, issued: world.app.house().world.now() };
        world.app.house().keyring.make_visitor_token(&claims)
    };
    let (own, other) = (claims(&world.widget), claims(&world.other_widget));
    let path = format!("/widget/v1/files?widget={}&name=a.txt", world.widget);
    for (token, wanted) in [(&own, "201"), (&other, "401 visitor_token_invalid")] {
        let answer = world.app.client(token).on_page_of(SHOP).ask("POST", &path, Body::Bytes(b"x".to_vec())).await;
        assert_eq!(answer.short(), wanted);
    }
    assert_eq!(world.app.client(&own).get("/api/v1/me").await.short(), NOT_LOGGED_IN);
    let mut socket = world.app.manager_socket().await;
    socket.say(json!({ "type": "hello", "token": own })).await;
    assert_eq!(socket.next().await["code"], "not_logged_in");
    assert_eq!(socket.next().await["closed"], 4401);
}

fn short(frame: &Value) -> &str {
    if frame["type"] == "error" { frame["code"].as_str().unwrap() } else { frame["type"].as_str().unwrap_or("closed") }
}

/// A frame of this type about our conversation.
fn frame(kind: &str, world: &World) -> Value {
    match kind {
        "send" => json!({ "type": kind, "client_id": world.key(), "conversation": world.conversation, "text": "note", "note": true }),
        "read" => json!({ "type": kind, "conversation": world.conversation, "up_to": world.message }),
        "typing" | "watch" => json!({ "type": kind, "conversation": world.conversation }),
        "viewing" => json!({ "type": kind, "conversation": world.conversation, "on": true }),
        other => panic!("no frame for {other}"),
    }
}

#[tokio::test]
async fn a_bulk_reaches_nobody_elses() {
    let world = World::new(App::sqlite().await).await;
    let nothing = TokenId(world.app.house().world.id()).to_string();
    for (who, done) in [(Stranger, 0), (Outsider, 0), (Insider, 1), (Owner, 1), (ManagerToken, 1)] {
        let client = world.app.client(&world.secret(who).await.unwrap());
        let body = |ids: [&str; 2]| json!({ "ids": ids, "do": "tag", "on": [] });
        let answer = client.post("/api/v1/conversations/bulk", body([&world.conversation, &nothing])).await.body;
        assert_eq!(answer["done"].as_array().unwrap().len(), done, "{who:?}");
        let failed = answer["failed"].as_array().unwrap();
        assert_eq!(failed.len(), 2 - done, "{who:?}");
        assert!(failed.iter().all(|one| one["code"] == "unknown_conversation"), "the foreign answers as the unknown: {failed:?}");
    }
}

#[tokio::test]
async fn managers_frames() {
    let world = World::new(App::sqlite().await).await;
    for who in EVERYBODY {
        let Some(secret) = world.secret(who).await else {
            let mut socket = world.app.manager_socket().await;
            socket.say(json!({ "type": "hello" })).await;
            assert_eq!((short(&socket.next().await), &socket.next().await["closed"]), ("not_logged_in", &json!(4401)), "{who:?}");
            continue;
        };
        let sees = !matches!(who, Stranger | Outsider);
        let mut socket = world.app.manager_socket().await;
        for (kind, granted, refused) in MANAGER_FRAMES {
            if *kind == "hello" {
                socket.say(json!({ "type": kind, "token": secret })).await;
                let answer = socket.next().await;
                if who == RevokedToken {
                    assert_eq!((short(&answer), &socket.next().await["closed"]), ("not_logged_in", &json!(4401)));
                    break;
                }
                assert_eq!(short(&answer), *granted);
                continue;
            }
            let said = frame(kind, &world);
            socket.say(said.clone()).await;
            if !sees {
                let answer = socket.next().await;
                assert_eq!(short(&answer), *refused, "{kind} as {who:?}");
                // The same frame about nothing gets the same words.
                let mut unknown = said;
                unknown["conversation"] = json!("0000000000001");
                if *kind == "read" {
                    unknown["up_to"] = json!("00000000000010000001");
                }
                socket.say(unknown).await;
                let mut same = socket.next().await;
                if let Some(key) = answer.get("client_id") {
                    same["client_id"] = key.clone();
                }
                assert_eq!(same, answer, "{kind} as {who:?} tells the foreign from the unknown");
            } else if granted.is_empty() {
                // Nothing is said but what it brings about; a frame that is refused is answered in order.
                socket.say(json!({ "type": "typing", "conversation": "0000000000001" })).await;
                let frames = socket.until(|frame| short(frame) == "unknown_conversation").await;
                assert_eq!(frames.iter().filter(|frame| frame["type"] == "error").count(), 1, "{kind} as {who:?}: {frames:?}");
            } else {
                socket.until(|frame| short(frame) == *granted).await;
            }
        }
    }
}

#[tokio::test]
async fn visitors_frames() {
    let mut world = World::new(App::sqlite().await).await;
    let (mut other, _) = world.app.visitor(&world.widget).await;
    for (kind, answered) in VISITOR_FRAMES {
        match *kind {
            "hello" => {}
            "send" => {
                // Neither another's message can be answered nor another's file be sent.
                let file = world.file.split('/').nth(3).unwrap();
                let theirs = [(json!({ "reply_to": world.message }), "unknown_message"), (json!({ "attachments": [file] }), "unknown_file")];
                for (part, refused) in theirs {
                    let mut said = json!({ "type": kind, "client_id": world.key(), "text": "Моё" });
                    said.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
                    other.say(said).await;
                    assert_eq!(short(&other.next().await), refused);
                }
                // A visitor names no conversation.
                other.say(json!({ "type": kind, "client_id": "theirs", "text": "Моё", "conversation": world.conversation })).await;
                let accepted = other.until(|frame| short(frame) == *answered).await.pop().unwrap();
                assert_ne!(accepted["message"]["conversation"], world.conversation.as_str());
            }
            "typing" => other.say(json!({ "type": kind, "conversation": world.conversation })).await,
            "read" => {
                other.say(json!({ "type": kind, "up_to": world.message })).await;
                let answer = other.until(|frame| frame["type"] == "error").await.pop().unwrap();
                assert_eq!(short(&answer), *answered);
            }
            // They name no conversation: it is the visitor's own.
            "page" => other.say(json!({ "type": kind, "page": { "url": "https://shop.example/mine" }, "conversation": world.conversation })).await,
            "rate" => {
                other.say(json!({ "type": kind, "episode": 1, "rating": 5, "conversation": world.conversation })).await;
                assert_eq!(short(&other.until(|frame| frame["type"] == "error").await.pop().unwrap()), *answered);
            }
            "leave" => other.say(json!({ "type": kind })).await,
            other => panic!("no frame for {other}"),
        }
    }
    // What is written to the one never reaches the other: the first thing each gets is their own.
    let owner = world.app.client(&world.secret(Owner).await.unwrap());
    let path = format!("/api/v1/conversations/{}/messages", world.conversation);
    assert_eq!(owner.post(&path, json!({ "client_id": "inside", "text": "Только между нами", "note": true })).await.status, 200);
    assert_eq!(owner.post(&path, json!({ "client_id": "answer", "text": "Ответ первому" })).await.status, 200);
    let frames = world.visitor.until(|frame| frame["event"]["message"]["text"] == "Ответ первому").await;
    assert!(frames.iter().all(|frame| !frame.to_string().contains("между нами") && !frame.to_string().contains("Моё")), "{frames:?}");
    other.say(json!({ "type": "send", "client_id": "end", "text": "Конец" })).await;
    let frames = other.until(|frame| frame["client_id"] == "end").await;
    assert!(frames.iter().all(|frame| !frame.to_string().contains(&world.conversation)), "{frames:?}");
    // A page of another site, a widget's key that is none.
    let mut refused = world.app.visitor_socket("none").await;
    assert_eq!((short(&refused.next().await), &refused.next().await["closed"]), ("unknown_widget", &json!(4401)));
}

#[tokio::test]
async fn events_on_sqlite() {
    events(World::new(App::sqlite().await).await).await;
}

#[tokio::test]
async fn events_on_redis() {
    events(World::new(App::redis().await).await).await;
}

/// Everything that happens in the channel, and then a sign that everybody gets who listens to their own.
async fn events(mut world: World) {
    let mut sockets = BTreeMap::new();
    for who in [Stranger, Outsider, Insider, Admin, Owner, ManagerToken, AdminToken, OwnerToken] {
        sockets.insert(who, world.app.manager(&world.secret(who).await.unwrap()).await);
    }
    let owner = world.app.client(&world.secret(Owner).await.unwrap());
    world.visitor.say(json!({ "type": "typing" })).await;
    world.visitor.say(json!({ "type": "send", "client_id": "second", "text": WORDS })).await;
    world.visitor.until(|frame| frame["client_id"] == "second").await;
    let path = format!("/api/v1/conversations/{}", world.conversation);
    let sent = owner.post(&format!("{path}/messages"), json!({ "client_id": "back", "text": "Ответ" })).await;
    assert_eq!(sent.status, 200);
    let up_to = sent.body["message"]["id"].as_str().unwrap();
    // The visitor saw it: the message changes.
    world.visitor.say(json!({ "type": "read", "up_to": up_to })).await;
    world.visitor.until(|frame| frame["event"]["kind"] == "message.updated").await;
    assert_eq!(owner.post(&format!("{path}/close"), Value::Null).await.status, 200);
    assert_eq!(owner.post("/api/v1/tags", json!({ "name": "оптовик" })).await.status, 201);
    assert_eq!(owner.patch(&format!("/api/v1/customers/{}", world.customer), json!({ "company": "Ромашка" })).await.status, 200);
    let mut looks = world.app.manager(&world.secret(Owner).await.unwrap()).await;
    looks.say(frame("viewing", &world)).await;
    looks.until(|frame| frame["type"] == "viewing").await;
    assert_eq!(owner.patch(&format!("/api/v1/connections/{}", world.crm), json!({ "active": true })).await.status, 200);
    assert_eq!(owner.patch(&format!("/api/v1/channels/{}", world.channel), json!({ "active": true })).await.status, 200);
    // The sign: in the other channel of ours, and in the other workspace.
    let (mut sign, _) = world.app.visitor(&world.other_widget).await;
    sign.say(json!({ "type": "send", "client_id": "sign", "text": "Знак" })).await;
    let (_, widget) = world.app.widget(world.elsewhere, "Чужой сайт").await;
    let (mut sign_elsewhere, _) = world.app.visitor(&widget).await;
    sign_elsewhere.say(json!({ "type": "send", "client_id": "sign", "text": "Знак" })).await;
    let is_sign = |frame: &Value| frame["event"]["message"]["text"] == "Знак";
    for (who, mut socket) in sockets {
        let sees_all = matches!(who, Admin | Owner | AdminToken | OwnerToken);
        let sees_ours = sees_all || matches!(who, Insider | ManagerToken);
        let is_last = |frame: &Value| if sees_ours && !sees_all { frame["event"]["kind"] == "channel.updated" } else { is_sign(frame) };
        let frames = socket.until(is_last).await;
        let about_ours = |frame: &&Value| {
            let text = frame.to_string();
            world.secrets().iter().any(|secret| text.contains(secret)) || text.contains(&world.channel.to_string())
        };
        if !sees_ours {
            let told: Vec<_> = frames.iter().filter(about_ours).collect();
            assert!(told.is_empty(), "{who:?} is told {told:?}");
            continue;
        }
        let kinds: BTreeSet<&str> = frames.iter().filter_map(|frame| frame["event"]["kind"].as_str()).collect();
        assert_eq!(kinds, EVENTS.iter().copied().collect(), "{who:?}");
        assert!(frames.iter().any(|frame| frame["type"] == "typing" && frame["conversation"] == world.conversation.as_str()), "{who:?}");
        assert!(frames.iter().any(|frame| frame["type"] == "viewing" && frame["on"] == true), "{who:?}");
        let carrying: BTreeSet<&str> = SERVER_FRAMES.iter().filter(|row| row.1).map(|row| row.0).collect();
        assert!(frames.iter().filter(about_ours).all(|frame| carrying.contains(short(frame))), "{who:?}");
    }
}
