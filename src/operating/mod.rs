//! What is done with an installation beside serving it.
//!
//! * [`doctor`]: looks at everything and says what to mend; changes nothing
//! * [`backup`]: store and files into one file, also while the server runs; [`archive`] is that file's form
//! * [`restore`]: the way back, into an empty data folder or store
//! * [`transfer`]: the portable dump, for the move from one engine to the other

pub mod archive;
pub mod backup;
pub mod doctor;
pub mod restore;
pub mod transfer;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::StartError;
use crate::config::{Config, EngineChoice};
use crate::model::time::World;
use crate::store::port::{Engine, RawRecord};
use crate::store::records::Installation;
use crate::store::redis::RedisEngine;
use crate::store::secrets::{KeySource, Keyring};
use crate::store::sqlite::{FILE, SqliteEngine};
use crate::store::table::decode;

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError(error.to_string())
}

/// Tells on standard error how far it is.
fn tell(line: &str) {
    // Who closed standard error does not want to be told.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Files and folders that are removed unless what they are for is done.
#[derive(Default)]
struct Leftovers(Vec<PathBuf>);

impl Drop for Leftovers {
    fn drop(&mut self) {
        for path in &self.0 {
            // The error that is told is the one that led here; what stays is named when it is in the way.
            let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        }
    }
}

/// Makes a file that must not exist, readable by its owner only.
fn make_file(path: &Path) -> Result<File, StartError> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            StartError(format!("{} exists already: it is not overwritten; name another file, or remove it if it is of no use", path.display()))
        }
        _ => StartError(format!("{} cannot be made: {error}", path.display())),
    })
}

/// Moves a finished file to a name that must still be free, durably.
fn put_in_place(part: &Path, path: &Path) -> Result<(), StartError> {
    let fails = |error: std::io::Error| StartError(format!("{}: {error}", path.display()));
    if path.exists() {
        return Err(StartError(format!("{} exists already: it is not overwritten", path.display())));
    }
    std::fs::rename(part, path).map_err(fails)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fails)
}

/// A path with something after its name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The store, stopped: nobody else writes into it.
struct Stopped {
    engine: Arc<dyn Engine>,
    redis: Option<Arc<RedisEngine>>,
    lease_ms: i64,
}

impl Stopped {
    /// Opens the configured store for a reading that must meet no writer. It must exist.
    async fn open(config: &Config) -> Result<Self, StartError> {
        let lease_ms = i64::try_from(config.lease.as_millis()).unwrap_or(i64::MAX);
        let stopped = match &config.engine {
            EngineChoice::Sqlite => {
                if !SqliteEngine::is_in(&config.data) {
                    return Err(StartError(no_store(config)));
                }
                Self { engine: SqliteEngine::open(&config.data).map_err(failed)?, redis: None, lease_ms }
            }
            EngineChoice::Redis(url) => {
                let redis = RedisEngine::open(url.expose(), None).await.map_err(failed)?;
                let engine: Arc<dyn Engine> = Arc::clone(&redis) as Arc<dyn Engine>;
                Self { engine, redis: Some(redis), lease_ms }
            }
        };
        stopped.check().await?;
        Ok(stopped)
    }

    /// Whether still nobody writes. On SQLite the folder's lock is held.
    async fn check(&self) -> Result<(), StartError> {
        let Some(redis) = &self.redis else { return Ok(()) };
        let alive = redis.nodes(self.lease_ms).await.map_err(failed)?.alive.len();
        if alive > 0 {
            return Err(StartError(format!(
                "{alive} node(s) still serve this Redis: stop them first (one that was killed counts for {} s more)",
                self.lease_ms / 1_000
            )));
        }
        Ok(())
    }
}

fn no_store(config: &Config) -> String {
    format!("there is no store in {}: name its folder with --data", config.data.join(FILE).display())
}

/// Takes the configured keys and checks that a store's data was sealed with them.
fn check_key(config: &Config, world: &dyn World, installation: &Installation) -> Result<Keyring, StartError> {
    let keyring = Keyring::open(config.key.clone(), false, world).map_err(failed)?;
    keyring.verify_check(&installation.key_check).map_err(failed)?;
    Ok(keyring)
}

/// The same for the raw record out of a dump.
fn check_key_of(config: &Config, world: &dyn World, installation: Option<RawRecord>) -> Result<(), StartError> {
    let installation = installation.ok_or_else(|| StartError("the dump holds no installation: it is of no use here".to_owned()))?;
    let installation = decode::<Installation>(&installation).map_err(failed)?;
    check_key(config, world, &installation.record).map(|_| ())
}

/// What an operator must keep besides a backup or a dump.
fn about_the_key(config: &Config) -> String {
    match &config.key {
        KeySource::File(path) => {
            format!("The key file is not in it, and without it nothing secret can be read: keep a copy of {} apart.", path.display())
        }
        KeySource::Given(_) => "The key is not in it, and without it nothing secret can be read: keep the value of `key` apart.".to_owned(),
    }
}
