//! SQLite's errors in the words of the port.

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

/// What a failed file operation on the data folder means.
pub(super) fn file_error(what: &str, error: &std::io::Error) -> StoreError {
    let said = format!("{what}: {error}");
    match error.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly(said),
        std::io::ErrorKind::StorageFull => StoreError::Full(said),
        _ => StoreError::Unavailable(said),
    }
}
