//! Channels: one folder per provider behind the same contract.
//!
//! * [`contract`]: the small required trait, the optional capabilities, what goes in and out, errors that say what to do
//! * [`registry`]: which provider is which folder
//! * [`site_widget`]: the chat widget of a site
//! * `probe`: the channel of the tests, only with the feature `faults`
//!
//! A channel knows neither actors nor the store. Whoever has read one folder can find anything in another: `mod.rs` (who am I),
//! `parse.rs` (bytes → events, pure), `settings.rs` (what an owner may set).

pub mod contract;
#[cfg(feature = "probe")]
pub mod probe;
pub mod registry;
pub mod site_widget;
