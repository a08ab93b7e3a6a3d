//! A minimal HTTP client with one kept connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One connection, one request at a time.
pub(crate) struct Http {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    token: String,
}

impl Http {
    /// Connects. `token`: sent as a bearer's, if there is one.
    pub(crate) fn connect(address: SocketAddr, token: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { stream: BufReader::with_capacity(64 * 1024, stream), address, token: token.to_owned() }
    }

    /// GET; status and body.
    pub(crate) fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n", self.address, self.token))
    }

    /// POST of JSON; status and body.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> (u16, Vec<u8>) {
        let (host, token, length) = (self.address, &self.token, body.len());
        let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n");
        self.ask(&format!("{head}Content-Length: {length}\r\n\r\n{body}"))
    }

    fn ask(&mut self, request: &str) -> (u16, Vec<u8>) {
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut status, mut length, mut chunked) = (0, 0, false);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(rest) = line.strip_prefix("content-length:") {
                length = rest.trim().parse().unwrap();
            } else if line.starts_with("transfer-encoding: chunked") {
                chunked = true;
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        if !chunked {
            self.stream.read_exact(&mut body).unwrap();
            return (status, body);
        }
        loop {
            let mut size = String::new();
            self.stream.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            self.stream.read_exact(&mut chunk).unwrap();
            if size == 0 {
                return (status, body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
}
