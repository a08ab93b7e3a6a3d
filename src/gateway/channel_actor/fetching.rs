//! Fetches files that came in and lie at their provider, as long as the provider gives them. The message is shown meanwhile; the file that is
//! here, or the reason why it will never be, is a change of the message. Pictures of people and listings come the same way; one that does not
//! come is asked for another day.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::Addr;
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::{ChannelActor, WorkFor, calls};
use crate::channel::capability::{Fetch, Located};
use crate::channel::contract::SendError;
use crate::gateway::commands::CommandError;
use crate::gateway::conversation::desk::Desk;
use crate::gateway::conversation::files::{Content, Fetched};
use crate::gateway::conversation::pictures::Pictured;
use crate::gateway::conversation::{Cause, What, Work};
use crate::gateway::entries::{self, FetchEntry, PictureEntry};
use crate::model::connection::Health;
use crate::model::conversation::{Conversation, Picture};
use crate::model::ids::FileId;
use crate::model::message::{Attachment, Message};
use crate::model::reason::Reason;
use crate::outside::OutsideError;
use crate::store::batch::Batch;
use crate::store::files::FileError;
use crate::store::port::{CommitError, Refusal};
use crate::store::records::streams;

/// Entries read at once, and the most such pages looked through for one whose turn it is.
const PAGE: usize = 64;
const PAGES: usize = 32;
/// The most files of one login that come at once.
const AT_ONCE: usize = 4;
/// Where a file lies is asked for so long, milliseconds.
const LOCATE_MS: i64 = 30_000;
/// The pause after a try that failed: at first, and at most; each time twice as long.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));
/// The greatest picture of somebody, bytes.
const PICTURE_BYTES: u64 = 2 * 1024 * 1024;
/// The sweep covers a wake that was lost.
const SWEEP: Duration = Duration::from_secs(5);

/// What came of a try.
enum Tried {
    /// The file is here, or never will be: told, and the entry taken.
    Settled,
    /// Not now; not before this long.
    Later(Option<Duration>),
}

/// Runs until the ownership is lost.
///
/// # Errors
/// [`CommandError::Fenced`].
pub(super) async fn run(desk: Arc<Desk>, me: Addr<ChannelActor>) -> Result<(), CommandError> {
    let Some(fetch) = desk.channel.fetch() else { return std::future::pending().await };
    let stream = streams::fetch(desk.login);
    let mut grown = desk.store.watch(&stream);
    let mut under_way: FuturesUnordered<_> = FuturesUnordered::new();
    let mut busy: HashSet<u64> = HashSet::new();
    let mut later: HashMap<u64, (u32, Instant)> = HashMap::new();
    loop {
        grown.borrow_and_update();
        let now = Instant::now();
        // Those that wait for another try hold up nobody: what stands behind them is looked at, too.
        let mut after = 0;
        for _ in 0..PAGES {
            if under_way.len() >= AT_ONCE {
                break;
            }
            let page = match desk.store.read(&stream, after, PAGE).await {
                Ok(page) => page.entries,
                Err(error) => {
                    tracing::warn!(login = %desk.login, %error, "files wait for the store");
                    break;
                }
            };
            let Some((last, _)) = page.last() else { break };
            let before = std::mem::replace(&mut after, *last);
            later.retain(|number, _| *number <= before || *number > after || page.iter().any(|(there, _)| there == number));
            for (number, bytes) in page {
                let waits = later.get(&number).is_some_and(|(_, until)| *until > now);
                if under_way.len() >= AT_ONCE || waits || !busy.insert(number) {
                    continue;
                }
                let (desk, me) = (&desk, &me);
                under_way.push(async move { (number, one(desk, me, fetch, number, &bytes).await) });
            }
        }
        let next = later.iter().filter(|(number, _)| !busy.contains(number)).map(|(_, (_, until))| *until).filter(|until| *until > now).min();
        let pause = next.map_or(SWEEP, |next| next.duration_since(now).min(SWEEP));
        tokio::select! {
            Some((number, tried)) = under_way.next() => {
                busy.remove(&number);
                let tries = later.get(&number).map_or(0, |(tries, _)| *tries);
                let wait = match tried {
                    Ok(Tried::Settled) => {
                        later.remove(&number);
                        continue;
                    }
                    Err(CommandError::Fenced) => return Err(CommandError::Fenced),
                    Ok(Tried::Later(wait)) => wait,
                    Err(error) => {
                        tracing::warn!(login = %desk.login, %error, "a file waits");
                        None
                    }
                };
                let (first, greatest) = PAUSE;
                let wait = wait.unwrap_or_else(|| first.saturating_mul(1 << tries.min(16)).min(greatest));
                later.insert(number, (tries.saturating_add(1), Instant::now() + wait));
            }
            _ = grown.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn one(desk: &Desk, me: &Addr<ChannelActor>, fetch: &dyn Fetch, number: u64, bytes: &[u8]) -> Result<Tried, CommandError> {
    let Ok(entry) = entries::read::<FetchEntry>(bytes) else {
        tracing::error!(login = %desk.login, number, "an entry of files cannot be read and is dropped");
        return take(desk, number).await.map(|()| Tried::Settled);
    };
    let Some(aim) = aim(desk, &entry).await? else { return take(desk, number).await.map(|()| Tried::Settled) };
    let result = match AssertUnwindSafe(come(desk, fetch, &entry, aim)).catch_unwind().await {
        Ok(result) => result,
        Err(panic) => {
            metrics::counter!("kommutator_actor_panics_total", "actor" => "fetch").increment(1);
            desk.house.panics.note(entries::name(&streams::fetch(desk.login), number), panic.as_ref());
            Err(Failed::Never(Reason::new("channel_panicked")))
        }
    };
    let what = match result {
        Ok(what) => what,
        Err(Failed::Later(_, wait)) if desk.house.world.now() <= entry.until => return Ok(Tried::Later(wait)),
        Err(Failed::Later(reason, _) | Failed::Never(reason)) if entry.p.is_none() => {
            Some(What::Fetched(Box::new(Fetched { message: entry.m, file: entry.f, result: Err(reason) })))
        }
        Err(Failed::Later(reason, _) | Failed::Never(reason)) => {
            tracing::info!(login = %desk.login, conversation = %entry.m.conversation, code = reason.code, "a picture does not come");
            None
        }
    };
    let Some(what) = what else { return take(desk, number).await.map(|()| Tried::Settled) };
    let cause = Cause::Entry { stream: streams::fetch(desk.login), number, answer: None };
    let told = me.send(WorkFor { id: entry.m.conversation, work: Work { cause, what } }).await;
    match told.unwrap_or_else(|_| Err(CommandError::TryAgain("actor_restarts".to_owned()))) {
        Ok(_) => Ok(Tried::Settled),
        Err(CommandError::Refused(reason)) => {
            tracing::warn!(login = %desk.login, message = %entry.m, code = reason.code, "a file fits its message no longer");
            take(desk, number).await.map(|()| Tried::Settled)
        }
        Err(error) => Err(error),
    }
}

/// What is to come.
enum Aim<'a> {
    /// A file of a message, and where it lies.
    File(Attachment, String),
    /// A picture, and what is known of the one before.
    Picture(&'a PictureEntry, Option<Picture>),
}

/// What an entry is for; nothing: deleted, erased or blocked meanwhile, nobody wants it any more.
async fn aim<'a>(desk: &Desk, entry: &'a FetchEntry) -> Result<Option<Aim<'a>>, CommandError> {
    if let Some(picture) = &entry.p {
        let found = desk.store.get::<Conversation>(Conversation::at(entry.m.conversation)).await?;
        let wanted = found.filter(|found| found.record.wants_pictures());
        return Ok(wanted.map(|found| Aim::Picture(picture, found.record.picture_of(picture.s).cloned())));
    }
    let message = desk.store.get::<Message>(Message::at(entry.m)).await?;
    let wanted = message.and_then(|message| message.record.attachments.into_iter().find(|file| file.file == entry.f));
    Ok(wanted.and_then(|file| file.remote.clone().map(|locator| Aim::File(file, locator))))
}

/// Fetches it. Nothing: there is nothing to tell.
async fn come(desk: &Desk, fetch: &dyn Fetch, entry: &FetchEntry, aim: Aim<'_>) -> Result<Option<What>, Failed> {
    let limit = desk.house.max_file_bytes.min(fetch.limit_bytes());
    let (picture, known) = match aim {
        Aim::File(file, locator) => {
            let located = locate(desk, fetch, &locator).await?;
            let content = content(desk, entry.f, &file.name, located, limit).await?;
            return Ok(Some(What::Fetched(Box::new(Fetched { message: entry.m, file: entry.f, result: Ok(content) }))));
        }
        Aim::Picture(picture, known) => (picture, known),
    };
    let (old, known) = known.map_or_else(Default::default, |known| (known.file, known.key));
    let located = if picture.l.is_empty() { Located::default() } else { locate(desk, fetch, &picture.l).await? };
    let key = if located.key.is_empty() { picture.k.clone() } else { located.key.clone() };
    let pictured = |content| Some(What::Pictured(Box::new(Pictured { shown: picture.s, file: entry.f, key: key.clone(), content })));
    if located.url.is_empty() {
        return Ok(pictured(None).filter(|_| old.is_some()));
    }
    if old.is_some() && key == known {
        return Ok(None);
    }
    let content = content(desk, entry.f, "", located, limit.min(PICTURE_BYTES)).await?;
    if content.stored.thumbnail {
        return Ok(pictured(Some(content)));
    }
    tracing::info!(login = %desk.login, conversation = %entry.m.conversation, media_type = content.stored.media_type, "a picture is none");
    desk.house.files.delete(desk.workspace, entry.f).await.map_err(|error| interrupted(&error))?;
    Ok(None)
}

/// Why a file did not come.
enum Failed {
    Later(Reason, Option<Duration>),
    Never(Reason),
}

impl From<SendError> for Failed {
    fn from(error: SendError) -> Self {
        match error {
            SendError::RetryAfter(ms) => Self::Later(
                Reason::new("flood_limit"),
                Some(Duration::from_millis(u64::try_from(ms).unwrap_or(0)).clamp(PAUSE.0, Duration::from_secs(3_600))),
            ),
            SendError::Temporary(reason) | SendError::Unclear(reason) | SendError::AccessLost(reason) => Self::Later(reason, None),
            SendError::Rejected(reason) | SendError::Unreachable(reason) => Self::Never(reason),
        }
    }
}

impl From<OutsideError> for Failed {
    fn from(error: OutsideError) -> Self {
        match error {
            OutsideError::RetryAfter(ms) => SendError::RetryAfter(ms).into(),
            // An address lives for a while only: the next try asks for another.
            OutsideError::Temporary(reason) | OutsideError::Unclear(reason) | OutsideError::Gone(reason) => Self::Later(reason, None),
            OutsideError::Rejected(reason) => Self::Never(reason),
        }
    }
}

/// Fetches the content and stores it under the file's id; what was stored by a try before is written over.
async fn content(desk: &Desk, file: FileId, known: &str, located: Located, limit: u64) -> Result<Content, Failed> {
    let download = desk.house.outside.download(&located.url, &located.headers).await?;
    let too_large = || Failed::Never(Reason::new("file_too_large").with("limit", limit));
    if download.size.is_some_and(|size| size > limit) {
        return Err(too_large());
    }
    let stored = desk.house.files.put(desk.workspace, file, download.content, limit).await.map_err(|error| match error {
        FileError::TooLarge { .. } => too_large(),
        error => interrupted(&error),
    })?;
    let name = [known, located.name.as_str(), download.name.as_str()].into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    Ok(Content { name: name.to_owned(), stored })
}

fn interrupted(error: &FileError) -> Failed {
    Failed::Later(Reason::new("file_interrupted").said(&error.to_string()), None)
}

async fn locate(desk: &Desk, fetch: &dyn Fetch, locator: &str) -> Result<Located, Failed> {
    let prepared = calls::prepare(desk, desk.house.world.now().plus_ms(LOCATE_MS)).await?;
    desk.throttle.turn().await;
    let located = calls::limited(&prepared, fetch.locate(&prepared.context, locator)).await;
    if let Err(SendError::AccessLost(reason)) = &located {
        calls::trouble(desk, Health::AccessLost, reason.clone(), calls::During::Other).await;
    }
    Ok(located?)
}

async fn take(desk: &Desk, number: u64) -> Result<(), CommandError> {
    let mut batch = Batch::new();
    batch.fence(&desk.owner, desk.token);
    batch.take(&streams::fetch(desk.login), number);
    match desk.store.commit(batch).await {
        Ok(_) | Err(CommitError::Refused(Refusal::Gone { .. })) => Ok(()),
        Err(CommitError::Refused(Refusal::Fenced { .. })) => Err(CommandError::Fenced),
        Err(error) => Err(error.into()),
    }
}
