//! The channels against fakes of their providers. What all of them share stands here.
//!
//! * `faults`: one table of what may become of a call, for all of them; `product`: the whole product at them, from webhook to polling and back, and
//!   files that are large or do not come
//! * `pictures`: faces and listings, from the fakes to managers
//! * `telegram`, `vk`, `avito`: each call as its provider wants it, each row of the error table to its end

mod avito;
mod faults;
mod pictures;
mod product;
mod telegram;
mod vk;

use kommutator::channel::contract::{Channel, ChannelEvent, Incoming, OutgoingPiece, SendError};
use kommutator::model::connection::{ChannelAccount, ChannelKind};
use kommutator::model::conversation::Place;
use kommutator::model::ids::{AccountId, LoginId};
use kommutator::model::message::{Part, plain_text};
use kommutator::model::time::Time;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Words for a private chat.
fn piece(chat: &str, text: &str) -> OutgoingPiece {
    OutgoingPiece {
        account: String::new(),
        conversation_key: Some(chat.to_owned()),
        address: None,
        parts: vec![Part::Text { text: text.to_owned() }],
        attachments: Vec::new(),
        reply_to_external: None,
        newest_external: None,
        place: Place::Private,
        begun_at: None,
        key: "k".to_owned(),
    }
}

fn account(kind: ChannelKind) -> ChannelAccount {
    ChannelAccount {
        id: AccountId(1),
        login: LoginId(1),
        kind,
        external_id: String::new(),
        name: String::new(),
        active: true,
        settings: Value::Null,
        facts: Default::default(),
        refused: None,
        created_at: Time(0),
        removed_at: None,
    }
}

/// What the caller can do next.
fn kind(error: &SendError) -> &'static str {
    match error {
        SendError::RetryAfter(_) => "retry_after",
        SendError::Temporary(_) => "temporary",
        SendError::Rejected(_) => "rejected",
        SendError::Unreachable(_) => "unreachable",
        SendError::AccessLost(_) => "access_lost",
        SendError::Unclear(_) => "unclear",
    }
}

/// The reason's code, or how long to wait.
fn code(error: &SendError) -> String {
    match error {
        SendError::RetryAfter(ms) => ms.to_string(),
        other => other.clone().reason().code,
    }
}

/// The provider's own words.
fn words(error: &SendError) -> Option<String> {
    match error {
        SendError::RetryAfter(_) => None,
        other => other.clone().reason().provider,
    }
}

/// Reads parts as the gateway would.
fn messages(channel: &dyn Channel, parts: &[Vec<u8>]) -> Vec<Incoming> {
    let events = parts.iter().flat_map(|part| channel.parse(part).unwrap());
    let found = events.filter_map(|event| match event {
        ChannelEvent::Message(incoming) => Some(*incoming),
        _ => None,
    });
    found.collect()
}

fn texts(channel: &dyn Channel, parts: &[Vec<u8>]) -> Vec<String> {
    messages(channel, parts).iter().map(|incoming| plain_text(&incoming.parts)).collect()
}

fn sha(content: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(content))
}

/// The texts that stand in what a fake shows of a chat.
fn said(shown: &Value) -> Vec<String> {
    let chat = if shown.is_array() { &shown[0] } else { shown };
    let text = |one: &Value| one["text"].as_str().or(one["content"]["text"].as_str()).unwrap_or_default().to_owned();
    chat["messages"].as_array().unwrap().iter().map(text).collect()
}
