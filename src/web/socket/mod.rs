//! Managers' and visitors' sockets. This module alone knows actix-web-actors; other actors hand frames over as [`Deliver`].
//!
//! * [`session`]: the thin actor of one socket: order of frames, heartbeat, what is held back while it catches up
//! * [`peer`]: the connection beneath, to end it from outside
//! * [`manager`], [`visitor`]: what each says and is answered

pub mod manager;
pub mod peer;
pub mod session;
pub mod visitor;

use std::sync::Arc;

use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use actix_web_actors::ws;
use serde::Deserialize;

use self::peer::Peer;
use self::session::{Kind, Session};
use super::edge::Edge;
use super::login::{COOKIE, address, same_origin};
use super::problem::Problem;
use super::routes::visitor::origin_is_allowed;
use crate::model::protocol::close;

/// The greatest frame, bytes.
pub const FRAME_LIMIT: usize = 64 * 1024;

/// A manager's socket.
///
/// # Errors
/// It is no upgrade, or the address has too many.
pub async fn manager(edge: Data<Edge>, request: HttpRequest, stream: Payload) -> Result<HttpResponse, actix_web::Error> {
    let place = edge.limits.socket(address(&request, &edge))?;
    // A cookie counts only on our own pages: another site's script can open a socket, and the browser would send the cookie along.
    let cookie = request.cookie(COOKIE).filter(|_| same_origin(&request, &edge)).map(|cookie| cookie.value().to_owned());
    start(&edge, &request, stream, Kind::Manager { cookie }, None, place)
}

/// What a visitor's socket says in its address.
#[derive(Deserialize)]
pub struct VisitorQuery {
    widget: String,
}

/// A visitor's socket.
///
/// # Errors
/// It is no upgrade, or the address has too many.
pub async fn visitor(edge: Data<Edge>, request: HttpRequest, query: Query<VisitorQuery>, stream: Payload) -> Result<HttpResponse, actix_web::Error> {
    let place = edge.limits.socket(address(&request, &edge))?;
    let card = edge.widget(&query.widget).await?;
    let refused = match &card {
        None => Some((close::NOT_LET_IN, "unknown_widget")),
        Some(card) if !card.account.active => Some((close::NOT_LET_IN, "channel_inactive")),
        Some(card) if !origin_is_allowed(&request, &edge, &card.settings.origins) => Some((close::FORBIDDEN_ORIGIN, "forbidden_origin")),
        Some(_) => None,
    };
    start(&edge, &request, stream, Kind::Visitor { card }, refused, place)
}

fn start(
    edge: &Data<Edge>, request: &HttpRequest, stream: Payload, kind: Kind, refused: Option<(u16, &'static str)>, place: super::limits::SocketPlace,
) -> Result<HttpResponse, actix_web::Error> {
    let peer = request.conn_data::<Arc<Peer>>().cloned().ok_or_else(|| Problem::try_again("try_again"))?;
    let session = Session::new(Arc::clone(edge), kind, refused, peer, place);
    ws::WsResponseBuilder::new(session, request, stream).frame_size(FRAME_LIMIT).start()
}
