//! 5,000 visitors come back at once, each one message behind: until all have resumed, what they read from the store, and memory. The
//! anchor is 5,000 new visitors, who have missed nothing, on the same server.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use crate::Scale;
use crate::bulk::{self, Known};
use crate::ours::Ours;
use crate::report::{Goal, Row};

const READS: &str = "kommutator_store_reads_total";

/// Seconds until all are in, and store reads per socket.
async fn come(ours: &Rc<Ours>, visitors: Vec<Option<Known>>) -> (f64, f64, Vec<crate::socket::Socket>) {
    let (before, began, count) = (ours.metric(READS), Instant::now(), visitors.len());
    let mut coming = Vec::new();
    for visitor in visitors {
        let ours = Rc::clone(ours);
        coming.push(tokio::task::spawn_local(async move {
            let (token, cursor) = visitor.as_ref().map(|known| (known.token.as_str(), known.cursor.as_str())).unzip();
            // Who is turned away comes back, as the widget does; the time counts.
            let (mut tries, mut in_at_last) = (0, None);
            while in_at_last.is_none() {
                tries += 1;
                assert!(tries < 20, "a visitor is never let in");
                in_at_last = ours.try_visitor(token, cursor).await.ok();
            }
            let (socket, ready) = in_at_last.unwrap();
            assert!(cursor.is_none() || ready.contains(r#""resumed":true"#), "{ready}");
            (socket, tries - 1)
        }));
    }
    let (mut sockets, mut again) = (Vec::new(), 0);
    for one in coming {
        let (socket, turned_away) = one.await.unwrap();
        sockets.push(socket);
        again += turned_away;
    }
    println!("{count} visitors in, {again} tries turned away");
    (began.elapsed().as_secs_f64(), (ours.metric(READS) - before) / count as f64, sockets)
}

async fn all(scale: Scale) -> Vec<Row> {
    let count = scale.of(5_000);
    let mut time = Row::new("resume of 5,000 visitors at once: until all are in", "s", "5,000 new visitors", Goal::None);
    let mut reads = Row::new("the same: store reads per socket", "reads", "new visitors", Goal::None);
    let mut memory = Row::new("the same: memory per socket afterwards", "KiB", "", Goal::None);
    for _ in 0..scale.runs {
        let folder = tempfile::tempdir().unwrap();
        let written = bulk::fill(folder.path(), count, 0).await;
        let ours = Rc::new(Ours::start(folder.path(), None, true));
        let (seconds, each, sockets) = come(&ours, (0..count).map(|_| None).collect()).await;
        time.anchor.push(seconds);
        reads.anchor.push(each);
        drop(sockets);
        tokio::time::sleep(Duration::from_secs(3)).await;
        let before = ours.process.pss();
        let (seconds, each, sockets) = come(&ours, written.visitors.into_iter().map(Some).collect()).await;
        time.ours.push(seconds);
        reads.ours.push(each);
        tokio::time::sleep(Duration::from_secs(3)).await;
        memory.ours.push((ours.process.pss() - before).max(0.0) / count as f64);
        println!("{} resumed in {seconds:.2} s, {each:.2} reads each", sockets.len());
    }
    vec![time, reads, memory]
}

/// The rows.
pub(crate) fn run(scale: Scale) -> Vec<Row> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, all(scale))
}
