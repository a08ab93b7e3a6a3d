//! Stores written by earlier versions, kept as they were, with the answers they gave then: `tests/it/data/vN/`. Each later
//! version must read them and answer the same.
//!
//! * `store.dump`: the portable dump; loaded into every engine
//! * `store.db`: the SQLite file as a backup
//! * `answers.txt`: what [`sample::answers`] said
//!
//! A new version is added by raising [`VERSION`] and running the ignored test below once. A folder that is there is never
//! written again.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use kommutator::store::dump::{read_dump, write_dump};
use kommutator::store::port::Engine;
use kommutator::store::sqlite::{FILE, SqliteEngine};

use super::harness::EngineUnderTest;
use super::sample;

/// The newest version that has a folder.
const VERSION: u32 = 1;

fn folder(version: u32) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "it", "data", &format!("v{version}")].iter().collect()
}

pub(crate) async fn kept_dumps_are_read<E: EngineUnderTest>() {
    for version in 1..=VERSION {
        let test = E::fresh().await;
        let mut file = BufReader::new(File::open(folder(version).join("store.dump")).unwrap());
        read_dump(&mut file, test.engine().as_ref()).await.unwrap();
        let answers = std::fs::read_to_string(folder(version).join("answers.txt")).unwrap();
        assert_eq!(sample::answers(test.engine()).await, answers, "version {version}");
    }
}

#[tokio::test]
async fn kept_sqlite_files_are_read() {
    for version in 1..=VERSION {
        let data = tempfile::tempdir().unwrap();
        std::fs::copy(folder(version).join("store.db"), data.path().join(FILE)).unwrap();
        let engine: Arc<dyn Engine> = SqliteEngine::open(data.path()).unwrap();
        let answers = std::fs::read_to_string(folder(version).join("answers.txt")).unwrap();
        assert_eq!(sample::answers(&engine).await, answers, "version {version}");
        engine.close().await;
    }
}

#[tokio::test]
#[ignore = "writes the sample of a new version into the source tree; run once per version"]
async fn keep_the_sample_of_this_version() {
    let into = folder(VERSION);
    assert!(!into.join("store.dump").exists(), "a kept sample is never written again");
    std::fs::create_dir_all(&into).unwrap();
    let data = tempfile::tempdir().unwrap();
    let sqlite = SqliteEngine::open(data.path()).unwrap();
    let engine: Arc<dyn Engine> = sqlite.clone();
    sample::fill(&engine).await;
    sqlite.backup(&into.join("store.db")).await.unwrap();
    write_dump(engine.as_ref(), &mut File::create(into.join("store.dump")).unwrap()).await.unwrap();
    std::fs::write(into.join("answers.txt"), sample::answers(&engine).await).unwrap();
    engine.close().await;
}
