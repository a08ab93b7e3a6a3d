//! The codes of authenticator apps: RFC 6238 with SHA-1, six digits, steps of 30 seconds, as every app has them.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::time::Time;

/// How long a code holds.
const STEP_MS: i64 = 30_000;
/// So many steps before and after now are taken too: phones' clocks differ.
const DRIFT: u64 = 1;
/// The bytes of a secret, as RFC 4226 advises.
pub const SECRET_BYTES: usize = 20;

/// The step a moment lies in.
#[must_use]
pub fn step_at(now: Time) -> u64 {
    u64::try_from(now.0.div_euclid(STEP_MS)).unwrap_or(0)
}

/// The code of a step.
#[must_use]
pub fn code(secret: &[u8], step: u64) -> String {
    // HMAC takes keys of every length; the error exists for other MACs.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest.last().copied().unwrap_or(0) & 0x0f);
    let four: [u8; 4] = digest.get(at..at.saturating_add(4)).and_then(|four| four.try_into().ok()).unwrap_or_default();
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

/// The step whose code this is, if it is one of now and later than the last that was taken. Every step is compared, so the time tells nothing.
#[must_use]
pub fn accepted(secret: &[u8], given: &str, now: Time, last_step: u64) -> Option<u64> {
    let present = step_at(now);
    let mut found = None;
    for step in present.saturating_sub(DRIFT)..=present.saturating_add(DRIFT) {
        let fits: bool = code(secret, step).as_bytes().ct_eq(given.as_bytes()).into();
        if fits && step > last_step {
            found = Some(step);
        }
    }
    found
}

/// What an app reads from the QR code.
#[must_use]
pub fn uri(secret: &[u8], issuer: &str, account: &str) -> String {
    let (issuer, account) = (percent(issuer), percent(account));
    format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", data_encoding::BASE32_NOPAD.encode(secret))
}

/// Everything but letters and digits as `%XX`.
fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, the last six of its eight digits.
        for (seconds, wanted) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000_i64, "353130"),
        ] {
            assert_eq!(code(SECRET, step_at(Time(seconds * 1_000))), wanted, "{seconds}");
        }
    }

    #[test]
    fn a_code_is_taken_near_its_time_and_once() {
        let now = Time(1_234_567_890_000);
        let step = step_at(now);
        for (offset, taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let given = code(SECRET, step.saturating_add_signed(offset));
            assert_eq!(accepted(SECRET, &given, now, 0).is_some(), taken, "{offset}");
        }
        assert_eq!(accepted(SECRET, &code(SECRET, step), now, step), None, "the same again");
        assert_eq!(accepted(SECRET, &code(SECRET, step - 1), now, step), None, "an earlier one after it");
        assert_eq!(accepted(SECRET, &code(SECRET, step + 1), now, step), Some(step + 1));
        for wrong in ["", "0", "0059244", "００５９２４", "abcdef"] {
            assert_eq!(accepted(SECRET, wrong, now, 0), None, "{wrong}");
        }
    }

    #[test]
    fn what_the_app_reads_is_a_uri() {
        assert_eq!(
            uri(SECRET, "Лавка & Ко", "a@b.example"),
            "otpauth://totp/%D0%9B%D0%B0%D0%B2%D0%BA%D0%B0%20%26%20%D0%9A%D0%BE:a%40b.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%D0%9B%D0%B0%D0%B2%D0%BA%D0%B0%20%26%20%D0%9A%D0%BE"
        );
    }
}
