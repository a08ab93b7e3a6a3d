//! What a browser's push service is sent: a text only the browser can read (RFC 8291, in the form of RFC 8188), and who sends it (RFC 8292).

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use data_encoding::BASE64URL_NOPAD;
use hkdf::Hkdf;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{Call, Outside, OutsideError};
use crate::model::reason::Reason;
use crate::model::time::{Time, World};

/// No text is longer: with what is added, push services take 4096 bytes.
pub const TEXT_LIMIT: usize = 3_000;
/// For so long it is vouched who sends; at most a day is allowed.
const VOUCHED_MS: i64 = 12 * 60 * 60 * 1_000;
/// The size of a record; there is only one.
const RECORD: u32 = 4_096;
const KEY_LENGTH: usize = 65;

/// Where a browser takes pushes, as it told us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The address.
    pub endpoint: String,
    /// The browser's public key, base 64.
    pub p256dh: String,
    /// The secret it shares with us, base 64.
    pub auth: String,
}

/// What a push says beside its text.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// For so many seconds it is of use.
    pub seconds: i64,
    /// Of two with the same topic that wait, only the newer is delivered: up to 32 letters of base 64.
    pub topic: &'a str,
}

/// The key by which push services know us.
pub struct PushKey(SecretKey);

/// A key or address that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no push subscription")]
pub struct NotATarget;

impl PushKey {
    /// A new one.
    #[must_use]
    pub fn random(world: &dyn World) -> Self {
        Self(random_key(world))
    }

    /// One that was kept.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        SecretKey::from_slice(bytes).ok().map(Self)
    }

    /// To be kept, sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }

    /// What browsers are told of it.
    #[must_use]
    pub fn public(&self) -> String {
        BASE64URL_NOPAD.encode(&public_bytes(&self.0.public_key()))
    }

    /// The header that says who sends: `contact` is a `mailto:` or `https:` address of whoever runs this.
    fn vouch(&self, audience: &str, contact: &str, now: Time) -> String {
        let claims = serde_json::json!({ "aud": audience, "exp": now.plus_ms(VOUCHED_MS).0 / 1_000, "sub": contact });
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let said = format!("{}.{}", part(r#"{"typ":"JWT","alg":"ES256"}"#), part(&claims.to_string()));
        let signature: Signature = SigningKey::from(&self.0).sign(said.as_bytes());
        format!("vapid t={said}.{}, k={}", BASE64URL_NOPAD.encode(&signature.to_bytes()), self.public())
    }
}

/// 65 bytes: the point as it is.
fn public_bytes(key: &PublicKey) -> Vec<u8> {
    key.to_sec1_point(false).as_bytes().to_vec()
}

/// Not every number of 32 bytes is a key; nearly every one is.
fn random_key(world: &dyn World) -> SecretKey {
    loop {
        let mut bytes = [0; 32];
        world.random(&mut bytes);
        if let Ok(key) = SecretKey::from_slice(&bytes) {
            return key;
        }
    }
}

impl Target {
    /// Whether keys and address can be any.
    ///
    /// # Errors
    /// They cannot.
    pub fn check(&self, outside: &Outside) -> Result<(), NotATarget> {
        self.keys()?;
        outside.check(&self.endpoint).map(|_| ()).map_err(|_| NotATarget)
    }

    fn keys(&self) -> Result<(PublicKey, [u8; 16]), NotATarget> {
        let read = |text: &str| BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes()).map_err(|_| NotATarget);
        let key = PublicKey::from_sec1_bytes(&read(&self.p256dh)?).map_err(|_| NotATarget)?;
        Ok((key, read(&self.auth)?.try_into().map_err(|_| NotATarget)?))
    }

    /// The text as only this browser can read it.
    ///
    /// # Errors
    /// The keys are none, or the text is too long.
    pub fn seal(&self, text: &[u8], world: &dyn World) -> Result<Vec<u8>, NotATarget> {
        let mut salt = [0; 16];
        world.random(&mut salt);
        self.seal_with(text, &random_key(world), salt)
    }

    fn seal_with(&self, text: &[u8], own: &SecretKey, salt: [u8; 16]) -> Result<Vec<u8>, NotATarget> {
        if text.len() > TEXT_LIMIT {
            return Err(NotATarget);
        }
        let (theirs, auth) = self.keys()?;
        let own_public = public_bytes(&own.public_key());
        let shared = own.diffie_hellman(&theirs);
        let info = [b"WebPush: info\0".as_slice(), &public_bytes(&theirs), &own_public].concat();
        let derive =
            |salt: &[u8], from: &[u8], info: &[u8], out: &mut [u8]| Hkdf::<Sha256>::new(Some(salt), from).expand(info, out).map_err(|_| NotATarget);
        let (mut secret, mut key, mut nonce) = ([0; 32], [0; 16], [0; 12]);
        derive(&auth, shared.raw_secret_bytes(), &info, &mut secret)?;
        derive(&salt, &secret, b"Content-Encoding: aes128gcm\0", &mut key)?;
        derive(&salt, &secret, b"Content-Encoding: nonce\0", &mut nonce)?;
        // 2 ends the last record.
        let sealed = Aes128Gcm::new(&key.into()).encrypt(&Nonce::from(nonce), [text, &[2]].concat().as_slice()).map_err(|_| NotATarget)?;
        let length = u8::try_from(KEY_LENGTH).unwrap_or(u8::MAX);
        Ok([&salt, RECORD.to_be_bytes().as_slice(), &[length], &own_public, &sealed].concat())
    }

    /// Sends a text.
    ///
    /// # Errors
    /// [`OutsideError::Gone`]: the browser takes none any more.
    pub async fn push(
        &self, outside: &Outside, key: &PushKey, contact: &str, text: &[u8], envelope: Envelope<'_>, world: &dyn World,
    ) -> Result<(), OutsideError> {
        let gone = |_| OutsideError::Gone(Reason::new("push_target_invalid"));
        let audience = outside.check(&self.endpoint)?.origin().ascii_serialization();
        let body = self.seal(text, world).map_err(gone)?;
        let call = Call::post(&self.endpoint, body)
            .header("ttl", envelope.seconds.max(0).to_string())
            .header("urgency", "high")
            .header("topic", envelope.topic)
            .header("content-type", "application/octet-stream")
            .header("content-encoding", "aes128gcm")
            .header("authorization", key.vouch(&audience, contact, world.now()));
        outside.call(call).await?.judge(world.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::TestWorld;
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
    }

    /// The worked example of RFC 8291, appendix A.
    #[test]
    fn a_text_is_sealed_as_the_rfc_does() {
        let target = Target {
            endpoint: "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV".to_owned(),
            p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4".to_owned(),
            auth: "BTBZMqHH6r4Tts7J_aSIgg".to_owned(),
        };
        let own = SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let sealed = target.seal_with(b"When I grow up, I want to be a watermelon", &own, salt).unwrap();
        let wanted = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(BASE64URL_NOPAD.encode(&sealed), wanted);
        assert_eq!(target.seal_with(&[0; TEXT_LIMIT + 1], &own, salt), Err(NotATarget));
        for (p256dh, auth) in [("", "BTBZMqHH6r4Tts7J_aSIgg"), ("BCVx", "BTBZMqHH6r4Tts7J_aSIgg"), (target.p256dh.as_str(), "BTBZ")] {
            let other = Target { p256dh: p256dh.to_owned(), auth: auth.to_owned(), ..target.clone() };
            assert_eq!(other.seal_with(b"x", &own, salt), Err(NotATarget), "{p256dh} {auth}");
        }
    }

    #[test]
    fn it_is_vouched_who_sends() {
        let world = TestWorld::new(Time(1_790_000_000_000), 7);
        let key = PushKey::random(&world);
        let kept = PushKey::read(&key.to_bytes()).unwrap();
        assert_eq!(kept.public(), key.public());
        let header = key.vouch("https://push.example.net", "mailto:chat@shop.example", world.now());
        let (token, public) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (said, signature) = token.rsplit_once('.').unwrap();
        let verifying = VerifyingKey::from_sec1_bytes(&bytes(public)).unwrap();
        verifying.verify(said.as_bytes(), &Signature::from_slice(&bytes(signature)).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&bytes(said.split('.').nth(1).unwrap())).unwrap();
        assert_eq!(claims, serde_json::json!({ "aud": "https://push.example.net", "exp": 1_790_043_200, "sub": "mailto:chat@shop.example" }));
    }
}
