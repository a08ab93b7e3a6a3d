//! What a visitor's socket says and is answered.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytestring::ByteString;

use super::manager::refused;
use super::session::{Link, Outcome, Surroundings};
use crate::channel::site_widget::options::{Given, Seen};
use crate::channel::site_widget::parse::{Visitor as Person, VisitorPart};
use crate::gateway::administration::channels::widget_secret_context;
use crate::gateway::commands::{Answer, Command, CommandError, ask};
use crate::gateway::conversation::client::is_client_id;
use crate::gateway::cursor::VisitorCursor;
use crate::gateway::entries::{self, ChangeEntry};
use crate::gateway::events::{json, message_event, visitor_frame};
use crate::gateway::hub::{Begun, Who};
use crate::gateway::signals::{self, Signal};
use crate::gateway::views::{self, Viewer};
use crate::model::conversation::{Conversation, PastEpisode};
use crate::model::customer::Consent;
use crate::model::ids::{ConversationId, MessageId};
use crate::model::message::Message;
use crate::model::protocol::{
    Author, AuthorKind, MessageView, Page, Presence, ServerFrame, VisitorFrame, VisitorHello, VisitorIdentity, VisitorReady, close,
};
use crate::model::time::Time;
use crate::model::visit::{Visit, bounded};
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{CommitError, Scan, StoreError};
use crate::store::records::streams;
use crate::store::secrets::{VisitorClaims, VisitorId, identity_is_vouched_for};
use crate::store::table::{Record, Stored};
use crate::web::edge::{Edge, WidgetCard};

/// Messages a visitor gets who does not resume.
const NEWEST: usize = 50;
/// The most changes a log holds, see [`CHANGES_KEPT`](crate::gateway::conversation::draft::CHANGES_KEPT).
const CHANGES: usize = 1_200;
/// The parts of a conversation a visitor is told of beside the newest.
const EPISODES: usize = 20;
/// What of a page's address goes into a signal, in characters.
const SIGNALLED: usize = 500;
/// So long a visitor who comes back waits for that to be known.
const HEARD_WITHIN: Duration = Duration::from_secs(2);

/// A visitor, connected.
pub(super) struct Visitor {
    pub(super) card: Arc<WidgetCard>,
    person: Person,
    locale: String,
    /// Boxed: a visitor who tells of none costs no room for it.
    visit: Mutex<Option<Box<Visit>>>,
    page: Mutex<Option<Page>>,
    conversation: Mutex<Option<ConversationId>>,
}

impl Visitor {
    /// The cursor of a place in the conversation's change log.
    pub(super) fn cursor(&self, place: u64) -> String {
        VisitorCursor { epoch: self.card.epoch.clone(), place }.to_string()
    }

    /// The visitor's conversation began.
    pub(super) fn follow(&self, conversation: ConversationId) {
        *self.conversation.lock().unwrap_or_else(PoisonError::into_inner) = Some(conversation);
    }

    fn visit(&self) -> Option<Box<Visit>> {
        self.visit.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn page(&self) -> Option<Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn conversation(&self) -> Option<ConversationId> {
        *self.conversation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable() -> Outcome {
    Outcome::refuse(close::GOING_DOWN, "try_again", "the store does not answer; come back")
}

fn cut(text: Option<String>, limit: usize) -> String {
    text.map(|text| text.trim().chars().take(limit).collect()).unwrap_or_default()
}

/// The first frame.
pub(super) async fn hello(at: Surroundings, text: &str, card: Option<Arc<WidgetCard>>) -> Outcome {
    let hello = match serde_json::from_str(text) {
        Ok(VisitorFrame::Hello(hello)) => hello,
        Ok(_) => return Outcome::refuse(close::BAD_FRAME, "hello_missing", "the first frame must be `hello`"),
        Err(error) => return Outcome::refuse(close::BAD_FRAME, "bad_frame", &error.to_string()),
    };
    let Some(card) = card else { return Outcome::refuse(close::NOT_LET_IN, "unknown_widget", "there is no such widget") };
    let (id, token) = match identify(&at.edge, &card, &hello) {
        Ok(identified) => identified,
        Err(outcome) => return *outcome,
    };
    let person = match person(&at.edge, &card, id.as_str(), hello.identity.unwrap_or_default()) {
        Ok(person) => person,
        Err(outcome) => return *outcome,
    };
    let code = hello.visit.as_ref().map(|visit| at.edge.house.keyring.visit_code(&card.settings.key, id.as_str(), &visit.key));
    let now = at.edge.house.world.now();
    let visit = hello.visit.zip(code).and_then(|(visit, code)| Visit::told(visit, code, card.account.id, id.as_str(), now)).map(Box::new);
    let visitor = Visitor {
        card,
        person,
        locale: hello.locale.unwrap_or_default().chars().take(2).collect::<String>().to_lowercase(),
        visit: Mutex::new(visit),
        page: Mutex::new(hello.page.map(|page| bounded(page, 2_000))),
        conversation: Mutex::new(None),
    };
    let welcomed = welcome(&at, visitor, token, hello.cursor.as_deref()).await;
    welcomed.unwrap_or_else(|_| unavailable())
}

/// Who the visitor is: by token, by nonce, or new. Nothing is written: the visitor is stored with the first message.
fn identify(edge: &Edge, card: &WidgetCard, hello: &VisitorHello) -> Result<(VisitorId, String), Box<Outcome>> {
    let (keyring, now) = (&edge.house.keyring, edge.house.world.now());
    let key = &card.settings.key;
    // A link that is too old brings nobody back: they are who they were here.
    if let Some(back) = hello.visit.as_ref().and_then(|visit| visit.back.as_deref())
        && let Ok(VisitorClaims { visitor, .. }) = keyring.read_return_token(back, key, now)
    {
        let token = keyring.make_visitor_token(&VisitorClaims { widget_key: key.clone(), visitor: visitor.clone(), issued: now });
        return Ok((visitor, token));
    }
    if let Some(token) = &hello.visitor_token {
        // A token that is none (expired, of another installation) is no reason to turn a visitor away: they are new.
        if let Ok(claims) = keyring.read_visitor_token(token, Some(key), now) {
            return Ok((claims.visitor, token.clone()));
        }
    }
    let visitor = match &hello.visitor_nonce {
        Some(nonce) => VisitorId::from_nonce(keyring, key, nonce)
            .map_err(|error| Box::new(Outcome::refuse(close::BAD_FRAME, "bad_nonce", &error.to_string())))?,
        None => VisitorId::random(edge.house.world.as_ref()),
    };
    let token = keyring.make_visitor_token(&VisitorClaims { widget_key: key.clone(), visitor: visitor.clone(), issued: now });
    Ok((visitor, token))
}

/// What the page says of its visitor; only a signature makes the id count.
fn person(edge: &Edge, card: &WidgetCard, id: &str, told: VisitorIdentity) -> Result<Person, Box<Outcome>> {
    let claimed = told.id.as_deref().filter(|id| !id.is_empty() && id.len() <= 200);
    let vouched = match (claimed, told.signature.as_deref()) {
        (Some(site_id), Some(signature)) => {
            let context = widget_secret_context(card.account.id);
            card.settings.sealed_secrets(edge.house.world.now()).any(|sealed| match edge.house.keyring.open_text(&context, sealed) {
                Ok(secret) => identity_is_vouched_for(&secret, site_id, signature),
                Err(error) => {
                    tracing::error!(account = %card.account.id, %error, "a widget's secret cannot be opened");
                    false
                }
            })
        }
        _ => false,
    };
    if claimed.is_some() && !vouched && (card.settings.verified_identity || told.signature.is_some()) {
        let why = "the identity's signature is missing or wrong";
        return Err(Box::new(Outcome::refuse(close::NOT_LET_IN, "identity_not_verified", why)));
    }
    Ok(Person {
        id: id.to_owned(),
        site_id: claimed.filter(|_| vouched).map(str::to_owned),
        name: cut(told.name, 200),
        email: cut(told.email, 254),
        phone: cut(told.phone, 40),
        consent: None,
    })
}

async fn welcome(at: &Surroundings, visitor: Visitor, token: String, cursor: Option<&str>) -> Result<Outcome, StoreError> {
    let (house, card, person) = (&at.edge.house, &visitor.card, &visitor.person);
    let store = house.store.workspace(card.workspace);
    let (group, sort) = (Key::new().number(card.account.id.0).done(), Key::new().text(&person.id).done());
    let conversation = store.get_unique::<Conversation>(Conversation::BY_PROVIDER_KEY, &group, &sort).await?;
    let conversation = match conversation {
        Some(Stored { record: Conversation { joined_into: Some(into), .. }, .. }) => store.get::<Conversation>(Conversation::at(into)).await?,
        conversation => conversation,
    };
    let id = conversation.as_ref().map(|found| found.record.id);
    // Register first, read afterwards: what comes meanwhile is held back and known by its place.
    let who = Who::Visitor { visitor: person.id.clone(), account: card.account.id, conversation: id };
    if !at.register(card.workspace, &card.epoch, who).await {
        return Ok(unavailable());
    }
    let history = match id {
        Some(id) => catch_up(&at.edge, card, id, cursor).await?,
        // Who has not written yet has missed nothing.
        None => {
            let beginning = VisitorCursor { epoch: card.epoch.clone(), place: 0 };
            let resumed = cursor.and_then(|text| text.parse().ok()) == Some(beginning);
            History { place: 0, resumed, messages: Vec::new(), frames: Vec::new() }
        }
    };
    let mut frames = Vec::new();
    if cursor.is_some() && !history.resumed {
        frames.push(json(&ServerFrame::Reset {}).into());
    }
    let cursor = match cursor {
        Some(cursor) if history.resumed => cursor.to_owned(),
        _ => VisitorCursor { epoch: card.epoch.clone(), place: history.place }.to_string(),
    };
    let episodes = match id {
        Some(id) => {
            let mut past = store.scan::<PastEpisode>(&PastEpisode::group(id), Scan::last(EPISODES)).await?;
            past.reverse();
            past.iter().map(|past| past.record.episode.view(id)).collect()
        }
        None => Vec::new(),
    };
    let code = visitor.visit().map(|visit| visit.code).unwrap_or_default();
    let seen =
        Seen { locale: &visitor.locale, now: house.world.now(), time_zone: &card.time_zone, code: &code, max_file_bytes: house.max_file_bytes };
    let ready = VisitorReady {
        session: at.key.to_string(),
        cursor,
        resumed: history.resumed,
        server_time: house.world.now(),
        me: Author { kind: AuthorKind::Customer, id: person.id.clone(), name: person.name.clone() },
        visitor_token: token,
        conversation: id,
        widget: card.settings.options.view(&card.settings.appearance, seen),
        visit: code.clone(),
        talk: conversation.as_ref().map(|found| views::talk(&found.record)),
        episodes,
        messages: history.messages,
    };
    frames.push(json(&ServerFrame::VisitorReady(Box::new(ready))).into());
    frames.extend(history.frames);
    if let Some(id) = id {
        visitor.follow(id);
        announce(&at.edge, &visitor).await;
    }
    if conversation.is_some_and(|found| found.record.answers_since.is_some() && found.record.answers_at.is_none()) {
        came_back(at, &visitor).await;
    }
    Ok(Outcome { frames, welcome: Some((Link::Visitor(Arc::new(visitor)), history.place)), ..Outcome::default() })
}

/// What was answered while they were away says so no longer. If nobody hears it now, it is said when they come or look the next time; it
/// must not keep them from their conversation.
async fn came_back(at: &Surroundings, visitor: &Visitor) {
    let Some(conversation) = visitor.conversation() else { return };
    let said = ask(&at.edge.house, visitor.card.workspace, visitor.card.account.login, Command::CameBack { conversation });
    if let Ok(Err(error)) = tokio::time::timeout(HEARD_WITHIN, said).await {
        tracing::debug!(%conversation, %error, "a visitor's return was not heard");
    }
}

/// Says where the visitor is, to who watches the conversation.
pub(super) async fn announce(edge: &Edge, visitor: &Visitor) {
    if let Some(conversation) = visitor.conversation() {
        let page = visitor.page().map(|page| Page { referrer: None, ..bounded(page, SIGNALLED) });
        let presence = Presence { conversation, online: true, page };
        signals::send(&edge.house, visitor.card.workspace, &Signal::Presence { account: visitor.card.account.id, presence }).await;
    }
}

/// Keeps the visit though nothing was written: its code goes along to another messenger.
async fn leave(edge: &Edge, visitor: &Visitor) -> Result<(), StoreError> {
    let (Some(visit), store) = (visitor.visit(), edge.house.store.workspace(visitor.card.workspace)) else { return Ok(()) };
    if store.get::<Visit>(visit.key()).await?.is_some() {
        return Ok(());
    }
    let mut batch = Batch::new();
    batch.insert(visit.as_ref())?;
    match store.commit(batch).await {
        // Somebody kept it meanwhile.
        Ok(_) | Err(CommitError::Refused(_)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error),
    }
}

/// What was said in a conversation that began after this socket was let in.
pub(super) async fn follow_up(at: &Surroundings, visitor: &Visitor, id: ConversationId, seen: u64) -> Outcome {
    let cursor = VisitorCursor { epoch: visitor.card.epoch.clone(), place: seen }.to_string();
    match catch_up(&at.edge, &visitor.card, id, Some(&cursor)).await {
        Ok(history) if history.resumed => Outcome { frames: history.frames, caught_up: Some(history.place), ..Outcome::default() },
        // The client comes back and is told what it missed, or that it must load anew.
        Ok(_) | Err(_) => unavailable(),
    }
}

struct History {
    place: u64,
    resumed: bool,
    messages: Vec<MessageView>,
    frames: Vec<ByteString>,
}

/// What a visitor missed: the latest state of each changed message, once. If the log does not reach back so far, the newest messages.
async fn catch_up(edge: &Edge, card: &WidgetCard, id: ConversationId, cursor: Option<&str>) -> Result<History, StoreError> {
    let house = &edge.house;
    let store = house.store.workspace(card.workspace);
    let view = |message: &Message| views::message(house, card.workspace, message, &[], Viewer::Visitor);
    let from = cursor.and_then(|text| text.parse::<VisitorCursor>().ok()).filter(|from| from.epoch == card.epoch);
    let page = store.read(&streams::changes(id), from.as_ref().map_or(0, |from| from.place), if from.is_some() { CHANGES } else { 1 }).await?;
    let state = page.state;
    if let Some(from) = from.filter(|from| from.place >= state.trimmed && from.place <= state.last) {
        let place = page.entries.last().map_or(from.place, |(number, _)| *number);
        // Of each message the change that made it, so that it keeps its place among the others, and the last one.
        let mut changed: Vec<(u64, u32, bool)> = Vec::new();
        for (number, bytes) in &page.entries {
            let Ok(entry) = entries::read::<ChangeEntry>(bytes) else { continue };
            changed.retain(|(_, message, new)| *message != entry.n || *new);
            changed.push((*number, entry.n, entry.new));
        }
        let keys: Vec<_> = changed.iter().map(|(_, number, _)| Message::at(MessageId { conversation: id, number: *number })).collect();
        let mut frames = Vec::new();
        for ((place, _, new), message) in changed.into_iter().zip(store.get_many::<Message>(&keys).await?) {
            let Some(message) = message.filter(|message| views::visitor_sees(&message.record)) else { continue };
            let cursor = VisitorCursor { epoch: card.epoch.clone(), place };
            frames.push(visitor_frame(&cursor, &json(&message_event(id, view(&message.record), new))));
        }
        return Ok(History { place, resumed: true, messages: Vec::new(), frames });
    }
    let group = Message::group(id);
    let mut newest = store.scan::<Message>(&group, Scan::last(NEWEST)).await?;
    newest.reverse();
    let messages = newest.iter().filter(|message| views::visitor_sees(&message.record)).map(|message| view(&message.record)).collect();
    Ok(History { place: state.last, resumed: false, messages, frames: Vec::new() })
}

/// A later frame.
pub(super) async fn frame(at: &Surroundings, visitor: &Visitor, text: &str) -> Outcome {
    let frame = match serde_json::from_str::<VisitorFrame>(text) {
        Ok(frame) => frame,
        Err(error) => return Outcome::refuse(close::BAD_FRAME, "bad_frame", &error.to_string()),
    };
    match frame {
        VisitorFrame::Hello(_) => Outcome::refuse(close::BAD_FRAME, "hello_twice", "`hello` is the first frame only"),
        VisitorFrame::Send { client_id, text, attachments, reply_to, contact } => {
            if !is_client_id(&client_id) {
                return refused(&CommandError::refused("bad_client_id"), Some(client_id.chars().take(64).collect()));
            }
            // As it is set now: the socket may be older than that.
            let card = match at.edge.widget(&visitor.card.settings.key).await {
                Ok(Some(card)) if card.account.active => card,
                Ok(_) => return refused(&CommandError::refused("channel_inactive"), Some(client_id)),
                Err(_) => return unavailable(),
            };
            let now = at.edge.house.world.now();
            let mut person = visitor.person.clone();
            if let Some(contact) = contact {
                match card.settings.options.contact(&contact, &visitor.locale) {
                    Ok(given) => fill(&mut person, given, now),
                    Err(reason) => return refused(&CommandError::Refused(reason), Some(client_id)),
                }
            }
            let part = VisitorPart::Message {
                visitor: Box::new(person),
                client_id: client_id.clone(),
                text,
                files: attachments,
                reply_to,
                page: visitor.page(),
                visit: visitor.visit(),
                at: now,
            };
            sent(at, visitor, client_id, &part).await
        }
        VisitorFrame::Typing {} => {
            if let Some(conversation) = visitor.conversation() {
                let who = Author { kind: AuthorKind::Customer, id: visitor.person.id.clone(), name: visitor.person.name.clone() };
                let signal = Signal::Typing { conversation, account: visitor.card.account.id, who, to_visitor: false };
                signals::send(&at.edge.house, visitor.card.workspace, &signal).await;
            }
            Outcome::default()
        }
        VisitorFrame::Read { up_to } => {
            if visitor.conversation() != Some(up_to.conversation) {
                return refused(&CommandError::refused("unknown_message"), None);
            }
            let part = VisitorPart::Read { visitor: visitor.person.id.clone(), up_to };
            done(asked(at, visitor, &part).await)
        }
        VisitorFrame::Page { page, analytics } => {
            if let Some(visit) = visitor.visit.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                visit.identified(analytics);
            }
            *visitor.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(bounded(page, 2_000));
            announce(&at.edge, visitor).await;
            Outcome::default()
        }
        VisitorFrame::Rate { episode, rating, comment } => {
            let part = VisitorPart::Rated { visitor: visitor.person.id.clone(), episode, rating, comment };
            done(asked(at, visitor, &part).await)
        }
        VisitorFrame::Leave {} => match leave(&at.edge, visitor).await {
            Ok(()) => Outcome::default(),
            Err(_) => unavailable(),
        },
    }
}

fn done(answer: Result<Answer, CommandError>) -> Outcome {
    answer.map_or_else(|error| refused(&error, None), |_| Outcome::default())
}

/// What a form gave goes before what the page said.
fn fill(person: &mut Person, given: Given, now: Time) {
    for (known, given) in [(&mut person.name, given.name), (&mut person.phone, given.phone), (&mut person.email, given.email)] {
        if !given.is_empty() {
            *known = given;
        }
    }
    person.consent = given.consent.map(|text| Consent { text, at: now });
}

async fn asked(at: &Surroundings, visitor: &Visitor, part: &VisitorPart) -> Result<Answer, CommandError> {
    let body = serde_json::to_vec(part).map_err(|error| CommandError::TryAgain(error.to_string()))?;
    ask(&at.edge.house, visitor.card.workspace, visitor.card.account.login, Command::Part { body }).await
}

async fn sent(at: &Surroundings, visitor: &Visitor, client_id: String, part: &VisitorPart) -> Outcome {
    match asked(at, visitor, part).await {
        Ok(Answer::Message { message, duplicate }) => {
            if visitor.conversation().is_none() {
                // This socket and the visitor's others follow the conversation from now on, on whichever node they are. Those of
                // this node are told directly: a signal may be lost.
                let (workspace, conversation) = (visitor.card.workspace, message.conversation);
                visitor.follow(conversation);
                if at.edge.hub.send(Begun { workspace, visitor: visitor.person.id.clone(), conversation }).await.is_err() {
                    return unavailable();
                }
                signals::send(&at.edge.house, workspace, &Signal::Begun { visitor: visitor.person.id.clone(), conversation }).await;
                announce(&at.edge, visitor).await;
            }
            let view = views::message(&at.edge.house, visitor.card.workspace, &message, &[], Viewer::Visitor);
            Outcome::frame(&ServerFrame::Accepted { client_id, message: Box::new(view), duplicate })
        }
        Ok(_) => refused(&CommandError::TryAgain("answer".to_owned()), Some(client_id)),
        Err(error) => refused(&error, Some(client_id)),
    }
}
