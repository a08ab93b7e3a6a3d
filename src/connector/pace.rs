//! How fast a login may be called: data of the channel, kept by whoever calls.

/// A provider's limits, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// Calls of one login in a second, all together; 0: no bound but that of the calls under way.
    pub per_second: u32,
    /// Between two sends into one chat, milliseconds.
    pub chat_gap_ms: i64,
    /// Messages into one chat of many people in a minute, see [`crowd`](super::contract::Channel::crowd); 0: no bound of its own. One less than the
    /// provider allows: we count from when a call begins, the provider from when it comes.
    pub group_per_minute: u32,
}
