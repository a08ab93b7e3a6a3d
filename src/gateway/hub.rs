//! The Hub: tails the feed of each workspace that has sockets here and hands every frame, serialised once, to the sockets that may see
//! it. Sockets are sent to by `try_send` only: one whose queue is full is past its budget and is cut; it comes back and resumes.
//!
//! A socket registers first and reads what it missed afterwards; what arrives twice is known by its place.
//!
//! * [`room`]: the sockets of one workspace
//! * [`attending`]: whose pages are open here, told to the store

mod attending;
mod room;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix::prelude::*;
use bytestring::ByteString;
use tokio::sync::watch;

use self::attending::Attending;
use self::room::{Room, Socket};
use super::channel_actor::Writing;
use super::cursor::access_mark;
use super::events::{self, Loaded};
use super::faults::patience;
use super::house::{House, Writes};
use super::signals::{self, Signal};
use crate::model::ids::{AccountId, ConversationId, UserId, WorkspaceId};
use crate::model::people::Access;
use crate::model::protocol::{AuthorKind, ServerFrame};
use crate::store::port::StoreError;
use crate::store::records::streams;

/// Feed entries handled at once.
const PAGE: usize = 256;
/// How often each socket has a beat. One clock for all of them: a timer of its own would cost every socket memory and a look at every frame.
const BEAT: Duration = Duration::from_secs(25);
/// The sockets are spread over so many portions of a beat, so that they do not all send at once.
const PORTIONS: u32 = 25;

/// A frame and where it stands: a feed entry for managers, an entry of the conversation's change log for visitors.
pub type Placed = (u64, ByteString);

/// Something for a socket.
#[derive(Message, Clone)]
#[rtype(result = "()")]
pub enum Deliver {
    /// Send those that stand after what was seen; shared by everybody who gets them.
    Frames(Arc<[Placed]>),
    /// Send this; it stands nowhere and is never replayed.
    Signal(ByteString),
    /// A heartbeat. Everything up to this feed entry was given or is not for this socket.
    Beat(u64),
    /// The visitor's conversation began on another socket: follow it.
    Follow(ConversationId),
    /// Somebody wants to know where the visitor is.
    Announce,
    /// End with this code.
    Close(u16),
}

/// Ends the connection of a socket that takes no data, from outside.
pub trait Cut: Send + Sync {
    /// The peer sees the connection end.
    fn cut(&self);
}

/// Whose socket it is.
#[derive(Debug, Clone)]
pub enum Who {
    /// Somebody of the workspace.
    Member {
        /// The user's or token's id.
        id: String,
        /// The user, where it is a person.
        user: Option<UserId>,
        /// What they may see.
        access: Access,
        /// The conversation whose visitor they are told of.
        watching: Option<ConversationId>,
    },
    /// A visitor.
    Visitor {
        /// The visitor's id.
        visitor: String,
        /// The widget they are in.
        account: AccountId,
        /// The conversation, once there is one.
        conversation: Option<ConversationId>,
    },
}

impl Who {
    /// The person, where it is one of the workspace's.
    fn user(&self) -> Option<UserId> {
        match self {
            Self::Member { user, .. } => *user,
            Self::Visitor { .. } => None,
        }
    }
}

/// A socket wants its frames from now on. Answered once that is so: what is read after the answer and what is handed over leave no gap
/// between them. `false`: the Hub cannot follow the workspace.
#[derive(Message)]
#[rtype(result = "bool")]
pub struct Register {
    /// The socket's number.
    pub key: u64,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The workspace's epoch.
    pub epoch: String,
    /// Whose it is.
    pub who: Who,
    /// Where its frames go.
    pub socket: Recipient<Deliver>,
    /// Ends it if it takes none. Not kept alive from here: a descriptor that outlives its connection keeps it open.
    pub cut: Weak<dyn Cut>,
}

/// A visitor has a conversation from now on: its sockets follow it.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Begun {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The visitor.
    pub visitor: String,
    /// The conversation.
    pub conversation: ConversationId,
}

/// A member's socket is told where the visitor of this conversation is from now on.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Watch {
    /// The socket's number.
    pub key: u64,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The conversation.
    pub conversation: ConversationId,
}

/// A socket is gone. Sent by its guard.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Unregister {
    /// The socket's number.
    pub key: u64,
    /// Its workspace.
    pub workspace: WorkspaceId,
}

/// Every socket is told to come back elsewhere.
#[derive(Message)]
#[rtype(result = "()")]
pub struct CloseAll(pub u16);

/// The actor.
pub struct Hub {
    house: Arc<House>,
    rooms: HashMap<WorkspaceId, Room>,
    /// The portion of the sockets whose beat is next.
    portion: u32,
    /// What the store knows of whose pages are open here.
    attending: HashMap<(WorkspaceId, UserId), Attending>,
}

impl Hub {
    /// Without sockets.
    #[must_use]
    pub fn new(house: Arc<House>) -> Self {
        Self { house, rooms: HashMap::new(), portion: 0, attending: HashMap::new() }
    }

    fn beat(&mut self, _: &mut Context<Self>) {
        self.portion = self.portion.saturating_add(1) % PORTIONS;
        for room in self.rooms.values_mut() {
            let (portion, beat) = (u64::from(self.portion), Deliver::Beat(room.position));
            let theirs = room.sockets.iter().filter(|(key, _)| *key % u64::from(PORTIONS) == portion);
            let cut: Vec<u64> = theirs.filter(|(_, socket)| !Room::give(socket, beat.clone())).map(|(key, _)| *key).collect();
            for key in cut {
                let _ = room.remove(key); // that somebody left is told by best effort
            }
        }
    }
}

impl Actor for Hub {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(16_384);
        ctx.run_interval(patience(BEAT) / PORTIONS, Self::beat);
        ctx.run_interval(attending::AGAIN, Self::attend_again);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Page {
    workspace: WorkspaceId,
    last: u64,
    loaded: Vec<Loaded>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Signalled {
    workspace: WorkspaceId,
    signal: Signal,
}

/// Follows the feed from where it ends now.
async fn tail(house: Arc<House>, workspace: WorkspaceId, hub: Addr<Hub>, begins: watch::Sender<bool>) {
    let store = house.store.workspace(workspace);
    let feed = streams::feed();
    let mut grown = store.watch(&feed);
    let mut place = loop {
        match store.read(&feed, 0, 1).await {
            Ok(page) => break page.state.last,
            Err(error) => pause(workspace, &error).await,
        }
    };
    begins.send_replace(true);
    loop {
        grown.borrow_and_update();
        let page = match store.read(&feed, place, PAGE).await {
            Ok(page) => page,
            Err(error) => {
                pause(workspace, &error).await;
                continue;
            }
        };
        let Some((last, _)) = page.entries.last() else {
            if page.state.last < place {
                // The store was replaced beneath us (a restore); sockets find it by their epoch.
                place = page.state.last;
            }
            let _ = tokio::time::timeout(Duration::from_secs(5), grown.changed()).await; // the sweep covers a lost wake
            continue;
        };
        match events::load(&house, workspace, &page.entries, true).await {
            Ok(loaded) => {
                place = *last;
                if hub.send(Page { workspace, last: place, loaded }).await.is_err() {
                    return;
                }
            }
            Err(error) => pause(workspace, &error).await,
        }
    }
}

async fn pause(workspace: WorkspaceId, error: &StoreError) {
    tracing::warn!(%workspace, %error, "the hub waits for the store");
    tokio::time::sleep(Duration::from_millis(200)).await;
}

async fn listen(house: Arc<House>, workspace: WorkspaceId, hub: Addr<Hub>) {
    use tokio::sync::broadcast::error::RecvError;
    let mut signals = house.store.workspace(workspace).signals();
    loop {
        match signals.recv().await {
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(signal) => {
                    if hub.send(Signalled { workspace, signal }).await.is_err() {
                        return;
                    }
                }
                Err(error) => tracing::debug!(%error, "a signal cannot be read"),
            },
            Err(RecvError::Lagged(lost)) => tracing::debug!(lost, "signals were lost"),
            Err(RecvError::Closed) => return,
        }
    }
}

impl Handler<Register> for Hub {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, new: Register, ctx: &mut Self::Context) -> Self::Result {
        let (hub, workspace) = (ctx.address(), new.workspace);
        if !self.rooms.contains_key(&workspace) {
            let (begun, begins) = watch::channel(false);
            let tail = ctx.spawn(tail(Arc::clone(&self.house), workspace, hub.clone(), begun).into_actor(self));
            let signals = ctx.spawn(listen(Arc::clone(&self.house), workspace, hub).into_actor(self));
            let room = Room { epoch: String::new(), position: 0, sockets: HashMap::new(), followers: HashMap::new(), tail, signals, begins };
            self.rooms.insert(workspace, room);
        }
        let Some(room) = self.rooms.get_mut(&workspace) else { return Box::pin(std::future::ready(false)) };
        room.epoch = new.epoch;
        let access = match &new.who {
            Who::Member { access, .. } => access_mark(access),
            Who::Visitor { conversation, .. } => {
                if let Some(conversation) = conversation {
                    room.followers.entry(*conversation).or_default().push(new.key);
                }
                0
            }
        };
        let user = new.who.user();
        room.sockets.insert(new.key, Socket { who: new.who, access, socket: new.socket, cut: new.cut });
        let mut begins = room.begins.clone();
        if let Some(user) = user {
            self.attend(workspace, user, ctx);
        }
        Box::pin(async move { begins.wait_for(|begun| *begun).await.is_ok() })
    }
}

impl Handler<Unregister> for Hub {
    type Result = ();

    fn handle(&mut self, gone: Unregister, ctx: &mut Self::Context) {
        let Some(room) = self.rooms.get_mut(&gone.workspace) else { return };
        let page = match room.sockets.get(&gone.key) {
            // A page that is closed says no more: who looked at it is told of what comes then.
            Some(Socket { who: Who::Member { id, watching: Some(conversation), .. }, .. }) => {
                Some(Signal::Left { who: id.clone(), conversation: *conversation })
            }
            _ => None,
        };
        let user = room.sockets.get(&gone.key).and_then(|socket| socket.who.user());
        let left = room.remove(gone.key);
        if room.sockets.is_empty()
            && let Some(room) = self.rooms.remove(&gone.workspace)
        {
            ctx.cancel_future(room.tail);
            ctx.cancel_future(room.signals);
        }
        if let Some(user) = user {
            self.attend_later(gone.workspace, user, ctx);
        }
        if let Some(page) = page {
            let (house, workspace) = (Arc::clone(&self.house), gone.workspace);
            ctx.spawn(async move { signals::send(&house, workspace, &page).await }.into_actor(self));
        }
        if let Some((account, presence)) = left {
            let (house, workspace) = (Arc::clone(&self.house), gone.workspace);
            let told = async move { signals::send(&house, workspace, &Signal::Presence { account, presence }).await };
            ctx.spawn(told.into_actor(self));
        }
    }
}

impl Handler<Page> for Hub {
    type Result = ();

    fn handle(&mut self, page: Page, _: &mut Self::Context) {
        if let Some(room) = self.rooms.get_mut(&page.workspace) {
            room.page(&page.loaded);
            room.position = page.last;
        }
    }
}

impl Handler<Signalled> for Hub {
    type Result = ();

    fn handle(&mut self, Signalled { workspace, signal }: Signalled, ctx: &mut Self::Context) {
        if let Signal::Typing { conversation, account, to_visitor: true, .. } = &signal {
            let (house, account, conversation) = (Arc::clone(&self.house), *account, *conversation);
            ctx.spawn(async move { writing(&house, workspace, account, conversation).await }.into_actor(self));
        }
        if let Signal::Typing { conversation, who, .. } = &signal
            && who.kind == AuthorKind::Customer
        {
            // That nobody listens is no failure.
            let _ = self.house.writing.send(Writes { workspace, conversation: *conversation });
        }
        let Some(room) = self.rooms.get_mut(&workspace) else { return };
        match signal {
            Signal::Typing { conversation, account, who, to_visitor } => {
                room.tell(&ServerFrame::Typing { conversation, who }, conversation, account, to_visitor);
            }
            Signal::Viewing { conversation, account, who, on, asks } => {
                room.tell(&ServerFrame::Viewing { conversation, who, on, asks }, conversation, account, false);
            }
            Signal::Watch { conversation } => room.announce(conversation),
            Signal::Presence { account, presence } => {
                room.presence(account, &presence);
                // They left another node; here they may still be.
                if !presence.online {
                    room.announce(presence.conversation);
                }
            }
            Signal::Begun { visitor, conversation } => room.begun(&visitor, conversation),
            Signal::Access { who } => {
                for socket in room.sockets.values() {
                    if matches!(&socket.who, Who::Member { id, .. } if who.as_ref().is_none_or(|who| who == id)) {
                        socket.socket.do_send(Deliver::Close(crate::model::protocol::close::GOING_DOWN));
                    }
                }
            }
            Signal::Answered | Signal::Notices | Signal::Left { .. } => {}
        }
    }
}

/// A manager writes: where the login's actor runs here, the customer is shown it.
async fn writing(house: &House, workspace: WorkspaceId, account: AccountId, conversation: ConversationId) {
    // Best effort, like the signal itself.
    if let Ok(Some(account)) = house.accounts.get(house, workspace, account).await
        && let Some(actor) = house.directory.find(workspace, account.login)
    {
        actor.do_send(Writing(conversation));
    }
}

impl Handler<Begun> for Hub {
    type Result = ();

    fn handle(&mut self, begun: Begun, _: &mut Self::Context) {
        if let Some(room) = self.rooms.get_mut(&begun.workspace) {
            room.begun(&begun.visitor, begun.conversation);
        }
    }
}

impl Handler<Watch> for Hub {
    type Result = ();

    fn handle(&mut self, watch: Watch, _: &mut Self::Context) {
        let socket = self.rooms.get_mut(&watch.workspace).and_then(|room| room.sockets.get_mut(&watch.key));
        if let Some(Socket { who: Who::Member { watching, .. }, .. }) = socket {
            *watching = Some(watch.conversation);
        }
    }
}

impl Handler<CloseAll> for Hub {
    type Result = ();

    fn handle(&mut self, CloseAll(code): CloseAll, _: &mut Self::Context) {
        for socket in self.rooms.values().flat_map(|room| room.sockets.values()) {
            socket.socket.do_send(Deliver::Close(code));
        }
    }
}
