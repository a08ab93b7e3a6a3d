//! What the tests stand on.
//!
//! * [`app`]: the whole product on a free port, and clients of it
//! * [`redis_server`]: a real redis-server as a child process
//! * [`s3`]: a small S3 server, written from Amazon's API reference

pub(crate) mod app;
pub(crate) mod redis_server;
pub(crate) mod s3;
