//! The connection beneath a socket. A session whose peer takes no data can't be ended from within: its actor waits for the
//! connection. So its end is brought about from outside, on a duplicate of the descriptor.

use std::any::Any;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Extensions;
use socket2::{SockRef, Socket};

use crate::gateway::hub::Cut;

/// After so long without an acknowledgement of data the kernel ends the connection.
const USER_TIMEOUT: Duration = Duration::from_secs(15);

/// A duplicate of a connection's descriptor. It lives as long as the connection: one that lived longer would keep it open.
#[derive(Debug)]
pub struct Peer(Socket);

impl Cut for Peer {
    fn cut(&self) {
        if let Err(error) = self.0.shutdown(Shutdown::Both) {
            tracing::debug!(%error, "a connection that was to be cut is gone already");
        }
    }
}

/// Called for every new connection.
pub fn on_connect(connection: &dyn Any, data: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<actix_web::rt::net::TcpStream>() else { return };
    let socket = SockRef::from(stream);
    if let Err(error) = socket.set_tcp_user_timeout(Some(USER_TIMEOUT)).and_then(|()| socket.set_tcp_nodelay(true)) {
        tracing::debug!(%error, "a connection takes no options");
    }
    match socket.try_clone() {
        Ok(socket) => {
            data.insert(Arc::new(Peer(socket)));
        }
        Err(error) => tracing::warn!(%error, "no descriptor left for a connection"),
    }
}
