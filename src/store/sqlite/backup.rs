//! A copy of the live store in one file.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::error::{file_error, store_error};
use super::schema;
use crate::store::port::StoreError;

/// How many pages are copied at once.
const PAGES: i32 = 512;

/// Copies the store as of one moment into `to`, which must not exist. The copy is made beside it and renamed when it is whole.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Invalid(format!("{} exists already", to.display())));
    }
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    // What an earlier, broken copy left behind is of no use.
    if let Err(error) = std::fs::remove_file(&part)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(file_error(&part.display().to_string(), &error));
    }
    // What a store holds is for its owner only.
    let made = std::fs::File::options().write(true).create_new(true).mode(0o600).open(&part);
    made.map_err(|error| file_error(&part.display().to_string(), &error))?;
    let source = schema::connect(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let copied = copy_pages(&source, &part).map_err(|error| store_error(&error));
    let renamed = copied.and_then(|()| std::fs::rename(&part, to).map_err(|error| file_error(&to.display().to_string(), &error)));
    if renamed.is_err() {
        // The error that is told is the copy's; a rest of it is removed by the next one.
        let _ = std::fs::remove_file(&part);
    }
    renamed?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync_folder(folder)
}

/// Makes new names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| file_error(&folder.display().to_string(), &error))
}

fn copy_pages(source: &Connection, part: &Path) -> rusqlite::Result<()> {
    // An open read transaction holds the moment: without it every commit of the writer would start the copy anew.
    let moment = source.unchecked_transaction()?;
    moment.query_row("SELECT count(*) FROM name", [], |row| row.get::<_, i64>(0))?;
    let mut copy = Connection::open(part)?;
    // The file is synced once, when it is whole.
    copy.pragma_update(None, "synchronous", "FULL")?;
    Backup::new(&moment, &mut copy)?.run_to_completion(PAGES, Duration::ZERO, None)?;
    copy.close().map_err(|(_, error)| error)
}
