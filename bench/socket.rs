//! A minimal WebSocket client: text frames only, no copies of what it reads. Its own cost would be part of what it measures.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A client's socket.
pub(crate) struct Socket {
    stream: TcpStream,
    /// The part of a frame that has come so far.
    partial: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; 256 * 1024]);
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

impl Socket {
    /// Connects and shakes hands.
    pub(crate) async fn connect(address: SocketAddr, path: &str) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::with_capacity(512);
        // Byte by byte at the end of the head: what follows it are frames.
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).await?;
            head.push(byte[0]);
        }
        if !head.starts_with(b"HTTP/1.1 101") {
            return Err(io::Error::other(String::from_utf8_lossy(&head).into_owned()));
        }
        Ok(Self { stream, partial: Vec::new() })
    }

    /// Sends a text.
    pub(crate) async fn send(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(&frame(TEXT, text.as_bytes())).await
    }

    /// Reads what has come, at least something, and gives each text to `take`. `false`: the socket has ended.
    pub(crate) async fn read(&mut self, mut take: impl FnMut(&[u8])) -> io::Result<bool> {
        loop {
            self.stream.readable().await?;
            let mut answer = None;
            let read = SCRATCH.with_borrow_mut(|scratch| {
                let read = self.stream.try_read(scratch)?;
                let Self { partial, .. } = self;
                let new = &scratch[..read];
                let rest = if partial.is_empty() {
                    let used = frames(new, &mut take, &mut answer);
                    new[used..].to_vec()
                } else {
                    partial.extend_from_slice(new);
                    let used = frames(partial, &mut take, &mut answer);
                    partial.split_off(used)
                };
                *partial = rest;
                Ok::<_, io::Error>(read)
            });
            match read {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
            match answer {
                Some((CLOSE, _)) => return Ok(false),
                Some((opcode, payload)) => self.stream.write_all(&frame(opcode, &payload)).await?,
                None => {}
            }
            return Ok(true);
        }
    }

    /// Reads until a text contains `what`; gives that text.
    pub(crate) async fn until(&mut self, what: &str) -> io::Result<String> {
        loop {
            let mut found = None;
            let open = self
                .read(|text| {
                    let text = String::from_utf8_lossy(text);
                    if found.is_none() && text.contains(what) {
                        found = Some(text.into_owned());
                    }
                })
                .await?;
            if let Some(found) = found {
                return Ok(found);
            }
            if !open {
                return Err(io::Error::other(format!("the socket ended before {what}")));
            }
        }
    }
}

/// A masked frame; the mask is zero, which leaves the payload as it is.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// Takes whole frames from the front; how many bytes they were.
fn frames(bytes: &[u8], take: &mut impl FnMut(&[u8]), answer: &mut Option<(u8, Vec<u8>)>) -> usize {
    let mut used = 0;
    loop {
        let rest = &bytes[used..];
        let [first, second, ..] = rest else { return used };
        let (head, length) = match second & 0x7f {
            126 if rest.len() >= 4 => (4, usize::from(u16::from_be_bytes([rest[2], rest[3]]))),
            127 if rest.len() >= 10 => (10, u64::from_be_bytes(rest[2..10].try_into().unwrap()) as usize),
            126 | 127 => return used,
            length => (2, usize::from(length)),
        };
        let Some(payload) = rest.get(head..head + length) else { return used };
        match first & 0x0f {
            PING => *answer = Some((PONG, payload.to_vec())),
            CLOSE => *answer = Some((CLOSE, Vec::new())),
            TEXT => take(payload),
            _ => {}
        }
        used += head + length;
    }
}
