//! The store's promises.
//!
//! * [`harness`]: an engine under test: fresh, restarted, seen from a second process
//! * [`conformance`]: every promise of the port, for every engine
//! * [`sample`]: a small store with something of everything in it

#![allow(dead_code, unused_macros)]

mod conformance;
mod harness;
mod sample;
