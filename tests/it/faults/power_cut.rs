//! P1 against a power cut. A killed process alone loses nothing that the kernel has, so here the disk is watched instead: the product
//! runs under `strace`, which writes down, in one order, what is written to the database's files, what is synced, and what is said to
//! clients. Cut anywhere, a disk holds what was synced before the cut, and of the rest whatever it pleases: nothing, everything, or
//! any part. From each such disk the database is opened, and every message that was called accepted before the cut must be in it.
//!
//! A device mapper that drops writes (dm-flakey) needs a kernel module that build machines rarely have; this needs `strace` alone,
//! and where even that is missing (or tracing is forbidden) the test says so and proves nothing.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use kommutator::model::message::Message;
use kommutator::store::port::{DumpItem, Engine};
use kommutator::store::sqlite::SqliteEngine;
use kommutator::store::table::Record;

use crate::support::client::{Client, Happened, Role};
use crate::support::node::{Dice, Node, Plan, full, report, seed};

/// What the trace says happened, in order.
#[derive(Debug, Clone)]
enum Step {
    Opened {
        file: PathBuf,
        truncated: bool,
    },
    Wrote {
        file: PathBuf,
        at: u64,
        bytes: Vec<u8>,
    },
    Cut {
        file: PathBuf,
        length: u64,
    },
    /// A sync ended: everything written to the file before it began is on the disk.
    Synced {
        file: PathBuf,
        begun: usize,
    },
    Removed {
        file: PathBuf,
    },
    /// The process began to say that these are durable.
    Accepted {
        keys: Vec<String>,
    },
}

/// The text between quotes of a `strace -xx` argument, as bytes; `None`: it was abbreviated.
fn bytes_of(quoted: &str) -> Option<(Vec<u8>, &str)> {
    let start = quoted.find('"')? + 1;
    let end = start + quoted[start..].find('"')?;
    let rest = &quoted[end + 1..];
    if rest.starts_with("...") {
        return None;
    }
    Some((unhex(&quoted[start..end]), rest))
}

fn unhex(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|hex| u8::from_str_radix(hex, 16).unwrap()).collect()
}

/// What lies behind a descriptor: `-y` writes it as 12<path>.
fn path_of(line: &str) -> Option<PathBuf> {
    let start = line.find('<')? + 1;
    let end = start + line[start..].find('>')?;
    let text = &line[start..end];
    Some(PathBuf::from(if text.starts_with("\\x") { String::from_utf8(unhex(text)).ok()? } else { text.to_owned() }))
}

fn keys_in(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.split("{\"type\":\"accepted\",\"client_id\":\"").skip(1).filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect()
}

/// Reads a trace. Calls of other threads may come between a call's beginning and its end.
fn steps(trace: &str, folder: &Path) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut begun: HashMap<&str, (usize, String)> = HashMap::new();
    // The shared-memory file is made anew at every start: nothing in it has to survive.
    let ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        path.starts_with(folder) && name.starts_with("kommutator.sqlite3") && !name.ends_with("-shm")
    };
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        let (whole, since) = if let Some(head) = call.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, (steps.len(), head.to_owned()));
            // What goes to a socket may arrive before the call ends.
            if head.starts_with("write") || head.starts_with("send") {
                say(head, &mut steps);
            }
            continue;
        } else if call.starts_with("<... ") {
            let Some((since, head)) = begun.remove(thread) else { continue };
            let tail = call.split_once("resumed>").map_or("", |(_, tail)| tail);
            (head + tail, since)
        } else {
            let now = steps.len();
            if call.starts_with("write") || call.starts_with("send") {
                say(call, &mut steps);
            }
            (call.to_owned(), now)
        };
        if whole.rsplit(" = ").next().is_none_or(|result| result.starts_with('-')) {
            continue;
        }
        let name = whole.split('(').next().unwrap_or_default();
        let file = if name.starts_with("unlink") || name == "openat" { None } else { path_of(&whole).filter(ours) };
        match (name, file) {
            ("pwrite64", Some(file)) => {
                let (bytes, rest) = bytes_of(&whole).expect("strace shows whole writes");
                let numbers: Vec<u64> = rest.split(')').next().unwrap().split(',').filter_map(|part| part.trim().parse().ok()).collect();
                steps.push(Step::Wrote { file, at: numbers[1], bytes });
            }
            ("fdatasync" | "fsync", Some(file)) => steps.push(Step::Synced { file, begun: since }),
            ("ftruncate", Some(file)) => {
                let length = whole.split(", ").nth(1).unwrap().split(')').next().unwrap().parse().unwrap();
                steps.push(Step::Cut { file, length });
            }
            ("openat", None) if whole.contains("O_CREAT") => {
                let result = whole.rsplit(" = ").next().unwrap();
                if let Some(file) = path_of(result).filter(ours) {
                    steps.push(Step::Opened { file, truncated: whole.contains("O_TRUNC") });
                }
            }
            ("unlink" | "unlinkat", None) => {
                if let Some((bytes, _)) = bytes_of(&whole) {
                    let file = PathBuf::from(String::from_utf8(bytes).unwrap());
                    if ours(&file) {
                        steps.push(Step::Removed { file });
                    }
                }
            }
            _ => {}
        }
    }
    steps
}

fn say(call: &str, steps: &mut Vec<Step>) {
    let to = path_of(call).unwrap_or_default();
    if !to.to_string_lossy().starts_with("socket:") && !to.to_string_lossy().starts_with("TCP") {
        return;
    }
    let mut rest = call;
    let mut bytes = Vec::new();
    while let Some((part, after)) = bytes_of(rest) {
        bytes.extend(part);
        rest = after;
    }
    let keys = keys_in(&bytes);
    if !keys.is_empty() {
        steps.push(Step::Accepted { keys });
    }
}

/// How a disk treats what was written and not synced.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Nothing,
    Everything,
    Some,
}

/// The files as a disk holds them after a cut behind this step.
fn disk(steps: &[Step], fate: Fate, dice: &mut Dice) -> BTreeMap<PathBuf, Vec<u8>> {
    // A write is on the disk for sure once a sync of its file that began after it has ended.
    let mut synced: HashMap<&PathBuf, usize> = HashMap::new();
    for step in steps {
        if let Step::Synced { file, begun } = step {
            let reached = synced.entry(file).or_default();
            *reached = (*reached).max(*begun);
        }
    }
    let mut files: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        let mut holds = |file: &PathBuf| {
            synced.get(file).is_some_and(|reached| at < *reached)
                || match fate {
                    Fate::Nothing => false,
                    Fate::Everything => true,
                    Fate::Some => dice.below(2) == 0,
                }
        };
        match step {
            Step::Opened { file, truncated } => {
                let content = files.entry(file.clone()).or_default();
                if *truncated {
                    content.clear();
                }
            }
            Step::Wrote { file, at, bytes } => {
                if holds(file) {
                    let content = files.entry(file.clone()).or_default();
                    let (start, end) = (usize::try_from(*at).unwrap(), usize::try_from(*at).unwrap() + bytes.len());
                    content.resize(content.len().max(end), 0);
                    content[start..end].copy_from_slice(bytes);
                }
            }
            Step::Cut { file, length } => {
                if holds(file) {
                    files.entry(file.clone()).or_default().resize(usize::try_from(*length).unwrap(), 0);
                }
            }
            Step::Removed { file } => {
                files.remove(file);
            }
            Step::Synced { .. } | Step::Accepted { .. } => {}
        }
    }
    files
}

/// The keys of all messages in the store.
async fn keys_of(engine: &Arc<dyn Engine>) -> BTreeMap<String, u32> {
    let mut keys = BTreeMap::new();
    for partition in engine.partitions().await.unwrap() {
        let mut place = None;
        loop {
            let (items, next) = engine.dump(partition, place).await.unwrap();
            for item in items {
                if let DumpItem::Record { table, value, .. } = item
                    && table == Message::TABLE
                {
                    let message: serde_json::Value = serde_json::from_slice(&value).unwrap();
                    *keys.entry(message["client_id"].as_str().unwrap().to_owned()).or_default() += 1;
                }
            }
            match next {
                Some(next) => place = Some(next),
                None => break,
            }
        }
    }
    keys
}

fn can_trace() -> bool {
    Command::new("strace").args(["-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_power_cut_loses_nothing_accepted() {
    if !can_trace() {
        println!("not proven here: strace is not installed or may not trace");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let mut plan = Plan::new(&folder.path().join("data"));
    let calls = "trace=pwrite64,fdatasync,fsync,ftruncate,openat,unlink,unlinkat,write,writev,sendto,sendmsg";
    let words = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", calls, "-e", "signal=none", "-o"];
    plan.under = words.iter().map(|word| (*word).to_owned()).chain([trace.to_str().unwrap().to_owned()]).collect();
    let mut node = tokio::task::block_in_place(|| Node::start(&plan));
    let (writers, goal, cuts) = if full() { (16, 3_000, 100) } else { (6, 150, 25) };
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let role = Role::Visitor { widget: node.printed.widget_key.clone(), nonce: format!("powercutvisitor{writer:04}") };
        let mut client = Client::new(role, vec![plan.url()]);
        client.patience = Duration::from_secs(60);
        tasks.push(tokio::spawn(async move {
            let mut accepted = 0;
            let mut number = 0;
            while accepted < goal / writers {
                if client.waiting() < 3 {
                    client.send(&format!("p{writer}-{number}"), None, &format!("слово {number}"), &[], false).await;
                    number += 1;
                }
                if let Happened::Accepted(_) = client.turn(Duration::from_millis(20)).await {
                    accepted += 1;
                }
            }
            accepted
        }));
    }
    let mut accepted = 0;
    for task in tasks {
        accepted += task.await.unwrap();
    }
    tokio::task::block_in_place(|| node.kill());
    let text = std::fs::read_to_string(&trace).unwrap();
    let steps = steps(&text, &plan.data);
    let said: usize = steps.iter().map(|step| if let Step::Accepted { keys } = step { keys.len() } else { 0 }).sum();
    assert!(said >= accepted, "the trace shows {said} of {accepted} answers");
    let first = steps.iter().position(|step| matches!(step, Step::Accepted { .. })).unwrap();
    let mut dice = Dice::new(seed());
    let (mut opened, mut checked) = (0, 0);
    for cut in 0..cuts {
        let behind = first + 1 + usize::try_from(dice.below((steps.len() - first) as u64)).unwrap();
        let steps = &steps[..behind.min(steps.len())];
        for fate in [Fate::Nothing, Fate::Some, Fate::Everything] {
            let home = folder.path().join(format!("cut{cut}{fate:?}"));
            for (file, bytes) in disk(steps, fate, &mut dice) {
                let place = home.join(file.strip_prefix(&plan.data).unwrap());
                std::fs::create_dir_all(place.parent().unwrap()).unwrap();
                std::fs::write(place, bytes).unwrap();
            }
            let engine: Arc<dyn Engine> = SqliteEngine::open(&home).unwrap_or_else(|error| panic!("cut {cut} {fate:?} at {behind}: {error}"));
            let keys = keys_of(&engine).await;
            for key in steps.iter().flat_map(|step| if let Step::Accepted { keys } = step { keys.as_slice() } else { &[] }) {
                assert_eq!(keys.get(key), Some(&1), "cut {cut} {fate:?} behind step {behind}: {key} was accepted and is lost");
                checked += 1;
            }
            if cut % 10 == 0 {
                crate::support::recount::recount(&engine).await;
            }
            engine.close().await;
            std::fs::remove_dir_all(home).unwrap();
            opened += 1;
        }
    }
    // The proof can fail: on a disk that keeps nothing but what was synced before the first answer, everything later is lost.
    let early: Vec<Step> =
        steps.iter().enumerate().filter(|(at, step)| *at < first || !matches!(step, Step::Synced { .. })).map(|(_, step)| step.clone()).collect();
    let held: usize = disk(&early, Fate::Nothing, &mut dice).values().map(Vec::len).sum();
    let whole: usize = disk(&steps, Fate::Nothing, &mut dice).values().map(Vec::len).sum();
    assert!(held < whole, "syncs make the difference: {held} and {whole} bytes");
    let syncs = steps.iter().filter(|step| matches!(step, Step::Synced { .. })).count();
    report(
        "soak_power_cut",
        "Every write, sync and answer of the process is traced; the database is opened from what a disk would hold after a cut behind random steps: only what was synced, that and any part of the rest, everything.",
        &[
            ("messages accepted", accepted.to_string()),
            ("syncs", syncs.to_string()),
            ("disks opened", opened.to_string()),
            ("accepted messages looked up in them, lost, doubled", format!("{checked}, 0, 0")),
        ],
    );
}
