//! What the house stands on: the data folder, the key file, the file store, the front end.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Report;
use crate::config::{Config, EngineChoice, FilesChoice};
use crate::store::files::FileStore;
use crate::store::secrets::KeySource;
use crate::web::routes::assets;

/// Below so much free space, bytes, there is a warning or an error.
const LITTLE: (u64, u64) = (2_000_000_000, 200_000_000);

pub(super) fn folder(report: &mut Report, config: &Config) {
    const WHAT: &str = "data folder";
    let folder = &config.data;
    match std::fs::metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return report.warning(WHAT, format!("{} is not there yet: the first start makes it", folder.display()));
        }
        Err(error) => return report.error(WHAT, format!("{}: {error}: check its owner and mode", folder.display())),
        Ok(found) if !found.is_dir() => return report.error(WHAT, format!("{} is no folder: name one with --data", folder.display())),
        Ok(_) => {}
    }
    if let Err(error) = try_write(folder) {
        return report.error(WHAT, format!("{} cannot be written ({error}): check its owner, its mode and the mount", folder.display()));
    }
    match rustix::fs::statvfs(folder) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let words = format!("{} has {}.{} GB free", folder.display(), free / 1_000_000_000, free / 100_000_000 % 10);
            match free {
                free if free < LITTLE.1 => report.error(WHAT, format!("{words}: make room, or messages will be refused")),
                free if free < LITTLE.0 => report.warning(WHAT, format!("{words}: make room")),
                _ => report.ok(WHAT, words),
            }
        }
        Err(error) => report.warning(WHAT, format!("the free space of {} cannot be read: {error}", folder.display())),
    }
}

/// Makes a file, writes and syncs it, and removes it.
fn try_write(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".doctor.{}", std::process::id()));
    let written = std::fs::File::create(&path).and_then(|mut file| {
        std::io::Write::write_all(&mut file, b"kommutator")?;
        file.sync_all()
    });
    let removed = std::fs::remove_file(&path);
    written.and(removed)
}

pub(super) fn key_file(report: &mut Report, config: &Config) {
    const WHAT: &str = "key file";
    let KeySource::File(path) = &config.key else {
        return report.ok(WHAT, "the key is given by configuration");
    };
    match std::fs::metadata(path) {
        Ok(found) => {
            let mode = found.permissions().mode() & 0o777;
            if mode & 0o077 == 0 {
                report.ok(WHAT, format!("{} is readable by its owner only", path.display()));
            } else {
                report.warning(WHAT, format!("{} has mode {mode:o}, others can read it: chmod 600 {}", path.display(), path.display()));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && config.may_make_key => {
            report.warning(WHAT, format!("{} is not there yet: the first start on an empty store makes it", path.display()));
        }
        Err(error) => report.error(WHAT, format!("{}: {error}: put the key file there", path.display())),
    }
}

pub(super) async fn files(report: &mut Report, config: &Config) {
    const WHAT: &str = "file store";
    let (store, place) = match &config.files {
        FilesChoice::Folder => {
            let folder = config.data.join("files");
            if !folder.is_dir() {
                return report.ok(WHAT, format!("{} is made by the first start", folder.display()));
            }
            (FileStore::local(&folder), folder.display().to_string())
        }
        FilesChoice::S3(settings) => (FileStore::s3(settings), format!("bucket {}", settings.bucket)),
    };
    let probed = match store {
        Ok(store) => store.probe().await,
        Err(error) => Err(error),
    };
    match probed {
        Ok(()) => report.ok(WHAT, format!("{place} takes, gives and removes files")),
        Err(error) => report.error(WHAT, format!("{place}: {error}")),
    }
    if matches!((&config.engine, &config.files), (EngineChoice::Redis(_), FilesChoice::Folder)) {
        report.warning(WHAT, "other nodes on this Redis do not see this folder: several nodes need s3_bucket");
    }
}

pub(super) fn front_end(report: &mut Report) {
    const WHAT: &str = "front end";
    if assets::are_embedded() {
        report.ok(WHAT, "messenger and widget are in this program");
    } else {
        report.error(WHAT, "this program was built without messenger and widget: build it with `make build`");
    }
}
