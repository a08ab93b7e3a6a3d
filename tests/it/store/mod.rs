//! The store's promises.
//!
//! * [`harness`]: an engine under test: fresh, restarted, seen from a second process
//! * [`conformance`]: every promise of the port, for every engine
//! * [`sqlite`]: SQLite under test
//! * [`sample`]: a small store with something of everything in it

#[macro_use]
mod conformance;
mod harness;
mod sample;
mod sqlite;
