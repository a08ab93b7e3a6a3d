//! Channels: one folder per provider behind the same contract.
//!
//! * [`contract`]: the small required trait, what goes in and out, errors that say what to do
//! * [`capability`]: what only some channels can do, a trait each
//! * [`form`]: what is asked of an owner, as data; [`pace`]: how fast a login may be called
//! * [`lenient`]: reading what providers send, whatever form it has
//! * [`registry`]: which provider is which folder
//! * [`site_widget`]: the chat widget of a site; [`telegram`], [`vk`], [`avito`]
//! * `probe`: the channel of the tests, only with the feature `faults`
//!
//! A channel knows neither actors nor the store. Whoever has read one folder can find anything in another: `mod.rs` (who am I),
//! `parse.rs` (bytes → events, pure), `settings.rs` (what an owner may set).

pub mod avito;
pub mod capability;
pub mod contract;
pub mod form;
pub mod lenient;
pub mod pace;
#[cfg(feature = "probe")]
pub mod probe;
pub mod registry;
pub mod site_widget;
pub mod telegram;
pub mod vk;
