//! The frames of the sockets and the views they carry. The TypeScript types are generated from this file.
//!
//! Unknown fields and unknown kinds are ignored by clients; here, unknown fields of client frames are ignored and an
//! unknown `type` is a bad frame.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::ids::{AccountId, ConversationId, FileId, IdentityId, MessageId, UserId};
use super::reason::Reason;
use super::time::Time;

/// What a manager's client says.
#[derive(Debug, Clone, PartialEq, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum ManagerFrame {
    /// The first frame, within ten seconds.
    Hello {
        /// An API token or session token; a browser has its cookie instead.
        #[ts(optional)]
        token: Option<String>,
        /// Where it was.
        #[ts(optional)]
        cursor: Option<String>,
    },
    /// A message for a conversation.
    Send(SendFrame),
    /// Somebody is writing.
    Typing {
        /// Where.
        #[ts(as = "String")]
        conversation: ConversationId,
    },
    /// Everything up to a message was read.
    Read {
        /// Where.
        #[ts(as = "String")]
        conversation: ConversationId,
        /// The last message that was read.
        #[ts(as = "String")]
        up_to: MessageId,
    },
}

impl ManagerFrame {
    /// Every `type`, for the tables of the tests: who may say what.
    pub const TYPES: &[&str] = &["hello", "send", "typing", "read"];
}

/// A message a manager or an integration wants sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct SendFrame {
    /// The client's own key: the same key twice has one effect. 1–64 letters, digits, `-` or `_`; a UUID is usual.
    pub client_id: String,
    /// Where it goes.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub conversation: ConversationId,
    /// What it says; may be empty only beside attachments.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    pub text: String,
    /// Uploaded files.
    #[serde(default)]
    #[ts(as = "Option<Vec<String>>", optional)]
    #[schema(value_type = Vec<String>)]
    pub attachments: Vec<FileId>,
    /// The message it answers.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    #[schema(value_type = Option<String>)]
    pub reply_to: Option<MessageId>,
    /// A note for colleagues, never shown to the customer.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub note: bool,
    /// Refused with `somebody_wrote` when the conversation's newest message is another one.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    #[schema(value_type = Option<String>)]
    pub expected_last: Option<MessageId>,
}

/// What a visitor's widget says.
#[derive(Debug, Clone, PartialEq, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum VisitorFrame {
    /// The first frame, within ten seconds.
    Hello(VisitorHello),
    /// A message of the visitor; a visitor has one conversation and does not name it.
    Send {
        /// The client's own key, see [`SendFrame::client_id`].
        client_id: String,
        /// What it says.
        #[serde(default)]
        #[ts(as = "Option<String>", optional)]
        text: String,
        /// Uploaded files.
        #[serde(default)]
        #[ts(as = "Option<Vec<String>>", optional)]
        attachments: Vec<FileId>,
        /// The message it answers.
        #[serde(default)]
        #[ts(as = "Option<String>", optional)]
        reply_to: Option<MessageId>,
    },
    /// The visitor is writing.
    Typing {},
    /// The visitor saw everything up to a message.
    Read {
        /// The last message that was read.
        #[ts(as = "String")]
        up_to: MessageId,
    },
}

impl VisitorFrame {
    /// Every `type`, see [`ManagerFrame::TYPES`].
    pub const TYPES: &[&str] = &["hello", "send", "typing", "read"];
}

/// How a visitor's widget introduces itself. All of it is optional.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, TS)]
#[ts(export_to = "protocol.ts", optional_fields)]
pub struct VisitorHello {
    /// The token an earlier `ready` gave.
    pub visitor_token: Option<String>,
    /// 16–64 letters or digits the client made itself: who got no `ready` sends the same again and gets the same visitor.
    pub visitor_nonce: Option<String>,
    /// Where it was.
    pub cursor: Option<String>,
    /// The page it is on.
    pub page: Option<Page>,
    /// Who the site says it is.
    pub identity: Option<VisitorIdentity>,
    /// The page's language: `ru`, `en`, `es`.
    pub locale: Option<String>,
}

/// A page of the site.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts", optional_fields)]
pub struct Page {
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where the visitor came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
}

/// Who the site says a visitor is. `signature` vouches for `id` only.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, TS)]
#[ts(export_to = "protocol.ts", optional_fields)]
pub struct VisitorIdentity {
    /// The site's own id of the person.
    pub id: Option<String>,
    /// A name; unverified.
    pub name: Option<String>,
    /// An e-mail; unverified.
    pub email: Option<String>,
    /// A phone; unverified.
    pub phone: Option<String>,
    /// Hex HMAC-SHA256 of `id` with the widget's secret.
    pub signature: Option<String>,
}

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
    pub const TYPES: &[&str] = &["ready", "accepted", "event", "cursor", "typing", "error", "reset"];
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
    /// How the widget looks and greets.
    pub widget: WidgetView,
    /// The newest 50, oldest first; empty when resumed.
    pub messages: Vec<MessageView>,
}

/// How a widget looks and greets: what any visitor may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct WidgetView {
    /// The company's name, in the header.
    pub title: String,
    /// The first words shown to who has not written yet; empty: none.
    pub greeting: String,
    /// The accent colour, `#rrggbb`.
    pub accent: String,
    /// `left` or `right`.
    pub side: String,
    /// The greatest file, bytes.
    #[ts(as = "u32")]
    pub max_file_bytes: u64,
    /// The most files of one message.
    pub max_files: u32,
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
}

impl Event {
    /// Every `kind`, see [`ManagerFrame::TYPES`].
    pub const KINDS: &[&str] = &["message.added", "message.updated", "conversation.updated", "channel.updated"];
}

/// Where a message stands between us and the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum SendStatus {
    /// Durable here, waiting for the provider.
    Queued,
    /// The provider has it.
    Sent,
    /// The customer's device has it.
    Delivered,
    /// The customer saw it.
    Read,
    /// It will not go; the reason says why.
    Failed,
    /// The provider's answer was lost and nothing settles it yet.
    Unknown,
}

/// A state with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct SendState {
    /// Where it stands.
    pub status: SendStatus,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<Reason>,
    /// Since when.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

/// Which way a message goes, or what else stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum EntryDirection {
    /// From the customer.
    Inbound,
    /// To the customer.
    Outbound,
    /// Among colleagues.
    Note,
    /// Said by the product itself.
    System,
}

/// What kind of author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum AuthorKind {
    /// A person as a login knows them.
    Customer,
    /// A manager of the workspace.
    Manager,
    /// An integration with an API token.
    Api,
    /// The CRM.
    Crm,
    /// The account's owner, on the phone or elsewhere outside.
    Phone,
    /// A rule.
    Automation,
    /// An assistant.
    Assistant,
    /// The product itself.
    System,
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct Author {
    /// What kind.
    pub kind: AuthorKind,
    /// The identity, user or token; empty for the product itself.
    pub id: String,
    /// The name to show; may be empty.
    pub name: String,
}

/// A message as clients see it.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct MessageView {
    /// Sorts in log order within its conversation.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub id: MessageId,
    /// Where it stands.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub conversation: ConversationId,
    /// Which way.
    pub direction: EntryDirection,
    /// Who wrote it.
    pub author: Author,
    /// Its plain form.
    pub text: String,
    /// Its files.
    pub attachments: Vec<AttachmentView>,
    /// The message it answers.
    #[ts(as = "Option<String>")]
    #[schema(value_type = Option<String>)]
    pub reply_to: Option<MessageId>,
    /// The key of the client that sent it.
    pub client_id: Option<String>,
    /// When it was written, by who wrote it.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub written_at: Time,
    /// When it was stored here.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub imported_at: Time,
    /// Where it stands between us and the customer.
    pub state: SendState,
    /// Where it stands in each CRM. Not shown to visitors.
    pub crm: Vec<DeliveryView>,
    /// When its text was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub edited_at: Option<Time>,
    /// When it was deleted; the text is empty then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deleted_at: Option<Time>,
    /// Reactions on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<ReactionView>>", optional)]
    pub reactions: Vec<ReactionView>,
}

/// A reaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct ReactionView {
    /// The emoji.
    pub emoji: String,
    /// Who reacted.
    pub author: Author,
}

/// A message's standing in one CRM.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct DeliveryView {
    /// The CRM connection.
    pub connection: String,
    /// `queued`, `held`, `delivered`, `filtered`, `skipped`, `mailing`, `failed`.
    pub status: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<Reason>,
    /// Since when.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

/// Whether a file can be shown yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum FileStatus {
    /// It is being fetched.
    Pending,
    /// It is here.
    Ready,
    /// It could not be fetched; the reason says why.
    Failed,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct AttachmentView {
    /// The file.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub id: FileId,
    /// Its name.
    pub name: String,
    /// Its media type, found from its content.
    pub media_type: String,
    /// Its size in bytes.
    #[ts(as = "u32")]
    pub size: u64,
    /// Whether it can be shown.
    pub status: FileStatus,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<Reason>,
    /// A short signed link, relative to the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub url: Option<String>,
    /// The same for a thumbnail, for pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub thumbnail_url: Option<String>,
    /// Pixels, for pictures: reserves the place before it loads.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub width: Option<u32>,
    /// Pixels, for pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub height: Option<u32>,
}

/// What may be sent into a conversation now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct Can {
    /// Whether a message can be sent at all.
    pub send: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<Reason>,
    /// The longest text, in the unit below; 0: none may be sent.
    pub text_limit: u32,
    /// `characters`, `utf16` or `bytes`.
    pub text_unit: String,
    /// The most files of one message; 0: none.
    pub files: u32,
    /// The greatest file, bytes.
    #[ts(as = "u32")]
    pub file_bytes: u64,
    /// Whether a message can be answered.
    pub reply: bool,
    /// Whether a sent message can be changed.
    pub edit: bool,
    /// Whether a sent message can be deleted.
    pub delete: bool,
    /// Whether one can react.
    pub react: bool,
    /// Until when the window is open, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub window_until: Option<Time>,
}

/// A conversation as managers see it in the list and in the thread's header.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct ConversationView {
    /// Its id.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub id: ConversationId,
    /// The channel account.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub channel: AccountId,
    /// The channel's kind, for its mark.
    pub channel_kind: String,
    /// The channel's name.
    pub channel_name: String,
    /// Who it is with; none for a group.
    #[ts(as = "Option<String>")]
    #[schema(value_type = Option<String>)]
    pub identity: Option<IdentityId>,
    /// The name to show: the person's or the group's.
    pub title: String,
    /// The listing, car, post or group it stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub place_title: Option<String>,
    /// The page the visitor was on when they last wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub page: Option<Page>,
    /// `open` or `closed`.
    pub status: String,
    /// Who answers.
    #[ts(as = "Option<String>")]
    #[schema(value_type = Option<String>)]
    pub assignee: Option<UserId>,
    /// The newest message, cut for the list.
    pub preview: Option<Preview>,
    /// Admitted inbound messages nobody read yet.
    pub unread: u32,
    /// Since when the customer waits for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub unanswered_since: Option<Time>,
    /// The last time something was written; the list's order.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub active_at: Time,
    /// When it began.
    #[ts(as = "String")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// What may be sent now.
    pub can: Can,
    /// Rises with every change: of two views the greater is newer.
    #[ts(as = "u32")]
    pub version: u64,
}

/// The newest message of a conversation, cut for the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct Preview {
    /// Which way.
    pub direction: EntryDirection,
    /// Who wrote it.
    pub author: String,
    /// At most 120 characters.
    pub text: String,
    /// `image`, `audio`, `video`, `file`, if it has files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub attachment: Option<String>,
}

/// What a member of a workspace may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "protocol.ts")]
pub enum Role {
    /// Answers in the channels they may see.
    Manager,
    /// Also connects channels and invites managers.
    Admin,
    /// Also makes admins and owners.
    Owner,
}

/// Who is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "protocol.ts")]
pub struct Me {
    /// The user, or the token for an integration.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their e-mail; empty for an integration.
    pub email: String,
    /// What they may do here.
    pub role: Role,
    /// The workspace's number.
    pub workspace: u32,
    /// The workspace's name.
    pub workspace_name: String,
    /// The channels they may see; none: all.
    #[ts(as = "Option<Vec<String>>")]
    #[schema(value_type = Option<Vec<String>>)]
    pub channels: Option<Vec<AccountId>>,
    /// Their language: `ru`, `en`, `es`.
    pub locale: String,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The values of a tag as the generated TypeScript has them: what the derive knows of the variants.
    fn tags<T: TS>(tag: &str) -> BTreeSet<String> {
        let declared = T::decl(&ts_rs::Config::new());
        let mark = format!("\"{tag}\": \"");
        declared.split(&mark).skip(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn no_frame_is_missing_from_the_lists() {
        let listed = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(tags::<ManagerFrame>("type"), listed(ManagerFrame::TYPES));
        assert_eq!(tags::<VisitorFrame>("type"), listed(VisitorFrame::TYPES));
        assert_eq!(tags::<ServerFrame>("type"), listed(ServerFrame::TYPES));
        assert_eq!(tags::<Event>("kind"), listed(Event::KINDS));
    }
}
