//! The members of the workspace. Everybody may know who they are; who may do what is for admins and owners.

use std::collections::HashMap;

use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::conversations::Counted;
use crate::gateway::administration::access::{Sessions, revoke_sessions};
use crate::gateway::administration::notices;
use crate::gateway::administration::passwords;
use crate::gateway::administration::people::{self, MemberChange, NewMember, add_member, change_member, may_change};
use crate::gateway::administration::second_factor;
use crate::gateway::attendance::{self, Attends};
use crate::gateway::signals::{self, Signal};
use crate::gateway::supervisor::Post;
use crate::model::ids::{AccountId, UserId};
use crate::model::notice::Absence;
use crate::model::people::Member;
use crate::model::protocol::Role;
use crate::model::time::Time;
use crate::web::edge::Edge;
use crate::web::login::{AsAdmin, LoggedIn};
use crate::web::problem::{Problem, ProblemBody};

/// A member.
#[derive(Serialize, ToSchema)]
pub struct UserView {
    /// The user's id.
    #[schema(value_type = String)]
    id: UserId,
    /// The name.
    name: String,
    /// Whether they are away, and do not look at what comes.
    away: bool,
    /// Until when; none: until they say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    away_until: Option<Time>,
    /// Whether they have a page open now.
    here: bool,
    /// When they were last here; admins and owners only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    seen_at: Option<Time>,
    /// The e-mail; admins and owners only.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// What they may do.
    role: Role,
    /// The channels they may see, null: all; admins and owners only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Option<Vec<AccountId>>>,
    /// Since when; admins and owners only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Time>,
}

fn view(member: Member, whole: bool) -> UserView {
    UserView {
        id: member.user,
        name: member.name,
        email: whole.then_some(member.email),
        role: member.role,
        away: false,
        away_until: None,
        here: false,
        seen_at: None,
        channels: whole.then_some(member.channels),
        created_at: whole.then_some(member.created_at),
    }
}

fn read_id(text: &str) -> Result<UserId, Problem> {
    text.parse().map_err(|_| Problem::unknown("user"))
}

/// Which members.
#[derive(Deserialize, utoipa::IntoParams)]
pub struct ListUsers {
    /// Only who sees this channel; the caller must see it too.
    #[param(value_type = Option<String>)]
    sees: Option<AccountId>,
}

/// The members.
#[utoipa::path(tag = "users", operation_id = "list_users", params(ListUsers), responses((status = 200, body = Counted<UserView>)))]
#[get("/api/v1/users")]
pub(crate) async fn list(edge: Data<Edge>, LoggedIn(caller): LoggedIn, asked: Query<ListUsers>) -> Result<Json<Counted<UserView>>, Problem> {
    if asked.sees.is_some_and(|channel| !caller.access.sees(channel)) {
        return Err(Problem::unknown("channel"));
    }
    let members = people::members(&edge.house, caller.workspace).await?;
    let whole = caller.access.role >= Role::Admin;
    let absences = notices::absences(&edge.house, caller.workspace).await?;
    let attendance = attendance::all(&edge.house, caller.workspace).await?;
    let shown = members.into_iter().filter(|member| asked.sees.is_none_or(|channel| member.sees(channel)));
    Ok(Json(Counted::of(shown.map(|member| standing(member, whole, &absences, &attendance)).collect())))
}

/// A member with whether they are away, and here.
fn standing(member: Member, whole: bool, absences: &[Absence], attendance: &HashMap<UserId, Attends>) -> UserView {
    let absence = absences.iter().find(|absence| absence.user == member.user);
    let attends = attendance.get(&member.user);
    UserView {
        away: absence.is_some(),
        away_until: absence.and_then(|absence| absence.until),
        here: attends.is_some_and(|attends| attends.here),
        seen_at: attends.map(|attends| attends.seen_at).filter(|_| whole),
        ..view(member, whole)
    }
}

/// A new member.
#[derive(Deserialize, ToSchema)]
pub struct NewUser {
    /// The name.
    name: String,
    /// The e-mail they log in with.
    email: String,
    /// The password; who is known to this installation already keeps their own.
    password: String,
    /// What they may do; only an owner makes admins and owners.
    role: Role,
    /// The channels they may see; none: all.
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Vec<AccountId>>,
}

/// Add a member.
#[utoipa::path(tag = "users", operation_id = "create_user", request_body = NewUser, responses((status = 201, body = UserView), (status = 403, body = ProblemBody),
    (status = 409, description = "`email_taken`", body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/api/v1/users")]
pub(crate) async fn create(edge: Data<Edge>, AsAdmin(caller): AsAdmin, body: Json<NewUser>) -> Result<HttpResponse, Problem> {
    let NewUser { name, email, password, role, channels } = body.into_inner();
    may_change(caller.access.role, None, Some(role))?;
    let member = add_member(&edge.house, caller.workspace, &caller.actor(), NewMember { name, email, password, role, channels }).await?;
    Ok(HttpResponse::Created().json(view(member, true)))
}

/// What is to be changed of a member.
#[derive(Deserialize, ToSchema)]
pub struct ChangeUser {
    /// Another name.
    name: Option<String>,
    /// Another role.
    role: Option<Role>,
    /// Other channels; null: all.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Option<Vec<AccountId>>>,
}

/// A field that is there, be it null.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Vec<AccountId>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Change a member. Nobody changes who stands above them; the last owner stays one.
#[utoipa::path(tag = "users", operation_id = "change_user", params(("id" = String, Path)), request_body = ChangeUser, responses((status = 200, body = UserView),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, description = "`last_owner`", body = ProblemBody),
    (status = 422, body = ProblemBody)))]
#[patch("/api/v1/users/{id}")]
pub(crate) async fn change(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>, body: Json<ChangeUser>) -> Result<Json<UserView>, Problem> {
    let (user, body) = (read_id(&id)?, body.into_inner());
    let moves = body.role.is_some() || body.channels.is_some();
    let change = MemberChange { name: body.name, role: body.role, channels: body.channels, remove: false, by: Some(caller.access.role) };
    let member = change_member(&edge.house, caller.workspace, &caller.actor(), user, &change).await?;
    if moves {
        signals::send(&edge.house, caller.workspace, &Signal::Access { who: Some(user.to_string()) }).await;
    }
    let absences = notices::absences(&edge.house, caller.workspace).await?;
    let attendance = attendance::all(&edge.house, caller.workspace).await?;
    Ok(Json(standing(member, true, &absences, &attendance)))
}

/// Remove a member; their sessions here end.
#[utoipa::path(tag = "users", operation_id = "remove_user", params(("id" = String, Path)), responses((status = 204), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, description = "`last_owner`", body = ProblemBody)))]
#[delete("/api/v1/users/{id}")]
pub(crate) async fn remove(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let user = read_id(&id)?;
    let removal = MemberChange { remove: true, by: Some(caller.access.role), ..MemberChange::default() };
    change_member(&edge.house, caller.workspace, &caller.actor(), user, &removal).await?;
    revoke_sessions(&edge.house, user, Sessions::Of(caller.workspace)).await?;
    signals::send(&edge.house, caller.workspace, &Signal::Access { who: Some(user.to_string()) }).await;
    Ok(HttpResponse::NoContent().finish())
}

/// A new password.
#[derive(Deserialize, ToSchema)]
pub struct NewPassword {
    /// 8 to 200 characters.
    password: String,
}

/// Set the password of somebody who stands below the caller; their sessions end.
#[utoipa::path(tag = "users", operation_id = "set_user_password", params(("id" = String, Path)), request_body = NewPassword, responses((status = 204),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, description = "`member_elsewhere`", body = ProblemBody),
    (status = 422, description = "`password_length`", body = ProblemBody)))]
#[post("/api/v1/users/{id}/password")]
pub(crate) async fn set_password(
    edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>, body: Json<NewPassword>,
) -> Result<HttpResponse, Problem> {
    let user = read_id(&id)?;
    passwords::set_password(&edge.house, &caller, user, &body.password).await?;
    signals::send(&edge.house, caller.workspace, &Signal::Access { who: Some(user.to_string()) }).await;
    Ok(HttpResponse::NoContent().finish())
}

/// A link that was just made.
#[derive(Serialize, ToSchema)]
pub struct MadeLink {
    /// The path of its page on this server; whoever opens it sets the password. Told this once.
    path: String,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// Make a link to hand to somebody who stands below the caller and has forgotten their password. It works once, within an hour.
#[utoipa::path(tag = "users", operation_id = "make_password_link", params(("id" = String, Path)), responses((status = 201, body = MadeLink), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, description = "`member_elsewhere`", body = ProblemBody)))]
#[post("/api/v1/users/{id}/password-link")]
pub(crate) async fn password_link(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (token, reset) = passwords::make_link(&edge.house, &caller, read_id(&id)?).await?;
    let made = MadeLink { path: format!("/reset#{token}"), expires_at: reset.expires_at };
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(made))
}

/// Take away the second factor of somebody who lost it. Owners only.
#[utoipa::path(tag = "users", operation_id = "reset_second_factor", params(("id" = String, Path)), responses((status = 204), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, description = "`member_elsewhere`", body = ProblemBody)))]
#[delete("/api/v1/users/{id}/second-factor")]
pub(crate) async fn reset_second_factor(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    second_factor::reset(&edge.house, &caller, read_id(&id)?).await?;
    edge.gateway.do_send(Post);
    Ok(HttpResponse::NoContent().finish())
}
