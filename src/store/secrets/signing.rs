//! Signatures by purpose. Each purpose has a sub-key of its own, derived from each key of the ring, so a signature made for
//! one thing says nothing about another.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::keyring::Keyring;

/// What a signature is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A visitor's token.
    VisitorToken,
    /// A visitor's id made from its nonce.
    VisitorNonce,
    /// A short link to a file.
    FileLink,
    /// A cursor handed to a client.
    Cursor,
    /// The short code of a visit.
    VisitCode,
    /// The `state` of a redirect to a provider's login.
    LoginState,
    /// The link of a letter that brings a visitor back.
    ReturnLink,
    /// The link of a letter that stops the letters.
    LetterStop,
    /// What a user of a CRM shows to hear of messages by its widget.
    WidgetUser,
    /// The password of the demo's owner: the same at every start, on every node.
    DemoPassword,
}

impl Purpose {
    /// The label a sub-key is derived with; never changed.
    fn label(self) -> &'static [u8] {
        match self {
            Self::VisitorToken => b"kommutator sub-key 1: visitor token",
            Self::VisitorNonce => b"kommutator sub-key 1: visitor nonce",
            Self::FileLink => b"kommutator sub-key 1: file link",
            Self::Cursor => b"kommutator sub-key 1: cursor",
            Self::VisitCode => b"kommutator sub-key 1: visit code",
            Self::LoginState => b"kommutator sub-key 1: login state",
            Self::ReturnLink => b"kommutator sub-key 1: return link",
            Self::LetterStop => b"kommutator sub-key 1: letter stop",
            Self::WidgetUser => b"kommutator sub-key 1: widget user",
            Self::DemoPassword => b"kommutator sub-key 1: demo password",
        }
    }
}

/// HMAC-SHA256 of parts, each preceded by its length: no two lists of parts give the same bytes.
pub(super) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed(key);
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA256 of plain bytes, as other programs compute it.
pub(super) fn plain_hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of every length; the error exists for other MACs. An all-zero key would still sign nothing useful.
    Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::<Sha256>::new(&[0; 64].into()))
}

fn sub_key(key: &[u8; 32], purpose: Purpose) -> [u8; 32] {
    plain_hmac(key, purpose.label())
}

impl Keyring {
    /// Signs the parts with the newest key.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        hmac(&sub_key(self.newest().1, purpose), parts)
    }

    /// Whether any key of the ring made this signature. Takes the same time whatever the signature is.
    #[must_use]
    pub fn verify(&self, purpose: Purpose, parts: &[&[u8]], signature: &[u8]) -> bool {
        let mut fits = Choice::from(0);
        for key in self.newest_first() {
            fits |= hmac(&sub_key(key, purpose), parts).as_slice().ct_eq(signature);
        }
        fits.into()
    }

    /// Bytes that follow from the parts and stay the same over rotations, as long as the first key is on the ring.
    #[must_use]
    pub(super) fn derive(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        hmac(&sub_key(self.oldest(), purpose), parts)
    }
}
