//! Gives messages to the CRM, and tells it what became of them: one message of a conversation, and of a customer, at a time.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::desk::{CrmDesk, unreadable};
use super::host::JobHost;
use super::job::{self, Gathered};
use super::{HOLD, health};
use crate::crm::contract::{CrmError, Delivered, Host};
use crate::gateway::commands::CommandError;
use crate::gateway::crm_widget::notices;
use crate::gateway::entries::{self, CrmNews, CrmOutboxEntry, FeedEntry, NoticeEntry};
use crate::gateway::faults::{self, patience};
use crate::gateway::lines::{self, Entry, Handled, Work};
use crate::model::connection::Health;
use crate::model::conversation::Conversation;
use crate::model::message::{CrmDeliveryStatus, Delivery, Message, Told};
use crate::model::protocol::FileStatus;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::port::{CommitError, Refusal, StoreError};
use crate::store::records::streams;
use crate::store::table::Stored;

/// People wait for a message so long, milliseconds; after an outage what was said before goes after what is said now.
const AWAITED_MS: i64 = 60_000;
/// Conversations served side by side.
const SIDE_BY_SIDE: usize = 16;
/// What fails for now is tried for so long before it fails for good, milliseconds.
const PATIENCE_MS: i64 = 12 * 60 * 60_000;
/// The pause between two tries of a message: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(15 * 60));
/// And of the whole connection where job after job fails: once the CRM is well again, so are we within a minute.
const REST: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));
/// A message waits for its files at most so long, then it goes without and they follow.
const FOR_FILES_MS: i64 = 60_000;
/// How often it is looked whether they are here.
const FILES_LOOK: Duration = Duration::from_millis(500);
/// So many times in a row that jobs failed for now, and the connection is shown as unsteady, and left alone for a while.
const FAILURES_SHOWN: u32 = 5;
/// A CRM that lets us in no longer is asked again after so long.
const PROBE: Duration = Duration::from_secs(15 * 60);

/// Runs until the ownership is lost.
///
/// # Errors
/// [`CommandError::Fenced`].
pub(super) async fn run(desk: Arc<CrmDesk>) -> Result<(), CommandError> {
    let stream = streams::crm_outbox(desk.connection);
    let changed = desk.changed.subscribe();
    let outbox = Outbox { desk: Arc::clone(&desk), failures: Mutex::default(), shut_out: Mutex::default() };
    lines::run(&desk, &stream, &outbox, SIDE_BY_SIDE, changed).await
}

struct Outbox {
    desk: Arc<CrmDesk>,
    failures: Mutex<Failures>,
    /// When the CRM last said that it lets us in no longer.
    shut_out: Mutex<Option<Instant>>,
}

/// How often in a row jobs failed for now, and when last. Those side by side fail of one cause: they count once.
#[derive(Default)]
struct Failures {
    times: u32,
    last: Option<Instant>,
}

impl Failures {
    /// A job failed that began then. How often in a row.
    fn add(&mut self, began: Instant, now: Instant) -> u32 {
        if self.last.is_none_or(|last| began >= last) {
            self.times = self.times.saturating_add(1);
            self.last = Some(now);
        }
        self.times
    }
}

/// A pause that is twice as long each time.
fn longer((first, greatest): (Duration, Duration), times: u32) -> Duration {
    first.saturating_mul(1 << times.saturating_sub(1).min(16)).min(greatest)
}

/// How a job was tried.
struct Tried {
    began: Instant,
    /// How the connection was then.
    was: Health,
    /// With what opened it.
    used: SecretString,
}

/// What the CRM said to a job.
enum Said {
    Delivered(Delivered),
    Told(Told),
}

impl Work for Outbox {
    type Item = CrmOutboxEntry;

    fn read(&self, bytes: &[u8]) -> Result<(String, bool, CrmOutboxEntry), Reason> {
        let entry = entries::read::<CrmOutboxEntry>(bytes).map_err(|error| Reason::new("unreadable").said(&error.to_string()))?;
        Ok((entry.m.conversation.to_string(), entry.bulk, entry))
    }

    fn awaited_until(&self, entry: &CrmOutboxEntry) -> Option<Time> {
        Some(Time(entry.t).plus_ms(AWAITED_MS))
    }

    async fn handle(&self, entry: Entry<CrmOutboxEntry>) -> Result<Handled, CommandError> {
        let desk = &self.desk;
        let Some((delivery, message, conversation)) = self.records(&entry.item).await? else { return self.take(entry.number).await };
        let first = entry.item.k == CrmNews::New;
        if first && delivery.record.status != CrmDeliveryStatus::Queued {
            return self.take(entry.number).await;
        }
        if let Some(reason) = &entry.give_up {
            return self.fail(&entry, &delivery, reason.clone()).await;
        }
        let now = desk.house.world.now();
        // Of what the CRM does not have nothing else can be told it.
        if !first && (delivery.record.external_id.is_none() || delivery.record.status != CrmDeliveryStatus::Delivered) {
            return self.take(entry.number).await;
        }
        if first && message.erased_at.is_some() {
            return self.skip(&entry, &delivery, Reason::new("erased")).await;
        }
        let pending = message.attachments.iter().any(|file| file.status == FileStatus::Pending);
        if first && pending && now.since(delivery.record.created_at) < FOR_FILES_MS {
            return Ok(Handled::Later(FILES_LOOK));
        }
        let connection = desk.record().await?;
        if !connection.active || connection.removed_at.is_some() {
            return Ok(Handled::Hold(HOLD));
        }
        // Nothing but connecting anew is likely to help; now and then it is tried all the same.
        if connection.health.status == Health::AccessLost && self.shut_out().is_some_and(|since| since.elapsed() < patience(PROBE)) {
            return Ok(Handled::Hold(HOLD));
        }
        let lock = desk.lock(&job::whose(desk, &conversation).await?);
        let _busy = lock.lock().await;
        faults::point_for("crm/deliver", entry.item.m.conversation);
        let Some(Gathered { mut job, talks }) = job::gather(desk, &connection, message, delivery.record.clone(), conversation).await? else {
            return self.take(entry.number).await;
        };
        job::join(desk, &mut job, &entry.item.j);
        if !first && !desk.crm.follows(&connection, &job.message, &job.delivery) {
            return self.take(entry.number).await;
        }
        let limit = patience(Duration::from_millis(u64::try_from(desk.crm.job_limit_ms()).unwrap_or(0)));
        let deadline = now.plus_ms(i64::try_from(limit.as_millis()).unwrap_or(i64::MAX));
        let (began, was) = (Instant::now(), connection.health.status);
        let used = OnceLock::new();
        let call = async {
            let host = Arc::new(JobHost::new(desk, &connection, entry.bulk, talks).await?);
            let host = Arc::clone(used.get_or_init(|| host));
            let context = desk.context(connection, host, deadline).await?;
            match first {
                true => desk.crm.deliver(&context, &job).await.map(Said::Delivered),
                false => desk.crm.tell(&context, &job).await.map(Said::Told),
            }
        };
        let said = tokio::time::timeout(limit, call).await.unwrap_or_else(|_| Err(CrmError::Temporary(Reason::new("answer_lost"))));
        let used = used.get().map(|host| host.keys().secrets).unwrap_or_default();
        self.settle(&entry, &delivery, &job.message, said, &Tried { began, was, used }).await
    }
}

impl Outbox {
    fn shut_out(&self) -> Option<Instant> {
        *self.shut_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn records(&self, entry: &CrmOutboxEntry) -> Result<Option<(Stored<Delivery>, Message, Conversation)>, StoreError> {
        let store = &self.desk.store;
        let Some(delivery) = store.get::<Delivery>(Delivery::at(entry.m, self.desk.connection)).await? else { return Ok(None) };
        let Some(message) = store.get::<Message>(Message::at(entry.m)).await? else { return Ok(None) };
        let Some(conversation) = store.get::<Conversation>(Conversation::at(entry.m.conversation)).await? else { return Ok(None) };
        Ok(Some((delivery, message.record, conversation.record)))
    }

    async fn settle(
        &self, entry: &Entry<CrmOutboxEntry>, delivery: &Stored<Delivery>, message: &Message, said: Result<Said, CrmError>, tried: &Tried,
    ) -> Result<Handled, CommandError> {
        let desk = &self.desk;
        if let Ok(_) | Err(CrmError::Rejected(_)) = &said {
            *self.failures.lock().unwrap_or_else(PoisonError::into_inner) = Failures::default();
            // Who says no lets us in.
            if tried.was != Health::Connected {
                health::mended(desk).await;
            }
        }
        match said {
            Ok(Said::Delivered(delivered)) => {
                let status = if delivered.skipped.is_some() { CrmDeliveryStatus::Skipped } else { CrmDeliveryStatus::Delivered };
                let told = Told {
                    state: Some(message.state.status),
                    edited_at: message.edited_at,
                    deleted: message.deleted_at.is_some(),
                    reactions: message.reactions.clone(),
                    files: !message.attachments.iter().any(|file| file.status == FileStatus::Pending),
                };
                let notice = delivered.notice.map(|notice| NoticeEntry {
                    m: message.id(),
                    to: notice.to,
                    contact: notice.contact,
                    deal: notice.deal,
                    at: desk.house.world.now(),
                });
                let new = Delivery {
                    status,
                    // Why it waited is no matter any more.
                    reason: delivered.skipped,
                    failing_since: None,
                    external_id: delivered.external_id,
                    more: delivered.more,
                    told,
                    at: desk.house.world.now(),
                    ..delivery.record.clone()
                };
                self.end(entry, delivery, &new, notice.as_ref()).await
            }
            Ok(Said::Told(told)) => {
                self.end(entry, delivery, &Delivery { told, reason: None, failing_since: None, ..delivery.record.clone() }, None).await
            }
            Err(CrmError::Rejected(reason)) => self.fail(entry, delivery, reason).await,
            Err(CrmError::Temporary(reason)) => self.later(entry, delivery, reason, tried.began).await,
            Err(CrmError::Silence { ms, reason }) => {
                self.waits(delivery, &reason).await?;
                let pause = Duration::from_millis(u64::try_from(ms.clamp(0, 24 * 3_600_000)).unwrap_or(0));
                if pause >= Duration::from_secs(30) {
                    health::trouble(desk, Health::Degraded, reason).await;
                }
                Ok(Handled::Hold(patience(pause)))
            }
            Err(CrmError::AccessLost(reason)) => {
                if !health::shut_out(desk, reason.clone(), &tried.used).await {
                    return Ok(Handled::Later(patience(PAUSE.0)));
                }
                *self.shut_out.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                self.waits(delivery, &reason).await?;
                Ok(Handled::Hold(HOLD))
            }
        }
    }

    /// It failed for now: again later, but not for ever. Where job after job fails the whole connection rests.
    async fn later(
        &self, entry: &Entry<CrmOutboxEntry>, delivery: &Stored<Delivery>, reason: Reason, began: Instant,
    ) -> Result<Handled, CommandError> {
        let desk = &self.desk;
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner).add(began, Instant::now());
        let now = desk.house.world.now();
        // What waited long for access, or because the connection was off, has not been tried for long.
        let since = delivery.record.failing_since.unwrap_or(now);
        if now.since(since) > PATIENCE_MS {
            return self.fail(entry, delivery, reason).await;
        }
        let tries = delivery.record.tries.saturating_add(1);
        tracing::warn!(connection = %desk.connection, message = %entry.item.m, code = reason.code, tries, "the CRM did not take it now");
        let new = Delivery { tries, reason: Some(reason.clone()), failing_since: Some(since), at: now, ..delivery.record.clone() };
        self.note(delivery, &new).await?;
        if failures >= FAILURES_SHOWN {
            health::trouble(desk, Health::Degraded, reason).await;
            return Ok(Handled::Hold(patience(longer(REST, failures - FAILURES_SHOWN + 1))));
        }
        Ok(Handled::Later(patience(longer(PAUSE, tries))))
    }

    /// Why it waits is shown, once.
    async fn waits(&self, delivery: &Stored<Delivery>, reason: &Reason) -> Result<(), CommandError> {
        if delivery.record.reason.as_ref() == Some(reason) && delivery.record.failing_since.is_none() {
            return Ok(());
        }
        self.note(delivery, &Delivery { reason: Some(reason.clone()), failing_since: None, ..delivery.record.clone() }).await
    }

    async fn skip(&self, entry: &Entry<CrmOutboxEntry>, delivery: &Stored<Delivery>, reason: Reason) -> Result<Handled, CommandError> {
        let at = self.desk.house.world.now();
        let new = Delivery { status: CrmDeliveryStatus::Skipped, reason: Some(reason), at, ..delivery.record.clone() };
        self.end(entry, delivery, &new, None).await
    }

    /// It does not go. The message itself failed; of what changed since only that is lost, and the message stays delivered.
    async fn fail(&self, entry: &Entry<CrmOutboxEntry>, delivery: &Stored<Delivery>, reason: Reason) -> Result<Handled, CommandError> {
        tracing::warn!(connection = %self.desk.connection, message = %entry.item.m, code = reason.code, "the CRM does not take it");
        let status = if entry.item.k == CrmNews::New { CrmDeliveryStatus::Failed } else { delivery.record.status };
        let at = self.desk.house.world.now();
        self.end(entry, delivery, &Delivery { status, reason: Some(reason), failing_since: None, at, ..delivery.record.clone() }, None).await
    }

    async fn note(&self, old: &Stored<Delivery>, new: &Delivery) -> Result<(), CommandError> {
        let mut batch = self.desk.batch();
        self.put(&mut batch, old, new).await?;
        self.desk.commit(batch).await
    }

    async fn end(
        &self, entry: &Entry<CrmOutboxEntry>, old: &Stored<Delivery>, new: &Delivery, notice: Option<&NoticeEntry>,
    ) -> Result<Handled, CommandError> {
        faults::point_for("crm/settle", entry.item.m.conversation);
        for new in [new, &Delivery { external_id: None, more: Vec::new(), ..new.clone() }] {
            let mut batch = self.desk.batch();
            batch.take(&streams::crm_outbox(self.desk.connection), entry.number);
            self.put(&mut batch, old, new).await?;
            if let Some(notice) = notice {
                batch.append(&streams::crm_notices(self.desk.connection), entries::write(notice)?);
            }
            match faults::commit("crm/settle", &self.desk.store, batch).await {
                Ok(_) | Err(CommitError::Refused(Refusal::Gone { .. })) => {
                    if notice.is_some() {
                        notices::trim(&self.desk.store, self.desk.connection, self.desk.batch()).await?;
                    }
                    return Ok(Handled::Done);
                }
                // The CRM's id is another message's: it has this one all the same.
                Err(CommitError::Refused(Refusal::NotUnique { .. })) => {}
                Err(CommitError::Refused(Refusal::Fenced { .. })) => return Err(CommandError::Fenced),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Handled::Later(FILES_LOOK))
    }

    /// The delivery, and the messenger's word of it.
    async fn put(&self, batch: &mut Batch, old: &Stored<Delivery>, new: &Delivery) -> Result<(), CommandError> {
        batch.update(old, new)?;
        let message = self.desk.store.get::<Message>(Message::at(new.message)).await?;
        if let Some(message) = message {
            let entry = FeedEntry::Delivery { c: new.message.conversation, a: message.record.account, n: new.message.number };
            batch.append(&streams::feed(), entries::write(&entry)?);
        }
        Ok(())
    }

    async fn take(&self, number: u64) -> Result<Handled, CommandError> {
        let mut batch = self.desk.batch();
        batch.take(&streams::crm_outbox(self.desk.connection), number);
        self.desk.commit(batch).await?;
        Ok(Handled::Done)
    }
}

/// A store that fails is no word of the CRM.
impl From<StoreError> for CrmError {
    fn from(error: StoreError) -> Self {
        unreadable(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_side_by_side_fails_once() {
        let (start, mut failures) = (Instant::now(), Failures::default());
        let at = |ms: u64| start + Duration::from_millis(ms);
        let many: Vec<u32> = (0..16).map(|job| failures.add(at(job), at(100 + job))).collect();
        assert_eq!(many, [1; 16], "one outage");
        assert_eq!(failures.add(at(2_000), at(2_100)), 2, "it was tried again");
        assert_eq!(failures.add(at(50), at(2_200)), 2);
    }

    #[test]
    fn a_connection_rests_a_minute_at_most() {
        let seconds = |of, times| longer(of, times).as_secs();
        assert_eq!([1, 2, 3, 6, 40].map(|times| seconds(REST, times)), [2, 4, 8, 60, 60]);
        assert_eq!([1, 4, 40].map(|times| seconds(PAUSE, times)), [2, 16, 900]);
    }
}
