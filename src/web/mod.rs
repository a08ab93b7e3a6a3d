//! The edge: HTTP routes, webhooks, WebSocket sessions, static assets.
//!
//! * [`edge`]: what every route is given
//! * [`server`]: the listening server: connections, headers, shutdown
//! * [`login`]: who asks: cookie or token, and the check against forged requests
//! * [`limits`]: how much anybody may ask
//! * [`problem`]: errors as `application/problem+json`
//! * [`routes`]: one file per resource
//! * [`socket`]: managers' and visitors' sockets
//! * [`openapi`]: the document of all routes

pub mod edge;
pub mod limits;
pub mod login;
pub mod openapi;
pub mod problem;
pub mod routes;
pub mod server;
pub mod socket;
