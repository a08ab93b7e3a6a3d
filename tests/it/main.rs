//! Everything that needs more than one module, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic, clippy::print_stdout)]

mod files;
mod search;
mod soak_kills;
mod store;
mod support;
