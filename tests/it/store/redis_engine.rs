//! The Redis engine on a real server.

use std::sync::Arc;

use async_trait::async_trait;
use kommutator::store::port::Engine;
use kommutator::store::redis::RedisEngine;

use super::conformance::dumps;
use super::harness::{EngineUnderTest, everything};
use super::sample;
use super::sqlite::Sqlite;
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
        self.server.restart();
        self.engine = open(&self.server).await;
    }

    async fn second(&self) -> Option<Arc<dyn Engine>> {
        Some(open(&self.server).await)
    }
}

/// What moves from one engine to the other and back is the same in every place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_moves_to_redis_and_back() {
    dumps::a_dump_loads_elsewhere::<Sqlite, Redis>().await;
    dumps::a_dump_loads_elsewhere::<Redis, Sqlite>().await;
    let (first, there, back) = (Sqlite::fresh().await, Redis::fresh().await, Sqlite::fresh().await);
    sample::fill(first.engine()).await;
    dumps::copy(first.engine(), there.engine()).await;
    dumps::copy(there.engine(), back.engine()).await;
    assert_eq!(sample::answers(back.engine()).await, sample::answers(first.engine()).await);
    for partition in sample::PARTITIONS {
        assert_eq!(everything(back.engine(), partition).await, everything(first.engine(), partition).await);
    }
}
