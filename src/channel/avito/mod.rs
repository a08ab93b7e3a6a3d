//! Avito: the messenger of a professional account, about listings and personal.
//!
//! * [`parse`]: deliveries and looks → what happened
//! * [`render`]: what we send
//! * [`client`]: calls; [`receive`]: looking for news; [`connect`]: the keys, and where Avito delivers to
//! * [`errors`]: what Avito's statuses mean; [`settings`]: what an owner may set

pub mod client;
pub mod connect;
pub mod errors;
pub mod parse;
pub mod receive;
pub mod render;
pub mod settings;

use async_trait::async_trait;

use self::client::Client;
use super::capability::{Blacklist, Connect, Fetch, Lookup, Poll, Profile, Reading, Reword, StepError};
use super::contract::{CallContext, Channel, ChannelEvent, Incoming, OutgoingPiece, RawHook, Repeats, Routed, SendError, SentPiece, Unreadable};
use crate::connector::form::{Field, Texts};
use crate::connector::pace::Pace;
use crate::model::connection::{ChannelAccount, ChannelKind, ProviderLogin};
use crate::model::conversation::Conversation;
use crate::model::message::{Attachment, Part};
use crate::model::protocol::Can;
use crate::model::reason::Reason;
use crate::model::time::Time;

/// Avito's words to people.
pub(crate) const TEXTS: Texts = Texts { ru: include_str!("texts/ru.json"), en: include_str!("texts/en.json"), es: include_str!("texts/es.json") };

/// What its accounts are.
pub const KIND: ChannelKind = ChannelKind::new("avito");

/// Avito's channel.
#[derive(Default)]
pub struct Avito {
    client: Client,
}

#[async_trait]
impl Channel for Avito {
    fn provider(&self) -> &'static str {
        "avito"
    }

    fn kinds(&self) -> &'static [ChannelKind] {
        &[KIND]
    }

    /// Avito knows no key of ours, but shows what was said.
    fn repeats(&self, _account: &ChannelAccount) -> Repeats {
        Repeats::Lookup
    }

    /// Pictures are uploaded in it.
    fn call_limit_ms(&self) -> i64 {
        60_000
    }

    fn route(&self, hook: &RawHook, login: &ProviderLogin) -> Result<Routed, Unreadable> {
        parse::route(hook, login)
    }

    fn parse(&self, part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
        parse::parse(part)
    }

    fn can(&self, account: &ChannelAccount, _conversation: &Conversation, _now: Time) -> Can {
        let reason = match (account.removed_at, account.active, &account.refused) {
            (Some(_), ..) => Some(Reason::new("channel_removed")),
            (None, false, _) => Some(Reason::new("channel_inactive")),
            (None, true, refused) => refused.clone(),
        };
        Can {
            send: reason.is_none(),
            reason,
            text_limit: render::TEXT_IN_ALL,
            text_unit: "characters".to_owned(),
            files: render::FILES_IN_ALL,
            file_bytes: render::FILE_BYTES,
            reply: false,
            edit: false,
            delete: true,
            react: false,
            window_until: None,
        }
    }

    fn pieces(&self, _kind: ChannelKind, parts: &[Part], attachments: &[Attachment]) -> Vec<(Vec<Part>, Vec<Attachment>)> {
        render::pieces(parts, attachments)
    }

    fn echoes(&self, parts: &[Part], attachments: &[Attachment], incoming: &Incoming) -> bool {
        render::echoes(parts, attachments, incoming)
    }

    /// Avito names no number; a minute's worth of calls is small.
    fn pace(&self) -> Pace {
        Pace { per_second: 1, chat_gap_ms: 0, group_per_minute: 0 }
    }

    async fn send(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
        self.client.piece(context, piece).await
    }

    fn settings(&self, _kind: ChannelKind) -> Vec<Field> {
        settings::fields()
    }

    fn check_settings(&self, _kind: ChannelKind, settings: &serde_json::Value) -> Result<serde_json::Value, StepError> {
        settings::check(settings)
    }

    fn texts(&self) -> Texts {
        TEXTS
    }

    fn lookup(&self) -> Option<&dyn Lookup> {
        Some(&self.client)
    }

    fn poll(&self) -> Option<&dyn Poll> {
        Some(&self.client)
    }

    fn fetch(&self) -> Option<&dyn Fetch> {
        Some(&self.client)
    }

    fn reword(&self) -> Option<&dyn Reword> {
        Some(&self.client)
    }

    fn reading(&self) -> Option<&dyn Reading> {
        Some(&self.client)
    }

    fn profile(&self) -> Option<&dyn Profile> {
        Some(&self.client)
    }

    fn blacklist(&self) -> Option<&dyn Blacklist> {
        Some(&self.client)
    }

    fn connect(&self) -> Option<&dyn Connect> {
        Some(&self.client)
    }
}
