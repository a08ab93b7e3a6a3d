//! The installation's keys: where they come from, sealing and opening, the check value, rotation.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret, SecretBox, SecretSlice, SecretString};

use super::keyfile::{self, KeyBytes};
use crate::model::time::World;

/// Where keys come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A file; made at the first start on an empty store.
    File(PathBuf),
    /// The text of such a file, given by configuration. Needed where several nodes share one store.
    Given(SecretString),
}

/// Why there is no keyring. Each is one line for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The store has data and the file is not there.
    #[error("the key file {} is missing, but the store holds data sealed with it: put the file back from your copy", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file is there and can't be read.
    #[error("the key file {} cannot be read ({error}): check its owner and mode", path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// The file can't be written.
    #[error("the key file {} cannot be written ({error}): check the folder's owner, mode and free space", path.display())]
    Unwritable {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// The text holds no keys.
    #[error("{origin}, line {line}: {what}; a key is written as NUMBER:64 hex digits, e.g. made by `openssl rand -hex 32`")]
    Malformed {
        /// The file, or the setting.
        origin: String,
        /// Which line.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// The store was made with other keys.
    #[error("this is not the key the store was made with ({0}): start with the key file that belongs to this data")]
    WrongKey(String),
    /// Keys of the configuration are changed there.
    #[error("the key is given by configuration: add this line's key there on every node, then restart")]
    NotAFile,
}

/// Why something sealed cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not something [`Keyring::seal`] made.
    #[error("this is not a sealed secret")]
    Malformed,
    /// Sealed with a key that is not on the ring.
    #[error("sealed with key {0}, which is not among the given keys")]
    UnknownKey(u32),
    /// The key is another one, the context is another one, or the bytes were changed.
    #[error("the sealed secret does not fit key {0} or its place")]
    Refused(u32),
}

/// The installation's keys. Cheap to share behind an `Arc`; shows only the numbers of its keys.
pub struct Keyring {
    source: KeySource,
    keys: BTreeMap<u32, KeyBytes>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("keys", &self.keys.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

const CHECK_CONTEXT: &str = "kommutator:check";
const CHECK_TEXT: &[u8] = b"kommutator";
const NONCE: usize = 24;

impl Keyring {
    /// Takes the keys from their source. On an empty store a missing key file is made; on one that holds data it is an
    /// error, since a new key could open nothing of it.
    ///
    /// # Errors
    /// Each [`KeyError`] is one line for the operator.
    pub fn open(source: KeySource, store_is_empty: bool, world: &dyn World) -> Result<Self, KeyError> {
        let keys = match &source {
            KeySource::Given(text) => keyfile::parse(text.expose_secret(), "the key given by configuration")?,
            KeySource::File(path) => match keyfile::read(path)? {
                Some(text) => keyfile::parse(text.expose_secret(), &format!("the key file {}", path.display()))?,
                None if store_is_empty => {
                    let keys = BTreeMap::from([(1, new_key(world))]);
                    keyfile::write(path, &keyfile::text(&keys), true)?;
                    tracing::info!(path = %path.display(), "made the key file; keep a copy of it apart from the data");
                    keys
                }
                None => return Err(KeyError::Missing { path: path.clone() }),
            },
        };
        Ok(Self { source, keys })
    }

    /// Encrypts a secret. `context` says whose it is (e.g. `login:ID`): the same context must be given to open it, so a
    /// sealed secret copied to another record does not open there.
    ///
    /// The text is `s1.KEY.BASE64URL(nonce, ciphertext)`.
    #[must_use]
    pub fn seal(&self, context: &str, plain: &[u8], world: &dyn World) -> String {
        let (number, key) = self.newest();
        self.seal_with(number, key, context, plain, world)
    }

    fn seal_with(&self, number: u32, key: &[u8; 32], context: &str, plain: &[u8], world: &dyn World) -> String {
        let mut nonce = [0; NONCE];
        world.random(&mut nonce);
        // The cipher's only error is a plaintext beyond 256 GB, more than memory holds; an empty sealed text would open as malformed.
        let sealed = XChaCha20Poly1305::new(key.into())
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &associated_data(context) })
            .unwrap_or_default();
        let mut bytes = Vec::with_capacity(NONCE.saturating_add(sealed.len()));
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        format!("s1.{number}.{}", BASE64URL_NOPAD.encode(&bytes))
    }

    /// Decrypts what [`seal`](Self::seal) made for the same context, with whichever key it names.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_sealed(&self, context: &str, sealed: &str) -> Result<SecretSlice<u8>, OpenError> {
        let (number, bytes) = parts(sealed).ok_or(OpenError::Malformed)?;
        let key = self.keys.get(&number).ok_or(OpenError::UnknownKey(number))?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE>().ok_or(OpenError::Malformed)?;
        XChaCha20Poly1305::new(key.expose_secret().into())
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &associated_data(context) })
            .map(SecretSlice::from)
            .map_err(|_| OpenError::Refused(number))
    }

    /// The same for a secret that is text.
    ///
    /// # Errors
    /// See [`OpenError`]; what is no UTF-8 is malformed.
    pub fn open_text(&self, context: &str, sealed: &str) -> Result<SecretString, OpenError> {
        let plain = self.open_sealed(context, sealed)?;
        std::str::from_utf8(plain.expose_secret()).map(SecretString::from).map_err(|_| OpenError::Malformed)
    }

    /// Whether it is sealed with an older key: whoever writes the record anyway seals it anew.
    #[must_use]
    pub fn is_outdated(&self, sealed: &str) -> bool {
        parts(sealed).is_none_or(|(number, _)| number != self.newest().0)
    }

    /// A constant sealed with every key of the ring, to be kept in the store and given to
    /// [`verify_check`](Self::verify_check) at the next start. Written anew after a rotation.
    #[must_use]
    pub fn check_value(&self, world: &dyn World) -> String {
        let seals: Vec<String> =
            self.keys.iter().map(|(number, key)| self.seal_with(*number, key.expose_secret(), CHECK_CONTEXT, CHECK_TEXT, world)).collect();
        seals.join(" ")
    }

    /// Whether these are the keys the store was made with. A key that the store does not know yet is fine: a rotation that
    /// was cut short before the new check value was written.
    ///
    /// # Errors
    /// [`KeyError::WrongKey`].
    pub fn verify_check(&self, check: &str) -> Result<(), KeyError> {
        if check.trim().is_empty() {
            return Err(KeyError::WrongKey("the store's check value is empty".to_owned()));
        }
        for seal in check.split_whitespace() {
            let plain = self.open_sealed(CHECK_CONTEXT, seal).map_err(|error| KeyError::WrongKey(error.to_string()))?;
            if plain.expose_secret() != CHECK_TEXT {
                return Err(KeyError::WrongKey("the check value says something else".to_owned()));
            }
        }
        Ok(())
    }

    /// Adds a key that seals from now on, and writes the key file. The caller then writes a new
    /// [`check_value`](Self::check_value). Answers the new key's number.
    ///
    /// # Errors
    /// [`KeyError::Unwritable`], with the ring unchanged; [`KeyError::NotAFile`] where configuration gives the key.
    pub fn rotate(&mut self, world: &dyn World) -> Result<u32, KeyError> {
        let KeySource::File(path) = &self.source else { return Err(KeyError::NotAFile) };
        let number = self.newest().0.saturating_add(1);
        self.keys.insert(number, new_key(world));
        if let Err(error) = keyfile::write(path, &keyfile::text(&self.keys), false) {
            self.keys.remove(&number);
            return Err(error);
        }
        Ok(number)
    }

    /// The numbers of the keys, oldest first.
    #[must_use]
    pub fn numbers(&self) -> Vec<u32> {
        self.keys.keys().copied().collect()
    }

    /// The key that seals and signs.
    pub(super) fn newest(&self) -> (u32, &[u8; 32]) {
        // A ring is never empty: `keyfile::parse` refuses a text without keys.
        self.keys.last_key_value().map_or((0, &[0; 32]), |(number, key)| (*number, key.expose_secret()))
    }

    /// All keys, newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.keys.values().rev().map(ExposeSecret::expose_secret)
    }

    /// The key that was first: what is derived from it stays the same over rotations.
    pub(super) fn oldest(&self) -> &[u8; 32] {
        self.keys.first_key_value().map_or(&[0; 32], |(_, key)| key.expose_secret())
    }
}

fn new_key(world: &dyn World) -> KeyBytes {
    SecretBox::init_with_mut(|key: &mut [u8; 32]| world.random(key))
}

fn associated_data(context: &str) -> Vec<u8> {
    [b"kommutator seal 1\0", context.as_bytes()].concat()
}

fn parts(sealed: &str) -> Option<(u32, Vec<u8>)> {
    let (number, text) = sealed.strip_prefix("s1.")?.split_once('.')?;
    Some((number.parse().ok()?, BASE64URL_NOPAD.decode(text.as_bytes()).ok()?))
}

#[cfg(test)]
#[path = "keyring_tests.rs"]
mod tests;
