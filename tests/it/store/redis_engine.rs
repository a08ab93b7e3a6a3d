//! The Redis engine on a real server.

use std::sync::Arc;

use async_trait::async_trait;
use kommutator::store::port::Engine;
use kommutator::store::redis::RedisEngine;

use super::harness::EngineUnderTest;
use crate::support::redis_server::RedisServer;

/// An engine on a server of its own.
pub(crate) struct Redis {
    server: RedisServer,
    engine: Arc<dyn Engine>,
}

async fn open(server: &RedisServer) -> Arc<dyn Engine> {
    RedisEngine::open(&server.url(), Some("test:")).await.unwrap()
}

#[async_trait]
impl EngineUnderTest for Redis {
    async fn fresh() -> Self {
        let server = tokio::task::spawn_blocking(RedisServer::start).await.unwrap();
        let engine = open(&server).await;
        Self { server, engine }
    }

    fn engine(&self) -> &Arc<dyn Engine> {
        &self.engine
    }

    async fn restart(&mut self) {
        self.engine.close().await;
        tokio::task::block_in_place(|| self.server.restart());
        self.engine = open(&self.server).await;
    }

    async fn second(&self) -> Option<Arc<dyn Engine>> {
        Some(open(&self.server).await)
    }
}

conformance!(redis, crate::store::redis_engine::Redis);
