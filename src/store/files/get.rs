//! Content as a stream, ranges, deletion, listing, and a probe.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path as ObjectPath;
use object_store::{GetOptions, GetRange, ObjectStoreExt, PutPayload};
use tokio::time::timeout;

use super::{CALL_LIMIT, FileError, FileStore, PIECE_LIMIT, Variant, object_path};
use crate::model::ids::{FileId, WorkspaceId};

/// Content on its way out.
pub struct Content {
    /// Bytes of the whole content.
    pub total: u64,
    /// The bytes that come.
    pub range: Range<u64>,
    /// The bytes. An error ends it; each piece has a time limit.
    pub stream: BoxStream<'static, Result<Bytes, FileError>>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("total", &self.total).field("range", &self.range).finish_non_exhaustive()
    }
}

impl FileStore {
    /// Opens a file. `range` must lie within the content, see [`asked_range`].
    ///
    /// # Errors
    /// [`FileError::NotFound`], or the store's.
    pub async fn get(&self, workspace: WorkspaceId, file: FileId, variant: Variant, range: Option<Range<u64>>) -> Result<Content, FileError> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let path = object_path(workspace, file, variant);
        let found = timeout(CALL_LIMIT, self.store.get_opts(&path, options)).await.map_err(|_| slow())??;
        let (total, range) = (found.meta.size, found.range.clone());
        let stream = stream::unfold(Some(found.into_stream()), |state| async move {
            let mut pieces = state?;
            match timeout(PIECE_LIMIT, pieces.next()).await {
                Ok(Some(Ok(piece))) => Some((Ok(piece), Some(pieces))),
                Ok(Some(Err(error))) => Some((Err(FileError::from(error)), None)),
                Ok(None) => None,
                Err(_) => Some((Err(slow()), None)),
            }
        });
        Ok(Content { total, range, stream: stream.boxed() })
    }

    /// A whole file in memory, for what can't be streamed.
    ///
    /// # Errors
    /// [`FileError::TooLarge`], [`FileError::NotFound`], or the store's.
    pub async fn whole(&self, workspace: WorkspaceId, file: FileId, limit: u64) -> Result<Bytes, FileError> {
        let content = self.get(workspace, file, Variant::Content, None).await?;
        if content.total > limit {
            return Err(FileError::TooLarge { limit });
        }
        let room = usize::try_from(content.total).unwrap_or(0);
        let whole = content.stream.try_fold(BytesMut::with_capacity(room), |mut whole, piece| async move {
            whole.extend_from_slice(&piece);
            Ok(whole)
        });
        whole.await.map(BytesMut::freeze)
    }

    /// Removes a file and its thumbnail. Removing what is not there is done already.
    ///
    /// # Errors
    /// The store's; may be tried again.
    pub async fn delete(&self, workspace: WorkspaceId, file: FileId) -> Result<(), FileError> {
        for variant in [Variant::Thumbnail, Variant::Content] {
            let path = object_path(workspace, file, variant);
            match timeout(CALL_LIMIT, self.store.delete(&path)).await.map_err(|_| slow())?.map_err(FileError::from) {
                Ok(()) | Err(FileError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Every stored object of a workspace with its size, in no order: for a backup, and for removing objects without a record.
    pub fn list(&self, workspace: WorkspaceId) -> BoxStream<'static, Result<(FileId, Variant, u64), FileError>> {
        let listed = self.store.list(Some(&ObjectPath::from(format!("w{workspace}")))).map_err(FileError::from);
        listed
            .try_filter_map(|object| async move {
                let name = object.location.filename().unwrap_or_default();
                let (id, variant) = name.strip_suffix(".thumb.jpg").map_or((name, Variant::Content), |id| (id, Variant::Thumbnail));
                // What is not named by an id is not ours.
                Ok(id.parse().ok().map(|id| (id, variant, object.size)))
            })
            .boxed()
    }

    /// Writes, reads and removes a small object: for `doctor` and the start.
    ///
    /// # Errors
    /// What keeps files from being stored.
    pub async fn probe(&self) -> Result<(), FileError> {
        let path = ObjectPath::from("probe");
        let probing = async {
            self.store.put(&path, PutPayload::from_static(b"kommutator")).await?;
            let read = self.store.get(&path).await?.bytes().await?;
            self.store.delete(&path).await?;
            Ok::<_, FileError>(read)
        };
        let read = timeout(CALL_LIMIT, probing).await.map_err(|_| slow())??;
        if read == "kommutator" { Ok(()) } else { Err(FileError::Unavailable("it gives back other bytes than it was given".to_owned())) }
    }

    /// Removes what uploads left behind when the process was killed. Only at the start, before the first upload, and only
    /// for a folder: an S3 store ends old uploads by a rule of the bucket. Answers how many were removed.
    ///
    /// # Errors
    /// The folder can't be read or written.
    pub async fn remove_half_uploads(&self) -> Result<usize, FileError> {
        let Some(folder) = self.folder.clone() else { return Ok(0) };
        let swept = tokio::task::spawn_blocking(move || {
            let mut removed = 0_usize;
            let mut folders = vec![(folder, 0)];
            while let Some((folder, depth)) = folders.pop() {
                for entry in std::fs::read_dir(folder)? {
                    let entry = entry?;
                    if entry.file_type()?.is_dir() {
                        // Files lie at the depth `w7/ab`.
                        if depth < 2 {
                            folders.push((entry.path(), depth + 1));
                        }
                    } else if entry.file_name().to_string_lossy().contains('#') {
                        std::fs::remove_file(entry.path())?;
                        removed = removed.saturating_add(1);
                    }
                }
            }
            Ok::<_, std::io::Error>(removed)
        });
        swept.await.map_err(|error| FileError::Unavailable(error.to_string()))?.map_err(|error| FileError::from_io(&error))
    }
}

fn slow() -> FileError {
    FileError::Unavailable("no answer in time".to_owned())
}

/// What a `Range` header asks of a content of `size` bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeAsked {
    /// Everything: there is no header, or one that is to be ignored (RFC 9110, 14.2).
    Whole,
    /// These bytes: answer 206.
    Part(Range<u64>),
    /// None of the content: answer 416.
    Unsatisfiable,
}

/// Reads a `Range` header. Several ranges are ignored: the whole content is a correct answer to them.
#[must_use]
pub fn asked_range(header: Option<&str>, size: u64) -> RangeAsked {
    let Some(range) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else { return RangeAsked::Whole };
    let Some((first, last)) = range.split_once('-') else { return RangeAsked::Whole };
    let digits = |text: &str| -> Option<Option<u64>> {
        match text.trim() {
            "" => Some(None),
            text if text.bytes().all(|byte| byte.is_ascii_digit()) => Some(Some(text.parse().unwrap_or(u64::MAX))),
            _ => None,
        }
    };
    let range = match (digits(first), digits(last)) {
        (Some(Some(first)), Some(None)) => first..size,
        (Some(Some(first)), Some(Some(last))) if first <= last => first..last.saturating_add(1).min(size),
        (Some(None), Some(Some(length))) => size.saturating_sub(length)..size,
        _ => return RangeAsked::Whole,
    };
    if range.is_empty() { RangeAsked::Unsatisfiable } else { RangeAsked::Part(range) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

    use super::*;

    #[test]
    fn range_headers() {
        let table = [
            (None, RangeAsked::Whole),
            (Some("bytes=0-0"), RangeAsked::Part(0..1)),
            (Some("bytes=0-"), RangeAsked::Part(0..100)),
            (Some("bytes=10-19"), RangeAsked::Part(10..20)),
            (Some("bytes=90-500"), RangeAsked::Part(90..100)),
            (Some("bytes=-5"), RangeAsked::Part(95..100)),
            (Some("bytes=-500"), RangeAsked::Part(0..100)),
            (Some("bytes=-0"), RangeAsked::Unsatisfiable),
            (Some("bytes=100-"), RangeAsked::Unsatisfiable),
            (Some("bytes=99999999999999999999999-"), RangeAsked::Unsatisfiable),
            (Some("bytes=20-10"), RangeAsked::Whole),
            (Some("bytes=0-1,5-6"), RangeAsked::Whole),
            (Some("bytes=-"), RangeAsked::Whole),
            (Some("bytes=a-b"), RangeAsked::Whole),
            (Some("pages=1-2"), RangeAsked::Whole),
        ];
        for (header, expected) in table {
            assert_eq!(asked_range(header, 100), expected, "{header:?}");
        }
        assert_eq!(asked_range(Some("bytes=0-"), 0), RangeAsked::Unsatisfiable);
    }
}
