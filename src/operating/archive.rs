//! The form of a backup: a tar file any tool can open.
//!
//! ```text
//! backup.json            {"backup":1,"product":"0.1.0","engine":"sqlite","at":"…","files":true}: always the first
//! kommutator.sqlite3     the database as of one moment; on Redis: store.dump, the portable dump
//! files/w1/ab/FILEID     the files, as they lie in the data folder
//! SHA256SUMS             of everything before, in the form of sha256sum: always the last
//! ```
//!
//! It is written and read from front to back; neither holds more than a piece of it in memory.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::time::Time;

/// The form that is written, and the newest that is read.
pub const FORMAT: u32 = 1;
/// The database of the embedded engine.
pub const DATABASE: &str = "kommutator.sqlite3";
/// The portable dump of another engine.
pub const DUMP: &str = "store.dump";

const HEADER: &str = "backup.json";
const SUMS: &str = "SHA256SUMS";
const HEADER_BYTES: u64 = 64 * 1024;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The form's version.
    pub backup: u32,
    /// The version of the program that wrote it.
    pub product: String,
    /// The engine it comes from.
    pub engine: String,
    /// When it was begun.
    pub at: Time,
    /// Whether it holds the files; `false`: they lie in an S3-compatible store.
    pub files: bool,
}

/// How much a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Files of visitors, managers and providers, thumbnails included.
    pub files: u64,
    /// Bytes of everything.
    pub bytes: u64,
}

/// Why a backup cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file, or what is made of it, cannot be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It is something else.
    #[error("this is no backup of this program: {0}")]
    Foreign(String),
    /// It was written by a newer version of the program.
    #[error("the backup has form {found}, this program knows up to {FORMAT}: use a newer version")]
    TooNew {
        /// Its form.
        found: u32,
    },
    /// Its end is missing.
    #[error("the backup ends after {after} without its checksums: it was cut off")]
    CutOff {
        /// The last thing that was whole.
        after: String,
    },
    /// It is not what was written.
    #[error("the backup was altered: {0}")]
    Altered(String),
}

/// A backup that is being written.
pub struct Writer {
    tar: tar::Builder<BufWriter<File>>,
    sums: BufWriter<File>,
    at: u64,
    held: Held,
}

impl Writer {
    /// Begins a backup. `sums` is a file for the checksums until they are added at the end.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(file: File, sums: File, header: &Header) -> std::io::Result<Self> {
        let at = u64::try_from(header.at.0 / 1_000).unwrap_or(0);
        let mut writer =
            Self { tar: tar::Builder::new(BufWriter::with_capacity(1 << 20, file)), sums: BufWriter::new(sums), at, held: Held::default() };
        let text = serde_json::to_vec_pretty(header)?;
        writer.add(HEADER, u64::try_from(text.len()).unwrap_or(0), &mut text.as_slice())?;
        Ok(writer)
    }

    /// Adds a file under a name.
    ///
    /// # Errors
    /// It cannot be read or written, or it changed its size meanwhile.
    pub fn add_file(&mut self, name: &str, path: &Path) -> std::io::Result<()> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        self.add(name, size, &mut BufReader::with_capacity(1 << 18, file))?;
        if name.starts_with("files/") {
            self.held.files = self.held.files.saturating_add(1);
        }
        Ok(())
    }

    fn add(&mut self, name: &str, size: u64, content: &mut dyn Read) -> std::io::Result<()> {
        let mut hashing = Hashing::new(content.take(size));
        self.append(name, size, &mut hashing)?;
        if hashing.bytes != size {
            return Err(std::io::Error::other(format!("{name} changed while it was read")));
        }
        self.sums.write_all(sum_line(&hashing.hash.finalize(), name).as_bytes())?;
        self.held.bytes = self.held.bytes.saturating_add(size);
        Ok(())
    }

    fn append(&mut self, name: &str, size: u64, content: &mut dyn Read) -> std::io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.at);
        self.tar.append_data(&mut header, name, content)
    }

    /// How much was added so far.
    #[must_use]
    pub fn held(&self) -> Held {
        self.held
    }

    /// Adds the checksums and makes all of it durable.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> std::io::Result<Held> {
        self.sums.flush()?;
        let mut sums = self.sums.get_ref().try_clone()?;
        let size = sums.seek(SeekFrom::End(0))?;
        sums.seek(SeekFrom::Start(0))?;
        self.append(SUMS, size, &mut sums)?;
        self.tar.into_inner()?.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        Ok(self.held)
    }
}

/// Reads a backup to its end, gives each thing in it to `each`, and checks all of it. What `each` leaves unread is read for it.
///
/// What was given to `each` is only to be believed when this has returned without an error.
///
/// # Errors
/// See [`ArchiveError`]; those of `each` as [`ArchiveError::Io`].
pub fn read(path: &Path, mut each: impl FnMut(&str, &mut dyn Read) -> std::io::Result<()>) -> Result<(Header, Held), ArchiveError> {
    let mut archive = tar::Archive::new(BufReader::with_capacity(1 << 20, File::open(path)?));
    let mut header = None;
    let mut held = Held::default();
    let (mut sums, mut last) = (Sha256::new(), String::new());
    let mut entries = archive.entries()?;
    loop {
        let entry = match entries.next() {
            Some(Ok(entry)) => entry,
            Some(Err(error)) if last.is_empty() => return Err(ArchiveError::Foreign(error.to_string())),
            Some(Err(error)) if error.to_string().contains("checksum") => {
                return Err(ArchiveError::Altered(format!("what comes after {last} is unreadable")));
            }
            Some(Err(_)) | None if !last.is_empty() => return Err(ArchiveError::CutOff { after: last }),
            Some(Err(error)) => return Err(ArchiveError::Foreign(error.to_string())),
            None => return Err(ArchiveError::Foreign("it is empty".to_owned())),
        };
        let size = entry.size();
        let is_file = entry.header().entry_type().is_file();
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !is_file || !is_known(&name) {
            let what = format!("{} does not belong into one", name.chars().take(100).collect::<String>());
            return Err(if last.is_empty() { ArchiveError::Foreign(what) } else { ArchiveError::Altered(what) });
        }
        let mut content = Hashing::new(entry);
        match (&header, name.as_str()) {
            (None, HEADER) => header = Some(read_header(&mut content, size)?),
            (None, _) => return Err(ArchiveError::Foreign(format!("it does not begin with {HEADER}"))),
            (Some(_), HEADER) => return Err(ArchiveError::Altered(format!("{HEADER} is there twice"))),
            (Some(_), SUMS) => {}
            (Some(_), name) => each(name, &mut content)?,
        }
        std::io::copy(&mut content, &mut std::io::sink())?;
        if content.bytes != size {
            return Err(ArchiveError::CutOff { after: if last.is_empty() { "its beginning".to_owned() } else { last } });
        }
        let hash = content.hash.finalize();
        if name == SUMS {
            if hash != sums.finalize() {
                return Err(ArchiveError::Altered("its checksums do not fit".to_owned()));
            }
            break;
        }
        sums.update(sum_line(&hash, &name));
        held.bytes = held.bytes.saturating_add(size);
        held.files = held.files.saturating_add(u64::from(name.starts_with("files/")));
        last = name;
    }
    match entries.next() {
        None => {}
        Some(_) => return Err(ArchiveError::Altered(format!("something comes after {SUMS}"))),
    }
    header.map(|header| (header, held)).ok_or_else(|| ArchiveError::Foreign("it is empty".to_owned()))
}

fn read_header(content: &mut impl Read, size: u64) -> Result<Header, ArchiveError> {
    #[derive(Deserialize)]
    struct Form {
        backup: u32,
    }
    let mut text = Vec::new();
    content.take(HEADER_BYTES).read_to_end(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|read| read < size.min(HEADER_BYTES)) {
        return Err(ArchiveError::CutOff { after: "its beginning".to_owned() });
    }
    let foreign = |error: serde_json::Error| ArchiveError::Foreign(format!("{HEADER}: {error}"));
    let Form { backup } = serde_json::from_slice(&text).map_err(foreign)?;
    if backup > FORMAT {
        return Err(ArchiveError::TooNew { found: backup });
    }
    serde_json::from_slice(&text).map_err(foreign)
}

/// Whether a name may stand in a backup: nothing that would lead out of the folder it is put into.
fn is_known(name: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && part != "." && part != ".." && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    match name.strip_prefix("files/") {
        Some(rest) => rest.split('/').count() == 3 && rest.split('/').all(plain),
        None => [HEADER, DATABASE, DUMP, SUMS].contains(&name),
    }
}

fn sum_line(hash: &[u8], name: &str) -> String {
    format!("{}  {name}\n", data_encoding::HEXLOWER.encode(hash))
}

/// Counts and hashes what is read through it.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
}

impl<R> Hashing<R> {
    fn new(inner: R) -> Self {
        Self { inner, hash: Sha256::new(), bytes: 0 }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(into)?;
        self.hash.update(into.get(..read).unwrap_or_default());
        self.bytes = self.bytes.saturating_add(u64::try_from(read).unwrap_or(0));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for (name, known) in [
            ("kommutator.sqlite3", true),
            ("files/w1/ab/0123456789abcdef", true),
            ("files/w1/ab/0123456789abcdef.thumb.jpg", true),
            ("files/../../etc/passwd", false),
            ("files/w1/../x", false),
            ("/files/w1/ab/x", false),
            ("files/w1/ab", false),
            ("files/w1/ab/x/y", false),
            ("kommutator.key", false),
            ("../kommutator.sqlite3", false),
        ] {
            assert_eq!(is_known(name), known, "{name}");
        }
    }
}
