//! A provider's webhook in → 200: 64 connections post the next hook of their chat once the one before it was answered. Ours is answered
//! when its part is durable in the login's mailbox, and what is read from there goes on beside it on the same cores. The anchor is a bare
//! actix route that does nothing but commit the same two rows, in groups.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer, web};
use rusqlite::Connection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

use crate::Scale;
use crate::accept::{Sample, TEXT, WRITERS};
use crate::http::Http;
use crate::ours::Ours;
use crate::process::Process;
use crate::report::{Goal, Row, percentile};

/// What one message looks like in the probe's hooks.
fn body(chat: usize, number: usize) -> String {
    format!(
        r#"[{{"account":"one","chat":"c{chat}","id":"{number}","at":1800000000000,"event":"message","from":{{"id":"p{chat}"}},"text":"{TEXT}"}}]"#
    )
}

/// Posts until a moment; how long each took, in milliseconds.
async fn post(address: SocketAddr, path: String, chat: usize, until: Instant) -> Vec<f64> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut milliseconds, mut answer) = (Vec::new(), [0; 4_096]);
    while Instant::now() < until {
        let body = body(chat, milliseconds.len());
        let head = format!("POST {path} HTTP/1.1\r\nHost: b\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        let began = Instant::now();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let length = stream.read(&mut answer).await.unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..length]));
        milliseconds.push(began.elapsed().as_secs_f64() * 1e3);
    }
    milliseconds
}

fn measured(name: &str, process: &Process, address: SocketAddr, path: &str, seconds: f64) -> Sample {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (began, cpu) = (Instant::now(), process.cpu());
    let until = began + Duration::from_secs_f64(seconds);
    let mut milliseconds = LocalSet::new().block_on(&runtime, async {
        let posting: Vec<_> = (0..WRITERS).map(|chat| tokio::task::spawn_local(post(address, path.to_owned(), chat, until))).collect();
        futures_util::future::join_all(posting).await.into_iter().flat_map(Result::unwrap).collect::<Vec<_>>()
    });
    let (wall, cpu, taken) = (began.elapsed().as_secs_f64(), process.cpu() - cpu, milliseconds.len() as f64);
    let (p50, p99) = (percentile(&mut milliseconds, 0.5), percentile(&mut milliseconds, 0.99));
    println!("hook → 200, {name}: {taken} in {wall:.1} s = {:.0}/s, p50 {p50:.1} ms, p99 {p99:.1} ms", taken / wall);
    Sample { per_second: taken / wall, cpu_us: cpu * 1e6 / taken }
}

fn ours(seconds: f64) -> Sample {
    let folder = tempfile::tempdir().unwrap();
    let server = Ours::start(folder.path(), None, false);
    // Nothing is sent to it: no answers are asked for.
    let probe = r#"{"base_url":"http://127.0.0.1:1"}"#;
    let (status, made) = Http::connect(server.address, &server.token).post("/faults/probe", probe);
    assert_eq!(status, 200, "the server is built without the feature `probe`: {}", String::from_utf8_lossy(&made));
    let made: serde_json::Value = serde_json::from_slice(&made).unwrap();
    let path = format!("/hooks/{}/{}", made["login"].as_str().unwrap(), made["hook"].as_str().unwrap());
    let sample = measured("ours", &server.process, server.address, &path, seconds);
    let (began, mut committed) = (Instant::now(), 0.0);
    // Whatever is left in the mailbox is read before the next one is measured.
    loop {
        let now = server.metric("kommutator_store_committed_total");
        if now <= committed {
            break;
        }
        committed = now;
        std::thread::sleep(Duration::from_millis(200));
    }
    println!("hook → 200, ours: {committed} commits in all; the mailbox was empty {:.1} s after the last hook", began.elapsed().as_secs_f64());
    sample
}

fn bare(seconds: f64) -> Sample {
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program).arg("bare-hooks").arg(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let process = Process::new(child);
    measured("bare route and commit", &process, line.trim().parse().unwrap(), "/hooks/login/secret", seconds)
}

/// The rows.
pub(crate) fn run(scale: Scale) -> Vec<Row> {
    let anchor = "bare route and commit";
    let mut rate = Row::new("provider webhook in → 200, SQLite FULL, 64 connections", "hooks/s", anchor, Goal::AtLeastTimes(0.7));
    let mut cpu = Row::new("the same: CPU (ours with what comes after the 200)", "µs per hook", anchor, Goal::None);
    let seconds = scale.seconds(8.0);
    for _ in 0..scale.runs {
        let (ours, bare) = (ours(seconds), bare(seconds));
        rate.ours.push(ours.per_second);
        rate.anchor.push(bare.per_second);
        cpu.ours.push(ours.cpu_us);
        cpu.anchor.push(bare.cpu_us);
    }
    vec![rate, cpu]
}

type Job = (Bytes, oneshot::Sender<()>);

/// The rows of a hook: that it was seen, and the entry of the mailbox.
fn write(connection: &Connection, jobs: &mut mpsc::Receiver<Job>) -> rusqlite::Result<()> {
    let mut begin = connection.prepare("BEGIN IMMEDIATE")?;
    let mut commit = connection.prepare("COMMIT")?;
    let mut seen = connection.prepare("INSERT INTO seen VALUES (7, ?1, 1800000000000)")?;
    let mut mailbox = connection.prepare("INSERT INTO mailbox VALUES (7, 5, ?1, ?2)")?;
    let mut place = 0i64;
    while let Some(first) = jobs.blocking_recv() {
        let mut done = Vec::new();
        begin.execute([])?;
        let mut next = Some(first);
        while let Some((body, answer)) = next.take() {
            place += 1;
            seen.execute([format!("hook/{place:064}").as_bytes()])?;
            mailbox.execute((place, &body[..]))?;
            done.push(answer);
            if done.len() < 512 {
                next = jobs.try_recv().ok();
            }
        }
        commit.execute([])?;
        for done in done {
            // A caller that is gone has ended its run.
            let _ = done.send(());
        }
    }
    Ok(())
}

/// The anchor's process: serves until it is ended, and prints where.
pub(crate) fn serve_bare(data: &str) {
    let connection = Connection::open(std::path::Path::new(data).join("bare.db")).unwrap();
    for (name, value) in [("journal_mode", "WAL"), ("synchronous", "FULL"), ("cache_size", "-32000"), ("wal_autocheckpoint", "4000")] {
        connection.pragma_update(None, name, value).unwrap();
    }
    let tables = "CREATE TABLE seen (ws INTEGER, key BLOB, until INTEGER, PRIMARY KEY (ws, key)) WITHOUT ROWID;
        CREATE TABLE mailbox (ws INTEGER, login INTEGER, number INTEGER, value BLOB, PRIMARY KEY (ws, login, number)) WITHOUT ROWID;";
    connection.execute_batch(tables).unwrap();
    let (jobs, mut queue) = mpsc::channel::<Job>(1_024);
    std::thread::spawn(move || write(&connection, &mut queue).unwrap());
    let take = async |jobs: Data<mpsc::Sender<Job>>, body: Bytes| {
        let (answer, committed) = oneshot::channel();
        assert!(jobs.send((body, answer)).await.is_ok());
        committed.await.unwrap();
        HttpResponse::Ok().finish()
    };
    actix_web::rt::System::new().block_on(async move {
        let app = move || App::new().app_data(Data::new(jobs.clone())).route("/hooks/{login}/{secret}", web::post().to(take));
        let server = HttpServer::new(app).bind("127.0.0.1:0").unwrap();
        println!("{}", server.addrs()[0]);
        std::io::stdout().flush().unwrap();
        server.run().await.unwrap();
    });
}
