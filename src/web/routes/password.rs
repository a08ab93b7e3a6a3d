//! A password that was forgotten: a letter is asked for, its link sets a new one. Nothing here tells who has an account.

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::gateway::administration::passwords;
use crate::gateway::signals::{self, Signal};
use crate::gateway::supervisor::Post;
use crate::web::edge::Edge;
use crate::web::login::{address, own_page};
use crate::web::problem::{Problem, ProblemBody};

/// Who has forgotten.
#[derive(Deserialize, ToSchema)]
pub struct Forgotten {
    /// The e-mail of the account.
    email: String,
}

/// Ask for a letter with a link that sets a new password. The answer is the same whether there is such an account or not.
#[utoipa::path(tag = "session", operation_id = "forgot_password", request_body = Forgotten, responses((status = 202), (status = 429, body = ProblemBody)), security(()))]
#[post("/api/v1/password/forgot")]
pub(crate) async fn forgot(edge: Data<Edge>, request: HttpRequest, body: Json<Forgotten>) -> Result<HttpResponse, Problem> {
    edge.limits.letter(address(&request, &edge), &body.email)?;
    own_page(&request, &edge)?;
    passwords::ask_for_link(&edge.house, &body.email).await?;
    edge.gateway.do_send(Post);
    Ok(HttpResponse::Accepted().finish())
}

/// A link's secret.
#[derive(Deserialize, ToSchema)]
pub struct LinkSecret {
    /// What follows the `#`.
    token: String,
}

impl LinkSecret {
    pub(super) fn token(&self) -> &str {
        &self.token
    }
}

/// Whose password it is.
#[derive(Serialize, ToSchema)]
pub struct LinkView {
    /// The e-mail.
    email: String,
}

/// Whose password a link sets.
#[utoipa::path(tag = "session", operation_id = "look_at_password_link", request_body = LinkSecret, responses((status = 200, body = LinkView),
    (status = 409, description = "`link_over`", body = ProblemBody)), security(()))]
#[post("/api/v1/password/look")]
pub(crate) async fn look(edge: Data<Edge>, request: HttpRequest, body: Json<LinkSecret>) -> Result<Json<LinkView>, Problem> {
    edge.limits.request(address(&request, &edge))?;
    own_page(&request, &edge)?;
    Ok(Json(LinkView { email: passwords::look_at_link(&edge.house, &body.token).await? }))
}

/// A new password by a link.
#[derive(Deserialize, ToSchema)]
pub struct PasswordByLink {
    /// What follows the `#`.
    token: String,
    /// 8 to 200 characters.
    password: String,
}

/// Set a password by a link. The link is used up, and every session of the account ends.
#[utoipa::path(tag = "session", operation_id = "reset_password", request_body = PasswordByLink, responses((status = 204),
    (status = 409, description = "`link_over`", body = ProblemBody), (status = 422, description = "`password_length`", body = ProblemBody)), security(()))]
#[post("/api/v1/password/reset")]
pub(crate) async fn reset(edge: Data<Edge>, request: HttpRequest, body: Json<PasswordByLink>) -> Result<HttpResponse, Problem> {
    edge.limits.request(address(&request, &edge))?;
    own_page(&request, &edge)?;
    let (user, workspaces) = passwords::use_link(&edge.house, &body.token, &body.password).await?;
    for workspace in workspaces {
        signals::send(&edge.house, workspace, &Signal::Access { who: Some(user.to_string()) }).await;
    }
    edge.gateway.do_send(Post);
    Ok(HttpResponse::NoContent().finish())
}
