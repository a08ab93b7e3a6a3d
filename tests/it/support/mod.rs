//! What the tests stand on.
//!
//! * [`s3`]: a small S3 server, written from Amazon's API reference

pub(crate) mod s3;
