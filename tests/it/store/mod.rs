//! The store's promises.
//!
//! * [`harness`]: an engine under test: fresh, restarted, seen from a second process
//! * [`conformance`]: every promise of the port, for every engine
//! * [`model`]: random batches against a trivially correct store
//! * [`dump`]: the portable dump as a file
//! * [`kept`]: stores written by earlier versions
//! * [`sqlite`]: SQLite under test
//! * [`sample`]: a small store with something of everything in it

#[macro_use]
mod conformance;
mod dump;
mod harness;
mod kept;
mod model;
mod sample;
mod sqlite;
