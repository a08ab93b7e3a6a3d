//! Tags of conversations.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversations::Counted;
use crate::gateway::administration::tags::{change_tag, create_tag, remove_tag, tags};
use crate::model::ids::TagId;
use crate::model::tag::Tag;
use crate::web::edge::Edge;
use crate::web::login::{AsAdmin, LoggedIn};
use crate::web::problem::{Problem, ProblemBody};

/// A tag.
#[derive(Serialize, ToSchema)]
pub struct TagView {
    /// Its id.
    #[schema(value_type = String)]
    id: TagId,
    /// Its name.
    name: String,
    /// Its colour, 0–7.
    colour: u8,
}

impl From<Tag> for TagView {
    fn from(tag: Tag) -> Self {
        Self { id: tag.id, name: tag.name, colour: tag.colour }
    }
}

/// The tags, by name.
#[utoipa::path(tag = "tags", operation_id = "list_tags", responses((status = 200, body = Counted<TagView>)))]
#[get("/api/v1/tags")]
pub(crate) async fn list(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<Json<Counted<TagView>>, Problem> {
    let tags = tags(&edge.house, caller.workspace).await?;
    Ok(Json(Counted::of(tags.into_iter().map(TagView::from).collect())))
}

/// A new tag.
#[derive(Deserialize, ToSchema)]
pub struct NewTag {
    /// Its name, 40 characters at most; unique whatever the case.
    name: String,
    /// Its colour, 0–7.
    #[serde(default)]
    colour: u8,
}

/// Make a tag.
#[utoipa::path(tag = "tags", operation_id = "create_tag", request_body = NewTag,
    responses((status = 201, body = TagView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/api/v1/tags")]
pub(crate) async fn create(edge: Data<Edge>, LoggedIn(caller): LoggedIn, body: Json<NewTag>) -> Result<HttpResponse, Problem> {
    let tag = create_tag(&edge.house, caller.workspace, &body.name, body.colour).await?;
    Ok(HttpResponse::Created().json(TagView::from(tag)))
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
pub struct TagChange {
    /// Another name.
    name: Option<String>,
    /// Another colour.
    colour: Option<u8>,
}

/// Rename or recolour a tag.
#[utoipa::path(tag = "tags", operation_id = "change_tag", params(("id" = String, Path)), request_body = TagChange,
    responses((status = 200, body = TagView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[patch("/api/v1/tags/{id}")]
pub(crate) async fn change(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>, body: Json<TagChange>) -> Result<Json<TagView>, Problem> {
    let id: TagId = id.parse().map_err(|_| Problem::unknown("tag"))?;
    let tag = change_tag(&edge.house, caller.workspace, &caller.actor(), id, body.name.as_deref(), body.colour).await?;
    Ok(Json(tag.into()))
}

/// Remove a tag, wherever it stands.
#[utoipa::path(tag = "tags", operation_id = "remove_tag", params(("id" = String, Path)), responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[delete("/api/v1/tags/{id}")]
pub(crate) async fn remove(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id: TagId = id.parse().map_err(|_| Problem::unknown("tag"))?;
    remove_tag(&edge.house, caller.workspace, &caller.actor(), id).await?;
    Ok(HttpResponse::NoContent().finish())
}
