//! A mail server as far as tests need one: it keeps every letter it is handed, or fails in the way it is told to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE64_MIME;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::app::PATIENCE;

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes everything.
    Kind,
    /// Refuses every address for good.
    Refuses,
    /// Has no time now.
    Busy,
    /// Takes the letter and hangs up before it says so.
    DropsAfterData,
    /// Never says a word.
    Silent,
}

/// A letter it took.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) to: String,
    /// As it came.
    pub(crate) raw: String,
}

impl Taken {
    /// A header as it stands.
    pub(crate) fn header(&self, name: &str) -> &str {
        let head = self.raw.split("\r\n\r\n").next().unwrap();
        let line = head.split("\r\n").find(|line| line.to_lowercase().starts_with(&format!("{}:", name.to_lowercase())));
        line.map_or("", |line| line.split_once(": ").map_or("", |(_, value)| value))
    }

    /// The plain text, decoded.
    pub(crate) fn text(&self) -> String {
        let part = self.raw.split("Content-Type: text/plain").nth(1).expect("a text part");
        let (head, body) = part.split_once("\r\n\r\n").unwrap();
        let body = body.split("\r\n--").next().unwrap();
        let text = match head {
            _ if head.contains("base64") => String::from_utf8(BASE64_MIME.decode(body.as_bytes()).unwrap()).unwrap(),
            _ if head.contains("quoted-printable") => quoted(body),
            _ => body.to_owned(),
        };
        text.replace("\r\n", "\n")
    }

    /// What follows the `#` of its link.
    pub(crate) fn token(&self) -> String {
        self.text().split('#').nth(1).expect("a link").split_whitespace().next().unwrap().to_owned()
    }
}

fn quoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let (mut out, mut bytes) = (Vec::new(), joined.bytes());
    while let Some(byte) = bytes.next() {
        if byte != b'=' {
            out.push(byte);
            continue;
        }
        let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
        out.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
    }
    String::from_utf8(out).unwrap()
}

/// The running server; ends with the test's runtime.
pub(crate) struct FakeSmtp {
    pub(crate) url: String,
    manner: Arc<Mutex<Manner>>,
    taken: watch::Sender<Vec<Taken>>,
    /// How many connections came.
    calls: Arc<AtomicUsize>,
}

impl FakeSmtp {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp-plain://{}", listener.local_addr().unwrap());
        let (manner, taken, calls) = (Arc::new(Mutex::new(Manner::Kind)), watch::Sender::new(Vec::new()), Arc::new(AtomicUsize::new(0)));
        let (now, into, count) = (Arc::clone(&manner), taken.clone(), Arc::clone(&calls));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, into) = (*now.lock().unwrap(), into.clone());
                count.fetch_add(1, Ordering::SeqCst);
                // A client that hangs up ends its talk.
                tokio::spawn(async move { talk(stream, manner, &into).await });
            }
        });
        Self { url, manner, taken, calls }
    }

    pub(crate) fn be(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// What it took so far for an address.
    pub(crate) fn to(&self, address: &str) -> Vec<Taken> {
        self.taken.borrow().iter().filter(|letter| letter.to == address).cloned().collect()
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Waits for the letter of this number (from 1) to an address.
    pub(crate) async fn letter(&self, address: &str, number: usize) -> Taken {
        let mut taken = self.taken.subscribe();
        let there = |all: &Vec<Taken>| all.iter().filter(|letter| letter.to == address).count() >= number;
        tokio::time::timeout(PATIENCE, taken.wait_for(there)).await.expect("no letter came").unwrap();
        self.to(address).swap_remove(number - 1)
    }
}

async fn talk(stream: TcpStream, manner: Manner, taken: &watch::Sender<Vec<Taken>>) -> Option<()> {
    if manner == Manner::Silent {
        tokio::time::sleep(Duration::from_secs(60)).await;
        return None;
    }
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let greeting = if manner == Manner::Busy { "421 later\r\n" } else { "220 fake\r\n" };
    write.write_all(greeting.as_bytes()).await.ok()?;
    let mut to = String::new();
    loop {
        let line = lines.next_line().await.ok()??;
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-fake\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            "RCPT" if manner == Manner::Refuses => "550 no such mailbox\r\n",
            "RCPT" => {
                to = line.split(['<', '>']).nth(1)?.to_owned();
                "250 ok\r\n"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                let mut raw = String::new();
                loop {
                    let line = lines.next_line().await.ok()??;
                    if line == "." {
                        break;
                    }
                    raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    raw.push_str("\r\n");
                }
                taken.send_modify(|all| all.push(Taken { to: to.clone(), raw }));
                if manner == Manner::DropsAfterData {
                    return None;
                }
                "250 taken\r\n"
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await.ok()?;
                return Some(());
            }
            _ => "250 ok\r\n",
        };
        write.write_all(answer.as_bytes()).await.ok()?;
    }
}
