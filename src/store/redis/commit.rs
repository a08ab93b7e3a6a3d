//! The committers: many callers' batches, sent together.
//!
//! Callers put jobs into one bounded queue. A few workers, each with its own connection, take whatever is queued and send it
//! as one pipeline, so while one pipeline waits for the disk the next one gathers. Batches of one caller keep their order,
//! because a caller waits for its answer; nothing else is promised.
//!
//! A job is *queued* until its worker holds a live connection, then *sent*. A caller that runs out of time takes a queued
//! job back and knows that nothing was written; of a sent one it says that it does not know.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use deadpool_redis::{Connection, Pool};
use redis::{Cmd, ErrorKind, Pipeline, RedisResult, ServerErrorKind, Value};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::Instant;

use super::link::{CALL_LIMIT, PATIENCE, PAUSE, store_error};
use super::script::COMMIT;
use crate::store::port::{Partition, StoreError};

/// How many pipelines may be under way. Redis reads about 16 KiB of each connection before it flushes to the disk, so several
/// connections fill one flush better than one long pipeline does.
pub(super) const WORKERS: usize = 8;
/// The most batches that wait; more callers wait in line.
const QUEUE: usize = 4_096;
/// The most batches, and about the most bytes, of one pipeline.
const PIPELINE_JOBS: usize = 256;
const PIPELINE_BYTES: usize = 1024 * 1024;
/// A connection that rested longer is tried out before a batch is trusted to it: a batch that dies with a connection long
/// gone would otherwise be "unclear" for nothing.
const RESTED: std::time::Duration = std::time::Duration::from_secs(1);

const QUEUED: u8 = 0;
const SENT: u8 = 1;
const TAKEN_BACK: u8 = 2;

struct Job {
    partition: Partition,
    cmd: Cmd,
    bytes: usize,
    state: Arc<AtomicU8>,
    answer: oneshot::Sender<Result<Value, StoreError>>,
}

/// The queue's entrance.
pub(super) struct Committer {
    queue: std::sync::Mutex<Option<mpsc::Sender<Job>>>,
    workers: std::sync::Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

struct Worker {
    queue: Mutex<mpsc::Receiver<Job>>,
    pool: Pool,
    /// The set that lists the partitions.
    partitions: Vec<u8>,
}

impl Committer {
    /// Starts the workers. They end when the committer is closed or dropped.
    pub(super) fn start(pool: Pool, partitions: Vec<u8>) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let worker = Arc::new(Worker { queue: Mutex::new(receiver), pool, partitions });
        let workers = (0..WORKERS).map(|_| tokio::spawn(keep(Arc::clone(&worker)))).collect();
        Self { queue: std::sync::Mutex::new(Some(sender)), workers: std::sync::Mutex::new(workers) }
    }

    /// Sends a batch's call and waits for its answer, at most [`CALL_LIMIT`].
    pub(super) async fn send(&self, partition: Partition, cmd: Cmd, bytes: usize) -> Result<Value, StoreError> {
        let closed = || StoreError::Unavailable("redis: closed".to_owned());
        let queue = self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone().ok_or_else(closed)?;
        let state = Arc::new(AtomicU8::new(QUEUED));
        let (answer, answered) = oneshot::channel();
        let job = Job { partition, cmd, bytes, state: Arc::clone(&state), answer };
        let waiting = async {
            queue.send(job).await.map_err(|_| closed())?;
            drop(queue);
            answered.await.unwrap_or_else(|_| Err(given_up(&state)))
        };
        tokio::time::timeout(CALL_LIMIT, waiting).await.unwrap_or_else(|_| Err(given_up(&state)))
    }

    /// Takes no more, and returns when all that was taken is answered.
    pub(super) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
        let workers = std::mem::take(&mut *self.workers.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        for worker in workers {
            if let Err(error) = worker.await {
                tracing::error!(%error, "a redis committer ended badly");
            }
        }
    }
}

/// What a caller knows whose answer did not come: its job goes back if it was not sent.
fn given_up(state: &AtomicU8) -> StoreError {
    match state.compare_exchange(QUEUED, TAKEN_BACK, Ordering::SeqCst, Ordering::SeqCst) {
        Ok(_) | Err(TAKEN_BACK) => StoreError::Unavailable("redis: no connection in time".to_owned()),
        Err(_) => StoreError::Unclear("redis: no answer in time".to_owned()),
    }
}

/// Runs a worker again if it panics; what it held in its hands is answered by the drop.
async fn keep(worker: Arc<Worker>) {
    loop {
        match tokio::spawn(Arc::clone(&worker).work()).await {
            Ok(()) => return,
            Err(error) if error.is_panic() => tracing::error!(%error, "a redis committer panicked and is started again"),
            Err(_) => return,
        }
    }
}

/// A connection with what is known about its server.
struct Live {
    connection: Connection,
    used: Instant,
    /// Partitions this connection has listed. Forgotten with it: the next server may be an older copy.
    listed: HashSet<Partition>,
}

impl Worker {
    async fn work(self: Arc<Self>) {
        let mut live: Option<Live> = None;
        while let Some(jobs) = self.gather().await {
            if live.as_ref().is_some_and(|live| live.used.elapsed() > RESTED) {
                // Back into the pool, which tries it out as it hands it over again.
                live = None;
            }
            let mut ready = match live.take() {
                Some(ready) => ready,
                None => match self.connect().await {
                    Ok(ready) => ready,
                    Err(error) => {
                        for job in jobs {
                            answer(job, Err(error.clone()));
                        }
                        continue;
                    }
                },
            };
            let jobs: Vec<Job> = jobs.into_iter().filter(mark_sent).collect();
            if run(&self.partitions, jobs, &mut ready).await {
                ready.used = Instant::now();
                live = Some(ready);
            } else {
                drop(Connection::take(ready.connection));
            }
        }
    }

    /// Waits for a job and takes what else is queued; `None` when there will be no more.
    async fn gather(&self) -> Option<Vec<Job>> {
        let mut queue = self.queue.lock().await;
        let first = queue.recv().await?;
        let mut bytes = first.bytes;
        let mut jobs = vec![first];
        while jobs.len() < PIPELINE_JOBS
            && bytes < PIPELINE_BYTES
            && let Ok(job) = queue.try_recv()
        {
            bytes += job.bytes;
            jobs.push(job);
        }
        Some(jobs)
    }

    /// A connection that answers; tries for a while if the server has gone.
    async fn connect(&self) -> Result<Live, StoreError> {
        let started = Instant::now();
        loop {
            match self.pool.get().await {
                Ok(connection) => return Ok(Live { connection, used: Instant::now(), listed: HashSet::new() }),
                Err(_) if started.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(StoreError::Unavailable(format!("redis: {error}"))),
            }
        }
    }
}

fn mark_sent(job: &Job) -> bool {
    job.state.compare_exchange(QUEUED, SENT, Ordering::SeqCst, Ordering::SeqCst).is_ok()
}

fn answer(job: Job, value: Result<Value, StoreError>) {
    // The caller may have gone; what it asked for is done nevertheless.
    let _ = job.answer.send(value);
}

/// Sends jobs as one pipeline and hands out the answers; whether the connection may be used again.
async fn run(partitions: &[u8], jobs: Vec<Job>, live: &mut Live) -> bool {
    let mut pipeline = Pipeline::with_capacity(jobs.len() + 1);
    let mut new: Vec<Partition> = jobs.iter().map(|job| job.partition).filter(|partition| !live.listed.contains(partition)).collect();
    new.sort_unstable();
    new.dedup();
    if !new.is_empty() {
        pipeline.cmd("SADD").arg(partitions);
        for partition in &new {
            pipeline.arg(partition.0);
        }
    }
    let mut waiting = Vec::with_capacity(jobs.len());
    for Job { cmd, answer, .. } in jobs {
        pipeline.add_command(cmd);
        waiting.push(answer);
    }
    match exchange(&pipeline, &mut live.connection).await {
        Ok(mut answers) => {
            if !new.is_empty() && !matches!(answers.remove(0), Value::ServerError(_)) {
                live.listed.extend(new);
            }
            for (waiting, value) in waiting.into_iter().zip(answers) {
                // A caller that has gone needs no answer.
                let _ = waiting.send(value.extract_error().map_err(|error| store_error(&error, true)));
            }
            true
        }
        Err(error) => {
            tracing::warn!(%error, batches = waiting.len(), "redis: the answer to a pipeline was lost");
            let error = store_error(&error, true);
            for waiting in waiting {
                let _ = waiting.send(Err(error.clone()));
            }
            false
        }
    }
}

/// Sends a pipeline. Where the server does not know the script (it was restarted), nothing of that call was done: the script
/// is loaded and those calls are sent again.
async fn exchange(pipeline: &Pipeline, connection: &mut Connection) -> RedisResult<Vec<Value>> {
    let mut answers = connection.send_packed_commands(pipeline, 0, pipeline.len()).await?;
    let unknown: Vec<usize> = answers.iter().enumerate().filter(|(_, answer)| no_script(answer)).map(|(at, _)| at).collect();
    if unknown.is_empty() {
        return Ok(answers);
    }
    let mut again = Pipeline::with_capacity(unknown.len() + 1);
    again.cmd("SCRIPT").arg("LOAD").arg(COMMIT);
    for (at, cmd) in pipeline.cmd_iter().enumerate() {
        if unknown.binary_search(&at).is_ok() {
            again.add_command(cmd.clone());
        }
    }
    let second = connection.send_packed_commands(&again, 0, again.len()).await?;
    for (at, answer) in unknown.into_iter().zip(second.into_iter().skip(1)) {
        if let Some(place) = answers.get_mut(at) {
            *place = answer;
        }
    }
    Ok(answers)
}

fn no_script(answer: &Value) -> bool {
    matches!(answer, Value::ServerError(error) if redis::RedisError::from(error.clone()).kind() == ErrorKind::Server(ServerErrorKind::NoScript))
}
