//! SQLite under test: in a folder of its own.

use std::sync::Arc;

use async_trait::async_trait;
use kommutator::store::port::Engine;
use kommutator::store::sqlite::SqliteEngine;
use tempfile::TempDir;

use super::harness::EngineUnderTest;

/// SQLite in a folder of its own.
pub(crate) struct Sqlite {
    folder: TempDir,
    engine: Arc<dyn Engine>,
}

#[async_trait]
impl EngineUnderTest for Sqlite {
    async fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = SqliteEngine::open(folder.path()).unwrap();
        Self { folder, engine }
    }

    fn engine(&self) -> &Arc<dyn Engine> {
        &self.engine
    }

    async fn restart(&mut self) {
        self.engine.close().await;
        self.engine = SqliteEngine::open(self.folder.path()).unwrap();
    }

    async fn second(&self) -> Option<Arc<dyn Engine>> {
        None
    }
}
