//! The seams of the model, proved with the tests' channel on both engines and after a restart.
//!
//! * [`inbound`]: accounts, groups, repeats, reorder, filters, quarantine
//! * [`outbound`]: pieces, echoes, lost answers, pauses, expiry, health
//! * [`people`]: writing first, deliveries, customers, erasing

/// Each of these runs on both engines.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn $name() { super::$name(crate::support::rig::On::Sqlite).await; })*
        }
        mod on_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn $name() { super::$name(crate::support::rig::On::Redis).await; })*
        }
    };
}

mod inbound;
mod outbound;
mod people;
