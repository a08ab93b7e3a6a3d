//! What goes wrong outside: each fault with its cause, the answer, and what stands in the store afterwards.
//!
//! * [`table`]: hostile and mistaken clients: one row each
//! * the table below: faults of the world, one row each, proved in [`world`] (floods, half-open sockets, a store that is gone, two owners,
//!   a clock that goes back) and [`disk`] (full or read-only)
//! * [`power_cut`]: the disk after a power cut

mod disk;
mod power_cut;
mod table;
mod world;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::ledger::Ledger;

/// What was seen of a fault.
struct Seen {
    /// The codes that were answered, each once.
    answer: String,
    /// Messages that were called durable.
    accepted: usize,
    /// Messages in the log.
    stands: usize,
}

impl Seen {
    /// What was accepted stands in the log, once and in order, or this panics.
    fn over(codes: impl IntoIterator<Item = String>, ledger: &Ledger, log: &BTreeMap<String, Vec<Value>>) -> Option<Self> {
        let codes: Vec<String> = codes.into_iter().collect();
        Some(Self { answer: codes.join(" "), accepted: ledger.compare(log).0, stands: log.values().map(Vec::len).sum() })
    }
}

/// Cause => answer. In every row what was accepted stands afterwards, no more and no less.
macro_rules! rows {
    ($($(#[$meta:meta])* $name:ident: $cause:literal, $seen:path => $answer:literal;)*) => {
        $($(#[$meta])*
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            // None: it cannot be proved here, and has said so.
            let Some(Seen { answer, accepted, stands }) = $seen().await else { return };
            assert_eq!((answer.as_str(), stands), ($answer, accepted), "{}", $cause);
        })*
    };
}

rows! {
    a_flood: "more frames at once than a socket may say", world::flood => "too_many";
    a_half_open_socket: "a socket answers no ping", world::half_open => "4002";
    a_lost_word_of_rights: "the signal that rights were taken is lost", world::rights_taken_unheard => "4001";
    a_full_disk: "the disk has no room", disk::full_disk => "store_full";
    a_read_only_start: "the disk is read-only at the start", disk::read_only_start => "exit 1";
    a_read_only_disk: "the disk under the store becomes read-only", disk::read_only_disk => "store_read_only";
    a_read_only_folder_of_files: "the folder of files becomes read-only", disk::read_only_files => "store_read_only";
    redis_is_gone: "Redis is killed, and started again", world::redis_gone => "try_again";
    two_owners: "another node claims a login while its actor works", world::two_owners => "fenced";
    a_clock_that_goes_back: "the clock goes back by an hour and by ten days", world::clock_back => "";
}
