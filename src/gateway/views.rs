//! From records to what clients see. A visitor sees neither notes, nor states in CRMs, nor what colleagues are called inside.

use super::house::House;
use crate::model::connection::ChannelAccount;
use crate::model::conversation::{Conversation, ConversationStatus, Picture};
use crate::model::ids::{FileId, MessageId, WorkspaceId};
use crate::model::message::{Attachment, Delivery, Message, Part, plain_text};
use crate::model::protocol::{
    AttachmentView, CardView, ConversationView, DeliveryView, EntryDirection, FileStatus, MessageView, Preview, ReactionView, Talk,
};
use crate::model::time::Time;
use crate::store::files::Variant;
use crate::store::files::link::{FileLink, sign_lasting_link, sign_link};

/// For whom a view is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// Somebody of the workspace.
    Member,
    /// The visitor of the widget.
    Visitor,
}

/// An attachment with its links.
#[must_use]
pub fn attachment(house: &House, workspace: WorkspaceId, attachment: &Attachment, now: Time) -> AttachmentView {
    let ready = attachment.status == FileStatus::Ready;
    let link = |variant| sign_link(&house.keyring, &FileLink { workspace, file: attachment.file, variant }, now);
    AttachmentView {
        id: attachment.file,
        name: attachment.name.clone(),
        media_type: attachment.media_type.clone(),
        size: attachment.size,
        status: attachment.status,
        reason: attachment.reason.clone(),
        url: ready.then(|| link(Variant::Content)),
        thumbnail_url: (ready && attachment.thumbnail).then(|| link(Variant::Thumbnail)),
        width: attachment.width,
        height: attachment.height,
        as_file: attachment.as_file,
    }
}

/// A message. A visitor's view of it has no deliveries; the caller leaves out what a visitor must not see at all
/// ([`visitor_sees`]).
#[must_use]
pub fn message(house: &House, workspace: WorkspaceId, message: &Message, deliveries: &[Delivery], viewer: Viewer) -> MessageView {
    let now = house.world.now();
    let crm = match viewer {
        Viewer::Visitor => Vec::new(),
        Viewer::Member => deliveries
            .iter()
            .map(|delivery| DeliveryView {
                connection: delivery.connection.to_string(),
                status: delivery.status.as_str().to_owned(),
                reason: delivery.reason.clone(),
                at: delivery.at,
            })
            .collect(),
    };
    let cards: Vec<CardView> = message.parts.iter().filter_map(card).collect();
    let beside = || plain_text(&message.parts.iter().filter(|part| card(part).is_none()).cloned().collect::<Vec<_>>());
    MessageView {
        id: message.id(),
        conversation: message.conversation,
        direction: message.direction,
        author: message.author.clone(),
        text: message.text(),
        words: (!cards.is_empty()).then(beside),
        cards,
        attachments: message.attachments.iter().map(|one| attachment(house, workspace, one, now)).collect(),
        reply_to: message.reply_to,
        client_id: message.client_id.clone(),
        written_at: message.written_at,
        imported_at: message.imported_at,
        state: message.state.clone(),
        crm,
        edited_at: message.edited_at,
        deleted_at: message.deleted_at,
        mentions: message.mentions.clone(),
        reactions: message.reactions.iter().map(|reaction| ReactionView { emoji: reaction.emoji.clone(), author: reaction.author.clone() }).collect(),
    }
}

fn card(part: &Part) -> Option<CardView> {
    match part {
        Part::Contact { name, phone } => Some(CardView::Contact { name: name.clone(), phone: phone.clone() }),
        Part::Location { latitude_e7, longitude_e7, title } => {
            let degrees = |e7: i32| f64::from(e7) / 1e7;
            Some(CardView::Location { latitude: degrees(*latitude_e7), longitude: degrees(*longitude_e7), title: title.clone() })
        }
        Part::Post { url, title } => Some(CardView::Post { url: url.clone(), title: title.clone() }),
        Part::Call { missed, video } => Some(CardView::Call { missed: *missed, video: *video }),
        Part::Unknown { .. } => Some(CardView::Unknown),
        Part::Text { .. } | Part::File { .. } | Part::Voice { .. } | Part::Sticker { .. } | Part::Template { .. } | Part::Buttons { .. } => None,
    }
}

/// Whether a visitor sees a message at all.
#[must_use]
pub fn visitor_sees(message: &Message) -> bool {
    matches!(message.direction, EntryDirection::Inbound | EntryDirection::Outbound)
}

/// A link to a small picture of somebody or something.
#[must_use]
pub fn picture(house: &House, workspace: WorkspaceId, file: FileId) -> String {
    sign_lasting_link(&house.keyring, &FileLink { workspace, file, variant: Variant::Thumbnail }, house.world.now())
}

/// A conversation with what may be sent into it now.
#[must_use]
pub fn conversation(house: &House, workspace: WorkspaceId, conversation: &Conversation, version: u64, account: &ChannelAccount) -> ConversationView {
    let now = house.world.now();
    let mut can = match house.channels.of_kind(conversation.kind) {
        Some(channel) => channel.can(account, conversation, now),
        None => crate::model::protocol::Can {
            send: false,
            reason: Some(crate::model::reason::Reason::new("channel_unknown").with("provider", conversation.kind.as_str())),
            text_limit: 0,
            text_unit: "characters".to_owned(),
            files: 0,
            file_bytes: 0,
            reply: false,
            edit: false,
            delete: false,
            react: false,
            window_until: None,
        },
    };
    let shown = |one: Option<&Picture>| one.and_then(|known| known.file).map(|file| picture(house, workspace, file));
    can.file_bytes = can.file_bytes.min(house.max_file_bytes);
    ConversationView {
        id: conversation.id,
        channel: conversation.account,
        channel_kind: conversation.kind.as_str().to_owned(),
        channel_name: account.name.clone(),
        identity: conversation.identity,
        title: conversation.shown_name().to_owned(),
        picture_url: shown(conversation.picture.as_ref()),
        place_title: conversation.place_title.clone(),
        place_url: conversation.place_url.clone(),
        place_picture_url: shown(conversation.place_picture.as_ref()),
        page: conversation.page.clone(),
        status: match conversation.status {
            ConversationStatus::Open => "open".to_owned(),
            ConversationStatus::Closed => "closed".to_owned(),
        },
        assignee: conversation.assignee,
        preview: conversation.preview.clone(),
        unread: conversation.unread,
        marked_unread: conversation.marked_unread,
        snoozed_until: conversation.snoozed_until,
        tags: conversation.tags.clone(),
        blocked: conversation.blocked_at.is_some(),
        unanswered_since: conversation.unanswered_since,
        overdue: conversation.overdue > 0,
        active_at: conversation.active_at,
        created_at: conversation.created_at,
        can,
        version,
    }
}

/// Where a conversation stands, for its visitor.
#[must_use]
pub fn talk(conversation: &Conversation) -> Talk {
    let read_up_to = MessageId { conversation: conversation.id, number: conversation.read_up_to };
    Talk { read_up_to, episode: conversation.episode.view(conversation.id) }
}

/// What the list shows of a message.
#[must_use]
pub fn preview(message: &Message) -> Preview {
    // Of what stands elsewhere its words are enough.
    let shown = |part: &Part| match part {
        Part::Post { title, .. } if !title.is_empty() => Part::Text { text: title.clone() },
        part => part.clone(),
    };
    let text: String =
        plain_text(&message.parts.iter().map(shown).collect::<Vec<_>>()).split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect();
    let attachment = message.attachments.first().map(|file| match file.media_type.split('/').next() {
        Some(kind @ ("image" | "audio" | "video")) => kind.to_owned(),
        _ => "file".to_owned(),
    });
    let card = message.parts.iter().find_map(card).map(|card| match card {
        CardView::Contact { .. } => "contact",
        CardView::Location { .. } => "location",
        CardView::Post { .. } => "post",
        CardView::Call { .. } => "call",
        CardView::Unknown => "unknown",
    });
    let attachment = attachment.or(card.map(str::to_owned));
    Preview { direction: message.direction, author: message.author.name.clone(), text, attachment }
}
