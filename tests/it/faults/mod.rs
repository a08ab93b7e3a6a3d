//! What goes wrong outside: each fault with its cause, the answer, and what stands in the store afterwards.
//!
//! * [`table`]: hostile and mistaken clients: one row each
//! * [`world`]: floods, half-open sockets, a store that is gone, full or read-only, a clock that goes back
//! * [`power_cut`]: the disk after a power cut

mod power_cut;
mod table;
mod world;
