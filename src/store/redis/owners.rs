//! Who owns what, and which processes live. Ownership records do not expire: only another claim changes them. A process
//! proves that it lives by its heartbeat, judged by the server's clock.

use std::sync::LazyLock;

use redis::{Cmd, Script};

use super::keys::Space;
use super::link::{Ask, Link};
use crate::model::ids::NodeId;
use crate::model::time::Time;
use crate::store::port::{Nodes, Ownership, Partition, StoreError};

static CLAIM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/claim.lua")));
static HEARTBEAT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/heartbeat.lua")));

/// An ownership as its field: node, then token.
pub(super) fn write(owned: Ownership) -> [u8; 16] {
    ((u128::from(owned.node.0) << 64) | u128::from(owned.token)).to_be_bytes()
}

/// Reads an ownership back.
pub(super) fn read(bytes: &[u8]) -> Result<Ownership, StoreError> {
    let corrupt = || StoreError::Corrupt("redis: an owner's record".to_owned());
    let (node, token) = bytes.split_first_chunk::<8>().ok_or_else(corrupt)?;
    let token: [u8; 8] = token.try_into().map_err(|_| corrupt())?;
    Ok(Ownership { node: NodeId(u64::from_be_bytes(*node)), token: u64::from_be_bytes(token) })
}

pub(super) async fn owner(link: &Link, space: &Space, owner: &str) -> Result<Option<Ownership>, StoreError> {
    let mut cmd = Cmd::new();
    cmd.arg("HGET").arg(space.owners()).arg(owner);
    let found: Option<Vec<u8>> = link.ask(Ask::Command(&cmd)).await?;
    found.as_deref().map(read).transpose()
}

pub(super) async fn claim(
    link: &Link, space: &Space, listing: &Listing, owner: &str, node: NodeId, seen: Option<Ownership>,
) -> Result<Option<Ownership>, StoreError> {
    // Listed first: a partition that is listed and empty does no harm, one that is not listed is left out of a dump.
    listing.add(link).await?;
    let claimed = Ownership { node, token: seen.map_or(0, |seen| seen.token).saturating_add(1) };
    let mut call = CLAIM.prepare_invoke();
    call.key(space.owners()).arg(owner);
    match seen {
        Some(seen) => call.arg(&write(seen)[..]),
        None => call.arg(""),
    };
    call.arg(&write(claimed)[..]);
    let done: i64 = link.tell(Ask::Script(&call)).await?;
    Ok((done == 1).then_some(claimed))
}

/// How a partition is put on the list of partitions.
pub(super) struct Listing {
    /// The list's key.
    pub(super) list: Vec<u8>,
    /// Who is put on it.
    pub(super) partition: Partition,
}

impl Listing {
    pub(super) async fn add(&self, link: &Link) -> Result<(), StoreError> {
        let mut cmd = Cmd::new();
        cmd.arg("SADD").arg(&self.list).arg(self.partition.0);
        link.ask::<i64>(Ask::Command(&cmd)).await.map(|_| ())
    }
}

pub(super) async fn heartbeat(link: &Link, space: &Space, node: NodeId, silence_ms: i64) -> Result<Nodes, StoreError> {
    let mut call = HEARTBEAT.prepare_invoke();
    call.key(space.nodes()).arg(node.0).arg(silence_ms);
    let (now, steady, alive) = match link.ask::<Vec<redis::Value>>(Ask::Script(&call)).await?.as_slice() {
        [redis::Value::Int(now), redis::Value::Int(steady), alive @ ..] => (*now, *steady, read_nodes(alive)?),
        _ => return Err(StoreError::Corrupt("redis: a heartbeat's answer".to_owned())),
    };
    Ok(Nodes { now: Time(now), alive, steady: steady == 1 })
}

/// Who has been silent for less, by the server's clock, without beating: for who only looks.
pub(super) async fn alive(link: &Link, space: &Space, silence_ms: i64) -> Result<Nodes, StoreError> {
    let (seconds, micros): (i64, i64) = link.ask(Ask::Command(Cmd::new().arg("TIME"))).await?;
    let now = seconds.saturating_mul(1_000).saturating_add(micros / 1_000);
    let records: Vec<(u64, String)> = link.ask(Ask::Command(Cmd::new().arg("HGETALL").arg(space.nodes()))).await?;
    let beat = |record: &str| record.split(' ').next().and_then(|beat| beat.parse::<i64>().ok());
    let alive = records.iter().filter(|(_, record)| beat(record).is_some_and(|beat| now.saturating_sub(beat) < silence_ms));
    Ok(Nodes { now: Time(now), alive: alive.map(|(node, _)| NodeId(*node)).collect(), steady: false })
}

fn read_nodes(values: &[redis::Value]) -> Result<Vec<NodeId>, StoreError> {
    let node = |value: &redis::Value| redis::from_redis_value_ref::<u64>(value).map(NodeId);
    let nodes: Result<Vec<NodeId>, _> = values.iter().map(node).collect();
    let mut nodes = nodes.map_err(|_| StoreError::Corrupt("redis: a node's name".to_owned()))?;
    nodes.sort_unstable();
    Ok(nodes)
}

pub(super) async fn leave(link: &Link, space: &Space, node: NodeId) -> Result<(), StoreError> {
    let mut cmd = Cmd::new();
    cmd.arg("HDEL").arg(space.nodes()).arg(node.0);
    link.ask::<i64>(Ask::Command(&cmd)).await.map(|_| ())
}
