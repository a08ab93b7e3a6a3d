//! How fast a login may be called: data of the channel, kept by whoever calls.

/// A provider's limits, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// Calls of one login in a second, all together; 0: no bound but that of the calls under way.
    pub per_second: u32,
    /// Between two sends into one chat, milliseconds.
    pub chat_gap_ms: i64,
    /// Sends into one group in a minute; 0: no bound of its own.
    pub group_per_minute: u32,
}
