//! What the CRM's users hear of what customers write.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Query};
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};

use super::{AsWidget, UserBody};
use crate::gateway::crm_widget::notices::{self, Shown};
use crate::gateway::crm_widget::same;
use crate::model::time::Time;
use crate::store::records::streams;
use crate::web::edge::Edge;
use crate::web::problem::{Problem, ProblemBody};

/// A page that hears nothing is answered after so long, and asks again.
const LONG: Duration = Duration::from_secs(25);

/// Whose key is asked for.
#[derive(Deserialize, ToSchema)]
pub struct KeyBody {
    /// Whose browser it is.
    user: UserBody,
}

/// A user's key.
#[derive(Serialize, ToSchema)]
pub struct UserKey {
    /// 32 hex digits: the same whenever they are asked for.
    key: String,
}

/// The key by which a user's browser hears of messages (H-AMO-61): its owner copies it, an admin of ours sets it beside the user.
#[utoipa::path(tag = "crm widget", operation_id = "widget_user_key", request_body = KeyBody, responses((status = 200, body = UserKey),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 429, body = ProblemBody)), security(()))]
#[post("/crm-widget/v1/user-keys")]
pub(crate) async fn user_key(edge: Data<Edge>, AsWidget(door): AsWidget, body: Json<KeyBody>) -> Result<Json<UserKey>, Problem> {
    Ok(Json(UserKey { key: edge.house.keyring.widget_user_key(door.connection.id, &body.user.id) }))
}

/// Who listens, since when.
#[derive(Deserialize, IntoParams)]
pub struct NoticesQuery {
    /// The user.
    user: String,
    /// Their key.
    key: String,
    /// What the answer before told as `cursor`; none: from now on.
    after: Option<u64>,
}

/// What is told.
#[derive(Serialize, ToSchema)]
pub struct NoticesView {
    /// In order; empty: nothing happened for a while, ask again.
    notices: Vec<NoticeView>,
    /// Where to go on.
    cursor: u64,
}

/// Something a customer wrote.
#[derive(Serialize, ToSchema)]
pub struct NoticeView {
    /// Rises with each.
    id: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Who wrote.
    title: String,
    /// By which channel.
    channel: String,
    /// What they wrote: its beginning.
    text: String,
    /// What it is beside words.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<String>,
    /// The contact in the CRM.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    /// The deal there.
    #[serde(skip_serializing_if = "Option::is_none")]
    deal: Option<String>,
}

impl From<Shown> for NoticeView {
    fn from(shown: Shown) -> Self {
        let Shown { number, at, title, channel, text, attachment, contact, deal } = shown;
        Self { id: number, at, title, channel, text, attachment, contact, deal }
    }
}

/// What customers wrote, for a user who hears of it: answered once there is something, or after 25 seconds.
#[utoipa::path(tag = "crm widget", operation_id = "widget_notices", params(NoticesQuery), responses((status = 200, body = NoticesView),
    (status = 401, body = ProblemBody), (status = 403, description = "`wrong_user_key`, `user_not_told`", body = ProblemBody),
    (status = 409, description = "`notices_off`", body = ProblemBody), (status = 429, body = ProblemBody)), security(()))]
#[get("/crm-widget/v1/notices")]
pub(crate) async fn listen(edge: Data<Edge>, AsWidget(door): AsWidget, query: Query<NoticesQuery>) -> Result<Json<NoticesView>, Problem> {
    let (house, NoticesQuery { user, key, after }) = (&edge.house, query.into_inner());
    if !same(&key, &house.keyring.widget_user_key(door.connection.id, &user)) {
        return Err(Problem::forbidden("wrong_user_key", "the key is not this user's"));
    }
    if !door.crm.widget().is_some_and(|widget| widget.tells(&door.connection)) {
        return Err(Problem::new(StatusCode::CONFLICT, "notices_off", "as the connection is set, nobody is told"));
    }
    if !door.hears(house, &user) {
        return Err(Problem::forbidden("user_not_told", "the key is not set beside this user, so nothing is told"));
    }
    let mut grown = house.store.workspace(door.workspace).watch(&streams::crm_notices(door.connection.id));
    let mut ending = edge.ending.subscribe();
    let until = Instant::now() + LONG;
    let (mut found, mut cursor) = notices::since(house, &door, &user, after).await?;
    while found.is_empty() && after.is_some() {
        tokio::select! {
            changed = grown.changed() => if changed.is_err() { break },
            _ = ending.wait_for(|ending| *ending) => break,
            () = tokio::time::sleep_until(until) => break,
        }
        (found, cursor) = notices::since(house, &door, &user, Some(cursor)).await?;
    }
    Ok(Json(NoticesView { notices: found.into_iter().map(Into::into).collect(), cursor }))
}
