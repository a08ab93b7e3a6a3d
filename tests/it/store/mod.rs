//! The store's promises.
//!
//! * [`harness`]: an engine under test: fresh, restarted, seen from a second process
//! * [`conformance`]: every promise of the port, for every engine
//! * [`redis_bench`]: the Redis engine beside bare commands, measured
//! * [`redis_engine`]: the suite on a real Redis server
//! * [`redis_faults`]: what a Redis server can do to us
//! * [`model`]: random batches against a trivially correct store
//! * [`dump`]: the portable dump as a file
//! * [`kept`]: stores written by earlier versions
//! * [`domain`], [`domain_records`], [`domain_ways_in`]: a record of every kind, and every read of it
//! * [`sqlite`]: SQLite under test
//! * [`sample`]: a small store with something of everything in it

#[macro_use]
mod conformance;
mod domain;
mod domain_notices;
mod domain_records;
mod domain_ways_in;
mod dump;
mod harness;
mod kept;
mod model;
mod redis_bench;
mod redis_engine;
mod redis_faults;
mod sample;
mod sqlite;
