//! What a name leads to. The client connects only to what is given here.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::model::network::is_public;

/// The name leads to no address of the internet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the address is not on the public internet")]
pub struct NotPublic;

/// Nobody knows the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name cannot be resolved: {0}")]
pub struct NoSuchName(String);

/// Resolves with the machine's resolver.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    pub(super) private: bool,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|error| NoSuchName(error.to_string()))?;
            let fit = fitting(found.collect(), private)?;
            Ok(Box::new(fit.into_iter()) as Addrs)
        })
    }
}

/// The addresses that may be called.
///
/// # Errors
/// None may be.
pub(super) fn fitting(found: Vec<SocketAddr>, private: bool) -> Result<Vec<SocketAddr>, NotPublic> {
    let fit: Vec<SocketAddr> = found.into_iter().filter(|address| may_call(address.ip(), private)).collect();
    if fit.is_empty() { Err(NotPublic) } else { Ok(fit) }
}

/// Whether this address may be called.
#[must_use]
pub(super) fn may_call(address: IpAddr, private: bool) -> bool {
    // Nobody's system has these, wherever it stands.
    let nobody = address.is_unspecified() || address.is_multicast();
    is_public(address) || (private && !nobody)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_leads_to() {
        let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        assert_eq!(fitting(vec![at("10.0.0.1"), at("8.8.8.8"), at("::1")], false).unwrap(), [at("8.8.8.8")], "only what is public");
        assert_eq!(fitting(vec![at("127.0.0.1"), at("fd00::1")], false), Err(NotPublic));
        assert_eq!(fitting(vec![at("127.0.0.1"), at("224.0.0.1"), at("0.0.0.0")], true).unwrap(), [at("127.0.0.1")]);
        assert_eq!(fitting(Vec::new(), true), Err(NotPublic));
    }
}
