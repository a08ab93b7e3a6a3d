//! Many conversations and messages, written through the store's port as the typed records the product itself writes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use kommutator::app::open_house;
use kommutator::channel::registry::Channels;
use kommutator::config::{Config, Options};
use kommutator::demo;
use kommutator::gateway::administration::channels::widget_settings;
use kommutator::gateway::cursor::VisitorCursor;
use kommutator::gateway::entries::{self, ChangeEntry, FeedEntry};
use kommutator::gateway::house::House;
use kommutator::gateway::views;
use kommutator::model::connection::ChannelAccount;
use kommutator::model::conversation::{Conversation, ConversationStatus, Episode, Fact, FactKind, Handler, Place};
use kommutator::model::customer::{Customer, CustomerLink, Identity};
use kommutator::model::ids::{ConversationId, CustomerId, IdentityId, MessageId};
use kommutator::model::message::{Message, Origin, Part, Piece};
use kommutator::model::people::Workspace;
use kommutator::model::protocol::{Author, AuthorKind, EntryDirection, SendStatus};
use kommutator::model::time::{RealWorld, SharedWorld, Time, World};
use kommutator::store::batch::Batch;
use kommutator::store::handle::PartitionStore;
use kommutator::store::records::streams;
use kommutator::store::secrets::VisitorClaims;

/// Words messages are made of, the frequent ones first; 4,000 more are made of syllables.
const WORDS: &[&str] = &[
    "здравствуйте",
    "заказ",
    "доставка",
    "размер",
    "цвет",
    "оплата",
    "курьер",
    "возврат",
    "скидка",
    "магазин",
    "куртка",
    "кроссовки",
    "рюкзак",
    "завтра",
    "сегодня",
    "спасибо",
    "можно",
    "когда",
    "сколько",
    "адрес",
    "телефон",
    "самовывоз",
    "наличие",
    "гарантия",
];
const SYLLABLES: &[&str] = &["ва", "до", "ке", "ли", "мо", "ну", "пе", "ры", "со", "ту", "фа", "хо", "це", "ши", "зю", "бра"];

/// A visitor of the bulk, who can come back.
pub(crate) struct Known {
    /// Its token.
    pub(crate) token: String,
    /// A cursor one change behind the newest.
    pub(crate) cursor: String,
}

/// What was written.
pub(crate) struct Written {
    /// The first visitors.
    pub(crate) visitors: Vec<Known>,
    /// The conversation with the long log, if there is one.
    pub(crate) long: ConversationId,
}

/// The word with this number: small numbers are frequent ones.
pub(crate) fn word(number: usize) -> String {
    match WORDS.get(number) {
        Some(word) => (*word).to_owned(),
        None => [number, number / 16, number / 256, number / 4_096].iter().map(|digit| SYLLABLES[digit % 16]).collect(),
    }
}

/// A pseudo-random number that is the same in every run.
fn noise(of: u64) -> u64 {
    let mut z = of.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Eight words, the frequent ones more often, as in a language.
fn text(of: u64) -> String {
    let words = (0..8u64).map(|at| {
        let share = (noise(of.wrapping_mul(8) ^ at) % 1_000_000) as f64 / 1e6;
        word((4_000.0 * share.powi(3)) as usize)
    });
    words.collect::<Vec<_>>().join(" ")
}

struct Bulk {
    house: House,
    store: PartitionStore,
    account: ChannelAccount,
    now: Time,
}

impl Bulk {
    fn message(&self, conversation: ConversationId, identity: IdentityId, number: u32, at: Time) -> Message {
        let author = Author { kind: AuthorKind::Customer, id: identity.to_string(), name: String::new() };
        let id = MessageId { conversation, number };
        Message {
            identity: Some(identity),
            parts: vec![Part::Text { text: text(noise(conversation.0) ^ u64::from(number)) }],
            client_id: Some(format!("bulk-{number}")),
            pieces: vec![Piece::new(None, SendStatus::Sent)],
            ..Message::fresh(id, self.account.id, EntryDirection::Inbound, author, Origin::Customer, at)
        }
    }

    /// A conversation with its people and `messages` of which only the last is made here.
    fn conversation(&self, batch: &mut Batch, at: usize, messages: u32) -> Conversation {
        let when = self.now.plus_ms(-60_000_000 + at as i64 * 500);
        let made = (u64::try_from(when.0 - 1_577_836_800_000).unwrap() << 22) | (noise(at as u64) & 0x003f_ffff);
        let (id, identity, customer) = (ConversationId(made), IdentityId(made + 1), CustomerId(made + 2));
        let message = self.message(id, identity, messages, when);
        let conversation = Conversation {
            id,
            account: self.account.id,
            kind: self.account.kind,
            login: self.account.login,
            place: Place::Private,
            identity: Some(identity),
            provider_keys: vec![visitor(at)],
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
            episode: Episode::begun(1, 1, when),
            last_number: messages,
            last_change: 1,
            preview: Some(views::preview(&message)),
            unread: u32::from(at.is_multiple_of(3)),
            read_up_to: 0,
            customer_read_up_to: 0,
            customer_wrote: true,
            customer_at: None,
            unanswered_since: at.is_multiple_of(2).then_some(when),
            answers_since: None,
            answers_at: None,
            overdue_at: None,
            overdue: 0,
            active_at: when,
            created_at: when,
        };
        let person = Identity {
            id: identity,
            login: self.account.login,
            external_ids: vec![visitor(at)],
            everywhere: None,
            name: String::new(),
            username: String::new(),
            picture: None,
            phones: Vec::new(),
            emails: Vec::new(),
            site_id: None,
            consent: None,
            about: BTreeMap::new(),
            unreachable: None,
            page: None,
            created_at: when,
            first_message_at: Some(when),
        };
        batch.insert(&message).unwrap();
        batch.insert(&conversation).unwrap();
        batch.insert(&person).unwrap();
        batch.insert(&Customer::fresh(customer, when)).unwrap();
        batch.insert(&CustomerLink { identity, customer, home: customer }).unwrap();
        batch.insert(&Fact { conversation: id, id: made + 3, at: when, by: String::new(), what: FactKind::Opened }).unwrap();
        batch.append(&streams::changes(id), entries::write(&ChangeEntry { n: messages, new: true, t: when.0 }).unwrap());
        let entry = FeedEntry::Message { c: id, a: self.account.id, n: messages, h: 1, new: true, hid: false, d: false, f: false, e: Vec::new() };
        batch.append(&streams::feed(), entries::write(&entry).unwrap());
        conversation
    }

    async fn commit(&self, batch: Batch) {
        self.store.commit(batch).await.expect("the bulk is refused");
    }
}

fn visitor(at: usize) -> String {
    format!("benchvisitor{at:08}")
}

/// Fills an empty data folder with conversations of one message, and one more with `long` messages.
pub(crate) async fn fill(data: &Path, conversations: usize, long: usize) -> Written {
    let options = Options { data: Some(data.display().to_string()), ..Options::default() };
    let config = Config::read(&options, []).unwrap();
    let world: SharedWorld = Arc::new(RealWorld);
    let house = open_house(&config, Channels::all(), world).await.unwrap();
    let prepared = demo::prepare(&house, &config.public_url).await.unwrap();
    let store = house.store.workspace(prepared.workspace);
    let epoch = house.store.global().get::<Workspace>(Workspace::at(prepared.workspace)).await.unwrap().unwrap().record.epoch;
    let widget_key = widget_settings(&prepared.account).unwrap().key;
    let bulk = Bulk { store, account: prepared.account, now: RealWorld.now(), house };
    let mut at = 0;
    while at < conversations {
        let mut batch = Batch::new();
        for _ in 0..200.min(conversations - at) {
            bulk.conversation(&mut batch, at, 1);
            at += 1;
        }
        bulk.commit(batch).await;
    }
    let mut written = Written { visitors: Vec::new(), long: ConversationId(0) };
    if long > 0 {
        let mut batch = Batch::new();
        let conversation = bulk.conversation(&mut batch, conversations, long as u32);
        bulk.commit(batch).await;
        written.long = conversation.id;
        let identity = conversation.identity.unwrap();
        let mut number = 1;
        while number < long as u32 {
            let mut batch = Batch::new();
            for _ in 0..1_000.min(long as u32 - number) {
                batch.insert(&bulk.message(conversation.id, identity, number, bulk.now.plus_ms(i64::from(number) - 5_000_000))).unwrap();
                number += 1;
            }
            bulk.commit(batch).await;
        }
    }
    let claims = |at| VisitorClaims { widget_key: widget_key.clone(), visitor: visitor(at).parse().unwrap(), issued: bulk.now };
    let cursor = VisitorCursor { epoch, place: 0 }.to_string();
    let known = |at| Known { token: bulk.house.keyring.make_visitor_token(&claims(at)), cursor: cursor.clone() };
    written.visitors = (0..conversations.min(5_000)).map(known).collect();
    bulk.house.store.engine().close().await;
    written
}
