//! What a manager's socket says and is answered.

use bytestring::ByteString;

use super::session::{Link, Outcome, Surroundings, error_frame};
use crate::gateway::administration::access::{Caller, authenticate};
use crate::gateway::commands::{Answer, Command, CommandError, ask};
use crate::gateway::cursor::{ManagerCursor, access_mark};
use crate::gateway::events::{self, json, load, manager_frames};
use crate::gateway::hub::{Watch, Who};
use crate::gateway::signals::{self, Signal};
use crate::gateway::views::{self, Viewer};
use crate::model::conversation::Conversation;
use crate::model::ids::{AccountId, ConversationId};
use crate::model::protocol::{Author, ManagerFrame, SendFrame, ServerFrame, close};
use crate::store::port::StoreError;
use crate::store::records::streams;
use crate::store::table::Stored;
use crate::web::edge::Edge;
use crate::web::routes::conversations::author;

/// Entries read at once while catching up.
const PAGE: usize = 256;
/// Past so many entries behind, reloading is quicker than catching up.
const FAR_BEHIND: u64 = 2_000;

/// Somebody of the workspace, connected.
pub(super) struct Manager {
    pub(super) caller: Caller,
    mark: u32,
    secret: String,
}

impl Manager {
    /// The cursor of a place in the feed.
    pub(super) fn cursor(&self, place: u64) -> String {
        ManagerCursor { epoch: self.caller.epoch.clone(), place, part: 0, access: self.mark }.to_string()
    }
}

/// Whether what the socket was let in by still holds. A store that does not answer is no reason to turn anybody away.
pub(super) async fn still_holds(edge: &Edge, manager: &Manager) -> bool {
    match authenticate(&edge.house, &manager.secret).await {
        Ok(Some(now)) => now.access == manager.caller.access && now.epoch == manager.caller.epoch,
        Ok(None) => false,
        Err(_) => true,
    }
}

fn unavailable() -> Outcome {
    // The client comes back with back-off; nothing was wrong with it.
    Outcome::refuse(close::GOING_DOWN, "try_again", "the store does not answer; come back")
}

/// The first frame.
pub(super) async fn hello(at: Surroundings, text: &str, cookie: Option<String>) -> Outcome {
    let (token, cursor) = match serde_json::from_str(text) {
        Ok(ManagerFrame::Hello { token, cursor }) => (token, cursor),
        Ok(_) => return Outcome::refuse(close::BAD_FRAME, "hello_missing", "the first frame must be `hello`"),
        Err(error) => return Outcome::refuse(close::BAD_FRAME, "bad_frame", &error.to_string()),
    };
    let Some(secret) = token.or(cookie) else { return Outcome::refuse(close::NOT_LET_IN, "not_logged_in", "log in first") };
    let caller = match authenticate(&at.edge.house, &secret).await {
        Ok(Some(caller)) => caller,
        Ok(None) => return Outcome::refuse(close::NOT_LET_IN, "not_logged_in", "this token opens nothing, or no longer"),
        Err(_) => return unavailable(),
    };
    let mark = access_mark(&caller.access);
    let manager = Manager { caller, mark, secret };
    // Register first, read afterwards: what comes meanwhile is held back and known by its place.
    let who = Who::Member { id: manager.caller.id.clone(), user: manager.caller.user, access: manager.caller.access.clone(), watching: None };
    if !at.register(manager.caller.workspace, &manager.caller.epoch, who).await {
        return unavailable();
    }
    match catch_up(&at.edge, &manager, at.key, cursor.as_deref()).await {
        Ok((frames, seen)) => Outcome { frames, welcome: Some((Link::Manager(std::sync::Arc::new(manager)), seen)), ..Outcome::default() },
        Err(_) => unavailable(),
    }
}

/// `ready` and everything since the cursor; or `ready` with `resumed:false`, preceded by `reset` if there was a cursor.
async fn catch_up(edge: &Edge, manager: &Manager, key: u64, cursor: Option<&str>) -> Result<(Vec<ByteString>, u64), StoreError> {
    let (caller, house) = (&manager.caller, &edge.house);
    let store = house.store.workspace(caller.workspace);
    let ready = |cursor: String, resumed: bool| {
        let frame = ServerFrame::Ready { session: key.to_string(), cursor, resumed, server_time: house.world.now(), me: caller.me() };
        ByteString::from(json(&frame))
    };
    let state = store.read(&streams::feed(), 0, 1).await?.state;
    let from = cursor.and_then(|text| text.parse::<ManagerCursor>().ok()).filter(|from| {
        from.epoch == caller.epoch
            && from.access == manager.mark
            && from.place <= state.last
            && from.place >= state.trimmed
            && state.last.saturating_sub(from.place) <= FAR_BEHIND
    });
    let Some(from) = from else {
        let mut frames = Vec::new();
        if cursor.is_some() {
            frames.push(json(&ServerFrame::Reset {}).into());
        }
        frames.push(ready(manager.cursor(state.last), false));
        return Ok((frames, state.last));
    };
    let mut frames = vec![ready(from.to_string(), true)];
    let mut entries = Vec::new();
    let mut place = from.place;
    loop {
        let page = store.read(&streams::feed(), place, PAGE).await?;
        let Some((last, _)) = page.entries.last() else { break };
        place = *last;
        entries.extend(page.entries);
        // Whoever writes faster than we read is met by the live frames that are held back.
        if place >= state.last {
            break;
        }
    }
    for one in load(house, caller.workspace, &entries, false).await? {
        if one.is_seen(&caller.access) {
            let skip = if one.number == from.place.saturating_add(1) { from.part } else { 0 };
            frames.extend(manager_frames(&caller.epoch, manager.mark, &one, skip));
        }
    }
    Ok((frames, place))
}

/// A later frame.
pub(super) async fn frame(at: &Surroundings, manager: &Manager, text: &str) -> Outcome {
    let frame = match serde_json::from_str::<ManagerFrame>(text) {
        Ok(frame) => frame,
        Err(error) => return Outcome::refuse(close::BAD_FRAME, "bad_frame", &error.to_string()),
    };
    match frame {
        ManagerFrame::Hello { .. } => Outcome::refuse(close::BAD_FRAME, "hello_twice", "`hello` is the first frame only"),
        ManagerFrame::Send(send) => sent(at, manager, send).await,
        ManagerFrame::Read { conversation, up_to } => {
            if up_to.conversation != conversation {
                return refused(&CommandError::refused("unknown_message"), None);
            }
            match visible(at, manager, conversation).await {
                Ok(stored) => {
                    let asked = Command::Read { up_to, by: manager.caller.id.clone() };
                    match ask(&at.edge.house, manager.caller.workspace, stored.record.login, asked).await {
                        Ok(_) => Outcome::default(),
                        Err(error) => refused(&error, None),
                    }
                }
                Err(error) => refused(&error, None),
            }
        }
        ManagerFrame::Watch { conversation } => match visible(at, manager, conversation).await {
            Ok(_) => {
                let workspace = manager.caller.workspace;
                // Registered first: what the visitor's sockets answer finds who asked.
                if at.edge.hub.send(Watch { key: at.key, workspace, conversation }).await.is_ok() {
                    signals::send(&at.edge.house, workspace, &Signal::Watch { conversation }).await;
                }
                Outcome::default()
            }
            Err(error) => refused(&error, None),
        },
        ManagerFrame::Typing { conversation } => {
            signal(at, manager, conversation, |account, who| Signal::Typing { conversation, account, who, to_visitor: true }).await
        }
        ManagerFrame::Viewing { conversation, on, asks } => {
            signal(at, manager, conversation, |account, who| Signal::Viewing { conversation, account, who, on, asks }).await
        }
    }
}

/// Tells everybody who may see the conversation what this manager does with it.
async fn signal(at: &Surroundings, manager: &Manager, conversation: ConversationId, make: impl FnOnce(AccountId, Author) -> Signal) -> Outcome {
    match visible(at, manager, conversation).await {
        Ok(stored) => {
            let signal = make(stored.record.account, author(&manager.caller).0);
            signals::send(&at.edge.house, manager.caller.workspace, &signal).await;
            Outcome::default()
        }
        Err(error) => refused(&error, None),
    }
}

async fn visible(at: &Surroundings, manager: &Manager, id: ConversationId) -> Result<Stored<Conversation>, CommandError> {
    let store = at.edge.house.store.workspace(manager.caller.workspace);
    let found = store.get::<Conversation>(Conversation::at(id)).await?;
    found.filter(|found| manager.caller.access.sees(found.record.account)).ok_or_else(|| CommandError::refused("unknown_conversation"))
}

async fn sent(at: &Surroundings, manager: &Manager, send: SendFrame) -> Outcome {
    let client_id = send.client_id.clone();
    let result = async {
        let stored = visible(at, manager, send.conversation).await?;
        let (author, origin) = author(&manager.caller);
        let asked = Command::Send { frame: send, author, origin, at: at.edge.house.world.now() };
        ask(&at.edge.house, manager.caller.workspace, stored.record.login, asked).await
    };
    match result.await {
        Ok(Answer::Message { message, duplicate }) => {
            let house = &at.edge.house;
            let deliveries = events::deliveries(house, manager.caller.workspace, message.id()).await.unwrap_or_default();
            let view = views::message(house, manager.caller.workspace, &message, &deliveries, Viewer::Member);
            Outcome::frame(&ServerFrame::Accepted { client_id, message: Box::new(view), duplicate })
        }
        Ok(_) => refused(&CommandError::TryAgain("answer".to_owned()), Some(client_id)),
        Err(error) => refused(&error, Some(client_id)),
    }
}

/// A refusal as a frame; the socket stays.
pub(super) fn refused(error: &CommandError, client_id: Option<String>) -> Outcome {
    match error {
        CommandError::Refused(reason) => {
            let words: Vec<String> = reason.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let message = if words.is_empty() { reason.code.clone() } else { format!("{}: {}", reason.code, words.join(", ")) };
            Outcome::frame(&error_frame(&reason.code, &message, client_id, None))
        }
        CommandError::TryAgain(code) if code == "store_full" || code == "store_read_only" => {
            Outcome::frame(&error_frame(code, "the server's store takes no writes now; send again with the same key", client_id, Some(5_000)))
        }
        CommandError::TryAgain(_) | CommandError::Fenced => {
            Outcome::frame(&error_frame("try_again", "send again with the same key", client_id, Some(1_000)))
        }
    }
}
