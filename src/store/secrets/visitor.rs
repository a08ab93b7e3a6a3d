//! Visitor tokens and the widget's identity check.
//!
//! A token is made and signed without any write: a visitor costs the store nothing until it says something. It is
//! `BASE64URL(payload, signature)`, the payload being `1 LF widget key LF visitor LF issued`; clients treat it as opaque.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::keyring::Keyring;
use super::signing::{Purpose, plain_hmac};
use crate::model::ids::{ConnectionId, WorkspaceId};
use crate::model::time::{Time, World};

/// How long a token is good for: a little over a year since it was last issued.
pub const VISITOR_TOKEN_LIFE_MS: i64 = 400 * 24 * 60 * 60 * 1000;

/// How long the link of a letter brings a visitor back.
pub const RETURN_LIFE_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// No token is longer; a longer text is refused before it is decoded.
const TOKEN_LIMIT: usize = 512;
const SIGNATURE: usize = 32;

/// A visitor of a site as its browser is known: 16–64 letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VisitorId(String);

impl VisitorId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A new visitor.
    #[must_use]
    pub fn random(world: &dyn World) -> Self {
        let mut bytes = [0; 16];
        world.random(&mut bytes);
        Self(HEXLOWER.encode(&bytes))
    }

    /// The visitor a nonce stands for: a client that got no `ready` says the same nonce again and is the same visitor.
    /// Nobody can make a nonce that leads to a given visitor, and no two widgets share one.
    ///
    /// # Errors
    /// [`VisitorTokenError::BadNonce`]: not 16–64 letters or digits.
    pub fn from_nonce(keyring: &Keyring, widget_key: &str, nonce: &str) -> Result<Self, VisitorTokenError> {
        if !is_16_to_64_letters_or_digits(nonce) {
            return Err(VisitorTokenError::BadNonce);
        }
        let derived = keyring.derive(Purpose::VisitorNonce, &[widget_key.as_bytes(), nonce.as_bytes()]);
        let (half, _) = derived.split_at(16);
        Ok(Self(HEXLOWER.encode(half)))
    }
}

impl fmt::Display for VisitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for VisitorId {
    type Err = VisitorTokenError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_16_to_64_letters_or_digits(text) { Ok(Self(text.to_owned())) } else { Err(VisitorTokenError::Malformed) }
    }
}

fn is_16_to_64_letters_or_digits(text: &str) -> bool {
    (16..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What a token vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitorClaims {
    /// The widget it was made for.
    pub widget_key: String,
    /// Who it is.
    pub visitor: VisitorId,
    /// When it was made.
    pub issued: Time,
}

/// Why a token lets nobody in. The client forgets it and comes as a new visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VisitorTokenError {
    /// Not a token of ours.
    #[error("the visitor token cannot be read")]
    Malformed,
    /// Not signed by this installation, or changed.
    #[error("the visitor token is not signed by this server")]
    Forged,
    /// Made too long ago.
    #[error("the visitor token has expired")]
    Expired,
    /// Made for another widget.
    #[error("the visitor token belongs to another widget")]
    OtherWidget,
    /// The nonce is not 16–64 letters or digits.
    #[error("`visitor_nonce` must be 16 to 64 letters or digits")]
    BadNonce,
}

impl Keyring {
    /// The short code of a visit: the same for the same visitor and name. Nobody can aim at another's.
    #[must_use]
    pub fn visit_code(&self, widget_key: &str, visitor: &str, name: &str) -> String {
        let derived = self.derive(Purpose::VisitCode, &[widget_key.as_bytes(), visitor.as_bytes(), name.as_bytes()]);
        let (code, _) = derived.split_at(5);
        BASE32_NOPAD.encode(code)
    }

    /// What a user of a CRM shows to hear of messages by its widget: 32 hex digits, the same however often they are asked for.
    #[must_use]
    pub fn widget_user_key(&self, connection: ConnectionId, user: &str) -> String {
        let derived = self.derive(Purpose::WidgetUser, &[connection.to_string().as_bytes(), user.as_bytes()]);
        let (key, _) = derived.split_at(16);
        HEXLOWER.encode(key)
    }

    /// Makes a visitor's token.
    #[must_use]
    pub fn make_visitor_token(&self, claims: &VisitorClaims) -> String {
        self.make_token(Purpose::VisitorToken, claims)
    }

    /// Makes the token of a letter's link: it brings the visitor back, on another device too, for [`RETURN_LIFE_MS`]. It is no visitor's token,
    /// nor the other way round.
    #[must_use]
    pub fn make_return_token(&self, claims: &VisitorClaims) -> String {
        self.make_token(Purpose::ReturnLink, claims)
    }

    fn make_token(&self, purpose: Purpose, claims: &VisitorClaims) -> String {
        let payload = format!("1\n{}\n{}\n{}", claims.widget_key, claims.visitor, claims.issued.0);
        self.seal_token(purpose, payload.into_bytes())
    }

    fn seal_token(&self, purpose: Purpose, mut bytes: Vec<u8>) -> String {
        let signature = self.sign(purpose, &[&bytes]);
        bytes.extend_from_slice(&signature);
        BASE64URL_NOPAD.encode(&bytes)
    }

    fn open_token(&self, purpose: Purpose, token: &str) -> Result<String, VisitorTokenError> {
        if token.len() > TOKEN_LIMIT {
            return Err(VisitorTokenError::Malformed);
        }
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| VisitorTokenError::Malformed)?;
        let (payload, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(VisitorTokenError::Malformed)?;
        if !self.verify(purpose, &[payload], signature) {
            return Err(VisitorTokenError::Forged);
        }
        String::from_utf8(payload.to_vec()).map_err(|_| VisitorTokenError::Malformed)
    }

    /// Makes the token of a letter's link that stops the letters of a workspace to an address.
    #[must_use]
    pub fn make_stop_token(&self, workspace: WorkspaceId, address_hash: &str) -> String {
        self.seal_token(Purpose::LetterStop, format!("1\n{workspace}\n{address_hash}").into_bytes())
    }

    /// Reads it: the workspace and the address's hash.
    #[must_use]
    pub fn read_stop_token(&self, token: &str) -> Option<(WorkspaceId, String)> {
        let text = self.open_token(Purpose::LetterStop, token).ok()?;
        let mut lines = text.split('\n');
        match (lines.next(), lines.next(), lines.next(), lines.next()) {
            (Some("1"), Some(workspace), Some(hash), None) => Some((WorkspaceId(workspace.parse().ok()?), hash.to_owned())),
            _ => None,
        }
    }

    /// Reads a visitor's token. `widget_key`: the widget it must belong to, where the caller knows it.
    ///
    /// A token issued in the future is accepted: only this installation signs, so it is the clock that went back.
    ///
    /// # Errors
    /// See [`VisitorTokenError`].
    pub fn read_visitor_token(&self, token: &str, widget_key: Option<&str>, now: Time) -> Result<VisitorClaims, VisitorTokenError> {
        self.read_token(Purpose::VisitorToken, VISITOR_TOKEN_LIFE_MS, token, widget_key, now)
    }

    /// Reads the token of a letter's link.
    ///
    /// # Errors
    /// See [`VisitorTokenError`].
    pub fn read_return_token(&self, token: &str, widget_key: &str, now: Time) -> Result<VisitorClaims, VisitorTokenError> {
        self.read_token(Purpose::ReturnLink, RETURN_LIFE_MS, token, Some(widget_key), now)
    }

    fn read_token(
        &self, purpose: Purpose, life_ms: i64, token: &str, widget_key: Option<&str>, now: Time,
    ) -> Result<VisitorClaims, VisitorTokenError> {
        let text = self.open_token(purpose, token)?;
        let mut lines = text.split('\n');
        let (Some("1"), Some(widget), Some(visitor), Some(issued), None) = (lines.next(), lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(VisitorTokenError::Malformed);
        };
        let claims = VisitorClaims {
            widget_key: widget.to_owned(),
            visitor: visitor.parse()?,
            issued: issued.parse().map(Time).map_err(|_| VisitorTokenError::Malformed)?,
        };
        if now.since(claims.issued) > life_ms {
            return Err(VisitorTokenError::Expired);
        }
        if widget_key.is_some_and(|key| key != claims.widget_key) {
            return Err(VisitorTokenError::OtherWidget);
        }
        Ok(claims)
    }
}

/// Whether `signature` is the hex HMAC-SHA256 of `id` with the widget's secret: the site vouches for this id.
#[must_use]
pub fn identity_is_vouched_for(secret: &SecretString, id: &str, signature: &str) -> bool {
    // An empty secret would let everybody vouch.
    if secret.expose_secret().is_empty() || signature.len() != 64 {
        return false;
    }
    let Ok(given) = HEXLOWER_PERMISSIVE.decode(signature.as_bytes()) else { return false };
    plain_hmac(secret.expose_secret().as_bytes(), id.as_bytes()).as_slice().ct_eq(&given).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

    use proptest::prelude::*;

    use super::*;
    use crate::model::time::TestWorld;
    use crate::store::secrets::KeySource;

    fn ring(seed: u64) -> Keyring {
        let text = data_encoding::HEXLOWER.encode(&[u8::try_from(seed).unwrap(); 32]);
        Keyring::open(KeySource::Given(text.into()), false, &TestWorld::new(Time(0), seed)).unwrap()
    }

    fn claims() -> VisitorClaims {
        VisitorClaims { widget_key: "wk1".into(), visitor: "0123456789abcdef".parse().unwrap(), issued: Time(1_000) }
    }

    #[test]
    fn a_token_is_read_back_until_it_expires() {
        let ring = ring(1);
        let token = ring.make_visitor_token(&claims());
        assert_eq!(ring.read_visitor_token(&token, Some("wk1"), Time(1_000 + VISITOR_TOKEN_LIFE_MS)), Ok(claims()));
        assert_eq!(ring.read_visitor_token(&token, None, Time(0)), Ok(claims()), "the clock went back");
        assert_eq!(ring.read_visitor_token(&token, None, Time(1_001 + VISITOR_TOKEN_LIFE_MS)), Err(VisitorTokenError::Expired));
        assert_eq!(ring.read_visitor_token(&token, Some("wk2"), Time(1_000)), Err(VisitorTokenError::OtherWidget));
    }

    #[test]
    fn the_link_of_a_letter_is_no_token_and_ends_in_a_week() {
        let ring = ring(1);
        let link = ring.make_return_token(&claims());
        assert_eq!(ring.read_return_token(&link, "wk1", Time(1_000 + RETURN_LIFE_MS)), Ok(claims()));
        assert_eq!(ring.read_return_token(&link, "wk1", Time(1_001 + RETURN_LIFE_MS)), Err(VisitorTokenError::Expired));
        assert_eq!(ring.read_return_token(&link, "wk2", Time(1_000)), Err(VisitorTokenError::OtherWidget));
        assert_eq!(ring.read_visitor_token(&link, Some("wk1"), Time(1_000)), Err(VisitorTokenError::Forged));
        assert_eq!(ring.read_return_token(&ring.make_visitor_token(&claims()), "wk1", Time(1_000)), Err(VisitorTokenError::Forged));
        let stop = ring.make_stop_token(WorkspaceId(7), "ab12");
        assert_eq!(ring.read_stop_token(&stop), Some((WorkspaceId(7), "ab12".to_owned())));
        assert_eq!((ring.read_stop_token(&link), ring.read_stop_token("")), (None, None));
    }

    #[test]
    fn a_token_of_another_installation_or_changed_is_refused() {
        let token = ring(1).make_visitor_token(&claims());
        assert_eq!(ring(2).read_visitor_token(&token, None, Time(1_000)), Err(VisitorTokenError::Forged));
        let mut bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            let changed = BASE64URL_NOPAD.encode(&bytes);
            assert_eq!(ring(1).read_visitor_token(&changed, None, Time(1_000)), Err(VisitorTokenError::Forged), "byte {at}");
            bytes[at] ^= 1;
        }
    }

    #[test]
    fn a_nonce_leads_to_one_visitor_per_widget_also_after_a_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let world = TestWorld::new(Time(0), 7);
        let mut ring = Keyring::open(KeySource::File(folder.path().join("k")), true, &world).unwrap();
        let first = VisitorId::from_nonce(&ring, "wk1", "abcdefghijklmnop").unwrap();
        assert_ne!(VisitorId::from_nonce(&ring, "wk2", "abcdefghijklmnop").unwrap(), first);
        let token = ring.make_visitor_token(&claims());
        ring.rotate(&world).unwrap();
        assert_eq!(VisitorId::from_nonce(&ring, "wk1", "abcdefghijklmnop").unwrap(), first);
        assert_eq!(ring.read_visitor_token(&token, None, Time(1_000)), Ok(claims()));
        for nonce in ["", "short", "with space and more", "нонс0123456789ab", &"a".repeat(65)] {
            assert_eq!(VisitorId::from_nonce(&ring, "wk1", nonce), Err(VisitorTokenError::BadNonce), "{nonce}");
        }
    }

    #[test]
    fn identity_check_is_plain_hmac_sha256_in_hex() {
        // RFC 4231, test case 2.
        let secret = SecretString::from("Jefe");
        let signature = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(identity_is_vouched_for(&secret, "what do ya want for nothing?", signature));
        assert!(identity_is_vouched_for(&secret, "what do ya want for nothing?", &signature.to_uppercase()));
        assert!(!identity_is_vouched_for(&secret, "somebody else", signature));
        assert!(!identity_is_vouched_for(&secret, "what do ya want for nothing?", &signature[..62]));
        assert!(!identity_is_vouched_for(&SecretString::from(""), "x", &HEXLOWER.encode(&plain_hmac(b"", b"x"))));
    }

    proptest! {
        #[test]
        fn foreign_text_is_no_token(text in ".{0,600}") {
            prop_assert!(ring(1).read_visitor_token(&text, None, Time(0)).is_err());
        }
    }
}
