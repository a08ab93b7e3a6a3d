//! Works off a stream: entries of one line in their order, lines side by side.
//!
//! An entry that cannot be done now keeps its line waiting and takes no place among those under way. What people wait for goes before the
//! bulk, but the bulk goes on, too. People wait for a while: after an outage what has piled up is bulk, and what is said now goes first, with
//! what stands before it in its line. An entry that may have been begun before is counted first, see [`begins`](super::begins).

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;

use super::begins::{self, Suspects};
use super::commands::CommandError;
use super::tenure::Tenure;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::port::StreamName;

/// The most entries known at once; those behind them wait until there is room.
const WINDOW: usize = 20_000;
/// Entries read in one go.
const PAGE: usize = 1_000;
/// The sweep covers a wake that was lost.
const SWEEP: Duration = Duration::from_secs(5);
/// The pause after the store failed.
const PAUSE: Duration = Duration::from_millis(200);
/// Of so many that begin one may be of the bulk, however much else waits.
const BULK_SHARE: u32 = 4;

/// An entry to be handled.
pub(super) struct Entry<Item> {
    /// Its number.
    pub(super) number: u64,
    /// As it lies in the stream.
    pub(super) bytes: Bytes,
    /// What it says.
    pub(super) item: Item,
    /// Nobody waits for it now.
    pub(super) bulk: bool,
    /// It was begun too often: it gets its end, with this reason.
    pub(super) give_up: Option<Reason>,
}

/// What became of an entry.
#[derive(Debug)]
pub(super) enum Handled {
    /// It is gone from the stream.
    Done,
    /// Again after so long; its line waits.
    Later(Duration),
    /// Nothing of the stream goes for so long, unless something changes.
    Hold(Duration),
}

/// What is done with the entries of a stream.
pub(super) trait Work {
    /// What an entry says.
    type Item: Clone;

    /// Reads an entry: its line, whether it is bulk, what it says.
    ///
    /// # Errors
    /// It cannot be read, and goes to quarantine.
    fn read(&self, bytes: &[u8]) -> Result<(String, bool, Self::Item), Reason>;

    /// Until when people wait for an entry that is not bulk. None: always.
    fn awaited_until(&self, _item: &Self::Item) -> Option<Time> {
        None
    }

    /// Handles it. One that is done is taken from the stream in the commit of its effects.
    fn handle(&self, entry: Entry<Self::Item>) -> impl Future<Output = Result<Handled, CommandError>>;
}

/// What waits and in which order.
struct Queue<Item> {
    lines: HashMap<String, Line>,
    entries: HashMap<u64, Waiting<Item>>,
    /// The first of each line that is not under way and not to wait: those of people, and the bulk.
    ready: (BTreeSet<u64>, BTreeSet<u64>),
    /// The first of each line that has to wait.
    later: BTreeMap<(Instant, u64), ()>,
    begun: u32,
}

/// Entries of one line, in their order.
#[derive(Default)]
struct Line {
    numbers: VecDeque<u64>,
    /// People wait for one of them so long, and so for all that stand before it.
    awaited_until: Option<Time>,
}

struct Waiting<Item> {
    line: String,
    bulk: bool,
    awaited_until: Option<Time>,
    bytes: Bytes,
    item: Item,
}

impl<Item> Queue<Item> {
    fn new() -> Self {
        Self { lines: HashMap::new(), entries: HashMap::new(), ready: (BTreeSet::new(), BTreeSet::new()), later: BTreeMap::new(), begun: 0 }
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn push(&mut self, number: u64, entry: Waiting<Item>) {
        let line = self.lines.entry(entry.line.clone()).or_default();
        line.numbers.push_back(number);
        let first = line.numbers.front().copied().unwrap_or(number);
        let news = !entry.bulk && entry.awaited_until > line.awaited_until;
        if news {
            line.awaited_until = entry.awaited_until;
        }
        self.entries.insert(number, entry);
        if first == number {
            self.ready(number);
        } else if news && self.ready.1.remove(&first) {
            self.ready.0.insert(first);
        }
    }

    /// It may begin. What people wait for no longer is found when it is its turn.
    fn ready(&mut self, number: u64) {
        let Some(entry) = self.entries.get(&number) else { return };
        let awaited = !entry.bulk || self.lines.get(&entry.line).is_some_and(|line| line.awaited_until.is_some());
        if awaited {
            self.ready.0.insert(number)
        } else {
            self.ready.1.insert(number)
        };
    }

    /// Whether nobody waits for it by this hour, nor for what stands behind it.
    fn is_bulk(&self, number: u64, hour: Time) -> bool {
        let Some(entry) = self.entries.get(&number) else { return true };
        let behind = self.lines.get(&entry.line).and_then(|line| line.awaited_until).is_some_and(|until| until > hour);
        let itself = !entry.bulk && entry.awaited_until.is_none_or(|until| until > hour);
        !behind && !itself
    }

    /// The next to begin: what people wait for first, but not always.
    fn next(&mut self, now: Instant, hour: Time) -> Option<u64> {
        while let Some((&(due, number), ())) = self.later.first_key_value() {
            if due > now {
                break;
            }
            self.later.pop_first();
            self.ready(number);
        }
        while let Some(&first) = self.ready.0.first()
            && self.is_bulk(first, hour)
        {
            self.ready.0.pop_first();
            self.ready.1.insert(first);
        }
        self.begun = self.begun.wrapping_add(1);
        if self.begun.is_multiple_of(BULK_SHARE)
            && let Some(number) = self.ready.1.pop_first()
        {
            return Some(number);
        }
        self.ready.0.pop_first().or_else(|| self.ready.1.pop_first())
    }

    /// When the next of those that wait is due.
    fn due(&self) -> Option<Instant> {
        self.later.first_key_value().map(|(&(due, _), ())| due)
    }

    /// It is gone: the next of its line may begin.
    fn done(&mut self, number: u64) {
        let Some(entry) = self.entries.remove(&number) else { return };
        let Some(line) = self.lines.get_mut(&entry.line) else { return };
        line.numbers.pop_front();
        match line.numbers.front().copied() {
            None => drop(self.lines.remove(&entry.line)),
            Some(next) => self.ready(next),
        }
    }

    /// Its line waits.
    fn later(&mut self, number: u64, due: Instant) {
        self.later.insert((due, number), ());
    }

    /// Nothing waits for its time any more: something changed.
    fn at_once(&mut self) {
        for (_, number) in std::mem::take(&mut self.later).into_keys() {
            self.ready(number);
        }
    }
}

/// Works until the ownership is lost. `changed`: something changed that may end a wait.
///
/// # Errors
/// [`CommandError::Fenced`].
pub(super) async fn run<W: Work>(
    tenure: &Tenure, stream: &StreamName, work: &W, side_by_side: usize, mut changed: watch::Receiver<u64>,
) -> Result<(), CommandError> {
    let mut grown = tenure.store.watch(stream);
    let mut suspects = loop {
        match Suspects::at_start(tenure, stream, WINDOW.min(crate::store::port::SCAN_LIMIT)).await {
            Ok(suspects) => break suspects,
            Err(error) => pause(tenure, error).await?,
        }
    };
    let mut queue: Queue<W::Item> = Queue::new();
    let mut place = 0;
    let mut under_way = FuturesUnordered::new();
    let mut held: Option<Instant> = None;
    // One is under way beside which there may be no other.
    let mut alone = false;
    loop {
        grown.borrow_and_update();
        while queue.len() < WINDOW {
            let page = match tenure.store.read(stream, place, PAGE).await {
                Ok(page) => page.entries,
                Err(error) => {
                    pause(tenure, error.into()).await?;
                    continue;
                }
            };
            let Some((last, _)) = page.last() else { break };
            place = *last;
            let whole = page.len() >= PAGE;
            for (number, bytes) in page {
                match work.read(&bytes) {
                    Ok((line, bulk, item)) => {
                        let awaited_until = work.awaited_until(&item);
                        queue.push(number, Waiting { line, bulk, awaited_until, bytes, item });
                    }
                    Err(reason) => while_store(tenure, || begins::quarantine(tenure, stream, number, &bytes, reason.clone())).await?,
                }
            }
            if !whole {
                break;
            }
        }
        let (now, hour) = (Instant::now(), tenure.house.world.now());
        held = held.filter(|until| *until > now);
        while held.is_none() && !alone && under_way.len() < side_by_side {
            let Some(number) = queue.next(now, hour) else { break };
            let Some(entry) = queue.entries.get(&number) else { continue };
            let (bytes, item, bulk) = (entry.bytes.clone(), entry.item.clone(), queue.is_bulk(number, hour));
            if suspects.is_grave(number) {
                if !under_way.is_empty() {
                    queue.later(number, now);
                    break;
                }
                alone = true;
            }
            let give_up = match suspects.count(tenure, number).await {
                Ok(give_up) => give_up,
                Err(error) => {
                    alone = false;
                    queue.later(number, now + PAUSE);
                    pause(tenure, error).await?;
                    continue;
                }
            };
            let entry = Entry { number, bytes, item, bulk, give_up };
            let seen = *changed.borrow();
            under_way.push(async move { (number, seen, begins::watched(tenure, stream, number, work.handle(entry)).await) });
        }
        let wake = [queue.due(), held].into_iter().flatten().min().map_or(SWEEP, |due| due.saturating_duration_since(now)).min(SWEEP);
        tokio::select! {
            Some((number, seen, result)) = under_way.next(), if !under_way.is_empty() => {
                alone = false;
                // What it waits for may be over already: it was begun before something changed.
                let is_over = *changed.borrow() != seen;
                match result {
                    Ok(Handled::Done) => {
                        suspects.clear(tenure, number).await.or_else(fenced_only)?;
                        queue.done(number);
                    }
                    Ok(Handled::Later(after)) => {
                        suspects.clear(tenure, number).await.or_else(fenced_only)?;
                        queue.later(number, Instant::now() + if is_over { Duration::ZERO } else { after });
                    }
                    Ok(Handled::Hold(after)) => {
                        suspects.clear(tenure, number).await.or_else(fenced_only)?;
                        queue.later(number, Instant::now());
                        held = if is_over { held } else { Some(Instant::now() + after) };
                    }
                    Err(CommandError::Fenced) => return Err(CommandError::Fenced),
                    Err(error) => {
                        tracing::warn!(owned = %tenure.owned, stream = stream.0, number, %error, "a work entry waits");
                        // Who was overtaken by another writer reads again and is not to blame.
                        if !matches!(&error, CommandError::TryAgain(code) if code.starts_with("conflict")) {
                            suspects.doubt(tenure, number, &error);
                        }
                        queue.later(number, Instant::now() + PAUSE);
                    }
                }
            }
            _ = grown.changed(), if queue.len() < WINDOW => {}
            _ = changed.changed() => {
                changed.borrow_and_update();
                held = None;
                queue.at_once();
            }
            () = tokio::time::sleep(wake) => {}
        }
    }
}

fn fenced_only(error: CommandError) -> Result<(), CommandError> {
    if matches!(error, CommandError::Fenced) { Err(error) } else { Ok(()) }
}

/// Waits before another try, unless the ownership is lost.
async fn pause(tenure: &Tenure, error: CommandError) -> Result<(), CommandError> {
    fenced_only(error.clone())?;
    tracing::warn!(owned = %tenure.owned, %error, "work waits for the store");
    tokio::time::sleep(PAUSE).await;
    Ok(())
}

/// Tries until the store does it, or the ownership is lost.
async fn while_store<F: Future<Output = Result<(), CommandError>>>(tenure: &Tenure, what: impl Fn() -> F) -> Result<(), CommandError> {
    while let Err(error) = what().await {
        pause(tenure, error).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(entries: &[(u64, &str, bool)]) -> Queue<()> {
        let mut queue = Queue::new();
        for (number, line, bulk) in entries {
            let waiting = Waiting { line: (*line).to_owned(), bulk: *bulk, awaited_until: None, bytes: Bytes::new(), item: () };
            queue.push(*number, waiting);
        }
        queue
    }

    fn all(queue: &mut Queue<()>, now: Instant) -> Vec<u64> {
        std::iter::from_fn(|| queue.next(now, Time(0))).collect()
    }

    #[test]
    fn one_of_a_line_at_a_time_in_their_order() {
        let now = Instant::now();
        let mut queue = queue(&[(1, "a", false), (2, "a", false), (3, "b", false), (4, "a", false)]);
        assert_eq!(all(&mut queue, now), [1, 3]);
        queue.done(1);
        assert_eq!(all(&mut queue, now), [2]);
        queue.later(2, now + Duration::from_secs(1));
        queue.done(3);
        assert_eq!(all(&mut queue, now), Vec::<u64>::new(), "its line waits with it");
        assert_eq!(queue.due(), Some(now + Duration::from_secs(1)));
        assert_eq!(all(&mut queue, now + Duration::from_secs(1)), [2]);
        queue.done(2);
        assert_eq!(all(&mut queue, now), [4]);
        queue.done(4);
        assert_eq!((queue.len(), queue.lines.len()), (0, 0));
    }

    #[test]
    fn what_people_wait_for_goes_before_the_bulk_but_the_bulk_goes_on() {
        let now = Instant::now();
        let lines: Vec<String> = (0..20).map(|line| line.to_string()).collect();
        let mut queue = queue(&lines.iter().zip(0..).map(|(line, at)| (at, line.as_str(), at < 10)).collect::<Vec<_>>());
        let order: Vec<bool> = all(&mut queue, now).into_iter().map(|number| number < 10).collect();
        assert_eq!(order.iter().take(4).filter(|bulk| **bulk).count(), 1);
        assert_eq!(order.iter().take(12).filter(|bulk| **bulk).count(), 3);
        assert_eq!(order.len(), 20);
    }

    #[test]
    fn what_waits_goes_at_once_when_something_changed() {
        let now = Instant::now();
        let mut queue = queue(&[(1, "a", false), (2, "a", false)]);
        assert_eq!(all(&mut queue, now), [1]);
        queue.later(1, now + Duration::from_secs(3_600));
        queue.at_once();
        assert_eq!(all(&mut queue, now), [1]);
    }

    /// An entry people wait for until then.
    fn awaited(line: &str, until: i64) -> Waiting<()> {
        Waiting { line: line.to_owned(), bulk: false, awaited_until: Some(Time(until)), bytes: Bytes::new(), item: () }
    }

    #[test]
    fn what_has_piled_up_goes_after_what_is_said_now() {
        let now = Instant::now();
        let mut queue: Queue<()> = Queue::new();
        for number in 0..40 {
            queue.push(number, awaited(&(number % 20).to_string(), 10));
        }
        assert_eq!((queue.next(now, Time(5)), queue.is_bulk(1, Time(5))), (Some(0), false), "they are waited for yet");
        // A new line; and one more of a line that waits, whose first goes before it.
        queue.push(100, awaited("new", 1_000));
        queue.push(101, awaited("19", 1_000));
        let mut began: Vec<u64> = (0..2).filter_map(|_| queue.next(now, Time(500))).collect();
        began.sort_unstable();
        assert_eq!(began, [19, 100]);
        assert!(queue.is_bulk(1, Time(500)) && !queue.is_bulk(19, Time(500)));
        for (before, after) in [(19, 39), (39, 101)] {
            queue.done(before);
            let next: Vec<u64> = (0..2).filter_map(|_| queue.next(now, Time(500))).collect();
            assert!(next.contains(&after), "{after} of {next:?}");
        }
        queue.push(102, awaited("2", 400));
        assert!(queue.is_bulk(2, Time(500)), "what is over is waited for by nobody");
    }

    #[test]
    fn nothing_is_forgotten_while_much_is_said_now() {
        let now = Instant::now();
        let mut queue: Queue<()> = Queue::new();
        for number in 0..10 {
            queue.push(number, awaited(&number.to_string(), 10));
        }
        for number in 10..50 {
            queue.push(number, awaited(&number.to_string(), 1_000));
        }
        let began: Vec<u64> = (0..20).filter_map(|_| queue.next(now, Time(500))).collect();
        assert_eq!(began.iter().filter(|number| **number < 10).count(), 5, "{began:?}");
    }
}
