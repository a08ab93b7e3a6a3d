//! What the server says, and the codes it closes with.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::conversation::{ConversationView, Me};
use super::message::{Author, MessageView};
use super::widget::{EpisodeView, Presence, Talk, WidgetView};
use crate::model::ids::{AccountId, ConnectionId, ConversationId, CustomerId};
use crate::model::time::Time;

/// What the server says, to either.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum ServerFrame {
    /// The answer to a manager's `hello`.
    Ready {
        /// This socket's name, for logs.
        session: String,
        /// The place to go on from.
        cursor: String,
        /// Whether everything since the client's cursor follows. If not: reload over HTTP, then go on from here.
        resumed: bool,
        /// The server's clock.
        #[ts(as = "String")]
        server_time: Time,
        /// Who is logged in.
        me: Me,
    },
    /// The answer to a visitor's `hello`.
    #[serde(rename = "ready")]
    VisitorReady(Box<VisitorReady>),
    /// The message is durable.
    Accepted {
        /// The client's key.
        client_id: String,
        /// The message as it is now.
        message: Box<MessageView>,
        /// Whether the key was seen before: this is the first message then.
        duplicate: bool,
    },
    /// Something happened; comes after everything before its cursor.
    Event {
        /// The place after this event.
        cursor: String,
        /// What happened.
        event: Box<Event>,
    },
    /// The feed moved past this socket without an event for it.
    Cursor {
        /// The place to go on from.
        cursor: String,
    },
    /// Somebody is writing; best effort, never replayed.
    Typing {
        /// Where.
        #[ts(as = "String")]
        conversation: ConversationId,
        /// Who.
        who: Author,
    },
    /// A colleague looks at a conversation, or no longer; best effort, never replayed. Managers only.
    Viewing {
        /// Which.
        #[ts(as = "String")]
        conversation: ConversationId,
        /// Who.
        who: Author,
        /// Whether they do.
        on: bool,
        /// Whether whoever looks too shall say so.
        asks: bool,
    },
    /// Where a visitor is, to who watches the conversation; best effort, never replayed.
    Presence(Presence),
    /// Where the visitor's conversation stands now. Visitors only.
    Talk(Talk),
    /// A frame was refused.
    Error {
        /// A stable code.
        code: String,
        /// The same in words, in English, for whoever develops against this.
        message: String,
        /// The frame's key, if it had one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        client_id: Option<String>,
        /// When trying again makes sense.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional, as = "Option<u32>")]
        retry_after_ms: Option<u64>,
    },
    /// The cursor is too old or of another store: reload, then go on from `ready`.
    Reset {},
}

impl ServerFrame {
    /// Every `type`, see [`ManagerFrame::TYPES`].
    pub const TYPES: &[&str] = &["ready", "accepted", "event", "cursor", "typing", "viewing", "presence", "talk", "error", "reset"];
}

/// The answer to a visitor's `hello`.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export_to = "protocol.ts")]
pub struct VisitorReady {
    /// This socket's name, for logs.
    pub session: String,
    /// The place to go on from.
    pub cursor: String,
    /// Whether everything since the client's cursor follows; if not, `messages` is all there is to show.
    pub resumed: bool,
    /// The server's clock.
    #[ts(as = "String")]
    pub server_time: Time,
    /// The visitor itself.
    pub me: Author,
    /// To be kept by the client and said in the next `hello`.
    pub visitor_token: String,
    /// The visitor's conversation, once it has written.
    #[ts(as = "Option<String>")]
    pub conversation: Option<ConversationId>,
    /// How the widget looks and what it does.
    pub widget: WidgetView,
    /// The code of this visit; empty if the page named none.
    pub visit: String,
    /// Where the conversation stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub talk: Option<Talk>,
    /// The parts of the conversation that are over, oldest first, the newest 20.
    pub episodes: Vec<EpisodeView>,
    /// The newest 50, oldest first; empty when resumed.
    pub messages: Vec<MessageView>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(tag = "kind")]
#[ts(export_to = "protocol.ts")]
pub enum Event {
    /// A message is new.
    #[serde(rename = "message.added")]
    MessageAdded {
        /// Where.
        #[ts(as = "String")]
        conversation: ConversationId,
        /// The message, in its latest state.
        message: Box<MessageView>,
    },
    /// A message changed: its state, text, files, reactions.
    #[serde(rename = "message.updated")]
    MessageUpdated {
        /// Where.
        #[ts(as = "String")]
        conversation: ConversationId,
        /// The message, in its latest state.
        message: Box<MessageView>,
    },
    /// A conversation is new or changed. Managers only.
    #[serde(rename = "conversation.updated")]
    ConversationUpdated {
        /// The conversation, in its latest state.
        conversation: Box<ConversationView>,
    },
    /// A channel account is new, changed or gone: reload the list of channels.
    #[serde(rename = "channel.updated")]
    ChannelUpdated {
        /// Which.
        #[ts(as = "String")]
        channel: AccountId,
    },
    /// A CRM connection is new, changed or gone: reload the list of them. Managers only.
    #[serde(rename = "connection.updated")]
    ConnectionUpdated {
        /// Which.
        #[ts(as = "String")]
        connection: ConnectionId,
    },
    /// Something else is known of a customer: load them anew. Managers only.
    #[serde(rename = "customer.updated")]
    CustomerUpdated {
        /// Which.
        #[ts(as = "String")]
        customer: CustomerId,
    },
    /// Something all members use changed: load it anew. Managers only.
    #[serde(rename = "setting.updated")]
    SettingUpdated {
        /// What.
        setting: Setting,
    },
}

/// What all members of a workspace use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum Setting {
    /// The tags.
    Tags,
    /// The canned replies.
    Replies,
    /// Who is here: away or back.
    People,
}

impl Event {
    /// Every `kind`, see [`ManagerFrame::TYPES`].
    pub const KINDS: &[&str] =
        &["message.added", "message.updated", "conversation.updated", "channel.updated", "connection.updated", "customer.updated", "setting.updated"];
}

/// Close codes of the sockets. 4000–4099: come back with back-off and jitter; 4400–4499: do not.
pub mod close {
    /// The client took no data for too long.
    pub const SLOW_READER: u16 = 4000;
    /// This node is going down; come back, another takes over.
    pub const GOING_DOWN: u16 = 4001;
    /// No answer to the heartbeat.
    pub const HEARTBEAT: u16 = 4002;
    /// A frame that is none, or no `hello` in time.
    pub const BAD_FRAME: u16 = 4400;
    /// Not let in, or no longer.
    pub const NOT_LET_IN: u16 = 4401;
    /// The page's origin is not on the widget's list.
    pub const FORBIDDEN_ORIGIN: u16 = 4403;
    /// Too many sockets or frames.
    pub const TOO_MANY: u16 = 4429;
}
