//! Telegram: a bot with its private chats, groups and comments, and personal accounts that are attached to it (Business connections).
//!
//! * [`wire`]: what the Bot API sends; `parse`, `content`: how it is read; [`keys`]: how conversations and messages are named
//! * [`render`], [`words`]: what we send, and how long texts are cut
//! * [`api`], [`client`]: calls; [`errors`]: what is answered when something fails, and what is done then
//! * `connect`: the steps of connecting, webhook or polling
//! * `texts`: its words

pub mod api;
pub mod client;
mod connect;
mod content;
pub mod errors;
pub mod keys;
mod parse;
pub mod render;
pub mod wire;
pub mod words;

use async_trait::async_trait;

use self::client::Client;
use self::keys::ChatKey;
use self::render::{FILE_BYTES, TEXT_LIMIT};
use super::capability::{Connect, Fetch, Poll, Reading, Reword, Typing};
use super::contract::{CallContext, Channel, ChannelEvent, OutgoingPiece, RawHook, Routed, SendError, SentPiece, Unreadable};
use crate::connector::form::Texts;
use crate::connector::pace::Pace;
use crate::model::connection::{ChannelAccount, ChannelKind, ProviderLogin};
use crate::model::conversation::Conversation;
use crate::model::message::{Attachment, Part};
use crate::model::protocol::Can;
use crate::model::reason::Reason;
use crate::model::time::Time;

/// In the name of a personal account one may write for so long after its customer did.
const WINDOW_MS: i64 = 24 * 60 * 60_000;
/// A file of 50 MB goes up within this on a slow line.
const CALL_LIMIT_MS: i64 = 90_000;
/// The most files a manager sends at once; more than ten are several albums.
const FILES: u32 = 30;

/// A Telegram bot.
pub const BOT: ChannelKind = ChannelKind::new("telegram_bot");
/// A personal account that is attached to a bot (Telegram Business).
pub const PERSONAL: ChannelKind = ChannelKind::new("telegram_user");

/// Telegram's channel.
#[derive(Debug, Clone, Copy, Default)]
pub struct Telegram {
    client: Client,
}

#[async_trait]
impl Channel for Telegram {
    fn provider(&self) -> &'static str {
        "telegram"
    }

    fn kinds(&self) -> &'static [ChannelKind] {
        &[BOT, PERSONAL]
    }

    fn one_id_everywhere(&self) -> bool {
        true
    }

    fn call_limit_ms(&self) -> i64 {
        CALL_LIMIT_MS
    }

    fn route(&self, hook: &RawHook, login: &ProviderLogin) -> Result<Routed, Unreadable> {
        parse::route(hook, login)
    }

    fn parse(&self, part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
        parse::parse(part)
    }

    fn can(&self, account: &ChannelAccount, conversation: &Conversation, now: Time) -> Can {
        let is_personal = account.kind == PERSONAL;
        let window_until = is_personal.then(|| conversation.customer_at.unwrap_or(conversation.created_at).plus_ms(WINDOW_MS));
        let reason = if account.removed_at.is_some() {
            Some(Reason::new("channel_removed"))
        } else if !account.active {
            Some(Reason::new("channel_inactive"))
        } else if let Some(refused) = &account.refused {
            Some(refused.clone())
        } else if window_until.is_some_and(|until| until <= now) {
            Some(Reason::new("window_closed"))
        } else {
            None
        };
        let may_delete = !is_personal || account.facts.get("can_delete_sent_messages").map(String::as_str) == Some("true");
        Can {
            send: reason.is_none(),
            reason,
            // Longer texts go as several messages.
            text_limit: TEXT_LIMIT.saturating_mul(4),
            text_unit: "utf16".to_owned(),
            files: FILES,
            file_bytes: FILE_BYTES,
            reply: true,
            edit: true,
            delete: may_delete,
            react: !is_personal,
            window_until,
        }
    }

    fn pieces(&self, _kind: ChannelKind, parts: &[Part], attachments: &[Attachment]) -> Vec<(Vec<Part>, Vec<Attachment>)> {
        render::pieces(parts, attachments)
    }

    fn check_file(&self, _kind: ChannelKind, file: &Attachment) -> Result<(), Reason> {
        render::check_file(file)
    }

    /// A little under what Telegram allows: thirty a second, one a second into a chat, twenty a minute into a group.
    fn pace(&self) -> Pace {
        Pace { per_second: 25, chat_gap_ms: 1_050, group_per_minute: 19 }
    }

    /// A forum's topics and the comments under posts are conversations of one group. An album counts as its messages.
    fn crowd(&self, piece: &OutgoingPiece) -> Option<(String, usize)> {
        let chat = piece.conversation_key.as_deref().and_then(ChatKey::read)?.chat;
        (chat < 0).then(|| (chat.to_string(), piece.attachments.len().max(1)))
    }

    async fn send(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
        self.client.send(context, piece).await
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
