//! Every promise of the port, in code. Each function is one promise, generic over the engine; the macro at the end makes
//! a test of each for one engine.
//!
//! * [`records`]: records, versions, scans
//! * [`indexes`]: index scans, unique indexes
//! * [`streams`]: numbers, reading, trimming, taking
//! * [`conditions`]: once keys, what is checked first, what a refused batch leaves, neighbours
//! * [`bounds`]: batches that are wrong in themselves
//! * [`timers`]: timers and counters
//! * [`owners`]: fences, claims, heartbeats
//! * [`wakes`]: watching, signals, closing, counting
//! * [`dumps`]: dump and load, also from one engine to another
//!
//! The files [`dump`], [`kept`] and [`model`] beside this one hold promises too and are listed with them.

pub(crate) mod bounds;
pub(crate) mod conditions;
pub(crate) mod dumps;
pub(crate) mod indexes;
pub(crate) mod owners;
pub(crate) mod records;
pub(crate) mod streams;
pub(crate) mod timers;
pub(crate) mod wakes;

use super::{dump, kept, model};

/// Makes the tests of one engine: `conformance!(on_sqlite, crate::store::sqlite::Sqlite)`. A promise that is not listed here is
/// an unused function, so the lint finds it.
macro_rules! conformance {
    ($engine:ident, $under_test:ty) => {
        conformance!(@tests $engine, $under_test, {
            records: [
                a_record_reads_back_as_it_was_put, versions_count_changes, get_answers_in_the_order_asked,
                tables_and_partitions_are_apart, a_scan_gives_one_group_in_order_of_bytes, scan_bounds_are_exclusive,
                scans_are_cut_to_the_limit, committed_records_survive_a_restart, expect_alone_is_a_condition,
            ],
            indexes: [
                an_index_gives_records_in_order_of_sort, equal_sorts_are_ordered_by_record_key, index_scans_go_on_from_a_place,
                index_entries_follow_updates_and_deletes, parts_of_keys_do_not_run_into_each_other, index_groups_are_counted,
                a_unique_entry_has_one_holder, a_unique_entry_moves_within_one_batch, a_unique_entry_is_free_after_its_holder_went,
                two_new_records_cannot_claim_one_entry, a_record_may_add_its_own_unique_entry_again,
                unique_indexes_are_checked_after_the_conditions,
            ],
            streams: [
                numbers_start_at_one_and_follow_the_batch, reading_goes_on_after_a_number, an_unknown_stream_is_empty,
                trimming_removes_from_the_front, numbers_are_never_used_twice, taking_removes_one_entry, what_is_gone_cannot_be_taken,
                effects_on_a_stream_happen_in_order, reads_are_cut_to_the_limit, entries_hold_any_bytes,
            ],
            conditions: [
                a_once_key_gives_back_the_first_answer, a_once_key_is_free_after_its_lifetime, once_keys_survive_a_restart,
                the_first_condition_that_fails_is_named, a_refused_batch_leaves_nothing, refused_batches_do_not_disturb_their_neighbours,
                of_many_at_once_one_wins,
            ],
            bounds: [
                a_batch_without_a_condition_is_invalid, a_batch_too_large_is_invalid, keys_too_long_are_invalid,
                writing_one_thing_twice_in_a_batch_is_invalid, the_largest_batches_are_committed,
            ],
            timers: [
                timers_are_set_moved_and_cleared, a_timer_is_taken_once, a_taken_timer_can_be_set_again_in_its_batch,
                due_timers_come_earliest_first, counters_add_up,
            ],
            owners: [
                claiming_is_compare_and_set, tokens_never_fall, a_fence_holds_only_the_current_token, of_many_claims_one_wins,
                a_heartbeat_tells_who_is_alive,
            ],
            wakes: [
                a_commit_wakes_the_watchers, signals_reach_who_listens, a_signal_too_large_is_invalid, engines_count,
                a_closed_engine_is_unavailable,
            ],
            dumps: [
                partitions_are_listed, a_dump_loads_into_an_empty_store, a_loaded_store_goes_on, dumps_of_many_items_come_in_parts,
            ],
            dump: [
                a_file_holds_the_whole_store, an_empty_store_is_a_file_too, a_store_that_holds_something_is_refused,
                a_broken_file_is_refused_and_loads_nothing, a_newer_format_is_refused, items_that_do_not_fit_are_refused,
            ],
            kept: [kept_dumps_are_read],
            model: [random_batches_do_as_the_model_says],
        });
    };
    (@tests $engine:ident, $under_test:ty, { $($room:ident: [$($name:ident),* $(,)?]),* $(,)? }) => {
        mod $engine {
            $(
                mod $room {
                    $(
                        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                        async fn $name() {
                            $crate::store::conformance::$room::$name::<$under_test>().await;
                        }
                    )*
                }
            )*
        }
    };
}

conformance!(on_sqlite, crate::store::sqlite::Sqlite);
