//! Accepted → durable → shown: 64 visitors write through sockets, each message once the one before it was accepted, and a manager's
//! socket counts what it is shown. The anchor is a bare commit of the same rows by 64 writers with the same grouping.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use crate::ours::{Ours, send};
use crate::redis_server::RedisServer;
use crate::report::{Goal, Row, percentile};
use crate::{Scale, bare_redis, bare_sqlite};

/// How many write at once.
pub(crate) const WRITERS: usize = 64;

/// What visitors say: 60 letters of two bytes.
pub(crate) const TEXT: &str = "Здравствуйте! Подскажите, пожалуйста, есть ли этот товар в белом";

/// What one run measured.
pub(crate) struct Sample {
    pub(crate) per_second: f64,
    pub(crate) cpu_us: f64,
}

async fn ours(server: &Ours, seconds: f64) -> Sample {
    let shown = Rc::new(Cell::new(0u64));
    let (mut manager, _) = server.manager(None).await;
    let counted = Rc::clone(&shown);
    let reader = tokio::task::spawn_local(async move {
        let count = |frame: &[u8]| {
            if frame.get(..160).unwrap_or(frame).windows(15).any(|part| part == br#""message.added""#) {
                counted.set(counted.get() + 1);
            }
        };
        let mut count = count;
        while manager.read(&mut count).await.is_ok_and(|open| open) {}
    });
    let mut visitors = Vec::new();
    for _ in 0..WRITERS {
        let (mut socket, _) = server.visitor(None, None).await;
        // The first message makes the conversation: not what is measured.
        socket.send(&send("first", TEXT)).await.unwrap();
        socket.until(r#""type":"accepted""#).await.unwrap();
        visitors.push(socket);
    }
    while shown.get() < WRITERS as u64 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (began, cpu, shown_before) = (Instant::now(), server.process.cpu(), shown.get());
    let until = began + Duration::from_secs_f64(seconds);
    let writers: Vec<_> = visitors
        .into_iter()
        .map(|mut socket| {
            tokio::task::spawn_local(async move {
                let mut milliseconds = Vec::new();
                while Instant::now() < until {
                    let sent = Instant::now();
                    socket.send(&send(&format!("m{}", milliseconds.len()), TEXT)).await.unwrap();
                    socket.until(r#""type":"accepted""#).await.unwrap();
                    milliseconds.push(sent.elapsed().as_secs_f64() * 1e3);
                }
                milliseconds
            })
        })
        .collect();
    let mut milliseconds = Vec::new();
    for writer in writers {
        milliseconds.extend(writer.await.unwrap());
    }
    let accepted = milliseconds.len() as u64;
    let patience = Instant::now() + Duration::from_secs(20);
    while shown.get() - shown_before < accepted && Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (seen, wall, cpu) = (shown.get() - shown_before, began.elapsed().as_secs_f64(), server.process.cpu() - cpu);
    reader.abort();
    let sample = Sample { per_second: seen as f64 / wall, cpu_us: cpu * 1e6 / seen as f64 };
    println!(
        "accepted→durable→shown, ours: {seen} of {accepted} shown in {wall:.1} s = {:.0}/s, accepted p50 {:.1} ms p99 {:.1} ms, {:.0} µs CPU each",
        sample.per_second,
        percentile(&mut milliseconds, 0.5),
        percentile(&mut milliseconds, 0.99),
        sample.cpu_us
    );
    sample
}

fn rows(name: &str, anchor: &str, samples: Vec<(Sample, Sample)>) -> Vec<Row> {
    let mut rate = Row::new(format!("accepted→durable→shown, {name}, 64 writers"), "messages/s", anchor, Goal::AtLeastTimes(0.7));
    let mut cpu = Row::new(format!("the same: CPU ({name})"), "µs per message", anchor, Goal::None);
    for (ours, bare) in samples {
        rate.ours.push(ours.per_second);
        rate.anchor.push(bare.per_second);
        cpu.ours.push(ours.cpu_us);
        cpu.anchor.push(bare.cpu_us);
    }
    cpu.anchor.retain(|value| value.is_finite());
    vec![rate, cpu]
}

fn measured(seconds: f64, redis: Option<&RedisServer>) -> Sample {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = redis.map(RedisServer::url);
    let server = Ours::start(folder.path(), url.as_deref(), false);
    LocalSet::new().block_on(&runtime, ours(&server, seconds))
}

/// SQLite, `synchronous=FULL`.
pub(crate) fn sqlite(scale: Scale) -> Vec<Row> {
    let seconds = scale.seconds(8.0);
    let samples = (0..scale.runs).map(|_| (measured(seconds, None), bare_sqlite::measure(seconds))).collect();
    rows("SQLite FULL", "bare commit", samples)
}

/// Redis, `appendfsync always`. The CPU column does not count the Redis server's.
pub(crate) fn redis(scale: Scale) -> Vec<Row> {
    let seconds = scale.seconds(8.0);
    let samples = (0..scale.runs)
        .map(|_| {
            let server = RedisServer::start();
            let ours = measured(seconds, Some(&server));
            drop(server);
            (ours, bare_redis::measure(seconds))
        })
        .collect();
    rows("Redis always", "bare pipeline", samples)
}
