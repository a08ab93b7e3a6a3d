//! The same words to many contacts of a CRM (H-AMO-40).

use serde::{Deserialize, Serialize};

use super::crm::To;
use super::ids::{AccountId, ConnectionId, LoginId, MailingId, MessageId};
use super::protocol::Author;
use super::reason::Reason;
use super::time::Time;

/// Identical words go out by one account no more often than this, milliseconds: networks block who is faster.
pub const GAP_MS: i64 = 5_000;

/// What became of one of many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stands", rename_all = "snake_case")]
pub enum Mailed {
    /// Not begun yet.
    Waiting,
    /// It is a message from now on.
    Begun {
        /// Which.
        message: MessageId,
        /// Since when.
        at: Time,
    },
    /// It was refused.
    Refused {
        /// Why.
        reason: Reason,
        /// When.
        at: Time,
    },
}

/// One of those it goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailTarget {
    /// The contact there.
    pub contact: String,
    /// Whom to.
    pub to: To,
    /// By which account.
    pub account: AccountId,
    /// The login that owns it.
    pub login: LoginId,
    /// What became of it.
    pub mailed: Mailed,
}

/// A contact that is not written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The contact there.
    pub contact: String,
    /// Why.
    pub reason: Reason,
}

/// The mailing. Made and stopped by the CRM's widget, gone on with by the connection's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailing {
    /// The id.
    pub id: MailingId,
    /// The connection whose widget asked for it.
    pub connection: ConnectionId,
    /// The widget's own key: asked twice it is one.
    pub key: String,
    /// What it says.
    pub text: String,
    /// Who says it.
    pub author: Author,
    /// Those it goes to, in order.
    pub targets: Vec<MailTarget>,
    /// Those it does not go to.
    pub skipped: Vec<Skipped>,
    /// When it was asked for.
    pub created_at: Time,
    /// When somebody stopped it: what had not begun never will.
    pub stopped_at: Option<Time>,
}

/// What is to be done of a mailing next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextMail {
    /// This one goes, by its place.
    Now(usize),
    /// The next one may go then.
    At(Time),
    /// All is done.
    Over,
}

impl Mailing {
    /// Whether anything of it is to go still.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stopped_at.is_none() && self.targets.iter().any(|target| target.mailed == Mailed::Waiting)
    }

    /// What is to be done next: of each account one at a time, in order.
    #[must_use]
    pub fn next(&self, now: Time) -> NextMail {
        let mut soonest: Option<Time> = None;
        if self.stopped_at.is_some() {
            return NextMail::Over;
        }
        for (at, target) in self.targets.iter().enumerate().filter(|(_, target)| target.mailed == Mailed::Waiting) {
            let begun = |of: &MailTarget| match &of.mailed {
                Mailed::Begun { at, .. } if of.account == target.account => Some(*at),
                // What was refused nobody got.
                Mailed::Begun { .. } | Mailed::Refused { .. } | Mailed::Waiting => None,
            };
            match self.targets.iter().filter_map(begun).max().map(|last| last.plus_ms(GAP_MS)) {
                Some(due) if due > now => soonest = Some(soonest.map_or(due, |known| known.min(due))),
                _ => return NextMail::Now(at),
            }
        }
        soonest.map_or(NextMail::Over, NextMail::At)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::ConversationId;
    use crate::model::protocol::AuthorKind;

    fn target(account: u64, mailed: Mailed) -> MailTarget {
        MailTarget { contact: "1".to_owned(), to: To::Conversation { id: ConversationId(1) }, account: AccountId(account), login: LoginId(1), mailed }
    }

    fn begun(at: i64) -> Mailed {
        Mailed::Begun { message: MessageId { conversation: ConversationId(1), number: 1 }, at: Time(at) }
    }

    #[test]
    fn each_account_keeps_its_gap_and_waits_for_no_other() {
        let mut mailing = Mailing {
            id: MailingId(1),
            connection: ConnectionId(1),
            key: String::new(),
            text: String::new(),
            author: Author { kind: AuthorKind::Crm, id: String::new(), name: String::new() },
            targets: vec![target(1, begun(0)), target(1, Mailed::Waiting), target(2, Mailed::Waiting), target(2, Mailed::Waiting)],
            skipped: Vec::new(),
            created_at: Time(0),
            stopped_at: None,
        };
        assert_eq!(mailing.next(Time(1)), NextMail::Now(2));
        mailing.targets[2].mailed = begun(1_000);
        assert_eq!(mailing.next(Time(1_001)), NextMail::At(Time(GAP_MS)));
        assert_eq!(mailing.next(Time(GAP_MS)), NextMail::Now(1));
        mailing.targets[1].mailed = Mailed::Refused { reason: Reason::new("bad_address"), at: Time(GAP_MS) };
        assert_eq!(mailing.next(Time(GAP_MS + 1_000)), NextMail::Now(3));
        mailing.stopped_at = Some(Time(GAP_MS));
        assert_eq!((mailing.next(Time(i64::MAX)), mailing.is_open()), (NextMail::Over, false));
    }
}
