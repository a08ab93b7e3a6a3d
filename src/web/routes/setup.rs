//! The first run: an installation without a workspace is made somebody's.

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::gateway::administration::founding::{self, Founding};
use crate::web::edge::Edge;
use crate::web::login::{LoggedInAs, address, entered, entering, own_page};
use crate::web::problem::{Problem, ProblemBody};

/// What everybody may know before they are logged in.
#[derive(Serialize, ToSchema)]
pub struct SetupState {
    /// There is no workspace yet: the start of the server printed an address.
    empty: bool,
    /// Letters can be sent.
    mail: bool,
}

/// How far this installation is set up.
#[utoipa::path(tag = "setup", operation_id = "setup_state", responses((status = 200, body = SetupState), (status = 429, body = ProblemBody)), security(()))]
#[get("/api/v1/setup")]
pub(crate) async fn state(edge: Data<Edge>, request: HttpRequest) -> Result<Json<SetupState>, Problem> {
    edge.limits.request(address(&request, &edge))?;
    Ok(Json(SetupState { empty: founding::is_empty(&edge.house).await?, mail: edge.house.mail.is_some() }))
}

/// The first workspace and its owner.
#[derive(Deserialize, ToSchema)]
pub struct FirstWorkspace {
    /// The code the start of the server printed.
    code: String,
    /// The company's name.
    workspace: String,
    /// The owner's name.
    name: String,
    /// The e-mail they log in with.
    email: String,
    /// 8 to 200 characters.
    password: String,
    /// `ru`, `en` or `es`.
    locale: String,
    /// A name of the time zone database.
    time_zone: String,
}

/// Make the first workspace and its owner, who is logged in. The code is used up.
#[utoipa::path(tag = "setup", operation_id = "found", request_body = FirstWorkspace, responses((status = 200, body = LoggedInAs),
    (status = 409, description = "`setup_over`", body = ProblemBody), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)), security(()))]
#[post("/api/v1/setup")]
pub(crate) async fn found(edge: Data<Edge>, request: HttpRequest, body: Json<FirstWorkspace>) -> Result<HttpResponse, Problem> {
    edge.limits.login(address(&request, &edge), "first workspace")?;
    own_page(&request, &edge)?;
    let FirstWorkspace { code, workspace, name, email, password, locale, time_zone } = body.into_inner();
    let said = Founding { workspace, name, email, password, locale, time_zone };
    Ok(entered(&edge, founding::found(&edge.house, &code, said, &entering(&request, &edge, true)).await?))
}
