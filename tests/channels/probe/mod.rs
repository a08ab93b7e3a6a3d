//! The channel of the tests: its provider is a fake one inside the test process, reached by real HTTP calls. No release knows it.
//!
//! * [`parse`]: what the fake sends, and how it is read
//! * [`settings`]: what a test sets of an account
//! * [`client`]: calls to the fake

pub mod client;
pub mod parse;
pub mod settings;

use async_trait::async_trait;

use self::client::Client;
use self::settings::ProbeSettings;
use crate::channel::capability::Lookup;
use crate::channel::contract::{
    CallContext, Channel, ChannelEvent, HookAnswer, OutgoingPiece, RawHook, Repeats, Routed, SendError, SentPiece, Unreadable,
};
use crate::connector::form::Texts;
use crate::model::connection::{ChannelAccount, ChannelKind, ProviderLogin};
use crate::model::conversation::Conversation;
use crate::model::message::{Attachment, Part, plain_text};
use crate::model::protocol::Can;
use crate::model::reason::Reason;
use crate::model::time::Time;

/// The longest text that goes as one piece, in characters.
pub const PIECE: usize = 100;
/// How long an answer is waited for.
pub const CALL_LIMIT_MS: i64 = 2_000;

/// What its accounts are.
pub const KIND: ChannelKind = ChannelKind::new("probe");

/// The probe's channel.
#[derive(Default)]
pub struct Probe {
    client: Client,
}

#[async_trait]
impl Channel for Probe {
    fn provider(&self) -> &'static str {
        "probe"
    }

    fn kinds(&self) -> &'static [ChannelKind] {
        &[KIND]
    }

    fn repeats(&self, account: &ChannelAccount) -> Repeats {
        ProbeSettings::of(account).repeats.into()
    }

    fn call_limit_ms(&self) -> i64 {
        CALL_LIMIT_MS
    }

    fn first_address(&self, _account: &ChannelAccount, address: &str) -> Result<String, Reason> {
        let address = address.trim().to_lowercase();
        let fine = address.starts_with(['+', '@']) && (2..=100).contains(&address.len());
        if fine { Ok(address) } else { Err(Reason::new("bad_address")) }
    }

    fn route(&self, hook: &RawHook, _login: &ProviderLogin) -> Result<Routed, Unreadable> {
        Ok(Routed { parts: parse::route(&hook.body)?, answer: HookAnswer { status: 200, body: "taken".to_owned() } })
    }

    fn parse(&self, part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
        parse::parse(part)
    }

    fn can(&self, account: &ChannelAccount, _conversation: &Conversation, _now: Time) -> Can {
        let reason = match (account.removed_at, account.active) {
            (Some(_), _) => Some(Reason::new("channel_removed")),
            (None, false) => Some(Reason::new("channel_inactive")),
            (None, true) => None,
        };
        Can {
            send: reason.is_none(),
            reason,
            text_limit: 4_000,
            text_unit: "characters".to_owned(),
            files: 10,
            file_bytes: u64::MAX,
            reply: true,
            edit: false,
            delete: false,
            react: false,
            window_until: None,
        }
    }

    /// A long text, or one with a bar, goes as two.
    fn pieces(&self, _kind: ChannelKind, parts: &[Part], attachments: &[Attachment]) -> Vec<(Vec<Part>, Vec<Attachment>)> {
        let text = plain_text(parts);
        let halves = match text.split_once('|') {
            Some((first, second)) => Some((first.to_owned(), second.to_owned())),
            None if text.chars().count() > PIECE => Some((text.chars().take(PIECE).collect(), text.chars().skip(PIECE).collect())),
            None => None,
        };
        match halves {
            Some((first, second)) => vec![(vec![Part::Text { text: first }], attachments.to_vec()), (vec![Part::Text { text: second }], Vec::new())],
            None => vec![(parts.to_vec(), attachments.to_vec())],
        }
    }

    fn texts(&self) -> Texts {
        let words = r#"{ "name.probe": "Probe" }"#;
        Texts { ru: words, en: words, es: words }
    }

    async fn send(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
        self.client.send(context, piece).await
    }

    fn lookup(&self) -> Option<&dyn Lookup> {
        Some(&self.client)
    }
}
