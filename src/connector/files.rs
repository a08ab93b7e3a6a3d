//! The content of our files, for who sends them on.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::model::ids::FileId;
use crate::model::reason::Reason;

/// The content of files that lie here.
#[async_trait]
pub trait FileSource: Send + Sync {
    /// Opens one.
    ///
    /// # Errors
    /// It is not here, or the store of files failed.
    async fn open(&self, file: FileId) -> Result<OpenFile, Reason>;

    /// An address at which anybody who knows it can fetch the file, for providers that take no files. Long-lived, and can be called back.
    ///
    /// # Errors
    /// This installation has no address that can be reached from outside.
    async fn link(&self, file: FileId) -> Result<String, Reason>;
}

/// A file's content.
pub struct OpenFile {
    /// Bytes.
    pub size: u64,
    /// The content.
    pub content: BoxStream<'static, Result<Bytes, std::io::Error>>,
}
