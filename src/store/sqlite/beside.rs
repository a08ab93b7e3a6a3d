//! What may be done with a data folder while another process owns it: copy the live store, and read it.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use rusqlite::OpenFlags;
use tokio::sync::mpsc;

use super::error::{file_error, store_error};
use super::{FILE, LIMIT, LOCK, SqliteEngine, Threads, backup, readers, schema};
use crate::store::port::StoreError;

impl SqliteEngine {
    /// Whether a data folder holds a store.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    /// Whether a process owns a data folder now.
    ///
    /// # Errors
    /// The lock file can't be read.
    pub fn is_owned(folder: &Path) -> Result<bool, StoreError> {
        let path = folder.join(LOCK);
        let fails = |error: &std::io::Error| file_error(&path.display().to_string(), error);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(fails(&error)),
        };
        match file.try_lock_shared() {
            // Given back when the file is closed, which is at once.
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(fails(&error)),
        }
    }

    /// Copies the store of a data folder as of one moment into a new file, whether a process owns the folder or not.
    ///
    /// # Errors
    /// [`StoreError::Invalid`]: the file exists already. Else what keeps it from being read or written.
    pub fn copy_beside(folder: &Path, to: &Path) -> Result<(), StoreError> {
        backup::copy(&folder.join(FILE), to)
    }

    /// The schema's version of a store, which is the one this program reads.
    ///
    /// # Errors
    /// It is another one, or no store of this program.
    pub fn version_in(folder: &Path) -> Result<usize, StoreError> {
        schema::readable_version(&folder.join(FILE))
    }

    /// Opens a store for reading only, whether a process owns the folder or not. Whatever would write ends in
    /// [`StoreError::Unavailable`].
    ///
    /// # Errors
    /// There is none, it can't be read, or it is of another version.
    pub fn open_beside(folder: &Path) -> Result<Arc<Self>, StoreError> {
        Self::version_in(folder)?;
        let file = folder.join(FILE);
        let (readers, threads) = readers::start(&file)?;
        // Nobody listens at the other end: there is no writer.
        let (writer, _) = mpsc::channel(1);
        Ok(Arc::new(Self {
            file,
            limit: LIMIT,
            writer,
            readers,
            threads: Mutex::new(Threads { readers: threads, writer: None }),
            closed: AtomicBool::new(false),
            wakes: Arc::default(),
            counts: Arc::default(),
            signals: Mutex::new(HashMap::new()),
        }))
    }

    /// Begins a write and takes it back, on a store nobody owns: whether it could be written.
    ///
    /// # Errors
    /// What keeps it from being written.
    pub fn try_write_in(folder: &Path) -> Result<(), StoreError> {
        let connection = schema::connect(&folder.join(FILE), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK").map_err(|error| store_error(&error))
    }
}
