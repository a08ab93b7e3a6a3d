//! Outgoing webhooks: what is told to whom, each delivery as a record, and the rules of repeating.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, ConversationId, DeliveryId, MessageId, UserId, WebhookId};
use super::reason::Reason;
use super::time::Time;

/// Webhooks of a workspace.
pub const WEBHOOKS_LIMIT: usize = 20;
/// Deliveries of one webhook that may wait: past it the oldest are kept, and newer ones are dropped and counted.
pub const WAITING_LIMIT: u64 = 1_000;
/// The log keeps so many deliveries of a webhook, and so long.
pub const LOG_KEPT: (usize, i64) = (1_000, 30 * 24 * HOUR_MS);
/// A delivery is tried for so long.
pub const DELIVERY_LIFE_MS: i64 = 24 * HOUR_MS;
/// A webhook that takes nothing for so long is switched off, if its delivery was tried often enough.
pub const OFF_AFTER: (i64, u32) = (3 * 24 * HOUR_MS, 5);
/// A delivery that failed holds up the later ones of its conversation for so many tries.
pub const ORDER_TRIES: u32 = 3;
/// A replaced secret still signs for so long.
pub const OLD_SECRET_MS: i64 = 24 * HOUR_MS;
/// What is kept of an answer, bytes.
pub const ANSWER_KEPT: usize = 2 * 1024;
const HOUR_MS: i64 = 60 * 60 * 1_000;
/// The pauses between tries; the last one repeats.
const PAUSES_MS: [i64; 8] = [5_000, 30_000, 2 * 60_000, 5 * 60_000, 15 * 60_000, 30 * 60_000, HOUR_MS, 2 * HOUR_MS];

/// What a webhook can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub enum WebhookEvent {
    /// A message is new.
    #[serde(rename = "message.added")]
    MessageAdded,
    /// A message changed: its state, text, files, reactions.
    #[serde(rename = "message.updated")]
    MessageUpdated,
    /// A conversation was opened, or opened again.
    #[serde(rename = "conversation.opened")]
    Opened,
    /// It was closed.
    #[serde(rename = "conversation.closed")]
    Closed,
    /// It was given to somebody, or to nobody.
    #[serde(rename = "conversation.assigned")]
    Assigned,
    /// The customer rated it.
    #[serde(rename = "conversation.rated")]
    Rated,
    /// Anything of it changed.
    #[serde(rename = "conversation.updated")]
    Updated,
    /// A customer is new or changed: load it anew.
    #[serde(rename = "customer.updated")]
    Customer,
    /// Somebody pressed «Проверить». Nobody asks for it: it comes to every webhook.
    #[serde(rename = "test")]
    Test,
}

impl WebhookEvent {
    /// How it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MessageAdded => "message.added",
            Self::MessageUpdated => "message.updated",
            Self::Opened => "conversation.opened",
            Self::Closed => "conversation.closed",
            Self::Assigned => "conversation.assigned",
            Self::Rated => "conversation.rated",
            Self::Updated => "conversation.updated",
            Self::Customer => "customer.updated",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for WebhookEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for WebhookEvent {
    type Err = serde_json::Error;
    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_value(text.into())
    }
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// What its owner calls it.
    pub name: String,
    /// Where deliveries go.
    pub url: String,
    /// What it is told of.
    pub events: Vec<WebhookEvent>,
    /// Of which channels; none: of all.
    pub channels: Option<Vec<AccountId>>,
    /// Whether it is told anything.
    pub on: bool,
    /// What it is told of lies after this place of the feed: where the feed stood when it was made or switched on.
    pub since: u64,
    /// The secret that signs, sealed.
    pub sealed: String,
    /// The secret before it, sealed, and until when it signs too.
    pub sealed_before: Option<(String, Time)>,
    /// Since when nothing was taken.
    pub failing_since: Option<Time>,
    /// Why the last delivery was not taken, or why it was switched off.
    pub reason: Option<Reason>,
    /// When it was switched off because it failed.
    pub off_at: Option<Time>,
    /// Whether its owner was told so.
    pub off_told: bool,
    /// Deliveries that were never made, because too many waited.
    pub dropped: u64,
    /// Who made it, if a person did.
    pub made_by: Option<UserId>,
    /// When it was made.
    pub created_at: Time,
    /// When it was taken off: its deliveries go, then the record.
    pub removed_at: Option<Time>,
}

impl Webhook {
    /// Whether it is to be told of this.
    #[must_use]
    pub fn wants(&self, event: WebhookEvent, account: Option<AccountId>, place: u64) -> bool {
        let of_channel = self.channels.as_ref().is_none_or(|channels| account.is_some_and(|account| channels.contains(&account)));
        self.is_on() && place > self.since && of_channel && self.events.contains(&event)
    }

    /// Whether anything goes out to it.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on && self.removed_at.is_none()
    }
}

/// How far a delivery came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookStatus {
    /// It waits for its next try.
    Waiting,
    /// It was taken.
    Delivered,
    /// It was not taken in time.
    Failed,
}

impl FromStr for WebhookStatus {
    type Err = serde_json::Error;
    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_value(text.into())
    }
}

/// What was answered to the last try.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookAnswer {
    /// The status; none: there was no answer.
    pub code: Option<u16>,
    /// The first 2 KiB of the body.
    pub body: String,
    /// Milliseconds it took.
    pub took_ms: i64,
}

/// One thing told to one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDelivery {
    /// The webhook.
    pub webhook: WebhookId,
    /// Its id; the same over all tries. Ids of a workspace rise with the feed.
    pub id: DeliveryId,
    /// What happened.
    pub event: WebhookEvent,
    /// Where: later deliveries of it wait for this one.
    pub conversation: Option<ConversationId>,
    /// The message it tells of: once that is erased, so is the body.
    pub message: Option<MessageId>,
    /// What is sent.
    pub body: String,
    /// How far it came.
    pub status: WebhookStatus,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next, while it waits.
    pub next_at: Time,
    /// After this it fails.
    pub until: Time,
    /// Why it was not taken.
    pub reason: Option<Reason>,
    /// What was answered.
    pub answer: Option<WebhookAnswer>,
    /// When it happened.
    pub created_at: Time,
    /// When it was last tried.
    pub at: Option<Time>,
}

/// How far a workspace's feed was turned into deliveries: committed with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookPlace {
    /// The last entry.
    pub place: u64,
    /// The last id given to a delivery.
    pub last_id: u64,
}

/// The pause after so many tries: it grows, and a fifth of it is chance, so that what failed together does not come back together.
#[must_use]
pub fn pause_ms(tries: u32, chance: u32) -> i64 {
    let at = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX).min(PAUSES_MS.len().saturating_sub(1));
    let pause = PAUSES_MS.get(at).copied().unwrap_or(HOUR_MS);
    let spread = pause / 5;
    pause.saturating_sub(spread / 2).saturating_add(i64::from(chance) * spread / i64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook() -> Webhook {
        Webhook {
            id: WebhookId(1),
            name: String::new(),
            url: String::new(),
            events: vec![WebhookEvent::MessageAdded],
            channels: Some(vec![AccountId(7)]),
            on: true,
            since: 10,
            sealed: String::new(),
            sealed_before: None,
            failing_since: None,
            reason: None,
            off_at: None,
            off_told: false,
            dropped: 0,
            made_by: None,
            created_at: Time(0),
            removed_at: None,
        }
    }

    #[test]
    fn what_is_told_to_whom() {
        let hook = webhook();
        let table = [
            (hook.clone(), WebhookEvent::MessageAdded, 7, 11, true),
            (hook.clone(), WebhookEvent::MessageAdded, 7, 10, false),
            (hook.clone(), WebhookEvent::MessageAdded, 8, 11, false),
            (hook.clone(), WebhookEvent::Closed, 7, 11, false),
            (Webhook { channels: None, ..hook.clone() }, WebhookEvent::MessageAdded, 8, 11, true),
            (Webhook { channels: Some(Vec::new()), ..hook.clone() }, WebhookEvent::MessageAdded, 7, 11, false),
            (Webhook { on: false, ..hook.clone() }, WebhookEvent::MessageAdded, 7, 11, false),
            (Webhook { removed_at: Some(Time(1)), ..hook }, WebhookEvent::MessageAdded, 7, 11, false),
        ];
        for (at, (hook, event, account, place, wanted)) in table.into_iter().enumerate() {
            assert_eq!(hook.wants(event, Some(AccountId(account)), place), wanted, "row {at}");
        }
    }

    #[test]
    fn pauses_grow_spread_and_are_bounded() {
        let middle = |tries| pause_ms(tries, u32::MAX / 2);
        for tries in 1..12_u32 {
            let (least, most) = (pause_ms(tries, 0), pause_ms(tries, u32::MAX));
            assert!(least < middle(tries) && middle(tries) < most && most - least == most / 11 * 2 || most - least > 0, "{tries}");
            assert!(pause_ms(tries + 1, 0) > most || tries >= 8, "{tries}: the next pause is longer");
        }
        assert!(pause_ms(0, 0) >= 4_000 && pause_ms(u32::MAX, u32::MAX) <= 3 * 60 * 60 * 1_000);
        // All of a day is used: the tries do not run out long before the delivery's life does.
        let (mut spent, mut tries) = (0, 0);
        while spent < DELIVERY_LIFE_MS {
            tries += 1;
            spent += middle(tries);
        }
        assert!((15..25).contains(&tries), "{tries} tries in a day");
    }

    #[test]
    fn events_are_written_as_they_are_read() {
        for event in [
            "message.added",
            "message.updated",
            "conversation.opened",
            "conversation.closed",
            "conversation.assigned",
            "conversation.rated",
            "conversation.updated",
            "customer.updated",
            "test",
        ] {
            assert_eq!(event.parse::<WebhookEvent>().unwrap().to_string(), event);
        }
        assert!("message.removed".parse::<WebhookEvent>().is_err());
    }
}
