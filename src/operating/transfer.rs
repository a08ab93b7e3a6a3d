//! `kommutator dump` and `kommutator load`: the whole store as lines of JSON, from one engine into the other.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use super::restore::settle;
use super::{Leftovers, Stopped, about_the_key, beside, check_key_of, failed, make_file, put_in_place, tell};
use crate::app::{StartError, open_engine};
use crate::config::{Config, EngineChoice, FilesChoice};
use crate::model::time::SharedWorld;
use crate::store::dump::{DumpError, find_record, read_dump, write_dump};

/// Writes the whole store into a file that must not exist; answers what to print. Nobody may serve the store meanwhile.
///
/// # Errors
/// One line for the operator. Nothing of the file is left then.
pub async fn dump(config: &Config, target: &Path) -> Result<String, StartError> {
    if target.exists() {
        return Err(StartError(format!("{} exists already: it is not overwritten; name another file", target.display())));
    }
    let store = Stopped::open(config).await?;
    let part = beside(target, ".part");
    let mut file = BufWriter::with_capacity(1 << 20, make_file(&part)?);
    let _leftovers = Leftovers(vec![part.clone()]);
    tell("dumping the store");
    let counts = write_dump(store.engine.as_ref(), &mut file).await.map_err(failed)?;
    file.flush().and_then(|()| file.get_ref().sync_all()).map_err(failed)?;
    store.check().await?;
    store.engine.close().await;
    put_in_place(&part, target)?;
    Ok(format!("{}: {} items in {} partitions\nFiles are not in it. {}", target.display(), counts.items, counts.partitions, about_the_key(config)))
}

/// Loads a dump into the configured store, which must be empty; answers what to print.
///
/// # Errors
/// One line for the operator.
pub async fn load(config: &Config, file: &Path, world: SharedWorld) -> Result<String, StartError> {
    let named = |error: &dyn std::fmt::Display| StartError(format!("{}: {error}", file.display()));
    let mut reader = BufReader::with_capacity(1 << 20, File::open(file).map_err(|error| named(&error))?);
    check_key_of(config, world.as_ref(), find_record(&mut reader, "installation").map_err(|error| named(&error))?)?;
    let engine = open_engine(config).await?;
    tell("loading the store");
    let counts = match read_dump(&mut reader, engine.as_ref()).await {
        Ok(counts) => counts,
        Err(error) => {
            engine.close().await;
            return Err(match error {
                DumpError::NotEmpty => failed(error),
                DumpError::Store(_) => {
                    StartError(format!("{}: {error}; what was loaded before stays: empty the store before the next try", file.display()))
                }
                error => named(&error),
            });
        }
    };
    settle(engine, config, &world).await?;
    let mut text =
        format!("{} items in {} partitions loaded into {}; the key fits; every client loads anew", counts.items, counts.partitions, config.engine);
    match (&config.files, &config.engine) {
        (FilesChoice::S3(_), _) => {}
        (FilesChoice::Folder, EngineChoice::Sqlite | EngineChoice::Redis(_)) => {
            text.push_str(&format!("\nFiles are not in a dump: copy the old folder `files` to {}", config.data.join("files").display()));
        }
    }
    Ok(text)
}
