//! Our server as a process: `kommutator demo --empty --limits off`.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use serde::Deserialize;

use crate::http::Http;
use crate::process::{Process, command};
use crate::socket::Socket;

#[derive(Deserialize)]
struct Printed {
    url: String,
    widget_key: String,
    token: String,
}

/// A running server.
pub(crate) struct Ours {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    pub(crate) widget: String,
    pub(crate) token: String,
}

impl Ours {
    /// Starts it on a data folder (and Redis, with a key of all ones) and waits until it serves. `pinned`: on core 0 alone.
    pub(crate) fn start(data: &Path, redis: Option<&str>, pinned: bool) -> Self {
        // Another build can be measured with the same bench.
        let program = std::env::var("BENCH_SERVER").unwrap_or_else(|_| env!("CARGO_BIN_EXE_kommutator").to_owned());
        let mut command = command(pinned, &program);
        command.args(["demo", "--json", "--empty", "--limits", "off", "--listen", "127.0.0.1:0", "--log-level", "warn", "--data"]).arg(data);
        if let Some(redis) = redis {
            command.args(["--redis", redis, "--key", &"11".repeat(32)]);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("kommutator does not start");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let process = Process::new(child);
        let printed: Printed = serde_json::from_str(&line).expect("kommutator said nothing of itself");
        let address = printed.url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
        Self { process, address, widget: printed.widget_key, token: printed.token }
    }

    /// A manager's socket, let in, resuming from a cursor if given.
    pub(crate) async fn manager(&self, cursor: Option<&str>) -> (Socket, String) {
        let mut socket = Socket::connect(self.address, "/ws/manager").await.unwrap();
        socket.send(&serde_json::json!({"type": "hello", "token": self.token, "cursor": cursor}).to_string()).await.unwrap();
        let ready = socket.until(r#""type":"ready""#).await.unwrap();
        (socket, ready)
    }

    /// A visitor's socket, let in, and what `ready` said.
    pub(crate) async fn visitor(&self, token: Option<&str>, cursor: Option<&str>) -> (Socket, String) {
        self.try_visitor(token, cursor).await.unwrap()
    }

    /// The same, where a server that is too busy may turn one away.
    pub(crate) async fn try_visitor(&self, token: Option<&str>, cursor: Option<&str>) -> std::io::Result<(Socket, String)> {
        let mut socket = Socket::connect(self.address, &format!("/ws/visitor?widget={}", self.widget)).await?;
        socket.send(&serde_json::json!({"type": "hello", "visitor_token": token, "cursor": cursor}).to_string()).await?;
        let ready = socket.until(r#""type":"ready""#).await?;
        Ok((socket, ready))
    }

    /// A number `/metrics` tells.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let (_, body) = Http::connect(self.address, "").get("/metrics");
        let text = String::from_utf8_lossy(&body);
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.trim().parse().ok()).unwrap_or(f64::NAN)
    }
}

/// A visitor's message.
pub(crate) fn send(client_id: &str, text: &str) -> String {
    format!(r#"{{"type":"send","client_id":"{client_id}","text":"{text}"}}"#)
}
