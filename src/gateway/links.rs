//! Long-lived addresses of files, for providers and CRMs that take an address instead of a file: unguessable, and gone with the file.

use super::house::House;
use crate::model::ids::{FileId, WorkspaceId};
use crate::model::reason::Reason;
use crate::store::port::CommitError;
use crate::store::records::FileRecord;

/// The address at which anybody who knows it can fetch a file. Made once for each file.
///
/// # Errors
/// The file is not here, this installation cannot be reached from outside, or the store failed.
pub async fn of_file(house: &House, workspace: WorkspaceId, file: FileId) -> Result<String, Reason> {
    let base = house.public_address().ok_or_else(|| Reason::new("no_public_address"))?;
    let store = house.store.workspace(workspace);
    let secret = house.world.secret::<24>();
    let change = |record: &FileRecord| {
        let shared = record.shared.clone().unwrap_or_else(|| secret.clone());
        Ok::<_, CommitError>(FileRecord { shared: Some(shared), ..record.clone() })
    };
    let changed = store.change(FileRecord::at(file), change, |_, _| Ok(())).await;
    let unreadable = |what: &str| Reason::new("file_unreadable").with("file", file).said(what);
    let record = changed.map_err(|error| unreadable(&error.to_string()))?.ok_or_else(|| unreadable("not here"))?;
    let shared = record.record.shared.unwrap_or_default();
    Ok(format!("{base}/shared/{workspace}/{file}/{shared}"))
}
