//! What people and integrations ask of a conversation: messages and read marks here, the rest in [`triage`](super::triage) and
//! [`wording`](super::wording).

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation;

use super::desk::Desk;
use super::draft::Draft;
use super::{Decision, Done, comeback, inbound, triage, wording};
use crate::channel::contract::Transport;
use crate::gateway::commands::{Answer, Command, CommandError};
use crate::model::conversation::{Conversation, ConversationStatus, FactKind};
use crate::model::ids::{AccountId, ConversationId, MessageId, UserId};
use crate::model::message::{Attachment, Message, Origin, Part, Piece};
use crate::model::people::Member;
use crate::model::protocol::{Author, Can, EntryDirection, Mention, SendFrame, SendState, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::port::Scan;
use crate::store::records::FileOwner;
use crate::store::table::Stored;

/// A live message that could not go out for so long fails instead of going out late.
pub const LIVE_LIFETIME_MS: i64 = 24 * 60 * 60 * 1_000;

/// The most colleagues one note names.
const MENTIONS_LIMIT: usize = 20;

/// What a message may hold.
pub(crate) struct Limits {
    pub(crate) text: u32,
    pub(crate) unit: &'static str,
    pub(crate) files: u32,
}

impl Limits {
    /// What the channel takes now.
    pub(super) fn of(can: &Can) -> Self {
        let unit = match can.text_unit.as_str() {
            "bytes" => "bytes",
            "utf16" => "utf16",
            _ => "characters",
        };
        Self { text: can.text_limit, unit, files: can.files }
    }
}

/// Whether a text and a number of files may be sent.
pub(crate) fn check_content(_desk: &Desk, text: &str, files: usize, limits: &Limits) -> Result<(), CommandError> {
    if text.trim().is_empty() && files == 0 {
        return Err(CommandError::refused("empty_message"));
    }
    if u32::try_from(length_in(limits.unit, text)).unwrap_or(u32::MAX) > limits.text {
        return Err(CommandError::Refused(Reason::new("text_too_long").with("limit", limits.text).with("unit", limits.unit)));
    }
    if u32::try_from(files).unwrap_or(u32::MAX) > limits.files {
        return Err(CommandError::Refused(Reason::new("too_many_files").with("limit", limits.files)));
    }
    Ok(())
}

/// How long a text is in the unit a channel counts in.
#[must_use]
pub fn length_in(unit: &str, text: &str) -> usize {
    match unit {
        "bytes" => text.len(),
        "utf16" => text.encode_utf16().count(),
        _ => text.graphemes(true).count(),
    }
}

/// Whether a client's key can be one.
#[must_use]
pub fn is_client_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

pub(crate) async fn command(desk: &Desk, stored: &Stored<Conversation>, command: &Command) -> Result<Decision, CommandError> {
    match command {
        Command::Send { frame, author, origin, at } => send(desk, stored, frame, author, origin, *at).await,
        Command::Read { up_to, .. } => read(desk, stored, *up_to).await,
        Command::Close { by, .. } => triage::close(desk, stored, by),
        Command::Reopen { by, .. } => triage::reopen(desk, stored, by),
        Command::Assign { to, by, .. } => triage::assign(desk, stored, *to, by),
        Command::Snooze { until, by, .. } => triage::snooze(desk, stored, *until, by),
        Command::Wake { due, .. } => triage::wake(desk, stored, *due),
        Command::Escalate { step, due, .. } => triage::escalate(desk, stored, *step, *due).await,
        Command::WriteAnswers { due, online, .. } => comeback::write(desk, stored, *due, *online).await,
        Command::AnswersWritten { from, up_to, how, .. } => comeback::written(desk, stored, *from, *up_to, how).await,
        Command::CameBack { .. } => comeback::came_back(desk, stored).await,
        Command::MarkUnread { .. } => triage::mark_unread(desk, stored),
        Command::Tag { on, off, by, .. } => triage::tag(desk, stored, on, off, by),
        Command::Block { blocked, by, .. } => triage::block(desk, stored, *blocked, by),
        Command::Rename { .. } => rename(desk, stored).await,
        Command::Retry { message, by } => super::sending::retry(desk, stored, *message, by).await,
        Command::Edit { message, text } => wording::edit(desk, stored, *message, text).await,
        Command::Delete { message } => wording::delete(desk, stored, *message).await,
        Command::React { message, emoji, who } => wording::react(desk, stored, *message, emoji.as_deref(), who).await,
        Command::FromCrm(said) => super::crm::said(desk, stored, said).await,
        Command::Erase { message, .. } => wording::erase(desk, stored, *message).await,
        // A part is turned into events by the channel's actor before it comes here; a write-first, and what a widget asks, needs no conversation.
        Command::Part { .. } | Command::WriteFirst { .. } | Command::FromWidget(_) => Err(CommandError::refused("not_supported")),
    }
}

async fn rename(desk: &Desk, stored: &Stored<Conversation>) -> Result<Decision, CommandError> {
    let name = match stored.record.identity {
        Some(identity) => super::people::given_name(desk, identity).await?,
        None => String::new(),
    };
    if name == stored.record.given_name {
        return Ok(unchanged(stored));
    }
    let mut draft = draft(desk, stored)?;
    draft.conversation.given_name = name;
    Ok(commit(draft))
}

pub(super) fn draft(desk: &Desk, stored: &Stored<Conversation>) -> Result<Draft, CommandError> {
    Draft::new(Some(stored), None, desk.house.world.now()).ok_or_else(|| CommandError::refused("unknown_conversation"))
}

pub(super) fn unchanged(stored: &Stored<Conversation>) -> Decision {
    Decision::Nothing(Done::Answer(Answer::Conversation { conversation: Box::new(stored.record.clone()) }))
}

pub(super) fn commit(draft: Draft) -> Decision {
    let answer = |draft: &Draft| Done::Answer(Answer::Conversation { conversation: Box::new(draft.conversation.clone()) });
    Decision::Commit(Box::new(draft), Box::new(answer))
}

async fn send(
    desk: &Desk, stored: &Stored<Conversation>, frame: &SendFrame, author: &Author, origin: &Origin, at: Time,
) -> Result<Decision, CommandError> {
    write(desk, draft(desk, stored)?, frame, author, origin, at).await
}

/// Adds a message of ours to the conversation of a draft.
pub(super) async fn write(
    desk: &Desk, mut draft: Draft, frame: &SendFrame, author: &Author, origin: &Origin, at: Time,
) -> Result<Decision, CommandError> {
    if !is_client_id(&frame.client_id) {
        return Err(CommandError::refused("bad_client_id"));
    }
    let conversation = &draft.conversation.clone();
    refuse(desk, conversation, frame)?;
    if let Some(expected) = frame.expected_last
        && expected.number != conversation.last_number
    {
        return Err(CommandError::refused("somebody_wrote"));
    }
    let now = desk.house.world.now();
    let mut parts = Vec::new();
    if !frame.text.trim().is_empty() {
        parts.push(Part::Text { text: frame.text.clone() });
    }
    let by_log = frame.note || desk.channel.transport() == Transport::Log;
    let status = if by_log { SendStatus::Sent } else { SendStatus::Queued };
    let id = MessageId { conversation: conversation.id, number: draft.next_number() };
    let direction = if frame.note { EntryDirection::Note } else { EntryDirection::Outbound };
    let message = Message {
        parts,
        reply_to: frame.reply_to,
        client_id: Some(frame.client_id.clone()),
        written_at: at,
        state: SendState { status, reason: None, at: now },
        mentions: if frame.note { mentioned(desk, conversation.account, &frame.mentions).await? } else { Vec::new() },
        ..Message::fresh(id, conversation.account, direction, author.clone(), origin.clone(), now)
    };
    let uploader = match origin {
        // The users of a CRM are not ours: what they upload is the connection's.
        Origin::Crm { connection } => FileOwner::Uploader { id: connection.to_string() },
        _ => FileOwner::Uploader { id: author.id.clone() },
    };
    let mut message = inbound::attach(desk, &mut draft, message, &frame.attachments, frame.as_files, &uploader).await?;
    if !frame.note {
        check_files(desk, conversation, &message.attachments)?;
    }
    if !by_log {
        let pieces = desk.channel.pieces(draft.conversation.kind, &message.parts, &message.attachments);
        message.pieces = pieces.iter().map(|_| Piece::new(None, SendStatus::Queued)).collect();
        let bulk = matches!(origin, Origin::Mailing { .. });
        draft.send(desk, &message, bulk, now.plus_ms(LIVE_LIFETIME_MS))?;
    }
    if !frame.note && draft.conversation.status == ConversationStatus::Closed {
        inbound::reopen(desk, &mut draft, message.number, now, &author.id)?;
    }
    let card = desk.card(conversation.account);
    if let Some(card) = card.as_ref().filter(|_| !frame.note) {
        comeback::answered(desk, &mut draft, &mut message, card)?;
    }
    draft.add(&message, card.as_ref().map_or(&[], |card| card.links.as_slice()))?;
    let answer = Done::Answer(Answer::Message { message: Box::new(message), duplicate: false });
    Ok(Decision::Commit(Box::new(draft), Box::new(move |_| answer)))
}

/// Whether the channel takes these files: said before anything is sent.
pub(super) fn check_files(desk: &Desk, conversation: &Conversation, files: &[Attachment]) -> Result<(), CommandError> {
    let card = desk.card(conversation.account).ok_or_else(|| CommandError::refused("unknown_channel"))?;
    let can = desk.channel.can(&card.account, conversation, desk.house.world.now());
    for file in files {
        if file.size > can.file_bytes {
            return Err(CommandError::Refused(Reason::new("file_too_large").with("limit", can.file_bytes).with("name", &file.name)));
        }
        desk.channel.check_file(conversation.kind, file).map_err(|reason| CommandError::Refused(reason.with("name", &file.name)))?;
    }
    Ok(())
}

/// Colleagues a note names, as far as they may see it.
async fn mentioned(desk: &Desk, account: AccountId, users: &[UserId]) -> Result<Vec<Mention>, CommandError> {
    if users.len() > MENTIONS_LIMIT {
        return Err(CommandError::Refused(Reason::new("too_many_mentions").with("limit", MENTIONS_LIMIT)));
    }
    let keys: Vec<_> = users.iter().collect::<BTreeSet<_>>().into_iter().map(|user| Member::at(*user)).collect();
    let found = desk.store.get_many::<Member>(&keys).await?;
    let members = found.into_iter().flatten().map(|stored| stored.record).filter(|member| member.sees(account));
    Ok(members.map(|member| Mention { user: member.user, name: member.name }).collect())
}

/// A message to an address.
pub(crate) struct First<'a> {
    pub(crate) account: AccountId,
    pub(crate) address: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) text: &'a str,
    pub(crate) author: &'a Author,
    pub(crate) origin: &'a Origin,
    pub(crate) at: Time,
}

/// Writes to an address. Its conversation is made with the message if there is none; the provider's key of it comes with the answer.
pub(crate) async fn write_first(
    desk: &Desk, id: ConversationId, stored: Option<&Stored<Conversation>>, first: &First<'_>,
) -> Result<Decision, CommandError> {
    let draft = addressed(desk, id, stored, first.account, first.address, &first.author.id)?;
    let frame = SendFrame::new(first.client_id, id, first.text);
    write(desk, draft, &frame, first.author, first.origin, first.at).await
}

/// Over the conversation of an address, or the first state of a new one.
pub(super) fn addressed(
    desk: &Desk, id: ConversationId, stored: Option<&Stored<Conversation>>, account: AccountId, address: &str, by: &str,
) -> Result<Draft, CommandError> {
    let card = desk.card(account).ok_or_else(|| CommandError::refused("unknown_channel"))?;
    let address = desk.channel.first_address(&card.account, address).map_err(CommandError::Refused)?;
    let now = desk.house.world.now();
    let made = Conversation { title: address.clone(), address: Some(address), ..inbound::empty(id, &card, now) };
    let mut draft = Draft::new(stored, Some(made), now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    if stored.is_none() {
        draft.fact(desk, by, FactKind::Opened)?;
    }
    Ok(draft)
}

/// Why a message cannot be sent as it is.
fn refuse(desk: &Desk, conversation: &Conversation, frame: &SendFrame) -> Result<(), CommandError> {
    let card = desk.card(conversation.account).ok_or_else(|| CommandError::refused("unknown_channel"))?;
    let can = desk.channel.can(&card.account, conversation, desk.house.world.now());
    if !frame.note && !can.send {
        let reason = can.reason.unwrap_or_else(|| Reason::new("cannot_send"));
        return Err(CommandError::Refused(reason));
    }
    if let Some(reply) = frame.reply_to
        && (reply.conversation != conversation.id || reply.number > conversation.last_number || reply.number == 0)
    {
        return Err(CommandError::refused("unknown_message"));
    }
    if frame.reply_to.is_some() && !frame.note && !can.reply {
        return Err(CommandError::refused("cannot_reply"));
    }
    check_content(desk, &frame.text, frame.attachments.len(), &Limits::of(&can))
}

/// Managers read up to a message: what is unread after it is counted from the log, so it is right whoever read what.
async fn read(desk: &Desk, stored: &Stored<Conversation>, up_to: MessageId) -> Result<Decision, CommandError> {
    let conversation = &stored.record;
    if up_to.number > conversation.last_number || up_to.number == 0 {
        return Err(CommandError::refused("unknown_message"));
    }
    if up_to.number <= conversation.read_up_to {
        if !conversation.marked_unread {
            return Ok(unchanged(stored));
        }
        let mut draft = draft(desk, stored)?;
        draft.conversation.marked_unread = false;
        return Ok(commit(draft));
    }
    let mut draft = draft(desk, stored)?;
    draft.conversation.marked_unread = false;
    draft.conversation.read_up_to = up_to.number;
    draft.conversation.unread = if up_to.number == conversation.last_number || conversation.unread == 0 {
        0
    } else {
        let later = Scan::first(1_000).above(Message::item(up_to.number));
        let later = desk.store.scan::<Message>(&Message::group(conversation.id), later).await?;
        let unread = later.iter().filter(|message| message.record.direction == EntryDirection::Inbound && message.record.admission.is_yes());
        u32::try_from(unread.count()).unwrap_or(u32::MAX)
    };
    Ok(commit(draft))
}
