//! What the Bot API sends, as far as we read it. Everything optional is optional: a field more or less breaks nothing.

use serde::Deserialize;
use serde_json::{Map, Value};

/// One thing that happened.
#[derive(Debug, Deserialize)]
pub struct Update {
    /// Its number; grows.
    pub update_id: i64,
    /// A message in a chat of the bot's.
    pub message: Option<Message>,
    /// Other words, or something we do not see changed.
    pub edited_message: Option<Message>,
    /// A personal account was attached to the bot, or taken off.
    pub business_connection: Option<BusinessConnection>,
    /// A message in a chat of such an account, either way.
    pub business_message: Option<Message>,
    /// The same, changed.
    pub edited_business_message: Option<Message>,
    /// Messages in a chat of such an account were deleted.
    pub deleted_business_messages: Option<Deleted>,
    /// A button was pressed.
    pub callback_query: Option<CallbackQuery>,
    /// The bot's own standing in a chat changed.
    pub my_chat_member: Option<MemberChange>,
    /// Somebody reacted.
    pub message_reaction: Option<ReactionChange>,
}

/// Who.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct User {
    /// The id.
    pub id: i64,
    /// The name.
    #[serde(default)]
    pub first_name: String,
    /// The rest of it.
    #[serde(default)]
    pub last_name: String,
    /// Without `@`.
    #[serde(default)]
    pub username: String,
    /// Of their app.
    pub language_code: Option<String>,
}

/// Where.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Chat {
    /// The id; of a private chat the person's.
    pub id: i64,
    /// `private`, `group`, `supergroup`, `channel`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Of a group or channel.
    #[serde(default)]
    pub title: String,
    /// Without `@`.
    #[serde(default)]
    pub username: String,
    /// Of a person.
    #[serde(default)]
    pub first_name: String,
    /// Of a person.
    #[serde(default)]
    pub last_name: String,
}

/// A message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Message {
    /// Its number, unique in its chat only.
    pub message_id: i64,
    /// Seconds since 1970; 0: it cannot be read any more.
    pub date: i64,
    /// When it was changed.
    pub edit_date: Option<i64>,
    /// Where.
    pub chat: Chat,
    /// Who; in a channel nobody.
    pub from: Option<User>,
    /// The group or channel that shows as the writer.
    pub sender_chat: Option<Chat>,
    /// The bot that wrote in the name of a personal account.
    pub sender_business_bot: Option<User>,
    /// The personal account's connection.
    pub business_connection_id: Option<String>,
    /// The thread under a post, or a forum's topic.
    pub message_thread_id: Option<i64>,
    /// It is a forum's topic.
    pub is_topic_message: bool,
    /// The copy of a channel's post in its discussion group.
    pub is_automatic_forward: bool,
    /// Words.
    pub text: Option<String>,
    /// What of the words is more than words.
    pub entities: Vec<Entity>,
    /// Words under a file.
    pub caption: Option<String>,
    /// What of them is more.
    pub caption_entities: Vec<Entity>,
    /// The message it answers.
    pub reply_to_message: Option<Box<Message>>,
    /// The message of another chat it answers.
    pub external_reply: Option<ExternalReply>,
    /// The part of a message it answers.
    pub quote: Option<Quote>,
    /// The story it answers.
    pub reply_to_story: Option<Story>,
    /// Where it was forwarded from.
    pub forward_origin: Option<Origin>,
    /// Sizes of one picture.
    pub photo: Vec<Media>,
    /// A file.
    pub document: Option<Media>,
    /// Music.
    pub audio: Option<Media>,
    /// A voice note.
    pub voice: Option<Media>,
    /// A video.
    pub video: Option<Media>,
    /// A round video.
    pub video_note: Option<Media>,
    /// A film without sound; comes with `document`.
    pub animation: Option<Media>,
    /// A sticker.
    pub sticker: Option<Media>,
    /// A card.
    pub contact: Option<Contact>,
    /// A point.
    pub location: Option<Location>,
    /// A point with a name; comes with `location`.
    pub venue: Option<Venue>,
    /// A question.
    pub poll: Option<Poll>,
    /// A throw.
    pub dice: Option<Dice>,
    /// The group is a supergroup from now on.
    pub migrate_to_chat_id: Option<i64>,
    /// Buttons.
    pub reply_markup: Option<Markup>,
    /// What a topic was named when it was made.
    pub forum_topic_created: Option<Topic>,
    /// Everything else.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Media {
    /// How this bot fetches it.
    pub file_id: String,
    /// Bytes.
    pub file_size: Option<u64>,
    /// Its name.
    pub file_name: String,
    /// Its type.
    pub mime_type: String,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Seconds.
    pub duration: Option<u32>,
    /// Of a sticker.
    pub emoji: String,
    /// Of a sticker: `.tgs`.
    pub is_animated: bool,
    /// Of a sticker: `.webm`.
    pub is_video: bool,
    /// Of music.
    pub performer: String,
    /// Of music.
    pub title: String,
}

/// A stretch of a text that is more than words. Offsets are in UTF-16 units.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Entity {
    /// What.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it begins.
    pub offset: usize,
    /// How long it is.
    pub length: usize,
    /// Where it leads.
    pub url: Option<String>,
}

/// The part that is answered.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Quote {
    /// Its words.
    pub text: String,
    /// The writer chose it; otherwise the server did.
    pub is_manual: bool,
}

/// The message of another chat that is answered.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ExternalReply {
    /// Who wrote it.
    pub origin: Option<Origin>,
}

/// A story.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Story {
    /// Whose.
    pub chat: Chat,
    /// Its number.
    pub id: i64,
}

/// Who wrote what was forwarded.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Origin {
    /// `user`, `hidden_user`, `chat`, `channel`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A person.
    pub sender_user: Option<User>,
    /// A person who hides.
    pub sender_user_name: String,
    /// A group.
    pub sender_chat: Option<Chat>,
    /// A channel.
    pub chat: Option<Chat>,
    /// The post's number.
    pub message_id: Option<i64>,
}

/// A card.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// May lack its `+`.
    pub phone_number: String,
    /// The name.
    pub first_name: String,
    /// The rest of it.
    pub last_name: String,
    /// Whose.
    pub user_id: Option<i64>,
}

/// A point.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Location {
    /// Degrees.
    pub latitude: f64,
    /// Degrees.
    pub longitude: f64,
}

/// A point with a name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Venue {
    /// Where.
    pub location: Location,
    /// What.
    pub title: String,
    /// Its address.
    pub address: String,
}

/// A question.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Poll {
    /// What is asked.
    pub question: String,
    /// What can be said to it.
    pub options: Vec<PollOption>,
}

/// An answer to choose.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PollOption {
    /// Its words.
    pub text: String,
}

/// A throw.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Dice {
    /// Of what.
    pub emoji: String,
    /// What fell.
    pub value: i64,
}

/// Buttons under a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Markup {
    /// In rows.
    pub inline_keyboard: Vec<Vec<Button>>,
}

/// A button.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Button {
    /// What stands on it.
    pub text: String,
    /// What it says to the bot.
    pub callback_data: Option<String>,
}

/// A forum's topic.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Topic {
    /// Its name.
    pub name: String,
}

/// A personal account and the bot.
#[derive(Debug, Clone, Deserialize)]
pub struct BusinessConnection {
    /// The connection's name.
    pub id: String,
    /// Whose account.
    pub user: User,
    /// Whether it holds.
    #[serde(default)]
    pub is_enabled: bool,
    /// What the bot may do.
    #[serde(default)]
    pub rights: Map<String, Value>,
}

/// Messages that were deleted.
#[derive(Debug, Deserialize)]
pub struct Deleted {
    /// Of which account.
    pub business_connection_id: String,
    /// Where.
    pub chat: Chat,
    /// Which.
    #[serde(default)]
    pub message_ids: Vec<i64>,
}

/// A button was pressed.
#[derive(Debug, Deserialize)]
pub struct CallbackQuery {
    /// What it is answered by.
    pub id: String,
    /// By whom.
    pub from: User,
    /// What the button says to the bot.
    #[serde(default)]
    pub data: String,
    /// The message it stands under.
    pub message: Option<Message>,
}

/// The bot's standing changed.
#[derive(Debug, Deserialize)]
pub struct MemberChange {
    /// Where.
    pub chat: Chat,
    /// By whom.
    pub from: User,
    /// What it is now.
    pub new_chat_member: Member,
}

/// A standing.
#[derive(Debug, Deserialize)]
pub struct Member {
    /// `member`, `kicked` …
    pub status: String,
}

/// Somebody reacted.
#[derive(Debug, Deserialize)]
pub struct ReactionChange {
    /// Where.
    pub chat: Chat,
    /// To what.
    pub message_id: i64,
    /// Who.
    pub user: Option<User>,
    /// The group in whose name it was done.
    pub actor_chat: Option<Chat>,
    /// What stands there now.
    #[serde(default)]
    pub new_reaction: Vec<Reaction>,
}

/// A reaction.
#[derive(Debug, Deserialize)]
pub struct Reaction {
    /// The emoji; a bought or made one has none.
    pub emoji: Option<String>,
}
