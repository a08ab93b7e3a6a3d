//! API tokens: for integrations and bots.

use actix_web::http::header;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversations::Counted;
use crate::gateway::administration::access::{self, create_token, revoke_token};
use crate::gateway::signals::{self, Signal};
use crate::model::ids::{AccountId, TokenId};
use crate::model::people::ApiToken;
use crate::model::protocol::Role;
use crate::model::time::Time;
use crate::web::edge::Edge;
use crate::web::login::AsAdmin;
use crate::web::problem::{Problem, ProblemBody};

/// An API token, without its secret.
#[derive(Serialize, ToSchema)]
pub struct TokenView {
    /// Its id.
    #[schema(value_type = String)]
    id: TokenId,
    /// The name its maker gave.
    name: String,
    /// What it may do.
    role: Role,
    /// The channels it may see; null: all.
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Vec<AccountId>>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub struct MadeToken {
    /// The token.
    #[serde(flatten)]
    view: TokenView,
    /// Its secret, told this once.
    token: String,
}

fn view(token: ApiToken) -> TokenView {
    TokenView { id: token.id, name: token.name, role: token.role, channels: token.channels, created_at: token.created_at }
}

/// The tokens.
#[utoipa::path(tag = "tokens", operation_id = "list_tokens", responses((status = 200, body = Counted<TokenView>), (status = 403, body = ProblemBody)))]
#[get("/api/v1/tokens")]
pub(crate) async fn list(edge: Data<Edge>, AsAdmin(caller): AsAdmin) -> Result<Json<Counted<TokenView>>, Problem> {
    let tokens = access::tokens(&edge.house, caller.workspace).await?;
    Ok(Json(Counted::of(tokens.into_iter().map(view).collect())))
}

/// A new token.
#[derive(Deserialize, ToSchema)]
pub struct NewToken {
    /// A name to know it by.
    name: String,
    /// What it may do; not more than its maker.
    role: Role,
    /// The channels it may see; none: all.
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Vec<AccountId>>,
}

/// Make a token. Its secret is told this once.
#[utoipa::path(tag = "tokens", operation_id = "create_token", request_body = NewToken,
    responses((status = 201, body = MadeToken), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/api/v1/tokens")]
pub(crate) async fn create(edge: Data<Edge>, AsAdmin(caller): AsAdmin, body: Json<NewToken>) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let (token, made) = create_token(&edge.house, &caller, &body.name, body.role, body.channels).await?;
    let made = MadeToken { view: view(made), token };
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(made))
}

/// Revoke a token: it opens nothing from now on, and its sockets end.
#[utoipa::path(tag = "tokens", operation_id = "revoke_token", params(("id" = String, Path)), responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[delete("/api/v1/tokens/{id}")]
pub(crate) async fn revoke(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let token: TokenId = id.parse().map_err(|_| Problem::unknown("token"))?;
    revoke_token(&edge.house, &caller, token).await?;
    signals::send(&edge.house, caller.workspace, &Signal::Access { who: Some(token.to_string()) }).await;
    Ok(HttpResponse::NoContent().finish())
}
