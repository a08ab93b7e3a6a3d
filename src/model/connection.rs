//! Three layers of connection: [`ProviderApp`] › [`ProviderLogin`] › [`ChannelAccount`]; and the [`AccountLink`] between an account and a
//! CRM connection, which stands in [`crm`](super::crm).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::ids::{AccountId, ConnectionId, LoginId, ProviderAppId};
use super::reason::Reason;
use super::time::Time;

/// A name that a folder of this program gives what it serves. Which there are only the folders know; what this program has no folder for is
/// kept as it is.
macro_rules! open_kind {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name {
            name: [u8; Self::LONGEST],
            length: u8,
        }

        impl $name {
            /// The longest name, bytes.
            pub const LONGEST: usize = 31;

            /// For the constants of the folders: a wrong name does not compile there.
            ///
            /// # Panics
            /// It is no name of a kind.
            #[must_use]
            pub const fn new(name: &'static str) -> Self {
                let kind = Self::read(name);
                assert!(kind.is_some(), "a kind is 1 to 31 of a-z, 0-9 and _");
                match kind {
                    Some(kind) => kind,
                    None => Self { name: [0; Self::LONGEST], length: 0 },
                }
            }

            /// Reads a name: lower case, digits and `_`.
            #[must_use]
            pub const fn read(name: &str) -> Option<Self> {
                let mut kind = Self { name: [0; Self::LONGEST], length: 0 };
                let mut rest = name.as_bytes();
                let mut room: &mut [u8] = &mut kind.name;
                while let Some((byte, after)) = rest.split_first() {
                    let Some((place, left)) = room.split_first_mut() else { return None };
                    if !matches!(*byte, b'a'..=b'z' | b'0'..=b'9' | b'_') {
                        return None;
                    }
                    *place = *byte;
                    kind.length += 1;
                    (rest, room) = (after, left);
                }
                if kind.length == 0 { None } else { Some(kind) }
            }

            /// The kind as it is written everywhere.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.name.get(..usize::from(self.length)).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let name = String::deserialize(from)?;
                Self::read(&name).ok_or_else(|| serde::de::Error::custom("1 to 31 of a-z, 0-9 and _ are wanted"))
            }
        }
    };
}

open_kind! {
    /// What a channel account is, one row of «Входящие каналы» each: a name that its channel's folder gives it.
    ChannelKind
}

open_kind! {
    /// What a CRM connection is, one row of «Исходящие каналы» each: the name of its folder.
    CrmKind
}

impl CrmKind {
    /// Our own messenger, a connection like the others (G-01), but that no actor serves: what managers get is in the commit itself.
    pub const WEB_MESSENGER: Self = Self::new("web_messenger");

    /// Whether an actor serves it.
    #[must_use]
    pub fn is_served(&self) -> bool {
        *self != Self::WEB_MESSENGER
    }
}

/// Keys shared by many logins: a Meta app, an amoCRM integration with its chat channel, a VK app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderApp {
    /// Its id.
    pub id: ProviderAppId,
    /// The provider's folder: `meta`, `amocrm` …
    pub provider: String,
    /// The name the owner gave.
    pub name: String,
    /// Its keys, sealed.
    pub sealed: String,
    /// What is known of it and is no secret: its id at the provider, the id of its chat channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// The provider's address where it is not the usual one: a proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// When it was made.
    pub created_at: Time,
}

/// Whether a login works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum Health {
    /// All is well.
    Connected,
    /// It works with hindrances; the reason says which.
    Degraded,
    /// The provider lets us in no longer; the owner must act.
    AccessLost,
    /// It was never connected, or was taken off.
    NotConnected,
}

/// A health with reason and since when; what to do follows from the reason's code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct HealthState {
    /// How it is.
    pub status: Health,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<Reason>,
    /// Since when.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
}

/// A token or session at a provider: transport, limiter, health, lease, one actor in the cluster. It carries one or more
/// accounts: a VK community has messages and comments, a Telegram bot itself and each Business connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderLogin {
    /// Its id.
    pub id: LoginId,
    /// The channel's folder: `site_widget`, `telegram` …
    pub provider: String,
    /// The app it belongs to.
    pub app: Option<ProviderAppId>,
    /// How the provider names it in hooks; empty: not yet known.
    pub external_key: String,
    /// Token or session, sealed; empty: none.
    pub sealed: String,
    /// The provider's address where it is not the usual one: a proxy, a self-hosted server.
    #[serde(default)]
    pub base_url: Option<String>,
    /// What is known of it and is no secret: its name at the provider, how it is told of news. The channel reads and writes them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// How it is.
    pub health: HealthState,
    /// When it was connected.
    pub created_at: Time,
    /// Taken off: its actor ends and is started no more.
    pub removed_at: Option<Time>,
}

/// A connected messenger account: a name, a switch, settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChannelAccount {
    /// Its id.
    pub id: AccountId,
    /// The login that carries it.
    pub login: LoginId,
    /// What it is.
    pub kind: ChannelKind,
    /// How the provider names it within the login; empty where a login has one account.
    pub external_id: String,
    /// The name, unique within the workspace (B-34).
    pub name: String,
    /// The owner's switch (B-35).
    pub active: bool,
    /// The channel's own settings, checked against its schema.
    pub settings: serde_json::Value,
    /// What the provider tells of it and is no secret: a link to it, its rights.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// Why the provider does not let us serve it, though it does the login; none: it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Reason>,
    /// When it was made; nothing older is imported.
    pub created_at: Time,
    /// Taken off: its conversations stay and can be read.
    pub removed_at: Option<Time>,
}

/// What happens to our outbound messages a customer has not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnansweredOutbound {
    /// Delivered at once.
    #[default]
    Export,
    /// Never delivered.
    Drop,
    /// Held until the customer answers.
    ReleaseOnReply,
}

/// That an account feeds a connection, with what is set for this pair (J-20 … J-23, funnel, stage, responsible).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountLink {
    /// The account.
    pub account: AccountId,
    /// The connection.
    pub connection: ConnectionId,
    /// What happens to unanswered outbound messages.
    #[serde(default)]
    pub unanswered_outbound: UnansweredOutbound,
    /// The pair's own settings.
    #[serde(default)]
    pub settings: serde_json::Value,
}

/// What an account's messages may do in a CRM (J-20 … J-23); what is not said is as recommended (J-24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct LinkRules {
    /// «Создавать контакт»: who writes for the first time becomes one.
    pub create_contact: bool,
    /// «Создавать сделку».
    pub create_deal: bool,
    /// «Искать существующего»: by phone and e-mail, before one is made.
    pub find_existing: bool,
    /// «Обновлять данные»: what a contact says later is added.
    pub update_contact: bool,
}

impl Default for LinkRules {
    fn default() -> Self {
        // J-24 recommends the first and the third; a connection that makes no deals would surprise whoever connects a CRM.
        Self { create_contact: true, create_deal: true, find_existing: true, update_contact: false }
    }
}

impl AccountLink {
    /// What is set of the pair.
    #[must_use]
    pub fn rules(&self) -> LinkRules {
        serde_json::from_value(self.settings.clone()).unwrap_or_default()
    }

    /// With nothing set.
    #[must_use]
    pub fn plain(account: AccountId, connection: ConnectionId) -> Self {
        Self { account, connection, unanswered_outbound: UnansweredOutbound::default(), settings: serde_json::Value::Null }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_kind_is_a_short_plain_name() {
        const BOT: ChannelKind = ChannelKind::new("telegram_bot");
        assert_eq!((BOT.as_str(), format!("{BOT:?}")), ("telegram_bot", "telegram_bot".to_owned()));
        assert_eq!(ChannelKind::read("telegram_bot"), Some(BOT));
        let longest = "a".repeat(ChannelKind::LONGEST);
        assert_eq!(ChannelKind::read(&longest).map(|kind| kind.as_str().to_owned()), Some(longest.clone()));
        for wrong in ["", "Telegram", "a b", "a-b", "ф", &format!("{longest}a")] {
            assert_eq!(ChannelKind::read(wrong), None, "{wrong}");
            assert!(serde_json::from_value::<ChannelKind>(wrong.into()).is_err(), "{wrong}");
        }
        assert!(ChannelKind::new("avito") < ChannelKind::new("vk_comments"));
    }

    proptest! {
        /// Also as JSON, where a string may come with escapes.
        #[test]
        fn a_name_stays_as_it_is(name in "[a-z0-9_]{1,31}") {
            let kind: ChannelKind = serde_json::from_str(&format!("\"\\u{:04x}{}\"", u32::from(name.as_bytes()[0]), &name[1..])).unwrap();
            prop_assert_eq!(kind.as_str(), &name);
            prop_assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{name}\""));
        }
    }
}
