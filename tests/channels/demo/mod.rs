//! Demo: a messenger that does not exist, so that a channel can be added, connected and talked over without any provider. No release has it.
//! What it carries, and its table of errors: `docs/demo-channel.md`.
//!
//! * [`parse`]: what its news say
//! * [`render`]: what we send
//! * [`client`]: calls; [`connect`]: linking this program as a device by a code
//! * [`errors`]: what its refusals mean; [`settings`]: what an owner may set

pub mod client;
pub mod connect;
pub mod errors;
pub mod parse;
pub mod render;
pub mod settings;

use async_trait::async_trait;
use serde_json::Value;

use self::client::Client;
use self::settings::Settings;
use crate::channel::capability::{Connect, Fetch, Poll, Reading, Reword, StepError, Typing};
use crate::channel::contract::{
    CallContext, Channel, ChannelEvent, Incoming, OutgoingPiece, RawHook, Repeats, Routed, SendError, SentPiece, Unreadable,
};
use crate::connector::form::{Field, Texts};
use crate::connector::pace::Pace;
use crate::model::connection::{ChannelAccount, ChannelKind, ProviderLogin};
use crate::model::conversation::Conversation;
use crate::model::message::{Attachment, Part};
use crate::model::protocol::Can;
use crate::model::reason::Reason;
use crate::model::time::Time;

/// What its accounts are.
pub const KIND: ChannelKind = ChannelKind::new("demo");

/// Demo's channel.
#[derive(Default)]
pub struct Demo {
    client: Client,
}

#[async_trait]
impl Channel for Demo {
    fn provider(&self) -> &'static str {
        "demo"
    }

    fn kinds(&self) -> &'static [ChannelKind] {
        &[KIND]
    }

    /// Each send has our key; a repeat of it is answered with what was sent.
    fn repeats(&self, _account: &ChannelAccount) -> Repeats {
        Repeats::Keyed
    }

    fn first_address(&self, account: &ChannelAccount, address: &str) -> Result<String, Reason> {
        render::phone(address, &Settings::of(account).country).ok_or_else(|| Reason::new("bad_address"))
    }

    /// It has no hooks: it is asked.
    fn route(&self, _hook: &RawHook, _login: &ProviderLogin) -> Result<Routed, Unreadable> {
        Err(Unreadable("Demo has no hooks".to_owned()))
    }

    fn parse(&self, part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
        parse::parse(part)
    }

    fn admits(&self, account: &ChannelAccount, incoming: &Incoming) -> Result<(), Reason> {
        let own = account.facts.get("username").map(String::as_str).unwrap_or_default();
        Settings::of(account).admits(incoming, own)
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
            reply: true,
            edit: true,
            delete: true,
            react: true,
            window_until: None,
        }
    }

    fn pieces(&self, _kind: ChannelKind, parts: &[Part], attachments: &[Attachment]) -> Vec<(Vec<Part>, Vec<Attachment>)> {
        render::pieces(parts, attachments)
    }

    fn pace(&self) -> Pace {
        Pace { per_second: 20, chat_gap_ms: 0, group_per_minute: 0 }
    }

    async fn send(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
        self.client.piece(context, piece).await
    }

    fn settings(&self, _kind: ChannelKind) -> Vec<Field> {
        settings::fields()
    }

    fn check_settings(&self, _kind: ChannelKind, settings: &Value) -> Result<Value, StepError> {
        settings::check(settings)
    }

    fn texts(&self) -> Texts {
        Texts { ru: include_str!("texts/ru.json"), en: include_str!("texts/en.json"), es: include_str!("texts/es.json") }
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

    fn typing(&self) -> Option<&dyn Typing> {
        Some(&self.client)
    }

    fn connect(&self) -> Option<&dyn Connect> {
        Some(&self.client)
    }
}
