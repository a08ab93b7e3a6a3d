//! Files: what visitors, managers and providers send, kept in a folder or in an S3-compatible store.
//!
//! What a file is, is found from its content; what the client says about it is never believed. A file's content is an
//! object under `w7/ab/FILEID` (workspace, two letters that spread, id), its thumbnail lies beside it. The file's record is
//! the caller's: [`StoredFile`] has what goes into it. An object without a record is harmless.
//!
//! * [`put`]: the streamed upload: bounded memory, size limit, nothing left behind when it fails
//! * [`get`]: content as a stream, ranges, deletion, listing
//! * [`media`]: the media type from the content, and which types a browser may show in place
//! * [`name`]: file names made safe, and the `Content-Disposition` header
//! * [`picture`]: dimensions and thumbnails, with pixels and memory bounded
//! * [`link`]: short signed links
//! * [`error`]: what can go wrong, in words an operator understands

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::model::ids::{FileId, WorkspaceId};

pub mod error;
pub mod get;
pub mod link;
pub mod media;
pub mod name;
pub mod picture;
pub mod put;

pub use error::FileError;
pub use get::{Content, RangeAsked, asked_range};
pub use link::{FileLink, LinkError, sign_lasting_link, sign_link, verify_link};
pub use media::{Disposition, disposition};
pub use name::{content_disposition, safe_name};
pub use put::StoredFile;

/// One call to the store may take this long.
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// The next piece of content, from the client or from the store, may take this long.
const PIECE_LIMIT: Duration = Duration::from_secs(30);
/// How many pictures are worked on at once; each may take [`picture::MEMORY_LIMIT`].
const PICTURES_AT_ONCE: usize = 2;

/// The content or the thumbnail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    /// What was sent.
    Content,
    /// A small JPEG of a picture.
    Thumbnail,
}

impl Variant {
    /// Its name in links.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Thumbnail => "thumbnail",
        }
    }

    /// The variant of a name in a link.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Content, Self::Thumbnail].into_iter().find(|variant| variant.name() == name)
    }
}

/// How to reach an S3-compatible store.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// Base address, e.g. `https://s3.example.com`; `None`: Amazon's own.
    pub endpoint: Option<String>,
    /// The bucket; it must exist.
    pub bucket: String,
    /// The region, `us-east-1` where the store knows none.
    pub region: String,
    /// The access key.
    pub access_key: String,
    /// Its secret.
    pub secret_key: SecretString,
    /// `endpoint/bucket/key` rather than `bucket.endpoint/key`. Most stores that are not Amazon's want it.
    pub path_style: bool,
}

/// Where files live. Cheap to clone.
#[derive(Clone)]
pub struct FileStore {
    store: Arc<dyn ObjectStore>,
    folder: Option<PathBuf>,
    pictures: Arc<Semaphore>,
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileStore({})", self.store)
    }
}

impl FileStore {
    /// Over a folder, made if absent. Content is synced to the disk before an upload counts as done.
    ///
    /// # Errors
    /// The folder can't be made or read.
    pub fn local(folder: &Path) -> Result<Self, FileError> {
        std::fs::create_dir_all(folder).map_err(|error| FileError::from_io(&error))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(FileError::from)?.with_fsync(true);
        Ok(Self { folder: Some(folder.to_owned()), ..Self::over(Arc::new(store)) })
    }

    /// Over an S3-compatible store. No call is made yet; [`probe`](Self::probe) tells whether it answers.
    ///
    /// # Errors
    /// The settings don't fit together.
    pub fn s3(settings: &S3Settings) -> Result<Self, FileError> {
        // An error means that the provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = settings.endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        let client = ClientOptions::new()
            .with_allow_http(plain)
            .with_connect_timeout(Duration::from_secs(5))
            .with_timeout_disabled()
            .with_read_timeout(PIECE_LIMIT);
        let retry = RetryConfig {
            backoff: BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(2), base: 2.0 },
            max_retries: 3,
            retry_timeout: Duration::from_secs(20),
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(&settings.access_key)
            .with_secret_access_key(settings.secret_key.expose_secret())
            .with_virtual_hosted_style_request(!settings.path_style)
            // Not every compatible store knows the bulk call.
            .with_disable_bulk_delete(true)
            .with_client_options(client)
            .with_retry(retry);
        if let Some(endpoint) = &settings.endpoint {
            // With virtual hosts the builder takes the endpoint as it is, so the bucket is put in front of the host here.
            let endpoint = if settings.path_style { endpoint.clone() } else { with_bucket_host(endpoint, &settings.bucket) };
            builder = builder.with_endpoint(endpoint);
        }
        Ok(Self::over(Arc::new(builder.build().map_err(FileError::from)?)))
    }

    /// Over any object store, e.g. one in memory.
    #[must_use]
    pub fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, folder: None, pictures: Arc::new(Semaphore::new(PICTURES_AT_ONCE)) }
    }
}

fn with_bucket_host(endpoint: &str, bucket: &str) -> String {
    match endpoint.split_once("://") {
        Some((scheme, host)) if !host.starts_with(&format!("{bucket}.")) => format!("{scheme}://{bucket}.{host}"),
        _ => endpoint.to_owned(),
    }
}

/// Where an object lies: `w7/ab/FILEID`. The last two letters of an id are random, the first ones are time: those would
/// put every file of a month into one folder.
fn object_path(workspace: WorkspaceId, file: FileId, variant: Variant) -> ObjectPath {
    let id = file.to_string();
    let spread = id.get(id.len().saturating_sub(2)..).unwrap_or("00");
    let ending = if variant == Variant::Thumbnail { ".thumb.jpg" } else { "" };
    ObjectPath::from(format!("w{workspace}/{spread}/{id}{ending}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

    use super::*;

    #[test]
    fn objects_lie_under_their_workspace_and_thumbnails_beside() {
        let file = FileId(0x1234_5678_9abc_def0);
        let content = object_path(WorkspaceId(7), file, Variant::Content).to_string();
        assert_eq!(content, format!("w7/{}/{file}", &file.to_string()[11..]));
        assert_eq!(object_path(WorkspaceId(7), file, Variant::Thumbnail).to_string(), format!("{content}.thumb.jpg"));
    }

    #[test]
    fn the_bucket_goes_in_front_of_the_host_once() {
        assert_eq!(with_bucket_host("https://s3.example.com", "b"), "https://b.s3.example.com");
        assert_eq!(with_bucket_host("https://b.s3.example.com", "b"), "https://b.s3.example.com");
    }
}
