//! Memory of the process with 100,000 conversations known (listed by a manager) and 1,000 of them active: their visitors' sockets are
//! open and each has just written.

use std::time::{Duration, Instant};

use crate::Scale;
use crate::bulk;
use crate::http::Http;
use crate::ours::{Ours, send};
use crate::report::{Goal, Row};

async fn all(scale: Scale) -> Vec<Row> {
    let row = |name: &str, goal| Row::new(name, "MiB", "", goal);
    let mut pss = row("100,000 conversations known, 1,000 active (PSS)", Goal::AtMost(150.0));
    let mut rss = row("the same (RSS)", Goal::None);
    let mut known = row("100,000 conversations known and listed (PSS)", Goal::None);
    // One data folder for all runs, each with a fresh process.
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let written = bulk::fill(folder.path(), scale.of(100_000), 0).await;
    println!("{} conversations written in {:.1} s", scale.of(100_000), began.elapsed().as_secs_f64());
    for run in 0..scale.runs {
        let ours = Ours::start(folder.path(), None, false);
        let (mut manager, _) = ours.manager(None).await;
        let (status, _) = Http::connect(ours.address, &ours.token).get("/api/v1/conversations");
        assert_eq!(status, 200);
        tokio::time::sleep(Duration::from_secs(2)).await;
        known.ours.push(ours.process.pss() / 1_024.0);
        let mut sockets = Vec::new();
        for visitor in written.visitors.iter().take(scale.of(1_000)) {
            let (mut socket, _) = ours.visitor(Some(&visitor.token), Some(&visitor.cursor)).await;
            socket.send(&send(&format!("active-{run}"), "Добрый день, вы работаете сегодня?")).await.unwrap();
            socket.until(r#""type":"accepted""#).await.unwrap();
            sockets.push(socket);
        }
        // What the manager was shown meanwhile is taken, so that it is nobody's queue.
        let _ = tokio::time::timeout(Duration::from_secs(3), async { while manager.read(|_| {}).await.is_ok_and(|open| open) {} }).await;
        pss.ours.push(ours.process.pss() / 1_024.0);
        rss.ours.push(ours.process.rss() / 1_024.0);
        println!(
            "conversations known: {:.1} MiB, and active: {:.1} MiB PSS, {:.1} MiB RSS",
            known.ours.last().unwrap(),
            pss.ours.last().unwrap(),
            rss.ours.last().unwrap()
        );
    }
    vec![known, pss, rss]
}

/// The rows.
pub(crate) fn run(scale: Scale) -> Vec<Row> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(all(scale))
}
