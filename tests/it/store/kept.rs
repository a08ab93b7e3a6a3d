//! Stores written by earlier versions, kept as they were, with the answers they gave then: `tests/it/data/vN/`. Each later
//! version must read them and answer the same.
//!
//! * `store.dump`: the portable dump; loaded into every engine
//! * `store.db`: the SQLite file as a backup
//! * `answers.txt`: what [`sample::answers`] said
//! * `records.dump`, `records.db`: the same two of a store with a record of every kind, see [`domain`]
//!
//! Each is read in three ways, with the same reads: as it was kept, moved from SQLite to Redis and back, and from a backup that was restored.
//!
//! A new version is added by raising [`VERSION`] and running the ignored test below once. A folder that is there is never
//! written again.

use std::fs::File;
use std::io::{BufReader, Cursor};
use std::path::PathBuf;
use std::sync::Arc;

use kommutator::config::{Config, Options};
use kommutator::model::time::RealWorld;
use kommutator::operating::{backup, restore};
use kommutator::store::dump::{read_dump, write_dump};
use kommutator::store::port::Engine;
use kommutator::store::sqlite::{FILE, SqliteEngine};

use super::harness::EngineUnderTest;
use super::redis_engine::Redis;
use super::sqlite::Sqlite;
use super::{domain, sample};

/// The newest version that has a folder.
const VERSION: u32 = 1;

fn folder(version: u32) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "it", "data", &format!("v{version}")].iter().collect()
}

/// The samples of a version.
const SAMPLES: [&str; 2] = ["store", "records"];

/// Every read of a sample gives what it gave when it was kept. `restored`: a restore made a new epoch.
async fn holds(version: u32, sample: &str, engine: &Arc<dyn Engine>, restored: bool) {
    match sample {
        "store" => {
            let answers = std::fs::read_to_string(folder(version).join("answers.txt")).unwrap();
            assert_eq!(sample::answers(engine).await, answers, "version {version}");
        }
        _ => domain::check(engine, restored).await,
    }
}

pub(crate) async fn kept_dumps_are_read<E: EngineUnderTest>() {
    for version in 1..=VERSION {
        for sample in SAMPLES {
            let test = E::fresh().await;
            let mut file = BufReader::new(File::open(folder(version).join(format!("{sample}.dump"))).unwrap());
            read_dump(&mut file, test.engine().as_ref()).await.unwrap();
            holds(version, sample, test.engine(), false).await;
        }
    }
}

/// A kept SQLite file, opened in a folder of its own.
fn kept_file(version: u32, sample: &str) -> (tempfile::TempDir, Arc<dyn Engine>) {
    let data = tempfile::tempdir().unwrap();
    std::fs::copy(folder(version).join(format!("{sample}.db")), data.path().join(FILE)).unwrap();
    let engine = SqliteEngine::open(data.path()).unwrap();
    (data, engine)
}

#[tokio::test]
async fn kept_sqlite_files_are_read() {
    for version in 1..=VERSION {
        for sample in SAMPLES {
            let (_data, engine) = kept_file(version, sample);
            holds(version, sample, &engine, false).await;
            engine.close().await;
        }
    }
}

async fn move_by_dump(from: &Arc<dyn Engine>, to: &Arc<dyn Engine>) {
    let mut file = Vec::new();
    write_dump(from.as_ref(), &mut file).await.unwrap();
    read_dump(&mut Cursor::new(file), to.as_ref()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kept_sqlite_files_move_to_redis_and_back() {
    for version in 1..=VERSION {
        for sample in SAMPLES {
            let (_data, engine) = kept_file(version, sample);
            let (there, back) = (Redis::fresh().await, Sqlite::fresh().await);
            move_by_dump(&engine, there.engine()).await;
            holds(version, sample, there.engine(), false).await;
            move_by_dump(there.engine(), back.engine()).await;
            holds(version, sample, back.engine(), false).await;
            engine.close().await;
        }
    }
}

#[tokio::test]
async fn a_backup_of_a_kept_sqlite_file_is_restored() {
    for version in 1..=VERSION {
        // The other sample is no installation: it has no key that a restore could compare.
        let (data, engine) = kept_file(version, "records");
        engine.close().await;
        let place = tempfile::tempdir().unwrap();
        let config = |data: &std::path::Path| {
            let options = Options { data: Some(data.to_str().unwrap().to_owned()), ..Options::default() };
            Config::read(&options, [("KOMMUTATOR_KEY".to_owned(), domain::KEY.to_owned())]).unwrap()
        };
        let (file, into) = (place.path().join("backup.tar"), place.path().join("restored"));
        backup::back_up(&config(data.path()), &file, &RealWorld).await.unwrap();
        restore::restore(&config(&into), &file, Arc::new(RealWorld)).await.unwrap();
        let engine: Arc<dyn Engine> = SqliteEngine::open(&into).unwrap();
        holds(version, "records", &engine, true).await;
        engine.close().await;
    }
}

/// What is stored by now and stands in no sample of the newest version is to be kept with the next one.
#[tokio::test]
async fn every_kind_of_record_is_kept() {
    let (_data, engine) = kept_file(VERSION, "records");
    assert_eq!(domain::missing(&engine).await, Vec::<String>::new());
    engine.close().await;
    let empty = Sqlite::fresh().await;
    assert!(domain::missing(empty.engine()).await.len() > 90, "the sources are read");
}

#[tokio::test]
#[ignore = "writes the samples of a new version into the source tree; run once per version"]
async fn keep_the_samples_of_this_version() {
    let into = folder(VERSION);
    std::fs::create_dir_all(&into).unwrap();
    for sample in SAMPLES {
        let (database, dump) = (into.join(format!("{sample}.db")), into.join(format!("{sample}.dump")));
        if dump.exists() {
            println!("{} is kept already, and never written again", dump.display());
            continue;
        }
        let data = tempfile::tempdir().unwrap();
        let sqlite = SqliteEngine::open(data.path()).unwrap();
        let engine: Arc<dyn Engine> = sqlite.clone();
        if sample == "store" {
            sample::fill(&engine).await;
            std::fs::write(into.join("answers.txt"), sample::answers(&engine).await).unwrap();
        } else {
            domain::fill(&engine).await;
        }
        sqlite.backup(&database).await.unwrap();
        write_dump(engine.as_ref(), &mut File::create(dump).unwrap()).await.unwrap();
        engine.close().await;
    }
}
