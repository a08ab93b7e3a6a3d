//! Writes conversations with a past: each message at its moment, in a commit of its own or many conversations in one.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use image::{ImageFormat, Rgb, RgbImage};

use crate::app::StartError;
use crate::demo::failed;
use crate::gateway::conversation::desk::{AccountCard, Desk};
use crate::gateway::conversation::draft::Draft;
use crate::gateway::conversation::inbound::empty;
use crate::gateway::conversation::people::People;
use crate::gateway::house::House;
use crate::model::connection::{ChannelAccount, ProviderLogin};
use crate::model::conversation::{Conversation, FactKind};
use crate::model::customer::{Claim, Customer, CustomerLink, Identity, Vouched};
use crate::model::ids::{ConversationId, CustomerId, FileId, IdentityId, MessageId, WorkspaceId};
use crate::model::message::{Attachment, Message, Origin, Part, Piece, Reaction};
use crate::model::protocol::{Author, AuthorKind, EntryDirection, FileStatus, Page, SendState, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::records::{FileOwner, FileRecord};
use crate::store::table::Stored;

/// Where ids begin to count: 2020.
const FIRST_MS: i64 = 1_577_836_800_000;

/// What is said, beside when and by whom it is kept.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) direction: EntryDirection,
    pub(super) author: AuthorKind,
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) parts: Vec<Part>,
    pub(super) files: Vec<FileRecord>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) reply_to: Option<u32>,
    pub(super) status: SendStatus,
    pub(super) reason: Option<Reason>,
    pub(super) edited: bool,
    pub(super) deleted: bool,
    pub(super) reactions: Vec<&'static str>,
    /// Whether it waits in the outbox, as what is queued does.
    pub(super) waits: bool,
}

impl Said {
    /// Words of the customer.
    pub(super) fn by_customer(text: &str) -> Self {
        Self {
            direction: EntryDirection::Inbound,
            author: AuthorKind::Customer,
            name: String::new(),
            origin: Origin::Customer,
            parts: if text.is_empty() { Vec::new() } else { vec![Part::Text { text: text.to_owned() }] },
            files: Vec::new(),
            attachments: Vec::new(),
            reply_to: None,
            status: SendStatus::Sent,
            reason: None,
            edited: false,
            deleted: false,
            reactions: Vec::new(),
            waits: false,
        }
    }

    /// Words of a colleague.
    pub(super) fn by_manager(name: &str, text: &str) -> Self {
        let (direction, author) = (EntryDirection::Outbound, AuthorKind::Manager);
        Self { direction, author, name: name.to_owned(), origin: Origin::Manager, status: SendStatus::Read, ..Self::by_customer(text) }
    }

    /// It carries these files, which lie here.
    pub(super) fn with(mut self, files: Vec<FileRecord>) -> Self {
        self.attachments.extend(files.iter().map(attached));
        self.files = files;
        self
    }
}

/// What a message knows of a file that is here.
pub(super) fn attached(file: &FileRecord) -> Attachment {
    Attachment {
        file: file.id,
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        size: file.size,
        status: FileStatus::Ready,
        reason: None,
        width: file.width,
        height: file.height,
        thumbnail: file.thumbnail,
        remote: None,
        as_file: false,
    }
}

/// Everybody has their own: of two with one phone it would be asked whether they are one person.
fn phone(external: &str) -> String {
    let digits = external.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 10_000_000;
    format!("+7999{digits:07}")
}

/// Owns one login while it writes.
pub(super) struct Scribe {
    house: Arc<House>,
    pub(super) workspace: WorkspaceId,
    desk: Desk,
    card: Arc<AccountCard>,
    made: AtomicU64,
}

impl Scribe {
    /// Claims the account's login. Whoever serves claims it anew.
    pub(super) async fn claim(house: &Arc<House>, workspace: WorkspaceId, account: &ChannelAccount) -> Result<Self, StartError> {
        let store = house.store.workspace(workspace);
        let login = store.get::<ProviderLogin>(ProviderLogin::at(account.login)).await.map_err(failed)?;
        let channel = login.and_then(|login| house.channels.get(&login.record.provider)).ok_or_else(|| failed("no such channel"))?;
        let name = ProviderLogin::owner_name(account.login);
        let seen = store.owner(&name).await.map_err(failed)?;
        let claimed = store.claim(&name, house.node, seen).await.map_err(failed)?.ok_or_else(|| failed("somebody serves this already"))?;
        let desk = Desk::new(Arc::clone(house), workspace, account.login, channel, claimed.token, false);
        desk.reload().await.map_err(failed)?;
        let card = desk.card(account.id).ok_or_else(|| failed("no such account"))?;
        Ok(Self { house: Arc::clone(house), workspace, desk, card, made: AtomicU64::new(account.id.0) })
    }

    /// Ids of a moment that do not meet however many are made of one.
    fn id(&self, when: Time) -> u64 {
        let milliseconds = u64::try_from(when.0.saturating_sub(FIRST_MS)).unwrap_or(0);
        (milliseconds << 22) | (self.made.fetch_add(1, Ordering::Relaxed) & 0x003f_ffff)
    }

    pub(super) async fn commit(&self, batch: Batch) -> Result<(), StartError> {
        self.house.store.workspace(self.workspace).commit(batch).await.map(drop).map_err(failed)
    }

    /// A file that belongs to the conversation.
    pub(super) async fn file(&self, of: ConversationId, name: &str, bytes: Vec<u8>, at: Time) -> Result<FileRecord, StartError> {
        let id = FileId(self.id(at));
        let content = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(bytes))]);
        let stored = self.house.files.put(self.workspace, id, content, u64::MAX).await.map_err(failed)?;
        Ok(FileRecord {
            id,
            owner: FileOwner::Conversation { id: of },
            name: crate::store::files::safe_name(name, &stored.media_type),
            media_type: stored.media_type,
            size: stored.size,
            sha256: stored.sha256,
            width: stored.width,
            height: stored.height,
            thumbnail: stored.thumbnail,
            shared: None,
            created_at: at,
        })
    }

    /// A picture of soft colours.
    pub(super) async fn picture(&self, of: ConversationId, name: &str, size: (u32, u32), at: Time) -> Result<FileRecord, StartError> {
        let (width, height) = size;
        let shade = |part: u32, whole: u32| u8::try_from(part.saturating_mul(155) / whole.max(1)).unwrap_or(155).saturating_add(80);
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([shade(x, width), shade(y, height), shade(width.saturating_sub(x), width)]));
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).map_err(failed)?;
        self.file(of, name, bytes, at).await
    }
}

/// Somebody who writes.
#[derive(Default)]
pub(super) struct Who<'a> {
    pub(super) external: String,
    pub(super) name: &'a str,
    pub(super) place: Option<&'a str>,
    pub(super) page: Option<Page>,
}

/// One conversation as it is being written.
pub(super) struct Talk<'a> {
    scribe: &'a Scribe,
    stored: Option<Stored<Conversation>>,
    first: Conversation,
    people: Option<People>,
    identity: IdentityId,
    name: String,
}

impl<'a> Talk<'a> {
    /// One that nobody has said a word in.
    pub(super) fn begin(scribe: &'a Scribe, who: Who<'_>, at: Time) -> Result<Self, StartError> {
        let login = scribe.card.account.login;
        let (id, identity, customer) = (ConversationId(scribe.id(at)), IdentityId(scribe.id(at)), CustomerId(scribe.id(at)));
        let person = Identity {
            id: identity,
            login,
            external_ids: vec![who.external.clone()],
            everywhere: None,
            name: who.name.to_owned(),
            username: String::new(),
            picture: None,
            phones: vec![Claim { value: phone(&who.external), by: Vouched::Unverified }],
            emails: vec![Claim { value: format!("{}@example.com", who.external), by: Vouched::Unverified }],
            site_id: None,
            consent: None,
            about: BTreeMap::new(),
            unreachable: None,
            page: who.page.clone(),
            created_at: at,
            first_message_at: Some(at),
        };
        let mut people = People::default();
        people.customers.push(customer);
        people.batch.insert(&person).map_err(failed)?;
        people.batch.insert(&Customer::fresh(customer, at)).map_err(failed)?;
        people.batch.insert(&CustomerLink { identity, customer, home: customer }).map_err(failed)?;
        let first = Conversation {
            identity: Some(identity),
            provider_keys: vec![who.external],
            title: who.name.to_owned(),
            place_title: who.place.map(str::to_owned),
            page: who.page,
            ..empty(id, &scribe.card, at)
        };
        Ok(Self { scribe, stored: None, first, people: Some(people), identity, name: who.name.to_owned() })
    }

    pub(super) fn id(&self) -> ConversationId {
        self.first.id
    }

    fn message(&self, number: u32, said: &Said, at: Time) -> Message {
        let id = MessageId { conversation: self.id(), number };
        let by_customer = said.author == AuthorKind::Customer;
        let author = Author {
            kind: said.author,
            id: if by_customer { self.identity.to_string() } else { String::new() },
            name: if by_customer { self.name.clone() } else { said.name.clone() },
        };
        let reaction = |emoji: &&str| Reaction { emoji: (*emoji).to_owned(), author: author.clone() };
        Message {
            identity: by_customer.then_some(self.identity),
            parts: if said.deleted { Vec::new() } else { said.parts.clone() },
            attachments: if said.deleted { Vec::new() } else { said.attachments.clone() },
            reply_to: said.reply_to.map(|number| MessageId { conversation: self.id(), number }),
            state: SendState { status: said.status, reason: said.reason.clone(), at },
            pieces: vec![Piece::new(None, said.status)],
            edited_at: said.edited.then_some(at),
            deleted_at: said.deleted.then_some(at),
            reactions: said.reactions.iter().map(reaction).collect(),
            ..Message::fresh(id, self.first.account, said.direction, author, said.origin.clone(), at)
        }
    }

    /// Several messages of one moment in one batch, and the conversation as it is then.
    pub(super) fn compose(&mut self, at: Time, all: &[Said]) -> Result<Batch, StartError> {
        let mut draft = Draft::new(self.stored.as_ref(), Some(self.first.clone()), at).ok_or_else(|| failed("no first state"))?;
        if let Some(people) = self.people.take() {
            draft.meet(people);
            draft.fact(&self.scribe.desk, "", FactKind::Opened).map_err(failed)?;
        }
        for said in all {
            for file in &said.files {
                draft.batch().insert(file).map_err(failed)?;
            }
            let message = self.message(draft.next_number(), said, at);
            draft.add(&message, &self.scribe.card.links).map_err(failed)?;
            if said.waits {
                draft.send(&self.scribe.desk, &message, false, at.plus_ms(30 * 24 * 3_600_000)).map_err(failed)?;
            }
        }
        let (batch, next) = draft.finish(&self.scribe.desk).map_err(failed)?;
        self.stored = Some(next);
        Ok(batch)
    }

    /// A message, in a commit of its own.
    pub(super) async fn say(&mut self, at: Time, said: Said) -> Result<(), StartError> {
        let batch = self.compose(at, &[said])?;
        self.scribe.commit(batch).await
    }

    /// Colleagues have read everything so far.
    pub(super) async fn read(&mut self, at: Time) -> Result<(), StartError> {
        let mut draft = Draft::new(self.stored.as_ref(), None, at).ok_or_else(|| failed("nothing to read"))?;
        draft.conversation.unread = 0;
        draft.conversation.read_up_to = draft.conversation.last_number;
        let (batch, next) = draft.finish(&self.scribe.desk).map_err(failed)?;
        self.stored = Some(next);
        self.scribe.commit(batch).await
    }
}
