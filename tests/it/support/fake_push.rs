//! A push service and the browsers behind it: it keeps what it is handed, opened as a browser would, or answers as it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use data_encoding::BASE64URL_NOPAD;
use hkdf::Hkdf;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::app::PATIENCE;

/// A push it was handed.
#[derive(Debug, Clone)]
pub(crate) struct Pushed {
    /// The browser it was for.
    pub(crate) device: String,
    pub(crate) headers: BTreeMap<String, String>,
    /// What it says.
    pub(crate) says: Value,
}

impl Pushed {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.says[name].as_str().unwrap_or_default()
    }
}

/// The running service; ends with the test's runtime.
pub(crate) struct FakePush {
    url: String,
    /// What the application says it is known by.
    pub(crate) known_by: Arc<Mutex<String>>,
    answers: Arc<Mutex<BTreeMap<String, u16>>>,
    taken: watch::Sender<Vec<Pushed>>,
    calls: watch::Sender<usize>,
}

/// The key of a browser: the same for the same name.
fn key(device: &str) -> SecretKey {
    let mut bytes = [7; 32];
    for (at, byte) in device.bytes().enumerate().take(30) {
        bytes[at + 1] = byte;
    }
    SecretKey::from_slice(&bytes).unwrap()
}

const AUTH: [u8; 16] = [5; 16];

fn public(key: &PublicKey) -> Vec<u8> {
    key.to_sec1_point(false).as_bytes().to_vec()
}

impl FakePush {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service =
            Self { url, known_by: Arc::default(), answers: Arc::default(), taken: watch::Sender::new(Vec::new()), calls: watch::Sender::new(0) };
        let (answers, taken, calls, audience) = (Arc::clone(&service.answers), service.taken.clone(), service.calls.clone(), service.url.clone());
        let known_by = Arc::clone(&service.known_by);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, taken, calls, audience) = (Arc::clone(&answers), taken.clone(), calls.clone(), audience.clone());
                let known_by = Arc::clone(&known_by);
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    while let Some((device, headers, body)) = request(&mut stream).await {
                        let status = answers.lock().unwrap().get(&device).copied().unwrap_or(201);
                        if status == 201 {
                            vouched(&headers["authorization"], &audience, &known_by.lock().unwrap());
                            let says = serde_json::from_slice(&open(&device, &body)).unwrap();
                            taken.send_modify(|all| all.push(Pushed { device, headers, says }));
                        }
                        calls.send_modify(|calls| *calls += 1);
                        let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
                        stream.get_mut().write_all(answer.as_bytes()).await.ok();
                    }
                });
            }
        });
        service
    }

    /// What a browser of this name says where it takes pushes.
    pub(crate) fn subscription(&self, device: &str) -> Value {
        let p256dh = BASE64URL_NOPAD.encode(&public(&key(device).public_key()));
        json!({ "endpoint": format!("{}/{device}", self.url), "expirationTime": null, "keys": { "p256dh": p256dh, "auth": BASE64URL_NOPAD.encode(&AUTH) } })
    }

    /// From now on it answers this for a browser.
    pub(crate) fn answer(&self, device: &str, status: u16) {
        self.answers.lock().unwrap().insert(device.to_owned(), status);
    }

    /// Everything it took.
    pub(crate) fn all(&self) -> Vec<Pushed> {
        self.taken.borrow().clone()
    }

    pub(crate) fn calls(&self) -> usize {
        *self.calls.borrow()
    }

    /// Waits until it was called so often.
    pub(crate) async fn called(&self, times: usize) {
        let mut calls = self.calls.subscribe();
        tokio::time::timeout(PATIENCE, calls.wait_for(|calls| *calls >= times)).await.expect("it was not called").unwrap();
    }

    /// Waits for the push of this number (from 1) to a browser; trials are not counted.
    pub(crate) async fn push(&self, device: &str, number: usize) -> Pushed {
        let is_it = |push: &Pushed| push.device == device && push.text("tag") != "trial";
        let mut taken = self.taken.subscribe();
        let there = |all: &Vec<Pushed>| all.iter().filter(|push| is_it(push)).count() >= number;
        tokio::time::timeout(PATIENCE, taken.wait_for(there))
            .await
            .unwrap_or_else(|_| panic!("no push {number} to {device}: {:?}", self.all()))
            .unwrap();
        self.all().into_iter().filter(is_it).nth(number - 1).unwrap()
    }
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, BTreeMap<String, String>, Vec<u8>)> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let device = line.split(' ').nth(1)?.trim_start_matches('/').to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some((device, headers, body))
}

/// Who sends proves it (RFC 8292), with the key the browser was told.
fn vouched(header: &str, audience: &str, known_by: &str) {
    let (token, public) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(public, known_by, "the key the browser subscribed with");
    let (said, signature) = token.rsplit_once('.').unwrap();
    let bytes = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    VerifyingKey::from_sec1_bytes(&bytes(public)).unwrap().verify(said.as_bytes(), &Signature::from_slice(&bytes(signature)).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&bytes(said.split('.').nth(1).unwrap())).unwrap();
    assert_eq!(claims["aud"], audience);
}

/// Opens a text as a browser does (RFC 8291).
fn open(device: &str, body: &[u8]) -> Vec<u8> {
    let (salt, rest) = body.split_at(16);
    let (theirs, sealed) = rest[5..].split_at(65);
    let own = key(device);
    let shared = own.diffie_hellman(&PublicKey::from_sec1_bytes(theirs).unwrap());
    let derive = |salt: &[u8], from: &[u8], info: &[u8], out: &mut [u8]| Hkdf::<Sha256>::new(Some(salt), from).expand(info, out).unwrap();
    let (mut secret, mut key, mut nonce) = ([0; 32], [0; 16], [0; 12]);
    let info = [b"WebPush: info\0".as_slice(), &public(&own.public_key()), theirs].concat();
    derive(&AUTH, shared.raw_secret_bytes(), &info, &mut secret);
    derive(salt, &secret, b"Content-Encoding: aes128gcm\0", &mut key);
    derive(salt, &secret, b"Content-Encoding: nonce\0", &mut nonce);
    let mut text = Aes128Gcm::new(&key.into()).decrypt(&Nonce::from(nonce), sealed).unwrap();
    assert_eq!(text.pop(), Some(2), "one record, the last");
    text
}
