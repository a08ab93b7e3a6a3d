//! Channels: one folder per provider behind the same contract.
//!
//! * [`contract`]: the small required trait, what goes out, errors that say what to do; [`event`]: what comes in
//! * [`capability`]: what only some channels can do, a trait each
//! * [`registry`]: which provider is which folder
//! * and a folder for each provider, listed below. Those of the tests lie in `tests/channels`; no release has them.
//!
//! A channel knows neither actors nor the store. Whoever has read one folder can find anything in another: `mod.rs` (who am I),
//! `parse.rs` (bytes → events, pure), `settings.rs` (what an owner may set).

pub mod capability;
pub mod contract;
pub mod event;
pub mod registry;

/// Declares each folder and puts its channel into the registry: this line is all that the rest of the program needs of a channel.
macro_rules! channels {
    ($($(#[cfg($when:meta)])? $(#[path = $path:literal])? $folder:ident: $channel:ident,)*) => {
        $($(#[cfg($when)])? $(#[path = $path])? pub mod $folder;)*

        /// Puts every channel of this program into a registry.
        fn put_all(into: &mut registry::Channels) {
            $($(#[cfg($when)])? into.add(std::sync::Arc::<$folder::$channel>::default());)*
        }
    };
}

channels! {
    avito: Avito,
    #[cfg(feature = "probe")] #[path = "../../tests/channels/demo/mod.rs"] demo: Demo,
    site_widget: SiteWidget,
    telegram: Telegram,
    vk: Vk,
    #[cfg(feature = "probe")] #[path = "../../tests/channels/probe/mod.rs"] probe: Probe,
}
