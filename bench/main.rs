//! Side-by-side benchmarks: each row measures ours and its anchor in one run, in turns, and prints the ratio. See `bench/RESULTS.md`.
//!
//! `bench/run.sh` builds and runs everything; `side_by_side ROW… [--tiny] [--runs N]` runs some rows.
//!
//! * [`fanout`], [`memory`], [`accept`], [`hooks`], [`rest`], [`resume`], [`lists`]: the rows
//! * [`bare_sqlite`], [`bare_redis`]: the anchors of `accept`
//! * [`ours`], [`peers`]: the servers under test, as processes of their own
//! * [`socket`], [`http`]: cheap clients; [`process`]: CPU time and memory of a process tree
//! * [`bulk`]: writes many conversations and messages through the store's port
//! * [`report`]: medians, ratios, the table
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod accept;
mod bare_redis;
mod bare_sqlite;
mod bulk;
mod fanout;
mod hooks;
mod http;
mod lists;
mod memory;
mod ours;
mod peers;
mod process;
#[path = "../tests/it/support/redis_server.rs"]
mod redis_server;
mod report;
mod rest;
mod resume;
mod socket;

use report::Row;

/// How large and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// Runs of each row; odd, for the median.
    pub(crate) runs: usize,
    /// A hundredth of everything, to see that it works.
    pub(crate) tiny: bool,
}

impl Scale {
    /// This many, or a hundredth of it.
    pub(crate) fn of(self, full: usize) -> usize {
        if self.tiny { (full / 100).max(1) } else { full }
    }

    /// Seconds a measurement takes.
    pub(crate) fn seconds(self, full: f64) -> f64 {
        if self.tiny { 1.0 } else { full }
    }
}

/// Name, whether the load generator is pinned beside the server, and the row.
type Bench = (&'static str, bool, fn(Scale) -> Vec<Row>);

const BENCHES: &[Bench] = &[
    ("fanout", true, fanout::run),
    ("memory", true, memory::run),
    ("accept", false, accept::sqlite),
    ("accept-redis", false, accept::redis),
    ("hooks", false, hooks::run),
    ("rest", false, rest::run),
    ("resume", true, resume::run),
    ("lists", false, lists::run),
];

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let mut scale = Scale { runs: 3, tiny: false };
    if let Some(at) = arguments.iter().position(|argument| argument == "--tiny") {
        arguments.remove(at);
        scale.tiny = true;
    }
    if let Some(at) = arguments.iter().position(|argument| argument == "--runs") {
        scale.runs = arguments[at + 1].parse().expect("--runs N");
        arguments.drain(at..at + 2);
    }
    // One row in a process of its own, which a parent has started.
    if arguments.first().is_some_and(|first| first == "row") {
        let (_, _, run) = BENCHES.iter().find(|(name, ..)| *name == arguments[1]).expect("no such row");
        for row in run(scale) {
            println!("ROW {}", serde_json::to_string(&row).unwrap());
        }
        return;
    }
    // An anchor in a process of its own.
    if arguments.first().is_some_and(|first| first == "bare-hooks") {
        return hooks::serve_bare(&arguments[1]);
    }
    if let Some(unknown) = arguments.iter().find(|argument| !BENCHES.iter().any(|(name, ..)| name == argument)) {
        eprintln!("no row is called {unknown}; there are: {}", BENCHES.map_names());
        std::process::exit(2);
    }
    let mut rows = Vec::new();
    println!("{}", report::machine());
    for (name, pinned, _) in BENCHES.iter().filter(|(name, ..)| arguments.is_empty() || arguments.iter().any(|argument| argument == name)) {
        rows.extend(process::run_row(name, *pinned, scale));
    }
    println!("\n{}\n{}", report::machine(), report::table(&rows));
}

/// The names of benches, for a message.
trait Names {
    fn map_names(&self) -> String;
}

impl Names for [Bench] {
    fn map_names(&self) -> String {
        self.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ")
    }
}
