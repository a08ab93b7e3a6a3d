//! Everything that needs more than one module, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic, clippy::print_stdout)]

mod api;
mod authorization;
mod carried;
mod channels;
mod connections;
mod crm;
mod customers;
#[cfg(feature = "probe")]
mod demo;
mod faults;
mod files;
mod hooks_out;
mod kinds;
mod letters;
mod likeness;
mod notices;
mod operating;
mod overview;
mod panics;
mod papers;
mod refusals;
mod replies;
mod sample;
mod seams;
mod search;
mod soak_channels;
mod soak_crm;
mod soak_kills;
mod soak_storm;
mod soak_two_nodes;
mod store;
mod support;
mod triage;
mod types;
mod ways_in;
mod widget;
