//! What tests stand on: child processes and the like.

pub(crate) mod redis_server;
