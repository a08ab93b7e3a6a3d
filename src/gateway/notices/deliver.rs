//! What is due goes out. Each try is committed before the call, with the time of the next: a node that dies meanwhile loses nothing. A push
//! whose answer was lost may go twice; push services and devices keep one of each topic.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt};
use secrecy::ExposeSecret;

use super::lookers::Lookers;
use super::words::{Push, Said, words};
use crate::gateway::administration::sessions::sessions;
use crate::gateway::house::House;
use crate::gateway::post::{NewLetter, write_as};
use crate::model::connection::{ChannelAccount, Health};
use crate::model::conversation::Conversation;
use crate::model::crm::CrmConnection;
use crate::model::ids::{LetterId, SessionId, WorkspaceId};
use crate::model::letter::{LetterKind, LetterWords};
use crate::model::message::Message;
use crate::model::notice::{
    Absence, Notice, NoticeTopic, NoticeWay, NoticeWishes, PushSubscription, REPEATS, Standing, is_message, is_quiet, may_disturb, whose,
};
use crate::model::people::{Member, User};
use crate::model::personal::Mark;
use crate::model::protocol::{NoticeEvent, NoticeSettings};
use crate::model::time::Time;
use crate::outside::OutsideError;
use crate::outside::web_push::{Envelope, Target};
use crate::store::batch::Batch;
use crate::store::handle::PartitionStore;
use crate::store::key::Key;
use crate::store::port::{CommitError, IndexPosition, RecordKey, Refusal, Scan, StoreError};
use crate::store::table::{Record, Stored};

/// Notices of one round, and how many at once.
const ROUND: (usize, usize) = (40, 8);
/// The pause after a try: first and greatest. Longer than a call may take.
const PAUSE_MS: (i64, i64) = (30_000, 15 * 60_000);

/// Tells what is due; whether there may be more of it.
///
/// # Errors
/// The store's failure; the rest waits for the next round.
pub(super) async fn round(house: &House, workspace: WorkspaceId, lookers: &Lookers) -> Result<bool, StoreError> {
    let mut scan = Scan::first(ROUND.0);
    let nowhere = RecordKey { group: Vec::new(), item: Vec::new() };
    scan.below = Some(IndexPosition { sort: Key::new().signed(house.world.now().0.saturating_add(1)).done(), key: nowhere });
    let due = house.store.workspace(workspace).scan_index::<Notice>(Notice::BY_DUE, &[], scan).await?;
    let whole = due.len() == ROUND.0;
    futures_util::stream::iter(due)
        .for_each_concurrent(ROUND.1, |(_, notice)| async move {
            // A panic over one notice must not end the others.
            match AssertUnwindSafe(one(house, workspace, lookers, notice)).catch_unwind().await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%workspace, %error, "a notice waits for the store"),
                Err(_) => metrics::counter!("kommutator_actor_panics_total", "actor" => "notices").increment(1),
            }
        })
        .await;
    Ok(whole)
}

/// The pause after so many tries.
fn pause_ms(tries: u32) -> i64 {
    let (first, greatest) = PAUSE_MS;
    first.checked_shl(tries.saturating_sub(1).min(20)).unwrap_or(greatest).clamp(first, greatest)
}

/// What a notice comes to when it is looked at again.
enum Look {
    /// It is told.
    Tell(Box<Telling>),
    /// Not now, but perhaps later.
    Silent,
    /// Nobody needs it any more.
    Over,
}

/// Everything its words need.
struct Telling {
    user: User,
    settings: NoticeSettings,
    event: Option<NoticeEvent>,
    about: String,
    text: String,
    file: bool,
    /// Of a CRM: not its access is lost, but what is set chooses something that is gone.
    gone: bool,
}

async fn one(house: &House, workspace: WorkspaceId, lookers: &Lookers, notice: Stored<Notice>) -> Result<(), StoreError> {
    let (store, now) = (house.store.workspace(workspace), house.world.now());
    if notice.record.until <= now {
        return remove(&store, &notice).await;
    }
    // Whatever keeps it from being told (a panic, the store) it is not tried at once again.
    let tries = notice.record.tries.saturating_add(1);
    let begun = Notice { tries, next_at: now.plus_ms(pause_ms(tries)), ..notice.record.clone() };
    let Some(notice) = settle(&store, &notice, begun).await? else { return Ok(()) };
    match look(house, workspace, lookers, &notice.record).await? {
        Look::Over => remove(&store, &notice).await,
        Look::Silent => {
            again_or_over(&store, &notice, repeat_minutes(&store, &notice.record).await?, now).await?;
            pushes("silent");
            Ok(())
        }
        Look::Tell(message) => match notice.record.way {
            NoticeWay::Push { session } => push(house, &store, &notice, session, &message).await,
            NoticeWay::Letter { letter: id } => {
                letter(house, workspace, &notice.record, id, &message).await?;
                remove(&store, &notice).await
            }
        },
    }
}

/// Counts a push that ended so.
fn pushes(status: &'static str) {
    metrics::counter!("kommutator_pushes_total", "status" => status).increment(1);
}

async fn repeat_minutes(store: &PartitionStore, notice: &Notice) -> Result<u32, StoreError> {
    Ok(store.get::<NoticeWishes>(NoticeWishes::at(notice.user)).await?.map_or(0, |wishes| wishes.record.settings.repeat_minutes))
}

/// A customer's message is told again until somebody answered, [`REPEATS`] times at most.
async fn again_or_over(store: &PartitionStore, notice: &Stored<Notice>, minutes: u32, now: Time) -> Result<(), StoreError> {
    let record = &notice.record;
    if minutes == 0 || record.rounds >= REPEATS || !record.event.is_some_and(is_message) || !matches!(record.way, NoticeWay::Push { .. }) {
        return remove(store, notice).await;
    }
    let pause = i64::from(minutes).saturating_mul(60_000);
    let until = record.until.max(now.plus_ms(pause.saturating_mul(2)));
    let again = Notice { rounds: record.rounds.saturating_add(1), tries: 0, next_at: now.plus_ms(pause), until, ..record.clone() };
    settle(store, notice, again).await.map(|_| ())
}

/// Looks again whether somebody is to be told, and of what: much may have happened since it was decided.
async fn look(house: &House, workspace: WorkspaceId, lookers: &Lookers, notice: &Notice) -> Result<Look, StoreError> {
    let (store, now) = (house.store.workspace(workspace), house.world.now());
    let Some(member) = store.get::<Member>(Member::at(notice.user)).await?.map(|stored| stored.record) else { return Ok(Look::Over) };
    let Some(user) = house.store.global().get::<User>(User::at(notice.user)).await?.map(|stored| stored.record) else { return Ok(Look::Over) };
    let settings = store.get::<NoticeWishes>(NoticeWishes::at(notice.user)).await?.map(|wishes| wishes.record.settings).unwrap_or_default();
    let mut message = Telling { user, settings, event: notice.event, about: String::new(), text: String::new(), file: false, gone: false };
    let Some(event) = notice.event else {
        return Ok(if member.removed_at.is_none() { Look::Tell(Box::new(message)) } else { Look::Over });
    };
    let mut standing = Standing { overdue_passes: message.settings.quiet.overdue_passes, ..Standing::default() };
    let event = match notice.topic {
        NoticeTopic::Conversation { conversation } => {
            let Some(found) = store.get::<Conversation>(Conversation::at(conversation)).await?.map(|stored| stored.record) else {
                return Ok(Look::Over);
            };
            let event = if is_message(event) { whose(found.assignee, notice.user) } else { event };
            if !member.sees(found.account) || is_settled(event, notice, &found) {
                return Ok(Look::Over);
            }
            if let Some(id) = notice.message {
                let Some(words) = store.get::<Message>(Message::at(id)).await?.map(|stored| stored.record) else { return Ok(Look::Over) };
                if words.deleted_at.is_some() || words.erased_at.is_some() {
                    return Ok(Look::Over);
                }
                message.file = words.text().trim().is_empty() && !words.attachments.is_empty();
                message.text = if message.settings.show_text { words.text() } else { String::new() };
            }
            let mark = store.get::<Mark>(Mark::at(notice.user, conversation)).await?;
            standing.muted = mark.is_some_and(|mark| mark.record.muted);
            standing.looking = lookers.looks(notice.user, conversation, now);
            found.shown_name().clone_into(&mut message.about);
            event
        }
        NoticeTopic::Channel { account } => {
            let found = store.get::<ChannelAccount>(ChannelAccount::at(account)).await?.map(|stored| stored.record);
            let Some(found) = found.filter(|found| member.sees(account) && found.removed_at.is_none()) else { return Ok(Look::Over) };
            message.about = found.name;
            event
        }
        NoticeTopic::Connection { connection } => {
            let found = store.get::<CrmConnection>(CrmConnection::at(connection)).await?.map(|stored| stored.record);
            let Some(found) = found.filter(|found| found.removed_at.is_none()) else { return Ok(Look::Over) };
            message.gone = found.health.status != Health::AccessLost && !found.gone().is_empty();
            if message.gone {
                message.text = fields_of(house, &found, &message.user.locale);
            }
            message.about = found.name;
            event
        }
        NoticeTopic::Trial => event,
    };
    message.event = Some(event);
    let wish = message.settings.wish(event);
    if matches!(notice.way, NoticeWay::Letter { .. }) {
        // A letter disturbs nobody: it lies there.
        return Ok(if wish.letter && !standing.looking { Look::Tell(Box::new(message)) } else { Look::Over });
    }
    if !wish.push {
        return Ok(Look::Over);
    }
    standing.away = store.get::<Absence>(Absence::at(notice.user)).await?.is_some_and(|absence| absence.record.holds(now));
    let zone = match message.user.time_zone.is_empty() {
        true => house.space(workspace).await?.map(|space| space.time_zone.clone()).unwrap_or_default(),
        false => message.user.time_zone.clone(),
    };
    standing.quiet = is_quiet(&message.settings.quiet, &zone, now);
    Ok(if may_disturb(event, standing) { Look::Tell(Box::new(message)) } else { Look::Silent })
}

/// Whether there is nothing left to tell of a conversation.
fn is_settled(event: NoticeEvent, notice: &Notice, found: &Conversation) -> bool {
    let number = notice.message.map_or(0, |message| message.number);
    match event {
        // A colleague who looked has not answered: who it belongs to is told all the same.
        NoticeEvent::Mine => !found.waits(),
        // What somebody has seen is nobody's news any more; what is repeated is so until somebody answered.
        NoticeEvent::Unassigned | NoticeEvent::Colleagues => !found.waits() || (notice.rounds == 0 && found.read_up_to >= number),
        NoticeEvent::Overdue => found.overdue == 0,
        NoticeEvent::Assigned => found.assignee != Some(notice.user),
        NoticeEvent::Mentioned | NoticeEvent::Trouble => false,
    }
}

async fn push(house: &House, store: &PartitionStore, notice: &Stored<Notice>, session: SessionId, message: &Telling) -> Result<(), StoreError> {
    let record = &notice.record;
    let Some(device) = store.get::<PushSubscription>(PushSubscription::at(session)).await? else { return remove(store, notice).await };
    if device.record.user != record.user || !is_open(house, record, session).await? {
        return drop_device(store, notice, &device).await;
    }
    let opened = house.keyring.open_text(&context(session), &device.record.sealed).ok();
    let Some(target) = opened.and_then(|text| serde_json::from_str::<Target>(text.expose_secret()).ok()) else {
        return drop_device(store, notice, &device).await;
    };
    let key = super::push_key(house).await?;
    let (tag, said) = (tag(record.topic), composed(message, record));
    let text = serde_json::to_vec(&said).map_err(|error| StoreError::Invalid(error.to_string()))?;
    let now = house.world.now();
    let envelope = Envelope { seconds: record.until.since(now) / 1_000, topic: &tag };
    let result = target.push(&house.outside, key, &contact(house), &text, envelope, house.world.as_ref()).await;
    match result {
        Ok(()) => {
            pushes("taken");
            again_or_over(store, notice, message.settings.repeat_minutes, now).await
        }
        Err(OutsideError::Gone(_)) => {
            pushes("gone");
            drop_device(store, notice, &device).await
        }
        Err(OutsideError::RetryAfter(ms)) => settle(store, notice, Notice { next_at: now.plus_ms(ms), ..record.clone() }).await.map(|_| ()),
        Err(OutsideError::Rejected(reason)) => {
            pushes("refused");
            tracing::warn!(user = %record.user, code = reason.code, "a push was refused");
            remove(store, notice).await
        }
        // The next try is set already.
        Err(OutsideError::Temporary(reason) | OutsideError::Unclear(reason)) => {
            tracing::info!(user = %record.user, code = reason.code, "a push could not be handed over yet");
            Ok(())
        }
    }
}

/// A device that is no longer to be told goes with what it was to be told. If it was registered anew meanwhile, both stay for the next try.
async fn drop_device(store: &PartitionStore, notice: &Stored<Notice>, device: &Stored<PushSubscription>) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    batch.remove(notice);
    batch.remove(device);
    ended(store.commit(batch).await.map(|_| ())).map(|_| ())
}

/// Whether the session a device belongs to still is one.
async fn is_open(house: &House, notice: &Notice, session: SessionId) -> Result<bool, StoreError> {
    match sessions(house, notice.user).await {
        Ok(open) => Ok(open.iter().any(|(id, _)| *id == session)),
        Err(error) => Err(StoreError::Unavailable(error.to_string())),
    }
}

/// What a device's address and keys are sealed for.
#[must_use]
pub fn context(session: SessionId) -> String {
    format!("push/{session}")
}

/// Whom push services may write to about us.
fn contact(house: &House) -> String {
    match &house.mail {
        _ if house.public_url.starts_with("https://") => house.public_url.clone(),
        Some(mail) => format!("mailto:{}", mail.address()),
        None => "mailto:admin@localhost".to_owned(),
    }
}

/// By this a device, and the push service before it, knows what takes the place of what.
#[must_use]
pub fn tag(topic: NoticeTopic) -> String {
    match topic {
        NoticeTopic::Conversation { conversation } => format!("c-{conversation}"),
        NoticeTopic::Channel { account } => format!("a-{account}"),
        NoticeTopic::Connection { connection } => format!("o-{connection}"),
        NoticeTopic::Trial => "trial".to_owned(),
    }
}

fn path(topic: NoticeTopic) -> String {
    match topic {
        NoticeTopic::Conversation { conversation } => format!("/c/{conversation}"),
        NoticeTopic::Channel { account } => format!("/settings/channels/{account}"),
        NoticeTopic::Connection { connection } => format!("/settings/outgoing/{connection}"),
        NoticeTopic::Trial => "/settings/notifications".to_owned(),
    }
}

fn composed(message: &Telling, notice: &Notice) -> Push {
    let channel = matches!(notice.topic, NoticeTopic::Channel { .. });
    let crm = matches!(notice.topic, NoticeTopic::Connection { .. });
    let said = Said { about: &message.about, by: &notice.by, text: &message.text, file: message.file, channel, crm, gone: message.gone };
    let (title, body) = words(&message.user.locale, message.event, &said);
    let conversation = match notice.topic {
        NoticeTopic::Conversation { conversation } => Some(conversation.to_string()),
        NoticeTopic::Channel { .. } | NoticeTopic::Connection { .. } | NoticeTopic::Trial => None,
    };
    Push { title, body, tag: tag(notice.topic), url: path(notice.topic), conversation, again: true }
}

/// What is to be chosen anew, as its form calls it.
fn fields_of(house: &House, connection: &CrmConnection, locale: &str) -> String {
    let Some(crm) = house.crms.get(connection.kind.as_str()) else { return String::new() };
    let texts: BTreeMap<String, String> = serde_json::from_str(crm.texts().of(locale)).unwrap_or_default();
    connection.gone().iter().filter_map(|field| texts.get(&format!("field.{field}")).cloned()).collect::<Vec<_>>().join(", ")
}

/// Writes the letter, once: it has the id the notice was decided with.
async fn letter(house: &House, workspace: WorkspaceId, notice: &Notice, id: LetterId, message: &Telling) -> Result<(), StoreError> {
    let about = match (message.event, notice.topic) {
        (Some(NoticeEvent::Assigned), _) => LetterKind::Assigned,
        (Some(NoticeEvent::Mentioned), _) => LetterKind::Mentioned,
        (Some(NoticeEvent::Overdue), _) => LetterKind::Overdue,
        (_, NoticeTopic::Channel { .. }) => LetterKind::ChannelLost,
        (_, NoticeTopic::Connection { .. }) if message.gone => LetterKind::ConnectionGone,
        (_, NoticeTopic::Connection { .. }) => LetterKind::ConnectionLost,
        _ => LetterKind::SendFailed,
    };
    let words = LetterWords {
        workspace: house.space(workspace).await?.map(|space| space.name.clone()).unwrap_or_default(),
        by: notice.by.clone(),
        link: format!("{}{}", house.public_url, path(notice.topic)),
        about: message.about.clone(),
        stop: String::new(),
        text: if about == LetterKind::SendFailed { String::new() } else { message.text.clone() },
    };
    let new =
        NewLetter { workspace: Some(workspace), to: &message.user.email, locale: &message.user.locale, about, words, until: Some(notice.until) };
    let mut batch = Batch::new();
    if write_as(house, &mut batch, id, new)?.is_none() {
        return Ok(());
    }
    match house.store.global().commit(batch).await {
        // Written by a try before this one.
        Ok(_) | Err(CommitError::Refused(Refusal::Conflict { .. })) => Ok(()),
        Err(CommitError::Refused(refusal)) => Err(StoreError::Invalid(format!("{refusal:?}"))),
        Err(CommitError::Store(error)) => Err(error),
    }
}

pub(super) async fn remove<R: Record>(store: &PartitionStore, old: &Stored<R>) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    batch.remove(old);
    ended(store.commit(batch).await.map(|_| ())).map(|_| ())
}

/// Writes a notice's next state. `None`: it changed meanwhile, or another node was quicker.
async fn settle(store: &PartitionStore, old: &Stored<Notice>, new: Notice) -> Result<Option<Stored<Notice>>, StoreError> {
    let mut batch = Batch::new();
    batch.update(old, &new)?;
    let done = ended(store.commit(batch).await.map(|_| ()))?;
    Ok(done.then(|| Stored { version: old.version.saturating_add(1), record: new }))
}

pub(super) fn ended(result: Result<(), CommitError>) -> Result<bool, StoreError> {
    match result {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(Refusal::Conflict { .. })) => Ok(false),
        Err(CommitError::Refused(refusal)) => Err(StoreError::Invalid(format!("{refusal:?}"))),
        Err(CommitError::Store(error)) => Err(error),
    }
}
