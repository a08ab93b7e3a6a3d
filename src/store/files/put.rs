//! The streamed upload: memory bounded by one part, a size limit, and nothing left behind when it fails or its caller goes.

use std::fmt::Display;
use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use data_encoding::HEXLOWER;
use futures_util::{Stream, StreamExt};
use object_store::path::Path as ObjectPath;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, PutResult};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::{CALL_LIMIT, FileError, FileStore, PIECE_LIMIT, Variant, media, object_path, picture};
use crate::model::ids::{FileId, WorkspaceId};

/// A part of an upload; S3 takes none smaller. What is no larger goes in one call.
const PART: usize = 5 * 1024 * 1024;

/// What is now stored, for the file's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Found from the content.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the content, hex.
    pub sha256: String,
    /// Pixels, as the picture is seen (turned by its EXIF).
    pub width: Option<u32>,
    /// Pixels, as the picture is seen.
    pub height: Option<u32>,
    /// Whether a thumbnail lies beside it.
    pub thumbnail: bool,
}

impl FileStore {
    /// Stores a stream. When this returns, the content is durable; when it fails or is dropped, nothing is left.
    ///
    /// # Errors
    /// [`FileError::TooLarge`], [`Interrupted`](FileError::Interrupted), [`TooSlow`](FileError::TooSlow), or the store's.
    pub async fn put<E: Display>(
        &self, workspace: WorkspaceId, file: FileId, content: impl Stream<Item = Result<Bytes, E>>, limit: u64,
    ) -> Result<StoredFile, FileError> {
        let path = object_path(workspace, file, Variant::Content);
        let mut content = pin!(content);
        let mut upload = Upload::new(Arc::clone(&self.store), path.clone());
        let mut seen = Seen::default();
        let mut part = BytesMut::new();
        while let Some(piece) = timeout(PIECE_LIMIT, content.next()).await.map_err(|_| FileError::TooSlow)? {
            let mut piece = piece.map_err(|error| FileError::Interrupted(error.to_string()))?;
            seen.see(&piece);
            if seen.size > limit {
                return Err(FileError::TooLarge { limit });
            }
            while !piece.is_empty() {
                let room = PART.saturating_sub(part.len()).min(piece.len());
                part.extend_from_slice(&piece.split_to(room));
                if part.len() == PART {
                    upload.part(part.split().freeze()).await?;
                }
            }
        }
        upload.finish(part.freeze()).await?;
        let media_type = media::media_type(&seen.head, seen.text.is_text());
        let seen_picture = self.picture(workspace, file, &media_type, seen.size).await;
        upload.keep();
        Ok(StoredFile {
            media_type,
            size: seen.size,
            sha256: HEXLOWER.encode(&seen.hash.finalize()),
            width: seen_picture.dimensions.map(|(width, _)| width),
            height: seen_picture.dimensions.map(|(_, height)| height),
            thumbnail: seen_picture.thumbnail,
        })
    }

    /// Looks at a stored picture and puts its thumbnail beside it. Whatever goes wrong here leaves a file without thumbnail.
    async fn picture(&self, workspace: WorkspaceId, file: FileId, media_type: &str, size: u64) -> Picture {
        let none = Picture { dimensions: None, thumbnail: false };
        if picture::format(media_type).is_none() || size > picture::SOURCE_LIMIT {
            return none;
        }
        let Ok(Ok(permit)) = timeout(picture::TIME_LIMIT, Arc::clone(&self.pictures).acquire_owned()).await else {
            tracing::warn!(%workspace, %file, "no thumbnail: too many pictures at once");
            return none;
        };
        let content = match self.whole(workspace, file, picture::SOURCE_LIMIT).await {
            Ok(content) => content,
            Err(error) => {
                tracing::warn!(%workspace, %file, %error, "no thumbnail: the picture can't be read back");
                return none;
            }
        };
        let media_type = media_type.to_owned();
        // The permit goes along: a picture that outlives its time limit still counts as worked on.
        let work = tokio::task::spawn_blocking(move || {
            let looked = picture::look(&content, &media_type);
            drop(permit);
            looked
        });
        let looked = match timeout(picture::TIME_LIMIT, work).await {
            Ok(Ok(looked)) => looked,
            Ok(Err(error)) => {
                tracing::warn!(%workspace, %file, %error, "no thumbnail: the decoder panicked");
                return none;
            }
            Err(_) => {
                tracing::warn!(%workspace, %file, "no thumbnail: the decoder takes too long");
                return none;
            }
        };
        let Some(thumbnail) = looked.thumbnail else { return Picture { dimensions: looked.dimensions, thumbnail: false } };
        let path = object_path(workspace, file, Variant::Thumbnail);
        let stored = match timeout(CALL_LIMIT, self.store.put(&path, thumbnail.into())).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => {
                tracing::warn!(%workspace, %file, error = %FileError::from(error), "no thumbnail: it can't be stored");
                false
            }
            Err(_) => {
                tracing::warn!(%workspace, %file, "no thumbnail: the store takes too long");
                false
            }
        };
        Picture { dimensions: looked.dimensions, thumbnail: stored }
    }
}

struct Picture {
    dimensions: Option<(u32, u32)>,
    thumbnail: bool,
}

/// What is learned of the content while it passes.
#[derive(Default)]
struct Seen {
    size: u64,
    hash: Sha256,
    head: Vec<u8>,
    text: media::TextCheck,
}

impl Seen {
    fn see(&mut self, piece: &[u8]) {
        self.size = self.size.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        self.hash.update(piece);
        self.text.see(piece);
        let missing = media::HEAD.saturating_sub(self.head.len());
        self.head.extend_from_slice(piece.get(..missing).unwrap_or(piece));
    }
}

/// An upload that cleans up after itself unless it is kept: its caller may be dropped at any await, when a client goes.
struct Upload {
    store: Arc<dyn ObjectStore>,
    path: ObjectPath,
    parts: Option<Box<dyn MultipartUpload>>,
    written: bool,
}

impl Upload {
    fn new(store: Arc<dyn ObjectStore>, path: ObjectPath) -> Self {
        Self { store, path, parts: None, written: false }
    }

    async fn part(&mut self, part: Bytes) -> Result<(), FileError> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            empty => empty.insert(limited(self.store.put_multipart(&self.path)).await?),
        };
        limited(parts.put_part(PutPayload::from_bytes(part))).await
    }

    async fn finish(&mut self, rest: Bytes) -> Result<PutResult, FileError> {
        let Some(parts) = &mut self.parts else {
            self.written = true;
            return limited(self.store.put(&self.path, PutPayload::from_bytes(rest))).await;
        };
        if !rest.is_empty() {
            limited(parts.put_part(PutPayload::from_bytes(rest))).await?;
        }
        self.written = true;
        let done = limited(parts.complete()).await?;
        self.parts = None;
        Ok(done)
    }

    fn keep(mut self) {
        self.written = false;
        self.parts = None;
    }
}

async fn limited<T>(call: impl Future<Output = object_store::Result<T>>) -> Result<T, FileError> {
    match timeout(CALL_LIMIT, call).await {
        Ok(done) => done.map_err(FileError::from),
        Err(_) => Err(FileError::Unavailable("no answer in time".to_owned())),
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let (parts, written) = (self.parts.take(), self.written);
        if parts.is_none() && !written {
            return;
        }
        // Without a runtime the process is ending; a local upload removes its half file by itself.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (store, path) = (Arc::clone(&self.store), self.path.clone());
        runtime.spawn(async move {
            let cleaned = async {
                if let Some(mut parts) = parts
                    && let Err(error) = limited(parts.abort()).await
                {
                    // Also the answer to aborting what was completed: it is deleted below.
                    tracing::debug!(%path, %error, "a broken upload can't be aborted");
                }
                if written {
                    match limited(store.delete(&path)).await {
                        Ok(()) | Err(FileError::NotFound) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(())
            };
            if let Err(error) = cleaned.await {
                tracing::warn!(%path, %error, "a broken upload left its object behind");
            }
        });
    }
}
