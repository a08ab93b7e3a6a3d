//! Invites: made and taken back by admins and owners, accepted by whoever has the link.

use actix_web::http::header;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversations::Counted;
use super::password::LinkSecret;
use crate::gateway::administration::invites::{self, Acceptance, NewInvite};
use crate::gateway::administration::profile::{check_locale, check_time_zone};
use crate::gateway::supervisor::Post;
use crate::model::entry::{Invite, InviteState};
use crate::model::ids::{AccountId, InviteId};
use crate::model::letter::{Letter, LetterStatus};
use crate::model::protocol::Role;
use crate::model::time::Time;
use crate::web::edge::Edge;
use crate::web::login::{AsAdmin, LoggedInAs, address, entered, entering, own_page};
use crate::web::problem::{Problem, ProblemBody};

/// An invite, without its link.
#[derive(Serialize, ToSchema)]
pub struct InviteView {
    /// Its id.
    #[schema(value_type = String)]
    id: InviteId,
    /// Who is asked in.
    email: String,
    /// What they will be able to do.
    role: Role,
    /// The channels they will see; null: all.
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Vec<AccountId>>,
    /// Who asked.
    invited_by: String,
    /// How it stands.
    state: InviteState,
    /// How far its letter came; null: none was written.
    letter: Option<LetterStatus>,
    /// When the link was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// An invite whose link was just made.
#[derive(Serialize, ToSchema)]
pub struct MadeInvite {
    /// The invite.
    #[serde(flatten)]
    invite: InviteView,
    /// The path of its page on this server. Told this once.
    path: String,
}

fn view(invite: Invite, letter: Option<LetterStatus>, now: Time) -> InviteView {
    InviteView {
        id: invite.id,
        state: invite.state(now),
        letter,
        email: invite.email,
        role: invite.role,
        channels: invite.channels,
        invited_by: invite.invited_by_name,
        created_at: invite.created_at,
        expires_at: invite.expires_at,
    }
}

fn made(edge: &Edge, token: &str, invite: Invite) -> HttpResponse {
    edge.gateway.do_send(Post);
    let letter = invite.letter.map(|_| LetterStatus::Waiting);
    let body = MadeInvite { invite: view(invite, letter, edge.house.world.now()), path: format!("/invite#{token}") };
    HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

fn read_id(text: &str) -> Result<InviteId, Problem> {
    text.parse().map_err(|_| Problem::unknown("invite"))
}

/// The invites, newest first.
#[utoipa::path(tag = "invites", operation_id = "list_invites", responses((status = 200, body = Counted<InviteView>), (status = 403, body = ProblemBody)))]
#[get("/api/v1/invites")]
pub(crate) async fn list(edge: Data<Edge>, AsAdmin(caller): AsAdmin) -> Result<Json<Counted<InviteView>>, Problem> {
    let found = invites::list(&edge.house, caller.workspace).await?;
    let keys: Vec<_> = found.iter().filter_map(|invite| invite.letter).map(Letter::at).collect();
    let letters = edge.house.store.global().get_many::<Letter>(&keys).await?;
    let status = |invite: &Invite| letters.iter().flatten().find(|one| Some(one.record.id) == invite.letter).map(|one| one.record.status);
    let now = edge.house.world.now();
    let views = found.into_iter().map(|invite| {
        let letter = status(&invite);
        view(invite, letter, now)
    });
    Ok(Json(Counted::of(views.collect())))
}

/// Whom to ask in.
#[derive(Deserialize, ToSchema)]
pub struct InviteBody {
    /// The e-mail.
    email: String,
    /// What they will be able to do; only an owner asks in admins and owners.
    role: Role,
    /// The channels they will see; none: all.
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Vec<AccountId>>,
}

/// Ask somebody in. The link is told this once; a letter goes out too, if mail is set up. It works for seven days.
#[utoipa::path(tag = "invites", operation_id = "create_invite", request_body = InviteBody, responses((status = 201, body = MadeInvite), (status = 403, body = ProblemBody),
    (status = 409, description = "`email_taken`, `invited_already`", body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/api/v1/invites")]
pub(crate) async fn create(edge: Data<Edge>, AsAdmin(caller): AsAdmin, body: Json<InviteBody>) -> Result<HttpResponse, Problem> {
    let InviteBody { email, role, channels } = body.into_inner();
    let (token, invite) = invites::create(&edge.house, &caller, NewInvite { email, role, channels }).await?;
    Ok(made(&edge, &token, invite))
}

/// Make the link of an invite anew; the one before opens nothing any more.
#[utoipa::path(tag = "invites", operation_id = "renew_invite", params(("id" = String, Path)), responses((status = 201, body = MadeInvite), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, description = "`invite_over`", body = ProblemBody)))]
#[post("/api/v1/invites/{id}/renew")]
pub(crate) async fn renew(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (token, invite) = invites::renew(&edge.house, &caller, read_id(&id)?).await?;
    Ok(made(&edge, &token, invite))
}

/// Take an invite back.
#[utoipa::path(tag = "invites", operation_id = "revoke_invite", params(("id" = String, Path)), responses((status = 204), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, description = "`invite_over`", body = ProblemBody)))]
#[delete("/api/v1/invites/{id}")]
pub(crate) async fn revoke(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    invites::revoke(&edge.house, &caller, read_id(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What whoever has the link is shown.
#[derive(Serialize, ToSchema)]
pub struct InviteCard {
    /// The workspace's name.
    workspace: String,
    /// Its language.
    locale: String,
    /// Who is asked in.
    email: String,
    /// What they will be able to do.
    role: Role,
    /// Who asks.
    invited_by: String,
    /// Whether there is an account with this e-mail: then its own password is asked for.
    known: bool,
}

/// What an invite is about, by its link.
#[utoipa::path(tag = "invites", operation_id = "look_at_invite", request_body = LinkSecret, responses((status = 200, body = InviteCard),
    (status = 409, description = "`invite_over`", body = ProblemBody)), security(()))]
#[post("/api/v1/invites/look")]
pub(crate) async fn look(edge: Data<Edge>, request: HttpRequest, body: Json<LinkSecret>) -> Result<Json<InviteCard>, Problem> {
    edge.limits.request(address(&request, &edge))?;
    own_page(&request, &edge)?;
    let card = invites::look(&edge.house, body.token()).await?;
    Ok(Json(InviteCard {
        workspace: card.workspace,
        locale: card.locale,
        email: card.email,
        role: card.role,
        invited_by: card.by,
        known: card.known,
    }))
}

/// What whoever accepts says.
#[derive(Deserialize, ToSchema)]
pub struct AcceptBody {
    /// What follows the `#`.
    token: String,
    /// The name; not needed of who is known.
    #[serde(default)]
    name: String,
    /// A new password, 8 to 200 characters; or the one that is known.
    password: String,
    /// `ru`, `en` or `es`.
    locale: String,
    /// A name of the time zone database; left out: the workspace's.
    #[serde(default)]
    time_zone: String,
}

/// Accept an invite by its link, and log in.
#[utoipa::path(tag = "invites", operation_id = "accept_invite", request_body = AcceptBody, responses((status = 200, body = LoggedInAs),
    (status = 403, description = "`wrong_password`", body = ProblemBody), (status = 409, description = "`invite_over`", body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)), security(()))]
#[post("/api/v1/invites/accept")]
pub(crate) async fn accept(edge: Data<Edge>, request: HttpRequest, body: Json<AcceptBody>) -> Result<HttpResponse, Problem> {
    own_page(&request, &edge)?;
    let AcceptBody { token, name, password, locale, time_zone } = body.into_inner();
    edge.limits.request(address(&request, &edge))?;
    let card = invites::look(&edge.house, &token).await?;
    // Who is known is asked for their password: it must not be guessed here either.
    edge.limits.login(address(&request, &edge), &card.email)?;
    check_locale(&locale)?;
    if !time_zone.is_empty() {
        check_time_zone(&time_zone)?;
    }
    let said = Acceptance { name, password, locale, time_zone };
    Ok(entered(&edge, invites::accept(&edge.house, &token, said, &entering(&request, &edge, true)).await?))
}
