//! What is looked at before the first batch: is this server fit to keep what nobody may lose?

use redis::{Cmd, FromRedisValue, InfoDict};

use super::keys::Space;
use super::link::{Ask, Link};
use crate::store::port::{Partition, StoreError};

/// The layout of the keys and values that this program writes.
pub(super) const FORMAT: u32 = 1;

/// Refuses a server that would lose or misread data, and marks an empty one with the format.
pub(super) async fn check(link: &Link, prefix: &str) -> Result<(), StoreError> {
    let info = info(link).await?;
    let version: String = info.get("redis_version").unwrap_or_default();
    let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    if major < 7 {
        return Err(StoreError::Unfit(format!("redis {version} is too old, 7.0 is the oldest that will do")));
    }
    let policy: String = info.get("maxmemory_policy").unwrap_or_default();
    if policy != "noeviction" {
        return Err(StoreError::Unfit(format!("redis would throw data away: set maxmemory-policy to noeviction (it is {policy:?})")));
    }
    let key = Space::new(prefix, Partition::GLOBAL).format();
    let mut set = Cmd::new();
    set.arg("SET").arg(&key).arg(FORMAT).arg("NX").arg("GET");
    let found: Option<String> = match ask(link, &set).await {
        // A full or read-only store can still be read: what matters is that its format is known.
        Err(StoreError::Full(_) | StoreError::ReadOnly(_)) => ask(link, Cmd::new().arg("GET").arg(&key)).await?,
        other => other?,
    };
    let Some(found) = found else { return Ok(()) };
    match found.parse::<u32>() {
        Ok(format) if format <= FORMAT => Ok(()),
        Ok(format) => Err(StoreError::TooNew(format!("the redis store has format {format}, this program knows {FORMAT}"))),
        Err(_) => Err(StoreError::Corrupt(format!("redis: the format mark is {found:?}"))),
    }
}

async fn ask<T: FromRedisValue>(link: &Link, cmd: &Cmd) -> Result<T, StoreError> {
    link.ask(Ask::Command(cmd)).await
}

async fn info(link: &Link) -> Result<InfoDict, StoreError> {
    ask(link, Cmd::new().arg("INFO")).await
}

pub(super) async fn version(link: &Link) -> Result<String, StoreError> {
    Ok(info(link).await?.get("redis_version").unwrap_or_default())
}

pub(super) async fn try_write(link: &Link, prefix: &str) -> Result<(), StoreError> {
    let key = [Space::new(prefix, Partition::GLOBAL).format(), b":probe".to_vec()].concat();
    ask::<()>(link, Cmd::new().arg("SET").arg(key).arg(1).arg("PX").arg(1_000)).await
}

/// What an operator should know about this server, a sentence each; empty when all is well.
pub(super) async fn advice(link: &Link) -> Result<Vec<String>, StoreError> {
    let info = info(link).await?;
    let number = |field: &str| info.get::<u64>(field).unwrap_or(0);
    let mut advice = Vec::new();
    if number("aof_enabled") == 0 {
        advice.push(
            "appendonly is off: a restart of redis loses everything since its last snapshot, also messages that were accepted; \
             set appendonly yes and appendfsync always"
                .to_owned(),
        );
    } else {
        // Hosted servers often hide CONFIG; then there is nothing to read.
        let fsync: Result<Vec<String>, StoreError> = ask(link, Cmd::new().arg("CONFIG").arg("GET").arg("appendfsync")).await;
        match fsync.ok().and_then(|pair| pair.into_iter().nth(1)).as_deref() {
            Some("always") => {}
            Some("everysec") => advice.push(
                "appendfsync is everysec: a power cut loses about the last second (two at worst), also messages that were accepted; \
                 set it to always"
                    .to_owned(),
            ),
            Some(other) => advice.push(format!(
                "appendfsync is {other}: a power cut loses what the system had not yet written, often half a minute; set it to always"
            )),
            None => advice.push("appendfsync cannot be read: unless it is always, a power cut loses messages that were accepted".to_owned()),
        }
    }
    if number("connected_slaves") > 0 {
        advice.push(
            "redis has replicas: replication is asynchronous, so a failover loses what the replica had not yet received, also messages \
             that were accepted; after a failover run `admin new-epoch`"
                .to_owned(),
        );
    }
    if info.get::<String>("role").is_some_and(|role| role != "master") {
        advice.push("this redis is a replica and takes no writes: give the address of the primary".to_owned());
    }
    if number("maxmemory") == 0 {
        advice.push("maxmemory is not set: redis may be killed by the system when memory runs out instead of refusing writes in order".to_owned());
    }
    Ok(advice)
}
