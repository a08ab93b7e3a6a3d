//! The anchor of `accept` on SQLite: the rows one message of a visitor makes, in hand-made tables without a check, committed in groups.

use std::sync::mpsc as std_mpsc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::accept::{Sample, WRITERS};

struct Job {
    conversation: i64,
    number: i64,
    done: oneshot::Sender<()>,
}

/// The rows of a message: record, two index entries, the conversation's record, change log, feed, counter.
const TABLES: &str = "
CREATE TABLE message (ws INTEGER, conversation INTEGER, number INTEGER, version INTEGER, value BLOB, PRIMARY KEY (ws, conversation, number)) WITHOUT ROWID;
CREATE TABLE client (ws INTEGER, conversation INTEGER, client BLOB, number INTEGER, PRIMARY KEY (ws, conversation, client)) WITHOUT ROWID;
CREATE TABLE by_time (ws INTEGER, account INTEGER, at INTEGER, conversation INTEGER, number INTEGER, PRIMARY KEY (ws, account, at, conversation, number)) WITHOUT ROWID;
CREATE TABLE conversation (ws INTEGER, id INTEGER, version INTEGER, value BLOB, PRIMARY KEY (ws, id)) WITHOUT ROWID;
CREATE TABLE changes (ws INTEGER, conversation INTEGER, number INTEGER, value BLOB, PRIMARY KEY (ws, conversation, number)) WITHOUT ROWID;
CREATE TABLE feed (ws INTEGER, number INTEGER, value BLOB, PRIMARY KEY (ws, number)) WITHOUT ROWID;
CREATE TABLE counter (ws INTEGER, name BLOB, value INTEGER, PRIMARY KEY (ws, name)) WITHOUT ROWID;";

/// Bytes of a message's record, a conversation's, a change's and a feed entry's, as the product writes them for the bench's text.
pub(crate) const SIZES: (usize, usize, usize, usize) = (760, 900, 34, 104);

fn write(connection: &Connection, jobs: &mut mpsc::Receiver<Job>) -> rusqlite::Result<()> {
    let mut begin = connection.prepare("BEGIN IMMEDIATE")?;
    let mut commit = connection.prepare("COMMIT")?;
    let mut message = connection.prepare("INSERT INTO message VALUES (7, ?1, ?2, 1, ?3)")?;
    let mut client = connection.prepare("INSERT INTO client VALUES (7, ?1, ?2, ?3)")?;
    let mut by_time = connection.prepare("INSERT INTO by_time VALUES (7, 5, ?1, ?2, ?3)")?;
    let mut conversation = connection.prepare("INSERT OR REPLACE INTO conversation VALUES (7, ?1, ?2, ?3)")?;
    let mut changes = connection.prepare("INSERT INTO changes VALUES (7, ?1, ?2, ?3)")?;
    let mut feed = connection.prepare("INSERT INTO feed VALUES (7, ?1, ?2)")?;
    let mut counter = connection.prepare("INSERT INTO counter VALUES (7, x'01', 1) ON CONFLICT DO UPDATE SET value = value + 1")?;
    let (record, summary, change, entry) = (vec![b'm'; SIZES.0], vec![b'c'; SIZES.1], vec![b'h'; SIZES.2], vec![b'f'; SIZES.3]);
    let mut place = 0i64;
    while let Some(first) = jobs.blocking_recv() {
        let mut done = Vec::new();
        begin.execute([])?;
        let mut next = Some(first);
        while let Some(job) = next.take() {
            place += 1;
            let (id, number) = (job.conversation, job.number);
            message.execute((id, number, &record))?;
            client.execute((id, format!("m{number}").as_bytes(), number))?;
            by_time.execute((1_800_000_000_000i64 + place, id, number))?;
            conversation.execute((id, number, &summary))?;
            changes.execute((id, number, &change))?;
            feed.execute((place, &entry))?;
            counter.execute([])?;
            done.push(job.done);
            if done.len() < 512 {
                next = jobs.try_recv().ok();
            }
        }
        commit.execute([])?;
        for done in done {
            // A writer that is gone has ended its run.
            let _ = done.send(());
        }
    }
    Ok(())
}

fn own_cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// One run.
pub(crate) fn measure(seconds: f64) -> Sample {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join("bare.db")).unwrap();
    for (name, value) in [("journal_mode", "WAL"), ("synchronous", "FULL"), ("cache_size", "-32000"), ("wal_autocheckpoint", "4000")] {
        connection.pragma_update(None, name, value).unwrap();
    }
    connection.execute_batch(TABLES).unwrap();
    let (jobs, mut queue) = mpsc::channel::<Job>(1_024);
    let (ended, end) = std_mpsc::channel();
    let writer = std::thread::spawn(move || ended.send(write(&connection, &mut queue)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (began, cpu) = (Instant::now(), own_cpu());
    let until = began + Duration::from_secs_f64(seconds);
    let written = runtime.block_on(async {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let jobs = jobs.clone();
                tokio::spawn(async move {
                    let mut number = 0;
                    while Instant::now() < until {
                        number += 1;
                        let (done, committed) = oneshot::channel();
                        assert!(jobs.send(Job { conversation: 1_000_003 * writer as i64, number, done }).await.is_ok());
                        committed.await.unwrap();
                    }
                    number
                })
            })
            .collect();
        let mut written = 0;
        for writer in writers {
            written += writer.await.unwrap();
        }
        written
    });
    let (wall, cpu) = (began.elapsed().as_secs_f64(), own_cpu() - cpu);
    drop(jobs);
    end.recv().unwrap().unwrap();
    assert!(writer.join().unwrap().is_ok());
    let sample = Sample { per_second: written as f64 / wall, cpu_us: cpu * 1e6 / written as f64 };
    println!("accepted→durable→shown, bare commit: {written} in {wall:.1} s = {:.0}/s, {:.0} µs CPU each", sample.per_second, sample.cpu_us);
    sample
}
