//! Short signed links for screens: who was shown the link may follow it for about an hour. They carry no right to anything
//! else and are not stored.

use data_encoding::BASE64URL_NOPAD;

use super::Variant;
use crate::model::ids::{FileId, WorkspaceId};
use crate::model::time::Time;
use crate::store::secrets::{Keyring, Purpose};

/// Links made within one step are the same text, so browsers keep what they loaded.
const STEP_MS: i64 = 30 * 60 * 1000;
/// A link lives at least this long, at most one step more.
const LIFE_MS: i64 = 60 * 60 * 1000;

/// The same for faces, which stand in lists that stay open for long and are many.
const LASTING_STEP_MS: i64 = 24 * 60 * 60 * 1000;

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLink {
    /// Whose file.
    pub workspace: WorkspaceId,
    /// Which file.
    pub file: FileId,
    /// Content or thumbnail.
    pub variant: Variant,
}

/// Why a link leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not signed by this installation, or changed.
    #[error("this link is not valid")]
    Forged,
    /// Its time is over: load the page again.
    #[error("this link has expired")]
    Expired,
}

fn signature(keyring: &Keyring, link: &FileLink, expires: i64) -> [u8; 32] {
    keyring.sign(Purpose::FileLink, &parts(link, expires).each_ref().map(Vec::as_slice))
}

fn parts(link: &FileLink, expires: i64) -> [Vec<u8>; 4] {
    [
        link.workspace.0.to_be_bytes().to_vec(),
        link.file.0.to_be_bytes().to_vec(),
        link.variant.name().as_bytes().to_vec(),
        expires.to_be_bytes().to_vec(),
    ]
}

/// A link relative to the server: `/files/WORKSPACE/FILE/VARIANT?expires=SECONDS&signature=…`.
#[must_use]
pub fn sign_link(keyring: &Keyring, link: &FileLink, now: Time) -> String {
    sign(keyring, link, now, STEP_MS, LIFE_MS)
}

/// A link for a day or two.
#[must_use]
pub fn sign_lasting_link(keyring: &Keyring, link: &FileLink, now: Time) -> String {
    sign(keyring, link, now, LASTING_STEP_MS, LASTING_STEP_MS)
}

fn sign(keyring: &Keyring, link: &FileLink, now: Time, step_ms: i64, life_ms: i64) -> String {
    let step = now.0.div_euclid(step_ms).saturating_add(1).saturating_mul(step_ms);
    let expires = step.saturating_add(life_ms) / 1000;
    let signature = BASE64URL_NOPAD.encode(&signature(keyring, link, expires));
    format!("/files/{}/{}/{}?expires={expires}&signature={signature}", link.workspace, link.file, link.variant.name())
}

/// Whether a link may be followed now. Answers the seconds it has left, for `Cache-Control: private, max-age=…`.
///
/// # Errors
/// See [`LinkError`].
pub fn verify_link(keyring: &Keyring, link: &FileLink, expires: i64, signature: &str, now: Time) -> Result<u32, LinkError> {
    let given = BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| LinkError::Forged)?;
    if !keyring.verify(Purpose::FileLink, &parts(link, expires).each_ref().map(Vec::as_slice), &given) {
        return Err(LinkError::Forged);
    }
    match u32::try_from(expires.saturating_sub(now.0.div_euclid(1000))) {
        Ok(left) if left > 0 => Ok(left),
        _ => Err(LinkError::Expired),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

    use super::*;
    use crate::model::time::TestWorld;
    use crate::store::secrets::KeySource;

    fn ring() -> Keyring {
        Keyring::open(KeySource::Given("ab".repeat(32).into()), false, &TestWorld::new(Time(0), 1)).unwrap()
    }

    const LINK: FileLink = FileLink { workspace: WorkspaceId(7), file: FileId(99), variant: Variant::Content };
    const NOW: i64 = 1_800_000_000_000;

    fn taken_apart(link: &str) -> (i64, String) {
        let (_, query) = link.split_once("?expires=").unwrap();
        let (expires, signature) = query.split_once("&signature=").unwrap();
        (expires.parse().unwrap(), signature.to_owned())
    }

    #[test]
    fn a_link_lives_an_hour_and_stays_the_same_for_a_while() {
        let link = sign_link(&ring(), &LINK, Time(NOW));
        assert!(link.starts_with("/files/7/") && link.contains("/content?"));
        assert_eq!(link, sign_link(&ring(), &LINK, Time(NOW + STEP_MS - 1)));
        let (expires, signature) = taken_apart(&link);
        for (after, expected) in [(0, Ok(5400)), (5_399_000, Ok(1)), (5_400_000, Err(LinkError::Expired))] {
            assert_eq!(verify_link(&ring(), &LINK, expires, &signature, Time(NOW + after)), expected);
        }
    }

    #[test]
    fn a_lasting_link_lives_a_day_or_two() {
        let midnight = NOW.div_euclid(LASTING_STEP_MS) * LASTING_STEP_MS;
        let link = sign_lasting_link(&ring(), &LINK, Time(midnight));
        assert_eq!(link, sign_lasting_link(&ring(), &LINK, Time(midnight + LASTING_STEP_MS - 1)));
        let (expires, signature) = taken_apart(&link);
        let verified = |at: i64| verify_link(&ring(), &LINK, expires, &signature, Time(at));
        assert_eq!((verified(midnight + 2 * LASTING_STEP_MS - 1_000), verified(midnight + 2 * LASTING_STEP_MS)), (Ok(1), Err(LinkError::Expired)));
    }

    #[test]
    fn a_link_opens_nothing_else() {
        let (expires, signature) = taken_apart(&sign_link(&ring(), &LINK, Time(NOW)));
        let others = [
            (FileLink { workspace: WorkspaceId(8), ..LINK }, expires),
            (FileLink { file: FileId(98), ..LINK }, expires),
            (FileLink { variant: Variant::Thumbnail, ..LINK }, expires),
            (LINK, expires + 3600),
            (LINK, i64::MAX),
        ];
        for (link, expires) in others {
            assert_eq!(verify_link(&ring(), &link, expires, &signature, Time(NOW)), Err(LinkError::Forged));
        }
        for signature in ["", "x", "Ж", &signature[1..]] {
            assert_eq!(verify_link(&ring(), &LINK, expires, signature, Time(NOW)), Err(LinkError::Forged));
        }
    }
}
