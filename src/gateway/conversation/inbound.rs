//! What comes from the provider: messages, echoes of our own, and what became of messages.

use super::desk::{AccountCard, Desk};
use super::draft::Draft;
use super::people::{People, given_name, identify};
use super::{Decision, Done};
use crate::channel::contract::{Incoming, Rated, Writer};
use crate::gateway::commands::{Answer, CommandError};
use crate::model::conversation::{Conversation, ConversationStatus, Episode, FactKind, Handler, PastEpisode, Place};
use crate::model::customer::Identity;
use crate::model::ids::{AccountId, ConversationId, FileId, IdentityId, MessageId};
use crate::model::message::{Admission, Message, MessageChange, Origin, Part, Piece, apply_change, may_follow};
use crate::model::protocol::{Author, AuthorKind, EntryDirection, SendState, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::key::Key;
use crate::store::port::{Scan, StoreError};
use crate::store::records::{FileOwner, FileRecord};
use crate::store::table::Stored;

/// What became of a message that is already there.
#[derive(Debug, Clone)]
pub enum Changed {
    /// Something was told of it.
    Message {
        /// The message.
        message: MessageId,
        /// The provider's id of it, or of its piece.
        external_id: String,
        /// What.
        change: MessageChange,
    },
    /// Something told of it waits, and it turned out to be there.
    Waited {
        /// The message.
        message: MessageId,
        /// The provider's id of it.
        external_id: String,
    },
    /// The customer saw everything up to a number.
    ReadUpTo {
        /// The number.
        number: u32,
    },
    /// The customer cannot be written to any more, and why; none: they can again.
    Reachable {
        /// Why not.
        reason: Option<Reason>,
    },
    /// The customer rated a part of it.
    Rated {
        /// How.
        rated: Rated,
    },
    /// The provider names the conversation anew.
    Moved {
        /// The key it has now.
        to: String,
    },
}

/// The most messages one read mark changes in one batch; the rest follow in the next.
const READ_STEP: usize = 100;

/// A message came in: from the customer, a member of a group, or the account itself.
pub(crate) async fn message(
    desk: &Desk, id: ConversationId, stored: Option<&Stored<Conversation>>, account: AccountId, incoming: &Incoming,
) -> Result<Decision, CommandError> {
    let card = desk.card(account).ok_or_else(|| CommandError::refused("unknown_channel"))?;
    check(desk, &card, incoming)?;
    let now = desk.house.world.now();
    let mut people = People::default();
    let peer = match &incoming.peer {
        Some(person) => Some(identify(desk, person, incoming, now, &mut people).await?),
        None => None,
    };
    let author_identity = match (&incoming.writer, &incoming.peer, &peer) {
        (Writer::Customer(writer), Some(_), Some(identity)) if writer.external_ids.iter().any(|id| identity.external_ids.contains(id)) => {
            Some(identity.clone())
        }
        (Writer::Customer(writer), ..) => Some(identify(desk, writer, incoming, now, &mut people).await?),
        (Writer::Account { .. }, ..) => None,
    };
    if let (Writer::Account { mark }, Some(stored)) = (&incoming.writer, stored)
        && let Some((old, piece)) = super::sending::find_echoed(desk, &stored.record, mark.as_deref(), incoming).await?
    {
        return super::sending::echoed(desk, stored, old, piece, incoming, now).await;
    }
    if let (None, Some(known), true) = (stored, &peer, people.customers.is_empty()) {
        people.tell_of(desk, known.id).await?;
    }
    let first = first_state(id, &card, incoming, peer.as_ref(), now);
    let mut draft = Draft::new(stored, Some(first), now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    let is_new = peer.as_ref().is_some_and(|peer| people.made(peer.id));
    let given = people.given_name.clone();
    draft.meet(people);
    let message = compose(desk, &card, &draft, incoming, author_identity.as_ref(), now).await?;
    let mut message = take_files(desk, &mut draft, message, incoming).await?;
    super::files::expect(desk, &mut draft, &mut message, incoming)?;
    if let Some(external_id) = &incoming.external_id {
        super::pending::settle(desk, draft.batch(), &mut message, external_id, now).await?;
    }
    if stored.is_none() {
        draft.fact(desk, "", FactKind::Opened)?;
    } else if message.admission.is_yes() && draft.conversation.status == ConversationStatus::Closed && message.direction == EntryDirection::Inbound {
        reopen(desk, &mut draft, message.number, now, "")?;
    }
    if message.direction == EntryDirection::Inbound {
        super::comeback::seen(&mut draft);
    }
    if message.admission.is_yes() && message.direction == EntryDirection::Inbound {
        super::triage::woken_by_customer(desk, &mut draft)?;
    }
    if let Some(identity) = &peer {
        // A conversation that is new, or was begun by us, learns here whom it is with.
        if stored.is_none_or(|stored| stored.record.identity.is_none()) {
            draft.conversation.given_name = if is_new { given } else { given_name(desk, identity.id).await? };
        }
        draft.conversation.identity.get_or_insert(identity.id);
        if !identity.name.is_empty() {
            draft.conversation.title.clone_from(&identity.name);
        }
    }
    if incoming.page.is_some() {
        draft.conversation.page.clone_from(&incoming.page);
    }
    if let Some(visit) = &incoming.visit {
        super::visitor::link(desk, &mut draft, visit).await?;
    }
    if incoming.place_title.is_some() {
        draft.conversation.place_title.clone_from(&incoming.place_title);
    }
    if let (Place::Listing(_), Some(url)) = (&incoming.place, incoming.context.listing.as_ref().filter(|url| url.starts_with("https://"))) {
        draft.conversation.place_url = Some(url.clone());
    }
    if stored.is_some() {
        take_key(desk, &mut draft, &incoming.conversation_key).await?;
    }
    if message.admission.is_yes() {
        super::pictures::want(desk, &mut draft, incoming)?;
    }
    draft.add(&message, &card.links)?;
    let answer = Done::Answer(Answer::Message { message: Box::new(message), duplicate: false });
    Ok(Decision::Commit(Box::new(draft), Box::new(move |_| answer)))
}

/// What a client of ours may not send. A provider's message is never refused: it has happened.
fn check(desk: &Desk, card: &AccountCard, incoming: &Incoming) -> Result<(), CommandError> {
    if incoming.client_id.is_none() {
        return Ok(());
    }
    if card.account.removed_at.is_some() || !card.account.active {
        return Err(CommandError::refused("channel_inactive"));
    }
    let text = crate::model::message::plain_text(&incoming.parts);
    super::client::check_content(desk, &text, incoming.files.len(), &incoming_limits())
}

fn incoming_limits() -> super::client::Limits {
    super::client::Limits { text: crate::channel::site_widget::TEXT_LIMIT, unit: "characters", files: crate::channel::site_widget::FILES_LIMIT }
}

/// Opens a closed conversation again, as a new episode.
pub(crate) fn reopen(desk: &Desk, draft: &mut Draft, first_message: u32, now: Time, by: &str) -> Result<(), StoreError> {
    let past = PastEpisode { conversation: draft.conversation.id, episode: draft.conversation.episode.clone() };
    let number = past.episode.number.saturating_add(1);
    draft.batch().insert(&past)?;
    draft.conversation.status = ConversationStatus::Open;
    draft.conversation.episode = Episode::begun(number, first_message, now);
    draft.fact(desk, by, FactKind::Opened)
}

fn first_state(id: ConversationId, card: &AccountCard, incoming: &Incoming, peer: Option<&Identity>, now: Time) -> Conversation {
    Conversation {
        place: incoming.place.clone(),
        identity: peer.map(|identity| identity.id),
        provider_keys: vec![incoming.conversation_key.clone()],
        title: peer.map(|identity| identity.name.clone()).or_else(|| incoming.place_title.clone()).unwrap_or_default(),
        place_title: incoming.place_title.clone(),
        ..empty(id, card, now)
    }
}

/// A conversation of which nothing is known yet but its account.
pub(crate) fn empty(id: ConversationId, card: &AccountCard, now: Time) -> Conversation {
    Conversation {
        id,
        account: card.account.id,
        kind: card.account.kind,
        login: card.account.login,
        place: Place::Private,
        identity: None,
        provider_keys: Vec::new(),
        address: None,
        joined_into: None,
        title: String::new(),
        given_name: String::new(),
        place_title: None,
        place_url: None,
        picture: None,
        place_picture: None,
        page: None,
        first_visit: None,
        last_visit: None,
        status: ConversationStatus::Open,
        assignee: None,
        snoozed_until: None,
        marked_unread: false,
        tags: Vec::new(),
        blocked_at: None,
        handler: Handler::Human,
        episode: Episode::begun(1, 1, now),
        last_number: 0,
        last_change: 0,
        preview: None,
        unread: 0,
        read_up_to: 0,
        customer_read_up_to: 0,
        customer_wrote: false,
        customer_at: None,
        answers_since: None,
        answers_at: None,
        unanswered_since: None,
        overdue_at: None,
        overdue: 0,
        active_at: now,
        created_at: now,
    }
}

async fn compose(
    desk: &Desk, card: &AccountCard, draft: &Draft, incoming: &Incoming, author: Option<&Identity>, now: Time,
) -> Result<Message, CommandError> {
    let (direction, origin, author) = match (&incoming.writer, author) {
        (Writer::Customer(_), author) => {
            let (id, name) = author.map(|identity| (identity.id.to_string(), identity.name.clone())).unwrap_or_default();
            (EntryDirection::Inbound, Origin::Customer, Author { kind: AuthorKind::Customer, id, name })
        }
        (Writer::Account { .. }, _) => {
            (EntryDirection::Outbound, Origin::Phone, Author { kind: AuthorKind::Phone, id: String::new(), name: String::new() })
        }
    };
    let identity = match direction {
        EntryDirection::Inbound => author_id(&author),
        EntryDirection::Outbound | EntryDirection::Note | EntryDirection::System => None,
    };
    let admission = if incoming.quiet {
        Admission::Quiet
    } else if draft.conversation.blocked_at.is_some() && direction == EntryDirection::Inbound {
        Admission::Blocked
    } else if !card.account.active {
        Admission::Filtered { reason: Reason::new("channel_inactive") }
    } else {
        // The filter is for what comes to the account, not for what it says itself.
        let unwanted = (direction == EntryDirection::Inbound).then(|| desk.channel.admits(&card.account, incoming).err()).flatten();
        unwanted.map_or(Admission::Yes, |reason| Admission::Filtered { reason })
    };
    let reply_to = reply_target(desk, draft, incoming).await?;
    let id = MessageId { conversation: draft.conversation.id, number: draft.next_number() };
    Ok(Message {
        identity,
        parts: incoming.parts.clone(),
        reply_to,
        client_id: incoming.client_id.clone(),
        context: incoming.context.clone(),
        admission,
        written_at: if incoming.written_at == Time(0) { now } else { incoming.written_at },
        pieces: vec![Piece::new(incoming.external_id.clone(), SendStatus::Sent)],
        ..Message::fresh(id, draft.conversation.account, direction, author, origin, now)
    })
}

fn author_id(author: &Author) -> Option<IdentityId> {
    author.id.parse().ok()
}

/// The message an incoming one answers, if it stands in this conversation.
async fn reply_target(desk: &Desk, draft: &Draft, incoming: &Incoming) -> Result<Option<MessageId>, CommandError> {
    if let Some(id) = incoming.reply_to {
        let here = id.conversation == draft.conversation.id && id.number <= draft.conversation.last_number;
        return if here { Ok(Some(id)) } else { Err(CommandError::refused("unknown_message")) };
    }
    let Some(external) = &incoming.reply_to_external else { return Ok(None) };
    let found = find_external(desk, draft.conversation.account, external).await?;
    Ok(found.map(|message| message.record.id()))
}

/// The message one of whose pieces the provider names so.
pub(crate) async fn find_external(desk: &Desk, account: AccountId, external_id: &str) -> Result<Option<Stored<Message>>, StoreError> {
    let (group, sort) = (Key::new().number(account.0).done(), Key::new().text(external_id).done());
    desk.store.get_unique::<Message>(Message::BY_EXTERNAL, &group, &sort).await
}

async fn take_files(desk: &Desk, draft: &mut Draft, message: Message, incoming: &Incoming) -> Result<Message, CommandError> {
    let uploader = match &incoming.writer {
        Writer::Customer(person) => person.external_ids.first().map(|id| FileOwner::Visitor { id: id.clone() }),
        Writer::Account { .. } => None,
    };
    let Some(uploader) = uploader else { return Ok(message) };
    attach(desk, draft, message, &incoming.files, false, &uploader).await
}

/// Gives uploaded files to a message: they must be the uploader's own and used nowhere yet.
pub(crate) async fn attach(
    desk: &Desk, draft: &mut Draft, mut message: Message, files: &[FileId], as_files: bool, uploader: &FileOwner,
) -> Result<Message, CommandError> {
    let keys: Vec<_> = files.iter().map(|id| FileRecord::at(*id)).collect();
    let owner = FileOwner::Conversation { id: draft.conversation.id };
    for (id, found) in files.iter().zip(desk.store.get_many::<FileRecord>(&keys).await?) {
        let unknown = || CommandError::Refused(Reason::new("unknown_file").with("file", id));
        let old = found.ok_or_else(unknown)?;
        if old.record.owner != *uploader {
            return Err(unknown());
        }
        let file = FileRecord { owner: owner.clone(), ..old.record.clone() };
        draft.batch().update(&old, &file)?;
        message.parts.push(Part::File { file: *id, caption: String::new() });
        message.attachments.push(file.attachment(as_files));
    }
    Ok(message)
}

/// Something became of a message that is already there.
pub(crate) async fn changed(desk: &Desk, stored: &Stored<Conversation>, changed: &Changed) -> Result<Decision, CommandError> {
    let now = desk.house.world.now();
    let nothing = || Ok(Decision::Nothing(Done::Answer(Answer::Done)));
    let mut draft = Draft::new(Some(stored), None, now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    match changed {
        Changed::ReadUpTo { number } => return read_by_customer(desk, stored, *number, now).await,
        Changed::Rated { rated } => return super::visitor::rated(desk, draft, rated).await,
        Changed::Reachable { reason } => super::people::reachable(desk, &mut draft, reason.as_ref()).await?,
        Changed::Moved { to } => {
            if draft.conversation.provider_keys.contains(to) || draft.conversation.joined_into.is_some() {
                return nothing();
            }
            take_key(desk, &mut draft, to).await?;
        }
        Changed::Message { message, external_id, change } => {
            let old = existing(desk, *message).await?;
            let mut new = old.record.clone();
            apply_change(&mut new, external_id, change, now);
            if new == old.record {
                return nothing();
            }
            draft.reword(&old, &new)?;
        }
        Changed::Waited { message, external_id } => {
            let old = existing(desk, *message).await?;
            let mut new = old.record.clone();
            super::pending::settle(desk, draft.batch(), &mut new, external_id, now).await?;
            if new == old.record {
                return nothing();
            }
            draft.reword(&old, &new)?;
        }
    }
    Ok(Decision::Commit(Box::new(draft), Box::new(|_| Done::Answer(Answer::Done))))
}

/// The provider names the conversation so from now on. If another conversation has that name already, the two are one: this one points to
/// the other from now on.
pub(crate) async fn take_key(desk: &Desk, draft: &mut Draft, key: &str) -> Result<(), StoreError> {
    if draft.conversation.provider_keys.iter().any(|known| known == key) || draft.conversation.joined_into.is_some() {
        return Ok(());
    }
    let (group, sort) = (Key::new().number(draft.conversation.account.0).done(), Key::new().text(key).done());
    match desk.store.get_unique::<Conversation>(Conversation::BY_PROVIDER_KEY, &group, &sort).await? {
        Some(other) => {
            let into = other.record.joined_into.unwrap_or(other.record.id);
            if into != draft.conversation.id {
                draft.conversation.joined_into = Some(into);
                draft.fact(desk, "", FactKind::Joined { into })?;
            }
        }
        None => draft.conversation.provider_keys.push(key.to_owned()),
    }
    Ok(())
}

async fn existing(desk: &Desk, id: MessageId) -> Result<Stored<Message>, CommandError> {
    desk.store.get::<Message>(Message::at(id)).await?.ok_or_else(|| CommandError::refused("unknown_message"))
}

/// The customer saw our messages up to a number: their states rise, [`READ_STEP`] a batch.
async fn read_by_customer(desk: &Desk, stored: &Stored<Conversation>, number: u32, now: Time) -> Result<Decision, CommandError> {
    let conversation = &stored.record;
    let number = number.min(conversation.last_number);
    if number <= conversation.customer_read_up_to {
        return Ok(Decision::Nothing(Done::Answer(Answer::Done)));
    }
    let mut draft = Draft::new(Some(stored), None, now).ok_or_else(|| CommandError::refused("unknown_conversation"))?;
    let scan = Scan::first(READ_STEP).above(Message::item(conversation.customer_read_up_to)).below(Message::item(number.saturating_add(1)));
    let messages = desk.store.scan::<Message>(&Message::group(conversation.id), scan).await?;
    let mut reached = number;
    if messages.len() == READ_STEP {
        reached = messages.last().map_or(number, |message| message.record.number);
    }
    for old in messages.iter().filter(|old| old.record.direction == EntryDirection::Outbound) {
        if may_follow(old.record.state.status, SendStatus::Read) && old.record.state.status != SendStatus::Queued {
            let mut new = old.record.clone();
            for piece in &mut new.pieces {
                piece.status = SendStatus::Read;
            }
            new.state = SendState { status: SendStatus::Read, reason: None, at: now };
            draft.change(old, &new)?;
        }
    }
    draft.conversation.customer_read_up_to = reached;
    super::comeback::seen_up_to(&mut draft, reached);
    Ok(Decision::Commit(Box::new(draft), Box::new(|_| Done::Answer(Answer::Done))))
}
