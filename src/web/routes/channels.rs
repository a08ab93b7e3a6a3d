//! Channel accounts: list, make, change, take off. Managers see those they may, without what an owner sets.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversations::Counted;
use crate::channel::site_widget::options::WidgetOptions;
use crate::channel::site_widget::settings::Appearance;
use crate::gateway::administration::access::Caller;
use crate::gateway::administration::channels::{self, AccountChange, change_account, create_widget, widget_settings};
use crate::gateway::administration::connecting;
use crate::gateway::supervisor::Reconcile;
use crate::model::connection::{ChannelAccount, ChannelKind, Health, HealthState, ProviderLogin};
use crate::model::ids::AccountId;
use crate::model::protocol::Role;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::records::Looked;
use crate::web::edge::Edge;
use crate::web::login::{AsAdmin, LoggedIn};
use crate::web::problem::{Problem, ProblemBody};

/// A channel account.
#[derive(Serialize, ToSchema)]
pub struct ChannelView {
    /// Its id.
    #[schema(value_type = String)]
    id: AccountId,
    /// Its name.
    name: String,
    /// `site_widget`, `telegram_bot` …
    #[schema(value_type = String)]
    kind: ChannelKind,
    /// The owner's switch.
    active: bool,
    /// How its login is.
    health: HealthState,
    /// What is known of it at its provider and is no secret: its name there, a link; admins and owners only.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    facts: std::collections::BTreeMap<String, String>,
    /// What the last question for news brought, where its provider is asked; of one channel, admins and owners only.
    #[serde(skip_serializing_if = "Option::is_none")]
    looked: Option<Looked>,
    /// What is set of it; admins and owners only.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<serde_json::Value>,
    /// What is set of a widget; admins and owners only.
    #[serde(skip_serializing_if = "Option::is_none")]
    widget: Option<WidgetSettingsView>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

/// What is set of a widget.
#[derive(Serialize, ToSchema)]
pub struct WidgetSettingsView {
    /// The public key in the page's line.
    key: String,
    /// Origins whose pages may open it.
    origins: Vec<String>,
    /// Whether identities without a valid signature are refused.
    verified_identity: bool,
    /// Until when signatures by the secret before are believed, where one was replaced so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    former_secret_until: Option<Time>,
    /// How it looks and greets.
    appearance: Appearance,
    /// What it does beside that.
    options: WidgetOptions,
    /// The greatest file a visitor may send, bytes.
    max_file_bytes: u64,
}

fn view(edge: &Edge, caller: &Caller, account: &ChannelAccount, login: Option<&ProviderLogin>) -> Result<ChannelView, Problem> {
    let silent = |reason| HealthState { status: Health::NotConnected, reason, since: account.created_at };
    let is_widget = account.kind == crate::channel::site_widget::KIND;
    let widget = match is_widget && caller.access.role >= Role::Admin {
        true => {
            let settings = widget_settings(account)?;
            Some(WidgetSettingsView {
                key: settings.key,
                origins: settings.origins,
                verified_identity: settings.verified_identity,
                former_secret_until: settings.former.map(|former| Time(former.until_ms)).filter(|until| *until > edge.house.world.now()),
                appearance: settings.appearance,
                options: settings.options,
                max_file_bytes: edge.house.max_file_bytes,
            })
        }
        false => None,
    };
    let for_admins = caller.access.role >= Role::Admin && !is_widget;
    let mut facts = login.filter(|_| for_admins).map(|login| login.facts.clone()).unwrap_or_default();
    if for_admins {
        facts.extend(account.facts.clone());
    }
    let health = match (&account.refused, login) {
        // Made by a version that knows the channel: it waits for one.
        _ if edge.house.channels.of_kind(account.kind).is_none() => {
            silent(Some(Reason::new("channel_unknown").with("provider", account.kind.as_str())))
        }
        (Some(reason), Some(login)) if login.health.status == Health::Connected => {
            HealthState { status: Health::Degraded, reason: Some(reason.clone()), since: login.health.since }
        }
        (_, login) => login.map_or_else(|| silent(None), |login| login.health.clone()),
    };
    Ok(ChannelView {
        facts,
        looked: None,
        settings: for_admins.then(|| account.settings.clone()),
        id: account.id,
        name: account.name.clone(),
        kind: account.kind,
        active: account.active,
        health,
        widget,
        created_at: account.created_at,
    })
}

async fn one_view(edge: &Edge, caller: &Caller, account: &ChannelAccount) -> Result<ChannelView, Problem> {
    let login = channels::login(&edge.house, caller.workspace, account.login).await?;
    let mut view = view(edge, caller, account, login.as_ref())?;
    if let Some(login) = login.filter(|_| caller.access.role >= Role::Admin) {
        let (looked, facts) = channels::looked(&edge.house, caller.workspace, &login).await?;
        view.facts.extend(facts);
        view.looked = looked;
    }
    Ok(view)
}

pub(super) fn read_id(text: &str) -> Result<AccountId, Problem> {
    text.parse().map_err(|_| Problem::unknown("channel"))
}

/// The channels, as far as the caller may see.
#[utoipa::path(tag = "channels", operation_id = "list_channels", responses((status = 200, body = Counted<ChannelView>)))]
#[get("/api/v1/channels")]
pub(crate) async fn list(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<Json<Counted<ChannelView>>, Problem> {
    let accounts = channels::accounts(&edge.house, caller.workspace).await?;
    let accounts: Vec<_> = accounts.into_iter().filter(|account| caller.access.sees(account.id)).collect();
    let keys: Vec<_> = accounts.iter().map(|account| ProviderLogin::at(account.login)).collect();
    let logins = edge.house.store.workspace(caller.workspace).get_many::<ProviderLogin>(&keys).await?;
    let views = accounts.iter().zip(&logins);
    let items = views.map(|(account, login)| view(&edge, &caller, account, login.as_ref().map(|login| &login.record)));
    Ok(Json(Counted::of(items.collect::<Result<_, _>>()?)))
}

/// A new channel.
#[derive(Deserialize, ToSchema)]
pub struct NewChannel {
    /// `site_widget`.
    kind: String,
    /// Its name, unique here.
    name: String,
    /// For a site widget.
    widget: Option<NewWidget>,
}

/// What a new widget needs.
#[derive(Deserialize, ToSchema)]
pub struct NewWidget {
    /// Origins whose pages may open it: `https://shop.example`.
    origins: Vec<String>,
    /// How it looks and greets.
    appearance: Option<Appearance>,
}

/// Make a channel.
#[utoipa::path(tag = "channels", operation_id = "create_channel", request_body = NewChannel, responses((status = 201, body = ChannelView),
    (status = 403, body = ProblemBody), (status = 409, description = "`name_taken`", body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/api/v1/channels")]
pub(crate) async fn create(edge: Data<Edge>, AsAdmin(caller): AsAdmin, body: Json<NewChannel>) -> Result<HttpResponse, Problem> {
    let wrong = |code, detail: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
    let body = body.into_inner();
    if body.kind != "site_widget" {
        return Err(wrong("kind_unknown", "`kind` is `site_widget`"));
    }
    let widget = body.widget.ok_or_else(|| wrong("required", "`widget` is missing"))?;
    let appearance = widget.appearance.unwrap_or_default();
    let account = create_widget(&edge.house, caller.workspace, &caller.actor(), &body.name, &widget.origins, appearance).await?;
    // Its actor starts now, not with the next beat.
    edge.gateway.do_send(Reconcile);
    Ok(HttpResponse::Created().json(one_view(&edge, &caller, &account).await?))
}

/// One channel.
#[utoipa::path(tag = "channels", operation_id = "channel", params(("id" = String, Path)), responses((status = 200, body = ChannelView), (status = 404, body = ProblemBody)))]
#[get("/api/v1/channels/{id}")]
pub(crate) async fn one(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<Json<ChannelView>, Problem> {
    let id = read_id(&id)?;
    if !caller.access.sees(id) {
        return Err(Problem::unknown("channel"));
    }
    let account = channels::account(&edge.house, caller.workspace, id).await?;
    Ok(Json(one_view(&edge, &caller, &account).await?))
}

/// What is to be changed of a channel.
#[derive(Deserialize, ToSchema)]
pub struct ChangeChannel {
    /// Another name.
    name: Option<String>,
    /// The switch.
    active: Option<bool>,
    /// For a site widget.
    #[serde(default)]
    widget: ChangeWidget,
    /// For any other channel: all its settings, as its form has them.
    settings: Option<serde_json::Value>,
}

/// What is to be changed of a widget.
#[derive(Deserialize, Default, ToSchema)]
pub struct ChangeWidget {
    /// Other origins.
    origins: Option<Vec<String>>,
    /// Whether identities without a valid signature are refused.
    verified_identity: Option<bool>,
    /// Other looks.
    appearance: Option<Appearance>,
    /// Other options: all of them.
    options: Option<WidgetOptions>,
}

/// Change a channel.
#[utoipa::path(tag = "channels", operation_id = "change_channel", params(("id" = String, Path)), request_body = ChangeChannel, responses(
    (status = 200, body = ChannelView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
#[patch("/api/v1/channels/{id}")]
pub(crate) async fn change(
    edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>, body: Json<ChangeChannel>,
) -> Result<Json<ChannelView>, Problem> {
    let body = body.into_inner();
    let change = AccountChange {
        name: body.name,
        active: body.active,
        origins: body.widget.origins,
        verified_identity: body.widget.verified_identity,
        appearance: body.widget.appearance,
        options: body.widget.options,
        settings: body.settings,
        remove: false,
    };
    let account = change_account(&edge.house, caller.workspace, &caller.actor(), read_id(&id)?, &change).await?;
    edge.forget_widgets();
    Ok(Json(one_view(&edge, &caller, &account).await?))
}

/// Take a channel off; its conversations stay.
#[utoipa::path(tag = "channels", operation_id = "remove_channel", params(("id" = String, Path)), responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[delete("/api/v1/channels/{id}")]
pub(crate) async fn remove(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let removal = AccountChange { remove: true, ..AccountChange::default() };
    let removed = change_account(&edge.house, caller.workspace, &caller.actor(), read_id(&id)?, &removal).await?;
    edge.forget_widgets();
    edge.gateway.do_send(Reconcile);
    connecting::take_off(&edge.house, caller.workspace, removed.login).await;
    Ok(HttpResponse::NoContent().finish())
}

/// The secret a site signs its visitors' ids with.
#[derive(Serialize, ToSchema)]
pub struct IdentitySecret {
    /// The key of the HMAC, as text.
    secret: String,
}

/// Show the secret a site signs its visitors' ids with. A line of the audit log says so.
#[utoipa::path(tag = "channels", params(("id" = String, Path)), responses((status = 200, body = IdentitySecret), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 422, description = "`not_a_widget`", body = ProblemBody)))]
#[get("/api/v1/channels/{id}/identity-secret")]
pub(crate) async fn identity_secret(edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let secret = channels::identity_secret(&edge.house, caller.workspace, &caller.actor(), read_id(&id)?).await?;
    let body = IdentitySecret { secret: secret.expose_secret().to_owned() };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body))
}

/// How a secret is replaced.
#[derive(Deserialize, ToSchema)]
pub struct ReplaceSecret {
    /// Whether signatures by the present one are believed for another day.
    #[serde(default)]
    keep_former: bool,
}

/// Replace the secret a site signs its visitors' ids with. The answer holds the new one.
#[utoipa::path(tag = "channels", params(("id" = String, Path)), request_body = ReplaceSecret, responses((status = 201, body = IdentitySecret),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, description = "`not_a_widget`", body = ProblemBody)))]
#[post("/api/v1/channels/{id}/identity-secret")]
pub(crate) async fn replace_identity_secret(
    edge: Data<Edge>, AsAdmin(caller): AsAdmin, id: Path<String>, body: Json<ReplaceSecret>,
) -> Result<HttpResponse, Problem> {
    let secret = channels::replace_identity_secret(&edge.house, caller.workspace, &caller.actor(), read_id(&id)?, body.keep_former).await?;
    edge.forget_widgets();
    let body = IdentitySecret { secret: secret.expose_secret().to_owned() };
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(body))
}
