//! The store's promises.
//!
//! * [`harness`]: an engine under test: fresh, restarted, seen from a second process
//! * [`conformance`]: every promise of the port, for every engine
//! * [`redis_bench`]: the Redis engine beside bare commands, measured
//! * [`redis_engine`]: the suite on a real Redis server
//! * [`redis_faults`]: what a Redis server can do to us
//! * [`sqlite`]: SQLite under test
//! * [`sample`]: a small store with something of everything in it

#[macro_use]
mod conformance;
mod harness;
mod redis_bench;
mod redis_engine;
mod redis_faults;
mod sample;
mod sqlite;
