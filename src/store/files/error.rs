//! What can go wrong with a file, in words an operator understands.

use std::error::Error as _;
use std::io;

/// Why a file was not stored, read or deleted. After a failed upload nothing of it is left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Larger than allowed.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The sender stopped or its connection broke.
    #[error("the upload was interrupted: {0}")]
    Interrupted(String),
    /// The sender gave nothing for too long.
    #[error("the upload stood still for too long")]
    TooSlow,
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// No room left on the disk.
    #[error("the disk with the files is full: free some space or enlarge it")]
    Full,
    /// The disk takes no writes.
    #[error("the folder with the files is read-only: check the mount and the folder's owner")]
    ReadOnly,
    /// The store refuses our credentials.
    #[error("the file store refuses access: check the owner of the folder, or the bucket, key and secret")]
    Forbidden,
    /// The store does not answer or answers with an error. Try again.
    #[error("the file store does not answer: {0}")]
    Unavailable(String),
}

impl FileError {
    /// Whether the same call may work a little later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Full | Self::ReadOnly | Self::Forbidden | Self::Unavailable(_))
    }

    pub(super) fn from_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::PermissionDenied => Self::Forbidden,
            io::ErrorKind::NotFound => Self::NotFound,
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<object_store::Error> for FileError {
    fn from(error: object_store::Error) -> Self {
        match &error {
            object_store::Error::NotFound { .. } => return Self::NotFound,
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => return Self::Forbidden,
            _ => {}
        }
        // The system's own error lies somewhere in the chain of causes.
        let mut cause = error.source();
        while let Some(found) = cause {
            if let Some(io) = found.downcast_ref::<io::Error>()
                && let known @ (Self::Full | Self::ReadOnly | Self::Forbidden) = Self::from_io(io)
            {
                return known;
            }
            cause = found.source();
        }
        // The words of an S3 error may be a whole page.
        Self::Unavailable(error.to_string().chars().take(300).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

    use super::*;

    #[test]
    fn the_systems_errors_are_told_apart_through_the_stores_wrapping() {
        #[derive(Debug, thiserror::Error)]
        #[error("copying failed: {0}")]
        struct Wrapped(#[source] io::Error);

        let table = [
            (io::ErrorKind::StorageFull, FileError::Full),
            (io::ErrorKind::QuotaExceeded, FileError::Full),
            (io::ErrorKind::ReadOnlyFilesystem, FileError::ReadOnly),
            (io::ErrorKind::PermissionDenied, FileError::Forbidden),
        ];
        for (kind, expected) in table {
            let error = object_store::Error::Generic { store: "LocalFileSystem", source: Box::new(Wrapped(kind.into())) };
            assert_eq!(FileError::from(error), expected);
            assert!(expected.is_temporary());
        }
        let other = object_store::Error::Generic { store: "S3", source: "x".repeat(5000).into() };
        assert!(FileError::from(other).to_string().len() < 400);
    }
}
