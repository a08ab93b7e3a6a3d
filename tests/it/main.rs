//! Everything that needs more than one module, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic, clippy::print_stdout)]

mod api;
mod authorization;
mod files;
#[cfg(feature = "faults")]
mod panics;
#[cfg(feature = "faults")]
mod seams;
mod search;
mod store;
mod support;
mod types;
