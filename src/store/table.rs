//! Typed records over raw bytes: versions of the format, upcasts, declared indexes.
//!
//! A record is one JSON object whose first field `"v"` is its format's version. It is read through pure upcasts, one per
//! step, so a record written by any earlier version is understood; one written by a newer version is refused with a clear
//! word, never guessed at.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::port::{IndexEntry, RawRecord, RecordKey, StoreError};

/// A row of a typed table.
pub trait Record: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The table's name in the store; short, never changed.
    const TABLE: &'static str;
    /// The version of the format that [`Serialize`] writes.
    const VERSION: u32 = 1;

    /// Where the record lies.
    fn key(&self) -> RecordKey;

    /// The index entries it has now.
    fn indexes(&self) -> Vec<IndexEntry> {
        Vec::new()
    }

    /// Lifts a value of version `from` to `from + 1`. Called once per step until [`VERSION`](Self::VERSION) is reached.
    ///
    /// # Errors
    /// What does not fit, in words.
    fn upcast(from: u32, value: Value) -> Result<Value, String> {
        Err(format!("no upcast from version {from} of {} (value of {} bytes)", Self::TABLE, value.to_string().len()))
    }
}

/// A record as it was read: with the version the next write must expect.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored<R> {
    /// The store's version of it.
    pub version: u64,
    /// What it says.
    pub record: R,
}

#[derive(Serialize)]
struct Envelope<'a, R> {
    v: u32,
    #[serde(flatten)]
    record: &'a R,
}

/// Writes a record as bytes.
///
/// # Errors
/// [`StoreError::Invalid`]: it can't be written as JSON, a mistake in the program.
pub fn encode<R: Record>(record: &R) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(&Envelope { v: R::VERSION, record }).map_err(|error| StoreError::Invalid(format!("{}: {error}", R::TABLE)))
}

/// Reads a record from bytes, through upcasts where it is old.
///
/// # Errors
/// [`StoreError::TooNew`] or [`StoreError::Corrupt`].
pub fn decode<R: Record>(raw: &RawRecord) -> Result<Stored<R>, StoreError> {
    #[derive(serde::Deserialize)]
    struct Version {
        v: u32,
    }
    let corrupt = |what: String| StoreError::Corrupt(format!("{} {:?}: {what}", R::TABLE, raw.key));
    let Version { v: mut version } = serde_json::from_slice(&raw.value).map_err(|error| corrupt(error.to_string()))?;
    if version > R::VERSION {
        return Err(StoreError::TooNew(format!("{} of version {version}; this program knows {}", R::TABLE, R::VERSION)));
    }
    let record = if version == R::VERSION {
        serde_json::from_slice(&raw.value).map_err(|error| corrupt(error.to_string()))?
    } else {
        let mut value: Value = serde_json::from_slice(&raw.value).map_err(|error| corrupt(error.to_string()))?;
        while version < R::VERSION {
            value = R::upcast(version, value).map_err(corrupt)?;
            version = version.saturating_add(1);
        }
        serde_json::from_value(value).map_err(|error| corrupt(error.to_string()))?
    };
    Ok(Stored { version: raw.version, record })
}

/// The entries one has that the other has not.
#[must_use]
pub fn entries_without(entries: &[IndexEntry], without: &[IndexEntry]) -> Vec<IndexEntry> {
    entries.iter().filter(|entry| !without.contains(entry)).cloned().collect()
}
