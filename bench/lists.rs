//! The list of 100,000 open conversations, the newest 50 of a log with a million messages, and search in a million messages, over HTTP.
//!
//! The anchors: an answer without a store (`/healthz`) for lists, and for the log a bare read of the same 50 rows from the same file.

use std::path::Path;
use std::time::{Duration, Instant};

use kommutator::store::sqlite::FILE;

use crate::Scale;
use crate::bulk::{self, word};
use crate::http::Http;
use crate::ours::Ours;
use crate::report::{Goal, Row, percentile};

/// p50 and p99 in milliseconds of what is done so often.
fn timed(times: usize, mut once: impl FnMut(usize)) -> (f64, f64) {
    let mut milliseconds: Vec<f64> = (0..times)
        .map(|at| {
            let began = Instant::now();
            once(at);
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    (percentile(&mut milliseconds, 0.5), percentile(&mut milliseconds, 0.99))
}

fn ok(http: &mut Http, path: &str) -> serde_json::Value {
    let (status, body) = http.get(path);
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap_or_default()
}

/// Waits until the index is built; seconds.
fn index(http: &mut Http) -> f64 {
    let began = Instant::now();
    while ok(http, "/api/v1/search?q=%D0%B7%D0%B0%D0%BA%D0%B0%D0%B7")["complete"] != true {
        assert!(began.elapsed() < Duration::from_secs(900), "the index is not built");
        std::thread::sleep(Duration::from_millis(500));
    }
    began.elapsed().as_secs_f64()
}

/// Percent-encodes all of a text.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A bare read of the newest 50 messages of the long log, as the engine lays them out.
fn bare(data: &Path, long: u64, times: usize) -> (f64, f64) {
    let connection = rusqlite::Connection::open_with_flags(data.join(FILE), rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let space: i64 = connection
        .query_row(
            "SELECT record.space FROM record JOIN name ON name.id = record.space & 65535 WHERE tbl = 'message' AND idx = '' LIMIT 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let mut newest = connection.prepare("SELECT value FROM record WHERE space = ?1 AND grp = ?2 ORDER BY item DESC LIMIT 50").unwrap();
    timed(times, |_| {
        let rows = newest.query_map((space, &long.to_be_bytes()[..]), |row| row.get::<_, Vec<u8>>(0)).unwrap();
        assert!(rows.count() > 0);
    })
}

/// The rows.
pub(crate) fn run(scale: Scale) -> Vec<Row> {
    let row = |name: &str, anchor: &str, goal| Row::new(name, "ms p99", anchor, goal);
    let health = "GET /healthz";
    let mut first = row("list of 100,000: first page", health, Goal::None);
    let mut deep = row("list of 100,000: page after 50,000", health, Goal::None);
    let mut counters = row("list of 100,000: counters", health, Goal::None);
    let mut newest = row("newest 50 of a log with 1 M messages", "bare read of the rows", Goal::AtMost(2.0));
    let mut search = row("search in 1 M messages", "", Goal::AtMost(50.0));
    let mut rare = row("the same: two words, few found", "", Goal::None);
    let mut built = Row::new("the index of 1 M messages built from the records", "s", "", Goal::None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    // One data folder for all runs: a million messages are not written three times.
    let written = runtime.block_on(bulk::fill(folder.path(), scale.of(100_000), scale.of(900_000)));
    println!("a million messages written in {:.1} s", began.elapsed().as_secs_f64());
    let times = if scale.tiny { 20 } else { 500 };
    for _ in 0..scale.runs {
        let _ = std::fs::remove_file(folder.path().join("search.sqlite3")); // so that each run builds it
        let ours = Ours::start(folder.path(), None, false);
        let mut http = Http::connect(ours.address, &ours.token);
        built.ours.push(index(&mut http));
        // The list has loaded its rows once before it is timed.
        let mut cursor = ok(&mut http, "/api/v1/conversations?limit=100")["next"].as_str().map(str::to_owned);
        for _ in 0..scale.of(500) {
            let Some(place) = cursor else { break };
            cursor = ok(&mut http, &format!("/api/v1/conversations?limit=100&cursor={}", encoded(&place)))["next"].as_str().map(str::to_owned);
        }
        let place = encoded(&cursor.unwrap_or_default());
        let (_, alive) = timed(times, |_| assert_eq!(http.get("/healthz").0, 200));
        let mut take = |row: &mut Row, path: &dyn Fn(usize) -> String| {
            let (p50, p99) = timed(times, |at| drop(ok(&mut http, &path(at))));
            println!("{}: p50 {p50:.2} ms, p99 {p99:.2} ms", row.name);
            row.ours.push(p99);
        };
        take(&mut first, &|_| "/api/v1/conversations".to_owned());
        take(&mut deep, &|_| format!("/api/v1/conversations?cursor={place}"));
        take(&mut counters, &|_| "/api/v1/conversations/counters".to_owned());
        for row in [&mut first, &mut deep, &mut counters] {
            row.anchor.push(alive);
        }
        take(&mut newest, &|_| format!("/api/v1/conversations/{}/messages?limit=50", written.long));
        newest.anchor.push(bare(folder.path(), written.long.0, times).1);
        take(&mut search, &|at| format!("/api/v1/search?q={}", encoded(&word(at * 7 % 1_000))));
        take(&mut rare, &|at| format!("/api/v1/search?q={}", encoded(&format!("{} {}", word(at % 1_000), word(1_000 + at * 5)))));
    }
    vec![first, deep, counters, newest, search, rare, built]
}
