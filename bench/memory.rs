//! Memory of an idle visitor's socket: (PSS of the process tree with 5,000 sockets − without) / 5,000, and each server at rest.

use std::time::Duration;

use crate::Scale;
use crate::ours::Ours;
use crate::peers::{self, Peer};
use crate::process::Process;
use crate::report::{Goal, Row};
use crate::socket::Socket;

/// How long a server rests before it is looked at.
const REST: Duration = Duration::from_secs(5);

/// KiB at rest, and KiB per socket.
async fn measure<F: Future<Output = Socket>>(name: &str, process: &Process, sockets: usize, connect: impl Fn() -> F) -> (f64, f64) {
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = process.pss();
    let mut open = Vec::with_capacity(sockets);
    for _ in 0..sockets {
        open.push(connect().await);
    }
    tokio::time::sleep(REST).await;
    let each = (process.pss() - before) / sockets as f64;
    println!("idle sockets, {name}: {:.1} MiB at rest, {each:.2} KiB per socket", before / 1_024.0);
    (before / 1_024.0, each)
}

async fn socketio(peer: &Peer) -> Socket {
    let mut socket = Socket::connect(peer.address, "/socket.io/?EIO=4&transport=websocket").await.unwrap();
    socket.until("0{").await.unwrap();
    socket.send("40").await.unwrap();
    socket.until("40{").await.unwrap();
    socket
}

async fn all(scale: Scale) -> Vec<Row> {
    let sockets = scale.of(5_000);
    let row = |anchor: &str, goal| Row::new("memory per idle visitor socket", "KiB", anchor, goal);
    let rest = |anchor: &str, goal| Row::new("process at rest (PSS)", "MiB", anchor, goal);
    let (mut nchan, mut node) = (row("nchan", Goal::AtMost(12.0)), row("socket.io", Goal::None));
    let (mut nchan_rest, mut node_rest) = (rest("nchan", Goal::AtMost(30.0)), rest("socket.io", Goal::None));
    for _ in 0..scale.runs {
        let folder = tempfile::tempdir().unwrap();
        let ours = Ours::start(folder.path(), None, true);
        let (base, each) = measure("ours", &ours.process, sockets, || async { ours.visitor(None, None).await.0 }).await;
        drop(ours);
        for (each_row, rest_row) in [(&mut nchan, &mut nchan_rest), (&mut node, &mut node_rest)] {
            each_row.ours.push(each);
            rest_row.ours.push(base);
        }
        if let Some(peer) = peers::nchan() {
            let (base, each) = measure("nchan", &peer.process, sockets, || async { Socket::connect(peer.address, "/sub").await.unwrap() }).await;
            nchan.anchor.push(each);
            nchan_rest.anchor.push(base);
        }
        if let Some(peer) = peers::socketio() {
            let (base, each) = measure("socket.io", &peer.process, sockets, || socketio(&peer)).await;
            node.anchor.push(each);
            node_rest.anchor.push(base);
        }
    }
    vec![nchan, node, nchan_rest, node_rest]
}

/// The rows.
pub(crate) fn run(scale: Scale) -> Vec<Row> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(all(scale))
}
