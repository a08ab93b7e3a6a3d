//! VK: a community's messages, and the comments under its posts, photos, videos and products. One token is one login with two accounts.
//!
//! * [`parse`]: events → what happened, with [`content`] and [`ids`]
//! * [`render`]: what we send
//! * [`client`]: calls; [`receive`]: asking for news; [`connect`]: the token, and where VK sends to
//! * [`errors`]: VK's error table
//! * [`settings`]: what an owner may set

pub mod client;
pub mod connect;
pub mod content;
pub mod errors;
pub mod ids;
pub mod parse;
pub mod receive;
pub mod render;
pub mod settings;

use async_trait::async_trait;
use serde_json::Value;

use self::client::Client;
use self::ids::Post;
use self::settings::Settings;
use super::capability::{Connect, Fetch, Poll, Profile, Reading, Reword, StepError, Typing};
use super::contract::{CallContext, Channel, ChannelEvent, Incoming, OutgoingPiece, RawHook, Repeats, Routed, SendError, SentPiece, Unreadable};
use crate::connector::form::{Field, Texts};
use crate::connector::pace::Pace;
use crate::model::connection::{ChannelAccount, ChannelKind, ProviderLogin};
use crate::model::conversation::{Conversation, Place};
use crate::model::message::{Attachment, Part};
use crate::model::protocol::Can;
use crate::model::reason::Reason;
use crate::model::time::Time;

/// VK's words to people.
pub(crate) const TEXTS: Texts = Texts { ru: include_str!("texts/ru.json"), en: include_str!("texts/en.json"), es: include_str!("texts/es.json") };

/// Messages of a community.
pub const MESSAGES_KIND: ChannelKind = ChannelKind::new("vk_messages");
/// Comments of a community.
pub const COMMENTS_KIND: ChannelKind = ChannelKind::new("vk_comments");

/// VK's channel.
#[derive(Debug, Default)]
pub struct Vk {
    client: Client,
}

#[async_trait]
impl Channel for Vk {
    fn provider(&self) -> &'static str {
        "vk"
    }

    fn kinds(&self) -> &'static [ChannelKind] {
        &[MESSAGES_KIND, COMMENTS_KIND]
    }

    fn one_id_everywhere(&self) -> bool {
        true
    }

    /// Messages by their `random_id`, comments by their `guid`.
    fn repeats(&self, _account: &ChannelAccount) -> Repeats {
        Repeats::Keyed
    }

    /// Files are uploaded in it.
    fn call_limit_ms(&self) -> i64 {
        5 * 60_000
    }

    /// C-GEN-03: comments never. Whether they allowed messages is only known to VK.
    fn first_address(&self, account: &ChannelAccount, address: &str) -> Result<String, Reason> {
        match account.kind {
            MESSAGES_KIND => render::address(address).ok_or_else(|| Reason::new("bad_address")),
            _ => Err(Reason::new("cannot_write_first")),
        }
    }

    fn route(&self, hook: &RawHook, login: &ProviderLogin) -> Result<Routed, Unreadable> {
        parse::route(hook, login)
    }

    fn parse(&self, part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
        parse::parse(part)
    }

    fn admits(&self, account: &ChannelAccount, incoming: &Incoming) -> Result<(), Reason> {
        Settings::of(account).admits(incoming)
    }

    fn can(&self, account: &ChannelAccount, conversation: &Conversation, _now: Time) -> Can {
        let messages = account.kind == MESSAGES_KIND;
        let reason = match (account.removed_at, account.active, &account.refused, &conversation.place) {
            (Some(_), ..) => Some(Reason::new("channel_removed")),
            (None, false, ..) => Some(Reason::new("channel_inactive")),
            (None, true, Some(reason), _) => Some(reason.clone()),
            // Under photos, videos and products a community can read, but not answer.
            (None, true, None, Place::Post(post)) if !Post::read(post).is_some_and(|post| post.answerable()) => {
                Some(Reason::new("comments_not_answerable"))
            }
            (None, true, None, _) => None,
        };
        Can {
            send: reason.is_none(),
            reason,
            text_limit: render::TEXT_IN_ALL,
            text_unit: "characters".to_owned(),
            files: render::FILES_IN_ALL,
            file_bytes: render::FILE_BYTES,
            reply: true,
            edit: messages,
            delete: messages,
            react: false,
            window_until: None,
        }
    }

    fn pieces(&self, kind: ChannelKind, parts: &[Part], attachments: &[Attachment]) -> Vec<(Vec<Part>, Vec<Attachment>)> {
        render::pieces(kind, parts, attachments)
    }

    fn mark(&self, key: &str) -> String {
        ids::random_id(key).to_string()
    }

    fn check_file(&self, _kind: ChannelKind, file: &Attachment) -> Result<(), Reason> {
        render::check(file)
    }

    /// VK allows 20; two are for what is not sent: questions, marks.
    fn pace(&self) -> Pace {
        Pace { per_second: 18, chat_gap_ms: 0, group_per_minute: 0 }
    }

    /// VK promises no order, and counts what is said in a dialog, by whomever.
    fn sequence(&self, external_id: &str) -> Option<i64> {
        ids::read_message(external_id).map(|(_, number)| number)
    }

    async fn send(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
        match piece.place {
            Place::Post(_) => self.client.comment(context, piece).await,
            _ => self.client.message(context, piece).await,
        }
    }

    fn settings(&self, kind: ChannelKind) -> Vec<Field> {
        settings::fields(kind)
    }

    fn check_settings(&self, _kind: ChannelKind, settings: &Value) -> Result<Value, StepError> {
        settings::check(settings)
    }

    fn texts(&self) -> Texts {
        TEXTS
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

    fn profile(&self) -> Option<&dyn Profile> {
        Some(&self.client)
    }

    fn connect(&self) -> Option<&dyn Connect> {
        Some(&self.client)
    }
}
