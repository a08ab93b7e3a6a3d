//! The chat widget of a site («Виджет», C-WID): the one channel whose provider we are ourselves.
//!
//! * [`parse`]: what the edge puts into the mailbox for a visitor's frame, and how it is read
//! * [`settings`], [`options`]: what an owner may set
//!
//! A visitor's socket is the provider: the edge turns each of its frames into a [`parse::VisitorPart`]. What managers write
//! reaches the visitor from the conversation's change log, so there is nothing to call.

pub mod options;
pub mod parse;
pub mod settings;

use async_trait::async_trait;

use super::contract::{CallContext, Channel, ChannelEvent, OutgoingPiece, RawHook, Routed, SendError, SentPiece, Transport, Unreadable};
use crate::connector::form::Texts;
use crate::model::connection::{ChannelAccount, ChannelKind, ProviderLogin};
use crate::model::conversation::Conversation;
use crate::model::protocol::Can;
use crate::model::reason::Reason;
use crate::model::time::Time;

/// The longest text of a message, in characters.
pub const TEXT_LIMIT: u32 = 8_000;
/// The most files of one message.
pub const FILES_LIMIT: u32 = 10;

/// What its accounts are.
pub const KIND: ChannelKind = ChannelKind::new("site_widget");

/// The widget's channel.
#[derive(Debug, Clone, Copy, Default)]
pub struct SiteWidget;

#[async_trait]
impl Channel for SiteWidget {
    fn provider(&self) -> &'static str {
        "site_widget"
    }

    fn kinds(&self) -> &'static [ChannelKind] {
        &[KIND]
    }

    fn transport(&self) -> Transport {
        Transport::Log
    }

    fn route(&self, _hook: &RawHook, _login: &ProviderLogin) -> Result<Routed, Unreadable> {
        Err(Unreadable("the widget has no hooks".to_owned()))
    }

    fn parse(&self, part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
        parse::parse(part)
    }

    fn can(&self, account: &ChannelAccount, _conversation: &Conversation, _now: Time) -> Can {
        let reason = if account.removed_at.is_some() {
            Some(Reason::new("channel_removed"))
        } else if account.active {
            None
        } else {
            Some(Reason::new("channel_inactive"))
        };
        Can {
            send: reason.is_none(),
            reason,
            text_limit: TEXT_LIMIT,
            text_unit: "characters".to_owned(),
            files: FILES_LIMIT,
            file_bytes: u64::MAX,
            reply: true,
            edit: true,
            delete: true,
            react: true,
            window_until: None,
        }
    }

    fn texts(&self) -> Texts {
        Texts { ru: include_str!("texts/ru.json"), en: include_str!("texts/en.json"), es: include_str!("texts/es.json") }
    }

    async fn send(&self, _context: &CallContext, _piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
        Err(SendError::Rejected(Reason::new("not_supported")))
    }
}
