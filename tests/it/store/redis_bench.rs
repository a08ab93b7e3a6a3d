//! What the engine costs beside bare commands: 64 writers, batches of nine writes, every write synced; all in one run.
//!
//! *Bare* sends the nine writes alone; *same* also what the engine needs beside them (is the record absent, its place in the
//! order of its group, the wake). Neither numbers entries without gaps, checks anything before it writes, or is atomic.
//!
//! `cargo test --release --test it redis_bench -- --ignored --nocapture`

#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::time::Instant;

use kommutator::store::batch::Batch;
use kommutator::store::port::{Engine, Partition};
use kommutator::store::redis::RedisEngine;
use redis::{Cmd, Pipeline, Value};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::harness::{entry, key, stream};
use crate::support::redis_server::RedisServer;

const WRITERS: u64 = 64;
/// An odd number, for the median.
const ROUNDS: usize = 3;
const BATCHES: u64 = 500;
/// As many as the engine has pipelines under way.
const CONNECTIONS: usize = 8;

/// An id as the product makes them: milliseconds, then random bits.
fn id(of: u64) -> [u8; 8] {
    ((200_000_000_000 + of) << 22 | (of.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 42)).to_be_bytes()
}

/// A message's number in its conversation.
fn place(number: u64) -> [u8; 4] {
    u32::try_from(number).unwrap().to_be_bytes()
}

/// A message as it comes in: once, record, three indexes, log, feed, two outboxes.
fn message(writer: u64, number: u64) -> Batch {
    let mut batch = Batch::new();
    let (conversation, author, at) = (id(writer), id(writer + 1_000), id(writer * 10_000 + number));
    batch.once(format!("hook {writer} {number}").into_bytes(), 86_400_000, "ok");
    let indexes = vec![entry("by_time", "account", at), entry("by_author", author, at), entry("by_state", "new", at)];
    batch.put("message", key(conversation, place(number)), None, vec![b'm'; 400], indexes, Vec::new());
    for name in [format!("log:{writer}"), "feed".to_owned(), format!("outbox:{}", writer % 8), "outbox:crm".to_owned()] {
        batch.append(&stream(&name), vec![b'e'; 60]);
    }
    batch
}

/// The same nine writes as plain commands, and if asked what the engine sends beside them.
fn bare(writer: u64, number: u64, all: bool) -> Vec<Cmd> {
    let key = |name: &str| format!("{{bare}}:{name}");
    let member = [&id(writer * 10_000 + number)[..], &id(writer), &place(number)].concat();
    let mut commands = Vec::new();
    let mut set = redis::cmd("SET");
    set.arg(key(&format!("x:hook {writer} {number}"))).arg("ok").arg("PX").arg(86_400_000).arg("NX");
    let mut put = redis::cmd("HSET");
    put.arg(key(&format!("r:message:{writer}"))).arg(&place(number)[..]).arg(vec![b'm'; 408]);
    commands.extend([set, put]);
    for index in ["by_time:account".to_owned(), format!("by_author:{writer}"), "by_state:new".to_owned()] {
        let mut add = redis::cmd("ZADD");
        add.arg(key(&format!("i:message:{index}"))).arg(0).arg(&member);
        commands.push(add);
    }
    for name in [format!("log:{writer}"), "feed".to_owned(), format!("outbox:{}", writer % 8), "outbox:crm".to_owned()] {
        let mut append = redis::cmd("XADD");
        append.arg(key(&format!("s:{name}"))).arg("*").arg("v").arg(vec![b'e'; 60]);
        commands.push(append);
    }
    if all {
        let mut absent = redis::cmd("HEXISTS");
        absent.arg(key(&format!("r:message:{writer}"))).arg(&place(number)[..]);
        let mut order = redis::cmd("ZADD");
        order.arg(key(&format!("o:message:{writer}"))).arg(0).arg(&place(number)[..]);
        let mut wake = redis::cmd("PUBLISH");
        wake.arg(key("wake")).arg(format!("log:{writer}\n{number}\nfeed\n{number}\noutbox:{}\n{number}\noutbox:crm\n{number}", writer % 8));
        commands.insert(0, absent);
        commands.extend([order, wake]);
    }
    commands
}

type Job = (Vec<Cmd>, oneshot::Sender<Vec<Value>>);

/// Groups callers' commands into pipelines, as the engine does, and nothing else.
async fn bare_worker(queue: Arc<Mutex<mpsc::Receiver<Job>>>, url: String) {
    let mut connection = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    loop {
        let mut pipeline = Pipeline::new();
        let mut waiting = Vec::new();
        {
            let mut queue = queue.lock().await;
            let Some(mut job) = queue.recv().await else { return };
            loop {
                waiting.push((job.0.len(), job.1));
                for cmd in job.0 {
                    pipeline.add_command(cmd);
                }
                match queue.try_recv() {
                    Ok(next) if waiting.len() < 256 => job = next,
                    _ => break,
                }
            }
        }
        let mut answers = connection.send_packed_commands(&pipeline, 0, pipeline.len()).await.unwrap().into_iter();
        for (commands, answer) in waiting {
            answer.send(answers.by_ref().take(commands).collect()).unwrap();
        }
    }
}

async fn measure<F: Future<Output = ()> + Send + 'static>(write: impl Fn(u64, u64) -> F + Copy + Send + Sync + 'static) -> f64 {
    let started = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            tokio::spawn(async move {
                for number in 0..BATCHES {
                    write(writer, number).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    (WRITERS * BATCHES) as f64 / started.elapsed().as_secs_f64()
}

async fn engine_round() -> f64 {
    let server = RedisServer::start();
    let engine: Arc<dyn Engine> = RedisEngine::open(&server.url(), None).await.unwrap();
    let engine: &'static Arc<dyn Engine> = Box::leak(Box::new(engine));
    let rate = measure(move |writer, number| async move {
        engine.commit(Partition(1), message(writer, number)).await.unwrap();
    })
    .await;
    engine.close().await;
    rate
}

async fn bare_round(all: bool) -> f64 {
    let server = RedisServer::start();
    let (sender, receiver) = mpsc::channel(4_096);
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..CONNECTIONS {
        tokio::spawn(bare_worker(Arc::clone(&receiver), server.url()));
    }
    let sender: &'static mpsc::Sender<Job> = Box::leak(Box::new(sender));
    measure(move |writer, number| async move {
        let (answer, answered) = oneshot::channel();
        sender.send((bare(writer, number, all), answer)).await.unwrap();
        assert_eq!(answered.await.unwrap().len(), if all { 12 } else { 9 });
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn redis_bench() {
    let (mut to_bare, mut to_same) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (bare, same, engine) = (bare_round(false).await, bare_round(true).await, engine_round().await);
        println!("bare {bare:.0}/s, same {same:.0}/s, engine {engine:.0}/s");
        to_bare.push(engine / bare);
        to_same.push(engine / same);
    }
    for (name, ratios) in [("bare", &mut to_bare), ("same", &mut to_same)] {
        ratios.sort_by(f64::total_cmp);
        println!("engine / {name}: median {:.2} of {ratios:.2?}", ratios[ROUNDS / 2]);
    }
}
