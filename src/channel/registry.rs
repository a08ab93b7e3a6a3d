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
        super::put_all(&mut channels);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::form::{Field, FieldKind, Step};

    type Words = BTreeMap<String, String>;

    /// A label, a choice's text, a warning.
    fn of_fields(fields: &[Field]) -> Vec<String> {
        let words = fields.iter().flat_map(|field| {
            let name = format!("field.{}", field.name);
            let mut keys = vec![name.clone()];
            if let FieldKind::Choice { values } = &field.kind {
                keys.extend(values.iter().map(|value| format!("{name}.{value}")));
            }
            keys.extend(field.warns.then(|| format!("{name}.warning")));
            keys
        });
        words.collect()
    }

    /// The words each channel is bound to have, as far as they are known without a provider.
    #[test]
    fn each_channel_has_its_words_in_each_language() {
        let mut kinds = Vec::new();
        for channel in Channels::all().iter() {
            let provider = channel.provider();
            let texts = ["ru", "en", "es"].map(|language| serde_json::from_str::<Words>(channel.texts().of(language)).unwrap());
            let mut wanted = vec![format!("name.{provider}")];
            for kind in channel.kinds() {
                wanted.push(format!("name.{}", kind.as_str()));
                wanted.extend(of_fields(&channel.settings(*kind)));
                if let Some(connect) = channel.connect().filter(|connect| connect.begins(*kind)) {
                    wanted.push(format!("about.{}", kind.as_str()));
                    let (Step::Fields { name, .. } | Step::Qr { name, .. } | Step::Redirect { name, .. } | Step::Wait { name, .. }) =
                        connect.first(*kind);
                    wanted.extend(["title", "text"].map(|part| format!("step.{name}.{part}")));
                    if let Step::Fields { fields, .. } = connect.first(*kind) {
                        wanted.extend(of_fields(&fields));
                    }
                }
                kinds.push(*kind);
            }
            let [russian, others @ ..] = &texts;
            for words in &texts {
                let missing: Vec<_> = wanted.iter().filter(|key| words.get(*key).is_none_or(|text| text.trim().is_empty())).collect();
                assert_eq!(missing, Vec::<&String>::new(), "{provider}");
            }
            assert!(others.iter().all(|words| words.keys().eq(russian.keys())), "{provider}: the languages do not say the same");
            let is_russian = |text: &String| text.chars().any(|letter| ('а'..='я').contains(&letter));
            assert_eq!(others.iter().flat_map(Words::values).find(|text| is_russian(text)), None, "{provider}");
        }
        kinds.sort();
        assert!(kinds.windows(2).all(|pair| pair[0] != pair[1]), "two channels carry the same kind: {kinds:?}");
    }
}
