//! A real `redis-server` as a child process: its own folder, its own port, every write synced, gone when dropped.

// Each engine's tests use their own part of it.
#![allow(dead_code)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running server, or a killed one that can be started again on its data.
pub(crate) struct RedisServer {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts a server on an empty folder and a free port and waits until it answers.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Somebody else may take the free port before the server does: then another one is tried.
        for _ in 0..10 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            if let Some(child) = spawn(folder.path(), port) {
                return Self { folder, port, child: Some(child) };
            }
        }
        panic!("redis-server does not start; is it installed?");
    }

    /// Its address for a client.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Its port on the loopback.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where it keeps its append-only file.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills it as a power cut would (SIGKILL); connections break at once.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Kills it if it runs and starts it again on the same folder and port.
    pub(crate) fn restart(&mut self) {
        self.kill();
        // A port the kernel has not released yet makes the server end at once: it is started again until it stays.
        let until = Instant::now() + Duration::from_secs(20);
        while self.child.is_none() {
            assert!(Instant::now() < until, "redis-server does not start again on port {}", self.port);
            self.child = spawn(self.folder.path(), self.port);
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A server that answers `PING`, or nothing if it ended first.
fn spawn(folder: &Path, port: u16) -> Option<Child> {
    let port_text = port.to_string();
    let mut child = Command::new("redis-server")
        .args(["--port", &port_text, "--bind", "127.0.0.1", "--dir"])
        .arg(folder)
        .args(["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--daemonize", "no"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is not installed");
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        if answers(port) {
            return Some(child);
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// Whether it answers `PING`; while it loads its file it answers with an error.
fn answers(port: u16) -> bool {
    let limit = Duration::from_millis(200);
    let Ok(mut stream) = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), limit) else { return false };
    stream.set_read_timeout(Some(limit)).unwrap();
    if stream.write_all(b"PING\r\n").is_err() {
        return false;
    }
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).is_ok() && &answer == b"+PONG"
}

#[test]
fn it_starts_answers_and_comes_back_on_its_port() {
    let mut server = RedisServer::start();
    assert!(answers(server.port()));
    server.kill();
    assert!(!answers(server.port()));
    server.restart();
    assert!(answers(server.port()));
    assert!(server.folder().join("appendonlydir").exists());
    assert_eq!(server.url(), format!("redis://127.0.0.1:{}/", server.port()));
}
