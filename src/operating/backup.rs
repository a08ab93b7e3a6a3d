//! `kommutator backup`: store and files into one file. On SQLite it works beside a running server.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::archive::{DATABASE, DUMP, FORMAT, Header, Held, Writer};
use super::{Leftovers, Stopped, about_the_key, beside, failed, make_file, no_store, put_in_place, tell};
use crate::app::StartError;
use crate::config::{Config, EngineChoice, FilesChoice};
use crate::model::time::World;
use crate::store::dump::write_dump;
use crate::store::sqlite::SqliteEngine;

/// How many files pass between two words about progress.
const TELL_EVERY: u64 = 1_000;

/// Writes a backup; answers what to print. `target` is a file that does not exist, or a folder.
///
/// # Errors
/// One line for the operator. Nothing of the backup is left then.
pub async fn back_up(config: &Config, target: &Path, world: &dyn World) -> Result<String, StartError> {
    let at = world.now();
    let target = if target.is_dir() {
        let moment = at.to_string().chars().take(19).map(|letter| if letter == ':' { '-' } else { letter }).collect::<String>();
        target.join(format!("kommutator-{moment}Z.tar"))
    } else {
        target.to_owned()
    };
    if target.exists() {
        return Err(StartError(format!("{} exists already: it is not overwritten; name another file or a folder", target.display())));
    }
    let (part, copy, sums) = (beside(&target, ".part"), beside(&target, ".store"), beside(&target, ".sums"));
    let file = make_file(&part)?;
    let mut leftovers = Leftovers(vec![part.clone()]);
    let sums_file = make_file(&sums)?;
    leftovers.0.push(sums);
    if copy.exists() {
        return Err(StartError(format!("{} is left from a backup that was broken off: remove it", copy.display())));
    }
    leftovers.0.push(copy.clone());
    let (engine, name) = copy_store(config, &copy).await?;
    let in_folder = matches!(config.files, FilesChoice::Folder);
    let header = Header { backup: FORMAT, product: env!("CARGO_PKG_VERSION").to_owned(), engine: engine.to_owned(), at, files: in_folder };
    let unwritten = |error: std::io::Error| StartError(format!("the backup cannot be written: {error}"));
    let mut writer = Writer::new(file, sums_file, &header).map_err(unwritten)?;
    writer.add_file(name, &copy).map_err(unwritten)?;
    if in_folder {
        // The files come after the database: each file it names was there before it.
        add_files(&mut writer, &config.data.join("files")).map_err(unwritten)?;
    }
    let held = writer.finish().map_err(unwritten)?;
    put_in_place(&part, &target)?;
    Ok(told(config, &target, held, in_folder))
}

fn told(config: &Config, target: &Path, held: Held, in_folder: bool) -> String {
    let files = if in_folder {
        format!("{} files", held.files)
    } else {
        "no files: they lie in the S3-compatible store, which is backed up by itself".to_owned()
    };
    format!("{}: {} and {files}\n{}", target.display(), size(held.bytes), about_the_key(config))
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", bytes.div_ceil(1_000_000)),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}

/// Copies the store to `copy`; answers the engine and the copy's name in a backup.
async fn copy_store(config: &Config, copy: &Path) -> Result<(&'static str, &'static str), StartError> {
    match &config.engine {
        EngineChoice::Sqlite => {
            if !SqliteEngine::is_in(&config.data) {
                return Err(StartError(no_store(config)));
            }
            tell("copying the database");
            SqliteEngine::copy_beside(&config.data, copy).map_err(failed)?;
            Ok(("sqlite", DATABASE))
        }
        EngineChoice::Redis(_) => {
            let store = Stopped::open(config)
                .await
                .map_err(|StartError(why)| StartError(format!("{why}; to back up Redis while it is served, copy its append-only file instead")))?;
            tell("dumping the store");
            let mut file = BufWriter::with_capacity(1 << 20, make_file(copy)?);
            let counts = write_dump(store.engine.as_ref(), &mut file).await.map_err(failed)?;
            file.flush().map_err(failed)?;
            store.check().await?;
            store.engine.close().await;
            tell(&format!("{} items in {} partitions", counts.items, counts.partitions));
            Ok(("redis", DUMP))
        }
    }
}

/// Adds the files of a folder, `w7/ab/FILEID`. What is being uploaded just now is left out, and what is erased meanwhile.
fn add_files(writer: &mut Writer, folder: &Path) -> std::io::Result<()> {
    for workspace in names_in(folder)?.into_iter().filter(|name| name.starts_with('w')) {
        for spread in names_in(&folder.join(&workspace))? {
            for name in names_in(&folder.join(&workspace).join(&spread))? {
                // An upload under way has a mark in its name.
                if name.contains('#') {
                    continue;
                }
                let path: PathBuf = [&workspace, &spread, &name].into_iter().fold(folder.to_owned(), |path, part| path.join(part));
                match writer.add_file(&format!("files/{workspace}/{spread}/{name}"), &path) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    added => added?,
                }
                let held = writer.held();
                if held.files.is_multiple_of(TELL_EVERY) {
                    tell(&format!("{} files, {}", held.files, size(held.bytes)));
                }
            }
        }
    }
    Ok(())
}

/// The names in a folder, sorted; none if there is no such folder.
fn names_in(folder: &Path) -> std::io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if [std::io::ErrorKind::NotFound, std::io::ErrorKind::NotADirectory].contains(&error.kind()) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        // What is no text is none of our files.
        names.extend(entry?.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}
