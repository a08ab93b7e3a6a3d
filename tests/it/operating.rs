//! Doctor, backup, restore, dump and load, with the real program as a child process.
//!
//! * [`process`]: the program, serving or doing one thing

mod process;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use self::process::{Server, done, refused, run};
use crate::support::redis_server::RedisServer;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A folder with nothing but the key of another installation.
fn folder_with_key_of(data: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(data.join("kommutator.key"), folder.path().join("kommutator.key")).unwrap();
    folder
}

async fn first_conversation(server: &Server) -> String {
    server.get("/api/v1/conversations").await["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn write(server: &Server, conversation: &str, client_id: &str, body: &str, files: &[String]) -> String {
    let body = json!({"client_id": client_id, "text": body, "attachments": files}).to_string();
    let sent = server.post(&format!("/api/v1/conversations/{conversation}/messages"), body).await;
    sent["message"]["id"].as_str().unwrap().to_owned()
}

async fn upload(server: &Server, name: &str, content: Vec<u8>) -> String {
    server.post(&format!("/api/v1/files?name={name}"), content).await["id"].as_str().unwrap().to_owned()
}

/// Ids and texts of a conversation's messages, oldest first.
async fn messages(server: &Server, conversation: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut before = String::new();
    loop {
        let page = server.get(&format!("/api/v1/conversations/{conversation}/messages?limit=100{before}")).await;
        let items = page["items"].as_array().unwrap();
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        let mut older: Vec<_> = items.iter().map(|item| (text(item, "id"), text(item, "text"))).collect();
        older.append(&mut all);
        all = older;
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => return all,
        }
    }
}

/// Says hello with a cursor; the types of the frames up to `ready`, and its cursor.
async fn hello(server: &Server, cursor: Option<&str>) -> (Vec<String>, String) {
    let (mut socket, _) = connect_async(&server.ws_manager).await.unwrap();
    let hello = json!({"type": "hello", "token": server.token(), "cursor": cursor}).to_string();
    socket.send(Message::text(hello)).await.unwrap();
    let mut types = Vec::new();
    loop {
        let Message::Text(frame) = socket.next().await.unwrap().unwrap() else { continue };
        let frame: Value = serde_json::from_str(&frame).unwrap();
        types.push(frame["type"].as_str().unwrap().to_owned());
        if frame["type"] == "ready" {
            return (types, frame["cursor"].as_str().unwrap().to_owned());
        }
    }
}

/// The one file in a folder.
fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_beside_a_server_that_is_written_to_holds_what_was_accepted() {
    let (data, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Arc::new(Server::start(data.path(), &[]).await);
    let conversation = first_conversation(&server).await;
    let before = write(&server, &conversation, "before", "before the backup", &[]).await;

    let ends = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (server, conversation, ends) = (Arc::clone(&server), conversation.clone(), Arc::clone(&ends));
        async move {
            let mut number = 0;
            while !ends.load(Ordering::Relaxed) {
                number += 1;
                let file = upload(&server, "a.txt", format!("content {number}").into_bytes()).await;
                write(&server, &conversation, &format!("during-{number}"), &format!("message {number}"), &[file]).await;
            }
            number
        }
    });
    let told = done(&["backup", text(backups.path()), "--data", text(data.path())]).await;
    ends.store(true, Ordering::Relaxed);
    assert!(writer.await.unwrap() > 0);
    assert!(told.contains("kommutator.key"), "it names the key file: {told}");
    let backup = only_file(backups.path());
    let listed = std::process::Command::new("tar").arg("-tf").arg(&backup).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.starts_with("backup.json\nkommutator.sqlite3\n") && listed.ends_with("SHA256SUMS\n"), "{listed}");
    assert!(!listed.contains("kommutator.key"));

    let original = messages(&server, &conversation).await;
    let (_, cursor) = hello(&server, None).await;
    let restored = folder_with_key_of(data.path());
    done(&["restore", text(&backup), "--data", text(restored.path())]).await;
    let second = Server::start(restored.path(), &[]).await;
    let found = messages(&second, &conversation).await;
    assert!(found.iter().any(|(id, _)| *id == before));
    assert_eq!(found[..], original[..found.len()], "what was restored is the beginning of what there is");
    // Every file it names is there.
    second.everything().await;
    assert_eq!(hello(&second, Some(&cursor)).await.0, ["reset", "ready"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_installation_answers_every_read_as_the_first_did() {
    let (data, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(data.path(), &[]).await;
    let conversation = first_conversation(&server).await;
    let file = upload(&server, "price.txt", b"ten".to_vec()).await;
    let large = upload(&server, "large.bin", vec![0xa5; 3_000_000]).await;
    write(&server, &conversation, "with-files", "here you are", &[file, large]).await;
    server.post(&format!("/api/v1/conversations/{conversation}/close"), "").await;
    let all = server.everything().await;
    assert!(all.len() > 10, "{:?}", all.keys());
    let backup = place.path().join("one.tar");
    done(&["backup", text(&backup), "--data", text(data.path())]).await;
    server.stop().await;

    let restored = folder_with_key_of(data.path());
    done(&["restore", text(&backup), "--data", text(restored.path())]).await;
    let second = Server::start(restored.path(), &[]).await;
    assert_eq!(second.everything().await, all);
    // It goes on where the first ended.
    write(&second, &conversation, "after", "after the restore", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_goes_to_redis_and_back_and_every_read_stays() {
    let (data, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let redis = tokio::task::spawn_blocking(RedisServer::start).await.unwrap();
    let (url, key) = (redis.url(), data.path().join("kommutator.key"));
    let server = Server::start(data.path(), &[]).await;
    let conversation = first_conversation(&server).await;
    let file = upload(&server, "price.txt", b"ten".to_vec()).await;
    write(&server, &conversation, "with-file", "here you are", &[file]).await;
    let first = server.everything().await;
    let (_, cursor) = hello(&server, None).await;
    let dump = place.path().join("first.jsonl");
    let said = refused(&["dump", text(&dump), "--data", text(data.path())]).await;
    assert!(said.contains("in use by another process"), "{said}");
    server.stop().await;
    done(&["dump", text(&dump), "--data", text(data.path())]).await;

    let on_redis = ["--redis", &url, "--key-file", text(&key)];
    let node = tempfile::tempdir().unwrap();
    let with_redis = |command: &'static str, file: &'static str| {
        let file = place.path().join(file);
        let mut all = vec![command.to_owned(), text(&file).to_owned(), "--data".to_owned(), text(node.path()).to_owned()];
        all.extend(on_redis.iter().map(|argument| (*argument).to_owned()));
        all
    };
    done(&slices(&with_redis("load", "first.jsonl"))).await;
    copy_folder(&data.path().join("files"), &node.path().join("files"));
    let server = Server::start(node.path(), &on_redis).await;
    assert_eq!(server.everything().await, first);
    assert_eq!(hello(&server, Some(&cursor)).await.0, ["reset", "ready"]);

    // Neither a dump nor a backup is made of a Redis that is served.
    let (dump_again, back_up) = (with_redis("dump", "second.jsonl"), with_redis("backup", "redis.tar"));
    let (second, backup) = (place.path().join("second.jsonl"), place.path().join("redis.tar"));
    for command in [&dump_again, &back_up] {
        let said = refused(&slices(command)).await;
        assert!(said.contains("stop them first"), "{said}");
    }
    server.stop().await;
    done(&slices(&dump_again)).await;
    done(&slices(&back_up)).await;
    let said = refused(&slices(&with_redis("load", "second.jsonl"))).await;
    assert!(said.contains("not empty"), "{said}");

    // Back to SQLite: by the dump, and by the backup of Redis.
    let back = folder_with_key_of(data.path());
    done(&["load", text(&second), "--data", text(back.path())]).await;
    copy_folder(&data.path().join("files"), &back.path().join("files"));
    let server = Server::start(back.path(), &[]).await;
    assert_eq!(server.everything().await, first);
    server.stop().await;
    let back = folder_with_key_of(data.path());
    done(&["restore", text(&backup), "--data", text(back.path())]).await;
    let server = Server::start(back.path(), &[]).await;
    assert_eq!(server.everything().await, first);
}

fn slices(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_restored_is_refused_with_one_line_and_leaves_nothing() {
    let (data, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Server::start(data.path(), &[]).await.stop().await;
    let backup = place.path().join("whole.tar");
    done(&["backup", text(&backup), "--data", text(data.path())]).await;
    let said = refused(&["backup", text(&backup), "--data", text(data.path())]).await;
    assert!(said.contains("exists already"), "{said}");
    let said = refused(&["backup", text(&place.path().join("x.tar")), "--data", text(place.path())]).await;
    assert!(said.contains("there is no store"), "{said}");

    let whole = fs::read(&backup).unwrap();
    let broken = place.path().join("broken.tar");
    let restore = async |bytes: &[u8], into: &TempDir| {
        fs::write(&broken, bytes).unwrap();
        let said = refused(&["restore", text(&broken), "--data", text(into.path())]).await;
        let left: Vec<_> = fs::read_dir(into.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name == "kommutator.key"), "{said}: {left:?}");
        said
    };
    let empty = folder_with_key_of(data.path());
    for length in [600, whole.len() / 2, whole.len() - 3_000] {
        let said = restore(&whole[..length], &empty).await;
        assert!(said.contains("it was cut off"), "cut to {length}: {said}");
    }
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 1;
    assert!(restore(&altered, &empty).await.contains("was altered"));
    let place_of = |wanted: &[u8]| whole.windows(wanted.len()).position(|bytes| bytes == wanted).unwrap();
    let mut newer = whole.clone();
    newer[place_of(b"\"backup\": 1") + 10] = b'7';
    assert!(restore(&newer, &empty).await.contains("use a newer version"));
    assert!(restore(b"hello", &empty).await.contains("no backup"));
    assert!(restore(b"", &empty).await.contains("no backup"));

    let strange = tempfile::tempdir().unwrap();
    fs::write(strange.path().join("kommutator.key"), format!("1:{}\n", "ab".repeat(32))).unwrap();
    assert!(restore(&whole, &strange).await.contains("not the key the store was made with"));
    let keyless = tempfile::tempdir().unwrap();
    assert!(restore(&whole, &keyless).await.contains("is missing"));

    let said = refused(&["restore", text(&backup), "--data", text(data.path())]).await;
    assert!(said.contains("is not empty"), "{said}");
    assert!(data.path().join("kommutator.sqlite3").exists());
    done(&["restore", text(&backup), "--data", text(empty.path())]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_loaded_is_refused_with_one_line() {
    let (data, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Server::start(data.path(), &["--empty"]).await.stop().await;
    let dump = place.path().join("dump.jsonl");
    done(&["dump", text(&dump), "--data", text(data.path())]).await;
    assert!(refused(&["dump", text(&dump), "--data", text(data.path())]).await.contains("exists already"));
    assert!(refused(&["load", text(&dump), "--data", text(data.path())]).await.contains("not empty"));
    let strange = tempfile::tempdir().unwrap();
    fs::write(strange.path().join("kommutator.key"), format!("1:{}\n", "ab".repeat(32))).unwrap();
    assert!(refused(&["load", text(&dump), "--data", text(strange.path())]).await.contains("not the key the store was made with"));
    let whole = fs::read_to_string(&dump).unwrap();
    let broken = place.path().join("broken.jsonl");
    let empty = folder_with_key_of(data.path());
    for (what, words) in [
        (&whole[..whole.len() - 50], "cut off"),
        (&whole.replacen("{\"dump\":1", "{\"dump\":9", 1), "use a newer version"),
        (&whole.replacen("\"version\":1", "\"version\":2", 1), "altered"),
        ("hello\n", "no line of a dump"),
        ("", "no installation"),
    ] {
        fs::write(&broken, what).unwrap();
        let said = refused(&["load", text(&broken), "--data", text(empty.path())]).await;
        assert!(said.contains(words), "{said}");
    }
    done(&["load", text(&dump), "--data", text(empty.path())]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_what_is_wrong_and_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let fresh = run(&["doctor", "--data", text(&data.path().join("none")), "--listen", "127.0.0.1:1"]).await;
    assert!(String::from_utf8(fresh.stdout).unwrap().contains("is not there yet"));
    assert!(!data.path().join("none").exists());

    let server = Server::start(data.path(), &[]).await;
    let address = server.address().to_owned();
    let arguments = ["--data", text(data.path()), "--listen", &address];
    let doctor = async |further: &[&str]| {
        let output = run(&[&["doctor"], &arguments[..], further].concat()).await;
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(doctor(&["--quick"]).await, (Some(0), "ready\n".to_owned()));
    let (code, found) = doctor(&[]).await;
    let errors: Vec<&str> = found.lines().filter(|line| line.starts_with("error")).collect();
    // A test's program is often built without its front end; nothing else is wrong.
    assert!(errors.iter().all(|line| line.contains("front end")), "{found}");
    assert_eq!(code, Some(i32::from(!errors.is_empty())), "{found}");
    for words in
        ["a server owns it and is ready", "it fits the store", "is connected", "reaches this node", "1 owner(s)", "takes, gives and removes files"]
    {
        assert!(found.contains(words), "{words}: {found}");
    }
    server.stop().await;

    let contents = |folder: &Path| fs::read(folder.join("kommutator.sqlite3")).unwrap();
    let before = contents(data.path());
    assert_eq!(doctor(&["--quick"]).await.0, Some(1));
    let (_, found) = doctor(&[]).await;
    assert!(found.contains("nobody serves it; it can be written") && found.contains("no server answers"), "{found}");
    assert!(contents(data.path()) == before, "the doctor changed the store");

    fs::write(data.path().join("kommutator.key"), format!("1:{}\n", "ab".repeat(32))).unwrap();
    let (code, found) = doctor(&[]).await;
    assert!(code == Some(1) && found.contains("error    key"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_looks_at_redis_too() {
    let redis = tokio::task::spawn_blocking(RedisServer::start).await.unwrap();
    let data = tempfile::tempdir().unwrap();
    let (url, key) = (redis.url(), "ab".repeat(32));
    let server = Server::start(data.path(), &["--redis", &url, "--key", &key]).await;
    let output = run(&["doctor", "--data", text(data.path()), "--listen", server.address(), "--redis", &url, "--key", &key]).await;
    let found = String::from_utf8(output.stdout).unwrap();
    for words in ["1 node(s) serve it", "it fits the store", "it differs from the store's by", "maxmemory is not set"] {
        assert!(found.contains(words), "{words}: {found}");
    }
}
