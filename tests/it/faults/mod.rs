//! What goes wrong outside: each fault with its cause, the answer, and what stands in the store afterwards.
//!
//! * [`table`]: hostile and mistaken clients: one row each
//! * [`world`]: floods, half-open sockets, a store that is gone, a clock that goes back
//! * [`disk`]: a disk that is full or read-only
//! * [`power_cut`]: the disk after a power cut

mod disk;
mod power_cut;
mod table;
mod world;
