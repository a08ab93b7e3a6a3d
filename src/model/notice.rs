//! Notices: who is told of what, when there is silence, and what waits to be told.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::hours::minutes;
use super::ids::{AccountId, ConnectionId, ConversationId, LetterId, MessageId, NodeId, SessionId, UserId};
use super::protocol::{NoticeEvent, NoticeSettings, QuietHours, Wish};
use super::time::Time;

/// A push about a customer's message is repeated so often at most.
pub const REPEATS: u32 = 5;
/// A repeat comes at the earliest and at the latest after so many minutes.
pub const REPEAT_MINUTES: (u32, u32) = (1, 24 * 60);
/// A push nobody took for so long is of no use.
pub const NOTICE_LIFE_MS: i64 = 4 * 60 * 60 * 1_000;
/// The most conversations and channels of which somebody is still to be told by one way; beyond it the newest are dropped.
pub const WAITING_LIMIT: usize = 500;

/// What one person wants; the record of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeWishes {
    /// Who.
    pub user: UserId,
    /// What they want.
    pub settings: NoticeSettings,
    /// Since when.
    pub at: Time,
}

/// Somebody is away. While there is such a record that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// Who.
    pub user: UserId,
    /// Until when; none: until they say otherwise.
    pub until: Option<Time>,
    /// Since when.
    pub since: Time,
}

impl Absence {
    /// Whether they are away now.
    #[must_use]
    pub fn holds(&self, now: Time) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// When somebody was here last, and on which processes they have a page open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    /// Who.
    pub user: UserId,
    /// The processes their pages are linked to; one that is dead counts for nothing.
    pub nodes: Vec<NodeId>,
    /// When they came, left, or were last seen to stay.
    pub seen_at: Time,
}

/// A device that takes pushes: a browser somebody is logged in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushSubscription {
    /// Whose.
    pub user: UserId,
    /// The session it belongs to; it ends with it.
    pub session: SessionId,
    /// Browser and system, in words.
    pub label: String,
    /// Address and keys, as JSON, sealed: who has them can write to the device.
    pub sealed: String,
    /// Since when.
    pub created_at: Time,
}

/// By which way a notice goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "snake_case")]
pub enum NoticeWay {
    /// To a device.
    Push {
        /// Its session.
        session: SessionId,
    },
    /// By letter.
    Letter {
        /// The letter's id: written twice, it is one.
        letter: LetterId,
    },
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum NoticeTopic {
    /// A conversation.
    Conversation {
        /// Which.
        conversation: ConversationId,
    },
    /// A channel.
    Channel {
        /// Which.
        account: AccountId,
    },
    /// A CRM connection.
    Connection {
        /// Which.
        connection: ConnectionId,
    },
    /// Nothing: somebody tries whether notices arrive.
    Trial,
}

/// Something somebody is still to be told. There is one of each way and topic: what is newer takes its place, as on the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Who.
    pub user: UserId,
    /// How.
    pub way: NoticeWay,
    /// What about.
    pub topic: NoticeTopic,
    /// What happened; none: a trial.
    pub event: Option<NoticeEvent>,
    /// The message it is about, where it is about one.
    #[serde(default)]
    pub message: Option<MessageId>,
    /// Who is the cause of it, by name.
    #[serde(default)]
    pub by: String,
    /// The feed's entry it came from.
    pub place: u64,
    /// How often it was sent and should be again.
    #[serde(default)]
    pub rounds: u32,
    /// How often this round was tried.
    #[serde(default)]
    pub tries: u32,
    /// When it is tried next.
    pub next_at: Time,
    /// After this it is dropped.
    pub until: Time,
    /// When it was decided.
    pub created_at: Time,
}

/// How far the feed was looked through for what somebody is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticePlace {
    /// The epoch of the feed.
    pub epoch: String,
    /// The last entry looked at.
    pub place: u64,
}

/// A letter to a site's visitor that gathers what was answered and not seen, still to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerLetter {
    /// Where.
    pub conversation: ConversationId,
    /// The letter's id: written twice, it is one.
    pub letter: LetterId,
    /// The first message.
    pub from: u32,
    /// The last.
    pub up_to: u32,
    /// Whether it lies with the other letters, and is only waited for.
    #[serde(default)]
    pub written: bool,
    /// When it is looked at.
    pub next_at: Time,
    /// When that was decided.
    pub created_at: Time,
}

/// What an address got of a workspace's letters to visitors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterReader {
    /// SHA-256 of the address in lower case, hex.
    pub hash: String,
    /// Since when its owner wants none.
    #[serde(default)]
    pub stopped_at: Option<Time>,
    /// When letters were written to it, as far back as that counts.
    #[serde(default)]
    pub written: Vec<Time>,
}

impl LetterReader {
    /// The most letters of a day and of thirty.
    const MOST: [(i64, usize); 2] = [(24 * 60 * 60 * 1_000, 3), (30 * 24 * 60 * 60 * 1_000, 10)];

    /// An address that got none.
    #[must_use]
    pub fn new(hash: String) -> Self {
        Self { hash, stopped_at: None, written: Vec::new() }
    }

    /// Counts one more letter, if there may be one.
    pub fn takes(&mut self, now: Time) -> bool {
        let since = |span: i64| self.written.iter().filter(|at| now.since(**at) < span).count();
        if self.stopped_at.is_some() || Self::MOST.iter().any(|(span, most)| since(*span) >= *most) {
            return false;
        }
        let [_, (span, _)] = Self::MOST;
        self.written.retain(|at| now.since(*at) < span);
        self.written.push(now);
        true
    }
}

impl NoticeSettings {
    /// What is wished for an event.
    #[must_use]
    pub fn wish(&self, event: NoticeEvent) -> Wish {
        match event {
            NoticeEvent::Mine => self.mine,
            NoticeEvent::Unassigned => self.unassigned,
            NoticeEvent::Colleagues => self.colleagues,
            NoticeEvent::Assigned => self.assigned,
            NoticeEvent::Mentioned => self.mentioned,
            NoticeEvent::Overdue => self.overdue,
            NoticeEvent::Trouble => self.trouble,
        }
    }

    /// What is wrong with them: the field and a code.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let is_time = |text: &str| minutes(text).is_some_and(|minutes| minutes < 24 * 60);
        if !is_time(&self.quiet.from) || !is_time(&self.quiet.to) {
            return Err(("quiet", "hours_invalid"));
        }
        if self.repeat_minutes != 0 && !(REPEAT_MINUTES.0..=REPEAT_MINUTES.1).contains(&self.repeat_minutes) {
            return Err(("repeat_minutes", "out_of_range"));
        }
        Ok(())
    }
}

/// Whose business a customer's message is to somebody.
#[must_use]
pub fn whose(assignee: Option<UserId>, me: UserId) -> NoticeEvent {
    match assignee {
        None => NoticeEvent::Unassigned,
        Some(user) if user == me => NoticeEvent::Mine,
        Some(_) => NoticeEvent::Colleagues,
    }
}

/// Whether an event is a customer's message.
#[must_use]
pub fn is_message(event: NoticeEvent) -> bool {
    matches!(event, NoticeEvent::Mine | NoticeEvent::Unassigned | NoticeEvent::Colleagues)
}

/// Whether it is the quiet time of somebody in this zone. Clock hands decide, so a night whose clock is moved is longer or shorter.
#[must_use]
pub fn is_quiet(quiet: &QuietHours, zone: &str, now: Time) -> bool {
    let (Some(from), Some(to)) = (minutes(&quiet.from), minutes(&quiet.to)) else { return false };
    let (true, Ok(moment)) = (quiet.on, Timestamp::from_millisecond(now.0)) else { return false };
    let here = TimeZone::get(zone).unwrap_or(TimeZone::UTC).to_datetime(moment);
    let hand = i64::from(here.hour()) * 60 + i64::from(here.minute());
    let today = usize::try_from(here.weekday().to_monday_zero_offset()).unwrap_or(0);
    let begins = |day: usize| quiet.days.get(day % 7).copied().unwrap_or(false);
    if from < to {
        return (from..to).contains(&hand) && begins(today);
    }
    (hand >= from && begins(today)) || (hand < to && begins(today.saturating_add(6)))
}

/// How things stand with somebody when they are to be told of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// They set themselves away.
    pub away: bool,
    /// It is their quiet time.
    pub quiet: bool,
    /// Whether a customer who waits too long may break it.
    pub overdue_passes: bool,
    /// They muted the conversation.
    pub muted: bool,
    /// They look at it right now.
    pub looking: bool,
}

/// Whether a push may disturb somebody now.
#[must_use]
pub fn may_disturb(event: NoticeEvent, standing: Standing) -> bool {
    let overdue = event == NoticeEvent::Overdue;
    if standing.looking && event != NoticeEvent::Trouble {
        return false;
    }
    if standing.muted && (is_message(event) || overdue) {
        return false;
    }
    (!standing.away || overdue) && (!standing.quiet || (overdue && standing.overdue_passes))
}

#[cfg(test)]
#[path = "notice_tests.rs"]
mod tests;
