//! What a CRM's widget asks. It runs in pages of the CRM and is known by its connection's key; nothing of a browser's own (a cookie) opens
//! anything here, so that any page may ask, and one without the key hears nothing.
//!
//! * here: who asks; the first word; [`writing`]: whom a record can be written to, writing to them; [`mailings`]: to many; [`notices`]: who hears
//!   of messages

pub mod mailings;
pub mod notices;
pub mod writing;

pub(crate) use mailings::{mail, show_mailing, stop_mailing};
pub(crate) use notices::{listen, user_key};
pub(crate) use writing::{card, start, upload, write, written};

use std::future::Future;
use std::pin::Pin;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Json};
use actix_web::{FromRequest, HttpRequest, HttpResponse, post, route};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::gateway::crm_widget::{self as widget, Door, WidgetUser};
use crate::model::connection::{ChannelKind, HealthState};
use crate::model::ids::AccountId;
use crate::web::edge::Edge;
use crate::web::login::{self, address};
use crate::web::problem::{Problem, ProblemBody};

/// The header of the key.
const KEY: &str = "x-api-key";
/// The longest key that is looked for.
const KEY_BYTES: usize = 64;
/// The path of all of it.
const PATH: &str = "/crm-widget/";
/// What a browser asks before it asks anything, is good for so long, seconds.
const PREFLIGHT: &str = "600";

/// Answers of the widget's routes may be read by the CRM's pages, refusals too.
pub(crate) fn for_pages<S, B>(request: ServiceRequest, service: &S) -> impl Future<Output = Result<ServiceResponse<B>, actix_web::Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let is_ours = request.path().starts_with(PATH);
    let call = service.call(request);
    async move {
        let mut response = call.await?;
        if is_ours {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Ok(response)
    }
}

/// A browser asks whether it may.
#[route("/crm-widget/v1/{rest:.*}", method = "OPTIONS")]
pub(crate) async fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "x-api-key, content-type"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT))
        .finish()
}

/// Who asks: by the key, from a page of the CRM's.
pub struct AsWidget(pub Door);

impl FromRequest for AsWidget {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let edge = login::edge(&request)?;
            let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
            let key = header(KEY).map(str::trim).filter(|key| !key.is_empty() && key.len() <= KEY_BYTES);
            let found = match key {
                Some(key) => widget::door(&edge.house, key).await?,
                None => None,
            };
            let Some(door) = found else {
                // Who has no key is guessing.
                edge.limits.request(address(&request, &edge))?;
                return Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong_key", "send the key of the connection as `X-Api-Key`"));
            };
            edge.limits.crm_widget(door.connection.id)?;
            // Only browsers name one; what is none can say what it likes.
            let is_page = |origin: &str| door.crm.widget().is_some_and(|widget| widget.is_origin(&door.connection, origin));
            if header("origin").is_some_and(|origin| !is_page(origin)) {
                return Err(Problem::forbidden("origin_not_allowed", "this page is none of the CRM account's"));
            }
            Ok(Self(door))
        })
    }
}

/// The same, while the connection is switched on.
pub struct AsActiveWidget(pub Door);

impl FromRequest for AsActiveWidget {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let widget = AsWidget::from_request(request, payload);
        Box::pin(async move {
            let AsWidget(door) = widget.await?;
            if !door.connection.active {
                return Err(Problem::new(StatusCode::CONFLICT, "connection_off", "the connection is switched off"));
            }
            Ok(Self(door))
        })
    }
}

/// A user of the CRM, as its page names them.
#[derive(Deserialize, ToSchema)]
pub struct UserBody {
    /// The CRM's id of them.
    #[serde(deserialize_with = "text_or_number")]
    id: String,
    /// Their name.
    #[serde(default)]
    name: String,
}

impl From<UserBody> for WidgetUser {
    fn from(user: UserBody) -> Self {
        Self { id: user.id, name: user.name }
    }
}

/// An id: pages write it as a text or as a number.
fn text_or_number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    match &value {
        serde_json::Value::String(text) if text.len() <= 100 => Ok(text.clone()),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("a text or a number is wanted")),
    }
}

fn some_text_or_number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(from)?;
    let read = value.map(|value| text_or_number(value).map_err(serde::de::Error::custom)).transpose()?;
    Ok(read.filter(|id| !id.is_empty()))
}

/// What a widget says when it starts.
#[derive(Deserialize, ToSchema)]
pub struct HelloBody {
    /// The CRM's account it runs in, by its number or name there.
    #[serde(deserialize_with = "text_or_number")]
    account: String,
    /// Who is logged in there.
    user: UserBody,
    /// Its own version.
    #[serde(default)]
    version: String,
}

/// What a widget is told when it starts.
#[derive(Serialize, ToSchema)]
pub struct HelloView {
    /// The connection's name.
    name: String,
    /// How it works: what its CRM calls it.
    mode: String,
    /// The switch.
    on: bool,
    /// How it is.
    health: HealthState,
    /// What feeds it.
    channels: Vec<HelloChannel>,
    /// Who hears of messages.
    notices: HelloNotices,
    /// What of mailings.
    mailing: HelloMailing,
}

/// A channel that feeds the connection.
#[derive(Serialize, ToSchema)]
pub struct HelloChannel {
    /// Its id.
    #[schema(value_type = String)]
    id: AccountId,
    /// Its kind.
    #[schema(value_type = String)]
    kind: ChannelKind,
    /// Its name.
    name: String,
    /// By what somebody can be written to first: `phone`, `link`.
    by: Vec<&'static str>,
    /// Whether anybody can be written to first.
    writes_first: bool,
}

/// Who hears of messages.
#[derive(Serialize, ToSchema)]
pub struct HelloNotices {
    /// Whether messages are told at all.
    on: bool,
    /// Whether this user is told.
    key_known: bool,
}

/// What of mailings.
#[derive(Serialize, ToSchema)]
pub struct HelloMailing {
    /// The most contacts of one.
    most: usize,
}

/// A widget starts: what it works with.
#[utoipa::path(tag = "crm widget", operation_id = "widget_hello", request_body = HelloBody, responses((status = 200, body = HelloView),
    (status = 401, description = "`wrong_key`", body = ProblemBody), (status = 403, description = "`wrong_account`, `origin_not_allowed`", body = ProblemBody),
    (status = 429, body = ProblemBody)), security(()))]
#[post("/crm-widget/v1/hello")]
pub(crate) async fn hello(edge: Data<Edge>, AsWidget(door): AsWidget, body: Json<HelloBody>) -> Result<Json<HelloView>, Problem> {
    let HelloBody { account, user, version } = body.into_inner();
    let (house, connection) = (&edge.house, &door.connection);
    let widget = door.crm.widget().ok_or_else(|| Problem::unknown("widget"))?;
    if !widget.is_account(connection, &account) {
        return Err(Problem::forbidden("wrong_account", "the key is of another account of the CRM"));
    }
    tracing::debug!(connection = %connection.id, version = version.chars().take(40).collect::<String>(), "a CRM's widget starts");
    door.seen(house).await?;
    let mut channels = Vec::new();
    for account in door.accounts(house).await? {
        let by = widget::writes_first(house, &account);
        channels.push(HelloChannel { id: account.id, kind: account.kind, name: account.name, writes_first: !by.is_empty(), by });
    }
    Ok(Json(HelloView {
        name: connection.name.clone(),
        mode: door.crm.mode(connection).to_owned(),
        on: connection.active,
        health: connection.health.clone(),
        channels,
        notices: HelloNotices { on: widget.tells(connection), key_known: door.hears(house, &user.id) },
        mailing: HelloMailing { most: widget::card::CONTACTS },
    }))
}
