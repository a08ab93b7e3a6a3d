//! What the tests stand on.
//!
//! * [`app`]: the whole product on a free port, and clients of it
//! * `fake_provider`, `rig`: the product with logins of the tests' channel, and the provider behind it
//! * [`redis_server`]: a real redis-server as a child process
//! * [`s3`]: a small S3 server, written from Amazon's API reference

pub(crate) mod app;
#[cfg(feature = "faults")]
pub(crate) mod fake_provider;
pub(crate) mod redis_server;
#[cfg(feature = "faults")]
pub(crate) mod rig;
pub(crate) mod s3;
