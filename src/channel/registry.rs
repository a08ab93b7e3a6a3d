//! Which provider is which folder.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::contract::Channel;
use crate::model::connection::ChannelKind;

/// The channels this process knows, by provider.
#[derive(Clone, Default)]
pub struct Channels {
    by_provider: BTreeMap<&'static str, Arc<dyn Channel>>,
}

impl Channels {
    /// Every channel of the product.
    #[must_use]
    pub fn all() -> Self {
        let mut channels = Self::default();
        channels.add(Arc::new(super::site_widget::SiteWidget));
        channels.add(Arc::new(super::telegram::Telegram::default()));
        channels.add(Arc::new(super::vk::Vk::default()));
        channels.add(Arc::new(super::avito::Avito::default()));
        #[cfg(feature = "probe")]
        channels.add(Arc::new(super::probe::Probe::default()));
        channels
    }

    /// Adds a channel, or replaces the one of the same provider.
    pub fn add(&mut self, channel: Arc<dyn Channel>) {
        self.by_provider.insert(channel.provider(), channel);
    }

    /// The channel of a provider.
    #[must_use]
    pub fn get(&self, provider: &str) -> Option<Arc<dyn Channel>> {
        self.by_provider.get(provider).cloned()
    }

    /// Every channel, by provider.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Channel>> {
        self.by_provider.values()
    }

    /// The channel that carries accounts of a kind.
    #[must_use]
    pub fn of_kind(&self, kind: ChannelKind) -> Option<Arc<dyn Channel>> {
        self.by_provider.values().find(|channel| channel.kinds().contains(&kind)).cloned()
    }
}
