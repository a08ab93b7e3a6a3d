//! What people are to be told, from the entries of the feed. What was decided and how far the feed was looked through is one commit, so
//! each entry is decided once, also where a process ends in the middle.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::gateway::entries::{self, FeedEntry, Tell};
use crate::gateway::house::House;
use crate::model::conversation::Conversation;
use crate::model::ids::{AccountId, ConnectionId, ConversationId, LetterId, MessageId, SessionId, UserId, WorkspaceId};
use crate::model::message::Message;
use crate::model::notice::{NOTICE_LIFE_MS, Notice, NoticePlace, NoticeTopic, NoticeWay, NoticeWishes, PushSubscription, WAITING_LIMIT, whose};
use crate::model::people::Member;
use crate::model::protocol::{EntryDirection, NoticeEvent, NoticeSettings, Role};
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, Scan, StoreError};
use crate::store::records::streams;
use crate::store::table::{Record, Stored};

/// Entries looked at in one turn.
const PAGE: usize = 128;
/// The most people and devices of one workspace.
const PEOPLE: usize = 1_000;
/// What happened longer ago is told to nobody: the server was down, or the feed is an old one.
const STALE_MS: i64 = 60 * 60 * 1_000;
/// The place is written at least once in so many entries of which nobody is told.
const STEP: u64 = 500;

/// What a turn came to.
pub(super) enum Turn {
    /// There may be more; whether somebody is to be told something.
    More(bool),
    /// The end of the feed.
    End,
}

/// Follows the feed of one workspace.
#[derive(Default)]
pub(super) struct Follower {
    /// How far it was looked through, and the record of it.
    at: Option<(u64, Stored<NoticePlace>)>,
}

/// Something that happened, with who and what it is about.
struct Happened {
    place: u64,
    about: About,
    conversation: Option<ConversationId>,
    message: Option<u32>,
    what: What,
}

/// What only some may see.
#[derive(Clone, Copy)]
enum About {
    Account(AccountId),
    Connection(ConnectionId),
}

enum What {
    New,
    Failed,
    Lost,
    Told(Tell),
}

impl Follower {
    pub(super) async fn turn(&mut self, house: &House, workspace: WorkspaceId) -> Result<Turn, StoreError> {
        let turn = self.try_turn(house, workspace).await;
        if turn.is_err() {
            // Read anew: a commit whose answer was lost may have been.
            self.at = None;
        }
        turn
    }

    async fn try_turn(&mut self, house: &House, workspace: WorkspaceId) -> Result<Turn, StoreError> {
        let store = house.store.workspace(workspace);
        let Some((place, kept)) = &self.at else {
            self.at = begin(house, workspace).await?;
            return Ok(if self.at.is_some() { Turn::More(false) } else { Turn::End });
        };
        let page = store.read(&streams::feed(), *place, PAGE).await?;
        let Some((last, _)) = page.entries.last() else {
            if page.state.last < *place {
                self.at = None;
            }
            return Ok(Turn::End);
        };
        let happened: Vec<Happened> = page.entries.iter().filter_map(|(number, bytes)| of_entry(*number, bytes)).collect();
        let notices = if happened.is_empty() { Vec::new() } else { notices(house, workspace, &happened).await? };
        let told = notices.iter().any(|notice| notice.1.is_some());
        if !told && last.saturating_sub(kept.record.place) < STEP {
            self.at = Some((*last, kept.clone()));
            return Ok(Turn::More(false));
        }
        let next = NoticePlace { epoch: kept.record.epoch.clone(), place: *last };
        let mut batch = Batch::new();
        batch.update(kept, &next)?;
        for (old, new) in &notices {
            match (old, new) {
                (Some(old), Some(new)) => batch.update(old, new)?,
                (None, Some(new)) => batch.insert(new)?,
                (_, None) => {}
            }
        }
        match store.commit(batch).await {
            Ok(_) => {
                self.at = Some((*last, Stored { version: kept.version.saturating_add(1), record: next }));
                Ok(Turn::More(told))
            }
            // Another node was quicker, or a notice has just gone out: look again.
            Err(CommitError::Refused(Refusal::Conflict { .. })) => {
                self.at = None;
                Ok(Turn::More(false))
            }
            Err(CommitError::Refused(refusal)) => Err(StoreError::Invalid(format!("{refusal:?}"))),
            Err(CommitError::Store(error)) => Err(error),
        }
    }
}

/// Where to go on. A feed of another epoch, or one that was trimmed meanwhile, is followed from its end. `None`: no such workspace.
async fn begin(house: &House, workspace: WorkspaceId) -> Result<Option<(u64, Stored<NoticePlace>)>, StoreError> {
    let store = house.store.workspace(workspace);
    let Some(space) = house.space(workspace).await? else { return Ok(None) };
    let known = store.get::<NoticePlace>(NoticePlace::at()).await?;
    let state = store.read(&streams::feed(), 0, 1).await?.state;
    let fits = |place: &NoticePlace| place.epoch == space.epoch && place.place >= state.trimmed && place.place <= state.last;
    if let Some(known) = known.as_ref().filter(|known| fits(&known.record)) {
        return Ok(Some((known.record.place, known.clone())));
    }
    // A workspace whose feed was never followed is followed from its beginning, if that is all there.
    let place = if known.is_none() && state.trimmed == 0 { 0 } else { state.last };
    let record = NoticePlace { epoch: space.epoch.clone(), place };
    let mut batch = Batch::new();
    match &known {
        Some(old) => batch.update(old, &record)?,
        None => batch.insert(&record)?,
    }
    let version = known.map_or(1, |old| old.version.saturating_add(1));
    match store.commit(batch).await {
        Ok(_) => Ok(Some((place, Stored { version, record }))),
        Err(CommitError::Refused(_)) => Ok(None),
        Err(CommitError::Store(error)) => Err(error),
    }
}

/// What an entry says to anybody who might be told.
fn of_entry(place: u64, bytes: &[u8]) -> Option<Happened> {
    // What cannot be read is told of by the Hub.
    match entries::read::<FeedEntry>(bytes).ok()? {
        FeedEntry::Message { c, a, n, new: true, hid: false, .. } => {
            Some(Happened { place, about: About::Account(a), conversation: Some(c), message: Some(n), what: What::New })
        }
        FeedEntry::Message { c, a, n, f: true, .. } => {
            Some(Happened { place, about: About::Account(a), conversation: Some(c), message: Some(n), what: What::Failed })
        }
        FeedEntry::Conversation { c, a, t: Some(tell), .. } => {
            Some(Happened { place, about: About::Account(a), conversation: Some(c), message: None, what: What::Told(tell) })
        }
        FeedEntry::Connection { c, lost: true } => {
            Some(Happened { place, about: About::Connection(c), conversation: None, message: None, what: What::Lost })
        }
        FeedEntry::Account { a, lost: true } => {
            Some(Happened { place, about: About::Account(a), conversation: None, message: None, what: What::Lost })
        }
        FeedEntry::Message { .. }
        | FeedEntry::Conversation { .. }
        | FeedEntry::Delivery { .. }
        | FeedEntry::Connection { .. }
        | FeedEntry::Account { .. }
        | FeedEntry::Customer { .. }
        | FeedEntry::Setting { .. } => None,
    }
}

/// The people of a workspace and how they can be told anything.
struct Book {
    members: Vec<Member>,
    wishes: HashMap<UserId, NoticeSettings>,
    devices: HashMap<UserId, Vec<SessionId>>,
    letters: bool,
}

impl Book {
    async fn read(house: &House, workspace: WorkspaceId) -> Result<Option<Self>, StoreError> {
        let store = house.store.workspace(workspace);
        let mut devices: HashMap<UserId, Vec<SessionId>> = HashMap::new();
        for device in store.scan::<PushSubscription>(&[], Scan::first(PEOPLE)).await? {
            devices.entry(device.record.user).or_default().push(device.record.session);
        }
        let letters = house.mail.is_some();
        if devices.is_empty() && !letters {
            return Ok(None);
        }
        let members = store.scan::<Member>(&[], Scan::first(PEOPLE)).await?.into_iter().map(|stored| stored.record);
        let wishes = store.scan::<NoticeWishes>(&[], Scan::first(PEOPLE)).await?;
        Ok(Some(Self {
            members: members.filter(|member| member.removed_at.is_none()).collect(),
            wishes: wishes.into_iter().map(|stored| (stored.record.user, stored.record.settings)).collect(),
            devices,
            letters,
        }))
    }
}

/// What is known of one thing that happened.
struct Known<'a> {
    happened: &'a Happened,
    conversation: Option<&'a Conversation>,
    message: Option<&'a Message>,
}

impl Known<'_> {
    /// What it is to a member; none: nothing.
    fn is_to(&self, member: &Member) -> Option<NoticeEvent> {
        if let About::Account(account) = self.happened.about
            && !member.sees(account)
        {
            return None;
        }
        let (me, chief) = (member.user, member.role >= Role::Admin);
        let event = match (&self.happened.what, self.message, self.conversation) {
            (What::New, Some(message), Some(conversation)) => match message.direction {
                EntryDirection::Inbound => Some(whose(conversation.assignee, me)),
                EntryDirection::Note => message.mentions.iter().any(|mention| mention.user == me).then_some(NoticeEvent::Mentioned),
                EntryDirection::Outbound | EntryDirection::System => None,
            },
            (What::Failed, Some(message), _) => (chief || message.author.id == me.to_string()).then_some(NoticeEvent::Trouble),
            (What::Lost, ..) => chief.then_some(NoticeEvent::Trouble),
            (What::Told(Tell::Assigned { to, .. }), ..) => (*to == me).then_some(NoticeEvent::Assigned),
            (What::Told(Tell::Overdue { step }), _, Some(conversation)) => {
                let told = match (step, conversation.assignee) {
                    (1, Some(assignee)) => assignee == me,
                    (1, None) => true,
                    _ => chief,
                };
                told.then_some(NoticeEvent::Overdue)
            }
            _ => None,
        };
        event.filter(|event| *event == NoticeEvent::Trouble || !self.is_by(me))
    }

    /// Nobody is told of what they did themselves.
    fn is_by(&self, me: UserId) -> bool {
        let by = match (&self.happened.what, self.message) {
            (What::New, Some(message)) => Some(&message.author.id),
            (What::Told(Tell::Assigned { by, .. }), _) => Some(by),
            _ => None,
        };
        by.is_some_and(|by| *by == me.to_string())
    }

    fn by(&self, book: &Book) -> String {
        match (&self.happened.what, self.message) {
            (What::New, Some(message)) => message.author.name.clone(),
            (What::Told(Tell::Assigned { by, .. }), _) => {
                book.members.iter().find(|member| member.user.to_string() == *by).map(|member| member.name.clone()).unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    fn topic(&self) -> NoticeTopic {
        match (self.happened.conversation, self.happened.about) {
            (Some(conversation), _) => NoticeTopic::Conversation { conversation },
            (None, About::Account(account)) => NoticeTopic::Channel { account },
            (None, About::Connection(connection)) => NoticeTopic::Connection { connection },
        }
    }
}

/// What is to be told: with what is there already in its place.
async fn notices(house: &House, workspace: WorkspaceId, happened: &[Happened]) -> Result<Vec<(Option<Stored<Notice>>, Option<Notice>)>, StoreError> {
    let Some(book) = Book::read(house, workspace).await? else { return Ok(Vec::new()) };
    let (store, now) = (house.store.workspace(workspace), house.world.now());
    let ids: BTreeSet<ConversationId> = happened.iter().filter_map(|one| one.conversation).collect();
    let keys: Vec<_> = ids.iter().map(|id| Conversation::at(*id)).collect();
    let found = store.get_many::<Conversation>(&keys).await?.into_iter().flatten();
    let conversations: HashMap<ConversationId, Conversation> = found.map(|stored| (stored.record.id, stored.record)).collect();
    let message_of = |one: &Happened| Some(MessageId { conversation: one.conversation?, number: one.message? });
    let ids: BTreeSet<MessageId> = happened.iter().filter_map(message_of).collect();
    let keys: Vec<_> = ids.iter().map(|id| Message::at(*id)).collect();
    let found = store.get_many::<Message>(&keys).await?.into_iter().flatten();
    let messages: HashMap<MessageId, Message> = found.map(|stored| (stored.record.id(), stored.record)).collect();

    let mut made: BTreeMap<(Vec<u8>, Vec<u8>), Notice> = BTreeMap::new();
    for one in happened {
        let message = message_of(one).and_then(|id| messages.get(&id));
        if message.is_some_and(|message| now.since(message.state.at.max(message.imported_at)) > STALE_MS) {
            continue;
        }
        let known = Known { happened: one, conversation: one.conversation.and_then(|id| conversations.get(&id)), message };
        for notice in of_one(house, &book, &known, now) {
            let key = notice.key();
            made.insert((key.group, key.item), notice);
        }
    }
    let keys: Vec<_> = made.values().map(Record::key).collect();
    let old = store.get_many::<Notice>(&keys).await?;
    let mut notices = Vec::with_capacity(keys.len());
    for (notice, old) in made.into_values().zip(old) {
        let waits = matches!((&old, notice.way), (Some(_), NoticeWay::Letter { .. }));
        let full = old.is_none() && store.scan::<Notice>(&Notice::of(notice.user), Scan::first(WAITING_LIMIT)).await?.len() >= WAITING_LIMIT;
        notices.push((old, (!waits && !full).then_some(notice)));
    }
    // One batch holds what one page makes: the rest of a burst is left out rather than told late.
    notices.truncate(PEOPLE / 2);
    Ok(notices)
}

fn of_one(house: &House, book: &Book, known: &Known<'_>, now: Time) -> Vec<Notice> {
    let mut notices = Vec::new();
    for member in &book.members {
        let Some(event) = known.is_to(member) else { continue };
        let wish = book.wishes.get(&member.user).map_or_else(|| NoticeSettings::default().wish(event), |settings| settings.wish(event));
        let mut ways = Vec::new();
        if wish.push {
            ways.extend(book.devices.get(&member.user).into_iter().flatten().map(|session| NoticeWay::Push { session: *session }));
        }
        if wish.letter && book.letters && !crate::model::notice::is_message(event) {
            ways.push(NoticeWay::Letter { letter: LetterId(house.world.id()) });
        }
        notices.extend(ways.into_iter().map(|way| Notice {
            user: member.user,
            way,
            topic: known.topic(),
            event: Some(event),
            message: known.message.map(Message::id),
            by: known.by(book),
            place: known.happened.place,
            rounds: 0,
            tries: 0,
            next_at: now,
            until: now.plus_ms(NOTICE_LIFE_MS),
            created_at: now,
        }));
    }
    notices
}
