//! The thin actor of one socket: the order of frames, the heartbeat, and what is held back while it catches up.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use actix::prelude::*;
use actix_web::web::Data;
use actix_web_actors::ws;
use bytestring::ByteString;
use governor::DefaultDirectRateLimiter;

use super::peer::Peer;
use super::{manager, visitor};
use crate::gateway::events::json;
use crate::gateway::faults::patience;
use crate::gateway::hub::{Cut, Deliver, Register, Unregister, Who};
use crate::model::ids::{ConversationId, WorkspaceId};
use crate::model::protocol::{ServerFrame, close};
use crate::web::edge::{Edge, WidgetCard};
use crate::web::limits::SocketPlace;

/// The first frame must come within this.
const HELLO_LIMIT: Duration = Duration::from_secs(10);
/// Without a sign of life for so long the socket ends.
const SILENCE: Duration = Duration::from_secs(60);
/// Frames of a client that wait their turn.
const WAITING: usize = 64;
/// Live frames held back while a socket catches up.
const HELD: usize = 1_024;
/// Deliveries that wait in the actor's mailbox: past it the Hub cuts the socket.
const BUDGET: usize = 256;

/// Whose socket it is to be.
pub enum Kind {
    /// A manager's, with the cookie's secret if there was one.
    Manager {
        /// The secret.
        cookie: Option<String>,
    },
    /// A visitor's, with what the widget's key led to.
    Visitor {
        /// The widget.
        card: Option<Arc<WidgetCard>>,
    },
}

/// Whose socket it is.
#[derive(Clone)]
pub(super) enum Link {
    Manager(Arc<manager::Manager>),
    Visitor(Arc<visitor::Visitor>),
}

/// What handling a frame comes to.
#[derive(Default)]
pub(super) struct Outcome {
    /// Frames to send, in order.
    pub(super) frames: Vec<ByteString>,
    /// The socket is let in: whose it is, and the place it has caught up to.
    pub(super) welcome: Option<(Link, u64)>,
    /// The socket has read its conversation up to this place.
    pub(super) caught_up: Option<u64>,
    /// The socket ends with this code.
    pub(super) close: Option<u16>,
}

impl Outcome {
    /// One frame.
    pub(super) fn frame(frame: &ServerFrame) -> Self {
        Self { frames: vec![json(frame).into()], ..Self::default() }
    }

    /// An error that ends the socket.
    pub(super) fn refuse(code: u16, error: &str, message: &str) -> Self {
        Self { close: Some(code), ..Self::frame(&error_frame(error, message, None, None)) }
    }
}

/// An error frame.
pub(super) fn error_frame(code: &str, message: &str, client_id: Option<String>, retry_after_ms: Option<u64>) -> ServerFrame {
    ServerFrame::Error { code: code.to_owned(), message: message.to_owned(), client_id, retry_after_ms }
}

/// What a frame's handler may need.
pub(super) struct Surroundings {
    pub(super) edge: Data<Edge>,
    pub(super) key: u64,
    pub(super) socket: Recipient<Deliver>,
    pub(super) peer: Arc<Peer>,
    registered: Arc<OnceLock<WorkspaceId>>,
}

/// How long a socket waits for the Hub to follow its workspace.
const REGISTER_LIMIT: Duration = Duration::from_secs(5);

impl Surroundings {
    /// Registers the socket with the Hub. From here on its guard takes it off again, however far `hello` comes. `false`: come back later.
    pub(super) async fn register(&self, workspace: WorkspaceId, epoch: &str, who: Who) -> bool {
        if *self.registered.get_or_init(|| workspace) != workspace {
            return false;
        }
        let peer: Arc<dyn Cut> = self.peer.clone();
        let (socket, cut) = (self.socket.clone(), Arc::downgrade(&peer));
        let register = Register { key: self.key, workspace, epoch: epoch.to_owned(), who, socket, cut };
        matches!(tokio::time::timeout(REGISTER_LIMIT, self.edge.hub.send(register)).await, Ok(Ok(true)))
    }
}

enum Phase {
    /// Before `hello`.
    New,
    /// `hello` is being handled; live frames are held back.
    CatchingUp,
    /// Let in.
    Live(Link),
    /// Ending.
    Over,
}

/// The actor.
pub struct Session {
    edge: Data<Edge>,
    key: u64,
    kind: Kind,
    refused: Option<(u16, &'static str)>,
    peer: Arc<Peer>,
    phase: Phase,
    registered: Arc<OnceLock<WorkspaceId>>,
    seen: u64,
    following: bool,
    held: Vec<Deliver>,
    waiting: VecDeque<ByteString>,
    busy: bool,
    heard: Instant,
    hello_limit: Option<SpawnHandle>,
    limiter: Option<DefaultDirectRateLimiter>,
    _place: SocketPlace,
}

impl Session {
    /// A session that has not begun. `refused`: it is only let in to be told why it is not.
    pub(super) fn new(edge: Arc<Edge>, kind: Kind, refused: Option<(u16, &'static str)>, peer: Arc<Peer>, place: SocketPlace) -> Self {
        let edge = Data::from(edge);
        let (key, limiter) = (edge.socket_key(), edge.limits.frames());
        Self {
            edge,
            key,
            kind,
            refused,
            peer,
            phase: Phase::New,
            registered: Arc::default(),
            seen: 0,
            following: false,
            held: Vec::new(),
            waiting: VecDeque::new(),
            busy: false,
            heard: Instant::now(),
            hello_limit: None,
            limiter,
            _place: place,
        }
    }

    fn end(&mut self, code: u16, ctx: &mut ws::WebsocketContext<Self>) {
        if !matches!(self.phase, Phase::Over) {
            self.phase = Phase::Over;
            ctx.close(Some(ws::CloseReason { code: ws::CloseCode::from(code), description: None }));
            ctx.stop();
        }
    }

    /// The Hub's beat: a ping, and the cursor, also when nothing moved: a page sees no pings, and knows by this that the link lives.
    fn beat(&mut self, feed: u64, ctx: &mut ws::WebsocketContext<Self>) {
        if self.heard.elapsed() >= patience(SILENCE) {
            self.end(close::HEARTBEAT, ctx);
            return;
        }
        ctx.ping(b"");
        let cursor = match &self.phase {
            Phase::Live(_) if self.following => return,
            Phase::Live(Link::Visitor(visitor)) => visitor.cursor(self.seen),
            Phase::Live(Link::Manager(manager)) => {
                self.seen = self.seen.max(feed);
                // Who lost rights is told by a signal, which may be lost.
                let (edge, manager) = (self.edge.clone(), Arc::clone(manager));
                let cursor = manager.cursor(self.seen);
                let asked = async move { manager::still_holds(&edge, &manager).await };
                ctx.spawn(asked.into_actor(self).map(|holds, session, ctx| {
                    if !holds {
                        session.end(close::GOING_DOWN, ctx);
                    }
                }));
                cursor
            }
            Phase::New | Phase::CatchingUp | Phase::Over => return,
        };
        ctx.text(json(&ServerFrame::Cursor { cursor }));
    }

    /// Frames are handled one after the other: what a client says first happens first.
    fn take(&mut self, text: ByteString, ctx: &mut ws::WebsocketContext<Self>) {
        if self.limiter.as_ref().is_some_and(|limiter| limiter.check().is_err()) || self.waiting.len() >= WAITING {
            metrics::counter!("kommutator_limited_total").increment(1);
            let client_id = client_id_of(&text);
            let frame = error_frame("too_many", "too many frames; wait before the next", client_id, Some(1_000));
            ctx.text(json(&frame));
            return;
        }
        self.waiting.push_back(text);
        self.next(ctx);
    }

    fn surroundings(&self, ctx: &mut ws::WebsocketContext<Self>) -> Surroundings {
        Surroundings {
            edge: self.edge.clone(),
            key: self.key,
            socket: ctx.address().recipient(),
            peer: Arc::clone(&self.peer),
            registered: Arc::clone(&self.registered),
        }
    }

    fn next(&mut self, ctx: &mut ws::WebsocketContext<Self>) {
        if self.busy {
            return;
        }
        let Some(text) = self.waiting.pop_front() else { return };
        if self.waiting.is_empty() {
            // An idle socket keeps no room for frames.
            self.waiting = VecDeque::new();
        }
        self.busy = true;
        let surroundings = self.surroundings(ctx);
        match &self.phase {
            Phase::New => {
                self.phase = Phase::CatchingUp;
                if let Some(limit) = self.hello_limit.take() {
                    ctx.cancel_future(limit);
                }
                match &self.kind {
                    Kind::Manager { cookie } => {
                        let cookie = cookie.clone();
                        let handled = async move { manager::hello(surroundings, &text, cookie).await };
                        ctx.spawn(handled.into_actor(self).map(Self::done));
                    }
                    Kind::Visitor { card } => {
                        let card = card.clone();
                        let handled = async move { visitor::hello(surroundings, &text, card).await };
                        ctx.spawn(handled.into_actor(self).map(Self::done));
                    }
                }
            }
            Phase::Live(Link::Manager(manager)) => {
                let manager = Arc::clone(manager);
                let handled = async move { manager::frame(&surroundings, &manager, &text).await };
                ctx.spawn(handled.into_actor(self).map(Self::done));
            }
            Phase::Live(Link::Visitor(visitor)) => {
                let visitor = Arc::clone(visitor);
                let handled = async move { visitor::frame(&surroundings, &visitor, &text).await };
                ctx.spawn(handled.into_actor(self).map(Self::done));
            }
            Phase::CatchingUp | Phase::Over => self.busy = false,
        }
    }

    fn done(outcome: Outcome, session: &mut Self, ctx: &mut ws::WebsocketContext<Self>) {
        session.busy = false;
        for frame in outcome.frames {
            ctx.text(frame);
        }
        if let Some((link, seen)) = outcome.welcome {
            session.seen = seen;
            session.phase = Phase::Live(link);
            session.release(ctx);
        }
        if let Some(code) = outcome.close {
            session.end(code, ctx);
        }
        session.next(ctx);
    }

    /// Hands over what was held back; what it makes the socket read first holds the rest back again.
    fn release(&mut self, ctx: &mut ws::WebsocketContext<Self>) {
        for held in std::mem::take(&mut self.held) {
            if self.following {
                self.held.push(held);
            } else {
                self.deliver(held, ctx);
            }
        }
    }

    /// The visitor's conversation began: what was said in it before the Hub knew that this socket follows it is read first.
    fn follow(&mut self, conversation: ConversationId, ctx: &mut ws::WebsocketContext<Self>) {
        let Phase::Live(Link::Visitor(visitor)) = &self.phase else { return };
        visitor.follow(conversation);
        self.following = true;
        let (surroundings, visitor, seen) = (self.surroundings(ctx), Arc::clone(visitor), self.seen);
        let read = async move { visitor::follow_up(&surroundings, &visitor, conversation, seen).await };
        ctx.spawn(read.into_actor(self).map(|outcome, session, ctx| {
            session.following = false;
            for frame in outcome.frames {
                ctx.text(frame);
            }
            session.seen = outcome.caught_up.unwrap_or(session.seen);
            match outcome.close {
                Some(code) => session.end(code, ctx),
                None => session.release(ctx),
            }
        }));
    }

    /// Says where the visitor is, to whoever asked.
    fn announce(&self, ctx: &mut ws::WebsocketContext<Self>) {
        let Phase::Live(Link::Visitor(visitor)) = &self.phase else { return };
        let (edge, visitor) = (self.edge.clone(), Arc::clone(visitor));
        ctx.spawn(async move { visitor::announce(&edge, &visitor).await }.into_actor(self));
    }

    fn deliver(&mut self, message: Deliver, ctx: &mut ws::WebsocketContext<Self>) {
        match message {
            Deliver::Frames(frames) => {
                let seen = self.seen;
                for (place, frame) in frames.iter().filter(|(place, _)| *place > seen) {
                    self.seen = *place;
                    ctx.text(frame.clone());
                }
            }
            Deliver::Signal(frame) => ctx.text(frame),
            Deliver::Beat(feed) => self.beat(feed, ctx),
            Deliver::Follow(conversation) => self.follow(conversation, ctx),
            Deliver::Announce => self.announce(ctx),
            Deliver::Close(code) => self.end(code, ctx),
        }
    }
}

/// The key of a frame that is refused before it is read.
fn client_id_of(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Keyed {
        client_id: Option<String>,
    }
    serde_json::from_str::<Keyed>(text).ok().and_then(|keyed| keyed.client_id)
}

impl Actor for Session {
    type Context = ws::WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(BUDGET);
        if let Some((code, error)) = self.refused {
            ctx.text(json(&error_frame(error, "this page may not use the widget", None, None)));
            self.end(code, ctx);
            return;
        }
        self.hello_limit = Some(ctx.run_later(HELLO_LIMIT, |session, ctx| {
            if matches!(session.phase, Phase::New) {
                ctx.text(json(&error_frame("hello_missing", "the first frame must be `hello`, within 10 s", None, None)));
                session.end(close::BAD_FRAME, ctx);
            }
        }));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(workspace) = self.registered.get().copied() {
            self.edge.hub.do_send(Unregister { key: self.key, workspace });
        }
    }
}

impl Handler<Deliver> for Session {
    type Result = ();

    fn handle(&mut self, message: Deliver, ctx: &mut Self::Context) {
        match &self.phase {
            Phase::Live(_) if !self.following => self.deliver(message, ctx),
            Phase::Live(_) | Phase::CatchingUp | Phase::New => {
                if let Deliver::Close(code) = message {
                    self.end(code, ctx);
                } else if let Deliver::Beat(feed) = message {
                    self.beat(feed, ctx);
                } else if self.held.len() >= HELD {
                    self.end(close::SLOW_READER, ctx);
                } else {
                    self.held.push(message);
                }
            }
            Phase::Over => {}
        }
    }
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for Session {
    fn handle(&mut self, message: Result<ws::Message, ws::ProtocolError>, ctx: &mut Self::Context) {
        self.heard = Instant::now();
        match message {
            Ok(ws::Message::Text(text)) => self.take(text, ctx),
            Ok(ws::Message::Ping(bytes)) => ctx.pong(&bytes),
            Ok(ws::Message::Pong(_) | ws::Message::Nop) => {}
            Ok(ws::Message::Close(_)) => self.end(1000, ctx),
            Ok(ws::Message::Binary(_) | ws::Message::Continuation(_)) => {
                ctx.text(json(&error_frame("bad_frame", "frames are whole JSON texts", None, None)));
                self.end(close::BAD_FRAME, ctx);
            }
            Err(error) => {
                let code = if matches!(error, ws::ProtocolError::Overflow) { "frame_too_large" } else { "bad_frame" };
                ctx.text(json(&error_frame(code, "the frame breaks the protocol; the limit is 64 KiB", None, None)));
                self.end(close::BAD_FRAME, ctx);
            }
        }
    }
}
