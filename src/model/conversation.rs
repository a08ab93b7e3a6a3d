//! Places, conversations, episodes.

use serde::{Deserialize, Serialize};

use super::connection::ChannelKind;
use super::ids::{AccountId, ConversationId, FileId, IdentityId, LoginId, MessageId, TagId, UserId};
use super::protocol::{EpisodeView, Page, Preview};
use super::reason::Reason;
use super::time::Time;

/// Where at the provider people talk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "key", rename_all = "snake_case")]
pub enum Place {
    /// With one person.
    Private,
    /// In a group; the provider's key of it.
    Group(String),
    /// About a listing or vehicle.
    Listing(String),
    /// Under a post: the post's key.
    Post(String),
}

/// Whether a conversation waits for somebody to deal with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    /// In the inbox.
    Open,
    /// Dealt with; the customer's next message opens it again as a new episode.
    Closed,
}

/// Who answers by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handler {
    /// People.
    #[default]
    Human,
    /// An assistant.
    Assistant,
    /// Nobody should.
    Nobody,
}

/// What of a conversation a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Whom it is with.
    Person,
    /// What it is about.
    Place,
}

/// A picture that lies at the provider, and our copy of it. It is asked for now and then, in case it has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Our copy; none: it has not come yet, or there is no picture.
    #[serde(default)]
    pub file: Option<FileId>,
    /// By what the picture is known again.
    #[serde(default)]
    pub key: String,
    /// When it was last asked for.
    pub asked_at: Time,
}

/// A stretch of a conversation from opening to closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// From 1.
    pub number: u32,
    /// The first message in it.
    pub first_message: u32,
    /// When it was opened.
    pub opened_at: Time,
    /// When it was first answered.
    #[serde(default)]
    pub answered_at: Option<Time>,
    /// When it was closed.
    #[serde(default)]
    pub closed_at: Option<Time>,
    /// The customer's rating, 1–5.
    #[serde(default)]
    pub rating: Option<u8>,
    /// What the customer said to it.
    #[serde(default)]
    pub comment: String,
}

impl Conversation {
    /// Whether a customer waits here for somebody to answer.
    #[must_use]
    pub fn waits(&self) -> bool {
        let is_here = self.status == ConversationStatus::Open && self.snoozed_until.is_none() && self.blocked_at.is_none();
        is_here && self.unanswered_since.is_some() && self.joined_into.is_none()
    }
}

impl Episode {
    /// One that begins.
    #[must_use]
    pub fn begun(number: u32, first_message: u32, opened_at: Time) -> Self {
        Self { number, first_message, opened_at, answered_at: None, closed_at: None, rating: None, comment: String::new() }
    }

    /// As the customer and members see it.
    #[must_use]
    pub fn view(&self, conversation: ConversationId) -> EpisodeView {
        EpisodeView {
            number: self.number,
            first_message: MessageId { conversation, number: self.first_message },
            opened_at: self.opened_at,
            closed_at: self.closed_at,
            rating: self.rating,
            comment: self.comment.clone(),
        }
    }
}

/// Channel account × place × identity (none for a group). Written by the login's owner only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// The id.
    pub id: ConversationId,
    /// The channel account.
    pub account: AccountId,
    /// The account's kind.
    pub kind: ChannelKind,
    /// The login that owns it.
    pub login: LoginId,
    /// Where.
    pub place: Place,
    /// With whom; none for a group.
    pub identity: Option<IdentityId>,
    /// How the provider names this conversation: empty until a write-first is answered; a migration adds one.
    pub provider_keys: Vec<String>,
    /// Whom to write to first, while the provider has not named the conversation.
    #[serde(default)]
    pub address: Option<String>,
    /// The conversation it proved to be one with.
    #[serde(default)]
    pub joined_into: Option<ConversationId>,
    /// The name to show, as the channel tells it.
    pub title: String,
    /// The name managers gave the customer: shown instead.
    #[serde(default)]
    pub given_name: String,
    /// The listing, car, post or group.
    #[serde(default)]
    pub place_title: Option<String>,
    /// The listing's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_url: Option<String>,
    /// A picture of whom it is with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// A picture of the listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_picture: Option<Picture>,
    /// The page the visitor was on when they last wrote.
    #[serde(default)]
    pub page: Option<Page>,
    /// The code of the visit the customer first wrote in.
    #[serde(default)]
    pub first_visit: Option<String>,
    /// The code of the visit they last wrote in.
    #[serde(default)]
    pub last_visit: Option<String>,
    /// Open or closed.
    pub status: ConversationStatus,
    /// Who answers.
    #[serde(default)]
    pub assignee: Option<UserId>,
    /// Put aside until this moment. The customer's next message, or an answer, brings it back before.
    #[serde(default)]
    pub snoozed_until: Option<Time>,
    /// Somebody wants it looked at though nothing in it is unread. Reading takes it off.
    #[serde(default)]
    pub marked_unread: bool,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<TagId>,
    /// Since when what the customer writes is kept, but shown to nobody.
    #[serde(default)]
    pub blocked_at: Option<Time>,
    /// People or an assistant.
    #[serde(default)]
    pub handler: Handler,
    /// The current episode; the earlier ones are records of their own.
    pub episode: Episode,
    /// The newest message's number.
    pub last_number: u32,
    /// The newest number of its change log. The log has one writer, so the next entry's number is known before the commit.
    #[serde(default)]
    pub last_change: u64,
    /// The newest message managers see, for the list.
    #[serde(default)]
    pub preview: Option<Preview>,
    /// Admitted inbound messages nobody read yet.
    #[serde(default)]
    pub unread: u32,
    /// Managers read up to this number.
    #[serde(default)]
    pub read_up_to: u32,
    /// The customer read up to this number.
    #[serde(default)]
    pub customer_read_up_to: u32,
    /// Whether the customer ever wrote here: until then what we write is unanswered.
    #[serde(default)]
    pub customer_wrote: bool,
    /// When they last did, by the provider's clock: some providers let us answer only for a while.
    #[serde(default)]
    pub customer_at: Option<Time>,
    /// Answers from this number on wait for a site's visitor to come back.
    #[serde(default)]
    pub answers_since: Option<u32>,
    /// When a letter gathers them; none beside the other: that was done.
    #[serde(default)]
    pub answers_at: Option<Time>,
    /// Since when the customer waits (G-04).
    #[serde(default)]
    pub unanswered_since: Option<Time>,
    /// When it is told (next) that the customer waits too long.
    #[serde(default)]
    pub overdue_at: Option<Time>,
    /// How far that went: 0 it was not told, 1 who answers was told, 2 admins and owners were.
    #[serde(default)]
    pub overdue: u8,
    /// When something was last written; never falls.
    pub active_at: Time,
    /// When it began.
    pub created_at: Time,
}

impl Conversation {
    /// What is known of a picture.
    #[must_use]
    pub fn picture_of(&self, shown: Shown) -> Option<&Picture> {
        match shown {
            Shown::Person => self.picture.as_ref(),
            Shown::Place => self.place_picture.as_ref(),
        }
    }

    /// Where that stands.
    pub fn picture_place(&mut self, shown: Shown) -> &mut Option<Picture> {
        match shown {
            Shown::Person => &mut self.picture,
            Shown::Place => &mut self.place_picture,
        }
    }

    /// Whether pictures are fetched for it: nobody looks at what a blocked person sends, nor at what has become another conversation.
    #[must_use]
    pub fn wants_pictures(&self) -> bool {
        self.blocked_at.is_none() && self.joined_into.is_none()
    }

    /// The name people read: the one managers gave, or else the channel's.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        if self.given_name.is_empty() { &self.title } else { &self.given_name }
    }
}

/// An episode that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastEpisode {
    /// Where.
    pub conversation: ConversationId,
    /// The episode.
    pub episode: Episode,
}

/// A fact of a conversation: for the timeline, analytics and audit. One stream per conversation would cost too much; facts are
/// records (conversation, id).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Where.
    pub conversation: ConversationId,
    /// Ids of facts sort by time.
    pub id: u64,
    /// When.
    pub at: Time,
    /// Who: user, token, or empty for the product itself.
    pub by: String,
    /// What.
    pub what: FactKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FactKind {
    /// Opened, or opened again.
    Opened,
    /// Closed.
    Closed,
    /// Given to somebody, or to nobody.
    Assigned {
        /// To whom.
        to: Option<UserId>,
    },
    /// Rated by the customer.
    Rated {
        /// 1–5.
        rating: u8,
    },
    /// Put aside until a moment.
    Snoozed {
        /// Until when.
        until: Time,
    },
    /// Back before that moment, or at it.
    Woken,
    /// The customer waited too long.
    Overdue {
        /// 1: who answers was told; 2: admins and owners were.
        step: u8,
    },
    /// Tags put on and taken off.
    Tagged {
        /// Put on.
        on: Vec<TagId>,
        /// Taken off.
        off: Vec<TagId>,
    },
    /// What the customer writes is shown to nobody any more.
    Blocked,
    /// It is again.
    Unblocked,
    /// Their provider was told to block them, too.
    BlockedThere,
    /// Their provider could not be told.
    NotBlockedThere {
        /// Why not.
        reason: Reason,
    },
    /// Given to an assistant or back to people.
    HandedOver {
        /// To whom.
        to: Handler,
    },
    /// Joined with another conversation.
    Joined {
        /// Which.
        into: ConversationId,
    },
}
