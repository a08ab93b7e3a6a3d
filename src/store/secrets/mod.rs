//! Secrets encrypted at rest, and everything that is signed by the installation.
//!
//! One [`Keyring`] holds the installation's keys. It lies *beside* the data, never in it: a stolen copy of the store without
//! the key file opens nothing. The newest key seals and signs, all of them open and verify, so a key can be replaced at any
//! time ([`Keyring::rotate`]) without touching what was written before.
//!
//! * [`keyring`]: where keys come from, sealing and opening, the check value, rotation
//! * [`keyfile`]: the text a key file holds, and writing it so that a crash leaves the old or the new one
//! * [`signing`]: sub-keys and signatures by purpose
//! * [`visitor`]: visitor tokens, made without a write, and the widget's identity check
//! * [`webhook`]: signatures of outgoing webhooks
//!
//! Secrets in memory are [`secrecy`] boxes: `Debug` shows nothing of them and they are wiped when dropped.

pub mod keyfile;
pub mod keyring;
pub mod signing;
pub mod visitor;
pub mod webhook;

pub use keyring::{KeyError, KeySource, Keyring, OpenError};
pub use signing::Purpose;
pub use visitor::{VisitorClaims, VisitorId, VisitorTokenError, identity_is_vouched_for};
