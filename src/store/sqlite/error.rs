//! SQLite's errors in the words of the port.

use std::fs::File;
use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::store::port::StoreError;

/// What an error of SQLite means to the caller. Nothing was written by the call it comes from.
pub(super) fn store_error(error: &Error) -> StoreError {
    let said = error.to_string();
    match error {
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull => StoreError::Full(said),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => StoreError::ReadOnly(said),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt(said),
            ErrorCode::TooBig => StoreError::Invalid(said),
            _ => StoreError::Unavailable(said),
        },
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..)
        | Error::InvalidColumnIndex(_) => StoreError::Corrupt(said),
        Error::ToSqlConversionFailure(_) => StoreError::Invalid(said),
        _ => StoreError::Unavailable(said),
    }
}

/// The same for a failed `COMMIT`: what was written before a failed sync may be found after a crash.
pub(super) fn commit_error(error: &Error) -> StoreError {
    match store_error(error) {
        StoreError::Unavailable(said) => StoreError::Unclear(said),
        other => other,
    }
}

/// The error of a write, or, where SQLite only says that the file could not be written, why: a disk that the system made read-only while
/// its files were open. It is asked by the file beside it that only marks who owns the folder.
pub(super) fn or_read_only(error: StoreError, mark: &Path) -> StoreError {
    match error {
        StoreError::Unavailable(said) | StoreError::Unclear(said) if takes_no_writes(mark) => {
            StoreError::ReadOnly(format!("{said}: the file system of {} takes no writes", mark.display()))
        }
        other => other,
    }
}

/// Whether the file system of a file that is there is read-only now.
pub(super) fn takes_no_writes(file: &Path) -> bool {
    matches!(File::options().write(true).open(file), Err(error) if error.kind() == std::io::ErrorKind::ReadOnlyFilesystem)
}

/// What a failed file operation on the data folder means.
pub(super) fn file_error(what: &str, error: &std::io::Error) -> StoreError {
    let said = format!("{what}: {error}");
    match error.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly(said),
        std::io::ErrorKind::StorageFull => StoreError::Full(said),
        _ => StoreError::Unavailable(said),
    }
}
