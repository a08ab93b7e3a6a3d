//! The portable dump: the whole store as lines of JSON, through the port, so that what one engine wrote another reads.
//!
//! ```text
//! {"dump":1,"engine":"sqlite","product":"0.1.0"}
//! {"partition":0}
//! {"t":"record",…}                              one line per item, see [`DumpItem`]
//! {"partition":1}
//! …
//! {"end":{"partitions":2,"items":94},"sha256":"…"}      over all lines before, line ends included
//! ```
//!
//! Both ways hold a part of the store in memory, never all of it. Nobody may write to the store meanwhile.

use std::io::{BufRead, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::batch::BATCH_BYTES;
use super::port::{DumpItem, Engine, Partition, RawRecord, RecordKey, StoreError};

/// The format's version that is written, and the newest that is read.
pub const FORMAT: u32 = 1;

/// The longest line that is read: the largest value in base 64, with its keys.
const LINE_BYTES: u64 = (BATCH_BYTES as u64) * 4 / 3 + 64 * 1024;
/// How many items, and about how many bytes of lines, are loaded at once.
const PART_ITEMS: usize = 1_000;
const PART_BYTES: usize = 4 * 1024 * 1024;

/// What a dump holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DumpCounts {
    /// Partitions.
    pub partitions: u64,
    /// Items of all of them.
    pub items: u64,
}

/// Why a dump was not written or not read.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The file cannot be read or written.
    #[error("the dump's file: {0}")]
    Io(#[from] std::io::Error),
    /// The store failed. What was loaded before stays: empty the store before the next try.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A dump is loaded into an empty store only.
    #[error("the store is not empty: a dump is loaded into an empty one only")]
    NotEmpty,
    /// The file was written by a newer version of the product.
    #[error("the dump has format {found}, this program knows up to {FORMAT}: use a newer version")]
    TooNew {
        /// The file's format.
        found: u32,
    },
    /// The file is no dump, or a line of it is none of a dump.
    #[error("line {line} is no line of a dump: {what}")]
    Unreadable {
        /// Which line, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// The file ends before its last line.
    #[error("the dump ends after line {lines} without its last line: it was cut off")]
    CutOff {
        /// How many lines there are.
        lines: u64,
    },
    /// The file is not what was written.
    #[error("the dump was altered: its {what} do not fit its last line")]
    Altered {
        /// What does not fit.
        what: &'static str,
    },
}

#[derive(Serialize, Deserialize)]
struct Header {
    dump: u32,
    engine: String,
    product: String,
}

/// What every format's header begins with.
#[derive(Deserialize)]
struct Format {
    dump: u32,
}

#[derive(Serialize, Deserialize)]
struct PartitionLine {
    partition: u32,
}

#[derive(Serialize, Deserialize)]
struct EndLine {
    end: DumpCounts,
    sha256: String,
}

/// Writes the whole store.
///
/// # Errors
/// [`DumpError::Io`] or [`DumpError::Store`].
pub async fn write_dump<W: Write + Send>(engine: &dyn Engine, writer: &mut W) -> Result<DumpCounts, DumpError> {
    let mut lines = Lines { writer, hash: Sha256::new() };
    lines.write(&Header { dump: FORMAT, engine: engine.name().to_owned(), product: env!("CARGO_PKG_VERSION").to_owned() })?;
    let mut counts = DumpCounts::default();
    let mut partitions = engine.partitions().await?;
    partitions.sort_unstable();
    for partition in partitions {
        counts.partitions = counts.partitions.saturating_add(1);
        lines.write(&PartitionLine { partition: partition.0 })?;
        let mut place = None;
        loop {
            let (items, next) = engine.dump(partition, place).await?;
            for item in &items {
                counts.items = counts.items.saturating_add(1);
                lines.write(item)?;
            }
            place = next;
            if place.is_none() {
                break;
            }
        }
    }
    let sha256 = data_encoding::HEXLOWER.encode(&lines.hash.clone().finalize());
    lines.write(&EndLine { end: counts, sha256 })?;
    lines.writer.flush()?;
    Ok(counts)
}

struct Lines<'w, W> {
    writer: &'w mut W,
    hash: Sha256,
}

impl<W: Write> Lines<'_, W> {
    fn write(&mut self, line: &impl Serialize) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.hash.update(&bytes);
        self.writer.write_all(&bytes)
    }
}

/// Loads a dump into an empty store. The file is read twice: it is checked to its end before anything is written.
///
/// # Errors
/// See [`DumpError`]; nothing was written but after [`DumpError::Store`] and an [`DumpError::Io`] of the second reading.
pub async fn read_dump<R: BufRead + Seek + Send>(reader: &mut R, engine: &dyn Engine) -> Result<DumpCounts, DumpError> {
    if !engine.partitions().await?.is_empty() {
        return Err(DumpError::NotEmpty);
    }
    let start = reader.stream_position()?;
    let counts = check(reader)?;
    reader.seek(SeekFrom::Start(start))?;
    let mut source = Source { reader, number: 0, line: Vec::new() };
    let mut partition = Partition::GLOBAL;
    let mut items = Vec::new();
    let mut bytes = 0_usize;
    while source.advance()? {
        let line = source.parse()?;
        let is_item = matches!(line, Line::Item(_));
        if !items.is_empty() && (!is_item || items.len() >= PART_ITEMS || bytes >= PART_BYTES) {
            engine.load(partition, std::mem::take(&mut items)).await?;
            bytes = 0;
        }
        match line {
            Line::Item(item) => {
                bytes = bytes.saturating_add(source.line.len());
                items.push(item);
            }
            Line::Partition(next) => partition = next,
            Line::End(_) => break,
            Line::Header => {}
        }
    }
    Ok(counts)
}

/// Finds the first record of a table in a dump that was not loaded yet, and goes back to the dump's beginning.
///
/// # Errors
/// The file cannot be read that far, or is no dump.
pub fn find_record<R: BufRead + Seek>(reader: &mut R, wanted: &str) -> Result<Option<RawRecord>, DumpError> {
    let start = reader.stream_position()?;
    let mut source = Source { reader, number: 0, line: Vec::new() };
    let mut found = None;
    while found.is_none() && source.advance()? {
        if let Line::Item(DumpItem::Record { table, group, item, version, value }) = source.parse()?
            && table == wanted
        {
            found = Some(RawRecord { key: RecordKey { group, item }, version, value: value.into() });
        }
    }
    reader.seek(SeekFrom::Start(start))?;
    Ok(found)
}

/// Reads to the end and compares with the last line.
fn check<R: BufRead>(reader: &mut R) -> Result<DumpCounts, DumpError> {
    let mut source = Source { reader, number: 0, line: Vec::new() };
    let mut hash = Sha256::new();
    let mut counts = DumpCounts::default();
    while source.advance()? {
        match source.parse()? {
            Line::Header => {}
            Line::Partition(_) => counts.partitions = counts.partitions.saturating_add(1),
            Line::Item(_) if counts.partitions == 0 => return Err(source.unreadable("an item before the first partition")),
            Line::Item(_) => counts.items = counts.items.saturating_add(1),
            Line::End(end) => {
                if end.sha256 != data_encoding::HEXLOWER.encode(&hash.finalize()) {
                    return Err(DumpError::Altered { what: "lines" });
                }
                if end.end != counts {
                    return Err(DumpError::Altered { what: "counts" });
                }
                if source.advance()? {
                    return Err(source.unreadable("it comes after the last one"));
                }
                return Ok(counts);
            }
        }
        hash.update(&source.line);
    }
    Err(DumpError::CutOff { lines: source.number })
}

enum Line {
    Header,
    Partition(Partition),
    Item(DumpItem),
    End(EndLine),
}

/// Lines of bounded length, one at a time.
struct Source<'r, R> {
    reader: &'r mut R,
    number: u64,
    /// With its line end.
    line: Vec<u8>,
}

impl<R: BufRead> Source<'_, R> {
    /// Reads the next line; `false` at the end of the file.
    fn advance(&mut self) -> Result<bool, DumpError> {
        self.line.clear();
        self.reader.by_ref().take(LINE_BYTES).read_until(b'\n', &mut self.line)?;
        if self.line.is_empty() {
            return Ok(false);
        }
        if self.line.last() != Some(&b'\n') {
            // The last line is cut, or this one is longer than any can be.
            if u64::try_from(self.line.len()).is_ok_and(|length| length < LINE_BYTES) {
                return Err(DumpError::CutOff { lines: self.number });
            }
            self.number = self.number.saturating_add(1);
            return Err(self.unreadable("it is too long"));
        }
        self.number = self.number.saturating_add(1);
        Ok(true)
    }

    fn parse(&self) -> Result<Line, DumpError> {
        let unreadable = |error: serde_json::Error| self.unreadable(&error.to_string());
        if self.number == 1 {
            let Format { dump } = serde_json::from_slice(&self.line).map_err(|_| self.unreadable("it is not a dump's first line"))?;
            if dump > FORMAT {
                return Err(DumpError::TooNew { found: dump });
            }
            return serde_json::from_slice::<Header>(&self.line).map(|_| Line::Header).map_err(unreadable);
        }
        if self.line.starts_with(b"{\"t\":") {
            serde_json::from_slice(&self.line).map(Line::Item).map_err(unreadable)
        } else if self.line.starts_with(b"{\"partition\":") {
            let partition = serde_json::from_slice::<PartitionLine>(&self.line);
            partition.map(|line| Line::Partition(Partition(line.partition))).map_err(unreadable)
        } else if self.line.starts_with(b"{\"end\":") {
            serde_json::from_slice(&self.line).map(Line::End).map_err(unreadable)
        } else {
            Err(self.unreadable("it is of no kind that is known"))
        }
    }

    fn unreadable(&self, what: &str) -> DumpError {
        DumpError::Unreadable { line: self.number, what: what.to_owned() }
    }
}
