//! A disk that is full or read-only: a small real file system, which only root may mount. Where a test may not, it says so on standard
//! error, past the test harness, and proves nothing.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

use super::Seen;
use super::world::{settle, visitor};
use crate::support::client::{Happened, whole_log};
use crate::support::ledger::Ledger;
use crate::support::node::{Node, Plan, http};

/// A small file system of its own; taken off when dropped.
struct SmallDisk(PathBuf);

/// Runs a command of the system; `Err`: it may not be, and why.
fn system(words: &[&str]) -> Result<(), String> {
    match Command::new(words[0]).args(&words[1..]).output() {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => Err(format!("{}: {}", words.join(" "), String::from_utf8_lossy(&done.stderr).trim())),
        Err(error) => Err(format!("{}: {error}", words.join(" "))),
    }
}

/// What a test stands on, or a loud word that it proves nothing here.
fn proven<T>(ground: Result<T, String>) -> Option<T> {
    match ground {
        Ok(ground) => Some(ground),
        Err(why) => {
            let test = std::thread::current().name().unwrap_or_default().to_owned();
            let word = format!("{test}: NOT PROVEN HERE, it may not mount a small file system: {why}\n");
            // What is printed in the usual way is shown for failures only.
            std::io::stderr().write_all(word.as_bytes()).unwrap();
            None
        }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl SmallDisk {
    /// In memory.
    fn memory(at: &Path, size: &str) -> Result<Self, String> {
        std::fs::create_dir_all(at).unwrap();
        system(&["mount", "-t", "tmpfs", "-o", &format!("size={size}"), "none", text(at)])?;
        Ok(Self(at.to_owned()))
    }

    /// ext4 in a file, as on a disk: a journal, and read-only from the first error on.
    fn image(image: &Path, at: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(at).unwrap();
        if !image.exists() {
            std::fs::File::create(image).unwrap().set_len(48 << 20).unwrap();
            system(&["mkfs.ext4", "-q", "-F", text(image)])?;
        }
        system(&["mount", "-o", "loop,errors=remount-ro", text(image), text(at)])?;
        Ok(Self(at.to_owned()))
    }

    fn remount(&self, how: &str) -> Result<(), String> {
        system(&["mount", "-o", &format!("remount,{how}"), text(&self.0)])
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A mount that stays is named by the message of the command itself.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Runs a command of the product to its end.
fn kommutator(command: &str, data: &Path, port: u16) -> Output {
    let listen = format!("127.0.0.1:{port}");
    Command::new(env!("CARGO_BIN_EXE_kommutator")).args([command, "--data", text(data), "--listen", &listen]).output().unwrap()
}

/// The lines of `doctor` that begin so.
fn doctor(plan: &Plan, level: &str) -> Vec<String> {
    let said = String::from_utf8(kommutator("doctor", &plan.data, plan.port).stdout).unwrap();
    said.lines().filter_map(|line| line.strip_prefix(level)).map(|line| line.trim().to_owned()).collect()
}

/// Uploads a file as the owner: the status and the answer.
async fn upload(node: &Node, name: &str) -> (u16, Value) {
    let upload = format!("{}/api/v1/files?name={name}", node.url());
    let answer = http().post(upload).bearer_auth(&node.printed.token).body(vec![1_u8; 100_000]).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn status(node: &Node, path: &str) -> (u16, Value) {
    let answer = http().get(format!("{}{path}", node.url())).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// A start on a disk that is read-only.
pub(super) async fn read_only_start() -> Option<Seen> {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("disk");
    let disk = proven(SmallDisk::memory(&at, "32m"))?;
    let plan = Plan::new(&at);
    let ledger = Ledger::new();
    tokio::task::block_in_place(|| drop(Node::start(&plan)));
    // A store that was left as a killed process leaves it, and a place where there is none yet.
    disk.remount("ro").unwrap();
    let mut codes = BTreeSet::new();
    for data in [plan.data.clone(), at.join("another")] {
        let ended = tokio::task::block_in_place(|| kommutator("serve", &data, plan.port));
        let said = String::from_utf8(ended.stderr).unwrap();
        let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("kommutator: ")).collect();
        assert_eq!(lines.len(), 1, "{said}");
        codes.insert(format!("exit {}", ended.status.code().unwrap()));
        let names = |word: &str| lines[0].contains(word);
        assert!(names("Read-only file system") && names(text(&data)), "what, and where: {said}");
        assert!(names("mount") || names("cannot be made"), "how to mend it: {said}");
    }
    let errors = tokio::task::block_in_place(|| doctor(&plan, "error"));
    assert!(errors.iter().any(|line| line.starts_with("data folder") && line.contains("Read-only") && line.contains("mount")), "{errors:?}");
    disk.remount("rw").unwrap();
    let node = tokio::task::block_in_place(|| Node::start(&plan));
    let mut client = visitor(&node, "readonlystartvis1");
    client.send("r0", None, "после", &[], false).await;
    assert!(settle(&mut client, &ledger, "visitor").await.is_empty());
    Seen::over(codes, &ledger, &whole_log(&node.url(), &node.printed.token).await)
}

/// The disk under the store fails, as the kernel makes it fail: every write of whoever has its files open is refused from then on.
pub(super) async fn read_only_disk() -> Option<Seen> {
    let folder = tempfile::tempdir().unwrap();
    let (image, at) = (folder.path().join("image"), folder.path().join("disk"));
    let disk = proven(SmallDisk::image(&image, &at))?;
    // The log lies beside the data: it cannot be written either.
    let plan = Plan::new(&at.join("data"));
    let mut node = tokio::task::block_in_place(|| Node::start(&plan));
    let (mut client, ledger) = (visitor(&node, "readonlyvisitor01"), Ledger::new());
    for number in 0..20 {
        client.send(&format!("r{number}"), None, "до", &[], false).await;
    }
    settle(&mut client, &ledger, "visitor").await;
    let file = upload(&node, "before.bin").await;
    assert_eq!((file.0, status(&node, "/readyz").await.0), (201, 200));
    // As after an error of the disk: what was synced is there, nothing can be written any more.
    disk.remount("abort").unwrap();
    client.send("r20", None, "во время", &[], false).await;
    let refused = loop {
        match client.turn(Duration::from_secs(10)).await {
            Happened::Error(error) => break error,
            Happened::Accepted(accepted) => panic!("{accepted:?} on a disk that takes no writes"),
            _ => {}
        }
    };
    assert_eq!(refused["client_id"], "r20", "{refused}");
    assert!(refused["retry_after_ms"].as_u64().is_some_and(|pause| pause > 0));
    for (code, answer) in [upload(&node, "during.bin").await, status(&node, "/readyz").await] {
        assert_eq!((code, answer["code"].as_str()), (503, Some("store_read_only")), "{answer}");
    }
    assert!(node.runs(), "the process stays up");
    assert_eq!(status(&node, "/healthz").await.0, 200);
    // Reading goes on.
    let log = whole_log(&node.url(), &node.printed.token).await;
    assert_eq!((ledger.compare(&log).0, log.values().map(Vec::len).sum::<usize>()), (20, 20));
    let errors = tokio::task::block_in_place(|| doctor(&plan, "error"));
    let says = |what: &str, why: &str| errors.iter().any(|line| line.starts_with(what) && line.contains(why));
    assert!(says("data folder", "Read-only file system") && says("server", "takes no writes") && says("server", "start it anew"), "{errors:?}");
    // The kernel lets nobody write there until it was taken off and put back; for that the server must end.
    tokio::task::block_in_place(|| {
        node.signal("TERM");
        node.ended(Duration::from_secs(30));
        system(&["umount", text(&at)]).unwrap();
        std::mem::forget(disk);
    });
    let disk = SmallDisk::image(&image, &at).unwrap();
    let node = tokio::task::block_in_place(|| Node::start(&plan));
    let mut codes = settle(&mut client, &ledger, "visitor").await;
    *codes.entry(refused["code"].as_str().unwrap().to_owned()).or_default() += 1;
    let log = whole_log(&node.url(), &node.printed.token).await;
    assert_eq!(ledger.compare(&log).0, 21);
    drop(node);
    drop(disk);
    Seen::over(codes.into_keys(), &ledger, &log)
}

/// The folder with the files is a mount of its own: no file is open between uploads, so it can be made read-only and writable again.
pub(super) async fn read_only_files() -> Option<Seen> {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(&folder.path().join("data"));
    let files = plan.data.join("files");
    let disk = proven(SmallDisk::memory(&files, "8m"))?;
    let mut node = tokio::task::block_in_place(|| Node::start(&plan));
    let (mut client, ledger) = (visitor(&node, "readonlyfilesvis1"), Ledger::new());
    assert_eq!(upload(&node, "before.bin").await.0, 201);
    disk.remount("ro").unwrap();
    let (status_code, answer) = upload(&node, "during.bin").await;
    assert_eq!(status_code, 503, "{answer}");
    let errors = tokio::task::block_in_place(|| doctor(&plan, "error"));
    assert!(errors.iter().any(|line| line.starts_with("file store") && line.contains("read-only")), "{errors:?}");
    // Messages go on.
    client.send("f0", None, "без файла", &[], false).await;
    assert!(settle(&mut client, &ledger, "visitor").await.is_empty());
    assert_eq!(status(&node, "/readyz").await.0, 200);
    disk.remount("rw").unwrap();
    assert_eq!(upload(&node, "after.bin").await.0, 201);
    assert!(node.runs());
    let log = whole_log(&node.url(), &node.printed.token).await;
    drop(node);
    drop(disk);
    Seen::over([answer["code"].as_str().unwrap().to_owned()], &ledger, &log)
}

/// A disk without room, until there is some again.
pub(super) async fn full_disk() -> Option<Seen> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let disk = proven(SmallDisk::memory(&data, "8m"))?;
    let plan = Plan::new(&data);
    let mut node = tokio::task::block_in_place(|| Node::start(&plan));
    let (mut client, ledger) = (visitor(&node, "fulldiskvisitor01"), Ledger::new());
    client.send("d0", None, "до", &[], false).await;
    settle(&mut client, &ledger, "visitor").await;
    // Everything that is left is taken away.
    let filler = data.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    for size in [1 << 20, 4_096, 512] {
        while std::io::Write::write_all(&mut file, &vec![7; size]).is_ok() {}
    }
    drop(file);
    let mut number = 0;
    let refused = loop {
        if client.waiting() < 4 {
            number += 1;
            client.send(&format!("d{number}"), None, &"полный диск ".repeat(300), &[], false).await;
        }
        match client.turn(Duration::from_secs(10)).await {
            Happened::Error(error) => break error,
            Happened::Accepted(accepted) => ledger.note("visitor", accepted),
            _ => {}
        }
        assert!(number < 2_000, "the disk never fills");
    };
    assert!(refused["retry_after_ms"].as_u64().is_some_and(|pause| pause > 0));
    let upload = format!("{}/api/v1/files?name=a.bin", node.url());
    let answer = http().post(upload).bearer_auth(&node.printed.token).body(vec![1_u8; 100_000]).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["code"], "store_full");
    assert!(node.runs(), "the process stays up");
    assert_eq!(http().get(format!("{}/healthz", node.url())).send().await.unwrap().status(), 200);
    // Reading goes on.
    assert!(!whole_log(&node.url(), &node.printed.token).await.is_empty());
    std::fs::remove_file(&filler).unwrap();
    let mut codes = settle(&mut client, &ledger, "visitor").await;
    *codes.entry(refused["code"].as_str().unwrap().to_owned()).or_default() += 1;
    let log = whole_log(&node.url(), &node.printed.token).await;
    assert_eq!(ledger.compare(&log).0, number + 1);
    tokio::task::block_in_place(|| node.restart());
    let log = whole_log(&node.url(), &node.printed.token).await;
    assert_eq!(ledger.compare(&log).0, number + 1, "also after a start");
    drop(node);
    drop(disk);
    Seen::over(codes.into_keys(), &ledger, &log)
}
