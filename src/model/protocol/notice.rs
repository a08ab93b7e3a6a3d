//! What somebody wants to be told of, and how.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// What one may be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum NoticeEvent {
    /// A customer wrote in a conversation of mine.
    Mine,
    /// A customer wrote, and nobody in particular answers.
    Unassigned,
    /// A customer wrote in a conversation of a colleague.
    Colleagues,
    /// A conversation was given to me.
    Assigned,
    /// I am mentioned in a note.
    Mentioned,
    /// A customer waits too long.
    Overdue,
    /// A channel lost its access, or a message could not be sent.
    Trouble,
}

/// By which means one is told of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
#[ts(export_to = "protocol.ts")]
pub struct Wish {
    /// A sound in the open messenger.
    pub sound: bool,
    /// A notification of the open messenger, while it is not looked at.
    pub desktop: bool,
    /// A push to every device that takes them.
    pub push: bool,
    /// A letter. Not for messages of customers: there would be too many.
    pub letter: bool,
}

/// When one wants silence: no sound, no notification, no push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
#[ts(export_to = "protocol.ts")]
pub struct QuietHours {
    /// Whether there are any.
    pub on: bool,
    /// From, `HH:MM`, in the person's time zone.
    pub from: String,
    /// To, `HH:MM`; not after the beginning: on the next day.
    pub to: String,
    /// The days they begin on, Monday to Sunday.
    pub days: [bool; 7],
    /// Whether a customer who waits too long may break the silence.
    pub overdue_passes: bool,
}

impl Default for QuietHours {
    fn default() -> Self {
        Self { on: false, from: "22:00".to_owned(), to: "08:00".to_owned(), days: [true; 7], overdue_passes: true }
    }
}

/// What somebody wants to be told of, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
#[ts(export_to = "protocol.ts")]
pub struct NoticeSettings {
    /// See [`NoticeEvent::Mine`].
    pub mine: Wish,
    /// See [`NoticeEvent::Unassigned`].
    pub unassigned: Wish,
    /// See [`NoticeEvent::Colleagues`].
    pub colleagues: Wish,
    /// See [`NoticeEvent::Assigned`].
    pub assigned: Wish,
    /// See [`NoticeEvent::Mentioned`].
    pub mentioned: Wish,
    /// See [`NoticeEvent::Overdue`].
    pub overdue: Wish,
    /// See [`NoticeEvent::Trouble`].
    pub trouble: Wish,
    /// When to be silent.
    pub quiet: QuietHours,
    /// A push about a customer's message is sent again after so many minutes until somebody answered, five times at most; 0: never.
    pub repeat_minutes: u32,
    /// Whether pushes and letters say what was written.
    pub show_text: bool,
}

impl Default for NoticeSettings {
    fn default() -> Self {
        let here = Wish { sound: true, desktop: true, push: true, letter: false };
        Self {
            mine: here,
            unassigned: here,
            colleagues: Wish::default(),
            assigned: here,
            mentioned: here,
            overdue: Wish { letter: true, ..here },
            trouble: Wish { letter: true, sound: false, ..here },
            quiet: QuietHours::default(),
            repeat_minutes: 0,
            show_text: true,
        }
    }
}

/// When it is told that a customer waits too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
#[ts(export_to = "protocol.ts")]
pub struct Escalation {
    /// Whether it is.
    pub on: bool,
    /// After so many minutes who answers is told; if nobody in particular does, everybody who sees the conversation.
    pub minutes: u32,
    /// So many minutes later admins and owners are told too; 0: never.
    pub more_minutes: u32,
    /// Minutes outside these hours do not count.
    pub hours: crate::model::hours::Hours,
}

impl Default for Escalation {
    fn default() -> Self {
        Self { on: false, minutes: 15, more_minutes: 15, hours: crate::model::hours::Hours::default() }
    }
}

/// Somebody mentioned in a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct Mention {
    /// Who.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub user: crate::model::ids::UserId,
    /// As the note names them, behind an `@`.
    pub name: String,
}
