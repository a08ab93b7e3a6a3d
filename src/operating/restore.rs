//! `kommutator restore`: a backup into an empty data folder or store.
//!
//! Everything is put together in a folder of its own inside the data folder and moved to its place at the end, the database last:
//! a restore that is broken off leaves no half of a store behind.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive::{self, DATABASE, DUMP, Header};
use super::{Leftovers, Stopped, beside, check_key_of, failed, tell};
use crate::app::{StartError, house_over, open_engine};
use crate::channel::registry::Channels;
use crate::config::{Config, EngineChoice, FilesChoice};
use crate::gateway::administration::people::new_epochs;
use crate::model::time::SharedWorld;
use crate::store::dump::{find_record, read_dump};
use crate::store::port::Engine;

/// The folder inside the data folder in which a restore is put together.
const STAGE: &str = "restore.part";

/// Puts a backup back; answers what to print.
///
/// # Errors
/// One line for the operator.
pub async fn restore(config: &Config, backup: &Path, world: SharedWorld) -> Result<String, StartError> {
    std::fs::create_dir_all(&config.data)
        .map_err(|error| StartError(format!("the data folder {} cannot be made: {error}", config.data.display())))?;
    refuse_full_folder(config)?;
    if matches!(config.engine, EngineChoice::Redis(_)) {
        refuse_full_redis(config).await?;
    }
    let stage = config.data.join(STAGE);
    std::fs::create_dir(&stage).map_err(|error| StartError(format!("{} cannot be made: {error}", stage.display())))?;
    let _leftovers = Leftovers(vec![stage.clone()]);
    let staged = Config { data: stage.clone(), may_make_key: false, files: FilesChoice::Folder, ..config.clone() };

    tell("checking the backup");
    let (header, held) = archive::read(backup, |name, content| match name {
        DATABASE | DUMP => write_out(content, &stage.join(name)),
        _ => Ok(()),
    })
    .map_err(|error| StartError(format!("{}: {error}", backup.display())))?;
    let dump = stage.join(DUMP);
    let is_dump = dump.exists();
    if !is_dump && !stage.join(DATABASE).exists() {
        return Err(StartError(format!("{}: there is no store in it", backup.display())));
    }
    if !is_dump && matches!(config.engine, EngineChoice::Redis(_)) {
        return Err(StartError("this backup is of SQLite: restore it into a data folder, then move it with `dump` and `load`".to_owned()));
    }
    if is_dump {
        let mut file = BufReader::new(File::open(&dump).map_err(failed)?);
        check_key_of(config, world.as_ref(), find_record(&mut file, "installation").map_err(failed)?)?;
    } else {
        settle(open_engine(&staged).await?, &staged, &world).await?;
    }
    if header.files {
        tell(&format!("putting {} files back", held.files));
        archive::read(backup, |name, content| if name.starts_with("files/") { write_out(content, &stage.join(name)) } else { Ok(()) })
            .map_err(failed)?;
    }
    if is_dump {
        tell("loading the store");
        let engine = open_engine(&staged).await?;
        let mut file = BufReader::with_capacity(1 << 20, File::open(&dump).map_err(failed)?);
        read_dump(&mut file, engine.as_ref()).await.map_err(failed)?;
        settle(engine, &staged, &world).await?;
    }
    move_into_place(&stage, &config.data, &header)?;
    Ok(told(config, &header, held.files))
}

fn told(config: &Config, header: &Header, files: u64) -> String {
    let mut text = format!("restored what was backed up at {} (version {}); the key fits; every client loads anew", header.at, header.product);
    let elsewhere = matches!(config.files, FilesChoice::S3(_));
    if header.files && elsewhere && files > 0 {
        text.push_str(&format!("\nThe files lie in {}: copy them into the bucket, under the same paths.", config.data.join("files").display()));
    }
    if !header.files && !elsewhere {
        text.push_str("\nThe backup holds no files: they were in an S3-compatible store, which must be configured here too.");
    }
    text
}

/// Refuses a data folder that holds anything but its key file.
fn refuse_full_folder(config: &Config) -> Result<(), StartError> {
    let key = match &config.key {
        crate::store::secrets::KeySource::File(path) => path.file_name().map(std::ffi::OsStr::to_owned),
        crate::store::secrets::KeySource::Given(_) => None,
    };
    for entry in std::fs::read_dir(&config.data).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if name == STAGE {
            let stage = config.data.join(STAGE);
            return Err(StartError(format!("{} is left from a restore that was broken off: remove it", stage.display())));
        }
        if Some(&name) != key.as_ref() && name != "lost+found" {
            let (folder, name) = (config.data.display(), name.display());
            return Err(StartError(format!(
                "the data folder {folder} is not empty ({name}): a backup is restored into an empty one, beside its key file only"
            )));
        }
    }
    Ok(())
}

async fn refuse_full_redis(config: &Config) -> Result<(), StartError> {
    let store = Stopped::open(config).await?;
    let partitions = store.engine.partitions().await.map_err(failed)?;
    store.engine.close().await;
    if partitions.is_empty() {
        Ok(())
    } else {
        Err(StartError("the Redis store is not empty: a backup is restored into an empty one only".to_owned()))
    }
}

fn write_out(content: &mut dyn Read, path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = super::make_file(path).map_err(|StartError(why)| std::io::Error::other(why))?;
    std::io::copy(content, &mut file)?;
    Ok(())
}

/// Opens the house over a restored store, which checks the key and brings the schema up to date; then makes every client load anew.
pub(super) async fn settle(engine: Arc<dyn Engine>, config: &Config, world: &SharedWorld) -> Result<(), StartError> {
    let settled = async {
        let house = house_over(Arc::clone(&engine), config, Channels::all(), Arc::clone(world)).await?;
        new_epochs(&house).await.map_err(failed)
    };
    let settled = settled.await;
    engine.close().await;
    settled
}

fn move_into_place(stage: &Path, data: &Path, header: &Header) -> Result<(), StartError> {
    let fails = |error: std::io::Error| StartError(format!("what was restored cannot be moved into {}: {error}", data.display()));
    let database = stage.join(DATABASE);
    let log = beside(&database, "-wal");
    if log.exists() {
        return Err(StartError(format!("{} is still there: the database was not closed", log.display())));
    }
    // One call makes every file of it durable before the database gets its name.
    let folder = File::open(stage).map_err(fails)?;
    rustix::fs::syncfs(&folder).map_err(|error| fails(error.into()))?;
    let mut moves: Vec<(PathBuf, PathBuf)> = Vec::new();
    if header.files && stage.join("files").exists() {
        moves.push((stage.join("files"), data.join("files")));
    }
    if database.exists() {
        moves.push((database, data.join(DATABASE)));
    }
    for (from, to) in moves {
        std::fs::rename(from, to).map_err(fails)?;
    }
    File::open(data).and_then(|folder| folder.sync_all()).map_err(fails)
}
