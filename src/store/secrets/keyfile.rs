//! The text of a key file: one key per line, `NUMBER:64 hex digits`. Lines that begin with `#` and empty lines are
//! skipped. The same text given by configuration may be on one line, keys separated by commas, and a single key may come
//! without its number (it is 1 then).

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use secrecy::{ExposeSecret, SecretBox, SecretString};

use super::keyring::KeyError;

/// The bytes of one key.
pub(super) type KeyBytes = SecretBox<[u8; 32]>;

/// No key file is larger; a device or a wrong path is not read to its end.
const FILE_LIMIT: u64 = 64 * 1024;

/// Reads keys from text. `origin` names where it came from, for the error; the text itself is never repeated.
pub(super) fn parse(text: &str, origin: &str) -> Result<BTreeMap<u32, KeyBytes>, KeyError> {
    let wrong = |line: usize, what: &str| KeyError::Malformed { origin: origin.to_owned(), line, what: what.to_owned() };
    let mut keys = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let at = at.saturating_add(1);
        if line.trim_start().starts_with('#') {
            continue;
        }
        for part in line.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (number, hex) = part.split_once(':').unwrap_or(("1", part));
            let number: u32 = number.trim().parse().map_err(|_| wrong(at, "the key's number is not a number"))?;
            if number == 0 {
                return Err(wrong(at, "keys are numbered from 1"));
            }
            let bytes = SecretBox::new(Box::new(HEXLOWER_PERMISSIVE.decode(hex.trim().as_bytes()).unwrap_or_default()));
            let key: [u8; 32] = bytes.expose_secret().as_slice().try_into().map_err(|_| wrong(at, "a key is 64 hex digits"))?;
            if keys.insert(number, SecretBox::new(Box::new(key))).is_some() {
                return Err(wrong(at, &format!("key {number} is there twice")));
            }
        }
    }
    if keys.is_empty() {
        return Err(wrong(1, "there is no key in it"));
    }
    Ok(keys)
}

/// The file's text for these keys.
pub(super) fn text(keys: &BTreeMap<u32, KeyBytes>) -> SecretString {
    let mut text = String::from(
        "# The keys of this Kommutator. Keep a copy apart from the backups of the data: without it no stored secret can be read.\n\
         # The last key seals, all of them open.\n",
    );
    for (number, key) in keys {
        text.push_str(&format!("{number}:{}\n", HEXLOWER.encode(key.expose_secret())));
    }
    SecretString::from(text)
}

/// Reads a key file; `None` if there is none.
pub(super) fn read(path: &Path) -> Result<Option<SecretString>, KeyError> {
    let unreadable = |error: io::Error| KeyError::Unreadable { path: path.to_owned(), error: error.to_string() };
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if !found.is_file() || found.len() > FILE_LIMIT {
        return Err(KeyError::Unreadable { path: path.to_owned(), error: "it is not a small plain file".to_owned() });
    }
    warn_if_open_to_others(path, &found);
    fs::read_to_string(path).map(|text| Some(SecretString::from(text))).map_err(unreadable)
}

/// Secret mounts of containers are often readable by everyone, so this is a warning and no refusal.
fn warn_if_open_to_others(path: &Path, found: &fs::Metadata) {
    use std::os::unix::fs::PermissionsExt;
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), mode = %format!("{mode:o}"), "other users of this machine can read the key file; mend it with: chmod 600");
    }
}

/// Writes a key file with mode 0600: beside its place first, then moved there, so that a crash leaves the old or the new
/// text whole. `new`: refuses to replace one that another process made meanwhile.
pub(super) fn write(path: &Path, text: &SecretString, new: bool) -> Result<(), KeyError> {
    let unwritable = |error: io::Error| KeyError::Unwritable { path: path.to_owned(), error: error.to_string() };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(unwritable)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = folder.join(name);
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(text.expose_secret().as_bytes())?;
        file.sync_all()?;
        if new { move_to_free_place(&beside, path) } else { fs::rename(&beside, path) }?;
        fs::File::open(folder)?.sync_all()
    })();
    if written.is_err()
        && beside.exists()
        && let Err(error) = fs::remove_file(&beside)
    {
        tracing::warn!(path = %beside.display(), %error, "a half-made key file was left behind; remove it");
    }
    written.map_err(unwritable)
}

/// A link refuses an existing target where a rename replaces it; some shared folders know no links.
fn move_to_free_place(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists || to.exists() => Err(error),
        Err(_) => fs::rename(from, to),
    }
}
