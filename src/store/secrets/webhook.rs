//! Signatures of outgoing webhooks, as the Standard Webhooks specification has them.

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::signing::plain_hmac;

/// Bytes of a secret.
pub const SECRET_BYTES: usize = 32;

/// The secret as its owner is shown it.
#[must_use]
pub fn shown(secret: &SecretSlice<u8>) -> SecretString {
    format!("whsec_{}", BASE64.encode(secret.expose_secret())).into()
}

/// `v1,…`: HMAC-SHA256 over id, timestamp and body with dots between.
#[must_use]
pub fn signature(secret: &SecretSlice<u8>, id: &str, seconds: i64, body: &[u8]) -> String {
    let signed = [id.as_bytes(), b".", seconds.to_string().as_bytes(), b".", body].concat();
    format!("v1,{}", BASE64.encode(&plain_hmac(secret.expose_secret(), &signed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn the_example_of_the_specification_comes_out() {
        let secret = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signed = signature(&SecretSlice::from(secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
