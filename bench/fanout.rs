//! One message to 1,000 sockets: server CPU per delivery and the time from publishing to reading, beside nchan and socket.io.
//!
//! Ours are managers' sockets, let in by a token and resumable by their cursors; the publisher is a visitor's socket, so each message is
//! also committed to disk before it is shown, and each is followed by a `conversation.updated` frame. The peers hand over the same text from
//! memory, without auth. A delivery is the message's own frame at one socket.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::Scale;
use crate::ours::{Ours, send};
use crate::peers::{self, Peer};
use crate::process::Process;
use crate::report::{Goal, Row, percentile};
use crate::socket::Socket;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Ours,
    Nchan,
    Socketio,
}

enum Server {
    Ours(Box<Ours>),
    Peer(Peer),
}

impl Server {
    fn process(&self) -> &Process {
        match self {
            Self::Ours(ours) => &ours.process,
            Self::Peer(peer) => &peer.process,
        }
    }
}

/// What one step measured.
struct Sample {
    cpu_us: f64,
    p99_ms: f64,
}

#[derive(Default)]
struct Read {
    frames: u64,
    milliseconds: Vec<f64>,
}

/// A text of 200 bytes that says when it was published.
fn marked(start: Instant) -> String {
    format!("~~{:020}{}", start.elapsed().as_nanos(), "x".repeat(178))
}

/// When the text in a frame was published.
fn mark(frame: &[u8], start: Instant) -> Option<f64> {
    let at = frame.windows(2).position(|pair| pair == b"~~")? + 2;
    let digits = std::str::from_utf8(frame.get(at..at + 20)?).ok()?;
    Some((start.elapsed().as_nanos() as f64 - digits.parse::<f64>().ok()?) / 1e6)
}

/// Whether a frame of ours is the message itself and not what goes with it.
fn is_message(frame: &[u8]) -> bool {
    frame.get(..160).unwrap_or(frame).windows(15).any(|part| part == br#""message.added""#)
}

async fn subscribe(side: Side, server: &Server) -> Socket {
    match server {
        Server::Ours(ours) => ours.manager(None).await.0,
        Server::Peer(peer) if side == Side::Nchan => Socket::connect(peer.address, "/sub").await.unwrap(),
        Server::Peer(peer) => socketio(peer).await,
    }
}

async fn socketio(peer: &Peer) -> Socket {
    let mut socket = Socket::connect(peer.address, "/socket.io/?EIO=4&transport=websocket").await.unwrap();
    socket.until("0{").await.unwrap();
    socket.send("40").await.unwrap();
    socket.until("40{").await.unwrap();
    socket
}

/// Publishes at a steady rate until told to end; answers how many.
async fn publish(side: Side, server: &Server, rate: f64, seconds: f64, start: Instant) -> u64 {
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    let wanted = (rate * seconds) as u64;
    match server {
        Server::Ours(ours) => {
            let (mut socket, _) = ours.visitor(None, None).await;
            // A server that falls behind is waited for: it answers everything, and what it refuses is not asked again.
            let (mut sent, mut accepted, mut refused) = (0, 0, 0);
            while accepted + refused < wanted {
                tokio::select! {
                    _ = ticks.tick(), if sent < wanted && sent - accepted - refused < 32 => {
                        sent += 1;
                        socket.send(&send(&format!("bench-{sent}"), &marked(start))).await.unwrap();
                    }
                    open = socket.read(|text| {
                        accepted += u64::from(text.starts_with(br#"{"type":"accepted""#));
                        refused += u64::from(text.starts_with(br#"{"type":"error""#));
                    }) => assert!(open.unwrap()),
                }
            }
            return accepted;
        }
        Server::Peer(peer) if side == Side::Nchan => {
            let mut stream = TcpStream::connect(peer.address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            for _ in 0..wanted {
                ticks.tick().await;
                let text = marked(start);
                stream.write_all(format!("POST /pub HTTP/1.1\r\nHost: b\r\nContent-Length: {}\r\n\r\n{text}", text.len()).as_bytes()).await.unwrap();
                let mut answer = [0; 2_048];
                let length = stream.read(&mut answer).await.unwrap();
                assert!(answer[..length].starts_with(b"HTTP/1.1 20"), "{}", String::from_utf8_lossy(&answer[..length]));
            }
        }
        Server::Peer(peer) => {
            let mut socket = socketio(peer).await;
            // It hears itself; a socket closed with unread answers would take what it has just said along.
            let (mut sent, mut heard) = (0, 0);
            while heard < wanted {
                tokio::select! {
                    _ = ticks.tick(), if sent < wanted => {
                        sent += 1;
                        socket.send(&format!(r#"42["pub","{}"]"#, marked(start))).await.unwrap();
                    }
                    open = socket.read(|text| heard += u64::from(text.starts_with(b"42"))) => assert!(open.unwrap()),
                }
            }
        }
    }
    wanted
}

async fn step(side: Side, sockets: usize, rate: f64, seconds: f64) -> Option<Sample> {
    let folder = tempfile::tempdir().unwrap();
    let server = Rc::new(match side {
        Side::Ours => Server::Ours(Box::new(Ours::start(folder.path(), None, true))),
        Side::Nchan => Server::Peer(peers::nchan()?),
        Side::Socketio => Server::Peer(peers::socketio()?),
    });
    let (start, read) = (Instant::now(), Rc::new(RefCell::new(Read::default())));
    let (mut readers, mut open) = (Vec::new(), Vec::new());
    while open.len() < sockets {
        let portion = (0..50.min(sockets - open.len())).map(|_| subscribe(side, &server));
        open.extend(futures_util::future::join_all(portion).await);
    }
    for mut socket in open {
        let read = Rc::clone(&read);
        readers.push(tokio::task::spawn_local(async move {
            let take = |frame: &[u8]| {
                let mut read = read.borrow_mut();
                read.frames += 1;
                if side == Side::Ours && !is_message(frame) {
                    return;
                }
                if let Some(milliseconds) = mark(frame, start) {
                    read.milliseconds.push(milliseconds);
                }
            };
            let mut take = take;
            while socket.read(&mut take).await.is_ok_and(|open| open) {}
        }));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, began) = (server.process().cpu(), Instant::now());
    let sent = publish(side, &server, rate, seconds, start).await;
    let wanted = sent * sockets as u64;
    let until = Instant::now() + Duration::from_secs(20);
    while (read.borrow().milliseconds.len() as u64) < wanted && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let cpu = server.process().cpu() - before;
    let wall = began.elapsed().as_secs_f64();
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    let mut read = read.borrow_mut();
    let (got, frames) = (read.milliseconds.len(), read.frames);
    let name = match side {
        Side::Ours => "ours",
        Side::Nchan => "nchan",
        Side::Socketio => "socket.io",
    };
    let sample = Sample { cpu_us: cpu * 1e6 / got as f64, p99_ms: percentile(&mut read.milliseconds, 0.99) };
    println!(
        "fan-out {name}: {:.0} deliveries/s asked, {got} of {wanted} delivered in {wall:.1} s, {frames} frames, {:.2} µs CPU per delivery, p50 {:.1} ms, p99 {:.1} ms",
        rate * sockets as f64,
        sample.cpu_us,
        percentile(&mut read.milliseconds, 0.5),
        sample.p99_ms
    );
    Some(sample)
}

/// The rows.
pub(crate) fn run(scale: Scale) -> Vec<Row> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sockets = if scale.tiny { 50 } else { 1_000 };
    let mut rows = Vec::new();
    for rate in [50.0, 100.0] {
        let thousands = rate as usize;
        let cpu = |anchor: &str, goal| Row::new(format!("fan-out 1→1,000 at {thousands}k deliveries/s: server CPU"), "µs per delivery", anchor, goal);
        let p99 = |anchor: &str, goal| Row::new(format!("fan-out 1→1,000 at {thousands}k deliveries/s: publish→read p99"), "ms", anchor, goal);
        let goal = if thousands == 50 { Goal::AtMostTimes(1.0) } else { Goal::None };
        let mut both = [
            (Side::Nchan, cpu("nchan", Goal::AtMostTimes(1.0)), p99("nchan", goal)),
            (Side::Socketio, cpu("socket.io", Goal::None), p99("socket.io", Goal::None)),
        ];
        for _ in 0..scale.runs {
            let measure = |side| LocalSet::new().block_on(&runtime, step(side, sockets, rate, scale.seconds(5.0)));
            let ours = measure(Side::Ours);
            for (side, cpu, p99) in &mut both {
                let peer = measure(*side);
                for (sample, ours) in [(&ours, true), (&peer, false)] {
                    let Some(sample) = sample else { continue };
                    if ours { &mut cpu.ours } else { &mut cpu.anchor }.push(sample.cpu_us);
                    if ours { &mut p99.ours } else { &mut p99.anchor }.push(sample.p99_ms);
                }
            }
        }
        rows.extend(both.into_iter().flat_map(|(_, cpu, p99)| [cpu, p99]));
    }
    rows
}
