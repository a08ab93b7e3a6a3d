//! The store: one port, two engines, typed tables over it, search, files, secrets.
//!
//! * [`port`]: the [`Engine`](port::Engine) trait, its raw types and errors; what both engines promise
//! * [`batch`]: a batch of conditions and effects, committed whole or refused whole
//! * [`table`]: typed records over raw bytes: versions, upcasts, declared indexes
//! * [`handle`]: the handle of one partition, the only way domain code reaches a record
//! * [`records`]: every table of the product; [`entry_records`]: those of the ways in and of letters
//! * [`key`]: bytes that sort as the values do
//! * [`wake`]: who waits for which stream
//! * [`sqlite`], [`redis`]: the engines
//! * [`dump`]: the portable dump through the port
//! * [`files`]: the content of files, in a folder or an S3-compatible store
//! * [`search`]: the full-text projection of messages
//! * [`secrets`]: secrets encrypted at rest, signatures

pub mod batch;
pub mod dump;
pub mod entry_records;
pub mod files;
pub mod handle;
pub mod key;
pub mod port;
pub mod records;
pub mod redis;
pub mod search;
pub mod secrets;
pub mod sqlite;
pub mod table;
pub mod wake;
