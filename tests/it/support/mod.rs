//! What the tests stand on.
//!
//! * [`redis_server`]: a real redis-server as a child process
//! * [`s3`]: a small S3 server, written from Amazon's API reference

pub(crate) mod redis_server;
pub(crate) mod s3;
