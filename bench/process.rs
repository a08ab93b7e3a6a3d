//! Processes under test: pinning, CPU time and memory of a whole tree, and the end.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Scale;
use crate::report::Row;

/// The server's core and the load generator's, where there are two and `taskset`.
pub(crate) fn on_core(core: usize, program: &str) -> Command {
    let cores = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default().lines().filter(|line| line.starts_with("processor")).count();
    if cores < 2 || !Path::new("/usr/bin/taskset").exists() {
        return Command::new(program);
    }
    let mut command = Command::new("/usr/bin/taskset");
    command.args(["-c", &core.to_string(), program]);
    command
}

/// A command on both cores, or on the server's.
pub(crate) fn command(pinned: bool, program: &str) -> Command {
    if pinned { on_core(0, program) } else { Command::new(program) }
}

/// Runs one row in a process of its own, so that what one leaves behind does not disturb the next.
pub(crate) fn run_row(name: &str, pinned: bool, scale: Scale) -> Vec<Row> {
    let program = std::env::current_exe().unwrap().display().to_string();
    let mut command = if pinned { on_core(1, &program) } else { Command::new(program) };
    command.args(["row", name, "--runs", &scale.runs.to_string()]);
    if scale.tiny {
        command.arg("--tiny");
    }
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the bench does not start itself");
    let mut rows = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        match line.strip_prefix("ROW ") {
            Some(row) => rows.push(serde_json::from_str(row).unwrap()),
            None => println!("{line}"),
        }
    }
    if !child.wait().unwrap().success() {
        println!("{name}: FAILED");
    }
    print!("{}", crate::report::table(&rows));
    rows
}

/// A server under test; ended when dropped.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Over a child.
    pub(crate) fn new(child: Child) -> Self {
        Self { child }
    }

    /// User and system seconds of the process and its descendants so far.
    pub(crate) fn cpu(&self) -> f64 {
        // Clock ticks are hundredths of a second on every Linux that counts.
        self.tree().iter().map(|pid| ticks(*pid)).sum::<u64>() as f64 / 100.0
    }

    /// Proportional set size of the process and its descendants, in KiB.
    pub(crate) fn pss(&self) -> f64 {
        self.tree().iter().map(|pid| rollup(*pid, "Pss:")).sum()
    }

    /// Resident set size of the process and its descendants, in KiB.
    pub(crate) fn rss(&self) -> f64 {
        self.tree().iter().map(|pid| rollup(*pid, "Rss:")).sum()
    }

    fn tree(&self) -> Vec<u32> {
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        for entry in std::fs::read_dir("/proc").unwrap().map_while(Result::ok) {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
            let Some(parent) = stat(pid).get(1).and_then(|field| field.parse().ok()) else { continue };
            children.entry(parent).or_default().push(pid);
        }
        let mut tree = vec![self.child.id()];
        let mut at = 0;
        while let Some(pid) = tree.get(at).copied() {
            tree.extend(children.get(&pid).into_iter().flatten());
            at += 1;
        }
        tree
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGTERM first, so that servers with workers take them along.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        for _ in 0..200 {
            if self.child.try_wait().unwrap().is_some() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The fields of `/proc/PID/stat` after the name: state, parent, …
fn stat(pid: u32) -> Vec<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    text.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().map(str::to_owned).collect()).unwrap_or_default()
}

fn ticks(pid: u32) -> u64 {
    let fields = stat(pid);
    [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum()
}

fn rollup(pid: u32, field: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}
